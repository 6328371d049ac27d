/**
 * Errors of the machine. Each has a stable `code` for programs and a one-line message for people; those about
 * module bytes also carry the byte offset. A trap is not an error here: it is a value (see trap.ts).
 */

/** Base of every error that rewasm raises on purpose. `code` is stable across versions; `message` is one line. */
export class RewasmError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.name = new.target.name;
    this.code = code;
  }
}

/** The bytes are no well-formed module (spec: binary format). `wasmOffset` is the byte offset in the module file. */
export class DecodeError extends RewasmError {
  readonly wasmOffset: number;
  constructor(code: string, wasmOffset: number, message: string) {
    super(code, `${message} (at offset 0x${wasmOffset.toString(16)})`);
    this.wasmOffset = wasmOffset;
  }
}

/** The module is well-formed but invalid (spec: validation). `wasmOffset` is the byte offset in the module file. */
export class ValidationError extends RewasmError {
  readonly wasmOffset: number;
  constructor(code: string, wasmOffset: number, message: string) {
    super(code, `${message} (at offset 0x${wasmOffset.toString(16)})`);
    this.wasmOffset = wasmOffset;
  }
}

/** Imports do not match what the module asks for (spec: instantiation). */
export class LinkError extends RewasmError {}

/** The host or the machine ran out of something that the program may ask for (memory, table space). */
export class ResourceError extends RewasmError {}

/** The module is valid, but this version cannot execute something in it. Raised when that would first be translated. */
export class UnsupportedError extends RewasmError {
  constructor(message: string) {
    super("unsupported", message);
  }
}
