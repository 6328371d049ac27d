/** WASI commands on rewasm, recorded or not: what the recording, flite and travel sections run. */
import { FileSink } from "../cli/file-storage.ts";
import { STORED_POLICY, storeRecorded } from "../cli/sidecar.ts";
import { Recorder } from "../rr/recorder.ts";
import { RecordingSnapshots } from "../rr/sidecar.ts";
import { decodeModule } from "../vm/decode.ts";
import { type CallResult, describeCallResult, Machine } from "../vm/machine.ts";
import type { Module } from "../vm/types.ts";
import { validateModule } from "../vm/validate.ts";
import { createNodeWasi } from "../wasi/node.ts";
import { PREVIEW1_MODULE } from "../wasi/preview1.ts";
import type { CommandOptions } from "./v8-command.ts";

/** How one run ended, and how much it was. */
export interface RunFacts {
  readonly exitCode: number;
  readonly ticks: number;
  /** Zero when nothing was recorded. */
  readonly events: number;
  readonly traceBytes: number;
  /** Bytes of events before compression. */
  readonly rawBytes: number;
}

export interface RewasmCommand {
  /** Runs the command in a machine of its own, as `rewasm run` does. A trap is thrown as an error. */
  run(): Promise<RunFacts>;
  /** Runs and records it into a file with snapshots beside it, as `rewasm record` does. */
  record(path: string): Promise<RunFacts>;
}

function exitCodeOf(result: CallResult): number {
  if (result.kind === "trap") throw result.thrown ?? new Error(describeCallResult(result));
  return result.kind === "exit" ? result.exitCode : 0;
}

async function runOnce(module: Module, options: CommandOptions, path: string | undefined): Promise<RunFacts> {
  const [stdin, stdout, stderr] = options.stdio ?? [0, 1, 2];
  const preopens = Object.entries(options.preopens ?? {}).map(([guest, host]) => ({ guest, host }));
  const wasi = createNodeWasi({ args: options.args, env: Object.entries(options.env ?? {}), preopens, stdin, stdout, stderr });
  const recorder =
    path === undefined ? undefined : new Recorder(new FileSink(path), { program: options.args[0] ?? "", args: options.args });
  const machine = new Machine({ backing: wasi.backing, ...(recorder === undefined ? {} : { journal: recorder }) });
  let snapshots: RecordingSnapshots | undefined;
  if (recorder !== undefined) {
    recorder.attach(machine.store);
    snapshots = new RecordingSnapshots(machine.store, () => recorder.eventCount, { policy: STORED_POLICY });
    machine.onSlice = snapshots.look;
  }
  const { instanceAddr } = machine.instantiate(module, { [PREVIEW1_MODULE]: wasi.imports });
  const start = machine.export(instanceAddr, "_start");
  if (start === undefined) throw new Error(`${options.args[0]} is no WASI command`);
  const exitCode = exitCodeOf(await machine.callAsync(start.addr));
  recorder?.finish();
  if (path !== undefined) await storeRecorded(path, snapshots);
  return {
    exitCode,
    ticks: machine.store.tick,
    events: recorder?.eventCount ?? 0,
    traceBytes: recorder?.byteLength ?? 0,
    rawBytes: recorder?.rawBytes ?? 0,
  };
}

/** Decodes and validates a WASI command once, to be run as often as wanted. */
export function rewasmCommand(bytes: Uint8Array, options: CommandOptions): RewasmCommand {
  const module = decodeModule(bytes);
  validateModule(module);
  return { run: () => runOnce(module, options, undefined), record: (path) => runOnce(module, options, path) };
}
