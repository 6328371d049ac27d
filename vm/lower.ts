/**
 * Lowering of functions on first call: wasm bytes to register code in the store's code memory, in one of two ways that
 * share a frame layout (lower-exact.ts, lower-fast.ts). Functions are already validated, so nothing is checked again.
 */
import { isAtomic } from "./bulk-form.ts";
import { type CodeMemory, findSorted, type LoweredCode, Mode } from "./code.ts";
import { UnsupportedError } from "./errors.ts";
import { InstrReader } from "./instr.ts";
import { lowerExact } from "./lower-exact.ts";
import { lowerFast } from "./lower-fast.ts";
import { InstrFlag, Wasm } from "./opcodes.ts";
import { Op, opRows } from "./ops.ts";
import { SIMD_BASE } from "./simd-form.ts";
import { FUNC_INFO_WORDS, FuncInfo, type Instance, type Store } from "./store.ts";
import { frameLocals, type TryRegion } from "./try-regions.ts";
import { type FuncType, type Module, mapValType, slotsOf, type ValType } from "./types.ts";

/** Ticks that a piece of fast code has not charged when it reaches an operation: what a trap there has to add. */
export interface OpSite {
  readonly wasmOffset: number;
  readonly acc: number;
}

/** What a lowering works on and writes to. Code indices are absolute: `base` is where `words` will stand. */
export class LoweringDraft {
  readonly store: Store;
  readonly module: Module;
  readonly instance: Instance;
  readonly funcAddr: number;
  readonly type: FuncType;
  readonly localTypes: readonly ValType[];
  /** First slot of each local, and how many slots they take together. */
  readonly localSlots: Int32Array;
  readonly localSlotCount: number;
  /** Parameters and declared locals; behind them are the hidden ones of old try instructions. */
  private readonly declaredLocals: number;
  readonly reader: InstrReader;
  readonly code: CodeMemory;
  readonly base: number;
  readonly words: number[] = [];
  readonly pointKeys: number[] = [];
  readonly pointPcs: number[] = [];
  readonly pointAccs: number[] = [];
  /** In exact code: for each loop the key of its header and the index in `words` of the fast code index to jump to. */
  readonly loops: { readonly key: number; readonly at: number }[] = [];
  /** What exceptions lead to. */
  readonly regions: TryRegion[] = [];
  maxHeight = 0;
  /** Whether vector operations were emitted. */
  hasVectors = false;
  /** Nesting depth inside unreachable code, or -1 while code is reachable. */
  deadDepth = -1;
  /** Of fast code: numbers of the loops at whose headers generated code is entered, by key of the header. */
  generatedLoops: ReadonlyMap<number, number> | undefined;
  /** When set, every operation emitted is noted by its code index. */
  sites: Map<number, OpSite> | undefined;
  /** Of the wasm instruction being lowered, for `sites`. */
  wasmOffset = 0;
  acc = 0;

  constructor(store: Store, funcAddr: number, base: number) {
    const func = store.funcs[funcAddr]!;
    if (func.kind !== "wasm") throw new Error(`function ${funcAddr} is a host function`);
    this.store = store;
    this.code = store.code;
    this.base = base;
    this.funcAddr = funcAddr;
    this.instance = store.instances[func.instanceAddr]!;
    this.module = this.instance.module;
    this.type = func.type;
    const body = this.module.funcs[func.funcIndex - this.module.importedFuncCount]!;
    const locals = frameLocals(this.module, func.funcIndex);
    this.localTypes = locals;
    let slot = 0;
    this.localSlots = Int32Array.from(locals, (type) => {
      slot += slotsOf(type);
      return slot - slotsOf(type);
    });
    this.localSlotCount = slot;
    this.declaredLocals = body.localRuns.reduce((sum, { count }) => sum + count, func.type.params.length);
    this.reader = new InstrReader(this.module.bytes, body.codeStart, body.end);
  }

  /** Whether the reader's instruction is unreachable, and no else or end that may end that. Keeps count of nesting. */
  skipsDead(): boolean {
    if (this.deadDepth < 0) return false;
    const { code, row } = this.reader;
    if ((row.flags & InstrFlag.Opens) !== 0) this.deadDepth++;
    else if (code === Wasm.End || code === Wasm.Delegate) {
      if (this.deadDepth === 0) return false;
      this.deadDepth--;
    } else if (code === Wasm.Else || code === Wasm.Catch || code === Wasm.CatchAll) return this.deadDepth > 0;
    return true;
  }

  /** Whether the instruction is an access that is made outside of the loop, which has views of the first memory. */
  get isOutsideAccess(): boolean {
    const { row, code, c } = this.reader;
    return row.align >= 0 && (c !== 0 || isAtomic(code));
  }

  /** Whether the instruction is a load or store whose address is an i64. */
  get has64BitAddress(): boolean {
    return this.reader.row.align >= 0 && this.module.memoryTypes[this.reader.c]!.address64 === true;
  }

  /** What to throw for an instruction that has no lowering. */
  unsupported(): UnsupportedError {
    const { row, wasmOffset } = this.reader;
    return new UnsupportedError(`unsupported: no execution of ${row.mnemonic} yet (at offset 0x${wasmOffset.toString(16)})`);
  }

  /** Slot of the exception that the old try at nesting depth `depth` (0 outermost) handles. */
  hiddenSlot(depth: number): number {
    return this.localSlots[this.declaredLocals + depth]!;
  }

  /** Emits an instruction that rearranges frames; `b` and `c` are slots. */
  emitLeave(kind: number, charge: number, a: number, b: number, c: number, d: number): void {
    this.emit(Op.Leave, kind, charge, a, b * 2, c * 2, d);
    this.words.push(this.reader.wasmOffset);
  }

  /** A reference type of the module as one of the store. */
  storeType(type: ValType): ValType {
    return mapValType(type, this.typeNumbers);
  }

  get typeNumbers(): Int32Array {
    return this.store.types.ofModule(this.module);
  }

  get pc(): number {
    return this.base + this.words.length;
  }

  emit(op: number, a?: number, b?: number, c?: number, d?: number, e?: number, f?: number): number {
    const at = this.words.length;
    this.sites?.set(this.base + at, { wasmOffset: this.wasmOffset, acc: this.acc });
    this.words.push(op);
    if (a !== undefined) this.words.push(a);
    if (b !== undefined) this.words.push(b);
    if (c !== undefined) this.words.push(c);
    if (d !== undefined) this.words.push(d);
    if (e !== undefined) this.words.push(e);
    if (f !== undefined) this.words.push(f);
    return at;
  }

  point(key: number, acc: number): void {
    this.pointKeys.push(key);
    this.pointPcs.push(this.pc);
    this.pointAccs.push(acc);
  }

  /** Operand word of a slot, as the op's letter at that place wants it. */
  encode(op: number, operand: number, slot: number): number {
    return op < SIMD_BASE && opRows[op]![1][operand] === "l" ? slot : slot * 2;
  }
}

/** Makes code of a function for a mode and enters it in FuncInfo. Cost: proportional to the function's size. */
export function lowerFunction(store: Store, funcAddr: number, mode: Mode): LoweredCode {
  const { code, funcInfo } = store;
  const at = funcAddr * FUNC_INFO_WORDS;
  const breakpoints = code.breakpoints.get(funcAddr);
  const exact = mode === Mode.Exact || breakpoints !== undefined;
  const lower = (base: number): LoweringDraft => {
    const draft = new LoweringDraft(store, funcAddr, base);
    if (exact) lowerExact(draft, breakpoints);
    else {
      draft.generatedLoops = code.generatedLoops.get(funcAddr);
      lowerFast(draft);
    }
    return draft;
  };
  let draft = lower(code.top);
  // How much room it takes is known now only. In a gap that other code has left it is made once more, for other indices.
  const room = code.roomFor(draft.words.length);
  if (room !== code.top) draft = lower(room);
  const lowered: LoweredCode = {
    start: draft.base,
    end: draft.pc,
    pointKeys: Float64Array.from(draft.pointKeys),
    pointPcs: Int32Array.from(draft.pointPcs),
    pointAccs: Int32Array.from(draft.pointAccs),
    regions: draft.regions,
  };
  funcInfo[at + FuncInfo.LocalSlots] = draft.localSlotCount;
  funcInfo[at + FuncInfo.FrameSlots] = draft.localSlotCount + draft.maxHeight;
  if (exact) {
    code.exact[funcAddr] = lowered;
    code.loops[funcAddr] = draft.loops.map(({ key, at: word }) => ({ key, at: draft.base + word }));
    funcInfo[at + FuncInfo.PcExact] = lowered.start;
  }
  if (!exact || breakpoints !== undefined) {
    code.fast[funcAddr] = lowered;
    funcInfo[at + FuncInfo.PcFast] = lowered.start;
  }
  code.put(draft.base, draft.words);
  if (breakpoints === undefined) linkLoops(code, funcAddr);
  return lowered;
}

/**
 * Makes the fast code of a function anew, with entries to generated code at the headers of its loops (keys in order of
 * their numbers, from 1). Frames that hold indices of the old code have to be moved: points keep their keys.
 */
export function relowerFast(store: Store, funcAddr: number, loopKeys: readonly number[]): void {
  const { code } = store;
  const old = code.fast[funcAddr];
  if (old !== undefined) code.release(old);
  code.fast[funcAddr] = undefined;
  code.generatedLoops.set(funcAddr, new Map(loopKeys.map((key, i) => [key, i + 1])));
  lowerFunction(store, funcAddr, Mode.Fast);
}

/** Code of a function for a mode, made when there is none. */
export function loweredFunction(store: Store, funcAddr: number, mode: Mode): LoweredCode {
  return store.code.lowered(funcAddr, mode) ?? lowerFunction(store, funcAddr, mode);
}

/** Lets exact code change over to fast code at loop headers, where both keep the same values in the same slots. */
function linkLoops(code: CodeMemory, funcAddr: number): void {
  const fast = code.fast[funcAddr];
  const loops = code.loops[funcAddr];
  if (fast === undefined || loops === undefined) return;
  for (const { key, at } of loops) {
    const point = findSorted(fast.pointKeys, key);
    if (point >= 0) code.words[at] = fast.pointPcs[point]!;
  }
}

/** Forgets a function's code, so that the next call lowers it anew. Frames must hold no code index of it: its room is used again. */
export function forgetCode(store: Store, funcAddr: number): void {
  const { code, funcInfo } = store;
  const exact = code.exact[funcAddr];
  const fast = code.fast[funcAddr];
  if (exact !== undefined) code.release(exact);
  // With breakpoints both are the same.
  if (fast !== undefined && fast !== exact) code.release(fast);
  code.exact[funcAddr] = undefined;
  code.fast[funcAddr] = undefined;
  code.loops[funcAddr] = undefined;
  code.generatedLoops.delete(funcAddr);
  store.tier?.withdraw(funcAddr);
  funcInfo[funcAddr * FUNC_INFO_WORDS + FuncInfo.PcExact] = 0;
  funcInfo[funcAddr * FUNC_INFO_WORDS + FuncInfo.PcFast] = 0;
}

/** Where a code index of fast code comes from. Lowers the function once more, which is exact because lowering is. */
export function siteOfFastCode(store: Store, funcAddr: number, pc: number): OpSite {
  const lowered = store.code.fast[funcAddr]!;
  const draft = new LoweringDraft(store, funcAddr, lowered.start);
  draft.sites = new Map();
  draft.generatedLoops = store.code.generatedLoops.get(funcAddr);
  lowerFast(draft);
  const site = draft.sites.get(pc);
  if (site === undefined) throw new Error(`code index ${pc} begins no operation of function ${funcAddr}`);
  return site;
}
