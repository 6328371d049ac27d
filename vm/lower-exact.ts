/**
 * The exact lowering: one Step and one operation per wasm instruction, every operand in its canonical slot. What
 * single-stepping and inspection run; slow on purpose, so that each counted instruction is a place to stop.
 */
import { bulkForm } from "./bulk-form.ts";
import { callForm, emitCall } from "./call-form.ts";
import { I31_FLAG } from "./casts.ts";
import { type FuncBreakpoints, pointAfterCall, pointBefore } from "./code.ts";
import { blockType } from "./instr.ts";
import type { LoweringDraft } from "./lower.ts";
import { InstrFlag, type InstrRow, Wasm } from "./opcodes.ts";
import { Gc, Leave, Op, opRows, plainLowerings } from "./ops.ts";
import { emitSimd, isSimd } from "./simd-form.ts";
import { addCatchClause, beginTry, endDelegating, endRegion, type GuardedControl } from "./try-regions.ts";
import { addressType, isNullable, isWide, slotCount, slotsOf, slotTypes, ValType } from "./types.ts";

interface Control extends GuardedControl {
  readonly kind: "func" | "block" | "loop" | "if" | "try";
  /** Types slot by slot. */
  readonly params: readonly ValType[];
  readonly results: readonly ValType[];
  /** Words to receive the code index of the end. */
  readonly endFixups: number[];
  /** Word to receive the code index of the else part; -1 when there is none pending. */
  elseFixup: number;
}

const MAX_U32 = 0xffff_ffff;

export function lowerExact(draft: LoweringDraft, breakpoints: FuncBreakpoints | undefined): void {
  new ExactLowering(draft, breakpoints).run();
}

class ExactLowering {
  private readonly draft: LoweringDraft;
  private readonly breakpoints: FuncBreakpoints | undefined;
  private readonly localCount: number;
  private readonly controls: Control[] = [];
  /** Types of the operands slot by slot: a v128 stands twice. */
  private readonly stack: ValType[] = [];

  constructor(draft: LoweringDraft, breakpoints: FuncBreakpoints | undefined) {
    this.draft = draft;
    this.breakpoints = breakpoints;
    this.localCount = draft.localSlotCount;
  }

  run(): void {
    const { draft } = this;
    if (this.breakpoints?.entry) draft.emit(Op.EntryBreak);
    this.open("func", [], draft.type.results, -1, 0);
    while (draft.reader.next()) {
      if (draft.skipsDead()) continue;
      this.instruction();
    }
  }

  private slot(height: number): number {
    return this.localCount + height;
  }

  private get height(): number {
    return this.stack.length;
  }

  /** Drops the operands from slot `height` of the stack on. */
  private popTo(height: number): void {
    this.stack.length = height;
  }

  private push(type: ValType): void {
    const { stack, draft } = this;
    for (let count = slotsOf(type); count > 0; count--) stack.push(type);
    if (stack.length > draft.maxHeight) draft.maxHeight = stack.length;
  }

  private pushAll(types: readonly ValType[]): void {
    for (const type of types) this.push(type);
  }

  /** Pops the top operand and returns its first slot of the stack. */
  private pop(): number {
    const height = this.height - slotsOf(this.stack.at(-1)!);
    this.popTo(height);
    return height;
  }

  private open(kind: Control["kind"], params: readonly ValType[], results: readonly ValType[], elseFixup: number, target: number): void {
    const height = this.height - slotCount(params);
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

  private instruction(): void {
    const { draft } = this;
    const { reader } = draft;
    const { row } = reader;
    draft.wasmOffset = reader.wasmOffset;
    draft.point(pointBefore(reader.wasmOffset), 0);
    if ((row.flags & InstrFlag.Uncounted) === 0) {
      draft.emit(this.breakpoints?.wasmOffsets.has(reader.wasmOffset) ? Op.Break : Op.Step, reader.wasmOffset);
    }
    const plain = plainLowerings.get(reader.code);
    if (draft.has64BitAddress) this.clampAddress(this.height - slotCount(row.params!));
    if (draft.isOutsideAccess) this.bulk();
    else if (plain !== undefined) this.plain(row, plain.op);
    else if (isSimd(reader.code)) this.simd(row);
    else this.special();
  }

  /** Makes the 64-bit operand at `height` one of 32 bits that is as far out of bounds. */
  private clamp(height: number): void {
    this.draft.emit(Op.Clamp, this.slot(height) * 2, this.slot(height) * 2);
  }

  private clampAddress(height: number): void {
    const { reader } = this.draft;
    this.clamp(height);
    if (reader.b <= MAX_U32) return;
    // No memory is so large.
    this.draft.emit(Op.Const32, this.slot(height) * 2, -1);
    reader.b = MAX_U32;
  }

  private simd(row: InstrRow): void {
    const first = this.height - slotCount(row.params!);
    const operands: number[] = [];
    for (let next = first; next < this.height; next += slotsOf(this.stack[next]!)) operands.push(this.slot(next));
    emitSimd(this.draft, this.slot(first), operands);
    this.popTo(first);
    this.pushAll(row.results!);
  }

  private plain(row: InstrRow, op: number): void {
    const { draft } = this;
    const paramCount = row.params!.length;
    const first = this.height - paramCount;
    const letters = opRows[op]![1];
    const words: number[] = [];
    if (row.results!.length === 1) words.push(draft.encode(op, 0, this.slot(first)));
    for (let i = 0; i < paramCount; i++) words.push(draft.encode(op, words.length, this.slot(first + i)));
    if (letters.endsWith("o")) words.push(draft.reader.b | 0);
    draft.emit(op, ...words);
    this.popTo(first);
    this.pushAll(row.results!);
  }

  private special(): void {
    const { draft, height } = this;
    const { reader, instance } = draft;
    const { a } = reader;
    switch (reader.code) {
      case Wasm.Nop:
      case Wasm.AtomicFence:
        break;
      case Wasm.Unreachable:
        draft.emit(Op.Unreachable);
        this.draft.deadDepth = 0;
        break;
      case Wasm.Block: {
        const type = blockType(draft.module, a);
        this.open("block", type.params, type.results, -1, 0);
        break;
      }
      case Wasm.Loop: {
        const type = blockType(draft.module, a);
        this.open("loop", type.params, type.results, -1, draft.pc);
        const at = draft.emit(Op.LoopSync, 0);
        draft.loops.push({ key: pointBefore(reader.pos), at: at + 1 });
        break;
      }
      case Wasm.If: {
        const type = blockType(draft.module, a);
        this.popTo(height - 1);
        const at = draft.emit(Op.BrZ, 0, 0, this.slot(height - 1) * 2);
        this.open("if", type.params, type.results, at + 1, 0);
        break;
      }
      case Wasm.Else:
        this.elsePart();
        break;
      case Wasm.End:
        this.endBlock();
        break;
      case Wasm.Br:
        this.branch(a);
        this.draft.deadDepth = 0;
        break;
      case Wasm.BrIf:
        this.branchIf(a);
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
        const first = height - slotCount(draft.module.tagTypes[a]!.params);
        draft.emitLeave(Leave.Throw, 0, instance.tagAddrs[a]!, this.slot(first), 0, 0);
        draft.deadDepth = 0;
        break;
      }
      case Wasm.ThrowRef:
        draft.emitLeave(Leave.ThrowRef, 0, 0, 0, this.slot(height - 1), 0);
        draft.deadDepth = 0;
        break;
      case Wasm.Rethrow:
        draft.emitLeave(Leave.ThrowRef, 0, 0, 0, this.control(a).hiddenSlot, 0);
        draft.deadDepth = 0;
        break;
      case Wasm.Drop:
        this.pop();
        break;
      case Wasm.Select:
      case Wasm.SelectT:
        this.select();
        break;
      case Wasm.LocalGet:
        this.moves(draft.localTypes[a]!, this.slot(height), draft.localSlots[a]!);
        this.push(draft.localTypes[a]!);
        break;
      case Wasm.LocalSet:
        this.moves(draft.localTypes[a]!, draft.localSlots[a]!, this.slot(this.pop()));
        break;
      case Wasm.LocalTee: {
        const type = draft.localTypes[a]!;
        this.moves(type, draft.localSlots[a]!, this.slot(height - slotsOf(type)));
        break;
      }
      case Wasm.GlobalGet: {
        const { type, slot } = draft.store.globals[instance.globalAddrs[a]!]!;
        if (isWide(type.valType))
          for (let i = 0; i < slotsOf(type.valType); i++) draft.emit(Op.GlobalGet64, this.slot(height) + i, slot + i);
        else draft.emit(Op.GlobalGet32, this.slot(height) * 2, slot);
        this.push(type.valType);
        break;
      }
      case Wasm.GlobalSet: {
        const { type, slot } = draft.store.globals[instance.globalAddrs[a]!]!;
        const from = this.slot(this.pop());
        if (isWide(type.valType)) for (let i = 0; i < slotsOf(type.valType); i++) draft.emit(Op.GlobalSet64, slot + i, from + i);
        else draft.emit(Op.GlobalSet32, slot, from * 2);
        break;
      }
      case Wasm.I32Const:
        this.constant32(ValType.I32, a);
        break;
      case Wasm.F32Const:
        this.constant32(ValType.F32, a);
        break;
      case Wasm.I64Const:
        this.constant64(ValType.I64);
        break;
      case Wasm.F64Const:
        this.constant64(ValType.F64);
        break;
      case Wasm.RefNull:
        this.constant32(a as ValType, 0);
        break;
      case Wasm.RefFunc:
        this.constant32(ValType.FuncRef, instance.funcAddrs[a]! + 1);
        break;
      case Wasm.RefIsNull: {
        const top = this.slot(this.pop()) * 2;
        draft.emit(Op.I32Eqz, top, top);
        this.push(ValType.I32);
        break;
      }
      default:
        this.reference();
    }
  }

  private reference(): void {
    const { draft, height } = this;
    const { reader } = draft;
    const { a, c } = reader;
    const top = this.slot(height - 1) * 2;
    switch (reader.code) {
      case Wasm.RefEq:
        draft.emit(Op.I32Eq, top - 2, top - 2, top);
        this.popTo(height - 2);
        this.push(ValType.I32);
        break;
      case Wasm.RefAsNonNull:
        draft.emit(Op.Bulk, Gc.RefAsNonNull, top, 0, 0);
        break;
      case Wasm.RefI31:
        draft.emit(Op.I32OrK, top, top, I31_FLAG);
        break;
      // A reference is the same in both hierarchies.
      case Wasm.AnyConvertExtern:
      case Wasm.ExternConvertAny:
        break;
      case Wasm.BrOnNull: {
        const type = this.stack.at(-1)!;
        this.popTo(height - 1);
        this.branchOn(Op.BrZ, Op.BrNz, top, a);
        this.push(type);
        break;
      }
      case Wasm.BrOnNonNull:
        this.branchOn(Op.BrNz, Op.BrZ, top, a);
        this.popTo(height - 1);
        break;
      case Wasm.BrOnCast:
      case Wasm.BrOnCastFail: {
        this.reserve(height + 1);
        draft.emit(Op.Bulk, Gc.RefTestBeside, top, draft.storeType(c), 0);
        const fails = reader.code === Wasm.BrOnCastFail;
        this.branchOn(fails ? Op.BrZ : Op.BrNz, fails ? Op.BrNz : Op.BrZ, top + 2, a);
        break;
      }
      case Wasm.BrOnCastDescEq:
      case Wasm.BrOnCastDescEqFail: {
        draft.emit(Op.Bulk, Gc.RefTestDescBeside, top - 2, isNullable(c) ? 1 : 0, 0);
        this.popTo(height - 1);
        const fails = reader.code === Wasm.BrOnCastDescEqFail;
        this.branchOn(fails ? Op.BrZ : Op.BrNz, fails ? Op.BrNz : Op.BrZ, top, a);
        break;
      }
      default:
        this.memoryOrTable();
    }
  }

  /** Makes sure that the frame has so many slots of operands. */
  private reserve(height: number): void {
    if (height > this.draft.maxHeight) this.draft.maxHeight = height;
  }

  private tryPart(): void {
    const { draft, controls } = this;
    const type = blockType(draft.module, draft.reader.a);
    beginTry(
      draft,
      controls,
      (height) => this.slot(height),
      () => this.open("try", type.params, type.results, -1, 0),
    );
  }

  private catchPart(): void {
    const { draft } = this;
    const control = this.controls.at(-1)!;
    endRegion(draft, control);
    if (draft.deadDepth < 0) control.endFixups.push(draft.emit(Op.Br, 0, 0) + 1);
    draft.deadDepth = -1;
    this.popTo(control.height);
    addCatchClause(draft, control.tryRegion, this.slot(control.height), control.hiddenSlot);
    if (draft.reader.code === Wasm.Catch) this.pushAll(draft.module.tagTypes[draft.reader.a]!.params);
  }

  private delegate(depth: number): void {
    endDelegating(this.draft, this.controls, depth);
    this.endBlock();
  }

  private call(): void {
    const { draft } = this;
    const form = callForm(draft)!;
    const target = form.through === "function" ? this.height : this.height - 1;
    const first = target - slotCount(form.type.params);
    if (form.address64) this.clamp(target);
    emitCall(draft, form, this.slot(first), this.slot(target), 0);
    this.popTo(first);
    this.pushAll(form.type.results);
    if (!form.tail) return;
    // Where a host function that was tail-called returns to.
    this.returnOp();
    draft.deadDepth = 0;
  }

  private constant32(type: ValType, value: number): void {
    this.draft.emit(Op.Const32, this.slot(this.height) * 2, value);
    this.push(type);
  }

  private constant64(type: ValType): void {
    const { draft } = this;
    draft.emit(Op.Const64, this.slot(this.height), draft.code.constant(draft.reader.lo, draft.reader.hi));
    this.push(type);
  }

  /** Copies a value, a slot after the other. */
  private moves(type: ValType, to: number, from: number): void {
    for (let i = 0; i < slotsOf(type); i++) this.draft.emit(Op.Mov64, to + i, from + i);
  }

  private select(): void {
    const condition = this.slot(this.pop()) * 2;
    const type = this.stack.at(-1)!;
    const ifZero = this.slot(this.pop());
    const ifNot = ifZero - slotsOf(type);
    for (let i = 0; i < slotsOf(type); i++) this.draft.emit(Op.Select64, ifNot + i, ifNot + i, ifZero + i, condition);
  }

  private memoryOrTable(): void {
    const { draft, height } = this;
    const { reader } = draft;
    const { a } = reader;
    const { tableAddrs, memoryAddrs } = draft.instance;
    const memory64 = draft.module.memoryTypes[a]?.address64;
    const table64 = draft.module.tableTypes[a]?.address64;
    const top = this.slot(height - 1) * 2;
    switch (reader.code) {
      case Wasm.TableGet:
        if (table64) this.clamp(height - 1);
        draft.emit(Op.TableGet, top, tableAddrs[a]!, top);
        this.popTo(height - 1);
        this.push(draft.store.tables[tableAddrs[a]!]!.elemType);
        break;
      case Wasm.TableSet:
        if (table64) this.clamp(height - 2);
        draft.emit(Op.TableSet, tableAddrs[a]!, top - 2, top);
        this.popTo(height - 2);
        break;
      case Wasm.TableSize:
        if (table64) this.bulk();
        else {
          draft.emit(Op.TableSize, this.slot(height) * 2, tableAddrs[a]!);
          this.push(ValType.I32);
        }
        break;
      case Wasm.MemorySize:
        if (a !== 0 || memory64) this.bulk();
        else {
          draft.emit(Op.MemorySize, this.slot(height) * 2);
          this.push(ValType.I32);
        }
        break;
      case Wasm.MemoryGrow:
        if (memory64) this.clamp(height - 1);
        draft.emit(Op.Grow, 0, memoryAddrs[a]!, top, top, 0, reader.wasmOffset);
        draft.point(pointAfterCall(reader.wasmOffset), 0);
        this.popTo(height - 1);
        this.push(addressType(memory64));
        break;
      case Wasm.TableGrow:
        if (table64) this.clamp(height - 1);
        draft.emit(Op.Grow, 1, tableAddrs[a]!, top, top - 2, 0, reader.wasmOffset);
        draft.point(pointAfterCall(reader.wasmOffset), 0);
        this.popTo(height - 2);
        this.push(addressType(table64));
        break;
      default:
        this.bulk();
    }
  }

  private bulk(): void {
    const { draft } = this;
    const form = bulkForm(draft);
    if (form === undefined) throw draft.unsupported();
    const height = this.height - form.operandSlots;
    for (const operand of form.wide) this.clamp(height + operand);
    draft.emit(Op.Bulk, form.kind, this.slot(height) * 2, form.a, form.b);
    this.popTo(height);
    this.pushAll(form.results);
  }

  private elsePart(): void {
    const control = this.controls.at(-1)!;
    const { draft } = this;
    if (this.draft.deadDepth < 0) control.endFixups.push(draft.emit(Op.Br, 0, 0) + 1);
    draft.words[control.elseFixup] = draft.pc;
    control.elseFixup = -1;
    this.draft.deadDepth = -1;
    this.setOperands(control.height, control.params);
  }

  private endBlock(): void {
    const control = this.controls.pop()!;
    const { draft } = this;
    endRegion(draft, control);
    const jumped = control.endFixups.length > 0 || control.elseFixup >= 0 || control.catches.length > 0;
    const reached = this.draft.deadDepth < 0 || jumped;
    for (const clause of control.catches) clause.pc = draft.pc;
    if (control.elseFixup >= 0) draft.words[control.elseFixup] = draft.pc;
    for (const at of control.endFixups) draft.words[at] = draft.pc;
    if (control.kind === "func") {
      if (reached) {
        this.setOperands(0, control.results);
        this.returnOp();
      }
      return;
    }
    this.draft.deadDepth = reached ? -1 : 0;
    this.setOperands(control.height, control.results);
  }

  /** After a label: the operands that it has, whatever was on the stack above `height`. */
  private setOperands(height: number, types: readonly ValType[]): void {
    const { stack, draft } = this;
    stack.length = height;
    stack.push(...types);
    if (stack.length > draft.maxHeight) draft.maxHeight = stack.length;
  }

  private returnOp(): void {
    const count = slotCount(this.draft.type.results);
    const first = this.slot(this.height - count);
    if (count === 0) this.draft.emit(Op.Return0, 0);
    else if (count === 1) this.draft.emit(Op.Return64, 0, first);
    else this.draft.emit(Op.ReturnN, 0, first, count);
  }

  private arity(control: Control): number {
    return control.kind === "loop" ? control.params.length : control.results.length;
  }

  private needsMoves(control: Control): boolean {
    const arity = this.arity(control);
    return arity > 0 && this.height - arity !== control.height;
  }

  /** Moves the branch's values to where the target wants them; upward in order, so none is overwritten before it is read. */
  private moveToLabel(control: Control): void {
    const arity = this.arity(control);
    const from = this.height - arity;
    if (from === control.height) return;
    for (let i = 0; i < arity; i++) this.draft.emit(Op.Mov64, this.slot(control.height + i), this.slot(from + i));
  }

  private jump(op: number, control: Control, condition?: number): void {
    const at = this.draft.emit(op, control.target, 0, condition);
    if (control.kind !== "loop") control.endFixups.push(at + 1);
  }

  private control(depth: number): Control {
    return this.controls[this.controls.length - 1 - depth]!;
  }

  private branch(depth: number): void {
    const control = this.control(depth);
    if (control.kind === "func") {
      this.returnOp();
      return;
    }
    this.moveToLabel(control);
    this.jump(Op.Br, control);
  }

  private branchIf(depth: number): void {
    this.popTo(this.height - 1);
    this.branchOn(Op.BrNz, Op.BrZ, this.slot(this.height) * 2, depth);
  }

  /** Branches by `op` on the word in a slot; `inverse` is the operation that branches when `op` does not. */
  private branchOn(op: number, inverse: number, condition: number, depth: number): void {
    const { draft } = this;
    const control = this.control(depth);
    if (control.kind !== "func" && !this.needsMoves(control)) {
      this.jump(op, control, condition);
      return;
    }
    const at = draft.emit(inverse, 0, 0, condition);
    this.branch(depth);
    draft.words[at + 1] = draft.pc;
  }

  private branchTable(labels: readonly number[]): void {
    const { draft } = this;
    this.popTo(this.height - 1);
    const index = this.slot(this.height) * 2;
    const at = draft.emit(Op.Switch, labels.length - 1, index);
    for (const _ of labels) draft.words.push(0);
    const pads = new Map<number, number>();
    for (const [i, depth] of labels.entries()) {
      let pad = pads.get(depth);
      if (pad === undefined) {
        pad = draft.pc;
        pads.set(depth, pad);
        this.branch(depth);
      }
      draft.words[at + 3 + i] = pad;
    }
  }
}
