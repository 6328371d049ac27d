/**
 * Drives WASI functions one by one: a generated module imports all of preview1 and exports a wrapper of each, so calls go
 * through a real machine and the real host. Also runs whole guests with their streams in files.
 */
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeModule } from "../../vm/decode.ts";
import type { Journal } from "../../vm/host.ts";
import { type CallResult, Machine } from "../../vm/machine.ts";
import { valTypeName } from "../../vm/types.ts";
import { validateModule } from "../../vm/validate.ts";
import type { Value } from "../../vm/value.ts";
import { createNodeWasi, type NodeWasiOptions } from "../../wasi/node.ts";
import { PREVIEW1, PREVIEW1_MODULE } from "../../wasi/preview1.ts";
import { wat } from "../support/wat.ts";

/** A module that passes every preview1 function on under its own name. */
export async function driverModule(): Promise<Uint8Array> {
  const functions = [...PREVIEW1.values()];
  const signature = (types: readonly number[], keyword: string): string =>
    types.length === 0 ? "" : `(${keyword} ${types.map((type) => valTypeName(type as 0x7f)).join(" ")})`;
  const imports = functions.map(
    ({ name, type }) =>
      `(import "${PREVIEW1_MODULE}" "${name}" (func $${name} ${signature(type.params, "param")} ${signature(type.results, "result")}))`,
  );
  const wrappers = functions.map(({ name, type }) => {
    const gets = type.params.map((_, i) => `local.get ${i}`).join(" ");
    return `(func (export "${name}") ${signature(type.params, "param")} ${signature(type.results, "result")} ${gets} call $${name})`;
  });
  return wat(`(module ${imports.join("\n")} (memory (export "memory") 2 4) ${wrappers.join("\n")}
    (func (export "grow") (result i32) i32.const 1 memory.grow))`);
}

/** A folder for one test with `input` as standard input and files for the outputs; remove it with `remove`. */
export class Sandbox {
  readonly root = mkdtempSync(join(tmpdir(), "rewasm-wasi-"));
  /** What programs may see. */
  readonly dir = join(this.root, "dir");
  readonly stdin: number;
  readonly stdout: number;
  readonly stderr: number;

  constructor(input = "") {
    mkdirSync(this.dir);
    writeFileSync(join(this.root, "stdin"), input);
    this.stdin = openSync(join(this.root, "stdin"), "r");
    this.stdout = openSync(join(this.root, "stdout"), "w");
    this.stderr = openSync(join(this.root, "stderr"), "w");
  }

  get output(): string {
    return readFileSync(join(this.root, "stdout"), "latin1");
  }

  get errors(): string {
    return readFileSync(join(this.root, "stderr"), "latin1");
  }

  get options(): NodeWasiOptions {
    const { stdin, stdout, stderr } = this;
    return { stdin, stdout, stderr, audit: true, preopens: [{ host: this.dir, guest: "/dir" }] };
  }

  remove(): void {
    for (const fd of [this.stdin, this.stdout, this.stderr]) {
      try {
        closeSync(fd);
      } catch {
        // The program has closed it.
      }
    }
    rmSync(this.root, { recursive: true, force: true });
  }
}

export interface Running {
  readonly machine: Machine;
  readonly instanceAddr: number;
  call(name: string, ...args: Value[]): CallResult;
}

/** Instantiates a module on a fresh host. `journal` is attached to the machine. */
export function start(bytes: Uint8Array, options: NodeWasiOptions, journal?: (machine: () => Machine) => Journal): Running {
  const module = decodeModule(bytes);
  validateModule(module);
  const wasi = createNodeWasi(options);
  const attached = journal?.(() => machine);
  const machine: Machine = new Machine({ backing: wasi.backing, ...(attached === undefined ? {} : { journal: attached }) });
  const { instanceAddr, start: started } = machine.instantiate(module, { [PREVIEW1_MODULE]: wasi.imports });
  if (started.kind !== "return") throw new Error("the start function failed");
  const call = (name: string, ...args: Value[]): CallResult => machine.call(machine.export(instanceAddr, name)!.addr, args);
  return { machine, instanceAddr, call };
}

/** The driver, and short ways to put things into its memory. */
export class Driver {
  readonly running: Running;

  constructor(bytes: Uint8Array, options: NodeWasiOptions, journal?: (machine: () => Machine) => Journal) {
    this.running = start(bytes, options, journal);
  }

  get view(): DataView {
    return this.running.machine.store.memories[0]!.view;
  }

  get bytes(): Uint8Array {
    return this.running.machine.store.memories[0]!.bytes;
  }

  /** Calls a function that returns an errno. Throws what the host threw, so that a failed audit fails the test. */
  errno(name: string, ...args: Value[]): number {
    const result = this.running.call(name, ...args);
    if (result.kind === "trap" && result.thrown !== undefined) throw result.thrown;
    if (result.kind !== "return") throw new Error(`${name} ended with ${result.kind}`);
    return result.values[0] as number;
  }

  put(byteAddr: number, content: string | Uint8Array): number {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    this.bytes.set(bytes, byteAddr);
    return bytes.length;
  }

  text(byteAddr: number, byteLength: number): string {
    return new TextDecoder().decode(this.bytes.slice(byteAddr, byteAddr + byteLength));
  }

  u32(byteAddr: number): number {
    return this.view.getUint32(byteAddr, true);
  }

  /** Writes an iovec array at `byteAddr`. */
  vectors(byteAddr: number, ...vectors: readonly [byteAddr: number, byteLength: number][]): void {
    for (const [i, [at, length]] of vectors.entries()) {
      this.view.setUint32(byteAddr + i * 8, at, true);
      this.view.setUint32(byteAddr + i * 8 + 4, length, true);
    }
  }

  /** path_open; returns the descriptor or, negated, the errno. */
  open(dirFd: number, path: string, { follow = true, oflags = 0, rights = 0xfff_ffffn } = {}): number {
    const length = this.put(0x8000, path);
    const errno = this.errno("path_open", dirFd, follow ? 1 : 0, 0x8000, length, oflags, rights, rights, 0, 0x8400);
    return errno === 0 ? this.u32(0x8400) : -errno;
  }

  /** Reads up to 64 bytes; returns the text or the errno. */
  read(fd: number): string | number {
    this.vectors(0x8500, [0x8600, 64]);
    const errno = this.errno("fd_read", fd, 0x8500, 1, 0x8508);
    return errno === 0 ? this.text(0x8600, this.u32(0x8508)) : errno;
  }

  write(fd: number, ...parts: string[]): number {
    let at = 0x9100;
    const vectors = parts.map((part): [number, number] => {
      const length = this.put(at, part);
      at += length;
      return [at - length, length];
    });
    this.vectors(0x9000, ...vectors);
    return this.errno("fd_write", fd, 0x9000, parts.length, 0x9080);
  }
}
