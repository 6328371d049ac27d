/**
 * Float lanes of vectors (spec: execution/numerics, vector operators). A vector is four words from an index of 32-bit
 * words; results go to words from `d`, which may be those of an operand. Every NaN that is computed becomes the positive
 * canonical one; lanes that are only chosen or moved go as integer words, so that their bits stay.
 */
import { nearest } from "./numeric.ts";

type Words = Int32Array;
type Floats = Float32Array;
type Doubles = Float64Array;

const NAN_32 = 0x7fc00000;
const NAN_64_HIGH = 0x7ff80000;

/** Writes a lane of 32 bits. The number is rounded here: for one operation, through a double, that is exact. */
function put32(S: Floats, I: Words, d: number, value: number): void {
  S[d] = value;
  if (value !== value) I[d] = NAN_32;
}

/** Writes a lane of 64 bits to words `d`, `d + 1`. */
function put64(F: Doubles, I: Words, d: number, value: number): void {
  F[d >>> 1] = value;
  if (value !== value) {
    I[d] = 0;
    I[d + 1] = NAN_64_HIGH;
  }
}

export function div32(S: Floats, I: Words, d: number, a: number, b: number): void {
  for (let w = 0; w < 4; w++) put32(S, I, d + w, S[a + w]! / S[b + w]!);
}

export function min32(S: Floats, I: Words, d: number, a: number, b: number): void {
  for (let w = 0; w < 4; w++) put32(S, I, d + w, Math.min(S[a + w]!, S[b + w]!));
}

export function max32(S: Floats, I: Words, d: number, a: number, b: number): void {
  for (let w = 0; w < 4; w++) put32(S, I, d + w, Math.max(S[a + w]!, S[b + w]!));
}

export function sqrt32(S: Floats, I: Words, d: number, a: number): void {
  for (let w = 0; w < 4; w++) put32(S, I, d + w, Math.sqrt(S[a + w]!));
}

export function ceil32(S: Floats, I: Words, d: number, a: number): void {
  for (let w = 0; w < 4; w++) put32(S, I, d + w, Math.ceil(S[a + w]!));
}

export function floor32(S: Floats, I: Words, d: number, a: number): void {
  for (let w = 0; w < 4; w++) put32(S, I, d + w, Math.floor(S[a + w]!));
}

export function trunc32(S: Floats, I: Words, d: number, a: number): void {
  for (let w = 0; w < 4; w++) put32(S, I, d + w, Math.trunc(S[a + w]!));
}

export function nearest32(S: Floats, I: Words, d: number, a: number): void {
  for (let w = 0; w < 4; w++) put32(S, I, d + w, nearest(S[a + w]!));
}

/** a * b + c in two roundings, the product negated when `sign` is -1. */
export function madd32(S: Floats, I: Words, d: number, a: number, b: number, c: number, sign: number): void {
  for (let w = 0; w < 4; w++) put32(S, I, d + w, Math.fround(sign * S[a + w]! * S[b + w]!) + S[c + w]!);
}

/** b < a ? b : a. */
export function pmin32(S: Floats, I: Words, d: number, a: number, b: number): void {
  for (let w = 0; w < 4; w++) I[d + w] = S[b + w]! < S[a + w]! ? I[b + w]! : I[a + w]!;
}

/** a < b ? b : a. */
export function pmax32(S: Floats, I: Words, d: number, a: number, b: number): void {
  for (let w = 0; w < 4; w++) I[d + w] = S[a + w]! < S[b + w]! ? I[b + w]! : I[a + w]!;
}

export function div64(F: Doubles, I: Words, d: number, a: number, b: number): void {
  put64(F, I, d, F[a >>> 1]! / F[b >>> 1]!);
  put64(F, I, d + 2, F[(a >>> 1) + 1]! / F[(b >>> 1) + 1]!);
}

export function min64(F: Doubles, I: Words, d: number, a: number, b: number): void {
  put64(F, I, d, Math.min(F[a >>> 1]!, F[b >>> 1]!));
  put64(F, I, d + 2, Math.min(F[(a >>> 1) + 1]!, F[(b >>> 1) + 1]!));
}

export function max64(F: Doubles, I: Words, d: number, a: number, b: number): void {
  put64(F, I, d, Math.max(F[a >>> 1]!, F[b >>> 1]!));
  put64(F, I, d + 2, Math.max(F[(a >>> 1) + 1]!, F[(b >>> 1) + 1]!));
}

export function sqrt64(F: Doubles, I: Words, d: number, a: number): void {
  put64(F, I, d, Math.sqrt(F[a >>> 1]!));
  put64(F, I, d + 2, Math.sqrt(F[(a >>> 1) + 1]!));
}

export function ceil64(F: Doubles, I: Words, d: number, a: number): void {
  put64(F, I, d, Math.ceil(F[a >>> 1]!));
  put64(F, I, d + 2, Math.ceil(F[(a >>> 1) + 1]!));
}

export function floor64(F: Doubles, I: Words, d: number, a: number): void {
  put64(F, I, d, Math.floor(F[a >>> 1]!));
  put64(F, I, d + 2, Math.floor(F[(a >>> 1) + 1]!));
}

export function trunc64(F: Doubles, I: Words, d: number, a: number): void {
  put64(F, I, d, Math.trunc(F[a >>> 1]!));
  put64(F, I, d + 2, Math.trunc(F[(a >>> 1) + 1]!));
}

export function nearest64(F: Doubles, I: Words, d: number, a: number): void {
  put64(F, I, d, nearest(F[a >>> 1]!));
  put64(F, I, d + 2, nearest(F[(a >>> 1) + 1]!));
}

export function madd64(F: Doubles, I: Words, d: number, a: number, b: number, c: number, sign: number): void {
  put64(F, I, d, sign * F[a >>> 1]! * F[b >>> 1]! + F[c >>> 1]!);
  put64(F, I, d + 2, sign * F[(a >>> 1) + 1]! * F[(b >>> 1) + 1]! + F[(c >>> 1) + 1]!);
}

function copy64(I: Words, d: number, from: number): void {
  I[d] = I[from]!;
  I[d + 1] = I[from + 1]!;
}

export function pmin64(F: Doubles, I: Words, d: number, a: number, b: number): void {
  copy64(I, d, F[b >>> 1]! < F[a >>> 1]! ? b : a);
  copy64(I, d + 2, F[(b >>> 1) + 1]! < F[(a >>> 1) + 1]! ? b + 2 : a + 2);
}

export function pmax64(F: Doubles, I: Words, d: number, a: number, b: number): void {
  copy64(I, d, F[a >>> 1]! < F[b >>> 1]! ? b : a);
  copy64(I, d + 2, F[(a >>> 1) + 1]! < F[(b >>> 1) + 1]! ? b + 2 : a + 2);
}

// Conversions. Where lanes change their width all are read before one is written.

function satS32(value: number): number {
  if (value >= 2147483647) return 0x7fffffff;
  return value <= -2147483648 ? -0x80000000 : value | 0;
}

function satU32(value: number): number {
  if (value >= 4294967295) return -1;
  return value > 0 ? value >>> 0 : 0;
}

export function truncS32(S: Floats, I: Words, d: number, a: number): void {
  for (let w = 0; w < 4; w++) I[d + w] = satS32(S[a + w]!);
}

export function truncU32(S: Floats, I: Words, d: number, a: number): void {
  for (let w = 0; w < 4; w++) I[d + w] = satU32(S[a + w]!);
}

function put2(I: Words, d: number, low: number, high: number): void {
  I[d] = low;
  I[d + 1] = high;
  I[d + 2] = 0;
  I[d + 3] = 0;
}

export function truncS64(F: Doubles, I: Words, d: number, a: number): void {
  put2(I, d, satS32(F[a >>> 1]!), satS32(F[(a >>> 1) + 1]!));
}

export function truncU64(F: Doubles, I: Words, d: number, a: number): void {
  put2(I, d, satU32(F[a >>> 1]!), satU32(F[(a >>> 1) + 1]!));
}

export function convertS32(S: Floats, I: Words, d: number, a: number): void {
  for (let w = 0; w < 4; w++) S[d + w] = I[a + w]!;
}

export function convertU32(S: Floats, I: Words, d: number, a: number): void {
  for (let w = 0; w < 4; w++) S[d + w] = I[a + w]! >>> 0;
}

export function convertLowS(F: Doubles, I: Words, d: number, a: number): void {
  const low = I[a]!;
  const high = I[a + 1]!;
  F[d >>> 1] = low;
  F[(d >>> 1) + 1] = high;
}

export function convertLowU(F: Doubles, I: Words, d: number, a: number): void {
  const low = I[a]! >>> 0;
  const high = I[a + 1]! >>> 0;
  F[d >>> 1] = low;
  F[(d >>> 1) + 1] = high;
}

export function demote(S: Floats, F: Doubles, I: Words, d: number, a: number): void {
  const low = F[a >>> 1]!;
  const high = F[(a >>> 1) + 1]!;
  put32(S, I, d, low);
  put32(S, I, d + 1, high);
  I[d + 2] = 0;
  I[d + 3] = 0;
}

export function promote(S: Floats, F: Doubles, I: Words, d: number, a: number): void {
  const low = S[a]!;
  const high = S[a + 1]!;
  put64(F, I, d, low);
  put64(F, I, d + 2, high);
}
