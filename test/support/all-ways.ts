/**
 * Whether a program runs the same in every way there is: fast and exact code, at once and in pieces, from stored
 * snapshots in new stores, recorded and replayed, sought at random. For features that touch frames or the store's shape.
 */
import { expect } from "chai";
import { Replayer } from "../../rr/replayer.ts";
import { Timeline } from "../../rr/timeline.ts";
import { SnapshotTaker, storeFromSnapshot } from "../../snapshot/capture.ts";
import { stateHash } from "../../snapshot/hash.ts";
import { deserializeSnapshot, serializeSnapshot } from "../../snapshot/serialize.ts";
import { runUntil } from "../../vm/execute.ts";
import type { HostFunction } from "../../vm/host.ts";
import type { CallResult, Machine } from "../../vm/machine.ts";
import { Status, type Store } from "../../vm/store.ts";
import type { Module } from "../../vm/types.ts";
import type { Value } from "../../vm/value.ts";
import { type Hosts, recordProgram } from "../debug/recordings.ts";
import { Bench, type Way } from "./machines.ts";
import { mulberry32 } from "./random.ts";

export interface Subject {
  readonly module: Module;
  readonly name: string;
  readonly args?: readonly Value[];
  readonly hosts?: Hosts;
  readonly seed: number;
  /** Random positions to look at; default 12. */
  readonly positions?: number;
}

const finePolicy = { intervalTicks: 1 << 10, keepFactor: 4, byteBudget: 1 << 26 };

function hashOf(store: Store): string {
  return stateHash(new SnapshotTaker(store).capture(0));
}

function bench(subject: Subject, way: Way): Bench {
  const host: Record<string, HostFunction> = {};
  const made = new Bench(subject.module, way, {
    host: Object.fromEntries(Object.entries(subject.hosts ?? {}).map(([name]) => [name, (call) => host[name]!(call)])),
  });
  for (const [name, make] of Object.entries(subject.hosts ?? {})) host[name] = make(made.machine as Machine);
  return made;
}

/** Runs the program in all ways, compares them at random ticks, and returns how its call ended. */
export async function runInAllWays(subject: Subject): Promise<CallResult> {
  const { name, args = [], seed, positions = 12 } = subject;
  const random = mulberry32(seed);
  const exact = bench(subject, "exact");
  const firstTick = exact.store.tick;
  const result = exact.call(name, ...args);
  const lastTick = exact.store.tick;
  for (const way of ["fast", "generated"] as const) {
    const other = bench(subject, way);
    expect(other.call(name, ...args), `the result of ${way} code`).to.deep.equal(result);
    expect(other.store.tick, `ticks of ${way} code`).to.equal(lastTick);
    expect(other.hash(), `the state in the end, ${way} code`).to.equal(exact.hash());
  }
  const ticks = Array.from({ length: positions }, () => firstTick + Math.floor(random() * (lastTick - firstTick))).sort((a, b) => a - b);
  compareAtTicks(subject, ticks, random);
  await compareReplay(subject, ticks, random, lastTick);
  return result;
}

function compareAtTicks(subject: Subject, ticks: readonly number[], random: () => number): void {
  const { name, args = [] } = subject;
  const exact = bench(subject, "exact").begin(name, ...args);
  const pieces = bench(subject, "fast").begin(name, ...args);
  for (const tick of ticks) {
    exact.runTo(tick);
    const hash = exact.hash();
    const generated = bench(subject, "generated").begin(name, ...args);
    generated.runTo(tick);
    expect(generated.hash(), `generated code, at once to tick ${tick}`).to.equal(hash);
    const direct = bench(subject, "fast").begin(name, ...args);
    direct.runTo(tick);
    expect(direct.hash(), `fast code, at once to tick ${tick}`).to.equal(hash);
    while (pieces.store.tick < tick && pieces.runTo(Math.min(tick, pieces.store.tick + 1 + Math.floor(random() * 10_000))) === undefined);
    // Settled also where there was nothing to run.
    if (pieces.store.status === Status.Running) pieces.runTo(tick);
    expect(pieces.hash(), `fast code, in pieces to tick ${tick}`).to.equal(hash);
    const bytes = serializeSnapshot(new SnapshotTaker(direct.store).capture(0));
    const restored = storeFromSnapshot(deserializeSnapshot(bytes), direct.store.modules.slice());
    expect(hashOf(restored), `stored and restored at tick ${tick}`).to.equal(hash);
    const next = ticks.find((later) => later > tick);
    if (next === undefined || restored.status !== Status.Running || Object.keys(subject.hosts ?? {}).length > 0) continue;
    runUntil(restored, next);
    const way = bench(subject, "exact").begin(name, ...args);
    way.runTo(next);
    if (restored.status === Status.Running) expect(hashOf(restored), `restored at tick ${tick}, run to ${next}`).to.equal(way.hash());
  }
}

async function compareReplay(subject: Subject, ticks: readonly number[], random: () => number, lastTick: number): Promise<void> {
  const { module, name, args = [], hosts = {} } = subject;
  const { storage, tickCount } = recordProgram(module, [{ name, args }], hosts);
  expect(tickCount, "ticks when recorded").to.equal(lastTick);
  const timeline = await Timeline.open(storage, { policy: finePolicy, intervalTicks: 1 << 12 });
  for (const tick of ticks.toSorted(() => random() - 0.5)) {
    const replayer = await Replayer.open(storage);
    await replayer.runTo({ tick });
    const hash = stateHash(new SnapshotTaker(replayer.store).capture(replayer.eventNumber));
    await timeline.seekTick(tick);
    expect(timeline.stateHash(), `sought tick ${tick}`).to.equal(hash);
    const { position } = timeline;
    await timeline.step();
    await timeline.reverseStep(timeline.position.tick - tick);
    expect(timeline.position, `a step forward and back at tick ${tick}`).to.deep.equal(position);
    expect(timeline.stateHash(), `a step forward and back at tick ${tick}`).to.equal(hash);
  }
  await timeline.seekTo("end");
  expect(timeline.position.tick).to.equal(lastTick);
}
