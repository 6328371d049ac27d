/**
 * The end of this process, whatever brings it: running out of work, process.exit, an uncaught error, a signal. What is to be
 * done then is done last, after all listeners of the program, and once.
 */
import { errorLine } from "./errors.ts";
import { noticeLine } from "./terminal.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

interface ProcessInside {
  emit: (this: unknown, event: string | symbol, ...args: unknown[]) => boolean;
  reallyExit: (this: unknown, code?: number) => never;
  abort: (this: unknown) => never;
}

/** Has `action` run at the end. Answers a function that runs it now. An error of it is a line on standard error. */
export function atProcessEnd(action: () => void): () => void {
  let done = false;
  const finish = (): void => {
    if (done) return;
    done = true;
    try {
      action();
    } catch (error) {
      noticeLine(`error: the recording is not whole: ${errorLine(error)}`);
    }
  };
  const inside = process as unknown as ProcessInside;
  const { emit, reallyExit, abort } = inside;
  inside.emit = function (this: unknown, event, ...args) {
    try {
      return Reflect.apply(emit, this, [event, ...args]);
    } finally {
      if (event === "exit") finish();
    }
  };
  inside.reallyExit = function (this: unknown, code) {
    finish();
    return Reflect.apply(reallyExit, this, [code]);
  };
  inside.abort = function (this: unknown) {
    finish();
    return Reflect.apply(abort, this, []);
  };
  for (const signal of SIGNALS) finishOn(signal, finish);
  return finish;
}

/** A signal that the program does not listen to ends it as it would without us. */
function finishOn(signal: (typeof SIGNALS)[number], finish: () => void): void {
  const listener = (): void => {
    if (process.listenerCount(signal) > 1) return;
    finish();
    process.off(signal, listener);
    process.kill(process.pid, signal);
  };
  process.on(signal, listener);
}
