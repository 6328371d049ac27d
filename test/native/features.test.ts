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
  "a branch out of a block, behind an old block of exceptions, and NaNs": `(module (tag $t (param f64)) (memory (export "memory") 1)
    (func $f (param f64) (result f64) (local f64)
      block
        try
          local.get 0 local.get 0 f64.div local.tee 1 throw $t
        catch $t
          i32.const 8 local.get 1 f64.store
          local.get 0 f64.sqrt f64.add local.set 1
        end
        local.get 1
        br 1
      end
      local.get 1)
    (func (export "_start") (f64.store (i32.const 16) (call $f (f64.const 0)))))`,
  "an exception that nobody catches": `(module (tag $t (param i32)) (memory (export "memory") 1)
    (func $g (throw $t (i32.const 7))) (func (export "_start") (i32.store (i32.const 8) (i32.const 1)) (call $g)))`,
};

const REFUSED: Readonly<Record<string, string>> = {
  "several memories": `(module (memory (export "memory") 1) (memory 1) (func (export "_start")))`,
  "64-bit memories": `(module (memory (export "memory") i64 1) (func (export "_start")))`,
  "a call through a null reference": `(module (type $f (func)) (memory (export "memory") 1)
    (func (export "_start") (i32.store (i32.const 8) (i32.const 1)) (call_ref $f (ref.null $f))))`,
  "references to exceptions within functions": `(module (tag $t (param i32)) (memory (export "memory") 1)
    (func (export "_start") (local $e exnref)
      (block $h (result i32 exnref) (try_table (catch_ref $t $h) (throw $t (i32.const 7))) (unreachable))
      (local.set $e) (i32.store (i32.const 8))
      (block $again (result i32) (try_table (catch $t $again) (throw_ref (local.get $e))) (unreachable))
      (i32.store (i32.const 12))))`,
};

const UNKNOWN = "the WebAssembly of this process cannot run the module: ";

/** What no engine shows its host, by what is said of it. */
const NEVER: Readonly<Record<string, readonly string[]>> = {
  objects: [
    `(module (type $s (struct)) (memory (export "memory") 1) (func (export "_start") (drop (struct.new $s))))`,
    `(module (memory (export "memory") 1) (func $f (param i31ref)) (func (export "_start") (call $f (ref.i31 (i32.const 1)))))`,
    `(module (memory (export "memory") 1) (func (export "_start") (drop (any.convert_extern (ref.null extern)))))`,
    `(module (memory (export "memory") 1) (global anyref (ref.null any)) (func (export "_start")))`,
    `(module (memory (export "memory") 1) (table 1 eqref) (func (export "_start")))`,
    `(module (memory (export "memory") 1) (tag (param (ref null none))) (func (export "_start")))`,
  ],
  "references to exceptions": [
    `(module (memory (export "memory") 1) (global exnref (ref.null exn)) (func (export "_start")))`,
    `(module (memory (export "memory") 1) (table 1 exnref) (func (export "_start")))`,
    `(module (memory (export "memory") 1) (func (export "f") (result exnref) (ref.null exn)) (func (export "_start")))`,
  ],
};

const FROM_HOST = `import { readFileSync } from "node:fs";
console.log("began");
const bytes = new Uint8Array(readFileSync("catches.wasm"));
const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { e: { f() { throw new Error("x"); } } });
console.log(exports.run());`;
const TAGS = `const t = new WebAssembly.Tag({ parameters: ["i32", "f64"] }), e = new WebAssembly.Exception(t, [1, NaN]);
console.log(e.is(t), e.getArg(t, 1), WebAssembly.JSTag instanceof WebAssembly.Tag);`;
/** The payload is a NaN that arithmetic has made: its bits are what the handler stores, and what JavaScript cannot see. */
const NAN = `(module (import "e" "f" (func $f)) (memory (export "m") 1) (tag $t (export "t") (param f64 f32))
  (func (export "own") (param f64)
    try
      local.get 0 local.get 0 f64.div
      local.get 0 f32.demote_f64 local.get 0 f32.demote_f64 f32.div
      throw $t
    catch $t
      i32.const 16 global.set 0
      global.set 2 global.set 1
    end
    i32.const 8 global.get 1 f64.store
    i32.const 16 global.get 2 f32.store)
  (func (export "out") (param f64) local.get 0 local.get 0 f64.div f32.const 1 throw $t)
  (func (export "in") try call $f catch $t global.set 2 global.set 1 end
    i32.const 24 global.get 1 f64.store i32.const 32 global.get 2 f32.store)
  (global (mut i32) (i32.const 0)) (global (mut f64) (f64.const 0)) (global (mut f32) (f32.const 0)))`;
const NAN_PROGRAM = `import { readFileSync } from "node:fs";
let next;
const { exports } = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(readFileSync("nan.wasm"))), { e: { f() { throw next; } } });
const caught = (run) => { try { run(); } catch (error) { return error; } };
exports.own(0);
const own = caught(() => exports.out(0));
console.log(own.getArg(exports.t, 0), own.getArg(exports.t, 1));
const payload = new Float64Array(new BigUint64Array([0xfff4000000000001n]).buffer)[0];
next = new WebAssembly.Exception(exports.t, [payload, payload]);
exports.in();
console.log(Buffer.from(exports.m.buffer, 0, 40).toString("hex"));`;
/** Wasm throws a vector out, which JavaScript gives back. */
const VECTOR = `(module (import "e" "f" (func $f)) (tag $t (param v128))
  (func (export "out") (throw $t (v128.const i64x2 1 2))) (func (export "in") (call $f)))`;
const VECTOR_PROGRAM = `import { readFileSync } from "node:fs";
let next;
const { exports } = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(readFileSync("vector.wasm"))), { e: { f() { throw next; } } });
try { exports.out(); } catch (error) { next = error; }
console.log("began");
try { exports.in(); } catch {}
console.log("went on");`;
/** As the interpreter's, a native trace has the module before the functions that are made for it. */
const IMPORTING = `import { readFileSync } from "node:fs";
const module = new WebAssembly.Module(new Uint8Array(readFileSync("imports.wasm")));
const { exports } = new WebAssembly.Instance(module, { e: { a: (x) => x + 1, b: (x, y) => x * y, g: 3.5 } });
console.log(exports.run(5));`;
const MEMORY64 = `console.log("began"); new WebAssembly.Memory({ initial: 1n, address: "i64" }); console.log("went on");`;
const WIDE = `import { readFileSync } from "node:fs";
const module = new WebAssembly.Module(new Uint8Array(readFileSync("wide.wasm")));
console.log("began");
try { new WebAssembly.Instance(module); } catch {}
console.log("went on");`;
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

/** Throws a function out to JavaScript. */
const FUNCTION = `(module (tag $t (export "t") (param funcref)) (elem declare func $f)
  (func $f (export "f") (throw $t (ref.func $f))))`;
const FUNCTION_PROGRAM = `import { readFileSync } from "node:fs";
const { instance } = await WebAssembly.instantiate(readFileSync("function.wasm"));
console.log("began");
try {
  instance.exports.f();
} catch (error) {
  console.log(error.getArg(instance.exports.t, 0) === instance.exports.f);
}
`;

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
      expect(stderr).to.match(new RegExp(`^error: ${UNKNOWN}[^\n]+\n$`));
    });
  }

  for (const [what, texts] of Object.entries(NEVER)) {
    it(`are refused by one line on every engine: ${what}`, async () => {
      for (const text of texts) {
        writeFileSync(place.file("f.wasm"), await wat(text));
        const { status, stdout, stderr } = place.rewasm(["record", "--engine", "native", "-o", "r.rrw", "f.wasm"]);
        expect({ status, stdout }, text).to.deep.equal({ status: 1, stdout: "" });
        expect(stderr).to.match(
          new RegExp(`^error: (${what}[^\n]* cannot be recorded natively: record with --engine interpreter|${UNKNOWN}[^\n]+)\n$`),
        );
      }
    });
  }

  it("are refused by one line on every engine: memories and tables of 64 bits that a JavaScript program sees", async () => {
    place.write("wide.mjs", WIDE);
    for (const what of ["memory", "table"]) {
      writeFileSync(place.file("wide.wasm"), await wat(`(module (${what} (export "x") i64 1 2 ${what === "table" ? "funcref" : ""}))`));
      const { status, stdout, stderr } = place.rewasm(["record", "--engine", "native", "-o", "r.rrw", "wide.mjs"]);
      expect({ status, stdout }, what).to.deep.equal({ status: 1, stdout: "began\n" });
      expect(stderr).to.match(
        new RegExp(`^error: (memories and tables of 64 bits that JavaScript sees cannot be [^\n]+|${UNKNOWN}[^\n]+)\n$`),
      );
    }
  });

  it("are recorded: tags, and what JavaScript throws through wasm", () => {
    writeFileSync(place.file("catches.wasm"), fromHex(CATCHES_HOST));
    place.write("host.mjs", FROM_HOST);
    equalRecordings("host.mjs");
    place.write("tags.mjs", TAGS);
    equalRecordings("tags.mjs");
  });

  it("are recorded: NaNs in exceptions", async () => {
    writeFileSync(place.file("nan.wasm"), await wat(NAN));
    place.write("nan.mjs", NAN_PROGRAM);
    const native = place.rewasm(["record", "--engine", "native", "-o", "native.rrw", "nan.mjs"]);
    const zero = "00".repeat(8);
    const nans = `000000000000f87f0000c07f00000000`;
    expect(native).to.deep.equal({ status: 0, stdout: `NaN 1\n${zero}${nans}${nans}\n`, stderr: "" });
    place.ok("replay", "native.rrw");
  });

  it("are recorded where the engine shows them, else refused by one line: functions in exceptions", async () => {
    writeFileSync(place.file("function.wasm"), await wat(FUNCTION));
    place.write("function.mjs", FUNCTION_PROGRAM);
    const { status, stdout, stderr } = place.rewasm(["record", "--engine", "native", "-o", "f.rrw", "function.mjs"]);
    if (process.versions.node.startsWith("20.")) {
      expect({ status, stdout }).to.deep.equal({ status: 1, stdout: "began\n" });
      expect(stderr).to.match(/^error: functions in exceptions of this engine cannot be recorded natively[^\n]*\n$/);
    } else {
      expect({ status, stdout, stderr }).to.deep.equal({ status: 0, stdout: "began\ntrue\n", stderr: "" });
      place.ok("replay", "f.rrw");
    }
  });

  it("lead to the same state as in an interpreter's recording: imports of a JavaScript program", async () => {
    const text = `(module (type $b (func (param i32 f64) (result f64))) (type $a (func (param i32) (result i32)))
      (import "e" "a" (func $a (type $a))) (import "e" "b" (func $b (type $b))) (import "e" "g" (global $g f64))
      (table 2 funcref) (elem (i32.const 0) $a $b)
      (func (export "run") (param i32) (result f64)
        (call_indirect (type $b) (call_indirect (type $a) (local.get 0) (i32.const 0)) (global.get $g) (i32.const 1))))`;
    writeFileSync(place.file("imports.wasm"), await wat(text));
    place.write("imports.mjs", IMPORTING);
    equalRecordings("imports.mjs");
  });

  for (const [name, script] of Object.entries({ memory64: MEMORY64, vector: VECTOR_PROGRAM })) {
    it(`are refused by one line, whatever the JavaScript program catches: ${name}`, async () => {
      writeFileSync(place.file("vector.wasm"), await wat(VECTOR));
      place.write("refused.mjs", script);
      const { status, stdout, stderr } = place.rewasm(["record", "--engine", "native", "-o", "r.rrw", "refused.mjs"]);
      expect({ status, stdout }).to.deep.equal({ status: 1, stdout: "began\n" });
      expect(stderr).to.match(/^error: [^\n]+ cannot be recorded natively: record with --engine interpreter\n$/);
    });
  }
});
