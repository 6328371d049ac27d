/**
 * An independent decoder (@webassemblyjs/wasm-parser) and ours, both brought into one plain form that can be compared line by
 * line. Where the oracle has older names or drops something, its known habits are translated here and nowhere else.
 */
import { createRequire } from "node:module";
import { InstrReader } from "../../vm/instr.ts";
import { Imm, Wasm } from "../../vm/opcodes.ts";
import {
  ExternKind,
  externKindNames,
  funcTypeAt,
  funcTypeName,
  type ImportDesc,
  isRefType,
  type Limits,
  type Module,
  type SegmentMode,
  ValType,
  valTypeName,
} from "../../vm/types.ts";

/** A module in the common form: one line per thing, by kind. */
export interface Outline {
  readonly types: string[];
  readonly imports: string[];
  readonly exports: string[];
  readonly globals: string[];
  readonly memories: string[];
  readonly tables: string[];
  readonly start: string[];
  readonly elems: string[];
  readonly datas: string[];
  /** All functions in order: type, locals, then every instruction with its offset and immediates. */
  readonly code: string[];
}

// ---- the oracle's nodes, as far as they are read

interface Node {
  readonly type: string;
  readonly id: string;
  readonly object?: string;
  readonly args: readonly Literal[];
  readonly namedArgs?: { readonly offset: { readonly value: number } };
  readonly loc: { readonly start: { readonly column: number }; readonly end: { readonly column: number } };
  readonly instr: readonly Node[];
  readonly result: string | number | null;
  readonly resulttype: string | number | null;
  readonly consequent: readonly Node[];
  readonly alternate: readonly Node[];
  readonly signature: Signature;
  readonly index: { readonly value: number };
}
interface Literal {
  readonly value: number | LongValue;
  readonly nan?: boolean;
  readonly inf?: boolean;
  readonly name?: string;
}
interface LongValue {
  readonly high: number;
  readonly low: number;
}
interface Signature {
  readonly params: readonly { readonly valtype: string }[];
  readonly results: readonly string[];
}
interface OracleLimits {
  readonly min: number;
  readonly max?: number;
}
interface Field extends Omit<Node, "id"> {
  readonly functype: Signature;
  readonly module: string;
  readonly name: string;
  readonly descr: Field & {
    readonly exportType: string;
    readonly id: { readonly value: number };
    readonly valtype: string;
    readonly mutability: string;
  };
  readonly limits: OracleLimits;
  readonly elementType: string;
  readonly globalType: { readonly valtype: string; readonly mutability: string };
  readonly init: readonly Node[] & { readonly values: readonly number[] };
  readonly body: readonly Node[];
  readonly offset: readonly Node[] | Node;
  readonly funcs: readonly { readonly value: number }[];
}
interface DecodeOptions {
  readonly ignoreCustomNameSection: boolean;
}

const require = createRequire(import.meta.url);
const { decode } = require("@webassemblyjs/wasm-parser") as {
  decode(bytes: ArrayBuffer, options: DecodeOptions): { readonly body: readonly [{ readonly fields: readonly Field[] }] };
};

/** What the oracle makes of the bytes. Give it valid modules without later features only: others it mis-decodes, or never ends. */
export function oracleOutline(bytes: Uint8Array): Outline {
  // It prints every block type that is an index.
  const { log } = console;
  console.log = () => {};
  try {
    const { fields } = decode(bytes.slice().buffer as ArrayBuffer, { ignoreCustomNameSection: true }).body[0];
    return outlineOfFields(fields);
  } finally {
    console.log = log;
  }
}

function outlineOfFields(fields: readonly Field[]): Outline {
  const of = (type: string): Field[] => fields.filter((field) => field.type === type);
  return {
    types: of("TypeInstruction").map(({ functype }) => signatureText(functype)),
    imports: of("ModuleImport").map(({ module, name, descr }) => `${module}.${name} ${importText(descr)}`),
    exports: of("ModuleExport").map(({ name, descr }) => `${name} ${kindName(descr.exportType)} ${descr.id.value}`),
    globals: of("Global").map(({ globalType, init }) => `${globalType.mutability} ${globalType.valtype} ${instrLines(init).join("; ")}`),
    memories: of("Memory").map(({ limits }) => limitsText(limits)),
    tables: of("Table").map(({ limits }) => `funcref ${limitsText(limits)}`),
    start: of("Start").map(({ index }) => `${index.value}`),
    elems: of("Elem").map(
      ({ offset, funcs }) => `${instrLines(offset as Node[]).join("; ")} [${funcs.map(({ value }) => value).join(" ")}]`,
    ),
    datas: of("Data").map(({ offset, init }) => `${instrLines([offset as Node]).join("; ")} ${Buffer.from(init.values).toString("hex")}`),
    code: of("Func").flatMap(({ signature, body, loc }) => [
      `func ${signatureText(signature)} ends ${loc.end.column}`,
      ...instrLines(body),
    ]),
  };
}

function kindName(name: string): string {
  return name.toLowerCase().replace("function", "func").replace(/^mem$/, "memory");
}

function importText(descr: Field["descr"]): string {
  switch (descr.type) {
    case "FuncImportDescr":
      return `func ${signatureText(descr.signature)}`;
    case "Memory":
      return `memory ${limitsText(descr.limits)}`;
    case "Table":
      return `table funcref ${limitsText(descr.limits)}`;
    default:
      return `global ${descr.mutability} ${descr.valtype}`;
  }
}

function signatureText({ params, results }: Signature): string {
  return `(${params.map(({ valtype }) => valtype).join(", ")}) -> (${results.join(", ")})`;
}

function limitsText({ min, max }: OracleLimits): string {
  return `${min} ${max}`;
}

/** The nodes in the order of the bytes, blocks flattened. */
function instrLines(nodes: readonly Node[]): string[] {
  const lines: string[] = [];
  appendInstrs(lines, nodes);
  return lines;
}

function appendInstrs(lines: string[], nodes: readonly Node[]): void {
  for (const node of nodes) {
    const { column } = node.loc.start;
    switch (node.type) {
      // It lets these begin behind their opcode.
      case "BlockInstruction":
        lines.push(`${column - 1} block ${node.result ?? ""}`);
        appendInstrs(lines, node.instr);
        break;
      case "LoopInstruction":
        lines.push(`${column - 1} loop ${node.resulttype ?? ""}`);
        appendInstrs(lines, node.instr);
        break;
      case "IfInstruction":
        appendIf(lines, node);
        break;
      case "CallIndirectInstruction":
        lines.push(`${column - 1} call_indirect ${signatureText(node.signature)}`);
        break;
      case "CallInstruction":
        lines.push(`${column} call ${node.index.value}`);
        break;
      default:
        lines.push(plainLine(node));
    }
  }
}

function appendIf(lines: string[], node: Node): void {
  lines.push(`${node.loc.start.column - 1} if ${node.result ?? ""}`);
  appendInstrs(lines, node.consequent);
  if (node.alternate.length === 0) return;
  // It drops the else itself, which is the byte before what follows it.
  const rest: string[] = [];
  appendInstrs(rest, node.alternate);
  lines.push(`${Number.parseInt(rest[0]!, 10) - 1} else `, ...rest);
}

const oldNames: Readonly<Record<string, string>> = {
  get_local: "local.get",
  set_local: "local.set",
  tee_local: "local.tee",
  get_global: "global.get",
  set_global: "global.set",
  current_memory: "memory.size",
  grow_memory: "memory.grow",
};

/** The name in the text format of today: `u32` for memory accesses is `i32`, and `trunc_s/f32` is `trunc_f32_s`. */
function presentName({ id, object }: Node): string {
  const name = oldNames[id] ?? id.replace(/^(\w+)_([su])\/(\w+)$/, "$1_$3_$2").replace("/", "_");
  return object === undefined ? name : `${object.replace("u", "i")}.${name}`;
}

function plainLine(node: Node): string {
  const name = presentName(node);
  const at = `${node.loc.start.column} ${name} `;
  if (node.id === "local") return `${at}${node.args.map((arg) => arg.name).join(" ")}`;
  if (node.namedArgs !== undefined) return `${at}offset ${node.namedArgs.offset.value}`;
  return at + node.args.map(literalText).join(" ");
}

function literalText({ value, nan, inf }: Literal): string {
  if (typeof value !== "number") return `${value.high}:${value.low}`;
  // Of infinities it keeps the sign.
  return nan === true ? `nan ${value}` : numberText(inf === true ? value * Number.POSITIVE_INFINITY : value);
}

function numberText(value: number): string {
  return Object.is(value, -0) ? "-0" : `${value}`;
}

// ---- ours

export function ourOutline(module: Module): Outline {
  return {
    types: module.types.map((_, i) => funcTypeName(funcTypeAt(module, i))),
    imports: ourImports(module),
    exports: module.exports.map(({ name, kind, index }) => `${name} ${externKindNames[kind]} ${index}`),
    globals: module.globals.map(({ type, init }) => {
      return `${type.mutable ? "var" : "const"} ${valTypeName(type.valType)} ${ourInstrs(module, init.start, init.end).join("; ")}`;
    }),
    memories: module.memories.map(({ limits }) => ourLimits(limits)),
    tables: module.tables.map(({ type }) => `${valTypeName(type.elemType)} ${ourLimits(type.limits)}`),
    start: module.start === undefined ? [] : [`${module.start}`],
    elems: module.elems.map(({ mode, items }) => `${ourOffset(module, mode, false)} [${items.join(" ")}]`),
    datas: module.datas.map(
      ({ mode, start, end }) => `${ourOffset(module, mode, true)} ${Buffer.from(module.bytes.subarray(start, end)).toString("hex")}`,
    ),
    code: ourCode(module),
  };
}

function ourLimits({ min, max }: Limits): string {
  return `${min} ${max}`;
}

function ourImports(module: Module): string[] {
  return module.imports.map(
    ({ module: from, name, desc }) => `${from}.${name} ${externKindNames[desc.kind]} ${ourImportType(module, desc)}`,
  );
}

function ourImportType(module: Module, desc: ImportDesc): string {
  switch (desc.kind) {
    case ExternKind.Func:
    case ExternKind.Tag:
      return funcTypeName(funcTypeAt(module, desc.typeIndex));
    case ExternKind.Table:
      return `${valTypeName(desc.type.elemType)} ${ourLimits(desc.type.limits)}`;
    case ExternKind.Memory:
      return ourLimits(desc.type.limits);
    case ExternKind.Global:
      return `${desc.type.mutable ? "var" : "const"} ${valTypeName(desc.type.valType)}`;
  }
}

/** Offset of an active segment; of data the oracle keeps only the first instruction, without the end. */
function ourOffset(module: Module, mode: SegmentMode, onlyFirst: boolean): string {
  if (mode.kind !== "active") return mode.kind;
  const lines = ourInstrs(module, mode.offset.start, mode.offset.end);
  return (onlyFirst ? lines.slice(0, 1) : lines).join("; ");
}

function ourCode(module: Module): string[] {
  const lines: string[] = [];
  for (const body of module.funcs) {
    lines.push(`func ${funcTypeName(funcTypeAt(module, body.typeIndex))} ends ${body.end}`);
    let at = body.start + lebLength(module.bytes, body.start);
    for (const { count, type } of body.localRuns) {
      lines.push(`${at} local ${new Array<string>(count).fill(valTypeName(type)).join(" ")}`);
      at += lebLength(module.bytes, at) + 1;
    }
    for (const line of ourInstrs(module, body.codeStart, body.end)) lines.push(line);
  }
  return lines;
}

function lebLength(bytes: Uint8Array, start: number): number {
  let at = start;
  while (bytes[at]! >= 0x80) at++;
  return at - start + 1;
}

function ourInstrs(module: Module, start: number, end: number): string[] {
  const reader = new InstrReader(module.bytes, start, end);
  const lines: string[] = [];
  while (reader.next()) lines.push(`${reader.wasmOffset} ${reader.row.mnemonic} ${ourImmediates(module, reader)}`);
  return lines;
}

function ourImmediates(module: Module, reader: InstrReader): string {
  const { a, b, lo, hi } = reader;
  switch (reader.row.imm) {
    case Imm.None:
    case Imm.Memory:
      return "";
    case Imm.BlockType:
      return a === -64 ? "" : a < 0 ? valTypeName(~a) : `${a}`;
    case Imm.LabelTable:
      return reader.labels.join(" ");
    case Imm.CallIndirect:
      return funcTypeName(funcTypeAt(module, a));
    case Imm.MemArg:
      return `offset ${b}`;
    case Imm.I64:
      return `${hi}:${lo}`;
    case Imm.F32:
      return floatText(new Float32Array(Int32Array.of(a).buffer)[0]!, a < 0, a & 0x7f_ffff);
    case Imm.F64:
      return floatText(new Float64Array(Int32Array.of(lo, hi).buffer)[0]!, hi < 0, (hi & 0xf_ffff) * 2 ** 32 + (lo >>> 0));
    default:
      return `${a}`;
  }
}

/** NaNs by their signed mantissa, as the oracle has them. */
function floatText(value: number, negative: boolean, mantissa: number): string {
  return Number.isNaN(value) ? `nan ${negative ? -mantissa : mantissa}` : numberText(value);
}

/** The first thing in a valid module that the oracle is known to mis-decode, or undefined: then both must agree. */
export function beyondOracle(module: Module): string | undefined {
  if (module.tableTypes.length > 1) return "several tables";
  if (module.memoryTypes.length > 1) return "several memories";
  if (module.types.some(({ kind, final, groupSize }) => kind !== "func" || !final || groupSize !== 1)) return "garbage collection";
  if (module.tableTypes.some(({ elemType }) => elemType !== ValType.FuncRef)) return "reference types";
  const isRef = (type: ValType): boolean => isRefType(type);
  if (module.globalTypes.some(({ valType }) => isRef(valType))) return "reference types";
  if (module.types.some(({ func }) => func?.params.some(isRef) || func?.results.some(isRef))) return "reference types";
  if (module.tableTypes.some(({ address64 }) => address64) || module.tables.some(({ init }) => init)) return "later tables";
  if (module.memoryTypes.some(({ address64, shared, pageShift }) => address64 || shared || pageShift !== undefined))
    return "later memories";
  if (module.tagTypes.length > 0) return "exceptions";
  if (module.dataCount !== undefined || module.datas.some(({ mode }) => mode.kind !== "active")) return "bulk memory";
  if (module.elems.some(({ mode, items }) => mode.kind !== "active" || items.some((item) => typeof item !== "number")))
    return "bulk memory";
  if (module.datas.some(({ mode }) => mode.kind === "active" && !isOneInstr(module, mode.offset.start, mode.offset.end)))
    return "extended constant expressions";
  for (const { codeStart, end, localRuns } of module.funcs) {
    if (localRuns.some(({ type }) => isRef(type))) return "reference types";
    const reader = new InstrReader(module.bytes, codeStart, end);
    while (reader.next()) {
      if (reader.code >= 0xfd000) return "vectors";
      if (reader.code >= 0xfc008) return "bulk memory";
      if (reader.code >= Wasm.Try && reader.code <= Wasm.ThrowRef) return "exceptions";
      if (reader.code >= Wasm.ReturnCall && reader.code <= Wasm.TryTable && reader.code !== Wasm.Drop && reader.code !== Wasm.Select)
        return "later control";
      if (reader.code >= 0xfc000) return "saturating conversion";
      if (reader.code >= Wasm.RefNull || reader.code === Wasm.SelectT || reader.code === Wasm.TableGet || reader.code === Wasm.TableSet)
        return "reference types";
      if (reader.row.imm === Imm.BlockType && reader.a < 0 && reader.a !== -64 && isRef(~reader.a)) return "reference types";
    }
  }
  return undefined;
}

function isOneInstr(module: Module, start: number, end: number): boolean {
  const reader = new InstrReader(module.bytes, start, end);
  reader.next();
  return reader.pos === end - 1;
}
