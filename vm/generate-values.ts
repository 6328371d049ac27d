/**
 * The values of a function in generated JavaScript: operands as texts of pure expressions, the variables of slots, how
 * slots of the frame are loaded and stored, and where the code can leave. Nothing here knows an instruction.
 */
import { assign, type PairOperand } from "./generate-forms.ts";
import type { LoweringDraft } from "./lower.ts";
import { CANONICAL_NAN_32, CANONICAL_NAN_64_HIGH } from "./numeric.ts";
import { InstrFlag } from "./opcodes.ts";
import { ValType } from "./types.ts";

/** Answers of generated functions that are no fuel. Fuel is below 2^29 and never as negative as these. */
export const NOT_ENTERED = -0x20000000;
export const LEFT = NOT_ENTERED - 1;

/** Where generated code can leave. */
export interface LeaveSite {
  readonly wasmOffset: number;
  /** Ticks retired before the instruction and not charged. */
  readonly acc: number;
  /** A call: the frame may also stand behind it. */
  readonly call: boolean;
}

/** Thrown inside for what is not generated. */
export class Refusal {}

/** How a value's variable is named: i for 32-bit integers and references, l for pairs, d for floats. */
export type Shape = "i" | "l" | "d";

export interface Entry {
  readonly type: ValType;
  /** Pure expression of the value, or of the low half of an i64. */
  readonly lo: string;
  readonly hi: string;
  /** The same as a JavaScript boolean, when the value is a condition. */
  readonly condition: string | undefined;
  /** Variables that the texts read. */
  readonly reads: ReadonlySet<string>;
  /** A name or a constant: may be written more than once. */
  readonly simple: boolean;
  readonly constant: number | undefined;
  /** Operators in the text. */
  readonly weight: number;
}

/** Where 8 bytes of the machine are: a prefix of the names of its views, and the texts of its indices in them. */
interface Cell {
  readonly views: "" | "G";
  readonly word: string;
  readonly high: string;
  readonly wide: string;
}

export const NO_READS: ReadonlySet<string> = new Set();
/** Expressions with more operators than this get a variable. */
const MAX_WEIGHT = 12;

export function shapeOf(type: ValType): Shape {
  switch (type) {
    case ValType.I32:
    case ValType.FuncRef:
    case ValType.ExternRef:
      return "i";
    case ValType.I64:
      return "l";
    case ValType.F32:
    case ValType.F64:
      return "d";
    default:
      throw new Refusal();
  }
}

export abstract class GeneratedValues {
  protected readonly draft: LoweringDraft;
  protected readonly localCount: number;
  /** Variables of the function with their initial values. */
  protected readonly variables = new Map<string, string>();
  protected readonly sites: LeaveSite[] = [];
  /** Texts that spill operands when leaving, with the sites that need them. */
  protected readonly spills = new Map<string, number[]>();
  protected stack: Entry[] = [];
  protected maxHeight = 0;
  /** Instructions since the last charge. */
  protected acc = 0;
  /** Length of the text so far. */
  protected textLength = 0;

  constructor(draft: LoweringDraft) {
    this.draft = draft;
    this.localCount = draft.localTypes.length;
  }

  /** Writes a statement. */
  protected abstract line(text: string): void;

  /** Index text of a slot of the frame in the views of 32-bit words and of 64-bit words. */
  protected word(slot: number, high = 0): string {
    const index = slot * 2 + high;
    return index === 0 ? "fp2" : `fp2+${index}`;
  }

  protected wide(slot: number): string {
    return slot === 0 ? "fp" : `fp+${slot}`;
  }

  /** A slot of the frame, and the cell of a global. */
  private frameCell(slot: number): Cell {
    return { views: "", word: this.word(slot), high: this.word(slot, 1), wide: this.wide(slot) };
  }

  protected globalCell(slot: number): Cell {
    return { views: "G", word: `${slot * 2}`, high: `${slot * 2 + 1}`, wide: `${slot}` };
  }

  /** Statements that load a cell into variables; `odd` is what is done about a NaN that is not canonical, if one can be there. */
  protected loadCell(type: ValType, lo: string, hi: string, cell: Cell, odd: string): string {
    const words = `${cell.views}I`;
    switch (type) {
      case ValType.F32:
        return `v=${cell.views}S[${cell.word}];${odd === "" ? "" : `if(v!==v&&isOddNan32(${words}[${cell.word}]))${odd}`}${lo}=v;`;
      case ValType.F64:
        return `v=${cell.views}F[${cell.wide}];${odd === "" ? "" : `if(v!==v&&isOddNan64(${words}[${cell.word}],${words}[${cell.high}]))${odd}`}${lo}=v;`;
      case ValType.I64:
        return `${lo}=${words}[${cell.word}];${hi}=${words}[${cell.high}];`;
      default:
        return `${lo}=${words}[${cell.word}];`;
    }
  }

  /** Statements that store a value; every NaN is the canonical one. */
  protected storeCell(type: ValType, lo: string, hi: string, cell: Cell): string {
    const words = `${cell.views}I`;
    switch (type) {
      case ValType.F32:
        return `v=${lo};${cell.views}S[${cell.word}]=v;if(v!==v)${words}[${cell.word}]=${CANONICAL_NAN_32};`;
      case ValType.F64:
        return `v=${lo};${cell.views}F[${cell.wide}]=v;if(v!==v){${words}[${cell.word}]=0;${words}[${cell.high}]=${CANONICAL_NAN_64_HIGH};}`;
      case ValType.I64:
        return `${words}[${cell.word}]=${lo};${words}[${cell.high}]=${hi};`;
      default:
        return `${words}[${cell.word}]=${lo};`;
    }
  }

  /** Loads a value of the frame; a NaN that is not canonical keeps the function from being entered. */
  protected loadSlot(type: ValType, lo: string, hi: string, slot: number): string {
    return this.loadCell(type, lo, hi, this.frameCell(slot), `return ${NOT_ENTERED};`);
  }

  /** The same for what a callee left: it is canonical, or was checked. */
  protected takeSlot(type: ValType, lo: string, hi: string, slot: number): string {
    return this.loadCell(type, lo, hi, this.frameCell(slot), "");
  }

  protected storeSlot(type: ValType, lo: string, hi: string, slot: number): string {
    return this.storeCell(type, lo, hi, this.frameCell(slot));
  }

  protected entry(type: ValType, lo: string, hi: string, options: Partial<Entry> = {}): Entry {
    return {
      type,
      lo,
      hi,
      condition: undefined,
      reads: NO_READS,
      simple: false,
      constant: undefined,
      weight: 1,
      ...options,
    };
  }

  protected push(entry: Entry): void {
    this.stack.push(entry);
    if (this.stack.length > this.maxHeight) this.maxHeight = this.stack.length;
    if (entry.weight > MAX_WEIGHT) this.settle(this.stack.length - 1);
  }

  protected slotNames(height: number, type: ValType): { readonly lo: string; readonly hi: string } {
    const shape = shapeOf(type);
    const lo = shape === "d" ? `d${height}` : `s${height}`;
    const hi = shape === "l" ? `h${height}` : "";
    this.variables.set(lo, shape === "d" ? "Z" : "0");
    if (hi !== "") this.variables.set(hi, "0");
    return { lo, hi };
  }

  protected slotEntry(height: number, type: ValType): Entry {
    const { lo, hi } = this.slotNames(height, type);
    return this.entry(type, lo, hi, { reads: new Set(hi === "" ? [lo] : [lo, hi]), simple: true, weight: 0 });
  }

  /** Before the variables of `height` are assigned: entries below that still read them get variables of their own. */
  protected release(height: number, type: ValType): { readonly lo: string; readonly hi: string } {
    const names = this.slotNames(height, type);
    for (let below = 0; below < height && below < this.stack.length; below++) {
      const { reads } = this.stack[below]!;
      if ((reads.has(names.lo) || (names.hi !== "" && reads.has(names.hi))) && !this.isSettled(below)) this.settle(below);
    }
    return names;
  }

  protected isSettled(height: number): boolean {
    const entry = this.stack[height]!;
    return entry.lo === this.slotNames(height, entry.type).lo;
  }

  /** Brings the value at `height` into the variables of its slot. */
  protected settle(height: number): void {
    const entry = this.stack[height]!;
    if (this.isSettled(height)) return;
    const names = this.release(height, entry.type);
    this.line(assign(entry.lo, entry.hi, names.lo, names.hi));
    this.stack[height] = this.slotEntry(height, entry.type);
  }

  protected settleAll(): void {
    for (let height = 0; height < this.stack.length; height++) this.settle(height);
  }

  /** Makes the value at `height` a name or a constant. */
  protected simplify(height: number): Entry {
    if (!this.stack[height]!.simple) this.settle(height);
    return this.stack[height]!;
  }

  protected operand(entry: Entry | undefined): PairOperand {
    return entry === undefined ? { lo: "", hi: "", constant: undefined } : { lo: entry.lo, hi: entry.hi, constant: entry.constant };
  }

  protected pop(): Entry {
    return this.stack.pop()!;
  }

  /** What is called when the stack is popped to `height` and a value in the slot's own variables takes its place. */
  protected pushSlot(height: number, type: ValType): void {
    this.stack.length = height;
    this.push(this.slotEntry(height, type));
  }

  protected condition(entry: Entry): string {
    return entry.condition ?? `${entry.lo}!==0`;
  }

  /** Number of a place to leave at, before the instruction being read; operands are those on the stack now. */
  protected site(call = false, height = this.stack.length): number {
    const { reader } = this.draft;
    const counted = (reader.row.flags & InstrFlag.Uncounted) === 0 ? 1 : 0;
    return this.siteAt(reader.wasmOffset, this.acc - counted, call, height);
  }

  protected siteAt(wasmOffset: number, acc: number, call: boolean, height: number): number {
    const site = this.sites.push({ wasmOffset, acc, call }) - 1;
    let text = "";
    for (let i = 0; i < height; i++) {
      const entry = this.stack[i]!;
      text += this.storeSlot(entry.type, entry.lo, entry.hi, this.localCount + i);
    }
    this.textLength += text.length;
    if (text !== "") {
      const known = this.spills.get(text);
      if (known === undefined) this.spills.set(text, [site]);
      else known.push(site);
    }
    return site;
  }

  protected leaveIf(condition: string): void {
    this.line(`if(${condition}){x=${this.site()};break X;}`);
  }
}
