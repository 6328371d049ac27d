/** WebAssembly.Module and compiling: what is taken as bytes, what is refused with which error, and what a module tells of itself. */
import { expect } from "chai";
import { before } from "mocha";
import { wat } from "../support/wat.ts";
import { type Case, type Loose, rejectionOf, runCases, throwsExactly } from "./subjects.ts";

const EMPTY = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
/** A custom section of this name and these bytes. */
const custom = (name: string, ...bytes: number[]): number[] => {
  const text = [...new TextEncoder().encode(name)];
  return [0, 1 + text.length + bytes.length, text.length, ...text, ...bytes];
};
const withCustoms = Uint8Array.from([
  ...EMPTY,
  ...custom("a", 1, 2),
  ...custom("name", 9, 9, 9),
  ...custom("a"),
  ...custom("\u{1f600}b", 3),
]);

let described: Uint8Array;
let invalid: Uint8Array;

before(async () => {
  described = await wat(`(module
    (import "m" "f" (func)) (import "" "t" (table 1 funcref)) (import "m" "" (memory 1)) (import "m" "g" (global i32)) (import "m" "f" (func (param i32)))
    (export "f" (func 0)) (export "" (table 0)) (export "m" (memory 0)) (export "\u{1f600}" (global 0)) (export "10" (func 1)) (export "1" (func 1)))`);
  invalid = await wat(`(module (func (result i32)))`);
});

const noBytes: readonly unknown[] = [undefined, null, 0, "", "\0asm", {}, [], [0, 97, 115, 109, 1, 0, 0, 0], ArrayBuffer, () => 0];

/** Bytes and what is wrong with them. */
const badModules: readonly (readonly [string, Uint8Array])[] = [
  ["nothing", new Uint8Array(0)],
  ["half of the magic", EMPTY.slice(0, 2)],
  ["half of the header", EMPTY.slice(0, 6)],
  ["another magic", Uint8Array.of(0, 0x61, 0x73, 0x6e, 1, 0, 0, 0)],
  ["another version", Uint8Array.of(0, 0x61, 0x73, 0x6d, 2, 0, 0, 0)],
  ["a byte behind the header", Uint8Array.of(...EMPTY, 0)],
  ["an unknown section", Uint8Array.of(...EMPTY, 77, 0)],
];

const cases: Case[] = [
  ...noBytes.map(
    (value): Case => ({
      name: `${JSON.stringify(value) ?? String(value).slice(0, 20)} is no bytes: TypeError`,
      run: async (wasm) => {
        throwsExactly(() => new (wasm.Module as Loose)(value), TypeError);
        throwsExactly(() => (wasm as Loose).validate(value), TypeError);
        for (const name of ["compile", "instantiate"]) {
          expect(((await rejectionOf((wasm as Loose)[name](value))) as object).constructor).to.equal(TypeError);
        }
      },
    }),
  ),
  ...badModules.map(
    ([name, bytes]): Case => ({
      name: `${name} is a CompileError`,
      run: async (wasm) => {
        throwsExactly(() => new wasm.Module(bytes), wasm.CompileError);
        expect(wasm.validate(bytes)).to.equal(false);
        for (const rejected of [wasm.compile(bytes), wasm.instantiate(bytes)]) {
          expect(((await rejectionOf(rejected)) as object).constructor).to.equal(wasm.CompileError);
        }
      },
    }),
  ),
  {
    name: "an invalid function is a CompileError",
    run: (wasm) => {
      throwsExactly(() => new wasm.Module(invalid), wasm.CompileError);
      expect(wasm.validate(invalid)).to.equal(false);
    },
  },
  {
    name: "every kind of buffer source is taken, with its offset",
    run: (wasm) => {
      const room = new Uint8Array(64);
      room.set(EMPTY, 8);
      const { buffer } = room;
      for (const bytes of [
        EMPTY,
        EMPTY.slice().buffer,
        room.subarray(8, 16),
        new Uint32Array(buffer, 8, 2),
        new Float64Array(buffer, 8, 1),
        new BigInt64Array(buffer, 8, 1),
      ]) {
        expect(new wasm.Module(bytes)).to.be.instanceOf(wasm.Module);
        expect(wasm.validate(bytes)).to.equal(true);
      }
      expect(wasm.validate(buffer)).to.equal(false);
    },
  },
  {
    name: "a DataView is a buffer source",
    run: (wasm) => {
      expect(wasm.validate(new DataView(EMPTY.slice().buffer))).to.equal(true);
    },
    engineDiffers: "it takes typed arrays and buffers only",
  },
  {
    name: "later changes of the bytes change nothing",
    run: async (wasm) => {
      const bytes = described.slice();
      const module = new wasm.Module(bytes);
      const promised = wasm.compile(bytes);
      bytes.fill(0);
      expect(wasm.Module.imports(module).length).to.equal(5);
      expect(wasm.Module.imports(await promised).length).to.equal(5);
      const sectioned = new wasm.Module(withCustoms);
      const [first] = wasm.Module.customSections(sectioned, "a");
      new Uint8Array(first!).fill(7);
      expect(new Uint8Array(wasm.Module.customSections(sectioned, "a")[0]!)).to.deep.equal(Uint8Array.of(1, 2));
    },
  },
  {
    name: "tells its imports and exports in order, as plain objects",
    run: (wasm) => {
      const module = new wasm.Module(described);
      expect(wasm.Module.imports(module)).to.deep.equal([
        { module: "m", name: "f", kind: "function" },
        { module: "", name: "t", kind: "table" },
        { module: "m", name: "", kind: "memory" },
        { module: "m", name: "g", kind: "global" },
        { module: "m", name: "f", kind: "function" },
      ]);
      expect(wasm.Module.exports(module)).to.deep.equal([
        { name: "f", kind: "function" },
        { name: "", kind: "table" },
        { name: "m", kind: "memory" },
        { name: "\u{1f600}", kind: "global" },
        { name: "10", kind: "function" },
        { name: "1", kind: "function" },
      ]);
      const [first] = wasm.Module.imports(module);
      expect(Object.keys(first!)).to.deep.equal(["module", "name", "kind"]);
      expect(Object.keys(wasm.Module.exports(module)[0]!)).to.deep.equal(["name", "kind"]);
      expect(Object.getOwnPropertyDescriptor(first, "kind")).to.deep.equal({
        value: "function",
        writable: true,
        enumerable: true,
        configurable: true,
      });
      expect(wasm.Module.imports(module)[0] === first).to.equal(false);
      expect(wasm.Module.exports(new wasm.Module(EMPTY))).to.deep.equal([]);
      expect(Array.isArray(wasm.Module.imports(new wasm.Module(EMPTY)))).to.equal(true);
    },
  },
  {
    name: "hands out copies of the custom sections of a name",
    run: (wasm) => {
      const module = new wasm.Module(withCustoms);
      const sections = (name: Loose): Uint8Array[] => wasm.Module.customSections(module, name).map((section) => new Uint8Array(section));
      expect(sections("a")).to.deep.equal([Uint8Array.of(1, 2), new Uint8Array(0)]);
      expect(sections("name")).to.deep.equal([Uint8Array.of(9, 9, 9)]);
      expect(sections("\u{1f600}b")).to.deep.equal([Uint8Array.of(3)]);
      for (const absent of ["", "b", "A", null, "\ud83d"]) expect(sections(absent)).to.deep.equal([]);
      expect(sections({ toString: () => "a" }).length).to.equal(2);
      throwsExactly(() => sections(undefined), TypeError);
      throwsExactly(() => sections(Symbol.iterator), TypeError);
      throwsExactly(() => (wasm.Module as Loose).customSections(module), TypeError);
      const [section] = wasm.Module.customSections(module, "a");
      expect(Object.getPrototypeOf(section)).to.equal(ArrayBuffer.prototype);
    },
  },
  {
    name: "is asked about with a module only",
    run: (wasm) => {
      for (const value of [undefined, null, {}, 1, EMPTY, wasm.Module, wasm.Module.prototype, Object.create(wasm.Module.prototype)]) {
        throwsExactly(() => (wasm.Module as Loose).imports(value), TypeError);
        throwsExactly(() => (wasm.Module as Loose).exports(value), TypeError);
        throwsExactly(() => (wasm.Module as Loose).customSections(value, "a"), TypeError);
      }
    },
  },
  {
    name: "a malformed name section does no harm",
    run: (wasm) => {
      expect(new wasm.Instance(new wasm.Module(withCustoms))).to.be.instanceOf(wasm.Instance);
    },
  },
  {
    name: "its functions work unbound",
    run: async (wasm) => {
      const { compile, validate, instantiate, Module } = wasm;
      expect(validate(EMPTY)).to.equal(true);
      const module = await compile(EMPTY);
      expect(module).to.be.instanceOf(Module);
      expect((await instantiate(EMPTY)).instance).to.be.instanceOf(wasm.Instance);
      const { imports } = Module;
      expect(imports(module)).to.deep.equal([]);
    },
  },
  {
    name: "the answer to compile is a promise, also for a bad argument",
    run: async (wasm) => {
      const { compile }: Loose = wasm;
      const promises = [compile(EMPTY), compile(), compile(new Uint8Array(1))];
      for (const promise of promises) expect(promise).to.be.instanceOf(Promise);
      await Promise.allSettled(promises);
    },
  },
  {
    name: "promises are settled in a task: timers come between",
    run: async (wasm) => {
      let turns = 0;
      const timer = setInterval(() => turns++, 0);
      const until = performance.now() + 10_000;
      while (turns === 0 && performance.now() < until) {
        await wasm.compile(EMPTY);
        await wasm.instantiate(EMPTY);
        await wasm.instantiate(new wasm.Module(EMPTY));
      }
      clearInterval(timer);
      expect(turns).to.be.greaterThan(0);
    },
  },
];

runCases("WebAssembly.Module", cases);
