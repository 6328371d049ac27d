/** What of WebAssembly 3.0 this process's engine knows is recorded natively, or refused by one line before it runs. */
import { writeFileSync } from "node:fs";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { native } from "../../native/engine.ts";
import { Workplace } from "../cli/command.ts";
import { wat } from "../support/wat.ts";

/** Exceptions of before 3.0, which other tools do not encode: `_start` catches its own by `catch` and by `catch_all`. */
const CAUGHT = `0061736d0100000001080260017f00600000030302010105030100010d03010000071302066d656d6f72790200065f737461727400010a240206
00410708000b1b0006401000070041083602000b0640100019410c41033602000b0b`;
/** Imports `e.f`, exports `run`, which calls it and catches all, and `thr`, which throws. */
const CATCHES_HOST = `0061736d01000000010c0360000060017f006000017f02070101650166000003030202000d03010001070d020372756e00010374687200020a1502
0c00067f1000410119417f0b0b0600410508000b`;

const COMMANDS: Readonly<Record<string, string>> = {
  "tail calls": `(module (memory (export "memory") 1)
    (func $f (param i32 i64) (result i64)
      (if (result i64) (i32.eqz (local.get 0)) (then (local.get 1))
        (else (return_call $f (i32.sub (local.get 0) (i32.const 1)) (i64.add (local.get 1) (i64.const 3))))))
    (func (export "_start") (i64.store (i32.const 8) (call $f (i32.const 100000) (i64.const 1)))))`,
  "atomics and shared memories": `(module (memory (export "memory") 1 2 shared)
    (func (export "_start") (drop (i32.atomic.rmw.add (i32.const 8) (i32.const 5))) (drop (memory.grow (i32.const 1)))))`,
  vectors: `(module (memory (export "memory") 1) (func (export "_start")
    (v128.store (i32.const 16) (f32x4.div (v128.const f32x4 0 1 2 3) (v128.const f32x4 0 1 2 3)))))`,
  "an exception that nobody catches": `(module (tag $t (param i32)) (memory (export "memory") 1)
    (func $g (throw $t (i32.const 7))) (func (export "_start") (i32.store (i32.const 8) (i32.const 1)) (call $g)))`,
};

const REFUSED: Readonly<Record<string, string>> = {
  "several memories": `(module (memory (export "memory") 1) (memory 1) (func (export "_start")))`,
  "64-bit memories": `(module (memory (export "memory") i64 1) (func (export "_start")))`,
  "objects and references to exceptions": `(module (type $s (struct)) (memory (export "memory") 1)
    (func (export "_start") (drop (struct.new $s))))`,
};

const FROM_HOST = `import { readFileSync } from "node:fs";
console.log("began");
const bytes = new Uint8Array(readFileSync("catches.wasm"));
const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { e: { f() { throw new Error("x"); } } });
console.log(exports.run());`;
const TAG = `console.log("began"); try { new WebAssembly.Tag({ parameters: ["i32"] }); } catch {} console.log("went on");`;
const MEMORY64 = `console.log("began"); new WebAssembly.Memory({ initial: 1n, address: "i64" }); console.log("went on");`;
const SHARED = `import { readFileSync } from "node:fs";
const m = new WebAssembly.Memory({ initial: 1, maximum: 2, shared: true });
const { exports } = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(readFileSync("shared.wasm"))), { e: { m } });
new Int32Array(m.buffer)[2] = 4;
console.log(exports.run(), new Int32Array(m.buffer)[2]);`;

function fromHex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replaceAll("\n", ""), "hex"));
}

function isKnown(bytes: Uint8Array): boolean {
  try {
    return new native.Module(bytes) !== undefined;
  } catch {
    return false;
  }
}

describe("features on the native engine", function () {
  this.timeout(120_000);
  let place: Workplace;
  before(() => {
    place = new Workplace();
  });
  after(() => place.remove());

  function endState(trace: string): unknown {
    return JSON.parse(place.ok("replay", trace, "--goto", "end", "--state-hash", "--json"));
  }

  function equalRecordings(program: string): void {
    const native = place.rewasm(["record", "--engine", "native", "-o", "native.rrw", program]);
    const ours = place.rewasm(["record", "-o", "ours.rrw", program]);
    expect({ status: native.status, stdout: native.stdout }).to.deep.equal({ status: ours.status, stdout: ours.stdout });
    expect(endState("native.rrw")).to.deep.equal(endState("ours.rrw"));
  }

  for (const [name, text] of Object.entries(COMMANDS)) {
    it(`are recorded: ${name}`, async () => {
      writeFileSync(place.file("f.wasm"), await wat(text));
      equalRecordings("f.wasm");
    });
  }

  it("are recorded: exceptions of before 3.0 that the program catches", () => {
    writeFileSync(place.file("f.wasm"), fromHex(CAUGHT));
    equalRecordings("f.wasm");
  });

  it("are recorded: a shared memory of a JavaScript program", async () => {
    const text = `(module (import "e" "m" (memory 1 2 shared)) (func (export "run") (result i32) (i32.atomic.rmw.add (i32.const 8) (i32.const 5))))`;
    writeFileSync(place.file("shared.wasm"), await wat(text));
    place.write("shared.mjs", SHARED);
    equalRecordings("shared.mjs");
  });

  for (const [name, text] of Object.entries(REFUSED)) {
    it(`are refused by one line, or recorded where the engine knows them: ${name}`, async () => {
      const bytes = await wat(text);
      writeFileSync(place.file("f.wasm"), bytes);
      if (isKnown(bytes)) {
        equalRecordings("f.wasm");
        return;
      }
      const { status, stdout, stderr } = place.rewasm(["record", "--engine", "native", "-o", "r.rrw", "f.wasm"]);
      expect({ status, stdout }).to.deep.equal({ status: 1, stdout: "" });
      expect(stderr).to.match(/^error: the WebAssembly of this process cannot run the module: [^\n]+\n$/);
    });
  }

  for (const [name, script] of Object.entries({ tag: TAG, memory64: MEMORY64, host: FROM_HOST })) {
    it(`are refused by one line, whatever the JavaScript program catches: ${name}`, () => {
      writeFileSync(place.file("catches.wasm"), fromHex(CATCHES_HOST));
      place.write("refused.mjs", script);
      const { status, stdout, stderr } = place.rewasm(["record", "--engine", "native", "-o", "r.rrw", "refused.mjs"]);
      expect({ status, stdout }).to.deep.equal({ status: 1, stdout: "began\n" });
      expect(stderr).to.match(/^error: [^\n]+ cannot be recorded natively: record with --engine interpreter\n$/);
    });
  }
});
