/**
 * Integers, words and strings as bytes: the alphabet of hashes and of the stored form. The reader never reads past its
 * end, allocates nothing larger than what is left to read, and reports damage as SnapshotError.
 */
import { SnapshotError } from "./errors.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function corrupt(what: string): SnapshotError {
  return new SnapshotError("snapshot-corrupt", `the snapshot is damaged: ${what}`);
}

export function insist(truth: boolean, what: string): asserts truth {
  if (!truth) throw corrupt(what);
}

/** The bytes of an array of words as they lie in memory: little-endian on every machine that JavaScript engines run on. */
export function wordBytes(words: Int32Array): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}

/** An append-only byte buffer. */
export class ByteWriter {
  private buffer: Uint8Array;
  private used = 0;

  constructor(capacity = 1024) {
    this.buffer = new Uint8Array(capacity);
  }

  get length(): number {
    return this.used;
  }

  /** The content; the next write may change it. */
  view(): Uint8Array {
    return this.buffer.subarray(0, this.used);
  }

  u8(value: number): void {
    this.reserve(1);
    this.buffer[this.used++] = value;
  }

  u32(value: number): void {
    this.reserve(4);
    for (let shift = 0; shift < 32; shift += 8) this.buffer[this.used++] = value >>> shift;
  }

  /** An integer in 0 … 2^53 - 1, groups of 7 bits, least significant first. */
  number(value: number): void {
    this.reserve(8);
    let rest = value;
    while (rest >= 128) {
      this.buffer[this.used++] = (rest % 128) | 0x80;
      rest = Math.floor(rest / 128);
    }
    this.buffer[this.used++] = rest;
  }

  /** An integer of at most 52 bits and a sign: 0, -1, 1, -2, … become 0, 1, 2, 3, … */
  signed(value: number): void {
    this.number(value < 0 ? -value * 2 - 1 : value * 2);
  }

  bytes(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.buffer.set(bytes, this.used);
    this.used += bytes.length;
  }

  /** Length and words. */
  words(words: Int32Array): void {
    this.number(words.length);
    this.bytes(wordBytes(words));
  }

  /** Length and bytes. */
  blob(bytes: Uint8Array): void {
    this.number(bytes.length);
    this.bytes(bytes);
  }

  text(text: string): void {
    this.blob(encoder.encode(text));
  }

  private reserve(count: number): void {
    const need = this.used + count;
    if (need <= this.buffer.length) return;
    const larger = new Uint8Array(Math.max(need, this.buffer.length * 2));
    larger.set(this.buffer.subarray(0, this.used));
    this.buffer = larger;
  }
}

/** Reads what ByteWriter wrote. Every method throws SnapshotError "snapshot-corrupt" when the bytes do not allow it. */
export class ByteReader {
  private readonly source: Uint8Array;
  private at = 0;

  constructor(bytes: Uint8Array) {
    this.source = bytes;
  }

  get left(): number {
    return this.source.length - this.at;
  }

  u8(): number {
    const value = this.source[this.at];
    if (value === undefined) throw corrupt("it ends too early");
    this.at++;
    return value;
  }

  u32(): number {
    const [a, b, c, d] = [this.u8(), this.u8(), this.u8(), this.u8()];
    return (a | (b << 8) | (c << 16) | (d << 24)) >>> 0;
  }

  /** An integer in 0 … `max`. */
  number(max: number = Number.MAX_SAFE_INTEGER): number {
    let value = 0;
    let unit = 1;
    for (let i = 0; i < 8; i++) {
      const byte = this.u8();
      value += (byte & 0x7f) * unit;
      if (byte < 128) {
        if (value > max) throw corrupt(`${value} where at most ${max} is possible`);
        return value;
      }
      unit *= 128;
    }
    throw corrupt("a number is too long");
  }

  signed(min: number, max: number): number {
    const raw = this.number();
    const value = raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2;
    if (value < min || value > max) throw corrupt(`${value} where ${min} to ${max} is possible`);
    return value;
  }

  /** How many items follow, each of at least `itemBytes` bytes. */
  count(itemBytes: number, max: number = Number.MAX_SAFE_INTEGER): number {
    const count = this.number(max);
    if (count * itemBytes > this.left) throw corrupt(`${count} items are announced, there is no room for them`);
    return count;
  }

  list<T>(itemBytes: number, item: (index: number) => T): T[] {
    const count = this.count(itemBytes);
    const items: T[] = [];
    for (let i = 0; i < count; i++) items.push(item(i));
    return items;
  }

  /** A view of the next bytes. */
  bytes(length: number): Uint8Array {
    if (length > this.left) throw corrupt("it ends too early");
    this.at += length;
    return this.source.subarray(this.at - length, this.at);
  }

  words(): Int32Array {
    const words = new Int32Array(this.count(4));
    wordBytes(words).set(this.bytes(words.byteLength));
    return words;
  }

  /** A copy of the next blob. */
  blob(): Uint8Array {
    return this.bytes(this.count(1)).slice();
  }

  text(): string {
    try {
      return decoder.decode(this.bytes(this.count(1)));
    } catch (error) {
      if (error instanceof SnapshotError) throw error;
      throw corrupt("a name is not UTF-8");
    }
  }

  /** Insists that everything was read. */
  end(): void {
    if (this.left !== 0) throw corrupt(`${this.left} bytes are left over`);
  }
}
