/**
 * Types of WebAssembly values and entities (spec: structure/types), and the decoded form of a module.
 * Plain records only: nothing here has behaviour beyond comparing and printing types.
 */

/** Value types by their binary code. References are 32-bit integers in a slot: 0 is null, else store address + 1. */
export const ValType = {
  I32: 0x7f,
  I64: 0x7e,
  F32: 0x7d,
  F64: 0x7c,
  V128: 0x7b,
  FuncRef: 0x70,
  ExternRef: 0x6f,
} as const;
export type ValType = (typeof ValType)[keyof typeof ValType];

/** Import and export kinds by their binary code. */
export const ExternKind = { Func: 0, Table: 1, Memory: 2, Global: 3 } as const;
export type ExternKind = (typeof ExternKind)[keyof typeof ExternKind];

export interface FuncType {
  readonly params: readonly ValType[];
  readonly results: readonly ValType[];
}

/** `min` and `max` in units of the limited thing: 64 KiB pages for memories, elements for tables. */
export interface Limits {
  readonly min: number;
  readonly max: number | undefined;
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
  | { readonly kind: typeof ExternKind.Func; readonly typeIndex: number }
  | { readonly kind: typeof ExternKind.Table; readonly type: TableType }
  | { readonly kind: typeof ExternKind.Memory; readonly type: MemoryType }
  | { readonly kind: typeof ExternKind.Global; readonly type: GlobalType };

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
  readonly types: readonly FuncType[];
  readonly imports: readonly Import[];
  readonly funcs: readonly FuncBody[];
  readonly tables: readonly TableDef[];
  readonly memories: readonly MemoryType[];
  readonly globals: readonly GlobalDef[];
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
  readonly tableTypes: readonly TableType[];
  readonly memoryTypes: readonly MemoryType[];
  readonly globalTypes: readonly GlobalType[];
  /** Number of imported functions: function index `i` is `funcs[i - importedFuncCount]`. */
  readonly importedFuncCount: number;
}

/** Name of a value type in the text format. */
export function valTypeName(type: ValType): string {
  switch (type) {
    case ValType.I32:
      return "i32";
    case ValType.I64:
      return "i64";
    case ValType.F32:
      return "f32";
    case ValType.F64:
      return "f64";
    case ValType.V128:
      return "v128";
    case ValType.FuncRef:
      return "funcref";
    case ValType.ExternRef:
      return "externref";
  }
}

export function isRefType(type: ValType): boolean {
  return type === ValType.FuncRef || type === ValType.ExternRef;
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

/** A function type in the text format: `(i32, i64) -> (f32)`. Equal types print equally, so it serves as a key. */
export function funcTypeName(type: FuncType): string {
  return `(${type.params.map(valTypeName).join(", ")}) -> (${type.results.map(valTypeName).join(", ")})`;
}
