/**
 * Loads and stores on memories other than an instance's first, outside of the interpreter's loop, which holds views of
 * that one only (spec: memory instructions).
 */
import type { Memory } from "./memory.ts";
import { opcodeRow, Wasm } from "./opcodes.ts";
import { LANE_SHIFT } from "./ops.ts";
import { accessVector } from "./simd-memory.ts";
import type { Store } from "./store.ts";
import { Trap } from "./trap.ts";

/**
 * Does the load or store with wasm opcode `code`. The address is the unsigned word `at` of the value stack, a stored value
 * is in the slot behind it, a loaded one goes where the address was.
 */
export function runAccess(store: Store, code: number, at: number, memoryAddr: number, offset: number): Trap {
  const memory = store.memories[memoryAddr]!;
  const byteAddr = (store.i32[at]! >>> 0) + (offset >>> 0);
  try {
    if (code < Wasm.I32Store) load(store.i32, memory.view, code, byteAddr, at);
    else storeValue(store.i32, memory, code, byteAddr, at + 2);
  } catch (error) {
    // DataView throws for an address out of bounds; nothing else here does.
    if (error instanceof RangeError) return Trap.MemoryOutOfBounds;
    throw error;
  }
  return Trap.None;
}

function load(words: Int32Array, view: DataView, code: number, byteAddr: number, at: number): void {
  switch (code) {
    case Wasm.I32Load:
    case Wasm.F32Load:
      words[at] = view.getInt32(byteAddr, true);
      return;
    case Wasm.I64Load:
    case Wasm.F64Load: {
      const high = view.getInt32(byteAddr + 4, true);
      words[at] = view.getInt32(byteAddr, true);
      words[at + 1] = high;
      return;
    }
    default:
      words[at] = loadNarrow(view, code, byteAddr);
      words[at + 1] = isUnsigned(code) ? 0 : words[at]! >> 31;
  }
}

function loadNarrow(view: DataView, code: number, byteAddr: number): number {
  switch (code) {
    case Wasm.I32Load8S:
    case Wasm.I64Load8S:
      return view.getInt8(byteAddr);
    case Wasm.I32Load8U:
    case Wasm.I64Load8U:
      return view.getUint8(byteAddr);
    case Wasm.I32Load16S:
    case Wasm.I64Load16S:
      return view.getInt16(byteAddr, true);
    case Wasm.I32Load16U:
    case Wasm.I64Load16U:
      return view.getUint16(byteAddr, true);
    case Wasm.I64Load32S:
    case Wasm.I64Load32U:
      return view.getInt32(byteAddr, true);
    default:
      throw new Error(`no such load: ${code}`);
  }
}

function isUnsigned(code: number): boolean {
  return (
    code === Wasm.I64Load8U || code === Wasm.I64Load16U || code === Wasm.I64Load32U || code === Wasm.I32Load8U || code === Wasm.I32Load16U
  );
}

function storeValue(words: Int32Array, memory: Memory, code: number, byteAddr: number, at: number): void {
  const { view } = memory;
  switch (code) {
    case Wasm.I32Store:
    case Wasm.F32Store:
    case Wasm.I64Store32:
      view.setInt32(byteAddr, words[at]!, true);
      break;
    case Wasm.I64Store:
    case Wasm.F64Store:
      // The high half first: when it is out of bounds nothing is written.
      view.setInt32(byteAddr + 4, words[at + 1]!, true);
      view.setInt32(byteAddr, words[at]!, true);
      break;
    case Wasm.I32Store8:
    case Wasm.I64Store8:
      view.setInt8(byteAddr, words[at]!);
      break;
    case Wasm.I32Store16:
    case Wasm.I64Store16:
      view.setInt16(byteAddr, words[at]!, true);
      break;
    default:
      throw new Error(`no such store: ${code}`);
  }
  memory.markDirty(byteAddr, 8);
}

/** The same for vectors. The lane that it names, if any, is above the memory's address. */
export function runVectorAccess(store: Store, code: number, at: number, memoryAndLane: number, offset: number): Trap {
  const memory = store.memories[memoryAndLane & ((1 << LANE_SHIFT) - 1)]!;
  const byteAddr = (store.i32[at]! >>> 0) + (offset >>> 0);
  const loads = opcodeRow(code)!.results!.length > 0;
  const done = accessVector(code, memory, byteAddr, store.i32, loads ? at : at + 2, at + 2, memoryAndLane >>> LANE_SHIFT);
  return done ? Trap.None : Trap.MemoryOutOfBounds;
}
