/**
 * The interpreter: one loop over lowered code (ops.ts), for both lowerings. It touches the store's typed arrays and
 * nothing else; it never calls host code, never allocates in hot cases, and comes back at every crossing, trap and limit.
 *
 * Three rules keep it fast in V8, each measured (docs/rationale/execution.md): case labels are literals, dense from 0
 * (traps and exits are literals too: a property read that V8 has not seen yet would throw the compiled loop away);
 * the function's bytecode stays below 61,440 bytes (test/vm/interpreter-size.test.ts); state lives in local variables
 * that are loaded at entry and written back at exit.
 *
 * Fuel. `fuel` counts down from the ticks that may be retired. Fast code charges ticks on taken branches, calls and
 * returns; between them up to CHECK_SPAN ticks are pending (`acc` of a code position, known statically). Exact code
 * charges one tick in each Step.
 */

import { type CodeMemory, FLOOR_TICKS, type Mode } from "./code.ts";
import { LEFT, NOT_ENTERED } from "./generate-values.ts";
import { lowerFunction } from "./lower.ts";
import { OUTSIDE_MESSAGE } from "./native-stack.ts";
import {
  canonicalNan64,
  copyBits64,
  ctz32,
  i64ToF32,
  BITS_MAGNITUDE as MAGNITUDE,
  nearest,
  popcnt32,
  rotl64,
  BIT_SIGN as SIGN,
  shl64,
  shrS64,
  shrU64,
  storeBits64,
  truncSatI64,
  truncSatU64,
  truncToI64,
  truncTrap,
} from "./numeric.ts";
import type { Op } from "./ops.ts";
import { runOutside } from "./outside.ts";
import { makeSimd, type RunSimd } from "./simd.ts";
import { SIMD_BASE } from "./simd-form.ts";
import { FrameFlag, Status, type Store } from "./store.ts";
import type { Table } from "./table.ts";
import type { Tier } from "./tier.ts";
import { Trap } from "./trap.ts";
import type { TypeSpace } from "./type-space.ts";

/** Why `run` came back. */
export const Exit = {
  /** Exact code has used up its fuel. */
  Limit: 0,
  /** Fast code has less fuel left than it may use before it looks again; it stands at a point that exact code has too. */
  Sync: 1,
  Host: 2,
  Returned: 3,
  Trapped: 4,
  Grow: 5,
  Breakpoint: 6,
  FrameReturn: 7,
  /** At a Leave instruction, whose ticks are charged: leave.ts does it. */
  Leave: 8,
  /** Generated code has left: its frames are still to be made (tier.ts). */
  Generated: 9,
} as const;
export type Exit = (typeof Exit)[keyof typeof Exit];

/**
 * Runs the top frame, which must be wasm with its code index for `mode` in its Pc word, for at most `fuelTicks`
 * (below 2^30). `acc` is the number of uncharged ticks at that code index, `skipTick` a tick at which breakpoints are
 * passed over; generated code may retire `reserveTicks` more. Writes state back, except that `store.tick` is left short of the uncharged ticks at the exit's code
 * index; execute.ts knows them.
 */
export type Run = (mode: Mode, fuelTicks: number, acc: number, skipTick: number, reserveTicks: number) => Exit;

/**
 * The loop for one store. Its arrays are constants of the closure, which V8 compiles into the code as addresses as long
 * as there is one such closure in the process; `isCurrent` tells when one of them was replaced and another closure is due.
 */
export interface Interpreter {
  readonly run: Run;
  /** The loop for vectors, which generated code calls too. */
  readonly runSimd: RunSimd;
  isCurrent(): boolean;
}

export function makeInterpreter(store: Store): Interpreter {
  const { code, funcInfo: FI, globalI32: GI } = store;
  const { words: C, constI64: K } = code;
  function isCurrent(): boolean {
    return code.words === C && code.constI64 === K && store.funcInfo === FI && store.globalI32 === GI;
  }
  const budget = new Int32Array(1);
  const runSimd = makeSimd(store, budget);
  const run = makeRun(
    store,
    code,
    store.tables,
    store.stackSlots,
    store.types,
    store.i32,
    store.f32,
    store.f64,
    store.i64,
    store.frames,
    FI,
    GI,
    store.globalI64,
    C,
    K,
    code.constF64,
    runSimd,
    budget,
    store.tier,
  );
  return { run, runSimd, isCurrent };
}

/**
 * The loop's closure. What it closes over are parameters and no constants of the function around: of those V8 asks at each
 * use whether they are initialized yet, which makes the bytecode 2,800 bytes longer. Never assigned, they count as constant too.
 */
function makeRun(
  store: Store,
  code: CodeMemory,
  tables: Table[],
  stackSlots: number,
  types: TypeSpace,
  I: Int32Array,
  S: Float32Array,
  F: Float64Array,
  B: BigInt64Array,
  FR: Int32Array,
  FI: Int32Array,
  GI: Int32Array,
  GB: BigInt64Array,
  C: Int32Array,
  K: BigInt64Array,
  KF: Float64Array,
  runSimd: RunSimd,
  budget: Int32Array,
  tier: Tier | undefined,
): Run {
  function run(mode: Mode, fuelTicks: number, acc: number, skipTick: number, reserveTicks: number): Exit {
    let fr = store.frameTop - 4;
    let pc = FR[fr + 2]!;
    let fp = FR[fr + 1]!;
    let fp2 = fp << 1;
    let inst = FI[FR[fr]! * 8 + 5]!;
    // Views of memory 0 of the running instance. They stay valid inside the loop: a grow leaves it.
    let memory = store.memoryOf(inst);
    let dv = memory.view;
    let ML = memory.i64;
    let D = memory.dirty;
    let lastI64 = memory.byteLength - 8;
    let { pageCount } = memory;

    const floor = mode === 0 ? 0 : FLOOR_TICKS;
    // What generated code counts down has the floor taken off: it stops below zero.
    const surplus = reserveTicks - floor;

    const baseTick = store.tick - acc + fuelTicks;
    // Every change of fuel is marked as 32-bit: V8 then keeps it in a register as a plain integer.
    let fuel = fuelTicks | 0;
    let callee = 0;
    let outdated = false;
    let calleeFp = 0;
    // Temporaries of the cases below, shared by all of them: with one of its own each, most instructions of V8's bytecode
    // need wide operands for their registers, and the loop passes the size that V8 optimizes.
    let x = 0;
    let y = 0;
    let z = 0;
    let t = 0;
    let v = 0.5;
    let r = 0.5;
    let n = 0;
    let a = 0;
    let d = 0;
    let lo = 0;
    let hi = 0;
    let index = 0;
    let count = 0;
    let trap: Trap = Trap.None;
    let stop: Exit = Exit.Trapped;

    try {
      loop: for (;;) {
        enter: {
          ret: {
            generated: {
              taken: {
                // Rare operations share their ends, which makes the loop shorter. Frequent ones have their own: a shared end costs
                // matmul 15%.
                next4: {
                  next3: {
                    // The first three operands, read before it is known how many there are: shorter code, and the loads overlap the jump.
                    x = C[pc + 1]!;
                    y = C[pc + 2]!;
                    z = C[pc + 3]!;
                    switch (C[pc]! as Op) {
                      case 0 satisfies typeof Op.Start: {
                        const entry = FR[fr]! * 8 + mode;
                        if (FI[entry] === 0) {
                          lowerFunction(store, FR[fr]!, mode);
                          if (code.words !== C || code.constI64 !== K) {
                            stop = 1 satisfies typeof Exit.Sync;
                            break loop;
                          }
                        }
                        pc = FI[entry]!;
                        continue;
                      }
                      case 1 satisfies typeof Op.HostEntry:
                        throw new Error("host entry reached");
                      case 2 satisfies typeof Op.Step:
                        if (fuel <= 0) {
                          stop = 0 satisfies typeof Exit.Limit;
                          break loop;
                        }
                        fuel = (fuel - 1) | 0;
                        pc += 2;
                        continue;
                      case 3 satisfies typeof Op.Break:
                        if (fuel <= 0) {
                          stop = 0 satisfies typeof Exit.Limit;
                          break loop;
                        }
                        if (baseTick - fuel !== skipTick) {
                          stop = 6 satisfies typeof Exit.Breakpoint;
                          break loop;
                        }
                        fuel = (fuel - 1) | 0;
                        pc += 2;
                        continue;
                      case 4 satisfies typeof Op.EntryBreak:
                        if (fuel > 0 && baseTick - fuel !== skipTick) {
                          stop = 6 satisfies typeof Exit.Breakpoint;
                          break loop;
                        }
                        pc += 1;
                        continue;
                      case 5 satisfies typeof Op.LoopSync:
                        pc = mode === 1 && x !== 0 ? x : pc + 2;
                        continue;
                      case 6 satisfies typeof Op.Br:
                        break taken;
                      case 7 satisfies typeof Op.BrNz:
                        if (I[fp2 + z]! !== 0) break taken;
                        pc += 4;
                        continue;
                      case 8 satisfies typeof Op.BrZ:
                        if (I[fp2 + z]! === 0) break taken;
                        pc += 4;
                        continue;
                      case 9 satisfies typeof Op.BrTable: // Entries follow as target and charge, the default last.
                        index = I[fp2 + y]! >>> 0;
                        count = x;
                        pc += 2 + (index < count ? index : count) * 2;
                        fuel = (fuel - C[pc + 2]!) | 0;
                        pc = C[pc + 1]!;
                        if (fuel < floor) {
                          stop = 1 satisfies typeof Exit.Sync;
                          break loop;
                        }
                        continue;
                      case 10 satisfies typeof Op.Switch: // A br_table whose targets take values: each entry is the code that moves them, and only the jump there looks at fuel.
                        index = I[fp2 + y]! >>> 0;
                        count = x;
                        pc = C[pc + 3 + (index < count ? index : count)]!;
                        continue;
                      case 11 satisfies typeof Op.Return0:
                        break ret;
                      case 12 satisfies typeof Op.Return32:
                        I[fp2] = I[fp2 + y]!;
                        break ret;
                      case 13 satisfies typeof Op.Return64:
                        B[fp] = BigInt.asIntN(64, B[fp + y]!);
                        break ret;
                      case 14 satisfies typeof Op.ReturnN: // Few functions return several values: the copy may be slow.
                        B.copyWithin(fp, fp + y, fp + y + z);
                        break ret;
                      case 15 satisfies typeof Op.Call:
                        callee = x;
                        calleeFp = fp + y;
                        fuel = (fuel - z) | 0;
                        FR[fr + 2] = pc + 5;
                        break enter;
                      case 16 satisfies typeof Op.CallIndirect: {
                        const elements = tables[x]!.elements;
                        index = I[fp2 + z]! >>> 0;
                        if (index >= elements.length) {
                          trap = 4 satisfies typeof Trap.UndefinedElement;
                          break loop;
                        }
                        const ref = elements[index]!;
                        if (ref === 0) {
                          trap = 5 satisfies typeof Trap.UninitializedElement;
                          break loop;
                        }
                        callee = (ref - 1) * 8;
                        if (FI[callee + 6] !== y && !types.isSubtype(FI[callee + 6]!, y)) {
                          trap = 6 satisfies typeof Trap.IndirectCallTypeMismatch;
                          break loop;
                        }
                        calleeFp = fp + C[pc + 4]!;
                        fuel = (fuel - C[pc + 5]!) | 0;
                        FR[fr + 2] = pc + 7;
                        break enter;
                      }
                      case 17 satisfies typeof Op.Unreachable:
                        trap = 1 satisfies typeof Trap.Unreachable;
                        break loop;
                      case 18 satisfies typeof Op.Check:
                        fuel = (fuel - x) | 0;
                        pc += 2;
                        if (fuel < floor) {
                          stop = 1 satisfies typeof Exit.Sync;
                          break loop;
                        }
                        continue;
                      case 19 satisfies typeof Op.Bulk: // Rare or slow by nature: what needs no place in the loop shares one case.
                        trap = runOutside(store, inst, x, fp2 + y, z, C[pc + 4]!);
                        if (trap !== Trap.None) break loop;
                        pc += 5;
                        continue;
                      case 20 satisfies typeof Op.Grow:
                        fuel = (fuel - C[pc + 5]!) | 0;
                        FR[fr + 2] = pc + 7;
                        stop = 5 satisfies typeof Exit.Grow;
                        break loop;
                      case 21 satisfies typeof Op.Mov32:
                        I[fp2 + x] = I[fp2 + y]!;
                        pc += 3;
                        continue;
                      case 22 satisfies typeof Op.Mov64:
                        B[fp + x] = BigInt.asIntN(64, B[fp + y]!);
                        pc += 3;
                        continue;
                      case 23 satisfies typeof Op.Mov32Pair:
                        I[fp2 + x] = I[fp2 + y]!;
                        I[fp2 + z] = I[fp2 + C[pc + 4]!]!;
                        pc += 5;
                        continue;
                      case 24 satisfies typeof Op.Mov64Pair:
                        B[fp + x] = BigInt.asIntN(64, B[fp + y]!);
                        B[fp + z] = BigInt.asIntN(64, B[fp + C[pc + 4]!]!);
                        pc += 5;
                        continue;
                      case 25 satisfies typeof Op.GlobalGetAddK:
                        I[fp2 + x] = (GI[y << 1]! + z) | 0;
                        pc += 4;
                        continue;
                      case 26 satisfies typeof Op.GlobalAddK:
                        t = x << 1;
                        GI[t] = (GI[t]! + y) | 0;
                        pc += 3;
                        continue;
                      case 27 satisfies typeof Op.MovF64:
                        v = F[fp + y]!;
                        F[fp + x] = v;
                        // Engines may change the bits of a NaN that passes through a number.
                        if (v !== v) B[fp + x] = B[fp + y]!;
                        pc += 3;
                        continue;
                      case 28 satisfies typeof Op.Const32:
                        I[fp2 + x] = y;
                        pc += 3;
                        continue;
                      case 29 satisfies typeof Op.Const64:
                        B[fp + x] = BigInt.asIntN(64, K[y]!);
                        pc += 3;
                        continue;
                      case 30 satisfies typeof Op.Select32:
                        I[fp2 + x] = I[fp2 + C[pc + 4]!]! !== 0 ? I[fp2 + y]! : I[fp2 + z]!;
                        pc += 5;
                        continue;
                      case 31 satisfies typeof Op.Select64:
                        B[fp + x] = BigInt.asIntN(64, B[fp + (I[fp2 + C[pc + 4]!]! !== 0 ? y : z)]!);
                        pc += 5;
                        continue;
                      case 32 satisfies typeof Op.GlobalGet32:
                        I[fp2 + x] = GI[y << 1]!;
                        pc += 3;
                        continue;
                      case 33 satisfies typeof Op.GlobalGet64:
                        B[fp + x] = BigInt.asIntN(64, GB[y]!);
                        pc += 3;
                        continue;
                      case 34 satisfies typeof Op.GlobalSet32:
                        GI[x << 1] = I[fp2 + y]!;
                        pc += 3;
                        continue;
                      case 35 satisfies typeof Op.GlobalSet64:
                        GB[x] = BigInt.asIntN(64, B[fp + y]!);
                        pc += 3;
                        continue;
                      case 36 satisfies typeof Op.I32Add:
                        I[fp2 + x] = (I[fp2 + y]! + I[fp2 + z]!) | 0;
                        pc += 4;
                        continue;
                      case 37 satisfies typeof Op.I32AddK:
                        I[fp2 + x] = (I[fp2 + y]! + z) | 0;
                        pc += 4;
                        continue;
                      case 38 satisfies typeof Op.I32Sub:
                        I[fp2 + x] = (I[fp2 + y]! - I[fp2 + z]!) | 0;
                        pc += 4;
                        continue;
                      case 39 satisfies typeof Op.I32Mul:
                        I[fp2 + x] = Math.imul(I[fp2 + y]!, I[fp2 + z]!);
                        pc += 4;
                        continue;
                      case 40 satisfies typeof Op.I32MulK:
                        I[fp2 + x] = Math.imul(I[fp2 + y]!, z);
                        pc += 4;
                        continue;
                      case 41 satisfies typeof Op.I32And:
                        I[fp2 + x] = I[fp2 + y]! & I[fp2 + z]!;
                        pc += 4;
                        continue;
                      case 42 satisfies typeof Op.I32AndK:
                        I[fp2 + x] = I[fp2 + y]! & z;
                        pc += 4;
                        continue;
                      case 43 satisfies typeof Op.I32Or:
                        I[fp2 + x] = I[fp2 + y]! | I[fp2 + z]!;
                        pc += 4;
                        continue;
                      case 44 satisfies typeof Op.I32OrK:
                        I[fp2 + x] = I[fp2 + y]! | z;
                        pc += 4;
                        continue;
                      case 45 satisfies typeof Op.I32Xor:
                        I[fp2 + x] = I[fp2 + y]! ^ I[fp2 + z]!;
                        pc += 4;
                        continue;
                      case 46 satisfies typeof Op.I32XorK:
                        I[fp2 + x] = I[fp2 + y]! ^ z;
                        pc += 4;
                        continue;
                      case 47 satisfies typeof Op.I32Shl:
                        I[fp2 + x] = I[fp2 + y]! << I[fp2 + z]!;
                        pc += 4;
                        continue;
                      case 48 satisfies typeof Op.I32ShlK:
                        I[fp2 + x] = I[fp2 + y]! << z;
                        pc += 4;
                        continue;
                      case 49 satisfies typeof Op.I32ShrS:
                        I[fp2 + x] = I[fp2 + y]! >> I[fp2 + z]!;
                        pc += 4;
                        continue;
                      case 50 satisfies typeof Op.I32ShrSK:
                        I[fp2 + x] = I[fp2 + y]! >> z;
                        pc += 4;
                        continue;
                      case 51 satisfies typeof Op.I32ShrU:
                        I[fp2 + x] = I[fp2 + y]! >>> I[fp2 + z]!;
                        pc += 4;
                        continue;
                      case 52 satisfies typeof Op.I32ShrUK:
                        I[fp2 + x] = I[fp2 + y]! >>> z;
                        pc += 4;
                        continue;
                      case 53 satisfies typeof Op.I32Rotl:
                        a = I[fp2 + y]!;
                        n = I[fp2 + z]!;
                        I[fp2 + x] = (a << n) | (a >>> (32 - n));
                        pc += 4;
                        continue;
                      case 54 satisfies typeof Op.I32RotlK:
                        a = I[fp2 + y]!;
                        n = z;
                        I[fp2 + x] = (a << n) | (a >>> (32 - n));
                        pc += 4;
                        continue;
                      case 55 satisfies typeof Op.I32Rotr:
                        a = I[fp2 + y]!;
                        n = I[fp2 + z]!;
                        I[fp2 + x] = (a >>> n) | (a << (32 - n));
                        pc += 4;
                        continue;
                      case 56 satisfies typeof Op.I32RotrK:
                        a = I[fp2 + y]!;
                        n = z;
                        I[fp2 + x] = (a >>> n) | (a << (32 - n));
                        pc += 4;
                        continue;
                      case 57 satisfies typeof Op.I32DivS:
                        a = I[fp2 + y]!;
                        n = I[fp2 + z]!;
                        if (n === 0) {
                          trap = 7 satisfies typeof Trap.IntegerDivideByZero;
                          break loop;
                        }
                        if (n === -1 && a === -2147483648) {
                          trap = 8 satisfies typeof Trap.IntegerOverflow;
                          break loop;
                        }
                        I[fp2 + x] = (a / n) | 0;
                        pc += 4;
                        continue;
                      case 58 satisfies typeof Op.I32DivU:
                        n = I[fp2 + z]! >>> 0;
                        if (n === 0) {
                          trap = 7 satisfies typeof Trap.IntegerDivideByZero;
                          break loop;
                        }
                        I[fp2 + x] = ((I[fp2 + y]! >>> 0) / n) >>> 0;
                        pc += 4;
                        continue;
                      case 59 satisfies typeof Op.I32RemS:
                        n = I[fp2 + z]!;
                        if (n === 0) {
                          trap = 7 satisfies typeof Trap.IntegerDivideByZero;
                          break loop;
                        }
                        I[fp2 + x] = I[fp2 + y]! % n;
                        pc += 4;
                        continue;
                      case 60 satisfies typeof Op.I32RemU:
                        n = I[fp2 + z]! >>> 0;
                        if (n === 0) {
                          trap = 7 satisfies typeof Trap.IntegerDivideByZero;
                          break loop;
                        }
                        I[fp2 + x] = (I[fp2 + y]! >>> 0) % n;
                        pc += 4;
                        continue;
                      case 61 satisfies typeof Op.I32DivSK:
                        a = I[fp2 + y]!;
                        n = z;
                        if (n === -1 && a === -2147483648) {
                          trap = 8 satisfies typeof Trap.IntegerOverflow;
                          break loop;
                        }
                        I[fp2 + x] = (a / n) | 0;
                        pc += 4;
                        continue;
                      case 62 satisfies typeof Op.I32DivUK:
                        n = z >>> 0;
                        I[fp2 + x] = ((I[fp2 + y]! >>> 0) / n) >>> 0;
                        pc += 4;
                        continue;
                      case 63 satisfies typeof Op.I32RemSK:
                        n = z;
                        I[fp2 + x] = I[fp2 + y]! % n;
                        pc += 4;
                        continue;
                      case 64 satisfies typeof Op.I32RemUK:
                        n = z >>> 0;
                        I[fp2 + x] = (I[fp2 + y]! >>> 0) % n;
                        pc += 4;
                        continue;
                      case 65 satisfies typeof Op.I32Clz:
                        I[fp2 + x] = Math.clz32(I[fp2 + y]!);
                        pc += 3;
                        continue;
                      case 66 satisfies typeof Op.I32Ctz:
                        I[fp2 + x] = ctz32(I[fp2 + y]!);
                        pc += 3;
                        continue;
                      case 67 satisfies typeof Op.I32Popcnt:
                        I[fp2 + x] = popcnt32(I[fp2 + y]!);
                        pc += 3;
                        continue;
                      case 68 satisfies typeof Op.I32Extend8S:
                        I[fp2 + x] = (I[fp2 + y]! << 24) >> 24;
                        pc += 3;
                        continue;
                      case 69 satisfies typeof Op.I32Extend16S:
                        I[fp2 + x] = (I[fp2 + y]! << 16) >> 16;
                        pc += 3;
                        continue;
                      case 70 satisfies typeof Op.I32Eqz:
                        I[fp2 + x] = I[fp2 + y]! === 0 ? 1 : 0;
                        pc += 3;
                        continue;
                      case 71 satisfies typeof Op.I32Eq:
                        I[fp2 + x] = I[fp2 + y]! === I[fp2 + z]! ? 1 : 0;
                        pc += 4;
                        continue;
                      case 72 satisfies typeof Op.I32EqK:
                        I[fp2 + x] = I[fp2 + y]! === z ? 1 : 0;
                        pc += 4;
                        continue;
                      case 73 satisfies typeof Op.I32Ne:
                        I[fp2 + x] = I[fp2 + y]! !== I[fp2 + z]! ? 1 : 0;
                        pc += 4;
                        continue;
                      case 74 satisfies typeof Op.I32NeK:
                        I[fp2 + x] = I[fp2 + y]! !== z ? 1 : 0;
                        pc += 4;
                        continue;
                      case 75 satisfies typeof Op.I32LtS:
                        I[fp2 + x] = I[fp2 + y]! < I[fp2 + z]! ? 1 : 0;
                        pc += 4;
                        continue;
                      case 76 satisfies typeof Op.I32LtSK:
                        I[fp2 + x] = I[fp2 + y]! < z ? 1 : 0;
                        pc += 4;
                        continue;
                      case 77 satisfies typeof Op.I32LtU:
                        I[fp2 + x] = I[fp2 + y]! >>> 0 < I[fp2 + z]! >>> 0 ? 1 : 0;
                        pc += 4;
                        continue;
                      case 78 satisfies typeof Op.I32LtUK:
                        I[fp2 + x] = I[fp2 + y]! >>> 0 < z >>> 0 ? 1 : 0;
                        pc += 4;
                        continue;
                      case 79 satisfies typeof Op.I32GtS:
                        I[fp2 + x] = I[fp2 + y]! > I[fp2 + z]! ? 1 : 0;
                        pc += 4;
                        continue;
                      case 80 satisfies typeof Op.I32GtSK:
                        I[fp2 + x] = I[fp2 + y]! > z ? 1 : 0;
                        pc += 4;
                        continue;
                      case 81 satisfies typeof Op.I32GtU:
                        I[fp2 + x] = I[fp2 + y]! >>> 0 > I[fp2 + z]! >>> 0 ? 1 : 0;
                        pc += 4;
                        continue;
                      case 82 satisfies typeof Op.I32GtUK:
                        I[fp2 + x] = I[fp2 + y]! >>> 0 > z >>> 0 ? 1 : 0;
                        pc += 4;
                        continue;
                      case 83 satisfies typeof Op.I32LeS:
                        I[fp2 + x] = I[fp2 + y]! <= I[fp2 + z]! ? 1 : 0;
                        pc += 4;
                        continue;
                      case 84 satisfies typeof Op.I32LeSK:
                        I[fp2 + x] = I[fp2 + y]! <= z ? 1 : 0;
                        pc += 4;
                        continue;
                      case 85 satisfies typeof Op.I32LeU:
                        I[fp2 + x] = I[fp2 + y]! >>> 0 <= I[fp2 + z]! >>> 0 ? 1 : 0;
                        pc += 4;
                        continue;
                      case 86 satisfies typeof Op.I32LeUK:
                        I[fp2 + x] = I[fp2 + y]! >>> 0 <= z >>> 0 ? 1 : 0;
                        pc += 4;
                        continue;
                      case 87 satisfies typeof Op.I32GeS:
                        I[fp2 + x] = I[fp2 + y]! >= I[fp2 + z]! ? 1 : 0;
                        pc += 4;
                        continue;
                      case 88 satisfies typeof Op.I32GeSK:
                        I[fp2 + x] = I[fp2 + y]! >= z ? 1 : 0;
                        pc += 4;
                        continue;
                      case 89 satisfies typeof Op.I32GeU:
                        I[fp2 + x] = I[fp2 + y]! >>> 0 >= I[fp2 + z]! >>> 0 ? 1 : 0;
                        pc += 4;
                        continue;
                      case 90 satisfies typeof Op.I32GeUK:
                        I[fp2 + x] = I[fp2 + y]! >>> 0 >= z >>> 0 ? 1 : 0;
                        pc += 4;
                        continue;
                      case 91 satisfies typeof Op.BrI32Eq:
                        if (I[fp2 + z]! === I[fp2 + C[pc + 4]!]!) break taken;
                        pc += 5;
                        continue;
                      case 92 satisfies typeof Op.BrI32EqK:
                        if (I[fp2 + z]! === C[pc + 4]!) break taken;
                        pc += 5;
                        continue;
                      case 93 satisfies typeof Op.BrI32Ne:
                        if (I[fp2 + z]! !== I[fp2 + C[pc + 4]!]!) break taken;
                        pc += 5;
                        continue;
                      case 94 satisfies typeof Op.BrI32NeK:
                        if (I[fp2 + z]! !== C[pc + 4]!) break taken;
                        pc += 5;
                        continue;
                      case 95 satisfies typeof Op.BrI32LtS:
                        if (I[fp2 + z]! < I[fp2 + C[pc + 4]!]!) break taken;
                        pc += 5;
                        continue;
                      case 96 satisfies typeof Op.BrI32LtSK:
                        if (I[fp2 + z]! < C[pc + 4]!) break taken;
                        pc += 5;
                        continue;
                      case 97 satisfies typeof Op.BrI32LtU:
                        if (I[fp2 + z]! >>> 0 < I[fp2 + C[pc + 4]!]! >>> 0) break taken;
                        pc += 5;
                        continue;
                      case 98 satisfies typeof Op.BrI32LtUK:
                        if (I[fp2 + z]! >>> 0 < C[pc + 4]! >>> 0) break taken;
                        pc += 5;
                        continue;
                      case 99 satisfies typeof Op.BrI32GtS:
                        if (I[fp2 + z]! > I[fp2 + C[pc + 4]!]!) break taken;
                        pc += 5;
                        continue;
                      case 100 satisfies typeof Op.BrI32GtSK:
                        if (I[fp2 + z]! > C[pc + 4]!) break taken;
                        pc += 5;
                        continue;
                      case 101 satisfies typeof Op.BrI32GtU:
                        if (I[fp2 + z]! >>> 0 > I[fp2 + C[pc + 4]!]! >>> 0) break taken;
                        pc += 5;
                        continue;
                      case 102 satisfies typeof Op.BrI32GtUK:
                        if (I[fp2 + z]! >>> 0 > C[pc + 4]! >>> 0) break taken;
                        pc += 5;
                        continue;
                      case 103 satisfies typeof Op.BrI32LeS:
                        if (I[fp2 + z]! <= I[fp2 + C[pc + 4]!]!) break taken;
                        pc += 5;
                        continue;
                      case 104 satisfies typeof Op.BrI32LeSK:
                        if (I[fp2 + z]! <= C[pc + 4]!) break taken;
                        pc += 5;
                        continue;
                      case 105 satisfies typeof Op.BrI32LeU:
                        if (I[fp2 + z]! >>> 0 <= I[fp2 + C[pc + 4]!]! >>> 0) break taken;
                        pc += 5;
                        continue;
                      case 106 satisfies typeof Op.BrI32LeUK:
                        if (I[fp2 + z]! >>> 0 <= C[pc + 4]! >>> 0) break taken;
                        pc += 5;
                        continue;
                      case 107 satisfies typeof Op.BrI32GeS:
                        if (I[fp2 + z]! >= I[fp2 + C[pc + 4]!]!) break taken;
                        pc += 5;
                        continue;
                      case 108 satisfies typeof Op.BrI32GeSK:
                        if (I[fp2 + z]! >= C[pc + 4]!) break taken;
                        pc += 5;
                        continue;
                      case 109 satisfies typeof Op.BrI32GeU:
                        if (I[fp2 + z]! >>> 0 >= I[fp2 + C[pc + 4]!]! >>> 0) break taken;
                        pc += 5;
                        continue;
                      case 110 satisfies typeof Op.BrI32GeUK:
                        if (I[fp2 + z]! >>> 0 >= C[pc + 4]! >>> 0) break taken;
                        pc += 5;
                        continue;
                      case 111 satisfies typeof Op.I64Add:
                        B[fp + x] = BigInt.asIntN(64, B[fp + y]! + B[fp + z]!);
                        pc += 4;
                        continue;
                      case 112 satisfies typeof Op.I64AddK:
                        B[fp + x] = BigInt.asIntN(64, B[fp + y]! + K[z]!);
                        pc += 4;
                        continue;
                      case 113 satisfies typeof Op.I64Sub:
                        B[fp + x] = BigInt.asIntN(64, B[fp + y]! - B[fp + z]!);
                        pc += 4;
                        continue;
                      case 114 satisfies typeof Op.I64Mul:
                        B[fp + x] = BigInt.asIntN(64, B[fp + y]! * B[fp + z]!);
                        pc += 4;
                        continue;
                      case 115 satisfies typeof Op.I64MulK:
                        B[fp + x] = BigInt.asIntN(64, B[fp + y]! * K[z]!);
                        pc += 4;
                        continue;
                      case 116 satisfies typeof Op.I64And:
                        B[fp + x] = BigInt.asIntN(64, B[fp + y]! & B[fp + z]!);
                        pc += 4;
                        continue;
                      case 117 satisfies typeof Op.I64AndK:
                        B[fp + x] = BigInt.asIntN(64, B[fp + y]! & K[z]!);
                        pc += 4;
                        continue;
                      case 118 satisfies typeof Op.I64Or:
                        B[fp + x] = BigInt.asIntN(64, B[fp + y]! | B[fp + z]!);
                        pc += 4;
                        continue;
                      case 119 satisfies typeof Op.I64OrK:
                        B[fp + x] = BigInt.asIntN(64, B[fp + y]! | K[z]!);
                        pc += 4;
                        continue;
                      case 120 satisfies typeof Op.I64Xor:
                        B[fp + x] = BigInt.asIntN(64, B[fp + y]! ^ B[fp + z]!);
                        pc += 4;
                        continue;
                      case 121 satisfies typeof Op.I64XorK:
                        B[fp + x] = BigInt.asIntN(64, B[fp + y]! ^ K[z]!);
                        pc += 4;
                        continue;
                      case 122 satisfies typeof Op.I64DivS:
                        {
                          const divisor = B[fp + z]!;
                          if (divisor === 0n) {
                            trap = 7 satisfies typeof Trap.IntegerDivideByZero;
                            break loop;
                          }
                          const dividend = B[fp + y]!;
                          if (divisor === -1n && dividend === -0x8000000000000000n) {
                            trap = 8 satisfies typeof Trap.IntegerOverflow;
                            break loop;
                          }
                          B[fp + x] = BigInt.asIntN(64, dividend / divisor);
                        }
                        break next4;
                      case 123 satisfies typeof Op.I64DivU:
                        {
                          const divisor = B[fp + z]!;
                          if (divisor === 0n) {
                            trap = 7 satisfies typeof Trap.IntegerDivideByZero;
                            break loop;
                          }
                          B[fp + x] = BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) / BigInt.asUintN(64, divisor));
                        }
                        break next4;
                      case 124 satisfies typeof Op.I64RemS:
                        {
                          const divisor = B[fp + z]!;
                          if (divisor === 0n) {
                            trap = 7 satisfies typeof Trap.IntegerDivideByZero;
                            break loop;
                          }
                          B[fp + x] = BigInt.asIntN(64, B[fp + y]! % divisor);
                        }
                        break next4;
                      case 125 satisfies typeof Op.I64RemU:
                        {
                          const divisor = B[fp + z]!;
                          if (divisor === 0n) {
                            trap = 7 satisfies typeof Trap.IntegerDivideByZero;
                            break loop;
                          }
                          B[fp + x] = BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) % BigInt.asUintN(64, divisor));
                        }
                        break next4;
                      case 126 satisfies typeof Op.I64Shl:
                        shl64(I, fp2 + x, I[fp2 + y]!, I[fp2 + y + 1]!, I[fp2 + z]! & 63);
                        break next4;
                      case 127 satisfies typeof Op.I64ShrS:
                        shrS64(I, fp2 + x, I[fp2 + y]!, I[fp2 + y + 1]!, I[fp2 + z]! & 63);
                        break next4;
                      case 128 satisfies typeof Op.I64ShrU:
                        shrU64(I, fp2 + x, I[fp2 + y]!, I[fp2 + y + 1]!, I[fp2 + z]! & 63);
                        break next4;
                      case 129 satisfies typeof Op.I64Rotl:
                        rotl64(I, fp2 + x, I[fp2 + y]!, I[fp2 + y + 1]!, I[fp2 + z]! & 63);
                        break next4;
                      case 130 satisfies typeof Op.I64Rotr:
                        rotl64(I, fp2 + x, I[fp2 + y]!, I[fp2 + y + 1]!, -I[fp2 + z]! & 63);
                        break next4;
                      case 131 satisfies typeof Op.I64ShrSK:
                        shrS64(I, fp2 + x, I[fp2 + y]!, I[fp2 + y + 1]!, z);
                        break next4;
                      case 132 satisfies typeof Op.I64ShrUBy1:
                        B[fp + x] = BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 1n);
                        break next3;
                      case 133 satisfies typeof Op.I64ShrUBy2:
                        B[fp + x] = BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 2n);
                        break next3;
                      case 134 satisfies typeof Op.I64ShrUBy3:
                        B[fp + x] = BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 3n);
                        break next3;
                      case 135 satisfies typeof Op.I64ShrUBy4:
                        B[fp + x] = BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 4n);
                        break next3;
                      case 136 satisfies typeof Op.I64ShrUBy5:
                        B[fp + x] = BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 5n);
                        break next3;
                      case 137 satisfies typeof Op.I64ShrUBy6:
                        B[fp + x] = BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 6n);
                        break next3;
                      case 138 satisfies typeof Op.I64ShrUBy7:
                        B[fp + x] = BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 7n);
                        break next3;
                      case 139 satisfies typeof Op.I64ShrUBy8:
                        B[fp + x] = BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 8n);
                        break next3;
                      case 140 satisfies typeof Op.I64ShrUBy9:
                        B[fp + x] = BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 9n);
                        break next3;
                      case 141 satisfies typeof Op.I64ShrUBy10:
                        B[fp + x] = BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 10n);
                        break next3;
                      case 142 satisfies typeof Op.I64ShrUBy11:
                        B[fp + x] = BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 11n);
                        break next3;
                      case 143 satisfies typeof Op.I64ShrUBy12:
                        B[fp + x] = BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 12n);
                        break next3;
                      case 144 satisfies typeof Op.I64ShrUBy13:
                        B[fp + x] = BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 13n);
                        break next3;
                      case 145 satisfies typeof Op.I64ShrUBy14:
                        B[fp + x] = BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 14n);
                        break next3;
                      case 146 satisfies typeof Op.I64ShrUBy15:
                        B[fp + x] = BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 15n);
                        break next3;
                      case 147 satisfies typeof Op.I64ShrUBy16:
                        B[fp + x] = BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 16n);
                        break next3;
                      case 148 satisfies typeof Op.I64ShrUBy17:
                        B[fp + x] = BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 17n);
                        break next3;
                      case 149 satisfies typeof Op.I64ShrUBy18:
                        B[fp + x] = BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 18n);
                        break next3;
                      case 150 satisfies typeof Op.I64ShrUBy19:
                        B[fp + x] = BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 19n);
                        break next3;
                      case 151 satisfies typeof Op.I64ShrUBy20:
                        B[fp + x] = BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 20n);
                        break next3;
                      case 152 satisfies typeof Op.I64ShrUBy21:
                        B[fp + x] = BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 21n);
                        break next3;
                      case 153 satisfies typeof Op.I64ShrUBy22:
                        B[fp + x] = BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 22n);
                        break next3;
                      case 154 satisfies typeof Op.I64ShrUBy23:
                        B[fp + x] = BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 23n);
                        break next3;
                      case 155 satisfies typeof Op.I64ShrUBy24:
                        B[fp + x] = BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 24n);
                        break next3;
                      case 156 satisfies typeof Op.I64ShrUBy25:
                        B[fp + x] = BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 25n);
                        break next3;
                      case 157 satisfies typeof Op.I64ShrUBy26:
                        B[fp + x] = BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 26n);
                        break next3;
                      case 158 satisfies typeof Op.I64ShrUBy27:
                        B[fp + x] = BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 27n);
                        break next3;
                      case 159 satisfies typeof Op.I64ShrUBy28:
                        B[fp + x] = BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 28n);
                        break next3;
                      case 160 satisfies typeof Op.I64ShrUBy29:
                        B[fp + x] = BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 29n);
                        break next3;
                      case 161 satisfies typeof Op.I64ShrUBy30:
                        B[fp + x] = BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 30n);
                        break next3;
                      case 162 satisfies typeof Op.I64ShrUBy31:
                        B[fp + x] = BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 31n);
                        break next3;
                      case 163 satisfies typeof Op.I64ShrUBy32:
                        B[fp + x] = BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 32n);
                        break next3;
                      case 164 satisfies typeof Op.I64ShrUBy33:
                        B[fp + x] = BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 33n);
                        break next3;
                      case 165 satisfies typeof Op.I64ShrUBy34:
                        B[fp + x] = BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 34n);
                        break next3;
                      case 166 satisfies typeof Op.I64ShrUBy35:
                        B[fp + x] = BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 35n);
                        break next3;
                      case 167 satisfies typeof Op.I64ShrUBy36:
                        B[fp + x] = BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 36n);
                        break next3;
                      case 168 satisfies typeof Op.I64ShrUBy37:
                        B[fp + x] = BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 37n);
                        break next3;
                      case 169 satisfies typeof Op.I64ShrUBy38:
                        B[fp + x] = BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 38n);
                        break next3;
                      case 170 satisfies typeof Op.I64ShrUBy39:
                        B[fp + x] = BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 39n);
                        break next3;
                      case 171 satisfies typeof Op.I64ShrUBy40:
                        B[fp + x] = BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 40n);
                        break next3;
                      case 172 satisfies typeof Op.I64ShrUBy41:
                        B[fp + x] = BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 41n);
                        break next3;
                      case 173 satisfies typeof Op.I64ShrUBy42:
                        B[fp + x] = BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 42n);
                        break next3;
                      case 174 satisfies typeof Op.I64ShrUBy43:
                        B[fp + x] = BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 43n);
                        break next3;
                      case 175 satisfies typeof Op.I64ShrUBy44:
                        B[fp + x] = BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 44n);
                        break next3;
                      case 176 satisfies typeof Op.I64ShrUBy45:
                        B[fp + x] = BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 45n);
                        break next3;
                      case 177 satisfies typeof Op.I64ShrUBy46:
                        B[fp + x] = BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 46n);
                        break next3;
                      case 178 satisfies typeof Op.I64ShrUBy47:
                        B[fp + x] = BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 47n);
                        break next3;
                      case 179 satisfies typeof Op.I64ShrUBy48:
                        B[fp + x] = BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 48n);
                        break next3;
                      case 180 satisfies typeof Op.I64ShrUBy49:
                        B[fp + x] = BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 49n);
                        break next3;
                      case 181 satisfies typeof Op.I64ShrUBy50:
                        B[fp + x] = BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 50n);
                        break next3;
                      case 182 satisfies typeof Op.I64ShrUBy51:
                        B[fp + x] = BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 51n);
                        break next3;
                      case 183 satisfies typeof Op.I64ShrUBy52:
                        B[fp + x] = BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 52n);
                        break next3;
                      case 184 satisfies typeof Op.I64ShrUBy53:
                        B[fp + x] = BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 53n);
                        break next3;
                      case 185 satisfies typeof Op.I64ShrUBy54:
                        B[fp + x] = BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 54n);
                        break next3;
                      case 186 satisfies typeof Op.I64ShrUBy55:
                        B[fp + x] = BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 55n);
                        break next3;
                      case 187 satisfies typeof Op.I64ShrUBy56:
                        B[fp + x] = BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 56n);
                        break next3;
                      case 188 satisfies typeof Op.I64ShrUBy57:
                        B[fp + x] = BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 57n);
                        break next3;
                      case 189 satisfies typeof Op.I64ShrUBy58:
                        B[fp + x] = BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 58n);
                        break next3;
                      case 190 satisfies typeof Op.I64ShrUBy59:
                        B[fp + x] = BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 59n);
                        break next3;
                      case 191 satisfies typeof Op.I64ShrUBy60:
                        B[fp + x] = BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 60n);
                        break next3;
                      case 192 satisfies typeof Op.I64ShrUBy61:
                        B[fp + x] = BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 61n);
                        break next3;
                      case 193 satisfies typeof Op.I64ShrUBy62:
                        B[fp + x] = BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 62n);
                        break next3;
                      case 194 satisfies typeof Op.I64ShrUBy63:
                        B[fp + x] = BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 63n);
                        break next3;
                      case 195 satisfies typeof Op.I64RotlBy1:
                        B[fp + x] = BigInt.asIntN(
                          64,
                          BigInt.asIntN(64, B[fp + y]! << 1n) | BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 63n),
                        );
                        break next3;
                      case 196 satisfies typeof Op.I64RotlBy2:
                        B[fp + x] = BigInt.asIntN(
                          64,
                          BigInt.asIntN(64, B[fp + y]! << 2n) | BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 62n),
                        );
                        break next3;
                      case 197 satisfies typeof Op.I64RotlBy3:
                        B[fp + x] = BigInt.asIntN(
                          64,
                          BigInt.asIntN(64, B[fp + y]! << 3n) | BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 61n),
                        );
                        break next3;
                      case 198 satisfies typeof Op.I64RotlBy4:
                        B[fp + x] = BigInt.asIntN(
                          64,
                          BigInt.asIntN(64, B[fp + y]! << 4n) | BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 60n),
                        );
                        break next3;
                      case 199 satisfies typeof Op.I64RotlBy5:
                        B[fp + x] = BigInt.asIntN(
                          64,
                          BigInt.asIntN(64, B[fp + y]! << 5n) | BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 59n),
                        );
                        break next3;
                      case 200 satisfies typeof Op.I64RotlBy6:
                        B[fp + x] = BigInt.asIntN(
                          64,
                          BigInt.asIntN(64, B[fp + y]! << 6n) | BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 58n),
                        );
                        break next3;
                      case 201 satisfies typeof Op.I64RotlBy7:
                        B[fp + x] = BigInt.asIntN(
                          64,
                          BigInt.asIntN(64, B[fp + y]! << 7n) | BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 57n),
                        );
                        break next3;
                      case 202 satisfies typeof Op.I64RotlBy8:
                        B[fp + x] = BigInt.asIntN(
                          64,
                          BigInt.asIntN(64, B[fp + y]! << 8n) | BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 56n),
                        );
                        break next3;
                      case 203 satisfies typeof Op.I64RotlBy9:
                        B[fp + x] = BigInt.asIntN(
                          64,
                          BigInt.asIntN(64, B[fp + y]! << 9n) | BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 55n),
                        );
                        break next3;
                      case 204 satisfies typeof Op.I64RotlBy10:
                        B[fp + x] = BigInt.asIntN(
                          64,
                          BigInt.asIntN(64, B[fp + y]! << 10n) | BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 54n),
                        );
                        break next3;
                      case 205 satisfies typeof Op.I64RotlBy11:
                        B[fp + x] = BigInt.asIntN(
                          64,
                          BigInt.asIntN(64, B[fp + y]! << 11n) | BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 53n),
                        );
                        break next3;
                      case 206 satisfies typeof Op.I64RotlBy12:
                        B[fp + x] = BigInt.asIntN(
                          64,
                          BigInt.asIntN(64, B[fp + y]! << 12n) | BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 52n),
                        );
                        break next3;
                      case 207 satisfies typeof Op.I64RotlBy13:
                        B[fp + x] = BigInt.asIntN(
                          64,
                          BigInt.asIntN(64, B[fp + y]! << 13n) | BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 51n),
                        );
                        break next3;
                      case 208 satisfies typeof Op.I64RotlBy14:
                        B[fp + x] = BigInt.asIntN(
                          64,
                          BigInt.asIntN(64, B[fp + y]! << 14n) | BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 50n),
                        );
                        break next3;
                      case 209 satisfies typeof Op.I64RotlBy15:
                        B[fp + x] = BigInt.asIntN(
                          64,
                          BigInt.asIntN(64, B[fp + y]! << 15n) | BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 49n),
                        );
                        break next3;
                      case 210 satisfies typeof Op.I64RotlBy16:
                        B[fp + x] = BigInt.asIntN(
                          64,
                          BigInt.asIntN(64, B[fp + y]! << 16n) | BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 48n),
                        );
                        break next3;
                      case 211 satisfies typeof Op.I64RotlBy17:
                        B[fp + x] = BigInt.asIntN(
                          64,
                          BigInt.asIntN(64, B[fp + y]! << 17n) | BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 47n),
                        );
                        break next3;
                      case 212 satisfies typeof Op.I64RotlBy18:
                        B[fp + x] = BigInt.asIntN(
                          64,
                          BigInt.asIntN(64, B[fp + y]! << 18n) | BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 46n),
                        );
                        break next3;
                      case 213 satisfies typeof Op.I64RotlBy19:
                        B[fp + x] = BigInt.asIntN(
                          64,
                          BigInt.asIntN(64, B[fp + y]! << 19n) | BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 45n),
                        );
                        break next3;
                      case 214 satisfies typeof Op.I64RotlBy20:
                        B[fp + x] = BigInt.asIntN(
                          64,
                          BigInt.asIntN(64, B[fp + y]! << 20n) | BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 44n),
                        );
                        break next3;
                      case 215 satisfies typeof Op.I64RotlBy21:
                        B[fp + x] = BigInt.asIntN(
                          64,
                          BigInt.asIntN(64, B[fp + y]! << 21n) | BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 43n),
                        );
                        break next3;
                      case 216 satisfies typeof Op.I64RotlBy22:
                        B[fp + x] = BigInt.asIntN(
                          64,
                          BigInt.asIntN(64, B[fp + y]! << 22n) | BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 42n),
                        );
                        break next3;
                      case 217 satisfies typeof Op.I64RotlBy23:
                        B[fp + x] = BigInt.asIntN(
                          64,
                          BigInt.asIntN(64, B[fp + y]! << 23n) | BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 41n),
                        );
                        break next3;
                      case 218 satisfies typeof Op.I64RotlBy24:
                        B[fp + x] = BigInt.asIntN(
                          64,
                          BigInt.asIntN(64, B[fp + y]! << 24n) | BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 40n),
                        );
                        break next3;
                      case 219 satisfies typeof Op.I64RotlBy25:
                        B[fp + x] = BigInt.asIntN(
                          64,
                          BigInt.asIntN(64, B[fp + y]! << 25n) | BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 39n),
                        );
                        break next3;
                      case 220 satisfies typeof Op.I64RotlBy26:
                        B[fp + x] = BigInt.asIntN(
                          64,
                          BigInt.asIntN(64, B[fp + y]! << 26n) | BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 38n),
                        );
                        break next3;
                      case 221 satisfies typeof Op.I64RotlBy27:
                        B[fp + x] = BigInt.asIntN(
                          64,
                          BigInt.asIntN(64, B[fp + y]! << 27n) | BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 37n),
                        );
                        break next3;
                      case 222 satisfies typeof Op.I64RotlBy28:
                        B[fp + x] = BigInt.asIntN(
                          64,
                          BigInt.asIntN(64, B[fp + y]! << 28n) | BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 36n),
                        );
                        break next3;
                      case 223 satisfies typeof Op.I64RotlBy29:
                        B[fp + x] = BigInt.asIntN(
                          64,
                          BigInt.asIntN(64, B[fp + y]! << 29n) | BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 35n),
                        );
                        break next3;
                      case 224 satisfies typeof Op.I64RotlBy30:
                        B[fp + x] = BigInt.asIntN(
                          64,
                          BigInt.asIntN(64, B[fp + y]! << 30n) | BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 34n),
                        );
                        break next3;
                      case 225 satisfies typeof Op.I64RotlBy31:
                        B[fp + x] = BigInt.asIntN(
                          64,
                          BigInt.asIntN(64, B[fp + y]! << 31n) | BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 33n),
                        );
                        break next3;
                      case 226 satisfies typeof Op.I64RotlBy32:
                        B[fp + x] = BigInt.asIntN(
                          64,
                          BigInt.asIntN(64, B[fp + y]! << 32n) | BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 32n),
                        );
                        break next3;
                      case 227 satisfies typeof Op.I64RotlBy33:
                        B[fp + x] = BigInt.asIntN(
                          64,
                          BigInt.asIntN(64, B[fp + y]! << 33n) | BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 31n),
                        );
                        break next3;
                      case 228 satisfies typeof Op.I64RotlBy34:
                        B[fp + x] = BigInt.asIntN(
                          64,
                          BigInt.asIntN(64, B[fp + y]! << 34n) | BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 30n),
                        );
                        break next3;
                      case 229 satisfies typeof Op.I64RotlBy35:
                        B[fp + x] = BigInt.asIntN(
                          64,
                          BigInt.asIntN(64, B[fp + y]! << 35n) | BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 29n),
                        );
                        break next3;
                      case 230 satisfies typeof Op.I64RotlBy36:
                        B[fp + x] = BigInt.asIntN(
                          64,
                          BigInt.asIntN(64, B[fp + y]! << 36n) | BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 28n),
                        );
                        break next3;
                      case 231 satisfies typeof Op.I64RotlBy37:
                        B[fp + x] = BigInt.asIntN(
                          64,
                          BigInt.asIntN(64, B[fp + y]! << 37n) | BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 27n),
                        );
                        break next3;
                      case 232 satisfies typeof Op.I64RotlBy38:
                        B[fp + x] = BigInt.asIntN(
                          64,
                          BigInt.asIntN(64, B[fp + y]! << 38n) | BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 26n),
                        );
                        break next3;
                      case 233 satisfies typeof Op.I64RotlBy39:
                        B[fp + x] = BigInt.asIntN(
                          64,
                          BigInt.asIntN(64, B[fp + y]! << 39n) | BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 25n),
                        );
                        break next3;
                      case 234 satisfies typeof Op.I64RotlBy40:
                        B[fp + x] = BigInt.asIntN(
                          64,
                          BigInt.asIntN(64, B[fp + y]! << 40n) | BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 24n),
                        );
                        break next3;
                      case 235 satisfies typeof Op.I64RotlBy41:
                        B[fp + x] = BigInt.asIntN(
                          64,
                          BigInt.asIntN(64, B[fp + y]! << 41n) | BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 23n),
                        );
                        break next3;
                      case 236 satisfies typeof Op.I64RotlBy42:
                        B[fp + x] = BigInt.asIntN(
                          64,
                          BigInt.asIntN(64, B[fp + y]! << 42n) | BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 22n),
                        );
                        break next3;
                      case 237 satisfies typeof Op.I64RotlBy43:
                        B[fp + x] = BigInt.asIntN(
                          64,
                          BigInt.asIntN(64, B[fp + y]! << 43n) | BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 21n),
                        );
                        break next3;
                      case 238 satisfies typeof Op.I64RotlBy44:
                        B[fp + x] = BigInt.asIntN(
                          64,
                          BigInt.asIntN(64, B[fp + y]! << 44n) | BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 20n),
                        );
                        break next3;
                      case 239 satisfies typeof Op.I64RotlBy45:
                        B[fp + x] = BigInt.asIntN(
                          64,
                          BigInt.asIntN(64, B[fp + y]! << 45n) | BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 19n),
                        );
                        break next3;
                      case 240 satisfies typeof Op.I64RotlBy46:
                        B[fp + x] = BigInt.asIntN(
                          64,
                          BigInt.asIntN(64, B[fp + y]! << 46n) | BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 18n),
                        );
                        break next3;
                      case 241 satisfies typeof Op.I64RotlBy47:
                        B[fp + x] = BigInt.asIntN(
                          64,
                          BigInt.asIntN(64, B[fp + y]! << 47n) | BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 17n),
                        );
                        break next3;
                      case 242 satisfies typeof Op.I64RotlBy48:
                        B[fp + x] = BigInt.asIntN(
                          64,
                          BigInt.asIntN(64, B[fp + y]! << 48n) | BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 16n),
                        );
                        break next3;
                      case 243 satisfies typeof Op.I64RotlBy49:
                        B[fp + x] = BigInt.asIntN(
                          64,
                          BigInt.asIntN(64, B[fp + y]! << 49n) | BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 15n),
                        );
                        break next3;
                      case 244 satisfies typeof Op.I64RotlBy50:
                        B[fp + x] = BigInt.asIntN(
                          64,
                          BigInt.asIntN(64, B[fp + y]! << 50n) | BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 14n),
                        );
                        break next3;
                      case 245 satisfies typeof Op.I64RotlBy51:
                        B[fp + x] = BigInt.asIntN(
                          64,
                          BigInt.asIntN(64, B[fp + y]! << 51n) | BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 13n),
                        );
                        break next3;
                      case 246 satisfies typeof Op.I64RotlBy52:
                        B[fp + x] = BigInt.asIntN(
                          64,
                          BigInt.asIntN(64, B[fp + y]! << 52n) | BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 12n),
                        );
                        break next3;
                      case 247 satisfies typeof Op.I64RotlBy53:
                        B[fp + x] = BigInt.asIntN(
                          64,
                          BigInt.asIntN(64, B[fp + y]! << 53n) | BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 11n),
                        );
                        break next3;
                      case 248 satisfies typeof Op.I64RotlBy54:
                        B[fp + x] = BigInt.asIntN(
                          64,
                          BigInt.asIntN(64, B[fp + y]! << 54n) | BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 10n),
                        );
                        break next3;
                      case 249 satisfies typeof Op.I64RotlBy55:
                        B[fp + x] = BigInt.asIntN(
                          64,
                          BigInt.asIntN(64, B[fp + y]! << 55n) | BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 9n),
                        );
                        break next3;
                      case 250 satisfies typeof Op.I64RotlBy56:
                        B[fp + x] = BigInt.asIntN(
                          64,
                          BigInt.asIntN(64, B[fp + y]! << 56n) | BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 8n),
                        );
                        break next3;
                      case 251 satisfies typeof Op.I64RotlBy57:
                        B[fp + x] = BigInt.asIntN(
                          64,
                          BigInt.asIntN(64, B[fp + y]! << 57n) | BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 7n),
                        );
                        break next3;
                      case 252 satisfies typeof Op.I64RotlBy58:
                        B[fp + x] = BigInt.asIntN(
                          64,
                          BigInt.asIntN(64, B[fp + y]! << 58n) | BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 6n),
                        );
                        break next3;
                      case 253 satisfies typeof Op.I64RotlBy59:
                        B[fp + x] = BigInt.asIntN(
                          64,
                          BigInt.asIntN(64, B[fp + y]! << 59n) | BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 5n),
                        );
                        break next3;
                      case 254 satisfies typeof Op.I64RotlBy60:
                        B[fp + x] = BigInt.asIntN(
                          64,
                          BigInt.asIntN(64, B[fp + y]! << 60n) | BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 4n),
                        );
                        break next3;
                      case 255 satisfies typeof Op.I64RotlBy61:
                        B[fp + x] = BigInt.asIntN(
                          64,
                          BigInt.asIntN(64, B[fp + y]! << 61n) | BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 3n),
                        );
                        break next3;
                      case 256 satisfies typeof Op.I64RotlBy62:
                        B[fp + x] = BigInt.asIntN(
                          64,
                          BigInt.asIntN(64, B[fp + y]! << 62n) | BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 2n),
                        );
                        break next3;
                      case 257 satisfies typeof Op.I64RotlBy63:
                        B[fp + x] = BigInt.asIntN(
                          64,
                          BigInt.asIntN(64, B[fp + y]! << 63n) | BigInt.asIntN(64, BigInt.asUintN(64, B[fp + y]!) >> 1n),
                        );
                        break next3;
                      case 258 satisfies typeof Op.I64Clz:
                        hi = I[fp2 + y + 1]!;
                        d = fp2 + x;
                        I[d] = hi === 0 ? 32 + Math.clz32(I[fp2 + y]!) : Math.clz32(hi);
                        I[d + 1] = 0;
                        break next3;
                      case 259 satisfies typeof Op.I64Ctz:
                        lo = I[fp2 + y]!;
                        d = fp2 + x;
                        I[d] = lo === 0 ? 32 + ctz32(I[fp2 + y + 1]!) : ctz32(lo);
                        I[d + 1] = 0;
                        break next3;
                      case 260 satisfies typeof Op.I64Popcnt:
                        d = fp2 + x;
                        I[d] = popcnt32(I[fp2 + y]!) + popcnt32(I[fp2 + y + 1]!);
                        I[d + 1] = 0;
                        break next3;
                      case 261 satisfies typeof Op.I64Extend8S:
                        B[fp + x] = BigInt.asIntN(8, B[fp + y]!);
                        break next3;
                      case 262 satisfies typeof Op.I64Extend16S:
                        B[fp + x] = BigInt.asIntN(16, B[fp + y]!);
                        break next3;
                      case 263 satisfies typeof Op.I64Extend32S:
                        B[fp + x] = BigInt.asIntN(32, B[fp + y]!);
                        break next3;
                      case 264 satisfies typeof Op.I64ExtendI32U:
                        B[fp + x] = BigInt.asIntN(64, BigInt.asUintN(32, B[fp + y]!));
                        break next3;
                      case 265 satisfies typeof Op.I64Eqz:
                        I[fp2 + x] = (I[fp2 + y]! | I[fp2 + y + 1]!) === 0 ? 1 : 0;
                        pc += 3;
                        continue;
                      case 266 satisfies typeof Op.I64Eq:
                        I[fp2 + x] = B[fp + y]! === B[fp + z]! ? 1 : 0;
                        pc += 4;
                        continue;
                      case 267 satisfies typeof Op.I64EqK:
                        I[fp2 + x] = B[fp + y]! === K[z]! ? 1 : 0;
                        pc += 4;
                        continue;
                      case 268 satisfies typeof Op.I64Ne:
                        I[fp2 + x] = B[fp + y]! !== B[fp + z]! ? 1 : 0;
                        pc += 4;
                        continue;
                      case 269 satisfies typeof Op.I64NeK:
                        I[fp2 + x] = B[fp + y]! !== K[z]! ? 1 : 0;
                        pc += 4;
                        continue;
                      case 270 satisfies typeof Op.I64LtS:
                        I[fp2 + x] = B[fp + y]! < B[fp + z]! ? 1 : 0;
                        pc += 4;
                        continue;
                      case 271 satisfies typeof Op.I64LtSK:
                        I[fp2 + x] = B[fp + y]! < K[z]! ? 1 : 0;
                        pc += 4;
                        continue;
                      case 272 satisfies typeof Op.I64LtU:
                        I[fp2 + x] = BigInt.asIntN(64, B[fp + y]! ^ SIGN) < BigInt.asIntN(64, B[fp + z]! ^ SIGN) ? 1 : 0;
                        pc += 4;
                        continue;
                      case 273 satisfies typeof Op.I64LtUK:
                        I[fp2 + x] = BigInt.asIntN(64, B[fp + y]! ^ SIGN) < BigInt.asIntN(64, K[z]! ^ SIGN) ? 1 : 0;
                        pc += 4;
                        continue;
                      case 274 satisfies typeof Op.I64GtS:
                        I[fp2 + x] = B[fp + y]! > B[fp + z]! ? 1 : 0;
                        pc += 4;
                        continue;
                      case 275 satisfies typeof Op.I64GtSK:
                        I[fp2 + x] = B[fp + y]! > K[z]! ? 1 : 0;
                        pc += 4;
                        continue;
                      case 276 satisfies typeof Op.I64GtU:
                        I[fp2 + x] = BigInt.asIntN(64, B[fp + y]! ^ SIGN) > BigInt.asIntN(64, B[fp + z]! ^ SIGN) ? 1 : 0;
                        pc += 4;
                        continue;
                      case 277 satisfies typeof Op.I64GtUK:
                        I[fp2 + x] = BigInt.asIntN(64, B[fp + y]! ^ SIGN) > BigInt.asIntN(64, K[z]! ^ SIGN) ? 1 : 0;
                        pc += 4;
                        continue;
                      case 278 satisfies typeof Op.I64LeS:
                        I[fp2 + x] = B[fp + y]! <= B[fp + z]! ? 1 : 0;
                        pc += 4;
                        continue;
                      case 279 satisfies typeof Op.I64LeSK:
                        I[fp2 + x] = B[fp + y]! <= K[z]! ? 1 : 0;
                        pc += 4;
                        continue;
                      case 280 satisfies typeof Op.I64LeU:
                        I[fp2 + x] = BigInt.asIntN(64, B[fp + y]! ^ SIGN) <= BigInt.asIntN(64, B[fp + z]! ^ SIGN) ? 1 : 0;
                        pc += 4;
                        continue;
                      case 281 satisfies typeof Op.I64LeUK:
                        I[fp2 + x] = BigInt.asIntN(64, B[fp + y]! ^ SIGN) <= BigInt.asIntN(64, K[z]! ^ SIGN) ? 1 : 0;
                        pc += 4;
                        continue;
                      case 282 satisfies typeof Op.I64GeS:
                        I[fp2 + x] = B[fp + y]! >= B[fp + z]! ? 1 : 0;
                        pc += 4;
                        continue;
                      case 283 satisfies typeof Op.I64GeSK:
                        I[fp2 + x] = B[fp + y]! >= K[z]! ? 1 : 0;
                        pc += 4;
                        continue;
                      case 284 satisfies typeof Op.I64GeU:
                        I[fp2 + x] = BigInt.asIntN(64, B[fp + y]! ^ SIGN) >= BigInt.asIntN(64, B[fp + z]! ^ SIGN) ? 1 : 0;
                        pc += 4;
                        continue;
                      case 285 satisfies typeof Op.I64GeUK:
                        I[fp2 + x] = BigInt.asIntN(64, B[fp + y]! ^ SIGN) >= BigInt.asIntN(64, K[z]! ^ SIGN) ? 1 : 0;
                        pc += 4;
                        continue;
                      case 286 satisfies typeof Op.BrI64Eq:
                        if (B[fp + z]! === B[fp + C[pc + 4]!]!) break taken;
                        pc += 5;
                        continue;
                      case 287 satisfies typeof Op.BrI64EqK:
                        if (B[fp + z]! === K[C[pc + 4]!]!) break taken;
                        pc += 5;
                        continue;
                      case 288 satisfies typeof Op.BrI64Ne:
                        if (B[fp + z]! !== B[fp + C[pc + 4]!]!) break taken;
                        pc += 5;
                        continue;
                      case 289 satisfies typeof Op.BrI64NeK:
                        if (B[fp + z]! !== K[C[pc + 4]!]!) break taken;
                        pc += 5;
                        continue;
                      case 290 satisfies typeof Op.BrI64LtS:
                        if (B[fp + z]! < B[fp + C[pc + 4]!]!) break taken;
                        pc += 5;
                        continue;
                      case 291 satisfies typeof Op.BrI64LtSK:
                        if (B[fp + z]! < K[C[pc + 4]!]!) break taken;
                        pc += 5;
                        continue;
                      case 292 satisfies typeof Op.BrI64LtU:
                        if (BigInt.asIntN(64, B[fp + z]! ^ SIGN) < BigInt.asIntN(64, B[fp + C[pc + 4]!]! ^ SIGN)) break taken;
                        pc += 5;
                        continue;
                      case 293 satisfies typeof Op.BrI64LtUK:
                        if (BigInt.asIntN(64, B[fp + z]! ^ SIGN) < BigInt.asIntN(64, K[C[pc + 4]!]! ^ SIGN)) break taken;
                        pc += 5;
                        continue;
                      case 294 satisfies typeof Op.BrI64GtS:
                        if (B[fp + z]! > B[fp + C[pc + 4]!]!) break taken;
                        pc += 5;
                        continue;
                      case 295 satisfies typeof Op.BrI64GtSK:
                        if (B[fp + z]! > K[C[pc + 4]!]!) break taken;
                        pc += 5;
                        continue;
                      case 296 satisfies typeof Op.BrI64GtU:
                        if (BigInt.asIntN(64, B[fp + z]! ^ SIGN) > BigInt.asIntN(64, B[fp + C[pc + 4]!]! ^ SIGN)) break taken;
                        pc += 5;
                        continue;
                      case 297 satisfies typeof Op.BrI64GtUK:
                        if (BigInt.asIntN(64, B[fp + z]! ^ SIGN) > BigInt.asIntN(64, K[C[pc + 4]!]! ^ SIGN)) break taken;
                        pc += 5;
                        continue;
                      case 298 satisfies typeof Op.BrI64LeS:
                        if (B[fp + z]! <= B[fp + C[pc + 4]!]!) break taken;
                        pc += 5;
                        continue;
                      case 299 satisfies typeof Op.BrI64LeSK:
                        if (B[fp + z]! <= K[C[pc + 4]!]!) break taken;
                        pc += 5;
                        continue;
                      case 300 satisfies typeof Op.BrI64LeU:
                        if (BigInt.asIntN(64, B[fp + z]! ^ SIGN) <= BigInt.asIntN(64, B[fp + C[pc + 4]!]! ^ SIGN)) break taken;
                        pc += 5;
                        continue;
                      case 301 satisfies typeof Op.BrI64LeUK:
                        if (BigInt.asIntN(64, B[fp + z]! ^ SIGN) <= BigInt.asIntN(64, K[C[pc + 4]!]! ^ SIGN)) break taken;
                        pc += 5;
                        continue;
                      case 302 satisfies typeof Op.BrI64GeS:
                        if (B[fp + z]! >= B[fp + C[pc + 4]!]!) break taken;
                        pc += 5;
                        continue;
                      case 303 satisfies typeof Op.BrI64GeSK:
                        if (B[fp + z]! >= K[C[pc + 4]!]!) break taken;
                        pc += 5;
                        continue;
                      case 304 satisfies typeof Op.BrI64GeU:
                        if (BigInt.asIntN(64, B[fp + z]! ^ SIGN) >= BigInt.asIntN(64, B[fp + C[pc + 4]!]! ^ SIGN)) break taken;
                        pc += 5;
                        continue;
                      case 305 satisfies typeof Op.BrI64GeUK:
                        if (BigInt.asIntN(64, B[fp + z]! ^ SIGN) >= BigInt.asIntN(64, K[C[pc + 4]!]! ^ SIGN)) break taken;
                        pc += 5;
                        continue;
                      case 306 satisfies typeof Op.F64Add:
                        r = F[fp + y]! + F[fp + z]!;
                        F[fp + x] = r;
                        if (r !== r) canonicalNan64(I, fp2 + (x << 1));
                        pc += 4;
                        continue;
                      case 307 satisfies typeof Op.F64AddK:
                        r = F[fp + y]! + KF[z]!;
                        F[fp + x] = r;
                        if (r !== r) canonicalNan64(I, fp2 + (x << 1));
                        pc += 4;
                        continue;
                      case 308 satisfies typeof Op.F64Sub:
                        r = F[fp + y]! - F[fp + z]!;
                        F[fp + x] = r;
                        if (r !== r) canonicalNan64(I, fp2 + (x << 1));
                        pc += 4;
                        continue;
                      case 309 satisfies typeof Op.F64SubK:
                        r = F[fp + y]! - KF[z]!;
                        F[fp + x] = r;
                        if (r !== r) canonicalNan64(I, fp2 + (x << 1));
                        pc += 4;
                        continue;
                      case 310 satisfies typeof Op.F64KSub:
                        r = KF[y]! - F[fp + z]!;
                        F[fp + x] = r;
                        if (r !== r) canonicalNan64(I, fp2 + (x << 1));
                        pc += 4;
                        continue;
                      case 311 satisfies typeof Op.F64Mul:
                        r = F[fp + y]! * F[fp + z]!;
                        F[fp + x] = r;
                        if (r !== r) canonicalNan64(I, fp2 + (x << 1));
                        pc += 4;
                        continue;
                      case 312 satisfies typeof Op.F64MulK:
                        r = F[fp + y]! * KF[z]!;
                        F[fp + x] = r;
                        if (r !== r) canonicalNan64(I, fp2 + (x << 1));
                        pc += 4;
                        continue;
                      case 313 satisfies typeof Op.F64Div:
                        r = F[fp + y]! / F[fp + z]!;
                        F[fp + x] = r;
                        if (r !== r) canonicalNan64(I, fp2 + (x << 1));
                        pc += 4;
                        continue;
                      case 314 satisfies typeof Op.F64DivK:
                        r = F[fp + y]! / KF[z]!;
                        F[fp + x] = r;
                        if (r !== r) canonicalNan64(I, fp2 + (x << 1));
                        pc += 4;
                        continue;
                      case 315 satisfies typeof Op.F64KDiv:
                        r = KF[y]! / F[fp + z]!;
                        F[fp + x] = r;
                        if (r !== r) canonicalNan64(I, fp2 + (x << 1));
                        pc += 4;
                        continue;
                      case 316 satisfies typeof Op.F64Min:
                        r = Math.min(F[fp + y]!, F[fp + z]!);
                        F[fp + x] = r;
                        if (r !== r) canonicalNan64(I, fp2 + (x << 1));
                        pc += 4;
                        continue;
                      case 317 satisfies typeof Op.F64Max:
                        r = Math.max(F[fp + y]!, F[fp + z]!);
                        F[fp + x] = r;
                        if (r !== r) canonicalNan64(I, fp2 + (x << 1));
                        pc += 4;
                        continue;
                      case 318 satisfies typeof Op.F64Ceil:
                        r = Math.ceil(F[fp + y]!);
                        F[fp + x] = r;
                        if (r !== r) canonicalNan64(I, fp2 + (x << 1));
                        pc += 3;
                        continue;
                      case 319 satisfies typeof Op.F64Floor:
                        r = Math.floor(F[fp + y]!);
                        F[fp + x] = r;
                        if (r !== r) canonicalNan64(I, fp2 + (x << 1));
                        pc += 3;
                        continue;
                      case 320 satisfies typeof Op.F64Trunc:
                        r = Math.trunc(F[fp + y]!);
                        F[fp + x] = r;
                        if (r !== r) canonicalNan64(I, fp2 + (x << 1));
                        pc += 3;
                        continue;
                      case 321 satisfies typeof Op.F64Sqrt:
                        r = Math.sqrt(F[fp + y]!);
                        F[fp + x] = r;
                        if (r !== r) canonicalNan64(I, fp2 + (x << 1));
                        pc += 3;
                        continue;
                      case 322 satisfies typeof Op.F64Nearest:
                        r = nearest(F[fp + y]!);
                        F[fp + x] = r;
                        if (r !== r) canonicalNan64(I, fp2 + (x << 1));
                        pc += 3;
                        continue;
                      case 323 satisfies typeof Op.F32Add:
                        r = S[fp2 + y]! + S[fp2 + z]!;
                        S[fp2 + x] = r;
                        if (r !== r) I[fp2 + x] = 0x7fc00000;
                        break next4;
                      case 324 satisfies typeof Op.F32Sub:
                        r = S[fp2 + y]! - S[fp2 + z]!;
                        S[fp2 + x] = r;
                        if (r !== r) I[fp2 + x] = 0x7fc00000;
                        break next4;
                      case 325 satisfies typeof Op.F32Mul:
                        r = S[fp2 + y]! * S[fp2 + z]!;
                        S[fp2 + x] = r;
                        if (r !== r) I[fp2 + x] = 0x7fc00000;
                        break next4;
                      case 326 satisfies typeof Op.F32Div:
                        r = S[fp2 + y]! / S[fp2 + z]!;
                        S[fp2 + x] = r;
                        if (r !== r) I[fp2 + x] = 0x7fc00000;
                        break next4;
                      case 327 satisfies typeof Op.F32Min:
                        r = Math.min(S[fp2 + y]!, S[fp2 + z]!);
                        S[fp2 + x] = r;
                        if (r !== r) I[fp2 + x] = 0x7fc00000;
                        break next4;
                      case 328 satisfies typeof Op.F32Max:
                        r = Math.max(S[fp2 + y]!, S[fp2 + z]!);
                        S[fp2 + x] = r;
                        if (r !== r) I[fp2 + x] = 0x7fc00000;
                        break next4;
                      case 329 satisfies typeof Op.F32Ceil:
                        r = Math.ceil(S[fp2 + y]!);
                        S[fp2 + x] = r;
                        if (r !== r) I[fp2 + x] = 0x7fc00000;
                        break next3;
                      case 330 satisfies typeof Op.F32Floor:
                        r = Math.floor(S[fp2 + y]!);
                        S[fp2 + x] = r;
                        if (r !== r) I[fp2 + x] = 0x7fc00000;
                        break next3;
                      case 331 satisfies typeof Op.F32Trunc:
                        r = Math.trunc(S[fp2 + y]!);
                        S[fp2 + x] = r;
                        if (r !== r) I[fp2 + x] = 0x7fc00000;
                        break next3;
                      case 332 satisfies typeof Op.F32Sqrt:
                        r = Math.sqrt(S[fp2 + y]!);
                        S[fp2 + x] = r;
                        if (r !== r) I[fp2 + x] = 0x7fc00000;
                        break next3;
                      case 333 satisfies typeof Op.F32Nearest:
                        r = nearest(S[fp2 + y]!);
                        S[fp2 + x] = r;
                        if (r !== r) I[fp2 + x] = 0x7fc00000;
                        break next3;
                      case 334 satisfies typeof Op.F32Abs:
                        I[fp2 + x] = I[fp2 + y]! & 0x7fffffff;
                        break next3;
                      case 335 satisfies typeof Op.F32Neg:
                        I[fp2 + x] = I[fp2 + y]! ^ 0x80000000;
                        break next3;
                      case 336 satisfies typeof Op.F32Copysign:
                        I[fp2 + x] = (I[fp2 + y]! & 0x7fffffff) | (I[fp2 + z]! & 0x80000000);
                        break next4;
                      case 337 satisfies typeof Op.F64Abs:
                        B[fp + x] = BigInt.asIntN(64, B[fp + y]! & MAGNITUDE);
                        break next3;
                      case 338 satisfies typeof Op.F64Neg:
                        B[fp + x] = BigInt.asIntN(64, B[fp + y]! ^ SIGN);
                        break next3;
                      case 339 satisfies typeof Op.F64Copysign:
                        B[fp + x] = BigInt.asIntN(64, BigInt.asIntN(64, B[fp + y]! & MAGNITUDE) | BigInt.asIntN(64, B[fp + z]! & SIGN));
                        break next4;
                      case 340 satisfies typeof Op.F64Eq:
                        I[fp2 + x] = F[fp + y]! === F[fp + z]! ? 1 : 0;
                        break next4;
                      case 341 satisfies typeof Op.F64EqK:
                        I[fp2 + x] = F[fp + y]! === KF[z]! ? 1 : 0;
                        break next4;
                      case 342 satisfies typeof Op.F64Ne:
                        I[fp2 + x] = F[fp + y]! !== F[fp + z]! ? 1 : 0;
                        break next4;
                      case 343 satisfies typeof Op.F64NeK:
                        I[fp2 + x] = F[fp + y]! !== KF[z]! ? 1 : 0;
                        break next4;
                      case 344 satisfies typeof Op.F64Lt:
                        I[fp2 + x] = F[fp + y]! < F[fp + z]! ? 1 : 0;
                        break next4;
                      case 345 satisfies typeof Op.F64LtK:
                        I[fp2 + x] = F[fp + y]! < KF[z]! ? 1 : 0;
                        break next4;
                      case 346 satisfies typeof Op.F64Gt:
                        I[fp2 + x] = F[fp + y]! > F[fp + z]! ? 1 : 0;
                        break next4;
                      case 347 satisfies typeof Op.F64GtK:
                        I[fp2 + x] = F[fp + y]! > KF[z]! ? 1 : 0;
                        break next4;
                      case 348 satisfies typeof Op.F64Le:
                        I[fp2 + x] = F[fp + y]! <= F[fp + z]! ? 1 : 0;
                        break next4;
                      case 349 satisfies typeof Op.F64LeK:
                        I[fp2 + x] = F[fp + y]! <= KF[z]! ? 1 : 0;
                        break next4;
                      case 350 satisfies typeof Op.F64Ge:
                        I[fp2 + x] = F[fp + y]! >= F[fp + z]! ? 1 : 0;
                        break next4;
                      case 351 satisfies typeof Op.F64GeK:
                        I[fp2 + x] = F[fp + y]! >= KF[z]! ? 1 : 0;
                        break next4;
                      case 352 satisfies typeof Op.F32Eq:
                        I[fp2 + x] = S[fp2 + y]! === S[fp2 + z]! ? 1 : 0;
                        break next4;
                      case 353 satisfies typeof Op.F32Ne:
                        I[fp2 + x] = S[fp2 + y]! !== S[fp2 + z]! ? 1 : 0;
                        break next4;
                      case 354 satisfies typeof Op.F32Lt:
                        I[fp2 + x] = S[fp2 + y]! < S[fp2 + z]! ? 1 : 0;
                        break next4;
                      case 355 satisfies typeof Op.F32Gt:
                        I[fp2 + x] = S[fp2 + y]! > S[fp2 + z]! ? 1 : 0;
                        break next4;
                      case 356 satisfies typeof Op.F32Le:
                        I[fp2 + x] = S[fp2 + y]! <= S[fp2 + z]! ? 1 : 0;
                        break next4;
                      case 357 satisfies typeof Op.F32Ge:
                        I[fp2 + x] = S[fp2 + y]! >= S[fp2 + z]! ? 1 : 0;
                        break next4;
                      case 358 satisfies typeof Op.BrF64Eq:
                        if (F[fp + z]! === F[fp + C[pc + 4]!]!) break taken;
                        pc += 5;
                        continue;
                      case 359 satisfies typeof Op.BrF64EqK:
                        if (F[fp + z]! === KF[C[pc + 4]!]!) break taken;
                        pc += 5;
                        continue;
                      case 360 satisfies typeof Op.BrF64Ne:
                        if (F[fp + z]! !== F[fp + C[pc + 4]!]!) break taken;
                        pc += 5;
                        continue;
                      case 361 satisfies typeof Op.BrF64NeK:
                        if (F[fp + z]! !== KF[C[pc + 4]!]!) break taken;
                        pc += 5;
                        continue;
                      case 362 satisfies typeof Op.BrF64Lt:
                        if (F[fp + z]! < F[fp + C[pc + 4]!]!) break taken;
                        pc += 5;
                        continue;
                      case 363 satisfies typeof Op.BrF64LtK:
                        if (F[fp + z]! < KF[C[pc + 4]!]!) break taken;
                        pc += 5;
                        continue;
                      case 364 satisfies typeof Op.BrNotF64Lt:
                        if (!(F[fp + z]! < F[fp + C[pc + 4]!]!)) break taken;
                        pc += 5;
                        continue;
                      case 365 satisfies typeof Op.BrNotF64LtK:
                        if (!(F[fp + z]! < KF[C[pc + 4]!]!)) break taken;
                        pc += 5;
                        continue;
                      case 366 satisfies typeof Op.BrF64Gt:
                        if (F[fp + z]! > F[fp + C[pc + 4]!]!) break taken;
                        pc += 5;
                        continue;
                      case 367 satisfies typeof Op.BrF64GtK:
                        if (F[fp + z]! > KF[C[pc + 4]!]!) break taken;
                        pc += 5;
                        continue;
                      case 368 satisfies typeof Op.BrNotF64Gt:
                        if (!(F[fp + z]! > F[fp + C[pc + 4]!]!)) break taken;
                        pc += 5;
                        continue;
                      case 369 satisfies typeof Op.BrNotF64GtK:
                        if (!(F[fp + z]! > KF[C[pc + 4]!]!)) break taken;
                        pc += 5;
                        continue;
                      case 370 satisfies typeof Op.BrF64Le:
                        if (F[fp + z]! <= F[fp + C[pc + 4]!]!) break taken;
                        pc += 5;
                        continue;
                      case 371 satisfies typeof Op.BrF64LeK:
                        if (F[fp + z]! <= KF[C[pc + 4]!]!) break taken;
                        pc += 5;
                        continue;
                      case 372 satisfies typeof Op.BrNotF64Le:
                        if (!(F[fp + z]! <= F[fp + C[pc + 4]!]!)) break taken;
                        pc += 5;
                        continue;
                      case 373 satisfies typeof Op.BrNotF64LeK:
                        if (!(F[fp + z]! <= KF[C[pc + 4]!]!)) break taken;
                        pc += 5;
                        continue;
                      case 374 satisfies typeof Op.BrF64Ge:
                        if (F[fp + z]! >= F[fp + C[pc + 4]!]!) break taken;
                        pc += 5;
                        continue;
                      case 375 satisfies typeof Op.BrF64GeK:
                        if (F[fp + z]! >= KF[C[pc + 4]!]!) break taken;
                        pc += 5;
                        continue;
                      case 376 satisfies typeof Op.BrNotF64Ge:
                        if (!(F[fp + z]! >= F[fp + C[pc + 4]!]!)) break taken;
                        pc += 5;
                        continue;
                      case 377 satisfies typeof Op.BrNotF64GeK:
                        if (!(F[fp + z]! >= KF[C[pc + 4]!]!)) break taken;
                        pc += 5;
                        continue;
                      case 378 satisfies typeof Op.I32TruncF64S:
                        v = F[fp + y]!;
                        if (!(v > -2147483649 && v < 2147483648)) {
                          trap = truncTrap(v);
                          break loop;
                        }
                        I[fp2 + x] = v | 0;
                        break next3;
                      case 379 satisfies typeof Op.I32TruncF64U:
                        v = F[fp + y]!;
                        if (!(v > -1 && v < 4294967296)) {
                          trap = truncTrap(v);
                          break loop;
                        }
                        I[fp2 + x] = v >>> 0;
                        break next3;
                      case 380 satisfies typeof Op.I32TruncF32S:
                        v = S[fp2 + y]!;
                        if (!(v > -2147483649 && v < 2147483648)) {
                          trap = truncTrap(v);
                          break loop;
                        }
                        I[fp2 + x] = v | 0;
                        break next3;
                      case 381 satisfies typeof Op.I32TruncF32U:
                        v = S[fp2 + y]!;
                        if (!(v > -1 && v < 4294967296)) {
                          trap = truncTrap(v);
                          break loop;
                        }
                        I[fp2 + x] = v >>> 0;
                        break next3;
                      case 382 satisfies typeof Op.I64TruncF32S:
                        v = S[fp2 + y]!;
                        if (!(v >= -9223372036854775808 && v < 9223372036854775808)) {
                          trap = truncTrap(v);
                          break loop;
                        }
                        B[fp + x] = truncToI64(v);
                        break next3;
                      case 383 satisfies typeof Op.I64TruncF32U:
                        v = S[fp2 + y]!;
                        if (!(v > -1 && v < 18446744073709551616)) {
                          trap = truncTrap(v);
                          break loop;
                        }
                        B[fp + x] = truncToI64(v);
                        break next3;
                      case 384 satisfies typeof Op.I64TruncF64S:
                        v = F[fp + y]!;
                        if (!(v >= -9223372036854775808 && v < 9223372036854775808)) {
                          trap = truncTrap(v);
                          break loop;
                        }
                        B[fp + x] = truncToI64(v);
                        break next3;
                      case 385 satisfies typeof Op.I64TruncF64U:
                        v = F[fp + y]!;
                        if (!(v > -1 && v < 18446744073709551616)) {
                          trap = truncTrap(v);
                          break loop;
                        }
                        B[fp + x] = truncToI64(v);
                        break next3;
                      case 386 satisfies typeof Op.I32TruncSatF32S:
                        I[fp2 + x] = Math.max(-2147483648, Math.min(2147483647, S[fp2 + y]!));
                        break next3;
                      case 387 satisfies typeof Op.I32TruncSatF32U:
                        I[fp2 + x] = Math.max(0, Math.min(4294967295, S[fp2 + y]!));
                        break next3;
                      case 388 satisfies typeof Op.I64TruncSatF32S:
                        B[fp + x] = truncSatI64(S[fp2 + y]!);
                        break next3;
                      case 389 satisfies typeof Op.I64TruncSatF32U:
                        B[fp + x] = truncSatU64(S[fp2 + y]!);
                        break next3;
                      case 390 satisfies typeof Op.I32TruncSatF64S:
                        I[fp2 + x] = Math.max(-2147483648, Math.min(2147483647, F[fp + y]!));
                        break next3;
                      case 391 satisfies typeof Op.I32TruncSatF64U:
                        I[fp2 + x] = Math.max(0, Math.min(4294967295, F[fp + y]!));
                        break next3;
                      case 392 satisfies typeof Op.I64TruncSatF64S:
                        B[fp + x] = truncSatI64(F[fp + y]!);
                        break next3;
                      case 393 satisfies typeof Op.I64TruncSatF64U:
                        B[fp + x] = truncSatU64(F[fp + y]!);
                        break next3;
                      case 394 satisfies typeof Op.F64ConvertI32S:
                        F[fp + x] = I[fp2 + y]!;
                        break next3;
                      case 395 satisfies typeof Op.F64ConvertI32U:
                        F[fp + x] = I[fp2 + y]! >>> 0;
                        break next3;
                      case 396 satisfies typeof Op.F32ConvertI32S:
                        S[fp2 + x] = I[fp2 + y]!;
                        break next3;
                      case 397 satisfies typeof Op.F32ConvertI32U:
                        S[fp2 + x] = I[fp2 + y]! >>> 0;
                        break next3;
                      case 398 satisfies typeof Op.F64ConvertI64S:
                        F[fp + x] = Number(B[fp + y]!);
                        break next3;
                      case 399 satisfies typeof Op.F64ConvertI64U:
                        F[fp + x] = Number(BigInt.asUintN(64, B[fp + y]!));
                        break next3;
                      case 400 satisfies typeof Op.F32ConvertI64S:
                        S[fp2 + x] = i64ToF32(B[fp + y]!);
                        break next3;
                      case 401 satisfies typeof Op.F32ConvertI64U:
                        S[fp2 + x] = i64ToF32(BigInt.asUintN(64, B[fp + y]!));
                        break next3;
                      case 402 satisfies typeof Op.F32DemoteF64:
                        r = F[fp + y]!;
                        S[fp2 + x] = r;
                        if (r !== r) I[fp2 + x] = 0x7fc00000;
                        break next3;
                      case 403 satisfies typeof Op.F64PromoteF32:
                        r = S[fp2 + y]!;
                        F[fp + x] = r;
                        if (r !== r) canonicalNan64(I, fp2 + (x << 1));
                        break next3;
                      case 404 satisfies typeof Op.Load32:
                        I[fp2 + x] = dv.getInt32((I[fp2 + y]! >>> 0) + (z >>> 0), true);
                        pc += 4;
                        continue;
                      case 405 satisfies typeof Op.Load8S:
                        I[fp2 + x] = dv.getInt8((I[fp2 + y]! >>> 0) + (z >>> 0));
                        pc += 4;
                        continue;
                      case 406 satisfies typeof Op.Load8U:
                        I[fp2 + x] = dv.getUint8((I[fp2 + y]! >>> 0) + (z >>> 0));
                        pc += 4;
                        continue;
                      case 407 satisfies typeof Op.Load16S:
                        I[fp2 + x] = dv.getInt16((I[fp2 + y]! >>> 0) + (z >>> 0), true);
                        pc += 4;
                        continue;
                      case 408 satisfies typeof Op.Load16U:
                        I[fp2 + x] = dv.getUint16((I[fp2 + y]! >>> 0) + (z >>> 0), true);
                        pc += 4;
                        continue;
                      case 409 satisfies typeof Op.Load64:
                        t = (I[fp2 + y]! >>> 0) + (z >>> 0);
                        if (t > lastI64) {
                          trap = 2 satisfies typeof Trap.MemoryOutOfBounds;
                          break loop;
                        }
                        if ((t & 7) === 0) B[fp + x] = BigInt.asIntN(64, ML[t >>> 3]!);
                        else {
                          d = fp2 + (x << 1);
                          I[d] = dv.getInt32(t, true);
                          I[d + 1] = dv.getInt32(t + 4, true);
                        }
                        pc += 4;
                        continue;
                      case 410 satisfies typeof Op.I64Load8S:
                        v = dv.getInt8((I[fp2 + y]! >>> 0) + (z >>> 0));
                        d = fp2 + x;
                        I[d] = v;
                        I[d + 1] = v >> 31;
                        break next4;
                      case 411 satisfies typeof Op.I64Load8U:
                        v = dv.getUint8((I[fp2 + y]! >>> 0) + (z >>> 0));
                        d = fp2 + x;
                        I[d] = v;
                        I[d + 1] = 0;
                        break next4;
                      case 412 satisfies typeof Op.I64Load16S:
                        v = dv.getInt16((I[fp2 + y]! >>> 0) + (z >>> 0), true);
                        d = fp2 + x;
                        I[d] = v;
                        I[d + 1] = v >> 31;
                        break next4;
                      case 413 satisfies typeof Op.I64Load16U:
                        v = dv.getUint16((I[fp2 + y]! >>> 0) + (z >>> 0), true);
                        d = fp2 + x;
                        I[d] = v;
                        I[d + 1] = 0;
                        break next4;
                      case 414 satisfies typeof Op.I64Load32S:
                        v = dv.getInt32((I[fp2 + y]! >>> 0) + (z >>> 0), true);
                        d = fp2 + x;
                        I[d] = v;
                        I[d + 1] = v >> 31;
                        pc += 4;
                        continue;
                      case 415 satisfies typeof Op.Load32Add:
                        I[fp2 + x] = dv.getInt32(((I[fp2 + y]! + I[fp2 + z]!) >>> 0) + (C[pc + 4]! >>> 0), true);
                        pc += 5;
                        continue;
                      case 416 satisfies typeof Op.Load8UAdd:
                        I[fp2 + x] = dv.getUint8(((I[fp2 + y]! + I[fp2 + z]!) >>> 0) + (C[pc + 4]! >>> 0));
                        pc += 5;
                        continue;
                      case 417 satisfies typeof Op.LoadF64Add:
                        t = ((I[fp2 + y]! + I[fp2 + z]!) >>> 0) + (C[pc + 4]! >>> 0);
                        v = dv.getFloat64(t, true);
                        F[fp + x] = v;
                        if (v !== v) copyBits64(dv, t, I, fp2 + (x << 1));
                        pc += 5;
                        continue;
                      case 418 satisfies typeof Op.Load32AddK:
                        I[fp2 + x] = dv.getInt32(((I[fp2 + y]! + z) >>> 0) + (C[pc + 4]! >>> 0), true);
                        pc += 5;
                        continue;
                      case 419 satisfies typeof Op.Load8UAddK:
                        I[fp2 + x] = dv.getUint8(((I[fp2 + y]! + z) >>> 0) + (C[pc + 4]! >>> 0));
                        pc += 5;
                        continue;
                      case 420 satisfies typeof Op.LoadF64AddK:
                        t = ((I[fp2 + y]! + z) >>> 0) + (C[pc + 4]! >>> 0);
                        v = dv.getFloat64(t, true);
                        F[fp + x] = v;
                        if (v !== v) copyBits64(dv, t, I, fp2 + (x << 1));
                        pc += 5;
                        continue;
                      case 421 satisfies typeof Op.Load32Shl:
                        I[fp2 + x] = dv.getInt32(((I[fp2 + y]! << z) >>> 0) + (C[pc + 4]! >>> 0), true);
                        pc += 5;
                        continue;
                      case 422 satisfies typeof Op.Load8UShl:
                        I[fp2 + x] = dv.getUint8(((I[fp2 + y]! << z) >>> 0) + (C[pc + 4]! >>> 0));
                        pc += 5;
                        continue;
                      case 423 satisfies typeof Op.LoadF64Shl:
                        t = ((I[fp2 + y]! << z) >>> 0) + (C[pc + 4]! >>> 0);
                        v = dv.getFloat64(t, true);
                        F[fp + x] = v;
                        if (v !== v) copyBits64(dv, t, I, fp2 + (x << 1));
                        pc += 5;
                        continue;
                      case 424 satisfies typeof Op.I32ShlAdd:
                        I[fp2 + x] = ((I[fp2 + y]! << z) + I[fp2 + C[pc + 4]!]!) | 0;
                        pc += 5;
                        continue;
                      case 425 satisfies typeof Op.I32ShlAddK:
                        I[fp2 + x] = ((I[fp2 + y]! << z) + C[pc + 4]!) | 0;
                        pc += 5;
                        continue;
                      case 426 satisfies typeof Op.F64MulAdd:
                        r = F[fp + y]! * F[fp + z]! + F[fp + C[pc + 4]!]!;
                        F[fp + x] = r;
                        if (r !== r) canonicalNan64(I, fp2 + (x << 1));
                        pc += 5;
                        continue;
                      case 427 satisfies typeof Op.F64MulSub:
                        r = F[fp + y]! * F[fp + z]! - F[fp + C[pc + 4]!]!;
                        F[fp + x] = r;
                        if (r !== r) canonicalNan64(I, fp2 + (x << 1));
                        pc += 5;
                        continue;
                      case 428 satisfies typeof Op.F64SubMul:
                        r = F[fp + C[pc + 4]!]! - F[fp + y]! * F[fp + z]!;
                        F[fp + x] = r;
                        if (r !== r) canonicalNan64(I, fp2 + (x << 1));
                        pc += 5;
                        continue;
                      case 429 satisfies typeof Op.BrAddKNe:
                        t = (I[fp2 + C[pc + 4]!]! + C[pc + 5]!) | 0;
                        I[fp2 + z] = t;
                        if (t !== I[fp2 + C[pc + 6]!]!) break taken;
                        pc += 7;
                        continue;
                      case 430 satisfies typeof Op.BrAddKNeK:
                        t = (I[fp2 + C[pc + 4]!]! + C[pc + 5]!) | 0;
                        I[fp2 + z] = t;
                        if (t !== C[pc + 6]!) break taken;
                        pc += 7;
                        continue;
                      case 431 satisfies typeof Op.BrAddKLtS:
                        t = (I[fp2 + C[pc + 4]!]! + C[pc + 5]!) | 0;
                        I[fp2 + z] = t;
                        if (t < I[fp2 + C[pc + 6]!]!) break taken;
                        pc += 7;
                        continue;
                      case 432 satisfies typeof Op.BrAddKLtSK:
                        t = (I[fp2 + C[pc + 4]!]! + C[pc + 5]!) | 0;
                        I[fp2 + z] = t;
                        if (t < C[pc + 6]!) break taken;
                        pc += 7;
                        continue;
                      case 433 satisfies typeof Op.BrAddKLtU:
                        t = (I[fp2 + C[pc + 4]!]! + C[pc + 5]!) | 0;
                        I[fp2 + z] = t;
                        if (t >>> 0 < I[fp2 + C[pc + 6]!]! >>> 0) break taken;
                        pc += 7;
                        continue;
                      case 434 satisfies typeof Op.BrAddKLtUK:
                        t = (I[fp2 + C[pc + 4]!]! + C[pc + 5]!) | 0;
                        I[fp2 + z] = t;
                        if (t >>> 0 < C[pc + 6]! >>> 0) break taken;
                        pc += 7;
                        continue;
                      case 435 satisfies typeof Op.BrAddLtU:
                        t = (I[fp2 + C[pc + 4]!]! + I[fp2 + C[pc + 5]!]!) | 0;
                        I[fp2 + z] = t;
                        if (t >>> 0 < I[fp2 + C[pc + 6]!]! >>> 0) break taken;
                        pc += 7;
                        continue;
                      case 436 satisfies typeof Op.BrAddLtUK:
                        t = (I[fp2 + C[pc + 4]!]! + I[fp2 + C[pc + 5]!]!) | 0;
                        I[fp2 + z] = t;
                        if (t >>> 0 < C[pc + 6]! >>> 0) break taken;
                        pc += 7;
                        continue;
                      case 437 satisfies typeof Op.BrAddKNz:
                        t = (I[fp2 + C[pc + 4]!]! + C[pc + 5]!) | 0;
                        I[fp2 + z] = t;
                        if (t !== 0) break taken;
                        pc += 6;
                        continue;
                      case 438 satisfies typeof Op.I64Load32U:
                        t = (I[fp2 + y]! >>> 0) + (z >>> 0);
                        // A 64-bit write, as two halves would be slow to read back; the aligned word around is in bounds when its half is.
                        if ((t & 3) === 0 && t <= lastI64 + 4) {
                          if ((t & 4) === 0) B[fp + x] = BigInt.asIntN(64, BigInt.asUintN(32, ML[t >>> 3]!));
                          else B[fp + x] = BigInt.asIntN(64, BigInt.asUintN(64, ML[t >>> 3]!) >> 32n);
                        } else {
                          d = fp2 + (x << 1);
                          I[d] = dv.getInt32(t, true);
                          I[d + 1] = 0;
                        }
                        pc += 4;
                        continue;
                      case 439 satisfies typeof Op.Store32:
                        t = (I[fp2 + x]! >>> 0) + (z >>> 0);
                        dv.setInt32(t, I[fp2 + y]!, true);
                        D[t >>> 12] = 1;
                        pc += 4;
                        continue;
                      case 440 satisfies typeof Op.Store32K:
                        t = (I[fp2 + x]! >>> 0) + (z >>> 0);
                        dv.setInt32(t, y, true);
                        D[t >>> 12] = 1;
                        pc += 4;
                        continue;
                      case 441 satisfies typeof Op.Store8:
                        t = (I[fp2 + x]! >>> 0) + (z >>> 0);
                        dv.setInt8(t, I[fp2 + y]!);
                        D[t >>> 12] = 1;
                        pc += 4;
                        continue;
                      case 442 satisfies typeof Op.Store8K:
                        t = (I[fp2 + x]! >>> 0) + (z >>> 0);
                        dv.setInt8(t, y);
                        D[t >>> 12] = 1;
                        pc += 4;
                        continue;
                      case 443 satisfies typeof Op.Store16:
                        t = (I[fp2 + x]! >>> 0) + (z >>> 0);
                        dv.setInt16(t, I[fp2 + y]!, true);
                        D[t >>> 12] = 1;
                        pc += 4;
                        continue;
                      case 444 satisfies typeof Op.Store16K:
                        t = (I[fp2 + x]! >>> 0) + (z >>> 0);
                        dv.setInt16(t, y, true);
                        D[t >>> 12] = 1;
                        pc += 4;
                        continue;
                      case 445 satisfies typeof Op.Store64:
                        t = (I[fp2 + x]! >>> 0) + (z >>> 0);
                        if (t > lastI64) {
                          trap = 2 satisfies typeof Trap.MemoryOutOfBounds;
                          break loop;
                        }
                        if ((t & 7) === 0) ML[t >>> 3] = BigInt.asIntN(64, B[fp + y]!);
                        else {
                          a = fp2 + (y << 1);
                          dv.setInt32(t, I[a]!, true);
                          dv.setInt32(t + 4, I[a + 1]!, true);
                        }
                        D[t >>> 12] = 1;
                        pc += 4;
                        continue;
                      case 446 satisfies typeof Op.LoadF64:
                        t = (I[fp2 + y]! >>> 0) + (z >>> 0);
                        v = dv.getFloat64(t, true);
                        F[fp + x] = v;
                        if (v !== v) copyBits64(dv, t, I, fp2 + (x << 1));
                        pc += 4;
                        continue;
                      case 447 satisfies typeof Op.StoreF64:
                        t = (I[fp2 + x]! >>> 0) + (z >>> 0);
                        v = F[fp + y]!;
                        dv.setFloat64(t, v, true);
                        if (v !== v) storeBits64(dv, t, I, fp2 + (y << 1));
                        D[t >>> 12] = 1;
                        pc += 4;
                        continue;
                      case 448 satisfies typeof Op.Store32Add:
                        t = ((I[fp2 + x]! + I[fp2 + y]!) >>> 0) + (C[pc + 4]! >>> 0);
                        dv.setInt32(t, I[fp2 + z]!, true);
                        D[t >>> 12] = 1;
                        pc += 5;
                        continue;
                      case 449 satisfies typeof Op.Store8Add:
                        t = ((I[fp2 + x]! + I[fp2 + y]!) >>> 0) + (C[pc + 4]! >>> 0);
                        dv.setInt8(t, I[fp2 + z]!);
                        D[t >>> 12] = 1;
                        pc += 5;
                        continue;
                      case 450 satisfies typeof Op.StoreF64Add:
                        t = ((I[fp2 + x]! + I[fp2 + y]!) >>> 0) + (C[pc + 4]! >>> 0);
                        v = F[fp + z]!;
                        dv.setFloat64(t, v, true);
                        if (v !== v) storeBits64(dv, t, I, fp2 + (z << 1));
                        D[t >>> 12] = 1;
                        pc += 5;
                        continue;
                      case 451 satisfies typeof Op.MemorySize:
                        I[fp2 + x] = pageCount;
                        pc += 2;
                        continue;
                      case 452 satisfies typeof Op.TableGet:
                        {
                          const elements = tables[y]!.elements;
                          index = I[fp2 + z]! >>> 0;
                          if (index >= elements.length) {
                            trap = 3 satisfies typeof Trap.TableOutOfBounds;
                            break loop;
                          }
                          I[fp2 + x] = elements[index]!;
                        }
                        break next4;
                      case 453 satisfies typeof Op.TableSize:
                        I[fp2 + x] = tables[y]!.elements.length;
                        break next3;
                      case 454 satisfies typeof Op.TableSet:
                        {
                          const table = tables[x]!;
                          index = I[fp2 + y]! >>> 0;
                          if (index >= table.elements.length) {
                            trap = 3 satisfies typeof Trap.TableOutOfBounds;
                            break loop;
                          }
                          table.elements[index] = I[fp2 + z]!;
                          table.dirty = true;
                        }
                        break next4;
                      case 455 satisfies typeof Op.CallRef:
                        t = I[fp2 + x]!;
                        if (t === 0) {
                          trap = 13 satisfies typeof Trap.NullFunction;
                          break loop;
                        }
                        callee = (t - 1) * 8;
                        calleeFp = fp + y;
                        fuel = (fuel - z) | 0;
                        FR[fr + 2] = pc + 5;
                        break enter;
                      case 456 satisfies typeof Op.Leave:
                        fuel = (fuel - y) | 0;
                        stop = 8 satisfies typeof Exit.Leave;
                        break loop;
                      case 457 satisfies typeof Op.Clamp: // A 64-bit address as 32 bits: what does not fit becomes one that is out of bounds everywhere.
                        I[fp2 + x] = I[fp2 + y + 1]! === 0 ? I[fp2 + y]! : -1;
                        break next3;

                      case 458 satisfies typeof Op.Generated:
                        if (FI[FR[fr]! * 8 + 7] === 0) {
                          pc += 2;
                          continue;
                        }
                        break generated;

                      default:
                        if (C[pc]! < SIMD_BASE) throw new Error(`no such operation: ${C[pc]}`);
                        // Vector operations have a loop of their own, for as many as follow one another.
                        budget[0] = fuel - floor;
                        pc = runSimd(pc, fp2, memory);
                        fuel = (budget[0]! + floor) | 0;
                        if (pc < 0) {
                          pc = ~pc;
                          trap = 2 satisfies typeof Trap.MemoryOutOfBounds;
                          break loop;
                        }
                        if (fuel < floor) {
                          stop = 1 satisfies typeof Exit.Sync;
                          break loop;
                        }
                        continue;
                    }
                  }
                  pc += 3;
                  continue;
                }
                pc += 4;
                continue;
              }
              // A taken branch: target and charge are its first operands.
              fuel = (fuel - y) | 0;
              pc = x;
              if (fuel < floor) {
                stop = 1 satisfies typeof Exit.Sync;
                break;
              }
              continue;
            }
            // Generated code of the top frame, from its start (0) or loop number x.
            t = tier!.enter(FR[fr]!, fp, fr, (fuel + surplus) | 0, x, 1);
            if (t === NOT_ENTERED) {
              pc += 2;
              continue;
            }
            if (t === LEFT) {
              stop = 9 satisfies typeof Exit.Generated;
              break;
            }
            fuel = (t - surplus) | 0;
            x = 0;
          }
          // A return; results are in place.

          fuel = (fuel - x) | 0;
          const flags = FR[fr + 3]!;
          if (flags !== 0) {
            if ((flags & FrameFlag.Entry) !== 0) {
              store.resultFunc = FR[fr]!;
              store.resultSlot = fp;
              stop = 3 satisfies typeof Exit.Returned;
              fr -= 4;
              break;
            }
            inst = FI[FR[fr - 4]! * 8 + 5]!;
            memory = store.memoryOf(inst);
            dv = memory.view;
            ML = memory.i64;
            D = memory.dirty;
            lastI64 = memory.byteLength - 8;
            pageCount = memory.pageCount;
          }
          fr -= 4;
          pc = FR[fr + 2]!;
          fp = FR[fr + 1]!;
          fp2 = fp << 1;
          if ((flags & FrameFlag.Watch) !== 0) {
            stop = 7 satisfies typeof Exit.FrameReturn;
            break;
          }
          if (fuel < floor) {
            stop = 1 satisfies typeof Exit.Sync;
            break;
          }
          continue;
        }
        // A call: `callee` and `calleeFp` are set, the caller's frame holds where it continues.
        if (FI[callee + mode] === 0) {
          lowerFunction(store, callee >>> 3, mode);
          // The loop's arrays may have been replaced; then the callee begins in another loop.
          if (code.words !== C || code.constI64 !== K) outdated = true;
        }
        if (calleeFp + FI[callee + 2]! + ((fr + 8) >>> 1) > stackSlots) {
          trap = 10 satisfies typeof Trap.CallStackExhausted;
          break;
        }
        if (FI[callee + 7] !== 0 && mode === 1) {
          t = tier!.enter(callee >>> 3, calleeFp, fr + 4, (fuel + surplus) | 0, 0, 0);
          if (t === LEFT) {
            stop = 9 satisfies typeof Exit.Generated;
            pc = FR[fr + 2]!;
            break;
          }
          if (t !== NOT_ENTERED) {
            fuel = (t - surplus) | 0;
            pc = FR[fr + 2]!;
            if (fuel < floor) {
              stop = 1 satisfies typeof Exit.Sync;
              break;
            }
            continue;
          }
        }
        fr += 4;
        FR[fr] = callee >>> 3;

        FR[fr + 1] = calleeFp;
        FR[fr + 3] = 0;
        const calleeInst = FI[callee + 5]!;
        if (calleeInst !== inst) {
          if (calleeInst < 0) {
            FR[fr + 2] = 0;
            FR[fr + 3] = FrameFlag.Host;
            stop = 2 satisfies typeof Exit.Host;
            break;
          }
          FR[fr + 3] = FrameFlag.OtherInstance;
          inst = calleeInst;
          memory = store.memoryOf(inst);
          dv = memory.view;
          ML = memory.i64;
          D = memory.dirty;
          lastI64 = memory.byteLength - 8;
          pageCount = memory.pageCount;
        }
        fp = calleeFp;
        fp2 = fp << 1;
        for (let slot = fp + FI[callee + 3]!, end = fp + FI[callee + 4]!; slot < end; slot++) F[slot] = 0;
        pc = FI[callee + mode]!;
        if (fuel < floor || outdated) {
          pc = 0;
          stop = 1 satisfies typeof Exit.Sync;
          break;
        }
      }
    } catch (error) {
      // DataView throws for an address out of bounds, which saves the check on every access. Nothing else here may throw.
      if (!(error instanceof RangeError) || error.message !== OUTSIDE_MESSAGE) throw error;
      trap = 2 satisfies typeof Trap.MemoryOutOfBounds;
      stop = 4 satisfies typeof Exit.Trapped;
    }

    // What it had charged when it left; where it stands is in its own records.
    if (stop === Exit.Generated) fuel = (tier!.fuelLeft - surplus) | 0;
    store.frameTop = fr + 4;
    if (stop !== Exit.Returned && stop !== Exit.Host && stop !== Exit.Grow && fr >= 0) FR[fr + 2] = pc;
    store.tick = baseTick - fuel;
    switch (stop) {
      case Exit.Trapped:
        store.trap = trap;
        break;
      case Exit.Host:
        store.status = Status.InHost;
        break;
      case Exit.Returned:
        store.status = Status.Returned;
        break;
    }
    return stop;
  }

  return run;
}
