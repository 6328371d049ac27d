/**
 * All traps in one table (spec: execution, "trap"). A trap is a value in the machine state, never a JavaScript
 * exception; its code is stored in traces, so numbers never change. Messages are the official suite's wording.
 */
export const Trap = {
  None: 0,
  Unreachable: 1,
  MemoryOutOfBounds: 2,
  TableOutOfBounds: 3,
  UndefinedElement: 4,
  UninitializedElement: 5,
  IndirectCallTypeMismatch: 6,
  IntegerDivideByZero: 7,
  IntegerOverflow: 8,
  InvalidConversionToInteger: 9,
  CallStackExhausted: 10,
  /** The host threw through wasm frames: what it threw stays with the host, the trace holds its text. */
  HostThrow: 11,
  NullReference: 12,
  NullFunction: 13,
} as const;
export type Trap = (typeof Trap)[keyof typeof Trap];

const messages: readonly string[] = [
  "no trap",
  "unreachable",
  "out of bounds memory access",
  "out of bounds table access",
  "undefined element",
  "uninitialized element",
  "indirect call type mismatch",
  "integer divide by zero",
  "integer overflow",
  "invalid conversion to integer",
  "call stack exhausted",
  "host function threw",
  "null reference",
  "null function reference",
];

/** The highest number of a trap. */
export const LAST_TRAP = messages.length - 1;

/** The text of a trap, as the official test suite spells it. */
export function trapMessage(trap: Trap): string {
  return messages[trap] ?? `unknown trap ${trap}`;
}
