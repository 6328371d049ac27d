/**
 * Running to a tick: whichever way the machine gets to a moment — fast code, exact code, pieces of random length, through a
 * stored frame in the middle — its state there is the same; and a trap is at the same instruction with the same state.
 */
import { expect } from "chai";
import { before, describe, it } from "mocha";
import { KERNELS, VECTOR_KERNELS } from "../../bench/kernels.ts";
import { v8Engine } from "../../bench/v8.ts";
import { SnapshotTaker, storeFromSnapshot } from "../../snapshot/capture.ts";
import { stateHash } from "../../snapshot/hash.ts";
import { takeTrap } from "../../vm/boundary.ts";
import { Mode } from "../../vm/code.ts";
import { runUntil, Stop, setBreakpoints, unwatchFrames, watchFrame } from "../../vm/execute.ts";
import { codeOfPc } from "../../vm/frames.ts";
import { InstrReader } from "../../vm/instr.ts";
import { FRAME_WORDS, Frame, Status, type Store } from "../../vm/store.ts";
import { Trap } from "../../vm/trap.ts";
import type { Module } from "../../vm/types.ts";
import { kernelBytes } from "../support/guests.ts";
import { Bench, checkedModule, inEveryWay, WAYS, type Way } from "../support/machines.ts";
import { mulberry32 } from "../support/random.ts";
import { wat } from "../support/wat.ts";

/** Ticks that a kernel is followed for: fast and exact code, several stays in the loop. */
const FOLLOWED_TICKS = 700_000;

async function moduleOf(text: string): Promise<Module> {
  return checkedModule(await wat(text));
}

/** Ascending random ticks up to `most`: a third of them early, where a tick is in the first pieces of code. */
function randomTicks(random: () => number, count: number, most: number): number[] {
  return Array.from({ length: count }, (_, i) => Math.floor(random() * (i % 3 === 0 ? Math.min(most, 3000) : most))).sort((a, b) => a - b);
}

for (const [number, { name, checkWork }] of [...KERNELS, ...VECTOR_KERNELS].entries()) {
  describe(`running ${name} to a tick`, () => {
    const module = checkedModule(kernelBytes(name));
    const begin = (way: Way): Bench => new Bench(module, way).begin("run", checkWork);
    const random = mulberry32(1000 + number);
    let ticks: number[] = [];
    const hashes: string[] = [];

    before(() => {
      const whole = new Bench(module);
      // A start function may have run before.
      const firstTick = whole.store.tick;
      whole.call("run", checkWork);
      const most = Math.min(FOLLOWED_TICKS, whole.store.tick - firstTick - 1);
      ticks = randomTicks(random, 6, most).map((tick) => firstTick + tick);
      const exact = begin("exact");
      for (const tick of ticks) {
        exact.runTo(tick);
        hashes.push(exact.hash());
      }
    });

    for (const way of ["fast", "generated"] as const)
      it(`gives the state of exact code by ${way} code, at once and in pieces`, () => {
        const pieces = begin(way);
        for (const [i, tick] of ticks.entries()) {
          const direct = begin(way);
          direct.runTo(tick);
          expect(direct.hash(), `at once to tick ${tick}`).to.equal(hashes[i]);
          while (pieces.store.tick < tick && pieces.store.status === Status.Running) {
            const length = [1, 7, 100, 5000, 9000, 300_000][Math.floor(random() * 6)]!;
            pieces.runTo(Math.min(tick, pieces.store.tick + 1 + Math.floor(random() * length)));
          }
          expect(pieces.hash(), `in pieces to tick ${tick}`).to.equal(hashes[i]);
        }
      });

    it("goes on from frames that were stored in the middle", () => {
      const first = begin("fast");
      first.runTo(ticks[1]!);
      let store = first.store;
      for (const [i, tick] of ticks.entries()) {
        if (i < 2) continue;
        // Another store, with code of its own, each time.
        store = storeFromSnapshot(new SnapshotTaker(store).capture(0), [module]);
        if (store.status === Status.Running) runUntil(store, tick);
        expect(hashOf(store), `from tick ${ticks[i - 1]} to ${tick}`).to.equal(hashes[i]);
      }
    });

    for (const way of ["fast", "generated"] as const)
      it(`is not changed by breakpoints and frame watches in ${way} code`, () => {
        const watched = begin(way);
        const { store } = watched;
        for (const [i, tick] of ticks.entries()) {
          // Somewhere in a function that runs, or in any other.
          const wanted = i % 2 === 0 ? store.frameWord(store.depth - 1, Frame.Func) : Math.floor(random() * store.funcs.length);
          const funcAddr = store.funcs[wanted]!.kind === "wasm" ? wanted : store.frameWord(store.depth - 1, Frame.Func);
          setBreakpoints(store, funcAddr, { entry: random() < 0.5, wasmOffsets: new Set([someOffset(store, funcAddr, random)]) });
          watchFrame(store, Math.floor(random() * store.depth));
          let stops = 0;
          while (store.status === Status.Running && runUntil(store, tick) !== Stop.Limit) {
            // Not at each of thousands: then they are taken away in the middle.
            if (++stops > 20) {
              setBreakpoints(store, funcAddr, undefined);
              unwatchFrames(store);
            }
          }
          if (store.status === Status.Running) expect(store.tick).to.equal(tick);
          expect(watched.hash(), `tick ${tick}, ${stops} stops`).to.equal(hashes[i]);
          unwatchFrames(store);
          if (random() < 0.5) setBreakpoints(store, funcAddr, undefined);
        }
      });
  });
}

function hashOf(store: Store): string {
  return stateHash(new SnapshotTaker(store).capture(0));
}

/** The offset of any instruction of a function. */
function someOffset(store: Store, funcAddr: number, random: () => number): number {
  const func = store.funcs[funcAddr]!;
  if (func.kind !== "wasm") throw new Error("not a wasm function");
  const { module } = store.instances[func.instanceAddr]!;
  const body = module.funcs[func.funcIndex - module.importedFuncCount]!;
  const reader = new InstrReader(module.bytes, body.codeStart, body.end);
  const offsets: number[] = [];
  while (reader.next()) offsets.push(reader.wasmOffset);
  return offsets[Math.floor(random() * offsets.length)]!;
}

/** Where and how a call ended: all that must not depend on the code that ran. */
interface End {
  readonly kind: string;
  readonly trap: Trap;
  readonly tick: number;
  readonly offset: number;
  readonly depth: number;
  readonly hash: string;
}

function endOf(bench: Bench, name: string, args: readonly (number | bigint)[]): End {
  const { machine, store } = bench;
  let trapped: End | undefined;
  machine.onTrap = () => {
    const { trap, tick, trapOffset: offset, depth } = store;
    trapped = { kind: "trap", trap, tick, offset, depth, hash: bench.hash() };
  };
  const result = machine.call(bench.addr(name), args);
  return trapped ?? { kind: result.kind, trap: Trap.None, tick: store.tick, offset: -1, depth: store.depth, hash: bench.hash() };
}

/** All ways, and pieces of single steps at the end, must meet the same end; answers it. */
function sameEnd(module: Module, name: string, args: readonly (number | bigint)[], stackBytes = 1 << 15): End {
  const options = { stackBytes };
  const exact = inEveryWay((way) => endOf(new Bench(module, way, {}, options), name, args), `${name}(${args})`);
  const stepped = new Bench(module, "fast", {}, options).begin(name, ...args);
  const { store } = stepped;
  if (store.status === Status.Running) runUntil(store, Math.max(0, exact.tick - 30));
  while (store.status === Status.Running) runUntil(store, store.tick + 1);
  if (exact.kind === "trap") {
    expect([store.trap, store.tick, store.trapOffset, stepped.hash()], `${name}(${args}) by steps`).to.deep.equal([
      exact.trap,
      exact.tick,
      exact.offset,
      exact.hash,
    ]);
    takeTrap(store);
    expect(store.status).to.equal(Status.Idle);
  }
  return exact;
}

describe("traps in fast and exact code", () => {
  let module: Module;
  before(async () => {
    module = await moduleOf(`(module
      (memory 1 3) (table 4 funcref) (global $g (mut i32) (i32.const 0))
      (type $unary (func (param i32) (result i32)))
      (elem (i32.const 0) $plus $nothing)
      (func $plus (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
      (func $nothing)
      (func (export "unreachable") (param $n i32) (local $i i32)
        (loop $again
          (global.set $g (i32.add (global.get $g) (i32.const 3)))
          (if (i32.eq (local.get $i) (local.get $n)) (then unreachable))
          (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 20000)))))
      (func (export "divide") (param i32 i32) (result i32)
        (i32.add (i32.mul (local.get 0) (i32.const 3)) (i32.div_s (local.get 0) (local.get 1))))
      (func (export "divide64") (param i64 i64) (result i64)
        (i64.add (i64.rem_u (local.get 0) (local.get 1)) (i64.div_s (local.get 0) (local.get 1))))
      (func (export "divideByZero") (param i32) (result i32)
        (i32.store (i32.const 8) (local.get 0)) (i32.rem_u (local.get 0) (i32.const 0)))
      (func (export "truncate") (param f64) (result i32)
        (i32.xor (i32.trunc_f64_u (local.get 0)) (i32.trunc_f64_s (local.get 0))))
      (func (export "indirect") (param $at i32) (result i32)
        (local $i i32)
        (loop $again
          (drop (call_indirect (type $unary) (local.get $i) (i32.const 0)))
          (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 300))))
        (i32.mul (i32.const 7) (call_indirect (type $unary) (local.get $i) (local.get $at))))
      (func $deep (export "deep") (param i32) (result i32)
        (i32.store (i32.and (local.get 0) (i32.const 0xfff0)) (local.get 0))
        (i32.add (call $deep (i32.add (local.get 0) (i32.const 1))) (i32.const 1)))
      (func $wide (export "wide") (param i64) (result i64) (local i64 i64 i64 f64)
        (local.set 1 (i64.mul (local.get 0) (i64.const 3)))
        (i64.add (i64.add (local.get 1) (local.get 0)) (call_indirect (param i64) (result i64) (local.get 1) (i32.const 3))))
      (elem (i32.const 3) $wide)
      (func (export "fill") (param i32 i32) (memory.fill (local.get 0) (i32.const 1) (local.get 1)))
      (func (export "copy") (param i32 i32 i32) (memory.copy (local.get 0) (local.get 1) (local.get 2)))
      (func (export "table") (param i32) (table.set (local.get 0) (table.get (i32.add (local.get 0) (i32.const 1)))))
    )`);
  });

  const cases: readonly (readonly [name: string, args: readonly (number | bigint)[], trap: Trap])[] = [
    ["unreachable", [0], Trap.Unreachable],
    ["unreachable", [5000], Trap.Unreachable],
    ["unreachable", [19_999], Trap.Unreachable],
    ["unreachable", [20_000], Trap.None],
    ["divide", [1, 0], Trap.IntegerDivideByZero],
    ["divide", [-0x80000000, -1], Trap.IntegerOverflow],
    ["divide", [7, 2], Trap.None],
    ["divide64", [1n, 0n], Trap.IntegerDivideByZero],
    ["divide64", [-(2n ** 63n), -1n], Trap.IntegerOverflow],
    ["divideByZero", [3], Trap.IntegerDivideByZero],
    ["truncate", [Number.NaN], Trap.InvalidConversionToInteger],
    ["truncate", [3e9], Trap.IntegerOverflow],
    ["truncate", [-1], Trap.IntegerOverflow],
    ["truncate", [-0.5], Trap.None],
    ["indirect", [0], Trap.None],
    ["indirect", [1], Trap.IndirectCallTypeMismatch],
    ["indirect", [2], Trap.UninitializedElement],
    ["indirect", [4], Trap.UndefinedElement],
    ["indirect", [-1], Trap.UndefinedElement],
    ["deep", [0], Trap.CallStackExhausted],
    ["wide", [1n], Trap.CallStackExhausted],
    ["fill", [65_530, 7], Trap.MemoryOutOfBounds],
    ["fill", [65_536, 0], Trap.None],
    ["copy", [0, 65_535, 2], Trap.MemoryOutOfBounds],
    ["copy", [-1, 0, 1], Trap.MemoryOutOfBounds],
    ["table", [3], Trap.TableOutOfBounds],
    ["table", [-1], Trap.TableOutOfBounds],
  ];
  for (const [name, args, trap] of cases) {
    it(`${name}(${args.join(", ")}) ends in the same way`, () => {
      const end = sameEnd(module, name, args);
      expect(end.trap).to.equal(trap);
      if (trap !== Trap.None) expect(end.offset).to.be.greaterThan(0);
    });
  }

  it("exhaust every size of stack at the same call", () => {
    const random = mulberry32(5);
    for (let i = 0; i < 12; i++) {
      const stackBytes = 256 + 8 * Math.floor(random() * 2000);
      const end = sameEnd(module, i % 2 === 0 ? "deep" : "wide", i % 2 === 0 ? [0] : [1n], stackBytes);
      expect(end.trap, `${stackBytes} bytes`).to.equal(Trap.CallStackExhausted);
    }
  });
});

describe("memory accesses at the end of memory", () => {
  const loads = ["i32.load", "i32.load8_s", "i32.load8_u", "i32.load16_s", "i32.load16_u", "i64.load", "f32.load", "f64.load"].concat(
    ["8_s", "8_u", "16_s", "16_u", "32_s", "32_u"].map((size) => `i64.load${size}`),
  );
  const stores = [
    "i32.store",
    "i32.store8",
    "i32.store16",
    "i64.store",
    "i64.store8",
    "i64.store16",
    "i64.store32",
    "f32.store",
    "f64.store",
  ];
  const offsets = [0, 3, 65_528, 0xffffffff];
  let module: Module;
  let bytes: Uint8Array;

  before(async () => {
    const functions = offsets.flatMap((offset) => [
      ...loads.map((name) => {
        const type = name.slice(0, 3);
        const result = type === "f32" ? "(i32.reinterpret_f32" : type === "f64" ? "(i64.reinterpret_f64" : "(block (result TYPE)";
        const carrier = type === "f32" ? "i32" : type === "f64" ? "i64" : type;
        const wrapped = `${result.replace("TYPE", type)} (${name} offset=${offset} (local.get 0)))`;
        return `(func (export "${name}+${offset}") (param i32) (result ${carrier}) ${wrapped})`;
      }),
      ...stores.flatMap((name) => {
        const type = name.slice(0, 3);
        const value = type.startsWith("f") ? "-1.5" : "-2";
        return [
          `(func (export "${name}+${offset}") (param i32) (${name} offset=${offset} (local.get 0) (${type}.const ${value})))`,
          `(func (export "${name}+${offset}v") (param i32) (local ${type}) (local.set 1 (${type}.const ${value}))
            (${name} offset=${offset} (local.get 0) (local.get 1)))`,
        ];
      }),
    ]);
    bytes =
      await wat(`(module (memory (export "memory") 1 1) (data (i32.const 65500) "\\80\\ff\\01\\7f\\f0\\0f\\aa\\55 0123456789abcdefghijklmnop")
      ${functions.join("\n")})`);
    module = checkedModule(bytes);
  });

  it("trap or not as the engine's do, and leave the same memory", () => {
    const { exports } = new v8Engine.Instance(new v8Engine.Module(bytes), {});
    const theirBytes = new Uint8Array((exports.memory as { buffer: ArrayBuffer }).buffer);
    const benches = WAYS.map((way) => new Bench(module, way));
    const addresses = [0, 1, 7, -1, -4, 8, 9, ...Array.from({ length: 12 }, (_, i) => 65_526 + i)];
    const names = module.exports.map(({ name }) => name).filter((name) => name !== "memory");
    for (const name of names) {
      for (const address of addresses) {
        let expected: unknown;
        try {
          expected = { kind: "return", values: [(exports[name] as (at: number) => unknown)(address)].filter((each) => each !== undefined) };
        } catch {
          expected = { kind: "trap", trap: Trap.MemoryOutOfBounds };
        }
        for (const bench of benches) expect(bench.call(name, address), `${name} at ${address}`).to.deep.equal(expected);
      }
      for (const { store } of benches) expect(Buffer.from(store.memories[0]!.bytes).equals(theirBytes), name).to.equal(true);
    }
    expect(new Set(benches.map((bench) => bench.hash())).size).to.equal(1);
  });

  it("mark what they change for snapshots", () => {
    const bench = new Bench(module, "fast");
    const taker = new SnapshotTaker(bench.store);
    taker.capture(0);
    for (const name of stores) {
      for (const address of [4090, 4093, 4095, 8185, 65_528]) {
        bench.call(`${name}+0`, address);
        expect(stateHash(taker.capture(0)), `${name} at ${address}`).to.equal(stateHash(rebuilt(bench.store)));
      }
    }
    function rebuilt(store: Store) {
      const other = new Bench(module, "fast");
      other.store.memories[0]!.bytes.set(store.memories[0]!.bytes);
      other.store.tick = store.tick;
      // Code and names of functions differ in nothing, and there are no frames.
      return new SnapshotTaker(other.store).capture(0);
    }
  });
});

describe("memory.grow in the middle", () => {
  it("leaves all ways equal, before, at and after it", async () => {
    const module = await moduleOf(`(module (memory 1 20)
      (func (export "main") (param $n i32) (result i64) (local $i i32) (local $sum i64)
        (loop $again
          (if (i32.eqz (i32.and (local.get $i) (i32.const 1023)))
            (then (local.set $sum (i64.add (local.get $sum) (i64.extend_i32_s (memory.grow (i32.const 1)))))))
          (i64.store (i32.mul (i32.and (local.get $i) (i32.const 0xfff)) (i32.const 9)) (i64.extend_i32_u (local.get $i)))
          (i32.store8 (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 1)) (local.get $i))
          (local.set $sum (i64.add (local.get $sum) (i64.load (i32.and (local.get $i) (i32.const 0xffff)))))
          (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
        (local.get $sum)))`);
    const run = (way: Way, tick: number): string => {
      const bench = new Bench(module, way).begin("main", 12_000);
      bench.runTo(tick);
      return bench.hash();
    };
    const random = mulberry32(31);
    // About 30 ticks a round, a grow every 1024 rounds.
    for (const tick of [...randomTicks(random, 10, 250_000), 1, 5, 6, 7, 8, 9, 10, 11]) {
      const exact = run("exact", tick);
      expect(run("fast", tick), `tick ${tick}`).to.equal(exact);
      expect(run("generated", tick), `tick ${tick}, generated`).to.equal(exact);
    }
    inEveryWay((way) => new Bench(module, way).call("main", 12_000));
  });
});

describe("loops resumed in the middle", () => {
  it("come back to fast code at the next header", async () => {
    const module = await moduleOf(`(module (import "host" "look" (func $look))
      (memory 1)
      (func (export "main") (param $n i32) (local $i i32)
        (loop $outer
          (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.mul (local.get $i) (i32.const 5))))
          (if (i32.eqz (i32.and (local.get $i) (i32.const 4095))) (then (call $look)))
          (br_if $outer (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))))`);
    const seen: boolean[] = [];
    const imports = {
      host: {
        look: ({ machine: { store } }: { machine: { store: Store } }) => {
          const at = store.frameTop - 2 * FRAME_WORDS;
          const code = codeOfPc(store, store.frames[at + Frame.Func]!, store.frames[at + Frame.Pc]!);
          seen.push(code === store.code.lowered(store.frames[at + Frame.Func]!, Mode.Fast));
        },
      },
    };
    for (let piece = 0; piece < 20; piece++) {
      const bench = new Bench(module, "fast", imports).begin("main", 20_000);
      // In the middle of an expression, where fast code has no place to go on.
      bench.runTo(50_000 + piece);
      seen.length = 0;
      bench.runTo(Number.MAX_SAFE_INTEGER);
      expect(seen.length).to.be.greaterThan(1);
      expect(seen, `resumed at tick ${50_000 + piece}`).to.not.include(false);
    }
  });
});

describe("stopping", () => {
  let module: Module;
  before(async () => {
    module = await moduleOf(`(module
      (func $leaf (param i32) (result i32) (i32.mul (local.get 0) (i32.const 3)))
      (func $middle (param i32) (result i32) (i32.add (call $leaf (local.get 0)) (call $leaf (i32.const 2))))
      (func (export "main") (param i32) (result i32) (local i32)
        (loop $again
          (local.set 1 (i32.add (local.get 1) (call $middle (local.get 0))))
          (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
        (local.get 1)))`);
  });

  it("at the entry of a function: once per call, before its first instruction", () => {
    const { store } = new Bench(module).begin("main", 10);
    const leaf = store.funcs.findIndex((func) => func.kind === "wasm" && func.funcIndex === 0);
    setBreakpoints(store, leaf, { entry: true, wasmOffsets: new Set() });
    let stops = 0;
    const ticks = new Set<number>();
    while (runUntil(store, 1e9) === Stop.Breakpoint) {
      stops++;
      ticks.add(store.tick);
      expect(store.frameWord(store.depth - 1, Frame.Func)).to.equal(leaf);
    }
    expect(stops).to.equal(20);
    expect(ticks.size).to.equal(20);
    expect(store.status).to.equal(Status.Returned);
  });

  it("at the return of a watched frame, in the caller behind the call", () => {
    const { store } = new Bench(module).begin("main", 10);
    while (store.depth < 3) runUntil(store, store.tick + 1);
    const { tick } = store;
    watchFrame(store, 2);
    expect(runUntil(store, 1e9)).to.equal(Stop.FrameReturn);
    expect(store.depth).to.equal(2);
    expect(store.tick).to.be.greaterThan(tick);
    expect(runUntil(store, 1e9)).to.equal(Stop.Waiting);
  });

  it("exactly at the limit, also far ones", () => {
    for (const limit of [0, 1, 2, 17, 100]) {
      const { store } = new Bench(module).begin("main", 1000);
      expect(runUntil(store, limit)).to.equal(Stop.Limit);
      expect(store.tick).to.equal(limit);
    }
    for (let limit = 8190; limit < 8230; limit++) {
      const { store } = new Bench(module).begin("main", 1000);
      expect(runUntil(store, limit)).to.equal(Stop.Limit);
      expect(store.tick).to.equal(limit);
    }
  });
});
