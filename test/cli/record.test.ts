/** `record` and `replay`: the same output and exit code without the host, whatever ended the recording. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { guestPath } from "../support/guests.ts";
import { ended, Workplace } from "./command.ts";

interface Info {
  readonly formatVersion: number;
  readonly events: number;
  readonly ticks: number;
  readonly bytes: number;
  readonly complete: boolean;
  readonly snapshots: number;
  readonly modules: readonly { readonly sha256: string; readonly bytes: number }[];
}

describe("rewasm record and replay", () => {
  let place: Workplace;
  before(() => {
    place = new Workplace();
  });
  after(() => place.remove());

  const info = (file: string): Info => JSON.parse(place.ok("info", file, "--json")) as Info;

  const programs: [name: string, options: string[], args: string[], input: string][] = [
    ["hello", [], ["a", "b"], ""],
    ["cat", [], [], "line one\nline two\n"],
    ["cat", ["--dir", "data"], ["data/in.txt", "data/none.txt"], ""],
    ["entropy", [], [], ""],
    ["calendar", [], [], ""],
    ["exit", [], ["7"], ""],
    ["calls", [], ["300", "mixed"], ""],
    ["trap", [], ["divide"], ""],
    ["trap", [], ["memory"], ""],
    ["trap", [], ["stack"], ""],
    ["trap", [], ["abort"], ""],
    ["reactor", ["--env", "START=5", "--invoke", "add"], ["3"], ""],
  ];

  for (const [name, options, args, input] of programs) {
    it(`play ${[name, ...options, ...args].join(" ")} again with everything gone`, () => {
      mkdirSync(place.file("data"), { recursive: true });
      writeFileSync(place.file("data/in.txt"), "from a file\n");
      const recorded = place.rewasm(["record", "-o", "t.rrw", ...options, guestPath(name), ...args], { input });
      rmSync(place.file("data"), { recursive: true });
      const replayed = place.rewasm(["replay", "t.rrw"]);
      expect(replayed).to.deep.equal(recorded);
      expect(recorded.stdout + recorded.stderr).to.not.equal("");
      expect(info("t.rrw").complete).to.equal(true);
    });
  }

  it("record prints and returns what run does", () => {
    for (const words of [
      [guestPath("hello"), "x"],
      [guestPath("trap"), "null-call"],
      ["--invoke", "add", guestPath("reactor"), "4"],
    ]) {
      expect(place.rewasm(["record", "-o", "t.rrw", ...words])).to.deep.equal(place.rewasm(["run", ...words]));
    }
  });

  it("names the trace after the program", () => {
    place.rewasm(["record", guestPath("exit"), "3"]);
    expect(existsSync(place.file("exit.rrw"))).to.equal(true);
  });

  it("goes to positions, with and without snapshots to the same state", () => {
    place.ok("record", "-o", "long.rrw", guestPath("marathon"), "2");
    const { ticks, events, snapshots } = info("long.rrw");
    expect(snapshots).to.be.greaterThan(0);
    for (const position of ["50%", "start", "end", "#14"]) {
      const words = ["replay", "long.rrw", "--goto", position, "--state-hash", "--json"];
      const got = JSON.parse(place.ok(...words)) as { tick: number; event: number; hash: string };
      expect(Object.keys(got)).to.deep.equal(["tick", "event", "hash"]);
      expect(got.hash).to.match(/^[0-9a-f]{64}$/);
      expect(JSON.parse(place.ok(...words, "--no-snapshots"))).to.deep.equal(got);
      if (position === "50%") expect(got.tick).to.equal(Math.floor(ticks / 2));
      if (position === "end") expect(got).to.deep.include({ tick: ticks, event: events });
      if (position === "start") expect(got.tick).to.equal(0);
      if (position === "#14") expect(got.event).to.equal(14);
    }
    expect(place.ok("replay", "long.rrw", "--goto", "50%")).to.match(/^tick \d+, event #\d+\n$/);
  });

  it("removes snapshots of a former recording", () => {
    writeFileSync(place.file("again.rrw.snap"), "stale");
    place.rewasm(["record", "-o", "again.rrw", guestPath("hello")]);
    expect(existsSync(place.file("again.rrw.snap"))).to.equal(false);
  });

  it("tells what a trace holds", () => {
    place.rewasm(["record", "-o", "t.rrw", "--env", "K=V", guestPath("hello"), "x y"]);
    const found = info("t.rrw");
    expect(found).to.include({ formatVersion: 1, complete: true, bytes: readFileSync(place.file("t.rrw")).length });
    expect(found.modules).to.have.length(1);
    expect(found.modules[0]!.sha256).to.match(/^[0-9a-f]{64}$/);
    const lines = place.ok("info", "t.rrw");
    expect(lines).to.include('"hello.wasm" "x y"').and.to.include("K=V");
    expect(lines).to.include(`ticks       ${found.ticks}`);
  });

  it("dumps events as lines and as JSON, whole or in part", () => {
    place.rewasm(["record", "-o", "t.rrw", guestPath("hello")]);
    const { events } = info("t.rrw");
    const lines = place.ok("dump", "t.rrw").trimEnd().split("\n");
    expect(lines).to.have.length(events);
    expect(lines.filter((line) => line.includes("fd_write(1, "))).to.not.equal([]);
    const json = place
      .ok("dump", "t.rrw", "--json")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { event: number; kind: string });
    expect(json.map(({ event }) => event)).to.deep.equal(lines.map((_, i) => i));
    expect(json.at(-1)!.kind).to.be.oneOf(["exit", "return"]);
    expect(place.ok("dump", "t.rrw", "3..5").trimEnd().split("\n")).to.deep.equal(lines.slice(3, 6));
    expect(place.ok("dump", "t.rrw", "#4").trimEnd()).to.include("host function 4");
    expect(place.ok("dump", "t.rrw", "#10..").trimEnd().split("\n")).to.have.length(events - 10);
  });

  it("replays a truncated trace to where it ends", () => {
    place.ok("record", "-o", "long.rrw", "--no-snapshots", guestPath("calls"), "60000", "write");
    const whole = readFileSync(place.file("long.rrw"));
    const output = place.ok("replay", "long.rrw");
    writeFileSync(place.file("cut.rrw"), whole.subarray(0, whole.length - 2500));
    expect(info("cut.rrw").complete).to.equal(false);
    const { status, stdout, stderr } = place.rewasm(["replay", "cut.rrw"]);
    expect(status).to.equal(130);
    expect(stderr).to.match(/^note: the recording ends here, at tick \d+: it was interrupted\n$/);
    expect(stdout.length).to.be.greaterThan(0);
    expect(output.startsWith(stdout)).to.equal(true);
  });

  it("Ctrl-C ends a recording that can be replayed", async () => {
    const child = place.start(["record", "-o", "stop.rrw", guestPath("marathon"), "100000"]);
    let stderr = "";
    child.stderr!.on("data", (data) => {
      stderr += String(data);
    });
    // The first bytes are the module's, written when it is instantiated.
    while (!existsSync(place.file("stop.rrw"))) await new Promise((resolve) => setTimeout(resolve, 50));
    await new Promise((resolve) => setTimeout(resolve, 300));
    child.kill("SIGINT");
    expect(await ended(child)).to.deep.equal({ status: 130, signal: null });
    expect(stderr).to.match(/^interrupted: stop.rrw holds the recording up to tick \d+\n$/);
    const { ticks } = info("stop.rrw");
    expect(ticks).to.be.greaterThan(0);
    expect(JSON.parse(place.ok("replay", "stop.rrw", "--goto", "end", "--state-hash", "--json"))).to.include({ tick: ticks });
    expect(place.rewasm(["replay", "stop.rrw"]).status).to.equal(130);
  });

  it("Ctrl-C before a read that waits is not lost", async () => {
    const child = place.start(["record", "-o", "early.rrw", guestPath("cat")]);
    while (!existsSync(place.file("early.rrw"))) await new Promise((resolve) => setTimeout(resolve, 2));
    child.kill("SIGINT");
    const { status, signal } = await ended(child);
    expect(signal === "SIGINT" || status === 130).to.equal(true);
  });

  it("Ctrl-C in a read that waits leaves a trace up to there", async () => {
    const child = place.start(["record", "-o", "wait.rrw", guestPath("cat")]);
    while (!existsSync(place.file("wait.rrw"))) await new Promise((resolve) => setTimeout(resolve, 50));
    await new Promise((resolve) => setTimeout(resolve, 500));
    child.kill("SIGINT");
    const { status, signal } = await ended(child);
    expect(signal === "SIGINT" || status === 130).to.equal(true);
    expect(info("wait.rrw").events).to.be.greaterThan(10);
  });

  it("a reader that goes away is no error", async () => {
    place.ok("record", "-o", "many.rrw", "--no-snapshots", guestPath("calls"), "30000", "clock");
    const child = place.start(["dump", "many.rrw"]);
    child.stdout!.once("data", () => child.stdout!.destroy());
    let stderr = "";
    child.stderr!.on("data", (data) => {
      stderr += String(data);
    });
    expect(await ended(child)).to.deep.equal({ status: 0, signal: null });
    expect(stderr).to.equal("");
  });
});
