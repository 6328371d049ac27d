/**
 * The heap of structs, arrays and exceptions: one memory that holds the objects and all that the allocator knows, so
 * that it is saved, hashed and shared as memories are. Objects never move: a reference stays the number that it is.
 * Where the next object lies depends on the allocations before alone. What is alive is collect.ts's matter.
 *
 * References are 32-bit integers, the same in all hierarchies but functions': 0 is null, negative ones are i31 values
 * in their low 31 bits, `HEAP_REF | cell` are objects of the heap, smaller positive ones are the host's.
 *
 * The memory is given out in cells of 8 bytes. Its first HEADER_CELLS hold the words of `Head` and the lists of free
 * blocks. A free block has, as its first word, the cell of the next in its list << 2, and as its second its cells.
 */
import { BlockKind, CELL_BYTES } from "./layout.ts";
import { Memory, WASM_PAGE_BYTES } from "./memory.ts";

export const HEAP_REF = 0x40000000;
export const CELL_MASK = 0x3fffffff;

/** Most bytes of a heap: the same on every machine, so that a program that needs more fails alike. */
export const HEAP_LIMIT_BYTES = 1 << 30;

/** Of a snapshot page. */
const CELLS_PER_PAGE_SHIFT = 9;

const HEADER_CELLS = 64;
/** Words of the header. */
const Head = {
  /** Past the last cell in use. 0: the heap was never used. */
  Top: 0,
  /** Cells given out since the last collection. */
  Allocated: 1,
  /** As many as may be given out before the next. */
  Threshold: 2,
  /** Collections so far. */
  Collections: 3,
  /** A bit for each list of free blocks that is not empty. */
  Lists: 4,
  FirstList: 8,
} as const;

/** Free blocks of up to so many cells have a list for each size; larger ones one for each power of two. */
const SMALL_CELLS = 32;
const LIST_COUNT = 56;

/** Cells that are given out before the first collection, and at least between two: 1 MiB. */
const LEAST_THRESHOLD = 1 << 17;

/** What `allocate` answers when it has no cell. */
export const NEEDS_COLLECTION = 0;
export const EXHAUSTED = -1;

export function isHeapRef(ref: number): boolean {
  return ref >>> 30 === 1;
}

export function cellOfRef(ref: number): number {
  return ref & CELL_MASK;
}

export function refOfCell(cell: number): number {
  return cell | HEAP_REF;
}

/** In which list free blocks of so many cells are. */
export function listOf(cells: number): number {
  // 33 … 63 cells are list 33, 64 … 127 list 34, and so on.
  return cells <= SMALL_CELLS ? cells : 59 - Math.clz32(cells);
}

/** What the header of a heap says, given as its first words. */
export interface HeapHeader {
  /** First cell of objects, and past the last. */
  readonly first: number;
  readonly top: number;
  /** Heads of its lists of free blocks, 0 for none. */
  readonly lists: readonly number[];
  /** Whether it says right which lists are empty. */
  readonly bitsFit: boolean;
}

export function heapHeader(words: Int32Array): HeapHeader {
  const lists = Array.from(words.subarray(Head.FirstList, Head.FirstList + LIST_COUNT));
  const bits = Array.from({ length: 64 }, (_, list) => ((words[Head.Lists + (list >>> 5)]! >>> (list & 31)) & 1) === 1);
  return { first: HEADER_CELLS, top: words[Head.Top]!, lists, bitsFit: bits.every((bit, list) => bit === (lists[list] ?? 0) > 0) };
}

export class Heap {
  readonly memory: Memory;

  constructor() {
    this.memory = new Memory(0, HEAP_LIMIT_BYTES / WASM_PAGE_BYTES);
  }

  /** The memory as words; to be asked for again after every allocation. */
  get words(): Int32Array {
    return this.memory.words;
  }

  /** Past the last cell in use. */
  get topCell(): number {
    return this.memory.byteLength === 0 ? HEADER_CELLS : this.words[Head.Top]!;
  }

  get firstCell(): number {
    return HEADER_CELLS;
  }

  get collectionCount(): number {
    return this.memory.byteLength === 0 ? 0 : this.words[Head.Collections]!;
  }

  /**
   * A block of so many cells, all zero, or NEEDS_COLLECTION, or EXHAUSTED when a collection has just been and the limit
   * is reached. `forced` asks for no collection while there is room: for places where none is possible.
   */
  allocate(cells: number, forced = false): number {
    if (this.memory.byteLength === 0 && !this.begin()) return EXHAUSTED;
    const { words } = this;
    const allocated = words[Head.Allocated]!;
    if (!forced && allocated > 0 && allocated + cells > words[Head.Threshold]!) return NEEDS_COLLECTION;
    const reused = this.takeFree(words, cells);
    const cell = reused > 0 ? reused : this.takeNew(cells);
    if (cell === 0) return allocated > 0 && !forced ? NEEDS_COLLECTION : EXHAUSTED;
    const after = this.words;
    after[Head.Allocated] = allocated + cells;
    if (reused > 0) for (let word = cell * 2; word < (cell + cells) * 2; word++) after[word] = 0;
    const { dirty } = this.memory;
    dirty[0] = 1;
    // In place of markDirty, which is made for large ranges.
    for (let page = cell >>> CELLS_PER_PAGE_SHIFT; page <= (cell + cells - 1) >>> CELLS_PER_PAGE_SHIFT; page++) dirty[page] = 1;
    return cell;
  }

  private begin(): boolean {
    if (!this.memory.resize(1)) return false;
    const { words } = this;
    words[Head.Top] = HEADER_CELLS;
    words[Head.Threshold] = LEAST_THRESHOLD;
    return true;
  }

  private touch(word: number): void {
    this.memory.dirty[word >>> 10] = 1;
  }

  private takeFree(words: Int32Array, cells: number): number {
    if (words[Head.Lists] === 0 && words[Head.Lists + 1] === 0) return 0;
    let list = listOf(cells);
    if (cells > SMALL_CELLS) {
      const cell = this.takeFitting(words, list, cells);
      if (cell > 0) return cell;
      list++;
    }
    list = nextList(words, list);
    if (list < 0) return 0;
    const cell = words[Head.FirstList + list]!;
    this.unlinkHead(words, list, cell);
    this.putRest(words, cell, words[cell * 2 + 1]!, cells);
    return cell;
  }

  /** First fit in a list whose blocks may be too small. */
  private takeFitting(words: Int32Array, list: number, cells: number): number {
    let previous = 0;
    for (let cell = words[Head.FirstList + list]!; cell !== 0; cell = words[cell * 2]! >>> 2) {
      if (words[cell * 2 + 1]! >= cells) {
        if (previous === 0) this.unlinkHead(words, list, cell);
        else {
          words[previous * 2] = words[cell * 2]!;
          this.touch(previous * 2);
        }
        this.putRest(words, cell, words[cell * 2 + 1]!, cells);
        return cell;
      }
      previous = cell;
    }
    return 0;
  }

  private unlinkHead(words: Int32Array, list: number, cell: number): void {
    const next = words[cell * 2]! >>> 2;
    words[Head.FirstList + list] = next;
    if (next === 0) words[Head.Lists + (list >>> 5)]! &= ~(1 << (list & 31));
  }

  private putRest(words: Int32Array, cell: number, blockCells: number, cells: number): void {
    const rest = blockCells - cells;
    if (rest === 0) return;
    const at = cell + cells;
    const list = listOf(rest);
    words[at * 2] = words[Head.FirstList + list]! << 2;
    words[at * 2 + 1] = rest;
    this.touch(at * 2);
    words[Head.FirstList + list] = at;
    words[Head.Lists + (list >>> 5)]! |= 1 << (list & 31);
  }

  private takeNew(cells: number): number {
    const { memory } = this;
    const cell = this.words[Head.Top]!;
    const top = cell + cells;
    if (top * CELL_BYTES > HEAP_LIMIT_BYTES) return 0;
    if (top * CELL_BYTES > memory.byteLength) {
      const needed = Math.ceil((top * CELL_BYTES) / WASM_PAGE_BYTES);
      // Pages ahead, so that heaps that grow object by object are not copied each time. A function of the size alone.
      const most = HEAP_LIMIT_BYTES / WASM_PAGE_BYTES;
      if (!memory.resize(Math.min(most, needed + (needed >>> 2)))) return 0;
    }
    this.words[Head.Top] = top;
    return cell;
  }

  /**
   * Makes every block that is not marked free, joins neighbours, and sets the next threshold. `sizeOf` answers the cells of
   * a block in use. Cost: a visit of every block.
   */
  sweep(isMarked: (cell: number) => boolean, sizeOf: (cell: number) => number): void {
    const { words } = this;
    const lists: number[][] = Array.from({ length: LIST_COUNT }, () => []);
    const top = words[Head.Top]!;
    let live = 0;
    let freeFrom = 0;
    for (let cell = HEADER_CELLS; cell < top; ) {
      const free = (words[cell * 2]! & 3) === BlockKind.Free;
      const cells = free ? words[cell * 2 + 1]! : sizeOf(cell);
      if (!free && isMarked(cell)) {
        if (freeFrom > 0) addFree(lists, freeFrom, cell - freeFrom);
        freeFrom = 0;
        live += cells;
      } else if (freeFrom === 0) freeFrom = cell;
      cell += cells;
    }
    words[Head.Top] = freeFrom > 0 ? freeFrom : top;
    // What is new beyond the top must be zero.
    if (freeFrom > 0) {
      words.fill(0, freeFrom * 2, top * 2);
      this.memory.markDirty(freeFrom * CELL_BYTES, (top - freeFrom) * CELL_BYTES);
    }
    words[Head.Allocated] = 0;
    words[Head.Threshold] = Math.max(LEAST_THRESHOLD, live);
    words[Head.Collections]!++;
    this.link(words, lists);
    this.touch(0);
  }

  /** Writes the lists of free blocks, each in the order of addresses; pages without a change stay clean. */
  private link(words: Int32Array, lists: readonly (readonly number[])[]): void {
    words[Head.Lists] = 0;
    words[Head.Lists + 1] = 0;
    for (const [list, blocks] of lists.entries()) {
      words[Head.FirstList + list] = blocks[0] ?? 0;
      if (blocks.length > 0) words[Head.Lists + (list >>> 5)]! |= 1 << (list & 31);
      for (let i = 0; i < blocks.length; i += 2) {
        const at = blocks[i]! * 2;
        const next = (blocks[i + 2] ?? 0) << 2;
        if (words[at] === next && words[at + 1] === blocks[i + 1]) continue;
        words[at] = next;
        words[at + 1] = blocks[i + 1]!;
        this.touch(at);
      }
    }
  }
}

/** Blocks of a list as cell and cells in turn. */
function addFree(lists: number[][], cell: number, cells: number): void {
  lists[listOf(cells)]!.push(cell, cells);
}

/** The first list from `list` on that is not empty, or -1. */
function nextList(words: Int32Array, list: number): number {
  for (let word = list >>> 5; word < 2; word++) {
    const bits = words[Head.Lists + word]! & (word === list >>> 5 ? -1 << (list & 31) : -1);
    if (bits !== 0) return word * 32 + (31 - Math.clz32(bits & -bits));
  }
  return -1;
}
