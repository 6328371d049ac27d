/**
 * Reads the instructions of one expression, one after another, into fields that are reused: no allocation except for
 * lists. Checks the encoding only (malformed bytes are DecodeErrors); whether an instruction makes sense is validate.ts.
 *
 * What the fields hold for each kind of immediates (Imm in opcodes.ts). Types in them name types by the index that
 * stands in the bytes, which may not even exist; `canonicalTypes` of the module gives the one to compare by.
 *   BlockType     a: type index, or -64 for no result, or below 0 the complement of a value type (see `blockType`)
 *   Label, Func, Local, Global, Table, Elem, Data, Type, Tag   a: index
 *   LabelTable    labels: targets, the default last
 *   CallIndirect  a: type index, b: table index
 *   MemArg        a: alignment exponent, b: offset (unsigned, rounded above 2^53), c: memory index
 *   MemArgLane    as MemArg, d: lane
 *   Memory        a: memory index
 *   TableCopy, MemoryCopy   a: destination, b: source
 *   TableInit     a: element segment, b: table            MemoryInit   a: data segment, b: memory
 *   I32 a: signed value    I64, F64 lo, hi: the 64 bits   F32 a: the 32 bits, signed
 *   Lane          a: lane
 *   V128          lo, hi, lo2, hi2: the 128 bits, lowest word first   Shuffle   the same words: a byte per lane
 *   RefType, HeapType, NullableHeapType   a: the reference type that is meant, null included except for HeapType
 *   SelectTypes   types: value types
 *   TypeField, TypeCount, TypeType, TypeData, TypeElem   a: type index, b: the other
 *   BrOnCast      a: label, b: type before the cast, c: type after it
 *   TryTable      a: as BlockType, catches: for each clause CatchKind, tag (-1 for all) and label
 */
import { DecodeError } from "./errors.ts";
import { Imm, type InstrRow, isPrefix, opcodeRow, singleByteRows } from "./opcodes.ts";
import { ByteReader } from "./reader.ts";
import { beginsValType, hexByte, readHeapType, readValType } from "./type-reader.ts";
import { type FuncType, type Module, nonNull, nullable, ValType } from "./types.ts";

/** Most targets of a br_table, the default not counted. Engines share this limit. */
export const MAX_LABELS = 65_520;

const noRow = opcodeRow(0x01)!;

export class InstrReader extends ByteReader {
  /** Offset of the opcode in the module file. `pos` is the offset after the instruction. */
  wasmOffset = 0;
  code = 0;
  row: InstrRow = noRow;
  a = 0;
  b = 0;
  c = 0;
  d = 0;
  lo = 0;
  hi = 0;
  lo2 = 0;
  hi2 = 0;
  labels: number[] = [];
  types: number[] = [];
  catches: number[] = [];

  /** Reads the next instruction; false at the end of the bytes. Throws DecodeError for a malformed one. */
  next(): boolean {
    const start = this.pos;
    if (start >= this.end) return false;
    this.wasmOffset = start;
    const { bytes } = this;
    const code = bytes[start]!;
    const row = singleByteRows[code];
    if (row === undefined) {
      this.pos = start + 1;
      this.prefixed(code);
      return true;
    }
    this.code = code;
    this.row = row;
    if (row.imm === Imm.None) {
      this.pos = start + 1;
      return true;
    }
    // Modules are read cold, by V8's interpreter: a call less for most instructions is felt.
    const first = start + 1 < this.end ? bytes[start + 1]! : 0x80;
    if (first < 0x80) {
      if (row.isIndexed) {
        this.a = first;
        this.pos = start + 2;
        return true;
      }
      if (row.imm === Imm.I32) {
        this.a = (first << 25) >> 25;
        this.pos = start + 2;
        return true;
      }
    }
    this.pos = start + 1;
    this.immediates(row.imm);
    return true;
  }

  /** Reads on behind a prefix byte; throws when there is no such instruction. */
  private prefixed(prefix: number): void {
    const start = this.pos - 1;
    if (!isPrefix(prefix)) throw new DecodeError("illegal-opcode", start, `illegal opcode ${hexByte(prefix)}`);
    const sub = this.u32();
    const code = sub < 0x1000 ? (prefix << 12) | sub : -1;
    const row = code < 0 ? undefined : opcodeRow(code);
    if (row === undefined) throw new DecodeError("illegal-opcode", start, `illegal opcode ${hexByte(prefix)} ${hexByte(sub)}`);
    this.code = code;
    this.row = row;
    if (row.imm !== Imm.None) this.immediates(row.imm);
  }

  private immediates(imm: Imm): void {
    switch (imm) {
      case Imm.Label:
      case Imm.Func:
      case Imm.Local:
      case Imm.Global:
      case Imm.Table:
      case Imm.Elem:
      case Imm.Data:
      case Imm.Memory:
      case Imm.Type:
      case Imm.Tag:
        this.a = this.u32();
        break;
      case Imm.I32:
        this.a = this.s32();
        break;
      case Imm.MemArg:
        this.memArg();
        break;
      case Imm.BlockType:
        this.a = this.blockType();
        break;
      case Imm.CallIndirect:
      case Imm.TableCopy:
      case Imm.TableInit:
      case Imm.MemoryCopy:
      case Imm.MemoryInit:
      case Imm.TypeField:
      case Imm.TypeCount:
      case Imm.TypeType:
      case Imm.TypeData:
      case Imm.TypeElem:
        this.a = this.u32();
        this.b = this.u32();
        break;
      case Imm.I64:
        this.i64();
        break;
      case Imm.F32:
        this.a = this.fixed32();
        break;
      case Imm.F64:
        this.lo = this.fixed32();
        this.hi = this.fixed32();
        break;
      case Imm.LabelTable:
        this.labels = this.labelTable();
        break;
      case Imm.Lane:
        this.a = this.u8();
        break;
      case Imm.MemArgLane:
        this.memArg();
        this.d = this.u8();
        break;
      case Imm.V128:
      case Imm.Shuffle:
        this.lo = this.fixed32();
        this.hi = this.fixed32();
        this.lo2 = this.fixed32();
        this.hi2 = this.fixed32();
        break;
      case Imm.RefType:
      case Imm.NullableHeapType:
        this.a = readHeapType(this);
        break;
      case Imm.HeapType:
        this.a = nonNull(readHeapType(this));
        break;
      case Imm.BrOnCast:
        this.castBranch();
        break;
      case Imm.TryTable:
        this.a = this.blockType();
        this.catches = this.catchClauses();
        break;
      case Imm.Fence:
        if (this.u8() !== 0) throw new DecodeError("fence", this.pos - 1, "zero byte expected");
        break;
      case Imm.SelectTypes:
        this.types = this.valTypes();
        break;
      case Imm.None:
        break;
      default:
        imm satisfies never;
    }
  }

  private memArg(): void {
    const start = this.pos;
    const flags = this.u32();
    if (flags >= 0x80) throw new DecodeError("memop-flags", start, "malformed memop flags");
    this.a = flags & 0x3f;
    // Bit 6 announces a memory index.
    this.c = (flags & 0x40) !== 0 ? this.u32() : 0;
    // 64-bit memories have longer offsets; that this one's fit is for the validator to say.
    this.b = this.u64Number();
  }

  /** Signed LEB128 of 64 bits into lo and hi. */
  private i64(): void {
    const start = this.pos;
    const first = this.u8();
    if (first < 0x80) {
      this.lo = (first << 25) >> 25;
      this.hi = this.lo >> 31;
      return;
    }
    let lo = first & 0x7f;
    let hi = 0;
    for (let shift = 7; shift < 63; shift += 7) {
      const byte = this.u8();
      const bits = byte & 0x7f;
      if (shift < 32) lo |= bits << shift;
      if (shift === 28) hi = bits >>> 4;
      else if (shift > 28) hi |= bits << (shift - 32);
      if (byte >= 0x80) continue;
      if ((byte & 0x40) !== 0) {
        const used = shift + 7;
        if (used < 32) lo |= -1 << used;
        hi = used < 32 ? -1 : hi | (-1 << (used - 32));
      }
      this.lo = lo;
      this.hi = hi;
      return;
    }
    const last = this.u8();
    if (last >= 0x80) this.failLong(start);
    if (last !== 0 && last !== 0x7f) this.failLarge(start);
    this.lo = lo;
    this.hi = hi | (last << 31);
  }

  private labelTable(): number[] {
    const start = this.pos;
    const count = this.u32();
    if (count > this.end - this.pos) this.failEnd();
    if (count > MAX_LABELS)
      throw new DecodeError("limit-br-table", start, `too many br_table targets: ${count}, the limit is ${MAX_LABELS}`);
    const labels: number[] = new Array(count + 1);
    for (let i = 0; i <= count; i++) labels[i] = this.u32();
    return labels;
  }

  private blockType(): number {
    const start = this.pos;
    const byte = start < this.end ? this.bytes[start]! : 0;
    if (byte === 0x40) {
      this.pos++;
      return NO_RESULT;
    }
    if (beginsValType(byte)) return ~readValType(this);
    const index = this.s33();
    if (index < 0) throw new DecodeError("block-type", start, "malformed block type");
    return index;
  }

  private castBranch(): void {
    const at = this.pos;
    const flags = this.u8();
    if (flags > 3) throw new DecodeError("cast-flags", at, `malformed cast flags ${hexByte(flags)}`);
    this.a = this.u32();
    const from = readHeapType(this);
    const to = readHeapType(this);
    this.b = (flags & 1) !== 0 ? nullable(from) : nonNull(from);
    this.c = (flags & 2) !== 0 ? nullable(to) : nonNull(to);
  }

  private catchClauses(): number[] {
    const count = this.u32();
    if (count > this.end - this.pos) this.failEnd();
    const catches: number[] = [];
    for (let i = 0; i < count; i++) {
      const at = this.pos;
      const kind = this.u8();
      if (kind > CatchKind.AllRef) throw new DecodeError("catch-kind", at, `malformed catch clause ${hexByte(kind)}`);
      catches.push(kind, kind < CatchKind.All ? this.u32() : -1, this.u32());
    }
    return catches;
  }

  private valTypes(): number[] {
    const count = this.u32();
    if (count > this.end - this.pos) this.failEnd();
    const types: number[] = [];
    for (let i = 0; i < count; i++) types.push(readValType(this));
    return types;
  }
}

/** Clauses of try_table: those with Ref give the exception too. */
export const CatchKind = { Tag: 0, TagRef: 1, All: 2, AllRef: 3 } as const;

/** Field `a` of a block that takes and gives nothing. */
const NO_RESULT = -64;
/** The type of a block that takes and gives nothing. */
export const noBlockType: FuncType = { params: [], results: [] };

/** Types of blocks that take nothing and give one value of a type with a one-byte form, or none. */
const shortTypes: ReadonlyMap<number, FuncType> = new Map([
  [NO_RESULT, noBlockType],
  ...Object.values(ValType).map((type): [number, FuncType] => [~type, { params: [], results: [type] }]),
]);

/**
 * The type of a block instruction whose field `a` is given; undefined when it names none. A result that is a reference
 * of another form than those of ValType costs an allocation.
 */
export function blockTypeOrUndefined(module: Module, a: number): FuncType | undefined {
  if (a >= 0) return module.types[a]?.func;
  return shortTypes.get(a) ?? { params: [], results: [~a] };
}

/** As blockTypeOrUndefined, for code that is already validated. */
export function blockType(module: Module, a: number): FuncType {
  return blockTypeOrUndefined(module, a)!;
}
