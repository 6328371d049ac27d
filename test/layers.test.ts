/**
 * The arrows of the design: which room may import which, and who may touch Node. Reads the sources; a new room or file
 * that is not listed here fails.
 */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { expect } from "chai";
import { describe, it } from "mocha";

/** Rooms that a room may import besides itself. */
const arrows: Readonly<Record<string, readonly string[]>> = {
  vm: [],
  snapshot: ["vm"],
  rr: ["vm", "snapshot"],
  debug: ["vm", "snapshot", "rr"],
  wasi: ["vm"],
  component: ["vm", "wasi"],
  jsapi: ["vm"],
  embed: ["vm", "wasi"],
  native: ["vm", "rr"],
  cli: ["vm", "snapshot", "rr", "debug", "wasi", "jsapi", "embed", "component", "native"],
};

/** Packages that a room may use. */
const packages: Readonly<Record<string, readonly string[]>> = {
  vm: [],
  snapshot: ["immer", "fflate", "crc-32", "@noble/hashes"],
  rr: ["fflate", "crc-32", "@noble/hashes"],
  debug: [],
  wasi: [],
  component: [],
  jsapi: [],
  embed: [],
  native: [],
  cli: ["commander", "cli-progress"],
};

/** What wasi/, jsapi/ and embed/ may know of the machine: its data and its host interface, not how it executes. */
const machineFace = [
  "host",
  "machine",
  "errors",
  "store",
  "memory",
  "types",
  "value",
  "trap",
  "instantiate",
  "table",
  "compile",
  "subtype",
  "casts",
  "heap",
  "layout",
].map((name) => `vm/${name}.ts`);

interface Source {
  readonly file: string;
  readonly room: string;
  readonly imports: readonly string[];
  readonly text: string;
}

function listSources(room: string): Source[] {
  let files: string[];
  try {
    files = readdirSync(room, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
  } catch {
    // A room of the design that does not exist yet.
    return [];
  }
  return files.map((file) => {
    const path = join(room, file);
    const text = readFileSync(path, "utf8");
    return { file: path, room, imports: importsOf(text), text };
  });
}

/** Module names in import and export declarations and in import expressions. */
function importsOf(text: string): string[] {
  const pattern = /(?:^\s*(?:import|export)\s[^;]*?\bfrom\s*|^\s*import\s*|\bimport\(\s*)"([^"\n]+)"/gm;
  return [...text.matchAll(pattern)].map((match) => match[1]!);
}

const sources = Object.keys(arrows).flatMap(listSources);

function violations(wrong: (source: Source, imported: string) => boolean): string[] {
  return sources.flatMap((source) => source.imports.filter((each) => wrong(source, each)).map((each) => `${source.file} imports ${each}`));
}

/** The file that a relative import means, from the project's root. */
function target(source: Source, imported: string): string {
  return normalize(join(dirname(source.file), imported));
}

describe("layers", () => {
  it("are read: every room that exists has sources with imports", () => {
    expect(sources.filter(({ room }) => room === "vm").length).to.be.greaterThan(10);
    expect(importsOf('import a from "x";\nimport {\n b,\n} from "y";\nimport "z";\nawait import("w");\nexport * from "v";')).to.deep.equal([
      "x",
      "y",
      "z",
      "w",
      "v",
    ]);
  });

  it("import only in the direction of the arrows", () => {
    const wrong = violations((source, imported) => {
      if (!imported.startsWith(".")) return false;
      const room = target(source, imported).split("/")[0]!;
      return room !== source.room && !arrows[source.room]!.includes(room);
    });
    expect(wrong).to.deep.equal([]);
  });

  it("have no file that needs itself by way of others", () => {
    const needs = new Map(
      sources.map((source) => {
        const imports = importsOf(source.text.replace(/^import type .*$/gm, "")).filter((each) => each.startsWith("."));
        return [source.file, imports.map((each) => target(source, each))];
      }),
    );
    const cycles: string[] = [];
    const done = new Set<string>();
    const visit = (file: string, path: readonly string[]): void => {
      if (path.includes(file)) cycles.push([...path.slice(path.indexOf(file)), file].join(" needs "));
      if (path.includes(file) || done.has(file)) return;
      for (const each of needs.get(file) ?? []) visit(each, [...path, file]);
      done.add(file);
    };
    for (const file of needs.keys()) visit(file, []);
    expect(cycles).to.deep.equal([]);
  });

  it("name the files that they import with .ts", () => {
    expect(violations((_, imported) => imported.startsWith(".") && !imported.endsWith(".ts"))).to.deep.equal([]);
  });

  it("leave Node to cli/ and to the files for Node of wasi/, embed/ and component/", () => {
    const wrong = violations((source, imported) => {
      const allowed = source.room === "cli" || /^(wasi|embed|component)\/node[^/]*\.ts$/.test(source.file);
      return imported.startsWith("node:") && !allowed;
    });
    expect(wrong).to.deep.equal([]);
    const globals = sources.filter(
      ({ file, room, text }) =>
        room !== "cli" && !/^(wasi|embed|component)\/node[^/]*\.ts$/.test(file) && /^[^/*]*\b(process\.|Buffer\.)/m.test(text),
    );
    expect(globals.map(({ file }) => file)).to.deep.equal([]);
  });

  it("use the packages of their room only", () => {
    const wrong = violations((source, imported) => {
      if (imported.startsWith(".") || imported.startsWith("node:")) return false;
      return !packages[source.room]!.some((name) => imported === name || imported.startsWith(`${name}/`));
    });
    expect(wrong).to.deep.equal([]);
  });

  it("speak to the machine through its face in wasi/, jsapi/ and embed/", () => {
    const wrong = violations((source, imported) => {
      if (!["wasi", "jsapi", "embed"].includes(source.room)) return false;
      const path = imported.startsWith(".") ? target(source, imported) : "";
      return path.startsWith("vm/") && !machineFace.includes(path);
    });
    expect(wrong).to.deep.equal([]);
  });

  it("begin every file with what it is", () => {
    const bare = sources.filter(({ text }) => !/^(#!.*\n)?\/\*\*/.test(text));
    expect(bare.map(({ file }) => file)).to.deep.equal([]);
  });

  it("have no default exports, no namespaces of code, and no file that is a drawer", () => {
    const wrong = sources.filter(
      ({ text, file }) => /^export default/m.test(text) || /(^|\/)(utils?|helpers?|misc|common)\.ts$/.test(file),
    );
    expect(wrong.map(({ file }) => file)).to.deep.equal([]);
  });
});
