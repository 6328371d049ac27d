/** Every row of the instruction table against an independent encoder: written as text, converted, read back, printed. */
import { expect } from "chai";
import { describe, it } from "mocha";
import { decodeModule } from "../../vm/decode.ts";
import { disassembleFunction } from "../../vm/disassemble.ts";
import { InstrReader } from "../../vm/instr.ts";
import { Imm, InstrFlag, type InstrRow, instructions } from "../../vm/opcodes.ts";
import { validateModule } from "../../vm/validate.ts";
import { wat } from "../support/wat.ts";

/** Immediates in the text format for the kinds whose rows have fixed signatures. */
function immediates({ imm, align, lanes, flags, mnemonic }: InstrRow): string | undefined {
  switch (imm) {
    case Imm.None:
      return "";
    case Imm.MemArg:
      if ((flags & InstrFlag.Atomic) !== 0) return "offset=3";
      return `offset=3${align > 0 ? " align=1" : ""}`;
    case Imm.MemArgLane:
      return `offset=3${align > 0 ? " align=1" : ""} ${lanes - 1}`;
    case Imm.Lane:
      return `${lanes - 1}`;
    case Imm.V128:
      return "i32x4 0x03020100 0x07060504 0x0b0a0908 0xffeeddcc";
    case Imm.Shuffle:
      return "0 1 2 3 4 5 6 7 24 25 26 27 28 29 30 31";
    case Imm.Fence:
      return "";
    case Imm.I32:
    case Imm.I64:
      return "-300";
    case Imm.F32:
    case Imm.F64:
      return "0.1";
    default:
      return mnemonic === "memory.size" || mnemonic === "memory.grow" ? "" : undefined;
  }
}

describe("the instruction table against an encoder", () => {
  it("has the code, immediates and signature of every instruction with a fixed one", async () => {
    const rows = instructions.filter((row) => row.params !== undefined && immediates(row) !== undefined);
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
    expect(rows.length).to.be.above(490);
  });

  it("prints every other instruction as the encoder reads it", async () => {
    const seen = new Set<number>();
    for (const [fields, body] of BODIES) {
      const bytes = await wat(`(module ${fields} (func (local i32) ${body.join("\n")}))`);
      const module = decodeModule(bytes);
      const funcIndex = module.funcTypes.length - 1;
      const printed = [...disassembleFunction(module, funcIndex)];
      expect(printed.map(({ text }) => text)).to.deep.equal([...body, "end"]);
      for (const { wasmOffset } of printed) {
        const reader = new InstrReader(bytes, wasmOffset);
        reader.next();
        seen.add(reader.code);
      }
    }
    const missing = instructions.filter((row) => (row.params === undefined || immediates(row) === undefined) && !seen.has(row.code));
    expect(missing.map(({ mnemonic }) => mnemonic)).to.deep.equal([]);
  });
});

const names: Readonly<Record<number, string>> = { 127: "i32", 126: "i64", 125: "f32", 124: "f64", 123: "v128" };

/** Fields of a module, and instructions that need not be valid there, one to a line as they are printed. */
const BODIES: readonly (readonly [string, readonly string[]])[] = [
  [
    "(type (func)) (type (func (result i32))) (func (type 0)) (table 1 funcref) (table 1 funcref) (global (mut i32) (i32.const 0))",
    [
      "unreachable",
      "block",
      "loop (result i32)",
      "if (type 1) (result i32)",
      "else",
      "end",
      "end",
      "br 0",
      "end",
      "br_if 0",
      "br_table 0 0 0",
      "return",
      "call 0",
      "call_indirect (type 1) (result i32)",
      "call_indirect 1 (type 0)",
      "return_call 0",
      "return_call_indirect 1 (type 0)",
      "call_ref 0",
      "return_call_ref 1",
      "drop",
      "select",
      "select (result i64)",
      "local.get 0",
      "local.set 0",
      "local.tee 0",
      "global.get 0",
      "global.set 0",
      "ref.func 0",
      "ref.null func",
      "ref.null 0",
      "ref.null none",
      "ref.is_null",
      "ref.eq",
      "ref.as_non_null",
      "br_on_null 0",
      "br_on_non_null 0",
    ],
  ],
  [
    "(table 1 funcref) (table 1 funcref) (memory 1) (memory 1) (elem func) (elem func) (data) (data)",
    [
      "table.get 1",
      "table.set 0",
      "table.grow 1",
      "table.size 0",
      "table.fill 1",
      "table.copy 0 1",
      "table.init 1 0",
      "elem.drop 1",
      "memory.init 1",
      "memory.init 1 0",
      "data.drop 0",
      "memory.copy",
      "memory.copy 1 0",
      "memory.fill",
      "memory.fill 1",
      "memory.size 1",
      "memory.grow 1",
      "i32.load 1 offset=8",
    ],
  ],
  [
    "(tag (param i32))",
    [
      "try",
      "throw 0",
      "catch 0",
      "rethrow 0",
      "catch_all",
      "try (result i32)",
      "delegate 0",
      "end",
      "try_table (result i32) (catch 0 0) (catch_ref 0 0) (catch_all 0) (catch_all_ref 0)",
      "throw_ref",
      "end",
    ],
  ],
  [
    "(type (struct (field (mut i32)))) (type (array (mut i8))) (data) (elem func)",
    [
      "struct.new 0",
      "struct.new_default 0",
      "struct.get 0 0",
      "struct.get_s 0 0",
      "struct.get_u 0 0",
      "struct.set 0 0",
      "array.new 1",
      "array.new_default 1",
      "array.new_fixed 1 3",
      "array.new_data 1 0",
      "array.new_elem 1 0",
      "array.get 1",
      "array.get_s 1",
      "array.get_u 1",
      "array.set 1",
      "array.len",
      "array.fill 1",
      "array.copy 1 1",
      "array.init_data 1 0",
      "array.init_elem 1 0",
      "ref.test (ref 0)",
      "ref.test i31ref",
      "ref.cast (ref null 1)",
      "ref.cast (ref eq)",
      "br_on_cast 0 anyref (ref 0)",
      "br_on_cast_fail 0 (ref any) (ref none)",
      "any.convert_extern",
      "extern.convert_any",
      "ref.i31",
      "i31.get_s",
      "i31.get_u",
    ],
  ],
  [
    "(rec (type (descriptor 1) (struct)) (type (describes 0) (struct)))",
    [
      "struct.new_desc 0",
      "struct.new_default_desc 0",
      "ref.get_desc 0",
      "ref.cast_desc_eq (ref 0)",
      "ref.cast_desc_eq (ref null (exact 0))",
      "br_on_cast_desc_eq 0 anyref (ref null 0)",
      "br_on_cast_desc_eq_fail 0 anyref (ref 0)",
    ],
  ],
];
