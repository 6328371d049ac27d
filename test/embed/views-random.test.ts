/**
 * Random operations on views over a memory, and the same ones on native views over equal bytes: results, errors and bytes
 * are equal, and every byte that changed was noted. Seeded; a failure names its seed.
 */
import { Buffer } from "node:buffer";
import { inspect } from "node:util";
import { expect } from "chai";
import { describe, it } from "mocha";
import { patchBuffers } from "../../embed/node-buffers.ts";
import { WriteTracker } from "../../embed/tracker.ts";
import { mulberry32 } from "../support/random.ts";

const BYTES = 512;
const KINDS = [
  "Int8Array",
  "Uint8Array",
  "Uint8ClampedArray",
  "Int16Array",
  "Uint32Array",
  "Float32Array",
  "Float64Array",
  "BigInt64Array",
] as const;

type Loose = Record<string, (...args: unknown[]) => unknown> & Record<number, unknown>;
type Constructor = new (...args: unknown[]) => Loose;

/** The constructors that one side of the comparison uses. */
interface Side {
  readonly buffer: ArrayBuffer;
  readonly make: (kind: string, ...args: unknown[]) => Loose;
}

/** A source of choices: equal for both sides, since each has one of its own with the same seed. */
class Choices {
  private readonly random: () => number;
  constructor(seed: number) {
    this.random = mulberry32(seed);
  }
  below(limit: number): number {
    return Math.floor(this.random() * limit);
  }
  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }
  /** An index as programs give them: mostly right, sometimes negative, beyond the end, broken or missing. */
  index(length: number): number | undefined {
    const kind = this.below(12);
    if (kind === 0) return undefined;
    if (kind === 1) return -this.below(length + 3);
    if (kind === 2) return length + this.below(3);
    if (kind === 3) return this.below(length) + 0.5;
    return this.below(length);
  }
}

function oneOperation(side: Side, choices: Choices): unknown {
  const kind = choices.pick(KINDS);
  const byteOffset = choices.below(8) * 8;
  const length = 1 + choices.below(24);
  const view = side.make(kind, side.buffer, byteOffset, length);
  const value = (): unknown => (kind === "BigInt64Array" ? BigInt(choices.below(1000)) - 500n : choices.below(100_000) / 7 - 50);
  const at = (): number | undefined => choices.index(length);
  switch (choices.below(19)) {
    case 0: {
      const index = at();
      view[String(index) as unknown as number] = value();
      return view[String(index) as unknown as number];
    }
    case 1:
      return view.fill!(value(), at(), at()) === view;
    case 2:
      return view.copyWithin!(at(), at(), at()) === view;
    case 3:
      return view.set!([value(), value(), value()], at());
    case 4:
      return view.set!(side.make(kind, side.buffer, choices.below(8) * 8, choices.below(6)), at());
    case 5:
      return (view.subarray!(at(), at()) as Loose).fill!(value());
    case 6:
      return [view.reverse!() === view, view.join!()];
    case 7:
      return (view.sort!() as Loose).join!("/");
    case 8:
      return [view.slice!(at(), at()), view.indexOf!(view[0]), view.at!(at()!), view.length];
    case 9:
      return view.map!((each: unknown) => each);
    case 10:
      return view.forEach!((_each: unknown, i: number, array: Loose) => {
        if (i % 3 === 0) array[i] = value();
      });
    case 11:
      return Reflect.set(view, String(at()), value());
    case 12:
      return Reflect.defineProperty(view, String(at()), { value: value(), writable: true, enumerable: true, configurable: true });
    case 13:
      return Object.entries(view).length + [...(view as unknown as Iterable<unknown>)].length;
    case 14: {
      const data = side.make("DataView", side.buffer, byteOffset, length);
      const method = choices.pick(["setInt8", "setUint16", "setInt32", "setFloat32", "setFloat64", "setBigInt64"]);
      data[method]!(at(), method === "setBigInt64" ? 5n : choices.below(1000), choices.below(2) === 1);
      return data.getInt8!(0);
    }
    case 15:
      return Array.prototype.splice.call(Array.from(view as unknown as Iterable<unknown>), 1, 2).length;
    case 16:
      return Array.prototype.copyWithin.call(view, at()!, at()!, at());
    default: {
      const bytes = Buffer.from(side.buffer, byteOffset, length) as unknown as Loose;
      const method = choices.pick(["writeUInt8", "writeInt16LE", "writeUInt32BE", "writeDoubleLE", "write", "fill", "swap16", "copy"]);
      if (method === "write") return bytes.write!("grüße", choices.below(length));
      if (method === "fill") return bytes.fill!("ab", choices.below(length)) === bytes;
      if (method === "swap16") return bytes.swap16!() === bytes;
      if (method === "copy") return bytes.copy!(side.make("Uint8Array", side.buffer, 64, 40), choices.below(20), choices.below(length));
      return bytes[method]!(choices.below(100), choices.below(length));
    }
  }
}

function attempt(side: Side, choices: Choices): string {
  try {
    return inspect(oneOperation(side, choices));
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
}

describe("random operations on views", () => {
  it("do what they do on native views, and every byte is noted", function () {
    this.timeout(60_000);
    const globals = globalThis as unknown as Record<string, Constructor>;
    const natives = Object.fromEntries([...KINDS, "DataView"].map((kind) => [kind, globals[kind]!]));
    const NativeBytes = Uint8Array;
    const plain: Side = { buffer: new ArrayBuffer(BYTES), make: (kind, ...args) => new natives[kind]!(...args) };
    const tracked: Side = { buffer: new ArrayBuffer(BYTES), make: (kind, ...args) => new globals[kind]!(...args) };
    const shadow = new NativeBytes(BYTES);
    const tracker = new WriteTracker();
    let notedBytes = 0;
    tracker.install();
    patchBuffers(tracker.proxies, tracker.patches);
    tracker.track(tracked.buffer, 0);
    try {
      for (let seed = 1; seed <= 6000; seed++) {
        const expected = attempt(plain, new Choices(seed));
        const got = attempt(tracked, new Choices(seed));
        const now = new NativeBytes(tracked.buffer.slice(0));
        tracker.flush((_addr, start, length) => {
          notedBytes += length;
          shadow.set(now.subarray(start, start + length), start);
        });
        if (got !== expected) expect(got, `seed ${seed}`).to.equal(expected);
        if (Buffer.compare(now, new NativeBytes(plain.buffer)) !== 0) expect.fail(`seed ${seed}: other bytes than a native view's`);
        if (Buffer.compare(now, shadow) !== 0) expect.fail(`seed ${seed}: a byte was not noted`);
      }
    } finally {
      tracker.uninstall();
    }
    expect(notedBytes).to.be.greaterThan(10_000);
  });
});
