/**
 * The WebAssembly namespace: puts its classes and functions together. Each call makes a namespace with a store, classes
 * and errors of its own, which shares nothing with any other.
 */
import { LinkError } from "../vm/errors.ts";
import type { Machine } from "../vm/machine.ts";
import type { ExternAddr } from "../vm/store.ts";
import { ExternKind, type Module } from "../vm/types.ts";
import { Agent, type WebAssemblyOptions } from "./agent.ts";
import type { WebAssemblyErrorConstructor } from "./errors.ts";
import { type GlobalConstructor, makeGlobalClass } from "./global.ts";
import { type InstanceConstructor, makeInstanceClass } from "./instance.ts";
import { type LoadingFunctions, loadingFunctions } from "./loading.ts";
import { type MemoryConstructor, makeMemoryClass } from "./memory.ts";
import { type ModuleConstructor, makeModuleClass } from "./module.ts";
import { makeTableClass, type TableConstructor } from "./table.ts";
import { type ExceptionConstructor, makeTagClasses, type TagConstructor, type TagObject } from "./tag.ts";

/** What stands in for `globalThis.WebAssembly`. */
export interface WebAssemblyNamespace extends LoadingFunctions {
  readonly Module: ModuleConstructor;
  readonly Instance: InstanceConstructor;
  readonly Memory: MemoryConstructor;
  readonly Table: TableConstructor;
  readonly Global: GlobalConstructor;
  readonly Tag: TagConstructor;
  readonly Exception: ExceptionConstructor;
  /** The tag of exceptions that are values of JavaScript. */
  readonly JSTag: TagObject;
  readonly CompileError: WebAssemblyErrorConstructor;
  readonly LinkError: WebAssemblyErrorConstructor;
  readonly RuntimeError: WebAssemblyErrorConstructor;
}

/** A namespace with what is behind it: for recorders and hosts that work on the machine as well as on objects. */
export interface JsApi {
  readonly WebAssembly: WebAssemblyNamespace;
  readonly machine: Machine;
  /** The store address behind an exported function or an object of this namespace; undefined for everything else. */
  addressOf(value: unknown): ExternAddr | undefined;
  /** The store address of the instance behind an Instance of this namespace; undefined for everything else. */
  instanceAddrOf(value: unknown): number | undefined;
  /** The decoded module behind a Module of this namespace; undefined for everything else. */
  moduleOf(value: unknown): Module | undefined;
  /** The object that stands for a part of the store. Throws LinkError when there is no such part. */
  objectAt(extern: ExternAddr): object;
}

/** Makes a namespace that runs modules on our machine. Needs nothing of the engine's own WebAssembly. */
export function createWebAssembly(options: WebAssemblyOptions = {}): WebAssemblyNamespace {
  return createJsApi(options).WebAssembly;
}

/** As `createWebAssembly`, with the machine and the ways between objects and store addresses. */
export function createJsApi(options: WebAssemblyOptions = {}): JsApi {
  const agent = new Agent(options);
  const module = makeModuleClass(agent);
  const memory = makeMemoryClass(agent);
  const table = makeTableClass(agent);
  const global = makeGlobalClass(agent);
  const { tag, Exception } = makeTagClasses(agent);
  const instance = makeInstanceClass(agent, { module, memory, table, global, tag });
  const { CompileError, LinkError: LinkErrorClass, RuntimeError } = agent.errors;
  const namespace = {};
  define(namespace, loadingFunctions(agent, module, instance), true);
  define(namespace, {
    Module: module.constructor,
    Instance: instance.constructor,
    Table: table.constructor,
    Memory: memory.constructor,
    Global: global.constructor,
    Tag: tag.constructor,
    Exception,
    CompileError,
    LinkError: LinkErrorClass,
    RuntimeError,
  });
  // An attribute of the namespace: the tag is made when it is asked for.
  const jsTag = Object.getOwnPropertyDescriptor(
    {
      get JSTag() {
        return tag.at(agent.exceptions.jsTag);
      },
    },
    "JSTag",
  )!;
  Object.defineProperty(namespace, "JSTag", { ...jsTag, enumerable: true, configurable: true });
  Object.defineProperty(namespace, Symbol.toStringTag, { value: "WebAssembly", configurable: true });

  const kinds = [agent.functions, table, memory, global, tag];
  return {
    WebAssembly: namespace as WebAssemblyNamespace,
    machine: agent.machine as Machine,
    addressOf: (value) => {
      for (const kind of Object.values(ExternKind)) {
        const addr = kinds[kind]!.addrOf(value);
        if (addr !== undefined) return { kind, addr };
      }
      return undefined;
    },
    instanceAddrOf: (value) => instance.addrOf(value),
    moduleOf: (value) => module.compiledOf(value)?.module,
    objectAt: ({ kind, addr }) => {
      const { funcs, tables, memories, globals, tags } = agent.machine.store;
      if ([funcs, tables, memories, globals, tags][kind]?.[addr] === undefined) {
        throw new LinkError("unknown-address", `there is nothing of kind ${kind} at store address ${addr}`);
      }
      return kinds[kind]!.at(addr);
    },
  };
}

/** Web IDL: operations of a namespace are enumerable, its classes are not. */
function define(namespace: object, members: object, enumerable = false): void {
  for (const [name, value] of Object.entries(members)) {
    Object.defineProperty(namespace, name, { value, writable: true, enumerable, configurable: true });
  }
}
