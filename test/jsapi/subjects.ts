/**
 * The same cases on several namespaces: the engine's own proves the cases right, ours has to pass them with generated
 * wrappers and with plain ones. A case that the engine of today fails says why, and has to fail there.
 */
import { expect } from "chai";
import { describe, it } from "mocha";
import { createWebAssembly, type WebAssemblyNamespace } from "../../jsapi/namespace.ts";
import { NativeMachine } from "../../native/machine.ts";
import { Replayer } from "../../rr/replayer.ts";
import { MemorySink, MemoryStorage } from "../../rr/storage.ts";
import { RewasmError } from "../../vm/errors.ts";

export interface Subject {
  readonly name: string;
  readonly isEngine: boolean;
  make(): WebAssemblyNamespace;
}

/** A small stack: cases make hundreds of namespaces. */
const stackBytes = 1 << 18;

export const engine = (globalThis as unknown as { WebAssembly: WebAssemblyNamespace }).WebAssembly;

export const SUBJECTS: readonly Subject[] = [
  { name: "the engine's namespace", isEngine: true, make: () => engine },
  { name: "ours", isEngine: false, make: () => createWebAssembly({ stackBytes }) },
  { name: "ours without generated code", isEngine: false, make: () => createWebAssembly({ stackBytes, generateCode: false }) },
];

/** Notes on what the engine fails are exact for this version, the oldest that is supported. */
const NODE_MAJOR = Number(process.versions.node.split(".")[0]);

/** What `[EnforceRange] unsigned long` refuses with a TypeError. */
export const NO_UINT32: readonly unknown[] = [
  -1,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  2 ** 32,
  2 ** 53,
  "word",
  {},
  1n,
  Symbol.iterator,
];

export interface Case {
  readonly name: string;
  run(wasm: WebAssemblyNamespace): void | Promise<void>;
  /** Why the engine of today (Node 20) fails the case. */
  readonly engineDiffers?: string;
}

/** Runs all cases on all subjects. */
export function runCases(title: string, cases: readonly Case[]): void {
  describe(title, () => {
    for (const subject of SUBJECTS) {
      describe(`on ${subject.name}`, () => {
        for (const each of cases) {
          const known = subject.isEngine ? each.engineDiffers : undefined;
          it(known === undefined ? each.name : `${each.name} (fails as known: ${known})`, async () => {
            if (known === undefined) return each.run(subject.make());
            const failure = await failureOf(() => each.run(subject.make()));
            // Later engines may have caught up.
            if (NODE_MAJOR === 20) expect(failure, "the engine passes: remove the note").to.not.equal(undefined);
          });
        }
      });
    }
  });
}

/** Runs all cases with the engine's own machine behind our namespace; what they have recorded has to replay in ours. */
export function runCasesNatively(title: string, cases: readonly Case[]): void {
  describe(`${title}, natively`, () => {
    for (const each of cases) {
      it(each.name, async function () {
        const sink = new MemorySink();
        const machine = new NativeMachine({ sink });
        const failure = await failureOf(() => each.run(createWebAssembly({ machine })));
        if (failure instanceof RewasmError && failure.code === "native-unsupported" && NODE_MAJOR < 26) {
          console.log(`SKIPPED: ${each.name}: ${failure.message}`);
          this.skip();
        }
        if (failure !== undefined) throw failure;
        machine.finish();
        const replayer = await Replayer.open(new MemoryStorage(sink.bytes()));
        await replayer.runTo();
        expect(replayer.eventNumber).to.equal(machine.recorder.eventCount);
      });
    }
  });
}

async function failureOf(run: () => void | Promise<void>): Promise<unknown> {
  try {
    await run();
    return undefined;
  } catch (error) {
    return error ?? new Error("threw nothing");
  }
}

/** What a function throws; fails when it returns. */
export function thrownBy(run: () => unknown): unknown {
  let returned: unknown;
  try {
    returned = run();
  } catch (error) {
    return error;
  }
  throw new Error(`nothing was thrown, it returned ${String(returned)}`);
}

/** What a promise is rejected with; fails when it is fulfilled. */
export async function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("the promise was fulfilled");
}

/** Fails unless `run` throws an error whose class is exactly this one. */
export function throwsExactly(run: () => unknown, errorClass: abstract new (...args: never[]) => object): void {
  const thrown = thrownBy(run);
  expect((thrown as object).constructor, String(thrown)).to.equal(errorClass);
}

// biome-ignore lint/suspicious/noExplicitAny: cases call exports with arguments that no type admits
export type Loose = any;
