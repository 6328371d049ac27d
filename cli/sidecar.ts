/**
 * The file of snapshots beside a trace, `FILE.snap`: read when it belongs to the trace, written atomically. Whatever is
 * wrong with it is a notice at most: snapshots only save time.
 */
import { closeSync, openSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import { openSidecar, type RecordingSnapshots, SIDECAR_SUFFIX, type SidecarExtras, traceIdentity, writeSidecar } from "../rr/sidecar.ts";
import { defaultPolicy, type SnapshotPolicy } from "../snapshot/policy.ts";
import type { SnapshotReader } from "../snapshot/reader.ts";
import type { SnapshotSet } from "../snapshot/set.ts";
import { errorLine } from "./errors.ts";
import { FileStorage } from "./file-storage.ts";
import { noticeLine } from "./terminal.ts";

/** Fewer bytes than a timeline in memory may have: what is stored is hashed and compressed first, about a second for these. */
export const STORED_POLICY: SnapshotPolicy = { ...defaultPolicy, byteBudget: 64 << 20 };

export function sidecarPath(tracePath: string): string {
  return tracePath + SIDECAR_SUFFIX;
}

export interface OpenSidecar {
  readonly snapshots: SnapshotReader;
  close(): void;
}

/** The snapshots beside a trace, or undefined; a notice says why they are ignored. Close it when done with them. */
export async function readSidecarFile(tracePath: string, trace: FileStorage): Promise<OpenSidecar | undefined> {
  const path = sidecarPath(tracePath);
  if (statSync(path, { throwIfNoEntry: false }) === undefined) return undefined;
  let storage: FileStorage;
  try {
    storage = new FileStorage(path);
  } catch (error) {
    noticeLine(`note: snapshots are ignored: ${errorLine(error)}`);
    return undefined;
  }
  const { snapshots, problem } = await openSidecar(storage, await traceIdentity(trace));
  if (snapshots !== undefined) return { snapshots, close: () => storage.close() };
  storage.close();
  noticeLine(`note: snapshots in ${path} are ignored: ${problem}`);
  return undefined;
}

/** How many snapshots lie beside a trace. */
export async function countSnapshots(tracePath: string, trace: FileStorage): Promise<number> {
  const sidecar = await readSidecarFile(tracePath, trace);
  sidecar?.close();
  return sidecar?.snapshots.positions.length ?? 0;
}

/** Removes snapshots that a new recording makes stale. */
export function removeSidecar(tracePath: string): void {
  rmSync(sidecarPath(tracePath), { force: true });
}

/** Stores what a recording has taken and can afford beside its trace; what lay there before goes in any case. */
export async function storeRecorded(tracePath: string, snapshots: RecordingSnapshots | undefined): Promise<void> {
  const stored = snapshots?.toStore();
  if (stored !== undefined && stored.size > 0) await writeSidecarFile(tracePath, stored, { stretches: snapshots?.stretches });
  else removeSidecar(tracePath);
}

/**
 * Stores snapshots beside a finished trace: in a new file, which then takes the place of the old one. False when the
 * system refuses; the old one is then as it was.
 */
export async function writeSidecarFile(tracePath: string, set: SnapshotSet, extras: SidecarExtras = {}): Promise<boolean> {
  const temporary = `${sidecarPath(tracePath)}.${process.pid}.tmp`;
  let fd = -1;
  try {
    const trace = new FileStorage(tracePath);
    const identity = await traceIdentity(trace).finally(() => trace.close());
    fd = openSync(temporary, "wx");
    const write = (bytes: Uint8Array): void => {
      for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
    };
    writeSidecar(set, identity, { write }, extras);
    closeSync(fd);
    fd = -1;
    renameSync(temporary, sidecarPath(tracePath));
    return true;
  } catch {
    if (fd >= 0) closeSync(fd);
    rmSync(temporary, { force: true });
    return false;
  }
}
