/**
 * `node --import rewasm/register app.mjs`: records the program of this process. Where the trace goes is said by REWASM_TRACE
 * (default: the program's name with .rrw, here); REWASM_ENGINE=native runs its modules on the WebAssembly of this process; REWASM_AUDIT=1 compares whole memories at each crossing; REWASM_REPORT
 * names a file for a summary in JSON. The program sees none of this: not in its environment, not in its arguments.
 */
import { writeFileSync } from "node:fs";
import { basename, resolve } from "node:path";
import { isMainThread } from "node:worker_threads";
import { ExitCode, errorLine } from "./errors.ts";
import { defaultTracePath, VARIABLES } from "./script-program.ts";
import { recordThisProcess, type ScriptReport } from "./script-recording.ts";
import { noticeLine } from "./terminal.ts";

// Of worker threads the main thread tells that they are not recorded.
if (isMainThread) register();

function register(): void {
  const taken = takeVariables();
  const script = process.argv[1] ?? "";
  const output = resolve(taken.trace ?? defaultTracePath(script));
  try {
    recordThisProcess(
      { output, engine: taken.engine, audit: taken.audit, program: basename(script), args: process.argv.slice(2) },
      (report) => {
        if (taken.report !== undefined) writeReport(taken.report, report());
        if (!taken.quiet) noticeLine(`rewasm: recorded in ${output}`);
      },
    );
  } catch (error) {
    noticeLine(`error: ${errorLine(error)}`);
    process.exit(ExitCode.Usage);
  }
}

function writeReport(path: string, report: ScriptReport): void {
  writeFileSync(path, `${JSON.stringify(report)}\n`);
}

interface Taken {
  readonly trace: string | undefined;
  readonly engine: "interpreter" | "native";
  readonly audit: boolean;
  readonly report: string | undefined;
  readonly quiet: boolean;
}

/** Reads our variables and removes them, and this file from the options that children of this process would inherit. */
function takeVariables(): Taken {
  const { env, execArgv } = process;
  const taken = {
    trace: nonEmpty(env[VARIABLES.trace]),
    engine: env[VARIABLES.engine] === "native" ? ("native" as const) : ("interpreter" as const),
    audit: nonEmpty(env[VARIABLES.audit]) !== undefined,
    report: nonEmpty(env[VARIABLES.report]),
    quiet: nonEmpty(env[VARIABLES.quiet]) !== undefined,
  };
  for (const name of Object.values(VARIABLES)) delete env[name];
  for (let i = execArgv.length - 1; i >= 0; i--) {
    const word = execArgv[i]!;
    if (/^--import=.*register(\.js)?$/.test(word)) execArgv.splice(i, 1);
    else if (word === "--import" && /register(\.js)?$/.test(execArgv[i + 1] ?? "")) execArgv.splice(i, 2);
  }
  return taken;
}

function nonEmpty(value: string | undefined): string | undefined {
  return value === "" ? undefined : value;
}
