/**
 * The shape of a store: what instantiation added to it. Read from a store, and given to a store that lacks some of it or
 * has more. Values of memories, tables, globals and frames are not touched here.
 */

import { sameTraits } from "../vm/instantiate.ts";
import { forgetCode } from "../vm/lower.ts";
import { type Func, type Instance, type Store, wasmFunc } from "../vm/store.ts";
import { funcTypeName, type Module } from "../vm/types.ts";
import { moduleDigest } from "./digest.ts";
import { SnapshotError } from "./errors.ts";
import { type FuncShape, freezeShape, type InstanceShape, type Shape, type Snapshot } from "./tree.ts";

/** The store's shape: `base` itself while nothing was added since. Cost: a comparison of lengths, else all of it. */
export function shapeOf(store: Store, base: Shape): Shape {
  const { modules, instances, funcs, globals, tables, memories, tags } = store;
  const { types } = store.types;
  if (
    modules.length === base.modules.length &&
    instances.length === base.instances.length &&
    funcs.length === base.funcs.length &&
    globals.length === base.globals.length &&
    tables.length === base.tables.length &&
    memories.length === base.memories.length &&
    tags.length === base.tags.length &&
    types.length === base.types.length
  ) {
    return base;
  }
  return freezeShape({
    modules: modules.slice(),
    instances: instances.map(({ moduleIndex, funcAddrs, tableAddrs, memoryAddrs, globalAddrs, tagAddrs, elemRefs }) => {
      return { moduleIndex, funcAddrs, tableAddrs, memoryAddrs, globalAddrs, tagAddrs, elemRefs };
    }),
    funcs: funcs.slice(),
    globals: globals.map(({ type }) => type),
    tables: tables.map(({ elemType, max, address64 }) => ({ elemType, max, address64 })),
    memories: memories.map(({ maxPages, traits }) => ({ maxPages, traits })),
    tags: tags.map(({ typeNumber }) => typeNumber),
    types: types.slice(),
  });
}

/**
 * The modules that the snapshot needs, in its order, from those of the store, those given, and those that the
 * snapshot itself holds when it was taken in this process. Throws SnapshotError
 * "snapshot-mismatch" when one is missing or the snapshot's instances do not fit it. Cost: hashing modules, once each, when
 * the snapshot was read from bytes.
 */
export function findModules(store: Store, snapshot: Snapshot, given: readonly Module[]): Module[] {
  const { shape } = snapshot;
  const candidates = [...store.modules, ...given, ...shape.modules.filter((ref) => typeof ref !== "string")];
  const modules = shape.modules.map((ref, index) => {
    const found = candidates.find((module) => module === ref) ?? candidates.find((module) => moduleDigest(module) === moduleDigest(ref));
    if (found === undefined) throw mismatch(`module ${index} (SHA-256 ${moduleDigest(ref)}) is not among the modules given`);
    return found;
  });
  for (const [addr, instance] of shape.instances.entries()) {
    const module = modules[instance.moduleIndex];
    const dropped = snapshot.dropped[addr];
    const fits =
      module !== undefined &&
      dropped !== undefined &&
      instance.funcAddrs.length === module.funcTypes.length &&
      instance.tableAddrs.length === module.tableTypes.length &&
      instance.memoryAddrs.length === module.memoryTypes.length &&
      instance.globalAddrs.length === module.globalTypes.length &&
      instance.tagAddrs.length === module.tagTypes.length &&
      instance.elemRefs.length === module.elems.length &&
      dropped.elems.length === module.elems.length &&
      dropped.datas.length === module.datas.length;
    if (!fits) throw mismatch(`instance ${addr} does not fit module ${instance.moduleIndex}`);
  }
  for (const [addr, func] of shape.funcs.entries()) if (func.kind === "wasm") wasmFuncType(shape, modules, func, addr);
  return modules;
}

/**
 * Cuts what the store has beyond the snapshot and adds what it lacks; what fits stays the same object. New memories and
 * tables have the snapshot's sizes and no content. `base` is the shape that the store had and has only added to since.
 */
export function alignShape(store: Store, snapshot: Snapshot, modules: readonly Module[], base: Shape): void {
  const { shape } = snapshot;
  const known = shape === base;
  alignTypes(store, shape);
  const instances = known ? shape.instances.length : commonInstances(store, shape, modules);
  const funcs = known ? shape.funcs.length : commonFuncs(store, shape, instances);
  // Code and cached types belong to functions and modules by number; whatever comes next under these numbers may differ.
  for (let addr = funcs; addr < store.funcs.length; addr++) forgetCode(store, addr);
  if (store.modules.length > modules.length || !known) store.placeTypes.clear();
  cut(store.modules, known ? modules.length : common(store.modules, modules, (a, b) => a === b));
  cut(store.instances, instances);
  cut(store.funcs, funcs);
  cut(
    store.globals,
    common(store.globals, shape.globals, (a, b) => a.type.valType === b.valType && a.type.mutable === b.mutable),
  );
  cut(
    store.tables,
    common(store.tables, shape.tables, (a, b) => a.elemType === b.elemType && a.max === b.max && a.address64 === b.address64),
  );
  cut(
    store.memories,
    common(store.memories, shape.memories, (a, b) => a.maxPages === b.maxPages && sameTraits(a.traits, b.traits)),
  );
  cut(
    store.tags,
    common(store.tags, shape.tags, (a, b) => a.typeNumber === b),
  );
  for (const module of modules.slice(store.modules.length)) store.modules.push(module);
  for (const [i, { elemType, max, address64 }] of rest(shape.tables, store.tables.length)) {
    store.addTable({ elemType, limits: { min: snapshot.tables[i]!.length, max }, address64 });
  }
  for (const [i, { maxPages, traits }] of rest(shape.memories, store.memories.length)) {
    store.addMemory({ limits: { min: snapshot.memories[i]!.pageCount, max: maxPages }, ...traits });
  }
  for (const [, typeNumber] of rest(shape.tags, store.tags.length)) store.addTag(typeNumber);
  for (const [, type] of rest(shape.globals, store.globals.length)) store.addGlobal(type, 0n);
  for (const [, instance] of rest(shape.instances, store.instances.length)) {
    store.instances.push(makeInstance(instance, modules[instance.moduleIndex]!));
  }
  for (const [addr, func] of rest(shape.funcs, store.funcs.length)) store.addFunc(makeFunc(store, shape, modules, func, addr));
}

/**
 * Gives the store's types the numbers of the snapshot. What the store has beyond stays: the execution that goes on from
 * here adds the same again, or (another program in the same store) others, for which all numbers are given anew.
 */
function alignTypes(store: Store, shape: Shape): void {
  const { types } = store;
  if (types.types.length === shape.types.length && types.types.every((def, i) => def === shape.types[i])) return;
  types.restore(shape.types);
  store.forgetLayouts();
}

function mismatch(message: string): SnapshotError {
  return new SnapshotError("snapshot-mismatch", `the snapshot does not fit: ${message}`);
}

function cut(list: unknown[], length: number): void {
  if (list.length > length) list.length = length;
}

/** Entries of `list` from `start`. */
function rest<T>(list: readonly T[], start: number): [number, T][] {
  return list.slice(start).map((item, i) => [start + i, item]);
}

/** Length of the common prefix. */
function common<A, B>(live: readonly A[], wanted: readonly B[], same: (a: A, b: B) => boolean): number {
  const most = Math.min(live.length, wanted.length);
  let count = 0;
  while (count < most && same(live[count]!, wanted[count]!)) count++;
  return count;
}

function sameAddrs(a: Int32Array, b: Int32Array): boolean {
  return a === b || (a.length === b.length && a.every((addr, i) => addr === b[i]));
}

function commonInstances(store: Store, shape: Shape, modules: readonly Module[]): number {
  return common(
    store.instances,
    shape.instances,
    (live, wanted) =>
      live.moduleIndex === wanted.moduleIndex &&
      live.module === modules[wanted.moduleIndex] &&
      sameAddrs(live.funcAddrs, wanted.funcAddrs) &&
      sameAddrs(live.tableAddrs, wanted.tableAddrs) &&
      sameAddrs(live.memoryAddrs, wanted.memoryAddrs) &&
      sameAddrs(live.globalAddrs, wanted.globalAddrs) &&
      sameAddrs(live.tagAddrs, wanted.tagAddrs) &&
      live.elemRefs.length === wanted.elemRefs.length &&
      live.elemRefs.every((refs, i) => sameAddrs(refs, wanted.elemRefs[i]!)),
  );
}

/** Functions of instances that are made anew are made anew too. */
function commonFuncs(store: Store, shape: Shape, instanceCount: number): number {
  return common(store.funcs, shape.funcs, (live, wanted) => {
    if (live.kind === "wasm") {
      const same = wanted.kind === "wasm" && live.instanceAddr === wanted.instanceAddr && live.funcIndex === wanted.funcIndex;
      return same && live.instanceAddr < instanceCount;
    }
    if (live === wanted) return true;
    if (wanted.kind !== "host") return false;
    return live.module === wanted.module && live.name === wanted.name && funcTypeName(live.type) === funcTypeName(wanted.type);
  });
}

function wasmFuncType(shape: Shape, modules: readonly Module[], func: FuncShape & { kind: "wasm" }, addr: number) {
  const module = modules[shape.instances[func.instanceAddr]?.moduleIndex ?? -1];
  const type = module?.funcTypes[func.funcIndex];
  if (module === undefined || type === undefined || func.funcIndex < module.importedFuncCount) {
    throw mismatch(`function ${addr} is not one that its module defines`);
  }
  return type;
}

function makeFunc(store: Store, shape: Shape, modules: readonly Module[], func: FuncShape, addr: number): Func {
  if (func.kind === "host")
    return {
      kind: "host",
      type: func.type,
      module: func.module,
      name: func.name,
      ...(func.typeNumber !== undefined && { typeNumber: func.typeNumber }),
    };
  wasmFuncType(shape, modules, func, addr);
  return wasmFunc(store, modules[shape.instances[func.instanceAddr]!.moduleIndex]!, func.instanceAddr, func.funcIndex);
}

function makeInstance(shape: InstanceShape, module: Module): Instance {
  const { moduleIndex, funcAddrs, tableAddrs, memoryAddrs, globalAddrs, tagAddrs, elemRefs } = shape;
  return {
    module,
    moduleIndex,
    funcAddrs,
    tableAddrs,
    memoryAddrs,
    globalAddrs,
    tagAddrs,
    elemRefs,
    droppedElems: new Uint8Array(module.elems.length),
    droppedDatas: new Uint8Array(module.datas.length),
  };
}
