/** The ticks of traces without: read from the file beside the trace, or found by a replay and kept there. */
import { TraceError } from "../rr/errors.ts";
import type { TraceReader } from "../rr/reader.ts";
import { Replayer } from "../rr/replayer.ts";
import { type FoundTicks, findTicks } from "../rr/timing.ts";
import { SnapshotError } from "../snapshot/errors.ts";
import type { FileStorage } from "./file-storage.ts";
import { Progress } from "./progress.ts";
import { type OpenSidecar, readSidecarFile, STORED_POLICY, writeSidecarFile } from "./sidecar.ts";

/** Gives the reader the ticks that lie beside its trace; false when there are none. */
export async function useStoredTicks(reader: TraceReader, sidecar: OpenSidecar | undefined): Promise<boolean> {
  if (reader.timed) return true;
  if (sidecar?.snapshots.hasTicks !== true) return false;
  try {
    reader.assignTicks(await sidecar.snapshots.loadTicks());
    return true;
  } catch (error) {
    // Damaged or of another length: they are found again.
    if (error instanceof SnapshotError || error instanceof TraceError) return false;
    throw error;
  }
}

/** Gives the reader of a trace its ticks, from the file beside it or by a replay. Throws as Replayer.runTo. */
export async function haveTicks(path: string, reader: TraceReader, storage: FileStorage): Promise<void> {
  if (reader.timed) return;
  const sidecar = await readSidecarFile(path, storage);
  const timed = await useStoredTicks(reader, sidecar).finally(() => sidecar?.close());
  if (!timed) await timeTrace(path, reader, { store: true });
}

export interface TimeTraceOptions {
  /** Keep what is found beside the trace. */
  readonly store: boolean;
  /** Stands before the first event; its journal is told of this replay. Without one, a bar shows the progress. */
  readonly replayer?: Replayer;
}

/** Replays the trace, which must not be timed yet, and gives its reader the ticks. Throws as Replayer.runTo. */
export async function timeTrace(path: string, reader: TraceReader, options: TimeTraceOptions): Promise<FoundTicks> {
  const progress = options.replayer === undefined ? new Progress("first replay") : undefined;
  let found: FoundTicks;
  try {
    const onProgress = progress === undefined ? {} : { onProgress: progress.onProgress };
    found = await findTicks(options.replayer ?? new Replayer(reader), { policy: STORED_POLICY, ...onProgress });
  } finally {
    progress?.finish();
  }
  reader.assignTicks(found.ticks);
  if (options.store) await writeSidecarFile(path, found.snapshots, found);
  return found;
}
