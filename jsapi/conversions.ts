/**
 * ToWebAssemblyValue and ToJSValue (JS API): JavaScript values to and from values of the machine, and their 64 bits in a
 * global. The only place that knows how each type converts; generated wrappers (wrapper-code.ts) say the same as text.
 */
import { isRefType, ValType } from "../vm/types.ts";
import type { Value } from "../vm/value.ts";
import type { Agent } from "./agent.ts";
import { isOpaque, opaqueError } from "./references.ts";
import { toBigInt } from "./webidl.ts";

/** Scratch of one agent, for the bits of floats. */
export class Conversions {
  private readonly agent: Agent;
  private readonly f64 = new Float64Array(1);
  private readonly i64: BigInt64Array;
  private readonly f32: Float32Array;
  private readonly u32: Uint32Array;

  constructor(agent: Agent) {
    this.agent = agent;
    this.i64 = new BigInt64Array(this.f64.buffer);
    this.f32 = new Float32Array(this.f64.buffer);
    this.u32 = new Uint32Array(this.f64.buffer);
  }

  /** Throws TypeError, or whatever the value's own conversion methods throw. */
  toWasm(value: unknown, type: ValType): Value {
    switch (type) {
      case ValType.I32:
        return (value as number) | 0;
      case ValType.I64:
        return BigInt.asIntN(64, toBigInt(value));
      case ValType.F32:
        return Math.fround(value as number);
      case ValType.F64:
        return +(value as number);
      default:
        if (isOpaque(type)) throw opaqueError(type);
        return this.agent.references.toRef(value, type);
    }
  }

  /**
   * Converts a value for each type, in order, but gives numbers to references last: that runs no JavaScript, so nobody sees
   * it, and none of these references is on its way while others do.
   */
  allToWasm(values: readonly unknown[], types: readonly ValType[]): Value[] {
    const { references } = this.agent;
    let numbered = false;
    const converted = types.map((type, i) => {
      if (!references.isNumbered(type)) return this.toWasm(values[i], type);
      numbered = true;
      references.check(values[i], type);
      return 0;
    });
    if (!numbered) return converted;
    this.agent.makeRoom();
    return converted.map((value, i) => (references.isNumbered(types[i]!) ? references.toRef(values[i], types[i]!) : value));
  }

  toJs(value: Value, type: ValType): unknown {
    return isRefType(type) ? this.agent.references.fromRef(Number(value), type) : value;
  }

  /** DefaultValue(type): what a part of the store begins with when JavaScript gives nothing. Throws TypeError for a type that has none. */
  defaultValue(type: ValType): Value {
    if (type === ValType.I64 || type === ValType.V128) return 0n;
    if (type === ValType.ExternRef) return this.agent.externs.toRef(undefined);
    if (isRefType(type)) this.agent.references.check(null, type);
    return 0;
  }

  /** The bits of a global that holds the value; the high half of 32-bit values is zero. */
  toBits(value: Value, type: ValType): bigint {
    switch (type) {
      case ValType.V128:
        return BigInt(value);
      case ValType.I64:
        return BigInt.asIntN(64, BigInt(value));
      case ValType.F64:
        this.f64[0] = Number(value);
        return this.i64[0]!;
      case ValType.F32:
        this.f32[0] = Number(value);
        return BigInt(this.u32[0]!);
      default:
        return BigInt(Number(value) >>> 0);
    }
  }

  fromBits(bits: bigint, type: ValType): Value {
    switch (type) {
      case ValType.I64:
        return bits;
      case ValType.F64:
        this.i64[0] = bits;
        return this.f64[0]!;
      case ValType.F32:
        this.u32[0] = Number(BigInt.asUintN(32, bits));
        return this.f32[0]!;
      default:
        return Number(BigInt.asIntN(32, bits));
    }
  }
}
