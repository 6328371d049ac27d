/**
 * Knows what JavaScript writes into memories: puts the patches of this room together, and hands out what was written since
 * it was last asked. There is one per realm and machine; what it does not see is listed in docs/rationale/embedding.md.
 */
import { patchDataViews } from "./data-views.ts";
import { Patches } from "./patches.ts";
import { patchPlatform } from "./platform.ts";
import { ArrayProxies, patchTypedArrays } from "./typed-arrays.ts";
import { Views } from "./views.ts";
import type { WriteReport } from "./write-log.ts";

export class WriteTracker {
  readonly views = new Views();
  readonly proxies = new ArrayProxies(this.views);
  readonly patches = new Patches();

  /** Replaces the constructors and functions of a realm, this one if none is given. */
  install(realm: object = globalThis): void {
    patchTypedArrays(this.proxies, this.patches, realm);
    patchDataViews(this.views, this.patches, realm);
    patchPlatform(this.views, this.patches, realm);
  }

  /** Puts everything back. Views made until then go on as they are. */
  uninstall(): void {
    this.patches.undo();
  }

  /** Says that `buffer` holds the bytes of a memory from now on, and answers it. Views made before are not seen. */
  track<T extends ArrayBufferLike>(buffer: T, memoryAddr: number): T {
    this.views.track(buffer, memoryAddr);
    return buffer;
  }

  /** Reports every range that was written since the last call, each byte once. */
  flush(report: WriteReport): void {
    this.views.log.flush(report);
  }
}
