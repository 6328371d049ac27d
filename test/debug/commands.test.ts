import { expect } from "chai";
import { before, describe, it } from "mocha";
import { COMMANDS, findCommand, parseCommandLine, parseNumber } from "../../debug/command-line.ts";
import { type CommandResult, type Json, resultJson, runCommand } from "../../debug/commands.ts";
import { DebugSession } from "../../debug/session.ts";
import { valueText } from "../../debug/value-text.ts";
import { Timeline } from "../../rr/timeline.ts";
import { RewasmError } from "../../vm/errors.ts";
import { ValType } from "../../vm/types.ts";
import { recordMaze } from "./recordings.ts";

describe("debugger command lines", () => {
  it("know every command by its name, its short forms and its beginnings", () => {
    for (const { name, aliases } of COMMANDS) {
      expect(findCommand(name).name).to.equal(name);
      for (const alias of aliases) expect(findCommand(alias).name, alias).to.equal(name);
    }
    const all = COMMANDS.flatMap(({ name, aliases }) => [name, ...aliases]);
    expect(new Set(all).size).to.equal(all.length);
    expect(findCommand("cont").name).to.equal("continue");
    expect(findCommand("reverse-c").name).to.equal("reverse-continue");
    expect(findCommand("boo").name).to.equal("bookmark");
  });

  it("refuse what is unknown or unclear", () => {
    for (const name of ["frobnicate", "reverse-", "st"]) expect(() => findCommand(name), name).to.throw(RewasmError);
    expect(() => findCommand("reverse-")).to.throw("can mean reverse-step, reverse-next");
  });

  it("are split into words; empty ones and comments are nothing", () => {
    expect(parseCommandLine("  step   10 ")).to.deep.include({ words: ["10"] });
    expect(parseCommandLine("x/16 0x100")?.words).to.deep.equal(["0x100", "16"]);
    expect(parseCommandLine("")).to.equal(undefined);
    expect(parseCommandLine("   # a remark")).to.equal(undefined);
  });

  it("read numbers in decimal and hexadecimal", () => {
    expect(parseNumber("1_000", "n")).to.equal(1000);
    expect(parseNumber("0xFf", "n")).to.equal(255);
    for (const bad of ["", "-1", "1.5", "ten", "0x", "99999999999999999999"])
      expect(() => parseNumber(bad, "n"), bad).to.throw(RewasmError);
  });
});

describe("values for people", () => {
  it("are exact", () => {
    expect(valueText(ValType.I32, 7n)).to.equal("7");
    expect(valueText(ValType.I32, 0xffffffffn)).to.equal("-1");
    expect(valueText(ValType.I32, 0x80000000n)).to.equal("-2147483648 (0x80000000)");
    expect(valueText(ValType.I64, 0xffffffff00000000n)).to.equal("-4294967296 (0xffffffff00000000)");
    expect(valueText(ValType.F64, 0x8000000000000000n)).to.equal("-0");
    expect(valueText(ValType.F64, 0x7ff8000000000001n)).to.equal("nan:0x7ff8000000000001");
    expect(valueText(ValType.F32, 0x3fc00000n)).to.equal("1.5");
    expect(valueText(ValType.FuncRef, 0n)).to.equal("null");
    expect(valueText(ValType.ExternRef, 5n)).to.equal("extern@4");
  });
});

describe("debugger commands", () => {
  let session: DebugSession;
  before(async () => {
    session = new DebugSession(await Timeline.open((await recordMaze(3, [{ name: "fail", args: [3] }])).storage));
  });

  async function run(text: string): Promise<CommandResult> {
    return runCommand(parseCommandLine(text)!, { session, paint: (_, plain) => plain });
  }
  async function json(text: string): Promise<Record<string, Json>> {
    const result = await run(text);
    return resultJson(parseCommandLine(text)!.spec.name, session, result.json) as Record<string, Json>;
  }

  it("give one object each, with position, stop and location", async () => {
    for (const text of ["seek 50%", "when", "step", "next", "finish", "rs", "rn", "rf", "bt", "frame 0", "stack", "info trace"]) {
      const object = await json(text);
      expect(object, text).to.include.keys("command", "tick", "event", "stop", "location");
      expect(object.tick, text).to.equal(session.timeline.position.tick);
      expect(object.location, text).to.include.keys("function", "name", "wasmOffset");
    }
    expect(await json("seek start")).to.deep.include({ command: "seek", tick: 0, stop: "seek" });
    expect(await json("c")).to.deep.include({ command: "continue", stop: "trap", note: "trap: out of bounds memory access" });
    expect(await json("c")).to.deep.include({ command: "continue", stop: "end", location: null, tick: session.timeline.end.tick });
    expect(await json("reverse-continue")).to.deep.include({ command: "reverse-continue", stop: "start", tick: 0 });
    expect((await json("state-hash")).hash).to.match(/^[0-9a-f]{64}$/);
  });

  it("take counts", async () => {
    await run("seek start");
    expect((await json("step 25")).tick).to.equal(25);
    expect((await json("rs 20")).tick).to.equal(5);
    expect((await json("rs 20")).stop).to.equal("start");
  });

  it("set, list, disable and delete breakpoints", async () => {
    await run("seek start");
    const set = await json("break fib");
    expect(set.breakpoint).to.deep.include({ number: 1, text: "fib", enabled: true });
    expect(await json("continue")).to.deep.include({ stop: "breakpoint", breakpoint: 1 });
    expect((await run("info breakpoints")).lines[0]).to.equal("Breakpoint 1 at entry of fib, hit once");
    await run("disable 1");
    expect((await run("info b")).lines[0]).to.contain("disabled");
    expect((await json("continue")).stop).to.equal("trap");
    await run("delete");
    expect((await run("info b")).lines).to.deep.equal(["no breakpoints or watchpoints"]);
  });

  it("show memory, values and code", async () => {
    await run("seek start");
    await run("break leaf");
    await run("continue");
    await run("delete");
    const dump = await run("x 0x40 20");
    expect(dump.lines).to.have.length(2);
    expect(dump.lines[0]).to.match(/^0x00000040 {2}([0-9a-f]{2} {1,2}){16} \|.{16}\|$/);
    expect(dump.json.bytes).to.have.length(40);
    expect((await run("x x 4")).json.address).to.equal(0);
    expect((await run("print x")).lines).to.deep.equal(["x = 0"]);
    expect((await run("locals")).lines[0]).to.match(/\$0 +x +i32 +0/);
    expect((await run("globals")).lines[0]).to.match(/sum +i64/);
    expect((await run("stack")).lines).to.deep.equal(["the operand stack is empty"]);
    const code = await run("disas leaf 2");
    expect(code.lines).to.have.length(3);
    expect((await run("disas")).lines.some((line) => line.startsWith("=>"))).to.equal(true);
    expect((await run("up")).lines[0]).to.contain("visited");
    expect((await run("down")).lines[0]).to.contain("leaf");
  });

  it("explain themselves", async () => {
    const list = await run("help");
    for (const { name } of COMMANDS) expect(list.lines.join("\n")).to.contain(`  ${name}`);
    expect((await run("help rs")).lines[0]).to.equal("reverse-step [N]");
    expect((await run("quit")).quit).to.equal(true);
  });

  it("refuse what makes no sense, each with one line", async () => {
    const bad = [
      "seek",
      "seek nowhere",
      "seek 1 2",
      "step ten",
      "step 1 2",
      "delete 9",
      "break nobody",
      "x",
      "x 0xffffffff",
      "x 0 99999999",
      "print",
      "down",
      "info",
      "info everything",
      "bookmark",
      "bookmark a/b",
      "help nothing",
      "frame 1000",
      "continue 3",
      "when now",
    ];
    for (const text of bad) {
      const error = await run(text).catch((reason: unknown) => reason);
      expect(error, text).to.be.instanceOf(RewasmError);
      expect((error as RewasmError).message, text).to.match(/^.+$/);
    }
  });

  it("watch memory: going back stops before the last change, going on after the next one", async () => {
    await run("delete");
    await run("seek end");
    const set = await json("watch 0x64 2");
    const { number } = set.watchpoint as { number: number };
    expect(set.watchpoint).to.deep.include({ address: 100, length: 2, memory: 0, enabled: true, hits: 0 });
    const back = await json("reverse-continue");
    expect(back.stop).to.equal("watchpoint");
    const change = back.watchpoint as { number: number; old: string; new: string };
    expect(change.number).to.equal(number);
    expect(change.old)
      .to.match(/^[0-9a-f]{4}$/)
      .and.not.equal(change.new);
    expect((await json("x 0x64 2")).bytes).to.equal(change.old);
    expect(session.nextInstruction()?.text).to.match(/^i32\.store/);
    await run("step");
    expect((await json("x 0x64 2")).bytes).to.equal(change.new);
    await run("reverse-step 2");
    const forth = await run("continue");
    expect(forth.lines[0]).to.equal(
      `Watchpoint ${number}, 2 bytes at 0x64: ${change.old} (${le(change.old)}) becomes ${change.new} (${le(change.new)})`,
    );
    expect((await run("info breakpoints")).lines).to.deep.equal([`Watchpoint ${number} on 2 bytes at 0x64, hit 3 times`]);
    await run(`disable ${number}`);
    expect((await json("reverse-continue")).stop).to.equal("start");
    await run(`enable ${number}`);
    expect((await json("continue")).stop).to.equal("watchpoint");
    await run(`delete ${number}`);
    expect((await json("continue")).stop).to.equal("trap");
  });

  it("refuse to watch what is not there", async () => {
    for (const [text, message] of [
      ["watch", "watch needs more"],
      ["watch 0x100000 4", "outside the memory"],
      ["watch 0x3fffe 4", "the memory ends 2 bytes after 0x3fffe"],
      ["watch 0 0", "from 1 to 65536 bytes"],
      ["watch 0 100000", "from 1 to 65536 bytes"],
      ["watch nobody", "there is no local or global nobody here"],
      ["watch 1 2 3", "is too much"],
    ] as const) {
      const error = await run(text).catch((reason: unknown) => reason);
      expect(error, text).to.be.instanceOf(RewasmError);
      expect((error as Error).message, text).to.contain(message);
    }
  });
});

/** The little-endian number of hexadecimal bytes. */
function le(hex: string): number {
  return Buffer.from(hex, "hex").readUIntLE(0, hex.length / 2);
}
