/** Drives the interpreter: fast while far from the goal, exact for the last instructions. */
import type { Store } from "./store.ts";

/** Why `runUntil` came back. */
export const Stop = {
  /** `limitTick` is reached; the machine is settled at a counted instruction. */
  Limit: 0,
  /** The machine waits: look at `store.status` (InHost, Growing, Returned, Trapped). */
  Waiting: 1,
  /** The next instruction has a breakpoint. Nothing of it was executed. */
  Breakpoint: 2,
  /** A watched frame has returned (see `watchFrame`); the machine is settled in its caller. */
  FrameReturn: 3,
} as const;
export type Stop = (typeof Stop)[keyof typeof Stop];

export declare function runUntil(store: Store, limitTick: number): Stop;
