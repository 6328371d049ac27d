/**
 * Names for people, by store address: functions, locals and globals of the modules of a store, and the places in their
 * code that a name, index or offset means. Names are never needed to run. Reading them is vm/names.ts's matter.
 */
import type { CodePlace } from "../rr/replay-engine.ts";
import { RewasmError } from "../vm/errors.ts";
import { InstrReader } from "../vm/instr.ts";
import { functionName, functionsNamed, globalName, localName, printable } from "../vm/names.ts";
import { InstrFlag } from "../vm/opcodes.ts";
import { ExternKind, type Module } from "../vm/types.ts";
import type { InterfaceLabels } from "./interfaces.ts";
import type { FunctionSource } from "./roster.ts";

/** Names of one store, where modules that are added later are found too; or of a roster. */
export class Symbols {
  private readonly store: FunctionSource;
  private readonly interfaces: InterfaceLabels | undefined;

  /** `interfaces` are the names that a component gives to its functions. */
  constructor(store: FunctionSource, interfaces?: InterfaceLabels) {
    this.store = store;
    this.interfaces = interfaces;
  }

  /**
   * `name` of the name section or export, `module.name` of a host function, else `func[12]`; on one line. The name of an
   * interface function follows in braces when it says something else.
   */
  funcName(funcAddr: number): string {
    const name = this.coreName(funcAddr);
    const label = this.interfaces?.of(funcAddr);
    return label === undefined || label.replace("#", ".") === name.replace("#", ".") ? name : `${name} {${printable(label)}}`;
  }

  private coreName(funcAddr: number): string {
    const func = this.store.funcs[funcAddr];
    if (func === undefined) return `func@${funcAddr}`;
    if (func.kind === "host") return printable(`${func.module}.${func.name}`);
    const name = functionName(this.moduleOf(func.instanceAddr), func.funcIndex);
    return name === undefined || name === "" ? `func[${func.funcIndex}]` : printable(name);
  }

  localName(funcAddr: number, localIndex: number): string | undefined {
    const func = this.store.funcs[funcAddr];
    if (func?.kind !== "wasm") return undefined;
    return shown(localName(this.moduleOf(func.instanceAddr), func.funcIndex, localIndex));
  }

  globalName(instanceAddr: number, globalIndex: number): string | undefined {
    return shown(globalName(this.moduleOf(instanceAddr), globalIndex));
  }

  /** Offset of a function's first counted instruction; undefined when it has none, or is a host function. */
  entryOffset(funcAddr: number): number | undefined {
    const func = this.store.funcs[funcAddr];
    return func?.kind === "wasm" ? countedInstructionAt(this.moduleOf(func.instanceAddr), func.funcIndex, 0) : undefined;
  }

  private moduleOf(instanceAddr: number): Module {
    return this.store.instances[instanceAddr]!.module;
  }

  /**
   * Places that a person means: `name` (exact, of the name section, an export or import, or an interface function), `12` or `func[12]` (function
   * index), `0x1a2b` or `*0x1a2b` (module byte offset; the counted instruction at it or the next one in that function).
   * Of host functions only the entry is a place: the call. Throws RewasmError "unknown-place".
   */
  findPlaces(text: string): CodePlace[] {
    const offset = /^\*?(0x[0-9a-f]+)$/i.exec(text) ?? /^\*(\d+)$/.exec(text);
    if (offset !== null) return this.placesAtOffset(Number(offset[1]));
    const index = /^(?:func\[(\d+)\]|(\d+))$/.exec(text);
    const places = index !== null ? this.funcsByIndex(Number(index[1] ?? index[2])) : this.funcsByName(text);
    if (places.length === 0) throw new RewasmError("unknown-place", `there is no function ${text}${this.suggestion(text)}`);
    return places.map((funcAddr) => ({ funcAddr, wasmOffset: undefined, host: this.store.funcs[funcAddr]?.kind === "host" }));
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
    for (const { module, funcAddrs } of this.store.instances) {
      for (const index of functionsNamed(module, name)) found.add(funcAddrs[index]!);
      for (const { kind, name: each, index } of module.exports) {
        if (kind === ExternKind.Func && each === name) found.add(funcAddrs[index]!);
      }
    }
    for (const [addr, func] of this.store.funcs.entries()) {
      if (func.kind === "host" && (func.name === name || `${func.module}.${func.name}` === name)) found.add(addr);
    }
    for (const addr of this.interfaces?.named(name) ?? []) found.add(addr);
    return [...found];
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

function shown(name: string | undefined): string | undefined {
  return name === undefined || name === "" ? undefined : printable(name);
}

/** Index of the function whose code holds the offset. */
function funcIndexAt({ module }: { readonly module: Module }, wasmOffset: number): number | undefined {
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
