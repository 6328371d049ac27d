/** Options of compiling: builtin functions over strings, and constant strings, that the namespace provides for imports. */
import { expect } from "chai";
import type { WebAssemblyNamespace } from "../../jsapi/namespace.ts";
import { wat } from "../support/wat.ts";
import { type Case, type Loose, rejectionOf, runCases, throwsExactly } from "./subjects.ts";

const options = { builtins: ["js-string"], importedStringConstants: "#" };

/** Every builtin that needs no array, exported as it is imported, with types that allow it to be called from JavaScript. */
const everything = wat(`(module
  (import "wasm:js-string" "cast" (func $cast (param externref) (result (ref extern))))
  (import "wasm:js-string" "test" (func $test (param externref) (result i32)))
  (import "wasm:js-string" "fromCharCode" (func $fromCharCode (param i32) (result (ref extern))))
  (import "wasm:js-string" "fromCodePoint" (func $fromCodePoint (param i32) (result externref)))
  (import "wasm:js-string" "charCodeAt" (func $charCodeAt (param externref i32) (result i32)))
  (import "wasm:js-string" "codePointAt" (func $codePointAt (param externref i32) (result i32)))
  (import "wasm:js-string" "length" (func $length (param externref) (result i32)))
  (import "wasm:js-string" "concat" (func $concat (param externref externref) (result (ref extern))))
  (import "wasm:js-string" "substring" (func $substring (param externref i32 i32) (result (ref extern))))
  (import "wasm:js-string" "equals" (func $equals (param externref externref) (result i32)))
  (import "wasm:js-string" "compare" (func $compare (param externref externref) (result i32)))
  (import "m" "f" (func))
  (import "#" "constant \u{1f4e6}" (global $constant (ref extern)))
  (import "#" "" (global $empty externref))
  (export "cast" (func $cast)) (export "test" (func $test)) (export "fromCharCode" (func $fromCharCode))
  (export "fromCodePoint" (func $fromCodePoint)) (export "charCodeAt" (func $charCodeAt)) (export "codePointAt" (func $codePointAt))
  (export "length" (func $length)) (export "concat" (func $concat)) (export "substring" (func $substring))
  (export "equals" (func $equals)) (export "compare" (func $compare))
  (func (export "inside") (param i32) (result i32) (call $charCodeAt (global.get $constant) (local.get 0)))
  (export "constant" (global $constant)) (export "empty" (global $empty)))`);

async function exportsOf(wasm: WebAssemblyNamespace): Promise<Loose> {
  const module = new wasm.Module(await everything, options);
  return new wasm.Instance(module, { m: { f: () => 0 } }).exports;
}

/** Builtin, arguments, what it answers, or "trap". */
const calls: readonly (readonly [string, readonly unknown[], unknown])[] = [
  ["cast", ["x"], "x"],
  ["cast", [null], "trap"],
  ["cast", [5], "trap"],
  ["cast", [{}], "trap"],
  ["test", ["x"], 1],
  ["test", [""], 1],
  ["test", [null], 0],
  ["test", [Object("x")], 0],
  ["fromCharCode", [65], "A"],
  ["fromCharCode", [0x10041], "A"],
  ["fromCodePoint", [0x1f4e6], "\u{1f4e6}"],
  ["fromCodePoint", [0x10ffff], "\u{10ffff}"],
  ["fromCodePoint", [0x110000], "trap"],
  ["fromCodePoint", [-1], "trap"],
  ["charCodeAt", ["abc", 1], 98],
  ["charCodeAt", ["abc", 3], "trap"],
  ["charCodeAt", ["abc", -1], "trap"],
  ["charCodeAt", [null, 0], "trap"],
  ["codePointAt", ["\u{1f4e6}", 0], 0x1f4e6],
  ["codePointAt", ["\u{1f4e6}", 1], 0xdce6],
  ["codePointAt", ["", 0], "trap"],
  ["length", ["\u{1f4e6}x"], 3],
  ["length", [1], "trap"],
  ["concat", ["a", "b"], "ab"],
  ["concat", ["a", null], "trap"],
  ["substring", ["abcdef", 1, 3], "bc"],
  ["substring", ["abcdef", 3, 1], ""],
  ["substring", ["abcdef", 2, -1], "cdef"],
  ["substring", ["abcdef", -1, -1], ""],
  ["substring", ["abcdef", 7, 9], ""],
  ["substring", [null, 0, 0], "trap"],
  ["equals", ["a", "a"], 1],
  ["equals", ["a", "b"], 0],
  ["equals", [null, null], 1],
  ["equals", [null, "a"], 0],
  ["equals", ["a", 1], "trap"],
  ["compare", ["a", "b"], -1],
  ["compare", ["b", "a"], 1],
  ["compare", ["a", "a"], 0],
  ["compare", ["", "a"], -1],
  ["compare", [null, "a"], "trap"],
];

/** Modules whose imports do not fit what would be provided. */
const misfits: readonly string[] = [
  `(import "wasm:js-string" "length" (func (param i32) (result i32)))`,
  `(import "wasm:js-string" "length" (func (param externref) (result i64)))`,
  `(import "wasm:js-string" "length" (func (param externref)))`,
  `(import "wasm:js-string" "length" (global i32))`,
  `(import "wasm:js-string" "concat" (func (param externref) (result externref)))`,
  `(import "wasm:js-string" "fromCharCodeArray" (func (param externref i32 i32) (result externref)))`,
  `(type $c (array (mut i16))) (import "wasm:js-string" "intoCharCodeArray" (func (param (ref null $c) externref i32) (result i32)))`,
  `(import "#" "x" (global (mut externref)))`,
  `(import "#" "x" (global i32))`,
  `(import "#" "x" (func))`,
];

const engineDiffers = "it has no options of compiling";

const cases: Case[] = [
  ...calls.map(
    ([name, args, expected]): Case => ({
      name: `${name}(${args.map((arg) => (typeof arg === "object" && arg !== null ? "object" : JSON.stringify(arg))).join(", ")}) is ${JSON.stringify(expected)}`,
      run: async (wasm) => {
        const exports = await exportsOf(wasm);
        if (expected === "trap") throwsExactly(() => exports[name](...args), wasm.RuntimeError);
        else expect(exports[name](...args)).to.equal(expected);
      },
      engineDiffers,
    }),
  ),
  {
    name: "constants are strings, and wasm can work with them",
    run: async (wasm) => {
      const exports = await exportsOf(wasm);
      expect(exports.constant.value).to.equal("constant \u{1f4e6}");
      expect(exports.empty.value).to.equal("");
      expect(exports.inside(2)).to.equal("n".charCodeAt(0));
      throwsExactly(() => exports.inside(100), wasm.RuntimeError);
    },
    engineDiffers,
  },
  {
    name: "what is provided is no import of the module any more",
    run: async (wasm) => {
      const bytes = await everything;
      expect(wasm.Module.imports(new wasm.Module(bytes, options))).to.deep.equal([{ module: "m", name: "f", kind: "function" }]);
      expect(wasm.Module.imports(new wasm.Module(bytes)).length).to.equal(14);
      const some = new wasm.Module(bytes, { builtins: ["js-string"] });
      expect(wasm.Module.imports(some).map(({ module }) => module)).to.deep.equal(["m", "#", "#"]);
    },
    engineDiffers,
  },
  {
    name: "every way of compiling takes the options, and no import object can take their place",
    run: async (wasm) => {
      const bytes = await everything;
      const imports = { m: { f: () => 0 }, "wasm:js-string": { length: () => 99 }, "#": { "": "other" } };
      const { instance } = await wasm.instantiate(bytes, imports, options);
      const later = await wasm.instantiate(await wasm.compile(bytes, options), imports);
      const response = () => new Response(bytes as Loose, { headers: { "content-type": "application/wasm" } }) as Loose;
      const streamed = await wasm.instantiateStreaming(response(), imports, options);
      const compiled = await wasm.instantiate(await wasm.compileStreaming(response(), options), imports);
      for (const each of [instance, later, streamed.instance, compiled]) {
        const exports: Loose = each.exports;
        expect(exports.length("abc")).to.equal(3);
        expect(exports.empty.value).to.equal("");
      }
      expect(wasm.validate(bytes, options)).to.equal(true);
    },
    engineDiffers,
  },
  {
    name: "a string is made of a part of an array",
    run: async (wasm) => {
      const bytes = await wat(`(module
        (type $chars (array (mut i16)))
        (import "wasm:js-string" "fromCharCodeArray" (func $make (param (ref null $chars) i32 i32) (result (ref extern))))
        (func (export "alphabet") (param i32 i32 i32) (result externref) (local $a (ref $chars)) (local $i i32)
          (local.set $a (array.new_default $chars (local.get 0)))
          (loop
            (array.set $chars (local.get $a) (local.get $i) (i32.add (i32.const 97) (i32.rem_u (local.get $i) (i32.const 26))))
            (br_if 0 (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get 0))))
          (call $make (local.get $a) (local.get 1) (local.get 2)))
        (func (export "ofNull") (result externref) (call $make (ref.null $chars) (i32.const 0) (i32.const 0))))`);
      const { alphabet, ofNull }: Loose = new wasm.Instance(new wasm.Module(bytes, options)).exports;
      expect(alphabet(26, 2, 5)).to.equal("cde");
      expect(alphabet(26, 7, 7)).to.equal("");
      expect(alphabet(10_000, 0, 10_000)).to.equal("abcdefghijklmnopqrstuvwxyz".repeat(385).slice(0, 10_000));
      for (const [start, end] of [
        [5, 4],
        [0, 27],
        [27, 27],
        [-1, -1],
      ])
        throwsExactly(() => alphabet(26, start, end), wasm.RuntimeError);
      throwsExactly(() => ofNull(), wasm.RuntimeError);
    },
    engineDiffers,
  },
  {
    name: "a string is written into a part of an array",
    run: async (wasm) => {
      const bytes = await wat(`(module
        (rec (type $chars (array (mut i16))))
        (import "wasm:js-string" "intoCharCodeArray" (func $into (param externref (ref null $chars) i32) (result i32)))
        (import "wasm:js-string" "fromCharCodeArray" (func $make (param (ref null $chars) i32 i32) (result (ref extern))))
        (func (export "copy") (param externref i32 i32) (result externref i32) (local $a (ref $chars)) (local $n i32)
          (local.set $a (array.new $chars (i32.const 46) (local.get 1)))
          (local.set $n (call $into (local.get 0) (local.get $a) (local.get 2)))
          (call $make (local.get $a) (i32.const 0) (local.get 1))
          (local.get $n))
        (func (export "ofNull") (param externref) (result i32) (call $into (local.get 0) (ref.null $chars) (i32.const 0))))`);
      const module = new wasm.Module(bytes, options);
      const { copy, ofNull }: Loose = new wasm.Instance(module).exports;
      expect(copy("abc", 6, 2)).to.deep.equal(["..abc.", 3]);
      expect(copy("", 2, 2)).to.deep.equal(["..", 0]);
      expect(copy("a\u{1f4e6}\uffff\0", 5, 0)).to.deep.equal(["a\u{1f4e6}\uffff\0", 5]);
      const long = "0123456789\u20ac".repeat(300);
      expect(copy(long, 3301, 1)).to.deep.equal([`.${long}`, 3300]);
      // Another instance has the same function.
      expect((new wasm.Instance(module).exports as Loose).copy("xy", 2, 0)).to.deep.equal(["xy", 2]);
      for (const [string, length, at] of [
        ["abc", 2, 0],
        ["abc", 6, 4],
        ["a", 6, 6],
        ["", 6, 7],
        ["a", 6, -1],
        [1, 6, 0],
        [null, 6, 0],
      ])
        throwsExactly(() => copy(string, length, at), wasm.RuntimeError);
      for (const string of ["", "a"]) throwsExactly(() => ofNull(string), wasm.RuntimeError);
    },
    engineDiffers,
  },
  {
    name: "nothing has to be given when all is provided",
    run: async (wasm) => {
      const bytes = await wat(`(module (import "#" "x" (global $x externref)) (export "x" (global $x)))`);
      const exports: Loose = new wasm.Instance(new wasm.Module(bytes, { importedStringConstants: "#" })).exports;
      expect(exports.x.value).to.equal("x");
    },
    engineDiffers,
  },
  ...misfits.map(
    (text): Case => ({
      name: `${text} is a CompileError with the options`,
      run: async (wasm) => {
        const bytes = await wat(`(module ${text})`);
        throwsExactly(() => new wasm.Module(bytes, options), wasm.CompileError);
        expect(wasm.validate(bytes, options)).to.equal(false);
        expect(await rejectionOf(wasm.compile(bytes, options))).to.be.instanceOf(wasm.CompileError);
        expect(wasm.validate(bytes)).to.equal(true);
      },
      engineDiffers,
    }),
  ),
  {
    name: "a set that is named twice is a CompileError, an unknown one or an unknown function of a set is left to the imports",
    run: async (wasm) => {
      const bytes = await wat(`(module (import "wasm:js-string" "future" (func)) (import "wasm:other" "f" (func)))`);
      throwsExactly(() => new wasm.Module(bytes, { builtins: ["js-string", "js-string"] }), wasm.CompileError);
      const module = new wasm.Module(bytes, { builtins: ["js-string", "other"] });
      expect(wasm.Module.imports(module).length).to.equal(2);
      new wasm.Instance(module, { "wasm:js-string": { future: () => 0 }, "wasm:other": { f: () => 0 } });
    },
    engineDiffers,
  },
  {
    name: "options are read as a dictionary",
    run: async (wasm) => {
      const bytes = await everything;
      for (const bad of [1, "js-string", { builtins: 1 }, { builtins: "js-string" }, { builtins: {} }, { builtins: null }]) {
        throwsExactly(() => new (wasm.Module as Loose)(bytes, bad), TypeError);
        expect(await rejectionOf((wasm as Loose).compile(bytes, bad))).to.be.instanceOf(TypeError);
      }
      const order: string[] = [];
      const read = {
        get importedStringConstants() {
          order.push("importedStringConstants");
          return { toString: () => "#" };
        },
        get builtins() {
          order.push("builtins");
          return new Set(["js-string"]);
        },
      };
      const module = new (wasm.Module as Loose)(bytes, read);
      expect(order).to.deep.equal(["builtins", "importedStringConstants"]);
      expect(wasm.Module.imports(module).length).to.equal(1);
      for (const none of [undefined, null, {}, { builtins: [], importedStringConstants: null }]) {
        expect(wasm.Module.imports(new (wasm.Module as Loose)(bytes, none)).length).to.equal(14);
      }
    },
    engineDiffers,
  },
];

runCases("options of compiling", cases);
