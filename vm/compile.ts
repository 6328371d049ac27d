/** From bytes to a module that may be instantiated: decoding and validation in one step. Neither is done here. */
import { decodeModule } from "./decode.ts";
import type { Module } from "./types.ts";
import { validateModule } from "./validate.ts";

/**
 * Decodes and validates a module; the bytes must not be changed afterwards. Throws DecodeError or ValidationError with the
 * byte offset. Cost: one pass over the bytes; functions become code when they are first called.
 */
export function compileModule(bytes: Uint8Array): Module {
  const module = decodeModule(bytes);
  validateModule(module);
  return module;
}
