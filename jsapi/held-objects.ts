/**
 * Objects of the machine's heap that JavaScript holds: structs and arrays, and exceptions. Each has one JavaScript object for as
 * long as the program has it; as long, the machine's collector is kept from it. Whether the program still has it, the engine's
 * own collector says at a time of its choosing: so each pin and its end are journaled.
 */
import type { Machine } from "../vm/machine.ts";

export class HeldObjects {
  private readonly machine: Machine | undefined;
  private readonly byRef = new Map<number, WeakRef<object>>();
  private readonly refs = new WeakMap<object, number>();
  /** Of objects that the program has dropped. */
  private readonly dropped: number[] = [];
  private readonly registry = new FinalizationRegistry<number>((ref) => this.dropped.push(ref));

  constructor(machine: Machine | undefined) {
    this.machine = machine;
  }

  /** The reference that an object stands for; undefined for all other values. */
  refOf(value: unknown): number | undefined {
    return typeof value === "object" && value !== null ? this.refs.get(value) : undefined;
  }

  /** The object of a reference, made when there is none. */
  objectOf(ref: number, make: () => object): object {
    const known = this.byRef.get(ref)?.deref();
    if (known !== undefined) return known;
    const made = make();
    this.hold(ref, made);
    return made;
  }

  /** Lets an object stand for a reference from now on. Not while wasm is about to go on: a pin would come too late then. */
  private hold(ref: number, object: object): void {
    this.release();
    this.keep(ref, object);
    this.machine?.pin(ref);
  }

  /** As `hold`, of what is pinned already. */
  keep(ref: number, object: object): void {
    this.byRef.set(ref, new WeakRef(object));
    this.refs.set(object, ref);
    this.registry.register(object, ref);
  }

  /** Gives back what the program has dropped since the last time, unless there is a new object for it. */
  private release(): void {
    for (let ref = this.dropped.pop(); ref !== undefined; ref = this.dropped.pop()) {
      if (this.byRef.get(ref)?.deref() !== undefined) continue;
      this.byRef.delete(ref);
      this.machine?.unpin(ref);
    }
  }
}
