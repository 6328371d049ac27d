/**
 * Plain instructions as JavaScript: what generated code (generate.ts) writes for each. Operands are texts of pure
 * expressions; i64 values are pairs of 32-bit halves, every other value is one JavaScript number.
 *
 * In generated code a NaN stands for the positive canonical NaN and no other (deterministic profile): whatever could
 * make or meet another NaN leaves to the interpreter first. So arithmetic needs no care, and no engine's treatment of
 * NaN bits matters.
 */

/** A form without i64 operands or results. `twice`: the text uses an operand more than once, so it has to be a name. */
export interface NumberForm {
  readonly text: (a: string, b: string) => string;
  readonly twice?: boolean;
  /** The text is a JavaScript boolean: 0 or 1 has to be made of it where it is not a condition. */
  readonly condition?: boolean;
  /** When this holds the instruction is left to the interpreter: it traps, or makes a NaN that is not canonical. Operands are names or constants. */
  readonly leave?: (a: string, b: string) => string;
}

/** A number as text. */
export function number(value: number): string {
  if (Object.is(value, -0)) return "(-0)";
  if (value === Number.POSITIVE_INFINITY) return "(1/0)";
  if (value === Number.NEGATIVE_INFINITY) return "(-1/0)";
  if (Number.isNaN(value)) return "(0/0)";
  return value < 0 ? `(${value})` : `${value}`;
}

const infix =
  (operator: string) =>
  (a: string, b: string): string =>
    `(${a}${operator}${b})`;
const int =
  (operator: string) =>
  (a: string, b: string): string =>
    `(${a}${operator}${b}|0)`;
const unsigned =
  (operator: string) =>
  (a: string, b: string): string =>
    `((${a}>>>0)${operator}(${b}>>>0))`;
const call =
  (name: string) =>
  (a: string): string =>
    `${name}(${a})`;
const single =
  (operator: string) =>
  (a: string, b: string): string =>
    `Math.fround(${a}${operator}${b})`;
const condition = (text: NumberForm["text"]): NumberForm => ({ text, condition: true });
const ifZero = (_: string, b: string): string => `${b}===0`;
const ifNan = (a: string): string => `${a}!==${a}`;
const outside =
  (below: string, above: string) =>
  (a: string): string =>
    `!(${a}>${below}&&${a}<${above})`;
const minmax =
  (name: string) =>
  (a: string, b: string): string =>
    `${name}(${a},${b})`;

const floatForms = (type: "f32" | "f64"): [string, NumberForm][] => {
  const arithmetic = type === "f32" ? single : infix;
  return [
    [`${type}.add`, { text: arithmetic("+") }],
    [`${type}.sub`, { text: arithmetic("-") }],
    [`${type}.mul`, { text: arithmetic("*") }],
    [`${type}.div`, { text: arithmetic("/") }],
    [`${type}.min`, { text: minmax("Math.min") }],
    [`${type}.max`, { text: minmax("Math.max") }],
    [`${type}.sqrt`, { text: type === "f32" ? (a) => `Math.fround(Math.sqrt(${a}))` : call("Math.sqrt") }],
    [`${type}.ceil`, { text: call("Math.ceil") }],
    [`${type}.floor`, { text: call("Math.floor") }],
    [`${type}.trunc`, { text: call("Math.trunc") }],
    [`${type}.nearest`, { text: call("nearest") }],
    [`${type}.abs`, { text: call("Math.abs") }],
    // The sign of a NaN would change, and it would be canonical no more.
    [`${type}.neg`, { text: (a) => `(-${a})`, leave: ifNan }],
    [`${type}.copysign`, { text: minmax("copysign"), leave: ifNan }],
    [`${type}.eq`, condition(infix("==="))],
    [`${type}.ne`, condition(infix("!=="))],
    [`${type}.lt`, condition(infix("<"))],
    [`${type}.gt`, condition(infix(">"))],
    [`${type}.le`, condition(infix("<="))],
    [`${type}.ge`, condition(infix(">="))],
    [`i32.trunc_${type}_s`, { text: (a) => `(${a}|0)`, leave: outside("-2147483649", "2147483648") }],
    [`i32.trunc_${type}_u`, { text: (a) => `(${a}>>>0|0)`, leave: outside("-1", "4294967296") }],
    [`i32.trunc_sat_${type}_s`, { text: call("truncSat32S") }],
    [`i32.trunc_sat_${type}_u`, { text: call("truncSat32U") }],
  ];
};

/** By mnemonic. */
export const numberForms: ReadonlyMap<string, NumberForm> = new Map<string, NumberForm>([
  ["i32.add", { text: int("+") }],
  ["i32.sub", { text: int("-") }],
  ["i32.mul", { text: minmax("Math.imul") }],
  ["i32.div_s", { text: int("/"), leave: (a, b) => `${b}===0||${b}===-1&&${a}===-2147483648` }],
  ["i32.div_u", { text: (a, b) => `((${a}>>>0)/(${b}>>>0)>>>0|0)`, leave: ifZero }],
  ["i32.rem_s", { text: int("%"), leave: ifZero }],
  ["i32.rem_u", { text: (a, b) => `((${a}>>>0)%(${b}>>>0)|0)`, leave: ifZero }],
  ["i32.and", { text: infix("&") }],
  ["i32.or", { text: infix("|") }],
  ["i32.xor", { text: infix("^") }],
  ["i32.shl", { text: infix("<<") }],
  ["i32.shr_s", { text: infix(">>") }],
  ["i32.shr_u", { text: (a, b) => `(${a}>>>${b}|0)` }],
  ["i32.rotl", { text: (a, b) => `(${a}<<${b}|${a}>>>(32-${b}))`, twice: true }],
  ["i32.rotr", { text: (a, b) => `(${a}>>>${b}|${a}<<(32-${b}))`, twice: true }],
  ["i32.clz", { text: call("Math.clz32") }],
  ["i32.ctz", { text: call("ctz32") }],
  ["i32.popcnt", { text: call("popcnt32") }],
  ["i32.extend8_s", { text: (a) => `(${a}<<24>>24)` }],
  ["i32.extend16_s", { text: (a) => `(${a}<<16>>16)` }],
  ["i32.eqz", condition((a) => `(${a}===0)`)],
  ["i32.eq", condition(infix("==="))],
  ["i32.ne", condition(infix("!=="))],
  ["i32.lt_s", condition(infix("<"))],
  ["i32.gt_s", condition(infix(">"))],
  ["i32.le_s", condition(infix("<="))],
  ["i32.ge_s", condition(infix(">="))],
  ["i32.lt_u", condition(unsigned("<"))],
  ["i32.gt_u", condition(unsigned(">"))],
  ["i32.le_u", condition(unsigned("<="))],
  ["i32.ge_u", condition(unsigned(">="))],
  ...floatForms("f32"),
  ...floatForms("f64"),
  ["f32.convert_i32_s", { text: call("Math.fround") }],
  ["f32.convert_i32_u", { text: (a) => `Math.fround(${a}>>>0)` }],
  ["f64.convert_i32_s", { text: (a) => `(+${a})` }],
  ["f64.convert_i32_u", { text: (a) => `(${a}>>>0)` }],
  ["f32.demote_f64", { text: call("Math.fround") }],
  ["f64.promote_f32", { text: (a) => a }],
  ["i32.reinterpret_f32", { text: call("bitsOfF32") }],
  ["f32.reinterpret_i32", { text: call("f32OfBits"), leave: call("isOddNan32") }],
]);

/**
 * A form with an i64 operand or result, as statements. `lo` and `hi` are the names that receive the result, which may be
 * the operands' own names: so a half is written only when no later text needs what it replaces. `t` is a temporary.
 */
export type PairForm = (a: PairOperand, b: PairOperand, lo: string, hi: string) => string;

export interface PairOperand {
  /** The value, or the low half of an i64: a name or a constant. */
  readonly lo: string;
  /** The high half of an i64, else empty. */
  readonly hi: string;
  /** Value of the low half of a constant, else undefined. */
  readonly constant: number | undefined;
}

const both =
  (operator: string): PairForm =>
  (a, b, lo, hi) =>
    `${lo}=${a.lo}${operator}${b.lo};${hi}=${a.hi}${operator}${b.hi};`;

/** A helper that returns the low half and leaves the high half in R[2]. */
const helped =
  (name: string): PairForm =>
  (a, b, lo, hi) =>
    `${lo}=${name}(${a.lo},${a.hi},${b.lo},${b.hi});${hi}=R[2];`;

const shift =
  (name: string, constant: (count: number, a: PairOperand) => [lo: string, hi: string]): PairForm =>
  (a, b, lo, hi) => {
    if (b.constant === undefined) return `${lo}=${name}(${a.lo},${a.hi},${b.lo});${hi}=R[2];`;
    const count = b.constant & 63;
    if (count === 0) return assign(a.lo, a.hi, lo, hi);
    const [low, high] = constant(count, a);
    return assign(low, high, lo, hi);
  };

/** Assigns both halves of an i64 at once, so that the texts may use the names that are assigned; one value when there is no high half. */
export function assign(low: string, high: string, lo: string, hi: string): string {
  return hi === "" ? `${lo}=${low};` : `t=${low};${hi}=${high};${lo}=t;`;
}

const left = (count: number, a: PairOperand): [string, string] =>
  count < 32 ? [`${a.lo}<<${count}`, `${a.hi}<<${count}|${a.lo}>>>${32 - count}`] : ["0", `${a.lo}<<${count - 32}`];
const right = (count: number, a: PairOperand): [string, string] =>
  count < 32 ? [`${a.lo}>>>${count}|${a.hi}<<${32 - count}`, `${a.hi}>>>${count}|0`] : [`${a.hi}>>>${count - 32}|0`, "0"];
const rightSigned = (count: number, a: PairOperand): [string, string] =>
  count < 32 ? [`${a.lo}>>>${count}|${a.hi}<<${32 - count}`, `${a.hi}>>${count}`] : [`${a.hi}>>${count - 32}`, `${a.hi}>>31`];
const rotate = (count: number, a: PairOperand): [string, string] => {
  const [low, high] = count < 32 ? [a.lo, a.hi] : [a.hi, a.lo];
  const rest = count & 31;
  return rest === 0 ? [low, high] : [`${low}<<${rest}|${high}>>>${32 - rest}`, `${high}<<${rest}|${low}>>>${32 - rest}`];
};

const toFloat =
  (text: (lo: string, hi: string) => string): PairForm =>
  (a, _, lo) =>
    `${lo}=${text(a.lo, a.hi)};`;

const extend =
  (bits: 8 | 16 | 32): PairForm =>
  (a, _, lo, hi) => {
    const low = bits === 32 ? a.lo : `${a.lo}<<${32 - bits}>>${32 - bits}`;
    return `${lo}=${low};${hi}=${lo}>>31;`;
  };

const truncation =
  (name: string): PairForm =>
  (a, _, lo, hi) =>
    `${lo}=${name}(${a.lo});${hi}=R[2];`;

/** By mnemonic; the results are those of the instruction, with `hi` empty when it is no i64. */
export const pairForms: ReadonlyMap<string, PairForm> = new Map<string, PairForm>([
  ["i64.add", (a, b, lo, hi) => `t=${a.lo}+${b.lo}|0;${hi}=(${a.hi}+${b.hi}|0)+((t>>>0)<(${a.lo}>>>0)?1:0)|0;${lo}=t;`],
  ["i64.sub", (a, b, lo, hi) => `t=${a.lo}-${b.lo}|0;${hi}=(${a.hi}-${b.hi}|0)-((${a.lo}>>>0)<(${b.lo}>>>0)?1:0)|0;${lo}=t;`],
  // The upper half of the product of the low halves is made of products of 16-bit digits.
  [
    "i64.mul",
    (a, b, lo, hi) =>
      `t=Math.imul(${a.lo},${b.lo});y=Math.imul(${a.lo}&65535,${b.lo}>>>16);z=Math.imul(${a.lo}>>>16,${b.lo}&65535);` +
      `${hi}=Math.imul(${a.lo}>>>16,${b.lo}>>>16)+(y>>>16)+(z>>>16)+((Math.imul(${a.lo}&65535,${b.lo}&65535)>>>16)+(y&65535)+(z&65535)>>>16)` +
      `+Math.imul(${a.lo},${b.hi})+Math.imul(${a.hi},${b.lo})|0;${lo}=t;`,
  ],
  ["i64.and", both("&")],
  ["i64.or", both("|")],
  ["i64.xor", both("^")],
  ["i64.div_s", helped("divS64")],
  ["i64.div_u", helped("divU64")],
  ["i64.rem_s", helped("remS64")],
  ["i64.rem_u", helped("remU64")],
  ["i64.shl", shift("shl64", left)],
  ["i64.shr_u", shift("shrU64", right)],
  ["i64.shr_s", shift("shrS64", rightSigned)],
  ["i64.rotl", shift("rotl64", rotate)],
  ["i64.rotr", shift("rotr64", (count, a) => rotate(64 - count, a))],
  ["i64.clz", (a, _, lo, hi) => `${lo}=${a.hi}===0?32+Math.clz32(${a.lo}):Math.clz32(${a.hi});${hi}=0;`],
  ["i64.ctz", (a, _, lo, hi) => `${lo}=${a.lo}===0?32+ctz32(${a.hi}):ctz32(${a.lo});${hi}=0;`],
  ["i64.popcnt", (a, _, lo, hi) => `${lo}=popcnt32(${a.lo})+popcnt32(${a.hi});${hi}=0;`],
  ["i64.extend8_s", extend(8)],
  ["i64.extend16_s", extend(16)],
  ["i64.extend32_s", extend(32)],
  ["i64.extend_i32_s", extend(32)],
  ["i64.extend_i32_u", (a, _, lo, hi) => `${lo}=${a.lo};${hi}=0;`],
  ["i32.wrap_i64", (a, _, lo) => `${lo}=${a.lo};`],
  ["f64.convert_i64_s", toFloat((lo, hi) => `${hi}*4294967296+(${lo}>>>0)`)],
  ["f64.convert_i64_u", toFloat((lo, hi) => `(${hi}>>>0)*4294967296+(${lo}>>>0)`)],
  ["f32.convert_i64_s", toFloat((lo, hi) => `f32OfS64(${lo},${hi})`)],
  ["f32.convert_i64_u", toFloat((lo, hi) => `f32OfU64(${lo},${hi})`)],
  ["i64.trunc_f32_s", truncation("trunc64")],
  ["i64.trunc_f32_u", truncation("trunc64")],
  ["i64.trunc_f64_s", truncation("trunc64")],
  ["i64.trunc_f64_u", truncation("trunc64")],
  ["i64.trunc_sat_f32_s", truncation("truncSat64S")],
  ["i64.trunc_sat_f32_u", truncation("truncSat64U")],
  ["i64.trunc_sat_f64_s", truncation("truncSat64S")],
  ["i64.trunc_sat_f64_u", truncation("truncSat64U")],
  ["f64.reinterpret_i64", toFloat((lo, hi) => `f64OfBits(${lo},${hi})`)],
  ["i64.reinterpret_f64", truncation("bitsOfF64")],
]);

const isZero = (b: PairOperand): string => `(${b.lo}|${b.hi})===0`;
const not64 = (below: string, above: string) => (a: PairOperand) => outside(below, above)(a.lo);

/** When an instruction of `pairForms` is left to the interpreter. */
export const pairLeaves: ReadonlyMap<string, (a: PairOperand, b: PairOperand) => string> = new Map([
  ["i64.div_s", (a: PairOperand, b: PairOperand) => `${isZero(b)}||(${b.lo}&${b.hi})===-1&&${a.lo}===0&&${a.hi}===-2147483648`],
  ["i64.div_u", (_: PairOperand, b: PairOperand) => isZero(b)],
  ["i64.rem_s", (_: PairOperand, b: PairOperand) => isZero(b)],
  ["i64.rem_u", (_: PairOperand, b: PairOperand) => isZero(b)],
  ["i64.trunc_f32_s", (a: PairOperand) => `!(${a.lo}>=-9223372036854775808&&${a.lo}<9223372036854775808)`],
  ["i64.trunc_f64_s", (a: PairOperand) => `!(${a.lo}>=-9223372036854775808&&${a.lo}<9223372036854775808)`],
  ["i64.trunc_f32_u", not64("-1", "18446744073709551616")],
  ["i64.trunc_f64_u", not64("-1", "18446744073709551616")],
  ["f64.reinterpret_i64", (a: PairOperand) => `isOddNan64(${a.lo},${a.hi})`],
]);

const ordered =
  (operator: "<" | ">", orEqual: boolean, sign: "" | ">>>0") =>
  (a: PairOperand, b: PairOperand): string => {
    const high = `(${a.hi}${sign})${operator}(${b.hi}${sign})`;
    const low = `(${a.lo}>>>0)${operator}${orEqual ? "=" : ""}(${b.lo}>>>0)`;
    return `(${high}||${a.hi}===${b.hi}&&${low})`;
  };

/** Comparisons of i64 values: conditions. Operands are names or constants. */
export const pairConditions: ReadonlyMap<string, (a: PairOperand, b: PairOperand) => string> = new Map([
  ["i64.eqz", (a: PairOperand) => `((${a.lo}|${a.hi})===0)`],
  ["i64.eq", (a: PairOperand, b: PairOperand) => `(${a.lo}===${b.lo}&&${a.hi}===${b.hi})`],
  ["i64.ne", (a: PairOperand, b: PairOperand) => `(${a.lo}!==${b.lo}||${a.hi}!==${b.hi})`],
  ["i64.lt_s", ordered("<", false, "")],
  ["i64.gt_s", ordered(">", false, "")],
  ["i64.le_s", ordered("<", true, "")],
  ["i64.ge_s", ordered(">", true, "")],
  ["i64.lt_u", ordered("<", false, ">>>0")],
  ["i64.gt_u", ordered(">", false, ">>>0")],
  ["i64.le_u", ordered("<", true, ">>>0")],
  ["i64.ge_u", ordered(">", true, ">>>0")],
]);

/** A memory access: the DataView method without get or set, whether it takes a byte order, and how an i64's high half is made of a narrow load. */
export interface AccessForm {
  readonly method: string;
  readonly bytes: 1 | 2 | 4 | 8;
  readonly store: boolean;
  /** Value is an i64. */
  readonly pair: boolean;
  readonly float: boolean;
}

const access = (method: string, bytes: 1 | 2 | 4 | 8, store: boolean, pair = false, float = false): AccessForm => ({
  method,
  bytes,
  store,
  pair,
  float,
});

export const accessForms: ReadonlyMap<string, AccessForm> = new Map([
  ["i32.load", access("Int32", 4, false)],
  ["i32.load8_s", access("Int8", 1, false)],
  ["i32.load8_u", access("Uint8", 1, false)],
  ["i32.load16_s", access("Int16", 2, false)],
  ["i32.load16_u", access("Uint16", 2, false)],
  ["i64.load", access("Int32", 8, false, true)],
  ["i64.load8_s", access("Int8", 1, false, true)],
  ["i64.load8_u", access("Uint8", 1, false, true)],
  ["i64.load16_s", access("Int16", 2, false, true)],
  ["i64.load16_u", access("Uint16", 2, false, true)],
  ["i64.load32_s", access("Int32", 4, false, true)],
  ["i64.load32_u", access("Uint32", 4, false, true)],
  ["f32.load", access("Float32", 4, false, false, true)],
  ["f64.load", access("Float64", 8, false, false, true)],
  ["i32.store", access("Int32", 4, true)],
  ["i32.store8", access("Int8", 1, true)],
  ["i32.store16", access("Int16", 2, true)],
  ["i64.store", access("Int32", 8, true, true)],
  ["i64.store8", access("Int8", 1, true, true)],
  ["i64.store16", access("Int16", 2, true, true)],
  ["i64.store32", access("Int32", 4, true, true)],
  ["f32.store", access("Float32", 4, true, false, true)],
  ["f64.store", access("Float64", 8, true, false, true)],
]);
