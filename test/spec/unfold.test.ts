import { expect } from "chai";
import { describe, it } from "mocha";
import { wat } from "../support/wat.ts";
import { unfoldTries } from "./unfold.ts";

describe("unfolding of old exception blocks", () => {
  it("gives the module that the flat form means", async () => {
    const folded = `(module (tag $e (param i32)) (tag $f)
      (func $g (export "g") (param $x i32) (result i32) (local i64)
        (i32.add (i32.const 1)
          (try $t (result i32)
            (do (if (result i32) (i32.eqz (local.get $x)) (then (throw $e (local.get $x))) (else (i32.const 5))))
            (catch $e (i32.mul (i32.const 2)))
            (catch $f (rethrow $t))
            (catch_all (call_indirect (result i32) (i32.const 0))))))
      (func (block $b (try (do (try (do (call $h)) (delegate $b))) (catch_all (loop (br 1))))))
      (func $h) (table 1 funcref))`;
    const flat = `(module (tag $e (param i32)) (tag $f)
      (func $g (export "g") (param $x i32) (result i32) (local i64)
        i32.const 1
        try $t (result i32)
          local.get $x i32.eqz
          if (result i32) local.get $x throw $e else i32.const 5 end
        catch $e i32.const 2 i32.mul
        catch $f rethrow $t
        catch_all i32.const 0 call_indirect (result i32)
        end
        i32.add)
      (func block $b try try call $h delegate $b catch_all loop br 1 end end end)
      (func $h) (table 1 funcref))`;
    expect(await wat(unfoldTries(folded))).to.deep.equal(await wat(flat));
  });

  it("leaves everything else as it is", () => {
    for (const text of ["(module (func (try_table (drop (i32.const 1)))))", "(module (func (try", "(func (try (do)))"]) {
      expect(unfoldTries(text)).to.equal(text);
    }
  });
});
