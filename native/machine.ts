/**
 * The native machine: runs rewritten modules on the WebAssembly of this process and tells a recorder every crossing, in
 * the terms of our machine. It is the face of Machine for host functions that serve every engine (vm/host.ts); the trace
 * that comes of it replays in our machine. Nothing is counted here: such a trace has no ticks.
 */

import { Recorder } from "../rr/recorder.ts";
import type { TraceSink } from "../rr/storage.ts";
import { type Deflate, EndReason, NATIVE_ENGINE, type TraceHeader } from "../rr/trace-format.ts";
import { LinkError, RewasmError } from "../vm/errors.ts";
import { type EngineException, type EngineFunction, ExitRequest, type HostEngine } from "../vm/host.ts";
import type { CallResult, InstantiateResult, UncaughtException } from "../vm/machine.ts";
import { type ExternAddr, Status, wasmFunc } from "../vm/store.ts";
import { Trap } from "../vm/trap.ts";
import {
  ExternKind,
  type FuncType,
  funcTypeAt,
  type GlobalType,
  isRefType,
  isWide,
  type MemoryType,
  type Module,
  mapValType,
  type TableType,
  typeIndexOf,
  ValType,
} from "../vm/types.ts";
import { readValues, type Value, writeValues } from "../vm/value.ts";
import {
  compileNatively,
  type NativeException,
  type NativeFunction,
  type NativeGlobal,
  type NativeImports,
  type NativeInstance,
  type NativeMemory,
  type NativeTable,
  native,
} from "./engine.ts";
import { unrecordable } from "./objects.ts";
import { MEMORY_REPORT, type Rewritten, rewriteModule, tableReport, trampolineModule } from "./rewrite.ts";
import { MemoryBook, NativeStore, TableBook } from "./store.ts";
import { trapOfMessage } from "./traps.ts";

/**
 * The stack of the machine that replays: so large that what has fitted into the engine's native stack fits into it. Frames
 * of optimized native code are smaller than ours, by a factor of 50 at most where it was looked at.
 */
export const NATIVE_STACK_BYTES = 64 << 20;

/** Crossings between two looks at the clock, and the time after which events are written out, in milliseconds. */
const CLOCK_CROSSINGS = 8;
const FLUSH_MS = 500;

export interface NativeMachineOptions {
  /** Where the trace goes. */
  readonly sink: TraceSink;
  readonly header?: Partial<TraceHeader>;
  /** Compresses in place of the portable way. */
  readonly deflate?: Deflate;
  /** Shared with other machines that are used in the same way. */
  readonly modules?: NativeModules;
  /** Told why something cannot run here, before it is thrown into the program that wanted it. */
  readonly onRefused?: (error: RewasmError) => void;
  /** Told of each memory that an instance defines, before anything runs. */
  readonly onMemory?: (memoryAddr: number, memory: NativeMemory) => void;
}

/** Imports by module and field name. */
export type EngineImports = Readonly<Record<string, Readonly<Record<string, EngineFunction>>>>;

/** A module that is ready to be instantiated. */
interface Prepared {
  readonly rewritten: Rewritten;
  readonly compiled: object;
}

/** Modules that were rewritten and compiled: machines that share them do it once. */
export class NativeModules {
  private readonly prepared = new WeakMap<Module, Prepared>();

  /** `funcs`: with the table of functions. Throws RewasmError "native-unsupported". */
  prepare(module: Module, funcs: boolean): Prepared {
    let prepared = this.prepared.get(module);
    if (prepared === undefined) {
      const rewritten = rewriteModule(module, { funcs });
      const what = unrecordable(module, rewritten);
      if (what !== undefined) throw notNatively(what);
      prepared = { rewritten, compiled: compileNatively(rewritten.bytes) };
      this.prepared.set(module, prepared);
    }
    return prepared;
  }
}

export class NativeMachine implements HostEngine {
  readonly store = new NativeStore(NATIVE_STACK_BYTES);
  readonly recorder: Recorder;
  /** True when the native stack has overflowed: the trace has ended there. */
  overflowed = false;
  /** Tells which exception of wasm stands for what a host function threw; undefined (or none told) for what wasm cannot catch. */
  engineExceptionOf: ((thrown: unknown) => EngineException | undefined) | undefined;
  /** True once there is an instance that could catch what is thrown. */
  mayCatch = false;
  private readonly onMemory: NativeMachineOptions["onMemory"];
  private readonly onRefused: NativeMachineOptions["onRefused"];
  private readonly modules: NativeModules;
  private readonly trampolines = new Map<string, object>();
  private readonly implementations: (EngineFunction | undefined)[] = [];
  /** The exit of the program while it travels through the engine's frames, and afterwards. */
  private exit: { readonly token: unknown; readonly exitCode: number } | undefined;
  /** What a host function threw last, and as what it travels through the engine's frames. */
  private thrown: { readonly value: unknown; readonly token: unknown } | undefined;
  /** Of each instance that has one, the global that is not 0 while stores wait for their check. */
  private readonly pending: NativeGlobal[] = [];
  private doubtful = false;
  private crossings = 0;
  private flushedAt = performance.now();

  constructor(options: NativeMachineOptions) {
    const header = { ...options.header, engine: NATIVE_ENGINE, ticks: false, stackBytes: NATIVE_STACK_BYTES };
    this.recorder = new Recorder(options.sink, header, options.deflate);
    this.recorder.attach(this.store);
    this.onMemory = options.onMemory;
    this.onRefused = options.onRefused;
    this.modules = options.modules ?? new NativeModules();
    this.store.makeHostFunction = (addr) => {
      const { type } = this.store.funcs[addr]!;
      return this.nativeFunction(type, this.imported(addr, type, this.implementations[addr]!, -1));
    };
  }

  // ---- what the host makes

  /** Adds a host function; `module` and `name` are how traces call it. Returns its store address. */
  addHostFunc(type: FuncType, implementation: EngineFunction, module: string, name: string): number {
    const addr = this.store.funcs.push({ kind: "host", type, module, name }) - 1;
    this.implementations[addr] = implementation;
    this.recorder.hostFuncAdded(addr, module, name, type);
    return addr;
  }

  /** What to throw where something cannot be recorded on this engine. */
  refusal(what: string): RewasmError {
    const error = notNatively(what);
    this.onRefused?.(error);
    return error;
  }

  /** Throws RangeError when there is no room, RewasmError "native-unsupported" for a kind of memory that this engine has not. */
  addMemory(type: MemoryType): number {
    const { min, max } = type.limits;
    if (type.address64 || type.pageShift === 0) throw this.refusal("memories of 64 bits or of other page sizes");
    const shared = type.shared === true;
    const memory = new native.Memory(max === undefined ? { initial: min } : { initial: min, maximum: max, shared });
    const addr = this.bookMemory(memory);
    this.recorder.memoryAdded(addr, type);
    return addr;
  }

  addTable(type: TableType, init = 0): number {
    const { min, max } = type.limits;
    if (type.address64) throw this.refusal("tables of 64 bits");
    const element = type.elemType === ValType.ExternRef ? "externref" : "anyfunc";
    const descriptor = max === undefined ? { element, initial: min } : { element, initial: min, maximum: max };
    const table = new native.Table(descriptor, this.store.fromRef(init, type.elemType));
    const addr = this.store.tables.push(new TableBook(this.store, table, type.elemType)) - 1;
    this.recorder.tableAdded(addr, type, init);
    return addr;
  }

  addGlobal(type: GlobalType, bits: bigint): number {
    const exact = canonicalBits(bits, type.valType);
    const descriptor = { value: globalTypeNames[type.valType] ?? "externref", mutable: type.mutable };
    const global = new native.Global(descriptor, this.fromBits(exact, type.valType));
    const addr = this.store.globals.push({ type, global }) - 1;
    this.recorder.globalAdded(addr, type, exact);
    return addr;
  }

  /** Adds a tag whose exceptions carry values of these types. Throws RewasmError "native-unsupported" for types that it cannot have. */
  addTag(params: readonly ValType[]): number {
    const parameters = params.map((type) => globalTypeNames[type]);
    if (parameters.includes(undefined)) throw this.refusal("tags with vectors");
    const type: FuncType = { params, results: [] };
    this.store.types.ofFunc(type);
    const addr = this.store.tags.push({ type, tag: new native.Tag({ parameters: parameters as string[] }) }) - 1;
    this.recorder.tagAdded(addr, type);
    return addr;
  }

  growMemory(memoryAddr: number, deltaPages: number): number {
    const book = this.store.memories[memoryAddr]!;
    const result = orMinusOne(() => book.memory.grow(deltaPages));
    book.refresh();
    this.recorder.memoryGrown(memoryAddr, deltaPages, result);
    return result;
  }

  growTable(tableAddr: number, delta: number, init = 0): number {
    const { table, elemType } = this.store.tables[tableAddr]!;
    const result = orMinusOne(() => table.grow(delta, this.store.fromRef(init, elemType)));
    this.recorder.tableGrown(tableAddr, delta, init, result);
    return result;
  }

  setTable(tableAddr: number, index: number, ref: number): void {
    const { table, elemType } = this.store.tables[tableAddr]!;
    table.set(index, this.store.fromRef(ref, elemType));
    this.recorder.tableSet(tableAddr, index, ref);
  }

  readGlobal(globalAddr: number): bigint {
    const { type, global } = this.store.globals[globalAddr]!;
    return this.toBits(global.value, type.valType);
  }

  setGlobal(globalAddr: number, bits: bigint): void {
    const { type, global } = this.store.globals[globalAddr]!;
    const exact = canonicalBits(bits, type.valType);
    global.value = this.fromBits(exact, type.valType);
    this.recorder.globalSet(globalAddr, exact);
  }

  private toBits(value: unknown, type: ValType): bigint {
    const { store } = this;
    writeSlot(store, store.top, type, value);
    return isWide(type) ? store.i64[store.top]! : BigInt(store.i32[store.top * 2]!);
  }

  private fromBits(bits: bigint, type: ValType): unknown {
    this.store.i64[this.store.top] = bits;
    return readSlot(this.store, this.store.top, type);
  }

  // ---- instances

  /**
   * Instantiates a validated module and calls its start function. Imports are host functions by name, or store addresses.
   * Throws LinkError when they are missing or do not match, RewasmError "native-unsupported" for a module that this engine
   * cannot run. Cost: rewriting the module, and the engine's compilation.
   */
  instantiate(module: Module, imports: EngineImports | readonly ExternAddr[] = {}): InstantiateResult {
    const { store, recorder } = this;
    const instanceAddr = store.instances.length;
    const byName = !Array.isArray(imports);
    const { rewritten, compiled } = this.prepare(module, !byName);
    const given: NativeImports = {};
    const addrs = byName
      ? this.bindImports(module, imports as EngineImports, instanceAddr, given)
      : this.giveImports(module, imports, given);
    let instance: NativeInstance | undefined;
    let trap: Trap = Trap.None;
    try {
      instance = new native.Instance(compiled, given);
    } catch (error) {
      if (error instanceof native.LinkError) throw new LinkError("incompatible-import", error.message);
      const reason = error instanceof native.RuntimeError ? trapOfMessage(error.message) : undefined;
      if (reason === undefined) throw error;
      trap = reason;
    }
    // Nothing of the program has run: the start function is called below.
    this.mayCatch ||= rewritten.catches;
    const moduleIndex = this.bookModule(module);
    this.book(module, addrs, instance, rewritten);
    recorder.instantiated(instanceAddr, moduleIndex, addrs, trap);
    if (trap !== Trap.None) return { instanceAddr, start: { kind: "trap", trap } };
    if (module.start === undefined) return { instanceAddr, start: { kind: "return", values: [] } };
    return { instanceAddr, start: this.call(store.instances[instanceAddr]!.funcAddrs[module.start]!) };
  }

  private prepare(module: Module, funcs: boolean): Prepared {
    try {
      return this.modules.prepare(module, funcs);
    } catch (error) {
      if (error instanceof RewasmError && error.code === "native-unsupported") this.onRefused?.(error);
      throw error;
    }
  }

  /**
   * Adds a module without instantiating it: its types have numbers from then on. Returns its index. Throws RewasmError
   * "native-unsupported" for a module that this engine cannot run.
   */
  addModule(module: Module): number {
    this.prepare(module, true);
    const { exports, memoryTypes, tableTypes } = module;
    const isWideExport = (kind: ExternKind, types: readonly { readonly address64?: boolean }[]): boolean =>
      exports.some((each) => each.kind === kind && types[each.index]!.address64 === true);
    // The engine counts such a one in BigInts, which nothing here does.
    if (isWideExport(ExternKind.Memory, memoryTypes) || isWideExport(ExternKind.Table, tableTypes))
      throw this.refusal("memories and tables of 64 bits that JavaScript sees");
    return this.bookModule(module);
  }

  private bookModule(module: Module): number {
    const { store, recorder } = this;
    const known = store.modules.indexOf(module);
    if (known >= 0) return known;
    store.types.ofModule(module);
    const moduleIndex = store.modules.push(module) - 1;
    recorder.moduleAdded(moduleIndex, module);
    return moduleIndex;
  }

  private bindImports(module: Module, imports: EngineImports, instanceAddr: number, given: NativeImports): ExternAddr[] {
    return module.imports.map(({ module: from, name, desc }): ExternAddr => {
      const implementation = imports[from]?.[name];
      if (implementation === undefined || desc.kind !== ExternKind.Func) {
        throw new LinkError("unknown-import", `unknown import: ${from}.${name} is not provided`);
      }
      const type = funcTypeAt(module, desc.typeIndex);
      const addr = this.addHostFunc(type, implementation, from, name);
      give(given, from, name, this.imported(addr, type, implementation, instanceAddr));
      return { kind: ExternKind.Func, addr };
    });
  }

  private giveImports(module: Module, addrs: readonly ExternAddr[], given: NativeImports): readonly ExternAddr[] {
    const { store } = this;
    const giving = ({ kind, addr }: ExternAddr): unknown => {
      switch (kind) {
        case ExternKind.Func:
          return store.functionAt(addr);
        case ExternKind.Table:
          return store.tables[addr]?.table;
        case ExternKind.Memory:
          return store.memories[addr]?.memory;
        case ExternKind.Global:
          return this.globalToGive(addr);
        case ExternKind.Tag:
          return store.tags[addr]?.tag;
      }
    };
    for (const [i, { module: from, name }] of module.imports.entries()) give(given, from, name, giving(addrs[i]!));
    return addrs;
  }

  /** A global for an import, or its value: the engine's class can make globals of a few types only. */
  private globalToGive(addr: number): unknown {
    const book = this.store.globals[addr];
    if (book === undefined || book.type.mutable || book.type.valType in globalTypeNames) return book?.global;
    return isRefType(book.type.valType) ? book.global.value : book.global;
  }

  /** Gives everything that the instance defines its store address, in the order in which our machine does. */
  private book(module: Module, imports: readonly ExternAddr[], instance: NativeInstance | undefined, rewritten: Rewritten): void {
    const { store } = this;
    const { names, funcIndices } = rewritten;
    const addrsOf = (kind: number): number[] => imports.filter((extern) => extern.kind === kind).map(({ addr }) => addr);
    const instanceAddr = store.instances.length;
    const exported = instance?.exports ?? {};
    const typeOf = (type: ValType): ValType => mapValType(type, store.types.ofModule(module));
    const tableAddrs = addrsOf(ExternKind.Table);
    for (let i = tableAddrs.length; i < module.tableTypes.length; i++) {
      const table = exported[names.table(i)] as NativeTable;
      tableAddrs.push(store.tables.push(new TableBook(store, table, typeOf(module.tableTypes[i]!.elemType))) - 1);
    }
    const memoryAddrs = addrsOf(ExternKind.Memory);
    for (let i = memoryAddrs.length; i < module.memoryTypes.length; i++) {
      // Of an instance that failed nothing is left, but its addresses are.
      memoryAddrs.push(this.bookMemory((exported[names.memory(i)] as NativeMemory | undefined) ?? new native.Memory({ initial: 0 })));
    }
    const funcAddrs = addrsOf(ExternKind.Func);
    for (let i = funcAddrs.length; i < module.funcTypes.length; i++) {
      funcAddrs.push(store.funcs.push(wasmFunc(store, module, instanceAddr, i)) - 1);
    }
    const globalAddrs = addrsOf(ExternKind.Global);
    for (let i = globalAddrs.length; i < module.globalTypes.length; i++) {
      const { mutable, valType } = module.globalTypes[i]!;
      const type = { mutable, valType: typeOf(valType) };
      globalAddrs.push(store.globals.push({ type, global: exported[names.global(i)] as NativeGlobal }) - 1);
    }
    const tagAddrs = addrsOf(ExternKind.Tag);
    for (let i = tagAddrs.length; i < module.tagTypes.length; i++) {
      const type = store.types.types[store.types.ofModule(module)[module.tagTypeIndices[i]!]!]!.func!;
      const tag = (exported[names.tag(i)] as object | undefined) ?? new native.Tag({ parameters: [] });
      tagAddrs.push(store.tags.push({ type, tag }) - 1);
    }
    store.instances.push({
      module,
      funcAddrs: Int32Array.from(funcAddrs),
      tableAddrs: Int32Array.from(tableAddrs),
      memoryAddrs: Int32Array.from(memoryAddrs),
      globalAddrs: Int32Array.from(globalAddrs),
      tagAddrs: Int32Array.from(tagAddrs),
      functions: exported[names.funcs] as NativeTable | undefined,
      funcIndices,
    });
    if (instance === undefined) return;
    for (const { name, kind, index } of module.exports) {
      if (kind === ExternKind.Func) store.setFunction(funcAddrs[index]!, exported[name] as NativeFunction);
    }
    const pending = exported[names.pending] as NativeGlobal | undefined;
    if (pending !== undefined) this.pending.push(pending);
    if (module.start !== undefined) store.setFunction(funcAddrs[module.start]!, exported[names.start] as NativeFunction);
    this.receiveReports(rewritten, exported, module, memoryAddrs, tableAddrs);
  }

  private bookMemory(memory: NativeMemory): number {
    const addr = this.store.memories.push(new MemoryBook(memory)) - 1;
    this.onMemory?.(addr, memory);
    return addr;
  }

  /** Sets the functions that the rewritten module calls after each memory.grow and table.grow. */
  private receiveReports(
    { names, reportsGrows, grownTables }: Rewritten,
    exported: Readonly<Record<string, unknown>>,
    module: Module,
    memoryAddrs: readonly number[],
    tableAddrs: readonly number[],
  ): void {
    if (!reportsGrows) return;
    const reports = exported[names.reports] as NativeTable;
    const memory = (index: number, delta: number, result: number): void => {
      const addr = memoryAddrs[index]!;
      this.store.memories[addr]!.refresh();
      this.recorder.grew({ kind: "memory", addr, delta, init: 0, slot: 0 }, result);
    };
    reports.set(0, this.nativeFunction(MEMORY_REPORT, memory as NativeFunction));
    for (const [i, tableIndex] of grownTables.entries()) {
      const { elemType } = module.tableTypes[tableIndex]!;
      const table = (index: number, delta: number, result: number, value: unknown): void => {
        const addr = tableAddrs[index]!;
        const init = this.store.toRef(value, this.store.tables[addr]!.elemType);
        this.recorder.grew({ kind: "table", addr, delta, init, slot: 0 }, result);
      };
      reports.set(i + 1, this.nativeFunction(tableReport(elemType), table as NativeFunction));
    }
  }

  /** A function of JavaScript as one of the engine, which a table can hold. */
  private nativeFunction(type: FuncType, f: NativeFunction): NativeFunction {
    const bytes = trampolineModule(type);
    const key = bytes.join();
    let module = this.trampolines.get(key);
    if (module === undefined) {
      module = new native.Module(bytes);
      this.trampolines.set(key, module);
    }
    return new native.Instance(module, { env: { f } }).exports.f as NativeFunction;
  }

  /** Store address of an export, or undefined. */
  export(instanceAddr: number, name: string): ExternAddr | undefined {
    const { module, funcAddrs, tableAddrs, memoryAddrs, globalAddrs, tagAddrs } = this.store.instances[instanceAddr]!;
    const found = module.exports.find((candidate) => candidate.name === name);
    if (found === undefined) return undefined;
    const { kind, index } = found;
    return { kind, addr: [funcAddrs, tableAddrs, memoryAddrs, globalAddrs, tagAddrs][kind]![index]! };
  }

  memoryWritten(memoryAddr: number, byteAddr: number, byteLength: number): void {
    if (byteLength > 0) this.recorder.memoryWritten(memoryAddr, byteAddr, byteLength);
  }

  // ---- wasm calls the host

  /** The function that the engine calls for an import. */
  private imported(funcAddr: number, type: FuncType, implementation: EngineFunction, callerInstance: number): NativeFunction {
    const { store, recorder } = this;
    const { params, results } = type;
    const slotCount = Math.max(params.length, results.length, 1);
    const direct = results.length <= 1 ? implementation.direct : undefined;
    return (...args) => {
      this.throwExit();
      const slot = store.take(slotCount);
      writeSlots(store, slot, params, args);
      store.status = Status.InHost;
      recorder.hostCalled(funcAddr, slot);
      let result: unknown;
      try {
        if (direct === undefined) implementation({ machine: this, funcAddr, slot, callerInstance });
        else result = direct(this, callerInstance, args);
      } catch (error) {
        throw this.hostThrew(funcAddr, slot, error);
      }
      // The program has ended in a call that the host function made.
      this.throwExit();
      if (direct !== undefined && results.length === 1) writeSlot(store, slot, results[0]!, result);
      recorder.hostReturned(funcAddr, slot);
      if (++this.crossings % CLOCK_CROSSINGS === 0) this.flushWhenDue();
      store.top = slot;
      store.status = Status.Running;
      return results.length === 0 ? undefined : results.length === 1 ? readSlot(store, slot, results[0]!) : readSlots(store, slot, results);
    };
  }

  private throwExit(): void {
    if (this.exit !== undefined) throw this.exit.token;
  }

  /** Notes what a host function threw; returns what has to travel on. */
  private hostThrew(funcAddr: number, slot: number, error: unknown): unknown {
    if (this.exit !== undefined) return this.exit.token;
    if (error instanceof ExitRequest) {
      this.exit = { token: uncatchable(), exitCode: error.exitCode };
      this.recorder.exited(error.exitCode);
      this.store.status = Status.Exited;
      this.store.exitCode = error.exitCode;
      return this.exit.token;
    }
    // Wasm may catch it and go on.
    this.store.top = slot;
    this.store.status = Status.Running;
    const message = error instanceof Error ? error.message : String(error);
    const exception = this.engineExceptionOf?.(error);
    if (exception !== undefined) return this.exceptionThrown(funcAddr, message, exception);
    const token = this.mayCatch ? uncatchable() : error;
    this.thrown = { value: error, token };
    this.recorder.hostThrew(funcAddr, message);
    return token;
  }

  /** Notes an exception of wasm that a host function threw; returns it as one of the engine. Replay makes a new one each time. */
  private exceptionThrown(funcAddr: number, message: string, { tagAddr, values, token, made }: EngineException): NativeException {
    const { store, recorder } = this;
    const { type, tag } = store.tags[tagAddr]!;
    if (type.params.some((param) => !isVisible(param)))
      throw this.refusal("an exception with vectors or exceptions in it, from JavaScript,");
    const slot = store.take(type.params.length);
    writeValues(store, slot, type.params, values);
    const payload = readSlots(store, slot, type.params);
    // NaNs as the canonical one.
    writeSlots(store, slot, type.params, payload);
    recorder.hostThrew(funcAddr, message, { tagAddr, slot, held: false });
    store.top = slot;
    const thrown = (token as NativeException | undefined) ?? new native.Exception(tag, payload);
    if (token === undefined) made(thrown);
    return thrown;
  }

  /** Without ticks there is no other measure: what has happened is written out twice a second. */
  private flushWhenDue(): void {
    const now = performance.now();
    if (now - this.flushedAt < FLUSH_MS) return;
    this.flushedAt = now;
    this.recorder.flush();
  }

  // ---- the host calls wasm

  /**
   * Calls a function of the store, also from inside a host function. Throws RewasmError "unknown-function" when it is
   * none that the host can have; what makes recording fail comes out too.
   */
  call(funcAddr: number, args: readonly Value[] = []): CallResult {
    const { store } = this;
    const type = store.funcs[funcAddr]?.type;
    if (type !== undefined) writeValues(store, store.top, type.params, args);
    const ended = this.callInPlace(funcAddr);
    return ended ?? { kind: "return", values: readValues(store, store.resultSlot, type!.results) };
  }

  /** First slot for the arguments of the host's next call, see `callInPlace`. */
  get argSlot(): number {
    return this.store.top;
  }

  /**
   * As `call` with arguments that are already in slots from `argSlot` on. Undefined when the function has returned: its
   * results are in slots from `store.resultSlot` on until anything else happens.
   */
  callInPlace(funcAddr: number): Exclude<CallResult, { kind: "return" }> | undefined {
    const { store, recorder } = this;
    const target = store.functionAt(funcAddr);
    if (target === undefined) throw new RewasmError("unknown-function", `there is no function with address ${funcAddr} to call`);
    if (this.exit !== undefined) return { kind: "exit", exitCode: this.exit.exitCode };
    if (this.doubtful) this.giveUp();
    const { params, results } = store.funcs[funcAddr]!.type;
    const outer = store.status;
    const slot = store.take(Math.max(params.length, results.length));
    recorder.called(funcAddr, slot);
    store.status = Status.Running;
    let result: unknown;
    try {
      result = target(...readSlots(store, slot, params));
    } catch (error) {
      store.top = slot;
      store.status = outer;
      return this.caught(error);
    }
    if (results.length === 1) writeSlot(store, slot, results[0]!, result);
    else if (results.length > 1) writeSlots(store, slot, results, result as readonly unknown[]);
    store.status = Status.Returned;
    recorder.returned(funcAddr, slot);
    store.status = outer;
    store.resultSlot = slot;
    store.top = slot;
    return undefined;
  }

  /** After a trap between stores and their check, memory may hold NaNs with bits of the engine's: what comes now may see them. */
  private giveUp(): void {
    this.doubtful = false;
    for (const global of this.pending) global.value = 0;
    this.recorder.finish(EndReason.UncheckedStores);
  }

  /** How a call has ended that came back as an exception. */
  private caught(error: unknown): Exclude<CallResult, { kind: "return" }> {
    const { recorder } = this;
    if (this.exit !== undefined) {
      this.store.status = Status.Exited;
      return { kind: "exit", exitCode: this.exit.exitCode };
    }
    if (this.thrown !== undefined && Object.is(this.thrown.token, error)) {
      const { value } = this.thrown;
      this.thrown = undefined;
      recorder.trapped(Trap.HostThrow);
      return { kind: "trap", trap: Trap.HostThrow, thrown: value };
    }
    if (error instanceof native.RuntimeError) {
      this.doubtful ||= this.pending.some(({ value }) => value !== 0);
      const trap = trapOfMessage(error.message);
      if (trap === undefined)
        throw new RewasmError("native-trap", `the engine trapped for a reason that is not known here: ${error.message}`);
      recorder.trapped(trap);
      return { kind: "trap", trap };
    }
    if (error instanceof native.Exception) {
      recorder.trapped(Trap.UncaughtException);
      return { kind: "trap", trap: Trap.UncaughtException, exception: this.uncaught(error) };
    }
    if (!(error instanceof RangeError) || !/call stack/i.test(error.message)) throw error;
    // At which depth that happens, only this engine knows: what follows has no place in a trace.
    this.overflowed = true;
    recorder.finish(EndReason.NativeStackOverflow);
    return { kind: "trap", trap: Trap.CallStackExhausted };
  }

  private uncaught(token: NativeException): UncaughtException {
    const { store } = this;
    const tagAddr = store.tags.findIndex(({ tag }) => token.is(tag));
    if (tagAddr < 0) throw new Error("an exception of the engine whose tag belongs to no instance");
    const { type, tag } = store.tags[tagAddr]!;
    const values = type.params.map((param, i): Value => {
      if (!isVisible(param)) return param === ValType.V128 ? 0n : 0;
      const value = token.getArg(tag, i);
      // V8 of Node 20 shows an object of its insides in place of a function.
      if (value !== null && isRefType(param) && store.isFunc(param) && typeof value !== "function")
        throw this.refusal("functions in exceptions of this engine");
      writeSlot(store, store.top, param, value);
      return readValues(store, store.top, [param])[0]!;
    });
    return { ref: 0, tagAddr, values, token };
  }

  /** Ends the trace. Throws what made recording fail. */
  finish(): void {
    this.recorder.finish();
  }
}

function notNatively(what: string): RewasmError {
  return new RewasmError("native-unsupported", `${what} cannot be recorded natively: record with --engine interpreter`);
}

/** Whether the engine shows JavaScript values of the type: objects of wasm never come this far. */
function isVisible(type: ValType): boolean {
  const heapType = type & 0x7f;
  return type !== ValType.V128 && (typeIndexOf(type) >= 0 || (heapType !== ValType.ExnRef && heapType !== ValType.NullExnRef));
}

/** The canonical NaN: what JavaScript shows of a NaN is not its bits. */
const CANONICAL_F32 = 0x7fc0_0000;
const CANONICAL_F64_HIGH = 0x7ff8_0000;

function writeSlots(store: NativeStore, slot: number, types: readonly ValType[], values: readonly unknown[]): void {
  for (let i = 0; i < types.length; i++) writeSlot(store, slot + i, types[i]!, values[i]);
}

function writeSlot(store: NativeStore, slot: number, type: ValType, value: unknown): void {
  const { i32, i64, f32, f64 } = store;
  switch (type) {
    case ValType.I64:
      i64[slot] = (value as bigint | undefined) ?? 0n;
      break;
    case ValType.F64:
      f64[slot] = Number(value ?? 0);
      if (Number.isNaN(value)) {
        i32[slot * 2] = 0;
        i32[slot * 2 + 1] = CANONICAL_F64_HIGH;
      }
      break;
    case ValType.F32:
      f32[slot * 2] = Number(value ?? 0);
      if (Number.isNaN(value)) i32[slot * 2] = CANONICAL_F32;
      i32[slot * 2 + 1] = 0;
      break;
    case ValType.I32:
      i32[slot * 2] = (value as number | undefined) ?? 0;
      i32[slot * 2 + 1] = 0;
      break;
    default:
      i32[slot * 2] = store.toRef(value ?? null, type);
      i32[slot * 2 + 1] = 0;
  }
}

/** What a slot holds, for the engine. A NaN comes as the canonical one. */
function readSlot(store: NativeStore, slot: number, type: ValType): unknown {
  switch (type) {
    case ValType.I64:
      return store.i64[slot]!;
    case ValType.F64:
      return canonical(store.f64[slot]!);
    case ValType.F32:
      return canonical(store.f32[slot * 2]!);
    case ValType.I32:
      return store.i32[slot * 2]!;
    default:
      return store.fromRef(store.i32[slot * 2]!, type);
  }
}

function readSlots(store: NativeStore, slot: number, types: readonly ValType[]): unknown[] {
  return types.map((type, i) => readSlot(store, slot + i, type));
}

/** The engine takes over the bits of a NaN, and JavaScript may carry others than the canonical one. */
function canonical(value: number): number {
  return Number.isNaN(value) ? Number.NaN : value;
}

/** A float that is a NaN as the canonical one. */
function canonicalBits(bits: bigint, type: ValType): bigint {
  if (type === ValType.F32) return (bits & 0x7fff_ffffn) > 0x7f80_0000n ? BigInt(CANONICAL_F32) : bits;
  if (type !== ValType.F64) return bits;
  return (bits & 0x7fff_ffff_ffff_ffffn) > 0x7ff0_0000_0000_0000n ? BigInt(CANONICAL_F64_HIGH) << 32n : bits;
}

const globalTypeNames: Readonly<Record<number, string>> = {
  [ValType.I32]: "i32",
  [ValType.I64]: "i64",
  [ValType.F32]: "f32",
  [ValType.F64]: "f64",
  [ValType.FuncRef]: "anyfunc",
  [ValType.ExternRef]: "externref",
};

function give(given: NativeImports, from: string, name: string, value: unknown): void {
  given[from] ??= {};
  given[from][name] = value;
}

/** The engine throws RangeError where nothing can grow. */
function orMinusOne(grow: () => number): number {
  try {
    return grow();
  } catch (error) {
    if (error instanceof RangeError) return -1;
    throw error;
  }
}

/** `(module (func (export "f") unreachable))` */
const trapping = Uint8Array.of(
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...[1, 4, 1, 0x60, 0, 0],
  ...[3, 2, 1, 0],
  ...[7, 5, 1, 1, 0x66, 0, 0],
  ...[10, 5, 1, 3, 0, 0x00, 0x0b],
);

/** A trap of the engine, which no handler of a program catches: what `proc_exit` throws through its frames. */
function uncatchable(): unknown {
  try {
    (new native.Instance(new native.Module(trapping)).exports.f as NativeFunction)();
  } catch (error) {
    return error;
  }
  throw new Error("unreachable was reached");
}
