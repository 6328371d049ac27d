/** Records scripts by the command, and checks that their traces replay to the same state without script and host. */
import { expect } from "chai";
import { FileStorage } from "../../cli/file-storage.ts";
import type { ScriptReport } from "../../cli/script-recording.ts";
import { parsePosition } from "../../rr/position.ts";
import { Replayer } from "../../rr/replayer.ts";
import { Timeline } from "../../rr/timeline.ts";
import { type Finished, Workplace } from "../cli/command.ts";

export interface Recorded extends Finished {
  readonly report: ScriptReport;
  readonly trace: string;
}

export class ScriptPlace extends Workplace {
  /** Records a script of this folder. Fails when no whole trace comes of it. */
  record(script: string, words: readonly string[] = [], options: readonly string[] = ["--audit"]): Recorded {
    const reportPath = this.file("report.json");
    this.write("report.json", "");
    const finished = this.rewasm(["record", "-o", "t.rrw", ...options, script, ...words], { env: { REWASM_REPORT: reportPath } });
    const text = this.read("report.json");
    if (text === "") throw new Error(`no report: ${finished.stderr || finished.stdout}`);
    return { ...finished, report: JSON.parse(text) as ScriptReport, trace: this.file("t.rrw") };
  }
}

/** Where each of these is the state hash at a position of a trace. */
export async function hashesAt(trace: string, positions: readonly string[]): Promise<string[]> {
  const storage = new FileStorage(trace);
  try {
    const timeline = await Timeline.open(storage);
    const hashes: string[] = [];
    for (const position of positions) {
      await timeline.seekTo(parsePosition(position));
      hashes.push(timeline.stateHash());
    }
    return hashes;
  } finally {
    storage.close();
  }
}

/** The trace plays to its end, and the state there is that of the recording; also after seeking to the middle and back. */
export async function replaysExactly({ trace, report }: Recorded): Promise<void> {
  const storage = new FileStorage(trace);
  const replayer = await Replayer.open(storage);
  await replayer.runTo();
  expect(replayer.reader.complete, "complete").to.equal(true);
  expect(replayer.eventNumber).to.equal(report.events);
  expect(replayer.store.tick).to.equal(report.ticks);
  storage.close();
  const [end, middle, again, middleAgain] = await hashesAt(trace, ["end", "50%", "end", "50%"]);
  expect(end).to.equal(report.stateHash);
  expect(again).to.equal(report.stateHash);
  expect(middleAgain).to.equal(middle);
}
