/** Instantiation (spec: execution/modules): allocation, import matching, constant expressions, segments. */
import type { ExternAddr, Store } from "./store.ts";
import type { Trap } from "./trap.ts";
import type { ImportDesc, Module } from "./types.ts";

export declare function importDescMatches(store: Store, module: Module, wanted: ImportDesc, given: ExternAddr): boolean;
/** Deterministic given the store and the addresses; does not run the start function. */
export declare function instantiateModule(store: Store, moduleIndex: number, imports: readonly ExternAddr[]): { instanceAddr: number; trap: Trap };
export declare function exportAddr(store: Store, instanceAddr: number, name: string): ExternAddr | undefined;
