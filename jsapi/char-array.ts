/**
 * The builtin intoCharCodeArray of "js-string": the only one that writes into an object of the machine. Of what a host function
 * writes there no trace would tell, so it is a function of wasm, in a module of our own that asks for the string four codes at
 * a time; a replay runs it like any other.
 */
import { compileModule } from "../vm/compile.ts";
import { ExternKind } from "../vm/types.ts";
import type { Agent } from "./agent.ts";
import type { Callable } from "./functions.ts";

/**
 * (module
 *   (type $chars (array (mut i16)))
 *   (import "" "length" (func $length (param externref) (result i32)))
 *   (import "" "four" (func $four (param externref i32) (result i64)))
 *   (func (export "intoCharCodeArray") (param $string externref) (param $array (ref null $chars)) (param $at i32) (result i32)
 *     (local $length i32) (local $done i32) (local $codes i64)
 *     (local.set $length (call $length (local.get $string)))
 *     (if (i64.gt_u (i64.add (i64.extend_i32_u (local.get $at)) (i64.extend_i32_u (local.get $length)))
 *                   (i64.extend_i32_u (array.len (local.get $array))))
 *       (then (drop (array.get_u $chars (local.get $array) (i32.const -1)))))    ;; out of bounds
 *     (block $all
 *       (loop $next
 *         (br_if $all (i32.ge_u (local.get $done) (local.get $length)))
 *         (if (i32.eqz (i32.and (local.get $done) (i32.const 3)))
 *           (then (local.set $codes (call $four (local.get $string) (local.get $done)))))
 *         (array.set $chars (local.get $array) (local.get $at) (i32.wrap_i64 (local.get $codes)))
 *         (local.set $codes (i64.shr_u (local.get $codes) (i64.const 16)))
 *         (local.set $at (i32.add (local.get $at) (i32.const 1)))
 *         (local.set $done (i32.add (local.get $done) (i32.const 1)))
 *         (br $next)))
 *     (local.get $length)))
 */
const WRITER =
  "0061736d01000000" + // magic number and version
  "0117045e770160016f017f60026f7f017e60036f63007f017f" + // types
  "02130200066c656e67746800010004666f75720002" + // imports
  "03020103" + // functions
  "07150111696e746f43686172436f646541727261790002" + // exports
  "0a67016502027f017e2000100021032002ad2003ad7c2001fb0fad5604402001417ffb0d001a0b02400340200420034f0d01200441037145044020002004100121050b200120022005a7fb0e0020054210882105200241016a2102200441016a21040c000b0b20030b"; // code

/** What the module imports, as functions over what JavaScript has. */
export interface CharSource {
  length(string: unknown): number;
  /** Codes `[at, at + 4)`, the first in the lowest bits; 0 behind the end. */
  four(string: unknown, at: number): bigint;
}

/** Instantiates that module; answers its function. Throws RewasmError "native-unsupported" where arrays of wasm are unknown. */
export function charArrayWriter(agent: Agent, source: CharSource): Callable {
  const { machine, functions } = agent;
  const module = compileModule(Uint8Array.from(WRITER.match(/../g)!, (digits) => Number.parseInt(digits, 16)));
  agent.enter();
  machine.addModule(module);
  const imports = module.imports.map(({ name, desc }) => {
    if (desc.kind !== ExternKind.Func) throw new Error("the module imports functions only");
    const callable = source[name as keyof CharSource] as Callable;
    return { kind: desc.kind, addr: functions.addImport(callable, module, desc, "wasm:js-string", name) };
  });
  const { instanceAddr } = machine.instantiate(module, imports);
  agent.leave();
  return functions.at(machine.store.instances[instanceAddr]!.funcAddrs[imports.length]!);
}
