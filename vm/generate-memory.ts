/**
 * Loads and stores in generated JavaScript: of scalars and atomic ones, in all memories. Those of vectors are in
 * generate-vectors.ts. Addresses out of bounds need no test: DataView throws, and generated code leaves (generate.ts).
 */
import { bulkForm } from "./bulk-form.ts";
import { type AccessForm, accessForms } from "./generate-forms.ts";
import { GeneratedOutside } from "./generate-outside.ts";
import { shapeOf } from "./generate-values.ts";
import { CANONICAL_NAN_32 } from "./numeric.ts";
import type { InstrRow } from "./opcodes.ts";
import { ValType } from "./types.ts";

const MAX_U32 = 0xffffffff;

/** What a modified value is made of, from the old one in `y` and the operand. */
const modifications: Readonly<Record<string, (operand: string) => string>> = {
  add: (operand) => `y+${operand}`,
  sub: (operand) => `y-${operand}`,
  and: (operand) => `y&${operand}`,
  or: (operand) => `y|${operand}`,
  xor: (operand) => `y^${operand}`,
  xchg: (operand) => operand,
};

export abstract class GeneratedMemory extends GeneratedOutside {
  protected usesMemory = false;
  private readonly others = new Set<number>();

  /** Texts of the view of the memory that the instruction names and of its pages' marks. */
  protected memory(): { readonly view: string; readonly dirty: string } {
    const { c } = this.draft.reader;
    if (c === 0) {
      this.usesMemory = true;
      return { view: "dv", dirty: "D" };
    }
    const memoryAddr = this.draft.instance.memoryAddrs[c]!;
    this.others.add(memoryAddr);
    return { view: `n${memoryAddr}.view`, dirty: `n${memoryAddr}.dirty` };
  }

  /** Declarations of the memories other than the first. */
  protected get otherMemories(): string {
    return Array.from(this.others, (memoryAddr) => `,n${memoryAddr}=MS[${memoryAddr}]`).join("");
  }

  /** Whether the instruction is an access whose offset alone is beyond any memory: it is left. */
  protected isBeyondMemory(): boolean {
    const { row, b } = this.draft.reader;
    if (row.align < 0 || b <= MAX_U32) return false;
    this.leaveForGood();
    this.afterDead(row.params!.length, row.results!);
    return true;
  }

  protected address(height: number): string {
    const offset = this.draft.reader.b;
    if (this.stack[height]!.type === ValType.I64) return `(${this.index(this.simplify(height))}>>>0)+${offset}`;
    const entry = this.stack[height]!;
    if (entry.constant !== undefined) return `${(entry.constant >>> 0) + offset}`;
    return offset === 0 ? `(${entry.lo})>>>0` : `(${entry.lo}>>>0)+${offset}`;
  }

  protected loadInstruction(row: InstrRow, form: AccessForm): void {
    const { view } = this.memory();
    const height = this.stack.length - 1;
    const type = row.results![0]!;
    const address = this.address(height);
    const { lo, hi } = this.release(height, shapeOf(type));
    const x = `x=${this.site()};`;
    const order = form.bytes === 1 ? "" : ",true";
    if (form.float) {
      const odd =
        form.bytes === 4 ? `isOddNan32(${view}.getInt32(t,true))` : `isOddNan64(${view}.getInt32(t,true),${view}.getInt32(t+4,true))`;
      this.line(`${x}t=${address};v=${view}.get${form.method}(t,true);if(v!==v&&${odd})break X;${lo}=v;`);
    } else if (!form.pair) this.line(`${x}${lo}=${view}.get${form.method}(${address}${order});`);
    else if (form.bytes === 8) this.line(`${x}t=${address};${hi}=${view}.getInt32(t+4,true);${lo}=${view}.getInt32(t,true);`);
    else {
      const high = form.method.startsWith("Uint") ? "0" : `${lo}>>31`;
      this.line(`${x}${lo}=${view}.get${form.method}(${address}${order})|0;${hi}=${high};`);
    }
    this.pushSlot(height, type);
  }

  protected storeInstruction(form: AccessForm): void {
    const { view, dirty } = this.memory();
    const height = this.stack.length - 2;
    if (form.float || form.bytes === 8) this.simplify(height + 1);
    const value = this.stack[height + 1]!;
    const address = this.address(height);
    const x = `x=${this.site()};t=${address};`;
    const mark = `${dirty}[t>>>12]=1;`;
    if (form.bytes === 8 && form.pair) this.line(`${x}${view}.setInt32(t+4,${value.hi},true);${view}.setInt32(t,${value.lo},true);${mark}`);
    else if (form.float) {
      const canonical = form.bytes === 4 ? `${view}.setInt32(t,${CANONICAL_NAN_32},true)` : `storeNan64(${view},t)`;
      this.line(`${x}${view}.set${form.method}(t,${value.lo},true);if(${value.lo}!==${value.lo})${canonical};${mark}`);
    } else this.line(`${x}${view}.set${form.method}(t,${value.lo}${form.bytes === 1 ? "" : ",true"});${mark}`);
    this.stack.length = height;
  }

  /** What one thread alone sees of an atomic access is an access at an address that has to be aligned. */
  protected atomicInstruction(row: InstrRow): void {
    const bytes = 1 << row.align;
    const [, type, kind, op] = /^(i32|i64)\.atomic\.(load|store|rmw)\d*(?:\.(\w+))?/.exec(row.mnemonic.replace("_u", "")) ?? [];
    if (type === undefined || (kind === "rmw" && bytes === 8)) {
      this.outside(bulkForm(this.draft)!);
      return;
    }
    const height = this.stack.length - row.params!.length;
    for (let i = height; i < this.stack.length; i++) this.simplify(i);
    const address = this.address(height);
    this.line(`t=${address};`);
    this.leaveIf(`(t&${bytes - 1})!==0`);
    if (kind !== "rmw") {
      const plain = `${type}.${kind}${(type === "i32" && bytes === 4) || bytes === 8 ? "" : `${bytes * 8}${kind === "load" ? "_u" : ""}`}`;
      const form = accessForms.get(plain)!;
      if (kind === "load") this.loadInstruction(row, form);
      else this.storeInstruction(form);
      return;
    }
    this.modify(height, row, op!, bytes);
  }

  private modify(height: number, row: InstrRow, op: string, bytes: number): void {
    const { view, dirty } = this.memory();
    const [operand, replacement] = [this.stack[height + 1]!, this.stack[height + 2]];
    const result = row.results![0]!;
    const method = bytes === 1 ? "Uint8" : bytes === 2 ? "Uint16" : "Int32";
    const write = (value: string): string => `${view}.set${method.replace("Uint", "Int")}(t,${value},true);${dirty}[t>>>12]=1;`;
    let text = `x=${this.site()};y=${view}.get${method}(t,true);`;
    if (replacement === undefined) text += write(modifications[op]!(operand.lo));
    else text += `if(y===${operand.lo}${operand.hi === "" ? "" : `&&${operand.hi}===0`}){${write(replacement.lo)}}`;
    const { lo, hi } = this.release(height, shapeOf(result));
    this.line(`${text}${lo}=y;${hi === "" ? "" : `${hi}=0;`}`);
    this.pushSlot(height, result);
  }
}
