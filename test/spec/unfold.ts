/**
 * Old exception blocks in the folded form, which the converter does not read, as the flat form, which it does. Whole
 * function bodies are flattened, because nothing flat may stand in an operand's place.
 */
import { headOf, type List, type Node, parseSexprs } from "./sexpr.ts";

/** The text with every function body of a module flattened if there is an old `try` in it; else the text itself. */
export function unfoldTries(text: string): string {
  if (!/\(\s*try\s/.test(text)) return text;
  let nodes: readonly Node[];
  try {
    nodes = parseSexprs(text);
  } catch {
    // Malformed on purpose; the converter says so.
    return text;
  }
  const module = nodes[0];
  if (module?.kind !== "list" || headOf(module) !== "module") return text;
  const parts = module.items.map((item) => (headOf(item) === "func" && item.kind === "list" ? flatFunc(text, item) : verbatim(text, item)));
  return `(${parts.join(" ")})`;
}

/** Parts of functions and instructions in parentheses that are no instructions. */
const NO_INSTRUCTIONS = new Set(["export", "import", "type", "param", "result", "local"]);

function flatFunc(text: string, func: List): string {
  return `(${func.items.map((item) => flat(text, item)).join(" ")})`;
}

function verbatim(text: string, node: Node): string {
  return text.slice(node.start, node.end);
}

function flat(text: string, node: Node): string {
  if (node.kind !== "list" || NO_INSTRUCTIONS.has(headOf(node))) return verbatim(text, node);
  const all = (items: readonly Node[]): string => items.map((item) => flat(text, item)).join(" ");
  const head = headOf(node);
  switch (head) {
    case "block":
    case "loop":
      return `${all(node.items)} end`;
    case "if":
    case "try":
      return flatParts(text, node);
    case "do":
    case "then":
      return all(node.items.slice(1));
    case "else":
    case "catch":
    case "catch_all":
      return all(node.items);
    default: {
      const isOperand = (item: Node): boolean => item.kind === "list" && !NO_INSTRUCTIONS.has(headOf(item));
      return `${all(node.items.filter(isOperand))} ${all(node.items.filter((item) => !isOperand(item)))}`;
    }
  }
}

/** An `if` or `try` with its parts; what comes before them in parentheses is the condition. */
function flatParts(text: string, node: List): string {
  const parts = node.items.filter((item) => /^(do|then|else|catch|catch_all|delegate)$/.test(headOf(item)));
  const rest = node.items.filter((item) => !parts.includes(item));
  const conditions = rest.filter((item) => item.kind === "list" && !NO_INSTRUCTIONS.has(headOf(item)));
  const opening = rest.filter((item) => !conditions.includes(item));
  const delegates = parts.some((part) => headOf(part) === "delegate");
  return [...[...conditions, ...opening, ...parts].map((item) => flat(text, item)), ...(delegates ? [] : ["end"])].join(" ");
}
