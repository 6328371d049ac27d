/**
 * Which places in memory two accesses of a stretch of code without branches mean: addresses as a base, whose value is not
 * known, and a distance from it. Knows operands by their height on the stack. Wrong answers are only ever "unknown".
 */

/** Where an access begins. Base 0 is address 0; the number of the memory is of no account: another one counts as the same. */
export interface Place {
  readonly base: number;
  readonly offset: number;
}

/** How two accesses meet. */
export const Meeting = { Apart: 0, Same: 1, Unknown: 2 } as const;
export type Meeting = (typeof Meeting)[keyof typeof Meeting];

export class Places {
  private readonly operands: Place[] = [];
  private readonly locals = new Map<number, Place>();
  private bases = 0;

  /** Control divides or joins: locals may be anything. */
  forget(): void {
    if (this.locals.size > 0) this.locals.clear();
  }

  constant(height: number, value: number): void {
    this.operands[height] = { base: 0, offset: value };
  }

  getLocal(height: number, index: number): void {
    let place = this.locals.get(index);
    if (place === undefined) {
      place = this.unknown();
      this.locals.set(index, place);
    }
    this.operands[height] = place;
  }

  /** The local gets the operand, or something that is not known. */
  setLocal(index: number, height: number | undefined): void {
    this.locals.set(index, height === undefined ? this.unknown() : this.operands[height]!);
  }

  /** The operand at `height` and the one above it make their sum or difference. False when that is not known. */
  combine(height: number, sign: 1 | -1): boolean {
    const first = this.operands[height]!;
    const second = this.operands[height + 1]!;
    const swapped = first.base === 0 && sign === 1;
    const [based, distance] = swapped ? [second, first] : [first, second];
    if (distance.base !== 0) return false;
    this.operands[height] = { base: based.base, offset: (based.offset + sign * distance.offset) | 0 };
    return true;
  }

  /** Where an access with this address operand and immediate offset begins; another place each time when `height` is undefined. */
  place(height: number | undefined, offset: number): Place {
    const { base, offset: from } = height === undefined ? this.unknown() : this.operands[height]!;
    return { base, offset: from + offset };
  }

  private unknown(): Place {
    return { base: ++this.bases, offset: 0 };
  }
}

/**
 * How accesses of so many bytes at two places meet. Sums of 32 bits wrap and offsets do not, so the true distance may be
 * another by multiples of 2^32; but accesses that meet are nearer than that.
 */
export function meeting(one: Place, oneWidth: number, other: Place, otherWidth: number): Meeting {
  if (one.base !== other.base) return Meeting.Unknown;
  const distance = (other.offset - one.offset) | 0;
  if (distance >= oneWidth || -distance >= otherWidth) return Meeting.Apart;
  return distance === 0 && oneWidth === otherWidth ? Meeting.Same : Meeting.Unknown;
}
