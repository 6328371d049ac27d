/**
 * Defined types by number, equal types once (spec: execution/types, rolled-up recursive types). Whole recursive groups
 * are compared: two are equal when they look the same with references inside a group taken as positions in it. A store
 * has one for all its modules and host functions. Numbers are given in the order of arrival and never change; types
 * are never removed, because objects and functions may still be of them.
 */
import { isSubtype, matches } from "./subtype.ts";
import {
  type FieldType,
  type FuncType,
  HEAP_SHIFT,
  type Module,
  mapValType,
  type StorageType,
  type TypeDef,
  typeIndexOf,
  type ValType,
} from "./types.ts";

/** A text that two groups share only when they are equal. `start` is the number of the first; references below it are canonical. */
export function groupKey(group: readonly TypeDef[], start: number): string {
  let key = "";
  for (const def of group) {
    key += `${def.kind}${def.final ? "!" : " "}`;
    key += `${relative(def.supertype, start)} ${relative(def.describes, start)} ${relative(def.descriptor, start)} `;
    if (def.func === undefined) for (const field of def.fields) key += (field.mutable ? "m" : "c") + relativeType(field.type, start);
    else {
      for (const type of def.func.params) key += relativeType(type, start);
      key += ">";
      for (const type of def.func.results) key += relativeType(type, start);
    }
    key += ";";
  }
  return key;
}

function relative(index: number, start: number): string {
  return index < start ? `${index}` : `+${index - start}`;
}

function relativeType(type: StorageType, start: number): string {
  const index = typeIndexOf(type);
  return index < 0 ? `${type},` : `${relative(index, start)}:${type & ((1 << HEAP_SHIFT) - 1)},`;
}

/** The type with every reference to type `i` made one to type `map[i]`. */
export function mapTypeDef(def: TypeDef, map: ArrayLike<number>): TypeDef {
  const index = (i: number): number => (i < 0 ? i : map[i]!);
  const field = ({ type, mutable }: FieldType): FieldType => ({ type: mapValType(type, map), mutable });
  return {
    kind: def.kind,
    func: def.func === undefined ? undefined : mapFuncType(def.func, map),
    fields: def.fields.map(field),
    final: def.final,
    supertype: index(def.supertype),
    descriptor: index(def.descriptor),
    describes: index(def.describes),
    groupStart: index(def.groupStart),
    groupSize: def.groupSize,
    wasmOffset: def.wasmOffset,
  };
}

export function mapFuncType({ params, results }: FuncType, map: ArrayLike<number>): FuncType {
  const mapped = (type: ValType): ValType => mapValType(type, map);
  return { params: params.map(mapped), results: results.map(mapped) };
}

export class TypeSpace {
  /** All types by number. References in them are numbers too. */
  readonly types: TypeDef[] = [];
  /** Number of the first type of each group. */
  private readonly groups = new Map<string, number>();
  private modules = new WeakMap<Module, Int32Array>();

  /** Numbers of a module's types, by index. Adds those that are new. Cost: the size of its types, at the first time. */
  ofModule(module: Module): Int32Array {
    let numbers = this.modules.get(module);
    if (numbers === undefined) {
      numbers = this.addTypes(module.types);
      this.modules.set(module, numbers);
    }
    return numbers;
  }

  /** Number of a function type that nobody else has declared: final, without supertypes, in a group of its own. */
  ofFunc(func: FuncType): number {
    const def: TypeDef = { ...noContents, kind: "func", func, groupStart: this.types.length, groupSize: 1 };
    return this.addGroup([def], this.types.length);
  }

  /** Whether a function type is one that `ofFunc` would give. */
  isPlain(number: number): boolean {
    const { final, supertype, groupSize, descriptor, describes } = this.types[number]!;
    return final && supertype < 0 && groupSize === 1 && descriptor < 0 && describes < 0;
  }

  /** Whether type number `sub` is `sup` or a declared subtype of it. */
  isSubtype(sub: number, sup: number): boolean {
    return sub === sup || isSubtype(this.types, sub, sup);
  }

  /** Whether every value of one type is also of the other. References name types by number. */
  matches(sub: ValType, sup: ValType): boolean {
    return matches(this.types, sub, sup);
  }

  /** Makes these all types there are, with their numbers: those of another space, or of this one at an earlier time. */
  restore(types: readonly TypeDef[]): void {
    this.types.splice(0, this.types.length, ...types);
    this.groups.clear();
    this.modules = new WeakMap();
    for (let start = 0; start < types.length; ) {
      const { groupSize } = types[start]!;
      const group = types.slice(start, start + groupSize);
      this.groups.set(groupKey(group, start), start);
      start += groupSize;
    }
  }

  private addTypes(defs: readonly TypeDef[]): Int32Array {
    const numbers = new Int32Array(defs.length);
    for (let at = 0; at < defs.length; ) {
      const { groupStart, groupSize } = defs[at]!;
      if (groupStart < at) {
        // Equal to an earlier group, whose records it shares.
        for (let i = 0; i < groupSize; i++) numbers[at + i] = numbers[groupStart + i]!;
      } else {
        // As they would be numbered if they are new.
        const next = this.types.length;
        for (let i = 0; i < groupSize; i++) numbers[at + i] = next + i;
        const group = defs.slice(at, at + groupSize).map((def) => mapTypeDef(def, numbers));
        const start = this.addGroup(group, next);
        for (let i = 0; i < groupSize; i++) numbers[at + i] = start + i;
      }
      at += groupSize;
    }
    return numbers;
  }

  /** Number of the first type of a group that is numbered from `start` on, which is the next free number. */
  private addGroup(group: readonly TypeDef[], start: number): number {
    const key = groupKey(group, start);
    const known = this.groups.get(key);
    if (known !== undefined) return known;
    this.groups.set(key, start);
    for (const def of group) this.types.push(def);
    return start;
  }
}

/** What a type has none of, unless it says otherwise. */
export const noContents = {
  func: undefined,
  fields: [],
  final: true,
  supertype: -1,
  descriptor: -1,
  describes: -1,
  wasmOffset: 0,
} as const;
