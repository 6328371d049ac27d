/**
 * What a module is as a WASI program: a command, a reactor, or a plain library of functions; and whether it can be run.
 * Looks only at imports and exports.
 */
import { ExternKind, funcTypeAt, funcTypeName, type Module } from "../vm/types.ts";
import { WasiError } from "./errors.ts";
import { needsMemory, PREVIEW1, PREVIEW1_MODULE } from "./preview1.ts";

/** `command` has `_start`, `reactor` has `_initialize`, `library` neither: only its exports can be called. */
export type ProgramKind = "command" | "reactor" | "library";

/** Store-independent check of a program. Throws WasiError when the module breaks the rules of preview1. */
export function programKind(module: Module): ProgramKind {
  checkWasiImports(module);
  const start = hasEntry(module, "_start");
  const initialize = hasEntry(module, "_initialize");
  if (start && initialize)
    throw new WasiError("two-entries", "the module exports both _start and _initialize: it must be either a command or a reactor");
  return start ? "command" : initialize ? "reactor" : "library";
}

function hasEntry(module: Module, name: string): boolean {
  const found = module.exports.find((each) => each.name === name);
  if (found === undefined) return false;
  const type = found.kind === ExternKind.Func ? module.funcTypes[found.index]! : undefined;
  if (type === undefined || type.params.length > 0 || type.results.length > 0) {
    const is = type === undefined ? "no function" : `of type ${funcTypeName(type)}`;
    throw new WasiError("bad-entry", `the export ${name} is ${is}: a WASI program's entry takes and returns nothing`);
  }
  return true;
}

function checkWasiImports(module: Module): void {
  let usesMemory = false;
  for (const wanted of module.imports) {
    if (wanted.module === "wasi_unstable") {
      throw new WasiError("wasi-unstable", `the module imports ${wanted.name} from wasi_unstable; only ${PREVIEW1_MODULE} is supported`);
    }
    if (wanted.module !== PREVIEW1_MODULE) continue;
    const func = PREVIEW1.get(wanted.name);
    if (func === undefined) throw new WasiError("unknown-wasi-function", `${PREVIEW1_MODULE} has no function ${wanted.name}`);
    if (wanted.desc.kind !== ExternKind.Func)
      throw new WasiError("bad-wasi-import", `${PREVIEW1_MODULE}.${wanted.name} is not imported as a function`);
    const type = funcTypeName(funcTypeAt(module, wanted.desc.typeIndex));
    if (type !== funcTypeName(func.type)) {
      throw new WasiError(
        "bad-wasi-import",
        `${PREVIEW1_MODULE}.${wanted.name} is imported as ${type}, but it is ${funcTypeName(func.type)}`,
      );
    }
    usesMemory ||= needsMemory(func);
  }
  if (usesMemory && !module.exports.some((each) => each.name === "memory" && each.kind === ExternKind.Memory)) {
    throw new WasiError("no-memory", 'the module imports WASI functions but exports no memory named "memory"');
  }
}
