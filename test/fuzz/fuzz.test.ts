/** A short run of the differential fuzzer; `npm run fuzz` makes long ones. */
import { expect } from "chai";
import { describe, it } from "mocha";
import { FuzzGenerator } from "./generator.ts";
import { fuzz, planOf } from "./plan.ts";
import { firstDifference, type Transcript } from "./transcript.ts";

const SEEDS = 12;

describe("random modules", () => {
  it("run the same in V8, exact, fast, generated, recorded, replayed and sought", async () => {
    const generator = new FuzzGenerator();
    let [inV8, natively, calls] = [0, 0, 0];
    for (let seed = 1; seed <= SEEDS; seed++) {
      const { verdict } = await fuzz(generator, seed);
      expect(verdict.difference, `seed ${seed}`).to.equal(undefined);
      calls += verdict.calls;
      if (verdict.inV8) inV8++;
      if (verdict.natively) natively++;
    }
    console.log(`      ${SEEDS} modules, ${inV8} of them in V8 too, ${natively} recorded there, ${calls} calls`);
    expect(inV8).to.be.above(4);
    expect(natively).to.be.above(4);
    expect(calls).to.be.above(20);
  }).timeout(120_000);

  it("are the same for the same seed", () => {
    const generator = new FuzzGenerator();
    const planned = planOf(3);
    const first = generator.generate(3, planned);
    expect(generator.generate(3, planned)).to.deep.equal(first);
    expect(generator.generate(4, planned)).not.to.deep.equal(first);
  }).timeout(60_000);

  it("are compared line by line, up to a call that uses up a stack", () => {
    const of = (exhausted: boolean, ...lines: string[]): Transcript => ({ lines, exhausted });
    expect(firstDifference("a", of(false, "f() returns 1", "end g 2"), "b", of(false, "f() returns 1", "end g 2"))).to.equal(undefined);
    expect(firstDifference("a", of(false, "f() returns 1"), "b", of(false, "f() returns 2"))).to.equal(
      "a: f() returns 1; b: f() returns 2",
    );
    expect(firstDifference("a", of(false, "f() returns 1", "end g 2"), "b", of(false, "f() returns 1"))).to.equal("a: end g 2; b: nothing");
    expect(firstDifference("a", of(true, "f() exhausted", "end g 2"), "b", of(false, "f() returns 1", "end g 3"))).to.equal(undefined);
    expect(firstDifference("a", of(true, "f() exhausted", "end g 2"), "b", of(true, "f() exhausted", "end g 3"))).to.equal(undefined);
  });
});
