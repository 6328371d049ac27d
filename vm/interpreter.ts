/**
 * The interpreter: one loop over lowered code (ops.ts), for both lowerings. It touches the store's typed arrays and
 * nothing else; it never calls host code, never allocates in hot cases, and comes back at every crossing, trap and limit.
 *
 * Three rules keep it fast in V8, each measured (docs/rationale/execution.md): case labels are literals, dense from 0;
 * the function's bytecode stays below 61,440 bytes (test/vm/interpreter-size.test.ts); state lives in local variables
 * that are loaded at entry and written back at exit.
 *
 * Fuel. `fuel` counts down from the ticks that may be retired. Fast code charges ticks on taken branches, calls and
 * returns; between them up to CHECK_SPAN ticks are pending (`acc` of a code position, known statically). Exact code
 * charges one tick in each Step.
 */

import { runBulk } from "./bulk.ts";
import { FLOOR_TICKS, type Mode } from "./code.ts";
import { lowerFunction } from "./lower.ts";
import {
  canonicalNan64,
  ctz32,
  i64ToF32,
  BITS_MAGNITUDE as MAGNITUDE,
  nearest,
  popcnt32,
  BIT_SIGN as SIGN,
  truncSatI64,
  truncSatU64,
  truncToI64,
} from "./numeric.ts";
import type { Op } from "./ops.ts";
import { FrameFlag, Status, type Store } from "./store.ts";
import { Trap } from "./trap.ts";

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
} as const;
export type Exit = (typeof Exit)[keyof typeof Exit];

/**
 * Runs the top frame, which must be wasm with its code index for `mode` in its Pc word, for at most `fuelTicks`
 * (below 2^30). `acc` is the number of uncharged ticks at that code index, `skipTick` a tick at which breakpoints are
 * passed over. Writes state back, except that `store.tick` is left short of the uncharged ticks at the exit's code
 * index; execute.ts knows them.
 */
export function run(store: Store, mode: Mode, fuelTicks: number, acc: number, skipTick: number): Exit {
  const I = store.i32;
  const S = store.f32;
  const F = store.f64;
  const B = store.i64;
  const FR = store.frames;
  const FI = store.funcInfo;
  const GI = store.globalI32;
  const GB = store.globalI64;
  const { tables, stackSlots, code } = store;
  // Replaced when a callee is lowered.
  let C = code.words;
  let K = code.constI64;
  let KF = code.constF64;

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
  const baseTick = store.tick - acc + fuelTicks;
  let fuel = fuelTicks;
  let callee = 0;
  let calleeFp = 0;
  let trap: Trap = Trap.None;
  let stop: Exit = Exit.Trapped;

  try {
    loop: for (;;) {
      enter: {
        ret: {
          taken: {
            switch (C[pc]! as Op) {
              case 0 satisfies typeof Op.Start: {
                const entry = FR[fr]! * 8 + mode;
                if (FI[entry] === 0) {
                  lowerFunction(store, FR[fr]!, mode);
                  C = code.words;
                  K = code.constI64;
                  KF = code.constF64;
                }
                pc = FI[entry]!;
                continue;
              }
              case 1 satisfies typeof Op.HostEntry:
                throw new Error("host entry reached");
              case 2 satisfies typeof Op.Step:
                if (fuel <= 0) {
                  stop = Exit.Limit;
                  break loop;
                }
                fuel -= 1;
                pc += 2;
                continue;
              case 3 satisfies typeof Op.Break:
                if (fuel <= 0) {
                  stop = Exit.Limit;
                  break loop;
                }
                if (baseTick - fuel !== skipTick) {
                  stop = Exit.Breakpoint;
                  break loop;
                }
                fuel -= 1;
                pc += 2;
                continue;
              case 4 satisfies typeof Op.EntryBreak:
                if (fuel > 0 && baseTick - fuel !== skipTick) {
                  stop = Exit.Breakpoint;
                  break loop;
                }
                pc += 1;
                continue;
              case 5 satisfies typeof Op.LoopSync:
                pc = mode === 1 && C[pc + 1]! !== 0 ? C[pc + 1]! : pc + 2;
                continue;
              case 6 satisfies typeof Op.Br:
                break taken;
              case 7 satisfies typeof Op.BrNz:
                if (I[fp2 + C[pc + 3]!]! !== 0) break taken;
                pc += 4;
                continue;
              case 8 satisfies typeof Op.BrZ:
                if (I[fp2 + C[pc + 3]!]! === 0) break taken;
                pc += 4;
                continue;
              case 9 satisfies typeof Op.BrTable: {
                // Entries follow as target and charge, the default last.
                const index = I[fp2 + C[pc + 2]!]! >>> 0;
                const count = C[pc + 1]!;
                pc += 2 + (index < count ? index : count) * 2;
                break taken;
              }
              case 10 satisfies typeof Op.Switch: {
                // A br_table whose targets take values: each entry is the code that moves them, and only the jump there looks at fuel.
                const index = I[fp2 + C[pc + 2]!]! >>> 0;
                const count = C[pc + 1]!;
                pc = C[pc + 3 + (index < count ? index : count)]!;
                continue;
              }
              case 11 satisfies typeof Op.Return0:
                break ret;
              case 12 satisfies typeof Op.Return32:
                I[fp2] = I[fp2 + C[pc + 2]!]!;
                break ret;
              case 13 satisfies typeof Op.Return64:
                B[fp] = BigInt.asIntN(64, B[fp + C[pc + 2]!]!);
                break ret;
              case 14 satisfies typeof Op.ReturnN: // Few functions return several values: the copy may be slow.
                B.copyWithin(fp, fp + C[pc + 2]!, fp + C[pc + 2]! + C[pc + 3]!);
                break ret;
              case 15 satisfies typeof Op.Call:
                callee = C[pc + 1]!;
                calleeFp = fp + C[pc + 2]!;
                fuel -= C[pc + 3]!;
                FR[fr + 2] = pc + 5;
                break enter;
              case 16 satisfies typeof Op.CallIndirect: {
                const elements = tables[C[pc + 1]!]!.elements;
                const index = I[fp2 + C[pc + 3]!]! >>> 0;
                if (index >= elements.length) {
                  trap = Trap.UndefinedElement;
                  break loop;
                }
                const ref = elements[index]!;
                if (ref === 0) {
                  trap = Trap.UninitializedElement;
                  break loop;
                }
                callee = (ref - 1) * 8;
                if (FI[callee + 6] !== C[pc + 2]!) {
                  trap = Trap.IndirectCallTypeMismatch;
                  break loop;
                }
                calleeFp = fp + C[pc + 4]!;
                fuel -= C[pc + 5]!;
                FR[fr + 2] = pc + 7;
                break enter;
              }
              case 17 satisfies typeof Op.Unreachable:
                trap = Trap.Unreachable;
                break loop;
              case 18 satisfies typeof Op.Check:
                fuel -= C[pc + 1]!;
                pc += 2;
                if (fuel < floor) {
                  stop = Exit.Sync;
                  break loop;
                }
                continue;
              case 19 satisfies typeof Op.Bulk: // Rare and slow by nature: bulk memory and table instructions share one case.
                trap = runBulk(store, inst, C[pc + 1]!, fp2 + C[pc + 2]!, C[pc + 3]!, C[pc + 4]!);
                if (trap !== Trap.None) break loop;
                pc += 5;
                continue;
              case 20 satisfies typeof Op.Grow:
                fuel -= C[pc + 5]!;
                FR[fr + 2] = pc + 7;
                stop = Exit.Grow;
                break loop;
              case 21 satisfies typeof Op.Mov32:
                I[fp2 + C[pc + 1]!] = I[fp2 + C[pc + 2]!]!;
                pc += 3;
                continue;
              case 22 satisfies typeof Op.Mov64:
                B[fp + C[pc + 1]!] = BigInt.asIntN(64, B[fp + C[pc + 2]!]!);
                pc += 3;
                continue;
              case 23 satisfies typeof Op.Const32:
                I[fp2 + C[pc + 1]!] = C[pc + 2]!;
                pc += 3;
                continue;
              case 24 satisfies typeof Op.Const64:
                B[fp + C[pc + 1]!] = BigInt.asIntN(64, K[C[pc + 2]!]!);
                pc += 3;
                continue;
              case 25 satisfies typeof Op.Select32:
                I[fp2 + C[pc + 1]!] = I[fp2 + C[pc + 4]!]! !== 0 ? I[fp2 + C[pc + 2]!]! : I[fp2 + C[pc + 3]!]!;
                pc += 5;
                continue;
              case 26 satisfies typeof Op.Select64:
                B[fp + C[pc + 1]!] = BigInt.asIntN(64, B[fp + (I[fp2 + C[pc + 4]!]! !== 0 ? C[pc + 2]! : C[pc + 3]!)]!);
                pc += 5;
                continue;
              case 27 satisfies typeof Op.GlobalGet32:
                I[fp2 + C[pc + 1]!] = GI[C[pc + 2]! << 1]!;
                pc += 3;
                continue;
              case 28 satisfies typeof Op.GlobalGet64:
                B[fp + C[pc + 1]!] = BigInt.asIntN(64, GB[C[pc + 2]!]!);
                pc += 3;
                continue;
              case 29 satisfies typeof Op.GlobalSet32:
                GI[C[pc + 1]! << 1] = I[fp2 + C[pc + 2]!]!;
                pc += 3;
                continue;
              case 30 satisfies typeof Op.GlobalSet64:
                GB[C[pc + 1]!] = BigInt.asIntN(64, B[fp + C[pc + 2]!]!);
                pc += 3;
                continue;
              case 31 satisfies typeof Op.I32Add:
                I[fp2 + C[pc + 1]!] = (I[fp2 + C[pc + 2]!]! + I[fp2 + C[pc + 3]!]!) | 0;
                pc += 4;
                continue;
              case 32 satisfies typeof Op.I32AddK:
                I[fp2 + C[pc + 1]!] = (I[fp2 + C[pc + 2]!]! + C[pc + 3]!) | 0;
                pc += 4;
                continue;
              case 33 satisfies typeof Op.I32Sub:
                I[fp2 + C[pc + 1]!] = (I[fp2 + C[pc + 2]!]! - I[fp2 + C[pc + 3]!]!) | 0;
                pc += 4;
                continue;
              case 34 satisfies typeof Op.I32Mul:
                I[fp2 + C[pc + 1]!] = Math.imul(I[fp2 + C[pc + 2]!]!, I[fp2 + C[pc + 3]!]!);
                pc += 4;
                continue;
              case 35 satisfies typeof Op.I32MulK:
                I[fp2 + C[pc + 1]!] = Math.imul(I[fp2 + C[pc + 2]!]!, C[pc + 3]!);
                pc += 4;
                continue;
              case 36 satisfies typeof Op.I32And:
                I[fp2 + C[pc + 1]!] = I[fp2 + C[pc + 2]!]! & I[fp2 + C[pc + 3]!]!;
                pc += 4;
                continue;
              case 37 satisfies typeof Op.I32AndK:
                I[fp2 + C[pc + 1]!] = I[fp2 + C[pc + 2]!]! & C[pc + 3]!;
                pc += 4;
                continue;
              case 38 satisfies typeof Op.I32Or:
                I[fp2 + C[pc + 1]!] = I[fp2 + C[pc + 2]!]! | I[fp2 + C[pc + 3]!]!;
                pc += 4;
                continue;
              case 39 satisfies typeof Op.I32OrK:
                I[fp2 + C[pc + 1]!] = I[fp2 + C[pc + 2]!]! | C[pc + 3]!;
                pc += 4;
                continue;
              case 40 satisfies typeof Op.I32Xor:
                I[fp2 + C[pc + 1]!] = I[fp2 + C[pc + 2]!]! ^ I[fp2 + C[pc + 3]!]!;
                pc += 4;
                continue;
              case 41 satisfies typeof Op.I32XorK:
                I[fp2 + C[pc + 1]!] = I[fp2 + C[pc + 2]!]! ^ C[pc + 3]!;
                pc += 4;
                continue;
              case 42 satisfies typeof Op.I32Shl:
                I[fp2 + C[pc + 1]!] = I[fp2 + C[pc + 2]!]! << I[fp2 + C[pc + 3]!]!;
                pc += 4;
                continue;
              case 43 satisfies typeof Op.I32ShlK:
                I[fp2 + C[pc + 1]!] = I[fp2 + C[pc + 2]!]! << C[pc + 3]!;
                pc += 4;
                continue;
              case 44 satisfies typeof Op.I32ShrS:
                I[fp2 + C[pc + 1]!] = I[fp2 + C[pc + 2]!]! >> I[fp2 + C[pc + 3]!]!;
                pc += 4;
                continue;
              case 45 satisfies typeof Op.I32ShrSK:
                I[fp2 + C[pc + 1]!] = I[fp2 + C[pc + 2]!]! >> C[pc + 3]!;
                pc += 4;
                continue;
              case 46 satisfies typeof Op.I32ShrU:
                I[fp2 + C[pc + 1]!] = I[fp2 + C[pc + 2]!]! >>> I[fp2 + C[pc + 3]!]!;
                pc += 4;
                continue;
              case 47 satisfies typeof Op.I32ShrUK:
                I[fp2 + C[pc + 1]!] = I[fp2 + C[pc + 2]!]! >>> C[pc + 3]!;
                pc += 4;
                continue;
              case 48 satisfies typeof Op.I32Rotl:
                {
                  const a = I[fp2 + C[pc + 2]!]!;
                  const n = I[fp2 + C[pc + 3]!]!;
                  I[fp2 + C[pc + 1]!] = (a << n) | (a >>> (32 - n));
                }
                pc += 4;
                continue;
              case 49 satisfies typeof Op.I32RotlK:
                {
                  const a = I[fp2 + C[pc + 2]!]!;
                  const n = C[pc + 3]!;
                  I[fp2 + C[pc + 1]!] = (a << n) | (a >>> (32 - n));
                }
                pc += 4;
                continue;
              case 50 satisfies typeof Op.I32Rotr:
                {
                  const a = I[fp2 + C[pc + 2]!]!;
                  const n = I[fp2 + C[pc + 3]!]!;
                  I[fp2 + C[pc + 1]!] = (a >>> n) | (a << (32 - n));
                }
                pc += 4;
                continue;
              case 51 satisfies typeof Op.I32RotrK:
                {
                  const a = I[fp2 + C[pc + 2]!]!;
                  const n = C[pc + 3]!;
                  I[fp2 + C[pc + 1]!] = (a >>> n) | (a << (32 - n));
                }
                pc += 4;
                continue;
              case 52 satisfies typeof Op.I32DivS:
                {
                  const a = I[fp2 + C[pc + 2]!]!;
                  const n = I[fp2 + C[pc + 3]!]!;
                  if (n === 0) {
                    trap = Trap.IntegerDivideByZero;
                    break loop;
                  }
                  if (n === -1 && a === -2147483648) {
                    trap = Trap.IntegerOverflow;
                    break loop;
                  }
                  I[fp2 + C[pc + 1]!] = (a / n) | 0;
                }
                pc += 4;
                continue;
              case 53 satisfies typeof Op.I32DivU:
                {
                  const n = I[fp2 + C[pc + 3]!]! >>> 0;
                  if (n === 0) {
                    trap = Trap.IntegerDivideByZero;
                    break loop;
                  }
                  I[fp2 + C[pc + 1]!] = ((I[fp2 + C[pc + 2]!]! >>> 0) / n) >>> 0;
                }
                pc += 4;
                continue;
              case 54 satisfies typeof Op.I32RemS:
                {
                  const n = I[fp2 + C[pc + 3]!]!;
                  if (n === 0) {
                    trap = Trap.IntegerDivideByZero;
                    break loop;
                  }
                  I[fp2 + C[pc + 1]!] = I[fp2 + C[pc + 2]!]! % n;
                }
                pc += 4;
                continue;
              case 55 satisfies typeof Op.I32RemU:
                {
                  const n = I[fp2 + C[pc + 3]!]! >>> 0;
                  if (n === 0) {
                    trap = Trap.IntegerDivideByZero;
                    break loop;
                  }
                  I[fp2 + C[pc + 1]!] = (I[fp2 + C[pc + 2]!]! >>> 0) % n;
                }
                pc += 4;
                continue;
              case 56 satisfies typeof Op.I32DivSK:
                {
                  const a = I[fp2 + C[pc + 2]!]!;
                  const n = C[pc + 3]!;
                  if (n === -1 && a === -2147483648) {
                    trap = Trap.IntegerOverflow;
                    break loop;
                  }
                  I[fp2 + C[pc + 1]!] = (a / n) | 0;
                }
                pc += 4;
                continue;
              case 57 satisfies typeof Op.I32DivUK:
                {
                  const n = C[pc + 3]! >>> 0;
                  I[fp2 + C[pc + 1]!] = ((I[fp2 + C[pc + 2]!]! >>> 0) / n) >>> 0;
                }
                pc += 4;
                continue;
              case 58 satisfies typeof Op.I32RemSK:
                {
                  const n = C[pc + 3]!;
                  I[fp2 + C[pc + 1]!] = I[fp2 + C[pc + 2]!]! % n;
                }
                pc += 4;
                continue;
              case 59 satisfies typeof Op.I32RemUK:
                {
                  const n = C[pc + 3]! >>> 0;
                  I[fp2 + C[pc + 1]!] = (I[fp2 + C[pc + 2]!]! >>> 0) % n;
                }
                pc += 4;
                continue;
              case 60 satisfies typeof Op.I32Clz:
                I[fp2 + C[pc + 1]!] = Math.clz32(I[fp2 + C[pc + 2]!]!);
                pc += 3;
                continue;
              case 61 satisfies typeof Op.I32Ctz:
                I[fp2 + C[pc + 1]!] = ctz32(I[fp2 + C[pc + 2]!]!);
                pc += 3;
                continue;
              case 62 satisfies typeof Op.I32Popcnt:
                I[fp2 + C[pc + 1]!] = popcnt32(I[fp2 + C[pc + 2]!]!);
                pc += 3;
                continue;
              case 63 satisfies typeof Op.I32Extend8S:
                I[fp2 + C[pc + 1]!] = (I[fp2 + C[pc + 2]!]! << 24) >> 24;
                pc += 3;
                continue;
              case 64 satisfies typeof Op.I32Extend16S:
                I[fp2 + C[pc + 1]!] = (I[fp2 + C[pc + 2]!]! << 16) >> 16;
                pc += 3;
                continue;
              case 65 satisfies typeof Op.I32Eqz:
                I[fp2 + C[pc + 1]!] = I[fp2 + C[pc + 2]!]! === 0 ? 1 : 0;
                pc += 3;
                continue;
              case 66 satisfies typeof Op.I32Eq:
                I[fp2 + C[pc + 1]!] = I[fp2 + C[pc + 2]!]! === I[fp2 + C[pc + 3]!]! ? 1 : 0;
                pc += 4;
                continue;
              case 67 satisfies typeof Op.I32EqK:
                I[fp2 + C[pc + 1]!] = I[fp2 + C[pc + 2]!]! === C[pc + 3]! ? 1 : 0;
                pc += 4;
                continue;
              case 68 satisfies typeof Op.I32Ne:
                I[fp2 + C[pc + 1]!] = I[fp2 + C[pc + 2]!]! !== I[fp2 + C[pc + 3]!]! ? 1 : 0;
                pc += 4;
                continue;
              case 69 satisfies typeof Op.I32NeK:
                I[fp2 + C[pc + 1]!] = I[fp2 + C[pc + 2]!]! !== C[pc + 3]! ? 1 : 0;
                pc += 4;
                continue;
              case 70 satisfies typeof Op.I32LtS:
                I[fp2 + C[pc + 1]!] = I[fp2 + C[pc + 2]!]! < I[fp2 + C[pc + 3]!]! ? 1 : 0;
                pc += 4;
                continue;
              case 71 satisfies typeof Op.I32LtSK:
                I[fp2 + C[pc + 1]!] = I[fp2 + C[pc + 2]!]! < C[pc + 3]! ? 1 : 0;
                pc += 4;
                continue;
              case 72 satisfies typeof Op.I32LtU:
                I[fp2 + C[pc + 1]!] = I[fp2 + C[pc + 2]!]! >>> 0 < I[fp2 + C[pc + 3]!]! >>> 0 ? 1 : 0;
                pc += 4;
                continue;
              case 73 satisfies typeof Op.I32LtUK:
                I[fp2 + C[pc + 1]!] = I[fp2 + C[pc + 2]!]! >>> 0 < C[pc + 3]! >>> 0 ? 1 : 0;
                pc += 4;
                continue;
              case 74 satisfies typeof Op.I32GtS:
                I[fp2 + C[pc + 1]!] = I[fp2 + C[pc + 2]!]! > I[fp2 + C[pc + 3]!]! ? 1 : 0;
                pc += 4;
                continue;
              case 75 satisfies typeof Op.I32GtSK:
                I[fp2 + C[pc + 1]!] = I[fp2 + C[pc + 2]!]! > C[pc + 3]! ? 1 : 0;
                pc += 4;
                continue;
              case 76 satisfies typeof Op.I32GtU:
                I[fp2 + C[pc + 1]!] = I[fp2 + C[pc + 2]!]! >>> 0 > I[fp2 + C[pc + 3]!]! >>> 0 ? 1 : 0;
                pc += 4;
                continue;
              case 77 satisfies typeof Op.I32GtUK:
                I[fp2 + C[pc + 1]!] = I[fp2 + C[pc + 2]!]! >>> 0 > C[pc + 3]! >>> 0 ? 1 : 0;
                pc += 4;
                continue;
              case 78 satisfies typeof Op.I32LeS:
                I[fp2 + C[pc + 1]!] = I[fp2 + C[pc + 2]!]! <= I[fp2 + C[pc + 3]!]! ? 1 : 0;
                pc += 4;
                continue;
              case 79 satisfies typeof Op.I32LeSK:
                I[fp2 + C[pc + 1]!] = I[fp2 + C[pc + 2]!]! <= C[pc + 3]! ? 1 : 0;
                pc += 4;
                continue;
              case 80 satisfies typeof Op.I32LeU:
                I[fp2 + C[pc + 1]!] = I[fp2 + C[pc + 2]!]! >>> 0 <= I[fp2 + C[pc + 3]!]! >>> 0 ? 1 : 0;
                pc += 4;
                continue;
              case 81 satisfies typeof Op.I32LeUK:
                I[fp2 + C[pc + 1]!] = I[fp2 + C[pc + 2]!]! >>> 0 <= C[pc + 3]! >>> 0 ? 1 : 0;
                pc += 4;
                continue;
              case 82 satisfies typeof Op.I32GeS:
                I[fp2 + C[pc + 1]!] = I[fp2 + C[pc + 2]!]! >= I[fp2 + C[pc + 3]!]! ? 1 : 0;
                pc += 4;
                continue;
              case 83 satisfies typeof Op.I32GeSK:
                I[fp2 + C[pc + 1]!] = I[fp2 + C[pc + 2]!]! >= C[pc + 3]! ? 1 : 0;
                pc += 4;
                continue;
              case 84 satisfies typeof Op.I32GeU:
                I[fp2 + C[pc + 1]!] = I[fp2 + C[pc + 2]!]! >>> 0 >= I[fp2 + C[pc + 3]!]! >>> 0 ? 1 : 0;
                pc += 4;
                continue;
              case 85 satisfies typeof Op.I32GeUK:
                I[fp2 + C[pc + 1]!] = I[fp2 + C[pc + 2]!]! >>> 0 >= C[pc + 3]! >>> 0 ? 1 : 0;
                pc += 4;
                continue;
              case 86 satisfies typeof Op.BrI32Eq:
                if (I[fp2 + C[pc + 3]!]! === I[fp2 + C[pc + 4]!]!) break taken;
                pc += 5;
                continue;
              case 87 satisfies typeof Op.BrI32EqK:
                if (I[fp2 + C[pc + 3]!]! === C[pc + 4]!) break taken;
                pc += 5;
                continue;
              case 88 satisfies typeof Op.BrI32Ne:
                if (I[fp2 + C[pc + 3]!]! !== I[fp2 + C[pc + 4]!]!) break taken;
                pc += 5;
                continue;
              case 89 satisfies typeof Op.BrI32NeK:
                if (I[fp2 + C[pc + 3]!]! !== C[pc + 4]!) break taken;
                pc += 5;
                continue;
              case 90 satisfies typeof Op.BrI32LtS:
                if (I[fp2 + C[pc + 3]!]! < I[fp2 + C[pc + 4]!]!) break taken;
                pc += 5;
                continue;
              case 91 satisfies typeof Op.BrI32LtSK:
                if (I[fp2 + C[pc + 3]!]! < C[pc + 4]!) break taken;
                pc += 5;
                continue;
              case 92 satisfies typeof Op.BrI32LtU:
                if (I[fp2 + C[pc + 3]!]! >>> 0 < I[fp2 + C[pc + 4]!]! >>> 0) break taken;
                pc += 5;
                continue;
              case 93 satisfies typeof Op.BrI32LtUK:
                if (I[fp2 + C[pc + 3]!]! >>> 0 < C[pc + 4]! >>> 0) break taken;
                pc += 5;
                continue;
              case 94 satisfies typeof Op.BrI32GtS:
                if (I[fp2 + C[pc + 3]!]! > I[fp2 + C[pc + 4]!]!) break taken;
                pc += 5;
                continue;
              case 95 satisfies typeof Op.BrI32GtSK:
                if (I[fp2 + C[pc + 3]!]! > C[pc + 4]!) break taken;
                pc += 5;
                continue;
              case 96 satisfies typeof Op.BrI32GtU:
                if (I[fp2 + C[pc + 3]!]! >>> 0 > I[fp2 + C[pc + 4]!]! >>> 0) break taken;
                pc += 5;
                continue;
              case 97 satisfies typeof Op.BrI32GtUK:
                if (I[fp2 + C[pc + 3]!]! >>> 0 > C[pc + 4]! >>> 0) break taken;
                pc += 5;
                continue;
              case 98 satisfies typeof Op.BrI32LeS:
                if (I[fp2 + C[pc + 3]!]! <= I[fp2 + C[pc + 4]!]!) break taken;
                pc += 5;
                continue;
              case 99 satisfies typeof Op.BrI32LeSK:
                if (I[fp2 + C[pc + 3]!]! <= C[pc + 4]!) break taken;
                pc += 5;
                continue;
              case 100 satisfies typeof Op.BrI32LeU:
                if (I[fp2 + C[pc + 3]!]! >>> 0 <= I[fp2 + C[pc + 4]!]! >>> 0) break taken;
                pc += 5;
                continue;
              case 101 satisfies typeof Op.BrI32LeUK:
                if (I[fp2 + C[pc + 3]!]! >>> 0 <= C[pc + 4]! >>> 0) break taken;
                pc += 5;
                continue;
              case 102 satisfies typeof Op.BrI32GeS:
                if (I[fp2 + C[pc + 3]!]! >= I[fp2 + C[pc + 4]!]!) break taken;
                pc += 5;
                continue;
              case 103 satisfies typeof Op.BrI32GeSK:
                if (I[fp2 + C[pc + 3]!]! >= C[pc + 4]!) break taken;
                pc += 5;
                continue;
              case 104 satisfies typeof Op.BrI32GeU:
                if (I[fp2 + C[pc + 3]!]! >>> 0 >= I[fp2 + C[pc + 4]!]! >>> 0) break taken;
                pc += 5;
                continue;
              case 105 satisfies typeof Op.BrI32GeUK:
                if (I[fp2 + C[pc + 3]!]! >>> 0 >= C[pc + 4]! >>> 0) break taken;
                pc += 5;
                continue;
              case 106 satisfies typeof Op.I64Add:
                B[fp + C[pc + 1]!] = BigInt.asIntN(64, B[fp + C[pc + 2]!]! + B[fp + C[pc + 3]!]!);
                pc += 4;
                continue;
              case 107 satisfies typeof Op.I64AddK:
                B[fp + C[pc + 1]!] = BigInt.asIntN(64, B[fp + C[pc + 2]!]! + K[C[pc + 3]!]!);
                pc += 4;
                continue;
              case 108 satisfies typeof Op.I64Sub:
                B[fp + C[pc + 1]!] = BigInt.asIntN(64, B[fp + C[pc + 2]!]! - B[fp + C[pc + 3]!]!);
                pc += 4;
                continue;
              case 109 satisfies typeof Op.I64Mul:
                B[fp + C[pc + 1]!] = BigInt.asIntN(64, B[fp + C[pc + 2]!]! * B[fp + C[pc + 3]!]!);
                pc += 4;
                continue;
              case 110 satisfies typeof Op.I64MulK:
                B[fp + C[pc + 1]!] = BigInt.asIntN(64, B[fp + C[pc + 2]!]! * K[C[pc + 3]!]!);
                pc += 4;
                continue;
              case 111 satisfies typeof Op.I64And:
                B[fp + C[pc + 1]!] = BigInt.asIntN(64, B[fp + C[pc + 2]!]! & B[fp + C[pc + 3]!]!);
                pc += 4;
                continue;
              case 112 satisfies typeof Op.I64AndK:
                B[fp + C[pc + 1]!] = BigInt.asIntN(64, B[fp + C[pc + 2]!]! & K[C[pc + 3]!]!);
                pc += 4;
                continue;
              case 113 satisfies typeof Op.I64Or:
                B[fp + C[pc + 1]!] = BigInt.asIntN(64, B[fp + C[pc + 2]!]! | B[fp + C[pc + 3]!]!);
                pc += 4;
                continue;
              case 114 satisfies typeof Op.I64OrK:
                B[fp + C[pc + 1]!] = BigInt.asIntN(64, B[fp + C[pc + 2]!]! | K[C[pc + 3]!]!);
                pc += 4;
                continue;
              case 115 satisfies typeof Op.I64Xor:
                B[fp + C[pc + 1]!] = BigInt.asIntN(64, B[fp + C[pc + 2]!]! ^ B[fp + C[pc + 3]!]!);
                pc += 4;
                continue;
              case 116 satisfies typeof Op.I64XorK:
                B[fp + C[pc + 1]!] = BigInt.asIntN(64, B[fp + C[pc + 2]!]! ^ K[C[pc + 3]!]!);
                pc += 4;
                continue;
              case 117 satisfies typeof Op.I64DivS:
                {
                  const n = B[fp + C[pc + 3]!]!;
                  if (n === 0n) {
                    trap = Trap.IntegerDivideByZero;
                    break loop;
                  }
                  const a = B[fp + C[pc + 2]!]!;
                  if (n === -1n && a === -0x8000000000000000n) {
                    trap = Trap.IntegerOverflow;
                    break loop;
                  }
                  B[fp + C[pc + 1]!] = BigInt.asIntN(64, a / n);
                }
                pc += 4;
                continue;
              case 118 satisfies typeof Op.I64DivU:
                {
                  const n = B[fp + C[pc + 3]!]!;
                  if (n === 0n) {
                    trap = Trap.IntegerDivideByZero;
                    break loop;
                  }
                  B[fp + C[pc + 1]!] = BigInt.asIntN(64, BigInt.asUintN(64, B[fp + C[pc + 2]!]!) / BigInt.asUintN(64, n));
                }
                pc += 4;
                continue;
              case 119 satisfies typeof Op.I64RemS:
                {
                  const n = B[fp + C[pc + 3]!]!;
                  if (n === 0n) {
                    trap = Trap.IntegerDivideByZero;
                    break loop;
                  }
                  B[fp + C[pc + 1]!] = BigInt.asIntN(64, B[fp + C[pc + 2]!]! % n);
                }
                pc += 4;
                continue;
              case 120 satisfies typeof Op.I64RemU:
                {
                  const n = B[fp + C[pc + 3]!]!;
                  if (n === 0n) {
                    trap = Trap.IntegerDivideByZero;
                    break loop;
                  }
                  B[fp + C[pc + 1]!] = BigInt.asIntN(64, BigInt.asUintN(64, B[fp + C[pc + 2]!]!) % BigInt.asUintN(64, n));
                }
                pc += 4;
                continue;
              case 121 satisfies typeof Op.I64Shl:
                {
                  const lo = I[fp2 + C[pc + 2]!]!;
                  const hi = I[fp2 + C[pc + 2]! + 1]!;
                  const n = I[fp2 + C[pc + 3]!]! & 63;
                  const d = fp2 + C[pc + 1]!;
                  if (n < 32) {
                    I[d + 1] = n === 0 ? hi : (hi << n) | (lo >>> (32 - n));
                    I[d] = lo << n;
                  } else {
                    I[d + 1] = lo << (n - 32);
                    I[d] = 0;
                  }
                }
                pc += 4;
                continue;
              case 122 satisfies typeof Op.I64ShlK:
                {
                  const lo = I[fp2 + C[pc + 2]!]!;
                  const hi = I[fp2 + C[pc + 2]! + 1]!;
                  const n = C[pc + 3]!;
                  const d = fp2 + C[pc + 1]!;
                  if (n < 32) {
                    I[d + 1] = n === 0 ? hi : (hi << n) | (lo >>> (32 - n));
                    I[d] = lo << n;
                  } else {
                    I[d + 1] = lo << (n - 32);
                    I[d] = 0;
                  }
                }
                pc += 4;
                continue;
              case 123 satisfies typeof Op.I64ShrS:
                {
                  const lo = I[fp2 + C[pc + 2]!]!;
                  const hi = I[fp2 + C[pc + 2]! + 1]!;
                  const n = I[fp2 + C[pc + 3]!]! & 63;
                  const d = fp2 + C[pc + 1]!;
                  if (n < 32) {
                    I[d] = n === 0 ? lo : (lo >>> n) | (hi << (32 - n));
                    I[d + 1] = hi >> n;
                  } else {
                    I[d] = hi >> (n - 32);
                    I[d + 1] = hi >> 31;
                  }
                }
                pc += 4;
                continue;
              case 124 satisfies typeof Op.I64ShrSK:
                {
                  const lo = I[fp2 + C[pc + 2]!]!;
                  const hi = I[fp2 + C[pc + 2]! + 1]!;
                  const n = C[pc + 3]!;
                  const d = fp2 + C[pc + 1]!;
                  if (n < 32) {
                    I[d] = n === 0 ? lo : (lo >>> n) | (hi << (32 - n));
                    I[d + 1] = hi >> n;
                  } else {
                    I[d] = hi >> (n - 32);
                    I[d + 1] = hi >> 31;
                  }
                }
                pc += 4;
                continue;
              case 125 satisfies typeof Op.I64ShrU:
                {
                  const lo = I[fp2 + C[pc + 2]!]!;
                  const hi = I[fp2 + C[pc + 2]! + 1]!;
                  const n = I[fp2 + C[pc + 3]!]! & 63;
                  const d = fp2 + C[pc + 1]!;
                  if (n < 32) {
                    I[d] = n === 0 ? lo : (lo >>> n) | (hi << (32 - n));
                    I[d + 1] = hi >>> n;
                  } else {
                    I[d] = hi >>> (n - 32);
                    I[d + 1] = 0;
                  }
                }
                pc += 4;
                continue;
              case 126 satisfies typeof Op.I64ShrUK:
                {
                  const lo = I[fp2 + C[pc + 2]!]!;
                  const hi = I[fp2 + C[pc + 2]! + 1]!;
                  const n = C[pc + 3]!;
                  const d = fp2 + C[pc + 1]!;
                  if (n < 32) {
                    I[d] = n === 0 ? lo : (lo >>> n) | (hi << (32 - n));
                    I[d + 1] = hi >>> n;
                  } else {
                    I[d] = hi >>> (n - 32);
                    I[d + 1] = 0;
                  }
                }
                pc += 4;
                continue;
              case 127 satisfies typeof Op.I64Rotl:
                {
                  let lo = I[fp2 + C[pc + 2]!]!;
                  let hi = I[fp2 + C[pc + 2]! + 1]!;
                  const n = I[fp2 + C[pc + 3]!]! & 63;
                  const d = fp2 + C[pc + 1]!;
                  if (n >= 32) {
                    const swap = lo;
                    lo = hi;
                    hi = swap;
                  }
                  const m = n & 31;
                  I[d] = m === 0 ? lo : (lo << m) | (hi >>> (32 - m));
                  I[d + 1] = m === 0 ? hi : (hi << m) | (lo >>> (32 - m));
                }
                pc += 4;
                continue;
              case 128 satisfies typeof Op.I64RotlK:
                {
                  let lo = I[fp2 + C[pc + 2]!]!;
                  let hi = I[fp2 + C[pc + 2]! + 1]!;
                  const n = C[pc + 3]!;
                  const d = fp2 + C[pc + 1]!;
                  if (n >= 32) {
                    const swap = lo;
                    lo = hi;
                    hi = swap;
                  }
                  const m = n & 31;
                  I[d] = m === 0 ? lo : (lo << m) | (hi >>> (32 - m));
                  I[d + 1] = m === 0 ? hi : (hi << m) | (lo >>> (32 - m));
                }
                pc += 4;
                continue;
              case 129 satisfies typeof Op.I64Rotr:
                {
                  let lo = I[fp2 + C[pc + 2]!]!;
                  let hi = I[fp2 + C[pc + 2]! + 1]!;
                  const n = (64 - (I[fp2 + C[pc + 3]!]! & 63)) & 63;
                  const d = fp2 + C[pc + 1]!;
                  if (n >= 32) {
                    const swap = lo;
                    lo = hi;
                    hi = swap;
                  }
                  const m = n & 31;
                  I[d] = m === 0 ? lo : (lo << m) | (hi >>> (32 - m));
                  I[d + 1] = m === 0 ? hi : (hi << m) | (lo >>> (32 - m));
                }
                pc += 4;
                continue;
              case 130 satisfies typeof Op.I64Clz:
                {
                  const hi = I[fp2 + C[pc + 2]! + 1]!;
                  const d = fp2 + C[pc + 1]!;
                  I[d] = hi === 0 ? 32 + Math.clz32(I[fp2 + C[pc + 2]!]!) : Math.clz32(hi);
                  I[d + 1] = 0;
                }
                pc += 3;
                continue;
              case 131 satisfies typeof Op.I64Ctz:
                {
                  const lo = I[fp2 + C[pc + 2]!]!;
                  const d = fp2 + C[pc + 1]!;
                  I[d] = lo === 0 ? 32 + ctz32(I[fp2 + C[pc + 2]! + 1]!) : ctz32(lo);
                  I[d + 1] = 0;
                }
                pc += 3;
                continue;
              case 132 satisfies typeof Op.I64Popcnt:
                {
                  const d = fp2 + C[pc + 1]!;
                  I[d] = popcnt32(I[fp2 + C[pc + 2]!]!) + popcnt32(I[fp2 + C[pc + 2]! + 1]!);
                  I[d + 1] = 0;
                }
                pc += 3;
                continue;
              case 133 satisfies typeof Op.I64Extend8S:
                B[fp + C[pc + 1]!] = BigInt.asIntN(8, B[fp + C[pc + 2]!]!);
                pc += 3;
                continue;
              case 134 satisfies typeof Op.I64Extend16S:
                B[fp + C[pc + 1]!] = BigInt.asIntN(16, B[fp + C[pc + 2]!]!);
                pc += 3;
                continue;
              case 135 satisfies typeof Op.I64Extend32S:
                B[fp + C[pc + 1]!] = BigInt.asIntN(32, B[fp + C[pc + 2]!]!);
                pc += 3;
                continue;
              case 136 satisfies typeof Op.I64ExtendI32U:
                B[fp + C[pc + 1]!] = BigInt.asIntN(64, BigInt.asUintN(32, B[fp + C[pc + 2]!]!));
                pc += 3;
                continue;
              case 137 satisfies typeof Op.I64Eqz:
                I[fp2 + C[pc + 1]!] = (I[fp2 + C[pc + 2]!]! | I[fp2 + C[pc + 2]! + 1]!) === 0 ? 1 : 0;
                pc += 3;
                continue;
              case 138 satisfies typeof Op.I64Eq:
                I[fp2 + C[pc + 1]!] = B[fp + C[pc + 2]!]! === B[fp + C[pc + 3]!]! ? 1 : 0;
                pc += 4;
                continue;
              case 139 satisfies typeof Op.I64EqK:
                I[fp2 + C[pc + 1]!] = B[fp + C[pc + 2]!]! === K[C[pc + 3]!]! ? 1 : 0;
                pc += 4;
                continue;
              case 140 satisfies typeof Op.I64Ne:
                I[fp2 + C[pc + 1]!] = B[fp + C[pc + 2]!]! !== B[fp + C[pc + 3]!]! ? 1 : 0;
                pc += 4;
                continue;
              case 141 satisfies typeof Op.I64NeK:
                I[fp2 + C[pc + 1]!] = B[fp + C[pc + 2]!]! !== K[C[pc + 3]!]! ? 1 : 0;
                pc += 4;
                continue;
              case 142 satisfies typeof Op.I64LtS:
                I[fp2 + C[pc + 1]!] = B[fp + C[pc + 2]!]! < B[fp + C[pc + 3]!]! ? 1 : 0;
                pc += 4;
                continue;
              case 143 satisfies typeof Op.I64LtSK:
                I[fp2 + C[pc + 1]!] = B[fp + C[pc + 2]!]! < K[C[pc + 3]!]! ? 1 : 0;
                pc += 4;
                continue;
              case 144 satisfies typeof Op.I64LtU:
                I[fp2 + C[pc + 1]!] = BigInt.asIntN(64, B[fp + C[pc + 2]!]! ^ SIGN) < BigInt.asIntN(64, B[fp + C[pc + 3]!]! ^ SIGN) ? 1 : 0;
                pc += 4;
                continue;
              case 145 satisfies typeof Op.I64LtUK:
                I[fp2 + C[pc + 1]!] = BigInt.asIntN(64, B[fp + C[pc + 2]!]! ^ SIGN) < BigInt.asIntN(64, K[C[pc + 3]!]! ^ SIGN) ? 1 : 0;
                pc += 4;
                continue;
              case 146 satisfies typeof Op.I64GtS:
                I[fp2 + C[pc + 1]!] = B[fp + C[pc + 2]!]! > B[fp + C[pc + 3]!]! ? 1 : 0;
                pc += 4;
                continue;
              case 147 satisfies typeof Op.I64GtSK:
                I[fp2 + C[pc + 1]!] = B[fp + C[pc + 2]!]! > K[C[pc + 3]!]! ? 1 : 0;
                pc += 4;
                continue;
              case 148 satisfies typeof Op.I64GtU:
                I[fp2 + C[pc + 1]!] = BigInt.asIntN(64, B[fp + C[pc + 2]!]! ^ SIGN) > BigInt.asIntN(64, B[fp + C[pc + 3]!]! ^ SIGN) ? 1 : 0;
                pc += 4;
                continue;
              case 149 satisfies typeof Op.I64GtUK:
                I[fp2 + C[pc + 1]!] = BigInt.asIntN(64, B[fp + C[pc + 2]!]! ^ SIGN) > BigInt.asIntN(64, K[C[pc + 3]!]! ^ SIGN) ? 1 : 0;
                pc += 4;
                continue;
              case 150 satisfies typeof Op.I64LeS:
                I[fp2 + C[pc + 1]!] = B[fp + C[pc + 2]!]! <= B[fp + C[pc + 3]!]! ? 1 : 0;
                pc += 4;
                continue;
              case 151 satisfies typeof Op.I64LeSK:
                I[fp2 + C[pc + 1]!] = B[fp + C[pc + 2]!]! <= K[C[pc + 3]!]! ? 1 : 0;
                pc += 4;
                continue;
              case 152 satisfies typeof Op.I64LeU:
                I[fp2 + C[pc + 1]!] =
                  BigInt.asIntN(64, B[fp + C[pc + 2]!]! ^ SIGN) <= BigInt.asIntN(64, B[fp + C[pc + 3]!]! ^ SIGN) ? 1 : 0;
                pc += 4;
                continue;
              case 153 satisfies typeof Op.I64LeUK:
                I[fp2 + C[pc + 1]!] = BigInt.asIntN(64, B[fp + C[pc + 2]!]! ^ SIGN) <= BigInt.asIntN(64, K[C[pc + 3]!]! ^ SIGN) ? 1 : 0;
                pc += 4;
                continue;
              case 154 satisfies typeof Op.I64GeS:
                I[fp2 + C[pc + 1]!] = B[fp + C[pc + 2]!]! >= B[fp + C[pc + 3]!]! ? 1 : 0;
                pc += 4;
                continue;
              case 155 satisfies typeof Op.I64GeSK:
                I[fp2 + C[pc + 1]!] = B[fp + C[pc + 2]!]! >= K[C[pc + 3]!]! ? 1 : 0;
                pc += 4;
                continue;
              case 156 satisfies typeof Op.I64GeU:
                I[fp2 + C[pc + 1]!] =
                  BigInt.asIntN(64, B[fp + C[pc + 2]!]! ^ SIGN) >= BigInt.asIntN(64, B[fp + C[pc + 3]!]! ^ SIGN) ? 1 : 0;
                pc += 4;
                continue;
              case 157 satisfies typeof Op.I64GeUK:
                I[fp2 + C[pc + 1]!] = BigInt.asIntN(64, B[fp + C[pc + 2]!]! ^ SIGN) >= BigInt.asIntN(64, K[C[pc + 3]!]! ^ SIGN) ? 1 : 0;
                pc += 4;
                continue;
              case 158 satisfies typeof Op.BrI64Eq:
                if (B[fp + C[pc + 3]!]! === B[fp + C[pc + 4]!]!) break taken;
                pc += 5;
                continue;
              case 159 satisfies typeof Op.BrI64EqK:
                if (B[fp + C[pc + 3]!]! === K[C[pc + 4]!]!) break taken;
                pc += 5;
                continue;
              case 160 satisfies typeof Op.BrI64Ne:
                if (B[fp + C[pc + 3]!]! !== B[fp + C[pc + 4]!]!) break taken;
                pc += 5;
                continue;
              case 161 satisfies typeof Op.BrI64NeK:
                if (B[fp + C[pc + 3]!]! !== K[C[pc + 4]!]!) break taken;
                pc += 5;
                continue;
              case 162 satisfies typeof Op.BrI64LtS:
                if (B[fp + C[pc + 3]!]! < B[fp + C[pc + 4]!]!) break taken;
                pc += 5;
                continue;
              case 163 satisfies typeof Op.BrI64LtSK:
                if (B[fp + C[pc + 3]!]! < K[C[pc + 4]!]!) break taken;
                pc += 5;
                continue;
              case 164 satisfies typeof Op.BrI64LtU:
                if (BigInt.asIntN(64, B[fp + C[pc + 3]!]! ^ SIGN) < BigInt.asIntN(64, B[fp + C[pc + 4]!]! ^ SIGN)) break taken;
                pc += 5;
                continue;
              case 165 satisfies typeof Op.BrI64LtUK:
                if (BigInt.asIntN(64, B[fp + C[pc + 3]!]! ^ SIGN) < BigInt.asIntN(64, K[C[pc + 4]!]! ^ SIGN)) break taken;
                pc += 5;
                continue;
              case 166 satisfies typeof Op.BrI64GtS:
                if (B[fp + C[pc + 3]!]! > B[fp + C[pc + 4]!]!) break taken;
                pc += 5;
                continue;
              case 167 satisfies typeof Op.BrI64GtSK:
                if (B[fp + C[pc + 3]!]! > K[C[pc + 4]!]!) break taken;
                pc += 5;
                continue;
              case 168 satisfies typeof Op.BrI64GtU:
                if (BigInt.asIntN(64, B[fp + C[pc + 3]!]! ^ SIGN) > BigInt.asIntN(64, B[fp + C[pc + 4]!]! ^ SIGN)) break taken;
                pc += 5;
                continue;
              case 169 satisfies typeof Op.BrI64GtUK:
                if (BigInt.asIntN(64, B[fp + C[pc + 3]!]! ^ SIGN) > BigInt.asIntN(64, K[C[pc + 4]!]! ^ SIGN)) break taken;
                pc += 5;
                continue;
              case 170 satisfies typeof Op.BrI64LeS:
                if (B[fp + C[pc + 3]!]! <= B[fp + C[pc + 4]!]!) break taken;
                pc += 5;
                continue;
              case 171 satisfies typeof Op.BrI64LeSK:
                if (B[fp + C[pc + 3]!]! <= K[C[pc + 4]!]!) break taken;
                pc += 5;
                continue;
              case 172 satisfies typeof Op.BrI64LeU:
                if (BigInt.asIntN(64, B[fp + C[pc + 3]!]! ^ SIGN) <= BigInt.asIntN(64, B[fp + C[pc + 4]!]! ^ SIGN)) break taken;
                pc += 5;
                continue;
              case 173 satisfies typeof Op.BrI64LeUK:
                if (BigInt.asIntN(64, B[fp + C[pc + 3]!]! ^ SIGN) <= BigInt.asIntN(64, K[C[pc + 4]!]! ^ SIGN)) break taken;
                pc += 5;
                continue;
              case 174 satisfies typeof Op.BrI64GeS:
                if (B[fp + C[pc + 3]!]! >= B[fp + C[pc + 4]!]!) break taken;
                pc += 5;
                continue;
              case 175 satisfies typeof Op.BrI64GeSK:
                if (B[fp + C[pc + 3]!]! >= K[C[pc + 4]!]!) break taken;
                pc += 5;
                continue;
              case 176 satisfies typeof Op.BrI64GeU:
                if (BigInt.asIntN(64, B[fp + C[pc + 3]!]! ^ SIGN) >= BigInt.asIntN(64, B[fp + C[pc + 4]!]! ^ SIGN)) break taken;
                pc += 5;
                continue;
              case 177 satisfies typeof Op.BrI64GeUK:
                if (BigInt.asIntN(64, B[fp + C[pc + 3]!]! ^ SIGN) >= BigInt.asIntN(64, K[C[pc + 4]!]! ^ SIGN)) break taken;
                pc += 5;
                continue;
              case 178 satisfies typeof Op.F64Add:
                {
                  const r = F[fp + C[pc + 2]!]! + F[fp + C[pc + 3]!]!;
                  F[fp + C[pc + 1]!] = r;
                  if (r !== r) canonicalNan64(I, fp2 + (C[pc + 1]! << 1));
                }
                pc += 4;
                continue;
              case 179 satisfies typeof Op.F64AddK:
                {
                  const r = F[fp + C[pc + 2]!]! + KF[C[pc + 3]!]!;
                  F[fp + C[pc + 1]!] = r;
                  if (r !== r) canonicalNan64(I, fp2 + (C[pc + 1]! << 1));
                }
                pc += 4;
                continue;
              case 180 satisfies typeof Op.F64Sub:
                {
                  const r = F[fp + C[pc + 2]!]! - F[fp + C[pc + 3]!]!;
                  F[fp + C[pc + 1]!] = r;
                  if (r !== r) canonicalNan64(I, fp2 + (C[pc + 1]! << 1));
                }
                pc += 4;
                continue;
              case 181 satisfies typeof Op.F64SubK:
                {
                  const r = F[fp + C[pc + 2]!]! - KF[C[pc + 3]!]!;
                  F[fp + C[pc + 1]!] = r;
                  if (r !== r) canonicalNan64(I, fp2 + (C[pc + 1]! << 1));
                }
                pc += 4;
                continue;
              case 182 satisfies typeof Op.F64KSub:
                {
                  const r = KF[C[pc + 2]!]! - F[fp + C[pc + 3]!]!;
                  F[fp + C[pc + 1]!] = r;
                  if (r !== r) canonicalNan64(I, fp2 + (C[pc + 1]! << 1));
                }
                pc += 4;
                continue;
              case 183 satisfies typeof Op.F64Mul:
                {
                  const r = F[fp + C[pc + 2]!]! * F[fp + C[pc + 3]!]!;
                  F[fp + C[pc + 1]!] = r;
                  if (r !== r) canonicalNan64(I, fp2 + (C[pc + 1]! << 1));
                }
                pc += 4;
                continue;
              case 184 satisfies typeof Op.F64MulK:
                {
                  const r = F[fp + C[pc + 2]!]! * KF[C[pc + 3]!]!;
                  F[fp + C[pc + 1]!] = r;
                  if (r !== r) canonicalNan64(I, fp2 + (C[pc + 1]! << 1));
                }
                pc += 4;
                continue;
              case 185 satisfies typeof Op.F64Div:
                {
                  const r = F[fp + C[pc + 2]!]! / F[fp + C[pc + 3]!]!;
                  F[fp + C[pc + 1]!] = r;
                  if (r !== r) canonicalNan64(I, fp2 + (C[pc + 1]! << 1));
                }
                pc += 4;
                continue;
              case 186 satisfies typeof Op.F64DivK:
                {
                  const r = F[fp + C[pc + 2]!]! / KF[C[pc + 3]!]!;
                  F[fp + C[pc + 1]!] = r;
                  if (r !== r) canonicalNan64(I, fp2 + (C[pc + 1]! << 1));
                }
                pc += 4;
                continue;
              case 187 satisfies typeof Op.F64KDiv:
                {
                  const r = KF[C[pc + 2]!]! / F[fp + C[pc + 3]!]!;
                  F[fp + C[pc + 1]!] = r;
                  if (r !== r) canonicalNan64(I, fp2 + (C[pc + 1]! << 1));
                }
                pc += 4;
                continue;
              case 188 satisfies typeof Op.F64Min:
                {
                  const r = Math.min(F[fp + C[pc + 2]!]!, F[fp + C[pc + 3]!]!);
                  F[fp + C[pc + 1]!] = r;
                  if (r !== r) canonicalNan64(I, fp2 + (C[pc + 1]! << 1));
                }
                pc += 4;
                continue;
              case 189 satisfies typeof Op.F64Max:
                {
                  const r = Math.max(F[fp + C[pc + 2]!]!, F[fp + C[pc + 3]!]!);
                  F[fp + C[pc + 1]!] = r;
                  if (r !== r) canonicalNan64(I, fp2 + (C[pc + 1]! << 1));
                }
                pc += 4;
                continue;
              case 190 satisfies typeof Op.F64Ceil:
                {
                  const r = Math.ceil(F[fp + C[pc + 2]!]!);
                  F[fp + C[pc + 1]!] = r;
                  if (r !== r) canonicalNan64(I, fp2 + (C[pc + 1]! << 1));
                }
                pc += 3;
                continue;
              case 191 satisfies typeof Op.F64Floor:
                {
                  const r = Math.floor(F[fp + C[pc + 2]!]!);
                  F[fp + C[pc + 1]!] = r;
                  if (r !== r) canonicalNan64(I, fp2 + (C[pc + 1]! << 1));
                }
                pc += 3;
                continue;
              case 192 satisfies typeof Op.F64Trunc:
                {
                  const r = Math.trunc(F[fp + C[pc + 2]!]!);
                  F[fp + C[pc + 1]!] = r;
                  if (r !== r) canonicalNan64(I, fp2 + (C[pc + 1]! << 1));
                }
                pc += 3;
                continue;
              case 193 satisfies typeof Op.F64Sqrt:
                {
                  const r = Math.sqrt(F[fp + C[pc + 2]!]!);
                  F[fp + C[pc + 1]!] = r;
                  if (r !== r) canonicalNan64(I, fp2 + (C[pc + 1]! << 1));
                }
                pc += 3;
                continue;
              case 194 satisfies typeof Op.F64Nearest:
                {
                  const r = nearest(F[fp + C[pc + 2]!]!);
                  F[fp + C[pc + 1]!] = r;
                  if (r !== r) canonicalNan64(I, fp2 + (C[pc + 1]! << 1));
                }
                pc += 3;
                continue;
              case 195 satisfies typeof Op.F32Add:
                {
                  const r = S[fp2 + C[pc + 2]!]! + S[fp2 + C[pc + 3]!]!;
                  S[fp2 + C[pc + 1]!] = r;
                  if (r !== r) I[fp2 + C[pc + 1]!] = 0x7fc00000;
                }
                pc += 4;
                continue;
              case 196 satisfies typeof Op.F32Sub:
                {
                  const r = S[fp2 + C[pc + 2]!]! - S[fp2 + C[pc + 3]!]!;
                  S[fp2 + C[pc + 1]!] = r;
                  if (r !== r) I[fp2 + C[pc + 1]!] = 0x7fc00000;
                }
                pc += 4;
                continue;
              case 197 satisfies typeof Op.F32Mul:
                {
                  const r = S[fp2 + C[pc + 2]!]! * S[fp2 + C[pc + 3]!]!;
                  S[fp2 + C[pc + 1]!] = r;
                  if (r !== r) I[fp2 + C[pc + 1]!] = 0x7fc00000;
                }
                pc += 4;
                continue;
              case 198 satisfies typeof Op.F32Div:
                {
                  const r = S[fp2 + C[pc + 2]!]! / S[fp2 + C[pc + 3]!]!;
                  S[fp2 + C[pc + 1]!] = r;
                  if (r !== r) I[fp2 + C[pc + 1]!] = 0x7fc00000;
                }
                pc += 4;
                continue;
              case 199 satisfies typeof Op.F32Min:
                {
                  const r = Math.min(S[fp2 + C[pc + 2]!]!, S[fp2 + C[pc + 3]!]!);
                  S[fp2 + C[pc + 1]!] = r;
                  if (r !== r) I[fp2 + C[pc + 1]!] = 0x7fc00000;
                }
                pc += 4;
                continue;
              case 200 satisfies typeof Op.F32Max:
                {
                  const r = Math.max(S[fp2 + C[pc + 2]!]!, S[fp2 + C[pc + 3]!]!);
                  S[fp2 + C[pc + 1]!] = r;
                  if (r !== r) I[fp2 + C[pc + 1]!] = 0x7fc00000;
                }
                pc += 4;
                continue;
              case 201 satisfies typeof Op.F32Ceil:
                {
                  const r = Math.ceil(S[fp2 + C[pc + 2]!]!);
                  S[fp2 + C[pc + 1]!] = r;
                  if (r !== r) I[fp2 + C[pc + 1]!] = 0x7fc00000;
                }
                pc += 3;
                continue;
              case 202 satisfies typeof Op.F32Floor:
                {
                  const r = Math.floor(S[fp2 + C[pc + 2]!]!);
                  S[fp2 + C[pc + 1]!] = r;
                  if (r !== r) I[fp2 + C[pc + 1]!] = 0x7fc00000;
                }
                pc += 3;
                continue;
              case 203 satisfies typeof Op.F32Trunc:
                {
                  const r = Math.trunc(S[fp2 + C[pc + 2]!]!);
                  S[fp2 + C[pc + 1]!] = r;
                  if (r !== r) I[fp2 + C[pc + 1]!] = 0x7fc00000;
                }
                pc += 3;
                continue;
              case 204 satisfies typeof Op.F32Sqrt:
                {
                  const r = Math.sqrt(S[fp2 + C[pc + 2]!]!);
                  S[fp2 + C[pc + 1]!] = r;
                  if (r !== r) I[fp2 + C[pc + 1]!] = 0x7fc00000;
                }
                pc += 3;
                continue;
              case 205 satisfies typeof Op.F32Nearest:
                {
                  const r = nearest(S[fp2 + C[pc + 2]!]!);
                  S[fp2 + C[pc + 1]!] = r;
                  if (r !== r) I[fp2 + C[pc + 1]!] = 0x7fc00000;
                }
                pc += 3;
                continue;
              case 206 satisfies typeof Op.F32Abs:
                I[fp2 + C[pc + 1]!] = I[fp2 + C[pc + 2]!]! & 0x7fffffff;
                pc += 3;
                continue;
              case 207 satisfies typeof Op.F32Neg:
                I[fp2 + C[pc + 1]!] = I[fp2 + C[pc + 2]!]! ^ 0x80000000;
                pc += 3;
                continue;
              case 208 satisfies typeof Op.F32Copysign:
                I[fp2 + C[pc + 1]!] = (I[fp2 + C[pc + 2]!]! & 0x7fffffff) | (I[fp2 + C[pc + 3]!]! & 0x80000000);
                pc += 4;
                continue;
              case 209 satisfies typeof Op.F64Abs:
                B[fp + C[pc + 1]!] = BigInt.asIntN(64, B[fp + C[pc + 2]!]! & MAGNITUDE);
                pc += 3;
                continue;
              case 210 satisfies typeof Op.F64Neg:
                B[fp + C[pc + 1]!] = BigInt.asIntN(64, B[fp + C[pc + 2]!]! ^ SIGN);
                pc += 3;
                continue;
              case 211 satisfies typeof Op.F64Copysign:
                B[fp + C[pc + 1]!] = BigInt.asIntN(
                  64,
                  BigInt.asIntN(64, B[fp + C[pc + 2]!]! & MAGNITUDE) | BigInt.asIntN(64, B[fp + C[pc + 3]!]! & SIGN),
                );
                pc += 4;
                continue;
              case 212 satisfies typeof Op.F64Eq:
                I[fp2 + C[pc + 1]!] = F[fp + C[pc + 2]!]! === F[fp + C[pc + 3]!]! ? 1 : 0;
                pc += 4;
                continue;
              case 213 satisfies typeof Op.F64EqK:
                I[fp2 + C[pc + 1]!] = F[fp + C[pc + 2]!]! === KF[C[pc + 3]!]! ? 1 : 0;
                pc += 4;
                continue;
              case 214 satisfies typeof Op.F64Ne:
                I[fp2 + C[pc + 1]!] = F[fp + C[pc + 2]!]! !== F[fp + C[pc + 3]!]! ? 1 : 0;
                pc += 4;
                continue;
              case 215 satisfies typeof Op.F64NeK:
                I[fp2 + C[pc + 1]!] = F[fp + C[pc + 2]!]! !== KF[C[pc + 3]!]! ? 1 : 0;
                pc += 4;
                continue;
              case 216 satisfies typeof Op.F64Lt:
                I[fp2 + C[pc + 1]!] = F[fp + C[pc + 2]!]! < F[fp + C[pc + 3]!]! ? 1 : 0;
                pc += 4;
                continue;
              case 217 satisfies typeof Op.F64LtK:
                I[fp2 + C[pc + 1]!] = F[fp + C[pc + 2]!]! < KF[C[pc + 3]!]! ? 1 : 0;
                pc += 4;
                continue;
              case 218 satisfies typeof Op.F64Gt:
                I[fp2 + C[pc + 1]!] = F[fp + C[pc + 2]!]! > F[fp + C[pc + 3]!]! ? 1 : 0;
                pc += 4;
                continue;
              case 219 satisfies typeof Op.F64GtK:
                I[fp2 + C[pc + 1]!] = F[fp + C[pc + 2]!]! > KF[C[pc + 3]!]! ? 1 : 0;
                pc += 4;
                continue;
              case 220 satisfies typeof Op.F64Le:
                I[fp2 + C[pc + 1]!] = F[fp + C[pc + 2]!]! <= F[fp + C[pc + 3]!]! ? 1 : 0;
                pc += 4;
                continue;
              case 221 satisfies typeof Op.F64LeK:
                I[fp2 + C[pc + 1]!] = F[fp + C[pc + 2]!]! <= KF[C[pc + 3]!]! ? 1 : 0;
                pc += 4;
                continue;
              case 222 satisfies typeof Op.F64Ge:
                I[fp2 + C[pc + 1]!] = F[fp + C[pc + 2]!]! >= F[fp + C[pc + 3]!]! ? 1 : 0;
                pc += 4;
                continue;
              case 223 satisfies typeof Op.F64GeK:
                I[fp2 + C[pc + 1]!] = F[fp + C[pc + 2]!]! >= KF[C[pc + 3]!]! ? 1 : 0;
                pc += 4;
                continue;
              case 224 satisfies typeof Op.F32Eq:
                I[fp2 + C[pc + 1]!] = S[fp2 + C[pc + 2]!]! === S[fp2 + C[pc + 3]!]! ? 1 : 0;
                pc += 4;
                continue;
              case 225 satisfies typeof Op.F32Ne:
                I[fp2 + C[pc + 1]!] = S[fp2 + C[pc + 2]!]! !== S[fp2 + C[pc + 3]!]! ? 1 : 0;
                pc += 4;
                continue;
              case 226 satisfies typeof Op.F32Lt:
                I[fp2 + C[pc + 1]!] = S[fp2 + C[pc + 2]!]! < S[fp2 + C[pc + 3]!]! ? 1 : 0;
                pc += 4;
                continue;
              case 227 satisfies typeof Op.F32Gt:
                I[fp2 + C[pc + 1]!] = S[fp2 + C[pc + 2]!]! > S[fp2 + C[pc + 3]!]! ? 1 : 0;
                pc += 4;
                continue;
              case 228 satisfies typeof Op.F32Le:
                I[fp2 + C[pc + 1]!] = S[fp2 + C[pc + 2]!]! <= S[fp2 + C[pc + 3]!]! ? 1 : 0;
                pc += 4;
                continue;
              case 229 satisfies typeof Op.F32Ge:
                I[fp2 + C[pc + 1]!] = S[fp2 + C[pc + 2]!]! >= S[fp2 + C[pc + 3]!]! ? 1 : 0;
                pc += 4;
                continue;
              case 230 satisfies typeof Op.BrF64Eq:
                if (F[fp + C[pc + 3]!]! === F[fp + C[pc + 4]!]!) break taken;
                pc += 5;
                continue;
              case 231 satisfies typeof Op.BrF64EqK:
                if (F[fp + C[pc + 3]!]! === KF[C[pc + 4]!]!) break taken;
                pc += 5;
                continue;
              case 232 satisfies typeof Op.BrF64Ne:
                if (F[fp + C[pc + 3]!]! !== F[fp + C[pc + 4]!]!) break taken;
                pc += 5;
                continue;
              case 233 satisfies typeof Op.BrF64NeK:
                if (F[fp + C[pc + 3]!]! !== KF[C[pc + 4]!]!) break taken;
                pc += 5;
                continue;
              case 234 satisfies typeof Op.BrF64Lt:
                if (F[fp + C[pc + 3]!]! < F[fp + C[pc + 4]!]!) break taken;
                pc += 5;
                continue;
              case 235 satisfies typeof Op.BrF64LtK:
                if (F[fp + C[pc + 3]!]! < KF[C[pc + 4]!]!) break taken;
                pc += 5;
                continue;
              case 236 satisfies typeof Op.BrNotF64Lt:
                if (!(F[fp + C[pc + 3]!]! < F[fp + C[pc + 4]!]!)) break taken;
                pc += 5;
                continue;
              case 237 satisfies typeof Op.BrNotF64LtK:
                if (!(F[fp + C[pc + 3]!]! < KF[C[pc + 4]!]!)) break taken;
                pc += 5;
                continue;
              case 238 satisfies typeof Op.BrF64Gt:
                if (F[fp + C[pc + 3]!]! > F[fp + C[pc + 4]!]!) break taken;
                pc += 5;
                continue;
              case 239 satisfies typeof Op.BrF64GtK:
                if (F[fp + C[pc + 3]!]! > KF[C[pc + 4]!]!) break taken;
                pc += 5;
                continue;
              case 240 satisfies typeof Op.BrNotF64Gt:
                if (!(F[fp + C[pc + 3]!]! > F[fp + C[pc + 4]!]!)) break taken;
                pc += 5;
                continue;
              case 241 satisfies typeof Op.BrNotF64GtK:
                if (!(F[fp + C[pc + 3]!]! > KF[C[pc + 4]!]!)) break taken;
                pc += 5;
                continue;
              case 242 satisfies typeof Op.BrF64Le:
                if (F[fp + C[pc + 3]!]! <= F[fp + C[pc + 4]!]!) break taken;
                pc += 5;
                continue;
              case 243 satisfies typeof Op.BrF64LeK:
                if (F[fp + C[pc + 3]!]! <= KF[C[pc + 4]!]!) break taken;
                pc += 5;
                continue;
              case 244 satisfies typeof Op.BrNotF64Le:
                if (!(F[fp + C[pc + 3]!]! <= F[fp + C[pc + 4]!]!)) break taken;
                pc += 5;
                continue;
              case 245 satisfies typeof Op.BrNotF64LeK:
                if (!(F[fp + C[pc + 3]!]! <= KF[C[pc + 4]!]!)) break taken;
                pc += 5;
                continue;
              case 246 satisfies typeof Op.BrF64Ge:
                if (F[fp + C[pc + 3]!]! >= F[fp + C[pc + 4]!]!) break taken;
                pc += 5;
                continue;
              case 247 satisfies typeof Op.BrF64GeK:
                if (F[fp + C[pc + 3]!]! >= KF[C[pc + 4]!]!) break taken;
                pc += 5;
                continue;
              case 248 satisfies typeof Op.BrNotF64Ge:
                if (!(F[fp + C[pc + 3]!]! >= F[fp + C[pc + 4]!]!)) break taken;
                pc += 5;
                continue;
              case 249 satisfies typeof Op.BrNotF64GeK:
                if (!(F[fp + C[pc + 3]!]! >= KF[C[pc + 4]!]!)) break taken;
                pc += 5;
                continue;
              case 250 satisfies typeof Op.I32TruncF64S:
                {
                  const v = F[fp + C[pc + 2]!]!;
                  if (!(v > -2147483649 && v < 2147483648)) {
                    trap = v !== v ? Trap.InvalidConversionToInteger : Trap.IntegerOverflow;
                    break loop;
                  }
                  I[fp2 + C[pc + 1]!] = v | 0;
                }
                pc += 3;
                continue;
              case 251 satisfies typeof Op.I32TruncF64U:
                {
                  const v = F[fp + C[pc + 2]!]!;
                  if (!(v > -1 && v < 4294967296)) {
                    trap = v !== v ? Trap.InvalidConversionToInteger : Trap.IntegerOverflow;
                    break loop;
                  }
                  I[fp2 + C[pc + 1]!] = v >>> 0;
                }
                pc += 3;
                continue;
              case 252 satisfies typeof Op.I32TruncF32S:
                {
                  const v = S[fp2 + C[pc + 2]!]!;
                  if (!(v > -2147483649 && v < 2147483648)) {
                    trap = v !== v ? Trap.InvalidConversionToInteger : Trap.IntegerOverflow;
                    break loop;
                  }
                  I[fp2 + C[pc + 1]!] = v | 0;
                }
                pc += 3;
                continue;
              case 253 satisfies typeof Op.I32TruncF32U:
                {
                  const v = S[fp2 + C[pc + 2]!]!;
                  if (!(v > -1 && v < 4294967296)) {
                    trap = v !== v ? Trap.InvalidConversionToInteger : Trap.IntegerOverflow;
                    break loop;
                  }
                  I[fp2 + C[pc + 1]!] = v >>> 0;
                }
                pc += 3;
                continue;
              case 254 satisfies typeof Op.I64TruncF32S:
                {
                  const v = S[fp2 + C[pc + 2]!]!;
                  if (!(v >= -9223372036854775808 && v < 9223372036854775808)) {
                    trap = v !== v ? Trap.InvalidConversionToInteger : Trap.IntegerOverflow;
                    break loop;
                  }
                  B[fp + C[pc + 1]!] = truncToI64(v);
                }
                pc += 3;
                continue;
              case 255 satisfies typeof Op.I64TruncF32U:
                {
                  const v = S[fp2 + C[pc + 2]!]!;
                  if (!(v > -1 && v < 18446744073709551616)) {
                    trap = v !== v ? Trap.InvalidConversionToInteger : Trap.IntegerOverflow;
                    break loop;
                  }
                  B[fp + C[pc + 1]!] = truncToI64(v);
                }
                pc += 3;
                continue;
              case 256 satisfies typeof Op.I64TruncF64S:
                {
                  const v = F[fp + C[pc + 2]!]!;
                  if (!(v >= -9223372036854775808 && v < 9223372036854775808)) {
                    trap = v !== v ? Trap.InvalidConversionToInteger : Trap.IntegerOverflow;
                    break loop;
                  }
                  B[fp + C[pc + 1]!] = truncToI64(v);
                }
                pc += 3;
                continue;
              case 257 satisfies typeof Op.I64TruncF64U:
                {
                  const v = F[fp + C[pc + 2]!]!;
                  if (!(v > -1 && v < 18446744073709551616)) {
                    trap = v !== v ? Trap.InvalidConversionToInteger : Trap.IntegerOverflow;
                    break loop;
                  }
                  B[fp + C[pc + 1]!] = truncToI64(v);
                }
                pc += 3;
                continue;
              case 258 satisfies typeof Op.I32TruncSatF32S:
                I[fp2 + C[pc + 1]!] = Math.max(-2147483648, Math.min(2147483647, S[fp2 + C[pc + 2]!]!));
                pc += 3;
                continue;
              case 259 satisfies typeof Op.I32TruncSatF32U:
                I[fp2 + C[pc + 1]!] = Math.max(0, Math.min(4294967295, S[fp2 + C[pc + 2]!]!));
                pc += 3;
                continue;
              case 260 satisfies typeof Op.I64TruncSatF32S:
                B[fp + C[pc + 1]!] = truncSatI64(S[fp2 + C[pc + 2]!]!);
                pc += 3;
                continue;
              case 261 satisfies typeof Op.I64TruncSatF32U:
                B[fp + C[pc + 1]!] = truncSatU64(S[fp2 + C[pc + 2]!]!);
                pc += 3;
                continue;
              case 262 satisfies typeof Op.I32TruncSatF64S:
                I[fp2 + C[pc + 1]!] = Math.max(-2147483648, Math.min(2147483647, F[fp + C[pc + 2]!]!));
                pc += 3;
                continue;
              case 263 satisfies typeof Op.I32TruncSatF64U:
                I[fp2 + C[pc + 1]!] = Math.max(0, Math.min(4294967295, F[fp + C[pc + 2]!]!));
                pc += 3;
                continue;
              case 264 satisfies typeof Op.I64TruncSatF64S:
                B[fp + C[pc + 1]!] = truncSatI64(F[fp + C[pc + 2]!]!);
                pc += 3;
                continue;
              case 265 satisfies typeof Op.I64TruncSatF64U:
                B[fp + C[pc + 1]!] = truncSatU64(F[fp + C[pc + 2]!]!);
                pc += 3;
                continue;
              case 266 satisfies typeof Op.F64ConvertI32S:
                F[fp + C[pc + 1]!] = I[fp2 + C[pc + 2]!]!;
                pc += 3;
                continue;
              case 267 satisfies typeof Op.F64ConvertI32U:
                F[fp + C[pc + 1]!] = I[fp2 + C[pc + 2]!]! >>> 0;
                pc += 3;
                continue;
              case 268 satisfies typeof Op.F32ConvertI32S:
                S[fp2 + C[pc + 1]!] = I[fp2 + C[pc + 2]!]!;
                pc += 3;
                continue;
              case 269 satisfies typeof Op.F32ConvertI32U:
                S[fp2 + C[pc + 1]!] = I[fp2 + C[pc + 2]!]! >>> 0;
                pc += 3;
                continue;
              case 270 satisfies typeof Op.F64ConvertI64S:
                F[fp + C[pc + 1]!] = Number(B[fp + C[pc + 2]!]!);
                pc += 3;
                continue;
              case 271 satisfies typeof Op.F64ConvertI64U:
                F[fp + C[pc + 1]!] = Number(BigInt.asUintN(64, B[fp + C[pc + 2]!]!));
                pc += 3;
                continue;
              case 272 satisfies typeof Op.F32ConvertI64S:
                S[fp2 + C[pc + 1]!] = i64ToF32(B[fp + C[pc + 2]!]!);
                pc += 3;
                continue;
              case 273 satisfies typeof Op.F32ConvertI64U:
                S[fp2 + C[pc + 1]!] = i64ToF32(BigInt.asUintN(64, B[fp + C[pc + 2]!]!));
                pc += 3;
                continue;
              case 274 satisfies typeof Op.F32DemoteF64:
                {
                  const r = F[fp + C[pc + 2]!]!;
                  S[fp2 + C[pc + 1]!] = r;
                  if (r !== r) I[fp2 + C[pc + 1]!] = 0x7fc00000;
                }
                pc += 3;
                continue;
              case 275 satisfies typeof Op.F64PromoteF32:
                {
                  const r = S[fp2 + C[pc + 2]!]!;
                  F[fp + C[pc + 1]!] = r;
                  if (r !== r) canonicalNan64(I, fp2 + (C[pc + 1]! << 1));
                }
                pc += 3;
                continue;
              case 276 satisfies typeof Op.Load32:
                I[fp2 + C[pc + 1]!] = dv.getInt32((I[fp2 + C[pc + 2]!]! >>> 0) + (C[pc + 3]! >>> 0), true);
                pc += 4;
                continue;
              case 277 satisfies typeof Op.Load8S:
                I[fp2 + C[pc + 1]!] = dv.getInt8((I[fp2 + C[pc + 2]!]! >>> 0) + (C[pc + 3]! >>> 0));
                pc += 4;
                continue;
              case 278 satisfies typeof Op.Load8U:
                I[fp2 + C[pc + 1]!] = dv.getUint8((I[fp2 + C[pc + 2]!]! >>> 0) + (C[pc + 3]! >>> 0));
                pc += 4;
                continue;
              case 279 satisfies typeof Op.Load16S:
                I[fp2 + C[pc + 1]!] = dv.getInt16((I[fp2 + C[pc + 2]!]! >>> 0) + (C[pc + 3]! >>> 0), true);
                pc += 4;
                continue;
              case 280 satisfies typeof Op.Load16U:
                I[fp2 + C[pc + 1]!] = dv.getUint16((I[fp2 + C[pc + 2]!]! >>> 0) + (C[pc + 3]! >>> 0), true);
                pc += 4;
                continue;
              case 281 satisfies typeof Op.Load64:
                {
                  const t = (I[fp2 + C[pc + 2]!]! >>> 0) + (C[pc + 3]! >>> 0);
                  if (t > lastI64) {
                    trap = Trap.MemoryOutOfBounds;
                    break loop;
                  }
                  if ((t & 7) === 0) B[fp + C[pc + 1]!] = BigInt.asIntN(64, ML[t >>> 3]!);
                  else {
                    const d = fp2 + (C[pc + 1]! << 1);
                    I[d] = dv.getInt32(t, true);
                    I[d + 1] = dv.getInt32(t + 4, true);
                  }
                }
                pc += 4;
                continue;
              case 282 satisfies typeof Op.I64Load8S:
                {
                  const v = dv.getInt8((I[fp2 + C[pc + 2]!]! >>> 0) + (C[pc + 3]! >>> 0));
                  const d = fp2 + C[pc + 1]!;
                  I[d] = v;
                  I[d + 1] = v >> 31;
                }
                pc += 4;
                continue;
              case 283 satisfies typeof Op.I64Load8U:
                {
                  const v = dv.getUint8((I[fp2 + C[pc + 2]!]! >>> 0) + (C[pc + 3]! >>> 0));
                  const d = fp2 + C[pc + 1]!;
                  I[d] = v;
                  I[d + 1] = 0;
                }
                pc += 4;
                continue;
              case 284 satisfies typeof Op.I64Load16S:
                {
                  const v = dv.getInt16((I[fp2 + C[pc + 2]!]! >>> 0) + (C[pc + 3]! >>> 0), true);
                  const d = fp2 + C[pc + 1]!;
                  I[d] = v;
                  I[d + 1] = v >> 31;
                }
                pc += 4;
                continue;
              case 285 satisfies typeof Op.I64Load16U:
                {
                  const v = dv.getUint16((I[fp2 + C[pc + 2]!]! >>> 0) + (C[pc + 3]! >>> 0), true);
                  const d = fp2 + C[pc + 1]!;
                  I[d] = v;
                  I[d + 1] = 0;
                }
                pc += 4;
                continue;
              case 286 satisfies typeof Op.I64Load32S:
                {
                  const v = dv.getInt32((I[fp2 + C[pc + 2]!]! >>> 0) + (C[pc + 3]! >>> 0), true);
                  const d = fp2 + C[pc + 1]!;
                  I[d] = v;
                  I[d + 1] = v >> 31;
                }
                pc += 4;
                continue;
              case 287 satisfies typeof Op.I64Load32U:
                {
                  const v = dv.getInt32((I[fp2 + C[pc + 2]!]! >>> 0) + (C[pc + 3]! >>> 0), true);
                  const d = fp2 + C[pc + 1]!;
                  I[d] = v;
                  I[d + 1] = 0;
                }
                pc += 4;
                continue;
              case 288 satisfies typeof Op.Store32:
                {
                  const t = (I[fp2 + C[pc + 1]!]! >>> 0) + (C[pc + 3]! >>> 0);
                  dv.setInt32(t, I[fp2 + C[pc + 2]!]!, true);
                  D[t >>> 12] = 1;
                }
                pc += 4;
                continue;
              case 289 satisfies typeof Op.Store32K:
                {
                  const t = (I[fp2 + C[pc + 1]!]! >>> 0) + (C[pc + 3]! >>> 0);
                  dv.setInt32(t, C[pc + 2]!, true);
                  D[t >>> 12] = 1;
                }
                pc += 4;
                continue;
              case 290 satisfies typeof Op.Store8:
                {
                  const t = (I[fp2 + C[pc + 1]!]! >>> 0) + (C[pc + 3]! >>> 0);
                  dv.setInt8(t, I[fp2 + C[pc + 2]!]!);
                  D[t >>> 12] = 1;
                }
                pc += 4;
                continue;
              case 291 satisfies typeof Op.Store8K:
                {
                  const t = (I[fp2 + C[pc + 1]!]! >>> 0) + (C[pc + 3]! >>> 0);
                  dv.setInt8(t, C[pc + 2]!);
                  D[t >>> 12] = 1;
                }
                pc += 4;
                continue;
              case 292 satisfies typeof Op.Store16:
                {
                  const t = (I[fp2 + C[pc + 1]!]! >>> 0) + (C[pc + 3]! >>> 0);
                  dv.setInt16(t, I[fp2 + C[pc + 2]!]!, true);
                  D[t >>> 12] = 1;
                }
                pc += 4;
                continue;
              case 293 satisfies typeof Op.Store16K:
                {
                  const t = (I[fp2 + C[pc + 1]!]! >>> 0) + (C[pc + 3]! >>> 0);
                  dv.setInt16(t, C[pc + 2]!, true);
                  D[t >>> 12] = 1;
                }
                pc += 4;
                continue;
              case 294 satisfies typeof Op.Store64:
                {
                  const t = (I[fp2 + C[pc + 1]!]! >>> 0) + (C[pc + 3]! >>> 0);
                  if (t > lastI64) {
                    trap = Trap.MemoryOutOfBounds;
                    break loop;
                  }
                  if ((t & 7) === 0) ML[t >>> 3] = BigInt.asIntN(64, B[fp + C[pc + 2]!]!);
                  else {
                    const a = fp2 + (C[pc + 2]! << 1);
                    dv.setInt32(t, I[a]!, true);
                    dv.setInt32(t + 4, I[a + 1]!, true);
                  }
                  D[t >>> 12] = 1;
                }
                pc += 4;
                continue;
              case 295 satisfies typeof Op.MemorySize:
                I[fp2 + C[pc + 1]!] = pageCount;
                pc += 2;
                continue;
              case 296 satisfies typeof Op.TableGet:
                {
                  const elements = tables[C[pc + 2]!]!.elements;
                  const index = I[fp2 + C[pc + 3]!]! >>> 0;
                  if (index >= elements.length) {
                    trap = Trap.TableOutOfBounds;
                    break loop;
                  }
                  I[fp2 + C[pc + 1]!] = elements[index]!;
                }
                pc += 4;
                continue;
              case 297 satisfies typeof Op.TableSize:
                I[fp2 + C[pc + 1]!] = tables[C[pc + 2]!]!.elements.length;
                pc += 3;
                continue;
              case 298 satisfies typeof Op.TableSet:
                {
                  const table = tables[C[pc + 1]!]!;
                  const index = I[fp2 + C[pc + 2]!]! >>> 0;
                  if (index >= table.elements.length) {
                    trap = Trap.TableOutOfBounds;
                    break loop;
                  }
                  table.elements[index] = I[fp2 + C[pc + 3]!]!;
                  table.dirty = true;
                }
                pc += 4;
                continue;

              default:
                throw new Error(`no such operation: ${C[pc]}`);
            }
          }
          // A taken branch: target and charge are its first operands.
          fuel -= C[pc + 2]!;
          pc = C[pc + 1]!;
          if (fuel < floor) {
            stop = Exit.Sync;
            break;
          }
          continue;
        }
        // A return; results are in place.
        fuel -= C[pc + 1]!;
        const flags = FR[fr + 3]!;
        if (flags !== 0) {
          if ((flags & FrameFlag.Entry) !== 0) {
            store.resultFunc = FR[fr]!;
            store.resultSlot = fp;
            stop = Exit.Returned;
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
          stop = Exit.FrameReturn;
          break;
        }
        if (fuel < floor) {
          stop = Exit.Sync;
          break;
        }
        continue;
      }
      // A call: `callee` and `calleeFp` are set, the caller's frame holds where it continues.
      if (FI[callee + mode] === 0) {
        lowerFunction(store, callee >>> 3, mode);
        C = code.words;
        K = code.constI64;
        KF = code.constF64;
      }
      if (calleeFp + FI[callee + 2]! + ((fr + 8) >>> 1) > stackSlots) {
        trap = Trap.CallStackExhausted;
        break;
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
          stop = Exit.Host;
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
      if (fuel < floor) {
        pc = 0;
        stop = Exit.Sync;
        break;
      }
    }
  } catch (error) {
    // DataView throws for an address out of bounds, which saves the check on every access. Nothing else here may throw.
    if (!(error instanceof RangeError)) throw error;
    trap = Trap.MemoryOutOfBounds;
    stop = Exit.Trapped;
  }

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
