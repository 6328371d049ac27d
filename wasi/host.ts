/**
 * WASI preview1 as host functions of a machine: takes arguments from the value stack, asks an implementation, and tells
 * the machine exactly what the call has written. Knows no system interface itself: those are implementations (node.ts).
 */
import type { EngineCall, EngineFunction, HostEngine } from "../vm/host.ts";
import { ExitRequest } from "../vm/host.ts";
import { ExternKind, ValType } from "../vm/types.ts";
import { type Preview1Args, type ProcessSizes, vectorsBefore, writtenRanges } from "./effects.ts";
import { WasiError } from "./errors.ts";
import { type Effect, Errno, needsMemory, PREVIEW1, type Preview1Function } from "./preview1.ts";

/** One function of an implementation: i32 arguments come unsigned, i64 as signed bigint; answers an errno. */
export type Preview1Call = (...args: (number | bigint)[]) => number;

/** What does the work behind preview1. It writes results straight into the program's memory. */
export interface Preview1Implementation {
  readonly functions: Readonly<Record<string, Preview1Call>>;
  /** Sizes of arguments and environment as args_sizes_get and environ_sizes_get report them. */
  readonly sizes: ProcessSizes;
  /** Called once, before the first call that needs memory, with the store address of the program's memory. */
  attach(memoryAddr: number): void;
}

export interface Preview1Options {
  /** Compare memory before and after each call and throw WasiError when a byte outside the told ranges changed. Slow: for tests. */
  readonly audit?: boolean;
  /** Called around calls that may wait for something outside (input, timers). */
  readonly beforeBlocking?: (func: Preview1Function, args: Preview1Args) => void;
  readonly afterBlocking?: () => void;
}

/** The functions to import as `wasi_snapshot_preview1`. They serve one program with one memory. */
export function preview1Imports(implementation: Preview1Implementation, options: Preview1Options = {}): Record<string, EngineFunction> {
  const memory = new ProgramMemory(implementation);
  const imports: Record<string, EngineFunction> = {};
  for (const func of PREVIEW1.values()) imports[func.name] = bind(func, implementation, memory, options);
  return imports;
}

/** Finds the memory of the calling instance: its export "memory", as the specification of preview1 wants. */
class ProgramMemory {
  private readonly implementation: Preview1Implementation;
  private instance = -1;
  private memoryAddr = -1;

  constructor(implementation: Preview1Implementation) {
    this.implementation = implementation;
  }

  of(engine: HostEngine, callerInstance: number): number {
    if (callerInstance === this.instance && this.memoryAddr >= 0) return this.memoryAddr;
    const found = callerInstance < 0 ? undefined : engine.export(callerInstance, "memory");
    if (found?.kind !== ExternKind.Memory) {
      throw new WasiError("no-memory", 'the program calls WASI but exports no memory named "memory"');
    }
    if (this.memoryAddr >= 0 && found.addr !== this.memoryAddr) {
      throw new WasiError("second-memory", "two memories cannot share one WASI host");
    }
    if (this.memoryAddr < 0) this.implementation.attach(found.addr);
    this.instance = callerInstance;
    this.memoryAddr = found.addr;
    return found.addr;
  }
}

function readArgs(call: EngineCall, func: Preview1Function): (number | bigint)[] {
  const { store } = call.machine;
  return func.type.params.map((type, i) => (type === ValType.I64 ? store.i64[call.slot + i]! : store.i32[(call.slot + i) * 2]! >>> 0));
}

function bind(
  func: Preview1Function,
  implementation: Preview1Implementation,
  memory: ProgramMemory,
  options: Preview1Options,
): EngineFunction {
  if (func.name === "proc_exit") {
    return (call) => {
      throw new ExitRequest(call.machine.store.i32[call.slot * 2]! >>> 0);
    };
  }
  const perform = implementation.functions[func.name] ?? (() => Errno.Notsup);
  const usesMemory = needsMemory(func);
  const onMemory = new MemoryCall(func, perform, implementation.sizes, options);
  const execute = (engine: HostEngine, callerInstance: number, args: (number | bigint)[]): number =>
    usesMemory ? onMemory.run(engine, args, memory.of(engine, callerInstance)) : perform(...args);
  const bound = (call: EngineCall): void => {
    const errno = execute(call.machine, call.callerInstance, readArgs(call, func));
    const { i32 } = call.machine.store;
    i32[call.slot * 2] = errno;
    i32[call.slot * 2 + 1] = 0;
  };
  const direct = (engine: HostEngine, callerInstance: number, args: unknown[]): number => {
    for (let i = 0; i < args.length; i++) if (typeof args[i] === "number") args[i] = (args[i] as number) >>> 0;
    return execute(engine, callerInstance, args as (number | bigint)[]);
  };
  return Object.assign(bound, { direct });
}

/** Performs one function, and tells what it has written. One object for all calls: nothing is allocated for cells. */
class MemoryCall {
  private readonly func: Preview1Function;
  private readonly perform: Preview1Call;
  private readonly sizes: ProcessSizes;
  private readonly options: Preview1Options;
  /** The effects, when all of them are cells. */
  private readonly cells: readonly Extract<Effect, { kind: "cell" }>[] | undefined;

  constructor(func: Preview1Function, perform: Preview1Call, sizes: ProcessSizes, options: Preview1Options) {
    this.func = func;
    this.perform = perform;
    this.sizes = sizes;
    this.options = options;
    const cells = func.effects.filter((effect) => effect.kind === "cell");
    this.cells = cells.length === func.effects.length && !options.audit ? cells : undefined;
  }

  run(engine: HostEngine, args: readonly (number | bigint)[], memoryAddr: number): number {
    const { func, cells } = this;
    if (cells === undefined) return this.runAny(engine, args, memoryAddr);
    const errno = func.mayBlock ? performBlocking(func, args, this.perform, this.options) : this.perform(...args);
    if (errno !== Errno.Success) return errno;
    for (const { ptr, bytes } of cells) {
      const byteAddr = args[ptr] as number;
      const length = Math.min(bytes, engine.store.memories[memoryAddr]!.bytes.length - byteAddr);
      if (length > 0) engine.memoryWritten(memoryAddr, byteAddr, length);
    }
    return errno;
  }

  private runAny(engine: HostEngine, args: readonly (number | bigint)[], memoryAddr: number): number {
    const { func, perform, options, sizes } = this;
    const target = engine.store.memories[memoryAddr]!;
    const vectors = vectorsBefore(func, args, target.view);
    const before = options.audit ? target.bytes.slice() : undefined;
    const errno = func.mayBlock ? performBlocking(func, args, perform, options) : perform(...args);
    const told = before === undefined ? undefined : before.slice();
    if (errno === Errno.Success && func.effects.length > 0) {
      writtenRanges(func, args, target.view, vectors, sizes, (byteAddr, byteLength) => {
        told?.set(target.bytes.subarray(byteAddr, byteAddr + byteLength), byteAddr);
        engine.memoryWritten(memoryAddr, byteAddr, byteLength);
      });
    }
    if (told !== undefined) checkAudit(func, told, target.bytes);
    return errno;
  }
}

function performBlocking(
  func: Preview1Function,
  args: readonly (number | bigint)[],
  perform: Preview1Call,
  options: Preview1Options,
): number {
  options.beforeBlocking?.(func, args);
  try {
    return perform(...args);
  } finally {
    options.afterBlocking?.();
  }
}

/** `told` is the memory before the call with the told ranges applied: it has to equal the memory after the call. */
function checkAudit(func: Preview1Function, told: Uint8Array, after: Uint8Array): void {
  if (told.length !== after.length) throw new WasiError("audit", `${func.name} changed the size of memory`);
  for (let i = 0; i < told.length; i++) {
    if (told[i] !== after[i]) throw new WasiError("audit", `${func.name} wrote byte 0x${i.toString(16)} outside its declared ranges`);
  }
}
