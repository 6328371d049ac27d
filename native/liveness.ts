/**
 * Which locals are live where control flow of a function divides or joins: the usual analysis, backward over stretches of
 * code without branches. Knows nothing of floats; wrong answers are only ever "live".
 */
import type { InstrReader } from "../vm/instr.ts";
import { Wasm } from "../vm/opcodes.ts";
import type { FuncBody } from "../vm/types.ts";

/** Words of sets of a function at most; beyond that everything counts as live. */
const MOST_WORDS = 1 << 22;

interface Label {
  /** First stretch of a loop, or -1. */
  readonly loop: number;
  /** Stretches that go on at the end of the block. */
  readonly leaving: number[];
  /** The stretch that ends with `if`, until its `else` is met. */
  ifStretch: number;
}

export class Liveness {
  private readonly reader: InstrReader;
  private readonly wordCount: number;
  private readonly localCount: number;
  private readonly uses: Uint32Array[] = [];
  private readonly kills: Uint32Array[] = [];
  private readonly next: number[][] = [];
  /** Stretch that ends with the instruction at an offset. */
  private readonly endings = new Map<number, number>();
  private readonly labels: Label[] = [];
  private live: readonly Uint32Array[] | undefined;

  /** Analyses a function of a validated module with so many locals. Cost: a visit of each instruction, and rounds over the stretches. */
  constructor(reader: InstrReader, body: FuncBody, localCount: number) {
    this.reader = reader;
    this.localCount = localCount;
    this.wordCount = (localCount + 31) >>> 5;
    this.begin();
    this.labels.push({ loop: -1, leaving: [], ifStretch: -1 });
    reader.pos = body.codeStart;
    reader.end = body.end;
    while (this.labels.length > 0 && reader.next()) {
      // Every call in such a block may go on in its handlers: everything counts as live.
      if (reader.code === Wasm.Try || reader.code === Wasm.TryTable) return;
      this.instruction();
    }
    if (this.uses.length * this.wordCount <= MOST_WORDS) this.live = this.solve();
  }

  /** Whether the local may still be read after the stretch that ends with the instruction at this offset. */
  isLive(endOffset: number, local: number): boolean {
    const stretch = this.endings.get(endOffset);
    if (this.live === undefined || stretch === undefined || local >= this.localCount) return true;
    return this.next[stretch]!.some((each) => has(this.live![each]!, local));
  }

  private get current(): number {
    return this.uses.length - 1;
  }

  private begin(): number {
    this.kills.push(new Uint32Array(this.wordCount));
    this.next.push([]);
    return this.uses.push(new Uint32Array(this.wordCount)) - 1;
  }

  /** Ends the stretch here; `falls` when control may go on behind the instruction. */
  private divide(falls: boolean): number {
    const before = this.current;
    this.endings.set(this.reader.wasmOffset, before);
    const after = this.begin();
    if (falls) this.next[before]!.push(after);
    return before;
  }

  private branch(depth: number): void {
    const label = this.labels[this.labels.length - 1 - depth]!;
    if (label.loop >= 0) this.next[this.current]!.push(label.loop);
    else label.leaving.push(this.current);
  }

  private instruction(): void {
    const { reader, labels } = this;
    const { code, a } = reader;
    switch (code) {
      case Wasm.LocalGet:
        if (!has(this.kills[this.current]!, a)) add(this.uses[this.current]!, a);
        return;
      case Wasm.LocalSet:
      case Wasm.LocalTee:
        add(this.kills[this.current]!, a);
        return;
      case Wasm.Block:
        labels.push({ loop: -1, leaving: [], ifStretch: -1 });
        return;
      case Wasm.Loop:
        this.divide(true);
        labels.push({ loop: this.current, leaving: [], ifStretch: -1 });
        return;
      case Wasm.If:
        labels.push({ loop: -1, leaving: [], ifStretch: this.divide(true) });
        return;
      case Wasm.Else: {
        const label = labels.at(-1)!;
        label.leaving.push(this.divide(false));
        this.next[label.ifStretch]!.push(this.current);
        label.ifStretch = -1;
        return;
      }
      case Wasm.End: {
        const label = labels.pop()!;
        this.divide(true);
        for (const each of label.leaving) this.next[each]!.push(this.current);
        if (label.ifStretch >= 0) this.next[label.ifStretch]!.push(this.current);
        return;
      }
      case Wasm.Br:
        this.branch(a);
        this.divide(false);
        return;
      case Wasm.BrIf:
        this.branch(a);
        this.divide(true);
        return;
      case Wasm.BrTable:
        for (const label of new Set(reader.labels)) this.branch(label);
        this.divide(false);
        return;
      case Wasm.Return:
      case Wasm.Unreachable:
      case Wasm.ReturnCall:
      case Wasm.ReturnCallIndirect:
        this.divide(false);
    }
  }

  /** Locals that are live at the beginning of each stretch. */
  private solve(): Uint32Array[] {
    const live = this.uses.map((words) => words.slice());
    for (let changed = true; changed; ) {
      changed = false;
      for (let stretch = live.length - 1; stretch >= 0; stretch--) {
        const words = live[stretch]!;
        const kills = this.kills[stretch]!;
        for (const after of this.next[stretch]!) {
          const from = live[after]!;
          for (let i = 0; i < words.length; i++) {
            const more = words[i]! | (from[i]! & ~kills[i]!);
            if (more >>> 0 === words[i]) continue;
            words[i] = more;
            changed = true;
          }
        }
      }
    }
    return live;
  }
}

function has(words: Uint32Array, index: number): boolean {
  return (words[index >>> 5]! & (1 << (index & 31))) !== 0;
}

function add(words: Uint32Array, index: number): void {
  words[index >>> 5]! |= 1 << (index & 31);
}
