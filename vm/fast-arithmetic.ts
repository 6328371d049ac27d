/**
 * The part of the fast lowering that computes: plain instructions, vectors, loads and stores, with constants and locals as
 * operands in place and pairs of operations fused. Knows nothing of control flow but that a branch may take in a comparison.
 */
import { exchanged } from "./exchange.ts";
import { fusedAccess, fusedArithmetic } from "./fuse.ts";
import { type InstrRow, Wasm } from "./opcodes.ts";
import { Op, opRows, type PlainLowering, plainLowerings } from "./ops.ts";
import { emitShiftByConstant, emitSimd, fusedVectors, isShift } from "./simd-form.ts";
import { isWide, slotCount, slotsOf, ValType } from "./types.ts";
import { type Entry, VirtualStack, Where } from "./virtual-stack.ts";

/** A comparison that the next branch takes in. */
export interface Comparison {
  readonly lowering: PlainLowering;
  readonly a: number;
  /** Slot, or constant when `constant`. */
  readonly b: number;
  readonly constant: boolean;
  negated: boolean;
}

const MAX_U32 = 0xffff_ffff;

export abstract class FastArithmetic extends VirtualStack {
  protected pending: Comparison | undefined;

  protected plain(row: InstrRow, lowering: PlainLowering): void {
    const params = row.params!;
    if (opRows[lowering.op]![1].endsWith("o")) this.access(row, lowering);
    else if (params.length === 2) this.binary(row, lowering);
    else this.unary(row, lowering);
  }

  private access(row: InstrRow, lowering: PlainLowering): void {
    const { draft, stack } = this;
    const offset = draft.reader.b | 0;
    const result = row.results![0];
    if (result !== undefined) {
      const height = stack.length - 1;
      const fused = fusedAccess(this.producerOf(height), lowering.op);
      if (fused >= 0) {
        const [a, b] = this.takeBack();
        this.truncate(height);
        this.pushResult(result, draft.emit(fused, draft.encode(fused, 0, this.slot(height)), a, b, offset));
        return;
      }
      const address = this.slotOf(height);
      this.truncate(height);
      const { op } = lowering;
      this.pushResult(result, draft.emit(op, draft.encode(op, 0, this.slot(height)), address * 2, offset));
      return;
    }
    const height = stack.length - 2;
    const value = stack[height + 1]!;
    const constant = value.where === Where.Const32 && lowering.opLastConst >= 0;
    const fused = value.where === Where.Local ? fusedAccess(this.producerOf(height), lowering.op) : -1;
    if (fused >= 0) {
      const [a, b] = this.takeBack();
      draft.emit(fused, a, b, draft.encode(fused, 2, value.value), offset);
      this.truncate(height);
      this.lastDest = -1;
      return;
    }
    const op = constant ? lowering.opLastConst : lowering.op;
    const source = constant ? value.value : draft.encode(op, 1, this.slotOf(height + 1));
    const address = this.slotOf(height);
    draft.emit(op, address * 2, source, offset);
    this.truncate(height);
    this.lastDest = -1;
  }

  private unary(row: InstrRow, lowering: PlainLowering): void {
    const { draft } = this;
    const { pending } = this;
    if (pending !== undefined) {
      // Only i32.eqz can follow a pending comparison here.
      pending.negated = !pending.negated;
      return;
    }
    const height = this.stack.length - 1;
    const { op } = lowering;
    if (op === Op.Mov32 || op === Op.Mov64) {
      this.retype(this.stack[height]!, row.results![0]!);
      return;
    }
    const source = this.slotOf(height);
    this.truncate(height);
    this.pushResult(row.results![0]!, draft.emit(op, draft.encode(op, 0, this.slot(height)), draft.encode(op, 1, source)));
  }

  /** Makes the 64-bit operand at `height` one of 32 bits that is as far out of bounds. */
  protected clamp(height: number): void {
    const { draft } = this;
    const entry = this.stack[height]!;
    if (entry.where === Where.Const64) {
      const bits = BigInt.asUintN(64, draft.code.constI64[entry.value]!);
      entry.where = Where.Const32;
      entry.value = bits > 0xffff_ffffn ? -1 : Number(BigInt.asIntN(32, bits));
    } else {
      draft.emit(Op.Clamp, this.slot(height) * 2, this.slotOf(height) * 2);
      entry.where = Where.Slot;
      entry.value = 0;
    }
    entry.type = ValType.I32;
    this.lastDest = -1;
  }

  protected clampAddress(height: number): void {
    const { reader } = this.draft;
    this.clamp(height);
    if (reader.b <= MAX_U32) return;
    // No memory is so large.
    const entry = this.stack[height]!;
    entry.where = Where.Const32;
    entry.value = -1;
    reader.b = MAX_U32;
  }

  protected simd(row: InstrRow): void {
    const { draft, stack } = this;
    const params = row.params!;
    const height = stack.length - slotCount(params);
    if (this.fuseVectors(row.code, height)) return;
    const last = stack.at(-1);
    let at: number;
    if (last?.where === Where.Const32 && isShift(row.code)) {
      const operand = this.slotOf(height);
      this.truncate(height);
      at = emitShiftByConstant(draft, this.slot(height), operand, last.value);
    } else {
      const operands: number[] = [];
      for (let next = height; next < stack.length; next += slotsOf(stack[next]!.type)) operands.push(this.slotOf(next));
      this.truncate(height);
      at = emitSimd(draft, this.slot(height), operands);
    }
    const result = row.results![0];
    if (result === ValType.V128) this.pushVector(at);
    else if (result !== undefined) this.pushResult(result, at);
    else this.lastDest = -1;
  }

  /** Makes one operation of the last one and this one, which takes two vectors from `height`, when there is such a pair. */
  private fuseVectors(code: number, height: number): boolean {
    const { draft, stack } = this;
    for (const operand of [0, 1] as const) {
      const at = height + operand * 2;
      const fused = at < stack.length ? fusedVectors(this.producerOf(at), code, operand) : -1;
      if (fused < 0) continue;
      // The other operand needs no code of its own: vectors are in locals or in their slots.
      const other = this.slotOf(height + 2 - operand * 2) * 2;
      const [a, b] = this.takeBack();
      this.truncate(height);
      this.pushVector(draft.emit(fused, this.slot(height) * 2, a, b, other));
      return true;
    }
    return false;
  }

  /** Wrapping and reinterpreting take no code: the low word, or all bits, of the value where it is. */
  private retype(entry: Entry, type: ValType): void {
    entry.type = type;
    if (entry.where === Where.Const64 && !isWide(type)) {
      entry.where = Where.Const32;
      entry.value = Number(BigInt.asIntN(32, this.draft.code.constI64[entry.value]!));
    }
  }

  private binary(row: InstrRow, plain: PlainLowering): void {
    const { stack } = this;
    const height = stack.length - 2;
    let lowering = plain;
    let code = row.code;
    const first = stack[height]!;
    const last = stack[height + 1]!;
    const firstConst = first.where === Where.Const32 || first.where === Where.Const64;
    let lastConst = last.where === Where.Const32 || last.where === Where.Const64;
    const swapped = firstConst && !lastConst ? exchanged.get(code) : undefined;
    let x = height;
    let y = height + 1;
    if (swapped !== undefined) {
      code = swapped;
      lowering = plainLowerings.get(code)!;
      [x, y] = [y, x];
      lastConst = true;
    }
    if (this.fuses(lowering)) {
      const constant = lastConst && lowering.branchConst >= 0;
      const a = this.slotOf(x);
      this.pending = { lowering, a, b: constant ? stack[y]!.value : this.slotOf(y), constant, negated: false };
      this.truncate(height);
      this.push(Where.Comparison, 0, ValType.I32);
      this.lastDest = -1;
      return;
    }
    this.binaryOperation(row, code, lowering, height, x, y, lastConst, firstConst && swapped === undefined);
  }

  private binaryOperation(
    row: InstrRow,
    code: number,
    lowering: PlainLowering,
    height: number,
    x: number,
    y: number,
    lastConst: boolean,
    firstConst: boolean,
  ): void {
    const { draft, stack } = this;
    let op = lastConst ? this.constantForm(code, lowering, stack[y]!) : -1;
    if (this.fuseArithmetic(row, op >= 0 ? op : lowering.op, height, x, y, op >= 0)) return;
    let a: number;
    let b: number | undefined;
    if (op >= 0) {
      b = this.constantOperand(code, op, stack[y]!);
      a = draft.encode(op, 1, this.slotOf(x));
    } else if (firstConst && lowering.opFirstConst >= 0) {
      op = lowering.opFirstConst;
      a = stack[x]!.value;
      b = draft.encode(op, 2, this.slotOf(y));
    } else {
      ({ op } = lowering);
      a = draft.encode(op, 1, this.slotOf(x));
      b = draft.encode(op, 2, this.slotOf(y));
    }
    this.truncate(height);
    this.pushResult(row.results![0]!, draft.emit(op, draft.encode(op, 0, this.slot(height)), a, b));
  }

  /** Makes one operation of the last one and this one, when the last computed an operand and there is such a pair. */
  private fuseArithmetic(row: InstrRow, op: number, height: number, x: number, y: number, constant: boolean): boolean {
    const { draft, stack } = this;
    const operand = this.producerOf(x) >= 0 ? 0 : 1;
    const other = operand === 0 ? y : x;
    // The other operand must need no code of its own, or the last operation would no longer be the last.
    const { where } = stack[other]!;
    if (!constant && where !== Where.Local && where !== Where.Slot) return false;
    const fused = fusedArithmetic(this.producerOf(operand === 0 ? x : y), op, operand);
    if (fused < 0) return false;
    const last = constant ? this.constantOperand(row.code, op, stack[y]!)! : draft.encode(fused, 3, this.slotOf(other));

    const [a, b] = this.takeBack();
    this.truncate(height);
    this.pushResult(row.results![0]!, draft.emit(fused, draft.encode(fused, 0, this.slot(height)), a, b, last));
    return true;
  }

  /** The operation that takes `constant` as last operand, or -1. */
  private constantForm(code: number, lowering: PlainLowering, constant: Entry): number {
    switch (code) {
      case Wasm.I32Sub:
        return Op.I32AddK;
      case Wasm.I64Sub:
        return Op.I64AddK;
      case Wasm.I64Shl:
        return Op.I64MulK;
      case Wasm.I64ShrU:
        return this.shiftForm(Op.I64ShrUBy1, this.shiftCount(constant));
      case Wasm.I64Rotl:
        return this.shiftForm(Op.I64RotlBy1, this.shiftCount(constant));
      case Wasm.I64Rotr:
        return this.shiftForm(Op.I64RotlBy1, (64 - this.shiftCount(constant)) & 63);
      case Wasm.I32DivS:
      case Wasm.I32DivU:
      case Wasm.I32RemS:
      case Wasm.I32RemU:
        // The constant forms do not check for zero.
        return constant.value === 0 ? -1 : lowering.opLastConst;
      default:
        return lowering.opLastConst;
    }
  }

  private shiftCount(constant: Entry): number {
    return Number(this.draft.code.constI64[constant.value]! & 63n);
  }

  /** V8 makes machine code of a 64-bit shift only when its count is a literal: there is an operation for each. */
  private shiftForm(by1: number, count: number): number {
    return count === 0 ? -1 : by1 + count - 1;
  }

  protected pool(bits: bigint): number {
    return this.draft.code.constant(Number(BigInt.asIntN(32, bits)), Number(BigInt.asIntN(32, bits >> 32n)));
  }

  /** The word for the constant, which stands last; shifts by a literal have none. */
  private constantOperand(code: number, op: number, constant: Entry): number | undefined {
    if (constant.where === Where.Const32) return code === Wasm.I32Sub ? -constant.value | 0 : constant.value;
    const bits = this.draft.code.constI64[constant.value]!;
    if (code === Wasm.I64Sub) return this.pool(BigInt.asIntN(64, -bits));
    if (code === Wasm.I64Shl) return this.pool(BigInt.asIntN(64, 1n << (bits & 63n)));
    if (op >= Op.I64ShrUBy1 && op <= Op.I64RotlBy63) return undefined;
    // The signed shift takes its count in place.
    if (op === Op.I64ShrSK) return Number(bits & 63n);
    return constant.value;
  }

  /** Whether the comparison just read is consumed by a branch, possibly through one i32.eqz. */
  private fuses(lowering: PlainLowering): boolean {
    if (lowering.branch < 0) return false;
    const { bytes, pos, end } = this.draft.reader;
    let next = bytes[pos]!;
    if (next === Wasm.I32Eqz && pos + 1 < end) next = bytes[pos + 1]!;
    return next === Wasm.BrIf || next === Wasm.If;
  }
}
