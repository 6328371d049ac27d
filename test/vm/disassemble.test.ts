import { expect } from "chai";
import { describe, it } from "mocha";
import { decodeModule } from "../../vm/decode.ts";
import { disassembleFunction, f32Text, f64Text, functionHeader, localLines, outlineModule } from "../../vm/disassemble.ts";
import { DecodeError } from "../../vm/errors.ts";
import { instructions, Wasm } from "../../vm/opcodes.ts";
import type { Module } from "../../vm/types.ts";
import { flatten, oneFunction, uleb } from "../support/binary.ts";
import { mulberry32 } from "../support/random.ts";
import { wat } from "../support/wat.ts";

const SOURCE = `(module $demo
  (import "env" "log" (func $log (param i32)))
  (import "env" "mem" (memory 1 2))
  (type $binary (func (param i32 i32) (result i32)))
  (type $pair (func (param i32) (result i32 i64)))
  (table 3 funcref) (table 2 8 externref)
  (global $sp (mut i32) (i32.const 65536)) (global i64 (i64.add (i64.const 1) (i64.const -2)))
  (func $main (export "main") (type $binary) (local $i i32) (local f64 f64)
    (block $out
      (loop $again
        (br_if $out (i32.eqz (local.get $i)))
        (if (result i32) (i32.load8_u offset=3 (local.get 0)) (then (call $log (i32.const -1)) (i32.const 1)) (else (i32.load align=1 (global.get $sp))))
        (br_table $again $out $again (i32.const 0) (drop))))
    (call_indirect (type $binary) (i32.const 1) (i32.const 2) (i32.const 0))
    (i32.const 7) (block (type $pair) (i64.const -9223372036854775808)) (drop) (drop)
    (drop (select (result externref) (ref.null extern) (table.get 1 (i32.const 0)) (i32.const 1)))
    (drop (f32.const nan:0x200001)) (drop (f64.const -nan)) (drop (f64.const 0x1p-1074)) (drop (f32.const 0.1)) (drop (f32.const -0)) (drop (f64.const -inf))
    (memory.init 1 (i32.const 0) (i32.const 0) (i32.const 0)) (memory.copy (i32.const 0) (i32.const 0) (i32.const 0)) (memory.fill (i32.const 0) (i32.const 0) (i32.const 0))
    (table.init 0 1 (i32.const 0) (i32.const 0) (i32.const 0)) (table.copy 0 0 (i32.const 0) (i32.const 0) (i32.const 0)) (drop (ref.func $start)) (drop (ref.is_null (ref.null func)))
    (drop (memory.size)))
  (func $start) (start $start)
  (elem (i32.const 1) $main) (elem declare func $start)
  (data (i32.const 16) "abc") (data "passive"))`;

const FUNCTION = `func 1 <main> (param i32 i32) (result i32)
local 2 <i>: i32
local 3: f64
local 4: f64
block
  loop
    local.get 2 <i>
    i32.eqz
    br_if 1
    local.get 0
    i32.load8_u offset=3
    if (result i32)
      i32.const -1
      call 0 <log>
      i32.const 1
    else
      global.get 0 <sp>
      i32.load align=1
    end
    i32.const 0
    drop
    br_table 0 1 0
  end
end
i32.const 1
i32.const 2
i32.const 0
call_indirect (type 0) (param i32 i32) (result i32)
i32.const 7
block (type 1) (param i32) (result i32 i64)
  i64.const -9223372036854775808
end
drop
drop
ref.null extern
i32.const 0
table.get 1
i32.const 1
select (result externref)
drop
f32.const nan:0x200001
drop
f64.const -nan
drop
f64.const 5e-324
drop
f32.const 0.1
drop
f32.const -0
drop
f64.const -inf
drop
i32.const 0
i32.const 0
i32.const 0
memory.init 1
i32.const 0
i32.const 0
i32.const 0
memory.copy
i32.const 0
i32.const 0
i32.const 0
memory.fill
i32.const 0
i32.const 0
i32.const 0
table.init 0 1
i32.const 0
i32.const 0
i32.const 0
table.copy 0 0
ref.func 2 <start>
drop
ref.null func
ref.is_null
drop
memory.size
drop
end`;

const OUTLINE = `module "demo", BYTES bytes
type 0 <binary>: func (param i32 i32) (result i32)
type 1 <pair>: func (param i32) (result i32 i64)
type 2: func (param i32)
type 3: func
import "env" "log": func 0 (param i32)
import "env" "mem": memory 0 1 to 2 pages
func 1 <main> (param i32 i32) (result i32): [START, END)
func 2 <start>: [START, END)
table 0: 3 funcref
table 1: 2 to 8 externref
global 0 <sp>: mut i32 = i32.const 65536
global 1: i64 = i64.const 1, i64.const -2, i64.add
export "main": func 1 <main>
start: func 2 <start>
elem 0: 1 × (ref func), table 0 at i32.const 1
elem 1: 1 × (ref func), declarative
data 0: 3 bytes, memory 0 <env.mem> at i32.const 16
data 1: 7 bytes, passive
custom "name": SIZE bytes`;

function functionText(module: Module, funcIndex: number): string {
  const lines = [functionHeader(module, funcIndex), ...localLines(module, funcIndex)];
  for (const { depth, text } of disassembleFunction(module, funcIndex)) lines.push("  ".repeat(depth) + text);
  return lines.join("\n");
}

describe("disassembly", () => {
  it("of a function equals its golden text", async () => {
    expect(functionText(decodeModule(await wat(SOURCE)), 1)).to.equal(FUNCTION);
  });

  it("of a module's outline equals its golden text", async () => {
    const text = [...outlineModule(decodeModule(await wat(SOURCE)))].join("\n");
    const masked = text
      .replace(/\[0x[0-9a-f]+, 0x[0-9a-f]+\)/g, "[START, END)")
      .replace(/, \d+ bytes$/m, ", BYTES bytes")
      .replace(/("name": )\d+/, "$1SIZE");
    expect(masked).to.equal(OUTLINE);
  });

  it("names tables, memories and segments where it names functions and locals", async () => {
    const module = decodeModule(
      await wat(`(module (table $first 1 funcref) (table $second 1 funcref) (memory $low 1) (memory $high 1) (type $bytes (array i8))
        (elem $items funcref) (data $text "abc") (data (memory $high) (i32.const 0) "d")
        (func (table.init $second $items (i32.const 0) (i32.const 0) (i32.const 0)) (table.copy $first $second (i32.const 0) (i32.const 0) (i32.const 0))
          (memory.init $high $text (i32.const 0) (i32.const 0) (i32.const 0)) (memory.copy $low $high (i32.const 0) (i32.const 0) (i32.const 0))
          (drop (i32.load $high offset=4 (i32.const 0))) (call_indirect $second (i32.const 0)) (drop (memory.size $high)) (drop (table.size $second))
          (drop (array.new_data $bytes $text (i32.const 0) (i32.const 0))) (elem.drop $items) (data.drop $text)))`),
    );
    const texts = [...disassembleFunction(module, 0)].map(({ text }) => text).filter((text) => text.includes("<"));
    expect(texts).to.deep.equal([
      "table.init 1 <second> 0 <items>",
      "table.copy 0 <first> 1 <second>",
      "memory.init 1 <high> 0 <text>",
      "memory.copy 0 <low> 1 <high>",
      "i32.load 1 <high> offset=4",
      "call_indirect 1 <second> (type 1)",
      "memory.size 1 <high>",
      "table.size 1 <second>",
      "array.new_data 0 <bytes> 0 <text>",
      "elem.drop 0 <items>",
      "data.drop 0 <text>",
    ]);
    expect([...outlineModule(module)].filter((line) => /^(table|memory|elem|data)/.test(line))).to.deep.equal([
      "table 0 <first>: 1 funcref",
      "table 1 <second>: 1 funcref",
      "memory 0 <low>: 1 pages",
      "memory 1 <high>: 1 pages",
      "elem 0 <items>: 0 × funcref, passive",
      "data 0 <text>: 3 bytes, passive",
      "data 1: 1 bytes, memory 1 <high> at i32.const 0",
    ]);
  });

  it("gives offsets that begin instructions, and windows of them", async () => {
    const module = decodeModule(await wat(SOURCE));
    const { codeStart, end } = module.funcs[0]!;
    const all = [...disassembleFunction(module, 1)];
    expect(all[0]!.wasmOffset).to.equal(codeStart);
    expect(all.at(-1)).to.deep.equal({ wasmOffset: end - 1, depth: 0, text: "end" });
    const [from, to] = [all[5]!.wasmOffset, all[9]!.wasmOffset];
    expect([...disassembleFunction(module, 1, { from, to })]).to.deep.equal(all.slice(5, 9));
    expect([...disassembleFunction(module, 0)], "an import").to.deep.equal([]);
  });

  it("knows every instruction of the table", () => {
    // Zero bytes are immediates of every kind; a block type of 0 is the type with index 0.
    for (const { code, mnemonic } of instructions) {
      const opcode = code < 0x100 ? [code] : [code >>> 12, ...uleb(code & 0xfff)];
      const immediates = code === Wasm.RefNull ? [0x70] : code === Wasm.SelectT ? [1, 0x7f] : new Array<number>(18).fill(0);
      const bytes = oneFunction([...opcode, ...immediates]);
      const first = disassembleFunction(decodeModule(bytes), 0).next();
      expect(first.done === true ? "" : first.value.text.split(" ")[0]).to.equal(mnemonic);
    }
  });

  it("throws for malformed code of a module that nobody has validated", () => {
    const module = decodeModule(oneFunction(flatten(0x01, 0xff)));
    expect(() => [...disassembleFunction(module, 0)]).to.throw(DecodeError, /^illegal opcode ff /);
  });
});

describe("constants as text", () => {
  it("are read back as the same bits", () => {
    const random = mulberry32(99);
    for (let i = 0; i < 5000; i++) {
      const bits = Math.floor(random() * 2 ** 32) | 0;
      const [lo, hi] = [Math.floor(random() * 2 ** 32) | 0, bits];
      const f32 = f32Text(bits);
      if (!f32.includes("nan"))
        expect(new Int32Array(Float32Array.of(Number(f32.replace("inf", "Infinity"))).buffer)[0], f32).to.equal(bits);
      const f64 = f64Text(lo, hi);
      if (!f64.includes("nan"))
        expect([...new Int32Array(Float64Array.of(Number(f64.replace("inf", "Infinity"))).buffer)], f64).to.deep.equal([lo, hi]);
    }
  });

  it("say sign and payload of NaNs", () => {
    expect([0x7fc00000, 0xffc00000, 0x7f800001, 0xffffffff].map((bits) => f32Text(bits | 0))).to.deep.equal([
      "nan",
      "-nan",
      "nan:0x1",
      "-nan:0x7fffff",
    ]);
    expect([f64Text(0, 0x7ff80000), f64Text(0, 0xfff80000 | 0), f64Text(1, 0x7ff00000), f64Text(-1, 0x7fffffff)]).to.deep.equal([
      "nan",
      "-nan",
      "nan:0x1",
      "nan:0xfffffffffffff",
    ]);
  });

  it("are short", () => {
    expect([0x3dcccccd, 0x3f800000, 0x80000000, 0x7f800000, 0x00000001, 0x7f7fffff].map((bits) => f32Text(bits | 0))).to.deep.equal([
      "0.1",
      "1",
      "-0",
      "inf",
      "1e-45",
      "3.4028235e+38",
    ]);
  });
});
