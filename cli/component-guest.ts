/**
 * A component from its file to its end: what it exports, its glue and its host, and the call that makes it run. Shared by
 * run and record; knows no traces.
 */
import { basename } from "node:path";
import { decodeComponent } from "../component/binary.ts";
import {
  callEntry,
  commandEntry,
  type Entry,
  exportedFunctions,
  findEntry,
  formatReturned,
  parseEntryArguments,
  returnedValue,
  suggestion,
} from "../component/entry.ts";
import { ComponentError } from "../component/errors.ts";
import { type Glue, generateGlue, runGlue } from "../component/glue.ts";
import { loadGenerator, loadPreview2 } from "../component/node-tools.ts";
import { checkImports, preview2Imports, silencePackage } from "../component/node-wasi.ts";
import { type Outline, outlineComponent } from "../component/outline.ts";
import type { ParsedValue } from "../component/wave.ts";
import type { WebAssemblyNamespace } from "../jsapi/namespace.ts";
import type { NativeMachine } from "../native/machine.ts";
import { ResourceError } from "../vm/errors.ts";
import { ExitRequest } from "../vm/host.ts";
import { Machine } from "../vm/machine.ts";
import { Status } from "../vm/store.ts";
import { trapReport } from "./backtrace.ts";
import { CliError, ExitCode, errorLine } from "./errors.ts";
import { exitStatus } from "./exit-status.ts";
import type { GuestOptions } from "./guest-options.ts";
import { OutputClosed, STDERR, STDOUT, write } from "./terminal.ts";

/** A component that is known to be runnable, before anything of it has run. */
export interface ComponentGuest {
  readonly path: string;
  /** What people call it: its file name. */
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly outline: Outline;
  readonly glue: Glue;
  readonly entry: Entry;
  /** Arguments of the function that --invoke named; undefined for commands. */
  readonly invokeArgs: readonly ParsedValue[] | undefined;
  /** WASI arguments, the program's name first. */
  readonly args: readonly string[];
  readonly env: readonly (readonly [string, string])[];
  readonly imports: Readonly<Record<string, object>>;
}

/** Checks everything that can be wrong with a component and its options, and generates its glue. `print` takes what it will print; `multiMemory` is false for engines without. */
export async function loadComponentGuest(
  path: string,
  bytes: Uint8Array,
  words: readonly string[],
  options: GuestOptions,
  print: (fd: 1 | 2, bytes: Uint8Array) => void = writeOrClose,
  multiMemory = true,
): Promise<ComponentGuest> {
  try {
    const outline = outlineComponent(decodeComponent(bytes));
    const entry = findEntryPoint(path, outline, options.invoke);
    const invokeArgs = options.invoke === undefined ? undefined : parseEntryArguments(outline, entry, words);
    const { env = [], dir: preopens = [] } = options;
    const args = [basename(path), ...(invokeArgs === undefined ? words : [])];
    const shim = await loadPreview2();
    silencePackage(shim);
    const generator = await loadGenerator();
    const imports = preview2Imports(shim, { args, env, preopens, write: print, exit: (code) => new ExitRequest(code) });
    const glue = await generateGlue(generator, bytes, multiMemory);
    checkImports(outline, glue.imports, imports);
    return { path, name: basename(path), bytes, outline, glue, entry, invokeArgs, args, env, imports };
  } catch (error) {
    throw error instanceof ComponentError ? componentFailure(path, error) : error;
  }
}

/** Writes for the component, which learns in its own terms that the reader has gone. */
function writeOrClose(fd: 1 | 2, bytes: Uint8Array): void {
  try {
    write(fd, bytes);
  } catch (error) {
    throw error instanceof OutputClosed ? { tag: "closed" } : error;
  }
}

function findEntryPoint(path: string, outline: Outline, invoke: string | undefined): Entry {
  if (invoke !== undefined) return findEntry(outline, invoke);
  const entry = commandEntry(outline);
  if (entry === undefined)
    throw new ComponentError(
      "no-entry",
      `${path} does not export wasi:cli/run: name a function with --invoke${suggestion(exportedFunctions(outline))}`,
    );
  return entry;
}

/** Exit codes as for core modules: what a person named wrongly is usage, what the component asks for or is, a bad module. */
function componentFailure(path: string, error: ComponentError): CliError {
  switch (error.code) {
    case "value-syntax":
      return new CliError(ExitCode.Usage, error.code, error.message);
    case "no-entry":
      return error.message.startsWith(path)
        ? new CliError(ExitCode.BadModule, error.code, error.message)
        : new CliError(ExitCode.Usage, error.code, `${path}: ${error.message}`);
    case "component-tools":
      return new CliError(ExitCode.Failure, error.code, error.message);
    default:
      return new CliError(ExitCode.BadModule, error.code, `${path}: ${error.message}`);
  }
}

/** How a component ended, and what is to be printed in its name. */
export interface ComponentEnd {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Instantiates a component on a namespace, behind which is the machine, and runs it to its end. Prints only what the
 * component itself prints. Of a trap on a native machine no frames are shown.
 */
export function runComponentGuest(
  guest: ComponentGuest,
  WebAssembly: WebAssemblyNamespace,
  machine: Machine | NativeMachine,
): ComponentEnd {
  let report: readonly string[] = [];
  if (machine instanceof Machine) {
    machine.onTrap = (thrown) => {
      // An error that passes through further frames on its way out is reported where it began.
      if (report.length === 0) report = trapReport(machine.store, guest.name, thrown === undefined ? undefined : errorLine(thrown));
    };
  }
  try {
    const globals = { WebAssembly, globalThis: Object.create(globalThis, { WebAssembly: { value: WebAssembly } }) as object };
    const exports = runGlue(guest.glue, WebAssembly, globals, guest.imports);
    return returned(
      guest,
      returnedValue(guest.entry, () => callEntry(guest.outline, exports, guest.entry, guest.invokeArgs ?? [])),
    );
  } catch (error) {
    if (machine.store.status === Status.Exited) return { exitCode: exitStatus(machine.store.exitCode), stdout: "", stderr: "" };
    if (error instanceof ComponentError) throw componentFailure(guest.path, error);
    if (error instanceof ResourceError) throw error;
    const lines = report.length > 0 ? report : [`Error: ${guest.name}: component trap: ${errorLine(error)}`];
    return { exitCode: ExitCode.Trap, stdout: "", stderr: `${lines.join("\n")}\n` };
  }
}

/** The end of a function that has returned: of a command its own, of --invoke success, with the result printed. */
function returned({ entry, invokeArgs }: ComponentGuest, value: unknown): ComponentEnd {
  if (invokeArgs === undefined) return { exitCode: (value as { readonly tag: string }).tag === "err" ? 1 : 0, stdout: "", stderr: "" };
  const text = formatReturned(entry, value);
  return { exitCode: ExitCode.Success, stdout: text === undefined ? "" : `${text}\n`, stderr: "" };
}

/** Prints what is to be printed in the component's name; returns the exit code. */
export function printEnd({ exitCode, stdout, stderr }: ComponentEnd): number {
  write(STDOUT, stdout);
  write(STDERR, stderr);
  return exitCode;
}
