/** Comparing results with what a script expects, by exact bits, and printing both for people. */
import type { Pattern, WastValue } from "./wast.ts";

const FLOATS = {
  f32: { infinity: 0x7f800000n, quiet: 0x00400000n, sign: 0x80000000n },
  f64: { infinity: 0x7ff0000000000000n, quiet: 0x0008000000000000n, sign: 0x8000000000000000n },
} as const;

/** Whether the bits are a NaN of the class (spec: NaN patterns). Arithmetic NaNs include the canonical ones. */
export function isNan(bits: bigint, type: "f32" | "f64", nanClass: "canonical" | "arithmetic"): boolean {
  const { infinity, quiet, sign } = FLOATS[type];
  const magnitude = bits & (sign - 1n);
  const canonical = infinity | quiet;
  return nanClass === "canonical" ? magnitude === canonical : (magnitude & canonical) === canonical;
}

export function matches(value: WastValue, pattern: Pattern): boolean {
  switch (pattern.kind) {
    case "value":
      return sameValue(value, pattern.value);
    case "nan":
      return value.kind === pattern.type && isNan(value.bits, pattern.type, pattern.class);
    case "ref":
      if (value.kind === "host") return pattern.heap === "extern" || pattern.heap === "any";
      return value.kind === pattern.heap || (value.kind === "other" && isOfHeap(value.heap, pattern.heap));
    case "lanes":
      return value.kind === "v128" && pattern.lanes.every((lane, i) => matchesLane(value.bits, pattern.laneBits, i, lane));
    case "either":
      return pattern.patterns.some((option) => matches(value, option));
  }
}

/** Whether what has one heap type as its own is of another. */
function isOfHeap(own: string, heap: string): boolean {
  return own === heap || ((heap === "any" || heap === "eq") && (own === "i31" || own === "struct" || own === "array"));
}

function matchesLane(bits: bigint, laneBits: number, index: number, pattern: Pattern): boolean {
  const lane = BigInt.asUintN(laneBits, bits >> BigInt(index * laneBits));
  if (pattern.kind === "nan") return isNan(lane, pattern.type, pattern.class);
  return pattern.kind === "value" && "bits" in pattern.value && pattern.value.bits === lane;
}

function sameValue(a: WastValue, b: WastValue): boolean {
  if ("bits" in a) return "bits" in b && a.kind === b.kind && a.bits === b.bits;
  if (a.kind === "host") return b.kind === "host" && a.number === b.number;
  return a.kind === b.kind;
}

export function showValue(value: WastValue): string {
  if ("bits" in value) return `${value.kind}:0x${value.bits.toString(16)}`;
  if (value.kind === "host") return `extern:${value.number}`;
  return value.kind === "other" ? value.heap : value.kind;
}

export function showPattern(pattern: Pattern): string {
  switch (pattern.kind) {
    case "value":
      return showValue(pattern.value);
    case "nan":
      return `${pattern.type}:nan:${pattern.class}`;
    case "ref":
      return `ref.${pattern.heap}`;
    case "lanes":
      return `v128(${pattern.lanes.map(showPattern).join(" ")})`;
    case "either":
      return pattern.patterns.map(showPattern).join(" | ");
  }
}
