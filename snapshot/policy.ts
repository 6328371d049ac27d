/**
 * Which snapshots to keep: pure rules over ticks. Nothing here touches a snapshot or remembers anything.
 *
 * Ticks are put on a grid of `intervalTicks`. The snapshot at tick t has index k = round(t / intervalTicks) and level
 * L = number of trailing zero bits of k (k = 0 has the highest level). Of several snapshots with one index only the one
 * nearest to its grid point counts (of equally near ones the earlier). It stays while
 *
 *     |now - t|  <=  keepFactor · 2^L · intervalTicks.
 *
 * So about keepFactor snapshots stay per level, keepFactor · log2(n / keepFactor) in all; and since a level that is kept
 * at distance d has points every 2^L · intervalTicks < 2 d / keepFactor ticks, no gap there is longer than
 * 2 d / keepFactor plus one interval. With keepFactor 64 a seek replays at most about 3% of the distance to it.
 */

export interface SnapshotPolicy {
  /** Ticks of the finest grid. Snapshots nearer to one another than this do not both stay. */
  readonly intervalTicks: number;
  /** Snapshots kept per level. */
  readonly keepFactor: number;
  /** Bytes that all kept snapshots may hold together, shared pages counted once. */
  readonly byteBudget: number;
}

export const defaultPolicy: SnapshotPolicy = { intervalTicks: 1 << 20, keepFactor: 64, byteBudget: 256 << 20 };

/** The first tick after `tick` that lies on the grid, `stride` intervals apart. */
export function nextGridTick(tick: number, policy: SnapshotPolicy, stride = 1): number {
  const step = policy.intervalTicks * stride;
  return (Math.floor(tick / step) + 1) * step;
}

/** 2^L for a grid index: its lowest set bit; Infinity for 0. Indices reach 2^53, so no 32-bit trick. */
function levelSpan(index: number): number {
  if (index === 0) return Number.POSITIVE_INFINITY;
  let span = 1;
  while ((index / span) % 2 === 0) span *= 2;
  return span;
}

/** A tick with the keepFactor that it needs to stay: the higher, the sooner it goes. */
interface Candidate {
  readonly tick: number;
  readonly need: number;
}

/** All but the first and the last tick, with what each needs. `ticks` ascend and differ. */
function candidates(ticks: readonly number[], nowTick: number, { intervalTicks }: SnapshotPolicy): Candidate[] {
  const index = (tick: number): number => Math.round(tick / intervalTicks);
  const offset = (tick: number): number => Math.abs(tick - index(tick) * intervalTicks);
  const result: Candidate[] = [];
  const last = ticks.length - 1;
  for (let from = 0; from <= last; ) {
    const k = index(ticks[from]!);
    let best = from;
    let to = from;
    for (; to <= last && index(ticks[to]!) === k; to++) if (offset(ticks[to]!) < offset(ticks[best]!)) best = to;
    const span = levelSpan(k) * intervalTicks;
    for (let i = from; i < to; i++) {
      const tick = ticks[i]!;
      const need = i === best ? Math.abs(nowTick - tick) / span : Number.POSITIVE_INFINITY;
      if (i !== 0 && i !== last) result.push({ tick, need });
    }
    from = to;
  }
  return result;
}

/**
 * The ticks whose snapshots go when the cursor is at `nowTick`, ascending. `ticks` ascend and differ. The first and the last
 * are never dropped. Deterministic: the same arguments give the same answer. Cost: linear.
 */
export function ticksToDrop(ticks: readonly number[], nowTick: number, policy: SnapshotPolicy): number[] {
  return candidates(ticks, nowTick, policy)
    .filter(({ need }) => need > policy.keepFactor)
    .map(({ tick }) => tick);
}

/**
 * The order in which to drop more until a byte budget is met: those that would need the highest keepFactor first, which
 * thins everywhere in proportion to the distance; of equal ones the farther, then the later. First and last are absent.
 */
export function dropOrder(ticks: readonly number[], nowTick: number, policy: SnapshotPolicy): number[] {
  const distance = (tick: number): number => Math.abs(nowTick - tick);
  return candidates(ticks, nowTick, policy)
    .sort((a, b) => compareDescending(a.need, b.need) || distance(b.tick) - distance(a.tick) || b.tick - a.tick)
    .map(({ tick }) => tick);
}

/** Subtraction would give NaN for two infinities. */
function compareDescending(a: number, b: number): number {
  return a === b ? 0 : a > b ? -1 : 1;
}
