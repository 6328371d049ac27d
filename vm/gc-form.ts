/** What instructions on references and objects name, for both lowerings: they become one operation each (Op.Bulk). */
import { Storage, unpacked } from "./layout.ts";
import type { LoweringDraft } from "./lower.ts";
import { Wasm } from "./opcodes.ts";
import { Gc } from "./ops.ts";
import { type BulkForm, plain } from "./outside-form.ts";
import { RefFlag, refTo, slotsOf, ValType } from "./types.ts";

/** The form of the instruction that the draft's reader is at, or undefined when it is none of these. */
export function gcForm(draft: LoweringDraft): BulkForm | undefined {
  const { code, a } = draft.reader;
  switch (code) {
    case Wasm.StructNew:
    case Wasm.StructNewDefault:
    case Wasm.StructNewDesc:
    case Wasm.StructNewDefaultDesc:
      return structNew(draft);
    case Wasm.StructGet:
    case Wasm.StructGetS:
    case Wasm.StructGetU:
    case Wasm.StructSet:
      return structAccess(draft);
    case Wasm.ArrayNew:
    case Wasm.ArrayNewDefault:
    case Wasm.ArrayNewFixed:
    case Wasm.ArrayNewData:
    case Wasm.ArrayNewElem:
      return arrayNew(draft);
    case Wasm.ArrayGet:
    case Wasm.ArrayGetS:
    case Wasm.ArrayGetU:
    case Wasm.ArraySet:
    case Wasm.ArrayFill:
    case Wasm.ArrayCopy:
    case Wasm.ArrayInitData:
    case Wasm.ArrayInitElem:
      return arrayAccess(draft);
    case Wasm.ArrayLen:
      return { ...plain, kind: Gc.ArrayLen, operandSlots: 1, results: [ValType.I32] };
    case Wasm.RefTest:
    case Wasm.RefTestNull:
      return { ...plain, kind: Gc.RefTest, a: draft.storeType(a), operandSlots: 1, results: [ValType.I32] };
    case Wasm.RefCast:
    case Wasm.RefCastNull:
      return { ...plain, kind: Gc.RefCast, a: draft.storeType(a), operandSlots: 1, results: [a] };
    case Wasm.I31GetS:
    case Wasm.I31GetU:
      return { ...plain, kind: code === Wasm.I31GetS ? Gc.I31GetS : Gc.I31GetU, operandSlots: 1, results: [ValType.I32] };
    case Wasm.RefGetDesc: {
      const descriptor = draft.module.types[a]!.descriptor;
      return { ...plain, kind: Gc.RefGetDesc, operandSlots: 1, results: [refTo(descriptor, RefFlag.NonNull)] };
    }
    case Wasm.RefCastDescEq:
    case Wasm.RefCastDescEqNull:
      return { ...plain, kind: Gc.RefCastDesc, a: code === Wasm.RefCastDescEqNull ? 1 : 0, operandSlots: 2, results: [a] };
    default:
      return undefined;
  }
}

function structNew(draft: LoweringDraft): BulkForm {
  const { code, a } = draft.reader;
  const number = draft.typeNumbers[a]!;
  const isDefault = code === Wasm.StructNewDefault || code === Wasm.StructNewDefaultDesc;
  const described = code === Wasm.StructNewDesc || code === Wasm.StructNewDefaultDesc;
  const fields = isDefault ? 0 : draft.store.structLayout(number).slots.length;
  const kind = described ? (isDefault ? Gc.StructNewDefaultDesc : Gc.StructNewDesc) : isDefault ? Gc.StructNewDefault : Gc.StructNew;
  const results = [refTo(a, RefFlag.NonNull | (described ? RefFlag.Exact : 0))];
  return { ...plain, kind, a: number, operandSlots: fields + (described ? 1 : 0), results, allocates: true };
}

/** How a packed field is read by an instruction that says so. */
function signedStorage(storage: Storage, signed: boolean): Storage {
  if (!signed) return storage;
  return storage === Storage.I8U ? Storage.I8S : storage === Storage.I16U ? Storage.I16S : storage;
}

function structAccess(draft: LoweringDraft): BulkForm {
  const { code, a, b } = draft.reader;
  const { byteOffsets, storages } = draft.store.structLayout(draft.typeNumbers[a]!);
  const type = unpacked(draft.module.types[a]!.fields[b]!.type);
  const storage = signedStorage(storages[b]!, code === Wasm.StructGetS);
  const form = { ...plain, a: byteOffsets[b]!, b: storage };
  if (code === Wasm.StructSet) return { ...form, kind: Gc.StructSet, operandSlots: 1 + slotsOf(type) };
  return { ...form, kind: Gc.StructGet, operandSlots: 1, results: [type] };
}

function arrayNew(draft: LoweringDraft): BulkForm {
  const { code, a, b } = draft.reader;
  const elem = slotsOf(unpacked(draft.module.types[a]!.fields[0]!.type));
  const form = { ...plain, a: draft.typeNumbers[a]!, results: [refTo(a, RefFlag.NonNull)], allocates: true };
  switch (code) {
    case Wasm.ArrayNew:
      return { ...form, kind: Gc.ArrayNew, operandSlots: elem + 1 };
    case Wasm.ArrayNewDefault:
      return { ...form, kind: Gc.ArrayNewDefault, operandSlots: 1 };
    case Wasm.ArrayNewFixed:
      return { ...form, kind: Gc.ArrayNewFixed, b, operandSlots: elem * b };
    default:
      return { ...form, kind: code === Wasm.ArrayNewData ? Gc.ArrayNewData : Gc.ArrayNewElem, b, operandSlots: 2 };
  }
}

function arrayAccess(draft: LoweringDraft): BulkForm {
  const { code, a, b } = draft.reader;
  const { storage, elemBytes } = draft.store.arrayLayout(draft.typeNumbers[a]!);
  const type = unpacked(draft.module.types[a]!.fields[0]!.type);
  const elem = slotsOf(type);
  switch (code) {
    case Wasm.ArraySet:
      return { ...plain, kind: Gc.ArraySet, a: storage, b: elemBytes, operandSlots: 2 + elem };
    case Wasm.ArrayFill:
      return { ...plain, kind: Gc.ArrayFill, a: storage, b: elemBytes, operandSlots: 3 + elem };
    case Wasm.ArrayCopy:
      return { ...plain, kind: Gc.ArrayCopy, b: elemBytes, operandSlots: 5 };
    case Wasm.ArrayInitData:
      return { ...plain, kind: Gc.ArrayInitData, a: b, b: elemBytes, operandSlots: 4 };
    case Wasm.ArrayInitElem:
      return { ...plain, kind: Gc.ArrayInitElem, a: b, operandSlots: 4 };
    default: {
      const read = signedStorage(storage, code === Wasm.ArrayGetS);
      return { ...plain, kind: Gc.ArrayGet, a: read, b: elemBytes, operandSlots: 2, results: [type] };
    }
  }
}
