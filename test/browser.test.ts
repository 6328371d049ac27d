/**
 * The package runs in browsers: what `import "rewasm"` loads reaches no module of Node, and works in a realm that has the
 * language, timers and text coding but neither Node's globals nor its modules. Packages are loaded in their browser form.
 */
import { spawnSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { describe, it } from "mocha";
import { ROOT } from "./support/guests.ts";
import { wat } from "./support/wat.ts";

const ENTRY = fileURLToPath(new URL("../package/index.js", import.meta.url));
/** `import … from "x"`, `export … from "x"`, `import "x"` at the start of a line, `import("x")`. */
const IMPORTS =
  /(?:^|[;}])\s*(?:import|export)\b[\w*{}\s,$]*?\bfrom\s*["']([^"']+)["']|^import\s*["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']\s*\)/gm;

function importsOf(text: string): string[] {
  return [...text.matchAll(IMPORTS)].map((match) => (match[1] ?? match[2] ?? match[3])!);
}

type Conditions = string | { readonly [condition: string]: Conditions };

/** Takes what a browser's bundler would. */
function resolveConditions(target: Conditions): string {
  if (typeof target === "string") return target;
  for (const condition of ["browser", "import", "module", "default"]) {
    const found = target[condition];
    if (found !== undefined) return resolveConditions(found);
  }
  throw new Error(`no browser form in ${JSON.stringify(target)}`);
}

/** File of a package's module in a browser. */
function packageFile(specifier: string): string {
  const parts = specifier.split("/");
  const name = parts.slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
  const folder = join(ROOT, "node_modules", name);
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
    exports?: Record<string, Conditions>;
    module?: string;
    main?: string;
  };
  const subpath = `.${specifier.slice(name.length)}`;
  const target = manifest.exports?.[subpath];
  return resolve(folder, target === undefined ? (manifest.module ?? manifest.main)! : resolveConditions(target));
}

interface Loaded {
  readonly text: string;
  /** Files by specifier. */
  readonly imports: Record<string, string>;
  readonly commonJs: boolean;
}

/** All modules that the entry loads, by file; fails for a specifier of Node. */
function loadGraph(entry: string): Map<string, Loaded> {
  const graph = new Map<string, Loaded>();
  const waiting = [entry];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (graph.has(file)) continue;
    // The one thing that bundlers replace: immer asks for it.
    const text = readFileSync(file, "utf8").replaceAll("process.env.NODE_ENV", '"production"');
    const imports: Record<string, string> = {};
    for (const specifier of importsOf(text)) {
      if (specifier.startsWith("node:") || createRequire(import.meta.url)("node:module").builtinModules.includes(specifier)) {
        throw new Error(`${file} imports ${specifier}`);
      }
      imports[specifier] = specifier.startsWith(".") ? resolve(dirname(file), specifier) : packageFile(specifier);
      waiting.push(imports[specifier]);
    }
    graph.set(file, {
      text,
      imports,
      commonJs: Object.keys(imports).length === 0 && !/^\s*export\b/m.test(text) && !/[;}]export\s*\{/.test(text),
    });
  }
  return graph;
}

/** Runs in a process of its own: links the graph in a bare realm and lets a program use it there. */
const RUNNER = `
import { readFileSync } from "node:fs";
import vm from "node:vm";
const { graph, entry, program, wasm } = JSON.parse(readFileSync(process.argv[1], "utf8"));
const realm = vm.createContext({ TextDecoder, TextEncoder, performance, setTimeout, Blob, queueMicrotask, AbortController });
const modules = new Map();
function moduleOf(file) {
  let module = modules.get(file);
  if (module !== undefined) return module;
  const { text, commonJs } = graph[file];
  if (commonJs) {
    const exported = {};
    const wrapper = vm.runInContext("(function (exports, module) {" + text + "\\n})", realm);
    const holder = { exports: exported };
    wrapper(exported, holder);
    const names = Object.keys(holder.exports);
    module = new vm.SyntheticModule([...names.filter((name) => name !== "default"), "default"], () => {
      for (const name of names) if (name !== "default") module.setExport(name, holder.exports[name]);
      module.setExport("default", holder.exports);
    }, { context: realm, identifier: file });
  } else {
    module = new vm.SourceTextModule(text, { context: realm, identifier: file });
  }
  modules.set(file, module);
  return module;
}
realm.wasmBytes = vm.runInContext("(list) => Uint8Array.from(list)", realm)(wasm);
const main = new vm.SourceTextModule(program, { context: realm });
await main.link((specifier, from) => moduleOf(specifier === "rewasm" ? entry : graph[from.identifier].imports[specifier]));
await main.evaluate();
process.stdout.write(JSON.stringify(realm.answer));
`;

const PROGRAM = `
import * as rewasm from "rewasm";
const missing = ["process", "Buffer", "require", "setImmediate", "global", "__dirname"].filter((name) => name in globalThis);
const module = rewasm.compileModule(wasmBytes);
const sink = new rewasm.MemorySink();
const recorder = new rewasm.Recorder(sink);
const machine = new rewasm.Machine({ journal: recorder });
recorder.attach(machine.store);
let next = 1;
const { instanceAddr } = machine.instantiate(module, { env: { next: rewasm.hostFunction(() => next++) } });
const result = await machine.callAsync(machine.export(instanceAddr, "sum").addr, [1000]);
recorder.finish();
const timeline = await rewasm.Timeline.open(new rewasm.BlobStorage(new Blob([sink.bytes()])));
await timeline.seekTo("50%");
const hash = timeline.stateHash();
await timeline.step(10);
await timeline.reverseStep(10);
const snapshot = rewasm.deserializeSnapshot(rewasm.serializeSnapshot(timeline.capture()));
globalThis.answer = {
  present: missing,
  values: result.values,
  ticks: timeline.end.tick === machine.store.tick,
  same: timeline.stateHash() === hash && rewasm.stateHash(snapshot) === hash,
};
`;

describe("in browsers", () => {
  it("loads no module of Node", () => {
    const graph = loadGraph(ENTRY);
    const files = [...graph.keys()];
    expect(files.some((file) => file.endsWith("/rooms/vm.js"))).to.equal(true);
    expect(files.some((file) => file.includes("node_modules/immer/"))).to.equal(true);
    expect(
      files.filter((file) => /\/(cli|bench|test|examples)\/[^/]*$/.test(file.slice(ENTRY.length - "index.js".length - 1))),
    ).to.deep.equal([]);
    expect(() => loadGraph(join(dirname(ENTRY), "node.js"))).to.throw(/imports node:/);
  });

  it("uses no global of Node in its own files", () => {
    for (const [file, { text }] of loadGraph(ENTRY)) {
      if (file.includes("node_modules")) continue;
      const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
      expect(code, file).to.not.match(/\b(process|Buffer|__dirname|__filename)\s*[.([]|\brequire\(/);
    }
  });

  it("records, seeks and steps back where there is no Node", async () => {
    const wasm = await wat(`(module (import "env" "next" (func $next (result i32))) (memory 1)
      (func (export "sum") (param $n i32) (result i32) (local $sum i32)
        (loop $again
          (local.set $sum (i32.add (local.get $sum) (call $next)))
          (i32.store (local.get $n) (local.get $sum))
          (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (local.get $sum)))`);
    const path = join(dirname(ENTRY), `browser-test-${process.pid}.json`);
    const graph = Object.fromEntries(loadGraph(ENTRY));
    writeFileSync(path, JSON.stringify({ graph, entry: ENTRY, program: PROGRAM, wasm: [...wasm] }));
    try {
      const flags = ["--experimental-vm-modules", "--no-warnings", "--input-type=module", "-e", RUNNER, path];
      const { stdout, stderr, status } = spawnSync(process.execPath, flags, { encoding: "utf8", timeout: 60_000 });
      expect(status, stderr).to.equal(0);
      expect(JSON.parse(stdout)).to.deep.equal({ present: [], values: [500_500], ticks: true, same: true });
    } finally {
      rmSync(path, { force: true });
    }
  });
});
