/**
 * Wrappers of functions as generated text, one for each signature: every conversion is written out, so that a call
 * allocates nothing but what JavaScript itself needs. Nothing of a program goes into the text: only types do.
 */
import type { EngineFunction } from "../vm/host.ts";
import { type FuncType, isRefType, ValType } from "../vm/types.ts";
import type { Agent } from "./agent.ts";
import type { Callable } from "./functions.ts";

export type ExportFactory = (funcAddr: number) => Callable;
export type HostFactory = (callable: Callable) => EngineFunction;

/** What generated text refers to; the names are those of its parameter. */
function environment(agent: Agent) {
  const { machine, references, functions, hooks } = agent;
  const { store } = machine;
  const { i32, i64, f32, f64 } = store;
  return {
    machine,
    store,
    i32,
    i64,
    f32,
    f64,
    toFunc: (value: unknown) => references.toRef(value, ValType.FuncRef),
    toExtern: (value: unknown) => references.numberOf(value),
    toRef: (value: unknown, type: ValType) => references.toRef(value, type),
    check: (value: unknown, type: ValType) => references.check(value, type),
    func: (ref: number) => (ref === 0 ? null : functions.at(ref - 1)),
    extern: (ref: number) => references.valueOf(ref),
    fromRef: (ref: number, type: ValType) => references.fromRef(ref, type),
    failure: (ended: Parameters<typeof agent.thrownFor>[0]) => agent.thrownFor(ended),
    enter: hooks.beforeEnter,
    leave: hooks.afterLeave,
    makeRoom: () => agent.makeRoom(),
    resultList,
  };
}

/** A value of JavaScript as one of the machine; throws what ToWebAssemblyValue throws. */
function toWasmText(type: ValType, value: string): string {
  switch (type) {
    case ValType.I32:
      return `${value} | 0`;
    case ValType.I64:
      return `BigInt.asIntN(64, ${value})`;
    case ValType.F32:
      return `Math.fround(${value})`;
    case ValType.F64:
      return `+${value}`;
    case ValType.FuncRef:
      return `toFunc(${value})`;
    case ValType.ExternRef:
      return `toExtern(${value})`;
    default:
      return `toRef(${value}, ${type})`;
  }
}

/** The place of a value in slot `slot + index`. */
function slotText(type: ValType, slot: string, index: number): string {
  const at = index === 0 ? slot : `${slot} + ${index}`;
  switch (type) {
    case ValType.I64:
      return `i64[${at}]`;
    case ValType.F64:
      return `f64[${at}]`;
    case ValType.F32:
      return `f32[(${at}) * 2]`;
    default:
      return `i32[(${at}) * 2]`;
  }
}

function toJsText(type: ValType, value: string): string {
  if (type === ValType.FuncRef) return `func(${value})`;
  if (type === ValType.ExternRef) return `extern(${value})`;
  return isRefType(type) ? `fromRef(${value}, ${type})` : value;
}

/** Reads the values of `types` from slots as JavaScript values, in an argument list. */
function readText(types: readonly ValType[], slot: string): string {
  return types.map((type, i) => toJsText(type, slotText(type, slot, i))).join(", ");
}

function writeText(types: readonly ValType[], slot: string): string {
  return types.map((type, i) => `${slotText(type, slot, i)} = v${i};`).join("\n    ");
}

/** As Conversions.allToWasm does: values of `numbered` types are only checked in order, and converted last. */
function convertText(types: readonly ValType[], numbered: IsNumbered, value: (index: number) => string, declare: string): string {
  const convert = (type: ValType, i: number): string => `${declare}v${i} = ${toWasmText(type, value(i))};`;
  const early = types.map((type, i) => {
    if (!numbered(type)) return convert(type, i);
    // Any value at all is an externref.
    return type === ValType.ExternRef ? "" : `check(${value(i)}, ${type});`;
  });
  const late = types.map((type, i) => (numbered(type) ? convert(type, i) : ""));
  return [...early, types.some(numbered) ? "makeRoom();" : "", ...late].filter((line) => line !== "").join("\n    ");
}

type IsNumbered = (type: ValType) => boolean;

function exportText({ params, results }: FuncType, numbered: IsNumbered, leaves: boolean, enters: boolean): string {
  const args = params.map((_, i) => `a${i}`).join(", ");
  const values = readText(results, "r");
  const list = results.length > 1 ? `[${values}]` : values;
  return `(funcAddr) => (${args}) => {
    ${convertText(params, numbered, (i) => `a${i}`, "const ")}
    ${enters ? "enter();" : ""}
    ${params.length > 0 ? "const s = machine.argSlot;" : ""}
    ${writeText(params, "s")}
    ${leaves ? "let ended; try { ended = machine.callInPlace(funcAddr); } catch (error) { leave(); throw error; }" : "const ended = machine.callInPlace(funcAddr);"}
    if (ended !== undefined) {
      ${leaves ? "leave();" : ""}
      throw failure(ended);
    }
    ${results.length === 0 ? "" : `const r = store.resultSlot; const list = ${list};`}
    ${leaves ? "leave();" : ""}
    ${results.length === 0 ? "" : "return list;"}
  }`;
}

function hostText({ params, results }: FuncType, numbered: IsNumbered, leaves: boolean, enters: boolean): string {
  const declared = results.length === 0 ? "" : `let ${results.map((_, i) => `v${i}`).join(", ")};`;
  const call = `callable(${params.map((_, i) => `a${i}`).join(", ")})`;
  const read = params.map((type, i) => `const a${i} = ${toJsText(type, slotText(type, "s", i))};`).join("\n    ");
  const taken =
    results.length === 0 ? `${call};` : results.length === 1 ? `const r = ${call};` : `const r = resultList(${call}, ${results.length});`;
  const body = `${taken}
    ${convertText(results, numbered, (i) => (results.length > 1 ? `r[${i}]` : "r"), "")}`;
  return `(callable) => ({ slot: s }) => {
    ${read}
    ${leaves ? "leave();" : ""}
    ${declared}
    ${enters ? `try { ${body} } finally { enter(); }` : body}
    ${writeText(results, "s")}
  }`;
}

/** Makes the wrappers of a signature without opaque types. Throws EvalError where text may not become code. */
export function generateWrappers(agent: Agent, type: FuncType): { exported: ExportFactory; host: HostFactory } {
  const env = environment(agent);
  const leaves = env.leave !== undefined;
  const enters = env.enter !== undefined;
  const numbered = (each: ValType): boolean => agent.references.isNumbered(each);
  const text = `"use strict";
  const { ${Object.keys(env).join(", ")} } = env;
  return { exported: ${exportText(type, numbered, leaves, enters)}, host: ${hostText(type, numbered, leaves, enters)} };`;
  const make = new Function("env", text) as (from: typeof env) => { exported: ExportFactory; host: HostFactory };
  return make(env);
}

/** What an import with several results has returned, as a list. Throws TypeError unless it is iterable and of that length. */
export function resultList(returned: unknown, count: number): unknown[] {
  // Spreading reports what is no iterable with a TypeError of its own.
  const list = [...(returned as Iterable<unknown>)];
  if (list.length !== count) throw new TypeError(`an imported function returned ${list.length} values, its type has ${count}`);
  return list;
}
