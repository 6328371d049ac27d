import { expect } from "chai";
import { before, describe, it } from "mocha";
import { DebugSession } from "../../debug/session.ts";
import { Timeline } from "../../rr/timeline.ts";
import { RewasmError } from "../../vm/errors.ts";
import { recordMaze } from "./recordings.ts";

function codeOf(action: () => unknown): string | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    return error instanceof RewasmError ? error.code : String(error);
  }
}

describe("debug session", () => {
  let session: DebugSession;

  before(async () => {
    session = new DebugSession(await Timeline.open((await recordMaze(5, [{ name: "fail", args: [3] }])).storage));
  });

  it("tells where the cursor is", async () => {
    const stop = await session.move({ kind: "seek", position: "start" });
    expect(stop.reason).to.equal("seek");
    expect(stop.position.tick).to.equal(0);
    expect(stop.location).to.include({ name: "main", function: 7 });
    expect(stop.location?.wasmOffset).to.equal(session.symbols.entryOffset(7));
    expect(stop.note).to.equal(undefined);
  });

  it("stops at functions by name, index and export, and says at which", async () => {
    await session.move({ kind: "seek", position: "start" });
    const byName = session.addBreakpoint("fill");
    const byIndex = session.addBreakpoint("func[2]");
    expect(byIndex.number).to.equal(byName.number + 1);
    expect(session.symbols.funcName(byIndex.places[0]!.funcAddr)).to.equal("leaf");
    const first = await session.move({ kind: "continue" });
    expect(first.location?.name).to.equal("fill");
    expect(first.breakpoint?.number).to.equal(byName.number);
    expect(first.breakpoint?.hits).to.equal(1);
    session.enableBreakpoint(byName.number, false);
    const second = await session.move({ kind: "continue" });
    expect(second.location?.name).to.equal("leaf");
    expect(second.breakpoint?.number).to.equal(byIndex.number);
    session.deleteBreakpoint(byIndex.number);
    expect((await session.move({ kind: "continue" })).reason).to.equal("trap");
    session.enableBreakpoint(byName.number, true);
    expect((await session.move({ kind: "reverse-continue" })).location?.name).to.equal("fill");
    session.deleteBreakpoint();
    expect(session.breakpoints.all()).to.deep.equal([]);
    expect((await session.move({ kind: "reverse-continue" })).reason).to.equal("start");
  });

  it("stops at offsets, at the instruction that begins there or next", async () => {
    await session.move({ kind: "seek", position: "start" });
    const { instrs } = session.disassemble(100, "fib");
    const structural = instrs.find(({ text }) => text.startsWith("else"))!;
    const following = instrs[instrs.indexOf(structural) + 1]!;
    const breakpoint = session.addBreakpoint(`0x${structural.wasmOffset.toString(16)}`);
    expect(breakpoint.places[0]!.wasmOffset).to.equal(following.wasmOffset);
    const stop = await session.move({ kind: "continue" });
    expect(stop.location).to.include({ name: "fib", wasmOffset: following.wasmOffset });
    expect(session.nextInstruction()).to.deep.equal(following);
    session.deleteBreakpoint();
  });

  it("stops where host functions are called, in both directions", async () => {
    await session.move({ kind: "seek", position: "start" });
    session.addBreakpoint("host.ask");
    session.addBreakpoint("leaf");
    const calls: number[] = [];
    for await (const event of session.timeline.reader.eventsFrom()) {
      if (event.kind === "host-call" && event.funcAddr === 0) calls.push(event.number);
    }
    expect(calls).to.have.length(5);
    const seen: number[] = [];
    const path: string[] = [];
    for (;;) {
      const stop = await session.move({ kind: "continue" });
      if (stop.reason !== "breakpoint") break;
      path.push(`${stop.location?.name} ${stop.position.tick}`);
      if (stop.breakpoint?.text === "host.ask") seen.push(stop.position.event);
    }
    expect(seen).to.deep.equal(calls);
    expect(path[0]).to.match(/^host.ask/);
    const back: string[] = [];
    for (;;) {
      const stop = await session.move({ kind: "reverse-continue" });
      if (stop.reason !== "breakpoint") break;
      back.push(`${stop.location?.name} ${stop.position.tick}`);
    }
    expect(back.reverse()).to.deep.equal(path);
    await session.move({ kind: "seek", position: "start" });
    await session.move({ kind: "step", count: 1 });
    const into = await session.move({ kind: "next", count: 100 });
    expect(into).to.deep.include({ reason: "breakpoint" });
    expect(into.location?.name).to.equal("host.ask");
    session.deleteBreakpoint();
  });

  it("refuses places and breakpoints that do not exist", () => {
    expect(codeOf(() => session.addBreakpoint("nobody"))).to.equal("unknown-place");
    expect(() => session.addBreakpoint("lea")).to.throw("similar: leaf");
    expect(codeOf(() => session.addBreakpoint("0xffffff"))).to.equal("unknown-place");
    expect(codeOf(() => session.addBreakpoint("99"))).to.equal("unknown-place");
    expect(codeOf(() => session.deleteBreakpoint(77))).to.equal("unknown-breakpoint");
    expect(codeOf(() => session.enableBreakpoint(77, true))).to.equal("unknown-breakpoint");
    expect(session.breakpoints.all()).to.deep.equal([]);
  });

  it("shows calls, locals, operands, globals and memory with names and types", async () => {
    await session.move({ kind: "seek", position: "start" });
    session.addBreakpoint("leaf");
    await session.move({ kind: "continue" });
    session.deleteBreakpoint();
    const names = session.backtrace().map(({ name, host }) => (host ? `<${name}>` : name));
    expect(names.slice(0, 2)).to.deep.equal(["leaf", "visited"]);
    expect(names).to.include("<host.visit>");
    expect(names.slice(-2)).to.deep.equal(["round", "main"]);
    expect(session.backtrace(2)).to.have.length(2);
    expect(session.locals()).to.deep.equal([{ index: 0, name: "x", type: "i32", text: "0", bits: 0n }]);
    await session.move({ kind: "step", count: 2 });
    expect(session.operands().map(({ type, text }) => `${type} ${text}`)).to.deep.equal(["i32 0", "i32 1"]);
    const main = names.length - 1;
    expect(session.selectFrame(main).name).to.equal("main");
    expect(session.locals().map(({ name, text }) => `${name}=${text}`)).to.deep.equal(["n=5", "i=0"]);
    expect(session.globals()[0]).to.include({ name: "sum", type: "i64" });
    expect(session.value("n").text).to.equal("5");
    expect(session.value("$1").text).to.equal("0");
    expect(session.memory(0, 16)).to.have.length(16);
    expect(session.memory(4 * 65536 - 4, 100)).to.have.length(4);
    expect(codeOf(() => session.memory(4 * 65536, 1))).to.equal("memory-range");
    expect(codeOf(() => session.value("nothing"))).to.equal("unknown-name");
    expect(codeOf(() => session.selectFrame(99))).to.equal("no-frame");
    const host = names.findIndex((name) => name.startsWith("<"));
    session.selectFrame(host);
    expect(codeOf(() => session.locals())).to.equal("host-frame");
    await session.move({ kind: "step", count: 1 });
    expect(session.selectedFrame).to.equal(0);
  });

  it("shows a trap with its text and frames, and the way back", async () => {
    const stop = await session.move({ kind: "continue" });
    expect(stop.reason).to.equal("trap");
    expect(stop.note).to.equal("trap: out of bounds memory access");
    expect(stop.location?.name).to.equal("fail");
    expect(session.nextInstruction()?.text).to.contain("i32.store");
    const hash = session.stateHash();
    const before = await session.move({ kind: "reverse-step", count: 1 });
    expect(before.location).to.deep.equal(stop.location);
    expect(before.position.tick).to.equal(stop.position.tick - 1);
    await session.move({ kind: "step", count: 1 });
    expect(session.stateHash()).to.equal(hash);
    const end = await session.move({ kind: "continue" });
    expect(end.reason).to.equal("end");
    expect(end.location).to.equal(null);
    expect(end.note).to.equal("nothing is running");
    expect(codeOf(() => session.disassemble(5))).to.equal("no-frame");
  });

  it("shows what is waited for at an event", async () => {
    let event = 0;
    for (const { number, kind } of await eventsOf(session)) if (kind === "host-call") event = number;
    const stop = await session.move({ kind: "seek", position: `#${event}` });
    expect(stop.location).to.include({ name: "host.ask", wasmOffset: null, function: 0 });
    expect(stop.note).to.match(/^#\d+ tick \d+ {2}host\.ask\(4\) = /);
    expect(session.nextInstruction()).to.equal(undefined);
  });

  it("disassembles around the cursor and from a function's beginning", async () => {
    await session.move({ kind: "seek", position: "start" });
    await session.move({ kind: "step", count: 3 });
    const here = session.disassemble(5);
    expect(here.instrs).to.have.length(5);
    expect(here.instrs.some(({ wasmOffset }) => wasmOffset === here.at)).to.equal(true);
    const other = session.disassemble(2, "leaf");
    expect(other).to.include({ name: "leaf", at: null });
    expect(other.instrs.map(({ text }) => text)).to.deep.equal(["local.get 0 <x>", "i32.const 1"]);
    expect(codeOf(() => session.disassemble(2, "host.ask"))).to.equal("host-frame");
  });

  it("names positions", async () => {
    await session.move({ kind: "seek", position: "25%" });
    const here = session.bookmark("quarter");
    await session.move({ kind: "seek", position: "end" });
    expect((await session.move({ kind: "seek", position: "@quarter" })).position).to.deep.equal(here);
  });
});

async function eventsOf(session: DebugSession): Promise<{ number: number; kind: string }[]> {
  const events: { number: number; kind: string }[] = [];
  for await (const event of session.timeline.reader.eventsFrom()) events.push(event);
  return events;
}
