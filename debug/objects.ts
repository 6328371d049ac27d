/**
 * References as people read them: what a struct, array or exception of the heap holds, to a depth, without end where objects
 * refer to one another. Reads only.
 */
import { carriedWords, tagOfException } from "../vm/exception.ts";
import { lengthOf, read } from "../vm/gc.ts";
import { cellOfRef, isHeapRef } from "../vm/heap.ts";
import { BlockKind, CELL_BYTES, CELL_WORDS, isTraced, Storage, unpacked } from "../vm/layout.ts";
import type { Store } from "../vm/store.ts";
import { isRefType, isWide, slotsOf, type ValType } from "../vm/types.ts";
import { valueText } from "./value-text.ts";

/** Objects inside of objects that are shown with what they hold. */
const SHOWN_DEPTH = 2;
/** Elements of an array that are shown. */
const SHOWN_ELEMENTS = 8;

/** Text of a value given by its words; references into the heap show what is there. */
export function deepText(store: Store, type: ValType, words: Int32Array, at: number, depth = SHOWN_DEPTH): string {
  if (isRefType(type)) {
    const ref = words[at]!;
    if (ref === 0) return "null";
    if (ref < 0 && isTraced(store.types.types, type)) return `i31 ${(ref << 1) >> 1}`;
    if (isHeapRef(ref) && isTraced(store.types.types, type)) return objectText(store, ref, depth);
  }
  const count = isWide(type) ? 2 * slotsOf(type) : 1;
  let bits = 0n;
  for (let i = count - 1; i >= 0; i--) bits = (bits << 32n) | BigInt(words[at + i]! >>> 0);
  return valueText(type, bits);
}

/** Text of an object of the heap: its kind, where it is, and what it holds. */
export function objectText(store: Store, ref: number, depth = SHOWN_DEPTH): string {
  const { heap } = store;
  const cell = cellOfRef(ref);
  const head = heap.words[cell * CELL_WORDS]!;
  const number = head >>> 2;
  switch (head & 3) {
    case BlockKind.Struct: {
      const { fields } = store.types.types[number]!;
      const { byteOffsets, storages } = store.structLayout(number);
      const texts = (): string[] =>
        fields.map(({ type }, i) => stored(store, type, storages[i]!, cell * CELL_BYTES + byteOffsets[i]!, depth));
      return `struct@${cell}${depth > 0 ? ` {${texts().join(", ")}}` : ""}`;
    }
    case BlockKind.Array: {
      const { type } = store.types.types[number]!.fields[0]!;
      const { storage, elemBytes } = store.arrayLayout(number);
      const length = lengthOf(heap, ref);
      const first = (cell + 1) * CELL_BYTES;
      const texts = (): string[] =>
        Array.from({ length: Math.min(length, SHOWN_ELEMENTS) }, (_, i) => stored(store, type, storage, first + i * elemBytes, depth));
      const more = length > SHOWN_ELEMENTS ? ", …" : "";
      return `array@${cell} of ${length}${depth > 0 ? ` [${texts().join(", ")}${more}]` : ""}`;
    }
    case BlockKind.Exception: {
      const { params } = store.tags[tagOfException(store, ref)]!.type;
      const words = carriedWords(store, ref);
      let slot = 0;
      const texts = params.map((type) => {
        slot += slotsOf(type);
        return deepText(store, type, words, (slot - slotsOf(type)) * 2, depth - 1);
      });
      return `exception@${cell} of tag ${number}${depth > 0 ? ` (${texts.join(", ")})` : ""}`;
    }
    default:
      return `nothing@${cell}`;
  }
}

function stored(store: Store, type: ValType, storage: Storage, byteAddr: number, depth: number): string {
  const words = new Int32Array(4);
  const signed = storage === Storage.I8U ? Storage.I8S : storage === Storage.I16U ? Storage.I16S : storage;
  read(store.heap, byteAddr, signed, words, 0);
  return deepText(store, unpacked(type), words, 0, depth - 1);
}
