/**
 * The loop that checks most instructions. Modules are checked before V8 has optimized anything; what counts is how soon it
 * has optimized this, and how much it takes the core meanwhile from what waits for the module. So the loop is short: a table
 * says of each opcode what it takes and gives, and few forms of immediates share one way through. The loop only ever accepts:
 * whatever it does not know to be valid at once, however rare or wrong, is left untouched for the general rules of
 * checker.ts, which also say what is wrong. docs/rationale/performance.md has the figures.
 */
import { type BlockBits, KEPT_BY_NEXT_PART, MAX_OPERANDS } from "./check-stack.ts";
import { Checker, type CheckerContext } from "./checker.ts";
import { DecodeError } from "./errors.ts";
import type { InstrReader } from "./instr.ts";
import { Imm, InstrFlag, type InstrRow, singleByteRows, Wasm } from "./opcodes.ts";
import { type FuncType, type Module, ValType } from "./types.ts";

const { I32 } = ValType;

/** What follows an opcode, and what else there is to it than operands of known types. */
const Form = {
  Local: 0,
  None: 1,
  Leb: 2,
  MemArg: 3,
  Global: 4,
  Call: 5,
  Branch: 6,
  Block: 7,
  End: 8,
  Return: 9,
  /** For the general rules. */
  Unknown: 10,
} as const;

/** Flags of a rule: the operands are of known types; and what sets one of two instructions of a form apart. */
const Rule = { Typed: 0x40, Own: 0x80 } as const;
const SHARED_BITS = 0x78;
const LOCAL_GET: number = Form.Local;
const IF: number = Wasm.If;
const LOOP: number = Wasm.Loop;

/**
 * The loop is left and entered again after so much code. What V8 has optimized meanwhile is used from the next entry on, and
 * it need not be optimized once more, as what stands in the midst of a loop would be.
 */
const SPAN_BYTES = 512;

/** Rules that signatures do not tell. `Own` is set for local.tee, br, else and unreachable. */
const ownRules: ReadonlyMap<number, number> = new Map<number, number>([
  [Wasm.LocalGet, LOCAL_GET],
  [Wasm.LocalSet, Form.Local | takes(1)],
  [Wasm.LocalTee, Form.Local | takes(1) | Rule.Own],
  [Wasm.Block, Form.Block],
  [Wasm.Loop, Form.Block],
  [Wasm.If, Form.Block | takes(1, I32)],
  [Wasm.Else, Form.End | Rule.Own],
  [Wasm.End, Form.End],
  [Wasm.Br, Form.Branch | Rule.Own],
  [Wasm.BrIf, Form.Branch | takes(1, I32)],
  [Wasm.Return, Form.Return],
  [Wasm.Unreachable, Form.Return | Rule.Own],
  [Wasm.Call, Form.Call | number(4)],
  [Wasm.GlobalGet, Form.Global | gives(I32) | number(4)],
  [Wasm.GlobalSet, Form.Global | takes(1, I32) | number(4)],
  [Wasm.Drop, Form.None | takes(1)],
  [Wasm.Select, Form.None | takes(3, I32) | gives(I32)],
]);

/**
 * For each byte that begins an instruction: its Form in bits 0 to 3, how many operands it takes in 4 and 5, flags in 6 and 7,
 * the type of its result in 8 to 14 (0 for none), types of the upper and the lower operands in 15 to 17 and 18 to 20, the
 * exponent of its natural alignment in 21 to 23, how many bytes its number may have in 24 to 27, and how many bytes come
 * before that in 28 to 31. Types of operands are without the bits that those of all numbers and vectors share.
 */
const rules = Int32Array.from({ length: 256 }, (_, code) => ruleOf(singleByteRows[code]));

function takes(count: number, upper: number = 0, lower = upper): number {
  return (count << 4) | (upper === 0 ? 0 : Rule.Typed | ((upper & 7) << 15) | ((lower & 7) << 18));
}

function gives(type: number): number {
  return type << 8;
}

/** A number in LEB128 of at most so many bytes, which cannot hold too many bits. */
function number(mostBytes: number, bytesBefore = 0): number {
  return (mostBytes << 24) | (bytesBefore << 28);
}

function ruleOf(row: InstrRow | undefined): number {
  if (row === undefined) return Form.Unknown;
  const { params, results, align, imm } = row;
  const own = ownRules.get(row.code);
  if (own !== undefined) return own;
  if (params === undefined || results === undefined || (row.flags & InstrFlag.Checked) !== 0) return Form.Unknown;
  if (params.length > 2 || results.length > 1) return Form.Unknown;
  const types = (params.length === 0 ? 0 : takes(params.length, params.at(-1), params[0])) | gives(results[0] ?? 0);
  switch (imm) {
    case Imm.None:
      return types | Form.None;
    case Imm.MemArg:
      return types | Form.MemArg | (align << 21) | number(4, 1);
    case Imm.I32:
      return types | Form.Leb | number(4);
    case Imm.I64:
      return types | Form.Leb | number(9);
    case Imm.F32:
      return types | Form.None | number(0, 4);
    case Imm.F64:
      return types | Form.None | number(0, 8);
    default:
      return Form.Unknown;
  }
}

/** What the loop has to know of a module's functions and globals; made once. */
interface Summary {
  /** For each function its shape. */
  readonly shapes: Int32Array;
  /** For each global 1 if it is of type i32, 2 if it may also be set, else 0. */
  readonly globals: Uint8Array;
}

const summaries = new WeakMap<Module, Summary>();

function summaryOf(module: Module): Summary {
  let summary = summaries.get(module);
  if (summary === undefined) {
    summary = {
      shapes: Int32Array.from(module.funcTypes, shapeOf),
      globals: Uint8Array.from(module.globalTypes, ({ valType, mutable }) => (valType !== I32 ? 0 : mutable ? 2 : 1)),
    };
    summaries.set(module, summary);
  }
  return summary;
}

/** A function that takes or gives something other than i32, or gives more than one. */
const OTHER_SHAPE = 0;

/** Of a function that takes and gives nothing but i32: how many it gives in bit 0, bit 1, and how many it takes from bit 2 on. */
function shapeOf({ params, results }: FuncType): number {
  if (results.length > 1 || (results.length === 1 && results[0] !== I32)) return OTHER_SHAPE;
  for (let i = 0; i < params.length; i++) if (params[i] !== I32) return OTHER_SHAPE;
  return results.length | 2 | (params.length << 2);
}

export class BodyChecker extends Checker {
  private readonly quick: boolean;
  private readonly summary: Summary;

  /** Unless `quick`, the general rules judge everything. */
  constructor(module: Module, context: CheckerContext, reader: InstrReader, quick = true) {
    super(module, context, reader);
    this.quick = quick;
    this.summary = summaryOf(module);
  }

  /** Checks instructions up to `stopOffset` (not included) or the end; true when it has stopped exactly there. */
  run(stopOffset: number): boolean {
    const { reader } = this;
    const { end } = reader;
    const last = Math.min(stopOffset, end);
    const quick = this.quick && !this.isConstant && !this.hasUnset;
    while (reader.pos < last) {
      const limit = Math.min(last, reader.pos + SPAN_BYTES);
      // Behind the end there can only be something wrong.
      if (quick && this.depth > 0 && this.makeRoom(limit - reader.pos)) {
        this.accept(limit);
        if (reader.pos >= limit) continue;
      }
      this.step();
    }
    if (reader.pos > end) reader.failEnd();
    if (last < end) return reader.pos === last;
    if (this.depth !== 0) throw new DecodeError("missing-end", end, "END opcode expected");
    return false;
  }

  /** Goes over instructions that are valid, up to `limit` (not included) or the end of the expression. */
  private accept(limit: number): void {
    const { reader, operands, locals, blocks, hasMemory32 } = this;
    const { bytes: code } = reader;
    const { shapes, globals } = this.summary;
    const plainLocals = Math.min(this.localCount, 0x80);
    let { operandCount: top, depth } = this;
    // The current block; what is in `blocks` is brought up to date where it is left or another one begins.
    let block = blocks[depth - 1]!;
    let base = block >>> (11 satisfies typeof BlockBits.BaseShift);
    let { pos } = reader;
    while (pos < limit) {
      const opcode = code[pos]!;
      const rule = rules[opcode]!;
      const form = rule & 15;
      if (form === (0 satisfies typeof Form.Local)) {
        const index = code[pos + 1]!;
        if (index >= plainLocals) break;
        const type = locals[index]!;
        if (rule === LOCAL_GET) {
          operands[top] = type;
          top += 1;
        } else {
          if (top === base || operands[top - 1] !== type) break;
          if ((rule & (0x80 satisfies typeof Rule.Own)) === 0) top -= 1;
        }
        pos += 2;
        continue;
      }
      let left = top - ((rule >> 4) & 3);
      if (left < base) break;
      if ((rule & (0x40 satisfies typeof Rule.Typed)) !== 0) {
        const lower = SHARED_BITS | ((rule >> 18) & 7);
        if (operands[top - 1] !== (SHARED_BITS | ((rule >> 15) & 7)) || operands[left] !== lower) break;
        // The one between them, of three.
        if (top - left > 2 && operands[left + 1] !== lower) break;
      }
      let result = (rule >> 8) & 0x7f;
      let at = pos + 1 + (rule >>> 28);
      if (form > (1 satisfies typeof Form.None)) {
        let byte = code[pos + 1]!;
        if (form <= (5 satisfies typeof Form.Call)) {
          if (form === (3 satisfies typeof Form.MemArg)) {
            if (byte > ((rule >> 21) & 7) || !hasMemory32) break;
            byte = code[at]!;
          }
          const last = at + ((rule >> 24) & 15);
          let number = 0;
          let shift = 0;
          while (byte >= 0x80 && at < last) {
            number |= (byte & 0x7f) << shift;
            shift += 7;
            at += 1;
            byte = code[at]!;
          }
          if (at === last) {
            // One byte more may hold three more bits of 32, none of 64, and else what continues the sign of a constant. Linkers
            // leave room by writing numbers longer than need be.
            const most = shift === 28 ? 7 : 0;
            if (byte > most && (form !== (2 satisfies typeof Form.Leb) || (byte ^ 0x7f) > most)) break;
          }
          at += 1;
          if (form === (5 satisfies typeof Form.Call)) {
            number |= byte << shift;
            if (number >= shapes.length) break;
            const shape = shapes[number]!;
            left = top - (shape >> 2);
            if (shape === OTHER_SHAPE || left < base) break;
            let i = left;
            while (i < top && operands[i] === I32) i += 1;
            if (i < top) break;
            if ((shape & 1) !== 0) result = I32;
          } else if (form === (4 satisfies typeof Form.Global)) {
            number |= byte << shift;
            if (number >= globals.length || globals[number]! < (result > 0 ? 1 : 2)) break;
          }
        } else if (form === (6 satisfies typeof Form.Branch)) {
          if (byte >= depth || byte >= 0x80) break;
          const target = byte === 0 ? block : blocks[depth - 1 - byte]!;
          if ((target & (0x200 satisfies typeof BlockBits.Plain)) === 0) {
            if ((target & (0x400 satisfies typeof BlockBits.PlainI32)) === 0 || (target & (0xff satisfies typeof BlockBits.Code)) === LOOP)
              break;
            if (left === base || operands[left - 1] !== I32) break;
          }
          if ((rule & (0x80 satisfies typeof Rule.Own)) !== 0) {
            left = base;
            block |= 0x100 satisfies typeof BlockBits.Unreachable;
          }
          at += 1;
        } else if (form === (7 satisfies typeof Form.Block)) {
          if ((byte !== 0x40 && byte !== I32) || depth === blocks.length) break;
          blocks[depth - 1] = block;
          depth += 1;
          base = left;
          block = opcode | (byte === 0x40 ? (0x200 satisfies typeof BlockBits.Plain) : (0x400 satisfies typeof BlockBits.PlainI32));
          block |= left << (11 satisfies typeof BlockBits.BaseShift);
          at += 1;
        } else if (form === (8 satisfies typeof Form.End)) {
          const isElse = (rule & (0x80 satisfies typeof Rule.Own)) !== 0;
          const isIf = (block & (0xff satisfies typeof BlockBits.Code)) === IF;
          if ((block & (0x200 satisfies typeof BlockBits.Plain)) !== 0) {
            if (top !== base) break;
          } else {
            // An if without else that gives something would have to take it.
            if ((block & (0x400 satisfies typeof BlockBits.PlainI32)) === 0 || isIf !== isElse) break;
            if (top !== base + 1 || operands[base] !== I32) break;
          }
          if (isElse) {
            if (!isIf) break;
            left = base;
            // Reachable again.
            block = (block & KEPT_BY_NEXT_PART) | opcode;
          } else {
            depth -= 1;
            if (depth === 0) limit = at;
            else {
              block = blocks[depth - 1]!;
              base = block >>> (11 satisfies typeof BlockBits.BaseShift);
            }
          }
        } else if (form === (9 satisfies typeof Form.Return)) {
          const body = depth === 1 ? block : blocks[0]!;
          if ((rule & (0x80 satisfies typeof Rule.Own)) === 0 && (body & (0x200 satisfies typeof BlockBits.Plain)) === 0) {
            if ((body & (0x400 satisfies typeof BlockBits.PlainI32)) === 0 || top === base || operands[top - 1] !== I32) break;
          }
          left = base;
          block |= 0x100 satisfies typeof BlockBits.Unreachable;
        } else break;
      }
      if (result > 0) {
        operands[left] = result;
        left += 1;
      }
      top = left;
      pos = at;
    }
    if (depth > 0) blocks[depth - 1] = block;
    reader.pos = pos;
    this.operandCount = top;
    this.base = base;
    this.depth = depth;
  }

  /**
   * Makes room for the operands that so many bytes of code may leave, one for each instruction of two bytes. False when they
   * may be more than are allowed: then the general rules have to count them.
   */
  private makeRoom(byteLength: number): boolean {
    const needed = this.operandCount + (byteLength >> 1) + 1;
    if (needed > MAX_OPERANDS) return false;
    while (this.operands.length < needed) this.growOperands();
    return true;
  }
}
