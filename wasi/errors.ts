/** Errors of the WASI host: a program that cannot be run as a WASI program, or a host that is set up wrongly. */
import { RewasmError } from "../vm/errors.ts";

export class WasiError extends RewasmError {}
