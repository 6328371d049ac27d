/**
 * Keeps a program's paths below its preopened directories. node:wasi follows symbolic links out of them; this guard
 * resolves every path first, as the operating system will, and refuses those that end elsewhere. It opens nothing.
 */
import { lstatSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, isAbsolute, join, posix, relative, sep } from "node:path";
import { WasiError } from "./errors.ts";
import { Errno } from "./preview1.ts";

/** A directory or file that a descriptor stands for. */
interface OpenPath {
  /** The real path of the preopened directory that it came from. */
  readonly root: string;
  /** Its own host path, resolved when it was opened. */
  readonly path: string;
}

/** Symbolic links that one path may go through, as in POSIX systems. */
const MAX_LINKS = 40;
/** The first descriptors are the standard streams. */
const FIRST_PREOPEN_FD = 3;

/** Throws WasiError "bad-preopen" unless there is a directory. */
export function checkDirectory(host: string): void {
  let isDirectory: boolean;
  try {
    isDirectory = statSync(host).isDirectory();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new WasiError("bad-preopen", `cannot use directory ${host}: ${code === "ENOENT" ? "it does not exist" : (code ?? message)}`);
  }
  if (!isDirectory) throw new WasiError("bad-preopen", `cannot use directory ${host}: it is no directory`);
}

export class PathGuard {
  private readonly open = new Map<number, OpenPath>();
  private readonly decoder = new TextDecoder("utf-8", { fatal: true });

  /** `hostDirs` are existing directories, in the order of their descriptors. */
  constructor(hostDirs: readonly string[]) {
    for (const [i, dir] of hostDirs.entries()) {
      const root = realpathSync.native(dir);
      this.open.set(FIRST_PREOPEN_FD + i, { root, path: root });
    }
  }

  /** Success, or why the path may not be used. `follow` tells whether the call follows a link in the last place; `isOpen` refuses links there. */
  check(fd: number, pathBytes: Uint8Array, follow: boolean, isOpen: boolean): Errno {
    const base = this.open.get(fd);
    // Not a descriptor that can have paths: the implementation knows the right error.
    if (base === undefined) return Errno.Success;
    const path = this.decode(pathBytes);
    if (typeof path === "number") return path;
    if (isAbsolute(path) || escapes(path)) return Errno.Notcapable;
    const target = resolveFrom(base, path, follow);
    if (target === "loop") return Errno.Loop;
    if (target === "nowhere") return Errno.Success;
    if (!isBelow(base.root, target)) return Errno.Notcapable;
    return isOpen && !follow && isLink(target) ? Errno.Loop : Errno.Success;
  }

  opened(dirFd: number, pathBytes: Uint8Array, follow: boolean, fd: number): void {
    const base = this.open.get(dirFd);
    const path = this.decode(pathBytes);
    if (base === undefined || typeof path === "number") return;
    const target = resolveFrom(base, path, follow);
    this.open.set(fd, { root: base.root, path: isAbsolute(target) ? target : base.path });
  }

  closed(fd: number): void {
    this.open.delete(fd);
  }

  renumbered(from: number, to: number): void {
    if (from === to) return;
    const moved = this.open.get(from);
    this.open.delete(from);
    if (moved === undefined) this.open.delete(to);
    else this.open.set(to, moved);
  }

  private decode(pathBytes: Uint8Array): string | Errno {
    if (pathBytes.includes(0)) return Errno.Inval;
    try {
      return this.decoder.decode(pathBytes);
    } catch {
      return Errno.Ilseq;
    }
  }
}

/** Whether the words alone lead above where the path begins. */
function escapes(path: string): boolean {
  const normal = posix.normalize(path);
  return normal === ".." || normal.startsWith("../");
}

function isBelow(root: string, path: string): boolean {
  const way = relative(root, path);
  return way === "" || !(way === ".." || way.startsWith(`..${sep}`) || isAbsolute(way));
}

function isLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch {
    return false;
  }
}

/**
 * Where the path leads on the host: all links resolved, the last one only when `follow`. Words are joined before links
 * are resolved, as node:wasi does. "nowhere" when a directory on the way does not exist: the call can only fail.
 */
function resolveFrom(base: OpenPath, path: string, follow: boolean): string | "nowhere" | "loop" {
  let here = join(base.path, posix.normalize(path));
  for (let links = 0; links <= MAX_LINKS; links++) {
    const parent = realPath(dirname(here));
    if (parent === undefined) return "nowhere";
    const name = basename(here);
    // The last word of a link's text may be "..", which names an existing directory.
    const target = name === "" || name === "." || name === ".." ? realPath(here) : join(parent, name);
    if (target === undefined) return "nowhere";
    if (!follow || !isLink(target)) return target;
    const text = readlinkSync(target);
    // Not joined: that would take ".." for the parent of a link instead of what it leads to.
    here = isAbsolute(text) ? text : `${parent}${sep}${text}`;
  }
  return "loop";
}

/** The native function: the other one joins words before it looks at links. */
function realPath(path: string): string | undefined {
  try {
    return realpathSync.native(path);
  } catch {
    return undefined;
  }
}
