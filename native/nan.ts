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

/** What a fix works on. */
export const FixType = { F32: 0, F64: 1 } as const;
export type FixType = (typeof FixType)[keyof typeof FixType];

/** What an instruction does with open operands. */
const Rule = {
  /** Wants exact operands, gives exact results. */
  Exact: 0,
  /** Arithmetic: any operands, an open result. */
  OpenF32: 1,
  OpenF64: 2,
  /** Does not look at the bits of a NaN, gives no float. */
  Blind: 3,
  /** Gives a float that is no NaN. */
  Number: 4,
  /** An open operand makes an open result; an exact one an exact one. */
  AbsF32: 5,
  AbsF64: 6,
  /** Exact once the operand is. */
  Neg: 7,
  /** A constant: looks at its immediate. */
  ConstF32: 8,
  ConstF64: 9,
  Special: 10,
} as const;
type Rule = (typeof Rule)[keyof typeof Rule];

const ARITHMETIC = /^f(32|64)\.(add|sub|mul|div|sqrt|min|max|ceil|floor|trunc|nearest|demote_f64|promote_f32)$/;
const BLIND = /^f(32|64)\.(eq|ne|lt|gt|le|ge)$|^i(32|64)\.trunc_/;

/** Instructions with a rule of their own that `special` knows. A function with another one is fixed without analysis. */
const KNOWN_SPECIALS: ReadonlySet<number> = new Set([
  Wasm.Unreachable,
  Wasm.Block,
  Wasm.Loop,
  Wasm.If,
  Wasm.Else,
  Wasm.End,
  Wasm.Br,
  Wasm.BrIf,
  Wasm.BrTable,
  Wasm.Return,
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

function ruleOf(row: InstrRow): Rule | undefined {
  const { mnemonic, params, results } = row;
  if (ARITHMETIC.test(mnemonic)) return mnemonic.startsWith("f32") ? Rule.OpenF32 : Rule.OpenF64;
  if (BLIND.test(mnemonic)) return Rule.Blind;
  if (/^f\d\d\.convert_/.test(mnemonic)) return Rule.Number;
  if (mnemonic === "f32.abs") return Rule.AbsF32;
  if (mnemonic === "f64.abs") return Rule.AbsF64;
  if (/^f\d\d\.(neg|copysign)$/.test(mnemonic)) return Rule.Neg;
  if (row.imm === Imm.F32) return Rule.ConstF32;
  if (row.imm === Imm.F64) return Rule.ConstF64;
  if (params === undefined || results === undefined) return KNOWN_SPECIALS.has(row.code) ? Rule.Special : undefined;
  return Rule.Exact;
}

const rules: ReadonlyMap<number, Rule> = new Map(
  instructions.flatMap((row): [number, Rule][] => {
    const rule = ruleOf(row);
    return rule === undefined ? [] : [[row.code, rule]];
  }),
);
/** The same, dense for single-byte opcodes; -1 where there is none. */
const shortRules = Int8Array.from({ length: 256 }, (_, code) => rules.get(code) ?? -1);

function ruleFor(code: number): number {
  return code < 256 ? shortRules[code]! : (rules.get(code) ?? -1);
}

/** True when the instruction may produce a NaN with bits that the engine chose. */
export function isArithmetic(code: number): boolean {
  const rule = ruleFor(code);
  return rule === Rule.OpenF32 || rule === Rule.OpenF64;
}

/** Operands: a fix number, an exact value, a value that is exact and, if a NaN, canonical; below that, compounds. */
const EXACT = -1;
const NUMBER = -2;
const FIRST_COMPOUND = -3;

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
  private readonly module: Module;
  private readonly reader: InstrReader;
  private operands: number[] = [];
  private readonly blocks: Block[] = [];
  /** Candidates: offset behind the producer, type, and whether the fix is wanted. */
  private readonly offsets: number[] = [];
  private readonly types: FixType[] = [];
  private readonly wanted: boolean[] = [];
  /** Values that are exact once several candidates are fixed. */
  private readonly compounds: (readonly number[])[] = [];
  /** Of each local: its type; and 1 when it may hold only exact values. */
  private localTypes: ValType[] = [];
  private exactLocals = new Uint8Array(0);
  private changed = false;

  constructor(module: Module, reader: InstrReader) {
    this.module = module;
    this.reader = reader;
  }

  /** Finds the fixes of one function. */
  analyse(type: FuncType, body: FuncBody): void {
    this.beginFunction(type, body);
    try {
      do {
        this.changed = false;
        this.pass(type, body);
      } while (this.changed);
    } catch (error) {
      if (!(error instanceof Unknown)) throw error;
      this.fixEverything(body);
    }
    this.fixOffsets.length = 0;
    this.fixTypes.length = 0;
    for (const [i, offset] of this.offsets.entries()) {
      if (!this.wanted[i]) continue;
      this.fixOffsets.push(offset);
      this.fixTypes.push(this.types[i]!);
    }
  }

  private beginFunction(type: FuncType, body: FuncBody): void {
    const types = [...type.params];
    for (const run of body.localRuns) for (let i = 0; i < run.count; i++) types.push(run.type);
    this.localTypes = types;
    // What a caller gives may be any NaN, and exact.
    this.exactLocals = new Uint8Array(types.length).fill(1, 0, type.params.length);
  }

  /** Without knowing who consumes them, every result of arithmetic is fixed at once. */
  private fixEverything(body: FuncBody): void {
    const { reader } = this;
    this.clear();
    reader.pos = body.codeStart;
    reader.end = body.end;
    while (reader.next()) {
      const rule = ruleFor(reader.code);
      if (rule === Rule.OpenF32 || rule === Rule.OpenF64) this.require(this.open(rule === Rule.OpenF32 ? FixType.F32 : FixType.F64));
    }
  }

  private clear(): void {
    this.operands.length = 0;
    this.blocks.length = 0;
    this.offsets.length = 0;
    this.types.length = 0;
    this.wanted.length = 0;
    this.compounds.length = 0;
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
  private open(type: FixType): number {
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
    const rule = ruleFor(row.code);
    switch (rule) {
      case Rule.Special:
        this.special(row.code);
        return;
      case Rule.Exact:
        this.popExact(row.params!.length);
        this.pushExact(row.results!.length);
        return;
      case Rule.OpenF32:
      case Rule.OpenF64:
        this.drop(row.params!.length);
        this.operands.push(this.open(rule === Rule.OpenF32 ? FixType.F32 : FixType.F64));
        return;
      case Rule.Blind:
        this.drop(row.params!.length);
        this.operands.push(EXACT);
        return;
      case Rule.Number:
        this.pop();
        this.operands.push(NUMBER);
        return;
      case Rule.AbsF32:
      case Rule.AbsF64:
        // The canonical NaN has no sign to lose.
        if (this.pop() >= 0) this.operands.push(this.open(rule === Rule.AbsF32 ? FixType.F32 : FixType.F64));
        else this.operands.push(EXACT);
        return;
      case Rule.Neg:
        this.operands.push(this.compound(this.popParts(row.params!.length)));
        return;
      case Rule.ConstF32:
        this.operands.push((this.reader.a & 0x7fff_ffff) > 0x7f80_0000 ? EXACT : NUMBER);
        return;
      case Rule.ConstF64:
        this.operands.push(isNanF64(this.reader.lo, this.reader.hi) ? EXACT : NUMBER);
        return;
      default:
        throw new Unknown();
    }
  }

  private drop(count: number): void {
    for (let i = 0; i < count; i++) this.pop();
  }

  private popParts(count: number): number[] {
    const parts: number[] = [];
    for (let i = 0; i < count; i++) parts.push(this.pop());
    return parts;
  }

  private special(code: number): void {
    const { reader, operands } = this;
    switch (code) {
      case Wasm.LocalGet:
        this.localGet(reader.a);
        return;
      case Wasm.LocalSet:
        this.setLocal(reader.a, this.pop());
        return;
      case Wasm.LocalTee: {
        const value = this.pop();
        operands.push(this.setLocal(reader.a, value) ? EXACT : value);
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
      else if (ruleFor(code) < 0) throw new Unknown();
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
    const canonical = (value: number): boolean => value >= 0 || value === NUMBER;
    if (!canonical(first) || !canonical(second)) this.operands.push(this.compound([first, second]));
    else this.operands.push(candidate >= 0 ? this.open(this.types[candidate]!) : NUMBER);
  }

  // ---- locals

  private localGet(index: number): void {
    const type = this.localTypes[index]!;
    const open = this.exactLocals[index] === 0 && (type === ValType.F32 || type === ValType.F64);
    this.operands.push(open ? this.open(type === ValType.F32 ? FixType.F32 : FixType.F64) : EXACT);
  }

  /** True when the value had to be exact. A local that gets exact NaNs of any kind takes nothing open from then on. */
  private setLocal(index: number, value: number): boolean {
    if (this.exactLocals[index] === 1) {
      this.require(value);
      return true;
    }
    if (value >= 0 || value === NUMBER) return false;
    const type = this.localTypes[index]!;
    if (type === ValType.F32 || type === ValType.F64) {
      this.exactLocals[index] = 1;
      this.changed = true;
    }
    this.require(value);
    return true;
  }
}

function isNanF64(lo: number, hi: number): boolean {
  const magnitude = hi & 0x7fff_ffff;
  return magnitude > 0x7ff0_0000 || (magnitude === 0x7ff0_0000 && lo !== 0);
}
