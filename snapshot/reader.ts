/**
 * Reads stored snapshots (layout: container.ts) from byte ranges, lazily: opening reads header, footer and index, loading a
 * snapshot reads the blocks that it needs and no others. Snapshots that were loaded share their pages while they live.
 *
 * Reading is written once as a generator that asks for byte ranges, and driven by synchronous or asynchronous storage.
 */
import { inflateSync } from "fflate";
import { SNAPSHOT_PAGE_BYTES } from "../vm/memory.ts";
import { ByteReader, corrupt, wordBytes } from "./bytes.ts";
import { checkSnapshot } from "./check.ts";
import {
  ascii,
  BLOCK_HEADER_BYTES,
  blockSeed,
  CHUNKS_PER_BLOCK,
  CONTAINER_VERSION,
  checksum,
  END_MAGIC,
  FOOTER_BYTES,
  type GroupEntry,
  type Index,
  Kind,
  MAGIC,
  MAX_NOTES_BYTES,
  MAX_RAW_BYTES,
  type MachineEntry,
  PAGES_PER_BLOCK,
  TICKS_PER_BLOCK,
} from "./container.ts";
import { SnapshotError } from "./errors.ts";
import { CHUNK_PAGES, Chunk, PAGE_WORDS, type Page, ZERO_CHUNK, ZERO_PAGE } from "./pages.ts";
import { decodeMachine, decodeShape, type MachineRecord } from "./record.ts";
import { comparePositions, type Position, type Shape, type Snapshot } from "./tree.ts";

/** Random access to stored bytes. Its length must not change; the bytes it returns are not written. */
export interface SnapshotStorage {
  readonly byteLength: number;
  read(offset: number, length: number): Uint8Array | Promise<Uint8Array>;
}

interface Range {
  readonly offset: number;
  readonly length: number;
}
/** Asks for byte ranges and is given their bytes. */
type Reading<T> = Generator<Range, T, Uint8Array>;

/** Deflate cannot expand by more than this. */
const MAX_EXPANSION = 1032;
/** Most chunks that one snapshot may refer to: 2 TiB of memories. */
const MAX_CHUNK_REFERENCES = 1 << 20;
/** Bytes of the fixed part of the header. */
const HEADER_BYTES = 16;
const MAX_IDENTITY_BYTES = 1 << 16;

export class SnapshotReader {
  /** What the writer was given as identity. */
  readonly identity: string;
  /** Of all stored snapshots, in order. */
  readonly positions: readonly Position[];
  private readonly machines: readonly MachineEntry[];
  private readonly source: SnapshotStorage;
  private readonly pages: Groups<Page>;
  private readonly chunks: Groups<Chunk>;
  private readonly shapeOffsets: readonly number[];
  private readonly tickBlocks: readonly GroupEntry[];
  private readonly notesOffset: number;
  private readonly shapes = new Map<number, Shape>();

  private constructor(source: SnapshotStorage, identity: string, index: Index) {
    this.source = source;
    this.identity = identity;
    this.machines = [...index.machines].sort(comparePositions);
    this.positions = this.machines.map(({ tick, event }) => ({ tick, event }));
    this.pages = new Groups(index.pages, ZERO_PAGE);
    this.chunks = new Groups(index.chunks, ZERO_CHUNK);
    this.shapeOffsets = index.shapes;
    this.tickBlocks = index.ticks;
    this.notesOffset = index.notes;
  }

  /** The stored notes; undefined when there are none. Throws as `open`. */
  async notes(): Promise<Uint8Array | undefined> {
    if (this.notesOffset === 0) return undefined;
    return drive(this.source, readBlock(this.source, Kind.Notes, this.notesOffset, MAX_NOTES_BYTES));
  }

  /** True when the ticks of a trace's events are stored too. */
  get hasTicks(): boolean {
    return this.tickBlocks.length > 0;
  }

  /** The stored ticks of a trace's events, ascending; none when `hasTicks` is false. Throws as `open`. */
  async loadTicks(): Promise<Float64Array> {
    return drive(this.source, this.loadingTicks());
  }

  /**
   * Opens stored snapshots. Throws SnapshotError "not-a-snapshot", "snapshot-version", "snapshot-corrupt" or
   * "snapshot-storage". Cost: three small reads and the index.
   */
  static async open(storage: SnapshotStorage): Promise<SnapshotReader> {
    return drive(storage, SnapshotReader.opening(storage));
  }

  /** As `open`, for storage that answers at once. */
  static openSync(storage: SnapshotStorage): SnapshotReader {
    return driveSync(storage, SnapshotReader.opening(storage));
  }

  /** Index in `positions` of the latest snapshot not after the position, or -1. */
  nearestAtOrBefore(tick: number, event: number = Number.POSITIVE_INFINITY): number {
    let found = -1;
    for (const [i, position] of this.positions.entries()) if (comparePositions(position, { tick, event }) <= 0) found = i;
    return found;
  }

  /** Snapshot number `index` of `positions`. Throws as `open`. Cost: reading and decompressing what is not in memory. */
  async load(index: number): Promise<Snapshot> {
    return drive(this.source, this.loading(index));
  }

  loadSync(index: number): Snapshot {
    return driveSync(this.source, this.loading(index));
  }

  private static *opening(source: SnapshotStorage): Reading<SnapshotReader> {
    const { byteLength } = source;
    const start = yield { offset: 0, length: Math.min(byteLength, HEADER_BYTES + MAX_IDENTITY_BYTES) };
    const { identity, headerBytes } = readHeader(start);
    if (byteLength < headerBytes + FOOTER_BYTES) throw corrupt("it ends too early");
    const footer = new ByteReader(yield { offset: byteLength - FOOTER_BYTES, length: FOOTER_BYTES });
    const place = footer.bytes(8);
    if (footer.u32() !== checksum(place) || !sameBytes(footer.bytes(8), ascii(END_MAGIC))) throw corrupt("its end is missing");
    const half = new ByteReader(place);
    const offset = half.u32() + half.u32() * 2 ** 32;
    const raw = yield* readBlock(source, Kind.Index, offset, MAX_RAW_BYTES);
    return new SnapshotReader(source, identity, readIndex(new ByteReader(raw)));
  }

  private *loading(index: number): Reading<Snapshot> {
    const entry = this.machines[index];
    if (entry === undefined) throw new SnapshotError("snapshot-use", `there is no stored snapshot ${index}`);
    const input = new ByteReader(yield* readBlock(this.source, Kind.Machine, entry.offset, MAX_RAW_BYTES));
    const { shapeId, tables, memories, ...machine } = decodeMachine(input);
    input.end();
    if (machine.tick !== entry.tick) throw corrupt("the index has another tick than the snapshot");
    const shape = yield* this.shape(shapeId);
    const heap = memories.at(-1);
    if (heap === undefined) throw corrupt("it has no heap");
    const chunks = yield* this.loadChunks(referencedChunks({ tables, memories }));
    const table = (ids: readonly number[]) => ids.map((id) => chunks.get(id)!);
    const snapshot: Snapshot = {
      ...machine,
      event: entry.event,
      shape,
      tables: tables.map(({ length, chunkIds }) => ({ length, pages: table(chunkIds) })),
      memories: memories.slice(0, -1).map(({ pageCount, chunkIds }) => ({ pageCount, pages: table(chunkIds) })),
      heap: { pageCount: heap.pageCount, pages: table(heap.chunkIds) },
    };
    checkSnapshot(snapshot);
    return snapshot;
  }

  private *loadingTicks(): Reading<Float64Array> {
    const parts: number[][] = [];
    let tick = 0;
    for (const { offset, count } of this.tickBlocks) {
      const input = new ByteReader(yield* readBlock(this.source, Kind.Ticks, offset, count * MAX_TICK_BYTES));
      const part: number[] = [];
      for (let i = 0; i < count; i++) {
        tick += input.number();
        part.push(tick);
      }
      if (!Number.isSafeInteger(tick)) throw corrupt("a tick is beyond 2^53");
      input.end();
      parts.push(part);
    }
    return Float64Array.from(parts.flat());
  }

  private *shape(id: number): Reading<Shape> {
    const known = this.shapes.get(id);
    if (known !== undefined) return known;
    const offset = this.shapeOffsets[id];
    if (offset === undefined) throw corrupt(`there is no shape ${id}`);
    const input = new ByteReader(yield* readBlock(this.source, Kind.Shape, offset, MAX_RAW_BYTES));
    const shape = decodeShape(input);
    input.end();
    this.shapes.set(id, shape);
    return shape;
  }

  private *loadChunks(wanted: ReadonlySet<number>): Reading<ReadonlyMap<number, Chunk>> {
    const { found, missing } = this.chunks.find(wanted);
    const idLists = new Map<number, readonly number[]>();
    for (const group of missing) {
      const { offset, count, firstId } = group;
      const input = new ByteReader(yield* readBlock(this.source, Kind.Chunks, offset, MAX_RAW_BYTES));
      for (let id = firstId; id < firstId + count; id++) {
        const pageIds = readChunk(input, this.pages.end);
        if (wanted.has(id) && !found.has(id)) idLists.set(id, pageIds);
      }
      input.end();
    }
    const pages = yield* this.loadPages(new Set([...idLists.values()].flat()));
    for (const [id, pageIds] of idLists) {
      const chunk = new Chunk(pageIds.map((pageId) => pages.get(pageId)!));
      this.chunks.remember(id, chunk);
      found.set(id, chunk);
    }
    return found;
  }

  private *loadPages(wanted: ReadonlySet<number>): Reading<ReadonlyMap<number, Page>> {
    const { found, missing } = this.pages.find(wanted);
    for (const { offset, count, firstId } of missing) {
      const raw = yield* readBlock(this.source, Kind.Pages, offset, count * SNAPSHOT_PAGE_BYTES);
      if (raw.length !== count * SNAPSHOT_PAGE_BYTES) throw corrupt("a block of pages has the wrong size");
      for (let i = 0; i < count; i++) {
        const id = firstId + i;
        if (!wanted.has(id) || found.has(id)) continue;
        const page: Page = new Int32Array(PAGE_WORDS);
        wordBytes(page).set(raw.subarray(i * SNAPSHOT_PAGE_BYTES, (i + 1) * SNAPSHOT_PAGE_BYTES));
        this.pages.remember(id, page);
        found.set(id, page);
      }
    }
    return found;
  }
}

/** Most bytes of a number below 2^53. */
const MAX_TICK_BYTES = 8;

interface Group extends GroupEntry {
  readonly firstId: number;
}

/** The numbered objects of one kind: where they are stored, and those that are still in memory. */
class Groups<T extends object> {
  /** Past the last id. */
  readonly end: number;
  private readonly groups: readonly Group[];
  private readonly alive = new Map<number, WeakRef<T>>();
  private readonly zero: T;

  constructor(entries: readonly GroupEntry[], zero: T) {
    let next = 1;
    this.groups = entries.map(({ offset, count }) => {
      next += count;
      return { offset, count, firstId: next - count };
    });
    this.end = next;
    this.zero = zero;
  }

  /** What is in memory of the wanted ids, and the groups that hold the others. Throws for ids that do not exist. */
  find(wanted: ReadonlySet<number>): { readonly found: Map<number, T>; readonly missing: readonly Group[] } {
    const found = new Map<number, T>();
    const missing = new Set<Group>();
    for (const id of wanted) {
      const item = id === 0 ? this.zero : this.alive.get(id)?.deref();
      if (item !== undefined) found.set(id, item);
      else missing.add(this.groupOf(id));
    }
    return { found, missing: [...missing].sort((a, b) => a.offset - b.offset) };
  }

  remember(id: number, item: T): void {
    this.alive.set(id, new WeakRef(item));
  }

  private groupOf(id: number): Group {
    let low = 0;
    let high = this.groups.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.groups[middle]!.firstId <= id) low = middle + 1;
      else high = middle;
    }
    const group = this.groups[low - 1];
    if (group === undefined || id >= this.end) throw corrupt(`it refers to an object ${id} that is not stored`);
    return group;
  }
}

function readHeader(start: Uint8Array): { identity: string; headerBytes: number } {
  const magic = ascii(MAGIC);
  if (!sameBytes(start.subarray(0, magic.length), magic)) throw new SnapshotError("not-a-snapshot", "these bytes are no stored snapshots");
  const header = new ByteReader(start);
  header.bytes(magic.length);
  const version = header.u32();
  if (version !== CONTAINER_VERSION) {
    throw new SnapshotError("snapshot-version", `snapshots of format version ${version}; this program reads version ${CONTAINER_VERSION}`);
  }
  const pageBytes = header.u32();
  if (pageBytes !== SNAPSHOT_PAGE_BYTES) {
    throw new SnapshotError("snapshot-version", `snapshots with pages of ${pageBytes} bytes; this program has ${SNAPSHOT_PAGE_BYTES}`);
  }
  const identity = header.text();
  const length = start.length - header.left;
  if (header.u32() !== checksum(start.subarray(0, length))) throw corrupt("its header's checksum is wrong");
  return { identity, headerBytes: length + 4 };
}

function readIndex(input: ByteReader): Index {
  const groups = (most: number) =>
    input.list(2, () => {
      const offset = input.number();
      const count = input.number(most);
      return { offset, count };
    });
  const index: Index = {
    pages: groups(PAGES_PER_BLOCK),
    chunks: groups(CHUNKS_PER_BLOCK),
    shapes: input.list(1, () => input.number()),
    machines: input.list(3, () => ({ tick: input.number(), event: input.number(), offset: input.number() })),
    ticks: input.left === 0 ? [] : groups(TICKS_PER_BLOCK),
    notes: input.left === 0 ? 0 : input.number(),
  };
  input.end();
  return index;
}

function* readBlock(source: SnapshotStorage, kind: Kind, offset: number, maxRawBytes: number): Reading<Uint8Array> {
  if (offset + BLOCK_HEADER_BYTES > source.byteLength) throw corrupt("a block lies outside of the file");
  const header = new ByteReader(yield { offset, length: BLOCK_HEADER_BYTES });
  const foundKind = header.u8();
  const storedBytes = header.u32();
  const rawBytes = header.u32();
  const crc = header.u32();
  if (foundKind !== kind) throw corrupt(`there is a block of kind ${foundKind} where kind ${kind} should be`);
  if (offset + BLOCK_HEADER_BYTES + storedBytes > source.byteLength) throw corrupt("a block ends outside of the file");
  if (rawBytes > Math.min(maxRawBytes, storedBytes * MAX_EXPANSION)) throw corrupt(`a block announces ${rawBytes} bytes`);
  const stored = yield { offset: offset + BLOCK_HEADER_BYTES, length: storedBytes };
  if (checksum(blockSeed(kind, rawBytes), stored) !== crc) throw corrupt("a block's checksum is wrong");
  return inflate(stored, rawBytes);
}

function inflate(stored: Uint8Array, rawBytes: number): Uint8Array {
  let raw: Uint8Array;
  try {
    raw = inflateSync(stored, { out: new Uint8Array(rawBytes) });
  } catch {
    throw corrupt("a block cannot be decompressed");
  }
  if (raw.length !== rawBytes) throw corrupt("a block has another size than it announces");
  return raw;
}

/** Page ids of a chunk, as encodeChunk wrote them. */
function readChunk(input: ByteReader, endId: number): number[] {
  const ids: number[] = [];
  let expected = 0;
  while (ids.length < CHUNK_PAGES) {
    const run = input.number((CHUNK_PAGES - ids.length) * 2 + 1);
    const step = run % 2;
    const count = (run - step) / 2;
    const first = expected + input.signed(-endId, endId);
    if (count === 0 || first < 0 || first + (count - 1) * step >= endId) throw corrupt("a chunk refers to pages that are not stored");
    for (let i = 0; i < count; i++) ids.push(first + i * step);
    expected = first + (count - 1) * step + 1;
  }
  return ids;
}

function referencedChunks({ tables, memories }: Pick<MachineRecord, "tables" | "memories">): Set<number> {
  let total = 0;
  const ids = new Set<number>();
  for (const { chunkIds } of [...tables, ...memories]) {
    total += chunkIds.length;
    if (total > MAX_CHUNK_REFERENCES) throw corrupt("it refers to more memory than is possible");
    for (const id of chunkIds) ids.add(id);
  }
  return ids;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

function insistOn(bytes: Uint8Array, { length }: Range): Uint8Array {
  if (bytes.length === length) return bytes;
  throw new SnapshotError("snapshot-storage", `the storage returned ${bytes.length} bytes instead of ${length}`);
}

async function drive<T>(storage: SnapshotStorage, reading: Reading<T>): Promise<T> {
  let step = reading.next();
  while (!step.done) step = reading.next(insistOn(await storage.read(step.value.offset, step.value.length), step.value));
  return step.value;
}

function driveSync<T>(storage: SnapshotStorage, reading: Reading<T>): T {
  let step = reading.next();
  while (!step.done) {
    const bytes = storage.read(step.value.offset, step.value.length);
    if (!(bytes instanceof Uint8Array))
      throw new SnapshotError("snapshot-use", "this storage answers later: open it with open, not openSync");
    step = reading.next(insistOn(bytes, step.value));
  }
  return step.value;
}
