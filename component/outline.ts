/**
 * What a component is made of once its parts are linked: imports and exports with their types, core instances in the
 * order in which they come to life, and which interface function stands behind each crossing of the core boundary. Links
 * symbolically: nothing is instantiated or run.
 */
import type { BuiltinName, Definition, ExternDesc, NamedIndex, Sort, TypeDef, TypeRef } from "./binary.ts";
import { ComponentError } from "./errors.ts";
import type { ComponentFuncType, Resource, ValueType } from "./types.ts";

/** A core module: its bytes are `[start, end)` of the component file. */
interface CoreModule {
  readonly kind: "core-module";
  readonly start: number;
  readonly end: number;
}

/** A core instance that the component makes, `order` counts from 0. */
export interface CoreInstance {
  readonly kind: "core-instance";
  readonly order: number;
  readonly start: number;
  readonly end: number;
  /** The component instance that it belongs to; they count from 0 in the order in which their making begins. */
  readonly component: number;
  /** Imported functions that the host supplies. */
  readonly imports: readonly CoreImport[];
}

export interface CoreImport {
  readonly module: string;
  readonly name: string;
  readonly host: HostItem;
}

/** A function that the host supplies to core modules: an interface function, or something about a resource. */
export interface HostItem {
  readonly kind: "host-func";
  /** Of an interface function: `wasi:io/streams@0.2.3#[method]output-stream.write`. */
  readonly func: string | undefined;
  readonly builtin: { readonly name: BuiltinName; readonly resource: Resource } | undefined;
  /** The memory that pointers among its arguments mean. */
  readonly memory: { readonly instance: CoreInstance; readonly name: string } | undefined;
}

/** `wasi:io/streams@0.2.3#[method]output-stream.write`, or `wasi:io/streams@0.2.3#[resource-drop]output-stream`. */
export function hostLabel({ func, builtin }: HostItem): string {
  if (func !== undefined) return func;
  const { name, resource } = builtin!;
  return `${resource.from === undefined ? "" : `${resource.from}#`}${name}${resource.name ?? ""}`;
}

type CoreExtern =
  | CoreModule
  | CoreInstance
  | { readonly kind: "core-exports"; readonly exports: ReadonlyMap<string, CoreExtern> }
  /** An export of an instance, of any sort. */
  | { readonly kind: "core-export"; readonly instance: CoreInstance; readonly name: string }
  | HostItem
  | { readonly kind: "core-type" };

/** A function of the component level. */
export interface ComponentFunc {
  readonly kind: "func-item";
  readonly type: ComponentFuncType;
  /** Name with its interface, of an imported function: `wasi:cli/stdout@0.2.3#get-stdout`. */
  readonly imported: string | undefined;
  /** What a lifted function calls: the export of a core instance. */
  readonly core: { readonly instance: CoreInstance; readonly name: string } | undefined;
}

export interface ComponentInstance {
  readonly kind: "instance-item";
  readonly exports: ReadonlyMap<string, Extern>;
}

interface Closure {
  readonly kind: "component-item";
  readonly definitions: readonly Definition[];
  readonly outer: Scope | undefined;
}

interface ScopeType {
  readonly kind: "component" | "instance";
  readonly decls: readonly Definition[];
  readonly outer: Scope;
}

type TypeItem = ValueType | Resource | ComponentFuncType | ScopeType;
export type Extern = CoreExtern | ComponentFunc | ComponentInstance | Closure | TypeItem | { readonly kind: "unknown" };

export interface Outline {
  readonly imports: ReadonlyMap<string, Extern>;
  readonly exports: ReadonlyMap<string, Extern>;
  /** Instances of core modules, in the order of their instantiation. */
  readonly instances: readonly CoreInstance[];
  /** Names under which structures were imported or first exported, by the type itself. */
  readonly typeNames: ReadonlyMap<object, string>;
}

/** Most definitions that are looked at: components that instantiate each other may multiply. */
const MAX_STEPS = 2_000_000;

/** Links the definitions of a component. Throws ComponentError "component-invalid" or "component-unsupported". */
export function outlineComponent(definitions: readonly Definition[]): Outline {
  const linker = new Linker();
  const scope = linker.run(definitions, undefined, undefined);
  return { imports: scope.imports, exports: scope.exports, instances: linker.instances, typeNames: linker.typeNames };
}

/** One component (or type of one) while its definitions are gone through: its index spaces. */
class Scope {
  readonly spaces = new Map<Sort, Extern[]>();
  readonly imports = new Map<string, Extern>();
  readonly exports = new Map<string, Extern>();
  readonly outer: Scope | undefined;
  readonly component: number;

  constructor(outer: Scope | undefined, component: number) {
    this.outer = outer;
    this.component = component;
  }

  add(sort: Sort, item: Extern): void {
    const space = this.spaces.get(sort);
    if (space === undefined) this.spaces.set(sort, [item]);
    else space.push(item);
  }

  get(sort: Sort, index: number): Extern {
    const found = this.spaces.get(sort)?.[index];
    if (found === undefined) throw invalid(`there is no ${sort} ${index}`);
    return found;
  }
}

function invalid(what: string): ComponentError {
  return new ComponentError("component-invalid", `the component is invalid: ${what}`);
}

/** Types that are called by their names; others are as short as names. */
const namedKinds: ReadonlySet<string> = new Set(["record", "variant", "flags", "enum"]);

class Linker {
  readonly instances: CoreInstance[] = [];
  readonly typeNames = new Map<object, string>();
  private steps = 0;
  private componentCount = 0;

  /** Goes through a component's definitions. `args` are its imports by name; undefined for the outermost, which imports from the host. */
  run(definitions: readonly Definition[], outer: Scope | undefined, args: ReadonlyMap<string, Extern> | undefined): Scope {
    const scope = new Scope(outer, this.componentCount++);
    for (const definition of definitions) {
      if (++this.steps > MAX_STEPS) throw new ComponentError("component-unsupported", "the component has too many parts");
      const [sort, item] = this.define(scope, definition, args);
      scope.add(sort, item);
    }
    return scope;
  }

  /** The item that a definition adds to an index space. */
  private define(scope: Scope, definition: Definition, args: ReadonlyMap<string, Extern> | undefined): readonly [sort: Sort, item: Extern] {
    switch (definition.kind) {
      case "core-module":
        return ["core-module", definition];
      case "core-type":
        return ["core-type", definition];
      case "core-instance":
        return ["core-instance", this.coreInstance(scope, definition.module, definition.args)];
      case "core-exports":
        return ["core-instance", { kind: "core-exports", exports: collect<CoreExtern>(scope, definition.exports) }];
      case "component":
        return ["component", { kind: "component-item", definitions: definition.definitions, outer: scope }];
      case "instance":
        return ["instance", this.instance(scope, definition.component, definition.args)];
      case "exports":
        return ["instance", { kind: "instance-item", exports: collect<Extern>(scope, definition.exports) }];
      case "alias-export":
        return [definition.sort, exportOf(scope.get("instance", definition.instance), definition.name)];
      case "alias-core-export":
        return [definition.sort, coreExport(scope.get("core-instance", definition.instance), definition.name)];
      case "alias-outer":
        return [definition.sort, outerItem(scope, definition.scopes, definition.sort, definition.index)];
      case "type":
        return ["type", typeItem(scope, definition.type)];
      case "lift":
        return ["func", lift(scope, definition.func, definition.type)];
      case "lower":
        return ["core-func", lower(scope, definition.func, definition.memory)];
      case "builtin":
        return ["core-func", builtin(scope, definition.name, definition.resource)];
      case "start":
        throw new ComponentError("component-unsupported", "the component has a start function, which is not supported");
      case "import": {
        const item = args === undefined ? this.hostItem(scope, definition.name, definition.desc) : args.get(definition.name);
        if (item === undefined) throw invalid(`an inner component lacks its import ${definition.name}`);
        scope.imports.set(definition.name, item);
        return [definition.desc.sort, item];
      }
      case "export":
        return this.export(scope, definition);
    }
  }

  private export(scope: Scope, definition: Definition & { readonly kind: "export" }): readonly [sort: Sort, item: Extern] {
    const { name, sort, index, desc } = definition;
    // In the type of an instance there is nothing to export yet: the description makes it.
    const item = index < 0 ? this.hostItem(scope, name, desc!) : scope.get(sort, index);
    if (item.kind === "resource") item.name ??= name;
    else if (namedKinds.has(item.kind) && !this.typeNames.has(item)) this.typeNames.set(item, name);
    scope.exports.set(name, item);
    return [sort, item];
  }

  private coreInstance(scope: Scope, moduleIndex: number, args: readonly NamedIndex[]): CoreInstance {
    const module = scope.get("core-module", moduleIndex);
    if (module.kind !== "core-module") throw new ComponentError("component-unsupported", "the component imports a core module");
    const imports: CoreImport[] = [];
    for (const { name: from, sort, index } of args) {
      const given = scope.get(sort, index);
      if (given.kind !== "core-exports") continue;
      for (const [name, item] of given.exports) if (item.kind === "host-func") imports.push({ module: from, name, host: item });
    }
    const { start, end } = module;
    const order = this.instances.length;
    const instance: CoreInstance = { kind: "core-instance", order, start, end, component: scope.component, imports };
    this.instances.push(instance);
    return instance;
  }

  private instance(scope: Scope, index: number, args: readonly NamedIndex[]): ComponentInstance {
    const component = scope.get("component", index);
    if (component.kind !== "component-item") throw new ComponentError("component-unsupported", "the component imports a component");
    const inner = this.run(component.definitions, component.outer, collect<Extern>(scope, args));
    return { kind: "instance-item", exports: inner.exports };
  }

  /** What the host supplies for an import of the outermost component, made of its type. */
  private hostItem(scope: Scope, name: string, desc: ExternDesc): Extern {
    switch (desc.sort) {
      case "func": {
        const type = scope.get("type", desc.type);
        if (type.kind !== "func") throw invalid(`${name} has not the type of a function`);
        return { kind: "func-item", type, imported: name, core: undefined };
      }
      case "instance": {
        const type = scope.get("type", desc.type);
        if (type.kind !== "instance") throw invalid(`${name} has not the type of an instance`);
        const described = this.run(type.decls, type.outer, undefined).exports;
        const exports = new Map([...described].map(([each, item]) => [each, insideInterface(name, item)]));
        return { kind: "instance-item", exports };
      }
      case "type":
        return desc.equal === undefined ? { kind: "resource", name, from: undefined } : scope.get("type", desc.equal);
      default:
        return { kind: "unknown" };
    }
  }
}

/** Functions and resources of an imported interface carry its name. */
function insideInterface(interfaceName: string, item: Extern): Extern {
  if (item.kind === "resource") item.from ??= interfaceName;
  return item.kind === "func-item" && item.imported !== undefined ? { ...item, imported: `${interfaceName}#${item.imported}` } : item;
}

function collect<T extends Extern>(scope: Scope, items: readonly NamedIndex[]): Map<string, T> {
  return new Map(items.map(({ name, sort, index }) => [name, scope.get(sort, index) as T]));
}

function exportOf(instance: Extern, name: string): Extern {
  const found = instance.kind === "instance-item" ? instance.exports.get(name) : undefined;
  if (found === undefined) throw invalid(`an instance has no export ${name}`);
  return found;
}

function coreExport(instance: Extern, name: string): Extern {
  if (instance.kind === "core-instance") return { kind: "core-export", instance, name };
  const found = instance.kind === "core-exports" ? instance.exports.get(name) : undefined;
  if (found === undefined) throw invalid(`a core instance has no export ${name}`);
  return found;
}

function outerItem(scope: Scope, scopes: number, sort: Sort, index: number): Extern {
  let from: Scope | undefined = scope;
  for (let i = 0; i < scopes; i++) from = from?.outer;
  if (from === undefined) throw invalid("an alias reaches beyond the outermost component");
  return from.get(sort, index);
}

function lift(scope: Scope, funcIndex: number, typeIndex: number): ComponentFunc {
  const type = scope.get("type", typeIndex);
  if (type.kind !== "func") throw invalid("a function is lifted to what is no function's type");
  const core = scope.get("core-func", funcIndex);
  return { kind: "func-item", type, imported: undefined, core: core.kind === "core-export" ? core : undefined };
}

function lower(scope: Scope, funcIndex: number, memoryIndex: number | undefined): CoreExtern {
  const func = scope.get("func", funcIndex);
  if (func.kind !== "func-item") throw invalid("what is lowered is no function");
  // A function of another component is reached without the host.
  if (func.imported === undefined) return { kind: "core-type" };
  const memory = memoryIndex === undefined ? undefined : scope.get("core-memory", memoryIndex);
  return { kind: "host-func", func: func.imported, builtin: undefined, memory: memory?.kind === "core-export" ? memory : undefined };
}

function builtin(scope: Scope, name: BuiltinName, typeIndex: number): HostItem {
  const resource = scope.get("type", typeIndex);
  if (resource.kind !== "resource") throw invalid(`type ${typeIndex} is no resource`);
  return { kind: "host-func", func: undefined, builtin: { name, resource }, memory: undefined };
}

function valueType(scope: Scope, ref: TypeRef): ValueType {
  if (typeof ref === "string") return { kind: ref };
  const found = scope.get("type", ref);
  switch (found.kind) {
    case "func":
    case "component":
    case "instance":
    case "resource":
      throw invalid(`type ${ref} is not that of a value`);
  }
  return found as ValueType;
}

function optionalType(scope: Scope, ref: TypeRef | undefined): ValueType | undefined {
  return ref === undefined ? undefined : valueType(scope, ref);
}

function typeItem(scope: Scope, def: TypeDef): TypeItem {
  switch (def.kind) {
    case "primitive":
      return { kind: def.type };
    case "record":
      return { kind: "record", fields: def.fields.map(({ name, type }) => ({ name, type: valueType(scope, type) })) };
    case "variant":
      return { kind: "variant", cases: def.cases.map(({ name, type }) => ({ name, type: optionalType(scope, type) })) };
    case "list":
      return { kind: "list", item: valueType(scope, def.item), length: def.length };
    case "tuple":
      return { kind: "tuple", items: def.items.map((item) => valueType(scope, item)) };
    case "option":
      return { kind: "option", item: valueType(scope, def.item) };
    case "result":
      return { kind: "result", ok: optionalType(scope, def.ok), error: optionalType(scope, def.error) };
    case "own":
    case "borrow": {
      const resource = scope.get("type", def.resource);
      if (resource.kind !== "resource") throw invalid(`type ${def.resource} is no resource`);
      return { kind: def.kind, resource };
    }
    case "resource":
      return { kind: "resource", name: undefined, from: undefined };
    case "func": {
      const params = def.params.map(({ name, type }) => ({ name, type: valueType(scope, type) }));
      return { kind: "func", params, result: optionalType(scope, def.result) };
    }
    case "component":
    case "instance":
      return { kind: def.kind, decls: def.decls, outer: scope };
    default:
      return def;
  }
}
