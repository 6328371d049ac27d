/** A replay of a component's recording, and what it prints. */
import { ComponentReplayOutput } from "../../cli/replay-output.ts";
import type { TraceReader } from "../../rr/reader.ts";
import { Replayer } from "../../rr/replayer.ts";

/** What went to stdout and to stderr. */
export type Printed = Record<1 | 2, string>;

/** A replayer at the start; `printed` grows as it runs. */
export function printingReplayer(reader: TraceReader): { readonly replayer: Replayer; readonly printed: Printed } {
  const printed: Printed = { 1: "", 2: "" };
  const output: ComponentReplayOutput = new ComponentReplayOutput(
    reader,
    () => replayer.store,
    (fd, bytes) => {
      printed[fd] += new TextDecoder().decode(bytes);
    },
  );
  const replayer = new Replayer(reader, { journal: output });
  return { replayer, printed };
}
