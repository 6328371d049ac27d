/**
 * The replayer: drives a store by a trace, without a host, in one flat loop. Every event is checked against what the
 * machine does (kind, function, arguments, results, tick) before it is applied; a difference is a TraceError "divergence".
 * Nested calls between host and wasm cost no native stack, and nothing here runs beyond the next event's tick.
 */
import {
  completeGrow,
  enter,
  entrySlot,
  exit as exitStore,
  leaveHost,
  takeReturn,
  takeTrap,
  throwException,
  throwHost,
} from "../vm/boundary.ts";
import { kindOfObject } from "../vm/casts.ts";
import { blockCells } from "../vm/collect.ts";
import { compileModule } from "../vm/compile.ts";
import { runUntil, Stop } from "../vm/execute.ts";
import { cellOfRef, isHeapRef } from "../vm/heap.ts";
import type { Journal, ThrownException } from "../vm/host.ts";
import { importDescMatches, instantiateModule } from "../vm/instantiate.ts";
import { BlockKind, CELL_WORDS, isTraced } from "../vm/layout.ts";
import { type BackingFactory, type ExternAddr, FRAME_WORDS, Frame, type Func, Status, Store } from "../vm/store.ts";
import { trapMessage } from "../vm/trap.ts";
import { ExternKind, type FuncType, isRefType, isWide, type Module, slotTypes, typeIndexOf, type ValType } from "../vm/types.ts";
import { TraceError } from "./errors.ts";
import {
  callText,
  describeCrossing,
  type EventException,
  type FuncLabels,
  type HostEffect,
  isPassive,
  resultText,
  type SlotWords,
  type TraceEvent,
} from "./event.ts";
import { sameNativeTrap, sameNumbers } from "./native-trace.ts";
import { type EventCursor, TraceReader } from "./reader.ts";
import type { TraceStorage } from "./storage.ts";
import { NATIVE_ENGINE } from "./trace-format.ts";

/** Where to stop: at the first of these that is reached. Without any, at the end of the trace. */
export interface ReplayGoal {
  /** Settled at this tick: so many instructions retired, and every event consumed that comes before the next instruction. */
  readonly tick?: number | undefined;
  /** Events below this number consumed, and the machine has gone as far as it can: it waits for this one. */
  readonly event?: number | undefined;
}

/**
 * Why a run stopped. "end": of the trace, before the goal. "breakpoint" and "frame-return" come from the machine (see
 * vm/execute.ts); running again goes on from there.
 */
export type ReplayStop = "goal" | "end" | "breakpoint" | "frame-return";

/** A journal that is also told where a chunk of events ends in the trace. */
export interface ReplayJournal extends Journal {
  flush?(): void;
}

export interface ReplayerOptions {
  /** Told what the recording machine's journal was told. A Recorder here writes the same trace again. */
  readonly journal?: ReplayJournal | undefined;
  /** Called before an event is applied (and after it is checked): the store shows a host call's arguments. Must not change the store. */
  readonly onEvent?: ((event: TraceEvent, store: Store) => void) | undefined;
  readonly backing?: BackingFactory | undefined;
}

export class Replayer {
  readonly reader: TraceReader;
  /** The machine. Restoring a snapshot overwrites it; then call `restoreCursor`. */
  readonly store: Store;
  journal: ReplayJournal | undefined;
  onEvent: ((event: TraceEvent, store: Store) => void) | undefined;
  private readonly cursor: EventCursor;
  /** Of the event that is being consumed. */
  private effects: readonly HostEffect[] = [];
  /** A native engine has recorded: it knows less of values and traps than our machine. */
  private readonly native: boolean;
  /** Decoded and validated modules by the module numbers of the trace. */
  private readonly modules: Module[] = [];
  /** Labels for messages, from the store as it is. */
  readonly labels: FuncLabels = (funcAddr) => labelOf(this.store, funcAddr);

  /** A replayer before event 0 on a new store. */
  constructor(reader: TraceReader, options: ReplayerOptions = {}) {
    this.reader = reader;
    this.store = new Store({ stackBytes: reader.header.stackBytes }, options.backing);
    this.cursor = reader.cursor(0);
    this.native = reader.header.engine === NATIVE_ENGINE;
    this.journal = options.journal;
    this.onEvent = options.onEvent;
  }

  /** Opens a trace and makes a replayer for it. Throws as TraceReader.open. */
  static async open(storage: TraceStorage, options: ReplayerOptions = {}): Promise<Replayer> {
    return new Replayer(await TraceReader.open(storage), options);
  }

  /** Number of the next event to consume. */
  get eventNumber(): number {
    return this.cursor.number;
  }

  /** True when the machine waits for the host: for an event, or at the end of the trace for nothing. */
  get waiting(): boolean {
    return this.store.status !== Status.Running;
  }

  /** Puts the cursor before event `number`, after the store was overwritten by a snapshot taken there. */
  restoreCursor(number: number): void {
    this.cursor.seek(number);
  }

  /** Loads, decodes and validates the first `count` modules of the trace and puts them into the store: what restoring a snapshot into a fresh store needs. */
  async loadModules(count: number): Promise<void> {
    for (let i = 0; i < count; i++) this.store.addModule(await this.loadModule(i));
  }

  /** Module `index` of the trace, loaded, decoded and validated once. Throws as these do. */
  async loadModule(index: number): Promise<Module> {
    const known = this.modules[index];
    if (known !== undefined) return known;
    const stored = this.reader.modules[index];
    if (stored === undefined) throw new TraceError("trace-corrupt", `the trace is corrupt: it has no module ${index}`);
    const module = compileModule(await stored.load());
    this.modules[index] = module;
    return module;
  }

  /**
   * Runs forward to the goal. Synchronous inside but for reading the trace, so a caller that wants to breathe divides
   * a long way into goals. Throws TraceError "divergence", "trace-corrupt" (also for damage where the readable part
   * ends), "trace-use" for a goal behind, and what reading and decoding throw. A breakpoint at `passTick` does not
   * stop it: by default one at the instruction where it begins.
   */
  async runTo(goal: ReplayGoal = {}, passTick: number = this.startTick()): Promise<ReplayStop> {
    for (;;) {
      const stop = this.runLoaded(goal, passTick);
      if (stop !== "load") return stop;
      await this.load();
    }
  }

  /** What `runLoaded` asked for: the chunk of the next event, or the module that it names. */
  async load(): Promise<void> {
    await this.cursor.fill();
    const event = this.cursor.peek();
    if (event?.kind === "module") await this.loadModule(event.moduleIndex);
  }

  /** As `runTo`, synchronously; "load" when something has to be read first: `await load()` and call again. */
  runLoaded(goal: ReplayGoal = {}, passTick: number = this.startTick()): ReplayStop | "load" {
    const { store, cursor } = this;
    const goalTick = goal.tick ?? Number.POSITIVE_INFINITY;
    const goalEvent = goal.event ?? Number.POSITIVE_INFINITY;
    if (goalTick < store.tick || goalEvent < cursor.number) {
      throw new TraceError("trace-use", `replay goes forward only: it is at tick ${store.tick}, event #${cursor.number}`);
    }
    for (;;) {
      if (cursor.needsFill) return "load";
      const event = cursor.peek();
      if (store.status === Status.Running) {
        const stop = this.execute(event, goalTick, goalEvent, passTick);
        if (stop === "waiting") continue;
        if (stop !== "event") return stop;
      }
      if (cursor.number >= goalEvent) return "goal";
      if (event === undefined) return this.end(goalTick);
      if (event.kind === "module" && this.modules[event.moduleIndex] === undefined) return "load";
      this.consume(event);
    }
  }

  /** The tick of the next instruction, or -1 when none is next: a breakpoint there is still ahead. */
  private startTick(): number {
    return this.store.status === Status.Running ? this.store.tick : -1;
  }

  /**
   * Lets the machine run toward the next event, never past its tick. "waiting": look at the status again.
   * "event": the machine is settled where the host acted between two instructions.
   */
  private execute(event: TraceEvent | undefined, goalTick: number, goalEvent: number, passTick: number): ReplayStop | "waiting" | "event" {
    const { store } = this;
    const passive = event !== undefined && isPassive(event.kind);
    // The crossing that an instruction makes may be counted before or after that instruction: one tick more shows it.
    let lastTick = event === undefined ? this.reader.tickCount : passive ? event.tick : event.tick + 1;
    // Without ticks only the event itself tells where it is; behind the last one nothing is known.
    if (!this.reader.timed) lastTick = event === undefined ? store.tick : Number.POSITIVE_INFINITY;
    switch (runUntil(store, Math.min(goalTick, lastTick), passTick)) {
      case Stop.Waiting:
        return "waiting";
      case Stop.Breakpoint:
        return "breakpoint";
      case Stop.FrameReturn:
        return "frame-return";
      case Stop.Limit:
        break;
    }
    if (passive && store.tick === event.tick) return "event";
    if (event !== undefined && store.tick > event.tick && this.reader.timed) throw this.divergence(event, "runs on");
    if (store.tick >= goalTick) return "goal";
    return event === undefined && this.cursor.number >= goalEvent ? "goal" : this.end(goalTick);
  }

  /** Nothing is left to consume, and the machine cannot or must not go on. */
  private end(goalTick: number): ReplayStop {
    const { reader, store } = this;
    if (store.tick === goalTick) return "goal";
    if (reader.damage !== undefined) throw reader.damage;
    if (reader.complete && store.tick < reader.tickCount) {
      throw new TraceError(
        "divergence",
        `tick ${store.tick}, after the last event: recorded ${reader.tickCount} ticks, replay ${this.actual()}`,
      );
    }
    return "end";
  }

  private divergence(event: TraceEvent, actual: string = this.actual()): TraceError {
    const recorded = describeCrossing(event, this.labels) || "writes of the host";
    const when = event.tick === this.store.tick || !this.reader.timed ? "" : ` at tick ${event.tick}`;
    return new TraceError("divergence", `tick ${this.store.tick}, event #${event.number}: recorded ${recorded}${when}, replay ${actual}`);
  }

  /** What the machine does instead, in words. */
  private actual(): string {
    const { store } = this;
    switch (store.status) {
      case Status.Idle:
        return "waits for a call";
      case Status.Running:
        return "runs on";
      case Status.InHost: {
        const { funcAddr, slot } = this.hostFrame();
        return `called ${callText(funcAddr, readWords(store, slot, store.funcs[funcAddr]!.type.params), this.labels)}`;
      }
      case Status.Growing: {
        const { kind, addr, delta } = store.grow!;
        return `called ${kind}.grow ${addr} by ${delta}`;
      }
      case Status.Returned: {
        const words = readWords(store, store.resultSlot, store.funcs[store.resultFunc]!.type.results);
        return `returned from ${this.labels(store.resultFunc)?.name}${resultText(store.resultFunc, words, this.labels)}`;
      }
      case Status.Trapped:
        return `trapped: ${trapMessage(store.trap)}`;
      case Status.Exited:
        return `has exited with code ${store.exitCode}`;
    }
  }

  private hostFrame(): { funcAddr: number; slot: number } {
    const { store } = this;
    const top = store.frameTop - FRAME_WORDS;
    return { funcAddr: store.frames[top + Frame.Func]!, slot: store.frames[top + Frame.Fp]! };
  }

  /** Checks the next event against the machine, applies it and steps over it. */
  private consume(event: TraceEvent): void {
    const { store, cursor } = this;
    const onTime = event.tick === store.tick || !this.reader.timed;
    if (!onTime || !statusAllows(store.status, event)) throw this.divergence(event);
    this.effects = event.effects;
    this.check(event);
    if (cursor.atChunkStart) this.journal?.flush?.();
    this.onEvent?.(event, store);
    if (event.kind === "host-enter" || event.kind === "host-call") this.journal?.hostCalled(event.funcAddr, this.hostFrame().slot);
    for (const effect of event.effects) this.applyEffect(effect);
    this.apply(event);
    cursor.next();
  }

  /** Whether the machine does what was recorded: functions, arguments, results, traps. Changes nothing. */
  private check(event: TraceEvent): void {
    const { store } = this;
    switch (event.kind) {
      case "host-call":
      case "host-enter": {
        const { funcAddr, slot } = this.hostFrame();
        const { params } = store.funcs[funcAddr]!.type;
        if (funcAddr !== event.funcAddr || !this.sameWords(slot, params, event.args)) throw this.divergence(event);
        if (event.kind === "host-call") this.checkValues(event.results, store.funcs[funcAddr]!.type.results);
        return;
      }
      case "host-return": {
        const { funcAddr } = this.hostFrame();
        if (funcAddr !== event.funcAddr) throw this.divergence(event);
        this.checkValues(event.results, store.funcs[funcAddr]!.type.results);
        return;
      }
      case "host-throw":
        if (this.hostFrame().funcAddr !== event.funcAddr) throw this.divergence(event);
        if (event.exception !== undefined) this.checkException(event.exception);
        return;
      case "call":
        this.checkValues(event.args, this.funcAt(event.funcAddr).type.params);
        return;
      case "return": {
        const { results } = store.funcs[store.resultFunc]!.type;
        // An engine knows which function was called, not which one returned after tail calls.
        const same = this.native || store.resultFunc === event.funcAddr;
        if (!same || !this.sameWords(store.resultSlot, results, event.results)) throw this.divergence(event);
        return;
      }
      case "trap":
        if (store.trap !== event.trap && !(this.native && sameNativeTrap(store.trap, event.trap))) throw this.divergence(event);
        return;
      case "grow": {
        const grow = store.grow!;
        const same = grow.kind === event.space && grow.addr === event.addr && grow.delta === event.delta;
        if (!same || (grow.kind === "table" && grow.init !== event.init)) throw this.divergence(event);
        return;
      }
      default:
        return;
    }
  }

  /** Whether the slots from `slot` hold the words. */
  private sameWords(slot: number, types: readonly ValType[], words: SlotWords): boolean {
    if (sameWords(this.store, slot, types, words)) return true;
    return this.native && sameNumbers(readWords(this.store, slot, types), words, types);
  }

  private apply(event: TraceEvent): void {
    const { store, journal } = this;
    switch (event.kind) {
      case "effects":
      case "host-enter":
        return;
      case "host-call":
      case "host-return": {
        const { slot } = this.hostFrame();
        writeWords(store, slot, event.results);
        journal?.hostReturned(event.funcAddr, slot);
        leaveHost(store);
        return;
      }
      case "host-throw":
        if (event.exception === undefined) {
          journal?.hostThrew(event.funcAddr, event.message);
          throwHost(store);
        } else {
          const thrown = this.thrown(event.exception);
          journal?.hostThrew(event.funcAddr, event.message, thrown);
          throwException(store, thrown);
        }
        return;
      case "call": {
        const slot = entrySlot(store);
        writeWords(store, slot, event.args);
        journal?.called(event.funcAddr, slot);
        enter(store, event.funcAddr);
        return;
      }
      case "return":
        journal?.returned(store.resultFunc, store.resultSlot);
        takeReturn(store);
        return;
      case "trap":
        takeTrap(store);
        journal?.trapped(event.trap);
        return;
      case "exit":
        exitStore(store, event.exitCode);
        journal?.exited(event.exitCode);
        return;
      case "grow": {
        const grow = store.grow!;
        if (completeGrow(store, event.result) === undefined) throw this.cannotGrow(`${event.space} ${event.addr}`, event.delta);
        journal?.grew(grow, event.result);
        return;
      }
      default:
        this.applySetup(event);
    }
  }

  private checkException(exception: EventException): void {
    const { store } = this;
    if ("ref" in exception) {
      const known = this.isHeld(exception.ref) && kindOfObject(store, exception.ref) === BlockKind.Exception;
      if (!known) throw this.corrupt("an exception that the host does not hold");
      return;
    }
    const tag = store.tags[exception.tagAddr];
    if (tag === undefined) throw this.corrupt(`an unknown tag ${exception.tagAddr}`);
    this.checkValues(exception.carried, tag.type.params);
    if (this.hostFrame().slot + exception.carried.length / 2 > store.stackSlots) throw this.corrupt("an exception beyond the stack's end");
  }

  /** The exception as the machine throws it, with what it carries in its slots. */
  private thrown(exception: EventException): ThrownException {
    if ("ref" in exception) return exception;
    const { slot } = this.hostFrame();
    writeWords(this.store, slot, exception.carried);
    return { tagAddr: exception.tagAddr, slot, held: exception.held };
  }

  /** Events that add something to the store. Their addresses are those that the store gives next. */
  private applySetup(event: TraceEvent): void {
    const { store, journal } = this;
    switch (event.kind) {
      case "module": {
        const module = this.modules[event.moduleIndex]!;
        this.expectAddr("module", event.moduleIndex, store.addModule(module));
        journal?.moduleAdded(event.moduleIndex, module);
        return;
      }
      case "host-func": {
        const { funcAddr, module, name, type, typeNumber } = event;
        this.checkFuncType(type, typeNumber);
        const func = { kind: "host", type, module, name } as const;
        this.expectAddr("function", funcAddr, store.addFunc(typeNumber === undefined ? func : { ...func, typeNumber }));
        journal?.hostFuncAdded(funcAddr, module, name, type, typeNumber);
        return;
      }
      case "memory":
        this.expectAddr("memory", event.memoryAddr, store.addMemory(event.type));
        journal?.memoryAdded(event.memoryAddr, event.type);
        return;
      case "tag":
        this.checkFuncType(event.type);
        this.expectAddr("tag", event.tagAddr, store.addTag(store.types.ofFunc(event.type)));
        journal?.tagAdded(event.tagAddr, event.type);
        return;
      case "table":
        this.checkType(event.type.elemType);
        this.expectAddr("table", event.tableAddr, store.addTable(event.type, this.checkRef(event.init, event.type.elemType)));
        journal?.tableAdded(event.tableAddr, event.type, event.init);
        return;
      case "global": {
        this.checkType(event.type.valType);
        this.checkValues(event.bits, [event.type.valType]);
        const bits = wordsToBits(event.bits);
        this.expectAddr("global", event.globalAddr, store.addGlobal(event.type, bits));
        journal?.globalAdded(event.globalAddr, event.type, bits);
        return;
      }
      case "instantiate": {
        const { moduleIndex, imports } = event;
        this.checkImports(moduleIndex, imports);
        const { instanceAddr, trap } = instantiateModule(store, moduleIndex, imports);
        this.expectAddr("instance", event.instanceAddr, instanceAddr);
        if (trap !== event.trap) {
          const text = `recorded ${trapMessage(event.trap)}, replay ${trapMessage(trap)}`;
          throw new TraceError("divergence", `tick ${store.tick}, event #${event.number}: instantiation: ${text}`);
        }
        journal?.instantiated(instanceAddr, moduleIndex, imports, trap);
        return;
      }
      default:
        return;
    }
  }

  private applyEffect(effect: HostEffect): void {
    const { store, journal } = this;
    switch (effect.kind) {
      case "memory-write": {
        const { memoryAddr, byteAddr, bytes } = effect;
        const memory = store.memories[memoryAddr];
        if (memory === undefined || byteAddr + bytes.length > memory.byteLength) throw this.corrupt("a write beyond a memory's end");
        memory.bytes.set(bytes, byteAddr);
        memory.markDirty(byteAddr, bytes.length);
        journal?.memoryWritten(memoryAddr, byteAddr, bytes.length);
        return;
      }
      case "memory-grow": {
        const memory = store.memories[effect.memoryAddr];
        if (memory === undefined) throw this.corrupt("an unknown memory");
        if (effect.result !== -1 && memory.grow(effect.deltaPages) !== effect.result) throw this.cannotGrow("a memory", effect.deltaPages);
        journal?.memoryGrown(effect.memoryAddr, effect.deltaPages, effect.result);
        return;
      }
      case "table-set": {
        const table = store.tables[effect.tableAddr];
        if (table === undefined || effect.index >= table.length) throw this.corrupt("a table index out of range");
        table.elements[effect.index] = this.checkRef(effect.ref, table.elemType);
        table.dirty = true;
        journal?.tableSet(effect.tableAddr, effect.index, effect.ref);
        return;
      }
      case "table-grow": {
        const { tableAddr, delta, init, result } = effect;
        const table = store.tables[tableAddr];
        if (table === undefined) throw this.corrupt("an unknown table");
        if (result !== -1 && table.grow(delta, this.checkRef(init, table.elemType)) !== result) throw this.cannotGrow("a table", delta);
        journal?.tableGrown(tableAddr, delta, init, result);
        return;
      }
      case "global-set": {
        const global = store.globals[effect.globalAddr];
        if (global === undefined) throw this.corrupt("an unknown global");
        this.checkValues(effect.bits, [global.type.valType]);
        const bits = wordsToBits(effect.bits);
        store.setGlobal(effect.globalAddr, bits);
        journal?.globalSet(effect.globalAddr, bits);
        return;
      }
      case "pin": {
        const { ref, held } = effect;
        if (held && !isObject(store, ref)) throw this.corrupt("a reference to no object");
        if (held) store.pinned.add(ref);
        else store.pinned.delete(ref);
        journal?.pinned(ref, held);
        return;
      }
    }
  }

  private corrupt(what: string): TraceError {
    return new TraceError("trace-corrupt", `the trace is corrupt: event #${this.cursor.number} has ${what}`);
  }

  private cannotGrow(what: string, delta: number): TraceError {
    return new TraceError(
      "out-of-memory",
      `tick ${this.store.tick}, event #${this.cursor.number}: this machine cannot grow ${what} by ${delta} as recorded`,
    );
  }

  private funcAt(funcAddr: number): Func {
    const func = this.store.funcs[funcAddr];
    if (func === undefined) throw this.corrupt(`an unknown function ${funcAddr}`);
    return func;
  }

  /** The store gives addresses in order, so a different one means that the trace is not of this program. */
  private expectAddr(what: string, recorded: number, given: number): void {
    if (recorded !== given) throw this.corrupt(`${what} ${recorded} where ${what} ${given} comes next`);
  }

  /** Whether the host holds an object, or will when the event's effects are applied. */
  private isHeld(ref: number): boolean {
    return this.store.pinned.has(ref) || this.effects.some((effect) => effect.kind === "pin" && effect.held && effect.ref === ref);
  }

  /** What the host gives must be there, since the machine does not look again: a function, or an object that the host holds. */
  private checkRef(ref: number, type: ValType): number {
    const { store } = this;
    if (isTraced(store.types.types, type)) {
      if (isHeapRef(ref) && !this.isHeld(ref)) throw this.corrupt("a reference to an object that the host does not hold");
    } else if (isRefType(type) && ref >>> 0 > store.funcs.length) throw this.corrupt("a reference to no function");
    return ref;
  }

  private checkValues(words: SlotWords, types: readonly ValType[]): void {
    const slots = slotTypes(types);
    if (words.length !== slots.length * 2) throw this.corrupt(`${words.length / 2} values where ${slots.length} are due`);
    for (let i = 0; i < slots.length; i++) if (isRefType(slots[i]!)) this.checkRef(words[i * 2]!, slots[i]!);
  }

  /** A type that a module has defined must be there. */
  private checkType(type: ValType): void {
    if (typeIndexOf(type) >= this.store.types.types.length) throw this.corrupt("an unknown type");
  }

  private checkFuncType(type: FuncType, typeNumber?: number): void {
    for (const each of [...type.params, ...type.results]) this.checkType(each);
    if (typeNumber !== undefined && this.store.types.types[typeNumber]?.func === undefined)
      throw this.corrupt("an unknown type of functions");
  }

  private checkImports(moduleIndex: number, imports: readonly ExternAddr[]): void {
    const { store } = this;
    const module = store.modules[moduleIndex];
    if (module === undefined) throw this.corrupt(`an unknown module ${moduleIndex}`);
    const spaces = {
      [ExternKind.Func]: store.funcs,
      [ExternKind.Table]: store.tables,
      [ExternKind.Memory]: store.memories,
      [ExternKind.Global]: store.globals,
      [ExternKind.Tag]: store.tags,
    };
    for (const [i, wanted] of module.imports.entries()) {
      const given = imports[i];
      const exists = given !== undefined && given.addr < spaces[given.kind].length;
      if (!exists || !importDescMatches(store, module, wanted.desc, given)) {
        throw this.corrupt(`an import ${wanted.module}.${wanted.name} that does not match`);
      }
    }
  }
}

/** Whether a reference from a trace leads to a block in use, as far as the block itself tells. */
function isObject(store: Store, ref: number): boolean {
  const { heap } = store;
  const cell = cellOfRef(ref);
  if (!isHeapRef(ref) || cell < heap.firstCell || cell >= heap.topCell) return false;
  const number = heap.words[cell * CELL_WORDS]! >>> 2;
  const kind = kindOfObject(store, ref);
  if (kind === BlockKind.Free) return false;
  const known = kind === BlockKind.Exception ? store.tags[number] !== undefined : kindMatches(store.types.types[number]?.kind, kind);
  return known && cell + blockCells(store, cell) <= heap.topCell;
}

function kindMatches(defined: "func" | "struct" | "array" | undefined, kind: BlockKind): boolean {
  return defined === (kind === BlockKind.Struct ? "struct" : "array");
}

/** Whether an event of this kind can come while the machine has this status. */
function statusAllows(status: Status, event: TraceEvent): boolean {
  switch (event.kind) {
    case "host-call":
    case "host-enter":
    case "host-return":
    case "host-throw":
    case "exit":
      return status === Status.InHost;
    case "call":
      return status === Status.InHost || status === Status.Idle;
    case "return":
      return status === Status.Returned;
    case "trap":
      return status === Status.Trapped;
    case "grow":
      return status === Status.Growing;
    default:
      return status === Status.Running || status === Status.InHost || status === Status.Idle || status === Status.Exited;
  }
}

/** The values in slots from `slot`, canonical. */
function readWords(store: Store, slot: number, types: readonly ValType[]): SlotWords {
  return slotTypes(types).flatMap((type, i) => [store.i32[(slot + i) * 2]!, isWide(type) ? store.i32[(slot + i) * 2 + 1]! : 0]);
}

function writeWords(store: Store, slot: number, words: SlotWords): void {
  const { i32 } = store;
  for (let i = 0; i < words.length; i++) i32[slot * 2 + i] = words[i]!;
}

function sameWords(store: Store, slot: number, types: readonly ValType[], words: SlotWords): boolean {
  const { i32 } = store;
  const slots = slotTypes(types);
  if (words.length !== slots.length * 2) return false;
  for (let i = 0; i < slots.length; i++) {
    const high = isWide(slots[i]!) ? i32[(slot + i) * 2 + 1] : 0;
    if (i32[(slot + i) * 2] !== words[i * 2] || high !== words[i * 2 + 1]) return false;
  }
  return true;
}

function wordsToBits(words: SlotWords): bigint {
  let bits = 0n;
  for (let i = words.length - 1; i >= 0; i--) bits = (bits << 32n) | BigInt(words[i]! >>> 0);
  return bits;
}

/** How people call a function of the store: a host function by its import names, a wasm function by an export. */
export function labelOf(store: Store, funcAddr: number): { name: string; type: Func["type"] } | undefined {
  const func = store.funcs[funcAddr];
  if (func === undefined) return undefined;
  if (func.kind === "host") return { name: `${func.module}.${func.name}`, type: func.type };
  const exports = store.instances[func.instanceAddr]?.module.exports;
  const exported = exports?.find(({ kind, index }) => kind === ExternKind.Func && index === func.funcIndex);
  return { name: exported?.name ?? `func[${funcAddr}]`, type: func.type };
}
