/**
 * WASI 0.2 for one component: the interfaces of preview2-shim, with the program's own arguments, environment, directories
 * and standard streams. What the package does otherwise for a whole process is replaced here; no network is given.
 */
import { realpathSync } from "node:fs";
import { isatty } from "node:tty";
import type { Preopen } from "../wasi/node.ts";
import { checkDirectory } from "../wasi/node-paths.ts";
import { ComponentError } from "./errors.ts";
import type { Preview2Shim } from "./node-tools.ts";
import type { Outline } from "./outline.ts";

export interface Preview2Options {
  /** Program name first. */
  readonly args: readonly string[];
  readonly env: readonly (readonly [string, string])[];
  readonly preopens: readonly Preopen[];
  /** Writes all bytes to descriptor 1 or 2 of the process. */
  readonly write: (fd: 1 | 2, bytes: Uint8Array) => void;
  /** Makes what is thrown to end the program. */
  readonly exit: (exitCode: number) => unknown;
}

/** Imports for the glue, by interface names without versions. Throws WasiError "bad-preopen". */
export function preview2Imports(shim: Preview2Shim, options: Preview2Options): Readonly<Record<string, object>> {
  const { cli, clocks, http, io, random } = shim;
  const filesystem = shim.filesystem.createFilesystem({ preopens: preopenPaths(options.preopens) });
  const sockets = shim.sockets.createSockets({ enableNetwork: false });
  const streams = standardStreams(shim, options.write);
  return {
    "wasi:cli/environment": {
      getEnvironment: () => options.env.map((pair) => [...pair]),
      getArguments: () => [...options.args],
      initialCwd: () => undefined,
    },
    "wasi:cli/exit": {
      exit: (status: { readonly tag: string }) => {
        throw options.exit(status.tag === "err" ? 1 : 0);
      },
      exitWithCode: (code: number) => {
        throw options.exit(code);
      },
    },
    "wasi:cli/stdin": cli.stdin,
    "wasi:cli/stdout": { getStdout: () => streams[1] },
    "wasi:cli/stderr": { getStderr: () => streams[2] },
    "wasi:cli/terminal-input": cli.terminalInput,
    "wasi:cli/terminal-output": cli.terminalOutput,
    "wasi:cli/terminal-stdin": { getTerminalStdin: () => terminal(0, () => cli.terminalStdin.getTerminalStdin()) },
    "wasi:cli/terminal-stdout": { getTerminalStdout: () => terminal(1, () => cli.terminalStdout.getTerminalStdout()) },
    "wasi:cli/terminal-stderr": { getTerminalStderr: () => terminal(2, () => cli.terminalStderr.getTerminalStderr()) },
    "wasi:clocks/monotonic-clock": clocks.monotonicClock!,
    "wasi:clocks/wall-clock": clocks.wallClock!,
    "wasi:filesystem/preopens": filesystem.preopens,
    "wasi:filesystem/types": filesystem.types,
    "wasi:http/incoming-handler": http.incomingHandler!,
    "wasi:http/outgoing-handler": { ...http.outgoingHandler, handle: denied },
    "wasi:http/types": http.types!,
    "wasi:io/error": io.error,
    "wasi:io/poll": io.poll,
    "wasi:io/streams": io.streams,
    "wasi:random/insecure": random.insecure!,
    "wasi:random/insecure-seed": random.insecureSeed!,
    "wasi:random/random": random.random!,
    "wasi:sockets/instance-network": sockets.instanceNetwork!,
    "wasi:sockets/ip-name-lookup": sockets.ipNameLookup!,
    "wasi:sockets/network": sockets.network!,
    "wasi:sockets/tcp": sockets.tcp!,
    "wasi:sockets/tcp-create-socket": sockets.tcpCreateSocket!,
    "wasi:sockets/udp": sockets.udp!,
    "wasi:sockets/udp-create-socket": sockets.udpCreateSocket!,
  };
}

/**
 * Throws ComponentError "unknown-import" for the first import of a component that is not provided. `wanted` are the names
 * that the glue uses, without versions, `outline` has them with.
 */
export function checkImports(outline: Outline, wanted: readonly string[], provided: Readonly<Record<string, object>>): void {
  for (const name of outline.imports.keys()) {
    const [, version] = /^wasi:[^@]*@(.*)$/.exec(name) ?? [];
    if (version !== undefined && !version.startsWith("0.2.")) {
      throw new ComponentError("unknown-import", `unknown import: ${name} is not provided, only WASI 0.2 is`);
    }
  }
  for (const name of wanted) {
    if (provided[name] === undefined) throw new ComponentError("unknown-import", `unknown import: ${name} is not provided`);
  }
}

function denied(): never {
  // The glue takes anything thrown for the error case of the function's result.
  throw { tag: "HTTP-request-denied" };
}

function terminal(fd: number, get: () => object): object | undefined {
  return isatty(fd) ? get() : undefined;
}

function preopenPaths(preopens: readonly Preopen[]): Record<string, string> {
  const paths: Record<string, string> = {};
  for (const { host, guest } of preopens) {
    checkDirectory(host);
    paths[guest] = realpathSync.native(host);
  }
  return paths;
}

/**
 * Has the package's own standard error, which programs do not get, drop what it is given: the generator of glue, a component
 * too, reports its panics there, and they come as errors as well. To be called before the generator is loaded.
 */
export function silencePackage(shim: Preview2Shim): void {
  shim.cli._setStderr(standardStreams(shim, () => {})[2]);
}

/** How many bytes a standard stream takes at once. */
const WRITE_BYTES = 1n << 16n;

/** Standard output and error: streams that write at once, so that nothing is left when the program ends. */
function standardStreams(shim: Preview2Shim, write: Preview2Options["write"]): Readonly<Record<1 | 2, object>> {
  class StandardStream extends shim.io.streams.OutputStream {
    private readonly fd: 1 | 2;

    constructor(fd: 1 | 2) {
      super();
      this.fd = fd;
    }

    checkWrite(): bigint {
      return WRITE_BYTES;
    }

    write(bytes: Uint8Array): void {
      write(this.fd, bytes);
    }

    blockingWriteAndFlush(bytes: Uint8Array): void {
      write(this.fd, bytes);
    }

    flush(): void {}

    blockingFlush(): void {}

    writeZeroes(count: bigint): void {
      write(this.fd, new Uint8Array(Number(count)));
    }

    blockingWriteZeroesAndFlush(count: bigint): void {
      write(this.fd, new Uint8Array(Number(count)));
    }

    /** Always ready. */
    subscribe(): object {
      return (shim.clocks.monotonicClock as { subscribeDuration(nanoseconds: bigint): object }).subscribeDuration(0n);
    }

    splice(source: InputStream, count: bigint): bigint {
      return this.copy(source.read(count));
    }

    blockingSplice(source: InputStream, count: bigint): bigint {
      return this.copy(source.blockingRead(count));
    }

    private copy(bytes: Uint8Array): bigint {
      write(this.fd, bytes);
      return BigInt(bytes.length);
    }
  }
  return { 1: new StandardStream(1), 2: new StandardStream(2) };
}

interface InputStream {
  read(count: bigint): Uint8Array;
  blockingRead(count: bigint): Uint8Array;
}
