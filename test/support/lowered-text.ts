/** Lowered code as text, for golden tests: one line per operation with operands by the letters of its row (vm/ops.ts). */
import type { LoweredCode, Mode } from "../../vm/code.ts";
import { loweredFunction } from "../../vm/lower.ts";
import { Op, opLength, opRows } from "../../vm/ops.ts";
import type { Store } from "../../vm/store.ts";

/**
 * Code of a function in a mode. Code indices are relative to the function's start; `[k: n]` before an operation is a point
 * (key as module offset relative to `codeStart`, `'` for after a call) with the ticks that are uncharged there.
 */
export function loweredText(store: Store, funcAddr: number, mode: Mode, codeStart: number): string[] {
  const code = loweredFunction(store, funcAddr, mode);
  const { words } = store.code;
  const lines: string[] = [];
  for (let pc = code.start; pc < code.end; ) {
    const op = words[pc]!;
    const entries = entryCount(op, words[pc + 1]!);
    const length = opLength(op) + entries;
    const operands = Array.from(words.subarray(pc + 1, pc + opLength(op)), (word, i) =>
      operand(store, code, opRows[op]![1][i]!, word, codeStart),
    );
    const rest = Array.from(words.subarray(pc + opLength(op), pc + length), (word, i) =>
      op === Op.BrTable && i % 2 === 1 ? `+${word}` : `@${word - code.start}`,
    );
    const text = [opRows[op]![0].padEnd(11), ...operands, ...rest].join(" ").trimEnd();
    lines.push(`${String(pc - code.start).padStart(4)}  ${text.padEnd(44)}${pointsAt(code, pc, codeStart)}`.trimEnd());
    pc += length;
  }
  return lines;
}

/** Words behind the operands: targets of the default and of `count` labels, with charges in a BrTable. */
function entryCount(op: number, count: number): number {
  if (op === Op.BrTable) return (count + 1) * 2;
  return op === Op.Switch ? count + 1 : 0;
}

function pointsAt(code: LoweredCode, pc: number, codeStart: number): string {
  const points: string[] = [];
  for (const [i, at] of code.pointPcs.entries()) {
    if (at !== pc) continue;
    const key = code.pointKeys[i]!;
    const acc = code.pointAccs[i]!;
    points.push(`${Math.floor(key / 2) - codeStart}${key % 2 === 1 ? "'" : ""}${acc === 0 ? "" : ` acc ${acc}`}`);
  }
  return points.length === 0 ? "" : `; point ${points.join(", ")}`;
}

function operand(store: Store, code: LoweredCode, letter: string, word: number, codeStart: number): string {
  switch (letter) {
    case "i":
      return `s${word / 2}`;
    case "l":
      return `d${word}`;
    case "t":
      return `@${word - code.start}`;
    case "c":
      return word < 0 ? `${word}` : `+${word}`;
    case "K": {
      const bits = BigInt.asUintN(64, store.code.constI64[word]!);
      return `#0x${bits.toString(16)}`;
    }
    case "k":
      return `#${word}`;
    case "o":
      return `offset=${word >>> 0}`;
    case "f":
      return `f${word / 8}`;
    case "w":
      return `w${word - codeStart}`;
    default:
      return `${letter}${word}`;
  }
}
