/** What a run of the benchmarks found, as a table for people and as the object that `--json` writes. Nothing is measured here. */

import type { LoadResult } from "./load.ts";
import type { NativeOverhead } from "./native.ts";
import type { PackageResult } from "./packages.ts";

export interface KernelResult {
  readonly name: string;
  /** Time by rewasm divided by time by this process's V8. */
  readonly slowdown: number;
  /** Nanoseconds per retired wasm instruction by rewasm. */
  readonly nsPerInstruction: number;
  /** The same as `slowdown` by the interpreter alone, without generated code; null when not measured. */
  readonly loopSlowdown: number | null;
}

export interface Percentiles {
  readonly p50: number;
  readonly p95: number;
}

/** Sections that were not asked for are null. Ratios: 1.02 means 2% slower. */
export interface Report {
  readonly node: string;
  readonly commit: string;
  readonly kernels: readonly KernelResult[];
  readonly geomean: number | null;
  /** Of the kernels over vectors. */
  readonly vectorGeomean: number | null;
  /** Of the interpreter alone, without the kernels over vectors. */
  readonly loopGeomean: number | null;
  /** flite, 21 MB, until it can run; null when not measured. */
  readonly largeModule: LoadResult | null;
  readonly recordOverhead: { readonly cpu: number | null; readonly calls: number | null };
  readonly bytesPerEvent: number | null;
  readonly native: NativeOverhead | null;
  readonly packages: readonly PackageResult[] | null;
  readonly snapshotMs: Percentiles | null;
  readonly seekMs: Percentiles | null;
  readonly reverseStepMs: Percentiles | null;
}

/** Columns padded to equal width: the first to the left, the others to the right. */
export function alignColumns(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  return rows.map((row) => row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join("  ")).join("\n");
}

/** A number with as many decimals as three significant digits need. */
export function short(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

function percentRow(name: string, value: number | null): string[][] {
  return value === null ? [] : [[name, `${((value - 1) * 100).toFixed(1)} %`]];
}

function percentileRow(name: string, value: Percentiles | null): string[][] {
  return value === null ? [] : [[name, `p50 ${short(value.p50)} ms`, `p95 ${short(value.p95)} ms`]];
}

function loadRows(load: LoadResult | null): string[][] {
  if (load === null) return [];
  return [
    ["flite ready, V8 compiling it is 1", `${short(load.ratio)} x`, `${short(load.ms)} ms`],
    ["flite ready, resident memory", `${load.residentMegabytes.toFixed(0)} MB`],
  ];
}

function nativeRows(native: NativeOverhead | null): string[][] {
  if (native === null) return [];
  return [
    ["native recording, CPU-bound", `${short(native.cpu)} x`],
    ...Object.entries(native.fp).map(([name, ratio]) => [`native recording, ${name}`, `${short(ratio)} x`]),
    [`native recording, ${Math.round(native.callsPerSecond / 1000)},000 calls per second`, `${short(native.calls)} x`],
  ];
}

/** The closing lines: one figure per promise. */
export function summaryTable(report: Report): string {
  return alignColumns([
    ...(report.geomean === null ? [] : [["slowdown against V8 (geometric mean)", `${short(report.geomean)} x`]]),
    ...(report.vectorGeomean === null ? [] : [["slowdown of vectors", `${short(report.vectorGeomean)} x`]]),
    ...(report.loopGeomean === null ? [] : [["slowdown of the interpreter alone", `${short(report.loopGeomean)} x`]]),
    ...loadRows(report.largeModule),
    ...percentRow("record overhead, CPU-bound", report.recordOverhead.cpu),
    ...percentRow("record overhead, call-heavy", report.recordOverhead.calls),
    ...(report.bytesPerEvent === null ? [] : [["trace bytes per event", short(report.bytesPerEvent)]]),
    ...nativeRows(report.native),
    ...percentileRow("snapshot", report.snapshotMs),
    ...percentileRow("seek to a random tick", report.seekMs),
    ...percentileRow("reverse-step", report.reverseStepMs),
  ]);
}
