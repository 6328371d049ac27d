/** `rewasm dump`: the events of a trace, one line each. */
import { Command } from "commander";
import type { PositionContext, PositionExpr } from "../rr/position.ts";
import type { TraceReader } from "../rr/reader.ts";
import { usageError } from "./errors.ts";
import type { FileStorage } from "./file-storage.ts";
import { OutputBuffer } from "./terminal.ts";

const examples = `
Examples:
  $ rewasm dump prog.rrw                   all events
  $ rewasm dump prog.rrw #5                one event
  $ rewasm dump prog.rrw "#10..#20"        events 10 to 20, both included
  $ rewasm dump prog.rrw 10..20            events 10 to 20 as well
  $ rewasm dump prog.rrw 50%..end --json   events of the second half, as JSON lines

A RANGE is one position or two with .. between them; an end that is missing is that of the trace. Plain numbers are
event numbers, 37.5%, start and end are positions in time.
`;

export function dumpCommand(): Command {
  return new Command("dump")
    .description("Prints the events of a recording.")
    .option("--json", "print one JSON object per line")
    .argument("<FILE>", "the trace")
    .argument("[RANGE]", "the events to print")
    .addHelpText("after", examples)
    .action(async (path: string, range: string | undefined, options: { readonly json?: boolean }) => {
      const { withTrace } = await import("./trace-file.ts");
      await withTrace(path, async (reader, storage) => {
        await knowTicks(path, reader, storage, range?.includes("%") ?? false);
        const [first, end] = await parseRange(reader, range ?? "..");
        await printEvents(reader, first, end, options.json ?? false);
      });
    });
}

/** Ticks of a trace without are shown when they are known already; only positions in time ask for a replay. */
async function knowTicks(path: string, reader: TraceReader, storage: FileStorage, needed: boolean): Promise<void> {
  if (reader.timed) return;
  const { haveTicks, useStoredTicks } = await import("./timing.ts");
  if (needed) return haveTicks(path, reader, storage);
  const { readSidecarFile } = await import("./sidecar.ts");
  const sidecar = await readSidecarFile(path, storage);
  await useStoredTicks(reader, sidecar).finally(() => sidecar?.close());
}

async function printEvents(reader: TraceReader, first: number, end: number, json: boolean): Promise<void> {
  const { describeEvent, eventToJson } = await import("../rr/event.ts");
  const { TraceLabels } = await import("./event-labels.ts");
  const labels = new TraceLabels(reader);
  const out = new OutputBuffer();
  // The functions of most programs are all there before the first call; looking further would mean reading everything.
  for await (const event of reader.eventsFrom(0, first)) {
    await labels.observe(event);
    if (event.kind !== "call") continue;
    labels.skip();
    break;
  }
  const width = String(Math.max(0, reader.eventCount - 1)).length;
  const tickWidth = String(reader.tickCount).length;
  for await (const read of reader.eventsFrom(first, end)) {
    const event = reader.timed ? read : { ...read, tick: -1 };
    await labels.observe(event);
    if (json) out.line(JSON.stringify(eventToJson(event, labels.label)));
    else out.line(aligned(describeEvent(event, labels.label), width, tickWidth));
  }
  out.flush();
}

/** Number and tick in columns: `#  12 tick    34567  fd_write(…)`. */
function aligned(line: string, width: number, tickWidth: number): string {
  const match = /^#(\d+) tick (\d+|\?) {2}(.*)$/s.exec(line);
  return match === null ? line : `#${match[1]!.padStart(width)} tick ${match[2]!.padStart(tickWidth)}  ${match[3]}`;
}

/** Event numbers `[first, end)` of a range. Throws RewasmError "unknown-position". */
async function parseRange(reader: TraceReader, text: string): Promise<[first: number, end: number]> {
  const { parsePosition } = await import("../rr/position.ts");
  const parse = (word: string): PositionExpr => {
    const position = parsePosition(word);
    return position.kind === "tick" ? { kind: "event", event: position.tick } : position;
  };
  const at = text.indexOf("..");
  if (at < 0) {
    const position = parse(text);
    const first = await eventOf(reader, position);
    if (position.kind === "event" && first >= reader.eventCount)
      throw usageError(`there is no event #${first}: the trace has ${reader.eventCount}`);
    const last = Math.max(0, reader.eventCount - 1);
    return [Math.min(first, last), Math.min(first + 1, reader.eventCount)];
  }
  const [from, to] = [text.slice(0, at).trim(), text.slice(at + 2).trim()];
  const first = from === "" ? 0 : await eventOf(reader, parse(from));
  const last = to === "" ? reader.eventCount : await eventOf(reader, parse(to));
  if (last < first) throw usageError(`the range ${text} ends before it begins`);
  return [first, Math.min(last + 1, reader.eventCount)];
}

/** Number of the event at a position: that event, or the first one at or after that time. */
async function eventOf(reader: TraceReader, position: PositionExpr): Promise<number> {
  const { resolvePosition } = await import("../rr/position.ts");
  const context: PositionContext = { tick: 0, tickCount: reader.tickCount, eventCount: reader.eventCount };
  const { event, tick } = resolvePosition(position, context);
  return event ?? (await reader.firstEventAt(tick ?? 0));
}
