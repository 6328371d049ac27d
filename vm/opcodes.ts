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
  /** A memarg, then a lane index. */
  MemArgLane: 23,
  Lane: 24,
  V128: 25,
  /** Sixteen lane indices. */
  Shuffle: 26,
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
  /** Number of lanes that a lane index chooses from, of shuffles those of both operands; 0 when there is none. */
  readonly lanes: number;
}

/** A row that keeps its code and name as literal types, from which `Wasm` gets its members. */
interface NamedRow<Code extends number, Name extends string> extends InstrRow {
  readonly code: Code;
  readonly name: Name;
}

const { I32, I64, F32, F64, V128 } = ValType;
type Types = readonly ValType[];

function row<const Code extends number, const Name extends string>(
  code: Code,
  name: Name,
  imm: Imm,
  params: Types | undefined,
  results: Types | undefined,
  flags = 0,
  align = -1,
  lanes = 0,
): NamedRow<Code, Name> {
  // Two opcodes share the text name "select"; only the table tells them apart.
  const mnemonic: string = name === "select_t" ? "select" : name;
  return { code, name, mnemonic, imm, params, results, flags, align, lanes };
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

/** A vector instruction that names one of `lanes` lanes. */
function lane<const Code extends number, const Name extends string>(code: Code, name: Name, lanes: number, params: Types, results: Types) {
  return row(code, name, Imm.Lane, params, results, 0, -1, lanes);
}

/** A load into, or a store from, one lane of a vector. */
function memLane<const Code extends number, const Name extends string>(code: Code, name: Name, align: number, results: Types) {
  return row(code, name, Imm.MemArgLane, [I32, V128], results, 0, align, 16 >> align);
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
  special(0x12, "return_call", Imm.Func, Call | Diverts),
  special(0x13, "return_call_indirect", Imm.CallIndirect, Call | Diverts),
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

  load(0xfd000, "v128.load", 4, V128),
  load(0xfd001, "v128.load8x8_s", 3, V128),
  load(0xfd002, "v128.load8x8_u", 3, V128),
  load(0xfd003, "v128.load16x4_s", 3, V128),
  load(0xfd004, "v128.load16x4_u", 3, V128),
  load(0xfd005, "v128.load32x2_s", 3, V128),
  load(0xfd006, "v128.load32x2_u", 3, V128),
  load(0xfd007, "v128.load8_splat", 0, V128),
  load(0xfd008, "v128.load16_splat", 1, V128),
  load(0xfd009, "v128.load32_splat", 2, V128),
  load(0xfd00a, "v128.load64_splat", 3, V128),
  store(0xfd00b, "v128.store", 4, V128),
  row(0xfd00c, "v128.const", Imm.V128, [], [V128], Constant),
  row(0xfd00d, "i8x16.shuffle", Imm.Shuffle, [V128, V128], [V128], 0, -1, 32),
  plain(0xfd00e, "i8x16.swizzle", [V128, V128], [V128]),
  plain(0xfd00f, "i8x16.splat", [I32], [V128]),
  plain(0xfd010, "i16x8.splat", [I32], [V128]),
  plain(0xfd011, "i32x4.splat", [I32], [V128]),
  plain(0xfd012, "i64x2.splat", [I64], [V128]),
  plain(0xfd013, "f32x4.splat", [F32], [V128]),
  plain(0xfd014, "f64x2.splat", [F64], [V128]),
  lane(0xfd015, "i8x16.extract_lane_s", 16, [V128], [I32]),
  lane(0xfd016, "i8x16.extract_lane_u", 16, [V128], [I32]),
  lane(0xfd017, "i8x16.replace_lane", 16, [V128, I32], [V128]),
  lane(0xfd018, "i16x8.extract_lane_s", 8, [V128], [I32]),
  lane(0xfd019, "i16x8.extract_lane_u", 8, [V128], [I32]),
  lane(0xfd01a, "i16x8.replace_lane", 8, [V128, I32], [V128]),
  lane(0xfd01b, "i32x4.extract_lane", 4, [V128], [I32]),
  lane(0xfd01c, "i32x4.replace_lane", 4, [V128, I32], [V128]),
  lane(0xfd01d, "i64x2.extract_lane", 2, [V128], [I64]),
  lane(0xfd01e, "i64x2.replace_lane", 2, [V128, I64], [V128]),
  lane(0xfd01f, "f32x4.extract_lane", 4, [V128], [F32]),
  lane(0xfd020, "f32x4.replace_lane", 4, [V128, F32], [V128]),
  lane(0xfd021, "f64x2.extract_lane", 2, [V128], [F64]),
  lane(0xfd022, "f64x2.replace_lane", 2, [V128, F64], [V128]),
  plain(0xfd023, "i8x16.eq", [V128, V128], [V128]),
  plain(0xfd024, "i8x16.ne", [V128, V128], [V128]),
  plain(0xfd025, "i8x16.lt_s", [V128, V128], [V128]),
  plain(0xfd026, "i8x16.lt_u", [V128, V128], [V128]),
  plain(0xfd027, "i8x16.gt_s", [V128, V128], [V128]),
  plain(0xfd028, "i8x16.gt_u", [V128, V128], [V128]),
  plain(0xfd029, "i8x16.le_s", [V128, V128], [V128]),
  plain(0xfd02a, "i8x16.le_u", [V128, V128], [V128]),
  plain(0xfd02b, "i8x16.ge_s", [V128, V128], [V128]),
  plain(0xfd02c, "i8x16.ge_u", [V128, V128], [V128]),
  plain(0xfd02d, "i16x8.eq", [V128, V128], [V128]),
  plain(0xfd02e, "i16x8.ne", [V128, V128], [V128]),
  plain(0xfd02f, "i16x8.lt_s", [V128, V128], [V128]),
  plain(0xfd030, "i16x8.lt_u", [V128, V128], [V128]),
  plain(0xfd031, "i16x8.gt_s", [V128, V128], [V128]),
  plain(0xfd032, "i16x8.gt_u", [V128, V128], [V128]),
  plain(0xfd033, "i16x8.le_s", [V128, V128], [V128]),
  plain(0xfd034, "i16x8.le_u", [V128, V128], [V128]),
  plain(0xfd035, "i16x8.ge_s", [V128, V128], [V128]),
  plain(0xfd036, "i16x8.ge_u", [V128, V128], [V128]),
  plain(0xfd037, "i32x4.eq", [V128, V128], [V128]),
  plain(0xfd038, "i32x4.ne", [V128, V128], [V128]),
  plain(0xfd039, "i32x4.lt_s", [V128, V128], [V128]),
  plain(0xfd03a, "i32x4.lt_u", [V128, V128], [V128]),
  plain(0xfd03b, "i32x4.gt_s", [V128, V128], [V128]),
  plain(0xfd03c, "i32x4.gt_u", [V128, V128], [V128]),
  plain(0xfd03d, "i32x4.le_s", [V128, V128], [V128]),
  plain(0xfd03e, "i32x4.le_u", [V128, V128], [V128]),
  plain(0xfd03f, "i32x4.ge_s", [V128, V128], [V128]),
  plain(0xfd040, "i32x4.ge_u", [V128, V128], [V128]),
  plain(0xfd041, "f32x4.eq", [V128, V128], [V128]),
  plain(0xfd042, "f32x4.ne", [V128, V128], [V128]),
  plain(0xfd043, "f32x4.lt", [V128, V128], [V128]),
  plain(0xfd044, "f32x4.gt", [V128, V128], [V128]),
  plain(0xfd045, "f32x4.le", [V128, V128], [V128]),
  plain(0xfd046, "f32x4.ge", [V128, V128], [V128]),
  plain(0xfd047, "f64x2.eq", [V128, V128], [V128]),
  plain(0xfd048, "f64x2.ne", [V128, V128], [V128]),
  plain(0xfd049, "f64x2.lt", [V128, V128], [V128]),
  plain(0xfd04a, "f64x2.gt", [V128, V128], [V128]),
  plain(0xfd04b, "f64x2.le", [V128, V128], [V128]),
  plain(0xfd04c, "f64x2.ge", [V128, V128], [V128]),
  plain(0xfd04d, "v128.not", [V128], [V128]),
  plain(0xfd04e, "v128.and", [V128, V128], [V128]),
  plain(0xfd04f, "v128.andnot", [V128, V128], [V128]),
  plain(0xfd050, "v128.or", [V128, V128], [V128]),
  plain(0xfd051, "v128.xor", [V128, V128], [V128]),
  plain(0xfd052, "v128.bitselect", [V128, V128, V128], [V128]),
  plain(0xfd053, "v128.any_true", [V128], [I32]),
  memLane(0xfd054, "v128.load8_lane", 0, [V128]),
  memLane(0xfd055, "v128.load16_lane", 1, [V128]),
  memLane(0xfd056, "v128.load32_lane", 2, [V128]),
  memLane(0xfd057, "v128.load64_lane", 3, [V128]),
  memLane(0xfd058, "v128.store8_lane", 0, []),
  memLane(0xfd059, "v128.store16_lane", 1, []),
  memLane(0xfd05a, "v128.store32_lane", 2, []),
  memLane(0xfd05b, "v128.store64_lane", 3, []),
  load(0xfd05c, "v128.load32_zero", 2, V128),
  load(0xfd05d, "v128.load64_zero", 3, V128),
  plain(0xfd05e, "f32x4.demote_f64x2_zero", [V128], [V128]),
  plain(0xfd05f, "f64x2.promote_low_f32x4", [V128], [V128]),
  plain(0xfd060, "i8x16.abs", [V128], [V128]),
  plain(0xfd061, "i8x16.neg", [V128], [V128]),
  plain(0xfd062, "i8x16.popcnt", [V128], [V128]),
  plain(0xfd063, "i8x16.all_true", [V128], [I32]),
  plain(0xfd064, "i8x16.bitmask", [V128], [I32]),
  plain(0xfd065, "i8x16.narrow_i16x8_s", [V128, V128], [V128]),
  plain(0xfd066, "i8x16.narrow_i16x8_u", [V128, V128], [V128]),
  plain(0xfd067, "f32x4.ceil", [V128], [V128]),
  plain(0xfd068, "f32x4.floor", [V128], [V128]),
  plain(0xfd069, "f32x4.trunc", [V128], [V128]),
  plain(0xfd06a, "f32x4.nearest", [V128], [V128]),
  plain(0xfd06b, "i8x16.shl", [V128, I32], [V128]),
  plain(0xfd06c, "i8x16.shr_s", [V128, I32], [V128]),
  plain(0xfd06d, "i8x16.shr_u", [V128, I32], [V128]),
  plain(0xfd06e, "i8x16.add", [V128, V128], [V128]),
  plain(0xfd06f, "i8x16.add_sat_s", [V128, V128], [V128]),
  plain(0xfd070, "i8x16.add_sat_u", [V128, V128], [V128]),
  plain(0xfd071, "i8x16.sub", [V128, V128], [V128]),
  plain(0xfd072, "i8x16.sub_sat_s", [V128, V128], [V128]),
  plain(0xfd073, "i8x16.sub_sat_u", [V128, V128], [V128]),
  plain(0xfd074, "f64x2.ceil", [V128], [V128]),
  plain(0xfd075, "f64x2.floor", [V128], [V128]),
  plain(0xfd076, "i8x16.min_s", [V128, V128], [V128]),
  plain(0xfd077, "i8x16.min_u", [V128, V128], [V128]),
  plain(0xfd078, "i8x16.max_s", [V128, V128], [V128]),
  plain(0xfd079, "i8x16.max_u", [V128, V128], [V128]),
  plain(0xfd07a, "f64x2.trunc", [V128], [V128]),
  plain(0xfd07b, "i8x16.avgr_u", [V128, V128], [V128]),
  plain(0xfd07c, "i16x8.extadd_pairwise_i8x16_s", [V128], [V128]),
  plain(0xfd07d, "i16x8.extadd_pairwise_i8x16_u", [V128], [V128]),
  plain(0xfd07e, "i32x4.extadd_pairwise_i16x8_s", [V128], [V128]),
  plain(0xfd07f, "i32x4.extadd_pairwise_i16x8_u", [V128], [V128]),
  plain(0xfd080, "i16x8.abs", [V128], [V128]),
  plain(0xfd081, "i16x8.neg", [V128], [V128]),
  plain(0xfd082, "i16x8.q15mulr_sat_s", [V128, V128], [V128]),
  plain(0xfd083, "i16x8.all_true", [V128], [I32]),
  plain(0xfd084, "i16x8.bitmask", [V128], [I32]),
  plain(0xfd085, "i16x8.narrow_i32x4_s", [V128, V128], [V128]),
  plain(0xfd086, "i16x8.narrow_i32x4_u", [V128, V128], [V128]),
  plain(0xfd087, "i16x8.extend_low_i8x16_s", [V128], [V128]),
  plain(0xfd088, "i16x8.extend_high_i8x16_s", [V128], [V128]),
  plain(0xfd089, "i16x8.extend_low_i8x16_u", [V128], [V128]),
  plain(0xfd08a, "i16x8.extend_high_i8x16_u", [V128], [V128]),
  plain(0xfd08b, "i16x8.shl", [V128, I32], [V128]),
  plain(0xfd08c, "i16x8.shr_s", [V128, I32], [V128]),
  plain(0xfd08d, "i16x8.shr_u", [V128, I32], [V128]),
  plain(0xfd08e, "i16x8.add", [V128, V128], [V128]),
  plain(0xfd08f, "i16x8.add_sat_s", [V128, V128], [V128]),
  plain(0xfd090, "i16x8.add_sat_u", [V128, V128], [V128]),
  plain(0xfd091, "i16x8.sub", [V128, V128], [V128]),
  plain(0xfd092, "i16x8.sub_sat_s", [V128, V128], [V128]),
  plain(0xfd093, "i16x8.sub_sat_u", [V128, V128], [V128]),
  plain(0xfd094, "f64x2.nearest", [V128], [V128]),
  plain(0xfd095, "i16x8.mul", [V128, V128], [V128]),
  plain(0xfd096, "i16x8.min_s", [V128, V128], [V128]),
  plain(0xfd097, "i16x8.min_u", [V128, V128], [V128]),
  plain(0xfd098, "i16x8.max_s", [V128, V128], [V128]),
  plain(0xfd099, "i16x8.max_u", [V128, V128], [V128]),
  plain(0xfd09b, "i16x8.avgr_u", [V128, V128], [V128]),
  plain(0xfd09c, "i16x8.extmul_low_i8x16_s", [V128, V128], [V128]),
  plain(0xfd09d, "i16x8.extmul_high_i8x16_s", [V128, V128], [V128]),
  plain(0xfd09e, "i16x8.extmul_low_i8x16_u", [V128, V128], [V128]),
  plain(0xfd09f, "i16x8.extmul_high_i8x16_u", [V128, V128], [V128]),
  plain(0xfd0a0, "i32x4.abs", [V128], [V128]),
  plain(0xfd0a1, "i32x4.neg", [V128], [V128]),
  plain(0xfd0a3, "i32x4.all_true", [V128], [I32]),
  plain(0xfd0a4, "i32x4.bitmask", [V128], [I32]),
  plain(0xfd0a7, "i32x4.extend_low_i16x8_s", [V128], [V128]),
  plain(0xfd0a8, "i32x4.extend_high_i16x8_s", [V128], [V128]),
  plain(0xfd0a9, "i32x4.extend_low_i16x8_u", [V128], [V128]),
  plain(0xfd0aa, "i32x4.extend_high_i16x8_u", [V128], [V128]),
  plain(0xfd0ab, "i32x4.shl", [V128, I32], [V128]),
  plain(0xfd0ac, "i32x4.shr_s", [V128, I32], [V128]),
  plain(0xfd0ad, "i32x4.shr_u", [V128, I32], [V128]),
  plain(0xfd0ae, "i32x4.add", [V128, V128], [V128]),
  plain(0xfd0b1, "i32x4.sub", [V128, V128], [V128]),
  plain(0xfd0b5, "i32x4.mul", [V128, V128], [V128]),
  plain(0xfd0b6, "i32x4.min_s", [V128, V128], [V128]),
  plain(0xfd0b7, "i32x4.min_u", [V128, V128], [V128]),
  plain(0xfd0b8, "i32x4.max_s", [V128, V128], [V128]),
  plain(0xfd0b9, "i32x4.max_u", [V128, V128], [V128]),
  plain(0xfd0ba, "i32x4.dot_i16x8_s", [V128, V128], [V128]),
  plain(0xfd0bc, "i32x4.extmul_low_i16x8_s", [V128, V128], [V128]),
  plain(0xfd0bd, "i32x4.extmul_high_i16x8_s", [V128, V128], [V128]),
  plain(0xfd0be, "i32x4.extmul_low_i16x8_u", [V128, V128], [V128]),
  plain(0xfd0bf, "i32x4.extmul_high_i16x8_u", [V128, V128], [V128]),
  plain(0xfd0c0, "i64x2.abs", [V128], [V128]),
  plain(0xfd0c1, "i64x2.neg", [V128], [V128]),
  plain(0xfd0c3, "i64x2.all_true", [V128], [I32]),
  plain(0xfd0c4, "i64x2.bitmask", [V128], [I32]),
  plain(0xfd0c7, "i64x2.extend_low_i32x4_s", [V128], [V128]),
  plain(0xfd0c8, "i64x2.extend_high_i32x4_s", [V128], [V128]),
  plain(0xfd0c9, "i64x2.extend_low_i32x4_u", [V128], [V128]),
  plain(0xfd0ca, "i64x2.extend_high_i32x4_u", [V128], [V128]),
  plain(0xfd0cb, "i64x2.shl", [V128, I32], [V128]),
  plain(0xfd0cc, "i64x2.shr_s", [V128, I32], [V128]),
  plain(0xfd0cd, "i64x2.shr_u", [V128, I32], [V128]),
  plain(0xfd0ce, "i64x2.add", [V128, V128], [V128]),
  plain(0xfd0d1, "i64x2.sub", [V128, V128], [V128]),
  plain(0xfd0d5, "i64x2.mul", [V128, V128], [V128]),
  plain(0xfd0d6, "i64x2.eq", [V128, V128], [V128]),
  plain(0xfd0d7, "i64x2.ne", [V128, V128], [V128]),
  plain(0xfd0d8, "i64x2.lt_s", [V128, V128], [V128]),
  plain(0xfd0d9, "i64x2.gt_s", [V128, V128], [V128]),
  plain(0xfd0da, "i64x2.le_s", [V128, V128], [V128]),
  plain(0xfd0db, "i64x2.ge_s", [V128, V128], [V128]),
  plain(0xfd0dc, "i64x2.extmul_low_i32x4_s", [V128, V128], [V128]),
  plain(0xfd0dd, "i64x2.extmul_high_i32x4_s", [V128, V128], [V128]),
  plain(0xfd0de, "i64x2.extmul_low_i32x4_u", [V128, V128], [V128]),
  plain(0xfd0df, "i64x2.extmul_high_i32x4_u", [V128, V128], [V128]),
  plain(0xfd0e0, "f32x4.abs", [V128], [V128]),
  plain(0xfd0e1, "f32x4.neg", [V128], [V128]),
  plain(0xfd0e3, "f32x4.sqrt", [V128], [V128]),
  plain(0xfd0e4, "f32x4.add", [V128, V128], [V128]),
  plain(0xfd0e5, "f32x4.sub", [V128, V128], [V128]),
  plain(0xfd0e6, "f32x4.mul", [V128, V128], [V128]),
  plain(0xfd0e7, "f32x4.div", [V128, V128], [V128]),
  plain(0xfd0e8, "f32x4.min", [V128, V128], [V128]),
  plain(0xfd0e9, "f32x4.max", [V128, V128], [V128]),
  plain(0xfd0ea, "f32x4.pmin", [V128, V128], [V128]),
  plain(0xfd0eb, "f32x4.pmax", [V128, V128], [V128]),
  plain(0xfd0ec, "f64x2.abs", [V128], [V128]),
  plain(0xfd0ed, "f64x2.neg", [V128], [V128]),
  plain(0xfd0ef, "f64x2.sqrt", [V128], [V128]),
  plain(0xfd0f0, "f64x2.add", [V128, V128], [V128]),
  plain(0xfd0f1, "f64x2.sub", [V128, V128], [V128]),
  plain(0xfd0f2, "f64x2.mul", [V128, V128], [V128]),
  plain(0xfd0f3, "f64x2.div", [V128, V128], [V128]),
  plain(0xfd0f4, "f64x2.min", [V128, V128], [V128]),
  plain(0xfd0f5, "f64x2.max", [V128, V128], [V128]),
  plain(0xfd0f6, "f64x2.pmin", [V128, V128], [V128]),
  plain(0xfd0f7, "f64x2.pmax", [V128, V128], [V128]),
  plain(0xfd0f8, "i32x4.trunc_sat_f32x4_s", [V128], [V128]),
  plain(0xfd0f9, "i32x4.trunc_sat_f32x4_u", [V128], [V128]),
  plain(0xfd0fa, "f32x4.convert_i32x4_s", [V128], [V128]),
  plain(0xfd0fb, "f32x4.convert_i32x4_u", [V128], [V128]),
  plain(0xfd0fc, "i32x4.trunc_sat_f64x2_s_zero", [V128], [V128]),
  plain(0xfd0fd, "i32x4.trunc_sat_f64x2_u_zero", [V128], [V128]),
  plain(0xfd0fe, "f64x2.convert_low_i32x4_s", [V128], [V128]),
  plain(0xfd0ff, "f64x2.convert_low_i32x4_u", [V128], [V128]),
  plain(0xfd100, "i8x16.relaxed_swizzle", [V128, V128], [V128]),
  plain(0xfd101, "i32x4.relaxed_trunc_f32x4_s", [V128], [V128]),
  plain(0xfd102, "i32x4.relaxed_trunc_f32x4_u", [V128], [V128]),
  plain(0xfd103, "i32x4.relaxed_trunc_f64x2_s_zero", [V128], [V128]),
  plain(0xfd104, "i32x4.relaxed_trunc_f64x2_u_zero", [V128], [V128]),
  plain(0xfd105, "f32x4.relaxed_madd", [V128, V128, V128], [V128]),
  plain(0xfd106, "f32x4.relaxed_nmadd", [V128, V128, V128], [V128]),
  plain(0xfd107, "f64x2.relaxed_madd", [V128, V128, V128], [V128]),
  plain(0xfd108, "f64x2.relaxed_nmadd", [V128, V128, V128], [V128]),
  plain(0xfd109, "i8x16.relaxed_laneselect", [V128, V128, V128], [V128]),
  plain(0xfd10a, "i16x8.relaxed_laneselect", [V128, V128, V128], [V128]),
  plain(0xfd10b, "i32x4.relaxed_laneselect", [V128, V128, V128], [V128]),
  plain(0xfd10c, "i64x2.relaxed_laneselect", [V128, V128, V128], [V128]),
  plain(0xfd10d, "f32x4.relaxed_min", [V128, V128], [V128]),
  plain(0xfd10e, "f32x4.relaxed_max", [V128, V128], [V128]),
  plain(0xfd10f, "f64x2.relaxed_min", [V128, V128], [V128]),
  plain(0xfd110, "f64x2.relaxed_max", [V128, V128], [V128]),
  plain(0xfd111, "i16x8.relaxed_q15mulr_s", [V128, V128], [V128]),
  plain(0xfd112, "i16x8.relaxed_dot_i8x16_i7x16_s", [V128, V128], [V128]),
  plain(0xfd113, "i32x4.relaxed_dot_i8x16_i7x16_add_s", [V128, V128, V128], [V128]),
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

/** Rows of single-byte opcodes, and of those behind each prefix from 0xfb on. Dense, so that a look-up is a few array loads. */
const singleByteRows: readonly (InstrRow | undefined)[] = denseRows(0);
const prefixedRows: readonly (readonly (InstrRow | undefined)[])[] = [0xfb, 0xfc, 0xfd, 0xfe].map(denseRows);

function denseRows(prefix: number): (InstrRow | undefined)[] {
  const dense: (InstrRow | undefined)[] = new Array(512).fill(undefined);
  for (const r of instructions) if (r.code >>> 12 === prefix) dense[r.code & 0xfff] = r;
  return dense;
}

/** The row of an opcode code, or undefined when there is no such instruction. */
export function opcodeRow(code: number): InstrRow | undefined {
  if (code < 0x100) return singleByteRows[code];
  return prefixedRows[(code >>> 12) - 0xfb]?.[code & 0xfff];
}

/** True for a byte that begins a two-part opcode. */
export function isPrefix(byte: number): boolean {
  return byte >= 0xfb && byte <= 0xfe;
}
