/**
 * Vector instructions in generated JavaScript. What has no text of its own is done by the interpreter's loop for vectors
 * (simd.ts), on operands in their slots: its code for one operation is made once per store, relative to the first operand.
 */
import { GeneratedOutside } from "./generate-outside.ts";
import { Op } from "./ops.ts";
import { emitSimd } from "./simd-form.ts";
import { slotsOf } from "./types.ts";

export abstract class GeneratedVectors extends GeneratedOutside {
  protected vectorInstruction(): void {
    this.vectorByLoop();
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
}
