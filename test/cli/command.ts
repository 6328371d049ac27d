/** Runs the built command as people do: a process with arguments, files and signals. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The command of the build that the tests belong to. */
export const MAIN = fileURLToPath(new URL("../../package/cli/main.js", import.meta.url));

export interface Finished {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly input?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
}

/** A folder of its own for one test; commands run in it. */
export class Workplace {
  readonly path = mkdtempSync(join(tmpdir(), "rewasm-cli-"));

  /** Runs `rewasm` with these words to its end. */
  rewasm(words: readonly string[], options: CommandOptions = {}): Finished {
    const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...words], {
      cwd: this.path,
      input: options.input ?? "",
      env: { ...process.env, ...options.env },
      encoding: "utf8",
      maxBuffer: 1 << 28,
      timeout: 120_000,
    });
    return { status, stdout, stderr };
  }

  /** As `rewasm`, but throws when the exit code is not 0. */
  ok(...words: string[]): string {
    const { status, stdout, stderr } = this.rewasm(words);
    if (status !== 0) throw new Error(`rewasm ${words.join(" ")} exited with ${status}: ${stderr}`);
    return stdout;
  }

  /** Starts `rewasm` and leaves it running. Its standard input stays open. */
  start(words: readonly string[]): ChildProcess {
    return spawn(process.execPath, [MAIN, ...words], { cwd: this.path, stdio: ["pipe", "pipe", "pipe"] });
  }

  file(name: string): string {
    return join(this.path, name);
  }

  read(name: string): string {
    return readFileSync(this.file(name), "utf8");
  }

  write(name: string, content: string | Uint8Array): void {
    writeFileSync(this.file(name), content);
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** Waits for the end of a process; its exit code and the signal that ended it. */
export function ended(child: ChildProcess): Promise<{ status: number | null; signal: NodeJS.Signals | null }> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve({ status: child.exitCode, signal: child.signalCode });
  return new Promise((resolve) => {
    child.once("exit", (status, signal) => resolve({ status, signal }));
  });
}
