/** docs/architecture.md stays true: it names every source file in its room's section, no file that is gone, and has its links. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { describe, it } from "mocha";
import { ROOT } from "./support/guests.ts";

const ROOMS = ["vm", "snapshot", "rr", "debug", "wasi", "component", "native", "cli"] as const;
const text = readFileSync(join(ROOT, "docs/architecture.md"), "utf8");

/** The text under the heading of a room. */
function section(room: string): string {
  const found = new RegExp(`^## ${room}/ .*\\n([\\s\\S]*?)(?=^## |$(?![\\s\\S]))`, "m").exec(text);
  if (found === null) throw new Error(`docs/architecture.md has no section ${room}/`);
  return found[1]!;
}

function sources(room: string): string[] {
  return readdirSync(join(ROOT, room))
    .filter((file) => file.endsWith(".ts"))
    .sort();
}

/** Files named bare, as `execute.ts`: those of the section's room. */
function named(room: string): string[] {
  return [...section(room).matchAll(/`([\w-]+\.ts)`/g)].map((match) => match[1]!);
}

describe("docs/architecture.md", () => {
  for (const room of ROOMS) {
    it(`names every file of ${room}/ and no other`, () => {
      expect([...new Set(named(room))].sort()).to.deep.equal(sources(room));
    });
  }

  it("names only files and folders that exist where it gives a path", () => {
    const paths = [...text.matchAll(/`((?:[\w-]+\/)+[\w.-]*)`/g)].map((match) => match[1]!).filter((path) => !path.includes("*"));
    expect(paths.length).to.be.greaterThan(20);
    const missing = paths.filter((path) => !/^(node:|rewasm\/)/.test(path) && !existsSync(join(ROOT, path)));
    expect(missing).to.deep.equal([]);
  });

  it("has no dead links", () => {
    const links = [...text.matchAll(/\]\(([^)#:]+)\)/g)].map((match) => match[1]!);
    expect(links).to.not.be.empty;
    expect(links.filter((link) => !existsSync(join(ROOT, "docs", link)))).to.deep.equal([]);
  });
});
