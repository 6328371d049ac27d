/**
 * Puts a namespace in the place of the engine's `WebAssembly`, for the program only: Node's own code, which uses modules of
 * its own to read HTTP and to scan scripts, goes on with the engine's.
 */

/** Replaces the global. */
export function replaceNamespace(namespace: object): void {
  const engine = (globalThis as { WebAssembly?: unknown }).WebAssembly;
  switchImports(engine as EngineNamespace, namespace as never);
  // Scripts of Node's own go on with the engine's.
  const get = (): unknown => (callerFile(get)?.startsWith("node:") === true ? engine : namespace);
  Object.defineProperty(globalThis, "WebAssembly", {
    configurable: true,
    enumerable: false,
    get,
    set(value: unknown) {
      Object.defineProperty(globalThis, "WebAssembly", { value, writable: true, configurable: true, enumerable: false });
    },
  });
}

interface EngineNamespace {
  compile(bytes: unknown): Promise<object>;
  Module: { new (bytes: object, options?: object): object; imports(module: object): unknown; exports(module: object): unknown };
  Instance: new (module: object, imports?: object) => object;
}

/** The script of Node's that carries out `import … from "x.wasm"`. It holds the engine's namespace since before we came. */
const IMPORTER = "node:internal/modules/esm/translators";

/** Has modules that the program imports as files of WebAssembly run on `namespace` too. */
function switchImports(engine: EngineNamespace, namespace: EngineNamespace): void {
  const { compile, Module, Instance } = engine;
  const ours = (module: object): boolean => module instanceof namespace.Module;
  // Node 20 calls the one, later versions the other.
  engine.compile = function compileFor(this: unknown, bytes) {
    return callerFile(compileFor) === IMPORTER ? namespace.compile(bytes) : Reflect.apply(compile, this, [bytes]);
  };
  engine.Module = new Proxy(Module, {
    construct: function construct(target, args: [object, object?], newTarget) {
      return callerFile(construct) === IMPORTER ? new namespace.Module(...args) : (Reflect.construct(target, args, newTarget) as object);
    },
  });
  for (const name of ["imports", "exports"] as const) {
    const native = Module[name];
    Module[name] = (module) => (ours(module) ? namespace.Module[name](module) : native(module));
  }
  engine.Instance = new Proxy(Instance, {
    construct: (target, args: [object, object], newTarget) =>
      ours(args[0]) ? new namespace.Instance(...args) : (Reflect.construct(target, args, newTarget) as object),
  });
}

interface CallSite {
  getFileName(): string | null;
}

/** The script that has called `callee`, which asks. */
function callerFile(callee: (...args: never[]) => unknown): string | undefined {
  const { prepareStackTrace, stackTraceLimit } = Error;
  // A program that has frozen everything is left alone.
  if (Object.isFrozen(Error)) return undefined;
  const holder: { readonly stack?: unknown } = {};
  let file: unknown;
  try {
    Error.stackTraceLimit = 1;
    Error.prepareStackTrace = (_error, [site]: readonly CallSite[]) => site?.getFileName();
    Error.captureStackTrace(holder, callee);
    file = holder.stack;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    Error.prepareStackTrace = prepareStackTrace;
  }
  return typeof file === "string" ? file : undefined;
}
