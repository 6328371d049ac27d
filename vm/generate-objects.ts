/**
 * References and objects of the heap in generated JavaScript: null checks, casts and tests, fields and elements. What is wrong
 * with a reference or an index leaves, and traps in the interpreter. Objects are made by helpers, which may want a collection.
 */
import { bulkForm } from "./bulk-form.ts";
import { I31_FLAG } from "./casts.ts";
import { GeneratedVectors } from "./generate-vectors.ts";
import { CELL_MASK } from "./heap.ts";
import { CELL_BYTES, Storage, unpacked } from "./layout.ts";
import { Wasm } from "./opcodes.ts";
import { Gc } from "./ops.ts";
import { isNullable, ValType } from "./types.ts";

/** DataView method of each storage that is one number, without get or set. */
const METHODS: ReadonlyMap<Storage, string> = new Map<Storage, string>([
  [Storage.Word, "Int32"],
  [Storage.I8S, "Int8"],
  [Storage.I8U, "Uint8"],
  [Storage.I16S, "Int16"],
  [Storage.I16U, "Uint16"],
]);

export abstract class GeneratedObjects extends GeneratedVectors {
  /** Does the instruction being read if it is about references; returns whether it is. */
  protected reference(): boolean {
    const { draft, stack } = this;
    const { a, c, code } = draft.reader;
    const top = stack.length - 1;
    switch (code) {
      case Wasm.RefEq: {
        const [x, y] = [stack[top - 1]!, stack[top]!];
        const condition = `(${x.lo}===${y.lo})`;
        stack.length = top - 1;
        const reads = new Set([...x.reads, ...y.reads]);
        this.push(this.entry(ValType.I32, `(${condition}?1:0)`, "", { condition, reads, weight: x.weight + y.weight + 1 }));
        return true;
      }
      case Wasm.RefAsNonNull:
        this.leaveIf(`${this.simplify(top).lo}===0`);
        return true;
      case Wasm.RefI31: {
        const { lo, reads, weight } = this.pop();
        this.push(this.entry(ValType.I31Ref, `(${lo}|${I31_FLAG})`, "", { reads, weight: weight + 1 }));
        return true;
      }
      case Wasm.I31GetS:
      case Wasm.I31GetU: {
        const { lo, reads } = this.simplify(top);
        this.leaveIf(`${lo}===0`);
        this.pop();
        this.push(this.entry(ValType.I32, code === Wasm.I31GetS ? `(${lo}<<1>>1)` : `(${lo}&2147483647)`, "", { reads }));
        return true;
      }
      // A reference is the same in both hierarchies.
      case Wasm.AnyConvertExtern:
      case Wasm.ExternConvertAny:
        return true;
      case Wasm.RefTest:
      case Wasm.RefTestNull: {
        // At once, as the object may be gone when the answer is looked at.
        const text = `isOf(${stack[top]!.lo},${draft.storeType(a)})?1:0`;
        const { lo } = this.release(top, "i");
        this.line(`${lo}=${text};`);
        this.pushSlot(top, ValType.I32);
        return true;
      }
      case Wasm.RefCast:
      case Wasm.RefCastNull:
        this.leaveIf(`!isOf(${this.simplify(top).lo},${draft.storeType(a)})`);
        return true;
      case Wasm.BrOnNull:
      case Wasm.BrOnNonNull:
      case Wasm.BrOnCast:
      case Wasm.BrOnCastFail:
      case Wasm.BrOnCastDescEq:
      case Wasm.BrOnCastDescEqFail:
        this.branchOnReference(code, a, c);
        return true;
      default:
        return this.object();
    }
  }

  private branchOnReference(code: number, depth: number, type: ValType): void {
    const top = this.stack.length - 1;
    const { lo } = this.simplify(top);
    switch (code) {
      case Wasm.BrOnNull: {
        const entry = this.pop();
        this.branchWhen(`${lo}===0`, depth);
        this.push(entry);
        break;
      }
      case Wasm.BrOnNonNull:
        this.branchWhen(`${lo}!==0`, depth);
        this.pop();
        break;
      case Wasm.BrOnCast:
      case Wasm.BrOnCastFail:
        this.branchWhen(`isOf(${lo},${this.draft.storeType(type)})===${code === Wasm.BrOnCast}`, depth);
        break;
      default: {
        const slot = this.slotAt(top - 1);
        this.line(this.storeFrom(top - 1));
        this.leaveIf(`outside(${Gc.RefTestDescBeside},${this.word(slot)},${isNullable(type) ? 1 : 0},0)!==0`);
        this.pop();
        this.branchWhen(`I[${this.word(slot + 1)}]${code === Wasm.BrOnCastDescEq ? "!==" : "==="}0`, depth);
      }
    }
  }

  /** Fields and elements that have a text; the others are left to helpers. */
  private object(): boolean {
    const { draft } = this;
    const { code, a, b } = draft.reader;
    const height = this.stack.length;
    switch (code) {
      case Wasm.StructGet:
      case Wasm.StructGetS:
      case Wasm.StructGetU: {
        const { a: byteOffset, b: storage, results } = bulkForm(draft)!;
        if (storage === Storage.Vector) return false;
        const { lo } = this.simplify(height - 1);
        this.leaveIf(`${lo}===0`);
        this.readObject(height - 1, results[0]!, storage as Storage, `${at(lo)}+${byteOffset}`);
        return true;
      }
      case Wasm.StructSet: {
        const { a: byteOffset, b: storage } = bulkForm(draft)!;
        if (storage === Storage.Vector) return false;
        const { lo } = this.simplify(height - 2);
        this.leaveIf(`${lo}===0`);
        this.writeObject(height - 2, unpacked(draft.module.types[a]!.fields[b]!.type), storage as Storage, `${at(lo)}+${byteOffset}`);
        return true;
      }
      case Wasm.ArrayLen: {
        const { lo } = this.simplify(height - 1);
        this.leaveIf(`${lo}===0`);
        this.readObject(height - 1, ValType.I32, Storage.Word, `${at(lo)}+4`);
        return true;
      }
      case Wasm.ArrayGet:
      case Wasm.ArrayGetS:
      case Wasm.ArrayGetU: {
        const { a: storage, b: elemBytes, results } = bulkForm(draft)!;
        if (storage === Storage.Vector) return false;
        const address = this.element(height - 2, elemBytes);
        this.readObject(height - 2, results[0]!, storage as Storage, address);
        return true;
      }
      case Wasm.ArraySet: {
        const { a: storage, b: elemBytes } = bulkForm(draft)!;
        if (storage === Storage.Vector) return false;
        const address = this.element(height - 3, elemBytes);
        this.writeObject(height - 3, unpacked(draft.module.types[a]!.fields[0]!.type), storage as Storage, address);
        return true;
      }
      default:
        return false;
    }
  }

  /** Byte address of the element that an array at `height` and the index above it mean. */
  private element(height: number, elemBytes: number): string {
    const array = this.simplify(height).lo;
    const index = this.simplify(height + 1).lo;
    this.leaveIf(`${array}===0||(${index}>>>0)>=(H.view.getInt32(${at(array)}+4,true)>>>0)`);
    return `${at(array)}+${CELL_BYTES}+${index}*${elemBytes}`;
  }

  private readObject(height: number, type: ValType, storage: Storage, address: string): void {
    const { lo, hi } = this.release(height, type === ValType.I64 ? "l" : type === ValType.F32 || type === ValType.F64 ? "d" : "i");
    const method = METHODS.get(storage);
    if (type === ValType.F32 || type === ValType.F64) {
      const [name, odd] = type === ValType.F32 ? ["Float32", "odd32"] : ["Float64", "odd64"];
      this.line(`t=${address};v=H.view.get${name}(t,true);`);
      this.leaveIf(`v!==v&&${odd}(H.view,t,1)`);
      this.line(`${lo}=v;`);
    } else if (method !== undefined) this.line(`${lo}=H.view.get${method}(${address},true);`);
    else this.line(`t=${address};${hi}=H.view.getInt32(t+4,true);${lo}=H.view.getInt32(t,true);`);
    this.pushSlot(height, type);
  }

  /** Stores the top value; the operands from `height` on go. */
  private writeObject(height: number, type: ValType, storage: Storage, address: string): void {
    const value = this.simplify(this.stack.length - 1);
    const start = `t=${address};`;
    const end = "H.dirty[t>>>12]=1;";
    if (type === ValType.F32) this.line(`${start}H.view.setInt32(t,bitsOfF32(${value.lo}),true);${end}`);
    else if (type === ValType.F64) {
      this.line(`${start}H.view.setFloat64(t,${value.lo},true);if(${value.lo}!==${value.lo})storeNan64(H.view,t);${end}`);
    } else if (storage === Storage.Wide)
      this.line(`${start}H.view.setInt32(t,${value.lo},true);H.view.setInt32(t+4,${value.hi},true);${end}`);
    else this.line(`${start}H.view.set${METHODS.get(storage)!.replace("Uint", "Int")}(t,${value.lo},true);${end}`);
    this.stack.length = height;
  }
}

/** Byte address of the object that a reference means. */
function at(ref: string): string {
  return `(${ref}&${CELL_MASK})*${CELL_BYTES}`;
}
