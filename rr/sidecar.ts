/**
 * Snapshots beside a trace: taking them while a program is recorded, naming the trace that they belong to, and storing
 * them in a file of their own (`FILE.snap`). They only save time: a sidecar that is stale, foreign or damaged is left
 * aside, and everything works without one. Files themselves are cli/'s matter.
 */
import { sha256 } from "@noble/hashes/sha2";
import { bytesToHex } from "@noble/hashes/utils";
import { SnapshotTaker } from "../snapshot/capture.ts";
import type { ByteSink } from "../snapshot/container.ts";
import { SnapshotError } from "../snapshot/errors.ts";
import { defaultPolicy, type SnapshotPolicy } from "../snapshot/policy.ts";
import { SnapshotReader, type SnapshotStorage } from "../snapshot/reader.ts";
import { writeSnapshotSet } from "../snapshot/serialize.ts";
import { SnapshotSet } from "../snapshot/set.ts";
import { RewasmError } from "../vm/errors.ts";
import { Status, type Store } from "../vm/store.ts";
import { readRange, type TraceStorage } from "./storage.ts";
import { decodeStretches, encodeStretches, Stretches, StretchObserver } from "./stretches.ts";

/** What is added to the name of a trace file. */
export const SIDECAR_SUFFIX = ".snap";
/** Bytes at each end of the trace that its identity is made of: settings, and the index with all checksums. */
const IDENTITY_BYTES = 1 << 16;

/** Names a trace by its length, beginning and end, which hold its settings and its index. Cost: two reads. */
export async function traceIdentity(storage: TraceStorage): Promise<string> {
  const { byteLength } = storage;
  const length = Math.min(byteLength, IDENTITY_BYTES);
  const hash = sha256.create();
  hash.update(new TextEncoder().encode(`rewasm trace ${byteLength} `));
  hash.update(await readRange(storage, 0, length));
  hash.update(await readRange(storage, byteLength - length, length));
  return bytesToHex(hash.digest());
}

/** Snapshots found beside a trace, or why they are of no use. */
export type Sidecar =
  | { readonly snapshots: SnapshotReader; readonly problem?: undefined }
  | { readonly snapshots?: undefined; readonly problem: string };

/** Opens stored snapshots and checks that they are of this trace. Never throws for what is in the file. */
export async function openSidecar(storage: SnapshotStorage, identity: string): Promise<Sidecar> {
  try {
    const snapshots = await SnapshotReader.open(storage);
    if (snapshots.identity === identity) return { snapshots };
    return { problem: "they belong to another recording" };
  } catch (error) {
    if (error instanceof SnapshotError) return { problem: error.message };
    throw error;
  }
}

/** What is stored beside the snapshots. */
export interface SidecarExtras {
  /** Of a trace's events, when the trace does not have them. */
  readonly ticks?: Float64Array | undefined;
  /** What is known of the execution between snapshots. */
  readonly stretches?: Stretches | undefined;
}

/** The stretches stored beside snapshots; none when what is stored makes no sense. */
export async function readStretches(snapshots: SnapshotReader): Promise<Stretches> {
  try {
    const notes = await snapshots.notes();
    return notes === undefined ? new Stretches() : decodeStretches(notes);
  } catch (error) {
    if (error instanceof RewasmError) return new Stretches();
    throw error;
  }
}

/** Writes a sidecar. Cost: hashing and compressing every different page. */
export function writeSidecar(snapshots: SnapshotSet, identity: string, sink: ByteSink, extras: SidecarExtras = {}): void {
  const { ticks, stretches } = extras;
  writeSnapshotSet(snapshots, sink, { identity }, { ticks, notes: stretches === undefined ? undefined : encodeStretches(stretches) });
}

export interface RecordingSnapshotsOptions {
  readonly policy?: SnapshotPolicy;
  /** Part of the running time that taking snapshots may cost. */
  readonly share?: number;
}

/** Keeps the cost of recording below the 4% that it may have in all. */
const DEFAULT_SHARE = 0.01;
/** Bytes of different pages whose storing costs about 2% of a millisecond: some 25 MB are hashed and compressed in a second. */
const STORED_BYTES_PER_MS = 500;
/** What may be stored however short the run was. */
const LEAST_STORED_BYTES = 1 << 18;
/** Least ticks between two snapshots: the timeline's interval. */
const RECORDING_INTERVAL_TICKS = 1 << 23;

/**
 * Takes snapshots while a program runs: give `look` to `Machine.onSlice`. Must be the only one who takes snapshots of
 * the store. The state, ticks and events of the program are unaffected.
 */
export class RecordingSnapshots {
  readonly set: SnapshotSet;
  /** What was seen between the snapshots. */
  readonly stretches = new Stretches();
  private readonly store: Store;
  private readonly taker: SnapshotTaker;
  private readonly observer: StretchObserver;
  private readonly eventCount: () => number;
  private readonly share: number;
  private lastTick = 0;
  private readonly startedAt = performance.now();
  private spentMs = 0;
  private longestMs = 0;

  /** `eventCount` tells how many events the trace has so far. */
  constructor(store: Store, eventCount: () => number, options: RecordingSnapshotsOptions = {}) {
    this.store = store;
    this.taker = new SnapshotTaker(store);
    this.observer = new StretchObserver(this.taker);
    this.eventCount = eventCount;
    this.set = new SnapshotSet(options.policy ?? defaultPolicy);
    this.share = options.share ?? DEFAULT_SHARE;
  }

  /** Takes a snapshot when one is due and affordable. */
  readonly look = (): void => {
    const { store } = this;
    if (store.status !== Status.Running || store.tick < this.lastTick + RECORDING_INTERVAL_TICKS) return;
    const now = performance.now();
    if (this.spentMs + this.longestMs > (now - this.startedAt) * this.share) return;
    this.observe();
    const snapshot = this.taker.capture(this.eventCount());
    this.observer.begin(snapshot);
    this.set.insert(snapshot);
    this.lastTick = store.tick;
    this.set.thin(store.tick);
    const ms = performance.now() - now;
    this.spentMs += ms;
    this.longestMs = Math.max(this.longestMs, ms);
  };

  private observe(): void {
    const seen = this.observer.end({ tick: this.store.tick, event: this.eventCount() });
    if (seen !== undefined) this.stretches.add(seen);
  }

  /**
   * The snapshots worth storing: so many that storing them costs about 2% of the running time. None when even the fewest
   * are too large; the first replay then takes its own.
   */
  toStore(): SnapshotSet {
    this.observe();
    const byteBudget = Math.max(LEAST_STORED_BYTES, (performance.now() - this.startedAt) * STORED_BYTES_PER_MS);
    if (this.set.uniqueBytes <= byteBudget) return this.set;
    const affordable = new SnapshotSet({ ...this.set.policy, byteBudget: Math.floor(byteBudget) });
    for (const snapshot of this.set) affordable.insert(snapshot);
    affordable.thin(this.store.tick);
    return affordable.uniqueBytes <= byteBudget ? affordable : new SnapshotSet(this.set.policy);
  }
}
