/**
 * The glue between a component's core modules and the values of its interfaces: JavaScript that jco generates. Here it is
 * generated, and brought to life with a WebAssembly namespace of one's own in place of the engine's. Knows no host.
 */
import { ComponentError } from "./errors.ts";

/** What jco makes of a component. */
export interface Glue {
  /** JavaScript source: a module that exports `instantiate`. */
  readonly source: string;
  /** Core modules by the names that the source uses. */
  readonly coreModules: ReadonlyMap<string, Uint8Array>;
  /** Interfaces and functions that the source takes from its imports, without versions. */
  readonly imports: readonly string[];
}

/** The part of a WebAssembly namespace that the glue uses. */
export interface GlueEngine {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports?: object) => { readonly exports: object };
}

/** Names that the glue finds in place of globals. */
export type GlueGlobals = Readonly<Record<string, unknown>>;

/** The exports of an instantiated component: functions, and interfaces as objects of functions and classes. */
export type ComponentExports = Readonly<Record<string, unknown>>;

/** What `@bytecodealliance/jco-transpile/component` offers, as far as it is used. */
export interface GlueGenerator {
  readonly $init: Promise<void>;
  generate(component: Uint8Array, options: object): { files: [string, Uint8Array][]; imports: string[] };
}

/**
 * Generates the glue of a component. Core modules between components have several memories, or reach other components'
 * through JavaScript. Throws ComponentError "component-invalid" with the generator's reason.
 */
export async function generateGlue(generator: GlueGenerator, component: Uint8Array, multiMemory = true): Promise<Glue> {
  await generator.$init;
  let generated: ReturnType<GlueGenerator["generate"]>;
  try {
    generated = generator.generate(component, {
      name: "component",
      instantiation: { tag: "sync" },
      importBindings: { tag: "js" },
      map: [],
      noTypescript: true,
      noNodejsCompat: true,
      noComponentErrorWrapping: false,
      noNamespacedExports: false,
      base64Cutoff: 0,
      multiMemory,
    });
  } catch (error) {
    throw new ComponentError("component-invalid", `the component cannot be used: ${reason(error)}`);
  }
  const files = new Map(generated.files);
  const source = [...files].find(([name]) => name.endsWith(".js"));
  if (source === undefined) throw new ComponentError("component-invalid", "the component cannot be used: no glue was generated for it");
  return {
    source: new TextDecoder().decode(source[1]),
    coreModules: new Map([...files].filter(([name]) => name.endsWith(".wasm"))),
    imports: generated.imports,
  };
}

/** The first line of whatever a generator throws: errors carry the reason in a payload. */
function reason(error: unknown): string {
  // It is a component itself, and what it does not expect it ends with a trap.
  if (error instanceof Error && error.name === "RuntimeError") return "the generator of glue does not understand it";
  const payload = (error as { readonly payload?: unknown } | undefined)?.payload;
  const text = typeof payload === "string" ? payload : error instanceof Error ? error.message : String(error);
  return text.split("\n", 1)[0]!;
}

type Instantiate = (
  getCoreModule: (name: string) => object,
  imports: object,
  instantiateCore: (module: object, imports?: object) => object,
) => unknown;

/** Declarations that the source exports; the word `export` is all that makes a module of it. */
const EXPORT = /^export (?=(?:function|const) )/gm;

function compile(engine: GlueEngine, bytes: Uint8Array): object {
  try {
    return new engine.Module(bytes);
  } catch (error) {
    throw new ComponentError("component-invalid", `a core module of the component cannot be used: ${reason(error)}`);
  }
}

/**
 * Runs the glue: compiles the core modules with `engine` and instantiates them with one another and with `imports`.
 * `globals` are seen by the glue in place of the real ones. Throws ComponentError "component-invalid", and what start
 * functions throw.
 */
export function runGlue(glue: Glue, engine: GlueEngine, globals: GlueGlobals, imports: object): ComponentExports {
  const names = Object.keys(globals);
  const body = `"use strict";\n${glue.source.replace(EXPORT, "")}\nreturn instantiate;`;
  // The source is what the generator made for this component; it sees its globals as parameters.
  const instantiate = new Function(...names, body)(...names.map((name) => globals[name])) as Instantiate;
  // All are compiled before anything happens, so that a module which cannot be leaves nothing behind.
  const modules = new Map([...glue.coreModules].map(([name, bytes]) => [name, compile(engine, bytes)]));
  const getCoreModule = (name: string): object => {
    const module = modules.get(name);
    if (module === undefined) throw new ComponentError("component-invalid", `the component has no core module ${name}`);
    return module;
  };
  const made = instantiate(getCoreModule, imports, (module, given) => new engine.Instance(module, given));
  if (made instanceof Promise) {
    made.catch(() => {});
    throw new ComponentError("async-component", "the component suspends while it is instantiated: asynchronous components cannot be run");
  }
  return made as ComponentExports;
}
