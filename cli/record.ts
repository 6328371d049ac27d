/** `rewasm record`: runs a program and writes what it did with the world into a trace. */
import { Command } from "commander";
import { addGuestOptions, type GuestOptions } from "./guest-options.ts";

const examples = `
Examples:
  $ rewasm record hello.wasm                        writes hello.rrw
  $ rewasm record -o run.rrw --dir data prog.wasm data/in.txt
  $ rewasm record --invoke add math.wasm 2 3

Everything after the program is passed on to it. The exit code is the program's, 134 when it traps, 130 when Ctrl-C
ended the recording: what was recorded until then can be replayed.
`;

interface RecordOptions extends GuestOptions {
  readonly output?: string;
  readonly snapshots: boolean;
}

export function recordCommand(): Command {
  const command = new Command("record")
    .description("Runs a WASI program and records it.")
    .option("-o, --output <FILE>", "the trace to write (default: the program's name with .rrw, here)")
    .option("--no-snapshots", "write no snapshots beside the trace")
    .addHelpText("after", examples);
  return addGuestOptions(command).action(async (path: string, words: string[], options: RecordOptions) => {
    const { record } = await import("./recording.ts");
    process.exitCode = await record(path, words, options, { output: options.output, snapshots: options.snapshots });
  });
}
