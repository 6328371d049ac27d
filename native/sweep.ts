/**
 * Loops whose stores of open values (native/nan.ts) need no check in each iteration: every iteration stores to the same
 * aligned places and nothing in the loop can see the bits of a NaN in memory, so it is enough to look at those places once,
 * behind the loop. Finds such loops; nothing is written. Why this holds: docs/rationale/native.md.
 */
import { blockType, type InstrReader } from "../vm/instr.ts";
import { Imm, instructions, Wasm } from "../vm/opcodes.ts";
import { type FuncBody, type Module, ValType } from "../vm/types.ts";
import type { Liveness } from "./liveness.ts";

/** Places in the module file of one such loop, which is empty of parameters and results and ends with `br_if` to itself. */
export interface Sweep {
  /** Of the instruction `loop`, and of the first one behind it. */
  readonly start: number;
  readonly bodyStart: number;
  /** Of the `br_if`, and behind the `end`. */
  readonly branchStart: number;
  readonly end: number;
  /** Bytes of every float that is loaded or stored. */
  readonly width: 4 | 8;
  /** Locals that the loop changes. */
  readonly assigned: readonly { readonly index: number; readonly type: ValType }[];
  /** Locals of type i32 that have to be multiples of `width` before the loop. */
  readonly aligned: readonly number[];
}

/** The code of a loop is written three times. */
const MOST_BYTES = 4096;

/** Integer instructions that depend on their operands alone and cannot trap. */
const integers = codesOf(
  /^i(32|64)\.(const|add|sub|mul|and|or|xor|shl|shr_[su]|rotl|rotr|eqz|eq|ne|[lg][te]_[su]|clz|ctz|popcnt|wrap_i64|extend\w*)$/,
);
/** Instructions on floats that cannot trap, whatever they make of the bits of a NaN. */
const floats = codesOf(
  /^f(32|64)\.(const|add|sub|mul|div|sqrt|min|max|ceil|floor|trunc|nearest|abs|neg|copysign|eq|ne|[lg][te]|(demote|promote|convert)_\w+)$/,
);

function codesOf(mnemonics: RegExp): ReadonlySet<number> {
  return new Set(instructions.filter(({ mnemonic }) => mnemonics.test(mnemonic)).map(({ code }) => code));
}

/** A loop while it is read. */
interface Candidate {
  readonly start: number;
  readonly bodyStart: number;
  /** Number of enclosing labels. */
  readonly depth: number;
  possible: boolean;
  /** The last branch to it. */
  branchStart: number;
  branchEnd: number;
  branchCount: number;
  stores: number;
}

/** What is known of an operand or a local: the locals that it is made of, or that it is made of something else too. */
interface Known {
  pure: boolean;
  readonly from: Set<number>;
  /** A multiple of the width, when these locals were before the loop; undefined when that is not known. */
  aligned: Set<number> | undefined;
}

/** The loops of a function that can be swept, none inside another, in the order of the code. */
export function findSweeps(
  module: Module,
  reader: InstrReader,
  body: FuncBody,
  localTypes: readonly ValType[],
  liveness: Liveness,
): Sweep[] {
  const sweeps: Sweep[] = [];
  for (const candidate of candidates(module, reader, body)) {
    if (candidate.start < (sweeps.at(-1)?.end ?? 0)) continue;
    const sweep = new SweepCheck(reader, candidate, localTypes, liveness).sweep();
    if (sweep !== undefined) sweeps.push(sweep);
  }
  return sweeps;
}

/** Loops of the right shape that hold nothing but what a sweep may hold, outer ones before those inside. */
function candidates(module: Module, reader: InstrReader, body: FuncBody): Candidate[] {
  const found: Candidate[] = [];
  const labels: (Candidate | undefined)[] = [undefined];
  const refuse = (fromDepth: number): void => {
    for (let i = fromDepth; i < labels.length; i++) if (labels[i] !== undefined) labels[i]!.possible = false;
  };
  const branch = (label: number): void => {
    const target = labels.length - 1 - label;
    refuse(target + 1);
    const loop = labels[target];
    if (loop === undefined) return;
    loop.branchStart = reader.wasmOffset;
    loop.branchEnd = reader.pos;
    loop.branchCount++;
  };
  reader.pos = body.codeStart;
  reader.end = body.end;
  while (labels.length > 0 && reader.next()) {
    const { code, row, wasmOffset, pos } = reader;
    switch (code) {
      case Wasm.Block:
      case Wasm.Loop:
      case Wasm.If: {
        const { params, results } = blockType(module, reader.a);
        if (params.length + results.length > 0) refuse(0);
        const loop = code === Wasm.Loop && params.length + results.length === 0;
        const candidate = loop
          ? {
              start: wasmOffset,
              bodyStart: pos,
              depth: labels.length,
              possible: true,
              branchStart: 0,
              branchEnd: 0,
              branchCount: 0,
              stores: 0,
            }
          : undefined;
        labels.push(candidate);
        if (candidate !== undefined) found.push(candidate);
        break;
      }
      case Wasm.End: {
        const loop = labels.pop();
        if (loop !== undefined && (loop.branchCount !== 1 || loop.branchEnd !== wasmOffset)) loop.possible = false;
        break;
      }
      case Wasm.BrIf:
        branch(reader.a);
        break;
      case Wasm.Else:
      case Wasm.LocalGet:
      case Wasm.LocalSet:
      case Wasm.LocalTee:
      case Wasm.Select:
      case Wasm.Drop:
        break;
      case Wasm.Br:
        // What follows is never run, and its operands are anything.
        refuse(0);
        break;
      case Wasm.F32Store:
      case Wasm.F64Store:
        for (const loop of labels) if (loop !== undefined) loop.stores++;
        break;
      case Wasm.F32Load:
      case Wasm.F64Load:
        break;
      default:
        if (!integers.has(code) && !floats.has(code)) refuse(0);
    }
    if (row.imm === Imm.MemArg && module.memoryTypes[reader.c]?.address64 === true) refuse(0);
  }
  // A branch that is no br_if at the very end of its loop was refused above: only those can be `branchEnd`.
  return found.filter(({ possible, stores, bodyStart, branchStart }) => possible && stores > 0 && branchStart - bodyStart <= MOST_BYTES);
}

/** Decides about one loop: interprets it with what is known of values in place of values, until nothing changes. */
class SweepCheck {
  private readonly reader: InstrReader;
  private readonly loop: Candidate;
  private readonly localTypes: readonly ValType[];
  private readonly liveness: Liveness;
  private readonly assigned = new Map<number, Known>();
  private operands: Known[] = [];
  /** Locals that addresses and conditions are made of, and those that have to be aligned. */
  private readonly decisive = new Set<number>();
  private readonly aligned = new Set<number>();
  private possible = true;
  private changed = false;
  private width = 0;
  private end = 0;

  constructor(reader: InstrReader, loop: Candidate, localTypes: readonly ValType[], liveness: Liveness) {
    this.reader = reader;
    this.loop = loop;
    this.localTypes = localTypes;
    this.liveness = liveness;
  }

  sweep(): Sweep | undefined {
    this.findAssigned();
    do {
      this.changed = false;
      this.possible = true;
      this.decisive.clear();
      this.aligned.clear();
      this.pass();
    } while (this.changed);
    if (!this.possible || !this.invariant()) return undefined;
    const { start, bodyStart, branchStart } = this.loop;
    const assigned = [...this.assigned.keys()].map((index) => ({ index, type: this.localTypes[index]! }));
    return { start, bodyStart, branchStart, end: this.end, width: this.width as 4 | 8, assigned, aligned: [...this.aligned] };
  }

  /** All that is decisive is made in each iteration anew, of locals that do not change. */
  private invariant(): boolean {
    const open = [...this.decisive];
    for (let local = open.pop(); local !== undefined; local = open.pop()) {
      const known = this.assigned.get(local);
      if (known === undefined) continue;
      if (!known.pure || this.liveness.isLive(this.loop.start, local)) return false;
      for (const each of known.from) {
        if (this.decisive.has(each)) continue;
        this.decisive.add(each);
        open.push(each);
      }
    }
    return true;
  }

  private begin(): void {
    this.reader.pos = this.loop.bodyStart;
    this.reader.end = this.loop.branchStart;
  }

  private findAssigned(): void {
    const { reader } = this;
    this.begin();
    while (reader.next()) {
      const { code } = reader;
      if (this.width === 0 && (code === Wasm.F32Load || code === Wasm.F32Store)) this.width = 4;
      if (this.width === 0 && (code === Wasm.F64Load || code === Wasm.F64Store)) this.width = 8;
      if (code !== Wasm.LocalSet && code !== Wasm.LocalTee) continue;
      // A first guess that falls with what is put into the local.
      this.assigned.set(reader.a, { pure: true, from: new Set(), aligned: new Set() });
    }
    reader.pos = this.loop.branchEnd;
    reader.end = reader.pos + 1;
    reader.next();
    this.end = reader.pos;
  }

  private pass(): void {
    const { reader } = this;
    this.begin();
    this.operands = [];
    while (reader.next()) this.instruction();
  }

  private instruction(): void {
    const { reader } = this;
    const { code, row, a } = reader;
    switch (code) {
      case Wasm.Block:
      case Wasm.Loop:
      case Wasm.Else:
      case Wasm.End:
        return;
      case Wasm.If:
      case Wasm.BrIf:
        this.decide(this.pop());
        return;
      case Wasm.LocalGet:
        this.operands.push(this.local(a));
        return;
      case Wasm.LocalSet:
        this.assign(a, this.pop());
        return;
      case Wasm.LocalTee: {
        const value = this.pop();
        this.assign(a, value);
        this.operands.push(value);
        return;
      }
      case Wasm.Drop:
        this.pop();
        return;
      case Wasm.F32Load:
      case Wasm.F64Load:
        this.access(code === Wasm.F32Load ? 4 : 8);
        this.operands.push(unknown());
        return;
      case Wasm.F32Store:
      case Wasm.F64Store:
        this.pop();
        this.access(code === Wasm.F32Store ? 4 : 8);
        return;
      case Wasm.Select: {
        const params = [this.pop(), this.pop(), this.pop()];
        this.operands.push(this.integer(code, params));
        return;
      }
      default: {
        const params = row.params!.map(() => this.pop()).reverse();
        this.operands.push(integers.has(code) ? this.integer(code, params) : unknown());
      }
    }
  }

  private pop(): Known {
    return this.operands.pop() ?? unknown();
  }

  private local(index: number): Known {
    const known = this.assigned.get(index);
    if (known === undefined)
      return { pure: true, from: new Set([index]), aligned: this.localTypes[index] === ValType.I32 ? new Set([index]) : undefined };
    return { pure: known.pure, from: new Set([index]), aligned: known.aligned };
  }

  private assign(index: number, { pure, from, aligned }: Known): void {
    const known = this.assigned.get(index)!;
    if (known.pure && !pure) {
      known.pure = false;
      this.changed = true;
    }
    if (known.aligned !== undefined && aligned === undefined) {
      known.aligned = undefined;
      this.changed = true;
    }
    this.merge(known.from, from);
    if (known.aligned !== undefined) this.merge(known.aligned, aligned!);
  }

  private merge(into: Set<number>, more: ReadonlySet<number>): void {
    for (const each of more) {
      if (into.has(each)) continue;
      into.add(each);
      this.changed = true;
    }
  }

  private decide({ pure, from }: Known): void {
    if (!pure) this.possible = false;
    for (const each of from) this.decisive.add(each);
  }

  /** A load or store: always as wide as the others and aligned, so two of them meet wholly or not at all. */
  private access(width: number): void {
    const address = this.pop();
    this.decide(address);
    if (this.width !== width || address.aligned === undefined || this.reader.b % width !== 0) this.possible = false;
    else for (const each of address.aligned) this.aligned.add(each);
  }

  private integer(code: number, params: readonly Known[]): Known {
    const from = new Set(params.flatMap((each) => [...each.from]));
    return { pure: params.every(({ pure }) => pure), from, aligned: this.alignment(code, params) };
  }

  private alignment(code: number, params: readonly Known[]): Set<number> | undefined {
    // The condition of a select comes first here.
    const [one, other] = (code === Wasm.Select ? params.slice(1) : params).map(({ aligned }) => aligned);
    switch (code) {
      case Wasm.I32Const:
        return this.reader.a % this.width === 0 ? new Set() : undefined;
      case Wasm.Select:
      case Wasm.I32Add:
      case Wasm.I32Sub:
      case Wasm.I32Or:
      case Wasm.I32Xor:
        return one === undefined || other === undefined ? undefined : new Set([...one, ...other]);
      case Wasm.I32Mul:
      case Wasm.I32And:
        return one === undefined ? other : other === undefined || one.size <= other.size ? one : other;
      case Wasm.I32Shl:
        return one;
      default:
        return undefined;
    }
  }
}

function unknown(): Known {
  return { pure: false, from: new Set(), aligned: undefined };
}
