/**
 * Loads and stores of vectors and their lanes (spec: execution/vector memory instructions), but for the whole-vector ones
 * on memory 0, which the loop has in place. Bounds are checked before anything is read or written.
 */
import type { Memory } from "./memory.ts";
import { Wasm } from "./opcodes.ts";

/**
 * Runs the access `code` at `byteAddr`, a whole number below 2^53 and perhaps out of bounds: then it returns false and nothing has changed.
 * The vector that is loaded into or stored is four words of `I` from `at`; `from` is the one that a lane is loaded into.
 */
export function accessVector(
  code: number,
  memory: Memory,
  byteAddr: number,
  I: Int32Array,
  at: number,
  from: number,
  lane: number,
): boolean {
  const width = accessBytes(code);
  if (byteAddr + width > memory.byteLength) return false;
  const { view } = memory;
  switch (code) {
    case Wasm.V128Load:
      for (let w = 0; w < 4; w++) I[at + w] = view.getInt32(byteAddr + w * 4, true);
      return true;
    case Wasm.V128Load8x8S:
      for (let w = 0; w < 4; w++) I[at + w] = (view.getInt8(byteAddr + w * 2) & 0xffff) | (view.getInt8(byteAddr + w * 2 + 1) << 16);
      return true;
    case Wasm.V128Load8x8U:
      for (let w = 0; w < 4; w++) I[at + w] = view.getUint8(byteAddr + w * 2) | (view.getUint8(byteAddr + w * 2 + 1) << 16);
      return true;
    case Wasm.V128Load16x4S:
      for (let w = 0; w < 4; w++) I[at + w] = view.getInt16(byteAddr + w * 2, true);
      return true;
    case Wasm.V128Load16x4U:
      for (let w = 0; w < 4; w++) I[at + w] = view.getUint16(byteAddr + w * 2, true);
      return true;
    case Wasm.V128Load32x2S:
    case Wasm.V128Load32x2U:
      loadPair(view, byteAddr, I, at, code === Wasm.V128Load32x2S);
      return true;
    case Wasm.V128Load8Splat:
      I.fill(Math.imul(view.getUint8(byteAddr), 0x01010101), at, at + 4);
      return true;
    case Wasm.V128Load16Splat:
      I.fill(Math.imul(view.getUint16(byteAddr, true), 0x00010001), at, at + 4);
      return true;
    case Wasm.V128Load32Splat: {
      const word = view.getInt32(byteAddr, true);
      for (let w = 0; w < 4; w++) I[at + w] = word;
      return true;
    }
    case Wasm.V128Load64Splat:
    case Wasm.V128Load64Zero: {
      const splat = code === Wasm.V128Load64Splat;
      I[at] = view.getInt32(byteAddr, true);
      I[at + 1] = view.getInt32(byteAddr + 4, true);
      I[at + 2] = splat ? I[at]! : 0;
      I[at + 3] = splat ? I[at + 1]! : 0;
      return true;
    }
    case Wasm.V128Load32Zero:
      I[at] = view.getInt32(byteAddr, true);
      I[at + 1] = 0;
      I[at + 2] = 0;
      I[at + 3] = 0;
      return true;
    case Wasm.V128Load8Lane:
    case Wasm.V128Load16Lane:
    case Wasm.V128Load32Lane:
    case Wasm.V128Load64Lane:
      // A vector that overlaps its own new place lies above it.
      for (let w = 0; w < 4; w++) I[at + w] = I[from + w]!;
      loadLane(view, byteAddr, I, at, width, lane);
      return true;
    case Wasm.V128Store:
      for (let w = 0; w < 4; w++) view.setInt32(byteAddr + w * 4, I[at + w]!, true);
      break;
    default:
      storeLane(view, byteAddr, I, at, width, lane);
  }
  memory.markDirty(byteAddr, width);
  return true;
}

function accessBytes(code: number): number {
  switch (code) {
    case Wasm.V128Load:
    case Wasm.V128Store:
      return 16;
    case Wasm.V128Load8Splat:
    case Wasm.V128Load8Lane:
    case Wasm.V128Store8Lane:
      return 1;
    case Wasm.V128Load16Splat:
    case Wasm.V128Load16Lane:
    case Wasm.V128Store16Lane:
      return 2;
    case Wasm.V128Load32Splat:
    case Wasm.V128Load32Zero:
    case Wasm.V128Load32Lane:
    case Wasm.V128Store32Lane:
      return 4;
    default:
      return 8;
  }
}

function loadPair(view: DataView, byteAddr: number, I: Int32Array, at: number, signed: boolean): void {
  const low = view.getInt32(byteAddr, true);
  const high = view.getInt32(byteAddr + 4, true);
  I[at] = low;
  I[at + 1] = signed ? low >> 31 : 0;
  I[at + 2] = high;
  I[at + 3] = signed ? high >> 31 : 0;
}

function loadLane(view: DataView, byteAddr: number, I: Int32Array, at: number, width: number, lane: number): void {
  if (width === 8) {
    I[at + lane * 2] = view.getInt32(byteAddr, true);
    I[at + lane * 2 + 1] = view.getInt32(byteAddr + 4, true);
    return;
  }
  const byte = lane * width;
  const shift = (byte & 3) * 8;
  const mask = width === 4 ? -1 : ((1 << (width * 8)) - 1) << shift;
  const value = width === 4 ? view.getInt32(byteAddr, true) : width === 2 ? view.getUint16(byteAddr, true) : view.getUint8(byteAddr);
  I[at + (byte >> 2)] = (I[at + (byte >> 2)]! & ~mask) | (value << shift);
}

function storeLane(view: DataView, byteAddr: number, I: Int32Array, at: number, width: number, lane: number): void {
  if (width === 8) {
    view.setInt32(byteAddr, I[at + lane * 2]!, true);
    view.setInt32(byteAddr + 4, I[at + lane * 2 + 1]!, true);
    return;
  }
  const byte = lane * width;
  const value = I[at + (byte >> 2)]! >>> ((byte & 3) * 8);
  if (width === 4) view.setInt32(byteAddr, value, true);
  else if (width === 2) view.setInt16(byteAddr, value, true);
  else view.setInt8(byteAddr, value);
}
