/**
 * Host and wasm inside of one another, at every position: the state is the same from zero, by steps, from snapshots in memory
 * and from stored ones, and every step can be taken back. By the public library only.
 */
import { expect } from "chai";
import { before, describe, it } from "mocha";
import {
  DebugSession,
  deserializeSnapshot,
  MemorySink,
  type MemoryStorage,
  Recorder,
  Replayer,
  SnapshotTaker,
  Status,
  Symbols,
  serializeSnapshot,
  stateHash,
  storeFromSnapshot,
  Timeline,
  TraceReader,
} from "rewasm";
import { mulberry32 } from "../support/random.ts";
import {
  type ReentrantRecording,
  recordExhaustion,
  recordInstances,
  recordIntrusion,
  recordLevels,
  recordNamespace,
  recordWaiting,
} from "./reentrant-programs.ts";

/** Everything that happens at one position: settled ticks by number, and events that are waited for. */
interface Known {
  readonly byTick: readonly string[];
  readonly byEvent: readonly string[];
  readonly deepest: number;
}

/** One replay from zero, without any snapshot restored, that stops everywhere. */
async function everywhere(storage: MemoryStorage): Promise<Known> {
  const reader = await TraceReader.open(storage);
  const byEvent: string[] = [];
  const byTick: string[] = [];
  let deepest = 0;
  const walk = async (note: (hash: string) => void, goals: Iterable<{ tick: number } | { event: number }>): Promise<void> => {
    const replayer = new Replayer(reader);
    const taker = new SnapshotTaker(replayer.store);
    for (const goal of goals) {
      await replayer.runTo(goal);
      deepest = Math.max(deepest, replayer.store.depth);
      note(stateHash(taker.capture(replayer.eventNumber)));
    }
  };
  await walk(
    (hash) => byTick.push(hash),
    Array.from({ length: reader.tickCount + 1 }, (_, tick) => ({ tick })),
  );
  await walk(
    (hash) => byEvent.push(hash),
    Array.from({ length: reader.eventCount + 1 }, (_, event) => ({ event })),
  );
  return { byTick, byEvent, deepest };
}

const finePolicy = { intervalTicks: 1 << 4, keepFactor: 4, byteBudget: 1 << 24 };

const programs: readonly { name: string; record: () => Promise<ReentrantRecording>; log: readonly string[]; deepest: number }[] = [
  {
    name: "traps and exceptions through several levels",
    record: recordLevels,
    log: [
      ...["level 0: return 1", "level 1: return 3", "level 2: return 6", "level 3: return 10", "level 4: return 15"],
      ...["level 5: return 21", "level 6: return 28", "return 36"],
      ...["level 0: trap Unreachable", "trap HostThrow: level 0 trapped with Unreachable"],
      ...["level 0: trap HostThrow: thrown at the bottom, 12", "trap HostThrow: thrown on by level 0"],
      ...["level 0: trap Unreachable", "level 1: trap HostThrow: level 0 trapped with Unreachable"],
      ...["level 2: trap HostThrow: thrown on by level 1"],
      ...["level 3: return 1006", "level 4: return 1011", "level 5: return 1017", "level 6: return 1024", "return 1032"],
      ...["level 0: trap HostThrow: thrown at the bottom, 29", "level 1: trap HostThrow: thrown on by level 0"],
      ...["level 2: trap HostThrow: thrown on by level 1", "level 3: return 1006", "level 4: return 1011", "level 5: return 1017"],
      ...["level 6: return 1024", "level 7: return 1032", "return 1041", "level 0: return 1", "level 1: return 3", "return 6"],
    ],
    deepest: 18,
  },
  {
    name: "instances and tables that imports make and change",
    record: recordInstances,
    log: [
      ...["note 2", "return ", "trap Unreachable", "return 21", "note 4", "return ", "trap Unreachable", "return 60"],
      ...["note 6", "return ", "trap Unreachable", "return 148", "note 8", "return ", "trap Unreachable", "return 212"],
    ],
    deepest: 5,
  },
  {
    name: "answers that come between calls",
    record: recordWaiting,
    log: [
      ...["return ", "trap HostThrow: no answer to 297", "return ", "return 995", "return ", "return 377", "return ", "return 493"],
      ...["return ", "trap HostThrow: no answer to 645", "return ", "trap HostThrow: no answer to 1781"],
    ],
    deepest: 4,
  },
  {
    name: "a JavaScript program on the namespace",
    record: recordNamespace,
    log: [
      ...["1: 1", "4: the same", "level 4: the same", "6: 402", "9: a tag", "11: the same", "level 11: Exception", "14: 1102"],
      ...["16: RuntimeError", "17: RuntimeError", "level 18: RuntimeError", "20: 1802", "45: 5044"],
    ],
    deepest: 12,
  },
  {
    name: "an exhausted stack",
    record: recordExhaustion,
    log: ["level 87: trap CallStackExhausted", "return 16472", "return 10"],
    deepest: 227,
  },
];

for (const program of programs) {
  describe(`re-entrancy: ${program.name}`, () => {
    let recording: ReentrantRecording;
    let known: Known;
    let timeline: Timeline;
    let lastTick: number;
    let lastEvent: number;

    before(async () => {
      recording = await program.record();
      known = await everywhere(recording.storage);
      timeline = await Timeline.open(recording.storage, { policy: finePolicy, intervalTicks: 1 << 5 });
      lastTick = timeline.end.tick;
      lastEvent = timeline.end.event;
    });

    it("goes as it should when it is recorded", () => {
      expect(recording.log).to.deep.equal(program.log);
      expect(known.deepest).to.equal(program.deepest);
    });

    it("has one state at each tick and each event, in any order of seeks", async () => {
      const random = mulberry32(31);
      for (let i = 0; i < 120; i++) {
        const tick = Math.floor(random() * (lastTick + 1));
        await timeline.seekTick(tick);
        expect(timeline.stateHash(), `tick ${tick}`).to.equal(known.byTick[tick]);
        const event = Math.floor(random() * (lastEvent + 1));
        await timeline.seekEvent(event);
        expect(timeline.stateHash(), `event ${event}`).to.equal(known.byEvent[event]);
      }
    });

    it("steps forward through every instruction, and back through every one", async () => {
      const plain = await Timeline.open(recording.storage, { policy: finePolicy, intervalTicks: 1 << 5 });
      for (let tick = 0; tick <= lastTick; tick++) {
        const atTrap = tick === lastTick && plain.store.status === Status.Trapped;
        const expected = atTrap ? known.byEvent[plain.position.event] : known.byTick[tick];
        expect(plain.stateHash(), `tick ${tick}, forward`).to.equal(expected);
        if (tick < lastTick) await plain.step();
      }
      await plain.seekTo("end");
      for (let tick = lastTick; tick > 0; tick--) {
        await plain.reverseStep();
        expect(plain.position.tick).to.equal(tick - 1);
        expect(plain.stateHash(), `tick ${tick - 1}, backward`).to.equal(known.byTick[tick - 1]);
      }
      expect(await plain.reverseStep()).to.equal("start");
    });

    it("goes on from stored snapshots of any event, in a store of its own", async () => {
      const modules = [...timeline.store.modules];
      await timeline.seekTo("end");
      for (let event = 0; event <= lastEvent; event += Math.ceil(lastEvent / 25)) {
        await timeline.seekEvent(event);
        const bytes = serializeSnapshot(timeline.capture());
        await timeline.seekTo("end");
        const snapshot = deserializeSnapshot(bytes);
        const store = storeFromSnapshot(snapshot, [...timeline.store.modules, ...modules]);
        expect(stateHash(new SnapshotTaker(store).capture(event)), `event ${event}`).to.equal(known.byEvent[event]);
      }
    });

    it("gives the recorded trace again", async () => {
      const reader = await TraceReader.open(recording.storage);
      const sink = new MemorySink();
      const recorder = new Recorder(sink, reader.header);
      const replayer = new Replayer(reader, { journal: recorder });
      recorder.attach(replayer.store);
      expect(await replayer.runTo()).to.equal("end");
      recorder.finish();
      expect(Buffer.from(sink.bytes()).equals(Buffer.from(recording.storage.read(0, recording.storage.byteLength)))).to.equal(true);
      expect(replayer.store.status).to.equal(Status.Idle);
    });
  });
}

describe("re-entrancy: calls that come at the wrong time", () => {
  it("are refused, and the recording does not notice", async () => {
    const { storage, log } = await recordIntrusion();
    expect(log.at(-1)).to.equal("return 42");
    expect(log.length).to.be.above(1);
    expect(new Set(log.slice(0, -1))).to.deep.equal(new Set(["machine-state"]));
    const replayer = await Replayer.open(storage);
    expect(await replayer.runTo()).to.equal("end");
    expect(replayer.eventNumber).to.equal(4);
  });
});

describe("re-entrancy: looking around in an import that makes instances", () => {
  let timeline: Timeline;
  /** Settled ticks at which the machine stands at the first instruction of a `triple`, by brute force, with the function. */
  const entries: { readonly tick: number; readonly funcAddr: number }[] = [];

  before(async () => {
    timeline = await Timeline.open((await recordInstances()).storage, { policy: finePolicy, intervalTicks: 1 << 5 });
    const { store } = timeline;
    let before = -1;
    for (;;) {
      const { depth } = store;
      const funcAddr = depth === 0 ? -1 : store.frameWord(depth - 1, 0);
      if (funcAddr >= 0 && new Symbols(store).funcName(funcAddr) === "triple" && depth > before) {
        entries.push({ tick: timeline.position.tick, funcAddr });
      }
      before = depth;
      if (timeline.atEnd) return;
      await timeline.step();
    }
  });

  it("stops in functions of instances that did not exist before, from both sides", async () => {
    expect(entries.length).to.equal(6);
    const session = new DebugSession(timeline);
    await session.move({ kind: "seek", position: "end" });
    // Four instances have one each.
    expect(session.addBreakpoint("triple").places.length).to.equal(4);
    for (const { tick, funcAddr } of [...entries].reverse()) {
      expect((await session.move({ kind: "reverse-continue" })).reason).to.equal("breakpoint");
      expect(timeline.position.tick).to.equal(tick);
      expect(timeline.store.frameWord(timeline.store.depth - 1, 0)).to.equal(funcAddr);
    }
    expect((await session.move({ kind: "reverse-continue" })).reason).to.equal("start");
    for (const { tick } of entries) {
      expect((await session.move({ kind: "continue" })).reason).to.equal("breakpoint");
      expect(timeline.position.tick).to.equal(tick);
    }
    expect((await session.move({ kind: "continue" })).reason).to.equal("end");
  });

  it("stops in functions that do not exist yet when the breakpoint is set", async () => {
    const fresh = await Timeline.open((await recordInstances()).storage);
    const session = new DebugSession(fresh);
    expect(() => session.addBreakpoint("triple")).to.throw("there is no function triple");
    const { places } = await session.addBreakpointAnywhere("triple");
    expect(places.map(({ funcAddr }) => session.nameOf(funcAddr))).to.deep.equal(["triple", "triple", "triple", "triple"]);
    for (const { tick, funcAddr } of entries) {
      const { reason, breakpoint } = await session.move({ kind: "continue" });
      expect(reason).to.equal("breakpoint");
      expect(breakpoint?.number).to.equal(1);
      expect(fresh.position.tick).to.equal(tick);
      expect(fresh.store.frameWord(fresh.store.depth - 1, 0)).to.equal(funcAddr);
    }
    session.deleteBreakpoint();
    await session.move({ kind: "seek", position: "start" });
    expect((await session.addBreakpointAnywhere("host.note")).places.length).to.equal(4);
    for (let i = 0; i < 4; i++) {
      expect((await session.move({ kind: "continue" })).reason).to.equal("breakpoint");
      expect(session.backtrace(1)[0]?.name).to.equal("host.note");
    }
    expect((await session.move({ kind: "continue" })).reason).to.equal("end");
    const error = await session.addBreakpointAnywhere("quadruple").catch((reason: unknown) => reason);
    expect(error).to.have.property("code", "unknown-place");
  });

  it("shows host frames between wasm frames, and leaves them", async () => {
    const session = new DebugSession(timeline);
    await session.move({ kind: "seek", position: "end" });
    session.addBreakpoint("note");
    await session.move({ kind: "seek", position: "start" });
    await session.move({ kind: "continue" });
    const names = session.backtrace().map(({ name, host }) => `${name}${host ? " (host)" : ""}`);
    expect(names).to.deep.equal(["host.note (host)", "start", "host.make (host)", "run"]);
    const { tick } = timeline.position;
    session.deleteBreakpoint();
    await session.move({ kind: "finish" });
    expect(session.backtrace().map(({ name }) => name)).to.deep.equal(["start", "host.make", "run"]);
    const inner = timeline.store.frameWord(2, 0);
    await session.move({ kind: "finish" });
    // The next instruction is one of the instance that traps when it is made; its trap is taken in the same import.
    expect(session.backtrace().map(({ name }) => name)).to.deep.equal(["start", "host.make", "run"]);
    expect(timeline.store.frameWord(2, 0)).to.not.equal(inner);
    await session.move({ kind: "finish" });
    expect(session.backtrace().map(({ name }) => name)).to.deep.equal(["run"]);
    await session.move({ kind: "seek", position: String(tick) });
    await session.move({ kind: "reverse-finish" });
    await session.move({ kind: "reverse-finish" });
    expect(session.backtrace().map(({ name }) => name)).to.deep.equal(["run"]);
    expect(timeline.position.tick).to.be.below(tick);
  });
});
