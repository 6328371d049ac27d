/** What the benchmarks make of their samples, and that a failing subject is told. */
import { expect } from "chai";
import { describe, it } from "mocha";
import { geometricMean, measurePair, median, percentile } from "../../bench/measure.ts";
import { alignColumns, type Report, short, summaryTable } from "../../bench/report.ts";

describe("samples of a benchmark", () => {
  it("have percentiles by the nearest rank, whatever their order", () => {
    const values = Array.from({ length: 100 }, (_, i) => 100 - i);
    expect(percentile(values, 95)).to.equal(95);
    expect(percentile(values, 50)).to.equal(50);
    expect(percentile([7], 95)).to.equal(7);
    expect(median([3, 1, 2])).to.equal(2);
  });

  it("have a geometric mean", () => {
    expect(geometricMean([1, 100])).to.be.closeTo(10, 1e-9);
  });

  it("come from both subjects in turn, and give the ratio of the second to the first", async () => {
    const order: string[] = [];
    let sink = 0;
    const work = (rounds: number): void => {
      for (let i = 0; i < rounds * 1_000_000; i++) sink = (sink + Math.sqrt(i)) % 1000;
    };
    const subject = (name: string, rounds: number) => ({
      name,
      run: () => {
        order.push(name);
        work(rounds);
      },
    });
    const { ratio, firstSeconds } = await measurePair(subject("short", 2), subject("long", 6), 3);
    expect(sink).to.be.lessThan(1000);
    expect(ratio).to.be.greaterThan(1.3);
    expect(firstSeconds).to.be.greaterThan(0);
    // After the warm-up the subjects take turns, and the second is first in every other round.
    const runs = order.join(" ");
    expect(runs).to.match(/( short)+( long)+( long)+( short)+( short)+( long)+$/);
  });

  it("are not made up when a subject fails", async () => {
    const failing = {
      name: "failing",
      run: () => {
        throw new Error("no answer");
      },
    };
    let message = "";
    await measurePair({ name: "fine", run: () => undefined }, failing, 1).catch((error: Error) => {
      message = error.message;
    });
    expect(message).to.equal("no answer");
  });
});

describe("the report of the benchmarks", () => {
  it("aligns columns", () => {
    expect(
      alignColumns([
        ["a", "1"],
        ["long", "22"],
      ]),
    ).to.equal("a      1\nlong  22");
    expect([short(123.4), short(12.34), short(1.234)]).to.deep.equal(["123", "12.3", "1.23"]);
  });

  it("leaves out what was not measured", () => {
    const report: Report = {
      node: "v20",
      commit: "unknown",
      kernels: [],
      geomean: 12.5,
      vectorGeomean: 40,
      loopGeomean: null,
      largeModule: { nativeMs: 20, ms: 50, ratio: 2.5, residentMegabytes: 99.6 },
      recordOverhead: { cpu: 1.02, calls: null },
      bytesPerEvent: null,
      native: null,
      packages: null,
      snapshotMs: null,
      seekMs: { p50: 1, p95: 2 },
      reverseStepMs: null,
    };
    expect(summaryTable(report).split("\n")).to.deep.equal([
      "slowdown against V8 (geometric mean)       12.5 x",
      "slowdown of vectors                        40.0 x",
      "flite ready, V8 compiling it is 1          2.50 x      50.0 ms",
      "flite ready, resident memory               100 MB",
      "record overhead, CPU-bound                  2.0 %",
      "seek to a random tick                 p50 1.00 ms  p95 2.00 ms",
    ]);
  });
});
