/**
 * Frames in canonical form: independent of how code was lowered, with every dead or unused byte zero. What snapshots,
 * hashes and inspection see.
 */
import type { Store } from "./store.ts";
import type { ValType } from "./types.ts";

export interface FrameState {
  readonly funcAddr: number;
  /** First slot. */
  readonly fp: number;
  /** Frame flags without Watch. */
  readonly flags: number;
  /**
   * Module byte offset: for the running frame the next instruction, for a frame that waits for a callee its call
   * instruction, for the frame of a trap the instruction that trapped. -1 for host frames and for a function just entered.
   */
  readonly wasmOffset: number;
  /** Live slots from `fp`, 2 words each: parameters and locals, then operands below what a callee has taken over. */
  readonly slots: Int32Array;
}

/** All frames, outermost first. Cost: the live slots. */
export declare function exportFrames(store: Store): FrameState[];
/** Replaces all frames; status and the rest of the store are the caller's business. */
export declare function importFrames(store: Store, frames: readonly FrameState[]): void;

export interface FrameTypes {
  readonly locals: readonly ValType[];
  readonly operands: readonly ValType[];
}
/** Static types of the live slots of frame `index` (0 outermost). */
export declare function frameTypes(store: Store, index: number): FrameTypes;
/** Module byte offset of frame `index`, as FrameState.wasmOffset. */
export declare function frameOffset(store: Store, index: number): number;
