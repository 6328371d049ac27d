/** Limits of this implementation, which are those of the JavaScript API: what is just within runs, what is beyond is said. */
import { expect } from "chai";
import { describe, it } from "mocha";
import { decodeModule } from "../../vm/decode.ts";
import { RewasmError } from "../../vm/errors.ts";
import { validateModule } from "../../vm/validate.ts";
import { binary, flatten, type Part, section, sized, uleb, vector } from "../support/binary.ts";
import { Bench, checkedModule, WAYS } from "../support/machines.ts";

/** The code of the error that a module has, or undefined. */
function verdict(bytes: Uint8Array): string | undefined {
  try {
    validateModule(decodeModule(bytes));
    return undefined;
  } catch (error) {
    if (error instanceof RewasmError) return error.code;
    throw error;
  }
}

/** A count, then as many copies of an entry, without a list of them in between. */
function copies(count: number, entry: readonly number[]): Part {
  const bytes = new Uint8Array(count * entry.length);
  for (let i = 0; i < entry.length; i++) for (let at = i; at < bytes.length; at += entry.length) bytes[at] = entry[i]!;
  return [uleb(count), bytes];
}

const CASES: readonly {
  readonly what: string;
  readonly most: number;
  readonly code: string;
  readonly module: (count: number) => Uint8Array;
}[] = [
  { what: "types", most: 1_000_000, code: "limit-count", module: (count) => binary(section(1, copies(count, [0x5f, 0]))) },
  {
    what: "types of one recursive group",
    most: 1_000_000,
    code: "limit-count",
    module: (count) => binary(section(1, 1, 0x4e, copies(count, [0x5f, 0]))),
  },
  {
    what: "fields of a struct",
    most: 10_000,
    code: "limit-count",
    module: (count) => binary(section(1, 1, 0x5f, copies(count, [0x78, 1]))),
  },
  {
    what: "results of a function",
    most: 1000,
    code: "limit-count",
    module: (count) => binary(section(1, 1, 0x60, 0, copies(count, [0x7b]))),
  },
  {
    what: "supertypes one above the other",
    most: 63,
    code: "limit-subtyping",
    module: (count) =>
      binary(section(1, vector(Array.from({ length: count + 1 }, (_, i) => (i === 0 ? [0x50, 0, 0x5f, 0] : [0x50, 1, i - 1, 0x5f, 0]))))),
  },
  { what: "memories", most: 100, code: "limit-count", module: (count) => binary(section(5, copies(count, [0, 0]))) },
  { what: "tables", most: 100_000, code: "limit-count", module: (count) => binary(section(4, copies(count, [0x70, 0, 0]))) },
  {
    what: "tags",
    most: 1_000_000,
    code: "limit-count",
    module: (count) => binary(section(1, vector([[0x60, 0, 0]])), section(13, copies(count, [0, 0]))),
  },
  { what: "globals", most: 1_000_000, code: "limit-count", module: (count) => binary(section(6, copies(count, [0x7f, 0, 0x41, 0, 0x0b]))) },
  { what: "data segments", most: 100_000, code: "limit-count", module: (count) => binary(section(11, copies(count, [1, 0]))) },
  {
    what: "elements of array.new_fixed",
    most: 10_000,
    code: "limit-operands",
    module: (count) => {
      const body = [copies(count, [0x41, 0]), 0xfb, 8, 1, uleb(count), 0x1a, 0x0b] as const;
      // Without the count that `copies` writes before the constants.
      const code = flatten(body).slice(uleb(count).length);
      return binary(
        section(
          1,
          vector([
            [0x60, 0, 0],
            [0x5e, 0x7f, 0],
          ]),
        ),
        section(3, vector([0])),
        section(10, vector([sized(0, code)])),
      );
    },
  },
  {
    what: "bytes of a function",
    most: 7_654_321,
    code: "limit-body",
    // The count of local declarations and the end belong to it.
    module: (count) => {
      const nops = new Uint8Array(count - 2).fill(0x01);
      return binary(section(1, vector([[0x60, 0, 0]])), section(3, vector([0])), section(10, 1, uleb(count), 0, nops, 0x0b));
    },
  },
];

describe("implementation limits of modules", () => {
  for (const { what, most, code, module } of CASES) {
    it(`${most} ${what}`, () => {
      expect(verdict(module(most))).to.equal(undefined);
      expect(verdict(module(most + 1))).to.equal(code);
    }).timeout(60_000);
  }
});

const DEPTH = 20_000;

/** `open` so many times, the body, and as many ends. */
function nested(open: readonly number[], body: readonly number[], close: readonly number[] = [0x0b]): Uint8Array {
  const code = new Uint8Array(DEPTH * (open.length + close.length) + body.length + 1);
  for (let i = 0; i < DEPTH; i++) code.set(open, i * open.length);
  code.set(body, DEPTH * open.length);
  for (let i = 0; i < DEPTH; i++) code.set(close, DEPTH * open.length + body.length + i * close.length);
  code[code.length - 1] = 0x0b;
  return binary(
    section(1, vector([[0x60, 1, 0x7f, 1, 0x7f]])),
    section(3, vector([0])),
    section(7, vector([[sized("f"), 0, 0]])),
    section(10, vector([sized(0, code)])),
  );
}

describe("nesting", () => {
  const shapes: readonly (readonly [string, Uint8Array])[] = [
    ["blocks", nested([0x02, 0x7f], [0x20, 0])],
    ["loops", nested([0x03, 0x7f], [0x20, 0])],
    ["conditions", nested([0x20, 0, 0x04, 0x7f], [0x20, 0], [0x05, 0x41, 7, 0x0b])],
    ["blocks that are left at once", nested([0x02, 0x7f], [0x20, 0, 0x0c, ...uleb(DEPTH - 1)])],
    ["blocks behind a branch", nested([0x02, 0x7f], [0x20, 0, 0x0c, ...uleb(DEPTH - 1), 0x41, 1])],
  ];
  for (const [what, bytes] of shapes) {
    it(`of ${DEPTH} ${what} costs no native stack`, () => {
      const module = checkedModule(bytes);
      for (const way of WAYS) {
        const bench = new Bench(module, way);
        expect(bench.call("f", 5), way).to.deep.equal({ kind: "return", values: [5] });
        expect(bench.hash()).to.match(/^[0-9a-f]+$/);
      }
    }).timeout(60_000);
  }

  it("of 20000 exception blocks is checked without native stack", () => {
    expect(verdict(nested([0x06, 0x7f], [0x20, 0], [0x19, 0x41, 1, 0x0b]))).to.equal(undefined);
    expect(verdict(nested([0x06, 0x7f], [0x20, 0], [0x18, 0]))).to.equal(undefined);
    expect(verdict(nested([0x1f, 0x7f, 0], [0x20, 0]))).to.equal(undefined);
  });
});
