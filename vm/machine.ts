/**
 * The live machine: a store, the host functions that its imports are bound to, and an optional journal. It drives
 * execution where there is a host; replay (rr/) drives the same store through boundary.ts without one.
 */
import {
  abandonCall,
  completeGrow,
  enter,
  entrySlot,
  exit,
  expectCallable,
  leaveHost,
  mayCatch,
  takeReturn,
  takeTrap,
  throwException,
  throwHost,
} from "./boundary.ts";
import { LinkError, RewasmError } from "./errors.ts";
import { carriedWords, tagOfException } from "./exception.ts";
import { runUntil, Stop } from "./execute.ts";
import { ExitRequest, type HostCall, type HostFunction, type Journal, type ThrownException } from "./host.ts";
import { exportAddr, importDescMatches, instantiateModule } from "./instantiate.ts";
import { expectNativeRoom } from "./native-stack.ts";
import {
  type BackingFactory,
  type ExternAddr,
  FRAME_WORDS,
  Frame,
  FrameFlag,
  FUNC_INFO_WORDS,
  FuncInfo,
  type HostFunc,
  Status,
  Store,
  type StoreOptions,
} from "./store.ts";
import { Trap, trapMessage } from "./trap.ts";
import {
  ExternKind,
  type FuncType,
  funcTypeAt,
  type GlobalType,
  type ImportDesc,
  type MemoryType,
  type Module,
  slotCount,
  type TableType,
  typeIndexOf,
  type ValType,
} from "./types.ts";
import { readValues, type Value, valuesOfWords, writeValues } from "./value.ts";

/** How a call from the host ended. `values` are JavaScript numbers (i32, f32, f64, references) and bigints (i64, v128). */
export type CallResult =
  | { readonly kind: "return"; readonly values: readonly Value[] }
  /** `thrown` is what a host function threw, when the trap is HostThrow; `exception` what nobody caught, when it is UncaughtException. */
  | { readonly kind: "trap"; readonly trap: Trap; readonly thrown?: unknown; readonly exception?: UncaughtException }
  | { readonly kind: "exit"; readonly exitCode: number };

/** An exception of wasm that came out of a call. To keep the reference, pin it before anything is called. */
export interface UncaughtException {
  readonly ref: number;
  readonly tagAddr: number;
  readonly values: readonly Value[];
  /** What stands for it in an engine that is not our machine, where `ref` is 0. */
  readonly token?: object;
}

/** What a host function threw, as an exception of wasm: one of before, or a new one. */
export type HostException =
  | { readonly ref: number }
  | {
      readonly tagAddr: number;
      readonly values: readonly Value[];
      /** Is told the reference to the new exception, which is pinned then. */
      readonly made?: (ref: number) => void;
    };

/** Imports by module and field name, as the JS API has them; values are store addresses or host functions. */
export type ImportObject = Readonly<Record<string, Readonly<Record<string, ExternAddr | HostFunction>>>>;

export interface MachineOptions extends StoreOptions {
  readonly journal?: Journal;
  /** Supplies the bytes of memories, for hosts that need a buffer of their own kind. */
  readonly backing?: BackingFactory;
}

/** A call that has returned, its results not read. */
const returnedInPlace: CallResult = { kind: "return", values: [] };

/** Ticks between two looks at the clock in `callAsync`: a few tens of milliseconds. */
const SLICE_TICKS = 1 << 23;

/** What `instantiate` answers: `trap` is not None when an active segment or the start function trapped. */
export interface InstantiateResult {
  readonly instanceAddr: number;
  readonly start: CallResult;
}

export class Machine {
  readonly store: Store;
  readonly journal: Journal | undefined;
  private readonly hostFunctions: (HostFunction | undefined)[] = [];
  private thrown: unknown;
  /** A call that was given up and of which something may be left, see `tidy`. */
  private abandoned: { readonly depth: number; readonly error: unknown } | undefined;
  /** Called between slices of a run, for recorders that take snapshots: while the machine is Running, every 8 million ticks or so. */
  onSlice: (() => void) | undefined;
  /** Tells which exception of wasm stands for what a host function threw; undefined (or none told) for what wasm cannot catch. */
  exceptionOf: ((thrown: unknown) => HostException | undefined) | undefined;
  /**
   * Asked before each host function: true lets `callAsync` return to the event loop first, as it does between slices. For
   * functions that block, so that a signal that came before is noticed. Arguments are in slots from `argSlot`.
   */
  pauseBefore: ((funcAddr: number, argSlot: number) => boolean) | undefined;
  private paused = false;
  /** Called when a call has trapped and its frames are still there to look at; `thrown` is what a host function threw. */
  onTrap: ((thrown: unknown) => void) | undefined;

  constructor(options: MachineOptions = {}) {
    this.store = new Store(options, options.backing);
    this.journal = options.journal;
  }

  /** Adds a host function; `module` and `name` are how traces call it. Returns its store address. */
  addHostFunc(type: FuncType, implementation: HostFunction, module: string, name: string): number {
    return this.addHost({ kind: "host", type, module, name }, implementation);
  }

  /** As addHostFunc, for an import of a module that was added: of just the type that the module declares, subtype or not. */
  addHostImport(
    module: Module,
    desc: ImportDesc & { kind: typeof ExternKind.Func },
    implementation: HostFunction,
    from: string,
    name: string,
  ): number {
    const { types } = this.store;
    const typeNumber = types.ofModule(module)[desc.typeIndex]!;
    const type = types.types[typeNumber]!.func!;
    const func: HostFunc = { kind: "host", type, module: from, name };
    return this.addHost(types.isPlain(typeNumber) ? func : { ...func, typeNumber }, implementation);
  }

  private addHost(func: HostFunc, implementation: HostFunction): number {
    const addr = this.store.addFunc(func);
    this.hostFunctions[addr] = implementation;
    this.journal?.hostFuncAdded(addr, func.module, func.name, func.type, func.typeNumber);
    return addr;
  }

  addMemory(type: MemoryType): number {
    const addr = this.store.addMemory(type);
    this.journal?.memoryAdded(addr, type);
    return addr;
  }

  addTable(type: TableType, init = 0): number {
    const addr = this.store.addTable(type, init);
    this.journal?.tableAdded(addr, type, init);
    return addr;
  }

  /** Adds a tag whose exceptions carry values of these types, none of which a module has defined. Returns its store address. */
  addTag(params: readonly ValType[]): number {
    const type: FuncType = { params, results: [] };
    const addr = this.store.addTag(this.store.types.ofFunc(type));
    this.journal?.tagAdded(addr, type);
    return addr;
  }

  /** Adds a module without instantiating it: its types have numbers from then on. Returns its index. */
  addModule(module: Module): number {
    const known = this.store.modules.includes(module);
    const moduleIndex = this.store.addModule(module);
    if (!known) this.journal?.moduleAdded(moduleIndex, module);
    return moduleIndex;
  }

  /** Keeps an object of the heap, or an exception, for the host: what it does not hold so, a collection may free. */
  pin(ref: number): void {
    if (this.store.pinned.has(ref)) return;
    this.store.pinned.add(ref);
    this.journal?.pinned(ref, true);
  }

  unpin(ref: number): void {
    if (this.store.pinned.delete(ref)) this.journal?.pinned(ref, false);
  }

  addGlobal(type: GlobalType, bits: bigint): number {
    const addr = this.store.addGlobal(type, bits);
    this.journal?.globalAdded(addr, type, bits);
    return addr;
  }

  /**
   * Instantiates a validated module (spec: instantiation): allocates, copies active segments, runs the start function.
   * Throws LinkError when imports are missing or do not match; a trap is in the result.
   */
  instantiate(module: Module, imports: ImportObject | readonly ExternAddr[] = {}): InstantiateResult {
    const { store } = this;
    // Types of imports that the module has defined have numbers once it is added; else it is added when it is known to link.
    if (importsDefinedTypes(module)) this.addModule(module);
    const addrs = Array.isArray(imports) ? (imports as readonly ExternAddr[]) : this.bindImports(module, imports as ImportObject);
    const known = store.modules.includes(module);
    const types = known ? store.types.types : store.types.types.slice();
    for (const [i, wanted] of module.imports.entries()) {
      const given = addrs[i];
      if (given === undefined || !importDescMatches(store, module, wanted.desc, given)) {
        // Matching has given numbers to the module's types, of which a recording of this machine will know nothing.
        if (!known) store.types.restore(types);
        throw new LinkError("incompatible-import", `import ${wanted.module}.${wanted.name} has an incompatible type`);
      }
    }
    const moduleIndex = this.addModule(module);
    const { instanceAddr, trap } = instantiateModule(store, moduleIndex, addrs);
    this.journal?.instantiated(instanceAddr, moduleIndex, addrs, trap);
    if (trap !== Trap.None) return { instanceAddr, start: { kind: "trap", trap } };
    if (module.start === undefined) return { instanceAddr, start: { kind: "return", values: [] } };
    return { instanceAddr, start: this.call(store.instances[instanceAddr]!.funcAddrs[module.start]!) };
  }

  private bindImports(module: Module, imports: ImportObject): ExternAddr[] {
    return module.imports.map((wanted) => {
      const given = imports[wanted.module]?.[wanted.name];
      if (given === undefined) throw new LinkError("unknown-import", `unknown import: ${wanted.module}.${wanted.name} is not provided`);
      if (typeof given !== "function") return given;
      if (wanted.desc.kind !== ExternKind.Func) {
        throw new LinkError("incompatible-import", `import ${wanted.module}.${wanted.name} is not a function in the module`);
      }
      const { desc } = wanted;
      const addr = importsDefinedTypes(module)
        ? this.addHostImport(module, desc, given, wanted.module, wanted.name)
        : this.addHostFunc(funcTypeAt(module, desc.typeIndex), given, wanted.module, wanted.name);
      return { kind: ExternKind.Func, addr };
    });
  }

  /** Store address of an export, or undefined. */
  export(instanceAddr: number, name: string): ExternAddr | undefined {
    return exportAddr(this.store, instanceAddr, name);
  }

  /**
   * Calls a function of the store and runs it to its end. May be called from inside a host function: the new frames
   * are pushed above the host function's. Host exceptions come back as a HostThrow trap with `thrown`.
   */
  call(funcAddr: number, args: readonly Value[] = []): CallResult {
    const depth = this.depthForCall(funcAddr);
    this.store.nativeNesting++;
    try {
      this.enter(funcAddr, args);
      for (;;) {
        const result = this.advance(Number.MAX_SAFE_INTEGER, depth + 1);
        if (result !== undefined) return result;
      }
    } catch (error) {
      return this.giveUp(depth, error);
    } finally {
      this.store.nativeNesting--;
    }
  }

  /** As `call`, but returns to the event loop every few tens of milliseconds, so that signals and timers are served. */
  async callAsync(funcAddr: number, args: readonly Value[] = []): Promise<CallResult> {
    const { depth } = this.store;
    this.begin(funcAddr, args);
    for (;;) {
      const result = this.slice(depth);
      if (result !== undefined) return result;
      await turn();
      this.onSlice?.();
    }
  }

  /** Whether the event loop has to turn before the host function that is called now; once for each call. */
  private pauses(): boolean {
    if (this.pauseBefore === undefined || this.paused) {
      this.paused = false;
      return false;
    }
    const at = this.store.frameTop - FRAME_WORDS;
    this.paused = this.pauseBefore(this.store.frames[at + Frame.Func]!, this.store.frames[at + Frame.Fp]!);
    return this.paused;
  }

  private slice(depth: number): CallResult | undefined {
    this.store.nativeNesting++;
    try {
      return this.advance(this.store.tick + SLICE_TICKS, depth + 1);
    } catch (error) {
      return this.giveUp(depth, error);
    } finally {
      this.store.nativeNesting--;
    }
  }

  /** Frames before a call, which may begin now: else this throws, and nothing has happened. */
  private depthForCall(funcAddr: number): number {
    const { store } = this;
    this.tidy();
    if (store.funcs[funcAddr] === undefined) throw new RewasmError("unknown-function", `there is no function with address ${funcAddr}`);
    expectCallable(store);
    expectNativeRoom(this.store.nativeNesting);
    return store.depth;
  }

  /** Ends a call in an exception that no host function threw, and throws it on. `depth` are the frames before the call. */
  private giveUp(depth: number, error: unknown): never {
    this.abandoned = { depth, error };
    this.tidy();
    throw error;
  }

  /**
   * A call ended in an exception that no host function threw: the native stack ran out, or the journal failed. No event says
   * that, so the journal is told to give up; the machine is as before the call but for what the call had done to it. Where
   * not even this has room on the native stack, it waits for the next crossing.
   */
  private tidy(): void {
    const { abandoned } = this;
    if (abandoned === undefined) return;
    try {
      abandonCall(this.store, abandoned.depth);
      this.journal?.abandoned?.(abandoned.error);
      this.abandoned = undefined;
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
  }

  /**
   * Goes on with what was begun, or what a restored snapshot was in the middle of, until the innermost call from the host
   * has ended, or to `limitTick`: then undefined. A host function that was running when the snapshot was taken is called
   * again. Throws RewasmError "machine-state" when nothing is running.
   */
  resume(limitTick: number = Number.MAX_SAFE_INTEGER): CallResult | undefined {
    const { store } = this;
    let base = store.depth;
    while (base > 1 && (store.frameWord(base - 1, Frame.Flags) & FrameFlag.Entry) === 0) base--;
    return this.advance(limitTick, base);
  }

  /** Calls a function of the store without running it yet: `resume` does. */
  begin(funcAddr: number, args: readonly Value[]): void {
    this.depthForCall(funcAddr);
    this.enter(funcAddr, args);
  }

  private enter(funcAddr: number, args: readonly Value[]): void {
    const { store } = this;
    const func = store.funcs[funcAddr]!;
    const slot = entrySlot(store);
    // Arguments beyond the stack's end cannot be written; enter() then reports the exhausted stack.
    if (slot + slotCount(func.type.params) <= store.stackSlots) writeValues(store, slot, func.type.params, args);
    this.journal?.called(funcAddr, slot);
    enter(store, funcAddr);
  }

  /** First slot for the arguments of the host's next call: for hosts that write slots themselves, see `callInPlace`. */
  get argSlot(): number {
    this.tidy();
    return entrySlot(this.store);
  }

  /**
   * As `call` with arguments that are already in slots from `argSlot` on (writes beyond the stack's end are lost, and the
   * call then reports the exhausted stack). Undefined when the function has returned: its results are in slots from
   * `store.resultSlot` on until the machine does anything else. Allocates nothing for such a call.
   */
  callInPlace(funcAddr: number): Exclude<CallResult, { kind: "return" }> | undefined {
    const depth = this.depthForCall(funcAddr);
    this.store.nativeNesting++;
    try {
      const { store } = this;
      this.journal?.called(funcAddr, entrySlot(store));
      enter(store, funcAddr);
      for (;;) {
        const result = this.advance(this.sliceEnd, depth + 1, true);
        if (result !== undefined) return result.kind === "return" ? undefined : result;
        this.onSlice?.();
      }
    } catch (error) {
      return this.giveUp(depth, error);
    } finally {
      this.store.nativeNesting--;
    }
  }

  /** Where a synchronous run stops for `onSlice`, if there is one. */
  private get sliceEnd(): number {
    return this.onSlice === undefined ? Number.MAX_SAFE_INTEGER : this.store.tick + SLICE_TICKS;
  }

  /**
   * Runs until the call whose frame is number `base` (counted from 1) has ended, or to `limitTick`. `inPlace` leaves results
   * in their slots.
   */
  private advance(limitTick: number, base: number, inPlace = false): CallResult | undefined {
    const { store } = this;
    for (;;) {
      switch (store.status) {
        case Status.Running: {
          if (runUntil(store, limitTick) === Stop.Limit) return undefined;
          break;
        }
        case Status.InHost:
          if (this.pauses()) return undefined;
          this.callHost();
          break;
        case Status.Growing: {
          const grow = store.grow!;
          const result = completeGrow(store, undefined)!;
          this.journal?.grew(grow, result);
          break;
        }
        case Status.Returned: {
          if (store.depth >= base) throw new RewasmError("machine-state", "a call returned out of order");
          this.journal?.returned(store.resultFunc, store.resultSlot);
          if (inPlace) {
            takeReturn(store);
            return returnedInPlace;
          }
          const values = readValues(store, store.resultSlot, store.funcs[store.resultFunc]!.type.results);
          takeReturn(store);
          return { kind: "return", values };
        }
        case Status.Trapped: {
          this.onTrap?.(this.thrown);
          const exception = store.trap === Trap.UncaughtException ? this.uncaught() : undefined;
          const trap = takeTrap(store);
          this.journal?.trapped(trap);
          const { thrown } = this;
          this.thrown = undefined;
          if (exception !== undefined) return { kind: "trap", trap, exception };
          return trap === Trap.HostThrow ? { kind: "trap", trap, thrown } : { kind: "trap", trap };
        }
        case Status.Exited:
          return { kind: "exit", exitCode: store.exitCode };
        case Status.Idle:
          throw new RewasmError("machine-state", "nothing is running");
      }
    }
  }

  /** Whether wasm might catch what the running host function throws. */
  get mayCatch(): boolean {
    return mayCatch(this.store);
  }

  private uncaught(): UncaughtException {
    const { store } = this;
    const ref = store.exception;
    const tagAddr = tagOfException(store, ref);
    return { ref, tagAddr, values: valuesOfWords(carriedWords(store, ref), store.tags[tagAddr]!.type.params) };
  }

  /** A host function, whose first slot is `slot`, threw something: an exception of wasm, or what goes through all frames. */
  private throwFromHost(funcAddr: number, slot: number, error: unknown): void {
    const { store, journal } = this;
    const exception = this.exceptionOf?.(error);
    const params = exception === undefined || "ref" in exception ? [] : store.tags[exception.tagAddr]!.type.params;
    if (exception === undefined || slot + slotCount(params) > store.stackSlots) {
      this.thrown = error;
      if (journal !== undefined) journal.hostThrew(funcAddr, textOf(error));
      throwHost(store);
      return;
    }
    let thrown: ThrownException;
    if ("ref" in exception) thrown = { ref: exception.ref };
    else {
      writeValues(store, slot, params, exception.values);
      thrown = { tagAddr: exception.tagAddr, slot, held: exception.made !== undefined };
    }
    if (journal !== undefined) journal.hostThrew(funcAddr, textOf(error), thrown);
    const ref = throwException(store, thrown);
    if (!("ref" in exception) && ref > 0) exception.made?.(ref);
  }

  private callHost(): void {
    const { store } = this;
    const top = store.frameTop - FRAME_WORDS;
    const funcAddr = store.frames[top + Frame.Func]!;
    const slot = store.frames[top + Frame.Fp]!;
    const callerFunc = top === 0 ? 0 : store.frames[top - FRAME_WORDS + Frame.Func]!;
    const callerInstance = top === 0 ? -1 : store.funcInfo[callerFunc * FUNC_INFO_WORDS + FuncInfo.InstanceAddr]!;
    const implementation = this.hostFunctions[funcAddr];
    if (implementation === undefined) {
      const func = store.funcs[funcAddr]!;
      const name = func.kind === "host" ? `${func.module}.${func.name}` : `function ${funcAddr}`;
      throw new RewasmError("no-host", `${name} is a host function, and this machine has no host for it`);
    }
    this.journal?.hostCalled(funcAddr, slot);
    const call: HostCall = { machine: this, funcAddr, slot, callerInstance };
    try {
      implementation(call);
      this.tidy();
    } catch (error) {
      this.tidy();
      if (error instanceof ExitRequest) {
        exit(store, error.exitCode);
        this.journal?.exited(error.exitCode);
        return;
      }
      // Of an exit inside a nested call only the outermost loop is left to notice.
      if (store.status === Status.Exited) return;
      this.throwFromHost(funcAddr, slot, error);
      return;
    }
    if ((store.status as Status) === Status.Exited) return;
    this.journal?.hostReturned(funcAddr, slot);
    leaveHost(store);
  }

  /** Binds (again) the implementation of a host function, for machines restored from a snapshot. */
  bindHost(funcAddr: number, implementation: HostFunction): void {
    this.hostFunctions[funcAddr] = implementation;
  }

  /**
   * Binds all host functions of the store by the names under which they were imported: what a machine restored from a
   * snapshot needs before it goes on. Throws LinkError when one is not provided.
   */
  bindHosts(imports: ImportObject): void {
    for (const [funcAddr, func] of this.store.funcs.entries()) {
      if (func.kind !== "host") continue;
      const given = imports[func.module]?.[func.name];
      if (typeof given !== "function") throw new LinkError("unknown-import", `${func.module}.${func.name} is not provided as a function`);
      this.bindHost(funcAddr, given);
    }
  }

  /** Writes bytes into a memory from the host; throws RangeError when they do not fit or the address is no whole number. */
  writeMemory(memoryAddr: number, byteAddr: number, bytes: Uint8Array): void {
    if (!Number.isSafeInteger(byteAddr)) throw new RangeError(`byte address ${byteAddr} is no whole number`);
    this.store.memories[memoryAddr]!.bytes.set(bytes, byteAddr);
    this.memoryWritten(memoryAddr, byteAddr, bytes.length);
  }

  /** Tells that the host has written a range of a memory through a view of its own. */
  memoryWritten(memoryAddr: number, byteAddr: number, byteLength: number): void {
    if (byteLength === 0) return;
    this.store.memories[memoryAddr]!.markDirty(byteAddr, byteLength);
    this.journal?.memoryWritten(memoryAddr, byteAddr, byteLength);
  }

  growMemory(memoryAddr: number, deltaPages: number): number {
    const result = this.store.memories[memoryAddr]!.grow(deltaPages);
    this.journal?.memoryGrown(memoryAddr, deltaPages, result);
    return result;
  }

  setTable(tableAddr: number, index: number, ref: number): void {
    const table = this.store.tables[tableAddr]!;
    if (index >= table.length) throw new RangeError(`table index ${index} out of range`);
    table.elements[index] = ref;
    table.dirty = true;
    this.journal?.tableSet(tableAddr, index, ref);
  }

  growTable(tableAddr: number, delta: number, init = 0): number {
    const result = this.store.tables[tableAddr]!.grow(delta, init);
    this.journal?.tableGrown(tableAddr, delta, init, result);
    return result;
  }

  /** The bits of a global, v128 not included. */
  readGlobal(globalAddr: number): bigint {
    const { globals, globalI64 } = this.store;
    return globalI64[globals[globalAddr]!.slot]!;
  }

  setGlobal(globalAddr: number, bits: bigint): void {
    this.store.setGlobal(globalAddr, bits);
    this.journal?.globalSet(globalAddr, bits);
  }
}

/** Text of what a host function threw, for people: whatever it is, this throws nothing. */
function textOf(thrown: unknown): string {
  try {
    return String(thrown instanceof Error ? thrown.message : thrown);
  } catch {
    return "something that has no text";
  }
}

/** Whether a module imports functions of types that another module could not have declared by itself: subtypes, or with references to types. */
function importsDefinedTypes(module: Module): boolean {
  return module.imports.some(({ desc }) => {
    if (desc.kind !== ExternKind.Func) return false;
    const { func, final, supertype, groupSize, descriptor, describes } = module.types[desc.typeIndex]!;
    const plain = final && supertype < 0 && groupSize === 1 && descriptor < 0 && describes < 0;
    return !plain || [...func!.params, ...func!.results].some((type) => typeIndexOf(type) >= 0);
  });
}

/**
 * Lets the event loop turn until it has polled, so that a signal which has come is served: at once where there is
 * setImmediate, whose first call may come before the poll, else by a timer, which takes a millisecond at least: 3% of a slice.
 */
function turn(): Promise<void> {
  const { setImmediate } = globalThis as { setImmediate?: (callback: () => void) => unknown };
  return new Promise((resolve) => {
    if (setImmediate === undefined) setTimeout(resolve, 0);
    else setImmediate(() => setImmediate(resolve));
  });
}

/** One line about how a call ended, for people. */
export function describeCallResult(result: CallResult): string {
  switch (result.kind) {
    case "return":
      return result.values.length === 0 ? "returned" : `returned ${result.values.join(", ")}`;
    case "trap":
      return `wasm trap: ${trapMessage(result.trap)}`;
    case "exit":
      return `exited with code ${result.exitCode}`;
  }
}
