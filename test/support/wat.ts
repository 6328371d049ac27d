/** Text format to binary through an independent converter (wasm-tools). It encodes invalid modules too. */
import { parse } from "@bytecodealliance/jco-transpile/wasm-tools";

export async function wat(text: string): Promise<Uint8Array> {
  // The converter hands out a view of its own memory.
  return Uint8Array.from(await parse(text));
}
