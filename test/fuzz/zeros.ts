/** Functions of wasm that give zeros, for imports with vectors: JavaScript functions cannot have those. */
import { isRefType, ValType } from "../../vm/types.ts";
import { binary, type Part, section, sized, vector } from "../support/binary.ts";

export function hasVectors(params: readonly ValType[], results: readonly ValType[]): boolean {
  return params.includes(ValType.V128) || results.includes(ValType.V128);
}

/** A module that exports one as "f". Types are numeric, or references to none that a module defines. */
export function zeroModule(params: readonly ValType[], results: readonly ValType[]): Uint8Array {
  return binary(
    section(1, vector([[0x60, vector(params), vector(results)]])),
    section(3, vector([0])),
    section(7, vector([[sized("f"), 0, 0]])),
    section(10, vector([sized(0, ...results.map(zero), 0x0b)])),
  );
}

/** The instruction that makes it. */
function zero(type: ValType): Part {
  if (isRefType(type)) return [0xd0, type];
  switch (type) {
    case ValType.V128:
      return [0xfd, 0x0c, new Uint8Array(16)];
    case ValType.F64:
      return [0x44, new Uint8Array(8)];
    case ValType.F32:
      return [0x43, new Uint8Array(4)];
    default:
      return [type === ValType.I32 ? 0x41 : 0x42, 0];
  }
}
