/**
 * The loop for vector operations (spec: execution/vector instructions): the interpreter's loop calls it at the first of
 * them, and it runs as many as follow one another. It touches the store's typed arrays and the memory that it is given;
 * it allocates nothing. Separate from the interpreter's loop, because V8 makes machine code of a
 * function only below a certain size (vm/interpreter.ts); the same rules keep it fast.
 *
 * A vector is four words from an index, the lane of lowest number first. Results may overwrite operands: see packed.ts.
 */
import type { Memory } from "./memory.ts";
import { canonicalNan64 } from "./numeric.ts";
import type { Wasm } from "./opcodes.ts";
import {
  absLanes,
  addLanes,
  addSatSLanes,
  addSatULanes,
  allTrueLanes,
  avgrLanes,
  bitmask8,
  bitmask16,
  dot8,
  dot8Add,
  dot16,
  eqLanes,
  extaddPairwise8S,
  extaddPairwise8U,
  extendS8,
  extendS16,
  extendU8,
  extendU16,
  extmulS8,
  extmulS16,
  extmulS32,
  extmulU8,
  extmulU16,
  extmulU32,
  ltLanes,
  minLanes,
  mul16,
  narrowS8,
  narrowS16,
  narrowU8,
  narrowU16,
  negLanes,
  popcntLanes,
  q15mulr16,
  SIGNS_8,
  SIGNS_16,
  shl64x2,
  shlLanes,
  shrS64x2,
  shrSLanes,
  shrU64x2,
  shrULanes,
  subLanes,
  subSatSLanes,
  subSatULanes,
  swizzle,
  widenS8,
} from "./packed.ts";
import {
  ceil32,
  ceil64,
  convertLowS,
  convertLowU,
  convertS32,
  convertU32,
  demote,
  div32,
  div64,
  floor32,
  floor64,
  madd32,
  madd64,
  max32,
  max64,
  min32,
  min64,
  nearest32,
  nearest64,
  pmax32,
  pmax64,
  pmin32,
  pmin64,
  promote,
  sqrt32,
  sqrt64,
  trunc32,
  trunc64,
  truncS32,
  truncS64,
  truncU32,
  truncU64,
} from "./packed-float.ts";
import { SIMD_BASE, type SimdOp } from "./simd-form.ts";
import type { Store } from "./store.ts";

const NAN_32 = 0x7fc00000;

/**
 * Runs vector operations from code index `pc` on in the frame whose first word is `fp2`, with memory 0 of its instance.
 * Returns the index of the first operation that is none of its own, or `~pc` of the one that accesses memory out of bounds.
 * Branches charge the budget of ticks; when that is below zero at the target, it comes back too.
 */
export type RunSimd = (pc: number, fp2: number, memory: Memory) => number;

/** The loop for one store, for as long as the store keeps its arrays (see makeInterpreter). `budget` is one word: ticks. */
export function makeSimd(store: Store, budget: Int32Array): RunSimd {
  const { i32, f32, f64, i64, code } = store;
  return makeRunSimd(budget, i32, f32, f64, i64, code.words, code.constI64, new Uint8Array(i32.buffer), new Uint16Array(i32.buffer));
}

/** The loop's closure over parameters, as that of the interpreter's loop. */
function makeRunSimd(
  budget: Int32Array,
  I: Int32Array,
  S: Float32Array,
  F: Float64Array,
  B: BigInt64Array,
  C: Int32Array,
  K: BigInt64Array,
  bytes: Uint8Array,
  halves: Uint16Array,
): RunSimd {
  return function runSimd(start: number, fp2: number, memory: Memory): number {
    let pc = start;
    let x = 0;
    let y = 0;
    let z = 0;
    let t = 0;
    let r = 0.5;
    for (;;) {
      // Operands ahead of knowing how many there are, as in the interpreter's loop.
      let d = fp2 + C[pc + 1]!;
      let a = fp2 + C[pc + 2]!;
      let b = fp2 + C[pc + 3]!;
      switch (C[pc]!) {
        case 0xfd000 satisfies typeof Wasm.V128Load:
          t = (I[a]! >>> 0) + (C[pc + 3]! >>> 0);
          if (t > memory.byteLength - 16) return ~pc;
          if ((t & 7) === 0) {
            const words = memory.i64;
            t >>>= 3;
            d >>>= 1;
            B[d] = BigInt.asIntN(64, words[t]!);
            B[d + 1] = BigInt.asIntN(64, words[t + 1]!);
          } else {
            const { view } = memory;
            I[d] = view.getInt32(t, true);
            I[d + 1] = view.getInt32(t + 4, true);
            I[d + 2] = view.getInt32(t + 8, true);
            I[d + 3] = view.getInt32(t + 12, true);
          }
          pc += 4;
          continue;
        case 0xfd00b satisfies typeof Wasm.V128Store:
          t = (I[d]! >>> 0) + (C[pc + 3]! >>> 0);
          if (t > memory.byteLength - 16) return ~pc;
          {
            const { view } = memory;
            // By words, as they were most likely computed: reading whole what was just written in parts is slow.
            view.setInt32(t, I[a]!, true);
            view.setInt32(t + 4, I[a + 1]!, true);
            view.setInt32(t + 8, I[a + 2]!, true);
            view.setInt32(t + 12, I[a + 3]!, true);
          }
          memory.dirty[t >>> 12] = 1;
          pc += 4;
          continue;
        case 0xfd001 satisfies typeof Wasm.V128Load8x8S:
          t = (I[a]! >>> 0) + (C[pc + 3]! >>> 0);
          if (t > memory.byteLength - 8) return ~pc;
          x = memory.view.getInt32(t, true);
          y = memory.view.getInt32(t + 4, true);
          I[d] = widenS8(x);
          I[d + 1] = widenS8(x >>> 16);
          I[d + 2] = widenS8(y);
          I[d + 3] = widenS8(y >>> 16);
          pc += 4;
          continue;
        case 0xfd002 satisfies typeof Wasm.V128Load8x8U:
          t = (I[a]! >>> 0) + (C[pc + 3]! >>> 0);
          if (t > memory.byteLength - 8) return ~pc;
          x = memory.view.getInt32(t, true);
          y = memory.view.getInt32(t + 4, true);
          I[d] = (x & 0xff) | ((x & 0xff00) << 8);
          I[d + 1] = ((x >>> 16) & 0xff) | ((x >>> 8) & 0xff0000);
          I[d + 2] = (y & 0xff) | ((y & 0xff00) << 8);
          I[d + 3] = ((y >>> 16) & 0xff) | ((y >>> 8) & 0xff0000);
          pc += 4;
          continue;
        case 0xfd003 satisfies typeof Wasm.V128Load16x4S:
          t = (I[a]! >>> 0) + (C[pc + 3]! >>> 0);
          if (t > memory.byteLength - 8) return ~pc;
          x = memory.view.getInt32(t, true);
          y = memory.view.getInt32(t + 4, true);
          I[d] = (x << 16) >> 16;
          I[d + 1] = x >> 16;
          I[d + 2] = (y << 16) >> 16;
          I[d + 3] = y >> 16;
          pc += 4;
          continue;
        case 0xfd004 satisfies typeof Wasm.V128Load16x4U:
          t = (I[a]! >>> 0) + (C[pc + 3]! >>> 0);
          if (t > memory.byteLength - 8) return ~pc;
          x = memory.view.getInt32(t, true);
          y = memory.view.getInt32(t + 4, true);
          I[d] = x & 0xffff;
          I[d + 1] = x >>> 16;
          I[d + 2] = y & 0xffff;
          I[d + 3] = y >>> 16;
          pc += 4;
          continue;
        case 0xfd005 satisfies typeof Wasm.V128Load32x2S:
          t = (I[a]! >>> 0) + (C[pc + 3]! >>> 0);
          if (t > memory.byteLength - 8) return ~pc;
          x = memory.view.getInt32(t, true);
          y = memory.view.getInt32(t + 4, true);
          I[d] = x;
          I[d + 1] = x >> 31;
          I[d + 2] = y;
          I[d + 3] = y >> 31;
          pc += 4;
          continue;
        case 0xfd006 satisfies typeof Wasm.V128Load32x2U:
          t = (I[a]! >>> 0) + (C[pc + 3]! >>> 0);
          if (t > memory.byteLength - 8) return ~pc;
          x = memory.view.getInt32(t, true);
          y = memory.view.getInt32(t + 4, true);
          I[d] = x;
          I[d + 1] = 0;
          I[d + 2] = y;
          I[d + 3] = 0;
          pc += 4;
          continue;
        case 0xfd007 satisfies typeof Wasm.V128Load8Splat:
          t = (I[a]! >>> 0) + (C[pc + 3]! >>> 0);
          if (t > memory.byteLength - 1) return ~pc;
          x = Math.imul(memory.view.getUint8(t), 0x01010101);
          I[d] = x;
          I[d + 1] = x;
          I[d + 2] = x;
          I[d + 3] = x;
          pc += 4;
          continue;
        case 0xfd008 satisfies typeof Wasm.V128Load16Splat:
          t = (I[a]! >>> 0) + (C[pc + 3]! >>> 0);
          if (t > memory.byteLength - 2) return ~pc;
          x = Math.imul(memory.view.getUint16(t, true), 0x00010001);
          I[d] = x;
          I[d + 1] = x;
          I[d + 2] = x;
          I[d + 3] = x;
          pc += 4;
          continue;
        case 0xfd009 satisfies typeof Wasm.V128Load32Splat:
          t = (I[a]! >>> 0) + (C[pc + 3]! >>> 0);
          if (t > memory.byteLength - 4) return ~pc;
          x = memory.view.getInt32(t, true);
          I[d] = x;
          I[d + 1] = x;
          I[d + 2] = x;
          I[d + 3] = x;
          pc += 4;
          continue;
        case 0xfd00a satisfies typeof Wasm.V128Load64Splat:
          t = (I[a]! >>> 0) + (C[pc + 3]! >>> 0);
          if (t > memory.byteLength - 8) return ~pc;
          x = memory.view.getInt32(t, true);
          y = memory.view.getInt32(t + 4, true);
          I[d] = x;
          I[d + 1] = y;
          I[d + 2] = x;
          I[d + 3] = y;
          pc += 4;
          continue;
        case 0xfd05c satisfies typeof Wasm.V128Load32Zero:
          t = (I[a]! >>> 0) + (C[pc + 3]! >>> 0);
          if (t > memory.byteLength - 4) return ~pc;
          I[d] = memory.view.getInt32(t, true);
          I[d + 1] = 0;
          I[d + 2] = 0;
          I[d + 3] = 0;
          pc += 4;
          continue;
        case 0xfd05d satisfies typeof Wasm.V128Load64Zero:
          t = (I[a]! >>> 0) + (C[pc + 3]! >>> 0);
          if (t > memory.byteLength - 8) return ~pc;
          x = memory.view.getInt32(t, true);
          y = memory.view.getInt32(t + 4, true);
          I[d] = x;
          I[d + 1] = y;
          I[d + 2] = 0;
          I[d + 3] = 0;
          pc += 4;
          continue;
        case 0xfd054 satisfies typeof Wasm.V128Load8Lane:
          t = (I[a]! >>> 0) + (C[pc + 4]! >>> 0);
          if (t > memory.byteLength - 1) return ~pc;
          replaceLane(I, d, b, memory.view.getUint8(t), C[pc + 5]!, 8);
          pc += 6;
          continue;
        case 0xfd055 satisfies typeof Wasm.V128Load16Lane:
          t = (I[a]! >>> 0) + (C[pc + 4]! >>> 0);
          if (t > memory.byteLength - 2) return ~pc;
          replaceLane(I, d, b, memory.view.getUint16(t, true), C[pc + 5]!, 16);
          pc += 6;
          continue;
        case 0xfd056 satisfies typeof Wasm.V128Load32Lane:
          t = (I[a]! >>> 0) + (C[pc + 4]! >>> 0);
          if (t > memory.byteLength - 4) return ~pc;
          x = memory.view.getInt32(t, true);
          I[d] = I[b]!;
          I[d + 1] = I[b + 1]!;
          I[d + 2] = I[b + 2]!;
          I[d + 3] = I[b + 3]!;
          I[d + C[pc + 5]!] = x;
          pc += 6;
          continue;
        case 0xfd057 satisfies typeof Wasm.V128Load64Lane:
          t = (I[a]! >>> 0) + (C[pc + 4]! >>> 0);
          if (t > memory.byteLength - 8) return ~pc;
          x = memory.view.getInt32(t, true);
          y = memory.view.getInt32(t + 4, true);
          I[d] = I[b]!;
          I[d + 1] = I[b + 1]!;
          I[d + 2] = I[b + 2]!;
          I[d + 3] = I[b + 3]!;
          t = d + C[pc + 5]! * 2;
          I[t] = x;
          I[t + 1] = y;
          pc += 6;
          continue;
        case 0xfd058 satisfies typeof Wasm.V128Store8Lane:
          t = (I[d]! >>> 0) + (C[pc + 3]! >>> 0);
          if (t > memory.byteLength - 1) return ~pc;
          x = C[pc + 4]!;
          memory.view.setInt8(t, I[a + (x >> 2)]! >> ((x & 3) * 8));
          memory.dirty[t >>> 12] = 1;
          pc += 5;
          continue;
        case 0xfd059 satisfies typeof Wasm.V128Store16Lane:
          t = (I[d]! >>> 0) + (C[pc + 3]! >>> 0);
          if (t > memory.byteLength - 2) return ~pc;
          x = C[pc + 4]!;
          memory.view.setInt16(t, I[a + (x >> 1)]! >> ((x & 1) * 16), true);
          memory.dirty[t >>> 12] = 1;
          pc += 5;
          continue;
        case 0xfd05a satisfies typeof Wasm.V128Store32Lane:
          t = (I[d]! >>> 0) + (C[pc + 3]! >>> 0);
          if (t > memory.byteLength - 4) return ~pc;
          memory.view.setInt32(t, I[a + C[pc + 4]!]!, true);
          memory.dirty[t >>> 12] = 1;
          pc += 5;
          continue;
        case 0xfd05b satisfies typeof Wasm.V128Store64Lane:
          t = (I[d]! >>> 0) + (C[pc + 3]! >>> 0);
          if (t > memory.byteLength - 8) return ~pc;
          x = a + C[pc + 4]! * 2;
          memory.view.setInt32(t, I[x]!, true);
          memory.view.setInt32(t + 4, I[x + 1]!, true);
          memory.dirty[t >>> 12] = 1;
          pc += 5;
          continue;
        case 0xfd12f satisfies typeof SimdOp.F32x4MulAdd:
          t = fp2 + C[pc + 4]!;
          r = Math.fround(S[a]! * S[b]!) + S[t]!;
          S[d] = r;
          if (r !== r) I[d] = NAN_32;
          r = Math.fround(S[a + 1]! * S[b + 1]!) + S[t + 1]!;
          S[d + 1] = r;
          if (r !== r) I[d + 1] = NAN_32;
          r = Math.fround(S[a + 2]! * S[b + 2]!) + S[t + 2]!;
          S[d + 2] = r;
          if (r !== r) I[d + 2] = NAN_32;
          r = Math.fround(S[a + 3]! * S[b + 3]!) + S[t + 3]!;
          S[d + 3] = r;
          if (r !== r) I[d + 3] = NAN_32;
          pc += 5;
          continue;
        case 0xfd130 satisfies typeof SimdOp.F32x4MulSub:
          t = fp2 + C[pc + 4]!;
          r = Math.fround(S[a]! * S[b]!) - S[t]!;
          S[d] = r;
          if (r !== r) I[d] = NAN_32;
          r = Math.fround(S[a + 1]! * S[b + 1]!) - S[t + 1]!;
          S[d + 1] = r;
          if (r !== r) I[d + 1] = NAN_32;
          r = Math.fround(S[a + 2]! * S[b + 2]!) - S[t + 2]!;
          S[d + 2] = r;
          if (r !== r) I[d + 2] = NAN_32;
          r = Math.fround(S[a + 3]! * S[b + 3]!) - S[t + 3]!;
          S[d + 3] = r;
          if (r !== r) I[d + 3] = NAN_32;
          pc += 5;
          continue;
        case 0xfd131 satisfies typeof SimdOp.F32x4SubMul:
          t = fp2 + C[pc + 4]!;
          r = S[t]! - Math.fround(S[a]! * S[b]!);
          S[d] = r;
          if (r !== r) I[d] = NAN_32;
          r = S[t + 1]! - Math.fround(S[a + 1]! * S[b + 1]!);
          S[d + 1] = r;
          if (r !== r) I[d + 1] = NAN_32;
          r = S[t + 2]! - Math.fround(S[a + 2]! * S[b + 2]!);
          S[d + 2] = r;
          if (r !== r) I[d + 2] = NAN_32;
          r = S[t + 3]! - Math.fround(S[a + 3]! * S[b + 3]!);
          S[d + 3] = r;
          if (r !== r) I[d + 3] = NAN_32;
          pc += 5;
          continue;
        case 0xfd132 satisfies typeof SimdOp.F64x2MulAdd:
          t = fp2 + C[pc + 4]!;
          a >>>= 1;
          b >>>= 1;
          t >>>= 1;
          x = d >>> 1;
          r = F[a]! * F[b]! + F[t]!;
          F[x] = r;
          if (r !== r) canonicalNan64(I, d);
          r = F[a + 1]! * F[b + 1]! + F[t + 1]!;
          F[x + 1] = r;
          if (r !== r) canonicalNan64(I, d + 2);
          pc += 5;
          continue;
        case 0xfd133 satisfies typeof SimdOp.F64x2MulSub:
          t = fp2 + C[pc + 4]!;
          a >>>= 1;
          b >>>= 1;
          t >>>= 1;
          x = d >>> 1;
          r = F[a]! * F[b]! - F[t]!;
          F[x] = r;
          if (r !== r) canonicalNan64(I, d);
          r = F[a + 1]! * F[b + 1]! - F[t + 1]!;
          F[x + 1] = r;
          if (r !== r) canonicalNan64(I, d + 2);
          pc += 5;
          continue;
        case 0xfd134 satisfies typeof SimdOp.F64x2SubMul:
          t = fp2 + C[pc + 4]!;
          a >>>= 1;
          b >>>= 1;
          t >>>= 1;
          x = d >>> 1;
          r = F[t]! - F[a]! * F[b]!;
          F[x] = r;
          if (r !== r) canonicalNan64(I, d);
          r = F[t + 1]! - F[a + 1]! * F[b + 1]!;
          F[x + 1] = r;
          if (r !== r) canonicalNan64(I, d + 2);
          pc += 5;
          continue;
        case 0xfd135 satisfies typeof SimdOp.I32Add:
          I[d] = (I[a]! + I[b]!) | 0;
          pc += 4;
          continue;
        case 0xfd136 satisfies typeof SimdOp.I32AddK:
          I[d] = (I[a]! + C[pc + 3]!) | 0;
          pc += 4;
          continue;
        case 0xfd137 satisfies typeof SimdOp.I32ShlK:
          I[d] = I[a]! << C[pc + 3]!;
          pc += 4;
          continue;
        case 0xfd138 satisfies typeof SimdOp.I32AndK:
          I[d] = I[a]! & C[pc + 3]!;
          pc += 4;
          continue;
        case 0xfd139 satisfies typeof SimdOp.I32ShlAdd:
          I[d] = ((I[a]! << C[pc + 3]!) + I[fp2 + C[pc + 4]!]!) | 0;
          pc += 5;
          continue;
        case 0xfd13a satisfies typeof SimdOp.I32ShlAddK:
          I[d] = ((I[a]! << C[pc + 3]!) + C[pc + 4]!) | 0;
          pc += 5;
          continue;
        case 0xfd13b satisfies typeof SimdOp.Mov32:
          I[d] = I[a]!;
          pc += 3;
          continue;
        case 0xfd13c satisfies typeof SimdOp.Const32:
          I[d] = C[pc + 2]!;
          pc += 3;
          continue;
        case 0xfd13d satisfies typeof SimdOp.I32Eqz:
          I[d] = I[a]! === 0 ? 1 : 0;
          pc += 3;
          continue;
        case 0xfd13e satisfies typeof SimdOp.BrNz:
          if (I[b]! !== 0) break;
          pc += 4;
          continue;
        case 0xfd13f satisfies typeof SimdOp.BrZ:
          if (I[b]! === 0) break;
          pc += 4;
          continue;
        case 0xfd140 satisfies typeof SimdOp.BrAddKNe:
          t = (I[fp2 + C[pc + 4]!]! + C[pc + 5]!) | 0;
          I[b] = t;
          if (t !== I[fp2 + C[pc + 6]!]!) break;
          pc += 7;
          continue;
        case 0xfd141 satisfies typeof SimdOp.BrAddKNeK:
          t = (I[fp2 + C[pc + 4]!]! + C[pc + 5]!) | 0;
          I[b] = t;
          if (t !== C[pc + 6]!) break;
          pc += 7;
          continue;
        case 0xfd142 satisfies typeof SimdOp.BrAddKLtS:
          t = (I[fp2 + C[pc + 4]!]! + C[pc + 5]!) | 0;
          I[b] = t;
          if (t < I[fp2 + C[pc + 6]!]!) break;
          pc += 7;
          continue;
        case 0xfd143 satisfies typeof SimdOp.BrAddKLtSK:
          t = (I[fp2 + C[pc + 4]!]! + C[pc + 5]!) | 0;
          I[b] = t;
          if (t < C[pc + 6]!) break;
          pc += 7;
          continue;
        case 0xfd144 satisfies typeof SimdOp.BrAddKLtU:
          t = (I[fp2 + C[pc + 4]!]! + C[pc + 5]!) | 0;
          I[b] = t;
          if (t >>> 0 < I[fp2 + C[pc + 6]!]! >>> 0) break;
          pc += 7;
          continue;
        case 0xfd145 satisfies typeof SimdOp.BrAddKLtUK:
          t = (I[fp2 + C[pc + 4]!]! + C[pc + 5]!) | 0;
          I[b] = t;
          if (t >>> 0 < C[pc + 6]! >>> 0) break;
          pc += 7;
          continue;
        case 0xfd146 satisfies typeof SimdOp.BrAddLtU:
          t = (I[fp2 + C[pc + 4]!]! + I[fp2 + C[pc + 5]!]!) | 0;
          I[b] = t;
          if (t >>> 0 < I[fp2 + C[pc + 6]!]! >>> 0) break;
          pc += 7;
          continue;
        case 0xfd147 satisfies typeof SimdOp.BrAddLtUK:
          t = (I[fp2 + C[pc + 4]!]! + I[fp2 + C[pc + 5]!]!) | 0;
          I[b] = t;
          if (t >>> 0 < C[pc + 6]! >>> 0) break;
          pc += 7;
          continue;
        case 0xfd148 satisfies typeof SimdOp.BrAddKNz:
          t = (I[fp2 + C[pc + 4]!]! + C[pc + 5]!) | 0;
          I[b] = t;
          if (t !== 0) break;
          pc += 6;
          continue;
        case 0xfd120 satisfies typeof SimdOp.Mov:
          B[d >>> 1] = BigInt.asIntN(64, B[a >>> 1]!);
          B[(d >>> 1) + 1] = BigInt.asIntN(64, B[(a >>> 1) + 1]!);
          pc += 3;
          continue;
        case 0xfd00c satisfies typeof Wasm.V128Const:
          B[d >>> 1] = BigInt.asIntN(64, K[C[pc + 2]!]!);
          B[(d >>> 1) + 1] = BigInt.asIntN(64, K[C[pc + 3]!]!);
          pc += 4;
          continue;
        case 0xfd121 satisfies typeof SimdOp.Shuffle32:
          x = I[a]!;
          y = I[b]!;
          t = I[fp2 + C[pc + 4]!]!;
          z = I[fp2 + C[pc + 5]!]!;
          I[d + 3] = z;
          I[d + 2] = t;
          I[d + 1] = y;
          I[d] = x;
          pc += 6;
          continue;
        case 0xfd122 satisfies typeof SimdOp.Shuffle16:
          shuffle16(halves, C, I, d, fp2 << 1, pc + 2);
          pc += 10;
          continue;
        case 0xfd00d satisfies typeof Wasm.I8x16Shuffle:
          shuffle8(bytes, C, I, d, fp2 << 2, pc + 2);
          pc += 18;
          continue;
        case 0xfd00e satisfies typeof Wasm.I8x16Swizzle:
        case 0xfd100 satisfies typeof Wasm.I8x16RelaxedSwizzle:
          swizzle(I, d, a, b);
          pc += 4;
          continue;
        case 0xfd00f satisfies typeof Wasm.I8x16Splat:
          x = Math.imul(I[a]! & 0xff, 0x01010101);
          I[d] = x;
          I[d + 1] = x;
          I[d + 2] = x;
          I[d + 3] = x;
          pc += 3;
          continue;
        case 0xfd010 satisfies typeof Wasm.I16x8Splat:
          x = Math.imul(I[a]! & 0xffff, 0x00010001);
          I[d] = x;
          I[d + 1] = x;
          I[d + 2] = x;
          I[d + 3] = x;
          pc += 3;
          continue;
        case 0xfd011 satisfies typeof Wasm.I32x4Splat:
        case 0xfd013 satisfies typeof Wasm.F32x4Splat:
          x = I[a]!;
          I[d] = x;
          I[d + 1] = x;
          I[d + 2] = x;
          I[d + 3] = x;
          pc += 3;
          continue;
        case 0xfd012 satisfies typeof Wasm.I64x2Splat:
        case 0xfd014 satisfies typeof Wasm.F64x2Splat:
          x = I[a]!;
          y = I[a + 1]!;
          I[d] = x;
          I[d + 1] = y;
          I[d + 2] = x;
          I[d + 3] = y;
          pc += 3;
          continue;
        case 0xfd015 satisfies typeof Wasm.I8x16ExtractLaneS:
          I[d] = (I[a + (C[pc + 3]! >> 2)]! << (24 - (C[pc + 3]! & 3) * 8)) >> 24;
          pc += 4;
          continue;
        case 0xfd016 satisfies typeof Wasm.I8x16ExtractLaneU:
          I[d] = (I[a + (C[pc + 3]! >> 2)]! >>> ((C[pc + 3]! & 3) * 8)) & 0xff;
          pc += 4;
          continue;
        case 0xfd018 satisfies typeof Wasm.I16x8ExtractLaneS:
          I[d] = (I[a + (C[pc + 3]! >> 1)]! << (16 - (C[pc + 3]! & 1) * 16)) >> 16;
          pc += 4;
          continue;
        case 0xfd019 satisfies typeof Wasm.I16x8ExtractLaneU:
          I[d] = (I[a + (C[pc + 3]! >> 1)]! >>> ((C[pc + 3]! & 1) * 16)) & 0xffff;
          pc += 4;
          continue;
        case 0xfd01b satisfies typeof Wasm.I32x4ExtractLane:
        case 0xfd01f satisfies typeof Wasm.F32x4ExtractLane:
          I[d] = I[a + C[pc + 3]!]!;
          pc += 4;
          continue;
        case 0xfd01d satisfies typeof Wasm.I64x2ExtractLane:
        case 0xfd021 satisfies typeof Wasm.F64x2ExtractLane:
          B[d >>> 1] = BigInt.asIntN(64, B[(a >>> 1) + C[pc + 3]!]!);
          pc += 4;
          continue;
        case 0xfd017 satisfies typeof Wasm.I8x16ReplaceLane:
          replaceLane(I, d, a, I[b]!, C[pc + 4]!, 8);
          pc += 5;
          continue;
        case 0xfd01a satisfies typeof Wasm.I16x8ReplaceLane:
          replaceLane(I, d, a, I[b]!, C[pc + 4]!, 16);
          pc += 5;
          continue;
        case 0xfd01c satisfies typeof Wasm.I32x4ReplaceLane:
        case 0xfd020 satisfies typeof Wasm.F32x4ReplaceLane:
          x = I[b]!;
          I[d] = I[a]!;
          I[d + 1] = I[a + 1]!;
          I[d + 2] = I[a + 2]!;
          I[d + 3] = I[a + 3]!;
          I[d + C[pc + 4]!] = x;
          pc += 5;
          continue;
        case 0xfd01e satisfies typeof Wasm.I64x2ReplaceLane:
        case 0xfd022 satisfies typeof Wasm.F64x2ReplaceLane:
          x = I[b]!;
          y = I[b + 1]!;
          I[d] = I[a]!;
          I[d + 1] = I[a + 1]!;
          I[d + 2] = I[a + 2]!;
          I[d + 3] = I[a + 3]!;
          t = d + C[pc + 4]! * 2;
          I[t] = x;
          I[t + 1] = y;
          pc += 5;
          continue;
        case 0xfd023 satisfies typeof Wasm.I8x16Eq:
          eqLanes(I, d, a, b, SIGNS_8, 8, 0);
          pc += 4;
          continue;
        case 0xfd024 satisfies typeof Wasm.I8x16Ne:
          eqLanes(I, d, a, b, SIGNS_8, 8, -1);
          pc += 4;
          continue;
        case 0xfd025 satisfies typeof Wasm.I8x16LtS:
          ltLanes(I, d, a, b, SIGNS_8, 8, SIGNS_8, 0);
          pc += 4;
          continue;
        case 0xfd027 satisfies typeof Wasm.I8x16GtS:
          ltLanes(I, d, b, a, SIGNS_8, 8, SIGNS_8, 0);
          pc += 4;
          continue;
        case 0xfd029 satisfies typeof Wasm.I8x16LeS:
          ltLanes(I, d, b, a, SIGNS_8, 8, SIGNS_8, -1);
          pc += 4;
          continue;
        case 0xfd02b satisfies typeof Wasm.I8x16GeS:
          ltLanes(I, d, a, b, SIGNS_8, 8, SIGNS_8, -1);
          pc += 4;
          continue;
        case 0xfd076 satisfies typeof Wasm.I8x16MinS:
          minLanes(I, d, a, b, SIGNS_8, 8, SIGNS_8, 0);
          pc += 4;
          continue;
        case 0xfd078 satisfies typeof Wasm.I8x16MaxS:
          minLanes(I, d, a, b, SIGNS_8, 8, SIGNS_8, -1);
          pc += 4;
          continue;
        case 0xfd026 satisfies typeof Wasm.I8x16LtU:
          ltLanes(I, d, a, b, SIGNS_8, 8, 0, 0);
          pc += 4;
          continue;
        case 0xfd028 satisfies typeof Wasm.I8x16GtU:
          ltLanes(I, d, b, a, SIGNS_8, 8, 0, 0);
          pc += 4;
          continue;
        case 0xfd02a satisfies typeof Wasm.I8x16LeU:
          ltLanes(I, d, b, a, SIGNS_8, 8, 0, -1);
          pc += 4;
          continue;
        case 0xfd02c satisfies typeof Wasm.I8x16GeU:
          ltLanes(I, d, a, b, SIGNS_8, 8, 0, -1);
          pc += 4;
          continue;
        case 0xfd077 satisfies typeof Wasm.I8x16MinU:
          minLanes(I, d, a, b, SIGNS_8, 8, 0, 0);
          pc += 4;
          continue;
        case 0xfd079 satisfies typeof Wasm.I8x16MaxU:
          minLanes(I, d, a, b, SIGNS_8, 8, 0, -1);
          pc += 4;
          continue;
        case 0xfd06e satisfies typeof Wasm.I8x16Add:
          addLanes(I, d, a, b, SIGNS_8);
          pc += 4;
          continue;
        case 0xfd071 satisfies typeof Wasm.I8x16Sub:
          subLanes(I, d, a, b, SIGNS_8);
          pc += 4;
          continue;
        case 0xfd061 satisfies typeof Wasm.I8x16Neg:
          negLanes(I, d, a, SIGNS_8);
          pc += 3;
          continue;
        case 0xfd060 satisfies typeof Wasm.I8x16Abs:
          absLanes(I, d, a, SIGNS_8, 8);
          pc += 3;
          continue;
        case 0xfd06f satisfies typeof Wasm.I8x16AddSatS:
          addSatSLanes(I, d, a, b, SIGNS_8, 8);
          pc += 4;
          continue;
        case 0xfd070 satisfies typeof Wasm.I8x16AddSatU:
          addSatULanes(I, d, a, b, SIGNS_8, 8);
          pc += 4;
          continue;
        case 0xfd072 satisfies typeof Wasm.I8x16SubSatS:
          subSatSLanes(I, d, a, b, SIGNS_8, 8);
          pc += 4;
          continue;
        case 0xfd073 satisfies typeof Wasm.I8x16SubSatU:
          subSatULanes(I, d, a, b, SIGNS_8, 8);
          pc += 4;
          continue;
        case 0xfd07b satisfies typeof Wasm.I8x16AvgrU:
          avgrLanes(I, d, a, b, SIGNS_8);
          pc += 4;
          continue;
        case 0xfd06b satisfies typeof Wasm.I8x16Shl:
          shlLanes(I, d, a, I[b]!, 8);
          pc += 4;
          continue;
        case 0xfd06c satisfies typeof Wasm.I8x16ShrS:
          shrSLanes(I, d, a, I[b]!, SIGNS_8, 8);
          pc += 4;
          continue;
        case 0xfd06d satisfies typeof Wasm.I8x16ShrU:
          shrULanes(I, d, a, I[b]!, 8);
          pc += 4;
          continue;
        case 0xfd123 satisfies typeof SimdOp.I8x16ShlK:
          shlLanes(I, d, a, C[pc + 3]!, 8);
          pc += 4;
          continue;
        case 0xfd124 satisfies typeof SimdOp.I8x16ShrSK:
          shrSLanes(I, d, a, C[pc + 3]!, SIGNS_8, 8);
          pc += 4;
          continue;
        case 0xfd125 satisfies typeof SimdOp.I8x16ShrUK:
          shrULanes(I, d, a, C[pc + 3]!, 8);
          pc += 4;
          continue;
        case 0xfd063 satisfies typeof Wasm.I8x16AllTrue:
          I[d] = allTrueLanes(I, a, SIGNS_8);
          pc += 3;
          continue;
        case 0xfd064 satisfies typeof Wasm.I8x16Bitmask:
          I[d] = bitmask8(I, a);
          pc += 3;
          continue;
        case 0xfd02d satisfies typeof Wasm.I16x8Eq:
          eqLanes(I, d, a, b, SIGNS_16, 16, 0);
          pc += 4;
          continue;
        case 0xfd02e satisfies typeof Wasm.I16x8Ne:
          eqLanes(I, d, a, b, SIGNS_16, 16, -1);
          pc += 4;
          continue;
        case 0xfd02f satisfies typeof Wasm.I16x8LtS:
          ltLanes(I, d, a, b, SIGNS_16, 16, SIGNS_16, 0);
          pc += 4;
          continue;
        case 0xfd031 satisfies typeof Wasm.I16x8GtS:
          ltLanes(I, d, b, a, SIGNS_16, 16, SIGNS_16, 0);
          pc += 4;
          continue;
        case 0xfd033 satisfies typeof Wasm.I16x8LeS:
          ltLanes(I, d, b, a, SIGNS_16, 16, SIGNS_16, -1);
          pc += 4;
          continue;
        case 0xfd035 satisfies typeof Wasm.I16x8GeS:
          ltLanes(I, d, a, b, SIGNS_16, 16, SIGNS_16, -1);
          pc += 4;
          continue;
        case 0xfd096 satisfies typeof Wasm.I16x8MinS:
          minLanes(I, d, a, b, SIGNS_16, 16, SIGNS_16, 0);
          pc += 4;
          continue;
        case 0xfd098 satisfies typeof Wasm.I16x8MaxS:
          minLanes(I, d, a, b, SIGNS_16, 16, SIGNS_16, -1);
          pc += 4;
          continue;
        case 0xfd030 satisfies typeof Wasm.I16x8LtU:
          ltLanes(I, d, a, b, SIGNS_16, 16, 0, 0);
          pc += 4;
          continue;
        case 0xfd032 satisfies typeof Wasm.I16x8GtU:
          ltLanes(I, d, b, a, SIGNS_16, 16, 0, 0);
          pc += 4;
          continue;
        case 0xfd034 satisfies typeof Wasm.I16x8LeU:
          ltLanes(I, d, b, a, SIGNS_16, 16, 0, -1);
          pc += 4;
          continue;
        case 0xfd036 satisfies typeof Wasm.I16x8GeU:
          ltLanes(I, d, a, b, SIGNS_16, 16, 0, -1);
          pc += 4;
          continue;
        case 0xfd097 satisfies typeof Wasm.I16x8MinU:
          minLanes(I, d, a, b, SIGNS_16, 16, 0, 0);
          pc += 4;
          continue;
        case 0xfd099 satisfies typeof Wasm.I16x8MaxU:
          minLanes(I, d, a, b, SIGNS_16, 16, 0, -1);
          pc += 4;
          continue;
        case 0xfd08e satisfies typeof Wasm.I16x8Add:
          addLanes(I, d, a, b, SIGNS_16);
          pc += 4;
          continue;
        case 0xfd091 satisfies typeof Wasm.I16x8Sub:
          subLanes(I, d, a, b, SIGNS_16);
          pc += 4;
          continue;
        case 0xfd081 satisfies typeof Wasm.I16x8Neg:
          negLanes(I, d, a, SIGNS_16);
          pc += 3;
          continue;
        case 0xfd080 satisfies typeof Wasm.I16x8Abs:
          absLanes(I, d, a, SIGNS_16, 16);
          pc += 3;
          continue;
        case 0xfd08f satisfies typeof Wasm.I16x8AddSatS:
          addSatSLanes(I, d, a, b, SIGNS_16, 16);
          pc += 4;
          continue;
        case 0xfd090 satisfies typeof Wasm.I16x8AddSatU:
          addSatULanes(I, d, a, b, SIGNS_16, 16);
          pc += 4;
          continue;
        case 0xfd092 satisfies typeof Wasm.I16x8SubSatS:
          subSatSLanes(I, d, a, b, SIGNS_16, 16);
          pc += 4;
          continue;
        case 0xfd093 satisfies typeof Wasm.I16x8SubSatU:
          subSatULanes(I, d, a, b, SIGNS_16, 16);
          pc += 4;
          continue;
        case 0xfd09b satisfies typeof Wasm.I16x8AvgrU:
          avgrLanes(I, d, a, b, SIGNS_16);
          pc += 4;
          continue;
        case 0xfd08b satisfies typeof Wasm.I16x8Shl:
          shlLanes(I, d, a, I[b]!, 16);
          pc += 4;
          continue;
        case 0xfd08c satisfies typeof Wasm.I16x8ShrS:
          shrSLanes(I, d, a, I[b]!, SIGNS_16, 16);
          pc += 4;
          continue;
        case 0xfd08d satisfies typeof Wasm.I16x8ShrU:
          shrULanes(I, d, a, I[b]!, 16);
          pc += 4;
          continue;
        case 0xfd126 satisfies typeof SimdOp.I16x8ShlK:
          shlLanes(I, d, a, C[pc + 3]!, 16);
          pc += 4;
          continue;
        case 0xfd127 satisfies typeof SimdOp.I16x8ShrSK:
          shrSLanes(I, d, a, C[pc + 3]!, SIGNS_16, 16);
          pc += 4;
          continue;
        case 0xfd128 satisfies typeof SimdOp.I16x8ShrUK:
          shrULanes(I, d, a, C[pc + 3]!, 16);
          pc += 4;
          continue;
        case 0xfd083 satisfies typeof Wasm.I16x8AllTrue:
          I[d] = allTrueLanes(I, a, SIGNS_16);
          pc += 3;
          continue;
        case 0xfd084 satisfies typeof Wasm.I16x8Bitmask:
          I[d] = bitmask16(I, a);
          pc += 3;
          continue;
        case 0xfd062 satisfies typeof Wasm.I8x16Popcnt:
          popcntLanes(I, d, a);
          pc += 3;
          continue;
        case 0xfd065 satisfies typeof Wasm.I8x16NarrowI16x8S:
          narrowS8(I, d, a, b);
          pc += 4;
          continue;
        case 0xfd066 satisfies typeof Wasm.I8x16NarrowI16x8U:
          narrowU8(I, d, a, b);
          pc += 4;
          continue;
        case 0xfd085 satisfies typeof Wasm.I16x8NarrowI32x4S:
          narrowS16(I, d, a, b);
          pc += 4;
          continue;
        case 0xfd086 satisfies typeof Wasm.I16x8NarrowI32x4U:
          narrowU16(I, d, a, b);
          pc += 4;
          continue;
        case 0xfd087 satisfies typeof Wasm.I16x8ExtendLowI8x16S:
          extendS8(I, d, a);
          pc += 3;
          continue;
        case 0xfd088 satisfies typeof Wasm.I16x8ExtendHighI8x16S:
          extendS8(I, d, a + 2);
          pc += 3;
          continue;
        case 0xfd0a7 satisfies typeof Wasm.I32x4ExtendLowI16x8S:
          extendS16(I, d, a);
          pc += 3;
          continue;
        case 0xfd0a8 satisfies typeof Wasm.I32x4ExtendHighI16x8S:
          extendS16(I, d, a + 2);
          pc += 3;
          continue;
        case 0xfd0c7 satisfies typeof Wasm.I64x2ExtendLowI32x4S:
          x = I[a]!;
          y = I[a + 1]!;
          I[d] = x;
          I[d + 1] = x >> 31;
          I[d + 2] = y;
          I[d + 3] = y >> 31;
          pc += 3;
          continue;
        case 0xfd09c satisfies typeof Wasm.I16x8ExtmulLowI8x16S:
          extmulS8(I, d, a, b);
          pc += 4;
          continue;
        case 0xfd0bc satisfies typeof Wasm.I32x4ExtmulLowI16x8S:
          extmulS16(I, d, a, b);
          pc += 4;
          continue;
        case 0xfd0dc satisfies typeof Wasm.I64x2ExtmulLowI32x4S:
          extmulS32(I, d, a, b);
          pc += 4;
          continue;
        case 0xfd0c8 satisfies typeof Wasm.I64x2ExtendHighI32x4S:
          x = I[a + 2]!;
          y = I[a + 3]!;
          I[d] = x;
          I[d + 1] = x >> 31;
          I[d + 2] = y;
          I[d + 3] = y >> 31;
          pc += 3;
          continue;
        case 0xfd09d satisfies typeof Wasm.I16x8ExtmulHighI8x16S:
          extmulS8(I, d, a + 2, b + 2);
          pc += 4;
          continue;
        case 0xfd0bd satisfies typeof Wasm.I32x4ExtmulHighI16x8S:
          extmulS16(I, d, a + 2, b + 2);
          pc += 4;
          continue;
        case 0xfd0dd satisfies typeof Wasm.I64x2ExtmulHighI32x4S:
          extmulS32(I, d, a + 2, b + 2);
          pc += 4;
          continue;
        case 0xfd089 satisfies typeof Wasm.I16x8ExtendLowI8x16U:
          extendU8(I, d, a);
          pc += 3;
          continue;
        case 0xfd08a satisfies typeof Wasm.I16x8ExtendHighI8x16U:
          extendU8(I, d, a + 2);
          pc += 3;
          continue;
        case 0xfd0a9 satisfies typeof Wasm.I32x4ExtendLowI16x8U:
          extendU16(I, d, a);
          pc += 3;
          continue;
        case 0xfd0aa satisfies typeof Wasm.I32x4ExtendHighI16x8U:
          extendU16(I, d, a + 2);
          pc += 3;
          continue;
        case 0xfd0c9 satisfies typeof Wasm.I64x2ExtendLowI32x4U:
          x = I[a]!;
          y = I[a + 1]!;
          I[d] = x;
          I[d + 1] = 0;
          I[d + 2] = y;
          I[d + 3] = 0;
          pc += 3;
          continue;
        case 0xfd09e satisfies typeof Wasm.I16x8ExtmulLowI8x16U:
          extmulU8(I, d, a, b);
          pc += 4;
          continue;
        case 0xfd0be satisfies typeof Wasm.I32x4ExtmulLowI16x8U:
          extmulU16(I, d, a, b);
          pc += 4;
          continue;
        case 0xfd0de satisfies typeof Wasm.I64x2ExtmulLowI32x4U:
          extmulU32(I, d, a, b);
          pc += 4;
          continue;
        case 0xfd0ca satisfies typeof Wasm.I64x2ExtendHighI32x4U:
          x = I[a + 2]!;
          y = I[a + 3]!;
          I[d] = x;
          I[d + 1] = 0;
          I[d + 2] = y;
          I[d + 3] = 0;
          pc += 3;
          continue;
        case 0xfd09f satisfies typeof Wasm.I16x8ExtmulHighI8x16U:
          extmulU8(I, d, a + 2, b + 2);
          pc += 4;
          continue;
        case 0xfd0bf satisfies typeof Wasm.I32x4ExtmulHighI16x8U:
          extmulU16(I, d, a + 2, b + 2);
          pc += 4;
          continue;
        case 0xfd0df satisfies typeof Wasm.I64x2ExtmulHighI32x4U:
          extmulU32(I, d, a + 2, b + 2);
          pc += 4;
          continue;
        case 0xfd07c satisfies typeof Wasm.I16x8ExtaddPairwiseI8x16S:
          extaddPairwise8S(I, d, a);
          pc += 3;
          continue;
        case 0xfd07d satisfies typeof Wasm.I16x8ExtaddPairwiseI8x16U:
          extaddPairwise8U(I, d, a);
          pc += 3;
          continue;
        case 0xfd07e satisfies typeof Wasm.I32x4ExtaddPairwiseI16x8S:
          x = I[a]!;
          I[d] = ((x << 16) >> 16) + (x >> 16);
          x = I[a + 1]!;
          I[d + 1] = ((x << 16) >> 16) + (x >> 16);
          x = I[a + 2]!;
          I[d + 2] = ((x << 16) >> 16) + (x >> 16);
          x = I[a + 3]!;
          I[d + 3] = ((x << 16) >> 16) + (x >> 16);
          pc += 3;
          continue;
        case 0xfd07f satisfies typeof Wasm.I32x4ExtaddPairwiseI16x8U:
          x = I[a]!;
          I[d] = (x & 0xffff) + (x >>> 16);
          x = I[a + 1]!;
          I[d + 1] = (x & 0xffff) + (x >>> 16);
          x = I[a + 2]!;
          I[d + 2] = (x & 0xffff) + (x >>> 16);
          x = I[a + 3]!;
          I[d + 3] = (x & 0xffff) + (x >>> 16);
          pc += 3;
          continue;
        case 0xfd082 satisfies typeof Wasm.I16x8Q15mulrSatS:
        case 0xfd111 satisfies typeof Wasm.I16x8RelaxedQ15mulrS:
          q15mulr16(I, d, a, b);
          pc += 4;
          continue;
        case 0xfd095 satisfies typeof Wasm.I16x8Mul:
          mul16(I, d, a, b);
          pc += 4;
          continue;
        case 0xfd0ba satisfies typeof Wasm.I32x4DotI16x8S:
          dot16(I, d, a, b);
          pc += 4;
          continue;
        case 0xfd112 satisfies typeof Wasm.I16x8RelaxedDotI8x16I7x16S:
          dot8(I, d, a, b);
          pc += 4;
          continue;
        case 0xfd113 satisfies typeof Wasm.I32x4RelaxedDotI8x16I7x16AddS:
          dot8Add(I, d, a, b, fp2 + C[pc + 4]!);
          pc += 5;
          continue;
        case 0xfd037 satisfies typeof Wasm.I32x4Eq:
          I[d] = I[a]! === I[b]! ? -1 : 0;
          I[d + 1] = I[a + 1]! === I[b + 1]! ? -1 : 0;
          I[d + 2] = I[a + 2]! === I[b + 2]! ? -1 : 0;
          I[d + 3] = I[a + 3]! === I[b + 3]! ? -1 : 0;
          pc += 4;
          continue;
        case 0xfd038 satisfies typeof Wasm.I32x4Ne:
          I[d] = I[a]! !== I[b]! ? -1 : 0;
          I[d + 1] = I[a + 1]! !== I[b + 1]! ? -1 : 0;
          I[d + 2] = I[a + 2]! !== I[b + 2]! ? -1 : 0;
          I[d + 3] = I[a + 3]! !== I[b + 3]! ? -1 : 0;
          pc += 4;
          continue;
        case 0xfd039 satisfies typeof Wasm.I32x4LtS:
          I[d] = I[a]! < I[b]! ? -1 : 0;
          I[d + 1] = I[a + 1]! < I[b + 1]! ? -1 : 0;
          I[d + 2] = I[a + 2]! < I[b + 2]! ? -1 : 0;
          I[d + 3] = I[a + 3]! < I[b + 3]! ? -1 : 0;
          pc += 4;
          continue;
        case 0xfd03a satisfies typeof Wasm.I32x4LtU:
          I[d] = I[a]! >>> 0 < I[b]! >>> 0 ? -1 : 0;
          I[d + 1] = I[a + 1]! >>> 0 < I[b + 1]! >>> 0 ? -1 : 0;
          I[d + 2] = I[a + 2]! >>> 0 < I[b + 2]! >>> 0 ? -1 : 0;
          I[d + 3] = I[a + 3]! >>> 0 < I[b + 3]! >>> 0 ? -1 : 0;
          pc += 4;
          continue;
        case 0xfd03b satisfies typeof Wasm.I32x4GtS:
          I[d] = I[a]! > I[b]! ? -1 : 0;
          I[d + 1] = I[a + 1]! > I[b + 1]! ? -1 : 0;
          I[d + 2] = I[a + 2]! > I[b + 2]! ? -1 : 0;
          I[d + 3] = I[a + 3]! > I[b + 3]! ? -1 : 0;
          pc += 4;
          continue;
        case 0xfd03c satisfies typeof Wasm.I32x4GtU:
          I[d] = I[a]! >>> 0 > I[b]! >>> 0 ? -1 : 0;
          I[d + 1] = I[a + 1]! >>> 0 > I[b + 1]! >>> 0 ? -1 : 0;
          I[d + 2] = I[a + 2]! >>> 0 > I[b + 2]! >>> 0 ? -1 : 0;
          I[d + 3] = I[a + 3]! >>> 0 > I[b + 3]! >>> 0 ? -1 : 0;
          pc += 4;
          continue;
        case 0xfd03d satisfies typeof Wasm.I32x4LeS:
          I[d] = I[a]! <= I[b]! ? -1 : 0;
          I[d + 1] = I[a + 1]! <= I[b + 1]! ? -1 : 0;
          I[d + 2] = I[a + 2]! <= I[b + 2]! ? -1 : 0;
          I[d + 3] = I[a + 3]! <= I[b + 3]! ? -1 : 0;
          pc += 4;
          continue;
        case 0xfd03e satisfies typeof Wasm.I32x4LeU:
          I[d] = I[a]! >>> 0 <= I[b]! >>> 0 ? -1 : 0;
          I[d + 1] = I[a + 1]! >>> 0 <= I[b + 1]! >>> 0 ? -1 : 0;
          I[d + 2] = I[a + 2]! >>> 0 <= I[b + 2]! >>> 0 ? -1 : 0;
          I[d + 3] = I[a + 3]! >>> 0 <= I[b + 3]! >>> 0 ? -1 : 0;
          pc += 4;
          continue;
        case 0xfd03f satisfies typeof Wasm.I32x4GeS:
          I[d] = I[a]! >= I[b]! ? -1 : 0;
          I[d + 1] = I[a + 1]! >= I[b + 1]! ? -1 : 0;
          I[d + 2] = I[a + 2]! >= I[b + 2]! ? -1 : 0;
          I[d + 3] = I[a + 3]! >= I[b + 3]! ? -1 : 0;
          pc += 4;
          continue;
        case 0xfd040 satisfies typeof Wasm.I32x4GeU:
          I[d] = I[a]! >>> 0 >= I[b]! >>> 0 ? -1 : 0;
          I[d + 1] = I[a + 1]! >>> 0 >= I[b + 1]! >>> 0 ? -1 : 0;
          I[d + 2] = I[a + 2]! >>> 0 >= I[b + 2]! >>> 0 ? -1 : 0;
          I[d + 3] = I[a + 3]! >>> 0 >= I[b + 3]! >>> 0 ? -1 : 0;
          pc += 4;
          continue;
        case 0xfd0ae satisfies typeof Wasm.I32x4Add:
          I[d] = (I[a]! + I[b]!) | 0;
          I[d + 1] = (I[a + 1]! + I[b + 1]!) | 0;
          I[d + 2] = (I[a + 2]! + I[b + 2]!) | 0;
          I[d + 3] = (I[a + 3]! + I[b + 3]!) | 0;
          pc += 4;
          continue;
        case 0xfd0b1 satisfies typeof Wasm.I32x4Sub:
          I[d] = (I[a]! - I[b]!) | 0;
          I[d + 1] = (I[a + 1]! - I[b + 1]!) | 0;
          I[d + 2] = (I[a + 2]! - I[b + 2]!) | 0;
          I[d + 3] = (I[a + 3]! - I[b + 3]!) | 0;
          pc += 4;
          continue;
        case 0xfd0b5 satisfies typeof Wasm.I32x4Mul:
          I[d] = Math.imul(I[a]!, I[b]!);
          I[d + 1] = Math.imul(I[a + 1]!, I[b + 1]!);
          I[d + 2] = Math.imul(I[a + 2]!, I[b + 2]!);
          I[d + 3] = Math.imul(I[a + 3]!, I[b + 3]!);
          pc += 4;
          continue;
        case 0xfd0a1 satisfies typeof Wasm.I32x4Neg:
          I[d] = -I[a]! | 0;
          I[d + 1] = -I[a + 1]! | 0;
          I[d + 2] = -I[a + 2]! | 0;
          I[d + 3] = -I[a + 3]! | 0;
          pc += 3;
          continue;
        case 0xfd0a0 satisfies typeof Wasm.I32x4Abs:
          x = I[a]!;
          I[d] = (x ^ (x >> 31)) - (x >> 31);
          x = I[a + 1]!;
          I[d + 1] = (x ^ (x >> 31)) - (x >> 31);
          x = I[a + 2]!;
          I[d + 2] = (x ^ (x >> 31)) - (x >> 31);
          x = I[a + 3]!;
          I[d + 3] = (x ^ (x >> 31)) - (x >> 31);
          pc += 3;
          continue;
        case 0xfd0b6 satisfies typeof Wasm.I32x4MinS:
          x = I[a]!;
          y = I[b]!;
          I[d] = x < y ? x : y;
          x = I[a + 1]!;
          y = I[b + 1]!;
          I[d + 1] = x < y ? x : y;
          x = I[a + 2]!;
          y = I[b + 2]!;
          I[d + 2] = x < y ? x : y;
          x = I[a + 3]!;
          y = I[b + 3]!;
          I[d + 3] = x < y ? x : y;
          pc += 4;
          continue;
        case 0xfd0b7 satisfies typeof Wasm.I32x4MinU:
          x = I[a]!;
          y = I[b]!;
          I[d] = x >>> 0 < y >>> 0 ? x : y;
          x = I[a + 1]!;
          y = I[b + 1]!;
          I[d + 1] = x >>> 0 < y >>> 0 ? x : y;
          x = I[a + 2]!;
          y = I[b + 2]!;
          I[d + 2] = x >>> 0 < y >>> 0 ? x : y;
          x = I[a + 3]!;
          y = I[b + 3]!;
          I[d + 3] = x >>> 0 < y >>> 0 ? x : y;
          pc += 4;
          continue;
        case 0xfd0b8 satisfies typeof Wasm.I32x4MaxS:
          x = I[a]!;
          y = I[b]!;
          I[d] = x > y ? x : y;
          x = I[a + 1]!;
          y = I[b + 1]!;
          I[d + 1] = x > y ? x : y;
          x = I[a + 2]!;
          y = I[b + 2]!;
          I[d + 2] = x > y ? x : y;
          x = I[a + 3]!;
          y = I[b + 3]!;
          I[d + 3] = x > y ? x : y;
          pc += 4;
          continue;
        case 0xfd0b9 satisfies typeof Wasm.I32x4MaxU:
          x = I[a]!;
          y = I[b]!;
          I[d] = x >>> 0 > y >>> 0 ? x : y;
          x = I[a + 1]!;
          y = I[b + 1]!;
          I[d + 1] = x >>> 0 > y >>> 0 ? x : y;
          x = I[a + 2]!;
          y = I[b + 2]!;
          I[d + 2] = x >>> 0 > y >>> 0 ? x : y;
          x = I[a + 3]!;
          y = I[b + 3]!;
          I[d + 3] = x >>> 0 > y >>> 0 ? x : y;
          pc += 4;
          continue;
        case 0xfd0ab satisfies typeof Wasm.I32x4Shl:
          x = I[b]!;
          I[d] = I[a]! << x;
          I[d + 1] = I[a + 1]! << x;
          I[d + 2] = I[a + 2]! << x;
          I[d + 3] = I[a + 3]! << x;
          pc += 4;
          continue;
        case 0xfd129 satisfies typeof SimdOp.I32x4ShlK:
          x = C[pc + 3]!;
          I[d] = I[a]! << x;
          I[d + 1] = I[a + 1]! << x;
          I[d + 2] = I[a + 2]! << x;
          I[d + 3] = I[a + 3]! << x;
          pc += 4;
          continue;
        case 0xfd0cb satisfies typeof Wasm.I64x2Shl:
          shl64x2(I, d, a, I[b]!);
          pc += 4;
          continue;
        case 0xfd12c satisfies typeof SimdOp.I64x2ShlK:
          shl64x2(I, d, a, C[pc + 3]!);
          pc += 4;
          continue;
        case 0xfd0ac satisfies typeof Wasm.I32x4ShrS:
          x = I[b]!;
          I[d] = I[a]! >> x;
          I[d + 1] = I[a + 1]! >> x;
          I[d + 2] = I[a + 2]! >> x;
          I[d + 3] = I[a + 3]! >> x;
          pc += 4;
          continue;
        case 0xfd12a satisfies typeof SimdOp.I32x4ShrSK:
          x = C[pc + 3]!;
          I[d] = I[a]! >> x;
          I[d + 1] = I[a + 1]! >> x;
          I[d + 2] = I[a + 2]! >> x;
          I[d + 3] = I[a + 3]! >> x;
          pc += 4;
          continue;
        case 0xfd0cc satisfies typeof Wasm.I64x2ShrS:
          shrS64x2(I, d, a, I[b]!);
          pc += 4;
          continue;
        case 0xfd12d satisfies typeof SimdOp.I64x2ShrSK:
          shrS64x2(I, d, a, C[pc + 3]!);
          pc += 4;
          continue;
        case 0xfd0ad satisfies typeof Wasm.I32x4ShrU:
          x = I[b]!;
          I[d] = I[a]! >>> x;
          I[d + 1] = I[a + 1]! >>> x;
          I[d + 2] = I[a + 2]! >>> x;
          I[d + 3] = I[a + 3]! >>> x;
          pc += 4;
          continue;
        case 0xfd12b satisfies typeof SimdOp.I32x4ShrUK:
          x = C[pc + 3]!;
          I[d] = I[a]! >>> x;
          I[d + 1] = I[a + 1]! >>> x;
          I[d + 2] = I[a + 2]! >>> x;
          I[d + 3] = I[a + 3]! >>> x;
          pc += 4;
          continue;
        case 0xfd0cd satisfies typeof Wasm.I64x2ShrU:
          shrU64x2(I, d, a, I[b]!);
          pc += 4;
          continue;
        case 0xfd12e satisfies typeof SimdOp.I64x2ShrUK:
          shrU64x2(I, d, a, C[pc + 3]!);
          pc += 4;
          continue;
        case 0xfd0a3 satisfies typeof Wasm.I32x4AllTrue:
          I[d] = I[a] !== 0 && I[a + 1] !== 0 && I[a + 2] !== 0 && I[a + 3] !== 0 ? 1 : 0;
          pc += 3;
          continue;
        case 0xfd0a4 satisfies typeof Wasm.I32x4Bitmask:
          I[d] = (I[a]! >>> 31) | ((I[a + 1]! >>> 30) & 2) | ((I[a + 2]! >>> 29) & 4) | ((I[a + 3]! >>> 28) & 8);
          pc += 3;
          continue;
        case 0xfd0ce satisfies typeof Wasm.I64x2Add:
          d >>>= 1;
          a >>>= 1;
          b >>>= 1;
          B[d] = BigInt.asIntN(64, B[a]! + B[b]!);
          B[d + 1] = BigInt.asIntN(64, B[a + 1]! + B[b + 1]!);
          pc += 4;
          continue;
        case 0xfd0d1 satisfies typeof Wasm.I64x2Sub:
          d >>>= 1;
          a >>>= 1;
          b >>>= 1;
          B[d] = BigInt.asIntN(64, B[a]! - B[b]!);
          B[d + 1] = BigInt.asIntN(64, B[a + 1]! - B[b + 1]!);
          pc += 4;
          continue;
        case 0xfd0d5 satisfies typeof Wasm.I64x2Mul:
          d >>>= 1;
          a >>>= 1;
          b >>>= 1;
          B[d] = BigInt.asIntN(64, B[a]! * B[b]!);
          B[d + 1] = BigInt.asIntN(64, B[a + 1]! * B[b + 1]!);
          pc += 4;
          continue;
        case 0xfd0c1 satisfies typeof Wasm.I64x2Neg:
          d >>>= 1;
          a >>>= 1;
          B[d] = BigInt.asIntN(64, -B[a]!);
          B[d + 1] = BigInt.asIntN(64, -B[a + 1]!);
          pc += 3;
          continue;
        case 0xfd0c0 satisfies typeof Wasm.I64x2Abs:
          d >>>= 1;
          a >>>= 1;
          B[d] = B[a]! < 0n ? BigInt.asIntN(64, -B[a]!) : BigInt.asIntN(64, B[a]!);
          B[d + 1] = B[a + 1]! < 0n ? BigInt.asIntN(64, -B[a + 1]!) : BigInt.asIntN(64, B[a + 1]!);
          pc += 3;
          continue;
        case 0xfd0c3 satisfies typeof Wasm.I64x2AllTrue:
          I[d] = (I[a]! | I[a + 1]!) !== 0 && (I[a + 2]! | I[a + 3]!) !== 0 ? 1 : 0;
          pc += 3;
          continue;
        case 0xfd0c4 satisfies typeof Wasm.I64x2Bitmask:
          I[d] = (I[a + 1]! >>> 31) | ((I[a + 3]! >>> 30) & 2);
          pc += 3;
          continue;
        case 0xfd0d6 satisfies typeof Wasm.I64x2Eq:
          a >>>= 1;
          b >>>= 1;
          x = B[a]! === B[b]! ? -1 : 0;
          y = B[a + 1]! === B[b + 1]! ? -1 : 0;
          I[d] = x;
          I[d + 1] = x;
          I[d + 2] = y;
          I[d + 3] = y;
          pc += 4;
          continue;
        case 0xfd0d7 satisfies typeof Wasm.I64x2Ne:
          a >>>= 1;
          b >>>= 1;
          x = B[a]! !== B[b]! ? -1 : 0;
          y = B[a + 1]! !== B[b + 1]! ? -1 : 0;
          I[d] = x;
          I[d + 1] = x;
          I[d + 2] = y;
          I[d + 3] = y;
          pc += 4;
          continue;
        case 0xfd0d8 satisfies typeof Wasm.I64x2LtS:
          a >>>= 1;
          b >>>= 1;
          x = B[a]! < B[b]! ? -1 : 0;
          y = B[a + 1]! < B[b + 1]! ? -1 : 0;
          I[d] = x;
          I[d + 1] = x;
          I[d + 2] = y;
          I[d + 3] = y;
          pc += 4;
          continue;
        case 0xfd0d9 satisfies typeof Wasm.I64x2GtS:
          a >>>= 1;
          b >>>= 1;
          x = B[a]! > B[b]! ? -1 : 0;
          y = B[a + 1]! > B[b + 1]! ? -1 : 0;
          I[d] = x;
          I[d + 1] = x;
          I[d + 2] = y;
          I[d + 3] = y;
          pc += 4;
          continue;
        case 0xfd0da satisfies typeof Wasm.I64x2LeS:
          a >>>= 1;
          b >>>= 1;
          x = B[a]! <= B[b]! ? -1 : 0;
          y = B[a + 1]! <= B[b + 1]! ? -1 : 0;
          I[d] = x;
          I[d + 1] = x;
          I[d + 2] = y;
          I[d + 3] = y;
          pc += 4;
          continue;
        case 0xfd0db satisfies typeof Wasm.I64x2GeS:
          a >>>= 1;
          b >>>= 1;
          x = B[a]! >= B[b]! ? -1 : 0;
          y = B[a + 1]! >= B[b + 1]! ? -1 : 0;
          I[d] = x;
          I[d + 1] = x;
          I[d + 2] = y;
          I[d + 3] = y;
          pc += 4;
          continue;
        case 0xfd04d satisfies typeof Wasm.V128Not:
          I[d] = ~I[a]!;
          I[d + 1] = ~I[a + 1]!;
          I[d + 2] = ~I[a + 2]!;
          I[d + 3] = ~I[a + 3]!;
          pc += 3;
          continue;
        case 0xfd04e satisfies typeof Wasm.V128And:
          I[d] = I[a]! & I[b]!;
          I[d + 1] = I[a + 1]! & I[b + 1]!;
          I[d + 2] = I[a + 2]! & I[b + 2]!;
          I[d + 3] = I[a + 3]! & I[b + 3]!;
          pc += 4;
          continue;
        case 0xfd04f satisfies typeof Wasm.V128Andnot:
          I[d] = I[a]! & ~I[b]!;
          I[d + 1] = I[a + 1]! & ~I[b + 1]!;
          I[d + 2] = I[a + 2]! & ~I[b + 2]!;
          I[d + 3] = I[a + 3]! & ~I[b + 3]!;
          pc += 4;
          continue;
        case 0xfd050 satisfies typeof Wasm.V128Or:
          I[d] = I[a]! | I[b]!;
          I[d + 1] = I[a + 1]! | I[b + 1]!;
          I[d + 2] = I[a + 2]! | I[b + 2]!;
          I[d + 3] = I[a + 3]! | I[b + 3]!;
          pc += 4;
          continue;
        case 0xfd051 satisfies typeof Wasm.V128Xor:
          I[d] = I[a]! ^ I[b]!;
          I[d + 1] = I[a + 1]! ^ I[b + 1]!;
          I[d + 2] = I[a + 2]! ^ I[b + 2]!;
          I[d + 3] = I[a + 3]! ^ I[b + 3]!;
          pc += 4;
          continue;
        case 0xfd052 satisfies typeof Wasm.V128Bitselect:
        case 0xfd109 satisfies typeof Wasm.I8x16RelaxedLaneselect:
        case 0xfd10a satisfies typeof Wasm.I16x8RelaxedLaneselect:
        case 0xfd10b satisfies typeof Wasm.I32x4RelaxedLaneselect:
        case 0xfd10c satisfies typeof Wasm.I64x2RelaxedLaneselect:
          t = fp2 + C[pc + 4]!;
          x = I[t]!;
          I[d] = (I[a]! & x) | (I[b]! & ~x);
          x = I[t + 1]!;
          I[d + 1] = (I[a + 1]! & x) | (I[b + 1]! & ~x);
          x = I[t + 2]!;
          I[d + 2] = (I[a + 2]! & x) | (I[b + 2]! & ~x);
          x = I[t + 3]!;
          I[d + 3] = (I[a + 3]! & x) | (I[b + 3]! & ~x);
          pc += 5;
          continue;
        case 0xfd053 satisfies typeof Wasm.V128AnyTrue:
          I[d] = (I[a]! | I[a + 1]! | I[a + 2]! | I[a + 3]!) !== 0 ? 1 : 0;
          pc += 3;
          continue;
        case 0xfd041 satisfies typeof Wasm.F32x4Eq:
          I[d] = S[a]! === S[b]! ? -1 : 0;
          I[d + 1] = S[a + 1]! === S[b + 1]! ? -1 : 0;
          I[d + 2] = S[a + 2]! === S[b + 2]! ? -1 : 0;
          I[d + 3] = S[a + 3]! === S[b + 3]! ? -1 : 0;
          pc += 4;
          continue;
        case 0xfd047 satisfies typeof Wasm.F64x2Eq:
          a >>>= 1;
          b >>>= 1;
          x = F[a]! === F[b]! ? -1 : 0;
          y = F[a + 1]! === F[b + 1]! ? -1 : 0;
          I[d] = x;
          I[d + 1] = x;
          I[d + 2] = y;
          I[d + 3] = y;
          pc += 4;
          continue;
        case 0xfd042 satisfies typeof Wasm.F32x4Ne:
          I[d] = S[a]! !== S[b]! ? -1 : 0;
          I[d + 1] = S[a + 1]! !== S[b + 1]! ? -1 : 0;
          I[d + 2] = S[a + 2]! !== S[b + 2]! ? -1 : 0;
          I[d + 3] = S[a + 3]! !== S[b + 3]! ? -1 : 0;
          pc += 4;
          continue;
        case 0xfd048 satisfies typeof Wasm.F64x2Ne:
          a >>>= 1;
          b >>>= 1;
          x = F[a]! !== F[b]! ? -1 : 0;
          y = F[a + 1]! !== F[b + 1]! ? -1 : 0;
          I[d] = x;
          I[d + 1] = x;
          I[d + 2] = y;
          I[d + 3] = y;
          pc += 4;
          continue;
        case 0xfd043 satisfies typeof Wasm.F32x4Lt:
          I[d] = S[a]! < S[b]! ? -1 : 0;
          I[d + 1] = S[a + 1]! < S[b + 1]! ? -1 : 0;
          I[d + 2] = S[a + 2]! < S[b + 2]! ? -1 : 0;
          I[d + 3] = S[a + 3]! < S[b + 3]! ? -1 : 0;
          pc += 4;
          continue;
        case 0xfd049 satisfies typeof Wasm.F64x2Lt:
          a >>>= 1;
          b >>>= 1;
          x = F[a]! < F[b]! ? -1 : 0;
          y = F[a + 1]! < F[b + 1]! ? -1 : 0;
          I[d] = x;
          I[d + 1] = x;
          I[d + 2] = y;
          I[d + 3] = y;
          pc += 4;
          continue;
        case 0xfd044 satisfies typeof Wasm.F32x4Gt:
          I[d] = S[a]! > S[b]! ? -1 : 0;
          I[d + 1] = S[a + 1]! > S[b + 1]! ? -1 : 0;
          I[d + 2] = S[a + 2]! > S[b + 2]! ? -1 : 0;
          I[d + 3] = S[a + 3]! > S[b + 3]! ? -1 : 0;
          pc += 4;
          continue;
        case 0xfd04a satisfies typeof Wasm.F64x2Gt:
          a >>>= 1;
          b >>>= 1;
          x = F[a]! > F[b]! ? -1 : 0;
          y = F[a + 1]! > F[b + 1]! ? -1 : 0;
          I[d] = x;
          I[d + 1] = x;
          I[d + 2] = y;
          I[d + 3] = y;
          pc += 4;
          continue;
        case 0xfd045 satisfies typeof Wasm.F32x4Le:
          I[d] = S[a]! <= S[b]! ? -1 : 0;
          I[d + 1] = S[a + 1]! <= S[b + 1]! ? -1 : 0;
          I[d + 2] = S[a + 2]! <= S[b + 2]! ? -1 : 0;
          I[d + 3] = S[a + 3]! <= S[b + 3]! ? -1 : 0;
          pc += 4;
          continue;
        case 0xfd04b satisfies typeof Wasm.F64x2Le:
          a >>>= 1;
          b >>>= 1;
          x = F[a]! <= F[b]! ? -1 : 0;
          y = F[a + 1]! <= F[b + 1]! ? -1 : 0;
          I[d] = x;
          I[d + 1] = x;
          I[d + 2] = y;
          I[d + 3] = y;
          pc += 4;
          continue;
        case 0xfd046 satisfies typeof Wasm.F32x4Ge:
          I[d] = S[a]! >= S[b]! ? -1 : 0;
          I[d + 1] = S[a + 1]! >= S[b + 1]! ? -1 : 0;
          I[d + 2] = S[a + 2]! >= S[b + 2]! ? -1 : 0;
          I[d + 3] = S[a + 3]! >= S[b + 3]! ? -1 : 0;
          pc += 4;
          continue;
        case 0xfd04c satisfies typeof Wasm.F64x2Ge:
          a >>>= 1;
          b >>>= 1;
          x = F[a]! >= F[b]! ? -1 : 0;
          y = F[a + 1]! >= F[b + 1]! ? -1 : 0;
          I[d] = x;
          I[d + 1] = x;
          I[d + 2] = y;
          I[d + 3] = y;
          pc += 4;
          continue;
        case 0xfd0e4 satisfies typeof Wasm.F32x4Add:
          r = S[a]! + S[b]!;
          S[d] = r;
          if (r !== r) I[d] = NAN_32;
          r = S[a + 1]! + S[b + 1]!;
          S[d + 1] = r;
          if (r !== r) I[d + 1] = NAN_32;
          r = S[a + 2]! + S[b + 2]!;
          S[d + 2] = r;
          if (r !== r) I[d + 2] = NAN_32;
          r = S[a + 3]! + S[b + 3]!;
          S[d + 3] = r;
          if (r !== r) I[d + 3] = NAN_32;
          pc += 4;
          continue;
        case 0xfd0f0 satisfies typeof Wasm.F64x2Add:
          a >>>= 1;
          b >>>= 1;
          t = d >>> 1;
          r = F[a]! + F[b]!;
          F[t] = r;
          if (r !== r) canonicalNan64(I, d);
          r = F[a + 1]! + F[b + 1]!;
          F[t + 1] = r;
          if (r !== r) canonicalNan64(I, d + 2);
          pc += 4;
          continue;
        case 0xfd0e5 satisfies typeof Wasm.F32x4Sub:
          r = S[a]! - S[b]!;
          S[d] = r;
          if (r !== r) I[d] = NAN_32;
          r = S[a + 1]! - S[b + 1]!;
          S[d + 1] = r;
          if (r !== r) I[d + 1] = NAN_32;
          r = S[a + 2]! - S[b + 2]!;
          S[d + 2] = r;
          if (r !== r) I[d + 2] = NAN_32;
          r = S[a + 3]! - S[b + 3]!;
          S[d + 3] = r;
          if (r !== r) I[d + 3] = NAN_32;
          pc += 4;
          continue;
        case 0xfd0f1 satisfies typeof Wasm.F64x2Sub:
          a >>>= 1;
          b >>>= 1;
          t = d >>> 1;
          r = F[a]! - F[b]!;
          F[t] = r;
          if (r !== r) canonicalNan64(I, d);
          r = F[a + 1]! - F[b + 1]!;
          F[t + 1] = r;
          if (r !== r) canonicalNan64(I, d + 2);
          pc += 4;
          continue;
        case 0xfd0e6 satisfies typeof Wasm.F32x4Mul:
          r = S[a]! * S[b]!;
          S[d] = r;
          if (r !== r) I[d] = NAN_32;
          r = S[a + 1]! * S[b + 1]!;
          S[d + 1] = r;
          if (r !== r) I[d + 1] = NAN_32;
          r = S[a + 2]! * S[b + 2]!;
          S[d + 2] = r;
          if (r !== r) I[d + 2] = NAN_32;
          r = S[a + 3]! * S[b + 3]!;
          S[d + 3] = r;
          if (r !== r) I[d + 3] = NAN_32;
          pc += 4;
          continue;
        case 0xfd0f2 satisfies typeof Wasm.F64x2Mul:
          a >>>= 1;
          b >>>= 1;
          t = d >>> 1;
          r = F[a]! * F[b]!;
          F[t] = r;
          if (r !== r) canonicalNan64(I, d);
          r = F[a + 1]! * F[b + 1]!;
          F[t + 1] = r;
          if (r !== r) canonicalNan64(I, d + 2);
          pc += 4;
          continue;
        case 0xfd0e7 satisfies typeof Wasm.F32x4Div:
          div32(S, I, d, a, b);
          pc += 4;
          continue;
        case 0xfd0f3 satisfies typeof Wasm.F64x2Div:
          div64(F, I, d, a, b);
          pc += 4;
          continue;
        case 0xfd0e8 satisfies typeof Wasm.F32x4Min:
        case 0xfd10d satisfies typeof Wasm.F32x4RelaxedMin:
          min32(S, I, d, a, b);
          pc += 4;
          continue;
        case 0xfd0f4 satisfies typeof Wasm.F64x2Min:
        case 0xfd10f satisfies typeof Wasm.F64x2RelaxedMin:
          min64(F, I, d, a, b);
          pc += 4;
          continue;
        case 0xfd0ea satisfies typeof Wasm.F32x4Pmin:
          pmin32(S, I, d, a, b);
          pc += 4;
          continue;
        case 0xfd0f6 satisfies typeof Wasm.F64x2Pmin:
          pmin64(F, I, d, a, b);
          pc += 4;
          continue;
        case 0xfd0e9 satisfies typeof Wasm.F32x4Max:
        case 0xfd10e satisfies typeof Wasm.F32x4RelaxedMax:
          max32(S, I, d, a, b);
          pc += 4;
          continue;
        case 0xfd0f5 satisfies typeof Wasm.F64x2Max:
        case 0xfd110 satisfies typeof Wasm.F64x2RelaxedMax:
          max64(F, I, d, a, b);
          pc += 4;
          continue;
        case 0xfd0eb satisfies typeof Wasm.F32x4Pmax:
          pmax32(S, I, d, a, b);
          pc += 4;
          continue;
        case 0xfd0f7 satisfies typeof Wasm.F64x2Pmax:
          pmax64(F, I, d, a, b);
          pc += 4;
          continue;
        case 0xfd0e3 satisfies typeof Wasm.F32x4Sqrt:
          sqrt32(S, I, d, a);
          pc += 3;
          continue;
        case 0xfd0ef satisfies typeof Wasm.F64x2Sqrt:
          sqrt64(F, I, d, a);
          pc += 3;
          continue;
        case 0xfd067 satisfies typeof Wasm.F32x4Ceil:
          ceil32(S, I, d, a);
          pc += 3;
          continue;
        case 0xfd074 satisfies typeof Wasm.F64x2Ceil:
          ceil64(F, I, d, a);
          pc += 3;
          continue;
        case 0xfd068 satisfies typeof Wasm.F32x4Floor:
          floor32(S, I, d, a);
          pc += 3;
          continue;
        case 0xfd075 satisfies typeof Wasm.F64x2Floor:
          floor64(F, I, d, a);
          pc += 3;
          continue;
        case 0xfd069 satisfies typeof Wasm.F32x4Trunc:
          trunc32(S, I, d, a);
          pc += 3;
          continue;
        case 0xfd07a satisfies typeof Wasm.F64x2Trunc:
          trunc64(F, I, d, a);
          pc += 3;
          continue;
        case 0xfd06a satisfies typeof Wasm.F32x4Nearest:
          nearest32(S, I, d, a);
          pc += 3;
          continue;
        case 0xfd094 satisfies typeof Wasm.F64x2Nearest:
          nearest64(F, I, d, a);
          pc += 3;
          continue;
        case 0xfd0e0 satisfies typeof Wasm.F32x4Abs:
          I[d] = I[a]! & 0x7fffffff;
          I[d + 1] = I[a + 1]! & 0x7fffffff;
          I[d + 2] = I[a + 2]! & 0x7fffffff;
          I[d + 3] = I[a + 3]! & 0x7fffffff;
          pc += 3;
          continue;
        case 0xfd0e1 satisfies typeof Wasm.F32x4Neg:
          I[d] = I[a]! ^ 0x80000000;
          I[d + 1] = I[a + 1]! ^ 0x80000000;
          I[d + 2] = I[a + 2]! ^ 0x80000000;
          I[d + 3] = I[a + 3]! ^ 0x80000000;
          pc += 3;
          continue;
        case 0xfd0ec satisfies typeof Wasm.F64x2Abs:
          I[d] = I[a]!;
          I[d + 1] = I[a + 1]! & 0x7fffffff;
          I[d + 2] = I[a + 2]!;
          I[d + 3] = I[a + 3]! & 0x7fffffff;
          pc += 3;
          continue;
        case 0xfd0ed satisfies typeof Wasm.F64x2Neg:
          I[d] = I[a]!;
          I[d + 1] = I[a + 1]! ^ 0x80000000;
          I[d + 2] = I[a + 2]!;
          I[d + 3] = I[a + 3]! ^ 0x80000000;
          pc += 3;
          continue;
        case 0xfd105 satisfies typeof Wasm.F32x4RelaxedMadd:
          madd32(S, I, d, a, b, fp2 + C[pc + 4]!, 1);
          pc += 5;
          continue;
        case 0xfd107 satisfies typeof Wasm.F64x2RelaxedMadd:
          madd64(F, I, d, a, b, fp2 + C[pc + 4]!, 1);
          pc += 5;
          continue;
        case 0xfd106 satisfies typeof Wasm.F32x4RelaxedNmadd:
          madd32(S, I, d, a, b, fp2 + C[pc + 4]!, -1);
          pc += 5;
          continue;
        case 0xfd108 satisfies typeof Wasm.F64x2RelaxedNmadd:
          madd64(F, I, d, a, b, fp2 + C[pc + 4]!, -1);
          pc += 5;
          continue;
        case 0xfd0f8 satisfies typeof Wasm.I32x4TruncSatF32x4S:
        case 0xfd101 satisfies typeof Wasm.I32x4RelaxedTruncF32x4S:
          truncS32(S, I, d, a);
          pc += 3;
          continue;
        case 0xfd0fc satisfies typeof Wasm.I32x4TruncSatF64x2SZero:
        case 0xfd103 satisfies typeof Wasm.I32x4RelaxedTruncF64x2SZero:
          truncS64(F, I, d, a);
          pc += 3;
          continue;
        case 0xfd0fa satisfies typeof Wasm.F32x4ConvertI32x4S:
          convertS32(S, I, d, a);
          pc += 3;
          continue;
        case 0xfd0fe satisfies typeof Wasm.F64x2ConvertLowI32x4S:
          convertLowS(F, I, d, a);
          pc += 3;
          continue;
        case 0xfd0f9 satisfies typeof Wasm.I32x4TruncSatF32x4U:
        case 0xfd102 satisfies typeof Wasm.I32x4RelaxedTruncF32x4U:
          truncU32(S, I, d, a);
          pc += 3;
          continue;
        case 0xfd0fd satisfies typeof Wasm.I32x4TruncSatF64x2UZero:
        case 0xfd104 satisfies typeof Wasm.I32x4RelaxedTruncF64x2UZero:
          truncU64(F, I, d, a);
          pc += 3;
          continue;
        case 0xfd0fb satisfies typeof Wasm.F32x4ConvertI32x4U:
          convertU32(S, I, d, a);
          pc += 3;
          continue;
        case 0xfd0ff satisfies typeof Wasm.F64x2ConvertLowI32x4U:
          convertLowU(F, I, d, a);
          pc += 3;
          continue;
        case 0xfd05e satisfies typeof Wasm.F32x4DemoteF64x2Zero:
          demote(S, F, I, d, a);
          pc += 3;
          continue;
        case 0xfd05f satisfies typeof Wasm.F64x2PromoteLowF32x4:
          promote(S, F, I, d, a);
          pc += 3;
          continue;
        default:
          if (C[pc]! >= SIMD_BASE) throw new Error(`no such vector operation: ${C[pc]}`);
          return pc;
      }
      // A taken branch, as in the interpreter's loop: target and charge are its first operands.
      budget[0] = budget[0]! - C[pc + 2]!;
      pc = C[pc + 1]!;
      if (budget[0]! < 0) return pc;
    }
  };
}

/** A shuffle of half-words: their places in the frame, whose first half-word is `base`, are words of code from `at`. */
function shuffle16(halves: Uint16Array, C: Int32Array, I: Int32Array, d: number, base: number, at: number): void {
  const x = halves[base + C[at]!]! | (halves[base + C[at + 1]!]! << 16);
  const y = halves[base + C[at + 2]!]! | (halves[base + C[at + 3]!]! << 16);
  const z = halves[base + C[at + 4]!]! | (halves[base + C[at + 5]!]! << 16);
  I[d + 3] = halves[base + C[at + 6]!]! | (halves[base + C[at + 7]!]! << 16);
  I[d] = x;
  I[d + 1] = y;
  I[d + 2] = z;
}

function shuffledWord(bytes: Uint8Array, C: Int32Array, base: number, at: number): number {
  const low = bytes[base + C[at]!]! | (bytes[base + C[at + 1]!]! << 8);
  return low | (bytes[base + C[at + 2]!]! << 16) | (bytes[base + C[at + 3]!]! << 24);
}

function shuffle8(bytes: Uint8Array, C: Int32Array, I: Int32Array, d: number, base: number, at: number): void {
  const x = shuffledWord(bytes, C, base, at);
  const y = shuffledWord(bytes, C, base, at + 4);
  const z = shuffledWord(bytes, C, base, at + 8);
  I[d + 3] = shuffledWord(bytes, C, base, at + 12);
  I[d] = x;
  I[d + 1] = y;
  I[d + 2] = z;
}

function replaceLane(I: Int32Array, d: number, a: number, value: number, lane: number, width: number): void {
  for (let w = 0; w < 4; w++) I[d + w] = I[a + w]!;
  const bit = lane * width;
  const mask = ((1 << width) - 1) << (bit & 31);
  I[d + (bit >> 5)] = (I[d + (bit >> 5)]! & ~mask) | ((value << (bit & 31)) & mask);
}
