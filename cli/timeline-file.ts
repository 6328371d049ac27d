/** Timelines on trace files, with the snapshots beside them: for the commands that move about in a recording. */
import { Timeline } from "../rr/timeline.ts";
import { readSidecarFile, STORED_POLICY, writeSidecarFile } from "./sidecar.ts";
import { timeTrace, useStoredTicks } from "./timing.ts";
import { withTrace } from "./trace-file.ts";

export interface TimelineFileOptions {
  /** False: neither use nor write the snapshots beside the trace. */
  readonly snapshots: boolean;
}

/** Work that takes less is not worth storing snapshots for, in milliseconds. */
const WORTH_STORING_MS = 500;

/**
 * Opens a timeline, its cursor at the first instruction, hands it to `use`, and afterwards stores the snapshots that are
 * new when getting there took a while.
 */
export async function withTimeline<T>(path: string, options: TimelineFileOptions, use: (timeline: Timeline) => Promise<T>): Promise<T> {
  const startedAt = performance.now();
  return withTrace(path, async (reader, storage) => {
    const sidecar = options.snapshots ? await readSidecarFile(path, storage) : undefined;
    try {
      const timed = await useStoredTicks(reader, sidecar);
      const found = timed ? undefined : await timeTrace(path, reader, { store: options.snapshots });
      const timeline = await Timeline.open(reader, {
        snapshots: timed ? sidecar?.snapshots : undefined,
        known: found?.snapshots,
        stretches: found?.stretches,
        policy: STORED_POLICY,
      });
      const result = await use(timeline);
      const { snapshots } = timeline;
      if (options.snapshots && snapshots.changed && performance.now() - startedAt > WORTH_STORING_MS) {
        await snapshots.readAll();
        await writeSidecarFile(path, snapshots.set, { ticks: reader.assignedTicks, stretches: timeline.engine.stretches });
      }
      return result;
    } finally {
      sidecar?.close();
    }
  });
}
