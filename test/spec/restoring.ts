/**
 * The third way to run the suite: after each slice the machine is stored as bytes, and a fresh machine that is made of them
 * goes on. What a snapshot forgets, or its bytes do not hold, shows as a failing assertion.
 */
import { SnapshotTaker } from "../../snapshot/capture.ts";
import { deserializeSnapshot, serializeSnapshot } from "../../snapshot/serialize.ts";
import type { Snapshot } from "../../snapshot/tree.ts";
import type { Machine } from "../../vm/machine.ts";

/** Returns the hook for one engine (MachineEngineOptions.betweenSlices). Cost of a call: that of the whole machine, not of what changed. */
export function restoringHook(): (machine: Machine, fresh: () => Machine) => Machine {
  let earlier: Snapshot | undefined;
  return ({ store }, fresh) => {
    const bytes = serializeSnapshot(new SnapshotTaker(store).capture(0));
    const now = deserializeSnapshot(bytes);
    const next = fresh();
    const taker = new SnapshotTaker(next.store);
    // The fresh machine was somewhere else before, and what it had there must not stay.
    if (earlier !== undefined) taker.restore(earlier, store.modules);
    taker.restore(now, store.modules);
    earlier = now;
    return next;
  };
}
