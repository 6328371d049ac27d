/** The harness itself: a runner that cannot fail proves nothing, so each kind of assertion is seen to fail here. */
import { expect } from "chai";
import { describe, it } from "mocha";
import { Encoder } from "./encode.ts";
import { type Engine, ModuleRejected, ModuleUnlinkable, type Outcome } from "./engine.ts";
import { formatTable, reportFile } from "./report.ts";
import { type CommandResult, runScript } from "./runner.ts";
import { parseSexprs } from "./sexpr.ts";
import { matches } from "./values.ts";
import { parseWast, type WastValue } from "./wast.ts";

/** An engine that answers what the test says, whatever the module. */
class PlayedEngine implements Engine<Uint8Array, string> {
  readonly name = "played";
  readonly spectest = "spectest";
  readonly outcome: Outcome;
  readonly refusal: Error | undefined;
  constructor(outcome: Outcome, refusal?: Error) {
    this.outcome = outcome;
    this.refusal = refusal;
  }
  compile(bytes: Uint8Array): Uint8Array {
    if (this.refusal instanceof ModuleRejected) throw this.refusal;
    return bytes;
  }
  importModules(): string[] {
    return [];
  }
  instantiate(): { instance: string; outcome: Outcome } {
    if (this.refusal instanceof ModuleUnlinkable) throw this.refusal;
    return { instance: "instance", outcome: { kind: "return", values: [] } };
  }
  invoke(): Outcome {
    return this.outcome;
  }
  get(): WastValue {
    return { kind: "i32", bits: 1n };
  }
}

async function play(script: string, outcome: Outcome, refusal?: Error): Promise<CommandResult[]> {
  return runScript(new PlayedEngine(outcome, refusal), new Encoder(), parseWast(script));
}

async function lastStatus(script: string, outcome: Outcome, refusal?: Error): Promise<string> {
  return (await play(script, outcome, refusal)).at(-1)!.status;
}

const returned = (...values: WastValue[]): Outcome => ({ kind: "return", values });
const trapped = (message: string): Outcome => ({ kind: "trap", message });
const i32 = (bits: bigint): WastValue => ({ kind: "i32", bits });

describe("harness of the official suite", () => {
  it("reads comments, annotations, strings and lines", () => {
    const nodes = parseSexprs('(a ;; c )\n (; x (; y ;) " ;) "q\\00\\u{e9}\\"" (@note ")" x) (b))\n(c)');
    expect(nodes.map((node) => node.line)).to.deep.equal([1, 3]);
    const first = nodes[0]!;
    expect(first.kind === "list" && first.items.map((item) => item.kind)).to.deep.equal(["atom", "string", "list"]);
    expect(first.kind === "list" && first.items[1]).to.have.deep.property("bytes", Uint8Array.of(0x71, 0, 0xc3, 0xa9, 0x22));
  });

  it("refuses unbalanced scripts with the line", () => {
    expect(() => parseSexprs("(a\n(b)")).to.throw(SyntaxError, "line 1: unclosed (");
    expect(() => parseSexprs("(a)\n)")).to.throw(SyntaxError, "line 2: unbalanced )");
  });

  it("reads every kind of module and a script without commands", () => {
    const commands = parseWast(
      '(module $A) (module definition $B (func)) (module binary "\\00" "asm") (module quote "(func)") (module instance $I $B)',
    );
    expect(commands.map((command) => command.type)).to.deep.equal(["module", "definition", "module", "module", "instance"]);
    expect(commands[1]).to.have.nested.property("module.text", "(module $B (func))");
    expect(parseWast("(func) (memory 0)")).to.have.nested.property("[0].module.text", "(module (func) (memory 0)\n)");
  });

  it("judges returns by count, type and bits", async () => {
    const script = '(module) (assert_return (invoke "f" (i32.const -1)) (i32.const 1))';
    expect(await lastStatus(script, returned(i32(1n)))).to.equal("passed");
    for (const outcome of [returned(i32(2n)), returned(), returned(i32(1n), i32(1n)), returned({ kind: "i64", bits: 1n }), trapped("x")]) {
      expect(await lastStatus(script, outcome)).to.equal("failed");
    }
  });

  it("judges traps by message and keeps exhaustion apart", async () => {
    const script = '(module) (assert_trap (invoke "f") "integer overflow")';
    expect(await lastStatus(script, trapped("integer overflow"))).to.equal("passed");
    expect(await lastStatus(script, trapped("integer divide by zero"))).to.equal("failed");
    expect(await lastStatus(script, returned())).to.equal("failed");
    expect(await lastStatus(script, { kind: "exhausted", message: "integer overflow" })).to.equal("failed");
    const exhaustion = '(module) (assert_exhaustion (invoke "f") "call stack exhausted")';
    expect(await lastStatus(exhaustion, { kind: "exhausted", message: "call stack exhausted" })).to.equal("passed");
    expect(await lastStatus(exhaustion, trapped("call stack exhausted"))).to.equal("failed");
  });

  it("judges refusals by their kind", async () => {
    const invalid = '(assert_invalid (module (func (result i32))) "type mismatch")';
    expect(await lastStatus(invalid, returned(), new ModuleRejected("invalid", "type mismatch"))).to.equal("passed");
    expect(await lastStatus(invalid, returned(), new ModuleRejected("malformed", "type mismatch"))).to.equal("failed");
    expect(await lastStatus(invalid, returned())).to.equal("failed");
    const malformed = '(assert_malformed (module binary "") "unexpected end")';
    expect(await lastStatus(malformed, returned(), new ModuleRejected("malformed", "unexpected end"))).to.equal("passed");
    expect(await lastStatus(malformed, returned())).to.equal("failed");
    const unlinkable = '(assert_unlinkable (module) "unknown import")';
    expect(await lastStatus(unlinkable, returned(), new ModuleUnlinkable("unknown import"))).to.equal("passed");
    expect(await lastStatus(unlinkable, returned())).to.equal("failed");
  });

  it("tells the NaN patterns apart", () => {
    const nan = (nanClass: "canonical" | "arithmetic", bits: bigint): boolean =>
      matches({ kind: "f32", bits }, { kind: "nan", type: "f32", class: nanClass });
    expect([0x7fc00000n, 0xffc00000n].every((bits) => nan("canonical", bits) && nan("arithmetic", bits))).to.equal(true);
    expect([nan("canonical", 0x7fc00001n), nan("arithmetic", 0x7fc00001n)]).to.deep.equal([false, true]);
    expect([nan("canonical", 0x7fa00000n), nan("arithmetic", 0x7fa00000n), nan("arithmetic", 0x7f800000n)]).to.deep.equal([
      false,
      false,
      false,
    ]);
  });

  it("reports unexpected passes, unexpected failures and stale entries", () => {
    const result = (line: number, status: CommandResult["status"]): CommandResult => ({
      line,
      type: "assert_return",
      status,
      reason: "",
      wording: undefined,
    });
    const results = [result(1, "passed"), result(2, "failed"), result(3, "failed"), result(4, "skipped")];
    const report = reportFile("x.wast", "fast", results, { 1: "one", 2: "two", 4: "four" });
    expect(report.counts).to.deep.equal({ passed: 1, failed: 2, skipped: 1 });
    expect(report.surprises.map((line) => line.slice(0, 8))).to.deep.equal(["x.wast:1", "x.wast:3", "x.wast:4"]);
    expect(formatTable([report])).to.match(/x 1\/2\/1$/);
  });
});
