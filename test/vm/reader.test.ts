import { expect } from "chai";
import { describe, it } from "mocha";
import { DecodeError } from "../../vm/errors.ts";
import { InstrReader } from "../../vm/instr.ts";
import { ByteReader } from "../../vm/reader.ts";
import { flatten, type Part, sized, sleb, uleb } from "../support/binary.ts";
import { mulberry32 } from "../support/random.ts";

function reader(...parts: readonly Part[]): ByteReader {
  return new ByteReader(Uint8Array.from(flatten(...parts)));
}

function failure(action: () => unknown): DecodeError {
  try {
    action();
  } catch (error) {
    if (error instanceof DecodeError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

/** The value in LEB128 stretched to `length` bytes by continuing its sign. */
function stretched(bytes: readonly number[], length: number, fill: number): number[] {
  const padded = bytes.map((byte) => byte | 0x80);
  while (padded.length < length) padded.push(fill | 0x80);
  padded[length - 1]! &= 0x7f;
  return padded;
}

describe("reading LEB128", () => {
  it("reads unsigned 32-bit integers of every length, padded ones too", () => {
    for (const value of [0, 1, 127, 128, 16383, 16384, 0x7fffffff, 0x80000000, 0xffffffff]) {
      expect(reader(uleb(value)).u32()).to.equal(value);
      expect(reader(stretched(uleb(value), 5, 0)).u32()).to.equal(value);
      expect(reader(uleb(value)).u64Number()).to.equal(value);
      expect(reader(stretched(uleb(value), 10, 0)).u64Number()).to.equal(value);
    }
  });

  it("reads signed 32-bit and 33-bit integers", () => {
    for (const value of [0, 1, -1, 63, 64, -64, -65, 8191, -8192, 0x7fffffff, -0x80000000]) {
      expect(reader(sleb(BigInt(value))).s32()).to.equal(value);
      expect(reader(stretched(sleb(BigInt(value)), 5, value < 0 ? 0x7f : 0)).s32()).to.equal(value);
      expect(reader(sleb(BigInt(value))).s33()).to.equal(value);
    }
    for (const value of [0x80000000, 0xffffffff, -0x80000001, -0x100000000]) {
      expect(reader(sleb(BigInt(value))).s33()).to.equal(value);
    }
  });

  it("reads 64-bit integers alike in both forms", () => {
    const random = mulberry32(64);
    const values = [
      0n,
      1n,
      -1n,
      63n,
      64n,
      -64n,
      -65n,
      (1n << 63n) - 1n,
      -(1n << 63n),
      1n << 31n,
      1n << 32n,
      -(1n << 31n),
      -(1n << 32n),
      1n << 34n,
      -(1n << 34n),
    ];
    for (let i = 0; i < 2000; i++)
      values.push(
        BigInt.asIntN(
          1 + Math.floor(random() * 64),
          (BigInt(Math.floor(random() * 2 ** 32)) << 32n) | BigInt(Math.floor(random() * 2 ** 32)),
        ),
      );
    for (const value of values) {
      for (const bytes of [sleb(value), stretched(sleb(value), 10, value < 0n ? 0x7f : 0)]) {
        expect(reader(bytes).s64()).to.equal(value);
        const instr = new InstrReader(Uint8Array.from([0x42, ...bytes]), 0);
        expect(instr.next()).to.equal(true);
        expect((BigInt(instr.hi) << 32n) | BigInt(instr.lo >>> 0), `words of ${value}`).to.equal(value);
        expect(instr.pos).to.equal(1 + bytes.length);
      }
    }
    expect(reader(stretched(uleb(5), 10, 0)).u64()).to.equal(5n);
    expect(reader([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]).u64()).to.equal((1n << 64n) - 1n);
  });

  const readers: readonly [string, (r: ByteReader) => unknown, number, number][] = [
    ["u32", (r) => r.u32(), 5, 0x1f],
    ["s32", (r) => r.s32(), 5, 0x4f],
    ["s33", (r) => r.s33(), 5, 0x2f],
    ["u64", (r) => r.u64(), 10, 0x02],
    ["s64", (r) => r.s64(), 10, 0x7e],
    ["u64Number", (r) => r.u64Number(), 10, 0x02],
  ];
  for (const [name, read, longest, unusedBits] of readers) {
    it(`${name}: rejects one byte too many, unused bits and a missing end`, () => {
      const full = new Array<number>(longest - 1).fill(0x80);
      const shifted = reader(0, full, 0x80, 0x00);
      shifted.skip(1);
      const long = failure(() => read(shifted));
      expect([long.code, long.message]).to.deep.equal(["leb-too-long", "integer representation too long (at offset 0x1)"]);
      const large = failure(() => read(reader(full, unusedBits)));
      expect([large.code, large.message]).to.deep.equal(["leb-too-large", "integer too large (at offset 0x0)"]);
      for (let length = 0; length < longest; length++) {
        const end = failure(() => read(reader(full.slice(0, length))));
        expect(end.code).to.equal("unexpected-end");
        expect(end.wasmOffset).to.equal(length);
      }
    });
  }
});

describe("reading names", () => {
  it("reads UTF-8, a byte order mark and the null character included", () => {
    for (const text of ["", "main", "\u{0}", "\u{feff}x", "é", "日本", "\u{10ffff}"]) expect(reader(sized(text)).name()).to.equal(text);
  });

  it("rejects what is no UTF-8", () => {
    for (const bytes of [[0x80], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82], [0xff]]) {
      const error = failure(() => reader(sized(bytes)).name());
      expect([error.code, error.message]).to.deep.equal(["utf8", "malformed UTF-8 encoding (at offset 0x1)"]);
    }
  });

  it("rejects a length beyond the end before it allocates anything", () => {
    expect(failure(() => reader(uleb(0xffffffff), "abc").name()).code).to.equal("length-out-of-bounds");
    expect(failure(() => reader().name()).code).to.equal("unexpected-end");
  });

  it("stops at the end that it was given, not at the end of the array", () => {
    const limited = new ByteReader(Uint8Array.of(1, 2, 3, 4), 1, 3);
    expect([limited.u8(), limited.u8()]).to.deep.equal([2, 3]);
    expect(failure(() => limited.u8()).wasmOffset).to.equal(3);
    expect(failure(() => new ByteReader(Uint8Array.of(1, 2, 3, 4), 0, 3).fixed32()).code).to.equal("unexpected-end");
  });
});
