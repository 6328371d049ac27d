/**
 * The WASI host for Node: `node:wasi` behind the preview1 table, on memories that are backed by the built-in engine.
 * What node:wasi gets wrong or dangerous is corrected here and listed in docs/rationale/wasi.md. Nothing else in the
 * project touches `node:wasi`.
 */
import { createRequire } from "node:module";
import type { WASI, WASIOptions } from "node:wasi";
import type { EngineFunction } from "../vm/host.ts";
import type { BackingFactory } from "../vm/store.ts";
import { type ProcessSizes, stringSizes } from "./effects.ts";
import { WasiError } from "./errors.ts";
import { type Preview1Call, type Preview1Implementation, type Preview1Options, preview1Imports } from "./host.ts";
import { EngineMemories, type EngineMemory } from "./memory.ts";
import { checkDirectory, PathGuard } from "./node-paths.ts";
import { pollOneoff } from "./node-poll.ts";
import { Errno, PREVIEW1, type Preview1Function } from "./preview1.ts";

/** A directory that the program may use, and the name by which it knows it. */
export interface Preopen {
  readonly host: string;
  readonly guest: string;
}

export interface NodeWasiOptions extends Preview1Options {
  /** Program name first. */
  readonly args?: readonly string[];
  /** `[name, value]` pairs in the order in which the program sees them. */
  readonly env?: readonly (readonly [string, string])[];
  readonly preopens?: readonly Preopen[];
  /** Descriptors of this process that are the program's standard streams; 0, 1 and 2 by default. */
  readonly stdin?: number;
  readonly stdout?: number;
  readonly stderr?: number;
}

export interface NodeWasi {
  /** Functions to import as `wasi_snapshot_preview1`. */
  readonly imports: Readonly<Record<string, EngineFunction>>;
  /** Must be given to the machine (MachineOptions.backing) that the functions are imported into. */
  readonly backing: BackingFactory;
  /** For a native engine instead: tells that its memory `memoryAddr` is this one. */
  adopt(memoryAddr: number, memory: EngineMemory): void;
}

/** A fresh WASI host for one program. Throws WasiError when a preopened directory cannot be used. */
export function createNodeWasi(options: NodeWasiOptions = {}): NodeWasi {
  const memories = new EngineMemories();
  const implementation = new NodeImplementation(options, memories);
  return {
    imports: preview1Imports(implementation, options),
    backing: memories.factory,
    adopt: (memoryAddr, memory) => memories.adopt(memoryAddr, memory),
  };
}

/** Loads node:wasi without its warning that it is experimental; every other warning passes. */
function loadWasi(): typeof WASI {
  const emitWarning = process.emitWarning;
  process.emitWarning = ((warning: string | Error, ...rest: unknown[]) => {
    const text = typeof warning === "string" ? warning : warning.message;
    const type = typeof rest[0] === "string" ? rest[0] : undefined;
    if (type === "ExperimentalWarning" && text.startsWith("WASI ")) return;
    (emitWarning as (...args: unknown[]) => void).call(process, warning, ...rest);
  }) as typeof process.emitWarning;
  try {
    return (createRequire(import.meta.url)("node:wasi") as { WASI: typeof WASI }).WASI;
  } finally {
    process.emitWarning = emitWarning;
  }
}

class NodeImplementation implements Preview1Implementation {
  readonly functions: Record<string, Preview1Call> = {};
  readonly sizes: ProcessSizes;
  private readonly memories: EngineMemories;
  /** Must be kept: the functions it hands out do not keep it alive. */
  private readonly wasi: WASI;
  private readonly guard: PathGuard;
  private memoryAddr = -1;

  constructor(options: NodeWasiOptions, memories: EngineMemories) {
    this.memories = memories;
    const { args = [], env = [], preopens = [] } = options;
    for (const { host } of preopens) checkDirectory(host);
    // Keys of an object may come in another order; the guard has to count descriptors in the same one.
    const directories = Object.fromEntries(preopens.map(({ guest, host }) => [guest, host]));
    if (Object.keys(directories).length < preopens.length) throw new WasiError("bad-preopen", "two directories have the same guest name");
    const variables = new Map(env);
    this.sizes = { args: stringSizes(args), environ: stringSizes([...variables].map(([name, value]) => `${name}=${value}`)) };
    this.guard = new PathGuard(Object.values(directories));
    const settings = {
      version: "preview1",
      args: [...args],
      env: Object.fromEntries(variables),
      preopens: directories,
      returnOnExit: true,
      stdin: options.stdin ?? 0,
      stdout: options.stdout ?? 1,
      stderr: options.stderr ?? 2,
    };
    const Wasi = loadWasi();
    this.wasi = new Wasi(settings as WASIOptions);
    const native = this.wasi.wasiImport as Record<string, Preview1Call>;
    for (const func of PREVIEW1.values()) this.functions[func.name] = this.wrap(func, native);
  }

  attach(memoryAddr: number): void {
    this.memoryAddr = memoryAddr;
    this.wasi.initialize({ exports: { memory: this.memories.get(memoryAddr) } });
  }

  private wrap(func: Preview1Function, native: Record<string, Preview1Call>): Preview1Call {
    const call = native[func.name];
    // Sockets cannot be opened through preview1, and node:wasi crashes when descriptor 0 is taken for one.
    if (call === undefined || func.name.startsWith("sock_")) return () => Errno.Notsup;
    switch (func.name) {
      // Would end or stop this process instead of the program.
      case "proc_raise":
        return () => Errno.Notsup;
      case "poll_oneoff":
        return (...args) => {
          const [inAddr, outAddr, count, countAddr] = args as [number, number, number, number];
          return pollOneoff(this.view(), inAddr, outAddr, count, countAddr, () => call(...args));
        };
      case "fd_close":
        return (fd) => this.after(call(fd!), () => this.guard.closed(fd as number));
      case "fd_renumber":
        return (from, to) => this.after(call(from!, to!), () => this.guard.renumbered(from as number, to as number));
      case "sched_yield":
        return () => Errno.Success;
      default:
        return func.paths.length === 0 ? call : this.guarded(func, call);
    }
  }

  private guarded(func: Preview1Function, call: Preview1Call): Preview1Call {
    const isOpen = func.name === "path_open";
    return (...args) => {
      const bytes = this.bytes();
      for (const use of func.paths) {
        const [fd, start, length] = [args[use.fd] as number, args[use.ptr] as number, args[use.length] as number];
        // node:wasi looks for a zero byte behind the path, and beyond the memory when there is none.
        if (start + length > bytes.length || bytes.indexOf(0, start + length) < 0) return Errno.Fault;
        const follow = use.follow !== undefined && ((args[use.follow] as number) & 1) !== 0;
        const errno = this.guard.check(fd, bytes.subarray(start, start + length), follow, isOpen);
        if (errno !== Errno.Success) return errno;
      }
      if (!isOpen) return call(...args);
      const [fd, flags, start, length] = args as [number, number, number, number];
      const path = bytes.slice(start, start + length);
      return this.after(call(...args), () =>
        this.guard.opened(fd, path, (flags & 1) !== 0, this.view().getUint32(args[8] as number, true)),
      );
    };
  }

  private after(errno: number, then: () => void): number {
    if (errno === Errno.Success) then();
    return errno;
  }

  private bytes(): Uint8Array {
    return new Uint8Array(this.memories.get(this.memoryAddr)!.buffer);
  }

  private view(): DataView {
    return new DataView(this.memories.get(this.memoryAddr)!.buffer);
  }
}
