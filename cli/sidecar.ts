/**
 * Snapshots beside a trace, in `FILE.snap`: saved atomically, used only when they belong to exactly this trace. A file that
 * does not belong is left alone and reported; it never spoils a command.
 */
import { closeSync, openSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import { sha256 } from "@noble/hashes/sha2";
import { bytesToHex } from "@noble/hashes/utils";
import { SnapshotReader } from "../snapshot/reader.ts";
import { writeSnapshotSet } from "../snapshot/serialize.ts";
import type { SnapshotSet } from "../snapshot/set.ts";
import { FileStorage } from "./file-storage.ts";
import { noticeLine } from "./terminal.ts";

/** Bytes at each end of a trace that stand for it: settings and module heads, last events and the index of all chunks. */
const IDENTITY_BYTES = 1 << 18;

export function sidecarPath(tracePath: string): string {
  return `${tracePath}.snap`;
}

/** Names a trace by its length and both of its ends: cheap, however long it is. */
function traceIdentity(storage: FileStorage): string {
  const { byteLength } = storage;
  const hash = sha256.create().update(new TextEncoder().encode(`${byteLength}\n`));
  hash.update(storage.read(0, Math.min(byteLength, IDENTITY_BYTES)));
  const tail = Math.max(0, byteLength - IDENTITY_BYTES);
  hash.update(storage.read(tail, byteLength - tail));
  return bytesToHex(hash.digest());
}

export interface Sidecar {
  readonly reader: SnapshotReader;
  close(): void;
}

/** The snapshots beside a trace, or undefined; says on standard error why they are ignored. Close it when done. */
export async function openSidecar(tracePath: string, trace: FileStorage): Promise<Sidecar | undefined> {
  const path = sidecarPath(tracePath);
  if (statSync(path, { throwIfNoEntry: false }) === undefined) return undefined;
  let storage: FileStorage | undefined;
  try {
    storage = new FileStorage(path);
    const reader = await SnapshotReader.open(storage);
    if (reader.identity === traceIdentity(trace)) return { reader, close: () => storage?.close() };
    noticeLine(`note: ${path} is ignored: its snapshots belong to another trace`);
  } catch (error) {
    noticeLine(`note: ${path} is ignored: ${error instanceof Error ? error.message : String(error)}`);
  }
  storage?.close();
  return undefined;
}

/** How many snapshots lie beside a trace. */
export async function countSnapshots(tracePath: string, trace: FileStorage): Promise<number> {
  const sidecar = await openSidecar(tracePath, trace);
  sidecar?.close();
  return sidecar?.reader.positions.length ?? 0;
}

/** Removes snapshots that a new recording makes stale. */
export function removeSidecar(tracePath: string): void {
  rmSync(sidecarPath(tracePath), { force: true });
}

/**
 * Saves snapshots beside the trace at `tracePath`, which must be finished: into a new file that then takes the place of the
 * old one. Returns false, and leaves the old one, when the system refuses: snapshots only save time.
 */
export function saveSidecar(tracePath: string, set: SnapshotSet): boolean {
  const temporary = `${sidecarPath(tracePath)}.${process.pid}.tmp`;
  let fd: number | undefined;
  try {
    const trace = new FileStorage(tracePath);
    let identity: string;
    try {
      identity = traceIdentity(trace);
    } finally {
      trace.close();
    }
    const out = openSync(temporary, "wx");
    fd = out;
    const write = (bytes: Uint8Array): void => {
      for (let at = 0; at < bytes.length; ) at += writeSync(out, bytes, at);
    };
    writeSnapshotSet(set, { write }, { identity });
    closeSync(out);
    fd = undefined;
    renameSync(temporary, sidecarPath(tracePath));
    return true;
  } catch {
    if (fd !== undefined) closeSync(fd);
    rmSync(temporary, { force: true });
    return false;
  }
}
