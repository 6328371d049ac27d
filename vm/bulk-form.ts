/** What the bulk memory and table instructions name, for both lowerings: they become one operation (Op.Bulk). */
import type { LoweringDraft } from "./lower.ts";
import { Wasm } from "./opcodes.ts";
import { Bulk } from "./ops.ts";

export interface BulkForm {
  readonly kind: number;
  /** Store addresses of memories and tables, indices of segments, as runBulk wants them. */
  readonly a: number;
  readonly b: number;
  /** Operands that it pops: three, or none for drops. */
  readonly operandCount: 0 | 3;
}

/** The form of the instruction that the draft's reader is at, or undefined when that is no bulk instruction. */
export function bulkForm(draft: LoweringDraft): BulkForm | undefined {
  const { code, a, b } = draft.reader;
  const { tableAddrs, memoryAddrs } = draft.instance;
  switch (code) {
    case Wasm.MemoryFill:
      return { kind: Bulk.MemoryFill, a: memoryAddrs[a]!, b: 0, operandCount: 3 };
    case Wasm.MemoryCopy:
      return { kind: Bulk.MemoryCopy, a: memoryAddrs[a]!, b: memoryAddrs[b]!, operandCount: 3 };
    case Wasm.MemoryInit:
      return { kind: Bulk.MemoryInit, a, b: memoryAddrs[b]!, operandCount: 3 };
    case Wasm.DataDrop:
      return { kind: Bulk.DataDrop, a, b: 0, operandCount: 0 };
    case Wasm.TableFill:
      return { kind: Bulk.TableFill, a: tableAddrs[a]!, b: 0, operandCount: 3 };
    case Wasm.TableCopy:
      return { kind: Bulk.TableCopy, a: tableAddrs[a]!, b: tableAddrs[b]!, operandCount: 3 };
    case Wasm.TableInit:
      return { kind: Bulk.TableInit, a, b: tableAddrs[b]!, operandCount: 3 };
    case Wasm.ElemDrop:
      return { kind: Bulk.ElemDrop, a, b: 0, operandCount: 0 };
    default:
      return undefined;
  }
}
