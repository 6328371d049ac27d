/** The cost of recording: the same program on the interpreter, recorded into a file and not, in turn. */
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { MemorySink, type TraceSink } from "../rr/storage.ts";
import { rewasmCommand } from "./command.ts";
import { measurePair } from "./measure.ts";

export interface RecordingResult {
  readonly name: string;
  /** Time recorded divided by time unrecorded. */
  readonly ratio: number;
  readonly ticks: number;
  readonly events: number;
}

/** A trace file of the benchmarks' own. */
export class FileSink implements TraceSink {
  private readonly fd: number;
  constructor(path: string) {
    this.fd = openSync(path, "w");
  }
  write(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length; ) done += writeSync(this.fd, bytes, done);
  }
  close(): void {
    closeSync(this.fd);
  }
}

/** Measures one guest of test/guests with its arguments; standard output goes to the null device. */
export function measureRecording(guest: string, args: readonly string[], rounds: number, folder: string): RecordingResult {
  const nowhere = openSync("/dev/null", "r+");
  try {
    const bytes = new Uint8Array(readFileSync(`test/guests/${guest}.wasm`));
    const command = rewasmCommand(bytes, { args: [guest, ...args], stdio: [nowhere, nowhere, nowhere] });
    const path = join(folder, `${guest}.rrw`);
    const facts = command.run(new FileSink(path));
    const times = measurePair(
      { name: `${guest} unrecorded`, run: () => command.run() },
      { name: `${guest} recorded`, run: () => command.run(new FileSink(path)) },
      rounds,
    );
    return {
      name: [guest, ...args].join(" "),
      ratio: times.ratio,
      ticks: facts.ticks,
      events: facts.events,
    };
  } finally {
    closeSync(nowhere);
  }
}

/** Bytes that one more event adds to a trace file: a long run of mixed calls against one of none, so that the module does not count. */
export function measureEventBytes(calls: number): number {
  const nowhere = openSync("/dev/null", "r+");
  try {
    const bytes = new Uint8Array(readFileSync("test/guests/calls.wasm"));
    const record = (count: number) =>
      rewasmCommand(bytes, { args: ["calls", String(count), "mixed"], stdio: [nowhere, nowhere, nowhere] }).run(new MemorySink());
    const few = record(0);
    const many = record(calls);
    return (many.traceBytes - few.traceBytes) / (many.events - few.events);
  } finally {
    closeSync(nowhere);
  }
}
