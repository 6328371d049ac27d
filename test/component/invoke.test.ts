/** Calls of exported functions with values of every kind, on our machine and on the engine's own WebAssembly. */
import { expect } from "chai";
import { before, describe, it } from "mocha";
import { decodeComponent } from "../../component/binary.ts";
import { callEntry, findEntry, formatReturned, parseEntryArguments, returnedValue } from "../../component/entry.ts";
import { type Glue, type GlueEngine, generateGlue, runGlue } from "../../component/glue.ts";
import { loadGenerator } from "../../component/node-tools.ts";
import { type Outline, outlineComponent } from "../../component/outline.ts";
import { createWebAssembly } from "../../jsapi/namespace.ts";
import { componentBytes } from "./subjects.ts";

const engines: Readonly<Record<string, () => GlueEngine>> = {
  "our machine": () => createWebAssembly() as unknown as GlueEngine,
  "the engine of Node": () => (globalThis as unknown as { WebAssembly: GlueEngine }).WebAssembly,
};

describe("calls of exported functions", function () {
  this.timeout(60_000);
  let outline: Outline;
  let glue: Glue;

  before(async () => {
    const bytes = componentBytes("ledger");
    outline = outlineComponent(decodeComponent(bytes));
    glue = await generateGlue(await loadGenerator(), bytes);
  });

  const tea = '{label: "tea", amount: 3, currency: euro}';
  const cake = '{label: "a \\"cake\\"", amount: -40, currency: yen}';
  const calls: readonly (readonly [printed: string, name: string, ...words: string[]])[] = [
    ["42", "twice", "21"],
    ["-37", "sum", `[${tea}, ${cake}]`],
    [`some(${tea})`, "ledger.most-expensive", `[${cake}, ${tea}]`],
    ["none", "rewasm:guests/ledger#most-expensive", "[]"],
    [`ok(${tea})`, "parse", "tea 3"],
    ['err("no amount in: tea")', "parse", '"tea"'],
    ['"free, late, disputed"', "describe", "free", "{late, disputed}"],
    ['"1 to 4294967295"', "describe", "range((1, 4294967295))", "{}"],
    ["[0.5, -0, nan, inf]", "halves", "[1, -0, nan, inf]"],
    ["(true, '😀')", "swap", "('\\u{1f600}', true)"],
    ["5", "account.deposit", 'account("ann")', "5"],
    ['err("ann has only 0")', "account.withdraw", 'account("ann")', "1"],
    ['"ann"', "account.richer", 'account("ann")', 'account("bob")'],
    ["<account>", "open", "ann", "12"],
  ];
  for (const [where, engine] of Object.entries(engines)) {
    for (const [printed, name, ...words] of calls) {
      it(`${where}: ${name} ${words.join(" ")} gives ${printed}`, () => {
        const entry = findEntry(outline, name);
        const args = parseEntryArguments(outline, entry, words);
        const WebAssembly = engine();
        const exports = runGlue(glue, WebAssembly, { WebAssembly, globalThis: { WebAssembly } }, {});
        const value = returnedValue(entry, () => callEntry(outline, exports, entry, args));
        expect(formatReturned(entry, value)).to.equal(printed);
      });
    }
  }
});
