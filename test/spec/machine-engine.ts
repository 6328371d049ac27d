/**
 * The machine under test as an engine. It drives the store through the same transitions as replay does, so that
 * arguments and results are raw slots: JavaScript numbers would lose NaN bits. Nothing here executes an instruction.
 */
import { SnapshotTaker } from "../../snapshot/capture.ts";
import { stateHash } from "../../snapshot/hash.ts";
import { completeGrow, enter, entrySlot, leaveHost, takeReturn, takeTrap } from "../../vm/boundary.ts";
import { kindOfObject } from "../../vm/casts.ts";
import { decodeModule } from "../../vm/decode.ts";
import { DecodeError, LinkError, ValidationError } from "../../vm/errors.ts";
import { runUntil } from "../../vm/execute.ts";
import { isHeapRef } from "../../vm/heap.ts";
import { BlockKind } from "../../vm/layout.ts";
import { Machine } from "../../vm/machine.ts";
import { type ExternAddr, Status, type Store } from "../../vm/store.ts";
import { topOf } from "../../vm/subtype.ts";
import { Trap, trapMessage } from "../../vm/trap.ts";
import { ExternKind, isWide, type Module, slotsOf, ValType } from "../../vm/types.ts";
import { validateModule } from "../../vm/validate.ts";
import { slotBits } from "../../vm/value.ts";
import { type Engine, ModuleRejected, ModuleUnlinkable, type Outcome } from "./engine.ts";
import type { WastValue } from "./wast.ts";

export interface MachineEngineOptions {
  /** `exact`: every instruction by itself in its canonical slots; `generated`: all functions made into JavaScript. */
  readonly lowering: "exact" | "fast" | "generated";
  /**
   * Run in slices of so many ticks, with `betweenSlices` after each: another machine goes on in its place, `fresh` makes
   * one. Slices of one call become longer and longer, so that long calls and deep stacks stay affordable.
   */
  readonly sliceTicks?: number;
  readonly betweenSlices?: (machine: Machine, fresh: () => Machine) => Machine;
  /** Limit of the call stack, in bytes; the machine's default when absent. */
  readonly stackBytes?: number;
}

const SLICES_OF_A_LENGTH = 8;

/** What an instance offers, by name. */
export type MachineInstance = (name: string) => ExternAddr | undefined;

export class MachineEngine implements Engine<Module, MachineInstance> {
  readonly name: string;
  readonly spectest: MachineInstance;
  private machine: Machine;
  private readonly options: MachineEngineOptions;

  constructor(options: MachineEngineOptions) {
    this.name = options.lowering;
    this.options = options;
    this.machine = this.emptyMachine();
    this.spectest = spectestModule(this.machine);
  }

  private emptyMachine(): Machine {
    const { lowering, stackBytes } = this.options;
    const machine = new Machine({
      generate: lowering === "generated" ? "eagerly" : false,
      ...(stackBytes === undefined ? {} : { stackBytes }),
    });
    machine.store.exactOnly = lowering === "exact";
    return machine;
  }

  /** One that has the host's functions where every machine of this engine has them. */
  private readonly freshMachine = (): Machine => {
    const machine = this.emptyMachine();
    spectestModule(machine);
    return machine;
  };

  compile(bytes: Uint8Array): Module {
    try {
      const module = decodeModule(bytes);
      validateModule(module);
      return module;
    } catch (error) {
      if (error instanceof DecodeError) throw new ModuleRejected("malformed", error.message);
      if (error instanceof ValidationError) throw new ModuleRejected("invalid", error.message);
      throw error;
    }
  }

  importModules(compiled: Module): string[] {
    return compiled.imports.map((wanted) => wanted.module);
  }

  instantiate(compiled: Module, modules: ReadonlyMap<string, MachineInstance>): { instance: MachineInstance; outcome: Outcome } {
    const imports = compiled.imports.map((wanted) => {
      const addr = modules.get(wanted.module)?.(wanted.name);
      if (addr === undefined) throw new ModuleUnlinkable(`unknown import ${wanted.module}.${wanted.name}`);
      return addr;
    });
    try {
      const { instanceAddr, start } = this.machine.instantiate(compiled, imports);
      const instance: MachineInstance = (name) => this.machine.export(instanceAddr, name);
      return { instance, outcome: start.kind === "trap" ? outcomeOfTrap(start.trap) : { kind: "return", values: [] } };
    } catch (error) {
      if (error instanceof LinkError) throw new ModuleUnlinkable(error.message);
      throw error;
    }
  }

  invoke(instance: MachineInstance, field: string, args: readonly WastValue[]): Outcome | undefined {
    const addr = instance(field);
    if (addr?.kind !== ExternKind.Func) return undefined;
    const { store } = this.machine;
    const slot = entrySlot(store);
    const { params } = store.funcs[addr.addr]!.type;
    if (params.length !== args.length) throw new Error(`${field} takes ${params.length} arguments, the script gives ${args.length}`);
    let at = slot;
    for (const [i, arg] of args.entries()) {
      const bits = argumentBits(arg);
      store.i64[at] = bits;
      if (params[i] === ValType.V128) store.i64[at + 1] = bits >> 64n;
      at += slotsOf(params[i]!);
    }
    enter(store, addr.addr);
    return this.run();
  }

  /** Runs until the call from outside has ended. The suite's host functions return nothing, so leaving them is all they do. */
  private run(): Outcome {
    const { sliceTicks = Number.MAX_SAFE_INTEGER, betweenSlices } = this.options;
    let slices = 0;
    for (;;) {
      const { store } = this.machine;
      switch (store.status) {
        case Status.Running:
          runUntil(store, Math.min(store.tick + sliceTicks * 2 ** Math.floor(slices++ / SLICES_OF_A_LENGTH), Number.MAX_SAFE_INTEGER));
          if (store.status === Status.Running && betweenSlices !== undefined) this.machine = betweenSlices(this.machine, this.freshMachine);
          break;
        case Status.InHost:
          leaveHost(store);
          break;
        case Status.Growing:
          completeGrow(store, undefined);
          break;
        case Status.Returned: {
          const { results } = store.funcs[store.resultFunc]!.type;
          let slot = store.resultSlot;
          const values = results.map((type) => {
            slot += slotsOf(type);
            return resultOf(slotBits(store, slot - slotsOf(type), type), type, store);
          });
          takeReturn(store);
          return { kind: "return", values };
        }
        case Status.Trapped:
          return outcomeOfTrap(takeTrap(store));
        default:
          throw new Error(`the machine stopped with status ${store.status}`);
      }
    }
  }

  /** Tick and hash of the whole machine, for comparing modes. Ends the use of snapshots made before. */
  state(): string {
    const { store } = this.machine;
    return `tick ${store.tick}, hash ${stateHash(new SnapshotTaker(store).capture(0))}`;
  }

  get(instance: MachineInstance, field: string): WastValue | undefined {
    const addr = instance(field);
    if (addr?.kind !== ExternKind.Global) return undefined;
    const { store } = this.machine;
    const global = store.globals[addr.addr]!;
    const { valType } = global.type;
    return resultOf(BigInt.asUintN(isWide(valType) ? 64 * slotsOf(valType) : 32, store.globalBits(global)), valType, store);
  }
}

function outcomeOfTrap(trap: Trap): Outcome {
  if (trap === Trap.UncaughtException) return { kind: "exception" };
  return { kind: trap === Trap.CallStackExhausted ? "exhausted" : "trap", message: trapMessage(trap) };
}

function argumentBits(value: WastValue): bigint {
  if ("bits" in value) return value.bits;
  if (value.kind === "null") return 0n;
  // Null is 0, so the host's references are their numbers and one.
  if (value.kind === "host") return BigInt(value.number + 1);
  throw new Error(`a script cannot pass a ${value.kind}`);
}

function resultOf(bits: bigint, type: ValType, store: Store): WastValue {
  switch (type) {
    case ValType.I32:
      return { kind: "i32", bits };
    case ValType.I64:
      return { kind: "i64", bits };
    case ValType.F32:
      return { kind: "f32", bits };
    case ValType.F64:
      return { kind: "f64", bits };
    case ValType.V128:
      return { kind: "v128", bits };
    default:
      return referenceOf(Number(BigInt.asIntN(32, bits)), topOf(store.types.types, type), store);
  }
}

/** A reference of the hierarchy with this top. */
function referenceOf(ref: number, top: ValType, store: Store): WastValue {
  if (ref === 0) return { kind: "null" };
  if (top === ValType.FuncRef) return { kind: "func" };
  if (top === ValType.ExnRef) return { kind: "other", heap: "exn" };
  if (ref > 0 && !isHeapRef(ref)) return { kind: "host", number: ref - 1 };
  if (top === ValType.ExternRef) return { kind: "other", heap: "extern" };
  if (ref < 0) return { kind: "other", heap: "i31" };
  return { kind: "other", heap: kindOfObject(store, ref) === BlockKind.Struct ? "struct" : "array" };
}

const PRINTS: Readonly<Record<string, readonly ValType[]>> = {
  print: [],
  print_i32: [ValType.I32],
  print_i64: [ValType.I64],
  print_f32: [ValType.F32],
  print_f64: [ValType.F64],
  print_i32_f32: [ValType.I32, ValType.F32],
  print_f64_f64: [ValType.F64, ValType.F64],
};
/** 666, 666.6 as f32 and as f64, as the suite's host module has them. */
const GLOBALS: Readonly<Record<string, readonly [ValType, bigint]>> = {
  global_i32: [ValType.I32, 666n],
  global_i64: [ValType.I64, 666n],
  global_f32: [ValType.F32, 0x4426a666n],
  global_f64: [ValType.F64, 0x4084d4cccccccccdn],
};

function spectestModule(machine: Machine): MachineInstance {
  const externs = new Map<string, ExternAddr>();
  for (const [name, params] of Object.entries(PRINTS)) {
    const addr = machine.addHostFunc({ params, results: [] }, () => {}, "spectest", name);
    externs.set(name, { kind: ExternKind.Func, addr });
  }
  for (const [name, [valType, bits]] of Object.entries(GLOBALS)) {
    externs.set(name, { kind: ExternKind.Global, addr: machine.addGlobal({ valType, mutable: false }, bits) });
  }
  externs.set("memory", { kind: ExternKind.Memory, addr: machine.addMemory({ limits: { min: 1, max: 2 } }) });
  const shared = machine.addMemory({ limits: { min: 1, max: 2 }, shared: true });
  externs.set("shared_memory", { kind: ExternKind.Memory, addr: shared });
  const table64 = machine.addTable({ elemType: ValType.FuncRef, limits: { min: 10, max: 20 }, address64: true });
  externs.set("table64", { kind: ExternKind.Table, addr: table64 });
  externs.set("table", { kind: ExternKind.Table, addr: machine.addTable({ elemType: ValType.FuncRef, limits: { min: 10, max: 20 } }) });
  return (name) => externs.get(name);
}
