/** Components on the native engine: they do what they do on our machine, and replay in it without jco, host and input. */
import { createHash } from "node:crypto";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { loadComponentGuest } from "../../cli/component-guest.ts";
import { recordComponentGuest, recordComponentNatively } from "../../cli/component-recording.ts";
import type { NativeMachine } from "../../native/machine.ts";
import { TraceReader } from "../../rr/reader.ts";
import { MemorySink, MemoryStorage } from "../../rr/storage.ts";
import { Timeline } from "../../rr/timeline.ts";
import { findTicks } from "../../rr/timing.ts";
import { Workplace } from "../cli/command.ts";
import { type Printed, printingReplayer } from "../component/replaying.ts";
import { ComponentFiles, type ComponentName, componentBytes } from "../component/subjects.ts";

const RUNS: readonly (readonly [name: ComponentName, words: readonly string[], invoke?: string])[] = [
  ["hello", ["Ann", "Bob"]],
  ["hello", ["loop", "20000"]],
  ["hello", ["exit", "3"]],
  ["hello", ["fail"]],
  ["composed", []],
  ["ledger", ['[{label: "tea", amount: 3, currency: euro}]'], "sum"],
  ["ledger", ['account("ann")', "5"], "account.withdraw"],
  ["notes", []],
];

function guestOf(name: ComponentName, words: readonly string[], invoke: string | undefined, printed: Printed, multiMemory: boolean) {
  const print = (fd: 1 | 2, bytes: Uint8Array): void => {
    printed[fd] += new TextDecoder().decode(bytes);
  };
  const options = { env: [["GREETING", "Hi"]] as const, ...(invoke === undefined ? {} : { invoke }) };
  return loadComponentGuest(`${name}.component.wasm`, componentBytes(name), words, options, print, multiMemory);
}

function memoryHashes(memories: readonly { readonly bytes: Uint8Array }[]): string[] {
  return memories.map(({ bytes }) => createHash("sha256").update(bytes).digest("hex"));
}

async function replays(trace: MemoryStorage, machine: NativeMachine, printed: Printed): Promise<void> {
  const reader = await TraceReader.open(trace);
  expect(reader.header).to.include({ engine: "native", host: "component" });
  expect(reader.complete).to.equal(true);
  const { replayer, printed: replayed } = printingReplayer(reader);
  const found = await findTicks(replayer);
  expect(replayed).to.deep.equal(printed);
  for (const memory of machine.store.memories) memory.refresh();
  expect(memoryHashes(replayer.store.memories)).to.deep.equal(memoryHashes(machine.store.memories));
  reader.assignTicks(found.ticks);
  const timeline = await Timeline.open(reader, { known: found.snapshots });
  await timeline.seekTo("50%");
  const middle = timeline.stateHash();
  await timeline.seekTo("end");
  await timeline.seekTo("50%");
  await timeline.reverseStep();
  await timeline.step();
  expect(timeline.stateHash()).to.equal(middle);
}

describe("components on the native engine", function () {
  this.timeout(300_000);

  for (const [name, words, invoke] of RUNS) {
    it(`end as on our machine and replay: ${name} ${invoke ?? ""} ${words.join(" ")}`, async () => {
      const printed: Printed = { 1: "", 2: "" };
      const sink = new MemorySink();
      const { end, machine } = recordComponentNatively(await guestOf(name, words, invoke, printed, false), sink);
      const ours: Printed = { 1: "", 2: "" };
      expect(end).to.deep.equal(recordComponentGuest(await guestOf(name, words, invoke, ours, true), new MemorySink()).end);
      // It prints random numbers and the time.
      if (name !== "notes") expect(printed).to.deep.equal(ours);
      await replays(new MemoryStorage(sink.bytes()), machine, printed);
    });
  }

  describe("rewasm record --engine native", () => {
    const files = new ComponentFiles();
    let place: Workplace;
    before(() => {
      place = new Workplace();
    });
    after(() => {
      place.remove();
      files.remove();
    });

    it("records commands and --invoke, traps too", () => {
      for (const words of [["hello", "Ann"], ["hello", "trap"], ["composed"], ["--invoke", "sum", "ledger", "[]"]]) {
        const path = files.path(words.find((word) => ["hello", "composed", "ledger"].includes(word)) as ComponentName);
        const at = words.findIndex((word) => path.endsWith(`${word}.component.wasm`));
        const recorded = place.rewasm(["record", "--engine", "native", "-o", "n.rrw", ...words.with(at, path)]);
        expect(recorded.status).to.equal(words.includes("trap") ? 134 : 0);
        expect(place.rewasm(["replay", "n.rrw"])).to.deep.equal(recorded);
      }
    });
  });
});
