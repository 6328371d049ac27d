/** The table of preview1 against an independent host: names, numbers of parameters, and what calls write. */
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { expect } from "chai";
import { describe, it } from "mocha";
import { ValType } from "../../vm/types.ts";
import { vectorsBefore, writtenRanges } from "../../wasi/effects.ts";
import { needsMemory, PREVIEW1, type Preview1Function } from "../../wasi/preview1.ts";
import { mulberry32 } from "../support/random.ts";
import { Driver, driverModule, Sandbox } from "./driver.ts";

describe("the table of preview1", () => {
  it("has the functions of node:wasi, with as many parameters", () => {
    const script = `const { WASI } = require("node:wasi"); const w = new WASI({ version: "preview1" });
      console.log(JSON.stringify(Object.fromEntries(Object.entries(w.wasiImport).map(([k, f]) => [k, f.length]))))`;
    const { execFileSync } = createRequire(import.meta.url)("node:child_process") as typeof import("node:child_process");
    const theirs = JSON.parse(execFileSync(process.execPath, ["--no-warnings", "-e", script], { encoding: "utf8" })) as Record<
      string,
      number
    >;
    const ours = Object.fromEntries([...PREVIEW1.values()].map((func) => [func.name, func.params.length]));
    expect(ours).to.deep.equal(theirs);
  });

  it("names only parameters that exist, of the kind that the effect needs", () => {
    for (const func of PREVIEW1.values()) {
      const kind = (index: number) => `${func.name} ${func.params[index]?.kind}`;
      for (const effect of func.effects) {
        if (effect.kind === "strings") {
          expect(kind(effect.pointers)).to.equal(`${func.name} ptr`);
          expect(kind(effect.area)).to.equal(`${func.name} ptr`);
        } else if (effect.kind === "vectors") {
          expect(kind(effect.vectors)).to.equal(`${func.name} ptr`);
          expect(kind(effect.count)).to.equal(`${func.name} len`);
          expect(kind(effect.filled)).to.equal(`${func.name} ptr`);
        } else expect(kind(effect.ptr)).to.equal(`${func.name} ptr`);
      }
      for (const use of func.paths) {
        expect([kind(use.fd), kind(use.ptr), kind(use.length)]).to.deep.equal(["fd", "ptr", "len"].map((each) => `${func.name} ${each}`));
      }
      expect(func.type.results).to.deep.equal(func.name === "proc_exit" ? [] : [ValType.I32]);
    }
    expect([...PREVIEW1.values()].filter((func) => !needsMemory(func)).map((func) => func.name)).to.include("proc_exit");
  });
});

describe("written ranges", () => {
  const sizes = { args: { count: 2, byteLength: 9 }, environ: { count: 0, byteLength: 0 } };
  const view = new DataView(new ArrayBuffer(256));

  function ranges(name: string, args: (number | bigint)[], before?: () => void, after?: () => void): [number, number][] {
    const func = PREVIEW1.get(name)!;
    for (let i = 0; i < view.byteLength; i++) view.setUint8(i, 0);
    before?.();
    const vectors = vectorsBefore(func, args, view);
    after?.();
    const found: [number, number][] = [];
    writtenRanges(func, args, view, vectors, sizes, (byteAddr, byteLength) => found.push([byteAddr, byteLength]));
    return found;
  }

  it("of fd_read are the buffers filled in order, and the count", () => {
    const vectors = (): void => {
      for (const [i, word] of [100, 4, 120, 0, 140, 8].entries()) view.setUint32(i * 4, word, true);
    };
    const got = ranges("fd_read", [0, 0, 3, 60], vectors, () => view.setUint32(60, 7, true));
    expect(got).to.deep.equal([
      [100, 4],
      [140, 3],
      [60, 4],
    ]);
  });

  it("of fd_read come from the vectors as they were before the call", () => {
    const before = (): void => {
      view.setUint32(0, 0, true);
      view.setUint32(4, 8, true);
    };
    const got = ranges("fd_read", [0, 0, 1, 60], before, () => {
      // The data have overwritten the vector.
      view.setUint32(0, 0xffff_ffff, true);
      view.setUint32(4, 0xffff_ffff, true);
      view.setUint32(60, 8, true);
    });
    expect(got).to.deep.equal([
      [0, 8],
      [60, 4],
    ]);
  });

  it("end where memory ends, also for sizes that lie", () => {
    expect(ranges("random_get", [250, 100])).to.deep.equal([[250, 6]]);
    expect(ranges("random_get", [300, 100])).to.deep.equal([]);
    expect(ranges("fd_readdir", [3, 16, 8, 0n, 64], undefined, () => view.setUint32(64, 0xffff_ffff, true))).to.deep.equal([
      [16, 8],
      [64, 4],
    ]);
  });

  it("of the others follow from the arguments", () => {
    expect(ranges("args_get", [0, 16])).to.deep.equal([
      [0, 8],
      [16, 9],
    ]);
    expect(ranges("environ_get", [0, 16])).to.deep.equal([]);
    expect(ranges("poll_oneoff", [0, 64, 2, 40])).to.deep.equal([
      [64, 64],
      [40, 4],
    ]);
    expect(ranges("fd_close", [4])).to.deep.equal([]);
    expect(ranges("path_open", [3, 0, 0, 4, 0, 0n, 0n, 0, 80])).to.deep.equal([[80, 4]]);
  });
});

/** Argument values that reach far into each function without waiting, filling the disk or ending the process. */
function randomArgs(func: Preview1Function, random: () => number, driver: Driver): (number | bigint)[] {
  const below = (n: number) => Math.floor(random() * n);
  const paths = ["a", "sub", "sub/b", "link", "new", "new2", "../a", "", "sub/..", "."];
  return func.params.map(({ name, kind }, i) => {
    if (kind === "fd") return func.name === "fd_close" || func.name === "fd_renumber" ? 4 + below(6) : below(9);
    if (kind === "u64") return name.startsWith("rights") ? 0xfff_ffffn : BigInt(below(300));
    if (kind === "u32") return below(3);
    if (kind === "len") return name.endsWith("iovs_len") ? below(4) : below(40);
    // Mostly sensible; sometimes at or beyond the end of memory.
    if (random() < 0.05) return below(2) === 0 ? 0x1_fffe : 0xffff_fff0;
    const at = 0x1000 + i * 0x1000 + below(64);
    if (name.endsWith("path")) driver.put(at, paths[below(paths.length)]!);
    return at;
  });
}

describe("a thousand random calls", () => {
  for (const seed of [1, 2, 3]) {
    it(`write nothing outside the declared ranges (seed ${seed})`, async () => {
      const sandbox = new Sandbox("some standard input that is read in pieces\n".repeat(20));
      try {
        writeFileSync(join(sandbox.dir, "a"), "content of a");
        mkdirSync(join(sandbox.dir, "sub"));
        writeFileSync(join(sandbox.dir, "sub", "b"), "content of b");
        symlinkSync("a", join(sandbox.dir, "link"));
        const driver = new Driver(await driverModule(), { ...sandbox.options, args: ["prog", "x"], env: [["K", "V"]] });
        const random = mulberry32(seed);
        const functions = [...PREVIEW1.values()].filter(({ name }) => name !== "proc_exit" && name !== "poll_oneoff");
        const successes = new Set<string>();
        for (let i = 0; i < 1000; i++) {
          const func = functions[Math.floor(random() * functions.length)]!;
          // Bytes that no call writes by chance.
          driver.bytes.fill(0xa7, 0, -1);
          const args = randomArgs(func, random, driver);
          for (const { kind, name } of func.params) if (kind === "ptr" && name === "iovs") fillVectors(driver, func, args, random);
          if (driver.errno(func.name, ...args) === 0) successes.add(func.name);
        }
        expect(successes.size, [...successes].join(" ")).to.be.greaterThan(25);
      } finally {
        sandbox.remove();
      }
    });
  }
});

/** Puts iovecs where the call looks for them. */
function fillVectors(driver: Driver, func: Preview1Function, args: readonly (number | bigint)[], random: () => number): void {
  const at = args[func.params.findIndex(({ name }) => name === "iovs")] as number;
  if (at > 0x1_0000) return;
  for (let i = 0; i < 4; i++) driver.vectors(at + i * 8, [0x1_0000 + Math.floor(random() * 4096), Math.floor(random() * 30)]);
}
