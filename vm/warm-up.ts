/**
 * Shows the interpreter's loop to V8 before it has real work. V8 compiles the loop for the operations and kinds of
 * numbers it has seen; each operation met later throws the compiled loop away and starts over, at tens of milliseconds
 * each. So every operation runs here once per round on ordinary and extreme numbers, in a store of its own. Why, with
 * numbers: docs/rationale/execution.md.
 */
import { Mode } from "./code.ts";
import { run } from "./interpreter.ts";
import { Op, opLength, opRows } from "./ops.ts";
import { FRAME_WORDS, Frame, FrameFlag, FUNC_INFO_WORDS, FuncInfo, Status, Store } from "./store.ts";
import { ValType } from "./types.ts";

/** Rounds until V8 keeps type feedback; it allocates the place for it only after some work. */
const ROUNDS = 24;

/** Slots of the frame: destinations, values that vary by round, and values on which nothing can trap. */
const Slot = { Dest: 0, First: 2, Second: 4, Zero: 6, Address: 7, Divisor: 8, Small64: 9, Small32: 10, CalleeFp: 12 } as const;

/** Bits that the varying slots hold, a pair per round: integers at their ends, fractions, both kinds of NaN. */
const patterns: readonly (readonly [bigint, bigint])[] = [
  [1n, 2n],
  [0x7fffffff7fffffffn, 0x7fffffff7fffffffn],
  [-1n, -0x8000000000000000n],
  [0x4004000000000000n, -0x3ff4000000000000n],
  [0x7ff8000000000000n, 0x7ff0000000000000n],
  [0x400921fb40490fdbn, 0x3ff8000040a00000n],
];

/** Operations that leave the loop, and those that need a caller: they get programs of their own. */
const leaving: ReadonlySet<number> = new Set([Op.Unreachable, Op.Grow, Op.Break, Op.EntryBreak, Op.HostEntry, Op.Start]);
const returning: readonly number[] = [Op.Return0, Op.Return32, Op.Return64, Op.ReturnN];

/** Runs every operation of the loop for a few rounds. Cost: a few milliseconds, once per process. */
export function warmUpInterpreter(): void {
  const store = new Store({ stackBytes: 4096 });
  store.addMemory({ limits: { min: 1, max: 1 } });
  store.addTable({ elemType: ValType.FuncRef, limits: { min: 8, max: 8 } });
  store.addGlobal({ valType: ValType.I64, mutable: true }, 0n);
  const addrs = Int32Array.of(0);
  store.instances.push({
    module: { bytes: new Uint8Array(0) } as never,
    moduleIndex: 0,
    funcAddrs: addrs,
    tableAddrs: addrs,
    memoryAddrs: addrs,
    globalAddrs: addrs,
    elemRefs: [],
    droppedElems: new Uint8Array(0),
    droppedDatas: new Uint8Array(0),
  });
  store.code.constant(3, 0);
  const callees = returning.map((op) => addFunc(store, [op, 0, ...(op === Op.Return0 ? [] : [0]), ...(op === Op.ReturnN ? [1] : [])]));
  const main = addFunc(store, mainProgram(store, callees));
  const grow = addFunc(store, [Op.Grow, 0, 0, Slot.Zero * 2, Slot.Zero * 2, 0, 0]);
  const trap = addFunc(store, [Op.Unreachable]);
  const out = addFunc(store, [Op.Load32, Slot.Dest * 2, Slot.Address * 2, 70_000]);
  const branch = addFunc(store, [Op.Br, 0, 1]);
  const stops = addFunc(store, [Op.EntryBreak, Op.Break, 0, Op.Return0, 0]);
  for (let round = 0; round < ROUNDS; round++) {
    enterProgram(store, main, round);
    for (const program of [grow, trap, stops]) enterProgram(store, program, round);
    if (round % 8 === 5) enterProgram(store, branch, round);
    if (round === 0) enterProgram(store, out, round);
  }
}

function addFunc(store: Store, words: readonly number[]): number {
  const { code } = store;
  const addr = store.addFunc({ kind: "wasm", type: { params: [], results: [] }, instanceAddr: 0, funcIndex: 0 });
  const at = addr * FUNC_INFO_WORDS;
  store.funcInfo[at + FuncInfo.PcExact] = code.top;
  store.funcInfo[at + FuncInfo.PcFast] = code.top;
  store.funcInfo[at + FuncInfo.LocalSlots] = 2;
  code.append(words);
  return addr;
}

function enterProgram(store: Store, funcAddr: number, round: number): void {
  store.status = Status.Running;
  store.frameTop = FRAME_WORDS;
  store.frames[Frame.Func] = funcAddr;
  store.frames[Frame.Fp] = 0;
  store.frames[Frame.Pc] = 0;
  store.frames[Frame.Flags] = FrameFlag.Entry;
  const [first, second] = patterns[round % patterns.length]!;
  store.i64[Slot.First] = first;
  store.i64[Slot.Second] = second;
  store.i64[Slot.Zero] = 0n;
  // Aligned and not: 64-bit accesses differ.
  store.i64[Slot.Address] = round % 2 === 0 ? 16n : 17n;
  store.i64[Slot.Divisor] = 3n;
  store.f64[Slot.Small64] = 1.5;
  store.f32[Slot.Small32 * 2] = 1.5;
  // The program clears an element that the next round calls through.
  store.tables[0]!.elements.fill(1);
  store.tick = 0;
  // Little fuel shows the exits of fast code.
  run(store, round % 3 === 0 ? Mode.Exact : Mode.Fast, round % 8 === 5 ? 1 : 1 << 20, 0, 0);
}

/** Every operation that stays in the loop, one after another, then a return. */
function mainProgram(store: Store, callees: readonly number[]): number[] {
  const words: number[] = [];
  const base = () => store.code.top + words.length;
  for (const callee of callees) words.push(Op.Call, callee * FUNC_INFO_WORDS, Slot.CalleeFp, 1, 0);
  words.push(Op.CallIndirect, 0, store.typeId({ params: [], results: [] }), Slot.Zero * 2, Slot.CalleeFp, 1, 0);
  for (const [op] of opRows.entries()) {
    if (leaving.has(op) || returning.includes(op) || op === Op.Call || op === Op.CallIndirect) continue;
    if (op === Op.BrTable || op === Op.Switch) {
      const entry = op === Op.BrTable ? [base() + 5, 1] : [base() + 4];
      words.push(op, 0, Slot.Zero * 2, ...entry);
    } else {
      const next = base() + opLength(op);
      words.push(op, ...operands(op, next));
    }
  }
  words.push(Op.Return0, 1);
  return words;
}

/** Whether an operation can trap on some numbers. */
function canTrap(name: string): boolean {
  return /Trunc(F32|F64)|Div|Rem|Table|Load|Store|Bulk/.test(name) && !name.startsWith("F") && !name.includes("Sat");
}

function operands(op: number, next: number): number[] {
  const [name, letters] = opRows[op]!;
  const trapping = canTrap(name);
  let seen = 0;
  return [...letters].map((letter, index) => {
    switch (letter) {
      case "t":
        return next;
      case "c":
        return 1;
      case "k":
        return 3;
      case "i":
      case "l": {
        const dest = index === 0 && !name.startsWith("Br") && !name.startsWith("Store") && !name.startsWith("GlobalSet");
        const slot = dest ? Slot.Dest : trapping ? safeSlot(name) : [Slot.First, Slot.Second, Slot.Divisor][seen++]!;
        return letter === "i" ? slot * 2 : slot;
      }
      default:
        return 0;
    }
  });
}

function safeSlot(name: string): number {
  if (name === "Bulk") return Slot.Zero;
  if (/Load|Store/.test(name)) return Slot.Address;
  if (name.includes("TruncF32")) return Slot.Small32;
  if (name.includes("TruncF64")) return Slot.Small64;
  return name.includes("Table") ? Slot.Zero : Slot.Divisor;
}
