/**
 * Room on the stack of the JavaScript engine, which only the live machine uses: a host function that calls wasm nests native
 * calls. Nothing here touches a store; replay is flat and never asks.
 */

/** What is asked for, in arguments of 8 bytes: 64 KiB, and as much as generated code may use (tier.ts), of one call at a time. */
const ROOM: readonly undefined[] = Object.freeze(new Array<undefined>((1 << 13) + 5000).fill(undefined));

/** Calls from the host inside of one another between two looks: they have 8 KiB each, of which this machine takes one. */
const LOOK_EVERY = 8;

function nothing(): void {}

/** What DataView says of an access out of bounds in this engine: tells it from the RangeError of an exhausted native stack. */
export const OUTSIDE_MESSAGE = outsideMessage();

function outsideMessage(): string {
  try {
    new DataView(new ArrayBuffer(1)).getInt8(1);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("DataView does not check its bounds");
}

/**
 * Throws the RangeError of an exhausted stack here, where nothing has happened yet, instead of somewhere in the midst of a
 * crossing. `nesting` is the number of calls from the host that are under way. Cost: nothing at most depths, 10 µs at the others.
 */
export function expectNativeRoom(nesting: number): void {
  if (nesting === 0 || nesting % LOOK_EVERY !== 0) return;
  nothing.apply(undefined, ROOM as []);
}
