/** compileStreaming and instantiateStreaming: which responses they take, and what they answer (Web API). */
import { expect } from "chai";
import { before } from "mocha";
import { wat } from "../support/wat.ts";
import { type Case, type Loose, rejectionOf, runCases } from "./subjects.ts";

let plain: Uint8Array;

before(async () => {
  plain = await wat(`(module (import "m" "f" (func $f (result i32))) (func (export "run") (result i32) (call $f)))`);
});

const imports = { m: { f: () => 42 } };

function response(body: Uint8Array | null, type: string | null = "application/wasm", init: { status?: number } = {}): Response {
  const made = new Response(body, init);
  if (type === null) made.headers.delete("content-type");
  else made.headers.set("content-type", type);
  return made;
}

/** What is no response of a module. */
const refused: readonly (readonly [string, () => unknown])[] = [
  ["nothing", () => undefined],
  ["a number", () => 1],
  ["bytes", () => plain],
  ["an object", () => ({})],
  ["a promise of bytes", () => Promise.resolve(plain)],
  ["a response of no type", () => response(plain, null)],
  ["a response of another type", () => response(plain, "text/plain")],
  ["a type with a parameter", () => response(plain, "application/wasm; charset=utf-8")],
  ["a status of failure", () => response(plain, "application/wasm", { status: 404 })],
];

const cases: Case[] = [
  ...refused.map(
    ([name, make]): Case => ({
      name: `${name} is a TypeError`,
      run: async (wasm) => {
        for (const method of ["compileStreaming", "instantiateStreaming"]) {
          const error = (await rejectionOf((wasm as Loose)[method](make(), imports))) as object;
          expect(error).to.be.instanceOf(TypeError);
        }
      },
    }),
  ),
  {
    name: "a response, or a promise of one, is compiled",
    run: async (wasm) => {
      for (const source of [response(plain), Promise.resolve(response(plain))]) {
        expect(await wasm.compileStreaming(source as Loose)).to.be.instanceOf(wasm.Module);
      }
    },
  },
  {
    name: "the type of a response is compared without regard to case",
    run: async (wasm) => {
      expect(await wasm.compileStreaming(response(plain, "Application/WASM") as Loose)).to.be.instanceOf(wasm.Module);
    },
    engineDiffers: "Node compares the text as it is",
  },
  {
    name: "a response is instantiated",
    run: async (wasm) => {
      const both = await wasm.instantiateStreaming(response(plain) as Loose, imports);
      expect(Object.keys(both)).to.deep.equal(["module", "instance"]);
      expect(both.module).to.be.instanceOf(wasm.Module);
      expect((both.instance.exports as Loose).run()).to.equal(42);
    },
  },
  {
    name: "a response that was read already is a TypeError",
    run: async (wasm) => {
      const used = response(plain);
      await used.arrayBuffer();
      expect(await rejectionOf(wasm.compileStreaming(used as Loose))).to.be.instanceOf(TypeError);
    },
  },
  {
    name: "a body that is no module is a CompileError",
    run: async (wasm) => {
      for (const body of [new Uint8Array(3), new Uint8Array(0), null]) {
        const error = (await rejectionOf(wasm.compileStreaming(response(body) as Loose))) as object;
        expect(error.constructor).to.equal(wasm.CompileError);
      }
    },
  },
  {
    name: "missing imports are a TypeError, wrong ones a LinkError",
    run: async (wasm) => {
      expect(await rejectionOf(wasm.instantiateStreaming(response(plain) as Loose))).to.be.instanceOf(TypeError);
      expect(await rejectionOf(wasm.instantiateStreaming(response(plain) as Loose, { m: {} }))).to.be.instanceOf(wasm.LinkError);
      expect(await rejectionOf((wasm as Loose).instantiateStreaming(response(plain), 1))).to.be.instanceOf(TypeError);
    },
  },
  {
    name: "a promise that is rejected passes its reason on",
    run: async (wasm) => {
      const reason = new Error("network");
      expect((await rejectionOf(wasm.compileStreaming(Promise.reject(reason)))) === reason).to.equal(true);
    },
  },
];

runCases("streaming", cases);
