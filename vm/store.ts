/**
 * The store: all state of the machine, as data (spec: execution/runtime structure). Value stack, frames, globals,
 * tables, memories and instances; no closure or native frame holds any of it. Nothing here executes instructions.
 *
 * Value stack. One ArrayBuffer of 8-byte slots seen through four typed views. A wasm frame occupies
 * `[locals][operands]` from its `fp`; a callee's parameters are the caller's operands in place, and its results are left
 * where the parameters began. i32, f32 and references use the low four bytes of a slot; the high four are unspecified in
 * live state and zero in canonical state (frames.ts).
 *
 * Frames. FRAME_WORDS integers each, bottom first, see Frame. A host function that is running has a frame too: that is
 * what lets a snapshot be taken, and a replay continue, while wasm is inside a host call that called back into wasm.
 */
import { CodeMemory, Mode } from "./code.ts";
import { Heap } from "./heap.ts";
import type { Interpreter } from "./interpreter.ts";
import { type ArrayLayout, arrayLayout, type StructLayout, structLayout } from "./layout.ts";
import { Memory, type MemoryBacking } from "./memory.ts";
import { Table } from "./table.ts";
import type { Tier } from "./tier.ts";
import { Trap } from "./trap.ts";
import { TypeSpace } from "./type-space.ts";
import {
  type ExternKind,
  type FuncType,
  type GlobalType,
  type MemoryType,
  type Module,
  slotCount,
  slotsOf,
  type TableType,
  ValType,
  vectorBits,
} from "./types.ts";

/** Words of a frame record in `Store.frames`. */
export const FRAME_WORDS = 4;
export const Frame = {
  /** Store address of the function. */
  Func: 0,
  /** First slot of its locals. */
  Fp: 1,
  /** Where it continues, an index into lowered code; only meaningful while the frame is not the running one. */
  Pc: 2,
  /** FrameFlag bits. */
  Flags: 3,
} as const;
export const FrameFlag = {
  /** The caller belongs to another instance: returning switches memory and instance. */
  OtherInstance: 1,
  /** The caller is the host (or the embedder): returning stops the loop. */
  Entry: 2,
  /** The function is a host function. */
  Host: 4,
  /** Stop when this frame returns. Not part of canonical state: a debugger's wish, invisible to snapshots. */
  Watch: 8,
  /** Was there when a snapshot was last taken or restored (snapshot/capture.ts). Not part of canonical state either. */
  Seen: 16,
} as const;

/** Bytes that one frame record counts toward the stack limit. */
const FRAME_BYTES = FRAME_WORDS * 4;

/** What the machine waits for. */
export const Status = {
  /** No frames; the embedder has to call something. */
  Idle: 0,
  /** The top frame is wasm and can execute. */
  Running: 1,
  /** The top frame is a host function that has not returned yet. */
  InHost: 2,
  /** A memory.grow or table.grow waits for its result, see `grow`. */
  Growing: 3,
  /** A call from the host has returned; results begin at slot `resultSlot`, the function was `resultFunc`. */
  Returned: 4,
  /** Trapped: frames are still there to look at; the host has to take the trap (`takeTrap`). */
  Trapped: 5,
  /** The program ended itself with `exitCode`. Nothing runs any more. */
  Exited: 6,
} as const;
export type Status = (typeof Status)[keyof typeof Status];

export interface WasmFunc {
  readonly kind: "wasm";
  readonly type: FuncType;
  readonly instanceAddr: number;
  /** Index in the module's function index space. */
  readonly funcIndex: number;
  /** Number of its type in the store's type space. */
  readonly typeNumber?: number;
}
export interface HostFunc {
  readonly kind: "host";
  readonly type: FuncType;
  /** Names under which it was imported or given by the embedder: for people, and checked on replay. */
  readonly module: string;
  readonly name: string;
  /** Number of its type in the store's type space; when absent, of its type declared by itself. */
  readonly typeNumber?: number;
}
export type Func = WasmFunc | HostFunc;

/** An exception tag: what exceptions of it carry are the parameters of its type. */
export interface Tag {
  readonly type: FuncType;
  /** Number of its type in the store's type space. */
  readonly typeNumber: number;
}

export interface Global {
  readonly type: GlobalType;
  /** First slot in `globalStack`. */
  readonly slot: number;
}

/** A module instance: index spaces as store addresses. */
export interface Instance {
  readonly module: Module;
  /** Index of the module in `Store.modules`. */
  readonly moduleIndex: number;
  readonly funcAddrs: Int32Array;
  readonly tableAddrs: Int32Array;
  readonly memoryAddrs: Int32Array;
  readonly globalAddrs: Int32Array;
  readonly tagAddrs: Int32Array;
  /** Values of each element segment, and 1 where a segment was dropped. */
  readonly elemRefs: readonly Int32Array[];
  readonly droppedElems: Uint8Array;
  readonly droppedDatas: Uint8Array;
}

/** A store address with its kind, as imports and exports use. Kinds are those of the binary format (ExternKind). */
export interface ExternAddr {
  readonly kind: ExternKind;
  readonly addr: number;
}

/** A pending memory.grow or table.grow. */
export interface PendingGrow {
  readonly kind: "memory" | "table";
  readonly addr: number;
  /** Pages or elements, unsigned. */
  readonly delta: number;
  /** Reference for new table elements, else 0. */
  readonly init: number;
  /** Slot that receives the previous size, or -1. */
  readonly slot: number;
}

export interface StoreOptions {
  /** Limit of value stack and frame records together; deterministic, so it is written in traces. Default 8 MiB. */
  readonly stackBytes?: number;
  /**
   * False keeps hot functions from being made into JavaScript (tier.ts): slower, the same to the tick. "eagerly" makes
   * all of them at once, for tests. Default true.
   */
  readonly generate?: boolean | "eagerly";
}

export const DEFAULT_STACK_BYTES = 8 << 20;

/** Makes the bytes of memory `addr` before it is allocated, or undefined for a plain buffer. */
export type BackingFactory = (addr: number, type: MemoryType) => MemoryBacking | undefined;

/** Words of a function's entry in `Store.funcInfo`: what the interpreter needs to call it. */
export const FUNC_INFO_WORDS = 8; // a power of two: addresses become indices by shifting
export const FuncInfo = {
  /** Code index of the entry when run in mode Exact, Fast. 0: not lowered yet. 1: host function. */
  PcExact: 0,
  PcFast: 1,
  /** Slots of the frame: locals and the highest operand stack; for host functions max(params, results). */
  FrameSlots: 2,
  /** Slots of parameters, and of parameters and declared locals. */
  ParamSlots: 3,
  LocalSlots: 4,
  InstanceAddr: 5,
  /** Store-wide number of the function's type: equal types have equal numbers. */
  TypeId: 6,
  /** 1 when there is generated code of it (tier.ts). */
  Generated: 7,
} as const;

// Room enough that most programs never have these arrays replaced: the loop is compiled for their addresses.
const INITIAL_FUNCS = 8192;
const INITIAL_GLOBALS = 1024;

/** The record of a function that a module defines. */
export function wasmFunc(store: Pick<Store, "types">, module: Module, instanceAddr: number, funcIndex: number): WasmFunc {
  const typeNumber = store.types.ofModule(module)[module.funcTypeIndices[funcIndex]!]!;
  return { kind: "wasm", type: store.types.types[typeNumber]!.func!, instanceAddr, funcIndex, typeNumber };
}

export class Store {
  readonly stackBytes: number;
  /** The limit in slots: a frame record counts as two. */
  readonly stackSlots: number;
  readonly i32: Int32Array;
  readonly i64: BigInt64Array;
  readonly f32: Float32Array;
  readonly f64: Float64Array;

  readonly frames: Int32Array;
  /** Index past the last frame's words; frame k begins at k * FRAME_WORDS. */
  frameTop = 0;

  status: Status = Status.Idle;
  /** In an array, because V8 recompiles the loop when a field outgrows small integers. */
  private readonly clock = new Float64Array(1);
  trap: Trap = Trap.None;
  /** Module byte offset of the instruction that trapped, while status is Trapped by an instruction; else -1. */
  trapOffset = -1;
  exitCode = 0;
  resultFunc = -1;
  resultSlot = 0;
  grow: PendingGrow | undefined;

  readonly modules: Module[] = [];
  readonly instances: Instance[] = [];
  readonly funcs: Func[] = [];
  readonly tables: Table[] = [];
  readonly memories: Memory[] = [];
  readonly globals: Global[] = [];
  readonly tags: Tag[] = [];
  /** Structs, arrays and exceptions. */
  readonly heap = new Heap();
  /** Objects that the host knows of: the collector keeps them until the host says that it needs them no more. */
  readonly pinned = new Set<number>();
  /** While trapped by an uncaught exception: a reference to it, else 0. */
  exception = 0;
  /** Types of all modules and host functions: equal types have equal numbers. */
  readonly types = new TypeSpace();
  /** Cells of all globals, 8 bytes each; replaced when globals are added. */
  globalI32: Int32Array;
  globalI64: BigInt64Array;
  globalF64: Float64Array;
  funcInfo = new Int32Array(INITIAL_FUNCS * FUNC_INFO_WORDS);

  /** Lowered code: derived, not state. */
  readonly code = new CodeMemory();
  /** The loop over this store's arrays, made at the first run. */
  interpreter: Interpreter | undefined;
  /** Calls from the host that are under way on the native stack of the live machine (machine.ts). No state: replay has none. */
  nativeNesting = 0;
  /** Generated code, made with the loop unless it is not wanted. Derived, not state. */
  tier: Tier | undefined;
  readonly generates: boolean | "eagerly";
  /** For which mode the Pc words of frames are meant; see frames.ts for frames in neither. */
  frameMode: Mode = Mode.Exact;
  /** Ticks that the top frame's fast code has not charged at its Pc; `tick` counts them. Zero unless frameMode is Fast. */
  topAcc = 0;
  /** Runs everything in exact code: for tests that compare the two lowerings. */
  exactOnly = false;

  /** Cache of frames.ts: static types of the slots at places in functions. Derived, not state. */
  readonly placeTypes = new Map<string, { readonly locals: readonly ValType[]; readonly operands: readonly ValType[] }>();

  /** Caches of collect.ts and of layouts by type number. Derived, not state. */
  readonly rootSlots = new Map<string, readonly number[]>();
  private readonly structLayouts: (StructLayout | undefined)[] = [];
  private readonly arrayLayouts: (ArrayLayout | undefined)[] = [];

  private readonly noMemory = new Memory(0, 0);
  private readonly backing: BackingFactory | undefined;

  constructor(options: StoreOptions = {}, backing?: BackingFactory) {
    this.stackBytes = options.stackBytes ?? DEFAULT_STACK_BYTES;
    this.generates = options.generate ?? true;
    this.stackSlots = this.stackBytes >>> 3;
    const stack = new ArrayBuffer(this.stackSlots * 8);
    this.i32 = new Int32Array(stack);
    this.i64 = new BigInt64Array(stack);
    this.f32 = new Float32Array(stack);
    this.f64 = new Float64Array(stack);
    this.frames = new Int32Array((Math.floor(this.stackBytes / FRAME_BYTES) + 1) * FRAME_WORDS);
    this.globalI64 = new BigInt64Array(INITIAL_GLOBALS);
    this.globalI32 = new Int32Array(this.globalI64.buffer);
    this.globalF64 = new Float64Array(this.globalI64.buffer);
    this.backing = backing;
  }

  /** Instructions retired since the first instantiation. An exact integer below 2^53. */
  get tick(): number {
    return this.clock[0]!;
  }
  set tick(tick: number) {
    this.clock[0] = tick;
  }

  /** Number of a function type that is declared by itself, equal for equal types. */
  typeId(type: FuncType): number {
    return this.types.ofFunc(type);
  }

  addModule(module: Module): number {
    const known = this.modules.indexOf(module);
    if (known >= 0) return known;
    // Now, whatever happens next: numbers of types are given in the order of modules.
    this.types.ofModule(module);
    return this.modules.push(module) - 1;
  }

  addFunc(func: Func): number {
    const addr = this.funcs.push(func) - 1;
    const at = addr * FUNC_INFO_WORDS;
    if (at + FUNC_INFO_WORDS > this.funcInfo.length) {
      const larger = new Int32Array(this.funcInfo.length * 2);
      larger.set(this.funcInfo);
      this.funcInfo = larger;
    }
    const info = this.funcInfo;
    const { params, results } = func.type;
    const host = func.kind === "host";
    const paramSlots = slotCount(params);
    info[at + FuncInfo.PcExact] = host ? 1 : 0;
    info[at + FuncInfo.PcFast] = host ? 1 : 0;
    info[at + FuncInfo.FrameSlots] = host ? Math.max(paramSlots, slotCount(results)) : 0;
    info[at + FuncInfo.ParamSlots] = paramSlots;
    info[at + FuncInfo.LocalSlots] = paramSlots;
    info[at + FuncInfo.InstanceAddr] = host ? -1 : func.instanceAddr;
    info[at + FuncInfo.TypeId] = func.typeNumber ?? this.typeId(func.type);
    info[at + FuncInfo.Generated] = 0;
    return addr;
  }

  addTag(typeNumber: number): number {
    return this.tags.push({ type: this.types.types[typeNumber]!.func!, typeNumber }) - 1;
  }

  structLayout(typeNumber: number): StructLayout {
    let layout = this.structLayouts[typeNumber];
    if (layout === undefined) {
      layout = structLayout(this.types.types, this.types.types[typeNumber]!);
      this.structLayouts[typeNumber] = layout;
    }
    return layout;
  }

  arrayLayout(typeNumber: number): ArrayLayout {
    let layout = this.arrayLayouts[typeNumber];
    if (layout === undefined) {
      layout = arrayLayout(this.types.types, this.types.types[typeNumber]!);
      this.arrayLayouts[typeNumber] = layout;
    }
    return layout;
  }

  /** Forgets what was derived from types whose numbers others may get. */
  forgetLayouts(): void {
    this.rootSlots.clear();
    this.structLayouts.length = 0;
    this.arrayLayouts.length = 0;
  }

  addTable(type: TableType, init = 0): number {
    return this.tables.push(new Table(type.elemType, type.limits.min, type.limits.max, init, type.address64)) - 1;
  }

  addMemory(type: MemoryType): number {
    const { limits, ...traits } = type;
    // Backings of the host's own kind have pages of 64 KiB.
    const backing = traits.pageShift === 0 ? undefined : this.backing?.(this.memories.length, type);
    return this.memories.push(new Memory(limits.min, limits.max, backing, traits)) - 1;
  }

  /** Adds a global whose bits are `bits`: low four bytes for 32-bit types, 128 bits for v128. */
  addGlobal(type: GlobalType, bits: bigint): number {
    const last = this.globals.at(-1);
    const slot = last === undefined ? 0 : last.slot + slotsOf(last.type.valType);
    if (slot + slotsOf(type.valType) > this.globalI64.length) {
      const larger = new BigInt64Array(this.globalI64.length * 2);
      larger.set(this.globalI64);
      this.globalI64 = larger;
      this.globalI32 = new Int32Array(larger.buffer);
      this.globalF64 = new Float64Array(larger.buffer);
    }
    const addr = this.globals.push({ type, slot }) - 1;
    this.setGlobal(addr, bits);
    return addr;
  }

  /** Gives a global other bits, as addGlobal takes them. */
  setGlobal(globalAddr: number, bits: bigint): void {
    const { type, slot } = this.globals[globalAddr]!;
    this.globalI64[slot] = bits;
    if (type.valType === ValType.V128) this.globalI64[slot + 1] = bits >> 64n;
  }

  /** Bits of a global: unsigned 128 for v128, else those of its slot as a signed number. */
  globalBits({ type, slot }: Global): bigint {
    const low = this.globalI64[slot]!;
    return type.valType === ValType.V128 ? vectorBits(low, this.globalI64[slot + 1]!) : low;
  }

  /** Memory 0 of an instance; an empty one when it has none. */
  memoryOf(instanceAddr: number): Memory {
    const addr = this.instances[instanceAddr]!.memoryAddrs[0];
    return addr === undefined ? this.noMemory : this.memories[addr]!;
  }

  /** Number of frames, host frames included. */
  get depth(): number {
    return this.frameTop / FRAME_WORDS;
  }

  /** One word of frame `index` (0 is the outermost). */
  frameWord(index: number, word: (typeof Frame)[keyof typeof Frame]): number {
    return this.frames[index * FRAME_WORDS + word]!;
  }
}
