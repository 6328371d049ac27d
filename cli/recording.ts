/**
 * A recording from its start to its end: program, recorder, files and signals together. A trace is usable whatever ends
 * the recording; nothing that exists is touched before the program is known to be runnable.
 */
import { isComponent } from "../component/binary.ts";
import { Recorder } from "../rr/recorder.ts";
import { RecordingSnapshots } from "../rr/sidecar.ts";
import { DEFAULT_STACK_BYTES } from "../vm/store.ts";
import { PREVIEW1, PREVIEW1_MODULE } from "../wasi/preview1.ts";
import { CliError, ExitCode, errorLine, usageError } from "./errors.ts";
import { guestMachine, loadGuest, runGuest } from "./guest.ts";
import type { GuestOptions } from "./guest-options.ts";
import { readProgram } from "./module-file.ts";
import { occasionally, openSink, type RecordSettings, traceName, waitingCalls } from "./recording-output.ts";
import { STORED_POLICY, storeRecorded } from "./sidecar.ts";
import { isTerminal, noticeLine, STDERR } from "./terminal.ts";

class Interrupted extends Error {}

/** Records a program; returns the exit code. */
export async function record(path: string, words: readonly string[], options: GuestOptions, settings: RecordSettings): Promise<number> {
  const bytes = readProgram(path);
  if (isComponent(bytes)) {
    const { recordComponent } = await import("./component-recording.ts");
    return recordComponent(path, bytes, words, options, settings);
  }
  if (settings.audit) throw usageError("--audit is for scripts and components: what WASI preview 1 writes is known");
  const signals = new Signals();
  let flush = (): void => {};
  const waits = waitingCalls();
  const guest = loadGuest(path, bytes, words, options, {
    // A blocked call gives no other chance to react: the signal's own action ends the process, and the trace is whole so far.
    beforeBlocking: (func, args) => {
      if (!waits(func, args)) return;
      flush();
      signals.release();
    },
    afterBlocking: () => signals.catch(),
  });
  const output = settings.output ?? traceName(path);
  const sink = openSink(path, output);
  const env = guest.env.map(([name, value]) => `${name}=${value}`);
  const recorder = new Recorder(sink, { stackBytes: DEFAULT_STACK_BYTES, program: guest.name, args: guest.args, env });
  const machine = guestMachine(guest, { stackBytes: DEFAULT_STACK_BYTES, journal: recorder });
  recorder.attach(machine.store);
  flush = occasionally(() => recorder.flush());
  const snapshots = settings.snapshots
    ? new RecordingSnapshots(machine.store, () => recorder.eventCount, { policy: STORED_POLICY })
    : undefined;
  // A signal that came while wasm ran is still on its way to us: it must be here before the program waits.
  machine.pauseBefore = (funcAddr, argSlot) => {
    const func = machine.store.funcs[funcAddr]!;
    const known = func.kind === "host" && func.module === PREVIEW1_MODULE ? PREVIEW1.get(func.name) : undefined;
    return known?.mayBlock === true && waits(known, [machine.store.i32[argSlot * 2]! >>> 0]);
  };
  machine.onSlice = () => {
    if (signals.received) throw new Interrupted();
    snapshots?.look();
  };
  const finish = async (): Promise<void> => {
    recorder.finish();
    await storeRecorded(output, snapshots);
  };
  signals.catch();
  try {
    const exitCode = await runGuest(guest, machine, (funcAddr, args) => machine.callAsync(funcAddr, args));
    await finish();
    if (isTerminal(STDERR)) noticeLine(`recorded ${recorder.eventCount} events, ${machine.store.tick} ticks in ${output}`);
    return exitCode;
  } catch (error) {
    // A disk that is full is no fault of the trace.
    if (recorder.failure !== undefined) throw new CliError(ExitCode.Failure, "recording", errorLine(recorder.failure));
    if (!(error instanceof Interrupted)) throw error;
    await finish();
    noticeLine(`interrupted: ${output} holds the recording up to tick ${machine.store.tick}`);
    return ExitCode.Interrupted;
  } finally {
    signals.release();
  }
}

/** Ctrl-C and its kin: caught between slices, left alone while the program waits in a call. */
class Signals {
  received = false;
  private caught = false;
  private readonly listener = (): void => {
    this.received = true;
  };

  catch(): void {
    if (this.caught) return;
    this.caught = true;
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, this.listener);
  }

  release(): void {
    if (!this.caught) return;
    this.caught = false;
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, this.listener);
  }
}
