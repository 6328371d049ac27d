/** WebAssembly.Module: a compiled module, with what its imports, exports and custom sections are. It has no state beyond the module. */
import { compileModule } from "../vm/compile.ts";
import { ExternKind, type Module as VmModule } from "../vm/types.ts";
import type { Agent } from "./agent.ts";
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
  new (bytes: BufferSource): ModuleObject;
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
  of(module: VmModule): ModuleObject;
  /** The module behind an object of this class; undefined for everything else. */
  moduleOf(value: unknown): VmModule | undefined;
}

const kindNames: Readonly<Record<ExternKind, ImportExportKind>> = {
  [ExternKind.Func]: "function",
  [ExternKind.Table]: "table",
  [ExternKind.Memory]: "memory",
  [ExternKind.Global]: "global",
  [ExternKind.Tag]: "tag",
};

/** Stands in the constructor's argument for a module that is compiled already. Never handed out. */
class Compiled {
  readonly module: VmModule;
  constructor(module: VmModule) {
    this.module = module;
  }
}

/** Decodes and validates a copy of the bytes. Throws TypeError for what is no bytes, else the namespace's CompileError. */
export function compileBytes(agent: Agent, source: unknown, context: string): VmModule {
  return compileCopy(agent, copyBytes(source, context), context);
}

/** As `compileBytes`, of bytes that nobody else holds. */
export function compileCopy(agent: Agent, bytes: Uint8Array, context: string): VmModule {
  try {
    return compileModule(bytes);
  } catch (error) {
    throw agent.errors.compileFailure(context, error);
  }
}

export function makeModuleClass(agent: Agent): ModuleClass {
  let moduleOf: (value: unknown) => VmModule | undefined = () => undefined;

  class Module {
    readonly #module: VmModule;

    constructor(bytes: unknown) {
      this.#module = bytes instanceof Compiled ? bytes.module : compileBytes(agent, bytes, "Module()");
    }

    static {
      moduleOf = (value) => (typeof value === "object" && value !== null && #module in value ? value.#module : undefined);
    }

    static exports(moduleObject: unknown): ModuleExportDescriptor[] {
      return moduleArgument(moduleObject, "Module.exports()").exports.map(({ name, kind }) => ({ name, kind: kindNames[kind] }));
    }

    static imports(moduleObject: unknown): ModuleImportDescriptor[] {
      return moduleArgument(moduleObject, "Module.imports()").imports.map(({ module, name, desc }) => ({
        module,
        name,
        kind: kindNames[desc.kind],
      }));
    }

    static customSections(moduleObject: unknown, sectionName: unknown): ArrayBuffer[] {
      const module = moduleArgument(moduleObject, "Module.customSections()");
      if (sectionName === undefined) throw typeError("Module.customSections()", "Argument 1 is required");
      const wanted = `${sectionName as string}`;
      const found = module.customs.filter(({ name }) => name === wanted);
      return found.map(({ start, end }) => new Uint8Array(module.bytes.subarray(start, end)).buffer);
    }
  }

  const moduleArgument = (value: unknown, context: string): VmModule => {
    const module = moduleOf(value);
    if (module === undefined) throw typeError(context, "Argument 0 must be a WebAssembly.Module");
    return module;
  };

  shapeInterface(Module, "Module");
  return {
    constructor: Module,
    of: (module) => new Module(new Compiled(module)),
    moduleOf,
  };
}
