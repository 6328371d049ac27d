/**
 * The canonical encoding of a machine: one order and form of all it consists of. The state hash is taken over it with
 * digests where pages stand, the stored form has numbers there; so what is hashed is what is stored.
 */
import type { FrameState } from "../vm/frames.ts";
import type { MemoryTraits } from "../vm/memory.ts";
import type { PendingGrow, Status } from "../vm/store.ts";
import { Status as AnyStatus } from "../vm/store.ts";
import type { Trap } from "../vm/trap.ts";
import type { FuncType, TypeDef } from "../vm/types.ts";
import { type ByteReader, type ByteWriter, corrupt } from "./bytes.ts";
import { moduleDigest } from "./digest.ts";
import type { Chunk } from "./pages.ts";
import { type FuncShape, freezeShape, type InstanceShape, type Shape, type Snapshot } from "./tree.ts";

const MAX_U32 = 0xffffffff;
const MAX_I32 = 0x7fffffff;
/** Most bytes of stack that a stored machine may have: keeps hostile bytes from asking for more. */
export const MAX_STACK_BYTES = 1 << 30;

export function encodeShape(out: ByteWriter, shape: Shape): void {
  encodeList(out, shape.modules, (module) => out.text(moduleDigest(module)));
  encodeList(out, shape.instances, ({ moduleIndex, funcAddrs, tableAddrs, memoryAddrs, globalAddrs, tagAddrs, elemRefs }) => {
    out.number(moduleIndex);
    for (const words of [funcAddrs, tableAddrs, memoryAddrs, globalAddrs, tagAddrs]) out.words(words);
    encodeList(out, elemRefs, (refs) => out.words(refs));
  });
  encodeList(out, shape.funcs, (func) => {
    out.u8(func.kind === "wasm" ? 0 : 1);
    if (func.kind === "wasm") {
      out.number(func.instanceAddr);
      out.number(func.funcIndex);
    } else {
      out.text(func.module);
      out.text(func.name);
      encodeFuncType(out, func.type);
      out.number((func.typeNumber ?? -1) + 1);
    }
  });
  encodeList(out, shape.globals, ({ valType, mutable }) => {
    out.number(valType);
    out.u8(mutable ? 1 : 0);
  });
  encodeList(out, shape.tables, ({ elemType, max, address64 }) => {
    out.number(elemType);
    encodeMax(out, max);
    out.u8(address64 ? 1 : 0);
  });
  encodeList(out, shape.memories, ({ maxPages, traits }) => {
    encodeMax(out, maxPages);
    out.u8((traits.address64 === true ? 1 : 0) | (traits.shared === true ? 2 : 0) | (traits.pageShift === 0 ? 4 : 0));
  });
  encodeList(out, shape.tags, (typeNumber) => out.number(typeNumber));
  encodeList(out, shape.types, (def) => encodeTypeDef(out, def));
}

function encodeFuncType(out: ByteWriter, { params, results }: FuncType): void {
  encodeList(out, params, (type) => out.number(type));
  encodeList(out, results, (type) => out.number(type));
}

function decodeFuncType(input: ByteReader): FuncType {
  const params = input.list(1, () => input.number(MAX_I32));
  return { params, results: input.list(1, () => input.number(MAX_I32)) };
}

const typeKinds = ["func", "struct", "array"] as const;

function encodeTypeDef(out: ByteWriter, def: TypeDef): void {
  out.u8(typeKinds.indexOf(def.kind));
  out.u8(def.final ? 1 : 0);
  for (const index of [def.supertype, def.descriptor, def.describes, def.groupStart, def.groupSize]) out.signed(index);
  if (def.func !== undefined) encodeFuncType(out, def.func);
  else {
    encodeList(out, def.fields, ({ type, mutable }) => {
      out.number(type);
      out.u8(mutable ? 1 : 0);
    });
  }
}

function decodeTypeDef(input: ByteReader): TypeDef {
  const kind = typeKinds[input.number(2)]!;
  const final = input.number(1) === 1;
  const index = () => input.signed(-1, MAX_I32);
  const links = { supertype: index(), descriptor: index(), describes: index(), groupStart: index(), groupSize: index() };
  const func = kind === "func" ? decodeFuncType(input) : undefined;
  const fields = kind === "func" ? [] : input.list(2, () => ({ type: input.number(MAX_I32), mutable: input.number(1) === 1 }));
  return { kind, func, fields, final, ...links, wasmOffset: 0 };
}

function decodeTraits(input: ByteReader): MemoryTraits {
  const bits = input.number(7);
  return {
    ...((bits & 1) !== 0 && { address64: true }),
    ...((bits & 2) !== 0 && { shared: true }),
    ...((bits & 4) !== 0 && { pageShift: 0 }),
  };
}

export function decodeShape(input: ByteReader): Shape {
  return freezeShape({
    modules: input.list(1, () => {
      const digest = input.text();
      if (!/^[0-9a-f]{64}$/.test(digest)) throw corrupt("a module's digest is malformed");
      return digest;
    }),
    instances: input.list(7, () => decodeInstance(input)),
    funcs: input.list(3, () => decodeFunc(input)),
    globals: input.list(2, () => ({ valType: input.number(MAX_I32), mutable: input.number(1) === 1 })),
    tables: input.list(3, () => ({ elemType: input.number(MAX_I32), max: decodeMax(input), address64: input.number(1) === 1 })),
    memories: input.list(2, () => ({ maxPages: decodeMax(input), traits: decodeTraits(input) })),
    tags: input.list(1, () => input.number(MAX_I32)),
    types: input.list(8, () => decodeTypeDef(input)),
  });
}

function decodeInstance(input: ByteReader): InstanceShape {
  return {
    moduleIndex: input.number(),
    funcAddrs: input.words(),
    tableAddrs: input.words(),
    memoryAddrs: input.words(),
    globalAddrs: input.words(),
    tagAddrs: input.words(),
    elemRefs: input.list(1, () => input.words()),
  };
}

function decodeFunc(input: ByteReader): FuncShape {
  if (input.number(1) === 0) return { kind: "wasm", instanceAddr: input.number(), funcIndex: input.number() };
  const module = input.text();
  const name = input.text();
  const type = decodeFuncType(input);
  const typeNumber = input.number(MAX_I32) - 1;
  return { kind: "host", module, name, type, ...(typeNumber >= 0 && { typeNumber }) };
}

function encodeMax(out: ByteWriter, max: number | undefined): void {
  out.number(max === undefined ? 0 : max + 1);
}

function decodeMax(input: ByteReader): number | undefined {
  const max = input.number();
  return max === 0 ? undefined : max - 1;
}

function encodeList<T>(out: ByteWriter, list: readonly T[], item: (item: T) => void): void {
  out.number(list.length);
  for (const entry of list) item(entry);
}

function encodeFrame(out: ByteWriter, frame: FrameState): void {
  out.number(frame.funcAddr);
  out.number(frame.fp);
  out.number(frame.flags);
  out.signed(frame.wasmOffset);
  out.words(frame.slots);
}

function decodeFrame(input: ByteReader): FrameState {
  return {
    funcAddr: input.number(MAX_I32),
    fp: input.number(MAX_I32),
    flags: input.number(MAX_I32),
    wasmOffset: input.signed(-1, MAX_U32),
    slots: input.words(),
  };
}

const growKinds = ["none", "memory", "table"] as const;

function encodeGrow(out: ByteWriter, grow: PendingGrow | undefined): void {
  out.u8(growKinds.indexOf(grow?.kind ?? "none"));
  if (grow === undefined) return;
  out.number(grow.addr);
  out.number(grow.delta);
  out.signed(grow.init);
  out.signed(grow.slot);
}

function decodeGrow(input: ByteReader): PendingGrow | undefined {
  const kind = growKinds[input.number(2)]!;
  if (kind === "none") return undefined;
  const addr = input.number(MAX_I32);
  return Object.freeze({
    kind,
    addr,
    delta: input.number(MAX_U32),
    init: input.signed(-1 - MAX_I32, MAX_I32),
    slot: input.signed(-1, MAX_I32),
  });
}

/** What stands for a shape and for a chunk of pages: digests when hashing, numbers when storing. */
export interface Stand {
  shape(out: ByteWriter, shape: Shape): void;
  chunk(out: ByteWriter, chunk: Chunk): void;
}

/** All of a machine but the event number. */
export function encodeMachine(out: ByteWriter, snapshot: Snapshot, stand: Stand): void {
  out.number(snapshot.tick);
  out.number(snapshot.stackBytes);
  out.number(snapshot.status);
  out.number(snapshot.trap);
  out.signed(snapshot.trapOffset);
  out.u32(snapshot.exitCode);
  out.signed(snapshot.resultFunc);
  out.number(snapshot.resultSlot);
  out.words(snapshot.results);
  encodeGrow(out, snapshot.grow);
  stand.shape(out, snapshot.shape);
  encodeList(out, snapshot.dropped, ({ elems, datas }) => {
    out.blob(elems);
    out.blob(datas);
  });
  encodeList(out, snapshot.frames, (frame) => encodeFrame(out, frame));
  out.words(snapshot.globals);
  encodeList(out, snapshot.tables, ({ length, pages }) => {
    out.number(length);
    encodeList(out, pages, (chunk) => stand.chunk(out, chunk));
  });
  encodeList(out, [...snapshot.memories, snapshot.heap], ({ pageCount, pages }) => {
    out.number(pageCount);
    encodeList(out, pages, (chunk) => stand.chunk(out, chunk));
  });
  out.words(snapshot.pinned);
  out.signed(snapshot.exception);
}

/** A machine whose shape and chunks are still numbers. */
export interface MachineRecord extends Omit<Snapshot, "event" | "shape" | "tables" | "memories" | "heap"> {
  readonly shapeId: number;
  readonly tables: readonly { readonly length: number; readonly chunkIds: readonly number[] }[];
  /** The heap is the last. */
  readonly memories: readonly { readonly pageCount: number; readonly chunkIds: readonly number[] }[];
}

/** Reads what encodeMachine wrote with numbers for shape and chunks. Whether it makes sense is check.ts's business. */
export function decodeMachine(input: ByteReader): MachineRecord {
  return {
    tick: input.number(),
    stackBytes: input.number(MAX_STACK_BYTES),
    status: input.number(AnyStatus.Exited) as Status,
    trap: input.number(255) as Trap,
    trapOffset: input.signed(-1, MAX_U32),
    exitCode: input.u32(),
    resultFunc: input.signed(-1, MAX_I32),
    resultSlot: input.number(MAX_I32),
    results: input.words(),
    grow: decodeGrow(input),
    shapeId: input.number(),
    dropped: Object.freeze(input.list(2, () => Object.freeze({ elems: input.blob(), datas: input.blob() }))),
    frames: Object.freeze(input.list(5, () => decodeFrame(input))),
    globals: input.words(),
    tables: input.list(2, () => ({ length: input.number(), chunkIds: input.list(1, () => input.number()) })),
    memories: input.list(2, () => ({ pageCount: input.number(), chunkIds: input.list(1, () => input.number()) })),
    pinned: input.words(),
    exception: input.signed(0, MAX_I32),
  };
}
