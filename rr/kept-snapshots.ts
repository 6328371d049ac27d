/**
 * The snapshots that a timeline has: those in memory, a few more near the cursor that thinning would drop, and stored
 * ones that are read when they are wanted. Decides nothing about where snapshots are taken.
 */
import type { SnapshotReader } from "../snapshot/reader.ts";
import type { SnapshotSet } from "../snapshot/set.ts";
import { comparePositions, type Position, type Snapshot } from "../snapshot/tree.ts";
import { RewasmError } from "../vm/errors.ts";

/** Snapshots off the grid that are kept, the latest ones. */
const NEAR_COUNT = 12;

export class KeptSnapshots {
  /** What thinning works on. */
  readonly set: SnapshotSet;
  /** Why stored snapshots were given up, once they were. */
  problem: string | undefined;
  /** True when a snapshot was added that is not stored. */
  changed = false;
  private readonly fixed: Snapshot[] = [];
  private near: Snapshot[] = [];
  private stored: SnapshotReader | undefined;
  /** Positions of stored snapshots that are not in `set`. */
  private unread: { readonly index: number; readonly position: Position }[] = [];

  constructor(set: SnapshotSet, stored: SnapshotReader | undefined) {
    this.set = set;
    this.stored = stored;
    this.unread = stored?.positions.map((position, index) => ({ index, position })) ?? [];
  }

  get gridTicks(): number {
    return this.set.policy.intervalTicks;
  }

  /** Adds one that stays: a beginning of the execution. */
  fix(snapshot: Snapshot): void {
    this.fixed.push(snapshot);
  }

  add(snapshot: Snapshot): void {
    if (snapshot.tick % this.gridTicks === 0) {
      if (this.set.insert(snapshot)) this.changed = true;
      return;
    }
    this.near.push(snapshot);
    if (this.near.length > NEAR_COUNT) this.near.shift();
  }

  thin(nowTick: number): void {
    this.set.thin(nowTick);
  }

  /** Where the latest snapshot at or before `position` is. */
  positionAtOrBefore(position: Position): Position | undefined {
    return later(this.inMemory(position), this.unreadAt(position)?.position);
  }

  /** The latest snapshot at or before `position`, read when it has to be. */
  async atOrBefore(position: Position): Promise<Snapshot | undefined> {
    for (;;) {
      const known = this.inMemory(position);
      const stored = this.unreadAt(position);
      if (stored === undefined || (known !== undefined && comparePositions(known, stored.position) >= 0)) return known;
      await this.read(stored.index);
    }
  }

  /** The latest snapshot strictly before `position`. */
  before(position: Position): Promise<Snapshot | undefined> {
    return this.atOrBefore({ tick: position.tick, event: position.event - 1 });
  }

  /** Reads all stored snapshots, for storing them again with the others. */
  async readAll(): Promise<void> {
    for (const { index } of [...this.unread]) await this.read(index);
  }

  private inMemory(position: Position): Snapshot | undefined {
    let latest = this.set.nearestAtOrBefore(position.tick, position.event);
    for (const snapshot of [...this.fixed, ...this.near]) {
      if (comparePositions(snapshot, position) <= 0) latest = later(latest, snapshot);
    }
    return latest;
  }

  private unreadAt(position: Position): { readonly index: number; readonly position: Position } | undefined {
    return this.unread.findLast((each) => comparePositions(each.position, position) <= 0);
  }

  private async read(index: number): Promise<void> {
    const { stored } = this;
    if (stored === undefined) return;
    try {
      this.set.insert(await stored.load(index));
      this.unread = this.unread.filter((each) => each.index !== index);
    } catch (error) {
      if (!(error instanceof RewasmError)) throw error;
      this.giveUp(error.message);
    }
  }

  /** Does without the stored snapshots from now on. */
  giveUp(problem: string): void {
    this.problem = problem;
    this.stored = undefined;
    this.unread = [];
    this.changed = true;
  }
}

function later<P extends Position>(a: P | undefined, b: P | undefined): P | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return comparePositions(a, b) >= 0 ? a : b;
}
