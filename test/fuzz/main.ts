/**
 * `npm run fuzz -- [--seed N] [--count M] [--features native|later|mixed] [--save FOLDER]`: M random modules from seed N on, in V8 and in every way of this
 * machine; each difference printed with its seed, counts on the last line. Exit code 1 when there was a difference.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { FuzzGenerator } from "./generator.ts";
import { FEATURES, fuzz } from "./plan.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    count: { type: "string", default: "100" },
    features: { type: "string", default: "mixed" },
    save: { type: "string" },
    verbose: { type: "boolean", default: false },
  },
});

async function main(): Promise<number> {
  const [first, count] = [Number(values.seed), Number(values.count)];
  const features = FEATURES.find((name) => name === values.features);
  if (!Number.isSafeInteger(first) || !Number.isSafeInteger(count) || first < 0 || count < 1 || features === undefined) {
    console.error("usage: npm run fuzz -- [--seed N] [--count M] [--features native|later|mixed] [--save FOLDER] [--verbose]");
    return 2;
  }
  const generator = new FuzzGenerator();
  const left = new Map<string, number>();
  let [inV8, natively, differences, calls] = [0, 0, 0, 0];
  const startMs = performance.now();
  for (let seed = first; seed < first + count; seed++) {
    const { bytes, flags, verdict } = await fuzz(generator, seed, features);
    calls += verdict.calls;
    if (verdict.inV8) inV8++;
    if (verdict.natively) natively++;
    if (verdict.left !== undefined) left.set(verdict.left, (left.get(verdict.left) ?? 0) + 1);
    if (values.verbose)
      console.log(
        `seed ${seed}: ${bytes.length} bytes, ${verdict.calls} calls, ${verdict.left ?? (verdict.inV8 ? "as V8" : verdict.natively ? "as rewritten on V8" : "alone")}`,
      );
    if (verdict.difference === undefined) continue;
    differences++;
    console.log(`seed ${seed} (${flags.join(" ")}): ${verdict.difference}`);
    if (values.save !== undefined) {
      mkdirSync(values.save, { recursive: true });
      writeFileSync(join(values.save, `${seed}.wasm`), bytes);
    }
  }
  for (const [reason, times] of [...left].sort((a, b) => b[1] - a[1])) console.log(`${String(times).padStart(7)} left: ${reason}`);
  const seconds = ((performance.now() - startMs) / 1000).toFixed(0);
  console.log(
    `${count} modules in ${seconds} s: ${inV8} compared with V8, ${natively} recorded on V8, ${calls} calls, ${differences} differences`,
  );
  return differences > 0 ? 1 : 0;
}

process.exitCode = await main();
