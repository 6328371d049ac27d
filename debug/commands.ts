/**
 * The commands of the debugger: what a command line does to a session, as lines for people and as a JSON object for
 * programs. Where the lines go, and with what prompt, is the shell's matter (cli/debug.ts).
 */

import type { WatchRange } from "../rr/changes.ts";
import type { MoveOptions } from "../rr/timeline.ts";
import { RewasmError } from "../vm/errors.ts";
import type { Breakpoint } from "./breakpoints.ts";
import { COMMANDS, type CommandLine, expectWords, findCommand, parseNumber } from "./command-line.ts";
import { type BacktraceFrame, hexDump, type Location, type NamedValue, type TypedValue } from "./inspect.ts";
import type { DebugSession, Move, StopReport, WatchReport } from "./session.ts";

export type Style = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";
/** Colours text, or leaves it as it is. */
export type Paint = (style: Style, text: string) => string;

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

export interface CommandResult {
  /** For people. */
  readonly lines: readonly string[];
  /** What this command adds to the JSON object of every command. */
  readonly json: { readonly [key: string]: Json };
  readonly quit?: boolean;
}

export interface CommandContext extends MoveOptions {
  readonly session: DebugSession;
  readonly paint: Paint;
}

type Command = (line: CommandLine, context: CommandContext) => CommandResult | Promise<CommandResult>;

const DEFAULT_DUMP_BYTES = 64;
const MOST_DUMP_BYTES = 1 << 20;
const DEFAULT_WATCH_BYTES = 4;
const MOST_WATCH_BYTES = 1 << 16;
const MOST_SHOWN_WATCH_BYTES = 16;
const DEFAULT_DISAS_COUNT = 15;
const DEFAULT_BACKTRACE_COUNT = 100;

/** Runs a command. Throws RewasmError for what people can get wrong, and what the moves throw. */
export async function runCommand(line: CommandLine, context: CommandContext): Promise<CommandResult> {
  return commands[line.spec.name as CommandName](line, context);
}

/** The JSON object of a command: where the cursor is, how it came there, and what the command adds. */
export function resultJson(command: string, session: DebugSession, more: { readonly [key: string]: Json }): Json {
  const { position, reason, location } = session.stop;
  return { command, tick: position.tick, event: position.event, stop: reason, location: locationJson(location), ...more };
}

function locationJson(location: Location | null): Json {
  return location === null ? null : { function: location.function, name: location.name, wasmOffset: location.wasmOffset };
}

type CommandName = (typeof COMMANDS)[number]["name"];

const commands: Readonly<Record<CommandName, Command>> = {
  seek: (line, context) => {
    expectWords(line, 1, 1);
    return go({ kind: "seek", position: line.words[0]! }, context);
  },
  step: (line, context) => go({ kind: "step", count: countOf(line) }, context),
  next: (line, context) => go({ kind: "next", count: countOf(line) }, context),
  "reverse-step": (line, context) => go({ kind: "reverse-step", count: countOf(line) }, context),
  "reverse-next": (line, context) => go({ kind: "reverse-next", count: countOf(line) }, context),
  finish: plainMove("finish"),
  "reverse-finish": plainMove("reverse-finish"),
  continue: plainMove("continue"),
  "reverse-continue": plainMove("reverse-continue"),
  when: (line, { session, paint }) => {
    expectWords(line, 0, 0);
    const { end } = session.timeline;
    const { position, percent } = session.stop;
    const where = `tick ${position.tick} of ${end.tick}, event #${position.event} of ${end.event}, ${percent.toFixed(2)}%`;
    return { lines: [where, ...hereLines(session, paint)], json: { percent: Number(percent.toFixed(4)), lastTick: end.tick } };
  },
  break: async (line, { session }) => {
    expectWords(line, 1, Number.POSITIVE_INFINITY);
    const breakpoint = await session.addBreakpointAnywhere(line.words.join(" "));
    return { lines: breakpointLines(breakpoint, session), json: { breakpoint: breakpointJson(breakpoint, session) } };
  },
  watch: (line, { session }) => {
    expectWords(line, 1, 2);
    const byteAddr = addressOf(line.words[0]!, session);
    const byteLength = line.words[1] === undefined ? DEFAULT_WATCH_BYTES : parseNumber(line.words[1], "length");
    if (byteLength < 1 || byteLength > MOST_WATCH_BYTES) {
      throw new RewasmError("bad-argument", `length: from 1 to ${MOST_WATCH_BYTES} bytes can be watched`);
    }
    const watchpoint = session.addWatchpoint(line.words.join(" "), byteAddr, byteLength);
    return { lines: breakpointLines(watchpoint, session), json: { watchpoint: breakpointJson(watchpoint, session) } };
  },
  delete: (line, { session }) => {
    expectWords(line, 0, 1);
    const [word] = line.words;
    session.deleteBreakpoint(word === undefined ? undefined : parseNumber(word, "breakpoint"));
    return { lines: [], json: {} };
  },
  enable: (line, context) => enable(line, context, true),
  disable: (line, context) => enable(line, context, false),
  bt: (line, { session, paint }) => {
    expectWords(line, 0, 1);
    const limit = line.words[0] === undefined ? DEFAULT_BACKTRACE_COUNT : parseNumber(line.words[0], "number of frames");
    const frames = session.backtrace(limit);
    const more = session.timeline.store.depth - frames.length;
    const lines = frames.map((frame) => frameLine(frame, session, paint));
    if (frames.length === 0) lines.push("no function is running");
    if (more > 0) lines.push(`(${more} more)`);
    return { lines, json: { depth: session.timeline.store.depth, frames: frames.map(frameJson) } };
  },
  frame: (line, context) => {
    expectWords(line, 0, 1);
    const level = line.words[0] === undefined ? context.session.selectedFrame : parseNumber(line.words[0], "frame");
    return select(level, context);
  },
  up: (line, context) => {
    expectWords(line, 0, 0);
    return select(context.session.selectedFrame + 1, context);
  },
  down: (line, context) => {
    expectWords(line, 0, 0);
    if (context.session.selectedFrame === 0) throw new RewasmError("no-frame", "this is the innermost frame");
    return select(context.session.selectedFrame - 1, context);
  },
  locals: (line, { session, paint }) => {
    expectWords(line, 0, 0);
    const locals = session.locals();
    const lines = locals.length === 0 ? ["no locals"] : namedLines(locals, paint);
    return { lines, json: { locals: locals.map(namedJson) } };
  },
  stack: (line, { session, paint }) => {
    expectWords(line, 0, 0);
    const operands = session.operands();
    const lines = operands.map((value, i) => `  [${i}]  ${paint("dim", value.type.padEnd(4))} ${value.text}`);
    return { lines: lines.length === 0 ? ["the operand stack is empty"] : lines, json: { stack: operands.map(valueJson) } };
  },
  globals: (line, { session, paint }) => {
    expectWords(line, 0, 0);
    const globals = session.globals();
    return { lines: globals.length === 0 ? ["no globals"] : namedLines(globals, paint), json: { globals: globals.map(namedJson) } };
  },
  print: (line, { session }) => {
    expectWords(line, 1, 1);
    const value = session.value(line.words[0]!);
    return { lines: [`${line.words[0]} = ${value.text}`], json: { value: namedJson(value) } };
  },
  x: (line, { session }) => {
    expectWords(line, 1, 2);
    const byteAddr = addressOf(line.words[0]!, session);
    const byteLength = line.words[1] === undefined ? DEFAULT_DUMP_BYTES : parseNumber(line.words[1], "length");
    if (byteLength > MOST_DUMP_BYTES) throw new RewasmError("bad-argument", `length: at most ${MOST_DUMP_BYTES} bytes can be shown`);
    const bytes = session.memory(byteAddr, byteLength);
    return { lines: hexDump(bytes, byteAddr), json: { address: byteAddr, bytes: hexBytes(bytes) } };
  },
  disas: (line, context) => disassemble(line, context),
  "state-hash": (line, { session }) => {
    expectWords(line, 0, 0);
    const hash = session.stateHash();
    return { lines: [hash], json: { hash } };
  },
  bookmark: (line, { session }) => {
    expectWords(line, 1, 1);
    const name = line.words[0]!;
    const { tick, event } = session.bookmark(name);
    return { lines: [`@${name} is tick ${tick}, event #${event}`], json: { bookmark: { name, tick, event } } };
  },
  info: (line, context) => info(line, context),
  help: (line) => {
    expectWords(line, 0, 1);
    return line.words[0] === undefined ? helpList() : helpOne(line.words[0]);
  },
  quit: (line) => {
    expectWords(line, 0, 0);
    return { lines: [], json: {}, quit: true };
  },
};

function plainMove(kind: "finish" | "reverse-finish" | "continue" | "reverse-continue"): Command {
  return (line, context) => {
    expectWords(line, 0, 0);
    return go({ kind }, context);
  };
}

function countOf(line: CommandLine): number {
  expectWords(line, 0, 1);
  return line.words[0] === undefined ? 1 : parseNumber(line.words[0], "count");
}

async function go(move: Move, context: CommandContext): Promise<CommandResult> {
  const stop = await context.session.move(move, context);
  const json = {
    ...(stop.breakpoint === undefined ? {} : { breakpoint: stop.breakpoint.number }),
    ...(stop.watchpoint === undefined ? {} : { watchpoint: watchJson(stop.watchpoint) }),
  };
  return { lines: stopLines(stop, context), json: stop.note === undefined ? json : { ...json, note: stop.note } };
}

/** What a person sees after a move: why it ended when that is news, and where. */
function stopLines(stop: StopReport, { session, paint }: CommandContext): string[] {
  return [...reasonLines(stop, paint), ...hereLines(session, paint)];
}

function reasonLines(stop: StopReport, paint: Paint): string[] {
  switch (stop.reason) {
    case "breakpoint":
      return [
        paint("yellow", stop.breakpoint === undefined ? "Breakpoint" : `Breakpoint ${stop.breakpoint.number}, ${stop.breakpoint.text}`),
      ];
    case "watchpoint":
      return stop.watchpoint === undefined ? [] : [paint("yellow", watchLine(stop.watchpoint))];
    case "start":
      return [paint("yellow", "This is the start of the recording.")];
    case "end":
      return [paint("yellow", "This is the end of the recording.")];
    case "cancelled":
      return [paint("yellow", "Interrupted.")];
    default:
      return [];
  }
}

function hexBytes(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Of what is as long as an integer the value too; of more only the beginning. */
function bytesText(bytes: Uint8Array): string {
  const shown = `${hexBytes(bytes.subarray(0, MOST_SHOWN_WATCH_BYTES))}${bytes.length > MOST_SHOWN_WATCH_BYTES ? "…" : ""}`;
  if (![1, 2, 4, 8].includes(bytes.length)) return shown;
  return `${shown} (${bytes.reduceRight((value, byte) => value * 256n + BigInt(byte), 0n)})`;
}

function rangeText({ byteAddr, byteLength }: WatchRange): string {
  return `${byteLength === 1 ? "the byte" : `${byteLength} bytes`} at 0x${byteAddr.toString(16)}`;
}

function watchLine({ breakpoint, oldBytes, newBytes }: WatchReport): string {
  return `Watchpoint ${breakpoint.number}, ${rangeText(breakpoint.range!)}: ${bytesText(oldBytes)} becomes ${bytesText(newBytes)}`;
}

function watchJson({ breakpoint, oldBytes, newBytes }: WatchReport): Json {
  return { number: breakpoint.number, old: hexBytes(oldBytes), new: hexBytes(newBytes) };
}

/** The present place: what the machine waits for, the function, the next instruction. */
function hereLines(session: DebugSession, paint: Paint): string[] {
  const { location, note } = session.stop;
  const lines = note === undefined ? [] : [paint(session.stop.reason === "trap" ? "red" : "dim", note)];
  if (location === null) return lines;
  const instruction = session.nextInstruction();
  const name = paint("bold", location.name);
  if (instruction === undefined) return [...lines, `   in ${name}`];
  return [...lines, `${paint("green", "=>")} ${offsetText(instruction.wasmOffset, paint)}  ${instruction.text.padEnd(32)}  in ${name}`];
}

function offsetText(wasmOffset: number, paint: Paint): string {
  return paint("cyan", `0x${wasmOffset.toString(16).padStart(6, "0")}`);
}

function enable(line: CommandLine, { session }: CommandContext, enabled: boolean): CommandResult {
  expectWords(line, 1, 1);
  session.enableBreakpoint(parseNumber(line.words[0]!, "breakpoint"), enabled);
  return { lines: [], json: {} };
}

function select(level: number, { session, paint }: CommandContext): CommandResult {
  const frame = session.selectFrame(level);
  return { lines: [frameLine(frame, session, paint)], json: { frame: frameJson(frame) } };
}

function frameLine(frame: BacktraceFrame, session: DebugSession, paint: Paint): string {
  const mark = frame.level === session.selectedFrame ? paint("green", "*") : " ";
  const where = frame.wasmOffset === null ? paint("dim", "  host  ") : offsetText(frame.wasmOffset, paint);
  const index = frame.function === null ? "" : paint("dim", `  func[${frame.function}]`);
  return `${mark} #${String(frame.level).padEnd(3)} ${where}  ${paint("bold", frame.name)}${index}`;
}

function frameJson(frame: BacktraceFrame): Json {
  return { level: frame.level, function: frame.function, name: frame.name, wasmOffset: frame.wasmOffset, host: frame.host };
}

function namedLines(values: readonly NamedValue[], paint: Paint): string[] {
  const width = Math.max(...values.map(({ name }) => name?.length ?? 0));
  return values.map(({ index, name, type, text }) => {
    return `  ${`$${index}`.padEnd(4)} ${(name ?? "").padEnd(width)}  ${paint("dim", type.padEnd(4))} ${text}`;
  });
}

/** Values as text exactly as the machine has them, and their bits. */
function valueJson({ type, text, bits }: TypedValue): { readonly [key: string]: Json } {
  return { type, value: text.replace(/ \(.*\)$/, ""), bits: `0x${bits.toString(16)}` };
}

function namedJson(value: NamedValue): Json {
  return { index: value.index, name: value.name ?? null, ...valueJson(value) };
}

function breakpointJson({ number, text, enabled, hits, places, range, condition }: Breakpoint, session: DebugSession): Json {
  if (range !== undefined) {
    return { number, text, enabled, hits, memory: range.memoryAddr, address: range.byteAddr, length: range.byteLength };
  }
  return {
    number,
    text,
    enabled,
    hits,
    ...(condition === undefined ? {} : { condition: condition.text }),
    places: places.map((place) => ({ name: session.nameOf(place.funcAddr), wasmOffset: place.wasmOffset ?? null })),
  };
}

function breakpointLines(breakpoint: Breakpoint, session: DebugSession): string[] {
  const { number, enabled, hits, places, range, condition } = breakpoint;
  const state = `${condition === undefined ? "" : ` if ${condition.text}`}${enabled ? "" : ", disabled"}${hits === 0 ? "" : `, hit ${hits === 1 ? "once" : `${hits} times`}`}`;
  if (range !== undefined) return [`Watchpoint ${number} on ${rangeText(range)}${state}`];
  return places.map(({ funcAddr, wasmOffset }, i) => {
    const where = wasmOffset === undefined ? "entry of " : `0x${wasmOffset.toString(16)} in `;
    return `${i === 0 ? `Breakpoint ${number}` : "            "} at ${where}${session.nameOf(funcAddr)}${i === 0 ? state : ""}`;
  });
}

/** A number, or the value of a local or global as an unsigned 32-bit address. */
function addressOf(text: string, session: DebugSession): number {
  return /^\d/.test(text) ? parseNumber(text, "address") : Number(BigInt.asUintN(32, session.value(text).bits));
}

function disassemble(line: CommandLine, { session, paint }: CommandContext): CommandResult {
  expectWords(line, 0, 2);
  const words = [...line.words];
  // A lone small number is a count; function 12 is func[12] here.
  const last = words.at(-1);
  const count = last !== undefined && /^\d+$/.test(last) ? parseNumber(words.pop()!, "count") : DEFAULT_DISAS_COUNT;
  const { name, at, instrs } = session.disassemble(count, words[0]);
  const lines = instrs.map(({ wasmOffset, depth, text }) => {
    const mark = wasmOffset === at ? paint("green", "=>") : "  ";
    return `${mark} ${offsetText(wasmOffset, paint)}  ${"  ".repeat(depth)}${text}`;
  });
  const json = instrs.map(({ wasmOffset, text }) => ({ wasmOffset, text }));
  return { lines: [`${paint("bold", name)}:`, ...lines], json: { name, instructions: json } };
}

function info(line: CommandLine, { session }: CommandContext): CommandResult {
  expectWords(line, 1, 1);
  const what = line.words[0]!;
  const topics = ["breakpoints", "bookmarks", "trace"].filter((topic) => topic.startsWith(what));
  switch (topics.length === 1 || what === "b" ? topics[0] : undefined) {
    case "breakpoints": {
      const all = session.breakpoints.all();
      const lines = all.length === 0 ? ["no breakpoints or watchpoints"] : all.flatMap((each) => breakpointLines(each, session));
      return { lines, json: { breakpoints: all.map((each) => breakpointJson(each, session)) } };
    }
    case "bookmarks": {
      const all = [...session.timeline.bookmarks].map(([name, { tick, event }]) => ({ name, tick, event }));
      const lines = all.map(({ name, tick, event }) => `@${name}  tick ${tick}, event #${event}`);
      return { lines: lines.length === 0 ? ["no bookmarks"] : lines, json: { bookmarks: all } };
    }
    case "trace": {
      const { end, snapshots, reader } = session.timeline;
      const held = `${snapshots.set.size} snapshots, ${(snapshots.set.uniqueBytes / 2 ** 20).toFixed(1)} MiB`;
      const lines = [`${end.tick} ticks, ${end.event} events, ${reader.complete ? "complete" : "cut off"}`, `in memory: ${held}`];
      return { lines, json: { ticks: end.tick, events: end.event, complete: reader.complete, snapshots: snapshots.set.size } };
    }
    default:
      throw new RewasmError("bad-argument", `info: ${JSON.stringify(what)} is none of breakpoints, bookmarks, trace`);
  }
}

function helpList(): CommandResult {
  const lines = COMMANDS.map(({ name, usage, help }) => `  ${`${name} ${usage}`.trimEnd().padEnd(34)} ${help}`);
  const tail = ["", "Every beginning of a name that fits one command only will do; help COMMAND tells the short forms."];
  return { lines: [...lines, ...tail], json: { commands: COMMANDS.map(({ name, usage, help }) => ({ name, usage, help })) } };
}

function helpOne(word: string): CommandResult {
  const { name, aliases, usage, help } = findCommand(word);
  const short = aliases.length === 0 ? [] : [`  also: ${aliases.join(", ")}`];
  return { lines: [`${name} ${usage}`.trimEnd(), `  ${help}`, ...short], json: { name, usage, help, aliases: [...aliases] } };
}
