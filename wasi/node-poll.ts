/**
 * poll_oneoff for the Node host. Clocks are waited for here; node:wasi refuses absolute times and answers EPERM when a
 * descriptor is a regular file, which by POSIX is always ready.
 */
import { Errno, EVENT_BYTES, SUBSCRIPTION_BYTES } from "./preview1.ts";

const Tag = { Clock: 0, FdRead: 1, FdWrite: 2 } as const;
const CLOCK_REALTIME = 0;
const CLOCK_MONOTONIC = 1;
const FLAG_ABSTIME = 1;

interface Subscription {
  readonly userdata: bigint;
  readonly tag: number;
  readonly clockId: number;
  readonly timeoutNs: bigint;
  readonly absolute: boolean;
}

function readSubscription(view: DataView, at: number): Subscription {
  return {
    userdata: view.getBigUint64(at, true),
    tag: view.getUint8(at + 8),
    clockId: view.getUint32(at + 16, true),
    timeoutNs: view.getBigUint64(at + 24, true),
    absolute: (view.getUint16(at + 40, true) & FLAG_ABSTIME) !== 0,
  };
}

function writeEvent(view: DataView, at: number, subscription: Subscription, errno: number): void {
  view.setBigUint64(at, subscription.userdata, true);
  view.setUint16(at + 8, errno, true);
  view.setUint8(at + 10, subscription.tag);
  // At least one byte is there: how many, only a read can tell.
  view.setBigUint64(at + 16, subscription.tag === Tag.Clock || errno !== Errno.Success ? 0n : 1n, true);
  view.setUint16(at + 24, 0, true);
}

function nowNs(clockId: number): bigint | undefined {
  if (clockId === CLOCK_MONOTONIC) return process.hrtime.bigint();
  return clockId === CLOCK_REALTIME ? BigInt(Date.now()) * 1_000_000n : undefined;
}

/** Nanoseconds still to wait, or undefined for a clock that cannot be waited for. */
function waitNs(subscription: Subscription): bigint | undefined {
  const now = nowNs(subscription.clockId);
  if (now === undefined) return undefined;
  if (!subscription.absolute) return subscription.timeoutNs;
  return subscription.timeoutNs > now ? subscription.timeoutNs - now : 0n;
}

/** Longest single sleep, in milliseconds: timers of this kind take 32 bits. */
const MAX_SLEEP_MS = 2 ** 31 - 1;

function sleep(nanoseconds: bigint): void {
  const cell = new Int32Array(new SharedArrayBuffer(4));
  let left = Number(nanoseconds) / 1e6;
  while (left > 0) {
    Atomics.wait(cell, 0, 0, Math.min(left, MAX_SLEEP_MS));
    left -= MAX_SLEEP_MS;
  }
}

/**
 * Waits for the subscriptions at `inAddr` and writes the events. `others` does the waiting when a descriptor is among
 * them. Events that do not fit into memory are an error before anything is written.
 */
export function pollOneoff(
  view: DataView,
  inAddr: number,
  outAddr: number,
  count: number,
  countAddr: number,
  others: () => number,
): number {
  if (count === 0) return Errno.Inval;
  if (inAddr + count * SUBSCRIPTION_BYTES > view.byteLength || outAddr + count * EVENT_BYTES > view.byteLength) return Errno.Fault;
  if (countAddr + 4 > view.byteLength) return Errno.Fault;
  const subscriptions = Array.from({ length: count }, (_, i) => readSubscription(view, inAddr + i * SUBSCRIPTION_BYTES));
  const hasDescriptor = subscriptions.some((each) => each.tag !== Tag.Clock);
  if (hasDescriptor) {
    const errno = others();
    if (errno !== Errno.Perm) return errno;
    return writeEvents(
      view,
      outAddr,
      countAddr,
      subscriptions.filter((each) => each.tag !== Tag.Clock).map((subscription) => ({ subscription, errno: Errno.Success })),
    );
  }
  const waits = subscriptions.map(waitNs);
  const bad = subscriptions.filter((_, i) => waits[i] === undefined);
  if (bad.length > 0) {
    return writeEvents(
      view,
      outAddr,
      countAddr,
      bad.map((subscription) => ({ subscription, errno: Errno.Inval })),
    );
  }
  let shortest = waits[0]!;
  for (const wait of waits) if (wait! < shortest) shortest = wait!;
  sleep(shortest);
  const due = subscriptions.filter((_, i) => waits[i]! <= shortest);
  return writeEvents(
    view,
    outAddr,
    countAddr,
    due.map((subscription) => ({ subscription, errno: Errno.Success })),
  );
}

function writeEvents(
  view: DataView,
  outAddr: number,
  countAddr: number,
  events: readonly { readonly subscription: Subscription; readonly errno: Errno }[],
): number {
  for (const [i, { subscription, errno }] of events.entries()) writeEvent(view, outAddr + i * EVENT_BYTES, subscription, errno);
  view.setUint32(countAddr, events.length, true);
  return Errno.Success;
}
