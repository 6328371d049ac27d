/**
 * Puts what tsc has built together for those who use the package, one file per room. Starting means to load a dozen files
 * instead of 150, and V8 collects less garbage before anything has happened (docs/rationale/performance.md).
 * `npm run build` runs it. Tests of single modules go on with those of tsc.
 */
import { relative, sep } from "node:path";
import { build } from "rolldown";

const rooms = ["vm", "snapshot", "rr", "debug", "wasi", "component", "jsapi", "embed", "native"];

/** The name of the file that a module goes into; null leaves it to whoever loads it. */
function chunkOf(file) {
  const [first, name = ""] = relative("dist", file).split(sep);
  const room = first === "vm.js" ? "vm" : first;
  // What needs Node has such a name, and browsers do without.
  return rooms.includes(room) && !name.startsWith("node") ? `rooms/${room}` : null;
}

await build({
  input: {
    index: "dist/index.js",
    node: "dist/node.js",
    vm: "dist/vm.js",
    "cli/main": "dist/cli/main.js",
    "cli/register": "dist/cli/register.js",
  },
  // Of what only Node has, the rooms import nothing; nor shall what holds them together.
  platform: "neutral",
  // Packages stay packages.
  external: (id) => !/^[./]/.test(id),
  preserveEntrySignatures: "allow-extension",
  logLevel: "warn",
  output: {
    dir: "dist/package",
    cleanDir: true,
    // Commands find each other by their place.
    chunkFileNames: ({ name }) => (name.startsWith("rooms/") ? "[name].js" : "cli/[name].js"),
    codeSplitting: { includeDependenciesRecursively: false, groups: [{ name: chunkOf, debugName: "rooms" }] },
    comments: false,
    // V8 need not ask at each use whether a constant has its value already.
    topLevelVar: true,
  },
});
