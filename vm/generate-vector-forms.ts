/**
 * Vector instructions as JavaScript: what generated code (generate-vectors.ts) writes for each, lane by lane or word by word.
 * Operands are names or constants of the shape that the form asks for (Shape in generate-values.ts); lanes of 8 and 16
 * bits are worked on several at a time in words, by the arithmetic of packed.ts. A form has no text for what loop code does well enough.
 *
 * `t`, `y` and `z` are temporaries; in float lanes a NaN is the canonical one, as in generate-forms.ts.
 */
import { numberForms } from "./generate-forms.ts";
import type { VectorShape } from "./generate-values.ts";

/** All vector operands in one shape, a vector as result. One of the ways to say how is there. */
export interface VectorForm {
  readonly from: VectorShape;
  readonly to: VectorShape;
  /** Each variable of the result from those of the operands with its number. */
  readonly lane?: (a: string, b: string, c: string) => string;
  /** The same as statements that assign to `to`, after which no operand is looked at. */
  readonly steps?: (a: string, b: string, to: string) => string;
  /** All of the result from all of the operands. */
  readonly lanes?: (a: readonly string[], b: readonly string[]) => readonly string[];
  /** The same as statements that assign to variables other than the operands'. */
  readonly program?: (a: readonly string[], b: readonly string[], to: readonly string[]) => string;
  /** When this holds of a lane of the first operand the instruction is left to the interpreter. */
  readonly leave?: (a: string) => string;
}

/** A vector as operand, an i32 as result. */
export interface Reduction {
  readonly text: (lanes: readonly string[]) => string;
  /** The text is a JavaScript boolean. */
  readonly condition?: boolean;
}

/** Masks of lanes of 8 and of 16 bits: all sign bits, all others. */
interface Width {
  readonly bits: 8 | 16;
  readonly signs: string;
  readonly rest: string;
}
const W8: Width = { bits: 8, signs: "(-2139062144)", rest: "2139062143" };
const W16: Width = { bits: 16, signs: "(-2147450880)", rest: "2147450879" };

const sum = (x: string, y: string, { signs, rest }: Width): string => `((${x}&${rest})+(${y}&${rest})^(${x}^${y})&${signs})`;
const difference = (x: string, y: string, { signs, rest }: Width): string => `((${x}|${signs})-(${y}&${rest})^~(${x}^${y})&${signs})`;
/** Makes a mask of whole lanes of the sign bits in `t`. */
const spread = ({ bits }: Width): string => `t=t>>>${bits - 1};t=(t<<${bits})-t|0;`;
/** Leaves in `t` a mask of the lanes in which x < y, unsigned. */
const below = (x: string, y: string, width: Width): string =>
  `t=${difference(x, y, width)};t=(~${x}&${y}|~(${x}^${y})&t)&${width.signs};${spread(width)}`;
const nonZero = (x: string, { rest }: Width): string => `((${x}&${rest})+${rest}|${x})`;

/** The mask of x < y in `t`, for lanes that are signed or not. */
const less = (x: string, y: string, width: Width, signed: boolean): string =>
  signed ? `y=${x}^${width.signs};z=${y}^${width.signs};${below("y", "z", width)}` : below(x, y, width);

const words = (form: Omit<VectorForm, "from" | "to">): VectorForm => ({ from: "w", to: "w", ...form });

function orders(name: string, width: Width): [string, VectorForm][] {
  const forms: [string, VectorForm][] = [];
  for (const sign of ["s", "u"] as const) {
    const signed = sign === "s";
    const choose = (flip: string) => (a: string, b: string, to: string) =>
      `${less(a, b, width, signed)}${to}=${flip === "" ? `${a}&t|${b}&~t` : `${b}&t|${a}&~t`};`;
    forms.push([`${name}.lt_${sign}`, words({ steps: (a, b, to) => `${less(a, b, width, signed)}${to}=t;` })]);
    forms.push([`${name}.gt_${sign}`, words({ steps: (a, b, to) => `${less(b, a, width, signed)}${to}=t;` })]);
    forms.push([`${name}.le_${sign}`, words({ steps: (a, b, to) => `${less(b, a, width, signed)}${to}=~t;` })]);
    forms.push([`${name}.ge_${sign}`, words({ steps: (a, b, to) => `${less(a, b, width, signed)}${to}=~t;` })]);
    forms.push([`${name}.min_${sign}`, words({ steps: choose("") })]);
    forms.push([`${name}.max_${sign}`, words({ steps: choose("~") })]);
  }
  return forms;
}

/** Where a signed sum or difference in `y` has overflowed (sign bits in `t`), the extreme of the sign of `a`. */
const saturate = (a: string, to: string, width: Width): string =>
  `${spread(width)}z=((${a}&${width.signs})>>>${width.bits - 1})+${width.rest}|0;${to}=y&~t|z&t;`;

function narrowForms(name: string, width: Width): [string, VectorForm][] {
  const { signs } = width;
  const equal = (a: string, b: string): string => `t=${a}^${b};t=${nonZero("t", width)}&${signs};${spread(width)}`;
  return [
    [`${name}.add`, words({ lane: (a, b) => sum(a, b, width) })],
    [`${name}.sub`, words({ lane: (a, b) => difference(a, b, width) })],
    [`${name}.neg`, words({ lane: (a) => difference("0", a, width) })],
    [`${name}.abs`, words({ steps: (a, _, to) => `t=${a}&${signs};${spread(width)}y=${a}^t;${to}=${difference("y", "t", width)};` })],
    [`${name}.eq`, words({ steps: (a, b, to) => `${equal(a, b)}${to}=~t;` })],
    [`${name}.ne`, words({ steps: (a, b, to) => `${equal(a, b)}${to}=t;` })],
    ...orders(name, width),
    [
      `${name}.add_sat_s`,
      words({ steps: (a, b, to) => `y=${sum(a, b, width)};t=~(${a}^${b})&(${a}^y)&${signs};${saturate(a, to, width)}` }),
    ],
    [
      `${name}.sub_sat_s`,
      words({ steps: (a, b, to) => `y=${difference(a, b, width)};t=(${a}^${b})&(${a}^y)&${signs};${saturate(a, to, width)}` }),
    ],
    [
      `${name}.add_sat_u`,
      words({ steps: (a, b, to) => `y=${sum(a, b, width)};t=(${a}&${b}|(${a}|${b})&~y)&${signs};${spread(width)}${to}=y|t;` }),
    ],
    [`${name}.sub_sat_u`, words({ steps: (a, b, to) => `y=${difference(a, b, width)};${below(a, b, width)}${to}=y&~t;` })],
    [`${name}.avgr_u`, words({ lane: (a, b) => `((${a}|${b})-((${a}^${b})>>>1&${width.rest})|0)` })],
  ];
}

const signed = (value: string): string => value;
const unsigned = (value: string): string => `(${value}>>>0)`;

function wordForms(): [string, VectorForm][] {
  const compared = (operator: string, of: (value: string) => string): VectorForm =>
    words({ lane: (a, b) => `(${of(a)}${operator}${of(b)}?-1:0)` });
  const chosen = (operator: string, of: (value: string) => string): VectorForm =>
    words({ lane: (a, b) => `(${of(a)}${operator}${of(b)}?${a}:${b})` });
  const forms: [string, VectorForm][] = [
    ["i32x4.add", words({ lane: (a, b) => `(${a}+${b}|0)` })],
    ["i32x4.sub", words({ lane: (a, b) => `(${a}-${b}|0)` })],
    ["i32x4.mul", words({ lane: (a, b) => `Math.imul(${a},${b})` })],
    ["i32x4.neg", words({ lane: (a) => `(-${a}|0)` })],
    ["i32x4.abs", words({ lane: (a) => `(${a}<0?-${a}|0:${a})` })],
    ["i32x4.eq", compared("===", signed)],
    ["i32x4.ne", compared("!==", signed)],
    ["v128.not", words({ lane: (a) => `(~${a})` })],
    ["v128.and", words({ lane: (a, b) => `(${a}&${b})` })],
    ["v128.andnot", words({ lane: (a, b) => `(${a}&~${b})` })],
    ["v128.or", words({ lane: (a, b) => `(${a}|${b})` })],
    ["v128.xor", words({ lane: (a, b) => `(${a}^${b})` })],
    ["v128.bitselect", words({ lane: (a, b, c) => `(${a}&${c}|${b}&~${c})` })],
    ["i16x8.mul", words({ lane: (a, b) => `(Math.imul(${a},${b})&65535|Math.imul(${a}>>>16,${b}>>>16)<<16)` })],
    ["i32x4.dot_i16x8_s", words({ lane: (a, b) => `(Math.imul(${a}<<16>>16,${b}<<16>>16)+Math.imul(${a}>>16,${b}>>16)|0)` })],
    ["i32x4.extadd_pairwise_i16x8_s", words({ lane: (a) => `((${a}<<16>>16)+(${a}>>16)|0)` })],
    ["i32x4.extadd_pairwise_i16x8_u", words({ lane: (a) => `((${a}&65535)+(${a}>>>16)|0)` })],
    ["i16x8.extadd_pairwise_i8x16_u", words({ lane: (a) => `((${a}&16711935)+(${a}>>>8&16711935)|0)` })],
    ["i16x8.extadd_pairwise_i8x16_s", words({ lane: (a) => `((${a}<<24>>24)+(${a}<<16>>24)&65535|(${a}<<8>>24)+(${a}>>24)<<16)` })],
    [
      "i8x16.popcnt",
      words({
        steps: (a, _, to) => `t=${a}-(${a}>>>1&1431655765)|0;t=(t&858993459)+(t>>>2&858993459)|0;${to}=t+(t>>>4)&252645135;`,
      }),
    ],
  ];
  for (const [sign, of] of [
    ["s", signed],
    ["u", unsigned],
  ] as const) {
    forms.push([`i32x4.lt_${sign}`, compared("<", of)], [`i32x4.gt_${sign}`, compared(">", of)]);
    forms.push([`i32x4.le_${sign}`, compared("<=", of)], [`i32x4.ge_${sign}`, compared(">=", of)]);
    forms.push([`i32x4.min_${sign}`, chosen("<", of)], [`i32x4.max_${sign}`, chosen(">", of)]);
  }
  return forms;
}

/** The two lanes of 16 bits that the lower (0) or upper bytes of a word become. */
const widened = (word: string, upper: 0 | 1, sign: string): string => {
  if (sign === "u") return upper === 0 ? `(${word}&255|(${word}&65280)<<8)` : `(${word}>>>16&255|${word}>>>8&16711680)`;
  return upper === 0 ? `(${word}<<24>>24&65535|${word}<<16>>24<<16)` : `(${word}<<8>>24&65535|${word}>>24<<16)`;
};
const byteProducts = (a: string, b: string, upper: 0 | 1, sign: string): string => {
  const byte = (word: string, at: number): string => (sign === "u" ? `(${word}>>>${at}&255)` : `(${word}<<${24 - at}>>24)`);
  const at = upper * 16;
  return `(Math.imul(${byte(a, at)},${byte(b, at)})&65535|Math.imul(${byte(a, at + 8)},${byte(b, at + 8)})<<16)`;
};
const half = (word: string, upper: 0 | 1, sign: string): string => {
  if (upper === 1) return sign === "u" ? `(${word}>>>16)` : `(${word}>>16)`;
  return sign === "u" ? `(${word}&65535)` : `(${word}<<16>>16)`;
};

/** Forms whose result's lanes are of other width than the operands'. */
function wideningForms(): [string, VectorForm][] {
  const forms: [string, VectorForm][] = [];
  for (const sign of ["s", "u"]) {
    for (const [part, at] of [
      ["low", 0],
      ["high", 2],
    ] as const) {
      const each = (of: (a: string, b: string, upper: 0 | 1) => string): VectorForm =>
        words({ lanes: (a, b) => [at, at + 1].flatMap((w) => [of(a[w]!, b[w] ?? "", 0), of(a[w]!, b[w] ?? "", 1)]) });
      forms.push([`i16x8.extend_${part}_i8x16_${sign}`, each((a, _, upper) => widened(a, upper, sign))]);
      forms.push([`i32x4.extend_${part}_i16x8_${sign}`, each((a, _, upper) => half(a, upper, sign))]);
      forms.push([`i64x2.extend_${part}_i32x4_${sign}`, each((a, _, upper) => (upper === 0 ? a : sign === "u" ? "0" : `(${a}>>31)`))]);
      forms.push([`i16x8.extmul_${part}_i8x16_${sign}`, each((a, b, upper) => byteProducts(a, b, upper, sign))]);
      forms.push([
        `i32x4.extmul_${part}_i16x8_${sign}`,
        each((a, b, upper) => `Math.imul(${half(a, upper, sign)},${half(b, upper, sign)})`),
      ]);
    }
  }
  // Lanes below zero become zero, then those above 255 get all bits; the sum's sign bit says which these are.
  const bytes = (word: string, to: string): string =>
    `t=${word}&${W16.signs};${spread(W16)}t=${word}&~t;y=t;t=t+2130738944&${W16.signs};${spread(W16)}t=(y|t)&16711935;${to}=t&255|t>>>8&65280;`;
  forms.push([
    "i8x16.narrow_i16x8_u",
    words({
      program: (a, b, to) =>
        to.map((name, i) => `${bytes([...a, ...b][i * 2]!, "z")}${bytes([...a, ...b][i * 2 + 1]!, name)}${name}=z|${name}<<16;`).join(""),
    }),
  ]);
  const clamped = (word: string, low: number, high: number): string => `(${word}<${low}?${low}:${word}>${high}?${high}:${word})`;
  const halves = (low: number, high: number): VectorForm =>
    words({
      lanes: (a, b) =>
        [0, 1, 2, 3].map((i) => {
          const [x, y] = [[...a, ...b][i * 2]!, [...a, ...b][i * 2 + 1]!];
          return `(${clamped(x, low, high)}&65535|${clamped(y, low, high)}<<16)`;
        }),
    });
  forms.push(["i16x8.narrow_i32x4_s", halves(-32768, 32767)], ["i16x8.narrow_i32x4_u", halves(0, 65535)]);
  return forms;
}

/** Lanes of floats: what the scalar instructions do. */
function floatForms(): [string, VectorForm][] {
  const forms: [string, VectorForm][] = [];
  for (const [name, scalar, shape] of [
    ["f32x4", "f32", "f"],
    ["f64x2", "f64", "g"],
  ] as const) {
    for (const op of ["add", "sub", "mul", "div", "min", "max", "sqrt", "ceil", "floor", "trunc", "nearest", "abs", "neg"]) {
      const { text, leave } = numberForms.get(`${scalar}.${op}`)!;
      const form: VectorForm = { from: shape, to: shape, lane: text };
      forms.push([`${name}.${op}`, leave === undefined ? form : { ...form, leave: (a) => leave(a, "") }]);
    }
    for (const op of ["eq", "ne", "lt", "gt", "le", "ge"]) {
      const { text } = numberForms.get(`${scalar}.${op}`)!;
      const lane = (a: string, b: string): string => `(${text(a, b)}?-1:0)`;
      if (shape === "f") forms.push([`${name}.${op}`, { from: "f", to: "w", lane }]);
      else {
        const program = (a: readonly string[], b: readonly string[], to: readonly string[]): string =>
          `${to[0]}=${lane(a[0]!, b[0]!)};${to[1]}=${to[0]};${to[2]}=${lane(a[1]!, b[1]!)};${to[3]}=${to[2]};`;
        forms.push([`${name}.${op}`, { from: "g", to: "w", program }]);
      }
    }
    const add = numberForms.get(`${scalar}.add`)!.text;
    const mul = numberForms.get(`${scalar}.mul`)!.text;
    forms.push([`${name}.relaxed_madd`, { from: shape, to: shape, lane: (a, b, c) => add(mul(a, b), c) }]);
    forms.push([`${name}.relaxed_nmadd`, { from: shape, to: shape, lane: (a, b, c) => add(`(-${mul(a, b)})`, c) }]);
  }
  return forms;
}

function conversions(): [string, VectorForm][] {
  return [
    ["f32x4.convert_i32x4_s", { from: "w", to: "f", lane: (a) => `Math.fround(${a})` }],
    ["f32x4.convert_i32x4_u", { from: "w", to: "f", lane: (a) => `Math.fround(${a}>>>0)` }],
    ["f64x2.convert_low_i32x4_s", { from: "w", to: "g", lanes: (a) => [`(+${a[0]})`, `(+${a[1]})`] }],
    ["f64x2.convert_low_i32x4_u", { from: "w", to: "g", lanes: (a) => [`(${a[0]}>>>0)`, `(${a[1]}>>>0)`] }],
    ["f64x2.promote_low_f32x4", { from: "f", to: "g", lanes: (a) => [a[0]!, a[1]!] }],
    ["f32x4.demote_f64x2_zero", { from: "g", to: "f", lanes: (a) => [`Math.fround(${a[0]})`, `Math.fround(${a[1]})`, "0", "0"] }],
    ...(["s", "u"] as const).flatMap((sign): [string, VectorForm][] => {
      const name = `truncSat32${sign.toUpperCase()}`;
      return [
        [`i32x4.trunc_sat_f32x4_${sign}`, { from: "f", to: "w", lane: (a) => `${name}(${a})` }],
        [`i32x4.trunc_sat_f64x2_${sign}_zero`, { from: "g", to: "w", lanes: (a) => [`${name}(${a[0]})`, `${name}(${a[1]})`, "0", "0"] }],
      ];
    }),
  ];
}

/** By mnemonic. */
export const vectorForms: ReadonlyMap<string, VectorForm> = new Map([
  ...narrowForms("i8x16", W8),
  ...narrowForms("i16x8", W16),
  ...wordForms(),
  ...wideningForms(),
  ...floatForms(),
  ...conversions(),
]);

const everywhere = (lanes: readonly string[], width: Width): string =>
  `((${lanes.map((lane) => nonZero(lane, width)).join("&")})&${width.signs})===${width.signs}`;

/** By mnemonic; the operand is in words. */
export const reductions: ReadonlyMap<string, Reduction> = new Map<string, Reduction>([
  ["v128.any_true", { text: (lanes) => `(${lanes.join("|")})!==0`, condition: true }],
  ["i8x16.all_true", { text: (lanes) => everywhere(lanes, W8), condition: true }],
  ["i16x8.all_true", { text: (lanes) => everywhere(lanes, W16), condition: true }],
  ["i32x4.all_true", { text: (lanes) => lanes.map((lane) => `${lane}!==0`).join("&&"), condition: true }],
  ["i64x2.all_true", { text: ([a, b, c, d]) => `(${a}|${b})!==0&&(${c}|${d})!==0`, condition: true }],
  // The product gathers the four sign bits at the top: each is moved there by one bit of the factor.
  ["i8x16.bitmask", { text: (lanes) => lanes.map((lane, i) => `Math.imul(${lane}>>>7&16843009,270549120)>>>28<<${i * 4}`).join("|") }],
  ["i16x8.bitmask", { text: (lanes) => lanes.map((lane, i) => `(${lane}>>>15&1|${lane}>>>30&2)<<${i * 2}`).join("|") }],
  ["i32x4.bitmask", { text: (lanes) => lanes.map((lane, i) => `${lane}>>>31<<${i}`).join("|") }],
  ["i64x2.bitmask", { text: ([, a, , b]) => `${a}>>>31|${b}>>>31<<1` }],
]);

/** The low `bits` bits of `lane` in every lane of a word. */
function repeated(lane: number, { bits }: Width): number {
  return bits === 8 ? Math.imul(lane & 0xff, 0x01010101) : Math.imul(lane & 0xffff, 0x00010001);
}

/** Shift of lanes of 8 to 32 bits by `count`, a constant or for 32 bits also a name; undefined for another instruction. */
export function shiftForm(mnemonic: string, count: string, constant: number | undefined): VectorForm | undefined {
  switch (mnemonic) {
    case "i32x4.shl":
      return words({ lane: (a) => `(${a}<<${count})` });
    case "i32x4.shr_s":
      return words({ lane: (a) => `(${a}>>${count})` });
    case "i32x4.shr_u":
      return words({ lane: (a) => `(${a}>>>${count}|0)` });
    default:
      break;
  }
  const width = mnemonic.startsWith("i8x16.sh") ? W8 : mnemonic.startsWith("i16x8.sh") ? W16 : undefined;
  if (width === undefined || constant === undefined) return undefined;
  const by = constant & (width.bits - 1);
  if (mnemonic.endsWith(".shl")) return words({ lane: (a) => `(${a}<<${by}&${repeated(-1 << by, width)})` });
  const kept = repeated(((1 << width.bits) - 1) >>> by, width);
  if (mnemonic.endsWith(".shr_u")) return words({ lane: (a) => `(${a}>>>${by}&${kept})` });
  const sign = repeated((1 << (width.bits - 1)) >>> by, width);
  return words({ steps: (a, _, to) => `y=${a}>>>${by}&${kept}^(${sign});${to}=${difference("y", `(${sign})`, width)};` });
}

/** The shape in which an instruction reads its vector operands, or undefined where any will do. */
export function wantedShape(mnemonic: string): VectorShape | undefined {
  return vectorForms.get(mnemonic)?.from ?? (/store|replace_lane|extract_lane|splat|^v128\.(load|const)/.test(mnemonic) ? undefined : "w");
}
