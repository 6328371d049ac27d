/** The shape of the namespace: which properties there are, with which attributes, names and lengths (Web IDL, JS API). */
import { expect } from "chai";
import type { WebAssemblyNamespace } from "../../jsapi/namespace.ts";
import { type Case, type Loose, runCases, throwsExactly } from "./subjects.ts";

/** `w` writable, `e` enumerable, `c` configurable; name and length of functions. */
function attributes(holder: object, key: string | symbol): string {
  const found = Object.getOwnPropertyDescriptor(holder, key);
  if (found === undefined) return "absent";
  const flags = `${found.writable ? "w" : "-"}${found.enumerable ? "e" : "-"}${found.configurable ? "c" : "-"}`;
  const what = [found.value, found.get, found.set].map((f) => (typeof f === "function" ? ` ${f.name}/${f.length}` : "")).join("");
  return flags + what;
}

function shape(name: string, holder: (wasm: Loose) => object, expected: Record<string, string>, engineDiffers?: string): Case {
  return {
    name: `${name} has the properties that Web IDL prescribes`,
    run: (wasm) => {
      const found = Object.fromEntries(Object.keys(expected).map((key) => [key, attributes(holder(wasm), key)]));
      expect(found).to.deep.equal(expected);
    },
    ...(engineDiffers === undefined ? {} : { engineDiffers }),
  };
}

const classes: Readonly<Record<string, number>> = { Module: 1, Instance: 1, Memory: 1, Table: 1, Global: 1, Tag: 1, Exception: 2 };
const errors = ["CompileError", "LinkError", "RuntimeError"] as const;

const members: Readonly<Record<string, Record<string, string>>> = {
  Module: {},
  Instance: { exports: "-ec get exports/0" },
  Memory: {
    grow: "wec grow/1",
    toFixedLengthBuffer: "wec toFixedLengthBuffer/0",
    toResizableBuffer: "wec toResizableBuffer/0",
    buffer: "-ec get buffer/0",
  },
  Table: { length: "-ec get length/0", grow: "wec grow/1", get: "wec get/1", set: "wec set/1" },
  Global: { value: "-ec get value/0 set value/1", valueOf: "wec valueOf/0" },
  Tag: {},
  Exception: { getArg: "wec getArg/2", is: "wec is/1", stack: "-ec get stack/0" },
};

const engineNotes: Readonly<Record<string, string>> = {
  Exception: "the class takes one parameter",
  Memory: "its buffers cannot be resized",
};

const operations = { compile: 1, validate: 1, instantiate: 1, compileStreaming: 1, instantiateStreaming: 1 };

const cases: Case[] = [
  shape(
    "WebAssembly",
    (wasm) => wasm,
    {
      ...Object.fromEntries(Object.entries(operations).map(([name, length]) => [name, `wec ${name}/${length}`])),
      ...Object.fromEntries(Object.entries(classes).map(([name]) => [name, `w-c ${name}/1`])),
      Exception: "w-c Exception/2",
      ...Object.fromEntries(errors.map((name) => [name, `w-c ${name}/1`])),
    },
    engineNotes.Exception,
  ),
  shape("Module", (wasm) => wasm.Module, {
    exports: "wec exports/1",
    imports: "wec imports/1",
    customSections: "wec customSections/2",
    prototype: "---",
  }),
  ...Object.entries(members).map(([name, expected]) =>
    shape(
      `${name}.prototype`,
      (wasm) => wasm[name].prototype,
      { constructor: `w-c ${name}/${classes[name]}`, ...expected },
      engineNotes[name],
    ),
  ),
  {
    name: "the namespace and its prototypes have tags that can be redefined and nothing else",
    run: (wasm) => {
      for (const [holder, tag] of [
        [wasm, "WebAssembly"],
        ...Object.keys(classes).map((name) => [(wasm as Loose)[name].prototype, `WebAssembly.${name}`]),
      ] as [object, string][]) {
        expect(Object.getOwnPropertyDescriptor(holder, Symbol.toStringTag)).to.deep.equal({
          value: tag,
          writable: false,
          enumerable: false,
          configurable: true,
        });
      }
      expect(Object.prototype.toString.call(wasm)).to.equal("[object WebAssembly]");
      expect(Object.getPrototypeOf(wasm)).to.equal(Object.prototype);
    },
  },
  {
    name: "functions of the namespace and methods are no constructors",
    run: (wasm) => {
      const functions: Loose[] = [
        ...Object.keys(operations).map((name) => (wasm as Loose)[name]),
        wasm.Module.exports,
        wasm.Module.imports,
        wasm.Module.customSections,
        wasm.Memory.prototype.grow,
        wasm.Table.prototype.get,
      ];
      for (const each of functions) {
        throwsExactly(() => new each(), TypeError);
        expect("prototype" in each, each.name).to.equal(false);
      }
    },
  },
  {
    name: "classes cannot be called without new, nor with too few arguments",
    run: (wasm) => {
      for (const name of Object.keys(classes)) {
        const each = (wasm as Loose)[name];
        throwsExactly(() => each({}), TypeError);
        throwsExactly(() => new each(), TypeError);
      }
    },
  },
  {
    name: "members throw TypeError on receivers of another class",
    run: (wasm) => {
      const strangers: unknown[] = [
        undefined,
        null,
        {},
        wasm.Memory.prototype,
        new wasm.Module(empty),
        Object.create(wasm.Memory.prototype),
      ];
      for (const [name, expected] of Object.entries(members)) {
        for (const key of Object.keys(expected)) {
          const descriptor = Object.getOwnPropertyDescriptor((wasm as Loose)[name].prototype, key);
          // What an engine lacks is the matter of the cases above.
          const { value, get, set } = descriptor ?? {};
          for (const f of [value, get, set].filter((each) => typeof each === "function")) {
            for (const stranger of strangers) throwsExactly(() => Reflect.apply(f, stranger, [0, 0]), TypeError);
          }
        }
      }
    },
  },
  {
    name: "objects are extensible, and instances of their classes and of subclasses",
    run: (wasm) => {
      class Counted extends wasm.Memory {
        readonly count = 1;
      }
      const objects: [object, Loose][] = [
        [new wasm.Module(empty), wasm.Module],
        [new wasm.Instance(new wasm.Module(empty)), wasm.Instance],
        [new wasm.Memory({ initial: 0 }), wasm.Memory],
        [new Counted({ initial: 0 }), Counted],
        [new wasm.Table({ element: "anyfunc", initial: 0 }), wasm.Table],
        [new wasm.Global({ value: "i32" }), wasm.Global],
        [new wasm.Tag({ parameters: [] }), wasm.Tag],
        [new wasm.Exception(new wasm.Tag({ parameters: [] }), []), wasm.Exception],
      ];
      for (const [object, made] of objects) {
        expect(object).to.be.instanceOf(made);
        expect(Object.getPrototypeOf(object) === made.prototype).to.equal(true);
        expect(Object.isExtensible(object)).to.equal(true);
      }
      expect(new Counted({ initial: 0 }) instanceof wasm.Memory).to.equal(true);
      expect(new Counted({ initial: 2 }).buffer.byteLength).to.equal(131072);
    },
  },
  ...errors.map(
    (name): Case => ({
      name: `${name} is a native error class`,
      run: (wasm: WebAssemblyNamespace) => {
        const made = wasm[name];
        expect(Object.getPrototypeOf(made)).to.equal(Error);
        expect(attributes(made, "prototype")).to.equal("---");
        expect(Object.getPrototypeOf(made.prototype)).to.equal(Error.prototype);
        expect(attributes(made.prototype, "constructor")).to.equal(`w-c ${name}/1`);
        expect(Object.getOwnPropertyDescriptor(made.prototype, "name")).to.include({ value: name, enumerable: false });
        expect(Object.getOwnPropertyDescriptor(made.prototype, "message")).to.include({ value: "", enumerable: false });
        for (const error of [new made("text", { cause: 7 }), made("text", { cause: 7 })]) {
          expect(error).to.be.instanceOf(made).and.instanceOf(Error);
          expect(Object.getPrototypeOf(error)).to.equal(made.prototype);
          expect(String(error)).to.equal(`${name}: text`);
          expect(error.stack!.split("\n")[0]).to.equal(`${name}: text`);
          expect(error.cause).to.equal(7);
          expect(Object.getOwnPropertyDescriptor(error, "message")).to.include({ writable: true, enumerable: false, configurable: true });
          expect(Object.prototype.toString.call(error)).to.equal("[object Error]");
        }
        expect(Object.hasOwn(new made(), "message")).to.equal(false);
        class Sub extends made {}
        expect(new Sub("x")).to.be.instanceOf(Sub).and.instanceOf(made);
      },
    }),
  ),
];

const empty = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

runCases("the interfaces of the namespace", cases);
