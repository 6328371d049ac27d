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

/** What a lowering keeps of guarded regions for each open block. */
export interface GuardedControl {
  readonly kind: string;
  readonly height: number;
  /** Of a loop: the code index of its header, where nothing is uncharged. */
  readonly target: number;
  /** Clauses of exceptions that lead to the end, and wait for its code index. */
  readonly catches: CatchClause[];
  /** The guarded region that its body is, or -1; of an old try also the region that its catches belong to. */
  region: number;
  tryRegion: number;
  /** Of an old try: the slot for the exception that it handles. */
  hiddenSlot: number;
}

/**
 * Begins the try or try_table that the draft's reader is at: its region, and of a try_table the clauses. `open` adds its
 * control to `controls`; `slotAt` is the slot, from the frame's first, of an operand height.
 */
export function beginTry(
  draft: LoweringDraft,
  controls: readonly GuardedControl[],
  slotAt: (height: number) => number,
  open: () => void,
): void {
  const region = draft.regions.push({ start: draft.pc, end: draft.pc, clauses: [], next: enclosingRegion(controls, 0) }) - 1;
  const table = draft.reader.code === Wasm.TryTable;
  if (table) addTableClauses(draft, region, controls, slotAt);
  const depth = controls.filter(({ hiddenSlot }) => hiddenSlot >= 0).length;
  open();
  const control = controls.at(-1)!;
  control.region = region;
  if (table) return;
  control.tryRegion = region;
  control.hiddenSlot = draft.hiddenSlot(depth);
}

/** The innermost guarded region around the block at `depth`, that block included, or -1. */
function enclosingRegion(controls: readonly GuardedControl[], depth: number): number {
  for (let at = controls.length - 1 - depth; at >= 0; at--) if (controls[at]!.region >= 0) return controls[at]!.region;
  return -1;
}

/** Ends what the block guards at the draft's place, if it guards anything. */
export function endRegion(draft: LoweringDraft, control: GuardedControl): void {
  if (control.region >= 0) draft.regions[control.region]!.end = draft.pc;
  control.region = -1;
}

/** Ends the innermost block, an old try that hands exceptions on to the label at `depth`. */
export function endDelegating(draft: LoweringDraft, controls: readonly GuardedControl[], depth: number): void {
  const control = controls.at(-1)!;
  const { region } = control;
  endRegion(draft, control);
  // The label is counted from outside of the block that ends here.
  draft.regions[region]!.next = enclosingRegion(controls, depth + 1);
}

function addTableClauses(
  draft: LoweringDraft,
  region: number,
  controls: readonly GuardedControl[],
  slotAt: (height: number) => number,
): void {
  const { catches } = draft.reader;
  for (let i = 0; i < catches.length; i += 3) {
    const kind = catches[i]!;
    const tagIndex = catches[i + 1]!;
    const label = controls[controls.length - 1 - catches[i + 2]!]!;
    const slot = slotAt(label.height);
    const carries = tagIndex >= 0;
    const behind = carries ? slotCount(draft.module.tagTypes[tagIndex]!.params) : 0;
    const clause: CatchClause = {
      tagAddr: carries ? draft.instance.tagAddrs[tagIndex]! : -1,
      slot: carries ? slot : -1,
      refSlot: kind === CatchKind.TagRef || kind === CatchKind.AllRef ? slot + behind : -1,
      pc: label.kind === "loop" ? label.target : -1,
      acc: 0,
    };
    draft.regions[region]!.clauses.push(clause);
    if (clause.pc < 0) label.catches.push(clause);
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
