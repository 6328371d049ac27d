/** Numeric operators that JavaScript has no operator for (spec: execution/numerics). Pure functions on plain numbers. */

import { Trap } from "./trap.ts";

/** The sign bit of a 64-bit value, as the signed BigInt that BigInt64Array yields, and all other bits. */
export const BIT_SIGN = -0x8000000000000000n;
export const BITS_MAGNITUDE = 0x7fffffffffffffffn;

export function ctz32(value: number): number {
  return value === 0 ? 32 : 31 - Math.clz32(value & -value);
}

export function popcnt32(value: number): number {
  let v = value - ((value >>> 1) & 0x55555555);
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333);
  return Math.imul((v + (v >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** Bits of the positive canonical NaN (deterministic profile): of an f32, and the upper half of an f64, whose lower is zero. */
export const CANONICAL_NAN_32 = 0x7fc00000;
export const CANONICAL_NAN_64_HIGH = 0x7ff80000;

/** Writes the positive canonical NaN (deterministic profile) over the slot whose low word is `words[at]`. */
export function canonicalNan64(words: Int32Array, at: number): void {
  words[at] = 0;
  words[at + 1] = 0x7ff80000;
}

/** Copies the 64 bits at `byteAddr` to words `at`, `at + 1`: how a NaN is loaded and stored, whose bits a number may lose. */
export function copyBits64(from: DataView, byteAddr: number, words: Int32Array, at: number): void {
  words[at] = from.getInt32(byteAddr, true);
  words[at + 1] = from.getInt32(byteAddr + 4, true);
}

export function storeBits64(to: DataView, byteAddr: number, words: Int32Array, at: number): void {
  to.setInt32(byteAddr, words[at]!, true);
  to.setInt32(byteAddr + 4, words[at + 1]!, true);
}

/**
 * 64-bit shifts by a count that is not constant, 0 to 63, of the value `lo`, `hi` into words `at`, `at + 1`: on halves,
 * because V8 makes machine code of BigInt shifts only for literal counts.
 */
export function shl64(words: Int32Array, at: number, lo: number, hi: number, count: number): void {
  words[at] = count < 32 ? lo << count : 0;
  words[at + 1] = count < 32 ? (hi << count) | upper(lo, count) : lo << (count - 32);
}

export function shrU64(words: Int32Array, at: number, lo: number, hi: number, count: number): void {
  words[at] = count < 32 ? (lo >>> count) | lower(hi, count) : hi >>> (count - 32);
  words[at + 1] = count < 32 ? hi >>> count : 0;
}

export function shrS64(words: Int32Array, at: number, lo: number, hi: number, count: number): void {
  words[at] = count < 32 ? (lo >>> count) | lower(hi, count) : hi >> (count - 32);
  words[at + 1] = hi >> Math.min(count, 31);
}

export function rotl64(words: Int32Array, at: number, lo: number, hi: number, count: number): void {
  const [low, high, rest] = count < 32 ? [lo, hi, count] : [hi, lo, count - 32];
  words[at] = (low << rest) | upper(high, rest);
  words[at + 1] = (high << rest) | upper(low, rest);
}

/** The bits that a left shift by `count` below 32 moves out of a word, at the bottom; those of a right shift, at the top. */
function upper(word: number, count: number): number {
  return count === 0 ? 0 : word >>> (32 - count);
}
function lower(word: number, count: number): number {
  return count === 0 ? 0 : word << (32 - count);
}

/** Why a float that does not fit cannot be truncated. */
export function truncTrap(value: number): typeof Trap.InvalidConversionToInteger | typeof Trap.IntegerOverflow {
  return value !== value ? Trap.InvalidConversionToInteger : Trap.IntegerOverflow;
}

/** Round half to even. */
export function nearest(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest < 0.5) return rest === 0 ? value : keepSign(floor, value);
  if (rest > 0.5) return keepSign(Math.ceil(value), value);
  return rest !== rest ? value : keepSign(floor % 2 === 0 ? floor : floor + 1, value);
}

/** Zero takes the sign of what was rounded to it. */
function keepSign(rounded: number, value: number): number {
  return rounded === 0 && (value < 0 || Object.is(value, -0)) ? -0 : rounded;
}

/** Truncation of a value that is known to fit 64 bits, signed or unsigned. */
export function truncToI64(value: number): bigint {
  return BigInt.asIntN(64, BigInt(Math.trunc(value)));
}

export function truncSatI64(value: number): bigint {
  if (value !== value) return 0n;
  if (value >= 9223372036854775808) return BITS_MAGNITUDE;
  if (value < -9223372036854775808) return BIT_SIGN;
  return truncToI64(value);
}

export function truncSatU64(value: number): bigint {
  if (!(value > -1)) return 0n;
  if (value >= 18446744073709551616) return -1n;
  return truncToI64(value);
}

/** Nearest f32 of a 64-bit integer, rounded once: through a double with a sticky last bit. */
export function i64ToF32(value: bigint): number {
  const magnitude = value < 0n ? -value : value;
  if (magnitude < 0x20000000000000n) return Math.fround(Number(value));
  const sticky = (magnitude & 0x7ffn) === 0n ? 0n : 1n;
  const rounded = Math.fround(Number((magnitude >> 11n) | sticky)) * 2048;
  return value < 0n ? -rounded : rounded;
}

/** Digits that are always enough for an f32. */
const SINGLE_DIGITS = 9;

/** The double with the fewest decimal digits that rounds to the f32 `value`, which is finite and no negative zero: how it is written. */
export function shortestSingle(value: number): number {
  for (let digits = 1; digits < SINGLE_DIGITS; digits++) {
    const rounded = Number(value.toPrecision(digits));
    if (Math.fround(rounded) === value) return rounded;
  }
  return Number(value.toPrecision(SINGLE_DIGITS));
}
