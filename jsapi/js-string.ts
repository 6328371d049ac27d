/**
 * The builtin set "js-string" (JS API, "JS String Builtins"): functions over strings of JavaScript that a module may import from
 * "wasm:js-string". Host functions like any other: their calls are events. Nothing here reads what the program could have changed.
 * The one that writes into an array is char-array.ts's.
 */
import { type FieldType, type FuncType, type Module, nonNull, PackedType, type TypeDef, typeIndexOf, ValType } from "../vm/types.ts";
import type { CharSource } from "./char-array.ts";
import type { Callable } from "./functions.ts";

/** What a builtin needs of its namespace. */
export interface BuiltinSurroundings {
  /** What a trap is to JavaScript. */
  trap(message: string): Error;
  /** The 16-bit elements of an array of wasm that are at `[start, end)`; undefined for null or when they are not all there. */
  readChars(array: unknown, start: number, end: number): Uint16Array | undefined;
  /** The builtin that writes an array, made when it is first asked for. */
  intoCharCodeArray(source: CharSource): Callable;
}

/** Parameters and results; "chars" is a nullable reference to a mutable array of i16. */
type BuiltinType = readonly [params: readonly (ValType | "chars")[], result: ValType];

const { I32, ExternRef } = ValType;
const STRING = nonNull(ExternRef);

const builtinTypes: Readonly<Record<string, BuiltinType>> = {
  cast: [[ExternRef], STRING],
  test: [[ExternRef], I32],
  fromCharCodeArray: [["chars", I32, I32], STRING],
  intoCharCodeArray: [[ExternRef, "chars", I32], I32],
  fromCharCode: [[I32], STRING],
  fromCodePoint: [[I32], STRING],
  charCodeAt: [[ExternRef, I32], I32],
  codePointAt: [[ExternRef, I32], I32],
  length: [[ExternRef], I32],
  concat: [[ExternRef, ExternRef], STRING],
  substring: [[ExternRef, I32, I32], STRING],
  equals: [[ExternRef, ExternRef], I32],
  compare: [[ExternRef, ExternRef], I32],
};

/** Whether there is a builtin of the name. */
export function isStringBuiltin(name: string): boolean {
  return Object.hasOwn(builtinTypes, name);
}

/** Whether the builtin of the name may be imported with a type, whose references name types of the module. */
export function stringBuiltinMatches(module: Module, name: string, { params, results }: FuncType): boolean {
  const [expected, result] = builtinTypes[name]!;
  if (params.length !== expected.length || results.length !== 1) return false;
  // A result may be taken for less than it is, a parameter be given more than is needed.
  if (results[0] !== result && !(result === STRING && results[0] === ExternRef)) return false;
  return expected.every((type, i) =>
    type === "chars" ? isCharArray(module, params[i]!) : params[i] === type || (type === ExternRef && params[i] === STRING),
  );
}

/** Whether a type is a reference to `(array (mut i16))`, declared by itself. */
function isCharArray(module: Module, type: ValType): boolean {
  const def: TypeDef | undefined = module.types[typeIndexOf(type)];
  if (def === undefined || def.kind !== "array" || !def.final || def.supertype >= 0 || def.groupSize !== 1) return false;
  const { type: element, mutable } = def.fields[0] as FieldType;
  return element === PackedType.I16 && mutable;
}

const { fromCharCode, fromCodePoint } = String;
const MOST_CODE_POINT = 0x10_ffff;

/** The builtins by name, as functions of JavaScript over what their types become. */
export function stringBuiltins(surroundings: BuiltinSurroundings): Readonly<Record<string, (...args: never[]) => unknown>> {
  const { trap, readChars } = surroundings;
  const text = (value: unknown): string => {
    if (typeof value !== "string") throw trap("illegal cast: not a string");
    return value;
  };
  const outOfBounds = (): Error => trap("string offset out of bounds");
  const source: CharSource = {
    length: (value) => text(value).length,
    four: (value, at) => {
      const string = text(value);
      let codes = 0n;
      for (let i = 3; i >= 0; i--) codes = (codes << 16n) | BigInt(at + i < string.length ? string.charCodeAt(at + i) : 0);
      return codes;
    },
  };
  return {
    get intoCharCodeArray() {
      return surroundings.intoCharCodeArray(source);
    },
    cast: text,
    test: (value: unknown) => (typeof value === "string" ? 1 : 0),
    fromCharCodeArray: (array: unknown, start: number, end: number) => {
      const chars = readChars(array, start >>> 0, end >>> 0);
      if (chars === undefined) throw trap("array offset out of bounds");
      let made = "";
      // In pieces: a call cannot have any number of arguments.
      for (let at = 0; at < chars.length; at += 4096) made += fromCharCode(...chars.subarray(at, at + 4096));
      return made;
    },
    fromCharCode: (code: number) => fromCharCode(code),
    fromCodePoint: (code: number) => {
      if (code >>> 0 > MOST_CODE_POINT) throw trap("invalid code point");
      return fromCodePoint(code);
    },
    charCodeAt: (value: unknown, index: number) => {
      const string = text(value);
      if (index >>> 0 >= string.length) throw outOfBounds();
      return string.charCodeAt(index >>> 0);
    },
    codePointAt: (value: unknown, index: number) => {
      const string = text(value);
      if (index >>> 0 >= string.length) throw outOfBounds();
      return string.codePointAt(index >>> 0);
    },
    length: (value: unknown) => text(value).length,
    concat: (first: unknown, second: unknown) => text(first) + text(second),
    substring: (value: unknown, start: number, end: number) => {
      const string = text(value);
      return start >>> 0 > end >>> 0 || start >>> 0 > string.length ? "" : string.substring(start >>> 0, end >>> 0);
    },
    equals: (first: unknown, second: unknown) => {
      if (first === null || second === null) return first === second ? 1 : 0;
      return text(first) === text(second) ? 1 : 0;
    },
    compare: (first: unknown, second: unknown) => {
      const [a, b] = [text(first), text(second)];
      return a < b ? -1 : a === b ? 0 : 1;
    },
  };
}
