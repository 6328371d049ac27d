/**
 * Finding out the ticks of a trace that was recorded without: one replay from the beginning to the end, which notes when
 * each event comes and takes snapshots on its way. What is found is kept beside the trace (sidecar.ts).
 */
import { SnapshotTaker } from "../snapshot/capture.ts";
import type { SnapshotPolicy } from "../snapshot/policy.ts";
import { SnapshotSet } from "../snapshot/set.ts";
import type { Replayer } from "./replayer.ts";
import { nextMultiple } from "./search.ts";
import { Stretches, StretchObserver } from "./stretches.ts";
import { DEFAULT_INTERVAL_TICKS } from "./timeline.ts";

export interface TimingOptions {
  /** How snapshots are kept; default as snapshot/policy.ts has it. */
  readonly policy?: SnapshotPolicy | undefined;
  /** Told about every 50 ms how many events are replayed, and how many there are. */
  readonly onProgress?: (doneEvents: number, totalEvents: number) => void;
}

export interface FoundTicks {
  /** Of each event, ascending: for TraceReader.assignTicks. */
  readonly ticks: Float64Array;
  readonly snapshots: SnapshotSet;
  /** What was seen between the snapshots. */
  readonly stretches: Stretches;
}

const BREATH_MS = 50;
/** The most that is run between two looks at the clock. */
const SLICE_TICKS = 1 << 20;

/**
 * Replays the whole trace with a replayer that stands before its first event. Its journal and `onEvent` are told everything
 * as in any replay. Throws as Replayer.runTo; a trace that was cut off is replayed to its last event.
 */
export async function findTicks(replayer: Replayer, options: TimingOptions = {}): Promise<FoundTicks> {
  const { reader, store, onEvent } = replayer;
  const ticks = new Float64Array(reader.eventCount);
  const snapshots = new SnapshotSet(options.policy);
  const taker = new SnapshotTaker(store);
  const stretches = new Stretches();
  const observer = new StretchObserver(taker);
  replayer.onEvent = (event, of) => {
    ticks[event.number] = of.tick;
    onEvent?.(event, of);
  };
  let mark = DEFAULT_INTERVAL_TICKS;
  let breath = performance.now();
  try {
    for (;;) {
      await replayer.runTo({ tick: Math.min(mark, store.tick + SLICE_TICKS), event: reader.eventCount });
      if (replayer.eventNumber >= reader.eventCount) return { ticks, snapshots, stretches };
      if (store.tick >= mark) {
        const here = { tick: store.tick, event: replayer.eventNumber };
        const seen = observer.end(here);
        if (seen !== undefined) stretches.add(seen);
        snapshots.insert(taker.capture(here.event));
        observer.begin(here);
        snapshots.thin(store.tick);
        mark = nextMultiple(store.tick, DEFAULT_INTERVAL_TICKS);
      }
      if (performance.now() - breath < BREATH_MS) continue;
      options.onProgress?.(replayer.eventNumber, reader.eventCount);
      await new Promise<void>((resolve) => setTimeout(resolve, 0));
      breath = performance.now();
    }
  } finally {
    replayer.onEvent = onEvent;
  }
}
