/** `rewasm run`: runs a program on the machine, nothing else. */
import { Command } from "commander";
import { addGuestOptions, type GuestOptions } from "./guest-options.ts";

const examples = `
Examples:
  $ rewasm run hello.wasm
  $ rewasm run --dir data::/data --env LANG=C prog.wasm --verbose /data/in.txt
  $ rewasm run --invoke add math.wasm 2 3
  $ rewasm run app.component.wasm                                            a component for WASI 0.2
  $ rewasm run --invoke ledger.sum shop.component.wasm '[{label: "tea", amount: 3}]'

Everything after the program is passed on to it. The exit code is the program's, or 134 when it traps.
`;

export function runCommand(): Command {
  const command = new Command("run").description("Runs a WASI program: a core module or a component.").addHelpText("after", examples);
  return addGuestOptions(command).action(async (path: string, words: string[], options: GuestOptions) => {
    const { readProgram } = await import("./module-file.ts");
    const { isComponent } = await import("../component/binary.ts");
    const bytes = readProgram(path);
    process.exitCode = await (isComponent(bytes) ? runComponent(path, bytes, words, options) : runModule(path, bytes, words, options));
  });
}

async function runModule(path: string, bytes: Uint8Array, words: readonly string[], options: GuestOptions): Promise<number> {
  const { guestMachine, loadGuest, runGuest } = await import("./guest.ts");
  const guest = loadGuest(path, bytes, words, options);
  const machine = guestMachine(guest);
  return runGuest(guest, machine, (funcAddr, args) => machine.call(funcAddr, args));
}

async function runComponent(path: string, bytes: Uint8Array, words: readonly string[], options: GuestOptions): Promise<number> {
  const { loadComponentGuest, printEnd, runComponentGuest } = await import("./component-guest.ts");
  const { createJsApi } = await import("../jsapi/namespace.ts");
  const { WebAssembly, machine } = createJsApi();
  return printEnd(runComponentGuest(await loadComponentGuest(path, bytes, words, options), WebAssembly, machine));
}
