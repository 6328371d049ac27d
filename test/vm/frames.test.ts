/**
 * Frames in their canonical form: places as module offsets, live slots by type, dead bytes zero; the same from fast and
 * exact code, and enough to go on from.
 */
import { expect } from "chai";
import { before, describe, it } from "mocha";
import { Mode } from "../../vm/code.ts";
import { runUntil, setBreakpoints, settle, watchFrame } from "../../vm/execute.ts";
import { exportFrames, frameOffset, frameTypes, importFrames, switchMode } from "../../vm/frames.ts";
import { InstrReader } from "../../vm/instr.ts";
import { Frame, FrameFlag, Status } from "../../vm/store.ts";
import { Trap } from "../../vm/trap.ts";
import { type Module, ValType } from "../../vm/types.ts";
import { Bench, checkedModule, type WAYS } from "../support/machines.ts";
import { mulberry32 } from "../support/random.ts";
import { wat } from "../support/wat.ts";

/** Calls with operands waiting below them, in all types, directly, through a table and through the host. */
const TEXT = `(module
  (import "host" "back" (func $back (param i32) (result i32)))
  (memory 1 8) (table 1 funcref) (elem (i32.const 0) $leaf)
  (func $leaf (export "leaf") (param $x i32) (result i32) (local $y f64)
    (local.set $y (f64.convert_i32_s (local.get $x)))
    (loop $again
      (br_if $again (i32.gt_s (local.tee $x (i32.sub (local.get $x) (i32.const 1))) (i32.const 0))))
    (i32.trunc_sat_f64_s (f64.mul (local.get $y) (f64.const 2))))
  (func $several (param i64) (result i64 f32) (local.get 0) (f32.convert_i64_s (local.get 0)))
  (func (export "main") (param $n i32) (result i64) (local $sum i64) (local $f f32)
    (loop $again
      (i64.const 1000)
      (f32.const 0.5)
      (i64.extend_i32_s (call $leaf (local.get $n)))
      (i64.add (i64.extend_i32_s (call_indirect (param i32) (result i32) (i32.and (local.get $n) (i32.const 7)) (i32.const 0))))
      (i64.add (i64.extend_i32_u (call $back (i32.const 3))))
      (call $several)
      (drop)
      (drop)
      (drop)
      (drop)
      (local.set $sum (i64.add (local.get $sum) (i64.extend_i32_s (memory.grow (i32.eqz (i32.and (local.get $n) (i32.const 15)))))))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum)))`;

describe("frames", () => {
  let module: Module;
  before(async () => {
    module = checkedModule(await wat(TEXT));
  });

  /** A host that calls back into the instance. */
  function benchOf(way: (typeof WAYS)[number] = "fast"): Bench {
    const bench: Bench = new Bench(module, way, {
      host: {
        back: ({ machine, slot }) => {
          const { store } = machine;
          const result = machine.call(bench.addr("leaf"), [store.i32[slot * 2]!]);
          if (result.kind !== "return") throw new Error("trap");
          store.i32[slot * 2] = Number(result.values[0]);
        },
      },
    });
    return bench;
  }

  /** Stops inside at a tick, with whatever frames there are. */
  function stopped(way: (typeof WAYS)[number], tick: number): Bench {
    const bench = benchOf(way).begin("main", 40);
    bench.runTo(tick);
    return bench;
  }

  it("are the same from fast and from exact code, at every tick of a stretch", () => {
    const exact = benchOf("exact").begin("main", 40);
    for (let tick = 0; tick < 200; tick++) {
      exact.runTo(tick);
      expect(exportFrames(stopped("fast", tick).store), `tick ${tick}`).to.deep.equal(exportFrames(exact.store));
    }
  });

  it("stand at instructions, and waiting ones at their calls", () => {
    const starts = new Set<number>();
    const calls = new Set<number>();
    for (const body of module.funcs) {
      const reader = new InstrReader(module.bytes, body.codeStart, body.end);
      while (reader.next()) {
        starts.add(reader.wasmOffset);
        if (/^call|grow/.test(reader.row.mnemonic)) calls.add(reader.wasmOffset);
      }
    }
    let deepest = 0;
    const bench = benchOf().begin("main", 40);
    const { store } = bench;
    for (let tick = 1; tick < 300; tick++) {
      bench.runTo(tick);
      deepest = Math.max(deepest, store.depth);
      for (let index = 0; index < store.depth; index++) {
        const offset = frameOffset(store, index);
        const top = index === store.depth - 1;
        if (offset >= 0) expect(starts.has(offset), `tick ${tick}, frame ${index} at ${offset}`).to.equal(true);
        if (!top && offset >= 0) expect(calls.has(offset), `tick ${tick}, frame ${index} at ${offset}`).to.equal(true);
      }
    }
    expect(deepest).to.equal(2);
  });

  it("have the types of their locals and of the operands that wait below a call", () => {
    // In leaf, called for the first time: below it wait an i64 and an f32.
    const { store } = stopped("fast", 5);
    expect(store.depth).to.equal(2);
    expect(frameTypes(store, 0)).to.deep.equal({
      locals: [ValType.I32, ValType.I64, ValType.F32],
      operands: [ValType.I64, ValType.F32],
    });
    const [main, leaf] = exportFrames(store);
    expect(Array.from(main!.slots)).to.deep.equal([40, 0, 0, 0, 0, 0, 1000, 0, 0x3f000000, 0]);
    expect(leaf!.fp).to.equal(main!.fp + 5);
    expect(main!.flags).to.equal(FrameFlag.Entry);
  });

  it("have dead bytes zero, whatever is in the stack", () => {
    const { store } = stopped("fast", 5);
    const clean = exportFrames(store);
    // The high halves of 32-bit slots, and everything above the frames.
    for (const slot of [0, 2, 4]) store.i32[slot * 2 + 1] = -1;
    store.i32.fill(-1, 2000);
    expect(exportFrames(store)).to.deep.equal(clean);
  });

  it("go on from what was exported, in either mode", () => {
    const random = mulberry32(3);
    const whole = benchOf().call("main", 40);
    for (let i = 0; i < 60; i++) {
      const tick = Math.floor(random() * 6000);
      const bench = stopped("fast", tick);
      const { store } = bench;
      if (store.status !== Status.Running) continue;
      const frames = exportFrames(store);
      store.i32.fill(0x55555555);
      importFrames(store, frames);
      settle(store);
      expect(exportFrames(store), `tick ${tick}`).to.deep.equal(frames);
      switchMode(store, i % 2 === 0 ? Mode.Exact : Mode.Fast);
      switchMode(store, i % 3 === 0 ? Mode.Fast : Mode.Exact);
      // Frames that the host has entered end one after the other.
      expect(bench.runTo(Number.MAX_SAFE_INTEGER), `from tick ${tick}`).to.deep.equal(whole);
    }
  });

  it("do not show watches and breakpoints", () => {
    const { store } = stopped("fast", 5);
    const clean = exportFrames(store);
    watchFrame(store, 1);
    setBreakpoints(store, store.frameWord(1, Frame.Func), { entry: true, wasmOffsets: new Set([clean[1]!.wasmOffset]) });
    expect(exportFrames(store)).to.deep.equal(clean);
  });

  it("of a host function have its parameters, and of a trap no operands", () => {
    const seen: unknown[] = [];
    const bench: Bench = new Bench(module, "fast", {
      host: {
        back: ({ machine: { store } }) => {
          seen.push(frameTypes(store, store.depth - 1), frameOffset(store, store.depth - 1));
          throw new Error("enough");
        },
      },
    });
    bench.machine.onTrap = () => {
      seen.push(bench.store.trap, frameTypes(bench.store, 1).operands, frameTypes(bench.store, 0).operands.length);
    };
    expect(bench.call("main", 2).kind).to.equal("trap");
    expect(seen).to.deep.equal([{ locals: [ValType.I32], operands: [] }, -1, Trap.HostThrow, [], 3]);
  });

  it("of a stopped run are settled: nothing without a tick is left to do", () => {
    const { store } = stopped("fast", 100);
    const frames = exportFrames(store);
    runUntil(store, store.tick);
    expect(exportFrames(store)).to.deep.equal(frames);
    expect(store.tick).to.equal(100);
  });
});
