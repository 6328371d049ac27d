/** The ways in which the suite is run: each must give the same results. */
import type { MachineEngineOptions } from "./machine-engine.ts";
import { restoringHook } from "./restoring.ts";

export const RUN_MODES = ["fast", "exact", "restored"] as const;
export type RunMode = (typeof RUN_MODES)[number];

/** A prime, so that slices end at ever other instructions of a loop. */
const RESTORED_SLICE_TICKS = 7;
/** Small, because scripts that exhaust the stack are snapshotted with all their frames. */
const RESTORED_STACK_BYTES = 128 << 10;

/** Options of a fresh engine: `restored` goes back and forth between snapshots every few instructions. */
export function engineOptions(mode: RunMode): MachineEngineOptions {
  if (mode !== "restored") return { lowering: mode };
  return { lowering: "fast", sliceTicks: RESTORED_SLICE_TICKS, betweenSlices: restoringHook(), stackBytes: RESTORED_STACK_BYTES };
}
