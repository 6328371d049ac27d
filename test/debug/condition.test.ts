import { expect } from "chai";
import { before, describe, it } from "mocha";
import { type ConditionValues, holds, parseCondition } from "../../debug/condition.ts";
import { DebugSession } from "../../debug/session.ts";
import { Timeline } from "../../rr/timeline.ts";
import { RewasmError } from "../../vm/errors.ts";
import { recordMaze } from "./recordings.ts";

const values: ConditionValues = {
  valueOf: (name) => {
    const known: Readonly<Record<string, number | bigint>> = { $0: -5, big: 2n ** 53n + 1n, pi: 3.5, nan: Number.NaN, $1: 64 };
    const value = known[name];
    if (value === undefined) throw new RewasmError("unknown-name", name);
    return value;
  },
  wordAt: (byteAddr) => byteAddr * 2,
};

describe("conditions of breakpoints", () => {
  it("compare numbers, names and words in memory, exactly", () => {
    for (const [text, expected] of [
      ["$0 == -5", true],
      ["$0 != -5", false],
      ["$0<0", true],
      ["$0 >= -0x5", true],
      ["$0 > -5", false],
      ["big == 9007199254740993", true],
      ["big == 9007199254740992", false],
      ["big > 9007199254740992", true],
      ["pi > 3", true],
      ["pi == 3.5", true],
      ["nan == nan", false],
      ["nan != nan", true],
      ["[$1] == 128", true],
      ["[0x10] <= 32", true],
      ["[[4]] == 16", true],
      ["3 < pi", true],
    ] as const) {
      expect(holds(parseCondition(text), values), text).to.equal(expected);
    }
  });

  it("are refused when they are none", () => {
    for (const text of ["", "$0", "== 5", "$0 ==", "$0 = 5", "a b == 3", "1x == 2", "$0 == 1 == 2", "$0 => 3"]) {
      expect(() => parseCondition(text), text)
        .to.throw(RewasmError)
        .with.property("code", "bad-condition");
    }
  });
});

describe("breakpoints with conditions", () => {
  let timeline: Timeline;
  let session: DebugSession;
  /** Ticks at which fib begins, with its argument. */
  const entries: { readonly tick: number; readonly n: number }[] = [];

  before(async () => {
    timeline = await Timeline.open((await recordMaze(4)).storage, {
      policy: { intervalTicks: 256, keepFactor: 8, byteBudget: 1 << 24 },
      intervalTicks: 1024,
    });
    session = new DebugSession(timeline);
    session.addBreakpoint("fib");
    while ((await session.move({ kind: "continue" })).reason === "breakpoint") {
      entries.push({ tick: timeline.position.tick, n: Number(session.value("n").bits) });
    }
    session.deleteBreakpoint();
  });

  it("stop exactly where the condition holds, in both directions, and where the function begins with a loop", async () => {
    for (const [condition, holdsFor] of [
      ["n == 3", (n: number) => n === 3],
      ["$0 >= 6", (n: number) => n >= 6],
      ["n == 100", () => false],
    ] as const) {
      const wanted = entries.filter(({ n }) => holdsFor(n)).map(({ tick }) => tick);
      const { number } = session.addBreakpoint(`fib if ${condition}`);
      await session.move({ kind: "seek", position: "start" });
      const forward: number[] = [];
      while ((await session.move({ kind: "continue" })).reason === "breakpoint") forward.push(timeline.position.tick);
      expect(forward, condition).to.deep.equal(wanted);
      const backward: number[] = [];
      while ((await session.move({ kind: "reverse-continue" })).reason === "breakpoint") {
        expect(session.stop.breakpoint?.number).to.equal(number);
        backward.push(timeline.position.tick);
      }
      expect(backward.reverse(), condition).to.deep.equal(wanted);
      session.deleteBreakpoint(number);
    }
    expect(entries.length).to.be.above(20);
    session.addBreakpoint("fill if count == 40");
    await session.move({ kind: "seek", position: "start" });
    let rounds = 0;
    while ((await session.move({ kind: "continue" })).reason === "breakpoint") rounds++;
    expect(rounds).to.equal(4);
    session.deleteBreakpoint();
  });

  it("stop for another breakpoint at the same place, and where the condition cannot be told", async () => {
    session.addBreakpoint("fib if n == 100");
    const plain = session.addBreakpoint("fib");
    await session.move({ kind: "seek", position: "start" });
    expect((await session.move({ kind: "continue" })).breakpoint?.number).to.equal(plain.number);
    session.deleteBreakpoint();
    const unknown = session.addBreakpoint("fib if nobody == 1");
    expect((await session.move({ kind: "continue" })).breakpoint?.number).to.equal(unknown.number);
    session.deleteBreakpoint();
    expect(() => session.addBreakpoint("ask if $0 == 1")).to.throw("host function");
    expect(() => session.addBreakpoint("fib if")).to.throw(RewasmError);
    expect(session.breakpoints.all()).to.deep.equal([]);
  });
});
