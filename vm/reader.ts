/**
 * Strict reading of the binary format's primitives: bytes, LEB128 integers, names. Knows nothing about sections or
 * instructions. Every failure is a DecodeError at the byte where the thing that failed began.
 */
import { DecodeError } from "./errors.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Reads `bytes[pos, end)`. Offsets are those of the array, which is a whole module file. */
export class ByteReader {
  readonly bytes: Uint8Array;
  pos: number;
  end: number;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.bytes = bytes;
    this.pos = start;
    this.end = end;
  }

  /** Next byte; throws "unexpected-end" when there is none. */
  u8(): number {
    if (this.pos >= this.end) this.failEnd();
    return this.bytes[this.pos++]!;
  }

  /** Skips `count` bytes and returns where they begin. */
  skip(count: number): number {
    const start = this.pos;
    if (count > this.end - start) this.failEnd();
    this.pos = start + count;
    return start;
  }

  /** Four bytes, little endian, as a signed integer. */
  fixed32(): number {
    const at = this.skip(4);
    const { bytes } = this;
    return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
  }

  /** Unsigned LEB128 below 2^32. */
  u32(): number {
    const { pos } = this;
    if (pos < this.end) {
      const byte = this.bytes[pos]!;
      if (byte < 0x80) {
        this.pos = pos + 1;
        return byte;
      }
    }
    return this.longU32();
  }

  private longU32(): number {
    const { bytes, pos, end } = this;
    let value = 0;
    for (let i = 0; i < 5; i++) {
      if (pos + i >= end) this.failEnd();
      const byte = bytes[pos + i]!;
      value |= (byte & 0x7f) << (i * 7);
      if (byte < 0x80) {
        if (i === 4 && byte > 0x0f) this.failLarge(pos);
        this.pos = pos + i + 1;
        return value >>> 0;
      }
    }
    return this.failLong(pos);
  }

  /** Signed LEB128 of 32 bits. */
  s32(): number {
    const { pos } = this;
    if (pos < this.end) {
      const byte = this.bytes[pos]!;
      if (byte < 0x80) {
        this.pos = pos + 1;
        return (byte << 25) >> 25;
      }
    }
    return this.longS32();
  }

  private longS32(): number {
    const start = this.pos;
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.u8();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (value << (25 - shift)) >> (25 - shift);
    }
    const last = this.u8();
    if (last >= 0x80) this.failLong(start);
    // Bits 3 to 6 of the last byte all continue the sign.
    const unused = last & 0x78;
    if (unused !== 0 && unused !== 0x78) this.failLarge(start);
    return value | (last << 28);
  }

  /** Signed LEB128 of 33 bits (block types), as a number. */
  s33(): number {
    const { pos } = this;
    if (pos < this.end) {
      const byte = this.bytes[pos]!;
      if (byte < 0x80) {
        this.pos = pos + 1;
        return (byte << 25) >> 25;
      }
    }
    return this.longS33();
  }

  private longS33(): number {
    const start = this.pos;
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.u8();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (value << (25 - shift)) >> (25 - shift);
    }
    const last = this.u8();
    if (last >= 0x80) this.failLong(start);
    const unused = last & 0x70;
    if (unused !== 0 && unused !== 0x70) this.failLarge(start);
    // Bit 4 of the last byte is the sign; what lies below it are 32 bits of value.
    return ((value | (last << 28)) >>> 0) - ((last & 0x10) !== 0 ? 0x1_0000_0000 : 0);
  }

  /** Unsigned LEB128 of 64 bits. */
  u64(): bigint {
    return BigInt.asUintN(64, this.leb64(false));
  }

  /** Unsigned LEB128 of 64 bits as a number; above 2^53 it is rounded, which is enough to reject it. */
  u64Number(): number {
    const { pos } = this;
    const byte = pos < this.end ? this.bytes[pos]! : 0x80;
    if (byte < 0x80) {
      this.pos = pos + 1;
      return byte;
    }
    return this.longU64Number();
  }

  private longU64Number(): number {
    const start = this.pos;
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 9; i++) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    const last = this.u8();
    if (last >= 0x80) this.failLong(start);
    if (last > 1) this.failLarge(start);
    return value + last * scale;
  }

  /** Signed LEB128 of 64 bits. */
  s64(): bigint {
    return this.leb64(true);
  }

  private leb64(signed: boolean): bigint {
    const start = this.pos;
    let value = 0n;
    for (let shift = 0n; shift < 63n; shift += 7n) {
      const byte = this.u8();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return signed ? BigInt.asIntN(Number(shift) + 7, value) : value;
    }
    const last = this.u8();
    if (last >= 0x80) this.failLong(start);
    // Of the tenth byte only the lowest bit is value; for signed numbers the others repeat it.
    if (last !== 0 && last !== (signed ? 0x7f : 0x01)) this.failLarge(start);
    return BigInt.asIntN(64, value | (BigInt(last & 1) << 63n));
  }

  /** A length-prefixed name in strict UTF-8. */
  name(): string {
    const length = this.u32();
    if (length > this.end - this.pos)
      throw new DecodeError("length-out-of-bounds", this.pos, `length out of bounds: a name of ${length} bytes`);
    const start = this.skip(length);
    try {
      return utf8.decode(this.bytes.subarray(start, start + length));
    } catch {
      throw new DecodeError("utf8", start, "malformed UTF-8 encoding");
    }
  }

  failEnd(): never {
    throw new DecodeError("unexpected-end", this.end, "unexpected end of section or function");
  }

  protected failLong(wasmOffset: number): never {
    throw new DecodeError("leb-too-long", wasmOffset, "integer representation too long");
  }

  protected failLarge(wasmOffset: number): never {
    throw new DecodeError("leb-too-large", wasmOffset, "integer too large");
  }
}
