/**
 * Puts a namespace in the place of the engine's `WebAssembly`, for the program only: Node's own code, which uses modules of
 * its own to read HTTP and to scan scripts, goes on with the engine's.
 */

/** Replaces the global. */
export function replaceNamespace(namespace: object): void {
  const engine = (globalThis as { WebAssembly?: unknown }).WebAssembly;
  Object.defineProperty(globalThis, "WebAssembly", {
    configurable: true,
    enumerable: false,
    get: () => (calledByNode() ? engine : namespace),
    set(value: unknown) {
      Object.defineProperty(globalThis, "WebAssembly", { value, writable: true, configurable: true, enumerable: false });
    },
  });
}

interface CallSite {
  getFileName(): string | null;
}

/** Whether the innermost caller is a script of Node's own. */
function calledByNode(): boolean {
  const { prepareStackTrace, stackTraceLimit } = Error;
  // A program that has frozen everything is left alone.
  if (Object.isFrozen(Error)) return false;
  let file: string | null | undefined;
  try {
    // The first frame is this function, the second the getter.
    Error.stackTraceLimit = 3;
    Error.prepareStackTrace = (_error, sites: readonly CallSite[]) => sites[2]?.getFileName();
    file = (new Error() as { readonly stack?: unknown }).stack as string | undefined;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    Error.prepareStackTrace = prepareStackTrace;
  }
  return typeof file === "string" && file.startsWith("node:");
}
