/**
 * Which modules of the suite are in scope: WebAssembly 2.0, with extended constant expressions. The suite
 * is of a later version and mixes features within files, so the question is asked of each module's text. A module is
 * never judged by whether our machine happens to accept it.
 */
import { headOf, type List, type Node } from "./sexpr.ts";
import type { ModuleSource } from "./wast.ts";

interface Feature {
  readonly name: string;
  readonly atom: RegExp;
}

const FEATURES: readonly Feature[] = [
  { name: "typed function references", atom: /^return_call_ref$/ },
  {
    name: "exceptions",
    atom: /^(tag|throw|throw_ref|try|try_table|catch|catch_ref|catch_all|catch_all_ref|rethrow|delegate|exnref|exn|noexn|nullexnref)$/,
  },
  {
    name: "custom descriptors",
    atom: /^(exact|descriptor|describes)$|_desc(_|$)/,
  },
  {
    name: "GC",
    atom: /^(struct|array|i31|any|extern)\.|^(struct|array|rec|sub|i31|any|eq|none|nofunc|noextern)$|^(anyref|eqref|i31ref|structref|arrayref|nullref|nullfuncref|nullexternref)$|^ref\.(i31|eq|test|cast)$|^br_on_cast/,
  },
  { name: "typed function references", atom: /^(call_ref|ref\.as_non_null|br_on_null|br_on_non_null)$/ },
  { name: "threads", atom: /^shared$|(^|\.)atomic\./ },
  { name: "custom page sizes", atom: /^pagesize$/ },
  { name: "wide arithmetic", atom: /^i64\.(add128|sub128|mul_wide_[su])$/ },
];

/** Files that are about one feature throughout, binary modules included. */
const FILES_OUT_OF_SCOPE: readonly { readonly path: RegExp; readonly feature: string }[] = [
  { path: /^proposals\//, feature: "proposals" },
  { path: /^legacy\//, feature: "legacy exceptions" },
  { path: /^custom\//, feature: "custom section contents" },
];

/** The feature that a whole file is about and that is out of scope, or undefined. */
export function fileOutOfScope(file: string): string | undefined {
  return FILES_OUT_OF_SCOPE.find((entry) => entry.path.test(file))?.feature;
}

const lines = (reason: string, ...numbers: number[]): Record<number, string> => Object.fromEntries(numbers.map((line) => [line, reason]));

/**
 * Commands whose features cannot be read off their text, by file and line: modules in binary form, and assertions that
 * see effects of a module that was left out.
 */
const COMMANDS_OUT_OF_SCOPE: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  "binary_leb128_64.wast": lines("64-bit memories", 1),
  "elem.wast": lines("table initializers", 453, 470, 487, 504, 524, 544, 561, 578),
};

/**
 * Modules of many parts of which some are out of scope: those fields are left out and the rest is run. Listed one by
 * one, because leaving out fields is only right where nothing that stays refers to them.
 */
const PRUNED_MODULES: Readonly<Record<string, readonly number[]>> = {
  "br_table.wast": [3],
  "imports.wast": [3, 35],
  "linking.wast": [426, 434],
  "unreached-valid.wast": [1],
};

/** The module without its fields that are out of scope when it is listed for that, else the module itself. */
export function prunedModule(source: ModuleSource, file: string, line: number): ModuleSource {
  const { node } = source;
  if (node?.kind !== "list" || PRUNED_MODULES[file]?.includes(line) !== true) return source;
  let { text } = source;
  let leftOut = "";
  // From the back, so that the offsets of what is still to be cut stay right.
  for (const item of node.items.toReversed()) {
    const feature = featureOf(item);
    if (feature === undefined) continue;
    leftOut = feature;
    text = text.slice(0, item.start - node.start) + text.slice(item.end - node.start);
  }
  return { ...source, text, node: { ...node, items: node.items.filter((item) => featureOf(item) === undefined) }, leftOut };
}

/** The listed reason why a command is out of scope, or undefined. */
export function commandOutOfScope(file: string, line: number): string | undefined {
  return COMMANDS_OUT_OF_SCOPE[file]?.[line];
}

/** The first feature in the module's text that is out of scope, or undefined. Binary modules have no text to ask. */
export function moduleOutOfScope(source: ModuleSource): string | undefined {
  if (source.node === undefined) return undefined;
  return featureOf(source.node);
}

function featureOf(node: Node): string | undefined {
  if (node.kind === "atom") return FEATURES.find((feature) => feature.atom.test(node.text))?.name;
  if (node.kind === "string") return undefined;
  const own = listFeature(node);
  if (own !== undefined) return own;
  for (const item of node.items) {
    const feature = featureOf(item);
    if (feature !== undefined) return feature;
  }
  return undefined;
}

const CORE_HEAP_TYPES = new Set(["func", "extern"]);
const TABLE_PARTS = new Set(["import", "export", "elem", "ref"]);

function listFeature(list: List): string | undefined {
  const [, second, third] = list.items;
  switch (headOf(list)) {
    case "ref":
      return isAtom(second, "null") && third?.kind === "atom" && CORE_HEAP_TYPES.has(third.text) ? undefined : "typed function references";
    case "ref.null":
      return second?.kind === "atom" && !CORE_HEAP_TYPES.has(second.text) && featureOf(second) === undefined
        ? "typed function references"
        : undefined;
    case "memory":
      return list.items.some((item) => isAtom(item, "i64")) ? "64-bit memories" : undefined;
    case "table":
      if (list.items.some((item) => isAtom(item, "i64"))) return "64-bit tables";
      return list.items.some((item) => item.kind === "list" && !TABLE_PARTS.has(headOf(item))) ? "table initializers" : undefined;
    default:
      return undefined;
  }
}

function isAtom(node: Node | undefined, text: string): boolean {
  return node?.kind === "atom" && node.text === text;
}
