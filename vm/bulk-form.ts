/** What instructions that run outside of the loop name, for both lowerings: they become one operation (Op.Bulk). */
import type { LoweringDraft } from "./lower.ts";
import { Wasm } from "./opcodes.ts";
import { Bulk, LANE_SHIFT } from "./ops.ts";
import { isSimd } from "./simd-form.ts";
import { slotCount, ValType } from "./types.ts";

export interface BulkForm {
  readonly kind: number;
  /** What the kind says (ops.ts): store addresses of memories and tables, indices of segments. */
  readonly a: number;
  readonly b: number;
  /** Slots of operands that it pops. */
  readonly operandSlots: number;
  readonly results: readonly ValType[];
  /** Operands, as slots from the first, that are 64-bit addresses or sizes and have to be clamped to 32 bits. */
  readonly wide: readonly number[];
}

const nothing: readonly number[] = [];

/** The form of the instruction that the draft's reader is at, or undefined when that has another. */
export function bulkForm(draft: LoweringDraft): BulkForm | undefined {
  const { row, code, a, b } = draft.reader;
  const { module, instance } = draft;
  const { tableAddrs, memoryAddrs } = instance;
  if (row.align >= 0) return accessForm(draft);
  const memory64 = (index: number): boolean => module.memoryTypes[index]!.address64 === true;
  const table64 = (index: number): boolean => module.tableTypes[index]!.address64 === true;
  switch (code) {
    case Wasm.MemoryFill:
      return threeOperands(Bulk.MemoryFill, memoryAddrs[a]!, 0, memory64(a) ? [0, 2] : nothing);
    case Wasm.MemoryCopy:
      return threeOperands(Bulk.MemoryCopy, memoryAddrs[a]!, memoryAddrs[b]!, copied(memory64(a), memory64(b)));
    case Wasm.MemoryInit:
      return threeOperands(Bulk.MemoryInit, a, memoryAddrs[b]!, memory64(b) ? [0] : nothing);
    case Wasm.TableFill:
      return threeOperands(Bulk.TableFill, tableAddrs[a]!, 0, table64(a) ? [0, 2] : nothing);
    case Wasm.TableCopy:
      return threeOperands(Bulk.TableCopy, tableAddrs[a]!, tableAddrs[b]!, copied(table64(a), table64(b)));
    case Wasm.TableInit:
      return threeOperands(Bulk.TableInit, a, tableAddrs[b]!, table64(b) ? [0] : nothing);
    case Wasm.DataDrop:
      return { kind: Bulk.DataDrop, a, b: 0, operandSlots: 0, results: [], wide: nothing };
    case Wasm.ElemDrop:
      return { kind: Bulk.ElemDrop, a, b: 0, operandSlots: 0, results: [], wide: nothing };
    case Wasm.MemorySize:
      return { kind: Bulk.MemorySize, a: memoryAddrs[a]!, b: 0, operandSlots: 0, results: [addressType(memory64(a))], wide: nothing };
    case Wasm.TableSize:
      return { kind: Bulk.TableSize, a: tableAddrs[a]!, b: 0, operandSlots: 0, results: [addressType(table64(a))], wide: nothing };
    default:
      return undefined;
  }
}

function threeOperands(kind: number, a: number, b: number, wide: readonly number[]): BulkForm {
  return { kind, a, b, operandSlots: 3, results: [], wide };
}

/** Of a copy each address has the type of its own memory or table, the size that of the smaller. */
function copied(to64: boolean, from64: boolean): readonly number[] {
  return [...(to64 ? [0] : []), ...(from64 ? [1] : []), ...(to64 && from64 ? [2] : [])];
}

export function addressType(address64: boolean | undefined): ValType {
  return address64 === true ? ValType.I64 : ValType.I32;
}

/** A load or store on another memory than the first. Its address is clamped already. */
function accessForm(draft: LoweringDraft): BulkForm {
  const { row, code, b, c, d } = draft.reader;
  const memoryAddr = draft.instance.memoryAddrs[c]!;
  const operandSlots = slotCount(row.params!);
  const results = row.results!;
  const offset = b | 0;
  const kind = (isSimd(code) ? Bulk.VectorAccess : Bulk.Access) | (code << 8);
  return { kind, a: isSimd(code) ? memoryAddr | (d << LANE_SHIFT) : memoryAddr, b: offset, operandSlots, results, wide: nothing };
}
