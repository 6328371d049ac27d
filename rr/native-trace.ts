/**
 * What the replay of a natively recorded trace overlooks, and nothing else: an engine's own JavaScript interface shows its
 * host less than our machine does. The rules are stated in docs/trace-format.md.
 */
import { Trap } from "../vm/trap.ts";
import { ValType } from "../vm/types.ts";
import type { SlotWords } from "./event.ts";

/** Traps that engines report in the same words. The first of each group is what a native recorder writes. */
const groups: readonly (readonly Trap[])[] = [
  [Trap.UndefinedElement, Trap.TableOutOfBounds],
  [Trap.UninitializedElement, Trap.IndirectCallTypeMismatch],
  [Trap.InvalidConversionToInteger, Trap.IntegerOverflow],
  [Trap.NullReference, Trap.NullFunction, Trap.NullStruct, Trap.NullArray, Trap.NullI31, Trap.NullException, Trap.NullDescriptor],
  // An access that is both may be reported as either.
  [Trap.MemoryOutOfBounds, Trap.UnalignedAtomic],
];

/** Whether a trap of our machine may be what the engine has reported. */
export function sameNativeTrap(actual: Trap, recorded: Trap): boolean {
  return actual === recorded || groups.some((group) => group.includes(actual) && group.includes(recorded));
}

/** Whether the values are equal as JavaScript numbers: one NaN is as good as another. Words as in SlotWords. */
export function sameNumbers(actual: SlotWords, recorded: SlotWords, types: readonly ValType[]): boolean {
  if (actual.length !== recorded.length) return false;
  return types.every((type, i) => {
    const [low, high] = [i * 2, i * 2 + 1];
    if (actual[low] === recorded[low] && actual[high] === recorded[high]) return true;
    return isNan(type, actual[low]!, actual[high]!) && isNan(type, recorded[low]!, recorded[high]!);
  });
}

function isNan(type: ValType, low: number, high: number): boolean {
  if (type === ValType.F32) return (low & 0x7fff_ffff) > 0x7f80_0000;
  if (type !== ValType.F64) return false;
  const magnitude = high & 0x7fff_ffff;
  return magnitude > 0x7ff0_0000 || (magnitude === 0x7ff0_0000 && low !== 0);
}
