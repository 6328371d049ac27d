/**
 * WASI preview1 as a table: every function with its parameters, results and effects on memory (spec: WASI snapshot_preview1,
 * witx). The table is the only place that knows a WASI function. No implementation and no I/O here.
 */
import { type FuncType, ValType } from "../vm/types.ts";

/** Name of the module that preview1 programs import. */
export const PREVIEW1_MODULE = "wasi_snapshot_preview1";

/** The error numbers that rewasm itself answers with (witx: errno). */
export const Errno = {
  Success: 0,
  Badf: 8,
  Fault: 21,
  Ilseq: 25,
  Inval: 28,
  Loop: 32,
  Noent: 44,
  Notdir: 54,
  Notsup: 58,
  Perm: 63,
  Notcapable: 76,
} as const;
export type Errno = (typeof Errno)[keyof typeof Errno];

/** `ptr` is a byte address, `len` a number of bytes or elements, `fd` a descriptor; all three and `u32` are i32, `u64` is i64. */
export type ParamKind = "fd" | "ptr" | "len" | "u32" | "u64";

export interface Param {
  readonly name: string;
  readonly kind: ParamKind;
}

/**
 * What a successful call writes; numbers are parameter indices. After an error nothing is written.
 * - `cell`: `bytes` bytes at the pointer.
 * - `buffer`: the whole buffer, its length given by a parameter.
 * - `used`: the first bytes of the buffer, as many as the cell at `used` then holds.
 * - `vectors`: the buffers of an iovec array, filled in order, as many bytes as the cell at `filled` then holds.
 * - `records`: `count` records of `bytes` bytes.
 * - `strings`: an array of pointers and the bytes that they point to, of the arguments or the environment.
 */
export type Effect =
  | { readonly kind: "cell"; readonly ptr: number; readonly bytes: number }
  | { readonly kind: "buffer"; readonly ptr: number; readonly length: number }
  | { readonly kind: "used"; readonly ptr: number; readonly length: number; readonly used: number }
  | { readonly kind: "vectors"; readonly vectors: number; readonly count: number; readonly filled: number }
  | { readonly kind: "records"; readonly ptr: number; readonly count: number; readonly bytes: number }
  | { readonly kind: "strings"; readonly pointers: number; readonly area: number; readonly of: "args" | "environ" };

/** A path that a call names: relative to the directory `fd`. `follow` is the parameter with the lookup flags. */
export interface PathUse {
  readonly fd: number;
  readonly ptr: number;
  readonly length: number;
  readonly follow?: number;
}

export interface Preview1Function {
  readonly name: string;
  readonly params: readonly Param[];
  readonly type: FuncType;
  readonly effects: readonly Effect[];
  readonly paths: readonly PathUse[];
  /** The iovec array that the call reads from: parameter indices of array and length. */
  readonly gathers: { readonly vectors: number; readonly count: number } | undefined;
  /** May wait for something outside the program. */
  readonly mayBlock: boolean;
}

interface RowOptions {
  readonly effects?: readonly Effect[];
  readonly paths?: readonly PathUse[];
  readonly gathers?: { readonly vectors: number; readonly count: number };
  readonly mayBlock?: boolean;
  /** proc_exit alone returns nothing. */
  readonly noResult?: boolean;
}

/** `params` is a list such as `fd:fd offset:u64`. */
function row(name: string, params: string, options: RowOptions = {}): Preview1Function {
  const list = params === "" ? [] : params.split(" ").map((word) => word.split(":") as [string, ParamKind]);
  return {
    name,
    params: list.map(([paramName, kind]) => ({ name: paramName, kind })),
    type: {
      params: list.map(([, kind]) => (kind === "u64" ? ValType.I64 : ValType.I32)),
      results: options.noResult ? [] : [ValType.I32],
    },
    effects: options.effects ?? [],
    paths: options.paths ?? [],
    gathers: options.gathers,
    mayBlock: options.mayBlock ?? false,
  };
}

function cell(ptr: number, bytes: number): Effect {
  return { kind: "cell", ptr, bytes };
}

/** Bytes of the records that calls write. */
const SIZE_BYTES = 4;
const TIMESTAMP_BYTES = 8;
const FDSTAT_BYTES = 24;
const FILESTAT_BYTES = 64;
const PRESTAT_BYTES = 8;
export const EVENT_BYTES = 32;
export const SUBSCRIPTION_BYTES = 48;
/** An iovec: address and length. */
export const VECTOR_BYTES = 8;

const rows: readonly Preview1Function[] = [
  row("args_get", "argv:ptr argv_buf:ptr", { effects: [{ kind: "strings", pointers: 0, area: 1, of: "args" }] }),
  row("args_sizes_get", "argc:ptr argv_buf_size:ptr", { effects: [cell(0, SIZE_BYTES), cell(1, SIZE_BYTES)] }),
  row("environ_get", "environ:ptr environ_buf:ptr", { effects: [{ kind: "strings", pointers: 0, area: 1, of: "environ" }] }),
  row("environ_sizes_get", "environc:ptr environ_buf_size:ptr", { effects: [cell(0, SIZE_BYTES), cell(1, SIZE_BYTES)] }),
  row("clock_res_get", "id:u32 resolution:ptr", { effects: [cell(1, TIMESTAMP_BYTES)] }),
  row("clock_time_get", "id:u32 precision:u64 time:ptr", { effects: [cell(2, TIMESTAMP_BYTES)] }),
  row("fd_advise", "fd:fd offset:u64 len:u64 advice:u32"),
  row("fd_allocate", "fd:fd offset:u64 len:u64"),
  row("fd_close", "fd:fd"),
  row("fd_datasync", "fd:fd"),
  row("fd_fdstat_get", "fd:fd stat:ptr", { effects: [cell(1, FDSTAT_BYTES)] }),
  row("fd_fdstat_set_flags", "fd:fd flags:u32"),
  row("fd_fdstat_set_rights", "fd:fd rights_base:u64 rights_inheriting:u64"),
  row("fd_filestat_get", "fd:fd stat:ptr", { effects: [cell(1, FILESTAT_BYTES)] }),
  row("fd_filestat_set_size", "fd:fd size:u64"),
  row("fd_filestat_set_times", "fd:fd atim:u64 mtim:u64 fst_flags:u32"),
  row("fd_pread", "fd:fd iovs:ptr iovs_len:len offset:u64 nread:ptr", {
    effects: [{ kind: "vectors", vectors: 1, count: 2, filled: 4 }, cell(4, SIZE_BYTES)],
    mayBlock: true,
  }),
  row("fd_prestat_get", "fd:fd prestat:ptr", { effects: [cell(1, PRESTAT_BYTES)] }),
  row("fd_prestat_dir_name", "fd:fd path:ptr path_len:len", { effects: [{ kind: "buffer", ptr: 1, length: 2 }] }),
  row("fd_pwrite", "fd:fd iovs:ptr iovs_len:len offset:u64 nwritten:ptr", {
    effects: [cell(4, SIZE_BYTES)],
    gathers: { vectors: 1, count: 2 },
  }),
  row("fd_read", "fd:fd iovs:ptr iovs_len:len nread:ptr", {
    effects: [{ kind: "vectors", vectors: 1, count: 2, filled: 3 }, cell(3, SIZE_BYTES)],
    mayBlock: true,
  }),
  row("fd_readdir", "fd:fd buf:ptr buf_len:len cookie:u64 bufused:ptr", {
    effects: [{ kind: "used", ptr: 1, length: 2, used: 4 }, cell(4, SIZE_BYTES)],
  }),
  row("fd_renumber", "fd:fd to:fd"),
  row("fd_seek", "fd:fd offset:u64 whence:u32 newoffset:ptr", { effects: [cell(3, 8)] }),
  row("fd_sync", "fd:fd"),
  row("fd_tell", "fd:fd offset:ptr", { effects: [cell(1, 8)] }),
  row("fd_write", "fd:fd iovs:ptr iovs_len:len nwritten:ptr", {
    effects: [cell(3, SIZE_BYTES)],
    gathers: { vectors: 1, count: 2 },
  }),
  row("path_create_directory", "fd:fd path:ptr path_len:len", { paths: [{ fd: 0, ptr: 1, length: 2 }] }),
  row("path_filestat_get", "fd:fd flags:u32 path:ptr path_len:len stat:ptr", {
    effects: [cell(4, FILESTAT_BYTES)],
    paths: [{ fd: 0, ptr: 2, length: 3, follow: 1 }],
  }),
  row("path_filestat_set_times", "fd:fd flags:u32 path:ptr path_len:len atim:u64 mtim:u64 fst_flags:u32", {
    paths: [{ fd: 0, ptr: 2, length: 3, follow: 1 }],
  }),
  row("path_link", "old_fd:fd old_flags:u32 old_path:ptr old_path_len:len new_fd:fd new_path:ptr new_path_len:len", {
    paths: [
      { fd: 0, ptr: 2, length: 3, follow: 1 },
      { fd: 4, ptr: 5, length: 6 },
    ],
  }),
  row("path_open", "fd:fd dirflags:u32 path:ptr path_len:len oflags:u32 rights_base:u64 rights_inheriting:u64 fdflags:u32 opened:ptr", {
    effects: [cell(8, SIZE_BYTES)],
    paths: [{ fd: 0, ptr: 2, length: 3, follow: 1 }],
  }),
  row("path_readlink", "fd:fd path:ptr path_len:len buf:ptr buf_len:len bufused:ptr", {
    effects: [{ kind: "used", ptr: 3, length: 4, used: 5 }, cell(5, SIZE_BYTES)],
    paths: [{ fd: 0, ptr: 1, length: 2 }],
  }),
  row("path_remove_directory", "fd:fd path:ptr path_len:len", { paths: [{ fd: 0, ptr: 1, length: 2 }] }),
  row("path_rename", "fd:fd old_path:ptr old_path_len:len new_fd:fd new_path:ptr new_path_len:len", {
    paths: [
      { fd: 0, ptr: 1, length: 2 },
      { fd: 3, ptr: 4, length: 5 },
    ],
  }),
  row("path_symlink", "old_path:ptr old_path_len:len fd:fd new_path:ptr new_path_len:len", {
    paths: [{ fd: 2, ptr: 3, length: 4 }],
  }),
  row("path_unlink_file", "fd:fd path:ptr path_len:len", { paths: [{ fd: 0, ptr: 1, length: 2 }] }),
  row("poll_oneoff", "in:ptr out:ptr nsubscriptions:len nevents:ptr", {
    effects: [{ kind: "records", ptr: 1, count: 2, bytes: EVENT_BYTES }, cell(3, SIZE_BYTES)],
    mayBlock: true,
  }),
  row("proc_exit", "code:u32", { noResult: true }),
  row("proc_raise", "signal:u32"),
  row("random_get", "buf:ptr buf_len:len", { effects: [{ kind: "buffer", ptr: 0, length: 1 }] }),
  row("sched_yield", ""),
  row("sock_accept", "fd:fd flags:u32 opened:ptr", { effects: [cell(2, SIZE_BYTES)], mayBlock: true }),
  row("sock_recv", "fd:fd iovs:ptr iovs_len:len ri_flags:u32 nread:ptr ro_flags:ptr", {
    effects: [{ kind: "vectors", vectors: 1, count: 2, filled: 4 }, cell(4, SIZE_BYTES), cell(5, 2)],
    mayBlock: true,
  }),
  row("sock_send", "fd:fd iovs:ptr iovs_len:len si_flags:u32 nwritten:ptr", {
    effects: [cell(4, SIZE_BYTES)],
    gathers: { vectors: 1, count: 2 },
  }),
  row("sock_shutdown", "fd:fd how:u32"),
];

/** All preview1 functions by name. */
export const PREVIEW1: ReadonlyMap<string, Preview1Function> = new Map(rows.map((each) => [each.name, each]));

/** Whether the function reads or writes the program's memory. */
export function needsMemory(func: Preview1Function): boolean {
  return func.params.some((param) => param.kind === "ptr");
}
