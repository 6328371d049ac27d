/**
 * One module recorded on the WebAssembly of this process, rewritten so that its NaNs follow the profile, and replayed in our
 * machine: the calls have the outcomes they have there, and in the end the engine's memories are those of the replay.
 */
import { NativeMachine } from "../../native/machine.ts";
import { Replayer } from "../../rr/replayer.ts";
import { MemorySink, MemoryStorage } from "../../rr/storage.ts";
import { EndReason } from "../../rr/trace-format.ts";
import { RewasmError } from "../../vm/errors.ts";
import type { EngineFunction } from "../../vm/host.ts";
import type { ExternAddr } from "../../vm/store.ts";
import { ExternKind, type Module } from "../../vm/types.ts";
import { type Call, firstDifference, outcome, type Transcript, zeroImports } from "./transcript.ts";

export interface NativeVerdict {
  readonly difference: string | undefined;
  /** False when native recording refuses the module. */
  readonly natively: boolean;
}

const REFUSED: NativeVerdict = { difference: undefined, natively: false };

/** Compares with what our machine has shown of the same calls. */
export async function compareNatively(module: Module, calls: readonly Call[], exact: Transcript): Promise<NativeVerdict> {
  const sink = new MemorySink();
  const machine = new NativeMachine({ sink });
  const transcript: Transcript = { lines: [], exhausted: false };
  try {
    runCalls(machine, module, calls, transcript);
  } catch (error) {
    if (error instanceof RewasmError && error.code === "native-unsupported") return REFUSED;
    return { difference: `natively: ${(error as Error).stack}`, natively: true };
  }
  machine.finish();
  const shown = { ...exact, lines: exact.lines.slice(0, transcript.lines.length) };
  const difference =
    firstDifference("exact", shown, "natively", transcript) ??
    (await compareReplay(machine, new MemoryStorage(sink.bytes()), transcript).catch((error) => `native trace: ${(error as Error).stack}`));
  return { difference, natively: true };
}

function runCalls(machine: NativeMachine, module: Module, calls: readonly Call[], transcript: Transcript): void {
  const made = zeroImports(module, machine, transcript);
  const imports = module.imports.map(({ module: from, name, desc }): ExternAddr => {
    const given = made[from]![name]!;
    if (typeof given !== "function" || desc.kind !== ExternKind.Func) return given as ExternAddr;
    const type = module.types[desc.typeIndex]!.func!;
    return { kind: ExternKind.Func, addr: machine.addHostFunc(type, given as EngineFunction, from, name) };
  });
  const { instanceAddr, start } = machine.instantiate(module, imports);
  transcript.lines.push(`start ${outcome(start, [], transcript)}`);
  if (start.kind !== "return") return;
  for (const { name, args } of calls) {
    const { addr } = machine.export(instanceAddr, name)!;
    const events = machine.recorder.eventCount;
    const result = machine.call(addr, args);
    // The trace has ended, for a reason that it tells: what came since does not count.
    if (machine.recorder.eventCount === events) return;
    transcript.lines.push(`${name}(${args}) ${outcome(result, machine.store.funcs[addr]!.type.results, transcript)}`);
    if (transcript.exhausted) return;
  }
}

/** Replays all of the trace; what differs between the engine's memories and the machine's, or undefined. */
async function compareReplay(machine: NativeMachine, storage: MemoryStorage, { lines }: Transcript): Promise<string | undefined> {
  const replayer = await Replayer.open(storage);
  await replayer.runTo();
  // After a trap, stores may be left whose NaNs nobody has looked at.
  if (replayer.reader.endReason !== EndReason.Finished || lines.at(-1)!.endsWith("traps")) return undefined;
  for (const [addr, { memory }] of machine.store.memories.entries()) {
    const [theirs, ours] = [new Uint8Array(memory.buffer), replayer.store.memories[addr]!.bytes];
    if (theirs.length !== ours.length) return `memory ${addr} has ${theirs.length} bytes natively, ${ours.length} in its replay`;
    const byteAddr = ours.findIndex((byte, at) => byte !== theirs[at]);
    if (byteAddr >= 0) return `memory ${addr} at ${byteAddr} is ${theirs[byteAddr]} natively, ${ours[byteAddr]} in its replay`;
  }
  return undefined;
}
