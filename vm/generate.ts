/**
 * Generated JavaScript: writes one wasm function as a JavaScript function with the contract of the interpreter. Only
 * text is made here, from validated code; tier.ts says what of it is run. What this file does not know is refused, and
 * stays with the interpreter.
 *
 * The function is `f(fp, room, fuel, entry)`. Parameters are taken from the frame's first slots and results left there,
 * as in lowered code; locals and operands live in JavaScript variables. It answers the fuel that is left, or LEFT when
 * it has left: then its frame is written back to canonical slots and a record in LOG says where it stands, or
 * NOT_ENTERED when it has done nothing. `room` bounds native recursion. `entry` is 0, or the number of a loop whose header
 * the frame stands at: code before that loop is skipped by guards on the variable `e`.
 *
 * Whatever is rare or may trap leaves *before* the instruction, and the interpreter does it: traps, crossings, bulk
 * instructions out of bounds, NaNs that are not canonical (generate-forms.ts). Addresses out of bounds need no test of ours:
 * DataView throws, and the handler around the function's body knows by `x` which instruction it was. Another error there
 * means that a callee found no native stack to begin on (`q` is 1): then it has done nothing. From a handler on nothing is
 * called, so that leaving needs no native stack.
 */
import { bulkForm } from "./bulk-form.ts";
import { CHECK_SPAN_TICKS } from "./code.ts";
import { GeneratedControl } from "./generate-control.ts";
import {
  type AccessForm,
  accessForms,
  assign,
  type NumberForm,
  numberForms,
  type PairForm,
  type PairOperand,
  pairConditions,
  pairForms,
  pairLeaves,
} from "./generate-forms.ts";
import { type Entry, LEFT, type LeaveSite, NO_READS, NOT_ENTERED, Refusal, shapeOf } from "./generate-values.ts";
import { blockType } from "./instr.ts";
import { LoweringDraft } from "./lower.ts";
import { CANONICAL_NAN_32, CANONICAL_NAN_64_HIGH } from "./numeric.ts";
import { InstrFlag, type InstrRow, Wasm } from "./opcodes.ts";
import { Bulk } from "./ops.ts";
import type { Store } from "./store.ts";
import { ValType } from "./types.ts";

export interface GeneratedText {
  /** An expression that is the function, over the names of `environmentNames` (tier.ts). */
  readonly text: string;
  readonly sites: readonly LeaveSite[];
  /** By number of the entry minus 1: point key before the first instruction of the loop. */
  readonly loopOffsets: readonly number[];
}

/** Kinds of Op.Bulk that touch memories and tables only: not what may look for references in frames, which are not there. */
const OUTSIDE_KINDS: ReadonlySet<number> = new Set([
  Bulk.MemoryFill,
  Bulk.MemoryCopy,
  Bulk.MemoryInit,
  Bulk.DataDrop,
  Bulk.TableFill,
  Bulk.TableCopy,
  Bulk.TableInit,
  Bulk.ElemDrop,
  Bulk.MemorySize,
  Bulk.TableSize,
  Bulk.Access,
]);

/** Longest text of a function: V8 compiles up to 61,440 bytes of bytecode well, about one byte for each three characters. */
const MAX_TEXT = 150_000;

function number(value: number): string {
  if (Object.is(value, -0)) return "(-0)";
  if (value === Number.POSITIVE_INFINITY) return "(1/0)";
  if (value === Number.NEGATIVE_INFINITY) return "(-1/0)";
  if (Number.isNaN(value)) return "(0/0)";
  return value < 0 ? `(${value})` : `${value}`;
}

/** The text of function `funcAddr`, or undefined when it has something that is not generated. */
export function generateFunction(store: Store, funcAddr: number): GeneratedText | undefined {
  try {
    return new FunctionWriter(store, funcAddr).write();
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

class FunctionWriter extends GeneratedControl {
  private readonly store: Store;
  private readonly funcAddr: number;
  private usesMemory = false;

  constructor(store: Store, funcAddr: number) {
    super(new LoweringDraft(store, funcAddr, 0));
    this.store = store;
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
    const { localTypes, type } = this.draft;
    let params = "";
    let reload = "";
    for (const [i, local] of localTypes.entries()) {
      const shape = shapeOf(local);
      const load = this.loadSlot(local, `l${i}`, `m${i}`, i);
      this.variables.set(`l${i}`, shape === "d" ? "Z" : "0");
      if (shape === "l") this.variables.set(`m${i}`, "0");
      if (i < type.params.length) params += load;
      else reload += load;
    }
    return { params, reload };
  }

  private assemble(locals: { readonly params: string; readonly reload: string }): string {
    const { draft, loopLoads, spills } = this;
    const frameSlots = this.localCount + this.maxHeight;
    // An estimate of the native frame, and never less than what the frame counts toward the machine's stack limit.
    const cost = Math.max((frameSlots + 2) * 8, 160 + this.variables.size * 12);
    const declarations = Array.from(this.variables, ([name, initial]) => `${name}=${initial}`);
    declarations.push("x=0", "q=0", "t=0", "y=0", "z=0", "v=Z");
    const entries = this.loopOffsets.some((offset) => offset >= 0);
    let reload = "";
    if (entries) {
      const cases = loopLoads.map((load, i) => (this.loopOffsets[i]! < 0 ? "" : `case ${i + 1}:${load}break;`)).join("");
      reload = `if(e!==0){${locals.reload}switch(e){${cases}default:return ${NOT_ENTERED};}}`;
    }
    const spill = Array.from(spills, ([text, sites]) => `${sites.map((site) => `case ${site}:`).join("")}${text}break;`).join("");
    let stores = "";
    for (const [i, type] of draft.localTypes.entries()) stores += this.storeSlot(type, `l${i}`, `m${i}`, i);
    return `function(fp,d,c,e){
d=d-${cost}|0;if((d|c)<0)return ${NOT_ENTERED};
const fp2=fp<<1${this.usesMemory ? ",dv=M.view,D=M.dirty" : ""};
let ${declarations.join()};
${locals.params}${reload}
try{X:{
${this.body.join("\n")}
}}catch(error){if(error.message!==OUTSIDE&&q!==1)E.error=error;q=${NOT_ENTERED};}
switch(x){${spill}}
${stores}
t=R[0];LOG[t]=${this.funcAddr};LOG[t+1]=fp;LOG[t+2]=x;LOG[t+3]=q;R[0]=t+4;
if(q===0||q===${NOT_ENTERED})R[1]=c;else if(q!==${LEFT})R[1]=q;
return ${LEFT};
}`;
  }

  private instruction(row: InstrRow): void {
    const { mnemonic } = row;
    if (this.draft.has64BitAddress) throw new Refusal();
    const numberForm = numberForms.get(mnemonic);
    const access = accessForms.get(mnemonic);
    const comparison = pairConditions.get(mnemonic);
    const pair = pairForms.get(mnemonic);
    if (numberForm !== undefined) this.numberInstruction(row, numberForm);
    else if (access !== undefined && this.draft.reader.c !== 0) this.outside();
    else if (access?.store) this.storeInstruction(access);
    else if (access !== undefined) this.loadInstruction(row, access);
    else if (comparison !== undefined) this.pairComparison(row, comparison);
    else if (pair !== undefined) this.pairInstruction(row, pair);
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
    const { lo, hi } = this.release(height, type);
    this.line(form(a, b, lo, hi));
    this.pushSlot(height, type);
  }

  private address(entry: Entry): string {
    this.usesMemory = true;
    const offset = this.draft.reader.b;
    if (entry.type !== ValType.I32) throw new Refusal();
    if (entry.constant !== undefined) return `${(entry.constant >>> 0) + offset}`;
    return offset === 0 ? `(${entry.lo})>>>0` : `(${entry.lo}>>>0)+${offset}`;
  }

  private loadInstruction(row: InstrRow, form: AccessForm): void {
    const height = this.stack.length - 1;
    const type = row.results![0]!;
    const address = this.address(this.stack[height]!);
    const { lo, hi } = this.release(height, type);
    const x = `x=${this.site()};`;
    const order = form.bytes === 1 ? "" : ",true";
    if (form.float) {
      const odd = form.bytes === 4 ? "isOddNan32(dv.getInt32(t,true))" : "isOddNan64(dv.getInt32(t,true),dv.getInt32(t+4,true))";
      this.line(`${x}t=${address};v=dv.get${form.method}(t,true);if(v!==v&&${odd})break X;${lo}=v;`);
    } else if (!form.pair) this.line(`${x}${lo}=dv.get${form.method}(${address}${order});`);
    else if (form.bytes === 8) this.line(`${x}t=${address};${hi}=dv.getInt32(t+4,true);${lo}=dv.getInt32(t,true);`);
    else {
      const high = form.method.startsWith("Uint") ? "0" : `${lo}>>31`;
      this.line(`${x}${lo}=dv.get${form.method}(${address}${order})|0;${hi}=${high};`);
    }
    this.pushSlot(height, type);
  }

  private storeInstruction(form: AccessForm): void {
    const height = this.stack.length - 2;
    if (form.float || form.bytes === 8) this.simplify(height + 1);
    const value = this.stack[height + 1]!;
    const x = `x=${this.site()};t=${this.address(this.stack[height]!)};`;
    const mark = "D[t>>>12]=1;";
    if (form.bytes === 8 && form.pair) this.line(`${x}dv.setInt32(t+4,${value.hi},true);dv.setInt32(t,${value.lo},true);${mark}`);
    else if (form.float) {
      const canonical = form.bytes === 4 ? `dv.setInt32(t,${CANONICAL_NAN_32},true)` : "storeNan64(dv,t)";
      this.line(`${x}dv.set${form.method}(t,${value.lo},true);if(${value.lo}!==${value.lo})${canonical};${mark}`);
    } else this.line(`${x}dv.set${form.method}(t,${value.lo}${form.bytes === 1 ? "" : ",true"});${mark}`);
    this.stack.length = height;
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
        this.call();
        break;
      case Wasm.CallIndirect:
        this.callIndirect();
        break;
      default:
        this.variable();
    }
  }

  private variable(): void {
    const { draft, stack } = this;
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
      case Wasm.MemorySize: {
        if (a !== 0 || draft.module.memoryTypes[0]!.address64) throw new Refusal();
        this.usesMemory = true;
        const { lo } = this.release(stack.length, ValType.I32);
        this.line(`${lo}=M.pageCount;`);
        this.pushSlot(stack.length, ValType.I32);
        break;
      }
      case Wasm.TableSize: {
        if (draft.module.tableTypes[a]!.address64) throw new Refusal();
        const { lo } = this.release(stack.length, ValType.I32);
        this.line(`${lo}=T[${instance.tableAddrs[a]!}].elements.length;`);
        this.pushSlot(stack.length, ValType.I32);
        break;
      }
      case Wasm.MemoryGrow:
        if (draft.module.memoryTypes[a]!.address64) throw new Refusal();
        this.leaveForGood();
        this.afterDead(1, [ValType.I32]);
        break;
      case Wasm.TableGrow:
        if (draft.module.tableTypes[a]!.address64) throw new Refusal();
        this.leaveForGood();
        this.afterDead(2, [ValType.I32]);
        break;
      default:
        this.tableOrOutside();
    }
  }

  private localEntry(local: number): Entry {
    const type = this.draft.localTypes[local]!;
    const pair = shapeOf(type) === "l";
    return this.entry(type, `l${local}`, pair ? `m${local}` : "", { reads: new Set([`l${local}`]), simple: true, weight: 0 });
  }

  private setLocal(local: number): void {
    const { stack } = this;
    const name = `l${local}`;
    const entry = this.pop();
    for (const [height, below] of stack.entries()) if (below.reads.has(name)) this.settle(height);
    if (entry.lo === name) return;
    if (entry.hi === "") this.line(`${name}=${entry.lo};`);
    else this.line(`${name}=${entry.lo};m${local}=${entry.hi};`);
  }

  private select(): void {
    const height = this.stack.length - 3;
    const { type } = this.stack[height]!;
    const pair = shapeOf(type) === "l";
    const condition = this.pop();
    const ifZero = this.stack[height + 1]!;
    const ifNot = this.stack[height]!;
    if (!pair) {
      this.stack.length = height;
      const reads = new Set([...condition.reads, ...ifZero.reads, ...ifNot.reads]);
      const weight = condition.weight + ifZero.weight + ifNot.weight + 1;
      this.push(this.entry(type, `(${this.condition(condition)}?${ifNot.lo}:${ifZero.lo})`, "", { reads, weight }));
      return;
    }
    const { lo, hi } = this.release(height, type);
    const one = assign(ifNot.lo, ifNot.hi, lo, hi);
    const other = assign(ifZero.lo, ifZero.hi, lo, hi);
    this.line(`if(${this.condition(condition)}){${one}}else{${other}}`);
    this.pushSlot(height, type);
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
    const { lo, hi } = this.release(height, type.valType);
    // Only a float can have a NaN to leave before.
    const site = shapeOf(type.valType) === "d" ? `x=${this.site()};` : "";
    this.line(`${site}${this.loadCell(type.valType, lo, hi, this.globalCell(slot), "break X;")}`);
    this.pushSlot(height, type.valType);
  }

  private globalSet(globalAddr: number): void {
    const { type, slot } = this.store.globals[globalAddr]!;
    const { lo, hi } = this.pop();
    this.line(this.storeCell(type.valType, lo, hi, this.globalCell(slot)));
  }

  private tableOrOutside(): void {
    const { draft } = this;
    const { reader, instance } = draft;
    const height = this.stack.length;
    switch (reader.code) {
      case Wasm.TableGet: {
        const tableAddr = instance.tableAddrs[reader.a]!;
        if (this.simplify(height - 1).type !== ValType.I32) throw new Refusal();
        const at = this.stack[height - 1]!.lo;
        this.leaveIf(`(${at}>>>0)>=T[${tableAddr}].elements.length`);
        const type = this.store.tables[tableAddr]!.elemType;
        const { lo } = this.release(height - 1, type);
        this.line(`${lo}=T[${tableAddr}].elements[${at}];`);
        this.pushSlot(height - 1, type);
        break;
      }
      case Wasm.TableSet: {
        const tableAddr = instance.tableAddrs[reader.a]!;
        if (this.simplify(height - 2).type !== ValType.I32) throw new Refusal();
        this.simplify(height - 1);
        const at = this.stack[height - 2]!.lo;
        this.leaveIf(`(${at}>>>0)>=T[${tableAddr}].elements.length`);
        this.line(`T[${tableAddr}].elements[${at}]=${this.stack[height - 1]!.lo};T[${tableAddr}].dirty=true;`);
        this.stack.length = height - 2;
        break;
      }
      default:
        this.outside();
    }
  }

  /**
   * What runs outside of the interpreter's loop runs as there, on the frame's slots. One that would trap leaves, and traps
   * there; so does one that wants the heap collected, for which all frames have to be there.
   */
  private outside(): void {
    const form = bulkForm(this.draft);
    if (form === undefined || form.wide.length > 0 || !OUTSIDE_KINDS.has(form.kind & 0xff)) throw new Refusal();
    const height = this.stack.length - form.operandSlots;
    let text = "";
    for (let i = height; i < this.stack.length; i++) {
      const entry = this.stack[i]!;
      text += this.storeSlot(entry.type, entry.lo, entry.hi, this.localCount + i);
    }
    const at = this.word(this.localCount + height);
    this.line(`${text}if(outside(${form.kind},${at},${form.a},${form.b})!==0){x=${this.site(false, height)};break X;}`);
    this.stack.length = height;
    for (const type of form.results) {
      // A float's bits would have to be looked at, and it is too late to leave.
      if (shapeOf(type) === "d") throw new Refusal();
      const { lo, hi } = this.release(this.stack.length, type);
      this.line(this.takeSlot(type, lo, hi, this.localCount + this.stack.length));
      this.pushSlot(this.stack.length, type);
    }
  }
}
