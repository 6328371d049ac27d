/** Which instructions compute the same with their operands exchanged: how a constant on the left becomes one on the right. */
import { Wasm } from "./opcodes.ts";

/** Instructions whose operands may be exchanged, with the one that then has to be used. */
export const exchanged: ReadonlyMap<number, number> = new Map<number, number>([
  ...[Wasm.I32Add, Wasm.I32Mul, Wasm.I32And, Wasm.I32Or, Wasm.I32Xor, Wasm.I32Eq, Wasm.I32Ne].map((code) => [code, code] as const),
  ...[Wasm.I64Add, Wasm.I64Mul, Wasm.I64And, Wasm.I64Or, Wasm.I64Xor, Wasm.I64Eq, Wasm.I64Ne].map((code) => [code, code] as const),
  ...[Wasm.F64Add, Wasm.F64Mul, Wasm.F64Eq, Wasm.F64Ne].map((code) => [code, code] as const),
  ...mirrored(Wasm.I32LtS, Wasm.I32GtS),
  ...mirrored(Wasm.I32LtU, Wasm.I32GtU),
  ...mirrored(Wasm.I32LeS, Wasm.I32GeS),
  ...mirrored(Wasm.I32LeU, Wasm.I32GeU),
  ...mirrored(Wasm.I64LtS, Wasm.I64GtS),
  ...mirrored(Wasm.I64LtU, Wasm.I64GtU),
  ...mirrored(Wasm.I64LeS, Wasm.I64GeS),
  ...mirrored(Wasm.I64LeU, Wasm.I64GeU),
  ...mirrored(Wasm.F64Lt, Wasm.F64Gt),
  ...mirrored(Wasm.F64Le, Wasm.F64Ge),
]);

function mirrored(a: number, b: number): [number, number][] {
  return [
    [a, b],
    [b, a],
  ];
}
