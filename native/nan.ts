/**
 * Where in a function a NaN can be observed whose bits the engine chose freely. The deterministic profile (spec: profiles)
 * makes every NaN that arithmetic produces the positive canonical one; engines leave its sign and payload open. Here is
 * decided after which instructions the rewriter has to put a fix; nothing is written. How and why: docs/rationale/native.md.
 *
 * Every operand on the stack is one of
 *   exact   its bits are those of the profile
 *   open    it came from arithmetic: if it is a NaN, it should be the canonical one, but may be another
 * An open operand may be consumed by arithmetic, comparisons and conversions, which do not look at the bits of a NaN; it
 * may wait in a local all of whose values are open or no NaN. Anything else asks for the fix, directly after the
 * instruction that produced it.
 */
import { blockType, type InstrReader } from "../vm/instr.ts";
import { Imm, type InstrRow, instructions, Wasm } from "../vm/opcodes.ts";
import { type FuncBody, type FuncType, funcTypeAt, type Module, ValType } from "../vm/types.ts";
import { Liveness } from "./liveness.ts";
import { Meeting, meeting, type Place, Places } from "./places.ts";
import { findSweeps, type Sweep } from "./sweep.ts";

/** What a fix works on: a float, or a vector of floats. */
export const FixType = { F32: 0, F64: 1, F32x4: 2, F64x2: 3 } as const;
export type FixType = (typeof FixType)[keyof typeof FixType];

/** What an instruction does with open operands. */
const Rule = {
  /** Wants exact operands, gives exact results. */
  Exact: 0,
  /** Arithmetic: any operands, an open result. */
  Open: 1,
  /** Does not look at the bits of a NaN, gives no float. */
  Blind: 2,
  /** Gives floats that are no NaN. */
  Number: 3,
  /** Takes a sign away or a lane in or out: open operands make an open result, exact ones an exact one. */
  Pass: 4,
  /** Exact once the operands are. */
  Neg: 5,
  /** As Neg, but the second operand has to be exact at once: even of a NaN the sign goes into a number. */
  CopySign: 6,
  Constant: 7,
  Special: 8,
} as const;
type Rule = (typeof Rule)[keyof typeof Rule];

const ARITHMETIC = /\.(add|sub|mul|div|sqrt|min|max|ceil|floor|trunc|nearest|(demote|promote)_\w+|relaxed_(min|max|n?madd))$/;
const BLIND = /^f\d\d(x\d)?\.(eq|ne|lt|gt|le|ge)$|^i\d\d(x\d)?\.(relaxed_)?trunc_/;

/** Instructions that end a stretch of code which is run from its start to its end. */
const DIVIDES: ReadonlySet<number> = new Set([
  Wasm.Loop,
  Wasm.If,
  Wasm.Else,
  Wasm.End,
  Wasm.Br,
  Wasm.BrIf,
  Wasm.BrTable,
  Wasm.Return,
  Wasm.ReturnCall,
  Wasm.ReturnCallIndirect,
  Wasm.Unreachable,
]);

/** Instructions with a rule of their own that `special` knows. A function with another one is fixed without analysis. */
const KNOWN_SPECIALS: ReadonlySet<number> = new Set([
  ...DIVIDES,
  Wasm.Block,
  Wasm.Call,
  Wasm.CallIndirect,
  Wasm.Drop,
  Wasm.Select,
  Wasm.SelectT,
  Wasm.LocalGet,
  Wasm.LocalSet,
  Wasm.LocalTee,
  Wasm.GlobalGet,
  Wasm.GlobalSet,
  Wasm.TableGet,
  Wasm.TableSet,
  Wasm.TableGrow,
  Wasm.TableFill,
  Wasm.RefNull,
  Wasm.RefIsNull,
  Wasm.RefFunc,
]);

/** Instructions on integers that neither trap nor look at memory. */
const PURE =
  /^i(32|64)\.(const|add|sub|mul|and|or|xor|shl|shr_[su]|rotl|rotr|eqz|eq|ne|[lg][te]_[su]|clz|ctz|popcnt|wrap_i64|extend\w*|reinterpret_f\d\d)$|^f\d\d\.reinterpret/;
const PURE_SPECIALS: ReadonlySet<number> = new Set([Wasm.LocalGet, Wasm.LocalSet, Wasm.LocalTee, Wasm.Select, Wasm.Drop]);

/** True for an instruction that may stand between a store of an open value and its check. */
function mayWait({ mnemonic, code }: InstrRow, rule: Rule): boolean {
  if (rule === Rule.Special) return PURE_SPECIALS.has(code);
  if (rule === Rule.Exact) return PURE.test(mnemonic) || isFloatLoad(code) || isFloatStore(code);
  // Conversions that trap would show the memory with its stores not checked.
  return !(rule === Rule.Blind && /\.trunc_f/.test(mnemonic));
}

function isFloatLoad(code: number): boolean {
  return code === Wasm.F32Load || code === Wasm.F64Load;
}

function isFloatStore(code: number): boolean {
  return code === Wasm.F32Store || code === Wasm.F64Store;
}

interface RuleRow {
  readonly rule: Rule;
  /** It may stand between a store of an open value and its check. */
  readonly waits: boolean;
  /** As what it looks at its operands and what its result is, where these are floats; else -1. */
  readonly takes: number;
  readonly gives: number;
}

const fixTypes: Readonly<Record<string, FixType>> = { f32: FixType.F32, f64: FixType.F64, f32x4: FixType.F32x4, f64x2: FixType.F64x2 };

function ruleOf(instr: InstrRow): RuleRow | undefined {
  const { mnemonic, params, results, imm, code } = instr;
  const [head = "", name = ""] = mnemonic.split(".");
  // The type of the operands is named behind the name of the instruction when it is another one.
  const operand = /_(f\d\d(?:x\d)?)(?:_|$)/.exec(name)?.[1];
  const gives = fixTypes[head] ?? -1;
  const takes = operand === undefined ? gives : (fixTypes[operand] ?? -1);
  const row = (rule: Rule, from = takes, to = gives): RuleRow => ({ rule, waits: mayWait(instr, rule), takes: from, gives: to });
  if (gives >= 0 && ARITHMETIC.test(mnemonic)) return row(Rule.Open);
  if (BLIND.test(mnemonic)) return row(Rule.Blind);
  // Numbers in lanes of 64 bits may be NaNs in lanes of 32.
  if (gives >= 0 && gives !== FixType.F64x2 && name.startsWith("convert_")) return row(Rule.Number);
  if (gives >= 0 && name === "abs") return row(Rule.Pass);
  if (gives === FixType.F32x4 && name === "splat") return row(Rule.Pass, FixType.F32);
  if (gives === FixType.F64x2 && name === "splat") return row(Rule.Pass, FixType.F64);
  if (name === "extract_lane" && head === "f32x4") return row(Rule.Pass, FixType.F32x4, FixType.F32);
  if (name === "extract_lane" && head === "f64x2") return row(Rule.Pass, FixType.F64x2, FixType.F64);
  if (gives >= 0 && name === "neg") return row(Rule.Neg);
  if (gives >= 0 && name === "copysign") return row(Rule.CopySign);
  if (imm === Imm.F32 || imm === Imm.F64 || imm === Imm.V128) return row(Rule.Constant);
  if (params === undefined || results === undefined) return KNOWN_SPECIALS.has(code) ? row(Rule.Special) : undefined;
  return row(Rule.Exact);
}

const rules: ReadonlyMap<number, RuleRow> = new Map(
  instructions.flatMap((row): [number, RuleRow][] => {
    const rule = ruleOf(row);
    return rule === undefined ? [] : [[row.code, rule]];
  }),
);
/** The same, dense for single-byte opcodes. */
const shortRules = Array.from({ length: 256 }, (_, code) => rules.get(code));

function ruleFor(code: number): RuleRow | undefined {
  return code < 256 ? shortRules[code] : rules.get(code);
}

/** True when the instruction may produce a NaN with bits that the engine chose. */
export function isArithmetic(code: number): boolean {
  return ruleFor(code)?.rule === Rule.Open;
}

/** Operands: a fix number, an exact value, a value that is no NaN in lanes of any width; below that, compounds. */
const EXACT = -1;
const NUMBER = -2;
/** An i32 that `places` knows something of, which is exact too. */
const ADDRESS = -3;
const FIRST_COMPOUND = -4;

/** In place of a FixType: a value loaded while stores wait for their check. It is exact once the check comes before the load. */
const BREAK = 4;
/** Likewise: a value loaded in a loop that is swept. It may be open or exact, so nobody may look at its bits. */
const LOADED = 5;

/** A store of an open value. The value and the address are what the operand stack holds. */
export interface OpenStore {
  readonly start: number;
  readonly end: number;
  readonly type: FixType;
  /** Type of the address. */
  readonly address: ValType;
  readonly candidate: number;
  readonly place: Place;
}

/**
 * Stores of open values one after another, which are checked together: before the instruction at `checkOffset`, where
 * nothing but arithmetic and loads of floats has come since the first, all are made again with fixed values if any was a NaN.
 */
export interface StoreGroup {
  readonly stores: readonly OpenStore[];
  readonly checkOffset: number;
}

/** Most stores of a group: their values and addresses wait in locals. */
const MOST_STORES = 8;

interface Region {
  readonly stores: OpenStore[];
  /** Loads: candidate and number of stores before it. */
  readonly breaks: { readonly candidate: number; readonly storesBefore: number; readonly offset: number }[];
  end: number;
}

/** Kinds of locals; from the last one on, a FixType is added. They only rise, but that exact ones stay. */
const EXACT_LOCAL = 0;
const NUMBER_LOCAL = 1;
const FIRST_OPEN_LOCAL = 2;
/** Holds what must not be looked at, whatever it gets. */
const LOADED_LOCAL = FIRST_OPEN_LOCAL + LOADED;

interface Block {
  readonly type: FuncType;
  readonly loop: boolean;
  readonly height: number;
}

/** Thrown into the face of a function that is too strange to analyse. Never leaves this file. */
class Unknown extends Error {}

/** Analyses functions of a validated module one after another. Cost: a few visits of each instruction of those given to it. */
export class NanAnalysis {
  /** Fixes of the function analysed last, in the order of the code: where (module byte offset behind an instruction) and for what. */
  readonly fixOffsets: number[] = [];
  readonly fixTypes: FixType[] = [];
  /** Groups of stores of the function analysed last, in the order of the code. */
  readonly groups: StoreGroup[] = [];
  /** Loops of the function analysed last whose stores, all of them in groups, can also be checked behind the loop. */
  sweeps: readonly Sweep[] = [];
  private readonly module: Module;
  private readonly reader: InstrReader;
  private operands: number[] = [];
  private readonly places = new Places();
  private readonly blocks: Block[] = [];
  /** Candidates: offset behind the producer, type, and whether the fix is wanted. */
  private readonly offsets: number[] = [];
  private readonly types: number[] = [];
  private readonly regions: Region[] = [];
  private region: Region | undefined;
  private readonly wanted: boolean[] = [];
  /** Values that are exact once several candidates are fixed. */
  private readonly compounds: (readonly number[])[] = [];
  /** Of each local: its type, and what it may hold: exact values, nothing but numbers so far, or open values of a type. */
  private localTypes: ValType[] = [];
  private localKinds = new Uint8Array(0);
  /** Locals for exact values that hold an open one between two divisions of control, and which. */
  private readonly held = new Map<number, number>();
  private liveness: Liveness | undefined;
  private changed = false;
  /** True when something asks for bits that nobody knows while a loop is swept. */
  private refused = false;

  constructor(module: Module, reader: InstrReader) {
    this.module = module;
    this.reader = reader;
  }

  /** Finds the fixes of one function. */
  analyse(type: FuncType, body: FuncBody): void {
    this.beginFunction(type, body);
    this.sweeps = findSweeps(this.module, this.reader, body, this.localTypes, this.liveness!);
    for (let found = -1; found !== this.sweeps.length; ) {
      found = this.sweeps.length;
      this.settle(type, body);
      this.sweeps = this.refused ? [] : this.sweeps.filter(({ start, end }) => this.groups.some((group) => isWithin(group, start, end)));
    }
    this.fixOffsets.length = 0;
    this.fixTypes.length = 0;
    for (const [i, offset] of this.offsets.entries()) {
      if (!this.wanted[i] || this.types[i] === BREAK) continue;
      this.fixOffsets.push(offset);
      this.fixTypes.push(this.types[i] as FixType);
    }
  }

  /** Repeats until nothing is learned about locals any more. */
  private settle(type: FuncType, body: FuncBody): void {
    // What a caller gives may be any NaN, and exact.
    this.localKinds.fill(NUMBER_LOCAL).fill(EXACT_LOCAL, 0, type.params.length);
    this.refused = false;
    try {
      do {
        this.changed = false;
        this.pass(type, body);
      } while (this.changed);
    } catch (error) {
      if (!(error instanceof Unknown)) throw error;
      this.fixEverything(body);
      this.refused = true;
    }
    this.formGroups();
    if (this.wanted.some((wanted, i) => wanted && this.types[i] === LOADED)) this.refused = true;
  }

  private isSwept(wasmOffset: number): boolean {
    return this.sweeps.some(({ bodyStart, branchStart }) => bodyStart <= wasmOffset && wasmOffset < branchStart);
  }

  /** Divides regions where a load needs it. A store that is left alone is fixed as any other use. */
  private formGroups(): void {
    this.groups.length = 0;
    for (const { stores, breaks, end } of this.regions) {
      let first = 0;
      const close = (before: number, checkOffset: number): void => {
        const part = stores.slice(first, before);
        first = before;
        if (part.length > 1 || (part.length > 0 && this.isSwept(part[0]!.start))) this.groups.push({ stores: part, checkOffset });
        else for (const { candidate } of part) this.wanted[candidate] = true;
      };
      for (const { candidate, storesBefore, offset } of breaks) if (this.wanted[candidate]) close(storesBefore, offset);
      close(stores.length, end);
    }
  }

  private beginFunction(type: FuncType, body: FuncBody): void {
    const types = [...type.params];
    for (const run of body.localRuns) for (let i = 0; i < run.count; i++) types.push(run.type);
    this.localTypes = types;
    this.localKinds = new Uint8Array(types.length);
    this.liveness = new Liveness(this.reader, body, types.length);
  }

  /** Without knowing who consumes them, every result of arithmetic is fixed at once. */
  private fixEverything(body: FuncBody): void {
    const { reader } = this;
    this.clear();
    reader.pos = body.codeStart;
    reader.end = body.end;
    while (reader.next()) {
      const row = ruleFor(reader.code);
      if (row?.rule === Rule.Open) this.require(this.open(row.gives as FixType));
    }
  }

  private clear(): void {
    this.operands.length = 0;
    this.blocks.length = 0;
    this.offsets.length = 0;
    this.types.length = 0;
    this.wanted.length = 0;
    this.compounds.length = 0;
    this.regions.length = 0;
    this.region = undefined;
    this.held.clear();
    this.places.forget();
  }

  private pass(type: FuncType, body: FuncBody): void {
    const { reader } = this;
    this.clear();
    reader.pos = body.codeStart;
    reader.end = body.end;
    this.blocks.push({ type: { params: [], results: type.results }, loop: false, height: 0 });
    while (this.blocks.length > 0 && reader.next()) this.instruction(reader.row);
  }

  // ---- operands

  /** A candidate for a fix behind the instruction just read. */
  private open(type: number): number {
    this.offsets.push(this.reader.pos);
    this.types.push(type);
    return this.wanted.push(false) - 1;
  }

  /** The operand has to be exact: its fixes are wanted. */
  private require(operand: number): void {
    if (operand >= 0) this.wanted[operand] = true;
    else if (operand <= FIRST_COMPOUND) for (const part of this.compounds[FIRST_COMPOUND - operand]!) this.require(part);
  }

  private compound(parts: readonly number[]): number {
    const open = parts.filter((part) => part >= 0 || part <= FIRST_COMPOUND);
    if (open.length === 0) return EXACT;
    return FIRST_COMPOUND - (this.compounds.push(open) - 1);
  }

  private pop(): number {
    return this.operands.pop() ?? EXACT;
  }

  private popExact(count: number): void {
    for (let i = 0; i < count; i++) this.require(this.pop());
  }

  private pushExact(count: number): void {
    for (let i = 0; i < count; i++) this.operands.push(EXACT);
  }

  /** The top operands have to be exact and stay. */
  private requireTop(count: number): void {
    const { operands } = this;
    for (let i = Math.max(0, operands.length - count); i < operands.length; i++) {
      this.require(operands[i]!);
      operands[i] = EXACT;
    }
  }

  // ---- instructions

  private instruction(row: InstrRow): void {
    const known = ruleFor(row.code);
    if (known === undefined) throw new Unknown();
    const { rule, waits, takes, gives } = known;
    if (!waits) {
      this.closeRegion(this.reader.wasmOffset);
      this.places.forget();
    }
    switch (rule) {
      case Rule.Special:
        this.special(row.code);
        return;
      case Rule.Exact:
        if (row.code === Wasm.I32Const) {
          this.places.constant(this.operands.length, this.reader.a);
          this.operands.push(ADDRESS);
          return;
        }
        if (row.code === Wasm.I32Add || row.code === Wasm.I32Sub) {
          const [second, first] = [this.pop(), this.pop()];
          const known =
            first === ADDRESS && second === ADDRESS && this.places.combine(this.operands.length, row.code === Wasm.I32Add ? 1 : -1);
          this.operands.push(known ? ADDRESS : EXACT);
          return;
        }
        if (isFloatStore(row.code)) {
          this.store(row.code === Wasm.F32Store ? FixType.F32 : FixType.F64);
          return;
        }
        if (isFloatLoad(row.code) && this.isSwept(this.reader.wasmOffset)) {
          this.loaded(this.popPlace(), row.code);
          this.operands.push(this.open(LOADED));
          return;
        }
        if (this.region !== undefined && isFloatLoad(row.code)) {
          this.operands.push(this.loaded(this.popPlace(), row.code));
          return;
        }
        this.popExact(row.params!.length);
        this.pushExact(row.results!.length);
        return;
      case Rule.Open:
        this.drop(row.params!.length, takes);
        this.operands.push(this.open(gives as FixType));
        return;
      case Rule.Blind:
        this.drop(row.params!.length, takes);
        this.operands.push(EXACT);
        return;
      case Rule.Number:
        this.pop();
        this.operands.push(NUMBER);
        return;
      case Rule.Pass:
        this.operands.push(this.pass1(this.pop(), takes, gives as FixType));
        return;
      case Rule.Neg:
        this.operands.push(this.compound([this.asType(this.pop(), takes)]));
        return;
      case Rule.CopySign:
        this.popExact(1);
        this.operands.push(this.compound([this.pop()]));
        return;
      case Rule.Constant:
        this.operands.push(this.hasNan(row.imm) ? EXACT : NUMBER);
        return;
      default:
        rule satisfies never;
    }
  }

  // ---- stores that wait for their check

  private store(type: FixType): void {
    const value = this.pop();
    const { reader } = this;
    if (value < 0 || this.types[value] !== type) {
      // What it stores must not be stored again with an older value.
      this.closeRegion(reader.wasmOffset);
      this.require(value);
      this.pop();
      if (value !== NUMBER && this.isSwept(reader.wasmOffset)) this.refused = true;
      return;
    }
    const place = this.popPlace();
    if (this.region?.stores.length === MOST_STORES) this.closeRegion(reader.wasmOffset);
    if (this.region === undefined) {
      this.region = { stores: [], breaks: [], end: 0 };
      this.regions.push(this.region);
    }
    const address = this.module.memoryTypes[reader.c]!.address64 ? ValType.I64 : ValType.I32;
    this.region.stores.push({ start: reader.wasmOffset, end: reader.pos, type, address, candidate: value, place });
  }

  private closeRegion(offset: number): void {
    if (this.region === undefined) return;
    this.region.end = offset;
    this.region = undefined;
  }

  /** Pops the address of a load or store. */
  private popPlace(): Place {
    const address = this.pop();
    return this.places.place(address === ADDRESS ? this.operands.length : undefined, this.reader.b);
  }

  /**
   * A float is loaded that may have been stored just before: then its bits are not known yet. It must not have been stored
   * in part, for then the bits that are not known would be part of a number.
   */
  private loaded(place: Place, code: number): number {
    if (this.region === undefined) return EXACT;
    const { stores, breaks } = this.region;
    const width = code === Wasm.F32Load ? 4 : 8;
    const meetings = stores.map((store) => meeting(store.place, store.type === FixType.F32 ? 4 : 8, place, width));
    if (meetings.includes(Meeting.Unknown)) {
      this.closeRegion(this.reader.wasmOffset);
      return EXACT;
    }
    if (!meetings.includes(Meeting.Same)) return EXACT;
    const candidate = this.open(BREAK);
    breaks.push({ candidate, storesBefore: stores.length, offset: this.reader.wasmOffset });
    return candidate;
  }

  /** The result of an instruction that passes one operand on: the canonical NaN has no sign to lose, and is one in every lane. */
  private pass1(operand: number, takes: number, gives: FixType): number {
    if (operand >= 0 && this.types[operand] === takes) return this.open(gives);
    if (operand >= 0 && this.types[operand] === LOADED && gives < FixType.F32x4) return this.open(LOADED);
    this.require(operand);
    return operand === NUMBER && gives === takes ? NUMBER : EXACT;
  }

  /** True when the constant just read is or holds a NaN. */
  private hasNan(imm: Imm): boolean {
    const { reader } = this;
    if (imm === Imm.F32) return isNanF32(reader.a);
    if (imm === Imm.F64) return isNanF64(reader.lo, reader.hi);
    const view = new DataView(reader.bytes.buffer, reader.bytes.byteOffset + reader.pos - 16, 16);
    const words = [0, 4, 8, 12].map((at) => view.getInt32(at, true));
    return words.some(isNanF32) || isNanF64(words[0]!, words[1]!) || isNanF64(words[2]!, words[3]!);
  }

  /** Pops operands that are looked at as `type`: vectors that are open as another one show their bits. */
  private drop(count: number, type: number): void {
    for (let i = 0; i < count; i++) this.asType(this.pop(), type);
  }

  private asType(operand: number, type: number): number {
    if (operand >= 0 && this.types[operand] !== type) {
      if (this.types[operand]! >= BREAK && type < FixType.F32x4) return operand;
      this.require(operand);
      return EXACT;
    }
    if (operand <= FIRST_COMPOUND && type >= FixType.F32x4) {
      for (const part of this.compounds[FIRST_COMPOUND - operand]!) this.asType(part, type);
    }
    return operand;
  }

  /** Before an instruction that divides or joins control: what is read behind it has to be exact. */
  private divide(): void {
    if (this.held.size === 0) return;
    const { wasmOffset } = this.reader;
    for (const [local, value] of this.held) if (this.liveness!.isLive(wasmOffset, local)) this.require(value);
    this.held.clear();
  }

  private special(code: number): void {
    const { reader, operands } = this;
    if (DIVIDES.has(code)) this.divide();
    switch (code) {
      case Wasm.LocalGet:
        this.localGet(reader.a);
        return;
      case Wasm.LocalSet:
        this.setLocal(reader.a, this.pop());
        return;
      case Wasm.LocalTee: {
        const value = this.pop();
        operands.push(this.setLocal(reader.a, value) && value !== ADDRESS ? EXACT : value);
        return;
      }
      case Wasm.Select:
      case Wasm.SelectT:
        this.select();
        return;
      case Wasm.Drop:
        this.pop();
        return;
      case Wasm.Call: {
        const type = this.module.funcTypes[reader.a]!;
        this.popExact(type.params.length);
        this.pushExact(type.results.length);
        return;
      }
      case Wasm.CallIndirect: {
        const type = funcTypeAt(this.module, reader.a);
        this.popExact(type.params.length + 1);
        this.pushExact(type.results.length);
        return;
      }
      case Wasm.ReturnCall:
        this.popExact(this.module.funcTypes[reader.a]!.params.length);
        this.unreachable();
        return;
      case Wasm.ReturnCallIndirect:
        this.popExact(funcTypeAt(this.module, reader.a).params.length + 1);
        this.unreachable();
        return;
      default:
        if (!this.control(code)) this.plainSpecial(code);
    }
  }

  /** Instructions whose numbers of operands and results are fixed, but not their types. */
  private plainSpecial(code: number): void {
    switch (code) {
      case Wasm.GlobalGet:
      case Wasm.RefNull:
      case Wasm.RefFunc:
        this.pushExact(1);
        return;
      case Wasm.GlobalSet:
        this.popExact(1);
        return;
      case Wasm.TableGet:
      case Wasm.RefIsNull:
        this.popExact(1);
        this.pushExact(1);
        return;
      case Wasm.TableSet:
        this.popExact(2);
        return;
      case Wasm.TableGrow:
        this.popExact(2);
        this.pushExact(1);
        return;
      case Wasm.TableFill:
        this.popExact(3);
        return;
      default:
        throw new Unknown();
    }
  }

  /** False when the instruction is none of control flow. */
  private control(code: number): boolean {
    const { reader, operands, blocks } = this;
    switch (code) {
      case Wasm.Block:
      case Wasm.Loop:
      case Wasm.If: {
        if (code === Wasm.If) this.pop();
        const type = blockType(this.module, reader.a);
        this.requireTop(type.params.length);
        blocks.push({ type, loop: code === Wasm.Loop, height: operands.length - type.params.length });
        return true;
      }
      case Wasm.Else:
      case Wasm.End:
        this.requireTop(blocks.at(-1)!.type.results.length);
        this.leaveBlock(code === Wasm.End);
        return true;
      case Wasm.Br:
        this.branch(reader.a);
        this.unreachable();
        return true;
      case Wasm.BrIf:
        this.pop();
        this.branch(reader.a);
        return true;
      case Wasm.BrTable:
        this.pop();
        this.branch(reader.labels[0]!);
        this.unreachable();
        return true;
      case Wasm.Return:
        this.requireTop(blocks[0]!.type.results.length);
        this.unreachable();
        return true;
      case Wasm.Unreachable:
        this.unreachable();
        return true;
      default:
        return false;
    }
  }

  /** At `else` and `end`: what the block leaves is exact, whoever left it. */
  private leaveBlock(end: boolean): void {
    const { operands, blocks } = this;
    const { type, height } = blocks.at(-1)!;
    operands.length = Math.min(operands.length, height);
    if (end) blocks.pop();
    this.pushExact(end ? type.results.length : type.params.length);
  }

  private branch(label: number): void {
    const { type, loop } = this.blocks[this.blocks.length - 1 - label]!;
    this.requireTop(loop ? type.params.length : type.results.length);
  }

  /** Skips to the end of the block: nothing there ever runs. */
  private unreachable(): void {
    const { reader } = this;
    let depth = 0;
    while (reader.next()) {
      const { code } = reader;
      if (code === Wasm.Block || code === Wasm.Loop || code === Wasm.If) depth++;
      else if (ruleFor(code) === undefined) throw new Unknown();
      else if (code === Wasm.End && depth > 0) depth--;
      else if ((code === Wasm.End || code === Wasm.Else) && depth === 0) {
        this.leaveBlock(code === Wasm.End);
        return;
      }
    }
  }

  private select(): void {
    this.pop();
    const [second, first] = [this.pop(), this.pop()];
    const candidate = Math.max(first, second);
    const canonical = (value: number): boolean =>
      value === NUMBER || (value >= 0 && this.types[value]! < BREAK && this.types[value] === this.types[candidate]);
    if (!canonical(first) || !canonical(second)) this.operands.push(this.compound([first, second]));
    else this.operands.push(candidate >= 0 ? this.open(this.types[candidate]!) : NUMBER);
  }

  // ---- locals

  private localGet(index: number): void {
    const kind = this.localKinds[index]!;
    const held = this.held.get(index);
    if (this.localTypes[index] === ValType.I32) {
      this.places.getLocal(this.operands.length, index);
      this.operands.push(ADDRESS);
    } else if (held !== undefined) this.operands.push(held);
    else
      this.operands.push(
        kind >= FIRST_OPEN_LOCAL ? this.open((kind - FIRST_OPEN_LOCAL) as FixType) : kind === NUMBER_LOCAL ? NUMBER : EXACT,
      );
  }

  /** True when the value had to be exact. A local that gets exact NaNs of any kind takes nothing open from then on. */
  private setLocal(index: number, value: number): boolean {
    const kind = this.localKinds[index]!;
    if (this.localTypes[index] === ValType.I32) this.places.setLocal(index, value === ADDRESS ? this.operands.length : undefined);
    if (kind === EXACT_LOCAL) {
      // Whether it has to be exact is known when control divides.
      if (value >= 0 || value <= FIRST_COMPOUND) this.held.set(index, value);
      else this.held.delete(index);
      return false;
    }
    if (value === NUMBER || kind === LOADED_LOCAL) return false;
    if (value >= 0 && this.types[value] !== BREAK) {
      const open = FIRST_OPEN_LOCAL + this.types[value]!;
      if (kind === open) return false;
      this.changed = true;
      if (kind === NUMBER_LOCAL || open === LOADED_LOCAL) {
        this.localKinds[index] = open;
        return false;
      }
    }
    // Of other types that a NaN has no meaning for, nothing is ever open.
    const type = this.localTypes[index]!;
    if (type === ValType.F32 || type === ValType.F64 || type === ValType.V128) this.changed = true;
    this.localKinds[index] = EXACT_LOCAL;
    this.require(value);
    return true;
  }
}

function isWithin({ checkOffset }: StoreGroup, start: number, end: number): boolean {
  return start < checkOffset && checkOffset < end;
}

function isNanF32(bits: number): boolean {
  return (bits & 0x7fff_ffff) > 0x7f80_0000;
}

function isNanF64(lo: number, hi: number): boolean {
  const magnitude = hi & 0x7fff_ffff;
  return magnitude > 0x7ff0_0000 || (magnitude === 0x7ff0_0000 && lo !== 0);
}
