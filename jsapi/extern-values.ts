/**
 * JavaScript values that wasm holds as references (JS API: host value cache): the machine knows them as integers. A value
 * keeps its number while wasm may hold it, so equal references are equal integers.
 *
 * 0 is null, negative numbers are the integers of 31 bits (as i31 in their low bits, see vm), positive ones below 2^30
 * count the values that are neither.
 */

/** Values that are held before it is first looked which of them wasm has dropped. */
const FIRST_LIMIT = 1 << 15;
/** Most values at once: larger numbers are not the host's. */
const MOST_VALUES = 1 << 30;

export class ExternValues {
  /** By reference; a hole of those that were forgotten is undefined and in `free`. */
  private readonly values: unknown[] = [null];
  private readonly refs = new Map<unknown, number>();
  private readonly free: number[] = [];
  /** Reference of -0, which a Map does not tell from 0. */
  private minusZero = 0;
  private limit: number;

  constructor(limit = FIRST_LIMIT) {
    this.limit = limit;
  }

  /** The reference of a value; the same one each time. Throws RangeError when there are too many. */
  toRef(value: unknown): number {
    if (value === null) return 0;
    if (typeof value === "number") {
      const small = (value << 1) >> 1;
      if (Object.is(small, value)) return value | 0x8000_0000;
      if (value === 0) {
        this.minusZero ||= this.add(value);
        return this.minusZero;
      }
    }
    let ref = this.refs.get(value);
    if (ref === undefined) {
      ref = this.add(value);
      this.refs.set(value, ref);
    }
    return ref;
  }

  private add(value: unknown): number {
    const ref = this.free.pop() ?? this.values.length;
    if (ref >= MOST_VALUES) throw new RangeError("WebAssembly holds too many values of JavaScript");
    this.values[ref] = value;
    return ref;
  }

  /** The value of a reference. */
  fromRef(ref: number): unknown {
    return ref < 0 ? (ref << 1) >> 1 : this.values[ref];
  }

  /** Values held at present. */
  get count(): number {
    return this.values.length - 1 - this.free.length;
  }

  /** Whether so many are held that it is worth a look which of them wasm has dropped. */
  get isCrowded(): boolean {
    return this.count > this.limit;
  }

  /** Forgets all values but those whose references `mark` is told. It is next crowded with twice as many as stay. */
  keepOnly(markAll: (mark: (ref: number) => void) => void): void {
    const { values } = this;
    const live = new Uint8Array(values.length);
    markAll((ref) => {
      if (ref > 0 && ref < live.length) live[ref] = 1;
    });
    if (live[this.minusZero] === 0) {
      this.forget(this.minusZero);
      this.minusZero = 0;
    }
    for (const [value, ref] of this.refs) {
      if (live[ref] === 1) continue;
      this.refs.delete(value);
      this.forget(ref);
    }
    this.limit = Math.max(this.limit, this.count * 2);
  }

  private forget(ref: number): void {
    if (ref === 0) return;
    this.values[ref] = undefined;
    this.free.push(ref);
  }
}
