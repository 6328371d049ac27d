/**
 * Which modules have values that cannot cross between the engine and a recorder: objects of wasm, of which the engine shows
 * its host nothing that could be recorded, and references to exceptions where the host would be given one.
 */
import { topOf } from "../vm/subtype.ts";
import { ExternKind, type FuncType, isRefType, type Module, ValType } from "../vm/types.ts";
import type { Rewritten } from "./rewrite.ts";

/** What of the module cannot be recorded natively, for people; undefined when all can. Cost: a look at each type. */
export function unrecordable(module: Module, { usesObjects }: Rewritten): string | undefined {
  const { types } = module;
  const holds = (valTypes: readonly ValType[], top: ValType): boolean =>
    valTypes.some((type) => isRefType(type) && topOf(types, type) === top);
  const stored = [...module.globalTypes.map(({ valType }) => valType), ...module.tableTypes.map(({ elemType }) => elemType)];
  const valuesOf = ({ params, results }: FuncType): readonly ValType[] => [...params, ...results];
  const objects =
    usesObjects || holds(stored, ValType.AnyRef) || types.some(({ func }) => func === undefined || holds(valuesOf(func), ValType.AnyRef));
  if (objects) return "objects of WebAssembly (structs, arrays, i31)";
  const crossing = module.funcTypes.slice(0, module.importedFuncCount).flatMap(valuesOf);
  for (const { kind, index } of module.exports) if (kind === ExternKind.Func) crossing.push(...valuesOf(module.funcTypes[index]!));
  if (holds(stored, ValType.ExnRef) || holds(crossing, ValType.ExnRef)) return "references to exceptions outside of functions";
  return undefined;
}
