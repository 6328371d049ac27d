/** 128-bit arithmetic on pairs of i64 (wide-arithmetic proposal), outside of the interpreter's loop. */
import { Wasm } from "./opcodes.ts";

/** Runs the instruction with wasm opcode `code` on the slots from `slot` on; its two results, low half first, replace them. */
export function runWide(slots: BigInt64Array, code: number, slot: number): void {
  let result: bigint;
  switch (code) {
    case Wasm.I64Add128:
      result = pair(slots, slot) + pair(slots, slot + 2);
      break;
    case Wasm.I64Sub128:
      result = pair(slots, slot) - pair(slots, slot + 2);
      break;
    case Wasm.I64MulWideS:
      result = slots[slot]! * slots[slot + 1]!;
      break;
    case Wasm.I64MulWideU:
      result = BigInt.asUintN(64, slots[slot]!) * BigInt.asUintN(64, slots[slot + 1]!);
      break;
    default:
      throw new Error(`no such wide operation: ${code}`);
  }
  slots[slot] = BigInt.asIntN(64, result);
  slots[slot + 1] = BigInt.asIntN(64, result >> 64n);
}

function pair(slots: BigInt64Array, slot: number): bigint {
  return BigInt.asUintN(64, slots[slot]!) | (slots[slot + 1]! << 64n);
}
