/** Recorded components: replayed without jco, host and input, travelled through, and equal to what ran. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { loadComponentGuest } from "../../cli/component-guest.ts";
import { type ComponentRecording, recordComponentGuest } from "../../cli/component-recording.ts";
import { TraceReader } from "../../rr/reader.ts";
import { MemorySink, MemoryStorage } from "../../rr/storage.ts";
import { Timeline } from "../../rr/timeline.ts";
import { SnapshotTaker } from "../../snapshot/capture.ts";
import { stateHash } from "../../snapshot/hash.ts";
import { ended, Workplace } from "../cli/command.ts";
import { mulberry32 } from "../support/random.ts";
import { type Printed, printingReplayer } from "./replaying.ts";
import { ComponentFiles, type ComponentName, componentBytes } from "./subjects.ts";

interface Recorded {
  readonly recording: ComponentRecording;
  readonly trace: MemoryStorage;
  /** What it printed, as text, by descriptor. */
  readonly printed: Readonly<Printed>;
  readonly finalHash: string;
}

async function recordInMemory(name: ComponentName, words: readonly string[], invoke?: string): Promise<Recorded> {
  const printed: Printed = { 1: "", 2: "" };
  const print = (fd: 1 | 2, bytes: Uint8Array): void => {
    printed[fd] += new TextDecoder().decode(bytes);
  };
  const options = { env: [["GREETING", "Hi"]] as const, ...(invoke === undefined ? {} : { invoke }) };
  const guest = await loadComponentGuest(`${name}.component.wasm`, componentBytes(name), words, options, print);
  const sink = new MemorySink();
  const recording = recordComponentGuest(guest, sink);
  const { store, recorder } = recording;
  const finalHash = stateHash(new SnapshotTaker(store).capture(recorder.eventCount));
  return { recording, trace: new MemoryStorage(sink.bytes()), printed, finalHash };
}

const runs: readonly (readonly [name: ComponentName, words: readonly string[], invoke?: string])[] = [
  ["hello", ["Ann", "Bob"]],
  ["hello", ["entropy"]],
  ["hello", ["loop", "20000"]],
  ["hello", ["exit", "3"]],
  ["hello", ["trap"]],
  ["composed", []],
  ["ledger", ['[{label: "tea", amount: 3, currency: euro}]'], "sum"],
  ["ledger", ['account("ann")', "5"], "account.withdraw"],
  ["notes", []],
];

describe("recorded components", function () {
  this.timeout(300_000);

  for (const [name, words, invoke] of runs) {
    describe(`${name} ${invoke ?? ""} ${words.join(" ")}`, () => {
      let recorded: Recorded;
      before(async () => {
        recorded = await recordInMemory(name, words, invoke);
      });

      it("replay to the same state and the same output", async () => {
        const { recording, trace, printed, finalHash } = recorded;
        const reader = await TraceReader.open(trace);
        expect(reader.complete).to.equal(true);
        expect(await reader.outcome()).to.deep.equal(recording.end);
        const { replayer, printed: replayed } = printingReplayer(reader);
        await replayer.runTo();
        expect(replayed).to.deep.equal(printed);
        expect(stateHash(new SnapshotTaker(replayer.store).capture(reader.eventCount))).to.equal(finalHash);
      });

      it("are travelled through: to the middle and back, steps back, random places", async () => {
        const { trace, finalHash } = recorded;
        const timeline = await Timeline.open(trace);
        await timeline.seekTo("end");
        expect(timeline.stateHash()).to.equal(finalHash);
        await timeline.seekTo("50%");
        const middle = { position: timeline.position, hash: timeline.stateHash() };
        await timeline.reverseStep();
        expect(timeline.position.tick).to.equal(middle.position.tick - 1);
        await timeline.step();
        expect({ position: timeline.position, hash: timeline.stateHash() }).to.deep.equal(middle);
        const random = mulberry32(0xc0de + words.length);
        const fresh = await Timeline.open(trace);
        for (let i = 0; i < 5; i++) {
          const tick = Math.floor(random() * recorded.recording.store.tick);
          await timeline.seekTo(String(tick));
          await fresh.seekTo(String(tick));
          expect(timeline.stateHash(), `tick ${tick}`).to.equal(fresh.stateHash());
        }
        await timeline.seekTo("end");
        expect(timeline.stateHash()).to.equal(finalHash);
      });
    });
  }
});

describe("writes of glue into memories", function () {
  this.timeout(300_000);
  const big = `[${Array.from({ length: 200 }, (_, i) => `{label: "item ${i}", amount: ${i}, currency: yen}`).join(", ")}]`;
  const subjects: readonly (readonly [name: ComponentName, words: readonly string[], invoke?: string])[] = [
    ["hello", ["Ann", "Bob"]],
    ["hello", ["entropy"]],
    ["composed", []],
    ["ledger", [big], "most-expensive"],
    ["ledger", ["[1, 2.5, nan]"], "halves"],
    ["notes", []],
  ];
  for (const [name, words, invoke] of subjects) {
    it(`are noted to the last byte: ${name} ${invoke ?? ""} ${words.join(" ").slice(0, 20)}`, async () => {
      const options = invoke === undefined ? {} : { invoke };
      const guest = await loadComponentGuest(`${name}.component.wasm`, componentBytes(name), words, options, () => {});
      const { audit, end } = recordComponentGuest(guest, new MemorySink(), { audit: true });
      expect(end.exitCode).to.equal(0);
      expect(audit!.missed).to.equal(undefined);
      expect(audit!.checks).to.be.greaterThan(name === "ledger" ? 2 : 10);
    });
  }
});

/** Module resolution in which jco and its host do not exist. */
const WITHOUT_JCO = `
import * as modules from "node:module";
const missing = (specifier) => specifier.startsWith("@bytecodealliance/");
const gone = () => Object.assign(new Error("not installed"), { code: "ERR_MODULE_NOT_FOUND" });
if (modules.registerHooks !== undefined) {
  modules.registerHooks({
    resolve(specifier, context, next) {
      if (missing(specifier)) throw gone();
      return next(specifier, context);
    },
  });
} else {
  modules.register("data:text/javascript," + encodeURIComponent(\`
const missing = \${missing};
const gone = \${gone};
export async function resolve(specifier, context, next) {
  if (missing(specifier)) throw gone();
  return next(specifier, context);
}\`));
}
`;

describe("rewasm record and replay of components", function () {
  this.timeout(300_000);
  const files = new ComponentFiles();
  let place: Workplace;
  let hello: string;

  before(() => {
    place = new Workplace();
    hello = files.path("hello");
    writeFileSync(place.file("without-jco.mjs"), WITHOUT_JCO);
  });
  after(() => {
    place.remove();
    files.remove();
  });

  /** Options of Node that make jco unresolvable. */
  function withoutJco(): { env: Record<string, string> } {
    return { env: { NODE_OPTIONS: `--import ${place.file("without-jco.mjs")}` } };
  }

  it("need jco and its host to record, and say so", () => {
    const { status, stderr } = place.rewasm(["record", "-o", "none.rrw", hello], withoutJco());
    expect(status).to.equal(1);
    expect(stderr).to.equal(
      "error: to run components, install two packages: npm install @bytecodealliance/jco-transpile @bytecodealliance/preview2-shim\n",
    );
  });

  for (const name of ["hello", "composed", "notes"] as const) {
    it(`replay ${name} without jco, input and the component`, () => {
      const words = name === "hello" ? ["entropy"] : [];
      const path = files.path(name);
      const recorded = place.rewasm(["record", "-o", `${name}.rrw`, path, ...words]);
      expect(recorded.status, recorded.stderr).to.equal(0);
      rmSync(path);
      expect(place.rewasm(["replay", `${name}.rrw`], withoutJco())).to.deep.equal(recorded);
      if (name === "hello") hello = files.path("hello");
    });
  }

  it("replay what was read from standard input and files, and how it ended", () => {
    writeFileSync(place.file("poem"), "roses\nviolets\n");
    const runs: readonly (readonly [words: readonly string[], input: string, status: number])[] = [
      [[hello, "echo"], "loud words\n".repeat(9000), 0],
      [["--dir", ".::/d", hello, "cat", "/d/poem"], "", 0],
      [[hello, "fail"], "", 1],
      [[hello, "trap"], "", 134],
      [["--invoke", "parse", files.path("ledger"), "tea"], "", 0],
    ];
    for (const [words, input, status] of runs) {
      const recorded = place.rewasm(["record", "-o", "run.rrw", ...words], { input });
      expect(recorded.status, words.join(" ")).to.equal(status);
      expect(place.rewasm(["replay", "run.rrw"], withoutJco())).to.deep.equal(recorded);
    }
    expect(readFileSync(place.file("poem"), "utf8")).to.equal("roses\nviolets\n");
  });

  it("show interface functions beside the core calls", () => {
    place.ok("record", "-o", "names.rrw", hello, "Ann");
    const dump = place.ok("dump", "names.rrw");
    expect(dump).to.match(/actual\.\d+ \{wasi:io\/streams@0\.2\.12#\[method\]output-stream\.blocking-write-and-flush\}\(\d+, 0x/);
    expect(dump).to.match(/actual\.\d+ \{wasi:cli\/environment@0\.2\.12#get-arguments\}/);
    const json = place.ok("dump", "names.rrw", "--json").trim().split("\n");
    const interfaces = new Set(json.map((line) => (JSON.parse(line) as { interface?: string }).interface));
    expect([...interfaces]).to.include("wasi:cli/environment@0.2.12#get-arguments");
    const info = JSON.parse(place.ok("info", "names.rrw", "--json")) as { component: { imports: string[]; exports: string[] } };
    expect(info.component.exports).to.deep.equal(["wasi:cli/run@0.2.12#run: func() -> result"]);
    expect(info.component.imports).to.include(
      "wasi:filesystem/types@0.2.12#filesystem-error-code: func(err: borrow<error>) -> option<error-code>",
    );
    place.ok("record", "-o", "sum.rrw", "--invoke", "sum", files.path("ledger"), "[]");
    expect(place.ok("dump", "sum.rrw")).to.match(/call sum \{rewasm:guests\/ledger#sum\}\(\w+, 0\)/);
  });

  it("are debugged without jco, forward and backward", () => {
    place.ok("record", "-o", "loop.rrw", hello, "loop", "500");
    const commands = ["break mix", "continue", "bt", "seek end", "reverse-continue", "when"].flatMap((each) => ["-e", each]);
    const { status, stdout, stderr } = place.rewasm(["debug", "loop.rrw", "--batch", ...commands], withoutJco());
    expect(status, stderr).to.equal(0);
    expect(stdout)
      .to.match(/Breakpoint 1, mix/)
      .and.match(/wasi:cli\/run@0\.2\.12#run/);
  });

  it("are debugged at the level of interfaces", () => {
    place.ok("record", "-o", "levels.rrw", hello, "Ann");
    const write = "wasi:io/streams#[method]output-stream.blocking-write-and-flush";
    const debug = (...commands: string[]): string =>
      place.ok("debug", "levels.rrw", "--batch", ...commands.flatMap((each) => ["-e", each]));
    expect(debug(`break ${write}`, "continue", "bt")).to.match(
      /\* #0 +host +actual\.\d+ \{wasi:io\/streams@0\.2\.12#\[method\]output-stream\.blocking-write-and-flush\}[\s\S]*printf/,
    );
    expect(debug("break wasi:cli/run@0.2.12#run", "seek end", "reverse-continue")).to.match(/Breakpoint 1, wasi:cli\/run@0\.2\.12#run/);
  });

  it("leave a usable trace when Ctrl-C ends them", async () => {
    const child = place.start(["record", "-o", "cut.rrw", hello, "loop", "4000000000"]);
    // Instantiated and computing: then the trace has its first chunks.
    while (!(await hasEvents(place.file("cut.rrw")))) await new Promise((resolve) => setTimeout(resolve, 200));
    await new Promise((resolve) => setTimeout(resolve, 1000));
    child.kill("SIGINT");
    expect(await ended(child)).to.deep.equal({ status: null, signal: "SIGINT" });
    const { status, stderr } = place.rewasm(["replay", "cut.rrw"], withoutJco());
    expect(status).to.equal(130);
    expect(stderr).to.match(/^note: the recording ends here, at tick \d+: it was interrupted\n$/);
    const info = JSON.parse(place.ok("info", "cut.rrw", "--json")) as { complete: boolean; events: number };
    expect(info.complete).to.equal(false);
    expect(info.events).to.be.greaterThan(20);
  });
});

async function hasEvents(path: string): Promise<boolean> {
  try {
    return (await TraceReader.open(new MemoryStorage(new Uint8Array(readFileSync(path))))).eventCount > 20;
  } catch {
    return false;
  }
}
