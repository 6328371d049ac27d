/**
 * Types of WebAssembly values and entities (spec: structure/types), and the decoded form of a module.
 * Plain records only: nothing here has behaviour beyond comparing and printing types.
 */

/**
 * Value types as numbers. Number and vector types are their binary code. A reference type is the code of its heap type
 * with RefFlag bits; a heap type that a module defines is `(type index + 1) << HEAP_SHIFT`, without a code. Equal types
 * are equal numbers: within a module an index stands for the first of all equal types, within a store for the number of
 * its type space. The constants below are what has a one-byte form; references among them are nullable.
 *
 * In a slot a reference is a 32-bit integer: 0 is null, else store address + 1.
 */
export const ValType = {
  I32: 0x7f,
  I64: 0x7e,
  F32: 0x7d,
  F64: 0x7c,
  V128: 0x7b,
  NullExnRef: 0x74,
  NullFuncRef: 0x73,
  NullExternRef: 0x72,
  NullRef: 0x71,
  FuncRef: 0x70,
  ExternRef: 0x6f,
  AnyRef: 0x6e,
  EqRef: 0x6d,
  I31Ref: 0x6c,
  StructRef: 0x6b,
  ArrayRef: 0x6a,
  ExnRef: 0x69,
} as const;
export type ValType = number;

/** Storage types that no value has: fields of structs and elements of arrays may be packed. */
export const PackedType = { I8: 0x78, I16: 0x77 } as const;
export type StorageType = number;

export const RefFlag = {
  /** Not null. */
  NonNull: 0x80,
  /** Of exactly that type, no subtype. */
  Exact: 0x100,
} as const;
export const HEAP_SHIFT = 9;

/** Import and export kinds by their binary code. */
export const ExternKind = { Func: 0, Table: 1, Memory: 2, Global: 3, Tag: 4 } as const;
export type ExternKind = (typeof ExternKind)[keyof typeof ExternKind];

/** Kinds as the text format names them. */
export const externKindNames = {
  [ExternKind.Func]: "func",
  [ExternKind.Table]: "table",
  [ExternKind.Memory]: "memory",
  [ExternKind.Global]: "global",
  [ExternKind.Tag]: "tag",
} as const;

export interface FuncType {
  readonly params: readonly ValType[];
  readonly results: readonly ValType[];
}

export interface FieldType {
  readonly type: StorageType;
  readonly mutable: boolean;
}

/** A defined type. Indices in it are the module's, or numbers of the type space that it belongs to; -1 for none. */
export interface TypeDef {
  readonly kind: "func" | "struct" | "array";
  /** Of a function type. */
  readonly func: FuncType | undefined;
  /** Fields of a struct; of an array one, its elements. */
  readonly fields: readonly FieldType[];
  readonly final: boolean;
  readonly supertype: number;
  /** Struct types may describe one another (custom descriptors). */
  readonly descriptor: number;
  readonly describes: number;
  /** The recursive group that it belongs to: index of its first member and number of members. */
  readonly groupStart: number;
  readonly groupSize: number;
  /** Where it begins in the module file. */
  readonly wasmOffset: number;
}

/** `min` and `max` in units of the limited thing: pages for memories, elements for tables. Beyond 2^53 they are rounded. */
export interface Limits {
  readonly min: number;
  readonly max: number | undefined;
}

/** What an address in a memory or a table is, from its `address64`. */
export function addressType(address64: boolean | undefined): ValType {
  return address64 === true ? ValType.I64 : ValType.I32;
}

export interface TableType {
  readonly elemType: ValType;
  readonly limits: Limits;
  /** Indices are i64 instead of i32. */
  readonly address64?: boolean;
}

export interface MemoryType {
  readonly limits: Limits;
  /** Addresses are i64 instead of i32. */
  readonly address64?: boolean;
  readonly shared?: boolean;
  /** Exponent of the page size, 0 or 16; 16 when absent. */
  readonly pageShift?: number;
}

export interface GlobalType {
  readonly valType: ValType;
  readonly mutable: boolean;
}

export interface Import {
  readonly module: string;
  readonly name: string;
  readonly desc: ImportDesc;
  /** Where the import begins in the module file. */
  readonly wasmOffset: number;
}

export type ImportDesc =
  /** `exact`: a function of just that type, no subtype. */
  | { readonly kind: typeof ExternKind.Func; readonly typeIndex: number; readonly exact?: boolean }
  | { readonly kind: typeof ExternKind.Table; readonly type: TableType }
  | { readonly kind: typeof ExternKind.Memory; readonly type: MemoryType }
  | { readonly kind: typeof ExternKind.Global; readonly type: GlobalType }
  | { readonly kind: typeof ExternKind.Tag; readonly typeIndex: number };

export interface Export {
  readonly name: string;
  readonly kind: ExternKind;
  /** Index in the module's index space of that kind. */
  readonly index: number;
  /** Where the export begins in the module file. */
  readonly wasmOffset: number;
}

/** A constant expression: its bytes `[start, end)` in the module, `end` past its `end` opcode. */
export interface ConstExpr {
  readonly start: number;
  readonly end: number;
}

export interface GlobalDef {
  readonly type: GlobalType;
  readonly init: ConstExpr;
}

export interface TableDef {
  readonly type: TableType;
  /** Value of its first elements; null references when absent. */
  readonly init?: ConstExpr;
}

/** An exception tag: the parameters of its function type are what an exception carries. */
export interface TagDef {
  readonly typeIndex: number;
}

/** Segment modes: active copies at instantiation, passive waits for an instruction, declarative only forward-declares. */
export type SegmentMode =
  | { readonly kind: "active"; readonly index: number; readonly offset: ConstExpr }
  | { readonly kind: "passive" }
  | { readonly kind: "declarative" };

export interface ElemSegment {
  readonly elemType: ValType;
  readonly mode: SegmentMode;
  /** One constant expression per element; a plain function index is given as `number`. */
  readonly items: readonly (number | ConstExpr)[];
  /** Where the segment begins in the module file. */
  readonly wasmOffset: number;
}

export interface DataSegment {
  readonly mode: SegmentMode;
  /** Bytes `[start, end)` of the module. */
  readonly start: number;
  readonly end: number;
}

/** One function of the code section. Offsets are byte offsets in the module file. */
export interface FuncBody {
  readonly typeIndex: number;
  /** First byte of the body (its local declarations). */
  readonly start: number;
  /** First instruction. */
  readonly codeStart: number;
  /** Past the final `end`. */
  readonly end: number;
  /** Declared locals as runs, parameters not included. */
  readonly localRuns: readonly { readonly count: number; readonly type: ValType }[];
}

/** A section's contents `[start, end)`, past its id and size. Ids are those of the binary format; custom sections are 0. */
export interface Section {
  readonly id: number;
  readonly start: number;
  readonly end: number;
}

export interface CustomSection {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

/**
 * A decoded module. Immutable and shared by all its instances; `bytes` must not be written after decoding.
 * Index spaces count imports first, as in the spec; `funcs`, `tables`, … hold only what the module itself defines.
 */
export interface Module {
  readonly bytes: Uint8Array;
  readonly types: readonly TypeDef[];
  /** For each type the index of the first equal one: what types of values name it by. */
  readonly canonicalTypes: Int32Array;
  readonly imports: readonly Import[];
  readonly funcs: readonly FuncBody[];
  readonly tables: readonly TableDef[];
  readonly memories: readonly MemoryType[];
  readonly globals: readonly GlobalDef[];
  readonly tags: readonly TagDef[];
  readonly exports: readonly Export[];
  readonly start: number | undefined;
  readonly elems: readonly ElemSegment[];
  readonly datas: readonly DataSegment[];
  readonly dataCount: number | undefined;
  readonly customs: readonly CustomSection[];
  /** All sections in the order of the file. */
  readonly sections: readonly Section[];
  /** Whole index spaces, imports first. */
  readonly funcTypes: readonly FuncType[];
  /** Of each function the index of its type. */
  readonly funcTypeIndices: readonly number[];
  readonly tableTypes: readonly TableType[];
  readonly memoryTypes: readonly MemoryType[];
  readonly globalTypes: readonly GlobalType[];
  readonly tagTypes: readonly FuncType[];
  /** Of each tag the index of its type. */
  readonly tagTypeIndices: readonly number[];
  /** Number of imported functions: function index `i` is `funcs[i - importedFuncCount]`. */
  readonly importedFuncCount: number;
}

/** The function type at an index of a validated module. */
export function funcTypeAt(module: Module, typeIndex: number): FuncType {
  const type = module.types[typeIndex]?.func;
  if (type === undefined) throw new Error(`type ${typeIndex} is no function type`);
  return type;
}

// ---- references

export function isRefType(type: ValType): boolean {
  return (type & 0x7f) <= ValType.NullExnRef;
}

/** Whether null is a value of a reference type. */
export function isNullable(type: ValType): boolean {
  return (type & RefFlag.NonNull) === 0;
}

export function nonNull(type: ValType): ValType {
  return type | RefFlag.NonNull;
}

export function nullable(type: ValType): ValType {
  return type & ~RefFlag.NonNull;
}

export function isExact(type: ValType): boolean {
  return (type & RefFlag.Exact) !== 0;
}

/** The nullable reference type of a defined type. */
export function refTo(typeIndex: number, flags = 0): ValType {
  return ((typeIndex + 1) << HEAP_SHIFT) | flags;
}

/** The defined type that a reference type names, or -1. */
export function typeIndexOf(type: ValType): number {
  return (type >>> HEAP_SHIFT) - 1;
}

/** The type with its defined type, if any, named by `map[index]`. */
export function mapValType(type: StorageType, map: ArrayLike<number>): StorageType {
  const index = typeIndexOf(type);
  return index < 0 ? type : refTo(map[index]!, type & (RefFlag.NonNull | RefFlag.Exact));
}

/** Whether a local or element of the type has a value of its own accord: zero or null. */
export function isDefaultable(type: StorageType): boolean {
  return !isRefType(type) || isNullable(type);
}

/** Whether a value needs all 64 bits of its slot, or of each of its slots. */
export function isWide(type: ValType): boolean {
  return type === ValType.I64 || type === ValType.F64 || type === ValType.V128;
}

/** Slots of 8 bytes that a value takes in frames, in globals and in traces. */
export function slotsOf(type: ValType): 1 | 2 {
  return type === ValType.V128 ? 2 : 1;
}

export function slotCount(types: readonly ValType[]): number {
  let count = types.length;
  for (const type of types) if (type === ValType.V128) count++;
  return count;
}

/** The types slot by slot: a v128 stands for each of its two. The list itself when that is the same. */
export function slotTypes(types: readonly ValType[]): readonly ValType[] {
  return types.includes(ValType.V128) ? types.flatMap((type) => (type === ValType.V128 ? [type, type] : [type])) : types;
}

/** The unsigned 128 bits of a vector from the 64 of each of its slots, signed or not. */
export function vectorBits(low: bigint, high: bigint): bigint {
  return (BigInt.asUintN(64, high) << 64n) | BigInt.asUintN(64, low);
}

// ---- names

const plainNames: Readonly<Record<number, string>> = {
  [ValType.I32]: "i32",
  [ValType.I64]: "i64",
  [ValType.F32]: "f32",
  [ValType.F64]: "f64",
  [ValType.V128]: "v128",
  [PackedType.I8]: "i8",
  [PackedType.I16]: "i16",
  [ValType.NullExnRef]: "nullexnref",
  [ValType.NullFuncRef]: "nullfuncref",
  [ValType.NullExternRef]: "nullexternref",
  [ValType.NullRef]: "nullref",
  [ValType.FuncRef]: "funcref",
  [ValType.ExternRef]: "externref",
  [ValType.AnyRef]: "anyref",
  [ValType.EqRef]: "eqref",
  [ValType.I31Ref]: "i31ref",
  [ValType.StructRef]: "structref",
  [ValType.ArrayRef]: "arrayref",
  [ValType.ExnRef]: "exnref",
};

const bottomHeapNames: Readonly<Record<number, string>> = {
  [ValType.NullExnRef]: "noexn",
  [ValType.NullFuncRef]: "nofunc",
  [ValType.NullExternRef]: "noextern",
  [ValType.NullRef]: "none",
};

/** Name of a value or storage type in the text format. */
export function valTypeName(type: StorageType): string {
  const plain = plainNames[type];
  if (plain !== undefined) return plain;
  return `(ref ${isNullable(type) ? "null " : ""}${heapTypeName(type)})`;
}

/** Name of the heap type of a reference type in the text format: `func`, `3`, `(exact 3)`. */
export function heapTypeName(type: ValType): string {
  const index = typeIndexOf(type);
  if (index >= 0) return isExact(type) ? `(exact ${index})` : `${index}`;
  const code = type & 0x7f;
  return bottomHeapNames[code] ?? (plainNames[code] ?? "?").replace(/ref$/, "");
}

/** A function type in the text format: `(i32, i64) -> (f32)`. */
export function funcTypeName(type: FuncType): string {
  return `(${type.params.map(valTypeName).join(", ")}) -> (${type.results.map(valTypeName).join(", ")})`;
}
