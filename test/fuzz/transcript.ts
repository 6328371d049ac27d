/**
 * What a run of a module shows: its calls and their outcomes, what it told its host, and how globals and memories end. The
 * same lines for the same behaviour, whichever engine runs it.
 */
import { UnsupportedError } from "../../vm/errors.ts";
import type { EngineFunction } from "../../vm/host.ts";
import type { CallResult, Machine } from "../../vm/machine.ts";
import type { ExternAddr } from "../../vm/store.ts";
import { Trap } from "../../vm/trap.ts";
import { ExternKind, type FuncType, isNullable, isRefType, type Module, nullable, slotCount, ValType } from "../../vm/types.ts";
import { readValues, type Value } from "../../vm/value.ts";
import { checkedModule } from "../support/machines.ts";
import { mulberry32 } from "../support/random.ts";
import { hasVectors, zeroModule } from "./zeros.ts";

/** Everything about a run that must be the same everywhere. */
export interface Transcript {
  readonly lines: string[];
  /** A call that used up the stack: what follows may differ. */
  exhausted: boolean;
}

export interface Call {
  readonly name: string;
  readonly args: readonly Value[];
}

/** The first line in which two transcripts differ; nothing counts after a call that used up either stack. */
export function firstDifference(nameA: string, a: Transcript, nameB: string, b: Transcript): string | undefined {
  for (let i = 0; i < Math.max(a.lines.length, b.lines.length); i++) {
    const [left, right] = [a.lines[i], b.lines[i]];
    if (left === right) continue;
    const exhausted =
      [left, right].some((line) => line?.endsWith("exhausted")) ||
      ((a.exhausted || b.exhausted) && (left ?? right ?? "").startsWith("end "));
    return exhausted ? undefined : `${nameA}: ${left ?? "nothing"}; ${nameB}: ${right ?? "nothing"}`;
  }
  return undefined;
}

export function callsOf(module: Module, seed: number): Call[] {
  const random = mulberry32(seed ^ 0x5eed);
  const calls: Call[] = [];
  // Binaryen limits loops and recursion by a counter, which this export sets anew.
  const reset = module.exports.find(({ name }) => name === "hangLimitInitializer");
  for (const { name, kind, index } of module.exports) {
    if (kind !== ExternKind.Func || name === reset?.name) continue;
    const type = module.funcTypes[index]!;
    if (!isCallable(type)) continue;
    if (reset !== undefined) calls.push({ name: reset.name, args: [] });
    calls.push({ name, args: type.params.map((param) => randomValue(param, random)) });
  }
  return calls;
}

/** Whether JavaScript can call it: vectors and exceptions do not cross, and null is the only reference to give. */
function isCallable({ params, results }: FuncType): boolean {
  const crosses = (type: ValType): boolean => type !== ValType.V128 && type !== ValType.ExnRef && type !== ValType.NullExnRef;
  return params.every((type) => crosses(type) && (!isRefType(type) || (type & 0x80) === 0)) && results.every(crosses);
}

const INTERESTING = [0, 1, -1, 2, 7, 0x7fffffff, -0x80000000, 100, 255, 65535];

function randomValue(type: ValType, random: () => number): Value {
  const small = INTERESTING[Math.floor(random() * INTERESTING.length)]!;
  switch (type) {
    case ValType.I32:
      return random() < 0.5 ? small : (random() * 2 ** 32) | 0;
    case ValType.I64:
      return BigInt.asIntN(64, random() < 0.5 ? BigInt(small) : BigInt(Math.floor(random() * 2 ** 53)) * 2049n);
    case ValType.F32:
      return Math.fround(random() < 0.5 ? small : random() * 1e6);
    case ValType.F64:
      return random() < 0.5 ? small : random() * 1e12 - 5e11;
    default:
      return 0;
  }
}

/** Whether it is a reference to anything of the host. */
export function isExtern(type: ValType): boolean {
  return isRefType(type) && nullable(type) === ValType.ExternRef;
}

export function text(value: unknown, type: ValType): string {
  if (isRefType(type)) return value === 0 ? "null" : "ref";
  return Object.is(value, -0) ? "-0" : `${value}`;
}

export function outcome(result: CallResult, results: readonly ValType[], transcript: Transcript): string {
  if (result.kind === "return") return `returns ${result.values.map((value, i) => text(value, results[i]!)).join(" ")}`;
  if (result.kind !== "trap") return result.kind;
  if (result.trap === Trap.UncaughtException) return "throws";
  if (result.trap !== Trap.CallStackExhausted) return "traps";
  transcript.exhausted = true;
  return "exhausted";
}

/** What makes the things that modules import. */
export type ImportMaker = Pick<Machine, "addGlobal" | "addMemory" | "addTable" | "addTag" | "instantiate" | "export">;
export type ZeroImports = Record<string, Record<string, ExternAddr | EngineFunction>>;

/** Imports for a machine of ours or of a native engine: functions that note their arguments and give zeros, zero globals, empty tables. */
export function zeroImports(module: Module, machine: ImportMaker, { lines }: Transcript): ZeroImports {
  const imports: ZeroImports = {};
  for (const { module: from, name, desc } of module.imports) {
    imports[from] ??= {};
    if (desc.kind === ExternKind.Func) {
      const { params, results } = module.types[desc.typeIndex]!.func!;
      if (hasVectors(params, results)) {
        const { instanceAddr } = machine.instantiate(checkedModule(zeroModule(params, results)), []);
        imports[from][name] = machine.export(instanceAddr, "f")!;
        continue;
      }
      imports[from][name] = ({ machine: { store }, slot }) => {
        lines.push(
          `${name} ${readValues(store, slot, params)
            .map((value, i) => text(value, params[i]!))
            .join(" ")}`,
        );
        store.i64.fill(0n, slot, slot + slotCount(results));
      };
    } else if (desc.kind === ExternKind.Global) {
      // Zero, null, or something of the host.
      const { valType } = desc.type;
      if (isRefType(valType) && !isNullable(valType) && !isExtern(valType))
        throw new UnsupportedError("imported globals that cannot be null");
      imports[from][name] = { kind: ExternKind.Global, addr: machine.addGlobal(desc.type, isExtern(valType) ? 1n : 0n) };
    } else if (desc.kind === ExternKind.Memory) imports[from][name] = { kind: ExternKind.Memory, addr: machine.addMemory(desc.type) };
    else if (desc.kind === ExternKind.Table) imports[from][name] = { kind: ExternKind.Table, addr: machine.addTable(desc.type) };
    else imports[from][name] = { kind: ExternKind.Tag, addr: machine.addTag(module.types[desc.typeIndex]!.func!.params) };
  }
  return imports;
}

/** Enough to tell memories apart, and the same text for equal ones. */
export function sum(bytes: Uint8Array): string {
  let hash = bytes.length;
  for (let i = 0; i < bytes.length; i++) hash = (Math.imul(hash, 31) + bytes[i]!) | 0;
  return hash.toString(16);
}
