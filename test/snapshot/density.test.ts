import { expect } from "chai";
import { deflateSync } from "fflate";
import { describe, it } from "mocha";
import { isDense } from "../../snapshot/density.ts";
import { mulberry32 } from "../support/random.ts";

const LENGTH = 1 << 16;

function bytesOf(length: number, byte: (at: number) => number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => byte(at));
}

function randomBytes(seed: number, length = LENGTH): Uint8Array {
  const random = mulberry32(seed);
  return bytesOf(length, () => Math.floor(random() * 256));
}

describe("density", () => {
  it("tells what deflate cannot make smaller from what it can", () => {
    const noise = randomBytes(1);
    const deflated = deflateSync(
      bytesOf(LENGTH * 4, (at) => noise[at % 997]! & 63),
      { level: 9 },
    );
    const random = mulberry32(2);
    const samples: Readonly<Record<string, Uint8Array>> = {
      noise,
      deflated,
      "little noise": noise.subarray(0, 2000),
      zeros: new Uint8Array(LENGTH),
      text: new TextEncoder().encode("to be or not to be, that is what is asked; ".repeat(1500)),
      "noise that comes again": bytesOf(LENGTH, (at) => noise[at % 5000]!),
      "noise that comes again far off": bytesOf(LENGTH, (at) => noise[at % 30_011]!),
      "noise, a fifth of it twice": bytesOf(LENGTH, (at) => noise[at > 40_000 && at < 53_000 ? at - 20_001 : at]!),
      "half noise": bytesOf(LENGTH, (at) => (at % 2 === 0 ? 0 : noise[at]!)),
      "seven bits": bytesOf(LENGTH, (at) => noise[at]! & 127),
      floats: new Uint8Array(Float64Array.from({ length: LENGTH / 8 }, () => Math.floor(random() * 1000) / 4).buffer),
    };
    for (const [name, bytes] of Object.entries(samples)) {
      const ratio = deflateSync(bytes, { level: 1 }).length / bytes.length;
      expect(isDense(bytes), `${name}: deflate leaves ${(ratio * 100).toFixed(1)}%`).to.equal(ratio > 0.94);
    }
  });

  it("never calls little dense", () => {
    expect(isDense(randomBytes(4, 1000))).to.equal(false);
    expect(isDense(new Uint8Array(0))).to.equal(false);
  });

  it("is a function of the bytes", () => {
    const noise = randomBytes(5, LENGTH + 3);
    expect(isDense(noise.slice(3))).to.equal(isDense(noise.subarray(3)));
  });
});
