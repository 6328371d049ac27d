/**
 * The fast lowering: three-address code with constants and locals as operands in place, comparisons fused into
 * branches, ticks charged on edges. A virtual operand stack says where each value is; wherever execution can be
 * suspended (labels, calls, checks) every value below is in its canonical slot, so that exact code can continue there.
 *
 * Ticks. `acc` counts instructions since the last charge along the fall-through path. A label takes over the acc of the
 * path that falls into it, and each branch to it charges the difference, so straight-line code never pays for counting.
 */
import { bulkForm } from "./bulk-form.ts";
import { callForm, emitCall } from "./call-form.ts";
import { I31_FLAG } from "./casts.ts";
import { CHECK_SPAN_TICKS, pointAfterCall, pointBefore } from "./code.ts";
import { FastArithmetic } from "./fast-arithmetic.ts";
import { fusedBranch } from "./fuse.ts";
import { blockType } from "./instr.ts";
import type { LoweringDraft } from "./lower.ts";
import { InstrFlag, Wasm } from "./opcodes.ts";
import { Gc, Leave, Op, plainLowerings } from "./ops.ts";
import { absorbScalars, isSimd, SimdOp } from "./simd-form.ts";
import type { Global } from "./store.ts";
import { addCatchClause, beginTry, endDelegating, endRegion, type GuardedControl } from "./try-regions.ts";
import { addressType, isNullable, isWide, slotCount, slotsOf, slotTypes, ValType } from "./types.ts";
import { Where } from "./virtual-stack.ts";

/** A branch that waits for its label: the index of its target word (the charge follows) and the acc at the branch. */
interface Fixup {
  readonly at: number;
  readonly acc: number;
}

interface Control extends GuardedControl {
  readonly kind: "func" | "block" | "loop" | "if" | "try";
  /** Types slot by slot. */
  readonly params: readonly ValType[];
  readonly results: readonly ValType[];
  readonly endFixups: Fixup[];
  elseFixup: Fixup | undefined;
}

export function lowerFast(draft: LoweringDraft): void {
  new FastLowering(draft).run();
}

class FastLowering extends FastArithmetic {
  private readonly controls: Control[] = [];
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
      if (draft.isOutsideAccess) this.bulk();
      else if (plain !== undefined) this.plain(reader.row, plain);
      else if (isSimd(reader.code)) this.simd(reader.row);
      else this.special();
    }
    if (draft.hasVectors) absorbScalars(draft.words, draft.base);
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
    if (this.draft.deadDepth >= 0) this.acc = fixups[0]?.acc ?? 0;
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
    this.controls.push({
      kind,
      height,
      params: slotTypes(params),
      results: slotTypes(results),
      endFixups: [],
      elseFixup,
      target,
      catches: [],
      region: -1,
      tryRegion: -1,
      hiddenSlot: -1,
    });
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

  /** Branches by `op` on the word in slot `condition`; `inverse` is the operation that branches when `op` does not. */
  private branchOnSlot(op: number, inverse: number, condition: number, control: Control): void {
    const { draft } = this;
    if (control.kind !== "func" && this.inPlace(control)) {
      this.jumpFrom(draft.emit(op, 0, 0, condition * 2), control);
      this.lastDest = -1;
      return;
    }
    this.settleAll();
    const skip: Fixup = { at: draft.emit(inverse, 0, 0, condition * 2) + 1, acc: this.acc };
    this.branch(control);
    draft.deadDepth = 0;
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
      case Wasm.AtomicFence:
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
      case Wasm.CallRef:
      case Wasm.ReturnCallRef:
        this.call();
        break;
      default:
        this.exceptional();
    }
  }

  private exceptional(): void {
    const { draft } = this;
    const { a, code } = draft.reader;
    switch (code) {
      case Wasm.Try:
      case Wasm.TryTable:
        this.tryPart();
        break;
      case Wasm.Catch:
      case Wasm.CatchAll:
        this.catchPart();
        break;
      case Wasm.Delegate:
        this.delegate(a);
        break;
      case Wasm.Throw: {
        this.settleAll();
        const first = this.stack.length - slotCount(draft.module.tagTypes[a]!.params);
        this.leave(Leave.Throw, draft.instance.tagAddrs[a]!, this.slot(first), 0);
        break;
      }
      case Wasm.ThrowRef:
        this.settleAll();
        this.leave(Leave.ThrowRef, 0, 0, this.slot(this.stack.length - 1));
        break;
      case Wasm.Rethrow:
        this.settleAll();
        this.leave(Leave.ThrowRef, 0, 0, this.control(a).hiddenSlot);
        break;
      default:
        this.variable();
    }
  }

  private leave(kind: number, a: number, b: number, c: number): void {
    this.draft.emitLeave(kind, this.acc, a, b, c, 0);
    this.draft.deadDepth = 0;
  }

  private tryPart(): void {
    const { draft, controls } = this;
    const type = blockType(draft.module, draft.reader.a);
    this.settleAll();
    beginTry(
      draft,
      controls,
      (height) => this.slot(height),
      () => this.open("try", type.params, type.results, undefined, 0),
    );
  }

  private catchPart(): void {
    const { draft } = this;
    const control = this.controls.at(-1)!;
    endRegion(draft, control);
    if (draft.deadDepth < 0) {
      this.moveToLabel(control);
      this.jumpFrom(draft.emit(Op.Br, 0, 0), control);
    }
    this.truncate(control.height);
    this.closeOperations();
    draft.deadDepth = -1;
    this.acc = 0;
    draft.point(pointBefore(draft.reader.pos), 0);
    addCatchClause(draft, control.tryRegion, this.slot(control.height), control.hiddenSlot);
    if (draft.reader.code === Wasm.Catch) this.pushSlots(draft.module.tagTypes[draft.reader.a]!.params);
  }

  private delegate(depth: number): void {
    endDelegating(this.draft, this.controls, depth);
    this.endBlock();
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
    endRegion(draft, control);
    const fixups = control.elseFixup === undefined ? control.endFixups : [control.elseFixup, ...control.endFixups];
    if (fixups.length > 0 || control.catches.length > 0) {
      if (this.draft.deadDepth < 0) this.settleAll();
      // Behind the end of a function there is no instruction.
      this.label(fixups, pointBefore(control.kind === "func" ? draft.reader.wasmOffset : draft.reader.pos));
      for (const clause of control.catches) {
        clause.pc = draft.pc;
        clause.acc = this.acc;
      }
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
        this.reference();
    }
  }

  private reference(): void {
    const { draft, stack } = this;
    const { a, c, code } = draft.reader;
    const height = stack.length - 1;
    switch (code) {
      case Wasm.RefEq: {
        const x = this.slotOf(height - 1) * 2;
        const y = this.slotOf(height) * 2;
        this.truncate(height - 1);
        this.pushResult(ValType.I32, draft.emit(Op.I32Eq, this.slot(height - 1) * 2, x, y));
        break;
      }
      case Wasm.RefAsNonNull:
        this.settle(height);
        draft.emit(Op.Bulk, Gc.RefAsNonNull, this.slot(height) * 2, 0, 0);
        this.lastDest = -1;
        break;
      case Wasm.RefI31: {
        const source = this.slotOf(height) * 2;
        this.pop();
        this.pushResult(ValType.I31Ref, draft.emit(Op.I32OrK, this.slot(height) * 2, source, I31_FLAG));
        break;
      }
      // A reference is the same in both hierarchies.
      case Wasm.AnyConvertExtern:
      case Wasm.ExternConvertAny:
        break;
      case Wasm.BrOnNull: {
        this.settle(height);
        const { type } = this.pop();
        this.branchOnSlot(Op.BrZ, Op.BrNz, this.slot(height), this.control(a));
        this.pushSlots([type]);
        break;
      }
      case Wasm.BrOnNonNull:
        this.settle(height);
        this.branchOnSlot(Op.BrNz, Op.BrZ, this.slot(height), this.control(a));
        this.pop();
        break;
      case Wasm.BrOnCast:
      case Wasm.BrOnCastFail: {
        this.settle(height);
        if (height + 2 > draft.maxHeight) draft.maxHeight = height + 2;
        draft.emit(Op.Bulk, Gc.RefTestBeside, this.slot(height) * 2, draft.storeType(c), 0);
        const fails = code === Wasm.BrOnCastFail;
        this.branchOnSlot(fails ? Op.BrZ : Op.BrNz, fails ? Op.BrNz : Op.BrZ, this.slot(height + 1), this.control(a));
        break;
      }
      case Wasm.BrOnCastDescEq:
      case Wasm.BrOnCastDescEqFail: {
        this.settle(height - 1);
        this.settle(height);
        draft.emit(Op.Bulk, Gc.RefTestDescBeside, this.slot(height - 1) * 2, isNullable(c) ? 1 : 0, 0);
        this.pop();
        const fails = code === Wasm.BrOnCastDescEqFail;
        this.branchOnSlot(fails ? Op.BrZ : Op.BrNz, fails ? Op.BrNz : Op.BrZ, this.slot(height), this.control(a));
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
    if (form.allocates) this.settleAll();
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
