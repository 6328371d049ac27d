import { expect } from "chai";
import { describe, it } from "mocha";
import { SnapshotTaker } from "../../snapshot/capture.ts";
import { type Chunk, ZERO_CHUNK, ZERO_PAGE } from "../../snapshot/pages.ts";
import type { SnapshotPolicy } from "../../snapshot/policy.ts";
import { SnapshotSet } from "../../snapshot/set.ts";
import { comparePositions, type Snapshot } from "../../snapshot/tree.ts";
import { mulberry32 } from "../support/random.ts";
import { below, fakeModule, makeStore, mutate, rawFrames } from "./stores.ts";

const roomy: SnapshotPolicy = { intervalTicks: 1000, keepFactor: 8, byteBudget: Number.POSITIVE_INFINITY };

/** Snapshots of a run, each at a grid point more or less, each changing a page or two. */
function run(count: number, seed: number): Snapshot[] {
  const random = mulberry32(seed);
  const store = makeStore(fakeModule("a"), { memoryPages: 16, tableLength: 10 });
  const snapshots = new SnapshotTaker(store, rawFrames);
  return Array.from({ length: count }, (_, k) => {
    mutate(store, random);
    store.tick = k * 1000 + (k === 0 ? 0 : below(random, 50));
    return snapshots.capture(k);
  });
}

/** What the set should count, from scratch. */
function pageBytesOf(snapshots: Iterable<Snapshot>): number {
  const pages = new Set<Int32Array>();
  const chunks = new Set<Chunk>();
  for (const { memories, tables } of snapshots) {
    for (const { pages: table } of [...memories, ...tables]) for (const chunk of table) if (chunk !== ZERO_CHUNK) chunks.add(chunk);
  }
  for (const chunk of chunks) for (const page of chunk.pages) if (page !== ZERO_PAGE) pages.add(page);
  return [...pages].reduce((sum, page) => sum + page.byteLength, 0) + chunks.size * 512 * 8;
}

describe("SnapshotSet", () => {
  it("finds the nearest at or before, by tick and event", () => {
    const [a, b, c] = run(3, 1);
    const set = new SnapshotSet(roomy);
    const at = (snapshot: Snapshot, tick: number, event: number): Snapshot => ({ ...snapshot, tick, event });
    const early = at(a!, 10, 0);
    const middle = at(b!, 50, 3);
    const late = at(c!, 50, 5);
    for (const snapshot of [late, early, middle]) expect(set.insert(snapshot)).to.equal(true);
    expect(set.insert(at(a!, 50, 3))).to.equal(false);
    expect([...set]).to.deep.equal([early, middle, late]);
    expect(set.nearestAtOrBefore(9)).to.equal(undefined);
    expect(set.nearestAtOrBefore(10)).to.equal(early);
    expect(set.nearestAtOrBefore(50)).to.equal(late);
    expect(set.nearestAtOrBefore(50, 4)).to.equal(middle);
    expect(set.nearestAtOrBefore(50, 2)).to.equal(early);
    expect(set.nearestBefore({ tick: 50, event: 5 })).to.equal(middle);
    expect(set.nearestBefore({ tick: 50, event: 6 })).to.equal(late);
    expect(set.nearestBefore({ tick: 10, event: 0 })).to.equal(undefined);
    expect(set.nearestAfter(10)).to.equal(middle);
    expect(set.remove({ tick: 50, event: 4 })).to.equal(false);
    expect(set.remove(middle)).to.equal(true);
    expect(set.size).to.equal(2);
  });

  it("counts shared bytes once, whatever comes and goes", () => {
    const random = mulberry32(9);
    const snapshots = run(60, 2);
    const set = new SnapshotSet(roomy);
    const inside = new Set<Snapshot>();
    let overhead = 0;
    for (let i = 0; i < 300; i++) {
      const snapshot = snapshots[below(random, snapshots.length)]!;
      if (inside.delete(snapshot)) expect(set.remove(snapshot)).to.equal(true);
      else {
        inside.add(snapshot);
        expect(set.insert(snapshot)).to.equal(true);
      }
      overhead = set.uniqueBytes - pageBytesOf(inside);
      expect(overhead).to.be.within(0, 50_000 + inside.size * 20_000);
    }
    for (const snapshot of inside) set.remove(snapshot);
    expect(set.uniqueBytes).to.equal(0);
  });

  it("thins by the policy and keeps first and last", () => {
    const snapshots = run(200, 3);
    const set = new SnapshotSet(roomy);
    for (const snapshot of snapshots) set.insert(snapshot);
    const dropped = set.thin(150_000);
    expect(dropped).to.be.greaterThan(100);
    expect(set.size).to.equal(200 - dropped);
    expect([...set][0]).to.equal(snapshots[0]);
    expect([...set].at(-1)).to.equal(snapshots.at(-1));
    expect([...set].every((snapshot, i, all) => i === 0 || comparePositions(all[i - 1]!, snapshot) < 0)).to.equal(true);
    expect(set.thin(150_000)).to.equal(0);
  });

  it("meets its byte budget, deterministically", () => {
    const snapshots = run(200, 4);
    const whole = new SnapshotSet(roomy);
    for (const snapshot of snapshots) whole.insert(snapshot);
    const budget = Math.round(whole.uniqueBytes * 0.7);
    const thinned = [1, 2].map(() => {
      const set = new SnapshotSet({ ...roomy, keepFactor: 1e9, byteBudget: budget });
      for (const snapshot of snapshots) set.insert(snapshot);
      set.thin(100_000);
      return set;
    });
    expect(thinned[0]!.uniqueBytes).to.be.lessThanOrEqual(budget);
    expect(thinned[0]!.size).to.be.greaterThan(10);
    expect([...thinned[0]!].map(({ tick }) => tick)).to.deep.equal([...thinned[1]!].map(({ tick }) => tick));
    // Dense near the cursor, sparse far from it.
    const near = [...thinned[0]!].filter(({ tick }) => Math.abs(tick - 100_000) < 10_000).length;
    const far = [...thinned[0]!].filter(({ tick }) => tick < 20_000).length;
    expect(near).to.be.greaterThan(far);
  });

  it("keeps one snapshot per tick, the earliest, and always the last", () => {
    const [one] = run(1, 5);
    const set = new SnapshotSet(roomy);
    for (const [tick, event] of [
      [0, 0],
      [0, 1],
      [0, 2],
      [5000, 3],
      [5000, 4],
      [9000, 5],
      [9000, 6],
    ]) {
      set.insert({ ...one!, tick: tick!, event: event! });
    }
    set.thin(5000);
    expect([...set].map(({ event }) => event)).to.deep.equal([0, 3, 5, 6]);
  });
});
