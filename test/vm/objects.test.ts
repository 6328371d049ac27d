/** The heap under collections: the same objects and addresses in every way to run, and what is referred to stays. */
import { expect } from "chai";
import { before, describe, it } from "mocha";
import type { Module } from "../../vm/types.ts";
import { assemble, type Hosts } from "../debug/recordings.ts";
import { runInAllWays } from "../support/all-ways.ts";
import { Bench, inEveryWay } from "../support/machines.ts";

/** Makes lists, trees and arrays that die and survive at all ages, several megabytes of them. */
const CHURN = `(module
  (import "host" "see" (func $see (param anyref) (result i32)))
  (type $bytes (array (mut i8)))
  (type $node (struct (field $value (mut i64)) (field $next (mut (ref null $node))) (field $bytes (mut (ref null $bytes)))))
  (type $refs (array (mut (ref null $node))))
  (rec (type $a (sub (struct (field (ref null $b))))) (type $b (sub (struct (field (ref null $a)) (field i32)))))
  (type $a2 (sub $a (struct (field (ref null $b)) (field f64))))
  (table $t 8 (ref null $node))
  (global $kept (mut (ref null $refs)) (ref.null $refs))
  (global $root (ref $node) (struct.new $node (i64.const 77) (ref.null $node) (array.new_fixed $bytes 3 (i32.const 1) (i32.const 2) (i32.const 3))))
  (func $list (param $n i32) (result (ref null $node)) (local $head (ref null $node))
    (loop $again
      (local.set $head (struct.new $node (i64.extend_i32_u (local.get $n)) (local.get $head)
        (array.new $bytes (local.get $n) (i32.add (i32.and (local.get $n) (i32.const 63)) (i32.const 1)))))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $head))
  (func $sum (param $list (ref null $node)) (result i64) (local $sum i64)
    (block $done
      (loop $again
        (br_if $done (ref.is_null (local.get $list)))
        (local.set $sum (i64.add (i64.mul (local.get $sum) (i64.const 31)) (i64.add (struct.get $node $value (local.get $list))
          (i64.extend_i32_u (array.get_u $bytes (struct.get $node $bytes (local.get $list)) (i32.const 0))))))
        (local.set $list (struct.get $node $next (local.get $list)))
        (br $again)))
    (local.get $sum))
  (func $deep (param $n i32) (param $held (ref null $node)) (result i64)
    (if (result i64) (local.get $n)
      (then (i64.add
        (call $deep (i32.sub (local.get $n) (i32.const 1)) (struct.new $node (i64.extend_i32_u (local.get $n)) (ref.null $node) (ref.null $bytes)))
        (struct.get $node $value (local.get $held))))
      (else (call $sum (call $list (i32.const 300))))))
  (func $cast (param anyref) (result i32)
    (if (ref.test (ref $a2) (local.get 0)) (then (return (i32.const 3))))
    (if (ref.test (ref $b) (local.get 0)) (then (return (struct.get $b 1 (ref.cast (ref $b) (local.get 0))))))
    (if (ref.test i31ref (local.get 0)) (then (return (i31.get_s (ref.cast i31ref (local.get 0))))))
    (i32.const 0))
  (func (export "churn") (param $rounds i32) (result i64) (local $i i32) (local $sum i64) (local $mine (ref null $node))
    (global.set $kept (array.new_default $refs (i32.const 40)))
    (loop $again
      (array.set $refs (global.get $kept) (i32.rem_u (i32.mul (local.get $i) (i32.const 7)) (i32.const 40)) (call $list (i32.const 20)))
      (table.set $t (i32.and (local.get $i) (i32.const 7)) (local.tee $mine (call $list (i32.add (i32.const 1) (i32.and (local.get $i) (i32.const 15))))))
      (local.set $sum (i64.add (local.get $sum) (call $deep (i32.and (local.get $i) (i32.const 31)) (local.get $mine))))
      (local.set $sum (i64.xor (local.get $sum)
        (call $sum (array.get $refs (global.get $kept) (i32.rem_u (local.get $i) (i32.const 40))))))
      (local.set $sum (i64.add (local.get $sum) (call $sum (table.get $t (i32.and (i32.add (local.get $i) (i32.const 3)) (i32.const 7))))))
      (local.set $sum (i64.add (local.get $sum) (i64.extend_i32_u (i32.add
        (call $cast (struct.new $a2 (struct.new $b (ref.null $a) (local.get $i)) (f64.const 1)))
        (i32.add (call $cast (struct.new $b (ref.null $a) (local.get $i))) (call $cast (ref.i31 (i32.sub (i32.const 0) (local.get $i)))))))))
      (if (i32.eqz (i32.and (local.get $i) (i32.const 31)))
        (then (drop (call $see (struct.new $node (i64.const 5) (local.get $mine) (ref.null $bytes))))))
      (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $rounds))))
    (i64.add (local.get $sum) (i64.add (struct.get $node $value (global.get $root))
      (i64.extend_i32_u (array.get_u $bytes (struct.get $node $bytes (global.get $root)) (i32.const 2)))))))`;

const hosts: Hosts = {
  see: () => (call) => {
    const { i32 } = call.machine.store;
    i32[call.slot * 2] = i32[call.slot * 2]! & 0xffff;
  },
};

describe("the heap", function () {
  this.timeout(300_000);
  let churn: Module;
  before(async () => {
    churn = await assemble(CHURN);
  });

  it("is the same in all ways to run, whenever it is collected", async () => {
    await runInAllWays({ module: churn, name: "churn", args: [400], hosts, seed: 5, positions: 8 });
  });

  it("is collected by the volume of allocations, and stays as small as what is alive", () => {
    const size = inEveryWay((way) => {
      const bench = new Bench(churn, way, { host: { see: () => {} } });
      bench.call("churn", 1500);
      return { collections: bench.store.heap.collectionCount, top: bench.store.heap.topCell };
    });
    expect(size.collections).to.be.greaterThan(10);
    expect(size.top * 8, "bytes in use").to.be.lessThan(4 << 20);
  });
});
