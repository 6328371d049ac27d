/** Errors about components: what a component asks for that is not provided, and values that have not its types. */
import { RewasmError } from "../vm/errors.ts";

/** Stable codes of ComponentError. */
export type ComponentErrorCode =
  /** It uses asynchronous functions, streams, futures or threads. */
  | "async-component"
  /** It uses a part of the component model that is not supported. */
  | "component-unsupported"
  /** Its definitions contradict each other. */
  | "component-invalid"
  /** It imports something that is not provided. */
  | "unknown-import"
  /** There is nothing to run in it, or no function of that name. */
  | "no-entry"
  /** A value is not of the type that is wanted; `message` says where. */
  | "value-syntax"
  /** What runs components is not installed. */
  | "component-tools";

export class ComponentError extends RewasmError {
  declare readonly code: ComponentErrorCode;
  constructor(code: ComponentErrorCode, message: string) {
    super(code, message);
  }
}
