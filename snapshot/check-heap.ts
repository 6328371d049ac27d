/**
 * Whether the heap and the types of a snapshot that was read from bytes make sense: blocks follow one another without a
 * gap, lists of free blocks end, references lead to objects. The allocator and the collector look at nothing again.
 */
import { frameTypes } from "../vm/frames.ts";
import { HEAP_LIMIT_BYTES, heapLists, isHeapRef } from "../vm/heap.ts";
import { arrayCells, arrayLayout, BlockKind, CELL_BYTES, CELL_WORDS, exceptionLayout, isTraced, structLayout } from "../vm/layout.ts";
import { WASM_PAGE_BYTES } from "../vm/memory.ts";
import { Frame, type Store } from "../vm/store.ts";
import { HEAP_SHIFT, isRefType, type StorageType, slotTypes, type TypeDef, typeIndexOf, valTypeName } from "../vm/types.ts";
import { insist } from "./bytes.ts";
import { readWords } from "./pages.ts";
import type { Shape, Snapshot } from "./tree.ts";

/** Whether a number is a value or storage type that names only types there are. */
export function isTypeOf(types: readonly TypeDef[], type: StorageType): boolean {
  const index = typeIndexOf(type);
  if (index >= 0) return index < types.length && (type & 0x7f) === 0;
  return type < 1 << HEAP_SHIFT && valTypeName(type & 0x7f) !== "(ref null ?)" && (type < 0x80 || isRefType(type));
}

/** Throws SnapshotError "snapshot-corrupt" for types that contradict one another. */
export function checkTypes({ types, tags, funcs, globals, tables }: Shape): void {
  const known = (type: StorageType): boolean => isTypeOf(types, type);
  for (const [number, def] of types.entries()) {
    const { groupStart, groupSize, supertype, descriptor, describes } = def;
    const inGroup = groupStart >= 0 && groupStart <= number && groupSize > 0 && number < groupStart + groupSize;
    const fits =
      inGroup &&
      groupStart + groupSize <= types.length &&
      types[groupStart]!.groupStart === groupStart &&
      types[groupStart]!.groupSize === groupSize &&
      supertype < number &&
      descriptor < types.length &&
      describes < types.length &&
      def.fields.every(({ type }) => known(type)) &&
      (def.kind !== "array" || def.fields.length === 1) &&
      (def.func === undefined || [...def.func.params, ...def.func.results].every(known));
    insist(fits, `type ${number} is impossible`);
  }
  for (const number of tags) insist(types[number]?.kind === "func", "a tag has no function type");
  for (const func of funcs) {
    if (func.kind !== "host") continue;
    insist([...func.type.params, ...func.type.results].every(known), "a host function has an unknown type");
    insist(func.typeNumber === undefined || types[func.typeNumber]?.kind === "func", "a host function has no function type");
  }
  for (const { valType } of globals) insist(known(valType), "a global has an unknown type");
  for (const { elemType } of tables) insist(known(elemType) && isRefType(elemType), "a table holds no references");
}

/** What is in a heap: whether a cell begins an object. */
export class HeapMap {
  private readonly objects: Uint8Array;
  private readonly free = new Set<number>();

  /** Walks the heap. Throws SnapshotError "snapshot-corrupt". Cost: its cells in use. */
  constructor({ heap, shape }: Snapshot) {
    insist(heap.pageCount <= HEAP_LIMIT_BYTES / WASM_PAGE_BYTES, "the heap is larger than possible");
    if (heap.pageCount === 0) {
      this.objects = new Uint8Array(0);
      return;
    }
    const wordCount = (heap.pageCount * WASM_PAGE_BYTES) / 4;
    const head = new Int32Array(CELL_WORDS * 64);
    readWords(heap.pages, 0, head);
    const { first, top, lists } = heapLists(head);
    insist(top >= first && top * CELL_WORDS <= wordCount, "the heap ends outside of itself");
    const words = new Int32Array(top * CELL_WORDS);
    readWords(heap.pages, 0, words);
    this.objects = new Uint8Array((top >>> 3) + 1);
    const sizes = new BlockSizes(shape);
    let cell = first;
    while (cell < top) {
      const cells = sizes.of(words, cell);
      insist(cells > 0 && cell + cells <= top, `the block at cell ${cell} of the heap is impossible`);
      if ((words[cell * CELL_WORDS]! & 3) === BlockKind.Free) this.free.add(cell);
      else this.objects[cell >>> 3]! |= 1 << (cell & 7);
      cell += cells;
    }
    for (const list of lists) this.checkList(words, list);
    this.checkRefs(words, first, top, sizes);
  }

  /** Whether a reference may be held: null, an i31, one of the host, or an object. */
  allows(ref: number): boolean {
    if (!isHeapRef(ref)) return true;
    const cell = ref & 0x3fffffff;
    return (this.objects[cell >>> 3]! & (1 << (cell & 7))) !== 0;
  }

  private checkList(words: Int32Array, head: number): void {
    for (let cell = head; cell !== 0; cell = words[cell * CELL_WORDS]! >>> 2) {
      // Each block is in one list, once.
      insist(this.free.delete(cell), "a list of free blocks is impossible");
    }
  }

  private checkRefs(words: Int32Array, first: number, top: number, sizes: BlockSizes): void {
    for (let cell = first; cell < top; cell += sizes.of(words, cell)) {
      for (const word of sizes.refWords(words, cell)) insist(this.allows(words[word]!), "an object refers to what is none");
    }
  }
}

/** Whether what frames hold leads to objects. The frames are those of the map's snapshot, restored: only code knows their types. */
export function framesFit(store: Store, heap: HeapMap): boolean {
  for (let index = 0; index < store.depth; index++) {
    const func = store.funcs[store.frameWord(index, Frame.Func)]!;
    const types = func.kind === "host" ? store.types.types : store.instances[func.instanceAddr]!.module.types;
    const { locals, operands } = frameTypes(store, index);
    let slot = store.frameWord(index, Frame.Fp);
    for (const type of slotTypes([...locals, ...operands])) {
      if (isTraced(types, type) && !heap.allows(store.i32[slot * 2]!)) return false;
      slot++;
    }
  }
  return true;
}

/** Sizes and references of blocks, by the types of a snapshot. */
class BlockSizes {
  private readonly shape: Shape;
  constructor(shape: Shape) {
    this.shape = shape;
  }

  /** Cells of the block, or 0 when there is none of that kind. */
  of(words: Int32Array, cell: number): number {
    const { types, tags } = this.shape;
    const number = words[cell * CELL_WORDS]! >>> 2;
    const length = words[cell * CELL_WORDS + 1]! >>> 0;
    switch (words[cell * CELL_WORDS]! & 3) {
      case BlockKind.Free:
        return length;
      case BlockKind.Struct:
        return types[number]?.kind === "struct" ? structLayout(types, types[number]).cells : 0;
      case BlockKind.Array:
        return types[number]?.kind === "array" ? arrayCells(arrayLayout(types, types[number]), length) : 0;
      default:
        return tags[number] === undefined ? 0 : exceptionLayout(types, types[tags[number]]!.func!.params).cells;
    }
  }

  /** Words of a block, from the heap's begin, that hold references. */
  refWords(words: Int32Array, cell: number): number[] {
    const { types, tags } = this.shape;
    const at = cell * CELL_WORDS;
    const number = words[at]! >>> 2;
    switch (words[at]! & 3) {
      case BlockKind.Free:
        return [];
      case BlockKind.Struct:
        return [at + 1, ...structLayout(types, types[number]!).refWords.map((word) => at + word)];
      case BlockKind.Array: {
        if (!isTraced(types, types[number]!.fields[0]!.type)) return [];
        return Array.from({ length: words[at + 1]! >>> 0 }, (_, i) => at + CELL_BYTES / 4 + i);
      }
      default:
        return exceptionLayout(types, types[tags[number]!]!.func!.params).refWords.map((word) => at + word);
    }
  }
}
