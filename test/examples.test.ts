/** The examples and the demo are programs of their own: each is run as users run it, and prints what it promises. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { ROOT } from "./support/guests.ts";

/** Runs the compiled form of an example; answers the lines of its standard output. */
function run(name: string, ...args: string[]): string[] {
  const path = fileURLToPath(new URL(`../examples/${name}.js`, import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, [path, ...args], { cwd: ROOT, encoding: "utf8" });
  expect(status, stderr).to.equal(0);
  return stdout.split("\n").slice(0, -1);
}

describe("examples", () => {
  it("embed: a host of our own, calls that nest", () => {
    expect(run("embed")).to.deep.equal([
      "note: picked",
      "note: picked",
      "note: picked",
      "choose(1) returned 16",
      "visits: 3, instructions: 47",
    ]);
  });

  it("time-travel: record into memory, replay, step back", () => {
    expect(run("time-travel")).to.deep.equal([
      "hello from hello",
      "argument 1: time",
      "argument 2: traveller",
      "recorded: events and ticks",
      "continue: breakpoint in printf",
      "the state at 50% is the same: true",
      "one instruction back: another state",
      "reverse-continue from the end: breakpoint in printf",
      "called by: main",
    ]);
  });

  it("resume: a machine as bytes, finished elsewhere", () => {
    expect(run("resume")).to.deep.equal([
      "stopped at tick 1000000",
      "stored in less than a megabyte",
      "the restored state is equal: true",
      "primes: 82025, finished at tick 38029675",
    ]);
  });
});

describe("the demo", function () {
  this.timeout(120_000);
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "rewasm-demo-"));
  });
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it("finds the bug of the sample program, whichever way it fails", () => {
    const lines = run("demo", join(folder, "parcels.rrw"));
    const titles = lines.filter((line) => line.startsWith("== "));
    expect(titles).to.have.lengthOf(8);
    const text = lines.join("\n");
    expect(text).to.match(/g are missing!/);
    expect(text).to.match(/One step back, in write_label, called by accept_parcel:/);
    expect(text).to.match(/=> 0x[0-9a-f]+ {2}i32\.store8/);
    expect(text).to.match(/reverse-continue: breakpoint at tick \d+, in write_label/);
    expect(text).to.match(/Philadelphia has 12 letters/);
  });
});
