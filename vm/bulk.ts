/** Bulk memory and table instructions (spec: execution/memory, table instructions), outside of the interpreter's loop. */
import { Bulk } from "./ops.ts";
import type { Store } from "./store.ts";
import { Trap } from "./trap.ts";

/**
 * Runs one. Operands are the three 32-bit words `at`, `at + 2`, `at + 4` of the value stack; `a` and `b` are what the
 * instruction names: store addresses of memories and tables, indices of segments in instance `instanceAddr`.
 */
export function runBulk(store: Store, instanceAddr: number, kind: number, at: number, a: number, b: number): Trap {
  const x = store.i32[at]! >>> 0;
  const y = store.i32[at + 2]!;
  const n = store.i32[at + 4]! >>> 0;
  switch (kind) {
    case Bulk.MemoryFill: {
      const memory = store.memories[a]!;
      if (x + n > memory.byteLength) return Trap.MemoryOutOfBounds;
      memory.bytes.fill(y, x, x + n);
      memory.markDirty(x, n);
      return Trap.None;
    }
    case Bulk.MemoryCopy: {
      const to = store.memories[a]!;
      const from = store.memories[b]!;
      const source = y >>> 0;
      if (source + n > from.byteLength || x + n > to.byteLength) return Trap.MemoryOutOfBounds;
      if (to === from) to.bytes.copyWithin(x, source, source + n);
      else to.bytes.set(from.bytes.subarray(source, source + n), x);
      to.markDirty(x, n);
      return Trap.None;
    }
    case Bulk.MemoryInit:
      return initMemory(store, instanceAddr, a, b, x, y >>> 0, n);
    case Bulk.DataDrop:
      store.instances[instanceAddr]!.droppedDatas[a] = 1;
      return Trap.None;
    case Bulk.TableFill: {
      const table = store.tables[a]!;
      if (x + n > table.length) return Trap.TableOutOfBounds;
      table.elements.fill(y, x, x + n);
      table.dirty = true;
      return Trap.None;
    }
    case Bulk.TableCopy: {
      const to = store.tables[a]!;
      const from = store.tables[b]!;
      const source = y >>> 0;
      if (source + n > from.length || x + n > to.length) return Trap.TableOutOfBounds;
      if (to === from) to.elements.copyWithin(x, source, source + n);
      else to.elements.set(from.elements.subarray(source, source + n), x);
      to.dirty = true;
      return Trap.None;
    }
    case Bulk.TableInit:
      return initTable(store, instanceAddr, a, b, x, y >>> 0, n);
    case Bulk.MemorySize:
    case Bulk.TableSize:
      store.i32[at] = kind === Bulk.MemorySize ? store.memories[a]!.pageCount : store.tables[a]!.length;
      store.i32[at + 1] = 0;
      return Trap.None;
    case Bulk.ElemDrop:
      store.instances[instanceAddr]!.droppedElems[a] = 1;
      return Trap.None;
    default:
      throw new Error(`no such bulk operation: ${kind}`);
  }
}

/** Copies `n` bytes at `source` of a data segment to `x` of a memory; a dropped segment is empty. Also active segments. */
export function initMemory(
  store: Store,
  instanceAddr: number,
  segment: number,
  memoryAddr: number,
  x: number,
  source: number,
  n: number,
): Trap {
  const { module, droppedDatas } = store.instances[instanceAddr]!;
  const data = module.datas[segment]!;
  const memory = store.memories[memoryAddr]!;
  const length = droppedDatas[segment] === 1 ? 0 : data.end - data.start;
  if (source + n > length || x + n > memory.byteLength) return Trap.MemoryOutOfBounds;
  memory.bytes.set(module.bytes.subarray(data.start + source, data.start + source + n), x);
  memory.markDirty(x, n);
  return Trap.None;
}

/** The same for element segments and tables. */
export function initTable(
  store: Store,
  instanceAddr: number,
  segment: number,
  tableAddr: number,
  x: number,
  source: number,
  n: number,
): Trap {
  const { elemRefs, droppedElems } = store.instances[instanceAddr]!;
  const refs = elemRefs[segment]!;
  const table = store.tables[tableAddr]!;
  const length = droppedElems[segment] === 1 ? 0 : refs.length;
  if (source + n > length || x + n > table.length) return Trap.TableOutOfBounds;
  table.elements.set(refs.subarray(source, source + n), x);
  table.dirty = true;
  return Trap.None;
}
