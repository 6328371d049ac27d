/** Linear memories: sizes, growth with and without room, zeroes, dirty marks, and backings of other hosts. */
import { expect } from "chai";
import { describe, it } from "mocha";
import { ResourceError } from "../../vm/errors.ts";
import { MAX_MEMORY_PAGES, Memory, type MemoryBacking, SNAPSHOT_PAGE_BYTES, WASM_PAGE_BYTES } from "../../vm/memory.ts";
import { mulberry32 } from "../support/random.ts";

function dirtyPages(memory: Memory): number[] {
  return [...memory.dirty.entries()].filter(([, mark]) => mark !== 0).map(([page]) => page);
}

/** Views must be of exactly the memory's size over its one buffer. */
function expectConsistent(memory: Memory, pageCount: number): void {
  const byteLength = pageCount * WASM_PAGE_BYTES;
  expect(memory.pageCount).to.equal(pageCount);
  expect([memory.byteLength, memory.bytes.length, memory.view.byteLength, memory.i64.byteLength]).to.deep.equal(Array(4).fill(byteLength));
  expect(memory.dirty.length * SNAPSHOT_PAGE_BYTES).to.equal(byteLength);
  for (const view of [memory.bytes, memory.view, memory.i64]) expect(view.buffer).to.equal(memory.buffer);
}

describe("memory", () => {
  it("begins with zeroes, of the size asked for", () => {
    for (const pages of [0, 1, 3]) {
      const memory = new Memory(pages, undefined);
      expectConsistent(memory, pages);
      expect(memory.bytes.every((byte) => byte === 0)).to.equal(true);
      expect(dirtyPages(memory)).to.deep.equal([]);
    }
  });

  it("grows to its maximum and answers as memory.grow does", () => {
    const memory = new Memory(1, 4);
    memory.bytes.fill(7);
    expect([memory.grow(0), memory.grow(2), memory.grow(2), memory.grow(1), memory.grow(1)]).to.deep.equal([1, 1, -1, 3, -1]);
    expectConsistent(memory, 4);
    expect(memory.bytes.subarray(0, WASM_PAGE_BYTES).every((byte) => byte === 7)).to.equal(true);
    expect(memory.bytes.subarray(WASM_PAGE_BYTES).every((byte) => byte === 0)).to.equal(true);
    expect(memory.grow(0xffffffff), "a delta beyond all bounds").to.equal(-1);
    expect(memory.grow(0)).to.equal(4);
  });

  it("never grows beyond 4 GiB", () => {
    const memory = new Memory(0, undefined);
    expect(memory.grow(MAX_MEMORY_PAGES + 1)).to.equal(-1);
    expect(memory.pageCount).to.equal(0);
  });

  it("keeps its marks when it grows", () => {
    const memory = new Memory(1, 3);
    memory.markDirty(5000, 1);
    memory.grow(1);
    expect(dirtyPages(memory)).to.deep.equal([1]);
  });

  it("reads zero again where it was shrunk and grown", () => {
    const random = mulberry32(9);
    const memory = new Memory(2, 20);
    for (let i = 0; i < 60; i++) {
      const before = memory.byteLength;
      const pages = Math.floor(random() * 12);
      expect(memory.resize(pages)).to.equal(true);
      expectConsistent(memory, pages);
      expect(
        memory.bytes.subarray(before).every((byte) => byte === 0),
        `${before} to ${memory.byteLength} bytes`,
      ).to.equal(true);
      memory.bytes.fill(1);
    }
  });

  it("marks the snapshot pages of a range", () => {
    const cases: readonly (readonly [byteAddr: number, byteLength: number, pages: number[]])[] = [
      [0, 0, []],
      [4096, 0, []],
      [0, 1, [0]],
      [4095, 1, [0]],
      [4095, 2, [0, 1]],
      [4096, 4096, [1]],
      [4096, 4097, [1, 2]],
      [65_535, 1, [15]],
    ];
    for (const [byteAddr, byteLength, pages] of cases) {
      const memory = new Memory(1, 1);
      memory.markDirty(byteAddr, byteLength);
      expect(dirtyPages(memory), `${byteLength} bytes at ${byteAddr}`).to.deep.equal(pages);
    }
  });

  it("takes its bytes from a backing, and its refusals", () => {
    const sizes: number[] = [];
    let buffer = new ArrayBuffer(0);
    const backing: MemoryBacking = {
      resize(byteLength) {
        sizes.push(byteLength);
        if (byteLength > 2 * WASM_PAGE_BYTES) throw new RangeError("no room");
        const next = new ArrayBuffer(byteLength + 100);
        new Uint8Array(next).set(new Uint8Array(buffer).subarray(0, Math.min(buffer.byteLength, byteLength)));
        buffer = next;
        return next;
      },
    };
    const memory = new Memory(1, 9, backing);
    memory.bytes[3] = 3;
    expect([memory.grow(1), memory.grow(1)]).to.deep.equal([1, -1]);
    expectConsistent(memory, 2);
    expect(memory.buffer).to.equal(buffer);
    expect(memory.bytes[3]).to.equal(3);
    expect(sizes).to.deep.equal([1, 2, 3].map((pages) => pages * WASM_PAGE_BYTES));
  });

  it("that cannot be allocated is a ResourceError, and errors of another kind are not hidden", () => {
    const refusing = (error: Error): MemoryBacking => ({
      resize() {
        throw error;
      },
    });
    expect(() => new Memory(1, 1, refusing(new RangeError("no")))).to.throw(ResourceError, "1 pages");
    expect(() => new Memory(1, 1, refusing(new TypeError("odd")))).to.throw(TypeError, "odd");
  });
});
