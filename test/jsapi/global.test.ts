/** WebAssembly.Global: descriptors, conversions of values, what wasm sees of it, and plain values given for imports. */
import { expect } from "chai";
import type { WebAssemblyNamespace } from "../../jsapi/namespace.ts";
import { wat } from "../support/wat.ts";
import { type Case, type Loose, runCases, throwsExactly } from "./subjects.ts";

const defaults: readonly (readonly [string, unknown])[] = [
  ["i32", 0],
  ["i64", 0n],
  ["f32", 0],
  ["f64", 0],
  ["anyfunc", null],
];

/** Type, what is given, what is read. */
const values: readonly (readonly [string, unknown, unknown])[] = [
  ["i32", 7.9, 7],
  ["i32", -1, -1],
  ["i32", 2 ** 32 + 1, 1],
  ["i32", "12", 12],
  ["i32", null, 0],
  ["i64", -1n, -1n],
  ["i64", 2n ** 64n, 0n],
  ["i64", 2n ** 63n, -(2n ** 63n)],
  ["i64", true, 1n],
  ["f32", 0.1, Math.fround(0.1)],
  ["f32", -0, -0],
  ["f32", 1e300, Number.POSITIVE_INFINITY],
  ["f32", Number.NaN, Number.NaN],
  ["f64", 0.1, 0.1],
  ["f64", -0, -0],
  ["f64", "x", Number.NaN],
  ["f64", Number.MIN_VALUE, Number.MIN_VALUE],
  ["externref", null, null],
  ["externref", "x", "x"],
  ["externref", 0, 0],
  ["anyfunc", null, null],
];

const refused: readonly (readonly [string, unknown])[] = [
  ["i32", 1n],
  ["i32", Symbol.iterator],
  ["i64", 1],
  ["i64", null],
  ["f32", 1n],
  ["f64", 1n],
  ["anyfunc", 1],
  ["anyfunc", () => 1],
];

function make(wasm: WebAssemblyNamespace, value: string, mutable: boolean, ...initial: unknown[]): Loose {
  return new (wasm.Global as Loose)({ value, mutable }, ...initial);
}

const plainImports: readonly (readonly [string, unknown, "fits" | "LinkError"])[] = [
  ["i32", 7, "fits"],
  ["i32", 1n, "LinkError"],
  ["i32", "7", "LinkError"],
  ["i32", undefined, "LinkError"],
  ["i32", null, "LinkError"],
  ["i32", { valueOf: () => 7 }, "LinkError"],
  ["i64", 7n, "fits"],
  ["i64", 7, "LinkError"],
  ["i64", "7", "LinkError"],
  ["f32", 1.5, "fits"],
  ["f32", 1n, "LinkError"],
  ["f64", 1.5, "fits"],
  ["f64", true, "LinkError"],
  ["externref", 1, "fits"],
  ["externref", undefined, "fits"],
  ["externref", null, "fits"],
  ["funcref", null, "fits"],
  ["funcref", () => 0, "LinkError"],
  ["funcref", 0, "LinkError"],
  ["funcref", undefined, "LinkError"],
];

const cases: Case[] = [
  ...[undefined, null, 0, "i32", {}, { value: "" }, { value: "I32" }, { value: "i31" }, { value: undefined }, { value: "toString" }].map(
    (descriptor): Case => ({
      name: `the descriptor ${JSON.stringify(descriptor)} is a TypeError`,
      run: (wasm) => throwsExactly(() => new (wasm.Global as Loose)(descriptor), TypeError),
    }),
  ),
  {
    name: "members of the descriptor are read in their order, and each as its type",
    run: (wasm) => {
      const order: string[] = [];
      const descriptor = {
        get value() {
          order.push("value");
          return { toString: () => "i32" };
        },
        get mutable() {
          order.push("mutable");
          return "yes";
        },
      };
      const global = new (wasm.Global as Loose)(descriptor);
      expect(order).to.deep.equal(["mutable", "value"]);
      global.value = 5;
      expect(global.value).to.equal(5);
    },
  },
  ...defaults.map(
    ([type, expected]): Case => ({
      name: `a global of type ${type} begins with ${String(expected)}`,
      run: (wasm) => {
        expect(make(wasm, type, false).value).to.equal(expected);
      },
    }),
  ),
  ...defaults.map(
    ([type, expected]): Case => ({
      name: `undefined stands for the default of type ${type}`,
      run: (wasm) => {
        expect(make(wasm, type, true, undefined).value).to.equal(expected);
      },
      ...(type === "anyfunc" ? { engineDiffers: "it takes an undefined that is given for a wrong value" } : {}),
    }),
  ),
  {
    name: "a global of type externref begins with undefined",
    run: (wasm) => {
      expect(make(wasm, "externref", false).value).to.equal(undefined);
      expect(make(wasm, "externref", false, undefined).value).to.equal(undefined);
    },
    engineDiffers: "it takes null where nothing is given",
  },
  ...values.map(
    ([type, given, expected]): Case => ({
      name: `a global of type ${type} takes ${Object.is(given, -0) ? "-0" : String(given)} as ${Object.is(expected, -0) ? "-0" : String(expected)}`,
      run: (wasm) => {
        expect(Object.is(make(wasm, type, false, given).value, expected)).to.equal(true);
        const global = make(wasm, type, true);
        global.value = given;
        expect(Object.is(global.value, expected)).to.equal(true);
        expect(Object.is(global.valueOf(), expected)).to.equal(true);
      },
    }),
  ),
  ...refused.map(
    ([type, given]): Case => ({
      name: `a global of type ${type} refuses ${String(given)}`,
      run: (wasm) => {
        throwsExactly(() => make(wasm, type, false, given), TypeError);
        const global = make(wasm, type, true);
        const before = global.value;
        throwsExactly(() => {
          global.value = given;
        }, TypeError);
        expect(global.value).to.equal(before);
      },
    }),
  ),
  {
    name: "a global of type v128 can be made and linked, but not read, written or given a value",
    run: async (wasm) => {
      const global = make(wasm, "v128", true);
      throwsExactly(() => global.value, TypeError);
      throwsExactly(() => global.valueOf(), TypeError);
      throwsExactly(() => {
        global.value = 0;
      }, TypeError);
      throwsExactly(() => make(wasm, "v128", true, 0), TypeError);
      const bytes = await wat(`(module (import "m" "g" (global $g (mut v128)))
        (func (export "lane") (result i32) (global.set $g (i32x4.add (global.get $g) (v128.const i32x4 1 2 3 4))) (i32x4.extract_lane 3 (global.get $g))))`);
      const { lane }: Loose = new wasm.Instance(new wasm.Module(bytes), { m: { g: global } }).exports;
      expect([lane(), lane()]).to.deep.equal([4, 8]);
      throwsExactly(() => new wasm.Instance(new wasm.Module(bytes), { m: { g: 0n } }), wasm.LinkError);
    },
    engineDiffers: "it has no such globals",
  },
  {
    name: "setting to undefined converts undefined",
    run: (wasm) => {
      const global = make(wasm, "f64", true, 1);
      global.value = undefined;
      expect(global.value).to.be.NaN;
      throwsExactly(() => {
        make(wasm, "i64", true).value = undefined;
      }, TypeError);
      throwsExactly(() => Reflect.apply(Object.getOwnPropertyDescriptor(wasm.Global.prototype, "value")!.set!, global, []), TypeError);
    },
  },
  {
    name: "an immutable global cannot be set",
    run: (wasm) => {
      for (const [type, value] of defaults) {
        const global = make(wasm, type, false);
        throwsExactly(() => {
          global.value = value;
        }, TypeError);
      }
    },
  },
  {
    name: "wasm and JavaScript see the same mutable globals",
    run: async (wasm) => {
      const bytes = await wat(`(module
        (import "m" "i" (global $i (mut i32))) (import "m" "l" (global $l (mut i64)))
        (import "m" "f" (global $f (mut f32))) (import "m" "d" (global $d (mut f64)))
        (import "m" "x" (global $x (mut externref))) (import "m" "u" (global $u (mut funcref)))
        (global $own (export "own") (mut i32) (i32.const 11)) (global (export "fixed") i64 (i64.const -3))
        (export "again" (global $i))
        (func $me (export "me") (result i32) (global.get $i))
        (func (export "change")
          (global.set $i (i32.add (global.get $i) (i32.const 1))) (global.set $l (i64.add (global.get $l) (i64.const 1)))
          (global.set $f (f32.add (global.get $f) (f32.const 1))) (global.set $d (f64.add (global.get $d) (f64.const 1)))
          (global.set $u (ref.func $me)) (global.set $own (i32.const 12)))
        (func (export "clear") (global.set $x (ref.null extern))))`);
      const m = {
        i: make(wasm, "i32", true, -1),
        l: make(wasm, "i64", true, -1n),
        f: make(wasm, "f32", true, 0.5),
        d: make(wasm, "f64", true, 0.25),
        x: make(wasm, "externref", true, wasm),
        u: make(wasm, "anyfunc", true),
      };
      const exports: Loose = new wasm.Instance(new wasm.Module(bytes), { m }).exports;
      expect(exports.own).to.be.instanceOf(wasm.Global);
      expect(exports.again === m.i).to.equal(true);
      expect(exports.fixed.value).to.equal(-3n);
      exports.change();
      expect([m.i.value, m.l.value, m.f.value, m.d.value, exports.own.value]).to.deep.equal([0, 0n, 1.5, 1.25, 12]);
      expect(m.u.value === exports.me).to.equal(true);
      m.i.value = 77;
      expect(m.u.value()).to.equal(77);
      expect(m.x.value === wasm).to.equal(true);
      exports.clear();
      expect(m.x.value).to.equal(null);
    },
  },
  ...plainImports.map(
    ([type, given, expected]): Case => ({
      name: `the plain value ${given === null || typeof given !== "object" ? String(given) : "object"} for an import of type ${type}: ${expected}`,
      run: async (wasm) => {
        const bytes = await wat(`(module (import "m" "g" (global ${type})) (export "g" (global 0)))`);
        const link = () => new wasm.Instance(new wasm.Module(bytes), { m: { g: given } });
        if (expected === "LinkError") throwsExactly(link, wasm.LinkError);
        else expect((link().exports as Loose).g.value).to.equal(given);
      },
    }),
  ),
  {
    name: "mutability and type of an import have to fit",
    run: async (wasm) => {
      const fixed = new wasm.Module(await wat(`(module (import "m" "g" (global i32)))`));
      const changing = new wasm.Module(await wat(`(module (import "m" "g" (global (mut i32))))`));
      const fits = (module: Loose, g: unknown) => new wasm.Instance(module, { m: { g } });
      fits(fixed, make(wasm, "i32", false));
      fits(changing, make(wasm, "i32", true));
      for (const g of [make(wasm, "i32", true), make(wasm, "i64", false)]) throwsExactly(() => fits(fixed, g), wasm.LinkError);
      for (const g of [make(wasm, "i32", false), make(wasm, "f32", true), 7]) throwsExactly(() => fits(changing, g), wasm.LinkError);
    },
  },
  {
    name: "exports of imported plain values are immutable globals",
    run: async (wasm) => {
      const bytes = await wat(`(module (import "m" "g" (global i32)) (export "g" (global 0)))`);
      const { g }: Loose = new wasm.Instance(new wasm.Module(bytes), { m: { g: 5 } }).exports;
      expect(g).to.be.instanceOf(wasm.Global);
      throwsExactly(() => {
        g.value = 6;
      }, TypeError);
    },
  },
];

runCases("WebAssembly.Global", cases);
