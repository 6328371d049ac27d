/**
 * A recording of a component from its start to its end, at the boundary of its core modules. The component runs in one
 * synchronous call, so no signal is heard: its own action ends the process, and what was written until then is a trace.
 */
import { MemoryAudit } from "../embed/audit.ts";
import { WriteTracker } from "../embed/tracker.ts";
import { createJsApi } from "../jsapi/namespace.ts";
import { compileNatively } from "../native/engine.ts";
import { NativeMachine } from "../native/machine.ts";
import { Recorder } from "../rr/recorder.ts";
import { RecordingSnapshots } from "../rr/sidecar.ts";
import type { TraceSink } from "../rr/storage.ts";
import { EndReason, type TraceHeader } from "../rr/trace-format.ts";
import type { Machine } from "../vm/machine.ts";
import { DEFAULT_STACK_BYTES, type Store } from "../vm/store.ts";
import { type ComponentEnd, type ComponentGuest, loadComponentGuest, printEnd, runComponentGuest } from "./component-guest.ts";
import { componentView } from "./component-view.ts";
import { CliError, ExitCode, errorLine } from "./errors.ts";
import { nodeDeflate } from "./file-storage.ts";
import type { GuestOptions } from "./guest-options.ts";
import { occasionally, openSink, overflowNote, type RecordSettings, traceName } from "./recording-output.ts";
import { removeSidecar, STORED_POLICY, storeRecorded } from "./sidecar.ts";
import { isTerminal, noticeLine, STDERR } from "./terminal.ts";

/** A component that was recorded to its end. */
export interface ComponentRecording {
  readonly end: ComponentEnd;
  readonly recorder: Recorder;
  readonly store: Store;
  readonly snapshots: RecordingSnapshots | undefined;
  /** Of an audited recording: comparisons made, and what the first one found that failed. */
  readonly audit: { readonly checks: number; readonly missed: unknown } | undefined;
}

export interface ComponentRecordingOptions {
  /** Take snapshots on the way. */
  readonly snapshots?: boolean;
  /** Compare whole memories at each crossing; takes no snapshots. */
  readonly audit?: boolean;
}

/** Runs a component and records it into a sink. The trace is finished, unless the sink failed: then `recorder.failure` says why. */
export function recordComponentGuest(guest: ComponentGuest, sink: TraceSink, options: ComponentRecordingOptions = {}): ComponentRecording {
  const recorder = new Recorder(sink, { ...traceHeader(guest), stackBytes: DEFAULT_STACK_BYTES });
  const flush = occasionally(() => recorder.flush());
  const tracker = new WriteTracker();
  let machine: Machine | undefined;
  let audit: MemoryAudit | undefined;
  let missed: unknown;
  const report = (memoryAddr: number, byteAddr: number, byteLength: number): void => {
    machine!.memoryWritten(memoryAddr, byteAddr, byteLength);
    audit?.noted(memoryAddr, byteAddr, byteLength);
  };
  const check = (): void => {
    if (missed !== undefined) return;
    try {
      audit?.check();
    } catch (error) {
      missed = error;
    }
  };
  const api = createJsApi({
    journal: recorder,
    stackBytes: DEFAULT_STACK_BYTES,
    beforeEnter: () => {
      tracker.flush(report);
      if (audit !== undefined) check();
    },
    afterLeave: () => {
      audit?.left();
      flush();
    },
    wrapBuffer: (memoryAddr, buffer) => tracker.track(buffer, memoryAddr),
  });
  machine = api.machine;
  const { store } = machine;
  recorder.attach(store);
  if (options.audit) audit = new MemoryAudit(store, Buffer.compare);
  const snapshots =
    options.snapshots && !options.audit ? new RecordingSnapshots(store, () => recorder.eventCount, { policy: STORED_POLICY }) : undefined;
  machine.onSlice = () => {
    snapshots?.look();
    flush();
  };
  const end = tracked(tracker, () => runComponentGuest(guest, api.WebAssembly, api.machine));
  tracker.flush(report);
  if (recorder.failure === undefined) recorder.finish(EndReason.Finished, end);
  return { end, recorder, store, snapshots, audit: audit === undefined ? undefined : { checks: audit.checks, missed } };
}

/**
 * As `recordComponentGuest`, on the WebAssembly of this process. Throws RewasmError "native-unsupported" before anything
 * runs when that does not know a feature.
 */
export function recordComponentNatively(
  guest: ComponentGuest,
  sink: TraceSink,
): { readonly end: ComponentEnd; readonly machine: NativeMachine } {
  for (const bytes of guest.glue.coreModules.values()) compileNatively(bytes);
  const machine = new NativeMachine({ sink, deflate: nodeDeflate, header: traceHeader(guest) });
  const tracker = new WriteTracker();
  const report = (memoryAddr: number, byteAddr: number, byteLength: number): void =>
    machine.memoryWritten(memoryAddr, byteAddr, byteLength);
  const { WebAssembly } = createJsApi({
    machine,
    beforeEnter: () => tracker.flush(report),
    wrapBuffer: (memoryAddr, buffer) => tracker.track(buffer, memoryAddr),
  });
  const end = tracked(tracker, () => runComponentGuest(guest, WebAssembly, machine));
  tracker.flush(report);
  const { recorder } = machine;
  if (recorder.failure === undefined) recorder.finish(EndReason.Finished, end);
  return { end, machine };
}

function traceHeader(guest: ComponentGuest): Partial<TraceHeader> {
  return {
    program: guest.name,
    args: guest.args,
    env: guest.env.map(([name, value]) => `${name}=${value}`),
    host: "component",
    component: componentView(guest.bytes, guest.outline),
  };
}

/** Runs the component while every write into its memories is noted. */
function tracked<T>(tracker: WriteTracker, run: () => T): T {
  tracker.install();
  try {
    return run();
  } finally {
    tracker.uninstall();
  }
}

/** Records the component in `bytes`, those of `path`; returns the exit code. */
export async function recordComponent(
  path: string,
  bytes: Uint8Array,
  words: readonly string[],
  options: GuestOptions,
  settings: RecordSettings,
): Promise<number> {
  const guest = await loadComponentGuest(path, bytes, words, options, undefined, settings.native !== true);
  const output = settings.output ?? traceName(path);
  if (settings.native) return recordIntoNatively(guest, path, output);
  const { end, recorder, store, snapshots, audit } = recordComponentGuest(guest, openSink(path, output), settings);
  // A disk that is full is no fault of the component.
  if (recorder.failure !== undefined) throw new CliError(ExitCode.Failure, "recording", errorLine(recorder.failure));
  await storeRecorded(output, snapshots);
  const exitCode = printEnd(end);
  if (audit?.missed !== undefined) throw audit.missed;
  if (isTerminal(STDERR)) noticeLine(`recorded ${recorder.eventCount} events, ${store.tick} ticks in ${output}`);
  return exitCode;
}

/** Records natively into a file; returns the exit code. */
function recordIntoNatively(guest: ComponentGuest, path: string, output: string): number {
  const sink = openSink(path, output);
  // What lies beside the trace of before does not belong to this one.
  removeSidecar(output);
  const { end, machine } = recordComponentNatively(guest, sink);
  const { recorder, overflowed } = machine;
  if (recorder.failure !== undefined) throw new CliError(ExitCode.Failure, "recording", errorLine(recorder.failure));
  const exitCode = printEnd(end);
  if (overflowed) noticeLine(overflowNote(output));
  else if (isTerminal(STDERR)) noticeLine(`recorded ${recorder.eventCount} events in ${output}`);
  return exitCode;
}
