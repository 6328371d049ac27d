/** WebAssembly.Instance and instantiating: reading imports, the exports object, start functions, several instances. */
import { expect } from "chai";
import { before } from "mocha";
import { wat } from "../support/wat.ts";
import { type Case, type Loose, rejectionOf, runCases, thrownBy, throwsExactly } from "./subjects.ts";

let importing: Uint8Array;
let exporting: Uint8Array;
let starting: Uint8Array;
let plain: Uint8Array;

before(async () => {
  importing = await wat(`(module (import "m" "f" (func)) (import "n" "g" (global i32)) (import "m" "f" (func)))`);
  exporting = await wat(`(module
    (func (export "b") (result i32) (i32.const 1)) (memory (export "a") 1) (table (export "10") 1 funcref)
    (global (export "2") i32 (i32.const 2)) (func (export "") ) (func (export "__proto__")) (func (export "constructor")))`);
  starting = await wat(`(module (import "m" "f" (func $f)) (memory (export "memory") 1) (data (i32.const 0) "x") (start $f))`);
  plain = await wat(`(module (func (export "f") (result i32) (i32.const 42)))`);
});

/** Import objects for `importing`, and the class of error. */
const badImports: readonly (readonly [string, unknown, "TypeError" | "LinkError"])[] = [
  ["nothing", undefined, "TypeError"],
  ["null", null, "TypeError"],
  ["a number", 1, "TypeError"],
  ["a string", "m", "TypeError"],
  ["a symbol", Symbol.iterator, "TypeError"],
  ["an empty object", {}, "TypeError"],
  ["a module that is undefined", { m: undefined, n: {} }, "TypeError"],
  ["a module that is null", { m: null, n: {} }, "TypeError"],
  ["a module that is a number", { m: 5, n: {} }, "TypeError"],
  ["a module that is a string", { m: "text", n: {} }, "TypeError"],
  ["a missing function", { m: {}, n: { g: 1 } }, "LinkError"],
  ["an object in place of a function", { m: { f: {} }, n: { g: 1 } }, "LinkError"],
  ["a number in place of a function", { m: { f: 1 }, n: { g: 1 } }, "LinkError"],
  ["a missing global", { m: { f: () => 0 }, n: {} }, "LinkError"],
];

const good = { m: { f: () => 0 }, n: { g: 1 } };

/** In which order `instantiate` answers, reads its imports and starts. */
async function startOrder(wasm: Loose, source: object): Promise<string[]> {
  const order: string[] = [];
  const imports = {
    m: {
      get f() {
        order.push("read");
        return () => order.push("start");
      },
    },
  };
  const promise = wasm.instantiate(source, imports);
  order.push("after");
  await promise;
  return order;
}

const cases: Case[] = [
  ...badImports.map(
    ([name, imports, error]): Case => ({
      name: `an import object with ${name} is a ${error}`,
      run: async (wasm) => {
        const expected = error === "TypeError" ? TypeError : wasm.LinkError;
        const module = new wasm.Module(importing);
        throwsExactly(() => new (wasm.Instance as Loose)(module, imports), expected);
        for (const source of [module, importing]) {
          expect(((await rejectionOf((wasm as Loose).instantiate(source, imports))) as object).constructor).to.equal(expected);
        }
      },
    }),
  ),
  {
    name: "what is no module is a TypeError",
    run: (wasm) => {
      for (const value of [undefined, null, {}, 1, importing, wasm.Module, Object.create(wasm.Module.prototype)]) {
        throwsExactly(() => new (wasm.Instance as Loose)(value, good), TypeError);
      }
    },
  },
  {
    name: "an import object is optional where nothing is imported, but has to be an object",
    run: (wasm) => {
      const module = new wasm.Module(plain);
      for (const imports of [[], [undefined], [{}], [() => 0], [[]]])
        expect(new (wasm.Instance as Loose)(module, ...imports).exports.f()).to.equal(42);
      for (const imports of [null, 1, "", true, Symbol.iterator])
        throwsExactly(() => new (wasm.Instance as Loose)(module, imports), TypeError);
    },
  },
  {
    name: "imports are read once each, in the order of the module",
    run: (wasm) => {
      const order: string[] = [];
      const f = () => 0;
      const noting = (name: string, target: object): object =>
        new Proxy(target, {
          get: (_, key) => {
            order.push(`${name}.${String(key)}`);
            return Reflect.get(target, key);
          },
          has: () => expect.fail("has"),
          getOwnPropertyDescriptor: () => expect.fail("getOwnPropertyDescriptor"),
        });
      new wasm.Instance(new wasm.Module(importing), noting("imports", { m: noting("m", { f }), n: noting("n", { g: 1 }) }));
      expect(order).to.deep.equal(["imports.m", "m.f", "imports.n", "n.g", "imports.m", "m.f"]);
    },
  },
  {
    name: "what a getter of the import object throws comes out",
    run: async (wasm) => {
      const thrown = new Error("getter");
      const imports = {
        get m(): never {
          throw thrown;
        },
      };
      expect(thrownBy(() => new wasm.Instance(new wasm.Module(importing), imports)) === thrown).to.equal(true);
      expect((await rejectionOf(wasm.instantiate(importing, imports))) === thrown).to.equal(true);
    },
  },
  {
    name: "imports may come from functions, prototypes and classes",
    run: (wasm) => {
      const module = new wasm.Module(importing);
      const n = Object.create({ g: 1 }) as object;
      const m = class {
        static readonly f = () => 0;
        readonly unused = 0;
      };
      expect(new wasm.Instance(module, { m, n })).to.be.instanceOf(wasm.Instance);
      expect(
        new wasm.Instance(
          module,
          Object.assign(() => 0, good),
        ),
      ).to.be.instanceOf(wasm.Instance);
    },
  },
  {
    name: "its exports are a frozen object without prototype, the same each time",
    run: (wasm) => {
      const instance = new wasm.Instance(new wasm.Module(exporting));
      const exports: Loose = instance.exports;
      expect(instance.exports === exports).to.equal(true);
      expect(Object.getPrototypeOf(exports)).to.equal(null);
      expect(Object.isFrozen(exports)).to.equal(true);
      expect(Object.keys(exports)).to.deep.equal(["2", "10", "b", "a", "", "__proto__", "constructor"]);
      expect(Object.getOwnPropertyDescriptor(exports, "b")).to.include({ writable: false, enumerable: true, configurable: false });
      expect(Reflect.get(exports, "__proto__").name).to.equal("2");
      expect(exports.constructor.name).to.equal("3");
      expect(exports.a).to.be.instanceOf(wasm.Memory);
      expect(exports[10]).to.be.instanceOf(wasm.Table);
      expect(exports[2]).to.be.instanceOf(wasm.Global);
      throwsExactly(() => {
        exports.b = 1;
      }, TypeError);
      throwsExactly(() => {
        exports.c = 1;
      }, TypeError);
      expect(Reflect.set(instance, "exports", 1)).to.equal(false);
      expect(Object.hasOwn(instance, "exports")).to.equal(false);
    },
  },
  {
    name: "instances of a module share nothing",
    run: async (wasm) => {
      const module = new wasm.Module(
        await wat(`(module (global $g (mut i32) (i32.const 0)) (memory (export "memory") 1)
          (func (export "next") (result i32) (global.set $g (i32.add (global.get $g) (i32.const 1))) (global.get $g)))`),
      );
      const [a, b]: Loose[] = [new wasm.Instance(module).exports, new wasm.Instance(module).exports];
      expect([a.next(), a.next(), b.next()]).to.deep.equal([1, 2, 1]);
      expect(a.memory === b.memory || a.next === b.next).to.equal(false);
    },
  },
  {
    name: "the start function runs, and what it throws comes out",
    run: async (wasm) => {
      const module = new wasm.Module(starting);
      let count = 0;
      new wasm.Instance(module, { m: { f: () => count++ } });
      expect(count).to.equal(1);
      const thrown = new Error("start");
      const failing = {
        m: {
          f: () => {
            throw thrown;
          },
        },
      };
      expect(thrownBy(() => new wasm.Instance(module, failing)) === thrown).to.equal(true);
      expect((await rejectionOf(wasm.instantiate(starting, failing))) === thrown).to.equal(true);
      expect((await rejectionOf(wasm.instantiate(module, failing))) === thrown).to.equal(true);
    },
  },
  {
    name: "a start function that traps is a RuntimeError, and what was written stays",
    run: async (wasm) => {
      const bytes = await wat(`(module (import "m" "memory" (memory 1)) (data (i32.const 0) "x") (func $f (unreachable)) (start $f))`);
      const memory = new wasm.Memory({ initial: 1 });
      throwsExactly(() => new wasm.Instance(new wasm.Module(bytes), { m: { memory } }), wasm.RuntimeError);
      expect(new Uint8Array(memory.buffer)[0]).to.equal(120);
      expect(((await rejectionOf(wasm.instantiate(bytes, { m: { memory } }))) as object).constructor).to.equal(wasm.RuntimeError);
    },
  },
  {
    name: "a segment that does not fit is a RuntimeError, and those before it stay",
    run: async (wasm) => {
      const data = await wat(`(module (import "m" "memory" (memory 1)) (data (i32.const 1) "y") (data (i32.const 65536) "z"))`);
      const elem = await wat(`(module (import "m" "table" (table 1 funcref)) (func $f) (elem (i32.const 0) $f) (elem (i32.const 1) $f))`);
      const memory = new wasm.Memory({ initial: 1 });
      const table = new wasm.Table({ element: "anyfunc", initial: 1 });
      throwsExactly(() => new wasm.Instance(new wasm.Module(data), { m: { memory } }), wasm.RuntimeError);
      throwsExactly(() => new wasm.Instance(new wasm.Module(elem), { m: { table } }), wasm.RuntimeError);
      expect(new Uint8Array(memory.buffer)[1]).to.equal(121);
      expect(typeof table.get(0)).to.equal("function");
      expect((table.get(0) as () => unknown)()).to.equal(undefined);
    },
  },
  {
    name: "instantiate answers both for bytes, the instance for a module",
    run: async (wasm) => {
      const both = await wasm.instantiate(plain);
      expect(Object.keys(both)).to.deep.equal(["module", "instance"]);
      expect(Object.getOwnPropertyDescriptor(both, "module")).to.include({ writable: true, enumerable: true, configurable: true });
      expect(Object.getPrototypeOf(both)).to.equal(Object.prototype);
      expect(both.module).to.be.instanceOf(wasm.Module);
      expect((both.instance.exports as Loose).f()).to.equal(42);
      const one: Loose = await wasm.instantiate(both.module);
      expect(one).to.be.instanceOf(wasm.Instance);
      expect(one.exports.f()).to.equal(42);
    },
  },
  {
    name: "instantiate reads the imports of a module at once, but does not start it at once",
    run: async (wasm) => {
      expect(await startOrder(wasm, new wasm.Module(starting))).to.deep.equal(["read", "after", "start"]);
    },
    engineDiffers: "it instantiates at once, where the specification queues a task",
  },
  {
    name: "instantiate reads the imports of bytes when they are compiled",
    run: async (wasm) => {
      expect(await startOrder(wasm, starting)).to.deep.equal(["after", "read", "start"]);
    },
  },
  {
    name: "bytes may be changed as soon as instantiate has answered",
    run: async (wasm) => {
      const bytes = plain.slice();
      const promise = wasm.instantiate(bytes);
      bytes.fill(0);
      expect(((await promise).instance.exports as Loose).f()).to.equal(42);
    },
  },
  {
    name: "an import may instantiate another module, while wasm is running",
    run: async (wasm) => {
      const outer = await wat(
        `(module (import "m" "f" (func $f (result i32))) (func (export "run") (result i32) (i32.add (call $f) (i32.const 1))))`,
      );
      const made: Loose[] = [];
      const f = () => {
        const { exports }: Loose = new wasm.Instance(new wasm.Module(plain));
        made.push(exports.f);
        return exports.f();
      };
      const { run }: Loose = new wasm.Instance(new wasm.Module(outer), { m: { f } }).exports;
      expect(run()).to.equal(43);
      expect(run()).to.equal(43);
      expect(made[0] === made[1]).to.equal(false);
      expect(made[0]()).to.equal(42);
    },
  },
  {
    name: "exports of one instance are imports of another",
    run: async (wasm) => {
      const library =
        await wat(`(module (memory (export "memory") 1) (table (export "table") 2 funcref) (global (export "g") (mut i32) (i32.const 5))
        (func (export "poke") (param i32 i32) (i32.store (local.get 0) (local.get 1))))`);
      const user =
        await wat(`(module (import "lib" "memory" (memory 1)) (import "lib" "table" (table 2 funcref)) (import "lib" "g" (global $g (mut i32)))
        (import "lib" "poke" (func $poke (param i32 i32))) (elem (i32.const 1) $poke)
        (func (export "run") (result i32)
          (call_indirect (param i32 i32) (i32.const 16) (global.get $g) (i32.const 1))
          (global.set $g (i32.const 6)) (i32.load (i32.const 16))))`);
      const lib: Loose = new wasm.Instance(new wasm.Module(library)).exports;
      const { run }: Loose = new wasm.Instance(new wasm.Module(user), { lib }).exports;
      expect(run()).to.equal(5);
      expect(lib.g.value).to.equal(6);
      expect(lib.table.get(1) === lib.poke).to.equal(true);
      expect(new Uint32Array(lib.memory.buffer)[4]).to.equal(5);
    },
  },
];

runCases("WebAssembly.Instance", cases);
