/**
 * Searching an execution: where to restore, where to take snapshots on the way, the last hit before a position, the call
 * that made a frame. Pure strategy over an `Engine` that can run forward, capture and restore; no state of a real
 * machine, no file, no clock is touched here, so every rule can be tested with a toy engine.
 */

import { comparePositions, type Position } from "../snapshot/tree.ts";

/** What stops a run: the first of these that is reached. Without a goal it goes to the end. */
export interface Goal {
  /** Stop settled at this tick. */
  readonly tick?: number;
  /** Stop while waiting for this event. */
  readonly event?: number;
}

/** Why a run stopped. `breakpoint` and `frame-return` only when breakpoints are armed or a frame is watched. */
export type RunStop = "goal" | "end" | "breakpoint" | "frame-return";

/** A machine that re-executes. `S` is its snapshot. Calls must not overlap. */
export interface Engine<S> {
  /** At one tick several positions can exist, one for each event that is waited for; the last of them is the settled one. */
  readonly position: Position;
  /** Number of frames, host frames included. */
  readonly depth: number;
  /**
   * Runs forward, never beyond the goal. A breakpoint on an instruction stops it where the run begins (unless `pass`), not
   * at the goal's tick. One at the entry of a function whose body begins with a loop is the other way round: a run that
   * begins there is behind it; SearchContext.runTo finds out about one that ends there.
   */
  run(goal: Goal, pass: boolean): Promise<RunStop>;
  capture(): S;
  restore(snapshot: S): void;
  /** Whether breakpoints stop `run`. */
  armBreakpoints(armed: boolean): void;
  readonly breakpointsArmed: boolean;
  /** True when there is any enabled breakpoint. */
  readonly hasBreakpoints: boolean;
  /** True when the machine waits for event `position.event` (or for nothing, at the end), false when an instruction is next. */
  readonly waiting: boolean;
  /** True when frame `index` is a host function's or was entered by the host: an event ends it, and watching it stops nothing. */
  endsByEvent(frameIndex: number): boolean;
  /** Marks frame `index`; a marked wasm frame that returns stops `run`. Restoring removes marks. */
  watch(frameIndex: number): void;
  /** Removes the mark and tells whether the very frame that was marked is still there. */
  unwatch(frameIndex: number): boolean;
  /** The earliest position from which the frame that is at `frameIndex` at `until` is known to have lived; `until` when nothing is known. */
  livedFrom?(frameIndex: number, until: Position): Position;
}

/** Snapshots ordered by position. */
export interface SnapshotIndex<S> {
  /** The latest strictly before `position`. May have to be read from storage. */
  before(position: Position): Promise<S | undefined>;
}

/** The ticks by which a snapshot must be nearer than the cursor before a restore pays. */
const RESTORE_WORTH_TICKS = 200_000;

/** True when going from `here` to `target` should begin by restoring the snapshot at `snapshot`. */
export function restorePays(here: Position, snapshot: Position | undefined, target: Position): boolean {
  if (comparePositions(here, target) > 0) return true;
  return snapshot !== undefined && comparePositions(snapshot, target) <= 0 && snapshot.tick > here.tick + RESTORE_WORTH_TICKS;
}

/** Distances before a target, in ticks, at which snapshots make the steps back that follow cheap. */
const APPROACH_TICKS = [1 << 24, 1 << 22, 1 << 20, 1 << 17, 1 << 13] as const;

/**
 * Ticks at which to take snapshots on the way to `targetTick`, ascending. `fromTick` is where the run starts: the state
 * of the snapshot there (or the cursor) serves for everything before the first mark. Regular ones at multiples of
 * `intervalTicks`, then at exponentially decreasing distances before the target; all but the nearest of these at
 * multiples of `gridTicks`, because snapshots on the grid are what thinning keeps.
 */
export function marksOnTheWay(fromTick: number, targetTick: number, intervalTicks: number, gridTicks: number): number[] {
  const marks: number[] = [];
  let last = fromTick;
  const add = (tick: number) => {
    marks.push(tick);
    last = tick;
  };
  for (const distance of APPROACH_TICKS) {
    const wished = targetTick - distance;
    const mark = distance >= gridTicks ? wished - (wished % gridTicks) : wished;
    while (nextMultiple(last, intervalTicks) < mark) add(nextMultiple(last, intervalTicks));
    // A mark pays when it at least halves the distance from the one before it.
    if (mark - last >= distance) add(mark);
  }
  return marks;
}

/** The first multiple of `unit` after `tick`. */
export function nextMultiple(tick: number, unit: number): number {
  return (Math.floor(tick / unit) + 1) * unit;
}

export interface SearchContext<S> {
  readonly engine: Engine<S>;
  readonly snapshots: SnapshotIndex<S>;
  positionOf(snapshot: S): Position;
  /**
   * Runs to `position` (already-passed ones return at once), stopping early as the engine does, and with "breakpoint"
   * where it ends exactly at an entry that Engine.run would not tell. Implementations divide
   * long runs into slices, take snapshots on the way, report progress, and throw when cancelled.
   */
  runTo(position: Position, pass: boolean): Promise<RunStop>;
}

/** Stops in one stretch after which the search leaps ahead instead of visiting every hit. */
const LEAP_HITS = 256;
/** Stretches shorter than this many ticks are always searched hit by hit. */
const LEAP_TICKS = 4096;

interface Stretch<S> {
  readonly from: S;
  readonly until: Position;
  readonly inclusive: boolean;
  /** The answer when nothing is found in the stretch. */
  readonly fallback: Position | undefined;
}

/**
 * The last position before `until`, at `fromTick` or later, at which a breakpoint stops, or undefined. One forward run
 * for each interval between snapshots, the latest interval first; where breakpoints are hit densely the run leaps to half
 * of what is left and comes back only if it finds nothing there, so the visited hits stay few. The engine is left anywhere.
 */
export async function lastHit<S>(context: SearchContext<S>, until: Position, fromTick = 0): Promise<Position | undefined> {
  const { engine, snapshots } = context;
  engine.armBreakpoints(true);
  try {
    for (let end = until; end.tick >= fromTick; ) {
      const from = await snapshots.before(end);
      if (from === undefined) return undefined;
      const hit = await lastHitInInterval(context, from, end, end !== until);
      if (hit !== undefined) return hit.tick >= fromTick ? hit : undefined;
      end = context.positionOf(from);
    }
    return undefined;
  } finally {
    engine.armBreakpoints(false);
  }
}

/** `inclusive`: a stop at `until` itself counts, which happens at entries, see Engine.run. */
async function lastHitInInterval<S>(
  context: SearchContext<S>,
  from: S,
  until: Position,
  inclusive: boolean,
): Promise<Position | undefined> {
  const stretches: Stretch<S>[] = [{ from, until, inclusive, fallback: undefined }];
  for (;;) {
    const stretch = stretches.pop();
    if (stretch === undefined) return undefined;
    const hit = await searchStretch(context, stretch, stretches);
    if (hit !== undefined) return hit;
  }
}

/** Searches a stretch; parts that it leaps over are pushed to `later`. */
async function searchStretch<S>(context: SearchContext<S>, stretch: Stretch<S>, later: Stretch<S>[]): Promise<Position | undefined> {
  const { engine } = context;
  const { until, inclusive } = stretch;
  let found = stretch.fallback;
  let hits = 0;
  engine.restore(stretch.from);
  let pass = false;
  for (;;) {
    const stop = await context.runTo(until, pass);
    const here = engine.position;
    if (stop !== "breakpoint" || comparePositions(here, until) >= (inclusive ? 1 : 0)) return found;
    found = here;
    hits += 1;
    pass = true;
    if (hits < LEAP_HITS || until.tick - here.tick <= LEAP_TICKS) continue;
    const middle = settledAt(here.tick + Math.floor((until.tick - here.tick) / 2));
    later.push({ from: engine.capture(), until: middle, inclusive: true, fallback: found });
    engine.armBreakpoints(false);
    await context.runTo(middle, true);
    engine.armBreakpoints(true);
    found = undefined;
    hits = 0;
    pass = false;
  }
}

/** The settled position of a tick: all events that can come before the next instruction are consumed. */
export function settledAt(tick: number): Position {
  return { tick, event: Number.MAX_SAFE_INTEGER };
}

/**
 * The first tick at whose settled position the present activation of frame `frameIndex` exists; the instruction that made
 * it is the one before (tick 0: the host made it before any instruction). Whether that activation exists is monotonic in
 * time: after walking back over snapshots in which it exists already, the interval is halved. Cost: one forward run for
 * each interval of which it is not known that the frame lived through it, and twice more of the last one, all at full speed.
 * The engine is left anywhere.
 */
export async function frameEntry<S>(context: SearchContext<S>, frameIndex: number): Promise<number> {
  const { engine, snapshots } = context;
  let alive = engine.position;
  let dead: S;
  for (;;) {
    alive = engine.livedFrom?.(frameIndex, alive) ?? alive;
    const snapshot = await snapshots.before(alive);
    if (snapshot === undefined) return alive.tick;
    engine.restore(snapshot);
    if (!(await survives(context, frameIndex, alive))) {
      dead = snapshot;
      break;
    }
    alive = context.positionOf(snapshot);
  }
  // The last tick where it is known not to exist, settled; the snapshot may be of an earlier position in its tick.
  let deadTick = context.positionOf(dead).tick - 1;
  while (alive.tick - deadTick > 1) {
    const middleTick = deadTick + Math.floor((alive.tick - deadTick) / 2);
    engine.restore(dead);
    await context.runTo(settledAt(middleTick), true);
    const { position } = engine;
    const snapshot = engine.capture();
    if (await survives(context, frameIndex, alive)) {
      alive = position;
    } else {
      dead = snapshot;
      deadTick = middleTick;
    }
  }
  return alive.tick;
}

/** True when the frame that is at `frameIndex` now is the one that is there at `until`. */
async function survives<S>(context: SearchContext<S>, frameIndex: number, until: Position): Promise<boolean> {
  const { engine } = context;
  if (engine.depth <= frameIndex) return false;
  engine.watch(frameIndex);
  const stop = await context.runTo(until, true);
  return engine.unwatch(frameIndex) && stop !== "frame-return";
}
