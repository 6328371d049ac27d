/** Memories as large as they may be: their last bytes are there, and nothing behind them is. */
import { expect } from "chai";
import { describe, it } from "mocha";
import { decodeModule } from "../../vm/decode.ts";
import { ResourceError } from "../../vm/errors.ts";
import { Machine } from "../../vm/machine.ts";
import { Trap } from "../../vm/trap.ts";
import type { Module } from "../../vm/types.ts";
import { validateModule } from "../../vm/validate.ts";
import { Bench, WAYS } from "../support/machines.ts";
import { wat } from "../support/wat.ts";

/** Accesses by width, each with and without the last bit of its address in the offset. */
const WIDTHS: readonly (readonly [bytes: number, load: string, store: string, value: string])[] = [
  [1, "i32.load8_u", "i32.store8", "i32"],
  [2, "i32.load16_u", "i32.store16", "i32"],
  [4, "i32.load", "i32.store", "i32"],
  [8, "i64.load", "i64.store", "i64"],
  [16, "v128.load", "v128.store", "i64"],
];

/** A module whose functions `load8o`, `store8c` and so on take the address: `o` with offset 1, `c` stores a constant. */
function source(memory: string, address: string): string {
  const funcs = WIDTHS.flatMap(([bytes, load, store, value]) => {
    const loaded = (access: string): string => (bytes === 16 ? `(i64x2.extract_lane 1 ${access})` : access);
    const given = bytes === 16 ? "(i64x2.splat (i64.const 7))" : `(${value}.const 7)`;
    return [
      `(func (export "load${bytes}") (param ${address}) (result ${value}) ${loaded(`(${load} (local.get 0))`)})`,
      `(func (export "load${bytes}o") (param ${address}) (result ${value}) ${loaded(`(${load} offset=1 (local.get 0))`)})`,
      `(func (export "store${bytes}") (param ${address}) (${store} (local.get 0) ${given}))`,
      `(func (export "store${bytes}o") (param ${address}) (${store} offset=1 (local.get 0) ${given}))`,
    ];
  });
  return `(module (memory ${memory}) ${funcs.join("\n")}
    (func (export "constant") (result i32) (i32.load8_u offset=4294967295 (${address}.const 0)))
    (func (export "fill") (param ${address} ${address}) (memory.fill (local.get 0) (i32.const 5) (local.get 1)))
    (func (export "grow") (result ${address}) (memory.grow (${address}.const 1))))`;
}

async function moduleOf(memory: string, address: string): Promise<Module> {
  const module = decodeModule(await wat(source(memory, address)));
  validateModule(module);
  return module;
}

/** A machine with the memory; undefined, said aloud, when there is no room for it here. */
function benchOf(module: Module, way: (typeof WAYS)[number]): Bench | undefined {
  try {
    return new Bench(module, way);
  } catch (error) {
    if (!(error instanceof ResourceError)) throw error;
    console.log(`      not tested, ${way} code: ${error.message}`);
    return undefined;
  }
}

const outOfBounds = { kind: "trap", trap: Trap.MemoryOutOfBounds };

/** Reads and writes at the end of a memory of `byteLength` bytes; `address` makes an argument of a byte address. */
function testEnd(bench: Bench, byteLength: number, address: (byteAddr: number) => number | bigint): void {
  for (const [bytes, , , value] of WIDTHS) {
    const last = byteLength - bytes;
    const seven = { kind: "return", values: [value === "i64" ? 7n : 7] };
    for (const [suffix, offset] of [
      ["", 0],
      ["o", 1],
    ] as const) {
      expect(bench.call(`store${bytes}${suffix}`, address(last - offset)), `store ${bytes}`).to.deep.equal({ kind: "return", values: [] });
      expect(bench.call(`load${bytes}${suffix}`, address(last - offset)), `load ${bytes}`).to.deep.equal(seven);
      for (let beyond = 1; beyond <= bytes; beyond++) {
        const byteAddr = last - offset + beyond;
        if (byteAddr > 0xffff_ffff) continue;
        expect(bench.call(`load${bytes}${suffix}`, address(byteAddr)), `load ${bytes} at ${byteAddr}`).to.deep.equal(outOfBounds);
        expect(bench.call(`store${bytes}${suffix}`, address(byteAddr)), `store ${bytes} at ${byteAddr}`).to.deep.equal(outOfBounds);
      }
    }
  }
}

describe("memories of all their pages", function () {
  this.timeout(120_000);

  it("of 4 GiB end at their last byte", async () => {
    const module = await moduleOf("65536", "i32");
    for (const way of WAYS) {
      const bench = benchOf(module, way);
      if (bench === undefined) continue;
      testEnd(bench, 2 ** 32, (byteAddr) => byteAddr | 0);
      expect(bench.call("constant")).to.deep.equal({ kind: "return", values: [0] });
      expect(bench.call("fill", -2, 2)).to.deep.equal({ kind: "return", values: [] });
      expect(bench.call("load1", -1)).to.deep.equal({ kind: "return", values: [5] });
      expect(bench.call("fill", -2, 3)).to.deep.equal(outOfBounds);
      expect(bench.call("grow")).to.deep.equal({ kind: "return", values: [-1] });
    }
  });

  it("with 64-bit addresses end a page before 4 GiB, and nowhere behind it is anything", async () => {
    const module = await moduleOf("i64 65535", "i64");
    const byteLength = 65_535 * 65_536;
    for (const way of WAYS) {
      const bench = benchOf(module, way);
      if (bench === undefined) continue;
      testEnd(bench, byteLength, BigInt);
      expect(bench.call("constant")).to.deep.equal(outOfBounds);
      const far = [byteLength, 0xffff_ffff, 2 ** 32, 2 ** 32 + 5, 2 ** 33 - 1, 2 ** 52].map(BigInt);
      for (const byteAddr of [...far, 2n ** 63n - 1n, -(2n ** 63n), -1n, -2n, -(2n ** 32n)]) {
        for (const [bytes] of WIDTHS) {
          for (const suffix of ["", "o"]) {
            expect(bench.call(`load${bytes}${suffix}`, byteAddr), `load ${bytes}${suffix} at ${byteAddr}`).to.deep.equal(outOfBounds);
            expect(bench.call(`store${bytes}${suffix}`, byteAddr), `store ${bytes}${suffix} at ${byteAddr}`).to.deep.equal(outOfBounds);
          }
        }
        expect(bench.call("fill", byteAddr, 1n), `fill at ${byteAddr}`).to.deep.equal(outOfBounds);
      }
      expect(bench.call("fill", BigInt(byteLength - 1), 1n)).to.deep.equal({ kind: "return", values: [] });
      expect(bench.call("load1", BigInt(byteLength - 1))).to.deep.equal({ kind: "return", values: [5] });
      expect(bench.call("fill", 5n, 2n ** 32n)).to.deep.equal(outOfBounds);
      expect(bench.call("grow")).to.deep.equal({ kind: "return", values: [-1n] });
    }
  });

  it("with 64-bit addresses are refused a page more", async () => {
    const module = await moduleOf("i64 65536", "i64");
    expect(() => new Machine().instantiate(module)).to.throw(ResourceError, "cannot allocate a memory of 65536 pages of 64 KiB");
  });
});
