/** `rewasm info`: what a trace holds, without replaying it. */
import { Command } from "commander";
import type { ComponentView } from "../rr/component-view.ts";
import type { TraceReader } from "../rr/reader.ts";
import { EndReason } from "../rr/trace-format.ts";
import { RewasmError } from "../vm/errors.ts";
import type { FileStorage } from "./file-storage.ts";
import { painter, printLine, STDOUT } from "./terminal.ts";

const examples = `
Examples:
  $ rewasm info prog.rrw
  $ rewasm info prog.rrw --json
`;

export function infoCommand(): Command {
  return new Command("info")
    .description("Tells what a recording holds.")
    .option("--json", "print one JSON object")
    .argument("<FILE>", "the trace")
    .addHelpText("after", examples)
    .action(async (path: string, options: { readonly json?: boolean }) => {
      const { withTrace } = await import("./trace-file.ts");
      const { countSnapshots } = await import("./sidecar.ts");
      await withTrace(path, async (reader, storage) => {
        const problem = await findOutTicks(path, reader, storage);
        const snapshots = await countSnapshots(path, storage);
        if (options.json) printLine(JSON.stringify(infoJson(reader, snapshots, problem)));
        else
          for (const [label, text] of infoLines(reader, snapshots, problem))
            printLine(`${painter(STDOUT)("dim", label.padEnd(LABEL_WIDTH))}${text}`);
      });
    });
}

const LABEL_WIDTH = 12;
/** Of more modules than these, the largest are listed. */
const MAX_MODULE_LINES = 20;

/** What people are told about a trace that ends before its program did. */
export const END_REASONS: Readonly<Record<EndReason, string>> = {
  [EndReason.Finished]: "",
  [EndReason.NativeStackOverflow]: "the native stack overflowed, at a depth that cannot be replayed exactly",
  [EndReason.UncheckedStores]: "the program went on after a trap that may have left NaNs in memory which cannot be replayed exactly",
};

/** A trace without ticks is replayed for them, unless that was done before. Answers why they cannot be found. */
async function findOutTicks(path: string, reader: TraceReader, storage: FileStorage): Promise<string | undefined> {
  const { haveTicks } = await import("./timing.ts");
  try {
    await haveTicks(path, reader, storage);
    return undefined;
  } catch (error) {
    if (error instanceof RewasmError) return error.message;
    throw error;
  }
}

function infoJson(reader: TraceReader, snapshots: number, problem: string | undefined): object {
  const { formatVersion, header, complete } = reader;
  return {
    formatVersion,
    events: reader.eventCount,
    ticks: reader.timed ? reader.tickCount : null,
    bytes: reader.byteLength,
    complete,
    snapshots,
    modules: reader.modules.map(({ sha256, byteLength }) => ({ sha256, bytes: byteLength })),
    host: header.host,
    program: header.program,
    args: header.args,
    env: header.env,
    stackBytes: header.stackBytes,
    nan: header.nan,
    engine: header.engine,
    creator: header.creator,
    ...(reader.endReason === EndReason.Finished ? {} : { ends: END_REASONS[reader.endReason] }),
    ...(problem === undefined ? {} : { problem }),
    ...(header.component === undefined ? {} : { component: componentJson(header.component) }),
    ...(reader.damage === undefined ? {} : { damage: reader.damage.message }),
  };
}

function componentJson({ sha256, byteLength, imports, exports }: ComponentView): object {
  return { sha256, bytes: byteLength, imports, exports };
}

function componentLines(component: ComponentView): [label: string, text: string][] {
  return [
    ["component", contentText(component)],
    ...component.imports.map((text): [string, string] => ["imports", text]),
    ...component.exports.map((text): [string, string] => ["exports", text]),
  ];
}

function contentText({ sha256, byteLength }: { readonly sha256: string; readonly byteLength: number }): string {
  return `${byteLength} bytes, SHA-256 ${sha256}`;
}

/** Emscripten makes a module for each function of JavaScript that is put into a table: hundreds, of which few differ. */
function moduleLines(modules: TraceReader["modules"]): [label: string, text: string][] {
  const counts = new Map<string, number>();
  for (const { sha256 } of modules) counts.set(sha256, (counts.get(sha256) ?? 0) + 1);
  const distinct = [...new Map(modules.map((module) => [module.sha256, module])).values()];
  const sizes = distinct.map(({ byteLength }) => byteLength).sort((a, b) => b - a);
  const mostLeftOut = sizes.length > MAX_MODULE_LINES ? sizes[MAX_MODULE_LINES - 1]! : -1;
  const shown = distinct.filter(({ byteLength }) => byteLength > mostLeftOut);
  const lines = shown.map((module): [string, string] => {
    const count = counts.get(module.sha256)!;
    return ["module", count > 1 ? `${contentText(module)}, ${count} times` : contentText(module)];
  });
  const left = distinct.length - shown.length;
  if (left > 0) lines.push(["", `and ${left} more modules of at most ${mostLeftOut} bytes (--json lists all)`]);
  return lines;
}

function infoLines(reader: TraceReader, snapshots: number, problem: string | undefined): [label: string, text: string][] {
  const { header } = reader;
  const lines: [string, string][] = [
    ["program", header.program],
    ["arguments", header.args.map((arg) => JSON.stringify(arg)).join(" ")],
    ...header.env.map((variable): [string, string] => ["environment", variable]),
    ["host", header.host],
    ["format", `version ${reader.formatVersion}, written by ${header.creator}`],
    ["events", String(reader.eventCount)],
    ["ticks", reader.timed ? String(reader.tickCount) : `unknown: ${problem}`],
    ["bytes", String(reader.byteLength)],
    ["complete", reader.complete ? "yes" : "no: the recording was cut off"],
    ["snapshots", String(snapshots)],
    ["stack", `${header.stackBytes} bytes`],
    ["NaNs", header.nan],
    ["engine", header.engine],
    ...moduleLines(reader.modules),
  ];
  if (reader.endReason !== EndReason.Finished) lines.push(["ends", END_REASONS[reader.endReason]]);
  if (header.component !== undefined) lines.push(...componentLines(header.component));
  if (reader.damage !== undefined) lines.push(["damage", reader.damage.message]);
  return lines;
}
