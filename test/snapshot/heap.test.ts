/** Snapshots of heaps: what did not change is shared, stored heaps come back, and damaged ones are refused or harmless. */
import { expect } from "chai";
import { before, describe, it } from "mocha";
import { SnapshotTaker, storeFromSnapshot } from "../../snapshot/capture.ts";
import { SnapshotError } from "../../snapshot/errors.ts";
import { stateHash } from "../../snapshot/hash.ts";
import { Chunk } from "../../snapshot/pages.ts";
import { deserializeSnapshot, serializeSnapshot } from "../../snapshot/serialize.ts";
import type { Snapshot } from "../../snapshot/tree.ts";
import { runUntil } from "../../vm/execute.ts";
import { Status } from "../../vm/store.ts";
import type { Module } from "../../vm/types.ts";
import { assemble } from "../debug/recordings.ts";
import { Bench } from "../support/machines.ts";
import { mulberry32 } from "../support/random.ts";

const LIST = `(module
  (type $node (struct (field (mut i64)) (field (mut (ref null $node))) (field (mut anyref))))
  (type $refs (array (mut (ref null $node))))
  (global $old (mut (ref null $refs)) (ref.null $refs))
  (func (export "fill") (param $n i32)
    (global.set $old (array.new_default $refs (local.get $n)))
    (loop $again
      (array.set $refs (global.get $old) (local.tee $n (i32.sub (local.get $n) (i32.const 1)))
        (struct.new $node (i64.extend_i32_u (local.get $n)) (ref.null $node) (ref.i31 (local.get $n))))
      (br_if $again (local.get $n))))
  (func (export "run") (param $n i32) (result i64) (local $head (ref null $node)) (local $sum i64)
    (loop $again
      (local.set $head (struct.new $node (local.get $sum) (local.get $head) (global.get $old)))
      (if (i32.eqz (i32.and (local.get $n) (i32.const 511))) (then (local.set $head (ref.null $node))))
      (local.set $sum (i64.add (i64.mul (local.get $sum) (i64.const 3)) (i64.const 1)))
      (struct.set $node 0 (array.get $refs (global.get $old) (i32.const 0)) (local.get $sum))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum)))`;

describe("snapshots of the heap", function () {
  this.timeout(120_000);
  let module: Module;
  before(async () => {
    module = await assemble(LIST);
  });

  it("share the pages of objects that did not change", () => {
    const bench = new Bench(module);
    bench.call("fill", 20_000);
    const taker = new SnapshotTaker(bench.store);
    const first = taker.capture(0);
    bench.begin("run", 100_000).runTo(bench.store.tick + 300);
    const second = taker.capture(0);
    const pages = ({ heap }: Snapshot) => heap.pages.flatMap((chunk) => chunk.pages);
    const before = new Set(pages(first));
    const fresh = pages(second).filter((page) => !before.has(page));
    expect(pages(first).length).to.be.greaterThan(100);
    expect(fresh.length, "pages that are new").to.be.lessThan(6);
  });

  it("come back from bytes, and the program goes on to the same end, through collections", () => {
    const whole = new Bench(module);
    whole.call("fill", 500);
    whole.begin("run", 200_000);
    const start = whole.store.tick;
    whole.runTo(start + 700_000);
    const restored = storeFromSnapshot(deserializeSnapshot(serializeSnapshot(new SnapshotTaker(whole.store).capture(0))), [module]);
    whole.runTo(start + 3_500_000);
    runUntil(restored, start + 3_500_000);
    expect(whole.store.heap.collectionCount).to.be.greaterThan(2);
    expect(stateHash(new SnapshotTaker(restored).capture(0))).to.equal(whole.hash());
  });

  it("that were damaged are refused, or give a machine that can go on", () => {
    const bench = new Bench(module);
    bench.call("fill", 300);
    bench.begin("run", 10_000).runTo(bench.store.tick + 5000);
    const good = new SnapshotTaker(bench.store).capture(0);
    const random = mulberry32(9);
    const counts = { refused: 0, restored: 0 };
    for (let i = 0; i < 120; i++) {
      const pages = good.heap.pages.map((chunk) => chunk.pages.slice());
      const used = Math.ceil(bench.store.heap.topCell / 512);
      for (let change = 0; change < 3; change++) {
        const page = Math.floor(random() * Math.min(used, i % 3 === 0 ? 1 : used));
        const copy = pages[0]![page]!.slice();
        copy[Math.floor(random() * (i % 3 === 0 ? 160 : copy.length))] =
          random() < 0.5 ? Math.floor(random() * 64) : Math.floor(random() * 2 ** 32);
        pages[0]![page] = copy;
      }
      const damaged: Snapshot = { ...good, heap: { ...good.heap, pages: pages.map((list) => new Chunk(list)) } };
      try {
        const store = storeFromSnapshot(deserializeSnapshot(serializeSnapshot(damaged)), [module]);
        runUntil(store, store.tick + 200_000);
        counts.restored++;
        expect(store.status).to.be.oneOf([Status.Running, Status.Returned, Status.Trapped]);
      } catch (error) {
        if (!(error instanceof SnapshotError)) throw error;
        counts.refused++;
      }
    }
    expect(counts.refused).to.be.greaterThan(20);
    expect(counts.restored).to.be.greaterThan(5);
  });
});

describe("dropped segments", () => {
  it("may name objects that were collected: nothing reads them again", async () => {
    const program = await assemble(`(module (type $s (struct (field i64 i64))) (type $a (array (mut i64)))
      (table $t 2 (ref null $s)) (elem (table $t) (i32.const 0) (ref null $s) (struct.new $s (i64.const 1) (i64.const 2)))
      (func (export "run") (param i32)
        (table.set $t (i32.const 0) (ref.null $s))
        (loop (drop (array.new_default $a (i32.const 100))) (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))`);
    const bench = new Bench(program);
    bench.call("run", 10_000);
    expect(bench.store.heap.collectionCount).to.be.greaterThan(0);
    const restored = storeFromSnapshot(deserializeSnapshot(serializeSnapshot(new SnapshotTaker(bench.store).capture(0))), [program]);
    expect(stateHash(new SnapshotTaker(restored).capture(0))).to.equal(bench.hash());
  });
});
