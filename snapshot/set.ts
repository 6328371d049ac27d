/**
 * The snapshots of one execution, ordered by position, with the bytes that they hold together. What a snapshot shares with
 * another is counted once: references are counted for page tables' chunks, pages and frames as snapshots come and go, so
 * that neither inserting nor dropping looks at the whole set.
 */
import type { FrameState } from "../vm/frames.ts";
import { type Chunk, type Page, ZERO_CHUNK, ZERO_PAGE } from "./pages.ts";
import { defaultPolicy, dropOrder, type SnapshotPolicy, ticksToDrop } from "./policy.ts";
import { comparePositions, type Position, type Snapshot } from "./tree.ts";

/** Bytes of an object and its typed array beyond the content, roughly, as Node 20 has them. */
const PAGE_OVERHEAD_BYTES = 200;
const FRAME_OVERHEAD_BYTES = 300;
const REFERENCE_BYTES = 8;
const SNAPSHOT_OVERHEAD_BYTES = 1000;

/** Counts holders of shared objects. */
class Holders<T> {
  private readonly counts = new Map<T, number>();

  /** True when `item` was not held before. */
  add(item: T): boolean {
    const count = this.counts.get(item) ?? 0;
    this.counts.set(item, count + 1);
    return count === 0;
  }

  /** True when nobody holds `item` any more. */
  remove(item: T): boolean {
    const count = this.counts.get(item)!;
    if (count === 1) this.counts.delete(item);
    else this.counts.set(item, count - 1);
    return count === 1;
  }
}

export class SnapshotSet {
  readonly policy: SnapshotPolicy;
  private readonly list: Snapshot[] = [];
  private readonly chunks = new Holders<Chunk>();
  private readonly pages = new Holders<Page>();
  private readonly frameLists = new Holders<readonly FrameState[]>();
  private readonly frames = new Holders<FrameState>();
  private bytes = 0;

  constructor(policy: SnapshotPolicy = defaultPolicy) {
    this.policy = policy;
  }

  get size(): number {
    return this.list.length;
  }

  /** Bytes that all snapshots hold together; an estimate as good as the overheads above. */
  get uniqueBytes(): number {
    return this.bytes;
  }

  /** In order of position. The set must not change meanwhile. */
  [Symbol.iterator](): IterableIterator<Snapshot> {
    return this.list.values();
  }

  /** Adds a snapshot; false (and nothing happens) when there is one at its position. Cost: what it does not share. */
  insert(snapshot: Snapshot): boolean {
    const at = this.after(snapshot);
    const before = this.list[at - 1];
    if (before !== undefined && comparePositions(before, snapshot) === 0) return false;
    this.list.splice(at, 0, snapshot);
    this.hold(snapshot);
    return true;
  }

  /** The latest snapshot that is not after the position. Without `event`: after any event at that tick. Cost: log n. */
  nearestAtOrBefore(tick: number, event: number = Number.POSITIVE_INFINITY): Snapshot | undefined {
    return this.list[this.after({ tick, event }) - 1];
  }

  /** The latest snapshot that is before the position. */
  nearestBefore(position: Position): Snapshot | undefined {
    const at = this.after(position) - 1;
    const snapshot = this.list[at];
    return snapshot !== undefined && comparePositions(snapshot, position) === 0 ? this.list[at - 1] : snapshot;
  }

  /** The earliest snapshot after the position. */
  nearestAfter(tick: number, event: number = Number.POSITIVE_INFINITY): Snapshot | undefined {
    return this.list[this.after({ tick, event })];
  }

  /** Removes the snapshot at exactly this position; false when there is none. */
  remove(position: Position): boolean {
    const at = this.after(position) - 1;
    const snapshot = this.list[at];
    if (snapshot === undefined || comparePositions(snapshot, position) !== 0) return false;
    this.list.splice(at, 1);
    this.release(snapshot);
    return true;
  }

  /**
   * Drops what the policy does not keep for a cursor at `nowTick`: by level and distance, then until the byte budget is met.
   * Of several snapshots at one tick the earliest stays. First and last always stay. Returns how many went. Cost: n log n.
   */
  thin(nowTick: number): number {
    const before = this.size;
    this.drop(this.sameTick());
    const doomed = new Set(ticksToDrop(this.ticks(), nowTick, this.policy));
    this.drop(new Set(this.list.filter(({ tick }) => doomed.has(tick))));
    if (this.bytes > this.policy.byteBudget) this.meetBudget(nowTick);
    return before - this.size;
  }

  private meetBudget(nowTick: number): void {
    const byTick = new Map(this.list.map((snapshot) => [snapshot.tick, snapshot]));
    const doomed = new Set<Snapshot>();
    for (const tick of dropOrder(this.ticks(), nowTick, this.policy)) {
      if (this.bytes <= this.policy.byteBudget) break;
      const snapshot = byTick.get(tick)!;
      doomed.add(snapshot);
      this.release(snapshot);
    }
    this.keepOnly((snapshot) => !doomed.has(snapshot));
  }

  /** Distinct ticks, ascending. The last position may share its tick with one that stays. */
  private ticks(): number[] {
    return [...new Set(this.list.map(({ tick }) => tick))];
  }

  /** Those that have an earlier neighbour at the same tick, the very last excepted. */
  private sameTick(): Set<Snapshot> {
    const last = this.list.length - 1;
    return new Set(this.list.filter((snapshot, i) => i > 0 && i < last && this.list[i - 1]!.tick === snapshot.tick));
  }

  private drop(doomed: ReadonlySet<Snapshot>): void {
    if (doomed.size === 0) return;
    for (const snapshot of doomed) this.release(snapshot);
    this.keepOnly((snapshot) => !doomed.has(snapshot));
  }

  private keepOnly(stays: (snapshot: Snapshot) => boolean): void {
    let kept = 0;
    for (const snapshot of this.list) if (stays(snapshot)) this.list[kept++] = snapshot;
    this.list.length = kept;
  }

  /** Index of the first snapshot after the position. */
  private after(position: Position): number {
    let low = 0;
    let high = this.list.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (comparePositions(this.list[middle]!, position) <= 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private hold(snapshot: Snapshot): void {
    this.bytes += ownBytes(snapshot);
    for (const { pages } of [...snapshot.memories, ...snapshot.tables, snapshot.heap]) {
      for (const chunk of pages) if (chunk !== ZERO_CHUNK && this.chunks.add(chunk)) this.holdChunk(chunk);
    }
    if (!this.frameLists.add(snapshot.frames)) return;
    this.bytes += snapshot.frames.length * REFERENCE_BYTES;
    for (const frame of snapshot.frames) if (this.frames.add(frame)) this.bytes += frameBytes(frame);
  }

  private holdChunk(chunk: Chunk): void {
    this.bytes += chunk.pages.length * REFERENCE_BYTES;
    for (const page of chunk.pages) if (page !== ZERO_PAGE && this.pages.add(page)) this.bytes += pageBytes(page);
  }

  private release(snapshot: Snapshot): void {
    this.bytes -= ownBytes(snapshot);
    for (const { pages } of [...snapshot.memories, ...snapshot.tables, snapshot.heap]) {
      for (const chunk of pages) if (chunk !== ZERO_CHUNK && this.chunks.remove(chunk)) this.releaseChunk(chunk);
    }
    if (!this.frameLists.remove(snapshot.frames)) return;
    this.bytes -= snapshot.frames.length * REFERENCE_BYTES;
    for (const frame of snapshot.frames) if (this.frames.remove(frame)) this.bytes -= frameBytes(frame);
  }

  private releaseChunk(chunk: Chunk): void {
    this.bytes -= chunk.pages.length * REFERENCE_BYTES;
    for (const page of chunk.pages) if (page !== ZERO_PAGE && this.pages.remove(page)) this.bytes -= pageBytes(page);
  }
}

/** What is counted per snapshot, shared or not: small lists. */
function ownBytes({ memories, tables, globals, heap }: Snapshot): number {
  let bytes = SNAPSHOT_OVERHEAD_BYTES + globals.byteLength;
  for (const { pages } of [...memories, ...tables, heap]) bytes += pages.length * REFERENCE_BYTES;
  return bytes;
}

function pageBytes(page: Page): number {
  return page.byteLength + PAGE_OVERHEAD_BYTES;
}

function frameBytes(frame: FrameState): number {
  return frame.slots.byteLength + FRAME_OVERHEAD_BYTES;
}
