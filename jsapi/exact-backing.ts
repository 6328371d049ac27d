/**
 * Buffers for memories whose bytes JavaScript sees: exactly as long as the memory, and a new one for each grow, the old one
 * detached, as the API wants it. They are those of the engine's own WebAssembly.Memory, which grows without copying and cannot be
 * detached by the program; where the engine has none (or no room for another), plain buffers.
 */
import { MAX_MEMORY_PAGES, type MemoryBacking, WASM_PAGE_BYTES } from "../vm/memory.ts";
import type { MemoryType } from "../vm/types.ts";

/** The part of the engine's WebAssembly.Memory that is used. */
export interface EngineMemory {
  readonly buffer: ArrayBuffer;
  grow(deltaPages: number): number;
}

type EngineMemoryClass = new (descriptor: { initial: number; maximum?: number; shared?: boolean }) => EngineMemory;

// Taken now: a namespace of ours may soon stand where the engine's is.
const engine = (globalThis as { WebAssembly?: { Memory?: EngineMemoryClass } }).WebAssembly?.Memory;

/** Bytes that hosts written for the engine can be given as its own kind of memory. */
export class EngineBacking implements MemoryBacking {
  readonly memory: EngineMemory;

  constructor(memory: EngineMemory) {
    this.memory = memory;
  }

  /** Never shrinks: a live machine only grows. Growing by nothing makes a new buffer too. */
  resize(byteLength: number): ArrayBuffer {
    const pages = byteLength / WASM_PAGE_BYTES - this.memory.buffer.byteLength / WASM_PAGE_BYTES;
    this.memory.grow(Math.max(pages, 0));
    return this.memory.buffer;
  }
}

type Transferable = ArrayBuffer & { transfer?(): ArrayBuffer };
const clone = globalThis.structuredClone as typeof structuredClone | undefined;

/** Detaches a buffer that the engine lets programs detach, in either of the ways that engines have. */
function detach(buffer: Transferable): void {
  if (buffer.transfer !== undefined) buffer.transfer();
  else clone?.(buffer, { transfer: [buffer] });
}

class CopyingBacking implements MemoryBacking {
  private readonly shared: boolean;
  private buffer = new ArrayBuffer(0);

  constructor(shared: boolean) {
    this.shared = shared;
  }

  resize(byteLength: number): ArrayBuffer {
    // A shared buffer serves as storage like any other, but is never detached.
    const next = this.shared ? (new SharedArrayBuffer(byteLength) as unknown as ArrayBuffer) : new ArrayBuffer(byteLength);
    const previous = new Uint8Array(this.buffer);
    new Uint8Array(next).set(byteLength < previous.length ? previous.subarray(0, byteLength) : previous);
    if (!this.shared) detach(this.buffer);
    this.buffer = next;
    return next;
  }
}

/** A buffer that is resized in place, as Memory.toResizableBuffer answers it. Not for shared memories. */
export class ResizableBacking implements MemoryBacking {
  private readonly buffer: ResizableBuffer;

  /** Throws RangeError when so much address space cannot be had. */
  constructor(mostBytes: number) {
    this.buffer = new ResizableArrayBuffer(0, { maxByteLength: mostBytes });
  }

  /** Whether the engine has such buffers. */
  static get available(): boolean {
    return "resize" in ArrayBuffer.prototype;
  }

  resize(byteLength: number): ArrayBuffer {
    ResizableArrayBuffer.prototype.resize.call(this.buffer, byteLength);
    return this.buffer;
  }

  detach(): void {
    detach(this.buffer);
  }
}

type ResizableBuffer = ArrayBuffer & { resize(byteLength: number): void };
const ResizableArrayBuffer = ArrayBuffer as unknown as {
  new (byteLength: number, options: { readonly maxByteLength: number }): ResizableBuffer;
  readonly prototype: ResizableBuffer;
};

/**
 * Makes the bytes of one memory, shared ones when its type says so. Never throws: a size that cannot be had is refused by
 * `resize`.
 */
export function exactBacking(useEngine = true, type?: MemoryType): MemoryBacking {
  const shared = type?.shared === true;
  if (useEngine && engine !== undefined) {
    try {
      const maximum = Math.min(type?.limits.max ?? MAX_MEMORY_PAGES, MAX_MEMORY_PAGES);
      return new EngineBacking(new engine(shared ? { initial: 0, maximum, shared } : { initial: 0 }));
    } catch {
      // No address space for another: go on with a plain buffer.
    }
  }
  return new CopyingBacking(shared);
}
