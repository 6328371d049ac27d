/**
 * The rewriter: a module for V8's own engine that does what the original does in our machine. NaNs follow the
 * deterministic profile, results of memory.grow and table.grow are reported, the start function waits to be called, and
 * everything that a recorder needs is exported under reserved names. Indices, segments and all that a program can observe
 * stay as they are: additions come at the ends of their index spaces. The original is never written.
 */
import { ByteWriter } from "../rr/codec.ts";
import { SectionId } from "../vm/decode.ts";
import { InstrReader } from "../vm/instr.ts";
import { opcodeRow, Wasm } from "../vm/opcodes.ts";
import { ByteReader } from "../vm/reader.ts";
import {
  addressType,
  ExternKind,
  type FuncBody,
  type FuncType,
  isNullable,
  isRefType,
  type Module,
  typeIndexOf,
  ValType,
} from "../vm/types.ts";
import { FixType, isArithmetic, NanAnalysis, type OpenStore, type StoreGroup } from "./nan.ts";
import type { Sweep } from "./sweep.ts";

/** Names of the exports that the rewriter adds, all behind a prefix that the module does not use. */
export interface ReservedNames {
  /** Memory, table, global, tag `i` of the module's index spaces: the name behind the prefix is this letter and `i`. */
  memory(index: number): string;
  table(index: number): string;
  global(index: number): string;
  tag(index: number): string;
  /** The start function, when the module has one. */
  readonly start: string;
  /** A global that is 1 while stores wait for their check, and so after a trap between them; absent when there are none. */
  readonly pending: string;
  /** The table whose elements are told of grows; absent from the exports when nothing can grow. */
  readonly reports: string;
  /** The table of all functions that may be seen from outside. */
  readonly funcs: string;
}

export interface RewriteOptions {
  /** Export the table `funcs`. */
  readonly funcs?: boolean;
}

export interface Rewritten {
  readonly bytes: Uint8Array;
  readonly names: ReservedNames;
  /** Function indices of the elements of the table `funcs`. */
  readonly funcIndices: readonly number[];
  /** True when the module can grow something: the elements of `reports` have to be set before it runs. */
  readonly reportsGrows: boolean;
  /** Element types of the tables that table.grow can grow, by table index. For each, element 1 + position reports. */
  readonly grownTables: readonly number[];
  /** How many instructions got a fix for NaNs, and how many loops look for NaNs in memory only at their end. */
  readonly fixCount: number;
  readonly sweepCount: number;
  /** True when it may catch what passes through it. */
  readonly catches: boolean;
  /** True when there are instructions on objects of wasm: structs, arrays, and integers of 31 bits. */
  readonly usesObjects: boolean;
}

/**
 * Types of what reports are called with: what (index of memory or table), delta (unsigned), result; and a reference for
 * tables. Sizes are doubles: those of 64-bit memories that can grow are exact, and no BigInt is made.
 */
export const MEMORY_REPORT: FuncType = { params: [ValType.I32, ValType.F64, ValType.F64], results: [] };

export function tableReport(elemType: ValType): FuncType {
  return { params: [ValType.I32, ValType.F64, ValType.F64, elemType], results: [] };
}

/** Pushes a local as a double. */
function getFloat(out: ByteWriter, local: number, type: ValType, signed = false): void {
  out.raw(Uint8Array.of(Wasm.LocalGet, local));
  if (type === ValType.I64) out.u8(signed ? Wasm.F64ConvertI64S : Wasm.F64ConvertI64U);
  else out.u8(signed ? Wasm.F64ConvertI32S : Wasm.F64ConvertI32U);
}

/** Rewrites a validated module. Cost: a visit of each instruction, and a few of those in functions with floating point. */
export function rewriteModule(module: Module, options: RewriteOptions = {}): Rewritten {
  return new Rewriter(module, options.funcs ?? false).rewrite();
}

/** A place in a body where something is put in, in the order of the code. */
interface Edit {
  /** Bytes `[start, end)` of the module are replaced. */
  readonly start: number;
  readonly end: number;
  readonly kind: "fix" | "check" | "store" | "memory.grow" | "table.grow" | "relaxed" | "sweep";
  /** FixType, place in a group of stores, memory, table or opcode. */
  readonly index: number;
  readonly group?: StoreGroup;
  readonly sweep?: Sweep;
}

/** At one place a value is fixed first, then stores before it are checked. */
const editRanks: Readonly<Partial<Record<Edit["kind"], number>>> = { fix: 0, check: 1 };

function editRank({ kind }: Edit): number {
  return editRanks[kind] ?? 2;
}

const magicAndVersion = Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00);
const FUNC_FORM = 0x60;
const OBJECT_PREFIX = 0xfb;
/** A mutable i32 that begins with 0. */
const pendingGlobal = Uint8Array.of(ValType.I32, 1, Wasm.I32Const, 0, Wasm.End);
const sectionsBefore: readonly number[] = [SectionId.Type, SectionId.Import, SectionId.Function, SectionId.Table, SectionId.Memory];
const sectionsAfter: readonly number[] = [
  SectionId.Global,
  SectionId.Export,
  SectionId.Start,
  SectionId.Elem,
  SectionId.DataCount,
  SectionId.Code,
  SectionId.Data,
];

class Rewriter {
  private readonly module: Module;
  private readonly withFuncs: boolean;
  private readonly reader: InstrReader;
  private readonly analysis: NanAnalysis;
  private readonly names: ReservedNames;
  private fixCount = 0;
  private sweepCount = 0;
  private catches = false;
  private usesObjects = false;
  /** True when there is a group of stores. */
  private grouped = false;

  /** What is added, in the order of the indices: helper functions by what they do, their types and bodies. */
  private readonly newTypes: FuncType[] = [];
  private readonly helpers = new Map<string, number>();
  private readonly helperTypes: number[] = [];
  private readonly helperBodies: Uint8Array[] = [];
  private readonly grownTables: number[] = [];

  constructor(module: Module, withFuncs: boolean) {
    this.module = module;
    this.withFuncs = withFuncs;
    this.reader = new InstrReader(module.bytes);
    this.analysis = new NanAnalysis(module, new InstrReader(module.bytes));
    this.names = reservedNames(module);
  }

  rewrite(): Rewritten {
    const { module } = this;
    // Code first: it tells which helpers there are.
    const code = this.code();
    const funcIndices = this.withFuncs ? visibleFunctions(module) : [];
    const out = new ByteWriter(module.bytes.length + (module.bytes.length >>> 3) + 1024);
    out.raw(magicAndVersion);
    for (const { id, put } of this.plan(code, funcIndices)) {
      const contents = put();
      if (contents === undefined) continue;
      out.u8(id);
      out.number(contents.length);
      out.raw(contents);
    }
    const { names, reportsGrows, grownTables, fixCount, sweepCount, catches, usesObjects } = this;
    return { bytes: out.view(), names, funcIndices, reportsGrows, grownTables, fixCount, sweepCount, catches, usesObjects };
  }

  /** The sections of the new module in order; `put` answers undefined for one that is empty. */
  private plan(code: Uint8Array | undefined, funcIndices: readonly number[]): { id: number; put: () => Uint8Array | undefined }[] {
    const added = new Map<number, () => Uint8Array | undefined>([
      [SectionId.Type, () => this.appended(SectionId.Type, this.newTypes.map(typeEntry))],
      [SectionId.Function, () => this.appended(SectionId.Function, this.helperTypes.map(numberEntry))],
      [SectionId.Table, () => this.appended(SectionId.Table, this.tableEntries(funcIndices.length))],
      [SectionId.Global, () => this.appended(SectionId.Global, this.grouped ? [pendingGlobal] : [])],
      [SectionId.Export, () => this.appended(SectionId.Export, this.exportEntries())],
      [SectionId.Start, () => undefined],
      [SectionId.Elem, () => this.appended(SectionId.Elem, this.elemEntries(funcIndices))],
      [SectionId.Code, () => code],
    ]);
    // Sections that are not in these lists (of tags) stand between memories and globals.
    const others = this.module.sections
      .map(({ id }) => id)
      .filter((id) => id !== SectionId.Custom && !sectionsBefore.includes(id) && !sectionsAfter.includes(id));
    const order = [...sectionsBefore, ...others, ...sectionsAfter];
    const plan = order.map((id) => ({ id, put: added.get(id) ?? (() => this.original(id)) }));
    const name = this.module.customs.find((custom) => custom.name === "name");
    const section =
      name && this.module.sections.find(({ id, end, start }) => id === SectionId.Custom && end === name.end && start < name.start);
    if (section !== undefined) plan.push({ id: SectionId.Custom, put: () => this.module.bytes.subarray(section.start, section.end) });
    return plan;
  }

  private original(id: number): Uint8Array | undefined {
    const section = this.module.sections.find((each) => each.id === id);
    return section && this.module.bytes.subarray(section.start, section.end);
  }

  /** A section that is a vector, with more entries at its end. */
  private appended(id: number, entries: readonly Uint8Array[]): Uint8Array | undefined {
    const original = this.original(id);
    if (entries.length === 0) return original;
    const reader = new ByteReader(original ?? Uint8Array.of(0));
    const count = reader.u32();
    const out = new ByteWriter((original?.length ?? 0) + entries.length * 16 + 16);
    out.number(count + entries.length);
    if (original !== undefined) out.raw(original.subarray(reader.pos));
    for (const entry of entries) out.raw(entry);
    return out.view();
  }

  // ---- what is added

  private get reportsGrows(): boolean {
    return [...this.helpers.keys()].some((key) => !key.startsWith("relaxed"));
  }

  private get reportsTable(): number {
    return this.module.tableTypes.length;
  }

  private tableEntries(funcCount: number): Uint8Array[] {
    const entries: Uint8Array[] = [];
    if (this.reportsGrows) entries.push(tableEntry(1 + this.grownTables.length));
    if (this.withFuncs) entries.push(tableEntry(funcCount));
    return entries;
  }

  private get funcsTable(): number {
    return this.reportsTable + (this.reportsGrows ? 1 : 0);
  }

  private exportEntries(): Uint8Array[] {
    const { module, names } = this;
    const entries = [
      ...module.memoryTypes.map((_, i) => exportEntry(names.memory(i), ExternKind.Memory, i)),
      ...module.tableTypes.map((_, i) => exportEntry(names.table(i), ExternKind.Table, i)),
      ...module.globalTypes.map((_, i) => exportEntry(names.global(i), ExternKind.Global, i)),
      ...module.tagTypes.map((_, i) => exportEntry(names.tag(i), ExternKind.Tag, i)),
    ];
    if (this.grouped) entries.push(exportEntry(names.pending, ExternKind.Global, module.globalTypes.length));
    if (module.start !== undefined) entries.push(exportEntry(names.start, ExternKind.Func, module.start));
    if (this.reportsGrows) entries.push(exportEntry(names.reports, ExternKind.Table, this.reportsTable));
    if (this.withFuncs) entries.push(exportEntry(names.funcs, ExternKind.Table, this.funcsTable));
    return entries;
  }

  /** An active segment that fills the table `funcs`. */
  private elemEntries(funcIndices: readonly number[]): Uint8Array[] {
    if (funcIndices.length === 0) return [];
    const out = new ByteWriter(funcIndices.length * 3 + 16);
    out.u8(2);
    out.number(this.funcsTable);
    out.raw(Uint8Array.of(Wasm.I32Const, 0, Wasm.End, 0));
    out.number(funcIndices.length);
    for (const index of funcIndices) out.number(index);
    return [out.view()];
  }

  private typeIndex(type: FuncType): number {
    return this.module.types.length + this.newTypes.push(type) - 1;
  }

  /** Index of the function that grows memory or table `index` and reports it, or does what a relaxed instruction does. */
  private helper(kind: "memory.grow" | "table.grow" | "relaxed", index: number): number {
    const key = `${kind} ${index}`;
    const known = this.helpers.get(key);
    if (known !== undefined) return known;
    if (kind === "memory.grow") this.memoryHelper(index);
    else if (kind === "table.grow") this.tableHelper(index);
    else this.relaxedHelper(index);
    const funcIndex = this.module.funcTypes.length + this.helpers.size;
    this.helpers.set(key, funcIndex);
    return funcIndex;
  }

  /** (delta) -> result, which grows the memory and calls element 0 of the reports. */
  private memoryHelper(index: number): void {
    const report = this.typeIndex(MEMORY_REPORT);
    const address = addressType(this.module.memoryTypes[index]!.address64);
    this.helperTypes.push(this.typeIndex({ params: [address], results: [address] }));
    const body = new ByteWriter(64);
    body.raw(Uint8Array.of(1, 1, address, Wasm.LocalGet, 0, Wasm.MemoryGrow));
    body.number(index);
    body.raw(Uint8Array.of(Wasm.LocalSet, 1, Wasm.I32Const));
    signedNumber(body, index);
    getFloat(body, 0, address);
    getFloat(body, 1, address, true);
    body.raw(Uint8Array.of(Wasm.I32Const, 0, Wasm.CallIndirect));
    this.finishHelper(body, report, 1);
  }

  /** (reference, delta) -> result, likewise. */
  private tableHelper(index: number): void {
    const type = this.module.tableTypes[index]!;
    const address = addressType(type.address64);
    const element = this.grownTables.push(index);
    const report = this.typeIndex(tableReport(type.elemType));
    this.helperTypes.push(this.typeIndex({ params: [type.elemType, address], results: [address] }));
    const body = new ByteWriter(64);
    body.raw(Uint8Array.of(1, 1, address, Wasm.LocalGet, 0, Wasm.LocalGet, 1));
    writeCode(body, Wasm.TableGrow);
    body.number(index);
    body.raw(Uint8Array.of(Wasm.LocalSet, 2, Wasm.I32Const));
    signedNumber(body, index);
    getFloat(body, 1, address);
    getFloat(body, 2, address, true);
    body.raw(Uint8Array.of(Wasm.LocalGet, 0, Wasm.I32Const));
    signedNumber(body, element);
    body.u8(Wasm.CallIndirect);
    this.finishHelper(body, report, 2);
  }

  private finishHelper(body: ByteWriter, reportType: number, resultLocal: number): void {
    body.number(reportType);
    body.number(this.reportsTable);
    body.raw(Uint8Array.of(Wasm.LocalGet, resultLocal, Wasm.End));
    this.helperBodies.push(body.view());
  }

  // ---- code

  private code(): Uint8Array | undefined {
    const { module } = this;
    const section = module.sections.find(({ id }) => id === SectionId.Code);
    if (section === undefined) return undefined;
    const out = new ByteWriter(section.end - section.start + ((section.end - section.start) >>> 3) + 64);
    const edits: Edit[] = [];
    for (const [i, body] of module.funcs.entries()) {
      edits.length = 0;
      this.editsOf(module.funcTypes[module.importedFuncCount + i]!, body, edits);
      if (edits.length === 0) {
        out.number(body.end - body.start);
        out.range(module.bytes, body.start, body.end);
      } else this.body(out, module.importedFuncCount + i, body, edits);
    }
    for (const body of this.helperBodies) {
      out.number(body.length);
      out.raw(body);
    }
    const whole = new ByteWriter(out.length + 8);
    whole.number(module.funcs.length + this.helperBodies.length);
    whole.raw(out.view());
    return whole.view();
  }

  private editsOf(type: FuncType, body: FuncBody, edits: Edit[]): void {
    const { reader } = this;
    reader.pos = body.codeStart;
    reader.end = body.end;
    let arithmetic = false;
    while (reader.next()) {
      const { code } = reader;
      if (code === Wasm.MemoryGrow) edits.push({ start: reader.wasmOffset, end: reader.pos, kind: "memory.grow", index: reader.a });
      else if (code === Wasm.TableGrow) edits.push({ start: reader.wasmOffset, end: reader.pos, kind: "table.grow", index: reader.a });
      else {
        if (code === Wasm.Try || code === Wasm.TryTable) this.catches = true;
        if (code >>> 12 === OBJECT_PREFIX) this.usesObjects = true;
        if (!arithmetic && isArithmetic(code)) arithmetic = true;
        if (code >= FIRST_RELAXED && code <= LAST_RELAXED)
          edits.push({ start: reader.wasmOffset, end: reader.pos, kind: "relaxed", index: code });
      }
    }
    if (!arithmetic) return;
    const { analysis } = this;
    analysis.analyse(type, body);
    const { fixOffsets, fixTypes } = analysis;
    for (const [i, at] of fixOffsets.entries()) edits.push({ start: at, end: at, kind: "fix", index: fixTypes[i]! });
    for (const group of analysis.groups) {
      for (const [i, { start, end }] of group.stores.entries()) edits.push({ start, end, kind: "store", index: i, group });
      edits.push({ start: group.checkOffset, end: group.checkOffset, kind: "check", index: 0, group });
      this.grouped = true;
    }
    for (const sweep of analysis.sweeps) edits.push({ start: sweep.start, end: sweep.end, kind: "sweep", index: 0, sweep });
    this.fixCount += fixOffsets.length;
    this.sweepCount += analysis.sweeps.length;
    edits.sort((a, b) => a.start - b.start || editRank(a) - editRank(b));
  }

  private body(out: ByteWriter, funcIndex: number, body: FuncBody, edits: readonly Edit[]): void {
    const { funcTypes } = this.module;
    const scratch = new ByteWriter(body.end - body.start + edits.length * 24 + 16);
    const locals = new AddedLocals(body.localRuns.reduce((sum, run) => sum + run.count, funcTypes[funcIndex]!.params.length));
    const code = new ByteWriter(body.end - body.start + edits.length * 24 + 16);
    this.range(code, locals, body.codeStart, body.end, edits);
    this.locals(scratch, body, locals.types);
    scratch.raw(code.view());
    out.number(scratch.length);
    out.raw(scratch.view());
  }

  /** The code of the module in `[from, to)`, edited. */
  private range(code: ByteWriter, locals: AddedLocals, from: number, to: number, edits: readonly Edit[]): void {
    const { bytes } = this.module;
    let at = from;
    for (const { start, end, kind, index, group, sweep } of edits) {
      // Within a loop that is swept.
      if (start < at) continue;
      code.range(bytes, at, start);
      at = end;
      switch (kind) {
        case "fix":
          fix(code, locals.get(fixForms[index]!.valType, 0), fixForms[index]!);
          break;
        case "store":
          this.groupedStore(code, locals, group!, index);
          break;
        case "check":
          this.check(code, locals, group!);
          break;
        case "relaxed":
          this.relaxed(code, index);
          break;
        case "sweep":
          this.swept(
            code,
            locals,
            sweep!,
            edits.filter((edit) => edit.start > sweep!.start && edit.start < sweep!.end),
          );
          break;
        default:
          code.u8(Wasm.Call);
          code.number(this.helper(kind, index));
      }
    }
    code.range(bytes, at, to);
  }

  /**
   * A loop three times: some iterations with checks, for which alone the rest would not pay; the others without; and what
   * one iteration stores to looked through for NaNs.
   *
   *     block
   *       loop  body; br_if 1 (not again); br_if 0 (few iterations, or a local is not aligned)  end
   *       loop  body without checks; br_if 0 (again)  end
   *       the places
   *     end
   */
  private swept(out: ByteWriter, locals: AddedLocals, sweep: Sweep, edits: readonly Edit[]): void {
    const { bodyStart, branchStart, aligned, width } = sweep;
    const count = locals.get(ValType.I32, COUNT_LOCAL);
    const unaligned = locals.get(ValType.I32, UNALIGNED_LOCAL);
    const op = (instruction: number, operand: number): void => {
      out.u8(instruction);
      out.number(operand);
    };
    out.raw(Uint8Array.of(Wasm.I32Const, 0));
    op(Wasm.LocalSet, count);
    out.raw(Uint8Array.of(Wasm.I32Const, 0));
    for (const local of aligned) {
      op(Wasm.LocalGet, local);
      out.u8(Wasm.I32Or);
    }
    out.raw(Uint8Array.of(Wasm.I32Const, width - 1, Wasm.I32And));
    op(Wasm.LocalSet, unaligned);
    out.raw(Uint8Array.of(Wasm.Block, EMPTY_BLOCK, Wasm.Loop, EMPTY_BLOCK));
    this.range(out, locals, bodyStart, branchStart, edits);
    out.raw(Uint8Array.of(Wasm.I32Eqz, Wasm.BrIf, 1));
    op(Wasm.LocalGet, count);
    out.raw(Uint8Array.of(Wasm.I32Const, 1, Wasm.I32Add));
    op(Wasm.LocalTee, count);
    out.raw(Uint8Array.of(Wasm.I32Const, CHECKED_ITERATIONS, Wasm.I32LtU));
    op(Wasm.LocalGet, unaligned);
    out.raw(Uint8Array.of(Wasm.I32Or, Wasm.BrIf, 0, Wasm.End, Wasm.Loop, EMPTY_BLOCK));
    this.range(
      out,
      locals,
      bodyStart,
      branchStart,
      edits.filter(({ kind }) => kind === "fix"),
    );
    out.raw(Uint8Array.of(Wasm.BrIf, 0, Wasm.End));
    this.places(out, locals, sweep, edits);
    out.u8(Wasm.End);
  }

  /**
   * One iteration more with other locals, which fixes what it finds instead of storing. It takes the same way through the
   * loop and goes to the same places: these depend on nothing that the loop changes.
   */
  private places(out: ByteWriter, locals: AddedLocals, { bodyStart, branchStart, assigned }: Sweep, edits: readonly Edit[]): void {
    const { reader } = this;
    const { bytes } = this.module;
    const stores = new Map(
      edits.flatMap(({ kind, group, index }) => (kind === "store" ? [[group!.stores[index]!.start, group!.stores[index]!]] : [])),
    );
    const renamed = new Map(assigned.map(({ index, type }, i) => [index, locals.get(type, RENAMED_LOCAL + i)]));
    for (const [local, copy] of renamed) {
      out.u8(Wasm.LocalGet);
      out.number(local);
      out.u8(Wasm.LocalSet);
      out.number(copy);
    }
    reader.pos = bodyStart;
    reader.end = branchStart;
    while (reader.next()) {
      const { code, wasmOffset, pos, a } = reader;
      const store = stores.get(wasmOffset);
      if (store !== undefined) this.place(out, locals, store);
      else if (code === Wasm.F32Store || code === Wasm.F64Store) out.raw(Uint8Array.of(Wasm.Drop, Wasm.Drop));
      else if (code === Wasm.LocalGet || code === Wasm.LocalSet || code === Wasm.LocalTee) {
        out.u8(code);
        out.number(renamed.get(a) ?? a);
      } else out.range(bytes, wasmOffset, pos);
    }
    out.u8(Wasm.Drop);
  }

  /** In place of a store: the canonical NaN to where it stores, if a NaN is there. */
  private place(out: ByteWriter, locals: AddedLocals, { start, end, type }: OpenStore): void {
    const { bytes } = this.module;
    const { valType, constant, compare } = fixForms[type]!;
    const address = locals.get(ValType.I32, ADDRESS_LOCAL);
    const value = locals.get(valType, 0);
    const local = (code: number, index: number): void => {
      out.u8(code);
      out.number(index);
    };
    out.u8(Wasm.Drop);
    local(Wasm.LocalTee, address);
    out.u8(type === FixType.F32 ? Wasm.F32Load : Wasm.F64Load);
    out.range(bytes, start + 1, end);
    local(Wasm.LocalTee, value);
    local(Wasm.LocalGet, value);
    writeCode(out, compare);
    out.raw(Uint8Array.of(Wasm.I32Eqz, Wasm.If, EMPTY_BLOCK));
    local(Wasm.LocalGet, address);
    out.raw(constant);
    out.range(bytes, start, end);
    out.u8(Wasm.End);
  }

  /** The local declarations of a body as they are, with one more local of each of these types. */
  private locals(out: ByteWriter, body: FuncBody, added: readonly ValType[]): void {
    const { bytes } = this.module;
    const reader = new ByteReader(bytes, body.start, body.codeStart);
    const count = reader.u32();
    out.number(count + added.length);
    out.range(bytes, reader.pos, body.codeStart);
    for (const type of added) out.raw(Uint8Array.of(1, type));
  }

  /** A store whose value and address wait for the check. The first of a group says that stores wait. */
  private groupedStore(out: ByteWriter, locals: AddedLocals, { stores }: StoreGroup, index: number): void {
    const store = stores[index]!;
    const value = valueLocal(locals, store, index);
    if (index === 0) this.setPending(out, 1);
    out.u8(Wasm.LocalSet);
    out.number(value);
    out.u8(Wasm.LocalTee);
    out.number(addressLocal(locals, store, index));
    out.u8(Wasm.LocalGet);
    out.number(value);
    out.range(this.module.bytes, store.start, store.end);
  }

  /** If the sum of all values is a NaN, one of them may be: all are stored again, fixed. */
  private check(out: ByteWriter, locals: AddedLocals, { stores }: StoreGroup): void {
    const double = stores.some(({ type }) => type === FixType.F64);
    const form = fixForms[double ? FixType.F64 : FixType.F32]!;
    for (const [i, store] of stores.entries()) {
      out.u8(Wasm.LocalGet);
      out.number(valueLocal(locals, store, i));
      if (double && store.type === FixType.F32) out.u8(Wasm.F64PromoteF32);
      if (i > 0) out.u8(double ? Wasm.F64Add : Wasm.F32Add);
    }
    const sum = locals.get(form.valType, 0);
    out.u8(Wasm.LocalTee);
    out.number(sum);
    out.u8(Wasm.LocalGet);
    out.number(sum);
    writeCode(out, form.compare);
    out.raw(Uint8Array.of(Wasm.I32Eqz, Wasm.If, EMPTY_BLOCK));
    for (const [i, store] of stores.entries()) {
      out.u8(Wasm.LocalGet);
      out.number(addressLocal(locals, store, i));
      out.u8(Wasm.LocalGet);
      out.number(valueLocal(locals, store, i));
      fix(out, locals.get(fixForms[store.type]!.valType, 0), fixForms[store.type]!);
      out.range(this.module.bytes, store.start, store.end);
    }
    out.u8(Wasm.End);
    this.setPending(out, 0);
  }

  private setPending(out: ByteWriter, value: number): void {
    out.raw(Uint8Array.of(Wasm.I32Const, value, Wasm.GlobalSet));
    out.number(this.module.globalTypes.length);
  }

  /** An instruction of relaxed SIMD as the deterministic profile has it: another instruction, or a function. */
  private relaxed(out: ByteWriter, code: number): void {
    const same = relaxedSame[code];
    if (same !== undefined) {
      writeCode(out, same);
      return;
    }
    out.u8(Wasm.Call);
    out.number(this.helper("relaxed", code));
  }

  private relaxedHelper(code: number): void {
    const { params, results } = opcodeRow(code)!;
    this.helperTypes.push(this.typeIndex({ params: params!, results: results! }));
    const body = new ByteWriter(64);
    body.u8(0);
    const get = (local: number): void => body.raw(Uint8Array.of(Wasm.LocalGet, local));
    const op = (instruction: number): void => writeCode(body, instruction);
    const product = relaxedProduct[code];
    if (product !== undefined) {
      get(0);
      get(1);
      for (const instruction of product) op(instruction);
      get(2);
      op(code <= Wasm.F32x4RelaxedNmadd ? Wasm.F32x4Add : Wasm.F64x2Add);
    } else {
      // Products of the lanes with even and with odd numbers, each pair added with saturation.
      for (const odd of [false, true]) {
        for (const operand of [0, 1]) {
          get(operand);
          if (!odd) body.raw(Uint8Array.of(Wasm.I32Const, 8));
          if (!odd) op(Wasm.I16x8Shl);
          body.raw(Uint8Array.of(Wasm.I32Const, 8));
          op(Wasm.I16x8ShrS);
        }
        op(Wasm.I16x8Mul);
      }
      op(Wasm.I16x8AddSatS);
      if (code === Wasm.I32x4RelaxedDotI8x16I7x16AddS) {
        op(Wasm.I32x4ExtaddPairwiseI16x8S);
        get(2);
        op(Wasm.I32x4Add);
      }
    }
    body.u8(Wasm.End);
    this.helperBodies.push(body.view());
  }
}

const FIRST_RELAXED = Wasm.I8x16RelaxedSwizzle;
const LAST_RELAXED = Wasm.I32x4RelaxedDotI8x16I7x16AddS;

/** Relaxed instructions that the profile makes equal to another one. */
const relaxedSame: Readonly<Record<number, number>> = {
  [Wasm.I8x16RelaxedSwizzle]: Wasm.I8x16Swizzle,
  [Wasm.I32x4RelaxedTruncF32x4S]: Wasm.I32x4TruncSatF32x4S,
  [Wasm.I32x4RelaxedTruncF32x4U]: Wasm.I32x4TruncSatF32x4U,
  [Wasm.I32x4RelaxedTruncF64x2SZero]: Wasm.I32x4TruncSatF64x2SZero,
  [Wasm.I32x4RelaxedTruncF64x2UZero]: Wasm.I32x4TruncSatF64x2UZero,
  [Wasm.I8x16RelaxedLaneselect]: Wasm.V128Bitselect,
  [Wasm.I16x8RelaxedLaneselect]: Wasm.V128Bitselect,
  [Wasm.I32x4RelaxedLaneselect]: Wasm.V128Bitselect,
  [Wasm.I64x2RelaxedLaneselect]: Wasm.V128Bitselect,
  [Wasm.F32x4RelaxedMin]: Wasm.F32x4Min,
  [Wasm.F32x4RelaxedMax]: Wasm.F32x4Max,
  [Wasm.F64x2RelaxedMin]: Wasm.F64x2Min,
  [Wasm.F64x2RelaxedMax]: Wasm.F64x2Max,
  [Wasm.I16x8RelaxedQ15mulrS]: Wasm.I16x8Q15mulrSatS,
};

/** What makes the product of those that multiply and add: two roundings. */
const relaxedProduct: Readonly<Record<number, readonly number[]>> = {
  [Wasm.F32x4RelaxedMadd]: [Wasm.F32x4Mul],
  [Wasm.F32x4RelaxedNmadd]: [Wasm.F32x4Mul, Wasm.F32x4Neg],
  [Wasm.F64x2RelaxedMadd]: [Wasm.F64x2Mul],
  [Wasm.F64x2RelaxedNmadd]: [Wasm.F64x2Mul, Wasm.F64x2Neg],
};

const EMPTY_BLOCK = 0x40;

/** Iterations of a loop with checks before those without. */
const CHECKED_ITERATIONS = 16;
/** Numbers of added locals, behind those of a group's stores. */
const COUNT_LOCAL = 100;
const UNALIGNED_LOCAL = 101;
const ADDRESS_LOCAL = 102;
const RENAMED_LOCAL = 103;

/** Locals behind those of a body, by type and number; made when they are first asked for. */
class AddedLocals {
  readonly types: ValType[] = [];
  private readonly firstIndex: number;
  private readonly known = new Map<string, number>();

  constructor(firstIndex: number) {
    this.firstIndex = firstIndex;
  }

  get(type: ValType, number: number): number {
    const key = `${type} ${number}`;
    let index = this.known.get(key);
    if (index === undefined) {
      index = this.firstIndex + this.types.push(type) - 1;
      this.known.set(key, index);
    }
    return index;
  }
}

/** Number 0 of each type is for what lasts no longer than a fix. */
function valueLocal(locals: AddedLocals, { type }: OpenStore, index: number): number {
  return locals.get(fixForms[type]!.valType, index + 1);
}

function addressLocal(locals: AddedLocals, { address }: OpenStore, index: number): number {
  return locals.get(address, index + 1);
}

interface FixForm {
  readonly valType: ValType;
  /** Instruction and immediate of the canonical NaN. */
  readonly constant: Uint8Array;
  /** Compares a value with itself, and chooses it or the constant. */
  readonly compare: number;
  readonly choose: number;
}

const f32Nan = [0, 0, 0xc0, 0x7f];
const f64Nan = [0, 0, 0, 0, 0, 0, 0xf8, 0x7f];
const V128_CONST = [0xfd, 0x0c];

/** By FixType. */
const fixForms: readonly FixForm[] = [
  { valType: ValType.F32, constant: Uint8Array.of(Wasm.F32Const, ...f32Nan), compare: Wasm.F32Ge, choose: Wasm.Select },
  { valType: ValType.F64, constant: Uint8Array.of(Wasm.F64Const, ...f64Nan), compare: Wasm.F64Ge, choose: Wasm.Select },
  {
    valType: ValType.V128,
    constant: Uint8Array.of(...V128_CONST, ...f32Nan, ...f32Nan, ...f32Nan, ...f32Nan),
    compare: Wasm.F32x4Eq,
    choose: Wasm.V128Bitselect,
  },
  {
    valType: ValType.V128,
    constant: Uint8Array.of(...V128_CONST, ...f64Nan, ...f64Nan),
    compare: Wasm.F64x2Eq,
    choose: Wasm.V128Bitselect,
  },
];

/**
 * Replaces the operand on top by the canonical NaN where it is one: `x >= x ? x : nan`. Not `x == x`: for that x64 has to
 * look at two flags.
 */
function fix(out: ByteWriter, local: number, { constant, compare, choose }: FixForm): void {
  out.u8(Wasm.LocalTee);
  out.number(local);
  out.raw(constant);
  for (let i = 0; i < 2; i++) {
    out.u8(Wasm.LocalGet);
    out.number(local);
  }
  writeCode(out, compare);
  writeCode(out, choose);
}

/** Functions that may come into the hands of the host or of other modules, ascending: exported, or named where references are made. */
function visibleFunctions(module: Module): number[] {
  const visible = new Uint8Array(module.funcTypes.length);
  for (const { kind, index } of module.exports) if (kind === ExternKind.Func) visible[index] = 1;
  const reader = new InstrReader(module.bytes);
  const note = (start: number, end: number): void => {
    reader.pos = start;
    reader.end = end;
    while (reader.next()) if (reader.code === Wasm.RefFunc) visible[reader.a] = 1;
  };
  for (const { init } of module.globals) note(init.start, init.end);
  for (const { items } of module.elems) {
    for (const item of items) {
      if (typeof item === "number") visible[item] = 1;
      else note(item.start, item.end);
    }
  }
  return [...visible.keys()].filter((index) => visible[index] === 1);
}

function reservedNames(module: Module): ReservedNames {
  const taken = (prefix: string): boolean => module.exports.some(({ name }) => name.startsWith(prefix));
  let prefix = "rewasm ";
  while (taken(prefix)) prefix = `rewasm ${prefix}`;
  return {
    memory: (index) => `${prefix}m${index}`,
    table: (index) => `${prefix}t${index}`,
    global: (index) => `${prefix}g${index}`,
    tag: (index) => `${prefix}e${index}`,
    start: `${prefix}start`,
    pending: `${prefix}pending`,
    reports: `${prefix}reports`,
    funcs: `${prefix}funcs`,
  };
}

function typeEntry(type: FuncType): Uint8Array {
  const out = new ByteWriter(16);
  out.u8(FUNC_FORM);
  for (const list of [type.params, type.results]) {
    out.number(list.length);
    for (const valType of list) writeValType(out, valType);
  }
  return out.view();
}

/** A value type as the binary format has it, see vm/types.ts. */
function writeValType(out: ByteWriter, type: ValType): void {
  const typeIndex = typeIndexOf(type);
  const code = type & 0x7f;
  if (typeIndex < 0 && (!isRefType(type) || isNullable(type))) {
    out.u8(code);
    return;
  }
  out.u8(isNullable(type) ? REF_NULL_FORM : REF_FORM);
  if (typeIndex < 0) out.u8(code);
  else signedNumber(out, typeIndex);
}
const REF_FORM = 0x64;
const REF_NULL_FORM = 0x63;

function numberEntry(value: number): Uint8Array {
  const out = new ByteWriter(8);
  out.number(value);
  return out.view();
}

/** A table of functions with exactly `size` elements. */
function tableEntry(size: number): Uint8Array {
  const out = new ByteWriter(16);
  out.raw(Uint8Array.of(ValType.FuncRef, 1));
  out.number(size);
  out.number(size);
  return out.view();
}

function exportEntry(name: string, kind: ExternKind, index: number): Uint8Array {
  const out = new ByteWriter(name.length + 16);
  out.text(name);
  out.u8(kind);
  out.number(index);
  return out.view();
}

/** Signed LEB128 of a small non-negative number. */
function signedNumber(out: ByteWriter, value: number): void {
  let rest = value;
  while (rest >= 64) {
    out.u8((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  out.u8(rest);
}

/** An opcode as the instruction table codes it: behind a prefix, its number follows. */
function writeCode(out: ByteWriter, code: number): void {
  if (code < 0x100) {
    out.u8(code);
    return;
  }
  out.u8(code >>> 12);
  out.number(code & 0xfff);
}

/** A module that imports `env.f` of the type and exports it as `f`: makes a function of the engine out of one of JavaScript. */
export function trampolineModule(type: FuncType): Uint8Array {
  const out = new ByteWriter(64);
  out.raw(magicAndVersion);
  const section = (id: number, contents: (part: ByteWriter) => void): void => {
    const part = new ByteWriter(32);
    contents(part);
    out.u8(id);
    out.number(part.length);
    out.raw(part.view());
  };
  section(SectionId.Type, (part) => {
    part.u8(1);
    part.raw(typeEntry(type));
  });
  section(SectionId.Import, (part) => {
    part.u8(1);
    part.text("env");
    part.text("f");
    part.raw(Uint8Array.of(ExternKind.Func, 0));
  });
  section(SectionId.Export, (part) => {
    part.u8(1);
    part.raw(exportEntry("f", ExternKind.Func, 0));
  });
  return out.view();
}
