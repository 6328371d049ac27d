/** `run`: the program sees its arguments, environment, files and input, and its end becomes the exit code. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { guestPath } from "../support/guests.ts";
import { wat } from "../support/wat.ts";
import { Workplace } from "./command.ts";

describe("rewasm run", () => {
  let place: Workplace;
  before(async () => {
    place = new Workplace();
    mkdirSync(place.file("data"));
    writeFileSync(place.file("data/in.txt"), "from a file\n");
    const values = await wat(`(module
      (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
      (func (export "wide") (param i64 f32 f64) (result i64 f32 f64) local.get 0 local.get 1 local.get 2)
      (func (export "div") (param i32 i32) (result i32) (call $inner (local.get 0) (local.get 1)))
      (func $inner (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1))))`);
    writeFileSync(place.file("values.wasm"), values);
    const trapping = await wat('(module (memory 1) (data (i32.const 65536) "x") (func (export "_start")))');
    writeFileSync(place.file("segment.wasm"), trapping);
  });
  after(() => place.remove());

  it("passes everything after the program on to it", () => {
    const result = place.rewasm(["run", guestPath("hello"), "--dir", "x", "--", "-h", ""]);
    expect(result.stdout).to.equal(
      "hello from hello.wasm\nargument 1: --dir\nargument 2: x\nargument 3: --\nargument 4: -h\nargument 5: \n",
    );
    expect(result.stderr).to.equal("5 arguments\n");
    expect(result.status).to.equal(5);
  });

  it("gives it standard input and directories by the names asked for", () => {
    expect(place.rewasm(["run", guestPath("cat")], { input: "typed\n" }).stdout).to.equal("typed\n");
    const words = ["run", "--dir", "data::/a", "--dir", "data", guestPath("cat"), "/a/in.txt", "data/in.txt"];
    expect(place.rewasm(words).stdout).to.equal("from a file\nfrom a file\n");
    const outside = place.rewasm(["run", "--dir", "data", guestPath("cat"), "/etc/passwd"]);
    expect(outside.status).to.equal(1);
    expect(outside.stdout).to.equal("");
  });

  it("sets variables, passes ours on, and no others", () => {
    const reactor = ["--invoke", "report", guestPath("reactor")];
    expect(place.rewasm(["run", "--env", "START=41", ...reactor]).stdout).to.equal("total 41\n41\n");
    expect(place.rewasm(["run", "--env", "START", ...reactor], { env: { START: "7" } }).stdout).to.equal("total 7\n7\n");
    expect(place.rewasm(["run", ...reactor], { env: { START: "7" } }).stdout).to.equal("total 0\n0\n");
  });

  it("calls a function with typed arguments and prints its results", () => {
    expect(place.ok("run", "--invoke", "add", "values.wasm", "2", "-3")).to.equal("-1\n");
    expect(place.ok("run", "--invoke", "add", "values.wasm", "0xffffffff", "1")).to.equal("0\n");
    expect(place.ok("run", "--invoke", "wide", "values.wasm", "-9223372036854775808", "0.1", "1e300")).to.equal(
      "-9223372036854775808\n0.1\n1e+300\n",
    );
    expect(place.ok("run", "--invoke", "wide", "values.wasm", "1", "nan", "-inf")).to.equal("1\nNaN\n-inf\n");
  });

  it("reports a trap with the wasm stack and exit code 134", () => {
    const { status, stdout, stderr } = place.rewasm(["run", "--invoke", "div", "values.wasm", "1", "0"]);
    expect(status).to.equal(134);
    expect(stdout).to.equal("");
    expect(stderr).to.match(
      /^Error: values.wasm: wasm trap: integer divide by zero\nwasm backtrace:\n {4}0: 0x[0-9a-f]+ - inner\n {4}1: 0x[0-9a-f]+ - div\n$/,
    );
  });

  it("shows only the ends of an exhausted stack", () => {
    const { status, stderr } = place.rewasm(["run", guestPath("trap"), "stack"]);
    expect(status).to.equal(134);
    expect(stderr).to.include("wasm trap: call stack exhausted");
    expect(stderr).to.match(/… \d+ more frames …/);
    expect(stderr.split("\n").length).to.be.lessThan(40);
    expect(stderr).to.match(/_start\S*\n$/);
  });

  it("reports a trap of a segment, which has no stack", () => {
    const { status, stderr } = place.rewasm(["run", "segment.wasm"]);
    expect(status).to.equal(134);
    expect(stderr).to.equal("Error: segment.wasm: wasm trap: out of bounds memory access\n");
  });

  it("writes and reads files of the program", () => {
    const { status, stdout } = place.rewasm(["run", "--dir", "data::/work", guestPath("files"), "/work"]);
    expect(stdout).to.include(": ok");
    expect(status).to.not.equal(134);
    expect(readFileSync(place.file("data/in.txt"), "utf8")).to.equal("from a file\n");
  });

  it("prints nothing of its own", () => {
    const { stdout, stderr, status } = place.rewasm(["run", guestPath("calendar")]);
    expect(status).to.equal(0);
    expect(stderr).to.equal("");
    expect(stdout).to.match(/^day \d+, a \w+\n/);
  });
});
