/**
 * Structs, arrays and i31 values (spec: execution/aggregate instructions), outside of the interpreter's loop. Operands are
 * in their canonical slots from word `at` of the value stack on, a result goes where the first operand was. Instructions
 * that allocate may answer Trap.Collect: then nothing has happened, and after a collection they are done again.
 */
import { isInstanceOf, kindOfObject } from "./casts.ts";
import { cellOfRef, HEAP_LIMIT_BYTES, type Heap, isHeapRef, NEEDS_COLLECTION, refOfCell } from "./heap.ts";
import { type ArrayLayout, arrayCells, BlockKind, CELL_BYTES, Storage } from "./layout.ts";
import { Gc } from "./ops.ts";
import type { Store } from "./store.ts";
import { Trap } from "./trap.ts";

/** Words from an object's begin to an array's elements. */
const ELEMENTS = 2;

/** Runs one; `a` and `b` are as the kinds say (Gc in ops.ts). */
export function runGc(store: Store, instanceAddr: number, kind: number, at: number, a: number, b: number): Trap {
  const { i32 } = store;
  switch (kind) {
    case Gc.StructNew:
      return structNew(store, at, a, false);
    case Gc.StructNewDefault:
      return structNew(store, at, a, true);
    case Gc.StructGet: {
      const ref = i32[at]!;
      if (ref === 0) return Trap.NullStruct;
      read(store.heap, cellOfRef(ref) * CELL_BYTES + a, b as Storage, i32, at);
      return Trap.None;
    }
    case Gc.StructSet: {
      const ref = i32[at]!;
      if (ref === 0) return Trap.NullStruct;
      write(store.heap, cellOfRef(ref) * CELL_BYTES + a, b as Storage, i32, at + 2);
      return Trap.None;
    }
    case Gc.ArrayNew:
    case Gc.ArrayNewDefault:
    case Gc.ArrayNewFixed:
    case Gc.ArrayNewData:
    case Gc.ArrayNewElem:
      return arrayNew(store, instanceAddr, kind, at, a, b);
    case Gc.ArrayLen: {
      const ref = i32[at]!;
      if (ref === 0) return Trap.NullArray;
      i32[at] = lengthOf(store.heap, ref);
      return Trap.None;
    }
    case Gc.ArrayGet:
    case Gc.ArraySet: {
      const ref = i32[at]!;
      if (ref === 0) return Trap.NullArray;
      const index = i32[at + 2]! >>> 0;
      if (index >= lengthOf(store.heap, ref)) return Trap.ArrayOutOfBounds;
      const byteAddr = elementAt(ref, index, b);
      if (kind === Gc.ArrayGet) read(store.heap, byteAddr, a as Storage, i32, at);
      else write(store.heap, byteAddr, a as Storage, i32, at + 4);
      return Trap.None;
    }
    case Gc.ArrayFill:
      return arrayFill(store, at, a as Storage, b);
    case Gc.ArrayCopy:
      return arrayCopy(store, at, b);
    case Gc.ArrayInitData:
      return arrayInitData(store, instanceAddr, at, a, b);
    case Gc.ArrayInitElem:
      return arrayInitElem(store, instanceAddr, at, a);
    case Gc.RefTest:
      i32[at] = isInstanceOf(store, i32[at]!, a) ? 1 : 0;
      return Trap.None;
    case Gc.RefTestBeside:
      i32[at + 2] = isInstanceOf(store, i32[at]!, a) ? 1 : 0;
      return Trap.None;
    case Gc.RefCast:
      return isInstanceOf(store, i32[at]!, a) ? Trap.None : Trap.CastFailure;
    case Gc.RefAsNonNull:
      return i32[at] === 0 ? Trap.NullReference : Trap.None;
    case Gc.StructNewDesc:
      return structNewDescribed(store, at, a, false);
    case Gc.StructNewDefaultDesc:
      return structNewDescribed(store, at, a, true);
    case Gc.RefGetDesc: {
      const ref = i32[at]!;
      if (ref === 0) return Trap.NullReference;
      i32[at] = descriptorOf(store, ref);
      return Trap.None;
    }
    case Gc.RefCastDesc: {
      const descriptor = i32[at + 2]!;
      if (descriptor === 0) return Trap.NullDescriptor;
      return hasDescriptor(store, i32[at]!, descriptor, a === 1) ? Trap.None : Trap.DescriptorCastFailure;
    }
    case Gc.RefTestDescBeside: {
      const descriptor = i32[at + 2]!;
      if (descriptor === 0) return Trap.NullDescriptor;
      i32[at + 2] = hasDescriptor(store, i32[at]!, descriptor, a === 1) ? 1 : 0;
      return Trap.None;
    }
    case Gc.I31GetS:
    case Gc.I31GetU: {
      const ref = i32[at]!;
      if (ref === 0) return Trap.NullI31;
      i32[at] = kind === Gc.I31GetS ? (ref << 1) >> 1 : ref & 0x7fffffff;
      return Trap.None;
    }
    default:
      throw new Error(`no such operation on objects: ${kind}`);
  }
}

export function lengthOf(heap: Heap, ref: number): number {
  return heap.words[cellOfRef(ref) * 2 + 1]! >>> 0;
}

function elementAt(ref: number, index: number, elemBytes: number): number {
  return cellOfRef(ref) * CELL_BYTES + ELEMENTS * 4 + index * elemBytes;
}

/** Reads a field at a byte address of the heap into the slot (a vector: two) whose low word is `words[at]`. */
export function read(heap: Heap, byteAddr: number, storage: Storage, words: Int32Array, at: number): void {
  const { memory } = heap;
  switch (storage) {
    case Storage.Word:
      words[at] = heap.words[byteAddr >>> 2]!;
      return;
    case Storage.Wide:
      words[at] = heap.words[byteAddr >>> 2]!;
      words[at + 1] = heap.words[(byteAddr >>> 2) + 1]!;
      return;
    case Storage.I8S:
      words[at] = memory.view.getInt8(byteAddr);
      return;
    case Storage.I8U:
      words[at] = memory.view.getUint8(byteAddr);
      return;
    case Storage.I16S:
      words[at] = memory.view.getInt16(byteAddr, true);
      return;
    case Storage.I16U:
      words[at] = memory.view.getUint16(byteAddr, true);
      return;
    case Storage.Vector:
      for (let i = 0; i < 4; i++) words[at + i] = heap.words[(byteAddr >>> 2) + i]!;
      return;
  }
}

function write(heap: Heap, byteAddr: number, storage: Storage, words: Int32Array, at: number): void {
  const { memory } = heap;
  memory.dirty[byteAddr >>> 12] = 1;
  switch (storage) {
    case Storage.Word:
      heap.words[byteAddr >>> 2] = words[at]!;
      return;
    case Storage.Wide:
      heap.words[byteAddr >>> 2] = words[at]!;
      heap.words[(byteAddr >>> 2) + 1] = words[at + 1]!;
      return;
    case Storage.I8S:
    case Storage.I8U:
      memory.view.setInt8(byteAddr, words[at]!);
      return;
    case Storage.I16S:
    case Storage.I16U:
      memory.view.setInt16(byteAddr, words[at]!, true);
      return;
    case Storage.Vector:
      for (let i = 0; i < 4; i++) heap.words[(byteAddr >>> 2) + i] = words[at + i]!;
      return;
  }
}

function structNew(store: Store, at: number, number: number, isDefault: boolean): Trap {
  const { heap, i32 } = store;
  const { cells, byteOffsets, storages } = store.structLayout(number);
  const cell = heap.allocate(cells);
  if (cell <= 0) return failed(cell);
  heap.words[cell * 2] = (number << 2) | BlockKind.Struct;
  if (!isDefault) {
    let from = at;
    for (let field = 0; field < storages.length; field++) {
      const storage = storages[field]!;
      write(heap, cell * CELL_BYTES + byteOffsets[field]!, storage, i32, from);
      from += storage === Storage.Vector ? 4 : 2;
    }
  }
  i32[at] = refOfCell(cell);
  return Trap.None;
}

/** The second word of a struct is its descriptor, if its type has one. */
function descriptorOf(store: Store, ref: number): number {
  return store.heap.words[cellOfRef(ref) * 2 + 1]!;
}

/** Whether a reference, null perhaps or no object at all, is a struct with just this descriptor. */
function hasDescriptor(store: Store, ref: number, descriptor: number, nullPasses: boolean): boolean {
  if (ref === 0) return nullPasses;
  return isHeapRef(ref) && kindOfObject(store, ref) === BlockKind.Struct && descriptorOf(store, ref) === descriptor;
}

function structNewDescribed(store: Store, at: number, number: number, isDefault: boolean): Trap {
  const { heap, i32 } = store;
  const descriptor = i32[at + (isDefault ? 0 : store.structLayout(number).slots.length * 2)]!;
  if (descriptor === 0) return Trap.NullDescriptor;
  const trap = structNew(store, at, number, isDefault);
  if (trap === Trap.None) heap.words[cellOfRef(i32[at]!) * 2 + 1] = descriptor;
  return trap;
}

/** Writes a value that is given as bits. */
function writeBits(heap: Heap, byteAddr: number, storage: Storage, bits: bigint): void {
  const words = new Int32Array(4);
  for (let i = 0; i < 4; i++) words[i] = Number(BigInt.asIntN(32, bits >> BigInt(i * 32)));
  write(heap, byteAddr, storage, words, 0);
}

/** A struct outside of any function, without a collection first; fields that are not given are zero. Its reference, or 0 or less when there is no room. */
export function newStruct(store: Store, number: number, values: readonly bigint[], descriptor = 0): number {
  const { heap } = store;
  const { cells, byteOffsets, storages } = store.structLayout(number);
  const cell = heap.allocate(cells, true);
  if (cell <= 0) return cell;
  heap.words[cell * 2] = (number << 2) | BlockKind.Struct;
  heap.words[cell * 2 + 1] = descriptor;
  for (const [field, bits] of values.entries()) writeBits(heap, cell * CELL_BYTES + byteOffsets[field]!, storages[field]!, bits);
  return refOfCell(cell);
}

/** The same for arrays. */
export function newArray(store: Store, number: number, length: number, valueAt: (index: number) => bigint): number {
  const { heap } = store;
  const layout = store.arrayLayout(number);
  const ref = allocateArray(heap, number, layout, length, true);
  if (ref < 0) return ref;
  for (let i = 0; i < length; i++) {
    const bits = valueAt(i);
    if (bits !== 0n) writeBits(heap, elementAt(ref, i, layout.elemBytes), layout.storage, bits);
  }
  return ref;
}

function failed(cell: number): Trap {
  return cell === NEEDS_COLLECTION ? Trap.Collect : Trap.HeapExhausted;
}

/** A new array, its elements zero, or a trap code below zero. */
function allocateArray(heap: Heap, number: number, layout: ArrayLayout, length: number, forced = false): number {
  const cells = arrayCells(layout, length);
  if (cells * CELL_BYTES > HEAP_LIMIT_BYTES) return -Trap.HeapExhausted;
  const cell = heap.allocate(cells, forced);
  if (cell <= 0) return -failed(cell);
  heap.words[cell * 2] = (number << 2) | BlockKind.Array;
  heap.words[cell * 2 + 1] = length;
  return refOfCell(cell);
}

function arrayNew(store: Store, instanceAddr: number, kind: number, at: number, number: number, b: number): Trap {
  const { heap, i32 } = store;
  const layout = store.arrayLayout(number);
  const vector = layout.storage === Storage.Vector;
  let length = b;
  if (kind === Gc.ArrayNew) length = i32[at + (vector ? 4 : 2)]! >>> 0;
  else if (kind === Gc.ArrayNewDefault) length = i32[at]! >>> 0;
  else if (kind !== Gc.ArrayNewFixed) {
    length = i32[at + 2]! >>> 0;
    const trap = segmentBounds(store, instanceAddr, kind === Gc.ArrayNewData, b, i32[at]! >>> 0, length, layout.elemBytes);
    if (trap !== Trap.None) return trap;
  }
  const ref = allocateArray(heap, number, layout, length);
  if (ref < 0) return -ref as Trap;
  switch (kind) {
    case Gc.ArrayNew:
      fill(heap, ref, 0, length, layout.storage, layout.elemBytes, i32, at);
      break;
    case Gc.ArrayNewFixed:
      for (let i = 0; i < length; i++) write(heap, elementAt(ref, i, layout.elemBytes), layout.storage, i32, at + i * (vector ? 4 : 2));
      break;
    case Gc.ArrayNewData:
      copyData(store, instanceAddr, b, i32[at]! >>> 0, elementAt(ref, 0, layout.elemBytes), length * layout.elemBytes);
      break;
    case Gc.ArrayNewElem:
      copyElems(store, instanceAddr, b, i32[at]! >>> 0, elementAt(ref, 0, 4), length);
      break;
  }
  i32[at] = ref;
  return Trap.None;
}

/** Whether `length` elements from `source` on are in a segment. A dropped one is empty. */
function segmentBounds(
  store: Store,
  instanceAddr: number,
  data: boolean,
  segment: number,
  source: number,
  length: number,
  elemBytes: number,
): Trap {
  const { module, droppedDatas, droppedElems, elemRefs } = store.instances[instanceAddr]!;
  if (data) {
    const { start, end } = module.datas[segment]!;
    return source + length * elemBytes > (droppedDatas[segment] === 1 ? 0 : end - start) ? Trap.MemoryOutOfBounds : Trap.None;
  }
  return source + length > (droppedElems[segment] === 1 ? 0 : elemRefs[segment]!.length) ? Trap.TableOutOfBounds : Trap.None;
}

function copyData(store: Store, instanceAddr: number, segment: number, source: number, byteAddr: number, byteLength: number): void {
  const { module } = store.instances[instanceAddr]!;
  const { memory } = store.heap;
  const from = module.datas[segment]!.start + source;
  memory.bytes.set(module.bytes.subarray(from, from + byteLength), byteAddr);
  memory.markDirty(byteAddr, byteLength);
}

function copyElems(store: Store, instanceAddr: number, segment: number, source: number, byteAddr: number, length: number): void {
  const { heap } = store;
  heap.words.set(store.instances[instanceAddr]!.elemRefs[segment]!.subarray(source, source + length), byteAddr >>> 2);
  heap.memory.markDirty(byteAddr, length * 4);
}

/** Sets elements to the value in the slot at `words[at]`. */
function fill(
  heap: Heap,
  ref: number,
  index: number,
  count: number,
  storage: Storage,
  elemBytes: number,
  words: Int32Array,
  at: number,
): void {
  if (count === 0) return;
  const { memory } = heap;
  const first = elementAt(ref, index, elemBytes);
  const end = first + count * elemBytes;
  if (storage === Storage.I8S || storage === Storage.I8U) memory.bytes.fill(words[at]!, first, end);
  else if (storage === Storage.Word) heap.words.fill(words[at]!, first >>> 2, end >>> 2);
  else {
    write(heap, first, storage, words, at);
    // Doubles what is there, however large the elements are.
    for (let done = elemBytes; done < end - first; done *= 2) {
      memory.bytes.copyWithin(first + done, first, first + Math.min(done, end - first - done));
    }
  }
  memory.markDirty(first, end - first);
}

function arrayFill(store: Store, at: number, storage: Storage, elemBytes: number): Trap {
  const { heap, i32 } = store;
  const ref = i32[at]!;
  if (ref === 0) return Trap.NullArray;
  const index = i32[at + 2]! >>> 0;
  const count = i32[at + (storage === Storage.Vector ? 8 : 6)]! >>> 0;
  if (index + count > lengthOf(heap, ref)) return Trap.ArrayOutOfBounds;
  fill(heap, ref, index, count, storage, elemBytes, i32, at + 4);
  return Trap.None;
}

function arrayCopy(store: Store, at: number, elemBytes: number): Trap {
  const { heap, i32 } = store;
  const to = i32[at]!;
  const from = i32[at + 4]!;
  if (to === 0 || from === 0) return Trap.NullArray;
  const toIndex = i32[at + 2]! >>> 0;
  const fromIndex = i32[at + 6]! >>> 0;
  const count = i32[at + 8]! >>> 0;
  if (toIndex + count > lengthOf(heap, to) || fromIndex + count > lengthOf(heap, from)) return Trap.ArrayOutOfBounds;
  const source = elementAt(from, fromIndex, elemBytes);
  const target = elementAt(to, toIndex, elemBytes);
  heap.memory.bytes.copyWithin(target, source, source + count * elemBytes);
  heap.memory.markDirty(target, count * elemBytes);
  return Trap.None;
}

function arrayInitData(store: Store, instanceAddr: number, at: number, segment: number, elemBytes: number): Trap {
  const { heap, i32 } = store;
  const ref = i32[at]!;
  if (ref === 0) return Trap.NullArray;
  const index = i32[at + 2]! >>> 0;
  const source = i32[at + 4]! >>> 0;
  const count = i32[at + 6]! >>> 0;
  if (index + count > lengthOf(heap, ref)) return Trap.ArrayOutOfBounds;
  const trap = segmentBounds(store, instanceAddr, true, segment, source, count, elemBytes);
  if (trap === Trap.None) copyData(store, instanceAddr, segment, source, elementAt(ref, index, elemBytes), count * elemBytes);
  return trap;
}

function arrayInitElem(store: Store, instanceAddr: number, at: number, segment: number): Trap {
  const { heap, i32 } = store;
  const ref = i32[at]!;
  if (ref === 0) return Trap.NullArray;
  const index = i32[at + 2]! >>> 0;
  const source = i32[at + 4]! >>> 0;
  const count = i32[at + 6]! >>> 0;
  if (index + count > lengthOf(heap, ref)) return Trap.ArrayOutOfBounds;
  const trap = segmentBounds(store, instanceAddr, false, segment, source, count, 4);
  if (trap === Trap.None) copyElems(store, instanceAddr, segment, source, elementAt(ref, index, 4), count);
  return trap;
}
