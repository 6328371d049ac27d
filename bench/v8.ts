/** The same modules on the engine that this process runs on: the measure of everything in bench/, and an oracle for tests. */
import { WASI } from "node:wasi";

/** What is used of the engine's own API; neither Node's types nor lib.es declare it. */
interface Engine {
  Module: {
    new (bytes: Uint8Array): object;
    imports(module: object): { module: string; name: string; kind: string }[];
    exports(module: object): { name: string; kind: string }[];
  };
  Instance: new (module: object, imports: object) => { readonly exports: Record<string, unknown> };
}

const engine = (globalThis as unknown as { WebAssembly: Engine }).WebAssembly;

/** The `run` export of a kernel, ready to be called. */
export function v8Kernel(bytes: Uint8Array): (work: number) => number {
  const { exports } = new engine.Instance(new engine.Module(bytes), {});
  return exports["run"] as (work: number) => number;
}

export interface V8Command {
  /** Runs the command in a fresh instance and returns its exit code; a trap is thrown. */
  run(): number;
}

export interface CommandOptions {
  /** Arguments, the program's name first. */
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Guest path to host path. */
  readonly preopens?: Readonly<Record<string, string>>;
  /** Descriptors of this process that the guest gets as 0, 1, 2. */
  readonly stdio?: readonly [number, number, number];
}

/** Compiles a WASI command once, to be run under node:wasi as often as wanted. */
export function v8Command(bytes: Uint8Array, options: CommandOptions): V8Command {
  const module = new engine.Module(bytes);
  return {
    run: () => {
      const [stdin, stdout, stderr] = options.stdio ?? [0, 1, 2];
      const wasi = new WASI({
        version: "preview1",
        args: [...options.args],
        env: { ...options.env },
        preopens: { ...options.preopens },
        returnOnExit: true,
        stdin,
        stdout,
        stderr,
      });
      // Node 20 types `start` as returning nothing; with returnOnExit it returns the exit code.
      return wasi.start(new engine.Instance(module, wasi.getImportObject() as object)) as unknown as number;
    },
  };
}
