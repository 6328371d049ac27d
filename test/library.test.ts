/**
 * The package as its users have it, by its name: every capability of the commands once, with nothing but what "rewasm" and
 * "rewasm/node" export. What each does in every case is tested in its room.
 */
import { spawnSync } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { devNull, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import {
  BlobStorage,
  type CallResult,
  COMMANDS,
  compileModule,
  DebugSession,
  DecodeError,
  describeCallResult,
  describeEvent,
  deserializeSnapshot,
  EventLabels,
  type HostEffect,
  hostFunction,
  type ImportObject,
  Inspector,
  LinkError,
  Machine,
  MemorySink,
  MemoryStorage,
  type Module,
  OutputFollower,
  openSidecar,
  outlineModule,
  PREVIEW1_MODULE,
  parseCommandLine,
  parsePosition,
  programKind,
  Recorder,
  Replayer,
  RewasmError,
  runCommand,
  SilentJournal,
  SnapshotReader,
  SnapshotTaker,
  Status,
  Symbols,
  serializeSnapshot,
  stateHash,
  Timeline,
  TraceError,
  TraceReader,
  type TraceSink,
  Trap,
  traceIdentity,
  ValidationError,
  writeSidecar,
} from "rewasm";
import { createNodeWasi, FileSink, FileStorage } from "rewasm/node";
import { guestBytes } from "./support/guests.ts";
import { wat } from "./support/wat.ts";

/** Adds up what a host answers, and traps when it answers zero. */
const SUM = `(module $sum
  (import "env" "next" (func $next (param i32) (result i32)))
  (import "env" "pair" (func $pair (param i64 f64) (result f64 i64)))
  (memory (export "memory") 1)
  (global $count (export "count") (mut i32) (i32.const 0))
  (func $checked (param $value i32) (result i32)
    (if (i32.eqz (local.get $value)) (then unreachable))
    (local.get $value))
  (func (export "sum") (param $n i32) (result i32) (local $sum i32)
    (loop $again
      (local.set $sum (i32.add (local.get $sum) (call $checked (call $next (local.get $n)))))
      (i32.store (i32.mul (local.get $n) (i32.const 4)) (local.get $sum))
      (global.set $count (i32.add (global.get $count) (i32.const 1)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum))
  (func (export "swap") (param i64 f64) (result f64 i64) (call $pair (local.get 0) (local.get 1))))`;

/** A host whose answers come from a list, then are zero. */
function hostOf(answers: number[]): ImportObject {
  return {
    env: {
      next: hostFunction((n: number) => (answers.shift() ?? 0) * Math.min(n, 1)),
      pair: hostFunction((a: bigint, b: number) => [b, a]),
    },
  };
}

function values(result: CallResult): readonly (number | bigint)[] {
  if (result.kind !== "return") throw new Error(describeCallResult(result));
  return result.values;
}

describe("the library", () => {
  let module: Module;
  let trace: Uint8Array;
  let folder: string;

  /** Records two calls, the second of which traps, into a writer. */
  function recordInto(sink: TraceSink): void {
    const recorder = new Recorder(sink, { program: "sum.wasm" });
    const machine = new Machine({ journal: recorder });
    recorder.attach(machine.store);
    const { instanceAddr } = machine.instantiate(module, hostOf([3, 4, 5, 6, 7]));
    const sum = machine.export(instanceAddr, "sum")!.addr;
    expect(values(machine.call(sum, [4]))).to.deep.equal([18]);
    expect(machine.call(sum, [4])).to.deep.equal({ kind: "trap", trap: Trap.Unreachable });
    recorder.finish();
  }

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "rewasm-library-"));
    module = compileModule(await wat(SUM));
    const sink = new MemorySink();
    recordInto(sink);
    trace = sink.bytes();
  });
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it("is typed for programs of other projects, in browsers too", function () {
    this.timeout(60_000);
    const root = fileURLToPath(new URL("../../", import.meta.url));
    mkdirSync(join(folder, "node_modules"));
    symlinkSync(root, join(folder, "node_modules/rewasm"), "dir");
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
    const check = (source: string, types: string): string[] => {
      writeFileSync(join(folder, "use.ts"), source);
      const flags = ["--noEmit", "--strict", "--module", "nodenext", "--target", "es2022", "--lib", "es2022,dom", "--types", types];
      const typeRoots = ["--typeRoots", join(root, "node_modules/@types")];
      const tsc = join(root, "node_modules/typescript/bin/tsc");
      const { stdout } = spawnSync(process.execPath, [tsc, ...flags, ...typeRoots, "use.ts"], { cwd: folder, encoding: "utf8" });
      return [...stdout.matchAll(/use\.ts\((\d+),\d+\): error (TS\d+)/g)]
        .map(([, line, code]) => `${line} ${code}`)
        .concat(/^(?!use\.ts)\S+error TS/m.exec(stdout) ?? []);
    };
    const browser = [
      'import { compileModule, hostFunction, Machine, type CallResult } from "rewasm";',
      "const machine = new Machine();",
      "machine.instantiate(compileModule(new Uint8Array(8)), { env: { f: hostFunction((a: number, b: bigint) => [a, b]) } });",
      "export const result: CallResult = machine.call(0, [1, 2n]);",
      "export const wrong: string = machine.store.tick;",
    ].join("\n");
    expect(check(browser, "")).to.deep.equal(["5 TS2322"]);
    const node =
      'import { createNodeWasi, FileStorage } from "rewasm/node";\nexport const size: number = new FileStorage("t").byteLength;\ncreateNodeWasi({ args: 7 });';
    expect(check(node, "node")).to.deep.equal(["3 TS2322"]);
  });

  it("compiles modules and tells what is wrong with others", async () => {
    expect(module.exports.map(({ name }) => name)).to.deep.equal(["memory", "count", "sum", "swap"]);
    expect(() => compileModule(Uint8Array.of(0, 0x61, 0x73))).to.throw(DecodeError, /offset 0x/);
    const invalid = await wat("(module (func (result i32) (i64.const 0)))");
    expect(() => compileModule(invalid)).to.throw(ValidationError, /offset 0x/);
    expect([...outlineModule(module)].join("\n")).to.include("sum");
  });

  it("instantiates with any import object, calls, and answers traps as values", async () => {
    const machine = new Machine({ stackBytes: 1 << 16 });
    expect(() => machine.instantiate(module, { env: {} })).to.throw(LinkError, "env.next");
    const { instanceAddr, start } = machine.instantiate(module, hostOf([1, 2]));
    expect(start.kind).to.equal("return");
    expect(values(machine.call(machine.export(instanceAddr, "swap")!.addr, [7n, 0.5]))).to.deep.equal([0.5, 7n]);
    const sum = machine.export(instanceAddr, "sum")!.addr;
    expect(values(await machine.callAsync(sum, [2]))).to.deep.equal([3]);
    expect(machine.call(sum, [1])).to.deep.equal({ kind: "trap", trap: Trap.Unreachable });
    const memory = machine.export(instanceAddr, "memory")!.addr;
    expect(machine.store.memories[memory]!.view.getInt32(4, true)).to.equal(3);
    // Another instance may import what the first exports.
    const user = compileModule(
      await wat(`(module (import "sum" "swap" (func (param i64 f64) (result f64 i64))) (import "sum" "memory" (memory 1))
      (func (export "read") (result i32) (i32.load (i32.const 4))))`),
    );
    const second = machine.instantiate(user, { sum: { swap: machine.export(instanceAddr, "swap")!, memory: { kind: 2, addr: memory } } });
    expect(values(machine.call(machine.export(second.instanceAddr, "read")!.addr))).to.deep.equal([3]);
  });

  it("hands what a host function throws, and wrong result counts, to the caller", async () => {
    const one = compileModule(
      await wat(`(module (import "host" "f" (func $f (result i32))) (func (export "run") (result i32) (call $f)))`),
    );
    const run = (implementation: () => undefined | number[]): CallResult => {
      const machine = new Machine();
      const { instanceAddr } = machine.instantiate(one, { host: { f: hostFunction(implementation) } });
      return machine.call(machine.export(instanceAddr, "run")!.addr);
    };
    const problem = new Error("no");
    expect(
      run(() => {
        throw problem;
      }),
    ).to.deep.equal({ kind: "trap", trap: Trap.HostThrow, thrown: problem });
    for (const wrong of [() => undefined, () => [], () => [1, 2]]) {
      const result = run(wrong);
      const thrown = result.kind === "trap" ? result.thrown : undefined;
      expect(thrown).to.be.instanceOf(RewasmError);
      expect((thrown as RewasmError).code).to.equal("host-result");
    }
    expect(values(run(() => [9]))).to.deep.equal([9]);
  });

  it("records into any writer and opens traces from any storage", async () => {
    const parts: Uint8Array[] = [];
    recordInto({ write: (bytes) => void parts.push(bytes.slice()) });
    expect(Buffer.concat(parts).equals(trace)).to.equal(true);
    const path = join(folder, "sum.rrw");
    const file = new FileSink(path);
    recordInto(file);
    file.close();
    expect(readFileSync(path).equals(trace)).to.equal(true);

    const storages = [new MemoryStorage(trace), new BlobStorage(new Blob([trace])), new FileStorage(path)];
    const ends = [];
    for (const storage of storages) {
      const timeline = await Timeline.open(storage);
      await timeline.seekTo("end");
      ends.push([timeline.end, timeline.stateHash()]);
    }
    expect(ends[1]).to.deep.equal(ends[0]);
    expect(ends[2]).to.deep.equal(ends[0]);
    let refused: unknown;
    await TraceReader.open(new MemoryStorage(trace.subarray(5))).catch((error: unknown) => {
      refused = error;
    });
    expect(refused).to.be.instanceOf(TraceError);
  });

  it("lists the events of a trace and replays it without its host", async () => {
    const reader = await TraceReader.open(new MemoryStorage(trace));
    expect(reader.header.program).to.equal("sum.wasm");
    const labels = new EventLabels();
    const lines: string[] = [];
    const effects: HostEffect[] = [];
    for await (const event of reader.eventsFrom()) {
      labels.observe(event);
      lines.push(describeEvent(event, labels.label));
      effects.push(...event.effects);
    }
    expect(lines.some((line) => line.includes("env.next"))).to.equal(true);
    expect(effects).to.deep.equal([]);
    const replayer = await Replayer.open(new MemoryStorage(trace));
    expect(await replayer.runTo()).to.equal("end");
    expect(replayer.store.globalI32[0]).to.equal(5);
  });

  it("moves on a timeline: positions, steps, breakpoints, inspection", async () => {
    const timeline = await Timeline.open(new MemoryStorage(trace));
    await timeline.seekTo("50%");
    const hash = timeline.stateHash();
    await timeline.step(5);
    await timeline.reverseStep(5);
    expect(timeline.stateHash()).to.equal(hash);
    timeline.bookmark("half");
    const symbols = new Symbols(timeline.store);
    timeline.setBreakpoints(symbols.findPlaces("checked"));
    await timeline.seekTo("start");
    let stops = 0;
    while ((await timeline.continue()) === "breakpoint") stops++;
    expect(stops).to.equal(6);
    const inspector = new Inspector(timeline.store, symbols);
    expect(inspector.backtrace().map(({ name }) => name)).to.deep.equal(["checked", "sum"]);
    expect(await timeline.reverseContinue()).to.equal("breakpoint");
    expect(inspector.locals(0).map(({ name, text }) => [name, text])).to.deep.equal([["value", "0"]]);
    await timeline.seekTo("@half");
    expect(timeline.stateHash()).to.equal(hash);
    expect(parsePosition("#3")).to.not.equal(undefined);
    let refused: unknown;
    await timeline.seekTo("nowhere").catch((error: unknown) => {
      refused = error;
    });
    expect(refused).to.be.instanceOf(RewasmError);
  });

  it("runs the debugger's commands", async () => {
    const session = new DebugSession(await Timeline.open(new MemoryStorage(trace)));
    expect(COMMANDS.length).to.be.greaterThan(10);
    const paint = (_: string, text: string): string => text;
    const answers: string[] = [];
    for (const line of ["break checked", "continue", "bt", "reverse-continue"]) {
      const { lines } = await runCommand(parseCommandLine(line)!, { session, paint });
      answers.push(...lines);
    }
    expect(answers.join("\n")).to.match(/checked[\s\S]*sum/);
    expect(session.timeline.position.tick).to.equal(0);
  });

  it("stores a machine as bytes, and finishes it in another one with another host", () => {
    const machine = new Machine();
    const answers = [1, 1, 1, 1, 1];
    const { instanceAddr } = machine.instantiate(module, hostOf(answers));
    machine.begin(machine.export(instanceAddr, "sum")!.addr, [5]);
    expect(machine.resume(40)).to.equal(undefined);
    const snapshot = new SnapshotTaker(machine.store).capture(0);
    const bytes = serializeSnapshot(snapshot);

    const elsewhere = new Machine();
    const taker = new SnapshotTaker(elsewhere.store);
    taker.restore(deserializeSnapshot(bytes), [compileModule(module.bytes)]);
    expect(stateHash(taker.capture(0))).to.equal(stateHash(snapshot));
    expect(() => elsewhere.bindHosts({ env: {} })).to.throw(LinkError, "env.next");
    elsewhere.bindHosts(hostOf([10, 10, 10, 10, 10]));
    const asked = 5 - answers.length;
    expect(asked).to.be.within(1, 4);
    expect(values(elsewhere.resume()!)).to.deep.equal([asked + (5 - asked) * 10]);
    expect(elsewhere.store.status).to.equal(Status.Idle);
  });

  it("keeps the snapshots of a timeline beside its trace", async () => {
    const storage = new MemoryStorage(trace);
    const identity = await traceIdentity(storage);
    const timeline = await Timeline.open(storage);
    await timeline.seekTo("end");
    const sink = new MemorySink();
    writeSidecar(timeline.snapshots.set, identity, sink);
    const sidecar = await openSidecar(new MemoryStorage(sink.bytes()), identity);
    expect(sidecar.snapshots).to.be.instanceOf(SnapshotReader);
    const again = await Timeline.open(storage, { snapshots: sidecar.snapshots });
    await again.seekTo("end");
    expect(again.stateHash()).to.equal(timeline.stateHash());
    expect((await openSidecar(new MemoryStorage(sink.bytes()), "another")).problem).to.be.a("string");
  });

  it("runs, records and replays WASI programs on the Node host", async () => {
    const hello = compileModule(guestBytes("hello"));
    expect(programKind(hello)).to.equal("command");
    const sink = new MemorySink();
    const recorder = new Recorder(sink, { program: "hello.wasm", args: ["hello", "you"] });
    const stdout = openSync(devNull, "w");
    const wasi = createNodeWasi({ args: ["hello", "you"], stdout, stderr: stdout });
    const machine = new Machine({ journal: recorder, backing: wasi.backing });
    recorder.attach(machine.store);
    const { instanceAddr } = machine.instantiate(hello, { [PREVIEW1_MODULE]: wasi.imports });
    const { addr } = machine.export(instanceAddr, "_start")!;
    machine.call(addr);
    recorder.finish();
    closeSync(stdout);

    // What it printed comes back without the host.
    let printed = "";
    const follower = new OutputFollower((stream, bytes) => {
      if (stream === 1) printed += new TextDecoder().decode(bytes);
    });
    class Output extends SilentJournal {
      override hostCalled(funcAddr: number, argSlot: number): void {
        follower.hostCalled(replayer.store, funcAddr, argSlot);
      }
      override hostReturned(funcAddr: number, resultSlot: number): void {
        follower.hostReturned(replayer.store, funcAddr, resultSlot);
      }
    }
    const replayer = await Replayer.open(new MemoryStorage(sink.bytes()), { journal: new Output() });
    expect(await replayer.runTo()).to.equal("end");
    expect(printed).to.include("hello from hello");
    expect(printed).to.include("you");
  });
});
