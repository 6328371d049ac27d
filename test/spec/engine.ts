/** What the runner asks of something that runs modules: the machine under test, or V8 when the runner itself is tested. */
import type { WastValue } from "./wast.ts";

export type Outcome =
  | { readonly kind: "return"; readonly values: readonly WastValue[] }
  | { readonly kind: "trap"; readonly message: string }
  | { readonly kind: "exception" }
  | { readonly kind: "exhausted"; readonly message: string };

/** A module was refused. `phase` says whether as no well-formed binary or as an invalid module. */
export class ModuleRejected extends Error {
  readonly phase: "malformed" | "invalid";
  constructor(phase: "malformed" | "invalid", message: string) {
    super(message);
    this.phase = phase;
  }
}

/** The imports do not match. */
export class ModuleUnlinkable extends Error {}

/** `Compiled` and `Instance` are the engine's own; the runner only passes them back. One engine is one store. */
export interface Engine<Compiled, Instance> {
  readonly name: string;
  /** The `spectest` host module of the suite. */
  readonly spectest: Instance;
  /** Throws ModuleRejected. */
  compile(bytes: Uint8Array): Compiled;
  /** Names of the modules that it imports from. */
  importModules(compiled: Compiled): readonly string[];
  /** Throws ModuleUnlinkable. The instance exists even when `outcome` is a trap. */
  instantiate(compiled: Compiled, modules: ReadonlyMap<string, Instance>): { readonly instance: Instance; readonly outcome: Outcome };
  /** undefined when there is no such exported function. */
  invoke(instance: Instance, field: string, args: readonly WastValue[]): Outcome | undefined;
  /** Value of an exported global, undefined when there is none. */
  get(instance: Instance, field: string): WastValue | undefined;
}
