/**
 * The loop that checks expressions. Modules are checked before V8 has optimized anything, so what costs time is how many
 * steps and calls its interpreter takes for an instruction: the frequent ones are judged here, by a table of their
 * signatures and without a call. The loop only ever accepts: whatever it does not know to be valid at once, however rare
 * or wrong, is left untouched for the general rules of checker.ts, which also say what is wrong.
 */
import { Checker, type CheckerContext } from "./checker.ts";
import { DecodeError } from "./errors.ts";
import { type InstrReader, noBlockType } from "./instr.ts";
import { Imm, InstrFlag, type InstrRow, singleByteRows, Wasm } from "./opcodes.ts";
import { type FuncType, type Module, ValType } from "./types.ts";

/** What the loop does with an instruction; those of a group, which `<=` tells apart, in the order of their frequency. */
const Quick = {
  /** Nothing: the general rules apply. */
  None: 0,
  LocalGet: 1,
  /** A constant in LEB128. */
  LebConst: 2,
  /** Two operands of one type. */
  Binary: 3,

  LocalSet: 4,
  LocalTee: 5,
  Load: 6,
  Unary: 7,

  End: 8,
  BrIf: 9,
  Open: 10,
  Br: 11,

  Call: 12,
  GlobalGet: 13,
  GlobalSet: 14,

  Store: 15,
  Drop: 16,
  Select: 17,
  Return: 18,
  /** A constant of just so many bytes. */
  FixedConst: 19,
} as const;

const { I32, V128 } = ValType;

/** Instructions whose signature depends on more than the opcode. */
const ownRules: ReadonlyMap<number, number> = new Map<number, number>([
  [Wasm.LocalGet, Quick.LocalGet],
  [Wasm.LocalSet, Quick.LocalSet],
  [Wasm.LocalTee, Quick.LocalTee],
  [Wasm.GlobalGet, Quick.GlobalGet],
  [Wasm.GlobalSet, Quick.GlobalSet],
  [Wasm.Drop, Quick.Drop],
  [Wasm.Select, Quick.Select],
  [Wasm.Block, Quick.Open],
  [Wasm.Loop, Quick.Open],
  [Wasm.If, Quick.Open | (I32 << 8)],
  [Wasm.End, Quick.End],
  [Wasm.Br, Quick.Br],
  [Wasm.BrIf, Quick.BrIf],
  [Wasm.Return, Quick.Return],
  [Wasm.Call, Quick.Call],
]);

/**
 * For each byte that begins an instruction: Quick in bits 0 to 7, the type of its (last) operand in 8 to 15, that of its
 * result in 16 to 23 (0 for none), and from 24 on the exponent of its natural alignment or the bytes of its constant.
 */
const quickRules = Int32Array.from({ length: 256 }, (_, code) => quickRule(singleByteRows[code]));
const noRules = new Int32Array(256);

function quickRule(row: InstrRow | undefined): number {
  if (row === undefined) return Quick.None;
  const { params, results, align } = row;
  const own = ownRules.get(row.code);
  if (own !== undefined) return own;
  if (params === undefined || results === undefined || (row.flags & InstrFlag.Checked) !== 0) return Quick.None;
  const types = ((params[params.length - 1] ?? 0) << 8) | ((results[0] ?? 0) << 16);
  switch (row.imm) {
    case Imm.None:
      if (results.length !== 1) return Quick.None;
      if (params.length === 1) return Quick.Unary | types;
      return params.length === 2 && params[0] === params[1] ? Quick.Binary | types : Quick.None;
    case Imm.MemArg:
      return (params.length === 1 ? Quick.Load : Quick.Store) | types | (align << 24);
    // So many bytes cannot hold too many bits.
    case Imm.I32:
      return Quick.LebConst | types | (4 << 24);
    case Imm.I64:
      return Quick.LebConst | types | (9 << 24);
    case Imm.F32:
      return Quick.FixedConst | types | (4 << 24);
    case Imm.F64:
      return Quick.FixedConst | types | (8 << 24);
    default:
      return Quick.None;
  }
}

export class BodyChecker extends Checker {
  private readonly bodyRules: Int32Array;

  /** Unless `quick`, the general rules judge everything. */
  constructor(module: Module, context: CheckerContext, reader: InstrReader, quick = true) {
    super(module, context, reader);
    this.bodyRules = quick ? quickRules : noRules;
  }

  /** Checks instructions up to `stopOffset` (not included) or the end; true when it has stopped exactly there. */
  run(stopOffset: number): boolean {
    const { reader, locals, hasUnset } = this;
    const { bytes, end } = reader;
    const last = Math.min(stopOffset, end);
    // Indices of one byte. Locals that may have no value yet are for the general rules.
    const plainLocals = hasUnset ? 0 : Math.min(this.localCount, 0x80);
    const i32: number = I32;
    const noType = noBlockType;
    let rules = this.isConstant ? noRules : this.bodyRules;
    let { operands, operandCount: top, base } = this;
    let capacity = operands.length;
    let pos = reader.pos;
    while (pos < last) {
      const rule = rules[bytes[pos]!]!;
      const quick = rule & 31;
      if (quick <= 3) {
        if (quick === (1 satisfies typeof Quick.LocalGet)) {
          const index = bytes[pos + 1]!;
          if (index < plainLocals && top < capacity) {
            operands[top] = locals[index]!;
            top += 1;
            pos += 2;
            continue;
          }
        } else if (quick === (2 satisfies typeof Quick.LebConst)) {
          if (top < capacity) {
            if (bytes[pos + 1]! < 0x80) {
              operands[top] = (rule >> 16) & 0xff;
              top += 1;
              pos += 2;
              continue;
            }
            let at = pos + 2;
            while (bytes[at]! >= 0x80) at += 1;
            const length = at - pos;
            // Linkers leave room by writing numbers longer than need be.
            if (length <= rule >> 24 || (length === (rule >> 24) + 1 && bytes[at] === 0)) {
              operands[top] = (rule >> 16) & 0xff;
              top += 1;
              pos = at + 1;
              continue;
            }
          }
        } else if (quick === (3 satisfies typeof Quick.Binary)) {
          const operand = (rule >> 8) & 0xff;
          if (top - base >= 2 && operands[top - 1] === operand && operands[top - 2] === operand) {
            top -= 1;
            operands[top - 1] = (rule >> 16) & 0xff;
            pos += 1;
            continue;
          }
        }
      } else if (quick <= 7) {
        if (top > base) {
          if (quick <= 5) {
            const index = bytes[pos + 1]!;
            if (index < plainLocals && operands[top - 1] === locals[index]) {
              if (quick === (4 satisfies typeof Quick.LocalSet)) top -= 1;
              pos += 2;
              continue;
            }
          } else if (operands[top - 1] === ((rule >> 8) & 0xff)) {
            if (quick === (7 satisfies typeof Quick.Unary)) {
              operands[top - 1] = (rule >> 16) & 0xff;
              pos += 1;
              continue;
            }
            const length = this.memArgLength(pos + 1, rule >> 24);
            if (length > 0) {
              operands[top - 1] = (rule >> 16) & 0xff;
              pos += length + 1;
              continue;
            }
          }
        }
      } else if (quick <= 11) {
        const { depth, blockTypes } = this;
        if (quick === (8 satisfies typeof Quick.End)) {
          const type = blockTypes[depth - 1]!;
          if (type === noType ? top === base : this.leavesResults(type, top, base)) {
            if (!hasUnset) {
              this.depth = depth - 1;
              pos += 1;
              if (depth === 1) rules = noRules;
              else {
                base = this.blockBases[depth - 2]!;
                this.unreachable = this.blockUnreachable[depth - 2] === 1;
              }
              continue;
            }
          }
        } else if (quick === (10 satisfies typeof Quick.Open)) {
          if (bytes[pos + 1] === 0x40 && !hasUnset && depth < this.blockCodes.length) {
            if (rule <= 0xff || (top > base && operands[top - 1] === i32)) {
              if (rule > 0xff) top -= 1;
              this.blockUnreachable[depth - 1] = this.unreachable ? 1 : 0;
              this.blockCodes[depth] = bytes[pos]!;
              this.blockBases[depth] = top;
              blockTypes[depth] = noType;
              this.depth = depth + 1;
              this.unreachable = false;
              base = top;
              pos += 2;
              continue;
            }
          }
        } else {
          const label = bytes[pos + 1]!;
          if (label < depth && label < 0x80 && blockTypes[depth - 1 - label] === noType) {
            if (quick === (11 satisfies typeof Quick.Br)) {
              top = base;
              this.unreachable = true;
              pos += 2;
              continue;
            }
            if (top > base && operands[top - 1] === i32) {
              top -= 1;
              pos += 2;
              continue;
            }
          }
        }
      } else if (quick <= 14) {
        let at = pos + 1;
        let index = bytes[at]!;
        if (index >= 0x80) {
          at += 1;
          let byte = bytes[at]!;
          index = (index & 0x7f) | ((byte & 0x7f) << 7);
          if (byte >= 0x80) {
            at += 1;
            byte = bytes[at]!;
            index |= (byte & 0x7f) << 14;
            // Whoever needs more bytes has written it longer than need be, or is wrong.
            if (byte >= 0x80) {
              const padded = bytes[at + 1] === 0x80 && bytes[at + 2] === 0;
              if (padded) at += 2;
              else index = -1;
            }
          }
        }
        if (quick === (12 satisfies typeof Quick.Call)) {
          const type = index < 0 ? undefined : this.module.funcTypes[index];
          if (type !== undefined) {
            const { params, results } = type;
            const bottom = top - params.length;
            if (bottom >= base && bottom + results.length <= capacity) {
              let i = params.length - 1;
              while (i >= 0 && operands[bottom + i] === params[i]) i -= 1;
              if (i < 0) {
                top = bottom;
                for (i = 0; i < results.length; i++) {
                  operands[top] = results[i]!;
                  top += 1;
                }
                pos = at + 1;
                continue;
              }
            }
          }
        } else {
          const global = index < 0 ? undefined : this.module.globalTypes[index];
          if (global !== undefined) {
            if (quick === (13 satisfies typeof Quick.GlobalGet)) {
              if (top < capacity) {
                operands[top] = global.valType;
                top += 1;
                pos = at + 1;
                continue;
              }
            } else if (global.mutable && top > base && operands[top - 1] === global.valType) {
              top -= 1;
              pos = at + 1;
              continue;
            }
          }
        }
      } else if (quick === (15 satisfies typeof Quick.Store)) {
        if (top - base >= 2 && operands[top - 1] === ((rule >> 8) & 0xff) && operands[top - 2] === i32) {
          const length = this.memArgLength(pos + 1, rule >> 24);
          if (length > 0) {
            top -= 2;
            pos += length + 1;
            continue;
          }
        }
      } else if (quick === (16 satisfies typeof Quick.Drop)) {
        if (top > base) {
          top -= 1;
          pos += 1;
          continue;
        }
      } else if (quick === (17 satisfies typeof Quick.Select)) {
        if (top - base >= 3 && operands[top - 1] === i32) {
          const type = operands[top - 2]!;
          if (type === operands[top - 3] && type >= V128 && type <= i32) {
            top -= 2;
            pos += 1;
            continue;
          }
        }
      } else if (quick === (18 satisfies typeof Quick.Return)) {
        const { results } = this.blockTypes[0]!;
        if (results.length === 0 || (results.length === 1 && top > base && operands[top - 1] === results[0])) {
          top = base;
          this.unreachable = true;
          pos += 1;
          continue;
        }
      } else if (top < capacity) {
        operands[top] = (rule >> 16) & 0xff;
        top += 1;
        pos += 1 + (rule >> 24);
        continue;
      }
      reader.pos = pos;
      this.operandCount = top;
      this.base = base;
      this.step();
      ({ operands, operandCount: top, base } = this);
      capacity = operands.length;
      pos = reader.pos;
      // Behind the end there can only be something wrong.
      if (this.depth === 0) rules = noRules;
    }
    reader.pos = pos;
    this.operandCount = top;
    if (pos > end) reader.failEnd();
    if (last < end) return pos === last;
    if (this.depth !== 0) throw new DecodeError("missing-end", end, "END opcode expected");
    return false;
  }

  /** Bytes of a memarg of an aligned access to a 32-bit memory 0; 0 when the general rules have to judge it. */
  private memArgLength(start: number, align: number): number {
    const { bytes } = this.reader;
    if (bytes[start]! > align || !this.hasMemory32) return 0;
    let at = start + 1;
    while (bytes[at]! >= 0x80) at += 1;
    const length = at - start + 1;
    return length <= 5 || (length === 6 && bytes[at] === 0) ? length : 0;
  }

  /** Whether the current block ends with just its one result or none. An if without else may have to take what it gives. */
  private leavesResults({ results }: FuncType, top: number, base: number): boolean {
    if (top - base !== results.length || this.blockCodes[this.depth - 1] === Wasm.If) return false;
    return results.length === 0 || (results.length === 1 && this.operands[top - 1] === results[0]);
  }
}
