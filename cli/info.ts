/** `rewasm info`: what a trace holds, without replaying it. */
import { Command } from "commander";
import type { TraceReader } from "../rr/reader.ts";
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
        const snapshots = await countSnapshots(path, storage);
        if (options.json) printLine(JSON.stringify(infoJson(reader, snapshots)));
        else
          for (const [label, text] of infoLines(reader, snapshots))
            printLine(`${painter(STDOUT)("dim", label.padEnd(LABEL_WIDTH))}${text}`);
      });
    });
}

const LABEL_WIDTH = 12;

function infoJson(reader: TraceReader, snapshots: number): object {
  const { formatVersion, header, complete } = reader;
  return {
    formatVersion,
    events: reader.eventCount,
    ticks: reader.tickCount,
    bytes: reader.byteLength,
    complete,
    snapshots,
    modules: reader.modules.map(({ sha256, byteLength }) => ({ sha256, bytes: byteLength })),
    program: header.program,
    args: header.args,
    env: header.env,
    stackBytes: header.stackBytes,
    nan: header.nan,
    creator: header.creator,
    ...(reader.damage === undefined ? {} : { damage: reader.damage.message }),
  };
}

function infoLines(reader: TraceReader, snapshots: number): [label: string, text: string][] {
  const { header } = reader;
  const lines: [string, string][] = [
    ["program", header.program],
    ["arguments", header.args.map((arg) => JSON.stringify(arg)).join(" ")],
    ...header.env.map((variable): [string, string] => ["environment", variable]),
    ["format", `version ${reader.formatVersion}, written by ${header.creator}`],
    ["events", String(reader.eventCount)],
    ["ticks", String(reader.tickCount)],
    ["bytes", String(reader.byteLength)],
    ["complete", reader.complete ? "yes" : "no: the recording was cut off"],
    ["snapshots", String(snapshots)],
    ["stack", `${header.stackBytes} bytes`],
    ["NaNs", header.nan],
    ...reader.modules.map(({ sha256, byteLength }): [string, string] => ["module", `${byteLength} bytes, SHA-256 ${sha256}`]),
  ];
  if (reader.damage !== undefined) lines.push(["damage", reader.damage.message]);
  return lines;
}
