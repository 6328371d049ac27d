/** Numbers, vectors and opaque references as people read them, by their type and bits. What objects hold is objects.ts. */
import { floatText } from "../rr/event.ts";
import { ValType as Type, type ValType } from "../vm/types.ts";

/** A value as people write it: integers signed, and in hexadecimal where that tells more; floats so that they read back. */
export function valueText(type: ValType, bits: bigint): string {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, bits, true);
  switch (type) {
    case Type.I32:
      return integerText(BigInt.asIntN(32, bits), bits);
    case Type.I64:
      return integerText(BigInt.asIntN(64, bits), bits);
    case Type.F32:
      return floatText(view.getFloat32(0, true), bits);
    case Type.F64:
      return floatText(view.getFloat64(0, true), bits);
    case Type.FuncRef:
    case Type.ExternRef:
      return bits === 0n ? "null" : `${type === Type.FuncRef ? "func" : "extern"}@${bits - 1n}`;
    case Type.V128:
      return vectorText(bits);
    default:
      return `0x${bits.toString(16)}`;
  }
}

/** A vector as four words, the lane of lowest number first, in the manner of the text format. */
function vectorText(bits: bigint): string {
  const lanes = [0n, 32n, 64n, 96n].map((at) => ((bits >> at) & 0xffff_ffffn).toString(16).padStart(8, "0"));
  return `i32x4 0x${lanes.join(" 0x")}`;
}

function integerText(value: bigint, bits: bigint): string {
  return value >= -9n && value <= 9n ? `${value}` : `${value} (0x${bits.toString(16)})`;
}
