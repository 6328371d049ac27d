/** WebAssembly.Memory: descriptors, the life of its buffer, growing from JavaScript and from wasm. */
import { expect } from "chai";
import { before } from "mocha";
import { wat } from "../support/wat.ts";
import { type Case, type Loose, NO_UINT32, runCases, throwsExactly } from "./subjects.ts";

const PAGE = 65536;
let grower: Uint8Array;

before(async () => {
  grower = await wat(`(module
    (memory (export "memory") 1 4)
    (data (i32.const 0) "abc")
    (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
    (func (export "size") (result i32) (memory.size))
    (func (export "load") (param i32) (result i32) (i32.load8_u (local.get 0)))
    (func (export "store") (param i32 i32) (i32.store8 (local.get 0) (local.get 1))))`);
});

const badDescriptors: readonly (readonly [string, unknown, "TypeError" | "RangeError"])[] = [
  ["nothing", undefined, "TypeError"],
  ["null", null, "TypeError"],
  ["a number", 1, "TypeError"],
  ["a string", "", "TypeError"],
  ["no initial", {}, "TypeError"],
  ["undefined initial", { initial: undefined }, "TypeError"],
  ["only a maximum", { maximum: 1 }, "TypeError"],
  ...NO_UINT32.map((value) => [`initial ${String(value)}`, { initial: value }, "TypeError"] as const),
  ...NO_UINT32.map((value) => [`maximum ${String(value)}`, { initial: 0, maximum: value }, "TypeError"] as const),
  ["a maximum below initial", { initial: 2, maximum: 1 }, "RangeError"],
  ["more pages than 32 bits address", { initial: 65537 }, "RangeError"],
  ["a maximum of more pages than 32 bits address", { initial: 0, maximum: 65537 }, "RangeError"],
];

const cases: Case[] = [
  ...badDescriptors.map(
    ([name, descriptor, error]): Case => ({
      name: `a descriptor with ${name} is a ${error}`,
      run: (wasm) => throwsExactly(() => new (wasm.Memory as Loose)(descriptor), error === "TypeError" ? TypeError : RangeError),
    }),
  ),
  {
    name: "members of the descriptor are converted like numbers, in their order",
    run: (wasm) => {
      const order: string[] = [];
      const member = (name: string, value: unknown) => ({
        valueOf: () => {
          order.push(name);
          return value;
        },
      });
      const descriptor = {
        get maximum() {
          order.push("get maximum");
          return member("maximum", "3.9");
        },
        get initial() {
          order.push("get initial");
          return member("initial", true);
        },
      };
      const memory = new (wasm.Memory as Loose)(descriptor);
      expect(order).to.deep.equal(["get initial", "initial", "get maximum", "maximum"]);
      expect(memory.buffer.byteLength).to.equal(PAGE);
      expect(memory.grow(2)).to.equal(1);
      throwsExactly(() => memory.grow(1), RangeError);
    },
  },
  {
    name: "members are found by [[Get]] alone, and a function is a descriptor too",
    run: (wasm) => {
      const proxy = new Proxy(() => 0, {
        has: () => expect.fail("has"),
        ownKeys: () => expect.fail("ownKeys"),
        get: (_, key) => (key === "initial" ? 1 : undefined),
      });
      expect(new (wasm.Memory as Loose)(proxy).buffer.byteLength).to.equal(PAGE);
    },
  },
  {
    name: "its buffer is a zeroed ArrayBuffer of exactly its size, the same one until it grows",
    run: (wasm) => {
      const memory = new wasm.Memory({ initial: 2 });
      const { buffer } = memory;
      expect(Object.getPrototypeOf(buffer)).to.equal(ArrayBuffer.prototype);
      expect(buffer.byteLength).to.equal(2 * PAGE);
      expect(new Uint8Array(buffer).every((byte) => byte === 0)).to.equal(true);
      expect(memory.buffer === buffer).to.equal(true);
      expect(Object.hasOwn(memory, "buffer")).to.equal(false);
      expect(Reflect.set(memory, "buffer", 1)).to.equal(false);
    },
  },
  {
    name: "growing answers the previous size, detaches the buffer and keeps the bytes",
    run: (wasm) => {
      const memory = new wasm.Memory({ initial: 1, maximum: 3 });
      const old = memory.buffer;
      const view = new Uint8Array(old);
      view[7] = 42;
      expect(memory.grow(2)).to.equal(1);
      expect(old.byteLength).to.equal(0);
      expect(view.length).to.equal(0);
      expect(view[7]).to.equal(undefined);
      expect(memory.buffer === old).to.equal(false);
      expect(memory.buffer.byteLength).to.equal(3 * PAGE);
      expect(new Uint8Array(memory.buffer)[7]).to.equal(42);
    },
  },
  {
    name: "growing by nothing detaches the buffer too",
    run: (wasm) => {
      for (const initial of [0, 1]) {
        const memory = new wasm.Memory({ initial });
        const old = memory.buffer;
        expect(memory.grow(0)).to.equal(initial);
        expect(old.byteLength).to.equal(0);
        expect(memory.buffer === old).to.equal(false);
        expect(memory.buffer.byteLength).to.equal(initial * PAGE);
      }
    },
  },
  {
    name: "growing beyond the maximum is a RangeError and changes nothing",
    run: (wasm) => {
      const memory = new wasm.Memory({ initial: 1, maximum: 2 });
      const { buffer } = memory;
      for (const delta of [2, 65536, 0xffff_ffff]) throwsExactly(() => memory.grow(delta), RangeError);
      expect(memory.buffer === buffer).to.equal(true);
      expect(buffer.byteLength).to.equal(PAGE);
      expect(memory.grow(1)).to.equal(1);
      const open = new wasm.Memory({ initial: 1 });
      throwsExactly(() => open.grow(65536), RangeError);
    },
  },
  {
    name: "growing by what is no number of pages is a TypeError",
    run: (wasm) => {
      const memory: Loose = new wasm.Memory({ initial: 1 });
      for (const delta of NO_UINT32) throwsExactly(() => memory.grow(delta), TypeError);
      throwsExactly(() => memory.grow(), TypeError);
      expect(memory.grow("1")).to.equal(1);
      expect(memory.grow(null)).to.equal(2);
    },
  },
  {
    name: "wasm and JavaScript see the same bytes",
    run: (wasm) => {
      const { memory, load, store }: Loose = new wasm.Instance(new wasm.Module(grower)).exports;
      expect(memory).to.be.instanceOf(wasm.Memory);
      const bytes = new Uint8Array(memory.buffer);
      expect(Array.from(bytes.subarray(0, 4))).to.deep.equal([97, 98, 99, 0]);
      bytes[3] = 200;
      expect(load(3)).to.equal(200);
      store(2, 1000);
      expect(bytes[2]).to.equal(1000 & 255);
      throwsExactly(() => load(PAGE), wasm.RuntimeError);
    },
  },
  {
    name: "memory.grow in wasm detaches the buffer, unless it fails",
    run: (wasm) => {
      const { memory, grow, size, load, store }: Loose = new wasm.Instance(new wasm.Module(grower)).exports;
      const first = memory.buffer;
      expect(grow(9)).to.equal(-1);
      expect(memory.buffer === first).to.equal(true);
      expect(grow(1)).to.equal(1);
      expect(first.byteLength).to.equal(0);
      const second = memory.buffer;
      expect(second.byteLength).to.equal(2 * PAGE);
      expect(grow(0)).to.equal(2);
      expect(second.byteLength).to.equal(0);
      expect(memory.grow(1)).to.equal(2);
      expect(size()).to.equal(3);
      store(2 * PAGE + 5, 17);
      expect(new Uint8Array(memory.buffer)[2 * PAGE + 5]).to.equal(17);
      expect(load(0)).to.equal(97);
    },
  },
  {
    name: "wasm sees a memory that JavaScript has grown while wasm was running",
    run: async (wasm) => {
      const bytes = await wat(`(module
        (import "m" "memory" (memory 1)) (import "m" "f" (func $f))
        (func (export "run") (result i32)
          (i32.store (i32.const 8) (i32.const 5)) (call $f)
          (i32.add (memory.size) (i32.add (i32.load (i32.const 8)) (i32.load (i32.const 65536))))))`);
      const memory = new wasm.Memory({ initial: 1 });
      const f = () => {
        memory.grow(1);
        new Uint32Array(memory.buffer)[PAGE / 4] = 100;
      };
      const instance = new wasm.Instance(new wasm.Module(bytes), { m: { memory, f } });
      expect((instance.exports as Loose).run()).to.equal(107);
    },
  },
  {
    name: "its buffer cannot be detached by the program",
    run: (wasm) => {
      const memory = new wasm.Memory({ initial: 1 });
      try {
        structuredClone(memory.buffer, { transfer: [memory.buffer] });
      } catch (error) {
        expect(error).to.be.instanceOf(Error);
      }
      expect(memory.buffer.byteLength).to.equal(PAGE);
    },
  },
  {
    name: "one object stands for a memory wherever it is exported",
    run: async (wasm) => {
      const again = await wat(`(module (import "m" "memory" (memory 1)) (export "a" (memory 0)) (export "b" (memory 0)))`);
      const { memory }: Loose = new wasm.Instance(new wasm.Module(grower)).exports;
      const { a, b }: Loose = new wasm.Instance(new wasm.Module(again), { m: { memory } }).exports;
      expect(a === memory && b === memory).to.equal(true);
    },
  },
  {
    name: "the limits of an import have to fit",
    run: async (wasm) => {
      const module = new wasm.Module(await wat(`(module (import "m" "memory" (memory 2 4)))`));
      const fits = (descriptor: Loose) => new wasm.Instance(module, { m: { memory: new wasm.Memory(descriptor) } });
      fits({ initial: 2, maximum: 4 });
      fits({ initial: 3, maximum: 3 });
      for (const descriptor of [{ initial: 1, maximum: 4 }, { initial: 2 }, { initial: 2, maximum: 5 }]) {
        throwsExactly(() => fits(descriptor), wasm.LinkError);
      }
      const grown = new wasm.Memory({ initial: 1, maximum: 4 });
      grown.grow(1);
      new wasm.Instance(module, { m: { memory: grown } });
      for (const memory of [undefined, null, {}, new Uint8Array(1), new wasm.Table({ element: "anyfunc", initial: 2 })]) {
        throwsExactly(() => new wasm.Instance(module, { m: { memory } }), wasm.LinkError);
      }
    },
  },
  {
    name: "`minimum` may stand for `initial`, but not beside it",
    engineDiffers: "the member `minimum` comes from the type reflection proposal",
    run: (wasm) => {
      const memoryClass: Loose = wasm.Memory;
      expect(new memoryClass({ minimum: 2 }).buffer.byteLength).to.equal(2 * PAGE);
      throwsExactly(() => new memoryClass({ minimum: 2, initial: 2 }), TypeError);
    },
  },
  {
    name: "memories with 64-bit addresses have their sizes as bigints",
    run: async (wasm) => {
      const memoryClass: Loose = wasm.Memory;
      const memory = new memoryClass({ address: "i64", initial: 1n, maximum: 3n });
      expect(memory.buffer.byteLength).to.equal(PAGE);
      expect(memory.grow(1n)).to.equal(1n);
      throwsExactly(() => memory.grow(2n), RangeError);
      throwsExactly(() => memory.grow(2n ** 63n), RangeError);
      for (const delta of [1, -1n, 2n ** 64n, undefined, Symbol.iterator]) throwsExactly(() => memory.grow(delta), TypeError);
      for (const bad of [{ initial: 1 }, { initial: -1n }, { initial: 2n ** 64n }, { initial: 1n, maximum: 2 }]) {
        throwsExactly(() => new memoryClass({ address: "i64", ...bad }), TypeError);
      }
      throwsExactly(() => new memoryClass({ address: "i64", initial: 2n, maximum: 1n }), RangeError);
      throwsExactly(() => new memoryClass({ address: "i64", initial: 2n ** 40n }), RangeError);
      for (const address of ["i33", "", null, 1]) throwsExactly(() => new memoryClass({ address, initial: 1 }), TypeError);
      expect(new memoryClass({ address: "i32", initial: 1 }).grow(0)).to.equal(1);
      const bytes = await wat(`(module (import "m" "memory" (memory $m i64 1 4)) (export "memory" (memory $m))
        (func (export "load") (param i64) (result i32) (i32.load8_u (local.get 0))) (func (export "grow") (param i64) (result i64) (memory.grow (local.get 0))))`);
      const { load, grow, memory: again }: Loose = new wasm.Instance(new wasm.Module(bytes), { m: { memory } }).exports;
      expect(again === memory).to.equal(true);
      new Uint8Array(memory.buffer)[PAGE + 1] = 9;
      expect(load(BigInt(PAGE + 1))).to.equal(9);
      throwsExactly(() => load(2n ** 32n + 1n), wasm.RuntimeError);
      const old = memory.buffer;
      expect(grow(1n)).to.equal(2n);
      expect(old.byteLength).to.equal(0);
      expect(memory.buffer.byteLength).to.equal(3 * PAGE);
      throwsExactly(
        () => new wasm.Instance(new wasm.Module(bytes), { m: { memory: new wasm.Memory({ initial: 1, maximum: 4 }) } }),
        wasm.LinkError,
      );
    },
    engineDiffers: "it has no such memories",
  },
  {
    name: "shared memories have a maximum, and a shared buffer that is never detached",
    run: async (wasm) => {
      const memoryClass: Loose = wasm.Memory;
      throwsExactly(() => new memoryClass({ initial: 1, shared: true }), TypeError);
      const memory = new memoryClass({ initial: 1, maximum: 3, shared: true });
      const old = memory.buffer;
      expect(old).to.be.instanceOf(SharedArrayBuffer);
      expect(Object.isFrozen(old)).to.equal(true);
      expect(memory.buffer === old).to.equal(true);
      expect(memory.grow(1)).to.equal(1);
      expect(old.byteLength).to.equal(PAGE);
      expect(memory.buffer === old).to.equal(false);
      expect(memory.buffer.byteLength).to.equal(2 * PAGE);
      new Uint8Array(old)[3] = 5;
      expect(new Uint8Array(memory.buffer)[3]).to.equal(5);
      throwsExactly(() => memory.grow(2), RangeError);
      const bytes = await wat(`(module (import "m" "memory" (memory 1 3 shared))
        (func (export "add") (param i32 i32) (result i32) (i32.atomic.rmw.add (local.get 0) (local.get 1))))`);
      const { add }: Loose = new wasm.Instance(new wasm.Module(bytes), { m: { memory } }).exports;
      expect(add(8, 7)).to.equal(0);
      expect(Atomics.add(new Int32Array(memory.buffer), 2, 1)).to.equal(7);
      expect(add(8, 0)).to.equal(8);
      throwsExactly(
        () => new wasm.Instance(new wasm.Module(bytes), { m: { memory: new wasm.Memory({ initial: 1, maximum: 3 }) } }),
        wasm.LinkError,
      );
    },
  },
  {
    name: "a buffer that can be resized takes the place of the other, and grows with the memory in place",
    run: async (wasm) => {
      const { instance } = await wasm.instantiate(grower);
      const { memory, grow, load, store }: Loose = instance.exports;
      const former = memory.buffer;
      const buffer = memory.toResizableBuffer();
      expect([former.byteLength, buffer.byteLength, buffer.maxByteLength, buffer.resizable]).to.deep.equal([0, PAGE, 4 * PAGE, true]);
      expect(memory.buffer).to.equal(buffer);
      expect(memory.toResizableBuffer()).to.equal(buffer);
      const bytes = new Uint8Array(buffer);
      expect([...bytes.subarray(0, 4)]).to.deep.equal([97, 98, 99, 0]);
      bytes[5] = 7;
      store(6, 8);
      expect([load(5), bytes[6]]).to.deep.equal([7, 8]);
      expect([grow(1), memory.buffer === buffer, bytes.length]).to.deep.equal([1, true, 2 * PAGE]);
      store(PAGE, 9);
      expect([memory.grow(1), bytes.length, bytes[PAGE], bytes[6]]).to.deep.equal([2, 3 * PAGE, 9, 8]);
      buffer.resize(4 * PAGE);
      bytes[4 * PAGE - 1] = 10;
      expect([load(4 * PAGE - 1), grow(0), grow(1)]).to.deep.equal([10, 4, -1]);
      for (const length of [0, 3 * PAGE, 4 * PAGE + 1, 5 * PAGE, -1]) throwsExactly(() => buffer.resize(length), RangeError);
      buffer.resize(4 * PAGE);
      const fixed = memory.toFixedLengthBuffer();
      expect([buffer.byteLength, fixed.byteLength, fixed.resizable]).to.deep.equal([0, 4 * PAGE, false]);
      expect([memory.toFixedLengthBuffer() === fixed, memory.buffer === fixed]).to.deep.equal([true, true]);
      new Uint8Array(fixed)[0] = 1;
      expect([load(0), load(PAGE), new Uint8Array(fixed)[4 * PAGE - 1]]).to.deep.equal([1, 9, 10]);
    },
    engineDiffers: "it has no such methods",
  },
  {
    name: "a memory without a maximum, and a shared one, keeps its buffer",
    run: (wasm) => {
      const memory = new (wasm.Memory as Loose)({ initial: 1 });
      throwsExactly(() => memory.toResizableBuffer(), TypeError);
      expect(memory.toFixedLengthBuffer()).to.equal(memory.buffer);
      const shared = new (wasm.Memory as Loose)({ initial: 1, maximum: 2, shared: true });
      throwsExactly(() => shared.toResizableBuffer(), TypeError);
      expect(shared.toFixedLengthBuffer()).to.equal(shared.buffer);
      throwsExactly(() => memory.toResizableBuffer.call({}), TypeError);
      throwsExactly(() => memory.toFixedLengthBuffer.call(null), TypeError);
    },
    engineDiffers: "it has no such methods",
  },
];

runCases("WebAssembly.Memory", cases);
