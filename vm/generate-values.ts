/**
 * The values of a function in generated JavaScript: operands as texts of pure expressions, the variables of slots, how
 * slots of the frame are loaded and stored, and where the code can leave. Nothing here knows an instruction.
 */
import { assign, type PairOperand } from "./generate-forms.ts";
import type { LoweringDraft } from "./lower.ts";
import { CANONICAL_NAN_32, CANONICAL_NAN_64_HIGH } from "./numeric.ts";
import { InstrFlag } from "./opcodes.ts";
import type { Store } from "./store.ts";
import { slotsOf, ValType } from "./types.ts";

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

/**
 * What a value's variables are: i one 32-bit integer or reference, l two halves, d one float; of a vector w four words,
 * f four f32 lanes, g two f64 lanes, where NaNs are canonical as in d.
 */
export type Shape = "i" | "l" | "d" | VectorShape;
export type VectorShape = "w" | "f" | "g";

/** The texts of a value, or the variables that hold one. */
export interface Parts {
  /** Pure expression of the value, or of the low half of an i64; of a vector its first lane. */
  readonly lo: string;
  readonly hi: string;
  /** Of a vector a text for each variable of its shape: names or constants. */
  readonly lanes: readonly string[];
  readonly shape: Shape;
}

export interface Entry extends Parts {
  readonly type: ValType;
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

/** Variables, and what stands for them in `Entry.reads`. */
export interface Names extends Parts {
  readonly tokens: readonly string[];
}

/** Where the slots of a value are: a prefix of the names of their views, and the texts of indices of words and slots in these. */
interface Cell {
  readonly views: "" | "G";
  readonly word: (at: number) => string;
  readonly wide: (at: number) => string;
}

export const NO_READS: ReadonlySet<string> = new Set();
/** Expressions with more operators than this get a variable. */
const MAX_WEIGHT = 12;

/** The shape in which a value crosses labels and calls. */
export function shapeOf(type: ValType): Shape {
  switch (type) {
    case ValType.I64:
      return "l";
    case ValType.F32:
    case ValType.F64:
      return "d";
    case ValType.V128:
      return "w";
    default:
      return "i";
  }
}

const noLanes: readonly string[] = [];

/** Variables of a vector by the prefix of their names. */
function lanesOf(name: string, shape: Shape): readonly string[] {
  switch (shape) {
    case "w":
    case "f":
      return [`${name}_0`, `${name}_1`, `${name}_2`, `${name}_3`];
    case "g":
      return [`${name}_0`, `${name}_1`];
    default:
      return noLanes;
  }
}

export abstract class GeneratedValues {
  protected readonly draft: LoweringDraft;
  protected readonly store: Store;
  /** Variables of the function with their initial values. */
  protected readonly variables = new Map<string, string>();
  protected readonly sites: LeaveSite[] = [];
  /** Texts that spill operands when leaving, with the sites that need them. */
  protected readonly spills = new Map<string, number[]>();
  protected stack: Entry[] = [];
  protected maxHeight = 0;
  protected hasVectors = false;
  /** Instructions since the last charge. */
  protected acc = 0;
  /** Length of the text so far. */
  protected textLength = 0;

  constructor(draft: LoweringDraft) {
    this.draft = draft;
    this.store = draft.store;
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
    return { views: "", word: (at) => this.word(slot, at), wide: (at) => this.wide(slot + at) };
  }

  protected globalCell(slot: number): Cell {
    return { views: "G", word: (at) => `${slot * 2 + at}`, wide: (at) => `${slot + at}` };
  }

  /** Statements that load a cell into variables; `odd` is what is done about a NaN that is not canonical, if one can be there. */
  protected loadCell(type: ValType, names: Parts, { views, word, wide }: Cell, odd: string): string {
    const words = `${views}I`;
    const single = (name: string, at: number): string =>
      `v=${views}S[${word(at)}];${odd === "" ? "" : `if(v!==v&&isOddNan32(${words}[${word(at)}]))${odd}`}${name}=v;`;
    const double = (name: string, at: number): string =>
      `v=${views}F[${wide(at)}];${odd === "" ? "" : `if(v!==v&&isOddNan64(${words}[${word(at * 2)}],${words}[${word(at * 2 + 1)}]))${odd}`}${name}=v;`;
    switch (names.shape) {
      case "d":
        return type === ValType.F32 ? single(names.lo, 0) : double(names.lo, 0);
      case "f":
        return names.lanes.map(single).join("");
      case "g":
        return names.lanes.map(double).join("");
      case "w":
        return names.lanes.map((name, at) => `${name}=${words}[${word(at)}];`).join("");
      case "l":
        return `${names.lo}=${words}[${word(0)}];${names.hi}=${words}[${word(1)}];`;
      default:
        return `${names.lo}=${words}[${word(0)}];`;
    }
  }

  /** Statements that store a value; every NaN is the canonical one. */
  protected storeCell(type: ValType, value: Parts, { views, word, wide }: Cell): string {
    const words = `${views}I`;
    const single = (text: string, at: number): string =>
      `v=${text};${views}S[${word(at)}]=v;if(v!==v)${words}[${word(at)}]=${CANONICAL_NAN_32};`;
    const double = (text: string, at: number): string =>
      `v=${text};${views}F[${wide(at)}]=v;if(v!==v){${words}[${word(at * 2)}]=0;${words}[${word(at * 2 + 1)}]=${CANONICAL_NAN_64_HIGH};}`;
    switch (value.shape) {
      case "d":
        return type === ValType.F32 ? single(value.lo, 0) : double(value.lo, 0);
      case "f":
        return value.lanes.map(single).join("");
      case "g":
        return value.lanes.map(double).join("");
      case "w":
        return value.lanes.map((text, at) => `${words}[${word(at)}]=${text};`).join("");
      case "l":
        return `${words}[${word(0)}]=${value.lo};${words}[${word(1)}]=${value.hi};`;
      default:
        return `${words}[${word(0)}]=${value.lo};`;
    }
  }

  /** Loads a value of the frame; a NaN that is not canonical keeps the function from being entered. */
  protected loadSlot(type: ValType, names: Parts, slot: number): string {
    return this.loadCell(type, names, this.frameCell(slot), `return ${NOT_ENTERED};`);
  }

  /** The same for what a callee left, which is canonical or was checked, and for other values with something else to do. */
  protected takeSlot(type: ValType, names: Parts, slot: number, odd = ""): string {
    return this.loadCell(type, names, this.frameCell(slot), odd);
  }

  protected storeSlot(type: ValType, value: Parts, slot: number): string {
    return this.storeCell(type, value, this.frameCell(slot));
  }

  /** Slot, from the frame's first, of the operand at `height`, which is on the stack or would be the next. */
  protected slotAt(height: number): number {
    let slot = this.draft.localSlotCount;
    for (let below = 0; below < height; below++) slot += slotsOf(this.stack[below]!.type);
    return slot;
  }

  /** Statements that bring the operands from `first` on to their slots. */
  protected storeFrom(first: number): string {
    let text = "";
    for (let height = first, slot = this.slotAt(first); height < this.stack.length; height++) {
      const entry = this.stack[height]!;
      text += this.storeSlot(entry.type, entry, slot);
      slot += slotsOf(entry.type);
    }
    return text;
  }

  /** Assigns a value to variables, which may be of another shape: words of lanes, and lanes of words that have no other NaN. */
  protected assignParts(from: Parts, to: Parts): string {
    if (from.lanes.length === 0) return assign(from.lo, from.hi, to.lo, to.hi);
    if (from.shape === to.shape) return this.assignLanes(from.lanes, to.lanes);
    const words = this.wordsOf(from);
    switch (to.shape) {
      // By way of scratch words, all at once: an engine waits for each that it writes and reads in turn.
      case "f":
        return `${words.map((word, i) => `XI[${i}]=${word};`).join("")}${to.lanes.map((name, i) => `${name}=XS[${i}];`).join("")}`;
      case "g":
        return `${words.map((word, i) => `XI[${i}]=${word};`).join("")}${to.lanes.map((name, i) => `${name}=XF[${i}];`).join("")}`;
      default:
        return this.assignLanes(words, to.lanes);
    }
  }

  /** Assigns texts to variables, some of which the texts may read. */
  protected assignLanes(texts: readonly string[], names: readonly string[]): string {
    if (this.overlaps(texts, names)) {
      return `${texts.map((text, i) => `k${i}=${text};`).join("")}${names.map((name, i) => `${name}=k${i};`).join("")}`;
    }
    return texts.map((text, i) => (text === names[i] ? "" : `${names[i]}=${text};`)).join("");
  }

  /** Whether a text reads a name with a lower number than its own. */
  protected overlaps(texts: readonly string[], names: readonly string[]): boolean {
    return texts.some((text, i) => names.some((name, before) => before < i && text.includes(name)));
  }

  /** The words of a vector as expressions, to be evaluated in their order. */
  protected wordsOf(value: Parts): readonly string[] {
    switch (value.shape) {
      case "f":
        return value.lanes.map((lane) => `bitsOfF32(${lane})`);
      case "g":
        return value.lanes.flatMap((lane) => [`bitsOfF64(${lane})`, `highOfF64(${lane})`]);
      default:
        return value.lanes;
    }
  }

  protected entry(type: ValType, lo: string, hi: string, options: Partial<Entry> = {}): Entry {
    return {
      type,
      shape: shapeOf(type),
      lo,
      hi,
      lanes: noLanes,
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
    if (entry.type === ValType.V128) this.hasVectors = true;
    if (entry.weight > MAX_WEIGHT) this.settle(this.stack.length - 1);
  }

  /** The variables `lo` and `hi`, or of a vector those that begin with `name`. */
  protected declare(shape: Shape, name: string, lo: string, hi: string): Names {
    const lanes = lanesOf(name, shape);
    const initial = shape === "d" || shape === "f" || shape === "g" ? "Z" : "0";
    if (lanes.length > 0) {
      for (const lane of lanes) this.variables.set(lane, initial);
      return { shape, lo: lanes[0]!, hi: "", lanes, tokens: [name] };
    }
    this.variables.set(lo, initial);
    if (shape !== "l") return { shape, lo, hi: "", lanes, tokens: [lo] };
    this.variables.set(hi, "0");
    return { shape, lo, hi, lanes, tokens: [lo, hi] };
  }

  protected slotNames(height: number, shape: Shape): Names {
    return this.declare(shape, `${shape}${height}`, shape === "d" ? `d${height}` : `s${height}`, `h${height}`);
  }

  protected slotEntry(height: number, type: ValType, shape: Shape = shapeOf(type)): Entry {
    const names = this.slotNames(height, shape);
    return this.entry(type, names.lo, names.hi, { ...names, reads: new Set(names.tokens), simple: true, weight: 0 });
  }

  /** Before the variables of `height` are assigned: entries below that still read them get variables of their own. */
  protected release(height: number, shape: Shape): Names {
    const names = this.slotNames(height, shape);
    for (let below = 0; below < height && below < this.stack.length; below++) {
      const { reads } = this.stack[below]!;
      if (names.tokens.some((token) => reads.has(token)) && !this.isSettled(below)) this.settle(below);
    }
    return names;
  }

  private isSettled(height: number, shape = this.stack[height]!.shape): boolean {
    const { lo, lanes } = this.stack[height]!;
    const names = this.slotNames(height, shape);
    return lo === names.lo && lanes.every((lane, i) => lane === names.lanes[i]);
  }

  /** Brings the value at `height` into the variables of its slot. */
  protected settle(height: number, shape = this.stack[height]!.shape): void {
    const entry = this.stack[height]!;
    if (this.isSettled(height, shape)) return;
    const names = this.release(height, shape);
    this.line(this.assignParts(entry, names));
    this.stack[height] = this.slotEntry(height, entry.type, shape);
  }

  protected settleAll(): void {
    for (let height = 0; height < this.stack.length; height++) this.settle(height, shapeOf(this.stack[height]!.type));
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
  protected pushSlot(height: number, type: ValType, shape: Shape = shapeOf(type)): void {
    this.stack.length = height;
    this.push(this.slotEntry(height, type, shape));
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
    for (let i = 0, slot = this.slotAt(0); i < height; i++) {
      const entry = this.stack[i]!;
      text += this.storeSlot(entry.type, entry, slot);
      slot += slotsOf(entry.type);
    }
    this.textLength += text.length;
    if (text !== "") {
      const known = this.spills.get(text);
      if (known === undefined) this.spills.set(text, [site]);
      else known.push(site);
    }
    return site;
  }

  /** Number of a place to leave at behind the instruction being read; `height` operands are below its results, which are in their slots. */
  protected siteBehind(height: number): number {
    return this.siteAt(this.draft.reader.pos, this.acc, false, height);
  }

  protected leaveIf(condition: string): void {
    this.line(`if(${condition}){x=${this.site()};break X;}`);
  }
}
