/**
 * The functions of the namespace: validate, compile, instantiate and their streaming forms. Compiling is done at once, in
 * a microtask where a promise is answered; bytes are copied before that.
 */
import type { ExternAddr } from "../vm/store.ts";
import type { Module as VmModule } from "../vm/types.ts";
import type { Agent } from "./agent.ts";
import type { InstanceClass, InstanceObject } from "./instance.ts";
import { type BufferSource, compileCopy, type ModuleClass, type ModuleObject } from "./module.ts";
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
  validate(bytes: BufferSource): boolean;
  compile(bytes: BufferSource): Promise<ModuleObject>;
  instantiate(bytes: BufferSource, importObject?: object): Promise<InstantiatedSource>;
  instantiate(module: ModuleObject, importObject?: object): Promise<InstanceObject>;
  compileStreaming(source: ResponseLike | PromiseLike<ResponseLike>): Promise<ModuleObject>;
  instantiateStreaming(source: ResponseLike | PromiseLike<ResponseLike>, importObject?: object): Promise<InstantiatedSource>;
}

/** Type that servers give to modules. */
const WASM_MIME_TYPE = "application/wasm";

export function loadingFunctions(agent: Agent, modules: ModuleClass, instances: InstanceClass): LoadingFunctions {
  /** Instantiates in a task of its own, as promises of the API do. */
  async function instantiateLater(module: VmModule, imports: readonly ExternAddr[], context: string): Promise<InstanceObject> {
    await undefined;
    return instances.instantiate(module, imports, context);
  }

  async function instantiateSource(bytes: Uint8Array, importObject: unknown, context: string): Promise<InstantiatedSource> {
    await undefined;
    const module = compileCopy(agent, bytes, context);
    const imports = instances.readImports(module, importObject, context);
    return { module: modules.of(module), instance: instances.instantiate(module, imports, context) };
  }

  function checkImportObject(importObject: unknown, context: string): void {
    if (importObject !== undefined && !isObject(importObject)) throw typeError(context, "Argument 1 must be an object");
  }

  // Methods of an object: they have no prototype of their own and are no constructors, like built-in functions.
  const functions = {
    compile: async (bytes: unknown): Promise<ModuleObject> => {
      const copy = copyBytes(bytes, "compile()");
      await undefined;
      return modules.of(compileCopy(agent, copy, "compile()"));
    },

    validate: (bytes: unknown): boolean => {
      const copy = copyBytes(bytes, "validate()");
      try {
        compileCopy(agent, copy, "validate()");
        return true;
      } catch (error) {
        if (error instanceof agent.errors.CompileError) return false;
        throw error;
      }
    },

    instantiate: async (source: unknown, importObject: unknown = undefined): Promise<InstanceObject | InstantiatedSource> => {
      const context = "instantiate()";
      const module = modules.moduleOf(source);
      if (module !== undefined) {
        checkImportObject(importObject, context);
        return instantiateLater(module, instances.readImports(module, importObject, context), context);
      }
      const bytes = copyBytes(source, context);
      checkImportObject(importObject, context);
      return instantiateSource(bytes, importObject, context);
    },

    compileStreaming: async (source: unknown): Promise<ModuleObject> => {
      const context = "compileStreaming()";
      return modules.of(compileCopy(agent, await responseBytes(source, context), context));
    },

    instantiateStreaming: async (source: unknown, importObject: unknown = undefined): Promise<InstantiatedSource> => {
      const context = "instantiateStreaming()";
      checkImportObject(importObject, context);
      return instantiateSource(await responseBytes(source, context), importObject, context);
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
