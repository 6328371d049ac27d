/**
 * SHA-256 of content that never changes, computed once per object. The weak maps only remember what hashing would give
 * again; they hold nothing alive and change no answer.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import type { Module } from "../vm/types.ts";
import { wordBytes } from "./bytes.ts";
import type { Chunk, Page } from "./pages.ts";
import type { ModuleRef } from "./tree.ts";

export const DIGEST_BYTES = 32;

const modules = new WeakMap<Module, string>();
const pages = new WeakMap<Page, Uint8Array>();
const chunks = new WeakMap<Chunk, Uint8Array>();

export function digest(bytes: Uint8Array): Uint8Array {
  return sha256(bytes);
}

export function hex(bytes: Uint8Array): string {
  return bytesToHex(bytes);
}

/** SHA-256 of the module's bytes in hexadecimal. Cost: about 5 ms per MB, once per module. */
export function moduleDigest(module: ModuleRef): string {
  if (typeof module === "string") return module;
  let known = modules.get(module);
  if (known === undefined) {
    known = hex(digest(module.bytes));
    modules.set(module, known);
  }
  return known;
}

/** Spares hashing a module whose SHA-256 (hexadecimal) the caller has just computed or checked. A wrong one makes wrong hashes. */
export function rememberModuleDigest(module: Module, sha256Hex: string): void {
  modules.set(module, sha256Hex);
}

export function pageDigest(page: Page): Uint8Array {
  let known = pages.get(page);
  if (known === undefined) {
    known = digest(wordBytes(page));
    pages.set(page, known);
  }
  return known;
}

/** Digest of the digests of a chunk's pages: a changed page costs itself and 16 KiB of digests. */
export function chunkDigest(chunk: Chunk): Uint8Array {
  let known = chunks.get(chunk);
  if (known === undefined) {
    const bytes = new Uint8Array(chunk.pages.length * DIGEST_BYTES);
    for (const [i, page] of chunk.pages.entries()) bytes.set(pageDigest(page), i * DIGEST_BYTES);
    known = digest(bytes);
    chunks.set(chunk, known);
  }
  return known;
}
