/** `rewasm replay`: plays a trace without a host, to its end or to a position. */
import { Command } from "commander";
import { usageError } from "./errors.ts";

const examples = `
Examples:
  $ rewasm replay prog.rrw                                the same output and exit code again
  $ rewasm replay prog.rrw --goto 50% --state-hash        the state of the machine in the middle
  $ rewasm replay prog.rrw --goto '#42' --state-hash --json

POS is a tick (1234567), an event (#42), a part (37.5%), start, end, or a distance from an end (+100, -1: from the start).
`;

interface ReplayOptions {
  readonly goto?: string;
  readonly stateHash?: boolean;
  readonly snapshots: boolean;
  readonly json?: boolean;
}

export function replayCommand(): Command {
  return new Command("replay")
    .description("Replays a recording without its host: the same standard output, standard error and exit code.")
    .option("--goto <POS>", "go to a position instead of playing to the end")
    .option("--state-hash", "print the hash of the whole machine there")
    .option("--no-snapshots", "neither use nor write the snapshots beside the trace")
    .option("--json", "print the position as a JSON object")
    .argument("<FILE>", "the trace")
    .addHelpText("after", examples)
    .action(async (path: string, options: ReplayOptions) => {
      const { play, visit } = await import("./playing.ts");
      const position = options.goto ?? (options.stateHash ? "end" : undefined);
      if (position === undefined && options.json)
        throw usageError("--json needs --goto or --state-hash: without them the output is the program's");
      process.exitCode = position === undefined ? await play(path, options) : await visit(path, { ...options, position });
    });
}
