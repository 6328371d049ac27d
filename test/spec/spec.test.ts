/** The official suite as mocha tests: every file, in every mode. */
import { expect } from "chai";
import { after, describe, it } from "mocha";
import { Encoder } from "./encode.ts";
import { EXPECTED_FAILURES } from "./expected.ts";
import { MachineEngine } from "./machine-engine.ts";
import { engineOptions, RUN_MODES } from "./modes.ts";
import { type FileReport, formatSkips, formatTable, reportFile, sumCounts } from "./report.ts";
import { runScript } from "./runner.ts";
import { readScript, suiteDirectory, suiteFiles } from "./suite.ts";

/** Surprises that a failing test prints; the rest are counted. */
const SHOWN = 10;

describe("official suite", () => {
  const directory = suiteDirectory();
  if (directory === undefined) {
    console.warn(
      "\n*** The official WebAssembly suite is not at ../shared/spec and REWASM_SPEC names no directory: NOTHING OF IT IS TESTED ***\n",
    );
    it.skip("is not there: set REWASM_SPEC to a checkout of WebAssembly/testsuite");
    return;
  }
  const files = suiteFiles(directory);
  const encoder = new Encoder();
  const reports: FileReport[] = [];

  for (const file of files) {
    it(file, async () => {
      const commands = readScript(directory, file);
      const surprises: string[] = [];
      const states: string[] = [];
      for (const mode of RUN_MODES) {
        const engine = new MachineEngine(engineOptions(mode));
        const report = reportFile(file, mode, await runScript(engine, encoder, commands));
        states.push(engine.state());
        reports.push(report);
        surprises.push(...report.surprises.map((line) => `${mode}: ${line}`));
      }
      expect(surprises.length, `\n${surprises.slice(0, SHOWN).join("\n")}\n`).to.equal(0);
      expect(new Set(states).size, `the modes end in different states: ${states.join("; ")}`).to.equal(1);
    });
  }

  it("lists expected failures only in files that are run", () => {
    expect(Object.keys(EXPECTED_FAILURES).filter((file) => !files.includes(file))).to.deep.equal([]);
  });

  after(() => {
    const { passed, failed, skipped } = sumCounts(reports);
    console.log(`\n${formatTable(reports)}\n\nskipped:\n${formatSkips(reports)}`);
    console.log(`worded otherwise: ${reports.reduce((sum, report) => sum + report.wordings.length, 0)}`);
    console.log(`official suite: ${passed} passed, ${failed} failed, ${skipped} skipped (in ${RUN_MODES.length} modes)\n`);
  });
});
