/**
 * The instruction table: one row per instruction with its code, mnemonic, immediates, signature and flags. Decoder,
 * validator, lowering, disassembler and documents read it; no other file may know these facts about an opcode.
 *
 * Codes: a single-byte opcode is its own code; one behind a prefix byte is `(prefix << 12) | sub`, so 0xfc 8 is 0xfc008.
 * Adding an instruction of plain signature is one row here and one case in the interpreter.
 */
import { ValType } from "./types.ts";

/** Kinds of immediates; what InstrReader leaves in its fields for each is said in instr.ts. */
export const Imm = {
  None: 0,
  BlockType: 1,
  Label: 2,
  LabelTable: 3,
  Func: 4,
  CallIndirect: 5,
  Local: 6,
  Global: 7,
  Table: 8,
  TableCopy: 9,
  TableInit: 10,
  Elem: 11,
  MemArg: 12,
  Memory: 13,
  MemoryCopy: 14,
  MemoryInit: 15,
  Data: 16,
  I32: 17,
  I64: 18,
  F32: 19,
  F64: 20,
  RefType: 21,
  SelectTypes: 22,
} as const;
export type Imm = (typeof Imm)[keyof typeof Imm];

export const InstrFlag = {
  /** Structure only: retiring it is no tick. */
  Uncounted: 1,
  /** What follows in the same block is unreachable. */
  Diverts: 2,
  /** Calls a function. */
  Call: 4,
  /** Allowed in constant expressions. */
  Constant: 8,
} as const;

export interface InstrRow {
  readonly code: number;
  /** Name in the text format. */
  readonly mnemonic: string;
  readonly imm: Imm;
  /** Operands popped, last on top; undefined when the validator has a rule of its own for it. */
  readonly params: readonly ValType[] | undefined;
  readonly results: readonly ValType[] | undefined;
  /** InstrFlag bits. */
  readonly flags: number;
  /** Exponent of the natural alignment, which is the access width too; -1 unless it has a memarg. */
  readonly align: number;
}

/** A row that keeps its code and name as literal types, from which `Wasm` gets its members. */
interface NamedRow<Code extends number, Name extends string> extends InstrRow {
  readonly code: Code;
  readonly name: Name;
}

const { I32, I64, F32, F64 } = ValType;
type Types = readonly ValType[];

function row<const Code extends number, const Name extends string>(
  code: Code,
  name: Name,
  imm: Imm,
  params: Types | undefined,
  results: Types | undefined,
  flags = 0,
  align = -1,
): NamedRow<Code, Name> {
  // Two opcodes share the text name "select"; only the table tells them apart.
  const mnemonic: string = name === "select_t" ? "select" : name;
  return { code, name, mnemonic, imm, params, results, flags, align };
}

/** A plain instruction: no immediates, fixed signature. */
function plain<const Code extends number, const Name extends string>(code: Code, name: Name, params: Types, results: Types, flags = 0) {
  return row(code, name, Imm.None, params, results, flags);
}

/** An instruction with a validation rule of its own. */
function special<const Code extends number, const Name extends string>(code: Code, name: Name, imm: Imm, flags = 0) {
  return row(code, name, imm, undefined, undefined, flags);
}

function load<const Code extends number, const Name extends string>(code: Code, name: Name, align: number, result: ValType) {
  return row(code, name, Imm.MemArg, [I32], [result], 0, align);
}

function store<const Code extends number, const Name extends string>(code: Code, name: Name, align: number, operand: ValType) {
  return row(code, name, Imm.MemArg, [I32, operand], [], 0, align);
}

const { Uncounted, Diverts, Call, Constant } = InstrFlag;

const rows = [
  special(0x00, "unreachable", Imm.None, Diverts),
  plain(0x01, "nop", [], []),
  special(0x02, "block", Imm.BlockType, Uncounted),
  special(0x03, "loop", Imm.BlockType, Uncounted),
  special(0x04, "if", Imm.BlockType),
  special(0x05, "else", Imm.None, Uncounted),
  special(0x0b, "end", Imm.None, Uncounted | Constant),
  special(0x0c, "br", Imm.Label, Diverts),
  special(0x0d, "br_if", Imm.Label),
  special(0x0e, "br_table", Imm.LabelTable, Diverts),
  special(0x0f, "return", Imm.None, Diverts),
  special(0x10, "call", Imm.Func, Call),
  special(0x11, "call_indirect", Imm.CallIndirect, Call),
  special(0x1a, "drop", Imm.None),
  special(0x1b, "select", Imm.None),
  special(0x1c, "select_t", Imm.SelectTypes),
  special(0x20, "local.get", Imm.Local),
  special(0x21, "local.set", Imm.Local),
  special(0x22, "local.tee", Imm.Local),
  special(0x23, "global.get", Imm.Global, Constant),
  special(0x24, "global.set", Imm.Global),
  special(0x25, "table.get", Imm.Table),
  special(0x26, "table.set", Imm.Table),

  load(0x28, "i32.load", 2, I32),
  load(0x29, "i64.load", 3, I64),
  load(0x2a, "f32.load", 2, F32),
  load(0x2b, "f64.load", 3, F64),
  load(0x2c, "i32.load8_s", 0, I32),
  load(0x2d, "i32.load8_u", 0, I32),
  load(0x2e, "i32.load16_s", 1, I32),
  load(0x2f, "i32.load16_u", 1, I32),
  load(0x30, "i64.load8_s", 0, I64),
  load(0x31, "i64.load8_u", 0, I64),
  load(0x32, "i64.load16_s", 1, I64),
  load(0x33, "i64.load16_u", 1, I64),
  load(0x34, "i64.load32_s", 2, I64),
  load(0x35, "i64.load32_u", 2, I64),
  store(0x36, "i32.store", 2, I32),
  store(0x37, "i64.store", 3, I64),
  store(0x38, "f32.store", 2, F32),
  store(0x39, "f64.store", 3, F64),
  store(0x3a, "i32.store8", 0, I32),
  store(0x3b, "i32.store16", 1, I32),
  store(0x3c, "i64.store8", 0, I64),
  store(0x3d, "i64.store16", 1, I64),
  store(0x3e, "i64.store32", 2, I64),
  row(0x3f, "memory.size", Imm.Memory, [], [I32]),
  row(0x40, "memory.grow", Imm.Memory, [I32], [I32]),

  row(0x41, "i32.const", Imm.I32, [], [I32], Constant),
  row(0x42, "i64.const", Imm.I64, [], [I64], Constant),
  row(0x43, "f32.const", Imm.F32, [], [F32], Constant),
  row(0x44, "f64.const", Imm.F64, [], [F64], Constant),

  plain(0x45, "i32.eqz", [I32], [I32]),
  plain(0x46, "i32.eq", [I32, I32], [I32]),
  plain(0x47, "i32.ne", [I32, I32], [I32]),
  plain(0x48, "i32.lt_s", [I32, I32], [I32]),
  plain(0x49, "i32.lt_u", [I32, I32], [I32]),
  plain(0x4a, "i32.gt_s", [I32, I32], [I32]),
  plain(0x4b, "i32.gt_u", [I32, I32], [I32]),
  plain(0x4c, "i32.le_s", [I32, I32], [I32]),
  plain(0x4d, "i32.le_u", [I32, I32], [I32]),
  plain(0x4e, "i32.ge_s", [I32, I32], [I32]),
  plain(0x4f, "i32.ge_u", [I32, I32], [I32]),
  plain(0x50, "i64.eqz", [I64], [I32]),
  plain(0x51, "i64.eq", [I64, I64], [I32]),
  plain(0x52, "i64.ne", [I64, I64], [I32]),
  plain(0x53, "i64.lt_s", [I64, I64], [I32]),
  plain(0x54, "i64.lt_u", [I64, I64], [I32]),
  plain(0x55, "i64.gt_s", [I64, I64], [I32]),
  plain(0x56, "i64.gt_u", [I64, I64], [I32]),
  plain(0x57, "i64.le_s", [I64, I64], [I32]),
  plain(0x58, "i64.le_u", [I64, I64], [I32]),
  plain(0x59, "i64.ge_s", [I64, I64], [I32]),
  plain(0x5a, "i64.ge_u", [I64, I64], [I32]),
  plain(0x5b, "f32.eq", [F32, F32], [I32]),
  plain(0x5c, "f32.ne", [F32, F32], [I32]),
  plain(0x5d, "f32.lt", [F32, F32], [I32]),
  plain(0x5e, "f32.gt", [F32, F32], [I32]),
  plain(0x5f, "f32.le", [F32, F32], [I32]),
  plain(0x60, "f32.ge", [F32, F32], [I32]),
  plain(0x61, "f64.eq", [F64, F64], [I32]),
  plain(0x62, "f64.ne", [F64, F64], [I32]),
  plain(0x63, "f64.lt", [F64, F64], [I32]),
  plain(0x64, "f64.gt", [F64, F64], [I32]),
  plain(0x65, "f64.le", [F64, F64], [I32]),
  plain(0x66, "f64.ge", [F64, F64], [I32]),

  plain(0x67, "i32.clz", [I32], [I32]),
  plain(0x68, "i32.ctz", [I32], [I32]),
  plain(0x69, "i32.popcnt", [I32], [I32]),
  plain(0x6a, "i32.add", [I32, I32], [I32], Constant),
  plain(0x6b, "i32.sub", [I32, I32], [I32], Constant),
  plain(0x6c, "i32.mul", [I32, I32], [I32], Constant),
  plain(0x6d, "i32.div_s", [I32, I32], [I32]),
  plain(0x6e, "i32.div_u", [I32, I32], [I32]),
  plain(0x6f, "i32.rem_s", [I32, I32], [I32]),
  plain(0x70, "i32.rem_u", [I32, I32], [I32]),
  plain(0x71, "i32.and", [I32, I32], [I32]),
  plain(0x72, "i32.or", [I32, I32], [I32]),
  plain(0x73, "i32.xor", [I32, I32], [I32]),
  plain(0x74, "i32.shl", [I32, I32], [I32]),
  plain(0x75, "i32.shr_s", [I32, I32], [I32]),
  plain(0x76, "i32.shr_u", [I32, I32], [I32]),
  plain(0x77, "i32.rotl", [I32, I32], [I32]),
  plain(0x78, "i32.rotr", [I32, I32], [I32]),
  plain(0x79, "i64.clz", [I64], [I64]),
  plain(0x7a, "i64.ctz", [I64], [I64]),
  plain(0x7b, "i64.popcnt", [I64], [I64]),
  plain(0x7c, "i64.add", [I64, I64], [I64], Constant),
  plain(0x7d, "i64.sub", [I64, I64], [I64], Constant),
  plain(0x7e, "i64.mul", [I64, I64], [I64], Constant),
  plain(0x7f, "i64.div_s", [I64, I64], [I64]),
  plain(0x80, "i64.div_u", [I64, I64], [I64]),
  plain(0x81, "i64.rem_s", [I64, I64], [I64]),
  plain(0x82, "i64.rem_u", [I64, I64], [I64]),
  plain(0x83, "i64.and", [I64, I64], [I64]),
  plain(0x84, "i64.or", [I64, I64], [I64]),
  plain(0x85, "i64.xor", [I64, I64], [I64]),
  plain(0x86, "i64.shl", [I64, I64], [I64]),
  plain(0x87, "i64.shr_s", [I64, I64], [I64]),
  plain(0x88, "i64.shr_u", [I64, I64], [I64]),
  plain(0x89, "i64.rotl", [I64, I64], [I64]),
  plain(0x8a, "i64.rotr", [I64, I64], [I64]),

  plain(0x8b, "f32.abs", [F32], [F32]),
  plain(0x8c, "f32.neg", [F32], [F32]),
  plain(0x8d, "f32.ceil", [F32], [F32]),
  plain(0x8e, "f32.floor", [F32], [F32]),
  plain(0x8f, "f32.trunc", [F32], [F32]),
  plain(0x90, "f32.nearest", [F32], [F32]),
  plain(0x91, "f32.sqrt", [F32], [F32]),
  plain(0x92, "f32.add", [F32, F32], [F32]),
  plain(0x93, "f32.sub", [F32, F32], [F32]),
  plain(0x94, "f32.mul", [F32, F32], [F32]),
  plain(0x95, "f32.div", [F32, F32], [F32]),
  plain(0x96, "f32.min", [F32, F32], [F32]),
  plain(0x97, "f32.max", [F32, F32], [F32]),
  plain(0x98, "f32.copysign", [F32, F32], [F32]),
  plain(0x99, "f64.abs", [F64], [F64]),
  plain(0x9a, "f64.neg", [F64], [F64]),
  plain(0x9b, "f64.ceil", [F64], [F64]),
  plain(0x9c, "f64.floor", [F64], [F64]),
  plain(0x9d, "f64.trunc", [F64], [F64]),
  plain(0x9e, "f64.nearest", [F64], [F64]),
  plain(0x9f, "f64.sqrt", [F64], [F64]),
  plain(0xa0, "f64.add", [F64, F64], [F64]),
  plain(0xa1, "f64.sub", [F64, F64], [F64]),
  plain(0xa2, "f64.mul", [F64, F64], [F64]),
  plain(0xa3, "f64.div", [F64, F64], [F64]),
  plain(0xa4, "f64.min", [F64, F64], [F64]),
  plain(0xa5, "f64.max", [F64, F64], [F64]),
  plain(0xa6, "f64.copysign", [F64, F64], [F64]),

  plain(0xa7, "i32.wrap_i64", [I64], [I32]),
  plain(0xa8, "i32.trunc_f32_s", [F32], [I32]),
  plain(0xa9, "i32.trunc_f32_u", [F32], [I32]),
  plain(0xaa, "i32.trunc_f64_s", [F64], [I32]),
  plain(0xab, "i32.trunc_f64_u", [F64], [I32]),
  plain(0xac, "i64.extend_i32_s", [I32], [I64]),
  plain(0xad, "i64.extend_i32_u", [I32], [I64]),
  plain(0xae, "i64.trunc_f32_s", [F32], [I64]),
  plain(0xaf, "i64.trunc_f32_u", [F32], [I64]),
  plain(0xb0, "i64.trunc_f64_s", [F64], [I64]),
  plain(0xb1, "i64.trunc_f64_u", [F64], [I64]),
  plain(0xb2, "f32.convert_i32_s", [I32], [F32]),
  plain(0xb3, "f32.convert_i32_u", [I32], [F32]),
  plain(0xb4, "f32.convert_i64_s", [I64], [F32]),
  plain(0xb5, "f32.convert_i64_u", [I64], [F32]),
  plain(0xb6, "f32.demote_f64", [F64], [F32]),
  plain(0xb7, "f64.convert_i32_s", [I32], [F64]),
  plain(0xb8, "f64.convert_i32_u", [I32], [F64]),
  plain(0xb9, "f64.convert_i64_s", [I64], [F64]),
  plain(0xba, "f64.convert_i64_u", [I64], [F64]),
  plain(0xbb, "f64.promote_f32", [F32], [F64]),
  plain(0xbc, "i32.reinterpret_f32", [F32], [I32]),
  plain(0xbd, "i64.reinterpret_f64", [F64], [I64]),
  plain(0xbe, "f32.reinterpret_i32", [I32], [F32]),
  plain(0xbf, "f64.reinterpret_i64", [I64], [F64]),
  plain(0xc0, "i32.extend8_s", [I32], [I32]),
  plain(0xc1, "i32.extend16_s", [I32], [I32]),
  plain(0xc2, "i64.extend8_s", [I64], [I64]),
  plain(0xc3, "i64.extend16_s", [I64], [I64]),
  plain(0xc4, "i64.extend32_s", [I64], [I64]),

  special(0xd0, "ref.null", Imm.RefType, Constant),
  special(0xd1, "ref.is_null", Imm.None),
  special(0xd2, "ref.func", Imm.Func, Constant),

  plain(0xfc000, "i32.trunc_sat_f32_s", [F32], [I32]),
  plain(0xfc001, "i32.trunc_sat_f32_u", [F32], [I32]),
  plain(0xfc002, "i32.trunc_sat_f64_s", [F64], [I32]),
  plain(0xfc003, "i32.trunc_sat_f64_u", [F64], [I32]),
  plain(0xfc004, "i64.trunc_sat_f32_s", [F32], [I64]),
  plain(0xfc005, "i64.trunc_sat_f32_u", [F32], [I64]),
  plain(0xfc006, "i64.trunc_sat_f64_s", [F64], [I64]),
  plain(0xfc007, "i64.trunc_sat_f64_u", [F64], [I64]),
  row(0xfc008, "memory.init", Imm.MemoryInit, [I32, I32, I32], []),
  row(0xfc009, "data.drop", Imm.Data, [], []),
  row(0xfc00a, "memory.copy", Imm.MemoryCopy, [I32, I32, I32], []),
  row(0xfc00b, "memory.fill", Imm.Memory, [I32, I32, I32], []),
  row(0xfc00c, "table.init", Imm.TableInit, [I32, I32, I32], []),
  row(0xfc00d, "elem.drop", Imm.Elem, [], []),
  row(0xfc00e, "table.copy", Imm.TableCopy, [I32, I32, I32], []),
  special(0xfc00f, "table.grow", Imm.Table),
  row(0xfc010, "table.size", Imm.Table, [], [I32]),
  special(0xfc011, "table.fill", Imm.Table),
] as const;

type Row = (typeof rows)[number];

/** All instructions, in the order of their codes. */
export const instructions: readonly InstrRow[] = rows;

/** `i32.trunc_sat_f32_s` as `I32TruncSatF32S`. */
type CamelCase<Name extends string> = Name extends `${infer Head}.${infer Tail}`
  ? `${CamelCase<Head>}${CamelCase<Tail>}`
  : Name extends `${infer Head}_${infer Tail}`
    ? `${CamelCase<Head>}${CamelCase<Tail>}`
    : Capitalize<Name>;

/** Opcode codes by name, as literal types: `case 0x6a satisfies typeof Wasm.I32Add:`. */
export const Wasm = Object.freeze(
  Object.fromEntries(rows.map((r) => [camelCase(r.name), r.code])) as { readonly [R in Row as CamelCase<R["name"]>]: R["code"] },
);

function camelCase(name: string): string {
  return name
    .split(/[._]/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join("");
}

/** Rows of single-byte opcodes, and of the opcodes behind prefix 0xfc. Dense, so that a look-up is one array load. */
const singleByteRows: readonly (InstrRow | undefined)[] = denseRows(0);
const prefixFcRows: readonly (InstrRow | undefined)[] = denseRows(0xfc);

function denseRows(prefix: number): (InstrRow | undefined)[] {
  const dense: (InstrRow | undefined)[] = new Array(256).fill(undefined);
  for (const r of instructions) if (r.code >>> 12 === prefix) dense[r.code & 0xfff] = r;
  return dense;
}

/** The row of an opcode code, or undefined when there is no such instruction. */
export function opcodeRow(code: number): InstrRow | undefined {
  if (code < 0x100) return singleByteRows[code];
  return code >>> 12 === 0xfc ? prefixFcRows[code & 0xfff] : undefined;
}

/** True for a byte that begins a two-part opcode. */
export function isPrefix(byte: number): boolean {
  return byte >= 0xfb && byte <= 0xfe;
}
