/**
 * The numbered breakpoints and watchpoints of a session: what a person asked for, and the places in the store that it means.
 * Stopping at them is the machine's work; nothing here runs anything.
 */

import type { WatchRange } from "../rr/changes.ts";
import type { CodePlace } from "../rr/replay-engine.ts";
import { RewasmError } from "../vm/errors.ts";
import type { Condition } from "./condition.ts";

export interface Breakpoint {
  /** From 1, never used again. */
  readonly number: number;
  /** As it was asked for. */
  readonly text: string;
  readonly enabled: boolean;
  readonly places: readonly CodePlace[];
  /** What has to hold where it stops. */
  readonly condition?: Condition | undefined;
  /** Of a watchpoint, which has no places: the bytes whose changes it stops at. */
  readonly range?: WatchRange;
  /** How often a move has stopped at it. */
  readonly hits: number;
}

export class Breakpoints {
  private readonly list: Breakpoint[] = [];
  private lastNumber = 0;

  /** A breakpoint at these places. */
  add(text: string, places: readonly CodePlace[], condition?: Condition): Breakpoint {
    const breakpoint = { number: ++this.lastNumber, text, enabled: true, places, condition, hits: 0 };
    this.list.push(breakpoint);
    return breakpoint;
  }

  /** A watchpoint; numbers are shared with breakpoints. */
  addWatch(text: string, range: WatchRange): Breakpoint {
    const watchpoint = { number: ++this.lastNumber, text, enabled: true, places: [], range, hits: 0 };
    this.list.push(watchpoint);
    return watchpoint;
  }

  /** All of them by number. */
  all(): readonly Breakpoint[] {
    return this.list;
  }

  /** Throws RewasmError "unknown-breakpoint". */
  remove(number: number): void {
    this.list.splice(this.indexOf(number), 1);
  }

  clear(): void {
    this.list.length = 0;
  }

  setEnabled(number: number, enabled: boolean): void {
    const at = this.indexOf(number);
    this.list[at] = { ...this.list[at]!, enabled };
  }

  /** Places of all enabled breakpoints. */
  enabledPlaces(): CodePlace[] {
    return this.list.flatMap(({ enabled, places }) => (enabled ? places : []));
  }

  /** Ranges of all enabled watchpoints. */
  enabledRanges(): WatchRange[] {
    return this.list.flatMap(({ enabled, range }) => (enabled && range !== undefined ? [range] : []));
  }

  /** True when an enabled breakpoint has one of the places and its condition holds. */
  stops(matches: (place: CodePlace) => boolean, holds: (condition: Condition) => boolean): boolean {
    return this.list.some((each) => stopsAt(each, matches, holds));
  }

  /** The first enabled breakpoint that has one of the places and whose condition holds, its hit counted. */
  hit(matches: (place: CodePlace) => boolean, holds: (condition: Condition) => boolean): Breakpoint | undefined {
    return this.count(this.list.findIndex((each) => stopsAt(each, matches, holds)));
  }

  /** The watchpoint that number `index` of `enabledRanges` belongs to, its hit counted. */
  hitRange(index: number): Breakpoint | undefined {
    let before = 0;
    return this.count(this.list.findIndex(({ enabled, range }) => enabled && range !== undefined && before++ === index));
  }

  private count(at: number): Breakpoint | undefined {
    if (at < 0) return undefined;
    this.list[at] = { ...this.list[at]!, hits: this.list[at]!.hits + 1 };
    return this.list[at];
  }

  private indexOf(number: number): number {
    const at = this.list.findIndex((breakpoint) => breakpoint.number === number);
    if (at < 0) throw new RewasmError("unknown-breakpoint", `there is no breakpoint ${number}`);
    return at;
  }
}

function stopsAt(
  { enabled, places, condition }: Breakpoint,
  matches: (place: CodePlace) => boolean,
  holds: (condition: Condition) => boolean,
): boolean {
  return enabled && places.some(matches) && (condition === undefined || holds(condition));
}
