/**
 * The exact lowering: one Step and one operation per wasm instruction, every operand in its canonical slot. What
 * single-stepping and inspection run; slow on purpose, so that each counted instruction is a place to stop.
 */
import { bulkForm } from "./bulk-form.ts";
import { callForm, emitCall } from "./call-form.ts";
import { type FuncBreakpoints, pointAfterCall, pointBefore } from "./code.ts";
import { blockType } from "./instr.ts";
import type { LoweringDraft } from "./lower.ts";
import { InstrFlag, type InstrRow, Wasm } from "./opcodes.ts";
import { Op, opRows, plainLowerings } from "./ops.ts";
import { isWide } from "./types.ts";

interface Control {
  readonly kind: "func" | "block" | "loop" | "if";
  readonly height: number;
  readonly paramCount: number;
  readonly resultCount: number;
  /** Words to receive the code index of the end. */
  readonly endFixups: number[];
  /** Word to receive the code index of the else part; -1 when there is none pending. */
  elseFixup: number;
  /** Of a loop. */
  readonly target: number;
}

export function lowerExact(draft: LoweringDraft, breakpoints: FuncBreakpoints | undefined): void {
  new ExactLowering(draft, breakpoints).run();
}

class ExactLowering {
  private readonly draft: LoweringDraft;
  private readonly breakpoints: FuncBreakpoints | undefined;
  private readonly localCount: number;
  private readonly controls: Control[] = [];
  private height = 0;

  constructor(draft: LoweringDraft, breakpoints: FuncBreakpoints | undefined) {
    this.draft = draft;
    this.breakpoints = breakpoints;
    this.localCount = draft.localTypes.length;
  }

  run(): void {
    const { draft } = this;
    if (this.breakpoints?.entry) draft.emit(Op.EntryBreak);
    this.open("func", 0, draft.type.results.length, -1, 0);
    while (draft.reader.next()) {
      if (draft.skipsDead()) continue;
      draft.insistOnSupported();
      this.instruction();
    }
  }

  private slot(height: number): number {
    return this.localCount + height;
  }

  private setHeight(height: number): void {
    this.height = height;
    if (height > this.draft.maxHeight) this.draft.maxHeight = height;
  }

  private open(kind: Control["kind"], paramCount: number, resultCount: number, elseFixup: number, target: number): void {
    this.controls.push({ kind, height: this.height - paramCount, paramCount, resultCount, endFixups: [], elseFixup, target });
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
    if (plain !== undefined) this.plain(row, plain.op);
    else this.special();
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
    this.setHeight(first + row.results!.length);
  }

  private special(): void {
    const { draft, height } = this;
    const { reader, instance } = draft;
    const { a } = reader;
    switch (reader.code) {
      case Wasm.Nop:
        break;
      case Wasm.Unreachable:
        draft.emit(Op.Unreachable);
        this.draft.deadDepth = 0;
        break;
      case Wasm.Block: {
        const type = blockType(draft.module, a);
        this.open("block", type.params.length, type.results.length, -1, 0);
        break;
      }
      case Wasm.Loop: {
        const type = blockType(draft.module, a);
        this.open("loop", type.params.length, type.results.length, -1, draft.pc);
        const at = draft.emit(Op.LoopSync, 0);
        draft.loops.push({ key: pointBefore(reader.pos), at: at + 1 });
        break;
      }
      case Wasm.If: {
        const type = blockType(draft.module, a);
        this.setHeight(height - 1);
        const at = draft.emit(Op.BrZ, 0, 0, this.slot(height - 1) * 2);
        this.open("if", type.params.length, type.results.length, at + 1, 0);
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
        this.call();
        break;
      case Wasm.Drop:
        this.setHeight(height - 1);
        break;
      case Wasm.Select:
      case Wasm.SelectT: {
        const x = this.slot(height - 3);
        draft.emit(Op.Select64, x, x, x + 1, (x + 2) * 2);
        this.setHeight(height - 2);
        break;
      }
      case Wasm.LocalGet:
        draft.emit(Op.Mov64, this.slot(height), a);
        this.setHeight(height + 1);
        break;
      case Wasm.LocalSet:
        draft.emit(Op.Mov64, a, this.slot(height - 1));
        this.setHeight(height - 1);
        break;
      case Wasm.LocalTee:
        draft.emit(Op.Mov64, a, this.slot(height - 1));
        break;
      case Wasm.GlobalGet: {
        const slot = this.slot(height);
        const cell = draft.store.globals[instance.globalAddrs[a]!]!;
        if (isWide(cell.type.valType)) draft.emit(Op.GlobalGet64, slot, cell.slot);
        else draft.emit(Op.GlobalGet32, slot * 2, cell.slot);
        this.setHeight(height + 1);
        break;
      }
      case Wasm.GlobalSet: {
        const slot = this.slot(height - 1);
        const cell = draft.store.globals[instance.globalAddrs[a]!]!;
        if (isWide(cell.type.valType)) draft.emit(Op.GlobalSet64, cell.slot, slot);
        else draft.emit(Op.GlobalSet32, cell.slot, slot * 2);
        this.setHeight(height - 1);
        break;
      }
      case Wasm.I32Const:
      case Wasm.F32Const:
        this.constant32(a);
        break;
      case Wasm.I64Const:
      case Wasm.F64Const:
        draft.emit(Op.Const64, this.slot(height), draft.code.constant(reader.lo, reader.hi));
        this.setHeight(height + 1);
        break;
      case Wasm.RefNull:
        this.constant32(0);
        break;
      case Wasm.RefFunc:
        this.constant32(instance.funcAddrs[a]! + 1);
        break;
      case Wasm.RefIsNull:
        draft.emit(Op.I32Eqz, this.slot(height - 1) * 2, this.slot(height - 1) * 2);
        break;
      default:
        this.memoryOrTable();
    }
  }

  private call(): void {
    const { draft } = this;
    const form = callForm(draft)!;
    const target = form.through === "function" ? this.height : this.height - 1;
    const first = target - form.type.params.length;
    emitCall(draft, form, this.slot(first), this.slot(target), 0);
    this.setHeight(first + form.type.results.length);
    if (!form.tail) return;
    // Where a host function that was tail-called returns to.
    this.returnOp();
    draft.deadDepth = 0;
  }

  private constant32(value: number): void {
    this.draft.emit(Op.Const32, this.slot(this.height) * 2, value);
    this.setHeight(this.height + 1);
  }

  private memoryOrTable(): void {
    const { draft, height } = this;
    const { reader } = draft;
    const { a } = reader;
    const { tableAddrs, memoryAddrs } = draft.instance;
    const top = this.slot(height - 1) * 2;
    switch (reader.code) {
      case Wasm.TableGet:
        draft.emit(Op.TableGet, top, tableAddrs[a]!, top);
        break;
      case Wasm.TableSet:
        draft.emit(Op.TableSet, tableAddrs[a]!, top - 2, top);
        this.setHeight(height - 2);
        break;
      case Wasm.TableSize:
        draft.emit(Op.TableSize, this.slot(height) * 2, tableAddrs[a]!);
        this.setHeight(height + 1);
        break;
      case Wasm.MemorySize:
        draft.emit(Op.MemorySize, this.slot(height) * 2);
        this.setHeight(height + 1);
        break;
      case Wasm.MemoryGrow:
        draft.emit(Op.Grow, 0, memoryAddrs[a]!, top, top, 0, reader.wasmOffset);
        draft.point(pointAfterCall(reader.wasmOffset), 0);
        break;
      case Wasm.TableGrow:
        draft.emit(Op.Grow, 1, tableAddrs[a]!, top, top - 2, 0, reader.wasmOffset);
        draft.point(pointAfterCall(reader.wasmOffset), 0);
        this.setHeight(height - 1);
        break;
      default:
        this.bulk();
    }
  }

  private bulk(): void {
    const { draft } = this;
    const form = bulkForm(draft);
    if (form === undefined) throw draft.unsupported();
    const height = this.height - form.operandCount;
    draft.emit(Op.Bulk, form.kind, this.slot(height) * 2, form.a, form.b);
    this.setHeight(height);
  }

  private elsePart(): void {
    const control = this.controls.at(-1)!;
    const { draft } = this;
    if (this.draft.deadDepth < 0) control.endFixups.push(draft.emit(Op.Br, 0, 0) + 1);
    draft.words[control.elseFixup] = draft.pc;
    control.elseFixup = -1;
    this.draft.deadDepth = -1;
    this.setHeight(control.height + control.paramCount);
  }

  private endBlock(): void {
    const control = this.controls.pop()!;
    const { draft } = this;
    const reached = this.draft.deadDepth < 0 || control.endFixups.length > 0 || control.elseFixup >= 0;
    if (control.elseFixup >= 0) draft.words[control.elseFixup] = draft.pc;
    for (const at of control.endFixups) draft.words[at] = draft.pc;
    if (control.kind === "func") {
      if (reached) {
        this.setHeight(control.resultCount);
        this.returnOp();
      }
      return;
    }
    this.draft.deadDepth = reached ? -1 : 0;
    this.setHeight(control.height + control.resultCount);
  }

  private returnOp(): void {
    const count = this.draft.type.results.length;
    const first = this.slot(this.height - count);
    if (count === 0) this.draft.emit(Op.Return0, 0);
    else if (count === 1) this.draft.emit(Op.Return64, 0, first);
    else this.draft.emit(Op.ReturnN, 0, first, count);
  }

  private arity(control: Control): number {
    return control.kind === "loop" ? control.paramCount : control.resultCount;
  }

  private needsMoves(control: Control): boolean {
    const arity = this.arity(control);
    return arity > 0 && this.height - arity !== control.height;
  }

  /** Moves the branch's values to where the target wants them; upward in order, so none is overwritten before it is read. */
  private moves(control: Control): void {
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
    this.moves(control);
    this.jump(Op.Br, control);
  }

  private branchIf(depth: number): void {
    const { draft } = this;
    const control = this.control(depth);
    this.setHeight(this.height - 1);
    const condition = this.slot(this.height) * 2;
    if (control.kind !== "func" && !this.needsMoves(control)) {
      this.jump(Op.BrNz, control, condition);
      return;
    }
    const at = draft.emit(Op.BrZ, 0, 0, condition);
    this.branch(depth);
    draft.words[at + 1] = draft.pc;
  }

  private branchTable(labels: readonly number[]): void {
    const { draft } = this;
    this.setHeight(this.height - 1);
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
