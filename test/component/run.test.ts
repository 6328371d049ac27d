/** `rewasm run` on components, as people use it: output, input, directories, exit codes, --invoke, and what is refused. */
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { type Finished, Workplace } from "../cli/command.ts";
import { ComponentFiles } from "./subjects.ts";

describe("running components", function () {
  this.timeout(120_000);
  const files = new ComponentFiles();
  let place: Workplace;
  let hello: string;
  let ledger: string;

  before(() => {
    place = new Workplace();
    hello = files.path("hello");
    ledger = files.path("ledger");
  });
  after(() => {
    place.remove();
    files.remove();
  });

  function invoke(name: string, ...words: string[]): Finished {
    return place.rewasm(["run", "--invoke", name, ledger, ...words]);
  }

  it("gives arguments and environment, prints to both streams", () => {
    const { status, stdout, stderr } = place.rewasm(["run", "--env", "GREETING=Salut", hello, "Ann", "Bob"]);
    expect({ status, stdout, stderr }).to.deep.equal({ status: 0, stdout: "Salut, Ann!\nSalut, Bob!\n", stderr: "greeted 2\n" });
  });

  it("gives standard input", () => {
    expect(place.rewasm(["run", hello, "echo"], { input: "some words\n" }).stdout).to.equal("SOME WORDS\n");
  });

  it("gives directories, and nothing outside of them", () => {
    mkdirSync(place.file("data/inner"), { recursive: true });
    writeFileSync(place.file("data/inner/poem"), "roses\nviolets\n");
    writeFileSync(place.file("secret"), "hidden\n");
    symlinkSync("../secret", place.file("data/link"));
    const cat = (path: string, ...options: string[]): Finished => place.rewasm(["run", ...options, hello, "cat", path]);
    expect(cat("/d/inner/poem", "--dir", "data::/d").stdout).to.equal("  1  roses\n  2  violets\n");
    for (const path of ["/d/../secret", "/d/link", "/etc/passwd", "secret"]) {
      const { status, stdout, stderr } = cat(path, "--dir", "data::/d");
      expect({ status, stdout, stderr }, path).to.deep.equal({ status: 1, stdout: "", stderr: `hello: cannot open ${path}\n` });
    }
    expect(cat("/d/inner/poem").status).to.equal(1);
    const missing = cat("x", "--dir", "nowhere");
    expect([missing.status, missing.stderr]).to.deep.equal([2, "error: cannot use directory nowhere: it does not exist\n"]);
  });

  it("ends with the program's exit code: WASI 0.2 knows success and failure", () => {
    expect(place.rewasm(["run", hello, "exit", "0"]).status).to.equal(0);
    expect(place.rewasm(["run", hello, "exit", "7"]).status).to.equal(1);
    expect(place.rewasm(["run", hello, "fail"]).status).to.equal(1);
  });

  it("reports a trap with the frames of all core modules", () => {
    const { status, stderr } = place.rewasm(["run", hello, "trap"]);
    expect(status).to.equal(134);
    expect(stderr).to.match(/^Error: hello\.component\.wasm: wasm trap: unreachable\nwasm backtrace:\n +0: 0x[0-9a-f]+ - main\n/);
    expect(stderr).to.match(/wasi:cli\/run@0\.2\.12#run\n$/);
  });

  it("runs composed components", () => {
    const { status, stdout, stderr } = place.rewasm(["run", files.path("composed")]);
    expect({ status, stdout, stderr }).to.deep.equal({ status: 0, stdout: "TWO COMPONENTS\nIN ONE FILE\nTALK\n", stderr: "" });
  });

  it("runs a component written in JavaScript", () => {
    const { status, stdout, stderr } = place.rewasm(["run", files.path("notes")]);
    expect([status, stderr]).to.deep.equal([0, ""]);
    expect(stdout).to.match(/^and=1 brown=1 dog=2 .* the=3\nrandom 0\.\d+\nclock \d{13}\n$/);
  });

  it("calls a function with --invoke and prints its result", () => {
    const { status, stdout, stderr } = invoke("account.withdraw", 'account("ann")', "1");
    expect({ status, stdout, stderr }).to.deep.equal({ status: 0, stdout: 'err("ann has only 0")\n', stderr: "" });
  });

  const refused: readonly (readonly [code: number, message: RegExp, words: readonly string[]])[] = [
    [2, /exports no function nothing; it has twice, ledger\.account/, ["run", "--invoke", "nothing", "LEDGER"]],
    [2, /sum takes 1 argument \(entries\), 0 given/, ["run", "--invoke", "sum", "LEDGER"]],
    [2, /argument n: expected u8 at column 1, found "256"/, ["run", "--invoke", "twice", "LEDGER", "256"]],
    [3, /does not export wasi:cli\/run: name a function with --invoke/, ["run", "LEDGER"]],
    [3, /is a component, and a core module is wanted here/, ["disasm", "LEDGER"]],
  ];
  for (const [code, message, words] of refused) {
    it(`refuses ${words.join(" ")} in one line`, () => {
      const { status, stdout, stderr } = place.rewasm(words.map((word) => (word === "LEDGER" ? ledger : word)));
      expect([status, stdout]).to.deep.equal([code, ""]);
      expect(stderr)
        .to.match(/^error: .*\n$/)
        .and.match(message);
    });
  }
});
