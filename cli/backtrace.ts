/** What a trap looks like to people: its text and the wasm frames, innermost first. Reads the store only. */
import { frameOffset } from "../vm/frames.ts";
import { displayName } from "../vm/names.ts";
import { Frame, type Store } from "../vm/store.ts";
import { Trap, trapMessage } from "../vm/trap.ts";

/** Of deeper stacks only the ends are shown. */
const INNERMOST_FRAMES = 24;
const OUTERMOST_FRAMES = 8;

/**
 * The report of a trap, as lines. Must be made while the machine is Trapped: its frames are gone once the trap is taken.
 * `program` is what people call the program.
 */
export function trapReport(store: Store, program: string, hostMessage?: string): string[] {
  const head = trapHead(program, store.trap, hostMessage);
  const frames = backtrace(store);
  return frames.length === 0 ? [head] : [head, "wasm backtrace:", ...frames];
}

/** The first line of the report: all there is for a trap without frames. */
export function trapHead(program: string, trap: Trap, hostMessage?: string): string {
  const more = trap === Trap.HostThrow && hostMessage !== undefined ? `: ${hostMessage}` : "";
  return `Error: ${program}: wasm trap: ${trapMessage(trap)}${more}`;
}

function backtrace(store: Store): string[] {
  const { depth } = store;
  const width = String(depth - 1).length;
  const lines: string[] = [];
  for (let number = 0; number < depth; number++) {
    if (depth > INNERMOST_FRAMES + OUTERMOST_FRAMES && number === INNERMOST_FRAMES) {
      lines.push(`    … ${depth - INNERMOST_FRAMES - OUTERMOST_FRAMES} more frames …`);
      number = depth - OUTERMOST_FRAMES;
    }
    lines.push(`    ${String(number).padStart(width)}: ${frameText(store, depth - 1 - number)}`);
  }
  return lines;
}

function frameText(store: Store, index: number): string {
  const func = store.funcs[store.frameWord(index, Frame.Func)]!;
  if (func.kind === "host") return `<host> - ${func.module}.${func.name}`;
  const { module } = store.instances[func.instanceAddr]!;
  const wasmOffset = frameOffset(store, index);
  const where = wasmOffset < 0 ? module.funcs[func.funcIndex - module.importedFuncCount]!.codeStart : wasmOffset;
  return `0x${where.toString(16)} - ${displayName(module, func.funcIndex)}`;
}
