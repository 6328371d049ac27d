/** The speed of travel: a long recording, random seeks in it, and steps backward from where they lead. */

import { FileStorage } from "../cli/file-storage.ts";
import { readSidecarFile } from "../cli/sidecar.ts";
import { TraceReader } from "../rr/reader.ts";
import { Timeline } from "../rr/timeline.ts";
import { mulberry32 } from "../test/support/random.ts";
import { percentile } from "./measure.ts";
import type { Percentiles } from "./report.ts";

export interface TravelResult {
  readonly ticks: number;
  readonly seekMs: Percentiles;
  /** The first step back after a seek. */
  readonly reverseStepMs: Percentiles;
  readonly snapshotMs: Percentiles;
  /** Opening the trace, with decoding its program, once. */
  readonly openMs: number;
}

const SEED = 20_260_101;

function percentiles(samples: readonly number[]): Percentiles {
  return { p50: percentile(samples, 50), p95: percentile(samples, 95) };
}

async function timed(run: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await run();
  return performance.now() - from;
}

/**
 * Opens a recording with the snapshots beside it and goes to `count` random ticks; at each, takes a snapshot and steps
 * back twice. Every seek counts, also the first ones, which have only the snapshots that recording left behind.
 */
export async function measureTravel(path: string, count: number): Promise<TravelResult> {
  const storage = new FileStorage(path);
  const openedAt = performance.now();
  const sidecar = await readSidecarFile(path, storage);
  try {
    const timeline = await Timeline.open(await TraceReader.open(storage), { snapshots: sidecar?.snapshots });
    const openMs = performance.now() - openedAt;
    const random = mulberry32(SEED);
    const seeks: number[] = [];
    const steps: number[] = [];
    const captures: number[] = [];
    for (let i = 0; i < count; i++) {
      const tick = Math.floor(random() * timeline.end.tick);
      seeks.push(await timed(() => timeline.seekTick(tick)));
      captures.push(await timed(async () => timeline.capture()));
      steps.push(await timed(() => timeline.reverseStep()));
      steps.push(await timed(() => timeline.reverseStep()));
      if (timeline.position.tick !== tick - 2) throw new Error(`two steps back from tick ${tick} led to ${timeline.position.tick}`);
    }
    return {
      ticks: timeline.end.tick,
      seekMs: percentiles(seeks),
      reverseStepMs: percentiles(steps),
      snapshotMs: percentiles(captures),
      openMs,
    };
  } finally {
    sidecar?.close();
    storage.close();
  }
}
