/**
 * Finding where watched bytes change: the first time after a position or the last time before one. Strategy alone, over an
 * engine that runs, captures and tells whether a page was written; every change is found, also one that is undone soon after.
 *
 * An interval is run once at full speed, in pieces; only pieces in which a page with watched bytes was written are looked
 * into, smaller and smaller, the smallest ones instruction by instruction.
 */
import { comparePositions, type Position } from "../snapshot/tree.ts";
import { type Engine, type SearchContext, settledAt } from "./search.ts";

/** Bytes of one memory, by its store address. Bytes beyond the memory's end count as zero. */
export interface WatchRange {
  readonly memoryAddr: number;
  readonly byteAddr: number;
  readonly byteLength: number;
}

/** One instruction, or one event of the host, that changed watched bytes. */
export interface Change {
  /** Index of the range in the list that is watched; of several that change at once the first. */
  readonly watch: number;
  /** Where the instruction is next, or the event is waited for. */
  readonly before: Position;
  readonly after: Position;
  readonly oldBytes: Uint8Array;
  readonly newBytes: Uint8Array;
}

/** Which of the changes in a stretch is wanted. */
export type Which = "first" | "last";

export interface ChangeEngine<S> extends Engine<S> {
  /** True when a page with watched bytes may have been written since `forgetTouches` or the last restore. */
  readonly touched: boolean;
  forgetTouches(): void;
  /** True when it is known that no page with watched bytes was written between two positions. */
  knownUntouched(from: Position, until: Position): boolean;
  /** Goes to `until` by single instructions and events. Stops after the first change when that is wanted. */
  walk(until: Position, which: Which): Promise<Change | undefined>;
}

/** A context whose engine watches. */
export interface ChangeContext<S> extends SearchContext<S> {
  readonly engine: ChangeEngine<S>;
}

/** Pieces of at most so many ticks are walked: some 50 ns per instruction. */
const WALK_TICKS = 1 << 14;
/** Pieces that a stretch is divided into: each costs a snapshot. */
const PIECES = 16;

/**
 * A change between the snapshot `from` and `until`. When the first one is wanted and found, the engine is left just after
 * it; else anywhere. Cost: the ticks at full speed, twice that and 50 ns per instruction for pieces that are written to.
 */
export async function changeBetween<S>(context: ChangeContext<S>, from: S, until: Position, which: Which): Promise<Change | undefined> {
  const { engine } = context;
  engine.restore(from);
  const ticks = until.tick - engine.position.tick;
  const size = Math.max(WALK_TICKS, Math.ceil(ticks / PIECES));
  const pieces: { readonly from: S; readonly until: Position }[] = [];
  for (let piece = from; comparePositions(engine.position, until) < 0; ) {
    const tick = engine.position.tick + size;
    const end = tick >= until.tick ? until : settledAt(tick);
    engine.forgetTouches();
    const here = engine.position;
    await context.runTo(end, true);
    // The end of the trace: there is nothing before `until`.
    if (comparePositions(engine.position, here) === 0) break;
    const { touched } = engine;
    const next = engine.capture();
    if (touched && which === "last") pieces.push({ from: piece, until: end });
    if (touched && which === "first") {
      const found = await lookInto(context, piece, end, which);
      if (found !== undefined) return found;
      engine.restore(next);
    }
    piece = next;
  }
  for (const piece of pieces.reverse()) {
    const found = await lookInto(context, piece.from, piece.until, which);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** As `changeBetween`, for a piece that is known to be written to. */
async function lookInto<S>(context: ChangeContext<S>, from: S, until: Position, which: Which): Promise<Change | undefined> {
  if (until.tick - context.positionOf(from).tick > WALK_TICKS) return changeBetween(context, from, until, which);
  context.engine.restore(from);
  return context.engine.walk(until, which);
}

/**
 * The last change before `until` whose instruction is at `fromTick` or later. One forward scan for each interval between
 * snapshots, the latest interval first; intervals that are known to be untouched cost nothing. The engine is left anywhere.
 */
export async function lastChange<S>(context: ChangeContext<S>, until: Position, fromTick = 0): Promise<Change | undefined> {
  const { engine, snapshots } = context;
  for (let end = until; end.tick >= fromTick; ) {
    const from = await snapshots.before(end);
    if (from === undefined) return undefined;
    const start = context.positionOf(from);
    if (!engine.knownUntouched(start, end)) {
      const found = await changeBetween(context, from, end, "last");
      if (found !== undefined) return found.before.tick >= fromTick ? found : undefined;
    }
    end = start;
  }
  return undefined;
}
