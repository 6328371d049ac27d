/**
 * Programs that host and wasm call one another in, and their recordings: exceptions and traps that go through several levels,
 * an instance made inside of an import, tables changed there, asynchronous imports between calls. By the public library only.
 */
import {
  type CallResult,
  compileModule,
  createJsApi,
  Machine,
  MemorySink,
  MemoryStorage,
  type Module,
  Recorder,
  RewasmError,
  Trap,
} from "rewasm";
import { wat } from "../support/wat.ts";

export interface ReentrantRecording {
  readonly storage: MemoryStorage;
  /** How the calls from outside ended, and what hosts noted on the way. */
  readonly log: readonly string[];
}

interface Stage {
  readonly machine: Machine;
  readonly recorder: Recorder;
  readonly log: string[];
}

/** Records what `perform` does. */
export async function record(perform: (stage: Stage) => Promise<void> | void, stackBytes = 1 << 20): Promise<ReentrantRecording> {
  const sink = new MemorySink();
  const recorder = new Recorder(sink, { program: "reentrant", stackBytes });
  const machine = new Machine({ journal: recorder, stackBytes });
  recorder.attach(machine.store);
  const log: string[] = [];
  await perform({ machine, recorder, log });
  recorder.finish();
  return { storage: new MemoryStorage(sink.bytes()), log };
}

export async function moduleOf(text: string): Promise<Module> {
  return compileModule(await wat(text));
}

export function func(machine: Machine, instanceAddr: number, name: string): number {
  return machine.export(instanceAddr, name)!.addr;
}

function trapName(trap: Trap): string {
  return Object.entries(Trap).find(([, value]) => value === trap)![0];
}

export function resultText(result: CallResult): string {
  if (result.kind === "return") return `return ${result.values.join(",")}`;
  if (result.kind === "exit") return `exit ${result.exitCode}`;
  return `trap ${trapName(result.trap)}${result.thrown instanceof Error ? `: ${result.thrown.message}` : ""}`;
}

/** `down(n)` asks the host to go one level deeper until n is 0, then does `bottom`: 0 returns, 1 traps, 2 asks the host to throw. */
const LEVELS = `(module
  (import "host" "deeper" (func $deeper (param i32 i32) (result i32)))
  (import "host" "throw" (func $throw (param i32)))
  (memory (export "memory") 1)
  (global $entered (export "entered") (mut i32) (i32.const 0))
  (func $leaf (param i32) (result i32)
    (i32.store (i32.mul (local.get 0) (i32.const 8)) (global.get $entered))
    (i32.add (local.get 0) (i32.const 1)))
  (func (export "down") (param $n i32) (param $bottom i32) (result i32)
    (local $answer i32)
    (global.set $entered (i32.add (global.get $entered) (i32.const 1)))
    (if (i32.eqz (local.get $n))
      (then
        (if (i32.eq (local.get $bottom) (i32.const 1)) (then unreachable))
        (if (i32.eq (local.get $bottom) (i32.const 2)) (then (call $throw (global.get $entered))))
        (return (call $leaf (i32.const 0)))))
    (local.set $answer (call $deeper (i32.sub (local.get $n) (i32.const 1)) (local.get $bottom)))
    (i32.add (call $leaf (local.get $n)) (local.get $answer))))`;

/** Traps and exceptions that go through levels; on every third level the host swallows them, on the others it throws on. */
export async function recordLevels(): Promise<ReentrantRecording> {
  const module = await moduleOf(LEVELS);
  return record(({ machine, recorder, log }) => {
    const { store } = machine;
    let hostCalls = 0;
    const { instanceAddr } = machine.instantiate(module, {
      host: {
        deeper: ({ slot }) => {
          const n = store.i32[slot * 2]!;
          if (++hostCalls % 5 === 0) recorder.flush();
          machine.writeMemory(0, 4096 + n * 16, Uint8Array.of(n, hostCalls, 7));
          const result = machine.call(func(machine, instanceAddr, "down"), [n, store.i32[(slot + 1) * 2]!]);
          log.push(`level ${n}: ${resultText(result)}`);
          if (result.kind === "return") store.i32[slot * 2] = Number(result.values[0]);
          else if (n % 3 === 2) store.i32[slot * 2] = 1000 + n;
          else if (result.kind === "trap" && result.trap !== Trap.HostThrow)
            throw new Error(`level ${n} trapped with ${trapName(result.trap)}`);
          else throw new Error(`thrown on by level ${n}`);
        },
        throw: ({ slot }) => {
          throw new Error(`thrown at the bottom, ${store.i32[slot * 2]}`);
        },
      },
    });
    const down = func(machine, instanceAddr, "down");
    for (const [n, bottom] of [
      [7, 0],
      [1, 1],
      [1, 2],
      [7, 1],
      [8, 2],
      [2, 0],
    ]) {
      log.push(resultText(machine.call(down, [n!, bottom!])));
    }
  });
}

const OUTER = `(module
  (import "host" "make" (func $make (param i32) (result i32)))
  (memory (export "memory") 1 8)
  (table (export "table") 2 16 funcref)
  (global (export "count") (mut i32) (i32.const 0))
  (type $unary (func (param i32) (result i32)))
  (func $double (export "double") (param i32) (result i32)
    (i32.store (i32.const 512) (local.get 0))
    (i32.mul (local.get 0) (i32.const 2)))
  (elem (i32.const 0) $double)
  (func (export "run") (param $i i32) (result i32) (local $slot i32)
    (local.set $slot (call $make (local.get $i)))
    (i32.add
      (call_indirect (type $unary) (local.get $i) (local.get $slot))
      (call_indirect (type $unary) (local.get $i) (i32.const 0)))))`;

/** Imports everything of the outer instance; its start function calls into it, and back into the host. */
const INNER = `(module
  (import "outer" "memory" (memory 1))
  (import "outer" "table" (table 1 funcref))
  (import "outer" "count" (global $count (mut i32)))
  (import "outer" "double" (func $double (param i32) (result i32)))
  (import "host" "note" (func $note (param i32) (result i32)))
  (global $own (mut i32) (i32.const 5))
  (func $start
    (global.set $count (i32.add (global.get $count) (i32.const 1)))
    (global.set $own (call $note (call $double (global.get $count)))))
  (start $start)
  (data (i32.const 600) "inner")
  (func (export "triple") (param i32) (result i32)
    (i32.store offset=700 (i32.mul (global.get $count) (i32.const 4)) (local.get 0))
    (i32.add (i32.mul (local.get 0) (i32.const 3)) (global.get $own))))`;

/** Traps in its start function, inside of an import. */
const BROKEN = `(module
  (import "outer" "memory" (memory 1))
  (func $start (i32.store (i32.const 800) (i32.const 77)) unreachable)
  (start $start))`;

/** Each call of `run` makes an instance inside of the import, puts its function into the table and grows the table. */
export async function recordInstances(): Promise<ReentrantRecording> {
  const outer = await moduleOf(OUTER);
  const inner = await moduleOf(INNER);
  const broken = await moduleOf(BROKEN);
  return record(({ machine, recorder, log }) => {
    const { store } = machine;
    let made = 0;
    const { instanceAddr } = machine.instantiate(outer, {
      host: {
        make: ({ slot }) => {
          made++;
          const shared = { memory: machine.export(0, "memory")!, table: machine.export(0, "table")!, count: machine.export(0, "count")! };
          const imports = {
            outer: { ...shared, double: machine.export(0, "double")! },
            host: {
              note: (call: { slot: number }) => {
                const value = store.i32[call.slot * 2]!;
                log.push(`note ${value}`);
                // One level more: from the start function of an instance that is being made.
                const result = machine.call(func(machine, 0, "double"), [value + 1]);
                store.i32[call.slot * 2] = result.kind === "return" ? Number(result.values[0]) : -1;
              },
            },
          };
          const instance = machine.instantiate(inner, imports);
          log.push(resultText(instance.start));
          log.push(resultText(machine.instantiate(broken, imports).start));
          const at = made % 2 === 0 ? machine.growTable(0, 1, 0) : 1;
          machine.setTable(0, at, func(machine, instance.instanceAddr, "triple") + 1);
          // Every function of the table from here on is the newest one.
          if (made === 3) machine.setTable(0, 0, func(machine, instance.instanceAddr, "triple") + 1);
          if (made === 2) machine.growMemory(0, 1);
          recorder.flush();
          store.i32[slot * 2] = at;
        },
      },
    });
    const run = func(machine, instanceAddr, "run");
    for (const i of [3, 10, 20, 30]) log.push(resultText(machine.call(run, [i])));
  });
}

const WAITING = `(module
  (import "host" "request" (func $request (param i32)))
  (import "host" "pump" (func $pump (param i32) (result i32)))
  (memory (export "memory") 1 4)
  (table (export "table") 1 4 funcref)
  (global (export "ready") (mut i64) (i64.const 0))
  (func (export "ask") (param $id i32)
    (call $request (local.get $id))
    (i32.store (i32.const 64) (i32.add (i32.load (i32.const 64)) (local.get $id))))
  (func (export "answered") (param $id i32) (result i32)
    (local $sum i32)
    (loop $again
      (local.set $sum (i32.add (local.get $sum) (i32.load8_u offset=128 (local.get $id))))
      (br_if $again (local.tee $id (i32.sub (local.get $id) (i32.const 1)))))
    (i32.add (call $pump (local.get $sum)) (i32.wrap_i64 (global.get 0)))))`;

/**
 * An asynchronous host: imports only note requests, and answers come between the calls, written into memory, table and globals
 * while nothing runs. Long calls are made in slices; what a timer tries to call meanwhile is refused.
 */
export async function recordWaiting(): Promise<ReentrantRecording> {
  const module = await moduleOf(WAITING);
  return record(async ({ machine, log }) => {
    const { store } = machine;
    const requests: number[] = [];
    const { instanceAddr } = machine.instantiate(module, {
      host: {
        request: ({ slot }) => {
          requests.push(store.i32[slot * 2]!);
        },
        pump: ({ slot }) => {
          const sum = store.i32[slot * 2]!;
          if (sum % 3 === 0) machine.call(func(machine, instanceAddr, "ask"), [sum]);
          if (sum % 4 === 1) throw new Error(`no answer to ${sum}`);
          store.i32[slot * 2] = sum + 1;
        },
      },
    });
    for (let round = 1; round <= 6; round++) {
      const asking = machine.callAsync(func(machine, instanceAddr, "ask"), [round]);
      log.push(resultText(await asking));
      await Promise.resolve();
      const id = requests.shift()!;
      machine.writeMemory(0, 128 + id, Uint8Array.of(id * 37, id * 5, 255));
      machine.setGlobal(0, BigInt(id) << 33n);
      if (round === 2) machine.growMemory(0, 1);
      if (round === 3) machine.growTable(0, 2, 0);
      if (round > 3) machine.setTable(0, 2, func(machine, instanceAddr, "ask") + 1);
      const answering = machine.callAsync(func(machine, instanceAddr, "answered"), [id + 2]);
      log.push(resultText(await answering));
    }
  });
}

/** The host calls a machine that is in the midst of a call: refused, and neither trace nor machine notice. */
export async function recordIntrusion(): Promise<ReentrantRecording> {
  const module = await moduleOf(`(module (func (export "long") (param i32) (result i32)
    (loop $again (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (i32.const 42)))`);
  return record(async ({ machine, log }) => {
    const { instanceAddr } = machine.instantiate(module);
    const long = func(machine, instanceAddr, "long");
    machine.onSlice = () => {
      try {
        machine.call(long, [1]);
      } catch (error) {
        log.push(error instanceof RewasmError ? error.code : String(error));
      }
    };
    log.push(resultText(await machine.callAsync(long, [7_000_000])));
  });
}

/** The depth of calls is limited by the machine's own stack: the call that does not fit traps, and its caller goes on. */
export async function recordExhaustion(): Promise<ReentrantRecording> {
  const module = await moduleOf(LEVELS);
  return record(({ machine, log }) => {
    const { store } = machine;
    const { instanceAddr } = machine.instantiate(module, {
      host: {
        deeper: ({ slot }) => {
          const n = store.i32[slot * 2]!;
          const result = machine.call(func(machine, instanceAddr, "down"), [n, 0]);
          if (result.kind !== "return") log.push(`level ${n}: ${resultText(result)}`);
          store.i32[slot * 2] = result.kind === "return" ? Number(result.values[0]) : n;
        },
        throw: () => {},
      },
    });
    log.push(resultText(machine.call(func(machine, instanceAddr, "down"), [200, 0])));
    log.push(resultText(machine.call(func(machine, instanceAddr, "down"), [3, 0])));
  }, 8192);
}

const NAMESPACE = `(module
  (import "js" "deeper" (func $deeper (param i32) (result i32)))
  (import "js" "table" (table $table 4 funcref))
  (import "js" "tag" (tag $tag (param i32)))
  (memory (export "memory") 1)
  (func $mark (param i32) (i32.store8 (local.get 0) (i32.add (i32.load8_u (local.get 0)) (i32.const 1))))
  (func (export "plain") (param $n i32) (result i32)
    (call $mark (local.get $n))
    (i32.add (call $deeper (i32.sub (local.get $n) (i32.const 1))) (i32.const 1)))
  (func (export "catching") (param $n i32) (result i32)
    (call $mark (i32.add (local.get $n) (i32.const 100)))
    (block $caught (result i32)
      (try_table (result i32) (catch $tag $caught) (call $deeper (i32.sub (local.get $n) (i32.const 1))))
      (return))
    (i32.add (i32.const 5000)))
  (func (export "raise") (param i32) (result i32) (throw $tag (local.get 0)))
  (func (export "broken") (param i32) (result i32) unreachable)
  (func (export "through") (param $n i32) (result i32)
    (call_indirect $table (param i32) (result i32) (local.get $n) (i32.and (local.get $n) (i32.const 3)))))`;

/**
 * A JavaScript program on the namespace: imports call exports of old and new instances, change the table that is called
 * through, let exceptions of both languages go through levels of both, catch some of them, and wait between calls.
 */
export async function recordNamespace(): Promise<ReentrantRecording> {
  const bytes = await wat(NAMESPACE);
  const stackBytes = 1 << 18;
  const sink = new MemorySink();
  const recorder = new Recorder(sink, { program: "namespace", stackBytes });
  const { WebAssembly, machine } = createJsApi({ journal: recorder, stackBytes });
  recorder.attach(machine.store);
  const log: string[] = [];
  type Exports = Record<string, (n: number) => number>;
  const table = new WebAssembly.Table({ element: "anyfunc", initial: 4 });
  const tag = new WebAssembly.Tag({ parameters: ["i32"] });
  const instances: Exports[] = [];
  const secret = new Error("the very same object");
  const deeper = (n: number): number => {
    const [first] = instances;
    if (n === 3 && instances.length < 4) make();
    if (n === 5) table.set(1, instances.at(-1)!.catching!);
    if (n <= 0) return 0;
    switch (n % 7) {
      case 1:
        return n === 15 ? first!.broken!(n) : first!.raise!(n);
      case 2:
        if (n % 4 === 0) return first!.catching!(n);
        throw secret;
      case 4:
        try {
          return first!.through!(n);
        } catch (error) {
          log.push(`level ${n}: ${error === secret ? "the same" : (error as Error).constructor.name}`);
          return n * 100;
        }
      default:
        return n % 2 === 0 ? first!.catching!(n) : instances.at(-1)!.plain!(n);
    }
  };
  const make = (): void => {
    const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { js: { deeper, table, tag } });
    instances.push(instance.exports as Exports);
  };
  make();
  for (const [i, name] of ["plain", "catching", "plain", "raise"].entries()) table.set(i, instances[0]![name]!);
  for (const n of [1, 4, 6, 9, 11, 14, 16, 17, 20, 45]) {
    await Promise.resolve();
    try {
      log.push(`${n}: ${instances[0]!.plain!(n)}`);
    } catch (error) {
      const known = error === secret ? "the same" : error instanceof WebAssembly.Exception ? "a tag" : (error as Error).constructor.name;
      log.push(`${n}: ${known}`);
    }
  }
  recorder.finish();
  return { storage: new MemoryStorage(sink.bytes()), log };
}
