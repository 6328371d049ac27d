/** Tail calls: frames are replaced, in every way to run; host functions, tables, other instances and traps behind them. */
import { expect } from "chai";
import { describe, it } from "mocha";
import { describeCallResult, Machine } from "../../vm/machine.ts";
import { Trap } from "../../vm/trap.ts";
import { assemble, type Hosts } from "../debug/recordings.ts";
import { runInAllWays } from "../support/all-ways.ts";
import { Bench, inEveryWay, WAYS } from "../support/machines.ts";

const STATES = `(module
  (import "host" "ask" (func $ask (param i32) (result i32)))
  (type $state (func (param i32 i64) (result i64)))
  (table $t funcref (elem $even $odd $wide $asking))
  (memory 1)
  (func $even (type $state)
    (if (i32.eqz (local.get 0)) (then (return (local.get 1))))
    (return_call_indirect (type $state) (i32.sub (local.get 0) (i32.const 1)) (i64.add (local.get 1) (i64.const 3))
      (i32.and (local.get 0) (i32.const 3))))
  (func $odd (type $state) (local f64 f64 f64)
    (local.set 2 (f64.const 1.5))
    (i64.store (i32.and (local.get 0) (i32.const 0xfff8)) (local.get 1))
    (return_call $even (local.get 0) (i64.xor (local.get 1) (i64.const 0x55aa))))
  (func $wide (type $state) (local i64 i64 i64 i64 i64 i64 i64 i64)
    (return_call $odd (local.get 0) (i64.add (local.get 1) (local.get 9))))
  (func $asking (type $state)
    (return_call $even (local.get 0) (i64.extend_i32_s (call $tailAsk (local.get 0)))))
  (func $tailAsk (param i32) (result i32)
    (block (result i32) (i32.const 7) (return_call $ask (i32.add (local.get 0) (i32.const 1)))))
  (func (export "run") (param i32) (result i64)
    (return_call $even (local.get 0) (i64.const 1)))
  (func (export "direct") (param i32) (result i32) (return_call $ask (local.get 0)))
  (func $null (export "null") (return_call_indirect $t (i32.const 9)))
  (func $type (export "type") (return_call_indirect $t (i32.const 0)))
)`;

const hosts: Hosts = {
  ask: () => (call) => {
    call.machine.store.i32[call.slot * 2]! *= 3;
  },
};

describe("tail calls", () => {
  it("run in constant space, and the same in all ways", async () => {
    const result = await runInAllWays({ module: await assemble(STATES), name: "run", args: [9000], hosts, seed: 41 });
    expect(result.kind).to.equal("return");
  });

  it("to host functions keep the caller's frame while the host runs", async () => {
    const module = await assemble(STATES);
    for (const way of WAYS) {
      const callers: number[] = [];
      const depths: number[] = [];
      const bench: Bench = new Bench(module, way, {
        host: {
          ask: ({ machine, slot, callerInstance }) => {
            callers.push(callerInstance);
            depths.push(machine.store.depth);
            machine.store.i32[slot * 2]! += 1;
          },
        },
      });
      expect(describeCallResult(bench.call("direct", 4))).to.equal("returned 5");
      expect(callers).to.deep.equal([bench.instanceAddr]);
      expect(depths).to.deep.equal([2]);
    }
  });

  it("trap at their own offset", async () => {
    const module = await assemble(STATES);
    for (const [name, trap] of [
      ["null", Trap.UndefinedElement],
      ["type", Trap.IndirectCallTypeMismatch],
    ] as const) {
      const end = inEveryWay((way) => {
        const bench = new Bench(module, way, { host: { ask: () => {} } });
        let offset = -1;
        bench.machine.onTrap = () => {
          offset = bench.store.trapOffset;
        };
        const result = bench.call(name);
        expect(result).to.deep.equal({ kind: "trap", trap });
        return { offset, tick: bench.store.tick, hash: bench.hash() };
      });
      expect(module.bytes[end.offset]).to.equal(0x13);
    }
  });

  it("go to other instances and come back to the right memory", async () => {
    const callee = await assemble(`(module (import "a" "back" (func $back (param i32) (result i32))) (memory 1) (data (i32.const 0) "B")
      (func (export "there") (param i32) (result i32)
        (if (result i32) (local.get 0) (then (return_call $back (i32.load8_u (i32.const 0)))) (else (i32.load8_u (i32.const 0))))))`);
    const caller = await assemble(`(module (import "b" "there" (func $there (param i32) (result i32))) (memory 1) (data (i32.const 0) "A")
      (func (export "go") (param i32) (result i32) (return_call $there (local.get 0)))
      (func (export "around") (param i32) (result i32)
        (i32.or (i32.shl (call $there (local.get 0)) (i32.const 8)) (i32.load8_u (i32.const 0)))))`);
    const back = await assemble(`(module (memory 1) (data (i32.const 0) "C")
      (func (export "back") (param i32) (result i32)
        (i32.or (i32.shl (local.get 0) (i32.const 8)) (i32.load8_u (i32.const 0)))))`);
    for (const way of WAYS) {
      const machine = new Machine();
      machine.store.exactOnly = way === "exact";
      const a = machine.instantiate(back);
      const b = machine.instantiate(callee, { a: { back: machine.export(a.instanceAddr, "back")! } });
      const c = machine.instantiate(caller, { b: { there: machine.export(b.instanceAddr, "there")! } });
      const call = (name: string, arg: number) => machine.call(machine.export(c.instanceAddr, name)!.addr, [arg]);
      expect(call("go", 0)).to.deep.equal({ kind: "return", values: [0x42] });
      expect(call("go", 1)).to.deep.equal({ kind: "return", values: [0x4243] });
      expect(call("around", 0)).to.deep.equal({ kind: "return", values: [0x4241] });
      expect(call("around", 1)).to.deep.equal({ kind: "return", values: [0x424341] });
    }
  });
});
