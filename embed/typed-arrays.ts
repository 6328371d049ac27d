/**
 * Typed arrays over memories. Constructors are replaced by ones that answer with a proxy when the buffer is a memory's;
 * methods that write note what they wrote. Arrays over other buffers are as before: native objects that never meet a proxy.
 *
 * `prototype.constructor` is replaced too, so that nothing of the program gets hold of a native constructor. The species of
 * ours is the native one: it is what native methods make their results with.
 */
import type { Native } from "./arguments.ts";
import { disguised, type Patches } from "./patches.ts";
import type { NativeView, Views } from "./views.ts";

/** As much of any typed array as is used here. */
interface NativeArray extends NativeView {
  readonly length: number;
  readonly BYTES_PER_ELEMENT: number;
  readonly constructor: unknown;
  [index: number]: unknown;
}
type ArrayConstructor = new (...args: unknown[]) => NativeArray;

const KINDS = [
  "Int8Array",
  "Uint8Array",
  "Uint8ClampedArray",
  "Int16Array",
  "Uint16Array",
  "Int32Array",
  "Uint32Array",
  "Float16Array",
  "Float32Array",
  "Float64Array",
  "BigInt64Array",
  "BigUint64Array",
] as const;

const { apply, construct } = Reflect;

/** Makes proxies of native typed arrays, and knows which function a proxy has in place of a native one. */
export class ArrayProxies {
  readonly views: Views;
  /** By native function: what a proxy answers when that is the value of a property. */
  readonly substitutes = new Map<unknown, unknown>();

  constructor(views: Views) {
    this.views = views;
  }

  /** A proxy for a native view over a memory that has none yet; the view itself over other buffers. */
  proxy<T extends object>(raw: T): T {
    const { views } = this;
    const native = raw as unknown as NativeArray;
    const memoryAddr = views.memoryOf(native.buffer);
    if (memoryAddr === undefined) return raw;
    const handler = new ArrayHandler(this, native, memoryAddr);
    const proxy = new Proxy(raw, handler as ProxyHandler<T>);
    handler.proxy = proxy;
    views.pair(raw, proxy);
    return proxy;
  }
}

/** Names of elements begin with one: this tells them from those of methods quickly. */
function isDigit(charCode: number): boolean {
  return charCode >= 48 && charCode <= 57;
}

class ArrayHandler implements ProxyHandler<NativeArray> {
  private readonly proxies: ArrayProxies;
  private readonly memoryAddr: number;
  private readonly byteOffset: number;
  private readonly elementBytes: number;
  /** The proxy that this is the handler of. */
  proxy: unknown;

  constructor(proxies: ArrayProxies, raw: NativeArray, memoryAddr: number) {
    this.proxies = proxies;
    this.memoryAddr = memoryAddr;
    this.byteOffset = raw.byteOffset;
    this.elementBytes = raw.BYTES_PER_ELEMENT;
  }

  get(raw: NativeArray, key: string | symbol, receiver: unknown): unknown {
    if (typeof key === "string") {
      if (isDigit(key.charCodeAt(0))) {
        const index = (key as unknown as number) >>> 0;
        if (String(index) === key) return raw[index];
      }
      switch (key) {
        case "length":
          return raw.length;
        case "buffer":
          return raw.buffer;
        case "byteLength":
          return raw.byteLength;
        case "byteOffset":
          return raw.byteOffset;
      }
    } else if (key === Symbol.toStringTag) return Reflect.get(raw, key);
    const value: unknown = Reflect.get(raw, key, receiver);
    return typeof value === "function" ? (this.proxies.substitutes.get(value) ?? value) : value;
  }

  set(raw: NativeArray, key: string | symbol, value: unknown, receiver: unknown): boolean {
    if (typeof key === "string") {
      const index = (key as unknown as number) >>> 0;
      if (String(index) === key && receiver === this.proxy) {
        raw[index] = value;
        if (index < raw.length) this.wroteElement(index);
        return true;
      }
    }
    return Reflect.set(raw, key, value, receiver);
  }

  defineProperty(raw: NativeArray, key: string | symbol, descriptor: PropertyDescriptor): boolean {
    const done = Reflect.defineProperty(raw, key, descriptor);
    if (done && typeof key === "string" && "value" in descriptor) {
      const index = (key as unknown as number) >>> 0;
      if (String(index) === key && index < raw.length) this.wroteElement(index);
    }
    return done;
  }

  private wroteElement(index: number): void {
    const start = this.byteOffset + index * this.elementBytes;
    this.proxies.views.log.add(this.memoryAddr, start, start + this.elementBytes);
  }
}

/** Replaces the constructors of a realm and the methods that all typed arrays share. */
export function patchTypedArrays(proxies: ArrayProxies, patches: Patches, realm: object): void {
  const shared = Object.getPrototypeOf(Uint8Array.prototype) as object;
  patchWriters(proxies, patches, shared);
  for (const kind of KINDS) {
    const native = (realm as Record<string, ArrayConstructor | undefined>)[kind];
    if (native === undefined) continue;
    const wrapper = wrapConstructor(proxies, native);
    patches.replace(realm, kind, () => wrapper);
    patches.replace(native.prototype as object, "constructor", () => wrapper);
    patchBase(proxies, patches, native.prototype as object);
    substituteAll(proxies, patches, native.prototype as object);
  }
  substituteAll(proxies, patches, shared);
  // Some versions of Node tell of proxies when they print them: behind this one is the array, which is printed as ever.
  patches.add(shared, INSPECT, function (this: unknown) {
    return proxies.views.raw(this);
  });
}

/** The method that Node asks how to print an object. */
export const INSPECT = Symbol.for("nodejs.util.inspect.custom");

function wrapConstructor(proxies: ArrayProxies, native: ArrayConstructor): ArrayConstructor {
  const { views } = proxies;
  const wrapper = function (this: unknown, ...args: unknown[]): object {
    if (new.target === undefined) return apply(native as never, this, args) as object;
    const first = args[0];
    const target = (new.target as unknown) === wrapper ? native : (new.target as unknown as ArrayConstructor);
    if (typeof first !== "object" || first === null) return construct(native, args, target) as object;
    if (views.memoryOf(first) !== undefined) return proxies.proxy(construct(native, args, target) as object);
    const raw = views.behind(first);
    if (raw === undefined) return construct(native, args, target) as object;
    return construct(native, [raw, ...args.slice(1)], target) as object;
  };
  disguised(wrapper as Native, native as unknown as Native);
  Object.defineProperty(wrapper, "prototype", { value: native.prototype, writable: false });
  Object.defineProperty(wrapper, Symbol.species, {
    configurable: true,
    get(this: unknown) {
      return this === wrapper ? native : this;
    },
  });
  Object.setPrototypeOf(wrapper, Object.getPrototypeOf(native) as object);
  return wrapper as unknown as ArrayConstructor;
}

/** An index argument as the methods of arrays take it: negative ones count from the end. */
function relativeIndex(value: unknown, length: number, missing: number): number {
  if (value === undefined) return missing;
  const index = Math.trunc(Number(value)) || 0;
  return index < 0 ? Math.max(0, length + index) : Math.min(length, index);
}

/** An index argument converted once, since a conversion may run code of the program; a missing one stays missing. */
function indexArgument(value: unknown): number | undefined {
  return value === undefined ? undefined : Number(value);
}

/** The native array behind `this`, if it is a proxy. */
function behind(proxies: ArrayProxies, value: unknown): NativeArray | undefined {
  return proxies.views.behind(value) as NativeArray | undefined;
}

function wroteElements(proxies: ArrayProxies, raw: NativeArray, from: number, to: number): void {
  proxies.views.wrote(raw, from * raw.BYTES_PER_ELEMENT, to * raw.BYTES_PER_ELEMENT);
}

/** Methods that programs also take from prototypes and call on any array: they look whether `this` is a proxy. */
function patchWriters(proxies: ArrayProxies, patches: Patches, shared: object): void {
  const { views } = proxies;
  const method = (name: string, make: (native: Native) => Native): void => {
    patches.method(shared, name, make as never);
  };
  method(
    "set",
    (native) =>
      function set(this: unknown, source: unknown, offset: unknown) {
        const raw = behind(proxies, this);
        if (raw === undefined) return apply(native, this, [views.raw(source), offset]);
        const given = views.raw(source);
        const count = Number((given as { readonly length?: number } | undefined)?.length ?? 0);
        const start = Math.trunc(Number(offset ?? 0)) || 0;
        try {
          return apply(native, raw, [given, start]);
        } finally {
          wroteElements(proxies, raw, start, start + count);
        }
      },
  );
  method(
    "fill",
    (native) =>
      function fill(this: unknown, value: unknown, start: unknown, end: unknown) {
        const raw = behind(proxies, this);
        if (raw === undefined) return apply(native, this, [value, start, end]);
        const { length } = raw;
        const first = indexArgument(start);
        const last = indexArgument(end);
        apply(native, raw, [value, first, last]);
        // V8 looks at the end only if there is a start.
        const to = first === undefined ? length : relativeIndex(last, length, length);
        wroteElements(proxies, raw, relativeIndex(first, length, 0), to);
        return this;
      },
  );
  method(
    "copyWithin",
    (native) =>
      function copyWithin(this: unknown, target: unknown, start: unknown, end: unknown) {
        const raw = behind(proxies, this);
        if (raw === undefined) return apply(native, this, [target, start, end]);
        const { length } = raw;
        const to = relativeIndex(target, length, 0);
        const from = relativeIndex(start, length, 0);
        const until = relativeIndex(end, length, length);
        apply(native, raw, [to, from, until]);
        wroteElements(proxies, raw, to, Math.min(length, to + Math.max(0, until - from)));
        return this;
      },
  );
  for (const name of ["reverse", "sort"]) {
    method(
      name,
      (native) =>
        function (this: unknown, ...args: unknown[]) {
          const raw = behind(proxies, this);
          if (raw === undefined) return apply(native, this, args);
          try {
            apply(native, raw, args);
          } finally {
            wroteElements(proxies, raw, 0, raw.length);
          }
          return this;
        },
    );
  }
  method(
    "subarray",
    (native) =>
      function subarray(this: unknown, begin: unknown, end: unknown) {
        const raw = behind(proxies, this);
        if (raw === undefined) return apply(native, this, [begin, end]);
        return subView(proxies, raw, begin, end);
      },
  );
  for (const name of ["slice", "indexOf", "includes", "join"]) {
    method(
      name,
      (native) =>
        function (this: unknown, ...args: unknown[]) {
          return apply(native, behind(proxies, this) ?? this, args);
        },
    );
  }
  const tag = Object.getOwnPropertyDescriptor(shared, Symbol.toStringTag)?.get;
  if (tag !== undefined) {
    patches.getter(shared, Symbol.toStringTag, function (this: unknown) {
      return apply(tag, behind(proxies, this) ?? this, []) as unknown;
    });
  }
}

/** A view of a part, made as `subarray` makes it: by the constructor of the array's class. */
function subView(proxies: ArrayProxies, raw: NativeArray, begin: unknown, end: unknown): object {
  const { length, buffer, byteOffset, BYTES_PER_ELEMENT } = raw;
  const from = relativeIndex(begin, length, 0);
  const to = relativeIndex(end, length, length);
  const species = (raw.constructor as { readonly [Symbol.species]?: unknown } | undefined)?.[Symbol.species] as ArrayConstructor;
  return proxies.proxy(new species(buffer, byteOffset + from * BYTES_PER_ELEMENT, Math.max(0, to - from)));
}

/** Methods of newer engines that write decoded text. */
function patchBase(proxies: ArrayProxies, patches: Patches, prototype: object): void {
  for (const name of ["setFromBase64", "setFromHex"]) {
    patches.method(
      prototype,
      name,
      ((native: Native): Native =>
        function (this: unknown, ...args: unknown[]) {
          const raw = behind(proxies, this);
          if (raw === undefined) return apply(native, this, args);
          const result = apply(native, raw, args) as { readonly written: number };
          wroteElements(proxies, raw, 0, result.written);
          return result;
        }) as never,
    );
  }
}

/** Gives proxies methods of their own for all those that only read: they run on the native array, and callbacks see the proxy. */
export function substituteAll(proxies: ArrayProxies, patches: Patches, prototype: object): void {
  const { views, substitutes } = proxies;
  for (const key of Reflect.ownKeys(prototype)) {
    const native: unknown = Object.getOwnPropertyDescriptor(prototype, key)?.value;
    if (key === "constructor" || typeof native !== "function" || substitutes.has(native) || patches.isOurs(native)) continue;
    const substitute = function (this: unknown, ...args: unknown[]): unknown {
      const raw = views.raw(this);
      const [callback] = args;
      if (typeof callback === "function") args[0] = showing(raw, this, callback as Native);
      const result = apply(native as Native, raw, args);
      return result === raw ? this : result;
    };
    substitutes.set(native, disguised(substitute as never, native as never));
  }
}

/** A callback of an array's method: its last argument is the array. */
function showing(raw: unknown, shown: unknown, callback: Native): Native {
  return function (this: unknown, ...args: unknown[]) {
    const last = args.length - 1;
    if (args[last] === raw) args[last] = shown;
    return apply(callback, this, args);
  };
}
