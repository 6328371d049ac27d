/**
 * Vectors beyond arithmetic: at the border to the host, in globals, traces, snapshots and under inspection; what relaxed
 * instructions choose; accesses at the ends of pages and memories. Random programs are in vector-programs.test.ts.
 */
import { setFlagsFromString } from "node:v8";
import { expect } from "chai";
import { describe, it } from "mocha";
import { v8Engine } from "../../bench/v8.ts";
import { Inspector } from "../../debug/inspect.ts";
import { Symbols } from "../../debug/symbols.ts";
import { describeEvent, EventLabels, eventToJson, type TraceEvent } from "../../rr/event.ts";
import { Recorder } from "../../rr/recorder.ts";
import { Replayer } from "../../rr/replayer.ts";
import { MemorySink, MemoryStorage } from "../../rr/storage.ts";
import { SnapshotTaker, storeFromSnapshot } from "../../snapshot/capture.ts";
import { stateHash } from "../../snapshot/hash.ts";
import { deserializeSnapshot, serializeSnapshot } from "../../snapshot/serialize.ts";
import { hostFunction } from "../../vm/host-function.ts";
import { type CallResult, Machine } from "../../vm/machine.ts";
import { Trap } from "../../vm/trap.ts";
import { ExternKind, ValType } from "../../vm/types.ts";
import { assemble, type Hosts } from "../debug/recordings.ts";
import { runInAllWays } from "../support/all-ways.ts";
import { Bench, inEveryWay, WAYS } from "../support/machines.ts";
import { mulberry32 } from "../support/random.ts";
import { isRelaxed, vectorRows } from "../support/vector-text.ts";
import { wat } from "../support/wat.ts";

/** 128 bits of four words, the lowest first. */
function bits(...words: number[]): bigint {
  return words.reduceRight((high, word) => (high << 32n) | BigInt(word >>> 0), 0n);
}

function values(result: CallResult): readonly unknown[] {
  expect(result.kind).to.equal("return");
  return result.kind === "return" ? result.values : [];
}

const HOST = `(module
  (import "host" "mix" (func $mix (param i32 v128 i64) (result v128 i32)))
  (global $v (export "v") (mut v128) (v128.const i32x4 1 2 3 4))
  (global $i (export "i") (mut i32) (i32.const 5))
  (memory 1)
  (func $inner (param v128 i32 v128) (result i32 v128)
    (local $x v128) (local $n i64)
    (local.set $x (i32x4.add (local.get 0) (local.get 2)))
    (local.set $n (i64.const 7))
    (call $mix (local.get 1) (local.get $x) (local.get $n))
    (local.set 1) (local.set $x)
    (global.set $v (local.get $x))
    (v128.store (i32.const 4090) (local.get $x))
    (local.get 1) (local.get $x))
  (func (export "run") (param $rounds i32) (param $start v128) (result v128 i32)
    (local $sum i32)
    (loop $again
      (i32x4.splat (i32.const 3))
      (call $inner (local.get $start) (local.get $rounds) (global.get $v))
      (local.set $start)
      (local.set $sum (i32.add (local.get $sum)))
      (local.set $start (v128.xor (local.get $start)))
      (br_if $again (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))
    (local.get $start) (local.get $sum)))`;

/** Rotates the lanes by one and adds the scalars. */
const mix = hostFunction((n: number, v: bigint, i: bigint): [bigint, number] => [
  BigInt.asUintN(128, (v << 32n) | (v >> 96n)),
  n + Number(i) + Number(v & 0xffn),
]);
const hosts: Hosts = { mix: () => mix };

describe("vectors", () => {
  it("cross the border to the host both ways, in all ways to run", async () => {
    const module = await assemble(HOST);
    const args = [40, bits(0x7fa00001, -1, 0, 0x80000000)];
    const result = await runInAllWays({ module, name: "run", args, hosts, seed: 7 });
    const [vector, sum] = values(result);
    expect(typeof vector).to.equal("bigint");
    expect(sum).to.be.a("number");
    expect(vector).to.not.equal(args[1]);
  });

  it("are seen in frames by their types, from fast and exact code", async () => {
    const module = await assemble(HOST);
    const seen = inEveryWay((way) => {
      const bench: Bench = new Bench(module, way, { host: { mix } });
      bench.begin("run", 3, bits(10, 20, 30, 40));
      // Inside $inner, behind its first local.set.
      bench.runTo(11);
      const { store } = bench;
      const inspector = new Inspector(store, new Symbols(store));
      expect(inspector.location()?.function).to.equal(1);
      return {
        inner: inspector.locals(0).map(({ type, text }) => `${type} ${text}`),
        outer: inspector.locals(1).map(({ type, text }) => `${type} ${text}`),
        operands: inspector.operands(1).map(({ type, text }) => `${type} ${text}`),
        globals: inspector.globals().map(({ text }) => text),
      };
    });
    const start = "v128 i32x4 0x0000000a 0x00000014 0x0000001e 0x00000028";
    const one = "i32x4 0x00000001 0x00000002 0x00000003 0x00000004";
    expect(seen).to.deep.equal({
      inner: [start, "i32 3", `v128 ${one}`, "v128 i32x4 0x0000000b 0x00000016 0x00000021 0x0000002c", "i64 0"],
      outer: ["i32 3", start, "i32 0"],
      operands: ["v128 i32x4 0x00000003 0x00000003 0x00000003 0x00000003"],
      globals: [one, "5"],
    });
  });

  it("in globals are set by the host, recorded and replayed", async () => {
    const module = await assemble(`(module
      (import "host" "g" (global $g (mut v128)))
      (global $i i32 (i32.const 5))
      (global $copy (export "copy") (mut v128) (v128.const i64x2 0x8000000000000001 2))
      (global $last (export "last") (mut i64) (i64.const -9))
      (func (export "take") (result v128) (global.set $copy (global.get $g)) (i64x2.add (global.get $g) (i64x2.splat (global.get $last)))))`);
    const sink = new MemorySink();
    const recorder = new Recorder(sink);
    const machine = new Machine({ journal: recorder });
    recorder.attach(machine.store);
    const first = bits(1, 2, 3, 0x80000004);
    const addr = machine.addGlobal({ valType: ValType.V128, mutable: true }, first);
    const { instanceAddr } = machine.instantiate(module, { host: { g: { kind: ExternKind.Global, addr } } });
    const take = machine.export(instanceAddr, "take")!.addr;
    const results = [machine.call(take), machine.call(take)].flatMap(values);
    expect(results[0]).to.equal(bits(1 - 9, 1, 3 - 9, 0x80000003));
    machine.setGlobal(addr, bits(-1, -1, 0, 5));
    machine.setGlobal(machine.export(instanceAddr, "last")!.addr, 0n);
    expect(values(machine.call(take))).to.deep.equal([bits(-1, -1, 0, 5)]);
    const copy = machine.store.globals[machine.export(instanceAddr, "copy")!.addr]!;
    expect(machine.store.globalBits(copy)).to.equal(bits(-1, -1, 0, 5));
    recorder.finish();
    const hash = stateHash(new SnapshotTaker(machine.store).capture(0));

    const events: TraceEvent[] = [];
    const labels = new EventLabels();
    const again = new MemorySink();
    const journal = new Recorder(again);
    const replayer = await Replayer.open(new MemoryStorage(sink.bytes()), {
      journal,
      onEvent: (event) => {
        labels.observe(event);
        events.push(event);
      },
    });
    journal.attach(replayer.store);
    await replayer.runTo();
    journal.finish();
    expect(stateHash(new SnapshotTaker(replayer.store).capture(0))).to.equal(hash);
    expect([...again.bytes()]).to.deep.equal([...sink.bytes()]);
    const texts = events.map((event) => describeEvent(event, replayer.labels));
    expect(texts[0]).to.contain("global 0 mut v128 = 0x80000004000000030000000200000001");
    expect(texts.join("\n")).to.contain("global0=0x0000000500000000ffffffffffffffff");
    expect(texts.at(-1)).to.contain("take = 0x0000000500000000ffffffffffffffff");
    expect(JSON.stringify(events.map((event) => eventToJson(event)))).to.contain("0x500000000ffffffffffffffff");

    const snapshot = deserializeSnapshot(serializeSnapshot(new SnapshotTaker(machine.store).capture(0)));
    expect(stateHash(new SnapshotTaker(storeFromSnapshot(snapshot, [module])).capture(0))).to.equal(hash);
  });

  it("that end at a memory's last byte are in bounds, the next is not, and both pages of a store are dirty", async () => {
    const accesses = vectorRows.filter(({ align }) => align >= 0);
    expect(accesses.length).to.equal(22);
    for (const row of accesses) {
      const width = row.mnemonic.includes("x") ? 8 : 1 << row.align;
      const [params, results] = row.results!.length > 0 ? ["", "(result v128)"] : ["", ""];
      const lane = row.lanes > 0 ? ` ${row.lanes - 1}` : "";
      const operand = row.params!.length > 1 ? "(v128.const i32x4 0x04030201 0x08070605 0x0c0b0a09 0x100f0e0d)" : "";
      const module = await assemble(
        `(module (memory 1) (func (export "f") (param i32) ${params} ${results} (${row.mnemonic} offset=5${lane} (local.get 0) ${operand})))`,
      );
      for (const way of WAYS) {
        const bench = new Bench(module, way);
        const last = 65536 - width - 5;
        expect(bench.call("f", last).kind, `${row.mnemonic} ${way}`).to.equal("return");
        for (const addr of [last + 1, 65536, -1, -5]) {
          expect(bench.call("f", addr), `${row.mnemonic} ${way} at ${addr}`).to.deep.equal({ kind: "trap", trap: Trap.MemoryOutOfBounds });
        }
        if (row.results!.length > 0 || width === 1) continue;
        const taker = new SnapshotTaker(bench.store);
        taker.capture(0);
        bench.call("f", 8192 - 5 - 1);
        const restored = storeFromSnapshot(taker.capture(0), [module]);
        expect([...restored.memories[0]!.bytes], row.mnemonic).to.deep.equal([...bench.store.memories[0]!.bytes]);
        expect(
          bench.store.memories[0]!.bytes.subarray(8191, 8191 + width).every((byte) => byte !== 0),
          row.mnemonic,
        ).to.equal(true);
      }
    }
  });
});

/** What relaxed instructions are in the deterministic profile; $a, $b and $c are their operands. */
const DETERMINISTIC: Readonly<Record<string, string>> = {
  "i8x16.relaxed_swizzle": "(i8x16.swizzle $a $b)",
  "i32x4.relaxed_trunc_f32x4_s": "(i32x4.trunc_sat_f32x4_s $a)",
  "i32x4.relaxed_trunc_f32x4_u": "(i32x4.trunc_sat_f32x4_u $a)",
  "i32x4.relaxed_trunc_f64x2_s_zero": "(i32x4.trunc_sat_f64x2_s_zero $a)",
  "i32x4.relaxed_trunc_f64x2_u_zero": "(i32x4.trunc_sat_f64x2_u_zero $a)",
  "f32x4.relaxed_madd": "(f32x4.add (f32x4.mul $a $b) $c)",
  "f32x4.relaxed_nmadd": "(f32x4.add (f32x4.mul (f32x4.neg $a) $b) $c)",
  "f64x2.relaxed_madd": "(f64x2.add (f64x2.mul $a $b) $c)",
  "f64x2.relaxed_nmadd": "(f64x2.add (f64x2.mul (f64x2.neg $a) $b) $c)",
  "i8x16.relaxed_laneselect": "(v128.bitselect $a $b $c)",
  "i16x8.relaxed_laneselect": "(v128.bitselect $a $b $c)",
  "i32x4.relaxed_laneselect": "(v128.bitselect $a $b $c)",
  "i64x2.relaxed_laneselect": "(v128.bitselect $a $b $c)",
  "f32x4.relaxed_min": "(f32x4.min $a $b)",
  "f32x4.relaxed_max": "(f32x4.max $a $b)",
  "f64x2.relaxed_min": "(f64x2.min $a $b)",
  "f64x2.relaxed_max": "(f64x2.max $a $b)",
  "i16x8.relaxed_q15mulr_s": "(i16x8.q15mulr_sat_s $a $b)",
  // Even lanes times even lanes plus odd times odd, saturated.
  "i16x8.relaxed_dot_i8x16_i7x16_s": `(i16x8.add_sat_s
    (i16x8.mul (i16x8.shr_s (i16x8.shl $a (i32.const 8)) (i32.const 8)) (i16x8.shr_s (i16x8.shl $b (i32.const 8)) (i32.const 8)))
    (i16x8.mul (i16x8.shr_s $a (i32.const 8)) (i16x8.shr_s $b (i32.const 8))))`,
  "i32x4.relaxed_dot_i8x16_i7x16_add_s": `(i32x4.add $c
    (i32x4.extadd_pairwise_i16x8_s (i16x8.relaxed_dot_i8x16_i7x16_s $a $b)))`,
};

function relaxedText(name: string, operandCount: number): string {
  const operands = ["a", "b", "c"].slice(0, operandCount);
  const loads = (text: string): string => text.replace(/\$([abc])/g, (_, local) => `(local.get $${local})`);
  return `(module (memory (export "memory") 1) (func (export "run") (local $a v128) (local $b v128) (local $c v128)
    ${["a", "b", "c"].map((local, i) => `(local.set $${local} (v128.load offset=${i * 16} (i32.const 0)))`).join(" ")}
    (v128.store (i32.const 64) (${name} ${operands.map((local) => `(local.get $${local})`).join(" ")}))
    (v128.store (i32.const 80) ${loads(DETERMINISTIC[name]!)})))`;
}

/** Operands for which all that an implementation may choose is the same. */
function tameOperands(name: string, random: () => number): Uint8Array {
  const bytes = new Uint8Array(48);
  const view = new DataView(bytes.buffer);
  const lanes = (at: number, width: number, set: (byteAddr: number) => void): void => {
    for (let i = 0; i < 16; i += width) set(at + i);
  };
  const small = (): number => 1 + Math.floor(random() * 60);
  const wide = name.startsWith("f64x2") || name.includes("f64x2");
  for (const at of [0, 16, 32]) {
    if (name.startsWith("f") || name.includes("trunc")) {
      lanes(at, wide ? 8 : 4, (i) => (wide ? view.setFloat64(i, small(), true) : view.setFloat32(i, small(), true)));
    } else if (at === 32 && name.includes("laneselect")) {
      const width = 16 / Number(/x(\d+)/.exec(name)![1]);
      lanes(at, width, (i) => bytes.fill(random() < 0.5 ? 0xff : 0, i, i + width));
    } else {
      // Indices below 16, factors of 7 bits, no -32768.
      lanes(at, 1, (i) => view.setUint8(i, name.includes("swizzle") ? small() & 15 : small()));
    }
  }
  return bytes;
}

describe("relaxed vector instructions", () => {
  const relaxed = vectorRows.filter(isRelaxed);

  it("are all known", () => {
    expect(relaxed.map(({ mnemonic }) => mnemonic)).to.deep.equal(Object.keys(DETERMINISTIC));
  });

  it("do what the deterministic profile says, and where there is no choice what the engine does", async () => {
    setFlagsFromString("--experimental-wasm-relaxed-simd");
    const random = mulberry32(99);
    for (const { mnemonic, params } of relaxed) {
      const bytes = await wat(relaxedText(mnemonic, params!.length));
      const module = await assemble(relaxedText(mnemonic, params!.length));
      const { exports } = new v8Engine.Instance(new v8Engine.Module(bytes), {});
      const engineBytes = new Uint8Array((exports.memory as { readonly buffer: ArrayBuffer }).buffer);
      for (const way of WAYS) {
        const bench = new Bench(module, way);
        const memory = bench.store.memories[0]!.bytes;
        for (let round = 0; round < 100; round++) {
          const tame = round % 2 === 0;
          const operands = tame ? tameOperands(mnemonic, random) : Uint8Array.from({ length: 48 }, () => wildByte(random));
          memory.set(operands);
          bench.call("run");
          const ours = [...memory.subarray(64, 80)];
          expect(ours, `${mnemonic}, ${way}, of ${operands}`).to.deep.equal([...memory.subarray(80, 96)]);
          if (!tame) continue;
          engineBytes.set(operands);
          (exports.run as () => void)();
          expect(ours, `${mnemonic}, engine, of ${operands}`).to.deep.equal([...engineBytes.subarray(64, 80)]);
        }
      }
    }
  });
});

/** Bytes that make extreme numbers, infinities and NaNs in every kind of lane often enough. */
function wildByte(random: () => number): number {
  const choice = random();
  if (choice < 0.15) return 0;
  if (choice < 0.3) return 0xff;
  if (choice < 0.45) return 0x80;
  return choice < 0.55 ? 0x7f : Math.floor(random() * 256);
}
