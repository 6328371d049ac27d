/** Programs in the text format with a small host, and their recordings: what tests of the timeline and the debugger move in. */
import { Recorder } from "../../rr/recorder.ts";
import { MemorySink, MemoryStorage } from "../../rr/storage.ts";
import { decodeModule } from "../../vm/decode.ts";
import type { HostFunction } from "../../vm/host.ts";
import { type CallResult, Machine } from "../../vm/machine.ts";
import type { Module } from "../../vm/types.ts";
import { validateModule } from "../../vm/validate.ts";
import type { Value } from "../../vm/value.ts";
import { Encoder } from "../spec/encode.ts";

/** The module of a text, validated. */
export async function assemble(text: string): Promise<Module> {
  const encoding = await new Encoder().encode({ form: "text", text, name: undefined, bytes: new Uint8Array(0), node: undefined });
  if (encoding.kind === "refused") throw new Error(encoding.complaint);
  return checked(encoding.bytes);
}

export function checked(bytes: Uint8Array): Module {
  const module = decodeModule(bytes);
  validateModule(module);
  return module;
}

export interface Call {
  readonly name: string;
  readonly args?: readonly Value[];
}

export interface RecordedProgram {
  readonly storage: MemoryStorage;
  readonly results: readonly CallResult[];
  readonly tickCount: number;
}

/** Host functions by name, all imported from module "host"; each is made for the machine. */
export type Hosts = Readonly<Record<string, (machine: Machine) => HostFunction>>;

/** Records an instance of the module and calls of its exports, one after another. */
export function recordProgram(
  module: Module,
  calls: readonly Call[],
  hosts: Hosts = {},
  options: { readonly flushEvery?: number } = {},
): RecordedProgram {
  const sink = new MemorySink();
  const recorder = new Recorder(sink, {});
  const machine = new Machine({ journal: recorder });
  recorder.attach(machine.store);
  let hostCalls = 0;
  const host = Object.fromEntries(
    Object.entries(hosts).map(([name, make]): [string, HostFunction] => {
      const implementation = make(machine);
      const flushing: HostFunction = (call) => {
        // A chunk ends here, as when a program waits for its user.
        if (++hostCalls % (options.flushEvery ?? Number.POSITIVE_INFINITY) === 0) recorder.flush();
        implementation(call);
      };
      return [name, flushing];
    }),
  );
  const { instanceAddr } = machine.instantiate(module, { host });
  const results = calls.map(({ name, args }) => machine.call(machine.export(instanceAddr, name)!.addr, args ?? []));
  recorder.finish();
  return { storage: new MemoryStorage(sink.bytes()), results, tickCount: machine.store.tick };
}

/**
 * Calls to a depth, loops, writes memory, asks the host, and is called back by it: a bit of everything that a debugger
 * has to find its way through. `main(n)` goes around n times.
 */
export const MAZE = `(module $maze
  (import "host" "ask" (func $ask (param i32) (result i32)))
  (import "host" "visit" (func $visit (param i32) (result i32)))
  (memory (export "memory") 4)
  (global $sum (mut i64) (i64.const 0))
  (func $leaf (param $x i32) (result i32)
    (i32.add (local.get $x) (i32.const 1)))
  (func $fib (export "fib") (param $n i32) (result i32)
    (if (result i32) (i32.lt_u (local.get $n) (i32.const 2))
      (then (local.get $n))
      (else (i32.add
        (call $fib (i32.sub (local.get $n) (i32.const 1)))
        (call $fib (i32.sub (local.get $n) (i32.const 2)))))))
  (func $fill (param $from i32) (param $count i32)
    (loop $again
      (i32.store (local.get $from) (i32.add (i32.load (local.get $from)) (local.get $count)))
      (local.set $from (i32.add (local.get $from) (i32.const 68)))
      (br_if $again (local.tee $count (i32.sub (local.get $count) (i32.const 1))))))
  (func $visited (export "visited") (param $k i32) (result i32)
    (drop (call $fib (i32.const 4)))
    (if (i32.gt_s (local.get $k) (i32.const 0))
      (then (drop (call $visit (i32.sub (local.get $k) (i32.const 1))))))
    (call $leaf (local.get $k)))
  (func $round (param $i i32)
    (local $answer i32)
    (local.set $answer (call $ask (local.get $i)))
    (global.set $sum (i64.add (global.get $sum) (i64.extend_i32_u (local.get $answer))))
    (call $fill (i32.mul (local.get $i) (i32.const 100)) (i32.const 40))
    (drop (call $fib (i32.add (i32.const 5) (i32.and (local.get $answer) (i32.const 3)))))
    (drop (call $visit (i32.and (local.get $i) (i32.const 3)))))
  (func $main (export "main") (param $n i32) (result i64)
    (local $i i32)
    (loop $again
      (call $round (local.get $i))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $i) (local.get $n))))
    (global.get $sum))
  (func $fail (export "fail") (param $n i32)
    (drop (call $fib (i32.const 6)))
    (i32.store (i32.const 0x100000) (call $leaf (local.get $n)))))`;

/** The host of MAZE: `ask` answers unforeseeably and writes memory, `visit` calls back. */
export const mazeHosts: Hosts = {
  ask: (machine) => {
    let state = 12345;
    return ({ slot }) => {
      state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
      machine.writeMemory(0, 64 + (state % 1000), Uint8Array.of(state & 255, 1, 2, 3));
      machine.store.i32[slot * 2] = state >>> 16;
    };
  },
  visit: (machine) => {
    return ({ slot }) => {
      const result = machine.call(machine.export(0, "visited")!.addr, [machine.store.i32[slot * 2]!]);
      machine.store.i32[slot * 2] = result.kind === "return" ? Number(result.values[0]) : -1;
    };
  },
};

/** A recording of MAZE: `main(rounds)` and then what `more` says. */
export async function recordMaze(
  rounds: number,
  more: readonly Call[] = [],
  options: { readonly flushEvery?: number } = {},
): Promise<RecordedProgram> {
  return recordProgram(await assemble(MAZE), [{ name: "main", args: [rounds] }, ...more], mazeHosts, options);
}
