/**
 * Types of the component model, as far as values and calls need them (component model: explainer, "Type definitions").
 * Plain records that refer to each other; no binary format, no values.
 */

/** Types without parts, by the names that WIT gives them. */
export const PRIMITIVES = ["bool", "s8", "u8", "s16", "u16", "s32", "u32", "s64", "u64", "f32", "f64", "char", "string"] as const;
export type Primitive = (typeof PRIMITIVES)[number];

export interface NamedType {
  readonly name: string;
  readonly type: ValueType;
}

/** A case of a variant; `type` is that of its payload. */
export interface VariantCase {
  readonly name: string;
  readonly type: ValueType | undefined;
}

/** The type of a value that crosses the border of a component. */
export type ValueType =
  | { readonly kind: Primitive }
  | { readonly kind: "record"; readonly fields: readonly NamedType[] }
  | { readonly kind: "variant"; readonly cases: readonly VariantCase[] }
  /** `length` is that of lists with a fixed one. */
  | { readonly kind: "list"; readonly item: ValueType; readonly length: number | undefined }
  | { readonly kind: "tuple"; readonly items: readonly ValueType[] }
  | { readonly kind: "flags"; readonly names: readonly string[] }
  | { readonly kind: "enum"; readonly names: readonly string[] }
  | { readonly kind: "option"; readonly item: ValueType }
  | { readonly kind: "result"; readonly ok: ValueType | undefined; readonly error: ValueType | undefined }
  | { readonly kind: "own" | "borrow"; readonly resource: Resource };

/** A resource type. Two are the same when they are the same object; names are for people. */
export interface Resource {
  readonly kind: "resource";
  /** The name under which it was imported or first exported. */
  name: string | undefined;
  /** The interface that it was imported from; undefined for the component's own. */
  from: string | undefined;
}

export interface ComponentFuncType {
  readonly kind: "func";
  readonly params: readonly NamedType[];
  readonly result: ValueType | undefined;
}

/** The name under which a type was exported, if it has one. */
export type TypeNames = (type: ValueType) => string | undefined;

function noNames(): undefined {
  return undefined;
}

/** A type in the notation of WIT: with its name, or written out as in `list<record { a: u32 }>`. */
export function typeText(type: ValueType, names: TypeNames = noNames): string {
  return names(type) ?? structureText(type, (part) => typeText(part, names));
}

function structureText(type: ValueType, text: (part: ValueType) => string): string {
  switch (type.kind) {
    case "record":
      return `record { ${type.fields.map((field) => `${field.name}: ${text(field.type)}`).join(", ")} }`;
    case "variant":
      return `variant { ${type.cases.map((each) => (each.type === undefined ? each.name : `${each.name}(${text(each.type)})`)).join(", ")} }`;
    case "list":
      return type.length === undefined ? `list<${text(type.item)}>` : `list<${text(type.item)}, ${type.length}>`;
    case "tuple":
      return `tuple<${type.items.map(text).join(", ")}>`;
    case "flags":
    case "enum":
      return `${type.kind} { ${type.names.join(", ")} }`;
    case "option":
      return `option<${text(type.item)}>`;
    case "result": {
      const { ok, error } = type;
      if (ok === undefined && error === undefined) return "result";
      return error === undefined ? `result<${text(ok!)}>` : `result<${ok === undefined ? "_" : text(ok)}, ${text(error)}>`;
    }
    case "own":
      return type.resource.name ?? "resource";
    case "borrow":
      return `borrow<${type.resource.name ?? "resource"}>`;
    default:
      return type.kind;
  }
}

/** A function's type in the notation of WIT: `func(a: u32) -> string`. */
export function funcTypeText({ params, result }: ComponentFuncType, names: TypeNames = noNames): string {
  const list = params.map(({ name, type }) => `${name}: ${typeText(type, names)}`).join(", ");
  return `func(${list})${result === undefined ? "" : ` -> ${typeText(result, names)}`}`;
}
