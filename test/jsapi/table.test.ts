/** WebAssembly.Table: descriptors, elements, growing, and what wasm sees of it. */
import { expect } from "chai";
import { before } from "mocha";
import type { WebAssemblyNamespace } from "../../jsapi/namespace.ts";
import { wat } from "../support/wat.ts";
import { type Case, type Loose, NO_UINT32, runCases, throwsExactly } from "./subjects.ts";

let caller: Uint8Array;

before(async () => {
  caller = await wat(`(module
    (type $get (func (result i32)))
    (table $t (export "table") 4 8 funcref)
    (table (export "values") 1 externref)
    (elem (i32.const 1) $one $two)
    (func $one (export "one") (result i32) (i32.const 1))
    (func $two (export "two") (result i32) (i32.const 2))
    (func $hidden (result i32) (i32.const 3))
    (elem declare func $hidden)
    (func (export "other") (param i32))
    (func (export "call") (param i32) (result i32) (call_indirect $t (type $get) (local.get 0)))
    (func (export "hide") (param i32) (table.set $t (local.get 0) (ref.func $hidden)))
    (func (export "grow") (param i32) (result i32) (table.grow $t (ref.null func) (local.get 0)))
    (func (export "size") (result i32) (table.size $t)))`);
});

function instance(wasm: WebAssemblyNamespace): Loose {
  return new wasm.Instance(new wasm.Module(caller)).exports;
}

const badDescriptors: readonly (readonly [string, unknown, "TypeError" | "RangeError"])[] = [
  ["nothing", undefined, "TypeError"],
  ["null", null, "TypeError"],
  ["a string", "anyfunc", "TypeError"],
  ["no element", { initial: 1 }, "TypeError"],
  ["an unknown element", { element: "any", initial: 1 }, "TypeError"],
  ["an element that is a number type", { element: "i32", initial: 1 }, "TypeError"],
  ["an element of the object's prototype", { element: "toString", initial: 1 }, "TypeError"],
  ["no initial", { element: "anyfunc" }, "TypeError"],
  ...NO_UINT32.map((value) => [`initial ${String(value)}`, { element: "anyfunc", initial: value }, "TypeError"] as const),
  ...NO_UINT32.map((value) => [`maximum ${String(value)}`, { element: "anyfunc", initial: 0, maximum: value }, "TypeError"] as const),
  ["a maximum below initial", { element: "anyfunc", initial: 2, maximum: 1 }, "RangeError"],
  ["more elements than any implementation has", { element: "anyfunc", initial: 10_000_001 }, "RangeError"],
];

const cases: Case[] = [
  ...badDescriptors.map(
    ([name, descriptor, error]): Case => ({
      name: `a descriptor with ${name} is a ${error}`,
      run: (wasm) => throwsExactly(() => new (wasm.Table as Loose)(descriptor), error === "TypeError" ? TypeError : RangeError),
    }),
  ),
  {
    name: "a maximum may be any 32-bit number",
    run: (wasm) => {
      const table = new wasm.Table({ element: "anyfunc", initial: 1, maximum: 0xffff_ffff });
      expect(table.grow(2)).to.equal(1);
      throwsExactly(() => table.grow(0xffff_ffff), RangeError);
    },
  },
  {
    name: "members of the descriptor are read in their order",
    run: (wasm) => {
      const order: string[] = [];
      const descriptor = {
        get maximum() {
          order.push("maximum");
          return undefined;
        },
        get initial() {
          order.push("initial");
          return 1;
        },
        get element() {
          order.push("element");
          return {
            toString: () => {
              order.push("toString");
              return "anyfunc";
            },
          };
        },
      };
      expect(new (wasm.Table as Loose)(descriptor).length).to.equal(1);
      expect(order).to.deep.equal(["element", "toString", "initial", "maximum"]);
    },
  },
  {
    name: "tables of functions begin with null, others with undefined, or with what is given",
    run: (wasm) => {
      const { one } = instance(wasm);
      const table: Loose = wasm.Table;
      const first = (element: string, ...value: unknown[]) => new table({ element, initial: 2 }, ...value).get(1);
      expect(first("anyfunc")).to.equal(null);
      expect(first("anyfunc", undefined)).to.equal(null);
      expect(first("anyfunc", null)).to.equal(null);
      expect(first("anyfunc", one) === one).to.equal(true);
      expect(first("externref")).to.equal(undefined);
      expect(first("externref", undefined)).to.equal(undefined);
      expect(first("externref", null)).to.equal(null);
      expect(first("externref", wasm) === wasm).to.equal(true);
      expect(first("externref", 5)).to.equal(5);
      for (const value of [0, {}, () => 0, "x"]) throwsExactly(() => first("anyfunc", value), TypeError);
    },
  },
  {
    name: "get and set pass elements by identity",
    run: (wasm) => {
      const { table, one, two, call, values, hide } = instance(wasm);
      expect(table.length).to.equal(4);
      expect(table.get(0)).to.equal(null);
      expect(table.get(1) === one && table.get(2) === two).to.equal(true);
      expect(table.set(3, two)).to.equal(undefined);
      expect(table.get(3) === two).to.equal(true);
      expect(call(3)).to.equal(2);
      table.set(3, null);
      throwsExactly(() => call(3), wasm.RuntimeError);
      table.set(1);
      expect(table.get(1)).to.equal(null);
      values.set(0);
      expect(values.get(0)).to.equal(undefined);
      const object = {};
      values.set(0, object);
      expect(values.get(0) === object).to.equal(true);
      hide(0);
      const hidden = table.get(0);
      expect(hidden()).to.equal(3);
      expect(hidden.name).to.equal("2");
      hide(1);
      expect(table.get(1) === hidden).to.equal(true);
    },
  },
  {
    name: "set takes null and exported functions only: plain functions are a TypeError",
    run: (wasm) => {
      const { table, one } = instance(wasm);
      for (const value of [() => 1, Math.max, one.bind(null), new Proxy(one, {}), {}, 0, "", true, Symbol.iterator]) {
        throwsExactly(() => table.set(0, value), TypeError);
      }
      expect(table.get(0)).to.equal(null);
    },
  },
  {
    name: "an index out of range is a RangeError, what is no index a TypeError",
    run: (wasm) => {
      const { table } = instance(wasm);
      for (const index of [4, 0xffff_ffff]) {
        throwsExactly(() => table.get(index), RangeError);
        throwsExactly(() => table.set(index, null), RangeError);
      }
      for (const index of NO_UINT32) {
        throwsExactly(() => table.get(index), TypeError);
        throwsExactly(() => table.set(index, null), TypeError);
      }
      throwsExactly(() => table.get(), TypeError);
      throwsExactly(() => table.set(), TypeError);
      expect(table.get("1.7") === table.get(1)).to.equal(true);
      expect(table.get(null)).to.equal(null);
    },
  },
  {
    name: "of a bad index and a bad element it is the index's conversion that throws first",
    run: (wasm) => {
      const { table } = instance(wasm);
      const thrown = new Error("index");
      const index = {
        valueOf: () => {
          throw thrown;
        },
      };
      expect(() => table.set(index, () => 0)).to.throw(thrown);
      throwsExactly(() => table.set(99, () => 0), TypeError);
    },
    engineDiffers: "it looks at the range of the index before it looks at the element",
  },
  {
    name: "grow answers the previous length and fills with the default or with what is given",
    run: (wasm) => {
      const { table, one, size, grow, values } = instance(wasm);
      expect(table.grow(1)).to.equal(4);
      expect(table.get(4)).to.equal(null);
      expect(table.grow(2, one)).to.equal(5);
      expect(table.get(6) === one).to.equal(true);
      expect(table.length).to.equal(7);
      expect(size()).to.equal(7);
      expect(grow(1)).to.equal(7);
      expect(table.length).to.equal(8);
      expect(table.grow(0)).to.equal(8);
      for (const delta of [1, 0xffff_ffff]) throwsExactly(() => table.grow(delta), RangeError);
      expect(table.length).to.equal(8);
      for (const delta of NO_UINT32) throwsExactly(() => table.grow(delta), TypeError);
      throwsExactly(() => table.grow(0, () => 0), TypeError);
      throwsExactly(() => table.grow(), TypeError);
      expect(values.grow(1)).to.equal(1);
      expect(values.get(1)).to.equal(undefined);
      expect(values.grow(1, "x")).to.equal(2);
      expect(values.get(2)).to.equal("x");
    },
  },
  {
    name: "instances share a table, each sees what another puts in",
    run: async (wasm) => {
      const user = await wat(`(module
        (import "m" "table" (table 1 funcref))
        (elem (i32.const 0) $five) (func $five (result i32) (i32.const 5))
        (func (export "call") (param i32) (result i32) (call_indirect (result i32) (local.get 0)))
        (export "table" (table 0)))`);
      const { table, call, one } = instance(wasm);
      const other: Loose = new wasm.Instance(new wasm.Module(user), { m: { table } }).exports;
      expect(other.table === table).to.equal(true);
      expect(call(0)).to.equal(5);
      expect(other.call(1)).to.equal(1);
      table.set(0, one);
      expect(other.call(0)).to.equal(1);
    },
  },
  {
    name: "the type of an import has to fit",
    run: async (wasm) => {
      const module = new wasm.Module(await wat(`(module (import "m" "table" (table 2 4 funcref)))`));
      const fits = (table: unknown) => new wasm.Instance(module, { m: { table } });
      fits(new wasm.Table({ element: "anyfunc", initial: 2, maximum: 4 }));
      fits(new wasm.Table({ element: "anyfunc", initial: 3, maximum: 3 }));
      for (const descriptor of [
        { element: "anyfunc", initial: 1, maximum: 4 },
        { element: "anyfunc", initial: 2 },
        { element: "anyfunc", initial: 2, maximum: 5 },
        { element: "externref", initial: 2, maximum: 4 },
      ] as const) {
        throwsExactly(() => fits(new wasm.Table(descriptor)), wasm.LinkError);
      }
      for (const table of [undefined, null, {}, [], new wasm.Memory({ initial: 2 })]) throwsExactly(() => fits(table), wasm.LinkError);
    },
  },
  {
    name: "tables with 64-bit indices have indices and sizes as bigints",
    run: async (wasm) => {
      const tableClass: Loose = wasm.Table;
      const table = new tableClass({ element: "externref", address: "i64", initial: 2n, maximum: 4n }, "x");
      expect(table.length).to.equal(2n);
      expect(table.get(1n)).to.equal("x");
      table.set(1n, "y");
      expect(table.get(1n)).to.equal("y");
      expect(table.grow(1n, "z")).to.equal(2n);
      throwsExactly(() => table.grow(2n), RangeError);
      for (const index of [3n, 2n ** 63n]) throwsExactly(() => table.get(index), RangeError);
      for (const index of [1, -1n, 2n ** 64n, undefined]) throwsExactly(() => table.get(index), TypeError);
      throwsExactly(() => new tableClass({ element: "externref", address: "i64", initial: 2 }), TypeError);
      throwsExactly(() => new tableClass({ element: "externref", address: "i65", initial: 2 }), TypeError);
      const bytes = await wat(`(module (import "m" "table" (table $t i64 1 externref)) (export "table" (table $t))
        (func (export "get") (param i64) (result externref) (table.get $t (local.get 0))) (func (export "size") (result i64) (table.size $t)))`);
      const { get, size, table: again }: Loose = new wasm.Instance(new wasm.Module(bytes), { m: { table } }).exports;
      expect(again === table).to.equal(true);
      expect([get(2n), size()]).to.deep.equal(["z", 3n]);
      throwsExactly(() => get(3n), wasm.RuntimeError);
      const narrow = new wasm.Table({ element: "externref", initial: 1 });
      throwsExactly(() => new wasm.Instance(new wasm.Module(bytes), { m: { table: narrow } }), wasm.LinkError);
    },
    engineDiffers: "it has no such tables",
  },
];

runCases("WebAssembly.Table", cases);
