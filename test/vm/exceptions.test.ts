/** Exceptions of both kinds: caught at the same tick with the same state in every way to run, through deep stacks and other instances. */
import { expect } from "chai";
import { describe, it } from "mocha";
import { Machine } from "../../vm/machine.ts";
import { Trap } from "../../vm/trap.ts";
import { assemble } from "../debug/recordings.ts";
import { runInAllWays } from "../support/all-ways.ts";
import { Bench, inEveryWay, WAYS } from "../support/machines.ts";

/** Throws at all depths; catches by tag, by any and with references; leads to blocks, loops and the function itself. */
const NEW_KIND = `(module
  (tag $pair (param i32 i64))
  (tag $none)
  (table $kept 4 exnref)
  (memory 1)
  (func $throw (param $i i32)
    (if (i32.eqz (i32.rem_u (local.get $i) (i32.const 3)))
      (then (throw $pair (local.get $i) (i64.extend_i32_u (i32.mul (local.get $i) (local.get $i))))))
    (if (i32.eqz (i32.rem_u (local.get $i) (i32.const 5))) (then (throw $none))))
  (func $deep (export "uncaught") (param $n i32) (result i32)
    (if (result i32) (local.get $n)
      (then (i32.add (call $deep (i32.sub (local.get $n) (i32.const 1))) (i32.const 1)))
      (else (call $throw (i32.const 3)) (i32.const 1000))))
  (func $deepOf (param $n i32) (param $i i32) (result i32)
    (if (result i32) (local.get $n)
      (then (i32.add (call $deepOf (i32.sub (local.get $n) (i32.const 1)) (local.get $i)) (i32.const 1)))
      (else (call $throw (local.get $i)) (i32.const 1000))))
  (func $byTag (param $i i32) (result i64) (local $k i64) (local $a i32)
    (local.set $k (i64.const 5))
    (block $pair (result i32 i64)
      (block $any
        (try_table (catch $pair $pair) (catch_all $any)
          (local.set $k (i64.extend_i32_u (call $deepOf (i32.and (local.get $i) (i32.const 31)) (local.get $i))))
          (local.set $k (i64.add (local.get $k) (i64.const 3))))
        (return (local.get $k)))
      (return (i64.add (local.get $k) (i64.const 100))))
    (local.set $k (i64.add (local.get $k)))
    (local.set $a)
    (i64.add (local.get $k) (i64.extend_i32_u (local.get $a))))
  (func $byRef (param $i i32) (result i32) (local $e exnref)
    (block $caught (result exnref)
      (try_table (result i32) (catch_all_ref $caught) (call $deepOf (i32.const 3) (local.get $i)))
      (return))
    (local.set $e)
    (table.set $kept (i32.and (local.get $i) (i32.const 3)) (local.get $e))
    (block $pair (result i32 i64)
      (try_table (catch $pair $pair) (throw_ref (local.get $e)))
      (unreachable))
    (drop))
  (func $toFunction (param $i i32) (result i32 i64)
    (try_table (catch $pair 0)
      (i32.store (i32.and (i32.mul (local.get $i) (i32.const 64)) (i32.const 0xfff0)) (local.get $i))
      (call $throw (local.get $i)))
    (i32.const 1) (i64.const 2))
  (func $toLoop (param $i i32) (result i32) (local $n i32)
    (i32.const 0) (i64.const 0)
    (loop $again (param i32 i64)
      (drop) (drop)
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (block $out
        (if (i32.lt_u (local.get $n) (i32.const 4)) (then
          (try_table (catch $pair $again) (catch_all $out) (call $throw (local.get $i)))))))
    (local.get $n))
  (func (export "run") (param $n i32) (result i64) (local $i i32) (local $sum i64)
    (loop $again
      (local.set $sum (i64.xor (i64.mul (local.get $sum) (i64.const 31)) (call $byTag (local.get $i))))
      (block $skip
        (try_table (catch_all $skip)
          (local.set $sum (i64.add (local.get $sum) (i64.extend_i32_u (call $byRef (local.get $i)))))))
      (block $skip
        (try_table (result i32 i64) (catch_all $skip) (call $toFunction (local.get $i)))
        (local.set $sum (i64.add (local.get $sum)))
        (drop))
      (local.set $sum (i64.add (local.get $sum) (i64.extend_i32_u (call $toLoop (local.get $i)))))
      (if (i32.eqz (ref.is_null (table.get $kept (i32.and (local.get $i) (i32.const 3))))) (then
        (block $none (result exnref)
          (try_table (catch_all_ref $none) (throw_ref (table.get $kept (i32.and (local.get $i) (i32.const 3)))))
          (unreachable))
        (drop)))
      (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
    (local.get $sum)))`;

const OLD_KIND = `(module
  (tag $a (param i32)) (tag $b (param i64 i32)) (tag $c)
  (func $throw (param $i i32)
    local.get $i i32.const 3 i32.rem_u i32.eqz if local.get $i throw $a end
    local.get $i i32.const 5 i32.rem_u i32.eqz if i64.const 77 local.get $i throw $b end
    local.get $i i32.const 7 i32.rem_u i32.eqz if throw $c end)
  (func $nested (param $i i32) (result i32) (local $x i32)
    try (result i32)
      try (result i32)
        local.get $i call $throw
        i32.const 1
      catch $b
        local.set $x
        drop
        try
          local.get $x i32.const 3 i32.add call $throw
        catch $a
          local.get $x i32.add local.set $x
        catch_all
          rethrow 1
        end
        local.get $x
      end
    catch $a
      i32.const 100 i32.add
    catch_all
      i32.const -1
    end)
  (func $delegated (param $i i32) (result i32)
    try $outer (result i32)
      try $middle (result i32)
        try (result i32)
          local.get $i call $throw
          i32.const 2
        delegate $outer
      catch_all
        i32.const 555
      end
    catch $a
      i32.const 1000 i32.add
    catch_all
      i32.const 9
    end)
  (func $again (param $i i32) (result i32)
    try (result i32)
      try (result i32)
        local.get $i call $throw
        i32.const 4
      catch_all
        rethrow 0
      end
    catch $a
    catch $b
      drop i32.wrap_i64
    catch_all
      i32.const 6
    end)
  (func (export "run") (param $n i32) (result i64) (local $i i32) (local $sum i64)
    loop $l
      local.get $sum i64.const 31 i64.mul
      local.get $i call $nested
      local.get $i call $delegated i32.add
      local.get $i call $again i32.add
      i64.extend_i32_s i64.xor local.set $sum
      local.get $i i32.const 1 i32.add local.tee $i local.get $n i32.lt_u br_if $l
    end
    local.get $sum))`;

describe("exceptions", function () {
  this.timeout(300_000);

  it("of the old kind are caught, delegated and rethrown the same in all ways", async () => {
    const module = await assemble(OLD_KIND);
    const result = await runInAllWays({ module, name: "run", args: [900], seed: 11 });
    expect(result.kind).to.equal("return");
  });

  it("of the new kind are caught by tag, by any and with references the same in all ways", async () => {
    const module = await assemble(NEW_KIND);
    const result = await runInAllWays({ module, name: "run", args: [700], seed: 12 });
    expect(result.kind).to.equal("return");
  });

  it("that nobody catches leave all frames in place, at the offset of the throw", async () => {
    const module = await assemble(NEW_KIND);
    const end = inEveryWay((way) => {
      const bench = new Bench(module, way);
      let seen = { depth: 0, offset: 0 };
      bench.machine.onTrap = () => {
        seen = { depth: bench.store.depth, offset: bench.store.trapOffset };
      };
      expect(bench.call("uncaught", 40).kind).to.equal("trap");
      return { ...seen, tick: bench.store.tick, hash: bench.hash() };
    });
    expect(end.depth).to.equal(42);
    expect(module.bytes[end.offset]).to.equal(0x08);
  });

  it("know a tag by its store address: one that is imported, none of another instance", async () => {
    const thrower = await assemble(
      `(module (tag $t (export "tag") (param i32)) (func (export "throw") (param i32) (throw $t (local.get 0))))`,
    );
    const catcher = await assemble(`(module
      (import "a" "tag" (tag $t (param i32)))
      (import "a" "throw" (func $throw (param i32)))
      (import "b" "throw" (func $other (param i32)))
      (func (export "own") (param i32) (result i32)
        (block $h (result i32) (try_table (catch $t $h) (call $throw (local.get 0))) (i32.const -1)))
      (func (export "other") (param i32) (result i32)
        (block $h (result i32) (try_table (catch $t $h) (call $other (local.get 0))) (i32.const -1))))`);
    for (const way of WAYS) {
      const machine = new Machine();
      machine.store.exactOnly = way === "exact";
      const [a, b] = [machine.instantiate(thrower), machine.instantiate(thrower)];
      const from = (instance: number) => ({ throw: machine.export(instance, "throw")!, tag: machine.export(instance, "tag")! });
      const c = machine.instantiate(catcher, { a: from(a.instanceAddr), b: from(b.instanceAddr) });
      const call = (name: string) => machine.call(machine.export(c.instanceAddr, name)!.addr, [42]);
      expect(call("own")).to.deep.equal({ kind: "return", values: [42] });
      expect(call("other")).to.include({ kind: "trap", trap: Trap.UncaughtException });
    }
  });

  it("unwind a hundred thousand frames, and cost no native stack", async () => {
    const module = await assemble(`(module (tag $t (param i64))
      (func $deep (param i32) (if (local.get 0) (then (call $deep (i32.sub (local.get 0) (i32.const 1)))) (else (throw $t (i64.const 9)))))
      (func (export "run") (param i32) (result i64) (block $h (result i64) (try_table (catch $t $h) (call $deep (local.get 0))) (i64.const 0))))`);
    const bench = new Bench(module, "fast", {}, { stackBytes: 8 << 20 });
    expect(bench.call("run", 100_000)).to.deep.equal({ kind: "return", values: [9n] });
    expect(bench.store.depth).to.equal(0);
  });
});

describe("what an exception carries", () => {
  it("is the value alone, whatever its slot held before", async () => {
    const module = await assemble(`(module (tag $t (param i32)) (global $g (mut i64) (i64.const -1))
      (func (export "main") (param $n i64) (param $i i32) (result i32)
        (drop (i64.mul (local.get $n) (global.get $g)))
        (block $caught (result i32 exnref)
          (try_table (catch_ref $t $caught) (throw $t (local.get $i)))
          (unreachable))
        (drop)))`);
    inEveryWay((way) => {
      const bench = new Bench(module, way);
      expect(bench.call("main", 5n, 7)).to.deep.equal({ kind: "return", values: [7] });
      return bench.hash();
    });
  });
});
