/**
 * Integers, slots and strings as bytes: the alphabet of the trace format. The writer is on the hot path of recording and
 * allocates only when its buffer grows; the reader never reads past its end and reports damage as TraceError.
 */
import { TraceError } from "./errors.ts";

const TWO_28 = 2 ** 28;
const TWO_32 = 2 ** 32;
/** Most bytes of a number (53 bits in groups of 7), and of a slot (8 groups of 7, then 8 bits). */
export const MAX_NUMBER_BYTES = 8;
export const MAX_SLOT_BYTES = 9;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** An append-only byte buffer. `bytes[0, length)` is the content; `bytes` is replaced when it grows. */
export class ByteWriter {
  bytes: Uint8Array;
  length = 0;

  constructor(capacity = 1024) {
    this.bytes = new Uint8Array(capacity);
  }

  /** Makes room for `count` more bytes. The methods below do it themselves. */
  reserve(count: number): void {
    const need = this.length + count;
    if (need <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(need, this.bytes.length * 2));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
  }

  clear(): void {
    this.length = 0;
  }

  /** The content as a view that the next write may change. */
  view(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }

  u8(value: number): void {
    this.reserve(1);
    this.bytes[this.length++] = value;
  }

  u32(value: number): void {
    this.reserve(4);
    const { bytes } = this;
    bytes[this.length++] = value;
    bytes[this.length++] = value >>> 8;
    bytes[this.length++] = value >>> 16;
    bytes[this.length++] = value >>> 24;
  }

  /** An integer below 2^53 as eight bytes. */
  u64(value: number): void {
    this.u32((value % TWO_32) >>> 0);
    this.u32(Math.floor(value / TWO_32));
  }

  /** An integer in 0 … 2^53 - 1, least significant group of 7 bits first. */
  number(value: number): void {
    this.reserve(MAX_NUMBER_BYTES);
    const { bytes } = this;
    let at = this.length;
    let rest = value;
    while (rest >= TWO_28) {
      bytes[at++] = (rest % 128) | 0x80;
      rest = Math.floor(rest / 128);
    }
    let low = rest | 0;
    while (low >= 128) {
      bytes[at++] = (low & 0x7f) | 0x80;
      low >>>= 7;
    }
    bytes[at++] = low;
    this.length = at;
  }

  /** A signed integer of at most 52 bits: even numbers are 0, 1, 2, …, odd ones -1, -2, … */
  signed(value: number): void {
    this.number(value >= 0 ? value * 2 : -value * 2 - 1);
  }

  /** 64 bits given as two 32-bit words: groups of 7 bits as above, but a ninth byte is whole. */
  slot(low: number, high: number): void {
    this.reserve(MAX_SLOT_BYTES);
    const { bytes } = this;
    let at = this.length;
    let lo = low >>> 0;
    let hi = high >>> 0;
    for (let i = 0; i < 8 && (hi !== 0 || lo >= 128); i++) {
      bytes[at++] = (lo & 0x7f) | 0x80;
      lo = ((lo >>> 7) | (hi << 25)) >>> 0;
      hi >>>= 7;
    }
    bytes[at++] = lo;
    this.length = at;
  }

  raw(source: Uint8Array): void {
    this.reserve(source.length);
    this.bytes.set(source, this.length);
    this.length += source.length;
  }

  /** `source[start, end)`: for short ranges faster than a view of them. */
  range(source: Uint8Array, start: number, end: number): void {
    const count = end - start;
    this.reserve(count);
    if (count > 64) {
      this.bytes.set(source.subarray(start, end), this.length);
      this.length += count;
      return;
    }
    const { bytes } = this;
    let at = this.length;
    for (let i = start; i < end; i++) bytes[at++] = source[i]!;
    this.length = at;
  }

  /** UTF-8 with its length in bytes. Lone surrogates become U+FFFD. */
  text(value: string): void {
    const bytes = encoder.encode(value);
    this.number(bytes.length);
    this.raw(bytes);
  }
}

/** Reads what ByteWriter wrote. `base` is the trace offset that errors name. Every method throws "trace-corrupt" at the end of the bytes. */
export class ByteReader {
  readonly bytes: Uint8Array;
  at: number;
  readonly base: number;
  /** High word of the slot that `slotLow` read last. */
  slotHigh = 0;

  constructor(bytes: Uint8Array, base = -1, at = 0) {
    this.bytes = bytes;
    this.at = at;
    this.base = base;
  }

  get atEnd(): boolean {
    return this.at >= this.bytes.length;
  }

  corrupt(what: string): TraceError {
    return new TraceError("trace-corrupt", `the trace is corrupt: ${what} at byte ${this.at} of its chunk`, this.base);
  }

  u8(): number {
    if (this.at >= this.bytes.length) throw this.corrupt("unexpected end");
    return this.bytes[this.at++]!;
  }

  u32(): number {
    return (this.u8() | (this.u8() << 8) | (this.u8() << 16) | (this.u8() << 24)) >>> 0;
  }

  u64(): number {
    const low = this.u32();
    const high = this.u32();
    if (high >= 1 << 21) throw this.corrupt("a number beyond 2^53");
    return high * TWO_32 + low;
  }

  number(): number {
    let byte = this.u8();
    let value = byte & 0x7f;
    let scale = 128;
    for (let count = 1; byte >= 0x80; count++) {
      byte = this.u8();
      value += (byte & 0x7f) * scale;
      scale *= 128;
      if (count >= MAX_NUMBER_BYTES || value > Number.MAX_SAFE_INTEGER) throw this.corrupt("a number beyond 2^53");
    }
    return value;
  }

  /** A number that counts things of at least `leastBytes` bytes each, so it cannot exceed what is left. */
  count(leastBytes = 1): number {
    const value = this.number();
    if (value * leastBytes > this.bytes.length - this.at) throw this.corrupt(`a count of ${value} with too few bytes left`);
    return value;
  }

  signed(): number {
    const value = this.number();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /** The low word of a slot, signed; its high word is then in `slotHigh`. */
  slotLow(): number {
    let low = 0;
    let high = 0;
    for (let i = 0; i < 8; i++) {
      const byte = this.u8();
      const bits = byte & 0x7f;
      const shift = i * 7;
      if (shift < 32) low |= bits << shift;
      if (shift > 25) high |= shift >= 32 ? bits << (shift - 32) : bits >>> (32 - shift);
      if (byte < 0x80) {
        this.slotHigh = high;
        return low;
      }
    }
    this.slotHigh = high | (this.u8() << 24);
    return low;
  }

  /** The next `length` bytes, as a view. */
  raw(length: number): Uint8Array {
    if (length > this.bytes.length - this.at) throw this.corrupt("unexpected end");
    const start = this.at;
    this.at += length;
    return this.bytes.subarray(start, this.at);
  }

  text(): string {
    return decoder.decode(this.raw(this.count()));
  }
}
