/**
 * Between a live store and snapshots: capture copies what changed since the last snapshot, restore writes back what
 * differs. Both cost in proportion to the change. Nothing here executes, and no snapshot is ever written.
 */
import { Mode } from "../vm/code.ts";
import { ResourceError } from "../vm/errors.ts";
import { settle } from "../vm/execute.ts";
import type { FrameState } from "../vm/frames.ts";
import * as frameCodec from "../vm/frames.ts";
import type { Memory } from "../vm/memory.ts";
import { type BackingFactory, FRAME_WORDS, Frame, FrameFlag, Status, Store } from "../vm/store.ts";
import type { Table } from "../vm/table.ts";
import { Trap } from "../vm/trap.ts";
import { isWide, type Module, slotTypes } from "../vm/types.ts";
import { insist } from "./bytes.ts";
import { checkReferences } from "./check-refs.ts";
import { SnapshotError } from "./errors.ts";
import { CHUNK_PAGES, type ChunkChange, ChunkEditor, chunkCount, PAGE_WORDS, type PageTable, pageAt, pageOf, ZERO_CHUNK } from "./pages.ts";
import { alignShape, findModules, shapeOf } from "./shape.ts";
import { type Dropped, emptySnapshot, evolve, type MemoryState, type Snapshot } from "./tree.ts";

/** Words at the start of a page that an access marked only in the page before may have changed: 15 bytes, rounded up. */
const SPILL_WORDS = 4;

/** How frames are read and written: vm/frames.ts, or a stand-in for stores without code. */
export interface FrameCodec {
  exportFrames(store: Store, known?: readonly FrameState[], count?: number): FrameState[];
  importFrames(store: Store, frames: readonly FrameState[], kept?: number): void;
  frameOffset(store: Store, index: number): number;
  frameTypes(store: Store, index: number): frameCodec.FrameTypes;
}

/** The newest taker of each store: marks are cleared by one taker only, so an older one would miss changes. */
const owners = new WeakMap<Store, SnapshotTaker>();

/**
 * Takes and restores the snapshots of one store. It remembers the snapshot that the store last agreed with (its base) and
 * clears the dirty marks of memories and tables; so a store has one taker, and making a second one retires the first.
 */
export class SnapshotTaker {
  readonly store: Store;
  private current: Snapshot;
  /** The objects whose marks are relative to the base: memories as `allMemories` has them, tables by address. */
  private memories: readonly Memory[] = [];
  private tables: readonly Table[] = [];
  /** Whether memories and tables added since then are zero but for their marks. Not so for what a first look finds. */
  private marksComplete = false;
  private readonly codec: FrameCodec;
  /** Snapshots from bytes whose references were found to be of their types. */
  private readonly checked = new WeakSet<Snapshot>();

  constructor(store: Store, codec: FrameCodec = frameCodec) {
    this.store = store;
    this.codec = codec;
    this.current = emptySnapshot(store.stackBytes);
    owners.set(store, this);
  }

  /**
   * The machine as it is now, after `event` events; it must be settled (vm/execute.ts). Shares with the snapshot before all that is equal; returns that one
   * itself when nothing changed. Cost: changed pages, frames, globals, and a look at every mark (a byte per page).
   */
  capture(event: number): Snapshot {
    this.checkOwner();
    const { store } = this;
    const base = this.current;
    const shape = shapeOf(store, base.shape);
    const dropped = captureDropped(store, base.dropped);
    const frames = shareFrames(this.codec.exportFrames(store, base.frames, this.restingFrames), base.frames);
    const globals = shareWords(canonicalGlobals(store), base.globals);
    const scalars = canonicalScalars(store, base);
    const tables = store.tables.map((table, addr) => this.tableChanges(table, addr));
    const memories = allMemories(store).map((memory, index) => this.memoryChanges(memory, index));
    const pinned = shareWords(Int32Array.from(store.pinned).sort(), base.pinned);
    this.current = evolve(base, (draft) => {
      Object.assign(draft, scalars, { event, shape, dropped, frames, globals, pinned });
      draft.tables.length = Math.min(draft.tables.length, tables.length);
      for (const [addr, changes] of tables.entries()) {
        if (changes === undefined) continue;
        draft.tables[addr] ??= { length: 0, pages: [] };
        const state = draft.tables[addr];
        state.length = store.tables[addr]!.length;
        applyChanges(state.pages as Chunks, state.length, changes);
      }
      draft.memories.length = Math.min(draft.memories.length, store.memories.length);
      for (const [index, memory] of allMemories(store).entries()) {
        if (index > 0) draft.memories[index - 1] ??= { pageCount: 0, pages: [] };
        const state = index === 0 ? draft.heap : draft.memories[index - 1]!;
        const changes = memories[index]!;
        if (changes.length === 0 && state.pageCount === memory.pageCount) continue;
        state.pageCount = memory.pageCount;
        applyChanges(state.pages as Chunks, memory.words.length, changes);
      }
    });
    this.agree();
    return this.current;
  }

  /**
   * Makes the store equal to `snapshot`. Live memories and tables stay the same objects where they fit; what did not exist
   * yet is removed, what is missing is made, for which `modules` (or those of the store) supply the code. Throws
   * SnapshotError "snapshot-mismatch" before anything is written, ResourceError "out-of-memory" when a memory cannot have
   * its size, "snapshot-corrupt" when stored frames do not fit the code (after both the store is undefined until another
   * restore succeeds). Cost: what differs.
   */
  restore(snapshot: Snapshot, modules: readonly Module[] = []): void {
    this.checkOwner();
    const { store } = this;
    if (snapshot.stackBytes !== store.stackBytes) {
      throw new SnapshotError(
        "snapshot-mismatch",
        `the snapshot has a stack limit of ${snapshot.stackBytes} bytes, the machine one of ${store.stackBytes}`,
      );
    }
    const found = findModules(store, snapshot, modules);
    const base = this.current;
    const kept = keptFrames(base, snapshot, this.restingFrames);
    // Until the end the store agrees with no snapshot: a failure must not leave a base that it only half equals.
    const { memories, tables, marksComplete } = this;
    this.current = emptySnapshot(store.stackBytes);
    this.memories = [];
    this.tables = [];
    this.marksComplete = false;
    alignShape(store, snapshot, found, base.shape);
    const live = allMemories(store);
    for (const [index, memory] of live.entries()) resizeMemory(memory, memoryState(snapshot, index)!.pageCount, index);
    for (const [index, memory] of live.entries()) {
      const known = memories[index] === memory || (marksComplete && index >= memories.length);
      restoreMemory(memory, memoryState(snapshot, index)!.pages, known ? (memoryState(base, index)?.pages ?? []) : undefined);
    }
    restorePinned(store, snapshot.pinned);
    for (const [addr, table] of store.tables.entries()) {
      const state = snapshot.tables[addr]!;
      const same = tables[addr] === table && !table.dirty && base.tables[addr] === state;
      if (!same) restoreTable(table, state.pages, state.length);
    }
    for (const [addr, { elems, datas }] of snapshot.dropped.entries()) {
      store.instances[addr]!.droppedElems.set(elems);
      store.instances[addr]!.droppedDatas.set(datas);
    }
    restoreGlobals(store, snapshot.globals);
    restoreScalars(store, snapshot);
    this.importFrames(snapshot, kept);
    // After the frames: results lie above the topmost one.
    store.i32.set(snapshot.results, snapshot.resultSlot * 2);
    this.current = snapshot;
    this.agree();
  }

  /** The snapshot that the store last agreed with; before any, an empty one. */
  get base(): Snapshot {
    return this.current;
  }

  /** How many of the outermost frames were there when the store last agreed with the base, and still are. Cost: that number. */
  get survivors(): number {
    const { store } = this;
    const most = Math.min(store.depth, this.current.frames.length);
    let count = 0;
    while (count < most && (store.frameWord(count, Frame.Flags) & FrameFlag.Seen) !== 0) count++;
    return count;
  }

  /** Of these all but the last have waited for it ever since: they are as in the base. */
  private get restingFrames(): number {
    return Math.max(0, this.survivors - 1);
  }

  /** Frames of stored snapshots are read back, since only the code says which offsets and how many slots are possible. */
  private importFrames(snapshot: Snapshot, kept: number): void {
    const { store, codec } = this;
    if (!snapshot.shape.modules.some((module) => typeof module === "string")) {
      codec.importFrames(store, snapshot.frames, kept);
      settleImported(store);
      return;
    }
    let fits = false;
    try {
      codec.importFrames(store, snapshot.frames);
      settleImported(store);
      const back = codec.exportFrames(store);
      fits = back.length === snapshot.frames.length && back.every((frame, i) => sameFrame(frame, snapshot.frames[i]!));
    } catch {
      // Whatever went wrong, frames that the code does not allow are the reason.
    }
    try {
      insist(fits, "its frames do not fit the code of its modules");
      if (!this.checked.has(snapshot)) checkReferences(store, snapshot, codec);
      this.checked.add(snapshot);
    } catch (error) {
      store.frameTop = 0;
      store.status = Status.Idle;
      throw error;
    }
  }

  private checkOwner(): void {
    if (owners.get(this.store) !== this) throw new SnapshotError("snapshot-use", "another taker has taken over this store's snapshots");
  }

  /** Notes that the store equals `current`: from here on, marks are relative to it. */
  private agree(): void {
    this.memories = allMemories(this.store);
    this.tables = this.store.tables.slice();
    this.marksComplete = true;
    for (const memory of this.memories) memory.dirty.fill(0);
    for (const table of this.tables) table.dirty = false;
    const { frames, frameTop } = this.store;
    for (let at = 0; at < frameTop; at += FRAME_WORDS) frames[at + Frame.Flags]! |= FrameFlag.Seen;
  }

  /** Undefined when the table is as in the base. */
  private tableChanges(table: Table, addr: number): readonly ChunkChange[] | undefined {
    if (this.tables[addr] === table && !table.dirty) return undefined;
    const base = this.current.tables[addr]?.pages ?? [];
    const editor = new ChunkEditor(base);
    const { length } = table;
    // A last page that the table fills only in part is looked at through a padded copy.
    const whole = Math.floor(length / PAGE_WORDS) * PAGE_WORDS;
    for (let at = 0; at < whole; at += PAGE_WORDS) takePage(editor, table.elements, at, at / PAGE_WORDS);
    if (whole < length) {
      const padded = new Int32Array(PAGE_WORDS);
      padded.set(table.elements.subarray(whole));
      takePage(editor, padded, 0, whole / PAGE_WORDS);
    }
    return editor.finish();
  }

  private memoryChanges(memory: Memory, index: number): readonly ChunkChange[] {
    const known = this.memories[index] === memory || (this.marksComplete && index >= this.memories.length);
    const editor = new ChunkEditor(memoryState(this.current, index)?.pages ?? []);
    const { words, dirty } = memory;
    if (!known) {
      for (let page = 0; page < dirty.length; page++) takePage(editor, words, page * PAGE_WORDS, page);
      return editor.finish();
    }
    for (let page = dirty.indexOf(1); page >= 0; page = dirty.indexOf(1, page + 1)) {
      takePage(editor, words, page * PAGE_WORDS, page);
      const next = page + 1;
      if (next < dirty.length && dirty[next] === 0 && spilled(words, next * PAGE_WORDS, editor.page(next))) {
        takePage(editor, words, next * PAGE_WORDS, next);
      }
    }
    return editor.finish();
  }
}

/** The heap, then the memories by address: what is held in pages. */
function allMemories(store: Store): Memory[] {
  return [store.heap.memory, ...store.memories];
}

/** State of the memory at an index of `allMemories`. */
function memoryState(snapshot: Snapshot, index: number): MemoryState | undefined {
  return index === 0 ? snapshot.heap : snapshot.memories[index - 1];
}

function restorePinned(store: Store, pinned: Int32Array): void {
  store.pinned.clear();
  for (const ref of pinned) store.pinned.add(ref);
}

/** A new store that is equal to the snapshot; `modules` in any order. Errors and cost as those of `restore`. */
export function storeFromSnapshot(snapshot: Snapshot, modules: readonly Module[] = [], backing?: BackingFactory): Store {
  const store = new Store({ stackBytes: snapshot.stackBytes }, backing);
  new SnapshotTaker(store).restore(snapshot, modules);
  return store;
}

/**
 * Imported frames stand in fast code, which may be left at any of its labels; inspection and capture want the exact place.
 * No instruction runs. A function just entered is left as it is: settling would take it to its first instruction.
 */
function settleImported(store: Store): void {
  const entered = store.frameTop > 0 && store.frames[store.frameTop - FRAME_WORDS + Frame.Pc] === 0;
  if (store.frameMode === Mode.Fast && !entered) settle(store);
}

type Chunks = PageTable[number][];

function applyChanges(pages: Chunks, wordCount: number, changes: readonly ChunkChange[]): void {
  const count = chunkCount(wordCount);
  if (pages.length > count) pages.length = count;
  while (pages.length < count) pages.push(ZERO_CHUNK);
  for (const { index, chunk } of changes) pages[index] = chunk;
}

function takePage(editor: ChunkEditor, words: Int32Array, at: number, pageIndex: number): void {
  const before = editor.page(pageIndex);
  const page = pageOf(words, at, before);
  if (page !== before) editor.replace(pageIndex, page);
}

function spilled(words: Int32Array, at: number, page: Int32Array): boolean {
  for (let i = 0; i < SPILL_WORDS; i++) if (words[at + i] !== page[i]) return true;
  return false;
}

function shareWords(words: Int32Array, base: Int32Array): Int32Array {
  return sameWords(words, base) ? base : words;
}

function sameWords(a: Int32Array | Uint8Array, b: Int32Array | Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

function sameFrame(a: FrameState, b: FrameState): boolean {
  return a.funcAddr === b.funcAddr && a.fp === b.fp && a.flags === b.flags && a.wasmOffset === b.wasmOffset && sameWords(a.slots, b.slots);
}

/**
 * How many frames of the store need not be written to make them those of `snapshot`: the common beginning of it and the base,
 * as far as it has rested. Never the last frame of either, which may stand elsewhere in the same state.
 */
function keptFrames(base: Snapshot, snapshot: Snapshot, resting: number): number {
  if (base.shape !== snapshot.shape) return 0;
  const most = Math.min(resting, snapshot.frames.length - 1);
  let kept = 0;
  while (kept < most && base.frames[kept] === snapshot.frames[kept]) kept++;
  return kept;
}

/** The live frames with those at the start that equal the base's replaced by the base's. */
function shareFrames(live: FrameState[], base: readonly FrameState[]): readonly FrameState[] {
  let shared = 0;
  while (shared < live.length && shared < base.length && (live[shared] === base[shared] || sameFrame(live[shared]!, base[shared]!))) {
    live[shared] = base[shared]!;
    shared++;
  }
  return shared === live.length && shared === base.length ? base : Object.freeze(live);
}

function captureDropped(store: Store, base: readonly Dropped[]): readonly Dropped[] {
  let changed = base.length !== store.instances.length;
  const dropped = store.instances.map(({ droppedElems, droppedDatas }, addr) => {
    const before = base[addr];
    if (before !== undefined && sameWords(before.elems, droppedElems) && sameWords(before.datas, droppedDatas)) return before;
    changed = true;
    return Object.freeze({ elems: droppedElems.slice(), datas: droppedDatas.slice() });
  });
  return changed ? Object.freeze(dropped) : base;
}

function canonicalGlobals(store: Store): Int32Array {
  // Globals lie one after another in the order of their addresses.
  const types = slotTypes(store.globals.map(({ type }) => type.valType));
  const words = store.globalI32.slice(0, types.length * 2);
  for (const [slot, type] of types.entries()) if (!isWide(type)) words[slot * 2 + 1] = 0;
  return words;
}

function restoreGlobals(store: Store, words: Int32Array): void {
  store.globalI32.set(words);
}

/** The scalars with everything that is stale or meaningless in the present status left out. */
function canonicalScalars(store: Store, base: Snapshot): Partial<Snapshot> {
  const { status } = store;
  const trapped = status === Status.Trapped;
  const returned = status === Status.Returned;
  return {
    tick: store.tick,
    status,
    trap: trapped ? store.trap : Trap.None,
    trapOffset: trapped ? store.trapOffset : -1,
    exitCode: status === Status.Exited ? store.exitCode : 0,
    resultFunc: returned ? store.resultFunc : -1,
    resultSlot: returned ? store.resultSlot : 0,
    results: shareWords(returned ? canonicalResults(store) : new Int32Array(0), base.results),
    exception: trapped && store.trap === Trap.UncaughtException ? store.exception : 0,
    grow: status === Status.Growing && store.grow !== undefined ? Object.freeze({ ...store.grow }) : undefined,
  };
}

function canonicalResults(store: Store): Int32Array {
  const results = slotTypes(store.funcs[store.resultFunc]!.type.results);
  const words = store.i32.slice(store.resultSlot * 2, (store.resultSlot + results.length) * 2);
  for (const [i, type] of results.entries()) if (!isWide(type)) words[i * 2 + 1] = 0;
  return words;
}

function restoreScalars(store: Store, snapshot: Snapshot): void {
  store.tick = snapshot.tick;
  store.status = snapshot.status;
  store.trap = snapshot.trap;
  store.trapOffset = snapshot.trapOffset;
  store.exitCode = snapshot.exitCode;
  store.resultFunc = snapshot.resultFunc;
  store.resultSlot = snapshot.resultSlot;
  store.grow = snapshot.grow;
  store.exception = snapshot.exception;
}

function resizeMemory(memory: Memory, pageCount: number, index: number): void {
  if (memory.pageCount === pageCount || memory.resize(pageCount)) return;
  const what = index === 0 ? "the heap" : `memory ${index - 1}`;
  throw new ResourceError("out-of-memory", `cannot restore ${what}: no room for ${pageCount} pages of ${memory.pageBytes} bytes`);
}

/** Writes the pages that differ. `base` is what the memory held when its marks were cleared; undefined when that is unknown. */
function restoreMemory(memory: Memory, pages: PageTable, base: PageTable | undefined): void {
  const { words, dirty } = memory;
  const pageCount = dirty.length;
  if (base === undefined) {
    for (let page = 0; page < pageCount; page++) words.set(pageAt(pages, page), page * PAGE_WORDS);
    return;
  }
  for (let page = dirty.indexOf(1); page >= 0; page = dirty.indexOf(1, page + 1)) {
    words.set(pageAt(pages, page), page * PAGE_WORDS);
    const next = page + 1;
    if (next < pageCount && dirty[next] === 0) words.set(pageAt(pages, next).subarray(0, SPILL_WORDS), next * PAGE_WORDS);
  }
  for (const [index, chunk] of pages.entries()) {
    const before = base[index] ?? ZERO_CHUNK;
    if (before === chunk) continue;
    const first = index * CHUNK_PAGES;
    const count = Math.min(CHUNK_PAGES, pageCount - first);
    for (let i = 0; i < count; i++) {
      const page = chunk.pages[i]!;
      if (page !== before.pages[i]) words.set(page, (first + i) * PAGE_WORDS);
    }
  }
}

function restoreTable(table: Table, pages: PageTable, length: number): void {
  if (table.length !== length) table.resize(length);
  for (let at = 0; at < length; at += PAGE_WORDS) {
    const page = pageAt(pages, at / PAGE_WORDS);
    table.elements.set(length - at < PAGE_WORDS ? page.subarray(0, length - at) : page, at);
  }
}
