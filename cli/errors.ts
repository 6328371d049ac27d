/**
 * What the commands answer when something is wrong: one line on standard error and an exit code. The only place that
 * knows exit codes; no error leaves the program with a stack trace.
 */
import { DecodeError, LinkError, ResourceError, RewasmError, ValidationError } from "../vm/errors.ts";

export const ExitCode = {
  Success: 0,
  /** Something outside failed: a full disk, no memory. Also errors that should not happen. */
  Failure: 1,
  /** The command line: unknown options, positions that do not exist, outputs that cannot be written. */
  Usage: 2,
  /** The module cannot be read, decoded, validated or linked, or is no program. */
  BadModule: 3,
  /** The trace cannot be read, is damaged, or diverges. */
  BadTrace: 4,
  /** Ctrl-C. */
  Interrupted: 130,
  /** The program trapped: what a shell sees after an abort. */
  Trap: 134,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** An error of a command itself, with the exit code that it leads to. */
export class CliError extends RewasmError {
  readonly exitCode: number;
  constructor(exitCode: number, code: string, message: string) {
    super(code, message);
    this.exitCode = exitCode;
  }
}

export function usageError(message: string): CliError {
  return new CliError(ExitCode.Usage, "usage", message);
}

/** Classes by name, so that a command that needs no traces does not load what reads them. */
const traceErrors: ReadonlySet<string> = new Set(["TraceError", "SnapshotError"]);
/** Codes of those classes that are no fault of the trace. */
const outsideCodes: ReadonlySet<string> = new Set(["trace-use", "out-of-memory"]);

/** The exit code that an error leads to. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CliError) return error.exitCode;
  if (error instanceof DecodeError || error instanceof ValidationError || error instanceof LinkError) return ExitCode.BadModule;
  if (error instanceof ResourceError || !(error instanceof RewasmError)) return ExitCode.Failure;
  if (error.code === "unknown-position") return ExitCode.Usage;
  if (error.name === "WasiError") return error.code === "bad-preopen" ? ExitCode.Usage : ExitCode.BadModule;
  if (traceErrors.has(error.name)) return outsideCodes.has(error.code) ? ExitCode.Failure : ExitCode.BadTrace;
  return ExitCode.Failure;
}

/** One line about an error, for people. */
export function errorLine(error: unknown): string {
  const text = isSystemError(error) ? systemText(error) : error instanceof Error ? error.message : String(error);
  return text.replace(/\s*\n\s*/g, " ");
}

export function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).code === "string" && "errno" in error;
}

const systemTexts: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EEXIST: "file exists",
  EFBIG: "file too large",
  EIO: "input/output error",
  EISDIR: "is a directory",
  EMFILE: "too many open files",
  ENOENT: "no such file or directory",
  ENOSPC: "no space left on device",
  ENOTDIR: "not a directory",
  EPERM: "operation not permitted",
  EROFS: "read-only file system",
};

/** Why the system refused, without the call and path that Node adds. */
export function systemText(error: NodeJS.ErrnoException): string {
  return systemTexts[error.code ?? ""] ?? error.code ?? error.message;
}

/** Runs something on a file; a refusal of the system becomes `cannot <verb> <path>: <why>` with the exit code. */
export function onFile<T>(exitCode: number, verb: string, path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw fileError(exitCode, verb, path, error);
  }
}

/** The error to throw for `error`: as it is, unless the system refused. */
export function fileError(exitCode: number, verb: string, path: string, error: unknown): unknown {
  return isSystemError(error) ? new CliError(exitCode, "file", `cannot ${verb} ${path}: ${systemText(error)}`) : error;
}
