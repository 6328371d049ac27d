/**
 * Which bytes of memory a WASI call has written, from the table, the arguments and the memory after the call.
 * Nothing here writes memory.
 */
import { type Effect, type Preview1Function, VECTOR_BYTES } from "./preview1.ts";

/** Arguments of one call by parameter index: unsigned numbers, bigint for u64. */
export type Preview1Args = readonly (number | bigint)[];

/** A range of linear memory. */
export interface ByteRange {
  readonly byteAddr: number;
  readonly byteLength: number;
}

/** Sizes that only the host knows: number of strings, and of their bytes with terminators. */
export interface StringSizes {
  readonly count: number;
  readonly byteLength: number;
}

const utf8 = new TextEncoder();

/** Of arguments, or of variables written as `NAME=value`. */
export function stringSizes(strings: readonly string[]): StringSizes {
  return { count: strings.length, byteLength: strings.reduce((sum, each) => sum + utf8.encode(each).length + 1, 0) };
}

export interface ProcessSizes {
  readonly args: StringSizes;
  readonly environ: StringSizes;
}

/** Is told a written range; it may not lie outside memory. */
export type RangeSink = (byteAddr: number, byteLength: number) => void;

/** Reads `count` iovecs, leaving out empty ones and stopping before one that lies outside the memory. Cost: the vectors. */
export function readVectors(view: DataView, vectorsAddr: number, count: number): ByteRange[] {
  const ranges: ByteRange[] = [];
  for (let i = 0; i < count; i++) {
    const at = vectorsAddr + i * VECTOR_BYTES;
    if (at + VECTOR_BYTES > view.byteLength) break;
    const byteAddr = view.getUint32(at, true);
    const byteLength = view.getUint32(at + 4, true);
    if (byteAddr + byteLength > view.byteLength) break;
    if (byteLength > 0) ranges.push({ byteAddr, byteLength });
  }
  return ranges;
}

/** The first `byteLength` bytes of `ranges` taken in order. */
export function forEachFilled(ranges: readonly ByteRange[], byteLength: number, sink: RangeSink): void {
  let left = byteLength;
  for (const range of ranges) {
    if (left <= 0) return;
    const length = Math.min(left, range.byteLength);
    sink(range.byteAddr, length);
    left -= length;
  }
}

/**
 * The buffers that a call fills, read before the call: the call may overwrite the array that lists them.
 * Empty for calls that fill none.
 */
export function vectorsBefore(func: Preview1Function, args: Preview1Args, view: DataView): readonly ByteRange[] {
  for (const effect of func.effects) {
    if (effect.kind === "vectors") return readVectors(view, args[effect.vectors] as number, args[effect.count] as number);
  }
  return noRanges;
}

const noRanges: readonly ByteRange[] = [];

/**
 * Tells `sink` each range that a successful call has written. `view` is the memory after the call, `vectors` what
 * `vectorsBefore` gave. Ranges are cut at the end of memory. Cost: number of ranges.
 */
export function writtenRanges(
  func: Preview1Function,
  args: Preview1Args,
  view: DataView,
  vectors: readonly ByteRange[],
  sizes: ProcessSizes,
  sink: RangeSink,
): void {
  for (const effect of func.effects) oneEffect(effect, args, view, vectors, sizes, sink);
}

/** Tells a range, cut at the end of memory. */
function tell(sink: RangeSink, view: DataView, byteAddr: number, byteLength: number): void {
  const length = Math.min(byteLength, view.byteLength - byteAddr);
  if (length > 0) sink(byteAddr, length);
}

/** The 32 bits at an address; zero beyond the end. */
function cellAt(view: DataView, byteAddr: number): number {
  return byteAddr + 4 <= view.byteLength ? view.getUint32(byteAddr, true) : 0;
}

function oneEffect(
  effect: Effect,
  args: Preview1Args,
  view: DataView,
  vectors: readonly ByteRange[],
  sizes: ProcessSizes,
  sink: RangeSink,
): void {
  switch (effect.kind) {
    case "cell":
      tell(sink, view, args[effect.ptr] as number, effect.bytes);
      break;
    case "buffer":
      tell(sink, view, args[effect.ptr] as number, args[effect.length] as number);
      break;
    case "used":
      tell(sink, view, args[effect.ptr] as number, Math.min(args[effect.length] as number, cellAt(view, args[effect.used] as number)));
      break;
    case "vectors":
      forEachFilled(vectors, cellAt(view, args[effect.filled] as number), (byteAddr, byteLength) => tell(sink, view, byteAddr, byteLength));
      break;
    case "records":
      tell(sink, view, args[effect.ptr] as number, (args[effect.count] as number) * effect.bytes);
      break;
    case "strings": {
      const { count, byteLength } = sizes[effect.of];
      tell(sink, view, args[effect.pointers] as number, count * 4);
      tell(sink, view, args[effect.area] as number, byteLength);
      break;
    }
  }
}
