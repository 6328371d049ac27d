/**
 * Memory backed by a real WebAssembly.Memory, used only as storage: hosts written for the built-in engine take it as
 * their program's memory. The bytes are read and written by our machine like those of a plain buffer.
 */
import { type MemoryBacking, WASM_PAGE_BYTES } from "../vm/memory.ts";
import type { BackingFactory } from "../vm/store.ts";
import type { MemoryType } from "../vm/types.ts";

/** The part of WebAssembly.Memory that is used. */
export interface EngineMemory {
  readonly buffer: ArrayBuffer;
  grow(deltaPages: number): number;
}

interface Engine {
  readonly Memory: new (descriptor: { initial: number; maximum?: number }) => EngineMemory;
}

const engine = (globalThis as unknown as { WebAssembly: Engine }).WebAssembly;

class EngineBacking implements MemoryBacking {
  private readonly type: MemoryType;
  memory: EngineMemory | undefined;

  constructor(type: MemoryType) {
    this.type = type;
  }

  /** A smaller size returns the same, larger buffer: engines cannot shrink a memory. Growing detaches the old buffer. */
  resize(byteLength: number): ArrayBuffer {
    const pageCount = Math.ceil(byteLength / WASM_PAGE_BYTES);
    if (this.memory === undefined) {
      const { max } = this.type.limits;
      this.memory = new engine.Memory(max === undefined ? { initial: pageCount } : { initial: pageCount, maximum: max });
    } else {
      const missingPages = pageCount - this.memory.buffer.byteLength / WASM_PAGE_BYTES;
      if (missingPages > 0) this.memory.grow(missingPages);
    }
    return this.memory.buffer;
  }
}

/** Makes backings for a machine (MachineOptions.backing) and hands out their engine memories by store address. */
export class EngineMemories {
  private readonly backings: { readonly memory: EngineMemory | undefined }[] = [];

  readonly factory: BackingFactory = (addr, type) => {
    const backing = new EngineBacking(type);
    this.backings[addr] = backing;
    return backing;
  };

  /** Takes a memory that an engine of its own has made. */
  adopt(memoryAddr: number, memory: EngineMemory): void {
    this.backings[memoryAddr] = { memory };
  }

  get(memoryAddr: number): EngineMemory | undefined {
    return this.backings[memoryAddr]?.memory;
  }
}
