/**
 * Control flow in generated JavaScript: blocks, loops and branches become labelled statements, calls go through the
 * tier's list of functions, ticks are charged on edges, and guards skip what comes before the loop that is entered.
 */
import { type CallForm, callForm } from "./call-form.ts";
import { GeneratedValues, NOT_ENTERED, type Parts, Refusal, shapeOf } from "./generate-values.ts";
import { InstrReader } from "./instr.ts";
import type { LoweringDraft } from "./lower.ts";
import { InstrFlag, Wasm } from "./opcodes.ts";
import type { WasmFunc } from "./store.ts";
import { type FuncType, slotsOf, type ValType } from "./types.ts";

/** Deepest nesting that is generated: engines parse JavaScript recursively. */
const MAX_DEPTH = 250;

interface Control {
  readonly kind: "func" | "block" | "loop" | "if";
  readonly label: string;
  readonly height: number;
  readonly type: FuncType;
  /** Number of the last loop inside. */
  readonly lastLoop: number;
  /** Of an if: number of the last loop in its first part. */
  readonly lastThenLoop: number;
  /** A guard of this construct's own code is open. */
  guarded: boolean;
  /** Braces to close at the end. */
  readonly closers: string;
  /** Most ticks since the last look at the fuel, over the branches to the end so far. */
  span: number;
  /** A branch goes to the end. */
  reached: boolean;
  /** Of an if: no else was met so far. */
  elseMissing: boolean;
  /** At the start of an if. */
  readonly startSpan: number;
}

export abstract class GeneratedControl extends GeneratedValues {
  protected readonly body: string[] = [];
  /** By number of the entry minus 1: module offset of the loop's first instruction, or -1 for a loop that is unreachable. */
  protected readonly loopOffsets: number[] = [];
  /** Texts that load the operands at the header of each loop. */
  protected readonly loopLoads: string[] = [];
  protected readonly controls: Control[] = [];
  private readonly constructs: readonly { readonly inside: number; readonly insideThen: number }[];
  private construct = 0;
  private loopsSeen = 0;
  protected loopCount = 0;
  /** Most instructions since the last look at the fuel, over the ways that lead here. */
  protected span = 0;
  private labels = 0;
  private openGuards = 0;
  protected hasTailCalls = false;

  constructor(draft: LoweringDraft) {
    super(draft);
    this.constructs = this.countLoops();
  }

  /** For each block, loop and if in order: how many loops begin inside, and how many of them before its else. */
  private countLoops(): { inside: number; insideThen: number }[] {
    const { reader } = this.draft;
    const scan = new InstrReader(reader.bytes, reader.pos, reader.end);
    const counts: { inside: number; insideThen: number; begin: number }[] = [];
    const open: { inside: number; insideThen: number; begin: number }[] = [];
    while (scan.next()) {
      switch (scan.code) {
        case Wasm.Loop:
          this.loopCount++;
          break;
        case Wasm.Else:
          open.at(-1)!.insideThen = this.loopCount - open.at(-1)!.begin;
          continue;
        case Wasm.End:
        case Wasm.Delegate: {
          const closed = open.pop();
          // The last end is the function's.
          if (closed !== undefined) closed.inside = this.loopCount - closed.begin;
          continue;
        }
      }
      if ((scan.row.flags & InstrFlag.Opens) !== 0) {
        const count = { inside: 0, insideThen: -1, begin: this.loopCount };
        counts.push(count);
        open.push(count);
      }
    }
    return counts;
  }

  /** As LoweringDraft.skipsDead, but loops that are skipped keep their numbers. */
  protected skipsDead(): boolean {
    const { draft } = this;
    if (draft.deadDepth < 0) return false;
    const { code, row } = draft.reader;
    const skipped = draft.skipsDead();
    if (!skipped) return false;
    if ((row.flags & InstrFlag.Opens) !== 0) this.construct++;
    if (code === Wasm.Loop) {
      this.loopsSeen++;
      this.loopOffsets.push(-1);
      this.loopLoads.push("");
    }
    return true;
  }

  protected line(text: string): void {
    const control = this.controls.at(-1)!;
    // A guard around holds for what is inside too: no loop begins there, or it would be closed.
    if (this.openGuards === 0 && this.loopsSeen < control.lastLoop) {
      this.body.push("if(e===0){");
      control.guarded = true;
      this.openGuards++;
    }
    this.emit(text);
  }

  protected emit(text: string): void {
    this.textLength += text.length;
    this.body.push(text);
  }

  private closeGuard(): void {
    const control = this.controls.at(-1)!;
    if (!control.guarded) return;
    control.guarded = false;
    this.openGuards--;
    this.emit("}");
  }

  protected charge(): string {
    return this.acc === 0 ? "" : `c=c-${this.acc}|0;`;
  }

  protected checkFuel(wasmOffset: number): void {
    this.line(`${this.charge()}if(c<0){x=${this.siteAt(wasmOffset, 0, false, this.stack.length)};break X;}`);
    this.acc = 0;
    this.span = 0;
  }

  protected openControl(kind: Control["kind"], type: FuncType, closers: string, lastLoop: number, lastThenLoop: number): Control {
    const label = `${kind === "loop" ? "L" : "B"}${this.labels++}`;
    const control: Control = {
      kind,
      label,
      height: this.stack.length - (kind === "func" ? 0 : type.params.length),
      type,
      lastLoop,
      lastThenLoop,
      guarded: false,
      closers,
      span: 0,
      reached: false,
      elseMissing: kind === "if",
      startSpan: this.span,
    };
    this.controls.push(control);
    if (this.controls.length > MAX_DEPTH) throw new Refusal();
    return control;
  }

  protected dead(): void {
    this.draft.deadDepth = 0;
  }

  /** Loops that begin inside the construct being opened. */
  private loopsInside(): number {
    return this.constructs[this.construct++]!.inside;
  }

  /** Text of a guard for a construct with loops up to `last`, when a later loop may be the one to be entered. */
  private skipUnless(last: number): string {
    return this.loopsSeen < this.controls.at(-1)!.lastLoop && this.controls.at(-1)!.lastLoop > last ? `if(e<=${last})` : "";
  }

  protected block(type: FuncType): void {
    const inside = this.loopsInside();
    const last = this.loopsSeen + inside;
    this.settleAll();
    if (inside === 0) {
      this.line(`B${this.labels}:{`);
      this.openControl("block", type, "}", last, 0);
      return;
    }
    this.closeGuard();
    const skip = this.skipUnless(last);
    this.emit(`B${this.labels}:${skip}{`);
    this.openControl("block", type, "}", last, 0);
  }

  protected loop(type: FuncType): void {
    const { reader } = this.draft;
    const inside = this.loopsInside();
    const number = this.loopsSeen + 1;
    const last = this.loopsSeen + inside + 1;
    this.settleAll();
    if (this.acc > 0) this.line(this.charge());
    this.acc = 0;
    this.span = 0;
    this.closeGuard();
    const skip = this.skipUnless(last);
    this.loopsSeen = number;
    this.emit(`${skip}L${this.labels}:for(;;){`);
    const site = this.siteAt(reader.pos, 0, false, this.stack.length);
    const header = `e=0;if(c<0){x=${site};break X;}`;
    this.emit(last > number ? `if(e<=${number}){${header}}` : header);
    this.openControl("loop", type, "}", last, 0);
    let loads = "";
    for (const [height, entry] of this.stack.entries()) loads += this.loadSlot(entry.type, entry, this.slotAt(height));
    this.loopOffsets.push(reader.pos);
    this.loopLoads.push(loads);
  }

  protected ifPart(type: FuncType): void {
    const { inside, insideThen } = this.constructs[this.construct++]!;
    const last = this.loopsSeen + inside;
    const lastThen = this.loopsSeen + (insideThen < 0 ? inside : insideThen);
    const condition = this.condition(this.pop());
    this.settleAll();
    if (this.acc > 0) this.line(this.charge());
    this.acc = 0;
    if (inside === 0) {
      this.line(`B${this.labels}:if(${condition}){`);
      this.openControl("if", type, "}", last, lastThen);
      return;
    }
    this.closeGuard();
    const skip = this.skipUnless(last);
    const taken = `e===0?${condition}:e<=${lastThen}`;
    this.emit(`B${this.labels}:${skip === "" ? "" : `${skip}{`}if(${taken}){`);
    this.openControl("if", type, skip === "" ? "}" : "}}", last, lastThen);
  }

  protected elsePart(): void {
    const control = this.controls.at(-1)!;
    control.elseMissing = false;
    if (this.draft.deadDepth < 0) {
      this.branchValues(control, control.type.results);
      if (this.acc > 0) this.line(this.charge());
      control.span = Math.max(control.span, this.span);
      control.reached = true;
    }
    this.draft.deadDepth = -1;
    this.closeGuard();
    this.emit("}else{");
    this.loopsSeen = Math.max(this.loopsSeen, control.lastThenLoop);
    this.restart(control, control.type.params);
    this.acc = 0;
    this.span = control.startSpan;
  }

  /** Puts a label's values into their slots' variables on the stack. */
  private restart(control: Control, types: readonly ValType[]): void {
    this.stack.length = control.height;
    for (const type of types) this.push(this.slotEntry(this.stack.length, type));
  }

  protected end(): void {
    const control = this.controls.at(-1)!;
    const { draft } = this;
    const live = draft.deadDepth < 0;
    if (control.kind === "func") {
      if (live) this.line(this.returnText());
      this.closeGuard();
      this.controls.pop();
      return;
    }
    if (live) {
      this.branchValues(control, control.type.results);
      if (this.acc > 0) this.line(this.charge());
      control.span = Math.max(control.span, this.span);
      if (control.kind === "loop") this.line("break;");
    }
    this.closeGuard();
    this.emit(control.closers);
    this.controls.pop();
    // The missing else part of an if is a way to its end.
    if (!live && !control.reached && !control.elseMissing) {
      draft.deadDepth = 0;
      this.stack.length = control.height;
      return;
    }
    draft.deadDepth = -1;
    this.acc = 0;
    this.span = Math.max(control.span, control.kind === "if" ? control.startSpan : 0);
    this.loopsSeen = Math.max(this.loopsSeen, control.lastLoop);
    this.restart(control, control.type.results);
  }

  /** Assigns the top values to the variables where a label wants them. */
  private branchValues(control: Control, types: readonly ValType[]): void {
    const text = this.moveText(control, types);
    if (text !== "") this.line(text);
  }

  private moveText(control: Control, types: readonly ValType[]): string {
    const first = this.stack.length - types.length;
    let text = "";
    for (const [i, type] of types.entries()) {
      const entry = this.stack[first + i]!;
      const names = this.slotNames(control.height + i, shapeOf(type));
      if (entry.lanes.length > 0 || entry.lo !== names.lo) text += this.assignParts(entry, names);
    }
    return text;
  }

  private control(depth: number): Control {
    return this.controls[this.controls.length - 1 - depth]!;
  }

  /** Statements of a branch, taken. */
  protected branchText(depth: number): string {
    const control = this.control(depth);
    if (control.kind === "func") return this.returnText();
    if (control.kind === "loop") return `${this.moveText(control, control.type.params)}${this.charge()}continue ${control.label};`;
    control.span = Math.max(control.span, this.span);
    control.reached = true;
    return `${this.moveText(control, control.type.results)}${this.charge()}break ${control.label};`;
  }

  protected returnText(): string {
    const { results } = this.draft.type;
    const first = this.stack.length - results.length;
    let text = "";
    // A result's slot may be a parameter's, never an operand's: operands are in variables.
    let slot = 0;
    for (const [i, type] of results.entries()) {
      text += this.storeSlot(type, this.stack[first + i]!, slot);
      slot += slotsOf(type);
    }
    return `${text}return c${this.acc === 0 ? "" : `-${this.acc}|0`};`;
  }

  protected branchIf(depth: number): void {
    this.branchWhen(this.condition(this.pop()), depth);
  }

  /** Branches with the operands that are there when the condition holds. */
  protected branchWhen(condition: string, depth: number): void {
    this.line(`if(${condition}){${this.branchText(depth)}}`);
  }

  /** Exceptions lead to the label: what is behind it may run though nothing here branches to it. */
  protected reach(depth: number): void {
    this.control(depth).reached = true;
  }

  /**
   * The handler of an old try begins. Only the interpreter runs handlers, as only it throws; they end where the try
   * does, and generated code goes on there.
   */
  protected catchPart(): void {
    const control = this.controls.at(-1)!;
    if (this.draft.deadDepth < 0) {
      this.branchValues(control, control.type.results);
      this.line(`${this.charge()}break ${control.label};`);
      control.span = Math.max(control.span, this.span);
    }
    control.reached = true;
    this.dead();
  }

  protected branchTable(labels: readonly number[]): void {
    const index = this.pop().lo;
    const fallback = labels.at(-1)!;
    const byLabel = new Map<number, number[]>();
    for (const [i, depth] of labels.slice(0, -1).entries()) {
      if (depth === fallback) continue;
      const cases = byLabel.get(depth);
      if (cases === undefined) byLabel.set(depth, [i]);
      else cases.push(i);
    }
    let text = `switch(${index}){`;
    for (const [depth, cases] of byLabel) text += `${cases.map((i) => `case ${i}:`).join("")}${this.branchText(depth)}`;
    this.line(`${text}default:${this.branchText(fallback)}}`);
  }

  protected call(): void {
    const form = callForm(this.draft)!;
    const { type, addr } = form;
    if (form.tail) {
      this.tailCall(form);
      this.dead();
    } else if (form.through !== "function") this.callThrough(form);
    else if (this.draft.store.funcs[addr]!.kind === "host") {
      this.leaveForGood();
      this.afterDead(type.params.length, type.results);
    } else this.callText(type, this.stack.length - type.params.length, `FN[${addr}]`);
  }

  /** The instruction is always the interpreter's. */
  protected leaveForGood(): void {
    this.line(`x=${this.site()};break X;`);
  }

  /** Keeps the stack's shape after an instruction that always leaves; what follows runs only when entered anew. */
  protected afterDead(popped: number, results: readonly ValType[]): void {
    this.stack.length -= popped;
    for (const type of results) this.push(this.slotEntry(this.stack.length, type));
  }

  private callText(type: FuncType, first: number, callee: string): void {
    const site = this.site(true, first);
    const at = this.slotAt(first);
    const charged = this.acc === 0 ? "c" : `c-${this.acc}|0`;
    // A frame without slots begins where its caller's does: of the two only the caller's can be the one that was there before.
    const [hide, show] = at === 0 ? ["z=R[5];R[5]=-1;", "R[5]=z;"] : ["", ""];
    this.line(`${this.storeFrom(first)}x=${site};${hide}q=1;q=${callee}(${this.wide(at)},d,${charged},0);if(q<0)break X;c=q;q=0;${show}`);
    this.acc = 0;
    this.span = 0;
    this.stack.length = first;
    let results = "";
    let slot = at;
    for (const [i, result] of type.results.entries()) {
      results += this.takeSlot(result, this.release(first + i, shapeOf(result)), slot);
      slot += slotsOf(result);
      this.push(this.slotEntry(first + i, result));
    }
    if (results !== "") this.line(results);
  }

  /** A call through a table or a reference: whatever is wrong with it is the interpreter's to say. */
  protected callThrough(form: CallForm): void {
    const target = this.stack.length - 1;
    this.findCallee(form);
    // Not entered, the instruction is the interpreter's, which takes the target from its slot.
    this.line(this.storeFrom(target));
    this.stack.length = target;
    this.callText(form.type, target - form.type.params.length, "FN[t]");
  }

  /** Leaves the address of the function that the operand on top means in `t`. */
  private findCallee(form: CallForm): void {
    const target = this.simplify(this.stack.length - 1);
    if (form.through === "table") {
      this.line(`t=indirect(T[${form.addr}],${this.index(target)},${form.typeNumber});`);
      this.leaveIf("t<0");
    } else {
      this.leaveIf(`${target.lo}===0`);
      this.line(`t=${target.lo}-1;`);
    }
  }

  /**
   * The callee runs in this function's frame, and its answer is this function's: when it leaves, only its frame is there.
   * Only the engine's stack knows of both, and ends in time. What is of another instance, or the host's, is left.
   */
  private tailCall(form: CallForm): void {
    const { draft } = this;
    const { instanceAddr } = draft.store.funcs[draft.funcAddr] as WasmFunc;
    let callee = `${form.addr}`;
    let last = this.stack.length;
    if (form.through !== "function") {
      this.findCallee(form);
      this.leaveIf(`instanceOf(t)!==${instanceAddr}`);
      callee = "t";
      last--;
    } else {
      const func = draft.store.funcs[form.addr]!;
      if (func.kind === "host" || func.instanceAddr !== instanceAddr) {
        this.leaveForGood();
        return;
      }
    }
    this.hasTailCalls = true;
    const x = `x=${this.site()};`;
    const first = last - form.type.params.length;
    let text = "";
    let slot = 0;
    for (const [i, type] of form.type.params.entries()) {
      text += this.storeSlot(type, this.stack[first + i]!, slot);
      slot += slotsOf(type);
    }
    const charged = this.acc === 0 ? "c" : `c-${this.acc}|0`;
    const answer = `q=1;q=FN[${callee}](fp,d,${charged},0);if(q!==${NOT_ENTERED})return q;break X;`;
    this.line(`${x}${text}if(R[5]===fp)retarget(${callee});${answer}`);
  }

  /** An index or a size as 32 bits: what does not fit becomes one that is out of bounds everywhere. The value is simple. */
  protected index({ lo, hi }: Parts): string {
    return hi === "" ? lo : `(${hi}===0?${lo}:-1)`;
  }
}
