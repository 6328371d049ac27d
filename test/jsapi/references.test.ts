/** References of WebAssembly 3.0 between JavaScript and wasm: what may be null, and functions of given types. */
import { expect } from "chai";
import type { WebAssemblyNamespace } from "../../jsapi/namespace.ts";
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
  {
    name: "objects of wasm are opaque, and keep their identity",
    run: async (wasm) => {
      const exports = await objects(wasm);
      const { makeStruct, makeArray, read, same, any, extern, g, t } = exports;
      const struct = makeStruct(7);
      const array = makeArray(3);
      for (const object of [struct, array]) {
        expect(typeof object).to.equal("object");
        expect(Object.getPrototypeOf(object)).to.equal(null);
        expect(Reflect.ownKeys(object)).to.deep.equal([]);
        expect(Object.isExtensible(object)).to.equal(false);
        throwsExactly(() => {
          object.x = 1;
        }, TypeError);
        expect(any(object) === object).to.equal(true);
        expect(extern(object) === object).to.equal(true);
      }
      expect(read(struct)).to.equal(7);
      expect(makeStruct(7) === struct).to.equal(false);
      expect([same(struct, struct), same(struct, array)]).to.deep.equal([1, 0]);
      g.value = struct;
      expect(g.value === struct).to.equal(true);
      t.set(1, array);
      expect(t.get(1) === array).to.equal(true);
      expect(t.get(0)).to.equal(null);
    },
    engineDiffers,
  },
  {
    name: "values of the hierarchy of any are checked against their type",
    run: async (wasm) => {
      const { makeStruct, makeArray, any, eq, i31, struct, array, read, makeStruct: fn } = await objects(wasm);
      const [s, a] = [makeStruct(1), makeArray(1)];
      const other = {};
      expect([any(s), any(a), any(5), any(null), any(other), any("x"), any(undefined), any(fn), any(1.5), any(2 ** 30)]).to.deep.equal([
        s,
        a,
        5,
        null,
        other,
        "x",
        undefined,
        fn,
        1.5,
        2 ** 30,
      ]);
      expect([eq(s), eq(a), eq(-5), eq(null)]).to.deep.equal([s, a, -5, null]);
      expect([i31(2 ** 30 - 1), i31(-(2 ** 30)), i31(null), struct(s), array(a), struct(null)]).to.deep.equal([
        2 ** 30 - 1,
        -(2 ** 30),
        null,
        s,
        a,
        null,
      ]);
      for (const value of [other, "x", undefined, 2 ** 30, 0.5, fn]) throwsExactly(() => eq(value), TypeError);
      for (const value of [s, other, 2 ** 30, -(2 ** 30) - 1, 0.5, "1", 1n]) throwsExactly(() => i31(value), TypeError);
      for (const value of [a, 5, other]) throwsExactly(() => struct(value), TypeError);
      for (const value of [s, 5, other]) throwsExactly(() => array(value), TypeError);
      for (const value of [null, a, 5, other, undefined]) throwsExactly(() => read(value), TypeError);
    },
    engineDiffers,
  },
  {
    name: "a small integer is an i31 wherever it passes as a reference",
    run: async (wasm) => {
      const { isI31, any, extern } = await objects(wasm);
      expect([0, 1, -1, 2 ** 30 - 1, -(2 ** 30)].map((value) => isI31(value))).to.deep.equal([1, 1, 1, 1, 1]);
      expect([-0, 0.5, 2 ** 30, -(2 ** 30) - 1, "1", 1n, null, undefined].map((value) => isI31(value))).to.deep.equal([
        0, 0, 0, 0, 0, 0, 0, 0,
      ]);
      for (const value of [-0, 0.5, Number.NaN])
        for (const through of [any, extern]) expect(Object.is(through(value), value)).to.equal(true);
    },
    engineDiffers,
  },
  {
    name: "objects that JavaScript holds outlive collections, in references and in exceptions",
    run: async (wasm) => {
      const { makeStruct, read, churn, throwStruct, tag } = await objects(wasm);
      const kept = Array.from({ length: 50 }, (_, i) => makeStruct(i));
      const thrown = Array.from({ length: 50 }, (_, i) => {
        try {
          return throwStruct(i);
        } catch (error) {
          return error;
        }
      });
      churn(200_000);
      expect(kept.map((object) => read(object))).to.deep.equal(Array.from({ length: 50 }, (_, i) => i));
      expect(thrown.map((exception) => read(exception.getArg(tag, 0)))).to.deep.equal(Array.from({ length: 50 }, (_, i) => i));
    },
    engineDiffers,
  },
];

const objectsModule = wat(`(module
  (type $s (struct (field (mut i32))))
  (type $a (array (mut i16)))
  (tag $t (export "tag") (param (ref $s)))
  (global (export "g") (mut (ref null $s)) (ref.null $s))
  (table (export "t") 2 anyref)
  (func (export "makeStruct") (param i32) (result (ref $s)) (struct.new $s (local.get 0)))
  (func (export "makeArray") (param i32) (result (ref $a)) (array.new_default $a (local.get 0)))
  (func (export "read") (param (ref $s)) (result i32) (struct.get $s 0 (local.get 0)))
  (func (export "same") (param eqref eqref) (result i32) (ref.eq (local.get 0) (local.get 1)))
  (func (export "any") (param anyref) (result anyref) (local.get 0))
  (func (export "extern") (param externref) (result externref) (extern.convert_any (any.convert_extern (local.get 0))))
  (func (export "isI31") (param externref) (result i32) (ref.test (ref i31) (any.convert_extern (local.get 0))))
  (func (export "eq") (param eqref) (result eqref) (local.get 0))
  (func (export "i31") (param i31ref) (result i31ref) (local.get 0))
  (func (export "struct") (param structref) (result structref) (local.get 0))
  (func (export "array") (param arrayref) (result arrayref) (local.get 0))
  (func (export "throwStruct") (param i32) (throw $t (struct.new $s (local.get 0))))
  (func (export "churn") (param i32)
    (loop (drop (struct.new $s (local.get 0))) (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))`);

async function objects(wasm: WebAssemblyNamespace): Promise<Loose> {
  return new wasm.Instance(new wasm.Module(await objectsModule)).exports;
}

runCases("references of given types", cases);
