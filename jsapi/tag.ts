/**
 * WebAssembly.Tag and WebAssembly.Exception: exceptions of wasm as JavaScript makes and sees them. How they cross the border
 * is exceptions.ts's matter.
 */
import { isRefType, type ValType } from "../vm/types.ts";
import { type Agent, type EntityClass, Existing } from "./agent.ts";
import type { Carried } from "./exceptions.ts";
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
  readonly tag: EntityClass<TagObject> & { readonly constructor: TagConstructor };
  readonly Exception: ExceptionConstructor;
}

/** What makes an exception object of one that came out of wasm. Never handed out. */
class Thrown {
  readonly tag: TagObject;
  readonly payload: readonly unknown[];
  constructor(tag: TagObject, payload: readonly unknown[]) {
    this.tag = tag;
    this.payload = payload;
  }
}

export function makeTagClasses(agent: Agent): TagClasses {
  const tag = makeTagClass(agent);
  return { tag, Exception: makeExceptionClass(agent, tag) };
}

function makeTagClass(agent: Agent): TagClasses["tag"] {
  const byAddr = new Map<number, TagObject>();
  let addrOf: (value: unknown) => number | undefined = () => undefined;

  class Tag {
    readonly #addr: number;

    constructor(descriptor: unknown) {
      this.#addr = descriptor instanceof Existing ? descriptor.addr : allocate(descriptor);
      byAddr.set(this.#addr, this);
    }

    static {
      addrOf = (value) => (typeof value === "object" && value !== null && #addr in value ? value.#addr : undefined);
    }
  }

  function allocate(descriptor: unknown): number {
    const context = "Tag()";
    const { parameters } = dictionary(descriptor, context, "a tag type");
    if (!isIterable(parameters)) throw typeError(context, "Argument 0 must be a tag type with iterable 'parameters'");
    return agent.exceptions.addTag(Array.from(parameters, (name) => valueTypeOf(name, context, "each of 'parameters'")));
  }

  shapeInterface(Tag, "Tag");
  return { constructor: Tag, addrOf, at: (addr) => byAddr.get(addr) ?? new Tag(new Existing(addr)) };
}

function makeExceptionClass(agent: Agent, tags: EntityClass<TagObject>): ExceptionConstructor {
  const { conversions } = agent;

  class Exception {
    readonly #tag: TagObject;
    /** As JavaScript sees it: what no reference of the machine stands for cannot be forgotten. */
    readonly #payload: readonly unknown[];
    readonly #stack: string | undefined;

    constructor(tag: unknown, payload: unknown, options: unknown = undefined) {
      if (tag instanceof Thrown) {
        this.#tag = tag.tag;
        this.#payload = tag.payload;
        return;
      }
      const context = "Exception()";
      const types = tagArgument(tag, context);
      if (!isIterable(payload)) throw typeError(context, "Argument 1 must be iterable");
      const values = [...payload];
      const traceStack = traceStackOf(options, context);
      if (tags.addrOf(tag) === agent.exceptions.knownJsTag) throw typeError(context, "exceptions of JavaScript's tag are what is thrown");
      if (values.length !== types.length) {
        throw typeError(context, `the payload has ${values.length} values, the tag ${types.length} parameters`);
      }
      this.#tag = tag as TagObject;
      this.#payload = types.map((type, i) => (isRefType(type) ? checked(values[i], type) : conversions.toWasm(values[i], type)));
      this.#stack = traceStack ? new Error().stack : undefined;
    }

    static {
      agent.exceptions.setObjects({
        carriedBy: (value) =>
          typeof value === "object" && value !== null && #payload in value ? carriedBy(value.#tag, value.#payload) : undefined,
        make: ({ tagAddr, values }) => {
          const types = typesOf(tagAddr);
          const payload = values.map((value, i) => (isOpaque(types[i]!) ? undefined : conversions.toJs(value, types[i]!)));
          return new Exception(new Thrown(tags.at(tagAddr), payload), undefined);
        },
      });
    }

    is(tag: unknown): boolean {
      if (!isObject(this) || !(#payload in this)) throw notReceiver("Exception.is()");
      tagArgument(tag, "Exception.is()");
      return this.#tag === tag;
    }

    getArg(tag: unknown, index: unknown): unknown {
      const context = "Exception.getArg()";
      if (!isObject(this) || !(#payload in this)) throw notReceiver(context);
      const types = tagArgument(tag, context);
      const at = enforceUint32(index, context, "Argument 1");
      if (this.#tag !== tag) throw typeError(context, "the exception has another tag");
      if (at >= types.length) throw rangeError(context, `index ${at} is out of range, the exception has ${types.length} values`);
      const type = types[at]!;
      if (isOpaque(type)) throw opaqueError(type);
      return this.#payload[at];
    }

    get stack(): string | undefined {
      if (!isObject(this) || !(#payload in this)) throw notReceiver("Exception.stack");
      return this.#stack;
    }
  }

  function typesOf(tagAddr: number): readonly ValType[] {
    return agent.exceptions.typesOf(tagAddr);
  }

  function carriedBy(tag: TagObject, payload: readonly unknown[]): Carried {
    const tagAddr = tags.addrOf(tag)!;
    // Values that JavaScript cannot have only come with exceptions of wasm's own, which are known otherwise.
    const values = typesOf(tagAddr).map((type, i) => (isOpaque(type) ? 0n : conversions.toWasm(payload[i], type)));
    return { tagAddr, values };
  }

  function checked(value: unknown, type: ValType): unknown {
    agent.references.check(value, type);
    return value;
  }

  function notReceiver(context: string): TypeError {
    return typeError(context, "Receiver is not a WebAssembly.Exception");
  }

  function tagArgument(value: unknown, context: string): readonly ValType[] {
    const addr = tags.addrOf(value);
    if (addr === undefined) throw typeError(context, "Argument 0 must be a WebAssembly.Tag");
    return typesOf(addr);
  }

  shapeInterface(Exception, "Exception");
  return Exception;
}

/** The member of the options, which may be left out like the options themselves. */
function traceStackOf(options: unknown, context: string): boolean {
  if (options === undefined || options === null) return false;
  if (!isObject(options)) throw typeError(context, "Argument 2 must be an object");
  return Boolean((options as { traceStack?: unknown }).traceStack);
}
