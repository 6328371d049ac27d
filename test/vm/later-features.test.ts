/** 64-bit memories and tables, byte pages, atomics, wide arithmetic, typed references: the same in all ways to run. */
import { expect } from "chai";
import { describe, it } from "mocha";
import { Memory } from "../../vm/memory.ts";
import { Trap } from "../../vm/trap.ts";
import { assemble } from "../debug/recordings.ts";
import { runInAllWays } from "../support/all-ways.ts";
import { Bench, WAYS } from "../support/machines.ts";

const WIDE_ADDRESSES = `(module
  (memory $a i64 1 20) (memory $b 1) (memory $c i64 1)
  (type $f (func (param i64) (result i64)))
  (table $t i64 4 50 funcref)
  (elem (table $t) (i64.const 1) func $twice $plus)
  (global $x (mut i64) (i64.const 3))
  (func $twice (type $f) (i64.shl (local.get 0) (i64.const 1)))
  (func $plus (type $f) (i64.add (local.get 0) (i64.load $c offset=8 (i64.and (local.get 0) (i64.const 0xff8)))))
  (func (export "run") (param $n i32) (result i64) (local $i i64) (local $sum i64)
    (loop $again
      (i64.store $a offset=16 (i64.and (i64.mul (local.get $i) (i64.const 24)) (i64.const 0x7ff8)) (local.get $sum))
      (i32.store8 $b (i32.wrap_i64 (i64.and (local.get $i) (i64.const 0xffff))) (i32.wrap_i64 (local.get $sum)))
      (i64.store32 $c (i64.and (local.get $sum) (i64.const 0xfff8)) (local.get $i))
      (f64.store $b offset=1 (i32.const 500) (f64.convert_i64_s (local.get $sum)))
      (local.set $sum (i64.add (i64.xor (local.get $sum) (i64.load16_s $a (i64.and (local.get $sum) (i64.const 0x7fff))))
        (call_indirect $t (type $f) (local.get $i) (i64.add (i64.const 1) (i64.and (local.get $i) (i64.const 1))))))
      (local.set $sum (i64.add (local.get $sum) (i64.reinterpret_f64 (f64.load $b offset=1 (i32.const 500)))))
      (if (i64.eqz (i64.and (local.get $i) (i64.const 127))) (then
        (local.set $sum (i64.add (local.get $sum) (memory.grow $a (i64.const 1))))
        (local.set $sum (i64.add (local.get $sum) (memory.size $a)))
        (local.set $sum (i64.add (local.get $sum) (i64.extend_i32_s (memory.grow $b (i32.const 1)))))
        (memory.copy $a $b (i64.const 100) (i32.const 3) (i32.const 300))
        (memory.copy $a $c (i64.const 0x4000) (i64.const 0) (i64.const 0x2000))
        (memory.fill $c (i64.const 0x9000) (i32.wrap_i64 (local.get $i)) (i64.const 99))
        (local.set $sum (i64.add (local.get $sum) (table.grow $t (ref.func $plus) (i64.const 1))))
        (table.set $t (i64.sub (table.size $t) (i64.const 1)) (table.get $t (i64.const 2)))))
      (br_if $again (i64.lt_u (local.tee $i (i64.add (local.get $i) (i64.const 1))) (i64.extend_i32_u (local.get $n)))))
    (local.get $sum))
  (func (export "far") (param i64) (result i32) (i32.load8_u (local.get 0)))
  (func (export "farOffset") (param i64) (result i32) (i32.load8_u offset=0x100000000 (local.get 0)))
  (func (export "farStore") (param i64) (i64.store $c (local.get 0) (i64.const 1))))`;

const MIXED = `(module
  (memory $m 1 1 shared) (memory $b 100 5000 (pagesize 1))
  (type $f (func (param i64 i64) (result i64)))
  (rec (type $g (sub (func (param i64 i64) (result i64)))))
  (elem declare func $add $mul)
  (table $t 2 (ref null $f))
  (func $add (type $f) (local $lo i64) (i64.add128 (local.get 0) (local.get 1) (local.get 1) (local.get 0)) (local.set $lo) (i64.xor (local.get $lo)))
  (func $mul (type $f) (local $lo i64) (i64.mul_wide_s (local.get 0) (local.get 1)) (local.set $lo)
    (i64.xor (local.get $lo)) (i64.mul_wide_u (local.get 0) (local.get 1)) (i64.add) (i64.sub))
  (func $pick (param $i i32) (result (ref null $f))
    (if (result (ref null $f)) (i32.and (local.get $i) (i32.const 4)) (then (ref.null $f))
      (else (if (result (ref $f)) (i32.and (local.get $i) (i32.const 1)) (then (ref.func $add)) (else (ref.func $mul))))))
  (func (export "run") (param $n i32) (result i64) (local $i i32) (local $sum i64)
    (loop $again
      (block $null
        (local.set $sum (call_ref $f (local.get $sum) (i64.extend_i32_u (local.get $i)) (br_on_null $null (call $pick (local.get $i)))))
        (drop (i64.const 0)))
      (local.set $sum (i64.add (local.get $sum)
        (i64.atomic.rmw.add $m (i32.and (i32.mul (local.get $i) (i32.const 8)) (i32.const 0xff8)) (local.get $sum))))
      (local.set $sum (i64.add (local.get $sum) (i64.extend_i32_u
        (i32.atomic.rmw16.cmpxchg_u $m (i32.and (local.get $i) (i32.const 0xffe)) (local.get $i) (i32.const 77)))))
      (local.set $sum (i64.add (local.get $sum) (i64.extend_i32_u
        (memory.atomic.wait32 $m (i32.const 16) (i32.const 12345) (i64.const -1)))))
      (i32.store8 $b (i32.rem_u (local.get $i) (memory.size $b)) (local.get $i))
      (if (i32.eqz (i32.and (local.get $i) (i32.const 31))) (then (drop (memory.grow $b (i32.const 7)))))
      (local.set $sum (i64.xor (local.get $sum) (i64.load $b (i32.sub (memory.size $b) (i32.const 8)))))
      (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
    (local.get $sum))
  (func (export "end") (result i32) (i32.load8_u $b (memory.size $b)))
  (func (export "wait") (param i32 i64) (result i32) (memory.atomic.wait32 $m (i32.const 0) (local.get 0) (local.get 1)))
  (func (export "unaligned") (result i32) (i32.atomic.load $m (i32.const 2))))`;

describe("later features", function () {
  this.timeout(300_000);

  it("with 64-bit addresses and several memories run the same in all ways", async () => {
    const result = await runInAllWays({ module: await assemble(WIDE_ADDRESSES), name: "run", args: [900], seed: 21 });
    expect(result.kind).to.equal("return");
  });

  it("with byte pages, atomics, wide arithmetic and typed references run the same in all ways", async () => {
    const result = await runInAllWays({ module: await assemble(MIXED), name: "run", args: [900], seed: 22 });
    expect(result.kind).to.equal("return");
  });

  it("trap at 64-bit addresses that only their low halves would allow", async () => {
    const module = await assemble(WIDE_ADDRESSES);
    for (const way of WAYS) {
      const bench = new Bench(module, way);
      const outOfBounds = { kind: "trap", trap: Trap.MemoryOutOfBounds };
      expect(bench.call("far", 5n)).to.deep.equal({ kind: "return", values: [0] });
      for (const addr of [0x1_0000_0005n, -1n, 0x8000_0000_0000_0000n, 65536n]) {
        expect(bench.call("far", addr), `${addr}`).to.deep.equal(outOfBounds);
        expect(bench.call("farStore", addr), `${addr}`).to.deep.equal(outOfBounds);
        expect(bench.call("farOffset", addr), `${addr}`).to.deep.equal(outOfBounds);
      }
    }
  });

  it("of one thread answer waits at once, and trap where no answer would ever come", async () => {
    const module = await assemble(MIXED);
    for (const way of WAYS) {
      const bench = new Bench(module, way);
      expect(bench.call("wait", 1, -1n)).to.deep.equal({ kind: "return", values: [1] });
      expect(bench.call("wait", 0, 5n)).to.deep.equal({ kind: "return", values: [2] });
      expect(bench.call("wait", 0, -1n)).to.deep.equal({ kind: "trap", trap: Trap.Deadlock });
      expect(bench.call("unaligned")).to.deep.equal({ kind: "trap", trap: Trap.UnalignedAtomic });
      expect(bench.call("end")).to.deep.equal({ kind: "trap", trap: Trap.MemoryOutOfBounds });
    }
  });

  it("have memories of any number of bytes, zero where they grow again", () => {
    const memory = new Memory(5, 9000, undefined, { pageShift: 0 });
    expect([memory.byteLength, memory.pageCount, memory.bytes.length]).to.deep.equal([5, 5, 5]);
    expect(memory.grow(5000)).to.equal(5);
    memory.bytes.fill(7);
    expect(memory.resize(3)).to.equal(true);
    expect(memory.grow(20)).to.equal(3);
    expect([...memory.bytes]).to.deep.equal([7, 7, 7, ...new Array(20).fill(0)]);
    expect(memory.grow(9000)).to.equal(-1);
  });
});
