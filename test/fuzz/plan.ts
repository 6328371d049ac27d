/** Which module belongs to a seed: size, features and arguments follow from it alone. */
import { mulberry32 } from "../support/random.ts";
import { compareModule, type Verdict } from "./differ.ts";
import { type FuzzGenerator, LATER_FLAGS, NATIVE_FLAGS, type Planned } from "./generator.ts";

/** "native": what every V8 has; "later": also what some have not; "mixed": now and then the latter. */
export const FEATURES = ["native", "later", "mixed"] as const;
export type Features = (typeof FEATURES)[number];

/** Most modules use what every V8 has; the others some later features too, which V8 may refuse. */
export function planOf(seed: number, features: Features = "mixed"): Planned {
  const random = mulberry32(seed ^ 0xfa22);
  const byteLength = 500 + Math.floor(random() ** 2 * 12_000);
  const flags = NATIVE_FLAGS.filter((flag) => flag === "mutable-globals" || random() < 0.8);
  // As it comes, with much that makes no sense; or as compilers leave code.
  const level = Math.floor(random() * 5);
  const passes = level < 2 ? [] : [`-O${level - 1}`];
  const isLater = random() >= 0.75;
  const nans = random() < 0.4;
  if (features === "native" || (features === "mixed" && !isLater)) return { byteLength, flags, passes, nans };
  const later = LATER_FLAGS.filter(() => random() < 0.4);
  // Binaryen builds exceptions and objects on references.
  return { byteLength, passes, nans, flags: [...new Set([...flags, "reference-types", ...later])] };
}

const NO_MODULE: Verdict = { inV8: false, natively: false, calls: 0, left: "binaryen leaves a file of zeros" };

export interface Fuzzed extends Planned {
  readonly bytes: Uint8Array;
  readonly verdict: Verdict;
}

export async function fuzz(generator: FuzzGenerator, seed: number, features: Features = "mixed"): Promise<Fuzzed> {
  const planned = planOf(seed, features);
  const bytes = generator.generate(seed, planned);
  // Now and then the file that binaryen leaves is all zeros, without the magic that every module begins with.
  const verdict = bytes[1] !== 0x61 ? NO_MODULE : await compareModule(bytes, seed, planned.nans);
  return { ...planned, bytes, verdict };
}
