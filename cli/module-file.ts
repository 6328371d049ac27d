/** Programs from files: the bytes, and core modules decoded and validated. */
import { readFileSync } from "node:fs";
import { isComponent } from "../component/binary.ts";
import { compileModule } from "../vm/compile.ts";
import { RewasmError } from "../vm/errors.ts";
import type { Module } from "../vm/types.ts";
import { CliError, ExitCode, onFile } from "./errors.ts";

/** How traces begin, here once more: programs are run without what reads traces. */
const TRACE_MAGIC = [0x89, 0x52, 0x52, 0x57];

/** The bytes of a file. Throws CliError when it cannot be read. */
export function readProgram(path: string): Uint8Array {
  const bytes = onFile(ExitCode.BadModule, "read", path, () => readFileSync(path));
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** Decodes and validates a core module. Throws CliError with the path in front of what is wrong. */
export function makeModule(path: string, bytes: Uint8Array): Module {
  if (isComponent(bytes)) {
    throw new CliError(
      ExitCode.BadModule,
      "component",
      `${path} is a component, and a core module is wanted here: run takes components, and record on the interpreter`,
    );
  }
  if (TRACE_MAGIC.every((byte, i) => bytes[i] === byte)) {
    throw new CliError(ExitCode.BadModule, "module", `${path} is a recording: replay or debug it`);
  }
  try {
    return compileModule(bytes);
  } catch (error) {
    if (error instanceof RewasmError) throw new CliError(ExitCode.BadModule, error.code, `${path}: ${error.message}`);
    throw error;
  }
}

/** Reads, decodes and validates a core module. Throws as `readProgram` and `makeModule`. */
export function loadModule(path: string): Module {
  return makeModule(path, readProgram(path));
}
