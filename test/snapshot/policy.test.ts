import { expect } from "chai";
import { describe, it } from "mocha";
import { dropOrder, nextGridTick, type SnapshotPolicy, ticksToDrop } from "../../snapshot/policy.ts";
import { mulberry32 } from "../support/random.ts";

const policy: SnapshotPolicy = { intervalTicks: 1000, keepFactor: 32, byteBudget: Number.POSITIVE_INFINITY };

/** The ticks that stay. */
function kept(ticks: readonly number[], nowTick: number, by = policy): number[] {
  const doomed = new Set(ticksToDrop(ticks, nowTick, by));
  return ticks.filter((tick) => !doomed.has(tick));
}

/** Ticks near each grid point, as captures at the end of a slice are: up to 10% off. */
function gridTicks(count: number, seed: number): number[] {
  const random = mulberry32(seed);
  return Array.from({ length: count }, (_, k) => (k === 0 ? 0 : Math.round((k + random() * 0.2 - 0.1) * policy.intervalTicks)));
}

describe("thinning policy", () => {
  it("keeps everything near and powers of two far away", () => {
    const ticks = Array.from({ length: 101 }, (_, k) => k * 1000);
    const stay = kept(ticks, 100_000, { ...policy, keepFactor: 4 });
    expect(stay.map((tick) => tick / 1000)).to.deep.equal([0, 32, 48, 64, 72, 80, 84, 88, 92, 94, 96, 97, 98, 99, 100]);
  });

  it("keeps O(log n) snapshots", () => {
    for (const count of [100, 1000, 10_000, 100_000]) {
      const ticks = gridTicks(count, count);
      for (const now of [0, count / 3, count].map((k) => Math.round(k * 1000))) {
        const most = 2 * policy.keepFactor + (policy.keepFactor + 1) * Math.ceil(Math.log2(count)) + 2;
        expect(kept(ticks, now).length).to.be.lessThanOrEqual(most);
      }
    }
  });

  it("leaves no gap longer than a fraction of the distance", () => {
    const ticks = gridTicks(20_000, 7);
    const random = mulberry32(8);
    for (let i = 0; i < 10; i++) {
      const now = Math.round(random() * 20_000_000);
      const stay = kept(ticks, now);
      for (const [k, tick] of stay.entries()) {
        const next = stay[k + 1];
        if (next === undefined) continue;
        const distance = Math.max(Math.abs(now - tick), Math.abs(now - next));
        expect(next - tick).to.be.lessThanOrEqual((2 * distance) / policy.keepFactor + 1.5 * policy.intervalTicks);
      }
    }
  });

  it("never drops the first and the last", () => {
    const random = mulberry32(3);
    for (let i = 0; i < 50; i++) {
      const ticks = [...new Set(Array.from({ length: 2 + Math.floor(random() * 300) }, () => Math.floor(random() * 5_000_000)))].sort(
        (a, b) => a - b,
      );
      const stay = kept(ticks, Math.floor(random() * 6_000_000));
      expect(stay[0]).to.equal(ticks[0]);
      expect(stay.at(-1)).to.equal(ticks.at(-1));
    }
    expect(ticksToDrop([], 5, policy)).to.deep.equal([]);
    expect(ticksToDrop([9_999_999], 5, policy)).to.deep.equal([]);
  });

  it("gives the same answer to the same question, and nothing more to drop when asked again", () => {
    const ticks = gridTicks(5000, 11);
    expect(ticksToDrop(ticks, 777_777, policy)).to.deep.equal(ticksToDrop([...ticks], 777_777, policy));
    expect(ticksToDrop(kept(ticks, 777_777), 777_777, policy)).to.deep.equal([]);
  });

  it("keeps of one grid index the nearest, of equally near ones the earlier", () => {
    expect(ticksToDrop([0, 2600, 2990, 3010, 3100, 9000], 3000, policy)).to.deep.equal([2600, 3010, 3100]);
  });

  it("works for ticks up to 2^53", () => {
    const top = Number.MAX_SAFE_INTEGER;
    const by = { ...policy, intervalTicks: 1 };
    expect(ticksToDrop([0, top - 200, top - 7, top], top, by)).to.deep.equal([top - 200]);
  });

  it("orders drops by need, and puts the same ones first as the rule drops", () => {
    const ticks = gridTicks(3000, 5);
    const now = 2_345_678;
    const order = dropOrder(ticks, now, policy);
    const dropped = ticksToDrop(ticks, now, policy);
    expect(new Set(order.slice(0, dropped.length))).to.deep.equal(new Set(dropped));
    expect(order).to.have.length(ticks.length - 2);
    expect(dropOrder([...ticks], now, policy)).to.deep.equal(order);
  });

  it("finds the next grid point", () => {
    expect([0, 999, 1000, 1001].map((tick) => nextGridTick(tick, policy))).to.deep.equal([1000, 1000, 2000, 2000]);
    expect(nextGridTick(5000, policy, 16)).to.equal(16_000);
  });
});
