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

const BATCH = 25;

const ARGS: readonly (readonly [number, number])[] = [
  [0, 1.5],
  [Number.POSITIVE_INFINITY, Number.NaN],
];

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

/** What is in memory after the calls, the part that the programs use; the bits of the global; and whether the result is equal. */
async function check(seed: number, rewrite = true): Promise<void> {
  const bytes = await wat(nanProgramText(seed));
  const module = checkedModule(bytes);
  const ours = new Bench(module);
  const { exports } = new native.Instance(new native.Module(rewrite ? rewriteModule(module).bytes : bytes));
  const memory = (exports.memory as NativeMemory).buffer;
  for (const args of ARGS) {
    const result = ours.call("main", ...args);
    const theirs = (exports.main as NativeFunction)(...args);
    expect(result.kind === "return" && Object.is(result.values[0], theirs), `result of seed ${seed}`).to.equal(true);
    expect(hex(new Uint8Array(memory, 0, 256)), `memory of seed ${seed}`).to.equal(hex(ours.store.memories[0]!.bytes.subarray(0, 256)));
    const global = new Float64Array([(exports.g as NativeGlobal).value as number]);
    expect(hex(new Uint8Array(global.buffer)), `global of seed ${seed}`).to.equal(hex(new Uint8Array(ours.store.globalI64.buffer, 0, 8)));
  }
}

describe("NaNs of rewritten modules", function () {
  this.timeout(120_000);
  for (const [first, last] of seedBatches("1-200", BATCH)) {
    it(`are those of the machine, seeds ${first} to ${last}`, async () => {
      for (let seed = first; seed <= last; seed++) await check(seed);
    });
  }

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
