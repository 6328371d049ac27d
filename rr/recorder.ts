/**
 * The recorder: a journal that writes what it is told into a trace. It never changes the store, and what it writes
 * depends only on what it is told, so a journal of a replay writes the same bytes again.
 *
 * A host call that does nothing but its effects becomes one event: call and effects wait here until the function returns.
 * When something else happens first, they are written as events of their own.
 */
import type { Journal, ThrownException } from "../vm/host.ts";
import { type ExternAddr, type Func, type PendingGrow, Status } from "../vm/store.ts";
import type { Trap } from "../vm/trap.ts";
import { type FuncType, type GlobalType, isWide, type MemoryType, type Module, slotTypes, type TableType, ValType } from "../vm/types.ts";
import { ByteWriter } from "./codec.ts";
import { TraceError } from "./errors.ts";
import {
  EffectCode,
  KindCode,
  KindFlag,
  PIN_HELD,
  traitBits,
  writeCounts,
  writeEffectHead,
  writeException,
  writeExceptionHead,
  writeFuncType,
  writeImports,
  writeLimits,
} from "./event-codec.ts";
import type { TraceSink } from "./storage.ts";
import {
  type Deflate,
  EFFECTS_SPILL_BYTES,
  EndReason,
  makeHeader,
  type TraceHeader,
  type TraceOutcome,
  WRITE_PIECE_BYTES,
} from "./trace-format.ts";
import { TraceWriter } from "./writer.ts";

/** Longest text of a host exception in a trace, in UTF-16 units. */
const MAX_MESSAGE_LENGTH = 1000;

/** Before a call that may wait for the world, events of this many bytes, or this far apart, are written out. */
const BLOCKING_FLUSH_BYTES = 256;
const BLOCKING_FLUSH_TICKS = 1 << 16;
/** Whether a function may wait: never, always, or when its first argument (a file descriptor) is 0. */
const Blocking = { Never: 0, Always: 1, OnStdin: 2 } as const;
const blockingFunctions: Readonly<Record<string, number>> = {
  poll_oneoff: Blocking.Always,
  sock_accept: Blocking.Always,
  sock_recv: Blocking.Always,
  fd_read: Blocking.OnStdin,
};

/** For each slot of a function's values, 1 when it is filled, 0 when the high word is no part of the value. */
interface FuncShape {
  readonly params: Uint8Array;
  readonly results: Uint8Array;
  readonly blocking: number;
}

/** What a recorder reads of the store that its journal is about: a machine's, or the books of a native engine. */
export interface RecordedStore {
  readonly stackBytes: number;
  readonly status: Status;
  readonly tick: number;
  readonly i32: Int32Array;
  readonly funcs: readonly Func[];
  readonly memories: readonly { readonly bytes: Uint8Array }[];
  readonly globals: readonly { readonly type: GlobalType }[];
  /** Of exception tags; absent where exceptions of wasm cannot cross. */
  readonly tags?: readonly { readonly type: FuncType }[];
}

export class Recorder implements Journal {
  readonly writer: TraceWriter;
  /** Why recording stopped, when the sink failed. From then on nothing is written. */
  failure: Error | undefined;
  private attached: RecordedStore | undefined;
  private finished = false;
  private readonly shapes: (FuncShape | undefined)[] = [];
  /** The host function that was called and has done nothing but effects so far, or -1. */
  private openFunc = -1;
  private readonly openArgs = new ByteWriter(256);
  private readonly effects = new ByteWriter(4096);
  private effectCount = 0;

  /** Records into `sink`. `header` tells how the machine is set up: its `stackBytes` must be the machine's. */
  constructor(sink: TraceSink, header: Partial<TraceHeader> = {}, deflate?: Deflate) {
    this.writer = new TraceWriter(sink, makeHeader(header), deflate);
  }

  /** Says whose journal this is. Must be called before anything happens. Throws TraceError "trace-use". */
  attach(store: RecordedStore): void {
    if (store.stackBytes !== this.writer.header.stackBytes) {
      throw new TraceError("trace-use", `the trace says ${this.writer.header.stackBytes} stack bytes, the machine has ${store.stackBytes}`);
    }
    this.attached = store;
  }

  /** Events so far, those that still wait not counted. */
  get eventCount(): number {
    return this.writer.eventCount;
  }

  /** Bytes written so far. */
  get byteLength(): number {
    return this.writer.byteLength;
  }

  /** Bytes of events before compression. */
  get rawBytes(): number {
    return this.writer.rawBytes;
  }

  private get store(): RecordedStore {
    if (this.attached === undefined) throw new TraceError("trace-use", "the recorder is attached to no machine");
    return this.attached;
  }

  /** Writes out every event that is known whole. Chunks end where this is called; a replay tells its journal the same. */
  flush(): void {
    if (this.failure === undefined && !this.finished) this.guard(() => this.writer.flush());
  }

  /**
   * Ends the trace at the machine's present tick, with an outcome where events do not tell it, and closes the sink. Throws
   * what made recording fail. May be called again.
   */
  finish(reason: EndReason = EndReason.Finished, outcome?: TraceOutcome): void {
    if (this.failure !== undefined) throw this.failure;
    if (this.finished) return;
    this.guard(() => {
      this.settle();
      this.spill();
      if (outcome !== undefined) this.writer.outcome(outcome);
      this.writer.finish(this.store.tick, reason);
    });
    this.finished = true;
  }

  /**
   * Runs something that writes. A failing sink ends the recording with one error: at once, or, where it would be taken
   * for an exception of the host function that is running, when that function has returned.
   */
  private guard(write: () => void): void {
    if (this.failure === undefined) {
      try {
        write();
        return;
      } catch (error) {
        this.fail(error);
      }
    }
    if (this.store.status !== Status.InHost) throw this.failure;
  }

  /** True when events are still taken. */
  private get open(): boolean {
    return this.failure === undefined && !this.finished;
  }

  /** Writes the waiting host call as entered but not returned. */
  private settle(): void {
    if (this.openFunc < 0) return;
    const { writer, openArgs } = this;
    const { out } = writer;
    writer.begin(KindCode["host-enter"], this.store.tick);
    out.number(this.openFunc);
    out.number(this.shape(this.openFunc).params.length);
    out.range(openArgs.bytes, 0, openArgs.length);
    this.openFunc = -1;
    writer.end();
  }

  /** Writes the waiting effects as an event of their own. */
  private spill(): void {
    if (this.effectCount === 0) return;
    this.begin(KindCode.effects);
    this.writer.end();
  }

  /** Begins an event that is not the end of the waiting host call, with the waiting effects. */
  private begin(kind: number): ByteWriter {
    this.settle();
    const { writer } = this;
    if (this.effectCount === 0) {
      writer.begin(kind, this.store.tick);
      return writer.out;
    }
    writer.begin(kind | KindFlag.HasEffects, this.store.tick);
    this.takeEffects(writer.out);
    return writer.out;
  }

  private takeEffects(out: ByteWriter): void {
    out.number(this.effectCount);
    out.range(this.effects.bytes, 0, this.effects.length);
    this.effects.clear();
    this.effectCount = 0;
  }

  /** One whole event: `fields` writes what belongs to its kind. Not for the frequent kinds: it makes a closure. */
  private event(kind: number, fields: (out: ByteWriter) => void): void {
    if (this.finished) return;
    this.guard(() => {
      fields(this.begin(kind));
      this.writer.end();
    });
  }

  private shape(funcAddr: number): FuncShape {
    const known = this.shapes[funcAddr];
    if (known !== undefined) return known;
    const func = this.store.funcs[funcAddr]!;
    const named = func.kind === "host" && func.module.startsWith("wasi") ? blockingFunctions[func.name] : undefined;
    const shape = { params: wideSlots(func.type.params), results: wideSlots(func.type.results), blocking: named ?? Blocking.Never };
    this.shapes[funcAddr] = shape;
    return shape;
  }

  /** Slots from `slot`, one for each entry of `wide`. Slots beyond the stack's end (a call that exhausts it) read zero. */
  private writeSlots(out: ByteWriter, slot: number, wide: Uint8Array): void {
    const { i32 } = this.store;
    out.reserve(wide.length * 9);
    for (let i = 0; i < wide.length; i++) {
      const low = i32[(slot + i) * 2]! | 0;
      const high = wide[i] === 0 ? 0 : i32[(slot + i) * 2 + 1]! | 0;
      if (low >>> 7 === 0 && high === 0) out.bytes[out.length++] = low;
      else out.slot(low, high);
    }
  }

  // Host calls: the hot path.

  hostCalled(funcAddr: number, argSlot: number): void {
    if (!this.open) {
      this.refuse();
      return;
    }
    try {
      const shape = this.shape(funcAddr);
      if (shape.blocking !== Blocking.Never) this.beforeBlocking(shape, argSlot);
      this.openFunc = funcAddr;
      this.openArgs.clear();
      this.writeSlots(this.openArgs, argSlot, shape.params);
    } catch (error) {
      throw this.fail(error);
    }
  }

  /** Whatever comes in the way of an event leaves half of it: from here on nothing is written. */
  private fail(error: unknown): Error {
    this.failure ??= error instanceof Error ? error : new Error(String(error));
    return this.failure;
  }

  private beforeBlocking(shape: FuncShape, argSlot: number): void {
    if (shape.blocking === Blocking.OnStdin && this.store.i32[argSlot * 2] !== 0) return;
    const { writer } = this;
    if (writer.out.length >= BLOCKING_FLUSH_BYTES || writer.openTicks(this.store.tick) >= BLOCKING_FLUSH_TICKS) this.flush();
  }

  hostReturned(funcAddr: number, resultSlot: number): void {
    if (!this.open) {
      this.refuse();
      return;
    }
    try {
      if (this.openFunc === funcAddr) this.leafCall(funcAddr, resultSlot);
      else this.writeReturn(KindCode["host-return"], funcAddr, resultSlot);
    } catch (error) {
      throw this.fail(error);
    }
  }

  private leafCall(funcAddr: number, resultSlot: number): void {
    const { writer, openArgs } = this;
    const { out } = writer;
    const { params, results } = this.shape(funcAddr);
    const zero = results.length === 1 && this.isZero(resultSlot, results[0]!);
    const flags = (zero ? KindFlag.ZeroResult : 0) | (this.effectCount > 0 ? KindFlag.HasEffects : 0);
    writer.begin(KindCode["host-call"] | flags, this.store.tick);
    if (this.effectCount > 0) this.takeEffects(out);
    out.number(funcAddr);
    writeCounts(out, params.length, results.length);
    out.range(openArgs.bytes, 0, openArgs.length);
    if (!zero) this.writeSlots(out, resultSlot, results);
    this.openFunc = -1;
    writer.end();
  }

  private isZero(slot: number, wide: number): boolean {
    const { i32 } = this.store;
    return i32[slot * 2] === 0 && (wide === 0 || i32[slot * 2 + 1] === 0);
  }

  private writeReturn(kind: number, funcAddr: number, resultSlot: number): void {
    const { results } = this.shape(funcAddr);
    const zero = kind === KindCode["host-return"] && results.length === 1 && this.isZero(resultSlot, results[0]!);
    const out = this.begin(zero ? kind | KindFlag.ZeroResult : kind);
    out.number(funcAddr);
    if (!zero) {
      out.number(results.length);
      this.writeSlots(out, resultSlot, results);
    }
    this.writer.end();
  }

  /** Told something after the end of recording: the failure, if there was one, comes out here. */
  private refuse(): void {
    if (this.failure !== undefined) throw this.failure;
  }

  hostThrew(funcAddr: number, message: string, exception?: ThrownException): void {
    this.event(KindCode["host-throw"] | (exception === undefined ? 0 : KindFlag.More), (out) => {
      out.number(funcAddr);
      out.text(message.slice(0, MAX_MESSAGE_LENGTH));
      if (exception !== undefined) this.writeException(out, exception);
    });
  }

  private writeException(out: ByteWriter, exception: ThrownException): void {
    if ("ref" in exception) {
      writeException(out, exception);
      return;
    }
    const wide = wideSlots(this.store.tags![exception.tagAddr]!.type.params);
    writeExceptionHead(out, exception, wide.length);
    this.writeSlots(out, exception.slot, wide);
  }

  /** A call was given up in the midst of it: nothing tells a replay where, so the recording ends before. */
  abandoned(error: unknown): void {
    if (!this.open) return;
    // What was whole before is in the trace.
    this.flush();
    const why = error instanceof Error ? error.message : String(error);
    this.failure = new TraceError(
      "trace-use",
      `recording stopped at tick ${this.store.tick}: a call was given up inside of the machine: ${why}`,
    );
  }

  exited(exitCode: number): void {
    this.event(KindCode.exit, (out) => out.signed(exitCode));
  }

  // The host calls wasm.

  called(funcAddr: number, argSlot: number): void {
    // In any other state the machine refuses the call: nothing happens.
    const { status } = this.store;
    if (status !== Status.Idle && status !== Status.InHost) return;
    this.event(KindCode.call, (out) => {
      const { params } = this.shape(funcAddr);
      out.number(funcAddr);
      out.number(params.length);
      this.writeSlots(out, argSlot, params);
    });
  }

  returned(funcAddr: number, resultSlot: number): void {
    if (this.finished) return;
    this.guard(() => this.writeReturn(KindCode.return, funcAddr, resultSlot));
  }

  trapped(trap: Trap): void {
    this.event(KindCode.trap, (out) => out.number(trap));
  }

  grew(grow: PendingGrow, result: number): void {
    this.event(KindCode.grow, (out) => {
      out.u8(grow.kind === "memory" ? 0 : 1);
      out.number(grow.addr);
      out.number(grow.delta);
      if (grow.kind === "table") out.number(grow.init >>> 0);
      out.signed(result);
    });
  }

  // Set-up.

  moduleAdded(moduleIndex: number, module: Module): void {
    if (this.finished) return;
    this.guard(() => this.writer.module(module.bytes));
    this.event(KindCode.module, (out) => out.number(moduleIndex));
  }

  hostFuncAdded(funcAddr: number, module: string, name: string, type: FuncType, typeNumber?: number): void {
    this.event(KindCode["host-func"] | (typeNumber === undefined ? 0 : KindFlag.More), (out) => {
      out.number(funcAddr);
      out.text(module);
      out.text(name);
      writeFuncType(out, type);
      if (typeNumber !== undefined) out.number(typeNumber);
    });
  }

  memoryAdded(memoryAddr: number, type: MemoryType): void {
    const traits = traitBits(type);
    this.event(KindCode.memory | (traits === 0 ? 0 : KindFlag.More), (out) => {
      out.number(memoryAddr);
      writeLimits(out, type.limits);
      if (traits !== 0) out.u8(traits);
    });
  }

  tableAdded(tableAddr: number, type: TableType, init: number): void {
    const traits = traitBits(type);
    this.event(KindCode.table | (traits === 0 ? 0 : KindFlag.More), (out) => {
      out.number(tableAddr);
      out.number(type.elemType);
      writeLimits(out, type.limits);
      out.number(init >>> 0);
      if (traits !== 0) out.u8(traits);
    });
  }

  globalAdded(globalAddr: number, type: GlobalType, bits: bigint): void {
    this.event(KindCode.global, (out) => {
      out.number(globalAddr);
      out.number(type.valType);
      out.u8(type.mutable ? 1 : 0);
      writeBits(out, bits);
      if (type.valType === ValType.V128) writeBits(out, bits >> 64n);
    });
  }

  tagAdded(tagAddr: number, type: FuncType): void {
    this.event(KindCode.tag, (out) => {
      out.number(tagAddr);
      writeFuncType(out, type);
    });
  }

  instantiated(instanceAddr: number, moduleIndex: number, imports: readonly ExternAddr[], trap: Trap): void {
    this.event(KindCode.instantiate, (out) => {
      out.number(instanceAddr);
      out.number(moduleIndex);
      out.number(trap);
      writeImports(out, imports);
    });
  }

  // Effects of the host.

  memoryWritten(memoryAddr: number, byteAddr: number, byteLength: number): void {
    if (!this.open) return;
    const { bytes } = this.store.memories[memoryAddr]!;
    const end = byteAddr + byteLength;
    for (let at = byteAddr; at < end; at += WRITE_PIECE_BYTES) {
      this.writePiece(memoryAddr, bytes, at, Math.min(end, at + WRITE_PIECE_BYTES));
    }
  }

  /** As `effect`, which would make a closure for each write. */
  private writePiece(memoryAddr: number, bytes: Uint8Array, start: number, end: number): void {
    const { effects } = this;
    if (effects.length + end - start > EFFECTS_SPILL_BYTES) this.guard(() => this.spill());
    try {
      writeEffectHead(effects, EffectCode.MemoryWrite, memoryAddr);
      this.effectCount++;
      effects.number(start);
      effects.number(end - start);
      effects.range(bytes, start, end);
    } catch (error) {
      throw this.fail(error);
    }
    if (this.store.status === Status.Running) this.guard(() => this.spill());
  }

  pinned(ref: number, held: boolean): void {
    this.effect(EffectCode.Pin, held ? PIN_HELD : 0, 0, (out) => out.number(ref));
  }

  memoryGrown(memoryAddr: number, deltaPages: number, result: number): void {
    this.effect(EffectCode.MemoryGrow, memoryAddr, 0, (out) => {
      out.number(deltaPages);
      out.signed(result);
    });
  }

  tableSet(tableAddr: number, index: number, ref: number): void {
    this.effect(EffectCode.TableSet, tableAddr, 0, (out) => {
      out.number(index);
      out.number(ref >>> 0);
    });
  }

  tableGrown(tableAddr: number, delta: number, init: number, result: number): void {
    this.effect(EffectCode.TableGrow, tableAddr, 0, (out) => {
      out.number(delta);
      out.number(init >>> 0);
      out.signed(result);
    });
  }

  globalSet(globalAddr: number, bits: bigint): void {
    const vector = this.store.globals[globalAddr]!.type.valType === ValType.V128;
    this.effect(vector ? EffectCode.VectorGlobalSet : EffectCode.GlobalSet, globalAddr, 0, (out) => {
      writeBits(out, bits);
      if (vector) writeBits(out, bits >> 64n);
    });
  }

  private effect(code: number, addr: number, payloadBytes: number, fields: (out: ByteWriter) => void): void {
    if (!this.open) return;
    const { effects } = this;
    if (effects.length + payloadBytes > EFFECTS_SPILL_BYTES) this.guard(() => this.spill());
    try {
      writeEffectHead(effects, code, addr);
      this.effectCount++;
      fields(effects);
    } catch (error) {
      throw this.fail(error);
    }
    // Between two slices of a long run: wasm goes on from here, so the next crossing would be too late.
    if (this.store.status === Status.Running) this.guard(() => this.spill());
  }
}

function writeBits(out: ByteWriter, bits: bigint): void {
  out.slot(Number(BigInt.asIntN(32, bits)), Number(BigInt.asIntN(32, bits >> 32n)));
}

/** For each slot of the types 1 when it is filled, 0 when the high word is no part of the value. */
function wideSlots(types: readonly ValType[]): Uint8Array {
  return Uint8Array.from(slotTypes(types), (type) => (isWide(type) ? 1 : 0));
}
