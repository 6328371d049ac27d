/**
 * The snapshot: the whole machine at a position as one immutable tree. Trees that follow one another share everything
 * that did not change; the tree is changed by making a new one from it (immer), and typed arrays in it are replaced,
 * never written, because immer does not draft them.
 *
 * Content is canonical (dead bytes zero, stale results absent), so equal machines have equal trees whatever led to them.
 */
import { type Draft, Immer } from "immer";
import type { FrameState } from "../vm/frames.ts";
import type { MemoryTraits } from "../vm/memory.ts";
import { type PendingGrow, Status } from "../vm/store.ts";
import { Trap } from "../vm/trap.ts";
import type { FuncType, GlobalType, Module, TypeDef, ValType } from "../vm/types.ts";
import { type PageTable, readWords } from "./pages.ts";

/** A place in an execution: `tick` instructions have retired and `event` events of the trace have happened. */
export interface Position {
  readonly tick: number;
  readonly event: number;
}

/** Negative when `a` is earlier. Ticks and events both only rise, so the order is total. */
export function comparePositions(a: Position, b: Position): number {
  return a.tick - b.tick || a.event - b.event;
}

/** A module, or (in a snapshot that was read from bytes) the SHA-256 of its bytes in hexadecimal. */
export type ModuleRef = Module | string;

export interface InstanceShape {
  readonly moduleIndex: number;
  readonly funcAddrs: Int32Array;
  readonly tableAddrs: Int32Array;
  readonly memoryAddrs: Int32Array;
  readonly globalAddrs: Int32Array;
  readonly tagAddrs: Int32Array;
  readonly elemRefs: readonly Int32Array[];
}

export type FuncShape =
  | { readonly kind: "wasm"; readonly instanceAddr: number; readonly funcIndex: number }
  | { readonly kind: "host"; readonly module: string; readonly name: string; readonly type: FuncType; readonly typeNumber?: number };

/** What instantiation made and nothing changes afterwards, by store address. Frozen; shared until something is added. */
export interface Shape {
  readonly modules: readonly ModuleRef[];
  readonly instances: readonly InstanceShape[];
  readonly funcs: readonly FuncShape[];
  readonly globals: readonly GlobalType[];
  readonly tables: readonly { readonly elemType: ValType; readonly max: number | undefined; readonly address64: boolean }[];
  /** Declared maxima in pages, and what else their types say. */
  readonly memories: readonly { readonly maxPages: number | undefined; readonly traits: MemoryTraits }[];
  /** Numbers of their types. */
  readonly tags: readonly number[];
  /** All types by number: objects and functions are of them. */
  readonly types: readonly TypeDef[];
}

/** Segments of one instance that were dropped: 1 each. */
export interface Dropped {
  readonly elems: Uint8Array;
  readonly datas: Uint8Array;
}

export interface TableState {
  readonly length: number;
  /** One word per element, zero past `length`. */
  readonly pages: PageTable;
}

export interface MemoryState {
  /** Pages of the memory's own size. */
  readonly pageCount: number;
  readonly pages: PageTable;
}

export interface Snapshot extends Position {
  /** Of the store: two machines with different limits are different machines. */
  readonly stackBytes: number;
  readonly status: Status;
  /** None unless Trapped. */
  readonly trap: Trap;
  readonly trapOffset: number;
  /** 0 unless Exited. */
  readonly exitCode: number;
  /** -1 unless Returned. */
  readonly resultFunc: number;
  readonly resultSlot: number;
  /** Canonical result slots, two words each; empty unless Returned. */
  readonly results: Int32Array;
  /** Present while Growing. */
  readonly grow: PendingGrow | undefined;
  readonly shape: Shape;
  /** By instance address. */
  readonly dropped: readonly Dropped[];
  /** Outermost first. The list is frozen; leading frames are those of the base while they are equal. */
  readonly frames: readonly FrameState[];
  /** Two words per global, by global address. */
  readonly globals: Int32Array;
  readonly tables: readonly TableState[];
  readonly memories: readonly MemoryState[];
  /** Objects and what the allocator knows, see vm/heap.ts. */
  readonly heap: MemoryState;
  /** References that the host holds, ascending. */
  readonly pinned: Int32Array;
  /** While trapped by an uncaught exception: a reference to it, else 0. */
  readonly exception: number;
}

/**
 * Freezing is off: it would visit every page reference of every new tree. What is handed out is readonly by type, and the
 * large lists (frames, shape) are frozen by hand, which also keeps immer from searching them for drafts.
 */
const immer = new Immer({ autoFreeze: false });

/** A new snapshot that shares with `base` all that `recipe` leaves alone. */
export function evolve(base: Snapshot, recipe: (draft: Draft<Snapshot>) => void): Snapshot {
  return immer.produce(base, recipe);
}

export function freezeShape(shape: Shape): Shape {
  for (const list of Object.values(shape)) Object.freeze(list);
  return Object.freeze(shape);
}

const noWords = new Int32Array(0);

/** The machine before anything was added to it. */
export function emptySnapshot(stackBytes: number): Snapshot {
  return {
    tick: 0,
    event: 0,
    stackBytes,
    status: Status.Idle,
    trap: Trap.None,
    trapOffset: -1,
    exitCode: 0,
    resultFunc: -1,
    resultSlot: 0,
    results: noWords,
    grow: undefined,
    shape: freezeShape({ modules: [], instances: [], funcs: [], globals: [], tables: [], memories: [], tags: [], types: [] }),
    dropped: [],
    frames: Object.freeze([]) as readonly FrameState[],
    globals: noWords,
    tables: [],
    memories: [],
    heap: { pageCount: 0, pages: [] },
    pinned: noWords,
    exception: 0,
  };
}

/**
 * Bytes of a memory as a snapshot holds them, without restoring it: a copy, shorter when the memory ends before.
 * Throws nothing for addresses outside: the result is then empty.
 */
export function readSnapshotMemory(snapshot: Snapshot, memoryAddr: number, byteAddr: number, byteLength: number): Uint8Array {
  const memory = snapshot.memories[memoryAddr];
  const pageBytes = 2 ** (snapshot.shape.memories[memoryAddr]?.traits.pageShift ?? 16);
  const end = Math.min((memory?.pageCount ?? 0) * pageBytes, byteAddr + byteLength);
  if (memory === undefined || end <= byteAddr) return new Uint8Array(0);
  const firstWord = Math.floor(byteAddr / 4);
  const words = new Int32Array(Math.ceil(end / 4) - firstWord);
  readWords(memory.pages, firstWord, words);
  return new Uint8Array(words.buffer, byteAddr - firstWord * 4, end - byteAddr).slice();
}
