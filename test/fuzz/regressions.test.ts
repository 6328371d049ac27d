/** What random modules have found, as the smallest module that shows it: "main" has the result, or traps. */
import { expect } from "chai";
import { describe, it } from "mocha";
import { Bench, checkedModule, WAYS } from "../support/machines.ts";
import { wat } from "../support/wat.ts";
import { compareModule } from "./differ.ts";

const FOUND: Readonly<Record<string, { readonly text: string; readonly result: number | "trap" }>> = {
  "generating a function with a try_table before an else": {
    text: `(module (tag $t (param i32))
      (func (export "main") (result i32) (local $i i32)
        (if (result i32) (i32.eqz (local.get $i))
          (then
            (block $caught (result i32)
              (try_table (catch $t $caught)
                (loop $again
                  (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 5))))
                (throw $t (local.get $i)))
              (i32.const 9)))
          (else (loop (br 0)) (i32.const 1)))))`,
    result: 5,
  },
  "recording natively a function that returns by a tail call": {
    text: `(module
      (func $other (param i32) (result i32) (i32.add (local.get 0) (i32.const 2)))
      (func (export "main") (result i32) (return_call $other (i32.const 5))))`,
    result: 7,
  },
  "stepping back from a trap at an address of 64 bits": {
    text: `(module (memory i64 1) (func (export "main") (result i32) (i32.load (i64.const 65533))))`,
    result: "trap",
  },
  "recording natively an atomic access that is out of bounds and not aligned": {
    text: `(module (memory 1 1) (func (export "main") (result i32) (i32.atomic.load (i32.const 65537))))`,
    result: "trap",
  },
};

describe("what random modules have found", () => {
  for (const [what, { text, result }] of Object.entries(FOUND)) {
    it(what, async () => {
      const module = checkedModule(await wat(text));
      for (const way of WAYS) {
        const outcome = new Bench(module, way).call("main");
        expect(outcome.kind === "return" ? outcome.values[0] : outcome.kind, way).to.equal(result);
      }
      for (let seed = 1; seed <= 3; seed++) expect((await compareModule(module.bytes, seed, false)).difference).to.equal(undefined);
    });
  }
});
