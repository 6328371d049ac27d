/**
 * Where frames stand, in three forms: code indices for one mode (live), points that both modes know (keys, code.ts), and
 * the canonical form that snapshots, hashes and inspection see: module byte offsets, with every dead or unused byte zero.
 */
import { findSorted, type LoweredCode, Mode, offsetInExactCode, pointAfterCall, pointBefore } from "./code.ts";
import { InstrReader } from "./instr.ts";
import { loweredFunction, type OpSite, siteOfFastCode } from "./lower.ts";
import { Wasm } from "./opcodes.ts";
import { FRAME_WORDS, Frame, FrameFlag, Status, type Store } from "./store.ts";
import { frameLocals } from "./try-regions.ts";
import { funcTypeAt, isWide, type Module, slotTypes, type ValType } from "./types.ts";
import { operandTypesAt } from "./validate.ts";

export interface FrameState {
  readonly funcAddr: number;
  /** First slot. */
  readonly fp: number;
  /** Frame flags without Watch and Seen. */
  readonly flags: number;
  /**
   * Module byte offset: for the running frame the next instruction, for a frame that waits for a callee its call
   * instruction (or memory.grow, table.grow), for the frame of a trap the instruction that trapped. -1 for host frames
   * and for a function just entered.
   */
  readonly wasmOffset: number;
  /** Live slots from `fp`, 2 words each: parameters and locals, then operands below what a callee has taken over. */
  readonly slots: Int32Array;
}

/** Key of a function's entry. */
const ENTRY = -1;

function isHost(store: Store, at: number): boolean {
  return (store.frames[at + Frame.Flags]! & FrameFlag.Host) !== 0;
}

/** Whether the wasm frame at `at` is inside an instruction that waits: a call, memory.grow or table.grow. */
export function isWaiting(store: Store, at: number): boolean {
  return at + FRAME_WORDS < store.frameTop || store.status === Status.Growing;
}

/** The code of a function that contains `pc`. */
export function codeOfPc(store: Store, funcAddr: number, pc: number): LoweredCode {
  const fast = store.code.fast[funcAddr];
  if (fast !== undefined && pc >= fast.start && pc < fast.end) return fast;
  return store.code.exact[funcAddr]!;
}

/** Where the operation at code index `pc` comes from; exact code leaves nothing uncharged. Cost: for fast code, lowering it once more. */
export function siteOf(store: Store, funcAddr: number, pc: number): OpSite {
  const code = codeOfPc(store, funcAddr, pc);
  // With breakpoints the fast code is the exact code.
  const fast = code === store.code.fast[funcAddr] && !store.code.breakpoints.has(funcAddr);
  return fast ? siteOfFastCode(store, funcAddr, pc) : { wasmOffset: offsetInExactCode(code, pc), acc: 0 };
}

/** Code index of a point for a mode, or -1 when that code has no such point. Lowers the function when needed. */
export function pcOfKey(store: Store, funcAddr: number, key: number, mode: Mode): number {
  if (key === ENTRY) return 0;
  const code = loweredFunction(store, funcAddr, mode);
  const point = findSorted(code.pointKeys, key);
  return point < 0 ? -1 : code.pointPcs[point]!;
}

/** Keys of the point where the running frame stands: several when steps between them take neither tick nor code. */
function runningKeys(store: Store, funcAddr: number, pc: number): number[] {
  const code = codeOfPc(store, funcAddr, pc);
  if (pc === 0) return [ENTRY];
  const keys: number[] = [];
  // Points that share a code index but not what is uncharged there are different states.
  for (let point = findSorted(code.pointPcs, pc); point >= 0 && code.pointPcs[point] === pc; point++) {
    if (code.pointAccs[point] === store.topAcc) keys.push(code.pointKeys[point]!);
  }
  // A loop may begin where the function does: then its header is meant, as locals may have changed.
  if (keys.length === 0 && pc === code.start) keys.push(ENTRY);
  return keys;
}

/** Makes the Pc words of all frames code indices for `mode`. Cost: the frames, and lowering what lacks code. */
export function switchMode(store: Store, mode: Mode): void {
  if (store.frameMode === mode) return;
  store.frameMode = mode;
  const { frames } = store;
  // Of a deep recursion most frames stand where the one before them does.
  let [lastFunc, lastPc, newPc] = [-1, -1, -1];
  for (let at = 0; at < store.frameTop; at += FRAME_WORDS) {
    if (isHost(store, at)) continue;
    const func = frames[at + Frame.Func]!;
    const pc = frames[at + Frame.Pc]!;
    if (func === lastFunc && pc === lastPc && isWaiting(store, at)) {
      frames[at + Frame.Pc] = newPc;
      continue;
    }
    switchFrame(store, at, mode);
    [lastFunc, lastPc, newPc] = isWaiting(store, at) ? [func, pc, frames[at + Frame.Pc]!] : [-1, -1, -1];
  }
}

function switchFrame(store: Store, at: number, mode: Mode): void {
  const { frames } = store;
  const funcAddr = frames[at + Frame.Func]!;
  const pc = frames[at + Frame.Pc]!;
  if (isWaiting(store, at)) {
    frames[at + Frame.Pc] = pcOfKey(store, funcAddr, pointAfterCall(store.code.words[pc - 1]!), mode);
    return;
  }
  if (store.status !== Status.Running || pc === 0) return;
  const keys = runningKeys(store, funcAddr, pc);
  for (const key of keys) if (resume(store, at, funcAddr, key, mode)) return;
  // Fast code has no such point: exact code goes on until it reaches a loop header or calls.
  store.topAcc = 0;
}

/** Lets the frame at word `at`, which is or becomes the running one, continue at a point: in code of `mode`, or in exact code. */
export function placeFrame(store: Store, at: number, funcAddr: number, key: number, mode: Mode): void {
  if (!resume(store, at, funcAddr, key, mode)) resume(store, at, funcAddr, key, Mode.Exact);
}

/** Lets the running frame continue at a point in code of `mode`; false when that code lacks the point. */
function resume(store: Store, at: number, funcAddr: number, key: number, mode: Mode): boolean {
  const pc = pcOfKey(store, funcAddr, key, mode);
  if (pc < 0) return false;
  store.frames[at + Frame.Pc] = pc;
  store.topAcc = 0;
  if (pc > 0) {
    const code = codeOfPc(store, funcAddr, pc);
    // By key: several points can share a code index and differ in what is uncharged there.
    store.topAcc = code.pointAccs[findSorted(code.pointKeys, key)]!;
  }
  return true;
}

/** For frames of one function: index of the frame's words, and the key of the point where it stands. */
export function frameKeys(store: Store, funcAddr: number): { at: number; key: number }[] {
  const found: { at: number; key: number }[] = [];
  for (let at = 0; at < store.frameTop; at += FRAME_WORDS) {
    if (store.frames[at + Frame.Func] !== funcAddr || isHost(store, at)) continue;
    const pc = store.frames[at + Frame.Pc]!;
    if (isWaiting(store, at)) found.push({ at, key: pointAfterCall(store.code.words[pc - 1]!) });
    else if (store.status === Status.Running) found.push({ at, key: runningKeys(store, funcAddr, pc)[0]! });
  }
  return found;
}

/** Module byte offset of frame `index` (0 outermost), as FrameState.wasmOffset. The machine must be settled. */
export function frameOffset(store: Store, index: number): number {
  const at = index * FRAME_WORDS;
  if (isHost(store, at)) return -1;
  const pc = store.frames[at + Frame.Pc]!;
  if (isWaiting(store, at)) return store.code.words[pc - 1]!;
  if (store.status === Status.Trapped) return store.trapOffset;
  // Settled means: at a Step or Break, whose operand is the offset.
  return pc === 0 ? -1 : store.code.words[pc + 1]!;
}

export interface FrameTypes {
  readonly locals: readonly ValType[];
  readonly operands: readonly ValType[];
}

/** Static types of the live slots of frame `index` (0 outermost). The machine must be settled. Cost: cached per place. */
export function frameTypes(store: Store, index: number): FrameTypes {
  const at = index * FRAME_WORDS;
  const trapped = store.status === Status.Trapped && at + FRAME_WORDS === store.frameTop;
  const types = frameTypesAt(store, index, frameOffset(store, index), isWaiting(store, at));
  if (!trapped) return types;
  // What trapped may have been computed in part by fast code: operands of a trapped frame are dead by definition.
  return { locals: isHost(store, at) ? [] : types.locals, operands: [] };
}

/** As frameTypes, for a frame that stands at an instruction, or waits in it for what it has called. */
export function frameTypesAt(store: Store, index: number, wasmOffset: number, waiting: boolean): FrameTypes {
  const func = store.funcs[store.frameWord(index, Frame.Func)]!;
  if (func.kind === "host") return { locals: func.type.params, operands: [] };
  const { module, moduleIndex } = store.instances[func.instanceAddr]!;
  const key = `${moduleIndex}:${wasmOffset}:${func.funcIndex}`;
  let types = store.placeTypes.get(key);
  if (types === undefined) {
    const operands = wasmOffset < 0 ? [] : operandTypesAt(module, func.funcIndex, wasmOffset)!.operands;
    types = { locals: frameLocals(module, func.funcIndex), operands };
    if (store.placeTypes.size >= MAX_PLACES) store.placeTypes.clear();
    store.placeTypes.set(key, types);
  }
  return waiting ? waitingTypes(store, module, types, key, wasmOffset) : types;
}

/** Without the operands that the instruction has taken. Cached: there may be a hundred thousand frames at one place. */
function waitingTypes(store: Store, module: Module, types: FrameTypes, key: string, wasmOffset: number): FrameTypes {
  const known = store.placeTypes.get(`${key}'`);
  if (known !== undefined) return known;
  const rest = { locals: types.locals, operands: types.operands.slice(0, types.operands.length - consumed(module, wasmOffset)) };
  store.placeTypes.set(`${key}'`, rest);
  return rest;
}

const MAX_PLACES = 100_000;

/** Operands that a waiting instruction has taken from its frame. */
function consumed(module: Module, wasmOffset: number): number {
  const reader = new InstrReader(module.bytes, wasmOffset, module.bytes.length);
  reader.next();
  switch (reader.code) {
    case Wasm.Call:
    case Wasm.ReturnCall:
      return module.funcTypes[reader.a]!.params.length;
    case Wasm.CallIndirect:
    case Wasm.ReturnCallIndirect:
      return funcTypeAt(module, reader.a).params.length + 1;
    case Wasm.CallRef:
    case Wasm.ReturnCallRef:
      return funcTypeAt(module, reader.a).params.length + 1;
    case Wasm.MemoryGrow:
      return 1;
    case Wasm.TableGrow:
      return 2;
    default:
      throw new Error(`${reader.row.mnemonic} at offset ${wasmOffset} does not wait`);
  }
}

/**
 * All frames, outermost first. The machine must be settled (execute.ts). `known` are the outermost ones as they were exported
 * before, when these have not run since; of them the first `count` are meant. Cost: the live slots of the others.
 */
export function exportFrames(store: Store, known: readonly FrameState[] = [], count = 0): FrameState[] {
  const states = known.slice(0, count);
  for (let index = count; index < store.depth; index++) states.push(exportFrame(store, index));
  return states;
}

/** Frame `index` (0 outermost). */
export function exportFrame(store: Store, index: number): FrameState {
  const at = index * FRAME_WORDS;
  const { locals, operands } = frameTypes(store, index);
  const fp = store.frames[at + Frame.Fp]!;
  const localSlots = slotTypes(locals);
  const operandSlots = slotTypes(operands);
  const slots = new Int32Array((localSlots.length + operandSlots.length) * 2);
  for (let i = 0; i < slots.length; i += 2) {
    const type = i >> 1 < localSlots.length ? localSlots[i >> 1]! : operandSlots[(i >> 1) - localSlots.length]!;
    slots[i] = store.i32[fp * 2 + i]!;
    if (isWide(type)) slots[i + 1] = store.i32[fp * 2 + i + 1]!;
  }
  return {
    funcAddr: store.frames[at + Frame.Func]!,
    fp,
    flags: store.frames[at + Frame.Flags]! & ~(FrameFlag.Watch | FrameFlag.Seen),
    wasmOffset: frameOffset(store, index),
    slots,
  };
}

/**
 * Replaces all frames. `store.status` must be set before, as it says whether the top frame waits; functions, instances
 * and modules must be there. The first `kept` ones, which wait for others, are in place already. Cost: the live slots, and
 * lowering the functions concerned if they were not.
 */
export function importFrames(store: Store, states: readonly FrameState[], kept = 0): void {
  // What is in place stands in code of its mode.
  if (kept === 0) store.frameMode = Mode.Fast;
  const mode = store.frameMode;
  store.topAcc = 0;
  store.frameTop = states.length * FRAME_WORDS;
  for (let index = kept; index < states.length; index++) {
    const state = states[index]!;
    const at = index * FRAME_WORDS;
    store.frames[at + Frame.Func] = state.funcAddr;
    store.frames[at + Frame.Fp] = state.fp;
    store.frames[at + Frame.Flags] = state.flags;
    store.frames[at + Frame.Pc] = 0;
    store.i32.set(state.slots, state.fp * 2);
    if (isHost(store, at) || state.wasmOffset < 0) continue;
    if (isWaiting(store, at)) {
      store.frames[at + Frame.Pc] = pcOfKey(store, state.funcAddr, pointAfterCall(state.wasmOffset), mode);
    } else if (store.status === Status.Running) {
      placeFrame(store, at, state.funcAddr, pointBefore(state.wasmOffset), mode);
    }
  }
}
