import { expect } from "chai";
import { describe, it } from "mocha";
import { SnapshotTaker, storeFromSnapshot } from "../../snapshot/capture.ts";
import { moduleDigest, rememberModuleDigest } from "../../snapshot/digest.ts";
import { stateHash } from "../../snapshot/hash.ts";
import { pageAt, ZERO_CHUNK, ZERO_PAGE } from "../../snapshot/pages.ts";
import { deserializeSnapshot, serializeSnapshot } from "../../snapshot/serialize.ts";
import { readSnapshotMemory, type Snapshot } from "../../snapshot/tree.ts";
import type { MemoryBacking } from "../../vm/memory.ts";
import { FRAME_WORDS, Frame, FrameFlag, Status, Store } from "../../vm/store.ts";
import { mulberry32 } from "../support/random.ts";
import { addInstance, below, dump, fakeModule, makeStore, mutate, rawFrames, smallSizes, storeBytes } from "./stores.ts";

const module = fakeModule("a");

function taker(store: Store): SnapshotTaker {
  return new SnapshotTaker(store, rawFrames);
}

/** A store in a fresh process, so to speak. */
function rebuilt(snapshot: Snapshot): Store {
  const store = new Store({ stackBytes: snapshot.stackBytes });
  taker(store).restore(snapshot, [fakeModule("b"), fakeModule("a")]);
  return store;
}

describe("capture and restore", () => {
  for (const seed of [1, 2, 3, 4, 5, 6]) {
    it(`restores any captured state in any order (seed ${seed})`, () => {
      const random = mulberry32(seed);
      const store = makeStore(module);
      const snapshots = taker(store);
      const states: { snapshot: Snapshot; text: string; hash: string }[] = [];
      for (let i = 0; i < 60; i++) {
        if (random() < 0.7 || states.length === 0) {
          mutate(store, random);
          if (random() < 0.15) addInstance(store, module, smallSizes);
          if (random() < 0.4) continue;
          const snapshot = snapshots.capture(i);
          states.push({ snapshot, text: dump(store), hash: stateHash(snapshot) });
        } else {
          const { snapshot, text, hash } = states[below(random, states.length)]!;
          snapshots.restore(snapshot);
          expect(dump(store) === text).to.equal(true);
          expect(stateHash(snapshots.capture(999))).to.equal(hash);
        }
      }
      for (const { snapshot, text, hash } of states) {
        // No later capture or restore has written into an earlier snapshot.
        expect(stateHash(taker(rebuilt(snapshot)).capture(0))).to.equal(hash);
        const other = rebuilt(snapshot);
        expect(dump(other) === text).to.equal(true);
      }
    });
  }

  it("hashes alike what an incremental, a full and a restored capture see", () => {
    const random = mulberry32(42);
    const store = makeStore(module);
    const incremental = taker(store);
    for (let i = 0; i < 20; i++) {
      mutate(store, random);
      incremental.capture(i);
    }
    const hash = stateHash(incremental.base);
    const full = taker(store).capture(77);
    expect(stateHash(full)).to.equal(hash);
    expect(stateHash(taker(rebuilt(full)).capture(0))).to.equal(hash);
  });

  it("sees the bytes that a store spilled into the next, unmarked page", () => {
    const store = makeStore(module);
    const snapshots = taker(store);
    const before = snapshots.capture(0);
    storeBytes(store, 0, 4095, [1, 2, 3, 4]);
    const after = snapshots.capture(1);
    expect([...readSnapshotMemory(after, 0, 4094, 6)]).to.deep.equal([0, 1, 2, 3, 4, 0]);
    storeBytes(store, 0, 8190, [9, 9, 9, 9]);
    snapshots.restore(before);
    expect(store.memories[0]!.bytes.every((byte) => byte === 0)).to.equal(true);
    snapshots.restore(after);
    expect([...store.memories[0]!.bytes.subarray(4094, 4100)]).to.deep.equal([0, 1, 2, 3, 4, 0]);
    expect(store.memories[0]!.bytes[8192]).to.equal(0);
  });

  it("shares what did not change, and drops what changed back", () => {
    const store = makeStore(module, { memoryPages: 64, tableLength: 10 });
    const snapshots = taker(store);
    for (let page = 0; page < 1024; page++) storeBytes(store, 0, page * 4096, [page + 1, 7]);
    const first = snapshots.capture(0);
    storeBytes(store, 0, 5, [1]);
    store.tick = 5;
    const second = snapshots.capture(1);
    expect(second.memories[0]!.pages[0]).not.to.equal(first.memories[0]!.pages[0]);
    expect(second.memories[0]!.pages[1]).to.equal(first.memories[0]!.pages[1]);
    expect(pageAt(second.memories[0]!.pages, 1)).to.equal(pageAt(first.memories[0]!.pages, 1));
    expect(second.tables).to.equal(first.tables);
    expect(second.frames).to.equal(first.frames);
    expect(second.shape).to.equal(first.shape);
    storeBytes(store, 0, 5, [1]);
    expect(snapshots.capture(2).memories).to.equal(second.memories);
    store.memories[0]!.bytes.fill(0);
    store.memories[0]!.markDirty(0, 64 * 65536);
    expect(snapshots.capture(3).memories[0]!.pages).to.deep.equal([ZERO_CHUNK, ZERO_CHUNK]);
  });

  it("keeps frames that are below the first change", () => {
    const store = makeStore(module);
    const snapshots = taker(store);
    for (let depth = 0; depth < 3; depth++) {
      store.frames.set([1, depth * 4, 10, depth === 0 ? FrameFlag.Entry : 0], depth * FRAME_WORDS);
      store.frameTop += FRAME_WORDS;
    }
    store.status = Status.Running;
    const first = snapshots.capture(0);
    store.i32[store.frameWord(2, Frame.Fp) * 2] = 99;
    const second = snapshots.capture(1);
    expect(second.frames[1]).to.equal(first.frames[1]);
    expect(second.frames[2]).not.to.equal(first.frames[2]);
    expect(first.frames[2]!.slots[0]).to.equal(0);
  });

  it("keeps live memories and tables as objects, and removes what did not exist yet", () => {
    const store = makeStore(module);
    const snapshots = taker(store);
    const early = snapshots.capture(0);
    const memory = store.memories[0]!;
    const table = store.tables[0]!;
    memory.grow(3);
    table.grow(5, 1);
    addInstance(store, module, smallSizes);
    const late = snapshots.capture(1);
    snapshots.restore(early);
    expect(store.memories).to.deep.equal([memory]);
    expect(memory.pageCount).to.equal(2);
    expect(table.length).to.equal(10);
    expect([store.instances.length, store.funcs.length, store.globals.length, store.tables.length]).to.deep.equal([1, 3, 2, 1]);
    snapshots.restore(late);
    expect(store.memories[0]).to.equal(memory);
    expect(memory.pageCount).to.equal(5);
    expect([store.instances.length, store.funcs.length, store.globals.length, store.tables.length]).to.deep.equal([2, 6, 4, 2]);
    expect(stateHash(snapshots.capture(1))).to.equal(stateHash(late));
  });

  it("restores onto things that were added after its base", () => {
    const store = new Store({ stackBytes: 1 << 16 });
    const snapshots = taker(store);
    const empty = snapshots.capture(0);
    addInstance(store, module, smallSizes);
    storeBytes(store, 0, 100, [1]);
    const first = snapshots.capture(1);
    snapshots.restore(empty);
    // Replay adds the same again, with other objects and other content.
    addInstance(store, module, smallSizes);
    const memory = store.memories[0]!;
    storeBytes(store, 0, 70_000, [5]);
    snapshots.restore(first);
    expect(store.memories[0]).to.equal(memory);
    expect([memory.bytes[100], memory.bytes[70_000]]).to.deep.equal([1, 0]);
  });

  it("takes no notice of what is dead", () => {
    const store = makeStore(module);
    const snapshots = taker(store);
    const hash = stateHash(snapshots.capture(0));
    store.resultFunc = 2;
    store.resultSlot = 17;
    store.exitCode = 9;
    store.globalI32[1] = 0x55;
    store.i32.fill(3);
    expect(stateHash(snapshots.capture(5))).to.equal(hash);
  });

  it("refuses another stack limit, missing modules and a retired taker", () => {
    const store = makeStore(module);
    const first = taker(store);
    const snapshot = first.capture(0);
    // One that was taken in this process brings its modules along.
    const stored = deserializeSnapshot(serializeSnapshot(snapshot));
    const hasCode = (code: string) => (error: { code?: string }) => error.code === code;
    const attempt = (action: () => void): unknown => {
      try {
        action();
      } catch (error) {
        return error;
      }
      return undefined;
    };
    expect(attempt(() => taker(new Store({ stackBytes: 4096 })).restore(snapshot, [module]))).to.satisfy(hasCode("snapshot-mismatch"));
    expect(attempt(() => taker(new Store({ stackBytes: 1 << 16 })).restore(stored, [fakeModule("c")]))).to.satisfy(
      hasCode("snapshot-mismatch"),
    );
    const narrow = { ...fakeModule("a"), elems: [] };
    expect(attempt(() => taker(new Store({ stackBytes: 1 << 16 })).restore(stored, [narrow]))).to.satisfy(hasCode("snapshot-mismatch"));
    taker(store);
    expect(attempt(() => first.capture(1))).to.satisfy(hasCode("snapshot-use"));
  });

  it("reports a memory that cannot have its size, and recovers with the next restore", () => {
    let limit = 1 << 30;
    const backing = (): MemoryBacking => {
      let buffer = new ArrayBuffer(0);
      return {
        resize(byteLength) {
          if (byteLength > limit) throw new RangeError("no room");
          const next = new ArrayBuffer(byteLength);
          new Uint8Array(next).set(new Uint8Array(buffer, 0, Math.min(byteLength, buffer.byteLength)));
          buffer = next;
          return next;
        },
      };
    };
    const store = new Store({ stackBytes: 1 << 16 }, backing);
    const snapshots = taker(store);
    addInstance(store, module, smallSizes);
    storeBytes(store, 0, 10, [1]);
    const small = snapshots.capture(0);
    store.memories[0]!.grow(10);
    storeBytes(store, 0, 10, [2]);
    const large = snapshots.capture(1);
    snapshots.restore(small);
    limit = 4 * 65536;
    expect(() => snapshots.restore(large)).to.throw("no room for 12 pages");
    snapshots.restore(small);
    expect(stateHash(snapshots.capture(0))).to.equal(stateHash(small));
    limit = 1 << 30;
    snapshots.restore(large);
    expect(store.memories[0]!.bytes[10]).to.equal(2);
  });

  it("reads memory out of a snapshot", () => {
    const store = makeStore(module);
    storeBytes(store, 0, 4090, [1, 2, 3, 4, 5, 6, 7, 8]);
    const snapshot = taker(store).capture(0);
    expect([...readSnapshotMemory(snapshot, 0, 4089, 10)]).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7, 8, 0]);
    expect(readSnapshotMemory(snapshot, 0, 131_070, 10)).to.have.length(2);
    expect(readSnapshotMemory(snapshot, 0, 200_000, 10)).to.have.length(0);
    expect(readSnapshotMemory(snapshot, 4, 0, 10)).to.have.length(0);
    expect(pageAt(snapshot.memories[0]!.pages, 9)).to.equal(ZERO_PAGE);
  });

  it("takes a module's digest from who has it", () => {
    const other = fakeModule("other");
    rememberModuleDigest(other, moduleDigest(module));
    expect(moduleDigest(other)).to.equal(moduleDigest(module));
    expect(moduleDigest(fakeModule("a"))).to.equal(moduleDigest(module));
    expect(moduleDigest(fakeModule("other"))).not.to.equal(moduleDigest(module));
  });

  it("makes a store from a snapshot alone", () => {
    const snapshot = new SnapshotTaker(new Store({ stackBytes: 8192 }), rawFrames).base;
    expect(() => storeFromSnapshot({ ...snapshot, shape: { ...snapshot.shape, modules: ["0".repeat(64)] } })).to.throw(
      "is not among the modules",
    );
  });
});
