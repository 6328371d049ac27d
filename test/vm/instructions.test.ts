/** Every row of the instruction table against an independent encoder: written as text, converted, read back, printed. */
import { expect } from "chai";
import { describe, it } from "mocha";
import { decodeModule } from "../../vm/decode.ts";
import { disassembleFunction } from "../../vm/disassemble.ts";
import { Imm, type InstrRow, instructions } from "../../vm/opcodes.ts";
import { validateModule } from "../../vm/validate.ts";
import { wat } from "../support/wat.ts";

/** Immediates in the text format for the kinds whose rows have fixed signatures. */
function immediates({ imm, align, lanes, mnemonic }: InstrRow): string | undefined {
  switch (imm) {
    case Imm.None:
      return "";
    case Imm.MemArg:
      return `offset=3${align > 0 ? " align=1" : ""}`;
    case Imm.MemArgLane:
      return `offset=3${align > 0 ? " align=1" : ""} ${lanes - 1}`;
    case Imm.Lane:
      return `${lanes - 1}`;
    case Imm.V128:
      return "i32x4 0x03020100 0x07060504 0x0b0a0908 0xffeeddcc";
    case Imm.Shuffle:
      return "0 1 2 3 4 5 6 7 24 25 26 27 28 29 30 31";
    default:
      return mnemonic === "memory.size" || mnemonic === "memory.grow" ? "" : undefined;
  }
}

describe("the instruction table against an encoder", () => {
  it("has the code, immediates and signature of every vector instruction", async () => {
    const rows = instructions.filter((row) => row.params !== undefined && row.code >>> 12 === 0xfd);
    const bodies = rows.map((row) => ({ row, text: `${row.mnemonic} ${immediates(row)}`.trim() }));
    // `unreachable` gives operands of any type, so a signature that is too wide or too narrow shows in the results.
    const funcs = bodies.map(({ row, text }) => {
      const types = (list: readonly number[]) => list.map((type) => names[type]).join(" ");
      return `(func (param ${types(row.params!)}) (result ${types(row.results!)}) ${row.params!.map((_, i) => `local.get ${i}`).join(" ")} ${text})`;
    });
    const module = decodeModule(await wat(`(module (memory 1) ${funcs.join("\n")})`));
    validateModule(module);
    for (const [i, { row, text }] of bodies.entries()) {
      const printed = [...disassembleFunction(module, i)].map((instr) => instr.text).at(-2);
      expect(printed).to.equal(text, `0x${row.code.toString(16)}`);
    }
  });
});

const names: Readonly<Record<number, string>> = { 127: "i32", 126: "i64", 125: "f32", 124: "f64", 123: "v128" };
