/** Counts and surprises of a run of the suite, and their printed form. Decides nothing about single commands. */
import { EXPECTED_FAILURES } from "./expected.ts";
import type { CommandResult } from "./runner.ts";

export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/** Results of one script on one engine. */
export interface FileReport {
  readonly file: string;
  readonly engine: string;
  readonly counts: Counts;
  /** One line for each failure that is not expected, and each expected failure that did not happen. */
  readonly surprises: readonly string[];
  readonly skips: ReadonlyMap<string, number>;
  /** One line for each command that passed with other words than the suite's. */
  readonly wordings: readonly string[];
}

export function reportFile(
  file: string,
  engine: string,
  results: readonly CommandResult[],
  expected: Readonly<Record<number, string>> = EXPECTED_FAILURES[file] ?? {},
): FileReport {
  const counts: Counts = { passed: 0, failed: 0, skipped: 0 };
  const skips = new Map<string, number>();
  const surprises: string[] = [];
  const wordings: string[] = [];
  for (const { line, type, status, reason, wording } of results) {
    counts[status]++;
    if (status === "skipped") skips.set(reason, (skips.get(reason) ?? 0) + 1);
    if (status === "failed" && expected[line] === undefined) surprises.push(`${file}:${line} ${type}: ${reason}`);
    if (status === "passed" && expected[line] !== undefined)
      surprises.push(`${file}:${line} ${type}: passes, yet is listed: ${expected[line]}`);
    if (wording !== undefined) wordings.push(`${file}:${line} ${type}: ${wording}`);
  }
  const run = new Set(results.filter(({ status }) => status !== "skipped").map(({ line }) => line));
  for (const [line, reason] of Object.entries(expected)) {
    if (!run.has(Number(line))) surprises.push(`${file}:${line}: is not run, yet is listed: ${reason}`);
  }
  return { file, engine, counts, surprises, skips, wordings };
}

export function sumCounts(reports: readonly FileReport[]): Counts {
  const sum: Counts = { passed: 0, failed: 0, skipped: 0 };
  for (const { counts } of reports) {
    sum.passed += counts.passed;
    sum.failed += counts.failed;
    sum.skipped += counts.skipped;
  }
  return sum;
}

/** passed/failed/skipped of every file and engine, several files to a line. */
export function formatTable(reports: readonly FileReport[], lineWidth = 120): string {
  const engines = [...new Set(reports.map((report) => report.engine))];
  const byFile = new Map<string, Map<string, string>>();
  for (const { file, engine, counts } of reports) {
    const row = byFile.get(file) ?? new Map<string, string>();
    row.set(engine, `${counts.passed}/${counts.failed}/${counts.skipped}`);
    byFile.set(file, row);
  }
  const ran = (file: string): boolean => reports.some(({ file: other, counts }) => other === file && counts.passed + counts.failed > 0);
  const [inScope, outside] = [[...byFile].filter(([file]) => ran(file)), [...byFile.keys()].filter((file) => !ran(file))];
  const cells = inScope.map(([file, row]) => {
    const texts = engines.map((engine) => row.get(engine) ?? "-");
    return [file.replace(/\.wast$/, ""), [...new Set(texts)].join(" ")] as const;
  });
  const nameWidth = Math.max(0, ...cells.map(([name]) => name.length));
  const countWidth = Math.max(0, ...cells.map(([, text]) => text.length));
  const cellWidth = nameWidth + countWidth + 3;
  const perLine = Math.max(1, Math.floor(lineWidth / cellWidth));
  const title = `passed/failed/skipped per file (${engines.join(", ")}; one entry where they agree)`;
  const lines = [title];
  for (let at = 0; at < cells.length; at += perLine) {
    const line = cells.slice(at, at + perLine).map(([name, text]) => `${name.padEnd(nameWidth)} ${text.padStart(countWidth)}`);
    lines.push(line.join("  "));
  }
  if (outside.length > 0) lines.push(`nothing in scope in ${outside.length} files`);
  return lines.join("\n");
}

/** Why commands were skipped, most frequent first. */
export function formatSkips(reports: readonly FileReport[]): string {
  const sum = new Map<string, number>();
  for (const { skips } of reports) for (const [reason, count] of skips) sum.set(reason, (sum.get(reason) ?? 0) + count);
  const rows = [...sum].sort((a, b) => b[1] - a[1]);
  return rows.map(([reason, count]) => `${String(count).padStart(7)}  ${reason.slice(0, 140)}`).join("\n");
}
