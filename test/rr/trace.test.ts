import { readFileSync } from "node:fs";
import { expect } from "chai";
import crc32 from "crc-32";
import { describe, it } from "mocha";
import { TraceError } from "../../rr/errors.ts";
import type { TraceEvent } from "../../rr/event.ts";
import { TraceReader } from "../../rr/reader.ts";
import { MemorySink, MemoryStorage, type TraceStorage } from "../../rr/storage.ts";
import { CHUNK_HEAD_BYTES, CREATOR, EVENTS_CHUNK_TICKS, FILE_HEAD_BYTES, MODULE_PART_BYTES, makeHeader } from "../../rr/trace-format.ts";
import { TraceWriter } from "../../rr/writer.ts";
import { mulberry32 } from "../support/random.ts";
import { randomEvents } from "./events.ts";

const header = makeHeader({ program: "prog.wasm", args: ["prog", "ä"], env: ["A=1", "B="], stackBytes: 1 << 16 });
const moduleA = Uint8Array.from({ length: 300 }, (_, i) => (i * i) & 0xff);

interface Written {
  readonly bytes: Uint8Array;
  readonly events: readonly TraceEvent[];
  /** Trace length after each chunk. */
  readonly borders: readonly number[];
  /** Events before each of them. */
  readonly counts: readonly number[];
}

/** A finished trace with a module and some events, in chunks of `perChunk` events. */
function writeTrace(seed: number, count: number, perChunk: number): Written {
  const sink = new MemorySink();
  const writer = new TraceWriter(sink, header);
  const borders: number[] = [];
  writer.module(moduleA);
  borders.push(writer.byteLength);
  const counts = [0];
  const events = randomEvents(mulberry32(seed), count);
  for (const event of events) {
    writer.append(event);
    if (event.number % perChunk === perChunk - 1) writer.flush();
    if (borders.at(-1) === writer.byteLength) continue;
    borders.push(writer.byteLength);
    counts.push(writer.eventCount);
  }
  writer.finish(events.at(-1)!.tick + 5);
  return { bytes: sink.bytes(), events, borders, counts };
}

async function readAll(reader: TraceReader, first = 0): Promise<TraceEvent[]> {
  const events: TraceEvent[] = [];
  for await (const event of reader.eventsFrom(first)) events.push(event);
  return events;
}

async function failure(promise: Promise<unknown>): Promise<TraceError> {
  try {
    await promise;
  } catch (error) {
    expect(error).to.be.instanceOf(TraceError);
    expect((error as Error).message).to.not.contain("\n");
    return error as TraceError;
  }
  throw new Error("no error");
}

/** Counts what is read, and never shows more than was asked for. */
function counting(bytes: Uint8Array): TraceStorage & { readonly reads: number[] } {
  const reads: number[] = [];
  return {
    byteLength: bytes.length,
    reads,
    read: async (offset, length) => {
      expect(offset + length).to.be.at.most(bytes.length);
      reads.push(length);
      return bytes.slice(offset, offset + length);
    },
  };
}

describe("trace files", () => {
  it("give back settings, modules and events", async () => {
    const { bytes, events } = writeTrace(1, 3000, 100_000);
    const reader = await TraceReader.open(new MemoryStorage(bytes));
    expect(reader.header).to.deep.equal(header);
    expect(reader.complete).to.equal(true);
    expect(reader.damage).to.equal(undefined);
    expect(reader.eventCount).to.equal(events.length);
    expect(reader.tickCount).to.equal(events.at(-1)!.tick + 5);
    expect(reader.byteLength).to.equal(bytes.length);
    expect(reader.modules.map((module) => module.byteLength)).to.deep.equal([300]);
    expect(Array.from(await reader.modules[0]!.load())).to.deep.equal(Array.from(moduleA));
    expect(await readAll(reader)).to.deep.equal(events);
  });

  it("find any event and any tick by the index", async () => {
    const { bytes, events } = writeTrace(2, 2000, 37);
    const reader = await TraceReader.open(counting(bytes));
    const random = mulberry32(9);
    for (let i = 0; i < 50; i++) {
      const number = Math.floor(random() * events.length);
      const cursor = reader.cursor(number);
      while (cursor.needsFill) await cursor.fill();
      expect(cursor.peek()).to.deep.equal(events[number]);
      const tick = Math.floor(random() * events.at(-1)!.tick);
      const first = events.findIndex((event) => event.tick >= tick);
      expect(await reader.firstEventAt(tick)).to.equal(first);
    }
    expect(await reader.firstEventAt(events.at(-1)!.tick + 1)).to.equal(events.length);
    expect(await readAll(reader, 1990)).to.deep.equal(events.slice(1990));
  });

  it("move a cursor synchronously inside a chunk, and say when they cannot", async () => {
    const { bytes, events } = writeTrace(3, 20, 10);
    const cursor = (await TraceReader.open(new MemoryStorage(bytes))).cursor();
    expect(cursor.needsFill).to.equal(true);
    expect(cursor.peek()).to.equal(undefined);
    for (const event of events) {
      if (cursor.needsFill) await cursor.fill();
      expect(cursor.peek()).to.deep.equal(event);
      cursor.next();
    }
    expect(cursor.atEnd).to.equal(true);
    expect(cursor.needsFill).to.equal(false);
    expect(cursor.peek()).to.equal(undefined);
    cursor.seek(4);
    expect(cursor.needsFill, "the chunk is kept").to.equal(false);
    expect(cursor.peek()).to.deep.equal(events[4]);
    cursor.seek(20);
    expect(cursor.atEnd).to.equal(true);
  });

  it("are read by ranges, a chunk at a time", async () => {
    const { bytes, events } = writeTrace(4, 4000, 50);
    const storage = counting(bytes);
    const reader = await TraceReader.open(storage);
    expect(storage.reads.reduce((sum, length) => sum + length, 0)).to.be.below(bytes.length / 8);
    await readAll(reader);
    expect(Math.max(...storage.reads)).to.be.below(bytes.length / 20);
    expect(events.length).to.equal(reader.eventCount);
  });

  it("end chunks by bytes and ticks alone: equal events give equal bytes", () => {
    const one = writeTrace(6, 5000, 1 << 30);
    expect(Buffer.from(writeTrace(6, 5000, 1 << 30).bytes).equals(Buffer.from(one.bytes))).to.equal(true);
    expect(one.borders.length).to.be.above(2);
    const sink = new MemorySink();
    const writer = new TraceWriter(sink, header);
    writer.append({ kind: "effects", number: 0, tick: 10, effects: [] });
    expect(writer.byteLength).to.equal(0);
    writer.append({ kind: "effects", number: 1, tick: 10 + EVENTS_CHUNK_TICKS, effects: [] });
    expect(writer.byteLength).to.be.above(0);
  });

  it("store equal modules once, and large ones in parts", async () => {
    const large = new Uint8Array(MODULE_PART_BYTES * 2 + 12_345);
    const random = mulberry32(8);
    for (let i = 0; i < large.length; i += 5) large[i] = random() * 256;
    const sink = new MemorySink();
    const writer = new TraceWriter(sink, header);
    writer.module(large);
    const once = writer.byteLength;
    writer.module(large);
    writer.module(moduleA);
    writer.module(new Uint8Array(0));
    expect(writer.byteLength - once).to.be.below(1000);
    writer.finish(0);
    const reader = await TraceReader.open(counting(sink.bytes()));
    expect(reader.modules.map((module) => module.byteLength)).to.deep.equal([large.length, large.length, 300, 0]);
    for (const [i, expected] of [large, large, moduleA, new Uint8Array(0)].entries()) {
      expect(Buffer.from(await reader.modules[i]!.load()).equals(Buffer.from(expected))).to.equal(true);
    }
    expect(reader.modules[0]!.sha256)
      .to.equal(reader.modules[1]!.sha256)
      .and.to.match(/^[0-9a-f]{64}$/);
  });

  it("refuse events out of order and writing after the end", () => {
    const writer = new TraceWriter(new MemorySink(), header);
    expect(() => writer.append({ kind: "effects", number: 3, tick: 0, effects: [] })).to.throw(TraceError, "event #3 appended as #0");
    writer.finish(0);
    expect(() => writer.finish(0)).to.throw(TraceError, "finished already");
  });

  it("name their creator as package.json does", () => {
    const manifest = JSON.parse(readFileSync("package.json", "utf8")) as { name: string; version: string };
    expect(CREATOR).to.equal(`${manifest.name} ${manifest.version}`);
  });
});

describe("damaged trace files", () => {
  it("cut off at any byte, give all whole chunks", async () => {
    const { bytes, events, borders, counts } = writeTrace(7, 60, 6);
    for (let length = 0; length < bytes.length; length++) {
      const storage = new MemoryStorage(bytes.slice(0, length));
      const whole = borders.filter((border) => border <= length).length;
      const firstChunkEnd = FILE_HEAD_BYTES + CHUNK_HEAD_BYTES;
      if (length < firstChunkEnd) {
        await failure(TraceReader.open(storage));
        continue;
      }
      let reader: TraceReader;
      try {
        reader = await TraceReader.open(storage);
      } catch (error) {
        expect(error).to.be.instanceOf(TraceError).with.property("code", "trace-corrupt");
        expect(whole, "only the settings may be missing").to.equal(0);
        continue;
      }
      expect(reader.damage).to.equal(undefined);
      expect(await readAll(reader), `length ${length}`).to.deep.equal(events.slice(0, counts[whole - 1] ?? 0));
      expect(reader.modules.length).to.equal(whole > 0 ? 1 : 0);
      if (length < bytes.length - 200) expect(reader.complete).to.equal(false);
    }
  });

  it("are as good without trailer or index", async () => {
    const { bytes, events } = writeTrace(8, 500, 20);
    const whole = await TraceReader.open(new MemoryStorage(bytes));
    for (const cut of [1, 24, 30]) {
      const reader = await TraceReader.open(new MemoryStorage(bytes.slice(0, bytes.length - cut)));
      expect(reader.complete).to.equal(true);
      expect(reader.tickCount).to.equal(whole.tickCount);
      expect(await readAll(reader)).to.deep.equal(events);
    }
  });

  it("with any byte changed, give the right events or one clear error, never wrong ones", async () => {
    const { bytes, events } = writeTrace(9, 40, 5);
    let errors = 0;
    for (let at = 0; at < bytes.length; at++) {
      const damaged = bytes.slice();
      damaged[at]! ^= 1 << (at % 8);
      try {
        const reader = await TraceReader.open(new MemoryStorage(damaged));
        for (const module of reader.modules) await module.load();
        const read = await readAll(reader);
        expect(read, `byte ${at}`).to.deep.equal(events.slice(0, read.length));
        expect(read.length === events.length || !reader.complete, `byte ${at}`).to.equal(true);
      } catch (error) {
        expect(error, `byte ${at}: ${(error as Error).stack}`).to.be.instanceOf(TraceError);
        errors++;
      }
    }
    expect(errors).to.be.above(bytes.length / 2);
  });

  it("with a broken chunk in the middle, give what is before it and then say where it is", async () => {
    const { bytes, events, borders, counts } = writeTrace(10, 100, 10);
    const damaged = bytes.slice();
    damaged[borders[4]! + CHUNK_HEAD_BYTES + 3]! ^= 0xff;
    const reader = await TraceReader.open(new MemoryStorage(damaged));
    expect(await readAll(reader, counts[5])).to.deep.equal(events.slice(counts[5]));
    const read: TraceEvent[] = [];
    const error = await failure(
      (async () => {
        for await (const event of reader.eventsFrom()) read.push(event);
      })(),
    );
    expect(error).to.include({ code: "trace-corrupt", offset: borders[4] });
    expect(error.message).to.contain(`offset ${borders[4]}`);
    expect(read).to.deep.equal(events.slice(0, counts[4]));
  });

  it("with a broken chunk head and no index, give what is before it and then say where it is", async () => {
    const { bytes, events, borders, counts } = writeTrace(11, 100, 10);
    const damaged = bytes.slice(0, bytes.length - 24);
    damaged[borders[3]! + 5]! ^= 1;
    const reader = await TraceReader.open(new MemoryStorage(damaged));
    expect(reader.complete).to.equal(false);
    expect(reader.eventCount).to.equal(counts[3]);
    expect(reader.damage).to.include({ code: "trace-corrupt", offset: borders[3] });
    expect(await failure(readAll(reader))).to.equal(reader.damage);
    expect(events[counts[3]! - 1]!.tick).to.equal(reader.tickCount);
  });

  it("whose last chunk is broken or zero, end before it", async () => {
    const { bytes, events, borders, counts } = writeTrace(12, 100, 10);
    const cut = bytes.slice(0, borders[5]);
    cut[cut.length - 1]! ^= 1;
    const broken = await TraceReader.open(new MemoryStorage(cut));
    expect(await readAll(broken)).to.deep.equal(events.slice(0, counts[4]));
    const zeros = new Uint8Array(borders[5]! + 5000);
    zeros.set(bytes.subarray(0, borders[5]));
    const extended = await TraceReader.open(new MemoryStorage(zeros));
    expect(await readAll(extended)).to.deep.equal(events.slice(0, counts[5]));
    expect(extended.damage).to.equal(undefined);
  });

  it("that are none, or of another version, are told apart", async () => {
    const open = (bytes: Uint8Array): Promise<TraceError> => failure(TraceReader.open(new MemoryStorage(bytes)));
    expect((await open(new Uint8Array(0))).code).to.equal("not-a-trace");
    const module = await open(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
    expect(module.code).to.equal("not-a-trace");
    expect(module.message).to.contain("record it first");
    const newer = writeTrace(13, 5, 5).bytes.slice();
    newer[8] = 3;
    expect((await open(newer)).code, "the checksum is that of version 1").to.equal("trace-corrupt");
    new DataView(newer.buffer).setInt32(12, crc32.buf(newer.subarray(0, 12)), true);
    const error = await open(newer);
    expect(error.code).to.equal("trace-version");
    expect(error.message).to.equal("the trace has format version 3; this rewasm reads versions 1 and 2");
  });

  it("with hostile lengths, allocate nothing like them", async () => {
    const { bytes } = writeTrace(14, 50, 10);
    const storage: TraceStorage = {
      byteLength: Number.MAX_SAFE_INTEGER,
      read: (offset, length) => {
        expect(length).to.be.below(1 << 20);
        return bytes.length >= offset + length ? bytes.subarray(offset, offset + length) : new Uint8Array(length);
      },
    };
    const reader = await TraceReader.open(storage);
    expect(reader.eventCount).to.equal(50);
  });
});
