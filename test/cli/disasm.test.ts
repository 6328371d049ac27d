/** `disasm` prints what the module is. */
import { writeFileSync } from "node:fs";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { wat } from "../support/wat.ts";
import { Workplace } from "./command.ts";

describe("rewasm disasm", () => {
  let place: Workplace;
  before(async () => {
    place = new Workplace();
    const text = `(module (func $helper (param i32) (result i32) (if (result i32) (local.get 0) (then (i32.const 1)) (else (i32.const 2))))
      (func (export "main") (local i64) (drop (call $helper (i32.const 5)))))`;
    writeFileSync(place.file("m.wasm"), await wat(text));
  });
  after(() => place.remove());

  it("prints one function with offsets, nesting and names", () => {
    const lines = place.ok("disasm", "m.wasm", "--func", "helper").trimEnd().split("\n");
    expect(lines[0]).to.equal("func 0 <helper> (param i32) (result i32)");
    expect(lines.slice(1).map((line) => line.slice(8))).to.deep.equal([
      "  local.get 0",
      "  if (result i32)",
      "    i32.const 1",
      "  else",
      "    i32.const 2",
      "  end",
      "  end",
    ]);
    const offsets = lines.slice(1).map((line) => Number.parseInt(line.slice(0, 8), 16));
    expect(offsets).to.deep.equal([...offsets].sort((a, b) => a - b));
  });

  it("finds functions by export name and by index", () => {
    const byExport = place.ok("disasm", "m.wasm", "--func", "main");
    expect(byExport).to.include("call 0 <helper>").and.to.include("i64");
    expect(place.ok("disasm", "m.wasm", "--func", "1")).to.equal(byExport);
  });

  it("prints the module's parts and all functions", () => {
    const all = place.ok("disasm", "m.wasm");
    expect(all).to.include("func 0 <helper>").and.to.include("func 1 <main>").and.to.include('export "main"');
    expect(all).to.include(place.ok("disasm", "m.wasm", "--func", "0"));
  });
});
