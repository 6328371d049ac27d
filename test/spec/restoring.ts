/**
 * The third way to run the suite: between slices the machine goes back to an earlier snapshot and forward again to the
 * state that it was in, and every so many instructions it is stored as bytes, and a fresh machine that is made of them goes
 * on. What a snapshot forgets, its bytes do not hold, or restoring disturbs, shows as a failing assertion.
 */
import { SnapshotTaker } from "../../snapshot/capture.ts";
import { deserializeSnapshot, serializeSnapshot } from "../../snapshot/serialize.ts";
import type { Snapshot } from "../../snapshot/tree.ts";
import type { Machine } from "../../vm/machine.ts";

const FRESH_SLICES = 8;

/**
 * Returns the hook for one engine (MachineEngineOptions.betweenSlices). `freshTicks` are between two fresh machines, and
 * `FRESH_SLICES` slices in calls whose slices have become long. Cost: what changed; that of a machine for each of those.
 */
export function restoringHook(freshTicks: number): (machine: Machine, fresh: () => Machine) => Machine {
  let taker: SnapshotTaker | undefined;
  let earlier: Snapshot | undefined;
  let nextFreshTick = 0;
  let lastTick = 0;
  return (machine, fresh) => {
    const { store } = machine;
    taker ??= new SnapshotTaker(store);
    const now = taker.capture(0);
    // Going back may forget modules that were not there yet.
    const modules = [...store.modules];
    const sliceTicks = store.tick - lastTick;
    lastTick = store.tick;
    if (store.tick < nextFreshTick) {
      taker.restore(earlier!, modules);
      taker.restore(now, modules);
      earlier = now;
      return machine;
    }
    nextFreshTick = store.tick + Math.max(freshTicks, sliceTicks * FRESH_SLICES);
    const stored = deserializeSnapshot(serializeSnapshot(now));
    const next = fresh();
    taker = new SnapshotTaker(next.store);
    // It is somewhere else first, and what it has there must not stay.
    if (earlier !== undefined) taker.restore(earlier, modules);
    taker.restore(stored, modules);
    earlier = stored;
    return next;
  };
}
