/** References of WebAssembly 3.0 between JavaScript and wasm: what may be null, and functions of given types. */
import { expect } from "chai";
import { wat } from "../support/wat.ts";
import { type Case, type Loose, runCases, throwsExactly } from "./subjects.ts";

const engineDiffers = "it has no such types";

const cases: Case[] = [
  {
    name: "null is no value of a type without null, in both directions",
    run: async (wasm) => {
      const bytes = await wat(`(module
        (import "m" "give" (func $give (result (ref extern))))
        (func (export "take") (param (ref extern)) (result (ref extern)) (local.get 0))
        (func (export "takeFunc") (param (ref func)) (result (ref func)) (local.get 0))
        (func (export "give") (result externref) (call $give)))`);
      let given: unknown = null;
      const exports: Loose = new wasm.Instance(new wasm.Module(bytes), { m: { give: () => given } }).exports;
      for (const value of [undefined, 0, "", exports]) expect(exports.take(value)).to.equal(value);
      throwsExactly(() => exports.take(null), TypeError);
      throwsExactly(() => exports.give(), TypeError);
      given = "x";
      expect(exports.give()).to.equal("x");
      expect(exports.takeFunc(exports.take) === exports.take).to.equal(true);
      for (const value of [null, undefined, () => 0]) throwsExactly(() => exports.takeFunc(value), TypeError);
    },
    engineDiffers,
  },
  {
    name: "null is the only value of types at the bottom",
    run: async (wasm) => {
      const bytes = await wat(`(module
        (func (export "func") (param nullfuncref) (result nullfuncref) (local.get 0))
        (func (export "extern") (param nullexternref) (result nullexternref) (local.get 0)))`);
      const exports: Loose = new wasm.Instance(new wasm.Module(bytes)).exports;
      for (const name of ["func", "extern"]) {
        expect(exports[name](null)).to.equal(null);
        for (const value of [undefined, 0, {}, exports.func]) throwsExactly(() => exports[name](value), TypeError);
      }
    },
    engineDiffers,
  },
  {
    name: "a function is of a type when its own is that or declared below it",
    run: async (wasm) => {
      const bytes = await wat(`(module
        (type $f (sub (func (result i32))))
        (type $g (sub $f (func (result i32))))
        (type $h (func (param i32)))
        (func (export "f") (type $f) (i32.const 1))
        (func (export "g") (type $g) (i32.const 2))
        (func (export "h") (type $h))
        (func (export "takeF") (param (ref null $f)) (result (ref null $f)) (local.get 0))
        (func (export "takeG") (param (ref $g)) (result (ref $g)) (local.get 0)))`);
      const exports: Loose = new wasm.Instance(new wasm.Module(bytes)).exports;
      const { f, g, h, takeF, takeG } = exports;
      expect([takeF(f), takeF(g), takeF(null), takeG(g)]).to.deep.equal([f, g, null, g]);
      for (const value of [h, undefined, () => 1]) throwsExactly(() => takeF(value), TypeError);
      for (const value of [f, h, null]) throwsExactly(() => takeG(value), TypeError);
    },
    engineDiffers,
  },
  {
    name: "a value of a wrong type is found before later arguments are looked at",
    run: async (wasm) => {
      const bytes = await wat(`(module (func (export "take") (param (ref extern) i32 externref) (result i32) (local.get 1)))`);
      const { take }: Loose = new wasm.Instance(new wasm.Module(bytes)).exports;
      let looked = 0;
      const number = { valueOf: () => ++looked };
      throwsExactly(() => take(null, number, 1), TypeError);
      expect(looked).to.equal(0);
      expect(take("x", number, 1)).to.equal(1);
    },
    engineDiffers,
  },
  {
    name: "tables and globals of such types begin with what is given, and keep to their type",
    run: async (wasm) => {
      const bytes = await wat(`(module
        (type $f (func (result i32)))
        (func $one (export "one") (type $f) (i32.const 1))
        (func (export "other"))
        (elem declare func $one)
        (global (export "g") (mut (ref $f)) (ref.func $one))
        (global (export "n") (mut (ref null $f)) (ref.null $f))
        (table (export "t") 2 4 (ref null $f)))`);
      const { one, other, g, n, t }: Loose = new wasm.Instance(new wasm.Module(bytes)).exports;
      expect(g.value === one).to.equal(true);
      for (const value of [null, other, undefined]) {
        throwsExactly(() => {
          g.value = value;
        }, TypeError);
      }
      n.value = one;
      expect(n.value === one).to.equal(true);
      n.value = null;
      expect(n.value).to.equal(null);
      t.set(0, one);
      expect(t.get(0) === one).to.equal(true);
      t.set(0);
      expect(t.get(0)).to.equal(null);
      throwsExactly(() => t.set(1, other), TypeError);
      expect(t.grow(1, one)).to.equal(2);
      expect(t.grow(1)).to.equal(3);
      expect([t.get(2) === one, t.get(3)]).to.deep.equal([true, null]);
    },
    engineDiffers,
  },
];

runCases("references of given types", cases);
