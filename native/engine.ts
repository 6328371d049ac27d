/**
 * What is used of the WebAssembly that this process brings along, with types of its own: neither lib.es nor the types of
 * Node declare it everywhere. Looked up once, so that a program that replaces the global does not replace it here.
 */

import { RewasmError } from "../vm/errors.ts";

export interface NativeMemory {
  readonly buffer: ArrayBuffer;
  grow(deltaPages: number): number;
}

/** A function of the engine, exported by an instance. */
export type NativeFunction = (...args: unknown[]) => unknown;

export interface NativeTable {
  readonly length: number;
  get(index: number): unknown;
  set(index: number, value?: unknown): void;
  grow(delta: number, value?: unknown): number;
}

export interface NativeGlobal {
  value: unknown;
}

/** An exception of the engine. `getArg` throws TypeError for a tag that is not its own, and for values that JavaScript cannot see. */
export interface NativeException {
  is(tag: object): boolean;
  getArg(tag: object, index: number): unknown;
}

export interface NativeInstance {
  readonly exports: Readonly<Record<string, unknown>>;
}

export type NativeImports = Record<string, Record<string, unknown>>;

export interface NativeWebAssembly {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports?: NativeImports) => NativeInstance;
  readonly Memory: new (descriptor: { initial: number; maximum?: number; shared?: boolean }) => NativeMemory;
  readonly Table: new (descriptor: { element: string; initial: number; maximum?: number }, init?: unknown) => NativeTable;
  readonly Global: new (descriptor: { value: string; mutable: boolean }, value?: unknown) => NativeGlobal;
  readonly Tag: new (descriptor: { parameters: readonly string[] }) => object;
  readonly Exception: new (tag: object, payload: readonly unknown[]) => NativeException;
  readonly RuntimeError: new (message?: string) => Error;
  readonly LinkError: new (message?: string) => Error;
  readonly CompileError: new (message?: string) => Error;
}

export const native = (globalThis as unknown as { readonly WebAssembly: NativeWebAssembly }).WebAssembly;

/** Compiles a module. Throws RewasmError "native-unsupported" when the engine does not know a feature. */
export function compileNatively(bytes: Uint8Array): object {
  try {
    return new native.Module(bytes);
  } catch (error) {
    const reason = (error as Error).message.replace(/^WebAssembly\.Module\(\): /, "");
    throw new RewasmError("native-unsupported", `the WebAssembly of this process cannot run the module: ${reason}`);
  }
}
