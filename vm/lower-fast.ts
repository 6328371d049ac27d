/**
 * The fast lowering: three-address code with constants and locals as operands in place, comparisons fused into
 * branches, ticks charged on edges. A virtual operand stack says where each value is; wherever execution can be
 * suspended (labels, calls, checks) every value below is in its canonical slot, so that exact code can continue there.
 *
 * Ticks. `acc` counts instructions since the last charge along the fall-through path. A label takes over the acc of the
 * path that falls into it, and each branch to it charges the difference, so straight-line code never pays for counting.
 */
import { addressType, bulkForm } from "./bulk-form.ts";
import { callForm, emitCall } from "./call-form.ts";
import { CHECK_SPAN_TICKS, pointAfterCall, pointBefore } from "./code.ts";
import { exchanged } from "./exchange.ts";
import { fusedAccess, fusedArithmetic, fusedBranch } from "./fuse.ts";
import { blockType } from "./instr.ts";
import type { LoweringDraft } from "./lower.ts";
import { InstrFlag, type InstrRow, Wasm } from "./opcodes.ts";
import { Op, opRows, type PlainLowering, plainLowerings } from "./ops.ts";
import { absorbScalars, emitShiftByConstant, emitSimd, fusedVectors, isShift, isSimd, SimdOp } from "./simd-form.ts";
import type { Global } from "./store.ts";
import { isWide, slotCount, slotsOf, slotTypes, ValType } from "./types.ts";
import { type Entry, VirtualStack, Where } from "./virtual-stack.ts";

interface Comparison {
  readonly lowering: PlainLowering;
  readonly a: number;
  /** Slot, or constant when `constant`. */
  readonly b: number;
  readonly constant: boolean;
  negated: boolean;
}

/** A branch that waits for its label: the index of its target word (the charge follows) and the acc at the branch. */
interface Fixup {
  readonly at: number;
  readonly acc: number;
}

interface Control {
  readonly kind: "func" | "block" | "loop" | "if";
  readonly height: number;
  /** Types slot by slot. */
  readonly params: readonly ValType[];
  readonly results: readonly ValType[];
  readonly endFixups: Fixup[];
  elseFixup: Fixup | undefined;
  /** Of a loop: the code index of its header, whose acc is 0. */
  readonly target: number;
}

const MAX_U32 = 0xffff_ffff;

export function lowerFast(draft: LoweringDraft): void {
  new FastLowering(draft).run();
}

class FastLowering extends VirtualStack {
  private readonly controls: Control[] = [];
  private pending: Comparison | undefined;
  private acc = 0;
  run(): void {
    const { draft } = this;
    const { reader } = draft;
    this.open("func", [], draft.type.results, undefined, 0);
    if (draft.generatedLoops !== undefined) draft.emit(Op.Generated, 0);

    while (reader.next()) {
      if (draft.skipsDead()) continue;
      draft.wasmOffset = reader.wasmOffset;
      if (this.acc >= CHECK_SPAN_TICKS && this.pending === undefined) this.check(reader.wasmOffset);
      if ((reader.row.flags & InstrFlag.Uncounted) === 0) this.acc++;
      draft.acc = this.acc;
      const plain = plainLowerings.get(reader.code);
      if (draft.has64BitAddress) this.clampAddress(this.stack.length - slotCount(reader.row.params!));
      if (draft.onOtherMemory) this.bulk();
      else if (plain !== undefined) this.plain(reader.row, plain);
      else if (isSimd(reader.code)) this.simd(reader.row);
      else this.special();
    }
    if (draft.hasVectors) absorbScalars(draft.words, draft.base);
  }

  // Plain instructions.

  private plain(row: InstrRow, lowering: PlainLowering): void {
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
  private clamp(height: number): void {
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

  private clampAddress(height: number): void {
    const { reader } = this.draft;
    this.clamp(height);
    if (reader.b <= MAX_U32) return;
    // No memory is so large.
    const entry = this.stack[height]!;
    entry.where = Where.Const32;
    entry.value = -1;
    reader.b = MAX_U32;
  }

  private simd(row: InstrRow): void {
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

  private pool(bits: bigint): number {
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

  // Ticks, points and branches.

  private check(wasmOffset: number): void {
    const { draft } = this;
    this.settleAll();
    draft.emit(Op.Check, this.acc);
    this.acc = 0;
    draft.point(pointBefore(wasmOffset), 0);
  }

  /** Takes the condition from the stack and emits a branch for when it is `wanted`; returns its index in words. */
  private branchOn(wanted: boolean): number {
    const { draft, pending } = this;
    const height = this.stack.length - 1;
    if (pending === undefined) {
      const condition = this.slotOf(height);
      this.truncate(height);
      return this.emitBranch(wanted ? Op.BrNz : Op.BrZ, condition, condition * 2, undefined);
    }
    this.pending = undefined;
    this.truncate(height);
    const { lowering, a, b, constant } = pending;
    const truth = wanted !== pending.negated;
    let op: number;
    if (constant) op = truth ? lowering.branchConst : lowering.branchNotConst;
    else op = truth ? lowering.branch : lowering.branchNot;
    return this.emitBranch(op, a, draft.encode(op, 2, a), constant ? b : draft.encode(op, 3, b));
  }

  /** Emits a branch on the value in slot `tested`; when the last operation was an addition into that local, both as one. */
  private emitBranch(op: number, tested: number, a: number, b: number | undefined): number {
    const { draft, last } = this;
    const { words } = draft;
    if (last.end === words.length && last.local === tested) {
      const fused = fusedBranch(words[last.at]!, op);
      // The comparison sees the local after the addition; its other operand may be the local too.
      if (fused >= 0) {
        const [augend, addend] = this.takeBack();
        return draft.emit(fused, 0, 0, tested * 2, augend, addend, b);
      }
    }
    return draft.emit(op, 0, 0, a, b);
  }

  private resolve(fixup: Fixup, target: number, targetAcc: number): void {
    this.draft.words[fixup.at] = target;
    this.draft.words[fixup.at + 1] = fixup.acc - targetAcc;
  }

  /** A label here, reached by `fixups` and, when code is reachable, by falling through. */
  private label(fixups: readonly Fixup[], key: number): void {
    if (this.draft.deadDepth >= 0) this.acc = fixups[0]!.acc;
    this.draft.deadDepth = -1;
    this.draft.point(key, this.acc);
    for (const fixup of fixups) this.resolve(fixup, this.draft.pc, this.acc);
    this.closeOperations();
  }

  private control(depth: number): Control {
    return this.controls[this.controls.length - 1 - depth]!;
  }

  private labelTypes(control: Control): readonly ValType[] {
    return control.kind === "loop" ? control.params : control.results;
  }

  private open(
    kind: Control["kind"],
    params: readonly ValType[],
    results: readonly ValType[],
    elseFixup: Fixup | undefined,
    target: number,
  ): void {
    const height = this.stack.length - slotCount(params);
    this.controls.push({ kind, height, params: slotTypes(params), results: slotTypes(results), endFixups: [], elseFixup, target });
  }

  /** Whether the top values are where the target's label wants them. */
  private inPlace(control: Control): boolean {
    const arity = this.labelTypes(control).length;
    const first = this.stack.length - arity;
    if (arity > 0 && first !== control.height) return false;
    for (let height = first; height < this.stack.length; height++) if (this.stack[height]!.where !== Where.Slot) return false;
    return true;
  }

  /** Copies the top values to where the label wants them; upward in order, so none is overwritten before it is read. */
  private moveToLabel(control: Control): void {
    const arity = this.labelTypes(control).length;
    const first = this.stack.length - arity;
    for (let i = 0; i < arity; i++) this.move(this.stack[first + i]!, first + i, this.slot(control.height + i));
  }

  private jumpFrom(at: number, control: Control): void {
    const fixup = { at: at + 1, acc: this.acc };
    if (control.kind === "loop") this.resolve(fixup, control.target, 0);
    else control.endFixups.push(fixup);
  }

  private branch(control: Control): void {
    if (control.kind === "func") {
      this.returnOp();
      return;
    }
    this.moveToLabel(control);
    this.jumpFrom(this.draft.emit(Op.Br, 0, 0), control);
  }

  private branchIf(control: Control): void {
    const { draft } = this;
    const condition = this.stack.pop()!;
    const inPlace = control.kind !== "func" && this.inPlace(control);
    if (!inPlace) this.settleAll();
    this.stack.push(condition);
    if (inPlace) {
      this.jumpFrom(this.branchOn(true), control);
      this.lastDest = -1;
      return;
    }
    const skip: Fixup = { at: this.branchOn(false) + 1, acc: this.acc };
    this.branch(control);
    // Not taken, execution may be suspended behind the moves: that point is a label of its own.
    this.draft.deadDepth = 0;
    this.label([skip], pointBefore(draft.reader.pos));
  }

  private branchTable(labels: readonly number[]): void {
    const { draft } = this;
    const height = this.stack.length - 1;
    const index = this.slotOf(height);
    this.truncate(height);
    const controls = labels.map((depth) => this.control(depth));
    const direct = controls.every((control) => control.kind !== "func" && this.labelTypes(control).length === 0);
    if (direct) {
      draft.emit(Op.BrTable, labels.length - 1, index * 2);
      for (const control of controls) {
        draft.words.push(0, 0);
        this.jumpFrom(draft.words.length - 3, control);
      }
      return;
    }
    // Each target has a piece of code that moves its values; Switch looks at no fuel, as nothing can stop there.
    for (let i = 0; i < height; i++) this.settle(i);
    const at = draft.emit(Op.Switch, labels.length - 1, index * 2);
    for (const _ of labels) draft.words.push(0);
    const pads = new Map<Control, number>();
    for (const [i, control] of controls.entries()) {
      let pad = pads.get(control);
      if (pad === undefined) {
        pad = draft.pc;
        pads.set(control, pad);
        this.branch(control);
      }
      draft.words[at + 3 + i] = pad;
    }
  }

  private returnOp(): void {
    const { draft, acc } = this;
    const { results } = draft.type;
    const count = slotCount(results);
    const first = this.stack.length - count;
    if (count === 0) draft.emit(Op.Return0, acc);
    else if (count === 1) {
      const wide = isWide(results[0]!);
      const slot = this.slotOf(first);
      draft.emit(wide ? Op.Return64 : Op.Return32, acc, wide ? slot : slot * 2);
    } else if (results.length === 1) {
      // The only result is a vector. Nothing can stop between the move, which overwrites locals, and the return.
      const slot = this.slotOf(first);
      if (slot !== 0) draft.emit(SimdOp.Mov, 0, slot * 2);
      draft.emit(Op.Return0, acc);
    } else {
      for (let height = first; height < this.stack.length; height++) this.settle(height);
      draft.emit(Op.ReturnN, acc, this.slot(first), count);
    }
  }

  // Control instructions.

  private special(): void {
    const { draft } = this;
    const { reader } = draft;
    switch (reader.code) {
      case Wasm.Nop:
        break;
      case Wasm.Unreachable:
        draft.emit(Op.Unreachable);
        this.draft.deadDepth = 0;
        break;
      case Wasm.Block: {
        const type = blockType(draft.module, reader.a);
        this.settleAll();
        this.open("block", type.params, type.results, undefined, 0);
        break;
      }
      case Wasm.Loop:
        this.loop();
        break;
      case Wasm.If:
        this.ifPart();
        break;
      case Wasm.Else:
        this.elsePart();
        break;
      case Wasm.End:
        this.endBlock();
        break;
      case Wasm.Br:
        this.branch(this.control(reader.a));
        this.draft.deadDepth = 0;
        break;
      case Wasm.BrIf:
        this.branchIf(this.control(reader.a));
        break;
      case Wasm.BrTable:
        this.branchTable(reader.labels);
        this.draft.deadDepth = 0;
        break;
      case Wasm.Return:
        this.returnOp();
        this.draft.deadDepth = 0;
        break;
      case Wasm.Call:
      case Wasm.CallIndirect:
      case Wasm.ReturnCall:
      case Wasm.ReturnCallIndirect:
        this.call();
        break;
      default:
        this.variable();
    }
  }

  private loop(): void {
    const { draft } = this;
    const type = blockType(draft.module, draft.reader.a);
    this.settleAll();
    if (this.acc > 0) draft.emit(Op.Check, this.acc);
    this.acc = 0;
    this.open("loop", type.params, type.results, undefined, draft.pc);
    draft.point(pointBefore(draft.reader.pos), 0);
    const number = draft.generatedLoops?.get(pointBefore(draft.reader.pos));
    if (number !== undefined) draft.emit(Op.Generated, number);
    this.closeOperations();
  }

  private ifPart(): void {
    const { draft } = this;
    const type = blockType(draft.module, draft.reader.a);
    const condition = this.stack.pop()!;
    this.settleAll();
    this.stack.push(condition);
    const fixup: Fixup = { at: this.branchOn(false) + 1, acc: this.acc };
    this.lastDest = -1;
    this.open("if", type.params, type.results, fixup, 0);
  }

  private elsePart(): void {
    const { draft } = this;
    const control = this.controls.at(-1)!;
    if (this.draft.deadDepth < 0) {
      this.moveToLabel(control);
      this.jumpFrom(draft.emit(Op.Br, 0, 0), control);
    }
    this.truncate(control.height);
    this.pushOperands(control.params);
    this.draft.deadDepth = 0;
    this.label([control.elseFixup!], pointBefore(draft.reader.pos));
    control.elseFixup = undefined;
  }

  private endBlock(): void {
    const control = this.controls.pop()!;
    const { draft } = this;
    const fixups = control.elseFixup === undefined ? control.endFixups : [control.elseFixup, ...control.endFixups];
    if (fixups.length > 0) {
      if (this.draft.deadDepth < 0) this.settleAll();
      this.label(fixups, pointBefore(draft.reader.pos));
    } else if (this.draft.deadDepth < 0) {
      // Nothing branches here: values stay where they are.
      if (control.kind === "func") this.returnOp();
      return;
    }
    if (control.kind === "func" && this.draft.deadDepth >= 0) return;
    this.truncate(control.height);
    this.pushOperands(control.results);
    if (control.kind === "func") this.returnOp();
  }

  private call(): void {
    const { draft } = this;
    const form = callForm(draft)!;
    let target = this.stack.length;
    let targetSlot = this.slot(target);
    if (form.through !== "function") {
      target--;
      if (form.address64) this.clamp(target);
      targetSlot = this.slotOf(target);
      this.truncate(target);
    }
    this.settleAll();
    const first = this.stack.length - slotCount(form.type.params);
    emitCall(draft, form, this.slot(first), targetSlot, this.acc);
    this.acc = 0;
    this.truncate(first);
    this.pushSlots(form.type.results);
    if (!form.tail) return;
    // Where a host function that was tail-called returns to.
    this.returnOp();
    draft.deadDepth = 0;
  }

  private afterCall(first: number, results: readonly ValType[]): void {
    this.acc = 0;
    this.draft.point(pointAfterCall(this.draft.reader.wasmOffset), 0);
    this.truncate(first);
    this.pushSlots(results);
  }

  // Variables, constants, references.

  private variable(): void {
    const { draft, stack } = this;
    const { reader, instance } = draft;
    const { a } = reader;
    switch (reader.code) {
      case Wasm.Drop:
        this.truncate(stack.length - slotsOf(stack.at(-1)!.type));
        this.lastDest = -1;
        break;
      case Wasm.Select:
      case Wasm.SelectT:
        this.select();
        break;
      case Wasm.LocalGet:
        this.pushLocal(a);
        break;
      case Wasm.LocalSet:
        this.setLocal(a);
        break;
      case Wasm.LocalTee:
        this.setLocal(a);
        this.pushLocal(a);
        break;
      case Wasm.GlobalGet:
        this.globalGet(draft.store.globals[instance.globalAddrs[a]!]!);
        break;
      case Wasm.GlobalSet:
        this.globalSet(draft.store.globals[instance.globalAddrs[a]!]!);
        break;
      case Wasm.I32Const:
        this.pushConst(Where.Const32, a, ValType.I32);
        break;
      case Wasm.F32Const:
        this.pushConst(Where.Const32, a, ValType.F32);
        break;
      case Wasm.I64Const:
        this.pushConst(Where.Const64, draft.code.constant(reader.lo, reader.hi), ValType.I64);
        break;
      case Wasm.F64Const:
        this.pushConst(Where.Const64, draft.code.constant(reader.lo, reader.hi), ValType.F64);
        break;
      case Wasm.RefNull:
        this.pushConst(Where.Const32, 0, a as ValType);
        break;
      case Wasm.RefFunc:
        this.pushConst(Where.Const32, instance.funcAddrs[a]! + 1, ValType.FuncRef);
        break;
      case Wasm.RefIsNull: {
        const height = stack.length - 1;
        const source = this.slotOf(height) * 2;
        this.pop();
        this.pushResult(ValType.I32, draft.emit(Op.I32Eqz, this.slot(height) * 2, source));
        break;
      }
      default:
        this.memoryOrTable();
    }
  }

  private pushConst(where: Where, value: number, type: ValType): void {
    this.push(where, value, type);
    this.lastDest = -1;
  }

  private globalGet({ type, slot }: Global): void {
    const { draft } = this;
    const height = this.stack.length;
    if (type.valType === ValType.V128) {
      for (let i = 0; i < 2; i++) draft.emit(Op.GlobalGet64, this.slot(height) + i, slot + i);
      this.pushSlots([type.valType]);
      return;
    }
    const op = isWide(type.valType) ? Op.GlobalGet64 : Op.GlobalGet32;
    this.pushResult(type.valType, draft.emit(op, draft.encode(op, 0, this.slot(height)), slot));
  }

  private globalSet({ type, slot }: Global): void {
    const { draft } = this;
    const height = this.stack.length - slotsOf(type.valType);
    if (this.producerOf(height) === Op.GlobalGetAddK && draft.words[this.last.at + 2] === slot) {
      const [, added] = this.takeBack();
      draft.emit(Op.GlobalAddK, slot, added);
    } else {
      const op = isWide(type.valType) ? Op.GlobalSet64 : Op.GlobalSet32;
      const from = this.slotOf(height);
      for (let i = 0; i < slotsOf(type.valType); i++) draft.emit(op, slot + i, draft.encode(op, 1, from + i));
    }
    this.truncate(height);
    this.lastDest = -1;
  }

  private select(): void {
    const { draft, stack } = this;
    const top = stack.length - 1;
    const { type } = stack[top - 1]!;
    const slots = slotsOf(type);
    const height = top - 2 * slots;
    const condition = this.slotOf(top) * 2;
    const ifZero = this.slotOf(height + slots);
    const ifNot = this.slotOf(height);
    this.truncate(height);
    const to = this.slot(height);
    if (type === ValType.V128) {
      for (let i = 0; i < slots; i++) draft.emit(Op.Select64, to + i, ifNot + i, ifZero + i, condition);
      this.pushSlots([type]);
      return;
    }
    const op = isWide(type) ? Op.Select64 : Op.Select32;
    const at = draft.emit(op, draft.encode(op, 0, to), draft.encode(op, 1, ifNot), draft.encode(op, 2, ifZero), condition);
    this.pushResult(type, at);
  }

  /** Pops the top into a local. Stack entries that still mean the local's old value are copied out of it first. */
  private setLocal(index: number): void {
    const { draft, stack, lastDest } = this;
    const local = draft.localSlots[index]!;
    const slots = slotsOf(draft.localTypes[index]!);
    const height = stack.length - slots;
    const entry = stack[height]!;
    this.truncate(height);
    let aliased = false;
    // Of a v128 the first entry is found, and settling it settles both.
    for (const [i, below] of stack.entries()) {
      if (below.where === Where.Local && below.value === local) {
        this.settle(i);
        aliased = true;
      }
    }
    if (!aliased && entry.where === Where.Slot && lastDest >= 0) {
      const op = draft.words[lastDest - 1]!;
      draft.words[lastDest] = draft.encode(op, 0, local);
      this.last.height = -1;
      this.last.local = local;
    } else if (slots === 1) {
      this.move(entry, height, local);
    } else {
      const from = entry.where === Where.Local ? entry.value : this.slot(height);
      if (from !== local) draft.emit(SimdOp.Mov, local * 2, from * 2);
    }
    this.lastDest = -1;
  }

  // Memories and tables.

  private memoryOrTable(): void {
    const { draft, stack } = this;
    const { reader } = draft;
    const { a } = reader;
    const { tableAddrs, memoryAddrs } = draft.instance;
    const memory64 = draft.module.memoryTypes[a]?.address64;
    const table64 = draft.module.tableTypes[a]?.address64;
    const height = stack.length;
    switch (reader.code) {
      case Wasm.TableGet: {
        if (table64) this.clamp(height - 1);
        const index = this.slotOf(height - 1) * 2;
        this.pop();
        const type = draft.store.tables[tableAddrs[a]!]!.elemType;
        this.pushResult(type, draft.emit(Op.TableGet, this.slot(height - 1) * 2, tableAddrs[a]!, index));
        break;
      }
      case Wasm.TableSet:
        if (table64) this.clamp(height - 2);
        draft.emit(Op.TableSet, tableAddrs[a]!, this.slotOf(height - 2) * 2, this.slotOf(height - 1) * 2);
        this.truncate(height - 2);
        this.lastDest = -1;
        break;
      case Wasm.TableSize:
        if (table64) this.bulk();
        else this.pushResult(ValType.I32, draft.emit(Op.TableSize, this.slot(height) * 2, tableAddrs[a]!));
        break;
      case Wasm.MemorySize:
        if (a !== 0 || memory64) this.bulk();
        else this.pushResult(ValType.I32, draft.emit(Op.MemorySize, this.slot(height) * 2));
        break;
      case Wasm.MemoryGrow:
        if (memory64) this.clamp(height - 1);
        this.grow(0, memoryAddrs[a]!, 1, addressType(memory64));
        break;
      case Wasm.TableGrow:
        if (table64) this.clamp(height - 1);
        this.grow(1, tableAddrs[a]!, 2, addressType(table64));
        break;
      default:
        this.bulk();
    }
  }

  private bulk(): void {
    const { draft } = this;
    const form = bulkForm(draft);
    if (form === undefined) throw draft.unsupported();
    const height = this.stack.length - form.operandSlots;
    for (const operand of form.wide) this.clamp(height + operand);
    for (let i = height; i < this.stack.length; i++) this.settle(i);
    draft.emit(Op.Bulk, form.kind, this.slot(height) * 2, form.a, form.b);
    this.truncate(height);
    this.pushSlots(form.results);
  }

  private grow(kind: number, addr: number, operandCount: number, result: ValType): void {
    const { draft } = this;
    this.settleAll();
    const top = this.slot(this.stack.length - 1) * 2;
    const first = this.slot(this.stack.length - operandCount) * 2;
    draft.emit(Op.Grow, kind, addr, top, first, this.acc, draft.reader.wasmOffset);
    this.afterCall(this.stack.length - operandCount, [result]);
  }
}
