/**
 * Random programs (seeded) of loops over floats in memory, most of which native/sweep.ts can take and some just not. Text
 * format, one export `main (param $n i32) (param $p i32)`: so many iterations, and an address that may be aligned.
 */
import { mulberry32 } from "../support/random.ts";

type Width = "f32" | "f64";

class Writer {
  private readonly random: () => number;
  private readonly width: Width;
  /** One in so many programs does something that a sweep must not overlook. */
  private readonly spoiled: boolean;
  private loops = 0;

  constructor(seed: number) {
    this.random = mulberry32(seed);
    this.width = this.random() < 0.7 ? "f64" : "f32";
    this.spoiled = this.random() < 0.4;
  }

  private below(count: number): number {
    return Math.floor(this.random() * count);
  }

  private pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }

  private get bytes(): number {
    return this.width === "f64" ? 8 : 4;
  }

  /** An address below 1024, aligned unless the program is spoiled. */
  private address(inner: readonly string[]): string {
    const { bytes } = this;
    const choices = [`(i32.const ${this.below(32) * bytes})`, `(i32.add (local.get $p) (i32.const ${this.below(8) * bytes}))`];
    for (const local of inner) {
      choices.push(`(i32.add (i32.mul (local.get ${local}) (i32.const ${bytes})) (i32.const ${this.below(16) * bytes}))`);
      choices.push(`(i32.shl (i32.add (local.get ${local}) (i32.const ${this.below(9)})) (i32.const 3))`);
      choices.push(`(i32.add (local.get $p) (i32.shl (local.get ${local}) (i32.const 3)))`);
    }
    if (this.spoiled && this.random() < 0.15)
      choices.push(...Array(3).fill(this.pick(["(i32.const 12)", "(i32.const 9)", `(i32.mul (local.get $k) (i32.const ${bytes}))`])));
    return this.pick(choices);
  }

  private load(inner: readonly string[]): string {
    const { width } = this;
    if (this.spoiled && this.random() < 0.05)
      return width === "f64" ? `(f64.promote_f32 (f32.load ${this.address(inner)}))` : `(f32.load ${this.address(inner)})`;
    return `(${width}.load offset=${this.below(4) * this.bytes} ${this.address(inner)})`;
  }

  private value(inner: readonly string[], depth = 3): string {
    const { width } = this;
    if (depth === 0 || this.random() < 0.15) {
      if (this.random() < 0.5) return this.load(inner);
      if (this.random() < 0.4) return `(${width}.const ${this.pick(["0", "1", "-1.5", "inf", "-inf", "1e30", "nan"])})`;
      return `(local.get $f${this.below(4)})`;
    }
    const sub = (): string => this.value(inner, depth - 1);
    switch (this.below(8)) {
      case 0:
        return `(${width}.${this.pick(["neg", "abs", "sqrt", "floor"])} ${sub()})`;
      case 1:
        return `(local.tee $f${this.below(4)} ${sub()})`;
      case 2:
        return `(select ${sub()} ${sub()} (${width}.${this.pick(["lt", "ge", "ne"])} ${sub()} ${sub()}))`;
      default:
        return `(${width}.${this.pick(["add", "sub", "mul", "div", "min"])} ${sub()} ${sub()})`;
    }
  }

  private statement(inner: readonly string[], depth: number): string {
    const { width } = this;
    if (this.spoiled && this.random() < 0.06) return this.spoiler(inner);
    const choice = this.below(depth > 1 ? 6 : 9);
    if (choice < 4) {
      const value =
        this.random() < 0.9 ? `(${width}.${this.pick(["add", "mul", "sub"])} ${this.value(inner)} ${this.load(inner)})` : this.value(inner);
      return `(${width}.store offset=${this.below(4) * this.bytes} ${this.address(inner)} ${value})`;
    }
    if (choice < 6) return `(local.set $f${this.below(4)} (${width}.add ${this.value(inner)} ${this.value(inner)}))`;
    if (choice === 6)
      return `(if (i32.and (local.get ${this.pick(["$p", "$m", ...inner])}) (i32.const ${1 + this.below(4)})) (then ${this.body(inner, depth + 1)}))`;
    if (choice === 7)
      return `(block (br_if 0 (i32.lt_u (local.get ${this.pick(["$m", ...inner])}) (i32.const ${this.below(4)}))) ${this.body(inner, depth + 1)})`;
    const counter = `$i${this.loops++}`;
    return `(local.set ${counter} (i32.const ${this.below(3)}))
      (loop ${this.body([...inner, counter], depth + 1)}
        (br_if 0 (i32.lt_u (local.tee ${counter} (i32.add (local.get ${counter}) (i32.const 1))) (i32.const ${3 + this.below(3)}))))`;
  }

  /** What shows the bits of a NaN in memory, or makes iterations differ. */
  private spoiler(inner: readonly string[]): string {
    const { width } = this;
    return this.pick([
      `(i32.store (i32.const 1020) (i32.add (i32.load (i32.const 1020)) (i32.load8_u offset=3 ${this.address(inner)})))`,
      `(${width}.store ${this.address(inner)} (${width}.load ${this.address(inner)}))`,
      `(i32.store8 offset=2 ${this.address(inner)} (i32.const 1))`,
      `(local.set $m (i32.add (local.get $m) (i32.const 1)))`,
      `(if (${width}.lt ${this.value(inner, 1)} ${this.value(inner, 1)}) (then ${this.body(inner, 2)}))`,
      `(local.set $p (i32.xor (local.get $p) (i32.const ${this.pick([4, 8, 64])})))`,
      `(${width}.store ${this.address(inner)} (${width}.copysign ${this.value(inner, 1)} ${this.load(inner)}))`,
      `(br_if $out (i32.eq (local.get $k) (i32.const 2)))`,
    ]);
  }

  private body(inner: readonly string[], depth: number): string {
    return Array.from({ length: 1 + this.below(3) }, () => this.statement(inner, depth)).join("\n");
  }

  text(): string {
    const { width } = this;
    const looped = Array.from({ length: 3 }, () => this.statement([], 0)).join("\n");
    const after = Array.from({ length: 2 }, () => this.statement([], 2)).join("\n");
    const locals = Array.from({ length: this.loops }, (_, i) => `(local $i${i} i32)`).join(" ");
    // Exact NaNs of all kinds that are there from the beginning.
    const data =
      '"\\01\\00\\00\\00\\00\\00\\f4\\ff\\00\\00\\c0\\ff\\01\\00\\a0\\7f\\00\\00\\00\\00\\00\\00\\f0\\7f\\00\\00\\80\\7f\\00\\00\\80\\ff"';
    return `(module (memory (export "memory") 1) (global $g (export "g") (mut f64) (f64.const 0))
      (data (i32.const 0) ${data}) (data (i32.const 64) ${data}) (data (i32.const 256) ${data})
      (func (export "main") (param $n i32) (param $p i32) (result f64)
        (local $k i32) (local $m i32) ${[0, 1, 2, 3].map((i) => `(local $f${i} ${width})`).join(" ")} ${locals}
        (local.set $m (local.get $n))
        (block $out (loop ${looped}
          (br_if 0 (i32.ne (local.tee $k (i32.add (local.get $k) (i32.const 1))) (local.get $n)))))
        (block $out ${after})
        ${width === "f64" ? "(local.get $f0)" : "(f64.promote_f32 (local.get $f0))"}))`;
  }
}

export function sweepProgramText(seed: number): string {
  return new Writer(seed).text();
}
