/**
 * Random programs (seeded) run by the engine, in generated, fast and exact code, in pieces and from stored states: results, traps, memory and the
 * state hash at random ticks agree. Fusing, aliasing of locals and charging of ticks go wrong here first.
 * `REWASM_SEEDS=FIRST-LAST` runs other seeds than the usual ones.
 */
import { expect } from "chai";
import { describe, it } from "mocha";
import { v8Engine } from "../../bench/v8.ts";
import { SnapshotTaker, storeFromSnapshot } from "../../snapshot/capture.ts";
import { stateHash } from "../../snapshot/hash.ts";
import { runUntil } from "../../vm/execute.ts";
import { Status } from "../../vm/store.ts";
import type { Module } from "../../vm/types.ts";
import { Bench, checkedModule, type Way } from "../support/machines.ts";
import { programText } from "../support/program-text.ts";
import { mulberry32, seedBatches } from "../support/random.ts";
import { wat } from "../support/wat.ts";

/** Seeds of one test. */
const BATCH = 20;

type Args = readonly [number, bigint, number, number];
const ARGS: readonly Args[] = [
  [0, 0n, 0, 0],
  [100, -5n, 1.5, 1e9],
  [-1, 2n ** 62n, Number.NaN, -0.25],
];

interface Outcome {
  readonly result: string;
  readonly memory: string;
  readonly global: bigint;
}

function engineOutcomes(bytes: Uint8Array): Outcome[] {
  const { exports } = new v8Engine.Instance(new v8Engine.Module(bytes), {});
  const main = exports.main as (...args: Args) => bigint;
  const memory = exports.memory as { readonly buffer: ArrayBuffer };
  return ARGS.map((args) => {
    let result: string;
    try {
      result = `${main(...args)}`;
    } catch {
      result = "trap";
    }
    return { result, memory: sum(new Uint8Array(memory.buffer)), global: (exports.g as { readonly value: bigint }).value };
  });
}

/** Enough to tell memories apart, and the same text for equal ones. */
function sum(bytes: Uint8Array): string {
  let hash = 0;
  for (const byte of bytes) hash = (Math.imul(hash, 31) + byte) | 0;
  return hash.toString(16);
}

function ourOutcomes(module: Module, way: Way): { outcomes: Outcome[]; ticks: number[]; hashes: string[] } {
  const bench = new Bench(module, way);
  const ticks: number[] = [];
  const hashes: string[] = [];
  const outcomes = ARGS.map((args) => {
    const result = bench.call("main", ...args);
    ticks.push(bench.store.tick);
    hashes.push(bench.hash());
    return {
      result: result.kind === "return" ? `${result.values[0]}` : result.kind,
      memory: sum(bench.store.memories[0]!.bytes),
      global: bench.store.globalI64[0]!,
    };
  });
  return { outcomes, ticks, hashes };
}

/** The same tick in fast and in exact code, each begun anew. */
function compareInside(module: Module, random: () => number, what: string): void {
  const whole = new Bench(module, "fast");
  whole.call("main", ...ARGS[1]!);
  const ticks = whole.store.tick;
  const exact = new Bench(module, "exact").begin("main", ...ARGS[1]!);
  const places = Array.from({ length: 4 }, () => Math.floor(random() * ticks)).sort((a, b) => a - b);
  const pieces = new Bench(module, "fast").begin("main", ...ARGS[1]!);
  // Goes through its stored form at each place.
  let { store: moved } = new Bench(module, "fast").begin("main", ...ARGS[1]!);
  for (const tick of places) {
    exact.runTo(tick);
    for (const way of ["fast", "generated"] as const) {
      const direct = new Bench(module, way).begin("main", ...ARGS[1]!);
      direct.runTo(tick);
      expect(direct.hash(), `${what} at tick ${tick}, ${way}`).to.equal(exact.hash());
    }
    while (pieces.store.status === Status.Running && pieces.store.tick < tick) {
      pieces.runTo(Math.min(tick, pieces.store.tick + 1 + Math.floor(random() * 20_000)));
    }
    // Settled also where there was nothing to run.
    if (pieces.store.status === Status.Running) pieces.runTo(tick);
    expect(pieces.hash(), `${what} in pieces at tick ${tick}`).to.equal(exact.hash());
    runUntil(moved, tick);
    const snapshot = new SnapshotTaker(moved).capture(0);
    expect(stateHash(snapshot), `${what} restored at tick ${tick}`).to.equal(exact.hash());
    moved = storeFromSnapshot(snapshot, [module]);
  }
}

describe("random programs", function () {
  this.timeout(120_000);
  for (const [first, last] of seedBatches("1-60", BATCH)) {
    it(`of seeds ${first} to ${last} behave as in the engine, in every way`, async () => {
      let trapped = 0;
      for (let seed = first; seed <= last; seed++) {
        const bytes = await wat(programText(seed));
        const module = checkedModule(bytes);
        const expected = engineOutcomes(bytes);
        const fast = ourOutcomes(module, "fast");
        expect(fast.outcomes, `seed ${seed}, fast`).to.deep.equal(expected);
        const exact = ourOutcomes(module, "exact");
        expect(exact, `seed ${seed}, exact`).to.deep.equal(fast);
        expect(ourOutcomes(module, "generated"), `seed ${seed}, generated`).to.deep.equal(exact);
        trapped += expected.filter(({ result }) => result === "trap").length;
        compareInside(module, mulberry32(seed), `seed ${seed}`);
      }
      // A generator whose programs all trap would test little.
      expect(trapped).to.be.below(BATCH * ARGS.length * 0.8);
    });
  }
});
