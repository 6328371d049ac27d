/**
 * DataViews over memories: native objects, noted when they are made; the methods that write look whether `this` is one.
 */
import type { Native } from "./arguments.ts";
import { Existing } from "./existing.ts";
import { disguised, type Patches } from "./patches.ts";
import type { NativeView, Views } from "./views.ts";

type ViewConstructor = new (...args: unknown[]) => NativeView;

const WIDTHS: Readonly<Record<string, number>> = {
  setInt8: 1,
  setUint8: 1,
  setInt16: 2,
  setUint16: 2,
  setFloat16: 2,
  setInt32: 4,
  setUint32: 4,
  setFloat32: 4,
  setBigInt64: 8,
  setBigUint64: 8,
  setFloat64: 8,
};

const { apply, construct } = Reflect;

/** Which memory a DataView lies over, in a private field of the view: every write through any DataView asks. */
class Noted extends Existing {
  readonly #memoryAddr: number;

  constructor(view: object, memoryAddr: number) {
    super(view);
    this.#memoryAddr = memoryAddr;
  }

  static memoryOf(view: unknown): number {
    return typeof view === "object" && view !== null && #memoryAddr in view ? view.#memoryAddr : -1;
  }
}

/** Replaces the constructor in a realm, and the methods that write. */
export function patchDataViews(views: Views, patches: Patches, realm: object): void {
  patches.replace<ViewConstructor>(realm, "DataView", (native) => {
    const wrapper = function (this: unknown, ...args: unknown[]): object {
      if (new.target === undefined) return apply(native as never, this, args) as object;
      const target = (new.target as unknown) === wrapper ? native : (new.target as unknown as ViewConstructor);
      const view = construct(native, args, target) as NativeView;
      const memoryAddr = views.memoryOf(args[0]);
      if (memoryAddr !== undefined) new Noted(view, memoryAddr);
      return view;
    };
    disguised(wrapper as Native, native as unknown as Native);
    Object.defineProperty(wrapper, "prototype", { value: native.prototype, writable: false });
    return wrapper;
  });
  patches.replace(DataView.prototype, "constructor", () => (realm as { readonly DataView: unknown }).DataView);
  for (const [name, width] of Object.entries(WIDTHS))
    patches.method(DataView.prototype, name, ((native: Native) => writer(views, native, width)) as never);
}

function writer(views: Views, native: Native, width: number): Native {
  return function (this: unknown, byteOffset: unknown, value: unknown, littleEndian: unknown): unknown {
    const memoryAddr = Noted.memoryOf(this);
    if (memoryAddr < 0) return apply(native, this, [byteOffset, value, littleEndian]);
    const at = Math.trunc(Number(byteOffset)) || 0;
    apply(native, this, [at, value, littleEndian]);
    const start = (this as NativeView).byteOffset + at;
    views.log.add(memoryAddr, start, start + width);
    return undefined;
  };
}
