// The SWC compiler through wasm-bindgen: TypeScript to JavaScript.
import { createRequire } from "node:module";

const { transformSync } = createRequire(import.meta.url)("@swc/wasm");
const source = `
export const f = async (x: number) => { class A { #p = x ?? 1; get p() { return this.#p } } return [...new A().p.toString()] }
enum Color { Red, Green = 5 }
export function* walk<T>(tree: { left?: T, right?: T }) { if (tree?.left) yield tree.left; yield* [tree.right ?? Color.Red]; }
`
  .repeat(5)
  .replace(/\b(f|A|Color|walk)\b/g, (name, _, at) => `${name}${at}`);

export async function prepare() {
  return () => transformSync(source, { jsc: { parser: { syntax: "typescript" }, target: "es2018" } }).code.length;
}
