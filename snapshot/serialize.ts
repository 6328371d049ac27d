/** One snapshot, or a set of them, as bytes: short forms over container.ts and reader.ts. */
import { type ByteSink, SnapshotWriter, type WriterOptions } from "./container.ts";
import { SnapshotError } from "./errors.ts";
import { SnapshotReader } from "./reader.ts";
import type { SnapshotSet } from "./set.ts";
import type { Snapshot } from "./tree.ts";

/** The snapshot as bytes that `deserializeSnapshot` reads anywhere. Cost: hashing and compressing every page that is not zero. */
export function serializeSnapshot(snapshot: Snapshot, options?: WriterOptions): Uint8Array {
  const parts: Uint8Array[] = [];
  const writer = new SnapshotWriter({ write: (bytes) => void parts.push(bytes.slice()) }, options);
  writer.add(snapshot);
  writer.finish();
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** The snapshot that `serializeSnapshot` wrote. Throws SnapshotError for bytes that are not exactly one whole snapshot. */
export function deserializeSnapshot(bytes: Uint8Array): Snapshot {
  const reader = SnapshotReader.openSync({ byteLength: bytes.length, read: (offset, length) => bytes.subarray(offset, offset + length) });
  if (reader.positions.length !== 1) {
    throw new SnapshotError("not-a-snapshot", `these bytes hold ${reader.positions.length} snapshots, not one`);
  }
  return reader.loadSync(0);
}

/** What can be stored with snapshots. */
export interface SnapshotExtras {
  /** Of all events of a trace that does not know them itself. */
  readonly ticks?: Float64Array | undefined;
  /** Bytes that mean something to the writer. */
  readonly notes?: Uint8Array | undefined;
}

/** Writes all snapshots of a set, in order, and what comes with them, and finishes the file. */
export function writeSnapshotSet(set: SnapshotSet, sink: ByteSink, options?: WriterOptions, { ticks, notes }: SnapshotExtras = {}): void {
  const writer = new SnapshotWriter(sink, options);
  for (const snapshot of set) writer.add(snapshot);
  if (ticks !== undefined) writer.addTicks(ticks);
  if (notes !== undefined) writer.addNotes(notes);
  writer.finish();
}

/**
 * Loads every stored snapshot into a set. Cost: all of the file; a debugger that needs only one does better to ask the reader
 * for the nearest and to insert that.
 */
export async function readSnapshotSet(reader: SnapshotReader, set: SnapshotSet): Promise<void> {
  for (const index of reader.positions.keys()) set.insert(await reader.load(index));
}
