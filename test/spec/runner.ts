/** Executes the commands of one script on an engine and judges each. Knows no engine and prints nothing. */
import type { Encoder } from "./encode.ts";
import { type Engine, ModuleRejected, ModuleUnlinkable, type Outcome } from "./engine.ts";
import { matches, showPattern, showValue } from "./values.ts";
import type { Action, Command, ModuleSource } from "./wast.ts";

export interface CommandResult {
  readonly line: number;
  readonly type: Command["type"];
  readonly status: "passed" | "failed" | "skipped";
  /** Why it failed or was skipped: expected and got. */
  readonly reason: string;
  /** Passed, yet worded otherwise than the suite has it: what was expected and what was said. */
  readonly wording: string | undefined;
}

type Verdict = Pick<CommandResult, "status" | "reason" | "wording">;

const PASSED: Verdict = { status: "passed", reason: "", wording: undefined };
const failed = (reason: string): Verdict => ({ status: "failed", reason, wording: undefined });
const skipped = (reason: string): Verdict => ({ status: "skipped", reason, wording: undefined });

/** A name's module or instance: there, or absent with the verdict that whatever needs it inherits. */
type Entry<T> = Present<T> | Absent;
interface Present<T> {
  readonly ok: true;
  readonly it: T;
}
interface Absent {
  readonly ok: false;
  readonly verdict: Verdict;
}
const absent = (verdict: Verdict): Absent => ({ ok: false, verdict });

/** Runs all commands in order. */
export async function runScript<C, I>(engine: Engine<C, I>, encoder: Encoder, commands: readonly Command[]): Promise<CommandResult[]> {
  const runner = new Runner(engine, encoder);
  const results: CommandResult[] = [];
  for (const command of commands) {
    const verdict = await runner.run(command);
    if (verdict !== undefined) results.push({ line: command.line, type: command.type, ...verdict });
  }
  return results;
}

const LATEST = "";

/** What proposals that were written on top of the first version still forbid. */
const OBSOLETE = /^multiple (memories|tables)$/;

class Runner<C, I> {
  private readonly engine: Engine<C, I>;
  private readonly encoder: Encoder;
  private readonly definitions = new Map<string, Entry<C>>();
  private readonly instances = new Map<string, Entry<I>>();
  private readonly registered: Map<string, I>;
  /** Registered names that are not there, because their modules were skipped or failed. */
  private readonly missing = new Map<string, Verdict>();

  constructor(engine: Engine<C, I>, encoder: Encoder) {
    this.engine = engine;
    this.encoder = encoder;
    this.registered = new Map([["spectest", engine.spectest]]);
  }

  /** undefined for commands that only give names. */
  async run(command: Command): Promise<Verdict | undefined> {
    try {
      return await this.judge(command);
    } catch (error) {
      // An engine that throws anything unforeseen has failed this command, not the whole run.
      return failed(`threw ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`);
    }
  }

  private setDefinition(name: string | undefined, entry: Entry<C>): void {
    this.definitions.set(LATEST, entry);
    if (name !== undefined) this.definitions.set(name, entry);
  }

  private setInstance(name: string | undefined, entry: Entry<I>): void {
    this.instances.set(LATEST, entry);
    if (name !== undefined) this.instances.set(name, entry);
  }

  private async judge(command: Command): Promise<Verdict | undefined> {
    switch (command.type) {
      case "module":
        return this.module(command.module);
      case "definition":
        return this.define(command.module);
      case "instance":
        return this.instantiateDefinition(command.name, command.definition);
      case "register":
        return this.register(command.as, command.instance);
      case "action":
        return this.act(command.action, (outcome) => (outcome.kind === "return" ? PASSED : failed(`got ${showOutcome(outcome)}`)));
      case "assert_return":
        return this.act(command.action, (outcome) => {
          const { expected } = command;
          if (outcome.kind === "return" && outcome.values.length === expected.length) {
            if (outcome.values.every((value, i) => matches(value, expected[i]!))) return PASSED;
          }
          return failed(`expected (${expected.map(showPattern).join(", ")}), got ${showOutcome(outcome)}`);
        });
      case "assert_trap":
        return this.act(command.action, (outcome) => judgeTrap(outcome, command.message));
      case "assert_exception":
        return this.act(command.action, (outcome) =>
          outcome.kind === "exception" ? PASSED : failed(`expected an exception, got ${showOutcome(outcome)}`),
        );
      case "assert_exhaustion":
        return this.act(command.action, (outcome) =>
          outcome.kind === "exhausted"
            ? worded(outcome.message, command.message)
            : failed(`expected exhaustion, got ${showOutcome(outcome)}`),
        );
      case "assert_invalid":
      case "assert_malformed":
        return this.rejected(command.module, command.type, command.message);
      case "assert_unlinkable":
        return this.unlinkable(command.module, command.message);
      case "assert_uninstantiable":
        return this.uninstantiable(command.module, command.message);
      case "unknown":
        return skipped(`command ${command.what} is of a proposal`);
    }
  }

  private async module(source: ModuleSource): Promise<Verdict> {
    const compiled = await this.compile(source);
    const verdict = this.makeInstance(source.name, compiled);
    this.setDefinition(source.name, compiled);
    return verdict;
  }

  private async define(source: ModuleSource): Promise<Verdict> {
    const compiled = await this.compile(source);
    this.setDefinition(source.name, compiled);
    return !compiled.ok ? compiled.verdict : PASSED;
  }

  private instantiateDefinition(name: string | undefined, definition: string | undefined): Verdict {
    const compiled = this.definitions.get(definition ?? LATEST);
    if (compiled === undefined) return failed(`there is no definition ${definition ?? ""}`);
    return this.makeInstance(name, compiled);
  }

  private makeInstance(name: string | undefined, compiled: Entry<C>): Verdict {
    const entry = this.instantiate(compiled);
    this.setInstance(name, entry);
    return !entry.ok ? entry.verdict : PASSED;
  }

  private instantiate(compiled: Entry<C>): Entry<I> {
    if (!compiled.ok) return compiled;
    const missing = this.missingImport(compiled.it);
    if (missing !== undefined) return absent(missing);
    try {
      const { instance, outcome } = this.engine.instantiate(compiled.it, this.registered);
      if (outcome.kind === "return") return { ok: true, it: instance };
      return absent(failed(`instantiation: got ${showOutcome(outcome)}`));
    } catch (error) {
      if (!(error instanceof ModuleUnlinkable)) throw error;
      return absent(failed(`instantiation: ${error.message}`));
    }
  }

  /** A module that imports from one which was skipped is skipped as well. */
  private missingImport(compiled: C): Verdict | undefined {
    const name = this.engine.importModules(compiled).find((module) => this.missing.has(module));
    return name === undefined ? undefined : this.missing.get(name);
  }

  private register(as: string, instance: string | undefined): Verdict | undefined {
    const entry = this.instances.get(instance ?? LATEST);
    if (entry === undefined) return failed(`there is no instance ${instance ?? ""}`);
    if (!entry.ok) {
      this.registered.delete(as);
      this.missing.set(as, entry.verdict);
      return undefined;
    }
    this.missing.delete(as);
    this.registered.set(as, entry.it);
    return undefined;
  }

  private act(action: Action, judgeOutcome: (outcome: Outcome) => Verdict): Verdict {
    const entry = this.instances.get(action.instance ?? LATEST);
    if (entry === undefined) return failed(`there is no instance ${action.instance ?? ""}`);
    if (!entry.ok) return entry.verdict;
    if (action.kind === "get") {
      const value = this.engine.get(entry.it, action.field);
      return value === undefined ? noExport(action) : judgeOutcome({ kind: "return", values: [value] });
    }
    const outcome = this.engine.invoke(entry.it, action.field, action.args);
    return outcome === undefined ? noExport(action) : judgeOutcome(outcome);
  }

  /** Compiles a module that is meant to be valid. */
  private async compile(source: ModuleSource): Promise<Entry<C>> {
    const encoding = await this.encoder.encode(source);
    if (encoding.kind === "refused") return absent(skipped(`the converter refuses it: ${encoding.complaint}`));
    try {
      return { ok: true, it: this.engine.compile(encoding.bytes) };
    } catch (error) {
      if (!(error instanceof ModuleRejected)) throw error;
      return absent(failed(`rejected as ${error.phase}: ${error.message}`));
    }
  }

  /** As `compile`, but skipped when an import's module was skipped. */
  private async compileLinked(source: ModuleSource): Promise<Entry<C>> {
    const compiled = await this.compile(source);
    const missing = !compiled.ok ? undefined : this.missingImport(compiled.it);
    return missing === undefined ? compiled : absent(missing);
  }

  private async rejected(source: ModuleSource, type: "assert_invalid" | "assert_malformed", message: string): Promise<Verdict> {
    if (OBSOLETE.test(message)) return skipped(`obsolete: WebAssembly 3.0 allows ${message}`);
    if (type === "assert_malformed" && source.form !== "binary") return skipped("malformed text: tests a text parser");
    const encoding = await this.encoder.encode(source);
    if (encoding.kind === "refused") return skipped(`the converter refuses it: ${encoding.complaint}`);
    try {
      this.engine.compile(encoding.bytes);
    } catch (error) {
      if (!(error instanceof ModuleRejected)) throw error;
      const phase = type === "assert_invalid" ? "invalid" : "malformed";
      if (error.phase === phase) return worded(error.message, message);
      if (phase === "malformed") return { ...PASSED, wording: `expected malformed "${message}", got ${error.phase} "${error.message}"` };
      return failed(`expected ${phase} "${message}", got ${error.phase} "${error.message}"`);
    }
    return failed(`accepted, expected "${message}"`);
  }

  private async unlinkable(source: ModuleSource, message: string): Promise<Verdict> {
    const compiled = await this.compileLinked(source);
    if (!compiled.ok) return compiled.verdict;
    try {
      const { outcome } = this.engine.instantiate(compiled.it, this.registered);
      return failed(`linked and got ${showOutcome(outcome)}, expected "${message}"`);
    } catch (error) {
      if (!(error instanceof ModuleUnlinkable)) throw error;
      return worded(error.message, message);
    }
  }

  private async uninstantiable(source: ModuleSource, message: string): Promise<Verdict> {
    const compiled = await this.compileLinked(source);
    if (!compiled.ok) return compiled.verdict;
    try {
      const { outcome } = this.engine.instantiate(compiled.it, this.registered);
      return judgeTrap(outcome, message);
    } catch (error) {
      if (!(error instanceof ModuleUnlinkable)) throw error;
      return failed(`expected trap "${message}", got unlinkable: ${error.message}`);
    }
  }
}

function noExport({ kind, field }: Action): Verdict {
  return failed(`there is no ${kind === "get" ? "global" : "function"} ${field}`);
}

/** A trap's message is part of the assertion; one side may say more than the other. */
function judgeTrap(outcome: Outcome, message: string): Verdict {
  if (outcome.kind !== "trap") return failed(`expected trap "${message}", got ${showOutcome(outcome)}`);
  const same = outcome.message.startsWith(message) || message.startsWith(outcome.message);
  return same ? PASSED : failed(`expected trap "${message}", got trap "${outcome.message}"`);
}

function worded(said: string, expected: string): Verdict {
  return said.startsWith(expected) ? PASSED : { ...PASSED, wording: `expected "${expected}", said "${said}"` };
}

function showOutcome(outcome: Outcome): string {
  switch (outcome.kind) {
    case "return":
      return `(${outcome.values.map(showValue).join(", ")})`;
    case "trap":
      return `trap "${outcome.message}"`;
    case "exception":
      return "an exception";
    case "exhausted":
      return `exhaustion "${outcome.message}"`;
  }
}
