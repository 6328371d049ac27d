/** Modules from files. */
import { readFileSync } from "node:fs";
import { decodeModule } from "../vm/decode.ts";
import { RewasmError } from "../vm/errors.ts";
import type { Module } from "../vm/types.ts";
import { validateModule } from "../vm/validate.ts";
import { CliError, ExitCode, onFile } from "./errors.ts";

/** Reads, decodes and validates a module. Throws CliError with the path in front of what is wrong. */
export function loadModule(path: string): Module {
  const bytes = onFile(ExitCode.BadModule, "read", path, () => readFileSync(path));
  try {
    const module = decodeModule(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length));
    validateModule(module);
    return module;
  } catch (error) {
    if (error instanceof RewasmError) throw new CliError(ExitCode.BadModule, error.code, `${path}: ${error.message}`);
    throw error;
  }
}
