/**
 * Reads the instructions of one expression, one after another, into fields that are reused: no allocation except for
 * lists. Checks the encoding only (malformed bytes are DecodeErrors); whether an instruction makes sense is validate.ts.
 *
 * What the fields hold for each kind of immediates (Imm in opcodes.ts):
 *   BlockType     a: s33; -64 no result, -1 … -64 a value type as 7-bit signed, else a type index (see `blockType`)
 *   Label, Func, Local, Global, Table, Elem, Data   a: index
 *   LabelTable    labels: targets, the default last
 *   CallIndirect  a: type index, b: table index
 *   MemArg        a: alignment exponent, b: offset (unsigned), c: memory index
 *   Memory        a: memory index
 *   TableCopy, MemoryCopy   a: destination, b: source
 *   TableInit     a: element segment, b: table            MemoryInit   a: data segment, b: memory
 *   I32 a: signed value    I64, F64 lo, hi: the 64 bits   F32 a: the 32 bits, signed
 *   RefType       a: type byte     SelectTypes   types: value type bytes
 *   MemArgLane    as MemArg, d: lane   Lane   a: lane
 *   V128          lo, hi, lo2, hi2: the 128 bits, lowest word first   Shuffle   the same words: a byte per lane
 */
import { DecodeError } from "./errors.ts";
import { Imm, type InstrRow, isPrefix, opcodeRow } from "./opcodes.ts";
import { ByteReader } from "./reader.ts";
import { type FuncType, type Module, ValType } from "./types.ts";

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

  /** Reads the next instruction; false at the end of the bytes. Throws DecodeError for a malformed one. */
  next(): boolean {
    const start = this.pos;
    if (start >= this.end) return false;
    this.wasmOffset = start;
    let code = this.bytes[start]!;
    this.pos = start + 1;
    let row = opcodeRow(code);
    if (row === undefined) {
      code = this.prefixed(code);
      row = opcodeRow(code)!;
    }
    this.code = code;
    this.row = row;
    if (row.imm !== Imm.None) this.immediates(row.imm);
    return true;
  }

  /** The code behind a prefix byte; throws when there is no such instruction. */
  private prefixed(prefix: number): number {
    const start = this.pos - 1;
    if (!isPrefix(prefix)) throw new DecodeError("illegal-opcode", start, `illegal opcode ${hexByte(prefix)}`);
    const sub = this.u32();
    const code = sub < 0x1000 ? (prefix << 12) | sub : -1;
    if (code < 0 || opcodeRow(code) === undefined) {
      throw new DecodeError("illegal-opcode", start, `illegal opcode ${hexByte(prefix)} ${hexByte(sub)}`);
    }
    return code;
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
        this.a = this.u32();
        break;
      case Imm.I32:
        this.a = this.s32();
        break;
      case Imm.MemArg:
        this.memArg();
        break;
      case Imm.BlockType:
        this.a = this.s33();
        break;
      case Imm.CallIndirect:
      case Imm.TableCopy:
      case Imm.TableInit:
      case Imm.MemoryCopy:
      case Imm.MemoryInit:
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
        this.a = this.refType();
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

  private refType(): number {
    const byte = this.u8();
    if (byte !== ValType.FuncRef && byte !== ValType.ExternRef) {
      throw new DecodeError("ref-type", this.pos - 1, `malformed reference type ${hexByte(byte)}`);
    }
    return byte;
  }

  private valTypes(): number[] {
    const count = this.u32();
    if (count > this.end - this.pos) this.failEnd();
    const types: number[] = [];
    for (let i = 0; i < count; i++) {
      const byte = this.u8();
      if (!isValType(byte)) throw new DecodeError("value-type", this.pos - 1, `malformed value type ${hexByte(byte)}`);
      types.push(byte);
    }
    return types;
  }
}

/** True for the byte of a value type that this implementation has. */
export function isValType(byte: number): byte is ValType {
  return (byte >= ValType.V128 && byte <= ValType.I32) || byte === ValType.FuncRef || byte === ValType.ExternRef;
}

export function hexByte(value: number): string {
  return value.toString(16).padStart(2, "0");
}

/** Types of blocks that take nothing and give one value or none, by 7-bit signed type. */
const shortTypes: ReadonlyMap<number, FuncType> = new Map([
  [-64, { params: [], results: [] }],
  ...Object.values(ValType).map((type): [number, FuncType] => [type - 0x80, { params: [], results: [type] }]),
]);

/** The type of a block instruction whose field `a` is given; undefined when it names none. No allocation. */
export function blockTypeOrUndefined(module: Module, a: number): FuncType | undefined {
  return a < 0 ? shortTypes.get(a) : module.types[a];
}

/** As blockTypeOrUndefined, for code that is already validated. */
export function blockType(module: Module, a: number): FuncType {
  return blockTypeOrUndefined(module, a)!;
}
