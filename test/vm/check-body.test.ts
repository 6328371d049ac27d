import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { describe, it } from "mocha";
import { decodeModule } from "../../vm/decode.ts";
import { DecodeError, ValidationError } from "../../vm/errors.ts";
import type { Module } from "../../vm/types.ts";
import { validateModule } from "../../vm/validate.ts";
import { mulberry32 } from "../support/random.ts";
import { wat } from "../support/wat.ts";

/** What is wrong with a module, in full; undefined when it is valid. */
function verdict(module: Module, quick: boolean): string | undefined {
  try {
    validateModule(module, quick);
    return undefined;
  } catch (error) {
    if (error instanceof DecodeError || error instanceof ValidationError) return `${error.name} ${error.code}: ${error.message}`;
    throw error;
  }
}

/** Modules with all kinds of instructions that the quick rules know, and of those that they leave to the others. */
async function seeds(): Promise<Module[]> {
  const guests = readdirSync("test/guests")
    .filter((file) => file.endsWith(".wasm"))
    .sort()
    .map((file) => new Uint8Array(readFileSync(join("test/guests", file))));
  const locals = Array.from({ length: 140 }, (_, i) => `(local.set ${i} (i32.add (local.get ${139 - i}) (i32.const ${i * 70_000})))`);
  const texts = [
    `(module (memory 1) (memory i64 1) (global $g (mut i32) (i32.const 1)) (global i64 (i64.const 2)) (table 2 funcref)
      (func $f (param i32 i64) (result i64) (i64.add (local.get 1) (i64.extend_i32_s (local.get 0))))
      (func (param i32 f32 f64) (result i32) (local i64)
        (block (loop (br_if 1 (i32.eqz (local.get 0))) (local.set 0 (i32.sub (local.get 0) (i32.const 1))) (br 0)))
        (if (local.get 0) (then (global.set $g (i32.const 7))) (else (drop (f32.neg (local.get 1)))))
        (local.set 3 (call $f (select (local.get 0) (i32.const -5) (i32.const 1)) (global.get 1)))
        (i64.store offset=300 (local.get 0) (local.get 3)) (f64.store (i32.const 8) (f64.mul (local.get 2) (f64.const 0.5)))
        (i32.store8 1 (i64.const 3) (local.get 0)) (drop (i64.load 1 offset=4294967296 (i64.const 0)))
        (if (result i32) (i32.load16_u offset=70000 (local.get 0)) (then (i32.const 1)) (else (return (local.tee 0 (i32.const 2)))))
        (block (result i32) (br 0 (i32.const 3)) unreachable) i32.add))`,
    `(module (memory 1) (global $sp (mut i32) (i32.const 65536)) (global $two i32 (i32.const 2)) (type $v (func))
      (func $leaf (param i32 i32 i32) (result i32) (if (local.get 0) (then (return (i32.add (local.get 1) (local.get 2)))))
        (block (result i32) (br_if 0 (local.get 1) (local.get 2)) (drop) (i32.const -2147483648)))
      (func $none)
      (func $wide (param i64 f32) (result f64) (f64.promote_f32 (local.get 1)))
      (func (param i32) (result i32) (local i32 v128)
        (global.set $sp (local.tee 1 (i32.sub (global.get $sp) (i32.const 16))))
        (if (i32.eqz (local.get 0)) (then (call $none) (drop (call $wide (i64.const -1) (f32.const 1)))) (else (call $none) (drop (local.get 2))))
        (loop (block (br_if 1 (call $leaf (local.get 0) (select (local.get 1) (i32.const 134217728) (i32.const 5)) (global.get $two)))
          (local.set 0 (i32.load8_s offset=200 (local.get 0)))))
        (loop (result i32) (local.get 0)) (global.set $sp (i32.add (local.get 1) (i32.const 268435455))))
      (func (param i32) (block (block (br_table 0 1 (local.get 0))) (return)) (i32.store16 (i32.const 0x7fffffff) (local.get 0))))`,
    `(module (func (param i32) (local ${"i32 ".repeat(139)}) ${locals.join("\n")}))`,
    `(module (type $s (struct (field i32))) (func (param (ref $s)) (local (ref $s)) (local i32)
      (block (local.set 1 (local.get 0)) (drop (struct.get $s 0 (local.get 1)))) (local.set 2 (i32.const 3)) (local.set 1 (local.get 0)) (drop (local.get 1))))`,
  ];
  return [...guests, ...(await Promise.all(texts.map((text) => wat(text))))].map((bytes) => decodeModule(bytes));
}

/** The module with some bytes of one of its functions changed. */
function mutant(module: Module, random: () => number): Module {
  const below = (count: number): number => Math.floor(random() * count);
  const { codeStart, end } = module.funcs[below(module.funcs.length)]!;
  const bytes = module.bytes.slice();
  for (let left = 1 + below(3); left > 0; left--) {
    const at = codeStart + below(end - codeStart);
    // Opcodes and small numbers change into others more often than into anything.
    bytes[at] = random() < 0.5 ? bytes[at]! ^ (1 << below(8)) : bytes[codeStart + below(end - codeStart)]!;
    if (random() < 0.2) bytes[at] = 0x80 | below(0x80);
  }
  return { ...module, bytes };
}

describe("quick rules of validation", () => {
  it("say of mutated functions what the general rules say, to the offset", async () => {
    const modules = await seeds();
    const random = mulberry32(3_000_731);
    let valid = 0;
    let rejected = 0;
    for (const module of modules) {
      expect(verdict(module, true)).to.equal(undefined);
      expect(verdict(module, false)).to.equal(undefined);
    }
    for (let round = 0; round < 6000; round++) {
      const seedIndex = Math.floor(random() * modules.length);
      const module = mutant(modules[seedIndex]!, random);
      const quick = verdict(module, true);
      expect(quick, `round ${round}, seed ${seedIndex}`).to.equal(verdict(module, false));
      if (quick === undefined) valid++;
      else rejected++;
    }
    console.log(`      ${valid} mutants valid, ${rejected} rejected`);
    expect(Math.min(valid, rejected)).to.be.above(100);
  }).timeout(120_000);
});
