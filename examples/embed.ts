/** Instantiates a module with an import object and calls it; the host functions read memory and call back into the module. */
import { readFileSync } from "node:fs";
import { decodeModule, type HostCall, Machine, readValues, ValType, validateModule, writeValues } from "rewasm";

const module = decodeModule(new Uint8Array(readFileSync("examples/guests/chooser.wasm")));
validateModule(module);
const machine = new Machine();

/** `pick(depth: i32) -> i32`: asks the module again, three calls deep. */
function pick(call: HostCall): void {
  const [depth] = readValues(machine.store, call.slot, [ValType.I32]);
  let picked = 10;
  if (Number(depth) < 3) {
    const inner = machine.call(choose.addr, [Number(depth) + 1]);
    if (inner.kind !== "return") throw new Error("the inner call failed");
    picked = Number(inner.values[0]);
  }
  writeValues(machine.store, call.slot, [ValType.I32], [picked]);
}

/** `note(text: i32, length: i32)`: prints a text of the module's memory. */
function note(call: HostCall): void {
  const [byteAddr, byteLength] = readValues(machine.store, call.slot, [ValType.I32, ValType.I32]) as [number, number];
  const { bytes } = machine.store.memories[0]!;
  console.log(`note: ${new TextDecoder().decode(bytes.subarray(byteAddr, byteAddr + byteLength))}`);
}

const { instanceAddr } = machine.instantiate(module, { host: { pick, note } });
const choose = machine.export(instanceAddr, "choose")!;
const visits = machine.export(instanceAddr, "visits")!;

const chosen = machine.call(choose.addr, [1]);
const visited = machine.call(visits.addr);
console.log(`choose(1) ${chosen.kind}ed ${chosen.kind === "return" ? chosen.values : ""}`);
console.log(`visits: ${visited.kind === "return" ? visited.values : "none"}, instructions: ${machine.store.tick}`);
