/**
 * Names for people: functions, locals and globals of the modules of a store, from their name sections (custom section
 * "name"), exports and imports. Names are never needed to run: a damaged name section gives fewer names, not an error.
 */
import type { CodePlace } from "../rr/replay-engine.ts";
import { DecodeError, RewasmError } from "../vm/errors.ts";
import { InstrReader } from "../vm/instr.ts";
import { InstrFlag } from "../vm/opcodes.ts";
import { ByteReader } from "../vm/reader.ts";
import type { Instance, Store } from "../vm/store.ts";
import { ExternKind, type Module } from "../vm/types.ts";

/** What a module says about names, by index. */
export interface ModuleNames {
  readonly funcs: ReadonlyMap<number, string>;
  readonly locals: ReadonlyMap<number, ReadonlyMap<number, string>>;
  readonly globals: ReadonlyMap<number, string>;
}

/** Subsections of the name section (spec: appendix, and the extended-name-section proposal for globals). */
const NamePart = { Funcs: 1, Locals: 2, Globals: 7 } as const;

/** Reads the name section; what follows a damaged byte is missing. Cost: the section. */
export function readModuleNames(module: Module): ModuleNames {
  const names = { funcs: new Map<number, string>(), locals: new Map<number, Map<number, string>>(), globals: new Map<number, string>() };
  for (const { name, start, end } of module.customs) {
    if (name !== "name") continue;
    try {
      const reader = new ByteReader(module.bytes, start, end);
      while (reader.pos < end) readPart(reader, names);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
    }
  }
  for (const { kind, name, index } of module.exports) {
    if (kind === ExternKind.Func && !names.funcs.has(index)) names.funcs.set(index, name);
    if (kind === ExternKind.Global && !names.globals.has(index)) names.globals.set(index, name);
  }
  return names;
}

interface NameMaps {
  readonly funcs: Map<number, string>;
  readonly locals: Map<number, Map<number, string>>;
  readonly globals: Map<number, string>;
}

function readPart(reader: ByteReader, names: NameMaps): void {
  const part = reader.u8();
  const size = reader.u32();
  const next = reader.skip(size) + size;
  const content = new ByteReader(reader.bytes, next - size, next);
  if (part === NamePart.Funcs) readNameMap(content, names.funcs);
  else if (part === NamePart.Globals) readNameMap(content, names.globals);
  else if (part === NamePart.Locals) {
    for (let count = content.u32(); count > 0; count--) {
      const locals = new Map<number, string>();
      names.locals.set(content.u32(), locals);
      readNameMap(content, locals);
    }
  }
}

function readNameMap(reader: ByteReader, into: Map<number, string>): void {
  for (let count = reader.u32(); count > 0; count--) {
    const index = reader.u32();
    into.set(index, reader.name());
  }
}

/** Names of one store; modules that are added later are found too. */
export class Symbols {
  private readonly store: Store;
  private readonly known = new Map<Module, ModuleNames>();

  constructor(store: Store) {
    this.store = store;
  }

  namesOf(module: Module): ModuleNames {
    let names = this.known.get(module);
    if (names === undefined) {
      names = readModuleNames(module);
      this.known.set(module, names);
    }
    return names;
  }

  /** `name` of the name section or export, `module.name` of a host function, else `func[12]`. */
  funcName(funcAddr: number): string {
    const func = this.store.funcs[funcAddr];
    if (func === undefined) return `func@${funcAddr}`;
    if (func.kind === "host") return `${func.module}.${func.name}`;
    const { module } = this.store.instances[func.instanceAddr]!;
    return this.namesOf(module).funcs.get(func.funcIndex) ?? `func[${func.funcIndex}]`;
  }

  localName(funcAddr: number, localIndex: number): string | undefined {
    const func = this.store.funcs[funcAddr];
    if (func?.kind !== "wasm") return undefined;
    const { module } = this.store.instances[func.instanceAddr]!;
    return this.namesOf(module).locals.get(func.funcIndex)?.get(localIndex);
  }

  /**
   * Places that a person means: `name` (exact, of the name section, an export or import), `12` or `func[12]` (function
   * index), `0x1a2b` or `*0x1a2b` (module byte offset; the counted instruction at it or the next one in that function).
   * Host functions have no code: they are found, but nothing can stop in them. Throws RewasmError "unknown-place".
   */
  findPlaces(text: string): CodePlace[] {
    const offset = /^\*?(0x[0-9a-f]+)$/i.exec(text) ?? /^\*(\d+)$/.exec(text);
    if (offset !== null) return this.placesAtOffset(Number(offset[1]));
    const index = /^(?:func\[(\d+)\]|(\d+))$/.exec(text);
    const places = index !== null ? this.funcsByIndex(Number(index[1] ?? index[2])) : this.funcsByName(text);
    if (places.length === 0) throw new RewasmError("unknown-place", `there is no function ${text}${this.suggestion(text)}`);
    return places.map((funcAddr) => ({ funcAddr, wasmOffset: undefined }));
  }

  /** Names of all functions, for completion. */
  funcNames(): string[] {
    return [...new Set(this.store.funcs.map((_, addr) => this.funcName(addr)))];
  }

  private funcsByIndex(funcIndex: number): number[] {
    return this.store.instances.flatMap(({ funcAddrs }) => {
      const addr = funcAddrs[funcIndex];
      return addr === undefined ? [] : [addr];
    });
  }

  private funcsByName(name: string): number[] {
    const found = new Set<number>();
    for (const instance of this.store.instances) {
      for (const [index, each] of this.namesOf(instance.module).funcs) if (each === name) found.add(instance.funcAddrs[index]!);
      for (const { kind, name: each, index } of instance.module.exports) {
        if (kind === ExternKind.Func && each === name) found.add(instance.funcAddrs[index]!);
      }
    }
    for (const [addr, func] of this.store.funcs.entries()) {
      if (func.kind === "host" && (func.name === name || `${func.module}.${func.name}` === name)) found.add(addr);
    }
    return [...found].filter((addr) => addr !== undefined);
  }

  private placesAtOffset(wasmOffset: number): CodePlace[] {
    const places: CodePlace[] = [];
    for (const instance of this.store.instances) {
      const at = funcIndexAt(instance, wasmOffset);
      if (at === undefined) continue;
      const counted = countedInstructionAt(instance.module, at, wasmOffset);
      if (counted !== undefined) places.push({ funcAddr: instance.funcAddrs[at]!, wasmOffset: counted });
    }
    if (places.length === 0) throw new RewasmError("unknown-place", `there is no instruction at offset 0x${wasmOffset.toString(16)}`);
    return places;
  }

  private suggestion(text: string): string {
    const lower = text.toLowerCase();
    const similar = this.funcNames().filter((name) => name.toLowerCase().includes(lower));
    return similar.length === 0 ? "" : `; similar: ${similar.slice(0, 5).join(", ")}`;
  }
}

/** Index of the function whose code holds the offset. */
function funcIndexAt({ module }: Instance, wasmOffset: number): number | undefined {
  const at = module.funcs.findIndex(({ start, end }) => wasmOffset >= start && wasmOffset < end);
  return at < 0 ? undefined : module.importedFuncCount + at;
}

/** Offset of the first counted instruction at or after `wasmOffset` in a function; undefined when none follows. */
export function countedInstructionAt(module: Module, funcIndex: number, wasmOffset: number): number | undefined {
  const body = module.funcs[funcIndex - module.importedFuncCount];
  if (body === undefined) return undefined;
  const reader = new InstrReader(module.bytes, body.codeStart, body.end);
  while (reader.next()) {
    if (reader.wasmOffset >= wasmOffset && (reader.row.flags & InstrFlag.Uncounted) === 0) return reader.wasmOffset;
  }
  return undefined;
}
