/**
 * The tier of generated code: which functions have generated JavaScript (generate.ts), entering it from the interpreter,
 * and turning what it left into frames. Derived, never state: at every stop all of the machine is in the store, and a
 * machine without this tier computes the same to the tick.
 *
 * A function is generated when the loop, which looks around every 60,000 ticks, has found it running a few times, or when
 * generated code has called it so often in vain: the more often, the longer it is, because what that costs (V8 compiles the text,
 * twice or three times) has to come in again. Where the environment forbids making functions of text (a content security
 * policy) nothing is generated.
 */
import { isInstanceOf } from "./casts.ts";
import { Mode, pointAfterCall, pointBefore } from "./code.ts";
import { RewasmError } from "./errors.ts";
import { frameKeys, pcOfKey, placeFrame } from "./frames.ts";
import { generateFunction } from "./generate.ts";
import { LEFT, type LeaveSite, NOT_ENTERED } from "./generate-values.ts";
import { generatedHelpers } from "./generated-helpers.ts";
import { relowerFast } from "./lower.ts";
import type { Memory } from "./memory.ts";
import { OUTSIDE_MESSAGE } from "./native-stack.ts";
import { runOutside } from "./outside.ts";
import { FRAME_WORDS, Frame, FrameFlag, FUNC_INFO_WORDS, FuncInfo, Status, type Store } from "./store.ts";
import type { Table } from "./table.ts";
import type { ValType } from "./types.ts";

/** See generate.ts. */
type Generated = (fp: number, room: number, fuel: number, entry: number) => number;

interface Compiled {
  readonly sites: readonly LeaveSite[];
  /** Tick at which it last left by itself, and how often in a row that was too soon to be worth entering. */
  leftTick: number;
  hasty: number;
}

/** Native stack that generated code may use, by the estimates of generate.ts: a third of what Node gives a program. */
const NATIVE_BYTES = 300_000;
/** The same inside of a call that a host function made: part of what native-stack.ts looks for. */
const NESTED_BYTES = 40_000;
/** Words of a record in the log. */
const LOG_WORDS = 4;
const LOG_RECORDS = NATIVE_BYTES / 128;
/** Looks that have to find a function running, and one more for so many bytes of a long body. Measured: docs/rationale/execution.md. */
const SAMPLES_TO_GENERATE = 2;
const BYTES_PER_SAMPLE = 32;
/** Bodies up to so many bytes are not long. */
const SHORT_BYTES = 256;
/** Ticks between two looks at what is running. */
const SAMPLE_TICKS = 60_000;
/** The same of calls in vain. */
const CALLS_TO_GENERATE = 8;
const BYTES_PER_CALL = 8;
/** A function that leaves by itself so many times in a row after so few ticks each is left to the interpreter. */
const HASTY_TICKS = 200;
const HASTY_LEAVES = 500;

export class Tier {
  /** Functions made in this process: numbers their texts. */
  private static made = 0;
  private readonly store: Store;
  /** By function address: generated, or a stand-in that is not entered. Generated code calls through it. */
  private readonly functions: Generated[] = [];
  private readonly compiled = new Map<number, Compiled>();
  private readonly refused = new Set<number>();
  private readonly samples = new Map<number, number>();
  private readonly wanted = new Set<number>();
  /** 0: words in the log. 1: fuel at the innermost leave. 2: high half of a helper's i64. 3: 1 when the outermost frame was there before. 4: a helper's. 5: first slot of the outermost frame when it was there before, else -1. */
  private readonly registers = new Int32Array(6);
  /** Word of the outermost frame's record. */
  private ownFrame = 0;
  private readonly log = new Int32Array(LOG_RECORDS * LOG_WORDS);
  private readonly environment: Record<string, unknown>;
  /** What generated code caught and cannot go on from. */
  private readonly failure: { error: unknown } = { error: undefined };
  private globals: Int32Array | undefined;
  private forbidden = false;
  private sampleTick = 0;
  /** Functions that `generateAll` has looked at. */
  private considered = 0;

  constructor(store: Store) {
    this.store = store;
    const { registers: R } = this;
    const zero = new Float64Array(1);
    this.environment = {
      ...generatedHelpers(R),
      R,
      I: store.i32,
      F: store.f64,
      S: store.f32,
      Z: zero[0],
      T: store.tables,
      MS: store.memories,
      H: store.heap.memory,
      FN: this.functions,
      LOG: this.log,
      E: this.failure,
      OUTSIDE: OUTSIDE_MESSAGE,
      isOf: (ref: number, type: ValType): boolean => isInstanceOf(store, ref, type),
      simd: (pc: number, at: number, memory: Memory): number => store.interpreter!.runSimd(pc, at, memory),
      instanceOf: (funcAddr: number): number => store.funcInfo[funcAddr * FUNC_INFO_WORDS + FuncInfo.InstanceAddr]!,
      /** The outermost frame becomes another function's by a tail call: no snapshot has seen it. */
      retarget: (funcAddr: number): void => {
        store.frames[this.ownFrame + Frame.Func] = funcAddr;
        store.frames[this.ownFrame + Frame.Flags]! &= ~FrameFlag.Seen;
      },
      indirect(table: Table, index: number, typeId: number): number {
        const { elements } = table;
        const at = index >>> 0;
        if (at >= elements.length) return -1;
        const funcAddr = elements[at]! - 1;
        if (funcAddr < 0) return -1;
        return store.types.isSubtype(store.funcInfo[funcAddr * FUNC_INFO_WORDS + FuncInfo.TypeId]!, typeId) ? funcAddr : -1;
      },
    };
  }

  /**
   * Runs generated code of function `funcAddr` whose frame begins at slot `fp` and whose frame record is, or would be, at
   * word `frameAt`. `entry` is 0 or a loop's number; `own` is 1 when the frame record is there. Returns the fuel left,
   * which may be negative, or LEFT (see `takeFrames`), or NOT_ENTERED. Throws where the native stack ends in a helper.
   */
  enter(funcAddr: number, fp: number, frameAt: number, fuel: number, entry: number, own: number): number {
    const { registers, store } = this;
    const slots = store.stackSlots - fp - ((frameAt + FRAME_WORDS) >>> 1);
    registers[0] = 0;
    registers[3] = own;
    registers[5] = own === 1 ? fp : -1;
    this.ownFrame = frameAt;
    const room = Math.min(store.nativeNesting > 1 ? NESTED_BYTES : NATIVE_BYTES, slots * 8);
    let answer = NOT_ENTERED;
    try {
      answer = this.functions[funcAddr]!(fp, room, fuel, entry);
    } catch (error) {
      // No native stack for the outermost function: it has not begun.
      if (!(error instanceof RangeError) || registers[0] !== 0) throw error;
    }
    if (answer === LEFT && this.failure.error !== undefined) this.fail();
    return answer;
  }

  /** The native stack has ended in the midst of an instruction: the machine's call is lost (machine.ts). */
  private fail(): never {
    const { error } = this.failure;
    this.failure.error = undefined;
    // Not as the RangeError that it is: the loop takes those of DataView for accesses out of bounds.
    throw new RewasmError("native-stack", `the native stack has ended inside of the machine: ${(error as Error).message}`);
  }

  /** Fuel at the moment of the innermost leave, before its site's uncharged ticks. */
  get fuelLeft(): number {
    return this.registers[1]!;
  }

  /** Makes frames of what generated code has left, above the store's frames; the machine then stands between two instructions. */
  takeFrames(): void {
    const { store, log, registers } = this;
    let at = store.frameTop - (registers[3] === 1 ? FRAME_WORDS : 0);
    for (let record = registers[0]! - LOG_WORDS; record >= 0; record -= LOG_WORDS) {
      const funcAddr = log[record]!;
      if (registers[3] !== 1 || record < registers[0]! - LOG_WORDS) this.pushFrame(at, funcAddr, log[record + 1]!);
      const site = this.compiled.get(funcAddr)!.sites[log[record + 2]!]!;
      const answer = log[record + 3]!;
      store.frameTop = at + FRAME_WORDS;
      if (record > 0 || (site.call && answer !== NOT_ENTERED)) {
        store.frames[at + Frame.Pc] = pcOfKey(store, funcAddr, pointAfterCall(site.wasmOffset), Mode.Fast);
        store.topAcc = 0;
      } else {
        const byItself = answer === NOT_ENTERED || this.fuelLeft >= 0;
        // Fast code may have the point at a loop's header, where it would be entered again before the instruction is done.
        placeFrame(store, at, funcAddr, pointBefore(site.wasmOffset), byItself ? Mode.Exact : Mode.Fast);
        store.tick += site.acc;
        this.noteLeave(funcAddr, byItself);
      }
      at += FRAME_WORDS;
    }
    for (const funcAddr of this.wanted) this.generate(funcAddr);
    this.wanted.clear();
  }

  private pushFrame(at: number, funcAddr: number, fp: number): void {
    const { frames, funcInfo } = this.store;
    frames[at + Frame.Func] = funcAddr;
    frames[at + Frame.Fp] = fp;
    const caller = frames[at - FRAME_WORDS + Frame.Func]!;
    const same =
      funcInfo[caller * FUNC_INFO_WORDS + FuncInfo.InstanceAddr] === funcInfo[funcAddr * FUNC_INFO_WORDS + FuncInfo.InstanceAddr];
    frames[at + Frame.Flags] = same ? 0 : FrameFlag.OtherInstance;
  }

  /** A function that again and again leaves soon after it was entered costs more than it gains. */
  private noteLeave(funcAddr: number, byItself: boolean): void {
    const compiled = this.compiled.get(funcAddr)!;
    const { tick } = this.store;
    compiled.hasty = byItself && tick - compiled.leftTick < HASTY_TICKS ? compiled.hasty + 1 : 0;
    compiled.leftTick = tick;
    if (compiled.hasty < HASTY_LEAVES) return;
    this.withdraw(funcAddr);
    this.refused.add(funcAddr);
  }

  /** Ticks from now at which the loop should come back for `sample`, at least one. */
  get ticksToSample(): number {
    return Math.max(1, Math.min(SAMPLE_TICKS, this.sampleTick - this.store.tick));
  }

  get isDue(): boolean {
    return this.store.tick >= this.sampleTick;
  }

  /** The loop has come back at a label of the top frame: its function is running often. */
  sample(): void {
    this.sampleTick = this.store.tick + SAMPLE_TICKS;
    const funcAddr = this.store.frames[this.store.frameTop - FRAME_WORDS + Frame.Func]!;
    const count = (this.samples.get(funcAddr) ?? 0) + 1;
    this.samples.set(funcAddr, count);
    if (count >= SAMPLES_TO_GENERATE + this.longBytes(funcAddr) / BYTES_PER_SAMPLE) this.generate(funcAddr);
  }

  /** Makes generated code of all functions that there are, unless it did so before. */
  generateAll(): void {
    for (; this.considered < this.store.funcs.length; this.considered++) this.generate(this.considered);
  }

  /** Makes generated code of a function, unless it has some or cannot: host functions, to which a table may lead, have no code. */
  generate(funcAddr: number): void {
    const { store, functions } = this;
    const func = store.funcs[funcAddr]!;
    if (
      func.kind !== "wasm" ||
      this.forbidden ||
      this.compiled.has(funcAddr) ||
      this.refused.has(funcAddr) ||
      store.code.breakpoints.has(funcAddr)
    )
      return;
    this.refreshEnvironment();
    const text = generateFunction(store, funcAddr);
    const run = text === undefined ? undefined : this.build(func.instanceAddr, text.text);
    if (text === undefined || run === undefined) {
      this.refused.add(funcAddr);
      return;
    }
    while (functions.length < store.funcs.length) functions.push(this.standIn(functions.length));
    functions[funcAddr] = run;
    this.compiled.set(funcAddr, { sites: text.sites, leftTick: 0, hasty: 0 });
    const places = frameKeys(store, funcAddr);
    relowerFast(store, funcAddr, text.loopOffsets.map(pointBefore));
    store.funcInfo[funcAddr * FUNC_INFO_WORDS + FuncInfo.Generated] = 1;
    for (const { at, key } of places) {
      const running = at + FRAME_WORDS === store.frameTop && store.status === Status.Running;
      if (running) placeFrame(store, at, funcAddr, key, Mode.Fast);
      else store.frames[at + Frame.Pc] = pcOfKey(store, funcAddr, key, store.frameMode);
    }
  }

  private build(instanceAddr: number, text: string): Generated | undefined {
    const environment = { ...this.environment, M: this.store.memoryOf(instanceAddr), outside: this.outside(instanceAddr) };
    const names = Object.keys(environment);
    // Each text is unlike any other: V8 then keeps the constants of each closure as constants.
    const source = `"use strict";const {${names.join()}}=environment;return (${text})\n//# sourceURL=rewasm-${++Tier.made}`;
    try {
      return new Function("environment", source)(environment) as Generated;
    } catch (error) {
      if (!(error instanceof EvalError)) throw error;
      this.forbidden = true;
      return undefined;
    }
  }

  private outside(instanceAddr: number): (kind: number, at: number, a: number, b: number) => number {
    const { store } = this;
    return (kind, at, a, b) => runOutside(store, instanceAddr, kind, at, a, b);
  }

  /** Arrays of globals are replaced when they grow: whatever was generated for the old ones goes. */
  private refreshEnvironment(): void {
    const { store, environment } = this;
    if (this.globals === store.globalI32) return;
    this.globals = store.globalI32;
    environment.GI = store.globalI32;
    environment.GF = store.globalF64;
    environment.GS = new Float32Array(store.globalI32.buffer);
    for (const funcAddr of this.compiled.keys()) this.withdraw(funcAddr);
  }

  /** To be called before generated code may run after instances were added. */
  settle(): void {
    if (this.compiled.size > 0) this.refreshEnvironment();
  }

  private standIn(funcAddr: number): Generated {
    let calls = 0;
    let enough = 0;
    return () => {
      if (calls === 0) enough = CALLS_TO_GENERATE + Math.floor(this.longBytes(funcAddr) / BYTES_PER_CALL);
      if (++calls === enough) this.wanted.add(funcAddr);
      return NOT_ENTERED;
    };
  }

  /** What a function's body has beyond that of a short one. */
  private longBytes(funcAddr: number): number {
    const func = this.store.funcs[funcAddr]!;
    if (func.kind !== "wasm") return 0;
    const { module } = this.store.instances[func.instanceAddr]!;
    const { codeStart, end } = module.funcs[func.funcIndex - module.importedFuncCount]!;
    return Math.max(0, end - codeStart - SHORT_BYTES);
  }

  /** Takes generated code out of use: for breakpoints, or when what it was made for has changed. */
  withdraw(funcAddr: number): void {
    if (!this.compiled.delete(funcAddr)) return;
    this.functions[funcAddr] = this.standIn(funcAddr);
    this.store.funcInfo[funcAddr * FUNC_INFO_WORDS + FuncInfo.Generated] = 0;
  }

  /** Functions that have generated code now: for tests and measurements. */
  get generatedCount(): number {
    return this.compiled.size;
  }
}
