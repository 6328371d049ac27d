/**
 * Instantiation (spec: execution/modules): import matching, allocation, constant expressions, active segments. It is
 * deterministic given the store and the addresses, so replay repeats it from an event. It never runs wasm functions.
 */
import { initMemory, initTable } from "./bulk.ts";
import { UnsupportedError } from "./errors.ts";
import { InstrReader } from "./instr.ts";
import { Wasm } from "./opcodes.ts";
import { type ExternAddr, FUNC_INFO_WORDS, FuncInfo, type Instance, type Store, wasmFunc } from "./store.ts";
import { Trap } from "./trap.ts";
import { type ConstExpr, ExternKind, type ImportDesc, type Limits, type Module, mapValType, type ValType, vectorBits } from "./types.ts";

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
      return (
        table !== undefined && table.elemType === typeOf(wanted.type.elemType) && limitsMatch(table.length, table.max, wanted.type.limits)
      );
    }
    case ExternKind.Memory: {
      const memory = store.memories[given.addr];
      return memory !== undefined && limitsMatch(memory.pageCount, memory.maxPages, wanted.type.limits);
    }
    case ExternKind.Global: {
      const global = store.globals[given.addr];
      if (global === undefined || global.type.mutable !== wanted.type.mutable) return false;
      const valType = typeOf(wanted.type.valType);
      return wanted.type.mutable ? global.type.valType === valType : types.matches(global.type.valType, valType);
    }
    case ExternKind.Tag:
      return false;
  }
}

function limitsMatch(size: number, max: number | undefined, wanted: Limits): boolean {
  if (size < wanted.min) return false;
  return wanted.max === undefined || (max !== undefined && max <= wanted.max);
}

/**
 * Allocates an instance of module `moduleIndex` whose imports are `imports`, already checked to match, and copies its
 * active segments. The instance exists even when a segment does not fit (`trap`), as others may already hold its parts.
 * Throws ResourceError, and changes nothing, when there is no room for its tables or memories.
 */
export function instantiateModule(store: Store, moduleIndex: number, imports: readonly ExternAddr[]): { instanceAddr: number; trap: Trap } {
  const module = store.modules[moduleIndex]!;
  const instanceAddr = store.instances.length;
  // What may fail for want of room comes first: a failed instantiation leaves nothing behind, so addresses stay those of
  // a recording, which knows nothing of it.
  insistOnSupported(module);
  const { tables: newTables, memories: newMemories } = allocate(store, module);
  const typeOf = (type: ValType): ValType => mapValType(type, store.types.ofModule(module));
  const imported = (kind: number) => imports.filter((extern) => extern.kind === kind).map((extern) => extern.addr);
  const globals: number[] = imported(ExternKind.Global);
  const funcs = imported(ExternKind.Func);
  for (const [i] of module.funcs.entries()) {
    const funcIndex = module.importedFuncCount + i;
    funcs.push(store.addFunc(wasmFunc(store, module, instanceAddr, funcIndex)));
  }
  const evaluate = (expr: ConstExpr) => evaluateConst(store, module, funcs, globals, expr);
  for (const { type, init } of module.globals) {
    globals.push(store.addGlobal({ valType: typeOf(type.valType), mutable: type.mutable }, evaluate(init)));
  }
  const tables = [...imported(ExternKind.Table), ...newTables];
  const memories = [...imported(ExternKind.Memory), ...newMemories];
  const instance: Instance = {
    module,
    moduleIndex,
    funcAddrs: Int32Array.from(funcs),
    tableAddrs: Int32Array.from(tables),
    memoryAddrs: Int32Array.from(memories),
    globalAddrs: Int32Array.from(globals),
    elemRefs: module.elems.map((segment) =>
      Int32Array.from(segment.items, (item) => (typeof item === "number" ? funcs[item]! + 1 : Number(BigInt.asIntN(32, evaluate(item))))),
    ),
    droppedElems: new Uint8Array(module.elems.length),
    droppedDatas: new Uint8Array(module.datas.length),
  };
  store.instances.push(instance);
  return { instanceAddr, trap: copySegments(store, instanceAddr, instance, evaluate) };
}

/** Throws UnsupportedError for what is valid in a module but cannot be made yet. */
function insistOnSupported({ tagTypes, tables, tableTypes, memoryTypes }: Module): void {
  const missing =
    tagTypes.length > 0
      ? "tags"
      : tables.some(({ init }) => init !== undefined)
        ? "initial values of tables"
        : tableTypes.some(({ address64 }) => address64 === true)
          ? "64-bit tables"
          : memoryTypes.some(({ address64 }) => address64 === true)
            ? "64-bit memories"
            : memoryTypes.some(({ shared }) => shared === true)
              ? "shared memories"
              : memoryTypes.some(({ pageShift = 16 }) => pageShift !== 16)
                ? "custom page sizes"
                : undefined;
  if (missing !== undefined) throw new UnsupportedError(`unsupported: ${missing} cannot be made yet`);
}

/** Allocates the tables and memories that a module defines, all or none. Throws ResourceError. */
function allocate(store: Store, module: Module): { tables: number[]; memories: number[] } {
  const tableCount = store.tables.length;
  const memoryCount = store.memories.length;
  try {
    const numbers = store.types.ofModule(module);
    const tables = module.tables.map(({ type }) => store.addTable({ ...type, elemType: mapValType(type.elemType, numbers) }));
    return { tables, memories: module.memories.map((type) => store.addMemory(type)) };
  } catch (error) {
    store.tables.length = tableCount;
    store.memories.length = memoryCount;
    throw error;
  }
}

function copySegments(store: Store, instanceAddr: number, instance: Instance, evaluate: (expr: ConstExpr) => bigint): Trap {
  const { module } = instance;
  for (const [i, { mode }] of module.elems.entries()) {
    if (mode.kind === "passive") continue;
    if (mode.kind === "active") {
      const offset = Number(BigInt.asUintN(32, evaluate(mode.offset)));
      const trap = initTable(store, instanceAddr, i, instance.tableAddrs[mode.index]!, offset, 0, instance.elemRefs[i]!.length);
      if (trap !== Trap.None) return trap;
    }
    instance.droppedElems[i] = 1;
  }
  for (const [i, { mode, start, end }] of module.datas.entries()) {
    if (mode.kind !== "active") continue;
    const offset = Number(BigInt.asUintN(32, evaluate(mode.offset)));
    const trap = initMemory(store, instanceAddr, i, instance.memoryAddrs[mode.index]!, offset, 0, end - start);
    if (trap !== Trap.None) return trap;
    instance.droppedDatas[i] = 1;
  }
  return Trap.None;
}

/** The signed 64 bits of two words. */
function bits64(lo: number, hi: number): bigint {
  return (BigInt(hi) << 32n) | BigInt(lo >>> 0);
}

/** Value of a constant expression as 64 bits (signed), of v128 128 (unsigned); validated, so its operands are there. */
function evaluateConst(store: Store, module: Module, funcs: readonly number[], globals: readonly number[], expr: ConstExpr): bigint {
  const reader = new InstrReader(module.bytes, expr.start, expr.end);
  const stack: bigint[] = [];
  const binary = (bits: number, apply: (a: bigint, b: bigint) => bigint) => {
    const b = stack.pop()!;
    stack.push(BigInt.asIntN(bits, apply(stack.pop()!, b)));
  };
  while (reader.next()) {
    switch (reader.code) {
      case Wasm.I32Const:
      case Wasm.F32Const:
        stack.push(BigInt(reader.a));
        break;
      case Wasm.I64Const:
      case Wasm.F64Const:
        stack.push(bits64(reader.lo, reader.hi));
        break;
      case Wasm.V128Const:
        stack.push(vectorBits(bits64(reader.lo, reader.hi), bits64(reader.lo2, reader.hi2)));
        break;
      case Wasm.GlobalGet:
        stack.push(store.globalBits(store.globals[globals[reader.a]!]!));
        break;
      case Wasm.RefNull:
        stack.push(0n);
        break;
      case Wasm.RefFunc:
        stack.push(BigInt(funcs[reader.a]! + 1));
        break;
      case Wasm.I32Add:
        binary(32, (a, b) => a + b);
        break;
      case Wasm.I32Sub:
        binary(32, (a, b) => a - b);
        break;
      case Wasm.I32Mul:
        binary(32, (a, b) => a * b);
        break;
      case Wasm.I64Add:
        binary(64, (a, b) => a + b);
        break;
      case Wasm.I64Sub:
        binary(64, (a, b) => a - b);
        break;
      case Wasm.I64Mul:
        binary(64, (a, b) => a * b);
        break;
      case Wasm.End:
        return stack.pop()!;
      default:
        throw new UnsupportedError(`unsupported: no evaluation of ${reader.row.mnemonic} yet`);
    }
  }
  throw new Error("constant expression without end");
}

/** Store address of an export, or undefined. */
export function exportAddr(store: Store, instanceAddr: number, name: string): ExternAddr | undefined {
  const instance = store.instances[instanceAddr]!;
  const found = instance.module.exports.find((candidate) => candidate.name === name);
  if (found === undefined) return undefined;
  const { kind, index } = found;
  const space = [instance.funcAddrs, instance.tableAddrs, instance.memoryAddrs, instance.globalAddrs][kind]!;
  return { kind, addr: space[index]! };
}
