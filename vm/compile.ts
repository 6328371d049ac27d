/** From bytes to a module that may be instantiated: decoding and validation in one step. Neither is done here. */
import { decodeModule } from "./decode.ts";
import { primerBytes } from "./primer.ts";
import type { Module } from "./types.ts";
import { validateModule } from "./validate.ts";

/** V8 does not note what it sees of a function until it has run for a little while. */
const PRIMER_ROUNDS = 3;
let isPrimed = false;

/**
 * Decodes and validates a module; the bytes must not be changed afterwards. Throws DecodeError or ValidationError with the
 * byte offset. Cost: one pass over the bytes; functions become code when they are first called.
 */
export function compileModule(bytes: Uint8Array): Module {
  if (!isPrimed) prime();
  const module = decodeModule(bytes);
  validateModule(module);
  return module;
}

function prime(): void {
  isPrimed = true;
  const primer = decodeModule(primerBytes());
  for (let round = 0; round < PRIMER_ROUNDS; round++) validateModule(primer);
}
