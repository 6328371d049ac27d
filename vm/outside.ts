/**
 * Instructions that run outside of the interpreter's loop and stay within their frame: finds who does one by the kind in its
 * operation. Operands are in their canonical slots, results replace them from the first on.
 */
import { runAccess, runVectorAccess } from "./access.ts";
import { runBulk } from "./bulk.ts";
import { Bulk } from "./ops.ts";
import type { Store } from "./store.ts";
import type { Trap } from "./trap.ts";

/** Runs one; `at` is the word of the value stack where its operands begin, `a` and `b` are what the kind says. */
export function runOutside(store: Store, instanceAddr: number, kind: number, at: number, a: number, b: number): Trap {
  switch (kind & 0xff) {
    case Bulk.Access:
      return runAccess(store, kind >>> 8, at, a, b);
    case Bulk.VectorAccess:
      return runVectorAccess(store, kind >>> 8, at, a, b);
    default:
      return runBulk(store, instanceAddr, kind, at, a, b);
  }
}
