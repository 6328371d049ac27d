import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { FileSink, FileStorage } from "../../cli/file-storage.ts";
import { TraceError } from "../../rr/errors.ts";
import { BlobStorage, MemorySink, MemoryStorage, readRange, type TraceStorage } from "../../rr/storage.ts";

const content = Uint8Array.from({ length: 10_000 }, (_, i) => (i * 7) & 0xff);

async function checkRanges(storage: TraceStorage): Promise<void> {
  expect(storage.byteLength).to.equal(content.length);
  for (const [offset, length] of [
    [0, 0],
    [0, 16],
    [9_999, 1],
    [123, 4567],
  ] as const) {
    expect(Array.from(await storage.read(offset, length))).to.deep.equal(Array.from(content.subarray(offset, offset + length)));
  }
}

describe("trace storage", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "rewasm-storage-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("reads ranges of memory, of a Blob and of a file alike", async () => {
    await checkRanges(new MemoryStorage(content));
    await checkRanges(new BlobStorage(new Blob([content])));
    const path = join(folder, "a.rrw");
    writeFileSync(path, content);
    const file = new FileStorage(path);
    await checkRanges(file);
    file.close();
  });

  it("insists on whole ranges", async () => {
    const short = { byteLength: 100, read: () => new Uint8Array(3) };
    expect(() => readRange(short, 0, 4))
      .to.throw(TraceError, "returned 3 bytes instead of 4")
      .with.property("code", "trace-storage");
    const late = { byteLength: 100, read: () => Promise.resolve(new Uint8Array(3)) };
    let message = "";
    await Promise.resolve(readRange(late, 0, 4)).catch((error: Error) => {
      message = error.message;
    });
    expect(message).to.contain("returned 3 bytes");
  });

  it("collects what a sink is given, copies and all", () => {
    const sink = new MemorySink();
    const piece = new Uint8Array(3000);
    for (let i = 0; i < 10; i++) {
      piece.fill(i);
      sink.write(piece);
    }
    expect(sink.bytes().length).to.equal(30_000);
    expect(sink.bytes()[2999]).to.equal(0);
    expect(sink.bytes()[29_999]).to.equal(9);
  });

  it("touches an existing file with the first bytes only", () => {
    const path = join(folder, "old.rrw");
    writeFileSync(path, "old content");
    const sink = new FileSink(path);
    sink.check();
    sink.close();
    expect(readFileSync(path, "utf8")).to.equal("old content");
    sink.write(Uint8Array.of(1, 2));
    sink.write(Uint8Array.of(3));
    sink.close();
    expect([...readFileSync(path)]).to.deep.equal([1, 2, 3]);
  });

  it("says in one line why a file cannot be used", () => {
    const lines = [
      () => new FileStorage(join(folder, "absent.rrw")),
      () => new FileStorage(folder),
      () => new FileSink(folder).check(),
      () => new FileSink(join(folder, "no", "such.rrw")).check(),
      () => new FileSink(join(folder, "no", "such.rrw")).write(Uint8Array.of(1)),
    ].map((action) => {
      try {
        action();
        return "nothing";
      } catch (error) {
        expect(error).to.be.instanceOf(TraceError).with.property("code", "trace-storage");
        return (error as Error).message.replaceAll(folder, "F");
      }
    });
    expect(lines).to.deep.equal([
      "cannot read F/absent.rrw: no such file or folder",
      "cannot read F: it is not a file",
      "cannot write F: it is a directory",
      "cannot write F/no/such.rrw: there is no folder F/no",
      "cannot write F/no/such.rrw: no such file or folder",
    ]);
  });
});
