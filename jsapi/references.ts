/**
 * References between JavaScript and the machine (JS API: ToWebAssemblyValue and ToJSValue of reference types): null, exported
 * functions, and values that wasm only holds. It knows which values a type has; numbers of values are extern-values.ts.
 */
import { isInstanceOf } from "../vm/casts.ts";
import { isHeapRef } from "../vm/heap.ts";
import { topOf } from "../vm/subtype.ts";
import { isNullable, isRefType, nonNull, refTo, ValType, valTypeName } from "../vm/types.ts";
import type { Agent } from "./agent.ts";

/** Whether values of the type can never be seen by JavaScript: functions and globals that have them throw TypeError. */
export function isOpaque(type: ValType): boolean {
  const plain = type & ~(nonNull(0) as number);
  return plain === ValType.V128 || plain === ValType.ExnRef || plain === ValType.NullExnRef;
}

export function opaqueError(type: ValType): TypeError {
  return new TypeError(`values of type ${valTypeName(type)} cannot pass between JavaScript and WebAssembly`);
}

export class References {
  private readonly agent: Agent;

  constructor(agent: Agent) {
    this.agent = agent;
  }

  /** Any, func or extern. */
  private hierarchy(type: ValType): ValType {
    return topOf(this.agent.machine.store.types.types, type);
  }

  /**
   * Whether references of the type may get numbers of their own: they must not be on their way while JavaScript runs, see
   * `Agent.makeRoom`.
   */
  isNumbered(type: ValType): boolean {
    return isRefType(type) && !isOpaque(type) && this.hierarchy(type) !== ValType.FuncRef;
  }

  /** Throws TypeError when the value is none of the type. Runs no JavaScript of the program. */
  check(value: unknown, type: ValType): void {
    if (isOpaque(type)) throw opaqueError(type);
    if (value === null ? !isNullable(type) : !this.has(value, type)) {
      throw new TypeError(`the value is none of type ${valTypeName(type)}`);
    }
  }

  /** Whether a value other than null is of the type. */
  private has(value: unknown, type: ValType): boolean {
    const { machine, functions } = this.agent;
    const { funcs, types } = machine.store;
    switch (this.hierarchy(type)) {
      case ValType.ExternRef:
        return types.matches(nonNull(ValType.ExternRef), type);
      case ValType.FuncRef: {
        const addr = functions.addrOf(value);
        if (addr === undefined) return false;
        const func = funcs[addr]!;
        return type === ValType.FuncRef || types.matches(nonNull(refTo(func.typeNumber ?? types.ofFunc(func.type))), type);
      }
      default: {
        const ref = this.agent.held.refOf(value);
        if (ref !== undefined) return isInstanceOf(this.agent.own!.store, ref, type);
        return types.matches(nonNull(isSmallInteger(value) ? ValType.I31Ref : ValType.AnyRef), type);
      }
    }
  }

  /** A reference of the machine. Throws TypeError when the value is none of the type. */
  toRef(value: unknown, type: ValType): number {
    if (type === ValType.ExternRef) return this.numberOf(value);
    this.check(value, type);
    if (value === null) return 0;
    return this.hierarchy(type) === ValType.FuncRef ? this.agent.functions.addrOf(value)! + 1 : this.numberOf(value);
  }

  /** The reference of any value, outside of the hierarchy of functions. */
  numberOf(value: unknown): number {
    return this.agent.held.refOf(value) ?? this.agent.externs.toRef(value);
  }

  /** The value of such a reference: of one that leads into the heap an object that tells nothing. */
  valueOf(ref: number): unknown {
    return isHeapRef(ref) ? this.agent.held.objectOf(ref, opaqueObject) : this.agent.externs.fromRef(ref);
  }

  fromRef(ref: number, type: ValType): unknown {
    if (ref === 0) return null;
    return this.hierarchy(type) === ValType.FuncRef ? this.agent.functions.at(ref - 1) : this.valueOf(ref);
  }
}

/** What structs and arrays are to JavaScript: no properties, no prototype, and no way to get any. */
function opaqueObject(): object {
  return Object.freeze(Object.create(null)) as object;
}

/** Whether a value is an integer of 31 bits, which is a reference by itself. */
function isSmallInteger(value: unknown): boolean {
  return typeof value === "number" && Object.is((value << 1) >> 1, value);
}
