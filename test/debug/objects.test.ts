/** Inspection of references: what objects hold, to a depth, also where they refer to themselves. */
import { expect } from "chai";
import { describe, it } from "mocha";
import { Inspector } from "../../debug/inspect.ts";
import { Symbols } from "../../debug/symbols.ts";
import { Timeline } from "../../rr/timeline.ts";
import { assemble, recordProgram } from "./recordings.ts";

const PROGRAM = `(module
  (type $bytes (array (mut i8)))
  (type $node (struct (field (mut i32)) (field (mut (ref null $node))) (field (mut (ref null $bytes))) (field f64) (field anyref)))
  (tag $t (param i32 (ref $node)))
  (func (export "run") (local $n (ref null $node)) (local $e exnref) (local $x anyref)
    (local.set $n (struct.new $node (i32.const -7) (ref.null $node) (array.new_fixed $bytes 3 (i32.const 1) (i32.const 200) (i32.const 3))
      (f64.const 2.5) (ref.i31 (i32.const -4))))
    (struct.set $node 1 (local.get $n) (local.get $n))
    (local.set $x (array.new_default $bytes (i32.const 100)))
    (block $h (result i32 (ref $node) exnref)
      (try_table (catch_ref $t $h) (throw $t (i32.const 5) (ref.as_non_null (local.get $n))))
      (unreachable))
    (local.set $e) (drop) (drop)
    (nop)))`;

describe("inspection of objects", () => {
  it("shows fields, elements and what exceptions carry", async () => {
    const { storage, tickCount } = recordProgram(await assemble(PROGRAM), [{ name: "run" }]);
    const timeline = await Timeline.open(storage);
    await timeline.seekTick(tickCount - 1);
    const { store } = timeline;
    const [n, e, x] = new Inspector(store, new Symbols(store)).locals().map(({ text }) => text.replace(/@\d+/g, ""));
    const inner = "struct {-7, struct, array of 3, 2.5, i31 -4}";
    expect(n).to.equal(`struct {-7, ${inner}, array of 3 [1, -56 (0xffffffc8), 3], 2.5, i31 -4}`);
    expect(e).to.equal(`exception of tag 0 (5, ${inner})`);
    expect(x).to.equal("array of 100 [0, 0, 0, 0, 0, 0, 0, 0, …]");
  });
});
