/**
 * The official suite's modules through decoder, validator and disassembler, all files and proposals: each is accepted or
 * rejected as the suite says, with a stable code and an offset inside the module. Nothing is executed here.
 */
import { expect } from "chai";
import { describe, it } from "mocha";
import { decodeModule } from "../../vm/decode.ts";
import { disassembleFunction, outlineModule } from "../../vm/disassemble.ts";
import { DecodeError, ValidationError } from "../../vm/errors.ts";
import { validateModule } from "../../vm/validate.ts";
import { Encoder } from "./encode.ts";
import { readScript, suiteDirectory, suiteFiles } from "./suite.ts";
import type { Command, ModuleSource } from "./wast.ts";

const lines = (reason: string, ...numbers: number[]): Record<number, string> => Object.fromEntries(numbers.map((line) => [line, reason]));

/** A proposal written against an older core: there the core's own files say the opposite. suite.ts leaves out two modules besides. */
const CONTRADICTIONS: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  "proposals/threads/imports.wast": {
    ...lines("several tables are valid, see table.wast", 309, 313, 317),
    ...lines("several memories are valid, see memory-multi.wast", 404, 408, 412),
  },
  "proposals/threads/memory.wast": lines("several memories are valid, see memory-multi.wast", 14, 15),
};

type Phase = "valid" | "malformed" | "invalid";

/** What the suite says of the command's module, and the module; undefined when it has none, or only a text to be refused. */
function expectation(command: Command): { readonly source: ModuleSource; readonly phase: Phase } | undefined {
  switch (command.type) {
    case "module":
    case "definition":
    case "assert_unlinkable":
    case "assert_uninstantiable":
      return { source: command.module, phase: "valid" };
    case "assert_invalid":
      return { source: command.module, phase: "invalid" };
    case "assert_malformed":
      return command.module.form === "binary" ? { source: command.module, phase: "malformed" } : undefined;
    default:
      return undefined;
  }
}

/** The verdict on a module, and a complaint when it is badly reported. */
function judge(bytes: Uint8Array): { readonly phase: Phase; readonly message: string; readonly complaint: string } {
  try {
    const module = decodeModule(bytes);
    validateModule(module);
    for (const line of outlineModule(module)) if (line === "") return { phase: "valid", message: "", complaint: "an empty line" };
    for (let i = 0; i < module.funcTypes.length; i++)
      for (const { text } of disassembleFunction(module, i))
        if (text.includes("undefined")) return { phase: "valid", message: "", complaint: text };
    return { phase: "valid", message: "", complaint: "" };
  } catch (error) {
    if (!(error instanceof DecodeError || error instanceof ValidationError)) throw error;
    const inside = error.wasmOffset >= 0 && error.wasmOffset <= bytes.length;
    const complaint = inside && error.code !== "" && !error.message.includes("\n") ? "" : `offset ${error.wasmOffset}, code ${error.code}`;
    return { phase: error instanceof DecodeError ? "malformed" : "invalid", message: error.message, complaint };
  }
}

describe("modules of the official suite", () => {
  const directory = suiteDirectory();
  if (directory === undefined) {
    console.warn("\n*** The official WebAssembly suite is not there (REWASM_SPEC): NONE OF ITS MODULES IS TESTED ***\n");
    it.skip("is not there: set REWASM_SPEC to a checkout of WebAssembly/testsuite");
    return;
  }

  it("are accepted and rejected as it says, in all files", async () => {
    const encoder = new Encoder();
    const counts = { valid: 0, invalid: 0, malformed: 0 };
    const surprises: string[] = [];
    let contradictions = 0;
    for (const file of suiteFiles(directory)) {
      for (const command of readScript(directory, file)) {
        const expected = expectation(command);
        if (expected === undefined) continue;
        const where = `${file}:${command.line}`;
        const encoding = await encoder.encode(expected.source);
        if (encoding.kind === "refused") {
          surprises.push(`${where} the converter refuses it: ${encoding.complaint}`);
          continue;
        }
        const { phase, message, complaint } = judge(encoding.bytes);
        if (complaint !== "") surprises.push(`${where} ${complaint}`);
        // What is malformed in the words of the suite may be well-formed and invalid in ours, never the other way.
        const asExpected = phase === expected.phase || (expected.phase === "malformed" && phase === "invalid");
        if (CONTRADICTIONS[file]?.[command.line] !== undefined) {
          contradictions++;
          if (asExpected) surprises.push(`${where} is as the suite says, yet is listed`);
        } else if (!asExpected) surprises.push(`${where} is ${expected.phase}, said to be ${phase} ${message}`);
        else counts[expected.phase]++;
      }
    }
    console.log(
      `      ${counts.valid} valid, ${counts.invalid} invalid, ${counts.malformed} malformed; ${contradictions} that other files contradict`,
    );
    expect(surprises).to.deep.equal([]);
    expect(Math.min(counts.valid / 2000, counts.invalid / 2000, counts.malformed / 500)).to.be.above(1);
    expect(contradictions).to.equal(Object.values(CONTRADICTIONS).reduce((sum, listed) => sum + Object.keys(listed).length, 0));
  }).timeout(300_000);
});
