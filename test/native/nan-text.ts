/** Random programs (seeded) that make NaNs, move them about, and look at their bits now and then. Text format, one export `main`. */
import { mulberry32 } from "../support/random.ts";

type Type = "f32" | "f64" | "f32x4" | "f64x2";
const SCALARS: readonly Type[] = ["f32", "f64"];
const TYPES: readonly Type[] = ["f32", "f64", "f32x4", "f64x2"];

const CONSTANTS: Readonly<Record<Type, readonly string[]>> = {
  f32: [
    "f32.const 0",
    "f32.const -0",
    "f32.const inf",
    "f32.const 1.5",
    "f32.const nan",
    "f32.const nan:0x200001",
    "f32.const -nan:0x123456",
  ],
  f64: [
    "f64.const 0",
    "f64.const -0",
    "f64.const -inf",
    "f64.const 2.5",
    "f64.const -nan",
    "f64.const nan:0x4000000000001",
    "f64.const -nan:0x8000000012345",
  ],
  f32x4: ["v128.const f32x4 0 inf -1 2", "v128.const i32x4 0x7fc00000 0xffc00001 0x7fa00000 0", "v128.const i32x4 0 0 0 0"],
  f64x2: ["v128.const f64x2 0 -inf", "v128.const i64x2 0xfff8000000000001 0x7ff4000000000000", "v128.const i64x2 0 0"],
};

const isVector = (type: Type): boolean => type.includes("x");

class Writer {
  private readonly random: () => number;
  private depth = 0;

  constructor(seed: number) {
    this.random = mulberry32(seed);
  }

  private below(count: number): number {
    return Math.floor(this.random() * count);
  }

  private pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }

  private local(type: Type): string {
    return isVector(type) ? `$v${this.below(3)}` : `$${type}${this.below(3)}`;
  }

  private address(): string {
    return `(i32.const ${this.below(16) * 16})`;
  }

  /** An i32 that depends on no NaN's bits unless it says so. */
  private condition(): string {
    const type = this.pick(TYPES);
    if (isVector(type)) return `(v128.any_true (${type}.${this.pick(["lt", "eq", "ge"])} ${this.value(type, 1)} ${this.value(type, 1)}))`;
    return `(${type}.${this.pick(["lt", "eq", "ge", "ne"])} ${this.value(type, 1)} ${this.value(type, 1)})`;
  }

  value(type: Type, depth = 4): string {
    if (depth === 0 || this.random() < 0.2) return this.leaf(type);
    const sub = (of: Type = type): string => this.value(of, depth - 1);
    const scalar = isVector(type) ? [] : ["copysign"];
    switch (this.below(9)) {
      case 0:
      case 1:
      case 2:
        return `(${type}.${this.pick(["add", "sub", "mul", "div", "min", "max", ...scalar])} ${sub()} ${sub()})`;
      case 3:
        return `(${type}.${this.pick(["neg", "abs", "sqrt", "ceil", "nearest"])} ${sub()})`;
      case 4:
        return `(select ${sub()} ${sub()} ${this.condition()})`;
      case 5:
        return `(local.tee ${this.local(type)} ${sub()})`;
      case 6:
        return this.crossing(type, sub);
      case 7:
        return `(if (result ${isVector(type) ? "v128" : type}) ${this.condition()} (then ${sub()}) (else ${sub()}))`;
      default:
        return `(block (result ${isVector(type) ? "v128" : type}) (br_if 0 ${sub()} ${this.condition()}))`;
    }
  }

  private crossing(type: Type, sub: (of?: Type) => string): string {
    switch (type) {
      case "f32":
        return this.pick([
          `(f32.demote_f64 ${sub("f64")})`,
          `(f32x4.extract_lane ${this.below(4)} ${sub("f32x4")})`,
          `(call $same32 ${sub()})`,
        ]);
      case "f64":
        return this.pick([
          `(f64.promote_f32 ${sub("f32")})`,
          `(f64x2.extract_lane ${this.below(2)} ${sub("f64x2")})`,
          `(call $twice ${sub()})`,
          `(f64.reinterpret_i64 (i64.reinterpret_f64 ${sub()}))`,
        ]);
      case "f32x4":
        return this.pick([
          `(f32x4.splat ${sub("f32")})`,
          `(f32x4.replace_lane ${this.below(4)} ${sub()} ${sub("f32")})`,
          `(f32x4.demote_f64x2_zero ${sub("f64x2")})`,
          `(${this.pick(["f32x4.pmin", "v128.xor", "i32x4.add"])} ${sub()} ${sub(this.pick(["f32x4", "f64x2"]))})`,
        ]);
      case "f64x2":
        return this.pick([
          `(f64x2.splat ${sub("f64")})`,
          `(f64x2.replace_lane ${this.below(2)} ${sub()} ${sub("f64")})`,
          `(f64x2.promote_low_f32x4 ${sub("f32x4")})`,
          `(v128.or ${sub()} ${sub(this.pick(["f32x4", "f64x2"]))})`,
        ]);
    }
  }

  private leaf(type: Type): string {
    switch (this.below(4)) {
      case 0:
        return `(${isVector(type) ? "v128" : type}.load ${this.address()})`;
      case 1:
        return `(${this.pick(CONSTANTS[type])})`;
      default:
        return `(local.get ${this.local(type)})`;
    }
  }

  statement(): string {
    const type = this.pick(TYPES);
    const choice = this.below(this.depth > 2 ? 6 : 9);
    if (choice < 3) return `(local.set ${this.local(type)} ${this.value(type)})`;
    if (choice < 5) return `(${isVector(type) ? "v128" : type}.store ${this.address()} ${this.value(type)})`;
    if (choice === 5) {
      const scalar = this.pick(SCALARS);
      if (this.random() < 0.3) return `(global.set $g (f64.add (global.get $g) ${this.value("f64", 2)}))`;
      return scalar === "f32"
        ? `(i32.store ${this.address()} (i32.reinterpret_f32 ${this.value("f32")}))`
        : `(i64.store ${this.address()} (i64.reinterpret_f64 ${this.value("f64")}))`;
    }
    this.depth++;
    const inside = Array.from({ length: 1 + this.below(4) }, () => this.statement()).join("\n");
    this.depth--;
    if (choice === 6) return `(if ${this.condition()} (then ${inside}))`;
    if (choice === 7) return `(block (br_if 0 ${this.condition()}) ${inside})`;
    const counter = `$i${this.depth}`;
    return `(local.set ${counter} (i32.const ${2 + this.below(4)}))
      (loop ${inside} (br_if 0 (local.tee ${counter} (i32.sub (local.get ${counter}) (i32.const 1)))))`;
  }

  text(): string {
    const statements = Array.from({ length: 12 }, () => this.statement()).join("\n");
    const locals = [0, 1, 2].map((i) => `(local $f32${i} f32) (local $f64${i} f64) (local $v${i} v128) (local $i${i} i32)`).join(" ");
    return `(module (memory (export "memory") 1) (global $g (export "g") (mut f64) (f64.const 0))
      (func $same32 (param f32) (result f32) (local.get 0))
      (func $twice (param f64) (result f64) (f64.add (local.get 0) (local.get 0)))
      (func (export "main") (param $f320 f32) (param $f640 f64) (result f64)
        ${locals.replace("(local $f320 f32) (local $f640 f64)", "")}
        ${statements}
        ${this.value("f64")}))`;
  }
}

export function nanProgramText(seed: number): string {
  return new Writer(seed).text();
}
