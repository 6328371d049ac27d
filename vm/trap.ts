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
  NullStruct: 14,
  NullArray: 15,
  NullI31: 16,
  NullException: 17,
  CastFailure: 18,
  ArrayOutOfBounds: 19,
  /** The objects that are alive leave no room for another, see heap.ts. */
  HeapExhausted: 20,
  /** An exception leaves the call that the host has made; the store says which (`exception`). */
  UncaughtException: 21,
  UnalignedAtomic: 22,
  ExpectedShared: 23,
  /** A wait without end: there is no thread that could notify. */
  Deadlock: 24,
  NullDescriptor: 25,
  DescriptorCastFailure: 26,

  /** No trap: the heap has to be collected before the instruction is done. Never seen outside of execution. */
  Collect: 255,
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
  "null structure reference",
  "null array reference",
  "null i31 reference",
  "null exception reference",
  "cast failure",
  "out of bounds array access",
  "out of heap memory",
  "uncaught exception",
  "unaligned atomic",
  "expected shared memory",
  "deadlock: a wait without timeout, and no other thread to notify",
  "null descriptor reference",
  "descriptor cast failure",
];

/** The highest number of a trap. */
export const LAST_TRAP = messages.length - 1;

/** The text of a trap, as the official test suite spells it. */
export function trapMessage(trap: Trap): string {
  return messages[trap] ?? `unknown trap ${trap}`;
}
