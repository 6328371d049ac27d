/** What is known of stretches, against a model that knows every tick. */
import { expect } from "chai";
import { describe, it } from "mocha";
import { TraceError } from "../../rr/errors.ts";
import { decodeStretches, encodeStretches, marksOf, Stretches } from "../../rr/stretches.ts";
import { mulberry32 } from "../support/random.ts";

const TICKS = 4000;
/** A tick of the model stands for so many, so that stretches are not all too short to be kept apart. */
const SCALE = 5000;

const at = (tick: number): { tick: number; event: number } => ({ tick: tick * SCALE, event: tick >> 3 });

describe("stretches", () => {
  it("never say that something was untouched or lived when it was not, and learn", () => {
    const random = mulberry32(3);
    // What happens in the step from each tick: a page that is written, or none, and the depth that is touched.
    const page = Array.from({ length: TICKS }, () => (random() < 0.3 ? Math.floor(random() * 40) : -1));
    const depth = Array.from({ length: TICKS }, () => Math.floor(random() ** 0.3 * 12));
    const stretches = new Stretches();
    let learned = 0;
    for (let round = 0; round < 4000; round++) {
      const from = Math.floor(random() * TICKS);
      const to = Math.min(TICKS, from + Math.floor(random() ** 3 * 300));
      const steps = page.slice(from, to);
      if (random() < 0.5) {
        const written = Int32Array.from(new Set(steps.filter((each) => each >= 0))).sort();
        stretches.add({ from: at(from), to: at(to), written: [written], survivors: Math.min(99, ...depth.slice(from, to)) });
        continue;
      }
      const byteAddr = Math.floor(random() * 40 * 4096);
      const { firstPage, lastPage } = marksOf(byteAddr, 4);
      const touched = steps.some((each) => each >= firstPage && each <= lastPage);
      const known = stretches.untouched(at(from), at(to), 0, byteAddr, 4);
      if (touched) expect(known, `${from} to ${to}`).to.equal(false);
      if (known) learned++;
      const frame = Math.floor(random() * 10);
      const since = stretches.livedFrom(frame, at(to));
      let truth = to;
      while (truth > 0 && depth[truth - 1]! > frame) truth--;
      expect(since.tick).to.be.within(truth * SCALE, to * SCALE);
    }
    expect(learned).to.be.above(300);
    expect(stretches.size).to.be.below(2200);
    const all = [...stretches];
    for (let i = 1; i < all.length; i++) expect(all[i]!.from.tick).to.be.at.least(all[i - 1]!.to.tick);
  });

  it("know of memories that were not there, and of the first bytes of a page", () => {
    const stretches = new Stretches();
    stretches.add({ from: at(0), to: at(10), written: [Int32Array.of(3)], survivors: 0 });
    expect(stretches.untouched(at(2), at(9), 1, 0, 8)).to.equal(true);
    expect(stretches.untouched(at(2), at(9), 0, 4 * 4096, 1)).to.equal(false);
    expect(stretches.untouched(at(2), at(9), 0, 4 * 4096 + 15, 1)).to.equal(true);
    expect(stretches.untouched(at(2), at(9), 0, 3 * 4096 - 1, 1)).to.equal(true);
    expect(stretches.untouched(at(2), at(11), 0, 0, 1)).to.equal(false);
  });

  it("are stored and read back; damaged ones are refused", () => {
    const random = mulberry32(8);
    const stretches = new Stretches();
    for (let tick = 0; tick < TICKS; tick += 7) {
      const pages = Array.from({ length: 2 }, () =>
        Int32Array.from(new Set(Array.from({ length: 5 }, () => Math.floor(random() * 300)))).sort(),
      );
      stretches.add({ from: at(tick), to: at(tick + 5 + Math.floor(random() * 3)), written: pages, survivors: Math.floor(random() * 9) });
    }
    const bytes = encodeStretches(stretches);
    expect([...decodeStretches(bytes)]).to.deep.equal([...stretches]);
    expect([...decodeStretches(encodeStretches(new Stretches()))]).to.deep.equal([]);
    for (let length = 0; length < bytes.length; length += 97) expect(() => decodeStretches(bytes.slice(0, length))).to.throw(TraceError);
    for (let i = 0; i < 300; i++) {
      const damaged = bytes.slice();
      damaged[Math.floor(random() * damaged.length)] = Math.floor(random() * 256);
      try {
        decodeStretches(damaged);
      } catch (error) {
        expect(error).to.be.instanceOf(TraceError);
      }
    }
  });
});
