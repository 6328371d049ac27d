/**
 * Node's modules taking views: files, streams, cryptography, compression. Most only read what they are given; those that
 * write are listed here with what they write. A read that ends later gets bytes of its own, which go into the memory in
 * the turn in which the program is told: so wasm never meets bytes that arrive while it runs.
 */
import assert from "node:assert";
import buffer from "node:buffer";
import crypto from "node:crypto";
import dgram from "node:dgram";
import fs from "node:fs";
import http from "node:http";
import { syncBuiltinESMExports } from "node:module";
import stream from "node:stream";
import stringDecoder from "node:string_decoder";
import util from "node:util";
import v8 from "node:v8";
import zlib from "node:zlib";
import { type Native, patchReaders, rawArguments, reading } from "./arguments.ts";
import type { Patches } from "./patches.ts";
import { patchClass } from "./platform.ts";
import type { NativeView, Views } from "./views.ts";

const { apply } = Reflect;

export function patchNodeModules(views: Views, patches: Patches): void {
  patchFiles(views, patches);
  patchRandom(views, patches);
  patchReaders(views, patches, crypto, RANDOM);
  patchClasses(views, patches, crypto);
  patchReaders(views, patches, zlib);
  patchStreams(views, patches);
  for (const holder of [util.types, v8, assert, assert.strict]) patchReaders(views, patches, holder);
  patches.method(util, "isDeepStrictEqual", reading(views) as never);
  patchReaders(views, patches, stringDecoder.StringDecoder.prototype);
  patchReaders(views, patches, buffer);
  for (const name of ["Blob", "File"]) patchClass(views, patches, buffer, name);
  patches.method(dgram.Socket.prototype, "send", reading(views) as never);
}

/** Makes the named exports of modules follow: call it when all patches are made, and when they are undone. */
export function syncNodeModules(): void {
  syncBuiltinESMExports();
}

function patchClasses(views: Views, patches: Patches, holder: object): void {
  for (const value of Object.values(holder) as unknown[]) {
    if (typeof value === "function" && typeof value.prototype === "object" && value.prototype !== null) {
      patchReaders(views, patches, value.prototype as object);
    }
  }
}

/** What goes into a stream is copied: it may wait there while the memory changes, and the other end may write into it. */
function patchStreams(views: Views, patches: Patches): void {
  const copying = (native: Native): Native =>
    function (this: unknown, chunk: unknown, ...rest: unknown[]) {
      const raw = views.behind(chunk) as Uint8Array | undefined;
      if (raw === undefined) return apply(native, this, [chunk, ...rest]);
      return apply(native, this, [Uint8Array.prototype.slice.call(raw), ...rest]);
    };
  for (const { prototype } of [stream.Writable, stream.Duplex, stream.Readable, http.OutgoingMessage]) {
    for (const name of ["write", "end", "push", "unshift"]) patches.method(prototype, name, copying as never);
  }
}

// Files.

const READERS = new Set(["read", "readSync", "readv", "readvSync"]);

function patchFiles(views: Views, patches: Patches): void {
  patches.method(
    fs,
    "readSync",
    ((native: Native): Native =>
      function (this: unknown, ...args: unknown[]) {
        const given = rawArguments(views, args);
        const count = apply(native, this, given as unknown[]) as number;
        const { view, start } = readTarget(given);
        views.wrote(view, start, start + count);
        return count;
      }) as never,
  );
  patches.method(
    fs,
    "readvSync",
    ((native: Native): Native =>
      function (this: unknown, ...args: unknown[]) {
        const given = rawArguments(views, args);
        const count = apply(native, this, given as unknown[]) as number;
        forEachFilled(given[1] as readonly NativeView[], count, (view, byteLength) => views.wrote(view, 0, byteLength));
        return count;
      }) as never,
  );
  patches.method(fs, "read", ((native: Native) => delayedRead(views, native)) as never);
  patches.method(fs, "readv", ((native: Native) => delayedReadv(views, native)) as never);
  patchReaders(views, patches, fs, READERS);
  patchReaders(views, patches, fs.promises);
  patchHandles(views, patches);
}

function isView(value: unknown): value is NativeView {
  return ArrayBuffer.isView(value);
}

/** Where a read puts its bytes, by all forms of its arguments: `(fd, view, offset?)`, `(fd, view, { offset })`, `(fd, { buffer, offset })`. */
function readTarget(args: readonly unknown[]): { readonly view: NativeView; readonly start: number; readonly inOptions: boolean } {
  const [, target, third] = args;
  const inOptions = !isView(target);
  const options = inOptions ? target : typeof third === "object" ? third : { offset: third };
  const { offset } = (options ?? {}) as { readonly offset?: unknown };
  const view = inOptions ? (target as { readonly buffer: NativeView }).buffer : target;
  return { view, start: typeof offset === "number" ? offset : 0, inOptions };
}

function forEachFilled(
  targets: readonly NativeView[],
  byteCount: number,
  action: (view: NativeView, byteLength: number, at: number) => void,
): void {
  let at = 0;
  for (const view of targets) {
    const byteLength = Math.min(view.byteLength, byteCount - at);
    if (byteLength <= 0) return;
    action(view, byteLength, at);
    at += byteLength;
  }
}

/** All bytes of a view, to copy from and to. */
function bytesOf({ buffer: bytes, byteOffset, byteLength }: NativeView): Uint8Array {
  return new NativeBytes(bytes as ArrayBuffer, byteOffset, byteLength);
}
const NativeBytes = Uint8Array;

/** Whether a view that a read would fill lies over a memory. */
function overMemory(views: Views, view: unknown): view is NativeView {
  return isView(view) && views.memoryOf((views.raw(view) as NativeView).buffer) !== undefined;
}

/** Puts what a delayed read has brought into the memory. A memory that has grown since has left its views empty. */
function deliver(views: Views, from: Uint8Array, view: NativeView, start: number, count: number): void {
  const target = bytesOf(view);
  const end = Math.min(target.length, start + count);
  if (end <= start) return;
  target.set(from.subarray(start, end), start);
  views.wrote(view, start, end);
}

/** `fs.read` and `FileHandle.read` over bytes of their own; `settle` gets the call's end in either style. */
interface Bounce {
  readonly args: readonly unknown[];
  readonly deliver: (count: number) => void;
  /** What the program gave as the buffer, and what the native function was given in its place. */
  readonly shown: unknown;
  readonly own: unknown;
}

/** The arguments of a read with a private buffer in place of the view over a memory; undefined when there is none. `args[0]` is the descriptor. */
function bounceRead(views: Views, args: readonly unknown[]): Bounce | undefined {
  const [, target] = args;
  if (typeof target !== "object" || target === null) return undefined;
  const given = rawArguments(views, args);
  const buffer = isView(given[1]) ? given[1] : (given[1] as { readonly buffer?: unknown }).buffer;
  if (!overMemory(views, buffer)) return undefined;
  const { view, start, inOptions } = readTarget(given);
  const own = bytesOf(view).slice();
  const replaced = inOptions ? { ...(given[1] as object), buffer: own } : own;
  const shown = inOptions ? (target as { readonly buffer: unknown }).buffer : target;
  return { args: [args[0], replaced, ...given.slice(2)], deliver: (count) => deliver(views, own, view, start, count), shown, own };
}

function bounceReadv(views: Views, args: readonly unknown[]): Bounce | undefined {
  const targets = args[1];
  if (!Array.isArray(targets) || !targets.some((each) => overMemory(views, each))) return undefined;
  const raws = targets.map((each) => views.raw(each as NativeView));
  const own = raws.map((view) => (overMemory(views, view) ? bytesOf(view).slice() : view));
  const deliverAll = (count: number): void =>
    forEachFilled(raws, count, (view, byteLength) => {
      const bytes = own[raws.indexOf(view)]!;
      if (bytes !== view) deliver(views, bytes as Uint8Array, view, 0, byteLength);
    });
  return { args: [args[0], own, ...args.slice(2)], deliver: deliverAll, shown: targets, own };
}

function delayedRead(views: Views, native: Native): Native {
  return delayed(native, (args) => bounceRead(views, args));
}

function delayedReadv(views: Views, native: Native): Native {
  return delayed(native, (args) => bounceReadv(views, args));
}

/** A function with a callback `(error, count, buffer)` as its last argument. */
function delayed(native: Native, bounce: (args: readonly unknown[]) => Bounce | undefined): Native {
  return function (this: unknown, ...args: unknown[]) {
    const own = bounce(args);
    const callback = args.at(-1);
    if (own === undefined || typeof callback !== "function") return apply(native, this, args);
    const settled = function (this: unknown, error: unknown, count: unknown, ...rest: unknown[]): unknown {
      if (typeof count === "number") own.deliver(count);
      return apply(callback as Native, this, [error, count, ...rest.map((each) => (each === own.own ? own.shown : each))]);
    };
    return apply(native, this, [...own.args.slice(0, -1), settled]);
  };
}

/** File handles have no public class: the first one that is opened shows theirs. */
function patchHandles(views: Views, patches: Patches): void {
  let patched = false;
  patches.method(
    fs.promises,
    "open",
    ((native: Native): Native =>
      async function (this: unknown, ...args: unknown[]) {
        const handle = (await apply(native, this, args)) as object;
        if (!patched) {
          patched = true;
          patchHandleClass(views, patches, Object.getPrototypeOf(handle) as object);
        }
        return handle;
      }) as never,
  );
}

function patchHandleClass(views: Views, patches: Patches, prototype: object): void {
  for (const [name, bounce] of [
    ["read", bounceRead],
    ["readv", bounceReadv],
  ] as const) {
    patches.method(
      prototype,
      name,
      ((native: Native): Native =>
        async function (this: unknown, ...args: unknown[]) {
          const own = bounce(views, [undefined, ...args]);
          if (own === undefined) return apply(native, this, args);
          const result = (await apply(native, this, own.args.slice(1) as unknown[])) as Record<string, unknown>;
          own.deliver(result.bytesRead as number);
          for (const key of ["buffer", "buffers"]) if (result[key] === own.own) result[key] = own.shown;
          return result;
        }) as never,
    );
  }
  patchReaders(views, patches, prototype, READERS);
}

// Random bytes.

const RANDOM = new Set(["randomFillSync", "randomFill", "getRandomValues", "webcrypto", "subtle"]);

/** The native view or buffer that is to be filled, if it lies over a memory. */
function fillTarget(views: Views, value: unknown): NativeView | undefined {
  const raw = views.raw(value);
  if (views.memoryOf(raw) !== undefined) return viewOfAll(raw as ArrayBuffer);
  return overMemory(views, raw) ? raw : undefined;
}

function viewOfAll(bytes: ArrayBuffer): NativeView {
  return new NativeBytes(bytes);
}

function patchRandom(views: Views, patches: Patches): void {
  const extent = (raw: NativeView, args: readonly unknown[]): readonly [number, number] => {
    // Offsets and sizes count elements, not bytes.
    const { BYTES_PER_ELEMENT: width = 1 } = raw as { readonly BYTES_PER_ELEMENT?: number };
    const start = typeof args[1] === "number" ? args[1] * width : 0;
    return [start, typeof args[2] === "number" ? start + args[2] * width : raw.byteLength];
  };
  const filling = (native: Native): Native =>
    function (this: unknown, ...args: unknown[]) {
      const target = fillTarget(views, args[0]);
      if (target === undefined) return apply(native, this, args);
      apply(native, this, [views.raw(args[0]), ...args.slice(1)]);
      views.wrote(target, ...extent(target, args));
      return args[0];
    };
  patches.method(crypto, "randomFillSync", filling as never);
  patches.method(crypto, "getRandomValues", filling as never);
  patches.method(
    crypto,
    "randomFill",
    ((native: Native): Native =>
      function (this: unknown, ...args: unknown[]) {
        const target = fillTarget(views, args[0]);
        const callback = args.at(-1);
        if (target === undefined || typeof callback !== "function") return apply(native, this, args);
        const { BYTES_PER_ELEMENT: width = 1 } = target as { readonly BYTES_PER_ELEMENT?: number };
        const [start, end] = extent(target, args);
        const own = new NativeBytes(target.byteLength);
        const settled = function (this: unknown, error: unknown): unknown {
          if (!error) deliver(views, own, target, start, end - start);
          return apply(callback as Native, this, [error, args[0]]);
        };
        // Bytes instead of elements.
        const bounds = args.slice(1, -1).map((each) => (typeof each === "number" ? each * width : each));
        return apply(native, this, [own, ...bounds, settled]);
      }) as never,
  );
}
