/** The components that the tests run: committed files, one of them compressed. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliDecompressSync } from "node:zlib";
import { ROOT } from "../support/guests.ts";

export type ComponentName = "hello" | "ledger" | "composed" | "notes";

const GUESTS = join(ROOT, "test/component/guests");

export function componentBytes(name: ComponentName): Uint8Array {
  if (name === "notes") return new Uint8Array(brotliDecompressSync(readFileSync(join(GUESTS, "notes.component.wasm.br"))));
  return new Uint8Array(readFileSync(join(GUESTS, `${name}.component.wasm`)));
}

/** The components as files `NAME.component.wasm` in a folder of their own. */
export class ComponentFiles {
  readonly folder = mkdtempSync(join(tmpdir(), "rewasm-components-"));

  path(name: ComponentName): string {
    const path = join(this.folder, `${name}.component.wasm`);
    writeFileSync(path, componentBytes(name));
    return path;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
