/** What instructions that run outside of the loop name, for both lowerings: they become one operation (Op.Bulk). */
import { gcForm } from "./gc-form.ts";
import type { LoweringDraft } from "./lower.ts";
import { Wasm } from "./opcodes.ts";
import { Bulk, LANE_SHIFT } from "./ops.ts";
import { type BulkForm, plain } from "./outside-form.ts";
import { isSimd } from "./simd-form.ts";
import { addressType, slotCount } from "./types.ts";

const nothing: readonly number[] = [];

/** The form of the instruction that the draft's reader is at, or undefined when that has another. */
export function bulkForm(draft: LoweringDraft): BulkForm | undefined {
  const { row, code, a, b } = draft.reader;
  const { module, instance } = draft;
  const { tableAddrs, memoryAddrs } = instance;
  if (row.align >= 0) return accessForm(draft);
  if (code >= Wasm.I64Add128 && code <= Wasm.I64MulWideU) return wideForm(draft);
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
      return { ...plain, kind: Bulk.DataDrop, a };
    case Wasm.ElemDrop:
      return { ...plain, kind: Bulk.ElemDrop, a };
    case Wasm.MemorySize:
      return { ...plain, kind: Bulk.MemorySize, a: memoryAddrs[a]!, results: [addressType(memory64(a))] };
    case Wasm.TableSize:
      return { ...plain, kind: Bulk.TableSize, a: tableAddrs[a]!, results: [addressType(table64(a))] };
    default:
      return gcForm(draft);
  }
}

function wideForm({ reader }: LoweringDraft): BulkForm {
  const { row, code } = reader;
  return { ...plain, kind: Bulk.Wide | (code << 8), operandSlots: row.params!.length, results: row.results! };
}

function threeOperands(kind: number, a: number, b: number, wide: readonly number[]): BulkForm {
  return { ...plain, kind, a, b, operandSlots: 3, wide };
}

/** Of a copy each address has the type of its own memory or table, the size that of the smaller. */
function copied(to64: boolean, from64: boolean): readonly number[] {
  return [...(to64 ? [0] : []), ...(from64 ? [1] : []), ...(to64 && from64 ? [2] : [])];
}

export function isAtomic(code: number): boolean {
  return code >>> 12 === 0xfe;
}

/** An atomic access, or a load or store on another memory than the first. Its address is clamped already. */
function accessForm(draft: LoweringDraft): BulkForm {
  const { row, code, b, c, d } = draft.reader;
  const memoryAddr = draft.instance.memoryAddrs[c]!;
  const operandSlots = slotCount(row.params!);
  const results = row.results!;
  const vector = isSimd(code);
  const family = isAtomic(code) ? Bulk.Atomic : vector ? Bulk.VectorAccess : Bulk.Access;
  const a = vector ? memoryAddr | (d << LANE_SHIFT) : memoryAddr;
  return { ...plain, kind: family | (code << 8), a, b: b | 0, operandSlots, results };
}
