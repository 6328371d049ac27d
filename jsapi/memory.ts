/**
 * WebAssembly.Memory: a memory of the store as JavaScript sees it. The buffer it answers is the machine's own (or what a
 * recorder puts in its place), the same object until the memory grows.
 */
import { MAX_MEMORY_PAGES, type MemoryBacking, mostPages, WASM_PAGE_BYTES } from "../vm/memory.ts";
import { type Agent, type EntityClass, Existing } from "./agent.ts";
import { exactBacking, ResizableBacking } from "./exact-backing.ts";
import { type AddressType, addressOf, addressValue, limitsOf } from "./limits.ts";
import { dictionary, rangeError, shapeInterface, typeError } from "./webidl.ts";

/** Sizes are bigints where the addresses are i64. */
export interface MemoryDescriptor {
  readonly address?: AddressType;
  readonly initial: number | bigint;
  readonly maximum?: number | bigint;
  readonly shared?: boolean;
}

export interface MemoryObject {
  /** Of a shared memory a SharedArrayBuffer. */
  readonly buffer: ArrayBuffer;
  grow(deltaPages: number | bigint): number | bigint;
  /** Where the engine has buffers that can be resized, and the machine is ours. */
  toFixedLengthBuffer?(): ArrayBuffer;
  toResizableBuffer?(): ArrayBuffer;
}

export interface MemoryConstructor {
  new (descriptor: MemoryDescriptor): MemoryObject;
  readonly prototype: MemoryObject;
}

export function makeMemoryClass(agent: Agent): EntityClass<MemoryObject> & { readonly constructor: MemoryConstructor } {
  const { machine, own } = agent;
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

    grow(deltaPages: unknown): number | bigint {
      const addr = receiver(this, "Memory.grow()");
      const address64 = machine.store.memories[addr]!.traits?.address64 === true;
      const delta = addressOf(deltaPages, address64, "Memory.grow()", "Argument 0");
      agent.enter();
      // More than a memory can have does not fit a trace.
      const previous = delta > MAX_MEMORY_PAGES ? -1 : machine.growMemory(addr, delta);
      if (previous < 0) throw rangeError("Memory.grow()", "the memory cannot grow that far");
      return addressValue(previous, address64);
    }

    get buffer(): ArrayBuffer {
      const addr = receiver(this, "Memory.buffer");
      const { buffer: raw, byteLength = raw.byteLength } = machine.store.memories[addr]!;
      // Pages of a byte: no buffer has just their length, and so JavaScript cannot see them.
      if (raw.byteLength !== byteLength) throw typeError("Memory.buffer", "the memory has no buffer of its size");
      if (this.#raw !== raw || this.#seen === undefined) {
        this.#raw = raw;
        this.#seen = agent.hooks.wrapBuffer?.(addr, raw) ?? raw;
      }
      return this.#seen;
    }

    toFixedLengthBuffer(): ArrayBuffer {
      const addr = receiver(this, "Memory.toFixedLengthBuffer()");
      if (isResizable(addr)) rebind(addr, exactBacking(true));
      return this.buffer;
    }

    toResizableBuffer(): ArrayBuffer {
      const context = "Memory.toResizableBuffer()";
      const addr = receiver(this, context);
      const { maxPages, shared } = own!.store.memories[addr]!;
      if (isResizable(addr)) return this.buffer;
      if (maxPages === undefined) throw typeError(context, "the memory must have a maximum");
      // Former buffers of a shared memory go on to be its bytes, which no other buffer can be.
      if (shared) throw typeError(context, "the buffer of a shared memory stays as it is");
      rebind(addr, new ResizableBacking(Math.min(maxPages, MAX_MEMORY_PAGES) * WASM_PAGE_BYTES));
      const { buffer } = this;
      // A program that resizes it grows the memory.
      const resize = (byteLength: unknown): void => resizeTo(this, addr, byteLength);
      Object.defineProperty(buffer, "resize", { value: resize, configurable: true, writable: true });
      return buffer;
    }
  }

  function receiver(value: unknown, context: string): number {
    const addr = addrOf(value);
    if (addr === undefined) throw typeError(context, "Receiver is not a WebAssembly.Memory");
    return addr;
  }

  function allocate(descriptor: unknown): number {
    const context = "Memory()";
    const members = dictionary(descriptor, context, "a memory descriptor");
    const most = (address64: boolean): number => mostPages({ address64 });
    // The type may say more of 64-bit memories than any has.
    const { limits, address64 } = limitsOf(members, members.address, context, most, (wide) => (wide ? 2 ** 48 : MAX_MEMORY_PAGES));
    const shared = Boolean(members.shared);
    if (shared && limits.max === undefined) throw typeError(context, "a shared memory must have a maximum");
    try {
      return machine.addMemory({ limits, ...(address64 ? { address64 } : {}), ...(shared ? { shared } : {}) });
    } catch (error) {
      throw agent.errors.allocationFailure(context, error);
    }
  }

  function isResizable(addr: number): boolean {
    return (machine.store.memories[addr]!.buffer as { readonly resizable?: boolean }).resizable === true;
  }

  /** Puts other bytes in the place of a memory's, and takes the former ones from whoever holds them. */
  function rebind(addr: number, backing: MemoryBacking): void {
    agent.enter();
    const memory = own!.store.memories[addr]!;
    const former = memory.rebind(backing);
    if (former instanceof ResizableBacking) former.detach();
    else former.resize(memory.byteLength);
  }

  /** ArrayBuffer.prototype.resize of a memory's buffer (JS API: HostResizeArrayBuffer). */
  function resizeTo(memory: Memory, addr: number, newLength: unknown): void {
    const { buffer, byteLength } = own!.store.memories[addr]!;
    const wanted = Math.trunc(Number(newLength)) || 0;
    const most = (buffer as unknown as { readonly maxByteLength: number }).maxByteLength;
    if (wanted < byteLength || wanted > most || wanted % WASM_PAGE_BYTES !== 0) {
      throw new RangeError(`ArrayBuffer.prototype.resize: Invalid length parameter ${wanted} of a memory's buffer`);
    }
    memory.grow(
      machine.store.memories[addr]!.traits?.address64 === true
        ? BigInt(wanted - byteLength) / 65536n
        : (wanted - byteLength) / WASM_PAGE_BYTES,
    );
  }

  if (own === undefined || !ResizableBacking.available) {
    for (const name of ["toFixedLengthBuffer", "toResizableBuffer"]) Reflect.deleteProperty(Memory.prototype, name);
  }
  shapeInterface(Memory, "Memory");
  return { constructor: Memory, addrOf, at: (addr) => byAddr.get(addr) ?? new Memory(new Existing(addr)) };
}
