/**
 * Type checks one expression, instruction by instruction (spec: validation algorithm): control, variables, calls,
 * exceptions, memories and tables; references and objects are check-refs.ts, the stacks check-stack.ts. Knows nothing
 * about sections. Nesting costs no native stack and an instruction allocates nothing.
 */
import { RefChecker } from "./check-refs.ts";
import { DecodeError } from "./errors.ts";
import { CatchKind, type InstrReader } from "./instr.ts";
import { Imm, InstrFlag, type InstrRow, opcodeRow, Wasm } from "./opcodes.ts";
import { allMatch, UNKNOWN } from "./subtype.ts";
import {
  addressType,
  ExternKind,
  type FuncBody,
  type FuncType,
  type GlobalType,
  isRefType,
  type Module,
  nonNull,
  RefFlag,
  refTo,
  type TableType,
  ValType,
  valTypeName,
} from "./types.ts";

const noLocals: FuncBody["localRuns"] = [];

/** What a checker needs to know besides the module. */
export interface CheckerContext {
  /** 1 for each function that `ref.func` may name in a body. */
  readonly declaredFuncs: Uint8Array;
}

const { I32, I64 } = ValType;

export abstract class Checker extends RefChecker {
  private readonly context: CheckerContext;
  /** For each function, whether nothing but its own type is known to be its type. */
  private exactFuncs: Uint8Array | undefined;

  /** Whether there is a memory 0, with addresses of 32 bits. */
  protected readonly hasMemory32: boolean;

  /** In a constant expression: globals below this index may be read. -1 in function bodies. */
  private constGlobals = -1;

  constructor(module: Module, context: CheckerContext, reader: InstrReader) {
    super(module, reader);
    this.context = context;
    this.hasMemory32 = module.memoryTypes.length > 0 && module.memoryTypes[0]!.address64 !== true;
  }

  protected get isConstant(): boolean {
    return this.constGlobals >= 0;
  }

  /** Begins a function body, at whose first instruction the reader stands. */
  beginBody(type: FuncType, localRuns: FuncBody["localRuns"]): void {
    this.constGlobals = -1;
    this.begin(type, localRuns);
  }

  /** Begins a constant expression that may read the immutable ones of the first `constGlobals` globals. */
  beginConstant(type: FuncType, constGlobals: number): void {
    this.constGlobals = constGlobals;
    this.begin(type, noLocals);
  }

  /** Checks the instruction where the reader stands. */
  protected step(): void {
    const { reader } = this;
    reader.next();
    if (this.depth === 0)
      throw new DecodeError("section-size", reader.wasmOffset, "section size mismatch: bytes after the end of the expression");
    this.instruction(reader.row);
  }

  private instruction(row: InstrRow): void {
    if (this.constGlobals >= 0 && (row.flags & InstrFlag.Constant) === 0) {
      this.fail("constant-expression", `constant expression required, found ${row.mnemonic}`);
    }
    const { params, results } = row;
    if (params === undefined || results === undefined || (row.flags & InstrFlag.Checked) !== 0) {
      this.special(row);
      return;
    }
    let from = 0;
    if (row.align >= 0) {
      // The address, which is below the other operands, has the type that the memory says.
      const addressType = this.checkMemArg(row);
      for (let i = params.length - 1; i >= 1; i--) this.pop(params[i]!);
      this.pop(addressType);
      from = params.length;
    } else if (row.lanes > 0) this.checkLanes(row);
    for (let i = params.length - 1; i >= from; i--) this.pop(params[i]!);
    this.pushAll(results);
  }

  // ---- instructions with rules of their own

  private special(row: InstrRow): void {
    const { reader } = this;
    switch (row.code) {
      case 0x20 satisfies typeof Wasm.LocalGet:
        this.push(this.readLocal(reader.a));
        break;
      case 0x21 satisfies typeof Wasm.LocalSet:
        this.pop(this.writeLocal(reader.a));
        break;
      case 0x22 satisfies typeof Wasm.LocalTee: {
        const type = this.writeLocal(reader.a);
        this.pop(type);
        this.push(type);
        break;
      }
      case 0x0b satisfies typeof Wasm.End:
        this.end();
        break;
      case 0x02 satisfies typeof Wasm.Block:
      case 0x03 satisfies typeof Wasm.Loop:
      case 0x06 satisfies typeof Wasm.Try:
        this.openBlock(row.code);
        break;
      case 0x04 satisfies typeof Wasm.If:
        this.pop(I32);
        this.openBlock(row.code);
        break;
      case 0x05 satisfies typeof Wasm.Else:
        this.else();
        break;
      case 0x0d satisfies typeof Wasm.BrIf: {
        this.pop(I32);
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
        this.popAll(this.typeOf(0).results);
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
        if (!this.laterControl(row.code) && !this.memoryOrTable(row.code) && !this.reference(row.code)) {
          // The table of instructions and this file have to agree; a row without a rule is a defect of ours.
          throw new Error(`no validation rule for ${opcodeRow(row.code)?.mnemonic ?? row.code}`);
        }
    }
  }

  /** Calls through references, tail calls and exceptions. */
  private laterControl(code: number): boolean {
    const { reader } = this;
    const { a } = reader;
    switch (code) {
      case 0x12 satisfies typeof Wasm.ReturnCall:
        this.returnCall(this.funcType(a));
        break;
      case 0x13 satisfies typeof Wasm.ReturnCallIndirect:
        this.returnCall(this.indirectType());
        break;
      case 0x14 satisfies typeof Wasm.CallRef:
        this.call(this.referredType());
        break;
      case 0x15 satisfies typeof Wasm.ReturnCallRef:
        this.returnCall(this.referredType());
        break;
      case 0x08 satisfies typeof Wasm.Throw:
        this.popAll(this.tagType(a).params);
        this.divert();
        break;
      case 0x0a satisfies typeof Wasm.ThrowRef:
        this.pop(ValType.ExnRef);
        this.divert();
        break;
      case 0x1f satisfies typeof Wasm.TryTable:
        this.checkCatches(reader.catches);
        this.openBlock(code);
        break;
      case 0x07 satisfies typeof Wasm.Catch:
        this.catchPart(code, this.tagType(a).params);
        break;
      case 0x19 satisfies typeof Wasm.CatchAll:
        this.catchPart(code, []);
        break;
      case 0x09 satisfies typeof Wasm.Rethrow: {
        const label = this.codeOf(this.labelAt(a));
        if (label !== Wasm.Catch && label !== Wasm.CatchAll) this.fail("invalid-rethrow", `invalid rethrow label ${a}`);
        this.divert();
        break;
      }
      case 0x18 satisfies typeof Wasm.Delegate:
        this.delegate(a);
        break;
      case 0xd2 satisfies typeof Wasm.RefFunc:
        this.refFunc(a);
        break;
      default:
        return false;
    }
    return true;
  }

  // ---- blocks and branches

  private end(): void {
    const top = this.depth - 1;
    if (this.codeOf(top) === Wasm.If) {
      const { params, results } = this.typeOf(top);
      if (!allMatch(this.module.types, params, results)) {
        this.fail("type-mismatch", "type mismatch: an if without else must give what it takes");
      }
    }
    this.leaveBlock();
  }

  private else(): void {
    const top = this.depth - 1;
    if (this.codeOf(top) !== Wasm.If)
      throw new DecodeError("else-without-if", this.reader.wasmOffset, "END opcode expected, found else without if");
    this.nextPart(Wasm.Else, this.typeOf(top).params);
  }

  private branchTable(labels: readonly number[]): void {
    this.pop(I32);
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

  // ---- exceptions

  private catchPart(code: number, operands: readonly ValType[]): void {
    const before = this.codeOf(this.depth - 1);
    if (before !== Wasm.Try && before !== Wasm.Catch) {
      throw new DecodeError(
        "catch-without-try",
        this.reader.wasmOffset,
        `END opcode expected, found ${this.reader.row.mnemonic} without try`,
      );
    }
    this.nextPart(code, operands);
  }

  private delegate(label: number): void {
    if (this.codeOf(this.depth - 1) !== Wasm.Try) {
      throw new DecodeError("delegate-without-try", this.reader.wasmOffset, "END opcode expected, found delegate without try");
    }
    // The label counts from outside of the try block.
    if (label + 1 >= this.depth) this.fail("unknown-label", `unknown label ${label}`);
    this.leaveBlock();
  }

  /** Each clause of a try_table is a branch from outside of it. */
  private checkCatches(catches: readonly number[]): void {
    for (let i = 0; i < catches.length; i += 3) {
      const kind = catches[i]!;
      const params = kind < CatchKind.All ? this.tagType(catches[i + 1]!).params : [];
      const types = this.labelTypes(catches[i + 2]!);
      const withRef = kind === CatchKind.TagRef || kind === CatchKind.AllRef;
      const given = withRef ? [...params, nonNull(ValType.ExnRef)] : params;
      if (!allMatch(this.module.types, given, types)) {
        this.fail("type-mismatch", `type mismatch: a catch clause gives (${typeNames(given)}), its label takes (${typeNames(types)})`);
      }
    }
  }

  // ---- calls

  private call(type: FuncType): void {
    this.popAll(type.params);
    this.pushAll(type.results);
  }

  /** A call in place of this function: what the callee returns, this function returns. */
  private returnCall(type: FuncType): void {
    this.popAll(type.params);
    const { results } = this.typeOf(0);
    if (!allMatch(this.module.types, type.results, results)) {
      this.fail("type-mismatch", `type mismatch: the callee returns (${typeNames(type.results)}), the caller (${typeNames(results)})`);
    }
    this.divert();
  }

  /** Checks the table and the index operand of an indirect call; returns the callee's type. */
  private indirectType(): FuncType {
    const { a, b, row } = this.reader;
    const table = this.tableType(b);
    if (!this.isMatch(table.elemType, ValType.FuncRef)) {
      this.fail("type-mismatch", `type mismatch: ${row.mnemonic} through a table of ${valTypeName(table.elemType)}`);
    }
    const type = this.calleeType(a);
    this.pop(addressType(table.address64));
    return type;
  }

  /** Checks the function operand of a call through a reference; returns the callee's type. */
  private referredType(): FuncType {
    const { a } = this.reader;
    const type = this.calleeType(a);
    this.pop(refTo(this.canonicalIndex(a)));
    return type;
  }

  private calleeType(index: number): FuncType {
    const type = this.module.types[index];
    if (type === undefined) this.fail("unknown-type", `unknown type ${index}`);
    if (type.func === undefined) this.fail("type-mismatch", `type mismatch: type ${index} is no function type`);
    return type.func;
  }

  private refFunc(index: number): void {
    this.funcType(index);
    if (this.constGlobals < 0 && this.context.declaredFuncs[index] !== 1) {
      this.fail("undeclared-function-reference", `undeclared function reference ${index}`);
    }
    const type = refTo(this.canonicalIndex(this.module.funcTypeIndices[index]!), RefFlag.NonNull);
    this.push(this.isExactFunc(index) ? type | RefFlag.Exact : type);
  }

  /** Whether a function's own type is known: it is not that of an import, which may be of a subtype. */
  private isExactFunc(index: number): boolean {
    const { imports, importedFuncCount } = this.module;
    if (index >= importedFuncCount) return true;
    if (this.exactFuncs === undefined) {
      const exact = imports.flatMap(({ desc }) => (desc.kind === ExternKind.Func ? [desc.exact === true ? 1 : 0] : []));
      this.exactFuncs = Uint8Array.from(exact);
    }
    return this.exactFuncs[index] === 1;
  }

  // ---- variables

  private select(): void {
    this.pop(I32);
    const second = this.popAny();
    const first = this.popAny();
    if ((first !== UNKNOWN && isRefType(first)) || (second !== UNKNOWN && isRefType(second)))
      this.fail("type-mismatch", "type mismatch: select of references needs a type");
    if (first !== second && first !== UNKNOWN && second !== UNKNOWN) this.failType(first, second);
    this.push(first === UNKNOWN ? second : first);
  }

  private selectTyped(): void {
    const { types } = this.reader;
    if (types.length !== 1) this.fail("invalid-result-arity", `invalid result arity: select with ${types.length} types`);
    const type = this.canonicalType(types[0]!);
    this.pop(I32);
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
    const type: GlobalType | undefined = this.module.globalTypes[a];
    if (type === undefined) this.fail("unknown-global", `unknown global ${a}`);
    if (!type.mutable) this.fail("immutable-global", `immutable global ${a}`);
    this.pop(type.valType);
  }

  // ---- memories and tables

  /** Checks one instruction; false when it is none of these. */
  private memoryOrTable(code: number): boolean {
    const { a, b } = this.reader;
    switch (code) {
      case 0x3f satisfies typeof Wasm.MemorySize:
        this.push(this.memoryAddress(a));
        break;
      case 0x40 satisfies typeof Wasm.MemoryGrow: {
        const address = this.memoryAddress(a);
        this.pop(address);
        this.push(address);
        break;
      }
      case 0xfc00b satisfies typeof Wasm.MemoryFill: {
        const address = this.memoryAddress(a);
        this.popThree(address, I32, address);
        break;
      }
      case 0xfc00a satisfies typeof Wasm.MemoryCopy: {
        const to = this.memoryAddress(a);
        const from = this.memoryAddress(b);
        this.popThree(to, from, shorter(to, from));
        break;
      }
      case 0xfc008 satisfies typeof Wasm.MemoryInit: {
        const address = this.memoryAddress(b);
        this.checkData(a);
        this.popThree(address, I32, I32);
        break;
      }
      case 0xfc009 satisfies typeof Wasm.DataDrop:
        this.checkData(a);
        break;
      case 0xfc00d satisfies typeof Wasm.ElemDrop:
        this.elemType(a);
        break;
      default:
        return this.table(code, a, b);
    }
    return true;
  }

  private table(code: number, a: number, b: number): boolean {
    switch (code) {
      case 0x25 satisfies typeof Wasm.TableGet: {
        const table = this.tableType(a);
        this.pop(addressType(table.address64));
        this.push(table.elemType);
        break;
      }
      case 0x26 satisfies typeof Wasm.TableSet: {
        const table = this.tableType(a);
        this.pop(table.elemType);
        this.pop(addressType(table.address64));
        break;
      }
      case 0xfc00f satisfies typeof Wasm.TableGrow: {
        const table = this.tableType(a);
        this.pop(addressType(table.address64));
        this.pop(table.elemType);
        this.push(addressType(table.address64));
        break;
      }
      case 0xfc010 satisfies typeof Wasm.TableSize:
        this.push(addressType(this.tableType(a).address64));
        break;
      case 0xfc011 satisfies typeof Wasm.TableFill: {
        const table = this.tableType(a);
        this.popThree(addressType(table.address64), table.elemType, addressType(table.address64));
        break;
      }
      case 0xfc00c satisfies typeof Wasm.TableInit: {
        const table = this.tableType(b);
        this.insistElems(table.elemType, this.elemType(a));
        this.popThree(addressType(table.address64), I32, I32);
        break;
      }
      case 0xfc00e satisfies typeof Wasm.TableCopy: {
        const to = this.tableType(a);
        const from = this.tableType(b);
        this.insistElems(to.elemType, from.elemType);
        this.popThree(
          addressType(to.address64),
          addressType(from.address64),
          shorter(addressType(to.address64), addressType(from.address64)),
        );
        break;
      }
      default:
        return false;
    }
    return true;
  }

  /** Pops three operands, the last one on top. */
  private popThree(first: ValType, second: ValType, third: ValType): void {
    this.pop(third);
    this.pop(second);
    this.pop(first);
  }

  private insistElems(expected: ValType, found: ValType): void {
    if (!this.isMatch(found, expected)) this.failType(expected, found);
  }

  private checkMemArg(row: InstrRow): ValType {
    const { reader } = this;
    const address = this.memoryAddress(reader.c);
    if ((row.flags & InstrFlag.Atomic) !== 0) {
      if (reader.a !== row.align)
        this.fail("alignment", `atomic alignment must be natural: 2^${reader.a} for ${row.mnemonic}, natural is 2^${row.align}`);
    } else if (reader.a > row.align) {
      this.fail("alignment", `alignment must not be larger than natural: 2^${reader.a} for ${row.mnemonic}, natural is 2^${row.align}`);
    }
    if (reader.b > 0xffff_ffff && address === I32) this.fail("offset-out-of-range", `offset out of range: ${reader.b}`);
    if (row.imm === Imm.MemArgLane) this.checkLane(reader.d, row.lanes);
    return address;
  }

  private checkLanes(row: InstrRow): void {
    const { reader } = this;
    if (row.imm === Imm.Lane) {
      this.checkLane(reader.a, row.lanes);
      return;
    }
    const { lo, hi, lo2, hi2 } = reader;
    for (let i = 0; i < 32; i += 8) {
      this.checkLane((lo >>> i) & 0xff, row.lanes);
      this.checkLane((hi >>> i) & 0xff, row.lanes);
      this.checkLane((lo2 >>> i) & 0xff, row.lanes);
      this.checkLane((hi2 >>> i) & 0xff, row.lanes);
    }
  }

  private checkLane(lane: number, lanes: number): void {
    if (lane >= lanes) this.fail("invalid-lane", `invalid lane index ${lane}, there are ${lanes}`);
  }

  // ---- indices

  private funcType(index: number): FuncType {
    const type = this.module.funcTypes[index];
    if (type === undefined) this.fail("unknown-function", `unknown function ${index}`);
    return type;
  }

  private tagType(index: number): FuncType {
    const type = this.module.tagTypes[index];
    if (type === undefined) this.fail("unknown-tag", `unknown tag ${index}`);
    return type;
  }

  private tableType(index: number): TableType {
    const type = this.module.tableTypes[index];
    if (type === undefined) this.fail("unknown-table", `unknown table ${index}`);
    return type;
  }

  /** The type of a memory's addresses. */
  private memoryAddress(index: number): ValType {
    const type = this.module.memoryTypes[index];
    if (type === undefined) this.fail("unknown-memory", `unknown memory ${index}`);
    return type.address64 === true ? I64 : I32;
  }
}

/** The type of a length that must fit into both address spaces. */
function shorter(a: ValType, b: ValType): ValType {
  return a === I64 && b === I64 ? I64 : I32;
}

function typeNames(types: readonly ValType[]): string {
  return types.map(valTypeName).join(", ");
}
