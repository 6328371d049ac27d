/**
 * Memory for lowered code: one growing array of 32-bit words for all functions, a pool of 64-bit constants, and per
 * function the tables that relate code indices to the module. Derived from modules, never part of the machine's state.
 */
import { Op } from "./ops.ts";
import type { TryRegions } from "./try-regions.ts";

/** Most ticks that fast code leaves uncharged, and most that it retires in a row without looking at its fuel. */
export const CHECK_SPAN_TICKS = 1024;
/** Fast code stops when it has less fuel than this: more than two spans, so that a limit is never overshot. */
export const FLOOR_TICKS = 4096;

/** The ways to run a function; also the offset in FuncInfo of the entry's code index. */
export const Mode = { Exact: 0, Fast: 1 } as const;
export type Mode = (typeof Mode)[keyof typeof Mode];

/** Key of the point before the wasm instruction at an offset, and of the point after the call there has returned. */
export function pointBefore(wasmOffset: number): number {
  return wasmOffset * 2;
}
export function pointAfterCall(wasmOffset: number): number {
  return wasmOffset * 2 + 1;
}

/** A function's code in one mode. Points are where execution can be suspended and resumed; both arrays ascend. */
export interface LoweredCode {
  readonly start: number;
  readonly end: number;
  readonly pointKeys: Float64Array;
  readonly pointPcs: Int32Array;
  /** Uncharged ticks at each point; exact code has none. */
  readonly pointAccs: Int32Array;
  readonly regions: TryRegions;
}

/** What a debugger wants of a function: stops at its entry, or before instructions at module byte offsets. */
export interface FuncBreakpoints {
  readonly entry: boolean;
  readonly wasmOffsets: ReadonlySet<number>;
}

const FIRST_CODE_WORD = 2;
const INITIAL_WORDS = 1 << 21;
const INITIAL_CONSTANTS = 1 << 14;

export class CodeMemory {
  /** Ample room from the first function on, as the loop is compiled for the address; none before, which loading would pay for. */
  words = new Int32Array(FIRST_CODE_WORD);
  /** Nothing at this index and above is in use. Index 0 starts a function by its entry, index 1 stands for host functions. */
  top = FIRST_CODE_WORD;
  /** What was given back below `top`: ascending, apart from one another and from `top`. */
  private readonly gaps: { start: number; end: number }[] = [];
  constI64 = new BigInt64Array(INITIAL_CONSTANTS);
  constF64 = new Float64Array(this.constI64.buffer);
  private readonly constIndex = new Map<bigint, number>();
  private readonly sharedCode = new Map<string, number>();
  /** By function address. A function with breakpoints runs its exact code in both modes. */
  readonly exact: (LoweredCode | undefined)[] = [];
  readonly fast: (LoweredCode | undefined)[] = [];
  /** Of exact code: per loop the key of its header and the word that receives the fast code index of it. */
  readonly loops: (readonly { readonly key: number; readonly at: number }[] | undefined)[] = [];
  readonly breakpoints = new Map<number, FuncBreakpoints>();
  /** Functions whose fast code enters generated code: numbers of their loops by key of the header (LoweringDraft). */
  readonly generatedLoops = new Map<number, ReadonlyMap<number, number>>();

  constructor() {
    this.words[0] = Op.Start;
    this.words[1] = Op.HostEntry;
  }

  lowered(funcAddr: number, mode: Mode): LoweredCode | undefined {
    return mode === Mode.Exact ? this.exact[funcAddr] : this.fast[funcAddr];
  }

  /** Where `wordCount` words fit: into the first gap that is large enough, else at `top`. Cost: the gaps. */
  roomFor(wordCount: number): number {
    return this.gaps.find(({ start, end }) => end - start >= wordCount)?.start ?? this.top;
  }

  /** Puts code where `roomFor` said. May replace `words`. */
  put(at: number, code: readonly number[]): void {
    const gap = this.gaps.findIndex(({ start }) => start === at);
    if (gap >= 0) {
      this.gaps[gap]!.start += code.length;
      if (this.gaps[gap]!.start === this.gaps[gap]!.end) this.gaps.splice(gap, 1);
    } else {
      this.top = at + code.length;
      this.reserve();
    }
    this.words.set(code, at);
  }

  /** Index of code that belongs to no function and stays: the same words are there once. May replace `words`. */
  shared(code: readonly number[]): number {
    const key = code.join();
    let at = this.sharedCode.get(key);
    if (at === undefined) {
      at = this.roomFor(code.length);
      this.put(at, code);
      this.sharedCode.set(key, at);
    }
    return at;
  }

  private reserve(): void {
    // The interpreter reads operands ahead of knowing how many there are.
    const needed = this.top + 4;
    if (needed <= this.words.length) return;
    // The system commits only what is written.
    const larger = new Int32Array(Math.max(needed, this.words.length * 2, INITIAL_WORDS));
    larger.set(this.words);
    this.words = larger;
  }

  /** Gives back the words of code that no frame stands in any more. */
  release({ start, end }: LoweredCode): void {
    const { gaps } = this;
    let at = gaps.findIndex((gap) => gap.start > start);
    if (at < 0) at = gaps.length;
    gaps.splice(at, 0, { start, end });
    if (at + 1 < gaps.length && gaps[at + 1]!.start === end) gaps[at]!.end = gaps.splice(at + 1, 1)[0]!.end;
    if (at > 0 && gaps[at - 1]!.end === start) gaps[at - 1]!.end = gaps.splice(at, 1)[0]!.end;
    if (gaps.at(-1)!.end === this.top) this.top = gaps.pop()!.start;
  }

  /** Index of a 64-bit constant in the pool. May replace the pool's arrays. */
  constant(lo: number, hi: number): number {
    const bits = (BigInt(hi) << 32n) | BigInt(lo >>> 0);
    const known = this.constIndex.get(bits);
    if (known !== undefined) return known;
    const index = this.constIndex.size;
    if (index === this.constI64.length) {
      const larger = new BigInt64Array(index * 2);
      larger.set(this.constI64);
      this.constI64 = larger;
      this.constF64 = new Float64Array(larger.buffer);
    }
    this.constI64[index] = bits;
    this.constIndex.set(bits, index);
    return index;
  }
}

/** Position of `wanted` in an ascending array, or -1; the first of equal ones. */
export function findSorted(sorted: Int32Array | Float64Array, wanted: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const mid = (low + high) >>> 1;
    if (sorted[mid]! < wanted) low = mid + 1;
    else high = mid;
  }
  return low < sorted.length && sorted[low] === wanted ? low : -1;
}

/** Module byte offset of the instruction that the operation at code index `pc` of exact code belongs to. */
export function offsetInExactCode({ pointKeys, pointPcs }: LoweredCode, pc: number): number {
  let [low, high] = [0, pointPcs.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (pointPcs[middle]! <= pc) low = middle + 1;
    else high = middle;
  }
  return Math.floor(pointKeys[low - 1]! / 2);
}
