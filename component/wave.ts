/**
 * Values of interfaces as text, in the notation of WAVE (WebAssembly Value Encoding), and as the JavaScript values that jco's
 * glue takes and gives. Everything goes by the value's type; nothing here runs a component.
 *
 * Beyond WAVE: a word that is an argument by itself needs no quotes when a string or char is wanted, and a resource is
 * written as a call of its constructor: `account("ann")`.
 */
import { shortestSingle } from "../vm/numeric.ts";
import { ComponentError } from "./errors.ts";
import { jsName } from "./names.ts";
import { type ComponentFuncType, type Resource, typeText, type ValueType } from "./types.ts";

/** Makes a resource of the arguments of its constructor. */
export type Construct = (resource: Resource, args: readonly unknown[]) => unknown;
/** A parsed value: it becomes one of JavaScript when the component is there to make its resources. */
export type ParsedValue = (construct: Construct) => unknown;

/** Finds the type of a resource's constructor; undefined for resources that have none. */
export type ConstructorType = (resource: Resource) => ComponentFuncType | undefined;

/** Parses one word as a value. Throws ComponentError "value-syntax", which says what was expected at which column. */
export function parseValue(type: ValueType, word: string, constructorType: ConstructorType = () => undefined): ParsedValue {
  const text = word.trim();
  const first = text[0];
  if (type.kind === "string" && first !== '"') return () => word;
  if (type.kind === "char" && first !== "'" && [...word].length === 1) return () => word;
  const parser = new Parser(text, constructorType);
  const value = parser.value(type);
  parser.end();
  return value;
}

const DIGITS = /[+-]?(?:0|[1-9]\d*)/y;
const FLOAT = /[+-]?(?:inf|nan|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)/y;
const NAME = /%?[a-zA-Z][a-zA-Z0-9]*(?:-[a-zA-Z0-9]+)*/y;
const ESCAPE = /\\(?:u\{([0-9a-fA-F]{1,6})\}|([\\'"ntr0]))/y;
const escapes: Readonly<Record<string, string>> = { "\\": "\\", "'": "'", '"': '"', n: "\n", t: "\t", r: "\r", 0: "\0" };
const integerBits: Readonly<Record<string, number>> = { s8: 8, u8: 8, s16: 16, u16: 16, s32: 32, u32: 32, s64: 64, u64: 64 };

class Parser {
  private readonly text: string;
  private readonly constructorType: ConstructorType;
  private at = 0;

  constructor(text: string, constructorType: ConstructorType) {
    this.text = text;
    this.constructorType = constructorType;
  }

  end(): void {
    this.space();
    if (this.at < this.text.length) throw this.wrong("the end");
  }

  value(type: ValueType): ParsedValue {
    this.space();
    switch (type.kind) {
      case "bool":
        return constant(this.choice(["true", "false"], type) === "true");
      case "f32":
      case "f64":
        return constant(this.float(type));
      case "char":
      case "string":
        return constant(this.quoted(type));
      case "record":
        return this.record(type);
      case "variant":
        return this.variant(type);
      case "list":
        return this.list(type);
      case "tuple":
        return this.tuple(type);
      case "flags":
        return this.flags(type);
      case "enum":
        return constant(this.choice(type.names, type));
      case "option":
        return this.option(type);
      case "result":
        return this.result(type);
      case "own":
      case "borrow":
        return this.resource(type);
      default:
        return constant(this.integer(type));
    }
  }

  private space(): void {
    while (/\s/.test(this.text[this.at] ?? "")) this.at++;
  }

  private wrong(expected: string): ComponentError {
    const found = this.at < this.text.length ? JSON.stringify(this.text.slice(this.at, this.at + 12)) : "the end";
    return new ComponentError("value-syntax", `expected ${expected} at column ${this.at + 1}, found ${found}`);
  }

  private match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0];
    if (found !== undefined) this.at += found.length;
    return found;
  }

  private take(text: string): boolean {
    this.space();
    if (!this.text.startsWith(text, this.at)) return false;
    this.at += text.length;
    return true;
  }

  private need(text: string): void {
    if (!this.take(text)) throw this.wrong(`"${text}"`);
  }

  /** A name, if there is one and it is among `names`; else nothing is read. */
  private name(names: readonly string[]): string | undefined {
    this.space();
    const start = this.at;
    const found = this.match(NAME)?.replace("%", "");
    if (found !== undefined && names.includes(found)) return found;
    this.at = start;
    return undefined;
  }

  private choice(names: readonly string[], type: ValueType): string {
    const found = this.name(names);
    if (found === undefined) throw this.wrong(typeText(type));
    return found;
  }

  private integer(type: ValueType): number | bigint {
    const start = this.at;
    const digits = this.match(DIGITS);
    if (digits === undefined) throw this.wrong(typeText(type));
    const bits = integerBits[type.kind]!;
    const value = BigInt(digits.replace("+", ""));
    const fits = type.kind.startsWith("s") ? BigInt.asIntN(bits, value) === value : BigInt.asUintN(bits, value) === value;
    if (!fits) {
      this.at = start;
      throw this.wrong(typeText(type));
    }
    return bits === 64 ? value : Number(value);
  }

  private float(type: ValueType): number {
    const text = this.match(FLOAT);
    if (text === undefined) throw this.wrong(typeText(type));
    const value = Number(text.replace("inf", "Infinity").replace(/[+-]?nan/, "NaN"));
    return type.kind === "f32" ? Math.fround(value) : value;
  }

  private quoted(type: ValueType): string {
    const quote = type.kind === "char" ? "'" : '"';
    if (!this.take(quote)) throw this.wrong(typeText(type));
    let out = "";
    for (;;) {
      const c = this.text[this.at];
      if (c === undefined) throw this.wrong(`a closing ${quote}`);
      if (c === quote) break;
      if (c === "\\") out += this.escape();
      else {
        out += c;
        this.at++;
      }
    }
    this.at++;
    if (type.kind === "char" && [...out].length !== 1) throw new ComponentError("value-syntax", `a char is one character, '${out}' is not`);
    return out;
  }

  private escape(): string {
    ESCAPE.lastIndex = this.at;
    const found = ESCAPE.exec(this.text);
    if (found === null) throw this.wrong("an escape");
    const code = found[1] === undefined ? 0 : Number.parseInt(found[1], 16);
    if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) throw this.wrong("a code point");
    this.at += found[0].length;
    return found[1] === undefined ? escapes[found[2]!]! : String.fromCodePoint(code);
  }

  /** Items between brackets, with commas between them; one may follow the last. */
  private items<T>(open: string, close: string, item: (index: number) => T): T[] {
    this.need(open);
    const found: T[] = [];
    while (!this.take(close)) {
      if (found.length > 0) {
        this.need(",");
        if (this.take(close)) break;
      }
      this.space();
      found.push(item(found.length));
    }
    return found;
  }

  private record(type: ValueType & { kind: "record" }): ParsedValue {
    const given = new Map<string, ParsedValue>();
    this.items("{", "}", () => {
      const name = this.choice(
        type.fields.map((field) => field.name),
        type,
      );
      this.need(":");
      given.set(name, this.value(type.fields.find((field) => field.name === name)!.type));
    });
    const fields = type.fields.map(({ name, type: fieldType }): [string, ParsedValue] => {
      const value = given.get(name) ?? (fieldType.kind === "option" ? constant(undefined) : undefined);
      if (value === undefined) throw new ComponentError("value-syntax", `field ${name} of ${typeText(type)} is missing`);
      return [jsName(name), value];
    });
    return (construct) => Object.fromEntries(fields.map(([name, value]) => [name, value(construct)]));
  }

  private payload(type: ValueType | undefined): ParsedValue {
    if (type === undefined) return constant(undefined);
    this.need("(");
    const value = this.value(type);
    this.need(")");
    return value;
  }

  private variant(type: ValueType & { kind: "variant" }): ParsedValue {
    const tag = this.choice(
      type.cases.map(({ name }) => name),
      type,
    );
    const value = this.payload(type.cases.find(({ name }) => name === tag)!.type);
    return (construct) => ({ tag, val: value(construct) });
  }

  private list(type: ValueType & { kind: "list" }): ParsedValue {
    const items = this.items("[", "]", () => this.value(type.item));
    if (type.length !== undefined && items.length !== type.length)
      throw new ComponentError("value-syntax", `${typeText(type)} has ${type.length} items, not ${items.length}`);
    return (construct) => {
      const values = items.map((item) => item(construct));
      const make = listMakers[type.item.kind];
      return make === undefined ? values : make(values);
    };
  }

  private tuple(type: ValueType & { kind: "tuple" }): ParsedValue {
    const { length } = type.items;
    const items = this.items("(", ")", (index) => {
      if (index >= length) throw this.wrong(`")" after ${length} items`);
      return this.value(type.items[index]!);
    });
    if (items.length !== length) throw new ComponentError("value-syntax", `${typeText(type)} has ${length} items, not ${items.length}`);
    return (construct) => items.map((item) => item(construct));
  }

  private flags(type: ValueType & { kind: "flags" }): ParsedValue {
    const given = new Set(this.items("{", "}", () => this.choice(type.names, type)));
    return () => Object.fromEntries(type.names.map((name) => [jsName(name), given.has(name)]));
  }

  private option(type: ValueType & { kind: "option" }): ParsedValue {
    const word = this.name(["some", "none"]);
    if (word === "none") return constant(noneOf(type));
    const value = word === "some" ? this.payload(type.item) : this.value(type.item);
    return type.item.kind === "option" ? (construct) => ({ tag: "some", val: value(construct) }) : value;
  }

  private result(type: ValueType & { kind: "result" }): ParsedValue {
    const word = this.name(["ok", "err"]);
    if (word === undefined && type.ok === undefined) throw this.wrong(typeText(type));
    if (word === undefined) {
      const value = this.value(type.ok!);
      return (construct) => ({ tag: "ok", val: value(construct) });
    }
    const value = this.payload(word === "ok" ? type.ok : type.error);
    return (construct) => ({ tag: word, val: value(construct) });
  }

  private resource(type: ValueType & { kind: "own" | "borrow" }): ParsedValue {
    const { resource } = type;
    const constructorType = this.constructorType(resource);
    if (resource.name === undefined || constructorType === undefined) {
      throw new ComponentError("value-syntax", `a value of ${typeText(type)} cannot be written: the resource has no constructor`);
    }
    this.choice([resource.name], type);
    const { params } = constructorType;
    const args = this.items("(", ")", (index) => {
      if (index >= params.length) throw this.wrong(`")" after ${params.length} arguments`);
      return this.value(params[index]!.type);
    });
    if (args.length !== params.length)
      throw new ComponentError("value-syntax", `${resource.name} is made of ${params.length} arguments, not ${args.length}`);
    return (construct) =>
      construct(
        resource,
        args.map((arg) => arg(construct)),
      );
  }
}

function constant(value: unknown): ParsedValue {
  return () => value;
}

/** In JavaScript only options in options need a tag. */
function noneOf(type: ValueType & { kind: "option" }): unknown {
  return type.item.kind === "option" ? { tag: "none" } : undefined;
}

/** Lists of numbers are typed arrays. */
const listMakers: Readonly<Record<string, (values: unknown[]) => unknown>> = {
  s8: (values) => Int8Array.from(values as number[]),
  u8: (values) => Uint8Array.from(values as number[]),
  s16: (values) => Int16Array.from(values as number[]),
  u16: (values) => Uint16Array.from(values as number[]),
  s32: (values) => Int32Array.from(values as number[]),
  u32: (values) => Uint32Array.from(values as number[]),
  s64: (values) => BigInt64Array.from(values as bigint[]),
  u64: (values) => BigUint64Array.from(values as bigint[]),
  f32: (values) => Float32Array.from(values as number[]),
  f64: (values) => Float64Array.from(values as number[]),
};

/** A value that the glue gave, as text that `parseValue` reads (but for resources, which are `<name>`). */
export function formatValue(type: ValueType, value: unknown): string {
  switch (type.kind) {
    case "bool":
      return String(value);
    case "f32":
    case "f64":
      return formatFloat(type.kind, Number(value));
    case "char":
      return quote("'", String(value));
    case "string":
      return quote('"', String(value));
    case "record":
      return `{${type.fields.map(({ name, type: each }) => `${name}: ${formatValue(each, field(value, name))}`).join(", ")}}`;
    case "variant": {
      const { tag, val } = value as Tagged;
      return formatCase(tag, type.cases.find(({ name }) => name === tag)?.type, val);
    }
    case "list":
      return `[${Array.from(value as Iterable<unknown>, (item) => formatValue(type.item, item)).join(", ")}]`;
    case "tuple":
      return `(${type.items.map((item, i) => formatValue(item, (value as readonly unknown[])[i])).join(", ")})`;
    case "flags":
      return `{${type.names.filter((name) => field(value, name) === true).join(", ")}}`;
    case "enum":
      return String(value);
    case "option":
      return formatOption(type, value);
    case "result": {
      const { tag, val } = value as Tagged;
      return formatCase(tag, tag === "ok" ? type.ok : type.error, val);
    }
    case "own":
    case "borrow":
      return `<${type.resource.name ?? "resource"}>`;
    default:
      return String(value);
  }
}

interface Tagged {
  readonly tag: string;
  readonly val?: unknown;
}

function field(value: unknown, name: string): unknown {
  return (value as Readonly<Record<string, unknown>>)[jsName(name)];
}

function formatCase(tag: string, type: ValueType | undefined, value: unknown): string {
  return type === undefined ? tag : `${tag}(${formatValue(type, value)})`;
}

function formatOption(type: ValueType & { kind: "option" }, value: unknown): string {
  if (type.item.kind !== "option") return value === undefined ? "none" : `some(${formatValue(type.item, value)})`;
  const { tag, val } = value as Tagged;
  return formatCase(tag, tag === "some" ? type.item : undefined, val);
}

function formatFloat(kind: "f32" | "f64", value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value < 0 ? "-inf" : "inf";
  if (Object.is(value, -0)) return "-0";
  return String(kind === "f64" ? value : shortestSingle(value));
}

function quote(mark: string, text: string): string {
  const inner = text.replace(/[\\'"\p{Cc}]/gu, (c) => {
    if (c === "\\" || c === mark) return `\\${c}`;
    if (c === "'" || c === '"') return c;
    const short = Object.keys(escapes).find((key) => escapes[key] === c && key !== "0");
    return short === undefined ? `\\u{${c.codePointAt(0)!.toString(16)}}` : `\\${short}`;
  });
  return mark + inner + mark;
}
