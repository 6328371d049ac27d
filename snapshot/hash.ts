/**
 * The state hash: one number for a whole machine. Equal machines hash equally however they came about: by recording, by
 * replay, from a stored snapshot, with whatever sharing and lowering. The event number and the stack limit are not part of it, the tick is.
 */
import { ByteWriter } from "./bytes.ts";
import { chunkDigest, digest, hex } from "./digest.ts";
import { PAGE_WORDS } from "./pages.ts";
import { encodeMachine, encodeShape, type Stand } from "./record.ts";
import type { Shape, Snapshot } from "./tree.ts";

/** Raised whenever the same machine would hash differently than before. */
const HASH_VERSION = "rewasm state 3";

/** Remembers what hashing a shape gives; see digest.ts. */
const shapes = new WeakMap<Shape, Uint8Array>();

const digests: Stand = {
  shape(out, shape) {
    let known = shapes.get(shape);
    if (known === undefined) {
      const encoded = new ByteWriter();
      encodeShape(encoded, shape);
      known = digest(encoded.view());
      shapes.set(shape, known);
    }
    out.bytes(known);
  },
  chunk(out, chunk) {
    out.bytes(chunkDigest(chunk));
  },
};

/**
 * SHA-256 in hexadecimal over tick, status, frames, globals, tables, memories and everything else that a snapshot holds,
 * except the event number and the stack limit. Cost: that of each page not hashed before (docs/rationale/snapshots.md), the frames, and
 * 32 bytes per 2 MiB of memory.
 */
export function stateHash(snapshot: Snapshot): string {
  const out = new ByteWriter(4096);
  out.text(HASH_VERSION);
  out.number(PAGE_WORDS);
  // A limit that was not reached is no state: the same run under another one has the same states.
  encodeMachine(out, { ...snapshot, stackBytes: 0 }, digests);
  return hex(digest(out.view()));
}
