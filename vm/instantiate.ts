/**
 * Instantiation (spec: execution/modules): import matching, allocation, constant expressions, active segments. It is
 * deterministic given the store and the addresses, so replay repeats it from an event. It never runs wasm functions.
 */
import { initMemory, initTable } from "./bulk.ts";
import { ConstantTrap, evaluateConst } from "./const-expr.ts";
import type { MemoryTraits } from "./memory.ts";
import { type ExternAddr, FUNC_INFO_WORDS, FuncInfo, type Instance, type Store, wasmFunc } from "./store.ts";
import { Trap } from "./trap.ts";
import { type ConstExpr, ExternKind, type ImportDesc, type Limits, type Module, mapValType, type ValType } from "./types.ts";

/** Whether a store address may be given for an import (spec: import matching). */
export function importDescMatches(store: Store, module: Module, wanted: ImportDesc, given: ExternAddr): boolean {
  if (given.kind !== wanted.kind) return false;
  const { types } = store;
  const typeOf = (type: ValType): ValType => mapValType(type, types.ofModule(module));
  switch (wanted.kind) {
    case ExternKind.Func: {
      if (store.funcs[given.addr] === undefined) return false;
      const number = store.funcInfo[given.addr * FUNC_INFO_WORDS + FuncInfo.TypeId]!;
      const wantedNumber = types.ofModule(module)[wanted.typeIndex]!;
      return wanted.exact === true ? number === wantedNumber : types.isSubtype(number, wantedNumber);
    }
    case ExternKind.Table: {
      const table = store.tables[given.addr];
      if (table === undefined || table.address64 !== (wanted.type.address64 ?? false)) return false;
      return table.elemType === typeOf(wanted.type.elemType) && limitsMatch(table.length, table.max, wanted.type.limits);
    }
    case ExternKind.Memory: {
      const memory = store.memories[given.addr];
      return (
        memory !== undefined && sameTraits(memory.traits, wanted.type) && limitsMatch(memory.pageCount, memory.maxPages, wanted.type.limits)
      );
    }
    case ExternKind.Global: {
      const global = store.globals[given.addr];
      if (global === undefined || global.type.mutable !== wanted.type.mutable) return false;
      const valType = typeOf(wanted.type.valType);
      return wanted.type.mutable ? global.type.valType === valType : types.matches(global.type.valType, valType);
    }
    case ExternKind.Tag: {
      const tag = store.tags[given.addr];
      return tag !== undefined && tag.typeNumber === types.ofModule(module)[wanted.typeIndex];
    }
  }
}

/** Whether two memory types agree in all but their limits. */
export function sameTraits(given: MemoryTraits, wanted: MemoryTraits): boolean {
  return (
    (given.address64 ?? false) === (wanted.address64 ?? false) &&
    (given.shared ?? false) === (wanted.shared ?? false) &&
    (given.pageShift ?? 16) === (wanted.pageShift ?? 16)
  );
}

function limitsMatch(size: number, max: number | undefined, wanted: Limits): boolean {
  if (size < wanted.min) return false;
  return wanted.max === undefined || (max !== undefined && max <= wanted.max);
}

/**
 * Allocates an instance of module `moduleIndex` whose imports are `imports`, already checked to match, and copies its
 * active segments. The instance exists even when a segment does not fit (`trap`), as others may already hold its parts.
 * When a constant expression traps there is no instance. Throws ResourceError, and changes nothing, when there is no room.
 */
export function instantiateModule(store: Store, moduleIndex: number, imports: readonly ExternAddr[]): { instanceAddr: number; trap: Trap } {
  const instanceAddr = store.instances.length;
  const lists = [store.funcs, store.globals, store.tables, store.memories, store.tags];
  const lengths = lists.map((list) => list.length);
  try {
    const evaluate = makeInstance(store, moduleIndex, imports);
    return { instanceAddr, trap: copySegments(store, instanceAddr, store.instances[instanceAddr]!, evaluate) };
  } catch (error) {
    // Nobody holds any part of it yet. Addresses stay those of a recording, which knows nothing of what had no room.
    for (const [i, list] of lists.entries()) list.length = lengths[i]!;
    if (error instanceof ConstantTrap) return { instanceAddr, trap: error.trap };
    throw error;
  }
}

type Evaluate = (expr: ConstExpr) => bigint;

/** Allocates all parts of an instance and the instance; returns what evaluates its constant expressions. */
function makeInstance(store: Store, moduleIndex: number, imports: readonly ExternAddr[]): Evaluate {
  const module = store.modules[moduleIndex]!;
  const instanceAddr = store.instances.length;
  const numbers = store.types.ofModule(module);
  const typeOf = (type: ValType): ValType => mapValType(type, numbers);
  const imported = (kind: number) => imports.filter((extern) => extern.kind === kind).map((extern) => extern.addr);
  // What may fail for want of room comes first.
  const newTables = module.tables.map(({ type }) => store.addTable({ ...type, elemType: typeOf(type.elemType) }));
  const newMemories = module.memories.map((type) => store.addMemory(type));
  const globals: number[] = imported(ExternKind.Global);
  const funcs = imported(ExternKind.Func);
  for (const [i] of module.funcs.entries()) {
    const funcIndex = module.importedFuncCount + i;
    funcs.push(store.addFunc(wasmFunc(store, module, instanceAddr, funcIndex)));
  }
  const evaluate: Evaluate = (expr) => evaluateConst(store, module, funcs, globals, expr);
  const reference = (expr: ConstExpr): number => Number(BigInt.asIntN(32, evaluate(expr)));
  for (const [i, { init }] of module.tables.entries()) {
    if (init !== undefined) store.tables[newTables[i]!]!.elements.fill(reference(init));
  }
  for (const { type, init } of module.globals) {
    globals.push(store.addGlobal({ valType: typeOf(type.valType), mutable: type.mutable }, evaluate(init)));
  }
  // Tags are new with each instance, equal types or not.
  const newTags = module.tags.map(({ typeIndex }) => store.addTag(numbers[typeIndex]!));
  store.instances.push({
    module,
    moduleIndex,
    funcAddrs: Int32Array.from(funcs),
    tableAddrs: Int32Array.from([...imported(ExternKind.Table), ...newTables]),
    memoryAddrs: Int32Array.from([...imported(ExternKind.Memory), ...newMemories]),
    globalAddrs: Int32Array.from(globals),
    tagAddrs: Int32Array.from([...imported(ExternKind.Tag), ...newTags]),
    elemRefs: module.elems.map(({ items }) =>
      Int32Array.from(items, (item) => (typeof item === "number" ? funcs[item]! + 1 : reference(item))),
    ),
    droppedElems: new Uint8Array(module.elems.length),
    droppedDatas: new Uint8Array(module.datas.length),
  });
  return evaluate;
}

/** An address as a number; rounded, where it is out of bounds anyway. */
function addressOf(bits: bigint, address64: boolean | undefined): number {
  return Number(BigInt.asUintN(address64 === true ? 64 : 32, bits));
}

function copySegments(store: Store, instanceAddr: number, instance: Instance, evaluate: Evaluate): Trap {
  const { module } = instance;
  for (const [i, { mode }] of module.elems.entries()) {
    if (mode.kind === "passive") continue;
    if (mode.kind === "active") {
      const offset = addressOf(evaluate(mode.offset), module.tableTypes[mode.index]!.address64);
      const trap = initTable(store, instanceAddr, i, instance.tableAddrs[mode.index]!, offset, 0, instance.elemRefs[i]!.length);
      if (trap !== Trap.None) return trap;
    }
    instance.droppedElems[i] = 1;
  }
  for (const [i, { mode, start, end }] of module.datas.entries()) {
    if (mode.kind !== "active") continue;
    const offset = addressOf(evaluate(mode.offset), module.memoryTypes[mode.index]!.address64);
    const trap = initMemory(store, instanceAddr, i, instance.memoryAddrs[mode.index]!, offset, 0, end - start);
    if (trap !== Trap.None) return trap;
    instance.droppedDatas[i] = 1;
  }
  return Trap.None;
}

/** Store address of an export, or undefined. */
export function exportAddr(store: Store, instanceAddr: number, name: string): ExternAddr | undefined {
  const instance = store.instances[instanceAddr]!;
  const found = instance.module.exports.find((candidate) => candidate.name === name);
  if (found === undefined) return undefined;
  const { kind, index } = found;
  const space = [instance.funcAddrs, instance.tableAddrs, instance.memoryAddrs, instance.globalAddrs, instance.tagAddrs][kind]!;
  return { kind, addr: space[index]! };
}
