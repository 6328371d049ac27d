/**
 * Reading of types in the binary format (spec: binary format, types): value, reference, heap and storage types as the
 * numbers of types.ts. Indices are as they stand in the bytes: whether such a type exists, and which equal one stands
 * for it, is not known here.
 */
import { DecodeError, ValidationError } from "./errors.ts";
import type { ByteReader } from "./reader.ts";
import { PackedType, RefFlag, refTo, type StorageType, ValType } from "./types.ts";

/** Most types of a module, so that an index always fits into the number of a type. */
export const MAX_TYPES = 1_000_000;

const Code = { RefNull: 0x63, Ref: 0x64, Exact: 0x62 } as const;

/** A value type; DecodeError "value-type" or "heap-type" when there is no such type. */
export function readValType(reader: ByteReader): ValType {
  const at = reader.pos;
  const byte = reader.u8();
  if (isNumOrVec(byte)) return byte;
  const ref = refTypeOf(reader, byte);
  if (ref < 0) throw new DecodeError("value-type", at, `malformed value type ${hexByte(byte)}`);
  return ref;
}

/** A reference type; DecodeError "ref-type" when the bytes are something else. */
export function readRefType(reader: ByteReader): ValType {
  const at = reader.pos;
  const byte = reader.u8();
  const ref = refTypeOf(reader, byte);
  if (ref < 0) throw new DecodeError("ref-type", at, `malformed reference type ${hexByte(byte)}`);
  return ref;
}

/** The type of a field or element: a value type or a packed one. */
export function readStorageType(reader: ByteReader): StorageType {
  const byte = reader.pos < reader.end ? reader.bytes[reader.pos]! : 0;
  if (byte !== PackedType.I8 && byte !== PackedType.I16) return readValType(reader);
  reader.pos++;
  return byte;
}

/** A heap type, as the nullable reference type to it. */
export function readHeapType(reader: ByteReader): ValType {
  const at = reader.pos;
  if (reader.pos < reader.end && reader.bytes[reader.pos] === Code.Exact) {
    reader.pos++;
    return toType(reader.u32(), at) | RefFlag.Exact;
  }
  const code = reader.s33();
  if (code >= 0) return toType(code, at);
  if (isAbstract(code + 0x80) && reader.pos === at + 1) return code + 0x80;
  throw new DecodeError("heap-type", at, `malformed heap type ${hexByte(reader.bytes[at]!)}`);
}

/** The type that begins with this byte, or -1 when that is no reference type. */
function refTypeOf(reader: ByteReader, byte: number): number {
  if (isAbstract(byte)) return byte;
  if (byte === Code.RefNull) return readHeapType(reader);
  return byte === Code.Ref ? readHeapType(reader) | RefFlag.NonNull : -1;
}

function toType(index: number, wasmOffset: number): ValType {
  if (index >= MAX_TYPES) throw new ValidationError("unknown-type", wasmOffset, `unknown type ${index}`);
  return refTo(index);
}

/** True for the first byte of a value type. */
export function beginsValType(byte: number): boolean {
  return isNumOrVec(byte) || isAbstract(byte) || byte === Code.Ref || byte === Code.RefNull;
}

/** True for the byte of a number or vector type. */
function isNumOrVec(byte: number): boolean {
  return byte >= ValType.V128 && byte <= ValType.I32;
}

/** True for the byte of an abstract heap type. */
function isAbstract(byte: number): boolean {
  return byte >= ValType.ExnRef && byte <= ValType.NullExnRef;
}

export function hexByte(value: number): string {
  return value.toString(16).padStart(2, "0");
}
