/**
 * Golden texts of lowered code, in test/vm/lowering/: a change of either lowering shows in review as a change of these.
 * `REWASM_GOLDEN=write npx mocha dist/test/vm/lowering.test.js` writes them anew. The same functions run and must answer the
 * same in both codes, so that a golden is also right.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { describe, it } from "mocha";
import { Mode } from "../../vm/code.ts";
import { lowerFunction } from "../../vm/lower.ts";
import { instructions, Wasm } from "../../vm/opcodes.ts";
import { Op, opRows, plainLowerings } from "../../vm/ops.ts";
import { isSimd } from "../../vm/simd-form.ts";
import { ROOT } from "../support/guests.ts";
import { loweredText } from "../support/lowered-text.ts";
import { Bench, checkedModule, inEveryWay } from "../support/machines.ts";
import { wat } from "../support/wat.ts";

const FOLDER = join(ROOT, "test/vm/lowering");
const writing = process.env.REWASM_GOLDEN === "write";

interface Sample {
  readonly name: string;
  /** Fields of the module; the function to be shown is exported as "main" and is the last one. */
  readonly text: string;
  readonly calls: readonly (readonly (number | bigint)[])[];
}

const samples: readonly Sample[] = [
  {
    name: "loop",
    text: `(func (export "main") (param $n i32) (result i32) (local $i i32) (local $sum i32)
      (loop $again
        (local.set $sum (i32.add (local.get $sum) (i32.mul (local.get $i) (i32.const 3))))
        (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
      (local.get $sum))`,
    calls: [[0], [5]],
  },
  {
    name: "branches",
    text: `(func (export "main") (param $a i32) (param $b i64) (result i64)
      (if (result i64) (i32.eqz (i64.gt_s (local.get $b) (i64.const 7)))
        (then (i64.add (local.get $b) (i64.const 1)))
        (else
          (block $out (result i64)
            (i64.const 5)
            (br_if $out (i32.ne (local.get $a) (i32.const 2)))
            (drop)
            (i64.rotl (local.get $b) (i64.const 9))))))`,
    calls: [
      [1, 3n],
      [2, 9n],
      [3, 9n],
    ],
  },
  {
    name: "memory",
    text: `(memory 1)
      (func (export "main") (param $at i32) (result i32)
        (i32.store offset=4 (local.get $at) (i32.const -2))
        (f64.store (local.get $at) (f64.mul (f64.load (local.get $at)) (f64.const 2)))
        (i64.store16 offset=16 (local.get $at) (i64.const 258))
        (i32.add (i32.load8_u offset=16 (local.get $at)) (i32.load (local.get $at))))`,
    calls: [[8]],
  },
  {
    name: "calls",
    text: `(table 1 funcref) (elem (i32.const 0) $twice)
      (func $twice (param i32) (result i32) (i32.shl (local.get 0) (i32.const 1)))
      (func (export "main") (param $n i32) (result i32)
        (i32.sub (i32.const 100)
          (i32.add (call $twice (local.get $n)) (call_indirect (param i32) (result i32) (i32.const 4) (i32.const 0)))))`,
    calls: [[3]],
  },
  {
    name: "table",
    text: `(func (export "main") (param $i i32) (result i32)
      (block $two (block $one (block $zero
        (br_table $zero $one $two (local.get $i)))
        (return (i32.const 10)))
        (return (i32.const 11)))
      (block $value (result i32)
        (i32.const 12)
        (br_table $value 1 (i32.and (local.get $i) (i32.const 1)))))`,
    calls: [[0], [1], [2], [3]],
  },
  {
    name: "aliases",
    text: `(global $g (mut i64) (i64.const 1))
      (func (export "main") (param $a i64) (result i64) (local $b i64)
        (local.get $a)
        (local.set $a (i64.shr_u (local.get $a) (i64.const 3)))
        (local.set $b (local.tee $a (i64.sub (local.get $a) (i64.const 1))))
        (global.set $g (i64.xor (local.get $b) (global.get $g)))
        (i64.add (select (local.get $a) (local.get $b) (i64.eqz (local.get $b))))
        (i64.or (i64.const 64)))`,
    calls: [[8n], [100n], [-1n]],
  },
  {
    name: "floats",
    text: `(func (export "main") (param $x f64) (param $y f64) (result i32)
      (if (f64.lt (local.get $x) (local.get $y)) (then (return (i32.trunc_sat_f64_s (f64.sub (f64.const 1) (local.get $x))))))
      (block $out
        (br_if $out (i32.eqz (f64.ge (local.get $x) (f64.const 0.5))))
        (return (f32.lt (f32.demote_f64 (local.get $x)) (f32.const 3))))
      (i32.const -1))`,
    calls: [
      [1, 2],
      [2, 1],
      [0, Number.NaN],
      [Number.NaN, 0],
    ],
  },
];

/** Both codes of the last function, as the golden file has them. */
async function goldenOf({ text }: Sample): Promise<string> {
  const module = checkedModule(await wat(`(module ${text})`));
  const { store, instanceAddr } = new Bench(module);
  const funcAddr = store.instances[instanceAddr]!.funcAddrs.at(-1)!;
  const { codeStart } = module.funcs.at(-1)!;
  // Anew for each: loops of exact code are linked to fast code by absolute index.
  const exact = loweredText(store, funcAddr, Mode.Exact, codeStart);
  const fast = loweredText(new Bench(module).store, funcAddr, Mode.Fast, codeStart);
  const source = text.split("\n").map((line) => line.replace(/^ {4}/, ";; "));
  return [";; ".concat(source[0]!), ...source.slice(1), "", "fast", ...fast, "", "exact", ...exact, ""].join("\n");
}

describe("lowered code", () => {
  for (const sample of samples) {
    it(`of ${sample.name} is the golden one`, async () => {
      const text = await goldenOf(sample);
      const path = join(FOLDER, `${sample.name}.txt`);
      if (writing) {
        mkdirSync(FOLDER, { recursive: true });
        writeFileSync(path, text);
      }
      expect(existsSync(path), `${path} is missing: write it with REWASM_GOLDEN=write`).to.equal(true);
      expect(text).to.equal(readFileSync(path, "utf8"));
    });

    it(`of ${sample.name} answers the same in every way`, async () => {
      const module = checkedModule(await wat(`(module ${sample.text})`));
      inEveryWay((way) => {
        const bench = new Bench(module, way);
        return sample.calls.map((args) => ({ args, result: bench.call("main", ...args), tick: bench.store.tick, hash: bench.hash() }));
      });
    });
  }

  it("has no golden text without a sample", () => {
    expect(readdirSync(FOLDER).sort()).to.deep.equal(samples.map(({ name }) => `${name}.txt`).sort());
  });

  it("is equal when it is made again", async () => {
    for (const { text } of samples) {
      const module = checkedModule(await wat(`(module ${text})`));
      const [one, other] = [new Bench(module), new Bench(module)].map(({ store, instanceAddr }) => {
        for (const funcAddr of store.instances[instanceAddr]!.funcAddrs) {
          lowerFunction(store, funcAddr, Mode.Fast);
          lowerFunction(store, funcAddr, Mode.Exact);
        }
        return Array.from(store.code.words.subarray(0, store.code.top));
      });
      expect(one).to.deep.equal(other);
    }
  });
});

describe("internal operations", () => {
  it("are numbered densely, and rows stand at their numbers", () => {
    const numbers = Object.values(Op);
    expect(numbers).to.deep.equal(numbers.map((_, i) => i));
    expect(opRows.map(([name]) => name)).to.deep.equal(Object.keys(Op));
  });

  it("have operand letters that are known", () => {
    for (const [name, letters] of opRows) expect(letters, name).to.match(/^[ilkKotcfTGywndbgmpI]*$/);
  });

  it("exist for every plain instruction", () => {
    // Those with operands and a fixed signature; the rest is in the lowerings' own code.
    const special =
      /^(local|global|table|memory|ref|elem|data|v128)\b|^(drop|select|call|br|return|nop|unreachable|block|loop|if|else|end)/;
    // Those on vectors have their own numbers, and a loop of their own (vm/simd.ts).
    const missing = instructions.filter(({ code, mnemonic, params }) => {
      if (isSimd(code)) return false;
      // Wide arithmetic and atomics have no operations of the loop.
      if ((code >>> 12 === 0xfc && code >= Wasm.I64Add128) || code >>> 12 === 0xfe) return false;
      return params !== undefined && params.length > 0 && !special.test(mnemonic) && !plainLowerings.has(code);
    });
    expect(missing.map(({ mnemonic }) => mnemonic)).to.deep.equal([]);
  });
});
