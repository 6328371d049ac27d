/** `rewasm disasm`: the functions of a module as text. */
import { Command } from "commander";
import type { Module } from "../vm/types.ts";
import { usageError } from "./errors.ts";
import { OutputBuffer, painter, STDOUT } from "./terminal.ts";

const examples = `
Examples:
  $ rewasm disasm prog.wasm                  the module's parts and every function
  $ rewasm disasm prog.wasm --func main      one function, by its name or index

Offsets are bytes in the module file, hexadecimal: those of traps, breakpoints and the debugger.
`;

export function disasmCommand(): Command {
  return new Command("disasm")
    .description("Prints the instructions of a module.")
    .option("--func <F>", "only this function: its name or its index")
    .argument("<prog.wasm>", "the module")
    .addHelpText("after", examples)
    .action(async (path: string, options: { readonly func?: string }) => {
      const { loadModule } = await import("./module-file.ts");
      const module = loadModule(path);
      const out = new OutputBuffer();
      if (options.func === undefined) await printModule(module, out);
      else for (const funcIndex of await findFunctions(module, options.func)) await printFunction(module, funcIndex, out);
      out.flush();
    });
}

/** Indices of the functions with this name, export name or index. Throws a usage error when there is none. */
async function findFunctions(module: Module, wanted: string): Promise<readonly number[]> {
  const { functionsNamed } = await import("../vm/names.ts");
  const { ExternKind } = await import("../vm/types.ts");
  const named = functionsNamed(module, wanted);
  if (named.length > 0) return named;
  const exported = module.exports.find((each) => each.kind === ExternKind.Func && each.name === wanted);
  if (exported !== undefined) return [exported.index];
  if (!/^\d+$/.test(wanted)) throw usageError(`there is no function named ${wanted}`);
  const count = module.funcTypes.length;
  if (Number(wanted) >= count) throw usageError(`there is no function ${wanted}: the module has ${count}`);
  return [Number(wanted)];
}

async function printModule(module: Module, out: OutputBuffer): Promise<void> {
  const { outlineModule } = await import("../vm/disassemble.ts");
  for (const line of outlineModule(module)) out.line(line);
  for (let i = 0; i < module.funcs.length; i++) {
    out.line("");
    await printFunction(module, module.importedFuncCount + i, out);
  }
}

async function printFunction(module: Module, funcIndex: number, out: OutputBuffer): Promise<void> {
  const { disassembleFunction, functionHeader, localLines } = await import("../vm/disassemble.ts");
  const paint = painter(STDOUT);
  out.line(paint("bold", functionHeader(module, funcIndex)) + (funcIndex < module.importedFuncCount ? " (imported)" : ""));
  for (const line of localLines(module, funcIndex)) out.line(`          ${line}`);
  for (const { wasmOffset, text, depth } of disassembleFunction(module, funcIndex)) {
    out.line(`${paint("dim", wasmOffset.toString(16).padStart(8))}  ${"  ".repeat(depth)}${text}`);
  }
}
