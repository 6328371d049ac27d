/** Output that is re-created from calls alone equals what really came out. */
import { expect } from "chai";
import { before, describe, it } from "mocha";
import type { Journal } from "../../vm/host.ts";
import type { Machine } from "../../vm/machine.ts";
import { OutputFollower } from "../../wasi/output.ts";
import { guestBytes } from "../support/guests.ts";
import { Driver, driverModule, Sandbox, start } from "./driver.ts";

/** A journal that does nothing but follow output. */
function followingJournal(machine: () => Machine, follower: OutputFollower): Journal {
  const nothing = (): void => {};
  const methods = ["moduleAdded", "hostFuncAdded", "memoryAdded", "tableAdded", "globalAdded", "instantiated", "called", "returned"];
  methods.push("trapped", "hostThrew", "exited", "grew", "memoryWritten", "memoryGrown", "tableSet", "tableGrown", "globalSet");
  const rest = Object.fromEntries(methods.map((name) => [name, nothing])) as unknown as Journal;
  return {
    ...rest,
    hostCalled: (funcAddr, slot) => follower.hostCalled(machine().store, funcAddr, slot),
    hostReturned: (funcAddr, slot) => follower.hostReturned(machine().store, funcAddr, slot),
  };
}

class Collected {
  readonly texts = ["", "", ""];
  readonly follower = new OutputFollower((stream, bytes) => {
    this.texts[stream] += Buffer.from(bytes).toString("latin1");
  });
  readonly journal = (machine: () => Machine): Journal => followingJournal(machine, this.follower);
}

describe("output of a replay", () => {
  let module: Uint8Array;
  before(async () => {
    module = await driverModule();
  });

  function withDriver(use: (driver: Driver, collected: Collected, sandbox: Sandbox) => void): void {
    const sandbox = new Sandbox();
    try {
      const collected = new Collected();
      use(new Driver(module, sandbox.options, collected.journal), collected, sandbox);
      expect(collected.texts.slice(1)).to.deep.equal([sandbox.output, sandbox.errors]);
    } finally {
      sandbox.remove();
    }
  }

  for (const [name, ...args] of [["hello", "x"], ["calls", "20", "write"], ["calendar"], ["trap", "abort"]] as const) {
    it(`is that of ${name}`, () => {
      const sandbox = new Sandbox();
      try {
        const collected = new Collected();
        start(guestBytes(name), { ...sandbox.options, args: [name, ...args] }, collected.journal).call("_start");
        expect(collected.texts.slice(1)).to.deep.equal([sandbox.output, sandbox.errors]);
        expect(collected.texts[1]! + collected.texts[2]!).to.not.equal("");
      } finally {
        sandbox.remove();
      }
    });
  }

  it("gathers all vectors", () =>
    withDriver((driver, { texts }) => {
      expect(driver.write(1, "one ", "", "two ", "three\n")).to.equal(0);
      expect(driver.write(2, "err\n")).to.equal(0);
      expect(texts).to.deep.equal(["", "one two three\n", "err\n"]);
    }));

  it("follows descriptors that are closed, and leaves out what fails", () =>
    withDriver((driver, { texts }) => {
      driver.write(1, "before\n");
      expect(driver.errno("fd_close", 1)).to.equal(0);
      expect(driver.write(1, "after\n")).to.not.equal(0);
      expect(driver.write(2, "still\n")).to.equal(0);
      expect(texts).to.deep.equal(["", "before\n", "still\n"]);
    }));

  it("follows descriptors that are renumbered, in either direction", () =>
    withDriver((driver, { texts }) => {
      const file = driver.open(3, "file", { oflags: 1 });
      expect(file).to.be.greaterThan(3);
      expect(driver.write(file, "to the file\n")).to.equal(0);
      // Standard error takes the place of the file; descriptor 2 is gone.
      expect(driver.errno("fd_renumber", 2, file)).to.equal(0);
      expect(driver.write(file, "to standard error\n")).to.equal(0);
      expect(driver.write(2, "nowhere\n")).to.not.equal(0);
      expect(driver.errno("fd_renumber", 1, file)).to.equal(0);
      expect(driver.write(file, "to standard output\n")).to.equal(0);
      expect(texts).to.deep.equal(["", "to standard output\n", "to standard error\n"]);
    }));

  it("a file that takes over descriptor 1 is no output", () =>
    withDriver((driver, { texts }) => {
      const file = driver.open(3, "file", { oflags: 1 });
      expect(driver.errno("fd_renumber", file, 1)).to.equal(0);
      expect(driver.write(1, "into the file\n")).to.equal(0);
      expect(texts).to.deep.equal(["", "", ""]);
    }));
});
