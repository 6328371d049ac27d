/**
 * Whether references of a machine that was restored from bytes are of the types of the slots that hold them. Validation
 * has shown that code keeps to types, so execution looks at none again: what a stored machine claims is looked at here, once.
 * Needs the modules, as only they know the types of functions, segments and frames. Changes nothing.
 */
import { isInstanceOf, kindOfObject } from "../vm/casts.ts";
import type { FrameTypes } from "../vm/frames.ts";
import { isHeapRef } from "../vm/heap.ts";
import { BlockKind } from "../vm/layout.ts";
import { Frame, Status, type Store } from "../vm/store.ts";
import { topOf } from "../vm/subtype.ts";
import { isNullable, isRefType, mapValType, slotTypes, ValType } from "../vm/types.ts";
import { unsetLocalsAt } from "../vm/validate.ts";
import { insist } from "./bytes.ts";
import { HeapMap } from "./check-heap.ts";
import type { Snapshot } from "./tree.ts";

/** Where the frames of a store stand and what is in them: as vm/frames.ts tells. */
interface FramePlaces {
  frameOffset(store: Store, index: number): number;
  frameTypes(store: Store, index: number): FrameTypes;
}

/**
 * Throws SnapshotError "snapshot-corrupt" when a reference is not of its slot's type. The store is that of the snapshot,
 * restored and settled. Cost: the heap, tables, globals, segments and live slots of frames.
 */
export function checkReferences(store: Store, snapshot: Snapshot, places: FramePlaces): void {
  const checker = new ReferenceChecker(store, new HeapMap(snapshot), places);
  checker.globals();
  checker.tables();
  checker.segments();
  checker.objects();
  checker.frames();
  checker.pending(snapshot);
}

class ReferenceChecker {
  private readonly store: Store;
  private readonly heap: HeapMap;
  private readonly places: FramePlaces;
  /** Types of the slots of frames, by where they stand: of a deep recursion most stand at one place. */
  private readonly known = new Map<string, readonly ValType[]>();

  constructor(store: Store, heap: HeapMap, places: FramePlaces) {
    this.store = store;
    this.heap = heap;
    this.places = places;
  }

  globals(): void {
    const { globals, globalI32 } = this.store;
    for (const [addr, { type, slot }] of globals.entries()) this.insist(globalI32[slot * 2]!, type.valType, "global", addr);
  }

  tables(): void {
    for (const [addr, { elements, elemType, length }] of this.store.tables.entries()) {
      for (let i = 0; i < length; i++) this.insist(elements[i]!, elemType, "table", addr);
    }
  }

  segments(): void {
    const { instances, types } = this.store;
    for (const [addr, { module, elemRefs, droppedElems }] of instances.entries()) {
      const numbers = types.ofModule(module);
      for (const [i, refs] of elemRefs.entries()) {
        // Nothing reads a dropped one again; what it names may have been collected.
        if (droppedElems[i] === 1) continue;
        const type = mapValType(module.elems[i]!.elemType, numbers);
        for (const ref of refs) this.insist(ref, type, "a segment of instance", addr);
      }
    }
  }

  objects(): void {
    const { words } = this.store.heap;
    for (const [word, type] of this.heap.references(words)) this.insist(words[word]!, type, "an object, word", word);
  }

  frames(): void {
    const { store } = this;
    for (let index = 0; index < store.depth; index++) {
      const { i32 } = store;
      const start = store.frameWord(index, Frame.Fp);
      for (const [i, type] of this.frameSlots(index).entries()) this.insist(i32[(start + i) * 2]!, type, "frame", index);
    }
  }

  private frameSlots(index: number): readonly ValType[] {
    const { store } = this;
    const func = store.funcs[store.frameWord(index, Frame.Func)]!;
    const { locals, operands } = this.places.frameTypes(store, index);
    if (func.kind === "host") return slotTypes(locals);
    const wasmOffset = this.places.frameOffset(store, index);
    const place = `${store.frameWord(index, Frame.Func)}:${wasmOffset}:${operands.length}`;
    let slots = this.known.get(place);
    if (slots === undefined) {
      const { module } = store.instances[func.instanceAddr]!;
      const numbers = store.types.ofModule(module);
      const types = [...locals, ...operands].map((type) => mapValType(type, numbers));
      // A local without a value yet holds none, whatever its type.
      for (const local of unsetLocalsAt(module, func.funcIndex, wasmOffset)) types[local] = ValType.NullRef;
      slots = slotTypes(types);
      this.known.set(place, slots);
    }
    return slots;
  }

  /** What is on its way: results, what was thrown, what a table is to grow with. */
  pending({ results, resultFunc, exception, grow }: Snapshot): void {
    const { store } = this;
    if (store.status === Status.Returned) {
      for (const [i, type] of slotTypes(store.funcs[resultFunc]!.type.results).entries()) {
        insist(i * 2 < results.length, "results are missing");
        this.insist(results[i * 2]!, type, "result", i);
      }
    }
    this.insist(exception, ValType.ExnRef, "the exception, word", 0);
    if (grow?.kind === "table") this.insist(grow.init, store.tables[grow.addr]!.elemType, "the growing table", grow.addr);
  }

  private insist(ref: number, type: ValType, what: string, index: number): void {
    if (isRefType(type)) insist(this.isOf(ref, type), `${what} ${index} holds what is not of its type`);
  }

  private isOf(ref: number, type: ValType): boolean {
    const { store, heap } = this;
    if (ref === 0) return isNullable(type);
    const isObject = isHeapRef(ref);
    if (isObject && !heap.allows(ref)) return false;
    const isException = isObject && kindOfObject(store, ref) === BlockKind.Exception;
    switch (topOf(store.types.types, type)) {
      case ValType.FuncRef:
        return ref > 0 && ref <= store.funcs.length && isInstanceOf(store, ref, type);
      case ValType.ExnRef:
        return isException && isInstanceOf(store, ref, type);
      default:
        return !isException && isInstanceOf(store, ref, type);
    }
  }
}
