/**
 * What vector instructions become in lowered code, for both lowerings. The operation of a vector instruction has the
 * instruction's own code as its number, so the loop of vm/simd.ts needs no names of its own but those below.
 *
 * Words: the number, the destination if there is a result, the operands, then what the instruction names. Operands are
 * slots as an index of 32-bit words (slot * 2), scalars too.
 *   access            memory offset, then the lane if it names one
 *   constant          two indices of 64-bit constants            lane   the lane
 *   shuffle           instead of operands: where in the frame each piece of the result comes from, see SimdOp
 */
import type { LoweringDraft } from "./lower.ts";
import { Imm, opcodeRow, Wasm } from "./opcodes.ts";
import { Op, opLength } from "./ops.ts";

/** The first number of a vector operation. */
export const SIMD_BASE = 0xfd000;

/** Operations that no instruction has the number of. */
export const SimdOp = {
  /** Copies a vector. */
  Mov: 0xfd120,
  /** i8x16.shuffle of whole words, half-words, bytes: 4, 8, 16 words, each a place in the frame in that unit. */
  Shuffle32: 0xfd121,
  Shuffle16: 0xfd122,
  /** Shifts by a constant count, which stands where its slot would. */
  I8x16ShlK: 0xfd123,
  I8x16ShrSK: 0xfd124,
  I8x16ShrUK: 0xfd125,
  I16x8ShlK: 0xfd126,
  I16x8ShrSK: 0xfd127,
  I16x8ShrUK: 0xfd128,
  I32x4ShlK: 0xfd129,
  I32x4ShrSK: 0xfd12a,
  I32x4ShrUK: 0xfd12b,
  I64x2ShlK: 0xfd12c,
  I64x2ShrSK: 0xfd12d,
  I64x2ShrUK: 0xfd12e,
  /** a * b + c, a * b - c, c - a * b, each operation rounded. */
  F32x4MulAdd: 0xfd12f,
  F32x4MulSub: 0xfd130,
  F32x4SubMul: 0xfd131,
  F64x2MulAdd: 0xfd132,
  F64x2MulSub: 0xfd133,
  F64x2SubMul: 0xfd134,
  /** Scalar operations that stand between vector ones or lead back to them, with the operands that they have in ops.ts. */
  I32Add: 0xfd135,
  I32AddK: 0xfd136,
  I32ShlK: 0xfd137,
  I32AndK: 0xfd138,
  I32ShlAdd: 0xfd139,
  I32ShlAddK: 0xfd13a,
  Mov32: 0xfd13b,
  Const32: 0xfd13c,
  I32Eqz: 0xfd13d,
  BrNz: 0xfd13e,
  BrZ: 0xfd13f,
  BrAddKNe: 0xfd140,
  BrAddKNeK: 0xfd141,
  BrAddKLtS: 0xfd142,
  BrAddKLtSK: 0xfd143,
  BrAddKLtU: 0xfd144,
  BrAddKLtUK: 0xfd145,
  BrAddLtU: 0xfd146,
  BrAddLtUK: 0xfd147,
  BrAddKNz: 0xfd148,
} as const;

const scalarsBetween: ReadonlyMap<number, number> = new Map<number, number>([
  [Op.I32Add, SimdOp.I32Add],
  [Op.I32AddK, SimdOp.I32AddK],
  [Op.I32ShlK, SimdOp.I32ShlK],
  [Op.I32AndK, SimdOp.I32AndK],
  [Op.I32ShlAdd, SimdOp.I32ShlAdd],
  [Op.I32ShlAddK, SimdOp.I32ShlAddK],
  [Op.Mov32, SimdOp.Mov32],
  [Op.Const32, SimdOp.Const32],
  [Op.I32Eqz, SimdOp.I32Eqz],
  [Op.BrNz, SimdOp.BrNz],
  [Op.BrZ, SimdOp.BrZ],
  [Op.BrAddKNe, SimdOp.BrAddKNe],
  [Op.BrAddKNeK, SimdOp.BrAddKNeK],
  [Op.BrAddKLtS, SimdOp.BrAddKLtS],
  [Op.BrAddKLtSK, SimdOp.BrAddKLtSK],
  [Op.BrAddKLtU, SimdOp.BrAddKLtU],
  [Op.BrAddKLtUK, SimdOp.BrAddKLtUK],
  [Op.BrAddLtU, SimdOp.BrAddLtU],
  [Op.BrAddLtUK, SimdOp.BrAddLtUK],
  [Op.BrAddKNz, SimdOp.BrAddKNz],
]);
/** The same the other way round. */
const absorbed: ReadonlyMap<number, number> = new Map([...scalarsBetween].map(([op, number]) => [number, op]));

const shiftsByConstant: ReadonlyMap<number, number> = new Map<number, number>([
  [Wasm.I8x16Shl, SimdOp.I8x16ShlK],
  [Wasm.I8x16ShrS, SimdOp.I8x16ShrSK],
  [Wasm.I8x16ShrU, SimdOp.I8x16ShrUK],
  [Wasm.I16x8Shl, SimdOp.I16x8ShlK],
  [Wasm.I16x8ShrS, SimdOp.I16x8ShrSK],
  [Wasm.I16x8ShrU, SimdOp.I16x8ShrUK],
  [Wasm.I32x4Shl, SimdOp.I32x4ShlK],
  [Wasm.I32x4ShrS, SimdOp.I32x4ShrSK],
  [Wasm.I32x4ShrU, SimdOp.I32x4ShrUK],
  [Wasm.I64x2Shl, SimdOp.I64x2ShlK],
  [Wasm.I64x2ShrS, SimdOp.I64x2ShrSK],
  [Wasm.I64x2ShrU, SimdOp.I64x2ShrUK],
]);

/**
 * The operation for `first` whose result is the first (`operand` 0) or last operand of `second`, or -1. The operands of
 * `first` come first in it, then the other one of `second`.
 */
export function fusedVectors(first: number, second: number, operand: 0 | 1): number {
  if (first === Wasm.F32x4Mul) {
    if (second === Wasm.F32x4Add) return SimdOp.F32x4MulAdd;
    if (second === Wasm.F32x4Sub) return operand === 0 ? SimdOp.F32x4MulSub : SimdOp.F32x4SubMul;
  } else if (first === Wasm.F64x2Mul) {
    if (second === Wasm.F64x2Add) return SimdOp.F64x2MulAdd;
    if (second === Wasm.F64x2Sub) return operand === 0 ? SimdOp.F64x2MulSub : SimdOp.F64x2SubMul;
  }
  return -1;
}

export function isSimd(code: number): boolean {
  return code >>> 12 === 0xfd;
}

/** Whether there is a form with a constant count. */
export function isShift(code: number): boolean {
  return shiftsByConstant.has(code);
}

/**
 * Emits the operation of the draft's instruction on operands in the slots given, in their order, with its result to slot
 * `to` if it has one. Returns its index in the draft's words.
 */
export function emitSimd(draft: LoweringDraft, to: number, operands: readonly number[]): number {
  const { reader } = draft;
  const { row, code } = reader;
  if (code === Wasm.I8x16Shuffle) return emitShuffle(draft, to, operands[0]!, operands[1]!);
  draft.hasVectors = true;
  const at = draft.emit(code);
  const { words } = draft;
  if (row.results!.length > 0) words.push(to * 2);
  for (const slot of operands) words.push(slot * 2);
  switch (row.imm) {
    case Imm.V128:
      words.push(draft.code.constant(reader.lo, reader.hi), draft.code.constant(reader.lo2, reader.hi2));
      break;
    case Imm.Lane:
      words.push(reader.a);
      break;
    case Imm.MemArg:
      words.push(reader.b | 0);
      break;
    case Imm.MemArgLane:
      words.push(reader.b | 0, reader.d);
      break;
    default:
      break;
  }
  return at;
}

/** Emits a shift by the constant `count`; returns its index in the draft's words. */
export function emitShiftByConstant(draft: LoweringDraft, to: number, operand: number, count: number): number {
  return draft.emit(shiftsByConstant.get(draft.reader.code)!, to * 2, operand * 2, count);
}

/** Most scalar operations before a vector one that are given to its loop. */
const MAX_LEADING = 8;

/**
 * Gives scalar operations before and between vector ones, and branches back to these, numbers of the vector loop's own, so
 * that it need not be left and entered again for an addition. `words` is whole code, `base` its first index. Nothing changes its place.
 */
export function absorbScalars(words: number[], base: number): void {
  absorbLeading(words);
  let after = false;
  const waiting: number[] = [];
  for (let at = 0; at < words.length; at += length(words, at)) {
    const op = words[at]!;
    const number = scalarsBetween.get(op);
    waiting.push(at);
    if (op >= SIMD_BASE) after = true;
    else if (number === undefined) after = false;
    else if (after && leadsToVectors(words, base, at)) for (const scalar of waiting) absorb(words, scalar);
    else if (number >= SimdOp.BrNz) after = false;
    if (op >= SIMD_BASE || !after) waiting.length = 0;
  }
}

function absorb(words: number[], at: number): void {
  words[at] = scalarsBetween.get(words[at]!) ?? words[at]!;
}

/** Those that a vector operation follows at once. */
function absorbLeading(words: number[]): void {
  const waiting: number[] = [];
  for (let at = 0; at < words.length; at += length(words, at)) {
    const op = words[at]!;
    if (op >= SIMD_BASE) for (const scalar of waiting.splice(0)) absorb(words, scalar);
    else if (scalarsBetween.has(op)) waiting.push(at);
    else waiting.length = 0;
    if (waiting.length > MAX_LEADING) waiting.shift();
  }
}

/** Whether the operation at `at` is a branch whose target is in the vector loop. */
function leadsToVectors(words: readonly number[], base: number, at: number): boolean {
  const branches = scalarsBetween.get(words[at]!)! >= SimdOp.BrNz;
  return branches && words[words[at + 1]! - base]! >= SIMD_BASE;
}

/** Words of the operation at `at`. */
function length(words: readonly number[], at: number): number {
  const op = words[at]!;
  if (op < SIMD_BASE) {
    if (op === Op.BrTable) return opLength(op) + (words[at + 1]! + 1) * 2;
    return op === Op.Switch ? opLength(op) + words[at + 1]! + 1 : opLength(op);
  }
  return simdLength(op);
}

function simdLength(op: number): number {
  if (op === Wasm.I8x16Shuffle) return 18;
  if (op === SimdOp.Shuffle16) return 10;
  if (op === SimdOp.Shuffle32) return 6;
  if (op === SimdOp.Mov) return 3;
  if (op > SimdOp.Shuffle16 && op < SimdOp.I32Add) return op < SimdOp.F32x4MulAdd ? 4 : 5;
  const scalar = absorbed.get(op);
  if (scalar !== undefined) return opLength(scalar);
  const { params, results, imm } = opcodeRow(op)!;
  const named = imm === Imm.V128 || imm === Imm.MemArgLane ? 2 : imm === Imm.None ? 0 : 1;
  return 1 + params!.length + results!.length + named;
}

function emitShuffle(draft: LoweringDraft, to: number, a: number, b: number): number {
  const { lo, hi, lo2, hi2 } = draft.reader;
  const lanes = [lo, hi, lo2, hi2].flatMap((word) => [word & 0xff, (word >>> 8) & 0xff, (word >>> 16) & 0xff, word >>> 24]);
  const places = lanes.map((lane) => (lane < 16 ? a * 8 + lane : b * 8 + lane - 16));
  for (const [op, bytes] of [
    [SimdOp.Shuffle32, 4],
    [SimdOp.Shuffle16, 2],
  ] as const) {
    if (!movesWhole(places, bytes)) continue;
    const at = draft.emit(op, to * 2);
    for (let i = 0; i < 16; i += bytes) draft.words.push(places[i]! / bytes);
    return at;
  }
  const at = draft.emit(Wasm.I8x16Shuffle, to * 2);
  draft.words.push(...places);
  return at;
}

/** Whether a shuffle moves aligned pieces of so many bytes as a whole. */
function movesWhole(places: readonly number[], bytes: number): boolean {
  return places.every((place, i) => (i % bytes === 0 ? place % bytes === 0 : place === places[i - 1]! + 1));
}
