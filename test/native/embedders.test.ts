/**
 * Programs that embed WebAssembly, recorded on the native engine: they print what they print without us, and their traces
 * replay in our machine with neither program nor package, to the same memories.
 */

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { FileStorage } from "../../cli/file-storage.ts";
import { TraceReader } from "../../rr/reader.ts";
import { Replayer } from "../../rr/replayer.ts";
import { Timeline } from "../../rr/timeline.ts";
import { findTicks } from "../../rr/timing.ts";
import { type Recorded, ScriptPlace } from "../embed/recorded.ts";
import { ROOT } from "../support/guests.ts";

const PROGRAMS = ["assemblyscript", "quickjs", "sqljs", "sqlite-wasm", "swc", "tree-sitter"];

async function replays({ trace, report }: Recorded): Promise<void> {
  const storage = new FileStorage(trace);
  const reader = await TraceReader.open(storage);
  expect(reader.header).to.include({ engine: "native", ticks: false });
  expect(reader.complete).to.equal(true);
  const replayer = new Replayer(reader);
  const found = await findTicks(replayer);
  expect(replayer.eventNumber).to.equal(report.events);
  const memories = replayer.store.memories.map(({ bytes }) => createHash("sha256").update(bytes).digest("hex"));
  expect(memories).to.deep.equal(report.memories);
  reader.assignTicks(found.ticks);
  const timeline = await Timeline.open(reader, { known: found.snapshots });
  await timeline.seekTo("50%");
  const middle = timeline.stateHash();
  await timeline.reverseStep(10);
  await timeline.step(10);
  expect(timeline.stateHash()).to.equal(middle);
  await timeline.seekTo("end");
  await timeline.seekTo("50%");
  expect(timeline.stateHash()).to.equal(middle);
  storage.close();
}

describe("JavaScript programs on the native engine", function () {
  this.timeout(240_000);
  let place: ScriptPlace;
  before(() => {
    place = new ScriptPlace();
  });
  after(() => place.remove());

  for (const name of PROGRAMS) {
    it(`${name}: recorded, replayed without its host, sought`, async function () {
      const path = join(ROOT, "test/embedders", `${name}.mjs`);
      const plain = spawnSync(process.execPath, [path], { encoding: "utf8" });
      const missing = /^Error.*: Cannot find (?:package|module) '[^']*'/m.exec(plain.stderr);
      if (missing !== null) {
        console.log(`SKIPPED: ${name}: ${missing[0]}`);
        this.skip();
      }
      const recorded = place.record(path, [], ["--engine", "native"]);
      expect(recorded.stderr).to.equal("");
      expect(recorded.stdout).to.equal(plain.stdout);
      expect(recorded.status).to.equal(plain.status);
      await replays(recorded);
    });
  }
});
