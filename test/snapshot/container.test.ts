import { expect } from "chai";
import { describe, it } from "mocha";
import { ByteWriter } from "../../snapshot/bytes.ts";
import { SnapshotTaker } from "../../snapshot/capture.ts";
import { CONTAINER_VERSION, checksum, encodeChunk, FOOTER_BYTES, SnapshotWriter } from "../../snapshot/container.ts";
import { SnapshotError } from "../../snapshot/errors.ts";
import { stateHash } from "../../snapshot/hash.ts";
import { Chunk, pageAt } from "../../snapshot/pages.ts";
import { SnapshotReader, type SnapshotStorage } from "../../snapshot/reader.ts";
import { deserializeSnapshot, readSnapshotSet, serializeSnapshot, writeSnapshotSet } from "../../snapshot/serialize.ts";
import { SnapshotSet } from "../../snapshot/set.ts";
import type { Snapshot } from "../../snapshot/tree.ts";
import { Status, Store } from "../../vm/store.ts";
import { mulberry32 } from "../support/random.ts";
import { addInstance, below, dump, fakeModule, makeStore, mutate, rawFrames, smallSizes, storeBytes } from "./stores.ts";

const module = fakeModule("a");

function run(count: number, seed: number): { snapshots: Snapshot[]; dumps: string[] } {
  const random = mulberry32(seed);
  const store = makeStore(module, { memoryPages: 8, tableLength: 10 });
  const taker = new SnapshotTaker(store, rawFrames);
  const snapshots: Snapshot[] = [];
  const dumps: string[] = [];
  for (let i = 0; i < count; i++) {
    mutate(store, random);
    if (i === count >> 1) addInstance(store, module, smallSizes);
    snapshots.push(taker.capture(i));
    dumps.push(dump(store));
  }
  return { snapshots, dumps };
}

class Bytes {
  private parts: number[] = [];
  write(bytes: Uint8Array): void {
    for (const byte of bytes) this.parts.push(byte);
  }
  get whole(): Uint8Array {
    return Uint8Array.from(this.parts);
  }
}

function stored(snapshots: readonly Snapshot[], identity = "trace 1"): Uint8Array {
  const sink = new Bytes();
  const writer = new SnapshotWriter(sink, { identity });
  for (const snapshot of snapshots) writer.add(snapshot);
  writer.finish();
  return sink.whole;
}

/** Storage that counts what is read of it. */
class CountingStorage implements SnapshotStorage {
  readonly byteLength: number;
  bytesRead = 0;
  private readonly bytes: Uint8Array;
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.byteLength = bytes.length;
  }
  read(offset: number, length: number): Uint8Array {
    if (offset < 0 || offset + length > this.byteLength) throw new Error(`read outside: ${offset} + ${length}`);
    this.bytesRead += length;
    return this.bytes.subarray(offset, offset + length);
  }
}

/** Runs and gives the error's code; anything but a SnapshotError is a failure. */
function codeOf(action: () => unknown): string | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    if (error instanceof SnapshotError && !error.message.includes("\n")) return error.code;
    throw error;
  }
}

describe("stored snapshots", () => {
  it("come back with the same hash and position, and restore the same state", () => {
    const { snapshots, dumps } = run(30, 1);
    for (const [i, snapshot] of snapshots.entries()) {
      const back = deserializeSnapshot(serializeSnapshot(snapshot));
      expect([back.tick, back.event, stateHash(back)]).to.deep.equal([snapshot.tick, snapshot.event, stateHash(snapshot)]);
      const store = new Store({ stackBytes: snapshot.stackBytes });
      new SnapshotTaker(store, rawFrames).restore(back, [fakeModule("a")]);
      expect(dump(store) === dumps[i]).to.equal(true);
    }
  });

  it("share pages in the file and again in memory", () => {
    const { snapshots } = run(30, 2);
    const together = stored(snapshots);
    const apart = snapshots.reduce((sum, snapshot) => sum + serializeSnapshot(snapshot).length, 0);
    expect(together.length).to.be.lessThan(apart / 2);
    const reader = SnapshotReader.openSync(new CountingStorage(together));
    const back = reader.positions.map((_, i) => reader.loadSync(i));
    for (let i = 1; i < snapshots.length; i++) {
      const [before, after] = [snapshots[i - 1]!.memories[0]!.pages, snapshots[i]!.memories[0]!.pages];
      for (let page = 0; page < 128; page++) {
        if (pageAt(before, page) !== pageAt(after, page)) continue;
        expect(pageAt(back[i - 1]!.memories[0]!.pages, page)).to.equal(pageAt(back[i]!.memories[0]!.pages, page));
      }
    }
  });

  it("are read from byte ranges as needed, in any order, also later", async () => {
    const { snapshots } = run(40, 3);
    const bytes = stored(snapshots);
    const storage = new CountingStorage(bytes);
    const sync = SnapshotReader.openSync(storage);
    expect(sync.identity).to.equal("trace 1");
    expect(sync.positions.map(({ tick }) => tick)).to.deep.equal(snapshots.map(({ tick }) => tick));
    const later = await SnapshotReader.open({
      byteLength: bytes.length,
      read: async (offset, length) => bytes.slice(offset, offset + length),
    });
    const random = mulberry32(4);
    for (let i = 0; i < 60; i++) {
      const index = below(random, snapshots.length);
      const hash = stateHash(snapshots[index]!);
      expect(stateHash(sync.loadSync(index))).to.equal(hash);
      expect(stateHash(await later.load(index))).to.equal(hash);
    }
    expect(sync.nearestAtOrBefore(snapshots[7]!.tick)).to.equal(7);
    expect(sync.nearestAtOrBefore(snapshots[7]!.tick, 6)).to.equal(6);
    expect(sync.nearestAtOrBefore(-1)).to.equal(-1);
    expect(codeOf(() => sync.loadSync(99))).to.equal("snapshot-use");
  });

  it("load without the rest of the file", () => {
    const store = makeStore(module, { memoryPages: 64, tableLength: 10 });
    const taker = new SnapshotTaker(store, rawFrames);
    const random = mulberry32(5);
    const early = taker.capture(0);
    for (let at = 0; at < 64 * 65536; at++) store.memories[0]!.bytes[at] = below(random, 256);
    store.memories[0]!.markDirty(0, 64 * 65536);
    store.tick = 1;
    const bytes = stored([early, taker.capture(1)]);
    expect(bytes.length).to.be.greaterThan(3_000_000);
    const storage = new CountingStorage(bytes);
    SnapshotReader.openSync(storage).loadSync(0);
    expect(storage.bytesRead).to.be.lessThan(200_000);
  });

  it("of a whole set come back as a set", async () => {
    const { snapshots } = run(12, 6);
    const set = new SnapshotSet();
    for (const snapshot of snapshots) set.insert(snapshot);
    const sink = new Bytes();
    writeSnapshotSet(set, sink, { identity: "x" });
    const back = new SnapshotSet();
    await readSnapshotSet(SnapshotReader.openSync(new CountingStorage(sink.whole)), back);
    expect([...back].map(stateHash)).to.deep.equal([...set].map(stateHash));
    expect(back.uniqueBytes).to.be.within(set.uniqueBytes * 0.5, set.uniqueBytes * 1.5);
  });

  it("give an error with a code when they are cut off anywhere", () => {
    const bytes = stored(run(4, 7).snapshots);
    for (let length = 0; length < bytes.length; length += 1 + Math.floor(bytes.length / 500)) {
      const code = codeOf(() => SnapshotReader.openSync(new CountingStorage(bytes.subarray(0, length))).loadSync(0));
      expect(code).to.be.oneOf(["not-a-snapshot", "snapshot-corrupt"]);
    }
  });

  it("give an error with a code, or the same state, when any byte is wrong", () => {
    const { snapshots } = run(4, 8);
    const bytes = stored(snapshots);
    const random = mulberry32(9);
    const codes = new Set<string>();
    for (let i = 0; i < 400; i++) {
      const damaged = bytes.slice();
      damaged[below(random, bytes.length)]! ^= 1 << below(random, 8);
      const code = codeOf(() => {
        const reader = SnapshotReader.openSync(new CountingStorage(damaged));
        for (const [k, snapshot] of snapshots.entries()) expect(stateHash(reader.loadSync(k))).to.equal(stateHash(snapshot));
      });
      codes.add(code ?? "unharmed");
    }
    expect([...codes].sort()).to.include("snapshot-corrupt");
    expect([...codes]).to.not.include("unharmed");
  });

  it("of another version, page size or kind are refused", () => {
    const bytes = stored([]);
    const patched = (at: number, value: number) => {
      const copy = bytes.slice();
      copy[at] = value;
      return () => SnapshotReader.openSync(new CountingStorage(copy));
    };
    expect(codeOf(patched(0, 1))).to.equal("not-a-snapshot");
    expect(codeOf(patched(8, CONTAINER_VERSION + 1))).to.equal("snapshot-version");
    expect(codeOf(patched(13, 1))).to.equal("snapshot-version");
    expect(codeOf(patched(17, 65))).to.equal("snapshot-corrupt");
    expect(codeOf(() => deserializeSnapshot(bytes))).to.equal("not-a-snapshot");
    const finished = new SnapshotWriter(new Bytes());
    finished.finish();
    expect(codeOf(() => finished.finish())).to.equal("snapshot-use");
    expect(codeOf(() => SnapshotReader.openSync({ byteLength: 99, read: () => Promise.resolve(new Uint8Array(99)) }))).to.equal(
      "snapshot-use",
    );
    expect(codeOf(() => SnapshotReader.openSync({ byteLength: 99, read: () => new Uint8Array(3) }))).to.equal("snapshot-storage");
  });

  it("that lie about a block's size allocate nothing", () => {
    const bytes = stored(run(2, 10).snapshots);
    const view = new DataView(bytes.buffer);
    const indexOffset = view.getUint32(bytes.length - FOOTER_BYTES, true);
    view.setUint32(indexOffset + 5, 0xfffffff0, true);
    expect(codeOf(() => SnapshotReader.openSync(new CountingStorage(bytes)))).to.equal("snapshot-corrupt");
  });

  it("that make no sense are refused, also with right checksums", () => {
    const { snapshots } = run(6, 11);
    const good = snapshots.at(-1)!;
    const frame = { funcAddr: 1, fp: 0, flags: 2, wasmOffset: 5, slots: new Int32Array(4) };
    const fresh: Snapshot = {
      ...good,
      status: Status.Running,
      frames: [frame],
      grow: undefined,
      trap: 0,
      trapOffset: -1,
      resultFunc: -1,
      resultSlot: 0,
      results: new Int32Array(0),
    };
    const framed = (change: object): Snapshot => ({ ...fresh, frames: [{ ...frame, ...change }] });
    const growing = { kind: "memory", addr: 0, delta: 1, init: 0, slot: 0 } as const;
    const instance = good.shape.instances[0]!;
    const withInstance = (change: object): Snapshot => ({
      ...fresh,
      shape: { ...good.shape, instances: [{ ...instance, ...change }, ...good.shape.instances.slice(1)] },
    });
    const wrong: Record<string, Snapshot> = {
      "function of a frame": framed({ funcAddr: 99 }),
      "host flag": framed({ flags: 6 }),
      "watch flag": framed({ flags: 8 }),
      "frame beyond the stack": framed({ fp: 1 << 20 }),
      "odd words": framed({ slots: new Int32Array(3) }),
      "idle with frames": { ...fresh, status: Status.Idle },
      "running without frames": { ...fresh, frames: [] },
      "in host without a host frame": { ...fresh, status: Status.InHost },
      "trapped without a trap": { ...fresh, status: Status.Trapped },
      "unknown trap": { ...fresh, status: Status.Trapped, trap: 200 as never },
      "growing nothing": { ...fresh, status: Status.Growing },
      "growing what is not there": { ...fresh, status: Status.Growing, grow: { ...growing, addr: 9 } },
      "growing into no slot": { ...fresh, status: Status.Growing, grow: { ...growing, slot: 1 << 20 } },
      "returned from nothing": { ...fresh, status: Status.Returned },
      "results beyond the stack": { ...fresh, status: Status.Returned, resultFunc: 0, resultSlot: 1 << 20, results: new Int32Array(4) },
      "globals missing": { ...fresh, globals: new Int32Array(2) },
      "memory missing": { ...fresh, memories: [] },
      "memory too large": { ...fresh, memories: [{ pageCount: 5000, pages: [] }, ...good.memories.slice(1)] },
      "memory without pages": { ...fresh, memories: [{ ...good.memories[0]!, pages: [] }, ...good.memories.slice(1)] },
      "memory with content past its end": {
        ...fresh,
        memories: [
          { pageCount: 1, pages: [new Chunk(Array.from({ length: 512 }, () => new Int32Array(1024).fill(1)))] },
          ...good.memories.slice(1),
        ],
      },
      "table element": {
        ...fresh,
        tables: [
          { length: 1024, pages: [new Chunk([new Int32Array(1024).fill(77), ...good.tables[0]!.pages[0]!.pages.slice(1)])] },
          ...good.tables.slice(1),
        ],
      },
      "instance of no module": withInstance({ moduleIndex: 7 }),
      "address of an instance": withInstance({ funcAddrs: Int32Array.of(0, 1, -2) }),
      "segment reference": withInstance({ elemRefs: [Int32Array.of(500), Int32Array.of(0)] }),
    };
    expect(deserializeSnapshot(serializeSnapshot(fresh)).tick).to.equal(good.tick);
    for (const [name, snapshot] of Object.entries(wrong)) {
      expect(
        codeOf(() => deserializeSnapshot(serializeSnapshot(snapshot))),
        name,
      ).to.equal("snapshot-corrupt");
    }
  });

  it("encode chunks as runs", () => {
    const out = new ByteWriter();
    encodeChunk(out, [0, 0, 0, 0, 7, 8, 9, 20, 3]);
    expect(out.length).to.equal(8);
    expect(checksum(Uint8Array.of(1, 2), Uint8Array.of(3))).to.equal(checksum(Uint8Array.of(1, 2, 3)));
  });

  it("keep a memory that has bytes only at its very end", () => {
    const store = makeStore(module, { memoryPages: 33, tableLength: 2000 });
    storeBytes(store, 0, 33 * 65536 - 1, [9]);
    store.tables[0]!.elements[1999] = 2;
    const snapshot = deserializeSnapshot(serializeSnapshot(new SnapshotTaker(store, rawFrames).capture(3)));
    const target = makeStore(module, smallSizes);
    new SnapshotTaker(target, rawFrames).restore(snapshot);
    expect(target.memories[0]!.bytes.at(-1)).to.equal(9);
    expect(target.tables[0]!.elements.at(-1)).to.equal(2);
  });
});
