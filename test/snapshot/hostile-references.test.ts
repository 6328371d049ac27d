/** Stored machines whose references name other things than their slots' types allow: refused, never met by an instruction. */
import { expect } from "chai";
import { describe, it } from "mocha";
import { SnapshotTaker, storeFromSnapshot } from "../../snapshot/capture.ts";
import { Chunk } from "../../snapshot/pages.ts";
import { deserializeSnapshot, serializeSnapshot } from "../../snapshot/serialize.ts";
import type { Snapshot } from "../../snapshot/tree.ts";
import { blockCells } from "../../vm/collect.ts";
import { RewasmError } from "../../vm/errors.ts";
import { runUntil, settle } from "../../vm/execute.ts";
import { heapHeader, refOfCell } from "../../vm/heap.ts";
import { Machine } from "../../vm/machine.ts";
import { Store } from "../../vm/store.ts";
import { ExternKind, ValType } from "../../vm/types.ts";
import { assemble } from "../debug/recordings.ts";
import { mulberry32 } from "../support/random.ts";
import { below, type Random } from "./stores.ts";

/** Objects of several types, functions, exceptions and references of the host, in every kind of slot that holds references. */
const OBJECTS = `(module
  (import "env" "seen" (global $seen externref))
  (type $unary (func (param i32) (result i32)))
  (type $other (func (param f64)))
  (type $bytes (array (mut i8)))
  (type $point (sub (struct (field $x (mut i32)) (field $next (mut (ref null $point))))))
  (type $named (sub $point (struct (field (mut i32)) (field (mut (ref null $point))) (field $name (ref $bytes)) (field $call (mut (ref null $unary))))))
  (type $points (array (mut (ref null $point))))
  (type $any (array (mut anyref)))
  (tag $t (param (ref $point) i32))
  (global $one (mut (ref $named)) (struct.new $named (i32.const 3) (ref.null $point) (array.new $bytes (i32.const 7) (i32.const 5)) (ref.func $twice)))
  (global $list (mut (ref null $points)) (ref.null $points))
  (global $eq (mut eqref) (ref.i31 (i32.const 9)))
  (table $funcs 4 funcref) (table $typed 3 (ref null $unary)) (table $objects 4 anyref) (table $hosts 2 externref)
  (elem (table $funcs) (i32.const 0) func $twice $less $ignore) (elem (table $typed) (i32.const 0) (ref null $unary) (ref.func $less) (ref.func $twice))
  (elem $later (ref null $point) (struct.new $point (i32.const 1) (ref.null $point)))
  (func $twice (type $unary) (i32.shl (local.get 0) (i32.const 1)))
  (func $less (type $unary) (i32.sub (local.get 0) (i32.const 1)))
  (func $ignore (type $other))
  (func $throws (param $p (ref $point)) (param $n i32) (throw $t (local.get $p) (local.get $n)))
  (func $deep (param $n i32) (param $held (ref $point)) (param $also anyref) (result i32) (local $late (ref $named)) (local $e exnref)
    (if (i32.eqz (local.get $n)) (then (return (struct.get $point $x (local.get $held)))))
    (local.set $late (struct.new $named (local.get $n) (local.get $held) (array.new_default $bytes (i32.const 3)) (ref.func $less)))
    (block $caught (result (ref $point) i32 exnref)
      (try_table (catch_ref $t $caught) (call $throws (local.get $late) (local.get $n)))
      (return (i32.const 0)))
    (local.set $e) (local.set $n) (drop)
    (table.set $objects (i32.and (local.get $n) (i32.const 3)) (local.get $late))
    (i32.add (call $deep (i32.sub (local.get $n) (i32.const 1)) (local.get $late) (ref.i31 (local.get $n)))
      (i32.add (array.get_u $bytes (struct.get $named $name (local.get $late)) (i32.const 0))
        (call_ref $unary (local.get $n) (struct.get $named $call (local.get $late))))))
  (func (export "run") (param $n i32) (result i32) (local $sum i32) (local $all (ref null $any))
    (local.set $all (array.new_default $any (i32.const 8)))
    (global.set $list (array.new_default $points (i32.const 6)))
    (table.set $hosts (i32.const 1) (global.get $seen))
    (loop $again
      (array.set $points (global.get $list) (i32.rem_u (local.get $n) (i32.const 6)) (struct.new $point (local.get $n) (global.get $one)))
      (array.set $any (local.get $all) (i32.and (local.get $n) (i32.const 7)) (any.convert_extern (table.get $hosts (i32.and (local.get $n) (i32.const 1)))))
      (array.set $any (local.get $all) (i32.and (i32.mul (local.get $n) (i32.const 3)) (i32.const 7)) (global.get $eq))
      (local.set $sum (i32.add (local.get $sum) (call $deep (i32.const 5) (ref.as_non_null (array.get $points (global.get $list) (i32.rem_u (local.get $n) (i32.const 6)))) (array.get $any (local.get $all) (i32.const 2)))))
      (local.set $sum (i32.add (local.get $sum) (call_indirect $funcs (type $unary) (local.get $n) (i32.and (local.get $n) (i32.const 1)))))
      (local.set $sum (i32.add (local.get $sum) (call_ref $unary (local.get $n) (table.get $typed (i32.and (local.get $n) (i32.const 1))))))
      (if (ref.test (ref $named) (array.get $any (local.get $all) (i32.const 3)))
        (then (local.set $sum (i32.add (local.get $sum) (struct.get $named 0 (ref.cast (ref $named) (array.get $any (local.get $all) (i32.const 3))))))))
      (if (ref.eq (global.get $eq) (global.get $one)) (then (local.set $sum (i32.const 0))))
      (table.init $objects $later (i32.const 0) (i32.const 0) (i32.const 1))
      (global.set $eq (global.get $one))
      (global.set $one (struct.new $named (local.get $n) (array.get $points (global.get $list) (i32.const 2)) (struct.get $named $name (global.get $one)) (table.get $typed (i32.const 0))))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum)))`;

/** References to all objects of a store, free blocks too. */
function refsOf(store: Store): number[] {
  const refs: number[] = [];
  const { words, topCell } = store.heap;
  for (let cell = heapHeader(words).first; cell < topCell; cell += blockCells(store, cell)) refs.push(refOfCell(cell));
  return refs;
}

/** Another reference for one: of an object, a function, an i31, the host, nothing, or anything. */
function otherRef(random: Random, objects: readonly number[]): number {
  switch (below(random, 6)) {
    case 0:
    case 1:
    case 2:
      return objects[below(random, objects.length)]!;
    case 3:
      return below(random, 9);
    case 4:
      return below(random, 100) | 0x8000_0000 | 0;
    default:
      return Math.floor(random() * 2 ** 32) | 0;
  }
}

function changed(words: Int32Array, random: Random, at: number, objects: readonly number[]): Int32Array {
  const copy = words.slice();
  if (copy.length > 0) copy[at] = otherRef(random, objects);
  return copy;
}

/** The snapshot with a reference changed somewhere: in a frame, a global, a table, an object, a segment, or what waits. */
function withOtherRef(good: Snapshot, random: Random, objects: readonly number[]): Snapshot {
  const change = (words: Int32Array, step: number): Int32Array =>
    changed(words, random, below(random, Math.max(1, words.length / step)) * step, objects);
  const inPages = (pages: readonly Chunk[], wordCount: number): Chunk[] => {
    const list = pages[0]!.pages.slice();
    const at = below(random, wordCount);
    list[at >>> 10] = changed(list[at >>> 10]!, random, at & 1023, objects);
    return [new Chunk(list), ...pages.slice(1)];
  };
  switch (below(random, 6)) {
    case 0:
    case 1: {
      const index = below(random, good.frames.length);
      return { ...good, frames: good.frames.map((frame, i) => (i === index ? { ...frame, slots: change(frame.slots, 2) } : frame)) };
    }
    case 2:
      return { ...good, globals: change(good.globals, 2) };
    case 3: {
      const addr = below(random, good.tables.length);
      const tables = good.tables.map((table, i) => (i === addr ? { ...table, pages: inPages(table.pages, table.length) } : table));
      return { ...good, tables };
    }
    case 4:
      return { ...good, heap: { ...good.heap, pages: inPages(good.heap.pages, 1400) } };
    default: {
      const instances = good.shape.instances.map((instance) => ({
        ...instance,
        elemRefs: instance.elemRefs.map((refs) => change(refs, 1)),
      }));
      return { ...good, shape: { ...good.shape, instances } };
    }
  }
}

describe("stored machines with references of other types", () => {
  it("are refused in one line, or run on: no instruction meets what validation excludes", async () => {
    const program = await assemble(OBJECTS);
    const machine = new Machine({ stackBytes: 1 << 16 });
    const seen = machine.addGlobal({ valType: ValType.ExternRef, mutable: false }, 5n);
    const { instanceAddr } = machine.instantiate(program, [{ kind: ExternKind.Global, addr: seen }]);
    const { store } = machine;
    machine.begin(machine.export(instanceAddr, "run")!.addr, [5000]);
    const taker = new SnapshotTaker(store);
    const random = mulberry32(99);
    const counts = { refused: 0, restored: 0 };
    for (let place = 0; place < 10; place++) {
      runUntil(store, store.tick + 17 + below(random, 60));
      settle(store);
      const good = taker.capture(0);
      const objects = refsOf(store);
      expect(storeFromSnapshot(deserializeSnapshot(serializeSnapshot(good)), [program]).depth).to.equal(good.frames.length);
      for (let round = 0; round < 40; round++) {
        const bytes = serializeSnapshot(withOtherRef(good, random, objects));
        const other = new Store({ stackBytes: 1 << 16, generate: round % 5 === 0 ? "eagerly" : false });
        other.exactOnly = round % 5 < 3;
        try {
          new SnapshotTaker(other).restore(deserializeSnapshot(bytes), [program]);
          counts.restored++;
          runUntil(other, other.tick + (round % 10 === 0 ? 100_000 : 3000));
          new SnapshotTaker(other).capture(0);
        } catch (error) {
          if (!(error instanceof RewasmError)) throw new Error(`place ${place}, round ${round}`, { cause: error });
          expect(error.message).not.to.include("\n");
          counts.refused++;
        }
      }
    }
    console.log(`      ${counts.refused} refused, ${counts.restored} restored`);
    expect(counts.refused).to.be.greaterThan(130);
    expect(counts.restored).to.be.greaterThan(100);
  }).timeout(120_000);
});
