import { expect } from "chai";
import { before, describe, it } from "mocha";
import { KeptSnapshots } from "../../rr/kept-snapshots.ts";
import { Recorder } from "../../rr/recorder.ts";
import { openSidecar, RecordingSnapshots, traceIdentity, writeSidecar } from "../../rr/sidecar.ts";
import { MemorySink, MemoryStorage } from "../../rr/storage.ts";
import type { Stretches } from "../../rr/stretches.ts";
import { Timeline } from "../../rr/timeline.ts";
import { SnapshotSet } from "../../snapshot/set.ts";
import { Machine } from "../../vm/machine.ts";
import { assemble } from "../debug/recordings.ts";
import { mulberry32 } from "../support/random.ts";
import { countTicks } from "./counted-ticks.ts";

/** Long enough for several slices of the machine, with memory that keeps changing. */
const SPIN = `(module (memory 8)
  (func $work (param $n i32)
    (loop $again
      (i32.store (i32.and (i32.mul (local.get $n) (i32.const 40503)) (i32.const 0x7fffc)) (local.get $n))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  (func (export "spin") (param $n i32) (call $work (local.get $n))))`;

interface Recorded {
  readonly trace: MemoryStorage;
  readonly set: SnapshotSet;
  readonly stretches: Stretches;
}

async function recordSpin(rounds: number): Promise<Recorded> {
  const sink = new MemorySink();
  const recorder = new Recorder(sink, {});
  const machine = new Machine({ journal: recorder });
  recorder.attach(machine.store);
  const snapshots = new RecordingSnapshots(machine.store, () => recorder.eventCount, { share: 1 });
  machine.onSlice = snapshots.look;
  const { instanceAddr } = machine.instantiate(await assemble(SPIN));
  await machine.callAsync(machine.export(instanceAddr, "spin")!.addr, [rounds]);
  recorder.finish();
  return { trace: new MemoryStorage(sink.bytes()), set: snapshots.set, stretches: snapshots.stretches };
}

async function stored(set: SnapshotSet, identity: string, stretches?: Stretches): Promise<Uint8Array> {
  const sink = new MemorySink();
  writeSidecar(set, identity, sink, { stretches });
  return sink.bytes();
}

describe("snapshots beside a trace", () => {
  let recorded: Recorded;
  let identity: string;
  let bytes: Uint8Array;

  before(async () => {
    recorded = await recordSpin(4_000_000);
    identity = await traceIdentity(recorded.trace);
    bytes = await stored(recorded.set, identity);
  });

  it("come with what is known of the stretches between them, so that a search runs next to nothing again", async () => {
    const { snapshots } = await openSidecar(new MemoryStorage(await stored(recorded.set, identity, recorded.stretches)), identity);
    for (const known of [true, false]) {
      const timeline = await Timeline.open(recorded.trace, known ? { snapshots } : {});
      await timeline.seekTo("90%");
      const ran = countTicks(timeline);
      const first = await timeline.reverseFinish();
      expect(first).to.equal("finish");
      expect(timeline.position.tick).to.be.below(10);
      // The interval before the first snapshot is not one of those that are known.
      if (known) expect(ran()).to.be.below(timeline.end.tick * 0.6);
      await timeline.seekTo("90%");
      const firstRan = ran();
      expect(await timeline.reverseFinish()).to.equal(first);
      expect(ran() - firstRan, "the second time").to.be.below(timeline.end.tick / 4);
    }
  });

  it("are taken while recording, and lead to the same states", async () => {
    expect(recorded.set.size).to.be.greaterThan(2);
    const { snapshots } = await openSidecar(new MemoryStorage(bytes), identity);
    const helped = await Timeline.open(recorded.trace, { snapshots });
    const alone = await Timeline.open(recorded.trace);
    expect(helped.stateHash()).to.equal(alone.stateHash());
    const random = mulberry32(9);
    const ticks = [...recorded.set].map(({ tick }) => tick);
    for (const tick of [...ticks, ...Array.from({ length: 5 }, () => Math.floor(random() * alone.end.tick))]) {
      await helped.seekTick(tick);
      await alone.seekTick(tick);
      expect(helped.position).to.deep.equal(alone.position);
      expect(helped.stateHash(), `tick ${tick}`).to.equal(alone.stateHash());
    }
    await helped.seekEvent(0);
    await alone.seekEvent(0);
    expect(helped.stateHash()).to.equal(alone.stateHash());
    await helped.seekTo("end");
    expect(await helped.reverseContinue()).to.equal("start");
  });

  it("are read only when they are wanted", async () => {
    let reads = 0;
    const storage = new MemoryStorage(bytes);
    const counting = {
      byteLength: storage.byteLength,
      read: (offset: number, length: number) => {
        reads++;
        return storage.read(offset, length);
      },
    };
    const { snapshots } = await openSidecar(counting, identity);
    const timeline = await Timeline.open(recorded.trace, { snapshots });
    const opened = reads;
    await timeline.seekTick(100);
    expect(reads).to.equal(opened);
    const started = performance.now();
    await timeline.seekTick([...recorded.set].at(-1)!.tick + 5);
    expect(reads).to.be.greaterThan(opened);
    expect(performance.now() - started).lessThan(5000);
    expect(timeline.snapshots.changed).to.equal(false);
    await timeline.snapshots.readAll();
    expect(timeline.snapshots.set.size).to.equal(recorded.set.size);
  });

  it("of another trace are refused with a reason", async () => {
    const other = await recordSpin(10);
    const found = await openSidecar(new MemoryStorage(bytes), await traceIdentity(other.trace));
    expect(found.snapshots).to.equal(undefined);
    expect(found.problem).to.equal("they belong to another recording");
    const none = await openSidecar(new MemoryStorage(Uint8Array.of(1, 2, 3)), identity);
    expect(none.problem).to.be.a("string");
  });

  it("that are damaged change nothing but the time it takes", async () => {
    const alone = await Timeline.open(recorded.trace);
    const tick = [...recorded.set].at(-1)!.tick + 1000;
    await alone.seekTick(tick);
    const hash = alone.stateHash();
    const random = mulberry32(10);
    let gaveUp = 0;
    for (let i = 0; i < 12; i++) {
      const damaged = bytes.slice();
      const at = Math.floor(random() * bytes.length);
      damaged[at] = damaged[at]! ^ (1 << Math.floor(random() * 8));
      const { snapshots, problem } = await openSidecar(new MemoryStorage(damaged), identity);
      const timeline = await Timeline.open(recorded.trace, { snapshots });
      await timeline.seekTick(tick);
      expect(timeline.stateHash(), `byte ${at}`).to.equal(hash);
      if (problem !== undefined || timeline.snapshots.problem !== undefined) gaveUp++;
    }
    expect(gaveUp).to.be.greaterThan(0);
  });

  it("cost no more than their share of the time", async () => {
    const sink = new MemorySink();
    const recorder = new Recorder(sink, {});
    const machine = new Machine({ journal: recorder });
    recorder.attach(machine.store);
    const snapshots = new RecordingSnapshots(machine.store, () => recorder.eventCount, { share: 0 });
    machine.onSlice = snapshots.look;
    const { instanceAddr } = machine.instantiate(await assemble(SPIN));
    await machine.callAsync(machine.export(instanceAddr, "spin")!.addr, [4_000_000]);
    expect(snapshots.set.size).lessThan(2);
  });

  it("are named after their trace: any change of it gives another name", async () => {
    const original = recorded.trace.read(0, recorded.trace.byteLength);
    const changed = original.slice();
    changed[changed.length - 30] = changed[changed.length - 30]! ^ 1;
    expect(await traceIdentity(new MemoryStorage(changed))).not.to.equal(identity);
    expect(await traceIdentity(new MemoryStorage(original.slice(0, -1)))).not.to.equal(identity);
    expect(await traceIdentity(new MemoryStorage(original.slice()))).to.equal(identity);
  });
});

describe("snapshots of a timeline", () => {
  it("prefer the latest, from wherever it comes", async () => {
    const { set } = await recordSpin(3_000_000);
    const [first, second] = [...set];
    const kept = new KeptSnapshots(new SnapshotSet(), undefined);
    kept.fix(first!);
    expect(await kept.before(first!)).to.equal(undefined);
    expect(await kept.atOrBefore(first!)).to.equal(first);
    kept.add(second!);
    expect(await kept.atOrBefore({ tick: Number.MAX_SAFE_INTEGER, event: 0 })).to.equal(second);
    expect(await kept.before(second!)).to.equal(first);
    expect(kept.positionAtOrBefore(second!)).to.include({ tick: second!.tick });
  });
});
