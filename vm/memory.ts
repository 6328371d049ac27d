/**
 * A linear memory: one flat ArrayBuffer, its views, and one dirty mark per snapshot page.
 * Only the interpreter and the host interface write into it; every write marks its page.
 */
import { ResourceError } from "./errors.ts";
import type { MemoryType } from "./types.ts";

/** Bytes of a WebAssembly page. */
export const WASM_PAGE_BYTES = 65536;
/** Bytes of a snapshot page, the unit of dirty marks and structural sharing. Why 4 KiB: docs/rationale/snapshots.md. */
export const SNAPSHOT_PAGE_BYTES = 4096;
export const SNAPSHOT_PAGE_SHIFT = 12;
/** Most pages of a 32-bit memory. */
export const MAX_MEMORY_PAGES = 65536;
/** Most pages of a 64-bit memory: one less, so that address 2^32 - 1, which stands for all that are larger, is never in it. */
const MAX_MEMORY64_PAGES = 65535;
/** Most bytes of a memory whose pages are bytes, for the same reason. */
const MAX_BYTE_PAGES = 0xffff_ffff;

/** Most pages that a memory of a type may have here, whatever it declares. */
export function mostPages({ address64, pageShift }: MemoryTraits): number {
  if (pageShift === 0) return MAX_BYTE_PAGES;
  return address64 === true ? MAX_MEMORY64_PAGES : MAX_MEMORY_PAGES;
}

/** What a memory's type says besides its limits. */
export type MemoryTraits = Omit<MemoryType, "limits">;

// Taken now: who records a JavaScript program puts others in the place of the globals, which note every write of the
// program. What the machine writes is no matter of theirs.
const Bytes = Uint8Array;
const Words = Int32Array;
const Longs = BigInt64Array;
const View = DataView as new (buffer: ArrayBuffer, byteOffset?: number, byteLength?: number) => DataView;

/** A DataView with the engine's own methods, whatever becomes of those of the prototype. */
class MachineView extends View {
  static {
    for (const name of Object.getOwnPropertyNames(DataView.prototype)) {
      const method = Object.getOwnPropertyDescriptor(DataView.prototype, name);
      if (/^[gs]et/.test(name) && method !== undefined) Object.defineProperty(MachineView.prototype, name, method);
    }
  }
}

/** Where the bytes of a memory come from. A host may supply one, for instance backed by a real WebAssembly.Memory. */
export interface MemoryBacking {
  /** Returns a buffer of at least `byteLength` bytes that begins with the previous content, zero after it; throws RangeError when it cannot. */
  resize(byteLength: number): ArrayBuffer;
}

/** Plain buffers with spare capacity, so that growing page by page copies O(n) bytes in total. */
class PlainBacking implements MemoryBacking {
  private buffer = new ArrayBuffer(0);
  private readonly maxBytes: number;
  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }
  resize(byteLength: number): ArrayBuffer {
    if (byteLength <= this.buffer.byteLength) return this.buffer;
    const spare = this.buffer.byteLength === 0 ? byteLength : byteLength + Math.min(byteLength >>> 1, 1 << 28);
    const next = allocate(Math.max(byteLength, Math.min(spare, this.maxBytes)), byteLength);
    new Bytes(next).set(new Bytes(this.buffer));
    this.buffer = next;
    return next;
  }
}

function allocate(wishBytes: number, leastBytes: number): ArrayBuffer {
  try {
    return new ArrayBuffer(wishBytes);
  } catch (error) {
    if (wishBytes === leastBytes) throw error;
    return new ArrayBuffer(leastBytes);
  }
}

/** The length rounded up to whole snapshot pages; that of 64 KiB pages is whole already. */
function wholePages(byteLength: number): number {
  return Math.ceil(byteLength / SNAPSHOT_PAGE_BYTES) * SNAPSHOT_PAGE_BYTES;
}

export class Memory {
  /** Declared maximum in pages, or undefined. */
  readonly maxPages: number | undefined;
  readonly traits: MemoryTraits;
  readonly pageBytes: number;
  pageCount = 0;
  byteLength = 0;
  /** Views of `byteLength` bytes over `buffer`, of `words` rounded up to whole snapshot pages; replaced by every grow. */
  buffer: ArrayBuffer = new ArrayBuffer(0);
  bytes: Uint8Array = new Bytes(0);
  words: Int32Array = new Words(0);
  view: DataView = new MachineView(this.buffer);
  i64: BigInt64Array = new Longs(0);
  /**
   * One byte per snapshot page, 1 when the page may have changed since the marks were last cleared. The interpreter
   * marks only the page of an access's first byte, so the first 15 bytes of the page after a marked one may have changed too.
   */
  dirty: Uint8Array = new Uint8Array(0);
  private backing: MemoryBacking;

  constructor(minPages: number, maxPages: number | undefined, backing?: MemoryBacking, traits: MemoryTraits = {}) {
    this.maxPages = maxPages;
    this.traits = traits;
    this.pageBytes = 2 ** (traits.pageShift ?? 16);
    const most = mostPages(traits);
    this.backing = backing ?? new PlainBacking(wholePages(Math.min(maxPages ?? most, most) * this.pageBytes));
    if (minPages > most || !this.resize(minPages)) {
      const size = this.pageBytes === WASM_PAGE_BYTES ? "64 KiB" : "1 byte";
      throw new ResourceError("out-of-memory", `cannot allocate a memory of ${minPages} pages of ${size}`);
    }
  }

  get shared(): boolean {
    return this.traits.shared === true;
  }

  /** Grows by `deltaPages`; returns the previous page count, or -1 when the maximum or the host's memory does not allow it. */
  grow(deltaPages: number): number {
    const previous = this.pageCount;
    const next = previous + deltaPages;
    const most = mostPages(this.traits);
    if (next > Math.min(this.maxPages ?? most, most)) return -1;
    return this.resize(next) ? previous : -1;
  }

  /** Sets the size in pages, smaller sizes too (used when an earlier snapshot is restored); false when the host has no room. */
  resize(pageCount: number): boolean {
    const byteLength = pageCount * this.pageBytes;
    const wholeLength = wholePages(byteLength);
    let buffer: ArrayBuffer;
    try {
      buffer = this.backing.resize(wholeLength);
    } catch (error) {
      if (error instanceof RangeError) return false;
      throw error;
    }
    // A backing may keep bytes of a larger former size: a memory that shrinks and grows again must read zero there.
    if (byteLength < this.byteLength) this.bytes.fill(0, byteLength);
    this.buffer = buffer;
    this.pageCount = pageCount;
    this.byteLength = byteLength;
    this.bytes = new Bytes(buffer, 0, byteLength);
    this.words = new Words(buffer, 0, wholeLength / 4);
    this.view = new MachineView(buffer, 0, byteLength);
    this.i64 = new Longs(buffer, 0, Math.floor(byteLength / 8));
    const dirty = new Uint8Array(wholeLength / SNAPSHOT_PAGE_BYTES);
    dirty.set(this.dirty.subarray(0, dirty.length));
    this.dirty = dirty;
    return true;
  }

  /**
   * Goes on with another backing, which takes over the content; answers the former one. No part of the state changes. Throws
   * RangeError when there is no room.
   */
  rebind(backing: MemoryBacking): MemoryBacking {
    const { backing: former, bytes, pageCount } = this;
    const buffer = backing.resize(wholePages(this.byteLength));
    new Bytes(buffer).set(bytes);
    this.backing = backing;
    if (!this.resize(pageCount)) throw new RangeError("the backing does not keep its size");
    return former;
  }

  /** Marks the snapshot pages of `[byteAddr, byteAddr + byteLength)` as changed. Call it after every write from outside the interpreter. */
  markDirty(byteAddr: number, byteLength: number): void {
    if (byteLength === 0) return;
    this.dirty.fill(1, Math.floor(byteAddr / SNAPSHOT_PAGE_BYTES), Math.floor((byteAddr + byteLength - 1) / SNAPSHOT_PAGE_BYTES) + 1);
  }
}
