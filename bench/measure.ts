/**
 * Measuring: interleaved samples through Benchmark.js, and what is made of them. The machine is taken to be noisy, so two
 * things are only ever compared by runs that alternate within one process, and only medians are reported.
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

/** Seconds per run, by one short Benchmark.js cycle. */
function sampleSeconds({ name, run }: Subject): Promise<number> {
  return new Promise((resolve, reject) => {
    const bench: Benchmark = new Benchmark(name, {
      minSamples: 1,
      minTime: 0.02,
      maxTime: 0,
      initCount: 1,
      defer: true,
      fn: (deferred: { resolve(): void }) => {
        // Benchmark.js notices neither exceptions nor rejections of deferred functions.
        Promise.resolve()
          .then(run)
          .then(() => deferred.resolve(), reject);
      },
      onComplete: () => resolve(median(bench.stats.sample)),
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

/** Rounds that only warm up: engines compile in the background while they run. */
const WARM_UP_ROUNDS = 2;

/** Times two subjects in turn, `rounds` times, the order swapped in every other round; warm-up rounds are thrown away. */
export async function measurePair(first: Subject, second: Subject, rounds: number): Promise<PairTimes> {
  const firstSamples: number[] = [];
  const secondSamples: number[] = [];
  for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
    const swapped = round % 2 !== 0;
    const one = await sampleSeconds(swapped ? second : first);
    const other = await sampleSeconds(swapped ? first : second);
    if (round < 0) continue;
    firstSamples.push(swapped ? other : one);
    secondSamples.push(swapped ? one : other);
  }
  return {
    firstSeconds: median(firstSamples),
    secondSeconds: median(secondSamples),
    ratio: median(secondSamples.map((seconds, i) => seconds / firstSamples[i]!)),
  };
}
