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

/** A result with views as the program knows them: the result itself, or a field of a plain object. */
export function shownResult(views: Views, value: unknown): unknown {
  const shown = views.shown(value);
  if (shown !== value || typeof value !== "object" || value === null || !isPlain(value)) return shown;
  for (const [key, field] of Object.entries(value)) {
    const other = views.shown(field as unknown);
    if (other !== field) (value as Record<string, unknown>)[key] = other;
  }
  return value;
}

/** Arguments for a native function that only reads: views behind proxies, and callbacks that are shown the proxies again. */
function readingArguments(views: Views, args: readonly unknown[]): readonly unknown[] {
  const raw = rawArguments(views, args);
  if (raw === args) return args;
  return raw.map((each) => {
    if (typeof each !== "function") return each;
    return function (this: unknown, ...given: unknown[]): unknown {
      return apply(
        each as Native,
        this,
        given.map((value) => views.shown(value)),
      );
    };
  });
}

/** Makes a native function that reads views understand proxies of them. */
export function reading(views: Views): (native: Native) => Native {
  return (native) =>
    function (this: unknown, ...args: unknown[]): unknown {
      const given = readingArguments(views, args);
      if (given === args) return apply(native, this, args);
      const result = apply(native, this, given);
      return result instanceof Promise ? result.then((value) => shownResult(views, value)) : shownResult(views, result);
    };
}

/** Makes all methods and functions of an object, but classes and those with a name in `except`, understand proxies. */
export function patchReaders(views: Views, patches: Patches, holder: object, except: ReadonlySet<string> = new Set()): void {
  for (const key of Object.getOwnPropertyNames(holder)) {
    if (key === "constructor" || /^[_A-Z]/.test(key) || except.has(key)) continue;
    patches.method(holder, key, reading(views) as never);
  }
}
