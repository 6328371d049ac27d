/**
 * The collector of the heap: finds what frames, globals, tables, segments and the host refer to, exactly, by static types,
 * and lets the heap free the rest. It runs when so much was allocated, never for any other reason, at the instruction that
 * wants to allocate more: so it happens at the same tick whatever code runs there, and needs no trace.
 */
import { frameOffset, frameTypesAt, isWaiting, siteOf } from "./frames.ts";
import { cellOfRef, isHeapRef } from "./heap.ts";
import { arrayCells, BlockKind, CELL_WORDS, exceptionLayout, isTraced } from "./layout.ts";
import { FRAME_WORDS, Frame, type Store } from "./store.ts";
import { slotCount, slotTypes } from "./types.ts";

/**
 * Collects at the instruction that the top frame stands at, whose operands are all in their canonical slots and still
 * needed. Cost: the live objects, the blocks of the heap, and the frames.
 */
export function collect(store: Store): void {
  const marker = new Marker(store);
  markFrames(store, marker);
  for (const { type, slot } of store.globals) {
    if (isTraced(store.types.types, type.valType)) marker.mark(store.globalI32[slot * 2]!);
  }
  for (const { elemType, elements } of store.tables) {
    if (isTraced(store.types.types, elemType)) for (let i = 0; i < elements.length; i++) marker.mark(elements[i]!);
  }
  for (const { module, elemRefs, droppedElems } of store.instances) {
    for (const [segment, { elemType }] of module.elems.entries()) {
      if (droppedElems[segment] === 1 || !isTraced(module.types, elemType)) continue;
      for (const ref of elemRefs[segment]!) marker.mark(ref);
    }
  }
  for (const ref of store.pinned) marker.mark(ref);
  marker.finish();
  store.heap.sweep(
    (cell) => marker.isMarked(cell),
    (cell) => blockCells(store, cell),
  );
}

function markFrames(store: Store, marker: Marker): void {
  const { frames, i32 } = store;
  for (let index = 0; index < store.depth; index++) {
    const at = index * FRAME_WORDS;
    const fp = frames[at + Frame.Fp]!;
    for (const slot of rootSlots(store, index)) marker.mark(i32[(fp + slot) * 2]!);
  }
}

/** Slots of a frame, from its first, that hold references into the heap. Cost: cached per place. */
function rootSlots(store: Store, index: number): readonly number[] {
  const at = index * FRAME_WORDS;
  const funcAddr = store.frames[at + Frame.Func]!;
  const func = store.funcs[funcAddr]!;
  const waiting = func.kind === "host" || isWaiting(store, at);
  const offset =
    func.kind === "host" ? -1 : waiting ? frameOffset(store, index) : siteOf(store, funcAddr, store.frames[at + Frame.Pc]!).wasmOffset;
  const key = `${funcAddr}:${offset}${waiting ? "w" : ""}`;
  let slots = store.rootSlots.get(key);
  if (slots === undefined) {
    const { locals, operands } = frameTypesAt(store, index, offset, waiting);
    const types = func.kind === "host" ? store.types.types : store.instances[func.instanceAddr]!.module.types;
    const all = [...slotTypes(locals), ...slotTypes(operands)];
    slots = all.flatMap((type, slot) => (isTraced(types, type) ? [slot] : []));
    store.rootSlots.set(key, slots);
  }
  return slots;
}

/** Cells of a block in use. */
export function blockCells(store: Store, cell: number): number {
  const { words } = store.heap;
  const head = words[cell * CELL_WORDS]!;
  const number = head >>> 2;
  switch (head & 3) {
    case BlockKind.Struct:
      return store.structLayout(number).cells;
    case BlockKind.Array:
      return arrayCells(store.arrayLayout(number), words[cell * CELL_WORDS + 1]! >>> 0);
    case BlockKind.Exception:
      return 1 + slotCount(store.tags[number]!.type.params);
    default:
      return words[cell * CELL_WORDS + 1]!;
  }
}

class Marker {
  private readonly store: Store;
  private readonly words: Int32Array;
  /** A bit per cell. */
  private readonly bits: Uint8Array;
  private readonly pending: number[] = [];
  private readonly exceptionRefs = new Map<number, readonly number[]>();

  constructor(store: Store) {
    this.store = store;
    this.words = store.heap.words;
    this.bits = new Uint8Array((store.heap.topCell >>> 3) + 1);
  }

  isMarked(cell: number): boolean {
    return (this.bits[cell >>> 3]! & (1 << (cell & 7))) !== 0;
  }

  mark(ref: number): void {
    if (!isHeapRef(ref)) return;
    const cell = cellOfRef(ref);
    const bit = 1 << (cell & 7);
    if ((this.bits[cell >>> 3]! & bit) !== 0) return;
    this.bits[cell >>> 3]! |= bit;
    this.pending.push(cell);
  }

  /** Marks everything that can be reached from what was marked. */
  finish(): void {
    for (let cell = this.pending.pop(); cell !== undefined; cell = this.pending.pop()) this.scan(cell);
  }

  private scan(cell: number): void {
    const { store, words } = this;
    const at = cell * CELL_WORDS;
    const head = words[at]!;
    const number = head >>> 2;
    switch (head & 3) {
      case BlockKind.Struct:
        this.mark(words[at + 1]!);
        for (const word of store.structLayout(number).refWords) this.mark(words[at + word]!);
        return;
      case BlockKind.Array: {
        if (!store.arrayLayout(number).traced) return;
        const end = at + 2 + (words[at + 1]! >>> 0);
        for (let word = at + 2; word < end; word++) this.mark(words[word]!);
        return;
      }
      default:
        for (const word of this.exceptionWords(number)) this.mark(words[at + word]!);
    }
  }

  private exceptionWords(tagAddr: number): readonly number[] {
    let known = this.exceptionRefs.get(tagAddr);
    if (known === undefined) {
      known = exceptionLayout(this.store.types.types, this.store.tags[tagAddr]!.type.params).refWords;
      this.exceptionRefs.set(tagAddr, known);
    }
    return known;
  }
}
