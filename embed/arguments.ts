/**
 * Arguments and results of native functions: proxies of views are replaced by what is behind them on the way in, and put
 * back on the way out. Looks into lists and plain objects, one level deep, since that is where such functions look.
 */
import type { Patches } from "./patches.ts";
import type { Views } from "./views.ts";

/** A function whose `this` and arguments are whatever the program gives. */
export type Native = (this: unknown, ...args: unknown[]) => unknown;

const { apply } = Reflect;

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value) as object | null;
  // Of another realm, prototypes of plain objects are recognized by theirs.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** The argument with every view replaced; the argument itself when there is none in it. */
export function rawArgument(views: Views, value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const raw = views.behind(value);
  if (raw !== undefined) return raw;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) if (views.behind(value[i]) !== undefined) return value.map((each) => views.raw(each as unknown));
    return value;
  }
  if (!isPlain(value)) return value;
  for (const key of Object.keys(value)) {
    const field = (value as Record<string, unknown>)[key];
    if (typeof field === "object" && field !== null && rawArgument1(views, field) !== field) return rawFields(views, value);
  }
  return value;
}

/** A field of an argument: a view, or a list of views. */
function rawArgument1(views: Views, field: object): unknown {
  return Array.isArray(field) || views.behind(field) !== undefined ? rawArgument(views, field) : field;
}

function rawFields(views: Views, value: object): object {
  const copy = Object.create(Object.getPrototypeOf(value) as object | null, Object.getOwnPropertyDescriptors(value)) as Record<
    string,
    unknown
  >;
  for (const [key, field] of Object.entries(value)) {
    if (typeof field === "object" && field !== null) copy[key] = rawArgument1(views, field as object);
  }
  return copy;
}

/** All arguments; the same list when there is no view in any. */
export function rawArguments(views: Views, args: readonly unknown[]): readonly unknown[] {
  for (let i = 0; i < args.length; i++) {
    if (rawArgument(views, args[i]) !== args[i]) return args.map((each) => rawArgument(views, each));
  }
  return args;
}

/** What the program knows the views of one call as: what it gave, by what the native function was given. */
class Given {
  private readonly views: Views;
  private readonly pairs: (readonly [raw: unknown, shown: unknown])[] = [];

  constructor(views: Views, args: readonly unknown[]) {
    this.views = views;
    for (const arg of args) this.collect(arg, true);
  }

  private collect(value: unknown, deeper: boolean): void {
    const raw = this.views.behind(value);
    if (raw !== undefined) this.pairs.push([raw, value]);
    else if (Array.isArray(value)) for (const each of value) this.collect(each, false);
    else if (deeper && typeof value === "object" && value !== null) for (const each of Object.values(value)) this.collect(each, false);
  }

  /** A view as the program knows it; everything else as it is. */
  shown(value: unknown): unknown {
    return this.pairs.find(([raw]) => raw === value)?.[1] ?? value;
  }

  /** A result as the program knows it: a view, or a plain object with views in its fields. */
  result(value: unknown): unknown {
    const shown = this.shown(value);
    if (shown !== value || typeof value !== "object" || value === null || !isPlain(value)) return shown;
    for (const [key, field] of Object.entries(value)) {
      const other = this.shown(field);
      if (other !== field) (value as Record<string, unknown>)[key] = other;
    }
    return value;
  }

  /** A callback that is told what the program knows. */
  callback(callback: Native): Native {
    const shown = (value: unknown): unknown => this.shown(value);
    return function (this: unknown, ...args: unknown[]) {
      return apply(callback, this, args.map(shown));
    };
  }
}

/** Makes a native function that reads views understand proxies of them. */
export function reading(views: Views): (native: Native) => Native {
  return (native) =>
    function (this: unknown, ...args: unknown[]): unknown {
      const raw = rawArguments(views, args);
      if (raw === args) return apply(native, this, args);
      const known = new Given(views, args);
      const result = apply(
        native,
        this,
        raw.map((each) => (typeof each === "function" ? known.callback(each as Native) : each)),
      );
      if (typeof result !== "object" || result === null) return result;
      return result instanceof Promise ? result.then((value) => known.result(value)) : known.result(result);
    };
}

/** Makes all methods and functions of an object, but classes and those with a name in `except`, understand proxies. */
export function patchReaders(views: Views, patches: Patches, holder: object, except: ReadonlySet<string> = new Set()): void {
  for (const key of Object.getOwnPropertyNames(holder)) {
    if (key === "constructor" || /^[_A-Z]/.test(key) || except.has(key)) continue;
    patches.method(holder, key, reading(views) as never);
  }
}
