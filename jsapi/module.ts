/** WebAssembly.Module: a compiled module, with what its imports, exports and custom sections are. It has no state beyond the module. */
import { compileModule } from "../vm/compile.ts";
import { ExternKind, type Module as VmModule } from "../vm/types.ts";
import type { Agent } from "./agent.ts";
import { type CompileOptions, type Provided, providedImports, type ReadOptions, readCompileOptions } from "./compile-options.ts";
import { copyBytes, shapeInterface, typeError } from "./webidl.ts";

export type ImportExportKind = "function" | "table" | "memory" | "global" | "tag";

export interface ModuleImportDescriptor {
  readonly module: string;
  readonly name: string;
  readonly kind: ImportExportKind;
}

export interface ModuleExportDescriptor {
  readonly name: string;
  readonly kind: ImportExportKind;
}

/** A compiled module as programs hold it: nothing but its class. */
export type ModuleObject = object;

export interface ModuleConstructor {
  new (bytes: BufferSource, options?: CompileOptions): ModuleObject;
  readonly prototype: ModuleObject;
  exports(module: ModuleObject): ModuleExportDescriptor[];
  imports(module: ModuleObject): ModuleImportDescriptor[];
  customSections(module: ModuleObject, sectionName: string): ArrayBuffer[];
}

/** What may be given as bytes. */
export type BufferSource = ArrayBufferView | ArrayBufferLike;

export interface ModuleClass {
  readonly constructor: ModuleConstructor;
  /** The module object of compiled bytes. */
  of(compiled: Compiled): ModuleObject;
  /** What is behind an object of this class; undefined for everything else. */
  compiledOf(value: unknown): Compiled | undefined;
}

const kindNames: Readonly<Record<ExternKind, ImportExportKind>> = {
  [ExternKind.Func]: "function",
  [ExternKind.Table]: "table",
  [ExternKind.Memory]: "memory",
  [ExternKind.Global]: "global",
  [ExternKind.Tag]: "tag",
};

/** A module with the imports that the namespace provides, by number. Never handed out: it may stand in the constructor's argument. */
export class Compiled {
  readonly module: VmModule;
  readonly provided: ReadonlyMap<number, Provided>;
  constructor(module: VmModule, provided: ReadonlyMap<number, Provided>) {
    this.module = module;
    this.provided = provided;
  }
}

/** Decodes and validates bytes that nobody else holds. Throws the namespace's CompileError. */
export function compileCopy(agent: Agent, bytes: Uint8Array, options: ReadOptions, context: string): Compiled {
  let module: VmModule;
  try {
    module = compileModule(bytes);
  } catch (error) {
    throw agent.errors.compileFailure(context, error);
  }
  const provided = providedImports(module, options);
  if (typeof provided === "string") throw new agent.errors.CompileError(`WebAssembly.${context}: ${provided}`);
  return new Compiled(module, provided);
}

export function makeModuleClass(agent: Agent): ModuleClass {
  let compiledOf: (value: unknown) => Compiled | undefined = () => undefined;

  class Module {
    readonly #compiled: Compiled;

    constructor(bytes: unknown, options: unknown = undefined) {
      this.#compiled = bytes instanceof Compiled ? bytes : compileArguments(bytes, options);
    }

    static {
      compiledOf = (value) => (typeof value === "object" && value !== null && #compiled in value ? value.#compiled : undefined);
    }

    static exports(moduleObject: unknown): ModuleExportDescriptor[] {
      return moduleArgument(moduleObject, "Module.exports()").module.exports.map(({ name, kind }) => ({ name, kind: kindNames[kind] }));
    }

    static imports(moduleObject: unknown): ModuleImportDescriptor[] {
      const { module: compiled, provided } = moduleArgument(moduleObject, "Module.imports()");
      const left = compiled.imports.filter((_, i) => !provided.has(i));
      return left.map(({ module, name, desc }) => ({ module, name, kind: kindNames[desc.kind] }));
    }

    static customSections(moduleObject: unknown, sectionName: unknown): ArrayBuffer[] {
      const { module } = moduleArgument(moduleObject, "Module.customSections()");
      if (sectionName === undefined) throw typeError("Module.customSections()", "Argument 1 is required");
      const wanted = `${sectionName as string}`;
      const found = module.customs.filter(({ name }) => name === wanted);
      return found.map(({ start, end }) => new Uint8Array(module.bytes.subarray(start, end)).buffer);
    }
  }

  function compileArguments(bytes: unknown, options: unknown): Compiled {
    const copy = copyBytes(bytes, "Module()");
    return compileCopy(agent, copy, readCompileOptions(options, "Module()"), "Module()");
  }

  function moduleArgument(value: unknown, context: string): Compiled {
    const compiled = compiledOf(value);
    if (compiled === undefined) throw typeError(context, "Argument 0 must be a WebAssembly.Module");
    return compiled;
  }

  shapeInterface(Module, "Module");
  return {
    constructor: Module,
    of: (compiled) => new Module(compiled),
    compiledOf,
  };
}
