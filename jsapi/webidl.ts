/**
 * What Web IDL prescribes for every interface of the API: how arguments become numbers, dictionaries and bytes, and what
 * the properties of a class look like. It knows nothing of WebAssembly.
 */

/** Thrown arguments name the operation first, as engines do: `WebAssembly.Memory.grow(): …`. */
export function typeError(context: string, problem: string): TypeError {
  return new TypeError(`WebAssembly.${context}: ${problem}`);
}

export function rangeError(context: string, problem: string): RangeError {
  return new RangeError(`WebAssembly.${context}: ${problem}`);
}

export function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

/** What a `sequence` may be made of. */
export function isIterable(value: unknown): value is Iterable<unknown> {
  return isObject(value) && typeof (value as Partial<Iterable<unknown>>)[Symbol.iterator] === "function";
}

/** A dictionary argument that may not be left out. Throws TypeError unless it is an object. */
export function dictionary(value: unknown, context: string, what: string): Readonly<Record<string, unknown>> {
  if (!isObject(value)) throw typeError(context, `Argument 0 must be ${what}`);
  return value as Record<string, unknown>;
}

/** An `[EnforceRange] unsigned long`: a whole number from 0 to 2^32 - 1 after truncation, else TypeError. */
export function enforceUint32(value: unknown, context: string, what: string): number {
  // Also throws TypeError for symbols and bigints, which are no numbers.
  const number = Math.trunc(Number(+(value as number)));
  if (!(number >= 0 && number <= 0xffff_ffff)) throw typeError(context, `${what} must be a whole number from 0 to 2^32 - 1`);
  return number;
}

/** An address value of a 64-bit memory or table: a bigint from 0 to 2^64 - 1, else TypeError. */
export function enforceUint64(value: unknown, context: string, what: string): bigint {
  const bits = toBigInt(value);
  if (bits < 0n || bits >= 1n << 64n) throw typeError(context, `${what} must be a whole number from 0 to 2^64 - 1`);
  return bits;
}

/** ToBigInt of the language: TypeError for numbers, which BigInt() would accept. */
export function toBigInt(value: unknown): bigint {
  return BigInt.asIntN(Number.MAX_SAFE_INTEGER, value as bigint);
}

/** A copy of the bytes of a BufferSource. Throws TypeError for anything else. */
export function copyBytes(source: unknown, context: string): Uint8Array {
  if (ArrayBuffer.isView(source)) return new Uint8Array(source.buffer, source.byteOffset, source.byteLength).slice();
  // Not instanceof: buffers of other realms count too.
  const tag = isObject(source) ? Object.prototype.toString.call(source) : "";
  if (tag === "[object ArrayBuffer]" || tag === "[object SharedArrayBuffer]") return new Uint8Array(source as ArrayBuffer).slice();
  throw typeError(context, "Argument 0 must be a buffer source");
}

/** A constructor or function as far as its property descriptors matter here. */
type Callable = abstract new (...args: never[]) => object;

/** Gives a class the properties that Web IDL prescribes: enumerable members and a tag. */
export function shapeInterface(made: Callable, name: string, tag = `WebAssembly.${name}`): void {
  const prototype = made.prototype as object;
  Object.defineProperty(made, "name", { value: name, configurable: true });
  for (const holder of [made, prototype]) {
    // A table has a `length` too: only that of the class itself is the language's.
    const builtIn = holder === made ? ["prototype", "name", "length"] : ["constructor"];
    for (const key of Object.getOwnPropertyNames(holder)) {
      if (builtIn.includes(key)) continue;
      Object.defineProperty(holder, key, { enumerable: true });
    }
  }
  Object.defineProperty(prototype, Symbol.toStringTag, { value: tag, configurable: true });
}
