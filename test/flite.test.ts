/**
 * A large real program: the speech synthesizer flite (21 MB) speaks a sentence into a file. The file is what V8 makes,
 * recorded or not; the recording replays when the directory is gone; and one can travel in it.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { v8Command } from "../bench/v8-command.ts";
import { FileStorage } from "../cli/file-storage.ts";
import { Inspector } from "../debug/inspect.ts";
import { Symbols } from "../debug/symbols.ts";
import { Timeline } from "../rr/timeline.ts";
import { flitePath, readBytes } from "./support/guests.ts";

const SENTENCE = "Nothing is lost.";
const ARGS = ["-t", SENTENCE, "-o", "/out/speech.wav"];
/** Called many times just before the middle, and called last long before it. */
const FUNCTIONS = ["cst_g721_decode", "cart_duration"];

describe("flite speaks", function () {
  this.timeout(180_000);
  const folder = mkdtempSync(join(tmpdir(), "rewasm-flite-"));
  const out = join(folder, "out");
  const trace = join(folder, "speech.rrw");
  let expected: Buffer;
  let timeline: Timeline | undefined;
  let storage: FileStorage | undefined;

  function rewasm(...args: string[]): { status: number | null; stdout: string; stderr: string } {
    const main = new URL("../package/cli/main.js", import.meta.url).pathname;
    return spawnSync(process.execPath, [main, ...args], { encoding: "utf8" });
  }

  before(() => {
    mkdirSync(out);
    const native = v8Command(readBytes(flitePath()), { args: ["flite.wasm", ...ARGS], preopens: { "/out": out } });
    expect(native.run()).to.equal(0);
    expected = readFileSync(join(out, "speech.wav"));
    expect(expected.length).to.be.greaterThan(10_000);
  });

  after(() => {
    storage?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it("into the same file as on V8, under run", () => {
    rmSync(join(out, "speech.wav"));
    const { status, stderr } = rewasm("run", "--dir", `${out}::/out`, flitePath(), ...ARGS);
    expect(stderr).to.equal("");
    expect(status).to.equal(0);
    expect(readFileSync(join(out, "speech.wav")).equals(expected)).to.equal(true);
  });

  it("into the same file as on V8, under record", () => {
    rmSync(join(out, "speech.wav"));
    const { status, stderr } = rewasm("record", "-o", trace, "--dir", `${out}::/out`, flitePath(), ...ARGS);
    expect(stderr).to.equal("");
    expect(status).to.equal(0);
    expect(readFileSync(join(out, "speech.wav")).equals(expected)).to.equal(true);
  });

  it("again in a replay, with the directory gone and nothing written", () => {
    rmSync(out, { recursive: true });
    const { status, stdout, stderr } = rewasm("replay", trace);
    expect({ status, stdout, stderr }).to.deep.equal({ status: 0, stdout: "", stderr: "" });
    expect(existsSync(out)).to.equal(false);
  });

  it("up to the middle: the state there is the same with and without stored snapshots", () => {
    const stored = rewasm("replay", trace, "--goto", "50%", "--state-hash", "--json");
    const fresh = rewasm("replay", trace, "--goto", "50%", "--state-hash", "--json", "--no-snapshots");
    expect(stored.status, stored.stderr).to.equal(0);
    expect(fresh.stdout).to.equal(stored.stdout);
    expect(JSON.parse(stored.stdout)).to.have.keys("tick", "event", "hash");
  });

  for (const name of FUNCTIONS) {
    it(`and backward from the middle to the function ${name}`, async () => {
      storage ??= new FileStorage(trace);
      timeline ??= await Timeline.open(storage);
      await timeline.seekTo("50%");
      const middle = timeline.position;
      const symbols = new Symbols(timeline.store);
      timeline.setBreakpoints(symbols.findPlaces(name));
      expect(await timeline.reverseContinue()).to.equal("breakpoint");
      const inspector = new Inspector(timeline.store, symbols);
      expect(inspector.location()?.name).to.equal(name);
      expect(inspector.backtrace().map((frame) => frame.name)).to.include("main");
      expect(timeline.position.tick).to.be.lessThan(middle.tick);
      // It is the last call before the middle: going on from there meets the next one after it.
      if ((await timeline.continue()) === "breakpoint") expect(timeline.position.tick).to.be.greaterThan(middle.tick);
      else expect(timeline.atEnd).to.equal(true);
    });
  }

  it("where a step back and a step forward lead to the same state", async () => {
    storage ??= new FileStorage(trace);
    timeline ??= await Timeline.open(storage);
    await timeline.seekTo("50%");
    const hash = timeline.stateHash();
    await timeline.reverseStep();
    expect(timeline.stateHash()).to.not.equal(hash);
    await timeline.step();
    expect(timeline.stateHash()).to.equal(hash);
  });
});
