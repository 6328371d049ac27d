/**
 * The proof that nothing is missed: keeps a copy of every memory as a replay would have it, and compares whole memories
 * before wasm goes on. Costs a copy and a comparison per crossing, so it is an option; changes nothing.
 */
import { RewasmError } from "../vm/errors.ts";
import { type Memory, SNAPSHOT_PAGE_BYTES } from "../vm/memory.ts";
import type { Store } from "../vm/store.ts";

// Taken before a recorder puts others in the place of the globals.
const Bytes = Uint8Array;

/** Memories are compared in pieces of this length. */
const PIECE_BYTES = 1 << 16;
/** Bytes after a marked page that may have changed with it (vm/memory.ts). */
const SPILL_BYTES = 16;

/** Compares bytes: 0 when they are equal. */
export type Compare = (a: Uint8Array, b: Uint8Array) => number;

export class MemoryAudit {
  private readonly store: Store;
  private readonly compare: Compare;
  private readonly shadows: Uint8Array[] = [];
  /** Comparisons so far. */
  checks = 0;

  /** Nobody else may clear the dirty marks of the store's memories. `compare` decides on the speed of it all. */
  constructor(store: Store, compare: Compare) {
    this.store = store;
    this.compare = compare;
  }

  /** Wasm has handed over: memories are what they are. Cost: a copy of every page that wasm has ever written. */
  left(): void {
    for (const [addr, memory] of this.store.memories.entries()) {
      const shadow = this.shadow(addr, memory);
      const { dirty, bytes } = memory;
      for (let page = dirty.indexOf(1); page >= 0; ) {
        let next = page + 1;
        while (dirty[next] === 1) next++;
        const start = page * SNAPSHOT_PAGE_BYTES;
        shadow.set(bytes.subarray(start, next * SNAPSHOT_PAGE_BYTES + SPILL_BYTES), start);
        page = dirty.indexOf(1, next);
      }
    }
  }

  /** A write was noted, and is in the memory already. */
  noted(memoryAddr: number, byteAddr: number, byteLength: number): void {
    const memory = this.store.memories[memoryAddr]!;
    this.shadow(memoryAddr, memory).set(memory.bytes.subarray(byteAddr, byteAddr + byteLength), byteAddr);
  }

  /** Wasm is about to go on. Throws RewasmError "missed-write" that names the first range which nobody has noted. */
  check(): void {
    this.checks++;
    for (const [addr, memory] of this.store.memories.entries()) {
      const missed = this.firstDifference(this.shadow(addr, memory), memory.bytes);
      if (missed === undefined) continue;
      const [byteAddr, end] = missed;
      const range = `0x${byteAddr.toString(16)}..0x${end.toString(16)}`;
      const text = `audit: the program has written bytes ${range} of memory ${addr} unnoticed before tick ${this.store.tick}`;
      throw new RewasmError("missed-write", `${text}: this recording would not replay`);
    }
  }

  /** The copy of a memory, as long as the memory: what is new is zero. */
  private shadow(addr: number, memory: Memory): Uint8Array {
    const known = this.shadows[addr];
    if (known?.length === memory.byteLength) return known;
    const shadow = new Bytes(memory.byteLength);
    if (known !== undefined) shadow.set(known);
    this.shadows[addr] = shadow;
    return shadow;
  }

  /** Start and end of the first run of bytes that differ. */
  private firstDifference(shadow: Uint8Array, now: Uint8Array): readonly [start: number, end: number] | undefined {
    for (let at = 0; at < now.length; at += PIECE_BYTES) {
      if (this.compare(shadow.subarray(at, at + PIECE_BYTES), now.subarray(at, at + PIECE_BYTES)) === 0) continue;
      let start = at;
      while (shadow[start] === now[start]) start++;
      let end = start;
      while (end < now.length && shadow[end] !== now[end]) end++;
      return [start, end];
    }
    return undefined;
  }
}
