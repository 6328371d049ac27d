/**
 * Puts a namespace in the place of the engine's `WebAssembly`, for the program only: Node's own code, which uses modules of
 * its own to read HTTP and to scan scripts, goes on with the engine's.
 */

/** Replaces the global. */
export function replaceNamespace(namespace: object): void {
  const engine = (globalThis as { WebAssembly?: unknown }).WebAssembly;
  switchImports(engine as EngineNamespace, namespace as never);
  Object.defineProperty(globalThis, "WebAssembly", {
    configurable: true,
    enumerable: false,
    get: () => (calledByNode() ? engine : namespace),
    set(value: unknown) {
      Object.defineProperty(globalThis, "WebAssembly", { value, writable: true, configurable: true, enumerable: false });
    },
  });
}

interface EngineNamespace {
  compile(bytes: unknown): Promise<object>;
  Module: { imports(module: object): unknown; exports(module: object): unknown };
  Instance: new (module: object, imports?: object) => object;
}

/** The script of Node's that carries out `import … from "x.wasm"`. It holds the engine's namespace since before we came. */
const IMPORTER = "node:internal/modules/esm/translators";

/** Has modules that the program imports as files of WebAssembly run on `namespace` too. */
function switchImports(engine: EngineNamespace, namespace: EngineNamespace & { readonly Module: abstract new () => object }): void {
  const { compile, Instance } = engine;
  const ours = (module: object): boolean => module instanceof namespace.Module;
  engine.compile = function (this: unknown, bytes) {
    return callerFile() === IMPORTER ? namespace.compile(bytes) : Reflect.apply(compile, this, [bytes]);
  };
  for (const name of ["imports", "exports"] as const) {
    const native = engine.Module[name];
    engine.Module[name] = (module) => (ours(module) ? namespace.Module[name](module) : native(module));
  }
  engine.Instance = new Proxy(Instance, {
    construct: (target, args: [object, object], newTarget) =>
      ours(args[0]) ? new namespace.Instance(...args) : (Reflect.construct(target, args, newTarget) as object),
  });
}

interface CallSite {
  getFileName(): string | null;
}

/** Whether the innermost caller is a script of Node's own. */
function calledByNode(): boolean {
  return callerFile()?.startsWith("node:") === true;
}

/** The script that has called the function which asks. */
function callerFile(): string | undefined {
  const { prepareStackTrace, stackTraceLimit } = Error;
  // A program that has frozen everything is left alone.
  if (Object.isFrozen(Error)) return undefined;
  let file: string | null | undefined;
  try {
    // The innermost frames are those of this file.
    Error.stackTraceLimit = 5;
    Error.prepareStackTrace = (_error, sites: readonly CallSite[]) =>
      sites.map((site) => site.getFileName()).find((name) => name !== import.meta.url);
    file = (new Error() as { readonly stack?: unknown }).stack as string | undefined;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    Error.prepareStackTrace = prepareStackTrace;
  }
  return typeof file === "string" ? file : undefined;
}
