/** Small hand-made modules and a host for them, for tests of recording and replay. */
import { Recorder } from "../../rr/recorder.ts";
import { MemorySink } from "../../rr/storage.ts";
import type { TraceHeader } from "../../rr/trace-format.ts";
import { decodeModule } from "../../vm/decode.ts";
import type { HostFunction } from "../../vm/host.ts";
import { Machine } from "../../vm/machine.ts";
import { type FuncType, type Module, ValType } from "../../vm/types.ts";
import { validateModule } from "../../vm/validate.ts";

const { I32, I64, F32, F64, FuncRef } = ValType;

function leb(value: number): number[] {
  return value < 128 ? [value] : [(value & 0x7f) | 0x80, ...leb(value >>> 7)];
}
function vec(items: readonly (readonly number[])[]): number[] {
  return [...leb(items.length), ...items.flat()];
}
function text(value: string): number[] {
  const bytes = [...new TextEncoder().encode(value)];
  return [...leb(bytes.length), ...bytes];
}
function section(id: number, body: readonly number[]): number[] {
  return [id, ...leb(body.length), ...body];
}

export interface ModuleParts {
  readonly types: readonly FuncType[];
  /** Imported functions. */
  readonly imports?: readonly { readonly name: string; readonly type: number }[];
  /** Defined functions; `code` without the final end. */
  readonly funcs: readonly {
    readonly type: number;
    readonly export?: string;
    readonly locals?: readonly number[];
    readonly code: readonly number[];
  }[];
  readonly memoryPages?: number;
  /** A table of that many funcref, exported as "table". */
  readonly tableLength?: number;
  /** A mutable global i64 exported as "global". */
  readonly global?: boolean;
  readonly start?: number;
}

/** Module bytes; memory 0 is exported as "memory", imports come from module "host". */
export function moduleBytes(parts: ModuleParts): Uint8Array {
  const imports = parts.imports ?? [];
  const exports: number[][] = [];
  parts.funcs.forEach((func, i) => {
    if (func.export !== undefined) exports.push([...text(func.export), 0, ...leb(imports.length + i)]);
  });
  if (parts.tableLength !== undefined) exports.push([...text("table"), 1, 0]);
  if (parts.memoryPages !== undefined) exports.push([...text("memory"), 2, 0]);
  if (parts.global === true) exports.push([...text("global"), 3, 0]);
  const code = parts.funcs.map((func) => {
    const body = [...vec((func.locals ?? []).map((type) => [1, type])), ...func.code, 0x0b];
    return [...leb(body.length), ...body];
  });
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, vec(parts.types.map(({ params, results }) => [0x60, ...vec(params.map((t) => [t])), ...vec(results.map((t) => [t]))]))),
    ...section(2, vec(imports.map(({ name, type }) => [...text("host"), ...text(name), 0, ...leb(type)]))),
    ...section(3, vec(parts.funcs.map(({ type }) => leb(type)))),
    ...(parts.tableLength === undefined ? [] : section(4, [1, FuncRef, 0, ...leb(parts.tableLength)])),
    ...(parts.memoryPages === undefined ? [] : section(5, [1, 0, ...leb(parts.memoryPages)])),
    ...(parts.global === true ? section(6, [1, I64, 1, 0x42, 7, 0x0b]) : []),
    ...section(7, vec(exports)),
    ...(parts.start === undefined ? [] : section(8, leb(parts.start))),
    ...section(10, vec(code)),
  ]);
}

export function makeModule(parts: ModuleParts): Module {
  const module = decodeModule(moduleBytes(parts));
  validateModule(module);
  return module;
}

/** Types of the modules below by number. */
export const types: readonly FuncType[] = [
  { params: [I32], results: [I32] },
  { params: [], results: [] },
  { params: [I32, I64, F32, F64], results: [F64] },
  { params: [I32, I32, I32, I32], results: [I32] },
];

/** `ping(n)`: n = 0 gives 0; else asks the host `pong(n - 1)` and adds 1. The host answers by calling `ping`. */
export const pingPong: ModuleParts = {
  types,
  imports: [{ name: "pong", type: 0 }],
  funcs: [
    {
      type: 0,
      export: "ping",
      // local.get 0, i32.eqz, if (return 0) end, local.get 0, i32.const 1, i32.sub, call 0, i32.const 1, i32.add
      code: [0x20, 0, 0x45, 0x04, 0x40, 0x41, 0, 0x0f, 0x0b, 0x20, 0, 0x41, 1, 0x6b, 0x10, 0, 0x41, 1, 0x6a],
    },
  ],
};

/**
 * `run(n)`: n times, calls `work(i)` and adds its result to a sum in memory at 0; traps (unreachable) when the sum
 * becomes 666; returns the sum. Also `grow(n)` = memory.grow, `values(…)` that passes four types to the host.
 */
export const looper: ModuleParts = {
  types,
  imports: [
    { name: "work", type: 0 },
    { name: "mix", type: 2 },
  ],
  memoryPages: 1,
  tableLength: 4,
  global: true,
  funcs: [
    {
      type: 0,
      export: "run",
      locals: [I32],
      code: [
        ...[0x02, 0x40, 0x03, 0x40], // block, loop
        ...[0x20, 1, 0x20, 0, 0x4e, 0x0d, 1], // i >= n: br 1
        ...[0x41, 0, 0x41, 0, 0x28, 2, 0, 0x20, 1, 0x10, 0, 0x6a, 0x36, 2, 0], // mem[0] += work(i)
        ...[0x41, 0, 0x28, 2, 0, 0x41, 0x9a, 5, 0x46, 0x04, 0x40, 0x00, 0x0b], // if mem[0] == 666 unreachable
        ...[0x20, 1, 0x41, 1, 0x6a, 0x21, 1, 0x0c, 0, 0x0b, 0x0b], // i++, br 0
        ...[0x41, 0, 0x28, 2, 0],
      ],
    },
    { type: 0, export: "grow", code: [0x20, 0, 0x40, 0] },
    { type: 2, export: "values", code: [0x20, 0, 0x20, 1, 0x20, 2, 0x20, 3, 0x10, 1] },
    // spin: loop br 0
    { type: 1, export: "spin", code: [0x03, 0x40, 0x0c, 0, 0x0b] },
  ],
};

export interface Recording {
  readonly machine: Machine;
  readonly recorder: Recorder;
  readonly sink: MemorySink;
}

/** A machine that records into memory. */
export function startRecording(header: Partial<TraceHeader> = {}): Recording {
  const sink = new MemorySink();
  const recorder = new Recorder(sink, header);
  const machine = new Machine({ journal: recorder, ...(header.stackBytes === undefined ? {} : { stackBytes: header.stackBytes }) });
  recorder.attach(machine.store);
  return { machine, recorder, sink };
}

/** Store address of an exported function. */
export function funcOf(machine: Machine, instanceAddr: number, name: string): number {
  return machine.export(instanceAddr, name)!.addr;
}

/** Instantiates a module with its host functions, all from "host". */
export function instantiate(machine: Machine, parts: ModuleParts, host: Readonly<Record<string, HostFunction>>): number {
  return machine.instantiate(makeModule(parts), { host }).instanceAddr;
}
