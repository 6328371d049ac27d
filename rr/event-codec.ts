/**
 * Events as bytes, both ways. Layout of an event: kind byte, ticks since the event before, effects when the kind byte
 * says so, then the fields of its kind. Chunks and files are trace-format.ts's matter; no event needs another to be decoded
 * but for its tick. docs/trace-format.md states every field.
 */
import type { ExternAddr } from "../vm/store.ts";
import type { Trap } from "../vm/trap.ts";
import type { FuncType, Limits, MemoryType, ValType } from "../vm/types.ts";
import { isRefType, nonNull, slotsOf, typeIndexOf, ValType as ValTypes } from "../vm/types.ts";
import type { ByteReader, ByteWriter } from "./codec.ts";
import type { EventException, EventKind, HostEffect, SlotWords, TraceEvent } from "./event.ts";

/** Codes of event kinds, the low five bits of the kind byte. Numbers never change. */
export const KindCode = {
  effects: 0,
  module: 1,
  "host-func": 2,
  memory: 3,
  table: 4,
  global: 5,
  instantiate: 6,
  call: 7,
  return: 8,
  trap: 9,
  "host-call": 10,
  "host-enter": 11,
  "host-return": 12,
  "host-throw": 13,
  exit: 14,
  grow: 15,
  tag: 16,
} as const satisfies Record<EventKind, number>;

export const KindFlag = {
  Mask: 0x1f,
  /** host-call and host-return: the only result is 0 and is left out. */
  ZeroResult: 0x40,
  /** Of other kinds: what most of them do not have follows. host-func: the number of its type; memory and table: traits; host-throw: an exception. */
  More: 0x40,
  HasEffects: 0x80,
} as const;

/** Codes of effects, the low three bits of their first byte. The other five are the address of what is changed; 31: it follows. */
export const EffectCode = { MemoryWrite: 0, MemoryGrow: 1, TableSet: 2, TableGrow: 3, GlobalSet: 4, VectorGlobalSet: 5, Pin: 6 } as const;
/** In the place of an address: whether the host holds the object or releases it. */
export const PIN_HELD = 1;
const LONG_ADDR = 31;

/** host-call: both counts in one byte, unless one exceeds 14. */
const LONG_COUNTS = 0xff;

const kinds: readonly EventKind[] = Object.keys(KindCode) as EventKind[];
const noEffects: readonly HostEffect[] = [];
const zeroResult: SlotWords = [0, 0];

export function writeEffectHead(out: ByteWriter, code: number, addr: number): void {
  if (addr < LONG_ADDR) {
    out.u8(code | (addr << 3));
    return;
  }
  out.u8(code | (LONG_ADDR << 3));
  out.number(addr);
}

/** The counts of arguments and results of a host-call. */
export function writeCounts(out: ByteWriter, argCount: number, resultCount: number): void {
  if (argCount < 15 && resultCount < 15) {
    out.u8((argCount << 4) | resultCount);
    return;
  }
  out.u8(LONG_COUNTS);
  out.number(argCount);
  out.number(resultCount);
}

export function writeFuncType(out: ByteWriter, type: FuncType): void {
  for (const list of [type.params, type.results]) {
    out.number(list.length);
    for (const valType of list) out.number(valType);
  }
}

export function writeLimits(out: ByteWriter, limits: Limits): void {
  out.number(limits.min);
  out.number(limits.max === undefined ? 0 : limits.max + 1);
}

/** What the type of a memory or table says besides its limits, as bits. */
const Trait = { Address64: 1, Shared: 2, BytePages: 4 } as const;

/** 0 when there is nothing to be said. */
export function traitBits({ address64, shared, pageShift }: Partial<MemoryType>): number {
  return (address64 === true ? Trait.Address64 : 0) | (shared === true ? Trait.Shared : 0) | (pageShift === 0 ? Trait.BytePages : 0);
}

export function writeException(out: ByteWriter, exception: EventException): void {
  if ("ref" in exception) {
    out.u8(0);
    out.number(exception.ref);
    return;
  }
  writeExceptionHead(out, exception, exception.carried.length / 2);
  writeWords(out, exception.carried);
}

/** A new exception up to the slots that it carries. */
export function writeExceptionHead(
  out: ByteWriter,
  exception: { readonly tagAddr: number; readonly held: boolean },
  slotCount: number,
): void {
  out.u8(exception.held ? 2 : 1);
  out.number(exception.tagAddr);
  out.number(slotCount);
}

export function writeImports(out: ByteWriter, imports: readonly ExternAddr[]): void {
  out.number(imports.length);
  for (const { kind, addr } of imports) {
    out.u8(kind);
    out.number(addr);
  }
}

function writeWords(out: ByteWriter, words: SlotWords): void {
  for (let i = 0; i < words.length; i += 2) out.slot(words[i]!, words[i + 1]!);
}

function isZero(words: SlotWords): boolean {
  return words.length === 2 && words[0] === 0 && words[1] === 0;
}

export function writeEffect(out: ByteWriter, effect: HostEffect): void {
  switch (effect.kind) {
    case "memory-write":
      writeEffectHead(out, EffectCode.MemoryWrite, effect.memoryAddr);
      out.number(effect.byteAddr);
      out.number(effect.bytes.length);
      out.raw(effect.bytes);
      return;
    case "memory-grow":
      writeEffectHead(out, EffectCode.MemoryGrow, effect.memoryAddr);
      out.number(effect.deltaPages);
      out.signed(effect.result);
      return;
    case "table-set":
      writeEffectHead(out, EffectCode.TableSet, effect.tableAddr);
      out.number(effect.index);
      out.number(effect.ref >>> 0);
      return;
    case "table-grow":
      writeEffectHead(out, EffectCode.TableGrow, effect.tableAddr);
      out.number(effect.delta);
      out.number(effect.init >>> 0);
      out.signed(effect.result);
      return;
    case "global-set":
      writeEffectHead(out, effect.bits.length === 2 ? EffectCode.GlobalSet : EffectCode.VectorGlobalSet, effect.globalAddr);
      writeWords(out, effect.bits);
      return;
    case "pin":
      writeEffectHead(out, EffectCode.Pin, effect.held ? PIN_HELD : 0);
      out.number(effect.ref);
      return;
  }
}

/** Appends an event. The recorder writes the frequent kinds itself, in the same layout, without making a record of them. */
export function encodeEvent(out: ByteWriter, event: TraceEvent, previousTick: number): void {
  const effects = event.effects.length > 0 ? KindFlag.HasEffects : 0;
  const flag = isShort(event) || hasMore(event) ? KindFlag.More : 0;
  out.u8(KindCode[event.kind] | effects | flag);
  out.number(event.tick - previousTick);
  if (effects !== 0) {
    out.number(event.effects.length);
    for (const effect of event.effects) writeEffect(out, effect);
  }
  encodeFields(out, event, flag !== 0);
}

function isShort(event: TraceEvent): boolean {
  return (event.kind === "host-call" || event.kind === "host-return") && isZero(event.results);
}

function hasMore(event: TraceEvent): boolean {
  switch (event.kind) {
    case "host-func":
      return event.typeNumber !== undefined;
    case "memory":
    case "table":
      return traitBits(event.type) !== 0;
    case "host-throw":
      return event.exception !== undefined;
    default:
      return false;
  }
}

function encodeFields(out: ByteWriter, event: TraceEvent, flag: boolean): void {
  switch (event.kind) {
    case "effects":
      return;
    case "module":
      out.number(event.moduleIndex);
      return;
    case "host-func":
      out.number(event.funcAddr);
      out.text(event.module);
      out.text(event.name);
      writeFuncType(out, event.type);
      if (event.typeNumber !== undefined) out.number(event.typeNumber);
      return;
    case "memory":
      out.number(event.memoryAddr);
      writeLimits(out, event.type.limits);
      if (flag) out.u8(traitBits(event.type));
      return;
    case "table":
      out.number(event.tableAddr);
      out.number(event.type.elemType);
      writeLimits(out, event.type.limits);
      out.number(event.init >>> 0);
      if (flag) out.u8(traitBits(event.type));
      return;
    case "global":
      out.number(event.globalAddr);
      out.number(event.type.valType);
      out.u8(event.type.mutable ? 1 : 0);
      writeWords(out, event.bits);
      return;
    case "tag":
      out.number(event.tagAddr);
      writeFuncType(out, event.type);
      return;
    case "instantiate":
      out.number(event.instanceAddr);
      out.number(event.moduleIndex);
      out.number(event.trap);
      writeImports(out, event.imports);
      return;
    case "call":
    case "host-enter":
      out.number(event.funcAddr);
      out.number(event.args.length / 2);
      writeWords(out, event.args);
      return;
    case "return":
    case "host-return":
      out.number(event.funcAddr);
      if (flag) return;
      out.number(event.results.length / 2);
      writeWords(out, event.results);
      return;
    case "host-call":
      out.number(event.funcAddr);
      writeCounts(out, event.args.length / 2, event.results.length / 2);
      writeWords(out, event.args);
      if (!flag) writeWords(out, event.results);
      return;
    case "trap":
      out.number(event.trap);
      return;
    case "host-throw":
      out.number(event.funcAddr);
      out.text(event.message);
      if (event.exception !== undefined) writeException(out, event.exception);
      return;
    case "exit":
      out.signed(event.exitCode);
      return;
    case "grow":
      out.u8(event.space === "memory" ? 0 : 1);
      out.number(event.addr);
      out.number(event.delta);
      if (event.space === "table") out.number(event.init >>> 0);
      out.signed(event.result);
      return;
  }
}

/** Reads one event. Throws TraceError "trace-corrupt"; byte arrays in the result are views of the chunk. */
export function decodeEvent(reader: ByteReader, number: number, previousTick: number): TraceEvent {
  const head = reader.u8();
  const kind = kinds[head & KindFlag.Mask];
  const flag = (head & KindFlag.More) !== 0;
  if (kind === undefined || (head & 0x20) !== 0) throw reader.corrupt(`unknown event kind ${head}`);
  const tick = previousTick + reader.number();
  if (tick > Number.MAX_SAFE_INTEGER) throw reader.corrupt("a tick beyond 2^53");
  const effects = (head & KindFlag.HasEffects) === 0 ? noEffects : readEffects(reader);
  return decodeFields(reader, kind, number, tick, effects, flag);
}

function decodeFields(
  reader: ByteReader,
  kind: EventKind,
  number: number,
  tick: number,
  effects: readonly HostEffect[],
  flag: boolean,
): TraceEvent {
  switch (kind) {
    case "host-call": {
      const funcAddr = reader.number();
      const counts = reader.u8();
      const long = counts === LONG_COUNTS;
      const argCount = long ? reader.count() : counts >>> 4;
      const resultCount = long ? reader.count(0) : counts & 15;
      if (flag && resultCount !== 1) throw reader.corrupt("a zero result that is not alone");
      const args = readWords(reader, argCount);
      return { kind, number, tick, effects, funcAddr, args, results: flag ? zeroResult : readWords(reader, resultCount) };
    }
    case "effects":
      return { kind, number, tick, effects };
    case "module":
      return { kind, number, tick, effects, moduleIndex: reader.number() };
    case "host-func":
      return {
        kind,
        number,
        tick,
        effects,
        funcAddr: reader.number(),
        module: reader.text(),
        name: reader.text(),
        type: readFuncType(reader),
        ...(flag ? { typeNumber: reader.number() } : {}),
      };
    case "memory": {
      const memoryAddr = reader.number();
      const limits = readLimits(reader);
      return { kind, number, tick, effects, memoryAddr, type: { limits, ...readTraits(reader, flag, 7) } };
    }
    case "table": {
      const tableAddr = reader.number();
      const elemType = readValType(reader);
      const limits = readLimits(reader);
      const init = readRef(reader);
      return { kind, number, tick, effects, tableAddr, type: { elemType, limits, ...readTraits(reader, flag, Trait.Address64) }, init };
    }
    case "global": {
      const globalAddr = reader.number();
      const type = { valType: readValType(reader), mutable: reader.u8() !== 0 };
      return { kind, number, tick, effects, globalAddr, type, bits: readWords(reader, slotsOf(type.valType)) };
    }
    case "tag":
      return { kind, number, tick, effects, tagAddr: reader.number(), type: readFuncType(reader) };
    case "instantiate": {
      const instanceAddr = reader.number();
      const moduleIndex = reader.number();
      const trap = reader.number() as Trap;
      return { kind, number, tick, effects, instanceAddr, moduleIndex, trap, imports: readImports(reader) };
    }
    case "call":
    case "host-enter":
      return { kind, number, tick, effects, funcAddr: reader.number(), args: readWords(reader, reader.count()) };
    case "return":
    case "host-return": {
      const funcAddr = reader.number();
      return { kind, number, tick, effects, funcAddr, results: flag ? zeroResult : readWords(reader, reader.count()) };
    }
    case "trap":
      return { kind, number, tick, effects, trap: reader.number() as Trap };
    case "host-throw": {
      const funcAddr = reader.number();
      const message = reader.text();
      return { kind, number, tick, effects, funcAddr, message, ...(flag ? { exception: readException(reader) } : {}) };
    }
    case "exit":
      return { kind, number, tick, effects, exitCode: reader.signed() };
    case "grow": {
      const space = reader.u8() === 0 ? "memory" : "table";
      const addr = reader.number();
      const delta = reader.number();
      const init = space === "table" ? readRef(reader) : 0;
      return { kind, number, tick, effects, space, addr, delta, init, result: reader.signed() };
    }
  }
}

function readEffects(reader: ByteReader): HostEffect[] {
  const count = reader.count(2);
  const effects: HostEffect[] = [];
  for (let i = 0; i < count; i++) effects.push(readEffect(reader));
  return effects;
}

function readEffect(reader: ByteReader): HostEffect {
  const head = reader.u8();
  const addr = head >>> 3 === LONG_ADDR ? reader.number() : head >>> 3;
  switch (head & 7) {
    case EffectCode.MemoryWrite: {
      const byteAddr = reader.number();
      return { kind: "memory-write", memoryAddr: addr, byteAddr, bytes: reader.raw(reader.count()) };
    }
    case EffectCode.MemoryGrow:
      return { kind: "memory-grow", memoryAddr: addr, deltaPages: reader.number(), result: reader.signed() };
    case EffectCode.TableSet:
      return { kind: "table-set", tableAddr: addr, index: reader.number(), ref: readRef(reader) };
    case EffectCode.TableGrow:
      return { kind: "table-grow", tableAddr: addr, delta: reader.number(), init: readRef(reader), result: reader.signed() };
    case EffectCode.GlobalSet:
    case EffectCode.VectorGlobalSet: {
      const slots = (head & 7) === EffectCode.GlobalSet ? 1 : 2;
      return { kind: "global-set", globalAddr: addr, bits: readWords(reader, slots) };
    }
    case EffectCode.Pin:
      return { kind: "pin", ref: readRef(reader), held: addr === PIN_HELD };
    default:
      throw reader.corrupt(`unknown effect ${head}`);
  }
}

function readWords(reader: ByteReader, count: number): SlotWords {
  if (count > reader.bytes.length - reader.at) throw reader.corrupt(`${count} values with too few bytes left`);
  const words: number[] = [];
  for (let i = 0; i < count; i++) {
    words.push(reader.slotLow());
    words.push(reader.slotHigh);
  }
  return words;
}

function readRef(reader: ByteReader): number {
  const ref = reader.number();
  if (ref >= 2 ** 32) throw reader.corrupt("a reference beyond 32 bits");
  return ref | 0;
}

/** A type of the store: what it names by number is looked at by those who use it. */
function readValType(reader: ByteReader): ValType {
  const type = reader.number();
  if (!isValType(type)) throw reader.corrupt(`unknown value type ${type}`);
  return type;
}

/** Most types of a store whose numbers fit. */
const MOST_TYPES = 1 << 22;

function isValType(type: number): boolean {
  const index = typeIndexOf(type);
  if (type > 2 ** 31 || index >= MOST_TYPES) return false;
  if (index >= 0) return (type & 0x7f) === 0;
  const code = type & 0x7f;
  const plain = Object.values(ValTypes).some((known) => known === code);
  return plain && (type === code || (type === nonNull(code) && isRefType(code)));
}

function readTraits(reader: ByteReader, present: boolean, allowed: number): Omit<MemoryType, "limits"> {
  const bits = present ? reader.u8() : 0;
  if ((bits & ~allowed) !== 0) throw reader.corrupt(`unknown traits ${bits}`);
  return {
    ...((bits & Trait.Address64) !== 0 ? { address64: true } : {}),
    ...((bits & Trait.Shared) !== 0 ? { shared: true } : {}),
    ...((bits & Trait.BytePages) !== 0 ? { pageShift: 0 } : {}),
  };
}

function readException(reader: ByteReader): EventException {
  const kind = reader.u8();
  if (kind > 2) throw reader.corrupt(`unknown exception ${kind}`);
  if (kind === 0) return { ref: readRef(reader) };
  return { tagAddr: reader.number(), carried: readWords(reader, reader.count()), held: kind === 2 };
}

function readFuncType(reader: ByteReader): FuncType {
  const readList = (): ValType[] => Array.from({ length: reader.count() }, () => readValType(reader));
  const params = readList();
  return { params, results: readList() };
}

function readLimits(reader: ByteReader): Limits {
  const min = reader.number();
  const max = reader.number();
  return { min, max: max === 0 ? undefined : max - 1 };
}

function readImports(reader: ByteReader): ExternAddr[] {
  return Array.from({ length: reader.count(2) }, () => {
    const kind = reader.u8();
    if (kind !== 0 && kind !== 1 && kind !== 2 && kind !== 3 && kind !== 4) throw reader.corrupt(`unknown import kind ${kind}`);
    return { kind, addr: reader.number() };
  });
}
