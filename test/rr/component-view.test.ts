/** What a trace says about the component behind its modules: stored, checked, and turned into names; and how its program ended. */
import { expect } from "chai";
import { describe, it } from "mocha";
import { type ComponentView, InterfaceNames, isComponentView } from "../../rr/component-view.ts";
import { TraceError } from "../../rr/errors.ts";
import { TraceReader } from "../../rr/reader.ts";
import { MemorySink, MemoryStorage } from "../../rr/storage.ts";
import { decodeHeader, decodeOutcome, encodeHeader, encodeOutcome, makeHeader, type TraceOutcome } from "../../rr/trace-format.ts";
import { TraceWriter } from "../../rr/writer.ts";
import { ExternKind, type Module } from "../../vm/types.ts";

const WRITE = "wasi:io/streams@0.2.3#[method]output-stream.write";
const view: ComponentView = {
  sha256: "ab",
  byteLength: 12,
  imports: ["wasi:cli/stdout@0.2.3#get-stdout: func() -> output-stream"],
  exports: ["wasi:cli/run@0.2.3#run: func() -> result"],
  instances: [
    { module: "aa", component: 0, imports: [], exports: [{ name: "run", label: "wasi:cli/run@0.2.3#run" }] },
    { module: "bb", component: 0, imports: [{ module: "", name: "7", label: WRITE, memory: [0, "memory"] }], exports: [] },
    { module: "bb", component: 1, imports: [], exports: [] },
  ],
};

const utf8 = new TextEncoder();

async function traceOf(outcome: TraceOutcome | undefined): Promise<TraceReader> {
  const sink = new MemorySink();
  const writer = new TraceWriter(sink, makeHeader({ program: "app.wasm", host: "component", component: view }));
  if (outcome !== undefined) writer.outcome(outcome);
  writer.finish(0);
  return TraceReader.open(new MemoryStorage(sink.bytes()));
}

describe("the component of a trace", () => {
  it("is stored in the settings and read back", async () => {
    expect((await traceOf(undefined)).header.component).to.deep.equal(view);
    expect(decodeHeader(encodeHeader(makeHeader()), 0)).to.not.have.property("component");
  });

  it("is checked to the last field", () => {
    expect(isComponentView(JSON.parse(JSON.stringify(view)))).to.equal(true);
    let refused = 0;
    for (const damaged of damages(view)) {
      if (isComponentView(damaged)) continue;
      const settings = utf8.encode(JSON.stringify({ ...makeHeader(), component: damaged }));
      expect(() => decodeHeader(settings, 16))
        .to.throw(TraceError, "its settings have no valid component")
        .with.property("code", "trace-corrupt");
      refused++;
    }
    expect(refused).to.be.greaterThan(25);
  });

  it("names functions of instances, the n-th of a module by the n-th of the view", () => {
    const func = (module: string, name: string) => ({ module, name, desc: { kind: ExternKind.Func, typeIndex: 0 } });
    const memory = { module: "env", name: "memory", desc: { kind: ExternKind.Memory, type: { limits: { min: 1, max: undefined } } } };
    const main = { imports: [], exports: [{ name: "run", kind: ExternKind.Func, index: 0 }] } as unknown as Module;
    const shim = { imports: [memory, func("", "6"), func("", "7")], exports: [] } as unknown as Module;
    const names = new InterfaceNames(view);
    names.instantiated(10, "aa", { module: main, funcAddr: (index) => 100 + index });
    names.instantiated(11, "cc", { module: shim, funcAddr: (index) => 200 + index });
    names.instantiated(12, "bb", { module: shim, funcAddr: (index) => 300 + index });
    names.instantiated(13, "bb", { module: shim, funcAddr: (index) => 400 + index });
    expect(names.of(100)).to.deep.equal({ label: "wasi:cli/run@0.2.3#run", component: 0, memory: undefined });
    expect(names.of(301)).to.deep.equal({ label: WRITE, component: 0, memory: { instanceAddr: 10, name: "memory" } });
    for (const funcAddr of [200, 201, 300, 400, 401]) expect(names.of(funcAddr), String(funcAddr)).to.equal(undefined);
  });
});

describe("the outcome of a trace", () => {
  const outcome: TraceOutcome = { exitCode: 134, stdout: "ok(3)\n", stderr: "Error: trap\n" };

  it("is stored and read back, and missing where there is none", async () => {
    expect(await (await traceOf(outcome)).outcome()).to.deep.equal(outcome);
    expect(await (await traceOf(undefined)).outcome()).to.equal(undefined);
    expect((await traceOf(outcome)).complete).to.equal(true);
  });

  it("is checked", () => {
    expect(decodeOutcome(encodeOutcome(outcome), 0)).to.deep.equal(outcome);
    for (const text of ["", "[]", "null", "{}", '{"exitCode":1.5,"stdout":"","stderr":""}', '{"exitCode":0,"stdout":1,"stderr":""}']) {
      expect(() => decodeOutcome(utf8.encode(text), 5), text)
        .to.throw(TraceError)
        .with.property("code", "trace-corrupt");
    }
  });
});

/** Copies of a value in each of which one part is missing or of another type. */
function* damages(value: unknown): Generator<unknown> {
  yield null;
  yield 1.5;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++)
      for (const part of damages(value[i])) yield value.map((each, j) => (i === j ? part : each) as unknown);
  } else if (typeof value === "object" && value !== null) {
    for (const [key, part] of Object.entries(value)) {
      yield Object.fromEntries(Object.entries(value).filter(([name]) => name !== key));
      for (const damaged of damages(part)) yield { ...value, [key]: damaged };
    }
  }
}
