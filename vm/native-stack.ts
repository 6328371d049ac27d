/**
 * Room on the stack of the JavaScript engine, which only the live machine uses: a host function that calls wasm nests native
 * calls. Nothing here touches a store; replay is flat and never asks.
 */

/** What is asked for, in arguments of 8 bytes: 64 KiB. */
const ROOM: readonly undefined[] = Object.freeze(new Array<undefined>(1 << 13).fill(undefined));

/** Calls from the host inside of one another between two looks: they have 8 KiB each, of which this machine takes one. */
const LOOK_EVERY = 8;

function nothing(): void {}

/**
 * Throws the RangeError of an exhausted stack here, where nothing has happened yet, instead of somewhere in the midst of a
 * crossing. `nesting` is the number of calls from the host that are under way. Cost: nothing at most depths, 10 µs at the others.
 */
export function expectNativeRoom(nesting: number): void {
  if (nesting === 0 || nesting % LOOK_EVERY !== 0) return;
  nothing.apply(undefined, ROOM as []);
}
