/**
 * `npm run bench`: measures what the README promises and prints it, or writes it as JSON. Only what is asked for on the
 * command line is decided here; each section measures itself.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { KERNELS, kernelPath, VECTOR_KERNELS } from "./kernels.ts";
import { type LoadResult, measureLoad } from "./load.ts";
import { geometricMean } from "./measure.ts";
import { measureNative } from "./native.ts";
import { measurePackage, PACKAGES, type PackageResult } from "./packages.ts";
import { measureEventBytes, measureRecording, recordMarathon } from "./recording.ts";
import { alignColumns, type KernelResult, type Report, short, summaryTable } from "./report.ts";
import { FLITE, measureFlite, measureKernel } from "./slowdown.ts";
import { measureTravel } from "./travel.ts";

const ALL_KERNELS = [...KERNELS, ...VECTOR_KERNELS];

/** Sections besides the kernels, as `--only` names them. */
const SECTIONS = ["flite", "load", "record", "native", "packages", "travel"] as const;

/** Rounds of the guest "marathon" that make more than 10^9 ticks. */
const MARATHON_ROUNDS = 60;

interface Options {
  readonly json?: string;
  readonly only?: readonly string[];
  readonly quick: boolean;
  readonly loop: boolean;
}

function parseOptions(argv: readonly string[]): Options {
  const command = new Command("bench")
    .description("Measures rewasm against V8, the cost of recording, and the speed of travel in time.")
    .option("--json <file>", "write the results as one JSON object")
    .option("--only <name...>", `only these kernels or sections: ${[...ALL_KERNELS.map((kernel) => kernel.name), ...SECTIONS].join(", ")}`)
    .option("--loop", "one kernel on the interpreter alone, without generated code", false)
    .option("--quick", "fewer rounds and a shorter recording; for a first look", false)
    .showHelpAfterError()
    .parse(argv as string[]);
  const options = command.opts<Options>();
  for (const name of options.only ?? []) {
    if (!ALL_KERNELS.some((kernel) => kernel.name === name) && !SECTIONS.some((section) => section === name)) {
      command.error(`error: there is no kernel or section called ${name}`, { exitCode: 2 });
    }
  }
  return options;
}

/** Commit of the working tree, or "unknown" outside a repository. */
function commit(): string {
  try {
    return execFileSync("git", ["rev-parse", "HEAD"], { stdio: ["ignore", "pipe", "ignore"] })
      .toString()
      .trim();
  } catch {
    return "unknown";
  }
}

function wanted(options: Options, name: string): boolean {
  return options.only === undefined || options.only.includes(name);
}

function note(text: string): void {
  process.stderr.write(`${text} …\n`);
}

/** One line of the kernels' table, measured in this process. */
async function measureHere(name: string, { quick, loop }: Options): Promise<KernelResult> {
  note(loop ? `${name}, interpreter alone` : name);
  if (name === "flite") return measureFlite(quick ? 1 : 3);
  const kernel = ALL_KERNELS.find((candidate) => candidate.name === name)!;
  return measureKernel(kernel, new Uint8Array(readFileSync(kernelPath(name))), quick ? 3 : 7, !loop);
}

/**
 * The same in a process of its own, where V8 and the machine have only this program to run: the loop is compiled for the
 * arrays of a process's first machine (docs/rationale/execution.md), which is how the commands use it.
 */
function measureApart(name: string, options: Options, loop: boolean, folder: string): KernelResult {
  const file = join(folder, `${name}.json`);
  const words = ["--only", name, "--json", file, ...(options.quick ? ["--quick"] : []), ...(loop ? ["--loop"] : [])];
  execFileSync(process.execPath, [process.argv[1]!, ...words], { stdio: ["ignore", "ignore", "inherit"] });
  return (JSON.parse(readFileSync(file, "utf8")) as Report).kernels[0]!;
}

async function runKernels(options: Options, folder: string): Promise<KernelResult[]> {
  const names = [...ALL_KERNELS.map(({ name }) => name), "flite"].filter((name) => wanted(options, name));
  const results: KernelResult[] = [];
  for (const name of names) {
    if (options.only?.length === 1) results.push(await measureHere(name, options));
    else if (name === "flite") results.push(measureApart(name, options, false, folder));
    else {
      const loopSlowdown = measureApart(name, options, true, folder).slowdown;
      results.push({ ...measureApart(name, options, false, folder), loopSlowdown });
    }
  }
  const about = new Map(ALL_KERNELS.map((kernel) => [kernel.name, kernel.about]));
  const rows = results.map(({ name, slowdown, nsPerInstruction, loopSlowdown }) => [
    name,
    about.get(name) ?? "real program",
    short(slowdown),
    short(nsPerInstruction),
    loopSlowdown === null ? "" : short(loopSlowdown),
  ]);
  if (rows.length > 0) process.stdout.write(`${alignColumns([["kernel", "", "x V8", "ns/instr", "loop x V8"], ...rows])}\n\n`);
  return results;
}

function runLoad(options: Options): LoadResult | null {
  if (!wanted(options, "load")) return null;
  note("loading flite");
  return measureLoad(FLITE, options.quick ? 3 : 21);
}

async function runRecording(options: Options, folder: string): Promise<Pick<Report, "recordOverhead" | "bytesPerEvent">> {
  if (!wanted(options, "record")) return { recordOverhead: { cpu: null, calls: null }, bytesPerEvent: null };
  const rounds = options.quick ? 3 : 11;
  note("recording a CPU-bound program");
  const cpu = await measureRecording("marathon", [options.quick ? "100" : "400"], rounds, folder);
  note("recording a call-heavy program");
  const calls = await measureRecording("calls", ["240000", "clock"], rounds, folder);
  note("bytes per event");
  return { recordOverhead: { cpu: cpu.ratio, calls: calls.ratio }, bytesPerEvent: await measureEventBytes(60_000, folder) };
}

async function runNative(options: Options, folder: string): Promise<Pick<Report, "native">> {
  if (!wanted(options, "native")) return { native: null };
  note("recording natively");
  return { native: await measureNative(options.quick ? 3 : 9, options.quick, folder) };
}

async function runPackages(options: Options, folder: string): Promise<PackageResult[] | null> {
  if (!wanted(options, "packages")) return null;
  const results: PackageResult[] = [];
  for (const name of PACKAGES) {
    note(`package ${name}`);
    results.push(await measurePackage(name, options.quick ? 1 : 3, options.quick ? 500 : 1800, folder));
  }
  const rows = results.map((result) => [
    result.name,
    short(result.interpreter),
    short(result.interpreterRecorded),
    short(result.nativeRecorded),
    result.eventsPerSecond.toFixed(0),
    short(result.rawBytesPerEvent),
    short(result.headBytesPerEvent),
    short(result.bytesPerEvent),
  ]);
  const head = ["package, x V8", "interpreter", "recorded", "native recorded", "events/s", "bytes/event", "without payload", "stored"];
  process.stdout.write(`${alignColumns([head, ...rows])}\n\n`);
  return results;
}

async function runTravel(options: Options, folder: string): Promise<Pick<Report, "snapshotMs" | "seekMs" | "reverseStepMs">> {
  if (!wanted(options, "travel")) return { snapshotMs: null, seekMs: null, reverseStepMs: null };
  note("recording a long run");
  const { path, facts } = await recordMarathon(options.quick ? MARATHON_ROUNDS / 10 : MARATHON_ROUNDS, folder);
  note(`travelling in ${facts.ticks} ticks`);
  const { snapshotMs, seekMs, reverseStepMs } = await measureTravel(path, options.quick ? 40 : 200);
  return { snapshotMs, seekMs, reverseStepMs };
}

function meanOf(kernels: readonly KernelResult[], names: readonly { readonly name: string }[]): number | null {
  const counted = kernels.filter(({ name }) => names.some((kernel) => kernel.name === name));
  return counted.length === 0 ? null : geometricMean(counted.map(({ slowdown }) => slowdown));
}

/** All that was asked for. flite is a line of the table, but no part of a mean. */
async function measure(options: Options, folder: string): Promise<Report> {
  const kernels = await runKernels(options, folder);
  const counted = kernels.filter(({ name }) => KERNELS.some((kernel) => kernel.name === name));
  const loopSlowdowns = counted.flatMap(({ loopSlowdown }) => (loopSlowdown === null ? [] : [loopSlowdown]));
  return {
    node: process.version,
    commit: commit(),
    kernels,
    geomean: meanOf(kernels, KERNELS),
    vectorGeomean: meanOf(kernels, VECTOR_KERNELS),
    loopGeomean: loopSlowdowns.length === 0 ? null : geometricMean(loopSlowdowns),
    largeModule: runLoad(options),
    packages: await runPackages(options, folder),
    ...(await runRecording(options, folder)),
    ...(await runNative(options, folder)),
    ...(await runTravel(options, folder)),
  };
}

async function main(): Promise<void> {
  const options = parseOptions(process.argv);
  const folder = mkdtempSync(join(tmpdir(), "rewasm-bench-"));
  try {
    const report = await measure(options, folder);
    process.stdout.write(`${summaryTable(report)}\n`);
    if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

await main();
