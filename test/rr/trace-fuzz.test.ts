import { expect } from "chai";
import { describe, it } from "mocha";
import type { TraceEvent } from "../../rr/event.ts";
import { TraceReader } from "../../rr/reader.ts";
import { Replayer } from "../../rr/replayer.ts";
import { MemorySink, MemoryStorage } from "../../rr/storage.ts";
import {
  CHUNK_HEAD_BYTES,
  ChunkKind,
  decodeChunk,
  decodeChunkHead,
  encodeChunk,
  FILE_HEAD_BYTES,
  makeHeader,
} from "../../rr/trace-format.ts";
import { TraceWriter } from "../../rr/writer.ts";
import { RewasmError } from "../../vm/errors.ts";
import { mulberry32 } from "../support/random.ts";
import { randomEffect, randomEvent } from "./events.ts";
import { funcOf, instantiate, looper, moduleBytes, startRecording } from "./modules.ts";

/** A short recording that has most kinds of events. */
function recorded(): Uint8Array {
  const { machine, recorder, sink } = startRecording({ stackBytes: 1 << 16 });
  let depth = 0;
  const instance: number = instantiate(machine, looper, {
    mix: () => {},
    work: ({ slot }) => {
      const n = machine.store.i32[slot * 2]!;
      machine.writeMemory(0, 16, Uint8Array.of(n));
      if (n === 1 && depth++ === 0) machine.call(funcOf(machine, instance, "run"), [2]);
      if (n === 2) machine.setTable(0, 1, 3);
      if (n === 3) machine.setGlobal(0, 5n);
      if (n === 4) throw new Error("four");
    },
  });
  machine.call(funcOf(machine, instance, "run"), [9]);
  machine.call(funcOf(machine, instance, "grow"), [1]);
  machine.call(funcOf(machine, instance, "values"), [1, 2n, 3, 4]);
  recorder.finish();
  return sink.bytes();
}

/** The trace with its Events chunks changed by `change`, all checksums right, and no index. */
function rechunk(bytes: Uint8Array, change: (raw: Uint8Array) => void): Uint8Array {
  const sink = new MemorySink();
  sink.write(bytes.subarray(0, FILE_HEAD_BYTES));
  for (let offset = FILE_HEAD_BYTES; ; ) {
    const head = decodeChunkHead(bytes.subarray(offset, offset + CHUNK_HEAD_BYTES), offset)!;
    if (head.kind === ChunkKind.Index) break;
    const raw = decodeChunk(bytes.subarray(offset), head, offset).slice();
    if (head.kind === ChunkKind.Events) change(raw);
    const chunk = encodeChunk(head, raw);
    sink.write(chunk.head);
    sink.write(chunk.stored);
    offset += CHUNK_HEAD_BYTES + head.storedBytes;
  }
  return sink.bytes();
}

/** Replays to an end or to one clear error; anything else fails. Returns whether there was an error. */
async function survives(bytes: Uint8Array, what: string): Promise<boolean> {
  try {
    const replayer = await Replayer.open(new MemoryStorage(bytes));
    await replayer.runTo({ tick: 100_000 });
    return false;
  } catch (error) {
    expect(error, `${what}: ${(error as Error).stack}`).to.be.instanceOf(RewasmError);
    expect((error as Error).message, what).to.not.contain("\n");
    return true;
  }
}

describe("traces made to harm", () => {
  it("with damaged events under right checksums, replay to an end or to one clear error", async () => {
    const bytes = recorded();
    expect(
      await survives(
        rechunk(bytes, () => {}),
        "unchanged",
      ),
    ).to.equal(false);
    let errors = 0;
    for (let seed = 1; seed <= 600; seed++) {
      const random = mulberry32(seed);
      const damaged = rechunk(bytes, (raw) => {
        for (let i = 0; i < 1 + random() * 2; i++) raw[Math.floor(random() * raw.length)] = random() < 0.5 ? random() * 256 : random() * 8;
      });
      if (await survives(damaged, `seed ${seed}`)) errors++;
    }
    expect(errors).to.be.above(300);
  }).timeout(120_000);

  it("with foreign events among good ones, replay to an end or to one clear error", async () => {
    const reader = await TraceReader.open(new MemoryStorage(recorded()));
    const good: TraceEvent[] = [];
    for await (const event of reader.eventsFrom()) good.push(event);
    for (let seed = 1; seed <= 600; seed++) {
      const random = mulberry32(seed);
      const sink = new MemorySink();
      const writer = new TraceWriter(sink, makeHeader({ stackBytes: 1 << 16 }));
      writer.module(moduleBytes(looper));
      const place = Math.floor(random() * good.length);
      for (const [i, event] of good.entries()) {
        if (i === place) {
          const foreign = randomEvent(random, writer.eventCount, 0);
          if (random() < 0.7) writer.append({ ...foreign, tick: event.tick });
          else writer.append({ ...event, number: writer.eventCount, effects: [...event.effects, randomEffect(random)] });
          if (random() < 0.5) continue;
        }
        writer.append({ ...event, number: writer.eventCount });
      }
      writer.finish(reader.tickCount);
      await survives(sink.bytes(), `seed ${seed}`);
    }
  }).timeout(120_000);
});
