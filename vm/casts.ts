/**
 * Types of references at run time (spec: execution/values, runtime types; ref.test, ref.cast). Knows the encoding of
 * references; reads objects' headers and changes nothing.
 */
import { cellOfRef, isHeapRef } from "./heap.ts";
import { BlockKind } from "./layout.ts";
import { FUNC_INFO_WORDS, FuncInfo, type Store } from "./store.ts";
import { isExact, isNullable, typeIndexOf, ValType } from "./types.ts";

/** i31 values are the negative references. */
export const I31_FLAG = 0x80000000 | 0;

export function i31Ref(value: number): number {
  return value | I31_FLAG;
}

/** Number of the type that an object of the heap was made of. Exceptions have none. */
export function typeOfObject(store: Store, ref: number): number {
  return store.heap.words[cellOfRef(ref) * 2]! >>> 2;
}

export function kindOfObject(store: Store, ref: number): BlockKind {
  return (store.heap.words[cellOfRef(ref) * 2]! & 3) as BlockKind;
}

/**
 * Whether a reference is a value of a reference type of the store. The reference must belong to the type's hierarchy
 * (any, extern, func, exn), which validation makes sure of.
 */
export function isInstanceOf(store: Store, ref: number, type: ValType): boolean {
  if (ref === 0) return isNullable(type);
  const number = typeIndexOf(type);
  if (number >= 0) return isOfDefined(store, ref, number, isExact(type));
  switch (type & 0x7f) {
    case ValType.AnyRef:
    case ValType.ExternRef:
    case ValType.FuncRef:
    case ValType.ExnRef:
      return true;
    case ValType.EqRef:
      return ref < 0 || isHeapRef(ref);
    case ValType.I31Ref:
      return ref < 0;
    case ValType.StructRef:
      return isHeapRef(ref) && kindOfObject(store, ref) === BlockKind.Struct;
    case ValType.ArrayRef:
      return isHeapRef(ref) && kindOfObject(store, ref) === BlockKind.Array;
    default:
      return false;
  }
}

function isOfDefined(store: Store, ref: number, number: number, exact: boolean): boolean {
  const { types } = store;
  let own: number;
  if (types.types[number]!.kind === "func") own = store.funcInfo[(ref - 1) * FUNC_INFO_WORDS + FuncInfo.TypeId]!;
  else if (isHeapRef(ref)) own = typeOfObject(store, ref);
  else return false;
  return own === number || (!exact && types.isSubtype(own, number));
}
