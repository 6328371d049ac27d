/**
 * The cost of native recording: programs on the engine of this process, rewritten and recorded into a file, against the
 * same modules as they are on the same engine, WASI calls served by node:wasi in both.
 */
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { FileSink, nodeDeflate } from "../cli/file-storage.ts";
import { NativeMachine, type NativeMachineOptions, NativeModules } from "../native/machine.ts";
import { compileModule } from "../vm/compile.ts";
import { createNodeWasi } from "../wasi/node.ts";
import { PREVIEW1_MODULE } from "../wasi/preview1.ts";
import { kernelPath } from "./kernels.ts";
import { measurePair } from "./measure.ts";
import { v8Kernel } from "./v8.ts";
import { v8Command } from "./v8-command.ts";

/** Ratios of time recorded to time on the bare engine. */
export interface NativeOverhead {
  /** A CPU-bound WASI program. */
  readonly cpu: number;
  /** Loops dense with floating point, by kernel. */
  readonly fp: Readonly<Record<string, number>>;
  /** A program that calls its host so many times in a second on the bare engine, and its ratio. */
  readonly calls: number;
  readonly callsPerSecond: number;
}

const FP_KERNELS: readonly (readonly [name: string, work: number])[] = [
  ["mandelbrot", 320],
  ["nbody", 200_000],
  ["matmul", 256],
];

/** Measures everything; traces are written into `folder`. */
export async function measureNative(rounds: number, quick: boolean, folder: string): Promise<NativeOverhead> {
  // Long runs: to begin one takes some 15 ms, for hashing and storing the module.
  const marathon = await measureGuest("marathon", [quick ? "600" : "1500"], rounds, folder);
  const fp: Record<string, number> = {};
  for (const [name, work] of FP_KERNELS) fp[name] = await measureKernel(name, work, rounds, folder);
  const calls = await measureGuest("paced", [quick ? "100000" : "300000", "4800"], rounds, folder);
  return { cpu: marathon.ratio, fp, calls: calls.ratio, callsPerSecond: calls.eventsPerSecond };
}

async function measureGuest(
  guest: string,
  args: readonly string[],
  rounds: number,
  folder: string,
): Promise<{ readonly ratio: number; readonly eventsPerSecond: number }> {
  const nowhere = openSync("/dev/null", "r+");
  try {
    const bytes = new Uint8Array(readFileSync(`test/guests/${guest}.wasm`));
    const bare = v8Command(bytes, { args: [guest, ...args], stdio: [nowhere, nowhere, nowhere] });
    const module = compileModule(bytes);
    // Compiled once, as the bare module is.
    const modules = new NativeModules();
    let events = 0;
    const record = (): void => {
      const wasi = createNodeWasi({ args: [guest, ...args], stdin: nowhere, stdout: nowhere, stderr: nowhere });
      const machine = newMachine(join(folder, `${guest}-native.rrw`), { modules, onMemory: wasi.adopt });
      const { instanceAddr } = machine.instantiate(module, { [PREVIEW1_MODULE]: wasi.imports });
      const { kind } = machine.call(machine.export(instanceAddr, "_start")!.addr);
      if (kind === "trap") throw new Error(`${guest} trapped`);
      machine.finish();
      events = machine.recorder.eventCount;
    };
    const first = { name: `${guest} on V8`, run: () => void bare.run() };
    const times = await measurePair(first, { name: `${guest} recorded natively`, run: record }, rounds);
    return { ratio: times.ratio, eventsPerSecond: events / times.firstSeconds };
  } finally {
    closeSync(nowhere);
  }
}

async function measureKernel(name: string, work: number, rounds: number, folder: string): Promise<number> {
  const bytes = new Uint8Array(readFileSync(kernelPath(name)));
  const bare = v8Kernel(bytes);
  const machine = newMachine(join(folder, `${name}-native.rrw`));
  const { instanceAddr } = machine.instantiate(compileModule(bytes));
  const { addr } = machine.export(instanceAddr, "run")!;
  const first = { name: `${name} on V8`, run: () => void bare(work) };
  const { ratio } = await measurePair(first, { name: `${name} recorded natively`, run: () => void machine.call(addr, [work]) }, rounds);
  machine.finish();
  return ratio;
}

function newMachine(path: string, options: Partial<NativeMachineOptions> = {}): NativeMachine {
  return new NativeMachine({ sink: new FileSink(path), deflate: nodeDeflate, ...options });
}
