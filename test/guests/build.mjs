// Rebuilds every .wasm that is committed next to its source: test/guests, bench/kernels and examples/guests.
//   npm run build:guests                 all of them; C needs clang, lld and wasi-libc (Debian: apt-get install
//                                        clang-22 lld-22 libclang-rt-22-dev-wasm32 wasi-libc), AssemblyScript comes with npm ci
//   npm run build:guests -- --as         only AssemblyScript
//   npm run build:guests -- --out DIR    writes into DIR instead, flat
// CLANG=clang-22 chooses another compiler. The committed files were built by clang 22.1.8 (Debian wasi-libc 20220510)
// and by the AssemblyScript release that package.json pins.
import { execFileSync } from "node:child_process";
import { chmodSync, readdirSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";

const clang = process.env.CLANG ?? "clang-22";
const folders = ["bench/kernels", "test/guests", "examples/guests"];
const args = process.argv.slice(2);
const onlyAssemblyScript = args.includes("--as");
const outFolder = args.includes("--out") ? args[args.indexOf("--out") + 1] : undefined;

/** Kernels import nothing and export run(n); every feature after the MVP is off, so that any decoder reads them. Those over vectors begin with v. */
const kernelFlags = ["--target=wasm32", "-mcpu=mvp", "-O2", "-nostdlib", "-ffreestanding", "-fno-builtin", "-Wl,--no-entry,--strip-debug"];
/** Guests are WASI commands with names and DWARF. Paths in it are relative, so that they say nothing of the machine. */
const guestFlags = ["--target=wasm32-wasi", "-Wno-deprecated", "-g", "-gdwarf-4", "-O1", "-fdebug-compilation-dir=.", "-fno-inline"];
/** A guest of an embedder of its own: no WASI, names and DWARF. */
const embeddedFlags = [...guestFlags.slice(1), "--target=wasm32", "-nostdlib", "-ffreestanding", "-Wl,--no-entry"];
/** Extra flags of single files. */
const extraFlags = { "parcels.c": ["-Wl,--export=parcels"], "reactor.c": ["-mexec-model=reactor"] };

function clangArgs(source, target) {
  const file = basename(source);
  const flags = dirname(source) === "bench/kernels" ? kernelFlags : file === "chooser.c" ? embeddedFlags : guestFlags;
  const vectors = dirname(source) === "bench/kernels" && file.startsWith("v") ? ["-msimd128"] : [];
  return [...flags, ...vectors, ...(extraFlags[file] ?? []), "-Wall", "-Wextra", "-o", target, source];
}

function ascArgs(source, target) {
  const shared = ["node_modules/assemblyscript/bin/asc.js", source, "-o", target, "-O2", "--disable", "bulk-memory", "--noAssert"];
  if (dirname(source) === "bench/kernels") return [...shared, "--runtime", "incremental", "--use", "abort="];
  if (basename(source) === "words.ts") return [...shared.filter((flag) => flag !== "--noAssert"), "--bindings", "esm", "--exportRuntime"];
  return [...shared, "--debug", "--config", "node_modules/@assemblyscript/wasi-shim/asconfig.json"];
}

for (const folder of folders) {
  for (const file of readdirSync(folder).sort()) {
    const source = `${folder}/${file}`;
    const target = `${outFolder ?? folder}/${file.replace(/\.(c|ts)$/, ".wasm")}`;
    if (file.endsWith(".c") && !onlyAssemblyScript) execFileSync(clang, clangArgs(source, target), { stdio: "inherit" });
    else if (file.endsWith(".ts")) execFileSync(process.execPath, ascArgs(source, join(target)), { stdio: "inherit" });
    else continue;
    // Bindings come with types, which nothing here reads.
    rmSync(target.replace(/\.wasm$/, ".d.ts"), { force: true });
    chmodSync(target, 0o644);
    console.log(target);
  }
}
