/** Snapshots of deep recursions: frames that rest are neither looked at nor written again, and nothing but time depends on it. */
import { expect } from "chai";
import { describe, it } from "mocha";
import { type FrameCodec, SnapshotTaker, storeFromSnapshot } from "../../snapshot/capture.ts";
import { stateHash } from "../../snapshot/hash.ts";
import type { Snapshot } from "../../snapshot/tree.ts";
import * as frameCodec from "../../vm/frames.ts";
import type { Module } from "../../vm/types.ts";
import { Bench, checkedModule } from "../support/machines.ts";
import { mulberry32 } from "../support/random.ts";
import { wat } from "../support/wat.ts";

/** Goes down and up again and again: to a depth, a part of the way back, down again. Calls without and with parameters. */
const YOYO = `(module
  (global $turns (mut i32) (i32.const 40))
  (func $plain (param $n i32) (result i64) (local $a i64) (local $b f32)
    (local.set $a (i64.extend_i32_u (local.get $n)))
    (local.set $b (f32.convert_i32_u (local.get $n)))
    (i64.add (local.get $a) (call $yoyo (i32.sub (local.get $n) (i32.const 1)))))
  (func $nothing (result i64) (global.set $turns (i32.sub (global.get $turns) (i32.const 1))) (i64.const 1))
  (func $yoyo (export "yoyo") (param $n i32) (result i64) (local $sum i64)
    (if (i32.le_s (local.get $n) (i32.const 0)) (then (return (call $nothing))))
    (local.set $sum (call $plain (local.get $n)))
    (if (i32.and (i32.eqz (i32.rem_u (local.get $n) (i32.const 17))) (i32.gt_s (global.get $turns) (i32.const 0)))
      (then (local.set $sum (i64.add (local.get $sum) (call $plain (i32.sub (local.get $n) (i32.const 20)))))))
    (i64.add (local.get $sum) (i64.const 3))))`;

async function begun(): Promise<{ bench: Bench; module: Module }> {
  const module = checkedModule(await wat(YOYO));
  return { bench: new Bench(module, "fast", {}, { stackBytes: 1 << 20 }).begin("yoyo", 240), module };
}

describe("snapshots of deep recursions", () => {
  it("are as those that look at every frame, forward and after restores in any order", async () => {
    const { bench, module } = await begun();
    const { store } = bench;
    const counts = { exported: 0, imported: 0, frames: 0 };
    const codec: FrameCodec = {
      ...frameCodec,
      exportFrames(from, known, count = 0) {
        const frames = frameCodec.exportFrames(from, known, count);
        counts.exported += frames.length - count;
        counts.frames += frames.length;
        return frames;
      },
      importFrames(to, frames, kept = 0) {
        counts.imported += frames.length - kept;
        counts.frames += frames.length;
        frameCodec.importFrames(to, frames, kept);
      },
    };
    const taker = new SnapshotTaker(store, codec);
    const random = mulberry32(11);
    const taken: { readonly snapshot: Snapshot; readonly hash: string }[] = [];
    let deepest = 0;
    for (let round = 0; round < 100; round++) {
      if (taken.length > 3 && random() < 0.3) {
        const back = taken[Math.floor(random() * taken.length)]!;
        taker.restore(back.snapshot);
        expect(stateHash(taker.capture(0)), "restored").to.equal(back.hash);
      }
      // Short and long ways, so that machines stand in either code.
      const ended = bench.runTo(store.tick + Math.floor(random() ** 5 * 20_000));
      if (ended !== undefined) {
        taker.restore(taken[0]!.snapshot);
        continue;
      }
      deepest = Math.max(deepest, store.depth);
      const snapshot = taker.capture(0);
      const hash = stateHash(snapshot);
      const other = storeFromSnapshot({ ...snapshot, frames: frameCodec.exportFrames(store) }, [module]);
      expect(stateHash(new SnapshotTaker(other).capture(0)), `tick ${store.tick}`).to.equal(hash);
      taken.push({ snapshot, hash });
    }
    expect(deepest).to.be.above(300);
    expect(counts.exported + counts.imported).to.be.below(counts.frames / 2);
  });

  it("share the frames that rest", async () => {
    const { bench } = await begun();
    const taker = new SnapshotTaker(bench.store);
    bench.runTo(3000);
    const one = taker.capture(0);
    bench.runTo(3200);
    const two = taker.capture(0);
    expect(one.frames.length).to.be.above(100);
    const resting = one.frames.filter((frame, i) => two.frames[i] === frame).length;
    expect(resting).to.be.at.least(Math.min(one.frames.length, two.frames.length) - 1);
  });
});
