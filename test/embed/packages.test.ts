/**
 * Real packages, unchanged: each program of test/embedders is recorded, prints what it prints without us, and replays with
 * neither the program nor the package, to the middle and back too. Nothing in rewasm knows the packages.
 */
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { ROOT } from "../support/guests.ts";
import { replaysExactly, ScriptPlace } from "./recorded.ts";

const folder = join(ROOT, "test/embedders");
/** Not a program: what programs import. */
const libraries = new Set(["spelling.mjs"]);

describe("packages under record", function () {
  this.timeout(240_000);
  let place: ScriptPlace;
  before(() => {
    place = new ScriptPlace();
  });
  after(() => place.remove());

  for (const file of readdirSync(folder).filter((name) => name.endsWith(".mjs") && !libraries.has(name))) {
    it(`${file}: recorded, replayed without its host, sought`, async function () {
      const path = join(folder, file);
      const plain = spawnSync(process.execPath, [path], { encoding: "utf8" });
      const missing = /^Error.*: Cannot find (?:package|module) '[^']*'/m.exec(plain.stderr);
      if (missing !== null) {
        console.log(`SKIPPED: ${file}: ${missing[0]}`);
        this.skip();
      }
      const recorded = place.record(path);
      expect(recorded.stderr).to.equal("");
      expect(recorded.stdout).to.equal(plain.stdout);
      expect(recorded.status).to.equal(plain.status);
      expect(recorded.report.audits).to.be.greaterThan(10);
      await replaysExactly(recorded);
    });
  }
});
