/**
 * Random programs in the text format: every operator, constants and locals on all sides, loads and stores with computed
 * addresses, counting loops, branches of all kinds, calls. They always end, trap only by division or memory, and never
 * show the bits of a NaN, which engines are free to choose.
 */
import { mulberry32 } from "./random.ts";

type Type = "i32" | "i64" | "f32" | "f64";
const TYPES: readonly Type[] = ["i32", "i64", "f32", "f64"];

const CONSTANTS: Readonly<Record<Type, readonly string[]>> = {
  i32: ["0", "1", "-1", "2", "3", "7", "8", "16", "31", "255", "4096", "65535", "0x7fffffff", "0x80000000", "-12345"],
  i64: [
    "0",
    "1",
    "-1",
    "2",
    "5",
    "13",
    "32",
    "63",
    "255",
    "0x7fffffff",
    "0x80000000",
    "0xffffffff",
    "0x7fffffffffffffff",
    "0x8000000000000000",
  ],
  f32: ["0", "-0", "1", "-1", "0.5", "2.5", "1e10", "-3e-5", "inf", "16777216"],
  f64: ["0", "-0", "1", "-1", "0.5", "2.5", "4294967296", "-1e300", "inf", "1e-310"],
};

const BINARY: Readonly<Record<Type, string>> = {
  i32: "add add add sub mul and or xor shl shl shr_s shr_u rotl rotr div_s div_u rem_s rem_u",
  i64: "add add sub mul and or xor shl shr_s shr_u rotl rotr div_s div_u rem_s rem_u",
  f32: "add sub mul div min max",
  f64: "add add sub sub mul mul mul div min max",
};
const UNARY: Readonly<Record<Type, string>> = {
  i32: "clz ctz popcnt extend8_s extend16_s eqz",
  i64: "clz ctz popcnt extend8_s extend16_s extend32_s",
  f32: "abs neg ceil floor trunc nearest sqrt",
  f64: "abs neg ceil floor trunc nearest sqrt",
};
const COMPARISONS: Readonly<Record<Type, string>> = {
  i32: "eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u",
  i64: "eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u",
  f32: "eq ne lt gt le ge",
  f64: "eq ne lt gt le ge",
};
const CONVERSIONS: Readonly<Record<Type, readonly (readonly [name: string, from: Type])[]>> = {
  i32: [
    ["i32.wrap_i64", "i64"],
    ["i32.trunc_sat_f32_s", "f32"],
    ["i32.trunc_sat_f64_u", "f64"],
  ],
  i64: [
    ["i64.extend_i32_s", "i32"],
    ["i64.extend_i32_u", "i32"],
    ["i64.trunc_sat_f64_s", "f64"],
    ["i64.trunc_sat_f32_u", "f32"],
  ],
  f32: [
    ["f32.convert_i32_s", "i32"],
    ["f32.convert_i64_u", "i64"],
    ["f32.demote_f64", "f64"],
    ["f32.reinterpret_i32", "i32"],
  ],
  f64: [
    ["f64.convert_i32_u", "i32"],
    ["f64.convert_i64_s", "i64"],
    ["f64.promote_f32", "f32"],
    ["f64.reinterpret_i64", "i64"],
  ],
};
const LOADS: Readonly<Record<Type, string>> = {
  i32: "load load load8_s load8_u load16_s load16_u",
  i64: "load load8_s load8_u load16_s load16_u load32_s load32_u",
  f32: "load",
  f64: "load",
};

/** Locals of each type, parameters first; counters of loops are apart, so that nothing else writes them. */
const LOCALS_PER_TYPE = 3;

class ProgramWriter {
  private readonly random: () => number;
  /** Functions that may be called: those before this one. */
  private readonly callees: number;
  private loopDepth = 0;

  constructor(random: () => number, callees: number) {
    this.random = random;
    this.callees = callees;
  }

  private below(limit: number): number {
    return Math.floor(this.random() * limit);
  }

  private pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  private word(words: string): string {
    return this.pick(words.split(" "));
  }

  private local(type: Type): string {
    return `$${type}${this.below(LOCALS_PER_TYPE)}`;
  }

  private leaf(type: Type): string {
    if (this.random() < 0.4) return `(${type}.const ${this.pick(CONSTANTS[type])})`;
    return `(local.get ${this.local(type)})`;
  }

  /** An address below the memory's size, in the forms that compilers make: sums and shifted indices of small numbers. */
  private address(depth: number): string {
    const small = `(i32.and ${this.expression("i32", depth - 1)} (i32.const ${this.pick(["0xfff", "0xff8", "0x3fff"])}))`;
    switch (this.below(5)) {
      case 0:
        return `(i32.add ${small} (i32.const ${this.below(4000)}))`;
      case 1:
        return `(i32.add ${small} (i32.and (local.get ${this.local("i32")}) (i32.const 0xff)))`;
      case 2:
        return `(i32.shl (i32.and (local.get ${this.local("i32")}) (i32.const 0xff)) (i32.const ${this.below(5)}))`;
      case 3:
        return this.random() < 0.02 ? this.expression("i32", depth - 1) : small;
      default:
        return `(local.tee ${this.local("i32")} ${small})`;
    }
  }

  expression(type: Type, depth: number): string {
    if (depth <= 0) return this.leaf(type);
    const choice = this.random();
    if (choice < 0.12) return this.leaf(type);
    if (choice < 0.52) return this.binary(type, depth);
    if (choice < 0.58) return `(${type}.${this.word(UNARY[type])} ${this.expression(type, depth - 1)})`;
    if (choice < 0.66) {
      const [name, from] = this.pick(CONVERSIONS[type]);
      return `(${name} ${this.expression(from, depth - 1)})`;
    }
    if (choice < 0.76) return `(${type}.${this.word(LOADS[type])} offset=${this.pick([0, 0, 4, 9])} ${this.address(depth)})`;
    if (choice < 0.82) return `(local.tee ${this.local(type)} ${this.expression(type, depth - 1)})`;
    if (choice < 0.87) {
      return `(select ${this.expression(type, depth - 1)} ${this.expression(type, depth - 1)} ${this.condition(depth - 1)})`;
    }
    if (choice < 0.92) {
      const [yes, no] = [this.expression(type, depth - 1), this.expression(type, depth - 1)];
      return `(if (result ${type}) ${this.condition(depth - 1)} (then ${yes}) (else ${no}))`;
    }
    if (choice < 0.95) {
      return `(block (result ${type}) ${this.expression(type, depth - 1)} (br_if 0 ${this.condition(depth - 1)}) (drop) ${this.expression(type, depth - 1)})`;
    }
    if (type === "i32") return this.condition(depth - 1);
    return type === "i64" && this.callees > 0 && this.loopDepth === 0 ? this.call(depth) : this.leaf(type);
  }

  private binary(type: Type, depth: number): string {
    const name = this.word(BINARY[type]);
    const divides = type.startsWith("i") && /div|rem/.test(name);
    const second = divides ? this.divisor(type, depth) : this.expression(type, depth - 1);
    return `(${type}.${name} ${this.expression(type, depth - 1)} ${second})`;
  }

  /** Seldom zero: a program that traps early tests little. */
  private divisor(type: Type, depth: number): string {
    const choice = this.random();
    if (choice < 0.03) return this.expression(type, depth - 1);
    if (choice < 0.6) return `(${type}.const ${this.pick(CONSTANTS[type].slice(1))})`;
    return `(${type}.or ${this.expression(type, depth - 1)} (${type}.const 1))`;
  }

  private call(depth: number): string {
    return `(call $f${this.below(this.callees)} ${TYPES.map((type) => this.expression(type, depth - 2)).join(" ")})`;
  }

  condition(depth: number): string {
    const type = this.pick(TYPES);
    const comparison = `(${type}.${this.word(COMPARISONS[type])} ${this.expression(type, depth - 1)} ${this.expression(type, depth - 1)})`;
    return this.random() < 0.2 ? `(i32.eqz ${comparison})` : comparison;
  }

  statement(depth: number): string {
    const choice = this.random();
    if (choice < 0.45 || depth <= 0) {
      const type = this.pick(TYPES);
      return `(local.set ${this.local(type)} ${this.expression(type, 3)})`;
    }
    if (choice < 0.6) return this.store();
    if (choice < 0.72) return `(if ${this.condition(2)} (then ${this.statements(depth - 1)}) (else ${this.statements(depth - 1)}))`;
    if (choice < 0.8) {
      const body = this.statements(depth - 1);
      return `(block ${body} (br_if 0 ${this.condition(2)}) ${this.statement(0)})`;
    }
    if (choice < 0.86) {
      const index = `(i32.and ${this.expression("i32", 2)} (i32.const 3))`;
      return `(block (block (block (br_table 0 1 2 ${index})) ${this.statement(depth - 1)} (br 1)) ${this.statement(depth - 1)})`;
    }
    if (choice < 0.9) return `(global.set $g (i64.xor (global.get $g) ${this.expression("i64", 2)}))`;
    return this.loopDepth < 2 ? this.loop(depth) : this.statement(0);
  }

  /** Values of floats that are stored come from integers: their bits must be the same everywhere. */
  private store(): string {
    const address = this.address(3);
    const offset = `offset=${this.pick([0, 0, 4, 9])}`;
    switch (this.below(4)) {
      case 0:
        return `(f64.store ${offset} ${address} (f64.mul (f64.convert_i32_s ${this.expression("i32", 2)}) (f64.const 0.5)))`;
      case 1:
        return `(i64.${this.word("store store8 store16 store32")} ${offset} ${address} ${this.expression("i64", 2)})`;
      default:
        return `(i32.${this.word("store store8 store16")} ${offset} ${address} ${this.expression("i32", 2)})`;
    }
  }

  private loop(depth: number): string {
    const counter = `$c${this.loopDepth}`;
    this.loopDepth++;
    const body = this.statements(depth - 1);
    this.loopDepth--;
    const rounds = 2 + this.below(this.loopDepth === 0 ? 40 : 8);
    const step = 1 + this.below(3);
    const up = `(local.tee ${counter} (i32.add (local.get ${counter}) (i32.const ${step})))`;
    const [start, again] = this.pick([
      ["0", `(br_if 0 (i32.lt_u ${up} (i32.const ${rounds})))`],
      ["0", `(br_if 0 (i32.lt_s ${up} (local.get $limit)))`],
      [`${rounds * step}`, `(br_if 0 (local.tee ${counter} (i32.add (local.get ${counter}) (i32.const -${step}))))`],
      [`${rounds * step}`, `(br_if 0 (i32.ne (local.tee ${counter} (i32.sub (local.get ${counter}) (i32.const ${step}))) (i32.const 0)))`],
      [
        "0",
        `(local.set ${counter} (i32.add (local.get ${counter}) (i32.const 1))) (br_if 0 (i32.ne (local.get ${counter}) (i32.const ${rounds})))`,
      ],
    ] as const);
    return `(local.set ${counter} (i32.const ${start})) (loop ${body} ${again})`;
  }

  statements(depth: number): string {
    return Array.from({ length: 1 + this.below(4) }, () => this.statement(depth)).join("\n");
  }
}

/** Text of a program with `functionCount` functions; the last is exported as `main` and takes one value of each type, all return i64. */
export function programText(seed: number, functionCount = 3): string {
  const random = mulberry32(seed);
  const names = (type: Type): string[] => Array.from({ length: LOCALS_PER_TYPE }, (_, i) => `$${type}${i}`);
  const params = TYPES.map((type) => `(param $${type}0 ${type})`).join(" ");
  const locals = TYPES.flatMap((type) =>
    names(type)
      .slice(1)
      .map((name) => `(local ${name} ${type})`),
  ).join(" ");
  const functions = Array.from({ length: functionCount }, (_, index) => {
    const writer = new ProgramWriter(random, index);
    const body = `${writer.statements(3)}\n${writer.statements(3)}`;
    const sum = "(i64.add (i64.extend_i32_u (local.get $i320)) (i64.xor (local.get $i640) (i64.trunc_sat_f64_s (local.get $f641))))";
    const exported = index === functionCount - 1 ? `(export "main")` : "";
    return `(func $f${index} ${exported} ${params} (result i64) ${locals} (local $c0 i32) (local $c1 i32) (local $limit i32)
      (local.set $limit (i32.const ${3 + Math.floor(random() * 20)}))
      ${body}
      ${sum})`;
  });
  return `(module (memory (export "memory") 1 1) (global $g (export "g") (mut i64) (i64.const 1))\n${functions.join("\n")})`;
}
