/**
 * What is known of stretches of an execution that were run: which pages were written, and how many of the frames that were
 * there at the beginning were still there at the end. The trace never changes, so what was once seen stays true; it only
 * saves time, and what is not known is run again.
 */

import type { SnapshotTaker } from "../snapshot/capture.ts";
import { comparePositions, type Position } from "../snapshot/tree.ts";
import { SNAPSHOT_PAGE_SHIFT } from "../vm/memory.ts";
import { ByteReader, ByteWriter } from "./codec.ts";

/** Snapshot pages whose marks were set, ascending, by memory address. Memories beyond the list were not there. */
export type WrittenPages = readonly Int32Array[];

export interface Stretch {
  readonly from: Position;
  readonly to: Position;
  readonly written: WrittenPages;
  /** So many of the outermost frames at `from` certainly lived until `to`. */
  readonly survivors: number;
}

/** More are merged with their neighbours. */
const MOST_STRETCHES = 2048;
/** The same for the pages of all stretches: 16 MiB. */
const MOST_PAGES = 1 << 22;
/** Of the limits the second is looked at so often. */
const LOOK_AT_SIZE_EVERY = 64;
/** Stretches that are shorter together are one. */
const FINE_TICKS = 1 << 14;
const MOST_PAGES_OF_A_MEMORY = 0x7fffffff;
/** A mark stands for its page and so many bytes behind it, see Memory.dirty. */
const SPILL_BYTES = 15;

/** Looks at a store between two snapshots of its taker, which is what clears marks. */
export class StretchObserver {
  private readonly taker: SnapshotTaker;
  private from: Position | undefined;

  constructor(taker: SnapshotTaker) {
    this.taker = taker;
  }

  /** From here on. Call it just after a capture or a restore. */
  begin(from: Position): void {
    this.from = from;
  }

  /** What was seen up to here; undefined when nothing was begun. Call it just before a capture or a restore. Cost: frames and marks. */
  end(to: Position): Stretch | undefined {
    const { from, taker } = this;
    this.from = undefined;
    if (from === undefined) return undefined;
    return { from, to, written: taker.store.memories.map(({ dirty }) => marked(dirty)), survivors: taker.survivors };
  }
}

function marked(dirty: Uint8Array): Int32Array {
  const pages: number[] = [];
  for (let page = dirty.indexOf(1); page >= 0; page = dirty.indexOf(1, page + 1)) pages.push(page);
  return Int32Array.from(pages);
}

/** The first and the last page whose mark may stand for a write into these bytes. */
export function marksOf(byteAddr: number, byteLength: number): { readonly firstPage: number; readonly lastPage: number } {
  const pageBytes = 1 << SNAPSHOT_PAGE_SHIFT;
  return {
    firstPage: Math.floor(Math.max(0, byteAddr - SPILL_BYTES) / pageBytes),
    lastPage: Math.floor((byteAddr + Math.max(1, byteLength) - 1) / pageBytes),
  };
}

/** Bounds of what is read: a damaged or hostile file must not ask for more. */
const MOST_MEMORIES = 1 << 16;

/** As bytes that `decodeStretches` reads. */
export function encodeStretches(stretches: Stretches): Uint8Array {
  const out = new ByteWriter(1 << 16);
  out.number(stretches.size);
  let before: Position = { tick: 0, event: 0 };
  for (const { from, to, written, survivors } of stretches) {
    for (const position of [from, to]) {
      out.number(position.tick - before.tick);
      out.number(position.event - before.event);
      before = position;
    }
    out.number(survivors);
    out.number(written.length);
    for (const pages of written) {
      out.number(pages.length);
      let last = -1;
      for (const page of pages) {
        out.number(page - last - 1);
        last = page;
      }
    }
  }
  return out.view();
}

/** Throws TraceError "trace-corrupt" for bytes that encodeStretches cannot have written. */
export function decodeStretches(bytes: Uint8Array): Stretches {
  const input = new ByteReader(bytes);
  const stretches = new Stretches();
  let before: Position = { tick: 0, event: 0 };
  const position = (): Position => {
    before = { tick: before.tick + input.number(), event: before.event + input.number() };
    return before;
  };
  const count = input.count();
  for (let i = 0; i < count; i++) {
    const from = position();
    const to = position();
    const survivors = input.number();
    const memories = input.count();
    if (memories > MOST_MEMORIES) throw input.corrupt("too many memories");
    stretches.add({ from, to, survivors, written: Array.from({ length: memories }, () => decodePages(input)) });
  }
  return stretches;
}

function decodePages(input: ByteReader): Int32Array {
  let last = -1;
  return Int32Array.from({ length: input.count() }, () => {
    last += input.number() + 1;
    if (last > MOST_PAGES_OF_A_MEMORY) throw input.corrupt("a page beyond every memory");
    return last;
  });
}

export class Stretches {
  /** In order, apart from one another or adjoining. */
  private list: Stretch[] = [];
  private adds = 0;

  get size(): number {
    return this.list.length;
  }

  /** Adds what was seen between two positions. Where something is known already the better of both stays. Cost: what it meets. */
  add(seen: Stretch): void {
    if (comparePositions(seen.from, seen.to) >= 0) return;
    const first = this.firstBehind(seen.from);
    let end = first;
    while (end < this.list.length && comparePositions(this.list[end]!.from, seen.to) < 0) end++;
    const met = this.list.slice(first, end);
    const parts: Stretch[] = [];
    let at = seen.from;
    const gap = (to: Position): void => {
      if (comparePositions(at, to) < 0) parts.push({ ...seen, from: at, to });
    };
    for (const known of met) {
      gap(known.from);
      parts.push(...split(known, seen));
      at = later(at, known.to);
    }
    gap(seen.to);
    // Steps here and there in what is known would cut it to pieces.
    if (met.length === 1 && parts.length === split(met[0]!, seen).length && ticksOf(seen) < FINE_TICKS) return;
    this.replace(first, end, parts);
    this.shorten();
  }

  /** Puts `parts` in the place of some, the small ones with their neighbours. */
  private replace(first: number, end: number, parts: readonly Stretch[]): void {
    const from = Math.max(0, first - 1);
    const to = Math.min(this.list.length, end + 1);
    const all = [...this.list.slice(from, first), ...parts, ...this.list.slice(end, to)];
    const joined: Stretch[] = [];
    for (const part of all) {
      const before = joined.at(-1);
      if (before !== undefined && comparePositions(before.to, part.from) === 0 && ticksOf(before) + ticksOf(part) <= FINE_TICKS) {
        joined[joined.length - 1] = join(before, part);
      } else {
        joined.push(part);
      }
    }
    this.list.splice(from, to - from, ...joined);
  }

  private shorten(): void {
    if (++this.adds % LOOK_AT_SIZE_EVERY !== 0) return;
    while (this.list.length > 1 && (this.list.length > MOST_STRETCHES || pageCount(this.list) > MOST_PAGES)) {
      const shorter = merged(this.list);
      if (shorter.length === this.list.length) return;
      this.list = shorter;
    }
  }

  /** Index of the first one that ends behind the position. */
  private firstBehind(position: Position): number {
    let low = 0;
    let high = this.list.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (comparePositions(this.list[middle]!.to, position) <= 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** All of them, in order. */
  [Symbol.iterator](): IterableIterator<Stretch> {
    return this.list.values();
  }

  /** True when it is known that these bytes of a memory were not written between two positions. Cost: the list. */
  untouched(from: Position, to: Position, memoryAddr: number, byteAddr: number, byteLength: number): boolean {
    const { firstPage, lastPage } = marksOf(byteAddr, byteLength);
    return this.covers(from, to, ({ written }) => {
      const pages = written[memoryAddr];
      if (pages === undefined) return true;
      const next = pages[firstAtLeast(pages, firstPage)];
      return next === undefined || next > lastPage;
    });
  }

  /** The earliest position from which frame `frameIndex` is known to have lived until `to`; `to` when nothing is known. */
  livedFrom(frameIndex: number, to: Position): Position {
    let earliest = to;
    for (let i = this.list.length - 1; i >= 0; i--) {
      const stretch = this.list[i]!;
      if (comparePositions(stretch.from, earliest) >= 0) continue;
      if (comparePositions(stretch.to, earliest) < 0 || stretch.survivors <= frameIndex) break;
      earliest = stretch.from;
    }
    return earliest;
  }

  private covers(from: Position, to: Position, allows: (stretch: Stretch) => boolean): boolean {
    let at = from;
    for (let i = this.firstBehind(from); i < this.list.length; i++) {
      const stretch = this.list[i]!;
      if (comparePositions(at, to) >= 0) return true;
      if (comparePositions(stretch.from, at) > 0 || !allows(stretch)) return false;
      at = stretch.to;
    }
    return comparePositions(at, to) >= 0;
  }
}

/** The parts of `known` before, inside and after `seen`; inside, both say what they know. */
function split(known: Stretch, seen: Stretch): Stretch[] {
  const from = later(known.from, seen.from);
  const to = comparePositions(known.to, seen.to) <= 0 ? known.to : seen.to;
  const both = { from, to, written: common(known.written, seen.written), survivors: Math.max(known.survivors, seen.survivors) };
  const parts = [{ ...known, to: from }, both, { ...known, from: to }];
  return parts.filter((part) => comparePositions(part.from, part.to) < 0);
}

function later(a: Position, b: Position): Position {
  return comparePositions(a, b) >= 0 ? a : b;
}

/** Pages that both say were written. */
function common(a: WrittenPages, b: WrittenPages): WrittenPages {
  return a.slice(0, b.length).map((pages, addr) => pages.filter((page) => b[addr]![firstAtLeast(b[addr]!, page)] === page));
}

/** Index of the first page that is not below `wanted`. */
function firstAtLeast(pages: Int32Array, wanted: number): number {
  let low = 0;
  let high = pages.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (pages[middle]! < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

function pageCount(list: readonly Stretch[]): number {
  let count = 0;
  for (const { written } of list) for (const pages of written) count += pages.length;
  return count;
}

function ticksOf({ from, to }: Stretch): number {
  return to.tick - from.tick;
}

function join(one: Stretch, two: Stretch): Stretch {
  return { from: one.from, to: two.to, written: either(one.written, two.written), survivors: Math.min(one.survivors, two.survivors) };
}

/** Every second one is taken into the one before it where they adjoin. */
function merged(list: readonly Stretch[]): Stretch[] {
  const out: Stretch[] = [];
  for (let i = 0; i < list.length; i++) {
    const one = list[i]!;
    const two = list[i + 1];
    if (two === undefined || comparePositions(one.to, two.from) !== 0) {
      out.push(one);
      continue;
    }
    out.push(join(one, two));
    i++;
  }
  return out;
}

function either(a: WrittenPages, b: WrittenPages): WrittenPages {
  const longer = a.length >= b.length ? a : b;
  return longer.map((_, addr) => Int32Array.from(new Set([...(a[addr] ?? []), ...(b[addr] ?? [])])).sort());
}
