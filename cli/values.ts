/** Values of wasm functions as words of the command line and as lines of output. Text only, no machine. */
import { shortestSingle } from "../vm/numeric.ts";
import { type FuncType, ValType, valTypeName } from "../vm/types.ts";
import type { Value } from "../vm/value.ts";
import { usageError } from "./errors.ts";

/** Parses the words after the program as arguments of `func`. Throws a usage error that names the wrong one. */
export function parseArguments(func: string, type: FuncType, words: readonly string[]): Value[] {
  const { params } = type;
  if (words.length !== params.length) {
    const takes = `${func} takes ${params.length} argument${params.length === 1 ? "" : "s"} (${params.map(valTypeName).join(", ")})`;
    throw usageError(`${takes}, ${words.length} given`);
  }
  return params.map((param, i) => {
    const value = parseValue(param, words[i]!);
    if (value === undefined) throw usageError(`argument ${i + 1} of ${func}: "${words[i]}" is no ${valTypeName(param)}`);
    return value;
  });
}

function parseValue(type: ValType, word: string): Value | undefined {
  switch (type) {
    case ValType.I32: {
      const value = parseInteger(word, 32n);
      return value === undefined ? undefined : Number(BigInt.asIntN(32, value));
    }
    case ValType.I64: {
      const value = parseInteger(word, 64n);
      return value === undefined ? undefined : BigInt.asIntN(64, value);
    }
    case ValType.V128: {
      const value = parseInteger(word, 128n);
      return value === undefined ? undefined : BigInt.asUintN(128, value);
    }
    case ValType.F32:
    case ValType.F64:
      return parseFloatWord(word);
    case ValType.FuncRef:
    case ValType.ExternRef:
      return word === "null" ? 0 : undefined;
    default:
      return undefined;
  }
}

/** Decimal or 0x…, with an optional sign, signed or unsigned range of the type. */
function parseInteger(word: string, bits: bigint): bigint | undefined {
  const match = /^([+-]?)(0x[0-9a-f]+|[0-9]+)$/i.exec(word.replace(/(?<=[0-9a-f])_(?=[0-9a-f])/gi, ""));
  if (match === null) return undefined;
  const value = match[1] === "-" ? -BigInt(match[2]!) : BigInt(match[2]!);
  return value >= -(1n << (bits - 1n)) && value < 1n << bits ? value : undefined;
}

function parseFloatWord(word: string): number | undefined {
  const match = /^([+-]?)(inf|infinity|nan)$/i.exec(word);
  if (match !== null) {
    if (match[2]!.toLowerCase() === "nan") return Number.NaN;
    return match[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(word) ? Number(word) : undefined;
}

/** One line per result: integers signed, vectors as 128 bits in hexadecimal, floats in the shortest decimal form that reads back to the same value. */
export function formatResults(type: FuncType, values: readonly Value[]): string[] {
  return type.results.map((result, i) => formatValue(result, values[i]!));
}

function formatValue(type: ValType, value: Value): string {
  switch (type) {
    case ValType.V128:
      return `0x${value.toString(16).padStart(32, "0")}`;
    case ValType.F32:
      return formatFloat(Number(value), shortestSingle);
    case ValType.F64:
      return formatFloat(Number(value), Number);
    case ValType.FuncRef:
    case ValType.ExternRef:
      return value === 0 ? "null" : `<${valTypeName(type)}>`;
    default:
      return String(value);
  }
}

function formatFloat(value: number, shortest: (value: number) => number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value < 0 ? "-inf" : "inf";
  return Object.is(value, -0) ? "-0" : String(shortest(value));
}
