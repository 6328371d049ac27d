/**
 * S-expressions of a .wast script: the tree of atoms, strings and lists with their places in the source.
 * Tolerant on purpose: what a token means is for wast.ts and the text-to-binary converter to judge, never decided here.
 */

export interface Atom {
  readonly kind: "atom";
  readonly text: string;
  readonly start: number;
  readonly end: number;
  readonly line: number;
}
export interface Str {
  readonly kind: "string";
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  readonly line: number;
}
export interface List {
  readonly kind: "list";
  readonly items: readonly Node[];
  /** Offsets of the opening parenthesis and past the closing one. */
  readonly start: number;
  readonly end: number;
  /** Line of the opening parenthesis, counted from 1. */
  readonly line: number;
}
export type Node = Atom | Str | List;

/** Parses a whole source into its top-level nodes; annotations and comments are dropped. Throws SyntaxError with the line. */
export function parseSexprs(source: string): Node[] {
  return new Parser(source).parseAll();
}

/** The text of the list's first atom, or "". */
export function headOf(node: Node | undefined): string {
  if (node?.kind !== "list") return "";
  const first = node.items[0];
  return first?.kind === "atom" ? first.text : "";
}

// Names may begin with a byte order mark; it is theirs.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
/** The string's bytes as UTF-8 text. */
export function textOf(node: Str): string {
  return decoder.decode(node.bytes);
}

interface OpenList {
  readonly items: Node[];
  readonly start: number;
  readonly line: number;
  readonly annotation: boolean;
}

const encoder = new TextEncoder();
const ATOM_END = /[\s()";]/;
const SIMPLE_ESCAPES: Readonly<Record<string, number>> = { t: 9, n: 10, r: 13, '"': 34, "'": 39, "\\": 92 };

class Parser {
  private readonly source: string;
  private at = 0;
  private line = 1;

  constructor(source: string) {
    this.source = source;
  }

  parseAll(): Node[] {
    const top: Node[] = [];
    const open: OpenList[] = [];
    const add = (node: Node): void => void (open.at(-1)?.items ?? top).push(node);
    for (;;) {
      this.skipSpace();
      const { at, line } = this;
      const char = this.source[at];
      if (char === undefined) break;
      if (char === "(") {
        this.at++;
        open.push({ items: [], start: at, line, annotation: this.source[this.at] === "@" });
      } else if (char === ")") {
        this.at++;
        const list = open.pop();
        if (list === undefined) throw new SyntaxError(`line ${line}: unbalanced )`);
        if (!list.annotation) add({ kind: "list", items: list.items, start: list.start, end: this.at, line: list.line });
      } else if (char === '"') {
        add(this.parseString());
      } else {
        add(this.parseAtom());
      }
    }
    const unclosed = open.at(-1);
    if (unclosed !== undefined) throw new SyntaxError(`line ${unclosed.line}: unclosed (`);
    return top;
  }

  private skipSpace(): void {
    const { source } = this;
    for (;;) {
      const char = source[this.at];
      if (char === "\n") {
        this.line++;
        this.at++;
      } else if (char === " " || char === "\t" || char === "\r") {
        this.at++;
      } else if (char === ";" && source[this.at + 1] === ";") {
        while (this.at < source.length && source[this.at] !== "\n" && source[this.at] !== "\r") this.at++;
      } else if (char === "(" && source[this.at + 1] === ";") {
        this.skipBlockComment();
      } else return;
    }
  }

  private skipBlockComment(): void {
    const { source } = this;
    const firstLine = this.line;
    let depth = 0;
    do {
      const char = source[this.at];
      const next = source[this.at + 1];
      if (char === undefined) throw new SyntaxError(`line ${firstLine}: unclosed (;`);
      if (char === "\n") this.line++;
      if (char === "(" && next === ";") {
        depth++;
        this.at += 2;
      } else if (char === ";" && next === ")") {
        depth--;
        this.at += 2;
      } else this.at++;
    } while (depth > 0);
  }

  private parseAtom(): Atom {
    const { source, line } = this;
    const start = this.at++;
    while (this.at < source.length && !ATOM_END.test(source[this.at]!)) this.at++;
    return { kind: "atom", text: source.slice(start, this.at), start, end: this.at, line };
  }

  private parseString(): Str {
    const { source, line } = this;
    const start = this.at++;
    const bytes: number[] = [];
    for (;;) {
      const char = source[this.at];
      if (char === undefined) throw new SyntaxError(`line ${line}: unclosed string`);
      if (char === '"') break;
      if (char === "\\") this.parseEscape(bytes);
      else {
        if (char === "\n") this.line++;
        const codePoint = String.fromCodePoint(source.codePointAt(this.at)!);
        this.at += codePoint.length;
        bytes.push(...encoder.encode(codePoint));
      }
    }
    this.at++;
    return { kind: "string", bytes: Uint8Array.from(bytes), start, end: this.at, line };
  }

  private parseEscape(bytes: number[]): void {
    const { source } = this;
    const char = source[this.at + 1] ?? "";
    const simple = SIMPLE_ESCAPES[char];
    if (simple !== undefined) {
      bytes.push(simple);
      this.at += 2;
      return;
    }
    if (char === "u" && source[this.at + 2] === "{") {
      const close = source.indexOf("}", this.at);
      bytes.push(...encoder.encode(String.fromCodePoint(Number.parseInt(source.slice(this.at + 3, close).replaceAll("_", ""), 16))));
      this.at = close + 1;
      return;
    }
    const hex = source.slice(this.at + 1, this.at + 3);
    if (!/^[0-9a-fA-F]{2}$/.test(hex)) throw new SyntaxError(`line ${this.line}: unknown escape \\${hex}`);
    bytes.push(Number.parseInt(hex, 16));
    this.at += 3;
  }
}
