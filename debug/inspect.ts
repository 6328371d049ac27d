/**
 * Looks into a halted machine: where it is, its calls, locals, operands, globals and memory, as plain records with types
 * and names. Reads only: nothing here changes the store.
 */
import { RewasmError } from "../vm/errors.ts";
import { exportFrame, type FrameState, frameOffset, frameTypes } from "../vm/frames.ts";
import { Frame, Status, type Store } from "../vm/store.ts";
import { isWide, mapValType, slotCount, slotsOf, type ValType, valTypeName } from "../vm/types.ts";
import { localTypes } from "../vm/validate.ts";
import { deepText } from "./objects.ts";
import type { Symbols } from "./symbols.ts";
import { valueText } from "./value-text.ts";

/** Where a frame is. */
export interface Location {
  /** Function index in its module; null for a host function that the module does not import. */
  readonly function: number | null;
  readonly name: string;
  /** Module byte offset of the instruction; null in host functions. */
  readonly wasmOffset: number | null;
}

export interface BacktraceFrame extends Location {
  /** 0 is the innermost. */
  readonly level: number;
  readonly host: boolean;
}

/** A typed value: `bits` are its 64 bits (32-bit values zero-extended), or the 128 of a v128. */
export interface TypedValue {
  readonly type: string;
  readonly text: string;
  readonly bits: bigint;
}

export interface NamedValue extends TypedValue {
  readonly index: number;
  readonly name: string | undefined;
}

export class Inspector {
  private readonly store: Store;
  private readonly symbols: Symbols;

  constructor(store: Store, symbols: Symbols) {
    this.store = store;
    this.symbols = symbols;
  }

  /** Where the innermost frame is; null when nothing runs. */
  location(): Location | null {
    return this.store.depth === 0 ? null : this.locationOf(this.store.depth - 1);
  }

  /** The calls, innermost first, at most `limit`. */
  backtrace(limit: number = Number.POSITIVE_INFINITY): BacktraceFrame[] {
    const { depth } = this.store;
    const frames: BacktraceFrame[] = [];
    for (let level = 0; level < Math.min(depth, limit); level++) {
      const index = depth - 1 - level;
      const host = this.store.funcs[this.store.frameWord(index, Frame.Func)]!.kind === "host";
      frames.push({ level, host, ...this.locationOf(index) });
    }
    return frames;
  }

  /** Parameters and locals of the frame at `level` (0 the innermost). Throws RewasmError "no-frame". */
  locals(level = 0): NamedValue[] {
    const { frame, types } = this.wasmFrame(level);
    let slot = 0;
    // Old try instructions have hidden locals behind those that the function declares.
    return types.locals.slice(0, this.declaredLocals(frame)).map((type, index) => {
      slot += slotsOf(type);
      const value = this.value(frame.slots, slot - slotsOf(type), type, this.storeType(frame, type));
      return { index, name: this.symbols.localName(frame.funcAddr, index), ...value };
    });
  }

  /** Operands of the frame at `level`, the deepest first. */
  operands(level = 0): TypedValue[] {
    const { frame, types } = this.wasmFrame(level);
    let slot = slotCount(types.locals);
    return types.operands.map((type) => {
      slot += slotsOf(type);
      return this.value(frame.slots, slot - slotsOf(type), type, this.storeType(frame, type));
    });
  }

  /** A value with what the objects that it refers to hold. */
  private value(words: Int32Array, slot: number, type: ValType, storeType: ValType): TypedValue {
    return { ...slotValue(words, slot, type), text: deepText(this.store, storeType, words, slot * 2) };
  }

  private declaredLocals({ funcAddr }: FrameState): number {
    const func = this.store.funcs[funcAddr]!;
    return func.kind === "host" ? 0 : localTypes(this.store.instances[func.instanceAddr]!.module, func.funcIndex).length;
  }

  /** Types of a frame's slots name types of its module. */
  private storeType({ funcAddr }: FrameState, type: ValType): ValType {
    const func = this.store.funcs[funcAddr]!;
    if (func.kind === "host") return type;
    return mapValType(type, this.store.types.ofModule(this.store.instances[func.instanceAddr]!.module));
  }

  /** Globals of the instance that the frame at `level` belongs to; of the first instance when nothing runs. */
  globals(level = 0): NamedValue[] {
    const { store } = this;
    const instanceAddr = this.instanceAt(level);
    const instance = store.instances[instanceAddr];
    if (instance === undefined) return [];
    return [...instance.globalAddrs].map((addr, index) => {
      const { type, slot } = store.globals[addr]!;
      return {
        index,
        name: this.symbols.globalName(instanceAddr, index),
        ...this.value(store.globalI32, slot, type.valType, type.valType),
      };
    });
  }

  /**
   * Bytes of a memory: a copy, cut off at the memory's end. The memory is that of the instance at `level`, by its index.
   * Throws RewasmError "no-memory" when there is none, "memory-range" when the address is outside.
   */
  memory(byteAddr: number, byteLength: number, memoryIndex = 0, level = 0): Uint8Array {
    const memory = this.store.memories[this.memoryAddr(memoryIndex, level)]!;
    if (byteAddr >= memory.byteLength) {
      const bytes = `${memory.byteLength} (0x${memory.byteLength.toString(16)}) bytes`;
      throw new RewasmError("memory-range", `address 0x${byteAddr.toString(16)} is outside the memory of ${bytes}`);
    }
    return memory.bytes.slice(byteAddr, Math.min(memory.byteLength, byteAddr + byteLength));
  }

  /** Store address of a memory of the instance at `level`, by its index. Throws RewasmError "no-memory". */
  memoryAddr(memoryIndex = 0, level = 0): number {
    const addr = this.store.instances[this.instanceAt(level)]?.memoryAddrs[memoryIndex];
    if (addr === undefined) throw new RewasmError("no-memory", `there is no memory ${memoryIndex} here`);
    return addr;
  }

  /** Address of the instance that the frame at `level`, or the wasm frame that called it, belongs to. */
  private instanceAt(level: number): number {
    const { store } = this;
    for (let index = store.depth - 1 - level; index >= 0; index--) {
      const func = store.funcs[store.frameWord(index, Frame.Func)]!;
      if (func.kind === "wasm") return func.instanceAddr;
    }
    return 0;
  }

  private locationOf(index: number): Location {
    const { store } = this;
    const funcAddr = store.frameWord(index, Frame.Func);
    const name = this.symbols.funcName(funcAddr);
    const func = store.funcs[funcAddr]!;
    if (func.kind === "host") return { function: this.importIndex(index, funcAddr), name, wasmOffset: null };
    const { module } = store.instances[func.instanceAddr]!;
    const offset = frameOffset(store, index);
    const body = module.funcs[func.funcIndex - module.importedFuncCount]!;
    return { function: func.funcIndex, name, wasmOffset: offset < 0 ? body.codeStart : offset };
  }

  /** The index under which the caller of a host function imports it. */
  private importIndex(index: number, funcAddr: number): number | null {
    const caller = index === 0 ? undefined : this.store.funcs[this.store.frameWord(index - 1, Frame.Func)];
    if (caller?.kind !== "wasm") return null;
    const at = this.store.instances[caller.instanceAddr]!.funcAddrs.indexOf(funcAddr);
    return at < 0 ? null : at;
  }

  private wasmFrame(level: number): { frame: FrameState; types: ReturnType<typeof frameTypes> } {
    const { store } = this;
    const index = store.depth - 1 - level;
    if (index < 0 || level < 0)
      throw new RewasmError("no-frame", store.depth === 0 ? "no function is running here" : `there is no frame ${level}`);
    const frame = exportFrame(store, index);
    if (store.funcs[frame.funcAddr]!.kind === "host") {
      throw new RewasmError("host-frame", `frame ${level} is the host function ${this.symbols.funcName(frame.funcAddr)}: it has no locals`);
    }
    return { frame, types: frameTypes(store, index) };
  }
}

/** Value whose first slot is `slot` of an array of words, two per slot. */
export function slotValue(words: Int32Array, slot: number, type: ValType): TypedValue {
  const count = isWide(type) ? 2 * slotsOf(type) : 1;
  let bits = 0n;
  for (let i = count - 1; i >= 0; i--) bits = (bits << 32n) | BigInt(words[slot * 2 + i]! >>> 0);
  return { type: valTypeName(type), text: valueText(type, bits), bits };
}

/** One line about what the machine waits for, when it is not about to execute an instruction. */
export function statusText(store: Store): string | undefined {
  switch (store.status) {
    case Status.Running:
      return undefined;
    case Status.Idle:
      return "nothing is running";
    case Status.InHost:
      return "in a host function";
    case Status.Growing:
      return "waits for the result of a grow";
    case Status.Returned:
      return "a call from the host has returned";
    case Status.Trapped:
      return "trapped";
    case Status.Exited:
      return `the program has exited with code ${store.exitCode}`;
  }
}

/** Lines of 16 bytes: address, hexadecimal, text. */
export function hexDump(bytes: Uint8Array, byteAddr: number): string[] {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += 16) {
    const row = bytes.subarray(at, at + 16);
    const hex = Array.from(row, (byte, i) => `${i === 8 ? " " : ""}${byte.toString(16).padStart(2, "0")}`).join(" ");
    const text = Array.from(row, (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".")).join("");
    lines.push(`0x${(byteAddr + at).toString(16).padStart(8, "0")}  ${hex.padEnd(48)}  |${text}|`);
  }
  return lines;
}
