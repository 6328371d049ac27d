/** The official suite's files: where they are, which belong to which run. Reads files; never copies them. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { type Command, parseWast } from "./wast.ts";

/** REWASM_SPEC, or the directory that is laid beside the repository; undefined with no suite there. */
export function suiteDirectory(): string | undefined {
  const directory = resolve(process.env.REWASM_SPEC ?? join("..", "shared", "spec"));
  return existsSync(directory) && statSync(directory).isDirectory() ? directory : undefined;
}

/** All scripts below the directory, sorted, as paths with forward slashes. */
export function suiteFiles(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".wast"))
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)).replaceAll("\\", "/"))
    .sort();
}

/** Valid modules of proposals that the suite of WebAssembly 3.0 calls invalid, by file and line. */
const CONTRADICTIONS: Readonly<Record<string, number>> = {
  "proposals/custom-descriptors/br_on_cast.wast": 211,
  "proposals/custom-descriptors/br_on_cast_fail.wast": 226,
};

export function readScript(directory: string, file: string): Command[] {
  return parseWast(readFileSync(join(directory, file), "utf8")).map((command): Command => {
    if (command.line !== CONTRADICTIONS[file]) return command;
    return { line: command.line, type: "unknown", what: "module with casts that WebAssembly 3.0 forbids" };
  });
}
