/** Numbers of defined types within a module and across modules, and which types are below which. */
import { expect } from "chai";
import { describe, it } from "mocha";
import { decodeModule } from "../../vm/decode.ts";
import { bottomOf, matches, topOf } from "../../vm/subtype.ts";
import { TypeSpace } from "../../vm/type-space.ts";
import { type Module, nonNull, RefFlag, refTo, typeIndexOf, ValType, valTypeName } from "../../vm/types.ts";
import { validateModule } from "../../vm/validate.ts";
import { wat } from "../support/wat.ts";

async function moduleOf(types: string): Promise<Module> {
  const module = decodeModule(await wat(`(module ${types})`));
  validateModule(module);
  return module;
}

const LIST =
  "(rec (type $node (sub (struct (field (ref null $node)) (field (mut i8))))) (type $fn (func (param (ref $node)) (result i32))))";

describe("defined types", () => {
  it("are one when their groups look the same, wherever these stand", async () => {
    const module = await moduleOf(
      `(type (func (param i32))) ${LIST} (type (func (param i32))) ${LIST.replaceAll("$", "$other")} (type (sub (func (param i32))))
       (rec (type (func (param i32))) (type (struct)))`,
    );
    expect([...module.canonicalTypes]).to.deep.equal([0, 1, 2, 0, 1, 2, 6, 7, 8]);
    expect(module.types[4]).to.equal(module.types[1]);
    // References name the first of all equal types.
    expect(typeIndexOf(module.types[5]!.func!.params[0]!)).to.equal(1);
  });

  it("have the same numbers in all modules of a store", async () => {
    const space = new TypeSpace();
    const first = await moduleOf(`(type (func)) ${LIST}`);
    const second = await moduleOf(`${LIST} (type (struct)) (type $a (array (ref 0))) (type (func)) (type (func (param (ref $a))))`);
    expect([...space.ofModule(first)]).to.deep.equal([0, 1, 2]);
    expect([...space.ofModule(second)]).to.deep.equal([1, 2, 3, 4, 0, 5]);
    expect([...space.ofModule(first)]).to.deep.equal([0, 1, 2]);
    expect(space.types).to.have.length(6);
    // What is in the space names types by number.
    expect(space.types[4]!.fields[0]!.type).to.equal(nonNull(refTo(1)));
    expect(space.types[5]!.func!.params).to.deep.equal([nonNull(refTo(4))]);
    expect(space.types[1]!.groupStart).to.equal(1);
  });

  it("of host functions are those that are declared by themselves", async () => {
    const space = new TypeSpace();
    const module = await moduleOf("(type (func (param i32) (result i64))) (type (sub (func (param i32) (result i64))))");
    const number = space.ofFunc({ params: [ValType.I32], results: [ValType.I64] });
    expect([...space.ofModule(module)]).to.deep.equal([number, number + 1]);
    expect(space.ofFunc({ params: [], results: [] })).to.equal(number + 2);
  });

  it("that differ only in finality, supertype, mutability or group are others", async () => {
    const space = new TypeSpace();
    const variants = [
      "(type (struct (field i32)))",
      "(type (sub (struct (field i32))))",
      "(type (struct (field (mut i32))))",
      "(type (struct (field i8)))",
      "(type (struct (field i16)))",
      "(type (array i32))",
      "(rec (type (struct (field i32))) (type (func)))",
    ];
    const numbers = await Promise.all(variants.map(async (text) => space.ofModule(await moduleOf(text))[0]!));
    expect(new Set(numbers).size).to.equal(variants.length);
    const [parent, child] = space.ofModule(
      await moduleOf("(type $p (sub (struct (field i32)))) (type (sub final $p (struct (field i32))))"),
    );
    expect(parent).to.equal(numbers[1]);
    expect(numbers).not.to.include(child);
    expect(space.isSubtype(child!, parent!)).to.equal(true);
    expect(space.isSubtype(parent!, child!)).to.equal(false);
  });

  it("print as in the text format", () => {
    const names = [ValType.AnyRef, nonNull(ValType.NullRef), refTo(3), nonNull(refTo(3)), refTo(0, RefFlag.Exact), ValType.V128].map(
      valTypeName,
    );
    expect(names).to.deep.equal(["anyref", "(ref none)", "(ref null 3)", "(ref 3)", "(ref null (exact 0))", "v128"]);
  });
});

describe("subtyping", () => {
  it("goes along the hierarchies, never across", async () => {
    const { types } = await moduleOf(
      "(type $s (sub (struct))) (type $t (sub $s (struct (field i32)))) (type $u (sub $t (struct (field i32)))) (type $a (array i8)) (type $f (func))",
    );
    const any = [ValType.AnyRef, ValType.EqRef];
    const above: readonly (readonly [ValType, readonly ValType[]])[] = [
      [ValType.NullRef, [...any, ValType.I31Ref, ValType.StructRef, ValType.ArrayRef, refTo(0), refTo(1), refTo(2), refTo(3)]],
      [ValType.I31Ref, any],
      [ValType.StructRef, any],
      [ValType.ArrayRef, any],
      [ValType.EqRef, [ValType.AnyRef]],
      [refTo(0), [...any, ValType.StructRef]],
      [refTo(1), [...any, ValType.StructRef, refTo(0)]],
      [refTo(2), [...any, ValType.StructRef, refTo(1), refTo(0)]],
      [refTo(3), [...any, ValType.ArrayRef]],
      [refTo(4), [ValType.FuncRef]],
      [ValType.NullFuncRef, [ValType.FuncRef, refTo(4)]],
      [ValType.NullExternRef, [ValType.ExternRef]],
      [ValType.NullExnRef, [ValType.ExnRef]],
    ];
    const all = [...new Set([...above.map(([type]) => type), ValType.AnyRef, ValType.FuncRef, ValType.ExternRef, ValType.ExnRef])];
    for (const sub of all) {
      const sups = above.find(([type]) => type === sub)?.[1] ?? [];
      for (const sup of all) {
        const expected = sub === sup || sups.includes(sup);
        const pair = `${valTypeName(sub)} below ${valTypeName(sup)}`;
        expect(matches(types, sub, sup), pair).to.equal(expected);
        expect(matches(types, nonNull(sub), sup), pair).to.equal(expected);
        expect(matches(types, sub, nonNull(sup)), pair).to.equal(false);
      }
    }
    expect(all.map((type) => topOf(types, type)).filter((type) => type === ValType.AnyRef)).to.have.length(10);
    expect([topOf(types, refTo(4)), bottomOf(types, refTo(4)), bottomOf(types, refTo(2))]).to.deep.equal([
      ValType.FuncRef,
      ValType.NullFuncRef,
      ValType.NullRef,
    ]);
    expect([matches(types, ValType.I32, ValType.I64), matches(types, ValType.I32, ValType.AnyRef)]).to.deep.equal([false, false]);
  });

  it("lets only exact references into exact ones", async () => {
    const { types } = await moduleOf("(type $s (sub (struct))) (type (sub $s (struct)))");
    const [exact, exactSub] = [refTo(0, RefFlag.Exact), refTo(1, RefFlag.Exact)];
    expect([exact, exactSub, refTo(0), refTo(1), ValType.NullRef].map((type) => matches(types, type, exact))).to.deep.equal([
      true,
      false,
      false,
      false,
      true,
    ]);
    expect([exact, exactSub].map((type) => matches(types, type, refTo(0)))).to.deep.equal([true, true]);
  });
});
