/**
 * The component that the core modules of a trace come from, as its settings describe it: names of interface functions for
 * functions of the store. For people and for replayed output; replay itself does not look at it.
 */
import { ExternKind, type Module } from "../vm/types.ts";

/** A host function as a core instance imports it. */
export interface ViewImport {
  /** Names of the core import. */
  readonly module: string;
  readonly name: string;
  /** What it is at the level of interfaces: `wasi:io/streams@0.2.3#[method]output-stream.write`. */
  readonly label: string;
  /** The memory that pointers among its arguments mean: number of an instance in the view, and name of its export. */
  readonly memory?: readonly [instance: number, name: string];
}

/** An exported core function that an exported interface function calls. */
export interface ViewExport {
  readonly name: string;
  readonly label: string;
}

/** A core instance, in the order in which the component makes them. */
export interface ViewInstance {
  /** SHA-256 of its module. */
  readonly module: string;
  /** The component instance that it belongs to: those have tables of handles of their own. */
  readonly component: number;
  readonly imports: readonly ViewImport[];
  readonly exports: readonly ViewExport[];
}

export interface ComponentView {
  readonly sha256: string;
  readonly byteLength: number;
  /** Imported and exported functions with their types, as text. */
  readonly imports: readonly string[];
  readonly exports: readonly string[];
  readonly instances: readonly ViewInstance[];
}

/** Whether parsed JSON has the shape of a view. */
export function isComponentView(value: unknown): value is ComponentView {
  if (!isRecord(value)) return false;
  const { sha256, byteLength, imports, exports, instances } = value;
  return isText(sha256) && isCount(byteLength) && isList(imports, isText) && isList(exports, isText) && isList(instances, isInstance);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isList<T>(value: unknown, isItem: (item: unknown) => item is T): value is T[] {
  return Array.isArray(value) && value.every(isItem);
}

function isInstance(value: unknown): value is ViewInstance {
  return (
    isRecord(value) &&
    isText(value.module) &&
    isCount(value.component) &&
    isList(value.imports, isImport) &&
    isList(value.exports, isExport)
  );
}

function isImport(value: unknown): value is ViewImport {
  if (!isExport(value)) return false;
  const { module, memory } = value as Partial<ViewImport>;
  const known = memory === undefined || (Array.isArray(memory) && memory.length === 2 && isCount(memory[0]) && isText(memory[1]));
  return isText(module) && known;
}

function isExport(value: unknown): value is ViewExport {
  return isRecord(value) && isText(value.name) && isText(value.label);
}

/** What a function of the store is at the level of interfaces. */
export interface InterfaceName {
  readonly label: string;
  /** The component instance of the core instance that imports or exports it. */
  readonly component: number;
  /** Address of the instance, and name of its export, of the memory that pointers mean; undefined where there is none. */
  readonly memory: { readonly instanceAddr: number; readonly name: string } | undefined;
}

/** As much of an instance as names need. */
export interface NamedInstance {
  readonly module: Module;
  readonly funcAddr: (funcIndex: number) => number;
}

/** Instances of modules on the way into a store, in order, and the names that a view has for their functions. */
export class InterfaceNames {
  private readonly view: ComponentView;
  /** Store address of each instance of the view that has come. */
  private readonly addrs: (number | undefined)[] = [];
  private readonly names = new Map<number, InterfaceName>();

  constructor(view: ComponentView) {
    this.view = view;
  }

  /** The name of a function, if it has one. */
  of(funcAddr: number): InterfaceName | undefined {
    return this.names.get(funcAddr);
  }

  /** Tells of an instance. Modules are recognized by their bytes, the n-th instance of one is the n-th of the view. */
  instantiated(instanceAddr: number, moduleSha256: string, { module, funcAddr }: NamedInstance): void {
    const number = this.view.instances.findIndex((each, i) => each.module === moduleSha256 && this.addrs[i] === undefined);
    const found = this.view.instances[number];
    if (found === undefined) return;
    this.addrs[number] = instanceAddr;
    let funcIndex = 0;
    for (const { module: from, name, desc } of module.imports) {
      if (desc.kind !== ExternKind.Func) continue;
      const wanted = found.imports.find((each) => each.module === from && each.name === name);
      if (wanted !== undefined) this.names.set(funcAddr(funcIndex), this.named(wanted, found.component));
      funcIndex++;
    }
    for (const { name, kind, index } of module.exports) {
      const wanted = kind === ExternKind.Func ? found.exports.find((each) => each.name === name) : undefined;
      if (wanted !== undefined) this.names.set(funcAddr(index), { label: wanted.label, component: found.component, memory: undefined });
    }
  }

  private named({ label, memory }: ViewImport, component: number): InterfaceName {
    const instanceAddr = memory === undefined ? undefined : this.addrs[memory[0]];
    return { label, component, memory: instanceAddr === undefined ? undefined : { instanceAddr, name: memory![1] } };
  }
}
