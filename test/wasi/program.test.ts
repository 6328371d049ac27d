/** What counts as a WASI program, and the message for what does not. */
import { expect } from "chai";
import { describe, it } from "mocha";
import { decodeModule } from "../../vm/decode.ts";
import { WasiError } from "../../wasi/errors.ts";
import { programKind } from "../../wasi/program.ts";
import { wat } from "../support/wat.ts";

async function kindOf(text: string): Promise<string> {
  return programKind(decodeModule(await wat(`(module ${text})`)));
}

async function problemOf(text: string): Promise<{ code: string; message: string }> {
  try {
    await kindOf(text);
  } catch (error) {
    if (error instanceof WasiError) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error("it should be refused");
}

const write = '(import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32)))';

describe("WASI programs", () => {
  it("are commands, reactors or libraries", async () => {
    expect(await kindOf('(func (export "_start"))')).to.equal("command");
    expect(await kindOf('(func (export "_initialize"))')).to.equal("reactor");
    expect(await kindOf('(func (export "add"))')).to.equal("library");
    expect(await kindOf(`${write} (memory (export "memory") 1) (func (export "_start"))`)).to.equal("command");
  });

  it("need no memory when they call nothing that does", async () => {
    const exit = '(import "wasi_snapshot_preview1" "proc_exit" (func (param i32)))';
    expect(await kindOf(`${exit} (func (export "_start"))`)).to.equal("command");
    expect(await problemOf(`${write} (func (export "_start"))`)).to.deep.include({ code: "no-memory" });
    expect(await problemOf(`${write} (memory (export "mem") 1) (func (export "_start"))`)).to.deep.include({ code: "no-memory" });
  });

  it("are refused with one line when they are none", async () => {
    const both = await problemOf('(func (export "_start")) (func (export "_initialize"))');
    expect(both.message).to.include("both _start and _initialize");
    expect((await problemOf('(func (export "_start") (param i32))')).message).to.include("_start is of type (i32) -> ()");
    expect((await problemOf('(memory (export "_start") 1)')).message).to.include("_start is no function");
    const unknown = '(import "wasi_snapshot_preview1" "fd_fly" (func))';
    expect((await problemOf(unknown)).message).to.equal("wasi_snapshot_preview1 has no function fd_fly");
    const wrong = '(import "wasi_snapshot_preview1" "fd_close" (func (param i64) (result i32)))';
    expect((await problemOf(wrong)).message).to.include("imported as (i64) -> (i32), but it is (i32) -> (i32)");
    const old = '(import "wasi_unstable" "fd_close" (func (param i32) (result i32)))';
    expect((await problemOf(old)).code).to.equal("wasi-unstable");
  });
});
