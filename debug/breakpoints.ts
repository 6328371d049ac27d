/**
 * The numbered breakpoints of a session: what a person asked for, and the places in the store that it means. Stopping at
 * them is the machine's work; nothing here runs anything.
 */

import type { CodePlace } from "../rr/replay-engine.ts";
import { RewasmError } from "../vm/errors.ts";
import type { Symbols } from "./symbols.ts";

export interface Breakpoint {
  /** From 1, never used again. */
  readonly number: number;
  /** As it was asked for. */
  readonly text: string;
  readonly enabled: boolean;
  readonly places: readonly CodePlace[];
  /** How often a move has stopped at it. */
  readonly hits: number;
}

export class Breakpoints {
  private readonly symbols: Symbols;
  private readonly list: Breakpoint[] = [];
  private lastNumber = 0;

  constructor(symbols: Symbols) {
    this.symbols = symbols;
  }

  /** Throws RewasmError "unknown-place". */
  add(text: string): Breakpoint {
    const breakpoint = { number: this.lastNumber + 1, text, enabled: true, places: this.symbols.findPlaces(text), hits: 0 };
    this.lastNumber++;
    this.list.push(breakpoint);
    return breakpoint;
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

  /** The first enabled breakpoint that has one of the places, its hit counted. */
  hit(matches: (place: CodePlace) => boolean): Breakpoint | undefined {
    const at = this.list.findIndex(({ enabled, places }) => enabled && places.some(matches));
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
