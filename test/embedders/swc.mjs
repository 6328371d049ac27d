// The SWC compiler through wasm-bindgen (@swc/wasm): 18 MB of wasm whose glue keeps JavaScript objects in an index; prints its output.
import { createRequire } from "node:module";

const { transformSync, parseSync, minifySync } = createRequire(import.meta.url)("@swc/wasm");
const source = `
export const f = async (x: number) => { class A { #p = x ?? 1; get p() { return this.#p } } return [...new A().p.toString()] }
enum Color { Red, Green = 5 }
`;
console.log(transformSync(source, { jsc: { parser: { syntax: "typescript" }, target: "es2018" } }).code);
console.log(parseSync("let a = 1 + 2;", { syntax: "ecmascript" }).body.length);
console.log(
  minifySync("function add(first, second) { if (true) { return first + second } else { return 0 } }", { mangle: true, compress: true })
    .code,
);
try {
  parseSync("let = = 1", { syntax: "ecmascript" });
} catch (error) {
  console.log(String(error).split("\n")[0]);
}
