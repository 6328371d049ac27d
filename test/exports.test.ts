/** The public interface: what the exports map promises is there, typed, free of Node, and enough to record and travel. */
import { existsSync, openSync, readFileSync } from "node:fs";
import { devNull } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { describe, it } from "mocha";
import * as packedLibrary from "rewasm";
import * as machineAlone from "rewasm/vm";
import * as rewasm from "../index.ts";
import * as nodeSide from "../node.ts";
import { guestBytes } from "./support/guests.ts";
import { wat } from "./support/wat.ts";

const built = fileURLToPath(new URL("../", import.meta.url));

const packed = join(built, "package");

/** Paths and names of all functions in an object, and in what its functions have. */
function namesIn(object: object, path: string): string[] {
  return Object.entries(Object.getOwnPropertyDescriptors(object)).flatMap(([key, { value, get, set }]) =>
    [value as unknown, get, set].flatMap((part) => {
      if (typeof part === "object" && part !== null && key === "prototype") return namesIn(part, `${path}.${key}`);
      if (typeof part !== "function" || key === "constructor") return [];
      return [`${path}.${key}: ${part.name}`, ...namesIn(part, `${path}.${key}`)];
    }),
  );
}

/** Files that one of the package loads, itself included. */
function loads(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  for (const [, imported] of readFileSync(file, "utf8").matchAll(/^(?:import|export) (?:.* from )?"([^"]+)";$/gm)) {
    if (imported!.startsWith(".")) loads(join(file, "..", imported!), seen);
    else seen.add(imported!);
  }
  return seen;
}

describe("public interface", () => {
  it("is where the exports map says, with types", () => {
    const { exports } = JSON.parse(readFileSync("package.json", "utf8")) as { exports: Record<string, string | Record<string, string>> };
    for (const targets of Object.values(exports)) {
      for (const target of typeof targets === "string" ? [targets] : Object.values(targets)) {
        expect(existsSync(target.replace("./dist/", built)), target).to.equal(true);
      }
    }
  });

  it("loads nothing of Node but through the Node part", () => {
    expect([...loads(join(packed, "index.js"))].filter((file) => file.startsWith("node:"))).to.deep.equal([]);
    expect([...loads(join(packed, "node.js"))]).to.include("node:fs");
  });

  it("has the machine in one file, which loads no package", () => {
    expect([...loads(join(packed, "vm.js"))]).to.deep.equal([join(packed, "vm.js"), join(packed, "rooms/vm.js")]);
    for (const [name, value] of Object.entries(machineAlone)) {
      expect((packedLibrary as Readonly<Record<string, unknown>>)[name], name).to.equal(value);
    }
  });

  it("calls everything in the package as tsc's files do", () => {
    const errors = Object.keys(rewasm).filter((name) => name.endsWith("Error"));
    expect(errors).to.include("DecodeError");
    for (const name of errors) {
      const { [name]: ErrorClass } = packedLibrary as unknown as Record<string, new (code: string, message: string) => Error>;
      expect(new ErrorClass!("code", "message").name).to.equal(name);
    }
    const names = (library: Pick<typeof rewasm, "createWebAssembly">): string[] => namesIn(library.createWebAssembly(), "WebAssembly");
    expect(names(rewasm)).to.include("WebAssembly.Memory.prototype.grow: grow");
    expect(names(packedLibrary)).to.deep.equal(names(rewasm));
  });

  it("records into memory, travels, and resumes a snapshot elsewhere", async () => {
    const module = rewasm.decodeModule(
      await wat(`(module (import "env" "next" (func $next (result i32))) (memory (export "memory") 1)
        (func (export "sum") (param i32) (result i32) (local i32)
          (loop (local.set 1 (i32.add (local.get 1) (call $next)))
            (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
          local.get 1))`),
    );
    rewasm.validateModule(module);
    const sink = new rewasm.MemorySink();
    const recorder = new rewasm.Recorder(sink);
    const machine = new rewasm.Machine({ journal: recorder });
    recorder.attach(machine.store);
    let next = 10;
    const { instanceAddr } = machine.instantiate(module, {
      env: {
        next: ({ machine: { store }, slot }) => {
          store.i32[slot * 2] = next++;
        },
      },
    });
    expect(machine.call(machine.export(instanceAddr, "sum")!.addr, [5])).to.deep.equal({ kind: "return", values: [60] });
    recorder.finish();

    const timeline = await rewasm.Timeline.open(new rewasm.MemoryStorage(sink.bytes()));
    await timeline.seekTo("50%");
    const hash = timeline.stateHash();
    const bytes = rewasm.serializeSnapshot(timeline.capture());
    await timeline.seekTo("end");
    expect(timeline.stateHash()).to.not.equal(hash);
    const snapshot = rewasm.deserializeSnapshot(bytes);
    expect(rewasm.stateHash(snapshot)).to.equal(hash);
    const elsewhere = rewasm.storeFromSnapshot(snapshot, [module]);
    expect(elsewhere.tick).to.equal(snapshot.tick);
    rewasm.runUntil(elsewhere, elsewhere.tick + 2);
    expect(elsewhere.tick).to.be.greaterThan(snapshot.tick);
  });

  it("runs WASI programs on the Node host", () => {
    const module = rewasm.decodeModule(guestBytes("exit"));
    rewasm.validateModule(module);
    const wasi = nodeSide.createNodeWasi({ args: ["exit", "9"], stdout: openSync(devNull, "w") });
    const machine = new rewasm.Machine({ backing: wasi.backing });
    const { instanceAddr } = machine.instantiate(module, { [rewasm.PREVIEW1_MODULE]: wasi.imports });
    expect(machine.call(machine.export(instanceAddr, "_start")!.addr)).to.deep.equal({ kind: "exit", exitCode: 9 });
  });
});
