/**
 * Atomic memory instructions as one thread sees them (threads proposal): every access is atomic, nobody else can notify
 * or be woken. Outside of the interpreter's loop.
 */
import type { Memory } from "./memory.ts";
import { opcodeRow, Wasm } from "./opcodes.ts";
import type { Store } from "./store.ts";
import { Trap } from "./trap.ts";
import { ValType } from "./types.ts";

/** What the read-modify-write instructions do, in the order of their codes: seven widths of each. */
const Modify = { Add: 0, Sub: 1, And: 2, Or: 3, Xor: 4, Exchange: 5, CompareExchange: 6 } as const;
const WIDTHS = 7;

/** Answers of wait: woken is 0, which never happens here. */
const NOT_EQUAL = 1;
const TIMED_OUT = 2;

/**
 * Runs the instruction with wasm opcode `code`. Its address is the unsigned word `at` of the value stack, other operands
 * are in the slots behind; the result goes where the address was.
 */
export function runAtomic(store: Store, code: number, at: number, memoryAddr: number, offset: number): Trap {
  const memory = store.memories[memoryAddr]!;
  const { align, params } = opcodeRow(code)!;
  const bytes = 1 << align;
  const byteAddr = (store.i32[at]! >>> 0) + (offset >>> 0);
  if (byteAddr % bytes !== 0) return Trap.UnalignedAtomic;
  if (byteAddr + bytes > memory.byteLength) return Trap.MemoryOutOfBounds;
  const wide = params!.at(-1) === ValType.I64;
  switch (code) {
    case Wasm.MemoryAtomicNotify:
      setResult(store, at, 0n);
      return Trap.None;
    case Wasm.MemoryAtomicWait32:
    case Wasm.MemoryAtomicWait64:
      return wait(store, memory, byteAddr, bytes, at);
    default:
      break;
  }
  if (code < Wasm.I32AtomicStore) setResult(store, at, read(memory, byteAddr, bytes));
  else if (code < Wasm.I32AtomicRmwAdd) write(memory, byteAddr, bytes, operand(store, at + 2, wide));
  else modify(store, memory, code, byteAddr, bytes, at, wide);
  return Trap.None;
}

function modify(store: Store, memory: Memory, code: number, byteAddr: number, bytes: number, at: number, wide: boolean): void {
  const old = read(memory, byteAddr, bytes);
  const value = operand(store, at + 2, wide);
  const how = Math.floor((code - Wasm.I32AtomicRmwAdd) / WIDTHS);
  if (how !== Modify.CompareExchange) write(memory, byteAddr, bytes, modified(how, old, value));
  // The operand is compared as it is: one that does not fit the access is never equal.
  else if (old === value) write(memory, byteAddr, bytes, operand(store, at + 4, wide));
  setResult(store, at, old);
}

function modified(how: number, old: bigint, value: bigint): bigint {
  switch (how) {
    case Modify.Add:
      return old + value;
    case Modify.Sub:
      return old - value;
    case Modify.And:
      return old & value;
    case Modify.Or:
      return old | value;
    case Modify.Xor:
      return old ^ value;
    default:
      return value;
  }
}

/** Nobody can wake the only thread: a wait that would begin ends by its timeout, which takes no time here, or never. */
function wait(store: Store, memory: Memory, byteAddr: number, bytes: number, at: number): Trap {
  if (!memory.shared) return Trap.ExpectedShared;
  const expected = operand(store, at + 2, bytes === 8);
  const timeout = store.i64[(at >>> 1) + 2]!;
  if (read(memory, byteAddr, bytes) !== expected) setResult(store, at, BigInt(NOT_EQUAL));
  else if (timeout >= 0n) setResult(store, at, BigInt(TIMED_OUT));
  else return Trap.Deadlock;
  return Trap.None;
}

/** An operand, unsigned. */
function operand(store: Store, at: number, wide: boolean): bigint {
  return wide ? BigInt.asUintN(64, store.i64[at >>> 1]!) : BigInt(store.i32[at]! >>> 0);
}

function setResult(store: Store, at: number, value: bigint): void {
  store.i64[at >>> 1] = BigInt.asIntN(64, value);
}

function read(memory: Memory, byteAddr: number, bytes: number): bigint {
  const { view } = memory;
  switch (bytes) {
    case 1:
      return BigInt(view.getUint8(byteAddr));
    case 2:
      return BigInt(view.getUint16(byteAddr, true));
    case 4:
      return BigInt(view.getUint32(byteAddr, true));
    default:
      return view.getBigUint64(byteAddr, true);
  }
}

function write(memory: Memory, byteAddr: number, bytes: number, value: bigint): void {
  const { view } = memory;
  if (bytes === 8) view.setBigUint64(byteAddr, BigInt.asUintN(64, value), true);
  else {
    const low = Number(BigInt.asUintN(32, value));
    if (bytes === 1) view.setUint8(byteAddr, low);
    else if (bytes === 2) view.setUint16(byteAddr, low, true);
    else view.setUint32(byteAddr, low, true);
  }
  memory.markDirty(byteAddr, bytes);
}
