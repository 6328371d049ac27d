/**
 * Static handler tables of exceptions: for a piece of lowered code, which part of it is guarded by what. Collected while
 * code is made, the same way by both lowerings; searched when something is thrown. Nothing of it costs anything before.
 */
import { CatchKind, InstrReader } from "./instr.ts";
import type { LoweringDraft } from "./lower.ts";
import { Wasm } from "./opcodes.ts";
import { type FuncBody, type Module, slotCount, ValType } from "./types.ts";

/** Where a caught exception leads to. */
export interface CatchClause {
  /** Store address of the tag, or -1 for any exception. */
  readonly tagAddr: number;
  /** First slot, from the frame's, of what the exception carries; -1 when that is not wanted (catch_all). */
  readonly slot: number;
  /** Slot of the reference to the exception, or -1. */
  readonly refSlot: number;
  /** Code index and uncharged ticks there. */
  pc: number;
  acc: number;
}

export interface TryRegion {
  /** Code `[start, end)` is guarded. */
  readonly start: number;
  end: number;
  readonly clauses: CatchClause[];
  /** The region to ask when no clause takes the exception, or -1. */
  next: number;
}

/** A label that catch clauses may lead to, while code is made. */
export interface CatchTarget {
  /** First slot, from the frame's, of the label's values. */
  readonly slot: number;
  /** Code index of a loop's header; -1 for labels that come later. */
  readonly pc: number;
  /** Clauses that wait for the label's code index. */
  readonly catches: CatchClause[];
}

/** Begins a guarded region at the draft's place, inside of region `outer` or none (-1); returns its index. */
export function beginRegion(draft: LoweringDraft, outer: number): number {
  return draft.regions.push({ start: draft.pc, end: draft.pc, clauses: [], next: outer }) - 1;
}

/** Adds the clauses of the try_table that the draft's reader is at. `target` answers the label at a depth outside of it. */
export function addTableClauses(draft: LoweringDraft, region: number, target: (depth: number) => CatchTarget): void {
  const { catches } = draft.reader;
  for (let i = 0; i < catches.length; i += 3) {
    const kind = catches[i]!;
    const tagIndex = catches[i + 1]!;
    const label = target(catches[i + 2]!);
    const carries = tagIndex >= 0;
    const behind = carries ? slotCount(draft.module.tagTypes[tagIndex]!.params) : 0;
    const clause: CatchClause = {
      tagAddr: carries ? draft.instance.tagAddrs[tagIndex]! : -1,
      slot: carries ? label.slot : -1,
      refSlot: kind === CatchKind.TagRef || kind === CatchKind.AllRef ? label.slot + behind : -1,
      pc: label.pc,
      acc: 0,
    };
    draft.regions[region]!.clauses.push(clause);
    if (label.pc < 0) label.catches.push(clause);
  }
}

/** Adds the clause of the old catch or catch_all that begins at the draft's place. */
export function addCatchClause(draft: LoweringDraft, region: number, slot: number, hiddenSlot: number): void {
  const { code, a } = draft.reader;
  const all = code === Wasm.CatchAll;
  const tagAddr = all ? -1 : draft.instance.tagAddrs[a]!;
  draft.regions[region]!.clauses.push({ tagAddr, slot: all ? -1 : slot, refSlot: hiddenSlot, pc: draft.pc, acc: 0 });
}

/** The regions of one function in one code, in the order in which they begin: of two that contain a place the later is the inner. */
export type TryRegions = readonly TryRegion[];

/** The clause that takes an exception of tag `tagAddr` thrown at code index `pc`, or undefined. */
export function findClause(regions: TryRegions, pc: number, tagAddr: number): CatchClause | undefined {
  let at = regions.length - 1;
  while (at >= 0 && (pc < regions[at]!.start || pc >= regions[at]!.end)) at--;
  for (; at >= 0; at = regions[at]!.next) {
    for (const clause of regions[at]!.clauses) if (clause.tagAddr < 0 || clause.tagAddr === tagAddr) return clause;
  }
  return undefined;
}

/**
 * How deep try instructions of the old kind are nested in a function. Each level has a hidden local for the exception that
 * its catch block handles, as rethrow may want it. Cost: a search for their opcode's byte, and rarely a walk.
 */
export function legacyTryDepth(module: Module, body: FuncBody): number {
  const found = module.bytes.indexOf(Wasm.Try, body.codeStart);
  if (found < 0 || found >= body.end) return 0;
  const reader = new InstrReader(module.bytes, body.codeStart, body.end);
  // Of each open block whether it is such a try.
  const open: boolean[] = [];
  let depth = 0;
  let deepest = 0;
  while (reader.next()) {
    switch (reader.code) {
      case Wasm.Block:
      case Wasm.Loop:
      case Wasm.If:
      case Wasm.TryTable:
        open.push(false);
        break;
      case Wasm.Try:
        open.push(true);
        deepest = Math.max(deepest, ++depth);
        break;
      case Wasm.End:
      case Wasm.Delegate:
        if (open.pop() === true) depth--;
        break;
      default:
        break;
    }
  }
  return deepest;
}

/** Types of all locals of a frame: parameters, declared ones, and the hidden ones of old try instructions. */
export function frameLocals(module: Module, funcIndex: number): ValType[] {
  const body = module.funcs[funcIndex - module.importedFuncCount]!;
  const types: ValType[] = [...module.funcTypes[funcIndex]!.params];
  for (const { count, type } of body.localRuns) for (let i = 0; i < count; i++) types.push(type);
  for (let depth = legacyTryDepth(module, body); depth > 0; depth--) types.push(ValType.ExnRef);
  return types;
}
