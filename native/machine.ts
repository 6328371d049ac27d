/**
 * The native machine: runs rewritten modules on the WebAssembly of this process and tells a recorder every crossing, in
 * the terms of our machine. It is the face of Machine for host functions that serve every engine (vm/host.ts); the trace
 * that comes of it replays in our machine. Nothing is counted here: such a trace has no ticks.
 */

import { Recorder } from "../rr/recorder.ts";
import type { TraceSink } from "../rr/storage.ts";
import { type Deflate, EndReason, NATIVE_ENGINE, type TraceHeader } from "../rr/trace-format.ts";
import { LinkError, RewasmError } from "../vm/errors.ts";
import { type EngineFunction, ExitRequest, type HostEngine } from "../vm/host.ts";
import type { CallResult, InstantiateResult } from "../vm/machine.ts";
import { type ExternAddr, Status } from "../vm/store.ts";
import { Trap } from "../vm/trap.ts";
import { ExternKind, type FuncType, funcTypeAt, type Module, ValType } from "../vm/types.ts";
import type { Value } from "../vm/value.ts";
import { type NativeFunction, type NativeImports, type NativeInstance, type NativeMemory, type NativeTable, native } from "./engine.ts";
import { MEMORY_REPORT, type Rewritten, rewriteModule, tableReport, trampolineModule } from "./rewrite.ts";
import { MemoryBook, NativeStore } from "./store.ts";
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
  /** Told of each memory that an instance defines, before anything runs. */
  readonly onMemory?: (memoryAddr: number, memory: NativeMemory) => void;
}

/** Imports by module and field name. */
export type EngineImports = Readonly<Record<string, Readonly<Record<string, EngineFunction>>>>;

export class NativeMachine implements HostEngine {
  readonly store = new NativeStore(NATIVE_STACK_BYTES);
  readonly recorder: Recorder;
  /** True when the native stack has overflowed: the trace has ended there. */
  overflowed = false;
  private readonly onMemory: NativeMachineOptions["onMemory"];
  private readonly trampolines = new Map<string, object>();
  /** The exit of the program while it travels through the engine's frames, and afterwards. */
  private exit: { readonly token: unknown; readonly exitCode: number } | undefined;
  /** What a host function threw last. */
  private thrown: { readonly value: unknown } | undefined;
  private crossings = 0;
  private flushedAt = performance.now();

  constructor(options: NativeMachineOptions) {
    this.recorder = new Recorder(
      options.sink,
      {
        ...options.header,
        engine: NATIVE_ENGINE,
        ticks: false,
        stackBytes: NATIVE_STACK_BYTES,
      },
      options.deflate,
    );
    this.recorder.attach(this.store);
    this.onMemory = options.onMemory;
  }

  /**
   * Instantiates a validated module whose imports are all functions, and calls its start function. Throws LinkError when one is not provided.
   * Cost: rewriting the module, and the engine's compilation.
   */
  instantiate(module: Module, imports: EngineImports = {}): InstantiateResult {
    const { store, recorder } = this;
    const rewritten = rewriteModule(module);
    const compiled = new native.Module(rewritten.bytes);
    const instanceAddr = store.instances.length;
    const { given, addrs } = this.bindImports(module, imports, instanceAddr);
    const moduleIndex = store.modules.push(module) - 1;
    recorder.moduleAdded(moduleIndex, module);
    let instance: NativeInstance;
    try {
      instance = new native.Instance(compiled, given);
    } catch (error) {
      const trap = error instanceof native.RuntimeError ? trapOfMessage(error.message) : undefined;
      if (trap === undefined) throw error;
      this.book(module, addrs, undefined, rewritten);
      recorder.instantiated(instanceAddr, moduleIndex, addrs, trap);
      return { instanceAddr, start: { kind: "trap", trap } };
    }
    this.book(module, addrs, instance, rewritten);
    recorder.instantiated(instanceAddr, moduleIndex, addrs, Trap.None);
    if (module.start === undefined) return { instanceAddr, start: { kind: "return", values: [] } };
    return { instanceAddr, start: this.call(store.instances[instanceAddr]!.funcAddrs[module.start]!) };
  }

  private bindImports(module: Module, imports: EngineImports, instanceAddr: number): { given: NativeImports; addrs: ExternAddr[] } {
    const given: NativeImports = {};
    const addrs = module.imports.map(({ module: from, name, desc }): ExternAddr => {
      const implementation = imports[from]?.[name];
      if (implementation === undefined || desc.kind !== ExternKind.Func) {
        throw new LinkError("unknown-import", `unknown import: ${from}.${name} is not provided`);
      }
      const type = funcTypeAt(module, desc.typeIndex);
      const addr = this.store.funcs.push({ kind: "host", type, module: from, name }) - 1;
      this.recorder.hostFuncAdded(addr, from, name, type);
      given[from] ??= {};
      given[from][name] = this.imported(addr, type, implementation, instanceAddr);
      return { kind: ExternKind.Func, addr };
    });
    return { given, addrs };
  }

  /** Gives everything that the instance defines its store address, in the order in which our machine does. */
  private book(
    module: Module,
    imports: readonly ExternAddr[],
    instance: NativeInstance | undefined,
    { names, reportsGrows, grownTables }: Rewritten,
  ): void {
    const { store } = this;
    const addrsOf = (kind: number): number[] => imports.filter((extern) => extern.kind === kind).map(({ addr }) => addr);
    const instanceAddr = store.instances.length;
    const exported = instance?.exports ?? {};
    const tableAddrs = addrsOf(ExternKind.Table);
    for (let i = tableAddrs.length; i < module.tableTypes.length; i++)
      tableAddrs.push(store.tables.push(exported[names.table(i)] as NativeTable) - 1);
    const memoryAddrs = addrsOf(ExternKind.Memory);
    for (let i = memoryAddrs.length; i < module.memoryTypes.length; i++)
      memoryAddrs.push(this.addMemory(exported[names.memory(i)] as NativeMemory | undefined));
    const funcAddrs = addrsOf(ExternKind.Func);
    for (let i = funcAddrs.length; i < module.funcTypes.length; i++) {
      funcAddrs.push(store.funcs.push({ kind: "wasm", type: module.funcTypes[i]!, instanceAddr, funcIndex: i }) - 1);
    }
    store.instances.push({
      module,
      funcAddrs: Int32Array.from(funcAddrs),
      tableAddrs: Int32Array.from(tableAddrs),
      memoryAddrs: Int32Array.from(memoryAddrs),
      globalAddrs: new Int32Array(0),
    });
    for (const { name, kind, index } of module.exports) {
      if (kind === ExternKind.Func) store.functions[funcAddrs[index]!] = exported[name] as NativeFunction;
    }
    if (module.start !== undefined) store.functions[funcAddrs[module.start]!] = exported[names.start] as NativeFunction;
    if (reportsGrows && instance !== undefined)
      this.receiveReports(exported[names.reports] as NativeTable, module, memoryAddrs, tableAddrs, grownTables);
  }

  private addMemory(memory: NativeMemory | undefined): number {
    // Of an instance that failed nothing is left, but its addresses are.
    const addr = this.store.memories.push(new MemoryBook(memory ?? new native.Memory({ initial: 0 }))) - 1;
    if (memory !== undefined) this.onMemory?.(addr, memory);
    return addr;
  }

  /** Sets the functions that the rewritten module calls after each memory.grow and table.grow. */
  private receiveReports(
    reports: NativeTable,
    module: Module,
    memoryAddrs: readonly number[],
    tableAddrs: readonly number[],
    grownTables: readonly number[],
  ): void {
    const memory = (index: number, delta: number, result: number): void => {
      this.store.memories[memoryAddrs[index]!]!.refresh();
      this.recorder.grew({ kind: "memory", addr: memoryAddrs[index]!, delta, init: 0, slot: 0 }, result);
    };
    reports.set(0, this.nativeFunction(MEMORY_REPORT, memory as NativeFunction));
    for (const [i, tableIndex] of grownTables.entries()) {
      const table = (index: number, delta: number, result: number): void => {
        this.recorder.grew({ kind: "table", addr: tableAddrs[index]!, delta, init: 0, slot: 0 }, result);
      };
      reports.set(i + 1, this.nativeFunction(tableReport(module.tableTypes[tableIndex]!.elemType), table as NativeFunction));
    }
  }

  /** A function of JavaScript as one of the engine, which a table can hold. */
  private nativeFunction(type: FuncType, f: NativeFunction): unknown {
    const bytes = trampolineModule(type);
    const key = bytes.join();
    let module = this.trampolines.get(key);
    if (module === undefined) {
      module = new native.Module(bytes);
      this.trampolines.set(key, module);
    }
    return new native.Instance(module, { env: { f } }).exports.f;
  }

  /** Store address of an export, or undefined. */
  export(instanceAddr: number, name: string): ExternAddr | undefined {
    const { module, funcAddrs, tableAddrs, memoryAddrs, globalAddrs } = this.store.instances[instanceAddr]!;
    const found = module.exports.find((candidate) => candidate.name === name);
    if (found === undefined) return undefined;
    const { kind, index } = found;
    return { kind, addr: [funcAddrs, tableAddrs, memoryAddrs, globalAddrs][kind]![index]! };
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
        throw this.hostThrew(funcAddr, error);
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
  private hostThrew(funcAddr: number, error: unknown): unknown {
    if (this.exit !== undefined) return this.exit.token;
    if (error instanceof ExitRequest) {
      this.exit = { token: uncatchable(), exitCode: error.exitCode };
      this.recorder.exited(error.exitCode);
      this.store.status = Status.Exited;
      return this.exit.token;
    }
    this.thrown = { value: error };
    this.recorder.hostThrew(funcAddr, error instanceof Error ? error.message : String(error));
    return error;
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
    const { store, recorder } = this;
    const target = store.functions[funcAddr];
    if (target === undefined) throw new RewasmError("unknown-function", `there is no function with address ${funcAddr} to call`);
    if (this.exit !== undefined) return { kind: "exit", exitCode: this.exit.exitCode };
    const { params, results } = store.funcs[funcAddr]!.type;
    const outer = store.status;
    const slot = store.take(Math.max(params.length, results.length));
    writeSlots(store, slot, params, args);
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
    const values = results.length === 0 ? [] : results.length === 1 ? [result] : [...(result as Iterable<unknown>)];
    writeSlots(store, slot, results, values);
    store.status = Status.Returned;
    recorder.returned(funcAddr, slot);
    store.status = outer;
    store.top = slot;
    return { kind: "return", values: values as Value[] };
  }

  /** How a call has ended that came back as an exception. */
  private caught(error: unknown): CallResult {
    const { recorder } = this;
    if (this.exit !== undefined) {
      this.store.status = Status.Exited;
      return { kind: "exit", exitCode: this.exit.exitCode };
    }
    if (this.thrown !== undefined && Object.is(this.thrown.value, error)) {
      this.thrown = undefined;
      recorder.trapped(Trap.HostThrow);
      return { kind: "trap", trap: Trap.HostThrow, thrown: error };
    }
    if (error instanceof native.RuntimeError) {
      const trap = trapOfMessage(error.message);
      if (trap === undefined)
        throw new RewasmError("native-trap", `the engine trapped for a reason that is not known here: ${error.message}`);
      recorder.trapped(trap);
      return { kind: "trap", trap };
    }
    if (!(error instanceof RangeError) || !/call stack/i.test(error.message)) throw error;
    // At which depth that happens, only this engine knows: what follows has no place in a trace.
    this.overflowed = true;
    recorder.finish(EndReason.NativeStackOverflow);
    return { kind: "trap", trap: Trap.CallStackExhausted };
  }

  /** Ends the trace. Throws what made recording fail. */
  finish(): void {
    this.recorder.finish();
  }
}

/** The canonical NaN: what JavaScript shows of a NaN is not its bits. */
const CANONICAL_F32 = 0x7fc0_0000;
const CANONICAL_F64_HIGH = 0x7ff8_0000;

function writeSlots(store: NativeStore, slot: number, types: readonly ValType[], values: readonly unknown[]): void {
  for (let i = 0; i < types.length; i++) writeSlot(store, slot + i, types[i]!, values[i]);
}

function writeSlot({ i32, i64, f32, f64 }: NativeStore, slot: number, type: ValType, value: unknown): void {
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
    default:
      i32[slot * 2] = (value as number | undefined) ?? 0;
      i32[slot * 2 + 1] = 0;
  }
}

/** What a slot holds, for the engine. A NaN comes as the canonical one. */
function readSlot(store: NativeStore, slot: number, type: ValType): Value {
  switch (type) {
    case ValType.I64:
      return store.i64[slot]!;
    case ValType.F64:
      return canonical(store.f64[slot]!);
    case ValType.F32:
      return canonical(store.f32[slot * 2]!);
    default:
      return store.i32[slot * 2]!;
  }
}

function readSlots(store: NativeStore, slot: number, types: readonly ValType[]): Value[] {
  return types.map((type, i) => readSlot(store, slot + i, type));
}

/** The engine takes over the bits of a NaN, and JavaScript may carry others than the canonical one. */
function canonical(value: number): number {
  return Number.isNaN(value) ? Number.NaN : value;
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
