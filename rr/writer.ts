/**
 * Writes a trace as a stream: events into chunks, module bytes, and at the end the index. Chunks end by bytes and ticks,
 * or by `flush`, never by time, so equal calls give equal bytes. The sink is not touched before the first chunk is due.
 */
import { sha256 } from "@noble/hashes/sha2";
import { bytesToHex } from "@noble/hashes/utils";
import { ByteWriter, MAX_NUMBER_BYTES } from "./codec.ts";
import { TraceError } from "./errors.ts";
import type { TraceEvent } from "./event.ts";
import { encodeEvent } from "./event-codec.ts";
import type { TraceSink } from "./storage.ts";
import {
  type ChunkEntry,
  ChunkKind,
  type Deflate,
  EndReason,
  EVENTS_CHUNK_BYTES,
  EVENTS_CHUNK_TICKS,
  encodeChunk,
  encodeFileHead,
  encodeHeader,
  encodeIndex,
  encodeOutcome,
  encodeTrailer,
  MODULE_COMPRESSED_BYTES,
  MODULE_PART_BYTES,
  portableDeflate,
  type TraceHeader,
  type TraceOutcome,
  versionOf,
} from "./trace-format.ts";

export class TraceWriter {
  readonly header: TraceHeader;
  /** The open events chunk. Whoever writes an event writes its fields here, between `begin` and `end`. */
  readonly out = new ByteWriter(EVENTS_CHUNK_BYTES + 4096);
  /** Events begun so far: the number of the next event. */
  eventCount = 0;
  /** Bytes given to the sink. */
  byteLength = 0;
  /** Bytes of events before compression, closed chunks and the open one. */
  get rawBytes(): number {
    return this.closedRawBytes + this.out.length;
  }

  private readonly sink: TraceSink;
  private readonly entries: ChunkEntry[] = [];
  /** Content number by SHA-256, so that equal modules are stored once. */
  private readonly contents = new Map<string, number>();
  private moduleCount = 0;
  private closedRawBytes = 0;
  private chunkFirstEvent = 0;
  private chunkFirstTick = 0;
  private lastTick = 0;
  private finished = false;

  private readonly deflate: Deflate;

  /** `deflate` compresses in place of the portable way; what it makes may differ, what it means may not. */
  constructor(sink: TraceSink, header: TraceHeader, deflate: Deflate = portableDeflate) {
    this.sink = sink;
    this.deflate = deflate;
    this.header = header;
  }

  /** Begins an event: kind byte and time. The caller then writes effects and fields into `out` and calls `end`. */
  begin(kindByte: number, tick: number): void {
    const { out } = this;
    if (out.length === 0) {
      this.chunkFirstEvent = this.eventCount;
      this.chunkFirstTick = tick;
      this.lastTick = tick;
    }
    out.reserve(MAX_NUMBER_BYTES + 1);
    out.bytes[out.length++] = kindByte;
    const delta = tick - this.lastTick;
    if (delta < 128) out.bytes[out.length++] = delta;
    else out.number(delta);
    this.lastTick = tick;
    this.eventCount++;
  }

  /** Ticks between the first event of the open chunk and `tick`. */
  openTicks(tick: number): number {
    return this.out.length === 0 ? 0 : tick - this.chunkFirstTick;
  }

  /** Ends the event that was begun; writes the chunk when it is full. */
  end(): void {
    if (this.out.length >= EVENTS_CHUNK_BYTES || this.lastTick - this.chunkFirstTick >= EVENTS_CHUNK_TICKS) this.flush();
  }

  /** Appends a whole event; its number must be the next one. For tools and tests: the recorder does not make records. */
  append(event: TraceEvent): void {
    if (event.number !== this.eventCount) throw new TraceError("trace-use", `event #${event.number} appended as #${this.eventCount}`);
    const { out } = this;
    if (out.length === 0) {
      this.chunkFirstEvent = event.number;
      this.chunkFirstTick = event.tick;
      this.lastTick = event.tick;
    }
    encodeEvent(out, event, this.lastTick);
    this.lastTick = event.tick;
    this.eventCount++;
    this.end();
  }

  /** Writes the events that are still open as a chunk of their own. */
  flush(): void {
    const { out } = this;
    if (out.length === 0) return;
    const eventCount = this.eventCount - this.chunkFirstEvent;
    const { chunkFirstTick: firstTick, lastTick } = this;
    this.chunk({ kind: ChunkKind.Events, eventCount, firstEvent: this.chunkFirstEvent, firstTick, lastTick }, out.view());
    this.closedRawBytes += out.length;
    out.clear();
  }

  /**
   * Stores the bytes of the next module (they count from 0, in the order of their events), in parts, so that no copy
   * of the whole is made. Bytes stored before are only named again. Cost: SHA-256 of the bytes, and compression of small ones.
   */
  module(bytes: Uint8Array): void {
    // Chunks stay in order of events and ticks.
    this.flush();
    const hash = sha256(bytes);
    const key = bytesToHex(hash);
    const moduleIndex = this.moduleCount++;
    const content = this.contents.get(key) ?? moduleIndex;
    const out = new ByteWriter(64);
    out.number(content);
    out.number(bytes.length);
    out.raw(hash);
    this.marker(ChunkKind.Module, out.view());
    if (content !== moduleIndex) return;
    this.contents.set(key, moduleIndex);
    for (let at = 0; at < bytes.length; at += MODULE_PART_BYTES) {
      this.marker(ChunkKind.ModuleData, bytes.subarray(at, at + MODULE_PART_BYTES), bytes.length <= MODULE_COMPRESSED_BYTES);
    }
  }

  /** Says how the program ended, where events do not tell. At most once, before `finish`. */
  outcome(outcome: TraceOutcome): void {
    this.flush();
    this.marker(ChunkKind.Outcome, encodeOutcome(outcome));
  }

  /** Ends the trace at `endTick`, the machine's tick: open events, end mark, index, trailer; closes the sink. */
  finish(endTick: number, reason: EndReason = EndReason.Finished): void {
    if (this.finished) throw new TraceError("trace-use", "the trace is finished already");
    this.flush();
    this.finished = true;
    this.lastTick = endTick;
    this.marker(ChunkKind.End, reason === EndReason.Finished ? new Uint8Array(0) : Uint8Array.of(reason));
    const indexOffset = this.byteLength;
    this.marker(ChunkKind.Index, encodeIndex(this.entries));
    this.write(encodeTrailer(indexOffset));
    this.sink.close?.();
  }

  /** A chunk without events. */
  private marker(kind: ChunkKind, raw: Uint8Array, compress = true): void {
    const { eventCount: firstEvent, lastTick } = this;
    this.chunk({ kind, eventCount: 0, firstEvent, firstTick: lastTick, lastTick }, raw, compress);
  }

  private chunk(label: Omit<ChunkEntry, "offset" | "storedBytes">, raw: Uint8Array, compress = true): void {
    if (this.byteLength === 0) {
      this.write(encodeFileHead(versionOf(this.header)));
      this.chunk({ kind: ChunkKind.Header, eventCount: 0, firstEvent: 0, firstTick: 0, lastTick: 0 }, encodeHeader(this.header));
    }
    const { head, stored } = encodeChunk(label, raw, compress, this.deflate);
    const entry = { ...label, offset: this.byteLength, storedBytes: stored.length };
    this.write(head);
    this.write(stored);
    this.entries.push(entry);
  }

  private write(bytes: Uint8Array): void {
    this.sink.write(bytes);
    this.byteLength += bytes.length;
  }
}
