/**
 * Functions of the platform that take views and are no methods of them: Atomics, text encodings, random bytes, copies of
 * objects, blobs. What exists in a realm is patched; nothing here needs Node.
 */
import { type Native, patchReaders, rawArguments, reading } from "./arguments.ts";
import type { Patches } from "./patches.ts";
import type { NativeView, Views } from "./views.ts";

const { apply } = Reflect;
type Realm = Readonly<Record<string, unknown>>;

export function patchPlatform(views: Views, patches: Patches, realm: object): void {
  const globals = realm as Realm;
  patches.method(ArrayBuffer, "isView", reading(views) as never);
  patchAtomics(views, patches, globals);
  patchText(views, patches, globals);
  patchCrypto(views, patches, globals);
  for (const name of ["structuredClone", "postMessage"]) patches.method(realm, name, reading(views) as never);
  for (const name of ["Blob", "File", "Response", "Request"]) patchClass(views, patches, realm, name);
}

const ATOMIC_WRITERS = ["store", "add", "sub", "and", "or", "xor", "exchange", "compareExchange"];

function patchAtomics(views: Views, patches: Patches, { Atomics: atomics }: Realm): void {
  if (typeof atomics !== "object" || atomics === null) return;
  for (const name of ATOMIC_WRITERS) {
    patches.method(
      Atomics,
      name,
      ((native: Native): Native =>
        function (this: unknown, array: unknown, index: unknown, ...rest: unknown[]) {
          const raw = views.behind(array) as (NativeView & { readonly BYTES_PER_ELEMENT: number }) | undefined;
          if (raw === undefined) return apply(native, this, [array, index, ...rest]);
          const at = Math.trunc(Number(index)) || 0;
          const result = apply(native, this, [raw, at, ...rest]);
          views.wrote(raw, at * raw.BYTES_PER_ELEMENT, (at + 1) * raw.BYTES_PER_ELEMENT);
          return result;
        }) as never,
    );
  }
  patchReaders(views, patches, atomics, new Set(ATOMIC_WRITERS));
}

function patchText(views: Views, patches: Patches, { TextEncoder, TextDecoder }: Realm): void {
  const encoder = prototypeOf(TextEncoder);
  const decoder = prototypeOf(TextDecoder);
  if (decoder !== undefined) patches.method(decoder, "decode", reading(views) as never);
  if (encoder === undefined) return;
  patches.method(
    encoder,
    "encodeInto",
    ((native: Native): Native =>
      function (this: unknown, text: unknown, target: unknown) {
        const raw = views.raw(target);
        const result = apply(native, this, [text, raw]) as { readonly written: number };
        if (raw !== target) views.wrote(raw as NativeView, 0, result.written);
        return result;
      }) as never,
  );
}

function patchCrypto(views: Views, patches: Patches, { Crypto, SubtleCrypto }: Realm): void {
  const crypto = prototypeOf(Crypto);
  const subtle = prototypeOf(SubtleCrypto);
  if (subtle !== undefined) patchReaders(views, patches, subtle);
  if (crypto === undefined) return;
  patches.method(
    crypto,
    "getRandomValues",
    ((native: Native): Native =>
      function (this: unknown, ...args: unknown[]) {
        const raw = views.behind(args[0]) as NativeView | undefined;
        if (raw === undefined) return apply(native, this, args);
        apply(native, this, [raw]);
        views.wrote(raw, 0, raw.byteLength);
        return args[0];
      }) as never,
  );
}

/** A class whose constructor reads views. Programs see another function, with the same prototype. */
export function patchClass(views: Views, patches: Patches, holder: object, name: string): void {
  patches.replace(holder, name, (native: unknown) => {
    if (typeof native !== "function") return native;
    return new Proxy(native, {
      construct: (target, args, newTarget): object => Reflect.construct(target, rawArguments(views, args), newTarget) as object,
    });
  });
}

function prototypeOf(value: unknown): object | undefined {
  return typeof value === "function" ? (value.prototype as object) : undefined;
}
