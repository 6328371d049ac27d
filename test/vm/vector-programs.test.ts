/**
 * Random programs over vectors (seeded), run by the engine and in every way we have: the same results, traps and memory,
 * and the same state at every tick. `REWASM_SEEDS=FIRST-LAST` runs other seeds than the usual ones.
 */
import { expect } from "chai";
import { describe, it } from "mocha";
import { v8Engine } from "../../bench/v8.ts";
import { runInAllWays } from "../support/all-ways.ts";
import { Bench, checkedModule, inEveryWay } from "../support/machines.ts";
import { seedBatches } from "../support/random.ts";
import { vectorText } from "../support/vector-text.ts";
import { wat } from "../support/wat.ts";

/** Seeds of one test, and of how many one is also recorded, replayed and stored. */
const BATCH = 20;
const EVERY_WAY = 10;

type Args = readonly [number, bigint];
const ARGS: readonly Args[] = [
  [0, 0n],
  [0x12345, -5n],
];

function engineOutcomes(bytes: Uint8Array): string[] {
  const { exports } = new v8Engine.Instance(new v8Engine.Module(bytes), {});
  const main = exports.main as (...args: Args) => bigint;
  const { buffer } = exports.memory as { readonly buffer: ArrayBuffer };
  return ARGS.map((args) => {
    let result: string;
    try {
      result = `${main(...args)}`;
    } catch {
      result = "trap";
    }
    return `${result} ${Buffer.from(buffer).toString("base64")}`;
  });
}

describe("random programs over vectors", function () {
  this.timeout(180_000);
  for (const [first, last] of seedBatches("1-60", BATCH)) {
    it(`of seeds ${first} to ${last} behave as in the engine, in every way`, async () => {
      let trapped = 0;
      for (let seed = first; seed <= last; seed++) {
        const bytes = await wat(vectorText(seed));
        const module = checkedModule(bytes);
        const expected = engineOutcomes(bytes);
        inEveryWay((way) => {
          const bench = new Bench(module, way);
          const hashes = ARGS.map((args, i) => {
            const result = bench.call("main", ...args);
            const text = result.kind === "return" ? `${result.values[0]}` : result.kind;
            const memory = Buffer.from(bench.store.memories[0]!.bytes).toString("base64");
            expect(`${text} ${memory}` === expected[i], `seed ${seed}, ${way}, call ${i}: ${text}`).to.equal(true);
            return bench.hash();
          });
          return `${bench.store.tick} ${hashes.join(" ")}`;
        }, `seed ${seed}`);
        trapped += expected.filter((outcome) => outcome.startsWith("trap")).length;
        if (seed % EVERY_WAY === 0) await runInAllWays({ module, name: "main", args: ARGS[1]!, seed, positions: 5 });
      }
      // A generator whose programs all trap would test little.
      expect(trapped).to.be.below(BATCH * ARGS.length * 0.8);
    });
  }
});
