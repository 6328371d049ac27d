/**
 * The public interface of the package: everything that the commands do, for programs. Runs unchanged in browsers; what
 * needs Node is in node.ts. Only names are collected here, nothing is done.
 */

// Components: what is in one, its glue on any WebAssembly namespace, and values as text.
export { decodeComponent, isComponent } from "./component/binary.ts";
export {
  callEntry,
  commandEntry,
  type Entry,
  exportedFunctions,
  findEntry,
  formatReturned,
  parseEntryArguments,
  returnedValue,
} from "./component/entry.ts";
export { ComponentError, type ComponentErrorCode } from "./component/errors.ts";
export { type ComponentExports, type Glue, type GlueEngine, type GlueGenerator, generateGlue, runGlue } from "./component/glue.ts";
export { type CoreInstance, hostLabel, type Outline, outlineComponent } from "./component/outline.ts";
export { ComponentOutput } from "./component/output.ts";
export { type ComponentFuncType, funcTypeText, typeText, type ValueType } from "./component/types.ts";
export { formatValue, type ParsedValue, parseValue } from "./component/wave.ts";
// Looking into a halted machine, and the debugger's commands for shells of your own.
export { type Breakpoint, Breakpoints } from "./debug/breakpoints.ts";
export { COMMANDS, type CommandLine, type CommandSpec, parseCommandLine } from "./debug/command-line.ts";
export { type CommandContext, type CommandResult, runCommand } from "./debug/commands.ts";
export { type BacktraceFrame, hexDump, Inspector, type Location, type NamedValue, type TypedValue } from "./debug/inspect.ts";
export { DebugSession, type Move, type StopReport, type WatchReport } from "./debug/session.ts";
export { Symbols } from "./debug/symbols.ts";
// The WebAssembly namespace for JavaScript programs, on our machine.
export type { BoundaryHooks, WebAssemblyOptions } from "./jsapi/agent.ts";
export { exactBacking } from "./jsapi/exact-backing.ts";
export { createJsApi, createWebAssembly, type JsApi, type WebAssemblyNamespace } from "./jsapi/namespace.ts";
export type { Change, WatchRange } from "./rr/changes.ts";
// Traces and timelines.
export { type ComponentView, InterfaceNames } from "./rr/component-view.ts";
export { TraceError, type TraceErrorCode } from "./rr/errors.ts";
export { describeEvent, EventLabels, eventToJson, type HostEffect, type TraceEvent } from "./rr/event.ts";
export { formatPosition, type PositionExpr, parsePosition, type ResolvedPosition, resolvePosition } from "./rr/position.ts";
export { TraceReader } from "./rr/reader.ts";
export { Recorder } from "./rr/recorder.ts";
export type { CodePlace } from "./rr/replay-engine.ts";
export { Replayer, type ReplayerOptions, type ReplayGoal, type ReplayJournal, type ReplayStop } from "./rr/replayer.ts";
export {
  openSidecar,
  RecordingSnapshots,
  type RecordingSnapshotsOptions,
  type Sidecar,
  traceIdentity,
  writeSidecar,
} from "./rr/sidecar.ts";
export { type BlobLike, BlobStorage, MemorySink, MemoryStorage, type TraceSink, type TraceStorage } from "./rr/storage.ts";
export { type MoveOptions, type OpenOptions, type StopReason, Timeline } from "./rr/timeline.ts";
export { FORMAT_VERSION, type TraceHeader, type TraceOutcome } from "./rr/trace-format.ts";
// Snapshots.
export { SnapshotTaker, storeFromSnapshot } from "./snapshot/capture.ts";
export { SnapshotError, type SnapshotErrorCode } from "./snapshot/errors.ts";
export { stateHash } from "./snapshot/hash.ts";
export { defaultPolicy, type SnapshotPolicy } from "./snapshot/policy.ts";
export { SnapshotReader, type SnapshotStorage } from "./snapshot/reader.ts";
export { deserializeSnapshot, readSnapshotSet, serializeSnapshot, writeSnapshotSet } from "./snapshot/serialize.ts";
export { SnapshotSet } from "./snapshot/set.ts";
export { comparePositions, type Position, readSnapshotMemory, type Snapshot } from "./snapshot/tree.ts";
// Modules and machines.
export * from "./vm.ts";
// WASI, with any implementation behind it.
export { WasiError } from "./wasi/errors.ts";
export { type Preview1Call, type Preview1Implementation, type Preview1Options, preview1Imports } from "./wasi/host.ts";
export { EngineMemories } from "./wasi/memory.ts";
export { OutputFollower, type OutputSink, type OutputStream } from "./wasi/output.ts";
export { Errno, PREVIEW1, PREVIEW1_MODULE, type Preview1Function } from "./wasi/preview1.ts";
export { type ProgramKind, programKind } from "./wasi/program.ts";
