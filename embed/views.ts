/**
 * Which buffers are memories, and which views lie over them. Views of JavaScript over such a buffer are proxies (typed
 * arrays) or are noted (DataViews); here one finds what is behind them. Holds no view alive.
 */
import { Existing } from "./existing.ts";
import { WriteLog } from "./write-log.ts";

/** The part of a native view that is used; its getters must be called on the view itself, never on its proxy. */
export interface NativeView {
  readonly buffer: object;
  readonly byteOffset: number;
  readonly byteLength: number;
}

/**
 * Puts the native view behind a proxy into a private field of the proxy: no trap sees it, and unlike an entry of a
 * WeakMap it costs the garbage collector nothing, which matters for views that live for one call.
 */
class Shown extends Existing {
  readonly #raw: object;

  constructor(proxy: object, raw: object) {
    super(proxy);
    this.#raw = raw;
  }

  static behind(value: unknown): object | undefined {
    return typeof value === "object" && value !== null && #raw in value ? value.#raw : undefined;
  }
}

export class Views {
  /** What was written through views. */
  readonly log = new WriteLog();
  private readonly memories = new WeakMap<object, number>();

  /** From now on views over `buffer` are views of this memory. */
  track(buffer: object, memoryAddr: number): void {
    this.memories.set(buffer, memoryAddr);
  }

  /** The memory whose bytes these are, or undefined. */
  memoryOf(buffer: unknown): number | undefined {
    return this.memories.get(buffer as object);
  }

  /** Says that `proxy` stands for `raw` wherever JavaScript looks. */
  pair(raw: object, proxy: object): void {
    new Shown(proxy, raw);
  }

  /** The native view behind a proxy, or undefined for everything else. */
  behind(value: unknown): object | undefined {
    return Shown.behind(value);
  }

  /** What native functions understand: the view behind a proxy, everything else as it is. */
  raw<T>(value: T): T {
    return (Shown.behind(value) as T | undefined) ?? value;
  }

  /** Notes that bytes `[from, to)` of a native view were written, if it lies over a memory. Bounds are clamped to the view. */
  wrote(view: NativeView, from: number, to: number): void {
    const memoryAddr = this.memories.get(view.buffer);
    if (memoryAddr === undefined) return;
    const { byteOffset, byteLength } = view;
    this.log.add(memoryAddr, byteOffset + Math.max(0, from), byteOffset + Math.min(byteLength, to));
  }
}
