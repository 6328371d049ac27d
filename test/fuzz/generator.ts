/**
 * Random valid modules from binaryen's translate-to-fuzz: any bytes become a module. Binaryen's wasm-opt is a script that
 * runs once and exits; here it is compiled once, and evaluated for each module with an instance and a folder of its own.
 */
import fs, { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compileFunction } from "node:vm";
import { mulberry32 } from "../support/random.ts";

/** What is used of the script's insides. */
interface Tool {
  callMain(args: string[]): void;
  findWasmBinary(): Uint8Array;
}

interface Settings {
  readonly noInitialRun: true;
  print(): void;
  printErr(line: string): void;
  instantiateWasm(imports: object, done: (instance: object) => void): object;
}

type Script = (settings: Settings, process: object, require: unknown, file: string, folder: string, console: object) => Tool;

/** Neither Node's types nor lib.es declare the engine's own API. */
const { WebAssembly: native } = globalThis as unknown as {
  WebAssembly: {
    Module: new (bytes: Uint8Array) => object;
    Instance: new (module: object, imports: object) => { readonly exports: object };
  };
};

/** Its warnings are about features, which are chosen at random here. They go to stderr without asking. */
const silent = { log: () => {}, warn: () => {}, error: () => {} };
const silentFs = {
  ...fs,
  writeSync: (fd: number, bytes: Uint8Array, offset: number, byteLength: number, position: number | null): number =>
    fd <= 2 ? byteLength : fs.writeSync(fd, bytes, offset, byteLength, position),
};

/** Features by binaryen's names. */
export const NATIVE_FLAGS: readonly string[] = [
  "mutable-globals",
  "sign-ext",
  "nontrapping-float-to-int",
  "bulk-memory",
  "bulk-memory-opt",
  "multivalue",
  "simd",
  "tail-call",
  "reference-types",
];

/** Those that this machine has besides, of which some V8s have some. */
export const LATER_FLAGS: readonly string[] = [
  "exception-handling",
  "threads",
  "gc",
  "memory64",
  "multimemory",
  "extended-const",
  "relaxed-simd",
  "wide-arithmetic",
];

export interface Planned {
  /** Of the random bytes that become the module. */
  readonly byteLength: number;
  readonly flags: readonly string[];
  /** What binaryen makes of the module before it is used. */
  readonly passes: readonly string[];
  /** Whether NaNs stay in it, whose bits engines choose: see compareModule. */
  readonly nans: boolean;
}

export class FuzzGenerator {
  private readonly script: Script;
  private readonly path: string;
  private readonly require: NodeJS.Require;
  private readonly compiled: object;

  constructor() {
    this.require = createRequire(import.meta.url);
    this.path = this.require.resolve("binaryen/bin/wasm-opt");
    const source = readFileSync(this.path, "utf8").replace(/^#!.*/, "");
    const parameters = ["Module", "process", "require", "__filename", "__dirname", "console"];
    this.script = compileFunction(`${source};return{FS,callMain,findWasmBinary};`, parameters) as unknown as Script;
    // The script carries its module; an instance that never comes lets it only define its functions.
    const tool = this.evaluate(() => ({}));
    this.compiled = new native.Module(tool.findWasmBinary());
  }

  private evaluate(instantiateWasm: Settings["instantiateWasm"]): Tool {
    const settings: Settings = { noInitialRun: true, print: () => {}, printErr: () => {}, instantiateWasm };
    // Exit codes and arguments are the script's own affair.
    const own = { argv: { value: ["node", "wasm-opt"] }, exitCode: { value: 0, writable: true } };
    const require = (name: string): unknown => (name === "node:fs" ? silentFs : this.require(name));
    return this.script(settings, Object.create(process, own) as object, require, this.path, "/", silent);
  }

  /** The module of a seed: the same for the same arguments. */
  generate(seed: number, { byteLength, flags, passes, nans }: Planned): Uint8Array {
    const tool = this.evaluate((imports, done) => {
      const instance = new native.Instance(this.compiled, imports);
      done(instance);
      return instance.exports;
    });
    const random = mulberry32(seed);
    const folder = mkdtempSync(join(tmpdir(), "rewasm-fuzz-"));
    try {
      const [seedFile, moduleFile] = [join(folder, "seed"), join(folder, "module")];
      writeFileSync(
        seedFile,
        Uint8Array.from({ length: byteLength }, () => Math.floor(random() * 256)),
      );
      // Without NaNs: they are made zeros where they arise.
      const denan = nans ? [] : ["--denan"];
      tool.callMain([seedFile, "-ttf", ...passes, ...denan, "-o", moduleFile, ...flags.map((flag) => `--enable-${flag}`)]);
      return Uint8Array.from(readFileSync(moduleFile));
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
}
