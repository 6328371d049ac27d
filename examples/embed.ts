/** Instantiates a module with an import object and calls it; the host functions read memory and call back into the module. */
import { readFileSync } from "node:fs";
import { compileModule, hostFunction, Machine } from "rewasm";

const module = compileModule(new Uint8Array(readFileSync("examples/guests/chooser.wasm")));
const machine = new Machine();

/** `pick(depth: i32) -> i32`: asks the module again, three calls deep. */
const pick = hostFunction((depth: number) => {
  if (depth >= 3) return 10;
  const inner = machine.call(choose.addr, [depth + 1]);
  if (inner.kind !== "return") throw new Error("the inner call failed");
  return inner.values;
});

/** `note(text: i32, length: i32)`: prints a text of the module's memory. */
const note = hostFunction((byteAddr: number, byteLength: number) => {
  const { bytes } = machine.store.memories[0]!;
  console.log(`note: ${new TextDecoder().decode(bytes.subarray(byteAddr, byteAddr + byteLength))}`);
});

const { instanceAddr } = machine.instantiate(module, { host: { pick, note } });
const choose = machine.export(instanceAddr, "choose")!;
const visits = machine.export(instanceAddr, "visits")!;

const chosen = machine.call(choose.addr, [1]);
const visited = machine.call(visits.addr);
console.log(`choose(1) ${chosen.kind}ed ${chosen.kind === "return" ? chosen.values : ""}`);
console.log(`visits: ${visited.kind === "return" ? visited.values : "none"}, instructions: ${machine.store.tick}`);
