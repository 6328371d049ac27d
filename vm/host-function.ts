/**
 * Host functions over plain JavaScript values: a convenience over HostCall for hosts that need no raw slots. Knows no more
 * of a function than its type, which is that of the import it is given for.
 */
import { RewasmError } from "./errors.ts";
import type { HostFunction } from "./host.ts";
import { readValues, type Value, writeValues } from "./value.ts";

/** What an implementation returns: nothing, the one result, or a list of as many as the type has. */
export type HostResult = Value | readonly Value[] | undefined;

/**
 * A host function that takes its arguments as values (number, bigint for i64) and returns its results. Throws RewasmError
 * "host-result" into the calling program, as any exception of an implementation, when their count is not that of the type.
 * NaN bits may be lost on the way; functions that care read slots.
 */
// `never[]` lets implementations declare the parameters they expect; `void` admits those that return nothing.
// biome-ignore lint/suspicious/noConfusingVoidType: a function without return statement has this type
export function hostFunction(implementation: (...args: never[]) => HostResult | void): HostFunction {
  return ({ machine: { store }, funcAddr, slot }) => {
    const { params, results } = store.funcs[funcAddr]!.type;
    const returned = (implementation as (...args: Value[]) => HostResult)(...readValues(store, slot, params));
    const values = returned === undefined ? [] : typeof returned === "object" ? returned : [returned];
    if (values.length !== results.length) {
      throw new RewasmError("host-result", `a host function returned ${values.length} values, its type has ${results.length}`);
    }
    writeValues(store, slot, results, values);
  };
}
