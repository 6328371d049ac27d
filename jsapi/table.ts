/** WebAssembly.Table: a table of the store as JavaScript sees it. Every change goes through the machine, which tells its journal. */
import { MAX_TABLE_ELEMENTS } from "../vm/table.ts";
import { ValType } from "../vm/types.ts";
import { type Agent, type EntityClass, Existing } from "./agent.ts";
import { limitsOf } from "./limits.ts";
import { dictionary, enforceUint32, rangeError, shapeInterface, typeError } from "./webidl.ts";

export type TableKind = "anyfunc" | "externref";

export interface TableDescriptor {
  readonly element: TableKind;
  readonly initial: number;
  readonly maximum?: number;
}

export interface TableObject {
  readonly length: number;
  get(index: number): unknown;
  grow(delta: number, value?: unknown): number;
  set(index: number, value?: unknown): void;
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

    get length(): number {
      return machine.store.tables[receiver(this, "Table.length")]!.length;
    }

    get(index: unknown): unknown {
      const context = "Table.get()";
      const table = machine.store.tables[receiver(this, context)]!;
      return references.fromRef(table.at(indexArgument(index, table.length, context)), table.elemType);
    }

    grow(delta: unknown, value: unknown = undefined): number {
      const context = "Table.grow()";
      const addr = receiver(this, context);
      const count = enforceUint32(delta, context, "Argument 0");
      const init = reference(machine.store.tables[addr]!.elemType, value, context);
      const previous = machine.growTable(addr, count, init);
      if (previous < 0) throw rangeError(context, "the table cannot grow that far");
      return previous;
    }

    set(index: unknown, value: unknown = undefined): void {
      const context = "Table.set()";
      const addr = receiver(this, context);
      const { elemType } = machine.store.tables[addr]!;
      const at = enforceUint32(index, context, "Argument 0");
      const ref = reference(elemType, value, context);
      machine.setTable(addr, indexArgument(at, machine.store.tables[addr]!.length, context), ref);
    }
  }

  function receiver(value: unknown, context: string): number {
    const addr = addrOf(value);
    if (addr === undefined) throw typeError(context, "Receiver is not a WebAssembly.Table");
    return addr;
  }

  function indexArgument(value: unknown, length: number, context: string): number {
    const index = enforceUint32(value, context, "Argument 0");
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
    const element = `${members.element as string}`;
    const elemType = Object.hasOwn(elementTypes, element) ? elementTypes[element] : undefined;
    if (elemType === undefined) throw typeError(context, "Property 'element' must be a WebAssembly reference type");
    const limits = limitsOf(members, context, MAX_TABLE_ELEMENTS, 0xffff_ffff);
    const init = reference(elemType, value, context);
    try {
      return machine.addTable({ elemType, limits }, init);
    } catch (error) {
      throw agent.errors.allocationFailure(context, error);
    }
  }

  shapeInterface(Table, "Table");
  return { constructor: Table, addrOf, at: (addr) => byAddr.get(addr) ?? new Table(new Existing(addr)) };
}
