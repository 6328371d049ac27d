/**
 * A WASI program from its file to its end: module, machine, and the calls that make it run. Shared by run and record;
 * knows no traces.
 */
import { basename } from "node:path";
import { LinkError, ResourceError } from "../vm/errors.ts";
import type { EngineFunction } from "../vm/host.ts";
import { type CallResult, type InstantiateResult, Machine, type MachineOptions } from "../vm/machine.ts";
import type { ExternAddr } from "../vm/store.ts";
import { ExternKind, type FuncType, type Module } from "../vm/types.ts";
import type { Value } from "../vm/value.ts";
import type { Preview1Options } from "../wasi/host.ts";
import { createNodeWasi, type NodeWasi } from "../wasi/node.ts";
import { PREVIEW1, PREVIEW1_MODULE } from "../wasi/preview1.ts";
import { type ProgramKind, programKind } from "../wasi/program.ts";
import { trapHead, trapReport } from "./backtrace.ts";
import { CliError, ExitCode, errorLine, usageError } from "./errors.ts";
import { exitStatus } from "./exit-status.ts";
import type { GuestOptions } from "./guest-options.ts";
import { makeModule } from "./module-file.ts";
import { noticeLine, printLine } from "./terminal.ts";
import { formatResults, parseArguments } from "./values.ts";

/** A program that is known to be runnable, before anything of it has run. */
export interface Guest {
  /** What people call it: its file name. */
  readonly name: string;
  readonly module: Module;
  readonly kind: ProgramKind;
  readonly wasi: NodeWasi;
  /** WASI arguments, the program's name first. */
  readonly args: readonly string[];
  readonly env: readonly (readonly [string, string])[];
  readonly invoke: { readonly name: string; readonly type: FuncType; readonly args: readonly Value[] } | undefined;
}

/** Checks everything that can be wrong with a program, the bytes of `path`, and its options. Touches no file. */
export function loadGuest(
  path: string,
  bytes: Uint8Array,
  words: readonly string[],
  options: GuestOptions,
  hooks: Preview1Options = {},
): Guest {
  const module = makeModule(path, bytes);
  const kind = programKind(module);
  checkImports(module);
  const invoke = options.invoke === undefined ? undefined : findInvoke(path, module, options.invoke, words);
  if (kind === "library" && invoke === undefined) {
    throw new CliError(ExitCode.BadModule, "no-entry", `${path} exports neither _start nor _initialize: name a function with --invoke`);
  }
  const args = [basename(path), ...(invoke === undefined ? words : [])];
  const { env = [], dir: preopens = [] } = options;
  const wasi = createNodeWasi({ ...hooks, args, env, preopens });
  return { name: basename(path), module, kind, wasi, args, env, invoke };
}

/** Every import has to be a WASI function; the check of their types is the program's (wasi/program.ts). */
function checkImports(module: Module): void {
  for (const wanted of module.imports) {
    if (wanted.module === PREVIEW1_MODULE && PREVIEW1.has(wanted.name)) continue;
    throw new LinkError("unknown-import", `unknown import: ${wanted.module}.${wanted.name} is not provided`);
  }
}

function findInvoke(path: string, module: Module, name: string, words: readonly string[]): NonNullable<Guest["invoke"]> {
  const found = module.exports.find((each) => each.name === name);
  if (found?.kind !== ExternKind.Func) throw usageError(`${path} exports no function ${name}`);
  const type = module.funcTypes[found.index]!;
  return { name, type, args: parseArguments(name, type, words) };
}

/** A fresh machine for the program. */
export function guestMachine(guest: Guest, options: MachineOptions = {}): Machine {
  return new Machine({ ...options, backing: guest.wasi.backing });
}

/** What runs a program: our machine or a native one. */
export interface GuestEngine {
  instantiate(module: Module, imports: Readonly<Record<string, Readonly<Record<string, EngineFunction>>>>): InstantiateResult;
  export(instanceAddr: number, name: string): ExternAddr | undefined;
}

/** How a call of the machine is made: at once, or in slices. */
export type Caller = (funcAddr: number, args: readonly Value[]) => CallResult | Promise<CallResult>;

/**
 * Instantiates the program and runs it to its end; prints a trap and the results of --invoke. Returns the exit code.
 * A machine can do this once.
 */
export async function runGuest(guest: Guest, machine: GuestEngine, call: Caller): Promise<number> {
  const reporter = new TrapReporter(machine, guest.name);
  const { instanceAddr, start } = machine.instantiate(guest.module, { [PREVIEW1_MODULE]: wantedImports(guest) });
  const started = reporter.exitCode(start);
  if (started !== undefined) return started;
  if (guest.kind === "reactor") {
    const initialized = reporter.exitCode(await call(exported(machine, instanceAddr, "_initialize"), []));
    if (initialized !== undefined) return initialized;
  }
  const { invoke } = guest;
  if (invoke === undefined && guest.kind !== "command") return ExitCode.Success;
  const result = await call(exported(machine, instanceAddr, invoke?.name ?? "_start"), invoke?.args ?? []);
  const ended = reporter.exitCode(result);
  if (ended !== undefined) return ended;
  if (invoke !== undefined && result.kind === "return") for (const line of formatResults(invoke.type, result.values)) printLine(line);
  return ExitCode.Success;
}

function wantedImports(guest: Guest): Record<string, EngineFunction> {
  const wanted: Record<string, EngineFunction> = {};
  for (const { name } of guest.module.imports) wanted[name] = guest.wasi.imports[name]!;
  return wanted;
}

function exported(machine: GuestEngine, instanceAddr: number, name: string): number {
  return machine.export(instanceAddr, name)!.addr;
}

/** Keeps the report of the last trap, which has to be made while its frames are there. Other engines show no frames. */
export class TrapReporter {
  private report: readonly string[] = [];
  private readonly program: string;

  constructor(machine: GuestEngine, program: string) {
    this.program = program;
    if (!(machine instanceof Machine)) return;
    machine.onTrap = (thrown) => {
      this.report = trapReport(machine.store, program, thrown === undefined ? undefined : errorLine(thrown));
    };
  }

  /** The exit code of a call that ended the program, or undefined when it goes on. Prints the trap. */
  exitCode(result: CallResult): number | undefined {
    switch (result.kind) {
      case "return":
        return undefined;
      case "exit":
        return exitStatus(result.exitCode);
      case "trap":
        if (result.thrown instanceof ResourceError) throw result.thrown;
        for (const line of this.report.length > 0 ? this.report : [trapHead(this.program, result.trap)]) noticeLine(line);
        return ExitCode.Trap;
    }
  }
}
