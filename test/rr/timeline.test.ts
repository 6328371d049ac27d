import { expect } from "chai";
import { before, describe, it } from "mocha";
import { MemoryStorage } from "../../rr/storage.ts";
import { Timeline } from "../../rr/timeline.ts";
import { RewasmError } from "../../vm/errors.ts";
import { frameOffset } from "../../vm/frames.ts";
import { Frame } from "../../vm/store.ts";
import { assemble, recordMaze, recordProgram } from "../debug/recordings.ts";
import { mulberry32 } from "../support/random.ts";

/** What is known of each settled tick, by stepping from the beginning. */
interface Moment {
  readonly event: number;
  /** Function addresses, outermost first. */
  readonly funcs: readonly number[];
  readonly offset: number;
}

/** Brute force: every tick, one step at a time. */
async function momentsOf(timeline: Timeline): Promise<Moment[]> {
  const { store } = timeline;
  const moments: Moment[] = [];
  await timeline.seekTick(0);
  for (;;) {
    const funcs = Array.from({ length: store.depth }, (_, i) => store.frameWord(i, Frame.Func));
    moments.push({ event: timeline.position.event, funcs, offset: store.depth === 0 ? -1 : frameOffset(store, store.depth - 1) });
    if (timeline.atEnd) return moments;
    await timeline.step();
  }
}

/** The tick to which stepping over from `tick` leads: the first one where the frame stack is not deeper, with events as they come. */
function overFrom(moments: readonly Moment[], tick: number): number {
  const { length } = moments[tick]!.funcs;
  let to = tick + 1;
  while (to < moments.length - 1 && moments[to]!.funcs.length > length) to++;
  return to;
}

function backOverFrom(moments: readonly Moment[], tick: number): number {
  const { length } = moments[tick]!.funcs;
  let to = tick - 1;
  while (to > 0 && moments[to]!.funcs.length > length) to--;
  return to;
}

describe("timeline", () => {
  let timeline: Timeline;
  let moments: Moment[];
  let lastTick: number;

  before(async () => {
    timeline = await Timeline.open((await recordMaze(6)).storage, {
      policy: { intervalTicks: 256, keepFactor: 8, byteBudget: 1 << 24 },
      intervalTicks: 1024,
    });
    moments = await momentsOf(timeline);
    lastTick = timeline.end.tick;
  });

  it("begins at the first instruction and ends at the last tick", async () => {
    const fresh = await Timeline.open((await recordMaze(2)).storage);
    expect(fresh.position.tick).to.equal(0);
    expect(fresh.store.depth).to.equal(1);
    expect(fresh.percent).to.equal(0);
    expect(await fresh.continue()).to.equal("end");
    expect(fresh.position).to.deep.equal(fresh.end);
    expect(fresh.percent).to.equal(100);
    expect(fresh.atEnd).to.equal(true);
  });

  it("seeks to any tick and any event, in any order", async () => {
    const random = mulberry32(1);
    for (let i = 0; i < 60; i++) {
      const tick = Math.floor(random() * lastTick);
      expect(await timeline.seekTick(tick)).to.equal("seek");
      expect(timeline.position).to.deep.equal({ tick, event: moments[tick]!.event });
      const event = Math.floor(random() * timeline.end.event);
      await timeline.seekEvent(event);
      expect(timeline.position.event).to.equal(event);
      const settled = moments.findIndex((moment) => moment.event > event);
      expect(timeline.position.tick).to.equal(settled < 0 ? lastTick : settled);
    }
  });

  it("seeks to positions as people write them", async () => {
    await timeline.seekTo("50%");
    const middle = Math.floor(lastTick / 2);
    expect(timeline.position.tick).to.equal(middle);
    timeline.bookmark("middle");
    await timeline.seekTo("+10");
    expect(timeline.position.tick).to.equal(middle + 10);
    await timeline.seekTo("-30");
    expect(timeline.position.tick).to.equal(middle - 20);
    await timeline.seekTo("#20");
    expect(timeline.position.event).to.equal(20);
    timeline.bookmark("event");
    await timeline.seekTo("@middle");
    expect(timeline.position.tick).to.equal(middle);
    await timeline.seekTo("@event");
    expect(timeline.position.event).to.equal(20);
    await timeline.seekTo("end");
    expect(timeline.position).to.deep.equal(timeline.end);
    await timeline.seekTo("start");
    expect(timeline.position.tick).to.equal(0);
    for (const bad of ["nowhere", String(lastTick + 1), "#100000", "@nothing", "101%"]) {
      const error = await timeline.seekTo(bad).catch((reason: unknown) => reason);
      expect(error, bad).to.be.instanceOf(RewasmError).with.property("code", "unknown-position");
    }
    expect(() => timeline.bookmark("a b")).to.throw(RewasmError);
  });

  it("steps and steps back through every instruction", async () => {
    await timeline.seekTick(700);
    for (let tick = 701; tick < 900; tick++) {
      await timeline.step();
      expect(timeline.position).to.deep.equal({ tick, event: moments[tick]!.event });
    }
    for (let tick = 898; tick >= 650; tick--) {
      await timeline.reverseStep();
      expect(timeline.position).to.deep.equal({ tick, event: moments[tick]!.event });
    }
    await timeline.step(100);
    expect(timeline.position.tick).to.equal(750);
    await timeline.reverseStep(50);
    expect(timeline.position.tick).to.equal(700);
  });

  it("steps over calls, also of the host and back from it", async () => {
    await timeline.seekTick(0);
    let tick = 0;
    while (tick < lastTick) {
      const expected = overFrom(moments, tick);
      await timeline.next();
      expect(timeline.position.tick, `next at ${tick}`).to.equal(expected);
      tick = expected;
    }
    const random = mulberry32(2);
    for (let i = 0; i < 150; i++) {
      const from = Math.floor(random() * lastTick);
      await timeline.seekTick(from);
      await timeline.next();
      expect(timeline.position.tick, `next at ${from}`).to.equal(overFrom(moments, from));
    }
  });

  it("steps back over calls", async () => {
    const random = mulberry32(3);
    for (let i = 0; i < 250; i++) {
      const from = 1 + Math.floor(random() * (lastTick - 1));
      await timeline.seekTick(from);
      await timeline.reverseNext();
      expect(timeline.position.tick, `reverse-next at ${from}`).to.equal(backOverFrom(moments, from));
    }
  });

  it("leaves functions, forward to the caller and backward to the call", async () => {
    const random = mulberry32(4);
    for (let i = 0; i < 150; i++) {
      const from = 1 + Math.floor(random() * (lastTick - 1));
      const { length } = moments[from]!.funcs;
      await timeline.seekTick(from);
      await timeline.finish();
      let after = from;
      while (after < moments.length - 1 && moments[after]!.funcs.length >= length) after++;
      expect(timeline.position.tick, `finish at ${from}`).to.equal(after);
      await timeline.seekTick(from);
      expect(await timeline.reverseFinish()).to.equal(length === 1 ? "start" : "finish");
      let entered = from;
      while (entered > 0 && moments[entered - 1]!.funcs.length >= length) entered--;
      expect(timeline.position.tick, `reverse-finish at ${from}`).to.equal(length === 1 ? entered : entered - 1);
    }
  });

  for (const every of [1, 3, 50]) {
    it(`continues to breakpoints in both directions, ${every === 1 ? "at a loop and a recursion" : `at instructions of every ${every}th place`}`, async () => {
      const places = [...new Map(moments.filter(({ funcs }) => funcs.length > 0).map(({ funcs, offset }) => [offset, funcs.at(-1)!]))]
        .filter((_, i) => i % every === 0)
        .map(([wasmOffset, funcAddr]) => ({ funcAddr, wasmOffset }));
      const chosen = new Set(places.map(({ wasmOffset }) => wasmOffset));
      timeline.setBreakpoints(places);
      const hit = (tick: number): boolean => chosen.has(moments[tick]!.offset) && moments[tick]!.funcs.length > 0;
      const random = mulberry32(every);
      for (let i = 0; i < 60; i++) {
        const from = Math.floor(random() * lastTick);
        await timeline.seekTick(from);
        const reason = await timeline.continue();
        let after = from + 1;
        while (after < lastTick && !hit(after)) after++;
        expect(timeline.position.tick, `continue at ${from}`).to.equal(after);
        expect(reason).to.equal(after < lastTick ? "breakpoint" : "end");
        await timeline.seekTick(from);
        const back = await timeline.reverseContinue();
        let at = from - 1;
        while (at >= 0 && !hit(at)) at--;
        expect(timeline.position.tick, `reverse-continue at ${from}`).to.equal(Math.max(0, at));
        expect(back).to.equal(at < 0 ? "start" : "breakpoint");
      }
      timeline.setBreakpoints([]);
    });
  }

  it("stops at the entry of a function each time it is called, and only then", async () => {
    // Snapshots nearly everywhere, so that many lie exactly at an entry.
    const dense = await Timeline.open(timeline.reader, {
      policy: { intervalTicks: 4, keepFactor: 10_000, byteBudget: 1 << 26 },
      intervalTicks: 4,
    });
    await dense.seekTo("end");
    expect(dense.snapshots.set.size).to.be.greaterThan(200);
    // fill and main begin with a loop; main is entered by the host before the first instruction.
    for (const name of ["fib", "fill", "visited", "main"]) {
      const index = ["ask", "visit", "leaf", "fib", "fill", "visited", "round", "main"].indexOf(name);
      const funcAddr = dense.store.instances[0]!.funcAddrs[index]!;
      dense.setBreakpoints([{ funcAddr, wasmOffset: undefined }]);
      const entries = moments.flatMap(({ funcs }, tick) => {
        const entered = funcs.at(-1) === funcAddr && (tick === 0 || moments[tick - 1]!.funcs.length < funcs.length);
        return entered ? [tick] : [];
      });
      await dense.seekEvent(0);
      const found: number[] = [];
      while ((await dense.continue()) === "breakpoint") found.push(dense.position.tick);
      expect(found, name).to.deep.equal(entries);
      const back: number[] = [];
      await dense.seekTo("end");
      while ((await dense.reverseContinue()) === "breakpoint") back.push(dense.position.tick);
      expect(back.reverse(), name).to.deep.equal(entries);
    }
    dense.setBreakpoints([]);
  });

  it("stops at breakpoints inside what is stepped over", async () => {
    const at = moments.findIndex(
      ({ funcs }, tick) => moments[tick + 1]!.funcs.length > funcs.length && overFrom(moments, tick) > tick + 100,
    );
    const inside = moments[at + 40]!;
    timeline.setBreakpoints([{ funcAddr: inside.funcs.at(-1)!, wasmOffset: inside.offset }]);
    const hits = moments.flatMap(({ offset }, tick) => (offset === inside.offset ? [tick] : []));
    await timeline.seekTick(at);
    expect(await timeline.next()).to.equal("breakpoint");
    expect(timeline.position.tick).to.equal(hits.find((tick) => tick > at));
    const over = overFrom(moments, at);
    await timeline.seekTick(over);
    expect(await timeline.reverseNext()).to.equal("breakpoint");
    expect(timeline.position.tick).to.equal(hits.findLast((tick) => tick < over));
    timeline.setBreakpoints([]);
  });

  it("stays at the ends", async () => {
    await timeline.seekTick(0);
    const start = timeline.position;
    for (const move of ["reverseStep", "reverseNext", "reverseContinue"] as const) {
      expect(await timeline[move](), move).to.equal("start");
      expect(timeline.position).to.deep.equal(start);
    }
    await timeline.seekTo("end");
    for (const move of ["step", "next", "continue"] as const) {
      expect(await timeline[move](), move).to.equal("end");
      expect(timeline.position).to.deep.equal(timeline.end);
    }
    const error = await timeline.finish().catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(RewasmError).with.property("code", "no-frame");
    await timeline.reverseStep();
    expect(timeline.position.tick).to.equal(lastTick - 1);
  });

  it("refuses overlapping moves", async () => {
    await timeline.seekTick(0);
    const first = timeline.seekTo("end");
    const second = await timeline.step().catch((reason: unknown) => reason);
    expect(second).to.be.instanceOf(RewasmError).with.property("code", "timeline-busy");
    await first;
  });
});

describe("timeline: traps", () => {
  it("stops at a trap with its frames, and steps back over it", async () => {
    const trapped = await Timeline.open((await recordMaze(1, [{ name: "fail", args: [3] }])).storage);
    expect(await trapped.continue()).to.equal("trap");
    expect(trapped.position).to.deep.equal({ tick: trapped.end.tick, event: trapped.end.event - 1 });
    expect(trapped.store.depth).to.equal(1);
    const hash = trapped.stateHash();
    expect(await trapped.reverseStep()).to.equal("step");
    expect(trapped.position.tick).to.equal(trapped.end.tick - 1);
    expect(await trapped.step()).to.equal("trap");
    expect(trapped.stateHash()).to.equal(hash);
    expect(await trapped.step()).to.equal("end");
    expect(trapped.store.depth).to.equal(0);
    expect(await trapped.step()).to.equal("end");
    await trapped.reverseNext();
    expect(trapped.position.tick).to.equal(trapped.end.tick - 1);
  });

  it("leaves frames that a trap unwinds and the host takes", async () => {
    const module = await assemble(`(module
      (import "host" "try" (func $try (param i32) (result i32)))
      (func $bad (param i32) (result i32) (i32.div_u (i32.const 7) (local.get 0)))
      (func $middle (export "middle") (param i32) (result i32) (call $bad (local.get 0)))
      (func (export "main") (param i32) (result i32)
        (drop (call $try (local.get 0)))
        (loop $again (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
        (i32.const 5)))`);
    const recorded = recordProgram(module, [{ name: "main", args: [300] }], {
      try: (machine) => () => {
        machine.call(machine.export(0, "middle")!.addr, [0]);
      },
    });
    const timeline = await Timeline.open(recorded.storage);
    const { store } = timeline;
    await timeline.seekTick(1);
    expect(await timeline.next()).to.equal("step");
    const after = timeline.position;
    expect(store.depth).to.equal(1);
    await timeline.seekTick(4);
    expect(store.depth, "in middle, below main and try").to.equal(4);
    expect(await timeline.finish()).to.equal("finish");
    expect(timeline.position).to.deep.equal(after);
    await timeline.reverseNext();
    expect(timeline.position.tick).to.equal(1);
  });

  it("goes on over traps that the host takes", async () => {
    const module = await assemble(`(module
      (func $bad (export "bad") (param i32) (result i32) (i32.div_u (i32.const 7) (local.get 0)))
      (func $good (export "good") (result i32) (call $bad (i32.const 2))))`);
    const recorded = recordProgram(module, [{ name: "bad", args: [0] }, { name: "good" }, { name: "bad", args: [0] }, { name: "good" }]);
    const timeline = await Timeline.open(recorded.storage);
    const hashes: string[] = [];
    for (let tick = 0; tick <= timeline.end.tick; tick++) {
      await timeline.seekTick(tick);
      hashes.push(timeline.stateHash());
    }
    for (let tick = timeline.end.tick; tick >= 0; tick--) {
      await timeline.seekTick(tick);
      expect(timeline.stateHash()).to.equal(hashes[tick]);
    }
    expect(new Set(hashes).size).to.equal(hashes.length);
  });
});

describe("timeline: a recording that was cut off", () => {
  it("ends where the last whole chunk ends", async () => {
    const { storage } = await recordMaze(40, [], { flushEvery: 10 });
    const whole = await Timeline.open(storage);
    await whole.seekTo("end");
    for (const part of [0.3, 0.5, 0.7]) {
      const bytes = storage.read(0, Math.floor(storage.byteLength * part));
      const cut = await Timeline.open(new MemoryStorage(bytes));
      expect(cut.reader.complete).to.equal(false);
      expect(cut.end.tick).to.be.greaterThan(0).and.lessThan(whole.end.tick);
      expect(await cut.continue()).to.equal("end");
      expect(cut.position).to.deep.equal(cut.end);
      const hash = cut.stateHash();
      await cut.reverseStep(100);
      await cut.step(100);
      expect(cut.position).to.deep.equal(cut.end);
      expect(cut.stateHash()).to.equal(hash);
      await whole.seek(cut.end);
      expect(whole.stateHash()).to.equal(hash);
    }
  });
});

describe("timeline: long moves", () => {
  let busy: Timeline;
  before(async () => {
    const module = await assemble(`(module (memory 1)
      (func (export "spin") (param $n i32)
        (loop $again
          (i32.store (i32.and (local.get $n) (i32.const 0xfffc)) (local.get $n))
          (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))`);
    busy = await Timeline.open(recordProgram(module, [{ name: "spin", args: [100_000_000] }]).storage);
  });

  it("can be cancelled: forward where it is, backward where it began", async () => {
    const cancel = new AbortController();
    setTimeout(() => cancel.abort(), 20);
    expect(await busy.continue({ signal: cancel.signal })).to.equal("cancelled");
    expect(busy.position.tick).to.be.greaterThan(0).and.lessThan(busy.end.tick);
    await busy.seekTo("end");
    const back = new AbortController();
    busy.setBreakpoints([{ funcAddr: 0, wasmOffset: undefined }]);
    back.abort();
    expect(await busy.reverseContinue({ signal: back.signal })).to.equal("cancelled");
    expect(busy.position).to.deep.equal(busy.end);
    busy.setBreakpoints([]);
  });

  it("tells its progress", async () => {
    const seen: number[] = [];
    let total = 0;
    await busy.seekTick(0);
    await busy.continue({
      onProgress: (done, all) => {
        seen.push(done);
        total = all;
      },
    });
    expect(seen).to.deep.equal([...seen].sort((a, b) => a - b));
    expect(seen.length).to.be.greaterThan(0);
    expect(total).to.equal(busy.end.tick);
  });

  it("leaves snapshots behind that make the way back short", async () => {
    await busy.seekTo("90%");
    const started = performance.now();
    const restored = busy.position.tick;
    for (let i = 1; i <= 20; i++) {
      await busy.reverseStep();
      expect(busy.position.tick).to.equal(restored - i);
    }
    expect(performance.now() - started).lessThan(2000);
    expect(busy.snapshots.set.size).to.be.greaterThan(1);
  });
});
