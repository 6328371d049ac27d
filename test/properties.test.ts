/** What must hold for every program and every position, tried on seeded random positions. */
import { expect } from "chai";
import { before, describe, it } from "mocha";
import { TraceReader } from "../rr/reader.ts";
import { Recorder } from "../rr/recorder.ts";
import { Replayer } from "../rr/replayer.ts";
import { MemorySink, type MemoryStorage } from "../rr/storage.ts";
import { Timeline } from "../rr/timeline.ts";
import { assemble, checked, recordMaze, recordProgram } from "./debug/recordings.ts";
import { kernelBytes } from "./support/guests.ts";
import { mulberry32 } from "./support/random.ts";

interface Program {
  readonly name: string;
  readonly record: () => Promise<MemoryStorage>;
}

/** A program that grows memory and table, uses all number types and calls through a table. */
const NUMBERS = `(module
  (memory (export "memory") 1 40)
  (table $t 4 40 funcref)
  (elem (i32.const 0) $square $half $root $square)
  (global $f (mut f64) (f64.const 1.5))
  (func $square (param i64) (result i64) (i64.mul (local.get 0) (local.get 0)))
  (func $half (param i64) (result i64) (i64.shr_s (local.get 0) (i64.const 1)))
  (func $root (param i64) (result i64)
    (i64.trunc_sat_f64_s (f64.sqrt (f64.convert_i64_s (local.get 0)))))
  (func (export "main") (param $n i32) (result f64)
    (local $i i32) (local $x i64) (local $g f32)
    (local.set $x (i64.const 123456789))
    (loop $again
      (local.set $x (i64.xor (local.get $x)
        (call_indirect $t (param i64) (result i64) (local.get $x) (i32.and (local.get $i) (i32.const 3)))))
      (global.set $f (f64.div (global.get $f) (f64.convert_i64_s (i64.and (local.get $x) (i64.const 7)))))
      (local.set $g (f32.demote_f64 (global.get $f)))
      (f32.store (i32.and (local.get $i) (i32.const 0xff0)) (local.get $g))
      (i64.store offset=5 (i32.and (i32.mul (local.get $i) (i32.const 97)) (i32.const 0xfff0)) (local.get $x))
      (if (i32.eqz (i32.and (local.get $i) (i32.const 63)))
        (then
          (drop (memory.grow (i32.const 1)))
          (drop (table.grow $t (ref.func $half) (i32.const 1)))
          (memory.fill (i32.and (local.get $i) (i32.const 0xffff)) (local.get $i) (i32.const 100))))
      (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
    (global.get $f)))`;

const programs: readonly Program[] = [
  { name: "nested calls with a host", record: async () => (await recordMaze(12)).storage },
  { name: "a trap in the end", record: async () => (await recordMaze(3, [{ name: "fail", args: [1] }])).storage },
  {
    name: "numbers, tables, growing",
    record: async () => recordProgram(await assemble(NUMBERS), [{ name: "main", args: [3000] }]).storage,
  },
  {
    name: "several calls of a kernel",
    record: async () => {
      const calls = [3, 2, 4].map((work) => ({ name: "run", args: [work] }));
      return recordProgram(checked(kernelBytes("tokens")), calls).storage;
    },
  },
];

/** Small enough that thinning has much to do. */
const finePolicy = { intervalTicks: 1 << 10, keepFactor: 4, byteBudget: 1 << 26 };

async function hashFromZero(storage: MemoryStorage, tick: number): Promise<string> {
  const replayer = await Replayer.open(storage);
  await replayer.runTo({ tick });
  const { SnapshotTaker } = await import("../snapshot/capture.ts");
  const { stateHash } = await import("../snapshot/hash.ts");
  return stateHash(new SnapshotTaker(replayer.store).capture(replayer.eventNumber));
}

for (const program of programs) {
  describe(`replay of ${program.name}`, () => {
    let storage: MemoryStorage;
    let fine: Timeline;
    let coarse: Timeline;
    let ticks: number;

    before(async () => {
      storage = await program.record();
      fine = await Timeline.open(storage, { policy: finePolicy, intervalTicks: 1 << 12 });
      coarse = await Timeline.open(storage);
      ticks = fine.end.tick;
    });

    it("has one state at a position, whichever way it is reached", async () => {
      const random = mulberry32(77);
      for (let i = 0; i < 25; i++) {
        const tick = Math.floor(random() * (ticks + 1));
        await fine.seekTick(tick);
        const hash = fine.stateHash();
        expect(await hashFromZero(storage, tick), `tick ${tick} from zero`).to.equal(hash);
        await coarse.seekTick(Math.max(0, tick - 40));
        while (coarse.position.tick < tick) await coarse.step();
        expect(coarse.stateHash(), `tick ${tick} by steps`).to.equal(hash);
        await coarse.seekTick(ticks);
        await coarse.seekTick(tick);
        expect(coarse.stateHash(), `tick ${tick} from behind`).to.equal(hash);
      }
    });

    it("is unchanged by a step forward and back, of any length and kind", async () => {
      const random = mulberry32(78);
      for (let i = 0; i < 40; i++) {
        const tick = Math.floor(random() * ticks);
        await fine.seekTick(tick);
        const { position } = fine;
        const hash = fine.stateHash();
        const count = i % 2 === 0 ? 1 : 1 + Math.floor(random() * Math.min(5000, ticks - tick - 1));
        await fine.step(count);
        // From the trap the way back begins at the last instruction, as from everywhere.
        await fine.reverseStep(fine.position.tick - tick);
        expect(fine.position, `${count} steps from ${tick}`).to.deep.equal(position);
        expect(fine.stateHash(), `${count} steps from ${tick}`).to.equal(hash);
      }
    });

    it("has the same states at events", async () => {
      const random = mulberry32(79);
      for (let i = 0; i < 20; i++) {
        const event = Math.floor(random() * (fine.end.event + 1));
        await fine.seekEvent(event);
        await coarse.seekTo("start");
        await coarse.seekEvent(event);
        expect(coarse.position).to.deep.equal(fine.position);
        expect(coarse.stateHash(), `event ${event}`).to.equal(fine.stateHash());
      }
    });

    it("is unchanged by thinning", async () => {
      const random = mulberry32(80);
      const thinned = await Timeline.open(storage, { policy: finePolicy, intervalTicks: 1 << 12 });
      for (let i = 0; i < 15; i++) {
        const tick = Math.floor(random() * (ticks + 1));
        await thinned.seekTick(tick);
        thinned.snapshots.thin(Math.floor(random() * ticks));
        await coarse.seekTick(tick);
        expect(thinned.stateHash(), `tick ${tick}`).to.equal(coarse.stateHash());
      }
    });

    it("writes the same trace again", async () => {
      const original = storage.read(0, storage.byteLength);
      const reader = await TraceReader.open(storage);
      const sink = new MemorySink();
      const recorder = new Recorder(sink, reader.header);
      const replayer = new Replayer(reader, { journal: recorder });
      recorder.attach(replayer.store);
      await replayer.runTo();
      recorder.finish();
      expect(Buffer.from(sink.bytes()).equals(Buffer.from(original))).to.equal(true);
    });
  });
}
