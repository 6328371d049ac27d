/**
 * Exceptions that cross the border in both directions: wasm catches what JavaScript throws and the other way round, with identity. The
 * module has the old blocks, which engines of today know too; a second one has try_table.
 */
import { expect } from "chai";
import type { WebAssemblyNamespace } from "../../jsapi/namespace.ts";
import { wat } from "../support/wat.ts";
import { type Case, type Loose, runCases, runCasesNatively, thrownBy, throwsExactly } from "./subjects.ts";

const oldBlocks = wat(`(module
  (import "m" "tag" (tag $t (param i32 f64 externref)))
  (import "m" "f" (func $f (param i32)))
  (tag $own (export "own") (param i64))
  (export "tag" (tag $t))
  (func (export "throwTag") (param i32 externref) local.get 0 f64.const 1.5 local.get 1 throw $t)
  (func (export "throwOwn") (param i64) local.get 0 throw $own)
  (func (export "pass") (param i32) local.get 0 call $f)
  (func (export "catchTag") (param i32) (result i32 f64 externref)
    try (result i32 f64 externref)
      local.get 0 call $f i32.const -1 f64.const 0 ref.null extern
    catch $t
    end)
  (func (export "catchAll") (param i32) (result i32)
    try (result i32)
      local.get 0 call $f i32.const 1
    catch_all
      i32.const 2
    end)
  (func (export "again") (param i32)
    try
      local.get 0 call $f
    catch_all
      rethrow 0
    end)
  (func (export "cleanup") (param i32) (result i32) (local i32)
    try
      try
        local.get 0 call $f
      catch_all
        i32.const 7 local.set 1
        rethrow 0
      end
    catch $own
      drop
      local.get 1 i32.const 100 i32.add local.set 1
    end
    local.get 1)
  (func (export "trapIn") (param i32) (result i32)
    try (result i32)
      i32.const 1 local.get 0 i32.div_s
    catch_all
      i32.const -5
    end))`);

const newBlocks = wat(`(module
  (import "m" "tag" (tag $js (param externref)))
  (import "m" "f" (func $f))
  (func (export "catchJs") (result externref)
    (block $h (result externref)
      (try_table (catch $js $h) (call $f))
      (ref.null extern)))
  (func (export "throwJs") (param externref) (throw $js (local.get 0)))
  (func (export "keep")
    (block $h (result exnref)
      (try_table (catch_all_ref $h) (call $f))
      (return))
    (throw_ref)))`);

/** Throws a vector out, which `in` lets JavaScript throw back in. */
const vectors = wat(`(module
  (import "m" "f" (func $f))
  (tag $t (param v128))
  (memory (export "memory") 1)
  (func (export "out") v128.const i64x2 1 2 throw $t)
  (func (export "in")
    try
      call $f
    catch $t
      global.set 0
      i32.const 0 global.get 0 v128.store
    end)
  (global (mut v128) (v128.const i64x2 0 0)))`);

interface Program {
  readonly exports: Loose;
  readonly tag: Loose;
  /** What the import does next. */
  act: (n: number) => unknown;
}

async function program(wasm: WebAssemblyNamespace): Promise<Program> {
  const tag = new wasm.Tag({ parameters: ["i32", "f64", "externref"] });
  const made: { act: Program["act"] } = { act: () => 0 };
  const { exports } = new wasm.Instance(new wasm.Module(await oldBlocks), { m: { tag, f: (n: number) => made.act(n) } });
  return Object.assign(made, { exports: exports as Loose, tag });
}

const thrower = (thrown: unknown) => () => {
  throw thrown;
};

const cases: Case[] = [
  {
    name: "tags are objects that stand for themselves through imports and exports",
    run: async (wasm) => {
      const { exports, tag } = await program(wasm);
      expect(exports.tag === tag).to.equal(true);
      expect(exports.own).to.be.instanceOf(wasm.Tag);
      const module = new wasm.Module(await oldBlocks);
      expect(wasm.Module.exports(module)[0]).to.deep.equal({ name: "own", kind: "tag" });
      expect(wasm.Module.imports(module)[0]).to.deep.equal({ module: "m", name: "tag", kind: "tag" });
      for (const wrong of [undefined, {}, 1, new wasm.Tag({ parameters: ["i32"] })]) {
        throwsExactly(() => new wasm.Instance(module, { m: { tag: wrong, f: () => 0 } }), wasm.LinkError);
      }
    },
  },
  {
    name: "what wasm throws is an Exception with its tag and values",
    run: async (wasm) => {
      const { exports, tag } = await program(wasm);
      const object = {};
      const thrown = thrownBy(() => exports.throwTag(-7, object)) as Loose;
      expect(thrown).to.be.instanceOf(wasm.Exception);
      expect(thrown.is(tag)).to.equal(true);
      expect(thrown.is(exports.own)).to.equal(false);
      expect([thrown.getArg(tag, 0), thrown.getArg(tag, 1)]).to.deep.equal([-7, 1.5]);
      expect(thrown.getArg(tag, 2) === object).to.equal(true);
      const own = thrownBy(() => exports.throwOwn(2n ** 63n)) as Loose;
      expect(own.getArg(exports.own, 0)).to.equal(-(2n ** 63n));
      expect(thrownBy(() => exports.throwOwn(1n)) === own).to.equal(false);
    },
  },
  {
    name: "wasm catches what JavaScript throws by its tag, with its values",
    run: async (wasm) => {
      const made = await program(wasm);
      const { exports, tag } = made;
      const object = {};
      made.act = thrower(new wasm.Exception(tag, [5, 0.25, object]));
      const caught = exports.catchTag(0);
      expect(caught.slice(0, 2)).to.deep.equal([5, 0.25]);
      expect(caught[2] === object).to.equal(true);
      made.act = () => 0;
      expect(exports.catchTag(0)).to.deep.equal([-1, 0, null]);
    },
  },
  {
    name: "what has another tag goes through, and is the same object on the other side",
    run: async (wasm) => {
      const made = await program(wasm);
      const { exports, tag } = made;
      const other = new wasm.Exception(exports.own, [1n]);
      const same = new wasm.Exception(tag, [1, 2, null]);
      for (const thrown of [other, new Error("x"), undefined, 5, "text"]) {
        made.act = thrower(thrown);
        expect(thrownBy(() => exports.catchTag(0)) === thrown).to.equal(true);
      }
      for (const thrown of [other, same, new Error("x"), undefined, Symbol.iterator]) {
        made.act = thrower(thrown);
        for (const name of ["pass", "again"]) {
          expect(thrownBy(() => exports[name](0)) === thrown, name).to.equal(true);
          expect(thrownBy(() => exports[name](0)) === thrown, name).to.equal(true);
        }
      }
    },
  },
  {
    name: "null that is thrown goes through a rethrow",
    run: async (wasm) => {
      const made = await program(wasm);
      made.act = thrower(null);
      expect(thrownBy(() => made.exports.again(0)) === null).to.equal(true);
    },
    engineDiffers: "it throws something else",
  },
  {
    name: "catch_all takes anything that JavaScript throws",
    run: async (wasm) => {
      const made = await program(wasm);
      const { exports, tag } = made;
      expect(exports.catchAll(0)).to.equal(1);
      for (const thrown of [new wasm.Exception(tag, [1, 2, null]), new Error("x"), undefined, null, 1n, {}]) {
        made.act = thrower(thrown);
        expect(exports.catchAll(0)).to.equal(2);
      }
      expect(exports.catchAll(0)).to.equal(2);
    },
  },
  {
    name: "exceptions cross several levels of wasm and JavaScript",
    run: async (wasm) => {
      const made = await program(wasm);
      const { exports } = made;
      const seen: unknown[] = [];
      made.act = (n) => {
        if (n === 0) return exports.throwOwn(42n);
        try {
          return exports.again(n - 1);
        } catch (error) {
          seen.push(error);
          throw error;
        }
      };
      expect(exports.cleanup(4)).to.equal(107);
      expect(seen.length).to.equal(4);
      expect(seen.every((each) => each === seen[0])).to.equal(true);
      expect((seen[0] as Loose).getArg(exports.own, 0)).to.equal(42n);
    },
  },
  {
    name: "traps are not caught by wasm, in the same instance or through JavaScript",
    run: async (wasm) => {
      const made = await program(wasm);
      const { exports } = made;
      throwsExactly(() => exports.trapIn(0), wasm.RuntimeError);
      expect(exports.trapIn(1)).to.equal(1);
      made.act = () => exports.trapIn(0);
      throwsExactly(() => exports.catchAll(0), wasm.RuntimeError);
      made.act = thrower(new wasm.RuntimeError("made by the program"));
      expect(exports.catchAll(0)).to.equal(2);
    },
  },
  {
    name: "many exceptions come and go",
    run: async (wasm) => {
      const made = await program(wasm);
      const { exports, tag } = made;
      made.act = (n) => thrower(n % 2 === 0 ? new wasm.Exception(tag, [n, n, `value ${n}`]) : `thrown ${n}`)();
      for (let n = 0; n < 4000; n += 2) {
        expect(exports.catchTag(n)).to.deep.equal([n, n, `value ${n}`]);
        expect(exports.catchAll(n + 1)).to.equal(2);
        expect((thrownBy(() => exports.throwTag(n, n)) as Loose).getArg(tag, 2)).to.equal(n);
      }
    },
  },
  {
    name: "JSTag is the tag of everything else that JavaScript throws",
    run: async (wasm) => {
      let thrown: unknown;
      const f = () => thrower(thrown)();
      const { catchJs, throwJs, keep }: Loose = new wasm.Instance(new wasm.Module(await newBlocks), { m: { tag: wasm.JSTag, f } }).exports;
      expect(wasm.JSTag).to.be.instanceOf(wasm.Tag);
      expect(Object.getOwnPropertyDescriptor(wasm, "JSTag")).to.include({ set: undefined, enumerable: true, configurable: true });
      for (thrown of [new Error("x"), undefined, "text", 5, {}]) {
        expect(catchJs() === thrown).to.equal(true);
        expect(thrownBy(() => throwJs(thrown)) === thrown).to.equal(true);
        expect(thrownBy(() => keep()) === thrown).to.equal(true);
      }
      const tag = new wasm.Tag({ parameters: [] });
      thrown = new wasm.Exception(tag, []);
      expect(thrownBy(() => catchJs()) === thrown).to.equal(true);
      expect(thrownBy(() => keep()) === thrown).to.equal(true);
      throwsExactly(() => new wasm.Exception(wasm.JSTag, [1]), TypeError);
    },
    engineDiffers: "it has no JSTag and no try_table",
  },
];

/** Natively what the vector holds is not known: see test/native/features. */
const vectorCases: Case[] = [
  {
    name: "an exception with a vector that JavaScript cannot see comes back as it was",
    run: async (wasm) => {
      let thrown: unknown;
      const { exports }: Loose = new wasm.Instance(new wasm.Module(await vectors), { m: { f: () => thrower(thrown)() } });
      thrown = thrownBy(() => exports.out());
      exports.in();
      expect([...new BigInt64Array(exports.memory.buffer, 0, 2)]).to.deep.equal([1n, 2n]);
    },
  },
];

runCases("exceptions between JavaScript and wasm", [...cases, ...vectorCases]);
runCasesNatively("exceptions between JavaScript and wasm", cases);
