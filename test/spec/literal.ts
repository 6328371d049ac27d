/**
 * Number literals of the text format as exact bits. Rounding is done on exact rationals, never through a JavaScript
 * number, so that f32 is not rounded twice and no NaN bit is lost.
 */

interface FloatFormat {
  readonly width: 32 | 64;
  /** Significand bits without the hidden one. */
  readonly fractionBits: number;
  readonly exponentBits: number;
}
const FORMATS: Readonly<Record<32 | 64, FloatFormat>> = {
  32: { width: 32, fractionBits: 23, exponentBits: 8 },
  64: { width: 64, fractionBits: 52, exponentBits: 11 },
};

const INTEGER = /^([+-]?)(0x[0-9a-f]+(?:_[0-9a-f]+)*|[0-9]+(?:_[0-9]+)*)$/i;
const HEX_FLOAT = /^0x([0-9a-f_]+)(?:\.([0-9a-f_]*))?(?:p([+-]?[0-9_]+))?$/i;
const DECIMAL_FLOAT = /^([0-9_]+)(?:\.([0-9_]*))?(?:e([+-]?[0-9_]+))?$/i;
/** Beyond these exponents every value is infinite or zero; it bounds the size of the integers. */
const LARGEST_EXPONENT = 20000;

/** An integer literal as unsigned bits of `width`; accepts signed and unsigned spellings. Throws SyntaxError. */
export function parseIntBits(text: string, width: 8 | 16 | 32 | 64): bigint {
  const match = INTEGER.exec(text);
  if (match === null) throw new SyntaxError(`not an integer: ${text}`);
  const magnitude = BigInt(match[2]!.replaceAll("_", ""));
  const value = match[1] === "-" ? -magnitude : magnitude;
  if (value >= 1n << BigInt(width) || value < -(1n << BigInt(width - 1))) throw new SyntaxError(`i${width} constant out of range: ${text}`);
  return BigInt.asUintN(width, value);
}

/**
 * A float literal as the bits of its nearest value, ties to even: decimal, hexadecimal, `inf`, `nan`, `nan:0x…`.
 * Throws SyntaxError for what is no literal or rounds to infinity.
 */
export function parseFloatBits(text: string, width: 32 | 64): bigint {
  const format = FORMATS[width];
  const negative = text.startsWith("-");
  const body = text.replace(/^[+-]/, "");
  const magnitude = magnitudeBits(body, format);
  return negative ? magnitude | (1n << BigInt(width - 1)) : magnitude;
}

function magnitudeBits(body: string, format: FloatFormat): bigint {
  const infinity = ((1n << BigInt(format.exponentBits)) - 1n) << BigInt(format.fractionBits);
  if (body === "inf") return infinity;
  if (body === "nan") return infinity | (1n << BigInt(format.fractionBits - 1));
  if (body.startsWith("nan:0x")) {
    const payload = BigInt(body.slice(4).replaceAll("_", ""));
    if (payload === 0n || payload >> BigInt(format.fractionBits) !== 0n) throw new SyntaxError(`NaN payload out of range: ${body}`);
    return infinity | payload;
  }
  const { numerator, denominator } = parseRational(body);
  const bits = roundRational(numerator, denominator, format);
  if (bits >= infinity) throw new SyntaxError(`f${format.width} constant out of range: ${body}`);
  return bits;
}

function parseRational(body: string): { numerator: bigint; denominator: bigint } {
  const hex = HEX_FLOAT.exec(body);
  const match = hex ?? DECIMAL_FLOAT.exec(body);
  if (match === null) throw new SyntaxError(`not a float: ${body}`);
  const whole = match[1]!.replaceAll("_", "");
  const fraction = (match[2] ?? "").replaceAll("_", "");
  const significand = BigInt(`${hex === null ? "" : "0x"}${whole}${fraction}`);
  const written = Number((match[3] ?? "0").replaceAll("_", ""));
  const exponent = Math.max(-LARGEST_EXPONENT, Math.min(LARGEST_EXPONENT, written)) - fraction.length * (hex === null ? 1 : 4);
  const scale = (hex === null ? 10n : 2n) ** BigInt(Math.abs(exponent));
  return exponent < 0 ? { numerator: significand, denominator: scale } : { numerator: significand * scale, denominator: 1n };
}

function bitLength(value: bigint): number {
  return value.toString(2).length;
}

/** Bits of the nearest float of a non-negative rational; past the largest finite value the bits of infinity. */
function roundRational(numerator: bigint, denominator: bigint, format: FloatFormat): bigint {
  if (numerator === 0n) return 0n;
  const bias = (1 << (format.exponentBits - 1)) - 1;
  const leastExponent = 1 - bias - format.fractionBits;
  // The quotient below has fractionBits + 1 or + 2 bits unless the value is subnormal.
  let exponent = Math.max(leastExponent, bitLength(numerator) - bitLength(denominator) - format.fractionBits - 1);
  let quotient = roundedQuotient(numerator, denominator, exponent);
  if (bitLength(quotient) > format.fractionBits + 1) {
    exponent++;
    // From the exact value again: rounding the rounded quotient would round twice.
    quotient = roundedQuotient(numerator, denominator, exponent);
  }
  // A carry into one more bit makes an exact power of two, for which the sum below is right as well.
  const biased = BigInt(exponent - leastExponent);
  const bits = (biased << BigInt(format.fractionBits)) + quotient;
  const infinity = ((1n << BigInt(format.exponentBits)) - 1n) << BigInt(format.fractionBits);
  return bits > infinity ? infinity : bits;
}

/** numerator / denominator / 2^exponent, to the nearest integer, ties to even. */
function roundedQuotient(numerator: bigint, denominator: bigint, exponent: number): bigint {
  const top = exponent < 0 ? numerator << BigInt(-exponent) : numerator;
  const bottom = exponent > 0 ? denominator << BigInt(exponent) : denominator;
  const quotient = top / bottom;
  const twiceRest = (top % bottom) * 2n;
  const up = twiceRest > bottom || (twiceRest === bottom && (quotient & 1n) === 1n);
  return up ? quotient + 1n : quotient;
}
