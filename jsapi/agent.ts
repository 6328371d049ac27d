/**
 * What the JS API calls an agent: one store behind one namespace, the objects that stand for its parts, and the hooks of
 * whoever records. Objects are found by store address and made once, so identity holds through tables, globals and imports.
 */
import { cellOfRef } from "../vm/heap.ts";
import type { EngineException, EngineFunction } from "../vm/host.ts";
import { CELL_BYTES, CELL_WORDS } from "../vm/layout.ts";
import { type CallResult, type InstantiateResult, Machine, type MachineOptions } from "../vm/machine.ts";
import type { MemoryBacking } from "../vm/memory.ts";
import type { ExternAddr, Func, Instance, Store } from "../vm/store.ts";
import { Trap } from "../vm/trap.ts";
import type { FuncType, GlobalType, Module, ValType } from "../vm/types.ts";
import type { Slots } from "../vm/value.ts";
import { charArrayWriter } from "./char-array.ts";
import type { Provided } from "./compile-options.ts";
import { Conversions } from "./conversions.ts";
import { ErrorClasses } from "./errors.ts";
import { exactBacking } from "./exact-backing.ts";
import { Exceptions } from "./exceptions.ts";
import { ExternValues } from "./extern-values.ts";
import { type Callable, Functions } from "./functions.ts";
import { HeldObjects } from "./held-objects.ts";
import { markHeldValues } from "./held-values.ts";
import { stringBuiltins } from "./js-string.ts";
import { References } from "./references.ts";

/** What a recorder of the surrounding JavaScript program wants to be asked and told. None of these may run wasm. */
export interface BoundaryHooks {
  /**
   * Called each time before control or effects pass from JavaScript to the machine: an exported function is called, an
   * imported one returns or throws, a module is instantiated, a memory grows. Writes into memories that the machine does not know of
   * have to be reported now, through Machine.memoryWritten.
   */
  readonly beforeEnter?: () => void;
  /** Called each time control has passed from wasm to JavaScript: an import is called, an exported function has returned or trapped. */
  readonly afterLeave?: () => void;
  /**
   * Answers what JavaScript sees as `Memory.buffer`, given the buffer that the machine works on. Asked once for each buffer:
   * identity between grows is kept here. An earlier buffer of the memory is detached by then.
   */
  readonly wrapBuffer?: (memoryAddr: number, buffer: ArrayBuffer) => ArrayBuffer;
}

export interface WebAssemblyOptions extends MachineOptions, BoundaryHooks {
  /**
   * The machine to run on, instead of one made from the options of a machine. Its memories must lie in buffers of exactly their
   * size, as `exactBacking` makes them.
   */
  readonly machine?: AgentMachine;
  /**
   * Whether wrappers of functions may be generated as source text, one for each signature. Default: where the surroundings
   * allow it. Only speed depends on it.
   */
  readonly generateCode?: boolean;
}

/** The part of a store that the namespace looks at. */
export interface AgentStore extends Slots, Pick<Store, "types"> {
  readonly resultSlot: number;
  readonly funcs: readonly Func[];
  readonly instances: readonly Pick<Instance, "module" | "funcAddrs" | "tableAddrs" | "memoryAddrs" | "globalAddrs" | "tagAddrs">[];
  readonly tables: readonly {
    readonly elemType: ValType;
    readonly address64?: boolean;
    readonly length: number;
    at(index: number): number;
  }[];
  readonly memories: readonly {
    readonly buffer: ArrayBuffer;
    readonly byteLength?: number;
    readonly traits?: { readonly address64?: boolean };
  }[];
  readonly globals: readonly { readonly type: GlobalType }[];
  readonly tags: readonly { readonly type: FuncType }[];
}

/** What runs the modules of a namespace: our machine, or a native one with the same face. */
export interface AgentMachine
  extends Pick<
    Machine,
    | "argSlot"
    | "callInPlace"
    | "addMemory"
    | "addModule"
    | "addTag"
    | "mayCatch"
    | "addTable"
    | "addGlobal"
    | "growMemory"
    | "growTable"
    | "setTable"
    | "readGlobal"
    | "setGlobal"
  > {
  readonly store: AgentStore;
  addHostFunc(type: FuncType, implementation: EngineFunction, module: string, name: string): number;
  instantiate(module: Module, imports: readonly ExternAddr[]): InstantiateResult;
  /** Of a machine that is not ours, where exceptions have no references: as Machine.exceptionOf. */
  engineExceptionOf?: ((thrown: unknown) => EngineException | undefined) | undefined;
}

/** Stands in a constructor's argument for a part of the store that exists already. Never handed out. */
export class Existing {
  readonly addr: number;
  constructor(addr: number) {
    this.addr = addr;
  }
}

/** A class of the namespace whose objects stand for parts of the store. */
export interface EntityClass<Entity extends object> {
  readonly constructor: new (descriptor: unknown) => Entity;
  /** The object for a store address. */
  at(addr: number): Entity;
  /** The store address behind an object of this class; undefined for everything else. */
  addrOf(value: unknown): number | undefined;
}

export class Agent {
  readonly machine: AgentMachine;
  /** The machine, when it is ours: what objects of wasm need. */
  readonly own: Machine | undefined;
  readonly hooks: BoundaryHooks;
  readonly errors = new ErrorClasses();
  readonly externs = new ExternValues();
  readonly held: HeldObjects;
  readonly exceptions: Exceptions;
  readonly references: References;
  readonly conversions: Conversions;
  readonly functions: Functions;
  private charWriter: Callable | undefined;
  private readonly builtins: Readonly<Record<string, unknown>>;

  constructor(options: WebAssemblyOptions) {
    this.machine = options.machine ?? new Machine({ backing: (_, type): MemoryBacking => exactBacking(true, type), ...options });
    this.own = this.machine instanceof Machine ? this.machine : undefined;
    this.hooks = boundHooks(options);
    this.held = new HeldObjects(this.own);
    this.exceptions = new Exceptions(this);
    this.references = new References(this);
    this.conversions = new Conversions(this);
    this.functions = new Functions(this, options.generateCode);
    this.builtins = stringBuiltins({
      trap: (message) => new this.errors.RuntimeError(message),
      readChars: (array, start, end) => this.readChars(array, start, end),
      intoCharCodeArray: (source) => {
        this.charWriter ??= charArrayWriter(this, source);
        return this.charWriter;
      },
    });
  }

  /** To be called where values of JavaScript are about to become references, none of them being on its way yet. */
  makeRoom(): void {
    const { externs, own } = this;
    // What a native machine holds cannot be looked at: there every value stays.
    if (externs.isCrowded && own !== undefined) externs.keepOnly((mark) => markHeldValues(own, mark));
  }

  /** Elements `[start, end)` of an array of 16-bit integers that JavaScript holds; undefined for null, or when they are not all there. */
  private readChars(array: unknown, start: number, end: number): Uint16Array | undefined {
    const ref = this.held.refOf(array);
    if (ref === undefined) return undefined;
    const { heap } = this.own!.store;
    const cell = cellOfRef(ref);
    if (start > end || end > heap.words[cell * CELL_WORDS + 1]! >>> 0) return undefined;
    const from = (cell + 1) * CELL_BYTES;
    return Uint16Array.from({ length: end - start }, (_, i) => heap.memory.view.getUint16(from + (start + i) * 2, true));
  }

  /** What a call that did not return leaves for JavaScript to throw. */
  thrownFor(result: Exclude<CallResult, { kind: "return" }>): unknown {
    if (result.kind === "exit") return new this.errors.RuntimeError(`the program has ended with exit code ${result.exitCode}`);
    if (result.exception !== undefined) return this.exceptions.thrownFor(result.exception);
    return result.trap === Trap.HostThrow ? result.thrown : this.exceptions.trapError(this.errors.fromTrap(result.trap));
  }

  /** The value of an import that the namespace provides. */
  provide(provided: Provided): unknown {
    return provided.kind === "string" ? provided.value : this.builtins[provided.name];
  }

  /** To be called before anything passes from JavaScript to the machine. */
  enter(): void {
    this.hooks.beforeEnter?.();
  }

  leave(): void {
    this.hooks.afterLeave?.();
  }
}

/** The hooks as functions that may be called by themselves. */
function boundHooks(given: BoundaryHooks): BoundaryHooks {
  return {
    ...(given.beforeEnter === undefined ? {} : { beforeEnter: given.beforeEnter.bind(given) }),
    ...(given.afterLeave === undefined ? {} : { afterLeave: given.afterLeave.bind(given) }),
    ...(given.wrapBuffer === undefined ? {} : { wrapBuffer: given.wrapBuffer.bind(given) }),
  };
}
