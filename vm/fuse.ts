/**
 * Pairs of internal operations that fast code runs as one, chosen by how often they follow each other in the kernels
 * (docs/rationale/execution.md). A table; lower-fast.ts decides when the first of a pair may be taken back.
 */
import { Op } from "./ops.ts";

/** Forms of an access whose address is `a + b`, `a + constant`, `a << constant`; -1 where there is none. */
interface AddressForms {
  readonly add: number;
  readonly addConst: number;
  readonly shiftConst: number;
}

const addressForms: ReadonlyMap<number, AddressForms> = new Map<number, AddressForms>([
  [Op.Load32, { add: Op.Load32Add, addConst: Op.Load32AddK, shiftConst: Op.Load32Shl }],
  [Op.Load8U, { add: Op.Load8UAdd, addConst: Op.Load8UAddK, shiftConst: Op.Load8UShl }],
  [Op.LoadF64, { add: Op.LoadF64Add, addConst: Op.LoadF64AddK, shiftConst: Op.LoadF64Shl }],
  [Op.Store32, { add: Op.Store32Add, addConst: -1, shiftConst: -1 }],
  [Op.Store8, { add: Op.Store8Add, addConst: -1, shiftConst: -1 }],
  [Op.StoreF64, { add: Op.StoreF64Add, addConst: -1, shiftConst: -1 }],
]);

/** Two moves of the same kind after each other, or -1. */
export function fusedMoves(move: number): number {
  if (move === Op.Mov32) return Op.Mov32Pair;
  return move === Op.Mov64 ? Op.Mov64Pair : -1;
}

/** The form of an access whose address `first` computes, or -1. */
export function fusedAccess(first: number, access: number): number {
  const forms = addressForms.get(access);
  if (forms === undefined) return -1;
  if (first === Op.I32Add) return forms.add;
  if (first === Op.I32AddK) return forms.addConst;
  return first === Op.I32ShlK ? forms.shiftConst : -1;
}

/** A counting branch: the comparison that branches, by whether what is added is constant (`K`) or in a slot. */
const countingBranches: ReadonlyMap<number, readonly [constant: number, slot: number]> = new Map([
  [Op.BrI32Ne, [Op.BrAddKNe, -1]],
  [Op.BrI32NeK, [Op.BrAddKNeK, -1]],
  [Op.BrI32LtS, [Op.BrAddKLtS, -1]],
  [Op.BrI32LtSK, [Op.BrAddKLtSK, -1]],
  [Op.BrI32LtU, [Op.BrAddKLtU, Op.BrAddLtU]],
  [Op.BrI32LtUK, [Op.BrAddKLtUK, Op.BrAddLtUK]],
]);

/** The operation that adds as `first` does, then branches as `branch` does, or -1. */
export function fusedBranch(first: number, branch: number): number {
  if (branch === Op.BrNz) return first === Op.I32AddK ? Op.BrAddKNz : -1;
  const forms = countingBranches.get(branch);
  if (forms === undefined) return -1;
  if (first === Op.I32AddK) return forms[0];
  return first === Op.I32Add ? forms[1] : -1;
}

/**
 * The operation for `first` whose result is the first (`operand` 0) or last operand of `second`, or -1. The operands of
 * `first` come first in it, then the other one of `second`.
 */
export function fusedArithmetic(first: number, second: number, operand: 0 | 1): number {
  if (first === Op.F64Mul) {
    if (second === Op.F64Add) return Op.F64MulAdd;
    if (second === Op.F64Sub) return operand === 0 ? Op.F64MulSub : Op.F64SubMul;
  }
  if (first === Op.GlobalGet32 && second === Op.I32AddK) return Op.GlobalGetAddK;
  if (first === Op.I32ShlK) {
    if (second === Op.I32Add) return Op.I32ShlAdd;
    if (second === Op.I32AddK && operand === 0) return Op.I32ShlAddK;
  }
  return -1;
}
