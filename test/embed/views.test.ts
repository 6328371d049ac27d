/**
 * Every way in which JavaScript writes into a memory is noted with exactly the bytes it writes, and every way of reading
 * one works as before. Each case runs on a memory of random bytes with all patches in place.
 */
import { Buffer } from "node:buffer";
import crypto from "node:crypto";
import fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import stream from "node:stream";
import util from "node:util";
import vm from "node:vm";
import zlib from "node:zlib";
import { expect } from "chai";
import { after, afterEach, before, beforeEach, describe, it } from "mocha";
import { patchBuffers } from "../../embed/node-buffers.ts";
import { patchNodeModules, syncNodeModules } from "../../embed/node-modules.ts";
import { WriteTracker } from "../../embed/tracker.ts";
import { mulberry32 } from "../support/random.ts";

const BYTES = 65536;
type Range = readonly [start: number, end: number];

describe("views over memories", () => {
  let tracker: WriteTracker;
  let memory: ArrayBuffer;
  let shadow: Uint8Array;
  let folder: string;
  const native = Uint8Array;

  before(() => {
    folder = fs.mkdtempSync(join(tmpdir(), "rewasm-views-"));
    fs.writeFileSync(join(folder, "in"), Buffer.from(Array.from({ length: 100 }, (_, i) => i + 100)));
  });
  after(() => fs.rmSync(folder, { recursive: true }));

  beforeEach(() => {
    memory = new ArrayBuffer(BYTES);
    const random = mulberry32(7);
    const bytes = new native(memory);
    for (let i = 0; i < BYTES; i++) bytes[i] = random() * 256;
    shadow = bytes.slice();
    tracker = new WriteTracker();
    tracker.install();
    patchBuffers(tracker.proxies, tracker.patches);
    patchNodeModules(tracker.views, tracker.patches);
    syncNodeModules();
    tracker.track(memory, 3);
  });
  afterEach(() => {
    tracker.uninstall();
    syncNodeModules();
  });

  /** What was noted; fails when a byte has changed that was not. */
  function noted(): Range[] {
    const ranges: Range[] = [];
    tracker.flush((memoryAddr, start, length) => {
      expect(memoryAddr).to.equal(3);
      ranges.push([start, start + length]);
    });
    const bytes = new native(memory);
    for (const [start, end] of ranges) shadow.set(bytes.subarray(start, end), start);
    for (let i = 0; i < BYTES; i++) if (bytes[i] !== shadow[i]) throw new Error(`byte ${i} was written and not noted`);
    return ranges;
  }

  /** Cases that write: what they do, and which bytes. */
  const writers: Readonly<Record<string, readonly [action: (buffer: ArrayBuffer) => unknown, ...ranges: Range[]]>> = {
    "an element": [
      (buffer) => {
        new Uint8Array(buffer)[70] = 1;
      },
      [70, 71],
    ],
    "elements of each width": [
      (buffer) => {
        new Int8Array(buffer)[1] = -1;
        new Uint8ClampedArray(buffer)[3] = 300;
        new Int16Array(buffer)[5] = -1;
        new Uint16Array(buffer)[7] = 1;
        new Int32Array(buffer)[10] = -1;
        new Uint32Array(buffer)[20] = 1;
        new Float32Array(buffer)[30] = 1.5;
        new Float64Array(buffer)[40] = 1.5;
        new BigInt64Array(buffer)[50] = -1n;
        new BigUint64Array(buffer)[60] = 1n;
      },
      [1, 2],
      [3, 4],
      [10, 12],
      [14, 16],
      [40, 44],
      [80, 84],
      [120, 124],
      [320, 328],
      [400, 408],
      [480, 488],
    ],
    "an element of a view with an offset": [
      (buffer) => {
        new Int32Array(buffer, 100, 5)[2] = 77;
      },
      [108, 112],
    ],
    "neighbours, which are one range": [
      (buffer) => {
        const bytes = new Uint8Array(buffer);
        for (let i = 20; i < 30; i++) bytes[i] = i;
        for (let i = 19; i >= 10; i--) bytes[i] = i;
      },
      [10, 30],
    ],
    "operators on elements": [
      (buffer) => {
        const words = new Uint32Array(buffer);
        words[4]!++;
        words[6]! |= 1;
        [words[8], words[10]] = [words[10]!, words[8]!];
      },
      [16, 20],
      [24, 28],
      [32, 36],
      [40, 44],
    ],
    "Reflect.set, Object.assign, defineProperty": [
      (buffer) => {
        const bytes = new Uint8Array(buffer);
        Reflect.set(bytes, 5, 1);
        Object.assign(bytes, { 9: 2 });
        Object.defineProperty(bytes, 13, { value: 3, writable: true, enumerable: true, configurable: true });
      },
      [5, 6],
      [9, 10],
      [13, 14],
    ],
    "functions of Array called on a view": [
      (buffer) => {
        Array.prototype.fill.call(new Uint8Array(buffer), 1, 5, 9);
        Array.prototype.reverse.call(new Uint8Array(buffer, 100, 4));
      },
      [5, 9],
      [100, 104],
    ],
    set: [(buffer) => new Uint8Array(buffer).set([1, 2, 3], 50), [50, 53]],
    "set of wider elements": [(buffer) => new Int32Array(buffer).set(new Int16Array([1, 2, 3]), 5), [20, 32]],
    "set from another view of the memory": [(buffer) => new Uint8Array(buffer).set(new Uint8Array(buffer, 200, 8), 50), [50, 58]],
    "set taken from the prototype": [(buffer) => Uint8Array.prototype.set.call(new Uint8Array(buffer), [9], 4), [4, 5]],
    fill: [(buffer) => new Uint16Array(buffer).fill(7, 3, 6), [6, 12]],
    "fill with negative bounds": [(buffer) => new Uint8Array(buffer).fill(7, -3), [BYTES - 3, BYTES]],
    copyWithin: [(buffer) => new Uint8Array(buffer).copyWithin(10, 500, 520), [10, 30]],
    "copyWithin at the end": [(buffer) => new Uint8Array(buffer).copyWithin(-5, 0, 100), [BYTES - 5, BYTES]],
    reverse: [(buffer) => new Uint8Array(buffer, 40, 20).reverse(), [40, 60]],
    "sort, with and without a comparison": [
      (buffer) => {
        new Uint8Array(buffer, 40, 20).sort();
        new Int32Array(buffer, 80, 4).sort((a, b) => b - a);
      },
      [40, 60],
      [80, 96],
    ],
    subarray: [
      (buffer) => {
        new Uint8Array(buffer).subarray(100, 200).subarray(10, 20)[3] = 1;
      },
      [113, 114],
    ],
    "subarray to the end": [
      (buffer) => {
        const tail = new Int16Array(buffer).subarray(-4);
        tail[0] = 5;
        tail[4] = 5;
      },
      [BYTES - 8, BYTES - 6],
    ],
    "a view made by the constructor of a view": [
      (buffer) => {
        const bytes = new Uint8Array(buffer);
        const again = new (bytes.constructor as Uint8ArrayConstructor)(bytes.buffer, 30, 2);
        again[1] = 9;
      },
      [31, 32],
    ],
    "a view made by the constructor of another array": [
      (buffer) => {
        const heap = new (new Int16Array([1, 2, 3]).constructor as Int16ArrayConstructor)(buffer, 40, 3);
        heap.set(new Int16Array([1, 2, 3]));
        const data = new (new DataView(new ArrayBuffer(1)).constructor as DataViewConstructor)(buffer, 100);
        data.setInt8(1, 1);
      },
      [40, 46],
      [101, 102],
    ],
    "a view of a view's buffer": [
      (buffer) => {
        new Int32Array(new Uint8Array(buffer).buffer)[2] = 9;
      },
      [8, 12],
    ],
    "a view given to forEach": [
      (buffer) =>
        new Uint8Array(buffer, 60, 4).forEach((value, i, array) => {
          array[i] = value + 1;
        }),
      [60, 64],
    ],
    "a class of the program": [
      (buffer) => {
        class Heap extends Uint8Array {}
        const heap = new Heap(buffer, 8);
        heap[1] = 4;
        expect(heap).to.be.instanceOf(Heap);
        const part = heap.subarray(50, 60);
        expect(part).to.be.instanceOf(Heap);
        part[0] = 3;
      },
      [9, 10],
      [58, 59],
    ],
    "all methods of DataView": [
      (buffer) => {
        const view = new DataView(buffer, 1000);
        view.setInt8(0, -1);
        view.setUint8(2, 1);
        view.setInt16(4, -1);
        view.setUint16(8, 1, true);
        view.setInt32(12, -1, true);
        view.setUint32(20, 1);
        view.setFloat32(28, 1.5);
        view.setFloat64(36, 1.5, true);
        view.setBigInt64(48, -1n);
        view.setBigUint64(60, 1n, true);
        DataView.prototype.setUint8.call(view, 100, 1);
      },
      [1000, 1001],
      [1002, 1003],
      [1004, 1006],
      [1008, 1010],
      [1012, 1016],
      [1020, 1024],
      [1028, 1032],
      [1036, 1044],
      [1048, 1056],
      [1060, 1068],
      [1100, 1101],
    ],
    "TextEncoder.encodeInto": [
      (buffer) => expect(new TextEncoder().encodeInto("häl", new Uint8Array(buffer, 30, 20))).to.deep.equal({ read: 3, written: 4 }),
      [30, 34],
    ],
    "crypto.getRandomValues of the platform": [
      (buffer) => {
        const view = new Uint32Array(buffer, 64, 2);
        expect(globalThis.crypto.getRandomValues(view)).to.equal(view);
      },
      [64, 72],
    ],
    "crypto.randomFillSync": [
      (buffer) => {
        const view = new Uint8Array(buffer, 64, 20);
        expect(crypto.randomFillSync(view, 4, 8)).to.equal(view);
        crypto.randomFillSync(new Uint16Array(buffer, 200, 10), 2, 3);
        crypto.randomFillSync(new DataView(buffer, 300, 10), 2, 3);
        crypto.randomFillSync(buffer as never, 400, 3);
      },
      [68, 76],
      [204, 210],
      [302, 305],
      [400, 403],
    ],
    "crypto.randomFill": [
      (buffer) =>
        new Promise<void>((resolve) => {
          const view = new Uint16Array(buffer, 64, 20);
          crypto.randomFill(view, 3, 5, (_error, filled) => {
            expect(filled).to.equal(view);
            crypto.randomFill(new DataView(buffer, 300, 10), 1, () => resolve());
          });
          expect(noted()).to.deep.equal([]);
        }),
      [70, 80],
      [301, 310],
    ],
    Atomics: [
      (buffer) => {
        const words = new Int32Array(buffer);
        Atomics.store(words, 1, 5);
        Atomics.add(words, 3, 5);
        Atomics.sub(words, 5, 5);
        Atomics.and(words, 7, 5);
        Atomics.or(words, 9, 5);
        Atomics.xor(words, 11, 5);
        Atomics.exchange(words, 13, 5);
        Atomics.compareExchange(words, 15, Atomics.load(words, 15), 5);
      },
      ...[1, 3, 5, 7, 9, 11, 13, 15].map((i): Range => [i * 4, i * 4 + 4]),
    ],
    "an element of a Buffer": [
      (buffer) => {
        Buffer.from(buffer)[3] = 1;
        Buffer.from(buffer, 100, 10)[9] = 1;
        // The deprecated way, which old packages still go.
        (Buffer as unknown as (buffer: ArrayBuffer) => Buffer)(buffer)[200] = 1;
      },
      [3, 4],
      [109, 110],
      [200, 201],
    ],
    "numbers written by a Buffer": [
      (buffer) => {
        const bytes = Buffer.from(buffer, 200, 200);
        expect(bytes.writeUInt8(1)).to.equal(1);
        bytes.writeInt32LE(1, 10);
        bytes.writeUIntBE(1, 20, 5);
        bytes.writeDoubleBE(1, 30);
        bytes.writeBigUInt64LE(1n, 40);
        bytes.writeUint16LE(1, 60);
      },
      [200, 201],
      [210, 214],
      [220, 225],
      [230, 238],
      [240, 248],
      [260, 262],
    ],
    "text written by a Buffer": [
      (buffer) => {
        const bytes = Buffer.from(buffer, 200, 200);
        bytes.write("abc");
        bytes.write("abc", 10);
        bytes.write("ä", 20, "utf8");
        bytes.write("abcdef", 30, 2, "latin1");
        bytes.write("616263", "hex");
        (bytes as unknown as { utf8Write(text: string, offset: number, length: number): number }).utf8Write("xyz", 50, 2);
      },
      [200, 203],
      [210, 213],
      [220, 222],
      [230, 232],
      [250, 252],
    ],
    "fill, swap, set and subarray of a Buffer": [
      (buffer) => {
        const bytes = Buffer.from(buffer, 200, 200);
        bytes.fill("ab", 10, 15);
        bytes.subarray(20, 24).swap32();
        bytes.slice(30, 33).fill(0);
        bytes.set([1, 2], 40);
      },
      [210, 215],
      [220, 224],
      [230, 233],
      [240, 242],
    ],
    "Buffer.copy into a view": [
      (buffer) => {
        const source = Buffer.from("hello world");
        source.copy(new Uint8Array(buffer), 300);
        source.copy(Buffer.from(buffer), 400, 1, 3);
        expect(Buffer.from(buffer, 0, 10).copy(source)).to.equal(10);
      },
      [300, 311],
      [400, 402],
    ],
    "fs.readSync": [
      (buffer) => {
        const fd = fs.openSync(join(folder, "in"), "r");
        expect(fs.readSync(fd, new Uint8Array(buffer), 500, 10, 0)).to.equal(10);
        expect(fs.readSync(fd, new Uint8Array(buffer, 600, 20), { offset: 5, length: 3, position: 2 })).to.equal(3);
        expect(fs.readSync(fd, new Uint8Array(buffer, 700, 4))).to.equal(4);
        expect(fs.readSync(fd, Buffer.from(buffer, 800, 8), 0, 8, 95)).to.equal(5);
        expect(fs.readSync(fd, new DataView(buffer, 900, 8), 2, 4, 0)).to.equal(4);
        fs.closeSync(fd);
      },
      [500, 510],
      [605, 608],
      [700, 704],
      [800, 805],
      [902, 906],
    ],
    "fs.readvSync": [
      (buffer) => {
        const fd = fs.openSync(join(folder, "in"), "r");
        const count = fs.readvSync(fd, [new Uint8Array(buffer, 500, 60), new Uint8Array(10), new Uint8Array(buffer, 600, 60)], 0);
        expect(count).to.equal(100);
        fs.closeSync(fd);
      },
      [500, 560],
      [600, 630],
    ],
    "fs.read and fs.readv": [
      async (buffer) => {
        const fd = fs.openSync(join(folder, "in"), "r");
        const view = new Uint8Array(buffer, 500, 100);
        const shown = await new Promise((resolve) => {
          fs.read(fd, view, 10, 20, 0, (_error, _count, given) => resolve(given));
          expect(noted()).to.deep.equal([]);
        });
        expect(shown).to.equal(view);
        expect(await util.promisify(fs.read)(fd, view, 60, 4, 0)).to.deep.include({ bytesRead: 4 });
        await new Promise((resolve) => fs.read(fd, { buffer: view, offset: 80, length: 2, position: 0 }, resolve));
        await new Promise((resolve) => fs.readv(fd, [new Uint8Array(buffer, 700, 3), new Uint8Array(buffer, 710, 3)], 0, resolve));
        fs.closeSync(fd);
      },
      [510, 530],
      [560, 564],
      [580, 582],
      [700, 703],
      [710, 713],
    ],
    "reads of file handles": [
      async (buffer) => {
        const handle = await fs.promises.open(join(folder, "in"));
        const view = new Uint8Array(buffer, 500, 100);
        const { bytesRead, buffer: shown } = await handle.read(view, 5, 7, 0);
        expect([bytesRead, shown]).to.deep.equal([7, view]);
        expect(shown).to.equal(view);
        expect((await handle.read({ buffer: view, offset: 20, length: 2, position: 0 })).buffer).to.equal(view);
        await handle.readv([new Uint8Array(buffer, 700, 3)], 0);
        await handle.close();
      },
      [505, 512],
      [520, 522],
      [700, 703],
    ],
  };

  for (const [name, [action, ...ranges]] of Object.entries(writers)) {
    it(`notes ${name}`, async () => {
      await action(memory);
      expect(noted()).to.deep.equal(ranges);
      expect(noted()).to.deep.equal([]);
    });
  }

  /** Cases that read: what they do with a view, and with a copy of it. Both have to be equal, and nothing is noted. */
  const readers: Readonly<Record<string, (view: Uint8Array) => unknown>> = {
    "elements and length": (view) => [view[0], view[19], view[20], view.length, view.byteLength, view.at(-1)],
    "odd keys": (view) => {
      const any = view as unknown as Record<string, unknown>;
      return [any["01"], any["1.5"], any["-0"], any["-1"], any["1e0"], any.x, "3" in view, "30" in view];
    },
    "loops and spreading": (view) => [[...view], [...view.entries()], Array.from(view), Object.keys(view).length],
    "functions of arrays": (view) => [
      view.map((x) => x ^ 1),
      view.filter((x) => x > 99),
      view.reduce((a, b) => a + b),
      view.indexOf(view[7]!),
      view.includes(300),
      view.join("-"),
      view.slice(3, 5),
      view.findLast((x) => x < 50),
      view.toSorted(),
      view.with(3, 4),
      view.toReversed(),
      view.toString(),
    ],
    "functions of prototypes": (view) => [
      Uint8Array.prototype.slice.call(view, 2, 4),
      Array.prototype.slice.call(view, 2, 4),
      Array.prototype.map.call(view, (x) => x),
      String.fromCharCode.apply(null, view as unknown as number[]),
    ],
    classification: (view) => [
      view instanceof Uint8Array,
      ArrayBuffer.isView(view),
      Object.prototype.toString.call(view),
      util.types.isUint8Array(view),
      util.types.isTypedArray(view),
      Reflect.apply(
        Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype) as object, Symbol.toStringTag)!.get!,
        view,
        [],
      ),
      view.constructor.name,
      Object.getPrototypeOf(view) === Uint8Array.prototype,
    ],
    "copies by constructors": (view) => [new Uint8Array(view), new Float64Array(view), Uint8Array.from(view), new Uint8Array([...view])],
    "copies into other arrays": (view) => {
      const target = new Uint8Array(30);
      target.set(view, 5);
      return target;
    },
    "TextDecoder.decode": (view) => [new TextDecoder("latin1").decode(view), new TextDecoder("latin1").decode(view.subarray(2, 9))],
    Buffers: (view) => [
      Buffer.from(view).toString("hex"),
      Buffer.concat([view, view.subarray(2)]).toString("hex"),
      Buffer.compare(view, view),
      Buffer.from("a").compare(view),
      Buffer.from(view).equals(view),
      Buffer.concat([Buffer.from("x"), view]).indexOf(view),
      Buffer.byteLength(view),
      Buffer.alloc(40).fill(view).toString("hex"),
    ],
    "a Buffer over the same bytes": (view) => {
      const bytes = Buffer.from(view.buffer, view.byteOffset, view.byteLength);
      return [
        bytes.toString("base64"),
        bytes.readUInt32LE(3),
        bytes.readDoubleBE(1),
        bytes.equals(view),
        Buffer.isBuffer(bytes),
        bytes.toJSON(),
        bytes.subarray(3, 6).toString("latin1"),
        bytes.indexOf(bytes[4]!),
        bytes.length,
        Buffer.from(bytes).toString("hex"),
      ];
    },
    hashes: (view) => [
      crypto.createHash("sha256").update(view).digest("hex"),
      crypto.createHmac("sha256", view).update(view).digest("hex"),
      crypto.timingSafeEqual(view, view.slice()),
      crypto.createCipheriv("aes-128-cbc", view.subarray(0, 16), view.subarray(4, 20)).update(view).toString("hex"),
    ],
    "crypto.subtle": async (view) => [
      Buffer.from(await globalThis.crypto.subtle.digest("SHA-256", view)).toString("hex"),
      Buffer.from(
        await globalThis.crypto.subtle.encrypt(
          { name: "AES-GCM", iv: view.subarray(0, 12) },
          await globalThis.crypto.subtle.importKey("raw", view.subarray(0, 16), "AES-GCM", true, ["encrypt"]),
          view,
        ),
      ).toString("hex"),
    ],
    structuredClone: (view) => [structuredClone(view), structuredClone({ view, list: [view] })],
    Blob: async (view) => [
      await new Blob([view, "x"]).text(),
      Buffer.from(await new Response(view).arrayBuffer()).toString("hex"),
      new Blob([view]) instanceof Blob,
    ],
    compression: (view) => zlib.inflateRawSync(zlib.deflateRawSync(view)).toString("hex"),
    "files written": async (view) => {
      const path = join(folder, "out");
      const fd = fs.openSync(path, "w+");
      const counts = [fs.writeSync(fd, view), fs.writeSync(fd, view, 3, 4), fs.writevSync(fd, [view, view])];
      await new Promise<void>((resolve) =>
        fs.write(fd, view, (_error, _count, given) => {
          expect(given).to.equal(view);
          resolve();
        }),
      );
      fs.closeSync(fd);
      fs.appendFileSync(path, view);
      const handle = await fs.promises.open(path, "a");
      expect((await handle.write(view)).buffer).to.equal(view);
      await handle.close();
      const read = fs.readFileSync(path).toString("hex");
      fs.writeFileSync(path, view);
      await fs.promises.appendFile(path, view);
      return [counts, read, fs.readFileSync(path).toString("hex")];
    },
    streams: async (view) => {
      const through = new stream.PassThrough();
      through.write(view);
      through.end(view);
      const chunks: Uint8Array[] = [];
      for await (const chunk of through) chunks.push(chunk as Uint8Array);
      return Buffer.concat(chunks).toString("hex");
    },
    printing: (view) => [
      util.inspect(view),
      util.inspect({ buffer: Buffer.from(view.buffer, view.byteOffset + 1, 3) }),
      JSON.stringify(view),
      `${view}`,
    ],
    "deep comparison": (view) => [util.isDeepStrictEqual(view, view.slice()), util.isDeepStrictEqual([1], view)],
    "DataViews of a buffer": (view) => {
      const data = new DataView(view.buffer, view.byteOffset, view.byteLength);
      return [
        data.getUint32(3),
        data.byteLength,
        data instanceof DataView,
        Object.prototype.toString.call(data),
        new TextDecoder("latin1").decode(data),
      ];
    },
  };

  for (const [name, action] of Object.entries(readers)) {
    it(`leaves as it was: ${name}`, async () => {
      const copy = shadow.slice(1000, 1020);
      const expected = await action(copy);
      const view = new Uint8Array(memory, 1000, 20);
      const got = await action(view);
      expect(util.inspect(got, { depth: 9 })).to.equal(util.inspect(expected, { depth: 9 }));
      expect(noted()).to.deep.equal([]);
    });
  }

  it("leaves arrays over other buffers native", () => {
    expect(new Uint8Array(8).constructor).to.equal(Uint8Array);
    expect(new Uint8Array(8).subarray(1).constructor).to.equal(Uint8Array);
    expect(Buffer.alloc(3).subarray(1).constructor).to.equal(Buffer);
    class Mine extends Int8Array {}
    expect(
      new Mine(8)
        .subarray(1)
        .slice(1)
        .map((x) => x),
    ).to.be.instanceOf(Mine);
    for (const array of [new Uint8Array(8), new Uint8Array(new ArrayBuffer(8)), Uint8Array.of(1, 2), Buffer.alloc(3)]) {
      expect(util.inspect(array, { showProxy: true })).not.to.include("Proxy");
    }
    expect(() => (Uint8Array as unknown as () => void)()).to.throw(TypeError);
    expect(Uint8Array.BYTES_PER_ELEMENT).to.equal(1);
    expect(Uint8Array.name).to.equal("Uint8Array");
    expect(Object.getPrototypeOf(Uint8Array)).to.equal(Object.getPrototypeOf(Int8Array));
    expect(vm.runInThisContext("new Uint8Array(3)").length).to.equal(3);
  });

  it("fails as native arrays do", () => {
    const bytes = new Uint8Array(memory);
    const longs = new BigInt64Array(memory);
    expect(() => new Int32Array(memory, 3)).to.throw(RangeError);
    expect(() => bytes.set([1], BYTES)).to.throw(RangeError);
    expect(() => {
      longs[0] = 1 as never;
    }).to.throw(TypeError);
    expect(() => new DataView(memory).setInt8(BYTES, 1)).to.throw(RangeError);
    bytes[BYTES] = 1;
    bytes[-1] = 1;
    (bytes as unknown as Record<string, number>)["1.5"] = 1;
    (bytes as unknown as Record<string, number>).extra = 5;
    expect((bytes as unknown as Record<string, number>).extra).to.equal(5);
    expect(Object.hasOwn(bytes, "1.5")).to.equal(false);
    expect(noted()).to.deep.equal([]);
  });

  it("puts everything back", () => {
    tracker.uninstall();
    expect(Uint8Array).to.equal(native);
    expect(util.inspect(new Uint8Array(memory, 0, 1), { showProxy: true })).not.to.include("Proxy");
  });

  it("bounds what scattered writes take, and reports each byte once", () => {
    const bytes = new Uint8Array(memory);
    for (let round = 0; round < 3; round++) for (let i = 0; i < BYTES; i += 3) bytes[(i * 7919) % BYTES] = round;
    let last = -1;
    let count = 0;
    tracker.flush((_addr, start, length) => {
      expect(start).to.be.greaterThan(last);
      last = start + length;
      count += length;
    });
    expect(count).to.equal(Math.ceil(BYTES / 3));
  });
});
