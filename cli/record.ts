/** `rewasm record`: runs a program and writes what it did with the world into a trace. */
import { Command, Option } from "commander";
import { usageError } from "./errors.ts";
import { addGuestOptions, type GuestOptions } from "./guest-options.ts";
import { isScript } from "./script-program.ts";

const examples = `
Examples:
  $ rewasm record hello.wasm                        writes hello.rrw
  $ rewasm record -o run.rrw --dir data prog.wasm data/in.txt
  $ rewasm record --invoke add math.wasm 2 3
  $ rewasm record -o t.rrw app.mjs input.txt        a program for Node, with all WebAssembly that it uses
  $ rewasm record --engine native prog.wasm         at full speed; the first replay finds out ticks and takes snapshots

Everything after the program is passed on to it. The exit code is the program's, 134 when it traps, 130 when Ctrl-C
ended the recording: what was recorded until then can be replayed.
`;

interface RecordOptions extends GuestOptions {
  readonly engine: "interpreter" | "native";
  readonly output?: string;
  readonly snapshots: boolean;
  readonly audit?: boolean;
}

export function recordCommand(): Command {
  const command = new Command("record")
    .description("Runs a WASI program, or a JavaScript program that uses WebAssembly, and records it.")
    .option("-o, --output <FILE>", "the trace to write (default: the program's name with .rrw, here)")
    .addOption(
      new Option("--engine <ENGINE>", "what runs the program: our machine, or this process's own WebAssembly, rewritten")
        .choices(["interpreter", "native"])
        .default("interpreter"),
    )
    .option("--no-snapshots", "write no snapshots beside the trace")
    .option("--audit", "of a script or component: compare whole memories at each crossing, and fail on a write that was missed")
    .addHelpText("after", examples);
  return addGuestOptions(command).action(async (path: string, words: string[], options: RecordOptions) => {
    if (isScript(path)) {
      if (options.engine === "native" && options.audit) throw nativeAudit();
      const { recordScript } = await import("./script.ts");
      process.exitCode = await recordScript(path, words, options);
      return;
    }
    if (options.engine === "native") {
      if (options.audit) throw nativeAudit();
      const { recordNatively } = await import("./native-recording.ts");
      process.exitCode = await recordNatively(path, words, options, options.output);
      return;
    }
    const { record } = await import("./recording.ts");
    process.exitCode = await record(path, words, options, options);
  });
}

function nativeAudit(): Error {
  return usageError("--audit looks into our machine: it cannot go with --engine native");
}
