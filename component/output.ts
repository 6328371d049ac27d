/**
 * What a replayed component printed: follows its calls of WASI 0.2's streams and yields the bytes that went to standard
 * output and error, so that a replay re-creates both without a host. Reads the store, never changes it.
 *
 * Not seen are bytes that never were in the component's memory: those that `splice` moves from one stream to another.
 */
import { exportAddr } from "../vm/instantiate.ts";
import type { Store } from "../vm/store.ts";
import { ExternKind } from "../vm/types.ts";
import type { OutputSink, OutputStream } from "../wasi/output.ts";

/** What is known about a host function that a component calls. */
export interface InterfaceFunction {
  /** `wasi:io/streams@0.2.3#[method]output-stream.write` */
  readonly label: string;
  /** The component instance that calls: each has handles of its own. */
  readonly component: number;
  readonly memory: { readonly instanceAddr: number; readonly name: string } | undefined;
}

const GET_STREAM = /^wasi:cli\/(?:stdout|stderr)@0\.2\.[^#]*#get-(stdout|stderr)$/;
const STREAM_FUNCTION = /^wasi:io\/streams@0\.2\.[^#]*#(.*)$/;

/** A call that waits for its result. */
type Pending =
  | { readonly kind: "get"; readonly component: number; readonly stream: OutputStream }
  /** `bytes` went out if the result at `resultAddr` says so. */
  | {
      readonly kind: "write";
      readonly stream: OutputStream;
      readonly bytes: Uint8Array;
      readonly memoryAddr: number;
      readonly resultAddr: number;
    };

/** Most zeroes that one call is believed to have written. */
const MAX_ZEROES = 1n << 24n;

/** Tell it every host call and return, in order, as a Journal is told. */
export class ComponentOutput {
  private readonly sink: OutputSink;
  private readonly functionOf: (funcAddr: number) => InterfaceFunction | undefined;
  /** Streams by component and handle. */
  private readonly streams = new Map<string, OutputStream>();
  private pending: Pending | undefined;

  constructor(sink: OutputSink, functionOf: (funcAddr: number) => InterfaceFunction | undefined) {
    this.sink = sink;
    this.functionOf = functionOf;
  }

  hostCalled(store: Store, funcAddr: number, argSlot: number): void {
    this.pending = undefined;
    const func = this.functionOf(funcAddr);
    if (func === undefined) return;
    const got = GET_STREAM.exec(func.label);
    if (got !== null) {
      this.pending = { kind: "get", component: func.component, stream: got[1] === "stdout" ? 1 : 2 };
      return;
    }
    const [, name] = STREAM_FUNCTION.exec(func.label) ?? [];
    if (name !== undefined) this.streamCalled(store, func, name, argSlot);
  }

  hostReturned(store: Store, _funcAddr: number, resultSlot: number): void {
    const call = this.pending;
    if (call === undefined) return;
    this.pending = undefined;
    if (call.kind === "get") {
      this.streams.set(key(call.component, store.i32[resultSlot * 2]!), call.stream);
      return;
    }
    // The result is a variant whose first case, 0, is success.
    if (store.memories[call.memoryAddr]?.bytes[call.resultAddr] === 0) this.sink(call.stream, call.bytes);
  }

  private streamCalled(store: Store, func: InterfaceFunction, name: string, argSlot: number): void {
    const argument = (index: number): number => store.i32[(argSlot + index) * 2]! >>> 0;
    const handle = key(func.component, store.i32[argSlot * 2]!);
    const stream = this.streams.get(handle);
    if (stream === undefined) return;
    switch (name) {
      case "[resource-drop]output-stream":
        this.streams.delete(handle);
        return;
      case "[method]output-stream.write":
      case "[method]output-stream.blocking-write-and-flush": {
        const memoryAddr = memoryOf(store, func);
        const bytes = store.memories[memoryAddr]?.bytes.slice(argument(1), argument(1) + argument(2));
        if (bytes !== undefined) this.pending = { kind: "write", stream, bytes, memoryAddr, resultAddr: argument(3) };
        return;
      }
      case "[method]output-stream.write-zeroes":
      case "[method]output-stream.blocking-write-zeroes-and-flush": {
        const count = BigInt.asUintN(64, store.i64[argSlot + 1]!);
        if (count > MAX_ZEROES) return;
        const bytes = new Uint8Array(Number(count));
        this.pending = { kind: "write", stream, bytes, memoryAddr: memoryOf(store, func), resultAddr: argument(2) };
      }
    }
  }
}

function key(component: number, handle: number): string {
  return `${component}:${handle}`;
}

function memoryOf(store: Store, { memory }: InterfaceFunction): number {
  const found = memory === undefined ? undefined : exportAddr(store, memory.instanceAddr, memory.name);
  return found?.kind === ExternKind.Memory ? found.addr : -1;
}
