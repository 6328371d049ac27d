/**
 * Rules of the instructions over references and over garbage-collected objects (spec: validation/instructions, reference
 * and aggregate instructions; custom descriptors). Part of the checker; nothing here touches memories or blocks' ends.
 */

import { CheckStack } from "./check-stack.ts";
import { DecodeError } from "./errors.ts";
import { unpacked } from "./layout.ts";
import { Wasm } from "./opcodes.ts";
import { topOf } from "./subtype.ts";
import {
  type FieldType,
  heapTypeName,
  isDefaultable,
  isExact,
  isNullable,
  isRefType,
  nonNull,
  PackedType,
  RefFlag,
  refTo,
  type StorageType,
  type TypeDef,
  typeIndexOf,
  ValType,
  valTypeName,
} from "./types.ts";

/** Most operands of array.new_fixed. */
const MAX_FIXED_ELEMENTS = 10_000;

const { I32 } = ValType;

export abstract class RefChecker extends CheckStack {
  /** Checks one instruction; false when it is none of these. */
  protected reference(code: number): boolean {
    const { a, b } = this.reader;
    switch (code) {
      case 0xd0 satisfies typeof Wasm.RefNull:
        this.push(this.canonicalType(a));
        break;
      case 0xd1 satisfies typeof Wasm.RefIsNull:
        this.popRef();
        this.push(I32);
        break;
      case 0xd3 satisfies typeof Wasm.RefEq:
        this.pop(ValType.EqRef);
        this.pop(ValType.EqRef);
        this.push(I32);
        break;
      case 0xd4 satisfies typeof Wasm.RefAsNonNull:
        this.push(nonNull(this.popRef()));
        break;
      case 0xd5 satisfies typeof Wasm.BrOnNull:
        this.branchOnNull();
        break;
      case 0xd6 satisfies typeof Wasm.BrOnNonNull:
        this.branchWithRef(a, nonNull(this.popRef()));
        break;
      case 0xfb014 satisfies typeof Wasm.RefTest:
      case 0xfb015 satisfies typeof Wasm.RefTestNull:
        this.popCastable(this.canonicalType(a));
        this.push(I32);
        break;
      case 0xfb016 satisfies typeof Wasm.RefCast:
      case 0xfb017 satisfies typeof Wasm.RefCastNull: {
        const target = this.canonicalType(a);
        this.popCastable(target);
        this.push(target);
        break;
      }
      case 0xfb018 satisfies typeof Wasm.BrOnCast:
      case 0xfb019 satisfies typeof Wasm.BrOnCastFail:
        this.castBranch(code);
        break;
      case 0xfb01a satisfies typeof Wasm.AnyConvertExtern:
        this.convert(ValType.ExternRef, ValType.AnyRef);
        break;
      case 0xfb01b satisfies typeof Wasm.ExternConvertAny:
        this.convert(ValType.AnyRef, ValType.ExternRef);
        break;
      case 0xfb01c satisfies typeof Wasm.RefI31:
        this.pop(I32);
        this.push(nonNull(ValType.I31Ref));
        break;
      case 0xfb01d satisfies typeof Wasm.I31GetS:
      case 0xfb01e satisfies typeof Wasm.I31GetU:
        this.pop(ValType.I31Ref);
        this.push(I32);
        break;
      case 0xfb022 satisfies typeof Wasm.RefGetDesc:
        this.getDescriptor(a);
        break;
      case 0xfb023 satisfies typeof Wasm.RefCastDescEq:
      case 0xfb024 satisfies typeof Wasm.RefCastDescEqNull: {
        const target = this.canonicalType(a);
        this.popDescriptorOf(target);
        this.popCastable(target);
        this.push(target);
        break;
      }
      case 0xfb025 satisfies typeof Wasm.BrOnCastDescEq:
      case 0xfb026 satisfies typeof Wasm.BrOnCastDescEqFail:
        this.popDescriptorOf(this.canonicalType(this.reader.c));
        this.castBranch(code);
        break;
      default:
        return this.struct(code, a, b) || this.array(code, a, b);
    }
    return true;
  }

  // ---- branches and casts

  private branchOnNull(): void {
    const type = this.popRef();
    const types = this.labelTypes(this.reader.a);
    this.popAll(types);
    this.pushAll(types);
    this.push(nonNull(type));
  }

  /** A branch that carries a reference of the type on top of other operands, which stay if it is not taken. */
  private branchWithRef(label: number, type: ValType): void {
    const types = this.labelTypes(label);
    const last = types.at(-1);
    if (last === undefined || !isRefType(last) || !this.isMatch(type, last)) {
      this.fail(
        "type-mismatch",
        `type mismatch: ${this.reader.row.mnemonic} to a label that takes ${last === undefined ? "nothing" : valTypeName(last)}`,
      );
    }
    for (let i = types.length - 2; i >= 0; i--) this.pop(types[i]!);
    for (let i = 0; i < types.length - 1; i++) this.push(types[i]!);
  }

  /** Pops a reference that may be cast to `target`: one of the same hierarchy. */
  private popCastable(target: ValType): void {
    this.pop(topOf(this.module.types, target));
  }

  private castBranch(code: number): void {
    const { a, b, c, row } = this.reader;
    const from = this.canonicalType(b);
    const to = this.canonicalType(c);
    const { types } = this.module;
    // Casts by descriptor may go from any type of the hierarchy to any other.
    const isRelated = code >= Wasm.BrOnCastDescEq ? topOf(types, from) === topOf(types, to) : this.isMatch(to, from);
    if (!isRelated) this.fail("type-mismatch", `type mismatch: ${row.mnemonic} from ${valTypeName(from)} to ${valTypeName(to)}`);
    this.pop(from);
    // What is left when the cast fails: null too, unless the cast takes it.
    const rest = isNullable(to) ? nonNull(from) : from;
    const ifMatch = code === Wasm.BrOnCast || code === Wasm.BrOnCastDescEq;
    this.branchWithRef(a, ifMatch ? to : rest);
    this.push(ifMatch ? rest : to);
  }

  private convert(from: ValType, to: ValType): void {
    const type = this.popRef();
    if (!this.isMatch(type, from)) this.failType(from, type);
    this.push(isNullable(type) ? to : nonNull(to));
  }

  // ---- descriptors

  private getDescriptor(index: number): void {
    const { descriptor } = this.definedType(index);
    if (descriptor < 0) this.fail("no-descriptor", `type without descriptor: ${index}`);
    const type = this.popRef();
    const described = refTo(this.canonicalIndex(index));
    if (!this.isMatch(type, described)) this.failType(described, type);
    // Only of an object whose type is known exactly is the type of the descriptor. Bottom types are below exact ones.
    const exact = this.isMatch(type, described | RefFlag.Exact);
    this.push(refTo(descriptor, exact ? RefFlag.NonNull | RefFlag.Exact : RefFlag.NonNull));
  }

  /** Pops the descriptor of the type that a reference type names. */
  private popDescriptorOf(target: ValType): void {
    const index = typeIndexOf(target);
    const descriptor = index < 0 ? -1 : this.module.types[index]!.descriptor;
    if (descriptor < 0) this.fail("no-descriptor", `type ${heapTypeName(target)} does not have a descriptor`);
    this.pop(refTo(descriptor, isExact(target) ? RefFlag.Exact : 0));
  }

  // ---- structs

  private struct(code: number, index: number, field: number): boolean {
    switch (code) {
      case 0xfb000 satisfies typeof Wasm.StructNew:
      case 0xfb020 satisfies typeof Wasm.StructNewDesc: {
        const { fields } = this.newStruct(index, code === Wasm.StructNewDesc);
        for (let i = fields.length - 1; i >= 0; i--) this.pop(unpacked(fields[i]!.type));
        this.pushNew(index);
        return true;
      }
      case 0xfb001 satisfies typeof Wasm.StructNewDefault:
      case 0xfb021 satisfies typeof Wasm.StructNewDefaultDesc: {
        const { fields } = this.newStruct(index, code === Wasm.StructNewDefaultDesc);
        for (const { type } of fields) this.insistDefaultable(type);
        this.pushNew(index);
        return true;
      }
      case 0xfb002 satisfies typeof Wasm.StructGet:
      case 0xfb003 satisfies typeof Wasm.StructGetS:
      case 0xfb004 satisfies typeof Wasm.StructGetU: {
        const { type } = this.field(index, field);
        this.insistPacking(type, code !== Wasm.StructGet);
        this.popObject(index);
        this.push(unpacked(type));
        return true;
      }
      case 0xfb005 satisfies typeof Wasm.StructSet: {
        const written = this.field(index, field);
        if (!written.mutable) this.fail("immutable-field", `immutable field ${field} of type ${index}`);
        this.pop(unpacked(written.type));
        this.popObject(index);
        return true;
      }
      default:
        return false;
    }
  }

  /** The struct type of a new object; pops its descriptor, if it has one. */
  private newStruct(index: number, withDescriptor: boolean): TypeDef {
    const type = this.structType(index);
    if (type.descriptor >= 0 && !withDescriptor) this.fail("descriptor", `type with descriptor requires descriptor allocation: ${index}`);
    if (type.descriptor < 0 && withDescriptor)
      this.fail("descriptor", `type without descriptor requires non-descriptor allocation: ${index}`);
    if (withDescriptor) this.pop(refTo(type.descriptor, RefFlag.Exact));
    return type;
  }

  private definedType(index: number): TypeDef {
    const type = this.module.types[index];
    if (type === undefined) this.fail("unknown-type", `unknown type ${index}`);
    return type;
  }

  private structType(index: number): TypeDef {
    const type = this.definedType(index);
    if (type.kind !== "struct") this.fail("type-mismatch", `type mismatch: type ${index} is no struct type`);
    return type;
  }

  private field(index: number, field: number): FieldType {
    const found = this.structType(index).fields[field];
    if (found === undefined) this.fail("unknown-field", `unknown field ${field} of type ${index}`);
    return found;
  }

  private popObject(index: number): void {
    this.pop(refTo(this.canonicalIndex(index)));
  }

  private pushNew(index: number): void {
    this.push(refTo(this.canonicalIndex(index), RefFlag.NonNull | RefFlag.Exact));
  }

  private insistDefaultable(type: StorageType): void {
    if (!isDefaultable(type)) this.fail("type-mismatch", `type mismatch: field type is not defaultable: ${valTypeName(type)}`);
  }

  private insistPacking(type: StorageType, signed: boolean): void {
    if (isPacked(type) === signed) return;
    const { mnemonic } = this.reader.row;
    this.fail("type-mismatch", `type mismatch: field is ${signed ? "unpacked" : "packed"}: ${mnemonic} of ${valTypeName(type)}`);
  }

  // ---- arrays

  private array(code: number, index: number, other: number): boolean {
    switch (code) {
      case 0xfb006 satisfies typeof Wasm.ArrayNew:
        this.pop(I32);
        this.pop(unpacked(this.element(index).type));
        this.pushNew(index);
        return true;
      case 0xfb007 satisfies typeof Wasm.ArrayNewDefault:
        this.insistDefaultable(this.element(index).type);
        this.pop(I32);
        this.pushNew(index);
        return true;
      case 0xfb008 satisfies typeof Wasm.ArrayNewFixed:
        this.newFixed(index, other);
        return true;
      case 0xfb009 satisfies typeof Wasm.ArrayNewData:
      case 0xfb00a satisfies typeof Wasm.ArrayNewElem:
        this.checkSource(code === Wasm.ArrayNewData, this.element(index).type, other);
        this.pop(I32);
        this.pop(I32);
        this.pushNew(index);
        return true;
      case 0xfb00b satisfies typeof Wasm.ArrayGet:
      case 0xfb00c satisfies typeof Wasm.ArrayGetS:
      case 0xfb00d satisfies typeof Wasm.ArrayGetU: {
        const { type } = this.element(index);
        this.insistPacking(type, code !== Wasm.ArrayGet);
        this.pop(I32);
        this.popObject(index);
        this.push(unpacked(type));
        return true;
      }
      case 0xfb00e satisfies typeof Wasm.ArraySet:
        this.pop(unpacked(this.mutableElement(index)));
        this.pop(I32);
        this.popObject(index);
        return true;
      case 0xfb00f satisfies typeof Wasm.ArrayLen:
        this.pop(ValType.ArrayRef);
        this.push(I32);
        return true;
      default:
        return this.arrayBulk(code, index, other);
    }
  }

  private arrayBulk(code: number, index: number, other: number): boolean {
    switch (code) {
      case 0xfb010 satisfies typeof Wasm.ArrayFill:
        this.pop(I32);
        this.pop(unpacked(this.mutableElement(index)));
        break;
      case 0xfb011 satisfies typeof Wasm.ArrayCopy: {
        const to = this.mutableElement(index);
        const from = this.element(other).type;
        const fits = isPacked(to) || isPacked(from) ? to === from : this.isMatch(from, to);
        if (!fits) this.fail("type-mismatch", `type mismatch: array types do not match: ${valTypeName(from)} to ${valTypeName(to)}`);
        this.pop(I32);
        this.pop(I32);
        this.popObject(other);
        break;
      }
      case 0xfb012 satisfies typeof Wasm.ArrayInitData:
      case 0xfb013 satisfies typeof Wasm.ArrayInitElem:
        this.checkSource(code === Wasm.ArrayInitData, this.mutableElement(index), other);
        this.pop(I32);
        this.pop(I32);
        break;
      default:
        return false;
    }
    this.pop(I32);
    this.popObject(index);
    return true;
  }

  private newFixed(index: number, count: number): void {
    if (count > MAX_FIXED_ELEMENTS) {
      this.fail("limit-operands", `too many elements for array.new_fixed: ${count}, the limit is ${MAX_FIXED_ELEMENTS}`);
    }
    const type = unpacked(this.element(index).type);
    for (let i = 0; i < count; i++) this.pop(type);
    this.pushNew(index);
  }

  private element(index: number): FieldType {
    const type = this.definedType(index);
    if (type.kind !== "array") this.fail("type-mismatch", `type mismatch: type ${index} is no array type`);
    return type.fields[0]!;
  }

  private mutableElement(index: number): StorageType {
    const { type, mutable } = this.element(index);
    if (!mutable) this.fail("immutable-array", `immutable array: type ${index}`);
    return type;
  }

  /** Checks that a segment can fill elements of the type. */
  private checkSource(isData: boolean, type: StorageType, segment: number): void {
    if (!isData) {
      const elemType = this.elemType(segment);
      if (!this.isMatch(elemType, type)) this.failType(type, elemType);
    } else {
      if (isRefType(type)) this.fail("type-mismatch", `type mismatch: array type is not numeric or vector: ${valTypeName(type)}`);
      this.checkData(segment);
    }
  }

  // ---- segments

  protected elemType(index: number): ValType {
    const segment = this.module.elems[index];
    if (segment === undefined) this.fail("unknown-elem", `unknown elem segment ${index}`);
    return segment.elemType;
  }

  protected checkData(index: number): void {
    const { dataCount } = this.module;
    if (dataCount === undefined) throw new DecodeError("data-count-required", this.reader.wasmOffset, "data count section required");
    if (index >= dataCount) this.fail("unknown-data", `unknown data segment ${index}`);
  }
}

function isPacked(type: StorageType): boolean {
  return type === PackedType.I8 || type === PackedType.I16;
}
