/**
 * What generated code calls: numeric operators on 64-bit halves and on bits, which have no short JavaScript text. No
 * state but the scratch words: a helper that makes an i64 returns its low half and leaves the high half in `R[2]`; `R[4]` is used too.
 */
import {
  CANONICAL_NAN_32,
  CANONICAL_NAN_64_HIGH,
  ctz32,
  i64ToF32,
  nearest,
  popcnt32,
  rotl64,
  shl64,
  shrS64,
  shrU64,
  truncSatI64,
  truncSatU64,
  truncToI64,
} from "./numeric.ts";

/** Whether 32 bits are those of a NaN that is not the positive canonical one; the same for 64 bits. */
export function isOddNan32(bits: number): boolean {
  return (bits & 0x7fffffff) > 0x7f800000 && bits !== CANONICAL_NAN_32;
}
export function isOddNan64(lo: number, hi: number): boolean {
  const high = hi & 0x7fffffff;
  return (high > 0x7ff00000 || (high === 0x7ff00000 && lo !== 0)) && (lo !== 0 || hi !== CANONICAL_NAN_64_HIGH);
}

/** The helpers by the names that generated code uses; `R` is where high halves are left. */
export function generatedHelpers(R: Int32Array): Readonly<Record<string, unknown>> {
  const words = new Int32Array(4);
  const floats = new Float32Array(words.buffer);
  const doubles = new Float64Array(words.buffer);
  const pairs = new BigInt64Array(words.buffer);
  const lanes = new Int32Array(4);

  const taken = (): number => {
    R[2] = words[1]!;
    return words[0]!;
  };
  const takenBig = (value: bigint): number => {
    pairs[0] = value;
    return taken();
  };
  const load = (aLo: number, aHi: number, bLo: number, bHi: number): void => {
    words[0] = aLo;
    words[1] = aHi;
    words[2] = bLo;
    words[3] = bHi;
  };
  /** Long division in digits of 16 bits after the first, which doubles do exactly; the rest is left in R[4]. */
  const divideBy32 = (lo: number, hi: number, divisor: number): number => {
    const high = Math.floor((hi >>> 0) / divisor);
    const upper = ((hi >>> 0) - high * divisor) * 65536 + (lo >>> 16);
    const middle = Math.floor(upper / divisor);
    const lower = (upper - middle * divisor) * 65536 + (lo & 65535);
    const low = Math.floor(lower / divisor);
    R[2] = high;
    R[4] = lower - low * divisor;
    return (middle * 65536 + low) | 0;
  };

  return {
    ctz32,
    popcnt32,
    nearest,
    isOddNan32,
    isOddNan64,
    copysign(a: number, b: number): number {
      const negative = b < 0 || (b === 0 && 1 / b < 0);
      return negative ? -Math.abs(a) : Math.abs(a);
    },
    truncSat32S(a: number): number {
      if (a >= 2147483647) return 2147483647;
      return a <= -2147483648 ? -2147483648 : a | 0;
    },
    truncSat32U(a: number): number {
      if (a >= 4294967295) return -1;
      return a > 0 ? (a >>> 0) | 0 : 0;
    },
    bitsOfF32(a: number): number {
      floats[0] = a;
      return Number.isNaN(a) ? CANONICAL_NAN_32 : words[0]!;
    },
    f32OfBits(bits: number): number {
      words[0] = bits;
      return floats[0]!;
    },
    bitsOfF64(a: number): number {
      doubles[0] = a;
      R[2] = Number.isNaN(a) ? CANONICAL_NAN_64_HIGH : words[1]!;
      return Number.isNaN(a) ? 0 : words[0]!;
    },
    highOfF64(a: number): number {
      doubles[0] = a;
      return Number.isNaN(a) ? CANONICAL_NAN_64_HIGH : words[1]!;
    },
    f64OfBits(lo: number, hi: number): number {
      words[0] = lo;
      words[1] = hi;
      return doubles[0]!;
    },
    /** Scratch words and the floats that they are. */
    XI: lanes,
    XS: new Float32Array(lanes.buffer),
    XF: new Float64Array(lanes.buffer),
    /** Whether one of the lanes at an address is a NaN that is not canonical. */
    odd32(view: DataView, byteAddr: number, count: number): boolean {
      for (let i = 0; i < count; i++) if (isOddNan32(view.getInt32(byteAddr + i * 4, true))) return true;
      return false;
    },
    odd64(view: DataView, byteAddr: number, count: number): boolean {
      for (let at = byteAddr; at < byteAddr + count * 8; at += 8) {
        if (isOddNan64(view.getInt32(at, true), view.getInt32(at + 4, true))) return true;
      }
      return false;
    },
    /** Makes the NaNs of a vector in memory canonical. */
    canonical32(view: DataView, byteAddr: number): void {
      for (let at = byteAddr; at < byteAddr + 16; at += 4) {
        if (Number.isNaN(view.getFloat32(at, true))) view.setInt32(at, CANONICAL_NAN_32, true);
      }
    },
    canonical64(view: DataView, byteAddr: number): void {
      for (let at = byteAddr; at < byteAddr + 16; at += 8) {
        if (!Number.isNaN(view.getFloat64(at, true))) continue;
        view.setInt32(at, 0, true);
        view.setInt32(at + 4, CANONICAL_NAN_64_HIGH, true);
      }
    },
    storeNan64(view: DataView, byteAddr: number): void {
      view.setInt32(byteAddr, 0, true);
      view.setInt32(byteAddr + 4, CANONICAL_NAN_64_HIGH, true);
    },
    shl64(lo: number, hi: number, count: number): number {
      shl64(words, 0, lo, hi, count & 63);
      return taken();
    },
    shrU64(lo: number, hi: number, count: number): number {
      shrU64(words, 0, lo, hi, count & 63);
      return taken();
    },
    shrS64(lo: number, hi: number, count: number): number {
      shrS64(words, 0, lo, hi, count & 63);
      return taken();
    },
    rotl64(lo: number, hi: number, count: number): number {
      rotl64(words, 0, lo, hi, count & 63);
      return taken();
    },
    rotr64(lo: number, hi: number, count: number): number {
      rotl64(words, 0, lo, hi, -count & 63);
      return taken();
    },
    divU64(aLo: number, aHi: number, bLo: number, bHi: number): number {
      if (bHi === 0) return divideBy32(aLo, aHi, bLo >>> 0);
      load(aLo, aHi, bLo, bHi);
      return takenBig(BigInt.asIntN(64, BigInt.asUintN(64, pairs[0]!) / BigInt.asUintN(64, pairs[1]!)));
    },
    remU64(aLo: number, aHi: number, bLo: number, bHi: number): number {
      if (bHi === 0) {
        divideBy32(aLo, aHi, bLo >>> 0);
        R[2] = 0;
        return R[4]!;
      }
      load(aLo, aHi, bLo, bHi);
      return takenBig(BigInt.asIntN(64, BigInt.asUintN(64, pairs[0]!) % BigInt.asUintN(64, pairs[1]!)));
    },
    divS64(aLo: number, aHi: number, bLo: number, bHi: number): number {
      if (aHi === aLo >> 31 && bHi === bLo >> 31) {
        const quotient = aLo / bLo;
        // -2^31 / -1 does not fit the low half.
        R[2] = quotient === 2147483648 ? 0 : quotient > -1 ? 0 : -1;
        return quotient | 0;
      }
      load(aLo, aHi, bLo, bHi);
      return takenBig(BigInt.asIntN(64, pairs[0]! / pairs[1]!));
    },
    remS64(aLo: number, aHi: number, bLo: number, bHi: number): number {
      if (aHi === aLo >> 31 && bHi === bLo >> 31) {
        const rest = (aLo % bLo) | 0;
        R[2] = rest >> 31;
        return rest;
      }
      load(aLo, aHi, bLo, bHi);
      return takenBig(BigInt.asIntN(64, pairs[0]! % pairs[1]!));
    },
    f32OfS64(lo: number, hi: number): number {
      if (hi === lo >> 31) return Math.fround(lo);
      words[0] = lo;
      words[1] = hi;
      return i64ToF32(pairs[0]!);
    },
    f32OfU64(lo: number, hi: number): number {
      if (hi === 0) return Math.fround(lo >>> 0);
      words[0] = lo;
      words[1] = hi;
      return i64ToF32(BigInt.asUintN(64, pairs[0]!));
    },
    trunc64(a: number): number {
      const whole = Math.trunc(a);
      if (whole >= -9007199254740992 && whole <= 9007199254740992) {
        R[2] = Math.floor(whole / 4294967296) | 0;
        return whole | 0;
      }
      return takenBig(truncToI64(a));
    },
    truncSat64S: (a: number): number => takenBig(truncSatI64(a)),
    truncSat64U: (a: number): number => takenBig(truncSatU64(a)),
  };
}
