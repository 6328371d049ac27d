/**
 * Events as bytes, both ways. Layout of an event: kind byte, ticks since the event before, effects when the kind byte
 * says so, then the fields of its kind. Chunks and files are trace-format.ts's matter; no event needs another to be decoded
 * but for its tick. docs/trace-format.md states every field.
 */
import type { ExternAddr } from "../vm/store.ts";
import type { Trap } from "../vm/trap.ts";
import type { FuncType, Limits, ValType } from "../vm/types.ts";
import { slotsOf, ValType as ValTypes } from "../vm/types.ts";
import type { ByteReader, ByteWriter } from "./codec.ts";
import type { EventKind, HostEffect, SlotWords, TraceEvent } from "./event.ts";

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
} as const satisfies Record<EventKind, number>;

export const KindFlag = {
  Mask: 0x1f,
  /** host-call and host-return: the only result is 0 and is left out. */
  ZeroResult: 0x40,
  HasEffects: 0x80,
} as const;

/** Codes of effects, the low three bits of their first byte. The other five are the address of what is changed; 31: it follows. */
export const EffectCode = { MemoryWrite: 0, MemoryGrow: 1, TableSet: 2, TableGrow: 3, GlobalSet: 4, VectorGlobalSet: 5 } as const;
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
    for (const valType of list) out.u8(valType);
  }
}

export function writeLimits(out: ByteWriter, limits: Limits): void {
  out.number(limits.min);
  out.number(limits.max === undefined ? 0 : limits.max + 1);
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
  }
}

/** Appends an event. The recorder writes the frequent kinds itself, in the same layout, without making a record of them. */
export function encodeEvent(out: ByteWriter, event: TraceEvent, previousTick: number): void {
  const effects = event.effects.length > 0 ? KindFlag.HasEffects : 0;
  const zero = (event.kind === "host-call" || event.kind === "host-return") && isZero(event.results) ? KindFlag.ZeroResult : 0;
  out.u8(KindCode[event.kind] | effects | zero);
  out.number(event.tick - previousTick);
  if (effects !== 0) {
    out.number(event.effects.length);
    for (const effect of event.effects) writeEffect(out, effect);
  }
  encodeFields(out, event, zero !== 0);
}

function encodeFields(out: ByteWriter, event: TraceEvent, zero: boolean): void {
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
      return;
    case "memory":
      out.number(event.memoryAddr);
      writeLimits(out, event.type.limits);
      return;
    case "table":
      out.number(event.tableAddr);
      out.u8(event.type.elemType);
      writeLimits(out, event.type.limits);
      out.number(event.init >>> 0);
      return;
    case "global":
      out.number(event.globalAddr);
      out.u8(event.type.valType);
      out.u8(event.type.mutable ? 1 : 0);
      writeWords(out, event.bits);
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
      if (zero) return;
      out.number(event.results.length / 2);
      writeWords(out, event.results);
      return;
    case "host-call":
      out.number(event.funcAddr);
      writeCounts(out, event.args.length / 2, event.results.length / 2);
      writeWords(out, event.args);
      if (!zero) writeWords(out, event.results);
      return;
    case "trap":
      out.number(event.trap);
      return;
    case "host-throw":
      out.number(event.funcAddr);
      out.text(event.message);
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
  const zero = (head & KindFlag.ZeroResult) !== 0;
  if (kind === undefined || (head & 0x20) !== 0) throw reader.corrupt(`unknown event kind ${head}`);
  const tick = previousTick + reader.number();
  if (tick > Number.MAX_SAFE_INTEGER) throw reader.corrupt("a tick beyond 2^53");
  const effects = (head & KindFlag.HasEffects) === 0 ? noEffects : readEffects(reader);
  return decodeFields(reader, kind, number, tick, effects, zero);
}

function decodeFields(
  reader: ByteReader,
  kind: EventKind,
  number: number,
  tick: number,
  effects: readonly HostEffect[],
  zero: boolean,
): TraceEvent {
  switch (kind) {
    case "host-call": {
      const funcAddr = reader.number();
      const counts = reader.u8();
      const long = counts === LONG_COUNTS;
      const argCount = long ? reader.count() : counts >>> 4;
      const resultCount = long ? reader.count(0) : counts & 15;
      if (zero && resultCount !== 1) throw reader.corrupt("a zero result that is not alone");
      const args = readWords(reader, argCount);
      return { kind, number, tick, effects, funcAddr, args, results: zero ? zeroResult : readWords(reader, resultCount) };
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
      };
    case "memory":
      return { kind, number, tick, effects, memoryAddr: reader.number(), type: { limits: readLimits(reader) } };
    case "table": {
      const tableAddr = reader.number();
      const type = { elemType: readValType(reader), limits: readLimits(reader) };
      return { kind, number, tick, effects, tableAddr, type, init: readRef(reader) };
    }
    case "global": {
      const globalAddr = reader.number();
      const type = { valType: readValType(reader), mutable: reader.u8() !== 0 };
      return { kind, number, tick, effects, globalAddr, type, bits: readWords(reader, slotsOf(type.valType)) };
    }
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
      return { kind, number, tick, effects, funcAddr, results: zero ? zeroResult : readWords(reader, reader.count()) };
    }
    case "trap":
      return { kind, number, tick, effects, trap: reader.number() as Trap };
    case "host-throw":
      return { kind, number, tick, effects, funcAddr: reader.number(), message: reader.text() };
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

function readValType(reader: ByteReader): ValType {
  const code = reader.u8();
  for (const type of Object.values(ValTypes)) if (type === code) return type;
  throw reader.corrupt(`unknown value type ${code}`);
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
    if (kind !== 0 && kind !== 1 && kind !== 2 && kind !== 3) throw reader.corrupt(`unknown import kind ${kind}`);
    return { kind, addr: reader.number() };
  });
}
