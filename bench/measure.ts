/**
 * Measuring: interleaved samples through Benchmark.js, and what is made of them. The machine is taken to be noisy, so two
 * things are only ever compared by runs that alternate within one process, in CPU time, and only medians are reported.
 */
import Benchmark from "benchmark";

/** Median of a non-empty list. */
export function median(values: readonly number[]): number {
  return percentile(values, 50);
}

/** The value below which `percent` of the list lies, by the nearest rank; the list must not be empty. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1))]!;
}

export function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

/** One thing to time. `run` does the whole work once; a promise is waited for. */
export interface Subject {
  readonly name: string;
  readonly run: () => unknown;
}

/**
 * Seconds of CPU per run, in one short Benchmark.js cycle. Not seconds on the clock: on a machine that others use too, a
 * run of a second is interrupted and one of a few milliseconds is not, so their quotient would measure the others.
 */
function sampleSeconds({ name, run }: Subject): Promise<number> {
  return new Promise((resolve, reject) => {
    let runs = 0;
    let microseconds = 0;
    const measured = async (): Promise<void> => {
      const before = process.cpuUsage();
      await run();
      const { user, system } = process.cpuUsage(before);
      microseconds += user + system;
      runs++;
    };
    const bench = new Benchmark(name, {
      minSamples: 1,
      minTime: 0.02,
      maxTime: 0,
      initCount: 1,
      defer: true,
      // Benchmark.js notices neither exceptions nor rejections of deferred functions.
      fn: (deferred: { resolve(): void }) => void measured().then(() => deferred.resolve(), reject),
      onComplete: () => resolve(microseconds / runs / 1e6),
    });
    bench.run();
  });
}

/** Median seconds per run of each subject, and the median over rounds of the second's time divided by the first's. */
export interface PairTimes {
  readonly firstSeconds: number;
  readonly secondSeconds: number;
  readonly ratio: number;
}

/** Engines compile in the background and start over when they meet something new: at least so many runs, at most so long. */
const WARM_UP_RUNS = 4;
const WARM_UP_MS = 12_000;
/** A run that beats the best so far by less is no progress. */
const PROGRESS = 0.97;

/** Runs a subject until `WARM_UP_RUNS` runs in a row are no faster than those before, or time is up. */
async function warmUp(subject: Subject): Promise<void> {
  const until = performance.now() + WARM_UP_MS;
  let best = Number.POSITIVE_INFINITY;
  for (let steady = 0; steady < WARM_UP_RUNS && performance.now() < until; ) {
    const seconds = await sampleSeconds(subject);
    steady = seconds < best * PROGRESS ? 0 : steady + 1;
    best = Math.min(best, seconds);
  }
}

/** Times two subjects in turn, `rounds` times, the order swapped in every other round, after both are warm. */
export async function measurePair(first: Subject, second: Subject, rounds: number): Promise<PairTimes> {
  await warmUp(first);
  await warmUp(second);
  const firstSamples: number[] = [];
  const secondSamples: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const swapped = round % 2 !== 0;
    const one = await sampleSeconds(swapped ? second : first);
    const other = await sampleSeconds(swapped ? first : second);
    firstSamples.push(swapped ? other : one);
    secondSamples.push(swapped ? one : other);
  }
  return {
    firstSeconds: median(firstSamples),
    secondSeconds: median(secondSamples),
    ratio: median(secondSamples.map((seconds, i) => seconds / firstSamples[i]!)),
  };
}
