/**
 * The virtual operand stack of the fast lowering: where each value is while code is made, the moves that bring values
 * into their canonical slots, and which operation was the last, so that it can still be redirected or fused.
 * It has an entry per slot: a v128 is two entries after each other, both of its type, which are always at the same kind of place.
 */
import { fusedMoves } from "./fuse.ts";
import type { LoweringDraft } from "./lower.ts";
import { Op } from "./ops.ts";
import { SimdOp } from "./simd-form.ts";
import { isWide, slotTypes, ValType } from "./types.ts";

/** Where a value of the virtual stack is. */
export const Where = {
  /** In its canonical slot. */
  Slot: 0,
  /** In a local's slot `value`. */
  Local: 1,
  /** A 32-bit constant `value`. */
  Const32: 2,
  /** 64-bit constant number `value`. */
  Const64: 3,
  /** Not computed: the comparison `pending`, which the branch after it takes in. Always on top. */
  Comparison: 4,
} as const;
export type Where = (typeof Where)[keyof typeof Where];

export interface Entry {
  where: Where;
  value: number;
  type: ValType;
}

export abstract class VirtualStack {
  protected readonly draft: LoweringDraft;
  protected readonly localCount: number;
  protected readonly stack: Entry[] = [];
  /** Index of the destination word of the last operation when that computed the top of the stack, else -1. */
  protected lastDest = -1;
  /**
   * The last operation with a result: its words `[at, end)`, and where the result is: the stack entry at `height`, or
   * `local`. As long as `end` is the end of all words and no label stands there, it may be taken back and fused.
   */
  protected readonly last = { at: 0, end: -1, height: -1, local: -1 };
  protected readonly lastMove = { at: 0, end: -1 };

  constructor(draft: LoweringDraft) {
    this.draft = draft;
    this.localCount = draft.localSlotCount;
  }

  protected slot(height: number): number {
    return this.localCount + height;
  }

  protected push(where: Where, value: number, type: ValType): void {
    this.stack.push({ where, value, type });
    if (this.stack.length > this.draft.maxHeight) this.draft.maxHeight = this.stack.length;
  }

  protected pop(): Entry {
    return this.stack.pop()!;
  }

  /** A result: computed into its canonical slot by the operation at `at`, whose destination may still be redirected. */
  protected pushResult(type: ValType, at: number): void {
    this.push(Where.Slot, 0, type);
    this.lastDest = at + 1;
    this.last.at = at;
    this.last.end = this.draft.words.length;
    this.last.height = this.stack.length - 1;
    this.last.local = -1;
  }

  /** The last operation when it computed the entry at `height`, which is still a temporary there; else -1. */
  protected producerOf(height: number): number {
    const { last } = this;
    if (last.end !== this.draft.words.length || last.height !== height || this.stack[height]!.where !== Where.Slot) return -1;
    return this.draft.words[last.at]!;
  }

  /** Takes back the last operation; returns its two operands. */
  protected takeBack(): [number, number] {
    const { words } = this.draft;
    const { at } = this.last;
    const operands: [number, number] = [words[at + 2]!, words[at + 3]!];
    words.length = at;
    this.last.end = -1;
    return operands;
  }

  /** Values of these types that are in their canonical slots. */
  protected pushSlots(types: readonly ValType[]): void {
    this.pushOperands(slotTypes(types));
  }

  /** As pushSlots, by types slot by slot. */
  protected pushOperands(types: readonly ValType[]): void {
    for (const type of types) this.push(Where.Slot, 0, type);
    this.lastDest = -1;
  }

  /** As pushResult, for the two slots of a vector. */
  protected pushVector(at: number): void {
    this.pushSlots([ValType.V128]);
    this.lastDest = at + 1;
    this.last.at = at;
    this.last.end = this.draft.words.length;
    this.last.height = this.stack.length - 2;
    this.last.local = -1;
  }

  /** Pushes the value of a local. */
  protected pushLocal(local: number): void {
    const type = this.draft.localTypes[local]!;
    const slot = this.draft.localSlots[local]!;
    this.push(Where.Local, slot, type);
    if (type === ValType.V128) this.push(Where.Local, slot + 1, type);
    this.lastDest = -1;
  }

  /** Emits what brings entry `entry`, whose canonical slot is that of `height`, into slot `to`. */
  protected move(entry: Entry, height: number, to: number): void {
    const { draft } = this;
    const from = entry.where === Where.Local ? entry.value : this.slot(height);
    if (entry.where === Where.Const32) draft.emit(Op.Const32, to * 2, entry.value);
    else if (entry.where === Where.Const64) draft.emit(Op.Const64, to, entry.value);
    else if (from === to) return;
    else if (entry.type === ValType.F64) draft.emit(Op.MovF64, to, from);
    else if (isWide(entry.type)) this.emitMove(Op.Mov64, to, from);
    else this.emitMove(Op.Mov32, to * 2, from * 2);
    this.lastDest = -1;
  }

  /** Emits a move; together with the one before it, when that was a move of the same kind and no label is between. */
  protected emitMove(op: number, to: number, from: number): void {
    const { words } = this.draft;
    const { lastMove } = this;
    if (lastMove.end === words.length && words[lastMove.at] === op) {
      words[lastMove.at] = fusedMoves(op);
      words.push(to, from);
      lastMove.end = -1;
      return;
    }
    lastMove.at = this.draft.emit(op, to, from);
    lastMove.end = words.length;
  }

  /** What was emitted is complete: a label stands here, and nothing before it may be changed. */
  protected closeOperations(): void {
    this.lastDest = -1;
    this.last.end = -1;
    this.lastMove.end = -1;
  }

  /** Brings the entry at `height` into its canonical slot. Of a v128, `height` is the first entry, and both are brought. */
  protected settle(height: number): void {
    const entry = this.stack[height]!;
    if (entry.where === Where.Slot) return;
    if (entry.type === ValType.V128) {
      this.draft.emit(SimdOp.Mov, this.slot(height) * 2, entry.value * 2);
      this.lastDest = -1;
      this.stack[height + 1]!.where = Where.Slot;
    } else {
      this.move(entry, height, this.slot(height));
    }
    entry.where = Where.Slot;
  }

  protected settleAll(): void {
    for (let height = 0; height < this.stack.length; height++) this.settle(height);
    this.lastDest = -1;
  }

  /** First slot that holds the value at `height`, computing constants first. */
  protected slotOf(height: number): number {
    const entry = this.stack[height]!;
    if (entry.where === Where.Local) return entry.value;
    this.settle(height);
    return this.slot(height);
  }

  protected truncate(height: number): void {
    this.stack.length = height;
  }
}
