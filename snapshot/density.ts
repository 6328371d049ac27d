/**
 * Whether bytes are worth compressing, told without compressing them: deflating what is compressed or random already takes
 * ten times as long as text does and gains nothing. A pure function of the bytes: equal recordings stay equal files.
 */

/** Fewer bytes are never called dense: a sample of them would tell nothing. */
const LEAST_BYTES = 1 << 10;
/** Of each so many bytes one is counted, and never fewer than the least. */
const SAMPLE_STEP = 8;
const LEAST_SAMPLE = 1 << 12;
/** A Huffman code takes at most 1 - 7.5 / 8 = 6% off what has more bits per byte. */
const DENSE_BITS = 7.5;
/** As many of the sampled words as this may occur again, one in so many, before repetition is worth looking for. */
const REPEATED_ONE_IN = 16;
/** Deflate looks back no further. */
const WINDOW_BYTES = 1 << 15;
/** One in so many places is remembered, chosen by what stands there, so that a repetition finds its places again. */
const PLACE_MASK = 31;
const TABLE_BITS = 12;

/** True when deflate would take next to nothing off. Cost: an eighth of the bytes, and twice all of them when these vary much. */
export function isDense(bytes: Uint8Array): boolean {
  return bytes.length >= LEAST_BYTES && sampledBits(bytes) > DENSE_BITS && !repeats(bytes);
}

/** Bits per byte that the frequencies of byte values leave, 0 to 8, of a sample. */
function sampledBits(bytes: Uint8Array): number {
  const step = Math.max(1, Math.min(SAMPLE_STEP, Math.floor(bytes.length / LEAST_SAMPLE)));
  const counts = new Uint32Array(256);
  let total = 0;
  for (let at = 0; at < bytes.length; at += step) {
    counts[bytes[at]!]!++;
    total++;
  }
  let bits = 0;
  for (const count of counts) if (count > 0) bits -= (count / total) * Math.log2(count / total);
  // What a sample of so many shows too little: with few bytes not every value can occur.
  return bits + (counts.length - 1) / (2 * total * Math.LN2);
}

/** Whether words that stood at chosen places stand there again within the window. */
function repeats(bytes: Uint8Array): boolean {
  const places = new Int32Array(1 << TABLE_BITS).fill(-WINDOW_BYTES - 1);
  const words = new Int32Array(1 << TABLE_BITS);
  let chosen = 0;
  let found = 0;
  let word = 0;
  for (let at = 0; at < bytes.length; at++) {
    // The last four bytes.
    word = (word << 8) | bytes[at]!;
    const hash = Math.imul(word, 0x9e3779b1);
    if (((hash >>> 8) & PLACE_MASK) !== 0) continue;
    const slot = hash >>> (32 - TABLE_BITS);
    chosen++;
    if (words[slot] === word && at - places[slot]! <= WINDOW_BYTES) found++;
    words[slot] = word;
    places[slot] = at;
  }
  return found * REPEATED_ONE_IN > chosen;
}
