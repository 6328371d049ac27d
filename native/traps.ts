/**
 * Traps of V8 by what it says of them. Several of ours have the same words there; rr/native-trace.ts knows which, and
 * this table has the first of each group.
 */
import { Trap } from "../vm/trap.ts";

/** Beginnings of messages. */
const messages: readonly (readonly [start: string, trap: Trap])[] = [
  ["unreachable", Trap.Unreachable],
  ["memory access out of bounds", Trap.MemoryOutOfBounds],
  ["data segment", Trap.MemoryOutOfBounds],
  ["table index is out of bounds", Trap.UndefinedElement],
  ["table access out of bounds", Trap.UndefinedElement],
  ["element segment", Trap.UndefinedElement],
  ["null function or function signature", Trap.UninitializedElement],
  ["function signature mismatch", Trap.UninitializedElement],
  ["divide by zero", Trap.IntegerDivideByZero],
  ["remainder by zero", Trap.IntegerDivideByZero],
  ["divide result unrepresentable", Trap.IntegerOverflow],
  ["float unrepresentable in integer range", Trap.InvalidConversionToInteger],
  ["dereferencing a null pointer", Trap.NullReference],
  ["operation does not support unaligned accesses", Trap.UnalignedAtomic],
];

/** What the engine says before the message when a segment does not fit. */
const PREFIX = /^WebAssembly\.[A-Za-z]+\(\): /;

/** The trap of which a `WebAssembly.RuntimeError` has this message; undefined for none of ours. */
export function trapOfMessage(message: string): Trap | undefined {
  const text = message.replace(PREFIX, "");
  return messages.find(([start]) => text.startsWith(start))?.[1];
}
