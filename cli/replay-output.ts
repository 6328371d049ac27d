/**
 * What a replayed program shows: its standard output and error, the results of --invoke and the report of a trap, as they
 * were when it was recorded. A journal of a replay; changes nothing.
 */
import { ComponentOutput } from "../component/output.ts";
import { InterfaceNames } from "../rr/component-view.ts";
import type { TraceEvent } from "../rr/event.ts";
import type { TraceReader } from "../rr/reader.ts";
import { SilentJournal } from "../vm/silent-journal.ts";
import { type ExternAddr, Status, type Store } from "../vm/store.ts";
import { Trap } from "../vm/trap.ts";
import { readValues } from "../vm/value.ts";
import { OutputFollower, type OutputSink } from "../wasi/output.ts";
import { trapHead, trapReport } from "./backtrace.ts";
import { ExitCode } from "./errors.ts";
import { exitStatus } from "./exit-status.ts";
import { formatResults } from "./values.ts";

const encoder = new TextEncoder();

export class ReplayOutput extends SilentJournal {
  private readonly program: string;
  private readonly sink: OutputSink;
  private readonly follower: OutputFollower;
  private readonly store: () => Store;
  private thrown: string | undefined;
  private trap: boolean = false;

  /** `store` gives the replayer's store; output goes to `sink` as it comes. */
  constructor(program: string, store: () => Store, sink: OutputSink) {
    super();
    this.program = program;
    this.store = store;
    this.sink = sink;
    this.follower = new OutputFollower(sink);
  }

  /** The exit code that the program's end means, or undefined when the replay has not come to its end. */
  exitCode(): number | undefined {
    const { status, exitCode } = this.store();
    if (status === Status.Exited) return exitStatus(exitCode);
    if (status !== Status.Idle) return undefined;
    return this.trap ? ExitCode.Trap : ExitCode.Success;
  }

  /** For ReplayerOptions.onEvent: a trap is reported while its frames are there. */
  readonly onEvent = (event: TraceEvent, store: Store): void => {
    if (event.kind === "host-throw") this.thrown = event.message;
    else if (event.kind === "trap" && store.status === Status.Trapped) this.report(trapReport(store, this.program, this.thrown));
  };

  override instantiated(_instanceAddr: number, _moduleIndex: number, _imports: readonly ExternAddr[], trap: Trap): void {
    if (trap === Trap.None) return;
    this.trap = true;
    this.report([trapHead(this.program, trap)]);
  }

  override called(): void {
    this.trap = false;
  }

  override trapped(): void {
    this.trap = true;
  }

  override hostCalled(funcAddr: number, argSlot: number): void {
    this.follower.hostCalled(this.store(), funcAddr, argSlot);
  }

  override hostReturned(funcAddr: number, resultSlot: number): void {
    this.follower.hostReturned(this.store(), funcAddr, resultSlot);
  }

  /** Only calls of --invoke have results, and only the outermost calls are the command's. */
  override returned(funcAddr: number, resultSlot: number): void {
    const store = this.store();
    if (store.frameTop > 0) return;
    const { type } = store.funcs[funcAddr]!;
    const lines = formatResults(type, readValues(store, resultSlot, type.results));
    if (lines.length > 0) this.sink(1, encoder.encode(`${lines.join("\n")}\n`));
  }

  private report(lines: readonly string[]): void {
    this.sink(2, encoder.encode(`${lines.join("\n")}\n`));
  }
}

/** As much of a reader as says which component a trace is of. */
type ComponentTrace = Pick<TraceReader, "header" | "modules">;

/** What a replayed component printed to standard output and error. A journal of a replay; changes nothing. */
export class ComponentReplayOutput extends SilentJournal {
  private readonly trace: ComponentTrace;
  private readonly store: () => Store;
  private readonly names: InterfaceNames | undefined;
  private readonly follower: ComponentOutput;

  constructor(trace: ComponentTrace, store: () => Store, sink: OutputSink) {
    super();
    this.trace = trace;
    this.store = store;
    const { component } = trace.header;
    this.names = component === undefined ? undefined : new InterfaceNames(component);
    this.follower = new ComponentOutput(sink, (funcAddr) => this.names?.of(funcAddr));
  }

  override instantiated(instanceAddr: number, moduleIndex: number): void {
    const { module, funcAddrs } = this.store().instances[instanceAddr]!;
    const { sha256 } = this.trace.modules[moduleIndex]!;
    this.names?.instantiated(instanceAddr, sha256, { module, funcAddr: (index) => funcAddrs[index]! });
  }

  override hostCalled(funcAddr: number, argSlot: number): void {
    this.follower.hostCalled(this.store(), funcAddr, argSlot);
  }

  override hostReturned(funcAddr: number, resultSlot: number): void {
    this.follower.hostReturned(this.store(), funcAddr, resultSlot);
  }
}
