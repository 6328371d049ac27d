/**
 * Instructions that rearrange frames (spec: tail calls, exceptions): the loop is left at them, they are done here on the
 * store, and the loop is entered anew. They retire like any other: a trap has their tick and offset.
 */
import { Mode } from "./code.ts";
import { collect } from "./collect.ts";
import { makeException, throwException } from "./exception.ts";
import { NEEDS_COLLECTION } from "./heap.ts";
import { loweredFunction } from "./lower.ts";
import { LEAVE_LENGTH, Leave, LeaveWord } from "./ops.ts";
import { FRAME_WORDS, Frame, FrameFlag, FUNC_INFO_WORDS, FuncInfo, Status, type Store } from "./store.ts";
import { Trap } from "./trap.ts";

/**
 * Does the Leave operation that the running frame stands at. Afterwards the machine runs, waits for a host function, or is
 * trapped. Returns whether a watched frame was unwound.
 */
export function runLeave(store: Store): boolean {
  const top = store.frameTop - FRAME_WORDS;
  const pc = store.frames[top + Frame.Pc]!;
  const { words } = store.code;
  const trap = runKind(store, top, pc, words[pc + LeaveWord.Kind]!);
  if (trap === Trap.None) return false;
  if (trap === Trap.UncaughtException) return throwException(store, store.exception, pc, words[pc + LeaveWord.WasmOffset]!);
  store.trap = trap;
  store.trapOffset = words[pc + LeaveWord.WasmOffset]!;
  store.status = Status.Trapped;
  return false;
}

/** What runKind answers for something thrown: whether it is caught is seen then. */
function raise(store: Store, ref: number): Trap {
  store.exception = ref;
  return Trap.UncaughtException;
}

function runKind(store: Store, top: number, pc: number, kind: number): Trap {
  const { words } = store.code;
  const a = words[pc + LeaveWord.A]!;
  const c = words[pc + LeaveWord.C]!;
  const slot2 = store.frames[top + Frame.Fp]! * 2;
  switch (kind) {
    case Leave.TailCall:
      return tailCall(store, top, pc, a);
    case Leave.TailCallIndirect: {
      const { elements } = store.tables[a]!;
      const index = store.i32[slot2 + c]! >>> 0;
      if (index >= elements.length) return Trap.UndefinedElement;
      const ref = elements[index]!;
      if (ref === 0) return Trap.UninitializedElement;
      const type = store.funcInfo[(ref - 1) * FUNC_INFO_WORDS + FuncInfo.TypeId]!;
      if (!store.types.isSubtype(type, words[pc + LeaveWord.D]!)) return Trap.IndirectCallTypeMismatch;
      return tailCall(store, top, pc, ref - 1);
    }
    case Leave.Throw: {
      const slot = (slot2 + words[pc + LeaveWord.B]!) >>> 1;
      let ref = makeException(store, a, slot, false);
      if (ref === NEEDS_COLLECTION) {
        collect(store);
        ref = makeException(store, a, slot, false);
      }
      return ref < 0 ? Trap.HeapExhausted : raise(store, ref);
    }
    case Leave.ThrowRef: {
      const ref = store.i32[slot2 + c]!;
      return ref === 0 ? Trap.NullException : raise(store, ref);
    }
    case Leave.TailCallRef: {
      const ref = store.i32[slot2 + c]!;
      return ref === 0 ? Trap.NullFunction : tailCall(store, top, pc, ref - 1);
    }
    default:
      throw new Error(`no such way to leave: ${kind}`);
  }
}

/**
 * The callee takes the place of the frame at `top`. A host function does not: it is called, and the code behind the
 * operation returns what it returned, so that the caller is there while the host looks (its memory is what the host means).
 */
function tailCall(store: Store, top: number, pc: number, funcAddr: number): Trap {
  const { frames, funcInfo, i64 } = store;
  const info = funcAddr * FUNC_INFO_WORDS;
  const fp = frames[top + Frame.Fp]!;
  const from = fp + (store.code.words[pc + LeaveWord.B]! >>> 1);
  if (funcInfo[info + FuncInfo.InstanceAddr]! < 0) return hostCall(store, top, pc, funcAddr, from);
  const caller = funcInfo[frames[top + Frame.Func]! * FUNC_INFO_WORDS + FuncInfo.InstanceAddr]!;
  // The frame's size is known once the function is lowered.
  if (funcInfo[info + FuncInfo.PcExact] === 0) loweredFunction(store, funcAddr, Mode.Fast);
  if (fp + funcInfo[info + FuncInfo.FrameSlots]! + ((top + FRAME_WORDS) >>> 1) > store.stackSlots) return Trap.CallStackExhausted;
  const params = funcInfo[info + FuncInfo.ParamSlots]!;
  i64.copyWithin(fp, from, from + params);
  i64.fill(0n, fp + params, fp + funcInfo[info + FuncInfo.LocalSlots]!);
  frames[top + Frame.Func] = funcAddr;
  frames[top + Frame.Pc] = 0;
  // Another frame than the one that a snapshot may have seen here.
  frames[top + Frame.Flags]! &= ~FrameFlag.Seen;
  if (caller !== funcInfo[info + FuncInfo.InstanceAddr]!) frames[top + Frame.Flags]! |= FrameFlag.OtherInstance;
  return Trap.None;
}

function hostCall(store: Store, top: number, pc: number, funcAddr: number, fp: number): Trap {
  const { frames, funcInfo } = store;
  const at = top + FRAME_WORDS;
  if (fp + funcInfo[funcAddr * FUNC_INFO_WORDS + FuncInfo.FrameSlots]! + ((at + FRAME_WORDS) >>> 1) > store.stackSlots) {
    return Trap.CallStackExhausted;
  }
  frames[top + Frame.Pc] = pc + LEAVE_LENGTH;
  frames[at + Frame.Func] = funcAddr;
  frames[at + Frame.Fp] = fp;
  frames[at + Frame.Pc] = 0;
  frames[at + Frame.Flags] = FrameFlag.Host;
  store.frameTop = at + FRAME_WORDS;
  store.status = Status.InHost;
  return Trap.None;
}
