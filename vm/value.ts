/**
 * Values at the host boundary as JavaScript has them: number for i32 (signed), f32, f64 and references (raw integers),
 * bigint for i64 (signed). NaN bits may be lost in numbers; hosts that need them read the raw slots.
 */
import type { Store } from "./store.ts";
import { ValType } from "./types.ts";

export type Value = number | bigint;

/** Writes `values` into slots from `slot`, clearing the unused high half of 32-bit values. */
export function writeValues(store: Store, slot: number, types: readonly ValType[], values: readonly Value[]): void {
  for (const [i, type] of types.entries()) {
    const value = values[i] ?? (type === ValType.I64 ? 0n : 0);
    const at = slot + i;
    if (type === ValType.I64) store.i64[at] = BigInt(value);
    else if (type === ValType.F64) store.f64[at] = Number(value);
    else {
      store.i32[at * 2 + 1] = 0;
      if (type === ValType.F32) store.f32[at * 2] = Number(value);
      else store.i32[at * 2] = Number(value);
    }
  }
}

export function readValues(store: Store, slot: number, types: readonly ValType[]): Value[] {
  return types.map((type, i) => {
    const at = slot + i;
    if (type === ValType.I64) return store.i64[at]!;
    if (type === ValType.F64) return store.f64[at]!;
    if (type === ValType.F32) return store.f32[at * 2]!;
    return store.i32[at * 2]!;
  });
}

/** The 64 bits of a slot in canonical form: the unused high half of 32-bit values reads zero. */
export function slotBits(store: Store, slot: number, type: ValType): bigint {
  return type === ValType.I64 || type === ValType.F64 ? BigInt.asUintN(64, store.i64[slot]!) : BigInt(store.i32[slot * 2]! >>> 0);
}
