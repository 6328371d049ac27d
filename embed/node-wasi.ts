/**
 * `node:wasi` in a program whose memories are ours: it is handed the engine's memory behind one of them, and what its
 * functions write into it follows from the table of preview1. The program's own use of it is otherwise as before.
 */
import { createRequire } from "node:module";
import type { WASI, WASIOptions } from "node:wasi";
import { type Preview1Args, type ProcessSizes, stringSizes, vectorsBefore, writtenRanges } from "../wasi/effects.ts";
import { Errno, PREVIEW1, type Preview1Function } from "../wasi/preview1.ts";
import type { Native } from "./arguments.ts";
import type { Patches } from "./patches.ts";
import type { Views } from "./views.ts";

const { apply, construct } = Reflect;
// Taken before a recorder puts others in the place of the globals.
const View = DataView as new (buffer: ArrayBuffer) => DataView;

/** A memory of the program: the engine's object that holds its bytes, and the store address. */
export interface ProgramMemory {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly memoryAddr: number;
}

/** Finds the memory behind a WebAssembly.Memory of our namespace; undefined for everything else. */
export type FindMemory = (value: unknown) => ProgramMemory | undefined;

/** Which memory each WASI object has got. */
type Attached = WeakMap<object, ProgramMemory>;

type Warn = (warning: unknown, ...rest: unknown[]) => void;

/** Replaces the class WASI. The warning that it is experimental comes when the program makes its first object of it. */
export function patchNodeWasi(views: Views, patches: Patches, find: FindMemory): void {
  const held: unknown[][] = [];
  const wasi = loadQuietly(held);
  const attached: Attached = new WeakMap();
  for (const name of ["start", "initialize", "finalizeBindings"]) {
    patches.method(wasi.WASI.prototype, name, ((native: Native) => attaching(native, attached, find)) as never);
  }
  patches.replace(
    wasi,
    "WASI",
    (native: typeof WASI) =>
      new Proxy(native, {
        construct(target, args, newTarget): object {
          for (const warning of held.splice(0)) (process.emitWarning as Warn)(...(warning as [unknown]));
          const made = construct(target, args, newTarget) as WASI;
          noteWrites(views, made, sizesOf((args[0] ?? {}) as WASIOptions), attached);
          return made;
        },
      }),
  );
}

/** Loads the module without its warning, which is put into `held`. */
function loadQuietly(held: unknown[][]): { WASI: typeof WASI } {
  const { emitWarning } = process;
  process.emitWarning = ((...warning: unknown[]) => {
    held.push(warning);
  }) as typeof process.emitWarning;
  try {
    return createRequire(import.meta.url)("node:wasi") as { WASI: typeof WASI };
  } finally {
    process.emitWarning = emitWarning;
  }
}

interface InstanceLike {
  readonly exports?: Readonly<Record<string, unknown>>;
}

/** `start(instance)` and its like: the native code wants the engine's memory. */
function attaching(native: Native, attached: Attached, find: FindMemory): Native {
  return function (this: unknown, instance: unknown, ...rest: unknown[]) {
    const options = rest[0] as { readonly memory?: unknown } | undefined;
    const exports = (instance as InstanceLike | undefined)?.exports;
    const found = find(options?.memory ?? exports?.memory);
    if (found === undefined) return apply(native, this, [instance, ...rest]);
    attached.set(this as object, found);
    const given = options?.memory === undefined ? rest : [{ ...options, memory: found.memory }, ...rest.slice(1)];
    return apply(native, this, [{ exports: { ...exports, memory: found.memory } }, ...given]);
  };
}

function noteWrites(views: Views, wasi: WASI, sizes: ProcessSizes, attached: Attached): void {
  const functions = wasi.wasiImport as Record<string, Native>;
  for (const func of PREVIEW1.values()) {
    const native = functions[func.name];
    if (native === undefined || func.effects.length === 0) continue;
    functions[func.name] = function (this: unknown, ...args: unknown[]) {
      const program = attached.get(wasi);
      if (program === undefined) return apply(native, this, args);
      return noting(views, func, program, sizes, args, () => apply(native, this, args));
    };
  }
}

function noting(
  { log }: Views,
  func: Preview1Function,
  { memory, memoryAddr }: ProgramMemory,
  sizes: ProcessSizes,
  args: readonly unknown[],
  perform: () => unknown,
): unknown {
  const words: Preview1Args = args.map((arg) => (typeof arg === "number" ? arg >>> 0 : (arg as bigint)));
  const vectors = vectorsBefore(func, words, new View(memory.buffer));
  const errno = perform();
  if (errno === Errno.Success) {
    writtenRanges(func, words, new View(memory.buffer), vectors, sizes, (byteAddr, byteLength) => {
      log.add(memoryAddr, byteAddr, byteAddr + byteLength);
    });
  }
  return errno;
}

/** What args_sizes_get and environ_sizes_get answer, from the options of the constructor. */
function sizesOf({ args = [], env = {} }: WASIOptions): ProcessSizes {
  return { args: stringSizes(args), environ: stringSizes(Object.entries(env).map(([name, value]) => `${name}=${String(value)}`)) };
}
