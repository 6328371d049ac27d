/**
 * Replaced properties of objects that others use too: globals, prototypes, modules. Every replacement can be undone, and
 * looks like what it replaces: same flags, name and length, same extra properties.
 */

type Callable = (this: unknown, ...args: never[]) => unknown;

interface Replaced {
  readonly holder: object;
  readonly key: PropertyKey;
  /** What was there; undefined for nothing. */
  readonly descriptor: PropertyDescriptor | undefined;
}

export class Patches {
  private readonly replaced: Replaced[] = [];
  private readonly made = new WeakSet<object>();

  /**
   * Replaces an own property by what `make` makes of its value; a getter that is not called yet stays one. Answers false,
   * having done nothing, when there is no such own property or it cannot be replaced.
   */
  replace<T>(holder: object, key: PropertyKey, make: (value: T) => unknown): boolean {
    const descriptor = Object.getOwnPropertyDescriptor(holder, key);
    if (descriptor === undefined || (!descriptor.configurable && !descriptor.writable)) return false;
    const { get, set, enumerable } = descriptor;
    const next: PropertyDescriptor =
      get === undefined
        ? { ...descriptor, value: make(descriptor.value as T) }
        : { configurable: true, enumerable: enumerable ?? false, get: later(holder, key, get, make as (value: unknown) => unknown) };
    if (set !== undefined) next.set = set;
    if (!Reflect.defineProperty(holder, key, next)) return false;
    this.replaced.push({ holder, key, descriptor });
    return true;
  }

  /** Replaces a method; `make` gets the function that was there. Properties that are no functions stay. */
  method(holder: object, key: PropertyKey, make: (native: Callable) => Callable): boolean {
    const value = Object.getOwnPropertyDescriptor(holder, key)?.value as unknown;
    if (typeof value !== "function") return false;
    return this.replace(holder, key, (native: Callable) => {
      const wrapper = disguised(make(native), native);
      this.made.add(wrapper);
      return wrapper;
    });
  }

  /** Adds a method where there is none. Answers false, having done nothing, when there is one. */
  add(holder: object, key: PropertyKey, method: Callable): boolean {
    if (Object.hasOwn(holder, key)) return false;
    this.replaced.push({ holder, key, descriptor: undefined });
    return Reflect.defineProperty(holder, key, { value: method, configurable: true, writable: true, enumerable: false });
  }

  /** Replaces the getter of an accessor. */
  getter(holder: object, key: PropertyKey, get: (this: unknown) => unknown): boolean {
    const descriptor = Object.getOwnPropertyDescriptor(holder, key);
    if (descriptor?.get === undefined || !descriptor.configurable) return false;
    this.replaced.push({ holder, key, descriptor });
    return Reflect.defineProperty(holder, key, { ...descriptor, get: disguised(get, descriptor.get as Callable) });
  }

  /** Whether a function stands here for another one. */
  isOurs(value: object): boolean {
    return this.made.has(value);
  }

  /** Puts everything back, last first. */
  undo(): void {
    for (let last = this.replaced.pop(); last !== undefined; last = this.replaced.pop()) {
      if (last.descriptor === undefined) Reflect.deleteProperty(last.holder, last.key);
      else Object.defineProperty(last.holder, last.key, last.descriptor);
    }
  }
}

/**
 * A getter that makes the value when it is first asked for: some globals load a lot when they are touched. Such getters
 * put the loaded value in their own place, which is then ours.
 */
function later(holder: object, key: PropertyKey, get: () => unknown, make: (value: unknown) => unknown): () => unknown {
  return () => {
    const value = make(Reflect.apply(get, holder, []));
    const enumerable = Object.getOwnPropertyDescriptor(holder, key)?.enumerable ?? false;
    Object.defineProperty(holder, key, { value, writable: true, configurable: true, enumerable });
    return value;
  };
}

/** Gives a function the name, length and own properties of another one. */
export function disguised<F extends Callable>(wrapper: F, native: Callable): F {
  for (const key of Reflect.ownKeys(native)) {
    if (key === "prototype" || key === "arguments" || key === "caller") continue;
    Reflect.defineProperty(wrapper, key, Object.getOwnPropertyDescriptor(native, key)!);
  }
  return wrapper;
}
