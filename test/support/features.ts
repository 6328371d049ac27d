/**
 * Which later features of WebAssembly a module uses, and which of them the engine under these tests has: what is
 * compared with V8 must only use what both know. V8's answer is asked for, not listed, so newer ones compare more.
 */
import { InstrReader } from "../../vm/instr.ts";
import { Imm, Wasm } from "../../vm/opcodes.ts";
import { isNullable, isRefType, type Module, PackedType, type StorageType, typeIndexOf, ValType } from "../../vm/types.ts";
import { flatten, type Part, section, sized, vector } from "./binary.ts";

export type Feature =
  | "vectors"
  | "relaxed vectors"
  | "tail calls"
  | "extended constants"
  | "several memories"
  | "64-bit memories"
  | "64-bit tables"
  | "initialized tables"
  | "old exceptions"
  | "exceptions"
  | "function references"
  | "objects"
  | "descriptors"
  | "threads"
  | "page sizes"
  | "wide arithmetic";

/** V8's opinion, an independent one. */
const { WebAssembly: native } = globalThis as unknown as { WebAssembly: { validate(bytes: unknown): boolean } };

const HEADER = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

function func(...body: readonly Part[]): Part {
  return [section(1, vector([[0x60, 0, 0]])), section(3, vector([0])), section(10, vector([sized(0, ...body, 0x0b)]))];
}

/** The smallest module of each feature. */
const PROBES: Readonly<Record<Feature, Part>> = {
  vectors: func(0x41, 0, 0xfd, 0x0f, 0x1a),
  "relaxed vectors": func(0xfd, 0x0c, new Uint8Array(16), 0xfd, 0x0c, new Uint8Array(16), 0xfd, 0x80, 0x02, 0x1a),
  "tail calls": func(0x12, 0),
  "extended constants": section(6, vector([[0x7f, 0, 0x41, 1, 0x41, 1, 0x6a, 0x0b]])),
  "several memories": section(
    5,
    vector([
      [0, 0],
      [0, 0],
    ]),
  ),
  "64-bit memories": section(5, vector([[4, 0]])),
  "64-bit tables": section(4, vector([[0x70, 4, 0]])),
  "initialized tables": section(4, vector([[0x40, 0, 0x70, 0, 0, 0xd0, 0x70, 0x0b]])),
  "old exceptions": func(0x06, 0x40, 0x19, 0x0b),
  exceptions: func(0x1f, 0x40, 0, 0x0b),
  "function references": section(1, vector([[0x60, 1, 0x64, 0x70, 0]])),
  objects: section(1, vector([[0x5f, 0]])),
  descriptors: section(1, vector([[0x4e, 2, 0x4d, 1, 0x5f, 0, 0x4c, 0, 0x5f, 0]])),
  threads: section(5, vector([[3, 0, 1]])),
  "page sizes": section(5, vector([[8, 0, 0]])),
  "wide arithmetic": func(0x42, 0, 0x42, 0, 0xfc, 0x15, 0x1a, 0x1a),
};

/** The features that this process's own WebAssembly has. */
export function nativeFeatures(): Set<Feature> {
  const features = Object.keys(PROBES) as Feature[];
  return new Set(features.filter((feature) => native.validate(Uint8Array.from(flatten(HEADER, PROBES[feature])))));
}

/** The bytes that ask an engine for a feature. */
export function probeOf(feature: Feature): Uint8Array {
  return Uint8Array.from(flatten(HEADER, PROBES[feature]));
}

/** The later features that a decoded module uses. */
export function featuresOf(module: Module): Set<Feature> {
  const found = new Set<Feature>();
  const { types, tables, tableTypes, memoryTypes, globalTypes, elems, tagTypes } = module;
  for (const { kind, final, groupSize, func: type, fields, descriptor } of types) {
    if (kind !== "func" || !final || groupSize !== 1) found.add("objects");
    if (descriptor >= 0) found.add("descriptors");
    for (const part of [...(type?.params ?? []), ...(type?.results ?? []), ...fields.map((field) => field.type)]) addType(found, part);
  }
  for (const { elemType, address64 } of tableTypes) {
    addType(found, elemType);
    if (address64) found.add("64-bit tables");
  }
  if (tables.some(({ init }) => init !== undefined)) found.add("initialized tables");
  if (memoryTypes.length > 1) found.add("several memories");
  for (const { address64, shared, pageShift } of memoryTypes) {
    if (address64) found.add("64-bit memories");
    if (shared) found.add("threads");
    if (pageShift !== undefined) found.add("page sizes");
  }
  for (const { valType } of globalTypes) addType(found, valType);
  if (tagTypes.length > 0) found.add("old exceptions");
  for (const { items } of elems) for (const item of items) if (typeof item !== "number") addInstrs(found, module, item.start, item.end);
  for (const { init } of module.globals) addInstrs(found, module, init.start, init.end);
  for (const { codeStart, end, localRuns } of module.funcs) {
    for (const { type } of localRuns) addType(found, type);
    addInstrs(found, module, codeStart, end);
  }
  return found;
}

function addType(found: Set<Feature>, type: StorageType): void {
  if (type === ValType.V128) found.add("vectors");
  else if (type === PackedType.I8 || type === PackedType.I16) found.add("objects");
  else if (isRefType(type)) {
    if (type === ValType.ExnRef || type === ValType.NullExnRef) found.add("exceptions");
    else if (!isNullable(type) || typeIndexOf(type) >= 0) found.add("function references");
    if (type !== ValType.FuncRef && type !== ValType.ExternRef) found.add("objects");
  }
}

function addInstrs(found: Set<Feature>, module: Module, start: number, end: number): void {
  const reader = new InstrReader(module.bytes, start, end);
  while (reader.next()) {
    const { code, row, a } = reader;
    if (row.imm === Imm.BlockType || row.imm === Imm.TryTable) if (a < 0 && a !== -64) addType(found, ~a);
    if (row.imm === Imm.RefType) addType(found, a);
    if (row.imm === Imm.SelectTypes) for (const type of reader.types) addType(found, type);
    // A memory that is named, even the first one. Opcodes behind a prefix do not occur without features of their own.
    if (row.align >= 0 && code < 0x100 && (module.bytes[reader.wasmOffset + 1]! & 0x40) !== 0) found.add("several memories");
    const feature = featureOfCode(code);
    if (feature !== undefined) found.add(feature);
  }
}

function featureOfCode(code: number): Feature | undefined {
  if (code >= 0xfe000) return "threads";
  if (code >= 0xfd100) return "relaxed vectors";
  if (code >= 0xfd000) return "vectors";
  if (code >= 0xfc013) return "wide arithmetic";
  if (code >= 0xfc000) return undefined;
  if (code >= Wasm.StructNewDesc) return "descriptors";
  if (code >= Wasm.StructNew || code === Wasm.RefEq) return "objects";
  if ((code >= Wasm.RefAsNonNull && code <= Wasm.BrOnNonNull) || code === Wasm.CallRef || code === Wasm.ReturnCallRef)
    return "function references";
  if (code === Wasm.ReturnCall || code === Wasm.ReturnCallIndirect) return "tail calls";
  if (code === Wasm.TryTable || code === Wasm.ThrowRef) return "exceptions";
  if ((code >= Wasm.Try && code <= Wasm.Rethrow) || code === Wasm.Delegate || code === Wasm.CatchAll) return "old exceptions";
  return undefined;
}
