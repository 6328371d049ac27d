import { expect } from "chai";
import { describe, it } from "mocha";
import { TraceError } from "../../rr/errors.ts";
import { describeEvent, EventLabels, type TraceEvent } from "../../rr/event.ts";
import { TraceReader } from "../../rr/reader.ts";
import { Recorder } from "../../rr/recorder.ts";
import { MemorySink, MemoryStorage } from "../../rr/storage.ts";
import { EFFECTS_SPILL_BYTES, WRITE_PIECE_BYTES } from "../../rr/trace-format.ts";
import { ExitRequest } from "../../vm/host.ts";
import { Machine } from "../../vm/machine.ts";
import { Trap } from "../../vm/trap.ts";
import { ExternKind, ValType } from "../../vm/types.ts";
import { funcOf, instantiate, looper, type ModuleParts, makeModule, pingPong, type Recording, startRecording, types } from "./modules.ts";

async function eventsOf(recording: Recording): Promise<TraceEvent[]> {
  recording.recorder.finish();
  const reader = await TraceReader.open(new MemoryStorage(recording.sink.bytes()));
  const events: TraceEvent[] = [];
  for await (const event of reader.eventsFrom()) events.push(event);
  expect(reader.tickCount).to.equal(recording.machine.store.tick);
  return events;
}

/** Lines without number and tick. */
function lines(events: readonly TraceEvent[]): string[] {
  const labels = new EventLabels();
  return events.map((event) => {
    labels.observe(event);
    return describeEvent(event, labels.label).replace(/^#\d+ tick \d+ {2}/, "");
  });
}

/** Reads argument 0 and answers with it: the host of most tests. */
const echo = { work: () => {}, mix: () => {} };

describe("recording", () => {
  it("makes one event of a host call and all that it does", async () => {
    const recording = startRecording({ program: "looper" });
    const { machine } = recording;
    const host = {
      ...echo,
      work: ({ slot }: { slot: number }) => {
        const { i32 } = machine.store;
        machine.writeMemory(0, 100, Uint8Array.of(1, 2, i32[slot * 2]!));
        i32[slot * 2] = 5;
      },
    };
    const instance = instantiate(machine, looper, host);
    expect(machine.call(funcOf(machine, instance, "run"), [2])).to.deep.equal({ kind: "return", values: [10] });
    const events = await eventsOf(recording);
    expect(lines(events)).to.deep.equal([
      "host function 0 is host.work (i32) -> (i32)",
      "host function 1 is host.mix (i32, i64, f32, f64) -> (f64)",
      "module 0",
      "instance 0 of module 0",
      "call func[2](2)",
      "host.work(0) = 5  mem0[0x64..+3]=010200",
      "host.work(1) = 5  mem0[0x64..+3]=010201",
      "return from func[2] = 10",
    ]);
    expect(events.map((event) => event.tick)).to.deep.equal([...events.map((event) => event.tick)].sort((a, b) => a - b));
  });

  it("divides a host call when something happens inside it", async () => {
    const recording = startRecording();
    const { machine } = recording;
    const instance: number = instantiate(machine, pingPong, {
      pong: ({ slot }) => {
        const result = machine.call(funcOf(machine, instance, "ping"), [machine.store.i32[slot * 2]!]);
        machine.store.i32[slot * 2] = result.kind === "return" ? Number(result.values[0]) : -1;
      },
    });
    expect(machine.call(funcOf(machine, instance, "ping"), [2])).to.deep.equal({ kind: "return", values: [2] });
    expect(lines(await eventsOf(recording)).slice(3)).to.deep.equal([
      "call func[1](2)",
      "host.pong(1) …",
      "call func[1](1)",
      "host.pong(0) …",
      "call func[1](0)",
      "return from func[1] = 0",
      "… host.pong = 0",
      "return from func[1] = 1",
      "… host.pong = 1",
      "return from func[1] = 2",
    ]);
  });

  it("keeps every effect in order, and with the crossing after it", async () => {
    const recording = startRecording();
    const { machine } = recording;
    const instance = instantiate(machine, looper, echo);
    const table = machine.export(instance, "table")!.addr;
    const global = machine.export(instance, "global")!.addr;
    machine.writeMemory(0, 65_530, Uint8Array.of(9, 9));
    machine.setTable(table, 3, 1);
    expect(machine.growTable(table, 2, 0)).to.equal(4);
    expect(machine.growMemory(0, 1)).to.equal(1);
    expect(machine.growMemory(0, 70_000)).to.equal(-1);
    machine.setGlobal(global, 0xffff_ffff_ffff_fff0n);
    machine.call(funcOf(machine, instance, "run"), [0]);
    machine.writeMemory(0, 1, Uint8Array.of(7));
    const shown = lines(await eventsOf(recording)).slice(4);
    expect(shown).to.deep.equal([
      "call func[2](0)  mem0[0xfffa..+2]=0909  table0[3]=ref 0  table0 grown by 2 = 4" +
        "  mem0 grown by 1 = 1  mem0 grown by 70000 = -1  global0=0xfffffffffffffff0",
      "return from func[2] = 0",
      "mem0[0x1..+1]=07",
    ]);
  });

  it("records traps, exceptions, exits and growing", async () => {
    const recording = startRecording();
    const { machine } = recording;
    let answer = 666;
    const instance = instantiate(machine, looper, {
      ...echo,
      work: ({ slot }) => {
        if (answer === 0) throw new Error("no such file");
        if (answer === 1) throw new ExitRequest(7);
        machine.store.i32[slot * 2] = answer;
      },
    });
    const run = funcOf(machine, instance, "run");
    expect(machine.call(run, [1])).to.deep.equal({ kind: "trap", trap: Trap.Unreachable });
    expect(machine.call(funcOf(machine, instance, "grow"), [2])).to.deep.equal({ kind: "return", values: [1] });
    answer = 0;
    expect(machine.call(run, [1])).to.include({ kind: "trap", trap: Trap.HostThrow });
    answer = 1;
    expect(machine.call(run, [1])).to.deep.equal({ kind: "exit", exitCode: 7 });
    expect(() => machine.call(run, [1])).to.throw("cannot call a function");
    expect(lines(await eventsOf(recording)).slice(4)).to.deep.equal([
      "call func[2](1)",
      "host.work(0) = 0x29a",
      "trap: unreachable",
      "call func[3](2)",
      "memory.grow 0 by 2 = 1",
      "return from func[3] = 1",
      "call func[2](1)",
      "host.work(0) …",
      '… host.work threw "no such file"',
      "trap: host function threw",
      "call func[2](1)",
      "host.work(0) …",
      "exit with code 7",
    ]);
  });

  it("keeps every bit of every type of value", async () => {
    const recording = startRecording();
    const { machine } = recording;
    const { store } = machine;
    const instance = instantiate(machine, looper, {
      ...echo,
      mix: ({ slot }) => {
        store.i64[slot] = 0x7ff4_0000_0000_0001n;
      },
    });
    machine.call(funcOf(machine, instance, "values"), [-1, -2n, 1.5, -0]);
    const calls = (await eventsOf(recording)).filter((event) => event.kind === "host-call");
    expect(calls).to.have.length(1);
    expect(calls[0]).to.deep.include({ args: [-1, 0, -2, -1, 0x3fc00000, 0, 0, -2147483648], results: [1, 0x7ff40000] });
  });

  it("records what the embedder itself adds", async () => {
    const recording = startRecording();
    const { machine } = recording;
    machine.addMemory({ limits: { min: 1, max: 3 } });
    machine.addTable({ elemType: ValType.FuncRef, limits: { min: 2, max: undefined } }, 0);
    machine.addGlobal({ valType: ValType.F64, mutable: true }, 0x7ff8_0000_0000_0000n);
    machine.addHostFunc(types[0]!, () => {}, "env", "f");
    machine.call(0, [3]);
    expect(lines(await eventsOf(recording))).to.deep.equal([
      "memory 0 of 1..3 pages",
      "table 0 of 2 funcref",
      "global 0 mut f64 = nan:0x7ff8000000000000",
      "host function 0 is env.f (i32) -> (i32)",
      "call env.f(3)",
      "env.f(3) = 3",
      "return from env.f = 3",
    ]);
  });

  it("records writes between two slices of a long run at their tick", async () => {
    const recording = startRecording();
    const { machine } = recording;
    const instance = instantiate(machine, looper, echo);
    let slices = 0;
    machine.onSlice = () => {
      machine.writeMemory(0, slices, Uint8Array.of(slices));
      if (++slices === 2) machine.onSlice = undefined;
      if (slices === 2) throw new Error("enough");
    };
    let message = "";
    await machine.callAsync(funcOf(machine, instance, "spin")).catch((error: Error) => {
      message = error.message;
    });
    expect(message).to.equal("enough");
    const events = await eventsOf(recording);
    expect(lines(events).slice(5)).to.deep.equal(["mem0[0x0..+1]=00", "mem0[0x1..+1]=01"]);
    expect(events.at(-1)!.tick).to.equal(machine.store.tick);
  });

  it("divides effects that are too long for one event", async () => {
    const recording = startRecording();
    const { machine } = recording;
    const size = EFFECTS_SPILL_BYTES * 2 + 77;
    const instance = instantiate(
      machine,
      { ...looper, memoryPages: 64 },
      {
        ...echo,
        work: () => machine.writeMemory(0, 1000, new Uint8Array(size).fill(3)),
      },
    );
    machine.call(funcOf(machine, instance, "run"), [1]);
    const events = (await eventsOf(recording)).slice(5);
    expect(events.map((event) => event.kind)).to.deep.equal(["host-enter", "effects", "effects", "host-return", "return"]);
    const writes = events.flatMap((event) => event.effects).map((effect) => (effect.kind === "memory-write" ? effect.bytes.length : -1));
    expect(writes.reduce((sum, length) => sum + length, 0)).to.equal(size);
    expect(Math.max(...writes)).to.equal(WRITE_PIECE_BYTES);
  });

  it("writes out what it has before the program waits for its input", () => {
    const module: ModuleParts = {
      types,
      imports: [{ name: "fd_read", type: 3 }],
      memoryPages: 1,
      // fd_read(n, 0, 0, 0), thrice
      funcs: [
        { type: 0, export: "go", code: [0, 1, 2].flatMap((i) => [0x20, 0, 0x41, i, 0x41, 0, 0x41, 0, 0x10, 0, 0x1a]).concat(0x41, 0) },
      ],
    };
    for (const fd of [0, 3]) {
      const { machine, recorder, sink } = startRecording();
      const lengths: number[] = [];
      const type = types[3]!;
      const read = machine.addHostFunc(
        type,
        () => {
          lengths.push(sink.bytes().length);
          machine.writeMemory(
            0,
            0,
            Uint8Array.from({ length: 400 }, (_, i) => (i * i * 31) & 0xff),
          );
        },
        "wasi_snapshot_preview1",
        "fd_read",
      );
      const { instanceAddr } = machine.instantiate(makeModule(module), [{ kind: ExternKind.Func, addr: read }]);
      machine.call(funcOf(machine, instanceAddr, "go"), [fd]);
      recorder.finish();
      expect(lengths[2]! > lengths[1]!, `descriptor ${fd}`).to.equal(fd === 0);
    }
  });

  it("says so when it is attached to a machine of other settings, or to none", () => {
    expect(() => new Recorder(new MemorySink(), { stackBytes: 65536 }).attach(new Machine().store)).to.throw(
      TraceError,
      "65536 stack bytes",
    );
    const machine = new Machine({ journal: new Recorder(new MemorySink()) });
    expect(() => machine.addMemory({ limits: { min: 1, max: 1 } })).to.throw(TraceError, "attached to no machine");
  });

  it("reports a failing sink once, and never as an exception of the program", () => {
    for (const failAt of [1, 200, 70_000]) {
      let taken = 0;
      const sink = {
        write: (bytes: Uint8Array) => {
          taken += bytes.length;
          if (taken >= failAt) throw new TraceError("trace-storage", "cannot write x: no space left");
        },
      };
      const recorder = new Recorder(sink);
      const machine = new Machine({ journal: recorder });
      recorder.attach(machine.store);
      const random = Uint8Array.from({ length: 60_000 }, (_, i) => (Math.imul(i, 2654435761) >>> 13) & 0xff);
      expect(() => {
        const instance = instantiate(machine, looper, {
          ...echo,
          work: () => {
            for (let i = 0; i < 40; i++) machine.writeMemory(0, 0, random);
          },
        });
        machine.call(funcOf(machine, instance, "run"), [30]);
      }, `${failAt}`).to.throw(TraceError, "no space left");
      expect(() => recorder.finish()).to.throw(TraceError, "no space left");
    }
  });

  it("keeps what was whole when a call is given up inside of the machine", async () => {
    const { machine, sink, recorder } = startRecording();
    const instance = instantiate(machine, looper, { ...echo });
    machine.call(funcOf(machine, instance, "run"), [2]);
    const { eventCount } = recorder;
    recorder.abandoned(new RangeError("no stack"));
    expect(() => recorder.finish()).to.throw(TraceError, "a call was given up inside of the machine: no stack");
    const reader = await TraceReader.open(new MemoryStorage(sink.bytes()));
    expect([reader.eventCount, reader.complete]).to.deep.equal([eventCount, false]);
  });

  it("touches the sink only when a module is known good", () => {
    const { machine, sink, recorder } = startRecording();
    expect(() => instantiate(machine, looper, { work: () => {} })).to.throw("unknown import");
    expect(sink.bytes().length).to.equal(0);
    recorder.finish();
  });
});
