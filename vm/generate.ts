/**
 * Generated JavaScript: writes one wasm function as a JavaScript function with the contract of the interpreter. Only
 * text is made here, from validated code; tier.ts says what of it is run. Every instruction has a text, a helper
 * (generate-outside.ts), or leaves to the interpreter; only functions that are too long or too deep are refused.
 *
 * The function is `f(fp, room, fuel, entry)`. Parameters are taken from the frame's first slots and results left there,
 * as in lowered code; locals and operands live in JavaScript variables. It answers the fuel that is left, or LEFT when
 * it has left: then its frame is written back to canonical slots and a record in LOG says where it stands, or
 * NOT_ENTERED when it has done nothing. `room` bounds native recursion. `entry` is 0, or the number of a loop whose header
 * the frame stands at: code before that loop is skipped by guards on the variable `e`.
 *
 * Whatever is rare or may trap leaves *before* the instruction, and the interpreter does it: traps, crossings, what is thrown
 * and tail calls, bulk instructions out of bounds, collections of the heap, NaNs that are not canonical (generate-forms.ts). Addresses out of bounds need no test of ours:
 * DataView throws, and the handler around the function's body knows by `x` which instruction it was. Another error there
 * means that a callee found no native stack to begin on (`q` is 1): then it has done nothing. From a handler on nothing is
 * called, so that leaving needs no native stack.
 */
import { bulkForm, isAtomic } from "./bulk-form.ts";
import { CHECK_SPAN_TICKS } from "./code.ts";
import {
  accessForms,
  type NumberForm,
  number,
  numberForms,
  type PairForm,
  type PairOperand,
  pairConditions,
  pairForms,
  pairLeaves,
} from "./generate-forms.ts";
import { GeneratedObjects } from "./generate-objects.ts";
import { type Entry, LEFT, type LeaveSite, type Names, NO_READS, NOT_ENTERED, Refusal, shapeOf } from "./generate-values.ts";
import { blockType } from "./instr.ts";
import { LoweringDraft } from "./lower.ts";
import { CANONICAL_NAN_32, CANONICAL_NAN_64_HIGH } from "./numeric.ts";
import { InstrFlag, type InstrRow, Wasm } from "./opcodes.ts";
import { isSimd } from "./simd-form.ts";
import type { Store } from "./store.ts";
import { addressType, ValType } from "./types.ts";

export interface GeneratedText {
  /** An expression that is the function, over the names of `environmentNames` (tier.ts). */
  readonly text: string;
  readonly sites: readonly LeaveSite[];
  /** By number of the entry minus 1: point key before the first instruction of the loop. */
  readonly loopOffsets: readonly number[];
}

/** Longest text of a function: V8 compiles up to 61,440 bytes of bytecode well, about one byte for each three characters. */
const MAX_TEXT = 150_000;

/** The text of function `funcAddr`, or undefined when it is too long or too deep. */
export function generateFunction(store: Store, funcAddr: number): GeneratedText | undefined {
  try {
    return new FunctionWriter(store, funcAddr).write();
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

class FunctionWriter extends GeneratedObjects {
  private readonly funcAddr: number;

  constructor(store: Store, funcAddr: number) {
    super(new LoweringDraft(store, funcAddr, 0));
    this.funcAddr = funcAddr;
  }

  write(): GeneratedText {
    const { draft } = this;
    const { reader } = draft;
    const locals = this.declareLocals();
    this.openControl("func", draft.type, "", this.loopCount, 0);
    while (reader.next()) {
      if (this.skipsDead()) continue;
      if (this.span >= CHECK_SPAN_TICKS) this.checkFuel(reader.wasmOffset);
      if ((reader.row.flags & InstrFlag.Uncounted) === 0) {
        this.acc++;
        this.span++;
      }
      this.instruction(reader.row);
      if (this.textLength > MAX_TEXT) throw new Refusal();
    }
    return { text: this.assemble(locals), sites: this.sites, loopOffsets: this.loopOffsets };
  }

  private declareLocals(): { readonly params: string; readonly reload: string } {
    const { localTypes, localSlots, type } = this.draft;
    let params = "";
    let reload = "";
    for (const [i, local] of localTypes.entries()) {
      const load = this.loadSlot(local, this.localNames(i), localSlots[i]!);
      if (i < type.params.length) params += load;
      else reload += load;
    }
    return { params, reload };
  }

  private assemble(locals: { readonly params: string; readonly reload: string }): string {
    const { draft, loopLoads, spills } = this;
    // What looks at a reference uses the slot beside the last.
    const frameSlots = draft.localSlotCount + this.maxHeight * (this.hasVectors ? 2 : 1) + 1;
    // An estimate of the native frame, and never less than what the frame counts toward the machine's stack limit.
    const cost = Math.max((frameSlots + 2) * 8, 160 + this.variables.size * 12);
    const declarations = Array.from(this.variables, ([name, initial]) => `${name}=${initial}`);
    declarations.push("x=0", "q=0", "t=0", "y=0", "z=0", "v=Z");
    if (this.hasVectors) declarations.push("k0=0", "k1=0", "k2=0", "k3=0");
    const entries = this.loopOffsets.some((offset) => offset >= 0);
    let reload = "";
    if (entries) {
      const cases = loopLoads.map((load, i) => (this.loopOffsets[i]! < 0 ? "" : `case ${i + 1}:${load}break;`)).join("");
      reload = `if(e!==0){${locals.reload}switch(e){${cases}default:return ${NOT_ENTERED};}}`;
    }
    const spill = Array.from(spills, ([text, sites]) => `${sites.map((site) => `case ${site}:`).join("")}${text}break;`).join("");
    let stores = "";
    for (const [i, type] of draft.localTypes.entries()) stores += this.storeSlot(type, this.localNames(i), draft.localSlots[i]!);
    return `function(fp,d,c,e){
d=d-${cost}|0;if((d|c)<0)return ${NOT_ENTERED};
const fp2=fp<<1${this.usesMemory ? ",dv=M.view,D=M.dirty" : ""}${this.otherMemories};
let ${declarations.join()};
${locals.params}${reload}
try{X:{
${this.body.join("\n")}
}}catch(error){if(error.message!==OUTSIDE&&q!==1)E.error=error;q=${NOT_ENTERED};}
switch(x){${spill}}
${stores}${this.hasTailCalls ? `if(R[5]===fp)retarget(${this.funcAddr});` : ""}
t=R[0];LOG[t]=${this.funcAddr};LOG[t+1]=fp;LOG[t+2]=x;LOG[t+3]=q;R[0]=t+4;
if(q===0||q===${NOT_ENTERED})R[1]=c;else if(q!==${LEFT})R[1]=q;
return ${LEFT};
}`;
  }

  private instruction(row: InstrRow): void {
    const { mnemonic } = row;
    if (this.isBeyondMemory()) return;
    const numberForm = numberForms.get(mnemonic);
    const access = accessForms.get(mnemonic);
    const comparison = pairConditions.get(mnemonic);
    const pair = pairForms.get(mnemonic);
    if (numberForm !== undefined) this.numberInstruction(row, numberForm);
    else if (isAtomic(row.code) && row.align >= 0) this.atomicInstruction(row);
    else if (isSimd(row.code) && this.draft.isOutsideAccess) this.outside(bulkForm(this.draft)!);
    else if (access?.store) this.storeInstruction(access);
    else if (access !== undefined) this.loadInstruction(row, access);
    else if (comparison !== undefined) this.pairComparison(row, comparison);
    else if (pair !== undefined) this.pairInstruction(row, pair);
    else if (isSimd(row.code)) this.vectorInstruction();
    else this.special();
  }

  private numberInstruction(row: InstrRow, form: NumberForm): void {
    const count = row.params!.length;
    const height = this.stack.length - count;
    if (form.twice || form.leave !== undefined) for (let i = height; i < this.stack.length; i++) this.simplify(i);
    const a = this.stack[height]!;
    const b = this.stack[height + 1];
    if (form.leave !== undefined && !this.isHarmless(row, b)) this.leaveIf(form.leave(a.lo, b?.lo ?? ""));
    this.stack.length = height;
    const reads = b === undefined || b.reads.size === 0 ? a.reads : new Set([...a.reads, ...b.reads]);
    const weight = a.weight + (b?.weight ?? 0) + 1;
    const type = row.results![0]!;
    if (form.condition) {
      const condition = row.code === Wasm.I32Eqz && a.condition !== undefined ? `!${a.condition}` : form.text(a.lo, b?.lo ?? "");
      this.push(this.entry(type, `(${condition}?1:0)`, "", { condition, reads, weight }));
    } else this.push(this.entry(type, form.text(a.lo, b?.lo ?? ""), "", { reads, weight }));
  }

  /** Divisions by most constants cannot trap. */
  private isHarmless(row: InstrRow, divisor: Entry | undefined): boolean {
    const division = row.code === Wasm.I32DivS || row.code === Wasm.I32DivU || row.code === Wasm.I32RemS || row.code === Wasm.I32RemU;
    return division && divisor?.constant !== undefined && divisor.constant !== 0 && divisor.constant !== -1;
  }

  private pairComparison(row: InstrRow, form: (a: PairOperand, b: PairOperand) => string): void {
    const height = this.stack.length - row.params!.length;
    for (let i = height; i < this.stack.length; i++) this.simplify(i);
    const [a, b] = [this.stack[height]!, this.stack[height + 1]];
    const condition = form(this.operand(a), this.operand(b));
    this.stack.length = height;
    const reads = new Set([...a.reads, ...(b?.reads ?? NO_READS)]);
    this.push(this.entry(ValType.I32, `(${condition}?1:0)`, "", { condition, reads, weight: 4 }));
  }

  private pairInstruction(row: InstrRow, form: PairForm): void {
    const height = this.stack.length - row.params!.length;
    const type = row.results![0]!;
    if (row.mnemonic === "i32.wrap_i64") {
      const { lo, reads, weight, simple } = this.pop();
      this.push(this.entry(ValType.I32, lo, "", { reads, weight, simple }));
      return;
    }
    for (let i = height; i < this.stack.length; i++) this.simplify(i);
    const a = this.operand(this.stack[height]);
    const b = this.operand(this.stack[height + 1]);
    const leave = pairLeaves.get(row.mnemonic);
    if (leave !== undefined) this.leaveIf(leave(a, b));
    const { lo, hi } = this.release(height, shapeOf(type));
    this.line(form(a, b, lo, hi));
    this.pushSlot(height, type);
  }

  private special(): void {
    const { draft } = this;
    const { reader } = draft;
    switch (reader.code) {
      case Wasm.Nop:
      case Wasm.AtomicFence:
        break;
      case Wasm.Unreachable:
        this.line(`x=${this.site()};break X;`);
        this.dead();
        break;
      case Wasm.Block:
        this.block(blockType(draft.module, reader.a));
        break;
      case Wasm.Loop:
        this.loop(blockType(draft.module, reader.a));
        break;
      case Wasm.If:
        this.ifPart(blockType(draft.module, reader.a));
        break;
      case Wasm.Else:
        this.elsePart();
        break;
      case Wasm.End:
        this.end();
        break;
      case Wasm.Br:
        this.line(this.branchText(reader.a));
        this.dead();
        break;
      case Wasm.BrIf:
        this.branchIf(reader.a);
        break;
      case Wasm.BrTable:
        this.branchTable(reader.labels);
        this.dead();
        break;
      case Wasm.Return:
        this.line(this.returnText());
        this.dead();
        break;
      case Wasm.Call:
      case Wasm.CallIndirect:
      case Wasm.CallRef:
      case Wasm.ReturnCall:
      case Wasm.ReturnCallIndirect:
      case Wasm.ReturnCallRef:
        this.call();
        break;
      default:
        this.exceptional();
    }
  }

  /** Regions in which exceptions are caught are tables beside the lowered code, so entering and leaving one is nothing. */
  private exceptional(): void {
    const { draft } = this;
    const { reader } = draft;
    switch (reader.code) {
      case Wasm.Try:
        this.block(blockType(draft.module, reader.a));
        break;
      case Wasm.TryTable:
        for (let i = 2; i < reader.catches.length; i += 3) this.reach(reader.catches[i]!);
        this.block(blockType(draft.module, reader.a));
        break;
      case Wasm.Catch:
      case Wasm.CatchAll:
        this.catchPart();
        break;
      case Wasm.Delegate:
        this.end();
        break;
      case Wasm.Throw:
      case Wasm.ThrowRef:
      case Wasm.Rethrow:
        this.leaveForGood();
        this.dead();
        break;
      default:
        this.variable();
    }
  }

  private variable(): void {
    const { draft } = this;
    const { reader, instance } = draft;
    const { a } = reader;
    switch (reader.code) {
      case Wasm.Drop:
        this.pop();
        break;
      case Wasm.Select:
      case Wasm.SelectT:
        this.select();
        break;
      case Wasm.LocalGet:
        this.push(this.localEntry(a));
        break;
      case Wasm.LocalSet:
        this.setLocal(a);
        break;
      case Wasm.LocalTee:
        this.setLocal(a);
        this.push(this.localEntry(a));
        break;
      case Wasm.GlobalGet:
        this.globalGet(instance.globalAddrs[a]!);
        break;
      case Wasm.GlobalSet:
        this.globalSet(instance.globalAddrs[a]!);
        break;
      case Wasm.I32Const:
        this.push(this.entry(ValType.I32, number(a), "", { simple: true, constant: a, weight: 0 }));
        break;
      case Wasm.I64Const:
        this.push(this.entry(ValType.I64, number(reader.lo), number(reader.hi), { simple: true, constant: reader.lo, weight: 0 }));
        break;
      case Wasm.F32Const:
      case Wasm.F64Const:
        this.floatConstant();
        break;
      case Wasm.RefNull:
        this.push(this.entry(a as ValType, "0", "", { simple: true, constant: 0, weight: 0 }));
        break;
      case Wasm.RefFunc: {
        const ref = instance.funcAddrs[a]! + 1;
        this.push(this.entry(ValType.FuncRef, `${ref}`, "", { simple: true, constant: ref, weight: 0 }));
        break;
      }
      case Wasm.RefIsNull: {
        const { lo, reads, weight } = this.pop();
        const condition = `(${lo}===0)`;
        this.push(this.entry(ValType.I32, `(${condition}?1:0)`, "", { condition, reads, weight: weight + 1 }));
        break;
      }
      default:
        if (!this.reference()) this.memoryOrTable();
    }
  }

  private memoryOrTable(): void {
    const { draft, stack } = this;
    const { reader, instance } = draft;
    const { a } = reader;
    const memory64 = draft.module.memoryTypes[a]?.address64;
    const table64 = draft.module.tableTypes[a]?.address64;
    const height = stack.length;
    switch (reader.code) {
      case Wasm.MemorySize: {
        if (a !== 0 || memory64) {
          this.outside(bulkForm(draft)!);
          break;
        }
        this.usesMemory = true;
        const { lo } = this.release(height, "i");
        this.line(`${lo}=M.pageCount;`);
        this.pushSlot(height, ValType.I32);
        break;
      }
      case Wasm.TableSize: {
        if (table64) {
          this.outside(bulkForm(draft)!);
          break;
        }
        const { lo } = this.release(height, "i");
        this.line(`${lo}=T[${instance.tableAddrs[a]!}].elements.length;`);
        this.pushSlot(height, ValType.I32);
        break;
      }
      case Wasm.MemoryGrow:
        this.leaveForGood();
        this.afterDead(1, [addressType(memory64)]);
        break;
      case Wasm.TableGrow:
        this.leaveForGood();
        this.afterDead(2, [addressType(table64)]);
        break;
      case Wasm.TableGet: {
        const at = this.tableIndex(height - 1);
        const { elemType } = this.store.tables[instance.tableAddrs[a]!]!;
        const { lo } = this.release(height - 1, "i");
        this.line(`${lo}=${at};`);
        this.pushSlot(height - 1, elemType);
        break;
      }
      case Wasm.TableSet: {
        this.simplify(height - 1);
        const at = this.tableIndex(height - 2);
        this.line(`${at}=${this.stack[height - 1]!.lo};T[${instance.tableAddrs[a]!}].dirty=true;`);
        this.stack.length = height - 2;
        break;
      }
      default: {
        const form = bulkForm(draft);
        if (form === undefined) throw new Refusal();
        this.outside(form);
      }
    }
  }

  /** The element of the instruction's table that the operand at `height` means; leaves where there is none. */
  private tableIndex(height: number): string {
    const elements = `T[${this.draft.instance.tableAddrs[this.draft.reader.a]!}].elements`;
    const at = this.index(this.simplify(height));
    this.leaveIf(`(${at}>>>0)>=${elements}.length`);
    return `${elements}[${at}]`;
  }

  private localNames(local: number): Names {
    const shape = this.vectorLocals.get(local) ?? shapeOf(this.draft.localTypes[local]!);
    return this.declare(shape, `l${local}`, `l${local}`, `m${local}`);
  }

  private localEntry(local: number): Entry {
    const names = this.localNames(local);
    return this.entry(this.draft.localTypes[local]!, names.lo, names.hi, {
      ...names,
      reads: new Set([`l${local}`]),
      simple: true,
      weight: 0,
    });
  }

  private setLocal(local: number): void {
    const { stack } = this;
    const names = this.localNames(local);
    this.reshapeForLocal(local);
    const entry = this.pop();
    for (const [height, below] of stack.entries()) if (below.reads.has(`l${local}`)) this.settle(height);
    if (entry.lanes.length > 0) {
      this.line(this.assignParts(entry, names));
      return;
    }
    if (entry.lo === names.lo) return;
    if (entry.hi === "") this.line(`${names.lo}=${entry.lo};`);
    else this.line(`${names.lo}=${entry.lo};${names.hi}=${entry.hi};`);
  }

  private select(): void {
    const height = this.stack.length - 3;
    const condition = this.pop();
    const ifZero = this.stack[height + 1]!;
    const ifNot = this.stack[height]!;
    const { type } = ifNot;
    if (ifNot.shape === "i" || ifNot.shape === "d") {
      this.stack.length = height;
      const reads = new Set([...condition.reads, ...ifZero.reads, ...ifNot.reads]);
      const weight = condition.weight + ifZero.weight + ifNot.weight + 1;
      this.push(this.entry(type, `(${this.condition(condition)}?${ifNot.lo}:${ifZero.lo})`, "", { reads, weight }));
      return;
    }
    const names = this.release(height, ifNot.shape === ifZero.shape ? ifNot.shape : shapeOf(type));
    this.line(`if(${this.condition(condition)}){${this.assignParts(ifNot, names)}}else{${this.assignParts(ifZero, names)}}`);
    this.pushSlot(height, type, names.shape);
  }

  private floatConstant(): void {
    const { reader } = this.draft;
    const bits = new DataView(new ArrayBuffer(8));
    const single = reader.code === Wasm.F32Const;
    if (single) bits.setInt32(0, reader.a, true);
    else {
      bits.setInt32(0, reader.lo, true);
      bits.setInt32(4, reader.hi, true);
    }
    const value = single ? bits.getFloat32(0, true) : bits.getFloat64(0, true);
    const canonical = single ? reader.a === CANONICAL_NAN_32 : reader.lo === 0 && reader.hi === CANONICAL_NAN_64_HIGH;
    if (Number.isNaN(value) && !canonical) this.leaveForGood();
    this.push(this.entry(single ? ValType.F32 : ValType.F64, number(value), "", { simple: true, weight: 0 }));
  }

  private globalGet(globalAddr: number): void {
    const { type, slot } = this.store.globals[globalAddr]!;
    const height = this.stack.length;
    const names = this.release(height, shapeOf(type.valType));
    // Only a float can have a NaN to leave before.
    const site = names.shape === "d" ? `x=${this.site()};` : "";
    this.line(`${site}${this.loadCell(type.valType, names, this.globalCell(slot), "break X;")}`);
    this.pushSlot(height, type.valType);
  }

  private globalSet(globalAddr: number): void {
    const { type, slot } = this.store.globals[globalAddr]!;
    this.line(this.storeCell(type.valType, this.pop(), this.globalCell(slot)));
  }
}
