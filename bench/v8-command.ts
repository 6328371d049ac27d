/** WASI commands on the engine that this process runs on, under node:wasi: what rewasm's output is compared with. */
import { WASI } from "node:wasi";
import { v8Engine } from "./v8.ts";

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
  const module = new v8Engine.Module(bytes);
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
      return wasi.start(new v8Engine.Instance(module, wasi.getImportObject() as object)) as unknown as number;
    },
  };
}
