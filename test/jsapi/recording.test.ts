/**
 * Programs on our namespace, recorded: what JavaScript does to memories, tables and globals replays without JavaScript. The
 * writes through buffers, which the namespace cannot see, are reported by hand where its hooks ask for them.
 */
import { expect } from "chai";
import { describe, it } from "mocha";
import { createJsApi, type JsApi } from "../../jsapi/namespace.ts";
import { TraceError } from "../../rr/errors.ts";
import type { TraceEvent } from "../../rr/event.ts";
import { TraceReader } from "../../rr/reader.ts";
import { Recorder } from "../../rr/recorder.ts";
import { Replayer } from "../../rr/replayer.ts";
import { MemorySink, MemoryStorage } from "../../rr/storage.ts";
import { TraceWriter } from "../../rr/writer.ts";
import { SnapshotTaker } from "../../snapshot/capture.ts";
import { stateHash } from "../../snapshot/hash.ts";
import type { Store } from "../../vm/store.ts";
import { refTo } from "../../vm/types.ts";
import { wat } from "../support/wat.ts";
import { type Loose, rejectionOf, thrownBy } from "./subjects.ts";

const stackBytes = 1 << 18;

interface Recorded extends JsApi {
  /** Writes bytes as a program does, and notes what to report. */
  poke(memory: Loose, byteAddr: number, byte: number): void;
  readonly crossings: string[];
  /** Ends the recording, replays it without JavaScript, and compares the machines. */
  verify(): Promise<void>;
  /** Ends the recording and answers the trace. */
  finish(): Uint8Array;
}

function startRecording(generateCode: boolean): Recorded {
  const sink = new MemorySink();
  const recorder = new Recorder(sink, { stackBytes });
  const crossings: string[] = [];
  const pending: { memoryAddr: number; byteAddr: number }[] = [];
  const api = createJsApi({
    journal: recorder,
    stackBytes,
    generateCode,
    beforeEnter: () => {
      crossings.push("enter");
      for (const { memoryAddr, byteAddr } of pending.splice(0)) api.machine.memoryWritten(memoryAddr, byteAddr, 1);
    },
    afterLeave: () => crossings.push("leave"),
  });
  recorder.attach(api.machine.store);
  return {
    ...api,
    crossings,
    poke: (memory, byteAddr, byte) => {
      new Uint8Array(memory.buffer)[byteAddr] = byte;
      pending.push({ memoryAddr: api.addressOf(memory)!.addr, byteAddr });
    },
    finish: () => {
      recorder.finish();
      return sink.bytes();
    },
    verify: async () => {
      recorder.finish();
      const replayer = await Replayer.open(new MemoryStorage(sink.bytes()));
      expect(await replayer.runTo()).to.equal("end");
      expect(hashOf(replayer.store)).to.equal(hashOf(api.machine.store));
      expect(replayer.store.tick).to.equal(api.machine.store.tick);
    },
  };
}

/** The trace with the first event changed for which `edit` answers another. */
async function rewritten(bytes: Uint8Array, edit: (event: TraceEvent) => TraceEvent | undefined): Promise<Uint8Array> {
  const reader = await TraceReader.open(new MemoryStorage(bytes));
  const sink = new MemorySink();
  const writer = new TraceWriter(sink, reader.header);
  for (const module of reader.modules) writer.module(await module.load());
  let done = false;
  for await (const event of reader.eventsFrom()) {
    const changed: TraceEvent | undefined = done ? undefined : edit(event);
    done ||= changed !== undefined;
    writer.append(changed ?? event);
  }
  expect(done).to.equal(true);
  writer.finish(reader.tickCount);
  return sink.bytes();
}

function hashOf(store: Store): string {
  return stateHash(new SnapshotTaker(store).capture(0));
}

const program = wat(
  `(module
  (import "js" "memory" (memory 1))
  (import "js" "table" (table 2 funcref))
  (import "js" "count" (global $count (mut i64)))
  (import "js" "start" (global $start f64))
  (import "js" "f" (func $f (param i32) (result i32)))
  (func $seven (export "seven") (result i32) (i32.const 7))
  (func $nine (export "nine") (result i32) (i32.const 9))
  (func (export "apply") (param i32) (result i32)
    (global.set $count (i64.add (global.get $count) (i64.const 1)))
    (call_indirect (result i32) (local.get 0)))
  (func (export "sum") (param i32) (result i32)
    (i32.add (call $f (local.get 0)) (i32.load8_u (local.get 0))))
  (func (export "keep") (param externref) (result externref) (local.get 0)))`.replace('(memory (export "own") 1)', ""),
);

describe("a recorded namespace", () => {
  for (const generateCode of [true, false]) {
    describe(generateCode ? "with generated wrappers" : "with plain wrappers", () => {
      it("replays strings that wasm writes into arrays", async () => {
        const recorded = startRecording(generateCode);
        const bytes = await wat(`(module
          (type $chars (array (mut i16)))
          (import "wasm:js-string" "intoCharCodeArray" (func $into (param externref (ref null $chars) i32) (result i32)))
          (global $kept (mut (ref null $chars)) (ref.null $chars))
          (func (export "keep") (param externref) (result i32)
            (global.set $kept (array.new_default $chars (i32.const 12)))
            (call $into (local.get 0) (global.get $kept) (i32.const 1))))`);
        const { Instance, Module } = recorded.WebAssembly;
        const { keep } = new Instance(new Module(bytes, { builtins: ["js-string"] })).exports as Loose;
        expect(keep("first\u20ac")).to.equal(6);
        expect(() => keep("longer than twelve")).to.throw();
        expect(keep("second")).to.equal(6);
        await recorded.verify();
      });

      it("replays what JavaScript did to memories, tables and globals", async () => {
        const recorded = startRecording(generateCode);
        const wasm = recorded.WebAssembly;
        const memory = new wasm.Memory({ initial: 1, maximum: 5 });
        const table = new wasm.Table({ element: "anyfunc", initial: 2 });
        const count = new wasm.Global({ value: "i64", mutable: true }, 5n);
        const f = (at: number): number => {
          recorded.poke(memory, at, 40);
          if (at === 3) expect(memory.grow(1)).to.equal(1);
          return at;
        };
        const { instance } = await wasm.instantiate(await program, { js: { memory, table, count, start: 1.5, f } });
        const exports = instance.exports as Loose;
        table.set(0, exports.seven);
        expect(exports.apply(0)).to.equal(7);
        table.set(0, exports.nine);
        table.grow(3, exports.seven);
        expect(exports.apply(0) * exports.apply(4)).to.equal(63);
        count.value = 100n;
        recorded.poke(memory, 2, 1);
        expect(exports.sum(2)).to.equal(42);
        expect(exports.sum(3)).to.equal(43);
        expect(exports.keep(recorded) === recorded).to.equal(true);
        memory.grow(1);
        recorded.poke(memory, 2 * 65536 + 9, 77);
        expect(() => exports.apply(1)).to.throw(wasm.RuntimeError);
        expect(count.value).to.equal(101n);
        recorded.poke(memory, 4, 99);
        exports.seven();
        await recorded.verify();
      });

      it("records that an import threw, whatever it was", async () => {
        const recorded = startRecording(generateCode);
        const wasm = recorded.WebAssembly;
        const bytes = await wat(`(module (import "m" "f" (func $f)) (func (export "run") (call $f)))`);
        const untold = Object.create(Error.prototype, { message: { get: () => expect.fail("asked") } }) as object;
        let thrown: unknown;
        const f = () => {
          throw thrown;
        };
        const exports: Loose = new wasm.Instance(new wasm.Module(bytes), { m: { f } }).exports;
        for (thrown of [undefined, null, Object.create(null), Symbol.iterator, untold])
          expect(thrownBy(() => exports.run()) === thrown).to.equal(true);
        await recorded.verify();
      });

      it("replays exceptions of wasm that JavaScript throws and gets", async () => {
        const recorded = startRecording(generateCode);
        const wasm = recorded.WebAssembly;
        const bytes = await wat(`(module
          (import "m" "tag" (tag $t (param i64 externref))) (import "m" "f" (func $f (param i32))) (tag $own (export "own") (param f64))
          (func (export "catch") (param i32) (result i64 externref)
            (block $h (result i64 externref) (try_table (catch $t $h) (call $f (local.get 0))) (i64.const -1) (ref.null extern)))
          (func (export "catchAll") (param i32) (result i32)
            (block $h (try_table (catch_all $h) (call $f (local.get 0))) (return (i32.const 0))) (i32.const 1))
          (func (export "throw") (throw $own (f64.const 0.5))))`);
        const tag = new wasm.Tag({ parameters: ["i64", "externref"] });
        const errors: Loose[] = [];
        const f = (n: number) => {
          if (n === 0) throw new wasm.Exception(tag, [7n, "x"]);
          if (n === 1) throw new Error("one");
          if (n === 2) exports.throw();
          throw errors[0];
        };
        const { instance } = await wasm.instantiate(bytes, { m: { tag, f } });
        const exports: Loose = instance.exports;
        for (let i = 0; i < 3; i++) {
          expect(exports.catch(0)).to.deep.equal([7n, "x"]);
          for (let n = 0; n < 3; n++) expect(exports.catchAll(n)).to.equal(1);
          errors.push(thrownBy(() => exports.catch(2)));
          expect(thrownBy(() => exports.catch(3)) === errors[0]).to.equal(true);
          expect((thrownBy(() => exports.catch(1)) as Error).message).to.equal("one");
        }
        expect(errors[1].getArg(exports.own, 0)).to.equal(0.5);
        expect(recorded.addressOf(exports.own)!.kind).to.equal(4);
        await recorded.verify();
      });

      it("asks for pending writes before every entry, also when an import throws", async () => {
        const recorded = startRecording(generateCode);
        const wasm = recorded.WebAssembly;
        const memory = new wasm.Memory({ initial: 1 });
        const imports = {
          memory,
          table: new wasm.Table({ element: "anyfunc", initial: 2 }),
          count: new wasm.Global({ value: "i64", mutable: true }),
          start: 0,
          f: (at: number) => {
            recorded.poke(memory, at, at);
            if (at === 9) throw new Error("nine");
            return at;
          },
        };
        const exports: Loose = new wasm.Instance(new wasm.Module(await program), { js: imports }).exports;
        expect(recorded.crossings.splice(0)).to.deep.equal(["enter", "leave"]);
        expect(exports.sum(8)).to.equal(16);
        expect(recorded.crossings.splice(0)).to.deep.equal(["enter", "leave", "enter", "leave"]);
        expect(() => exports.sum(9)).to.throw("nine");
        expect(recorded.crossings.splice(0)).to.deep.equal(["enter", "leave", "enter", "leave"]);
        memory.grow(1);
        expect(recorded.crossings.splice(0)).to.deep.equal(["enter"]);
        await recorded.verify();
      });
    });
  }

  it("refuses traces that give what nobody holds: exceptions, tags, objects, types", async () => {
    const recorded = startRecording(true);
    const wasm = recorded.WebAssembly;
    const bytes = await wat(`(module (import "m" "f" (func $f)) (import "m" "t" (tag $t (param i32)))
      (func (export "run") (result i32) (block $h (result i32) (try_table (catch $t $h) (call $f)) (i32.const 0))))`);
    const tag = new wasm.Tag({ parameters: ["i32"] });
    const thrown = new wasm.Exception(tag, [7]);
    const f = () => {
      throw thrown;
    };
    const exports: Loose = new wasm.Instance(new wasm.Module(bytes), { m: { f, t: tag } }).exports;
    expect([exports.run(), exports.run()]).to.deep.equal([7, 7]);
    const trace = recorded.finish();
    const edits: readonly ((event: TraceEvent) => TraceEvent | undefined)[] = [
      (event) => (event.kind === "host-throw" ? { ...event, exception: { ref: 0x40000041 } } : undefined),
      (event) => (event.kind === "host-throw" ? { ...event, exception: { tagAddr: 9, carried: [7, 0], held: true } } : undefined),
      (event) => (event.kind === "host-throw" ? { ...event, exception: { tagAddr: 0, carried: [], held: true } } : undefined),
      (event) => (event.kind === "tag" ? { ...event, type: { params: [refTo(4000)], results: [] } } : undefined),
      (event) => (event.kind === "tag" ? { ...event, tagAddr: 3 } : undefined),
      (event) => (event.kind === "return" ? { ...event, effects: [{ kind: "pin", ref: 0x40000001, held: true }] } : undefined),
      (event) => (event.kind === "return" ? { ...event, effects: [{ kind: "pin", ref: 5, held: true }] } : undefined),
      (event) => (event.kind === "host-func" ? { ...event, typeNumber: 99 } : undefined),
    ];
    for (const edit of edits) {
      const forged = await rewritten(trace, edit);
      const replayer = await Replayer.open(new MemoryStorage(forged));
      const error = await rejectionOf(replayer.runTo());
      expect(error, (error as Error).stack).to.be.instanceOf(TraceError);
    }
  });

  it("knows the store addresses behind objects, and the objects behind addresses", async () => {
    const { WebAssembly: wasm, addressOf, instanceAddrOf, objectAt, machine } = createJsApi({ stackBytes });
    const memory = new wasm.Memory({ initial: 1 });
    const table = new wasm.Table({ element: "anyfunc", initial: 2 });
    const count = new wasm.Global({ value: "i64", mutable: true });
    const module = new wasm.Module(await program);
    const instance = new wasm.Instance(module, { js: { memory, table, count, start: 0, f: () => 0 } });
    for (const object of [memory, table, count, instance.exports.seven as object]) {
      const found = addressOf(object)!;
      expect(objectAt(found) === object).to.equal(true);
    }
    expect(addressOf(memory)).to.deep.equal({ kind: 2, addr: 0 });
    for (const stranger of [undefined, null, 1, {}, () => 0, instance, module]) expect(addressOf(stranger)).to.equal(undefined);
    expect(instanceAddrOf(instance)).to.equal(0);
    expect(instanceAddrOf(memory)).to.equal(undefined);
    expect(machine.store.instances.length).to.equal(1);
    expect(() => objectAt({ kind: 2, addr: 1 })).to.throw("no");
  });

  it("answers what a recorder wants to be seen as the buffer, once for each", () => {
    const asked: [number, number][] = [];
    const wrapped: ArrayBuffer[] = [];
    const { WebAssembly: wasm } = createJsApi({
      stackBytes,
      wrapBuffer: (memoryAddr, buffer) => {
        asked.push([memoryAddr, buffer.byteLength]);
        wrapped.push(new ArrayBuffer(1));
        return wrapped.at(-1)!;
      },
    });
    const memory = new wasm.Memory({ initial: 1 });
    for (let i = 0; i < 2; i++) expect(memory.buffer === wrapped[0]).to.equal(true);
    memory.grow(1);
    expect(memory.buffer === wrapped[1]).to.equal(true);
    expect(asked).to.deep.equal([
      [0, 65536],
      [0, 131072],
    ]);
  });
});
