/** The limits in descriptors of memories and tables. Reads members in the order that Web IDL prescribes: by name. */
import type { Limits } from "../vm/types.ts";
import { enforceUint32, rangeError, typeError } from "./webidl.ts";

/**
 * `initial` (or, in its place, `minimum`) and `maximum` of a descriptor. Throws TypeError for what is no such number,
 * RangeError for a minimum above `mostInitial` or the maximum, and for a maximum above `mostMaximum`.
 */
export function limitsOf(descriptor: Readonly<Record<string, unknown>>, context: string, mostInitial: number, mostMaximum: number): Limits {
  const initial = member(descriptor, "initial", context);
  const max = member(descriptor, "maximum", context);
  const minimum = member(descriptor, "minimum", context);
  if (initial !== undefined && minimum !== undefined) throw typeError(context, "the descriptor must not have both 'initial' and 'minimum'");
  const min = initial ?? minimum;
  if (min === undefined) throw typeError(context, "Property 'initial' is required");
  if (min > mostInitial) throw rangeError(context, `Property 'initial': ${min} is above the upper bound ${mostInitial}`);
  if (max !== undefined && max < min) throw rangeError(context, `Property 'maximum': ${max} is below 'initial', ${min}`);
  if (max !== undefined && max > mostMaximum)
    throw rangeError(context, `Property 'maximum': ${max} is above the upper bound ${mostMaximum}`);
  return { min, max };
}

function member(descriptor: Readonly<Record<string, unknown>>, name: string, context: string): number | undefined {
  const value = descriptor[name];
  return value === undefined ? undefined : enforceUint32(value, context, `Property '${name}'`);
}
