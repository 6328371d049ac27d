/**
 * WebAssembly.Instance: reading imports from JavaScript objects, instantiating, and the exports object (JS API: "read the
 * imports", "create an exports object"). The only place where module instances are made.
 */
import { LinkError, ResourceError } from "../vm/errors.ts";
import type { ExternAddr } from "../vm/store.ts";
import { ExternKind, type GlobalType, type Import, ValType, type Module as VmModule } from "../vm/types.ts";
import type { Agent, EntityClass } from "./agent.ts";
import type { Callable } from "./functions.ts";
import type { GlobalObject } from "./global.ts";
import type { MemoryObject } from "./memory.ts";
import type { Compiled, ModuleClass, ModuleObject } from "./module.ts";
import { isOpaque } from "./references.ts";
import type { TableObject } from "./table.ts";
import type { TagObject } from "./tag.ts";
import { isObject, shapeInterface, typeError } from "./webidl.ts";

export type Exports = Readonly<Record<string, unknown>>;

export interface InstanceObject {
  readonly exports: Exports;
}

export interface InstanceConstructor {
  new (module: ModuleObject, importObject?: object): InstanceObject;
  readonly prototype: InstanceObject;
}

export interface InstanceClass {
  readonly constructor: InstanceConstructor;
  /** Reads imports, in the order of the module. Throws TypeError or LinkError, or what getters of the object throw. */
  readImports(compiled: Compiled, importObject: unknown, context: string): ExternAddr[];
  /** Instantiates and runs the start function. Throws LinkError, RuntimeError, RangeError, or what the start function's imports threw. */
  instantiate(compiled: Compiled, imports: readonly ExternAddr[], context: string): InstanceObject;
  /** The store address behind an object of this class; undefined for everything else. */
  addrOf(value: unknown): number | undefined;
}

export interface Entities {
  readonly module: ModuleClass;
  readonly memory: EntityClass<MemoryObject>;
  readonly table: EntityClass<TableObject>;
  readonly global: EntityClass<GlobalObject>;
  readonly tag: EntityClass<TagObject>;
}

/** Stands in the constructor's first argument for an instance that exists already. Never handed out. */
class Instantiated {
  readonly addr: number;
  readonly exports: Exports;
  constructor(addr: number, exports: Exports) {
    this.addr = addr;
    this.exports = exports;
  }
}

export function makeInstanceClass(agent: Agent, entities: Entities): InstanceClass {
  let addrOf: (value: unknown) => number | undefined = () => undefined;

  class Instance implements InstanceObject {
    readonly #addr: number;
    readonly #exports: Exports;

    constructor(module: unknown, importObject: unknown = undefined) {
      const made = module instanceof Instantiated ? module : fromArguments(module, importObject);
      this.#addr = made.addr;
      this.#exports = made.exports;
    }

    static {
      addrOf = (value) => (typeof value === "object" && value !== null && #addr in value ? value.#addr : undefined);
    }

    get exports(): Exports {
      if (addrOf(this) === undefined) throw typeError("Instance.exports", "Receiver is not a WebAssembly.Instance");
      return this.#exports;
    }
  }

  function fromArguments(moduleObject: unknown, importObject: unknown): Instantiated {
    const context = "Instance()";
    const compiled = entities.module.compiledOf(moduleObject);
    if (compiled === undefined) throw typeError(context, "Argument 0 must be a WebAssembly.Module");
    return start(agent, entities, compiled.module, readImports(agent, entities, compiled, importObject, context), context);
  }

  shapeInterface(Instance, "Instance");
  return {
    constructor: Instance,
    readImports: (compiled, importObject, context) => readImports(agent, entities, compiled, importObject, context),
    instantiate: ({ module }, imports, context) => new Instance(start(agent, entities, module, imports, context)),
    addrOf,
  };
}

function start(agent: Agent, entities: Entities, module: VmModule, imports: readonly ExternAddr[], context: string): Instantiated {
  const { machine, errors } = agent;
  agent.enter();
  let made: ReturnType<typeof machine.instantiate>;
  try {
    made = machine.instantiate(module, imports);
  } catch (error) {
    if (error instanceof LinkError) throw errors.link(context, error.message);
    if (error instanceof ResourceError) throw new RangeError(`WebAssembly.${context}: ${error.message}`);
    throw error;
  } finally {
    agent.leave();
  }
  if (made.start.kind !== "return") throw agent.thrownFor(made.start);
  return new Instantiated(made.instanceAddr, exportsObject(agent, entities, made.instanceAddr));
}

function exportsObject(agent: Agent, entities: Entities, instanceAddr: number): Exports {
  const { module, funcAddrs, tableAddrs, memoryAddrs, globalAddrs, tagAddrs } = agent.machine.store.instances[instanceAddr]!;
  const exports = Object.create(null) as Record<string, unknown>;
  for (const { name, kind, index } of module.exports) {
    exports[name] = exported(kind, index);
  }
  return Object.freeze(exports);

  function exported(kind: ExternKind, index: number): unknown {
    switch (kind) {
      case ExternKind.Func:
        return agent.functions.at(funcAddrs[index]!, index);
      case ExternKind.Table:
        return entities.table.at(tableAddrs[index]!);
      case ExternKind.Memory:
        return entities.memory.at(memoryAddrs[index]!);
      case ExternKind.Global:
        return entities.global.at(globalAddrs[index]!);
      case ExternKind.Tag:
        return entities.tag.at(tagAddrs[index]!);
    }
  }
}

function readImports(
  agent: Agent,
  entities: Entities,
  { module, provided }: Compiled,
  importObject: unknown,
  context: string,
): ExternAddr[] {
  if (importObject !== undefined && !isObject(importObject)) throw typeError(context, "Argument 1 must be an object");
  if (importObject === undefined && module.imports.length > provided.size) {
    throw typeError(context, "Imports argument must be present and must be an object");
  }
  // Types of imports are the module's: it comes first.
  agent.machine.addModule(module);
  return module.imports.map((wanted, i) => {
    const where = `Import #${i} ${JSON.stringify(wanted.module)}`;
    const linkError = (problem: string): Error => agent.errors.link(context, `${where} ${JSON.stringify(wanted.name)}: ${problem}`);
    const own = provided.get(i);
    if (own !== undefined) return externAddr(agent, entities, module, wanted, agent.provide(own), linkError);
    const from = (importObject as Record<string, unknown>)[wanted.module];
    if (!isObject(from)) throw typeError(context, `${where}: module is not an object or function`);
    const given = (from as Record<string, unknown>)[wanted.name];
    return externAddr(agent, entities, module, wanted, given, linkError);
  });
}

/** The part of the store that an import gets, made for it when it is a function or a value of JavaScript. */
function externAddr(
  agent: Agent,
  entities: Entities,
  module: VmModule,
  { module: from, name, desc }: Import,
  given: unknown,
  linkError: (problem: string) => Error,
): ExternAddr {
  const { kind } = desc;
  switch (kind) {
    case ExternKind.Func: {
      if (typeof given !== "function") throw linkError("function import requires a callable");
      return { kind, addr: agent.functions.addrOf(given) ?? agent.functions.addImport(given as Callable, module, desc, from, name) };
    }
    case ExternKind.Table:
      return { kind, addr: entities.table.addrOf(given) ?? fail(linkError("table import requires a WebAssembly.Table")) };
    case ExternKind.Memory:
      return { kind, addr: entities.memory.addrOf(given) ?? fail(linkError("memory import must be a WebAssembly.Memory object")) };
    case ExternKind.Global:
      return { kind, addr: entities.global.addrOf(given) ?? constantGlobal(agent, desc.type, given, linkError) };
    case ExternKind.Tag:
      return { kind, addr: entities.tag.addrOf(given) ?? fail(linkError("tag import requires a WebAssembly.Tag")) };
  }
}

function fail(error: Error): never {
  throw error;
}

/** A global for an import that is given as a plain value. */
function constantGlobal(agent: Agent, { valType, mutable }: GlobalType, given: unknown, linkError: (problem: string) => Error): number {
  const { machine, conversions } = agent;
  if (mutable) throw linkError("imported mutable global must be a WebAssembly.Global object");
  switch (valType) {
    case ValType.I64:
      if (typeof given !== "bigint") throw linkError("global import must be a BigInt");
      break;
    case ValType.I32:
    case ValType.F32:
    case ValType.F64:
      if (typeof given !== "number") throw linkError("global import must be a number, valid Wasm reference, or WebAssembly.Global object");
      break;
    default:
      if (isOpaque(valType)) throw linkError("global import must be a WebAssembly.Global object");
  }
  try {
    return machine.addGlobal({ valType, mutable: false }, conversions.toBits(conversions.toWasm(given, valType), valType));
  } catch (error) {
    if (error instanceof TypeError) throw linkError(error.message);
    throw error;
  }
}
