/**
 * The packages that components need besides this one, loaded when the first component is met: jco's generator of glue and
 * its host for WASI 0.2. Programs that are no components, and replays of those that are, never load them.
 */
import { ComponentError } from "./errors.ts";
import type { GlueGenerator } from "./glue.ts";

const GENERATOR = "@bytecodealliance/jco-transpile";
const HOST = "@bytecodealliance/preview2-shim";

/** Interfaces of wasi:cli, and ways to replace parts of the package's own. */
interface CliShim {
  readonly stdin: object;
  readonly terminalInput: object;
  readonly terminalOutput: object;
  readonly terminalStdin: { getTerminalStdin(): object };
  readonly terminalStdout: { getTerminalStdout(): object };
  readonly terminalStderr: { getTerminalStderr(): object };
  _setStderr(stream: object): void;
}

/** Interfaces of WASI as objects, by the names of the package. */
export interface Preview2Shim {
  readonly cli: CliShim;
  readonly clocks: Readonly<Record<string, object>>;
  readonly filesystem: {
    createFilesystem(options: { preopens: Readonly<Record<string, string>> }): { readonly types: object; readonly preopens: object };
  };
  readonly http: Readonly<Record<string, object>>;
  readonly io: {
    readonly error: object;
    readonly poll: object;
    readonly streams: { readonly InputStream: new () => object; readonly OutputStream: new () => object };
  };
  readonly random: Readonly<Record<string, object>>;
  readonly sockets: { createSockets(options: { enableNetwork: boolean }): Readonly<Record<string, object>> };
}

/** Loads the generator. Throws ComponentError "component-tools" when it is not installed. */
export async function loadGenerator(): Promise<GlueGenerator> {
  return (await load(`${GENERATOR}/component`)) as GlueGenerator;
}

/** Loads the host; that starts its worker thread. Throws ComponentError "component-tools" when it is not installed. */
export async function loadPreview2(): Promise<Preview2Shim> {
  return (await load(HOST)) as Preview2Shim;
}

async function load(specifier: string): Promise<unknown> {
  try {
    return (await import(specifier)) as unknown;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new ComponentError("component-tools", `to run components, install two packages: npm install ${GENERATOR} ${HOST}`);
  }
}
