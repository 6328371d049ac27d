/**
 * A debugging session: a timeline with breakpoints, names and a selected frame, and every command as a typed method that
 * returns a plain record. Command lines, and servers of other protocols, are shells around it; nothing here prints.
 */
import { describeEvent } from "../rr/event.ts";
import type { PositionExpr } from "../rr/position.ts";
import type { CodePlace } from "../rr/replay-engine.ts";
import type { MoveOptions, StopReason, Timeline } from "../rr/timeline.ts";
import type { Position } from "../snapshot/tree.ts";
import { type DisassembledInstr, disassembleFunction } from "../vm/disassemble.ts";
import { RewasmError } from "../vm/errors.ts";
import { Frame, Status } from "../vm/store.ts";
import { trapMessage } from "../vm/trap.ts";
import { type Breakpoint, Breakpoints } from "./breakpoints.ts";
import { type Condition, holds, parseCondition } from "./condition.ts";
import { type BacktraceFrame, Inspector, type Location, type NamedValue, statusText, type TypedValue } from "./inspect.ts";
import { InterfaceLabels } from "./interfaces.ts";
import { readRoster } from "./roster.ts";
import { Symbols } from "./symbols.ts";

/** Where the cursor is and how it came there. */
export interface StopReport {
  readonly reason: StopReason;
  readonly position: Position;
  /** 0 … 100 by ticks. */
  readonly percent: number;
  /** Null when no function is running. */
  readonly location: Location | null;
  /** The breakpoint, when the reason is one. */
  readonly breakpoint: Breakpoint | undefined;
  /** The watchpoint, and what its bytes are before and after the change, when the reason is one. */
  readonly watchpoint?: WatchReport | undefined;
  /** What the machine waits for when no instruction is next: a trap's text, the event as a line, how it ended. */
  readonly note: string | undefined;
}

export interface WatchReport {
  readonly breakpoint: Breakpoint;
  readonly oldBytes: Uint8Array;
  readonly newBytes: Uint8Array;
}

/** One move of the cursor, by the name that people give it. */
export type Move =
  | { readonly kind: "step" | "reverse-step"; readonly count: number }
  | { readonly kind: "next" | "reverse-next"; readonly count: number }
  | { readonly kind: "finish" | "reverse-finish" | "continue" | "reverse-continue" }
  | { readonly kind: "seek"; readonly position: PositionExpr | string };

export class DebugSession {
  readonly timeline: Timeline;
  readonly symbols: Symbols;
  readonly inspector: Inspector;
  readonly breakpoints: Breakpoints;
  private lastStop: StopReport;
  /** Of all functions of the recording, when they were wanted. */
  private roster: Symbols | undefined;
  /** 0 is the innermost frame. */
  private level = 0;

  constructor(timeline: Timeline) {
    this.timeline = timeline;
    this.symbols = new Symbols(timeline.store, new InterfaceLabels(timeline.store, timeline.reader));
    this.inspector = new Inspector(timeline.store, this.symbols);
    this.breakpoints = new Breakpoints();
    this.lastStop = this.report(timeline.position.tick === 0 ? "start" : "seek", undefined, statusText(timeline.store));
  }

  /** How the cursor came where it is. */
  get stop(): StopReport {
    return this.lastStop;
  }

  /** Moves the cursor. Errors as those of Timeline's moves. */
  async move(move: Move, options: MoveOptions = {}): Promise<StopReport> {
    const reason = await this.perform(move, options);
    this.level = 0;
    const breakpoint = reason === "breakpoint" ? this.breakpoints.hit(...this.here()) : undefined;
    const watchpoint = reason === "watchpoint" ? this.watchReport() : undefined;
    this.lastStop = { ...this.report(reason, breakpoint, await this.note()), watchpoint };
    return this.lastStop;
  }

  private watchReport(): WatchReport | undefined {
    const { change } = this.timeline;
    const breakpoint = change === undefined ? undefined : this.breakpoints.hitRange(change.watch);
    if (change === undefined || breakpoint === undefined) return undefined;
    return { breakpoint, oldBytes: change.oldBytes, newBytes: change.newBytes };
  }

  private async perform(move: Move, options: MoveOptions): Promise<StopReason> {
    const { timeline } = this;
    switch (move.kind) {
      case "seek":
        return timeline.seekTo(move.position, options);
      case "step":
        return timeline.step(move.count, options);
      case "reverse-step":
        return timeline.reverseStep(move.count, options);
      case "next":
        return this.repeat(move.count, () => timeline.next(options));
      case "reverse-next":
        return this.repeat(move.count, () => timeline.reverseNext(options));
      case "finish":
        return timeline.finish(options);
      case "reverse-finish":
        return timeline.reverseFinish(options);
      case "continue":
        return timeline.continue(options);
      case "reverse-continue":
        return timeline.reverseContinue(options);
    }
  }

  /** Repeats a move until something else than its own end stops it. */
  private async repeat(count: number, once: () => Promise<StopReason>): Promise<StopReason> {
    let reason: StopReason = "step";
    for (let i = 0; i < count && reason === "step"; i++) reason = await once();
    return reason;
  }

  /** Sets a breakpoint: see Symbols.findPlaces for what can be said. Throws RewasmError "unknown-place". */
  addBreakpoint(text: string): Breakpoint {
    return this.useBreakpoint(text, this.symbols);
  }

  /**
   * As `addBreakpoint`, also in instances that the recording makes later or has made since. Cost: where the trace has modules
   * that are not there, or the name is unknown here, a visit of each event, once.
   */
  async addBreakpointAnywhere(text: string): Promise<Breakpoint> {
    const { reader, store } = this.timeline;
    if (reader.modules.length <= store.modules.length) {
      try {
        return this.addBreakpoint(text);
      } catch (error) {
        if (!(error instanceof RewasmError) || error.code !== "unknown-place") throw error;
      }
    }
    this.roster ??= await this.readRoster();
    return this.useBreakpoint(text, this.roster);
  }

  private async readRoster(): Promise<Symbols> {
    const { replayer } = this.timeline.engine;
    const roster = await readRoster(replayer);
    return new Symbols(roster, new InterfaceLabels(roster, replayer.reader));
  }

  private useBreakpoint(text: string, symbols: Symbols): Breakpoint {
    const [, placeText = text, conditionText] = /^(.*?)\s+if\s+(.*)$/.exec(text) ?? [];
    const condition = conditionText === undefined ? undefined : parseCondition(conditionText);
    const places = symbols.findPlaces(placeText);
    if (condition !== undefined && places.some(({ host }) => host)) {
      throw new RewasmError("bad-condition", `${placeText} is a host function: it has no locals to compare`);
    }
    const breakpoint = this.breakpoints.add(placeText, places, condition);
    this.useBreakpoints();
    return breakpoint;
  }

  /** For asking breakpoints whether they stop where the machine is. A condition about what is not there stops. */
  private here(): [matches: (place: CodePlace) => boolean, holds: (condition: Condition) => boolean] {
    const values = {
      valueOf: (name: string) => comparable(this.value(name, 0)),
      wordAt: (byteAddr: number) => {
        const bytes = this.inspector.memory(byteAddr, 4);
        if (bytes.length < 4) throw new RewasmError("memory-range", "the word is not in memory");
        return new DataView(bytes.buffer).getInt32(0, true);
      },
    };
    const holdsHere = (condition: Condition): boolean => {
      try {
        return holds(condition, values);
      } catch (error) {
        if (error instanceof RewasmError) return true;
        throw error;
      }
    };
    return [(place) => this.isAt(place), holdsHere];
  }

  /** The name of a function, also of one that does not exist where the cursor is. */
  nameOf(funcAddr: number): string {
    const known = this.timeline.store.funcs[funcAddr] === undefined ? this.roster : this.symbols;
    return (known ?? this.symbols).funcName(funcAddr);
  }

  /**
   * Sets a watchpoint: moves stop where one of these bytes changes, forward just after that, backward just before it. The
   * memory is that of the selected frame. Throws RewasmError "no-memory", "memory-range".
   */
  addWatchpoint(text: string, byteAddr: number, byteLength: number): Breakpoint {
    const present = this.inspector.memory(byteAddr, byteLength, 0, this.level).length;
    if (present < byteLength) {
      throw new RewasmError("memory-range", `the memory ends ${present} bytes after 0x${byteAddr.toString(16)}`);
    }
    const memoryAddr = this.inspector.memoryAddr(0, this.level);
    const watchpoint = this.breakpoints.addWatch(text, { memoryAddr, byteAddr, byteLength });
    this.useBreakpoints();
    return watchpoint;
  }

  /** Deletes one breakpoint, or all of them. Throws RewasmError "unknown-breakpoint". */
  deleteBreakpoint(number?: number): void {
    if (number === undefined) this.breakpoints.clear();
    else this.breakpoints.remove(number);
    this.useBreakpoints();
  }

  enableBreakpoint(number: number, enabled: boolean): void {
    this.breakpoints.setEnabled(number, enabled);
    this.useBreakpoints();
  }

  private useBreakpoints(): void {
    this.timeline.setBreakpoints(this.breakpoints.enabledPlaces(), () => this.breakpoints.stops(...this.here()));
    this.timeline.setWatchpoints(this.breakpoints.enabledRanges());
  }

  /** Selects the frame that locals, operands, globals and code are shown of. Throws RewasmError "no-frame". */
  selectFrame(level: number): BacktraceFrame {
    const frame = this.inspector.backtrace(level + 1)[level];
    if (frame === undefined) throw new RewasmError("no-frame", `there is no frame ${level}`);
    this.level = level;
    return frame;
  }

  get selectedFrame(): number {
    return this.level;
  }

  backtrace(limit?: number): BacktraceFrame[] {
    return this.inspector.backtrace(limit);
  }

  locals(): NamedValue[] {
    return this.inspector.locals(this.level);
  }

  operands(): TypedValue[] {
    return this.inspector.operands(this.level);
  }

  globals(): NamedValue[] {
    return this.inspector.globals(this.level);
  }

  memory(byteAddr: number, byteLength: number): Uint8Array {
    return this.inspector.memory(byteAddr, byteLength, 0, this.level);
  }

  /**
   * A local or global by its name, or `$3` for local 3 of the selected frame. Throws RewasmError "unknown-name".
   */
  value(name: string, level: number = this.level): NamedValue {
    const index = /^\$(\d+)$/.exec(name);
    const locals = this.timeline.store.depth > 0 && !this.backtrace(level + 1)[level]?.host ? this.inspector.locals(level) : [];
    const found =
      index !== null
        ? locals[Number(index[1])]
        : (locals.find((local) => local.name === name) ?? this.inspector.globals(level).find((global) => global.name === name));
    if (found === undefined) throw new RewasmError("unknown-name", `there is no local or global ${name} here`);
    return found;
  }

  /**
   * Instructions of a function: of the selected frame's around where it is, or from the beginning of the named one.
   * `count` of them; `at` is the offset of the present one. Throws RewasmError "no-frame", "unknown-place".
   */
  disassemble(count: number, text?: string): { readonly name: string; readonly at: number | null; readonly instrs: DisassembledInstr[] } {
    const place = text === undefined ? this.selectedPlace() : this.symbols.findPlaces(text)[0]!;
    const func = this.timeline.store.funcs[place.funcAddr]!;
    const name = this.symbols.funcName(place.funcAddr);
    if (func.kind === "host") throw new RewasmError("host-frame", `${name} is a host function: it has no code`);
    const { module } = this.timeline.store.instances[func.instanceAddr]!;
    const here = text === undefined ? (place.wasmOffset ?? null) : null;
    const all = [...disassembleFunction(module, func.funcIndex)];
    const focus = Math.max(
      0,
      all.findIndex(({ wasmOffset }) => wasmOffset === (place.wasmOffset ?? -1)),
    );
    const from = text === undefined ? Math.max(0, Math.min(focus - Math.floor(count / 3), all.length - count)) : focus;
    return { name, at: here, instrs: all.slice(from, from + count) };
  }

  /** The instruction that is next, as text; undefined when none is. */
  nextInstruction(): DisassembledInstr | undefined {
    const { store } = this.timeline;
    if (store.depth === 0 || (store.status !== Status.Running && store.status !== Status.Trapped)) return undefined;
    const place = this.placeOf(0);
    const func = this.timeline.store.funcs[place.funcAddr]!;
    if (func.kind === "host" || place.wasmOffset === undefined) return undefined;
    const { module } = store.instances[func.instanceAddr]!;
    const [first] = disassembleFunction(module, func.funcIndex, { from: place.wasmOffset, to: place.wasmOffset + 1 });
    return first;
  }

  stateHash(): string {
    return this.timeline.stateHash();
  }

  bookmark(name: string): Position {
    this.timeline.bookmark(name);
    return this.timeline.position;
  }

  private selectedPlace(): CodePlace {
    if (this.timeline.store.depth <= this.level) throw new RewasmError("no-frame", "no function is running here");
    return this.placeOf(this.level);
  }

  private placeOf(level: number): CodePlace {
    const { store } = this.timeline;
    const frame = this.inspector.backtrace(level + 1)[level]!;
    return { funcAddr: store.frameWord(store.depth - 1 - level, Frame.Func), wasmOffset: frame.wasmOffset ?? undefined };
  }

  /** Whether the cursor is at a breakpoint's place: for an entry, at the function's first counted instruction. */
  private isAt({ funcAddr, wasmOffset }: CodePlace): boolean {
    if (this.timeline.store.depth === 0) return false;
    const here = this.placeOf(0);
    return here.funcAddr === funcAddr && here.wasmOffset === (wasmOffset ?? this.symbols.entryOffset(funcAddr));
  }

  private report(reason: StopReason, breakpoint: Breakpoint | undefined, note: string | undefined): StopReport {
    const { position, percent } = this.timeline;
    return { reason, position, percent, location: this.inspector.location(), breakpoint, note };
  }

  /** What is waited for: a trap's text, or the event with its arguments and results. */
  private async note(): Promise<string | undefined> {
    const { timeline } = this;
    const { store } = timeline;
    if (store.status === Status.Trapped) return `trap: ${trapMessage(store.trap)}`;
    const event = await timeline.pendingEvent();
    return event === undefined ? statusText(store) : describeEvent(event, timeline.engine.replayer.labels);
  }
}

/** A value as conditions compare it: integers signed; references as their numbers. */
function comparable({ type, bits }: NamedValue): number | bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, BigInt.asUintN(64, bits), true);
  switch (type) {
    case "i64":
      return view.getBigInt64(0, true);
    case "f32":
      return view.getFloat32(0, true);
    case "f64":
      return view.getFloat64(0, true);
    default:
      return view.getInt32(0, true);
  }
}
