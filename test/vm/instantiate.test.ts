/** Instantiation that fails, and writes of the host that cannot be: nothing may be left behind. */
import { expect } from "chai";
import { describe, it } from "mocha";
import { LinkError, ResourceError } from "../../vm/errors.ts";
import { Machine } from "../../vm/machine.ts";
import { checkedModule } from "../support/machines.ts";
import { wat } from "../support/wat.ts";

const noRoom = {
  resize(): ArrayBuffer {
    throw new RangeError("no room");
  },
};

describe("instantiation", () => {
  it("that finds no room for a memory leaves the store as it was", async () => {
    const needy = checkedModule(await wat("(module (table 3 funcref) (global i32 (i32.const 7)) (memory 1) (func))"));
    const modest = checkedModule(await wat('(module (func (export "f") (result i32) (i32.const 5)))'));
    const machine = new Machine({ stackBytes: 4096, backing: () => noRoom });
    expect(() => machine.instantiate(needy)).to.throw(ResourceError, "cannot allocate a memory of 1 pages");
    const { store } = machine;
    expect([store.funcs, store.globals, store.tables, store.memories, store.instances].map((list) => list.length)).to.deep.equal([
      0, 0, 0, 0, 0,
    ]);
    const { instanceAddr } = machine.instantiate(modest);
    expect(machine.call(machine.export(instanceAddr, "f")!.addr)).to.deep.equal({ kind: "return", values: [5] });
  });

  it("refuses what does not match an import", async () => {
    const module = checkedModule(await wat('(module (import "host" "m" (memory 2)))'));
    const machine = new Machine({ stackBytes: 4096 });
    const small = { kind: 2, addr: machine.addMemory({ limits: { min: 1, max: undefined } }) } as const;
    expect(() => machine.instantiate(module, { host: { m: small } })).to.throw(LinkError, "host.m");
    expect(() => machine.instantiate(module)).to.throw(LinkError, "host.m is not provided");
  });
});

describe("writes of the host", () => {
  it("must begin at a whole number and fit", () => {
    const machine = new Machine({ stackBytes: 4096 });
    const addr = machine.addMemory({ limits: { min: 1, max: 1 } });
    expect(() => machine.writeMemory(addr, 0.5, Uint8Array.of(1))).to.throw(RangeError, "no whole number");
    expect(() => machine.writeMemory(addr, 65536, Uint8Array.of(1))).to.throw(RangeError);
    machine.writeMemory(addr, 65535, Uint8Array.of(9));
    expect(machine.store.memories[addr]!.bytes[65535]).to.equal(9);
  });
});
