/**
 * The options of compiling (JS API: WebAssemblyCompileOptions): which imports the namespace itself provides, builtin
 * functions and constant strings. Decided when a module is compiled, so a module that wants them otherwise is none.
 */
import { ExternKind, funcTypeAt, type Import, type Module, nonNull, ValType } from "../vm/types.ts";
import { isStringBuiltin, stringBuiltinMatches } from "./js-string.ts";
import { isIterable, isObject, typeError } from "./webidl.ts";

export interface CompileOptions {
  /** Names of builtin sets: "js-string" is the only one; others have no effect. */
  readonly builtins?: Iterable<string>;
  /** Module name of imports that are strings, those of their field names. */
  readonly importedStringConstants?: string | null;
}

/** An import that the namespace provides: a builtin function by its name, or a string. */
export type Provided = { readonly kind: "builtin"; readonly name: string } | { readonly kind: "string"; readonly value: string };

/** The options with their members converted, in the order that Web IDL prescribes. */
export interface ReadOptions {
  readonly sets: readonly string[];
  readonly constants: string | undefined;
}

const BUILTIN_SETS: readonly string[] = ["js-string"];
const noOptions: ReadOptions = { sets: [], constants: undefined };

/** Throws TypeError for what is no such dictionary. */
export function readCompileOptions(options: unknown, context: string): ReadOptions {
  if (options === undefined || options === null) return noOptions;
  if (!isObject(options)) throw typeError(context, "the options must be an object");
  const { builtins } = options as { builtins?: unknown };
  if (builtins !== undefined && !isIterable(builtins)) throw typeError(context, "'builtins' must be a sequence");
  const sets = builtins === undefined ? [] : Array.from(builtins, (name) => `${name as string}`);
  const { importedStringConstants } = options as { importedStringConstants?: unknown };
  const given = importedStringConstants === undefined || importedStringConstants === null;
  return { sets, constants: given ? undefined : `${importedStringConstants as string}` };
}

/**
 * What the namespace provides for a module, by number of the import; or what is wrong with the module under these options,
 * in words.
 */
export function providedImports(module: Module, { sets, constants }: ReadOptions): ReadonlyMap<number, Provided> | string {
  if (new Set(sets).size < sets.length) return "a builtin set is named twice";
  const provided = new Map<number, Provided>();
  for (const [i, wanted] of module.imports.entries()) {
    const found = wanted.module === constants ? constant(wanted) : builtin(module, wanted, sets);
    if (typeof found === "string") return `import #${i} ${JSON.stringify(wanted.module)} ${JSON.stringify(wanted.name)}: ${found}`;
    if (found !== undefined) provided.set(i, found);
  }
  return provided;
}

function constant({ name, desc }: Import): Provided | string {
  const fits =
    desc.kind === ExternKind.Global &&
    !desc.type.mutable &&
    (desc.type.valType === ValType.ExternRef || desc.type.valType === nonNull(ValType.ExternRef));
  return fits ? { kind: "string", value: name } : "an imported string is an immutable global of type externref";
}

function builtin(module: Module, { module: from, name, desc }: Import, sets: readonly string[]): Provided | string | undefined {
  if (!from.startsWith("wasm:") || !sets.includes(from.slice("wasm:".length)) || !BUILTIN_SETS.includes(from.slice("wasm:".length))) {
    return undefined;
  }
  if (!isStringBuiltin(name)) return undefined;
  const fits = desc.kind === ExternKind.Func && stringBuiltinMatches(module, name, funcTypeAt(module, desc.typeIndex));
  return fits ? { kind: "builtin", name } : "the builtin has another type";
}
