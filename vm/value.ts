/**
 * Values at the host boundary as JavaScript has them: number for i32 (signed), f32, f64 and references (raw integers),
 * bigint for i64 (signed) and v128 (128 bits, unsigned). NaN bits may be lost in numbers; hosts that need them read the raw slots.
 */
import type { Store } from "./store.ts";
import { isWide, slotsOf, ValType, vectorBits } from "./types.ts";

export type Value = number | bigint;

/** The slots of a store. */
export type Slots = Pick<Store, "i32" | "i64" | "f32" | "f64">;

/** Writes `values` into slots from `slot`, clearing the unused high half of 32-bit values. */
export function writeValues(store: Slots, slot: number, types: readonly ValType[], values: readonly Value[]): void {
  let at = slot;
  for (const [i, type] of types.entries()) {
    const value = values[i] ?? (type === ValType.I64 ? 0n : 0);
    if (type === ValType.I64) store.i64[at] = BigInt(value);
    else if (type === ValType.V128) {
      store.i64[at] = BigInt(value);
      store.i64[at + 1] = BigInt(value) >> 64n;
    } else if (type === ValType.F64) store.f64[at] = Number(value);
    else {
      store.i32[at * 2 + 1] = 0;
      if (type === ValType.F32) store.f32[at * 2] = Number(value);
      else store.i32[at * 2] = Number(value);
    }
    at += slotsOf(type);
  }
}

export function readValues(store: Slots, slot: number, types: readonly ValType[]): Value[] {
  let next = slot;
  return types.map((type) => {
    const at = next;
    next += slotsOf(type);
    if (type === ValType.I64) return store.i64[at]!;
    if (type === ValType.V128) return vectorBits(store.i64[at]!, store.i64[at + 1]!);
    if (type === ValType.F64) return store.f64[at]!;
    if (type === ValType.F32) return store.f32[at * 2]!;
    return store.i32[at * 2]!;
  });
}

/** As readValues, of slots that are not the value stack's: two words each. */
export function valuesOfWords(words: Int32Array, types: readonly ValType[]): Value[] {
  const i32 = Int32Array.from(words);
  const slots = { i32, i64: new BigInt64Array(i32.buffer), f32: new Float32Array(i32.buffer), f64: new Float64Array(i32.buffer) };
  return readValues(slots, 0, types);
}

/** The bits of the value in a slot (v128: two) in canonical form: the unused high half of 32-bit values reads zero. */
export function slotBits(store: Store, slot: number, type: ValType): bigint {
  if (type === ValType.V128) return vectorBits(store.i64[slot]!, store.i64[slot + 1]!);
  return isWide(type) ? BigInt.asUintN(64, store.i64[slot]!) : BigInt(store.i32[slot * 2]! >>> 0);
}
