/** Re-entrancy to a depth: replay needs no native stack, and a live machine that runs out of it says so without harm. */
import { Worker } from "node:worker_threads";
import { expect } from "chai";
import { before, describe, it } from "mocha";
import { Recorder } from "../../rr/recorder.ts";
import { Replayer } from "../../rr/replayer.ts";
import { MemorySink, MemoryStorage } from "../../rr/storage.ts";
import { Timeline } from "../../rr/timeline.ts";
import { Machine } from "../../vm/machine.ts";
import { Status } from "../../vm/store.ts";
import { mulberry32 } from "../support/random.ts";
import { funcOf, instantiate, looper } from "./modules.ts";
import { type PingPong, recordPingPong } from "./ping-pong.ts";

const LEVELS = 10_000;

function recordInWorker(levels: number): Promise<PingPong> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./deep-worker.js", import.meta.url), {
      workerData: levels,
      resourceLimits: { stackSizeMb: 64 },
    });
    worker.once("message", resolve);
    worker.once("error", reject);
  });
}

describe("re-entrancy to a depth", () => {
  let storage: MemoryStorage;
  let timeline: Timeline;

  before(async () => {
    const { bytes, result } = await recordInWorker(LEVELS);
    expect(result).to.deep.equal([LEVELS]);
    storage = new MemoryStorage(bytes);
    timeline = await Timeline.open(storage, {
      policy: { intervalTicks: 1 << 10, keepFactor: 8, byteBudget: 1 << 26 },
      intervalTicks: 1 << 14,
    });
  });

  it("replays 10,000 levels of host and wasm with the stack that there is", async () => {
    const replayer = await Replayer.open(storage);
    let deepest = 0;
    replayer.onEvent = (_, store) => {
      deepest = Math.max(deepest, store.depth);
    };
    expect(await replayer.runTo()).to.equal("end");
    expect(deepest).to.equal(2 * LEVELS);
    expect(replayer.store.status).to.equal(Status.Idle);
  });

  it("seeks, steps and steps back with thousands of frames of both kinds", async () => {
    const fromZero = await Timeline.open(storage);
    const random = mulberry32(9);
    for (let i = 0; i < 6; i++) {
      const tick = Math.floor(random() * timeline.end.tick);
      await timeline.seekTick(tick);
      const hash = timeline.stateHash();
      await fromZero.seekTo("start");
      await fromZero.seekTick(tick);
      expect(fromZero.stateHash(), `tick ${tick}`).to.equal(hash);
      await timeline.step(3);
      await timeline.reverseStep(3);
      expect(timeline.stateHash(), `tick ${tick}, after steps`).to.equal(hash);
    }
    await timeline.seekTo("50%");
    expect(timeline.store.depth).to.be.above(LEVELS);
  });

  it("leaves a frame in the depth, and finds the call that made it", async () => {
    await timeline.seekTick(Math.floor(timeline.end.tick / 4));
    const { depth } = timeline.store;
    expect(depth).to.be.above(1000);
    const { tick } = timeline.position;
    expect(await timeline.finish()).to.equal("finish");
    // Its caller is the host: what comes next there is the host's return, and with it the rest of the caller.
    expect(timeline.store.depth).to.be.below(depth);
    expect(timeline.position.tick).to.be.above(timeline.end.tick / 2);
    await timeline.seekTick(tick);
    expect(await timeline.reverseFinish()).to.equal("finish");
    expect(timeline.store.depth).to.be.below(depth);
    expect(timeline.position.tick).to.be.below(tick);
  });
});

describe("a host that calls until the native stack is exhausted", () => {
  it("gets a RangeError at a clean place, and the recording replays", async () => {
    const { bytes, result, deepest, thrown } = recordPingPong(1_000_000);
    // The level whose host function threw has no answer; the others add 1 to it.
    expect(thrown).to.deep.equal(["RangeError: Maximum call stack size exceeded"]);
    expect(deepest).to.be.above(100).and.below(100_000);
    expect(result).to.deep.equal([deepest - 2]);
    const replayer = await Replayer.open(new MemoryStorage(bytes));
    expect(await replayer.runTo()).to.equal("end");
    expect(replayer.store.status).to.equal(Status.Idle);
  });

  /** A program that recurses in JavaScript and calls wasm at every level, until some call has no room. */
  function recurseWith(journal?: Recorder): { readonly machine: Machine; readonly run: number; readonly levels: number } {
    const machine = new Machine(journal === undefined ? {} : { journal });
    journal?.attach(machine.store);
    const instanceAddr = instantiate(machine, looper, { work: () => {}, mix: () => {} });
    const run = funcOf(machine, instanceAddr, "run");
    journal?.flush();
    let levels = 0;
    const recurse = (): number => {
      machine.writeMemory(0, 128, Uint8Array.of(levels));
      machine.call(run, [2]);
      levels++;
      return recurse() + 1;
    };
    expect(recurse).to.throw(Error);
    return { machine, run, levels };
  }

  it("leaves a machine that goes on, where the stack ends inside of it", () => {
    const { machine, run, levels } = recurseWith();
    expect(levels).to.be.above(10);
    expect(machine.call(run, [0]).kind).to.equal("return");
    expect(machine.store.status).to.equal(Status.Idle);
    expect(machine.store.depth).to.equal(0);
  });

  it("ends the recording with one error, never with a wrong trace, where the stack ends inside of the machine", async () => {
    const sink = new MemorySink();
    const recorder = new Recorder(sink);
    const { machine, run } = recurseWith(recorder);
    let failure: unknown;
    try {
      machine.call(run, [0]);
      recorder.finish();
    } catch (error) {
      failure = error;
    }
    const replayer = await Replayer.open(new MemoryStorage(sink.bytes()));
    if (failure === undefined) {
      expect(await replayer.runTo()).to.equal("end");
      expect(replayer.reader.complete).to.equal(true);
      return;
    }
    expect(failure).to.equal(recorder.failure);
    expect((failure as Error).message).to.contain("Maximum call stack size exceeded");
    // What was written before is whole.
    await replayer.runTo({ event: replayer.reader.eventCount });
    expect(replayer.eventNumber).to.be.above(3);
  });
});
