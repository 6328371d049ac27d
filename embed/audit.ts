/**
 * The proof that nothing is missed: keeps a copy of every memory as a replay would have it, and compares whole memories
 * before wasm goes on. Costs a copy and a comparison per crossing, so it is an option; changes nothing.
 */
import { RewasmError } from "../vm/errors.ts";
import type { Memory } from "../vm/memory.ts";
import type { Store } from "../vm/store.ts";

// Taken before a recorder puts others in the place of the globals.
const Bytes = Uint8Array;
const Words = Int32Array;

interface Shadow {
  readonly bytes: Uint8Array;
  readonly words: Int32Array;
}

export class MemoryAudit {
  private readonly store: Store;
  private readonly shadows: Shadow[] = [];
  /** Comparisons so far. */
  checks = 0;

  constructor(store: Store) {
    this.store = store;
  }

  /** Wasm has handed over: memories are what they are. Cost: a copy of every memory. */
  left(): void {
    for (const [addr, memory] of this.store.memories.entries()) {
      const { bytes } = this.shadow(addr, memory);
      bytes.set(memory.bytes);
    }
  }

  /** A write was noted, and is in the memory already. */
  noted(memoryAddr: number, byteAddr: number, byteLength: number): void {
    const memory = this.store.memories[memoryAddr]!;
    this.shadow(memoryAddr, memory).bytes.set(memory.bytes.subarray(byteAddr, byteAddr + byteLength), byteAddr);
  }

  /** Wasm is about to go on. Throws RewasmError "missed-write" that names the first range which nobody has noted. */
  check(): void {
    this.checks++;
    for (const [addr, memory] of this.store.memories.entries()) {
      const missed = firstDifference(this.shadow(addr, memory), memory);
      if (missed === undefined) continue;
      const [byteAddr, end] = missed;
      const range = `0x${byteAddr.toString(16)}..0x${end.toString(16)}`;
      const text = `audit: the program has written bytes ${range} of memory ${addr} unnoticed before tick ${this.store.tick}`;
      throw new RewasmError("missed-write", `${text}: this recording would not replay`);
    }
  }

  /** The copy of a memory, as long as the memory: what is new is zero. */
  private shadow(addr: number, memory: Memory): Shadow {
    const known = this.shadows[addr];
    if (known?.bytes.length === memory.byteLength) return known;
    const bytes = new Bytes(memory.byteLength);
    if (known !== undefined) bytes.set(known.bytes);
    const made = { bytes, words: new Words(bytes.buffer) };
    this.shadows[addr] = made;
    return made;
  }
}

/** Start and end of the first run of bytes that differ. */
function firstDifference({ bytes, words }: Shadow, memory: Memory): readonly [start: number, end: number] | undefined {
  const now = memory.words;
  let at = 0;
  while (at < words.length && words[at] === now[at]) at++;
  if (at === words.length) return undefined;
  let start = at * 4;
  while (bytes[start] === memory.bytes[start]) start++;
  let end = start;
  while (end < bytes.length && bytes[end] !== memory.bytes[end]) end++;
  return [start, end];
}
