/**
 * Functions across the border (JS API: exported functions, host functions): a JavaScript function for each function of
 * the store that JavaScript gets hold of, always the same one, and a host function for each import. How values pass is in
 * wrappers.ts and wrapper-code.ts.
 */
import type { ExternKind, ImportDesc, Module } from "../vm/types.ts";
import type { Agent } from "./agent.ts";
import { Wrappers } from "./wrappers.ts";

type FuncImport = ImportDesc & { readonly kind: typeof ExternKind.Func };

export type Callable = (...args: unknown[]) => unknown;

export class Functions {
  private readonly agent: Agent;
  private readonly wrappers: Wrappers;
  /** By store address. */
  private readonly exported: (Callable | undefined)[] = [];
  private readonly addrs = new WeakMap<object, number>();

  constructor(agent: Agent, generateCode: boolean | undefined) {
    this.agent = agent;
    this.wrappers = new Wrappers(agent, generateCode);
  }

  /** The store address of an exported function of this namespace; undefined for everything else. */
  addrOf(value: unknown): number | undefined {
    return typeof value === "function" ? this.addrs.get(value) : undefined;
  }

  /** The exported function of a store address, named by its index in its module; `funcIndex` is that of a host function's importer. */
  at(funcAddr: number, funcIndex?: number): Callable {
    const known = this.exported[funcAddr];
    if (known !== undefined) return known;
    const { store } = this.agent.machine;
    const func = store.funcs[funcAddr]!;
    const made = this.wrappers.exported(funcAddr, func.type);
    const index = func.kind === "wasm" ? func.funcIndex : (funcIndex ?? this.importedIndex(funcAddr));
    Object.defineProperty(made, "name", { value: String(index), configurable: true });
    this.exported[funcAddr] = made;
    this.addrs.set(made, funcAddr);
    return made;
  }

  /** The index under which the first instance that imports a host function knows it. */
  private importedIndex(funcAddr: number): number {
    for (const { funcAddrs } of this.agent.machine.store.instances) {
      const index = funcAddrs.indexOf(funcAddr);
      if (index >= 0) return index;
    }
    return 0;
  }

  /** A host function that calls `callable`, for an import of a module that was added to the machine. Returns its store address. */
  addImport(callable: Callable, module: Module, desc: FuncImport, from: string, name: string): number {
    const { machine, own } = this.agent;
    const { types } = machine.store;
    const type = types.types[types.ofModule(module)[desc.typeIndex]!]!.func!;
    const implementation = this.wrappers.host(callable, type);
    return own === undefined
      ? machine.addHostFunc(type, implementation, from, name)
      : own.addHostImport(module, desc, implementation, from, name);
  }
}
