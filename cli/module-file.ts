/** Modules from files. */
import { readFileSync } from "node:fs";
import { decodeModule } from "../vm/decode.ts";
import type { Module } from "../vm/types.ts";
import { validateModule } from "../vm/validate.ts";
import { ExitCode, onFile } from "./errors.ts";

/** Reads, decodes and validates a module. */
export function loadModule(path: string): Module {
  const bytes = onFile(ExitCode.BadModule, "read", path, () => readFileSync(path));
  const module = decodeModule(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length));
  validateModule(module);
  return module;
}
