/**
 * `npm run test:spec [-- [--mode fast|exact|restored] [--slice TICKS] [--wordings] FILE…]`: the whole suite on the
 * machine, every surprise printed, the counts on the last line. Exit code 1 when there was a surprise, 2 for a wrong call.
 */
import { parseArgs } from "node:util";
import { Encoder } from "./encode.ts";
import { MachineEngine } from "./machine-engine.ts";
import { engineOptions, RUN_MODES } from "./modes.ts";
import { type FileReport, formatSkips, formatTable, reportFile, sumCounts } from "./report.ts";
import { runScript } from "./runner.ts";
import { readScript, suiteDirectory, suiteFiles } from "./suite.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { mode: { type: "string" }, slice: { type: "string" }, wordings: { type: "boolean", default: false } },
});

async function main(): Promise<number> {
  const directory = suiteDirectory();
  if (directory === undefined) {
    console.error("the official suite is not at ../shared/spec; set REWASM_SPEC to a checkout of WebAssembly/testsuite");
    return 2;
  }
  const modes = RUN_MODES.filter((mode) => values.mode === undefined || values.mode === mode);
  if (modes.length === 0) {
    console.error(`unknown mode ${values.mode}: ${RUN_MODES.join(", ")}`);
    return 2;
  }
  const files = suiteFiles(directory);
  const unknown = positionals.find((file) => !files.includes(file));
  if (unknown !== undefined) {
    console.error(`there is no ${unknown} in ${directory}`);
    return 2;
  }
  const encoder = new Encoder();
  const reports: FileReport[] = [];
  for (const file of positionals.length > 0 ? positionals : files) {
    const commands = readScript(directory, file);
    for (const mode of modes) {
      const options = engineOptions(mode);
      const engine = new MachineEngine(values.slice === undefined ? options : { ...options, sliceTicks: Number(values.slice) });
      const report = reportFile(file, mode, await runScript(engine, encoder, commands));
      reports.push(report);
      for (const line of report.surprises) console.log(`${mode}: ${line}`);
    }
  }
  printSummary(reports);
  return reports.some((report) => report.surprises.length > 0) ? 1 : 0;
}

function printSummary(reports: readonly FileReport[]): void {
  const wordings = reports.flatMap((report) => report.wordings);
  if (values.wordings) for (const line of wordings) console.log(line);
  console.log(`\n${formatTable(reports)}\n\nskipped:\n${formatSkips(reports)}\n\nworded otherwise: ${wordings.length}`);
  const { passed, failed, skipped } = sumCounts(reports);
  console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
}

process.exitCode = await main();
