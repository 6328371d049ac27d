/**
 * What a replayed program printed: follows its WASI calls and yields the bytes that went to standard output and error,
 * so that a replay re-creates both without a host. Reads the store, never changes it.
 */
import { exportAddr } from "../vm/instantiate.ts";
import { FRAME_WORDS, Frame, FUNC_INFO_WORDS, FuncInfo, type Store } from "../vm/store.ts";
import { ExternKind } from "../vm/types.ts";
import { forEachFilled, readVectors } from "./effects.ts";
import { Errno, PREVIEW1, PREVIEW1_MODULE, type Preview1Function } from "./preview1.ts";

/** 1 is standard output, 2 standard error. */
export type OutputStream = 1 | 2;
/** Receives output in order; `bytes` belongs to the receiver. */
export type OutputSink = (stream: OutputStream, bytes: Uint8Array) => void;

/** A call that waits for its result. */
interface PendingCall {
  readonly func: Preview1Function;
  readonly args: readonly number[];
  /** What the call offers to a standard stream, copied before the call; undefined for other calls. */
  readonly offered: Uint8Array | undefined;
  /** Where the call puts the number of bytes it took. */
  readonly memoryAddr: number;
}

/**
 * Tell it every host call and return, in order, as a Journal is told: `hostCalled` with arguments on the stack and
 * memory as the call finds it, `hostReturned` with results on the stack and the call's effects in memory.
 */
export class OutputFollower {
  private readonly sink: OutputSink;
  /** Which stream each descriptor of the program stands for. */
  private readonly streams = new Map<number, OutputStream>([
    [1, 1],
    [2, 2],
  ]);
  private pending: PendingCall | undefined;

  constructor(sink: OutputSink) {
    this.sink = sink;
  }

  hostCalled(store: Store, funcAddr: number, argSlot: number): void {
    this.pending = undefined;
    const func = store.funcs[funcAddr];
    if (func?.kind !== "host" || func.module !== PREVIEW1_MODULE) return;
    switch (func.name) {
      case "fd_write":
      case "fd_pwrite":
      case "fd_close":
      case "fd_renumber":
        this.pending = this.follow(store, PREVIEW1.get(func.name)!, argSlot);
    }
  }

  hostReturned(store: Store, _funcAddr: number, resultSlot: number): void {
    const call = this.pending;
    if (call === undefined) return;
    this.pending = undefined;
    if (store.i32[resultSlot * 2] !== Errno.Success) return;
    const [fd, to] = call.args as [number, number];
    switch (call.func.name) {
      case "fd_close":
        this.streams.delete(fd);
        break;
      case "fd_renumber":
        this.renumber(fd, to);
        break;
      default:
        this.written(store, call);
    }
  }

  private follow(store: Store, func: Preview1Function, argSlot: number): PendingCall {
    // u64 arguments are not needed: the low half stands in for them.
    const args = func.params.map((_, i) => store.i32[(argSlot + i) * 2]! >>> 0);
    if (func.gathers === undefined || !this.streams.has(args[0]!)) return { func, args, offered: undefined, memoryAddr: -1 };
    const memoryAddr = callerMemory(store);
    const memory = store.memories[memoryAddr];
    if (memory === undefined) return { func, args, offered: undefined, memoryAddr };
    const vectors = readVectors(memory.view, args[func.gathers.vectors]!, args[func.gathers.count]!);
    const offered = new Uint8Array(vectors.reduce((sum, each) => sum + each.byteLength, 0));
    let at = 0;
    forEachFilled(vectors, offered.length, (byteAddr, byteLength) => {
      offered.set(memory.bytes.subarray(byteAddr, byteAddr + byteLength), at);
      at += byteLength;
    });
    return { func, args, offered, memoryAddr };
  }

  private written(store: Store, { func, args, offered, memoryAddr }: PendingCall): void {
    const stream = this.streams.get(args[0]!);
    if (stream === undefined || offered === undefined) return;
    const countAddr = args[func.params.length - 1]!;
    const { view } = store.memories[memoryAddr]!;
    const byteLength = countAddr + 4 <= view.byteLength ? view.getUint32(countAddr, true) : 0;
    if (byteLength > 0) this.sink(stream, offered.subarray(0, byteLength));
  }

  private renumber(from: number, to: number): void {
    if (from === to) return;
    const moved = this.streams.get(from);
    this.streams.delete(from);
    if (moved === undefined) this.streams.delete(to);
    else this.streams.set(to, moved);
  }
}

/** Store address of the memory that the caller of the running host function exports as "memory", or -1. */
function callerMemory(store: Store): number {
  const caller = store.frameTop - 2 * FRAME_WORDS;
  if (caller < 0) return -1;
  const instanceAddr = store.funcInfo[store.frames[caller + Frame.Func]! * FUNC_INFO_WORDS + FuncInfo.InstanceAddr]!;
  const found = instanceAddr < 0 ? undefined : exportAddr(store, instanceAddr, "memory");
  return found?.kind === ExternKind.Memory ? found.addr : -1;
}
