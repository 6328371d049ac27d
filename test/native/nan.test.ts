/**
 * NaNs of rewritten modules follow the deterministic profile: random programs full of them leave the same memory, global
 * and result in our machine and on this process's engine. `REWASM_SEEDS=FIRST-LAST` runs other seeds than the usual ones.
 */
import { expect } from "chai";
import { describe, it } from "mocha";
import { type NativeFunction, type NativeGlobal, type NativeMemory, native } from "../../native/engine.ts";
import { rewriteModule } from "../../native/rewrite.ts";
import { Bench, checkedModule } from "../support/machines.ts";
import { seedBatches } from "../support/random.ts";
import { wat } from "../support/wat.ts";
import { nanProgramText } from "./nan-text.ts";
import { sweepProgramText } from "./sweep-text.ts";

const BATCH = 25;

const ARGS: readonly (readonly [number, number])[] = [
  [0, 1.5],
  [Number.POSITIVE_INFINITY, Number.NaN],
];

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

/** Iterations, fewer and more than are checked one by one, and addresses that are aligned and not. */
const SWEEP_ARGS: typeof ARGS = [
  [1, 320],
  [16, 64],
  [40, 128],
  [17, 324],
  [30, 321],
];
const USED_BYTES = 1024;

const check = (seed: number, rewrite = true) => checkText(nanProgramText(seed), ARGS, seed, rewrite);

/**
 * Compares what is in memory after the calls, the part that the programs use; the bits of the global; and the result.
 * Returns how many loops were swept.
 */
async function checkText(text: string, argLists: typeof ARGS, seed: number, rewrite = true): Promise<number> {
  const bytes = await wat(text);
  const module = checkedModule(bytes);
  const ours = new Bench(module);
  const rewritten = rewriteModule(module);
  const { exports } = new native.Instance(new native.Module(rewrite ? rewritten.bytes : bytes));
  const memory = (exports.memory as NativeMemory).buffer;
  for (const args of argLists) {
    const result = ours.call("main", ...args);
    const theirs = (exports.main as NativeFunction)(...args);
    expect(result.kind === "return" && Object.is(result.values[0], theirs), `result of seed ${seed}`).to.equal(true);
    expect(hex(new Uint8Array(memory, 0, USED_BYTES)), `memory of seed ${seed}`).to.equal(
      hex(ours.store.memories[0]!.bytes.subarray(0, USED_BYTES)),
    );
    const global = new Float64Array([(exports.g as NativeGlobal).value as number]);
    expect(hex(new Uint8Array(global.buffer)), `global of seed ${seed}`).to.equal(hex(new Uint8Array(ours.store.globalI64.buffer, 0, 8)));
  }
  return rewritten.sweepCount;
}

/** What a loop does that stores NaNs to address 0, so that one look behind it would be wrong. */
const UNSWEPT: readonly (readonly [what: string, body: string])[] = [
  ["loads a part of a NaN", "(f64.store (i32.const 64) (f64.add (f64.load (i32.const 4)) (f64.const 0)))"],
  ["loads a NaN in a wider float", "(f32.store (i32.const 4) (f32.div (local.get $zero) (local.get $zero)))"],
  ["stores depending on a float", "(if (f64.lt (local.get $count) (f64.const 20)) (then (f64.store (i32.const 64) (local.get $nan))))"],
  [
    "stores depending on memory",
    "(if (f64.lt (f64.load (i32.const 128)) (f64.const 20)) (then (f64.store (i32.const 64) (local.get $nan))))",
  ],
  [
    "stores depending on a local that depends on memory",
    `(local.set $p (f64.lt (f64.load (i32.const 128)) (f64.const 20)))
     (if (local.get $p) (then (f64.store (i32.const 64) (local.get $nan))))`,
  ],
  [
    "loads two floats as one",
    `(f32.store (i32.const 8) (f32.div (local.get $zero) (local.get $zero)))
     (f64.store (i32.const 64) (f64.add (f64.load (i32.const 8)) (f64.const 0)))`,
  ],
  ["stores to another place each time", "(f64.store (i32.shl (local.get $k) (i32.const 3)) (local.get $nan))"],
  ["stores an exact NaN there too", "(f64.store (i32.const 0) (f64.const -nan:0x4000000000001))"],
  ["looks at a NaN as an integer", "(i32.store (i32.const 64) (i32.load (i32.const 4)))"],
  ["copies a NaN", "(f64.store (i32.const 64) (f64.load (i32.const 0)))"],
  ["overwrites a part of a NaN", "(i32.store8 (i32.const 6) (i32.const 1))"],
  ["is left in the middle", "(br_if $out (i32.eq (local.get $k) (i32.const 30)))"],
  ["calls a function", "(call $look)"],
];

function sweptText(body: string): string {
  return `(module (memory (export "memory") 1) (global $g (export "g") (mut f64) (f64.const 0))
    (func $look (i32.store (i32.const 64) (i32.load (i32.const 4))))
    (func (export "main") (param $n i32) (param $p i32) (result f64)
      (local $k i32) (local $zero f32) (local $nan f64) (local $count f64)
      (block $out (loop
        (local.set $count (f64.add (local.get $count) (f64.const 1)))
        (local.set $nan (f64.div (f64.promote_f32 (local.get $zero)) (f64.promote_f32 (local.get $zero))))
        (f64.store (i32.const 0) (local.get $nan))
        (f64.store (i32.const 128) (local.get $count))
        ${body}
        (f64.store (i32.const 72) (f64.sub (f64.load (i32.const 0)) (f64.load (i32.const 8))))
        (br_if 0 (i32.ne (local.tee $k (i32.add (local.get $k) (i32.const 1))) (local.get $n)))))
      (local.get $nan)))`;
}

describe("NaNs of rewritten modules", function () {
  this.timeout(120_000);
  for (const [first, last] of seedBatches("1-200", BATCH)) {
    it(`are those of the machine, seeds ${first} to ${last}`, async () => {
      for (let seed = first; seed <= last; seed++) await check(seed);
    });
  }

  for (const [first, last] of seedBatches("1-200", BATCH)) {
    it(`are those of the machine in loops over memory, seeds ${first} to ${last}`, async () => {
      let swept = 0;
      for (let seed = first; seed <= last; seed++) swept += await checkText(sweepProgramText(seed), SWEEP_ARGS, seed);
      if (last - first >= BATCH - 1) expect(swept, "loops that were swept").to.be.greaterThan(0);
    });
  }

  it("are looked for behind a loop that shows none of them", async () => {
    const stores = "(f64.store offset=8 (local.get $p) (local.get $nan))";
    for (const body of ["", stores]) expect(await checkText(sweptText(body), SWEEP_ARGS, 0)).to.equal(1);
  });

  for (const [what, body] of UNSWEPT) {
    it(`are fixed in each iteration of a loop that ${what}`, async () => {
      expect(await checkText(sweptText(body), SWEEP_ARGS, 0)).to.equal(0);
    });
  }

  it("are fixed before a part of them is loaded (and pinned seed)", async () => {
    const text = `(module (memory (export "memory") 1) (global $g (export "g") (mut f64) (f64.const 0))
      (func (export "main") (param $n i32) (param $p i32) (result f64)
        (f64.store (local.get $p) (f64.div (f64.load (i32.const 512)) (f64.load (i32.const 512))))
        (f64.store (i32.const 64) (f64.add (f64.load (i32.const 324)) (f64.load (i32.const 512))))
        (f64.load (i32.const 64))))`;
    await checkText(text, SWEEP_ARGS, 0);
    await checkText(sweepProgramText(1345), SWEEP_ARGS, 1345);
  });

  it("are those of the machine where a sign goes from an open NaN into a number (pinned seeds)", async () => {
    for (const seed of [285, 833]) await check(seed);
  });

  it("are others when nothing is rewritten: the programs would notice", async () => {
    let noticed = 0;
    for (let seed = 1; seed <= 10; seed++) {
      await check(seed, false).catch(() => {
        noticed++;
      });
    }
    expect(noticed).to.be.greaterThan(5);
  });
});
