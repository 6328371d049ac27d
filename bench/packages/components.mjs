// What both workloads on components share: glue that the measurement has generated beforehand (a process that is recorded
// would record the generator too), run on whatever WebAssembly this process has.
import { readFileSync } from "node:fs";
import * as shim from "@bytecodealliance/preview2-shim";
import { runGlue } from "../../dist/component/glue.js";
import { preview2Imports } from "../../dist/component/node-wasi.js";

/** Bytes that a component reads from its standard input. */
function inputStream(bytes) {
  let at = 0;
  return new (class extends shim.io.streams.InputStream {
    blockingRead(count) {
      if (at === bytes.length) throw { tag: "closed" };
      const part = bytes.slice(at, at + Math.min(Number(count), 4096));
      at += part.length;
      return part;
    }
    read(count) {
      return this.blockingRead(count);
    }
  })();
}

/** Answers a function that instantiates the component; what it prints goes to `print`. */
export function componentMaker(args, print, input = new Uint8Array()) {
  const { source, modules } = JSON.parse(readFileSync(process.env.BENCH_GLUE, "utf8"));
  const coreModules = new Map(modules.map(([name, text]) => [name, Buffer.from(text, "base64")]));
  const options = { args, env: [], preopens: [], write: (_fd, bytes) => print(bytes), exit: (code) => new Error(`exit ${code}`) };
  const imports = preview2Imports(shim, options);
  // A module is compiled when it is first wanted, and once.
  const compiled = new Map();
  class Module {
    constructor(bytes) {
      if (!compiled.has(bytes)) compiled.set(bytes, new WebAssembly.Module(bytes));
      // biome-ignore lint/correctness/noConstructorReturn: stands for a class of the namespace
      return compiled.get(bytes);
    }
  }
  const engine = { Module, Instance: WebAssembly.Instance };
  const glue = { source, coreModules, imports: [] };
  return () => runGlue(glue, engine, { WebAssembly }, { ...imports, "wasi:cli/stdin": { getStdin: () => inputStream(input) } });
}

/** The exported function of a command. */
export function runOf(exports) {
  return exports[Object.keys(exports).find((name) => name.startsWith("wasi:cli/run"))].run;
}
