/** Calls with rules of their own: polling, exiting, sockets, memory that grows; and what a host refuses. */

import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { expect } from "chai";
import { afterEach, before, beforeEach, describe, it } from "mocha";
import { Trap } from "../../vm/trap.ts";
import { Errno } from "../../wasi/preview1.ts";
import { wat } from "../support/wat.ts";
import { Driver, driverModule, Sandbox, start } from "./driver.ts";

const IN = 0x100;
const OUT = 0x400;
const COUNT = 0x600;
const REALTIME = 0;
const MONOTONIC = 1;

describe("WASI calls", () => {
  let module: Uint8Array;
  let sandbox: Sandbox;
  let driver: Driver;

  before(async () => {
    module = await driverModule();
  });
  beforeEach(() => {
    sandbox = new Sandbox("typed\n");
    driver = new Driver(module, sandbox.options);
  });
  afterEach(() => sandbox.remove());

  function clock(index: number, userdata: bigint, clockId: number, timeoutNs: bigint, absolute = false): void {
    const { view } = driver;
    const at = IN + index * 48;
    driver.bytes.fill(0, at, at + 48);
    view.setBigUint64(at, userdata, true);
    view.setUint32(at + 16, clockId, true);
    view.setBigUint64(at + 24, timeoutNs, true);
    view.setUint16(at + 40, absolute ? 1 : 0, true);
  }

  function descriptor(index: number, userdata: bigint, tag: number, fd: number): void {
    const at = IN + index * 48;
    driver.bytes.fill(0, at, at + 48);
    driver.view.setBigUint64(at, userdata, true);
    driver.view.setUint8(at + 8, tag);
    driver.view.setUint32(at + 16, fd, true);
  }

  function poll(count: number): { errno: number; events: { userdata: bigint; errno: number; tag: number }[] } {
    const errno = driver.errno("poll_oneoff", IN, OUT, count, COUNT);
    const events = Array.from({ length: errno === 0 ? driver.u32(COUNT) : 0 }, (_, i) => {
      const at = OUT + i * 32;
      return {
        userdata: driver.view.getBigUint64(at, true),
        errno: driver.view.getUint16(at + 8, true),
        tag: driver.view.getUint8(at + 10),
      };
    });
    return { errno, events };
  }

  it("poll waits for the shortest timeout", () => {
    clock(0, 7n, MONOTONIC, 5_000_000n);
    clock(1, 8n, MONOTONIC, 10_000_000_000n);
    const startedAt = performance.now();
    expect(poll(2)).to.deep.equal({ errno: 0, events: [{ userdata: 7n, errno: 0, tag: 0 }] });
    expect(performance.now() - startedAt).to.be.within(4.9, 5000);
  });

  it("poll knows absolute times, also those that have passed", () => {
    clock(0, 1n, REALTIME, 1n, true);
    expect(poll(1).events).to.deep.equal([{ userdata: 1n, errno: 0, tag: 0 }]);
    const soon = BigInt(Date.now() + 5) * 1_000_000n;
    clock(0, 2n, REALTIME, soon, true);
    expect(poll(1).events).to.have.length(1);
    expect(BigInt(Date.now()) * 1_000_000n >= soon - 1_000_000n).to.equal(true);
  });

  it("poll reports clocks that cannot be waited for", () => {
    clock(0, 3n, 77, 1n);
    clock(1, 4n, MONOTONIC, 10_000_000_000n);
    expect(poll(2).events).to.deep.equal([{ userdata: 3n, errno: Errno.Inval, tag: 0 }]);
  });

  it("poll finds regular files ready", () => {
    descriptor(0, 5n, 1, 0);
    descriptor(1, 6n, 2, 1);
    clock(2, 7n, MONOTONIC, 10_000_000_000n);
    expect(poll(3)).to.deep.equal({
      errno: 0,
      events: [
        { userdata: 5n, errno: 0, tag: 1 },
        { userdata: 6n, errno: 0, tag: 2 },
      ],
    });
  });

  it("poll refuses nothing to wait for, and lists outside memory", () => {
    expect(poll(0).errno).to.equal(Errno.Inval);
    expect(driver.errno("poll_oneoff", 0x1_fff0, OUT, 1, COUNT)).to.equal(Errno.Fault);
    expect(driver.errno("poll_oneoff", IN, 0x1_fff0, 1, COUNT)).to.equal(Errno.Fault);
  });

  it("proc_exit ends the program, not this process, with the whole exit code", () => {
    expect(driver.running.call("proc_exit", 3)).to.deep.equal({ kind: "exit", exitCode: 3 });
    const other = new Driver(module, sandbox.options);
    expect(other.running.call("proc_exit", -1)).to.deep.equal({ kind: "exit", exitCode: 0xffff_ffff });
  });

  it("proc_raise and sockets are not supported, and harm nobody", () => {
    expect(driver.errno("proc_raise", 9)).to.equal(Errno.Notsup);
    for (const fd of [0, 1, 3, 99]) {
      expect(driver.errno("sock_accept", fd, 0, OUT)).to.equal(Errno.Notsup);
      expect(driver.errno("sock_recv", fd, IN, 1, 0, OUT, OUT + 8)).to.equal(Errno.Notsup);
      expect(driver.errno("sock_send", fd, IN, 1, 0, OUT)).to.equal(Errno.Notsup);
    }
  });

  it("find memory that has grown", () => {
    expect(driver.running.call("grow")).to.deep.equal({ kind: "return", values: [2] });
    expect(driver.errno("random_get", 0x2_0000, 16)).to.equal(0);
    expect(driver.bytes.subarray(0x2_0000, 0x2_0010).some((byte) => byte !== 0)).to.equal(true);
    expect(driver.read(0)).to.equal("typed\n");
    expect(driver.running.call("grow")).to.deep.equal({ kind: "return", values: [3] });
    expect(driver.running.call("grow")).to.deep.equal({ kind: "return", values: [-1] });
  });

  it("that point outside memory give an errno and write nothing", () => {
    expect(driver.errno("random_get", 0x1_fff0, 100)).to.not.equal(0);
    expect(driver.errno("clock_time_get", 0, 0n, -4)).to.not.equal(0);
    expect(driver.errno("fd_write", 1, -8, 1, OUT)).to.not.equal(0);
    expect(sandbox.output).to.equal("");
  });

  it("read and write at offsets, seek and tell", () => {
    writeFileSync(join(sandbox.dir, "f"), "0123456789");
    const fd = driver.open(3, "f", { rights: 0xfff_ffffn });
    driver.vectors(IN, [0x800, 2], [0x900, 3]);
    expect(driver.errno("fd_pread", fd, IN, 2, 4n, COUNT)).to.equal(0);
    expect(driver.text(0x800, 2) + driver.text(0x900, 3)).to.equal("45678");
    expect(driver.errno("fd_seek", fd, -3n, 2, OUT)).to.equal(0);
    expect(driver.view.getBigUint64(OUT, true)).to.equal(7n);
    expect(driver.read(fd)).to.equal("789");
    expect(driver.errno("fd_tell", fd, OUT)).to.equal(0);
    expect(driver.view.getBigUint64(OUT, true)).to.equal(10n);
  });

  it("of a module without memory trap with a message", async () => {
    const bytes = await wat(`(module (import "wasi_snapshot_preview1" "random_get" (func $r (param i32 i32) (result i32)))
      (func (export "go") (drop (call $r (i32.const 0) (i32.const 4)))))`);
    const result = start(bytes, sandbox.options).call("go");
    if (result.kind !== "trap") throw new Error("it should trap");
    expect(result.trap).to.equal(Trap.HostThrow);
    expect((result.thrown as Error).message).to.include('exports no memory named "memory"');
  });

  it("do not print the warning of node:wasi, but let others through", () => {
    const { spawnSync } = createRequire(import.meta.url)("node:child_process") as typeof import("node:child_process");
    const host = new URL("../../wasi/node.js", import.meta.url).href;
    const script = `const { createNodeWasi } = await import(${JSON.stringify(host)}); createNodeWasi(); process.emitWarning("something else", "ExperimentalWarning");`;
    const { stderr, status } = spawnSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
    expect(status, stderr).to.equal(0);
    expect(stderr).to.include("something else");
    expect(stderr).to.not.include("WASI");
  });
});
