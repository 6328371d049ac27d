/** Components as they are linked: imports, exports with their types, and what stands behind the core boundary. */
import { expect } from "chai";
import { describe, it } from "mocha";
import { decodeComponent, isComponent } from "../../component/binary.ts";
import { commandEntry, exportedFunctions, findEntry } from "../../component/entry.ts";
import { ComponentError } from "../../component/errors.ts";
import { hostLabel, type Outline, outlineComponent } from "../../component/outline.ts";
import { funcTypeText } from "../../component/types.ts";
import { DecodeError } from "../../vm/errors.ts";
import { type ComponentName, componentBytes } from "./subjects.ts";

function outline(name: ComponentName): Outline {
  return outlineComponent(decodeComponent(componentBytes(name)));
}

function signatures(subject: Outline): string[] {
  return exportedFunctions(subject).map(({ label, func }) => `${label}: ${funcTypeText(func.type)}`);
}

const ENTRY = "record { label: string, amount: s64, currency: enum { euro, crown, yen } }";

describe("component outline", () => {
  it("tells components from modules by their layer", () => {
    expect(isComponent(componentBytes("hello"))).to.equal(true);
    expect(isComponent(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0))).to.equal(false);
    expect(isComponent(Uint8Array.of(0, 0x61, 0x73))).to.equal(false);
  });

  it("reads exported functions with their types", () => {
    expect(signatures(outline("hello"))).to.deep.equal(["wasi:cli/run@0.2.12#run: func() -> result"]);
    expect(signatures(outline("ledger"))).to.deep.equal([
      "twice: func(n: u8) -> u16",
      "rewasm:guests/ledger#[constructor]account: func(owner: string) -> account",
      "rewasm:guests/ledger#[method]account.owner: func(self: borrow<account>) -> string",
      "rewasm:guests/ledger#[method]account.deposit: func(self: borrow<account>, amount: u64) -> u64",
      "rewasm:guests/ledger#[method]account.withdraw: func(self: borrow<account>, amount: u64) -> result<u64, string>",
      "rewasm:guests/ledger#[static]account.richer: func(a: borrow<account>, b: borrow<account>) -> string",
      `rewasm:guests/ledger#sum: func(entries: list<${ENTRY}>) -> s64`,
      `rewasm:guests/ledger#most-expensive: func(entries: list<${ENTRY}>) -> option<${ENTRY}>`,
      `rewasm:guests/ledger#parse: func(text: string) -> result<${ENTRY}, string>`,
      "rewasm:guests/ledger#describe: func(price: variant { free, fixed(u32), range(tuple<u32, u32>) }, marks: flags { paid, late, disputed }) -> string",
      "rewasm:guests/ledger#halves: func(numbers: list<f64>) -> list<f64>",
      "rewasm:guests/ledger#swap: func(pair: tuple<char, bool>) -> tuple<bool, char>",
      "rewasm:guests/ledger#open: func(owner: string, amount: u64) -> account",
    ]);
  });

  it("finds the core function behind each export", () => {
    const { func } = findEntry(outline("ledger"), "account.deposit");
    expect(func.core!.name).to.equal("rewasm:guests/ledger#[method]account.deposit");
    const run = commandEntry(outline("composed"))!;
    expect([run.func.core!.instance.order, run.func.core!.name]).to.deep.equal([2, "run"]);
  });

  it("names the interface function behind each host function of the core boundary", () => {
    const subject = outline("hello");
    const labels = subject.instances.flatMap(({ imports }) =>
      imports.map(({ module, name, host }) => `${module} ${name} = ${hostLabel(host)}`),
    );
    expect(labels).to.include("wasi:cli/stdout@0.2.12 get-stdout = wasi:cli/stdout@0.2.12#get-stdout");
    expect(labels).to.include("wasi:io/error@0.2.12 [resource-drop]error = wasi:io/error@0.2.12#[resource-drop]error");
    // Through the table that breaks the circle of adapter and program, imports have numbers for names.
    const write = labels.find((label) => label.endsWith("wasi:io/streams@0.2.12#[method]output-stream.blocking-write-and-flush"))!;
    expect(write).to.match(/^actual \d+ = /);
  });

  it("knows which memory pointers to the host lie in, and which component an instance belongs to", () => {
    const { instances } = outline("composed");
    const write = instances.flatMap(({ imports }) => imports).find(({ name }) => name === "write")!;
    expect(hostLabel(write.host)).to.equal("wasi:io/streams@0.2.3#[method]output-stream.blocking-write-and-flush");
    expect([write.host.memory!.instance.order, write.host.memory!.name]).to.deep.equal([1, "memory"]);
    expect(instances[0]!.component).to.not.equal(instances[1]!.component);
    expect(instances[1]!.component).to.equal(instances[2]!.component);
  });

  it("reads the component that componentize-js made", () => {
    const subject = outline("notes");
    expect(signatures(subject)).to.deep.equal(["wasi:cli/run@0.2.3#run: func() -> result"]);
    expect([...subject.imports.keys()].every((name) => name.startsWith("wasi:"))).to.equal(true);
  });

  it("finds functions by every spelling, and says when there is none or more than one", () => {
    const subject = outline("ledger");
    for (const name of ["sum", "ledger.sum", "ledger#sum", "rewasm:guests/ledger#sum"]) {
      expect(findEntry(subject, name).label).to.equal("rewasm:guests/ledger#sum");
    }
    expect(findEntry(subject, "account").name.kind).to.equal("constructor");
    expect(() => findEntry(subject, "nothing")).to.throw(ComponentError, /exports no function nothing; it has twice, ledger\.account/);
  });

  it("refuses what only asynchronous components have", () => {
    // A component with one definition: a type, then a canonical function.
    const component = (...section: number[]): Uint8Array =>
      Uint8Array.of(0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0, section[0]!, section.length - 1, ...section.slice(1));
    const asynchronous: Readonly<Record<string, number[]>> = {
      "an asynchronous function": [7, 1, 0x43, 0, 1, 0],
      "a stream": [7, 1, 0x66, 0],
      "a future": [7, 1, 0x65, 0],
      "an error context": [7, 1, 0x64],
      "built-in function 0x9": [8, 1, 9, 1, 0, 0],
    };
    for (const [what, section] of Object.entries(asynchronous)) {
      expect(() => decodeComponent(component(...section)), what)
        .to.throw(ComponentError, `the component uses ${what}: asynchronous components cannot be run`)
        .with.property("code", "async-component");
    }
    expect(() => decodeComponent(component(7, 1, 0x40, 0, 1, 0))).to.not.throw();
  });

  it("answers damage with an error of its own, at every byte", function () {
    this.timeout(60_000);
    const bytes = componentBytes("composed");
    let refused = 0;
    for (let at = 0; at < bytes.length; at++) {
      for (const damage of [bytes.slice(0, at), flipped(bytes, at)]) {
        try {
          outlineComponent(decodeComponent(damage));
        } catch (error) {
          if (!(error instanceof DecodeError || error instanceof ComponentError)) throw error;
          refused++;
        }
      }
    }
    expect(refused).to.be.greaterThan(bytes.length);
  });
});

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const copy = bytes.slice();
  copy[at]! ^= 1 << (at % 8);
  return copy;
}
