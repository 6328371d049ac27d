/**
 * Node's Buffers over memories: proxies like those of typed arrays, with the methods that Buffers add. A Buffer that only
 * reads or copies is left native.
 */
import { Buffer } from "node:buffer";
import { type Native, rawArguments, reading } from "./arguments.ts";
import { disguised, type Patches } from "./patches.ts";
import { type ArrayProxies, INSPECT, substituteAll } from "./typed-arrays.ts";
import type { NativeView } from "./views.ts";

const { apply } = Reflect;

/** Replaces what makes Buffers over given bytes, and the methods that take views or write. */
export function patchBuffers(proxies: ArrayProxies, patches: Patches): void {
  const { views } = proxies;
  patches.method(
    Buffer,
    "from",
    ((native: Native): Native =>
      function (this: unknown, ...args: unknown[]) {
        const raw = views.behind(args[0]);
        if (raw !== undefined) return apply(native, this, [raw, ...args.slice(1)]);
        const buffer = apply(native, this, args) as object;
        return views.memoryOf(args[0]) === undefined ? buffer : proxies.proxy(buffer);
      }) as never,
  );
  for (const name of ["concat", "compare", "byteLength", "copyBytesFrom"]) patches.method(Buffer, name, reading(views) as never);
  patches.method(
    Buffer.prototype,
    INSPECT,
    ((native: Native): Native =>
      function (this: unknown, ...args: unknown[]) {
        return apply(native, views.raw(this), args);
      }) as never,
  );
  patchTakers(proxies, patches);
  substituteWriters(proxies);
  for (const name of ["subarray", "slice"]) {
    const native = method(name);
    proxies.substitutes.set(
      native,
      disguised(
        function (this: unknown, ...args: unknown[]) {
          return proxies.proxy(apply(native, views.raw(this), args) as object);
        } as never,
        native,
      ),
    );
  }
  substituteAll(proxies, patches, Buffer.prototype);
}

function method(name: string): Native {
  return (Buffer.prototype as unknown as Readonly<Record<string, Native>>)[name]!;
}

/** Methods of any Buffer whose arguments may be proxies: they are replaced on the prototype. */
function patchTakers({ views }: ArrayProxies, patches: Patches): void {
  const { prototype } = Buffer;
  for (const name of ["compare", "equals", "indexOf", "lastIndexOf", "includes"]) {
    patches.method(
      prototype,
      name,
      ((native: Native): Native =>
        function (this: unknown, ...args: unknown[]) {
          return apply(native, views.raw(this), rawArguments(views, args));
        }) as never,
    );
  }
  patches.method(
    prototype,
    "copy",
    ((native: Native): Native =>
      function (this: unknown, target: unknown, ...rest: unknown[]) {
        const raw = views.behind(target) as NativeView | undefined;
        if (raw === undefined) return apply(native, views.raw(this), [target, ...rest]);
        const count = apply(native, views.raw(this), [raw, ...rest]) as number;
        const start = Math.trunc(Number(rest[0] ?? 0)) || 0;
        views.wrote(raw, start, start + count);
        return count;
      }) as never,
  );
  patches.method(
    prototype,
    "fill",
    ((native: Native): Native =>
      function (this: unknown, ...args: unknown[]) {
        const raw = views.behind(this) as NativeView | undefined;
        const given = rawArguments(views, args);
        if (raw === undefined) return apply(native, this, given as unknown[]);
        apply(native, raw, given as unknown[]);
        const [, start, end] = args;
        views.wrote(
          raw,
          typeof start === "number" ? start : 0,
          typeof start === "number" && typeof end === "number" ? end : raw.byteLength,
        );
        return this;
      }) as never,
  );
}

/** What a method has written, from its arguments and its result: start and end in the Buffer. */
type Extent = (args: readonly unknown[], result: number, byteLength: number) => readonly [number, number];

const toEnd: Extent = (args, result) => [Number(args[1] ?? 0), result];
const counted: Extent = (args, result) => {
  const start = typeof args[1] === "number" ? args[1] : 0;
  return [start, start + result];
};
const whole: Extent = (_args, _result, byteLength) => [0, byteLength];

function extentOf(name: string): Extent | undefined {
  if (/^write(U?[iI]nt|Float|Double|Big)/.test(name)) return toEnd;
  if (/^(write|(utf8|ascii|latin1|ucs2|utf16le|hex|base64|base64url)Write)$/.test(name)) return counted;
  return /^swap(16|32|64)$/.test(name) ? whole : undefined;
}

/** Methods that write into their own Buffer: only proxies have them replaced. */
function substituteWriters(proxies: ArrayProxies): void {
  const { views, substitutes } = proxies;
  for (const name of Object.getOwnPropertyNames(Buffer.prototype)) {
    const extent = extentOf(name);
    const native = extent === undefined ? undefined : method(name);
    if (extent === undefined || typeof native !== "function") continue;
    const substitute = function (this: unknown, ...args: unknown[]): unknown {
      const raw = views.raw(this) as NativeView;
      const result = apply(native, raw, args);
      views.wrote(raw, ...extent(args, Number(result), raw.byteLength));
      return result === raw ? this : result;
    };
    substitutes.set(native, disguised(substitute as never, native));
  }
}
