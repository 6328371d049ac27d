/** `record --engine native`: what programs do, and the trace replays, seeks and reverses as one of our machine. */
import { readFileSync, rmSync, truncateSync } from "node:fs";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { Workplace } from "../cli/command.ts";
import { guestPath } from "../support/guests.ts";

/** Guests that do the same each time when they are given the same, and what they are given. */
const DETERMINISTIC: readonly (readonly [name: string, words: readonly string[], input: string])[] = [
  ["hello", ["one", "two"], ""],
  ["cat", [], "a line\nanother\n"],
  ["trap", ["null-call"], ""],
];
const OTHERS: typeof DETERMINISTIC = [
  ["calls", ["300", "mixed"], ""],
  ["trap", ["abort"], ""],
];

function parse(text: string): { tick: number; event: number; hash: string } {
  return JSON.parse(text);
}

describe("native recordings", function () {
  this.timeout(120_000);
  let place: Workplace;
  before(() => {
    place = new Workplace();
  });
  after(() => place.remove());

  function record(engine: string, trace: string, name: string, words: readonly string[], input: string) {
    return place.rewasm(["record", "--engine", engine, "-o", trace, guestPath(name), ...words], { input });
  }

  for (const [name, words, input] of [...DETERMINISTIC, ...OTHERS]) {
    it(`of ${[name, ...words].join(" ")} replay with the same output and exit code`, () => {
      const native = record("native", "native.rrw", name, words, input);
      const replayed = place.rewasm(["replay", "native.rrw"]);
      expect(replayed.status).to.equal(native.status);
      expect(replayed.stdout).to.equal(native.stdout);
      // The second replay knows ticks and checks them.
      expect(place.rewasm(["replay", "native.rrw"])).to.deep.equal(replayed);
    });
  }

  for (const [name, words, input] of DETERMINISTIC) {
    it(`of ${[name, ...words].join(" ")} have the states of a recording by the interpreter`, () => {
      const ours = record("interpreter", "ours.rrw", name, words, input);
      const native = record("native", "native.rrw", name, words, input);
      expect({ status: native.status, stdout: native.stdout }).to.deep.equal({ status: ours.status, stdout: ours.stdout });
      for (const position of ["33.3%", "end"]) {
        const state = (trace: string) => parse(place.ok("replay", trace, "--goto", position, "--state-hash", "--json"));
        expect(state("native.rrw"), position).to.deep.equal(state("ours.rrw"));
      }
    });
  }

  it("say which engine made them, and know ticks after the first look", () => {
    record("native", "native.rrw", "hello", [], "");
    const info = JSON.parse(place.ok("info", "native.rrw", "--json"));
    expect(info).to.include({ engine: "native", formatVersion: 2, complete: true });
    expect(info.ticks).to.be.greaterThan(1000);
    record("interpreter", "ours.rrw", "hello", [], "");
    const ours = JSON.parse(place.ok("info", "ours.rrw", "--json"));
    expect(ours).to.include({ engine: "interpreter", formatVersion: 1, ticks: info.ticks, events: info.events });
  });

  it("show unknown ticks in a dump until somebody has found them", () => {
    record("native", "native.rrw", "hello", [], "");
    expect(place.ok("dump", "native.rrw", "#3")).to.match(/tick \? /);
    expect(JSON.parse(place.ok("dump", "native.rrw", "#3", "--json")).tick).to.equal(null);
    place.ok("info", "native.rrw");
    expect(place.ok("dump", "native.rrw", "#3")).to.match(/tick +\d+ /);
  });

  it("keep their ticks beside the trace, find them again when that is gone, and do not trust another trace's", () => {
    record("native", "native.rrw", "calls", ["200", "write"], "");
    const first = place.ok("replay", "native.rrw", "--goto", "50%", "--state-hash", "--json");
    const kept = readFileSync(place.file("native.rrw.snap"));
    expect(kept.length).to.be.greaterThan(100);
    expect(place.ok("replay", "native.rrw", "--goto", "50%", "--state-hash", "--json")).to.equal(first);
    rmSync(place.file("native.rrw.snap"));
    expect(place.ok("replay", "native.rrw", "--goto", "50%", "--state-hash", "--json", "--no-snapshots")).to.equal(first);
    expect(() => readFileSync(place.file("native.rrw.snap"))).to.throw();
    truncateSync(place.file("native.rrw"), readFileSync(place.file("native.rrw")).length);
    expect(place.ok("replay", "native.rrw", "--goto", "50%", "--state-hash", "--json")).to.equal(first);
  });

  it("are stepped through backward", () => {
    record("native", "native.rrw", "hello", [], "");
    const script = ["seek 50%", "state-hash", "reverse-step 10", "step 10", "state-hash", "break main", "reverse-continue"];
    const lines = place
      .ok("debug", "native.rrw", "--batch", "--json", ...script.flatMap((line) => ["-e", line]))
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines[4].hash).to.equal(lines[1].hash);
    expect(lines[6]).to.include({ stop: "breakpoint" });
    expect(lines[6].tick).to.be.lessThan(lines[4].tick);
    expect(lines[6].location.name).to.equal("main");
  });

  it("that were cut off replay up to their last event", () => {
    record("native", "native.rrw", "calls", ["40000", "write"], "");
    const whole = JSON.parse(place.ok("info", "native.rrw", "--json"));
    rmSync(place.file("native.rrw.snap"), { force: true });
    truncateSync(place.file("native.rrw"), Math.floor(whole.bytes * 0.95));
    const info = JSON.parse(place.ok("info", "native.rrw", "--json"));
    expect(info.complete).to.equal(false);
    expect(info.events).to.be.greaterThan(100).and.lessThan(whole.events);
    const { status, stderr } = place.rewasm(["replay", "native.rrw"]);
    expect(stderr).to.contain("interrupted");
    expect(status).to.equal(130);
    expect(parse(place.ok("replay", "native.rrw", "--goto", "end", "--state-hash", "--json")).event).to.equal(info.events);
  });

  it("end where the native stack overflows, and say so", () => {
    const native = record("native", "native.rrw", "trap", ["stack"], "");
    expect(native.status).to.equal(134);
    expect(native.stderr).to.contain("native stack overflowed");
    const info = JSON.parse(place.ok("info", "native.rrw", "--json"));
    expect(info.ends).to.contain("native stack overflowed");
    const replayed = place.rewasm(["replay", "native.rrw"]);
    expect(replayed.stdout).to.equal(native.stdout);
    expect(replayed.stderr).to.match(/^note: the recording ends here: the native stack overflowed[^\n]*\n$/);
    expect(replayed.status).to.equal(134);
    expect(place.rewasm(["replay", "native.rrw", "--goto", "end", "--state-hash"]).status).to.equal(0);
  });
});
