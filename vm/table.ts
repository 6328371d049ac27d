/** A table of references: integers as in every slot (0 is null, else store address + 1). */
import { ResourceError } from "./errors.ts";
import type { ValType } from "./types.ts";

/** Most elements of a table that this implementation allows (the JS API's limit). */
export const MAX_TABLE_ELEMENTS = 10_000_000;

export class Table {
  readonly elemType: ValType;
  readonly max: number | undefined;
  /** Indices are i64: said by its type only, they are clamped before they come here. */
  readonly address64: boolean;
  /** Exactly `length` elements; replaced by every grow. */
  elements: Int32Array;
  /** Set by every change, cleared by whoever copies the table. */
  dirty = true;

  constructor(elemType: ValType, min: number, max: number | undefined, init = 0, address64 = false) {
    if (min > MAX_TABLE_ELEMENTS) throw new ResourceError("out-of-memory", `cannot allocate a table of ${min} elements`);
    this.elemType = elemType;
    this.max = max;
    this.address64 = address64;
    this.elements = new Int32Array(min).fill(init);
  }

  get length(): number {
    return this.elements.length;
  }

  /** The reference of an element that exists. */
  at(index: number): number {
    return this.elements[index]!;
  }

  /** Grows by `delta` elements of `init`; returns the previous length or -1. */
  grow(delta: number, init: number): number {
    const previous = this.elements.length;
    const next = previous + delta;
    if (next > Math.min(this.max ?? MAX_TABLE_ELEMENTS, MAX_TABLE_ELEMENTS)) return -1;
    this.resize(next);
    this.elements.fill(init, previous);
    return previous;
  }

  /** Sets the length, smaller lengths too; new elements are null. */
  resize(length: number): void {
    const next = new Int32Array(length);
    next.set(this.elements.subarray(0, Math.min(length, this.elements.length)));
    this.elements = next;
    this.dirty = true;
  }
}
