/**
 * From bytes to the definitions of a component (component model: binary format). Syntax only: indices are kept as they
 * stand, nothing is validated or evaluated, and core modules are located, not decoded.
 */
import { DecodeError } from "../vm/errors.ts";
import { ByteReader } from "../vm/reader.ts";
import { ComponentError } from "./errors.ts";
import type { Primitive } from "./types.ts";

/** The version of the component format that is read: the only one in use. */
const FORMAT_VERSION = 0x0d;
const COMPONENT_LAYER = 1;
const PREAMBLE_BYTES = 8;
/** Deepest nesting of components and of types of components. */
const MAX_NESTING = 100;

/** Whether the bytes begin as a component does: magic of WebAssembly, then layer 1. */
export function isComponent(bytes: Uint8Array): boolean {
  const magic = bytes[0] === 0 && bytes[1] === 0x61 && bytes[2] === 0x73 && bytes[3] === 0x6d;
  return magic && bytes[6] === COMPONENT_LAYER && bytes[7] === 0;
}

/** What an index refers to. `core-…` are the index spaces of core WebAssembly. */
export type Sort =
  | "core-func"
  | "core-table"
  | "core-memory"
  | "core-global"
  | "core-tag"
  | "core-type"
  | "core-module"
  | "core-instance"
  | "func"
  | "value"
  | "type"
  | "component"
  | "instance";

export interface NamedIndex {
  readonly name: string;
  readonly sort: Sort;
  readonly index: number;
}

/** A type where one may stand: a primitive, or an index of the scope's types. */
export type TypeRef = Primitive | number;

export interface NamedRef {
  readonly name: string;
  readonly type: TypeRef;
}

/** A type as it is written. */
export type TypeDef =
  | { readonly kind: "primitive"; readonly type: Primitive }
  | { readonly kind: "record"; readonly fields: readonly NamedRef[] }
  | { readonly kind: "variant"; readonly cases: readonly { readonly name: string; readonly type: TypeRef | undefined }[] }
  | { readonly kind: "list"; readonly item: TypeRef; readonly length: number | undefined }
  | { readonly kind: "tuple"; readonly items: readonly TypeRef[] }
  | { readonly kind: "flags" | "enum"; readonly names: readonly string[] }
  | { readonly kind: "option"; readonly item: TypeRef }
  | { readonly kind: "result"; readonly ok: TypeRef | undefined; readonly error: TypeRef | undefined }
  | { readonly kind: "own" | "borrow"; readonly resource: number }
  | { readonly kind: "resource" }
  | { readonly kind: "func"; readonly params: readonly NamedRef[]; readonly result: TypeRef | undefined }
  | { readonly kind: "component" | "instance"; readonly decls: readonly Definition[] };

/** What an import or export is. */
export type ExternDesc =
  | { readonly sort: "core-module" }
  | { readonly sort: "func" | "component" | "instance"; readonly type: number }
  | { readonly sort: "value" }
  /** `equal` is the type that it equals, or undefined for a resource of its own. */
  | { readonly sort: "type"; readonly equal: number | undefined };

export type BuiltinName = "[resource-new]" | "[resource-drop]" | "[resource-rep]";

/** One definition, in the order of the file: each adds one item to one index space, but exports of types add one too. */
export type Definition =
  | { readonly kind: "core-module"; readonly start: number; readonly end: number }
  | { readonly kind: "core-instance"; readonly module: number; readonly args: readonly NamedIndex[] }
  | { readonly kind: "core-exports"; readonly exports: readonly NamedIndex[] }
  | { readonly kind: "core-type" }
  | { readonly kind: "component"; readonly definitions: readonly Definition[] }
  | { readonly kind: "instance"; readonly component: number; readonly args: readonly NamedIndex[] }
  | { readonly kind: "exports"; readonly exports: readonly NamedIndex[] }
  | { readonly kind: "alias-export"; readonly sort: Sort; readonly instance: number; readonly name: string }
  | { readonly kind: "alias-core-export"; readonly sort: Sort; readonly instance: number; readonly name: string }
  | { readonly kind: "alias-outer"; readonly sort: Sort; readonly scopes: number; readonly index: number }
  | { readonly kind: "type"; readonly type: TypeDef }
  | { readonly kind: "lift"; readonly func: number; readonly type: number }
  /** `memory` is the index of the memory that pointers mean. */
  | { readonly kind: "lower"; readonly func: number; readonly memory: number | undefined }
  /** A function about resources that the embedding supplies; `resource` is a type index. */
  | { readonly kind: "builtin"; readonly name: BuiltinName; readonly resource: number }
  | { readonly kind: "start" }
  | { readonly kind: "import"; readonly name: string; readonly desc: ExternDesc }
  | { readonly kind: "export"; readonly name: string; readonly sort: Sort; readonly index: number; readonly desc: ExternDesc | undefined };

/**
 * The definitions of a component, those of nested components inside them. Throws DecodeError, with the offset, for bytes
 * that are no component of the known version, ComponentError "async-component" for one that uses what only asynchronous
 * components have. Cost: linear in the bytes outside of core modules.
 */
export function decodeComponent(bytes: Uint8Array): readonly Definition[] {
  const decoder = new ComponentDecoder(bytes, 0, bytes.length, 0);
  decoder.preamble();
  return decoder.sections();
}

const primitives: Readonly<Record<number, Primitive>> = {
  127: "bool",
  126: "s8",
  125: "u8",
  124: "s16",
  123: "u16",
  122: "s32",
  121: "u32",
  120: "s64",
  119: "u64",
  118: "f32",
  117: "f64",
  116: "char",
  115: "string",
};

const coreSorts: Readonly<Record<number, Sort>> = {
  0: "core-func",
  1: "core-table",
  2: "core-memory",
  3: "core-global",
  4: "core-tag",
  16: "core-type",
  17: "core-module",
  18: "core-instance",
};

/** Types that only asynchronous components use. */
const asyncTypes: ReadonlyMap<number, string> = new Map([
  [0x43, "an asynchronous function"],
  [0x3e, "a resource with an asynchronous destructor"],
  [0x64, "an error context"],
  [0x65, "a future"],
  [0x66, "a stream"],
]);

const sorts: Readonly<Record<number, Sort>> = { 1: "func", 2: "value", 3: "type", 4: "component", 5: "instance" };

class ComponentDecoder extends ByteReader {
  private readonly nesting: number;

  constructor(bytes: Uint8Array, start: number, end: number, nesting: number) {
    super(bytes, start, end);
    this.nesting = nesting;
    if (nesting > MAX_NESTING) throw new DecodeError("component-nesting", start, `components are nested more than ${MAX_NESTING} deep`);
  }

  preamble(): void {
    const start = this.skip(PREAMBLE_BYTES);
    if (!isComponent(this.bytes.subarray(start, this.end))) throw new DecodeError("component-magic", start, "this is no component");
    const version = this.bytes[start + 4]! | (this.bytes[start + 5]! << 8);
    if (version !== FORMAT_VERSION) {
      throw new DecodeError("component-version", start + 4, `the component has format version ${version}, not ${FORMAT_VERSION}`);
    }
  }

  sections(): Definition[] {
    const out: Definition[] = [];
    while (this.pos < this.end) {
      const id = this.u8();
      const at = this.pos;
      const byteLength = this.u32();
      if (byteLength > this.end - this.pos) throw new DecodeError("length-out-of-bounds", at, "length out of bounds: a section");
      const start = this.skip(byteLength);
      new ComponentDecoder(this.bytes, start, start + byteLength, this.nesting).section(id, out);
    }
    return out;
  }

  /** The definitions of one section, which is all that this decoder was given. */
  private section(id: number, out: Definition[]): void {
    switch (id) {
      case 0:
        return;
      case 1:
        out.push({ kind: "core-module", start: this.pos, end: this.end });
        return;
      case 4: {
        const inner = new ComponentDecoder(this.bytes, this.pos, this.end, this.nesting + 1);
        inner.preamble();
        out.push({ kind: "component", definitions: inner.sections() });
        return;
      }
      case 9:
        out.push({ kind: "start" });
        return;
      case 3:
        // Of core types only the number matters; each takes a byte at least.
        for (let count = Math.min(this.u32(), this.end - this.pos); count > 0; count--) out.push({ kind: "core-type" });
        return;
    }
    for (let count = this.u32(); count > 0; count--) out.push(this.definition(id));
    if (this.pos !== this.end) throw new DecodeError("section-size", this.pos, "a section of the component is longer than its content");
  }

  private definition(id: number): Definition {
    switch (id) {
      case 2:
        return this.coreInstance();
      case 5:
        return this.instance();
      case 6:
        return this.alias();
      case 7:
        return { kind: "type", type: this.typeDef() };
      case 8:
        return this.canon();
      case 10:
        return { kind: "import", name: this.externName(), desc: this.externDesc() };
      case 11:
        return this.export();
      default:
        throw new DecodeError("component-section", this.pos, `the component has a section of unknown kind ${id}`);
    }
  }

  private vec<T>(item: () => T): T[] {
    const items: T[] = [];
    for (let count = this.u32(); count > 0; count--) items.push(item());
    return items;
  }

  private unknown(what: string, code: number): DecodeError {
    return new DecodeError("component-unknown", this.pos - 1, `the component has ${what} of unknown kind 0x${code.toString(16)}`);
  }

  private coreInstance(): Definition {
    const code = this.u8();
    if (code === 0) {
      const module = this.u32();
      return { kind: "core-instance", module, args: this.vec(() => this.named(this.name(), this.expect(0x12, "core-instance"))) };
    }
    if (code !== 1) throw this.unknown("a core instance", code);
    return { kind: "core-exports", exports: this.vec(() => this.named(this.name(), this.coreSort())) };
  }

  private instance(): Definition {
    const code = this.u8();
    if (code === 0) {
      const component = this.u32();
      return { kind: "instance", component, args: this.vec(() => this.named(this.name(), this.sort())) };
    }
    if (code !== 1) throw this.unknown("an instance", code);
    return { kind: "exports", exports: this.vec(() => this.named(this.externName(), this.sort())) };
  }

  private named(name: string, sort: Sort): NamedIndex {
    return { name, sort, index: this.u32() };
  }

  private expect(code: number, sort: Sort): Sort {
    const found = this.u8();
    if (found !== code) throw this.unknown("an argument", found);
    return sort;
  }

  private coreSort(): Sort {
    const code = this.u8();
    const sort = coreSorts[code];
    if (sort === undefined) throw this.unknown("a core item", code);
    return sort;
  }

  private sort(): Sort {
    const code = this.u8();
    if (code === 0) return this.coreSort();
    const sort = sorts[code];
    if (sort === undefined) throw this.unknown("an item", code);
    return sort;
  }

  private alias(): Definition {
    const sort = this.sort();
    const target = this.u8();
    switch (target) {
      case 0:
        return { kind: "alias-export", sort, instance: this.u32(), name: this.name() };
      case 1:
        return { kind: "alias-core-export", sort, instance: this.u32(), name: this.name() };
      case 2:
        return { kind: "alias-outer", sort, scopes: this.u32(), index: this.u32() };
      default:
        throw this.unknown("an alias", target);
    }
  }

  /** A name of an import or export; what may follow the name (a version) says nothing that the name does not. */
  private externName(): string {
    const code = this.u8();
    const name = this.name();
    if (code === 2) this.name();
    else if (code > 1) throw this.unknown("a name", code);
    return name;
  }

  private externDesc(): ExternDesc {
    const code = this.u8();
    switch (code) {
      case 0:
        this.expect(0x11, "core-module");
        this.u32();
        return { sort: "core-module" };
      case 1:
        return { sort: "func", type: this.u32() };
      case 2:
        if (this.u8() === 0) this.u32();
        else this.typeRef();
        return { sort: "value" };
      case 3:
        return { sort: "type", equal: this.u8() === 0 ? this.u32() : undefined };
      case 4:
        return { sort: "component", type: this.u32() };
      case 5:
        return { sort: "instance", type: this.u32() };
      default:
        throw this.unknown("an import or export", code);
    }
  }

  private export(): Definition {
    const name = this.externName();
    const sort = this.sort();
    const index = this.u32();
    return { kind: "export", name, sort, index, desc: this.optional(() => this.externDesc()) };
  }

  private optional<T>(item: () => T): T | undefined {
    const code = this.u8();
    if (code > 1) throw this.unknown("an optional part", code);
    return code === 0 ? undefined : item();
  }

  private typeRef(): TypeRef {
    const at = this.pos;
    const code = this.s33();
    if (code >= 0) return code;
    const primitive = primitives[code & 0x7f];
    if (code === -28) throw this.async("an error context");
    if (primitive === undefined || code < -64) throw new DecodeError("component-unknown", at, "the component has a type of unknown kind");
    return primitive;
  }

  private label(): NamedRef {
    return { name: this.name(), type: this.typeRef() };
  }

  private typeDef(): TypeDef {
    const code = this.u8();
    const primitive = primitives[code];
    if (primitive !== undefined) return { kind: "primitive", type: primitive };
    switch (code) {
      case 0x72:
        return { kind: "record", fields: this.vec(() => this.label()) };
      case 0x71:
        return { kind: "variant", cases: this.vec(() => this.variantCase()) };
      case 0x70:
        return { kind: "list", item: this.typeRef(), length: undefined };
      case 0x67:
        return { kind: "list", item: this.typeRef(), length: this.u32() };
      case 0x6f:
        return { kind: "tuple", items: this.vec(() => this.typeRef()) };
      case 0x6e:
        return { kind: "flags", names: this.vec(() => this.name()) };
      case 0x6d:
        return { kind: "enum", names: this.vec(() => this.name()) };
      case 0x6b:
        return { kind: "option", item: this.typeRef() };
      case 0x6a:
        return { kind: "result", ok: this.optional(() => this.typeRef()), error: this.optional(() => this.typeRef()) };
      case 0x69:
        return { kind: "own", resource: this.u32() };
      case 0x68:
        return { kind: "borrow", resource: this.u32() };
      case 0x3f:
        this.u8();
        this.optional(() => this.u32());
        return { kind: "resource" };
      case 0x40:
        return { kind: "func", params: this.vec(() => this.label()), result: this.funcResult() };
      case 0x41:
      case 0x42:
        return this.scopeType(code === 0x41 ? "component" : "instance");
      default:
        if (asyncTypes.has(code)) throw this.async(asyncTypes.get(code)!);
        throw this.unknown("a type", code);
    }
  }

  private variantCase(): { name: string; type: TypeRef | undefined } {
    const found = { name: this.name(), type: this.optional(() => this.typeRef()) };
    const refines = this.u8();
    if (refines !== 0) throw this.unknown("a variant's case", refines);
    return found;
  }

  private funcResult(): TypeRef | undefined {
    const code = this.u8();
    if (code === 0) return this.typeRef();
    if (code !== 1) throw this.unknown("a function's result", code);
    const names = this.u32();
    if (names !== 0) throw new DecodeError("component-unknown", this.pos, "the component has a function with several results");
    return undefined;
  }

  private scopeType(kind: "component" | "instance"): TypeDef {
    const inner = new ComponentDecoder(this.bytes, this.pos, this.end, this.nesting + 1);
    const decls = inner.vec(() => inner.declaration());
    this.pos = inner.pos;
    return { kind, decls };
  }

  private declaration(): Definition {
    const code = this.u8();
    switch (code) {
      case 1:
        return { kind: "type", type: this.typeDef() };
      case 2:
        return this.alias();
      case 3:
        return { kind: "import", name: this.externName(), desc: this.externDesc() };
      case 4: {
        const name = this.externName();
        const desc = this.externDesc();
        return { kind: "export", name, sort: desc.sort, index: -1, desc };
      }
      default:
        throw this.unknown("a declaration", code);
    }
  }

  private canon(): Definition {
    const code = this.u8();
    switch (code) {
      case 0: {
        this.canonByte();
        const func = this.u32();
        this.canonOptions();
        return { kind: "lift", func, type: this.u32() };
      }
      case 1: {
        this.canonByte();
        const func = this.u32();
        return { kind: "lower", func, memory: this.canonOptions() };
      }
      case 2:
        return { kind: "builtin", name: "[resource-new]", resource: this.u32() };
      case 3:
        return { kind: "builtin", name: "[resource-drop]", resource: this.u32() };
      case 4:
        return { kind: "builtin", name: "[resource-rep]", resource: this.u32() };
      default:
        // All others are about tasks, threads, streams and futures.
        throw this.async(`built-in function 0x${code.toString(16)}`);
    }
  }

  private canonByte(): void {
    const code = this.u8();
    if (code !== 0) throw this.unknown("a canonical function", code);
  }

  /** Skips the options but for the memory. */
  private canonOptions(): number | undefined {
    let memory: number | undefined;
    for (let count = this.u32(); count > 0; count--) {
      const code = this.u8();
      if (code <= 2) continue;
      if (code === 6 || code === 7) throw this.async("an asynchronous function");
      if (code > 5) throw this.unknown("an option of a canonical function", code);
      const index = this.u32();
      if (code === 3) memory = index;
    }
    return memory;
  }

  private async(what: string): ComponentError {
    return new ComponentError("async-component", `the component uses ${what}: asynchronous components cannot be run`);
  }
}
