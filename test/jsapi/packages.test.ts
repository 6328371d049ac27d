/**
 * Real packages, unchanged, on our namespace: the programs of test/embedders print the same as on the engine's own. Each
 * runs in a process of its own, in which the namespace was exchanged before the program began.
 */
import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect } from "chai";
import { describe, it } from "mocha";
import { ROOT } from "../support/guests.ts";

const run = promisify(execFile);
const folder = join(ROOT, "test/embedders");
const exchange = fileURLToPath(new URL("./exchange.js", import.meta.url));
/** Not programs: what programs import. */
const libraries = new Set(["spelling.mjs"]);

async function output(file: string, ...flags: string[]): Promise<string> {
  const { stdout } = await run(process.execPath, [...flags, join(folder, file)], { cwd: ROOT, maxBuffer: 1 << 24 });
  return stdout;
}

describe("packages on our namespace", () => {
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".mjs") && !libraries.has(name))) {
    it(`${file} prints the same as on the engine's`, async function () {
      this.timeout(120_000);
      const expected = await output(file);
      expect(expected.length).to.be.greaterThan(20);
      expect(await output(file, "--import", exchange)).to.equal(expected);
    });
  }
});
