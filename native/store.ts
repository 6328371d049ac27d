/**
 * The books of a native engine: which function, memory, table and global has which store address, numbered as our machine
 * numbers them when it replays. The state itself is the engine's; only arguments and results pass through slots here.
 */
import { type Func, type Instance, Status } from "../vm/store.ts";
import type { GlobalType, Module } from "../vm/types.ts";
import type { NativeFunction, NativeGlobal, NativeMemory, NativeTable } from "./engine.ts";

const INITIAL_SLOTS = 1 << 12;

/** A memory of the engine with views, which are replaced when it has grown: `refresh` has to be told. */
export class MemoryBook {
  readonly memory: NativeMemory;
  bytes: Uint8Array;
  view: DataView;

  constructor(memory: NativeMemory) {
    this.memory = memory;
    this.bytes = new Uint8Array(memory.buffer);
    this.view = new DataView(memory.buffer);
  }

  refresh(): void {
    this.bytes = new Uint8Array(this.memory.buffer);
    this.view = new DataView(this.memory.buffer);
  }
}

export class NativeStore {
  readonly stackBytes: number;
  status: Status = Status.Idle;
  /** Nobody counts. */
  readonly tick = 0;

  /** Slots for arguments and results, `[top, …)` free; replaced when calls nest deeper than they reach. */
  i32: Int32Array;
  i64: BigInt64Array;
  f32: Float32Array;
  f64: Float64Array;
  top = 0;

  readonly modules: Module[] = [];
  readonly instances: Pick<Instance, "module" | "funcAddrs" | "tableAddrs" | "memoryAddrs" | "globalAddrs">[] = [];
  readonly funcs: Func[] = [];
  /** The engine's function of an address, as far as it is known. */
  readonly functions: (NativeFunction | undefined)[] = [];
  readonly memories: MemoryBook[] = [];
  readonly tables: NativeTable[] = [];
  readonly globals: { readonly type: GlobalType; readonly global: NativeGlobal }[] = [];

  constructor(stackBytes: number) {
    this.stackBytes = stackBytes;
    const slots = new ArrayBuffer(INITIAL_SLOTS * 8);
    this.i32 = new Int32Array(slots);
    this.i64 = new BigInt64Array(slots);
    this.f32 = new Float32Array(slots);
    this.f64 = new Float64Array(slots);
  }

  /** Takes `count` slots; give them back by setting `top` to the result. */
  take(count: number): number {
    const slot = this.top;
    this.top = slot + count;
    if (this.top > this.i64.length) this.growSlots();
    return slot;
  }

  private growSlots(): void {
    let length = this.i64.length * 2;
    while (length < this.top) length *= 2;
    const larger = new BigInt64Array(length);
    larger.set(this.i64);
    this.i64 = larger;
    this.i32 = new Int32Array(larger.buffer);
    this.f32 = new Float32Array(larger.buffer);
    this.f64 = new Float64Array(larger.buffer);
  }
}
