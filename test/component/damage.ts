/**
 * Loads damaged components, in a process of its own: once jco's generator has failed inside, it fails for every component
 * that comes later. Prints, as JSON, the refusals: each with its message, its exit code and whether it is an error of ours.
 */
import { loadComponentGuest } from "../../cli/component-guest.ts";
import { exitCodeOf } from "../../cli/errors.ts";
import { RewasmError } from "../../vm/errors.ts";
import { mulberry32 } from "../support/random.ts";
import { componentBytes } from "./subjects.ts";

export interface Refusal {
  readonly damage: number;
  readonly message: string;
  readonly exitCode: number;
  readonly ours: boolean;
}

const random = mulberry32(0x5eed);
const whole = componentBytes("composed");
const refusals: Refusal[] = [];
for (let damage = 0; damage < 60; damage++) {
  const bytes = whole.slice(0, damage % 2 === 0 ? whole.length : Math.floor(random() * whole.length));
  for (let flips = 1 + (damage % 3); flips > 0; flips--)
    bytes[8 + Math.floor(random() * (bytes.length - 8))]! ^= 1 << Math.floor(random() * 8);
  try {
    await loadComponentGuest("subject.wasm", bytes, [], {});
  } catch (error) {
    const { message } = error as Error;
    refusals.push({ damage, message, exitCode: exitCodeOf(error), ours: error instanceof RewasmError });
  }
}
console.log(JSON.stringify(refusals));
// The host of components has a thread, which would keep the process.
process.exit();
