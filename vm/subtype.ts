/**
 * Subtyping of value types and defined types (spec: validation/matching). Works on the types of a module and on those of
 * a type space alike: in both, equal types have equal numbers. Loops instead of recursion, no allocation.
 */
import { type FieldType, type FuncType, isExact, isNullable, isRefType, RefFlag, type TypeDef, typeIndexOf, ValType } from "./types.ts";

/** An operand of unreachable code of which nothing is known, and one of which only is known that it is a reference, not null. */
export const UNKNOWN = 0;
export const UNKNOWN_REF: ValType = RefFlag.NonNull;

/** Abstract heap types above each abstract heap type, itself included, as bits by code. */
const bit = (code: number): number => 1 << (code - ValType.ExnRef);
const eqAndAny = bit(ValType.EqRef) | bit(ValType.AnyRef);
const supertypeBits: Readonly<Record<number, number>> = {
  [ValType.ExnRef]: bit(ValType.ExnRef),
  [ValType.NullExnRef]: bit(ValType.NullExnRef) | bit(ValType.ExnRef),
  [ValType.FuncRef]: bit(ValType.FuncRef),
  [ValType.NullFuncRef]: bit(ValType.NullFuncRef) | bit(ValType.FuncRef),
  [ValType.ExternRef]: bit(ValType.ExternRef),
  [ValType.NullExternRef]: bit(ValType.NullExternRef) | bit(ValType.ExternRef),
  [ValType.AnyRef]: bit(ValType.AnyRef),
  [ValType.EqRef]: eqAndAny,
  [ValType.I31Ref]: bit(ValType.I31Ref) | eqAndAny,
  [ValType.StructRef]: bit(ValType.StructRef) | eqAndAny,
  [ValType.ArrayRef]: bit(ValType.ArrayRef) | eqAndAny,
  [ValType.NullRef]: bit(ValType.NullRef) | bit(ValType.I31Ref) | bit(ValType.StructRef) | bit(ValType.ArrayRef) | eqAndAny,
};

/** Whether every value of type `sub` is one of type `sup`. `types` are those that both may name. */
export function matches(types: readonly TypeDef[], sub: ValType, sup: ValType): boolean {
  if (sub === sup || sub === UNKNOWN || sup === UNKNOWN) return true;
  if (!isRefType(sub) || !isRefType(sup)) return false;
  if (isNullable(sub) && !isNullable(sup)) return false;
  return sub === UNKNOWN_REF || sup === UNKNOWN_REF || heapMatches(types, sub, sup);
}

/** As `matches`, of the heap types alone. */
export function heapMatches(types: readonly TypeDef[], sub: ValType, sup: ValType): boolean {
  const subIndex = typeIndexOf(sub);
  const supIndex = typeIndexOf(sup);
  if (subIndex >= 0 && supIndex >= 0) {
    if (isExact(sup)) return isExact(sub) && subIndex === supIndex;
    return isSubtype(types, subIndex, supIndex);
  }
  if (supIndex >= 0) return (sub & 0x7f) === bottomOf(types, sup);
  const code = subIndex >= 0 ? abstractOf(types, subIndex) : sub & 0x7f;
  return ((supertypeBits[code] ?? 0) & bit(sup & 0x7f)) !== 0;
}

/** Whether a defined type is another or declared, directly or not, as its subtype. Cost: the depth of the declaration. */
export function isSubtype(types: readonly TypeDef[], sub: number, sup: number): boolean {
  for (let index = sub; index >= 0; index = types[index]!.supertype) if (index === sup) return true;
  return false;
}

/** The abstract heap type right above a defined type, as its nullable reference type. */
export function abstractOf(types: readonly TypeDef[], typeIndex: number): ValType {
  switch (types[typeIndex]!.kind) {
    case "func":
      return ValType.FuncRef;
    case "struct":
      return ValType.StructRef;
    case "array":
      return ValType.ArrayRef;
  }
}

/** The highest type of a reference type's hierarchy, nullable: any, func, extern or exn. */
export function topOf(types: readonly TypeDef[], type: ValType): ValType {
  const index = typeIndexOf(type);
  const code = index >= 0 ? abstractOf(types, index) : type & 0x7f;
  for (const top of [ValType.AnyRef, ValType.FuncRef, ValType.ExternRef, ValType.ExnRef]) {
    if (((supertypeBits[code] ?? 0) & bit(top)) !== 0) return top;
  }
  throw new Error(`${type} is no reference type`);
}

/** The lowest type of a reference type's hierarchy, nullable: none, nofunc, noextern or noexn. */
export function bottomOf(types: readonly TypeDef[], type: ValType): ValType {
  switch (topOf(types, type)) {
    case ValType.FuncRef:
      return ValType.NullFuncRef;
    case ValType.ExternRef:
      return ValType.NullExternRef;
    case ValType.ExnRef:
      return ValType.NullExnRef;
    default:
      return ValType.NullRef;
  }
}

/** Whether a type may be declared as a subtype of another, by what both contain (supertypes and finality aside). */
export function contentsMatch(types: readonly TypeDef[], sub: TypeDef, sup: TypeDef): boolean {
  if (sub.kind !== sup.kind) return false;
  if (sub.func !== undefined && sup.func !== undefined) return funcMatches(types, sub.func, sup.func);
  // A struct may have further fields.
  return sub.fields.length >= sup.fields.length && sup.fields.every((field, i) => fieldMatches(types, sub.fields[i]!, field));
}

export function funcMatches(types: readonly TypeDef[], sub: FuncType, sup: FuncType): boolean {
  return allMatch(types, sup.params, sub.params) && allMatch(types, sub.results, sup.results);
}

export function allMatch(types: readonly TypeDef[], subs: readonly ValType[], sups: readonly ValType[]): boolean {
  return subs.length === sups.length && subs.every((type, i) => matches(types, type, sups[i]!));
}

/** A field that can be written must keep its type. Packed types match only themselves. */
function fieldMatches(types: readonly TypeDef[], sub: FieldType, sup: FieldType): boolean {
  if (sub.mutable !== sup.mutable) return false;
  return sub.mutable ? sub.type === sup.type : matches(types, sub.type, sup.type);
}
