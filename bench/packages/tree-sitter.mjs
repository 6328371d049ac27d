// web-tree-sitter: parses a style sheet with a grammar that is linked at run time, and walks the tree from JavaScript.
import { createRequire } from "node:module";
import { Language, Parser } from "web-tree-sitter";

const grammar = createRequire(import.meta.url).resolve("@vscode/tree-sitter-wasm/wasm/tree-sitter-css.wasm");

export async function prepare() {
  await Parser.init();
  const parser = new Parser();
  parser.setLanguage(await Language.load(grammar));
  const text = Array.from({ length: 60 }, (_, i) => `a.b${i} > c:hover { color: #0${i % 10}f; width: calc(1px + ${i}%) }`).join("\n");
  return () => {
    const tree = parser.parse(text);
    let named = 0;
    const visit = (node) => {
      if (node.isNamed) named++;
      for (const child of node.children) visit(child);
    };
    visit(tree.rootNode);
    tree.delete();
    return named;
  };
}
