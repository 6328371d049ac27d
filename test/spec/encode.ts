/** Module sources to bytes through an independent converter (wasm-tools); what the converter refuses is never guessed at. */
import { parse } from "@bytecodealliance/jco-transpile/wasm-tools";
import { unfoldTries } from "./unfold.ts";
import type { ModuleSource } from "./wast.ts";

/** Bytes, or the converter's complaint in one line. */
export type Encoding = { readonly kind: "bytes"; readonly bytes: Uint8Array } | { readonly kind: "refused"; readonly complaint: string };

/** Encodes sources; two runs over the same commands share the work. */
export class Encoder {
  private readonly known = new WeakMap<ModuleSource, Encoding>();

  async encode(source: ModuleSource): Promise<Encoding> {
    if (source.form === "binary") return { kind: "bytes", bytes: source.bytes };
    let encoding = this.known.get(source);
    if (encoding === undefined) {
      encoding = await convert(source.text);
      this.known.set(source, encoding);
    }
    return encoding;
  }
}

async function convert(text: string): Promise<Encoding> {
  try {
    // The converter hands out a view of its own memory.
    return { kind: "bytes", bytes: Uint8Array.from(await parse(escapeDirections(unfoldTries(text)))) };
  } catch (error) {
    return { kind: "refused", complaint: firstLine(error) };
  }
}

/** The converter refuses marks that turn the direction of text; in strings, where the suite has them, escapes say the same. */
function escapeDirections(text: string): string {
  return text.replace(/[\u202a-\u202e\u2066-\u206f]/g, (mark) => {
    return [...new TextEncoder().encode(mark)].map((byte) => `\\${byte.toString(16)}`).join("");
  });
}

function firstLine(error: unknown): string {
  const payload = error instanceof Error && "payload" in error ? String(error.payload) : String(error);
  return payload.split("\n")[0] ?? "";
}
