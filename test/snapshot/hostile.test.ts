/** Stored machines with wrong content and right checksums: they give an error of ours or a machine that can run. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { describe, it } from "mocha";
import { kernelPath } from "../../bench/kernels.ts";
import { ByteReader, ByteWriter } from "../../snapshot/bytes.ts";
import { SnapshotTaker, storeFromSnapshot } from "../../snapshot/capture.ts";
import { checkSnapshot } from "../../snapshot/check.ts";
import { SnapshotError } from "../../snapshot/errors.ts";
import type { Chunk } from "../../snapshot/pages.ts";
import { decodeMachine, decodeShape, encodeMachine, encodeShape } from "../../snapshot/record.ts";
import type { Shape, Snapshot } from "../../snapshot/tree.ts";
import { enter, entrySlot } from "../../vm/boundary.ts";
import { decodeModule } from "../../vm/decode.ts";
import { RewasmError } from "../../vm/errors.ts";
import { runUntil } from "../../vm/execute.ts";
import { Machine } from "../../vm/machine.ts";
import { validateModule } from "../../vm/validate.ts";
import { writeValues } from "../../vm/value.ts";
import { mulberry32 } from "../support/random.ts";
import { below, type Random } from "./stores.ts";

const module = decodeModule(readFileSync(join(process.cwd(), kernelPath("tokens"))));
validateModule(module);

/** A program in the middle of several calls. */
function running(): Snapshot {
  const machine = new Machine({ stackBytes: 1 << 16 });
  const { instanceAddr } = machine.instantiate(module, { env: { abort: () => undefined } });
  const { addr } = machine.export(instanceAddr, "run")!;
  const { store } = machine;
  writeValues(store, entrySlot(store), store.funcs[addr]!.type.params, [10]);
  enter(store, addr);
  runUntil(store, 51_257);
  return new SnapshotTaker(store).capture(3);
}

function damage(bytes: Uint8Array, random: Random): Uint8Array {
  const copy = bytes.slice();
  for (let i = 0; i <= below(random, 3); i++) copy[below(random, copy.length)] = random() < 0.5 ? below(random, 256) : below(random, 4);
  return copy;
}

/** The machine that stored parts describe, as reader.ts puts it together. */
function assemble(record: Uint8Array, shapeBytes: Uint8Array, chunks: readonly Chunk[]): Snapshot {
  const input = new ByteReader(record);
  const { shapeId: _, tables, memories, ...machine } = decodeMachine(input);
  input.end();
  const shapeInput = new ByteReader(shapeBytes);
  const shape: Shape = decodeShape(shapeInput);
  shapeInput.end();
  const table = (ids: readonly number[]): Chunk[] =>
    ids.map((id) => {
      const chunk = chunks[id];
      if (chunk === undefined) throw new SnapshotError("snapshot-corrupt", "no such chunk");
      return chunk;
    });
  const snapshot: Snapshot = {
    ...machine,
    event: 3,
    shape,
    tables: tables.map(({ length, chunkIds }) => ({ length, pages: table(chunkIds) })),
    memories: memories.slice(0, -1).map(({ pageCount, chunkIds }) => ({ pageCount, pages: table(chunkIds) })),
    heap: { pageCount: memories.at(-1)!.pageCount, pages: table(memories.at(-1)!.chunkIds) },
  };
  checkSnapshot(snapshot);
  return snapshot;
}

describe("damaged stored machines", () => {
  it("give an error with a code, or a machine that can be captured and run", () => {
    const good = running();
    const chunks: Chunk[] = [];
    const record = new ByteWriter();
    encodeMachine(record, good, {
      shape: (out) => out.number(0),
      chunk: (out, chunk) => out.number(chunks.push(chunk) - 1),
    });
    const shape = new ByteWriter();
    encodeShape(shape, good.shape);
    expect(storeFromSnapshot(assemble(record.view(), shape.view(), chunks), [module]).depth).to.equal(good.frames.length);

    const random = mulberry32(77);
    const counts = { refused: 0, restored: 0 };
    for (let i = 0; i < 1500; i++) {
      const inRecord = random() < 0.7;
      try {
        const snapshot = assemble(
          inRecord ? damage(record.view(), random) : record.view(),
          inRecord ? shape.view() : damage(shape.view(), random),
          chunks,
        );
        const store = storeFromSnapshot(snapshot, [module]);
        counts.restored++;
        new SnapshotTaker(store).capture(0);
        runUntil(store, store.tick + 2000);
      } catch (error) {
        if (!(error instanceof RewasmError)) throw error;
        expect(error.message).not.to.include("\n");
        counts.refused++;
      }
    }
    expect(counts.refused).to.be.greaterThan(300);
    expect(counts.restored).to.be.greaterThan(100);
  });
});
