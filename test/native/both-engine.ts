/**
 * An engine for the official suite that runs everything twice: on the machine, whose answers count, and rewritten on the
 * WebAssembly of this process. Results are compared as bits, NaNs included; every difference is noted.
 */
import { type NativeFunction, type NativeImports, type NativeTable, native } from "../../native/engine.ts";
import { unrecordable } from "../../native/objects.ts";
import { MEMORY_REPORT, type Rewritten, rewriteModule, tableReport, trampolineModule } from "../../native/rewrite.ts";
import { trapOfMessage } from "../../native/traps.ts";
import { ByteWriter } from "../../rr/codec.ts";
import { sameNativeTrap } from "../../rr/native-trace.ts";
import { Trap, trapMessage } from "../../vm/trap.ts";
import { ExternKind, type FuncType, funcTypeName, type Module, ValType } from "../../vm/types.ts";
import { type Engine, ModuleUnlinkable, type Outcome } from "../spec/engine.ts";
import { MachineEngine, type MachineInstance } from "../spec/machine-engine.ts";
import type { WastValue } from "../spec/wast.ts";

interface BothModule {
  readonly module: Module;
  readonly rewritten: Rewritten | undefined;
  /** Undefined when the engine of this process does not know a feature. */
  readonly compiled: object | undefined;
}

interface BothInstance {
  readonly ours: MachineInstance;
  /** Exports by the module's own names; undefined when the engine could not run it. */
  readonly exports: Readonly<Record<string, unknown>> | undefined;
  readonly module: Module | undefined;
}

export class BothEngine implements Engine<BothModule, BothInstance> {
  readonly name = "both";
  readonly spectest: BothInstance;
  readonly differences: string[] = [];
  /** Modules that both have run, and those that this engine refused with the first words of why. */
  instances = 0;
  compared = 0;
  fixes = 0;
  readonly refused: string[] = [];
  /** True once only the machine has run a module that shares something: from then on states may differ. */
  apart = false;
  private readonly machine = new MachineEngine({ lowering: "fast" });
  private readonly adapters = new Map<string, object>();

  constructor() {
    this.spectest = { ours: this.machine.spectest, exports: spectestExports(), module: undefined };
  }

  compile(bytes: Uint8Array): BothModule {
    const module = this.machine.compile(bytes);
    try {
      new native.Module(bytes);
    } catch (error) {
      this.refused.push((error as Error).message);
      return { module, rewritten: undefined, compiled: undefined };
    }
    const rewritten = rewriteModule(module, { funcs: true });
    const why = unrecordable(module, rewritten);
    if (why !== undefined) {
      this.refused.push(why);
      return { module, rewritten: undefined, compiled: undefined };
    }
    this.fixes += rewritten.fixCount;
    return { module, rewritten, compiled: new native.Module(rewritten.bytes) };
  }

  importModules({ module }: BothModule): readonly string[] {
    return this.machine.importModules(module);
  }

  instantiate(
    { module, rewritten, compiled }: BothModule,
    modules: ReadonlyMap<string, BothInstance>,
  ): { instance: BothInstance; outcome: Outcome } {
    const ours = new Map([...modules].map(([name, instance]) => [name, instance.ours]));
    const { instance, outcome } = this.machine.instantiate(module, ours);
    const none = { instance: { ours: instance, exports: undefined, module }, outcome };
    if (compiled === undefined || rewritten === undefined) {
      // It may change what it shares with others.
      if (module.imports.length > 0) this.apart = true;
      return none;
    }
    const imports: NativeImports = {};
    for (const wanted of module.imports) {
      const from = modules.get(wanted.module)?.exports;
      if (from === undefined) return none;
      imports[wanted.module] ??= {};
      imports[wanted.module]![wanted.name] = from[wanted.name];
    }
    let exports: Readonly<Record<string, unknown>>;
    const theirs = this.attempt(() => {
      exports = new native.Instance(compiled, imports).exports;
      this.receiveReports(rewritten, module, exports);
      if (module.start !== undefined) (exports[rewritten.names.start] as NativeFunction)();
      return [];
    });
    this.compare("instantiation", outcome, theirs);
    this.instances++;
    return { instance: { ours: instance, exports: exports!, module }, outcome };
  }

  private receiveReports(
    { names, reportsGrows, grownTables }: Rewritten,
    module: Module,
    exports: Readonly<Record<string, unknown>>,
  ): void {
    if (!reportsGrows) return;
    const reports = exports[names.reports] as NativeTable;
    const function_ = (type: FuncType): unknown =>
      new native.Instance(new native.Module(trampolineModule(type)), { env: { f: (): void => {} } }).exports.f;
    reports.set(0, function_(MEMORY_REPORT));
    for (const [i, table] of grownTables.entries()) reports.set(i + 1, function_(tableReport(module.tableTypes[table]!.elemType)));
  }

  invoke(instance: BothInstance, field: string, args: readonly WastValue[]): Outcome | undefined {
    const outcome = this.machine.invoke(instance.ours, field, args);
    const f = instance.exports?.[field];
    const found = instance.module?.exports.find(({ name, kind }) => name === field && kind === ExternKind.Func);
    if (outcome === undefined || found === undefined || typeof f !== "function") return outcome;
    const type = instance.module!.funcTypes[found.index]!;
    const adapted = this.adapted(type, f as NativeFunction);
    const theirs = this.attempt(() => fromRaw(type.results, adapted(...toRaw(type.params, args))));
    this.compare(
      `${field}(${args.map((arg) => JSON.stringify(arg, (_, v) => (typeof v === "bigint" ? `0x${v.toString(16)}` : v))).join(", ")})`,
      outcome,
      theirs,
    );
    return outcome;
  }

  get(instance: BothInstance, field: string): WastValue | undefined {
    return this.machine.get(instance.ours, field);
  }

  private attempt(run: () => readonly WastValue[]): Outcome {
    try {
      return { kind: "return", values: run() };
    } catch (error) {
      if (error instanceof RangeError) return { kind: "exhausted", message: trapMessage(Trap.CallStackExhausted) };
      if (error instanceof native.LinkError) throw new ModuleUnlinkable(error.message);
      if (!(error instanceof native.RuntimeError)) throw error;
      const trap = trapOfMessage(error.message);
      if (trap === undefined) throw new Error(`unknown trap: ${error.message}`);
      return { kind: "trap", message: trapMessage(trap) };
    }
  }

  private compare(what: string, ours: Outcome, theirs: Outcome): void {
    if (this.apart) return;
    this.compared++;
    if (ours.kind === "trap" && theirs.kind === "trap" && sameNativeTrap(trapCode(ours.message), trapCode(theirs.message))) return;
    const text = (value: unknown): string => JSON.stringify(value, (_, v) => (typeof v === "bigint" ? `0x${v.toString(16)}` : v));
    if (text(ours) !== text(theirs)) this.differences.push(`${what}: the machine ${text(ours)}, the engine ${text(theirs)}`);
  }

  /** The function with floats and vectors as integers, so that no bit is lost on the way through JavaScript. */
  private adapted(type: FuncType, f: NativeFunction): NativeFunction {
    const key = funcTypeName(type);
    let module = this.adapters.get(key);
    if (module === undefined) {
      module = new native.Module(adapterModule(type));
      this.adapters.set(key, module);
    }
    return new native.Instance(module, { env: { f } }).exports.f as NativeFunction;
  }
}

function trapCode(message: string): Trap {
  return Object.values(Trap).find((trap) => trapMessage(trap) === message) ?? Trap.None;
}

function spectestExports(): Record<string, unknown> {
  const nothing = (): void => {};
  const prints = ["print", "print_i32", "print_i64", "print_f32", "print_f64", "print_i32_f32", "print_f64_f64"];
  return {
    ...Object.fromEntries(prints.map((name) => [name, nothing])),
    global_i32: new native.Global({ value: "i32", mutable: false }, 666),
    global_i64: new native.Global({ value: "i64", mutable: false }, 666n),
    global_f32: new native.Global({ value: "f32", mutable: false }, 666.6),
    global_f64: new native.Global({ value: "f64", mutable: false }, 666.6),
    memory: new native.Memory({ initial: 1, maximum: 2 }),
    table: new native.Table({ element: "anyfunc", initial: 10, maximum: 20 }),
  };
}

function toRaw(types: readonly ValType[], args: readonly WastValue[]): unknown[] {
  return types.flatMap((type, i): unknown[] => {
    const arg = args[i]!;
    if (arg.kind === "null") return [null];
    if (arg.kind === "host") return [arg.number];
    if (!("bits" in arg)) throw new Error(`a script cannot pass a ${arg.kind}`);
    if (type === ValType.V128) return [BigInt.asIntN(64, arg.bits), BigInt.asIntN(64, arg.bits >> 64n)];
    return [type === ValType.I64 || type === ValType.F64 ? BigInt.asIntN(64, arg.bits) : Number(BigInt.asIntN(32, arg.bits))];
  });
}

const kinds: Readonly<Record<number, "i32" | "i64" | "f32" | "f64">> = {
  [ValType.I32]: "i32",
  [ValType.I64]: "i64",
  [ValType.F32]: "f32",
  [ValType.F64]: "f64",
};

function fromRaw(types: readonly ValType[], result: unknown): WastValue[] {
  const width = types.reduce((sum, type) => sum + (type === ValType.V128 ? 2 : 1), 0);
  const raw = width === 0 ? [] : width === 1 ? [result] : [...(result as Iterable<unknown>)];
  let at = 0;
  return types.map((type): WastValue => {
    const value = raw[at++];
    if (type === ValType.V128) {
      const high = raw[at++] as bigint;
      return { kind: "v128", bits: (BigInt.asUintN(64, high) << 64n) | BigInt.asUintN(64, value as bigint) };
    }
    const kind = kinds[type];
    if (kind === undefined) {
      if (value === null) return { kind: "null" };
      return typeof value === "function" ? { kind: "func" } : { kind: "host", number: value as number };
    }
    return { kind, bits: typeof value === "bigint" ? BigInt.asUintN(64, value) : BigInt((value as number) >>> 0) };
  });
}

/** `(func (export "f") …)` that calls the import `env.f` of the type, floats as integers and vectors as two. */
function adapterModule({ params, results }: FuncType): Uint8Array {
  const raw = (types: readonly ValType[]): ValType[] =>
    types.flatMap((type) =>
      type === ValType.V128
        ? [ValType.I64, ValType.I64]
        : type === ValType.F32
          ? [ValType.I32]
          : type === ValType.F64
            ? [ValType.I64]
            : [type],
    );
  const whole = new ByteWriter(256);
  whole.raw(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
  const section = (id: number, write: (part: ByteWriter) => void): void => {
    const part = new ByteWriter(64);
    write(part);
    whole.u8(id);
    whole.number(part.length);
    whole.raw(part.view());
  };
  section(1, (part) => {
    part.u8(2);
    for (const [from, to] of [
      [params, results],
      [raw(params), raw(results)],
    ] as const) {
      part.u8(0x60);
      for (const list of [from, to]) {
        part.number(list.length);
        for (const type of list) part.u8(type);
      }
    }
  });
  section(2, (part) => {
    part.raw(Uint8Array.of(1, 3, 0x65, 0x6e, 0x76, 1, 0x66, 0, 0));
  });
  section(3, (part) => part.raw(Uint8Array.of(1, 1)));
  section(7, (part) => part.raw(Uint8Array.of(1, 1, 0x66, 0, 1)));
  section(10, (part) => {
    const body = new ByteWriter(128);
    // A local for each result.
    body.number(results.length);
    for (const type of results) body.raw(Uint8Array.of(1, type));
    let local = 0;
    const get = (): void => {
      body.u8(0x20);
      body.number(local++);
    };
    for (const type of params) {
      get();
      if (type === ValType.F32) body.u8(0xbe);
      else if (type === ValType.F64) body.u8(0xbf);
      else if (type === ValType.V128) {
        body.raw(Uint8Array.of(0xfd, 0x12));
        get();
        body.raw(Uint8Array.of(0xfd, 0x1e, 1));
      }
    }
    body.raw(Uint8Array.of(0x10, 0));
    for (let i = results.length - 1; i >= 0; i--) {
      body.u8(0x21);
      body.number(local + i);
    }
    for (const type of results) {
      const result = local;
      get();
      if (type === ValType.F32) body.u8(0xbc);
      else if (type === ValType.F64) body.u8(0xbd);
      else if (type === ValType.V128) {
        body.raw(Uint8Array.of(0xfd, 0x1d, 0));
        body.u8(0x20);
        body.number(result);
        body.raw(Uint8Array.of(0xfd, 0x1d, 1));
      }
    }
    body.u8(0x0b);
    part.u8(1);
    part.number(body.length);
    part.raw(body.view());
  });
  return whole.view();
}
