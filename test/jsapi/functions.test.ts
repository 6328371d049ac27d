/** Calls between JavaScript and wasm: conversions in both directions, identity of functions, errors and nesting. */
import { expect } from "chai";
import { before } from "mocha";
import type { WebAssemblyNamespace } from "../../jsapi/namespace.ts";
import { wat } from "../support/wat.ts";
import { type Case, type Loose, rejectionOf, runCases, thrownBy, throwsExactly } from "./subjects.ts";

let echo: Uint8Array;
let nest: Uint8Array;
let traps: Uint8Array;

before(async () => {
  echo = await wat(`(module
    (import "m" "i32" (func $ii (param i32) (result i32)))
    (import "m" "i64" (func $ll (param i64) (result i64)))
    (import "m" "f32" (func $ff (param f32) (result f32)))
    (import "m" "f64" (func $dd (param f64) (result f64)))
    (import "m" "ref" (func $rr (param externref) (result externref)))
    (import "m" "fun" (func $uu (param funcref) (result funcref)))
    (import "m" "none" (func $none))
    (import "m" "many" (func $many (param i32 i64 f32 f64 externref) (result externref f64 f32 i64 i32)))
    (func (export "i32") (param i32) (result i32) (call $ii (local.get 0)))
    (func (export "i64") (param i64) (result i64) (call $ll (local.get 0)))
    (func (export "f32") (param f32) (result f32) (call $ff (local.get 0)))
    (func (export "f64") (param f64) (result f64) (call $dd (local.get 0)))
    (func (export "ref") (param externref) (result externref) (call $rr (local.get 0)))
    (func (export "fun") (param funcref) (result funcref) (call $uu (local.get 0)))
    (func (export "none") (call $none))
    (func (export "many") (param i32 i64 f32 f64 externref) (result externref f64 f32 i64 i32)
      (call $many (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4)))
    (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
    (export "import" (func $ii)))`);
  nest = await wat(`(module
    (import "m" "f" (func $f (param i32) (result i32)))
    (func (export "down") (param i32) (result i32)
      (local i32 i64)
      (local.set 1 (i32.const 1000)) (local.set 2 (i64.const -1))
      (if (result i32) (local.get 0)
        (then (i32.add (local.get 1) (call $f (i32.sub (local.get 0) (i32.const 1)))))
        (else (i32.const 7)))))`);
  traps = await wat(`(module
    (memory 1) (table 1 funcref)
    (func (export "unreachable") unreachable)
    (func (export "divide") (drop (i32.div_s (i32.const 1) (i32.const 0))))
    (func (export "overflow") (drop (i32.div_s (i32.const 0x80000000) (i32.const -1))))
    (func (export "load") (drop (i32.load (i32.const -1))))
    (func (export "truncate") (drop (i32.trunc_f64_s (f64.const nan))))
    (func (export "null") (call_indirect (i32.const 0)))
    (func (export "element") (call_indirect (i32.const 1)))
    (func $deep (export "deep") (call $deep)))`);
});

/** The exports of a module whose imports echo what they are given, noting it in `seen`. */
function echoes(wasm: WebAssemblyNamespace, overrides: object = {}): { exports: Loose; seen: unknown[][] } {
  const seen: unknown[][] = [];
  const same = (...args: unknown[]): unknown => {
    seen.push(args);
    return args[0];
  };
  const many = (...args: unknown[]): unknown => {
    seen.push(args);
    return args.toReversed();
  };
  const m = { i32: same, i64: same, f32: same, f64: same, ref: same, fun: same, none: same, many, ...overrides };
  return { exports: new wasm.Instance(new wasm.Module(echo), { m }).exports, seen };
}

const boxed = (value: unknown): object => ({ valueOf: () => value });

/** Export, argument, what comes back. */
const conversions: readonly (readonly [string, unknown, unknown])[] = [
  ["i32", 7, 7],
  ["i32", -1, -1],
  ["i32", 2 ** 31, -(2 ** 31)],
  ["i32", 2 ** 32 + 5, 5],
  ["i32", 1.9, 1],
  ["i32", -1.9, -1],
  ["i32", Number.NaN, 0],
  ["i32", Number.POSITIVE_INFINITY, 0],
  ["i32", undefined, 0],
  ["i32", null, 0],
  ["i32", true, 1],
  ["i32", "0x10", 16],
  ["i32", "word", 0],
  ["i32", boxed(3), 3],
  ["i32", [], 0],
  ["i64", 7n, 7n],
  ["i64", -1n, -1n],
  ["i64", 2n ** 63n, -(2n ** 63n)],
  ["i64", 2n ** 64n + 5n, 5n],
  ["i64", true, 1n],
  ["i64", "12", 12n],
  ["i64", boxed(3n), 3n],
  ["f32", 1.5, 1.5],
  ["f32", 0.1, Math.fround(0.1)],
  ["f32", 1e300, Number.POSITIVE_INFINITY],
  ["f32", -0, -0],
  ["f32", Number.NaN, Number.NaN],
  ["f32", undefined, Number.NaN],
  ["f32", "2.5", 2.5],
  ["f64", 0.1, 0.1],
  ["f64", -0, -0],
  ["f64", Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY],
  ["f64", Number.NaN, Number.NaN],
  ["f64", null, 0],
  ["f64", boxed("4"), 4],
  ["ref", null, null],
  ["ref", undefined, undefined],
  ["ref", 0, 0],
  ["ref", -0, -0],
  ["ref", Number.NaN, Number.NaN],
  ["ref", 12n, 12n],
  ["ref", "text", "text"],
  ["ref", Symbol.iterator, Symbol.iterator],
  ["fun", null, null],
];

/** Export and an argument that it must refuse. */
const refused: readonly (readonly [string, unknown, abstract new (...args: never[]) => object])[] = [
  ["i32", 1n, TypeError],
  ["i32", Symbol.iterator, TypeError],
  ["f32", 1n, TypeError],
  ["f64", 1n, TypeError],
  ["f64", Symbol.iterator, TypeError],
  ["i64", 1, TypeError],
  ["i64", undefined, TypeError],
  ["i64", null, TypeError],
  ["i64", "word", SyntaxError],
  ["fun", undefined, TypeError],
  ["fun", 0, TypeError],
  ["fun", () => 0, TypeError],
];

const cases: Case[] = [
  ...conversions.map(
    ([name, given, expected]): Case => ({
      name: `${name} takes ${show(given)} as ${show(expected)} there and back`,
      run: (wasm) => {
        const { exports, seen } = echoes(wasm);
        const back = exports[name](given);
        expect(Object.is(back, expected), String(back)).to.equal(true);
        expect(Object.is(seen[0]![0], expected), String(seen[0]![0])).to.equal(true);
        // What an import returns is converted by the same rules.
        expect(Object.is(echoes(wasm, { [name]: () => given }).exports[name](name === "i64" ? 0n : null), expected)).to.equal(true);
      },
    }),
  ),
  ...refused.map(
    ([name, given, errorClass]): Case => ({
      name: `${name} refuses ${show(given)} with a ${errorClass.name}`,
      run: (wasm) => {
        const { exports, seen } = echoes(wasm);
        throwsExactly(() => exports[name](given), errorClass);
        expect(seen).to.deep.equal([]);
        throwsExactly(() => echoes(wasm, { [name]: () => given }).exports[name](name === "i64" ? 0n : null), errorClass);
      },
    }),
  ),
  {
    name: "objects pass as externref with their identity",
    run: (wasm) => {
      const { exports, seen } = echoes(wasm);
      for (const object of [{}, [], () => 0, exports.i32, wasm]) expect(exports.ref(object) === object).to.equal(true);
      expect(seen[4]![0] === wasm).to.equal(true);
    },
  },
  {
    name: "several results come back as an array, from any iterable",
    run: (wasm) => {
      const { exports, seen } = echoes(wasm);
      const object = {};
      expect(exports.many(1, 2n, 3.5, 4.5, object)).to.deep.equal([object, 4.5, 3.5, 2n, 1]);
      expect(seen).to.deep.equal([[1, 2n, 3.5, 4.5, object]]);
      const list = [0, 1, 2, 3n, 4];
      function* generated() {
        yield* list;
      }
      expect(echoes(wasm, { many: generated }).exports.many(0, 0n)).to.deep.equal(list);
      expect(echoes(wasm, { many: () => new Set(list) }).exports.many(0, 0n)).to.deep.equal(list);
    },
  },
  {
    name: "several results that are no iterable, or of another number, are a TypeError",
    run: (wasm) => {
      for (const many of [() => undefined, () => 1, () => ({ length: 5 }), () => [], () => [0, 1, 2, 3n], () => [0, 1, 2, 3n, 4, 5]]) {
        throwsExactly(() => echoes(wasm, { many }).exports.many(0, 0n), TypeError);
      }
    },
  },
  {
    name: "arguments are converted in order, all of them before the call",
    run: (wasm) => {
      const order: string[] = [];
      const noting = (name: string, value: unknown) => ({
        valueOf: () => {
          order.push(name);
          return value;
        },
      });
      const { exports } = echoes(wasm, { many: () => order.push("call") && [0, 0, 0, 0n, 0] });
      exports.many(noting("a", 1), noting("b", 1n), noting("c", 1), noting("d", 1));
      expect(order).to.deep.equal(["a", "b", "c", "d", "call"]);
      order.length = 0;
      throwsExactly(() => exports.many(noting("a", 1), noting("b", 1), noting("c", 1)), TypeError);
      expect(order).to.deep.equal(["a", "b"]);
    },
  },
  {
    name: "a conversion that calls wasm disturbs no other argument",
    run: (wasm) => {
      const { exports } = echoes(wasm);
      const calling = { valueOf: () => exports.add(1000, 2000) };
      expect(exports.add(1, calling)).to.equal(3001);
      expect(exports.add(calling, 1)).to.equal(3001);
      expect(exports.many(5, { valueOf: () => BigInt(exports.add(1, 2)) }, calling, calling, null)).to.deep.equal([
        null,
        3000,
        3000,
        3n,
        5,
      ]);
      const many = () => [1, calling, calling, { valueOf: () => BigInt(exports.add(1, 2)) }, calling];
      expect(echoes(wasm, { many }).exports.many(0, 0n)).to.deep.equal([1, 3000, 3000, 3n, 3000]);
    },
  },
  {
    name: "missing arguments are undefined, further ones are ignored",
    run: (wasm) => {
      const { exports } = echoes(wasm);
      expect(exports.add(3)).to.equal(3);
      expect(exports.add(3, 4, { valueOf: () => expect.fail() })).to.equal(7);
      throwsExactly(() => exports.i64(), TypeError);
    },
  },
  {
    name: "imports are called with undefined as this and only the arguments of their type",
    run: (wasm) => {
      let found: unknown[] = [];
      const { exports } = echoes(wasm, {
        i32: function (this: unknown, ...args: unknown[]) {
          found = [this, args.length, new.target];
          return 0;
        },
      });
      exports.i32(1, 2, 3);
      expect(found).to.deep.equal([undefined, 1, undefined]);
    },
  },
  {
    name: "an exported function is a built-in function named by its index",
    run: (wasm) => {
      const { exports } = echoes(wasm);
      expect(exports.many.name).to.equal("15");
      expect(exports.many.length).to.equal(5);
      expect(exports.none.length).to.equal(0);
      expect(Object.getOwnPropertyDescriptor(exports.add, "name")).to.deep.equal({
        value: "16",
        writable: false,
        enumerable: false,
        configurable: true,
      });
      expect(Object.getOwnPropertyDescriptor(exports.add, "length")).to.deep.equal({
        value: 2,
        writable: false,
        enumerable: false,
        configurable: true,
      });
      expect(Object.isExtensible(exports.add)).to.equal(true);
      expect("prototype" in exports.add).to.equal(false);
      expect(Object.getPrototypeOf(exports.add)).to.equal(Function.prototype);
      throwsExactly(() => new exports.add(1, 2), TypeError);
      expect(exports.add.call(null, 1, 2)).to.equal(3);
    },
  },
  {
    name: "an exported import is an exported function of its own, over the same JavaScript function",
    run: (wasm) => {
      const seen: unknown[] = [];
      const given = (value: unknown) => {
        seen.push(value);
        return "12";
      };
      const { exports } = echoes(wasm, { i32: given });
      expect(exports.import === given).to.equal(false);
      expect(exports.import.name).to.equal("0");
      expect(exports.import("3")).to.equal(12);
      expect(seen).to.deep.equal([3]);
    },
  },
  {
    name: "exported functions keep their identity through imports, tables and globals",
    run: (wasm) => {
      const { exports } = echoes(wasm);
      const again = echoes(wasm, { i32: exports.i32 }).exports;
      expect(again.import === exports.i32).to.equal(true);
      expect(exports.fun(exports.add) === exports.add).to.equal(true);
      const table = new wasm.Table({ element: "anyfunc", initial: 1 }, exports.add);
      expect(table.get(0) === exports.add).to.equal(true);
      const global = new wasm.Global({ value: "anyfunc" }, exports.add);
      expect(global.value === exports.add).to.equal(true);
    },
  },
  {
    name: "an import of another type is a LinkError",
    run: (wasm) => {
      const { exports } = echoes(wasm);
      throwsExactly(() => echoes(wasm, { i32: exports.add }), wasm.LinkError);
      throwsExactly(() => echoes(wasm, { i32: exports.f32 }), wasm.LinkError);
    },
  },
  {
    name: "what an import throws comes out unchanged, whatever it is",
    run: (wasm) => {
      for (const thrown of [new Error("x"), undefined, null, 0, "text", Symbol.iterator, {}]) {
        const { exports } = echoes(wasm, {
          none: () => {
            throw thrown;
          },
        });
        expect(thrownBy(() => exports.none()) === thrown).to.equal(true);
        expect(exports.add(1, 2)).to.equal(3);
      }
    },
  },
  {
    name: "calls nest through imports, with values and exceptions",
    run: (wasm) => {
      const thrown = new Error("deep");
      let failing = false;
      let caught = 0;
      const exports: Loose = new wasm.Instance(new wasm.Module(nest), {
        m: {
          f: (n: number) => {
            if (n === 0 && failing) throw thrown;
            try {
              return exports.down(n) + n;
            } catch (error) {
              if (n === 3) {
                caught++;
                return error === thrown ? 50 : -1;
              }
              throw error;
            }
          },
        },
      }).exports;
      expect(exports.down(5)).to.equal(5000 + 7 + 10);
      failing = true;
      expect(exports.down(5)).to.equal(2000 + 4 + 50);
      expect(caught).to.equal(1);
      expect(thrownBy(() => exports.down(2)) === thrown).to.equal(true);
      failing = false;
      expect(exports.down(5)).to.equal(5000 + 7 + 10);
    },
  },
  {
    name: "traps are RuntimeErrors, and the instance goes on",
    run: (wasm) => {
      const exports: Loose = new wasm.Instance(new wasm.Module(traps)).exports;
      for (const name of ["unreachable", "divide", "overflow", "load", "truncate", "null", "element"]) {
        throwsExactly(() => exports[name](), wasm.RuntimeError);
        throwsExactly(() => exports[name](), wasm.RuntimeError);
      }
    },
  },
  {
    name: "an exhausted stack is a RangeError, as in JavaScript",
    run: (wasm) => {
      const exports: Loose = new wasm.Instance(new wasm.Module(traps)).exports;
      throwsExactly(() => exports.deep(), RangeError);
      throwsExactly(() => exports.unreachable(), wasm.RuntimeError);
      throwsExactly(() => exports.deep(), RangeError);
    },
  },
  {
    name: "functions with vectors are a TypeError to call, in both directions",
    run: async (wasm) => {
      const bytes = await wat(`(module (import "m" "f" (func $f (param v128))) (import "m" "r" (func $r (result v128)))
        (func (export "take") (param v128)) (func (export "give") (result v128) (v128.const i64x2 1 2))
        (func (export "out") (call $f (v128.const i64x2 1 2))) (func (export "in") (drop (call $r))))`);
      let called = 0;
      const m = { f: () => called++, r: () => called++ };
      const exports: Loose = new wasm.Instance(new wasm.Module(bytes), { m }).exports;
      const touched = { valueOf: () => called++ };
      for (const name of ["take", "give", "out", "in"]) throwsExactly(() => exports[name](touched), TypeError);
      expect(called).to.equal(0);
      const again: Loose = new wasm.Instance(new wasm.Module(bytes), { m: { f: exports.take, r: exports.give } }).exports;
      again.out();
      again.in();
      expect(exports.take.length).to.equal(1);
    },
  },
  {
    name: "the promise of an instantiation gives the same functions",
    run: async (wasm) => {
      const { instance, module } = await wasm.instantiate(traps);
      expect(instance).to.be.instanceOf(wasm.Instance);
      expect(module).to.be.instanceOf(wasm.Module);
      const other = await wasm.instantiate(module);
      expect(other).to.be.instanceOf(wasm.Instance);
      expect(other.exports.unreachable === instance.exports.unreachable).to.equal(false);
      expect((await rejectionOf(wasm.instantiate(echo))) instanceof TypeError).to.equal(true);
    },
  },
];

function show(value: unknown): string {
  if (Object.is(value, -0)) return "-0";
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "object" && value !== null) return "an object";
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}

runCases("functions of wasm in JavaScript", cases);
