/** `rewasm record app.mjs`: small scripts of our own that end, write and link in every way, and their traces. */
import { spawn, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import type { ScriptReport } from "../../cli/script-recording.ts";
import { ended, MAIN } from "../cli/command.ts";
import { guestPath } from "../support/guests.ts";
import { wat } from "../support/wat.ts";
import { hashesAt, replaysExactly, ScriptPlace } from "./recorded.ts";

/** A memory, a word added up over a range, and calls to and from JavaScript. */
const LIB = `(module
  (import "env" "note" (func $note (param i32) (result i32)))
  (memory (export "memory") 1 10)
  (table (export "table") 4 funcref)
  (global $g (export "g") (mut i32) (i32.const 5))
  (type $ii (func (param i32) (result i32)))
  (elem (i32.const 0) $sum)
  (func $sum (export "sum") (param i32) (result i32)
    (local i32)
    (block (loop
      (br_if 1 (i32.eqz (local.get 0)))
      (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
      (local.set 1 (i32.add (local.get 1) (i32.load8_u (local.get 0))))
      (br 0)))
    (i32.add (global.get $g) (local.get 1)))
  (func (export "ask") (param i32) (result i32) (i32.add (call $note (local.get 0)) (call $sum (i32.const 64))))
  (func (export "indirect") (param i32 i32) (result i32) (call_indirect (type $ii) (local.get 1) (local.get 0)))
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "trap") (unreachable))
  (func (export "spin") (loop (br 0))))`;

/** Uses the memory, table and function of another module. */
const PLUGIN = `(module
  (import "env" "memory" (memory 1))
  (import "env" "table" (table 1 funcref))
  (import "env" "sum" (func $sum (param i32) (result i32)))
  (elem (i32.const 2) $twice)
  (data (i32.const 32) "plugin")
  (func $twice (export "twice") (param i32) (result i32) (i32.mul (i32.const 2) (call $sum (local.get 0)))))`;

const HEAD = `
import { readFileSync } from "node:fs";
let note = (x) => x;
const { instance, module } = await WebAssembly.instantiate(readFileSync("lib.wasm"), { env: { note: (x) => note(x) } });
const { memory, table, sum, ask, indirect, grow, trap, spin, g } = instance.exports;
`;

describe("record of scripts", function () {
  this.timeout(60_000);
  let place: ScriptPlace;

  before(async () => {
    place = new ScriptPlace();
    place.write("lib.wasm", await wat(LIB));
    place.write("plugin.wasm", await wat(PLUGIN));
  });
  after(() => place.remove());

  async function check(source: string, words: readonly string[] = []): Promise<{ stdout: string; stderr: string; status: number | null }> {
    place.write("app.mjs", HEAD + source);
    const recorded = place.record("app.mjs", words);
    const { stdout, status } = spawnSync(process.execPath, ["app.mjs", ...words], { cwd: place.path, encoding: "utf8" });
    expect(recorded.stdout, recorded.stderr).to.equal(stdout);
    expect(recorded.status).to.equal(status);
    await replaysExactly(recorded);
    return recorded;
  }

  it("leaves output, arguments and exit code to the script", async () => {
    const { stdout, stderr, status } = await check(
      `console.log(sum(4), process.argv.slice(2).join(), process.execArgv.length, Object.keys(process.env).filter((k) => k.startsWith("REWASM")).length);
       console.error("to stderr");
       process.exitCode = 7;`,
      ["a", "-b", "--json"],
    );
    expect(stdout).to.equal("5 a,-b,--json 0 0\n");
    expect(stderr).to.equal("to stderr\n");
    expect(status).to.equal(7);
  });

  it("records writes between calls, in imports, and after the last call", async () => {
    const { stdout } = await check(
      `const bytes = new Uint8Array(memory.buffer);
       bytes.set([1, 2, 3], 4);
       let out = [sum(64)];
       note = (x) => { new DataView(memory.buffer).setUint8(20, x); return sum(64); };
       out.push(ask(9));
       note = (x) => { bytes[21] = x; note = (y) => y; return ask(1) + (bytes[22] = 5); };
       out.push(ask(3));
       crypto.getRandomValues(bytes.subarray(100, 200));
       bytes.fill(7, 300, 400);
       console.log(out.join());`,
    );
    expect(stdout).to.equal("11,40,57\n");
  });

  it("records growth from both sides, tables and globals", async () => {
    const { stdout } = await check(
      `const before = memory.buffer;
       memory.grow(1);
       new Uint8Array(memory.buffer)[70000] = 1;
       const out = [before.byteLength, memory.buffer.byteLength, grow(1), memory.buffer.byteLength, grow(100)];
       new Uint8Array(memory.buffer)[140000] = 2;
       table.set(1, sum);
       table.grow(2, ask);
       g.value = 40;
       out.push(indirect(1, 8), table.length, g.value);
       note = (x) => { table.set(1, table.get(4)); memory.grow(1); new Uint8Array(memory.buffer)[200000] = 3; g.value = 1; return x; };
       out.push(ask(2), indirect(1, 3));
       console.log(out.join());`,
    );
    expect(stdout).to.equal("0,131072,2,196608,-1,40,6,40,3,4\n");
  });

  it("records buffers that are resized in place", async () => {
    const { stdout } = await check(
      `const former = new Uint8Array(memory.buffer);
       const buffer = memory.toResizableBuffer?.() ?? memory.buffer;
       const bytes = new Uint8Array(buffer);
       bytes[1] = 4;
       const out = [sum(64)];
       if (buffer.resizable) buffer.resize(131072); else memory.grow(1);
       const grown = buffer.resizable ? bytes : new Uint8Array(memory.buffer);
       grown[70000] = 5;
       grow(1);
       new DataView(memory.buffer).setUint8(140000, 6);
       memory.toFixedLengthBuffer?.();
       new Uint8Array(memory.buffer)[2] = 7;
       out.push(sum(64), former.length, memory.buffer.byteLength);
       console.log(out.join());`,
    );
    expect(stdout).to.equal("9,16,0,196608\n");
  });

  it("records several modules and instances that share memory, table and functions", async () => {
    const { stdout } = await check(
      `const plugin = await WebAssembly.compile(readFileSync("plugin.wasm"));
       const other = new WebAssembly.Instance(module, { env: { note: sum } });
       const a = new WebAssembly.Instance(plugin, { env: { memory, table, sum } });
       const b = new WebAssembly.Instance(plugin, { env: { ...other.exports } });
       new Uint8Array(other.exports.memory.buffer)[0] = 100;
       console.log(sum(64), a.exports.twice(64), indirect(2, 64), b.exports.twice(64), other.exports.ask(10));
       for (let i = 0; i < 20; i++) new WebAssembly.Instance(plugin, { env: { memory, table, sum } }).exports.twice(i);`,
    );
    expect(stdout).to.equal("660 1320 1320 1520 765\n");
  });

  it("records traps and exceptions that the script catches", async () => {
    const { stdout } = await check(
      `const seen = [];
       try { trap(); } catch (error) { seen.push(error instanceof WebAssembly.RuntimeError, error.message); }
       note = () => { throw new TypeError("mine"); };
       try { ask(1); } catch (error) { seen.push(error instanceof TypeError, error.message); }
       note = () => { new Uint8Array(memory.buffer)[3] = 1; try { trap(); } catch { return 4; } };
       seen.push(ask(1));
       console.log(seen.join());`,
    );
    expect(stdout).to.equal("true,unreachable,true,mine,10\n");
  });

  it("records what happens in timers, promises and streams", async () => {
    const { stdout } = await check(
      `import { setTimeout as wait } from "node:timers/promises";
       const bytes = new Uint8Array(memory.buffer);
       await wait(5);
       bytes[0] = 1;
       await Promise.all([1, 2, 3].map(async (i) => { await wait(i); bytes[i] = i; return sum(8); }));
       setTimeout(() => { bytes[5] = 10; console.log(sum(8)); }, 3);`,
    );
    expect(stdout).to.equal("22\n");
  });

  it("loads scripts of all kinds", async () => {
    const body = `WebAssembly.instantiate(require("node:fs").readFileSync("lib.wasm"), { env: { note: (x) => x } }).then(({ instance }) => {
      const { memory, sum } = instance.exports;
      require("node:fs").readSync(require("node:fs").openSync("lib.wasm"), new Uint8Array(memory.buffer), 0, 8, 0);
      console.log(sum(64), require.main === module, __filename.endsWith(process.argv[1]));
    });`;
    for (const name of ["app.cjs", "app.js"]) {
      place.write(name, body);
      const recorded = place.record(name);
      expect(recorded.stdout, recorded.stderr).to.equal("327 true true\n");
      await replaysExactly(recorded);
    }
  });

  it("ends the trace whatever ends the script", async () => {
    const ends: Readonly<Record<string, readonly [source: string, status: number]>> = {
      "process.exit in an import": ["note = () => process.exit(3); new Uint8Array(memory.buffer)[9] = 1; ask(1);", 3],
      "an uncaught error": ["new Uint8Array(memory.buffer)[9] = 1; sum(3); throw new Error('lost');", 1],
      "an uncaught error in an import": [
        "note = () => { new Uint8Array(memory.buffer)[9] = 1; setTimeout(() => ask.x.y, 1); return 1; }; ask(1);",
        1,
      ],
      "an unhandled rejection": ["sum(3); Promise.reject(new Error('lost'));", 1],
      "a listener of exit that calls wasm": [
        "process.on('exit', () => { new Uint8Array(memory.buffer)[9] = 1; process.exitCode = sum(64); });",
        6,
      ],
      "process.reallyExit": ["sum(3); process.reallyExit(4);", 4],
      "a top-level await that never settles": ["sum(5); await new Promise(() => {});", 13],
    };
    for (const [name, [source, status]] of Object.entries(ends)) {
      place.write("app.mjs", HEAD + source);
      const recorded = place.record("app.mjs");
      expect(recorded.status, `${name}: ${recorded.stderr}`).to.equal(status);
      await replaysExactly(recorded);
    }
  });

  it("ends the trace on a signal, unless the script listens", async () => {
    for (const [signal, listens] of [
      ["SIGTERM", false],
      ["SIGINT", false],
      ["SIGTERM", true],
    ] as const) {
      const listener = listens ? `process.on("${signal}", () => { sum(9); process.exit(5); });` : "";
      place.write(
        "app.mjs",
        `${HEAD}${listener} new Uint8Array(memory.buffer)[9] = 1; sum(9); console.log("ready"); setInterval(() => sum(9), 5);`,
      );
      // A group of their own, as a shell makes one.
      const child = spawn(process.execPath, [MAIN, "record", "-o", "t.rrw", "app.mjs"], { cwd: place.path, detached: true });
      await new Promise((resolve) => child.stdout.once("data", resolve));
      // A terminal sends it to the group; who kills a process by its number means that one.
      if (signal === "SIGINT") process.kill(-child.pid!, signal);
      else child.kill(signal);
      const { status } = await ended(child);
      expect(status).to.equal(listens ? 5 : signal === "SIGINT" ? 130 : 143);
      const { stdout } = place.rewasm(["info", "--json", "t.rrw"]);
      expect((JSON.parse(stdout) as { complete: boolean }).complete, signal).to.equal(true);
      expect(await hashesAt(place.file("t.rrw"), ["end"])).to.have.length(1);
    }
  });

  it("has in the file what a waiting script did before it is killed", async () => {
    place.write("app.mjs", `${HEAD} sum(9); ask(3); setInterval(() => {}, 1000); setTimeout(() => console.log("waits"), 600);`);
    const child = spawn(process.execPath, [MAIN, "record", "-o", "t.rrw", "app.mjs"], { cwd: place.path, detached: true });
    await new Promise((resolve) => child.stdout.once("data", resolve));
    process.kill(-child.pid!, "SIGKILL");
    await ended(child);
    const { complete, events } = JSON.parse(place.ok("info", "--json", "t.rrw")) as { complete: boolean; events: number };
    expect([complete, events]).to.deep.equal([false, 8]);
    expect(place.rewasm(["replay", "t.rrw"]).status).to.equal(130);
  });

  it("ends the script when the trace cannot be written", () => {
    place.write("app.mjs", `${HEAD} sum(9); console.log("not reached");`);
    const { status, stdout, stderr } = place.rewasm(["record", "-o", "/dev/full", "app.mjs"]);
    expect(stderr).to.equal("error: cannot write /dev/full: no space left\n");
    expect([status, stdout]).to.deep.equal([1, ""]);
  });

  it("works as an import of node's", async () => {
    place.write("app.mjs", `${HEAD}console.log(sum(3));`);
    const register = fileURLToPath(new URL("../../package/cli/register.js", import.meta.url));
    const run = (env: Record<string, string>): ReturnType<typeof spawnSync> =>
      spawnSync(process.execPath, ["--import", register, "app.mjs"], {
        cwd: place.path,
        encoding: "utf8",
        env: { ...process.env, ...env },
      });
    const named = run({ REWASM_TRACE: "named.rrw" });
    expect(named.stdout).to.equal("5\n");
    expect(named.stderr).to.match(/^rewasm: recorded in .*named\.rrw\n$/);
    expect(run({}).stderr).to.match(/app\.rrw\n$/);
    const [a, b] = [await hashesAt(place.file("named.rrw"), ["end"]), await hashesAt(place.file("app.rrw"), ["end"])];
    expect(a).to.deep.equal(b);
  });

  it("says that child processes and worker threads are not recorded", async () => {
    const { stdout, stderr } = await check(
      `import { execFileSync, fork } from "node:child_process";
       import { Worker } from "node:worker_threads";
       sum(4);
       if (process.argv[2] === "child") { sum(5); process.exit(0); }
       await new Promise((resolve) => fork(process.argv[1], ["child"]).on("exit", resolve));
       execFileSync(process.execPath, ["-e", ""]);
       for (let i = 0; i < 2; i++) {
         await new Promise((resolve) => new Worker("WebAssembly.validate(new Uint8Array(8))", { eval: true }).on("exit", resolve));
       }
       sum(6);
       console.log("done");`,
    );
    expect(stdout).to.equal("done\n");
    expect(stderr).to.equal(
      "note: child processes are not recorded (the first: node)\nnote: worker threads are not recorded: what they run is not in the trace\n",
    );
  });

  it("says that contexts of node:vm are not recorded, when they use WebAssembly", async () => {
    const { stdout, stderr } = await check(
      `import vm from "node:vm";
       const context = vm.createContext({ answer: sum(4) });
       const results = [
         vm.runInContext("answer + 1", context), vm.runInNewContext("x + 1", { x: 2 }), new vm.Script("x").runInNewContext({ x: 4 }),
         vm.runInNewContext("typeof x"), vm.isContext(vm.createContext(context)), Object.keys(context).join(),
       ];
       console.log(results.join(" "));
       if (process.argv.length > 2) console.log(vm.runInContext("[typeof WebAssembly, typeof WebAssembly.Module]", context).join());`,
      ["use"],
    );
    expect(stdout).to.equal("6 3 4 undefined true answer\nobject,function\n");
    expect(stderr).to.equal("note: WebAssembly in contexts of node:vm is not recorded\n");
    expect((await place.record("app.mjs")).stderr).to.equal("");
  });

  it("records modules that are imported as files of WebAssembly", async () => {
    place.write(
      "nested.wasm",
      await wat(
        `(module (import "./note.mjs" "note" (func $note (result i32))) (func (export "twice") (result i32) (i32.add (call $note) (call $note))))`,
      ),
    );
    place.write("note.mjs", "let count = 20; export const note = () => ++count;");
    place.write("app.mjs", 'import { twice } from "./nested.wasm"; console.log(twice());');
    const flag = "--experimental-wasm-modules";
    const report = place.file("report.json");
    const words = [flag, MAIN, "record", "--audit", "-o", "t.rrw", "app.mjs"];
    const { stdout, stderr } = spawnSync(process.execPath, words, {
      cwd: place.path,
      encoding: "utf8",
      env: { ...process.env, REWASM_REPORT: report },
    });
    expect(stdout, stderr).to.equal("43\n");
    await replaysExactly({
      stdout,
      stderr,
      status: 0,
      trace: place.file("t.rrw"),
      report: JSON.parse(place.read("report.json")) as ScriptReport,
    });
    expect(place.ok("dump", "t.rrw")).to.match(/note\(\) = 21/);
  });

  it("gives other threads modules and bytes, as the engine does", async () => {
    const { stdout } = await check(
      `import { MessageChannel, receiveMessageOnPort, Worker } from "node:worker_threads";
       const body = 'const { parentPort, workerData } = require("node:worker_threads");' +
         'parentPort.on("message", async ({ list: [{ module }], bytes }) => {' +
         '  const { exports } = await WebAssembly.instantiate(module, { env: { note: (x) => x } });' +
         '  new Uint8Array(exports.memory.buffer).set(bytes);' +
         '  parentPort.postMessage([exports.sum(64), module instanceof WebAssembly.Module, workerData.module instanceof WebAssembly.Module]);' +
         '  parentPort.close();' +
         '});';
       class Thread extends Worker {}
       const worker = new Thread(body, { eval: true, workerData: { module } });
       const list = [{ module }];
       list.push(list);
       new Uint8Array(memory.buffer).fill(3, 0, 8);
       worker.postMessage({ list, bytes: new Uint8Array(memory.buffer, 0, 16) });
       console.log(worker instanceof Worker, ...(await new Promise((resolve) => worker.on("message", resolve))));
       const { port1, port2 } = new MessageChannel();
       port1.postMessage(new Map([["a", { deep: [memory.buffer, new Uint8Array(memory.buffer, 0, 4)] }]]));
       const [whole, part] = receiveMessageOnPort(port2).message.get("a").deep;
       part[0] = 1;
       console.log(whole.byteLength, part.join(), sum(8), structuredClone(module) instanceof WebAssembly.Module);
       for (const value of [memory, table, g, instance, { a: [memory] }]) {
         try { structuredClone(value); } catch (error) { console.log(error.name, error.message); }
       }
       port1.close();`,
    );
    expect(stdout).to.equal(
      `true 29 true true\n65536 1,3,3,3 29 true\n${["Memory", "Table", "Global", "Instance", "Memory"].map((name) => `DataCloneError #<${name}> could not be cloned.\n`).join("")}`,
    );
  });

  it("ends the script when a memory would be shared with another thread", () => {
    const shared = "const shared = new WebAssembly.Memory({ initial: 1, maximum: 2, shared: true });";
    const channel = 'import { MessageChannel, Worker } from "node:worker_threads"; const { port1 } = new MessageChannel();';
    for (const source of [
      "port1.postMessage({ memory: shared });",
      "port1.postMessage([new Int32Array(shared.buffer)]);",
      "port1.postMessage(shared.buffer);",
      "new Worker('', { eval: true, workerData: { shared } });",
    ]) {
      place.write("app.mjs", `${channel}${HEAD} sum(4); ${shared} structuredClone(shared.buffer); ${source} console.log("not reached");`);
      const { status, stdout, stderr } = place.rewasm(["record", "-o", "t.rrw", "app.mjs"]);
      expect(stderr.replace(/^note: worker.*\n/, "")).to.equal(
        "error: the program shares a memory with another thread: what that writes cannot be recorded\n",
      );
      expect([status, stdout]).to.deep.equal([1, ""]);
      expect(place.rewasm(["replay", "t.rrw"]).status).to.equal(0);
    }
  });

  it("records programs that use node:wasi", async () => {
    for (const [guest, words] of [
      ["files", ["."]],
      ["entropy", []],
      ["exit", ["a", "ä"]],
      ["cat", ["lib.wasm"]],
    ] as const) {
      place.write(
        "app.mjs",
        `import { readFileSync } from "node:fs";
         import { WASI } from "node:wasi";
         const wasi = new WASI({ version: "preview1", args: process.argv.slice(3), env: { NAME: "wört" }, preopens: { ".": "." }, returnOnExit: true });
         const { instance } = await WebAssembly.instantiate(readFileSync(process.argv[2]), wasi.getImportObject());
         console.log("code", wasi.start(instance));`,
      );
      const args = [guestPath(guest), guest, ...words];
      const plain = spawnSync(process.execPath, ["app.mjs", ...args], { cwd: place.path, encoding: "latin1" });
      const recorded = place.record("app.mjs", args);
      if (guest !== "entropy") expect(recorded.stdout).to.equal(Buffer.from(plain.stdout, "latin1").toString());
      expect(recorded.stderr.replaceAll(/\d+/g, "")).to.equal(plain.stderr.replaceAll(/\d+/g, ""));
      expect(recorded.report.audits, guest).to.be.greaterThan(3);
      await replaysExactly(recorded);
    }
  });

  it("finds by --audit a write that nobody noted", () => {
    // Another realm has typed arrays of its own.
    place.write(
      "app.mjs",
      `import vm from "node:vm"; ${HEAD} sum(1);
       vm.runInNewContext("new Uint8Array(buffer).fill(1, 16, 18)", { buffer: memory.buffer });
       sum(1); console.log("not reached");`,
    );
    const { status, stdout, stderr } = place.record("app.mjs");
    expect(status).to.equal(1);
    expect(stdout).to.equal("");
    expect(stderr).to.equal(
      "error: audit: the program has written bytes 0x10..0x12 of memory 0 unnoticed before tick 19: this recording would not replay\n",
    );
  });

  it("keeps Node's own modules on the engine", async () => {
    const { stdout } = await check(
      `import http from "node:http";
       const server = http.createServer((request, response) => response.end(String(sum(3)))).listen(0);
       await new Promise((resolve) => server.once("listening", resolve));
       console.log(await (await fetch("http://localhost:" + server.address().port)).text());
       server.close();`,
    );
    expect(stdout).to.equal("5\n");
    const { modules } = JSON.parse(place.ok("info", "--json", "t.rrw")) as { modules: unknown[] };
    expect(modules).to.have.length(1);
  });

  it("lists equal modules once, and of many the largest", () => {
    place.write(
      "app.mjs",
      `const load = (length) => new WebAssembly.Instance(new WebAssembly.Module(
         Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, 0, length + 2, 1, 120, ...new Uint8Array(length))));
       for (let length = 1; length <= 25; length++) load(length);
       load(25), load(25), load(1);`,
    );
    place.record("app.mjs");
    const lines = place.ok("info", "t.rrw").split("\n");
    const shown = lines.filter((line) => line.startsWith("module"));
    expect(shown).to.have.length(19);
    expect(shown.at(-1)).to.match(/^module +37 bytes, SHA-256 [0-9a-f]{64}, 3 times$/);
    expect(lines).to.include(`${" ".repeat(12)}and 6 more modules of at most 18 bytes (--json lists all)`);
    expect((JSON.parse(place.ok("info", "--json", "t.rrw")) as { modules: unknown[] }).modules).to.have.length(28);
  });

  it("replays, dumps and debugs such traces", () => {
    place.write("app.mjs", `${HEAD} note = (x) => sum(x); new Uint8Array(memory.buffer)[1] = 9; console.log(ask(3));`);
    place.record("app.mjs");
    const { status, stdout, stderr } = place.rewasm(["replay", "t.rrw"]);
    expect([status, stdout]).to.deep.equal([0, ""]);
    expect(stderr).to.match(/^replayed 9 events, \d+ ticks; the output of a JavaScript program is not in its trace\n$/);
    expect(place.ok("dump", "t.rrw")).to.match(/call ask\(3\) {2}mem0\[0x1\.\.\+1\]=09\n#4 .*env\.note\(3\) …\n#5 .* call sum\(3\)/);
    const lines = place
      .ok("debug", "t.rrw", "-e", "break sum", "-e", "continue", "-e", "bt", "-e", "reverse-continue", "--batch", "--json")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { stop?: string; location?: { name?: string } });
    expect(lines[1]!.stop).to.equal("breakpoint");
    expect(lines[3]!.stop).to.equal("start");
  });

  it("refuses what cannot be, in one line", () => {
    const cases: readonly (readonly [words: readonly string[], status: number, message: RegExp])[] = [
      [["record", "absent.mjs"], 3, /^error: cannot read absent\.mjs: no such file or directory\n$/],
      [["record", "-o", "no/such/t.rrw", "app.mjs"], 2, /^error: cannot write .*: there is no folder .*\n$/],
      [["record", "-o", "app.mjs", "app.mjs"], 2, /^error: .*app\.mjs is the program: name another file with -o\n$/],
      [["record", "--invoke", "f", "app.mjs"], 2, /^error: --dir and --invoke are for WASI programs\n$/],
      [["record", "--audit", "lib.wasm"], 2, /^error: --audit is for scripts and components: .*\n$/],
    ];
    for (const [words, status, message] of cases) {
      const finished = place.rewasm(words);
      expect(finished.stderr).to.match(message);
      expect(finished.status).to.equal(status);
    }
  });
});
