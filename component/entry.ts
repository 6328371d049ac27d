/**
 * Which function of a component is called, and how: finds it by the name that a person gave, and calls it through the
 * exports of the glue. The component itself is run by others.
 */
import { ComponentError } from "./errors.ts";
import type { ComponentExports } from "./glue.ts";
import { type FuncName, jsClassName, jsName, plainFuncName, shortInterfaceName, splitFuncName, withoutVersion } from "./names.ts";
import type { ComponentFunc, Outline } from "./outline.ts";
import type { ComponentFuncType, Resource } from "./types.ts";
import { type Construct, formatValue, type ParsedValue, parseValue } from "./wave.ts";

/** An exported function. */
export interface Entry {
  /** The exported interface that it belongs to, with version; undefined for functions of the component itself. */
  readonly interfaceName: string | undefined;
  readonly name: FuncName;
  /** `shop:books/ledger@1.0.0#[method]account.deposit`. */
  readonly label: string;
  readonly func: ComponentFunc;
}

/** The interface of command components. */
const COMMAND_INTERFACE = /^wasi:cli\/run@0\.2\.\d/;

/** All exported functions, in order. */
export function exportedFunctions(outline: Outline): Entry[] {
  const found: Entry[] = [];
  for (const [name, item] of outline.exports) {
    if (item.kind === "func-item") found.push({ interfaceName: undefined, name: splitFuncName(name), label: name, func: item });
    if (item.kind !== "instance-item") continue;
    for (const [inner, func] of item.exports) {
      if (func.kind === "func-item") found.push({ interfaceName: name, name: splitFuncName(inner), label: `${name}#${inner}`, func });
    }
  }
  return found;
}

/** What runs when a component is a command; undefined when it is none. */
export function commandEntry(outline: Outline): Entry | undefined {
  return exportedFunctions(outline).find(
    ({ interfaceName, name }) => interfaceName !== undefined && COMMAND_INTERFACE.test(interfaceName) && name.name === "run",
  );
}

/**
 * The function that a person means: `sum`, `ledger.sum`, `ledger#sum` or `shop:books/ledger@1.0.0#sum`; of resources
 * `account` (the constructor) and `account.deposit`. Throws ComponentError "no-entry" when there is none, or more than one.
 */
export function findEntry(outline: Outline, wanted: string): Entry {
  const all = exportedFunctions(outline);
  const found = all.filter((entry) => spellings(entry).includes(wanted));
  const exact = found.filter((entry) => entry.label === wanted);
  const [entry, other] = exact.length > 0 ? exact : found;
  if (entry === undefined) throw new ComponentError("no-entry", `the component exports no function ${wanted}${suggestion(all)}`);
  if (other !== undefined) throw new ComponentError("no-entry", `${wanted} may be ${entry.label} or ${other.label}: name one of them`);
  return entry;
}

/** Functions that a message about a missing one names. */
const NAMED_FUNCTIONS = 8;

/** The names by which a person may call what a component exports, as the end of a sentence: "; it has …", or nothing. */
export function suggestion(all: readonly Entry[]): string {
  if (all.length === 0) return "";
  const names = all
    .slice(0, NAMED_FUNCTIONS)
    .map(({ interfaceName, label }) => (interfaceName === undefined ? label : plainSpelling(label)));
  return `; it has ${names.join(", ")}${all.length > NAMED_FUNCTIONS ? " and others" : ""}`;
}

function plainSpelling(label: string): string {
  const [interfaceName, name] = label.split("#") as [string, string];
  return `${shortInterfaceName(interfaceName)}.${plainFuncName(name)}`;
}

function spellings({ interfaceName, label }: Entry): string[] {
  const name = label.slice(label.indexOf("#") + 1);
  const names = [name, plainFuncName(name)];
  if (interfaceName === undefined) return names;
  const interfaces = [interfaceName, withoutVersion(interfaceName), shortInterfaceName(interfaceName)];
  return [...names, ...interfaces.flatMap((each) => names.flatMap((func) => [`${each}#${func}`, `${each}.${func}`]))];
}

/** Parses words as the arguments of a function. Throws ComponentError "value-syntax". */
export function parseEntryArguments(outline: Outline, { label, func }: Entry, words: readonly string[]): ParsedValue[] {
  const { params } = func.type;
  if (words.length !== params.length) {
    const names = params.map(({ name }) => name).join(", ");
    throw new ComponentError(
      "value-syntax",
      `${plainFuncName(label.slice(label.indexOf("#") + 1))} takes ${params.length} argument${params.length === 1 ? "" : "s"}` +
        `${params.length === 0 ? "" : ` (${names})`}, ${words.length} given`,
    );
  }
  const constructorType = constructorTypes(outline);
  return params.map(({ name, type }, i) => {
    try {
      return parseValue(type, words[i]!, constructorType);
    } catch (error) {
      if (error instanceof ComponentError) throw new ComponentError(error.code, `argument ${name}: ${error.message}`);
      throw error;
    }
  });
}

function constructorTypes(outline: Outline): (resource: Resource) => ComponentFuncType | undefined {
  const entries = exportedFunctions(outline).filter(({ name }) => name.kind === "constructor");
  return (resource) => entries.find(({ func }) => constructs(func, resource))?.func.type;
}

function constructs({ type }: ComponentFunc, resource: Resource): boolean {
  return type.result?.kind === "own" && type.result.resource === resource;
}

type Callable = (...args: readonly unknown[]) => unknown;
type Members = Readonly<Record<string, unknown>>;

/** Calls a function of a running component. Throws whatever it throws; the error of a `result` is the glue's ComponentError. */
export function callEntry(outline: Outline, exports: ComponentExports, entry: Entry, args: readonly ParsedValue[]): unknown {
  const construct: Construct = (resource, given) => {
    const maker = exportedFunctions(outline).find(({ name, func }) => name.kind === "constructor" && constructs(func, resource))!;
    return call(exports, maker, given);
  };
  return call(
    exports,
    entry,
    args.map((arg) => arg(construct)),
  );
}

function call(exports: ComponentExports, { interfaceName, name }: Entry, args: readonly unknown[]): unknown {
  const members = (interfaceName === undefined ? exports : exports[interfaceName]) as Members;
  switch (name.kind) {
    case "plain":
      return (members[jsName(name.name)] as Callable)(...args);
    case "constructor":
      return new (members[jsClassName(name.resource)] as new (...given: readonly unknown[]) => object)(...args);
    case "static":
      return (members[jsClassName(name.resource)] as unknown as Readonly<Record<string, Callable>>)[jsName(name.name)]!(...args);
    case "method":
      return (args[0] as Readonly<Record<string, Callable>>)[jsName(name.name)]!(...args.slice(1));
  }
}

/** What a function that returns `result` gave: the glue returns the value of `ok` and throws the one of `err`. */
export function returnedValue({ func }: Entry, run: () => unknown): unknown {
  if (func.type.result?.kind !== "result") return run();
  try {
    return { tag: "ok", val: run() };
  } catch (error) {
    if (!isErrorCase(error)) throw error;
    return { tag: "err", val: error.payload };
  }
}

/** Whether what was thrown is the error case of a function's result, wrapped by the glue. */
function isErrorCase(error: unknown): error is { readonly payload: unknown } {
  return error instanceof Error && error.constructor.name === "ComponentError" && "payload" in error;
}

/** The result as text, or undefined when the function has none. */
export function formatReturned({ func }: Entry, value: unknown): string | undefined {
  return func.type.result === undefined ? undefined : formatValue(func.type.result, value);
}
