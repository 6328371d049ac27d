/**
 * Reads a trace from a storage by ranges, never as a whole: settings, chunk index, modules and events. Every length is
 * checked against the storage before anything is allocated. What a kill cut off is not missed; what is damaged is told.
 */
import { sha256 } from "@noble/hashes/sha2";
import { bytesToHex } from "@noble/hashes/utils";
import { ByteReader } from "./codec.ts";
import { TraceError } from "./errors.ts";
import type { TraceEvent } from "./event.ts";
import { decodeEvent } from "./event-codec.ts";
import { readRange, type TraceStorage } from "./storage.ts";
import {
  CHUNK_HEAD_BYTES,
  type ChunkEntry,
  type ChunkHead,
  ChunkKind,
  checkFileHead,
  decodeChunk,
  decodeChunkHead,
  decodeHeader,
  decodeIndex,
  decodeOutcome,
  decodeTrailer,
  EndReason,
  FILE_HEAD_BYTES,
  MODULE_PART_BYTES,
  TRAILER_BYTES,
  type TraceHeader,
  type TraceOutcome,
} from "./trace-format.ts";

/** Decoded chunks that are kept: enough for a cursor that moves back and forth over a chunk's border. */
const KEPT_CHUNKS = 8;

/** A module whose bytes are in the trace. */
export interface TraceModule {
  /** Hexadecimal. */
  readonly sha256: string;
  readonly byteLength: number;
  /** Reads and checks the bytes: a new array each time. Throws TraceError "trace-corrupt". */
  load(): Promise<Uint8Array>;
}

/** What `open` found out. */
interface Layout {
  readonly formatVersion: number;
  readonly header: TraceHeader;
  readonly endReason: EndReason;
  readonly entries: readonly ChunkEntry[];
  readonly damage: TraceError | undefined;
}

type Found = Pick<Layout, "entries" | "damage">;

export class TraceReader {
  readonly formatVersion: number;
  readonly header: TraceHeader;
  /** Bytes of the whole trace. */
  readonly byteLength: number;
  /** Events that can be read. */
  readonly eventCount: number;
  /**
   * The last tick that is known: the end of a complete trace, the last event of another. Of a trace without ticks, the
   * last one of those that `assignTicks` was given.
   */
  get tickCount(): number {
    return this.lastTick;
  }
  /** False when events have no ticks: the engine that recorded them did not count, and nobody has assigned any yet. */
  get timed(): boolean {
    return this.header.ticks || this.ticks !== undefined;
  }
  /** The ticks that events were given by `assignTicks`. */
  get assignedTicks(): Float64Array | undefined {
    return this.ticks;
  }
  /** Why a complete trace ends where it does. */
  readonly endReason: EndReason;
  /** The recording was finished: the trace goes to the end of the program, or to where it was interrupted in order. */
  readonly complete: boolean;
  /** Why nothing after the last event can be read, when that is not just where the file ends. */
  readonly damage: TraceError | undefined;
  /** Indexed by the module numbers of events. */
  readonly modules: readonly TraceModule[];
  private readonly storage: TraceStorage;
  private chunks: readonly ChunkEntry[];
  private lastTick: number;
  private readonly outcomeEntry: ChunkEntry | undefined;
  /** Of each event of a trace without ticks, once somebody has found them out. */
  private ticks: Float64Array | undefined;
  /** Decoded events by position in `chunks`, least recently used first. */
  private readonly kept = new Map<number, readonly TraceEvent[]>();

  private constructor(storage: TraceStorage, layout: Layout, modules: readonly TraceModule[]) {
    this.storage = storage;
    this.header = layout.header;
    this.formatVersion = layout.formatVersion;
    this.endReason = layout.endReason;
    this.damage = layout.damage;
    this.byteLength = storage.byteLength;
    this.modules = modules;
    this.chunks = layout.entries.filter((entry) => entry.kind === ChunkKind.Events);
    const last = this.chunks.at(-1);
    this.eventCount = last === undefined ? 0 : last.firstEvent + last.eventCount;
    const end = layout.entries.find((entry) => entry.kind === ChunkKind.End);
    this.complete = end !== undefined;
    this.outcomeEntry = layout.entries.find((entry) => entry.kind === ChunkKind.Outcome);
    this.lastTick = Math.max(end?.lastTick ?? 0, last?.lastTick ?? 0);
  }

  /**
   * Opens a trace: reads its settings and its index, or finds the chunks by their heads when there is no index.
   * Throws TraceError "not-a-trace", "trace-version", "trace-corrupt" or "trace-storage".
   */
  static async open(storage: TraceStorage): Promise<TraceReader> {
    const formatVersion = checkFileHead(await readRange(storage, 0, Math.min(FILE_HEAD_BYTES, storage.byteLength)));
    const found = (await readIndex(storage)) ?? (await scan(storage));
    checkOrder(found.entries);
    const first = found.entries[0];
    if (first?.kind !== ChunkKind.Header) {
      throw found.damage ?? new TraceError("trace-corrupt", "the trace ends before its settings", storage.byteLength);
    }
    const header = decodeHeader(await readChunk(storage, first), first.offset);
    const endReason = await readEndReason(storage, found.entries);
    return new TraceReader(storage, { formatVersion, header, endReason, ...found }, await listModules(storage, found.entries));
  }

  /**
   * Gives the events of a trace without ticks theirs: one for each event, ascending. To be called once, before any event
   * is read that is to have one. Throws TraceError "trace-use" when they do not fit the trace.
   */
  assignTicks(ticks: Float64Array): void {
    if (this.timed || ticks.length !== this.eventCount) {
      throw new TraceError(
        "trace-use",
        `${ticks.length} ticks for the ${this.eventCount} events of a trace that has ${this.timed ? "some" : "none"}`,
      );
    }
    this.ticks = ticks;
    this.kept.clear();
    this.chunks = this.chunks.map((chunk) => {
      const [firstTick, lastTick] = [ticks[chunk.firstEvent]!, ticks[chunk.firstEvent + chunk.eventCount - 1]!];
      return { ...chunk, firstTick, lastTick };
    });
    this.lastTick = ticks.at(-1) ?? 0;
  }

  /** How the program ended, when the trace says more about it than its events. Throws TraceError "trace-corrupt". */
  async outcome(): Promise<TraceOutcome | undefined> {
    const entry = this.outcomeEntry;
    return entry === undefined ? undefined : decodeOutcome(await readChunk(this.storage, entry), entry.offset);
  }

  /** A cursor before event `number`. */
  cursor(number = 0): EventCursor {
    return new EventCursor(this, number);
  }

  /** The events from `first` on, before `end` (not included) when given. Throws TraceError when it meets damage. */
  async *eventsFrom(first = 0, end: number = Number.POSITIVE_INFINITY): AsyncGenerator<TraceEvent> {
    for (let number = first; number < Math.min(end, this.eventCount); ) {
      const at = this.chunkOf(number);
      for (const event of (await this.load(at)).slice(number - this.chunks[at]!.firstEvent)) {
        if (event.number >= end) return;
        yield event;
      }
      number = this.chunks[at]!.firstEvent + this.chunks[at]!.eventCount;
    }
    if (end > this.eventCount && this.damage !== undefined) throw this.damage;
  }

  /** Number of the first event at `tick` or later; `eventCount` when there is none. Cost: at most one chunk. */
  async firstEventAt(tick: number): Promise<number> {
    const at = lowerBound(this.chunks.length, (i) => this.chunks[i]!.lastTick >= tick);
    if (at === this.chunks.length) return this.eventCount;
    const events = await this.load(at);
    const index = lowerBound(events.length, (i) => events[i]!.tick >= tick);
    return this.chunks[at]!.firstEvent + index;
  }

  private decode(raw: Uint8Array, entry: ChunkEntry): readonly TraceEvent[] {
    const { ticks } = this;
    if (ticks === undefined) return decodeEvents(raw, entry);
    const events = decodeEvents(raw, { ...entry, firstTick: 0, lastTick: 0 });
    return events.map((event) => ({ ...event, tick: ticks[event.number]! }));
  }

  /** Position in the list of chunks of the chunk that holds the event, which must exist. */
  private chunkOf(number: number): number {
    return lowerBound(this.chunks.length, (i) => this.chunks[i]!.firstEvent + this.chunks[i]!.eventCount > number);
  }

  /** The events of the chunk that holds event `number`, decoded; undefined when they are not in memory. */
  keptChunk(number: number): readonly TraceEvent[] | undefined {
    return this.kept.get(this.chunkOf(number));
  }

  /** As `keptChunk`, but reads it. */
  loadChunk(number: number): Promise<readonly TraceEvent[]> {
    return this.load(this.chunkOf(number));
  }

  private async load(at: number): Promise<readonly TraceEvent[]> {
    const { kept } = this;
    const events = kept.get(at) ?? this.decode(await readChunk(this.storage, this.chunks[at]!), this.chunks[at]!);
    kept.delete(at);
    kept.set(at, events);
    for (const oldest of kept.keys()) {
      if (kept.size <= KEPT_CHUNKS) break;
      kept.delete(oldest);
    }
    return events;
  }
}

/**
 * A place between two events that moves synchronously while their chunk is in memory. `needsFill` says when it is not:
 * then `await fill()` before `peek`.
 */
export class EventCursor {
  private readonly reader: TraceReader;
  private events: readonly TraceEvent[] = [];
  private index = 0;
  private position: number;

  constructor(reader: TraceReader, number: number) {
    this.reader = reader;
    this.position = number;
  }

  /** Number of the next event. */
  get number(): number {
    return this.position;
  }

  get atEnd(): boolean {
    return this.position >= this.reader.eventCount;
  }

  get needsFill(): boolean {
    return this.index >= this.events.length && this.position < this.reader.eventCount;
  }

  /** The next event is the first of its chunk. */
  get atChunkStart(): boolean {
    return this.index === 0;
  }

  /** Reads the chunk of the next event. Throws TraceError "trace-corrupt" or "trace-storage". */
  async fill(): Promise<void> {
    if (!this.needsFill) return;
    this.use(await this.reader.loadChunk(this.position));
  }

  /** The next event, undefined at the end of the trace and while a fill is needed. */
  peek(): TraceEvent | undefined {
    return this.events[this.index];
  }

  /** Steps over the event that `peek` shows. */
  next(): void {
    this.index++;
    this.position++;
  }

  /** Moves before event `number`. */
  seek(number: number): void {
    this.position = number;
    this.events = [];
    this.index = 0;
    const kept = number < this.reader.eventCount ? this.reader.keptChunk(number) : undefined;
    if (kept !== undefined) this.use(kept);
  }

  private use(events: readonly TraceEvent[]): void {
    this.events = events;
    this.index = this.position - events[0]!.number;
  }
}

/** Smallest i in 0 … count for which `holds(i)`; `holds` is false below it and true from it on. */
function lowerBound(count: number, holds: (i: number) => boolean): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

async function readHead(storage: TraceStorage, offset: number): Promise<ChunkHead | undefined> {
  return decodeChunkHead(await readRange(storage, offset, CHUNK_HEAD_BYTES), offset);
}

/** Raw bytes of a chunk, checked. */
async function readChunk(storage: TraceStorage, entry: Pick<ChunkEntry, "offset" | "storedBytes" | "kind">): Promise<Uint8Array> {
  const bytes = await readRange(storage, entry.offset, CHUNK_HEAD_BYTES + entry.storedBytes);
  const head = decodeChunkHead(bytes, entry.offset);
  if (head === undefined || head.kind !== entry.kind || head.storedBytes !== entry.storedBytes) {
    throw new TraceError("trace-corrupt", "the trace is corrupt: bad chunk head", entry.offset);
  }
  return decodeChunk(bytes, head, entry.offset);
}

/** The index at the end, or undefined when there is none or it is damaged: then the chunks still tell everything. */
async function readIndex(storage: TraceStorage): Promise<Found | undefined> {
  const trailerOffset = storage.byteLength - TRAILER_BYTES;
  if (trailerOffset < FILE_HEAD_BYTES + CHUNK_HEAD_BYTES) return undefined;
  const offset = decodeTrailer(await readRange(storage, trailerOffset, TRAILER_BYTES));
  if (offset === undefined || offset + CHUNK_HEAD_BYTES > trailerOffset) return undefined;
  try {
    const head = await readHead(storage, offset);
    if (head?.kind !== ChunkKind.Index || offset + CHUNK_HEAD_BYTES + head.storedBytes !== trailerOffset) return undefined;
    const { storedBytes } = head;
    const entries = decodeIndex(await readChunk(storage, { kind: ChunkKind.Index, offset, storedBytes }), offset);
    const last = entries.at(-1);
    if (last === undefined || last.offset + CHUNK_HEAD_BYTES + last.storedBytes > offset) return undefined;
    return { entries, damage: undefined };
  } catch (error) {
    if (error instanceof TraceError && error.code === "trace-corrupt") return undefined;
    throw error;
  }
}

/** What the End chunk says; reasons that this reader does not know are none to it. */
async function readEndReason(storage: TraceStorage, entries: readonly ChunkEntry[]): Promise<EndReason> {
  const end = entries.find((entry) => entry.kind === ChunkKind.End);
  if (end === undefined || end.storedBytes === 0) return EndReason.Finished;
  const reason = new ByteReader(await readChunk(storage, end), end.offset).number();
  return reason === EndReason.NativeStackOverflow || reason === EndReason.UncheckedStores ? reason : EndReason.Finished;
}

/** Finds the chunks by their heads. A chunk that the file cuts off, and a last chunk with a wrong checksum, are the end. */
async function scan(storage: TraceStorage): Promise<Found> {
  const entries: ChunkEntry[] = [];
  let offset = FILE_HEAD_BYTES;
  let damage: TraceError | undefined;
  while (offset + CHUNK_HEAD_BYTES <= storage.byteLength) {
    const bytes = await readRange(storage, offset, CHUNK_HEAD_BYTES);
    // A crash of the whole computer may leave zeros where the file was extended but not written.
    if (bytes.every((byte) => byte === 0)) break;
    let head: ChunkHead | undefined;
    try {
      head = decodeChunkHead(bytes, offset);
    } catch (error) {
      damage = error as TraceError;
      break;
    }
    if (head === undefined) {
      damage = new TraceError("trace-corrupt", "the trace is corrupt: bad checksum of a chunk head", offset);
      break;
    }
    const { kind, storedBytes, eventCount, firstEvent, firstTick, lastTick } = head;
    const end = offset + CHUNK_HEAD_BYTES + storedBytes;
    if (kind === ChunkKind.Index || end > storage.byteLength) break;
    entries.push({ kind, offset, storedBytes, eventCount, firstEvent, firstTick, lastTick });
    offset = end;
    if (kind === ChunkKind.End) break;
  }
  const last = entries.at(-1);
  if (last !== undefined && last.offset + CHUNK_HEAD_BYTES + last.storedBytes === storage.byteLength && !(await isWhole(storage, last))) {
    entries.pop();
  }
  return { entries, damage };
}

async function isWhole(storage: TraceStorage, entry: ChunkEntry): Promise<boolean> {
  try {
    await readChunk(storage, entry);
    return true;
  } catch (error) {
    if (error instanceof TraceError && error.code === "trace-corrupt") return false;
    throw error;
  }
}

/** Event numbers have no gaps, and time does not go back. */
function checkOrder(entries: readonly ChunkEntry[]): void {
  let event = 0;
  let tick = 0;
  for (const entry of entries) {
    const events = entry.kind === ChunkKind.Events;
    if (entry.firstEvent !== event || entry.firstTick < tick || events !== entry.eventCount > 0) {
      throw new TraceError("trace-corrupt", "the trace is corrupt: its chunks are not in order", entry.offset);
    }
    event += entry.eventCount;
    tick = entry.lastTick;
  }
}

function decodeEvents(raw: Uint8Array, entry: ChunkEntry): TraceEvent[] {
  const reader = new ByteReader(raw, entry.offset);
  const events: TraceEvent[] = [];
  let tick = entry.firstTick;
  for (let i = 0; i < entry.eventCount; i++) {
    const event = decodeEvent(reader, entry.firstEvent + i, tick);
    tick = event.tick;
    events.push(event);
  }
  if (!reader.atEnd || tick !== entry.lastTick || events[0]?.tick !== entry.firstTick) {
    throw new TraceError("trace-corrupt", "the trace is corrupt: a chunk does not hold what its head states", entry.offset);
  }
  return events;
}

async function listModules(storage: TraceStorage, entries: readonly ChunkEntry[]): Promise<TraceModule[]> {
  const modules: TraceModule[] = [];
  for (const [i, entry] of entries.entries()) {
    if (entry.kind !== ChunkKind.Module) continue;
    const reader = new ByteReader(await readChunk(storage, entry), entry.offset);
    const content = reader.number();
    const byteLength = reader.number();
    const hash = bytesToHex(reader.raw(32));
    if (content < modules.length) {
      modules.push({ sha256: hash, byteLength, load: () => modules[content]!.load() });
      continue;
    }
    if (content > modules.length) throw reader.corrupt("a module that names a later one");
    const partCount = Math.ceil(byteLength / MODULE_PART_BYTES);
    const parts = entries.slice(i + 1, i + 1 + partCount);
    // Cut off while it was written: no event can name it.
    if (parts.length < partCount || parts.some((part) => part.kind !== ChunkKind.ModuleData)) break;
    modules.push({ sha256: hash, byteLength, load: () => loadModule(storage, parts, byteLength, hash) });
  }
  return modules;
}

async function loadModule(storage: TraceStorage, parts: readonly ChunkEntry[], byteLength: number, hash: string): Promise<Uint8Array> {
  const corrupt = (): TraceError => new TraceError("trace-corrupt", "the trace is corrupt: a module's bytes", parts[0]?.offset ?? -1);
  // The parts exist, each of at most MODULE_PART_BYTES: the length is not a bare claim.
  const bytes = new Uint8Array(byteLength);
  let at = 0;
  for (const part of parts) {
    const raw = await readChunk(storage, part);
    if (raw.length !== Math.min(MODULE_PART_BYTES, byteLength - at)) throw corrupt();
    bytes.set(raw, at);
    at += raw.length;
  }
  if (bytesToHex(sha256(bytes)) !== hash) throw corrupt();
  return bytes;
}
