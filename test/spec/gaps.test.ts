/**
 * What the suite tests only together with features that are out of scope, as scripts of our own: memory.grow (its file
 * needs several memories), generative instances (theirs needs tags) and ref.is_null (needs typed references).
 */
import { expect } from "chai";
import { describe, it } from "mocha";
import { Encoder } from "./encode.ts";
import { MachineEngine } from "./machine-engine.ts";
import { engineOptions, RUN_MODES } from "./modes.ts";
import { reportFile } from "./report.ts";
import { runScript } from "./runner.ts";
import { parseWast } from "./wast.ts";

const SCRIPTS: Readonly<Record<string, string>> = {
  "memory.grow": `
    (module $M
      (memory (export "memory") 1 4)
      (func (export "size") (result i32) (memory.size))
      (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
      (func (export "load") (param i32) (result i32) (i32.load8_u (local.get 0)))
      (func (export "store") (param i32 i32) (i32.store8 (local.get 0) (local.get 1)))
      (func (export "growLoop") (result i32) (local $n i32)
        (loop $again
          (i32.store8 (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 1)) (memory.size))
          (local.set $n (i32.add (local.get $n) (i32.const 1)))
          (br_if $again (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
        (local.get $n))
      (func (export "keepsOperands") (result i32)
        (i32.add (i32.const 1000) (i32.mul (memory.grow (i32.const 0)) (i32.const 10)))))
    (assert_return (invoke "size") (i32.const 1))
    (assert_trap (invoke "load" (i32.const 65536)) "out of bounds memory access")
    (invoke "store" (i32.const 65535) (i32.const 7))
    (assert_return (invoke "grow" (i32.const 0)) (i32.const 1))
    (assert_return (invoke "grow" (i32.const 1)) (i32.const 1))
    (assert_return (invoke "load" (i32.const 65535)) (i32.const 7))
    (assert_return (invoke "load" (i32.const 65536)) (i32.const 0))
    (assert_return (invoke "load" (i32.const 131071)) (i32.const 0))
    (assert_trap (invoke "load" (i32.const 131072)) "out of bounds memory access")
    (assert_return (invoke "grow" (i32.const 3)) (i32.const -1))
    (assert_return (invoke "grow" (i32.const -1)) (i32.const -1))
    (assert_return (invoke "grow" (i32.const 0x10000)) (i32.const -1))
    (assert_return (invoke "size") (i32.const 2))
    (assert_return (invoke "keepsOperands") (i32.const 1020))
    (assert_return (invoke "growLoop") (i32.const 3))
    (assert_return (invoke "size") (i32.const 4))
    (assert_return (invoke "load" (i32.const 262143)) (i32.const 4))
    (assert_return (invoke "load" (i32.const 131071)) (i32.const 2))
    (register "M")
    (module
      (memory (import "M" "memory") 4 5)
      (func (export "size") (result i32) (memory.size)))
    (assert_return (invoke "size") (i32.const 4))
    (assert_unlinkable (module (memory (import "M" "memory") 5)) "incompatible import type")
    (assert_unlinkable (module (memory (import "M" "memory") 1 3)) "incompatible import type")
    (module (memory 0) (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))) (func (export "size") (result i32) (memory.size)))
    (assert_return (invoke "grow" (i32.const 65537)) (i32.const -1))
    (assert_return (invoke "size") (i32.const 0))
    (assert_invalid (module (memory 0) (func (result i32) (memory.grow (i64.const 0)))) "type mismatch")
    (assert_invalid (module (func (result i32) (memory.grow (i32.const 0)))) "unknown memory")`,

  "memory.grow by a callee": `
    (module $Grower
      (memory (export "memory") 1)
      (func (export "grow") (result i32) (memory.grow (i32.const 1))))
    (register "grower")
    (module
      (import "grower" "memory" (memory 1))
      (import "grower" "grow" (func $grow (result i32)))
      (func (export "writeAfter") (param $at i32) (result i32)
        (drop (call $grow))
        (i32.store (local.get $at) (i32.const 99))
        (i32.load (local.get $at))))
    (assert_return (invoke "writeAfter" (i32.const 65536)) (i32.const 99))
    (assert_return (invoke "writeAfter" (i32.const 131072)) (i32.const 99))
    (assert_trap (invoke "writeAfter" (i32.const 1000000)) "out of bounds memory access")`,

  "generative instances": `
    (module definition $D
      (global (export "global") (mut i32) (i32.const 0))
      (memory (export "memory") 1)
      (table (export "table") 4 funcref)
      (data $d "x")
      (func (export "init") (memory.init $d (i32.const 0) (i32.const 0) (i32.const 1)))
      (func (export "drop") (data.drop $d)))
    (module instance $A $D)
    (module instance $B $D)
    (register "A" $A)
    (register "B" $B)
    (module
      (import "A" "global" (global $ga (mut i32)))
      (import "B" "global" (global $gb (mut i32)))
      (import "A" "table" (table $ta 4 funcref))
      (import "B" "table" (table $tb 4 funcref))
      (func $f) (elem declare func $f)
      (func (export "globals") (result i32 i32) (global.set $ga (i32.const 5)) (global.get $ga) (global.get $gb))
      (func (export "tables") (result i32 i32)
        (table.set $ta (i32.const 1) (ref.func $f))
        (ref.is_null (table.get $ta (i32.const 1))) (ref.is_null (table.get $tb (i32.const 1)))))
    (assert_return (invoke "globals") (i32.const 5) (i32.const 0))
    (assert_return (invoke "tables") (i32.const 0) (i32.const 1))
    (assert_return (get $A "global") (i32.const 5))
    (assert_return (get $B "global") (i32.const 0))
    (invoke $A "drop")
    (assert_trap (invoke $A "init") "out of bounds memory access")
    (assert_return (invoke $B "init"))`,

  "ref.is_null": `
    (module
      (table $f 2 funcref) (table $e 2 externref)
      (func $dummy) (elem (table $f) (i32.const 1) func $dummy)
      (func (export "func") (param funcref) (result i32) (ref.is_null (local.get 0)))
      (func (export "extern") (param externref) (result i32) (ref.is_null (local.get 0)))
      (func (export "init") (param externref) (table.set $e (i32.const 1) (local.get 0)))
      (func (export "funcAt") (param i32) (result i32) (ref.is_null (table.get $f (local.get 0))))
      (func (export "externAt") (param i32) (result i32) (ref.is_null (table.get $e (local.get 0))))
      (func (export "back") (param i32) (result externref) (table.get $e (local.get 0))))
    (assert_return (invoke "func" (ref.null func)) (i32.const 1))
    (assert_return (invoke "extern" (ref.null extern)) (i32.const 1))
    (assert_return (invoke "extern" (ref.extern 0)) (i32.const 0))
    (invoke "init" (ref.extern 41))
    (assert_return (invoke "funcAt" (i32.const 0)) (i32.const 1))
    (assert_return (invoke "funcAt" (i32.const 1)) (i32.const 0))
    (assert_return (invoke "externAt" (i32.const 0)) (i32.const 1))
    (assert_return (invoke "externAt" (i32.const 1)) (i32.const 0))
    (assert_return (invoke "back" (i32.const 1)) (ref.extern 41))
    (assert_trap (invoke "back" (i32.const 2)) "out of bounds table access")`,
};

describe("what the official suite leaves out", () => {
  for (const [name, script] of Object.entries(SCRIPTS)) {
    it(name, async () => {
      const commands = parseWast(script);
      const states = new Set<string>();
      for (const mode of RUN_MODES) {
        const engine = new MachineEngine(engineOptions(mode));
        const { counts, surprises } = reportFile(name, mode, await runScript(engine, new Encoder(), commands), {});
        expect(surprises).to.deep.equal([]);
        expect([counts.failed, counts.skipped]).to.deep.equal([0, 0]);
        states.add(engine.state());
      }
      expect(states.size).to.equal(1);
    });
  }
});
