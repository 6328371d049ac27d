/**
 * Validation of a whole module (spec: validation/modules): index spaces, limits, exports, segments, constant expressions
 * and every function body. What happens inside one expression is checker.ts. Nothing here changes the module.
 */
import { Checker, type CheckerContext } from "./checker.ts";
import { DecodeLimit, SectionId } from "./decode.ts";
import { ValidationError } from "./errors.ts";
import { InstrReader } from "./instr.ts";
import { Wasm } from "./opcodes.ts";
import { type ConstExpr, ExternKind, type FuncBody, type FuncType, type Limits, type Module, ValType, valTypeName } from "./types.ts";

const MAX_MEMORY_PAGES = 65_536;
const MAX_TABLE_ELEMENTS = 0xffff_ffff;

/**
 * Validates a decoded module. Throws ValidationError, or DecodeError for malformed instructions, with the offset of the
 * culprit and a message that begins as the official suite's does. Cost: one pass over all function bodies.
 */
export function validateModule(module: Module): void {
  new ModuleValidator(module).validate();
}

/** Types of the parameters and declared locals of a function that the module defines. */
export function localTypes(module: Module, funcIndex: number): ValType[] {
  const types = [...(module.funcTypes[funcIndex]?.params ?? [])];
  for (const { count, type } of module.funcs[funcIndex - module.importedFuncCount]?.localRuns ?? []) {
    for (let i = 0; i < count; i++) types.push(type);
  }
  return types;
}

export interface OperandTypes {
  /** Whole operand stack of the function, bottom first. */
  readonly operands: ValType[];
  /** False behind a branch, return or unreachable in the same block: such code never executes. */
  readonly reachable: boolean;
}

/**
 * Static types of the operand stack just before the instruction at `wasmOffset` executes; undefined when no instruction
 * of the function begins there. Operands of unknown type, which only unreachable code has, are reported as i32.
 * The module must be valid. Cost: checks the function from its start.
 */
export function operandTypesAt(module: Module, funcIndex: number, wasmOffset: number): OperandTypes | undefined {
  const body = module.funcs[funcIndex - module.importedFuncCount];
  if (body === undefined || wasmOffset < body.codeStart || wasmOffset >= body.end) return undefined;
  // A valid module declares every function it names with ref.func.
  const context: CheckerContext = { declaredFuncs: new Uint8Array(module.funcTypes.length).fill(1) };
  const reader = new InstrReader(module.bytes, body.codeStart, body.end);
  const checker = new Checker(module, context, reader);
  const locals = Uint8Array.from(localTypes(module, funcIndex));
  checker.beginBody(reader, module.funcTypes[funcIndex]!, locals, locals.length);
  if (!checker.run(wasmOffset)) return undefined;
  return { operands: checker.operandTypes(), reachable: !checker.unreachable };
}

class ModuleValidator {
  private readonly module: Module;
  private readonly declaredFuncs: Uint8Array;
  private readonly checker: Checker;
  private readonly reader: InstrReader;
  private readonly locals = new Uint8Array(DecodeLimit.Locals + DecodeLimit.Params);
  private readonly constTypes = new Map<ValType, FuncType>();

  constructor(module: Module) {
    this.module = module;
    this.declaredFuncs = new Uint8Array(module.funcTypes.length);
    this.reader = new InstrReader(module.bytes, 0, 0);
    this.checker = new Checker(module, { declaredFuncs: this.declaredFuncs }, this.reader);
  }

  validate(): void {
    const { module } = this;
    this.imports();
    const tablesStart = this.sectionStart(SectionId.Table);
    const memoriesStart = this.sectionStart(SectionId.Memory);
    for (const [i, { type }] of module.tables.entries()) this.tableLimits(type.limits, `table ${i}`, tablesStart);
    for (const [i, { limits }] of module.memories.entries()) this.memoryLimits(limits, `memory ${i}`, memoriesStart);
    this.globals();
    this.exports();
    this.start();
    this.elems();
    this.datas();
    for (let i = 0; i < module.funcs.length; i++) this.body(module.importedFuncCount + i, module.funcs[i]!);
  }

  private sectionStart(id: number): number {
    return this.module.sections.find((section) => section.id === id)?.start ?? 0;
  }

  private imports(): void {
    for (const { module, name, desc, wasmOffset } of this.module.imports) {
      const what = `import ${module}.${name}`;
      if (desc.kind === ExternKind.Table) this.tableLimits(desc.type.limits, what, wasmOffset);
      else if (desc.kind === ExternKind.Memory) this.memoryLimits(desc.type.limits, what, wasmOffset);
    }
  }

  private tableLimits({ min, max }: Limits, what: string, wasmOffset: number): void {
    if (min > MAX_TABLE_ELEMENTS || (max !== undefined && max > MAX_TABLE_ELEMENTS)) {
      throw new ValidationError("table-size", wasmOffset, `table size must be at most 2^32-1: ${what}`);
    }
    checkMinMax(min, max, what, wasmOffset);
  }

  private memoryLimits({ min, max }: Limits, what: string, wasmOffset: number): void {
    if (min > MAX_MEMORY_PAGES || (max !== undefined && max > MAX_MEMORY_PAGES)) {
      throw new ValidationError("memory-size", wasmOffset, `memory size must be at most 65536 pages (4GiB): ${what}`);
    }
    checkMinMax(min, max, what, wasmOffset);
  }

  private globals(): void {
    const { globals, globalTypes } = this.module;
    const imported = globalTypes.length - globals.length;
    // An initializer may read any global before its own.
    for (const [i, global] of globals.entries()) this.constant(global.init, global.type.valType, imported + i);
  }

  private exports(): void {
    const { module } = this;
    const names = new Set<string>();
    for (const { name, kind, index, wasmOffset } of module.exports) {
      if (names.has(name)) throw new ValidationError("duplicate-export", wasmOffset, `duplicate export name ${JSON.stringify(name)}`);
      names.add(name);
      const [what, count] = this.indexSpace(kind);
      if (index >= count)
        throw new ValidationError(`unknown-${what}`, wasmOffset, `unknown ${what} ${index} in export ${JSON.stringify(name)}`);
      if (kind === ExternKind.Func) this.declaredFuncs[index] = 1;
    }
  }

  private indexSpace(kind: ExternKind): [string, number] {
    const { module } = this;
    switch (kind) {
      case ExternKind.Func:
        return ["function", module.funcTypes.length];
      case ExternKind.Table:
        return ["table", module.tableTypes.length];
      case ExternKind.Memory:
        return ["memory", module.memoryTypes.length];
      case ExternKind.Global:
        return ["global", module.globalTypes.length];
    }
  }

  private start(): void {
    const { start, funcTypes } = this.module;
    if (start === undefined) return;
    const wasmOffset = this.sectionStart(SectionId.Start);
    const type = funcTypes[start];
    if (type === undefined) throw new ValidationError("unknown-function", wasmOffset, `unknown function ${start} as start function`);
    if (type.params.length + type.results.length > 0) {
      throw new ValidationError("start-function", wasmOffset, `start function ${start} must take and return nothing`);
    }
  }

  private elems(): void {
    const { module } = this;
    for (const { elemType, mode, items, wasmOffset } of module.elems) {
      if (mode.kind === "active") {
        const table = module.tableTypes[mode.index];
        if (table === undefined) throw new ValidationError("unknown-table", wasmOffset, `unknown table ${mode.index}`);
        if (table.elemType !== elemType) {
          const found = `${valTypeName(elemType)} elements for a table of ${valTypeName(table.elemType)}`;
          throw new ValidationError("type-mismatch", wasmOffset, `type mismatch: ${found}`);
        }
        this.constant(mode.offset, ValType.I32, module.globalTypes.length);
      }
      for (const item of items) {
        if (typeof item !== "number") this.constant(item, elemType, module.globalTypes.length);
        else if (item >= module.funcTypes.length) throw new ValidationError("unknown-function", wasmOffset, `unknown function ${item}`);
        else this.declaredFuncs[item] = 1;
      }
    }
  }

  private datas(): void {
    const { module } = this;
    for (const { mode, start } of module.datas) {
      if (mode.kind !== "active") continue;
      if (mode.index >= module.memoryTypes.length) throw new ValidationError("unknown-memory", start, `unknown memory ${mode.index}`);
      this.constant(mode.offset, ValType.I32, module.globalTypes.length);
    }
  }

  /** Checks a constant expression and notes the functions it names, which bodies may then name too. */
  private constant(expr: ConstExpr, type: ValType, constGlobals: number): void {
    const { reader, checker } = this;
    this.seek(expr.start, expr.end);
    checker.beginConstant(reader, this.constType(type), constGlobals);
    checker.run(expr.end);
    reader.pos = expr.start;
    while (reader.next()) if (reader.code === Wasm.RefFunc) this.declaredFuncs[reader.a] = 1;
  }

  private constType(result: ValType): FuncType {
    let type = this.constTypes.get(result);
    if (type === undefined) {
      type = { params: [], results: [result] };
      this.constTypes.set(result, type);
    }
    return type;
  }

  private body(funcIndex: number, body: FuncBody): void {
    const type = this.module.funcTypes[funcIndex]!;
    const localCount = this.fillLocals(type, body);
    this.seek(body.codeStart, body.end);
    this.checker.beginBody(this.reader, type, this.locals, localCount);
    this.checker.run(body.end);
  }

  private fillLocals(type: FuncType, body: FuncBody): number {
    const { locals } = this;
    const { params } = type;
    for (let i = 0; i < params.length; i++) locals[i] = params[i]!;
    let at = params.length;
    for (const run of body.localRuns) {
      locals.fill(run.type, at, at + run.count);
      at += run.count;
    }
    return at;
  }

  private seek(start: number, end: number): void {
    this.reader.pos = start;
    this.reader.end = end;
  }
}

function checkMinMax(min: number, max: number | undefined, what: string, wasmOffset: number): void {
  if (max !== undefined && min > max) {
    throw new ValidationError("limits", wasmOffset, `size minimum must not be greater than maximum: ${what} has ${min} and ${max}`);
  }
}
