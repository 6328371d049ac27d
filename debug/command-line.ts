/**
 * Command lines of the debugger: words, names with their short forms, numbers. Knows what the commands are called and
 * what they take, not what they do (commands.ts).
 */
import { RewasmError } from "../vm/errors.ts";

export interface CommandSpec<Name extends string = string> {
  readonly name: Name;
  readonly aliases: readonly string[];
  /** What follows the name, for people. */
  readonly usage: string;
  readonly help: string;
  /** True when an empty line after it may repeat it. */
  readonly repeats: boolean;
}

function spec<const Name extends string>(
  name: Name,
  aliases: readonly string[],
  usage: string,
  help: string,
  repeats = false,
): CommandSpec<Name> {
  return { name, aliases, usage, help, repeats };
}

/** In the order of the help; of several that a short form fits, the first wins. */
export const COMMANDS = [
  spec("seek", ["goto"], "POSITION", "go to a tick, #event, 37.5%, start, end, +100, -1 or @bookmark"),
  spec("when", [], "", "tell where the cursor is"),
  spec("step", ["s", "si", "stepi"], "[N]", "execute one instruction, or N", true),
  spec("next", ["n", "ni", "nexti"], "[N]", "as step, but calls are one step", true),
  spec("finish", ["fin", "out"], "", "run until the present function returns", true),
  spec("continue", ["c", "cont"], "", "run to the next breakpoint or watched change, or to the end", true),
  spec("reverse-step", ["rs", "rsi", "reverse-stepi", "back"], "[N]", "take back one instruction, or N", true),
  spec("reverse-next", ["rn", "rni", "reverse-nexti"], "[N]", "as reverse-step, but calls are one step", true),
  spec("reverse-finish", ["rf", "rfin"], "", "go back to the call of the present function", true),
  spec("reverse-continue", ["rc"], "", "go back to the breakpoint or watched change before, or to the start", true),
  spec("break", ["b"], "PLACE [if A OP B]", "stop at a function, a function index or an 0xOFFSET; A, B: numbers, names, $N, [ADDR]"),
  spec("watch", [], "ADDR [LEN]", "stop where one of LEN bytes of memory (4) changes; going back, just before that"),
  spec("delete", ["d"], "[N]", "delete breakpoint or watchpoint N, or all"),
  spec("enable", [], "N", "enable breakpoint or watchpoint N"),
  spec("disable", ["dis"], "N", "disable breakpoint or watchpoint N"),
  spec("bt", ["backtrace", "where"], "[N]", "show the calls, innermost first, at most N"),
  spec("frame", ["f"], "[N]", "select frame N of the backtrace: locals, stack, globals and disas show it"),
  spec("up", [], "", "select the caller's frame"),
  spec("down", [], "", "select the callee's frame"),
  spec("locals", ["l"], "", "show parameters and locals"),
  spec("stack", [], "", "show the operands"),
  spec("globals", ["g"], "", "show the globals of the module"),
  spec("print", ["p"], "NAME | $N", "show a local or global by name, or local N"),
  spec("x", [], "ADDR [LEN]", "show LEN bytes of memory (64); ADDR is a number or the name of a local or global", true),
  spec("disas", ["disassemble"], "[FUNCTION] [N]", "show N instructions (15) around the present one, or of a function"),
  spec("state-hash", ["hash"], "", "print the hash of the whole machine"),
  spec("bookmark", ["mark"], "NAME", "name this position; seek @NAME comes back"),
  spec("info", ["i"], "breakpoints | bookmarks | trace", "list what there is"),
  spec("help", ["h", "?"], "[COMMAND]", "tell about the commands"),
  spec("quit", ["q", "exit"], "", "leave"),
] as const;

export interface CommandLine {
  readonly spec: CommandSpec;
  readonly words: readonly string[];
}

/** Reads a line; undefined for an empty one or a comment. Throws RewasmError "unknown-command". */
export function parseCommandLine(line: string): CommandLine | undefined {
  const words = line.trim().split(/\s+/);
  const [name] = words;
  if (name === undefined || name === "" || name.startsWith("#")) return undefined;
  // `x/64 0x100` and `x 0x100 64` are the same, as `p$1` is not.
  const sized = /^x\/(\d+)$/.exec(name);
  if (sized !== null) return { spec: findCommand("x"), words: [words[1] ?? "", sized[1]!].filter((word) => word !== "") };
  return { spec: findCommand(name), words: words.slice(1) };
}

/** The command that a name, a short form or an unambiguous beginning means. */
export function findCommand(name: string): CommandSpec {
  const exact = COMMANDS.find((each) => each.name === name || each.aliases.includes(name));
  if (exact !== undefined) return exact;
  const matches = COMMANDS.filter((each) => each.name.startsWith(name));
  const [only] = matches;
  if (only === undefined) throw new RewasmError("unknown-command", `unknown command ${JSON.stringify(name)}: help lists the commands`);
  if (matches.length > 1) {
    const names = matches.map((each) => each.name).join(", ");
    throw new RewasmError("unknown-command", `${JSON.stringify(name)} can mean ${names}`);
  }
  return only;
}

/** A number in decimal or hexadecimal, `_` between digits allowed. Throws RewasmError "bad-argument". */
export function parseNumber(text: string, what: string): number {
  const value = /^(\d[\d_]*|0x[0-9a-f][0-9a-f_]*)$/i.test(text) ? Number(text.replaceAll("_", "")) : Number.NaN;
  if (!Number.isSafeInteger(value)) throw new RewasmError("bad-argument", `${what}: ${JSON.stringify(text)} is not a number`);
  return value;
}

/** Insists that a command has between `least` and `most` words. */
export function expectWords({ spec: { name, usage }, words }: CommandLine, least: number, most: number): void {
  if (words.length < least) throw new RewasmError("bad-argument", `${name} needs more: ${name} ${usage}`);
  if (words.length > most)
    throw new RewasmError("bad-argument", `${name}: ${JSON.stringify(words[most])} is too much: ${name} ${usage}`.trimEnd());
}
