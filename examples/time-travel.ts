/** Records a WASI program into memory, replays it without its host, goes to any moment and steps backward. */
import { readFileSync } from "node:fs";
import { compileModule, DebugSession, Machine, MemorySink, MemoryStorage, PREVIEW1_MODULE, Recorder, Timeline } from "rewasm";
import { createNodeWasi } from "rewasm/node";

/** Runs `hello` with its host and returns the trace. */
function record(): Uint8Array {
  const module = compileModule(new Uint8Array(readFileSync("test/guests/hello.wasm")));
  const args = ["hello", "time", "traveller"];
  const sink = new MemorySink();
  const recorder = new Recorder(sink, { program: "hello.wasm", args });
  const wasi = createNodeWasi({ args });
  const machine = new Machine({ journal: recorder, backing: wasi.backing });
  recorder.attach(machine.store);
  const { instanceAddr } = machine.instantiate(module, { [PREVIEW1_MODULE]: wasi.imports });
  machine.call(machine.export(instanceAddr, "_start")!.addr);
  recorder.finish();
  return sink.bytes();
}

const session = new DebugSession(await Timeline.open(new MemoryStorage(record())));
const { timeline } = session;
console.log(`recorded: ${timeline.end.event > 0 && timeline.end.tick > 0 ? "events and ticks" : "nothing"}`);

// Forward to a function, by its name.
session.addBreakpoint("printf");
const stop = await session.move({ kind: "continue" });
console.log(`continue: ${stop.reason} in ${stop.location?.name}`);

// Any moment is one seek away, and a moment has one state.
await session.move({ kind: "seek", position: "50%" });
const hash = timeline.stateHash();
await session.move({ kind: "seek", position: "end" });
await session.move({ kind: "seek", position: "50%" });
console.log(`the state at 50% is the same: ${timeline.stateHash() === hash}`);

// Backward: one instruction, and to the function's call.
await session.move({ kind: "reverse-step", count: 1 });
console.log(`one instruction back: ${timeline.stateHash() !== hash ? "another state" : "the same state"}`);
await session.move({ kind: "seek", position: "end" });
const back = await session.move({ kind: "reverse-continue" });
console.log(`reverse-continue from the end: ${back.reason} in ${back.location?.name}`);
console.log(`called by: ${session.backtrace()[1]?.name}`);
