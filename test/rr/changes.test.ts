/** Where watched bytes change, against stepping through everything from zero. */
import { expect } from "chai";
import { before, describe, it } from "mocha";
import type { WatchRange } from "../../rr/changes.ts";
import { Replayer } from "../../rr/replayer.ts";
import type { MemoryStorage } from "../../rr/storage.ts";
import { Timeline } from "../../rr/timeline.ts";
import { comparePositions, type Position } from "../../snapshot/tree.ts";
import type { Store } from "../../vm/store.ts";
import { assemble, recordMaze, recordProgram } from "../debug/recordings.ts";
import { mulberry32 } from "../support/random.ts";
import { countTicks } from "./counted-ticks.ts";
import { recordInstances, recordLevels, recordWaiting } from "./reentrant-programs.ts";

/** Writes that are undone, of the same value, over the borders of pages, by bulk instructions, after growing, and long pauses. */
const SCRIBBLE = `(module
  (import "host" "scribble" (func $scribble (param i32)))
  (memory (export "memory") 1 8)
  (func $pause (param $n i32)
    (loop $again (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  (func (export "main") (param $rounds i32)
    (loop $again
      (i32.store (i32.const 100) (local.get $rounds))
      (i32.store (i32.const 100) (i32.const 7))
      (i64.store (i32.const 4092) (i64.extend_i32_u (i32.mul (local.get $rounds) (i32.const 0x01010101))))
      (i32.store8 (i32.const 200) (i32.const 1))
      (call $pause (i32.const 2600))
      (i32.store8 (i32.const 200) (i32.const 0))
      (i32.store8 (i32.const 201) (i32.shr_u (local.get $rounds) (i32.const 1)))
      (memory.fill (i32.const 8000) (local.get $rounds) (i32.const 400))
      (memory.copy (i32.const 12000) (i32.const 90) (i32.const 300))
      (call $scribble (local.get $rounds))
      (if (i32.eq (local.get $rounds) (i32.const 5)) (then (drop (memory.grow (i32.const 1)))))
      (if (i32.gt_u (memory.size) (i32.const 1)) (then (i32.store (i32.const 70000) (local.get $rounds))))
      (call $pause (i32.const 1700))
      (br_if $again (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))))`;

async function recordScribble(): Promise<MemoryStorage> {
  const { storage } = recordProgram(await assemble(SCRIBBLE), [{ name: "main", args: [9] }], {
    scribble: (machine) => {
      return ({ slot }) => {
        const round = machine.store.i32[slot * 2]!;
        machine.writeMemory(0, 300, Uint8Array.of(round & 3));
        machine.writeMemory(0, 100, Uint8Array.of(7));
      };
    },
  });
  return storage;
}

interface Seen {
  readonly position: Position;
  /** The whole memory 0, cut to what is watched. */
  readonly bytes: Uint8Array;
}

const WATCHED_BYTES = 70_100;

const zeros = new Uint8Array(WATCHED_BYTES);

function bytesOf(store: Store): Uint8Array {
  const bytes = new Uint8Array(WATCHED_BYTES);
  const memory = store.memories[0];
  if (memory !== undefined) bytes.set(memory.bytes.subarray(0, WATCHED_BYTES));
  return bytes;
}

function sameBytes(store: Store, bytes: Uint8Array): boolean {
  const live = store.memories[0]?.bytes.subarray(0, WATCHED_BYTES) ?? new Uint8Array(0);
  const rest = bytes.subarray(live.length);
  return Buffer.compare(live, bytes.subarray(0, live.length)) === 0 && Buffer.compare(rest, zeros.subarray(0, rest.length)) === 0;
}

/** Every position of a recording with its bytes, those that equal the ones before shared. */
async function everyPosition(storage: MemoryStorage): Promise<Seen[]> {
  const seen = new Map<string, Seen>();
  for (const by of ["tick", "event"] as const) {
    const replayer = await Replayer.open(storage);
    const { tickCount, eventCount } = replayer.reader;
    const last = by === "tick" ? tickCount : eventCount;
    let bytes: Uint8Array = bytesOf(replayer.store);
    for (let n = 0; n <= last; n++) {
      await replayer.runTo(by === "tick" ? { tick: n } : { event: n });
      if (!sameBytes(replayer.store, bytes)) bytes = bytesOf(replayer.store);
      const position = { tick: replayer.store.tick, event: replayer.eventNumber };
      seen.set(`${position.tick} ${position.event}`, { position, bytes });
    }
  }
  return [...seen.values()].sort((a, b) => comparePositions(a.position, b.position));
}

interface KnownChange {
  readonly before: Position;
  readonly after: Position;
  readonly oldBytes: Uint8Array;
  readonly newBytes: Uint8Array;
}

function changesOf(moments: readonly Seen[], { byteAddr, byteLength }: WatchRange): KnownChange[] {
  const cut = (bytes: Uint8Array): Uint8Array => bytes.slice(byteAddr, byteAddr + byteLength);
  const changes: KnownChange[] = [];
  for (let i = 1; i < moments.length; i++) {
    const one = moments[i - 1]!;
    const two = moments[i]!;
    if (one.bytes === two.bytes || Buffer.compare(cut(one.bytes), cut(two.bytes)) === 0) continue;
    changes.push({ before: one.position, after: two.position, oldBytes: cut(one.bytes), newBytes: cut(two.bytes) });
  }
  return changes;
}

const programs: readonly { name: string; record: () => Promise<MemoryStorage>; ranges: readonly (readonly [number, number])[] }[] = [
  {
    name: "scribbles",
    record: recordScribble,
    ranges: [
      [100, 1],
      [100, 4],
      [200, 1],
      [201, 1],
      [4095, 1],
      [4096, 2],
      [8399, 1],
      [8000, 400],
      [12_010, 8],
      [300, 1],
      [70_000, 4],
      [50, 10],
    ],
  },
  {
    name: "a maze",
    record: async () => (await recordMaze(5)).storage,
    ranges: [
      [64, 1000],
      [0, 4],
      [100, 1],
      [340, 2],
    ],
  },
  {
    name: "instances that share a memory",
    record: async () => (await recordInstances()).storage,
    ranges: [
      [512, 4],
      [600, 5],
      [800, 1],
      [700, 40],
    ],
  },
  {
    name: "levels",
    record: async () => (await recordLevels()).storage,
    ranges: [
      [0, 4],
      [4096, 64],
      [8, 1],
    ],
  },
  {
    name: "answers between calls",
    record: async () => (await recordWaiting()).storage,
    ranges: [
      [128, 16],
      [64, 4],
    ],
  },
];

for (const program of programs) {
  describe(`changes of bytes: ${program.name}`, () => {
    let moments: Seen[];
    let timelines: Timeline[];

    before(async () => {
      const storage = await program.record();
      moments = await everyPosition(storage);
      const policy = { intervalTicks: 1 << 8, keepFactor: 8, byteBudget: 1 << 26 };
      timelines = [
        await Timeline.open(storage),
        await Timeline.open(storage, { policy, intervalTicks: 1 << 10 }),
        await Timeline.open(storage, { policy: { ...policy, intervalTicks: 1 << 14 }, intervalTicks: 1 << 15 }),
      ];
    });

    it("are found from anywhere, the last one before and the first one after", async () => {
      const random = mulberry32(5);
      let found = 0;
      for (const [byteAddr, byteLength] of program.ranges) {
        const range = { memoryAddr: 0, byteAddr, byteLength };
        const changes = changesOf(moments, range);
        for (const timeline of timelines) {
          timeline.setWatchpoints([range]);
          for (let i = 0; i < 4; i++) {
            const here = moments[Math.floor(random() * moments.length)]!.position;
            const where = `bytes ${byteAddr}+${byteLength} from tick ${here.tick}, event ${here.event}`;
            await timeline.seek(here);
            expect(timeline.position, where).to.deep.equal(here);
            const last = changes.findLast(({ after }) => comparePositions(after, here) <= 0);
            const back = await timeline.reverseContinue();
            if (last === undefined) {
              expect(back, where).to.equal("start");
            } else {
              found++;
              expect(back, where).to.equal("watchpoint");
              expect(timeline.position, where).to.deep.equal(last.before);
              expect(timeline.change, where).to.deep.include(last);
            }
            await timeline.seek(here);
            const first = changes.find(({ before }) => comparePositions(before, here) >= 0);
            const forth = await timeline.continue();
            if (first === undefined) {
              expect(forth, where).to.be.oneOf(["end", "trap"]);
            } else {
              expect(forth, where).to.equal("watchpoint");
              expect(timeline.position, where).to.deep.equal(first.after);
              expect(timeline.change, where).to.deep.include(first);
            }
          }
        }
      }
      expect(found).to.be.above(10);
    });

    it("are found one after another, none left out, in both directions", async () => {
      const [byteAddr, byteLength] = program.ranges[0]!;
      const range = { memoryAddr: 0, byteAddr, byteLength };
      const changes = changesOf(moments, range);
      const timeline = timelines[1]!;
      timeline.setWatchpoints([range]);
      await timeline.seekTo("start");
      const start = timeline.position;
      const ahead = changes.filter(({ before }) => comparePositions(before, start) >= 0);
      for (const { after } of ahead.slice(0, 40)) {
        expect(await timeline.continue()).to.equal("watchpoint");
        expect(timeline.position).to.deep.equal(after);
      }
      await timeline.seekTo("end");
      for (const { before } of [...ahead].reverse().slice(0, 40)) {
        expect(await timeline.reverseContinue()).to.equal("watchpoint");
        expect(timeline.position).to.deep.equal(before);
      }
    });
  });
}

describe("changes of bytes and other moves", () => {
  it("stop step, next and finish, and their reverses, where these would go past them", async () => {
    const storage = await recordScribble();
    const timeline = await Timeline.open(storage);
    const range = { memoryAddr: 0, byteAddr: 200, byteLength: 1 };
    const changes = changesOf(await everyPosition(storage), range);
    timeline.setWatchpoints([range]);
    await timeline.seek(changes[2]!.after);
    expect(await timeline.finish()).to.equal("watchpoint");
    expect(timeline.position).to.deep.equal(changes[3]!.after);
    expect(await timeline.step(50_000)).to.equal("watchpoint");
    expect(timeline.position).to.deep.equal(changes[4]!.after);
    expect(await timeline.reverseFinish()).to.equal("watchpoint");
    expect(timeline.position).to.deep.equal(changes[4]!.before);
    expect(await timeline.step()).to.equal("watchpoint");
    expect(await timeline.step()).to.equal("step");
    timeline.setWatchpoints([]);
    expect(await timeline.continue()).to.equal("end");
  });

  it("leave what is known to be untouched alone the second time", async () => {
    const timeline = await Timeline.open(await recordScribble(), {
      policy: { intervalTicks: 1 << 12, keepFactor: 8, byteBudget: 1 << 26 },
      intervalTicks: 1 << 13,
    });
    await timeline.seekTo("end");
    timeline.setWatchpoints([{ memoryAddr: 0, byteAddr: 40_000, byteLength: 8 }]);
    expect(await timeline.reverseContinue()).to.equal("start");
    await timeline.seekTo("end");
    let ticks = 0;
    const onProgress = (done: number): void => {
      ticks = Math.max(ticks, done);
    };
    const ran = countTicks(timeline);
    expect(await timeline.reverseContinue({ onProgress })).to.equal("start");
    expect(ran()).to.be.below(1 << 13);
  });
});
