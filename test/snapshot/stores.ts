/**
 * Stores without code for the tests of snapshots: a made-up module, random changes of everything that a snapshot holds, and
 * a dump of all state by which two stores are compared without the code under test.
 */
import type { FrameCodec } from "../../snapshot/capture.ts";
import { FRAME_WORDS, Frame, FrameFlag, Status, Store, wasmFunc } from "../../vm/store.ts";
import { Trap } from "../../vm/trap.ts";
import { noContents } from "../../vm/type-space.ts";
import { type FuncType, type Module, ValType } from "../../vm/types.ts";

export type Random = () => number;

export function below(random: Random, limit: number): number {
  return Math.floor(random() * limit);
}

const unary: FuncType = { params: [ValType.I32], results: [ValType.I64, ValType.I32] };

/** A module with two functions of its own, one import, a table, a memory, two globals and two segments of each kind. */
export function fakeModule(name: string): Module {
  const type = { min: 1, max: undefined };
  const passive = { kind: "passive" } as const;
  return {
    bytes: new TextEncoder().encode(`module ${name}`),
    types: [{ ...noContents, kind: "func", func: unary, groupStart: 0, groupSize: 1 }],
    canonicalTypes: Int32Array.of(0),
    imports: [],
    funcs: [],
    tables: [],
    memories: [],
    globals: [],
    tags: [],
    exports: [],
    start: undefined,
    elems: [0, 1].map(() => ({ elemType: ValType.FuncRef, mode: passive, items: [1, 2], wasmOffset: 0 })),
    datas: [0, 1].map(() => ({ mode: passive, start: 0, end: 3 })),
    dataCount: 2,
    customs: [],
    sections: [],
    funcTypes: [unary, unary, unary],
    funcTypeIndices: [0, 0, 0],
    tagTypes: [],
    tagTypeIndices: [],
    tableTypes: [{ elemType: ValType.FuncRef, limits: type }],
    memoryTypes: [{ limits: type }],
    globalTypes: [
      { valType: ValType.I32, mutable: true },
      { valType: ValType.I64, mutable: true },
    ],
    importedFuncCount: 1,
  };
}

export interface StoreSizes {
  readonly memoryPages: number;
  readonly tableLength: number;
  readonly stackBytes?: number;
}

export const smallSizes: StoreSizes = { memoryPages: 2, tableLength: 10 };

/** Adds one instance of the module with things of its own, as instantiation would. */
export function addInstance(store: Store, module: Module, sizes: StoreSizes): void {
  const moduleIndex = store.addModule(module);
  const instanceAddr = store.instances.length;
  const host = store.addFunc({ kind: "host", type: unary, module: "env", name: `host${instanceAddr}` });
  const funcs = [1, 2].map((funcIndex) => store.addFunc(wasmFunc(store, module, instanceAddr, funcIndex)));
  const table = store.addTable({ elemType: ValType.FuncRef, limits: { min: sizes.tableLength, max: 100_000 } });
  const memory = store.addMemory({ limits: { min: sizes.memoryPages, max: 4096 } });
  const globals = module.globalTypes.map((type, i) => store.addGlobal(type, BigInt(i * 7)));
  store.instances.push({
    module,
    moduleIndex,
    funcAddrs: Int32Array.of(host, ...funcs),
    tableAddrs: Int32Array.of(table),
    memoryAddrs: Int32Array.of(memory),
    globalAddrs: Int32Array.from(globals),
    tagAddrs: new Int32Array(0),
    elemRefs: [Int32Array.of(funcs[0]! + 1, funcs[1]! + 1), Int32Array.of(1, 0)],
    droppedElems: new Uint8Array(2),
    droppedDatas: new Uint8Array(2),
  });
}

export function makeStore(module: Module, sizes: StoreSizes = smallSizes): Store {
  const store = new Store({ stackBytes: sizes.stackBytes ?? 1 << 16 });
  addInstance(store, module, sizes);
  return store;
}

/** Frames as they are: a frame's slots reach to the next frame, the top frame has four. */
export const rawFrames: FrameCodec = {
  exportFrames(store) {
    const frames = [];
    for (let at = 0; at < store.frameTop; at += FRAME_WORDS) {
      const fp = store.frames[at + Frame.Fp]!;
      const end = at + FRAME_WORDS < store.frameTop ? store.frames[at + FRAME_WORDS + Frame.Fp]! : fp + 4;
      const flags = store.frames[at + Frame.Flags]! & ~FrameFlag.Seen;
      const wasmOffset = (flags & FrameFlag.Host) !== 0 ? -1 : store.frames[at + Frame.Pc]!;
      frames.push({ funcAddr: store.frames[at + Frame.Func]!, fp, flags, wasmOffset, slots: store.i32.slice(fp * 2, end * 2) });
    }
    return frames;
  },
  importFrames(store, frames) {
    store.frameTop = frames.length * FRAME_WORDS;
    for (const [i, frame] of frames.entries()) {
      store.frames.set([frame.funcAddr, frame.fp, frame.wasmOffset, frame.flags], i * FRAME_WORDS);
      store.i32.set(frame.slots, frame.fp * 2);
    }
  },
  // Of made-up functions nothing is known.
  frameOffset: () => -1,
  frameTypes: () => ({ locals: [], operands: [] }),
};

/** Writes as the interpreter does: only the page of the first byte is marked. */
export function storeBytes(store: Store, memoryAddr: number, byteAddr: number, bytes: readonly number[]): void {
  const memory = store.memories[memoryAddr]!;
  for (const [i, byte] of bytes.entries()) if (byteAddr + i < memory.byteLength) memory.bytes[byteAddr + i] = byte;
  memory.markDirty(byteAddr, 1);
}

function changeMemory(store: Store, random: Random): void {
  const addr = below(random, store.memories.length);
  const memory = store.memories[addr]!;
  const { byteLength } = memory;
  if (byteLength === 0) return;
  switch (below(random, 4)) {
    case 0:
      // Across a page's end.
      storeBytes(store, addr, Math.max(0, (1 + below(random, byteLength / 4096)) * 4096 - 1 - below(random, 8)), [
        1,
        2,
        3,
        4,
        5,
        6,
        7,
        below(random, 256),
      ]);
      break;
    case 1: {
      const from = below(random, byteLength);
      const length = below(random, Math.min(20_000, byteLength - from));
      memory.bytes.fill(below(random, 3), from, from + length);
      memory.markDirty(from, length);
      break;
    }
    default:
      storeBytes(store, addr, below(random, byteLength), [below(random, 256), below(random, 256)]);
  }
}

function changeFrames(store: Store, random: Random): void {
  const depth = store.frameTop / FRAME_WORDS;
  const pop = depth > 0 && random() < 0.4;
  if (pop) store.frameTop = below(random, depth) * FRAME_WORDS;
  else {
    const at = store.frameTop;
    const fp = at === 0 ? 0 : store.frames[at - FRAME_WORDS + Frame.Fp]! + 4;
    if (fp > 2000) return;
    const funcAddr = below(random, store.funcs.length);
    const host = store.funcs[funcAddr]!.kind === "host";
    store.frames.set([funcAddr, fp, below(random, 100), (host ? FrameFlag.Host : 0) | (at === 0 ? FrameFlag.Entry : 0)], at);
    store.frameTop = at + FRAME_WORDS;
  }
  if (store.frameTop > 0) {
    const fp = store.frames[store.frameTop - FRAME_WORDS + Frame.Fp]!;
    for (let i = 0; i < 8; i++) store.i32[fp * 2 + i] = below(random, 1 << 30);
  }
}

/** A status that the frames allow, with what belongs to it. */
function changeStatus(store: Store, random: Random): void {
  const top = store.frameTop - FRAME_WORDS;
  const host = top >= 0 && (store.frames[top + Frame.Flags]! & FrameFlag.Host) !== 0;
  const resting = top < 0 ? Status.Idle : host ? Status.InHost : Status.Running;
  store.trap = Trap.None;
  store.trapOffset = -1;
  store.grow = undefined;
  store.status = resting;
  const choice = below(random, 8);
  if (choice === 0) {
    store.status = Status.Trapped;
    store.trap = Trap.MemoryOutOfBounds;
    store.trapOffset = below(random, 1000);
  } else if (choice === 1) {
    store.status = Status.Returned;
    store.resultFunc = below(random, store.funcs.length);
    store.resultSlot = top < 0 ? 0 : store.frames[top + Frame.Fp]! + 4;
    store.i32.set([1, 2, below(random, 100), 0], store.resultSlot * 2);
  } else if (choice === 2 && resting === Status.Running) {
    store.status = Status.Growing;
    store.grow = { kind: "memory", addr: 0, delta: below(random, 5), init: 0, slot: store.frames[top + Frame.Fp]! };
  } else if (choice === 3) {
    store.status = Status.Exited;
    store.exitCode = below(random, 256);
  }
}

/** A few random changes, the kinds that execution makes. */
export function mutate(store: Store, random: Random): void {
  const count = 1 + below(random, 6);
  for (let i = 0; i < count; i++) {
    const choice = below(random, 12);
    if (choice < 5) changeMemory(store, random);
    else if (choice === 5) store.memories[below(random, store.memories.length)]!.grow(below(random, 3));
    else if (choice === 6) {
      const table = store.tables[below(random, store.tables.length)]!;
      table.elements[below(random, table.length)] = below(random, store.funcs.length + 1);
      table.dirty = true;
    } else if (choice === 7) store.tables[below(random, store.tables.length)]!.grow(below(random, 1500), below(random, 2));
    else if (choice === 8) store.globalI64[below(random, store.globals.length)] = BigInt(below(random, 1 << 30)) << 31n;
    else if (choice === 9) store.instances[0]!.droppedDatas[below(random, 2)] = 1;
    else changeFrames(store, random);
  }
  store.tick += 1 + below(random, 1000);
  changeStatus(store, random);
}

/** All state as text, frames and memories as they are. What is stale in the present status is left out. */
export function dump(store: Store): string {
  const returned = store.status === Status.Returned;
  return JSON.stringify({
    scalars: [store.tick, store.status, store.trap, store.trapOffset, store.status === Status.Exited ? store.exitCode : 0],
    results: returned ? [store.resultFunc, store.resultSlot, ...store.i32.slice(store.resultSlot * 2, store.resultSlot * 2 + 3)] : [],
    grow: store.grow,
    frames: rawFrames.exportFrames(store).map((frame) => ({ ...frame, slots: [...frame.slots] })),
    funcs: store.funcs,
    instances: store.instances.map(({ moduleIndex, droppedElems, droppedDatas, funcAddrs, memoryAddrs }) => {
      return [moduleIndex, [...droppedElems], [...droppedDatas], [...funcAddrs], [...memoryAddrs]];
    }),
    globals: store.globals.map(({ type, slot }) => {
      return [type, slot, type.valType === ValType.I64 ? String(store.globalI64[slot]) : store.globalI32[slot * 2]];
    }),
    tables: store.tables.map(({ elements, max }) => [max, elements.length, Buffer.from(elements.buffer).toString("base64")]),
    memories: store.memories.map(({ bytes, pageCount, maxPages }) => [pageCount, maxPages, Buffer.from(bytes).toString("base64")]),
  });
}
