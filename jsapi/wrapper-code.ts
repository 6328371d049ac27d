/**
 * Wrappers of functions as generated text, one for each signature: every conversion is written out, so that a call
 * allocates nothing but what JavaScript itself needs. Nothing of a program goes into the text: only types do.
 */
import type { HostFunction } from "../vm/host.ts";
import { type FuncType, ValType } from "../vm/types.ts";
import type { Agent } from "./agent.ts";
import type { Callable } from "./functions.ts";
import { resultList } from "./wrappers.ts";

export type ExportFactory = (funcAddr: number) => Callable;
export type HostFactory = (callable: Callable) => HostFunction;

/** What generated text refers to; the names are those of its parameter. */
function environment(agent: Agent) {
  const { machine, conversions, errors, hooks } = agent;
  const { store } = machine;
  const { i32, i64, f32, f64 } = store;
  return {
    machine,
    store,
    i32,
    i64,
    f32,
    f64,
    toFunc: (value: unknown) => conversions.toRef(value, ValType.FuncRef),
    toExtern: (value: unknown) => conversions.toRef(value, ValType.ExternRef),
    func: (ref: number) => conversions.fromRef(ref, ValType.FuncRef),
    extern: (ref: number) => conversions.fromRef(ref, ValType.ExternRef),
    failure: (ended: Parameters<typeof errors.fromResult>[0]) => errors.fromResult(ended),
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
      throw new Error(`no conversion of type ${type}`);
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
  return value;
}

/** Reads the values of `types` from slots as JavaScript values, in an argument list. */
function readText(types: readonly ValType[], slot: string): string {
  return types.map((type, i) => toJsText(type, slotText(type, slot, i))).join(", ");
}

function writeText(types: readonly ValType[], slot: string): string {
  return types.map((type, i) => `${slotText(type, slot, i)} = v${i};`).join("\n    ");
}

/**
 * Conversions in order, but those to externref last: they run no JavaScript, so nobody sees it, and none of their references is on
 * its way while others do.
 */
function convertText(types: readonly ValType[], value: (index: number) => string, declare: string): string {
  const all = types.map((type, i) => ({ type, text: `${declare}v${i} = ${toWasmText(type, value(i))};` }));
  const extern = all.filter(({ type }) => type === ValType.ExternRef);
  const others = all.filter(({ type }) => type !== ValType.ExternRef);
  const lines = [...others, ...(extern.length === 0 ? [] : [{ text: "makeRoom();" }]), ...extern];
  return lines.map(({ text }) => text).join("\n    ");
}

function exportText({ params, results }: FuncType, leaves: boolean, enters: boolean): string {
  const args = params.map((_, i) => `a${i}`).join(", ");
  const values = readText(results, "r");
  const list = results.length > 1 ? `[${values}]` : values;
  return `(funcAddr) => (${args}) => {
    ${convertText(params, (i) => `a${i}`, "const ")}
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

function hostText({ params, results }: FuncType, leaves: boolean, enters: boolean): string {
  const declared = results.length === 0 ? "" : `let ${results.map((_, i) => `v${i}`).join(", ")};`;
  const call = `callable(${params.map((_, i) => `a${i}`).join(", ")})`;
  const read = params.map((type, i) => `const a${i} = ${toJsText(type, slotText(type, "s", i))};`).join("\n    ");
  const taken =
    results.length === 0 ? `${call};` : results.length === 1 ? `const r = ${call};` : `const r = resultList(${call}, ${results.length});`;
  const body = `${taken}
    ${convertText(results, (i) => (results.length > 1 ? `r[${i}]` : "r"), "")}`;
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
  const text = `"use strict";
  const { ${Object.keys(env).join(", ")} } = env;
  return { exported: ${exportText(type, leaves, enters)}, host: ${hostText(type, leaves, enters)} };`;
  const make = new Function("env", text) as (from: typeof env) => { exported: ExportFactory; host: HostFactory };
  return make(env);
}
