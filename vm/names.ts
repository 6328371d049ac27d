/**
 * Names of functions, locals and globals, for people: the "name" custom section (spec: appendix, custom sections), else
 * exports and imports. Names never change how anything executes, and a malformed name section is as good as none.
 */
import { DecodeError } from "./errors.ts";
import { ByteReader } from "./reader.ts";
import { ExternKind, type Module } from "./types.ts";

/** Subsections of the name section that are read. */
const Subsection = {
  Module: 0,
  Functions: 1,
  Locals: 2,
  Types: 4,
  Tables: 5,
  Memories: 6,
  Globals: 7,
  Elems: 8,
  Datas: 9,
  Fields: 10,
  Tags: 11,
} as const;

type NameMap = ReadonlyMap<number, string>;

interface NameSection {
  readonly module: string | undefined;
  readonly functions: NameMap;
  /** By function, then by local. */
  readonly locals: ReadonlyMap<number, NameMap>;
  readonly globals: NameMap;
  readonly types: NameMap;
  readonly tables: NameMap;
  readonly memories: NameMap;
  readonly elems: NameMap;
  readonly datas: NameMap;
  readonly tags: NameMap;
  /** By type, then by field. */
  readonly fields: ReadonlyMap<number, NameMap>;
}

const noNames: NameMap = new Map();
const noNameMaps: ReadonlyMap<number, NameMap> = new Map();
const nothing: NameSection = {
  module: undefined,
  functions: noNames,
  locals: noNameMaps,
  globals: noNames,
  types: noNames,
  tables: noNames,
  memories: noNames,
  elems: noNames,
  datas: noNames,
  tags: noNames,
  fields: noNameMaps,
};

/** Names from exports and imports. */
interface FallbackNames {
  readonly functions: NameMap;
  readonly tables: NameMap;
  readonly memories: NameMap;
  readonly globals: NameMap;
  readonly tags: NameMap;
}

/**
 * What was read from each module. Modules never change, so this only saves reading a section twice; an entry lives as
 * long as its module.
 */
const sections = new WeakMap<Module, NameSection>();
const fallbacks = new WeakMap<Module, FallbackNames>();

/** The module's own name, if it has one. */
export function moduleName(module: Module): string | undefined {
  return nameSection(module).module;
}

/** Name of a function: from the name section, else its first export, else `module.name` of its import. Raw text, which may hold any character. */
export function functionName(module: Module, funcIndex: number): string | undefined {
  return nameSection(module).functions.get(funcIndex) ?? fallbackNames(module).functions.get(funcIndex);
}

/** Name of a function for people, on one line: `main`, or `<wasm function 12>` when it has none. */
export function displayName(module: Module, funcIndex: number): string {
  const name = functionName(module, funcIndex);
  return name === undefined || name === "" ? `<wasm function ${funcIndex}>` : printable(name);
}

/** Name of a parameter or local, if the name section tells. */
export function localName(module: Module, funcIndex: number, localIndex: number): string | undefined {
  return nameSection(module).locals.get(funcIndex)?.get(localIndex);
}

/** Name of a global: from the name section, else its export, else `module.name` of its import. */
export function globalName(module: Module, globalIndex: number): string | undefined {
  return nameSection(module).globals.get(globalIndex) ?? fallbackNames(module).globals.get(globalIndex);
}

/** Name of a table, as globalName. */
export function tableName(module: Module, tableIndex: number): string | undefined {
  return nameSection(module).tables.get(tableIndex) ?? fallbackNames(module).tables.get(tableIndex);
}

/** Name of a memory, as globalName. */
export function memoryName(module: Module, memoryIndex: number): string | undefined {
  return nameSection(module).memories.get(memoryIndex) ?? fallbackNames(module).memories.get(memoryIndex);
}

/** Name of an exception tag, as globalName. */
export function tagName(module: Module, tagIndex: number): string | undefined {
  return nameSection(module).tags.get(tagIndex) ?? fallbackNames(module).tags.get(tagIndex);
}

/** Name of a type, if the name section tells. */
export function typeName(module: Module, typeIndex: number): string | undefined {
  return nameSection(module).types.get(typeIndex);
}

/** Name of a struct's field, if the name section tells. */
export function fieldName(module: Module, typeIndex: number, fieldIndex: number): string | undefined {
  return nameSection(module).fields.get(typeIndex)?.get(fieldIndex);
}

/** Name of an element or data segment, if the name section tells. */
export function segmentName(module: Module, kind: "elem" | "data", index: number): string | undefined {
  const { elems, datas } = nameSection(module);
  return (kind === "elem" ? elems : datas).get(index);
}

/** Indices of all functions with this name (as functionName gives it), ascending. Cost: all functions. */
export function functionsNamed(module: Module, name: string): number[] {
  const found: number[] = [];
  for (let i = 0; i < module.funcTypes.length; i++) if (functionName(module, i) === name) found.push(i);
  return found;
}

/** The text with characters that would break a line or turn its direction written as escapes. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, (char) => `\\u{${char.codePointAt(0)!.toString(16)}}`);
}

function nameSection(module: Module): NameSection {
  let section = sections.get(module);
  if (section === undefined) {
    section = readNameSection(module);
    sections.set(module, section);
  }
  return section;
}

function readNameSection(module: Module): NameSection {
  const custom = module.customs.find(({ name }) => name === "name");
  if (custom === undefined) return nothing;
  try {
    return readSubsections(new ByteReader(module.bytes, custom.start, custom.end));
  } catch (error) {
    if (error instanceof DecodeError) return nothing;
    throw error;
  }
}

function readSubsections(reader: ByteReader): NameSection {
  let names = nothing;
  const { bytes, end } = reader;
  while (reader.pos < end) {
    const id = reader.u8();
    const byteLength = reader.u32();
    const start = reader.skip(byteLength);
    names = { ...names, ...readSubsection(id, new ByteReader(bytes, start, reader.pos)) };
  }
  return names;
}

function readSubsection(id: number, part: ByteReader): Partial<NameSection> {
  switch (id) {
    case Subsection.Module:
      return { module: part.name() };
    case Subsection.Functions:
      return { functions: readNames(part) };
    case Subsection.Locals:
      return { locals: readMap(part, readNames) };
    case Subsection.Types:
      return { types: readNames(part) };
    case Subsection.Tables:
      return { tables: readNames(part) };
    case Subsection.Memories:
      return { memories: readNames(part) };
    case Subsection.Globals:
      return { globals: readNames(part) };
    case Subsection.Elems:
      return { elems: readNames(part) };
    case Subsection.Datas:
      return { datas: readNames(part) };
    case Subsection.Fields:
      return { fields: readMap(part, readNames) };
    case Subsection.Tags:
      return { tags: readNames(part) };
    default:
      return {};
  }
}

function readNames(reader: ByteReader): NameMap {
  return readMap(reader, (part) => part.name());
}

/** A vector of index and entry; of two entries for an index the first counts. */
function readMap<Entry>(reader: ByteReader, readEntry: (reader: ByteReader) => Entry): ReadonlyMap<number, Entry> {
  const map = new Map<number, Entry>();
  const count = reader.u32();
  for (let i = 0; i < count; i++) {
    const index = reader.u32();
    const entry = readEntry(reader);
    if (!map.has(index)) map.set(index, entry);
  }
  return map;
}

function fallbackNames(module: Module): FallbackNames {
  let names = fallbacks.get(module);
  if (names === undefined) {
    names = collectFallbackNames(module);
    fallbacks.set(module, names);
  }
  return names;
}

function collectFallbackNames(module: Module): FallbackNames {
  // By ExternKind.
  const maps = [0, 1, 2, 3, 4].map(() => new Map<number, string>());
  for (const { name, kind, index } of module.exports) {
    const map = maps[kind]!;
    if (!map.has(index)) map.set(index, name);
  }
  const counts = maps.map(() => 0);
  for (const { module: from, name, desc } of module.imports) {
    const index = counts[desc.kind]!++;
    const map = maps[desc.kind]!;
    if (!map.has(index)) map.set(index, `${from}.${name}`);
  }
  const of = (kind: ExternKind): NameMap => maps[kind]!;
  return {
    functions: of(ExternKind.Func),
    tables: of(ExternKind.Table),
    memories: of(ExternKind.Memory),
    globals: of(ExternKind.Global),
    tags: of(ExternKind.Tag),
  };
}
