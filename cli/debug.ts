/**
 * `rewasm debug`: a shell around debug/: commands from -e and from standard input, a prompt with history and completion
 * on a terminal, plain lines or JSON objects elsewhere. What the commands do is debug/commands.ts's matter.
 */
import { createInterface } from "node:readline";
import { Command } from "commander";
import { COMMANDS, type CommandLine, parseCommandLine } from "../debug/command-line.ts";
import { resultJson, runCommand } from "../debug/commands.ts";
import { DebugSession } from "../debug/session.ts";
import type { MoveOptions } from "../rr/timeline.ts";
import { RewasmError } from "../vm/errors.ts";
import { ExitCode, errorLine, exitCodeOf } from "./errors.ts";
import { Progress } from "./progress.ts";
import { isTerminal, noticeLine, painter, printLine, STDERR, STDOUT, write } from "./terminal.ts";
import { withTimeline } from "./timeline-file.ts";

const examples = `
Examples:
  $ rewasm debug prog.rrw
  $ rewasm debug prog.rrw -e 'break main' -e continue -e bt --batch
  $ rewasm debug prog.rrw -e 'seek 50%' -e 'reverse-continue' -e state-hash --batch --json

Without --batch, commands are read from standard input after those of -e. Type help for a list of them.
`;

interface DebugOptions {
  readonly execute: readonly string[];
  readonly batch?: boolean;
  readonly json?: boolean;
  readonly snapshots: boolean;
}

export function debugCommand(): Command {
  return new Command("debug")
    .description("Moves through a recording, forward and backward, and looks at the program anywhere.")
    .option(
      "-e, --execute <COMMAND>",
      "run a command first; may be given several times",
      (value, before: string[]) => [...before, value],
      [],
    )
    .option("--batch", "leave after these commands, with an exit code that tells whether one failed")
    .option("--json", "print one JSON object per command")
    .option("--no-snapshots", "neither use nor write the snapshots beside the trace")
    .argument("<FILE>", "the trace")
    .addHelpText("after", examples)
    .action(async (path: string, options: DebugOptions) => {
      process.exitCode = await debug(path, options);
    });
}

async function debug(path: string, options: DebugOptions): Promise<number> {
  return withTimeline(path, options, async (timeline) => {
    const shell = new Shell(new DebugSession(timeline), options.json === true);
    for (const line of options.execute) {
      await shell.run(line);
      if (shell.left) return shell.exitCode;
    }
    if (!options.batch) await prompt(shell, path);
    return shell.exitCode;
  });
}

/** Runs command lines on a session and prints what comes of them. */
class Shell {
  readonly session: DebugSession;
  /** A command has asked to leave. */
  left = false;
  exitCode: number = ExitCode.Success;
  private readonly json: boolean;
  private readonly paint = painter(STDOUT);
  private running: AbortController | undefined;
  private repeatable: string | undefined;

  constructor(session: DebugSession, json: boolean) {
    this.session = session;
    this.json = json;
  }

  /** The command that an empty line means. */
  get repetition(): string | undefined {
    return this.repeatable;
  }

  /** Ends the command that is running; false when none is. */
  interrupt(): boolean {
    this.running?.abort();
    return this.running !== undefined;
  }

  /** Runs one line. Errors of people and of the trace are printed and leave an exit code, others are thrown. */
  async run(text: string): Promise<void> {
    let line: CommandLine | undefined;
    try {
      line = parseCommandLine(text);
      if (line === undefined) return;
      this.repeatable = line.spec.repeats ? text : undefined;
      await this.perform(line);
    } catch (error) {
      if (!(error instanceof RewasmError)) throw error;
      this.fail(line?.spec.name ?? text.trim(), error);
    }
  }

  private async perform(line: CommandLine): Promise<void> {
    const { session, paint } = this;
    const progress = new Progress(line.spec.name);
    const abort = new AbortController();
    const moving: MoveOptions = { signal: abort.signal, onProgress: progress.onProgress };
    this.running = abort;
    const signal = (): void => abort.abort();
    process.on("SIGINT", signal);
    try {
      const result = await runCommand(line, { session, paint, ...moving });
      progress.finish();
      if (this.json) printLine(JSON.stringify(resultJson(line.spec.name, session, result.json)));
      else for (const each of result.lines) printLine(each);
      if (result.quit) this.left = true;
    } finally {
      process.off("SIGINT", signal);
      this.running = undefined;
      progress.finish();
    }
  }

  private fail(command: string, error: RewasmError): void {
    // What a person mistyped is a usage error; what the trace does wrong has its own code.
    const code = exitCodeOf(error);
    this.exitCode = code === ExitCode.Failure ? ExitCode.Usage : code;
    const message = errorLine(error);
    if (this.json) printLine(JSON.stringify(resultJson(command, this.session, { error: message, errorCode: error.code })));
    else noticeLine(`${painter(STDERR)("red", "error:")} ${message}`);
  }

  promptText(): string {
    const { tick, event } = this.session.timeline.position;
    return `(rewasm ${tick} #${event}) `;
  }
}

/** Reads commands from standard input until it ends, or until one of them says so. */
async function prompt(shell: Shell, path: string): Promise<void> {
  const terminal = isTerminal(0) && isTerminal(STDOUT);
  if (terminal) await greet(shell, path);
  const lines = createInterface({
    input: process.stdin,
    ...(terminal
      ? { output: process.stdout, completer: (text: string) => complete(shell, text), historySize: 1000, removeHistoryDuplicates: true }
      : {}),
    terminal,
  });
  const ask = (): void => {
    if (!terminal) return;
    lines.setPrompt(shell.promptText());
    lines.prompt();
  };
  lines.on("SIGINT", () => {
    if (shell.interrupt()) return;
    // At the prompt: as in other shells, the line is thrown away.
    write(STDOUT, "\n");
    lines.write(null, { ctrl: true, name: "u" });
    ask();
  });
  ask();
  for await (const text of lines) {
    const line = terminal && text.trim() === "" ? (shell.repetition ?? "") : text;
    await shell.run(line);
    if (shell.left) break;
    ask();
  }
  lines.close();
  if (terminal) {
    // A mistake in a conversation is no failure of the program.
    shell.exitCode = ExitCode.Success;
    if (!shell.left) write(STDOUT, "\n");
  }
}

async function greet(shell: Shell, path: string): Promise<void> {
  const { end } = shell.session.timeline;
  printLine(`${path}: ${end.tick} ticks, ${end.event} events. Type help for the commands, quit to leave.`);
  await shell.run("when");
}

/** Completes commands, and names of functions and bookmarks after them. */
function complete(shell: Shell, text: string): [string[], string] {
  const at = text.lastIndexOf(" ") + 1;
  const word = text.slice(at);
  const fits = (candidates: readonly string[]): [string[], string] => [candidates.filter((each) => each.startsWith(word)), word];
  if (at === 0) return fits(COMMANDS.map(({ name }) => name));
  if (/^\s*(b|break|disas\w*)\s/.test(text)) return word.length === 0 ? [[], word] : fits(shell.session.symbols.funcNames());
  if (/^\s*(seek|goto)\s/.test(text))
    return fits(["start", "end", ...[...shell.session.timeline.bookmarks.keys()].map((name) => `@${name}`)]);
  if (/^\s*(i|info)\s/.test(text)) return fits(["breakpoints", "bookmarks", "trace"]);
  if (/^\s*(h|help)\s/.test(text)) return fits(COMMANDS.map(({ name }) => name));
  return [[], word];
}
