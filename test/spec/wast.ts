/**
 * A .wast script as a list of commands (spec: interpreter/script): modules as sources, arguments and expected results
 * as exact bits. Nothing is encoded or executed here.
 */
import { parseFloatBits, parseIntBits } from "./literal.ts";
import { headOf, type List, type Node, parseSexprs, textOf } from "./sexpr.ts";

export type NumType = "i32" | "i64" | "f32" | "f64" | "v128";

/** An argument or result: numbers by their bits; a reference by what the script can say about it. */
export type WastValue =
  | { readonly kind: NumType; readonly bits: bigint }
  | { readonly kind: "null" }
  /** A reference of the host, numbered by the script. */
  | { readonly kind: "host"; readonly number: number }
  /** Some function. */
  | { readonly kind: "func" }
  /** Any other non-null reference; scripts of the core language cannot make one. */
  | { readonly kind: "other"; readonly heap: string };

export type Pattern =
  | { readonly kind: "value"; readonly value: WastValue }
  | { readonly kind: "nan"; readonly type: "f32" | "f64"; readonly class: "canonical" | "arithmetic" }
  | { readonly kind: "lanes"; readonly laneBits: number; readonly lanes: readonly Pattern[] }
  /** Any non-null reference whose heap type is this one. */
  | { readonly kind: "ref"; readonly heap: string }
  | { readonly kind: "either"; readonly patterns: readonly Pattern[] };

/** A module as the script gives it: text for the converter, or bytes. `node` is its tree, for questions about features. */
export interface ModuleSource {
  readonly form: "text" | "quote" | "binary";
  readonly name: string | undefined;
  readonly text: string;
  readonly bytes: Uint8Array;
  readonly node: Node | undefined;
}

export interface Action {
  readonly kind: "invoke" | "get";
  /** Name of the instance, or undefined for the latest one. */
  readonly instance: string | undefined;
  readonly field: string;
  readonly args: readonly WastValue[];
}

export type Command = { readonly line: number } & (
  | { readonly type: "module" | "definition"; readonly module: ModuleSource }
  | { readonly type: "instance"; readonly name: string | undefined; readonly definition: string | undefined }
  | { readonly type: "register"; readonly as: string; readonly instance: string | undefined }
  | { readonly type: "action"; readonly action: Action }
  | { readonly type: "assert_return"; readonly action: Action; readonly expected: readonly Pattern[] }
  | { readonly type: "assert_exception"; readonly action: Action }
  | { readonly type: "assert_trap" | "assert_exhaustion"; readonly action: Action; readonly message: string }
  | {
      readonly type: "assert_invalid" | "assert_malformed" | "assert_unlinkable" | "assert_uninstantiable";
      readonly module: ModuleSource;
      readonly message: string;
    }
  /** A command of a proposal that is not read here. */
  | { readonly type: "unknown"; readonly what: string }
);

const COMMANDS = /^(module|instance|register|invoke|get|assert_\w+|thread|wait|input|output|script)$/;

/** Reads a script. Throws SyntaxError with the line when it cannot be read. */
export function parseWast(source: string): Command[] {
  const nodes = parseSexprs(source);
  if (!nodes.some((node) => COMMANDS.test(headOf(node)))) return [inlineModule(source, nodes)];
  return nodes.map((node) => {
    try {
      return commandOf(source, listOf(node));
    } catch (error) {
      if (error instanceof SyntaxError) throw new SyntaxError(`line ${node.line}: ${error.message}`);
      throw error;
    }
  });
}

/** A script may be nothing but the fields of one module. */
function inlineModule(source: string, nodes: readonly Node[]): Command {
  const node: List = { kind: "list", items: nodes, start: 0, end: source.length, line: 1 };
  return { line: 1, type: "module", module: { form: "text", name: undefined, text: `(module ${source}\n)`, bytes: NO_BYTES, node } };
}

const NO_BYTES = new Uint8Array(0);

function commandOf(source: string, list: List): Command {
  const { line, items } = list;
  const head = headOf(list);
  switch (head) {
    case "module":
      return moduleCommand(source, list);
    case "instance":
      return { line, type: "instance", name: nameAt(items, 1), definition: nameAt(items, 2) };
    case "register":
      return { line, type: "register", as: stringAt(items, 1), instance: nameAt(items, 2) };
    case "invoke":
    case "get":
      return { line, type: "action", action: actionOf(list) };
    case "assert_return":
      return { line, type: head, action: actionOf(listOf(items[1])), expected: items.slice(2).map(patternOf) };
    case "assert_trap":
      if (headOf(items[1]) === "module") {
        return { line, type: "assert_uninstantiable", module: moduleSource(source, listOf(items[1])), message: stringAt(items, 2) };
      }
      return { line, type: head, action: actionOf(listOf(items[1])), message: stringAt(items, 2) };
    case "assert_exception":
      return { line, type: head, action: actionOf(listOf(items[1])) };
    case "assert_exhaustion":
      return { line, type: head, action: actionOf(listOf(items[1])), message: stringAt(items, 2) };
    case "assert_invalid":
    case "assert_malformed":
    case "assert_unlinkable":
      return { line, type: head, module: moduleSource(source, listOf(items[1])), message: stringAt(items, 2) };
    default:
      return { line, type: "unknown", what: head };
  }
}

function moduleCommand(source: string, list: List): Command {
  const { line, items } = list;
  const second = items[1];
  const word = second?.kind === "atom" ? second.text : "";
  if (word === "instance") return { line, type: "instance", name: nameAt(items, 2), definition: nameAt(items, 3) };
  return { line, type: word === "definition" ? "definition" : "module", module: moduleSource(source, list) };
}

function moduleSource(source: string, list: List): ModuleSource {
  let { items } = list;
  let text = source.slice(list.start, list.end);
  const second = items[1];
  if (second?.kind === "atom" && second.text === "definition") {
    text = `(module${source.slice(second.end, list.end)}`;
    items = [items[0]!, ...items.slice(2)];
  }
  const name = nameAt(items, 1);
  const rest = items.slice(name === undefined ? 1 : 2);
  const form = rest[0]?.kind === "atom" ? rest[0].text : "";
  if (form === "binary") {
    return { form, name, text: "", bytes: joinStrings(rest.slice(1)), node: undefined };
  }
  if (form === "quote") return quotedSource(name, joinStrings(rest.slice(1)));
  return { form: "text", name, text, bytes: NO_BYTES, node: list };
}

function quotedSource(name: string | undefined, bytes: Uint8Array): ModuleSource {
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  let nodes: readonly Node[] = [];
  try {
    nodes = parseSexprs(text);
  } catch {
    // Malformed on purpose; the converter says so.
  }
  const whole = headOf(nodes[0]) === "module";
  const node: Node = { kind: "list", items: nodes, start: 0, end: text.length, line: 1 };
  return { form: "quote", name, text: whole ? text : `(module ${text}\n)`, bytes: NO_BYTES, node };
}

function joinStrings(nodes: readonly Node[]): Uint8Array {
  const parts = nodes.map((node) => (node.kind === "string" ? node.bytes : NO_BYTES));
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function actionOf(list: List): Action {
  const kind = headOf(list);
  if (kind !== "invoke" && kind !== "get") throw new SyntaxError(`not an action: ${kind}`);
  const instance = nameAt(list.items, 1);
  const fieldAt = instance === undefined ? 1 : 2;
  return { kind, instance, field: stringAt(list.items, fieldAt), args: list.items.slice(fieldAt + 1).map(argumentOf) };
}

function listOf(node: Node | undefined): List {
  if (node?.kind !== "list") throw new SyntaxError("a list is missing");
  return node;
}

function stringAt(items: readonly Node[], index: number): string {
  const node = items[index];
  if (node?.kind !== "string") throw new SyntaxError("a string is missing");
  return textOf(node);
}

/** A `$name`, or undefined when that item is something else. */
function nameAt(items: readonly Node[], index: number): string | undefined {
  const node = items[index];
  return node?.kind === "atom" && node.text.startsWith("$") ? node.text : undefined;
}

function atoms(list: List): string[] {
  return list.items.map((item) => (item.kind === "atom" ? item.text : ""));
}

function argumentOf(node: Node): WastValue {
  const pattern = patternOf(node);
  if (pattern.kind === "value") return pattern.value;
  if (pattern.kind === "lanes") return { kind: "v128", bits: lanesBits(pattern.laneBits, pattern.lanes) };
  throw new SyntaxError("an argument must be a value");
}

function lanesBits(laneBits: number, lanes: readonly Pattern[]): bigint {
  let bits = 0n;
  for (const [i, lane] of lanes.entries()) {
    if (lane.kind !== "value" || !("bits" in lane.value)) throw new SyntaxError("a lane must be a number");
    bits |= lane.value.bits << BigInt(i * laneBits);
  }
  return bits;
}

function patternOf(node: Node): Pattern {
  const list = listOf(node);
  const [head = "", first = "", ...more] = atoms(list);
  switch (head) {
    case "i32.const":
      return { kind: "value", value: { kind: "i32", bits: parseIntBits(first, 32) } };
    case "i64.const":
      return { kind: "value", value: { kind: "i64", bits: parseIntBits(first, 64) } };
    case "f32.const":
      return floatPattern(first, "f32", 32);
    case "f64.const":
      return floatPattern(first, "f64", 64);
    case "v128.const":
      return lanesPattern(first, more);
    case "ref.null":
      return { kind: "value", value: { kind: "null" } };
    case "ref.extern":
    case "ref.host":
      if (first === "") return { kind: "ref", heap: "extern" };
      return { kind: "value", value: { kind: "host", number: Number(first) } };
    case "either":
      return { kind: "either", patterns: list.items.slice(1).map(patternOf) };
    default:
      if (head.startsWith("ref.")) return { kind: "ref", heap: head.slice(4) };
      throw new SyntaxError(`not a value: ${head}`);
  }
}

function floatPattern(text: string, type: "f32" | "f64", width: 32 | 64): Pattern {
  if (text === "nan:canonical" || text === "nan:arithmetic")
    return { kind: "nan", type, class: text === "nan:canonical" ? "canonical" : "arithmetic" };
  return { kind: "value", value: { kind: type, bits: parseFloatBits(text, width) } };
}

function lanesPattern(shape: string, texts: readonly string[]): Pattern {
  const match = /^([if])(8|16|32|64)x(\d+)$/.exec(shape);
  if (match === null || texts.length !== Number(match[3])) throw new SyntaxError(`not a v128 constant: ${shape}`);
  const laneBits = Number(match[2]) as 8 | 16 | 32 | 64;
  const lanes = texts.map((text): Pattern => {
    if (match[1] === "i") return { kind: "value", value: { kind: "i64", bits: parseIntBits(text, laneBits) } };
    return laneBits === 32 ? floatPattern(text, "f32", 32) : floatPattern(text, "f64", 64);
  });
  return { kind: "lanes", laneBits, lanes };
}
