/** A trace played from its beginning with its output, or visited at a position. Puts replayer, timeline and files together. */
import { Replayer } from "../rr/replayer.ts";
import { ExitCode } from "./errors.ts";
import { ReplayOutput } from "./replay-output.ts";
import { noticeLine, write } from "./terminal.ts";
import { withTrace } from "./trace-file.ts";

/** Plays the whole trace; returns the exit code of the program. */
export async function play(path: string): Promise<number> {
  return withTrace(path, async (reader) => {
    const output: ReplayOutput = new ReplayOutput(reader.header.program, () => replayer.store, write);
    const replayer = new Replayer(reader, { journal: output, onEvent: output.onEvent });
    await replayer.runTo();
    const exitCode = output.exitCode();
    if (exitCode !== undefined) return exitCode;
    noticeLine(`note: the recording ends here, at tick ${replayer.store.tick}: it was interrupted`);
    return ExitCode.Interrupted;
  });
}
export interface VisitOptions {
  readonly position: string;
  readonly snapshots: boolean;
  readonly stateHash?: boolean;
  readonly json?: boolean;
}
export async function visit(_path: string, _options: VisitOptions): Promise<number> {
  throw new Error("later");
}
