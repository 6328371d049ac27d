/** JavaScript programs as files: which they are, what their traces are called, and what is passed on to them. Loads no machine. */
import { basename } from "node:path";

/** Names of the environment variables that say how a program is recorded. */
export const VARIABLES = {
  trace: "REWASM_TRACE",
  audit: "REWASM_AUDIT",
  engine: "REWASM_ENGINE",
  report: "REWASM_REPORT",
  /** Set by `rewasm record`, which speaks for itself. */
  quiet: "REWASM_QUIET",
} as const;

const SCRIPT = /\.[mc]?js$/;

/** Whether a program is a script for Node. */
export function isScript(path: string): boolean {
  return SCRIPT.test(path);
}

/** The program's name with `.rrw`, in the current folder. */
export function defaultTracePath(path: string): string {
  return `${basename(path).replace(SCRIPT, "") || "recording"}.rrw`;
}
