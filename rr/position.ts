/**
 * Positions as people write them: `1234567` (tick), `#42` (event), `37.5%`, `start`, `end`, `+100`, `-1`, `@name`
 * (bookmark). One parser, and one rule for what each means on a given timeline. Nothing here moves a machine.
 */
import { RewasmError } from "../vm/errors.ts";

/** A position as written. */
export type PositionExpr =
  | { readonly kind: "tick"; readonly tick: number }
  | { readonly kind: "event"; readonly event: number }
  /** 0 … 1 of all ticks. */
  | { readonly kind: "fraction"; readonly fraction: number }
  | { readonly kind: "start" }
  | { readonly kind: "end" }
  /** Ticks from the cursor. */
  | { readonly kind: "relative"; readonly ticks: number }
  | { readonly kind: "bookmark"; readonly name: string };

/** What positions are measured against. */
export interface PositionContext {
  /** The cursor, in ticks. */
  readonly tick: number;
  readonly tickCount: number;
  readonly eventCount: number;
  readonly bookmark?: ((name: string) => ResolvedPosition | undefined) | undefined;
}

/**
 * A goal: the settled state at a tick, or the machine waiting for an event (what ReplayGoal means); with both, the machine
 * waiting for the event at that tick, as bookmarks have it. The end is the event after the last one.
 */
export interface ResolvedPosition {
  readonly tick?: number;
  readonly event?: number;
}

/** Reads a position. Throws RewasmError "unknown-position". */
export function parsePosition(text: string): PositionExpr {
  const trimmed = text.trim();
  if (trimmed === "start") return { kind: "start" };
  if (trimmed === "end") return { kind: "end" };
  const named = /^@([A-Za-z0-9_][A-Za-z0-9_.-]*)$/.exec(trimmed);
  if (named !== null) return { kind: "bookmark", name: named[1]! };
  const percent = /^(\d+(?:\.\d+)?)%$/.exec(trimmed);
  if (percent !== null && Number(percent[1]) <= 100) return { kind: "fraction", fraction: Number(percent[1]) / 100 };
  const digits = /^([#+-]?)(\d[\d_]*)$/.exec(trimmed);
  const value = digits === null ? Number.NaN : Number(digits[2]!.replaceAll("_", ""));
  if (digits === null || !Number.isSafeInteger(value))
    throw unknown(text, "write a tick, #event, 37.5%, start, end, +ticks, -ticks or @bookmark");
  switch (digits[1]) {
    case "#":
      return { kind: "event", event: value };
    case "+":
      return { kind: "relative", ticks: value };
    case "-":
      return { kind: "relative", ticks: value === 0 ? 0 : -value };
    default:
      return { kind: "tick", tick: value };
  }
}

/** The inverse of `parsePosition`. */
export function formatPosition(position: PositionExpr): string {
  switch (position.kind) {
    case "tick":
      return String(position.tick);
    case "event":
      return `#${position.event}`;
    case "fraction":
      return `${Number((position.fraction * 100).toPrecision(12))}%`;
    case "relative":
      return position.ticks < 0 ? String(position.ticks) : `+${position.ticks}`;
    case "bookmark":
      return `@${position.name}`;
    default:
      return position.kind;
  }
}

/**
 * Where a position is. Relative ones stop at both ends; all others must exist: throws RewasmError "unknown-position".
 */
export function resolvePosition(position: PositionExpr, context: PositionContext): ResolvedPosition {
  const { tickCount, eventCount } = context;
  switch (position.kind) {
    case "tick":
      if (position.tick > tickCount) throw unknown(formatPosition(position), `the trace ends at tick ${tickCount}`);
      return { tick: position.tick };
    case "event":
      if (position.event > eventCount) throw unknown(formatPosition(position), `the trace has ${eventCount} events`);
      return { event: position.event };
    case "fraction":
      return position.fraction === 1 ? { event: eventCount } : { tick: Math.floor(position.fraction * tickCount) };
    case "start":
      return { tick: 0 };
    case "end":
      return { event: eventCount };
    case "relative":
      return { tick: Math.max(0, Math.min(tickCount, context.tick + position.ticks)) };
    case "bookmark": {
      const found = context.bookmark?.(position.name);
      if (found === undefined) throw unknown(formatPosition(position), "there is no such bookmark");
      return found;
    }
  }
}

function unknown(text: string, why: string): RewasmError {
  return new RewasmError("unknown-position", `unknown position ${JSON.stringify(text)}: ${why}`);
}
