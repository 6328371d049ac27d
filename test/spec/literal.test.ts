/**
 * The literal parser against independent ones: JavaScript's for decimal f64, the text converter for what it rounds
 * rightly (it drops sticky bits of long hexadecimal f32 literals), and Math.fround of exact doubles for those.
 */
import { parse } from "@bytecodealliance/jco-transpile/wasm-tools";
import { expect } from "chai";
import { describe, it } from "mocha";
import { mulberry32 } from "../support/random.ts";
import { parseFloatBits, parseIntBits } from "./literal.ts";

/** Literals around everything that rounding can get wrong: ties, subnormals, the largest finite value, zero. */
const EDGES: readonly string[] = [
  "0",
  "-0",
  "0x0p0",
  "1",
  "0x1p-149",
  "0x1p-150",
  "0x1.000001p-150",
  "0x1p-1074",
  "0x1p-1075",
  "0x1.0000000000001p-1075",
  "0x1.fffffep-127",
  "0x1.ffffffp-127",
  "0x1.fffffep127",
  "0x1.fffffefffffffp127",
  "0x1.000001p0",
  "0x1.0000010000000001p0",
  "0x1.000003p0",
  "0x1.00000000000008p0",
  "0x1.000000000000080000001p0",
  "0x1.00000000000018p0",
  "0x0.8p1",
  "0x0.0p0",
  "1_000.5_0e-0_1",
  "0x1_0.8_0p+0_1",
  "1.17549429e-38",
  "1.1754943508222875e-38",
  "7.0064923216240853e-46",
  "7.0064923216240854e-46",
  "3.4028234e38",
  "3.4028235677973365e38",
  "2.2250738585072011e-308",
  "2.2250738585072014e-308",
  "4.9406564584124654e-324",
  "16777217",
  "16777219.0",
  "9007199254740993",
  "9007199254740995.0000000000000000000001",
  "340282356779733642748073463979561713663",
  "1e-400",
  "inf",
  "-inf",
  "nan",
  "-nan",
  "nan:0x1",
  "-nan:0x3f_ffff",
  "nan:0x20_0000",
];

function randomLiterals(count: number): string[] {
  const random = mulberry32(20261122);
  const digits = (length: number, base: number): string =>
    Array.from({ length }, () => Math.floor(random() * base).toString(base)).join("");
  const below = (limit: number): number => Math.floor(random() * limit);
  return Array.from({ length: count }, (_, i) => {
    const sign = ["", "-", "+"][below(3)]!;
    if (i % 2 === 0) return `${sign}${digits(1 + below(20), 10)}.${digits(below(25), 10)}e${below(60) - 45}`;
    return `${sign}0x${digits(1 + below(6), 16)}.${digits(below(16), 16)}p${below(260) - 160}`;
  });
}

/** The constants as the converter encodes them: one passive data-free module of globals, read back by their opcode. */
async function converted(literals: readonly string[], width: 32 | 64): Promise<bigint[]> {
  const opcode = width === 32 ? 0x43 : 0x44;
  const globals = literals.map((literal) => `(global f${width} (f${width}.const ${literal}))`);
  const bytes = Uint8Array.from(await parse(`(module ${globals.join("\n")})`));
  const view = new DataView(bytes.buffer);
  const end = bytes.length;
  const entryBytes = 2 + 1 + width / 8 + 1;
  // The global section is the last: entries of fixed length end the file.
  return literals.map((_, i) => {
    const at = end - (literals.length - i) * entryBytes;
    if (view.getUint8(at + 2) !== opcode) throw new Error(`no constant at ${at}`);
    return width === 32 ? BigInt(view.getUint32(at + 3, true)) : view.getBigUint64(at + 3, true);
  });
}

function doubleBits(value: number): bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return view.getBigUint64(0);
}

describe("literals of the text format", () => {
  const random = randomLiterals(3000);

  for (const width of [32, 64] as const) {
    it(`rounds f${width} as the converter does`, async () => {
      const literals = [...EDGES, ...random.filter((literal) => width === 64 || !literal.includes("x"))];
      const expected = await converted(literals, width);
      const wrong = literals.filter((literal, i) => parseFloatBits(literal, width) !== expected[i]);
      expect(wrong).to.deep.equal([]);
    });
  }

  it("rounds hexadecimal f32 as exact doubles are rounded", () => {
    // 13 digits are at most 52 bits, so the double is exact and fround the only rounding.
    const literals = random.filter((literal) => /^[+-]?0x[0-9a-f.]{1,14}p/.test(literal));
    expect(literals.length).to.be.greaterThan(500);
    const view = new DataView(new ArrayBuffer(8));
    const wrong = literals.filter((literal) => {
      view.setBigUint64(0, parseFloatBits(literal, 64));
      view.setFloat32(0, view.getFloat64(0));
      return parseFloatBits(literal, 32) !== BigInt(view.getUint32(0));
    });
    expect(wrong).to.deep.equal([]);
    expect(parseFloatBits("0x28526.ba01p79", 32)).to.equal(0x6fa149afn);
  });

  it("rounds decimal f64 as JavaScript does", () => {
    const literals = random.filter((literal) => !literal.includes("x"));
    expect(literals.filter((literal) => parseFloatBits(literal, 64) !== doubleBits(Number(literal)))).to.deep.equal([]);
  });

  it("refuses what is no number or too large", () => {
    for (const literal of [
      "",
      "1x",
      "0x",
      "nan:0x0",
      "nan:0x80_0000",
      "0x1p128",
      "0x1.ffffffp127",
      "340282356779733661637539395458142568448",
      "1e99999",
    ]) {
      expect(() => parseFloatBits(literal, 32), literal).to.throw(SyntaxError);
    }
  });

  it("reads integers of both signs and refuses those out of range", () => {
    expect(parseIntBits("-1", 32)).to.equal(0xffffffffn);
    expect(parseIntBits("0xffff_ffff", 32)).to.equal(0xffffffffn);
    expect(parseIntBits("-0x8000000000000000", 64)).to.equal(1n << 63n);
    for (const literal of ["4294967296", "-2147483649", "1_", "--1"])
      expect(() => parseIntBits(literal, 32), literal).to.throw(SyntaxError);
  });
});
