/** WebAssembly.Table: a table of the store as JavaScript sees it. Every change goes through the machine, which tells its journal. */
import { MAX_TABLE_ELEMENTS } from "../vm/table.ts";
import { ValType } from "../vm/types.ts";
import { type Agent, type EntityClass, Existing } from "./agent.ts";
import { type AddressType, addressOf, addressValue, limitsOf } from "./limits.ts";
import { dictionary, rangeError, shapeInterface, typeError } from "./webidl.ts";

export type TableKind = "anyfunc" | "externref";

/** Sizes and indices are bigints where the indices are i64. */
export interface TableDescriptor {
  readonly address?: AddressType;
  readonly element: TableKind;
  readonly initial: number | bigint;
  readonly maximum?: number | bigint;
}

export interface TableObject {
  readonly length: number | bigint;
  get(index: number | bigint): unknown;
  grow(delta: number | bigint, value?: unknown): number | bigint;
  set(index: number | bigint, value?: unknown): void;
}

export interface TableConstructor {
  new (descriptor: TableDescriptor, value?: unknown): TableObject;
  readonly prototype: TableObject;
}

const elementTypes: Readonly<Record<string, ValType>> = { anyfunc: ValType.FuncRef, externref: ValType.ExternRef };

export function makeTableClass(agent: Agent): EntityClass<TableObject> & { readonly constructor: TableConstructor } {
  const { machine, conversions, references } = agent;
  const byAddr = new Map<number, TableObject>();
  let addrOf: (value: unknown) => number | undefined = () => undefined;

  class Table implements TableObject {
    readonly #addr: number;

    constructor(descriptor: unknown, value: unknown = undefined) {
      this.#addr = descriptor instanceof Existing ? descriptor.addr : allocate(descriptor, value);
      byAddr.set(this.#addr, this);
    }

    static {
      addrOf = (value) => (typeof value === "object" && value !== null && #addr in value ? value.#addr : undefined);
    }

    get length(): number | bigint {
      const { length, address64 = false } = machine.store.tables[receiver(this, "Table.length")]!;
      return addressValue(length, address64);
    }

    get(index: unknown): unknown {
      const context = "Table.get()";
      const table = machine.store.tables[receiver(this, context)]!;
      const at = addressOf(index, table.address64 === true, context, "Argument 0");
      return references.fromRef(table.at(checkIndex(at, table.length, context)), table.elemType);
    }

    grow(delta: unknown, value: unknown = undefined): number | bigint {
      const context = "Table.grow()";
      const addr = receiver(this, context);
      const { elemType, address64 = false } = machine.store.tables[addr]!;
      const count = addressOf(delta, address64, context, "Argument 0");
      const init = reference(elemType, value, context);
      // More than a table can have does not fit a trace.
      const previous = count > MAX_TABLE_ELEMENTS ? -1 : machine.growTable(addr, count, init);
      if (previous < 0) throw rangeError(context, "the table cannot grow that far");
      return addressValue(previous, address64);
    }

    set(index: unknown, value: unknown = undefined): void {
      const context = "Table.set()";
      const addr = receiver(this, context);
      const { elemType, address64 = false } = machine.store.tables[addr]!;
      const at = addressOf(index, address64, context, "Argument 0");
      const ref = reference(elemType, value, context);
      machine.setTable(addr, checkIndex(at, machine.store.tables[addr]!.length, context), ref);
    }
  }

  function receiver(value: unknown, context: string): number {
    const addr = addrOf(value);
    if (addr === undefined) throw typeError(context, "Receiver is not a WebAssembly.Table");
    return addr;
  }

  function checkIndex(index: number, length: number, context: string): number {
    if (index >= length) throw rangeError(context, `index ${index} is out of range, the table has ${length} elements`);
    return index;
  }

  /** The reference of an element; left out (undefined) it is the default of the type. */
  function reference(type: ValType, value: unknown, context: string): number {
    agent.makeRoom();
    if (value === undefined) return Number(conversions.defaultValue(type));
    try {
      return references.toRef(value, type);
    } catch (error) {
      throw typeError(context, (error as Error).message);
    }
  }

  function allocate(descriptor: unknown, value: unknown): number {
    const context = "Table()";
    const members = dictionary(descriptor, context, "a table descriptor");
    // By name: the address type, the element type, the limits.
    const { address } = members;
    const named = address === undefined ? undefined : `${address as string}`;
    const element = `${members.element as string}`;
    const elemType = Object.hasOwn(elementTypes, element) ? elementTypes[element] : undefined;
    if (elemType === undefined) throw typeError(context, "Property 'element' must be a WebAssembly reference type");
    const { limits, address64 } = limitsOf(
      members,
      named,
      context,
      () => MAX_TABLE_ELEMENTS,
      (wide) => (wide ? 2 ** 64 : 0xffff_ffff),
    );
    const init = reference(elemType, value, context);
    try {
      return machine.addTable({ elemType, limits, ...(address64 ? { address64 } : {}) }, init);
    } catch (error) {
      throw agent.errors.allocationFailure(context, error);
    }
  }

  shapeInterface(Table, "Table");
  return { constructor: Table, addrOf, at: (addr) => byAddr.get(addr) ?? new Table(new Existing(addr)) };
}
