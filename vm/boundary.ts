/**
 * The crossings between host and wasm as transitions of the store, used alike by the live machine and by replay:
 * enter a function, leave a host function, take a return or a trap, complete a grow. No host code runs here.
 */
import { Mode } from "./code.ts";
import { RewasmError } from "./errors.ts";
import { makeException, throwException as unwindTo } from "./exception.ts";
import { codeOfPc } from "./frames.ts";
import type { ThrownException } from "./host.ts";
import { loweredFunction } from "./lower.ts";
import { FRAME_WORDS, Frame, FrameFlag, FUNC_INFO_WORDS, FuncInfo, Status, type Store } from "./store.ts";
import { Trap } from "./trap.ts";

function expectStatus(store: Store, what: string, allowed: Status, other: Status = allowed): void {
  if (store.status !== allowed && store.status !== other)
    throw new RewasmError("machine-state", `cannot ${what} while the machine ${statusTexts[store.status]}`);
}

const statusTexts: Readonly<Record<Status, string>> = {
  [Status.Idle]: "is idle",
  [Status.Running]: "is running",
  [Status.InHost]: "waits for a host function",
  [Status.Growing]: "waits for memory or a table to grow",
  [Status.Returned]: "has a result that nobody has taken",
  [Status.Trapped]: "has a trap that nobody has taken",
  [Status.Exited]: "has exited",
};

/** Throws RewasmError "machine-state" where the host cannot call a function. */
export function expectCallable(store: Store): void {
  expectStatus(store, "call a function", Status.Idle, Status.InHost);
}

/** The status that the top frame implies when nothing else is pending. */
function restingStatus(store: Store): Status {
  if (store.frameTop === 0) return Status.Idle;
  const flags = store.frames[store.frameTop - FRAME_WORDS + Frame.Flags]!;
  return (flags & FrameFlag.Host) !== 0 ? Status.InHost : Status.Running;
}

/** The slot where the host has to put the arguments of its next call. */
export function entrySlot(store: Store): number {
  if (store.frameTop === 0) return 0;
  const top = store.frameTop - FRAME_WORDS;
  return store.frames[top + Frame.Fp]! + store.funcInfo[store.frames[top + Frame.Func]! * FUNC_INFO_WORDS + FuncInfo.FrameSlots]!;
}

/**
 * The host calls function `funcAddr`, whose arguments it has put at `entrySlot`. Afterwards the machine is Running, or
 * InHost when the function is itself a host function, or Trapped when the stack is exhausted. No tick passes.
 */
export function enter(store: Store, funcAddr: number): void {
  expectCallable(store);
  const fp = entrySlot(store);
  const host = store.funcs[funcAddr]!.kind === "host";
  // The frame's size is known once the function is lowered.
  if (!host && store.funcInfo[funcAddr * FUNC_INFO_WORDS + FuncInfo.PcExact] === 0) loweredFunction(store, funcAddr, Mode.Fast);
  const at = store.frameTop;
  const frames = store.frames;
  if (fp + store.funcInfo[funcAddr * FUNC_INFO_WORDS + FuncInfo.FrameSlots]! + ((at + FRAME_WORDS) >>> 1) > store.stackSlots) {
    store.trap = Trap.CallStackExhausted;
    store.trapOffset = -1;
    store.status = Status.Trapped;
    return;
  }
  const locals = fp + store.funcInfo[funcAddr * FUNC_INFO_WORDS + FuncInfo.LocalSlots]!;
  const firstLocal = fp + store.funcInfo[funcAddr * FUNC_INFO_WORDS + FuncInfo.ParamSlots]!;
  // Most functions that hosts call have none, and filling nothing costs as much as the rest of this.
  if (firstLocal < locals) store.i64.fill(0n, firstLocal, locals);
  frames[at + Frame.Func] = funcAddr;
  frames[at + Frame.Fp] = fp;
  // Code index 0 is the stub that lowers the function of the top frame and starts it.
  frames[at + Frame.Pc] = 0;
  frames[at + Frame.Flags] = FrameFlag.Entry | (host ? FrameFlag.Host : 0);
  store.frameTop = at + FRAME_WORDS;
  store.status = host ? Status.InHost : Status.Running;
}

/** The running host function returns; its results are in its first slots. The machine is then Running or Returned. */
export function leaveHost(store: Store): void {
  expectStatus(store, "return from a host function", Status.InHost);
  const top = store.frameTop - FRAME_WORDS;
  const entry = (store.frames[top + Frame.Flags]! & FrameFlag.Entry) !== 0;
  store.frameTop = top;
  if (entry) {
    store.resultFunc = store.frames[top + Frame.Func]!;
    store.resultSlot = store.frames[top + Frame.Fp]!;
    store.status = Status.Returned;
  } else {
    store.status = Status.Running;
  }
}

/** The running host function threw: the machine is Trapped with every frame still in place. */
export function throwHost(store: Store): void {
  expectStatus(store, "throw from a host function", Status.InHost);
  store.trap = Trap.HostThrow;
  store.trapOffset = -1;
  store.status = Status.Trapped;
}

/**
 * The running host function throws an exception of wasm. Afterwards the machine runs in the clause that takes it, or is
 * Trapped (UncaughtException) with every frame still in place. Returns the reference to the exception, 0 when there is no room for a new one.
 */
export function throwException(store: Store, thrown: ThrownException): number {
  expectStatus(store, "throw from a host function", Status.InHost);
  // No instruction stands here that could be done again after a collection.
  const ref = "ref" in thrown ? thrown.ref : makeException(store, thrown.tagAddr, thrown.slot, true);
  if (ref > 0) {
    if (!("ref" in thrown) && thrown.held) store.pinned.add(ref);
    unwindTo(store, ref, 0, -1);
    return ref;
  }
  store.trap = Trap.HeapExhausted;
  store.trapOffset = -1;
  store.status = Status.Trapped;
  return 0;
}

/** Whether some frame of the call that the running host function belongs to might catch what it throws. */
export function mayCatch(store: Store): boolean {
  const { frames } = store;
  let place = 0;
  for (let at = store.frameTop - FRAME_WORDS; at >= 0; at -= FRAME_WORDS) {
    const flags = frames[at + Frame.Flags]!;
    if ((flags & FrameFlag.Host) === 0 && codeOfPc(store, frames[at + Frame.Func]!, place).regions.length > 0) return true;
    if ((flags & FrameFlag.Entry) !== 0) return false;
    place = at === 0 ? 0 : frames[at - FRAME_WORDS + Frame.Pc]! - 1;
  }
  return false;
}

/** The host takes notice of a return. */
export function takeReturn(store: Store): void {
  expectStatus(store, "take a return", Status.Returned);
  store.status = restingStatus(store);
}

/** The host takes notice of a trap: frames up to and including the one that the host entered are gone. Returns the trap. */
export function takeTrap(store: Store): Trap {
  expectStatus(store, "take a trap", Status.Trapped);
  const { trap } = store;
  // A call that trapped before it had a frame (stack exhausted by the entry itself) leaves nothing to unwind.
  const entered = !(trap === Trap.CallStackExhausted && store.trapOffset < 0);
  let at = store.frameTop;
  while (entered && at > 0) {
    at -= FRAME_WORDS;
    if ((store.frames[at + Frame.Flags]! & FrameFlag.Entry) !== 0) break;
  }
  store.frameTop = at;
  store.trap = Trap.None;
  store.trapOffset = -1;
  store.exception = 0;
  store.status = restingStatus(store);
  return trap;
}

/** Drops the frames of a call that cannot go on, `depth` being those before it. What it has done to the rest of the store stays. */
export function abandonCall(store: Store, depth: number): void {
  if (store.status === Status.Exited) return;
  store.frameTop = Math.min(store.frameTop, depth * FRAME_WORDS);
  store.trap = Trap.None;
  store.trapOffset = -1;
  store.exception = 0;
  store.grow = undefined;
  store.status = restingStatus(store);
}

/** The program ends itself. */
export function exit(store: Store, exitCode: number): void {
  store.exitCode = exitCode;
  store.status = Status.Exited;
}

/**
 * Performs the pending grow. Live, `forced` is undefined and the host's memory decides; on replay it is the recorded
 * result. Returns the result, or undefined when the recorded one cannot be reproduced (out of memory here).
 */
export function completeGrow(store: Store, forced: number | undefined): number | undefined {
  expectStatus(store, "complete a grow", Status.Growing);
  const { kind, addr, delta, init, slot } = store.grow!;
  let result = -1;
  if (forced !== -1) {
    result = kind === "memory" ? store.memories[addr]!.grow(delta) : store.tables[addr]!.grow(delta, init);
    if (forced !== undefined && result !== forced) return undefined;
  }
  store.i32[slot * 2] = result;
  // Of 64-bit memories and tables the result is an i64.
  store.i32[slot * 2 + 1] = result >> 31;
  store.grow = undefined;
  store.status = Status.Running;
  return result;
}
