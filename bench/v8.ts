/** Kernels on the engine that this process runs on: the measure of everything in bench/, and an oracle for tests. */

/** What is used of the engine's own API; neither Node's types nor lib.es declare it. */
interface EngineApi {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object, imports: object) => { readonly exports: Readonly<Record<string, unknown>> };
}

export const v8Engine = (globalThis as unknown as { WebAssembly: EngineApi }).WebAssembly;

/** The `run` export of a kernel, ready to be called. */
export function v8Kernel(bytes: Uint8Array): (work: number) => number {
  const { exports } = new v8Engine.Instance(new v8Engine.Module(bytes), {});
  return exports.run as (work: number) => number;
}
