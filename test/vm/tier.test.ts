/** Generated code: what it covers, how it leaves and is entered again, and what happens where it cannot be made. */
import { execFileSync } from "node:child_process";
import { expect } from "chai";
import { describe, it } from "mocha";
import { KERNELS } from "../../bench/kernels.ts";
import { generateFunction } from "../../vm/generate.ts";
import { accessForms, numberForms, pairConditions, pairForms } from "../../vm/generate-forms.ts";
import type { HostFunction } from "../../vm/host.ts";
import { instructions } from "../../vm/opcodes.ts";
import { FUNC_INFO_WORDS, FuncInfo } from "../../vm/store.ts";
import { ValType } from "../../vm/types.ts";
import { kernelBytes } from "../support/guests.ts";
import { Bench, checkedModule } from "../support/machines.ts";
import { mulberry32 } from "../support/random.ts";
import { wat } from "../support/wat.ts";

const SCALARS: readonly ValType[] = [ValType.I32, ValType.I64, ValType.F32, ValType.F64];

async function benches(text: string, imports = {}): Promise<{ generated: Bench; exact: Bench }> {
  const module = checkedModule(await wat(text));
  const options = { stackBytes: 64 << 20 };
  return { generated: new Bench(module, "generated", imports, options), exact: new Bench(module, "exact", imports, options) };
}

/** Calls in both and compares how it ended, the tick and the state. */
function same({ generated, exact }: { generated: Bench; exact: Bench }, name: string, ...args: (number | bigint)[]): unknown {
  const result = generated.call(name, ...args);
  expect(result).to.deep.equal(exact.call(name, ...args));
  expect(generated.store.tick).to.equal(exact.store.tick);
  expect(generated.hash()).to.equal(exact.hash());
  return result.kind === "return" ? result.values[0] : result.kind;
}

function isGenerated({ store }: Bench, funcAddr: number): boolean {
  return store.funcInfo[funcAddr * FUNC_INFO_WORDS + FuncInfo.Generated] === 1;
}

describe("generated code", function () {
  this.timeout(60_000);

  it("has a form for every plain instruction on numbers", () => {
    const lacking = instructions
      .filter(({ params, results }) => params !== undefined && results !== undefined && params.length > 0)
      .filter(({ params, results }) => [...params!, ...results!].every((type) => SCALARS.includes(type)))
      .map(({ mnemonic }) => mnemonic)
      .filter((name) => ![numberForms, pairForms, pairConditions, accessForms].some((forms) => forms.has(name)))
      // Not plain: they wait, or are about all of memory; and what is not worth a form.
      .filter(
        (name) => !/^(memory|table|ref|elem|data|global|local|select|drop|throw)|\.atomic\.|^i64\.(add128|sub128|mul_wide)/.test(name),
      );
    expect(lacking).to.deep.equal([]);
  });

  it("is made of every function of the kernels", () => {
    for (const { name } of KERNELS) {
      const { store } = new Bench(checkedModule(kernelBytes(name)));
      for (const [funcAddr, func] of store.funcs.entries()) {
        if (func.kind === "wasm") expect(generateFunction(store, funcAddr), `${name}, function ${funcAddr}`).to.not.equal(undefined);
      }
    }
  });

  it("is made of functions with vectors, objects, exceptions, 64-bit addresses, tail calls and atomics", async () => {
    const both = await benches(`(module (memory $a i64 1) (memory $b 1) (table $t i64 4 funcref)
      (type $list (sub (struct (field (mut i32)) (field (ref null $list))))) (type $more (sub $list (struct (field (mut i32)) (field (ref null $list)) (field f64))))
      (type $unary (func (param i32) (result i32))) (type $floats (array (mut f32)))
      (tag $odd (param i32)) (elem declare func $twice $count) (global $v (mut v128) (v128.const i32x4 1 2 3 4))
      (func $twice (param i32) (result i32) (if (i32.and (local.get 0) (i32.const 64)) (then (throw $odd (local.get 0)))) (i32.shl (local.get 0) (i32.const 1)))
      (func $count (param i32 i32) (result i32)
        (if (i32.eqz (local.get 0)) (then (return (local.get 1))))
        (return_call $count (i32.sub (local.get 0) (i32.const 1)) (i32.add (local.get 1) (i32.const 3))))
      (func $list (param $n i32) (result (ref null $list)) (local $l (ref null $list))
        (loop $again
          (local.set $l (if (result (ref $list)) (i32.and (local.get $n) (i32.const 1))
            (then (struct.new $list (local.get $n) (local.get $l)))
            (else (struct.new $more (local.get $n) (local.get $l) (f64.const nan:0x4000000000001)))))
          (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (local.get $l))
      (func $sum (param $l (ref null $list)) (result i64) (local $x i64)
        (block $end (loop $again
          (local.set $x (i64.add (i64.mul (local.get $x) (i64.const 3)) (i64.extend_i32_s (struct.get $list 0 (br_on_null $end (local.get $l))))))
          (drop (block $plain (result (ref null $list))
            (local.set $x (i64.xor (local.get $x) (i64.reinterpret_f64 (struct.get $more 2 (br_on_cast_fail $plain (ref null $list) (ref $more) (local.get $l))))))
            (ref.null $list)))
          (local.set $l (struct.get $list 1 (local.get $l)))
          (br $again)))
        (local.get $x))
      (func $vectors (param $n i32) (result v128) (local $v v128)
        (local.set $v (i32x4.splat (local.get $n)))
        (loop $again
          (local.set $v (i32x4.add (i8x16.swizzle (local.get $v) (v128.const i8x16 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 0)) (global.get $v)))
          (global.set $v (select (local.get $v) (global.get $v) (i32.and (local.get $n) (i32.const 1))))
          (v128.store $b (i32.const 4090) (local.get $v))
          (v128.store $a (i64.const 8187) (i16x8.mul (local.get $v) (v128.load $b (i32.const 4088))))
          (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (local.get $v))
      (func (export "main") (param $n i32) (result i64) (local $x i32) (local $r (ref null $unary)) (local $f (ref null $floats))
        (local.set $r (ref.func $twice))
        (local.set $f (array.new $floats (f32.const -nan:0x5) (i32.const 9)))
        (table.set $t (i64.const 2) (ref.func $count))
        (loop $again
          (block $caught (result i32)
            (try_table (catch $odd $caught) (local.set $x (i32.add (local.get $x) (call_ref $unary (local.get $n) (local.get $r)))))
            (i32.const 0))
          (local.set $x (i32.xor (local.get $x)))
          (local.set $x (i32.add (local.get $x) (call_indirect $t (param i32 i32) (result i32) (i32.and (local.get $n) (i32.const 7)) (local.get $x) (i64.const 2))))
          (i32.atomic.store (i64.and (i64.extend_i32_u (local.get $x)) (i64.const 0xfffc)) (local.get $x))
          (array.set $floats (local.get $f) (i32.and (local.get $n) (i32.const 7)) (array.get $floats (local.get $f) (i32.const 8)))
          (f32.store $b (i32.and (local.get $n) (i32.const 0xfff)) (array.get $floats (local.get $f) (i32.and (local.get $n) (i32.const 3))))
          (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (i64.add (call $sum (call $list (i32.const 300))) (i64.add (i64.extend_i32_s (local.get $x)) (i64x2.extract_lane 1 (call $vectors (i32.const 200)))))))`);
    const { store } = new Bench(both.exact.module);
    for (const funcAddr of store.funcs.keys()) expect(generateFunction(store, funcAddr), `function ${funcAddr}`).to.not.equal(undefined);
    same(both, "main", 150);
    const ticks = both.exact.store.tick;
    const random = mulberry32(6);
    for (let i = 0; i < 10; i++) {
      const tick = Math.floor(random() * ticks);
      const generated = new Bench(both.exact.module, "generated").begin("main", 150);
      const exact = new Bench(both.exact.module, "exact").begin("main", 150);
      generated.runTo(tick);
      exact.runTo(tick);
      expect(generated.hash(), `tick ${tick}`).to.equal(exact.hash());
    }
  });

  it("lets tail calls of all kinds take their caller's frame, at any tick", async () => {
    const module = checkedModule(
      await wat(`(module (memory 1) (table $t 4 funcref) (type $step (func (param i32 i64) (result i64)))
      (elem (table $t) (i32.const 0) func $odd $even $even $third) (elem declare func $odd)
      (func $odd (type $step) (local i32)
        (if (i32.eqz (local.get 0)) (then (return (local.get 1))))
        (local.set 2 (i32.sub (local.get 0) (i32.const 1)))
        (return_call $even (local.get 2) (i64.add (local.get 1) (i64.const 3))))
      (func $even (export "even") (type $step)
        (if (i32.eqz (local.get 0)) (then (return (i64.xor (local.get 1) (i64.const -1)))))
        (return_call_indirect $t (type $step) (i32.sub (local.get 0) (i32.const 1)) (i64.mul (local.get 1) (i64.const 5)) (i32.and (local.get 0) (i32.const 3))))
      (func $third (type $step) (local f64 f64 f64)
        (if (i32.eqz (local.get 0)) (then (return (i64.rotl (local.get 1) (i64.const 7)))))
        (return_call_ref $step (i32.sub (local.get 0) (i32.const 1)) (i64.add (local.get 1) (i64.const 1)) (ref.func $odd)))
      (func $none (result i64) (return_call $even (i32.const 900) (i64.const 11)))
      (func $outer (result i64) (call $none))
      (func (export "main") (param $n i32) (result i64) (local $x i64)
        (loop $l
          (local.set $x (i64.add (call $odd (local.get $n) (local.get $x)) (call $outer)))
          (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (local.get $x)))`),
    );
    for (const [name, args] of [
      ["main", [60]],
      ["even", [5000, 3n]],
    ] as const) {
      const both = { generated: new Bench(module, "generated"), exact: new Bench(module, "exact") };
      same(both, name, ...args);
      const ticks = both.exact.store.tick;
      const random = mulberry32(7);
      const [generated, exact] = [new Bench(module, "generated").begin(name, ...args), new Bench(module, "exact").begin(name, ...args)];
      for (const tick of Array.from({ length: 60 }, () => Math.floor(random() * ticks)).sort((a, b) => a - b)) {
        generated.runTo(tick);
        exact.runTo(tick);
        expect(generated.hash(), `${name}, tick ${tick}`).to.equal(exact.hash());
      }
    }
  });

  it("does all atomic accesses, in all memories, and traps where they must not be", async () => {
    const rows = instructions.filter(({ mnemonic }) => /^i(32|64)\.atomic/.test(mnemonic));
    const funcs = rows.map(({ mnemonic, params, results }, i) => {
      const memory = i % 2 === 0 ? "" : "$b";
      const operands = params!
        .slice(1)
        .map((type, at) => (type === ValType.I64 ? `(local.get ${at + 1})` : `(i32.wrap_i64 (local.get ${at + 1}))`));
      const call = `(${mnemonic} ${memory} offset=8 (local.get 0) ${operands.join(" ")})`;
      const [result] = results!;
      const body = result === ValType.I64 ? call : result === undefined ? `${call} (i64.const 0)` : `(i64.extend_i32_s ${call})`;
      return `(func (export "f${i}") (param i32 i64 i64) (result i64) (atomic.fence) ${body})`;
    });
    const both = await benches(`(module (memory 1) (memory $b 1) (memory $c i64 1)
      (data (i32.const 8) "\\ff\\02\\80\\04\\05\\86\\07\\08\\09") (data (memory $b) (i32.const 8) "\\ff\\02\\80\\04\\05\\86\\07\\08\\09")
      (func (export "far") (param i64) (result f64) (f64.load $c offset=0x100000008 (local.get 0)))
      (func (export "near") (param i64) (result f64) (f64.load $c offset=8 (local.get 0))) ${funcs.join("")})`);
    for (const [i, { mnemonic }] of rows.entries()) {
      for (const [address, ...operands] of [
        [0, 0x80_02ffn, -3n],
        [0, 0xffn, 5n],
        [8, 0n, 0x1_0000_0001n],
        [3, 1n, 1n],
        [65528, 1n, 1n],
      ] as const) {
        expect(() => same(both, `f${i}`, address, ...operands), `${mnemonic} at ${address}`).to.not.throw();
      }
    }
    for (const address of [0n, 0xffff_fff8n, 65520n, 65521n, -8n]) for (const name of ["far", "near"]) same(both, name, address);
  });

  it("keeps the bits of NaNs in vectors that it keeps as floats", async () => {
    const both = await benches(`(module (memory 1) (global $g (mut v128) (v128.const i32x4 0 0 0 0))
      (func (export "fill") (param $at i32) (param $bits i64) (i64.store (local.get $at) (local.get $bits)))
      (func $pass (param $x v128) (result v128) (local.set $x (f32x4.add (local.get $x) (local.get $x))) (local.get $x))
      (func $keep (param $x v128) (result v128)
        (global.set $g (f32x4.mul (local.get $x) (local.get $x))) (drop (f32x4.sub (local.get $x) (local.get $x))) (local.get $x))
      (func (export "main") (param $n i32) (local $x v128) (local $y v128) (local $c v128)
        (local.set $c (v128.const i32x4 0x7fa00001 1 2 3))
        (loop $l
          (local.set $x (v128.load (i32.const 0)))
          (v128.store (i32.const 32) (local.get $x))
          (local.set $x (f32x4.add (local.get $x) (f32x4.splat (f32.convert_i32_s (local.get $n)))))
          (v128.store (i32.const 48) (f32x4.min (local.get $x) (local.get $c)))
          (v128.store (i32.const 64) (local.get $c))
          (local.set $y (v128.load64_splat (i32.const 8)))
          (v128.store (i32.const 80) (f64x2.mul (local.get $y) (f64x2.neg (local.get $y))))
          (v128.store (i32.const 96) (f64x2.abs (f64x2.replace_lane 1 (local.get $y) (f64.const 3))))
          (v128.store (i32.const 112) (f32x4.neg (local.get $x)))
          (v128.store (i32.const 128) (call $pass (v128.load (i32.const 0))))
          (v128.store (i32.const 144) (call $keep (v128.load32_splat (i32.const 4))))
          (v128.store (i32.const 160) (i8x16.shuffle 4 5 6 7 0 1 2 3 24 25 26 27 28 29 30 31 (local.get $x) (local.get $y)))
          (v128.store (i32.const 176) (f32x4.pmin (local.get $x) (v128.load (i32.const 4))))
          (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))`);
    for (const low of [0x3f8000004048f5c3n, 0x7fc000007fc00000n, 0x7fa000013f800000n, -1n, 0x7f8000007f800000n, 0x7ff0000000000001n]) {
      for (const high of [0x4000000000000000n, 0x7ff8000000000000n, 0x7ff8000000000001n, -0x8000000000000n, 0x7ff0000000000000n]) {
        same(both, "fill", 0, low);
        same(both, "fill", 8, high);
        same(both, "main", 7);
      }
    }
  });

  it("enters loops in parts of an if, behind other loops and inside of loops", async () => {
    const loop = (name: string, count: number, body = ""): string => `
      (local.set $${name} (i32.const ${count}))
      (loop $l${name} ${body}
        (local.set $x (i32.add (i32.mul (local.get $x) (i32.const 31)) (local.get $${name})))
        (br_if $l${name} (local.tee $${name} (i32.sub (local.get $${name}) (i32.const 1)))))`;
    const both = await benches(`(module (func (export "main") (param $n i32) (result i32)
      (local $x i32) (local $a i32) (local $b i32) (local $c i32) (local $d i32) (local $e i32)
      (loop $outer
        (local.set $x (i32.xor (local.get $x) (local.get $n)))
        (block $skip
          (if (i32.and (local.get $n) (i32.const 1))
            (then ${loop("a", 40, loop("b", 7))} (br_if $skip (i32.and (local.get $n) (i32.const 2))))
            (else ${loop("c", 55)} (local.set $x (i32.rotl (local.get $x) (i32.const 3)))))
          ${loop("d", 21)})
        (i32.add (local.get $x) (i32.const 5))
        (if (result i32) (i32.and (local.get $n) (i32.const 4))
          (then ${loop("e", 33)} (local.get $x)) (else (i32.const -3)))
        (local.set $x (i32.sub))
        (br_if $outer (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
      (local.get $x)))`);
    same(both, "main", 300);
    const ticks = both.exact.store.tick;
    const random = mulberry32(5);
    for (let i = 0; i < 12; i++) {
      const tick = Math.floor(random() * ticks);
      const { generated, exact } = { generated: new Bench(both.exact.module, "generated"), exact: new Bench(both.exact.module, "exact") };
      generated.begin("main", 300).runTo(tick);
      exact.begin("main", 300).runTo(tick);
      expect(generated.hash(), `tick ${tick}`).to.equal(exact.hash());
    }
  });

  it("calls host functions through a table, however often", async () => {
    const double: HostFunction = ({ machine: { store }, slot }) => {
      store.i32[slot * 2]! *= 2;
    };
    const both = await benches(
      `(module (import "host" "double" (func $double (param i32) (result i32)))
        (type $unary (func (param i32) (result i32)))
        (table funcref (elem $double $inc))
        (func $inc (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
        (func (export "main") (param $n i32) (result i32) (local $x i32)
          (loop $l
            (local.set $x (call_indirect (type $unary) (local.get $x) (i32.and (local.get $n) (i32.const 1))))
            (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
          (local.get $x)))`,
      { host: { double } },
    );
    same(both, "main", 200);
    expect(isGenerated(both.generated, both.generated.addr("main"))).to.equal(true);
  });

  it("leaves before NaNs whose bits it would lose", async () => {
    const both = await benches(`(module (memory 1)
      (global $g (mut f64) (f64.const nan:0x123))
      (func (export "copy") (param i64 i32)
        (i64.store (i32.const 0) (local.get 0)) (i32.store (i32.const 8) (local.get 1))
        (f64.store (i32.const 16) (f64.load (i32.const 0))) (f32.store (i32.const 24) (f32.load (i32.const 8)))
        (f64.store (i32.const 32) (f64.neg (f64.load (i32.const 0)))) (f32.store (i32.const 40) (f32.neg (f32.load (i32.const 8))))
        (f64.store (i32.const 48) (f64.reinterpret_i64 (local.get 0))) (f32.store (i32.const 56) (f32.reinterpret_i32 (local.get 1)))
        (f64.store (i32.const 64) (f64.copysign (f64.load (i32.const 0)) (f64.const -1)))
        (f64.store (i32.const 72) (f64.add (f64.load (i32.const 0)) (f64.const 1)))
        (f64.store (i32.const 80) (global.get $g)) (global.set $g (f64.load (i32.const 0)))
        (f64.store (i32.const 88) (f64.const nan:0x8000000000001)) (f64.store (i32.const 96) (call $pass (f64.load (i32.const 0)))))
      (func $pass (param f64) (result f64) (f64.store (i32.const 104) (local.get 0)) (f64.abs (local.get 0))))`);
    for (const [bits64, bits32] of [
      [0x7ff8000000000000n, 0x7fc00000],
      [-0x8000000000000n, -0x400000],
      [0x7ff0000000000001n, 0x7f800001],
      [0x7ff4000000000000n, 0x7fa00000],
      [-1n, -1],
      [0x3ff0000000000000n, 0x3f800000],
      [0x7ff0000000000000n, 0x7f800000],
    ] as const) {
      same(both, "copy", bits64, bits32);
    }
  });

  it("calls as deep as the stack's limit, which native code's stack is not", async () => {
    const both = await benches(`(module (memory 1)
      (func $down (export "down") (param i32) (result i32)
        (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 7))
          (else (i32.add (call $down (i32.sub (local.get 0) (i32.const 1))) (i32.const 1))))))`);
    expect(same(both, "down", 150_000)).to.equal(150_007);
    expect(same(both, "down", 10_000_000)).to.equal("trap");
  });

  it("gives the right answer or an error wherever the native stack ends", async () => {
    const text = `(module (memory 1)
      (func $down (export "down") (param i32) (result i32)
        (i32.store (i32.const 8) (i32.popcnt (local.get 0)))
        (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 7))
          (else (i32.add (call $down (i32.sub (local.get 0) (i32.const 1))) (i32.clz (i32.load (i32.const 8))))))))`;
    const module = checkedModule(await wat(text));
    const expected = new Bench(module, "exact").call("down", 300);
    let bench = new Bench(module, "generated");
    bench.call("down", 300);
    let answered = 0;
    let levels = 0;
    const call = (): void => {
      let result: unknown;
      try {
        result = bench.call("down", 300);
      } catch (error) {
        if (!(error instanceof RangeError) && (error as { code?: string }).code !== "native-stack") throw error;
        bench = new Bench(module, "generated");
        return;
      }
      expect(result).to.deep.equal(expected);
      answered++;
    };
    const dive = (): void => {
      try {
        dive();
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
      }
      // On the way up, with a little more room each time.
      if (levels < 4000 && levels++ % 5 === 0) call();
    };
    dive();
    expect(answered).to.be.greaterThan(100);
  });

  it("is given up where it leaves again and again", async () => {
    let calls = 0;
    const imports = { host: { look: () => void calls++ } };
    const both = await benches(
      `(module (import "host" "look" (func $look))
      (func (export "main") (param $n i32) (result i32) (local $x i32)
        (loop $again
          (call $look)
          (local.set $x (i32.add (local.get $x) (local.get $n)))
          (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (local.get $x)))`,
      imports,
    );
    expect(same(both, "main", 300)).to.equal(45_150);
    expect(isGenerated(both.generated, 1)).to.equal(true);
    expect(same(both, "main", 3000)).to.equal(4_501_500);
    expect(isGenerated(both.generated, 1)).to.equal(false);
    expect(calls).to.equal(6600);
  });

  it("is made when a function runs often, and not when it is not wanted", () => {
    const module = checkedModule(kernelBytes("sieve"));
    const usual = new Bench(module, "fast", {}, { generate: true });
    const without = new Bench(module, "fast", {}, { generate: false });
    usual.call("run", 1);
    without.call("run", 1);
    expect(usual.store.tier?.generatedCount).to.be.greaterThan(0);
    expect(without.store.tier).to.equal(undefined);
    expect(usual.hash()).to.equal(without.hash());
  });

  it("is made also for calls from the host that are all short", async () => {
    const bench = new Bench(
      checkedModule(
        await wat(`(module (func (export "main") (param $n i32) (result i32) (local $x i32)
        (loop $again
          (local.set $x (i32.add (local.get $x) (local.get $n)))
          (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (local.get $x)))`),
      ),
      "fast",
      {},
      { generate: true },
    );
    for (let i = 0; i < 500; i++) expect(bench.call("main", 50)).to.deep.equal({ kind: "return", values: [1275] });
    expect(isGenerated(bench, 0)).to.equal(true);
  });

  it("is done without where functions may not be made of text", () => {
    const program = `
      import { decodeModule } from "./dist/vm/decode.js";
      import { Machine } from "./dist/vm/machine.js";
      import { validateModule } from "./dist/vm/validate.js";
      import { readFileSync } from "node:fs";
      const module = decodeModule(new Uint8Array(readFileSync("bench/kernels/sieve.wasm")));
      validateModule(module);
      const machine = new Machine();
      const { instanceAddr } = machine.instantiate(module);
      const { values } = machine.call(machine.export(instanceAddr, "run").addr, [1]);
      console.log(values[0], machine.store.tier.generatedCount);`;
    const flags = ["--disallow-code-generation-from-strings", "--input-type=module", "-e", program];
    const sieve = KERNELS.find(({ name }) => name === "sieve")!;
    expect(execFileSync(process.execPath, flags, { encoding: "utf8" }).trim()).to.equal(`${sieve.checkAnswer} 0`);
  });
});
