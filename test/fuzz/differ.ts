/**
 * One module in V8 and in every way that this machine has: all exports called in turn, then results, traps, what was told
 * the host, globals and memories compared; the recording of the same calls replayed and sought at random.
 */

import { Recorder } from "../../rr/recorder.ts";
import { Replayer } from "../../rr/replayer.ts";
import { MemorySink, MemoryStorage } from "../../rr/storage.ts";
import { Timeline } from "../../rr/timeline.ts";
import { SnapshotTaker } from "../../snapshot/capture.ts";
import { stateHash } from "../../snapshot/hash.ts";
import { LinkError, ResourceError, UnsupportedError } from "../../vm/errors.ts";
import type { HostFunction } from "../../vm/host.ts";
import { type CallResult, Machine, type MachineOptions } from "../../vm/machine.ts";
import type { ExternAddr, Store } from "../../vm/store.ts";
import { Trap } from "../../vm/trap.ts";
import { ExternKind, type FuncType, isRefType, isWide, type Module, slotCount, ValType } from "../../vm/types.ts";
import { readValues, type Value } from "../../vm/value.ts";
import { binary, type Part, section, sized, vector } from "../support/binary.ts";
import { checkedModule, WAYS, type Way } from "../support/machines.ts";
import { mulberry32 } from "../support/random.ts";

export interface Verdict {
  /** What differs, or undefined. */
  readonly difference: string | undefined;
  /** Whether V8 had the module, and the calls that were compared. */
  readonly native: boolean;
  readonly calls: number;
  /** Why it was left before the end, if it was. */
  readonly left: string | undefined;
}

/** Everything about a run that must be the same everywhere. */
export interface Transcript {
  readonly lines: string[];
  /** A call that used up the stack: what follows may differ. */
  exhausted: boolean;
}

interface Call {
  readonly name: string;
  readonly args: readonly Value[];
}

/** Calls that end within a few million instructions anyway; a limit for those that binaryen's own does not stop. */
const MAX_TICKS = 50_000_000;

/** Small: thousands of machines are made. */
const STACK_BYTES = 1 << 18;

/** Compares one module. `seed` chooses arguments and positions. Throws only for defects of the comparison itself. */
export async function compareModule(bytes: Uint8Array, seed: number): Promise<Verdict> {
  let module: Module;
  try {
    module = checkedModule(bytes);
  } catch (error) {
    const accepted = native.validate(bytes);
    return {
      difference: `${accepted ? "rejected, V8 accepts it" : "rejected"}: ${message(error)}`,
      native: accepted,
      calls: 0,
      left: undefined,
    };
  }
  const calls = callsOf(module, seed);
  const runs = new Map<string, OwnRun>();
  try {
    for (const way of WAYS) runs.set(way, runOwn(module, calls, way));
  } catch (error) {
    if (!(error instanceof UnsupportedError || error instanceof LinkError || error instanceof ResourceError))
      return { difference: `threw ${message(error)}`, native: false, calls: 0, left: undefined };
    return { difference: undefined, native: false, calls: 0, left: error.message.replace(/ \(at .*/, "") };
  }
  const exact = runs.get("exact")!;
  if (exact.endless) return { difference: undefined, native: false, calls: 0, left: "calls that do not end" };
  for (const [way, run] of runs) {
    const difference = firstDifference("exact", exact.transcript, way, run.transcript);
    if (difference !== undefined) return { difference, native: false, calls: calls.length, left: undefined };
    if (run.tick !== exact.tick || run.hash !== exact.hash) {
      return {
        difference: `${way} ends at tick ${run.tick}, exact at ${exact.tick}; states differ`,
        native: false,
        calls: calls.length,
        left: undefined,
      };
    }
  }
  const replayed = await compareReplay(module, calls, exact, seed);
  if (replayed !== undefined) return { difference: replayed, native: false, calls: calls.length, left: undefined };
  if (!native.validate(bytes) || waits(module)) return { difference: undefined, native: false, calls: calls.length, left: undefined };
  const theirs = runNative(module, bytes, calls);
  return { difference: firstDifference("V8", theirs, "exact", exact.transcript), native: true, calls: calls.length, left: undefined };
}

function message(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

/** The first line in which two transcripts differ; nothing counts after a call that used up either stack. */
export function firstDifference(nameA: string, a: Transcript, nameB: string, b: Transcript): string | undefined {
  for (let i = 0; i < Math.max(a.lines.length, b.lines.length); i++) {
    const [left, right] = [a.lines[i], b.lines[i]];
    if (left === right) continue;
    const exhausted =
      [left, right].some((line) => line?.endsWith("exhausted")) ||
      ((a.exhausted || b.exhausted) && (left ?? right ?? "").startsWith("end "));
    return exhausted ? undefined : `${nameA}: ${left ?? "nothing"}; ${nameB}: ${right ?? "nothing"}`;
  }
  return undefined;
}

// ---- calls

function callsOf(module: Module, seed: number): Call[] {
  const random = mulberry32(seed ^ 0x5eed);
  const calls: Call[] = [];
  // Binaryen limits loops and recursion by a counter, which this export sets anew.
  const reset = module.exports.find(({ name }) => name === "hangLimitInitializer");
  for (const { name, kind, index } of module.exports) {
    if (kind !== ExternKind.Func || name === reset?.name) continue;
    const type = module.funcTypes[index]!;
    if (!isCallable(type)) continue;
    if (reset !== undefined) calls.push({ name: reset.name, args: [] });
    calls.push({ name, args: type.params.map((param) => randomValue(param, random)) });
  }
  return calls;
}

/** Whether JavaScript can call it: vectors and exceptions do not cross, and null is the only reference to give. */
function isCallable({ params, results }: FuncType): boolean {
  const crosses = (type: ValType): boolean => type !== ValType.V128 && type !== ValType.ExnRef && type !== ValType.NullExnRef;
  return params.every((type) => crosses(type) && (!isRefType(type) || (type & 0x80) === 0)) && results.every(crosses);
}

const INTERESTING = [0, 1, -1, 2, 7, 0x7fffffff, -0x80000000, 100, 255, 65535];

function randomValue(type: ValType, random: () => number): Value {
  const small = INTERESTING[Math.floor(random() * INTERESTING.length)]!;
  switch (type) {
    case ValType.I32:
      return random() < 0.5 ? small : (random() * 2 ** 32) | 0;
    case ValType.I64:
      return BigInt.asIntN(64, random() < 0.5 ? BigInt(small) : BigInt(Math.floor(random() * 2 ** 53)) * 2049n);
    case ValType.F32:
      return Math.fround(random() < 0.5 ? small : random() * 1e6);
    case ValType.F64:
      return random() < 0.5 ? small : random() * 1e12 - 5e11;
    default:
      return 0;
  }
}

function text(value: unknown, type: ValType): string {
  if (isRefType(type)) return value === null || value === 0 ? "null" : "ref";
  return Object.is(value, -0) ? "-0" : `${value}`;
}

// ---- this machine

interface OwnRun {
  readonly transcript: Transcript;
  readonly tick: number;
  readonly hash: string;
  readonly endless: boolean;
}

function runOwn(module: Module, calls: readonly Call[], way: Way, options: MachineOptions = {}, attach?: (store: Store) => void): OwnRun {
  const transcript: Transcript = { lines: [], exhausted: false };
  const machine = new Machine({ stackBytes: STACK_BYTES, generate: way === "generated" ? "eagerly" : false, ...options });
  machine.store.exactOnly = way === "exact";
  attach?.(machine.store);
  const { instanceAddr, start } = machine.instantiate(module, ownImports(module, machine, transcript));
  transcript.lines.push(`start ${outcome(start, [], transcript)}`);
  let endless = false;
  if (start.kind === "return") {
    for (const { name, args } of calls) {
      const { addr } = machine.export(instanceAddr, name)!;
      const { results } = machine.store.funcs[addr]!.type;
      const result = machine.call(addr, args);
      transcript.lines.push(`${name}(${args}) ${outcome(result, results, transcript)}`);
      endless ||= machine.store.tick > MAX_TICKS;
      if (transcript.exhausted || endless) break;
    }
  }
  transcript.lines.push(...ownEnd(module, machine, instanceAddr));
  return { transcript, tick: machine.store.tick, hash: hashOf(machine.store), endless };
}

function outcome(result: CallResult, results: readonly ValType[], transcript: Transcript): string {
  if (result.kind === "return") return `returns ${result.values.map((value, i) => text(value, results[i]!)).join(" ")}`;
  if (result.kind !== "trap") return result.kind;
  if (result.trap !== Trap.CallStackExhausted) return "traps";
  transcript.exhausted = true;
  return "exhausted";
}

function ownImports(module: Module, machine: Machine, { lines }: Transcript): Record<string, Record<string, ExternAddr | HostFunction>> {
  const imports: Record<string, Record<string, ExternAddr | HostFunction>> = {};
  for (const { module: from, name, desc } of module.imports) {
    imports[from] ??= {};
    if (desc.kind === ExternKind.Func) {
      const { params, results } = module.types[desc.typeIndex]!.func!;
      imports[from][name] = ({ machine: { store }, slot }) => {
        // With vectors it is a function of V8's own there, which tells nobody.
        if (!hasVectors(params, results)) {
          lines.push(
            `${name} ${readValues(store, slot, params)
              .map((value, i) => text(value, params[i]!))
              .join(" ")}`,
          );
        }
        store.i64.fill(0n, slot, slot + slotCount(results));
      };
    } else if (desc.kind === ExternKind.Global) {
      // Zero, null, or something of the host.
      imports[from][name] = {
        kind: ExternKind.Global,
        addr: machine.addGlobal(desc.type, desc.type.valType === ValType.ExternRef ? 1n : 0n),
      };
    } else if (desc.kind === ExternKind.Memory) imports[from][name] = { kind: ExternKind.Memory, addr: machine.addMemory(desc.type) };
    else if (desc.kind === ExternKind.Table) imports[from][name] = { kind: ExternKind.Table, addr: machine.addTable(desc.type) };
    else throw new UnsupportedError("imported tags are not compared");
  }
  return imports;
}

function ownEnd(module: Module, machine: Machine, instanceAddr: number): string[] {
  const { store } = machine;
  const lines: string[] = [];
  for (const { name, kind } of module.exports) {
    const extern = machine.export(instanceAddr, name)!;
    if (kind === ExternKind.Global) {
      const global = store.globals[extern.addr]!;
      const { valType } = global.type;
      if (valType === ValType.V128 || isRefType(valType)) continue;
      lines.push(`end ${name} ${text(numberOf(store.globalBits(global), valType), valType)}`);
    } else if (kind === ExternKind.Memory) lines.push(`end ${name} ${sum(store.memories[extern.addr]!.bytes)}`);
  }
  return lines;
}

const scratch = new DataView(new ArrayBuffer(8));

function numberOf(bits: bigint, type: ValType): Value {
  scratch.setBigInt64(0, BigInt.asIntN(64, bits));
  if (type === ValType.I64) return scratch.getBigInt64(0);
  if (isWide(type)) return scratch.getFloat64(0);
  return type === ValType.F32 ? scratch.getFloat32(4) : scratch.getInt32(4);
}

/** Enough to tell memories apart, and the same text for equal ones. */
function sum(bytes: Uint8Array): string {
  let hash = bytes.length;
  for (let i = 0; i < bytes.length; i++) hash = (Math.imul(hash, 31) + bytes[i]!) | 0;
  return hash.toString(16);
}

function hashOf(store: Store): string {
  return stateHash(new SnapshotTaker(store).capture(0));
}

const finePolicy = { intervalTicks: 1 << 10, keepFactor: 4, byteBudget: 1 << 26 };
const POSITIONS = 4;

/** Records the calls, replays them whole and to random positions, and steps there and back; what differs, or undefined. */
async function compareReplay(module: Module, calls: readonly Call[], exact: OwnRun, seed: number): Promise<string | undefined> {
  const sink = new MemorySink();
  const recorder = new Recorder(sink, { stackBytes: STACK_BYTES });
  const recorded = runOwn(module, calls, "fast", { journal: recorder }, (store) => recorder.attach(store));
  recorder.finish();
  const storage = new MemoryStorage(sink.bytes());
  const difference = firstDifference("exact", exact.transcript, "recorded", recorded.transcript);
  if (difference !== undefined) return difference;
  const replayer = await Replayer.open(storage);
  await replayer.runTo({ tick: recorded.tick });
  if (replayer.store.tick !== recorded.tick) return `replay ends at tick ${replayer.store.tick}, the recording at ${recorded.tick}`;
  const timeline = await Timeline.open(storage, { policy: finePolicy, intervalTicks: 1 << 12 });
  const random = mulberry32(seed ^ 0x7e9);
  for (let i = 0; i < POSITIONS; i++) {
    const tick = Math.floor(random() * (recorded.tick + 1));
    await timeline.seekTick(tick);
    const fresh = await Replayer.open(storage);
    await fresh.runTo({ tick });
    const hash = timeline.stateHash();
    const straight = stateHash(new SnapshotTaker(fresh.store).capture(fresh.eventNumber));
    if (hash !== straight) return `seek to tick ${tick} gives another state than a replay from the start`;
    await timeline.step();
    await timeline.reverseStep(timeline.position.tick - tick);
    if (timeline.stateHash() !== hash) return `a step forward and back at tick ${tick} changes the state`;
  }
  return undefined;
}

// ---- V8

interface NativeGlobal {
  value: unknown;
}
interface NativeApi {
  validate(bytes: Uint8Array): boolean;
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object, imports: object) => { readonly exports: Readonly<Record<string, unknown>> };
  Global: new (type: { readonly value: string; readonly mutable: boolean }, value?: unknown) => NativeGlobal;
  Memory: new (type: object) => object;
  Table: new (type: object) => object;
}
const { WebAssembly: native } = globalThis as unknown as { WebAssembly: NativeApi };

const globalTypeNames: Readonly<Record<number, string>> = {
  [ValType.I32]: "i32",
  [ValType.I64]: "i64",
  [ValType.F32]: "f32",
  [ValType.F64]: "f64",
  [ValType.ExternRef]: "externref",
  [ValType.FuncRef]: "anyfunc",
};

/** Whether V8 would block the thread. */
function waits(module: Module): boolean {
  return module.memoryTypes.some(({ shared }) => shared === true);
}

function runNative(module: Module, bytes: Uint8Array, calls: readonly Call[]): Transcript {
  const transcript: Transcript = { lines: [], exhausted: false };
  const { lines } = transcript;
  const guarded = (results: readonly ValType[], call: () => unknown): string => {
    try {
      const result = call();
      const values = results.length === 0 ? [] : results.length === 1 ? [result] : [...(result as Iterable<unknown>)];
      return `returns ${values.map((value, i) => text(value, results[i]!)).join(" ")}`;
    } catch (error) {
      if (!(error instanceof RangeError)) return "traps";
      transcript.exhausted = true;
      return "exhausted";
    }
  };
  let exports: Readonly<Record<string, unknown>> | undefined;
  const start = guarded([], () => {
    exports = new native.Instance(new native.Module(bytes), nativeImports(module, transcript)).exports;
  });
  lines.push(`start ${start}`);
  if (exports === undefined) return transcript;
  for (const { name, args } of calls) {
    const type = module.funcTypes[module.exports.find((entry) => entry.name === name)!.index]!;
    const given = args.map((arg, i) => (isRefType(type.params[i]!) ? null : arg));
    lines.push(`${name}(${args}) ${guarded(type.results, () => (exports![name] as (...list: unknown[]) => unknown)(...given))}`);
    if (transcript.exhausted) break;
  }
  for (const { name, kind, index } of module.exports) {
    const type = kind === ExternKind.Global ? module.globalTypes[index]!.valType : undefined;
    if (type !== undefined && type !== ValType.V128 && !isRefType(type))
      lines.push(`end ${name} ${text((exports[name] as NativeGlobal).value, type)}`);
    if (kind === ExternKind.Memory)
      lines.push(`end ${name} ${sum(new Uint8Array((exports[name] as { readonly buffer: ArrayBuffer }).buffer))}`);
  }
  return transcript;
}

function nativeImports(module: Module, { lines }: Transcript): Record<string, Record<string, unknown>> {
  const imports: Record<string, Record<string, unknown>> = {};
  for (const { module: from, name, desc } of module.imports) {
    imports[from] ??= {};
    if (desc.kind === ExternKind.Func) {
      const { params, results } = module.types[desc.typeIndex]!.func!;
      if (hasVectors(params, results)) {
        imports[from][name] = zeroFunction(params, results);
        continue;
      }
      const zero = results.map((type) => (isRefType(type) ? null : type === ValType.I64 ? 0n : 0));
      imports[from][name] = (...args: unknown[]) => {
        lines.push(`${name} ${args.map((arg, i) => text(arg, params[i]!)).join(" ")}`);
        return results.length > 1 ? zero : zero[0];
      };
    } else if (desc.kind === ExternKind.Global) {
      const { valType, mutable } = desc.type;
      const value = isRefType(valType) ? (valType === ValType.ExternRef ? { some: "thing" } : null) : valType === ValType.I64 ? 0n : 0;
      imports[from][name] = new native.Global({ value: globalTypeNames[valType] ?? "externref", mutable }, value);
    } else if (desc.kind === ExternKind.Memory) {
      const { min, max } = desc.type.limits;
      imports[from][name] = new native.Memory({ initial: min, ...(max !== undefined && { maximum: max }) });
    } else if (desc.kind === ExternKind.Table) {
      const { min, max } = desc.type.limits;
      imports[from][name] = new native.Table({ element: "anyfunc", initial: min, ...(max !== undefined && { maximum: max }) });
    }
  }
  return imports;
}

function hasVectors(params: readonly ValType[], results: readonly ValType[]): boolean {
  return params.includes(ValType.V128) || results.includes(ValType.V128);
}

/** A function of wasm, not of JavaScript, that gives zeros. */
function zeroFunction(params: readonly ValType[], results: readonly ValType[]): unknown {
  const zeros = results.map((type): Part => {
    if (isRefType(type)) return [0xd0, type];
    if (type === ValType.V128) return [0xfd, 0x0c, new Uint8Array(16)];
    return [
      type === ValType.I32 ? 0x41 : type === ValType.I64 ? 0x42 : type === ValType.F32 ? 0x43 : 0x44,
      new Uint8Array(zeroBytes(type)),
    ];
  });
  const bytes = binary(
    section(1, vector([[0x60, vector(params), vector(results)]])),
    section(3, vector([0])),
    section(7, vector([[sized("f"), 0, 0]])),
    section(10, vector([sized(0, ...zeros, 0x0b)])),
  );
  return new native.Instance(new native.Module(bytes), {}).exports.f;
}

/** Bytes of the immediate of a constant zero. */
function zeroBytes(type: ValType): number {
  return type === ValType.F64 ? 8 : type === ValType.F32 ? 4 : 1;
}
