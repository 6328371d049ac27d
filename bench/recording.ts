/** The cost of recording: the same program on the interpreter, recorded into a file and not, in turn. */
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type RewasmCommand, type RunFacts, rewasmCommand } from "./command.ts";
import { measurePair } from "./measure.ts";

export interface RecordingResult {
  /** Time recorded divided by time unrecorded. */
  readonly ratio: number;
  readonly facts: RunFacts;
}

/** Gives `use` a guest of test/guests whose streams are the null device. */
async function withGuest<T>(guest: string, args: readonly string[], use: (command: RewasmCommand) => Promise<T>): Promise<T> {
  const nowhere = openSync("/dev/null", "r+");
  try {
    const bytes = new Uint8Array(readFileSync(`test/guests/${guest}.wasm`));
    return await use(rewasmCommand(bytes, { args: [guest, ...args], stdio: [nowhere, nowhere, nowhere] }));
  } finally {
    closeSync(nowhere);
  }
}

/** Measures one guest with its arguments; the trace is written into `folder`. */
export function measureRecording(guest: string, args: readonly string[], rounds: number, folder: string): Promise<RecordingResult> {
  return withGuest(guest, args, async (command) => {
    const path = join(folder, `${guest}.rrw`);
    const facts = await command.record(path);
    const unrecorded = { name: `${guest} unrecorded`, run: () => command.run() };
    const recorded = { name: `${guest} recorded`, run: () => command.record(path) };
    const { ratio } = await measurePair(unrecorded, recorded, rounds);
    return { ratio, facts };
  });
}

/** Bytes that one more event adds to a trace file: a long run of mixed calls against one of none, so that the module does not count. */
export async function measureEventBytes(calls: number, folder: string): Promise<number> {
  const record = (count: number): Promise<RunFacts> =>
    withGuest("calls", [String(count), "mixed"], (command) => command.record(join(folder, "mixed.rrw")));
  const few = await record(0);
  const many = await record(calls);
  return (many.traceBytes - few.traceBytes) / (many.events - few.events);
}

/** Records a long run of the guest "marathon" into `folder`; answers the trace's path and what it holds. */
export async function recordMarathon(rounds: number, folder: string): Promise<{ path: string; facts: RunFacts }> {
  const path = join(folder, "marathon.rrw");
  return { path, facts: await withGuest("marathon", [String(rounds)], (command) => command.record(path)) };
}
