/** A trace played from its beginning with its output, or visited at a position. Puts replayer, timeline and files together. */
import { parsePosition } from "../rr/position.ts";
import type { TraceReader } from "../rr/reader.ts";
import { Replayer } from "../rr/replayer.ts";
import { EndReason } from "../rr/trace-format.ts";
import { Status } from "../vm/store.ts";
import { ExitCode } from "./errors.ts";
import type { FileStorage } from "./file-storage.ts";
import { END_REASONS } from "./info.ts";
import { Progress } from "./progress.ts";
import { ComponentReplayOutput, ReplayOutput } from "./replay-output.ts";
import { readSidecarFile } from "./sidecar.ts";
import { noticeLine, printLine, STDERR, STDOUT, write } from "./terminal.ts";
import { withTimeline } from "./timeline-file.ts";
import { timeTrace, useStoredTicks } from "./timing.ts";
import { withTrace } from "./trace-file.ts";

/** Runs to the end. The first replay of a trace without ticks finds them, and keeps them with snapshots when it may. */
async function playThrough(path: string, reader: TraceReader, storage: FileStorage, keep: boolean, replayer: Replayer): Promise<void> {
  const sidecar = reader.timed || !keep ? undefined : await readSidecarFile(path, storage);
  const timed = await useStoredTicks(reader, sidecar).finally(() => sidecar?.close());
  if (timed || !keep) await replayer.runTo();
  else await timeTrace(path, reader, { store: true, replayer });
}

/** Plays the whole trace; returns the exit code of the program. */
export async function play(path: string, options: { readonly snapshots: boolean }): Promise<number> {
  return withTrace(path, async (reader, storage) => {
    if (reader.header.host === "javascript") return playScript(path, reader, storage, options.snapshots);
    if (reader.header.host === "component") return playComponent(reader);
    const output: ReplayOutput = new ReplayOutput(reader.header.program, () => replayer.store, write);
    const replayer = new Replayer(reader, { journal: output, onEvent: output.onEvent });
    await playThrough(path, reader, storage, options.snapshots, replayer);
    const exitCode = output.exitCode();
    // Where a recording was cut off, only proc_exit can have been the program's end.
    const finished = reader.complete && reader.endReason === EndReason.Finished;
    if (exitCode !== undefined && (finished || replayer.store.status === Status.Exited)) return exitCode;
    if (reader.endReason !== EndReason.Finished) {
      noticeLine(`note: the recording ends here: ${END_REASONS[reader.endReason]}`);
      return ExitCode.Trap;
    }
    return interrupted(replayer.store.tick);
  });
}

/** Of a JavaScript program only what its modules did is in the trace. */
async function playScript(path: string, reader: TraceReader, storage: FileStorage, snapshots: boolean): Promise<number> {
  const replayer = new Replayer(reader);
  await playThrough(path, reader, storage, snapshots, replayer);
  const { tick } = replayer.store;
  noticeLine(`replayed ${reader.eventCount} events, ${tick} ticks; the output of a JavaScript program is not in its trace`);
  if (reader.complete) return ExitCode.Success;
  return interrupted(tick);
}

/** A component's streams are followed; what its embedder said and answered in the end stands in the trace. */
async function playComponent(reader: TraceReader): Promise<number> {
  const output: ComponentReplayOutput = new ComponentReplayOutput(reader, () => replayer.store, write);
  const replayer = new Replayer(reader, { journal: output });
  await replayer.runTo();
  const outcome = await reader.outcome();
  if (outcome === undefined) return interrupted(replayer.store.tick);
  write(STDOUT, outcome.stdout);
  write(STDERR, outcome.stderr);
  return outcome.exitCode;
}

function interrupted(tick: number): number {
  noticeLine(`note: the recording ends here, at tick ${tick}: it was interrupted`);
  return ExitCode.Interrupted;
}

export interface VisitOptions {
  readonly position: string;
  readonly snapshots: boolean;
  readonly stateHash?: boolean;
  readonly json?: boolean;
}

/** Goes to a position and tells where that is; returns the exit code. */
export async function visit(path: string, options: VisitOptions): Promise<number> {
  const position = parsePosition(options.position);
  return withTimeline(path, options, async (timeline) => {
    const progress = new Progress("seek");
    try {
      await timeline.seekTo(position, { onProgress: progress.onProgress });
    } finally {
      progress.finish();
    }
    const { tick, event } = timeline.position;
    const hash = options.stateHash ? timeline.stateHash() : undefined;
    if (options.json) printLine(JSON.stringify(hash === undefined ? { tick, event } : { tick, event, hash }));
    else {
      printLine(`tick ${tick}, event #${event}`);
      if (hash !== undefined) printLine(`state hash ${hash}`);
    }
    return ExitCode.Success;
  });
}
