/** Errors about snapshots: their bytes are damaged or foreign, or they do not fit the store that shall take them. */
import { RewasmError } from "../vm/errors.ts";

/** Stable codes of SnapshotError. */
export type SnapshotErrorCode =
  /** The bytes do not begin like a file of snapshots. */
  | "not-a-snapshot"
  /** A format version, or a page size, that this reader does not know. */
  | "snapshot-version"
  /** Lengths, checksums or content are impossible. */
  | "snapshot-corrupt"
  /** The storage holds less than it said, or gave too few bytes. */
  | "snapshot-storage"
  /** The snapshot belongs to other modules, or to a store with another stack limit. */
  | "snapshot-mismatch"
  /** A taker, writer or set was used in a way that it does not allow. */
  | "snapshot-use";

export class SnapshotError extends RewasmError {
  declare readonly code: SnapshotErrorCode;
  constructor(code: SnapshotErrorCode, message: string) {
    super(code, message);
  }
}
