/**
 * Random programs over vectors in the text format, made from the instruction table: every vector instruction, vectors in
 * locals, parameters, results, globals, blocks, branches, selects and memory. They always end. NaNs that are computed are
 * made canonical at once, as engines choose their bits freely; those that are moved keep theirs.
 */
import { Imm, type InstrRow, instructions } from "../../vm/opcodes.ts";
import { isSimd } from "../../vm/simd-form.ts";
import { ValType } from "../../vm/types.ts";
import { mulberry32 } from "./random.ts";

/** Relaxed instructions: an engine may choose another result than the deterministic one. */
export function isRelaxed(row: InstrRow): boolean {
  return row.mnemonic.includes("relaxed");
}

export const vectorRows: readonly InstrRow[] = instructions.filter((row) => isSimd(row.code));

const { I32, I64, F32, F64, V128 } = ValType;
type Type = typeof I32 | typeof I64 | typeof F32 | typeof F64 | typeof V128;

const NAMES: Readonly<Record<Type, string>> = { [I32]: "i32", [I64]: "i64", [F32]: "f32", [F64]: "f64", [V128]: "v128" };

const WORDS = [
  "0",
  "1",
  "-1",
  "0x80000000",
  "0x7fffffff",
  "0x7fc00000",
  "0x7fa00001",
  "0xff800000",
  "0x3f800000",
  "0x80",
  "0x7fff8000",
  "0x00010203",
];

/** Instructions whose result may be a NaN that was computed. */
const COMPUTES_NAN = /^f(32x4|64x2)\.(ceil|floor|trunc|nearest|sqrt|add|sub|mul|div|min|max|demote_f64x2_zero|promote_low_f32x4)$/;

const SUM = /^f(32x4|64x2)\.(add|sub)$/;

class VectorWriter {
  private readonly random: () => number;
  private readonly callees: number;
  private readonly byResult = new Map<Type, InstrRow[]>();
  private readonly stores: InstrRow[] = [];
  private loopDepth = 0;

  constructor(random: () => number, callees: number) {
    this.random = random;
    this.callees = callees;
    for (const row of vectorRows) {
      if (isRelaxed(row)) continue;
      const result = row.results![0] as Type | undefined;
      if (result === undefined) this.stores.push(row);
      else this.byResult.set(result, [...(this.byResult.get(result) ?? []), row]);
    }
  }

  private below(limit: number): number {
    return Math.floor(this.random() * limit);
  }

  private pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  private local(type: Type): string {
    return `$${NAMES[type]}${this.below(3)}`;
  }

  /** Mostly numbers that conversions and arithmetic have something to do with. */
  private constant(type: Type): string {
    const word = (): string => (this.random() < 0.5 ? this.pick(WORDS) : `${this.below(2 ** 32)}`);
    if (type === V128) {
      if (this.random() < 0.3) return `(v128.const f32x4 ${this.floats(4)})`;
      if (this.random() < 0.2) return `(v128.const f64x2 ${this.floats(2)})`;
      return `(v128.const i32x4 ${word()} ${word()} ${word()} ${word()})`;
    }
    if (type === F32 || type === F64) return `(${NAMES[type]}.const ${this.floats(1)})`;
    return `(${NAMES[type]}.const ${
      type === I64
        ? `0x${this.below(2 ** 32).toString(16)}${this.below(2 ** 32)
            .toString(16)
            .padStart(8, "0")}`
        : word()
    })`;
  }

  private floats(count: number): string {
    const float = (): string =>
      this.pick(["0", "-0", "1", "-1.5", "2.5", "1e10", "-3e-5", "inf", "-inf", "nan", "-nan:0x200001", `${(this.random() - 0.5) * 600}`]);
    return Array.from({ length: count }, float).join(" ");
  }

  /** An address in the memory's first pages, often across a border of snapshot pages; seldom anywhere. */
  private address(depth: number): string {
    const choice = this.random();
    if (choice < 0.01) return this.expression(I32, depth - 1);
    if (choice < 0.3) return `(i32.const ${4080 + this.below(20)})`;
    return `(i32.and ${this.expression(I32, depth - 1)} (i32.const ${this.pick(["0x1fff", "0x1ff0", "0x1ff8"])}))`;
  }

  private immediates(row: InstrRow): string {
    const lane = (): number => this.below(row.lanes);
    switch (row.imm) {
      case Imm.Lane:
        return ` ${lane()}`;
      case Imm.MemArg:
        return ` offset=${this.pick([0, 0, 1, 8, 16, 4095])}`;
      case Imm.MemArgLane:
        return ` offset=${this.pick([0, 0, 2, 8])} ${lane()}`;
      case Imm.Shuffle:
        return ` ${this.shuffle()}`;
      default:
        return "";
    }
  }

  /** Lanes in pieces of 1, 2, 4 and 8 bytes: each is lowered in its own way. */
  private shuffle(): string {
    const bytes = this.pick([1, 2, 4, 8]);
    const lanes = Array.from({ length: 16 / bytes }, () => this.below(32 / bytes) * bytes);
    return lanes.flatMap((first) => Array.from({ length: bytes }, (_, i) => first + i)).join(" ");
  }

  private apply(row: InstrRow, depth: number): string {
    if (row.imm === Imm.V128) return this.constant(V128);
    const operands = row.params!.map((type, i) => {
      if (i === 0 && row.align >= 0) return this.address(depth);
      // Counts of shifts are constants more often than not.
      if (i === 1 && type === I32 && this.random() < 0.6) return this.constant(I32);
      // A product that a sum takes: a NaN of it is one of the sum's.
      if (SUM.test(row.mnemonic) && this.random() < 0.4) {
        const factors = `${this.expression(V128, depth - 1)} ${this.expression(V128, depth - 1)}`;
        return `(${row.mnemonic.slice(0, 5)}.mul ${factors})`;
      }
      return this.expression(type as Type, depth - 1);
    });
    const text = `(${row.mnemonic}${this.immediates(row)} ${operands.join(" ")})`;
    if (!COMPUTES_NAN.test(row.mnemonic)) return text;
    const shape = row.mnemonic.slice(0, 5);
    const nan = shape === "f32x4" ? "nan nan nan nan" : "nan nan";
    return `(v128.bitselect (local.tee $t ${text}) (v128.const ${shape} ${nan}) (${shape}.eq (local.get $t) (local.get $t)))`;
  }

  expression(type: Type, depth: number): string {
    if (depth <= 0) return this.random() < 0.3 ? this.constant(type) : `(local.get ${this.local(type)})`;
    const choice = this.random();
    const more = (): string => this.expression(type, depth - 1);
    if (choice < 0.08) return `(local.tee ${this.local(type)} ${more()})`;
    if (choice < 0.13) return `(select ${more()} ${more()} ${this.expression(I32, depth - 1)})`;
    if (choice < 0.17) return `(if (result ${NAMES[type]}) ${this.expression(I32, depth - 1)} (then ${more()}) (else ${more()}))`;
    if (choice < 0.2) return `(block (result ${NAMES[type]}) ${more()} (br_if 0 ${this.expression(I32, depth - 1)}) (drop) ${more()})`;
    if (choice < 0.23) return `(block (result ${NAMES[type]}) ${this.expression(V128, depth - 1)} ${more()} (br 0))`;
    if (type === V128) return this.vector(choice, depth);
    const rows = this.byResult.get(type);
    if (rows !== undefined && choice < 0.7) return this.apply(this.pick(rows), depth);
    if (type === I32) return `(i32.${this.pick(["add", "sub", "xor", "and", "lt_u", "eq"])} ${more()} ${more()})`;
    return type === I64 ? `(i64.${this.pick(["add", "xor", "mul"])} ${more()} ${more()})` : this.expression(type, 0);
  }

  private vector(choice: number, depth: number): string {
    const more = (): string => this.expression(V128, depth - 1);
    if (choice < 0.26) return "(global.get $v)";
    if (choice < 0.29) {
      // The label takes a vector between a scalar and another vector.
      const values = `${this.expression(I64, depth - 1)} ${more()} ${more()}`;
      return `(block (result v128) (block (result i64 v128 v128) ${values} (br_table 0 0 ${this.expression(I32, 1)})) (local.set $v1281) (local.set $v1282) (local.set $i640) (local.get $v1281))`;
    }
    if (choice < 0.32 && this.callees > 0 && this.loopDepth === 0) {
      const args = `${this.expression(I32, 1)} ${more()} ${this.expression(I64, 1)} ${more()}`;
      return `(block (result v128) (call $f${this.below(this.callees)} ${args}) (local.set $i640) (local.set $v1280) (local.get $v1280))`;
    }
    if (choice < 0.35) return `(block (result v128) ${more()} (block (param v128) (result v128) ${this.binary()}))`;
    return this.apply(this.pick(this.byResult.get(V128)!), depth);
  }

  /** A vector instruction on what is on the stack and a local. */
  private binary(): string {
    return `(${this.pick(["i8x16.add", "v128.xor", "i32x4.mul", "i16x8.narrow_i32x4_s"])} (local.get ${this.local(V128)}))`;
  }

  statement(depth: number): string {
    const choice = this.random();
    if (choice < 0.5 || depth <= 0) {
      const type = this.random() < 0.75 ? V128 : this.pick([I32, I64, F32, F64] as const);
      return `(local.set ${this.local(type)} ${this.expression(type, 3)})`;
    }
    if (choice < 0.7) return this.apply(this.pick(this.stores), 3);
    if (choice < 0.76) return `(global.set $v ${this.expression(V128, 2)})`;
    if (choice < 0.84) return `(if ${this.expression(I32, 2)} (then ${this.statements(depth - 1)}) (else ${this.statements(depth - 1)}))`;
    if (choice < 0.88) return `(drop ${this.expression(V128, 2)})`;
    return this.loopDepth < 2 ? this.loop(depth) : this.statement(0);
  }

  private loop(depth: number): string {
    const counter = `$c${this.loopDepth}`;
    this.loopDepth++;
    const body = this.statements(depth - 1);
    this.loopDepth--;
    const up = `(local.tee ${counter} (i32.add (local.get ${counter}) (i32.const 1)))`;
    const again = `(br_if 0 (i32.lt_u ${up} (i32.const ${2 + this.below(12)})))`;
    if (this.random() < 0.5) return `(local.set ${counter} (i32.const 0)) (loop ${body} ${again})`;
    return `(local.set ${counter} (i32.const 0)) (local.get $v1280) (loop (param v128) ${this.binary()} (local.tee $v1282) ${body} ${again} (drop))`;
  }

  statements(depth: number): string {
    return Array.from({ length: 1 + this.below(4) }, () => this.statement(depth)).join("\n");
  }
}

/**
 * Text of a program. Its last function is exported as `main`, takes an i32 and an i64, stores all its vectors in the exported
 * memory and returns an i64.
 */
export function vectorText(seed: number, functionCount = 3): string {
  const random = mulberry32(seed);
  const locals = [I32, I64, F32, F64, V128]
    .flatMap((type) => [0, 1, 2].map((i) => `(local $${NAMES[type as Type]}${i} ${NAMES[type as Type]})`))
    .filter((local) => !/\$(i320|i640|v1280|v1281) /.test(local));
  const common = `${locals.join(" ")} (local $t v128) (local $c0 i32) (local $c1 i32)`;
  const functions = Array.from({ length: functionCount }, (_, index) => {
    const writer = new VectorWriter(random, index);
    const body = `${writer.statements(3)}\n${writer.statements(3)}`;
    if (index < functionCount - 1) {
      return `(func $f${index} (param $i320 i32) (param $v1280 v128) (param $i640 i64) (param $v1281 v128) (result v128 i64) ${common}
        ${body} (local.get $v1282) (local.get $i641))`;
    }
    const stores = [0, 1, 2].map((i) => `(v128.store offset=${i * 16} (i32.const 16384) (local.get $v128${i}))`).join(" ");
    return `(func (export "main") (param $i320 i32) (param $i640 i64) (result i64) (local $v1280 v128) (local $v1281 v128) ${common}
      ${body} ${stores} (v128.store offset=48 (i32.const 16384) (global.get $v)) (i64.add (local.get $i640) (i64.extend_i32_u (local.get $i320))))`;
  });
  return `(module (memory (export "memory") 1 1) (global $v (mut v128) (v128.const i32x4 1 2 3 4))\n${functions.join("\n")})`;
}
