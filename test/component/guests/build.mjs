// Rebuilds the components that are committed here from their sources.
//   mkdir /tmp/tools && npm install --prefix /tmp/tools @bytecodealliance/jco@1.35.0 @bytecodealliance/componentize-js@0.23.0
//   node test/component/guests/build.mjs --tools /tmp/tools              all of them
//   node test/component/guests/build.mjs --tools /tmp/tools --out DIR    into DIR instead
// The tools are no devDependencies, since they weigh 380 MB: jco has the adapter between preview 1 and 2, componentize-js the
// engine that the component in JavaScript runs on. C needs clang, lld and wasi-libc as the other guests do; CLANG=clang-22
// chooses another compiler. notes is 12 MB and kept compressed; each build of it differs in a few bytes.
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { brotliCompressSync, constants } from "node:zlib";

const here = fileURLToPath(new URL(".", import.meta.url));
const args = process.argv.slice(2);
const option = (name) => (args.includes(name) ? args[args.indexOf(name) + 1] : undefined);
const outFolder = resolve(option("--out") ?? here);
const tools = resolve(option("--tools") ?? ".", "node_modules/@bytecodealliance");

function compile(source, flags) {
  const folder = mkdtempSync(join(tmpdir(), "rewasm-component-"));
  try {
    const target = join(folder, "core.wasm");
    execFileSync(process.env.CLANG ?? "clang-22", [...flags, "-Wall", "-Wextra", "-o", target, source], { cwd: here, stdio: "inherit" });
    return readFileSync(target);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function write(name, bytes) {
  const target = join(outFolder, name);
  writeFileSync(target, bytes, { mode: 0o644 });
  console.log(`${target} ${bytes.length}`);
}

const debugFlags = ["-g", "-gdwarf-4", "-O1", "-fdebug-compilation-dir=."];

async function buildSmall() {
  const { componentEmbed, componentNew, parse } = await import("@bytecodealliance/jco-transpile/wasm-tools");
  const adapter = readFileSync(join(tools, "jco/lib/wasi_snapshot_preview1.command.wasm"));
  const hello = compile("hello.c", ["--target=wasm32-wasi", "-Wno-deprecated", ...debugFlags, "-fno-inline"]);
  write("hello.component.wasm", await componentNew(hello, [["wasi_snapshot_preview1", adapter]]));

  const ledger = compile("ledger.c", ["--target=wasm32", ...debugFlags, "-nostdlib", "-ffreestanding", "-fno-builtin", "-Wl,--no-entry"]);
  const embedded = await componentEmbed({ binary: ledger, witSource: readFileSync(join(here, "ledger.wit"), "utf8"), stringEncoding: "utf8" });
  write("ledger.component.wasm", await componentNew(embedded, []));

  write("composed.component.wasm", await parse(readFileSync(join(here, "composed.wat"), "utf8")));
}

async function buildNotes() {
  const { componentize } = await import(pathToFileURL(join(tools, "componentize-js/src/componentize.js")));
  // The engine keeps the path of the folder that it was built in: this one says nothing of the machine.
  const folder = join(tmpdir(), "rewasm-notes");
  cpSync(join(here, "notes"), join(folder, "notes"), { recursive: true });
  process.chdir(folder);
  const { component } = await componentize({
    sourcePath: "notes/notes.js",
    witPath: "notes",
    worldName: "notes",
    disableFeatures: ["http", "fetch-event"],
  });
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: 11,
    [constants.BROTLI_PARAM_LGWIN]: 24,
    [constants.BROTLI_PARAM_SIZE_HINT]: component.length,
  };
  process.chdir(here);
  rmSync(folder, { recursive: true, force: true });
  write("notes.component.wasm.br", brotliCompressSync(component, { params }));
}

await buildSmall();
await buildNotes();
