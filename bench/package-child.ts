/**
 * One process of the packages' measurement: `node [--import REGISTER] package-child.js WORKLOAD MILLISECONDS` runs a
 * workload of bench/packages again and again, first to warm up, then measured; prints `{"answer","runs","cpuMs","totalRuns"}`.
 * What namespace it runs on, and whether it is recorded, is decided by what was imported before.
 */
import { pathToFileURL } from "node:url";

type Work = () => unknown;

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Runs for so much CPU time, and three times at least. */
function runFor(work: Work, milliseconds: number): { readonly runs: number; readonly cpuMs: number } {
  const start = cpuMs();
  let runs = 0;
  while (runs < 3 || cpuMs() - start < milliseconds) {
    work();
    runs++;
  }
  return { runs, cpuMs: cpuMs() - start };
}

const [file, milliseconds] = [process.argv[2]!, Number(process.argv[3])];
const { prepare } = (await import(pathToFileURL(file).href)) as { prepare: () => Promise<Work> };
const work = await prepare();
const answer = String(work());
const warm = runFor(work, milliseconds);
const measured = runFor(work, milliseconds);
console.log(JSON.stringify({ answer, ...measured, totalRuns: 1 + warm.runs + measured.runs }));
