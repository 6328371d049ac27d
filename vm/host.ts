/**
 * The host interface: the only way in which anything outside `vm/` acts on a running machine (spec: embedding).
 * A host function is handed a HostCall; a Journal is told every crossing of the boundary and every effect of the host.
 */
import type { Machine } from "./machine.ts";
import type { ExternAddr, PendingGrow } from "./store.ts";
import type { Trap } from "./trap.ts";
import type { FuncType, GlobalType, MemoryType, Module, TableType } from "./types.ts";
import type { Value } from "./value.ts";

/**
 * A host function. Reads its arguments from the call and writes its results to it before it returns; a thrown
 * JavaScript exception unwinds the wasm frames up to the host that called them. Must not keep the call object.
 */
export type HostFunction = (call: HostCall) => void;

/**
 * One call from wasm to the host. Arguments and results share slots `slot`, `slot + 1`, … of the machine's value stack
 * (a v128 takes two), so results may only be written once the arguments are read. Raw slots keep every NaN bit.
 */
export interface HostCall {
  readonly machine: Machine;
  readonly funcAddr: number;
  readonly slot: number;
  /** Store address of the calling instance, or -1 when the embedder itself called. */
  readonly callerInstance: number;
}

/**
 * An exception of wasm that a host function throws: one that wasm or an earlier host function has thrown already, or a new
 * one of a tag, which carries the values in slots from `slot` on and is pinned at once when the host holds it.
 */
export type ThrownException = { readonly ref: number } | { readonly tagAddr: number; readonly slot: number; readonly held: boolean };

/** Thrown by a host function to end the program (WASI proc_exit): no frame is unwound, the machine is left Exited. */
export class ExitRequest {
  readonly exitCode: number;
  constructor(exitCode: number) {
    this.exitCode = exitCode;
  }
}

/** The memory of a program, as its host sees it. */
export interface HostMemory {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

/**
 * What host functions that serve every engine may use of the one that runs their program: Machine has it, and so has a
 * native engine. Views and memories may be replaced by any call of the engine.
 */
export interface HostEngine {
  readonly store: {
    readonly i32: Int32Array;
    readonly i64: BigInt64Array;
    readonly f32: Float32Array;
    readonly f64: Float64Array;
    readonly memories: readonly HostMemory[];
  };
  export(instanceAddr: number, name: string): ExternAddr | undefined;
  memoryWritten(memoryAddr: number, byteAddr: number, byteLength: number): void;
}

/** An exception of wasm that a host function of an engine throws which is not our machine: of a tag, with what it carries. */
export interface EngineException {
  readonly tagAddr: number;
  readonly values: readonly Value[];
  /** What stands for it in the engine, when it has been there before. */
  readonly token?: object;
  /** Is told what stands for it in the engine now. */
  made(token: object): void;
}

/** As HostCall, of any engine. */
export interface EngineCall {
  readonly machine: HostEngine;
  readonly funcAddr: number;
  readonly slot: number;
  readonly callerInstance: number;
}

/**
 * A host function that serves every engine; it is a HostFunction too. `direct` does the same for engines that have the
 * arguments at hand, as JavaScript has them (bigint for i64): it may change the list, and answers the only result.
 */
export interface EngineFunction {
  (call: EngineCall): void;
  readonly direct?: (engine: HostEngine, callerInstance: number, args: unknown[]) => unknown;
}

/**
 * Is told every crossing and every host effect, in order, at the moment it happens; `store.tick` is the time of each.
 * Implementations must not change the store. Recording a program is attaching a journal; replaying with a journal
 * attached tells it the same things in the same order.
 */
export interface Journal {
  moduleAdded(moduleIndex: number, module: Module): void;
  /** `typeNumber`: when it is of a type that a module declares, not just of its parameters and results. */
  hostFuncAdded(funcAddr: number, module: string, name: string, type: FuncType, typeNumber?: number): void;
  memoryAdded(memoryAddr: number, type: MemoryType): void;
  tableAdded(tableAddr: number, type: TableType, init: number): void;
  globalAdded(globalAddr: number, type: GlobalType, bits: bigint): void;
  /** `type` has the parameters that exceptions of the tag carry. */
  tagAdded(tagAddr: number, type: FuncType): void;
  /** After memories, tables, globals exist and segments are copied, or failed to (`trap`), before the start function is called. */
  instantiated(instanceAddr: number, moduleIndex: number, imports: readonly ExternAddr[], trap: Trap): void;
  /** Host calls a function; its arguments are in slots from `argSlot`. */
  called(funcAddr: number, argSlot: number): void;
  /** The function that the host called has returned; results from `resultSlot`. */
  returned(funcAddr: number, resultSlot: number): void;
  /** The call ended in a trap (or a host throw that went through it), and the host takes notice. */
  trapped(trap: Trap): void;
  /** Wasm calls a host function; arguments from `argSlot`. */
  hostCalled(funcAddr: number, argSlot: number): void;
  /** That host function returns; results from `resultSlot`. */
  hostReturned(funcAddr: number, resultSlot: number): void;
  /** With an exception, wasm may catch it; what it carries is in its slots already. */
  hostThrew(funcAddr: number, message: string, exception?: ThrownException): void;
  exited(exitCode: number): void;
  /** A memory.grow or table.grow instruction got its result: the previous size, or -1. */
  grew(grow: PendingGrow, result: number): void;
  /** The host wrote (already done) these bytes. */
  memoryWritten(memoryAddr: number, byteAddr: number, byteLength: number): void;
  memoryGrown(memoryAddr: number, deltaPages: number, result: number): void;
  tableSet(tableAddr: number, index: number, ref: number): void;
  tableGrown(tableAddr: number, delta: number, init: number, result: number): void;
  globalSet(globalAddr: number, bits: bigint): void;
  /** From now on, or no longer, the host holds an object of the heap: what it does not hold may be collected. */
  pinned(ref: number, held: boolean): void;
  /** A call from the host was given up in the midst of it, for a reason that is no event: what follows cannot be replayed. */
  abandoned?(error: unknown): void;
}
