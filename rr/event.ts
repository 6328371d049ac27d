/**
 * Events: the crossings of the host boundary as typed records, their one-line description and their JSON form.
 * Bytes are event-codec.ts's matter; nothing here acts on a machine.
 */
import type { ExternAddr } from "../vm/store.ts";
import { type Trap, trapMessage } from "../vm/trap.ts";
import {
  type FuncType,
  funcTypeName,
  type GlobalType,
  type MemoryType,
  slotCount,
  slotsOf,
  type TableType,
  ValType,
  valTypeName,
  vectorBits,
} from "../vm/types.ts";

/**
 * Values as raw slots, two 32-bit words each, low word first, in canonical form: the high word of a 32-bit value is
 * zero. A v128 is two slots. So every NaN bit survives, and a value needs no type to be stored.
 */
export type SlotWords = readonly number[];

/** Something that the host did to the store. All were done, in this order, before the crossing that carries them. */
export type HostEffect =
  | { readonly kind: "memory-write"; readonly memoryAddr: number; readonly byteAddr: number; readonly bytes: Uint8Array }
  | { readonly kind: "memory-grow"; readonly memoryAddr: number; readonly deltaPages: number; readonly result: number }
  | { readonly kind: "table-set"; readonly tableAddr: number; readonly index: number; readonly ref: number }
  | { readonly kind: "table-grow"; readonly tableAddr: number; readonly delta: number; readonly init: number; readonly result: number }
  | { readonly kind: "global-set"; readonly globalAddr: number; readonly bits: SlotWords }
  | /** The host holds an object of the heap from now on, or no longer. */ {
      readonly kind: "pin";
      readonly ref: number;
      readonly held: boolean;
    };

/** An exception of wasm that a host function threw: one of before, or a new one with what it carries. */
export type EventException =
  | { readonly ref: number }
  /** `held`: the host holds it from then on. */
  | { readonly tagAddr: number; readonly carried: SlotWords; readonly held: boolean };

interface EventBase {
  /** From 0, in order of time. */
  readonly number: number;
  /** Instructions retired before it. */
  readonly tick: number;
  readonly effects: readonly HostEffect[];
}

/** One crossing of the host boundary. Who starts it: the host (H), wasm (W). */
export type TraceEvent = EventBase &
  (
    | /** H: effects with no crossing of their own. */ { readonly kind: "effects" }
    | /** H */ { readonly kind: "module"; readonly moduleIndex: number }
    | /** H */ {
        readonly kind: "host-func";
        readonly funcAddr: number;
        readonly module: string;
        readonly name: string;
        readonly type: FuncType;
        /** Number of the declared type that it is of, unless it is just of its parameters and results. */
        readonly typeNumber?: number;
      }
    | /** H */ { readonly kind: "memory"; readonly memoryAddr: number; readonly type: MemoryType }
    | /** H */ { readonly kind: "table"; readonly tableAddr: number; readonly type: TableType; readonly init: number }
    | /** H */ { readonly kind: "global"; readonly globalAddr: number; readonly type: GlobalType; readonly bits: SlotWords }
    | /** H: a tag whose exceptions carry the parameters of the type. */ {
        readonly kind: "tag";
        readonly tagAddr: number;
        readonly type: FuncType;
      }
    | /** H: allocation and active segments; a start function follows as a call. */ {
        readonly kind: "instantiate";
        readonly instanceAddr: number;
        readonly moduleIndex: number;
        readonly imports: readonly ExternAddr[];
        readonly trap: Trap;
      }
    | /** H calls a function. */ { readonly kind: "call"; readonly funcAddr: number; readonly args: SlotWords }
    | /** W: that call returned. */ { readonly kind: "return"; readonly funcAddr: number; readonly results: SlotWords }
    | /** W: that call trapped, or something thrown went through it. */ { readonly kind: "trap"; readonly trap: Trap }
    | /** W calls the host, which does nothing but its effects and returns: enter and return in one. */ {
        readonly kind: "host-call";
        readonly funcAddr: number;
        readonly args: SlotWords;
        readonly results: SlotWords;
      }
    | /** W calls the host, and something else happens before it returns. */ {
        readonly kind: "host-enter";
        readonly funcAddr: number;
        readonly args: SlotWords;
      }
    | /** H: the function entered last returns. */ { readonly kind: "host-return"; readonly funcAddr: number; readonly results: SlotWords }
    | /** H: with an exception, wasm may catch it. */ {
        readonly kind: "host-throw";
        readonly funcAddr: number;
        readonly message: string;
        readonly exception?: EventException;
      }
    | /** H: the program ends. */ { readonly kind: "exit"; readonly exitCode: number }
    | /** W: memory.grow or table.grow; the host's memory decides on the result, the previous size or -1. */ {
        readonly kind: "grow";
        readonly space: "memory" | "table";
        readonly addr: number;
        readonly delta: number;
        readonly init: number;
        readonly result: number;
      }
  );

export type EventKind = TraceEvent["kind"];

/** Kinds that the host starts between two instructions of any kind, whatever the machine waits for. */
export function isPassive(kind: EventKind): boolean {
  switch (kind) {
    case "effects":
    case "module":
    case "host-func":
    case "memory":
    case "table":
    case "global":
    case "tag":
    case "instantiate":
      return true;
    default:
      return false;
  }
}

/** What is known about a function, for people. */
export interface FuncLabel {
  readonly name: string;
  /** Types tell how arguments print; without them they print as numbers. */
  readonly type?: FuncType | undefined;
  /** What it is at the level of a component's interfaces, when the name does not say the same. */
  readonly interfaceName?: string | undefined;
}
export type FuncLabels = (funcAddr: number) => FuncLabel | undefined;

/** Names of host functions as far as events tell them: feed it every event from the start, then use `label`. */
export class EventLabels {
  private readonly known = new Map<number, FuncLabel>();
  observe(event: TraceEvent): void {
    if (event.kind === "host-func") this.known.set(event.funcAddr, { name: `${event.module}.${event.name}`, type: event.type });
  }
  readonly label: FuncLabels = (funcAddr) => this.known.get(funcAddr);
}

/** Longest part of a memory write that a description shows, in bytes. */
const SHOWN_BYTES = 16;

/** One line in the manner of strace, a negative tick shown as unknown: `#12 tick 34567  wasi_snapshot_preview1.fd_write(1, 0x400, 1, 0x3fc) = 0  mem0[0x3fc..+4]=0c000000`. */
export function describeEvent(event: TraceEvent, labels: FuncLabels = noLabels): string {
  const effects = event.effects.map((effect) => `  ${describeEffect(effect)}`).join("");
  const head = `#${event.number} tick ${event.tick < 0 ? "?" : event.tick}  `;
  const text = describeCrossing(event, labels);
  return head + (text === "" ? effects.trimStart() : text + effects);
}

function noLabels(): undefined {
  return undefined;
}

/** The crossing alone, without number, tick and effects: what a divergence report compares. */
export function describeCrossing(event: TraceEvent, labels: FuncLabels = noLabels): string {
  switch (event.kind) {
    case "effects":
      return "";
    case "module":
      return `module ${event.moduleIndex}`;
    case "host-func":
      return `host function ${event.funcAddr} is ${event.module}.${event.name} ${funcTypeName(event.type)}`;
    case "memory":
      return `memory ${event.memoryAddr} of ${limitsText(event.type.limits)} pages${traitsText(event.type)}`;
    case "table":
      return `table ${event.tableAddr} of ${limitsText(event.type.limits)} ${valTypeName(event.type.elemType)}${traitsText(event.type)}`;
    case "global":
      return `global ${event.globalAddr} ${event.type.mutable ? "mut " : ""}${valTypeName(event.type.valType)} = ${valueText(event.bits, 0, event.type.valType)}`;
    case "tag":
      return `tag ${event.tagAddr} ${funcTypeName(event.type)}`;
    case "instantiate":
      return `instance ${event.instanceAddr} of module ${event.moduleIndex}${event.trap === 0 ? "" : `: trap: ${trapMessage(event.trap)}`}`;
    case "call":
      return `call ${callText(event.funcAddr, event.args, labels)}`;
    case "return":
      return `return from ${funcText(event.funcAddr, labels)}${resultText(event.funcAddr, event.results, labels)}`;
    case "trap":
      return `trap: ${trapMessage(event.trap)}`;
    case "host-call":
      return callText(event.funcAddr, event.args, labels) + resultText(event.funcAddr, event.results, labels);
    case "host-enter":
      return `${callText(event.funcAddr, event.args, labels)} …`;
    case "host-return":
      return `… ${funcText(event.funcAddr, labels)}${resultText(event.funcAddr, event.results, labels)}`;
    case "host-throw":
      return `… ${funcText(event.funcAddr, labels)} threw ${JSON.stringify(event.message)}${exceptionText(event.exception)}`;
    case "exit":
      return `exit with code ${event.exitCode}`;
    case "grow":
      return `${event.space}.grow ${event.addr} by ${event.delta} = ${event.result}`;
  }
}

/** `name(1, 2)`, with the values of `args` by the function's type where it is known. */
export function callText(funcAddr: number, args: SlotWords, labels: FuncLabels): string {
  const label = labels(funcAddr);
  return `${funcText(funcAddr, labels)}(${valueTexts(args, label?.type?.params).join(", ")})`;
}

function funcText(funcAddr: number, labels: FuncLabels): string {
  const label = labels(funcAddr);
  if (label === undefined) return `func[${funcAddr}]`;
  return label.interfaceName === undefined ? label.name : `${label.name} {${label.interfaceName}}`;
}

/** ` = 1, 2`, or nothing. */
export function resultText(funcAddr: number, results: SlotWords, labels: FuncLabels): string {
  return results.length === 0 ? "" : ` = ${valueTexts(results, labels(funcAddr)?.type?.results).join(", ")}`;
}

function valueTexts(words: SlotWords, types: readonly ValType[] | undefined): string[] {
  if (types === undefined || slotCount(types) * 2 !== words.length)
    return Array.from({ length: words.length / 2 }, (_, i) => valueText(words, i, undefined));
  let slot = 0;
  return types.map((type) => {
    slot += slotsOf(type);
    return valueText(words, slot - slotsOf(type), type);
  });
}

/** One value. An i32 prints as an address, in hexadecimal, unless it is small. */
function valueText(words: SlotWords, index: number, type: ValType | undefined): string {
  const low = words[index * 2]! >>> 0;
  const bits = slotBits(words, index);
  const scratch = new DataView(new ArrayBuffer(8));
  scratch.setBigUint64(0, bits, true);
  switch (type) {
    case ValType.V128:
      return `0x${vectorBits(bits, slotBits(words, index + 1))
        .toString(16)
        .padStart(32, "0")}`;
    case ValType.I64:
      return String(BigInt.asIntN(64, bits));
    case ValType.F32:
      return floatText(scratch.getFloat32(0, true), bits);
    case ValType.F64:
      return floatText(scratch.getFloat64(0, true), bits);
    case ValType.FuncRef:
    case ValType.ExternRef:
      return low === 0 ? "null" : `ref ${low - 1}`;
    case undefined:
      return words[index * 2 + 1] === 0 ? i32Text(low) : `0x${bits.toString(16)}`;
    default:
      return i32Text(low);
  }
}

function slotBits(words: SlotWords, index: number): bigint {
  return (BigInt(words[index * 2 + 1]! >>> 0) << 32n) | BigInt(words[index * 2]! >>> 0);
}

function i32Text(low: number): string {
  if (low < 256) return String(low);
  return low >= 2 ** 32 - 65536 ? String(low | 0) : `0x${low.toString(16)}`;
}

/** A float so that it reads back; a NaN as all of its bits. */
export function floatText(value: number, bits: bigint): string {
  if (Number.isNaN(value)) return `nan:0x${bits.toString(16)}`;
  return Object.is(value, -0) ? "-0" : String(value);
}

function limitsText(limits: { readonly min: number; readonly max: number | undefined }): string {
  return limits.max === undefined ? `${limits.min}` : `${limits.min}..${limits.max}`;
}

/** What the type of a memory or table says besides its limits. */
function traitsText(type: Partial<MemoryType>): string {
  return `${type.address64 === true ? " of i64" : ""}${type.shared === true ? " shared" : ""}${type.pageShift === 0 ? " of a byte" : ""}`;
}

function exceptionText(exception: EventException | undefined): string {
  if (exception === undefined) return "";
  if ("ref" in exception) return ` as exception ${exception.ref}`;
  return ` as exception of tag ${exception.tagAddr}(${valueTexts(exception.carried, undefined).join(", ")})`;
}

function describeEffect(effect: HostEffect): string {
  switch (effect.kind) {
    case "memory-write": {
      const more = effect.bytes.length > SHOWN_BYTES ? "…" : "";
      const where = `mem${effect.memoryAddr}[0x${effect.byteAddr.toString(16)}..+${effect.bytes.length}]`;
      return `${where}=${hex(effect.bytes.subarray(0, SHOWN_BYTES))}${more}`;
    }
    case "memory-grow":
      return `mem${effect.memoryAddr} grown by ${effect.deltaPages} = ${effect.result}`;
    case "table-set":
      return `table${effect.tableAddr}[${effect.index}]=${effect.ref === 0 ? "null" : `ref ${(effect.ref >>> 0) - 1}`}`;
    case "table-grow":
      return `table${effect.tableAddr} grown by ${effect.delta} = ${effect.result}`;
    case "global-set":
      return `global${effect.globalAddr}=${valueText(effect.bits, 0, effect.bits.length > 2 ? ValType.V128 : undefined)}`;
    case "pin":
      return `object ${effect.ref} ${effect.held ? "held" : "released"}`;
  }
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A plain JSON value: slots as hexadecimal strings of 64 bits, bytes as hexadecimal, types in text form. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** The event as a JSON object, complete: `{"event":12,"tick":34567,"kind":"host-call","function":7,"name":…,"args":["0x1"],…}`. */
export function eventToJson(event: TraceEvent, labels: FuncLabels = noLabels): JsonValue {
  const json: Record<string, JsonValue> = { event: event.number, tick: event.tick < 0 ? null : event.tick, kind: event.kind };
  if ("funcAddr" in event) {
    json.function = event.funcAddr;
    const label = labels(event.funcAddr);
    if (label !== undefined) json.name = label.name;
    if (label?.interfaceName !== undefined) json.interface = label.interfaceName;
  }
  Object.assign(json, fieldsToJson(event));
  if (event.effects.length > 0) json.effects = event.effects.map(effectToJson);
  return json;
}

function fieldsToJson(event: TraceEvent): Record<string, JsonValue> {
  switch (event.kind) {
    case "effects":
      return {};
    case "module":
      return { module: event.moduleIndex };
    case "host-func":
      return {
        name: `${event.module}.${event.name}`,
        type: funcTypeName(event.type),
        ...(event.typeNumber === undefined ? {} : { typeNumber: event.typeNumber }),
      };
    case "memory": {
      const { limits, ...traits } = event.type;
      return { memory: event.memoryAddr, min: limits.min, max: limits.max ?? null, ...traits };
    }
    case "table": {
      const { elemType, limits, ...traits } = event.type;
      const size = { min: limits.min, max: limits.max ?? null };
      return { table: event.tableAddr, type: valTypeName(elemType), ...size, init: event.init, ...traits };
    }
    case "global": {
      const { valType, mutable } = event.type;
      return { global: event.globalAddr, type: valTypeName(valType), mutable, bits: globalHex(event.bits) };
    }
    case "tag":
      return { tag: event.tagAddr, type: funcTypeName(event.type) };
    case "instantiate": {
      const imports = event.imports.map(({ kind, addr }) => ({ kind, addr }));
      return { instance: event.instanceAddr, module: event.moduleIndex, imports, trap: event.trap };
    }
    case "call":
    case "host-enter":
      return { args: slotsHex(event.args) };
    case "return":
    case "host-return":
      return { results: slotsHex(event.results) };
    case "host-call":
      return { args: slotsHex(event.args), results: slotsHex(event.results) };
    case "trap":
      return { trap: event.trap, message: trapMessage(event.trap) };
    case "host-throw":
      return { message: event.message, ...exceptionJson(event.exception) };
    case "exit":
      return { exitCode: event.exitCode };
    case "grow":
      return { space: event.space, addr: event.addr, delta: event.delta, init: event.init, result: event.result };
  }
}

function effectToJson(effect: HostEffect): JsonValue {
  switch (effect.kind) {
    case "memory-write":
      return { kind: effect.kind, memory: effect.memoryAddr, byteAddr: effect.byteAddr, bytes: hex(effect.bytes) };
    case "global-set":
      return { kind: effect.kind, global: effect.globalAddr, bits: globalHex(effect.bits) };
    case "memory-grow":
    case "table-set":
    case "table-grow":
    case "pin":
      return { ...effect };
  }
}

function exceptionJson(exception: EventException | undefined): Record<string, JsonValue> {
  if (exception === undefined) return {};
  return {
    exception:
      "ref" in exception ? { ref: exception.ref } : { tag: exception.tagAddr, carried: slotsHex(exception.carried), held: exception.held },
  };
}

function slotsHex(words: SlotWords): JsonValue {
  return Array.from({ length: words.length / 2 }, (_, i) => slotHex(words, i));
}

/** The bits of a global, of one slot or of two. */
function globalHex(words: SlotWords): string {
  return words.length === 2 ? slotHex(words, 0) : `0x${vectorBits(slotBits(words, 0), slotBits(words, 1)).toString(16)}`;
}

function slotHex(words: SlotWords, index: number): string {
  return `0x${slotBits(words, index).toString(16)}`;
}
