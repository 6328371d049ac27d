/** Whole programs under the audit: each does what its source says, and no call writes a byte that was not told. */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { describe, it } from "mocha";
import type { CallResult } from "../../vm/machine.ts";
import { guestBytes } from "../support/guests.ts";
import { Sandbox, start } from "./driver.ts";

interface Outcome {
  readonly result: CallResult;
  readonly output: string;
  readonly errors: string;
}

function runGuest(name: string, args: readonly string[], sandbox: Sandbox, env: readonly [string, string][] = []): Outcome {
  const running = start(guestBytes(name), { ...sandbox.options, args: [`${name}.wasm`, ...args], env });
  const result = running.call("_start");
  return { result, output: sandbox.output, errors: sandbox.errors };
}

function inSandbox(input: string, use: (sandbox: Sandbox) => void): void {
  const sandbox = new Sandbox(input);
  try {
    use(sandbox);
  } finally {
    sandbox.remove();
  }
}

describe("guests under the audit", () => {
  it("hello has arguments, both outputs and an exit code", () =>
    inSandbox("", (sandbox) => {
      const { result, output, errors } = runGuest("hello", ["a", "b c"], sandbox);
      expect(result).to.deep.equal({ kind: "exit", exitCode: 2 });
      expect(output).to.equal("hello from hello.wasm\nargument 1: a\nargument 2: b c\n");
      expect(errors).to.equal("2 arguments\n");
    }));

  it("cat copies standard input", () => {
    const input = "line\n".repeat(3000);
    inSandbox(input, (sandbox) => expect(runGuest("cat", [], sandbox).output).to.equal(input));
  });

  it("cat reads files below a preopened directory, and no others", () =>
    inSandbox("", (sandbox) => {
      writeFileSync(join(sandbox.dir, "in.txt"), "from a file\n");
      writeFileSync(join(sandbox.root, "outside.txt"), "secret\n");
      const { result, output, errors } = runGuest("cat", ["/dir/in.txt", "/dir/../outside.txt", "/etc/passwd"], sandbox);
      expect(result).to.deep.equal({ kind: "exit", exitCode: 1 });
      expect(output).to.equal("from a file\n");
      expect(errors.split("\n").filter((line) => line.startsWith("cat: "))).to.have.length(2);
    }));

  it("files makes, writes, renames, lists and removes", () =>
    inSandbox("", (sandbox) => {
      const { output, errors, result } = runGuest("files", ["/dir"], sandbox);
      expect(errors).to.equal("");
      expect(output).to.include(": ok");
      expect(result.kind).to.not.equal("trap");
      expect(existsSync(sandbox.dir)).to.equal(true);
    }));

  it("entropy sleeps, and has clocks and random bytes", () =>
    inSandbox("", (sandbox) => {
      const { output } = runGuest("entropy", [], sandbox);
      expect(output).to.match(/^time \d+\.\d{9}\nslept long enough\nrandom [0-9a-f]{32}\n$/);
    }));

  it("calls makes many small calls of each kind", () => {
    for (const kind of ["clock", "write", "random", "mixed"]) {
      inSandbox("", (sandbox) => expect(runGuest("calls", ["50", kind], sandbox).result.kind, kind).to.not.equal("trap"));
    }
  });

  it("a reactor keeps its state from call to call, and sees the environment", () =>
    inSandbox("", (sandbox) => {
      const running = start(guestBytes("reactor"), { ...sandbox.options, env: [["START", "40"]] });
      expect(running.call("_initialize").kind).to.equal("return");
      expect(running.call("add", 2)).to.deep.equal({ kind: "return", values: [42] });
      expect(running.call("report")).to.deep.equal({ kind: "return", values: [42] });
      expect(sandbox.output).to.equal("total 42\n");
    }));
});
