/** WebAssembly.Global: a global of the store as JavaScript sees it. Every change goes through the machine, which tells its journal. */
import { ValType } from "../vm/types.ts";
import { type Agent, type EntityClass, Existing } from "./agent.ts";
import { isOpaque, opaqueError } from "./references.ts";
import { dictionary, shapeInterface, typeError } from "./webidl.ts";

export type ValueTypeName = "i32" | "i64" | "f32" | "f64" | "v128" | "externref" | "anyfunc";

export interface GlobalDescriptor {
  readonly value: ValueTypeName;
  readonly mutable?: boolean;
}

export interface GlobalObject {
  value: unknown;
  valueOf(): unknown;
}

export interface GlobalConstructor {
  new (descriptor: GlobalDescriptor, value?: unknown): GlobalObject;
  readonly prototype: GlobalObject;
}

const valueTypes: Readonly<Record<string, ValType>> = {
  i32: ValType.I32,
  i64: ValType.I64,
  f32: ValType.F32,
  f64: ValType.F64,
  v128: ValType.V128,
  externref: ValType.ExternRef,
  anyfunc: ValType.FuncRef,
};

/** The type that a descriptor names (IDL: ValueType). Throws TypeError for any other text. */
export function valueTypeOf(name: unknown, context: string, what: string): ValType {
  const text = `${name as string}`;
  const type = Object.hasOwn(valueTypes, text) ? valueTypes[text] : undefined;
  if (type === undefined) throw typeError(context, `${what} must be a WebAssembly type`);
  return type;
}

export function makeGlobalClass(agent: Agent): EntityClass<GlobalObject> & { readonly constructor: GlobalConstructor } {
  const { machine, conversions } = agent;
  const byAddr = new Map<number, GlobalObject>();
  let addrOf: (value: unknown) => number | undefined = () => undefined;

  class Global implements GlobalObject {
    readonly #addr: number;

    constructor(descriptor: unknown, value: unknown = undefined) {
      this.#addr = descriptor instanceof Existing ? descriptor.addr : allocate(descriptor, value);
      byAddr.set(this.#addr, this);
    }

    static {
      addrOf = (value) => (typeof value === "object" && value !== null && #addr in value ? value.#addr : undefined);
    }

    get value(): unknown {
      return read(receiver(this, "Global.value"));
    }

    set value(value: unknown) {
      const addr = receiver(this, "Global.value");
      // biome-ignore lint/complexity/noArguments: a setter can have no rest parameter, and none given is not undefined given
      if (arguments.length === 0) throw typeError("Global.value", "Argument 0 is required");
      const { type } = machine.store.globals[addr]!;
      if (isOpaque(type.valType)) throw opaqueError(type.valType);
      if (!type.mutable) throw typeError("Global.value", "the value of an immutable global cannot be set");
      agent.makeRoom();
      machine.setGlobal(addr, conversions.toBits(conversions.toWasm(value, type.valType), type.valType));
    }

    valueOf(): unknown {
      return read(receiver(this, "Global.valueOf()"));
    }
  }

  function receiver(value: unknown, context: string): number {
    const addr = addrOf(value);
    if (addr === undefined) throw typeError(context, "Receiver is not a WebAssembly.Global");
    return addr;
  }

  function read(addr: number): unknown {
    const { type } = machine.store.globals[addr]!;
    if (isOpaque(type.valType)) throw opaqueError(type.valType);
    return conversions.toJs(conversions.fromBits(machine.readGlobal(addr), type.valType), type.valType);
  }

  function allocate(descriptor: unknown, value: unknown): number {
    const context = "Global()";
    const members = dictionary(descriptor, context, "a global descriptor");
    const mutable = Boolean(members.mutable);
    const valType = valueTypeOf(members.value, context, "Property 'value'");
    agent.makeRoom();
    const initial = value === undefined ? conversions.defaultValue(valType) : conversions.toWasm(value, valType);
    return machine.addGlobal({ valType, mutable }, conversions.toBits(initial, valType));
  }

  shapeInterface(Global, "Global");
  return { constructor: Global, addrOf, at: (addr) => byAddr.get(addr) ?? new Global(new Existing(addr)) };
}
