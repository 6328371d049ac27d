/** The options of the commands that run a program. Kept apart from guest.ts so that help and usage errors load no machine. */
import { type Command, InvalidArgumentError } from "commander";
import type { Preopen } from "../wasi/node.ts";

/** Options of the commands that run a program, as the argument parser gives them. */
export interface GuestOptions {
  readonly dir?: readonly Preopen[];
  readonly env?: readonly (readonly [string, string])[];
  readonly invoke?: string;
}

/** Adds the options, the program and its arguments; everything after the program is the program's. */
export function addGuestOptions(command: Command): Command {
  return command
    .option("--dir <HOST[::GUEST]>", "let the program use a directory, under the name GUEST (repeatable)", collectDir)
    .option("--env <K[=V]>", "set an environment variable, or pass ours on (repeatable)", collectEnv)
    .option("--invoke <F>", "call this exported function with the arguments, and print its results")
    .argument("<prog.wasm>", "the program: a WASI command or reactor, or a component")
    .argument("[args...]", "its arguments, passed on as they are")
    .passThroughOptions();
}

function collectDir(value: string, previous: readonly Preopen[] = []): readonly Preopen[] {
  const at = value.indexOf("::");
  const host = at < 0 ? value : value.slice(0, at);
  const guest = at < 0 ? value : value.slice(at + 2);
  if (host === "" || guest === "") throw new InvalidArgumentError("It has to be HOST or HOST::GUEST.");
  if (previous.some((each) => each.guest === guest)) throw new InvalidArgumentError(`${guest} is given twice.`);
  return [...previous, { host, guest }];
}

function collectEnv(value: string, previous: readonly (readonly [string, string])[] = []): readonly (readonly [string, string])[] {
  const at = value.indexOf("=");
  const name = at < 0 ? value : value.slice(0, at);
  if (name === "") throw new InvalidArgumentError("It has to be K or K=V.");
  const given = at < 0 ? process.env[name] : value.slice(at + 1);
  const others = previous.filter((each) => each[0] !== name);
  return given === undefined ? others : [...others, [name, given]];
}
