/** Code memory: what is given back is used again, and code in a gap is as good as any. */
import { expect } from "chai";
import { describe, it } from "mocha";
import { CodeMemory, type LoweredCode, Mode } from "../../vm/code.ts";
import { setBreakpoints } from "../../vm/execute.ts";
import { forgetCode, loweredFunction } from "../../vm/lower.ts";
import { Bench, checkedModule } from "../support/machines.ts";
import { mulberry32 } from "../support/random.ts";
import { wat } from "../support/wat.ts";

function piece(start: number, end: number): LoweredCode {
  return { start, end, pointKeys: new Float64Array(0), pointPcs: new Int32Array(0), pointAccs: new Int32Array(0), regions: [] };
}

const PROGRAM = `(module
  (func $inner (param i32) (result i32) (local i32)
    (loop $again
      (local.set 1 (i32.add (local.get 1) (local.get 0)))
      (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (local.get 1))
  (func (export "sum") (param i32) (result i32) (local i32)
    (loop $again
      (local.set 1 (i32.add (local.get 1) (call $inner (local.get 0))))
      (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (local.get 1)))`;

describe("code memory", () => {
  it("gives room that nobody else has, and uses what is given back", () => {
    const random = mulberry32(7);
    const memory = new CodeMemory();
    const first = memory.top;
    const held: { readonly at: LoweredCode; readonly mark: number }[] = [];
    let most = 0;
    let heldWords = 0;
    for (let mark = 1; mark <= 3000; mark++) {
      if (held.length > 0 && (held.length >= 40 || random() < 0.45)) {
        const [gone] = held.splice(Math.floor(random() * held.length), 1);
        memory.release(gone!.at);
        heldWords -= gone!.at.end - gone!.at.start;
      } else {
        const wordCount = 1 + Math.floor(random() * 50);
        const at = memory.roomFor(wordCount);
        memory.put(at, new Array<number>(wordCount).fill(mark));
        held.push({ at: piece(at, at + wordCount), mark });
        heldWords += wordCount;
        most = Math.max(most, heldWords);
      }
      for (const { at, mark: own } of held) expect(memory.words.subarray(at.start, at.end).every((word) => word === own)).to.equal(true);
      expect(memory.top).to.be.at.least(Math.max(first, ...held.map(({ at }) => at.end)));
    }
    // First fit among pieces of one size class leaves little unused.
    expect(memory.top).to.be.below(most * 3);
    for (const { at } of held) memory.release(at);
    expect(memory.top).to.equal(first);
  });

  it("does not grow when breakpoints come and go", async () => {
    const bench = new Bench(checkedModule(await wat(PROGRAM)));
    const { store } = bench;
    bench.begin("sum", 100);
    let tick = 0;
    let settledTop = 0;
    for (let round = 0; round < 200; round++) {
      setBreakpoints(store, 0, round % 2 === 0 ? { entry: false, wasmOffsets: new Set() } : undefined);
      setBreakpoints(store, 1, round % 3 === 0 ? { entry: false, wasmOffsets: new Set() } : undefined);
      tick += 97;
      bench.runTo(tick);
      if (round === 12) settledTop = store.code.top;
    }
    expect(settledTop).to.be.above(0);
    expect(store.code.top).to.be.at.most(settledTop);
    const plain = new Bench(checkedModule(await wat(PROGRAM))).call("sum", 100);
    setBreakpoints(store, 0, undefined);
    setBreakpoints(store, 1, undefined);
    expect(bench.runTo(Number.MAX_SAFE_INTEGER)).to.deep.equal(plain);
  });

  it("runs code that was made anew in the gap of other code", async () => {
    const bench = new Bench(checkedModule(await wat(PROGRAM)));
    const { store } = bench;
    const expected = bench.call("sum", 9);
    loweredFunction(store, 0, Mode.Exact);
    loweredFunction(store, 1, Mode.Exact);
    const { top } = store.code;
    forgetCode(store, 0);
    expect(bench.call("sum", 9)).to.deep.equal(expected);
    store.exactOnly = true;
    expect(bench.call("sum", 9)).to.deep.equal(expected);
    expect(store.code.top).to.equal(top);
    expect(store.code.fast[0]!.start).to.be.below(store.code.exact[1]!.end);
  });
});
