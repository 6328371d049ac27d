import { sha256 } from "@noble/hashes/sha2";
import { bytesToHex } from "@noble/hashes/utils";
import { expect } from "chai";
import { describe, it } from "mocha";
import { TraceError } from "../../rr/errors.ts";
import type { TraceEvent } from "../../rr/event.ts";
import { TraceReader } from "../../rr/reader.ts";
import { Recorder } from "../../rr/recorder.ts";
import { Replayer } from "../../rr/replayer.ts";
import { MemorySink, MemoryStorage, type TraceStorage } from "../../rr/storage.ts";
import { makeHeader } from "../../rr/trace-format.ts";
import { TraceWriter } from "../../rr/writer.ts";
import { ExitRequest, type HostCall } from "../../vm/host.ts";
import type { Machine } from "../../vm/machine.ts";
import { Status, type Store } from "../../vm/store.ts";
import { ValType } from "../../vm/types.ts";
import { mulberry32 } from "../support/random.ts";
import { funcOf, instantiate, looper, moduleBytes, pingPong, type Recording, startRecording, types } from "./modules.ts";

function finish(recording: Recording): Uint8Array {
  recording.recorder.finish();
  return recording.sink.bytes();
}

async function replayOf(bytes: Uint8Array): Promise<Replayer> {
  return Replayer.open(new MemoryStorage(bytes));
}

/** What of a store can be compared directly. Globals and tables as arrays, memories as their hashes. */
function visible(store: Store): unknown {
  return {
    status: store.status,
    tick: store.tick,
    exitCode: store.exitCode,
    depth: store.depth,
    memories: store.memories.map((memory) => `${memory.pageCount} ${bytesToHex(sha256(memory.bytes))}`),
    tables: store.tables.map((table) => Array.from(table.elements)),
    globals: store.globals.map(({ slot }) => store.globalI64[slot]),
  };
}

/** The trace with other events: ticks and numbers are taken over as `edit` leaves them. */
async function rewrite(bytes: Uint8Array, edit: (events: TraceEvent[]) => TraceEvent[], end?: number): Promise<Uint8Array> {
  const reader = await TraceReader.open(new MemoryStorage(bytes));
  const events: TraceEvent[] = [];
  for await (const event of reader.eventsFrom()) events.push(event);
  const sink = new MemorySink();
  const writer = new TraceWriter(sink, reader.header);
  for (const module of reader.modules) writer.module(await module.load());
  edit(events).forEach((event, number) => {
    writer.append({ ...event, number });
  });
  writer.finish(end ?? reader.tickCount);
  return sink.bytes();
}

async function failure(promise: Promise<unknown>): Promise<TraceError> {
  try {
    await promise;
  } catch (error) {
    expect(error, (error as Error).stack).to.be.instanceOf(TraceError);
    expect((error as Error).message).to.not.contain("\n");
    return error as TraceError;
  }
  throw new Error("no error");
}

/** A program that does everything: n calls to a host with seeded effects, re-entry, growing, exceptions, an exit at the end. */
function busyRecording(seed: number): Recording {
  const random = mulberry32(seed);
  const recording = startRecording({ program: "busy" });
  const { machine } = recording;
  const { store } = machine;
  let depth = 0;
  let instance = 0;
  let other = 0;
  let calls = 0;
  const work = ({ slot }: HostCall): void => {
    const arg = store.i32[slot * 2]!;
    for (let i = 0; i < random() * 3; i++) machine.writeMemory(0, 8 + Math.floor(random() * 60_000), Uint8Array.of(arg, random() * 256));
    const kind = random();
    if (++calls % 29 === 0) recording.recorder.flush();
    if (kind < 0.1) machine.growMemory(0, random() < 0.5 ? 1 : 100_000);
    else if (kind < 0.2) machine.setGlobal(0, BigInt(Math.floor(random() * 2 ** 50)));
    else if (kind < 0.3) machine.setTable(0, Math.floor(random() * 4), Math.floor(random() * 3));
    else if (kind < 0.5 && depth < 6) {
      depth++;
      try {
        const name = random() < 0.7 ? "run" : "grow";
        machine.call(funcOf(machine, instance, name), [Math.floor(random() * 4)]);
      } finally {
        depth--;
      }
    } else if (kind < 0.55) machine.call(funcOf(machine, other, "ping"), [3]);
    else if (kind < 0.6) throw new Error(`thrown ${arg}`);
    store.i32[slot * 2] = Math.floor(random() * 9);
  };
  const pong = ({ slot }: HostCall): void => {
    machine.call(funcOf(machine, other, "ping"), [store.i32[slot * 2]!]);
  };
  instance = instantiate(machine, looper, { work, mix: () => {} });
  other = instantiate(machine, pingPong, { pong });
  for (let i = 0; i < 20; i++) {
    machine.call(funcOf(machine, instance, "run"), [Math.floor(random() * 12)]);
    if (random() < 0.3) machine.writeMemory(0, 4, Uint8Array.of(i));
    machine.call(funcOf(machine, instance, "values"), [i, BigInt(i) << 40n, Number.NaN, -i]);
  }
  return recording;
}

function exitRecording(): Recording {
  const recording = startRecording();
  const { machine } = recording;
  const instance: number = instantiate(machine, looper, {
    mix: () => {},
    work: ({ slot }) => {
      const n = machine.store.i32[slot * 2]!;
      if (n === 3) throw new ExitRequest(41);
      if (n === 2) machine.call(funcOf(machine, instance, "run"), [9]);
    },
  });
  machine.call(funcOf(machine, instance, "run"), [9]);
  return recording;
}

/** run(3) with a host that adds 5 each time. */
function plainRecording(): Recording {
  const recording = startRecording();
  const { machine } = recording;
  const instance = instantiate(machine, looper, {
    mix: () => {},
    work: ({ slot }) => {
      machine.store.i32[slot * 2] = 5;
    },
  });
  machine.call(funcOf(machine, instance, "run"), [3]);
  return recording;
}

describe("replay", () => {
  for (const seed of [1, 2, 3, 4, 5, 6]) {
    it(`ends in the recorded state and writes the same trace again (seed ${seed})`, async () => {
      const recording = busyRecording(seed);
      const bytes = finish(recording);
      const replayer = await replayOf(bytes);
      const sink = new MemorySink();
      const recorder = new Recorder(sink, replayer.reader.header);
      recorder.attach(replayer.store);
      replayer.journal = recorder;
      expect(await replayer.runTo()).to.equal("end");
      expect(visible(replayer.store)).to.deep.equal(visible(recording.machine.store));
      recorder.finish();
      expect(Buffer.compare(sink.bytes(), bytes), "trace of the replay").to.equal(0);
    });

    it(`is the same in one run and in many short ones (seed ${seed})`, async () => {
      const bytes = finish(busyRecording(seed));
      const whole = await replayOf(bytes);
      const parts = await replayOf(bytes);
      const random = mulberry32(seed);
      const { tickCount } = whole.reader;
      for (let tick = 0; tick < tickCount; tick += 1 + Math.floor(random() * (tickCount / 20))) {
        expect(await parts.runTo({ tick })).to.equal("goal");
        const fresh = await replayOf(bytes);
        expect(await fresh.runTo({ tick })).to.equal("goal");
        expect(parts.store.tick).to.equal(tick);
        expect(parts.eventNumber).to.equal(fresh.eventNumber);
        expect(visible(parts.store)).to.deep.equal(visible(fresh.store));
      }
      await whole.runTo();
      await parts.runTo();
      expect(visible(parts.store)).to.deep.equal(visible(whole.store));
    });
  }

  it("stops at every event, before it is consumed", async () => {
    const bytes = finish(busyRecording(7));
    const replayer = await replayOf(bytes);
    const seen: TraceEvent[] = [];
    replayer.onEvent = (event) => seen.push(event);
    const { eventCount } = replayer.reader;
    for (let event = 0; event <= eventCount; event++) {
      expect(await replayer.runTo({ event })).to.equal("goal");
      expect(replayer.eventNumber).to.equal(event);
      expect(replayer.waiting).to.equal(true);
      expect(seen.length).to.equal(event);
    }
    expect(seen.map(({ number }) => number)).to.deep.equal(seen.map((_, i) => i));
    expect(await replayer.runTo({ event: eventCount + 1 })).to.equal("end");
  });

  it("shows a host call's arguments to the observer", async () => {
    const replayer = await replayOf(finish(plainRecording()));
    const seen: number[] = [];
    replayer.onEvent = (event, store) => {
      if (event.kind !== "host-call") return;
      const fp = store.frames[store.frameTop - 3]!;
      seen.push(store.i32[fp * 2]!);
    };
    await replayer.runTo();
    expect(seen).to.deep.equal([0, 1, 2]);
  });

  it("ends the program as it ended, also from within nested calls", async () => {
    const recording = exitRecording();
    const replayer = await replayOf(finish(recording));
    expect(await replayer.runTo()).to.equal("end");
    expect(replayer.store).to.include({ status: Status.Exited, exitCode: 41 });
    expect(visible(replayer.store)).to.deep.equal(visible(recording.machine.store));
  });

  it("goes forward only", async () => {
    const replayer = await replayOf(finish(plainRecording()));
    await replayer.runTo({ tick: 20 });
    expect((await failure(replayer.runTo({ tick: 19 }))).code).to.equal("trace-use");
    expect((await failure(replayer.runTo({ event: 0 }))).code).to.equal("trace-use");
  });

  it("repeats writes between two slices of a run, at their tick", async () => {
    const recording = startRecording();
    const { machine } = recording;
    const instance = instantiate(machine, looper, { work: () => {}, mix: () => {} });
    let slices = 0;
    machine.onSlice = () => {
      machine.writeMemory(0, 40 + slices++, Uint8Array.of(slices));
      if (slices === 2) throw new Error("enough");
    };
    await machine.callAsync(funcOf(machine, instance, "spin")).catch(() => {});
    const bytes = finish(recording);
    const replayer = await replayOf(bytes);
    const tick = machine.store.tick / 2;
    expect(await replayer.runTo({ tick: tick - 1 })).to.equal("goal");
    expect(replayer.store.memories[0]!.bytes[40]).to.equal(0);
    expect(await replayer.runTo({ tick })).to.equal("goal");
    expect(replayer.store.memories[0]!.bytes[40], "before the next instruction").to.equal(1);
    expect(await replayer.runTo()).to.equal("end");
    expect(visible(replayer.store)).to.deep.equal(visible(machine.store));
    expect(replayer.store.status, "interrupted, not ended").to.equal(Status.Running);
  });

  it("works from any storage, also one that answers later", async () => {
    const recording = busyRecording(8);
    const bytes = finish(recording);
    const storage: TraceStorage = { byteLength: bytes.length, read: async (offset, length) => bytes.slice(offset, offset + length) };
    const replayer = await Replayer.open(storage);
    expect(await replayer.runTo()).to.equal("end");
    expect(visible(replayer.store)).to.deep.equal(visible(recording.machine.store));
  });
});

describe("replay of nested calls", () => {
  /** Live: recursion over the native stack. */
  function nested(depth: number): Recording {
    const recording = startRecording();
    const { machine } = recording;
    const instance: number = instantiate(machine, pingPong, {
      pong: ({ slot }) => {
        const result = machine.call(funcOf(machine, instance, "ping"), [machine.store.i32[slot * 2]!]);
        machine.store.i32[slot * 2] = result.kind === "return" ? Number(result.values[0]) : -1;
      },
    });
    expect(machine.call(funcOf(machine, instance, "ping"), [depth])).to.deep.equal({ kind: "return", values: [depth] });
    return recording;
  }

  it("repeats 500 levels that were recorded", async () => {
    const recording = nested(500);
    const replayer = await replayOf(finish(recording));
    await replayer.runTo({ event: 3 + 1 + 500 * 2 });
    expect(replayer.store.depth).to.equal(1000);
    expect(await replayer.runTo()).to.equal("end");
    expect(visible(replayer.store)).to.deep.equal(visible(recording.machine.store));
  });

  it("repeats 10,000 levels, which no native stack holds", async () => {
    const depth = 10_000;
    // One level more takes as many ticks on the way in, and on the way out, as any other.
    const small = await TraceReader.open(new MemoryStorage(finish(nested(2))));
    const events: TraceEvent[] = [];
    for await (const event of small.eventsFrom()) events.push(event);
    const at = (index: number): number => events[index]!.tick;
    const inTicks = at(6) - at(4);
    const zeroTicks = at(8) - at(7);
    const outTicks = at(10) - at(9);
    expect(events.map(({ kind }) => kind).slice(3, 6)).to.deep.equal(["call", "host-enter", "call"]);

    const sink = new MemorySink();
    const writer = new TraceWriter(sink, makeHeader());
    writer.module(moduleBytes(pingPong));
    const common = { effects: [] };
    for (const event of events.slice(0, 3)) writer.append(event);
    let tick = 0;
    const add = (event: Omit<Extract<TraceEvent, { kind: "call" | "host-enter" }>, "number" | "tick">): void =>
      writer.append({ ...event, number: writer.eventCount, tick });
    const addBack = (event: Omit<Extract<TraceEvent, { kind: "return" | "host-return" }>, "number" | "tick">): void =>
      writer.append({ ...event, number: writer.eventCount, tick });
    add({ ...common, kind: "call", funcAddr: 1, args: [depth, 0] });
    for (let n = depth - 1; n >= 0; n--) {
      tick += inTicks;
      add({ ...common, kind: "host-enter", funcAddr: 0, args: [n, 0] });
      add({ ...common, kind: "call", funcAddr: 1, args: [n, 0] });
    }
    tick += zeroTicks;
    addBack({ ...common, kind: "return", funcAddr: 1, results: [0, 0] });
    for (let n = 0; n < depth; n++) {
      addBack({ ...common, kind: "host-return", funcAddr: 0, results: [n, 0] });
      tick += outTicks;
      addBack({ ...common, kind: "return", funcAddr: 1, results: [n + 1, 0] });
    }
    writer.finish(tick);

    const replayer = await replayOf(sink.bytes());
    await replayer.runTo({ event: 3 + 1 + depth * 2 });
    expect(replayer.store.depth).to.equal(depth * 2);
    expect(await replayer.runTo()).to.equal("end");
    expect(replayer.store).to.include({ status: Status.Idle, tick, depth: 0 });
  });
});

describe("replay of incomplete traces", () => {
  it("stops cleanly where the trace ends", async () => {
    const recording = busyRecording(9);
    recording.recorder.flush();
    const bytes = recording.sink.bytes();
    const replayer = await replayOf(bytes);
    expect(replayer.reader.complete).to.equal(false);
    expect(await replayer.runTo()).to.equal("end");
    expect(replayer.eventNumber).to.equal(replayer.reader.eventCount);
    expect(replayer.store.tick).to.equal(replayer.reader.tickCount);
  });

  it("does not run on for ever after the last event", async () => {
    const { machine, recorder, sink } = startRecording();
    const instance = instantiate(machine, looper, { work: () => {}, mix: () => {} });
    machine.onSlice = () => {
      throw new Error("enough");
    };
    await machine.callAsync(funcOf(machine, instance, "spin")).catch(() => {});
    recorder.flush();
    const killed = await replayOf(sink.bytes());
    expect(await killed.runTo()).to.equal("end");
    expect(killed.store).to.include({ status: Status.Running, tick: 0 });
    recorder.finish();
    const ended = await replayOf(sink.bytes());
    expect(await ended.runTo()).to.equal("end");
    expect(ended.store).to.include({ status: Status.Running, tick: machine.store.tick });
  });

  it("says where damage is when it gets there", async () => {
    const recording = startRecording();
    const { machine, recorder, sink } = recording;
    const instance = instantiate(machine, looper, { work: () => {}, mix: () => {} });
    const run = funcOf(machine, instance, "run");
    const borders: number[] = [];
    for (let i = 0; i < 4; i++) {
      machine.call(run, [3]);
      recorder.flush();
      borders.push(sink.bytes().length);
    }
    const bytes = finish(recording);
    bytes[borders[1]! + 60]! ^= 1;
    const replayer = await replayOf(bytes);
    await replayer.runTo({ tick: 30 });
    expect(await failure(replayer.runTo())).to.include({ code: "trace-corrupt", offset: borders[1] });
  });
});

describe("divergence", () => {
  const plain = (): Uint8Array => finish(plainRecording());
  const callIndex = 4;
  /** Events of plainRecording: 0, 1 host functions, 2 module, 3 instance, 4 call, 5 … 7 host calls, 8 return. */
  async function diverge(index: number, change: (event: TraceEvent) => TraceEvent): Promise<string> {
    const bytes = await rewrite(plain(), (events) => events.map((event, i) => (i === index ? change(event) : event)));
    const error = await failure((await replayOf(bytes)).runTo());
    expect(error.code).to.equal("divergence");
    return error.message;
  }
  type Call = Extract<TraceEvent, { kind: "host-call" }>;

  it("names tick, event, function, expected and actual", async () => {
    const other = await diverge(5, (event) => ({ ...event, funcAddr: 1 }) as Call);
    expect(other).to.match(/^tick \d+, event #5: recorded host\.mix\(0\) = \S+, replay called host\.work\(0\)$/);
    const argument = await diverge(6, (event) => ({ ...event, args: [77, 0] }) as Call);
    expect(argument).to.match(/^tick \d+, event #6: recorded host\.work\(77\) = 5, replay called host\.work\(1\)$/);
    const result = await diverge(8, (event) => ({ ...event, results: [1, 0] }) as TraceEvent);
    expect(result).to.match(/^tick \d+, event #8: recorded return from run = 1, replay returned from run = 15$/);
  });

  it("is found when the kind or the tick is another", async () => {
    const kind = await diverge(8, ({ number, tick }) => ({ kind: "trap", trap: 1, number, tick, effects: [] }));
    expect(kind).to.contain("recorded trap: unreachable, replay returned from run = 15");
    const early = await diverge(7, (event) => ({ ...event, tick: event.tick - 1 }));
    expect(early).to.match(/recorded host\.work\(2\) = 5 at tick \d+, replay (runs on|called host\.work\(2\))/);
    const late = await diverge(7, (event) => ({ ...event, tick: event.tick + 1 }));
    expect(late).to.match(/recorded host\.work\(2\) = 5 at tick \d+, replay called host\.work\(2\)$/);
    const grow = await diverge(5, ({ number, tick }) => ({
      kind: "grow",
      space: "memory",
      addr: 0,
      delta: 1,
      init: 0,
      result: 1,
      number,
      tick,
      effects: [],
    }));
    expect(grow).to.contain("recorded memory.grow 0 by 1 = 1, replay called host.work(0)");
  });

  it("is found when results change what the program does next", async () => {
    const bytes = await rewrite(plain(), (events) =>
      events.map((event, i) => (i === 7 ? ({ ...event, results: [656, 0] } as Call) : event)),
    );
    const message = (await failure((await replayOf(bytes)).runTo())).message;
    expect(message).to.match(/event #8: recorded return from run = 15.*, replay trapped: unreachable$/);
  });

  it("is found when events are missing, at the end too", async () => {
    const shorter = await rewrite(plain(), (events) => events.filter((_, i) => i !== 6));
    expect((await failure((await replayOf(shorter)).runTo())).message).to.contain("replay called host.work(1)");
    const cut = await rewrite(plain(), (events) => events.slice(0, 6));
    expect((await failure((await replayOf(cut)).runTo())).message).to.match(
      /after the last event: recorded \d+ ticks, replay called host.work\(1\)/,
    );
  });

  it("does not hang in a program that runs on where an event was recorded", async () => {
    const { machine, recorder, sink } = startRecording();
    const instance = instantiate(machine, looper, { work: () => {}, mix: () => {} });
    machine.onSlice = () => {
      throw new Error("enough");
    };
    await machine.callAsync(funcOf(machine, instance, "spin")).catch(() => {});
    recorder.finish();
    const bytes = await rewrite(sink.bytes(), (events) => [
      ...events,
      { kind: "return", number: 0, tick: 1000, effects: [], funcAddr: funcOf(machine, instance, "spin"), results: [] },
    ]);
    const error = await failure((await replayOf(bytes)).runTo());
    expect(error.message).to.match(/^tick 1001, event #5: recorded return from spin at tick 1000, replay runs on$/);
  });

  it("is told apart from a trace that makes no sense", async () => {
    const nonsense: [number, (event: TraceEvent) => TraceEvent, string][] = [
      [callIndex, (event) => ({ ...event, funcAddr: 99 }) as TraceEvent, "an unknown function 99"],
      [callIndex, (event) => ({ ...event, args: [] }) as TraceEvent, "0 values where 1 are due"],
      [5, (event) => ({ ...event, results: [] }) as unknown as TraceEvent, "0 values where 1 are due"],
      [1, (event) => ({ ...event, funcAddr: 7 }) as TraceEvent, "function 7 where function 1 comes next"],
      [3, (event) => ({ ...event, imports: [] }) as unknown as TraceEvent, "an import host.work that does not match"],
      [3, (event) => ({ ...event, imports: [{ kind: 2, addr: 5 }] }) as unknown as TraceEvent, "an import host.work that does not match"],
      [3, (event) => ({ ...event, moduleIndex: 3 }) as TraceEvent, "an unknown module 3"],
      [2, (event) => ({ ...event, moduleIndex: 3 }) as TraceEvent, "it has no module 3"],
    ];
    const effects: [TraceEvent["effects"][number], string][] = [
      [{ kind: "memory-write", memoryAddr: 0, byteAddr: 65_535, bytes: Uint8Array.of(1, 2) }, "a write beyond a memory's end"],
      [{ kind: "memory-write", memoryAddr: 3, byteAddr: 0, bytes: Uint8Array.of(1, 2) }, "a write beyond a memory's end"],
      [{ kind: "table-set", tableAddr: 0, index: 4, ref: 0 }, "a table index out of range"],
      [{ kind: "table-set", tableAddr: 0, index: 0, ref: 50 }, "a reference to no function"],
      [{ kind: "global-set", globalAddr: 9, bits: [0, 0] }, "an unknown global"],
    ];
    for (const [effect, text] of effects) nonsense.push([5, (event) => ({ ...event, effects: [effect] }), text]);
    for (const [index, change, text] of nonsense) {
      const bytes = await rewrite(plain(), (events) => events.map((event, i) => (i === index ? change(event) : event)));
      const error = await failure((await replayOf(bytes)).runTo());
      expect(error.message).to.contain(text);
      expect(error.code, text).to.equal("trace-corrupt");
    }
  });

  it("does not come from growing that this machine cannot repeat", async () => {
    const { machine, recorder, sink } = startRecording();
    const instance = instantiate(machine, looper, { work: () => {}, mix: () => {} });
    machine.call(funcOf(machine, instance, "grow"), [100_000]);
    recorder.finish();
    const bytes = await rewrite(sink.bytes(), (events) => events.map((event) => (event.kind === "grow" ? { ...event, result: 1 } : event)));
    expect((await failure((await replayOf(bytes)).runTo())).code).to.equal("out-of-memory");
  });
});

describe("modules of a replay", () => {
  it("are put into a fresh store for a snapshot", async () => {
    const replayer = await replayOf(finish(busyRecording(10)));
    await replayer.loadModules(2);
    expect(replayer.store.modules.length).to.equal(2);
    expect((await failure(replayer.loadModules(3))).code).to.equal("trace-corrupt");
    expect(await replayer.runTo()).to.equal("end");
    expect(replayer.store.modules.length).to.equal(2);
  });

  it("may be equal: each event adds its own", async () => {
    const recording = startRecording();
    const host = { work: () => {}, mix: () => {} };
    instantiate(recording.machine, looper, host);
    instantiate(recording.machine, looper, host);
    recording.machine.addTable({ elemType: ValType.ExternRef, limits: { min: 0, max: 5 } });
    expect(recording.machine.store.modules.length).to.equal(2);
    const replayer = await replayOf(finish(recording));
    expect(await replayer.runTo()).to.equal("end");
    expect(replayer.store.modules.length).to.equal(2);
    expect(visible(replayer.store)).to.deep.equal(visible(recording.machine.store));
  });

  it("run their start functions", async () => {
    const recording = startRecording();
    const parts = { types, funcs: [{ type: 1, code: [0x41, 0, 0x41, 9, 0x36, 2, 0] }], memoryPages: 1, start: 0 };
    instantiate(recording.machine as Machine, parts, {});
    expect(recording.machine.store.memories[0]!.bytes[0]).to.equal(9);
    const replayer = await replayOf(finish(recording));
    expect(await replayer.runTo()).to.equal("end");
    expect(replayer.store.memories[0]!.bytes[0]).to.equal(9);
  });
});
