/**
 * A recording of a component from its start to its end, at the boundary of its core modules. The component runs in one
 * synchronous call, so no signal is heard: its own action ends the process, and what was written until then is a trace.
 */
import { MemoryAudit } from "../embed/audit.ts";
import { WriteTracker } from "../embed/tracker.ts";
import { createJsApi } from "../jsapi/namespace.ts";
import { Recorder } from "../rr/recorder.ts";
import { RecordingSnapshots } from "../rr/sidecar.ts";
import type { TraceSink } from "../rr/storage.ts";
import { EndReason } from "../rr/trace-format.ts";
import type { Machine } from "../vm/machine.ts";
import { DEFAULT_STACK_BYTES, type Store } from "../vm/store.ts";
import { type ComponentEnd, type ComponentGuest, loadComponentGuest, printEnd, runComponentGuest } from "./component-guest.ts";
import { componentView } from "./component-view.ts";
import { CliError, ExitCode, errorLine } from "./errors.ts";
import type { GuestOptions } from "./guest-options.ts";
import { occasionally, openSink, type RecordSettings, traceName } from "./recording.ts";
import { STORED_POLICY, storeRecorded } from "./sidecar.ts";
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
  const recorder = new Recorder(sink, {
    stackBytes: DEFAULT_STACK_BYTES,
    program: guest.name,
    args: guest.args,
    env: guest.env.map(([name, value]) => `${name}=${value}`),
    host: "component",
    component: componentView(guest.bytes, guest.outline),
  });
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
    wrapBuffer: (memoryAddr, buffer) => {
      tracker.track(buffer, memoryAddr);
      return buffer;
    },
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
  const end = tracked(tracker, () => runComponentGuest(guest, api));
  tracker.flush(report);
  if (recorder.failure === undefined) recorder.finish(EndReason.Finished, end);
  return { end, recorder, store, snapshots, audit: audit === undefined ? undefined : { checks: audit.checks, missed } };
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
  const guest = await loadComponentGuest(path, bytes, words, options);
  const output = settings.output ?? traceName(path);
  const { end, recorder, store, snapshots, audit } = recordComponentGuest(guest, openSink(path, output), settings);
  // A disk that is full is no fault of the component.
  if (recorder.failure !== undefined) throw new CliError(ExitCode.Failure, "recording", errorLine(recorder.failure));
  await storeRecorded(output, snapshots);
  const exitCode = printEnd(end);
  if (audit?.missed !== undefined) throw audit.missed;
  if (isTerminal(STDERR)) noticeLine(`recorded ${recorder.eventCount} events, ${store.tick} ticks in ${output}`);
  return exitCode;
}
