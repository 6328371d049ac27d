/**
 * Output of the commands: synchronous writes to descriptors 1 and 2, colours for terminals only. process.stdout is not
 * used, since opening it would make the descriptor that the guest writes to non-blocking.
 */
import { writeSync } from "node:fs";
import { isatty } from "node:tty";

export const STDOUT = 1;
export const STDERR = 2;

/** Thrown when the reader of our output has gone: nothing is wrong, there is just nobody left to write for. */
export class OutputClosed extends Error {}

/** Wait between two attempts to write into a full pipe, in milliseconds. */
const RETRY_MS = 2;

/** Writes all of it, waiting for a slow reader. Throws OutputClosed when the reader is gone. */
export function write(fd: number, data: string | Uint8Array): void {
  let bytes = typeof data === "string" ? Buffer.from(data) : data;
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(writeSync(fd, bytes));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EPIPE") throw new OutputClosed("the reader of the output is gone");
      if (code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
    }
  }
}

/** Standard output, collected into large writes: for commands that print many lines. */
export class OutputBuffer {
  private parts: string[] = [];
  private length = 0;

  line(text: string): void {
    this.parts.push(text, "\n");
    this.length += text.length + 1;
    if (this.length >= 1 << 16) this.flush();
  }

  flush(): void {
    const text = this.parts.join("");
    this.parts = [];
    this.length = 0;
    write(STDOUT, text);
  }
}

export function printLine(text: string): void {
  write(STDOUT, `${text}\n`);
}

/** A line for people on standard error. */
export function noticeLine(text: string): void {
  write(STDERR, `${text}\n`);
}

export function isTerminal(fd: number): boolean {
  return isatty(fd);
}

const colourCodes = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;
export type Colour = keyof typeof colourCodes;
export type Paint = (colour: Colour, text: string) => string;

/** Colours text when the descriptor is a terminal that shows colours; else leaves it as it is. */
export function painter(fd: number): Paint {
  const { NO_COLOR, TERM } = process.env;
  const coloured = isTerminal(fd) && (NO_COLOR === undefined || NO_COLOR === "") && TERM !== "dumb";
  return coloured ? (colour, text) => `\x1b[${colourCodes[colour]}m${text}\x1b[0m` : (_, text) => text;
}
