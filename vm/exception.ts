/**
 * Exceptions (spec: execution/exceptions): objects of the heap that hold a tag's address and what it carries, and the walk
 * over the explicit frames to the clause that takes one. Nothing is unwound before a clause is found.
 */
import { codeOfPc } from "./frames.ts";
import { cellOfRef, refOfCell } from "./heap.ts";
import { BlockKind, CELL_WORDS } from "./layout.ts";
import { Wasm } from "./opcodes.ts";
import { FRAME_WORDS, Frame, FrameFlag, Status, type Store } from "./store.ts";
import { Trap } from "./trap.ts";
import { type CatchClause, findClause } from "./try-regions.ts";
import { isWide, slotCount, slotTypes } from "./types.ts";

/** Slots that an exception of a tag carries. */
function carriedSlots(store: Store, tagAddr: number): number {
  return slotCount(store.tags[tagAddr]!.type.params);
}

/** A new exception that carries the slots from `slot` on; a reference, or a cell that `Heap.allocate` answers instead of one. */
export function makeException(store: Store, tagAddr: number, slot: number, forced: boolean): number {
  const { heap, i32 } = store;
  const count = carriedSlots(store, tagAddr);
  const cell = heap.allocate(1 + count, forced);
  if (cell <= 0) return cell;
  heap.words[cell * CELL_WORDS] = (tagAddr << 2) | BlockKind.Exception;
  const to = (cell + 1) * CELL_WORDS;
  heap.words.set(i32.subarray(slot * 2, (slot + count) * 2), to);
  // The upper half of a 32-bit value's slot is whatever was there, which is no part of the state.
  for (const [i, type] of slotTypes(store.tags[tagAddr]!.type.params).entries()) if (!isWide(type)) heap.words[to + i * 2 + 1] = 0;
  return refOfCell(cell);
}

export function tagOfException(store: Store, ref: number): number {
  return store.heap.words[cellOfRef(ref) * CELL_WORDS]! >>> 2;
}

/** What an exception carries, as slots of two words each. A view that the next allocation may outdate. */
export function carriedWords(store: Store, ref: number): Int32Array {
  const from = (cellOfRef(ref) + 1) * CELL_WORDS;
  return store.heap.words.subarray(from, from + carriedSlots(store, tagOfException(store, ref)) * 2);
}

/**
 * Throws an exception in the topmost frame: a wasm frame at code index `pc`, or a host function's. Afterwards the machine
 * runs in the clause that takes it, or is trapped (UncaughtException) with all frames in place when the exception
 * leaves the call that the host made. Returns whether a watched frame was left.
 */
export function throwException(store: Store, ref: number, pc: number, wasmOffset: number): boolean {
  const { frames } = store;
  const tagAddr = tagOfException(store, ref);
  let watched = false;
  let place = pc;
  for (let at = store.frameTop - FRAME_WORDS; at >= 0; at -= FRAME_WORDS) {
    const flags = frames[at + Frame.Flags]!;
    if ((flags & FrameFlag.Host) === 0) {
      const clause = clauseAt(store, at, place, tagAddr);
      if (clause !== undefined) {
        goOn(store, at, clause, ref);
        return watched;
      }
    }
    if ((flags & FrameFlag.Entry) !== 0) break;
    watched ||= (flags & FrameFlag.Watch) !== 0;
    // The caller's place is the last word of its call.
    place = at === 0 ? 0 : frames[at - FRAME_WORDS + Frame.Pc]! - 1;
  }
  store.trap = Trap.UncaughtException;
  store.exception = ref;
  store.trapOffset = wasmOffset;
  store.status = Status.Trapped;
  return false;
}

function clauseAt(store: Store, at: number, place: number, tagAddr: number): CatchClause | undefined {
  const funcAddr = store.frames[at + Frame.Func]!;
  const { regions } = codeOfPc(store, funcAddr, place);
  if (regions.length === 0 || isTailCall(store, at, place, funcAddr)) return undefined;
  return findClause(regions, place, tagAddr);
}

/** A frame that waits for a host function which it has tail-called is as good as left. */
function isTailCall(store: Store, at: number, place: number, funcAddr: number): boolean {
  if (at + FRAME_WORDS === store.frameTop) return false;
  const func = store.funcs[funcAddr]!;
  if (func.kind === "host") return false;
  const opcode = store.instances[func.instanceAddr]!.module.bytes[store.code.words[place]!]!;
  return opcode === Wasm.ReturnCall || opcode === Wasm.ReturnCallIndirect || opcode === Wasm.ReturnCallRef;
}

function goOn(store: Store, at: number, clause: CatchClause, ref: number): void {
  const { frames, i32 } = store;
  const fp = frames[at + Frame.Fp]!;
  store.exception = 0;
  store.frameTop = at + FRAME_WORDS;
  if (clause.slot >= 0) i32.set(carriedWords(store, ref), (fp + clause.slot) * 2);
  if (clause.refSlot >= 0) i32[(fp + clause.refSlot) * 2] = ref;
  frames[at + Frame.Pc] = clause.pc;
  store.topAcc = clause.acc;
  store.status = Status.Running;
}
