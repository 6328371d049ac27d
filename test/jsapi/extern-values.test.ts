/** References to values of JavaScript: their numbers, and that those are forgotten which wasm does not hold any more. */
import { expect } from "chai";
import { describe, it } from "mocha";
import { Agent } from "../../jsapi/agent.ts";
import { ExternValues } from "../../jsapi/extern-values.ts";
import { createWebAssembly } from "../../jsapi/namespace.ts";
import { ValType } from "../../vm/types.ts";
import { wat } from "../support/wat.ts";
import type { Loose } from "./subjects.ts";

describe("references to values of JavaScript", () => {
  it("are the integers themselves where they have 31 bits, else numbers in the order of arrival", () => {
    const values = new ExternValues();
    const object = {};
    for (const value of [null, 0, 1, -1, 2 ** 30 - 1, -(2 ** 30)]) expect(values.fromRef(values.toRef(value))).to.equal(value);
    expect(values.count).to.equal(0);
    const others = [undefined, object, -0, 2 ** 30, -(2 ** 30) - 1, 0.5, Number.NaN, "x", 1n, true];
    const refs = others.map((value) => values.toRef(value));
    expect(refs).to.deep.equal(others.map((_, i) => i + 1));
    expect(others.map((value) => values.toRef(value))).to.deep.equal(refs);
    for (const [i, value] of others.entries()) expect(Object.is(values.fromRef(refs[i]!), value)).to.equal(true);
    expect(values.toRef(0)).to.equal(-(2 ** 31));
    expect(values.toRef(-1)).to.equal(-1);
  });

  it("are forgotten unless they are marked, and their numbers used again", () => {
    const values = new ExternValues(2);
    const refs = ["a", "b", -0, "c"].map((value) => values.toRef(value));
    expect(values.isCrowded).to.equal(true);
    values.keepOnly((mark) => {
      for (const ref of [refs[1]!, 0, -7, 99]) mark(ref);
    });
    expect(values.count).to.equal(1);
    expect(values.isCrowded).to.equal(false);
    expect(values.toRef("b")).to.equal(refs[1]);
    expect(values.fromRef(refs[0]!)).to.equal(undefined);
    const again = ["d", "e", -0, "f"].map((value) => values.toRef(value));
    expect(new Set([...again, refs[1]]).size).to.equal(5);
    expect(Math.max(...again)).to.equal(5);
    for (const [i, value] of ["d", "e", -0, "f"].entries()) expect(Object.is(values.fromRef(again[i]!), value)).to.equal(true);
  });

  for (const generateCode of [true, false]) {
    it(`stay as long as tables, globals, segments and frames hold them (${generateCode ? "generated" : "plain"} wrappers)`, async () => {
      const bytes = await wat(`(module
        (import "m" "kept" (global $kept externref))
        (import "m" "make" (func $make (param i32) (result externref)))
        (import "m" "check" (func $check (param externref externref externref)))
        (global (export "g") (mut externref) (ref.null extern))
        (table $t (export "t") 10 externref)
        (elem $e externref (global.get $kept))
        (func (export "pass") (param externref i64 externref) (result externref externref) (local.get 2) (local.get 0))
        (func (export "fromSegment") (result externref)
          (table.init $t $e (i32.const 9) (i32.const 0) (i32.const 1)) (table.get $t (i32.const 9)))
        (func (export "hold") (param externref) (result externref) (local externref i32)
          (local.set 1 (call $make (i32.const -1)))
          (loop (drop (call $make (local.get 2))) (br_if 0 (i32.lt_u (local.tee 2 (i32.add (local.get 2) (i32.const 1))) (i32.const 3000))))
          (call $check (local.get 0) (local.get 1) (call $make (i32.const -2)))
          (local.get 0)))`);
      const wasm = createWebAssembly({ stackBytes: 1 << 18, generateCode });
      const made = new Map<number, object>();
      const make = (n: number): object => {
        const object = { n };
        if (n < 0) made.set(n, object);
        return object;
      };
      const kept = { kept: true };
      const checked: boolean[] = [];
      const argument = { argument: true };
      const check = (a: unknown, b: unknown, c: unknown) => checked.push(a === argument, b === made.get(-1), c === made.get(-2));
      const instance = new wasm.Instance(new wasm.Module(bytes), { m: { kept, make, check } });
      const exports: Loose = instance.exports;
      const inTable = { table: true };
      const inGlobal = { global: true };
      exports.t.set(3, inTable);
      exports.g.value = inGlobal;
      for (let round = 0; round < 30; round++) {
        expect(exports.hold(argument) === argument).to.equal(true);
        // A conversion that lets many values come and go while others are on their way.
        const late = { valueOf: () => BigInt(exports.hold(argument) === argument ? 1 : 0) };
        const [first, second] = [{ first: round }, { second: round }];
        const passed = exports.pass(first, round % 10 === 0 ? late : 1n, second);
        expect(passed[0] === second && passed[1] === first).to.equal(true);
      }
      expect(checked.every((each) => each)).to.equal(true);
      expect(exports.t.get(3) === inTable).to.equal(true);
      expect(exports.g.value === inGlobal).to.equal(true);
      expect(exports.fromSegment() === kept).to.equal(true);
    });
  }

  it("do not gather: a million values that pass leave a bounded number", () => {
    const agent = new Agent({ stackBytes: 1 << 18 });
    const table = agent.machine.addTable(
      { elemType: ValType.ExternRef, limits: { min: 10, max: undefined } },
      agent.externs.toRef("first"),
    );
    let most = 0;
    for (let i = 0; i < 1_000_000; i++) {
      agent.makeRoom();
      agent.machine.setTable(table, i % 10, agent.externs.toRef(`value ${i}`));
      most = Math.max(most, agent.externs.count);
    }
    expect(most).to.be.lessThan(40_000);
    for (let i = 0; i < 10; i++) expect(agent.externs.fromRef(agent.machine.store.tables[table]!.at(i))).to.equal(`value ${999_990 + i}`);
  });
});
