/**
 * The stored form of many snapshots: header, blocks, index, footer. Pages, chunks and shapes are stored once however many
 * snapshots share them; each block is compressed and checksummed by itself, so that one snapshot is read without the rest.
 * Layout, all integers little-endian, "number" as in bytes.ts:
 *
 *   header   8 bytes MAGIC · u32 version · u32 bytes of a page · text identity · u32 CRC-32 of all before
 *   block    u8 kind · u32 stored bytes · u32 raw bytes · u32 CRC-32 of kind, raw bytes (u32) and stored bytes · deflated content
 *   footer   u32 offset of the index block, low and high half · u32 CRC-32 of these · 8 bytes END_MAGIC
 *
 *   Pages    whole pages one after another          ids 1, 2, 3, … over the file; 0 is the page of zeros
 *   Chunks   runs of page ids, see encodeChunk      ids 1, 2, 3, …; 0 is the chunk of zeros
 *   Shape    encodeShape                            ids 0, 1, 2, …
 *   Machine  encodeMachine
 *   Notes    bytes that mean something to whoever wrote them
 *   Ticks    of successive events, each as the number of ticks since the one before; of the first since 0
 *   Index    of each kind the blocks in order: offset, and what Entry says; Ticks only when there are some
 *
 * This file is the writer and what it shares with the reader (reader.ts). Nothing here reads storage.
 */
import crc32 from "crc-32";
import { deflateSync } from "fflate";
import { SNAPSHOT_PAGE_BYTES } from "../vm/memory.ts";
import { ByteWriter, wordBytes } from "./bytes.ts";
import { isDense } from "./density.ts";
import { chunkDigest, digest, hex, pageDigest } from "./digest.ts";
import { SnapshotError } from "./errors.ts";
import { type Chunk, type Page, ZERO_CHUNK, ZERO_PAGE } from "./pages.ts";
import { encodeMachine, encodeShape } from "./record.ts";
import type { Position, Shape, Snapshot } from "./tree.ts";

export const MAGIC = "rewasmSN";
export const END_MAGIC = "rewasmNS";
/** Rises whenever a file of before can no longer be read or would mean something else. */
export const CONTAINER_VERSION = 2;
export const BLOCK_HEADER_BYTES = 13;
export const FOOTER_BYTES = 20;
/** Pages and chunks of one block at most: 256 KiB of pages. */
export const PAGES_PER_BLOCK = 64;
export const CHUNKS_PER_BLOCK = 256;
/** Events of one block of ticks at most. */
export const TICKS_PER_BLOCK = 1 << 16;
export const MAX_NOTES_BYTES = 1 << 24;
/** Most raw bytes of a block. */
export const MAX_RAW_BYTES = 1 << 28;

export const Kind = { Pages: 1, Chunks: 2, Shape: 3, Machine: 4, Index: 5, Ticks: 6, Notes: 7 } as const;
export type Kind = (typeof Kind)[keyof typeof Kind];

/** Takes the bytes in order and is done with the array when it returns. */
export interface ByteSink {
  write(bytes: Uint8Array): void;
}

/** A block of pages or chunks holds `count` objects; ids continue from block to block. */
export interface GroupEntry {
  readonly offset: number;
  readonly count: number;
}
export interface MachineEntry extends Position {
  readonly offset: number;
}
export interface Index {
  readonly pages: readonly GroupEntry[];
  readonly chunks: readonly GroupEntry[];
  /** Offsets of shapes. */
  readonly shapes: readonly number[];
  readonly machines: readonly MachineEntry[];
  /** Blocks of ticks of events, from event 0 on. */
  readonly ticks: readonly GroupEntry[];
  /** Offset of the notes, or 0. */
  readonly notes: number;
}

export function checksum(...parts: readonly Uint8Array[]): number {
  let crc = 0;
  for (const part of parts) crc = crc32.buf(part, crc);
  return crc >>> 0;
}

/** What a block's checksum is over, besides its stored bytes. */
export function blockSeed(kind: Kind, rawBytes: number): Uint8Array {
  const seed = new ByteWriter(5);
  seed.u8(kind);
  seed.u32(rawBytes);
  return seed.view();
}

/**
 * Runs of ids: a number 2 · length + step, then the first id as the distance from the id after the run before. Step 0
 * repeats the id, step 1 counts up.
 */
export function encodeChunk(out: ByteWriter, ids: readonly number[]): void {
  let expected = 0;
  for (let at = 0; at < ids.length; ) {
    const first = ids[at]!;
    const step = ids[at + 1] === first ? 0 : 1;
    let end = at + 1;
    while (end < ids.length && ids[end] === ids[end - 1]! + step) end++;
    out.number((end - at) * 2 + step);
    out.signed(first - expected);
    expected = ids[end - 1]! + 1;
    at = end;
  }
}

/** Numbers objects: those met before (the same object, or the same content by digest) have a number already. */
class Numbering<T extends object> {
  private readonly byObject = new Map<T, number>();
  private readonly byContent = new Map<string, number>();
  private next: number;
  private readonly digest: (item: T) => Uint8Array;

  constructor(first: number, digest: (item: T) => Uint8Array) {
    this.next = first;
    this.digest = digest;
  }

  set(item: T, id: number): void {
    this.byObject.set(item, id);
    this.byContent.set(hex(this.digest(item)), id);
  }

  get(item: T): number | undefined {
    const known = this.byObject.get(item);
    if (known !== undefined) return known;
    const same = this.byContent.get(hex(this.digest(item)));
    if (same !== undefined) this.byObject.set(item, same);
    return same;
  }

  add(item: T): number {
    this.set(item, this.next);
    return this.next++;
  }
}

export interface WriterOptions {
  /** Names what the snapshots belong to, for instance the hash of a trace; a reader may insist on it. */
  readonly identity?: string;
  /** Deflate level 0 to 9; default 1: 1.4% larger than 6 on the memory of a speech synthesizer, and faster. */
  readonly level?: 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9;
}

/** Writes snapshots of one execution into a sink: `add` in any order, then `finish` once. */
export class SnapshotWriter {
  private readonly sink: ByteSink;
  private readonly level: NonNullable<WriterOptions["level"]>;
  private offset = 0;
  private finished = false;
  private readonly pageIds = new Numbering<Page>(1, pageDigest);
  private readonly chunkIds = new Numbering<Chunk>(1, chunkDigest);
  private readonly shapeIds = new Map<string, number>();
  private readonly knownShapes = new Map<Shape, number>();
  private readonly pages: GroupEntry[] = [];
  private readonly chunks: GroupEntry[] = [];
  private readonly shapes: number[] = [];
  private readonly machines: MachineEntry[] = [];
  private readonly ticks: GroupEntry[] = [];
  private notes = 0;

  constructor(sink: ByteSink, options: WriterOptions = {}) {
    this.sink = sink;
    this.level = options.level ?? 1;
    this.pageIds.set(ZERO_PAGE, 0);
    this.chunkIds.set(ZERO_CHUNK, 0);
    const header = new ByteWriter();
    header.bytes(ascii(MAGIC));
    header.u32(CONTAINER_VERSION);
    header.u32(SNAPSHOT_PAGE_BYTES);
    header.text(options.identity ?? "");
    header.u32(checksum(header.view()));
    this.put(header.view());
  }

  /** Stores a snapshot with whatever of it is not stored yet. Cost: hashing and compressing that. */
  add(snapshot: Snapshot): void {
    if (this.finished) throw new SnapshotError("snapshot-use", "the file of snapshots is finished");
    const news = new Set<Chunk>();
    for (const { pages } of [...snapshot.memories, ...snapshot.tables, snapshot.heap]) {
      for (const chunk of pages) if (this.chunkIds.get(chunk) === undefined) news.add(chunk);
    }
    this.addPages(news);
    this.addChunks([...news]);
    const shapeId = this.shapeId(snapshot.shape);
    const record = new ByteWriter();
    encodeMachine(record, snapshot, {
      shape: (out) => out.number(shapeId),
      chunk: (out, chunk) => out.number(this.chunkIds.get(chunk)!),
    });
    this.machines.push({ tick: snapshot.tick, event: snapshot.event, offset: this.block(Kind.Machine, record.view()) });
  }

  /** Stores the ticks of all events of a trace that does not know them itself: one for each event, ascending. At most once. */
  addTicks(ticks: Float64Array): void {
    if (this.finished || this.ticks.length > 0)
      throw new SnapshotError("snapshot-use", "ticks are stored once, before the file is finished");
    let last = 0;
    for (let from = 0; from < ticks.length; from += TICKS_PER_BLOCK) {
      const part = ticks.subarray(from, from + TICKS_PER_BLOCK);
      const raw = new ByteWriter(part.length * 4);
      for (const tick of part) {
        raw.number(tick - last);
        last = tick;
      }
      this.ticks.push({ offset: this.block(Kind.Ticks, raw.view()), count: part.length });
    }
  }

  /** Stores bytes that the snapshots come with, at most MAX_NOTES_BYTES. At most once. */
  addNotes(notes: Uint8Array): void {
    if (this.finished || this.notes > 0) throw new SnapshotError("snapshot-use", "notes are stored once, before the file is finished");
    if (notes.length > MAX_NOTES_BYTES) throw new SnapshotError("snapshot-use", `notes of ${notes.length} bytes are too long`);
    this.notes = this.block(Kind.Notes, notes);
  }

  /** Writes the index. Without it nothing can be read. */
  finish(): void {
    if (this.finished) throw new SnapshotError("snapshot-use", "the file of snapshots is finished");
    this.finished = true;
    const index = new ByteWriter();
    for (const groups of [this.pages, this.chunks]) {
      index.number(groups.length);
      for (const { offset, count } of groups) {
        index.number(offset);
        index.number(count);
      }
    }
    index.number(this.shapes.length);
    for (const offset of this.shapes) index.number(offset);
    index.number(this.machines.length);
    for (const { tick, event, offset } of this.machines) {
      index.number(tick);
      index.number(event);
      index.number(offset);
    }
    // Absent in files that have neither.
    if (this.ticks.length > 0 || this.notes > 0) {
      index.number(this.ticks.length);
      for (const { offset, count } of this.ticks) {
        index.number(offset);
        index.number(count);
      }
      if (this.notes > 0) index.number(this.notes);
    }
    const offset = this.block(Kind.Index, index.view());
    const footer = new ByteWriter(FOOTER_BYTES);
    footer.u32(offset % 2 ** 32);
    footer.u32(Math.floor(offset / 2 ** 32));
    footer.u32(checksum(footer.view()));
    footer.bytes(ascii(END_MAGIC));
    this.put(footer.view());
  }

  private addPages(chunks: Iterable<Chunk>): void {
    let group: Page[] = [];
    for (const chunk of chunks) {
      for (const page of chunk.pages) {
        if (this.pageIds.get(page) !== undefined) continue;
        this.pageIds.add(page);
        group.push(page);
        if (group.length < PAGES_PER_BLOCK) continue;
        this.pageBlock(group);
        group = [];
      }
    }
    if (group.length > 0) this.pageBlock(group);
  }

  private pageBlock(group: readonly Page[]): void {
    const raw = new Uint8Array(group.length * SNAPSHOT_PAGE_BYTES);
    for (const [i, page] of group.entries()) raw.set(wordBytes(page), i * SNAPSHOT_PAGE_BYTES);
    this.pages.push({ offset: this.block(Kind.Pages, raw), count: group.length });
  }

  private addChunks(chunks: readonly Chunk[]): void {
    for (let from = 0; from < chunks.length; from += CHUNKS_PER_BLOCK) {
      const group = chunks.slice(from, from + CHUNKS_PER_BLOCK).filter((chunk) => this.chunkIds.get(chunk) === undefined);
      const raw = new ByteWriter();
      for (const chunk of group) {
        this.chunkIds.add(chunk);
        encodeChunk(
          raw,
          chunk.pages.map((page) => this.pageIds.get(page)!),
        );
      }
      if (group.length > 0) this.chunks.push({ offset: this.block(Kind.Chunks, raw.view()), count: group.length });
    }
  }

  private shapeId(shape: Shape): number {
    const known = this.knownShapes.get(shape);
    if (known !== undefined) return known;
    const raw = new ByteWriter();
    encodeShape(raw, shape);
    const key = hex(digest(raw.view()));
    let id = this.shapeIds.get(key);
    if (id === undefined) {
      id = this.shapes.push(this.block(Kind.Shape, raw.view())) - 1;
      this.shapeIds.set(key, id);
    }
    this.knownShapes.set(shape, id);
    return id;
  }

  /** Writes a block; returns its offset. */
  private block(kind: Kind, raw: Uint8Array): number {
    const { offset } = this;
    if (raw.length > MAX_RAW_BYTES)
      throw new SnapshotError("snapshot-use", `a snapshot with ${raw.length} bytes of frames is too large to be stored`);
    const stored = deflateSync(raw, { level: isDense(raw) ? 0 : this.level });
    const header = new ByteWriter(BLOCK_HEADER_BYTES);
    header.u8(kind);
    header.u32(stored.length);
    header.u32(raw.length);
    header.u32(checksum(blockSeed(kind, raw.length), stored));
    this.put(header.view());
    this.put(stored);
    return offset;
  }

  private put(bytes: Uint8Array): void {
    this.sink.write(bytes);
    this.offset += bytes.length;
  }
}

export function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}
