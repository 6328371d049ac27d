/** Machines for tests of execution: a module of a text, run in one of the two codes, and its state at a moment as a hash. */

import { expect } from "chai";
import { SnapshotTaker } from "../../snapshot/capture.ts";
import { stateHash } from "../../snapshot/hash.ts";
import { decodeModule } from "../../vm/decode.ts";
import { type CallResult, type ImportObject, Machine, type MachineOptions } from "../../vm/machine.ts";
import type { Store } from "../../vm/store.ts";
import type { Module } from "../../vm/types.ts";
import { validateModule } from "../../vm/validate.ts";
import type { Value } from "../../vm/value.ts";

/** How a machine runs: by the loop, with fast code wherever the goal allows it or exact code only; or with all functions generated. */
export type Way = "generated" | "fast" | "exact";
export const WAYS: readonly Way[] = ["generated", "fast", "exact"];

/** Does the same in every way, expects the same of each, and answers that. */
export function inEveryWay<T>(run: (way: Way) => T, what = "the same"): T {
  const exact = run("exact");
  for (const way of WAYS) if (way !== "exact") expect(run(way), `${what}, ${way} against exact`).to.deep.equal(exact);
  return exact;
}

export function checkedModule(bytes: Uint8Array): Module {
  const module = decodeModule(bytes);
  validateModule(module);
  return module;
}

/** One instance of one module in a machine of its own. */
export class Bench {
  readonly machine: Machine;
  readonly module: Module;
  readonly instanceAddr: number;

  constructor(module: Module, way: Way = "fast", imports: ImportObject = {}, options: MachineOptions = {}) {
    this.module = module;
    // A small stack: tests make thousands of machines.
    this.machine = new Machine({ stackBytes: 1 << 18, generate: way === "generated" ? "eagerly" : false, ...options });
    this.machine.store.exactOnly = way === "exact";
    this.instanceAddr = this.machine.instantiate(module, imports).instanceAddr;
  }

  get store(): Store {
    return this.machine.store;
  }

  addr(name: string): number {
    const found = this.machine.export(this.instanceAddr, name);
    if (found === undefined) throw new Error(`no export ${name}`);
    return found.addr;
  }

  call(name: string, ...args: Value[]): CallResult {
    return this.machine.call(this.addr(name), args);
  }

  /** Begins a call without running it. */
  begin(name: string, ...args: Value[]): this {
    this.machine.begin(this.addr(name), args);
    return this;
  }

  /** Runs to a tick, or to the end of the call: then its result. */
  runTo(tick: number): CallResult | undefined {
    return this.machine.resume(tick);
  }

  hash(): string {
    return stateHash(new SnapshotTaker(this.store).capture(0));
  }
}
