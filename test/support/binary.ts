/** Builds module binaries byte by byte, also malformed ones. Lengths and counts are right unless the caller says otherwise. */

/** Bytes of a module part: numbers are bytes, strings are UTF-8, nested lists are joined. */
export type Part = number | string | Uint8Array | readonly Part[];

export function flatten(...parts: readonly Part[]): number[] {
  const bytes: number[] = [];
  append(bytes, parts);
  return bytes;
}

function append(bytes: number[], parts: readonly Part[]): void {
  for (const part of parts) {
    if (typeof part === "number") bytes.push(part);
    else if (typeof part === "string") for (const byte of new TextEncoder().encode(part)) bytes.push(byte);
    else if (part instanceof Uint8Array) for (const byte of part) bytes.push(byte);
    else append(bytes, part);
  }
}

/** Unsigned LEB128. */
export function uleb(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    bytes.push((rest % 128) + (rest >= 128 ? 128 : 0));
    rest = Math.floor(rest / 128);
  } while (rest > 0);
  return bytes;
}

/** Signed LEB128. */
export function sleb(value: bigint): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (;;) {
    const byte = Number(rest & 0x7fn);
    rest >>= 7n;
    const done = (rest === 0n && byte < 0x40) || (rest === -1n && byte >= 0x40);
    bytes.push(done ? byte : byte | 0x80);
    if (done) return bytes;
  }
}

/** Length, then the bytes. */
export function sized(...parts: readonly Part[]): number[] {
  const bytes = flatten(...parts);
  return [...uleb(bytes.length), ...bytes];
}

/** Count, then the entries. */
export function vector(entries: readonly Part[]): number[] {
  return [...uleb(entries.length), ...flatten(entries)];
}

export function section(id: number, ...parts: readonly Part[]): number[] {
  return [id, ...sized(...parts)];
}

export const HEADER: readonly number[] = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

/** A module of these sections. */
export function binary(...sections: readonly Part[]): Uint8Array {
  return Uint8Array.from(flatten(HEADER, ...sections));
}

/** A module with one function of type `[] -> []` whose body has these instructions (without the last `end`) and local declarations. */
export function oneFunction(instructions: readonly Part[], localRuns: readonly Part[] = []): Uint8Array {
  return binary(
    section(1, vector([[0x60, 0, 0]])),
    section(3, vector([0])),
    section(10, vector([sized(vector(localRuns), ...instructions, 0x0b)])),
  );
}
