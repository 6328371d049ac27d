/**
 * A recording of the JavaScript program of this process: our namespace in place of the engine's, everything that crosses
 * into a trace, and an end of the trace whatever ends the process. The program itself is left alone: its output, exit code
 * and signals are its own.
 */
import { createHash } from "node:crypto";
import { resolve } from "node:path";
import { MemoryAudit } from "../embed/audit.ts";
import { patchBuffers } from "../embed/node-buffers.ts";
import { patchNodeModules, syncNodeModules } from "../embed/node-modules.ts";
import { type Crossing, patchThreads } from "../embed/node-threads.ts";
import { patchNodeWasi } from "../embed/node-wasi.ts";
import { WriteTracker } from "../embed/tracker.ts";
import { EngineBacking, exactBacking } from "../jsapi/exact-backing.ts";
import { createJsApi, type JsApi } from "../jsapi/namespace.ts";
import { native as engine } from "../native/engine.ts";
import { NativeMachine } from "../native/machine.ts";
import { Recorder } from "../rr/recorder.ts";
import type { TraceSink } from "../rr/storage.ts";
import { SnapshotTaker } from "../snapshot/capture.ts";
import { stateHash } from "../snapshot/hash.ts";
import type { Machine } from "../vm/machine.ts";
import type { MemoryBacking } from "../vm/memory.ts";
import { DEFAULT_STACK_BYTES, Store } from "../vm/store.ts";
import type { MemoryType } from "../vm/types.ts";
import { ExternKind } from "../vm/types.ts";
import { ExitCode, errorLine } from "./errors.ts";
import { FileSink, nodeDeflate } from "./file-storage.ts";
import { replaceNamespace } from "./namespace-switch.ts";
import { atProcessEnd } from "./process-end.ts";
import { removeSidecar } from "./sidecar.ts";
import { noticeLine } from "./terminal.ts";

export interface ScriptSettings {
  /** What runs the program's modules. */
  readonly engine: "interpreter" | "native";
  /** The trace file. */
  readonly output: string;
  /** Compare whole memories at each crossing. */
  readonly audit: boolean;
  /** Name of the program and its arguments, for people. */
  readonly program: string;
  readonly args: readonly string[];
}

/** What came of it. */
export interface ScriptReport {
  readonly trace: string;
  readonly events: number;
  readonly ticks: number;
  readonly bytes: number;
  readonly instances: number;
  /** Empty when a native engine has run the program: a replay knows it. */
  readonly stateHash: string;
  /** SHA-256 of each memory, which a replay has to end with. */
  readonly memories: readonly string[];
  /** Comparisons that --audit has made. */
  readonly audits: number;
}

/** Time between two writings of events that are whole, while the program waits. */
const FLUSH_MS = 250;

/** Begins to record what this process does from here on. `onEnd` is told once, when the trace is whole. */
export function recordThisProcess(settings: ScriptSettings, onEnd: (report: () => ScriptReport) => void = () => {}): void {
  const output = resolve(settings.output);
  const file = new FileSink(output);
  file.check();
  const sink = endingSink(file);
  const header = { program: settings.program, args: settings.args, host: "javascript" };
  // A program could take the refusal for a fault of its own and go on.
  const onRefused = (error: unknown): void => {
    finish();
    endNow(error);
  };
  const native = settings.engine === "native" ? new NativeMachine({ sink, deflate: nodeDeflate, header, onRefused }) : undefined;
  const recorder = native?.recorder ?? new Recorder(sink, { ...header, stackBytes: DEFAULT_STACK_BYTES });
  const tracker = new WriteTracker();
  let machine: Machine | NativeMachine | undefined = native;
  let audit: MemoryAudit | undefined;
  const report = (memoryAddr: number, byteAddr: number, byteLength: number): void => {
    machine!.memoryWritten(memoryAddr, byteAddr, byteLength);
    audit?.noted(memoryAddr, byteAddr, byteLength);
  };
  const enter = (): void => {
    tracker.flush(report);
    if (audit !== undefined) verify(audit, finish);
  };
  const backings: MemoryBacking[] = [];
  const backing = (memoryAddr: number, type: MemoryType): MemoryBacking => {
    backings[memoryAddr] = exactBacking(true, type);
    return backings[memoryAddr];
  };
  const api = createJsApi({
    ...(native === undefined ? { journal: recorder, backing, stackBytes: DEFAULT_STACK_BYTES } : { machine: native }),
    beforeEnter: enter,
    ...(settings.audit ? { afterLeave: () => audit!.left() } : {}),
    wrapBuffer: (memoryAddr, buffer) => tracker.track(buffer, memoryAddr),
  });
  if (native === undefined) {
    machine = api.machine;
    recorder.attach(api.machine.store);
    if (settings.audit) audit = new MemoryAudit(api.machine.store, Buffer.compare);
  }
  removeSidecar(output);

  const finish = atProcessEnd(() => {
    tracker.flush(report);
    recorder.finish();
    onEnd(() => describe(output, machine!, recorder, audit));
  });
  // A program that waits may be killed: what it has done is in the file by then.
  setInterval(() => recorder.flush(), FLUSH_MS).unref();
  tracker.install();
  patchBuffers(tracker.proxies, tracker.patches);
  patchNodeModules(tracker.views, tracker.patches);
  patchNodeWasi(tracker.views, tracker.patches, (value) => {
    const extern = api.addressOf(value);
    if (native !== undefined && extern?.kind === ExternKind.Memory) {
      return { memory: native.store.memories[extern.addr]!.memory, memoryAddr: extern.addr };
    }
    const backing = extern?.kind === ExternKind.Memory ? backings[extern.addr] : undefined;
    // A program may have asked for another kind of buffer since.
    const current = backing instanceof EngineBacking && backing.memory.buffer === machine!.store.memories[extern!.addr]!.buffer;
    return current ? { memory: backing.memory, memoryAddr: extern!.addr } : undefined;
  });
  patchThreads(tracker.views, tracker.patches, crossing(api, finish));
  syncNodeModules();
  replaceNamespace(api.WebAssembly);
}

/** What other threads may get of the namespace. */
function crossing(api: JsApi, finish: () => void): Crossing {
  const engineModules = new WeakMap<object, object>();
  return {
    engineModule: (value) => {
      const module = api.moduleOf(value);
      if (module === undefined) return undefined;
      let made = engineModules.get(module);
      if (made === undefined) {
        made = new engine.Module(module.bytes);
        engineModules.set(module, made);
      }
      return made;
    },
    uncloneable: (value) => {
      const kind = api.addressOf(value)?.kind;
      if (kind !== undefined) return ["Function", "Table", "Memory", "Global", "Tag"][kind];
      return api.instanceAddrOf(value) === undefined ? undefined : "Instance";
    },
    notice: (text) => noticeLine(`note: ${text}`),
    refuseShared: () => {
      finish();
      noticeLine("error: the program shares a memory with another thread: what that writes cannot be recorded");
      return nativeExit(ExitCode.Failure);
    },
  };
}

/** A trace that cannot be written any more ends the process: its program would be run for nothing. */
function endingSink(file: FileSink): TraceSink {
  const orEnd = (action: () => void): void => {
    try {
      action();
    } catch (error) {
      endNow(error);
    }
  };
  return { write: (bytes) => orEnd(() => file.write(bytes)), close: () => orEnd(() => file.close()) };
}

function endNow(error: unknown): never {
  noticeLine(`error: ${errorLine(error)}`);
  return nativeExit(ExitCode.Failure);
}

/** Ends the process with nothing more done: no listeners, no end of the trace. */
const nativeExit: (code: number) => never = (process as unknown as { reallyExit(code: number): never }).reallyExit.bind(process);

/** A missed byte ends the process: what follows would be no recording. */
function verify(audit: MemoryAudit, finish: () => void): void {
  try {
    audit.check();
  } catch (error) {
    finish();
    endNow(error);
  }
}

function describe(trace: string, { store }: Machine | NativeMachine, recorder: Recorder, audit: MemoryAudit | undefined): ScriptReport {
  return {
    trace,
    events: recorder.eventCount,
    ticks: store.tick,
    bytes: recorder.byteLength,
    instances: store.instances.length,
    stateHash: store instanceof Store ? stateHash(new SnapshotTaker(store).capture(recorder.eventCount)) : "",
    memories: store.memories.map(({ bytes }) => sha256(bytes)),
    audits: audit?.checks ?? 0,
  };
}

/** What Node hashes at once is less than 2 GiB. */
const HASH_BYTES = 1 << 30;

function sha256(bytes: Uint8Array): string {
  const hash = createHash("sha256");
  for (let at = 0; at < bytes.length; at += HASH_BYTES) hash.update(bytes.subarray(at, at + HASH_BYTES));
  return hash.digest("hex");
}
