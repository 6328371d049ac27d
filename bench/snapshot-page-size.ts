/**
 * What the size of a snapshot page costs: capture, restore and hash of memories of which a tenth was written, for pages of
 * 1, 4, 16 and 64 KiB; the ways to keep page references in an immutable tree; and what running kernels really change. Backs SNAPSHOT_PAGE_BYTES and docs/rationale/snapshots.md.
 *
 *     npm run build && node dist/bench/snapshot-page-size.js
 *
 * The page loops are those of snapshot/, which take their length from the page; only the lists of pages are made here,
 * because CHUNK_PAGES and the marks of a Memory are fixed. Everything is timed in turns within one process; medians.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { sha256 } from "@noble/hashes/sha2.js";
import { Immer } from "immer";
import { SnapshotTaker } from "../snapshot/capture.ts";
import { Chunk, pageOf } from "../snapshot/pages.ts";
import { mulberry32 } from "../test/support/random.ts";
import { completeGrow, enter, entrySlot } from "../vm/boundary.ts";
import { decodeModule } from "../vm/decode.ts";
import { runUntil } from "../vm/execute.ts";
import { Machine } from "../vm/machine.ts";
import { Status, type Store } from "../vm/store.ts";
import { validateModule } from "../vm/validate.ts";
import { writeValues } from "../vm/value.ts";
import { KERNELS, kernelPath } from "./kernels.ts";
import { median } from "./measure.ts";

const KIB = 1024;
const MIB = 1 << 20;
const PAGE_BYTES = [KIB, 4 * KIB, 16 * KIB, 64 * KIB] as const;
const CHUNK_BYTES = 2 * MIB;
const ROUNDS = 9;

/** A memory's words with a mark per page of one size, and pages by chunks of 2 MiB. */
class Image {
  readonly pageBytes: number;
  readonly words: Int32Array;
  readonly dirty: Uint8Array;
  chunks: readonly (readonly Int32Array[])[];
  private readonly zero: Int32Array;

  constructor(byteLength: number, pageBytes: number) {
    this.pageBytes = pageBytes;
    this.words = new Int32Array(byteLength / 4);
    for (let i = 0; i < this.words.length; i++) this.words[i] = Math.imul(i, 0x9e3779b1);
    this.dirty = new Uint8Array(byteLength / pageBytes).fill(1);
    this.zero = new Int32Array(pageBytes / 4);
    const perChunk = CHUNK_BYTES / pageBytes;
    this.chunks = Array.from({ length: byteLength / CHUNK_BYTES }, () => new Array<Int32Array>(perChunk).fill(this.zero));
    this.chunks = this.capture().chunks;
    this.dirty.fill(0);
  }

  write(byteAddr: number, value: number): void {
    this.words[byteAddr >>> 2] = value;
    this.dirty[Math.floor(byteAddr / this.pageBytes)] = 1;
  }

  /** New chunks and new pages by the marks, as snapshot/capture.ts makes them. */
  capture(): { chunks: (readonly Int32Array[])[]; fresh: Int32Array[] } {
    const perChunk = CHUNK_BYTES / this.pageBytes;
    const pageWords = this.pageBytes / 4;
    const chunks = this.chunks.slice();
    const fresh: Int32Array[] = [];
    for (let page = this.dirty.indexOf(1); page >= 0; page = this.dirty.indexOf(1, page + 1)) {
      const index = Math.floor(page / perChunk);
      const base = chunks[index]![page % perChunk]!;
      const next = pageOf(this.words, page * pageWords, base);
      if (next === base) continue;
      if (chunks[index] === this.chunks[index]) chunks[index] = chunks[index]!.slice();
      (chunks[index] as Int32Array[])[page % perChunk] = next;
      fresh.push(next);
    }
    return { chunks, fresh };
  }

  /** Writes back the pages of the chunks where the marks are. */
  restore(): void {
    const perChunk = CHUNK_BYTES / this.pageBytes;
    const pageWords = this.pageBytes / 4;
    for (let page = this.dirty.indexOf(1); page >= 0; page = this.dirty.indexOf(1, page + 1)) {
      this.words.set(this.chunks[Math.floor(page / perChunk)]![page % perChunk]!, page * pageWords);
    }
  }
}

interface Times {
  capture: number[];
  restore: number[];
  hash: number[];
  freshBytes: number;
}

function timed(action: () => void): number {
  const start = performance.now();
  action();
  return performance.now() - start;
}

/** Addresses in runs of `runBytes`, one word in 64 bytes, until they cover a tenth of the memory. */
function writeAddresses(byteLength: number, runBytes: number, seed: number): number[] {
  const random = mulberry32(seed);
  const addresses: number[] = [];
  for (let covered = 0; covered < byteLength / 10; covered += runBytes) {
    const start = Math.floor((random() * (byteLength - runBytes)) / 64) * 64;
    for (let at = start; at < start + runBytes; at += 64) addresses.push(at);
  }
  return addresses;
}

function measurePageSizes(byteLength: number, runBytes: number): Map<number, Times> {
  const images = PAGE_BYTES.map((pageBytes) => new Image(byteLength, pageBytes));
  const results = new Map<number, Times>(PAGE_BYTES.map((bytes) => [bytes, { capture: [], restore: [], hash: [], freshBytes: 0 }]));
  for (let round = -2; round < ROUNDS; round++) {
    const addresses = writeAddresses(byteLength, runBytes, round + 10);
    for (const image of images) {
      for (const at of addresses) image.write(at, round * 1000 + 7);
      const times = results.get(image.pageBytes)!;
      let fresh: Int32Array[] = [];
      const capture = timed(() => {
        fresh = image.capture().fresh;
      });
      const hash = timed(() => {
        for (const page of fresh) sha256(new Uint8Array(page.buffer));
      });
      const restore = timed(() => image.restore());
      image.dirty.fill(0);
      if (round < 0) continue;
      times.capture.push(capture);
      times.hash.push(hash);
      times.restore.push(restore);
      times.freshBytes = fresh.length * image.pageBytes;
    }
  }
  return results;
}

function report(byteLength: number, runBytes: number): void {
  const results = measurePageSizes(byteLength, runBytes);
  const base = results.get(4 * KIB)!;
  const ratio = (pick: (times: Times) => number, times: Times): string => (pick(times) / pick(base)).toFixed(2).padStart(7);
  console.log(`\n${byteLength / MIB} MiB, a tenth written in runs of ${runBytes} bytes; ratios to 4 KiB`);
  console.log("page KiB  copied MiB  capture ms  restore ms  hash ms   copied capture restore    hash");
  for (const [pageBytes, times] of results) {
    const cells = [
      (pageBytes / KIB).toString().padStart(8),
      (times.freshBytes / MIB).toFixed(2).padStart(11),
      median(times.capture).toFixed(2).padStart(11),
      median(times.restore).toFixed(2).padStart(11),
      median(times.hash).toFixed(1).padStart(8),
      ratio((t) => t.freshBytes, times).padStart(9),
      ratio((t) => median(t.capture), times),
      ratio((t) => median(t.restore), times),
      ratio((t) => median(t.hash), times),
    ];
    console.log(cells.join(" "));
  }
}

type Pages = readonly Int32Array[];

/** The ways to put `count` changed pages of 16,384 (64 MiB) into a new tree, as functions of one produce each. */
function treeWays(changes: readonly number[]): [string, () => void][] {
  const page = new Int32Array(KIB);
  const next = new Int32Array(KIB);
  const flat: Pages = new Array<Int32Array>(16_384).fill(page);
  const lists = (): Pages[] => Array.from({ length: 32 }, () => new Array<Int32Array>(512).fill(page));
  const [plainLists, frozenLists, thawed] = [lists(), lists().map((list) => Object.freeze(list)), lists()];
  const chunks = lists().map((list) => new Chunk(list));
  const plain = new Immer({ autoFreeze: false });
  const freezing = new Immer({ autoFreeze: true });
  /** Copies of the lists that change. */
  const copied = (base: (index: number) => Pages): Map<number, Int32Array[]> => {
    const copies = new Map<number, Int32Array[]>();
    for (const change of changes) {
      const copy = copies.get(change >>> 9) ?? base(change >>> 9).slice();
      copies.set(change >>> 9, copy);
      copy[change & 511] = next;
    }
    return copies;
  };
  const each = (replace: (change: number) => void): void => {
    for (const change of changes) replace(change);
  };
  return [
    [
      "chunks copied by hand, in objects",
      () => {
        plain.produce({ pages: chunks }, (draft) => {
          for (const [index, copy] of copied((i) => chunks[i]!.pages)) (draft.pages as Chunk[])[index] = new Chunk(copy);
        });
      },
    ],
    [
      "chunks copied by hand, frozen arrays",
      () => {
        plain.produce({ pages: frozenLists }, (draft) => {
          for (const [index, copy] of copied((i) => frozenLists[i]!)) (draft.pages as Pages[])[index] = Object.freeze(copy);
        });
      },
    ],
    [
      "chunks copied by hand, arrays",
      () => {
        plain.produce({ pages: plainLists }, (draft) => {
          for (const [index, copy] of copied((i) => plainLists[i]!)) (draft.pages as Pages[])[index] = copy;
        });
      },
    ],
    [
      "immer down to the page",
      () => {
        plain.produce({ pages: thawed }, (draft) => each((at) => ((draft.pages as Int32Array[][])[at >>> 9]![at & 511] = next)));
      },
    ],
    [
      "immer, one flat list",
      () => {
        plain.produce({ pages: flat }, (draft) => each((at) => ((draft.pages as Int32Array[])[at] = next)));
      },
    ],
    [
      "immer, one flat list, freezing",
      () => {
        freezing.produce({ pages: flat.slice() }, (draft) => each((at) => (draft.pages[at] = next)));
      },
    ],
  ];
}

function reportTrees(count: number): void {
  const random = mulberry32(5);
  const ways = treeWays(Array.from({ length: count }, () => Math.floor(random() * 16_384)).sort((a, b) => a - b));
  const times = ways.map(() => [] as number[]);
  for (let round = -20; round < 61; round++) {
    for (const [i, [, run]] of ways.entries()) {
      const time = timed(run);
      if (round >= 0) times[i]!.push(time);
    }
  }
  console.log(`\n${count} of 16,384 pages replaced in the tree`);
  for (const [i, [name]] of ways.entries()) {
    console.log(`${name.padEnd(36)} ${median(times[i]!).toFixed(3)} ms  ${(median(times[i]!) / median(times[0]!)).toFixed(2)}`);
  }
}

/** A kernel entered with its usual work. */
function beginKernel(name: string, work: number): Store {
  const module = decodeModule(readFileSync(join(process.cwd(), kernelPath(name))));
  validateModule(module);
  const machine = new Machine();
  const { instanceAddr } = machine.instantiate(module, { env: { abort: () => undefined } });
  const { addr } = machine.export(instanceAddr, "run")!;
  const { store } = machine;
  writeValues(store, entrySlot(store), store.funcs[addr]!.type.params, [work]);
  enter(store, addr);
  return store;
}

/** Which KiB of the words differ from `before`, one byte each. */
function changedKib(words: Int32Array, before: Int32Array): Uint8Array {
  const changed = new Uint8Array(words.length / 256);
  for (let i = 0; i < words.length; i++) if (words[i] !== (before[i] ?? 0)) changed[i >>> 8] = 1;
  return changed;
}

/** KiB that pages of `pageKib` copy when these KiB changed. */
function copiedKib(changed: Uint8Array, pageKib: number): number {
  let pages = 0;
  for (let at = 0; at < changed.length; at += pageKib) if (changed.subarray(at, at + pageKib).includes(1)) pages++;
  return pages * pageKib;
}

/** What snapshots of a kernel every `intervalTicks` would copy with each page size, and what a capture takes. */
function reportProgram(name: string, work: number, intervalTicks: number): void {
  const store = beginKernel(name, work);
  const taker = new SnapshotTaker(store);
  const memory = store.memories[0]!;
  const totals = PAGE_BYTES.map(() => 0);
  const times: number[] = [];
  let before = new Int32Array(0);
  const returned = (): boolean => store.status === Status.Returned;
  for (let tick = intervalTicks; tick <= 30 * intervalTicks && !returned(); tick += intervalTicks) {
    while (!returned() && store.tick < tick) {
      if (store.status === Status.Growing) completeGrow(store, undefined);
      runUntil(store, tick);
    }
    const words = new Int32Array(memory.buffer, 0, memory.byteLength / 4);
    const changed = changedKib(words, before);
    before = words.slice();
    const time = timed(() => taker.capture(0));
    // The first snapshot has everything that came before.
    if (tick === intervalTicks) continue;
    times.push(time);
    for (const [i, pageBytes] of PAGE_BYTES.entries()) totals[i]! += copiedKib(changed, pageBytes / KIB);
  }
  if (times.length === 0) return;
  const copied = totals.map((total) => (total / times.length).toFixed(0).padStart(6)).join(" ");
  const mib = (memory.byteLength / MIB).toFixed(1).padStart(5);
  console.log(`${name.padEnd(11)} ${mib} ${copied} ${median(times).toFixed(2).padStart(10)}`);
}

console.log(`Node ${process.versions.node}`);
for (const byteLength of [16 * MIB, 64 * MIB]) for (const runBytes of [64, 1024, 16 * KIB, 256 * KIB]) report(byteLength, runBytes);
for (const count of [20, 1638]) reportTrees(count);
for (const intervalTicks of [1 << 20, 1 << 23]) {
  console.log(`\nKiB copied per snapshot, one every ${intervalTicks} ticks, by page size`);
  console.log("kernel        MiB  1 KiB  4 KiB 16 KiB 64 KiB  capture ms");
  for (const { name, work } of KERNELS) reportProgram(name, work, intervalTicks);
}
