/** Snapshots of programs that run: taken between any two instructions, they continue as if nothing had happened. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { describe, it } from "mocha";
import { KERNELS, kernelPath, VECTOR_KERNELS } from "../../bench/kernels.ts";
import { SnapshotTaker, storeFromSnapshot } from "../../snapshot/capture.ts";
import { stateHash } from "../../snapshot/hash.ts";
import { deserializeSnapshot, serializeSnapshot } from "../../snapshot/serialize.ts";
import type { Snapshot } from "../../snapshot/tree.ts";
import { completeGrow, enter, entrySlot } from "../../vm/boundary.ts";
import { decodeModule } from "../../vm/decode.ts";
import { runUntil } from "../../vm/execute.ts";
import { Machine } from "../../vm/machine.ts";
import { Status, type Store } from "../../vm/store.ts";
import type { Module } from "../../vm/types.ts";
import { validateModule } from "../../vm/validate.ts";
import { readValues, type Value, writeValues } from "../../vm/value.ts";
import { mulberry32 } from "../support/random.ts";
import { below } from "./stores.ts";

/** Snapshots are taken in this first part of a program, so that going back and forth stays cheap. */
const FIRST_TICKS = 400_000;

/** A kernel about to run: `run(work)` is entered, no instruction of it has retired. */
function begin(name: string, work: number): { store: Store; module: Module } {
  const module = decodeModule(readFileSync(join(process.cwd(), kernelPath(name))));
  validateModule(module);
  const machine = new Machine();
  const abort = (): void => {
    throw new Error("the kernel aborted");
  };
  const { instanceAddr } = machine.instantiate(module, { env: { abort } });
  const { addr } = machine.export(instanceAddr, "run")!;
  const { store } = machine;
  writeValues(store, entrySlot(store), store.funcs[addr]!.type.params, [work]);
  enter(store, addr);
  return { store, module };
}

/** Runs to a tick or to the end, growing memories as asked. */
function advance(store: Store, limitTick: number): void {
  while (store.status === Status.Running && store.tick < limitTick) {
    runUntil(store, limitTick);
    if ((store.status as Status) === Status.Growing) completeGrow(store, undefined);
  }
}

function answer(store: Store): Value {
  expect(store.status).to.equal(Status.Returned);
  return readValues(store, store.resultSlot, store.funcs[store.resultFunc]!.type.results)[0]!;
}

describe("snapshots of running programs", () => {
  for (const { name, checkWork, checkAnswer } of [...KERNELS, ...VECTOR_KERNELS]) {
    it(`${name} goes on from any of its snapshots, here and elsewhere`, () => {
      const { store, module } = begin(name, checkWork);
      const start = new SnapshotTaker(store).capture(0);
      advance(store, Number.MAX_SAFE_INTEGER);
      expect(answer(store)).to.equal(checkAnswer);
      const endTick = store.tick;
      const taker = new SnapshotTaker(store);
      const end = stateHash(taker.capture(0));

      const random = mulberry32(endTick);
      const ticks = Array.from({ length: 8 }, () => below(random, Math.min(endTick, FIRST_TICKS))).sort((a, b) => a - b);
      taker.restore(start);
      const states: { snapshot: Snapshot; hash: string }[] = [];
      for (const tick of ticks) {
        advance(store, tick);
        expect(store.tick).to.equal(tick);
        const snapshot = taker.capture(0);
        states.push({ snapshot, hash: stateHash(snapshot) });
      }
      for (let i = 0; i < 12; i++) {
        const from = below(random, states.length);
        const to = from + below(random, states.length - from);
        taker.restore(states[from]!.snapshot);
        expect(stateHash(taker.capture(0)), `tick ${states[from]!.snapshot.tick}, just restored`).to.equal(states[from]!.hash);
        advance(store, states[to]!.snapshot.tick);
        expect(stateHash(taker.capture(0)), `tick ${states[from]!.snapshot.tick} to ${states[to]!.snapshot.tick}`).to.equal(
          states[to]!.hash,
        );
      }
      const { snapshot } = states[4]!;
      const { snapshot: later, hash } = states[7]!;
      const copy = storeFromSnapshot(snapshot);
      advance(copy, later.tick);
      expect(stateHash(new SnapshotTaker(copy).capture(0))).to.equal(hash);
      const elsewhere = storeFromSnapshot(deserializeSnapshot(serializeSnapshot(snapshot)), [module]);
      advance(elsewhere, Number.MAX_SAFE_INTEGER);
      expect(answer(elsewhere)).to.equal(checkAnswer);
      expect(stateHash(new SnapshotTaker(elsewhere).capture(0))).to.equal(end);
    });
  }

  it("hash alike by fast and by exact code", () => {
    const [one, two] = [begin("heapsort", 1).store, begin("heapsort", 1).store];
    two.exactOnly = true;
    const random = mulberry32(3);
    const takers = [new SnapshotTaker(one), new SnapshotTaker(two)];
    for (let tick = 0; one.status === Status.Running; tick += below(random, 60_000)) {
      advance(one, tick);
      advance(two, tick);
      expect(stateHash(takers[0]!.capture(0)), `tick ${tick}`).to.equal(stateHash(takers[1]!.capture(0)));
    }
  });

  it("refuse stored frames that the code does not allow", () => {
    const { store, module } = begin("fib", 10);
    advance(store, 500);
    const good = new SnapshotTaker(store).capture(0);
    const top = good.frames.length - 1;
    const withFrame = (index: number, change: object): Snapshot => {
      const frames = good.frames.map((frame, i) => (i === index ? { ...frame, ...change } : frame));
      return deserializeSnapshot(serializeSnapshot({ ...good, frames }));
    };
    const wrong: readonly [string, Snapshot][] = [
      ["an offset inside an instruction", withFrame(top, { wasmOffset: good.frames[top]!.wasmOffset + 1e6 })],
      ["a wait at no call", withFrame(0, { wasmOffset: good.frames[top]!.wasmOffset + 1 })],
      ["a slot too few", withFrame(top, { slots: good.frames[top]!.slots.slice(2) })],
    ];
    for (const [name, snapshot] of wrong) {
      expect(() => storeFromSnapshot(snapshot, [module]), name)
        .to.throw("frames do not fit")
        .with.property("code", "snapshot-corrupt");
    }
    const other = storeFromSnapshot(withFrame(top, {}), [module]);
    expect(stateHash(new SnapshotTaker(other).capture(0))).to.equal(stateHash(good));
  });
});
