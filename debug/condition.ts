/**
 * Conditions of breakpoints: one comparison of two values, read once and evaluated wherever the machine stops. No more than
 * that: a condition that nobody understands stops nobody where he wants to be stopped.
 */
import { RewasmError } from "../vm/errors.ts";

/** A number, a local by index or name or a global by name, or the 32-bit word in memory at one of these. */
export type Operand =
  | { readonly kind: "number"; readonly value: number | bigint }
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "word"; readonly at: Operand };

const comparisons = {
  // In this way integers and floats compare exactly, and NaN equals nothing.
  "==": (a: number | bigint, b: number | bigint) => a <= b && a >= b,
  "!=": (a: number | bigint, b: number | bigint) => !(a <= b && a >= b),
  "<=": (a: number | bigint, b: number | bigint) => a <= b,
  ">=": (a: number | bigint, b: number | bigint) => a >= b,
  "<": (a: number | bigint, b: number | bigint) => a < b,
  ">": (a: number | bigint, b: number | bigint) => a > b,
} as const;

export interface Condition {
  readonly text: string;
  readonly left: Operand;
  readonly comparison: keyof typeof comparisons;
  readonly right: Operand;
}

/** What a condition is evaluated with. Both may throw RewasmError. */
export interface ConditionValues {
  /** Integers signed. */
  readonly valueOf: (name: string) => number | bigint;
  /** Signed. */
  readonly wordAt: (byteAddr: number) => number;
}

/** Reads `LEFT OP RIGHT`. Throws RewasmError "bad-condition". */
export function parseCondition(text: string): Condition {
  const match = /^\s*([^=!<>]+?)\s*(==|!=|<=|>=|<|>)\s*([^=!<>]+?)\s*$/.exec(text);
  if (match === null) {
    throw new RewasmError(
      "bad-condition",
      `${JSON.stringify(text)} is no condition: write a comparison like $0 == 5, count >= 10 or [0x400] != 0`,
    );
  }
  const comparison = match[2] as keyof typeof comparisons;
  return { text: text.trim(), left: parseOperand(match[1]!), comparison, right: parseOperand(match[3]!) };
}

function parseOperand(text: string): Operand {
  const word = /^\[(.+)\]$/.exec(text);
  if (word !== null) return { kind: "word", at: parseOperand(word[1]!.trim()) };
  if (/^[+-]?(\d+|0x[0-9a-f]+)$/i.test(text)) {
    const digits = BigInt(text.replace(/^[+-]/, ""));
    return { kind: "number", value: text.startsWith("-") ? -digits : digits };
  }
  if (/^[+-]?\d+\.\d*(e[+-]?\d+)?$/i.test(text)) return { kind: "number", value: Number(text) };
  if (/^\d/.test(text) || /\s/.test(text)) throw new RewasmError("bad-condition", `${JSON.stringify(text)} is no number and no name`);
  return { kind: "name", name: text };
}

/** Whether the condition holds. Throws what looking up values throws. */
export function holds({ left, comparison, right }: Condition, values: ConditionValues): boolean {
  return comparisons[comparison](evaluate(left, values), evaluate(right, values));
}

function evaluate(operand: Operand, values: ConditionValues): number | bigint {
  switch (operand.kind) {
    case "number":
      return operand.value;
    case "name":
      return values.valueOf(operand.name);
    case "word":
      return values.wordAt(Number(BigInt.asUintN(32, BigInt(evaluate(operand.at, values)))));
  }
}
