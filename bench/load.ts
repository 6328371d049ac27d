/** How long a large module takes until it can run, against V8's own compilation of it; each round in a process of its own. */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { median } from "./measure.ts";

export interface LoadResult {
  /** Milliseconds: V8 compiles; rewasm decodes, validates and instantiates. */
  readonly nativeMs: number;
  readonly ms: number;
  /** Of the two runs of a round: the machine may be faster in one round than in another. */
  readonly ratio: number;
  /** Resident memory of the process afterwards, Node's own included. */
  readonly residentMegabytes: number;
}

interface Round {
  readonly ms: number;
  readonly residentBytes: number;
}

/** Medians of so many rounds. Engines take turns, so that a busy machine is busy for both. */
export function measureLoad(path: string, rounds: number): LoadResult {
  const script = fileURLToPath(new URL("load-process.js", import.meta.url));
  const round = (engine: string): Round =>
    JSON.parse(execFileSync(process.execPath, [script, engine, path], { encoding: "utf8" })) as Round;
  const native: Round[] = [];
  const own: Round[] = [];
  for (let i = 0; i < rounds; i++) {
    native.push(round("v8"));
    own.push(round("rewasm"));
  }
  const ratio = median(own.map(({ ms }, i) => ms / native[i]!.ms));
  const nativeMs = median(native.map(({ ms }) => ms));
  return {
    nativeMs,
    ms: median(own.map(({ ms }) => ms)),
    ratio,
    residentMegabytes: median(own.map(({ residentBytes }) => residentBytes)) / 1e6,
  };
}
