/**
 * Instructions that run outside of the interpreter's loop and stay within their frame: finds who does one by the kind in its
 * operation. Operands are in their canonical slots, results replace them from the first on.
 */
import { runAccess, runVectorAccess } from "./access.ts";
import { runAtomic } from "./atomics.ts";
import { runBulk } from "./bulk.ts";
import { runGc } from "./gc.ts";
import { Bulk, FIRST_GC, LAST_GC } from "./ops.ts";
import type { Store } from "./store.ts";
import { Trap } from "./trap.ts";
import { runWide } from "./wide.ts";

/** Runs one; `at` is the word of the value stack where its operands begin, `a` and `b` are what the kind says. */
export function runOutside(store: Store, instanceAddr: number, kind: number, at: number, a: number, b: number): Trap {
  if (kind >= FIRST_GC && kind <= LAST_GC) return runGc(store, instanceAddr, kind, at, a, b);
  switch (kind & 0xff) {
    case Bulk.Access:
      return runAccess(store, kind >>> 8, at, a, b);
    case Bulk.VectorAccess:
      return runVectorAccess(store, kind >>> 8, at, a, b);
    case Bulk.Atomic:
      return runAtomic(store, kind >>> 8, at, a, b);
    case Bulk.Wide:
      runWide(store.i64, kind >>> 8, at >>> 1);
      return Trap.None;
    default:
      return runBulk(store, instanceAddr, kind, at, a, b);
  }
}
