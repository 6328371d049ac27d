/** `rewasm run`: runs a program on the machine, nothing else. */
import { Command } from "commander";
import { addGuestOptions, type GuestOptions } from "./guest-options.ts";

const examples = `
Examples:
  $ rewasm run hello.wasm
  $ rewasm run --dir data::/data --env LANG=C prog.wasm --verbose /data/in.txt
  $ rewasm run --invoke add math.wasm 2 3

Everything after the program is passed on to it. The exit code is the program's, or 134 when it traps.
`;

export function runCommand(): Command {
  const command = new Command("run").description("Runs a WASI program.").addHelpText("after", examples);
  return addGuestOptions(command).action(async (path: string, words: string[], options: GuestOptions) => {
    const { guestMachine, loadGuest, runGuest } = await import("./guest.ts");
    const guest = loadGuest(path, words, options);
    const machine = guestMachine(guest);
    process.exitCode = await runGuest(guest, machine, (funcAddr, args) => machine.call(funcAddr, args));
  });
}
