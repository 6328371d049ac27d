/**
 * What JavaScript has written into memories since wasm last ran, as byte ranges. Most writes extend the one before, so
 * that one is at hand. Knows no buffers: content is read by whoever takes the ranges.
 */

/** Told one range of a memory; ranges of a memory come in order of address and neither overlap nor touch. */
export type WriteReport = (memoryAddr: number, byteAddr: number, byteLength: number) => void;

/** Waiting ranges of a memory are merged when there are this many, so that scattered writes take bounded space. */
const MERGE_RANGES = 4096;

/** Starts and ends in turn. */
class RangeList {
  private bounds: number[] = [];
  private mergeAt = MERGE_RANGES * 2;

  add(start: number, end: number): void {
    this.bounds.push(start, end);
    if (this.bounds.length < this.mergeAt) return;
    this.bounds = merged(this.bounds);
    this.mergeAt = Math.max(MERGE_RANGES * 2, this.bounds.length * 2);
  }

  take(): readonly number[] {
    const { bounds } = this;
    this.bounds = [];
    return bounds.length === 2 ? bounds : merged(bounds);
  }
}

function merged(bounds: readonly number[]): number[] {
  const order = Array.from({ length: bounds.length / 2 }, (_, i) => i * 2).sort((a, b) => bounds[a]! - bounds[b]!);
  const out: number[] = [];
  for (const at of order) {
    const start = bounds[at]!;
    const end = bounds[at + 1]!;
    const last = out.length - 1;
    if (last >= 0 && start <= out[last]!) out[last] = Math.max(out[last]!, end);
    else out.push(start, end);
  }
  return out;
}

export class WriteLog {
  /** The range that was written last: -1 when there is none. */
  private memoryAddr = -1;
  private start = 0;
  private end = 0;
  private readonly lists = new Map<number, RangeList>();

  /** Notes that `[start, end)` of a memory was written. Empty ranges are nothing. */
  add(memoryAddr: number, start: number, end: number): void {
    if (end <= start) return;
    if (memoryAddr === this.memoryAddr && start <= this.end && end >= this.start) {
      if (start < this.start) this.start = start;
      if (end > this.end) this.end = end;
      return;
    }
    this.park();
    this.memoryAddr = memoryAddr;
    this.start = start;
    this.end = end;
  }

  get empty(): boolean {
    return this.memoryAddr < 0;
  }

  /** Hands out all ranges, by memory, and forgets them. Cost when nothing was written: one comparison. */
  flush(report: WriteReport): void {
    if (this.memoryAddr < 0) return;
    if (this.lists.size === 0) {
      const { memoryAddr, start, end } = this;
      this.memoryAddr = -1;
      report(memoryAddr, start, end - start);
      return;
    }
    this.park();
    this.memoryAddr = -1;
    const lists = [...this.lists].sort(([a], [b]) => a - b);
    this.lists.clear();
    for (const [memoryAddr, list] of lists) {
      const bounds = list.take();
      for (let i = 0; i < bounds.length; i += 2) report(memoryAddr, bounds[i]!, bounds[i + 1]! - bounds[i]!);
    }
  }

  private park(): void {
    if (this.memoryAddr < 0) return;
    let list = this.lists.get(this.memoryAddr);
    if (list === undefined) {
      list = new RangeList();
      this.lists.set(this.memoryAddr, list);
    }
    list.add(this.start, this.end);
  }
}
