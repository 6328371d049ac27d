/** The official suite on rewritten modules: whatever this process's engine can run answers what our machine answers, bit by bit. */
import { expect } from "chai";
import { after, describe, it } from "mocha";
import { Encoder } from "../spec/encode.ts";
import { runScript } from "../spec/runner.ts";
import { readScript, suiteDirectory, suiteFiles } from "../spec/suite.ts";
import { BothEngine } from "./both-engine.ts";

/** Differences that a failing test prints. */
const SHOWN = 5;

describe("official suite, rewritten for the native engine", function () {
  this.timeout(60_000);
  const directory = suiteDirectory();
  if (directory === undefined) {
    console.warn("\n*** The official WebAssembly suite is not there: REWRITTEN MODULES ARE NOT TESTED WITH IT ***\n");
    it.skip("is not there: set REWASM_SPEC to a checkout of WebAssembly/testsuite");
    return;
  }
  const encoder = new Encoder();
  const totals = { instances: 0, compared: 0, fixes: 0, refused: 0 };
  for (const file of suiteFiles(directory).filter((name) => !/^(proposals|legacy|custom)\//.test(name))) {
    it(file, async () => {
      const engine = new BothEngine();
      await runScript(engine, encoder, readScript(directory, file));
      totals.instances += engine.instances;
      totals.compared += engine.compared;
      totals.fixes += engine.fixes;
      totals.refused += engine.refused.length;
      expect(engine.differences.length, `\n${engine.differences.slice(0, SHOWN).join("\n")}\n`).to.equal(0);
    });
  }
  after(() => {
    const { instances, compared, fixes, refused } = totals;
    console.log(
      `\nrewritten: ${instances} instances, ${compared} results compared, ${fixes} fixes; ${refused} modules are beyond this engine\n`,
    );
  });
});
