/**
 * A recording on the process's own WebAssembly, from its start to its end. Nothing but the program runs until it has ended:
 * a signal has its own action then, and the trace is usable up to what was written out, which happens twice a second.
 */
import { isComponent } from "../component/binary.ts";
import { NativeMachine } from "../native/machine.ts";
import { CliError, ExitCode, errorLine } from "./errors.ts";
import { nodeDeflate } from "./file-storage.ts";
import { loadGuest, runGuest } from "./guest.ts";
import type { GuestOptions } from "./guest-options.ts";
import { readProgram } from "./module-file.ts";
import { occasionally, openSink, overflowNote, traceName, waitingCalls } from "./recording-output.ts";
import { removeSidecar } from "./sidecar.ts";
import { isTerminal, noticeLine, STDERR } from "./terminal.ts";

/** Records a program; returns the exit code. */
export async function recordNatively(
  path: string,
  words: readonly string[],
  options: GuestOptions,
  output: string = traceName(path),
): Promise<number> {
  const bytes = readProgram(path);
  if (isComponent(bytes)) {
    const { recordComponent } = await import("./component-recording.ts");
    return recordComponent(path, bytes, words, options, { output, snapshots: false, native: true });
  }
  let flush = (): void => {};
  const waits = waitingCalls();
  const guest = loadGuest(path, bytes, words, options, {
    beforeBlocking: (func, args) => {
      if (waits(func, args)) flush();
    },
  });
  const sink = openSink(path, output);
  const env = guest.env.map(([name, value]) => `${name}=${value}`);
  const machine = new NativeMachine({
    sink,
    deflate: nodeDeflate,
    header: { program: guest.name, args: guest.args, env },
    onMemory: guest.wasi.adopt,
  });
  const { recorder } = machine;
  flush = occasionally(() => recorder.flush());
  // What lies beside the trace of before does not belong to this one.
  removeSidecar(output);
  try {
    const exitCode = await runGuest(guest, machine, (funcAddr, args) => machine.call(funcAddr, args));
    machine.finish();
    if (machine.overflowed) noticeLine(overflowNote(output));
    else if (isTerminal(STDERR)) noticeLine(`recorded ${recorder.eventCount} events in ${output}`);
    return exitCode;
  } catch (error) {
    if (recorder.failure !== undefined) throw new CliError(ExitCode.Failure, "recording", errorLine(recorder.failure));
    throw error;
  }
}
