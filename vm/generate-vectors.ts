/**
 * Vector instructions in generated JavaScript. A vector is four variables of words, four of f32 lanes or two of f64 lanes:
 * the shape in which it was computed, until another is asked for. What only moves lanes moves names, and takes no code.
 *
 * What has no form (generate-vector-forms.ts) is done by the interpreter's loop for vectors (simd.ts), on operands in their
 * slots: its code for one operation is made once per store, relative to the first operand.
 */
import { number, pairConditions, pairForms } from "./generate-forms.ts";
import { GeneratedMemory } from "./generate-memory.ts";
import type { Names, Parts, VectorShape } from "./generate-values.ts";
import { reductions, shiftForm, type VectorForm, vectorForms } from "./generate-vector-forms.ts";
import { localShapes, shapeForConsumer } from "./generate-vector-shapes.ts";
import { isOddNan32, isOddNan64 } from "./generated-helpers.ts";
import type { LoweringDraft } from "./lower.ts";
import { Wasm } from "./opcodes.ts";
import { Op } from "./ops.ts";
import { emitSimd } from "./simd-form.ts";
import { slotsOf, ValType } from "./types.ts";

const TEMPORARIES = ["k0", "k1", "k2", "k3"] as const;
const NONE: readonly string[] = [];

/** Loads that may be in lanes of floats, with the bytes that they read. */
const WHOLE_LOADS: ReadonlyMap<string, { readonly bytes: number; readonly shapes: readonly VectorShape[] }> = new Map([
  ["v128.load", { bytes: 16, shapes: ["w", "f", "g"] }],
  ["v128.load32_splat", { bytes: 4, shapes: ["w", "f"] }],
  ["v128.load64_splat", { bytes: 8, shapes: ["w", "g"] }],
]);

export abstract class GeneratedVectors extends GeneratedMemory {
  /** Shape of each local that is a vector. */
  protected readonly vectorLocals: ReadonlyMap<number, VectorShape>;

  constructor(draft: LoweringDraft) {
    super(draft);
    this.vectorLocals = localShapes(draft);
  }

  protected vectorInstruction(): void {
    const { reader } = this.draft;
    const { mnemonic } = reader.row;
    const form = this.signForm(mnemonic) ?? vectorForms.get(mnemonic);
    const reduction = reductions.get(mnemonic);
    if (form !== undefined) this.form(form, reader.row.params!.length);
    else if (reduction !== undefined) {
      const top = this.stack.length - 1;
      const lanes = this.lanesAs(top, "w");
      const text = `(${reduction.text(lanes)})`;
      const { lo } = this.release(top, "i");
      this.line(`${lo}=${reduction.condition ? `${text}?1:0` : text};`);
      this.pushSlot(top, ValType.I32);
    } else if (reader.row.align >= 0) this.access();
    else if (mnemonic.endsWith("extract_lane") || mnemonic.includes("extract_lane_")) this.extract(mnemonic);
    else if (mnemonic.endsWith("replace_lane")) this.replace(mnemonic);
    else if (mnemonic.endsWith("splat")) this.splat(mnemonic);
    else if (reader.code === Wasm.V128Const) this.constant([reader.lo, reader.hi, reader.lo2, reader.hi2]);
    else if (reader.code === Wasm.I8x16Shuffle) this.shuffle();
    else this.rest(mnemonic);
  }

  /** The form of an instruction that only changes signs, when the vector is in words: a NaN keeps its other bits. */
  private signForm(mnemonic: string): VectorForm | undefined {
    const [, type, op] = /^(f32x4|f64x2)\.(abs|neg)$/.exec(mnemonic) ?? [];
    if (op === undefined || this.stack.at(-1)!.shape !== "w") return undefined;
    const change = (word: string): string => (op === "abs" ? `(${word}&2147483647)` : `(${word}^-2147483648)`);
    return { from: "w", to: "w", lanes: (a) => a.map((word, i) => (type === "f32x4" || i % 2 === 1 ? change(word) : word)) };
  }

  private rest(mnemonic: string): void {
    const height = this.stack.length - 2;
    if (/^i(8x16|16x8|32x4)\.sh/.test(mnemonic)) {
      const { lo, constant } = this.simplify(height + 1);
      const form = shiftForm(mnemonic, lo, constant);
      if (form === undefined) this.vectorByLoop();
      else this.form(form, 1, 1);
    } else if (mnemonic.startsWith("i64x2.")) this.pairs(mnemonic.replace("i64x2", "i64"));
    else if (
      /^f.*\.p(min|max)$/.test(mnemonic) &&
      this.stack[height]!.shape !== "w" &&
      this.stack[height]!.shape === this.stack[height + 1]!.shape
    ) {
      const shape = this.stack[height]!.shape as VectorShape;
      const least = mnemonic.endsWith("pmin");
      this.form({ from: shape, to: shape, lane: (a, b) => (least ? `(${b}<${a}?${b}:${a})` : `(${a}<${b}?${b}:${a})`) }, 2);
    } else this.vectorByLoop();
  }

  // Lanes.

  /** The words of a constant, or undefined. */
  private constantWords({ shape, lanes }: Parts): Int32Array | undefined {
    if (shape !== "w" || !lanes.every((lane) => /^\(?-?\d+\)?$/.test(lane))) return undefined;
    return Int32Array.from(lanes, (lane) => Number(lane.replace(/[()]/g, "")));
  }

  /**
   * The lanes of the vector at `height` in a shape, to be read by the instruction that pops it: names or constants. Of a
   * NaN only that it is one may get lost.
   */
  private lanesAs(height: number, shape: VectorShape): readonly string[] {
    const entry = this.stack[height]!;
    if (entry.shape === shape) return entry.lanes;
    const constants = this.constantWords(entry);
    if (constants !== undefined) {
      const values = shape === "f" ? new Float32Array(constants.buffer) : new Float64Array(constants.buffer);
      return Array.from(values, number);
    }
    const names = this.release(height, shape);
    this.line(this.assignParts(entry, names));
    return names.lanes;
  }

  /** Pushes a vector of names and constants in place of what is from `height` on. */
  private pushLanes(height: number, shape: VectorShape, lanes: readonly string[], reads: Iterable<string>): void {
    this.stack.length = height;
    this.push(this.entry(ValType.V128, lanes[0]!, "", { shape, lanes, reads: new Set(reads), simple: true, weight: 0 }));
  }

  /** Leaves in front of the instruction when the vector at `height` has a NaN that its lanes in `shape` would lose; afterwards it is in that shape. */
  protected reshape(height: number, shape: VectorShape): void {
    const entry = this.stack[height]!;
    if (entry.shape === shape) return;
    const constants = this.constantWords(entry);
    if (constants !== undefined) {
      if (hasOddNan(constants, shape)) this.leaveForGood();
    } else if (shape !== "w") {
      this.settle(height, "w");
      const { lanes } = this.stack[height]!;
      const names = this.release(height, shape);
      this.line(this.assignParts(this.stack[height]!, names));
      const odd = shape === "f" ? lanes.map((lane) => `isOddNan32(${lane})`) : [0, 2].map((i) => `isOddNan64(${lanes[i]},${lanes[i + 1]})`);
      this.line(`v=${names.lanes.join("+")};`);
      this.leaveIf(`v!==v&&(${odd.join("||")})`);
      this.pushOver(height, names);
      return;
    }
    const names = this.release(height, shape);
    this.line(constants === undefined ? this.assignParts(entry, names) : this.assignLanes(this.lanesAs(height, shape), names.lanes));
    this.pushOver(height, names);
  }

  /** The value at `height` is now in these variables; what is above it stays. */
  private pushOver(height: number, names: Names): void {
    this.stack[height] = this.slotEntry(height, ValType.V128, names.shape);
  }

  private form(form: VectorForm, operands: number, scalars = 0): void {
    const height = this.stack.length - operands - scalars;
    const [a, b, c] = [0, 1, 2].map((i) => (i < operands ? this.lanesAs(height + i, form.from) : NONE)) as [
      readonly string[],
      readonly string[],
      readonly string[],
    ];
    const leave = form.leave;
    if (leave !== undefined) this.leaveIf(a.map((lane) => leave(lane)).join("||"));
    const { lanes: to } = this.release(height, form.to);
    const { lane, steps, lanes, program } = form;
    if (lane !== undefined)
      this.line(
        this.assignLanes(
          to.map((_, i) => lane(a[i]!, b[i] ?? "", c[i] ?? "")),
          to,
        ),
      );
    else if (lanes !== undefined) this.line(this.assignLanes(lanes(a, b), to));
    else if (program !== undefined) this.line(`${program(a, b, TEMPORARIES)}${this.assignLanes(TEMPORARIES, to)}`);
    else {
      const shuffled = this.overlaps(a, to) || this.overlaps(b, to);
      const names = shuffled ? TEMPORARIES : to;
      const text = to.map((_, i) => steps!(a[i]!, b[i] ?? "", names[i]!)).join("");
      this.line(shuffled ? `${text}${this.assignLanes(TEMPORARIES, to)}` : text);
    }
    this.pushSlot(height, ValType.V128, form.to);
  }

  private vectorByLoop(): void {
    const { params, results } = this.draft.reader.row;
    const first = this.stack.length - params!.length;
    const at = this.word(this.slotAt(first));
    this.usesMemory = true;
    this.runHelper(first, () => false, `simd(${this.vectorCode()},${at},M)<0`, results!);
  }

  /** Code index of the operation of the instruction being read, with operands and result from slot 0 on. */
  private vectorCode(): number {
    const { draft } = this;
    const { params } = draft.reader.row;
    const operands: number[] = [];
    let slots = 0;
    for (const type of params!) {
      operands.push(slots);
      slots += slotsOf(type);
    }
    emitSimd(draft, 0, operands);
    // Any operation of another kind ends it.
    draft.emit(Op.Start);
    return draft.code.shared(draft.words.splice(0));
  }

  /** Lanes of 64 bits: what the scalar instruction does, on pairs of words. */
  private pairs(mnemonic: string): void {
    const { params } = this.draft.reader.row;
    const form = pairForms.get(mnemonic === "i64.neg" ? "i64.sub" : mnemonic);
    const condition = pairConditions.get(mnemonic);
    if (form === undefined && condition === undefined) {
      this.vectorByLoop();
      return;
    }
    const height = this.stack.length - params!.length;
    const a = mnemonic === "i64.neg" ? ["0", "0", "0", "0"] : this.lanesAs(height, "w");
    const shift = params![1] === ValType.I32 ? this.simplify(height + 1) : undefined;
    const b = shift !== undefined ? [shift.lo, "0", shift.lo, "0"] : this.lanesAs(mnemonic === "i64.neg" ? height : height + 1, "w");
    const { lanes: to } = this.release(height, "w");
    let text = "";
    for (const i of [0, 2]) {
      const x = { lo: a[i]!, hi: a[i + 1]!, constant: undefined };
      const y = { lo: b[i]!, hi: b[i + 1]!, constant: shift?.constant };
      if (form !== undefined) text += form(x, y, TEMPORARIES[i]!, TEMPORARIES[i + 1]!);
      else text += `k${i}=${condition!(x, y)}?-1:0;k${i + 1}=k${i};`;
    }
    this.line(`${text}${this.assignLanes(TEMPORARIES, to)}`);
    this.pushSlot(height, ValType.V128);
  }

  private constant(words: readonly number[]): void {
    this.pushLanes(this.stack.length, "w", words.map(number), []);
  }

  private shuffle(): void {
    const { lo, hi, lo2, hi2 } = this.draft.reader;
    const height = this.stack.length - 2;
    const bytes = [lo, hi, lo2, hi2].flatMap((word) => [word & 0xff, (word >>> 8) & 0xff, (word >>> 16) & 0xff, word >>> 24]);
    const [x, y] = [this.stack[height]!, this.stack[height + 1]!];
    const reads = new Set([...x.reads, ...y.reads]);
    const laneBytes = x.shape === "g" ? 8 : 4;
    const whole = movesWhole(bytes, laneBytes);
    if (whole && x.shape === y.shape) {
      const from = [...x.lanes, ...y.lanes];
      const lanes = bytes.filter((_, i) => i % laneBytes === 0).map((byte) => from[byte / laneBytes]!);
      this.pushLanes(height, x.shape as VectorShape, lanes, reads);
      return;
    }
    const from = [...this.lanesAs(height, "w"), ...this.lanesAs(height + 1, "w")];
    const { lanes: to } = this.release(height, "w");
    const texts = [0, 4, 8, 12].map((at) => gathered(bytes.slice(at, at + 4), from));
    this.line(this.assignLanes(texts, to));
    this.pushSlot(height, ValType.V128);
  }

  // Lanes from and to scalars.

  private splat(mnemonic: string): void {
    const height = this.stack.length - 1;
    const { lo, hi, reads } = this.simplify(height);
    switch (mnemonic) {
      case "f32x4.splat":
        this.pushLanes(height, "f", [lo, lo, lo, lo], reads);
        break;
      case "f64x2.splat":
        this.pushLanes(height, "g", [lo, lo], reads);
        break;
      case "i32x4.splat":
        this.pushLanes(height, "w", [lo, lo, lo, lo], reads);
        break;
      case "i64x2.splat":
        this.pushLanes(height, "w", [lo, hi, lo, hi], reads);
        break;
      default: {
        const text = mnemonic === "i8x16.splat" ? `Math.imul(${lo}&255,16843009)` : `Math.imul(${lo}&65535,65537)`;
        const { lanes, tokens } = this.release(height, "w");
        this.line(`${lanes[0]}=${text};`);
        this.pushLanes(height, "w", [lanes[0]!, lanes[0]!, lanes[0]!, lanes[0]!], tokens);
      }
    }
  }

  private extract(mnemonic: string): void {
    const { reader } = this.draft;
    const height = this.stack.length - 1;
    const lane = reader.a;
    const type = reader.row.results![0]!;
    const { shape, lanes, reads } = this.stack[height]!;
    const float = type === ValType.F32 ? "f" : type === ValType.F64 ? "g" : "w";
    if (shape === float && float !== "w") {
      this.stack.length = height;
      this.push(this.entry(type, lanes[lane]!, "", { reads, simple: true, weight: 0 }));
      return;
    }
    if (shape !== "w") this.settle(height, "w");
    const words = this.stack[height]!;
    const push = (lo: string, hi: string, simple: boolean): void => {
      this.stack.length = height;
      this.push(this.entry(type, lo, hi, { reads: words.reads, simple, weight: simple ? 0 : 2 }));
    };
    const [low, high] = [words.lanes[lane * 2] ?? "", words.lanes[lane * 2 + 1] ?? ""];
    switch (type) {
      case ValType.I64:
        push(low, high, true);
        break;
      case ValType.F64:
        this.leaveIf(`isOddNan64(${low},${high})`);
        push(`f64OfBits(${low},${high})`, "", false);
        break;
      case ValType.F32:
        this.leaveIf(`isOddNan32(${words.lanes[lane]})`);
        push(`f32OfBits(${words.lanes[lane]})`, "", false);
        break;
      default: {
        const bits = mnemonic.startsWith("i8") ? 8 : mnemonic.startsWith("i16") ? 16 : 32;
        const word = words.lanes[(lane * bits) >>> 5]!;
        const at = (lane * bits) & 31;
        if (bits === 32) push(word, "", true);
        else if (mnemonic.endsWith("_u")) push(`(${word}>>>${at}&${(1 << bits) - 1})`, "", false);
        else push(`(${word}<<${32 - bits - at}>>${32 - bits})`, "", false);
      }
    }
  }

  private replace(mnemonic: string): void {
    const height = this.stack.length - 2;
    const lane = this.draft.reader.a;
    const scalar = this.simplify(height + 1);
    const shape = mnemonic.startsWith("f32") ? "f" : mnemonic.startsWith("f64") ? "g" : "w";
    const vector = this.stack[height]!;
    const rename = (at: number, texts: readonly string[]): void => {
      const lanes = vector.lanes.slice();
      lanes.splice(at, texts.length, ...texts);
      this.pushLanes(height, shape, lanes, [...vector.reads, ...scalar.reads]);
    };
    if (shape !== "w" && vector.shape !== shape) {
      const constants = this.constantWords(vector);
      if (constants === undefined || hasOddNan(constants, shape)) {
        this.replaceWords(height, lane * (shape === "f" ? 1 : 2), this.wordsOf({ shape, lo: "", hi: "", lanes: [scalar.lo] }));
        return;
      }
      const lanes = this.lanesAs(height, shape).slice();
      lanes[lane] = scalar.lo;
      this.pushLanes(height, shape, lanes, scalar.reads);
    } else if (shape !== "w" || (vector.shape === "w" && /^i(32|64)/.test(mnemonic))) {
      if (mnemonic.startsWith("i64")) rename(lane * 2, [scalar.lo, scalar.hi]);
      else rename(lane, [scalar.lo]);
    } else {
      const bits = mnemonic.startsWith("i8") ? 8 : mnemonic.startsWith("i16") ? 16 : mnemonic.startsWith("i32") ? 32 : 64;
      if (bits >= 32) {
        this.replaceWords(height, (lane * bits) >>> 5, bits === 64 ? [scalar.lo, scalar.hi] : [scalar.lo]);
        return;
      }
      const at = (lane * bits) & 31;
      const mask = (1 << bits) - 1;
      const word = (lane * bits) >>> 5;
      const old = this.lanesAs(height, "w")[word]!;
      this.replaceWords(height, word, [`${old}&~${mask << at}|(${scalar.lo}&${mask})<<${at}`]);
    }
  }

  /** Words of the vector at `height` are replaced; the scalar above it goes. */
  private replaceWords(height: number, at: number, texts: readonly string[]): void {
    const words = this.lanesAs(height, "w").slice();
    words.splice(at, texts.length, ...texts);
    const { lanes } = this.release(height, "w");
    this.line(this.assignLanes(words, lanes));
    this.pushSlot(height, ValType.V128);
  }

  // Memory.

  private access(): void {
    const { reader } = this.draft;
    const { mnemonic, results, params } = reader.row;
    if (mnemonic === "v128.store") this.store128();
    else if (mnemonic.endsWith("_lane") && results!.length === 0) this.storeLane(Number(/\d+/.exec(mnemonic.slice(5))![0]));
    else if (params!.length === 1) this.load(mnemonic);
    else this.vectorByLoop();
  }

  private load(mnemonic: string): void {
    const height = this.stack.length - 1;
    const whole = WHOLE_LOADS.get(mnemonic);
    const wanted = shapeForConsumer(this.draft, this.vectorLocals);
    const shape = whole?.shapes.includes(wanted) ? wanted : "w";
    // The address must not be in variables that are assigned before it is known whether the instruction is done.
    if (this.stack[height]!.reads.has(`${shape}${height}`)) this.settle(height);
    this.usesMemory = true;
    const address = this.address(height);
    const names = this.release(height, shape);
    const x = `x=${this.site()};t=${address};`;
    if (whole === undefined) {
      this.narrowLoad(mnemonic, x, names, height);
      return;
    }
    const { lanes, tokens } = names;
    const [method, laneBytes, odd] = { w: ["Int32", 4, ""], f: ["Float32", 4, "odd32"], g: ["Float64", 8, "odd64"] }[shape] as [
      string,
      number,
      string,
    ];
    const loaded = lanes.slice(0, whole.bytes / laneBytes);
    // The last first: when it is out of bounds nothing is assigned.
    const reads = loaded.map((lane, i) => `${lane}=dv.get${method}(t+${i * laneBytes},true);`).reverse();
    // An infinity and its opposite make a NaN here, too: the helper looks at each lane.
    const check = odd === "" ? "" : `v=${loaded.join("+")};if(v!==v&&${odd}(dv,t,${loaded.length}))break X;`;
    this.line(`${x}${reads.join("")}${check}`);
    this.pushLanes(
      height,
      shape,
      Array.from(lanes, (_, i) => loaded[i % loaded.length]!),
      tokens,
    );
  }

  /** Loads of lanes that are widened, repeated or surrounded by zeros. */
  private narrowLoad(mnemonic: string, x: string, { lanes, tokens }: Names, height: number): void {
    const [a, b] = [lanes[0]!, lanes[1]!];
    switch (mnemonic) {
      case "v128.load8_splat":
      case "v128.load16_splat": {
        const text = mnemonic === "v128.load8_splat" ? "Math.imul(dv.getUint8(t),16843009)" : "Math.imul(dv.getUint16(t,true),65537)";
        this.line(`${x}${a}=${text};`);
        this.pushLanes(height, "w", [a, a, a, a], tokens);
        break;
      }
      case "v128.load32_zero":
        this.line(`${x}${a}=dv.getInt32(t,true);`);
        this.pushLanes(height, "w", [a, "0", "0", "0"], tokens);
        break;
      case "v128.load64_zero":
        this.line(`${x}${b}=dv.getInt32(t+4,true);${a}=dv.getInt32(t,true);`);
        this.pushLanes(height, "w", [a, b, "0", "0"], tokens);
        break;
      default: {
        // 64 bits, then what extends the low half of a vector.
        this.line(`${x}${b}=dv.getInt32(t+4,true);${a}=dv.getInt32(t,true);`);
        this.pushLanes(height, "w", [a, b, "0", "0"], tokens);
        const [, count, sign] = /load(\d+)x\d_([su])/.exec(mnemonic)!;
        const to = { 8: "i16x8", 16: "i32x4", 32: "i64x2" }[Number(count)]!;
        const from = { 8: "i8x16", 16: "i16x8", 32: "i32x4" }[Number(count)]!;
        this.form(vectorForms.get(`${to}.extend_low_${from}_${sign}`)!, 1);
      }
    }
  }

  private store128(): void {
    const height = this.stack.length - 2;
    const { shape, lanes } = this.stack[height + 1]!;
    this.usesMemory = true;
    const address = this.address(height);
    let text = `x=${this.site()};t=${address};`;
    const order = lanes.map((lane, i) => [lane, i] as const).reverse();
    for (const [lane, i] of order) {
      if (shape === "g") text += `dv.setFloat64(t+${i * 8},${lane},true);`;
      else text += `dv.set${shape === "f" ? "Float32" : "Int32"}(t+${i * 4},${lane},true);`;
    }
    // An infinity and its opposite make a NaN here, too: the helper looks at each lane.
    if (shape !== "w") text += `v=${lanes.join("+")};if(v!==v)canonical${shape === "f" ? 32 : 64}(dv,t);`;
    this.line(`${text}D[t>>>12]=1;`);
    this.stack.length = height;
  }

  private storeLane(bits: number): void {
    const height = this.stack.length - 2;
    const lane = this.draft.reader.d;
    if (this.stack[height + 1]!.shape !== "w") this.settle(height + 1, "w");
    const { lanes } = this.stack[height + 1]!;
    this.usesMemory = true;
    const address = this.address(height);
    const x = `x=${this.site()};t=${address};`;
    const word = lanes[(lane * bits) >>> 5]!;
    const at = (lane * bits) & 31;
    if (bits === 64) this.line(`${x}dv.setInt32(t+4,${lanes[lane * 2 + 1]},true);dv.setInt32(t,${word},true);D[t>>>12]=1;`);
    else if (bits === 8) this.line(`${x}dv.setInt8(t,${word}>>>${at});D[t>>>12]=1;`);
    else this.line(`${x}dv.setInt${bits}(t,${word}>>>${at},true);D[t>>>12]=1;`);
    this.stack.length = height;
  }

  /** Brings the vector that a local is set to into the local's shape; the instruction is not begun. */
  protected reshapeForLocal(local: number): void {
    const shape = this.vectorLocals.get(local);
    if (shape !== undefined) this.reshape(this.stack.length - 1, shape);
  }
}

function hasOddNan(words: Int32Array, shape: VectorShape): boolean {
  if (shape === "f") return words.some(isOddNan32);
  return shape === "g" && [0, 2].some((i) => isOddNan64(words[i]!, words[i + 1]!));
}

/** Whether a shuffle moves aligned lanes of so many bytes as a whole. */
function movesWhole(bytes: readonly number[], laneBytes: number): boolean {
  return bytes.every((byte, i) => (i % laneBytes === 0 ? byte % laneBytes === 0 : byte === bytes[i - 1]! + 1));
}

/** A word of four bytes of other words, whose runs are moved together. */
function gathered(bytes: readonly number[], from: readonly string[]): string {
  const pieces: string[] = [];
  for (let at = 0; at < 4; ) {
    let end = at + 1;
    while (end < 4 && bytes[end] === bytes[end - 1]! + 1 && bytes[end]! >> 2 === bytes[at]! >> 2) end++;
    const word = from[bytes[at]! >> 2]!;
    const right = (bytes[at]! & 3) * 8;
    const bits = (end - at) * 8;
    if (bits === 32) return word;
    const moved = right === 0 ? word : `${word}>>>${right}`;
    // What is shifted out at the top needs no mask.
    const masked = at * 8 + bits === 32 || right + bits === 32 ? moved : `(${moved}&${(1 << bits) - 1})`;
    pieces.push(at === 0 ? (right + bits === 32 ? masked : `(${moved}&${(1 << bits) - 1})`) : `(${masked})<<${at * 8}`);
    at = end;
  }
  return `(${pieces.join("|")})`;
}
