/**
 * The stacks of the validation algorithm (spec: appendix, validation algorithm): operands, enclosing blocks, and which
 * locals have a value. Typed arrays that all expressions of a module share: nesting costs no native stack and an
 * instruction allocates nothing. Knows no instruction except those that open blocks.
 */
import { ValidationError } from "./errors.ts";
import { blockTypeOrUndefined, type InstrReader, noBlockType } from "./instr.ts";
import { Wasm } from "./opcodes.ts";
import { matches, UNKNOWN, UNKNOWN_REF } from "./subtype.ts";
import {
  type FuncBody,
  type FuncType,
  isDefaultable,
  isRefType,
  type Module,
  mapValType,
  RefFlag,
  typeIndexOf,
  ValType,
  valTypeName,
} from "./types.ts";

/** Most operands on the stack of one function, so that a hostile one cannot make the stack unbounded. */
export const MAX_OPERANDS = 1 << 20;

/**
 * An enclosing block in one integer: the opcode that began it, or its last part, in bits 0 to 7, flags, and how many operands
 * there were before in 11 to 31.
 */
export const BlockBits = {
  Code: 0xff,
  /** The rest of it, or of its part, cannot be reached. */
  Unreachable: 0x100,
  /** Takes nothing and gives nothing, or one i32. Not set where locals without a value make its end more than that. */
  Plain: 0x200,
  PlainI32: 0x400,
  BaseShift: 11,
} as const;

/** What another part of a block, as an else, keeps of the part before. */
export const KEPT_BY_NEXT_PART = ~(BlockBits.Code | BlockBits.Unreachable);

const noTypes: readonly ValType[] = [];
const i32BlockType: FuncType = { params: [], results: [ValType.I32] };

export abstract class CheckStack {
  protected readonly module: Module;
  protected readonly reader: InstrReader;

  /** Operand types, bottom first. */
  protected operands = new Int32Array(256);
  operandCount = 0;
  /** Operands below this belong to outer blocks. */
  protected base = 0;

  /** Enclosing blocks, outermost (the function) first, as BlockBits has them. */
  protected blocks = new Int32Array(64);
  /** Types of those that are not plain. */
  private readonly blockTypes: FuncType[] = [];
  /** How many locals had got their values before. */
  private blockSetCounts = new Int32Array(64);
  protected depth = 0;

  /** Types of parameters and locals of the current function. */
  protected locals = new Int32Array(256);
  protected localCount = 0;
  /** 1 for each local that has no value yet; looked at only when there was such a local. */
  private unset = new Uint8Array(0);
  protected hasUnset = false;
  /** Locals that got their value, in that order: the end of their block takes it away again. */
  private readonly setLocals: number[] = [];

  constructor(module: Module, reader: InstrReader) {
    this.module = module;
    this.reader = reader;
  }

  /** Begins an expression of the type, whose parameters have values from the start; `localRuns` are those declared besides. */
  protected begin(type: FuncType, localRuns: FuncBody["localRuns"]): void {
    this.setLocals.length = 0;
    this.hasUnset = false;
    this.fillLocals(type.params, localRuns);
    this.operandCount = 0;
    // As pushBlock, of the outermost, which gives what the function returns.
    this.base = 0;
    this.blocks[0] = Wasm.Block | this.plainBits(noTypes, type.results);
    this.blockTypes[0] = type;
    this.blockSetCounts[0] = 0;
    this.depth = 1;
  }

  private fillLocals(params: readonly ValType[], localRuns: FuncBody["localRuns"]): void {
    let count = params.length;
    for (let i = 0; i < localRuns.length; i++) count += localRuns[i]!.count;
    // The decoder has seen to it that there are not too many.
    if (count > this.locals.length) this.locals = new Int32Array(count * 2);
    this.localCount = count;
    const { locals } = this;
    let at = params.length;
    for (let i = 0; i < at; i++) locals[i] = params[i]!;
    for (let i = 0; i < localRuns.length; i++) {
      const { count, type } = localRuns[i]!;
      const end = at + count;
      locals.fill(type, at, end);
      if (type < ValType.V128 || type > ValType.I32) this.noteUnset(type, at, end);
      at = end;
    }
  }

  /** Notes that locals have no value yet, if those of the type have none without being set. */
  private noteUnset(type: ValType, start: number, end: number): void {
    if (isDefaultable(type)) return;
    if (!this.hasUnset) {
      if (this.unset.length < this.localCount) this.unset = new Uint8Array(this.localCount * 2);
      this.unset.fill(0);
      this.hasUnset = true;
    }
    this.unset.fill(1, start, end);
  }

  // ---- operand stack

  protected push(type: number): void {
    if (this.operandCount === this.operands.length) this.growOperands();
    this.operands[this.operandCount++] = type;
  }

  protected growOperands(): void {
    if (this.operandCount >= MAX_OPERANDS) this.fail("limit-operands", `too many operands, the limit is ${MAX_OPERANDS}`);
    const larger = new Int32Array(this.operands.length * 2);
    larger.set(this.operands);
    this.operands = larger;
  }

  protected pop(expected: number): void {
    if (this.operandCount > this.base) {
      const found = this.operands[--this.operandCount]!;
      if (found !== expected && !this.isMatch(found, expected)) this.failType(expected, found);
    } else if (!this.unreachable) this.failType(expected, -1);
  }

  /** Pops any operand and returns its type, UNKNOWN in unreachable code. */
  protected popAny(): number {
    if (this.operandCount > this.base) return this.operands[--this.operandCount]!;
    if (!this.unreachable) this.failType(UNKNOWN, -1);
    return UNKNOWN;
  }

  /** Pops a reference and returns its type; UNKNOWN_REF when nothing is known of it. */
  protected popRef(): ValType {
    const type = this.popAny();
    if (type === UNKNOWN) return UNKNOWN_REF;
    if (!isRefType(type)) {
      this.fail("type-mismatch", `type mismatch: ${this.reader.row.mnemonic} expects a reference, found ${valTypeName(type)}`);
    }
    return type;
  }

  protected pushAll(types: readonly ValType[]): void {
    for (let i = 0; i < types.length; i++) this.push(types[i]!);
  }

  protected popAll(types: readonly ValType[]): void {
    for (let i = types.length - 1; i >= 0; i--) this.pop(types[i]!);
  }

  /** Checks that the top operands have these types, and leaves them. */
  protected checkTop(types: readonly ValType[]): void {
    let at = this.operandCount;
    for (let i = types.length - 1; i >= 0; i--) {
      if (at > this.base) {
        const found = this.operands[--at]!;
        if (found !== types[i] && !this.isMatch(found, types[i]!)) this.failType(types[i]!, found);
      } else if (!this.unreachable) this.failType(types[i]!, -1);
      else return;
    }
  }

  protected divert(): void {
    this.operandCount = this.base;
    this.blocks[this.depth - 1]! |= BlockBits.Unreachable;
  }

  /** The rest of the current block cannot be reached. */
  get unreachable(): boolean {
    return (this.blocks[this.depth - 1]! & BlockBits.Unreachable) !== 0;
  }

  /** The operands now on the stack, bottom first; those of unknown type as i32 or null references. */
  operandTypes(): ValType[] {
    return Array.from(this.operands.subarray(0, this.operandCount), (type) => {
      if (type === UNKNOWN_REF) return ValType.NullRef;
      return type === UNKNOWN ? ValType.I32 : type;
    });
  }

  // ---- locals

  protected localType(index: number): ValType {
    if (index >= this.localCount) this.fail("unknown-local", `unknown local ${index}`);
    return this.locals[index]!;
  }

  /** The type of a local that is read. */
  protected readLocal(index: number): ValType {
    const type = this.localType(index);
    if (this.hasUnset && this.unset[index] === 1) this.fail("uninitialized-local", `uninitialized local ${index}`);
    return type;
  }

  /** The type of a local that is written, which has a value from now on. */
  protected writeLocal(index: number): ValType {
    const type = this.localType(index);
    if (this.hasUnset && this.unset[index] === 1) {
      this.unset[index] = 0;
      this.setLocals.push(index);
    }
    return type;
  }

  /** Locals that have no value yet, ascending. */
  unsetLocals(): number[] {
    const { unset, localCount } = this;
    return this.hasUnset ? Array.from({ length: localCount }, (_, i) => i).filter((i) => unset[i] === 1) : [];
  }

  private forgetLocals(count: number): void {
    const { setLocals } = this;
    while (setLocals.length > count) this.unset[setLocals.pop()!] = 1;
  }

  // ---- control stack

  protected pushBlock(code: number, type: FuncType): void {
    const { depth, operandCount } = this;
    if (depth === this.blocks.length) this.growBlocks();
    this.blocks[depth] = code | this.plainBits(type.params, type.results) | (operandCount << BlockBits.BaseShift);
    this.blockTypes[depth] = type;
    this.blockSetCounts[depth] = this.setLocals.length;
    this.depth = depth + 1;
    this.base = operandCount;
    this.pushAll(type.params);
  }

  private plainBits(params: readonly ValType[], results: readonly ValType[]): number {
    if (this.hasUnset || params.length > 0) return 0;
    if (results.length === 0) return BlockBits.Plain;
    return results.length === 1 && results[0] === ValType.I32 ? BlockBits.PlainI32 : 0;
  }

  private growBlocks(): void {
    const grown = (array: Int32Array): Int32Array<ArrayBuffer> => {
      const larger = new Int32Array(array.length * 2);
      larger.set(array);
      return larger;
    };
    this.blocks = grown(this.blocks);
    this.blockSetCounts = grown(this.blockSetCounts);
  }

  /** Opcode that began the block, or its last part, at an index in the control stack. */
  protected codeOf(at: number): number {
    return this.blocks[at]! & BlockBits.Code;
  }

  protected typeOf(at: number): FuncType {
    const block = this.blocks[at]!;
    if ((block & BlockBits.Plain) !== 0) return noBlockType;
    return (block & BlockBits.PlainI32) !== 0 ? i32BlockType : this.blockTypes[at]!;
  }

  /** Checks that exactly the block's results are left, and removes them. */
  private closeBlock(): FuncType {
    const top = this.depth - 1;
    const type = this.typeOf(top);
    this.popAll(type.results);
    const left = this.operandCount - this.base;
    if (left !== 0) this.fail("type-mismatch", `type mismatch: ${left} operand${left === 1 ? "" : "s"} too many at the end of the block`);
    if (this.hasUnset) this.forgetLocals(this.blockSetCounts[top]!);
    return type;
  }

  /** Closes the innermost block and returns to the one around it, which gets the results. */
  protected leaveBlock(): void {
    const type = this.closeBlock();
    const top = this.depth - 1;
    this.depth = top;
    if (top > 0) this.base = this.blocks[top - 1]! >>> BlockBits.BaseShift;
    this.pushAll(type.results);
  }

  /** Closes one part of the innermost block and begins the next, which gets `operands`. */
  protected nextPart(code: number, operands: readonly ValType[]): void {
    this.closeBlock();
    const top = this.depth - 1;
    this.blocks[top] = (this.blocks[top]! & KEPT_BY_NEXT_PART) | code;
    this.pushAll(operands);
  }

  protected openBlock(code: number): void {
    const type = this.blockType(this.reader.a);
    this.popAll(type.params);
    this.pushBlock(code, type);
  }

  private blockType(a: number): FuncType {
    if (a < 0 && typeIndexOf(~a) >= 0) return { params: [], results: [this.canonicalType(~a)] };
    const type = blockTypeOrUndefined(this.module, a);
    if (type === undefined) this.fail("unknown-type", `unknown type ${a}`);
    return type;
  }

  /** Index in the control stack of what label `label` names. */
  protected labelAt(label: number): number {
    if (label >= this.depth) this.fail("unknown-label", `unknown label ${label}`);
    return this.depth - 1 - label;
  }

  /** What a branch to label `label` carries. */
  protected labelTypes(label: number): readonly ValType[] {
    const at = this.labelAt(label);
    const type = this.typeOf(at);
    return this.codeOf(at) === Wasm.Loop ? type.params : type.results;
  }

  // ---- types

  protected isMatch(sub: ValType, sup: ValType): boolean {
    return matches(this.module.types, sub, sup);
  }

  /** The index of the first type that equals the one at `index`. */
  protected canonicalIndex(index: number): number {
    if (index >= this.module.types.length) this.fail("unknown-type", `unknown type ${index}`);
    return this.module.canonicalTypes[index]!;
  }

  /** A type of an immediate, with the canonical index of the type that it names. */
  protected canonicalType(type: ValType): ValType {
    const index = typeIndexOf(type);
    if (index < 0) return type;
    return this.canonicalIndex(index) === index ? type : mapValType(type, this.module.canonicalTypes);
  }

  // ---- failures

  protected fail(code: string, message: string): never {
    throw new ValidationError(code, this.reader.wasmOffset, message);
  }

  /** `found` is -1 when there is no operand. */
  protected failType(expected: number, found: number): never {
    this.fail(
      "type-mismatch",
      `type mismatch: ${this.reader.row.mnemonic} expects ${operandName(expected)}, found ${found < 0 ? "nothing" : operandName(found)}`,
    );
  }
}

function operandName(type: number): string {
  if ((type & ~RefFlag.NonNull) === UNKNOWN) return type === UNKNOWN ? "an operand" : "a reference";
  return valTypeName(type);
}
