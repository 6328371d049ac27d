/**
 * In which shape a vector is best kept: found by looking ahead in a function's bytes, before and while it is generated.
 * A wrong guess costs conversions and is never wrong otherwise.
 */
import type { VectorShape } from "./generate-values.ts";
import { vectorForms, wantedShape } from "./generate-vector-forms.ts";
import { InstrReader } from "./instr.ts";
import type { LoweringDraft } from "./lower.ts";
import { Wasm } from "./opcodes.ts";
import { isSimd } from "./simd-form.ts";
import { ValType } from "./types.ts";

/** Most instructions to look at behind one that makes a vector. */
const MAX_AHEAD = 24;

/** Shape in which the vector on top of the stack at `pos` is wanted; undefined when nothing near says so. */
function consumerAt(draft: LoweringDraft, pos: number, locals: ReadonlyMap<number, VectorShape>): VectorShape | undefined {
  const reader = new InstrReader(draft.reader.bytes, pos, draft.reader.end);
  // Operands above the vector.
  let above = 0;
  for (let i = 0; i < MAX_AHEAD && reader.next(); i++) {
    const { code, row } = reader;
    if (code === Wasm.LocalGet) above++;
    else if (code === Wasm.LocalSet || code === Wasm.LocalTee) {
      if (above === 0) return locals.get(reader.a);
      if (code === Wasm.LocalSet) above--;
    } else if (row.params === undefined || row.results === undefined) return undefined;
    else {
      above -= row.params.length;
      if (above < 0) return isSimd(code) ? wantedShape(row.mnemonic) : undefined;
      above += row.results.length;
    }
  }
  return undefined;
}

/** Shape for the result of the instruction that the draft's reader has read. */
export function shapeForConsumer(draft: LoweringDraft, locals: ReadonlyMap<number, VectorShape>): VectorShape {
  return consumerAt(draft, draft.reader.pos, locals) ?? "w";
}

const noShapes: ReadonlyMap<number, VectorShape> = new Map();

/** The shape of each local that is a vector: what most instructions that set or read it compute with. Cost: a walk through the function. */
export function localShapes(draft: LoweringDraft): ReadonlyMap<number, VectorShape> {
  const { localTypes } = draft;
  if (!localTypes.includes(ValType.V128)) return noShapes;
  const votes = localTypes.map(() => ({ w: 0, f: 0, g: 0 }));
  const reader = new InstrReader(draft.reader.bytes, draft.reader.pos, draft.reader.end);
  let before: VectorShape | undefined;
  while (reader.next()) {
    const { code, row, a } = reader;
    const set = code === Wasm.LocalSet || code === Wasm.LocalTee;
    if ((set || code === Wasm.LocalGet) && localTypes[a] === ValType.V128) {
      const shape = set ? before : consumerAt(draft, reader.pos, noShapes);
      if (shape !== undefined) votes[a]![shape]++;
    }
    before = isSimd(code) ? madeShape(row.mnemonic) : undefined;
  }
  const shapes = new Map<number, VectorShape>();
  for (const [local, { w, f, g }] of votes.entries()) {
    if (localTypes[local] === ValType.V128) shapes.set(local, f > Math.max(w, g) ? "f" : g > w ? "g" : "w");
  }
  return shapes;
}

/** Shape of what an instruction computes, or undefined where it may be any. */
function madeShape(mnemonic: string): VectorShape | undefined {
  const form = vectorForms.get(mnemonic);
  if (form !== undefined) return form.to;
  if (mnemonic === "f32x4.splat") return "f";
  if (mnemonic === "f64x2.splat") return "g";
  return /^v128\.(load|const)|replace_lane/.test(mnemonic) ? undefined : "w";
}
