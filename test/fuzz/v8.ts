/** A module on the WebAssembly of this process as it is, called as ours is. */
import { ExternKind, isRefType, type MemoryType, type Module, type TableType, ValType, valTypeName } from "../../vm/types.ts";
import { type Call, isExtern, sum, type Transcript, text } from "./transcript.ts";
import { hasVectors, zeroModule } from "./zeros.ts";

interface NativeGlobal {
  value: unknown;
}
interface NativeApi {
  validate(bytes: Uint8Array): boolean;
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object, imports: object) => { readonly exports: Readonly<Record<string, unknown>> };
  Global: new (type: { readonly value: string; readonly mutable: boolean }, value?: unknown) => NativeGlobal;
  Memory: new (type: object) => object;
  Table: new (type: object) => object;
  Tag: new (type: { readonly parameters: readonly string[] }) => object;
  Exception: new (...args: never[]) => object;
  RuntimeError: new (message?: string) => Error;
}
const { WebAssembly: native } = globalThis as unknown as { WebAssembly: NativeApi };

/** As `text`, of a value of JavaScript: there a number may be a reference. */
function textOf(value: unknown, type: ValType): string {
  return text(isRefType(type) ? (value === null ? 0 : 1) : value, type);
}

/** Whether V8 accepts it. */
export function inV8(bytes: Uint8Array): boolean {
  return native.validate(bytes);
}

/** Whether V8 might block the thread: a shared memory, and what looks like the instructions that wait for it to change. */
export function mayWait({ bytes, memoryTypes }: Module): boolean {
  if (!memoryTypes.some(({ shared }) => shared === true)) return false;
  for (let i = bytes.indexOf(0xfe); i >= 0; i = bytes.indexOf(0xfe, i + 1)) if (bytes[i + 1] === 1 || bytes[i + 1] === 2) return true;
  return false;
}

/** Instantiates and calls. Host functions give zeros, as those of `zeroImports` do. */
export function runInV8(module: Module, bytes: Uint8Array, calls: readonly Call[]): Transcript {
  const transcript: Transcript = { lines: [], exhausted: false };
  const { lines } = transcript;
  const guarded = (results: readonly ValType[], call: () => unknown): string => {
    try {
      const result = call();
      const values = results.length === 0 ? [] : results.length === 1 ? [result] : [...(result as Iterable<unknown>)];
      return `returns ${values.map((value, i) => textOf(value, results[i]!)).join(" ")}`;
    } catch (error) {
      if (error instanceof native.Exception) return "throws";
      if (error instanceof native.RuntimeError) return "traps";
      if (!(error instanceof RangeError)) return `fails: ${(error as Error).message}`;
      transcript.exhausted = true;
      return "exhausted";
    }
  };
  let exports: Readonly<Record<string, unknown>> | undefined;
  const start = guarded([], () => {
    exports = new native.Instance(new native.Module(bytes), nativeImports(module, transcript)).exports;
  });
  lines.push(`start ${start}`);
  if (exports === undefined) return transcript;
  for (const { name, args } of calls) {
    const type = module.funcTypes[module.exports.find((entry) => entry.name === name)!.index]!;
    const given = args.map((arg, i) => (isRefType(type.params[i]!) ? null : arg));
    lines.push(`${name}(${args}) ${guarded(type.results, () => (exports![name] as (...list: unknown[]) => unknown)(...given))}`);
    if (transcript.exhausted) break;
  }
  for (const { name, kind, index } of module.exports) {
    const type = kind === ExternKind.Global ? module.globalTypes[index]!.valType : undefined;
    if (type !== undefined && type !== ValType.V128 && !isRefType(type))
      lines.push(`end ${name} ${textOf((exports[name] as NativeGlobal).value, type)}`);
    if (kind === ExternKind.Memory)
      lines.push(`end ${name} ${sum(new Uint8Array((exports[name] as { readonly buffer: ArrayBuffer }).buffer))}`);
  }
  return transcript;
}

/** As the JS API names it: older engines know functions by their older name only. */
function typeName(type: ValType): string {
  return type === ValType.FuncRef ? "anyfunc" : valTypeName(type);
}

function limitsOf({ limits: { min, max }, address64 }: MemoryType | TableType): object {
  const size = (count: number): number | bigint => (address64 === true ? BigInt(count) : count);
  return { initial: size(min), ...(max !== undefined && { maximum: size(max) }), ...(address64 === true && { address: "i64" }) };
}

function nativeImports(module: Module, { lines }: Transcript): Record<string, Record<string, unknown>> {
  const imports: Record<string, Record<string, unknown>> = {};
  for (const { module: from, name, desc } of module.imports) {
    imports[from] ??= {};
    if (desc.kind === ExternKind.Func) {
      const { params, results } = module.types[desc.typeIndex]!.func!;
      if (hasVectors(params, results)) {
        imports[from][name] = new native.Instance(new native.Module(zeroModule(params, results)), {}).exports.f;
        continue;
      }
      const zero = results.map((type) => (isRefType(type) ? null : type === ValType.I64 ? 0n : 0));
      imports[from][name] = (...args: unknown[]) => {
        lines.push(`${name} ${args.map((arg, i) => textOf(arg, params[i]!)).join(" ")}`);
        return results.length > 1 ? zero : zero[0];
      };
    } else if (desc.kind === ExternKind.Global) {
      const { valType, mutable } = desc.type;
      const value = isRefType(valType) ? (isExtern(valType) ? { some: "thing" } : null) : valType === ValType.I64 ? 0n : 0;
      // A constant may come as its value, and has to where no Global has its type.
      imports[from][name] = mutable || !isRefType(valType) ? new native.Global({ value: typeName(valType), mutable }, value) : value;
    } else if (desc.kind === ExternKind.Memory) {
      imports[from][name] = new native.Memory({ ...limitsOf(desc.type), ...(desc.type.shared === true && { shared: true }) });
    } else if (desc.kind === ExternKind.Table) {
      imports[from][name] = new native.Table({ element: typeName(desc.type.elemType), ...limitsOf(desc.type) });
    } else {
      imports[from][name] = new native.Tag({ parameters: module.types[desc.typeIndex]!.func!.params.map(typeName) });
    }
  }
  return imports;
}
