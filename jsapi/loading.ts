/**
 * The functions of the namespace: validate, compile, instantiate and their streaming forms. Compiling is done at once, in
 * a task of its own where a promise is answered; bytes are copied before that.
 */
import type { ExternAddr } from "../vm/store.ts";
import type { Agent } from "./agent.ts";
import { type CompileOptions, type ReadOptions, readCompileOptions } from "./compile-options.ts";
import type { InstanceClass, InstanceObject } from "./instance.ts";
import { type BufferSource, type Compiled, compileCopy, type ModuleClass, type ModuleObject } from "./module.ts";
import { copyBytes, isObject, typeError } from "./webidl.ts";

export interface InstantiatedSource {
  readonly module: ModuleObject;
  readonly instance: InstanceObject;
}

/** The part of a Response of the Fetch API that is used. */
export interface ResponseLike {
  readonly ok: boolean;
  readonly bodyUsed: boolean;
  readonly headers: { get(name: string): string | null };
  arrayBuffer(): Promise<ArrayBuffer>;
}

export interface LoadingFunctions {
  validate(bytes: BufferSource, options?: CompileOptions): boolean;
  compile(bytes: BufferSource, options?: CompileOptions): Promise<ModuleObject>;
  instantiate(bytes: BufferSource, importObject?: object, options?: CompileOptions): Promise<InstantiatedSource>;
  instantiate(module: ModuleObject, importObject?: object): Promise<InstanceObject>;
  compileStreaming(source: ResponseLike | PromiseLike<ResponseLike>, options?: CompileOptions): Promise<ModuleObject>;
  instantiateStreaming(
    source: ResponseLike | PromiseLike<ResponseLike>,
    importObject?: object,
    options?: CompileOptions,
  ): Promise<InstantiatedSource>;
}

// Taken now: a program may put timers of its own in their place.
const { setImmediate, setTimeout } = globalThis as {
  readonly setImmediate?: (action: () => void) => unknown;
  readonly setTimeout?: (action: () => void, milliseconds: number) => unknown;
};

/** The next task of the event loop: promises of the API are settled in tasks, so that timers and input get their turn between. */
function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    if (setImmediate !== undefined) setImmediate(resolve);
    else if (setTimeout !== undefined) setTimeout(resolve, 0);
    else resolve();
  });
}

/** Type that servers give to modules. */
const WASM_MIME_TYPE = "application/wasm";

export function loadingFunctions(agent: Agent, modules: ModuleClass, instances: InstanceClass): LoadingFunctions {
  /** Instantiates in a task of its own, as promises of the API do. */
  async function instantiateLater(compiled: Compiled, imports: readonly ExternAddr[], context: string): Promise<InstanceObject> {
    await nextTask();
    return instances.instantiate(compiled, imports, context);
  }

  async function instantiateSource(
    bytes: Uint8Array,
    importObject: unknown,
    options: ReadOptions,
    context: string,
  ): Promise<InstantiatedSource> {
    await nextTask();
    const compiled = compileCopy(agent, bytes, options, context);
    const imports = instances.readImports(compiled, importObject, context);
    return { module: modules.of(compiled), instance: instances.instantiate(compiled, imports, context) };
  }

  function checkImportObject(importObject: unknown, context: string): void {
    if (importObject !== undefined && !isObject(importObject)) throw typeError(context, "Argument 1 must be an object");
  }

  // Methods of an object: they have no prototype of their own and are no constructors, like built-in functions.
  const functions = {
    compile: async (bytes: unknown, options: unknown = undefined): Promise<ModuleObject> => {
      const context = "compile()";
      const copy = copyBytes(bytes, context);
      const read = readCompileOptions(options, context);
      await nextTask();
      return modules.of(compileCopy(agent, copy, read, context));
    },

    validate: (bytes: unknown, options: unknown = undefined): boolean => {
      const context = "validate()";
      const copy = copyBytes(bytes, context);
      const read = readCompileOptions(options, context);
      try {
        compileCopy(agent, copy, read, context);
        return true;
      } catch (error) {
        if (error instanceof agent.errors.CompileError) return false;
        throw error;
      }
    },

    instantiate: async (
      source: unknown,
      importObject: unknown = undefined,
      options: unknown = undefined,
    ): Promise<InstanceObject | InstantiatedSource> => {
      const context = "instantiate()";
      const compiled = modules.compiledOf(source);
      if (compiled !== undefined) {
        checkImportObject(importObject, context);
        return instantiateLater(compiled, instances.readImports(compiled, importObject, context), context);
      }
      const bytes = copyBytes(source, context);
      checkImportObject(importObject, context);
      return instantiateSource(bytes, importObject, readCompileOptions(options, context), context);
    },

    compileStreaming: async (source: unknown, options: unknown = undefined): Promise<ModuleObject> => {
      const context = "compileStreaming()";
      const read = readCompileOptions(options, context);
      return modules.of(compileCopy(agent, await responseBytes(source, context), read, context));
    },

    instantiateStreaming: async (
      source: unknown,
      importObject: unknown = undefined,
      options: unknown = undefined,
    ): Promise<InstantiatedSource> => {
      const context = "instantiateStreaming()";
      checkImportObject(importObject, context);
      const read = readCompileOptions(options, context);
      return instantiateSource(await responseBytes(source, context), importObject, read, context);
    },
  };
  return functions as unknown as LoadingFunctions;
}

/** The body of a response that claims to be a module. Throws TypeError for everything else (Web API: "compile a potential WebAssembly response"). */
async function responseBytes(source: unknown, context: string): Promise<Uint8Array> {
  const response: unknown = await source;
  if (!isResponse(response)) throw typeError(context, "Argument 0 must be a Response or a promise of one");
  const type = response.headers.get("content-type");
  if (type?.trim().toLowerCase() !== WASM_MIME_TYPE) throw typeError(context, `the response has the type ${type}, not ${WASM_MIME_TYPE}`);
  if (!response.ok) throw typeError(context, "the response has no status of success");
  if (response.bodyUsed) throw typeError(context, "the response's body has been used already");
  return new Uint8Array(await response.arrayBuffer());
}

function isResponse(value: unknown): value is ResponseLike {
  return isObject(value) && typeof (value as Partial<ResponseLike>).arrayBuffer === "function" && "headers" in value && "ok" in value;
}
