/**
 * `npm run bench`: measures what the README promises and prints it, or writes it as JSON. Only what is asked for on the
 * command line is decided here; each section measures itself.
 */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { Command } from "commander";
import { KERNELS, kernelPath } from "./kernels.ts";
import { geometricMean } from "./measure.ts";
import { alignColumns, type KernelResult, type Report, short, summaryTable } from "./report.ts";
import { measureKernel } from "./slowdown.ts";

/** Sections besides the kernels, as `--only` names them. */
const SECTIONS = ["flite", "record", "snapshot", "travel"] as const;

interface Options {
  readonly json?: string;
  readonly only?: readonly string[];
  readonly quick: boolean;
}

function parseOptions(argv: readonly string[]): Options {
  const command = new Command("bench")
    .description("Measures rewasm against V8, the cost of recording, and the speed of travel in time.")
    .option("--json <file>", "write the results as one JSON object")
    .option("--only <name...>", `only these kernels or sections: ${[...KERNELS.map((kernel) => kernel.name), ...SECTIONS].join(", ")}`)
    .option("--quick", "fewer rounds and a shorter recording; for a first look", false)
    .showHelpAfterError()
    .parse(argv as string[]);
  const options = command.opts<Options>();
  for (const name of options.only ?? []) {
    if (!KERNELS.some((kernel) => kernel.name === name) && !SECTIONS.some((section) => section === name)) {
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

function runKernels(options: Options): KernelResult[] {
  const results: KernelResult[] = [];
  const rows = [["kernel", "", "x V8", "ns/instr"]];
  const chosen = KERNELS.filter((kernel) => wanted(options, kernel.name));
  for (const kernel of chosen) {
    process.stderr.write(`${kernel.name} …\n`);
    const bytes = new Uint8Array(readFileSync(kernelPath(kernel.name)));
    const result = measureKernel(kernel, bytes, options.quick ? 3 : 7);
    results.push(result);
    rows.push([kernel.name, kernel.about, short(result.slowdown), short(result.nsPerInstruction)]);
  }
  if (chosen.length > 0) process.stdout.write(`${alignColumns(rows)}\n\n`);
  return results;
}

async function main(): Promise<void> {
  const options = parseOptions(process.argv);
  const kernels = runKernels(options);
  const report: Report = {
    node: process.version,
    commit: commit(),
    kernels,
    geomean: kernels.length === 0 ? null : geometricMean(kernels.map((kernel) => kernel.slowdown)),
    recordOverhead: { cpu: null, calls: null },
    bytesPerEvent: null,
    snapshotMs: null,
    seekMs: null,
    reverseStepMs: null,
  };
  process.stdout.write(`${summaryTable(report)}\n`);
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
}

await main();
