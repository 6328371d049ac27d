/** What an instruction that runs outside of the loop becomes in both lowerings: one operation (Op.Bulk). Data only. */
import type { ValType } from "./types.ts";

export interface BulkForm {
  readonly kind: number;
  /** What the kind says (ops.ts): store addresses of memories and tables, indices of segments. */
  readonly a: number;
  readonly b: number;
  /** Slots of operands that it pops. */
  readonly operandSlots: number;
  readonly results: readonly ValType[];
  /** May collect the heap: every operand of the frame has to be in its slot. */
  readonly allocates: boolean;
  /** Operands, as slots from the first, that are 64-bit addresses or sizes and have to be clamped to 32 bits. */
  readonly wide: readonly number[];
}

/** What most forms have in common. */
export const plain = { a: 0, b: 0, operandSlots: 0, results: [], allocates: false, wide: [] as readonly number[] } as const;
