/**
 * The kernels: which programs of bench/kernels/ are measured, and with how much work. Their answers are checked by
 * test/guests.test.ts. Nothing here runs anything.
 */

export interface Kernel {
  /** File name in bench/kernels without `.wasm`. */
  readonly name: string;
  readonly language: "C" | "AssemblyScript";
  /** What it loads the machine with. */
  readonly about: string;
  /** Argument of `run` in a measurement: about 15 ms on V8. */
  readonly work: number;
  /** Argument of `run` in a test, and what it answers. */
  readonly checkWork: number;
  readonly checkAnswer: number;
}

export const KERNELS: readonly Kernel[] = [
  { name: "fib", language: "C", about: "calls", work: 33, checkWork: 20, checkAnswer: 6765 },
  { name: "sieve", language: "C", about: "byte stores", work: 8, checkWork: 1, checkAnswer: 82025 },
  { name: "matmul", language: "C", about: "f64 loads", work: 256, checkWork: 40, checkAnswer: -439.34375 },
  { name: "mandelbrot", language: "C", about: "f64 locals", work: 320, checkWork: 40, checkAnswer: 75926 },
  { name: "nbody", language: "C", about: "f64, sqrt", work: 200_000, checkWork: 500, checkAnswer: 0.18486885832429967 },
  { name: "i64mix", language: "C", about: "i64 hash", work: 6000, checkWork: 20, checkAnswer: -926200774 },
  { name: "sha512", language: "C", about: "i64 rotate", work: 5000, checkWork: 3, checkAnswer: -1890820922 },
  { name: "heapsort", language: "C", about: "i32 memory", work: 250, checkWork: 5, checkAnswer: -3404070 },
  { name: "scan", language: "C", about: "byte loads", work: 30, checkWork: 1, checkAnswer: 2071983 },
  { name: "bytecode", language: "C", about: "br_table", work: 5, checkWork: 1, checkAnswer: 59542 },
  { name: "indirect", language: "C", about: "call_indirect", work: 2000, checkWork: 10, checkAnswer: -507598502 },
  { name: "life", language: "AssemblyScript", about: "byte arrays", work: 25, checkWork: 5, checkAnswer: 3716 },
  { name: "tokens", language: "AssemblyScript", about: "strings, map", work: 800, checkWork: 10, checkAnswer: 22561732 },
];

/** Kernels over vectors, where V8 uses the processor's own instructions for them: a line each, and a mean of their own. */
export const VECTOR_KERNELS: readonly Kernel[] = [
  { name: "vmatmul", language: "C", about: "f32x4", work: 256, checkWork: 40, checkAnswer: -439.34375 },
  { name: "vmandelbrot", language: "C", about: "f64x2", work: 400, checkWork: 40, checkAnswer: 26577 },
  { name: "vchacha", language: "C", about: "i32x4, shuffles", work: 80_000, checkWork: 30, checkAnswer: 1397774120 },
  { name: "vblend", language: "C", about: "i16x8, by itself", work: 400, checkWork: 1, checkAnswer: -930040263 },
  { name: "vscan", language: "C", about: "i8x16, bitmask", work: 300, checkWork: 1, checkAnswer: 118860 },
];

/** Path of a kernel's module below the project's root. */
export function kernelPath(name: string): string {
  return `bench/kernels/${name}.wasm`;
}
