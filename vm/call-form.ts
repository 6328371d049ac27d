/**
 * What calls name, for both lowerings: the function, table or reference they go through, their type, and whether they
 * are tail calls. Emits the operation; where the operands are is for the lowerings to say.
 */
import { pointAfterCall } from "./code.ts";
import type { LoweringDraft } from "./lower.ts";
import { Wasm } from "./opcodes.ts";
import { Leave, Op } from "./ops.ts";
import { type FuncType, funcTypeAt } from "./types.ts";

export interface CallForm {
  readonly type: FuncType;
  /** Number of the type in the store, which calls that find their callee at run time compare. */
  readonly typeNumber: number;
  readonly tail: boolean;
  /** Function address, table address, or 0 for calls through a reference. */
  readonly addr: number;
  readonly through: "function" | "table" | "reference";
  /** The index into the table is an i64. */
  readonly address64: boolean;
}

/** The form of the instruction that the draft's reader is at, or undefined when that is no call. */
export function callForm(draft: LoweringDraft): CallForm | undefined {
  const { module, instance, reader, store } = draft;
  const { code, a, b } = reader;
  switch (code) {
    case Wasm.Call:
    case Wasm.ReturnCall: {
      const tail = code === Wasm.ReturnCall;
      const typeNumber = store.types.ofModule(module)[module.funcTypeIndices[a]!]!;
      return { type: module.funcTypes[a]!, typeNumber, tail, addr: instance.funcAddrs[a]!, through: "function", address64: false };
    }
    case Wasm.CallIndirect:
    case Wasm.ReturnCallIndirect: {
      const tail = code === Wasm.ReturnCallIndirect;
      const address64 = module.tableTypes[b]!.address64 === true;
      const typeNumber = store.types.ofModule(module)[a]!;
      return { type: funcTypeAt(module, a), typeNumber, tail, addr: instance.tableAddrs[b]!, through: "table", address64 };
    }
    case Wasm.CallRef:
    case Wasm.ReturnCallRef: {
      const typeNumber = store.types.ofModule(module)[a]!;
      const tail = code === Wasm.ReturnCallRef;
      return { type: funcTypeAt(module, a), typeNumber, tail, addr: 0, through: "reference", address64: false };
    }
    default:
      return undefined;
  }
}

/**
 * Emits the call and the point behind it. Arguments begin at `slot`, `target` is the slot of the table index or the
 * reference, `charge` the ticks to retire, this instruction's included.
 */
export function emitCall(draft: LoweringDraft, form: CallForm, slot: number, target: number, charge: number): void {
  const { wasmOffset } = draft.reader;
  const { addr, typeNumber } = form;
  if (form.tail) {
    const kind = { function: Leave.TailCall, table: Leave.TailCallIndirect, reference: Leave.TailCallRef }[form.through];
    draft.emitLeave(kind, charge, addr, slot, target, typeNumber);
  } else if (form.through === "function") draft.emit(Op.Call, addr * 8, slot, charge, wasmOffset);
  else if (form.through === "table") draft.emit(Op.CallIndirect, addr, typeNumber, target * 2, slot, charge, wasmOffset);
  else draft.emit(Op.CallRef, target * 2, slot, charge, wasmOffset);
  draft.point(pointAfterCall(wasmOffset), 0);
}
