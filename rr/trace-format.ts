/**
 * The container of a trace: file head, checksummed chunks, settings, index and trailer as bytes, both ways, and every
 * bound a reader insists on. docs/trace-format.md is the text of this file. No storage is read or written here.
 */
import crc32 from "crc-32";
import { deflateSync, inflateSync } from "fflate";
import { isDense } from "../snapshot/density.ts";
import { DEFAULT_STACK_BYTES } from "../vm/store.ts";
import { ByteReader, ByteWriter } from "./codec.ts";
import { type ComponentView, isComponentView } from "./component-view.ts";
import { TraceError } from "./errors.ts";

export const FORMAT_VERSION = 1;
/** Of traces whose events have no ticks: a reader of version 1 would take them for the program's. */
export const TICKLESS_VERSION = 2;
/** Not text, and damaged by every transfer that takes it for text. */
export const MAGIC: Uint8Array = Uint8Array.of(0x89, 0x52, 0x52, 0x57, 0x0d, 0x0a, 0x1a, 0x0a);
export const FILE_HEAD_BYTES = 16;
export const CHUNK_HEAD_BYTES = 48;
export const TRAILER_BYTES = 24;
const TRAILER_MAGIC = 0x5849_5752;

/** What a chunk holds. Readers skip kinds that they do not know; the numbers never change. */
export const ChunkKind = { Header: 1, Module: 2, ModuleData: 3, Events: 4, End: 5, Index: 6, Outcome: 7 } as const;
export type ChunkKind = (typeof ChunkKind)[keyof typeof ChunkKind];

export const Compression = { None: 0, Deflate: 1 } as const;

/** An events chunk ends with the first event that makes it this long … */
export const EVENTS_CHUNK_BYTES = 1 << 16;
/** … or that is this many ticks after its first: about half a second of work. */
export const EVENTS_CHUNK_TICKS = 2 ** 26;
/** Longest piece of a memory write in one effect, and the bytes of effects at which an event of their own is made of them. */
export const WRITE_PIECE_BYTES = 1 << 18;
export const EFFECTS_SPILL_BYTES = 1 << 20;
export const MODULE_PART_BYTES = 1 << 20;
/** Modules beyond this are stored as they are. Why: docs/rationale/traces.md. */
export const MODULE_COMPRESSED_BYTES = 1 << 22;

/** Largest uncompressed chunk that a reader accepts, by kind; unknown kinds are never decompressed. */
export const MAX_RAW_BYTES: Readonly<Record<ChunkKind, number>> = {
  [ChunkKind.Header]: 1 << 24,
  [ChunkKind.Module]: 1 << 10,
  [ChunkKind.ModuleData]: MODULE_PART_BYTES,
  [ChunkKind.Events]: 1 << 24,
  [ChunkKind.End]: 1 << 10,
  [ChunkKind.Index]: 1 << 28,
  [ChunkKind.Outcome]: 1 << 24,
};
/** No deflate stream expands more than this, so a chunk that claims it is damaged. */
const MAX_EXPANSION = 1032;
/** Chunks below this many bytes are not worth a try. */
const LEAST_COMPRESSED_BYTES = 128;
/** Why level 1: docs/rationale/traces.md. */
const DEFLATE_LEVEL = 1;

/** Bounds of the stack limit that a trace may ask for, in bytes. */
export const MIN_STACK_BYTES = 1 << 12;
export const MAX_STACK_BYTES = 1 << 30;

/** How the recording machine was set up, and what the program was given. Nothing in it changes what replay does but `stackBytes`. */
export interface TraceHeader {
  /** Who wrote it: `rewasm 0.1.0`. */
  readonly creator: string;
  readonly engine: string;
  /** Limit of the machine's stack in bytes. */
  readonly stackBytes: number;
  /** NaN profile: "deterministic" is the only one. */
  readonly nan: string;
  /** False when the engine could not count instructions: every tick in the trace is 0, and a replay finds them out. */
  readonly ticks: boolean;
  /** Name of the program, for people: a file name. */
  readonly program: string;
  /** WASI arguments, the program's name first. */
  readonly args: readonly string[];
  /** WASI environment in order, as the program saw it: `K=V`. */
  readonly env: readonly string[];
  /** Who embedded the modules: "wasi", "component", or "javascript" for a program whose output is no part of the trace. */
  readonly host: string;
  /** The component that the modules come from, for people. */
  readonly component?: ComponentView;
}

/** How a program ended, where its events do not tell: what an embedder says and answers in the program's name. */
export interface TraceOutcome {
  readonly exitCode: number;
  /** What was printed in the end, by the embedder and not by the program. */
  readonly stdout: string;
  readonly stderr: string;
}

export function encodeOutcome({ exitCode, stdout, stderr }: TraceOutcome): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ exitCode, stdout, stderr }));
}

/** Throws TraceError "trace-corrupt". */
export function decodeOutcome(bytes: Uint8Array, offset: number): TraceOutcome {
  const { exitCode, stdout, stderr } = parseObject(bytes) ?? {};
  if (typeof exitCode !== "number" || !Number.isInteger(exitCode) || typeof stdout !== "string" || typeof stderr !== "string") {
    throw new TraceError("trace-corrupt", "the trace is corrupt: its outcome", offset);
  }
  return { exitCode, stdout, stderr };
}

/** An object of JSON; undefined when the bytes are something else. */
function parseObject(bytes: Uint8Array): Record<string, unknown> | undefined {
  try {
    const json: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof json === "object" && json !== null ? (json as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** Values of `TraceHeader.engine`: our machine, and the WebAssembly of the process that recorded. */
export const INTERPRETER_ENGINE = "interpreter";
export const NATIVE_ENGINE = "native";

export const CREATOR = "rewasm 0.1.0";

/** Why a finished trace ends where it does, the number in its End chunk. */
export const EndReason = {
  /** The program ended, or whoever recorded it wanted no more. */
  Finished: 0,
  /** The engine ran out of native stack, at a depth that no replay can know. The trace ends before that. */
  NativeStackOverflow: 1,
  /** A native engine trapped where NaNs just stored were not yet checked, and the program went on. */
  UncheckedStores: 2,
} as const;
export type EndReason = (typeof EndReason)[keyof typeof EndReason];

/** A complete header from the parts that a caller knows. */
export function makeHeader(parts: Partial<TraceHeader> = {}): TraceHeader {
  return {
    creator: parts.creator ?? CREATOR,
    engine: parts.engine ?? INTERPRETER_ENGINE,
    stackBytes: parts.stackBytes ?? DEFAULT_STACK_BYTES,
    nan: parts.nan ?? "deterministic",
    ticks: parts.ticks ?? true,
    program: parts.program ?? "",
    args: parts.args ?? [],
    env: parts.env ?? [],
    host: parts.host ?? "wasi",
    ...(parts.component === undefined ? {} : { component: parts.component }),
  };
}

export function encodeHeader(header: TraceHeader): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(makeHeader(header)));
}

/** Checks every field. Throws TraceError "trace-corrupt". */
export function decodeHeader(bytes: Uint8Array, offset: number): TraceHeader {
  const fail = (what: string): TraceError =>
    new TraceError("trace-corrupt", `the trace is corrupt: its settings have no valid ${what}`, offset);
  const fields = parseObject(bytes);
  if (fields === undefined) throw fail("JSON object");
  const text = (name: string): string => {
    const value = fields[name];
    if (typeof value !== "string") throw fail(name);
    return value;
  };
  const texts = (name: string): string[] => {
    const value = fields[name];
    if (!Array.isArray(value) || !value.every((item): item is string => typeof item === "string")) throw fail(name);
    return value;
  };
  const { stackBytes, component } = fields;
  if (typeof stackBytes !== "number" || !Number.isInteger(stackBytes) || stackBytes < MIN_STACK_BYTES || stackBytes > MAX_STACK_BYTES) {
    throw fail("stackBytes");
  }
  if (text("nan") !== "deterministic") throw fail("nan");
  const { ticks = true } = fields;
  if (typeof ticks !== "boolean") throw fail("ticks");
  if (component !== undefined && !isComponentView(component)) throw fail("component");
  return makeHeader({
    creator: text("creator"),
    engine: text("engine"),
    stackBytes,
    nan: text("nan"),
    ticks,
    program: text("program"),
    args: texts("args"),
    env: texts("env"),
    // Traces from before there were others have none.
    ...(fields.host === undefined ? {} : { host: text("host") }),
    ...(component === undefined ? {} : { component }),
  });
}

/** The version of a trace with these settings. */
export function versionOf(header: TraceHeader): number {
  return header.ticks ? FORMAT_VERSION : TICKLESS_VERSION;
}

export function encodeFileHead(version: number): Uint8Array {
  const out = new ByteWriter(FILE_HEAD_BYTES);
  out.raw(MAGIC);
  out.u32(version);
  out.u32(checksum(out.view()));
  return out.view().slice();
}

/** The format version. Throws TraceError "not-a-trace", "trace-version" or "trace-corrupt". */
export function checkFileHead(bytes: Uint8Array): number {
  if (bytes.length < MAGIC.length || MAGIC.some((byte, i) => bytes[i] !== byte)) {
    const module = [0x00, 0x61, 0x73, 0x6d].every((byte, i) => bytes[i] === byte);
    const hint = module ? "it is a WebAssembly module; record it first" : "it does not begin with the magic bytes";
    throw new TraceError("not-a-trace", `this is not a rewasm trace: ${hint}`);
  }
  if (bytes.length < FILE_HEAD_BYTES)
    throw new TraceError("trace-corrupt", "the trace is corrupt: it ends inside its file head", bytes.length);
  const reader = new ByteReader(bytes, 0, MAGIC.length);
  const version = reader.u32();
  const damaged = reader.u32() !== checksum(bytes.subarray(0, MAGIC.length + 4));
  if (damaged) throw new TraceError("trace-corrupt", "the trace is corrupt: bad checksum of the file head", 0);
  if (version !== FORMAT_VERSION && version !== TICKLESS_VERSION) {
    const read = `this rewasm reads versions ${FORMAT_VERSION} and ${TICKLESS_VERSION}`;
    throw new TraceError("trace-version", `the trace has format version ${version}; ${read}`);
  }
  return version;
}

/** The head of a chunk. Event numbers and ticks are those of the moment when it was written. */
export interface ChunkHead {
  readonly kind: number;
  readonly compression: number;
  /** Bytes before compression, and as stored. */
  readonly rawBytes: number;
  readonly storedBytes: number;
  /** Events in it (events chunks only, else 0). */
  readonly eventCount: number;
  /** Number of its first event, or of the next event when it holds none. */
  readonly firstEvent: number;
  /** Ticks of its first and last event, or the time when it holds none. */
  readonly firstTick: number;
  readonly lastTick: number;
}

/** What the caller of `encodeChunk` decides. */
export type ChunkLabel = Pick<ChunkHead, "kind" | "eventCount" | "firstEvent" | "firstTick" | "lastTick">;

/** Makes a raw DEFLATE stream (RFC 1951) of the bytes. */
export type Deflate = (raw: Uint8Array) => Uint8Array;

export const portableDeflate: Deflate = (raw) => deflateSync(raw, { level: DEFLATE_LEVEL });

/** Head and stored bytes of a chunk. Compresses, unless told not to, when that makes it smaller. */
export function encodeChunk(
  label: ChunkLabel,
  raw: Uint8Array,
  compress = true,
  deflate: Deflate = portableDeflate,
): { head: Uint8Array; stored: Uint8Array } {
  const worth = compress && raw.length >= LEAST_COMPRESSED_BYTES && !isDense(raw);
  const packed = worth ? deflate(raw) : raw;
  const smaller = packed.length < raw.length;
  const stored = smaller ? packed : raw;
  const out = new ByteWriter(CHUNK_HEAD_BYTES);
  out.u8(label.kind);
  out.u8(smaller ? Compression.Deflate : Compression.None);
  out.u8(0);
  out.u8(0);
  out.u32(raw.length);
  out.u32(stored.length);
  out.u32(label.eventCount);
  out.u64(label.firstEvent);
  out.u64(label.firstTick);
  out.u64(label.lastTick);
  out.u32(checksum(stored));
  out.u32(checksum(out.view()));
  return { head: out.view(), stored };
}

/** Reads a chunk head of CHUNK_HEAD_BYTES bytes; undefined when its checksum is wrong. Throws "trace-corrupt" when its fields are impossible. */
export function decodeChunkHead(bytes: Uint8Array, offset: number): ChunkHead | undefined {
  const reader = new ByteReader(bytes, offset);
  if (new ByteReader(bytes, offset, CHUNK_HEAD_BYTES - 4).u32() !== checksum(bytes.subarray(0, CHUNK_HEAD_BYTES - 4))) return undefined;
  const kind = reader.u8();
  const compression = reader.u8();
  reader.at += 2;
  const head = {
    kind,
    compression,
    rawBytes: reader.u32(),
    storedBytes: reader.u32(),
    eventCount: reader.u32(),
    firstEvent: reader.u64(),
    firstTick: reader.u64(),
    lastTick: reader.u64(),
  };
  const limit = (MAX_RAW_BYTES as Readonly<Record<number, number>>)[kind];
  const tooLong =
    compression === Compression.None ? head.rawBytes !== head.storedBytes : head.rawBytes > head.storedBytes * MAX_EXPANSION + 64;
  if (limit !== undefined && (head.rawBytes > limit || tooLong)) throw reader.corrupt("an impossible length");
  if (head.lastTick < head.firstTick || head.eventCount > head.rawBytes) throw reader.corrupt("an impossible chunk head");
  return head;
}

/** Checks the stored bytes of a chunk (given with its head before them) and decompresses them. Throws TraceError "trace-corrupt". */
export function decodeChunk(bytes: Uint8Array, head: ChunkHead, offset: number): Uint8Array {
  const stored = bytes.subarray(CHUNK_HEAD_BYTES, CHUNK_HEAD_BYTES + head.storedBytes);
  const expected = new ByteReader(bytes, offset, CHUNK_HEAD_BYTES - 8).u32();
  if (stored.length !== head.storedBytes || checksum(stored) !== expected) {
    throw new TraceError("trace-corrupt", "the trace is corrupt: bad checksum of a chunk", offset);
  }
  if (head.compression === Compression.None) return stored;
  if (head.compression !== Compression.Deflate) {
    throw new TraceError("trace-corrupt", `the trace is corrupt: unknown compression ${head.compression}`, offset);
  }
  let raw: Uint8Array;
  try {
    // One byte more than stated shows a stream that is too long; what lies beyond is never allocated.
    raw = inflateSync(stored, { out: new Uint8Array(head.rawBytes + 1) });
  } catch {
    throw new TraceError("trace-corrupt", "the trace is corrupt: a chunk does not decompress", offset);
  }
  if (raw.length !== head.rawBytes)
    throw new TraceError("trace-corrupt", "the trace is corrupt: a chunk has not the length it states", offset);
  return raw;
}

/** A chunk as the index knows it. */
export interface ChunkEntry {
  readonly kind: number;
  /** Trace offset of its head. */
  readonly offset: number;
  /** Bytes as stored, head not counted. */
  readonly storedBytes: number;
  readonly eventCount: number;
  readonly firstEvent: number;
  readonly firstTick: number;
  readonly lastTick: number;
}

export function encodeIndex(entries: readonly ChunkEntry[]): Uint8Array {
  const out = new ByteWriter(entries.length * 12 + 16);
  out.number(entries.length);
  let end = 0;
  let event = 0;
  let tick = 0;
  for (const entry of entries) {
    out.u8(entry.kind);
    out.number(entry.offset - end);
    out.number(entry.storedBytes);
    out.number(entry.eventCount);
    out.number(entry.firstEvent - event);
    out.number(entry.firstTick - tick);
    out.number(entry.lastTick - entry.firstTick);
    end = entry.offset + CHUNK_HEAD_BYTES + entry.storedBytes;
    event = entry.firstEvent + entry.eventCount;
    tick = entry.lastTick;
  }
  return out.view();
}

/** Entries in order, none overlapping another. Throws TraceError "trace-corrupt". */
export function decodeIndex(bytes: Uint8Array, offset: number): ChunkEntry[] {
  const reader = new ByteReader(bytes, offset);
  const count = reader.count(7);
  const entries: ChunkEntry[] = [];
  let end = 0;
  let event = 0;
  let tick = 0;
  for (let i = 0; i < count; i++) {
    const kind = reader.u8();
    const at = end + reader.number();
    const storedBytes = reader.number();
    const eventCount = reader.number();
    const firstEvent = event + reader.number();
    const firstTick = tick + reader.number();
    const lastTick = firstTick + reader.number();
    entries.push({ kind, offset: at, storedBytes, eventCount, firstEvent, firstTick, lastTick });
    end = at + CHUNK_HEAD_BYTES + storedBytes;
    event = firstEvent + eventCount;
    tick = lastTick;
    if (!Number.isSafeInteger(end) || !Number.isSafeInteger(event) || !Number.isSafeInteger(tick)) throw reader.corrupt("an index entry");
  }
  return entries;
}

export function encodeTrailer(indexOffset: number): Uint8Array {
  const out = new ByteWriter(TRAILER_BYTES);
  out.u64(indexOffset);
  out.u64(0);
  out.u32(TRAILER_MAGIC);
  out.u32(checksum(out.view()));
  return out.view();
}

/** Offset of the index chunk, or undefined when these bytes are no trailer. */
export function decodeTrailer(bytes: Uint8Array): number | undefined {
  if (bytes.length !== TRAILER_BYTES) return undefined;
  const reader = new ByteReader(bytes, -1, TRAILER_BYTES - 8);
  if (reader.u32() !== TRAILER_MAGIC || reader.u32() !== checksum(bytes.subarray(0, TRAILER_BYTES - 4))) return undefined;
  return new ByteReader(bytes).u64();
}

function checksum(bytes: Uint8Array): number {
  return crc32.buf(bytes) >>> 0;
}
