/**
 * One large module made ready in a process that does nothing else: `node load-process.js v8|rewasm FILE` prints the time in
 * milliseconds and the resident bytes afterwards as JSON. V8 only compiles; rewasm decodes, validates and instantiates.
 */
import { readFileSync } from "node:fs";
import { compileModule, ExternKind, Machine } from "rewasm/vm";
import { v8Engine } from "./v8.ts";

const [engine = "", path = ""] = process.argv.slice(2);
// As it was read: a copy would leave as much behind for the collector, which would take its turn while time is measured.
const bytes = readFileSync(path);
const startMs = performance.now();
let kept: unknown;
if (engine === "v8") kept = new v8Engine.Module(bytes);
else {
  const module = compileModule(bytes);
  const machine = new Machine();
  const imports: Record<string, Record<string, () => void>> = {};
  for (const { module: from, name, desc } of module.imports) {
    if (desc.kind !== ExternKind.Func) throw new Error(`${from}.${name} is not a function`);
    imports[from] ??= {};
    imports[from][name] = () => {};
  }
  machine.instantiate(module, imports);
  kept = machine;
}
const ms = performance.now() - startMs;
console.log(JSON.stringify({ ms, residentBytes: process.memoryUsage().rss, kept: typeof kept }));
