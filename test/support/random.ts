/** Seeded random numbers for tests: the same seed gives the same sequence on every machine. */

/** Returns a generator of numbers in [0, 1). */
export function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Seeds for tests over random programs, as first and last of each batch: `usual`, or what REWASM_SEEDS=FIRST-LAST asks for. */
export function* seedBatches(usual: string, size: number): Generator<readonly [first: number, last: number]> {
  const [first, last] = (process.env.REWASM_SEEDS ?? usual).split("-").map(Number) as [number, number];
  for (let from = first; from <= last; from += size) yield [from, Math.min(last, from + size - 1)];
}
