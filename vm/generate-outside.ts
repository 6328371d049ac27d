/**
 * Instructions that generated code has helpers for: what runs outside of the interpreter's loop is done by the same
 * functions on the frame's slots, so operands go there and results are taken from there. Nothing here has text of its own for an instruction.
 */
import { GeneratedControl } from "./generate-control.ts";
import { shapeOf } from "./generate-values.ts";
import type { BulkForm } from "./outside-form.ts";
import { slotsOf, ValType } from "./types.ts";

export abstract class GeneratedOutside extends GeneratedControl {
  /**
   * What runs outside of the interpreter's loop runs as there, on the frame's slots. One that would trap leaves, and traps
   * there; so does one that wants the heap collected, for which all frames have to be there.
   */
  protected outside(form: BulkForm): void {
    const first = this.firstOperand(form.operandSlots);
    const at = this.word(this.slotAt(first));
    this.runHelper(first, (i) => form.wide.includes(i), `outside(${form.kind},${at},${form.a},${form.b})!==0`, form.results);
  }

  /** Height of the first of the operands that take so many slots. */
  private firstOperand(slots: number): number {
    let height = this.stack.length;
    for (let left = slots; left > 0; left -= slotsOf(this.stack[height]!.type)) height--;
    return height;
  }

  /**
   * A helper that takes its operands, from height `first` on, from their slots and leaves results there. It fails when
   * `fails` holds, and has done nothing then. Operands that are `wide` are clamped to 32 bits.
   */
  protected runHelper(first: number, wide: (operand: number) => boolean, fails: string, results: readonly ValType[]): void {
    const slot = this.slotAt(first);
    let text = this.storeFrom(first);
    for (let i = first; i < this.stack.length; i++) {
      const entry = this.stack[i]!;
      // An address of 64 bits may also be that of an access, which the form does not say.
      if (entry.type === ValType.I64 && (wide(i - first) || (i === first && this.draft.has64BitAddress))) {
        text += `I[${this.word(this.slotAt(i))}]=${this.index(this.simplify(i))};`;
      }
    }
    this.line(`${text}if(${fails}){x=${this.site()};break X;}`);
    this.stack.length = first;
    this.takeResults(first, slot, results);
  }

  /** Results that a helper left in slots. A float that is no canonical NaN stays there: the interpreter goes on behind the instruction. */
  private takeResults(first: number, firstSlot: number, results: readonly ValType[]): void {
    let slot = firstSlot;
    let site = "";
    if (results.some((type) => shapeOf(type) === "d")) site = `x=${this.siteBehind(first)};`;
    for (const type of results) {
      const names = this.release(this.stack.length, shapeOf(type));
      this.line(`${site}${this.takeSlot(type, names, slot, site === "" ? "" : "break X;")}`);
      this.pushSlot(this.stack.length, type);
      slot += slotsOf(type);
    }
  }
}
