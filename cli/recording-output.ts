/** Where a recording goes, whatever is recorded: the settings of the command, the file, and when to write what has gathered. */
import { fstatSync, statSync } from "node:fs";
import { basename } from "node:path";
import { TraceError } from "../rr/errors.ts";
import type { Preview1Args } from "../wasi/effects.ts";
import type { Preview1Function } from "../wasi/preview1.ts";
import { CliError, ExitCode, usageError } from "./errors.ts";
import { FileSink } from "./file-storage.ts";

export interface RecordSettings {
  /** The trace file; undefined for the program's name with `.rrw`. */
  readonly output?: string | undefined;
  readonly snapshots: boolean;
  /** Of a component: compare whole memories at each crossing. */
  readonly audit?: boolean;
  /** Of a component: run it on this process's own WebAssembly. */
  readonly native?: boolean;
}

/** The trace of a program when none is named. */
export function traceName(path: string): string {
  return `${basename(path).replace(/\.(wasm|wat)$/, "")}.rrw`;
}

/** What is said of a recording on the native engine that ended too early. */
export function overflowNote(output: string): string {
  return `note: ${output} ends where the native stack overflowed: that cannot be replayed`;
}

/** Tells which calls can wait for a person or a clock: reads of standard input unless it is a file, and polls. */
export function waitingCalls(): (func: Preview1Function, args: Preview1Args) => boolean {
  const stdinWaits = !fstatSync(0).isFile();
  return ({ name }, args) => !name.startsWith("fd_") || (args[0] === 0 && stdinWaits);
}

/** Between two flushes before calls that wait, in milliseconds: a stream that comes quickly makes no chunk per read. */
const FLUSH_INTERVAL_MS = 50;

/** The action, but not more often than that. */
export function occasionally(action: () => void): () => void {
  let lastAt = Number.NEGATIVE_INFINITY;
  return () => {
    const now = performance.now();
    if (now - lastAt < FLUSH_INTERVAL_MS) return;
    lastAt = now;
    action();
  };
}

/** A sink for the trace. Throws a usage error when it cannot be written, or is the program itself. */
export function openSink(program: string, output: string): FileSink {
  const here = statSync(output, { throwIfNoEntry: false });
  const source = statSync(program);
  if (here !== undefined && here.ino === source.ino && here.dev === source.dev)
    throw usageError(`${output} is the program: name another file with -o`);
  const sink = new FileSink(output);
  try {
    sink.check();
  } catch (error) {
    throw error instanceof TraceError ? new CliError(ExitCode.Usage, error.code, error.message) : error;
  }
  return sink;
}
