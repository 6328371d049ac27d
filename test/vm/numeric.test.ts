/**
 * Arithmetic against the engine that runs the tests and against BigInt: every operator, in fast and in exact code, with
 * operands in locals and with constants on either side, on extreme values. Guards the fused and constant forms of the
 * fast lowering. NaN results are the positive canonical NaN (deterministic profile), which the engine leaves open.
 */
import { expect } from "chai";
import { before, describe, it } from "mocha";
import { v8Engine } from "../../bench/v8.ts";
import { ctz32, i64ToF32, nearest, popcnt32, truncSatI64, truncSatU64 } from "../../vm/numeric.ts";
import { trapMessage } from "../../vm/trap.ts";
import { Bench, checkedModule, WAYS } from "../support/machines.ts";
import { mulberry32 } from "../support/random.ts";
import { wat } from "../support/wat.ts";

type Type = "i32" | "i64" | "f32" | "f64";

/** Bit patterns as unsigned integers; floats travel as their bits, so that no NaN is lost on the way. */
const samples: Readonly<Record<Type, readonly bigint[]>> = {
  i32: [
    0n,
    1n,
    2n,
    3n,
    7n,
    31n,
    32n,
    33n,
    0x7fffn,
    0x8000n,
    0xffffn,
    0x10000n,
    0x7fffffffn,
    0x80000000n,
    0x80000001n,
    0xfffffffen,
    0xffffffffn,
  ],
  i64: [
    0n,
    1n,
    3n,
    63n,
    64n,
    65n,
    0x7fffffffn,
    0x80000000n,
    0xffffffffn,
    0x100000000n,
    0x123456789abcdef0n,
    0x7fffffffffffffffn,
    0x8000000000000000n,
    0x8000000000000001n,
    0xffffffff00000000n,
    0xfffffffffffffffen,
    0xffffffffffffffffn,
  ],
  f32: [
    0n, // 0, -0, 1, -1, 0.5, -0.5, 1.5, 2.5
    0x80000000n,
    0x3f800000n,
    0xbf800000n,
    0x3f000000n,
    0xbf000000n,
    0x3fc00000n,
    0x40200000n,
    0x00000001n, // the least and greatest magnitudes, infinities
    0x807fffffn,
    0x7f7fffffn,
    0x7f800000n,
    0xff800000n,
    0x4f000000n, // around 2^31, 2^32, 2^63, 2^64
    0xcf000000n,
    0xcf000001n,
    0x4effffffn,
    0x4f800000n,
    0x5f000000n,
    0xdf000000n,
    0xdf000001n,
    0x5f800000n,
    0x5f7fffffn,
    0x4b000001n, // 2^23 + 1
    0x7fc00000n, // NaNs: canonical, with payload, negative, signaling
    0x7fc12345n,
    0xffc00000n,
    0x7fa00000n,
  ],
  f64: [
    0n,
    0x8000000000000000n,
    0x3ff0000000000000n,
    0xbff0000000000000n,
    0x3fe0000000000000n,
    0xbfe0000000000000n,
    0x3ff8000000000000n,
    0x4004000000000000n,
    1n,
    0x800fffffffffffffn,
    0x7fefffffffffffffn,
    0x7ff0000000000000n,
    0xfff0000000000000n,
    0x41dfffffffc00000n, // 2^31 - 1, 2^31 - 0.5, 2^31, -2^31, -2^31 - 0.5, -2^31 - 1, 2^32 - 0.5, 2^32
    0x41dfffffffe00000n,
    0x41e0000000000000n,
    0xc1e0000000000000n,
    0xc1e0000000100000n,
    0xc1e0000000200000n,
    0x41efffffffe00000n,
    0x41f0000000000000n,
    0x43e0000000000000n, // 2^63, the double before it, -2^63, the double below it, 2^64
    0x43dfffffffffffffn,
    0xc3e0000000000000n,
    0xc3e0000000000001n,
    0x43f0000000000000n,
    0x4330000000000001n, // 2^52 + 1
    0x36a0000000000000n, // half of the least f32, and a tie between two f32
    0x3ff0000010000000n,
    0x7ff8000000000000n,
    0x7ff8000012345678n,
    0xfff8000000000000n,
    0x7ff4000000000000n,
  ],
};

const carrier: Readonly<Record<Type, "i32" | "i64">> = { i32: "i32", i64: "i64", f32: "i32", f64: "i64" };
const bitsOf: Readonly<Record<Type, number>> = { i32: 32, i64: 64, f32: 32, f64: 64 };

/** An expression of type `type` for these bits, which the lowering sees as a constant. */
function constant(type: Type, bits: bigint): string {
  if (type === "i32" || type === "i64") return `(${type}.const ${BigInt.asIntN(bitsOf[type], bits)})`;
  const exponentBits = type === "f32" ? 8n : 11n;
  const fractionBits = type === "f32" ? 23n : 52n;
  const sign = (bits >> (exponentBits + fractionBits)) & 1n ? "-" : "";
  const exponent = (bits >> fractionBits) & ((1n << exponentBits) - 1n);
  const fraction = bits & ((1n << fractionBits) - 1n);
  if (exponent === (1n << exponentBits) - 1n) {
    return `(${type}.const ${sign}${fraction === 0n ? "inf" : `nan:0x${fraction.toString(16)}`})`;
  }
  const bias = (1n << (exponentBits - 1n)) - 1n;
  const mantissa = exponent === 0n ? fraction : fraction | (1n << fractionBits);
  const power = (exponent === 0n ? 1n : exponent) - bias - fractionBits;
  return `(${type}.const ${sign}0x${mantissa.toString(16)}p${power})`;
}

/** `bits` as an argument of the carrier's type. */
function argument(type: Type, bits: bigint): number | bigint {
  return carrier[type] === "i32" ? Number(BigInt.asIntN(32, bits)) : BigInt.asIntN(64, bits);
}

function fromCarrier(type: Type, expression: string): string {
  return type === carrier[type] ? expression : `(${type}.reinterpret_${carrier[type]} ${expression})`;
}

function toCarrier(type: Type, expression: string): string {
  return type === carrier[type] ? expression : `(${carrier[type]}.reinterpret_${type} ${expression})`;
}

interface Operator {
  readonly name: string;
  readonly params: readonly Type[];
  readonly result: Type;
}

/** A function of the generated module: what it computes, and the arguments to try. */
interface Case {
  readonly name: string;
  readonly text: string;
  readonly operator: Operator;
  readonly args: readonly (readonly (number | bigint)[])[];
}

function functionText(name: string, types: readonly Type[], locals: readonly string[], result: Type, body: string): string {
  const params = types.map((type, i) => `(param $b${i} ${carrier[type]})`).join(" ");
  const sets = types.map((type, i) => `(local.set ${locals[i]} ${fromCarrier(type, `(local.get $b${i})`)})`).join(" ");
  const declared = types.map((type, i) => `(local ${locals[i]} ${type})`).join(" ");
  return `(func (export "${name}") ${params} (result ${carrier[result]}) ${declared} ${sets} ${toCarrier(result, body)})`;
}

/** Operands in locals, both on the operand stack, the first or the last constant, both constant. */
function casesOf(operator: Operator, constants: Readonly<Record<Type, readonly bigint[]>> = samples): Case[] {
  const { name, params, result } = operator;
  const cases: Case[] = [];
  const add = (suffix: string, types: readonly Type[], body: string): void => {
    const full = `${name}:${suffix}`;
    const args =
      types.length === 0
        ? [[]]
        : types.length === 1
          ? samples[types[0]!].map((bits) => [argument(types[0]!, bits)])
          : samples[types[0]!].flatMap((a) => samples[types[1]!].map((b) => [argument(types[0]!, a), argument(types[1]!, b)]));
    cases.push({ name: full, operator, args, text: functionText(full, types, ["$a", "$b"], result, body) });
  };
  const [first, second] = params;
  if (second === undefined) {
    add("l", [first!], `(${name} (local.get $a))`);
    // What a block yields is on the operand stack, not in a local.
    add("s", [first!], `(${name} (block (result ${first}) (local.get $a)))`);
    for (const bits of samples[first!]) add(`k${bits}`, [], `(${name} ${constant(first!, bits)})`);
    return cases;
  }
  add("ll", [first!, second], `(${name} (local.get $a) (local.get $b))`);
  add("aa", [first!], `(${name} (local.get $a) (local.get $a))`);
  add("ss", [first!, second], `(${name} (block (result ${first}) (local.get $a)) (block (result ${second}) (local.get $b)))`);
  // The result into a local that is also an operand.
  if (result === first) add("tee", [first, second], `(local.tee $a (${name} (local.get $a) (local.get $b)))`);
  for (const bits of constants[second]) add(`lk${bits}`, [first!], `(${name} (local.get $a) ${constant(second, bits)})`);
  for (const bits of constants[first!]) {
    // The only parameter is called $a.
    add(`kl${bits}`, [second], `(${name} ${constant(first!, bits)} (local.get $a))`);
    add(`kk${bits}`, [], `(${name} ${constant(first!, bits)} ${constant(second, constants[second].at(-1)!)})`);
  }
  return cases;
}

/** A few of a list around an index, the same one included; all pairs are tried where a comparison yields its value. */
function near<T>(list: readonly T[], index: number): T[] {
  return [0, 1, 2, 7].map((distance) => list[(index + distance) % list.length]!);
}

/** A comparison as a branch's condition, plain and negated once and twice, in br_if and in if. */
function branchCasesOf(operator: Operator): Case[] {
  const { name, params } = operator;
  const [first, second] = params as [Type, Type];
  const cases: Case[] = [];
  const operands: [string, readonly Type[], string][] = [["ll", [first, second], "(local.get $a) (local.get $b)"]];
  for (const bits of samples[first]) {
    operands.push([`lk${bits}`, [first], `(local.get $a) ${constant(second, bits)}`]);
    operands.push([`kl${bits}`, [second], `${constant(first, bits)} (local.get $a)`]);
  }
  const forms: [string, (condition: string) => string][] = [
    ["br", (condition) => `(block $out (br_if $out ${condition}) (return (i32.const 0))) (i32.const 1)`],
    ["brz", (condition) => `(block $out (br_if $out (i32.eqz ${condition})) (return (i32.const 1))) (i32.const 0)`],
    ["if", (condition) => `(if (result i32) ${condition} (then (i32.const 1)) (else (i32.const 0)))`],
    ["ifz", (condition) => `(if (result i32) (i32.eqz ${condition}) (then (i32.const 0)) (else (i32.const 1)))`],
    ["ifzz", (condition) => `(if (result i32) (i32.eqz (i32.eqz ${condition})) (then (i32.const 1)) (else (i32.const 0)))`],
    ["value", (condition) => `(block $out (result i32) (i32.const 1) (br_if $out ${condition}) (drop) (i32.const 0))`],
    ["select", (condition) => `(select (i32.const 1) (i32.const 0) ${condition})`],
  ];
  for (const [suffix, types, pair] of operands) {
    for (const [form, write] of forms) {
      const full = `${name}:${form}:${suffix}`;
      const args =
        types.length === 2
          ? samples[first].flatMap((a, i) => near(samples[second], i).map((b) => [argument(first, a), argument(second, b)]))
          : samples[types[0]!].map((bits) => [argument(types[0]!, bits)]);
      cases.push({ name: full, operator, args, text: functionText(full, types, ["$a", "$b"], "i32", write(`(${name} ${pair})`)) });
    }
  }
  return cases;
}

function binary(type: Type, names: string, result: Type = type): Operator[] {
  return names.split(" ").map((name) => ({ name: `${type}.${name}`, params: [type, type], result }));
}

function unary(type: Type, names: string, result: Type = type): Operator[] {
  return names.split(" ").map((name) => ({ name: `${type}.${name}`, params: [type], result }));
}

function conversion(name: string, from: Type): Operator {
  return { name, params: [from], result: name.slice(0, 3) as Type };
}

const integerBinary = "add sub mul div_s div_u rem_s rem_u and or xor shl shr_s shr_u rotl rotr";
const integerComparison = "eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u";
const floatBinary = "add sub mul div min max copysign";
const floatComparison = "eq ne lt gt le ge";

const conversions: readonly Operator[] = [
  ...(["i32", "i64"] as const).flatMap((int) =>
    (["f32", "f64"] as const).flatMap((float) =>
      ["s", "u"].flatMap((sign) => [
        conversion(`${int}.trunc_${float}_${sign}`, float),
        conversion(`${int}.trunc_sat_${float}_${sign}`, float),
        conversion(`${float}.convert_${int}_${sign}`, int),
      ]),
    ),
  ),
  conversion("i32.wrap_i64", "i64"),
  conversion("i64.extend_i32_s", "i32"),
  conversion("i64.extend_i32_u", "i32"),
  conversion("f32.demote_f64", "f64"),
  conversion("f64.promote_f32", "f32"),
  conversion("i32.reinterpret_f32", "f32"),
  conversion("i64.reinterpret_f64", "f64"),
  conversion("f32.reinterpret_i32", "i32"),
  conversion("f64.reinterpret_i64", "i64"),
];

/** Operators that hand on the bits of a NaN; all others make it canonical. */
const keepsBits = /\.(abs|neg|copysign|reinterpret_.*)$/;

function isNan(type: Type, bits: bigint): boolean {
  if (type === "f32") return (bits & 0x7fffffffn) > 0x7f800000n;
  return type === "f64" && (bits & 0x7fffffffffffffffn) > 0x7ff0000000000000n;
}

function canonical(operator: Operator, bits: bigint): bigint {
  if (!isNan(operator.result, bits) || keepsBits.test(operator.name)) return bits;
  return operator.result === "f32" ? 0x7fc00000n : 0x7ff8000000000000n;
}

/** Outcome as text: the result's bits, or the trap. */
function outcome(operator: Operator, value: number | bigint): string {
  const width = operator.result === "i32" || operator.result === "f32" ? 32 : 64;
  return `0x${BigInt.asUintN(width, BigInt(value)).toString(16)}`;
}

const engineTraps: Readonly<Record<string, string>> = {
  "divide by zero": "integer divide by zero",
  "remainder by zero": "integer divide by zero",
  "divide result unrepresentable": "integer overflow",
};

/** Traps of the engine by their general kind, as its wording differs: conversions only say that they do not fit. */
function engineOutcome(operator: Operator, run: () => number | bigint): string {
  let value: number | bigint;
  try {
    value = run();
  } catch (error) {
    const { message } = error as Error;
    return engineTraps[message] ?? "no integer";
  }
  return `0x${canonical(operator, BigInt.asUintN(bitsOf[operator.result], BigInt(value))).toString(16)}`;
}

function ourOutcome(bench: Bench, operator: Operator, name: string, args: readonly (number | bigint)[]): string {
  const result = bench.call(name, ...args);
  if (result.kind === "return") return outcome(operator, result.values[0]!);
  const message = result.kind === "trap" ? trapMessage(result.trap) : result.kind;
  // A NaN does not convert, too large a number overflows.
  return operator.name.includes("trunc") && /overflow|conversion/.test(message) ? "no integer" : message;
}

/** The engine and both codes must agree on all cases; at most a few differences are shown. */
async function compare(cases: readonly Case[]): Promise<void> {
  const bytes = await wat(`(module ${cases.map(({ text }) => text).join("\n")})`);
  const module = checkedModule(bytes);
  const { exports } = new v8Engine.Instance(new v8Engine.Module(bytes), {});
  const differences: string[] = [];
  const benches = WAYS.map((way) => ({ way, bench: new Bench(module, way) }));
  for (const { name, operator, args } of cases) {
    const theirs = exports[name] as (...args: readonly (number | bigint)[]) => number | bigint;
    for (const each of args) {
      const expected = engineOutcome(operator, () => theirs(...each));
      for (const { way, bench } of benches) {
        // Exact code has no forms with constants.
        if (way === "exact" && /:(lk|kl|kk|k)\d+$/.test(name)) continue;
        const actual = ourOutcome(bench, operator, name, each);
        if (actual !== expected) differences.push(`${way} ${name}(${each}) is ${actual}, expected ${expected}`);
      }
    }
  }
  expect(differences.slice(0, 8), `${differences.length} differences`).to.deep.equal([]);
}

const comparisons = (type: Type): Operator[] => binary(type, type.startsWith("i") ? integerComparison : floatComparison, "i32");

describe("arithmetic against the engine", function () {
  this.timeout(120_000);
  for (const type of ["i32", "i64"] as const) {
    for (const operator of binary(type, integerBinary)) it(operator.name, () => compare(casesOf(operator)));
    for (const operator of comparisons(type)) it(operator.name, () => compare([...casesOf(operator), ...branchCasesOf(operator)]));
    it(`unary ${type}`, () => {
      const names = `clz ctz popcnt extend8_s extend16_s${type === "i64" ? " extend32_s" : ""}`;
      return compare([...unary(type, names), ...unary(type, "eqz", "i32")].flatMap((operator) => casesOf(operator)));
    });
  }
  for (const type of ["f32", "f64"] as const) {
    for (const operator of binary(type, floatBinary)) it(operator.name, () => compare(casesOf(operator)));
    for (const operator of comparisons(type)) it(operator.name, () => compare([...casesOf(operator), ...branchCasesOf(operator)]));
    it(`unary ${type}`, () => compare(unary(type, "abs neg ceil floor trunc nearest sqrt").flatMap((operator) => casesOf(operator))));
  }
  it("conversions", () => compare(conversions.flatMap((operator) => casesOf(operator))));
});

describe("64-bit shifts against BigInt", () => {
  const counts = Array.from({ length: 64 }, (_, i) => BigInt(i));
  const rotl = (a: bigint, n: bigint): bigint => BigInt.asUintN(64, (a << n) | (a >> ((64n - n) & 63n && 64n - n)));
  const references: Readonly<Record<string, (a: bigint, n: bigint) => bigint>> = {
    shl: (a, n) => a << n,
    shr_s: (a, n) => BigInt.asIntN(64, a) >> n,
    shr_u: (a, n) => a >> n,
    rotl: (a, n) => (n === 0n ? a : rotl(a, n)),
    rotr: (a, n) => (n === 0n ? a : rotl(a, 64n - n)),
  };
  let benches: Bench[];

  before(async () => {
    const functions = Object.keys(references).flatMap((name) => [
      `(func (export "${name}") (param i64 i64) (result i64) (i64.${name} (local.get 0) (local.get 1)))`,
      // Counts are taken modulo 64, constant ones too.
      ...counts.flatMap((n) => [
        `(func (export "${name}${n}") (param i64) (result i64) (i64.${name} (local.get 0) (i64.const ${n})))`,
        `(func (export "${name}${n}+64") (param i64) (result i64) (i64.${name} (local.get 0) (i64.const ${n + 64n})))`,
        `(func (export "${name}${n}into") (param i64) (result i64) (local.set 0 (i64.${name} (local.get 0) (i64.const ${n}))) (local.get 0))`,
      ]),
    ]);
    const module = checkedModule(await wat(`(module ${functions.join("\n")})`));
    benches = WAYS.map((way) => new Bench(module, way));
  });

  for (const [name, reference] of Object.entries(references)) {
    it(`i64.${name} by every count, constant and not`, () => {
      const random = mulberry32(64);
      const word = (): bigint => BigInt(Math.floor(random() * 2 ** 32));
      const values = [...samples.i64, ...Array.from({ length: 6 }, () => (word() << 32n) | word())];
      for (const bench of benches) {
        for (const n of counts) {
          for (const a of values) {
            const expected = { kind: "return", values: [BigInt.asIntN(64, reference(a, n))] };
            const signed = BigInt.asIntN(64, a);
            const what = `${name} ${signed} ${n}`;
            expect(bench.call(name, signed, n), what).to.deep.equal(expected);
            expect(bench.call(name, signed, n - 64n), what).to.deep.equal(expected);
            expect(bench.call(name + n, signed), `${what} constant`).to.deep.equal(expected);
            expect(bench.call(`${name}${n}+64`, signed), `${what} constant + 64`).to.deep.equal(expected);
            expect(bench.call(`${name}${n}into`, signed), `${what} into its operand`).to.deep.equal(expected);
          }
        }
      }
    });
  }
});

describe("numeric functions", () => {
  it("count bits", () => {
    for (let i = 0; i < 32; i++) {
      expect(ctz32(1 << i)).to.equal(i);
      expect(ctz32((-1 << i) | 0)).to.equal(i);
      expect(popcnt32((1 << i) - 1)).to.equal(i);
    }
    expect([ctz32(0), popcnt32(0), popcnt32(-1), popcnt32(0x80000001 | 0)]).to.deep.equal([32, 0, 32, 2]);
  });

  it("round half to even and keep the sign of zero", () => {
    const pairs = [
      [0.5, 0],
      [1.5, 2],
      [2.5, 2],
      [-0.5, -0],
      [-1.5, -2],
      [-2.5, -2],
      [0.49999999999999994, 0],
      [-0.25, -0],
      [2 ** 51 + 0.5, 2 ** 51],
      [2 ** 51 + 1.5, 2 ** 51 + 2],
      [9007199254740991, 9007199254740991],
      [-0, -0],
      [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
    ] as const;
    for (const [value, rounded] of pairs) expect(Object.is(nearest(value), rounded), `${value}`).to.equal(true);
    expect(nearest(Number.NaN)).to.be.NaN;
  });

  it("saturate", () => {
    expect(truncSatI64(Number.NaN)).to.equal(0n);
    expect(truncSatI64(2 ** 63)).to.equal(2n ** 63n - 1n);
    expect(truncSatI64(-(2 ** 64))).to.equal(-(2n ** 63n));
    expect(truncSatI64(-1.9)).to.equal(-1n);
    expect(truncSatU64(-0.9)).to.equal(0n);
    expect(truncSatU64(-1)).to.equal(0n);
    expect(truncSatU64(2 ** 63)).to.equal(-(2n ** 63n));
    expect(truncSatU64(2 ** 64)).to.equal(-1n);
  });

  it("round 64-bit integers to f32 once", async () => {
    const { exports } = new v8Engine.Instance(
      new v8Engine.Module(
        await wat(`(module (func (export "s") (param i64) (result f32) (f32.convert_i64_s (local.get 0)))
          (func (export "u") (param i64) (result f32) (f32.convert_i64_u (local.get 0))))`),
      ),
      {},
    );
    const signed = exports.s as (value: bigint) => number;
    const unsigned = exports.u as (value: bigint) => number;
    const random = mulberry32(24);
    for (let i = 0; i < 4000; i++) {
      // Near ties: 24 leading bits, then a half, then almost nothing.
      const shift = BigInt(Math.floor(random() * 40));
      const leading = BigInt(0x800000 + Math.floor(random() * 0x800000));
      const value = (((leading << 1n) | BigInt(i & 1)) << shift) + BigInt((i % 3) - 1);
      const wrapped = BigInt.asIntN(64, value);
      expect(i64ToF32(wrapped), `${wrapped}`).to.equal(signed(wrapped));
      expect(i64ToF32(BigInt.asUintN(64, value)), `${value} unsigned`).to.equal(unsigned(wrapped));
    }
  });
});
