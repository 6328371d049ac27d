/** Exit codes of programs as the system keeps them. */

/** The low byte: all that a shell sees. */
export function exitStatus(exitCode: number): number {
  return exitCode & 0xff;
}
