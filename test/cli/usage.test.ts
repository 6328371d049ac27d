/** What is wrong is said in one line, with the exit code that belongs to it, and nothing that exists is harmed. */
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { guestBytes, guestPath } from "../support/guests.ts";
import { wat } from "../support/wat.ts";
import { Workplace } from "./command.ts";

const COMMANDS = ["run", "record", "replay", "debug", "dump", "info", "disasm"];

describe("command line", () => {
  let place: Workplace;
  before(async () => {
    place = new Workplace();
    writeFileSync(place.file("text.txt"), "this is no module");
    writeFileSync(place.file("cut.wasm"), guestBytes("hello").subarray(0, 5000));
    writeFileSync(place.file("invalid.wasm"), await wat('(module (func (export "_start") i32.const 1))'));
    writeFileSync(place.file("imports.wasm"), await wat('(module (import "env" "f" (func)) (func (export "_start")))'));
    writeFileSync(place.file("library.wasm"), await wat('(module (func (export "f") (param f32) (result f32) local.get 0))'));
    copyFileSync(guestPath("hello"), place.file("hello.wasm"));
    place.rewasm(["record", "hello.wasm"]);
    const trace = readFileSync(place.file("hello.rrw"));
    const damaged = Uint8Array.from(trace);
    for (let i = 30; i < damaged.length; i += 97) damaged[i]! ^= 0x55;
    writeFileSync(place.file("damaged.rrw"), damaged);
    writeFileSync(place.file("short.rrw"), trace.subarray(0, 40));
    mkdirSync(place.file("folder"));
  });
  after(() => place.remove());

  it("shows help for the whole and for every command, with examples", () => {
    expect(place.ok("--help")).to.include("Examples:");
    for (const command of COMMANDS.filter((name) => place.ok("--help").includes(` ${name} `))) {
      const help = place.ok(command, "--help");
      expect(help, command).to.include(`Usage: rewasm ${command}`);
      expect(help, command).to.include("Examples:");
      expect(help, command).to.include(`$ rewasm ${command} `);
    }
    expect(place.ok("--version")).to.match(/^\d+\.\d+\.\d+\n$/);
  });

  const cases: [what: string, status: number, message: RegExp, ...words: string[]][] = [
    ["no program", 2, /missing required argument/, "run"],
    ["an unknown command", 2, /unknown command 'rum'/, "rum"],
    ["an unknown option", 2, /unknown option '--foo'/, "run", "--foo", "hello.wasm"],
    ["a bad --env", 2, /--env/, "run", "--env", "=1", "hello.wasm"],
    ["a bad --dir", 2, /--dir/, "run", "--dir", "::/x", "hello.wasm"],
    ["a directory that is absent", 2, /cannot use directory nowhere: it does not exist/, "run", "--dir", "nowhere", "hello.wasm"],
    ["an unknown function", 2, /hello.wasm exports no function nothing/, "run", "--invoke", "nothing", "hello.wasm"],
    ["too few arguments", 2, /f takes 1 argument \(f32\), 0 given/, "run", "--invoke", "f", "library.wasm"],
    ["a wrong argument", 2, /argument 1 of f: "x" is no f32/, "run", "--invoke", "f", "library.wasm", "x"],
    ["a missing module", 3, /cannot read none.wasm: no such file/, "run", "none.wasm"],
    ["a folder for a module", 3, /cannot read folder: is a directory/, "run", "folder"],
    ["no module at all", 3, /text.txt: .*not a WebAssembly module/, "run", "text.txt"],
    ["a truncated module", 3, /cut.wasm: .*at offset 0x/, "run", "cut.wasm"],
    ["an invalid module", 3, /invalid.wasm: .*at offset 0x/, "disasm", "invalid.wasm"],
    ["an unknown import", 3, /unknown import: env.f/, "run", "imports.wasm"],
    ["a module without an entry", 3, /exports neither _start nor _initialize/, "run", "library.wasm"],
    ["a missing trace", 4, /cannot read none.rrw: no such file/, "replay", "none.rrw"],
    ["no trace at all", 4, /text.txt: this is not a rewasm trace/, "info", "text.txt"],
    ["a short trace", 4, /short.rrw/, "dump", "short.rrw"],
    ["a damaged trace", 4, /damaged/, "replay", "damaged.rrw"],
    ["an unknown position", 2, /unknown position "x7"/, "replay", "hello.rrw", "--goto", "x7"],
    ["an event that does not exist", 2, /the trace has \d+ events/, "replay", "hello.rrw", "--goto", "#999"],
    ["a tick beyond the end", 2, /the trace ends at tick/, "replay", "hello.rrw", "--goto", "99999999"],
    ["an unknown bookmark", 2, /there is no such bookmark/, "replay", "hello.rrw", "--goto", "@here"],
    ["a range that runs backward", 2, /ends before it begins/, "dump", "hello.rrw", "5..3"],
    ["an unknown function to print", 2, /there is no function named nothing/, "disasm", "hello.wasm", "--func", "nothing"],
    ["--json without a position", 2, /--json needs --goto/, "replay", "hello.rrw", "--json"],
    ["an output in no folder", 2, /cannot write nowhere\/x.rrw/, "record", "-o", "nowhere/x.rrw", "hello.wasm"],
    ["an output that is a folder", 2, /cannot write folder/, "record", "-o", "folder", "hello.wasm"],
    ["an output that is the program", 2, /hello.wasm is the program/, "record", "-o", "hello.wasm", "hello.wasm"],
  ];

  for (const [what, status, message, ...words] of cases) {
    it(`says ${what} in one line, exit code ${status}`, () => {
      const result = place.rewasm(words);
      expect(result.stderr).to.match(/^error: [^\n]+\n$/);
      expect(result.stderr).to.match(message);
      expect(result.status).to.equal(status);
      expect(result.stdout).to.equal("");
    });
  }

  it("does not touch what exists when recording cannot begin", () => {
    writeFileSync(place.file("keep.rrw"), "precious");
    for (const words of [
      ["none.wasm"],
      ["text.txt"],
      ["imports.wasm"],
      ["--dir", "nowhere", "hello.wasm"],
      ["--invoke", "x", "hello.wasm"],
    ]) {
      expect(place.rewasm(["record", "-o", "keep.rrw", ...words]).status).to.be.oneOf([2, 3]);
      expect(readFileSync(place.file("keep.rrw"), "utf8")).to.equal("precious");
    }
    expect(guestBytes("hello")).to.deep.equal(Uint8Array.from(readFileSync(place.file("hello.wasm"))));
    expect(existsSync(place.file("none.rrw"))).to.equal(false);
    expect(readdirSync(place.path).filter((name) => name.includes("tmp"))).to.deep.equal([]);
  });

  it("ignores snapshots of another trace, with a notice", () => {
    copyFileSync(place.file("hello.rrw"), place.file("other.rrw"));
    writeFileSync(place.file("other.rrw.snap"), "no snapshots");
    const { status, stdout, stderr } = place.rewasm(["replay", "other.rrw", "--goto", "50%", "--state-hash", "--json"]);
    expect(stderr).to.match(/^note: snapshots in other.rrw.snap are ignored: [^\n]+\n$/);
    expect(status).to.equal(0);
    const plain = place.rewasm(["replay", "hello.rrw", "--goto", "50%", "--state-hash", "--json", "--no-snapshots"]);
    expect(stdout).to.equal(plain.stdout);
    expect(readFileSync(place.file("other.rrw.snap"), "utf8")).to.equal("no snapshots");
  });
});
