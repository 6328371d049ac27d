/**
 * The third way to run the suite: between slices the machine goes back to an earlier snapshot and forward again to the
 * state that it was in. Whatever a snapshot forgets, or restoring disturbs, shows as a failing assertion.
 */
import { SnapshotTaker } from "../../snapshot/capture.ts";
import type { Snapshot } from "../../snapshot/tree.ts";
import type { Store } from "../../vm/store.ts";

/** Returns the hook for one engine (MachineEngineOptions.betweenSlices). Cost of a call: what changed since the last. */
export function restoringHook(): (store: Store) => void {
  let taker: SnapshotTaker | undefined;
  let earlier: Snapshot | undefined;
  return (store) => {
    taker ??= new SnapshotTaker(store);
    const now = taker.capture(0);
    // Going back may forget modules that were not there yet.
    const modules = [...store.modules];
    if (earlier !== undefined) {
      taker.restore(earlier, modules);
      taker.restore(now, modules);
    }
    earlier = now;
  };
}
