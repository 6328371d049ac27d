/**
 * Integer lanes of vectors, worked on in 32-bit words: four lanes of 8 or two of 16 bits at a time by ordinary arithmetic
 * that keeps carries inside lanes (spec: execution/numerics, vector operators). A vector is four words of `I` from an
 * index; results go to words from `d`, which may be those of an operand but never overlap one in part.
 */
import { shl64, shrS64, shrU64 } from "./numeric.ts";

type Words = Int32Array;

/** The sign bit of every lane of 8, of 16 bits. */
export const SIGNS_8 = 0x80808080 | 0;
export const SIGNS_16 = 0x80008000 | 0;

/** All bits of the lanes whose sign bits are `signs`; the others zero. `width` is 8 or 16. */
function spread(signs: number, width: number): number {
  const ones = signs >>> (width - 1);
  return (ones << width) - ones;
}

function sum(x: number, y: number, signs: number): number {
  return ((x & ~signs) + (y & ~signs)) ^ ((x ^ y) & signs);
}

function difference(x: number, y: number, signs: number): number {
  return ((x | signs) - (y & ~signs)) ^ (~(x ^ y) & signs);
}

/** Sign bits of the lanes in which x < y, unsigned. */
function below(x: number, y: number, signs: number): number {
  return ((~x & y) | (~(x ^ y) & difference(x, y, signs))) & signs;
}

/** Sign bits of the lanes that are not zero. */
function nonZero(x: number, signs: number): number {
  return (((x & ~signs) + ~signs) | x) & signs;
}

export function addLanes(I: Words, d: number, a: number, b: number, signs: number): void {
  for (let w = 0; w < 4; w++) I[d + w] = sum(I[a + w]!, I[b + w]!, signs);
}

export function subLanes(I: Words, d: number, a: number, b: number, signs: number): void {
  for (let w = 0; w < 4; w++) I[d + w] = difference(I[a + w]!, I[b + w]!, signs);
}

export function negLanes(I: Words, d: number, a: number, signs: number): void {
  for (let w = 0; w < 4; w++) I[d + w] = difference(0, I[a + w]!, signs);
}

export function absLanes(I: Words, d: number, a: number, signs: number, width: number): void {
  for (let w = 0; w < 4; w++) {
    const x = I[a + w]!;
    const negative = spread(x & signs, width);
    I[d + w] = difference(x ^ negative, negative, signs);
  }
}

export function addSatSLanes(I: Words, d: number, a: number, b: number, signs: number, width: number): void {
  for (let w = 0; w < 4; w++) {
    const x = I[a + w]!;
    const y = I[b + w]!;
    const total = sum(x, y, signs);
    I[d + w] = saturated(total, ~(x ^ y) & (x ^ total), x, signs, width);
  }
}

export function subSatSLanes(I: Words, d: number, a: number, b: number, signs: number, width: number): void {
  for (let w = 0; w < 4; w++) {
    const x = I[a + w]!;
    const y = I[b + w]!;
    const rest = difference(x, y, signs);
    I[d + w] = saturated(rest, (x ^ y) & (x ^ rest), x, signs, width);
  }
}

/** `value` but in lanes whose sign bit is set in `overflow`: there the extreme of the sign of `x`. */
function saturated(value: number, overflow: number, x: number, signs: number, width: number): number {
  const mask = spread(overflow & signs, width);
  const extreme = ((x & signs) >>> (width - 1)) + ~signs;
  return (value & ~mask) | (extreme & mask);
}

export function addSatULanes(I: Words, d: number, a: number, b: number, signs: number, width: number): void {
  for (let w = 0; w < 4; w++) {
    const x = I[a + w]!;
    const y = I[b + w]!;
    const total = sum(x, y, signs);
    I[d + w] = total | spread(((x & y) | ((x | y) & ~total)) & signs, width);
  }
}

export function subSatULanes(I: Words, d: number, a: number, b: number, signs: number, width: number): void {
  for (let w = 0; w < 4; w++) {
    const x = I[a + w]!;
    const y = I[b + w]!;
    I[d + w] = difference(x, y, signs) & ~spread(below(x, y, signs), width);
  }
}

/** `flip` inverts the result: -1 for ne, 0 for eq. */
export function eqLanes(I: Words, d: number, a: number, b: number, signs: number, width: number, flip: number): void {
  for (let w = 0; w < 4; w++) I[d + w] = ~spread(nonZero(I[a + w]! ^ I[b + w]!, signs), width) ^ flip;
}

/** a < b; `order` is `signs` for signed lanes, else 0; `flip` -1 makes it a >= b. */
export function ltLanes(I: Words, d: number, a: number, b: number, signs: number, width: number, order: number, flip: number): void {
  for (let w = 0; w < 4; w++) I[d + w] = spread(below(I[a + w]! ^ order, I[b + w]! ^ order, signs), width) ^ flip;
}

/** The smaller of both, or with `flip` -1 the larger; `order` as in ltLanes. */
export function minLanes(I: Words, d: number, a: number, b: number, signs: number, width: number, order: number, flip: number): void {
  for (let w = 0; w < 4; w++) {
    const x = I[a + w]!;
    const y = I[b + w]!;
    const mask = spread(below(x ^ order, y ^ order, signs), width) ^ flip;
    I[d + w] = (x & mask) | (y & ~mask);
  }
}

/** Rounding average of unsigned lanes. */
export function avgrLanes(I: Words, d: number, a: number, b: number, signs: number): void {
  for (let w = 0; w < 4; w++) {
    const x = I[a + w]!;
    const y = I[b + w]!;
    // Halves without their sign bits lie inside their lanes, so nothing is borrowed from a neighbour.
    I[d + w] = (x | y) - (((x ^ y) >>> 1) & ~signs);
  }
}

/** The low `width` bits of `lane` in every lane. */
function repeat(lane: number, width: number): number {
  return width === 8 ? Math.imul(lane & 0xff, 0x01010101) : Math.imul(lane & 0xffff, 0x00010001);
}

export function shlLanes(I: Words, d: number, a: number, count: number, width: number): void {
  const by = count & (width - 1);
  const kept = repeat(-1 << by, width);
  for (let w = 0; w < 4; w++) I[d + w] = (I[a + w]! << by) & kept;
}

export function shrULanes(I: Words, d: number, a: number, count: number, width: number): void {
  const by = count & (width - 1);
  const kept = repeat(((1 << width) - 1) >>> by, width);
  for (let w = 0; w < 4; w++) I[d + w] = (I[a + w]! >>> by) & kept;
}

export function shrSLanes(I: Words, d: number, a: number, count: number, signs: number, width: number): void {
  const by = count & (width - 1);
  const kept = repeat(((1 << width) - 1) >>> by, width);
  const sign = repeat((1 << (width - 1)) >>> by, width);
  for (let w = 0; w < 4; w++) I[d + w] = difference(((I[a + w]! >>> by) & kept) ^ sign, sign, signs);
}

export function popcntLanes(I: Words, d: number, a: number): void {
  for (let w = 0; w < 4; w++) {
    let v = I[a + w]!;
    v = v - ((v >>> 1) & 0x55555555);
    v = (v & 0x33333333) + ((v >>> 2) & 0x33333333);
    I[d + w] = (v + (v >>> 4)) & 0x0f0f0f0f;
  }
}

export function allTrueLanes(I: Words, a: number, signs: number): number {
  const all = nonZero(I[a]!, signs) & nonZero(I[a + 1]!, signs) & nonZero(I[a + 2]!, signs) & nonZero(I[a + 3]!, signs);
  return all === signs ? 1 : 0;
}

export function bitmask8(I: Words, a: number): number {
  let bits = 0;
  // The product gathers the four sign bits at the top: each is moved there by one bit of the factor.
  for (let w = 0; w < 4; w++) bits |= (Math.imul((I[a + w]! >>> 7) & 0x01010101, 0x10204080) >>> 28) << (w * 4);
  return bits;
}

export function bitmask16(I: Words, a: number): number {
  let bits = 0;
  for (let w = 0; w < 4; w++) bits |= (((I[a + w]! >>> 15) & 1) | ((I[a + w]! >>> 30) & 2)) << (w * 2);
  return bits;
}

// Lanes of 16 bits one by one.

function low16(word: number): number {
  return (word << 16) >> 16;
}

function pack16(low: number, high: number): number {
  return (low & 0xffff) | (high << 16);
}

export function mul16(I: Words, d: number, a: number, b: number): void {
  for (let w = 0; w < 4; w++) {
    const x = I[a + w]!;
    const y = I[b + w]!;
    I[d + w] = pack16(Math.imul(x, y), Math.imul(x >>> 16, y >>> 16));
  }
}

function q15mulr(x: number, y: number): number {
  return Math.min((Math.imul(x, y) + 0x4000) >> 15, 0x7fff);
}

export function q15mulr16(I: Words, d: number, a: number, b: number): void {
  for (let w = 0; w < 4; w++) {
    const x = I[a + w]!;
    const y = I[b + w]!;
    I[d + w] = pack16(q15mulr(low16(x), low16(y)), q15mulr(x >> 16, y >> 16));
  }
}

export function dot16(I: Words, d: number, a: number, b: number): void {
  for (let w = 0; w < 4; w++) {
    const x = I[a + w]!;
    const y = I[b + w]!;
    I[d + w] = (Math.imul(low16(x), low16(y)) + Math.imul(x >> 16, y >> 16)) | 0;
  }
}

function clamp16(value: number): number {
  return value > 0x7fff ? 0x7fff : value;
}

/** Sum of the products of bytes `at`, `at + 8` of both words: of two signed lanes of 8 bits. */
function dotPair(x: number, y: number, at: number): number {
  const first = Math.imul((x << (24 - at)) >> 24, (y << (24 - at)) >> 24);
  return first + Math.imul((x << (16 - at)) >> 24, (y << (16 - at)) >> 24);
}

/** The relaxed dot product of 8-bit lanes, both signed and the sum of two products saturated. */
export function dot8(I: Words, d: number, a: number, b: number): void {
  for (let w = 0; w < 4; w++) {
    const x = I[a + w]!;
    const y = I[b + w]!;
    I[d + w] = pack16(clamp16(dotPair(x, y, 0)), clamp16(dotPair(x, y, 16)));
  }
}

export function dot8Add(I: Words, d: number, a: number, b: number, c: number): void {
  for (let w = 0; w < 4; w++) {
    const x = I[a + w]!;
    const y = I[b + w]!;
    I[d + w] = (clamp16(dotPair(x, y, 0)) + clamp16(dotPair(x, y, 16)) + I[c + w]!) | 0;
  }
}

export function extaddPairwise8S(I: Words, d: number, a: number): void {
  for (let w = 0; w < 4; w++) {
    const x = I[a + w]!;
    I[d + w] = pack16(((x << 24) >> 24) + ((x << 16) >> 24), ((x << 8) >> 24) + (x >> 24));
  }
}

export function extaddPairwise8U(I: Words, d: number, a: number): void {
  for (let w = 0; w < 4; w++) I[d + w] = (I[a + w]! & 0x00ff00ff) + ((I[a + w]! >>> 8) & 0x00ff00ff);
}

// Narrowing and widening. All operands are read before anything is written, as lanes change their places.

function clampS8(value: number): number {
  return value < -128 ? -128 : value > 127 ? 127 : value;
}
function clampU8(value: number): number {
  return value < 0 ? 0 : value > 255 ? 255 : value;
}

function narrowWordS8(x: number, y: number): number {
  const low = (clampS8(low16(x)) & 0xff) | ((clampS8(x >> 16) & 0xff) << 8);
  return low | ((clampS8(low16(y)) & 0xff) << 16) | (clampS8(y >> 16) << 24);
}
function narrowWordU8(x: number, y: number): number {
  return clampU8(low16(x)) | (clampU8(x >> 16) << 8) | (clampU8(low16(y)) << 16) | (clampU8(y >> 16) << 24);
}

function put(I: Words, d: number, w0: number, w1: number, w2: number, w3: number): void {
  I[d] = w0;
  I[d + 1] = w1;
  I[d + 2] = w2;
  I[d + 3] = w3;
}

export function narrowS8(I: Words, d: number, a: number, b: number): void {
  const w1 = narrowWordS8(I[a + 2]!, I[a + 3]!);
  const w2 = narrowWordS8(I[b]!, I[b + 1]!);
  put(I, d, narrowWordS8(I[a]!, I[a + 1]!), w1, w2, narrowWordS8(I[b + 2]!, I[b + 3]!));
}

export function narrowU8(I: Words, d: number, a: number, b: number): void {
  const w1 = narrowWordU8(I[a + 2]!, I[a + 3]!);
  const w2 = narrowWordU8(I[b]!, I[b + 1]!);
  put(I, d, narrowWordU8(I[a]!, I[a + 1]!), w1, w2, narrowWordU8(I[b + 2]!, I[b + 3]!));
}

function clampS16(value: number): number {
  return value < -0x8000 ? -0x8000 : value > 0x7fff ? 0x7fff : value;
}
function clampU16(value: number): number {
  return value < 0 ? 0 : value > 0xffff ? 0xffff : value;
}

export function narrowS16(I: Words, d: number, a: number, b: number): void {
  const w1 = pack16(clampS16(I[a + 2]!), clampS16(I[a + 3]!));
  const w2 = pack16(clampS16(I[b]!), clampS16(I[b + 1]!));
  put(I, d, pack16(clampS16(I[a]!), clampS16(I[a + 1]!)), w1, w2, pack16(clampS16(I[b + 2]!), clampS16(I[b + 3]!)));
}

export function narrowU16(I: Words, d: number, a: number, b: number): void {
  const w1 = pack16(clampU16(I[a + 2]!), clampU16(I[a + 3]!));
  const w2 = pack16(clampU16(I[b]!), clampU16(I[b + 1]!));
  put(I, d, pack16(clampU16(I[a]!), clampU16(I[a + 1]!)), w1, w2, pack16(clampU16(I[b + 2]!), clampU16(I[b + 3]!)));
}

/** The low two bytes of a word as two lanes of 16 bits. */
export function widenS8(word: number): number {
  return pack16((word << 24) >> 24, (word << 16) >> 24);
}
function widenU8(word: number): number {
  return (word & 0xff) | ((word & 0xff00) << 8);
}

/** `a` is the first of the two words whose bytes are widened: that of the vector, or two further for its high half. */
export function extendS8(I: Words, d: number, a: number): void {
  const x = I[a]!;
  const y = I[a + 1]!;
  put(I, d, widenS8(x), widenS8(x >>> 16), widenS8(y), widenS8(y >>> 16));
}

export function extendU8(I: Words, d: number, a: number): void {
  const x = I[a]!;
  const y = I[a + 1]!;
  put(I, d, widenU8(x), widenU8(x >>> 16), widenU8(y), widenU8(y >>> 16));
}

export function extendS16(I: Words, d: number, a: number): void {
  const x = I[a]!;
  const y = I[a + 1]!;
  put(I, d, low16(x), x >> 16, low16(y), y >> 16);
}

export function extendU16(I: Words, d: number, a: number): void {
  const x = I[a]!;
  const y = I[a + 1]!;
  put(I, d, x & 0xffff, x >>> 16, y & 0xffff, y >>> 16);
}

function mulPair16(x: number, y: number): number {
  return pack16(Math.imul(low16(x), low16(y)), Math.imul(x >> 16, y >> 16));
}

/** As extendS8, of both operands, then multiplied. */
export function extmulS8(I: Words, d: number, a: number, b: number): void {
  const x = I[a]!;
  const y = I[b]!;
  const u = I[a + 1]!;
  const v = I[b + 1]!;
  const w1 = mulPair16(widenS8(x >>> 16), widenS8(y >>> 16));
  put(I, d, mulPair16(widenS8(x), widenS8(y)), w1, mulPair16(widenS8(u), widenS8(v)), mulPair16(widenS8(u >>> 16), widenS8(v >>> 16)));
}

export function extmulU8(I: Words, d: number, a: number, b: number): void {
  const x = I[a]!;
  const y = I[b]!;
  const u = I[a + 1]!;
  const v = I[b + 1]!;
  const w1 = mulPair16(widenU8(x >>> 16), widenU8(y >>> 16));
  put(I, d, mulPair16(widenU8(x), widenU8(y)), w1, mulPair16(widenU8(u), widenU8(v)), mulPair16(widenU8(u >>> 16), widenU8(v >>> 16)));
}

export function extmulS16(I: Words, d: number, a: number, b: number): void {
  const x = I[a]!;
  const y = I[b]!;
  const u = I[a + 1]!;
  const v = I[b + 1]!;
  put(I, d, Math.imul(low16(x), low16(y)), Math.imul(x >> 16, y >> 16), Math.imul(low16(u), low16(v)), Math.imul(u >> 16, v >> 16));
}

export function extmulU16(I: Words, d: number, a: number, b: number): void {
  const x = I[a]!;
  const y = I[b]!;
  const u = I[a + 1]!;
  const v = I[b + 1]!;
  const w1 = Math.imul(x >>> 16, y >>> 16);
  put(I, d, Math.imul(x & 0xffff, y & 0xffff), w1, Math.imul(u & 0xffff, v & 0xffff), Math.imul(u >>> 16, v >>> 16));
}

/** High word of the product of two unsigned words. */
function mulHighU(x: number, y: number): number {
  const xl = x & 0xffff;
  const xh = x >>> 16;
  const yl = y & 0xffff;
  const yh = y >>> 16;
  const middle = (Math.imul(xh, yl) >>> 0) + (Math.imul(xl, yl) >>> 16);
  const carry = (middle & 0xffff) + (Math.imul(xl, yh) >>> 0);
  return (Math.imul(xh, yh) + (middle >>> 16) + (carry >>> 16)) | 0;
}

function mulHighS(x: number, y: number): number {
  return (mulHighU(x, y) - (x < 0 ? y : 0) - (y < 0 ? x : 0)) | 0;
}

export function extmulS32(I: Words, d: number, a: number, b: number): void {
  const x = I[a]!;
  const y = I[b]!;
  const u = I[a + 1]!;
  const v = I[b + 1]!;
  put(I, d, Math.imul(x, y), mulHighS(x, y), Math.imul(u, v), mulHighS(u, v));
}

export function extmulU32(I: Words, d: number, a: number, b: number): void {
  const x = I[a]!;
  const y = I[b]!;
  const u = I[a + 1]!;
  const v = I[b + 1]!;
  put(I, d, Math.imul(x, y), mulHighU(x, y), Math.imul(u, v), mulHighU(u, v));
}

// Lanes of 64 bits, shifted on halves as scalars are.

export function shl64x2(I: Words, d: number, a: number, count: number): void {
  shl64(I, d, I[a]!, I[a + 1]!, count & 63);
  shl64(I, d + 2, I[a + 2]!, I[a + 3]!, count & 63);
}

export function shrU64x2(I: Words, d: number, a: number, count: number): void {
  shrU64(I, d, I[a]!, I[a + 1]!, count & 63);
  shrU64(I, d + 2, I[a + 2]!, I[a + 3]!, count & 63);
}

export function shrS64x2(I: Words, d: number, a: number, count: number): void {
  shrS64(I, d, I[a]!, I[a + 1]!, count & 63);
  shrS64(I, d + 2, I[a + 2]!, I[a + 3]!, count & 63);
}

/** Byte `index` of a vector, or 0 beyond it. */
function byteOf(I: Words, a: number, index: number): number {
  return index < 16 ? (I[a + (index >> 2)]! >>> ((index & 3) * 8)) & 0xff : 0;
}

function swizzleWord(I: Words, a: number, index: number): number {
  const low = byteOf(I, a, index & 0xff) | (byteOf(I, a, (index >>> 8) & 0xff) << 8);
  return low | (byteOf(I, a, (index >>> 16) & 0xff) << 16) | (byteOf(I, a, index >>> 24) << 24);
}

export function swizzle(I: Words, d: number, a: number, b: number): void {
  const w0 = swizzleWord(I, a, I[b]!);
  const w1 = swizzleWord(I, a, I[b + 1]!);
  const w2 = swizzleWord(I, a, I[b + 2]!);
  put(I, d, w0, w1, w2, swizzleWord(I, a, I[b + 3]!));
}
