/**
 * Exceptions that cross the border (JS API: exception cache, JavaScript exception tag): what JavaScript throws becomes an
 * exception of wasm where wasm could catch it, and one that wasm does not catch becomes what JavaScript throws. Identity is kept.
 * The classes that programs see are tag.ts's.
 */
import type { EngineException } from "../vm/host.ts";
import type { HostException, UncaughtException } from "../vm/machine.ts";
import { ValType } from "../vm/types.ts";
import type { Value } from "../vm/value.ts";
import type { Agent } from "./agent.ts";

/** What an object of the Exception class carries, as the machine has it. */
export interface Carried {
  readonly tagAddr: number;
  readonly values: readonly Value[];
}

/** The class of exceptions as far as it is needed here. */
export interface ExceptionObjects {
  /** What an object of the class carries; undefined for everything else. */
  carriedBy(value: unknown): Carried | undefined;
  make(uncaught: UncaughtException): object;
}

export class Exceptions {
  private readonly agent: Agent;
  private jsTagAddr = -1;
  /** Errors that traps have become: those wasm cannot catch, however far they travel. */
  private readonly traps = new WeakSet<object>();
  private objects: ExceptionObjects | undefined;
  /** On an engine of another kind: what stands there for an object of the class, and the way back. */
  private readonly tokens = new WeakMap<object, object>();
  private readonly byToken = new WeakMap<object, object>();

  constructor(agent: Agent) {
    this.agent = agent;
    if (agent.own !== undefined) agent.own.exceptionOf = (thrown) => this.exceptionOf(thrown);
    else agent.machine.engineExceptionOf = (thrown) => this.engineExceptionOf(thrown);
  }

  /** To be called once, when the class is there. */
  setObjects(objects: ExceptionObjects): void {
    this.objects = objects;
  }

  /** The tag of exceptions that are just values of JavaScript. Made when it is first asked for. */
  get jsTag(): number {
    if (this.jsTagAddr < 0) this.jsTagAddr = this.addTag([ValType.ExternRef]);
    return this.jsTagAddr;
  }

  /** A new tag of the store. */
  addTag(params: readonly ValType[]): number {
    return this.agent.machine.addTag(params);
  }

  /** What exceptions of a tag carry. */
  typesOf(tagAddr: number): readonly ValType[] {
    return this.agent.machine.store.tags[tagAddr]!.type.params;
  }

  /** That tag, or -1 when nobody has asked for it. */
  get knownJsTag(): number {
    return this.jsTagAddr;
  }

  /** Remembers an error that stands for a trap. */
  trapError<E extends object>(error: E): E {
    this.traps.add(error);
    return error;
  }

  private exceptionOf(thrown: unknown): HostException | undefined {
    const { held, externs, own } = this.agent;
    const carried = this.objects?.carriedBy(thrown);
    if (carried !== undefined) {
      const ref = held.refOf(thrown);
      if (ref !== undefined) return { ref };
      return { ...carried, made: (made) => held.keep(made, thrown as object) };
    }
    if (this.isTrap(thrown)) return undefined;
    // An exception takes room in the heap, and most are none of wasm's business.
    if (!own!.mayCatch) return undefined;
    return { tagAddr: this.jsTag, values: [externs.toRef(thrown)] };
  }

  /** As `exceptionOf`, where an engine's own objects are its exceptions. */
  private engineExceptionOf(thrown: unknown): EngineException | undefined {
    const { externs, machine } = this.agent;
    const carried = this.objects?.carriedBy(thrown);
    if (carried !== undefined) {
      const object = thrown as object;
      const token = this.tokens.get(object);
      return { ...carried, ...(token === undefined ? {} : { token }), made: (made) => this.pair(made, object) };
    }
    if (this.isTrap(thrown) || !machine.mayCatch) return undefined;
    return { tagAddr: this.jsTag, values: [externs.toRef(thrown)], made: () => {} };
  }

  private isTrap(thrown: unknown): boolean {
    return typeof thrown === "object" && thrown !== null && this.traps.has(thrown);
  }

  private pair(token: object, object: object): object {
    this.tokens.set(object, token);
    this.byToken.set(token, object);
    return object;
  }

  /** What JavaScript throws for an exception that came out of a call. */
  thrownFor(uncaught: UncaughtException): unknown {
    if (uncaught.tagAddr === this.jsTagAddr) return this.agent.externs.fromRef(Number(uncaught.values[0]));
    const { token } = uncaught;
    if (token !== undefined) return this.byToken.get(token) ?? this.pair(token, this.objects!.make(uncaught));
    return this.agent.held.objectOf(uncaught.ref, () => this.objects!.make(uncaught));
  }
}
