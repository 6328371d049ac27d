/**
 * Type checks one expression, instruction by instruction (spec: validation algorithm). Owns the operand and control
 * stacks, which are typed arrays that all expressions of a module share; knows nothing about sections. Nesting costs no
 * native stack and an instruction allocates nothing.
 */
import { DecodeError, ValidationError } from "./errors.ts";
import { blockTypeOrUndefined, type InstrReader } from "./instr.ts";
import { Imm, InstrFlag, type InstrRow, opcodeRow, Wasm } from "./opcodes.ts";
import { type FuncType, isRefType, type Module, ValType, valTypeName } from "./types.ts";

/** Most operands on the stack of one function, so that a hostile one cannot make the stack unbounded. */
export const MAX_OPERANDS = 1 << 20;

/** An operand of unreachable code whose type is not known. Never a value type. */
const UNKNOWN = 0;

const noLocalTypes = new Uint8Array(0);

/** What a checker needs to know besides the module. */
export interface CheckerContext {
  /** 1 for each function that `ref.func` may name in a body. */
  readonly declaredFuncs: Uint8Array;
}

export class Checker {
  private readonly module: Module;
  private readonly context: CheckerContext;
  private reader: InstrReader;

  /** Operand types, bottom first. */
  private operands = new Uint8Array(256);
  operandCount = 0;
  /** Operands below this belong to outer blocks. */
  private base = 0;
  /** The rest of the current block cannot be reached. */
  unreachable = false;

  /** Enclosing blocks, outermost (the function) first: opcode, operand count at entry, type, unreachable when suspended. */
  private blockCodes = new Uint8Array(64);
  private blockBases = new Int32Array(64);
  private blockUnreachable = new Uint8Array(64);
  private readonly blockTypes: FuncType[] = [];
  depth = 0;

  /** Types of parameters and locals of the current function. */
  private locals: Uint8Array = noLocalTypes;
  private localCount = 0;

  /** In a constant expression: globals below this index may be read. -1 in function bodies. */
  private constGlobals = -1;

  constructor(module: Module, context: CheckerContext, reader: InstrReader) {
    this.module = module;
    this.context = context;
    this.reader = reader;
  }

  /** Begins a function body; `locals` are its parameters and locals. */
  beginBody(reader: InstrReader, type: FuncType, locals: Uint8Array, localCount: number): void {
    this.locals = locals;
    this.localCount = localCount;
    this.constGlobals = -1;
    this.begin(reader, type);
  }

  /** Begins a constant expression that may read the immutable ones of the first `constGlobals` globals. */
  beginConstant(reader: InstrReader, type: FuncType, constGlobals: number): void {
    this.locals = noLocalTypes;
    this.localCount = 0;
    this.constGlobals = constGlobals;
    this.begin(reader, type);
  }

  private begin(reader: InstrReader, type: FuncType): void {
    this.reader = reader;
    this.operandCount = 0;
    this.depth = 0;
    this.unreachable = false;
    this.blockTypes.length = 0;
    this.pushBlock(Wasm.Block, type);
  }

  /** Checks instructions up to `stopOffset` (not included) or the end; true when it has stopped exactly there. */
  run(stopOffset: number): boolean {
    const { reader } = this;
    while (reader.next()) {
      if (reader.wasmOffset >= stopOffset) return reader.wasmOffset === stopOffset;
      if (this.depth === 0)
        throw new DecodeError("section-size", reader.wasmOffset, "section size mismatch: bytes after the end of the expression");
      this.instruction(reader.row);
    }
    if (this.depth !== 0) throw new DecodeError("missing-end", reader.end, "END opcode expected");
    return false;
  }

  /** The operands now on the stack, bottom first; unknown ones as i32. */
  operandTypes(): ValType[] {
    return Array.from(this.operands.subarray(0, this.operandCount), (type) => (type === UNKNOWN ? ValType.I32 : (type as ValType)));
  }

  private instruction(row: InstrRow): void {
    if (this.constGlobals >= 0 && (row.flags & InstrFlag.Constant) === 0) {
      this.fail("constant-expression", `constant expression required, found ${row.mnemonic}`);
    }
    const { params, results } = row;
    if (params === undefined || results === undefined) {
      this.special(row);
      return;
    }
    if (row.align >= 0) this.checkMemArg(row);
    else if (row.imm !== Imm.None) this.checkIndices(row);
    for (let i = params.length - 1; i >= 0; i--) this.pop(params[i]!);
    for (let i = 0; i < results.length; i++) this.push(results[i]!);
  }

  // ---- operand stack

  private push(type: number): void {
    if (this.operandCount === this.operands.length) this.growOperands();
    this.operands[this.operandCount++] = type;
  }

  private growOperands(): void {
    if (this.operandCount >= MAX_OPERANDS) this.fail("limit-operands", `too many operands, the limit is ${MAX_OPERANDS}`);
    const larger = new Uint8Array(this.operands.length * 2);
    larger.set(this.operands);
    this.operands = larger;
  }

  private pop(expected: number): void {
    if (this.operandCount > this.base) {
      const found = this.operands[--this.operandCount]!;
      if (found !== expected && found !== UNKNOWN && expected !== UNKNOWN) this.failType(expected, found);
    } else if (!this.unreachable) this.failType(expected, -1);
  }

  /** Pops any operand and returns its type, UNKNOWN in unreachable code. */
  private popAny(): number {
    if (this.operandCount > this.base) return this.operands[--this.operandCount]!;
    if (!this.unreachable) this.failType(UNKNOWN, -1);
    return UNKNOWN;
  }

  private pushAll(types: readonly ValType[]): void {
    for (let i = 0; i < types.length; i++) this.push(types[i]!);
  }

  private popAll(types: readonly ValType[]): void {
    for (let i = types.length - 1; i >= 0; i--) this.pop(types[i]!);
  }

  /** Checks that the top operands have these types, and leaves them. */
  private checkTop(types: readonly ValType[]): void {
    let at = this.operandCount;
    for (let i = types.length - 1; i >= 0; i--) {
      if (at > this.base) {
        const found = this.operands[--at]!;
        if (found !== types[i] && found !== UNKNOWN) this.failType(types[i]!, found);
      } else if (!this.unreachable) this.failType(types[i]!, -1);
      else return;
    }
  }

  private divert(): void {
    this.operandCount = this.base;
    this.unreachable = true;
  }

  // ---- control stack

  private pushBlock(code: number, type: FuncType): void {
    const { depth } = this;
    if (depth === this.blockCodes.length) this.growBlocks();
    if (depth > 0) this.blockUnreachable[depth - 1] = this.unreachable ? 1 : 0;
    this.blockCodes[depth] = code;
    this.blockBases[depth] = this.operandCount;
    this.blockTypes[depth] = type;
    this.depth = depth + 1;
    this.base = this.operandCount;
    this.unreachable = false;
    if (depth > 0) this.pushAll(type.params);
  }

  private growBlocks(): void {
    const length = this.blockCodes.length * 2;
    const codes = new Uint8Array(length);
    const bases = new Int32Array(length);
    const unreachable = new Uint8Array(length);
    codes.set(this.blockCodes);
    bases.set(this.blockBases);
    unreachable.set(this.blockUnreachable);
    this.blockCodes = codes;
    this.blockBases = bases;
    this.blockUnreachable = unreachable;
  }

  /** Checks that exactly the block's results are left, and removes them. */
  private closeBlock(): FuncType {
    const type = this.blockTypes[this.depth - 1]!;
    this.popAll(type.results);
    const left = this.operandCount - this.base;
    if (left !== 0) this.fail("type-mismatch", `type mismatch: ${left} operand${left === 1 ? "" : "s"} too many at the end of the block`);
    return type;
  }

  private end(): void {
    const top = this.depth - 1;
    const type = this.closeBlock();
    if (this.blockCodes[top] === Wasm.If && !sameTypes(type.params, type.results)) {
      this.fail("type-mismatch", "type mismatch: an if without else must give what it takes");
    }
    this.depth = top;
    if (top === 0) {
      this.pushAll(type.results);
      return;
    }
    this.base = this.blockBases[top - 1]!;
    this.unreachable = this.blockUnreachable[top - 1] === 1;
    this.pushAll(type.results);
  }

  private else(): void {
    const top = this.depth - 1;
    if (this.blockCodes[top] !== Wasm.If)
      throw new DecodeError("else-without-if", this.reader.wasmOffset, "END opcode expected, found else without if");
    const type = this.closeBlock();
    this.blockCodes[top] = Wasm.Else;
    this.unreachable = false;
    this.pushAll(type.params);
  }

  /** What a branch to label `label` carries. */
  private labelTypes(label: number): readonly ValType[] {
    if (label >= this.depth) this.fail("unknown-label", `unknown label ${label}`);
    const at = this.depth - 1 - label;
    const type = this.blockTypes[at]!;
    return this.blockCodes[at] === Wasm.Loop ? type.params : type.results;
  }

  private branchTable(labels: readonly number[]): void {
    this.pop(ValType.I32);
    const arity = this.labelTypes(labels[labels.length - 1]!).length;
    let previous = -1;
    for (let i = 0; i < labels.length; i++) {
      const label = labels[i]!;
      if (label === previous) continue;
      previous = label;
      const types = this.labelTypes(label);
      if (types.length !== arity)
        this.fail("type-mismatch", `type mismatch: br_table label ${label} takes ${types.length} operands, the default ${arity}`);
      this.checkTop(types);
    }
    this.divert();
  }

  // ---- instructions with rules of their own

  private special(row: InstrRow): void {
    const { reader } = this;
    switch (row.code) {
      case 0x20 satisfies typeof Wasm.LocalGet:
        this.push(this.localType(reader.a));
        break;
      case 0x21 satisfies typeof Wasm.LocalSet:
        this.pop(this.localType(reader.a));
        break;
      case 0x22 satisfies typeof Wasm.LocalTee: {
        const type = this.localType(reader.a);
        this.pop(type);
        this.push(type);
        break;
      }
      case 0x0b satisfies typeof Wasm.End:
        this.end();
        break;
      case 0x02 satisfies typeof Wasm.Block:
      case 0x03 satisfies typeof Wasm.Loop:
        this.openBlock(row.code);
        break;
      case 0x04 satisfies typeof Wasm.If:
        this.pop(ValType.I32);
        this.openBlock(row.code);
        break;
      case 0x05 satisfies typeof Wasm.Else:
        this.else();
        break;
      case 0x0d satisfies typeof Wasm.BrIf: {
        this.pop(ValType.I32);
        const types = this.labelTypes(reader.a);
        this.popAll(types);
        this.pushAll(types);
        break;
      }
      case 0x0c satisfies typeof Wasm.Br:
        this.popAll(this.labelTypes(reader.a));
        this.divert();
        break;
      case 0x0e satisfies typeof Wasm.BrTable:
        this.branchTable(reader.labels);
        break;
      case 0x0f satisfies typeof Wasm.Return:
        this.popAll(this.blockTypes[0]!.results);
        this.divert();
        break;
      case 0x00 satisfies typeof Wasm.Unreachable:
        this.divert();
        break;
      case 0x10 satisfies typeof Wasm.Call:
        this.call(this.funcType(reader.a));
        break;
      case 0x11 satisfies typeof Wasm.CallIndirect:
        this.call(this.indirectType());
        break;
      case 0x12 satisfies typeof Wasm.ReturnCall:
        this.returnCall(this.funcType(reader.a));
        break;
      case 0x13 satisfies typeof Wasm.ReturnCallIndirect:
        this.returnCall(this.indirectType());
        break;
      case 0x1a satisfies typeof Wasm.Drop:
        this.popAny();
        break;
      case 0x1b satisfies typeof Wasm.Select:
        this.select();
        break;
      case 0x1c satisfies typeof Wasm.SelectT:
        this.selectTyped();
        break;
      case 0x23 satisfies typeof Wasm.GlobalGet:
        this.globalGet();
        break;
      case 0x24 satisfies typeof Wasm.GlobalSet:
        this.globalSet();
        break;
      default:
        this.references(row.code);
    }
  }

  private references(code: number): void {
    const { reader } = this;
    switch (code) {
      case 0xd0 satisfies typeof Wasm.RefNull:
        this.push(reader.a);
        break;
      case 0xd1 satisfies typeof Wasm.RefIsNull: {
        const type = this.popAny();
        if (type !== UNKNOWN && !isRefType(type as ValType))
          this.fail("type-mismatch", `type mismatch: ref.is_null expects a reference, found ${typeName(type)}`);
        this.push(ValType.I32);
        break;
      }
      case 0xd2 satisfies typeof Wasm.RefFunc:
        this.funcType(reader.a);
        if (this.constGlobals < 0 && this.context.declaredFuncs[reader.a] !== 1) {
          this.fail("undeclared-function-reference", `undeclared function reference ${reader.a}`);
        }
        this.push(ValType.FuncRef);
        break;
      case 0x25 satisfies typeof Wasm.TableGet:
        this.pop(ValType.I32);
        this.push(this.tableElemType(reader.a));
        break;
      case 0x26 satisfies typeof Wasm.TableSet:
        this.pop(this.tableElemType(reader.a));
        this.pop(ValType.I32);
        break;
      case 0xfc00f satisfies typeof Wasm.TableGrow:
        this.pop(ValType.I32);
        this.pop(this.tableElemType(reader.a));
        this.push(ValType.I32);
        break;
      case 0xfc011 satisfies typeof Wasm.TableFill:
        this.pop(ValType.I32);
        this.pop(this.tableElemType(reader.a));
        this.pop(ValType.I32);
        break;
      default:
        // The table of instructions and this file have to agree; a row without a rule is a defect of ours.
        throw new Error(`no validation rule for ${opcodeRow(code)?.mnemonic ?? code}`);
    }
  }

  private openBlock(code: number): void {
    const { a } = this.reader;
    const type = blockTypeOrUndefined(this.module, a);
    if (type === undefined) {
      if (a < 0) throw new DecodeError("block-type", this.reader.wasmOffset + 1, "malformed block type");
      this.fail("unknown-type", `unknown type ${a}`);
    }
    this.popAll(type.params);
    this.pushBlock(code, type);
  }

  private call(type: FuncType): void {
    this.popAll(type.params);
    this.pushAll(type.results);
  }

  /** A call in place of this function: what the callee returns, this function returns. */
  private returnCall(type: FuncType): void {
    this.popAll(type.params);
    const { results } = this.blockTypes[0]!;
    if (!sameTypes(type.results, results)) {
      this.fail("type-mismatch", `type mismatch: the callee returns (${typeNames(type.results)}), the caller (${typeNames(results)})`);
    }
    this.divert();
  }

  /** Checks the table and the index operand of an indirect call; returns the callee's type. */
  private indirectType(): FuncType {
    const { a, b, row } = this.reader;
    const elemType = this.tableElemType(b);
    if (elemType !== ValType.FuncRef) this.fail("type-mismatch", `type mismatch: ${row.mnemonic} through a table of ${typeName(elemType)}`);
    const type = this.module.types[a];
    if (type === undefined) this.fail("unknown-type", `unknown type ${a}`);
    this.pop(ValType.I32);
    return type;
  }

  private select(): void {
    this.pop(ValType.I32);
    const second = this.popAny();
    const first = this.popAny();
    if (isRefType(first as ValType) || isRefType(second as ValType))
      this.fail("type-mismatch", "type mismatch: select of references needs a type");
    if (first !== second && first !== UNKNOWN && second !== UNKNOWN) this.failType(first, second);
    this.push(first === UNKNOWN ? second : first);
  }

  private selectTyped(): void {
    const { types } = this.reader;
    if (types.length !== 1) this.fail("invalid-result-arity", `invalid result arity: select with ${types.length} types`);
    const type = types[0]!;
    this.pop(ValType.I32);
    this.pop(type);
    this.pop(type);
    this.push(type);
  }

  private globalGet(): void {
    const { a } = this.reader;
    const type = this.module.globalTypes[a];
    if (type === undefined || (this.constGlobals >= 0 && a >= this.constGlobals)) this.fail("unknown-global", `unknown global ${a}`);
    if (this.constGlobals >= 0 && type.mutable) this.fail("constant-expression", `constant expression required, found mutable global ${a}`);
    this.push(type.valType);
  }

  private globalSet(): void {
    const { a } = this.reader;
    const type = this.module.globalTypes[a];
    if (type === undefined) this.fail("unknown-global", `unknown global ${a}`);
    if (!type.mutable) this.fail("immutable-global", `immutable global ${a}`);
    this.pop(type.valType);
  }

  // ---- indices

  private localType(index: number): number {
    if (index >= this.localCount) this.fail("unknown-local", `unknown local ${index}`);
    return this.locals[index]!;
  }

  private funcType(index: number): FuncType {
    const type = this.module.funcTypes[index];
    if (type === undefined) this.fail("unknown-function", `unknown function ${index}`);
    return type;
  }

  private tableElemType(index: number): ValType {
    const type = this.module.tableTypes[index];
    if (type === undefined) this.fail("unknown-table", `unknown table ${index}`);
    return type.elemType;
  }

  private checkMemory(index: number): void {
    if (index >= this.module.memoryTypes.length) this.fail("unknown-memory", `unknown memory ${index}`);
  }

  private checkData(index: number): void {
    const { dataCount } = this.module;
    if (dataCount === undefined) throw new DecodeError("data-count-required", this.reader.wasmOffset, "data count section required");
    if (index >= dataCount) this.fail("unknown-data", `unknown data segment ${index}`);
  }

  private elemType(index: number): ValType {
    const segment = this.module.elems[index];
    if (segment === undefined) this.fail("unknown-elem", `unknown elem segment ${index}`);
    return segment.elemType;
  }

  private checkMemArg(row: InstrRow): void {
    const { reader } = this;
    this.checkMemory(reader.c);
    if (reader.a > row.align) {
      this.fail("alignment", `alignment must not be larger than natural: 2^${reader.a} for ${row.mnemonic}, natural is 2^${row.align}`);
    }
    if (reader.b > 0xffff_ffff) this.fail("offset-out-of-range", `offset out of range: ${reader.b}`);
    if (row.imm === Imm.MemArgLane) this.checkLane(reader.d, row.lanes);
  }

  private checkLane(lane: number, lanes: number): void {
    if (lane >= lanes) this.fail("invalid-lane", `invalid lane index ${lane}, there are ${lanes}`);
  }

  private checkShuffle(lanes: number): void {
    const { lo, hi, lo2, hi2 } = this.reader;
    for (let i = 0; i < 32; i += 8) {
      this.checkLane((lo >>> i) & 0xff, lanes);
      this.checkLane((hi >>> i) & 0xff, lanes);
      this.checkLane((lo2 >>> i) & 0xff, lanes);
      this.checkLane((hi2 >>> i) & 0xff, lanes);
    }
  }

  /** Index immediates of instructions whose operands are plain. */
  private checkIndices(row: InstrRow): void {
    const { a, b } = this.reader;
    switch (row.code) {
      case 0x3f satisfies typeof Wasm.MemorySize:
      case 0x40 satisfies typeof Wasm.MemoryGrow:
      case 0xfc00b satisfies typeof Wasm.MemoryFill:
        this.checkMemory(a);
        break;
      case 0xfc00a satisfies typeof Wasm.MemoryCopy:
        this.checkMemory(a);
        this.checkMemory(b);
        break;
      case 0xfc008 satisfies typeof Wasm.MemoryInit:
        this.checkMemory(b);
        this.checkData(a);
        break;
      case 0xfc009 satisfies typeof Wasm.DataDrop:
        this.checkData(a);
        break;
      case 0xfc010 satisfies typeof Wasm.TableSize:
        this.tableElemType(a);
        break;
      case 0xfc00c satisfies typeof Wasm.TableInit:
        this.sameElemType(this.tableElemType(b), this.elemType(a));
        break;
      case 0xfc00d satisfies typeof Wasm.ElemDrop:
        this.elemType(a);
        break;
      case 0xfc00e satisfies typeof Wasm.TableCopy:
        this.sameElemType(this.tableElemType(a), this.tableElemType(b));
        break;
      default:
        if (row.imm === Imm.Lane) this.checkLane(a, row.lanes);
        else if (row.imm === Imm.Shuffle) this.checkShuffle(row.lanes);
    }
  }

  private sameElemType(expected: ValType, found: ValType): void {
    if (expected !== found) this.failType(expected, found);
  }

  // ---- failures

  private fail(code: string, message: string): never {
    throw new ValidationError(code, this.reader.wasmOffset, message);
  }

  /** `found` is -1 when there is no operand. */
  private failType(expected: number, found: number): never {
    const what = expected === UNKNOWN ? "an operand" : typeName(expected);
    this.fail(
      "type-mismatch",
      `type mismatch: ${this.reader.row.mnemonic} expects ${what}, found ${found < 0 ? "nothing" : typeName(found)}`,
    );
  }
}

function typeName(type: number): string {
  return valTypeName(type as ValType);
}

function typeNames(types: readonly ValType[]): string {
  return types.map(valTypeName).join(", ");
}

function sameTypes(a: readonly ValType[], b: readonly ValType[]): boolean {
  return a.length === b.length && a.every((type, i) => type === b[i]);
}
