/** Names of interfaces as people write them and as jco's glue spells them in JavaScript. Text only. */

/** `most-expensive` as a field or function in JavaScript: `mostExpensive`. */
export function jsName(name: string): string {
  return name
    .split("-")
    .map((word, i) => (i === 0 ? word.toLowerCase() : capital(word)))
    .join("");
}

/** `bank-account` as a class in JavaScript: `BankAccount`. */
export function jsClassName(name: string): string {
  return name.split("-").map(capital).join("");
}

function capital(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1).toLowerCase();
}

/** What an exported function of an interface is, by its name: `[method]account.deposit`. */
export interface FuncName {
  readonly kind: "plain" | "constructor" | "method" | "static";
  /** The resource that it belongs to; empty for plain functions. */
  readonly resource: string;
  /** The function's own name; that of the resource for constructors. */
  readonly name: string;
}

export function splitFuncName(name: string): FuncName {
  const match = /^\[(constructor|method|static)\]([^.]*)(?:\.(.*))?$/.exec(name);
  if (match === null) return { kind: "plain", resource: "", name };
  const resource = match[2]!;
  return { kind: match[1] as FuncName["kind"], resource, name: match[3] ?? resource };
}

/** The name without its marks, as people write it: `account.deposit`, `account`, `sum`. */
export function plainFuncName(name: string): string {
  return name.replace(/^\[[a-z]+\]/, "");
}

/** An interface's name without namespace and version: `ledger` of `shop:books/ledger@1.0.0`. */
export function shortInterfaceName(name: string): string {
  return name.replace(/^.*\//, "").replace(/@.*$/, "");
}

/** A name without its version. */
export function withoutVersion(name: string): string {
  return name.replace(/@[^#]*/, "");
}
