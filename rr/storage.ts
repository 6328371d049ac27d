/**
 * Where trace bytes come from and go to: byte ranges of a storage, and an append-only sink. Memory and Blob forms;
 * the file forms need Node and live in cli/. Nothing here knows the trace format.
 */
import { TraceError } from "./errors.ts";

/** Random access to the bytes of a trace. Its length must not change while it is read. */
export interface TraceStorage {
  readonly byteLength: number;
  /**
   * The bytes `[offset, offset + length)`, which the caller keeps within `byteLength`. Synchronous storages return the
   * array itself; it may be a view, so the caller must not write into it.
   */
  read(offset: number, length: number): Uint8Array | Promise<Uint8Array>;
}

/** Takes the bytes of a trace in order. `write` must have taken the bytes when it returns: the caller reuses the array. */
export interface TraceSink {
  write(bytes: Uint8Array): void;
  close?(): void;
}

export class MemoryStorage implements TraceStorage {
  readonly byteLength: number;
  private readonly bytes: Uint8Array;
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.byteLength = bytes.length;
  }
  read(offset: number, length: number): Uint8Array {
    return this.bytes.subarray(offset, offset + length);
  }
}

/** What is needed of a Blob or File. */
export interface BlobLike {
  readonly size: number;
  slice(start: number, end: number): { arrayBuffer(): Promise<ArrayBuffer> };
}

export class BlobStorage implements TraceStorage {
  readonly byteLength: number;
  private readonly blob: BlobLike;
  constructor(blob: BlobLike) {
    this.blob = blob;
    this.byteLength = blob.size;
  }
  async read(offset: number, length: number): Promise<Uint8Array> {
    return new Uint8Array(await this.blob.slice(offset, offset + length).arrayBuffer());
  }
}

/** Collects a trace in memory. */
export class MemorySink implements TraceSink {
  private buffer = new Uint8Array(4096);
  private used = 0;

  write(bytes: Uint8Array): void {
    const need = this.used + bytes.length;
    if (need > this.buffer.length) {
      const larger = new Uint8Array(Math.max(need, this.buffer.length * 2));
      larger.set(this.buffer.subarray(0, this.used));
      this.buffer = larger;
    }
    this.buffer.set(bytes, this.used);
    this.used = need;
  }

  /** What was written so far: a copy. */
  bytes(): Uint8Array {
    return this.buffer.slice(0, this.used);
  }
}

/** Reads a range and insists on all of it. Cost: one storage read. Throws TraceError "trace-storage". */
export function readRange(storage: TraceStorage, offset: number, length: number): Uint8Array | Promise<Uint8Array> {
  const got = storage.read(offset, length);
  return got instanceof Uint8Array ? whole(got, offset, length) : got.then((bytes) => whole(bytes, offset, length));
}

function whole(bytes: Uint8Array, offset: number, length: number): Uint8Array {
  if (bytes.length !== length) {
    throw new TraceError("trace-storage", `the storage returned ${bytes.length} bytes instead of ${length}`, offset);
  }
  return bytes;
}
