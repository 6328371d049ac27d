// web-tree-sitter: a parser that links grammars at run time, as wasm modules that share its memory and table; prints trees.
import { createRequire } from "node:module";
import { Language, Parser, Query } from "web-tree-sitter";

const grammar = (name) => createRequire(import.meta.url).resolve(`@vscode/tree-sitter-wasm/wasm/tree-sitter-${name}.wasm`);
await Parser.init();
const parser = new Parser();
const css = await Language.load(grammar("css"));
parser.setLanguage(css);
console.log(parser.parse("a.b > c:hover { color: red; width: calc(1px + 2%) }").rootNode.toString());

const ini = await Language.load(grammar("ini"));
parser.setLanguage(ini);
const text = "[one]\nkey = value\n; comment\n[two]\nother = 5\n";
const tree = parser.parse(text);
console.log(tree.rootNode.toString());
console.log(
  new Query(ini, "(setting (setting_name) @name)")
    .captures(tree.rootNode)
    .map(({ node }) => node.text)
    .join(),
);
tree.edit({
  startIndex: 6,
  oldEndIndex: 9,
  newEndIndex: 10,
  startPosition: { row: 1, column: 0 },
  oldEndPosition: { row: 1, column: 3 },
  newEndPosition: { row: 1, column: 4 },
});
console.log(parser.parse(text.replace("key", "keys"), tree).rootNode.namedChildCount);
