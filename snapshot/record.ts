/**
 * The canonical encoding of a machine: one order and form of all it consists of. The state hash is taken over it with
 * digests where pages stand, the stored form has numbers there; so what is hashed is what is stored.
 */
import type { FrameState } from "../vm/frames.ts";
import type { PendingGrow, Status } from "../vm/store.ts";
import { Status as AnyStatus } from "../vm/store.ts";
import type { Trap } from "../vm/trap.ts";
import { type FuncType, ValType } from "../vm/types.ts";
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
  encodeList(out, shape.instances, ({ moduleIndex, funcAddrs, tableAddrs, memoryAddrs, globalAddrs, elemRefs }) => {
    out.number(moduleIndex);
    for (const words of [funcAddrs, tableAddrs, memoryAddrs, globalAddrs]) out.words(words);
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
      out.blob(Uint8Array.from(func.type.params));
      out.blob(Uint8Array.from(func.type.results));
    }
  });
  encodeList(out, shape.globals, ({ valType, mutable }) => {
    out.u8(valType);
    out.u8(mutable ? 1 : 0);
  });
  encodeList(out, shape.tables, ({ elemType, max }) => {
    out.u8(elemType);
    encodeMax(out, max);
  });
  encodeList(out, shape.memories, ({ maxPages }) => encodeMax(out, maxPages));
}

export function decodeShape(input: ByteReader): Shape {
  return freezeShape({
    modules: input.list(1, () => {
      const digest = input.text();
      if (!/^[0-9a-f]{64}$/.test(digest)) throw corrupt("a module's digest is malformed");
      return digest;
    }),
    instances: input.list(6, () => decodeInstance(input)),
    funcs: input.list(3, () => decodeFunc(input)),
    globals: input.list(2, () => ({ valType: decodeValType(input.u8()), mutable: input.number(1) === 1 })),
    tables: input.list(2, () => ({ elemType: decodeValType(input.u8()), max: decodeMax(input) })),
    memories: input.list(1, () => ({ maxPages: decodeMax(input) })),
  });
}

function decodeInstance(input: ByteReader): InstanceShape {
  return {
    moduleIndex: input.number(),
    funcAddrs: input.words(),
    tableAddrs: input.words(),
    memoryAddrs: input.words(),
    globalAddrs: input.words(),
    elemRefs: input.list(1, () => input.words()),
  };
}

function decodeFunc(input: ByteReader): FuncShape {
  if (input.number(1) === 0) return { kind: "wasm", instanceAddr: input.number(), funcIndex: input.number() };
  const module = input.text();
  const name = input.text();
  const params = Array.from(input.blob(), decodeValType);
  const type: FuncType = { params, results: Array.from(input.blob(), decodeValType) };
  return { kind: "host", module, name, type };
}

function decodeValType(code: number): ValType {
  for (const type of Object.values(ValType)) if (type === code) return type;
  throw corrupt(`there is no value type 0x${code.toString(16)}`);
}

function encodeMax(out: ByteWriter, max: number | undefined): void {
  out.number(max === undefined ? 0 : max + 1);
}

function decodeMax(input: ByteReader): number | undefined {
  const max = input.number(MAX_U32 + 1);
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
  encodeList(out, snapshot.memories, ({ pageCount, pages }) => {
    out.number(pageCount);
    encodeList(out, pages, (chunk) => stand.chunk(out, chunk));
  });
}

/** A machine whose shape and chunks are still numbers. */
export interface MachineRecord extends Omit<Snapshot, "event" | "shape" | "tables" | "memories"> {
  readonly shapeId: number;
  readonly tables: readonly { readonly length: number; readonly chunkIds: readonly number[] }[];
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
  };
}
