/**
 * JavaScript values that wasm holds as externref (JS API: extern value cache): the machine knows them as integers, 0 for
 * null. A value keeps its number, so equal references are equal integers.
 */
export class ExternValues {
  private readonly values: unknown[] = [null];
  private readonly refs = new Map<unknown, number>();
  /** Reference of -0, which a Map does not tell from 0. */
  private minusZero = 0;

  /** The reference of a value; the same one each time. */
  toRef(value: unknown): number {
    if (value === null) return 0;
    if (Object.is(value, -0)) {
      if (this.minusZero === 0) this.minusZero = this.values.push(value) - 1;
      return this.minusZero;
    }
    let ref = this.refs.get(value);
    if (ref === undefined) {
      ref = this.values.push(value) - 1;
      this.refs.set(value, ref);
    }
    return ref;
  }

  /** The value of a reference. */
  fromRef(ref: number): unknown {
    return this.values[ref];
  }
}
