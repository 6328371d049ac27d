#!/usr/bin/env node
/**
 * The command `rewasm`: finds the command, loads only its file, and turns whatever comes out into an exit code. Does no
 * work itself.
 */
import { Command, CommanderError } from "commander";
import { ExitCode, errorLine, exitCodeOf } from "./errors.ts";
import { noticeLine, OutputClosed, painter, STDERR, STDOUT, write } from "./terminal.ts";

interface Entry {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

const entries: readonly Entry[] = [
  { name: "run", summary: "run a WASI program", load: async () => (await import("./run.ts")).runCommand() },
  { name: "record", summary: "run a WASI program and record it", load: async () => (await import("./record.ts")).recordCommand() },
  { name: "replay", summary: "replay a recording without its host", load: async () => (await import("./replay.ts")).replayCommand() },
  {
    name: "debug",
    summary: "move through a recording, forward and backward",
    load: async () => (await import("./debug.ts")).debugCommand(),
  },
  { name: "dump", summary: "print the events of a recording", load: async () => (await import("./dump.ts")).dumpCommand() },
  { name: "info", summary: "tell what a recording holds", load: async () => (await import("./info.ts")).infoCommand() },
  { name: "disasm", summary: "print the instructions of a module", load: async () => (await import("./disasm.ts")).disasmCommand() },
];

const VERSION = "0.1.0";

const examples = `
Examples:
  $ rewasm record --dir . prog.wasm input.txt    run prog.wasm and write prog.rrw
  $ rewasm replay prog.rrw                       the same output again, without files or clock
  $ rewasm debug prog.rrw                        step through it, forward and backward
  $ rewasm <command> --help                      options and examples of a command
`;

/** The whole command line; only the command that `words` name is loaded, the others are known by their summary. */
async function makeProgram(words: readonly string[]): Promise<Command> {
  const program = new Command("rewasm")
    .description("Records a WebAssembly program once and replays it exactly, forward and backward.")
    .version(VERSION)
    .enablePositionalOptions()
    .addHelpText("after", examples);
  const wanted = words.find((word) => !word.startsWith("-"));
  const named = wanted === "help" ? words[words.indexOf("help") + 1] : wanted;
  for (const entry of entries) {
    const command = entry.name === named ? await entry.load() : new Command(entry.name);
    program.addCommand(command.summary(entry.summary));
  }
  for (const command of [program, ...program.commands]) quiet(command);
  return program;
}

/** Errors come back as exceptions and print as one line; all output goes through our own synchronous writes. */
function quiet(command: Command): void {
  const paint = painter(STDERR);
  command
    .showSuggestionAfterError(false)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => write(STDOUT, text),
      writeErr: (text) => write(STDERR, text),
      outputError: (text) => write(STDERR, text.replace(/^error:/, paint("red", "error:"))),
    });
}

/** Runs a command line and returns the exit code. Every error ends here. */
async function main(words: readonly string[]): Promise<number> {
  try {
    const program = await makeProgram(words);
    if (words.length === 0) {
      program.outputHelp({ error: true });
      return ExitCode.Usage;
    }
    await program.parseAsync([...words], { from: "user" });
    return Number(process.exitCode ?? ExitCode.Success);
  } catch (error) {
    return report(error);
  }
}

function report(error: unknown): number {
  if (error instanceof OutputClosed) return ExitCode.Success;
  // The parser has printed its message already. Help and version are no failures.
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.Success : ExitCode.Usage;
  try {
    noticeLine(`${painter(STDERR)("red", "error:")} ${errorLine(error)}`);
  } catch {
    // Nobody reads our errors: the exit code is all that is left to say.
  }
  return exitCodeOf(error);
}

process.exitCode = await main(process.argv.slice(2));
