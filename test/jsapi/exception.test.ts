/** WebAssembly.Tag and WebAssembly.Exception as objects of JavaScript. */
import { expect } from "chai";
import type { WebAssemblyNamespace } from "../../jsapi/namespace.ts";
import { type Case, type Loose, NO_UINT32, runCases, runCasesNatively, thrownBy, throwsExactly } from "./subjects.ts";

function* generated(...values: unknown[]) {
  yield* values;
}

function tag(wasm: WebAssemblyNamespace, ...parameters: string[]): Loose {
  return new wasm.Tag({ parameters });
}

const badTags: readonly (readonly [string, unknown])[] = [
  ["nothing", undefined],
  ["null", null],
  ["a number", 1],
  ["no parameters", {}],
  ["parameters that are undefined", { parameters: undefined }],
  ["parameters that are null", { parameters: null }],
  ["parameters that are a number", { parameters: 1 }],
  ["an unknown type", { parameters: ["i31"] }],
  ["a type of another case", { parameters: ["I32"] }],
  ["an empty type", { parameters: [""] }],
];

const cases: Case[] = [
  ...badTags.map(
    ([name, descriptor]): Case => ({
      name: `a tag of ${name} is a TypeError`,
      run: (wasm) => throwsExactly(() => new (wasm.Tag as Loose)(descriptor), TypeError),
    }),
  ),
  {
    name: "a tag has any number of parameters of the types that JavaScript can name",
    run: (wasm) => {
      for (const parameters of [[], ["i32"], ["i32", "i64", "f32", "f64", "externref", "anyfunc"], ["i32", "i32", "i32"]]) {
        expect(tag(wasm, ...parameters)).to.be.instanceOf(wasm.Tag);
      }
      expect(Object.keys(tag(wasm))).to.deep.equal([]);
    },
  },
  {
    name: "the parameters of a tag are any iterable",
    run: (wasm) => {
      for (const parameters of [generated("i32"), new Set(["i32"])]) {
        const made = new (wasm.Tag as Loose)({ parameters });
        expect(new wasm.Exception(made, [5]).getArg(made, 0)).to.equal(5);
      }
    },
    engineDiffers: "it takes objects with a length only",
  },
  {
    name: "an exception needs a tag and a payload of its types",
    run: (wasm) => {
      const exceptionClass: Loose = wasm.Exception;
      const one = tag(wasm, "i32");
      for (const args of [[], [undefined], [{}, []], [wasm.Tag, []], [one], [one, undefined], [one, 1], [one, null]]) {
        throwsExactly(() => new exceptionClass(...args), TypeError);
      }
      throwsExactly(() => new exceptionClass(one, [1n]), TypeError);
      throwsExactly(() => new exceptionClass(tag(wasm, "i64"), [1]), TypeError);
      expect(new exceptionClass(one, [1])).to.be.instanceOf(wasm.Exception);
    },
  },
  {
    name: "a payload of functions takes exported functions only",
    run: (wasm) => throwsExactly(() => new wasm.Exception(tag(wasm, "anyfunc"), [() => 1]), TypeError),
    engineDiffers: "it takes any function",
  },
  {
    name: "a payload of another length is a TypeError",
    run: (wasm) => {
      for (const payload of [[], [1, 2]]) throwsExactly(() => new (wasm.Exception as Loose)(tag(wasm, "i32"), payload), TypeError);
    },
    engineDiffers: "it fills up or cuts off",
  },
  {
    name: "the payload is converted as arguments are, and read back with the tag",
    run: (wasm) => {
      const types = tag(wasm, "i32", "i64", "f32", "f64", "externref", "anyfunc");
      const object = {};
      const exception = new wasm.Exception(types, [2 ** 32 + 1, 2n ** 64n - 1n, 0.1, "0.5", object, null]);
      const read = [0, 1, 2, 3, 4, 5].map((index) => exception.getArg(types, index));
      expect(read).to.deep.equal([1, -1n, Math.fround(0.1), 0.5, object, null]);
      expect(read[4] === object).to.equal(true);
    },
  },
  {
    name: "the payload is any iterable",
    run: (wasm) => {
      const one = tag(wasm, "i32");
      expect(new (wasm.Exception as Loose)(one, generated(5)).getArg(one, 0)).to.equal(5);
    },
    engineDiffers: "it takes objects with a length only",
  },
  {
    name: "a tag stands for itself alone",
    run: (wasm) => {
      const [a, b] = [tag(wasm, "i32"), tag(wasm, "i32")];
      const exception = new wasm.Exception(a, [1]);
      expect([exception.is(a), exception.is(b)]).to.deep.equal([true, false]);
      throwsExactly(() => exception.getArg(b, 0), TypeError);
      for (const stranger of [undefined, null, {}, 1, exception]) {
        throwsExactly(() => (exception as Loose).is(stranger), TypeError);
        throwsExactly(() => (exception as Loose).getArg(stranger, 0), TypeError);
      }
    },
  },
  {
    name: "what is no index is a TypeError",
    run: (wasm) => {
      const one = tag(wasm, "i32");
      const exception: Loose = new wasm.Exception(one, [1]);
      for (const index of NO_UINT32) throwsExactly(() => exception.getArg(one, index), TypeError);
      expect(exception.getArg(one, "0")).to.equal(1);
    },
  },
  {
    name: "an index beyond the payload is a RangeError",
    run: (wasm) => {
      const one = tag(wasm, "i32");
      const exception = new wasm.Exception(one, [1]);
      for (const index of [1, 0xffff_ffff]) throwsExactly(() => exception.getArg(one, index), RangeError);
    },
  },
  {
    name: "is no Error, and may be thrown and caught like any value",
    run: (wasm) => {
      const exception = new wasm.Exception(tag(wasm), []);
      expect(exception instanceof Error).to.equal(false);
      expect(
        thrownBy(() => {
          throw exception;
        }) === exception,
      ).to.equal(true);
    },
  },
  {
    name: "has a stack when it is asked to",
    run: (wasm) => {
      const one = tag(wasm);
      expect(new wasm.Exception(one, []).stack).to.equal(undefined);
      expect(new wasm.Exception(one, [], { traceStack: false }).stack).to.equal(undefined);
      expect(typeof new wasm.Exception(one, [], { traceStack: true }).stack).to.equal("string");
      throwsExactly(() => new (wasm.Exception as Loose)(one, [], 1), TypeError);
    },
  },
];

runCases("WebAssembly.Tag and WebAssembly.Exception", cases);
runCasesNatively("WebAssembly.Tag and WebAssembly.Exception", cases);
