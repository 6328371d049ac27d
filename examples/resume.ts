/** Stops a computation in the middle, stores the whole machine as bytes, and finishes it in another machine. */
import { readFileSync } from "node:fs";
import { compileModule, deserializeSnapshot, Machine, SnapshotTaker, serializeSnapshot, stateHash } from "rewasm";

const module = compileModule(new Uint8Array(readFileSync("bench/kernels/sieve.wasm")));

/** Counts the primes below 2^20, but only for a million instructions. Returns the machine as bytes. */
function begin(): Uint8Array {
  const machine = new Machine();
  const { instanceAddr } = machine.instantiate(module);
  machine.begin(machine.export(instanceAddr, "run")!.addr, [1]);
  machine.resume(1_000_000);
  const snapshot = new SnapshotTaker(machine.store).capture(0);
  console.log(`stopped at tick ${snapshot.tick}`);
  return serializeSnapshot(snapshot);
}

/** Goes on where the bytes say, as another process on another computer would. */
function finish(bytes: Uint8Array): void {
  const snapshot = deserializeSnapshot(bytes);
  const machine = new Machine();
  const taker = new SnapshotTaker(machine.store);
  taker.restore(snapshot, [module]);
  console.log(`the restored state is equal: ${stateHash(taker.capture(0)) === stateHash(snapshot)}`);
  const result = machine.resume();
  console.log(`primes: ${result?.kind === "return" ? result.values : result?.kind}, finished at tick ${machine.store.tick}`);
}

const bytes = begin();
console.log(`stored in ${bytes.length < 1 << 20 ? "less" : "more"} than a megabyte`);
finish(bytes);
