/**
 * Pages and page tables: how the words of a memory or a table are held immutably and shared. A page, once made, is never
 * written; a change makes a new page. Nothing here knows what the words mean.
 *
 * Two levels: a page table is a list of chunks, a chunk a list of CHUNK_PAGES pages. A changed page costs itself and one
 * copy of its chunk, not of all million page references of a 4 GiB memory. The last chunk is filled up with ZERO_PAGE.
 */
import { SNAPSHOT_PAGE_BYTES } from "../vm/memory.ts";

/** Words of a page: a page is an Int32Array of exactly so many. */
export const PAGE_WORDS = SNAPSHOT_PAGE_BYTES / 4;
/** Pages of a chunk: 512 pages are 2 MiB. */
export const CHUNK_PAGES = 512;
const CHUNK_SHIFT = 9;

/** PAGE_WORDS words that nobody writes. */
export type Page = Int32Array;
/**
 * CHUNK_PAGES pages that nobody replaces. An object of a class, because immer passes those by: it would wrap arrays in
 * drafts and search them for drafts, page reference by page reference.
 */
export class Chunk {
  readonly pages: readonly Page[];
  constructor(pages: readonly Page[]) {
    this.pages = pages;
  }
}
export type PageTable = readonly Chunk[];

/** The page of zeros. Every page that is all zero when captured is this one. */
export const ZERO_PAGE: Page = new Int32Array(PAGE_WORDS);
export const ZERO_CHUNK = new Chunk(new Array<Page>(CHUNK_PAGES).fill(ZERO_PAGE));

/** Chunks that `wordCount` words need. */
export function chunkCount(wordCount: number): number {
  return Math.ceil(wordCount / (PAGE_WORDS * CHUNK_PAGES));
}

export function pageAt(table: PageTable, pageIndex: number): Page {
  return table[pageIndex >>> CHUNK_SHIFT]?.pages[pageIndex & (CHUNK_PAGES - 1)] ?? ZERO_PAGE;
}

/** Whether the words from `at` equal the page. Cost: up to the first difference. */
export function pageEquals(words: Int32Array, at: number, page: Int32Array): boolean {
  const { length } = page;
  for (let i = 0; i < length; i++) if (words[at + i] !== page[i]) return false;
  return true;
}

/**
 * The words from `at` as a page: `base` itself when nothing differs from it, ZERO_PAGE when all are zero, else a copy.
 * `base` gives the length.
 */
export function pageOf(words: Int32Array, at: number, base: Page): Page {
  const { length } = base;
  if (pageEquals(words, at, base)) return base;
  let i = 0;
  while (i < length && words[at + i] === 0) i++;
  // A base that is not the shared zero page (another page size, in measurements) does not come here with zeros often.
  if (i === length && length === PAGE_WORDS) return ZERO_PAGE;
  return words.slice(at, at + length);
}

/** A chunk that takes the place of the base's chunk `index`. */
export interface ChunkChange {
  readonly index: number;
  readonly chunk: Chunk;
}

/** Collects page changes in ascending order and copies each chunk at its first change only. */
export class ChunkEditor {
  readonly changes: ChunkChange[] = [];
  private readonly base: PageTable;
  private index = -1;
  private chunk: Chunk = ZERO_CHUNK;
  private copy: Page[] | undefined;

  constructor(base: PageTable) {
    this.base = base;
  }

  /** The base's page. Page indices must not descend from call to call. */
  page(pageIndex: number): Page {
    const index = pageIndex >>> CHUNK_SHIFT;
    if (index !== this.index) {
      this.flush();
      this.index = index;
      this.chunk = this.base[index] ?? ZERO_CHUNK;
    }
    return this.chunk.pages[pageIndex & (CHUNK_PAGES - 1)]!;
  }

  /** Replaces the page that `page` was last asked for. */
  replace(pageIndex: number, page: Page): void {
    this.copy ??= this.chunk.pages.slice();
    this.copy[pageIndex & (CHUNK_PAGES - 1)] = page;
  }

  /** All changes so far. */
  finish(): readonly ChunkChange[] {
    this.flush();
    return this.changes;
  }

  private flush(): void {
    if (this.copy === undefined) return;
    const zero = this.copy.every((page) => page === ZERO_PAGE);
    this.changes.push({ index: this.index, chunk: zero ? ZERO_CHUNK : new Chunk(this.copy) });
    this.copy = undefined;
  }
}

/** Copies words `[from, from + target.length)` of a page table into `target`. For looking into a snapshot without restoring it. */
export function readWords(table: PageTable, from: number, target: Int32Array): void {
  let done = 0;
  while (done < target.length) {
    const at = from + done;
    const inPage = at % PAGE_WORDS;
    const count = Math.min(PAGE_WORDS - inPage, target.length - done);
    target.set(pageAt(table, Math.floor(at / PAGE_WORDS)).subarray(inPage, inPage + count), done);
    done += count;
  }
}
