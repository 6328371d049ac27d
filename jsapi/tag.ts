/**
 * WebAssembly.Tag and WebAssembly.Exception: exceptions of wasm as JavaScript makes and sees them. Nothing here throws them
 * through wasm.
 */
import { isRefType, type ValType } from "../vm/types.ts";
import type { Agent } from "./agent.ts";
import { valueTypeOf } from "./global.ts";
import { isOpaque, opaqueError } from "./references.ts";
import { dictionary, enforceUint32, isIterable, isObject, rangeError, shapeInterface, typeError } from "./webidl.ts";

export interface TagDescriptor {
  readonly parameters: Iterable<string>;
}

/** An exception tag as programs hold it: nothing but its class. */
export type TagObject = object;

export interface TagConstructor {
  new (descriptor: TagDescriptor): TagObject;
  readonly prototype: TagObject;
}

export interface ExceptionObject {
  getArg(tag: TagObject, index: number): unknown;
  is(tag: TagObject): boolean;
  readonly stack: string | undefined;
}

export interface ExceptionConstructor {
  new (tag: TagObject, payload: Iterable<unknown>, options?: { readonly traceStack?: boolean }): ExceptionObject;
  readonly prototype: ExceptionObject;
}

export interface TagClasses {
  readonly Tag: TagConstructor;
  readonly Exception: ExceptionConstructor;
}

export function makeTagClasses(agent: Agent): TagClasses {
  const { conversions } = agent;
  let parametersOf: (value: unknown) => readonly ValType[] | undefined = () => undefined;

  class Tag {
    readonly #parameters: readonly ValType[];

    constructor(descriptor: unknown) {
      const context = "Tag()";
      const { parameters } = dictionary(descriptor, context, "a tag type");
      if (!isIterable(parameters)) throw typeError(context, "Argument 0 must be a tag type with iterable 'parameters'");
      this.#parameters = Array.from(parameters, (name) => valueTypeOf(name, context, "each of 'parameters'"));
    }

    static {
      parametersOf = (value) => (typeof value === "object" && value !== null && #parameters in value ? value.#parameters : undefined);
    }
  }

  class Exception {
    readonly #tag: object;
    /** As JavaScript sees it: what no reference of the machine stands for cannot be forgotten. */
    readonly #payload: readonly unknown[];
    readonly #stack: string | undefined;

    constructor(tag: unknown, payload: unknown, options: unknown = undefined) {
      const context = "Exception()";
      const types = tagArgument(tag, context);
      if (!isIterable(payload)) throw typeError(context, "Argument 1 must be iterable");
      const values = [...payload];
      const traceStack = traceStackOf(options, context);
      if (values.length !== types.length) {
        throw typeError(context, `the payload has ${values.length} values, the tag ${types.length} parameters`);
      }
      this.#tag = tag as object;
      this.#payload = types.map((type, i) => (isRefType(type) ? checked(values[i], type) : conversions.toWasm(values[i], type)));
      this.#stack = traceStack ? new Error().stack : undefined;
    }

    is(tag: unknown): boolean {
      receiver(this, "Exception.is()");
      tagArgument(tag, "Exception.is()");
      return this.#tag === tag;
    }

    getArg(tag: unknown, index: unknown): unknown {
      const context = "Exception.getArg()";
      receiver(this, context);
      const types = tagArgument(tag, context);
      const at = enforceUint32(index, context, "Argument 1");
      if (this.#tag !== tag) throw typeError(context, "the exception has another tag");
      if (at >= types.length) throw rangeError(context, `index ${at} is out of range, the exception has ${types.length} values`);
      const type = types[at]!;
      if (isOpaque(type)) throw opaqueError(type);
      return this.#payload[at];
    }

    get stack(): string | undefined {
      receiver(this, "Exception.stack");
      return this.#stack;
    }

    static isException(value: unknown): boolean {
      return typeof value === "object" && value !== null && #tag in value;
    }
  }

  const { isException } = Exception;
  Reflect.deleteProperty(Exception, "isException");

  function checked(value: unknown, type: ValType): unknown {
    agent.references.check(value, type);
    return value;
  }

  function receiver(value: unknown, context: string): void {
    if (!isException(value)) throw typeError(context, "Receiver is not a WebAssembly.Exception");
  }

  function tagArgument(value: unknown, context: string): readonly ValType[] {
    const types = parametersOf(value);
    if (types === undefined) throw typeError(context, "Argument 0 must be a WebAssembly.Tag");
    return types;
  }

  shapeInterface(Tag, "Tag");
  shapeInterface(Exception, "Exception");
  return { Tag, Exception };
}

/** The member of the options, which may be left out like the options themselves. */
function traceStackOf(options: unknown, context: string): boolean {
  if (options === undefined || options === null) return false;
  if (!isObject(options)) throw typeError(context, "Argument 2 must be an object");
  return Boolean((options as { traceStack?: unknown }).traceStack);
}
