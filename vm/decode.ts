/**
 * From bytes to a Module (spec: binary format). Strict about everything that can be told without walking function
 * bodies: their instructions are only located here and read when they are validated. Never copies the module, never
 * trusts a count before there are bytes for it.
 *
 * Implementation limits are those of the JavaScript API specification, so that what runs here runs in a browser.
 */
import { DecodeError, ValidationError } from "./errors.ts";
import { InstrReader } from "./instr.ts";
import { InstrFlag, Wasm } from "./opcodes.ts";
import { hexByte, MAX_TYPES, readRefType, readStorageType, readValType } from "./type-reader.ts";
import { groupKey, noContents } from "./type-space.ts";
import {
  type ConstExpr,
  type CustomSection,
  type DataSegment,
  type ElemSegment,
  type Export,
  ExternKind,
  type FieldType,
  type FuncBody,
  type FuncType,
  type GlobalDef,
  type GlobalType,
  type Import,
  type ImportDesc,
  type Limits,
  type MemoryType,
  type Module,
  mapValType,
  nonNull,
  type Section,
  type SegmentMode,
  type StorageType,
  type TableDef,
  type TableType,
  type TagDef,
  type TypeDef,
  typeIndexOf,
  ValType,
} from "./types.ts";

/** Implementation limits: the most of each that a module may have. */
export const DecodeLimit = {
  ModuleBytes: 1 << 30,
  /** Members of recursive groups counted one by one. */
  Types: MAX_TYPES,
  StructFields: 10_000,
  Tags: 1_000_000,
  Functions: 1_000_000,
  Imports: 1_000_000,
  Exports: 1_000_000,
  Globals: 1_000_000,
  Tables: 100_000,
  Memories: 100,
  Elems: 10_000_000,
  /** Of one segment. */
  ElemItems: 10_000_000,
  Datas: 100_000,
  Params: 1_000,
  Results: 1_000,
  /** Of one function, parameters included. */
  Locals: 50_000,
  BodyBytes: 7_654_321,
  /** Not of that specification: they bound what the list of sections takes. */
  Customs: 1_000_000,
} as const;

/** Section ids of the binary format. */
export const SectionId = {
  Custom: 0,
  Type: 1,
  Import: 2,
  Function: 3,
  Table: 4,
  Memory: 5,
  Global: 6,
  Export: 7,
  Start: 8,
  Elem: 9,
  Code: 10,
  Data: 11,
  DataCount: 12,
  Tag: 13,
} as const;

/** Place of each section id in the order that the format prescribes: tags before globals, the data count before the code. */
const sectionRank: readonly number[] = [0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 12, 13, 11, 6];

const noLocals: FuncBody["localRuns"] = [];

/**
 * Decodes a module of the binary format. The result refers to `bytes`, which must not be written afterwards.
 * Throws DecodeError for malformed bytes and exceeded limits, ValidationError for a function whose type does not exist.
 * Cost: linear in the sections other than code and data, plus the number of functions; 21 MB take milliseconds.
 */
export function decodeModule(bytes: Uint8Array): Module {
  return new ModuleDecoder(bytes).decode();
}

class ModuleDecoder {
  private readonly bytes: Uint8Array;
  /** Of instructions too, as constant expressions have them. */
  private readonly reader: InstrReader;
  private readonly types: TypeDef[] = [];
  /** Canonical index of each type, grown as they come; and of each group its first type, by what it contains. */
  private canonicalTypes = new Int32Array(64);
  private readonly groups = new Map<string, number>();
  /** Types may be named up to here: those of the group that is being read, and before. */
  private typeIndexEnd = 0;
  private readonly imports: Import[] = [];
  private readonly funcTypeIndices: number[] = [];
  private readonly funcs: FuncBody[] = [];
  private readonly tables: TableDef[] = [];
  private readonly memories: MemoryType[] = [];
  private readonly globals: GlobalDef[] = [];
  private readonly tags: TagDef[] = [];
  private readonly exports: Export[] = [];
  private start: number | undefined;
  private readonly elems: ElemSegment[] = [];
  private readonly datas: DataSegment[] = [];
  private dataCount: number | undefined;
  private readonly customs: CustomSection[] = [];
  private readonly sections: Section[] = [];

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.reader = new InstrReader(bytes, 0, bytes.length);
  }

  decode(): Module {
    const { bytes, reader } = this;
    if (bytes.length > DecodeLimit.ModuleBytes) {
      throw new DecodeError("limit-module", 0, `module too large: ${bytes.length} bytes, the limit is ${DecodeLimit.ModuleBytes}`);
    }
    checkHeader(bytes);
    reader.pos = 8;
    let lastId = 0;
    while (reader.pos < bytes.length) {
      const idOffset = reader.pos;
      const id = reader.u8();
      const rank = sectionRank[id];
      if (rank === undefined) throw new DecodeError("section-id", idOffset, `malformed section id ${id}`);
      if (id !== SectionId.Custom) {
        if (rank <= sectionRank[lastId]!) {
          throw new DecodeError("section-order", idOffset, `unexpected content after last section: section ${id} after section ${lastId}`);
        }
        lastId = id;
      }
      this.section(id);
    }
    this.checkCounts();
    return this.finish();
  }

  /** Reads one section from its size on, and sees that its contents fill it exactly. */
  private section(id: number): void {
    const { reader, bytes } = this;
    const byteLength = reader.u32();
    const start = reader.pos;
    const end = start + byteLength;
    if (end > bytes.length) {
      throw new DecodeError("length-out-of-bounds", start, `length out of bounds: section ${id} of ${byteLength} bytes`);
    }
    reader.end = end;
    this.sections.push({ id, start, end });
    this.sectionContents(id, start, end);
    if (reader.pos !== end) {
      throw new DecodeError("section-size", reader.pos, `section size mismatch: section ${id} has ${end - reader.pos} bytes too many`);
    }
    reader.end = bytes.length;
  }

  private sectionContents(id: number, start: number, end: number): void {
    const { reader } = this;
    switch (id) {
      case SectionId.Custom:
        if (this.customs.length === DecodeLimit.Customs) {
          throw new DecodeError("limit-count", start, `too many custom sections, the limit is ${DecodeLimit.Customs}`);
        }
        this.customs.push({ name: reader.name(), start: reader.pos, end });
        reader.pos = end;
        break;
      case SectionId.Type:
        this.each("types", DecodeLimit.Types, () => this.typeGroup());
        break;
      case SectionId.Import:
        this.each("imports", DecodeLimit.Imports, () => this.imports.push(this.import()));
        break;
      case SectionId.Function:
        this.each("functions", DecodeLimit.Functions, () => this.funcTypeIndices.push(reader.u32()));
        break;
      case SectionId.Table:
        this.each("tables", DecodeLimit.Tables, () => this.tables.push(this.table()));
        break;
      case SectionId.Memory:
        this.each("memories", DecodeLimit.Memories, () => this.memories.push(this.memoryType()));
        break;
      case SectionId.Tag:
        this.each("tags", DecodeLimit.Tags, () => this.tags.push({ typeIndex: this.tagType() }));
        break;
      case SectionId.Global:
        this.each("globals", DecodeLimit.Globals, () => this.globals.push({ type: this.globalType(), init: this.constExpr() }));
        break;
      case SectionId.Export:
        this.each("exports", DecodeLimit.Exports, () => this.exports.push(this.export()));
        break;
      case SectionId.Start:
        this.start = reader.u32();
        break;
      case SectionId.Elem:
        this.each("element segments", DecodeLimit.Elems, () => this.elems.push(this.elemSegment()));
        break;
      case SectionId.DataCount:
        this.dataCount = reader.u32();
        break;
      case SectionId.Code:
        this.code(start);
        break;
      case SectionId.Data:
        this.each("data segments", DecodeLimit.Datas, () => this.datas.push(this.dataSegment()));
        break;
    }
  }

  /** Reads a vector: a count, then as many entries. Each entry takes at least a byte, which bounds a hostile count. */
  private each(what: string, limit: number, entry: () => void): void {
    const { reader } = this;
    const at = reader.pos;
    const count = reader.u32();
    if (count > limit) throw new DecodeError("limit-count", at, `too many ${what}: ${count}, the limit is ${limit}`);
    for (let i = 0; i < count; i++) entry();
  }

  /** Reads a recursive group, or a type that is one by itself, and finds out whether an equal one came before. */
  private typeGroup(): void {
    const { reader, types } = this;
    const start = types.length;
    const at = reader.pos;
    const isGroup = reader.pos < reader.end && reader.bytes[reader.pos] === TypeCode.Rec;
    if (isGroup) reader.pos++;
    const size = isGroup ? reader.u32() : 1;
    if (start + size > DecodeLimit.Types) {
      throw new DecodeError("limit-count", at, `too many types: ${start + size}, the limit is ${DecodeLimit.Types}`);
    }
    this.numberTypes(start, size);
    const group: TypeDef[] = [];
    for (let i = 0; i < size; i++) group.push(this.typeDef(start, size));
    const key = groupKey(group, start);
    const known = this.groups.get(key);
    if (known === undefined) {
      this.groups.set(key, start);
      for (const def of group) types.push(def);
      return;
    }
    for (let i = 0; i < size; i++) {
      this.canonicalTypes[start + i] = known + i;
      types.push(types[known + i]!);
    }
  }

  /** Lets each of `size` types from `start` on stand for itself. */
  private numberTypes(start: number, size: number): void {
    if (start + size > this.canonicalTypes.length) {
      const larger = new Int32Array(Math.max(start + size, this.canonicalTypes.length * 2));
      larger.set(this.canonicalTypes);
      this.canonicalTypes = larger;
    }
    for (let i = start; i < start + size; i++) this.canonicalTypes[i] = i;
  }

  /** One member of the group of types `[groupStart, groupStart + groupSize)`. */
  private typeDef(groupStart: number, groupSize: number): TypeDef {
    const { reader } = this;
    const wasmOffset = reader.pos;
    this.typeIndexEnd = groupStart + groupSize;
    let code = reader.u8();
    let supertype = -1;
    const final = code !== TypeCode.Sub;
    if (code === TypeCode.Sub || code === TypeCode.SubFinal) {
      const count = reader.u32();
      if (count > 1) throw new ValidationError("supertypes", wasmOffset, `sub type with ${count} supertypes, at most one is allowed`);
      if (count === 1) supertype = this.typeIndex();
      code = reader.u8();
    }
    let describes = -1;
    let descriptor = -1;
    if (code === TypeCode.Describes) {
      describes = this.typeIndex();
      code = reader.u8();
    }
    if (code === TypeCode.Descriptor) {
      descriptor = this.typeIndex();
      code = reader.u8();
    }
    const common = { ...noContents, final, supertype, describes, descriptor, groupStart, groupSize, wasmOffset };
    switch (code) {
      case TypeCode.Func: {
        const params = this.valTypes("parameters", DecodeLimit.Params);
        return { ...common, kind: "func", func: { params, results: this.valTypes("results", DecodeLimit.Results) } };
      }
      case TypeCode.Struct: {
        const fields: FieldType[] = [];
        this.each("fields", DecodeLimit.StructFields, () => fields.push(this.fieldType()));
        return { ...common, kind: "struct", fields };
      }
      case TypeCode.Array:
        return { ...common, kind: "array", fields: [this.fieldType()] };
      default:
        if (code >= 0x80) throw new DecodeError("leb-too-long", reader.pos - 1, "integer representation too long");
        throw new DecodeError("type-form", reader.pos - 1, `malformed definition type: form ${hexByte(code)}`);
    }
  }

  private fieldType(): FieldType {
    const { reader } = this;
    const type = this.known(readStorageType(reader), reader.pos);
    return { type, mutable: this.mutability() };
  }

  private mutability(): boolean {
    const { reader } = this;
    const byte = reader.u8();
    if (byte > 1) throw new DecodeError("mutability", reader.pos - 1, `malformed mutability ${hexByte(byte)}`);
    return byte === 1;
  }

  /** An index of a type, as the one that stands for it. */
  private typeIndex(): number {
    const at = this.reader.pos;
    return this.canonical(this.reader.u32(), at);
  }

  private canonical(index: number, wasmOffset: number): number {
    if (index >= this.typeIndexEnd) throw new ValidationError("unknown-type", wasmOffset, `unknown type ${index}`);
    return this.canonicalTypes[index]!;
  }

  /** The type with the canonical index of the type that it names, if any. */
  private known(type: StorageType, wasmOffset: number): StorageType {
    const index = typeIndexOf(type);
    if (index < 0 || this.canonical(index, wasmOffset) === index) return type;
    return mapValType(type, this.canonicalTypes);
  }

  private valTypes(what: string, limit: number): ValType[] {
    const types: ValType[] = [];
    this.each(what, limit, () => types.push(this.valType()));
    return types;
  }

  private valType(): ValType {
    const at = this.reader.pos;
    return this.known(readValType(this.reader), at);
  }

  private refType(): ValType {
    const at = this.reader.pos;
    return this.known(readRefType(this.reader), at);
  }

  private limits(flags: number): Limits {
    const { reader } = this;
    const min = reader.u64Number();
    return { min, max: (flags & LimitsFlag.Max) !== 0 ? reader.u64Number() : undefined };
  }

  /** Flags of limits, of which only those in `allowed` may be set. */
  private limitsFlags(allowed: number): number {
    const { reader } = this;
    const flags = reader.u8();
    if ((flags & ~allowed) !== 0) throw new DecodeError("limits-flags", reader.pos - 1, `malformed limits flags ${hexByte(flags)}`);
    return flags;
  }

  /** A table, whose first elements may have a value of their own. */
  private table(): TableDef {
    const { reader } = this;
    if (reader.pos >= reader.end || reader.bytes[reader.pos] !== 0x40) return { type: this.tableType() };
    reader.pos++;
    const zero = reader.u8();
    if (zero !== 0) throw new DecodeError("table-form", reader.pos - 1, `malformed table: ${hexByte(zero)} in place of 00`);
    return { type: this.tableType(), init: this.constExpr() };
  }

  private tableType(): TableType {
    const elemType = this.refType();
    const flags = this.limitsFlags(LimitsFlag.Max | LimitsFlag.Address64);
    // Sizes beyond what can be allocated are no defect of the module: allocation reports them.
    const limits = this.limits(flags);
    return (flags & LimitsFlag.Address64) !== 0 ? { elemType, limits, address64: true } : { elemType, limits };
  }

  private memoryType(): MemoryType {
    const flags = this.limitsFlags(LimitsFlag.Max | LimitsFlag.Shared | LimitsFlag.Address64 | LimitsFlag.PageSize);
    return {
      limits: this.limits(flags),
      ...((flags & LimitsFlag.Address64) !== 0 && { address64: true }),
      ...((flags & LimitsFlag.Shared) !== 0 && { shared: true }),
      ...((flags & LimitsFlag.PageSize) !== 0 && { pageShift: this.pageShift() }),
    };
  }

  private pageShift(): number {
    const { reader } = this;
    const at = reader.pos;
    const shift = reader.u32();
    if (shift >= 64) throw new DecodeError("page-size", at, `invalid custom page size: 2^${shift}`);
    return shift;
  }

  private globalType(): GlobalType {
    const valType = this.valType();
    return { valType, mutable: this.mutability() };
  }

  /** The index of a tag's type, behind the byte for what it is a tag of. */
  private tagType(): number {
    const { reader } = this;
    const attribute = reader.u8();
    if (attribute !== 0) throw new DecodeError("tag-attribute", reader.pos - 1, `malformed tag attribute ${hexByte(attribute)}`);
    return reader.u32();
  }

  private import(): Import {
    const { reader } = this;
    const wasmOffset = reader.pos;
    const module = reader.name();
    return { module, name: reader.name(), desc: this.importDesc(), wasmOffset };
  }

  private importDesc(): ImportDesc {
    const kind = this.reader.u8();
    switch (kind) {
      case ExternKind.Func:
        return { kind, typeIndex: this.reader.u32() };
      case ExternKind.Table:
        return { kind, type: this.tableType() };
      case ExternKind.Memory:
        return { kind, type: this.memoryType() };
      case ExternKind.Global:
        return { kind, type: this.globalType() };
      case ExternKind.Tag:
        return { kind, typeIndex: this.tagType() };
      case EXACT_FUNC:
        return { kind: ExternKind.Func, typeIndex: this.reader.u32(), exact: true };
      default:
        throw new DecodeError("import-kind", this.reader.pos - 1, `malformed import kind ${hexByte(kind)}`);
    }
  }

  private export(): Export {
    const { reader } = this;
    const wasmOffset = reader.pos;
    const name = reader.name();
    const kind = reader.u8();
    if (kind > ExternKind.Tag) throw new DecodeError("export-kind", reader.pos - 1, `malformed export kind ${hexByte(kind)}`);
    return { name, kind: kind as ExternKind, index: reader.u32(), wasmOffset };
  }

  /** Finds the end of a constant expression. Which instructions may stand in one is the validator's business. */
  private constExpr(): ConstExpr {
    const { reader } = this;
    const start = reader.pos;
    let depth = 1;
    while (depth > 0) {
      if (!reader.next()) throw new DecodeError("unexpected-end", reader.end, "unexpected end of section or function: constant expression");
      if (reader.code === Wasm.End) depth--;
      else if (reader.code === Wasm.Delegate) depth--;
      else if ((reader.row.flags & InstrFlag.Opens) !== 0) depth++;
    }
    return { start, end: reader.pos };
  }

  private elemSegment(): ElemSegment {
    const { reader } = this;
    const wasmOffset = reader.pos;
    const flags = reader.u32();
    if (flags > 7) throw new DecodeError("elem-kind", wasmOffset, `malformed elements segment kind ${flags}`);
    // Bit 0: passive or declarative; bit 1: a table index, or declarative; bit 2: items are expressions.
    let mode: SegmentMode;
    if ((flags & 1) !== 0) mode = (flags & 2) !== 0 ? { kind: "declarative" } : { kind: "passive" };
    else {
      const index = (flags & 2) !== 0 ? reader.u32() : 0;
      mode = { kind: "active", index, offset: this.constExpr() };
    }
    const items: (number | ConstExpr)[] = [];
    const withExprs = (flags & 4) !== 0;
    const typed = (flags & 3) !== 0;
    // Functions by index are never null.
    let elemType: ValType = withExprs ? ValType.FuncRef : nonNull(ValType.FuncRef);
    if (typed && withExprs) elemType = this.refType();
    else if (typed) this.elemKind();
    this.each("elements", DecodeLimit.ElemItems, withExprs ? () => items.push(this.constExpr()) : () => items.push(reader.u32()));
    return { elemType, mode, items, wasmOffset };
  }

  private elemKind(): void {
    const kind = this.reader.u8();
    if (kind !== 0) throw new DecodeError("elem-kind", this.reader.pos - 1, `malformed element kind ${hexByte(kind)}`);
  }

  private dataSegment(): DataSegment {
    const { reader } = this;
    const at = reader.pos;
    const flags = reader.u32();
    if (flags > 2) throw new DecodeError("data-kind", at, `malformed data segment kind ${flags}`);
    let mode: SegmentMode = { kind: "passive" };
    if (flags !== 1) {
      const index = flags === 2 ? reader.u32() : 0;
      mode = { kind: "active", index, offset: this.constExpr() };
    }
    const byteLength = reader.u32();
    const start = reader.skip(byteLength);
    return { mode, start, end: start + byteLength };
  }

  private code(sectionStart: number): void {
    const { reader, funcTypeIndices } = this;
    const count = reader.u32();
    this.checkBodyCount(count, sectionStart);
    for (let i = 0; i < count; i++) {
      const at = reader.pos;
      const byteLength = reader.u32();
      if (byteLength > DecodeLimit.BodyBytes) {
        throw new DecodeError("limit-body", at, `function body too large: ${byteLength} bytes, the limit is ${DecodeLimit.BodyBytes}`);
      }
      const sectionEnd = reader.end;
      const start = reader.skip(byteLength);
      const end = reader.pos;
      reader.pos = start;
      reader.end = end;
      const localRuns = this.localRuns(funcTypeIndices[i]!);
      this.funcs.push({ typeIndex: funcTypeIndices[i]!, start, codeStart: reader.pos, end, localRuns });
      reader.pos = end;
      reader.end = sectionEnd;
    }
  }

  private localRuns(typeIndex: number): FuncBody["localRuns"] {
    const { reader } = this;
    const at = reader.pos;
    const runCount = reader.u32();
    if (runCount === 0) return noLocals;
    const runs: { count: number; type: ValType }[] = [];
    let localCount = this.types[typeIndex]?.func?.params.length ?? 0;
    for (let i = 0; i < runCount; i++) {
      const count = reader.u32();
      runs.push({ count, type: this.valType() });
      localCount += count;
      if (localCount > DecodeLimit.Locals) {
        throw new DecodeError("limit-locals", at, `too many locals: ${localCount}, the limit is ${DecodeLimit.Locals}`);
      }
    }
    return runs;
  }

  private checkBodyCount(bodyCount: number, wasmOffset: number): void {
    const declared = this.funcTypeIndices.length;
    if (bodyCount !== declared) {
      throw new DecodeError("code-count", wasmOffset, `function and code section have inconsistent lengths: ${declared} and ${bodyCount}`);
    }
  }

  private checkCounts(): void {
    const end = this.bytes.length;
    if (this.funcs.length !== this.funcTypeIndices.length) this.checkBodyCount(this.funcs.length, end);
    if (this.dataCount !== undefined && this.dataCount !== this.datas.length) {
      const message = `data count and data section have inconsistent lengths: ${this.dataCount} and ${this.datas.length}`;
      throw new DecodeError("data-count", end, message);
    }
  }

  /** The type of a function or tag; a module that names a type it lacks is well-formed but invalid. */
  private funcTypeAt(typeIndex: number, wasmOffset: number): FuncType {
    const type = this.types[typeIndex];
    if (type === undefined) throw new ValidationError("unknown-type", wasmOffset, `unknown type ${typeIndex}`);
    if (type.func === undefined)
      throw new ValidationError("type-mismatch", wasmOffset, `type mismatch: type ${typeIndex} is no function type`);
    return type.func;
  }

  private finish(): Module {
    const { types, imports, funcs, tables, memories, globals, tags, exports, start, elems, datas, dataCount, customs, sections } = this;
    const funcTypes: FuncType[] = [];
    const funcTypeIndices: number[] = [];
    const tableTypes: TableType[] = [];
    const memoryTypes: MemoryType[] = [];
    const globalTypes: GlobalType[] = [];
    const tagTypes: FuncType[] = [];
    const tagTypeIndices: number[] = [];
    const addFunc = (typeIndex: number, wasmOffset: number): void => {
      funcTypes.push(this.funcTypeAt(typeIndex, wasmOffset));
      funcTypeIndices.push(typeIndex);
    };
    const addTag = (typeIndex: number, wasmOffset: number): void => {
      tagTypes.push(this.funcTypeAt(typeIndex, wasmOffset));
      tagTypeIndices.push(typeIndex);
    };
    for (const { desc, wasmOffset } of imports) {
      if (desc.kind === ExternKind.Func) addFunc(desc.typeIndex, wasmOffset);
      else if (desc.kind === ExternKind.Table) tableTypes.push(desc.type);
      else if (desc.kind === ExternKind.Memory) memoryTypes.push(desc.type);
      else if (desc.kind === ExternKind.Tag) addTag(desc.typeIndex, wasmOffset);
      else globalTypes.push(desc.type);
    }
    const importedFuncCount = funcTypes.length;
    for (const func of funcs) addFunc(func.typeIndex, func.start);
    for (const table of tables) tableTypes.push(table.type);
    for (const memory of memories) memoryTypes.push(memory);
    for (const global of globals) globalTypes.push(global.type);
    const tagsStart = sections.find(({ id }) => id === SectionId.Tag)?.start ?? 0;
    for (const tag of tags) addTag(tag.typeIndex, tagsStart);
    const canonicalTypes = this.canonicalTypes.slice(0, types.length);
    const defined = { types, canonicalTypes, imports, funcs, tables, memories, globals, tags, exports, start, elems, datas, dataCount };
    const spaces = { funcTypes, funcTypeIndices, tableTypes, memoryTypes, globalTypes, tagTypes, tagTypeIndices, importedFuncCount };
    return { bytes: this.bytes, ...defined, customs, sections, ...spaces };
  }
}

/** Bytes that begin the parts of a type definition. */
const TypeCode = {
  Rec: 0x4e,
  Sub: 0x50,
  SubFinal: 0x4f,
  Descriptor: 0x4d,
  Describes: 0x4c,
  Func: 0x60,
  Struct: 0x5f,
  Array: 0x5e,
} as const;

const LimitsFlag = { Max: 1, Shared: 2, Address64: 4, PageSize: 8 } as const;

/** Import kind of a function whose type must be just the given one. */
const EXACT_FUNC = 0x20;

const magic = [0x00, 0x61, 0x73, 0x6d];
const version = [0x01, 0x00, 0x00, 0x00];

function checkHeader(bytes: Uint8Array): void {
  const short = new DecodeError("unexpected-end", bytes.length, "unexpected end: a module begins with 8 bytes of magic and version");
  if (bytes.length < 4) throw short;
  if (!magic.every((byte, i) => bytes[i] === byte))
    throw new DecodeError("magic", 0, "magic header not detected: not a WebAssembly module");
  if (bytes.length < 8) throw short;
  if (!version.every((byte, i) => bytes[4 + i] === byte)) {
    const found = Array.from(bytes.subarray(4, 8), hexByte).join(" ");
    throw new DecodeError("version", 4, `unknown binary version ${found}`);
  }
}
