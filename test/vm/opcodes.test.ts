import { expect } from "chai";
import { describe, it } from "mocha";
import { Imm, InstrFlag, instructions, opcodeRow, Wasm } from "../../vm/opcodes.ts";

describe("the instruction table", () => {
  it("has every instruction once, in the order of codes", () => {
    // The first version, sign extensions, saturating conversions, bulk, references; vectors, relaxed vectors; tail calls;
    // exceptions, references to functions, objects, descriptors, wide arithmetic, atomics.
    expect(instructions).to.have.length(172 + 5 + 8 + 7 + 9 + 236 + 20 + 2 + 9 + 5 + 31 + 7 + 4 + 67);
    const codes = instructions.map((row) => row.code);
    expect(new Set(codes).size).to.equal(codes.length);
    expect(codes).to.deep.equal([...codes].sort((a, b) => a - b));
    expect(instructions.filter((row) => row.code >>> 12 === 0xfc)).to.have.length(22);
  });

  it("is found by code, and nothing else is", () => {
    for (const row of instructions) expect(opcodeRow(row.code)).to.equal(row);
    for (const code of [0x16, 0xd7, 0xfb01f, 0xfe004, 0xfe04f, 0xc5, 0xfb, 0xfc, 0xfd, 0xff, 0xfc012, 0xfc017, 0xfcfff, 0xfd09a, 0xfd114])
      expect(opcodeRow(code)).to.equal(undefined);
  });

  it("gives every code a name", () => {
    expect(Object.keys(Wasm)).to.have.length(instructions.length);
    expect(new Set(Object.values(Wasm))).to.deep.equal(new Set(instructions.map((row) => row.code)));
    expect([Wasm.I32Add, Wasm.MemoryCopy, Wasm.I64TruncSatF64U, Wasm.SelectT, Wasm.RefIsNull]).to.deep.equal([
      0x6a, 0xfc00a, 0xfc007, 0x1c, 0xd1,
    ]);
    expect(opcodeRow(Wasm.SelectT)?.mnemonic).to.equal("select");
  });

  it("counts a tick for all but what only gives structure", () => {
    const uncounted = instructions.filter((row) => (row.flags & InstrFlag.Uncounted) !== 0).map((row) => row.mnemonic);
    expect(uncounted).to.deep.equal(["block", "loop", "else", "try", "catch", "end", "delegate", "catch_all", "try_table"]);
  });

  it("has an alignment exactly where there is a memarg, and it is the width in the name", () => {
    for (const row of instructions) {
      expect(row.align >= 0, row.mnemonic).to.equal(row.imm === Imm.MemArg || row.imm === Imm.MemArgLane);
      if (row.align < 0) continue;
      const [, width, lanes = "1"] =
        /(?:load|store|rmw|wait)(\d+)(?:x(\d))?/.exec(row.mnemonic) ??
        (row.code === Wasm.MemoryAtomicNotify ? ["", "32"] : undefined) ??
        /^.(\d+)/.exec(row.mnemonic)!;
      expect(8 << row.align, row.mnemonic).to.equal(Number(width) * Number(lanes));
    }
  });

  it("gives each signature by the types in the name", () => {
    expect(opcodeRow(Wasm.F64PromoteF32)).to.include({ mnemonic: "f64.promote_f32", imm: Imm.None });
    for (const row of instructions) {
      const convert = /^([if]\d\d)\.\w+_([if]\d\d)(_[su])?$/.exec(row.mnemonic);
      if (convert === null || row.params === undefined) continue;
      const codes: Record<string, number> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c };
      expect([row.params, row.results], row.mnemonic).to.deep.equal([[codes[convert[2]!]], [codes[convert[1]!]]]);
    }
  });
});
