/** Host and wasm calling one another to a depth: `ping(n)` adds 1 to what the host's `pong(n - 1)` answers, which calls `ping`. */
import type { Value } from "../../vm/value.ts";
import { funcOf, instantiate, pingPong, startRecording } from "./modules.ts";

export interface PingPong {
  readonly bytes: Uint8Array;
  readonly result: readonly Value[] | string;
  /** The calls of the host that were open at the same time. */
  readonly deepest: number;
  /** What the calls that did not return ended in. */
  readonly thrown: readonly string[];
}

/** Records `ping(levels)`. A host that gets no answer says -1. */
export function recordPingPong(levels: number, stackBytes = 8 << 20): PingPong {
  const { machine, recorder, sink } = startRecording({ program: "ping-pong", stackBytes });
  const thrown: string[] = [];
  let depth = 0;
  let deepest = 0;
  const instanceAddr: number = instantiate(machine, pingPong, {
    pong: ({ slot }) => {
      deepest = Math.max(deepest, ++depth);
      try {
        const result = machine.call(funcOf(machine, instanceAddr, "ping"), [machine.store.i32[slot * 2]!]);
        if (result.kind === "trap") thrown.push(String(result.thrown));
        machine.store.i32[slot * 2] = result.kind === "return" ? Number(result.values[0]) : -1;
      } finally {
        depth--;
      }
    },
  });
  const result = machine.call(funcOf(machine, instanceAddr, "ping"), [levels]);
  recorder.finish();
  return { bytes: sink.bytes(), result: result.kind === "return" ? result.values : result.kind, deepest, thrown };
}
