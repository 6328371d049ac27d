/**
 * The engine of the timeline: a replayer and the snapshots of its store, with breakpoints and frame watches of the
 * machine. Moves forward or to a snapshot; strategy is search.ts's and timeline.ts's matter.
 */
import { SnapshotTaker } from "../snapshot/capture.ts";
import { comparePositions, type Position, type Snapshot } from "../snapshot/tree.ts";
import type { FuncBreakpoints } from "../vm/code.ts";
import { setBreakpoints, settle, unwatchFrames, watchFrame } from "../vm/execute.ts";
import { frameOffset } from "../vm/frames.ts";
import { InstrReader } from "../vm/instr.ts";
import { InstrFlag, Wasm } from "../vm/opcodes.ts";
import { Frame, FrameFlag, Status, type Store } from "../vm/store.ts";
import type { Module } from "../vm/types.ts";
import type { Change, ChangeEngine, WatchRange, Which } from "./changes.ts";
import type { Replayer, ReplayGoal } from "./replayer.ts";
import type { Goal, RunStop } from "./search.ts";
import { marksOf, Stretches, StretchObserver } from "./stretches.ts";

/** Where to stop. Addresses are store addresses. */
export interface CodePlace {
  readonly funcAddr: number;
  /** Module byte offset of a counted instruction; undefined means the function's entry. */
  readonly wasmOffset: number | undefined;
  /** True for a function of the host. May be left out when the function exists where the place is set. */
  readonly host?: boolean;
}

/** Runs shorter than this keep disarmed breakpoints in the code and pass them: lowering functions anew costs more. */
const DISARM_WORTH_TICKS = 100_000;

export class ReplayEngine implements ChangeEngine<Snapshot> {
  readonly replayer: Replayer;
  readonly store: Store;
  /** What is known of stretches between captures and restores. */
  readonly stretches: Stretches;
  private readonly observer: StretchObserver;
  private ranges: readonly WatchRange[] = [];
  private touchedEarlier = false;
  private readonly taker: SnapshotTaker;
  /** Modules that snapshots read from bytes need. */
  private modules: readonly Module[] = [];
  private places: readonly CodePlace[] = [];
  private armed = false;
  /** What the code of the store's functions has now. */
  private readonly inCode = new Map<number, FuncBreakpoints>();

  constructor(replayer: Replayer, stretches = new Stretches()) {
    this.replayer = replayer;
    this.stretches = stretches;
    this.store = replayer.store;
    this.taker = new SnapshotTaker(replayer.store);
    this.observer = new StretchObserver(this.taker);
  }

  /** Loads all modules of the trace, so that snapshots read from bytes can be restored. Restore one (or the origin) next. */
  async loadModules(): Promise<void> {
    await this.replayer.loadModules(this.replayer.reader.modules.length);
    this.modules = [...this.store.modules];
  }

  get position(): Position {
    return { tick: this.store.tick, event: this.replayer.eventNumber };
  }

  get depth(): number {
    return this.store.depth;
  }

  get waiting(): boolean {
    return this.replayer.waiting;
  }

  async run(goal: Goal, pass: boolean): Promise<RunStop> {
    const { store } = this;
    const far = (goal.tick ?? Number.POSITIVE_INFINITY) - store.tick > DISARM_WORTH_TICKS;
    if (this.armed) this.putIntoCode(this.places);
    else if (far) this.putIntoCode([]);
    let passHere = pass || !this.armed;
    for (;;) {
      const passTick = passHere && store.status === Status.Running ? store.tick : -1;
      const stop = await this.replayer.runTo(goal, passTick);
      if (stop !== "breakpoint" || this.armed) return stop;
      passHere = true;
    }
  }

  capture(): Snapshot {
    const { position } = this;
    this.touchedEarlier ||= this.marked();
    this.observe(position);
    const snapshot = this.taker.capture(position.event);
    this.observer.begin(position);
    return snapshot;
  }

  private observe(here: Position): void {
    const seen = this.observer.end(here);
    if (seen !== undefined) this.stretches.add(seen);
  }

  restore(snapshot: Snapshot): void {
    const { store } = this;
    this.touchedEarlier = true;
    this.observe(this.position);
    // Functions that did not exist yet are added anew when they are instantiated: their breakpoints go with their code.
    for (let addr = snapshot.shape.funcs.length; addr < store.funcs.length; addr++) {
      this.inCode.delete(addr);
      store.code.breakpoints.delete(addr);
    }
    this.taker.restore(snapshot, this.modules);
    this.replayer.restoreCursor(snapshot.event);
    // Code for fast execution may have been restored: what looks at frames wants the machine settled.
    settle(store);
    this.observer.begin(this.position);
  }

  /** Sets the bytes whose changes are looked for. */
  watchMemory(ranges: readonly WatchRange[]): void {
    this.ranges = ranges;
    this.touchedEarlier = true;
  }

  get watchesMemory(): boolean {
    return this.ranges.length > 0;
  }

  get touched(): boolean {
    return this.touchedEarlier || this.marked();
  }

  /** Call it just after a capture or a restore: only what is marked since then counts. */
  forgetTouches(): void {
    this.touchedEarlier = false;
  }

  knownUntouched(from: Position, until: Position): boolean {
    return this.ranges.every(({ memoryAddr, byteAddr, byteLength }) =>
      this.stretches.untouched(from, until, memoryAddr, byteAddr, byteLength),
    );
  }

  livedFrom(frameIndex: number, until: Position): Position {
    return this.stretches.livedFrom(frameIndex, until);
  }

  /** Whether a mark says that watched bytes may have been written since marks were cleared. */
  private marked(): boolean {
    return this.ranges.some(({ memoryAddr, byteAddr, byteLength }) => {
      const { firstPage, lastPage } = marksOf(byteAddr, byteLength);
      const marks = this.store.memories[memoryAddr]?.dirty.subarray(firstPage, lastPage + 1);
      return marks?.includes(1) === true;
    });
  }

  async walk(until: Position, which: Which): Promise<Change | undefined> {
    let found: Change | undefined;
    let bytes = this.ranges.map((range) => this.bytesOf(range));
    for (let before = this.position; comparePositions(before, until) < 0; ) {
      const moved = this.advanceOne(until.tick);
      if (moved !== true && !(await moved)) break;
      const after = this.position;
      const watch = this.ranges.findIndex((range, i) => this.differs(range, bytes[i]!));
      if (watch >= 0) {
        const now = this.ranges.map((range) => this.bytesOf(range));
        found = { watch, before, after, oldBytes: bytes[watch]!, newBytes: now[watch]! };
        if (which === "first") return found;
        bytes = now;
      }
      before = after;
    }
    return found;
  }

  /**
   * Goes on by one event, or one instruction before `limitTick`; false when there is nothing of the kind. Awaits only what has
   * to be read: this is the inner loop of `walk`.
   */
  private advanceOne(limitTick: number): boolean | Promise<boolean> {
    const { replayer } = this;
    const { tick, event } = this.position;
    if (!replayer.waiting && tick < limitTick) {
      const goal = { tick: tick + 1, event };
      if (this.runOne(goal) === "load") return this.loadAndRun(goal, () => this.moved(tick, event) || this.consumeOne(tick, event));
      if (this.moved(tick, event)) return true;
    }
    return this.consumeOne(tick, event);
  }

  /** Goes past an event; also one that finds the machine between two instructions. */
  private consumeOne(tick: number, event: number): boolean | Promise<boolean> {
    const goal = { tick, event: event + 1 };
    if (this.runOne(goal) === "load") return this.loadAndRun(goal, () => this.moved(tick, event));
    return this.moved(tick, event);
  }

  private moved(tick: number, event: number): boolean {
    return this.store.tick > tick || this.replayer.eventNumber > event;
  }

  private runOne(goal: ReplayGoal): string {
    let stop = this.replayer.runLoaded(goal);
    while (stop === "breakpoint") stop = this.replayer.runLoaded(goal, this.store.tick);
    return stop;
  }

  /** What was to be read is in the way of a goal that may be half reached: the same goal again. */
  private async loadAndRun(goal: ReplayGoal, result: () => boolean | Promise<boolean>): Promise<boolean> {
    do await this.replayer.load();
    while (this.runOne(goal) === "load");
    return result();
  }

  private bytesOf({ memoryAddr, byteAddr, byteLength }: WatchRange): Uint8Array {
    const bytes = new Uint8Array(byteLength);
    const memory = this.store.memories[memoryAddr];
    if (memory !== undefined) bytes.set(memory.bytes.subarray(byteAddr, byteAddr + byteLength));
    return bytes;
  }

  private differs({ memoryAddr, byteAddr, byteLength }: WatchRange, before: Uint8Array): boolean {
    const bytes = this.store.memories[memoryAddr]?.bytes;
    for (let i = 0; i < byteLength; i++) if ((bytes?.[byteAddr + i] ?? 0) !== before[i]) return true;
    return false;
  }

  /** Sets the places where armed breakpoints stop. */
  setPlaces(places: readonly CodePlace[]): void {
    this.places = places;
  }

  get hasBreakpoints(): boolean {
    return this.places.length > 0;
  }

  get breakpointsArmed(): boolean {
    return this.armed;
  }

  armBreakpoints(armed: boolean): void {
    this.armed = armed;
  }

  watch(frameIndex: number): void {
    watchFrame(this.store, frameIndex);
  }

  /** Index of the frame that is marked and still there; undefined when there is none. */
  get watchedFrame(): number | undefined {
    for (let index = 0; index < this.store.depth; index++) {
      if ((this.store.frameWord(index, Frame.Flags) & FrameFlag.Watch) !== 0) return index;
    }
    return undefined;
  }

  /** Store address of the innermost function, or -1. */
  get innermostFunc(): number {
    return this.depth === 0 ? -1 : this.store.frameWord(this.depth - 1, Frame.Func);
  }

  /**
   * True when the next instruction is the first one of a function with an entry breakpoint that begins with a loop: its
   * entry may just be behind, or an iteration.
   */
  get maybeAtEntry(): boolean {
    const { store } = this;
    if (store.status !== Status.Running || this.inCode.get(this.innermostFunc)?.entry !== true) return false;
    return frameOffset(store, this.depth - 1) === this.firstCounted(this.innermostFunc)?.wasmOffset;
  }

  unwatch(frameIndex: number): boolean {
    const { store } = this;
    const there = frameIndex < store.depth && (store.frameWord(frameIndex, Frame.Flags) & FrameFlag.Watch) !== 0;
    unwatchFrames(store);
    return there;
  }

  endsByEvent(frameIndex: number): boolean {
    return (this.store.frameWord(frameIndex, Frame.Flags) & (FrameFlag.Host | FrameFlag.Entry)) !== 0;
  }

  /** Makes the code of all functions stop at exactly these places. */
  private putIntoCode(places: readonly CodePlace[]): void {
    if (places.length === 0 && this.inCode.size === 0) return;
    const wanted = this.byFunction(places);
    for (const addr of [...this.inCode.keys()]) {
      if (!wanted.has(addr)) this.setFunction(addr, undefined);
    }
    for (const [addr, breakpoints] of wanted) {
      const present = this.inCode.get(addr);
      if (present === undefined || !sameBreakpoints(present, breakpoints)) this.setFunction(addr, breakpoints);
    }
  }

  private setFunction(funcAddr: number, breakpoints: FuncBreakpoints | undefined): void {
    const { store } = this;
    if (store.funcs[funcAddr] !== undefined) setBreakpoints(store, funcAddr, breakpoints);
    // Code is made when the function is first called, and looks here.
    else if (breakpoints !== undefined) store.code.breakpoints.set(funcAddr, breakpoints);
    if (breakpoints === undefined) this.inCode.delete(funcAddr);
    else this.inCode.set(funcAddr, breakpoints);
  }

  private byFunction(places: readonly CodePlace[]): Map<number, FuncBreakpoints> {
    const found = new Map<number, { entry: boolean; wasmOffsets: Set<number> }>();
    for (const { funcAddr, wasmOffset } of places) {
      if (this.store.funcs[funcAddr]?.kind === "host") continue;
      let breakpoints = found.get(funcAddr);
      if (breakpoints === undefined) {
        breakpoints = { entry: false, wasmOffsets: new Set() };
        found.set(funcAddr, breakpoints);
      }
      const offset = wasmOffset ?? this.entryOffset(funcAddr);
      if (offset === undefined) breakpoints.entry = true;
      else breakpoints.wasmOffsets.add(offset);
    }
    return found;
  }

  /**
   * Offset of the first counted instruction when only an entry can lead there, so that stopping at it is stopping at the
   * entry; undefined when the function begins with a loop, which needs the machine's own entry breakpoint (see Engine.run).
   */
  private entryOffset(funcAddr: number): number | undefined {
    const first = this.firstCounted(funcAddr);
    return first?.inLoop === false ? first.wasmOffset : undefined;
  }

  private firstCounted(funcAddr: number): { readonly wasmOffset: number; readonly inLoop: boolean } | undefined {
    const func = this.store.funcs[funcAddr];
    if (func?.kind !== "wasm") return undefined;
    const { module } = this.store.instances[func.instanceAddr]!;
    const body = module.funcs[func.funcIndex - module.importedFuncCount]!;
    const reader = new InstrReader(module.bytes, body.codeStart, body.end);
    let inLoop = false;
    while (reader.next()) {
      if (reader.code === Wasm.Loop) inLoop = true;
      if ((reader.row.flags & InstrFlag.Uncounted) === 0) return { wasmOffset: reader.wasmOffset, inLoop };
    }
    return undefined;
  }
}

function sameBreakpoints(a: FuncBreakpoints, b: FuncBreakpoints): boolean {
  return (
    a.entry === b.entry && a.wasmOffsets.size === b.wasmOffsets.size && [...a.wasmOffsets].every((offset) => b.wasmOffsets.has(offset))
  );
}
