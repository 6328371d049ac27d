/**
 * The machine alone, for programs that run modules and neither record nor travel: `rewasm/vm` is one file that loads no
 * package. index.ts has the same names, and all others. Only names are collected here.
 */
export { compileModule } from "./vm/compile.ts";
export { decodeModule } from "./vm/decode.ts";
export { type DisassembledInstr, disassembleFunction, outlineModule } from "./vm/disassemble.ts";
export { DecodeError, LinkError, ResourceError, RewasmError, UnsupportedError, ValidationError } from "./vm/errors.ts";
export { runUntil, Stop, setBreakpoints, unwatchFrames, watchFrame } from "./vm/execute.ts";
export { ExitRequest, type HostCall, type HostFunction, type Journal } from "./vm/host.ts";
export { type HostResult, hostFunction } from "./vm/host-function.ts";
export {
  type CallResult,
  describeCallResult,
  type ImportObject,
  type InstantiateResult,
  Machine,
  type MachineOptions,
} from "./vm/machine.ts";
export { Memory, type MemoryBacking, WASM_PAGE_BYTES } from "./vm/memory.ts";
export { displayName, functionName, functionsNamed } from "./vm/names.ts";
export { SilentJournal } from "./vm/silent-journal.ts";
export {
  type BackingFactory,
  DEFAULT_STACK_BYTES,
  type ExternAddr,
  type Func,
  type Global,
  type HostFunc,
  type Instance,
  type PendingGrow,
  Status,
  Store,
  type WasmFunc,
} from "./vm/store.ts";
export { Table } from "./vm/table.ts";
export { Trap, trapMessage } from "./vm/trap.ts";
export { ExternKind, type FuncType, type GlobalType, type MemoryType, type Module, type TableType, ValType } from "./vm/types.ts";
export { validateModule } from "./vm/validate.ts";
export { readValues, type Value, writeValues } from "./vm/value.ts";
