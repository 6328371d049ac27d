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
import { Machine, type MachineOptions } from "../../vm/machine.ts";
import type { Store } from "../../vm/store.ts";
import { ExternKind, isRefType, isWide, type Module, ValType } from "../../vm/types.ts";
import type { Value } from "../../vm/value.ts";
import { checkedModule, WAYS, type Way } from "../support/machines.ts";
import { mulberry32 } from "../support/random.ts";
import { compareNatively } from "./natively.ts";
import { type Call, callsOf, firstDifference, outcome, sum, type Transcript, text, zeroImports } from "./transcript.ts";
import { inV8, mayWait, runInV8 } from "./v8.ts";

export interface Verdict {
  /** What differs, or undefined. */
  readonly difference?: string | undefined;
  /** Whether V8 ran the module as it is, and whether it was recorded on V8 too. */
  readonly inV8: boolean;
  readonly natively: boolean;
  /** The calls that were compared. */
  readonly calls: number;
  /** Why it was left before the end, if it was. */
  readonly left?: string | undefined;
}

const NOTHING: Verdict = { inV8: false, natively: false, calls: 0 };

/** Calls that end within a few million instructions anyway; a limit for those that binaryen's own does not stop. */
const MAX_TICKS = 50_000_000;

/** Small: thousands of machines are made. */
const STACK_BYTES = 1 << 18;

/**
 * Compares one module. `seed` chooses arguments and positions; with `nans`, what V8 makes of NaNs is not compared but on
 * code that was rewritten to follow the profile. Throws only for defects of the comparison itself.
 */
export async function compareModule(bytes: Uint8Array, seed: number, nans: boolean): Promise<Verdict> {
  let module: Module;
  try {
    module = checkedModule(bytes);
  } catch (error) {
    // Binaryen's rule for them is looser than that of the specification.
    if (/^uninitialized local/.test((error as Error).message) && !inV8(bytes))
      return { ...NOTHING, left: "binaryen reads a local before it is set" };
    return { ...NOTHING, difference: `rejected${inV8(bytes) ? ", V8 accepts it" : ""}: ${message(error)}` };
  }
  const calls = callsOf(module, seed);
  const runs = new Map<Way, OwnRun>();
  try {
    for (const way of WAYS) runs.set(way, runOwn(module, calls, way));
  } catch (error) {
    if (error instanceof UnsupportedError || error instanceof LinkError || error instanceof ResourceError)
      return { ...NOTHING, left: error.message.replace(/ \(at .*/, "") };
    return { ...NOTHING, difference: `threw ${message(error)}` };
  }
  const exact = runs.get("exact")!;
  if (exact.endless) return { ...NOTHING, left: "calls that do not end" };
  const own =
    compareWays(runs, exact) ??
    (await compareReplay(module, calls, exact, seed).catch((error: unknown) => `replaying throws ${(error as Error).stack ?? error}`));
  const verdict: Verdict = { ...NOTHING, calls: calls.length, difference: own };
  if (own !== undefined || !inV8(bytes) || mayWait(module)) return verdict;
  if (!nans) {
    const difference = firstDifference("V8", runInV8(module, bytes, calls), "exact", exact.transcript);
    if (difference !== undefined) return { ...verdict, inV8: true, difference };
  }
  const recorded = await compareNatively(module, calls, exact.transcript);
  return { ...verdict, inV8: !nans, natively: recorded.natively, difference: recorded.difference };
}

function compareWays(runs: ReadonlyMap<Way, OwnRun>, exact: OwnRun): string | undefined {
  for (const [way, run] of runs) {
    const difference = firstDifference("exact", exact.transcript, way, run.transcript);
    if (difference !== undefined) return difference;
    if (run.tick !== exact.tick || run.hash !== exact.hash) return `${way} ends at tick ${run.tick}, exact at ${exact.tick}; states differ`;
  }
  return undefined;
}

function message(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
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
  const { instanceAddr, start } = machine.instantiate(module, zeroImports(module, machine, transcript));
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
