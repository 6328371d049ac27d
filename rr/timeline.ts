/**
 * The timeline: a trace, its snapshots and a cursor that moves anywhere, forward and backward. Each move is a plan over
 * rr/search.ts carried out on one engine; nothing here executes instructions or looks at the bytes of the trace.
 *
 * Moves must not overlap. A long move gives way to the event loop, reports progress and can be cancelled.
 */
import { stateHash } from "../snapshot/hash.ts";
import type { SnapshotPolicy } from "../snapshot/policy.ts";
import type { SnapshotReader } from "../snapshot/reader.ts";
import { SnapshotSet } from "../snapshot/set.ts";
import { comparePositions, type Position, type Snapshot } from "../snapshot/tree.ts";
import { RewasmError } from "../vm/errors.ts";
import type { Store } from "../vm/store.ts";
import { type Change, type ChangeContext, changeBetween, lastChange, type WatchRange } from "./changes.ts";
import { TraceError } from "./errors.ts";
import type { TraceEvent } from "./event.ts";
import { KeptSnapshots } from "./kept-snapshots.ts";
import { type PositionExpr, parsePosition, resolvePosition } from "./position.ts";
import { TraceReader } from "./reader.ts";
import { type CodePlace, ReplayEngine } from "./replay-engine.ts";
import { Replayer, type ReplayerOptions } from "./replayer.ts";
import { frameEntry, lastHit, marksOnTheWay, nextMultiple, type RunStop, restorePays, settledAt } from "./search.ts";
import { readStretches } from "./sidecar.ts";
import type { TraceStorage } from "./storage.ts";
import type { Stretches } from "./stretches.ts";

/** Why a move ended. */
export type StopReason =
  /** The whole distance was covered. */
  | "step"
  | "seek"
  /** The frame that was to be left is left. */
  | "finish"
  | "breakpoint"
  /** Watched bytes change: `Timeline.change` tells where. Forward the cursor is just after that, backward just before it. */
  | "watchpoint"
  /** Nothing comes before: the first instruction. */
  | "start"
  /** Nothing comes after. */
  | "end"
  /** The program has trapped; its frames are still there. One move further is the end. */
  | "trap"
  | "cancelled";

export interface MoveOptions {
  /** Ends the move with "cancelled": a forward one where it is, a backward one where it began. */
  readonly signal?: AbortSignal;
  /** Told about every 50 ms how many ticks are run, and how many there are to run at most. */
  readonly onProgress?: (doneTicks: number, totalTicks: number) => void;
}

export interface TimelineParts {
  readonly engine: ReplayEngine;
  readonly snapshots: KeptSnapshots;
  /** Where the execution ends. */
  readonly end: Position;
  /** Where its last trap has happened and is not yet taken, when it ends with one. */
  readonly trap: Position | undefined;
  /** Tick of an event that is in the trace. */
  readonly tickOfEvent: (event: number) => Promise<number>;
  /** Distance of regular snapshots in ticks, a multiple of the snapshots' `gridTicks`. */
  readonly intervalTicks: number;
}

export interface OpenOptions extends ReplayerOptions {
  /** Stored snapshots of this trace (see sidecar.ts): the caller has checked that they are. */
  readonly snapshots?: SnapshotReader | undefined;
  /** Snapshots of this trace in memory, in place of an empty set: the timeline adds its own to them. */
  readonly known?: SnapshotSet | undefined;
  /** What is known of stretches of this trace; default: what lies beside the stored snapshots. */
  readonly stretches?: Stretches | undefined;
  /** How snapshots are kept; default as snapshot/policy.ts has it. */
  readonly policy?: SnapshotPolicy;
  /** Distance of regular snapshots in ticks, a multiple of the policy's. */
  readonly intervalTicks?: number;
}

/** At 3 to 5 ns per tick, 20 ms at most to repeat before the first step backward from anywhere. */
export const DEFAULT_INTERVAL_TICKS = 1 << 22;
/** Time after which a move gives way to the event loop, in milliseconds. */
const BREATH_MS = 50;
const FIRST_SLICE_TICKS = 1 << 20;
const LEAST_SLICE_TICKS = 1 << 14;
const MOST_SLICE_TICKS = 1 << 25;
/** With watched bytes `continue` looks for changes after each so many ticks. */
const WATCHED_TICKS = 1 << 22;
/** Snapshots are not taken nearer to one another than this. */
const LEAST_GAP_TICKS = 1 << 12;

class Cancelled extends RewasmError {}

interface Move {
  readonly options: MoveOptions;
  readonly totalTicks: number;
  doneTicks: number;
  /** Ticks at which to take snapshots, descending. */
  marks: number[];
  lastBreath: number;
}

export class Timeline {
  /** Named positions. */
  readonly bookmarks = new Map<string, Position>();
  readonly end: Position;
  readonly snapshots: KeptSnapshots;
  private readonly parts: TimelineParts;
  readonly engine: ReplayEngine;
  private readonly intervalTicks: number;
  private readonly search: ChangeContext<Snapshot>;
  /** Addresses of host functions that moves stop in. */
  private hostStops: ReadonlySet<number> = new Set();
  /** The last answer of `nextHostStop`: the first call from event `from` on. */
  private knownHostStop: { readonly from: number; readonly call: Position | undefined } | undefined;
  private lastChange: Change | undefined;
  private accepts: () => boolean = () => true;
  private move: Move | undefined;
  private sliceTicks = FIRST_SLICE_TICKS;

  /** The engine stands anywhere; `snapshots` holds at least the beginning of the execution. */
  constructor(parts: TimelineParts) {
    this.parts = parts;
    this.engine = parts.engine;
    this.snapshots = parts.snapshots;
    this.end = parts.end;
    this.intervalTicks = parts.intervalTicks;
    this.search = {
      engine: parts.engine,
      snapshots: parts.snapshots,
      positionOf: (snapshot) => snapshot,
      runTo: (position, pass) => this.runTo(position, pass),
    };
  }

  /**
   * A timeline of a trace, its cursor at the first instruction. A trace without ticks has to be given them before (timing.ts). Throws what opening a trace and replaying to there throw
   * (TraceError, DecodeError, ValidationError). Cost: decoding and validating the modules.
   */
  static async open(source: TraceStorage | TraceReader, options: OpenOptions = {}): Promise<Timeline> {
    const reader = source instanceof TraceReader ? source : await TraceReader.open(source);
    if (!reader.timed) throw new TraceError("trace-use", "the events of this trace have no ticks yet: find them first");
    const replayer = new Replayer(reader, options);
    const beside = options.snapshots === undefined ? undefined : await readStretches(options.snapshots);
    const engine = new ReplayEngine(replayer, options.stretches ?? beside);
    const snapshots = new KeptSnapshots(options.known ?? new SnapshotSet(options.policy), options.snapshots);
    const origin = engine.capture();
    snapshots.fix(origin);
    if (options.snapshots !== undefined || options.known !== undefined) {
      await engine.loadModules();
      engine.restore(origin);
    }
    await engine.run({ tick: 0 }, true);
    // From here on nothing needs to be instantiated again.
    snapshots.fix(engine.capture());
    const end = { tick: reader.tickCount, event: reader.eventCount };
    const tickOfEvent = async (event: number) => (await eventAt(reader, event)).tick;
    const last = reader.eventCount === 0 ? undefined : await eventAt(reader, reader.eventCount - 1);
    const trap = last?.kind === "trap" ? { tick: last.tick, event: last.number } : undefined;
    const { intervalTicks = DEFAULT_INTERVAL_TICKS } = options;
    return new Timeline({ engine, snapshots, end, trap, tickOfEvent, intervalTicks });
  }

  get reader(): TraceReader {
    return this.engine.replayer.reader;
  }

  /** The machine where the cursor is. For looking only. */
  get store(): Store {
    return this.engine.store;
  }

  get position(): Position {
    return this.engine.position;
  }

  /** 0 … 100 by ticks. */
  get percent(): number {
    return this.end.tick === 0 ? 100 : (this.engine.position.tick / this.end.tick) * 100;
  }

  /** True while a move is under way. */
  get moving(): boolean {
    return this.move !== undefined;
  }

  get atEnd(): boolean {
    return comparePositions(this.engine.position, this.end) >= 0;
  }

  /** Snapshot of where the cursor is. */
  capture(): Snapshot {
    return this.engine.capture();
  }

  /**
   * Goes to a position; beyond the end is the end. Cost: a restore, and the ticks from the nearest snapshot at or before
   * it (or from the cursor). Throws TraceError when the trace is damaged on the way or diverges.
   */
  async seek(position: Position, options: MoveOptions = {}): Promise<StopReason> {
    return this.moveBy(options, Math.abs(position.tick - this.position.tick), async () => {
      const target = position.tick > this.end.tick ? this.end : position;
      await this.goTo(target);
      return "seek";
    });
  }

  /**
   * Goes to a position as people write it: `1234567`, `#42`, `37.5%`, `start`, `end`, `+100`, `-1`, `@name`. Throws
   * RewasmError "unknown-position" for one that does not exist.
   */
  async seekTo(position: string | PositionExpr, options: MoveOptions = {}): Promise<StopReason> {
    const expr = typeof position === "string" ? parsePosition(position) : position;
    const { tick, event } = resolvePosition(expr, {
      tick: this.position.tick,
      tickCount: this.end.tick,
      eventCount: this.end.event,
      bookmark: (name) => this.bookmarks.get(name),
    });
    if (tick !== undefined && event !== undefined) return this.seek({ tick, event }, options);
    return event === undefined ? this.seekTick(tick ?? 0, options) : this.seekEvent(event, options);
  }

  /** Goes to where so many instructions are retired and all events before the next one are consumed. */
  async seekTick(tick: number, options: MoveOptions = {}): Promise<StopReason> {
    return this.seek(settledAt(Math.max(0, tick)), options);
  }

  /** Goes to where the machine waits for an event. */
  async seekEvent(event: number, options: MoveOptions = {}): Promise<StopReason> {
    if (event >= this.end.event) return this.seek(this.end, options);
    return this.seek({ tick: await this.parts.tickOfEvent(event), event }, options);
  }

  /** Executes `count` instructions. */
  async step(count = 1, options: MoveOptions = {}): Promise<StopReason> {
    return this.moveBy(options, count, () =>
      this.watching(async () => (await this.advance(settledAt(this.position.tick + count))) ?? "step"),
    );
  }

  /** Takes back `count` instructions. */
  async reverseStep(count = 1, options: MoveOptions = {}): Promise<StopReason> {
    return this.moveBack(options, async (here) => {
      if (here.tick === 0) return "start";
      await this.goTo(settledAt(Math.max(0, here.tick - count)));
      return here.tick < count ? "start" : "step";
    });
  }

  /** Executes one instruction, and when it is a call, the whole call. Breakpoints inside stop it. */
  async next(options: MoveOptions = {}): Promise<StopReason> {
    return this.moveBy(options, this.ticksLeft(), () =>
      this.watching(async () => {
        const { depth } = this.engine;
        const ended = await this.advance(settledAt(this.position.tick + 1));
        if (ended !== undefined) return ended;
        if (this.engine.depth <= depth || depth === 0) return "step";
        return this.leaveFrame(depth, "step", false);
      }),
    );
  }

  /** Runs until the present function has returned. Breakpoints stop it. */
  async finish(options: MoveOptions = {}): Promise<StopReason> {
    return this.moveBy(options, this.ticksLeft(), () =>
      this.watching(async () => {
        const { depth } = this.engine;
        if (depth === 0) throw noFrame();
        return this.leaveFrame(depth - 1, "finish", true);
      }),
    );
  }

  /** Takes back one instruction, and when it was the last one of a call, the whole call. Breakpoints inside stop it. */
  async reverseNext(options: MoveOptions = {}): Promise<StopReason> {
    return this.moveBack(options, async (here) => {
      if (here.tick === 0) return "start";
      const { depth } = this.engine;
      await this.goTo(settledAt(here.tick - 1));
      if (this.engine.depth <= depth || depth === 0) return "step";
      const enteredTick = await frameEntry(this.search, depth);
      return this.stopBack(Math.max(0, enteredTick - 1), here, enteredTick === 0 ? "start" : "step");
    });
  }

  /** Goes back to the call of the present function; from the outermost function to its beginning. Breakpoints stop it. */
  async reverseFinish(options: MoveOptions = {}): Promise<StopReason> {
    return this.moveBack(options, async (here) => {
      const { depth } = this.engine;
      if (depth === 0) throw noFrame();
      const enteredTick = await frameEntry(this.search, depth - 1);
      const outermost = depth === 1 || enteredTick === 0;
      return this.stopBack(outermost ? enteredTick : enteredTick - 1, here, outermost ? "start" : "finish");
    });
  }

  /** Runs to the next breakpoint, the next change of watched bytes, the trap at the end, or the end. */
  async continue(options: MoveOptions = {}): Promise<StopReason> {
    return this.moveBy(options, this.ticksLeft(), async () => {
      this.engine.armBreakpoints(true);
      if (!this.engine.watchesMemory) return (await this.advance(this.end)) ?? "end";
      for (let pass = true; ; pass = false) {
        const goal = settledAt(this.position.tick + WATCHED_TICKS);
        const reason = await this.watching(async () => (await this.advance(goal, pass)) ?? "step");
        if (reason !== "step") return reason;
        this.engine.armBreakpoints(true);
      }
    });
  }

  /**
   * Makes a forward move, then looks whether it went past a change of watched bytes, and if so goes to the first one. Cost
   * beyond the move's: nothing when no page with watched bytes was written.
   */
  private async watching(forward: () => Promise<StopReason>): Promise<StopReason> {
    const { engine } = this;
    if (!engine.watchesMemory) return forward();
    const from = engine.capture();
    engine.forgetTouches();
    const reason = await forward();
    if (!engine.touched) return reason;
    const until = this.position;
    const home = engine.capture();
    engine.armBreakpoints(false);
    this.lastChange = await changeBetween(this.search, from, until, "first");
    if (this.lastChange !== undefined) return "watchpoint";
    engine.restore(home);
    return reason;
  }

  /** Goes back to the last breakpoint before the cursor, to the last change of watched bytes, or to the first instruction. */
  async reverseContinue(options: MoveOptions = {}): Promise<StopReason> {
    return this.moveBack(options, async (here) => {
      if (here.tick === 0) return "start";
      return this.stopBack(0, here, "start");
    });
  }

  /** Sets a bookmark here. Throws RewasmError "bad-bookmark" for a name that no position could be written with. */
  bookmark(name: string): void {
    if (!/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(name)) {
      throw new RewasmError("bad-bookmark", `${JSON.stringify(name)} is no name for a bookmark: use letters, digits, _ . and -`);
    }
    this.bookmarks.set(name, this.position);
  }

  /** SHA-256 of the whole machine at the cursor, see snapshot/hash.ts. */
  stateHash(): string {
    return stateHash(this.engine.capture());
  }

  /**
   * Sets where `continue` and the other moves stop. A place in a host function stops where the program calls it. At a place in
   * a wasm function `accepts` is asked, with the machine there to look at, whether to stop.
   */
  setBreakpoints(places: readonly CodePlace[], accepts: () => boolean = () => true): void {
    this.accepts = accepts;
    const isHost = ({ funcAddr, host }: CodePlace): boolean => host ?? this.store.funcs[funcAddr]?.kind === "host";
    this.hostStops = new Set(places.filter(isHost).map(({ funcAddr }) => funcAddr));
    this.knownHostStop = undefined;
    this.engine.setPlaces(places.filter((place) => !isHost(place)));
  }

  /** The event that the machine waits for; undefined when an instruction is next, or nothing. */
  async pendingEvent(): Promise<TraceEvent | undefined> {
    const { engine, reader } = this;
    return engine.waiting && engine.position.event < reader.eventCount ? eventAt(reader, engine.position.event) : undefined;
  }

  /** Sets the bytes whose changes stop moves as breakpoints do; seeks pass them. */
  setWatchpoints(ranges: readonly WatchRange[]): void {
    this.engine.watchMemory(ranges);
  }

  /** What changed where the last move stopped for "watchpoint". */
  get change(): Change | undefined {
    return this.lastChange;
  }

  private ticksLeft(): number {
    return Math.max(0, this.end.tick - this.position.tick);
  }

  /** Wraps a move: one at a time, breakpoints disarmed afterwards, cancellation as a result. */
  private async moveBy(options: MoveOptions, totalTicks: number, body: () => Promise<StopReason>): Promise<StopReason> {
    if (this.move !== undefined) throw new RewasmError("timeline-busy", "the timeline is moving already");
    this.move = { options, totalTicks, doneTicks: 0, marks: [], lastBreath: performance.now() };
    try {
      return await body();
    } catch (error) {
      if (error instanceof Cancelled) return "cancelled";
      throw error;
    } finally {
      this.engine.armBreakpoints(false);
      this.move = undefined;
    }
  }

  /** As `moveBy`; a move that does not succeed leaves the cursor where it was. */
  private async moveBack(options: MoveOptions, body: (here: Position) => Promise<StopReason>): Promise<StopReason> {
    const here = this.position;
    const home = this.engine.capture();
    return this.moveBy(options, here.tick, async () => {
      try {
        return await body(here);
      } catch (error) {
        this.engine.restore(home);
        throw error;
      }
    });
  }

  /** Ends a backward move at `targetTick`, or at the last breakpoint between it and `here`. */
  private async stopBack(targetTick: number, here: Position, reason: StopReason): Promise<StopReason> {
    const call = await this.lastHostStop(here.event, targetTick);
    const from = call?.tick ?? targetTick;
    const hit = this.engine.hasBreakpoints ? await lastHit(this.search, here, from) : undefined;
    const last = call !== undefined && (hit === undefined || comparePositions(call, hit) > 0) ? call : hit;
    const change = this.engine.watchesMemory ? await lastChange(this.search, here, last?.tick ?? targetTick) : undefined;
    if (change !== undefined && (last === undefined || comparePositions(change.before, last) >= 0)) {
      await this.goTo(change.before);
      this.lastChange = change;
      return "watchpoint";
    }
    await this.goTo(last ?? settledAt(targetTick));
    return last === undefined ? reason : "breakpoint";
  }

  /** The first call of a host function with a breakpoint, at event number `from` or later. The trace tells it. */
  private async nextHostStop(from: number): Promise<Position | undefined> {
    if (this.hostStops.size === 0) return undefined;
    const known = this.knownHostStop;
    if (known !== undefined && known.from <= from && (known.call === undefined || known.call.event >= from)) return known.call;
    const call = await this.findHostStop(from);
    this.knownHostStop = { from, call };
    return call;
  }

  private async findHostStop(from: number): Promise<Position | undefined> {
    for await (const event of this.reader.eventsFrom(from)) {
      await this.breathe(this.move!);
      if (this.isHostStop(event)) return { tick: event.tick, event: event.number };
    }
    return undefined;
  }

  /** The last such call before event number `before`, at `fromTick` or later. */
  private async lastHostStop(before: number, fromTick: number): Promise<Position | undefined> {
    if (this.hostStops.size === 0) return undefined;
    for (let end = before; end > 0; ) {
      const events = (await this.reader.loadChunk(end - 1)).filter(({ number }) => number < end);
      const found = events.findLast((event) => this.isHostStop(event));
      if (found !== undefined) return found.tick < fromTick ? undefined : { tick: found.tick, event: found.number };
      if (events[0]!.tick < fromTick) return undefined;
      end = events[0]!.number;
      await this.breathe(this.move!);
    }
    return undefined;
  }

  private isHostStop(event: TraceEvent): boolean {
    return (event.kind === "host-call" || event.kind === "host-enter") && this.hostStops.has(event.funcAddr);
  }

  /** Goes to `target` with breakpoints disarmed, restoring what pays. */
  private async goTo(target: Position): Promise<void> {
    const { engine } = this;
    const { snapshots } = this;
    engine.armBreakpoints(false);
    if (restorePays(engine.position, snapshots.positionAtOrBefore(target), target)) {
      const nearest = await snapshots.atOrBefore(target);
      if (nearest === undefined) throw new RewasmError("timeline-start", "the beginning of the execution is not at hand");
      engine.restore(nearest);
    }
    this.planMarks(target);
    await this.runTo(target, true);
    this.move!.marks = [];
    snapshots.thin(engine.position.tick);
  }

  private planMarks(target: Position): void {
    const here = this.position;
    const from = this.snapshots.positionAtOrBefore(here)?.tick ?? here.tick;
    const marks = marksOnTheWay(from, target.tick, this.intervalTicks, this.snapshots.gridTicks);
    this.move!.marks = marks.filter((mark) => mark > here.tick).reverse();
  }

  /**
   * Runs forward to `goal`, but not past the end, a trap, or (with breakpoints armed) a call of a host function that has
   * one; the reason when something else than the goal was reached.
   */
  private async advance(goal: Position, pass = true): Promise<StopReason | undefined> {
    const { engine } = this;
    const { trap } = this.parts;
    const here = this.position;
    const trapAhead = trap !== undefined && comparePositions(here, trap) < 0;
    const limit = trapAhead ? trap : this.end;
    const call = engine.breakpointsArmed ? await this.nextHostStop(here.event + (pass && engine.waiting ? 1 : 0)) : undefined;
    const limited = comparePositions(goal, limit) >= 0;
    const nearest = limited ? limit : goal;
    const calls = call !== undefined && comparePositions(call, nearest) < 0;
    const stop = await this.runTo(calls ? call : nearest, pass);
    if (stop === "breakpoint") return "breakpoint";
    if (stop === "frame-return") return "finish";
    if (calls) return "breakpoint";
    if (limited || stop === "end") return trapAhead ? "trap" : "end";
    return undefined;
  }

  /** Runs until frame `frameIndex` is gone; `reason` is what that is called. `pass` as in Engine.run. */
  private async leaveFrame(frameIndex: number, reason: StopReason, pass: boolean): Promise<StopReason> {
    const { engine } = this;
    const firstEvent = this.position.event;
    engine.armBreakpoints(true);
    for (let passHere = pass; engine.depth > frameIndex; passHere = false) {
      engine.watch(frameIndex);
      // A frame that only an event can end: go from event to event and look.
      const goal = engine.endsByEvent(frameIndex) ? { tick: this.end.tick, event: engine.position.event } : this.end;
      let stop = await this.advance(goal, passHere);
      if (stop === undefined && (await this.runTo(settledAt(engine.position.tick), false)) === "breakpoint") stop = "breakpoint";
      const there = engine.unwatch(frameIndex);
      if (stop === "breakpoint" || stop === "end" || stop === "trap") {
        return !there && (await this.backToUnwinding(frameIndex, firstEvent)) ? reason : stop;
      }
      if (!there) break;
    }
    return this.atEnd ? "end" : reason;
  }

  /**
   * A trap that the host took may have ended a watched frame without its return: goes back to just after it. False, and
   * nothing moves, when no trap did.
   */
  private async backToUnwinding(frameIndex: number, firstEvent: number): Promise<boolean> {
    const { engine } = this;
    const there = engine.capture();
    for await (const event of this.reader.eventsFrom(firstEvent, engine.position.event)) {
      if (event.kind !== "trap") continue;
      await this.goTo({ tick: event.tick, event: event.number + 1 });
      if (engine.depth <= frameIndex) {
        await this.runTo(settledAt(event.tick), true);
        return true;
      }
    }
    engine.restore(there);
    return false;
  }

  /** Runs forward to a position, in slices: takes snapshots and breathes between them. `pass` as in Engine.run. */
  private async runTo(goal: Position, pass: boolean): Promise<RunStop> {
    const { engine } = this;
    const move = this.move!;
    const eventGoal = goal.event < this.end.event ? { event: goal.event } : {};
    let regularMark = this.nextRegularMark();
    // Of a place that does not stop here the next run begins behind it.
    for (let passHere = pass, passed = false; ; passHere = passed) {
      passed = false;
      await this.breathe(move);
      const here = engine.position;
      if (comparePositions(here, goal) >= 0 || (here.tick >= goal.tick && !engine.waiting)) return "goal";
      const mark = Math.min(move.marks.at(-1) ?? Number.POSITIVE_INFINITY, regularMark);
      const limitTick = Math.min(goal.tick, mark, here.tick + this.sliceTicks);
      const startedAt = performance.now();
      const stop = await engine.run({ tick: limitTick, ...eventGoal }, passHere);
      const now = engine.position;
      this.fitSlice(now.tick - here.tick, performance.now() - startedAt);
      move.doneTicks += now.tick - here.tick;
      if (now.tick >= mark) {
        this.takeMark(now.tick >= regularMark ? this.intervalTicks / 2 : LEAST_GAP_TICKS);
        regularMark = this.nextRegularMark();
      }
      if (stop === "breakpoint" && !this.accepts()) {
        passed = true;
        continue;
      }
      if (stop !== "goal") return stop;
      if (engine.breakpointsArmed && engine.maybeAtEntry && this.accepts() && (await this.arrivedByEntry())) return "breakpoint";
      if (now.tick >= goal.tick || (engine.waiting && now.event >= goal.event)) return "goal";
    }
  }

  /**
   * Whether the instruction before the cursor made the innermost frame; asked where a run ends at the first instruction
   * of a function that begins with a loop. Rare, so it may cost a run from the snapshot before. The cursor stays.
   */
  private async arrivedByEntry(): Promise<boolean> {
    const { engine, snapshots } = this;
    const { position, depth, innermostFunc, watchedFrame } = engine;
    if (position.tick === 0) return true;
    const before = settledAt(position.tick - 1);
    const home = engine.capture();
    engine.armBreakpoints(false);
    try {
      engine.restore((await snapshots.atOrBefore(before))!);
      await this.runTo(before, true);
      // An iteration stays in the frame and meets no event; the host can only have entered a frame anew.
      return engine.innermostFunc !== innermostFunc || engine.depth !== depth || engine.position.event !== position.event;
    } finally {
      engine.restore(home);
      if (watchedFrame !== undefined) engine.watch(watchedFrame);
      engine.armBreakpoints(true);
    }
  }

  /** Where the next snapshot is due when nothing else is planned. */
  private nextRegularMark(): number {
    const here = this.position;
    const last = this.snapshots.positionAtOrBefore(here)?.tick ?? here.tick;
    return Math.max(nextMultiple(last, this.intervalTicks), nextMultiple(here.tick, this.snapshots.gridTicks));
  }

  /** Takes a snapshot here unless one is nearer than `leastGapTicks`. */
  private takeMark(leastGapTicks: number): void {
    const { engine } = this;
    const { snapshots } = this;
    const { marks } = this.move!;
    const { position } = engine;
    while ((marks.at(-1) ?? Number.POSITIVE_INFINITY) <= position.tick) marks.pop();
    const last = snapshots.positionAtOrBefore(position);
    if (last !== undefined && position.tick - last.tick < leastGapTicks) return;
    snapshots.add(engine.capture());
    snapshots.thin(position.tick);
  }

  /** Fits the slice to the speed of the guest, so that one takes somewhat less than a breath. */
  private fitSlice(ticks: number, ms: number): void {
    if (ticks < this.sliceTicks || ms <= 0) return;
    const wished = ticks * ((BREATH_MS * 0.6) / ms);
    this.sliceTicks = Math.min(MOST_SLICE_TICKS, Math.max(LEAST_SLICE_TICKS, Math.min(wished, ticks * 4)));
    this.sliceTicks = Math.floor(this.sliceTicks);
  }

  /** Gives way to the event loop when it is time, and ends a move that was cancelled. */
  private async breathe(move: Move): Promise<void> {
    const now = performance.now();
    if (now - move.lastBreath >= BREATH_MS) {
      move.options.onProgress?.(move.doneTicks, Math.max(move.totalTicks, move.doneTicks));
      await new Promise<void>((resolve) => setTimeout(resolve, 0));
      move.lastBreath = performance.now();
    }
    if (move.options.signal?.aborted === true) throw new Cancelled("cancelled", "the move was cancelled");
  }
}

function noFrame(): RewasmError {
  return new RewasmError("no-frame", "no function is running here");
}

/** An event that exists. */
async function eventAt(reader: TraceReader, number: number): Promise<TraceEvent> {
  const cursor = reader.cursor(number);
  await cursor.fill();
  return cursor.peek()!;
}
