/**
 * Errors about traces: the bytes are damaged, the version is foreign, or a replay does not do what was recorded.
 * Nothing here knows the trace format.
 */
import { RewasmError } from "../vm/errors.ts";

/** Stable codes of TraceError. */
export type TraceErrorCode =
  /** The file does not begin like a trace. */
  | "not-a-trace"
  /** A trace of a format version that this reader does not know. */
  | "trace-version"
  /** Checksum, length or content is impossible; `offset` says where. */
  | "trace-corrupt"
  /** The program did something else than was recorded. */
  | "divergence"
  /** The replay needs more memory than this machine gives. */
  | "out-of-memory"
  /** The storage failed or holds less than it said. */
  | "trace-storage"
  /** A writer was used after its end, or a replayer was asked to go backward. */
  | "trace-use";

/** `offset` is a byte offset in the trace file where that is known, else -1. */
export class TraceError extends RewasmError {
  declare readonly code: TraceErrorCode;
  readonly offset: number;
  constructor(code: TraceErrorCode, message: string, offset = -1) {
    super(code, offset < 0 ? message : `${message} (at trace offset ${offset})`);
    this.offset = offset;
  }
}
