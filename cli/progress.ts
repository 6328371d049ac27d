/** The progress bar of long work: on standard error, only on a terminal, and only after a moment. */
import type { SingleBar } from "cli-progress";
import { isTerminal, STDERR } from "./terminal.ts";

/** Work shorter than this shows nothing, in milliseconds. */
const PATIENCE_MS = 400;

export class Progress {
  private readonly label: string;
  private readonly shown = isTerminal(STDERR);
  private readonly startedAt = performance.now();
  private bar: SingleBar | undefined;
  private loading = false;
  private finished = false;

  constructor(label: string) {
    this.label = label;
  }

  /** For MoveOptions.onProgress. */
  readonly onProgress = (done: number, total: number): void => {
    if (this.bar !== undefined) {
      this.bar.setTotal(Math.max(1, total));
      this.bar.update(Math.min(done, total));
    } else if (this.shown && !this.loading && performance.now() - this.startedAt > PATIENCE_MS) {
      this.loading = true;
      void this.start(done, total);
    }
  };

  private async start(done: number, total: number): Promise<void> {
    const { default: progress } = await import("cli-progress");
    if (this.finished) return;
    const settings = { format: `${this.label} {bar} {percentage}% {eta_formatted}`, clearOnComplete: true, linewrap: true };
    this.bar = new progress.SingleBar({ ...settings, stream: process.stderr }, progress.Presets.shades_classic);
    this.bar.start(Math.max(1, total), done);
  }

  /** Clears the bar. */
  finish(): void {
    this.finished = true;
    this.bar?.stop();
  }
}
