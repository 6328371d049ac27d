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

/** A type in the notation of WIT, with structures written out: `list<record { a: u32 }>`. */
export function typeText(type: ValueType): string {
  switch (type.kind) {
    case "record":
      return `record { ${type.fields.map((field) => `${field.name}: ${typeText(field.type)}`).join(", ")} }`;
    case "variant":
      return `variant { ${type.cases.map(caseText).join(", ")} }`;
    case "list":
      return type.length === undefined ? `list<${typeText(type.item)}>` : `list<${typeText(type.item)}, ${type.length}>`;
    case "tuple":
      return `tuple<${type.items.map(typeText).join(", ")}>`;
    case "flags":
    case "enum":
      return `${type.kind} { ${type.names.join(", ")} }`;
    case "option":
      return `option<${typeText(type.item)}>`;
    case "result":
      return resultText(type.ok, type.error);
    case "own":
      return type.resource.name ?? "resource";
    case "borrow":
      return `borrow<${type.resource.name ?? "resource"}>`;
    default:
      return type.kind;
  }
}

function caseText({ name, type }: VariantCase): string {
  return type === undefined ? name : `${name}(${typeText(type)})`;
}

function resultText(ok: ValueType | undefined, error: ValueType | undefined): string {
  if (ok === undefined && error === undefined) return "result";
  if (error === undefined) return `result<${typeText(ok!)}>`;
  return `result<${ok === undefined ? "_" : typeText(ok)}, ${typeText(error)}>`;
}

/** A function's type in the notation of WIT: `func(a: u32) -> string`. */
export function funcTypeText({ params, result }: ComponentFuncType): string {
  const list = params.map(({ name, type }) => `${name}: ${typeText(type)}`).join(", ");
  return `func(${list})${result === undefined ? "" : ` -> ${typeText(result)}`}`;
}
