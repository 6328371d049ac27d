/**
 * Whether the heap and the types of a snapshot that was read from bytes make sense: blocks follow one another without a
 * gap, lists of free blocks end, references lead to objects. The allocator and the collector look at nothing again.
 */
import { HEAP_LIMIT_BYTES, heapHeader, isHeapRef, listOf } from "../vm/heap.ts";
import { arrayCells, arrayLayout, BlockKind, CELL_BYTES, CELL_WORDS, isTraced, structLayout } from "../vm/layout.ts";
import { WASM_PAGE_BYTES } from "../vm/memory.ts";
import {
  HEAP_SHIFT,
  isRefType,
  RefFlag,
  refTo,
  type StorageType,
  slotTypes,
  type TypeDef,
  typeIndexOf,
  ValType,
  valTypeName,
} from "../vm/types.ts";
import { insist } from "./bytes.ts";
import { PAGE_WORDS, type PageTable, pageAt, readWords, ZERO_PAGE } from "./pages.ts";
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
  private readonly forms: BlockForms;
  private readonly first: number = 0;
  private readonly top: number = 0;

  /** Walks the heap. Throws SnapshotError "snapshot-corrupt". Cost: its cells in use. */
  constructor({ heap, shape }: Snapshot) {
    this.forms = new BlockForms(shape);
    insist(heap.pageCount <= HEAP_LIMIT_BYTES / WASM_PAGE_BYTES, "the heap is larger than possible");
    if (heap.pageCount === 0) {
      this.objects = new Uint8Array(0);
      return;
    }
    const wordCount = (heap.pageCount * WASM_PAGE_BYTES) / 4;
    const head = new Int32Array(CELL_WORDS * 64);
    readWords(heap.pages, 0, head);
    const { first, top, lists, bitsFit } = heapHeader(head);
    insist(bitsFit, "the heap's lists of free blocks are impossible");
    this.first = first;
    this.top = top;
    insist(top >= first && top * CELL_WORDS <= wordCount, "the heap ends outside of itself");
    const words = new Int32Array(top * CELL_WORDS);
    readWords(heap.pages, 0, words);
    this.objects = new Uint8Array((top >>> 3) + 1);
    let cell = first;
    while (cell < top) {
      const cells = this.forms.cells(words, cell);
      insist(cells > 0 && cell + cells <= top, `the block at cell ${cell} of the heap is impossible`);
      if ((words[cell * CELL_WORDS]! & 3) === BlockKind.Free) this.free.add(cell);
      else this.objects[cell >>> 3]! |= 1 << (cell & 7);
      cell += cells;
    }
    for (const [list, head] of lists.entries()) this.checkList(words, list, head);
    insist(isZeroFrom(heap.pages, top * CELL_WORDS, wordCount), "the heap has content past its end");
    for (const [word, type] of this.references(words)) {
      if (isTraced(shape.types, type)) insist(this.allows(words[word]!), "an object refers to what is none");
    }
  }

  /** Whether a reference may be held: null, an i31, one of the host, or an object. */
  allows(ref: number): boolean {
    if (!isHeapRef(ref)) return true;
    const cell = ref & 0x3fffffff;
    return (this.objects[cell >>> 3]! & (1 << (cell & 7))) !== 0;
  }

  private checkList(words: Int32Array, list: number, head: number): void {
    for (let cell = head; cell !== 0; cell = words[cell * CELL_WORDS]! >>> 2) {
      // Each block is in one list, once, and in the one for its size.
      insist(this.free.delete(cell) && listOf(words[cell * CELL_WORDS + 1]!) === list, "a list of free blocks is impossible");
    }
  }

  /** All references in objects, by word of the heap. `words` is the heap, which has been walked. */
  *references(words: Int32Array): Generator<Reference> {
    for (let cell = this.first; cell < this.top; cell += this.forms.cells(words, cell)) yield* this.forms.references(words, cell);
  }
}

/** Whether words `[from, end)` are zero: what the allocator gives out there for the first time must be. */
function isZeroFrom(pages: PageTable, from: number, end: number): boolean {
  for (let page = Math.floor(from / PAGE_WORDS); page * PAGE_WORDS < end; page++) {
    const words = pageAt(pages, page);
    if (words === ZERO_PAGE) continue;
    for (let i = Math.max(0, from - page * PAGE_WORDS); i < PAGE_WORDS; i++) if (words[i] !== 0) return false;
  }
  return true;
}

/** A reference in a block: which word of it, and of what type it is. */
type Reference = readonly [word: number, type: ValType];

/** What is known of all blocks of a kind and type. An array's elements are `elem`. */
interface BlockForm {
  /** Cells, of an array of no elements. */
  readonly cells: number;
  readonly elemBytes: number;
  /** The type of an array's elements when they are references. */
  readonly elem: ValType | undefined;
  readonly references: readonly Reference[];
}

/** Sizes and references of blocks, by the types of a snapshot. */
class BlockForms {
  private readonly shape: Shape;
  /** By the first word of a block. */
  private readonly forms = new Map<number, BlockForm | undefined>();

  constructor(shape: Shape) {
    this.shape = shape;
  }

  /** Cells of the block, or 0 when there is none of that kind. */
  cells(words: Int32Array, cell: number): number {
    const head = words[cell * CELL_WORDS]!;
    const length = words[cell * CELL_WORDS + 1]! >>> 0;
    if ((head & 3) === BlockKind.Free) return length;
    const form = this.of(head);
    if (form === undefined) return 0;
    return form.elemBytes === 0 ? form.cells : form.cells + Math.ceil((length * form.elemBytes) / CELL_BYTES);
  }

  /** References in the block, by word from the heap's begin. */
  *references(words: Int32Array, cell: number): Generator<Reference> {
    const at = cell * CELL_WORDS;
    const form = (words[at]! & 3) === BlockKind.Free ? undefined : this.of(words[at]!);
    if (form === undefined) return;
    for (const [word, type] of form.references) yield [at + word, type];
    if (form.elem === undefined) return;
    const length = words[at + 1]! >>> 0;
    for (let i = 0; i < length; i++) yield [at + CELL_WORDS + i, form.elem];
  }

  private of(head: number): BlockForm | undefined {
    if (!this.forms.has(head)) this.forms.set(head, this.make(head & 3, head >>> 2));
    return this.forms.get(head);
  }

  private make(kind: number, number: number): BlockForm | undefined {
    const { types, tags } = this.shape;
    if (kind === BlockKind.Exception) {
      const tag = tags[number];
      if (tag === undefined) return undefined;
      const slots = slotTypes(types[tag]!.func!.params);
      const references = slots.flatMap((type, i): Reference[] => (isRefType(type) ? [[CELL_WORDS + i * 2, type]] : []));
      return { cells: 1 + slots.length, elemBytes: 0, elem: undefined, references };
    }
    const def = types[number];
    if (kind === BlockKind.Struct) return def?.kind === "struct" ? this.structForm(def) : undefined;
    if (def?.kind !== "array") return undefined;
    const layout = arrayLayout(types, def);
    const { type } = def.fields[0]!;
    return { cells: arrayCells(layout, 0), elemBytes: layout.elemBytes, elem: isRefType(type) ? type : undefined, references: [] };
  }

  private structForm(def: TypeDef): BlockForm {
    const { cells, byteOffsets } = structLayout(this.shape.types, def);
    // Its second word names its descriptor, if its type has one.
    const descriptor = def.descriptor < 0 ? ValType.NullRef : refTo(def.descriptor, RefFlag.NonNull | RefFlag.Exact);
    const fields = def.fields.flatMap(({ type }, i): Reference[] => (isRefType(type) ? [[byteOffsets[i]! >>> 2, type]] : []));
    return { cells, elemBytes: 0, elem: undefined, references: [[1, descriptor], ...fields] };
  }
}
