/** Values as text: what parses, into which JavaScript values, and that what is printed reads back the same. */
import { expect } from "chai";
import { describe, it } from "mocha";
import { ComponentError } from "../../component/errors.ts";
import type { ComponentFuncType, Resource, ValueType } from "../../component/types.ts";
import { formatValue, parseValue } from "../../component/wave.ts";
import { mulberry32 } from "../support/random.ts";

const u8: ValueType = { kind: "u8" };
const string: ValueType = { kind: "string" };
const option = (item: ValueType): ValueType => ({ kind: "option", item });
const list = (item: ValueType): ValueType => ({ kind: "list", item, length: undefined });
const point: ValueType = {
  kind: "record",
  fields: [
    { name: "x-pos", type: u8 },
    { name: "label", type: option(string) },
  ],
};
const shape: ValueType = {
  kind: "variant",
  cases: [
    { name: "dot", type: undefined },
    { name: "line", type: point },
  ],
};
const marks: ValueType = { kind: "flags", names: ["a", "b-c"] };
const outcome: ValueType = { kind: "result", ok: u8, error: string };

function parse(type: ValueType, word: string): unknown {
  return parseValue(
    type,
    word,
  )(() => {
    throw new Error("no resources here");
  });
}

describe("values of interfaces as text", () => {
  const cases: readonly (readonly [type: ValueType, word: string, value: unknown, printed?: string])[] = [
    [{ kind: "bool" }, "true", true],
    [u8, "255", 255],
    [{ kind: "s8" }, "-128", -128],
    [{ kind: "u64" }, "18446744073709551615", 18446744073709551615n],
    [{ kind: "s64" }, "-9223372036854775808", -9223372036854775808n],
    [{ kind: "f64" }, "-0.25e3", -250, "-250"],
    [{ kind: "f64" }, "-inf", Number.NEGATIVE_INFINITY],
    [{ kind: "f32" }, "0.1", Math.fround(0.1)],
    [{ kind: "char" }, "'\\u{1F600}'", "😀", "'😀'"],
    [{ kind: "char" }, "x", "x", "'x'"],
    [{ kind: "char" }, "'\\''", "'"],
    [string, '"a\\n\\"b\\" \\u{e9}\\\\"', 'a\n"b" é\\', '"a\\n\\"b\\" é\\\\"'],
    [string, "just words, unquoted", "just words, unquoted", '"just words, unquoted"'],
    [list(string), '["a", "b",]', ["a", "b"], '["a", "b"]'],
    [list(u8), "[1,2]", Uint8Array.of(1, 2), "[1, 2]"],
    [list({ kind: "bool" }), "[]", []],
    [{ kind: "tuple", items: [u8, string] }, '(1, "x")', [1, "x"]],
    [point, '{label: some("p"), x-pos: 1}', { xPos: 1, label: "p" }, '{x-pos: 1, label: some("p")}'],
    [point, "{x-pos: 1}", { xPos: 1, label: undefined }, "{x-pos: 1, label: none}"],
    [shape, "dot", { tag: "dot", val: undefined }],
    [shape, "line({x-pos: 2})", { tag: "line", val: { xPos: 2, label: undefined } }, "line({x-pos: 2, label: none})"],
    [marks, "{b-c}", { a: false, bC: true }],
    [{ kind: "enum", names: ["red", "none"] }, "%none", "none", "none"],
    [option(u8), "none", undefined],
    [option(u8), "7", 7, "some(7)"],
    [option(option(u8)), "some(none)", { tag: "some", val: undefined }],
    [option(option(u8)), "none", { tag: "none" }],
    [outcome, "ok(3)", { tag: "ok", val: 3 }],
    [outcome, "3", { tag: "ok", val: 3 }, "ok(3)"],
    [outcome, 'err("no")', { tag: "err", val: "no" }],
    [{ kind: "result", ok: undefined, error: undefined }, "err", { tag: "err", val: undefined }],
  ];
  for (const [type, word, value, printed] of cases) {
    it(`reads ${word}`, () => {
      expect(parse(type, word)).to.deep.equal(value);
      expect(formatValue(type, value)).to.equal(printed ?? word);
    });
  }

  const wrong: readonly (readonly [type: ValueType, word: string, message: RegExp])[] = [
    [u8, "256", /expected u8 at column 1, found "256"/],
    [u8, "-1", /expected u8/],
    [u8, "1 2", /expected the end at column 3/],
    [u8, "", /expected u8 at column 1, found the end/],
    [{ kind: "bool" }, "yes", /expected bool/],
    [{ kind: "char" }, "'ab'", /a char is one character/],
    [string, '"open', /expected a closing " at column 6/],
    [string, '"\\u{d800}"', /expected a code point/],
    [list(u8), "[1 2]", /expected "," at column 4/],
    [point, "{label: none}", /field x-pos of record .* is missing/],
    [point, "{y: 1}", /expected record/],
    [{ kind: "tuple", items: [u8] }, "(1, 2)", /expected "\)" after 1 items/],
    [{ kind: "list", item: u8, length: 2 }, "[1]", /has 2 items, not 1/],
    [shape, "circle", /expected variant \{ dot, line/],
    [{ kind: "own", resource: { kind: "resource", name: "file", from: undefined } }, "file()", /cannot be written/],
  ];
  for (const [type, word, message] of wrong) {
    it(`refuses ${JSON.stringify(word)} for ${type.kind}`, () => {
      expect(() => parse(type, word)).to.throw(ComponentError, message);
    });
  }

  it("writes a resource as a call of its constructor", () => {
    const resource: Resource = { kind: "resource", name: "account", from: undefined };
    const constructorType: ComponentFuncType = {
      kind: "func",
      params: [{ name: "owner", type: string }],
      result: { kind: "own", resource },
    };
    const borrow: ValueType = { kind: "borrow", resource };
    const made = parseValue(list(borrow), '[account("ann"), account("bob")]', () => constructorType)((_, args) => ({ args }));
    expect(made).to.deep.equal([{ args: ["ann"] }, { args: ["bob"] }]);
    expect(() => parseValue(borrow, "account()", () => constructorType)).to.throw(ComponentError, /made of 1 arguments, not 0/);
    expect(formatValue({ kind: "own", resource }, made)).to.equal("<account>");
  });

  it("reads back what it prints, for random types and values", () => {
    const random = new Dice(0x3a7e);
    for (let i = 0; i < 2000; i++) {
      const type = randomType(random, 3);
      const value = randomValue(random, type);
      const text = formatValue(type, value);
      expect(parse(type, text), text).to.deep.equal(value);
    }
  });
});

class Dice {
  private readonly next: () => number;
  constructor(seed: number) {
    this.next = mulberry32(seed);
  }

  /** A whole number from 0 to `limit` - 1. */
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }
}

function randomType(random: Dice, depth: number): ValueType {
  const kind = random.below(depth === 0 ? 8 : 16);
  const inner = (): ValueType => randomType(random, depth - 1);
  const names = ["one", "two-fold", "three", "some", "ok"];
  switch (kind) {
    case 0:
      return { kind: "bool" };
    case 1:
      return { kind: "s32" };
    case 2:
      return { kind: "u64" };
    case 3:
      return { kind: "f64" };
    case 4:
      return { kind: "char" };
    case 5:
    case 6:
      return { kind: "enum", names };
    case 7:
      return { kind: "flags", names };
    case 8:
    case 9:
      return { kind: "record", fields: names.map((name) => ({ name, type: inner() })) };
    case 10:
      return { kind: "variant", cases: names.map((name) => ({ name, type: random.below(2) === 0 ? undefined : inner() })) };
    case 11:
      return list(inner());
    case 12:
      return { kind: "tuple", items: [inner(), inner()] };
    case 13:
      return option(inner());
    case 14:
      return { kind: "result", ok: inner(), error: inner() };
    default:
      return list(string);
  }
}

const CHARACTERS = ["a", '"', "'", "\\", "\n", "\u0000", "\u001b", "é", "😀", "{"];

function randomValue(random: Dice, type: ValueType): unknown {
  switch (type.kind) {
    case "bool":
      return random.below(2) === 1;
    case "s32":
      return random.below(2 ** 31) - 2 ** 30;
    case "u64":
      return BigInt(random.below(2 ** 31)) << BigInt(random.below(33));
    case "f64":
      return [0, -0, 1.5, -1e300, Number.NaN, Number.POSITIVE_INFINITY, 5e-324][random.below(7)];
    case "char":
      return CHARACTERS[random.below(CHARACTERS.length)];
    case "string":
      return Array.from({ length: random.below(5) }, () => CHARACTERS[random.below(CHARACTERS.length)]).join("");
    case "enum":
      return type.names[random.below(type.names.length)];
    case "flags":
      return Object.fromEntries(type.names.map((name) => [name === "two-fold" ? "twoFold" : name, random.below(2) === 1]));
    case "record":
      return Object.fromEntries(
        type.fields.map(({ name, type: each }) => [name === "two-fold" ? "twoFold" : name, randomValue(random, each)]),
      );
    case "variant": {
      const { name: tag, type: payload } = type.cases[random.below(type.cases.length)]!;
      return { tag, val: payload === undefined ? undefined : randomValue(random, payload) };
    }
    case "list": {
      const items = Array.from({ length: random.below(4) }, () => randomValue(random, type.item));
      if (type.item.kind === "s32") return Int32Array.from(items as number[]);
      if (type.item.kind === "u64") return BigUint64Array.from(items as bigint[]);
      return type.item.kind === "f64" ? Float64Array.from(items as number[]) : items;
    }
    case "tuple":
      return type.items.map((item) => randomValue(random, item));
    case "option": {
      const some = random.below(2) === 1;
      if (type.item.kind === "option") return some ? { tag: "some", val: randomValue(random, type.item) } : { tag: "none" };
      return some ? randomValue(random, type.item) : undefined;
    }
    case "result":
      return random.below(2) === 1
        ? { tag: "ok", val: randomValue(random, type.ok!) }
        : { tag: "err", val: randomValue(random, type.error!) };
    default:
      throw new Error(`no values of ${type.kind}`);
  }
}
