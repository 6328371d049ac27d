/**
 * WebAssembly.Memory: a memory of the store as JavaScript sees it. The buffer it answers is the machine's own (or what a
 * recorder puts in its place), the same object until the memory grows.
 */
import { MAX_MEMORY_PAGES } from "../vm/memory.ts";
import { type Agent, type EntityClass, Existing } from "./agent.ts";
import { limitsOf } from "./limits.ts";
import { dictionary, enforceUint32, rangeError, shapeInterface, typeError } from "./webidl.ts";

export interface MemoryDescriptor {
  readonly initial: number;
  readonly maximum?: number;
}

export interface MemoryObject {
  readonly buffer: ArrayBuffer;
  grow(deltaPages: number): number;
}

export interface MemoryConstructor {
  new (descriptor: MemoryDescriptor): MemoryObject;
  readonly prototype: MemoryObject;
}

export function makeMemoryClass(agent: Agent): EntityClass<MemoryObject> & { readonly constructor: MemoryConstructor } {
  const { machine } = agent;
  const byAddr = new Map<number, MemoryObject>();
  let addrOf: (value: unknown) => number | undefined = () => undefined;

  class Memory implements MemoryObject {
    readonly #addr: number;
    #raw: ArrayBuffer | undefined;
    #seen: ArrayBuffer | undefined;

    constructor(descriptor: unknown) {
      this.#addr = descriptor instanceof Existing ? descriptor.addr : allocate(descriptor);
      byAddr.set(this.#addr, this);
    }

    static {
      addrOf = (value) => (typeof value === "object" && value !== null && #addr in value ? value.#addr : undefined);
    }

    grow(deltaPages: unknown): number {
      const addr = receiver(this, "Memory.grow()");
      const delta = enforceUint32(deltaPages, "Memory.grow()", "Argument 0");
      agent.enter();
      const previous = machine.growMemory(addr, delta);
      if (previous < 0) throw rangeError("Memory.grow()", "the memory cannot grow that far");
      return previous;
    }

    get buffer(): ArrayBuffer {
      const addr = receiver(this, "Memory.buffer");
      const raw = machine.store.memories[addr]!.buffer;
      if (this.#raw !== raw || this.#seen === undefined) {
        this.#raw = raw;
        this.#seen = agent.hooks.wrapBuffer?.(addr, raw) ?? raw;
      }
      return this.#seen;
    }
  }

  function receiver(value: unknown, context: string): number {
    const addr = addrOf(value);
    if (addr === undefined) throw typeError(context, "Receiver is not a WebAssembly.Memory");
    return addr;
  }

  function allocate(descriptor: unknown): number {
    const context = "Memory()";
    const limits = limitsOf(dictionary(descriptor, context, "a memory descriptor"), context, MAX_MEMORY_PAGES, MAX_MEMORY_PAGES);
    try {
      return machine.addMemory({ limits });
    } catch (error) {
      throw agent.errors.allocationFailure(context, error);
    }
  }

  shapeInterface(Memory, "Memory");
  return { constructor: Memory, addrOf, at: (addr) => byAddr.get(addr) ?? new Memory(new Existing(addr)) };
}
