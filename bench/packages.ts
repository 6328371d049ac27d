/**
 * Real packages as JavaScript programs, and components with their glue, each in processes of its own: on V8, on our machine, recorded there, and recorded
 * natively. Time is CPU time of the process for one run of the workload, so that other processes count little.
 */
import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { brotliDecompressSync } from "node:zlib";
import { FileStorage } from "../cli/file-storage.ts";
import { VARIABLES } from "../cli/script-program.ts";
import { generateGlue } from "../component/glue.ts";
import { loadGenerator } from "../component/node-tools.ts";
import { TraceReader } from "../rr/reader.ts";
import { CHUNK_HEAD_BYTES, ChunkKind, decodeChunkHead, FILE_HEAD_BYTES } from "../rr/trace-format.ts";
import { median } from "./measure.ts";

/** Workloads of bench/packages. */
export const PACKAGES = ["sqljs", "quickjs", "sqlite-wasm", "swc", "tree-sitter", "assemblyscript", "component-c", "component-js"] as const;

/** Those that are components, and their files. */
const COMPONENTS: Readonly<Record<string, string>> = {
  "component-c": "hello.component.wasm",
  "component-js": "notes.component.wasm.br",
};

/** Ratios are to the same program on V8, unrecorded. */
export interface PackageResult {
  readonly name: string;
  /** CPU milliseconds of one run of the workload on V8. */
  readonly nodeMs: number;
  readonly interpreter: number;
  readonly interpreterRecorded: number;
  readonly nativeRecorded: number;
  /** Of one run of the workload, divided by its time when recorded natively. */
  readonly eventsPerSecond: number;
  /** Of events chunks, as encoded, without the bytes that the program wrote into memories, and as stored; native recording. */
  readonly rawBytesPerEvent: number;
  readonly headBytesPerEvent: number;
  readonly bytesPerEvent: number;
}

interface ChildReport {
  readonly answer: string;
  readonly runs: number;
  readonly cpuMs: number;
  readonly totalRuns: number;
}

/** Writes a component's glue and core modules into a file, for bench/packages/components.mjs. */
async function writeGlue(file: string, path: string): Promise<void> {
  const stored = readFileSync(join("test/component/guests", file));
  const { source, coreModules } = await generateGlue(await loadGenerator(), file.endsWith(".br") ? brotliDecompressSync(stored) : stored);
  const modules = [...coreModules].map(([name, bytes]) => [name, Buffer.from(bytes).toString("base64")]);
  writeFileSync(path, JSON.stringify({ source, modules }));
}

const run = promisify(execFile);
const beside = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

async function child(name: string, milliseconds: number, imported: string | undefined, env: NodeJS.ProcessEnv): Promise<ChildReport> {
  const words = [...(imported === undefined ? [] : ["--import", imported]), beside("package-child.js")];
  const options = { env: { ...process.env, ...env }, maxBuffer: 1 << 24 };
  const { stdout } = await run(process.execPath, [...words, join("bench/packages", `${name}.mjs`), String(milliseconds)], options);
  return JSON.parse(stdout) as ChildReport;
}

/** Bytes of all events chunks of a finished trace, encoded and stored, and their events. */
function eventBytes(path: string): { events: number; rawBytes: number; storedBytes: number } {
  const bytes = new Uint8Array(readFileSync(path));
  const sum = { events: 0, rawBytes: 0, storedBytes: 0 };
  for (let offset = FILE_HEAD_BYTES; ; ) {
    const head = decodeChunkHead(bytes.subarray(offset, offset + CHUNK_HEAD_BYTES), offset);
    if (head === undefined || head.kind === ChunkKind.Index) return sum;
    if (head.kind === ChunkKind.Events) {
      sum.events += head.eventCount;
      sum.rawBytes += head.rawBytes;
      sum.storedBytes += head.storedBytes + CHUNK_HEAD_BYTES;
    }
    offset += CHUNK_HEAD_BYTES + head.storedBytes;
  }
}

/** Bytes that the host wrote into memories: what events carry for the program. */
async function payloadBytes(path: string): Promise<number> {
  const reader = await TraceReader.open(new FileStorage(path));
  let bytes = 0;
  for await (const { effects } of reader.eventsFrom()) {
    for (const effect of effects) if (effect.kind === "memory-write") bytes += effect.bytes.length;
  }
  return bytes;
}

/** Measures one package; each of its four ways runs `rounds` times, in turn, for `milliseconds` after as long to warm up. */
export async function measurePackage(name: string, rounds: number, milliseconds: number, folder: string): Promise<PackageResult> {
  const trace = join(folder, `${name}.rrw`);
  const register = new URL("../package/cli/register.js", import.meta.url).href;
  const component = COMPONENTS[name];
  const glue = join(folder, `${name}.json`);
  if (component !== undefined) await writeGlue(component, glue);
  const plain = component === undefined ? {} : { BENCH_GLUE: glue };
  const recording = { ...plain, [VARIABLES.trace]: trace, [VARIABLES.quiet]: "1" };
  const ways: readonly (() => Promise<ChildReport>)[] = [
    () => child(name, milliseconds, undefined, plain),
    () => child(name, milliseconds, new URL("package-interpreter.js", import.meta.url).href, plain),
    () => child(name, milliseconds, register, recording),
    () => child(name, milliseconds, register, { ...recording, [VARIABLES.engine]: "native" }),
  ];
  const times: number[][] = ways.map(() => []);
  let last: ChildReport | undefined;
  for (let round = 0; round < rounds; round++) {
    for (const [i, way] of ways.entries()) {
      const report = await way();
      if (last !== undefined && report.answer !== last.answer)
        throw new Error(`${name}: ${last.answer} in one way, ${report.answer} in another`);
      last = report;
      times[i]!.push(report.cpuMs / report.runs);
    }
  }
  const [nodeMs, interpreterMs, recordedMs, nativeMs] = times.map(median) as [number, number, number, number];
  const { events, rawBytes, storedBytes } = eventBytes(trace);
  return {
    name,
    nodeMs,
    interpreter: interpreterMs / nodeMs,
    interpreterRecorded: recordedMs / nodeMs,
    nativeRecorded: nativeMs / nodeMs,
    eventsPerSecond: (events / last!.totalRuns / nativeMs) * 1000,
    rawBytesPerEvent: rawBytes / events,
    headBytesPerEvent: (rawBytes - (await payloadBytes(trace))) / events,
    bytesPerEvent: storedBytes / events,
  };
}
