import { existsSync } from "node:fs";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { guestPath } from "../support/guests.ts";
import { Workplace } from "./command.ts";

interface Reply {
  readonly command: string;
  readonly tick: number;
  readonly event: number;
  readonly stop: string;
  readonly location: { readonly function: number; readonly name: string; readonly wasmOffset: number } | null;
  readonly hash?: string;
  readonly error?: string;
}

describe("rewasm debug", () => {
  const place = new Workplace();
  after(() => place.remove());

  before(() => {
    place.rewasm(["record", "-o", "trap.rrw", guestPath("trap"), "divide"]);
    place.rewasm(["record", "-o", "exit.rrw", guestPath("exit"), "3"]);
  });

  function batch(file: string, ...commands: string[]): Reply[] {
    const words = commands.flatMap((command) => ["-e", command]);
    return place
      .ok("debug", file, ...words, "--batch", "--json")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Reply);
  }

  it("prints one object per command", () => {
    const replies = batch("trap.rrw", "when", "break divide", "continue", "reverse-step", "step", "state-hash", "quit");
    expect(replies.map(({ command }) => command)).to.deep.equal([
      "when",
      "break",
      "continue",
      "reverse-step",
      "step",
      "state-hash",
      "quit",
    ]);
    const [, , hit, back, again, hashed] = replies;
    expect(hit).to.deep.include({ stop: "breakpoint" });
    expect(hit!.location!.name).to.equal("divide");
    expect(back!.tick).to.equal(hit!.tick - 1);
    expect(back!.location!.name).to.equal("main");
    expect(again).to.deep.include({ tick: hit!.tick, event: hit!.event, location: hit!.location });
    expect(hashed!.hash).to.match(/^[0-9a-f]{64}$/);
  });

  it("agrees with replay --goto about the state", () => {
    const [, , hashed] = batch("trap.rrw", "seek 50%", "step 7", "state-hash");
    const goto = place.ok("replay", "trap.rrw", "--goto", String(hashed!.tick), "--state-hash", "--json");
    expect(JSON.parse(goto)).to.deep.equal({ tick: hashed!.tick, event: hashed!.event, hash: hashed!.hash });
  });

  it("stops at tick 0 and at the end when there is no breakpoint", () => {
    const [end, start] = batch("exit.rrw", "continue", "reverse-continue");
    const { ticks } = JSON.parse(place.ok("info", "exit.rrw", "--json")) as { ticks: number };
    expect(end).to.deep.include({ stop: "end", tick: ticks });
    expect(start).to.deep.include({ stop: "start", tick: 0 });
  });

  it("reports mistakes in their object and in the exit code, and goes on", () => {
    const { status, stdout, stderr } = place.rewasm([
      "debug",
      "trap.rrw",
      "-e",
      "frob",
      "-e",
      "seek 99999999999",
      "-e",
      "when",
      "--batch",
      "--json",
    ]);
    expect(status).to.equal(2);
    expect(stderr).to.equal("");
    const replies = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Reply);
    expect(replies.map(({ command, error }) => [command, error === undefined])).to.deep.equal([
      ["frob", false],
      ["seek", false],
      ["when", true],
    ]);
    const plain = place.rewasm(["debug", "trap.rrw", "-e", "break nobody", "--batch"]);
    expect(plain.status).to.equal(2);
    expect(plain.stderr).to.match(/^error: there is no function nobody\n$/);
  });

  it("reads commands from standard input", () => {
    const { status, stdout } = place.rewasm(["debug", "trap.rrw", "-e", "break divide"], {
      input: "continue\nbt 2\n\nlocals\nquit\nstep\n",
    });
    expect(status).to.equal(0);
    expect(stdout).to.contain("Breakpoint 1, divide");
    expect(stdout).to.match(/#0 +0x[0-9a-f]+ +divide/);
    expect(stdout).to.match(/#1 +0x[0-9a-f]+ +main/);
    expect(stdout).not.to.contain("\x1b");
    expect(stdout).not.to.contain("(rewasm");
  });

  it("writes nothing beside a short recording that it only looked at", () => {
    batch("exit.rrw", "seek end", "rs", "rn", "rc");
    expect(existsSync(place.file("exit.rrw.snap.tmp"))).to.equal(false);
  });

  it("refuses files that are no traces, with one line", () => {
    const missing = place.rewasm(["debug", "nothing.rrw", "--batch"]);
    expect(missing.stderr.trim().split("\n")).to.have.length(1);
    expect(missing.status).to.be.oneOf([1, 4]);
    const module = place.rewasm(["debug", guestPath("trap"), "--batch"]);
    expect(module.status).to.equal(4);
    expect(module.stderr.trim().split("\n")).to.have.length(1);
  });
});
