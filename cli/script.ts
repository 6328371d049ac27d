/**
 * `rewasm record app.mjs`: runs a script in a Node process of its own, which records itself (register.ts), and waits for
 * its end. The script has our terminal, and its exit code is ours.
 */
import { spawn } from "node:child_process";
import { statSync } from "node:fs";
import { constants } from "node:os";
import { resolve } from "node:path";
import { CliError, ExitCode, onFile, usageError } from "./errors.ts";
import { FileSink } from "./file-storage.ts";
import type { GuestOptions } from "./guest-options.ts";
import { defaultTracePath, VARIABLES } from "./script-program.ts";
import { isTerminal, noticeLine, STDERR } from "./terminal.ts";

export interface ScriptOptions extends GuestOptions {
  readonly output?: string;
  readonly audit?: boolean;
  readonly engine?: "interpreter" | "native";
}

/** Signals that a terminal sends to both processes: the script decides what becomes of them. */
const SHARED_SIGNALS = ["SIGINT", "SIGQUIT"] as const;
/** Signals that come to us alone. */
const OWN_SIGNALS = ["SIGTERM", "SIGHUP"] as const;
/** As many Ctrl-C in a second end a script that cannot be reached otherwise: one that is in a long call of wasm. */
const IMPATIENCE = 3;
const IMPATIENCE_MS = 2000;

/** Records a script; returns its exit code. */
export async function recordScript(path: string, words: readonly string[], options: ScriptOptions): Promise<number> {
  if (options.dir !== undefined || options.invoke !== undefined) throw usageError("--dir and --invoke are for WASI programs");
  onFile(ExitCode.BadModule, "read", path, () => statSync(path));
  const output = resolve(options.output ?? defaultTracePath(path));
  if (output === resolve(path)) throw usageError(`${output} is the program: name another file with -o`);
  checkWritable(output);
  const register = new URL("./register.js", import.meta.url).href;
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    ...Object.fromEntries(options.env ?? []),
    [VARIABLES.trace]: output,
    [VARIABLES.quiet]: "1",
  };
  if (options.audit) env[VARIABLES.audit] = "1";
  if (options.engine === "native") env[VARIABLES.engine] = "native";
  const child = spawn(process.execPath, [...process.execArgv, "--import", register, path, ...words], { stdio: "inherit", env });
  const stop = passSignals(child.kill.bind(child));
  const [code, signal] = await new Promise<readonly [number | null, NodeJS.Signals | null]>((settle, fail) => {
    child.on("error", fail);
    child.on("exit", (exitCode, exitSignal) => settle([exitCode, exitSignal]));
  });
  stop();
  if (isTerminal(STDERR)) noticeLine(`recorded in ${output}`);
  return code ?? 128 + (constants.signals[signal!] ?? 0);
}

function checkWritable(output: string): void {
  try {
    new FileSink(output).check();
  } catch (error) {
    throw error instanceof Error ? new CliError(ExitCode.Usage, "trace-storage", error.message) : error;
  }
}

/** Keeps signals from ending us before the script; answers a function that stops this. */
function passSignals(kill: (signal: NodeJS.Signals) => boolean): () => void {
  let recent: number[] = [];
  const shared = (): void => {
    const now = performance.now();
    recent = [...recent.filter((at) => now - at < IMPATIENCE_MS), now];
    if (recent.length >= IMPATIENCE) kill("SIGKILL");
  };
  const own = (signal: NodeJS.Signals): void => {
    kill(signal);
  };
  for (const signal of SHARED_SIGNALS) process.on(signal, shared);
  for (const signal of OWN_SIGNALS) process.on(signal, own);
  return () => {
    for (const signal of SHARED_SIGNALS) process.off(signal, shared);
    for (const signal of OWN_SIGNALS) process.off(signal, own);
  };
}
