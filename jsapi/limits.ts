/**
 * Address types and the limits in descriptors of memories and tables. Reads members in the order that Web IDL prescribes: by
 * name. Addresses are numbers or, of 64 bits, bigints to JavaScript; here they are numbers, rounded where they are out of any bounds.
 */
import type { Limits } from "../vm/types.ts";
import { enforceUint32, enforceUint64, rangeError, typeError } from "./webidl.ts";

export type AddressType = "i32" | "i64";

export interface DescribedLimits {
  readonly limits: Limits;
  readonly address64: boolean;
}

/**
 * The limits of a descriptor whose member `address` is given: `initial` (or, in its place, `minimum`) and `maximum` of a descriptor. Throws TypeError for what is no such
 * value, RangeError for a minimum above `mostInitial` or the maximum, and for a maximum above `mostMaximum`.
 */
export function limitsOf(
  descriptor: Readonly<Record<string, unknown>>,
  address: unknown,
  context: string,
  mostInitial: (address64: boolean) => number,
  mostMaximum: (address64: boolean) => number,
): DescribedLimits {
  const address64 = addressType(address, context) === "i64";
  const initial = member(descriptor, "initial", address64, context);
  const max = member(descriptor, "maximum", address64, context);
  const minimum = member(descriptor, "minimum", address64, context);
  if (initial !== undefined && minimum !== undefined) throw typeError(context, "the descriptor must not have both 'initial' and 'minimum'");
  const min = initial ?? minimum;
  if (min === undefined) throw typeError(context, "Property 'initial' is required");
  const most = mostInitial(address64);
  if (min > most) throw rangeError(context, `Property 'initial': ${min} is above the upper bound ${most}`);
  if (max !== undefined && max < min) throw rangeError(context, `Property 'maximum': ${max} is below 'initial', ${min}`);
  if (max !== undefined && max > mostMaximum(address64)) {
    throw rangeError(context, `Property 'maximum': ${max} is above the upper bound ${mostMaximum(address64)}`);
  }
  return { limits: { min, max }, address64 };
}

function addressType(value: unknown, context: string): AddressType {
  if (value === undefined) return "i32";
  const name = `${value as string}`;
  if (name !== "i32" && name !== "i64") throw typeError(context, "Property 'address' must be 'i32' or 'i64'");
  return name;
}

function member(descriptor: Readonly<Record<string, unknown>>, name: string, address64: boolean, context: string): number | undefined {
  const value = descriptor[name];
  return value === undefined ? undefined : addressOf(value, address64, context, `Property '${name}'`);
}

/** An address value of JavaScript as a number (JS API: AddressValueToU64). Throws TypeError for any other value. */
export function addressOf(value: unknown, address64: boolean, context: string, what: string): number {
  return address64 ? Number(enforceUint64(value, context, what)) : enforceUint32(value, context, what);
}

/** A number as JavaScript has it (JS API: U64ToAddressValue). */
export function addressValue(value: number, address64: boolean): number | bigint {
  return address64 ? BigInt(value) : value;
}
