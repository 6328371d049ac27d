/**
 * Trace storage and sink in files, for Node. Opening is lazy where that protects what is there: a sink touches its file
 * with the first bytes only. Failures are TraceError "trace-storage" with one line for people.
 */

import { closeSync, constants, fstatSync, openSync, readSync, statSync, writeSync } from "node:fs";
import { deflateRawSync } from "node:zlib";
import { TraceError } from "../rr/errors.ts";
import type { TraceSink, TraceStorage } from "../rr/storage.ts";

/** Reads a trace file by ranges, synchronously. Close it when done. */
export class FileStorage implements TraceStorage {
  readonly path: string;
  readonly byteLength: number;
  private readonly fd: number;

  /** Throws TraceError "trace-storage" when there is no readable file of that name. */
  constructor(path: string) {
    this.path = path;
    this.fd = attempt("read", path, () => openSync(path, "r"));
    const stat = fstatSync(this.fd);
    if (!stat.isFile()) {
      this.close();
      throw new TraceError("trace-storage", `cannot read ${path}: it is not a file`);
    }
    this.byteLength = stat.size;
  }

  read(offset: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    let got = 0;
    attempt("read", this.path, () => {
      while (got < length) {
        const count = readSync(this.fd, bytes, got, length - got, offset + got);
        if (count === 0) break;
        got += count;
      }
    });
    return bytes.subarray(0, got);
  }

  close(): void {
    closeSync(this.fd);
  }
}

/**
 * Writes a trace file from its beginning, replacing what was there, but not before the first bytes come: a recording that
 * fails to start leaves an existing file as it was. Bytes go to the system at once, so a kill loses none that were written.
 */
export class FileSink implements TraceSink {
  readonly path: string;
  private fd: number | undefined;

  constructor(path: string) {
    this.path = path;
  }

  /**
   * Throws TraceError "trace-storage" when the file could not be written: its folder is absent, or it is no plain file.
   * Changes nothing, so it can be asked before anything runs.
   */
  check(): void {
    const stat = statSync(this.path, { throwIfNoEntry: false });
    if (stat?.isDirectory()) throw new TraceError("trace-storage", `cannot write ${this.path}: it is a directory`);
    if (stat !== undefined) closeSync(attempt("write", this.path, () => openSync(this.path, constants.O_WRONLY)));
    else {
      const folder = /^(.*)[\\/][^\\/]*$/.exec(this.path)?.[1];
      const parent = folder === undefined ? "." : folder === "" ? "/" : folder;
      if (!statSync(parent, { throwIfNoEntry: false })?.isDirectory()) {
        throw new TraceError("trace-storage", `cannot write ${this.path}: there is no folder ${parent}`);
      }
    }
  }

  write(bytes: Uint8Array): void {
    attempt("write", this.path, () => {
      this.fd ??= openSync(this.path, "w");
      for (let at = 0; at < bytes.length; ) at += writeSync(this.fd, bytes, at);
    });
  }

  close(): void {
    if (this.fd === undefined) return;
    closeSync(this.fd);
    this.fd = undefined;
  }
}

/** Words for the system errors that people meet. */
const reasons: Readonly<Record<string, string>> = {
  ENOENT: "no such file or folder",
  EACCES: "permission denied",
  EPERM: "permission denied",
  EISDIR: "it is a directory",
  ENOTDIR: "a part of the path is not a folder",
  ENOSPC: "no space left",
  EROFS: "the file system is read-only",
};

function attempt<T>(what: string, path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new TraceError("trace-storage", `cannot ${what} ${path}: ${reasons[code ?? ""] ?? message}`);
  }
}

/** Compresses a chunk several times as fast as the portable way. */
export function nodeDeflate(raw: Uint8Array): Uint8Array {
  return deflateRawSync(raw, { level: 1 });
}
