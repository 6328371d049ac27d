/**
 * Threads, processes and contexts that a program starts: they are not recorded, and nobody should believe that they are. Told here
 * when there is a first one; and what is sent to another thread is looked through: modules become ones of the engine, so
 * that a thread which is not recorded can run them, and a memory that two threads would share is reported, since nobody
 * can tell when another thread writes.
 */
import childProcess from "node:child_process";
import { basename } from "node:path";
import vm from "node:vm";
import workerThreads from "node:worker_threads";
import type { Native } from "./arguments.ts";
import type { Patches } from "./patches.ts";
import type { Views } from "./views.ts";

const { apply, construct } = Reflect;

/** What the objects of the recorded namespace are to other threads. */
export interface Crossing {
  /** The engine's own module in place of one of the namespace; undefined for everything else. */
  engineModule(value: object): object | undefined;
  /** The name of an object of the namespace that cannot be copied ("Memory"), or undefined. */
  uncloneable(value: object): string | undefined;
  /** Told once of each kind of thing that is not recorded. */
  notice(text: string): void;
  /** Called before a shared memory would get into the hands of another thread. Must not return. */
  refuseShared(): never;
}

/** Replaces what starts threads and processes, and what sends values to threads. */
export function patchThreads(views: Views, patches: Patches, crossing: Crossing): void {
  patchWorkers(views, patches, crossing);
  patchProcesses(patches, crossing);
  patchContexts(patches, crossing);
  const sending =
    (leaves: boolean) =>
    (native: Native): Native =>
      function (this: unknown, value: unknown, ...rest: unknown[]) {
        return apply(native, this, [departing(views, crossing, value, leaves), ...rest]);
      };
  for (const { prototype } of [workerThreads.MessagePort, workerThreads.Worker, workerThreads.BroadcastChannel]) {
    patches.method(prototype, "postMessage", sending(true) as never);
  }
  patches.method(
    globalThis,
    "structuredClone",
    ((native: Native): Native =>
      function (this: unknown, value: unknown, ...rest: unknown[]) {
        // A module cannot change, so it is as good as its copy, and stays one of the namespace.
        if (typeof value === "object" && value !== null && crossing.engineModule(value) !== undefined) return value;
        return apply(native, this, [departing(views, crossing, value, false), ...rest]);
      }) as never,
  );
}

function patchWorkers(views: Views, patches: Patches, crossing: Crossing): void {
  let told = false;
  patches.replace(workerThreads, "Worker", (native: unknown) => {
    const wrapped: object = new Proxy(native as object, {
      construct: (target, [file, options, ...rest]: unknown[], newTarget): object => {
        if (!told) crossing.notice("worker threads are not recorded: what they run is not in the trace");
        told = true;
        const given =
          typeof options === "object" && options !== null && "workerData" in options
            ? { ...options, workerData: departing(views, crossing, options.workerData, true) }
            : options;
        return construct(target as never, [file, given, ...rest], newTarget === wrapped ? (target as never) : newTarget) as object;
      },
    });
    return wrapped;
  });
}

/** All that starts processes asynchronously ends in ChildProcess.spawn; the others are functions of their own. */
function patchProcesses(patches: Patches, crossing: Crossing): void {
  let told = false;
  const tell = (command: unknown): void => {
    if (told) return;
    told = true;
    crossing.notice(`child processes are not recorded (the first: ${basename(String(command)).split(" ", 1)[0]})`);
  };
  patches.method(
    childProcess.ChildProcess.prototype,
    "spawn",
    ((native: Native): Native =>
      function (this: unknown, ...args: unknown[]) {
        const options = args[0] as { readonly file?: unknown; readonly args?: readonly unknown[] } | undefined;
        tell(options?.file);
        return apply(native, this, args);
      }) as never,
  );
  for (const name of ["spawnSync", "execSync", "execFileSync"]) {
    patches.method(
      childProcess,
      name,
      ((native: Native): Native =>
        function (this: unknown, ...args: unknown[]) {
          tell(args[0]);
          return apply(native, this, args);
        }) as never,
    );
  }
}

/** A context has a WebAssembly of its own, the engine's. Nothing is said until a program in it asks for that. */
function patchContexts(patches: Patches, crossing: Crossing): void {
  let told = false;
  const watch = (context: object): void => {
    const realm = vm.runInContext("globalThis", context) as { WebAssembly?: unknown };
    const descriptor = Object.getOwnPropertyDescriptor(realm, "WebAssembly");
    if (descriptor === undefined || !("value" in descriptor) || descriptor.configurable !== true) return;
    const define = (value: unknown): void => {
      Object.defineProperty(realm, "WebAssembly", { ...descriptor, value });
    };
    Object.defineProperty(realm, "WebAssembly", {
      configurable: true,
      enumerable: descriptor.enumerable ?? false,
      get() {
        define(descriptor.value);
        if (!told) crossing.notice("WebAssembly in contexts of node:vm is not recorded");
        told = true;
        return descriptor.value as unknown;
      },
      set: define,
    });
  };
  const native = vm.createContext;
  const createContext = (...args: unknown[]): object => {
    const known = typeof args[0] === "object" && args[0] !== null && vm.isContext(args[0]);
    const context = native(...(args as [])) as object;
    if (!known) watch(context);
    return context;
  };
  patches.method(vm, "createContext", () => createContext as never);
  /** Of both forms of runInNewContext: what it runs comes before the context. */
  const running = (leading: number, run: (self: unknown, args: unknown[]) => unknown) => (): Native =>
    function (this: unknown, ...args: unknown[]) {
      const options = args[leading + 1] as
        | { contextName?: unknown; contextOrigin?: unknown; contextCodeGeneration?: unknown; microtaskMode?: unknown }
        | string
        | undefined;
      const {
        contextName: name,
        contextOrigin: origin,
        contextCodeGeneration: codeGeneration,
        microtaskMode,
      } = typeof options === "object" && options !== null ? options : {};
      const given = Object.fromEntries(
        Object.entries({ name, origin, codeGeneration, microtaskMode }).filter(([, value]) => value !== undefined),
      );
      args[leading] = createContext(args[leading] ?? {}, given);
      return run(this, args);
    };
  patches.method(vm, "runInNewContext", running(1, (_, args) => vm.runInContext(...(args as [string, object]))) as never);
  patches.method(
    vm.Script.prototype,
    "runInNewContext",
    running(0, (self, args) => (self as vm.Script).runInContext(...(args as [object]))) as never,
  );
}

/**
 * A value as it can be copied: the value itself when nothing of ours is in it, else a copy in which views stand for their
 * proxies and modules of the engine for those of the namespace. Looks as deep as copying does, into plain objects, arrays,
 * maps and sets. Throws DataCloneError as the engine would. Cost: proportional to the number of objects.
 */
function departing(views: Views, crossing: Crossing, value: unknown, leaves: boolean): unknown {
  return holdsOurs(views, crossing, value, leaves, new Set()) ? copied(views, crossing, value, new Map()) : value;
}

/** Whether there is anything in a value that copying would not understand. */
function holdsOurs(views: Views, crossing: Crossing, value: unknown, leaves: boolean, seen: Set<object>): boolean {
  if (typeof value !== "object" || value === null || seen.has(value)) return false;
  seen.add(value);
  const raw = views.behind(value);
  const buffer = raw === undefined ? value : (raw as { readonly buffer: object }).buffer;
  if (leaves && buffer instanceof SharedArrayBuffer && views.memoryOf(buffer) !== undefined) crossing.refuseShared();
  if (raw !== undefined || crossing.engineModule(value) !== undefined) return true;
  const name = crossing.uncloneable(value);
  if (leaves && name === "Memory" && (value as { readonly buffer: object }).buffer instanceof SharedArrayBuffer) crossing.refuseShared();
  if (name !== undefined) throw uncloneable(name);
  let found = false;
  for (const part of partsOf(value)) if (holdsOurs(views, crossing, part, leaves, seen)) found = true;
  return found;
}

function uncloneable(name: string): Error {
  return new DOMException(`#<${name}> could not be cloned.`, "DataCloneError");
}

/** What copying looks into. Getters are called, as it does. */
function partsOf(value: object): Iterable<unknown> {
  if (Array.isArray(value)) return value as unknown[];
  if (value instanceof Map) return [...value.keys(), ...value.values()] as unknown[];
  if (value instanceof Set) return value as Set<unknown>;
  return isRecord(value) ? Object.values(value) : [];
}

function isRecord(value: object): value is Record<string, unknown> {
  const prototype = Object.getPrototypeOf(value) as object | null;
  // Instances of classes are copied by their own properties too; what the platform copies in its own ways has none.
  return prototype === null || Object.prototype.toString.call(value) === "[object Object]";
}

function copied(views: Views, crossing: Crossing, value: unknown, copies: Map<object, unknown>): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (copies.has(value)) return copies.get(value);
  const other = views.behind(value) ?? crossing.engineModule(value);
  if (other !== undefined) {
    copies.set(value, other);
    return other;
  }
  const part = (each: unknown): unknown => copied(views, crossing, each, copies);
  if (Array.isArray(value)) {
    const list: unknown[] = new Array(value.length);
    copies.set(value, list);
    for (const [i, each] of value.entries()) list[i] = part(each);
    return list;
  }
  if (value instanceof Map) {
    const map = new Map<unknown, unknown>();
    copies.set(value, map);
    for (const [key, each] of value) map.set(part(key), part(each));
    return map;
  }
  if (value instanceof Set) {
    const set = new Set<unknown>();
    copies.set(value, set);
    for (const each of value) set.add(part(each));
    return set;
  }
  if (!isRecord(value)) return value;
  const record: Record<string, unknown> = {};
  copies.set(value, record);
  for (const [key, each] of Object.entries(value)) record[key] = part(each);
  return record;
}
