/**
 * V8 makes no fast machine code of functions whose bytecode is larger than 61,440 bytes (its flag max-optimized-bytecode-size):
 * the interpreter's loop would be ten times slower from one change to the next. And it really is optimized.
 */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { expect } from "chai";
import { describe, it } from "mocha";
import { ROOT } from "../support/guests.ts";

const LIMIT_BYTES = 61_440;
/** From here on a change of the loop should rather make it smaller. */
const WARN_BYTES = 56_000;

const modules = ["decode", "validate", "machine"].map((name) => new URL(`../../vm/${name}.js`, import.meta.url).href);

/** A program that runs a kernel for some seconds of exact and fast code. */
const PROGRAM = `
import { readFileSync } from "node:fs";
import { decodeModule } from ${JSON.stringify(modules[0])};
import { validateModule } from ${JSON.stringify(modules[1])};
import { Machine } from ${JSON.stringify(modules[2])};
const module = decodeModule(new Uint8Array(readFileSync("bench/kernels/sieve.wasm")));
validateModule(module);
const machine = new Machine({ generate: false });
const { instanceAddr } = machine.instantiate(module);
machine.call(machine.export(instanceAddr, "run").addr, [Number(process.argv[1])]);
`;

/** Runs it with flags of V8, and answers the lines that match; the output as a whole is long. */
function matchingLines(flags: readonly string[], work: number, pattern: RegExp): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...flags, "--input-type=module", "-e", PROGRAM, String(work)], {
      cwd: ROOT,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const lines: string[] = [];
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (pattern.test(line)) lines.push(line);
    });
    child.on("error", reject);
    child.on("close", (status) => (status === 0 ? resolve(lines) : reject(new Error(`exit code ${status}`))));
  });
}

describe("the interpreter's loop", function () {
  this.timeout(120_000);

  it("is small enough for V8 to optimize", async () => {
    // Functions of that name are in Node too; ours is the largest by far.
    const lines = await matchingLines(["--print-bytecode", "--print-bytecode-filter=run"], 0, /^(Bytecode )?length: \d+/i);
    const sizes = lines.map((line) => Number(/\d+/.exec(line)![0]));
    const bytes = Math.max(...sizes);
    console.log(
      `      ${bytes} bytes of bytecode, ${LIMIT_BYTES - bytes} below the limit${bytes > WARN_BYTES ? ": make the loop smaller" : ""}`,
    );
    expect(bytes, "the loop was not found").to.be.greaterThan(20_000);
    expect(bytes).to.be.at.most(LIMIT_BYTES);
  });

  it("is optimized by V8", async () => {
    // Long enough for engines that have a quicker compiler before the good one.
    const lines = await matchingLines(["--trace-opt"], 10, /completed optimizing .*<JSFunction run[ >].*TURBOFAN/);
    expect(lines, "V8 does not say that it has optimized the loop").to.not.be.empty;
  });
});
