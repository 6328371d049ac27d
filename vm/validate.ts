/**
 * Validation of a whole module (spec: validation/modules): index spaces, limits, exports, segments, constant expressions
 * and every function body. What happens inside one expression is checker.ts. Nothing here changes the module.
 */
import { BodyChecker } from "./check-body.ts";
import type { CheckerContext } from "./checker.ts";
import { SectionId } from "./decode.ts";
import { ValidationError } from "./errors.ts";
import { InstrReader } from "./instr.ts";
import { Wasm } from "./opcodes.ts";
import { contentsMatch, isSubtype, matches } from "./subtype.ts";
import {
  addressType,
  type ConstExpr,
  ExternKind,
  type FuncBody,
  type FuncType,
  isDefaultable,
  type MemoryType,
  type Module,
  type TableType,
  type TypeDef,
  type ValType,
  valTypeName,
} from "./types.ts";

/** Most declared supertypes of a type, one above the other. */
const MAX_SUBTYPING_DEPTH = 63;

/**
 * Validates a decoded module. Throws ValidationError, or DecodeError for malformed instructions, with the offset of the
 * culprit and a message that begins as the official suite's does. Cost: one pass over all function bodies.
 * `quick` false does without check-body.ts's shorter rules: slower, the same verdicts; for tests that compare the two.
 */
export function validateModule(module: Module, quick = true): void {
  new ModuleValidator(module, quick).validate();
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
  const checker = checkerAt(module, funcIndex, wasmOffset);
  return checker === undefined ? undefined : { operands: checker.operandTypes(), reachable: !checker.unreachable };
}

/**
 * Locals that have no value yet just before the instruction at `wasmOffset`, or at the function's entry when that is -1.
 * Only such of types without a default can be among them. The module must be valid. Cost: as operandTypesAt, if there are any.
 */
export function unsetLocalsAt(module: Module, funcIndex: number, wasmOffset: number): readonly number[] {
  const paramCount = module.funcTypes[funcIndex]?.params.length ?? 0;
  const later = localTypes(module, funcIndex).flatMap((type, i) => (i < paramCount || isDefaultable(type) ? [] : [i]));
  if (later.length === 0 || wasmOffset < 0) return later;
  return checkerAt(module, funcIndex, wasmOffset)?.unsetLocals() ?? later;
}

/** A checker that has stopped before the instruction at an offset; undefined when none begins there. */
function checkerAt(module: Module, funcIndex: number, wasmOffset: number): BodyChecker | undefined {
  const body = module.funcs[funcIndex - module.importedFuncCount];
  if (body === undefined || wasmOffset < body.codeStart || wasmOffset >= body.end) return undefined;
  // A valid module declares every function it names with ref.func.
  const context: CheckerContext = { declaredFuncs: new Uint8Array(module.funcTypes.length).fill(1) };
  const reader = new InstrReader(module.bytes, body.codeStart, body.end);
  const checker = new BodyChecker(module, context, reader);
  checker.beginBody(module.funcTypes[funcIndex]!, body.localRuns);
  return checker.run(wasmOffset) ? checker : undefined;
}

class ModuleValidator {
  private readonly module: Module;
  private readonly declaredFuncs: Uint8Array;
  private readonly checker: BodyChecker;
  private readonly reader: InstrReader;
  private readonly constTypes = new Map<ValType, FuncType>();

  constructor(module: Module, quick: boolean) {
    this.module = module;
    this.declaredFuncs = new Uint8Array(module.funcTypes.length);
    this.reader = new InstrReader(module.bytes, 0, 0);
    this.checker = new BodyChecker(module, { declaredFuncs: this.declaredFuncs }, this.reader, quick);
  }

  validate(): void {
    const { module } = this;
    this.types();
    this.imports();
    const memoriesStart = this.sectionStart(SectionId.Memory);
    for (const [i, type] of module.memories.entries()) this.memory(type, `memory ${i}`, memoriesStart);
    this.tags();
    this.tables();
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

  private types(): void {
    const { types, canonicalTypes } = this.module;
    const depths = new Uint8Array(types.length);
    for (const [i, type] of types.entries()) {
      // Types equal to earlier ones share their records, and with them the verdict.
      if (canonicalTypes[i] !== i) continue;
      if (type.supertype >= 0) depths[i] = this.supertype(i, type, depths);
      if (type.descriptor >= 0 || type.describes >= 0) this.descriptors(i, type);
    }
  }

  /** Checks a declared supertype; returns how many are above the type. */
  private supertype(index: number, type: TypeDef, depths: Uint8Array): number {
    const { types } = this.module;
    const { supertype, wasmOffset } = type;
    if (supertype >= index)
      throw new ValidationError("unknown-type", wasmOffset, `unknown type ${supertype}: a supertype comes before its subtype`);
    const above = types[supertype]!;
    if (above.final || !contentsMatch(types, type, above) || !descriptorsMatch(types, type, above)) {
      const final = above.final ? ", which is final" : "";
      throw new ValidationError("sub-type", wasmOffset, `sub type ${index} does not match super type ${supertype}${final}`);
    }
    const depth = depths[supertype]! + 1;
    if (depth > MAX_SUBTYPING_DEPTH) {
      throw new ValidationError(
        "limit-subtyping",
        wasmOffset,
        `sub type ${index} has too many supertypes, the limit is ${MAX_SUBTYPING_DEPTH}`,
      );
    }
    return depth;
  }

  /** Types that describe each other: both structs of one group, the described one first. */
  private descriptors(index: number, type: TypeDef): void {
    const { types } = this.module;
    const { descriptor, describes, groupStart, groupSize, wasmOffset, kind } = type;
    const fail = (message: string): never => {
      throw new ValidationError("descriptor", wasmOffset, message);
    };
    const inGroup = (other: number): boolean => other >= groupStart && other < groupStart + groupSize;
    if (descriptor >= 0) {
      if (!inGroup(descriptor)) fail(`descriptor type is outside rec group: ${descriptor}`);
      if (types[descriptor]!.describes !== index) fail(`type is not described by its descriptor: ${index} by ${descriptor}`);
      if (kind !== "struct") fail(`descriptor type must be a struct: type ${index}`);
    }
    if (describes >= 0) {
      if (!inGroup(describes)) fail(`described type is outside rec group: ${describes}`);
      if (describes >= index) fail(`forward use of described type ${describes}`);
      if (types[describes]!.descriptor !== index) fail(`described type is not described by descriptor: ${describes} by ${index}`);
      if (kind !== "struct") fail(`described type must be a struct: type ${index}`);
    }
  }

  private imports(): void {
    for (const { module, name, desc, wasmOffset } of this.module.imports) {
      const what = `import ${module}.${name}`;
      if (desc.kind === ExternKind.Table) this.tableLimits(desc.type, what, wasmOffset);
      else if (desc.kind === ExternKind.Memory) this.memory(desc.type, what, wasmOffset);
    }
  }

  private tags(): void {
    const wasmOffset = this.sectionStart(SectionId.Tag);
    for (const [i, { results }] of this.module.tagTypes.entries()) {
      if (results.length > 0) throw new ValidationError("tag-results", wasmOffset, `non-empty tag result type: tag ${i}`);
    }
  }

  private tables(): void {
    const { tables, tableTypes, globalTypes, globals } = this.module;
    const wasmOffset = this.sectionStart(SectionId.Table);
    const importedGlobals = globalTypes.length - globals.length;
    for (const [i, { type, init }] of tables.entries()) {
      const what = `table ${tableTypes.length - tables.length + i}`;
      this.tableLimits(type, what, wasmOffset);
      if (init !== undefined) this.constant(init, type.elemType, importedGlobals);
      else if (!isDefaultable(type.elemType)) {
        throw new ValidationError(
          "type-mismatch",
          wasmOffset,
          `type mismatch: ${what} of ${valTypeName(type.elemType)} needs an initial value`,
        );
      }
    }
  }

  private tableLimits({ limits: { min, max }, address64 }: TableType, what: string, wasmOffset: number): void {
    const most = address64 === true ? 2 ** 64 : 2 ** 32 - 1;
    if (min > most || (max !== undefined && max > most)) {
      throw new ValidationError(
        "table-size",
        wasmOffset,
        `table size must be at most ${address64 === true ? "2^64-1" : "2^32-1"}: ${what}`,
      );
    }
    checkMinMax(min, max, what, wasmOffset);
  }

  private memory({ limits: { min, max }, address64, shared, pageShift = 16 }: MemoryType, what: string, wasmOffset: number): void {
    if (pageShift !== 0 && pageShift !== 16) {
      throw new ValidationError("page-size", wasmOffset, `invalid custom page size: 2^${pageShift} of ${what}, it must be 1 or 65536`);
    }
    // All addresses; but of pages of one byte, their number must itself be an address.
    const most = 2 ** ((address64 === true ? 64 : 32) - pageShift) - (pageShift === 0 && address64 !== true ? 1 : 0);
    if (min > most || (max !== undefined && max > most)) {
      const unit = pageShift === 16 ? "pages" : "bytes";
      const bytes = address64 === true ? "" : " (4GiB)";
      throw new ValidationError("memory-size", wasmOffset, `memory size must be at most ${most} ${unit}${bytes}: ${what}`);
    }
    if (shared === true && max === undefined) {
      throw new ValidationError("shared-memory", wasmOffset, `shared memory must have maximum: ${what}`);
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
      case ExternKind.Tag:
        return ["tag", module.tagTypes.length];
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
        if (!matches(module.types, elemType, table.elemType)) {
          const found = `${valTypeName(elemType)} elements for a table of ${valTypeName(table.elemType)}`;
          throw new ValidationError("type-mismatch", wasmOffset, `type mismatch: ${found}`);
        }
        this.constant(mode.offset, addressType(table.address64), module.globalTypes.length);
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
      const memory = module.memoryTypes[mode.index];
      if (memory === undefined) throw new ValidationError("unknown-memory", start, `unknown memory ${mode.index}`);
      this.constant(mode.offset, addressType(memory.address64), module.globalTypes.length);
    }
  }

  /** Checks a constant expression and notes the functions it names, which bodies may then name too. */
  private constant(expr: ConstExpr, type: ValType, constGlobals: number): void {
    const { reader, checker } = this;
    this.seek(expr.start, expr.end);
    checker.beginConstant(this.constType(type), constGlobals);
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

  private body(funcIndex: number, { codeStart, end, localRuns }: FuncBody): void {
    this.seek(codeStart, end);
    this.checker.beginBody(this.module.funcTypes[funcIndex]!, localRuns);
    this.checker.run(end);
  }

  private seek(start: number, end: number): void {
    this.reader.pos = start;
    this.reader.end = end;
  }
}

/** The rules for descriptors of a type and its declared supertype. */
function descriptorsMatch(types: readonly TypeDef[], sub: TypeDef, sup: TypeDef): boolean {
  // A supertype without descriptor is fine; one that has one needs a subtype whose descriptor is a subtype.
  if (sup.descriptor >= 0 && (sub.descriptor < 0 || !isSubtype(types, sub.descriptor, sup.descriptor))) return false;
  if (sup.describes < 0 || sub.describes < 0) return sup.describes === sub.describes;
  return isSubtype(types, sub.describes, sup.describes);
}

function checkMinMax(min: number, max: number | undefined, what: string, wasmOffset: number): void {
  if (max !== undefined && min > max) {
    throw new ValidationError("limits", wasmOffset, `size minimum must not be greater than maximum: ${what} has ${min} and ${max}`);
  }
}
