/**
 * The books of a native engine: which function, memory, table and global has which store address, numbered as our machine
 * numbers them when it replays. The state itself is the engine's; only arguments and results pass through slots here.
 *
 * References are integers as in our machine: 0 is null, a function is its store address and 1. The engine gets functions as
 * its own ones; references of the host it only holds, so it gets their integers.
 */
import { type Func, type Instance, Status } from "../vm/store.ts";
import { topOf } from "../vm/subtype.ts";
import { TypeSpace } from "../vm/type-space.ts";
import { type FuncType, type GlobalType, type Module, ValType, valTypeName } from "../vm/types.ts";
import type { NativeFunction, NativeGlobal, NativeMemory, NativeTable } from "./engine.ts";

/** Slots for arguments and results of nested calls: more than native stacks have room for. */
const SLOTS = 1 << 18;

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

  get buffer(): ArrayBuffer {
    return this.memory.buffer;
  }

  refresh(): void {
    this.bytes = new Uint8Array(this.memory.buffer);
    this.view = new DataView(this.memory.buffer);
  }
}

/** A table of the engine, its elements as references. */
export class TableBook {
  readonly table: NativeTable;
  readonly elemType: ValType;
  private readonly store: NativeStore;

  constructor(store: NativeStore, table: NativeTable, elemType: ValType) {
    this.store = store;
    this.table = table;
    this.elemType = elemType;
  }

  get length(): number {
    return this.table.length;
  }

  at(index: number): number {
    return this.store.toRef(this.table.get(index), this.elemType);
  }
}

export interface GlobalBook {
  readonly type: GlobalType;
  readonly global: NativeGlobal;
}

export interface TagBook {
  readonly type: FuncType;
  readonly tag: object;
}

export interface InstanceBook extends Pick<Instance, "module" | "funcAddrs" | "tableAddrs" | "memoryAddrs" | "globalAddrs" | "tagAddrs"> {
  /** The engine's functions with the indices `funcIndices`, ascending; undefined when they were not asked for. */
  readonly functions: NativeTable | undefined;
  readonly funcIndices: readonly number[];
}

export class NativeStore {
  readonly stackBytes: number;
  status: Status = Status.Idle;
  /** What the program has ended with, when `status` is Exited. */
  exitCode = 0;
  /** Nobody counts. */
  readonly tick = 0;
  readonly types = new TypeSpace();

  /** Slots for arguments and results, `[top, …)` free. */
  readonly i32: Int32Array;
  readonly i64: BigInt64Array;
  readonly f32: Float32Array;
  readonly f64: Float64Array;
  top = 0;
  resultSlot = 0;

  readonly modules: Module[] = [];
  readonly instances: InstanceBook[] = [];
  readonly funcs: Func[] = [];
  readonly memories: MemoryBook[] = [];
  readonly tables: TableBook[] = [];
  readonly globals: GlobalBook[] = [];
  readonly tags: TagBook[] = [];
  /** The engine's function of an address, as far as it is known, and the way back. */
  private readonly functions: (NativeFunction | undefined)[] = [];
  private readonly addrs = new Map<unknown, number>();
  /** Instances whose functions are all in `addrs`. */
  private knownInstances = 0;
  /** Makes the engine's function of a host function. */
  makeHostFunction: (funcAddr: number) => NativeFunction = () => {
    throw new Error("no host functions");
  };

  constructor(stackBytes: number) {
    this.stackBytes = stackBytes;
    const slots = new ArrayBuffer(SLOTS * 8);
    this.i32 = new Int32Array(slots);
    this.i64 = new BigInt64Array(slots);
    this.f32 = new Float32Array(slots);
    this.f64 = new Float64Array(slots);
  }

  /** Takes `count` slots; give them back by setting `top` to the result. Throws RangeError where a native stack would have. */
  take(count: number): number {
    const slot = this.top;
    if (slot + count > SLOTS) throw new RangeError("Maximum call stack size exceeded");
    this.top = slot + count;
    return slot;
  }

  // ---- functions

  setFunction(funcAddr: number, f: NativeFunction): void {
    this.functions[funcAddr] = f;
    this.addrs.set(f, funcAddr);
  }

  /** The engine's function of an address; undefined when nothing outside its instance can have it. */
  functionAt(funcAddr: number): NativeFunction | undefined {
    const known = this.functions[funcAddr];
    if (known !== undefined) return known;
    const func = this.funcs[funcAddr];
    if (func === undefined) return undefined;
    const found = func.kind === "host" ? this.makeHostFunction(funcAddr) : this.functionOf(func.instanceAddr, func.funcIndex);
    if (found !== undefined) this.setFunction(funcAddr, found);
    return found;
  }

  private functionOf(instanceAddr: number, funcIndex: number): NativeFunction | undefined {
    const { functions, funcIndices } = this.instances[instanceAddr]!;
    const at = funcIndices.indexOf(funcIndex);
    return functions === undefined || at < 0 ? undefined : (functions.get(at) as NativeFunction);
  }

  /** The address of a function of the engine, which has to be one of an instance in these books. */
  private addrOf(f: unknown): number {
    const known = this.addrs.get(f);
    if (known !== undefined) return known;
    for (; this.knownInstances < this.instances.length; this.knownInstances++) {
      const { functions, funcIndices, funcAddrs } = this.instances[this.knownInstances]!;
      for (const [at, index] of funcIndices.entries()) {
        const each = functions?.get(at) as NativeFunction;
        if (!this.addrs.has(each)) this.setFunction(funcAddrs[index]!, each);
      }
    }
    const found = this.addrs.get(f);
    if (found === undefined) throw new Error("a function of the engine that belongs to no instance");
    return found;
  }

  // ---- references

  /** A value of the engine as a reference. */
  toRef(value: unknown, type: ValType): number {
    if (value === null) return 0;
    return this.isFunc(type) ? this.addrOf(value) + 1 : (value as number) | 0;
  }

  /** A reference as a value for the engine. */
  fromRef(ref: number, type: ValType): unknown {
    if (ref === 0) return null;
    return this.isFunc(type) ? this.functionAt(ref - 1) : ref;
  }

  /** Whether values of the type are functions. Throws for references that cannot cross. */
  isFunc(type: ValType): boolean {
    if (type === ValType.FuncRef) return true;
    if (type === ValType.ExternRef) return false;
    const top = topOf(this.types.types, type);
    if (top !== ValType.FuncRef && top !== ValType.ExternRef)
      throw new Error(`references of type ${valTypeName(type)} cannot cross natively`);
    return top === ValType.FuncRef;
  }
}
