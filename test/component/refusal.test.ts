/** Components that cannot be run: every reason is one line and an exit code, and no file is touched. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { loadComponentGuest } from "../../cli/component-guest.ts";
import { exitCodeOf } from "../../cli/errors.ts";
import { Workplace } from "../cli/command.ts";
import type { Refusal } from "./damage.ts";
import { componentBytes } from "./subjects.ts";

interface WasmTools {
  parse(text: string): Promise<Uint8Array>;
}

/** A component as text. */
async function assemble(text: string): Promise<Uint8Array> {
  const { parse } = (await import("@bytecodealliance/jco-transpile/wasm-tools")) as unknown as WasmTools;
  return parse(text);
}

const refused: readonly (readonly [what: string, text: string, message: RegExp])[] = [
  [
    "an asynchronous function",
    `(component (core module $m (func (export "f") (result i32) i32.const 0) (func (export "cb") (param i32 i32 i32) (result i32) i32.const 0))
       (core instance $i (instantiate $m))
       (func $f async (canon lift (core func $i "f") async (callback (core func $i "cb"))))
       (export "f" (func $f)))`,
    /the component uses an asynchronous function: asynchronous components cannot be run$/,
  ],
  [
    "an import that nobody provides",
    `(component (import "shop:books/ledger@1.0.0" (instance $ledger (export "sum" (func (result u32)))))
       (core func $sum (canon lower (func $ledger "sum")))
       (core module $m (import "" "sum" (func $sum (result i32))) (func (export "run") (result i32) call $sum))
       (core instance $i (instantiate $m (with "" (instance (export "sum" (func $sum))))))
       (func $run (result (result)) (canon lift (core func $i "run")))
       (instance $api (export "run" (func $run)))
       (export "wasi:cli/run@0.2.3" (instance $api)))`,
    /unknown import: shop:books\/ledger is not provided$/,
  ],
  [
    "another WASI",
    `(component (import "wasi:clocks/monotonic-clock@0.3.0" (instance $clock (export "now" (func (result u64)))))
       (core module $m (func (export "run") (result i32) i32.const 0))
       (core instance $i (instantiate $m))
       (func $run (result (result)) (canon lift (core func $i "run")))
       (instance $api (export "run" (func $run)))
       (export "wasi:cli/run@0.2.3" (instance $api)))`,
    /unknown import: wasi:clocks\/monotonic-clock@0\.3\.0 is not provided, only WASI 0\.2 is$/,
  ],
  ["nothing to run", "(component)", /does not export wasi:cli\/run: name a function with --invoke$/],
];

describe("components that are refused", function () {
  this.timeout(120_000);
  let place: Workplace;
  before(() => {
    place = new Workplace();
  });
  after(() => place.remove());

  for (const [what, text, message] of refused) {
    it(`for ${what}`, async () => {
      const bytes = await assemble(text);
      const error = await failure(bytes);
      expect(error.message).to.match(message);
      expect(exitCodeOf(error)).to.equal(3);
    });
  }

  it("in one line, with their code, and without touching the trace that is there", async () => {
    writeFileSync(place.file("async.wasm"), await assemble(refused[0]![1]));
    writeFileSync(place.file("old.rrw"), "an older trace");
    const { status, stdout, stderr } = place.rewasm(["record", "-o", "old.rrw", "--invoke", "f", "async.wasm"]);
    expect({ status, stdout, stderr }).to.deep.equal({
      status: 3,
      stdout: "",
      stderr: "error: async.wasm: the component uses an asynchronous function: asynchronous components cannot be run\n",
    });
    expect(readFileSync(place.file("old.rrw"), "utf8")).to.equal("an older trace");
  });

  it("for a core module that our machine does not take", () => {
    // The body of a function: what the generator of glue lets pass, the machine need not. A reserved opcode stops both.
    const bytes = componentBytes("composed").slice();
    const at = find(bytes, [0x23, 0x01, 0x0b]);
    bytes[at] = 0xff;
    writeFileSync(place.file("bad.wasm"), bytes);
    const { status, stderr } = place.rewasm(["record", "-o", "bad.rrw", "bad.wasm"]);
    expect(status).to.equal(3);
    expect(stderr).to.match(/^error: bad\.wasm: (the component cannot be used|a core module of the component cannot be used): .+\n$/);
    expect(existsSync(place.file("bad.rrw"))).to.equal(false);
  });

  it("for damage of any kind, with an error of ours", () => {
    const script = fileURLToPath(new URL("damage.js", import.meta.url));
    const refusals = JSON.parse(execFileSync(process.execPath, [script], { encoding: "utf8" })) as Refusal[];
    for (const { damage, message, exitCode, ours } of refusals) {
      expect(ours, `damage ${damage}: ${message}`).to.equal(true);
      expect(exitCode, message).to.equal(3);
      expect(message).to.not.include("\n");
    }
    expect(refusals.length).to.be.greaterThan(20);
  });
});

function find(bytes: Uint8Array, pattern: readonly number[]): number {
  for (let at = 0; at < bytes.length; at++) if (pattern.every((byte, i) => bytes[at + i] === byte)) return at;
  throw new Error("the pattern is not there");
}

async function failure(bytes: Uint8Array): Promise<Error> {
  try {
    await loadComponentGuest("subject.wasm", bytes, [], {});
  } catch (error) {
    return error as Error;
  }
  throw new Error("the component was not refused");
}
