import { expect } from "chai";
import { describe, it } from "mocha";
import {
  type Engine,
  frameEntry,
  type Goal,
  lastHit,
  marksOnTheWay,
  type RunStop,
  restorePays,
  type SearchContext,
  settledAt,
} from "../../rr/search.ts";
import { comparePositions, type Position } from "../../snapshot/tree.ts";
import { mulberry32 } from "../support/random.ts";

/** A made-up execution: at each tick a stack of frame numbers, and whether the next instruction has a breakpoint. */
interface ToyExecution {
  readonly stacks: readonly (readonly number[])[];
  readonly breakpoints: readonly boolean[];
}

/** Walks a random call tree; every frame has its own number. */
function toyExecution(seed: number, ticks: number, hitChance: number): ToyExecution {
  const random = mulberry32(seed);
  const stacks: number[][] = [];
  let frames = [0];
  let next = 1;
  for (let tick = 0; tick <= ticks; tick++) {
    stacks.push(frames);
    const dice = random();
    if (dice < 0.2 && frames.length < 12) frames = [...frames, next++];
    else if (dice < 0.38 && frames.length > 1) frames = frames.slice(0, -1 - Math.floor(random() * Math.min(2, frames.length - 1)));
  }
  return { stacks, breakpoints: stacks.map(() => random() < hitChance) };
}

class ToyEngine implements Engine<Position> {
  private readonly execution: ToyExecution;
  private tick = 0;
  breakpointsArmed = false;
  readonly hasBreakpoints = true;
  private watched: number | undefined;
  private watchedIndex = 0;
  restores = 0;
  ticksRun = 0;
  stops = 0;
  constructor(execution: ToyExecution) {
    this.execution = execution;
  }
  get position(): Position {
    return { tick: this.tick, event: 0 };
  }
  get depth(): number {
    return this.execution.stacks[this.tick]!.length;
  }
  readonly waiting = false;
  endsByEvent(): boolean {
    return false;
  }
  async run(goal: Goal, pass: boolean): Promise<RunStop> {
    const end = this.execution.stacks.length - 1;
    const goalTick = goal.tick ?? Number.POSITIVE_INFINITY;
    for (let passing = pass; ; passing = false) {
      if (this.tick >= goalTick) return "goal";
      if (this.breakpointsArmed && !passing && this.execution.breakpoints[this.tick]) {
        this.stops++;
        return "breakpoint";
      }
      if (this.tick >= end) return "end";
      this.tick++;
      this.ticksRun++;
      if (this.watched !== undefined && this.execution.stacks[this.tick]![this.watchedIndex] !== this.watched) return "frame-return";
    }
  }
  capture(): Position {
    return this.position;
  }
  restore(snapshot: Position): void {
    this.tick = snapshot.tick;
    this.watched = undefined;
    this.restores++;
  }
  armBreakpoints(armed: boolean): void {
    this.breakpointsArmed = armed;
  }
  watch(frameIndex: number): void {
    this.watchedIndex = frameIndex;
    this.watched = this.execution.stacks[this.tick]![frameIndex];
  }
  unwatch(frameIndex: number): boolean {
    const alive = this.execution.stacks[this.tick]![frameIndex] === this.watched;
    this.watched = undefined;
    return alive;
  }
}

function context(engine: ToyEngine, snapshotTicks: readonly number[]): SearchContext<Position> {
  const points = [...snapshotTicks].sort((a, b) => a - b).map((tick) => ({ tick, event: 0 }));
  return {
    engine,
    snapshots: {
      before: async (point) => points.filter((p) => comparePositions(p, point) < 0).at(-1),
    },
    positionOf: (snapshot) => snapshot,
    runTo: async (point, pass) => (comparePositions(engine.position, point) >= 0 ? "goal" : engine.run({ tick: point.tick }, pass)),
  };
}

describe("search: where to restore and to take snapshots", () => {
  it("restores for going back, and for going forward only when it saves work", () => {
    const at = (tick: number) => ({ tick, event: 0 });
    expect(restorePays(at(10), undefined, at(5))).equal(true);
    expect(restorePays(at(10), at(0), at(50))).equal(false);
    expect(restorePays(at(10), at(5_000_000), at(6_000_000))).equal(true);
    expect(restorePays(at(10), at(11), at(6_000_000))).equal(false);
    expect(restorePays({ tick: 10, event: 3 }, at(10), { tick: 10, event: 2 })).equal(true);
  });

  it("puts marks at the interval and ever denser before the target", () => {
    const interval = 1 << 24;
    for (const [from, target] of [
      [0, 100],
      [0, 1e6],
      [0, 1e9],
      [123_456_789, 987_654_321],
    ] as const) {
      const marks = marksOnTheWay(from, target, interval, 1 << 20);
      expect(marks).eql([...marks].sort((a, b) => a - b));
      let last: number = from;
      for (const mark of marks) {
        expect(mark - last, `gap at ${mark}`).within(1 << 13, interval);
        last = mark;
      }
      expect(target - last).lessThan(1 << 14);
      const near = marks.filter((mark) => target - mark < interval).length;
      expect(near).lessThan(8);
    }
  });

  it("takes none when the start is near", () => {
    expect(marksOnTheWay(1000, 9000, 1 << 24, 1 << 20)).eql([]);
  });
});

describe("search: the last breakpoint hit", () => {
  for (const hitChance of [0, 0.0005, 0.01, 0.9]) {
    it(`agrees with looking at every tick, hit chance ${hitChance}`, async () => {
      const execution = toyExecution(11, 60_000, hitChance);
      const random = mulberry32(5);
      for (let round = 0; round < 20; round++) {
        const engine = new ToyEngine(execution);
        const search = context(engine, [0, ...Array.from({ length: round % 6 }, () => Math.floor(random() * 60_000))]);
        const until = Math.floor(random() * 60_000);
        const expected = execution.breakpoints.lastIndexOf(true, until - 1);
        const hit = await lastHit(search, { tick: until, event: 0 });
        expect(hit?.tick, `before ${until}`).equal(until === 0 || expected < 0 ? undefined : expected);
      }
    });
  }

  it("visits few of many hits and never restores for each instruction", async () => {
    const execution = toyExecution(3, 1_000_000, 0.9);
    const engine = new ToyEngine(execution);
    await lastHit(context(engine, [0]), { tick: 1_000_000, event: 0 });
    expect(engine.stops).lessThan(20_000);
    expect(engine.restores).lessThan(10);
    expect(engine.ticksRun).lessThan(1_100_000);
  });

  it("does not look before the tick it is told", async () => {
    const execution = toyExecution(4, 100_000, 0.001);
    const engine = new ToyEngine(execution);
    const hit = execution.breakpoints.indexOf(true);
    const until = { tick: execution.breakpoints.indexOf(true, hit + 1), event: 0 };
    expect((await lastHit(context(engine, [0]), until, hit))?.tick).equal(hit);
    expect(await lastHit(context(engine, [0]), until, hit + 1)).equal(undefined);
  });
});

describe("search: the call that made a frame", () => {
  it("agrees with looking at every tick", async () => {
    const execution = toyExecution(21, 40_000, 0);
    const random = mulberry32(9);
    for (let round = 0; round < 60; round++) {
      const engine = new ToyEngine(execution);
      const search = context(engine, [0, ...Array.from({ length: round % 8 }, () => Math.floor(random() * 40_000))]);
      const at = Math.floor(random() * 40_000);
      await engine.run({ tick: at }, true);
      const index = Math.floor(random() * engine.depth);
      const number = execution.stacks[at]![index]!;
      const expected = execution.stacks.findIndex((stack) => stack[index] === number);
      expect(await frameEntry(search, index), `frame ${index} at ${at}`).equal(expected);
    }
  });

  it("costs a few runs over the interval in which the frame was made", async () => {
    const execution = toyExecution(22, 1_000_000, 0);
    const engine = new ToyEngine(execution);
    const at = execution.stacks.findIndex((stack, tick) => tick > 800_000 && stack.length >= 8);
    await engine.run({ tick: at }, true);
    engine.ticksRun = 0;
    await frameEntry(context(engine, [0, 300_000, 600_000]), engine.depth - 1);
    expect(engine.ticksRun).lessThan(3 * 300_000);
    expect(engine.restores).lessThan(60);
  });

  it("orders settled points after all others of their tick", () => {
    expect(comparePositions(settledAt(4), { tick: 4, event: 1e9 })).greaterThan(0);
    expect(comparePositions(settledAt(4), settledAt(4))).equal(0);
  });
});
