/**
 * Drives the interpreter to a tick: fast code while the goal is far, exact code for the last instructions, so that the
 * machine stops between any two instructions with the same state whichever way it got there. Also breakpoints and
 * frame watches, which change code or flags and never state.
 */
import { FLOOR_TICKS, type FuncBreakpoints, findSorted, Mode } from "./code.ts";
import { collect } from "./collect.ts";
import { codeOfPc, frameKeys, pcOfKey, siteOf, switchMode } from "./frames.ts";
import { Exit, makeInterpreter } from "./interpreter.ts";
import { runLeave } from "./leave.ts";
import { forgetCode } from "./lower.ts";
import { FRAME_WORDS, Frame, FrameFlag, Status, type Store } from "./store.ts";
import { Tier } from "./tier.ts";
import { Trap } from "./trap.ts";

/** Why `runUntil` came back. */
export const Stop = {
  /** `limitTick` is reached; the machine is settled at a counted instruction. */
  Limit: 0,
  /** The machine waits: look at `store.status` (InHost, Growing, Returned, Trapped). */
  Waiting: 1,
  /** The next instruction has a breakpoint. Nothing of it was executed. */
  Breakpoint: 2,
  /** A watched frame has returned (see `watchFrame`); the machine is settled in its caller. */
  FrameReturn: 3,
} as const;
export type Stop = (typeof Stop)[keyof typeof Stop];

/** Ticks of one stay in the loop. V8 changes over to its best code for the loop only where it is entered anew, so stays are short. */
const SLICE_TICKS = 1 << 16;
/** Most ticks that generated code may go on beyond such a stay. */
const GENERATED_TICKS = 1 << 20;

/**
 * Runs while the machine is Running and fewer than `limitTick` ticks have passed since its start. Settled means: every
 * step that takes no tick (block ends, returns) is done, so the state at a tick is unique. Breakpoints at `skipTick` are
 * passed over: by default the one where this begins. Cost: the ticks, plus at most two times FLOOR_TICKS exact ones.
 */
export function runUntil(store: Store, limitTick: number, skipTick: number = store.tick): Stop {
  while (store.status === Status.Running) {
    const remaining = limitTick - store.tick;
    const fast = remaining > 2 * FLOOR_TICKS && !store.exactOnly;
    switchMode(store, fast ? Mode.Fast : Mode.Exact);
    if (store.interpreter === undefined || !store.interpreter.isCurrent()) renewInterpreter(store);
    // Many short calls come to a look of the tier as one long one does.
    const stay = fast && store.tier !== undefined ? FLOOR_TICKS + store.tier.ticksToSample : SLICE_TICKS;
    let fuel = Math.min(remaining, stay);
    let reserve = Math.min(remaining - fuel, GENERATED_TICKS);
    if (fast && store.generates === "eagerly") {
      // For tests: short stays, so that generated code leaves and is entered again at all kinds of places.
      store.tier!.generateAll();
      if (!store.interpreter!.isCurrent()) renewInterpreter(store);
      fuel = Math.min(fuel, FLOOR_TICKS + (store.tick % 1021));
      reserve = 0;
    }
    let exit = store.interpreter!.run(store.frameMode, fuel, store.topAcc, skipTick, reserve);
    while (exit === Exit.Trapped && store.trap === Trap.Collect) exit = collectAndRun(store, limitTick, skipTick);
    store.topAcc = 0;
    switch (exit) {
      case Exit.Sync:
        addUncharged(store);
        store.tier?.sample();
        break;
      case Exit.Generated:
        store.tier!.takeFrames();
        break;
      case Exit.Limit:
        if (store.tick >= limitTick) return Stop.Limit;
        break;
      case Exit.Trapped:
        settleTrap(store);
        break;
      case Exit.Grow:
        startGrow(store);
        break;
      case Exit.Leave:
        if (runLeave(store)) {
          settle(store);
          return Stop.FrameReturn;
        }
        // A program of tail calls comes to no label of its own accord.
        if (fast && store.status === Status.Running && store.tier?.isDue) store.tier.sample();
        break;
      case Exit.Breakpoint:
        settle(store);
        return Stop.Breakpoint;
      case Exit.FrameReturn:
        settle(store);
        return Stop.FrameReturn;
      default:
        break;
    }
  }
  return Stop.Waiting;
}

function renewInterpreter(store: Store): void {
  if (store.generates) store.tier ??= new Tier(store);
  store.tier?.settle();
  store.interpreter = makeInterpreter(store);
}

/**
 * Collects the heap for the instruction that the loop has come back at, and does that again where it stands, which may be no
 * point at which the code could be changed. The tick is short of what is uncharged there, and stays so.
 */
function collectAndRun(store: Store, limitTick: number, skipTick: number): Exit {
  store.trap = Trap.None;
  collect(store);
  return store.interpreter!.run(store.frameMode, Math.min(limitTick - store.tick, SLICE_TICKS), 0, skipTick, 0);
}

/** Runs what takes no tick. Afterwards the machine stands at a counted instruction or waits. */
export function settle(store: Store): void {
  if (store.status === Status.Running) runUntil(store, store.tick);
}

/** Fast code has stopped at a label: the ticks that it had not charged there are retired all the same. */
function addUncharged(store: Store): void {
  const top = store.frameTop - FRAME_WORDS;
  const pc = store.frames[top + Frame.Pc]!;
  const code = pc === 0 ? undefined : codeOfPc(store, store.frames[top + Frame.Func]!, pc);
  const point = code === undefined ? -1 : findSorted(code.pointPcs, pc);
  store.topAcc = point < 0 ? 0 : code!.pointAccs[point]!;
  store.tick += store.topAcc;
}

function settleTrap(store: Store): void {
  const top = store.frameTop - FRAME_WORDS;
  const funcAddr = store.frames[top + Frame.Func]!;
  const pc = store.frames[top + Frame.Pc]!;
  store.status = Status.Trapped;
  const { wasmOffset, acc } = siteOf(store, funcAddr, pc);
  store.trapOffset = wasmOffset;
  // A call is charged before it finds the stack exhausted.
  if (store.trap !== Trap.CallStackExhausted) store.tick += acc;
}

function startGrow(store: Store): void {
  const top = store.frameTop - FRAME_WORDS;
  const { words } = store.code;
  const at = store.frames[top + Frame.Pc]! - 7;
  const slot2 = store.frames[top + Frame.Fp]! * 2;
  const kind = words[at + 1] === 0 ? "memory" : "table";
  store.grow = {
    kind,
    addr: words[at + 2]!,
    delta: store.i32[slot2 + words[at + 3]!]! >>> 0,
    init: kind === "table" ? store.i32[slot2 + words[at + 4]!]! : 0,
    slot: (slot2 + words[at + 4]!) >>> 1,
  };
  store.status = Status.Growing;
}

/**
 * Sets the breakpoints of a wasm function, replacing earlier ones; undefined removes them. The function then runs in
 * exact code with stops in it. State, ticks and snapshots are unaffected. Cost: lowering the function, plus the frames.
 */
export function setBreakpoints(store: Store, funcAddr: number, breakpoints: FuncBreakpoints | undefined): void {
  // Frames of the function change over to the new code; those of others keep theirs.
  const stored = store.frameMode;
  switchMode(store, Mode.Exact);
  const restore = freeze(store, funcAddr);
  if (breakpoints === undefined) store.code.breakpoints.delete(funcAddr);
  else store.code.breakpoints.set(funcAddr, breakpoints);
  forgetCode(store, funcAddr);
  restore();
  switchMode(store, stored);
}

/** Notes where the frames of a function stand, independent of code, and returns what finds these places in new code. */
function freeze(store: Store, funcAddr: number): () => void {
  const places = frameKeys(store, funcAddr);
  return () => {
    for (const { at, key } of places) store.frames[at + Frame.Pc] = pcOfKey(store, funcAddr, key, Mode.Exact);
  };
}

/** Asks that `runUntil` stops (FrameReturn) when frame `index` (0 outermost) returns. */
export function watchFrame(store: Store, index: number): void {
  store.frames[index * FRAME_WORDS + Frame.Flags]! |= FrameFlag.Watch;
}

/** Takes back all frame watches. */
export function unwatchFrames(store: Store): void {
  for (let at = 0; at < store.frameTop; at += FRAME_WORDS) store.frames[at + Frame.Flags]! &= ~FrameFlag.Watch;
}
