/**
 * How structs, arrays and exceptions lie in the heap: a header of two words, then fields at their natural alignment.
 * Derived from types, never state. Nothing here reads or writes an object.
 *
 *   word 0   type number << 2 | BlockKind; of an exception its tag's address instead
 *   word 1   of an array its length, else 0
 */
import { isRefType, PackedType, type StorageType, slotTypes, type TypeDef, typeIndexOf, ValType } from "./types.ts";

/** Heap space is given out in cells. */
export const CELL_BYTES = 8;
export const CELL_WORDS = 2;

/** What a block of the heap is: the low two bits of its first word. */
export const BlockKind = { Free: 0, Struct: 1, Array: 2, Exception: 3 } as const;
export type BlockKind = (typeof BlockKind)[keyof typeof BlockKind];

/** How a field or element is stored; the signed and unsigned ones differ for readers only. */
export const Storage = { Word: 0, Wide: 1, I8S: 2, I8U: 3, I16S: 4, I16U: 5, Vector: 6 } as const;
export type Storage = (typeof Storage)[keyof typeof Storage];

const storageBytes: readonly number[] = [4, 8, 1, 1, 2, 2, 16];

export interface StructLayout {
  readonly cells: number;
  /** Of each field: byte offset from the object's begin, and how it is stored. */
  readonly byteOffsets: readonly number[];
  readonly storages: readonly Storage[];
  /** Types of the fields, slot by slot, as they are popped. */
  readonly slots: readonly ValType[];
  /** Word offsets of references that the collector follows. */
  readonly refWords: readonly number[];
}

export interface ArrayLayout {
  readonly storage: Storage;
  readonly elemBytes: number;
  /** Whether the collector follows the elements. */
  readonly traced: boolean;
}

/** A reference that may lead into the heap. Functions are no objects of it. */
export function isTraced(types: readonly TypeDef[], type: StorageType): boolean {
  if (type === PackedType.I8 || type === PackedType.I16 || !isRefType(type)) return false;
  const index = typeIndexOf(type);
  if (index >= 0) return types[index]!.kind !== "func";
  const code = type & 0x7f;
  return code !== ValType.FuncRef && code !== ValType.NullFuncRef;
}

export function storageOf(type: StorageType): Storage {
  switch (type) {
    case PackedType.I8:
      return Storage.I8U;
    case PackedType.I16:
      return Storage.I16U;
    case ValType.I64:
    case ValType.F64:
      return Storage.Wide;
    case ValType.V128:
      return Storage.Vector;
    default:
      return Storage.Word;
  }
}

/** The type of a value that is read from a field. */
export function unpacked(type: StorageType): ValType {
  return type === PackedType.I8 || type === PackedType.I16 ? ValType.I32 : type;
}

export function structLayout(types: readonly TypeDef[], def: TypeDef): StructLayout {
  let at = CELL_BYTES;
  const byteOffsets: number[] = [];
  const storages: Storage[] = [];
  const refWords: number[] = [];
  for (const { type } of def.fields) {
    const storage = storageOf(type);
    const bytes = storageBytes[storage]!;
    const alignment = Math.min(bytes, CELL_BYTES);
    at = Math.ceil(at / alignment) * alignment;
    byteOffsets.push(at);
    storages.push(storage);
    if (isTraced(types, type)) refWords.push(at >>> 2);
    at += bytes;
  }
  const slots = slotTypes(def.fields.map(({ type }) => unpacked(type)));
  return { cells: Math.ceil(at / CELL_BYTES), byteOffsets, storages, slots, refWords };
}

export function arrayLayout(types: readonly TypeDef[], def: TypeDef): ArrayLayout {
  const { type } = def.fields[0]!;
  const storage = storageOf(type);
  return { storage, elemBytes: storageBytes[storage]!, traced: isTraced(types, type) };
}

/** Cells of an array of so many elements. */
export function arrayCells({ elemBytes }: ArrayLayout, length: number): number {
  return 1 + Math.ceil((length * elemBytes) / CELL_BYTES);
}

/** Exceptions hold what they carry as slots. */
export function exceptionLayout(
  types: readonly TypeDef[],
  params: readonly ValType[],
): { readonly cells: number; readonly refWords: readonly number[] } {
  const slots = slotTypes(params);
  const refWords = slots.flatMap((type, i) => (isTraced(types, type) ? [CELL_WORDS + i * 2] : []));
  return { cells: 1 + slots.length, refWords };
}
