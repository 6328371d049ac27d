/** The ways in which the suite is run: each must give the same results and leave the machine in the same state. */
import type { MachineEngineOptions } from "./machine-engine.ts";
import { restoringHook } from "./restoring.ts";

export const RUN_MODES = ["generated", "fast", "exact", "restored"] as const;
export type RunMode = (typeof RUN_MODES)[number];

/** A prime, so that slices end at ever other instructions of a loop. */
const RESTORED_SLICE_TICKS = 7;
/** Between two machines made of bytes: each costs some milliseconds. */
const FRESH_TICKS = 300;
/** The same for all, so that they stop alike; small, because exhausted stacks are snapshotted with all their frames. */
const STACK_BYTES = 128 << 10;

/** Options of a fresh engine: `restored` goes back and forth between snapshots every few instructions, and on in a machine made of bytes. */
export function engineOptions(mode: RunMode): MachineEngineOptions {
  if (mode !== "restored") return { lowering: mode, stackBytes: STACK_BYTES };
  return { lowering: "fast", sliceTicks: RESTORED_SLICE_TICKS, betweenSlices: restoringHook(FRESH_TICKS), stackBytes: STACK_BYTES };
}
