/**
 * The three error classes of the API, made anew for each namespace, and what the machine's errors and traps become in
 * them. Real Error objects in every respect: stack, error brand, callable without `new`.
 */
import { ResourceError, RewasmError } from "../vm/errors.ts";
import { Trap, trapMessage } from "../vm/trap.ts";

export interface WebAssemblyErrorConstructor {
  new (message?: string, options?: ErrorOptions): Error;
  (message?: string, options?: ErrorOptions): Error;
  readonly prototype: Error;
}

/** A native error class (ECMAScript: NativeError): its own prototype, message and name there, callable without `new`. */
function nativeErrorClass(name: string): WebAssemblyErrorConstructor {
  // A function, because classes cannot be called; Reflect.construct makes the object a real Error.
  function NativeError(...args: unknown[]): Error {
    return Reflect.construct(Error, args, new.target ?? NativeError) as Error;
  }
  Object.setPrototypeOf(NativeError, Error);
  Object.defineProperty(NativeError, "name", { value: name, configurable: true });
  Object.defineProperty(NativeError, "length", { value: 1, configurable: true });
  const prototype = Object.create(Error.prototype, {
    constructor: { value: NativeError, writable: true, configurable: true },
    name: { value: name, writable: true, configurable: true },
    message: { value: "", writable: true, configurable: true },
  }) as Error;
  Object.defineProperty(NativeError, "prototype", { value: prototype, writable: false, enumerable: false, configurable: false });
  return NativeError as unknown as WebAssemblyErrorConstructor;
}

export class ErrorClasses {
  readonly CompileError = nativeErrorClass("CompileError");
  readonly LinkError = nativeErrorClass("LinkError");
  readonly RuntimeError = nativeErrorClass("RuntimeError");

  link(context: string, problem: string): Error {
    return new this.LinkError(`WebAssembly.${context}: ${problem}`);
  }

  /** What decoding or validating threw, as a CompileError; anything else as it is. */
  compileFailure(context: string, error: unknown): unknown {
    return error instanceof RewasmError ? new this.CompileError(`WebAssembly.${context}: ${error.message}`) : error;
  }

  /** What allocating a part of the store threw: RangeError when there was no room. */
  allocationFailure(context: string, error: unknown): unknown {
    return error instanceof ResourceError ? new RangeError(`WebAssembly.${context}: ${error.message}`) : error;
  }

  /** The error that a trap becomes. */
  fromTrap(trap: Trap): Error {
    // As for a stack overflow in JavaScript (JS API, "Stack Overflow").
    if (trap === Trap.CallStackExhausted) return new RangeError("Maximum call stack size exceeded");
    return new this.RuntimeError(trapMessage(trap));
  }
}
