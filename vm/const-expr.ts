/**
 * Constant expressions (spec: constant expressions, their execution): initial values of globals, tables and segments.
 * Evaluated on a stack of bits; they may make objects, and nothing else of the store changes.
 */
import { i31Ref } from "./casts.ts";
import { ResourceError } from "./errors.ts";
import { newArray, newStruct } from "./gc.ts";
import { InstrReader } from "./instr.ts";
import { Wasm } from "./opcodes.ts";
import type { Store } from "./store.ts";
import { Trap } from "./trap.ts";
import { type ConstExpr, type Module, vectorBits } from "./types.ts";

/** The signed 64 bits of two words. */
function bits64(lo: number, hi: number): bigint {
  return (BigInt(hi) << 32n) | BigInt(lo >>> 0);
}

/**
 * Value of a constant expression as 64 bits (signed), of v128 128 (unsigned); validated, so its operands
 * are there. Objects are allocated whatever that costs: the heap cannot be collected here, as nobody holds what is half made.
 * Throws ResourceError when there is no room.
 */
export function evaluateConst(store: Store, module: Module, funcs: readonly number[], globals: readonly number[], expr: ConstExpr): bigint {
  const reader = new InstrReader(module.bytes, expr.start, expr.end);
  const stack: bigint[] = [];
  const binary = (bits: number, apply: (a: bigint, b: bigint) => bigint) => {
    const b = stack.pop()!;
    stack.push(BigInt.asIntN(bits, apply(stack.pop()!, b)));
  };
  while (reader.next()) {
    switch (reader.code) {
      case Wasm.I32Const:
      case Wasm.F32Const:
        stack.push(BigInt(reader.a));
        break;
      case Wasm.I64Const:
      case Wasm.F64Const:
        stack.push(bits64(reader.lo, reader.hi));
        break;
      case Wasm.V128Const:
        stack.push(vectorBits(bits64(reader.lo, reader.hi), bits64(reader.lo2, reader.hi2)));
        break;
      case Wasm.GlobalGet:
        stack.push(store.globalBits(store.globals[globals[reader.a]!]!));
        break;
      case Wasm.RefNull:
        stack.push(0n);
        break;
      case Wasm.RefFunc:
        stack.push(BigInt(funcs[reader.a]! + 1));
        break;
      case Wasm.I32Add:
        binary(32, (a, b) => a + b);
        break;
      case Wasm.I32Sub:
        binary(32, (a, b) => a - b);
        break;
      case Wasm.I32Mul:
        binary(32, (a, b) => a * b);
        break;
      case Wasm.I64Add:
        binary(64, (a, b) => a + b);
        break;
      case Wasm.I64Sub:
        binary(64, (a, b) => a - b);
        break;
      case Wasm.I64Mul:
        binary(64, (a, b) => a * b);
        break;
      case Wasm.End:
        return stack.pop()!;
      default:
        evaluateObject(store, module, reader, stack);
    }
  }
  throw new Error("constant expression without end");
}

function evaluateObject(store: Store, module: Module, reader: InstrReader, stack: bigint[]): void {
  const { code, a, b } = reader;
  const number = store.types.ofModule(module)[a] ?? -1;
  const pop = (count: number): bigint[] => stack.splice(stack.length - count, count);
  switch (code) {
    case Wasm.RefI31:
      stack.push(BigInt(i31Ref(Number(BigInt.asIntN(32, stack.pop()!)))));
      return;
    case Wasm.AnyConvertExtern:
    case Wasm.ExternConvertAny:
      return;
    case Wasm.StructNew:
    case Wasm.StructNewDefault:
    case Wasm.StructNewDesc:
    case Wasm.StructNewDefaultDesc: {
      const described = code === Wasm.StructNewDesc || code === Wasm.StructNewDefaultDesc;
      const descriptor = described ? Number(stack.pop()!) : 0;
      if (described && descriptor === 0) throw new ConstantTrap(Trap.NullDescriptor);
      const count = code === Wasm.StructNew || code === Wasm.StructNewDesc ? module.types[a]!.fields.length : 0;
      stack.push(made(newStruct(store, number, pop(count), descriptor)));
      return;
    }
    case Wasm.ArrayNew:
    case Wasm.ArrayNewDefault: {
      const length = Number(BigInt.asUintN(32, stack.pop()!));
      const value = code === Wasm.ArrayNew ? stack.pop()! : 0n;
      stack.push(made(newArray(store, number, length, () => value)));
      return;
    }
    case Wasm.ArrayNewFixed: {
      const values = pop(b);
      stack.push(made(newArray(store, number, b, (i) => values[i]!)));
      return;
    }
    default:
      throw new Error(`${reader.row.mnemonic} is not constant`);
  }
}

/** Thrown where a constant expression traps: instantiateModule makes a result of it. */
export class ConstantTrap extends Error {
  readonly trap: Trap;
  constructor(trap: Trap) {
    super("a constant expression traps");
    this.trap = trap;
  }
}

function made(ref: number): bigint {
  if (ref <= 0) throw new ResourceError("out-of-memory", "the heap has no room for the objects of constant expressions");
  return BigInt(ref);
}
