/**
 * Functions and modules as text for people: one line per instruction in the flat form of the text format, indices
 * followed by `<name>`. Reads the same instruction table as everything else; output only, nothing parses it.
 */
import { CatchKind, InstrReader } from "./instr.ts";
import {
  displayName,
  fieldName,
  functionName,
  globalName,
  localName,
  memoryName,
  moduleName,
  printable,
  segmentName,
  tableName,
  tagName,
  typeName,
} from "./names.ts";
import { shortestSingle } from "./numeric.ts";
import { Imm, InstrFlag, Wasm } from "./opcodes.ts";
import {
  type ConstExpr,
  ExternKind,
  externKindNames,
  type FieldType,
  type FuncType,
  funcTypeAt,
  type GlobalType,
  heapTypeName,
  type ImportDesc,
  type Limits,
  type MemoryType,
  type Module,
  type SegmentMode,
  type TableType,
  type TypeDef,
  valTypeName,
} from "./types.ts";

export interface DisassembledInstr {
  /** Byte offset of the opcode in the module file. */
  readonly wasmOffset: number;
  /** Number of blocks around it; `else` and `end` stand at the depth of the block they belong to. */
  readonly depth: number;
  readonly text: string;
}

export interface DisassembleOptions {
  /** Yields only instructions that begin in `[from, to)`, byte offsets in the module file. Default: all. */
  readonly from?: number;
  readonly to?: number;
}

/**
 * The instructions of a function in order; nothing for an imported one. Throws DecodeError at malformed bytes.
 * Cost: reads the function from its start; text is made only for what is yielded.
 */
export function* disassembleFunction(module: Module, funcIndex: number, options: DisassembleOptions = {}): Generator<DisassembledInstr> {
  const body = module.funcs[funcIndex - module.importedFuncCount];
  if (body === undefined) return;
  const { from = body.codeStart, to = body.end } = options;
  const reader = new InstrReader(module.bytes, body.codeStart, body.end);
  let depth = 0;
  while (reader.next() && reader.wasmOffset < to) {
    const { code, wasmOffset } = reader;
    const next = code === Wasm.Else || code === Wasm.Catch || code === Wasm.CatchAll;
    if ((next || code === Wasm.End || code === Wasm.Delegate) && depth > 0) depth--;
    if (wasmOffset >= from) yield { wasmOffset, depth, text: instrText(module, funcIndex, reader) };
    if (next || (reader.row.flags & InstrFlag.Opens) !== 0) depth++;
  }
}

/** A function's first line: `func 12 <main> (param i32 <argc> i32 <argv>) (result i32)`. */
export function functionHeader(module: Module, funcIndex: number): string {
  const type = module.funcTypes[funcIndex]!;
  const name = functionName(module, funcIndex);
  const params = type.params.map((param, i) => `${valTypeName(param)}${angled(localName(module, funcIndex, i))}`);
  return `func ${funcIndex}${angled(name)}${listed("param", params)}${listed("result", type.results.map(valTypeName))}`;
}

/** Declared locals as `local 2 <i>: i32` lines; parameters are in the header. */
export function* localLines(module: Module, funcIndex: number): Generator<string> {
  const body = module.funcs[funcIndex - module.importedFuncCount];
  let local = module.funcTypes[funcIndex]?.params.length ?? 0;
  for (const { count, type } of body?.localRuns ?? []) {
    for (let i = 0; i < count; i++, local++) yield `local ${local}${angled(localName(module, funcIndex, local))}: ${valTypeName(type)}`;
  }
}

/** Text of the instruction that the reader is at: mnemonic and immediates. */
export function instrText(module: Module, funcIndex: number, reader: InstrReader): string {
  const immediates = immediatesText(module, funcIndex, reader);
  return immediates === "" ? reader.row.mnemonic : `${reader.row.mnemonic} ${immediates}`;
}

function immediatesText(module: Module, funcIndex: number, reader: InstrReader): string {
  const { a, b } = reader;
  const { imm } = reader.row;
  switch (imm) {
    case Imm.None:
      return "";
    case Imm.Label:
      return `${a}`;
    case Imm.Table:
      return tableIndexText(module, a);
    case Imm.Elem:
      return segmentIndexText(module, "elem", a);
    case Imm.Data:
      return segmentIndexText(module, "data", a);
    case Imm.Memory:
      return a === 0 ? "" : memoryIndexText(module, a);
    case Imm.BlockType:
      return blockTypeText(module, a);
    case Imm.LabelTable:
      return reader.labels.join(" ");
    case Imm.Func:
      return `${a}${angled(functionName(module, a))}`;
    case Imm.CallIndirect:
      return `${b === 0 ? "" : `${tableIndexText(module, b)} `}(type ${a})${typeText(module.types[a]?.func)}`;
    case Imm.Local:
      return `${a}${angled(localName(module, funcIndex, a))}`;
    case Imm.Global:
      return `${a}${angled(globalName(module, a))}`;
    case Imm.TableCopy:
      return `${tableIndexText(module, a)} ${tableIndexText(module, b)}`;
    // The text format names the destination first.
    case Imm.TableInit:
      return `${tableIndexText(module, b)} ${segmentIndexText(module, "elem", a)}`;
    case Imm.MemoryCopy:
      return a === 0 && b === 0 ? "" : `${memoryIndexText(module, a)} ${memoryIndexText(module, b)}`;
    case Imm.MemoryInit:
      return `${b === 0 ? "" : `${memoryIndexText(module, b)} `}${segmentIndexText(module, "data", a)}`;
    case Imm.MemArg:
      return memArgText(module, reader);
    case Imm.I32:
      return `${a}`;
    case Imm.I64:
      return `${i64Value(reader.lo, reader.hi)}`;
    case Imm.F32:
      return f32Text(a);
    case Imm.F64:
      return f64Text(reader.lo, reader.hi);
    case Imm.Lane:
      return `${a}`;
    case Imm.MemArgLane:
      return `${memArgText(module, reader)} ${reader.d}`.trimStart();
    case Imm.V128:
      return `i32x4 ${[reader.lo, reader.hi, reader.lo2, reader.hi2].map((word) => `0x${(word >>> 0).toString(16).padStart(8, "0")}`).join(" ")}`;
    case Imm.Shuffle:
      return [reader.lo, reader.hi, reader.lo2, reader.hi2].flatMap((word) => [0, 8, 16, 24].map((at) => (word >>> at) & 0xff)).join(" ");
    case Imm.RefType:
      return heapTypeName(a);
    case Imm.HeapType:
    case Imm.NullableHeapType:
      return valTypeName(a);
    case Imm.SelectTypes:
      return `(result ${reader.types.map((type) => valTypeName(type)).join(" ")})`;
    case Imm.Type:
      return typeIndexText(module, a);
    case Imm.TypeField:
      return `${typeIndexText(module, a)} ${b}${angled(fieldName(module, a, b))}`;
    case Imm.TypeType:
      return `${typeIndexText(module, a)} ${typeIndexText(module, b)}`;
    case Imm.TypeCount:
      return `${typeIndexText(module, a)} ${b}`;
    case Imm.TypeData:
      return `${typeIndexText(module, a)} ${segmentIndexText(module, "data", b)}`;
    case Imm.TypeElem:
      return `${typeIndexText(module, a)} ${segmentIndexText(module, "elem", b)}`;
    case Imm.BrOnCast:
      return `${a} ${valTypeName(b)} ${valTypeName(reader.c)}`;
    case Imm.Tag:
      return `${a}${angled(tagName(module, a))}`;
    case Imm.TryTable:
      return [blockTypeText(module, a), ...catchTexts(module, reader.catches)].filter((text) => text !== "").join(" ");
    case Imm.Fence:
      return "";
    default:
      return imm satisfies never;
  }
}

function memArgText(module: Module, { a, b, c, row }: InstrReader): string {
  const parts: string[] = [];
  if (c !== 0) parts.push(memoryIndexText(module, c));
  if (b !== 0) parts.push(`offset=${b}`);
  if (a !== row.align) parts.push(`align=${2 ** a}`);
  return parts.join(" ");
}

function blockTypeText(module: Module, a: number): string {
  if (a === -64) return "";
  if (a < 0) return `(result ${valTypeName(~a)})`;
  return `(type ${a})${typeText(module.types[a]?.func)}`;
}

function typeIndexText(module: Module, index: number): string {
  return `${index}${angled(typeName(module, index))}`;
}

function tableIndexText(module: Module, index: number): string {
  return `${index}${angled(tableName(module, index))}`;
}

function memoryIndexText(module: Module, index: number): string {
  return `${index}${angled(memoryName(module, index))}`;
}

function segmentIndexText(module: Module, kind: "elem" | "data", index: number): string {
  return `${index}${angled(segmentName(module, kind, index))}`;
}

function* catchTexts(module: Module, catches: readonly number[]): Generator<string> {
  for (let i = 0; i < catches.length; i += 3) {
    const [kind, tag, label] = [catches[i]!, catches[i + 1]!, catches[i + 2]!];
    const keyword = `catch${kind >= CatchKind.All ? "_all" : ""}${kind === CatchKind.TagRef || kind === CatchKind.AllRef ? "_ref" : ""}`;
    yield kind < CatchKind.All ? `(${keyword} ${tag}${angled(tagName(module, tag))} ${label})` : `(${keyword} ${label})`;
  }
}

function typeText(type: FuncType | undefined): string {
  if (type === undefined) return "";
  return `${listed("param", type.params.map(valTypeName))}${listed("result", type.results.map(valTypeName))}`;
}

function listed(keyword: string, items: readonly string[]): string {
  return items.length === 0 ? "" : ` (${keyword} ${items.join(" ")})`;
}

function angled(name: string | undefined): string {
  return name === undefined || name === "" ? "" : ` <${printable(name)}>`;
}

function quoted(name: string): string {
  return `"${printable(name.replaceAll("\\", "\\\\").replaceAll('"', '\\"'))}"`;
}

function i64Value(lo: number, hi: number): bigint {
  return (BigInt(hi) << 32n) | BigInt(lo >>> 0);
}

/** A 32-bit float as the text format writes it: the shortest decimal that is read back as these bits, or a NaN with its payload. */
export function f32Text(bits: number): string {
  const exponentAndMantissa = bits & 0x7fff_ffff;
  const mantissa = bits & 0x7f_ffff;
  if (exponentAndMantissa > 0x7f80_0000) return nanText(bits < 0, BigInt(mantissa), 0x40_0000n);
  const value = new Float32Array(Int32Array.of(bits).buffer)[0]!;
  return numberText(Number.isFinite(value) && value !== 0 ? shortestSingle(value) : value);
}

/** As f32Text, for the 64 bits in two words. */
export function f64Text(lo: number, hi: number): string {
  const value = new Float64Array(Int32Array.of(lo, hi).buffer)[0]!;
  if (!Number.isNaN(value)) return numberText(value);
  const mantissa = (BigInt(hi & 0xf_ffff) << 32n) | BigInt(lo >>> 0);
  return nanText(hi < 0, mantissa, 0x8_0000_0000_0000n);
}

function nanText(negative: boolean, payload: bigint, canonical: bigint): string {
  const sign = negative ? "-" : "";
  return payload === canonical ? `${sign}nan` : `${sign}nan:0x${payload.toString(16)}`;
}

function numberText(value: number): string {
  if (Object.is(value, -0)) return "-0";
  if (Number.isFinite(value)) return `${value}`;
  return value > 0 ? "inf" : "-inf";
}

// ---- the whole module

/** A module's contents without function bodies and data: one line per entity, in the order of the sections. */
export function* outlineModule(module: Module): Generator<string> {
  const name = moduleName(module);
  yield `module${name === undefined ? "" : ` ${quoted(name)}`}, ${module.bytes.length} bytes`;
  for (const [i, type] of module.types.entries()) yield typeLine(module, i, type);
  yield* importLines(module);
  for (let i = module.importedFuncCount; i < module.funcTypes.length; i++) {
    const body = module.funcs[i - module.importedFuncCount]!;
    yield `${functionHeader(module, i)}: [0x${body.start.toString(16)}, 0x${body.end.toString(16)})`;
  }
  const importedTables = module.tableTypes.length - module.tables.length;
  for (const [i, { type, init }] of module.tables.entries()) {
    yield `table ${tableIndexText(module, importedTables + i)}: ${tableText(type)}${init === undefined ? "" : ` = ${constText(module, init)}`}`;
  }
  const importedMemories = module.memoryTypes.length - module.memories.length;
  for (const [i, type] of module.memories.entries()) yield `memory ${memoryIndexText(module, importedMemories + i)}: ${memoryText(type)}`;
  const importedTags = module.tagTypes.length - module.tags.length;
  for (let i = importedTags; i < module.tagTypes.length; i++) yield `tag ${i}${angled(tagName(module, i))}:${typeText(module.tagTypes[i])}`;
  const importedGlobals = module.globalTypes.length - module.globals.length;
  for (const [i, { type, init }] of module.globals.entries()) {
    const index = importedGlobals + i;
    yield `global ${index}${angled(globalName(module, index))}: ${globalTypeText(type)} = ${constText(module, init)}`;
  }
  yield* exportLines(module);
  if (module.start !== undefined) yield `start: func ${module.start}${angled(functionName(module, module.start))}`;
  yield* segmentLines(module);
  for (const { name: customName, start, end } of module.customs) yield `custom ${quoted(customName)}: ${end - start} bytes`;
}

function* importLines(module: Module): Generator<string> {
  const counts = [0, 0, 0, 0, 0];
  for (const { module: from, name, desc } of module.imports) {
    const index = counts[desc.kind]!++;
    yield `import ${quoted(from)} ${quoted(name)}: ${externKindNames[desc.kind]} ${index}${importTypeText(module, desc)}`;
  }
}

function importTypeText(module: Module, desc: ImportDesc): string {
  switch (desc.kind) {
    case ExternKind.Func:
    case ExternKind.Tag:
      return typeText(funcTypeAt(module, desc.typeIndex));
    case ExternKind.Table:
      return ` ${tableText(desc.type)}`;
    case ExternKind.Memory:
      return ` ${memoryText(desc.type)}`;
    case ExternKind.Global:
      return ` ${globalTypeText(desc.type)}`;
  }
}

function* exportLines(module: Module): Generator<string> {
  for (const { name, kind, index } of module.exports) {
    const of = kind === ExternKind.Func ? ` <${displayName(module, index)}>` : "";
    yield `export ${quoted(name)}: ${externKindNames[kind]} ${index}${of}`;
  }
}

function* segmentLines(module: Module): Generator<string> {
  for (const [i, { mode, items, elemType }] of module.elems.entries()) {
    const index = segmentIndexText(module, "elem", i);
    yield `elem ${index}: ${items.length} × ${valTypeName(elemType)}, ${modeText(module, mode, (table) => `table ${tableIndexText(module, table)}`)}`;
  }
  for (const [i, { mode, start, end }] of module.datas.entries()) {
    const index = segmentIndexText(module, "data", i);
    yield `data ${index}: ${end - start} bytes, ${modeText(module, mode, (memory) => `memory ${memoryIndexText(module, memory)}`)}`;
  }
}

function modeText(module: Module, mode: SegmentMode, target: (index: number) => string): string {
  return mode.kind === "active" ? `${target(mode.index)} at ${constText(module, mode.offset)}` : mode.kind;
}

/** `type 3 <node>: sub 2 struct i32 (mut i8)`; members of a recursive group name it. */
function typeLine(module: Module, index: number, type: TypeDef): string {
  const parts = [
    ...(type.groupSize > 1 ? [`rec ${type.groupStart}`] : []),
    ...(type.final && type.supertype < 0 ? [] : [`sub${type.final ? " final" : ""}${type.supertype < 0 ? "" : ` ${type.supertype}`}`]),
    ...(type.describes < 0 ? [] : [`describes ${type.describes}`]),
    ...(type.descriptor < 0 ? [] : [`descriptor ${type.descriptor}`]),
    `${type.kind}${typeText(type.func)}`,
    ...type.fields.map(fieldText),
  ];
  return `type ${typeIndexText(module, index)}: ${parts.join(" ")}`;
}

function fieldText({ type, mutable }: FieldType): string {
  return mutable ? `(mut ${valTypeName(type)})` : valTypeName(type);
}

function tableText({ elemType, limits, address64 }: TableType): string {
  return `${address64 === true ? "i64 " : ""}${limitsText(limits)} ${valTypeName(elemType)}`;
}

function memoryText({ limits, address64, shared, pageShift = 16 }: MemoryType): string {
  const size = pageShift === 16 ? "" : ` of ${2 ** pageShift} byte`;
  return `${address64 === true ? "i64 " : ""}${limitsText(limits)} pages${size}${shared === true ? " shared" : ""}`;
}

function limitsText({ min, max }: Limits): string {
  return max === undefined ? `${min}` : `${min} to ${max}`;
}

function globalTypeText({ valType, mutable }: GlobalType): string {
  return mutable ? `mut ${valTypeName(valType)}` : valTypeName(valType);
}

function constText(module: Module, expr: ConstExpr): string {
  const reader = new InstrReader(module.bytes, expr.start, expr.end);
  const parts: string[] = [];
  while (reader.next() && reader.pos < expr.end) parts.push(instrText(module, -1, reader));
  return parts.join(", ");
}
