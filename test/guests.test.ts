/** The committed guests are what their sources say: kernels answer as listed, AssemblyScript compiles to the same bytes. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { describe, it } from "mocha";
import { KERNELS, VECTOR_KERNELS } from "../bench/kernels.ts";
import { rewasmKernel } from "../bench/slowdown.ts";
import { v8Kernel } from "../bench/v8.ts";
import { kernelBytes, ROOT } from "./support/guests.ts";

describe("guests", () => {
  for (const kernel of [...KERNELS, ...VECTOR_KERNELS]) {
    it(`${kernel.name} answers on V8 what the list of kernels says`, () => {
      expect(v8Kernel(kernelBytes(kernel.name))(kernel.checkWork)).to.equal(kernel.checkAnswer);
    });

    it(`${kernel.name} answers the same on rewasm, twice, in as many instructions`, () => {
      const [first, second] = [rewasmKernel(kernelBytes(kernel.name)), rewasmKernel(kernelBytes(kernel.name))];
      expect(first.run(kernel.checkWork)).to.equal(kernel.checkAnswer);
      expect(second.run(kernel.checkWork)).to.equal(kernel.checkAnswer);
      expect(second.ticks()).to.equal(first.ticks()).and.to.be.greaterThan(1000);
    });
  }

  it("every source has its module beside it", () => {
    for (const folder of ["bench/kernels", "test/guests", "examples/guests"]) {
      const files = readdirSync(join(ROOT, folder));
      for (const file of files.filter((name) => /\.(c|ts)$/.test(name))) {
        expect(files, `${folder}/${file}`).to.include(file.replace(/\.(c|ts)$/, ".wasm"));
      }
    }
  });

  it("AssemblyScript sources compile to the committed modules", function () {
    this.timeout(120_000);
    const folder = mkdtempSync(join(tmpdir(), "rewasm-guests-"));
    try {
      execFileSync(process.execPath, ["test/guests/build.mjs", "--as", "--out", folder], { cwd: ROOT });
      const rebuilt = readdirSync(folder);
      expect(rebuilt).to.have.members(["life.wasm", "tokens.wasm", "calendar.wasm", "words.wasm", "words.js"]);
      for (const file of rebuilt) {
        const committed = join(ROOT, /^(calendar|words)\./.test(file) ? "test/guests" : "bench/kernels", file);
        expect(readFileSync(join(folder, file)).equals(readFileSync(committed)), file).to.equal(true);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
