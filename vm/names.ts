/**
 * Names of functions, locals and globals, for people: the "name" custom section (spec: appendix, custom sections), else
 * exports and imports. Names never change how anything executes, and a malformed name section is as good as none.
 */
import { DecodeError } from "./errors.ts";
import { ByteReader } from "./reader.ts";
import { ExternKind, type Module } from "./types.ts";

/** Subsections of the name section that are read. */
const Subsection = { Module: 0, Functions: 1, Locals: 2, Globals: 7 } as const;

type NameMap = ReadonlyMap<number, string>;

interface NameSection {
  readonly module: string | undefined;
  readonly functions: NameMap;
  /** By function, then by local. */
  readonly locals: ReadonlyMap<number, NameMap>;
  readonly globals: NameMap;
}

const noNames: NameMap = new Map();
const nothing: NameSection = { module: undefined, functions: noNames, locals: new Map(), globals: noNames };

interface FallbackNames {
  readonly functions: NameMap;
  readonly globals: NameMap;
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
  let module: string | undefined;
  let functions = noNames;
  let locals: ReadonlyMap<number, NameMap> = new Map();
  let globals = noNames;
  const { bytes, end } = reader;
  while (reader.pos < end) {
    const id = reader.u8();
    const byteLength = reader.u32();
    const start = reader.skip(byteLength);
    const part = new ByteReader(bytes, start, reader.pos);
    if (id === Subsection.Module) module = part.name();
    else if (id === Subsection.Functions) functions = readMap(part, (p) => p.name());
    else if (id === Subsection.Locals) locals = readMap(part, (p) => readMap(p, (q) => q.name()));
    else if (id === Subsection.Globals) globals = readMap(part, (p) => p.name());
  }
  return { module, functions, locals, globals };
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
  const functions = new Map<number, string>();
  const globals = new Map<number, string>();
  const mapOf = (kind: ExternKind): Map<number, string> | undefined =>
    kind === ExternKind.Func ? functions : kind === ExternKind.Global ? globals : undefined;
  for (const { name, kind, index } of module.exports) {
    const map = mapOf(kind);
    if (map !== undefined && !map.has(index)) map.set(index, name);
  }
  let funcIndex = 0;
  let globalIndex = 0;
  for (const { module: from, name, desc } of module.imports) {
    const index = desc.kind === ExternKind.Func ? funcIndex++ : desc.kind === ExternKind.Global ? globalIndex++ : -1;
    const map = mapOf(desc.kind);
    if (map !== undefined && !map.has(index)) map.set(index, `${from}.${name}`);
  }
  return { functions, globals };
}
