/**
 * Whether a snapshot that was read from bytes makes sense: every address, slot and reference in range, every list as long
 * as another says. Restoring may then index without looking. What only a module can tell is checked when restoring.
 */
import type { FrameState } from "../vm/frames.ts";
import { isHeapRef } from "../vm/heap.ts";
import { isTraced } from "../vm/layout.ts";
import { mostPages, SNAPSHOT_PAGE_BYTES, WASM_PAGE_BYTES } from "../vm/memory.ts";
import { FrameFlag, Status } from "../vm/store.ts";
import { MAX_TABLE_ELEMENTS } from "../vm/table.ts";
import { LAST_TRAP, Trap } from "../vm/trap.ts";
import { isRefType, slotTypes, ValType } from "../vm/types.ts";
import { insist } from "./bytes.ts";
import { checkTypes, HeapMap } from "./check-heap.ts";
import { CHUNK_PAGES, chunkCount, PAGE_WORDS, type PageTable, pageAt, ZERO_PAGE } from "./pages.ts";
import type { Shape, Snapshot } from "./tree.ts";

/** Slots that a frame record counts toward the stack limit. */
const FRAME_RECORD_SLOTS = 2;
const ALL_FLAGS = FrameFlag.OtherInstance | FrameFlag.Entry | FrameFlag.Host;

/** Throws SnapshotError "snapshot-corrupt" with the first thing that is wrong. Cost: everything but whole memory pages. */
export function checkSnapshot(snapshot: Snapshot): void {
  checkTypes(snapshot.shape);
  checkShape(snapshot.shape);
  checkLists(snapshot);
  for (const [addr, { pageCount, pages }] of snapshot.memories.entries()) {
    const { maxPages, traits } = snapshot.shape.memories[addr]!;
    insist(pageCount <= Math.min(maxPages ?? mostPages(traits), mostPages(traits)), `memory ${addr} is larger than its maximum`);
    const byteLength = pageCount * 2 ** (traits.pageShift ?? 16);
    checkPages(pages, (Math.ceil(byteLength / SNAPSHOT_PAGE_BYTES) * SNAPSHOT_PAGE_BYTES) / 4, `memory ${addr}`);
  }
  checkPages(snapshot.heap.pages, (snapshot.heap.pageCount * WASM_PAGE_BYTES) / 4, "the heap");
  const heap = new HeapMap(snapshot);
  for (const addr of snapshot.tables.keys()) checkTable(snapshot, addr, heap);
  for (const [slot, type] of globalSlotTypes(snapshot.shape).entries()) {
    if (isRefType(type)) checkRef(snapshot.globals[slot * 2]!, type, snapshot.shape, heap, `the global in slot ${slot}`);
  }
  for (const ref of snapshot.pinned) insist(isHeapRef(ref) && heap.allows(ref), "the host holds what is no object");
  insist(heap.allows(snapshot.exception), "what was thrown is no object");
  for (const [addr, { elemRefs }] of snapshot.shape.instances.entries()) {
    const { elems } = snapshot.dropped[addr]!;
    // Which kind of reference a segment holds only its module knows.
    const fits = (ref: number): boolean => (isHeapRef(ref) ? heap.allows(ref) : ref <= snapshot.shape.funcs.length);
    insist(
      elemRefs.every((refs, i) => elems[i] === 1 || refs.every(fits)),
      "a segment refers to what does not exist",
    );
  }
  checkFrames(snapshot);
  checkStatus(snapshot);
}

function inRange(addrs: Int32Array, count: number): boolean {
  return addrs.every((addr) => addr >= 0 && addr < count);
}

function checkShape({ modules, instances, funcs, tables, memories, globals, tags }: Shape): void {
  for (const [addr, instance] of instances.entries()) {
    const fits =
      instance.moduleIndex < modules.length &&
      inRange(instance.funcAddrs, funcs.length) &&
      inRange(instance.tableAddrs, tables.length) &&
      inRange(instance.memoryAddrs, memories.length) &&
      inRange(instance.globalAddrs, globals.length) &&
      inRange(instance.tagAddrs, tags.length);
    insist(fits, `instance ${addr} refers to what does not exist`);
  }
  for (const [addr, func] of funcs.entries()) {
    insist(func.kind === "host" || func.instanceAddr < instances.length, `function ${addr} belongs to no instance`);
  }
}

function globalSlotTypes({ globals }: Shape): readonly ValType[] {
  return slotTypes(globals.map(({ valType }) => valType));
}

function checkLists({ shape, dropped, globals, tables, memories }: Snapshot): void {
  insist(dropped.length === shape.instances.length, "lists of instances differ in length");
  insist(globals.length === globalSlotTypes(shape).length * 2, "lists of globals differ in length");
  insist(tables.length === shape.tables.length, "lists of tables differ in length");
  insist(memories.length === shape.memories.length, "lists of memories differ in length");
}

/** The right number of chunks, and zero past the last word. */
function checkPages(pages: PageTable, wordCount: number, name: string): void {
  insist(pages.length === chunkCount(wordCount), `${name} has the wrong number of pages`);
  const inLast = wordCount % PAGE_WORDS;
  const pageCount = Math.ceil(wordCount / PAGE_WORDS);
  if (inLast !== 0) insist(isZero(pageAt(pages, pageCount - 1), inLast), `${name} has content past its end`);
  for (let page = pageCount; page < pages.length * CHUNK_PAGES; page++) {
    insist(pageAt(pages, page) === ZERO_PAGE, `${name} has content past its end`);
  }
}

function isZero(words: Int32Array, from: number): boolean {
  for (let i = from; i < words.length; i++) if (words[i] !== 0) return false;
  return true;
}

/** A reference to a function or an object must lead to one; what the host's mean is its business. */
function checkRef(ref: number, type: ValType, { funcs, types }: Shape, heap: HeapMap, name: string): void {
  if (isTraced(types, type)) insist(heap.allows(ref), `${name} refers to what is no object`);
  else insist(ref >= 0 && ref <= funcs.length, `${name} refers to a function that does not exist`);
}

function checkTable({ shape, tables }: Snapshot, addr: number, heap: HeapMap): void {
  const { length, pages } = tables[addr]!;
  const { elemType, max } = shape.tables[addr]!;
  insist(length <= Math.min(max ?? MAX_TABLE_ELEMENTS, MAX_TABLE_ELEMENTS), `table ${addr} is larger than its maximum`);
  checkPages(pages, length, `table ${addr}`);
  for (const page of new Set(pages.flatMap((chunk) => chunk.pages))) {
    for (const ref of page) checkRef(ref, elemType, shape, heap, `table ${addr}`);
  }
}

/** Whether slots `[slot, slot + count)` exist. */
function slotsExist({ stackBytes }: Snapshot, slot: number, count: number): boolean {
  return slot >= 0 && slot + count <= Math.floor(stackBytes / 8);
}

function checkFrames(snapshot: Snapshot): void {
  let below = 0;
  for (const [index, frame] of snapshot.frames.entries()) {
    const func = snapshot.shape.funcs[frame.funcAddr];
    const records = (index + 1) * FRAME_RECORD_SLOTS;
    const fits =
      func !== undefined &&
      frame.fp >= below &&
      frame.slots.length % 2 === 0 &&
      slotsExist(snapshot, frame.fp, frame.slots.length / 2 + records) &&
      (frame.flags & ~ALL_FLAGS) === 0 &&
      isHostFrame(frame) === (func.kind === "host") &&
      (!isHostFrame(frame) || frame.wasmOffset === -1);
    insist(fits, `frame ${index} is impossible`);
    below = frame.fp;
  }
}

function isHostFrame(frame: FrameState): boolean {
  return (frame.flags & FrameFlag.Host) !== 0;
}

function checkStatus(snapshot: Snapshot): void {
  const { status, frames, trap, results, resultFunc, resultSlot, shape } = snapshot;
  const top = frames.at(-1);
  const wasmOnTop = top !== undefined && !isHostFrame(top);
  insist(status !== Status.Idle || top === undefined, "it is idle and has frames");
  insist(status !== Status.Running || wasmOnTop, "it runs and has no wasm frame on top");
  insist(status !== Status.InHost || (top !== undefined && !wasmOnTop), "it is in the host and has no host frame on top");
  insist((status === Status.Trapped) === (trap !== Trap.None), "trap and status contradict each other");
  insist(trap <= LAST_TRAP, `there is no trap ${trap}`);
  insist((snapshot.grow !== undefined) === (status === Status.Growing), "it grows nothing");
  if (status === Status.Growing) insist(wasmOnTop && growFits(snapshot), "it grows what does not exist");
  const returned = status === Status.Returned;
  insist(returned === resultFunc >= 0, "results and status contradict each other");
  insist(returned ? resultFunc < shape.funcs.length : results.length === 0, "results of a function that does not exist");
  insist(results.length % 2 === 0 && slotsExist(snapshot, resultSlot, results.length / 2), "results are outside of the stack");
}

function growFits(snapshot: Snapshot): boolean {
  const { kind, addr, slot, init } = snapshot.grow!;
  const count = kind === "memory" ? snapshot.memories.length : snapshot.tables.length;
  const refFits =
    kind === "memory" ||
    isTraced(snapshot.shape.types, snapshot.shape.tables[addr]?.elemType ?? ValType.FuncRef) ||
    (init >= 0 && init <= snapshot.shape.funcs.length);
  return addr < count && refFits && (slot === -1 || slotsExist(snapshot, slot, 1));
}
