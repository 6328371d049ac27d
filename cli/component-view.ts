/** What a trace says about the component that its modules come from, made of the component's outline. */
import { createHash } from "node:crypto";
import { exportedFunctions } from "../component/entry.ts";
import { type CoreInstance, hostLabel, type Outline } from "../component/outline.ts";
import { type ComponentFuncType, funcTypeText } from "../component/types.ts";
import type { ComponentView, ViewExport, ViewImport } from "../rr/component-view.ts";

/** The view of a component. Cost: SHA-256 of its bytes, and of those of its core modules. */
export function componentView(bytes: Uint8Array, outline: Outline): ComponentView {
  const hashes = new Map<number, string>();
  const exported = exportsByInstance(outline);
  const text = (type: ComponentFuncType): string => funcTypeText(type, (each) => outline.typeNames.get(each));
  return {
    sha256: hash(bytes),
    byteLength: bytes.length,
    imports: importedFunctions(outline, text),
    exports: exportedFunctions(outline).map(({ label, func }) => `${label}: ${text(func.type)}`),
    instances: outline.instances.map((instance) => {
      const { start, end, component, order } = instance;
      const module = hashes.get(start) ?? hash(bytes.subarray(start, end));
      hashes.set(start, module);
      return { module, component, imports: viewImports(instance), exports: exported.get(order) ?? [] };
    }),
  };
}

function hash(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function viewImports({ imports }: CoreInstance): ViewImport[] {
  return imports.map(({ module, name, host }) => {
    const { memory } = host;
    const named = { module, name, label: hostLabel(host) };
    return memory === undefined ? named : { ...named, memory: [memory.instance.order, memory.name] };
  });
}

function exportsByInstance(outline: Outline): Map<number, ViewExport[]> {
  const found = new Map<number, ViewExport[]>();
  for (const { label, func } of exportedFunctions(outline)) {
    if (func.core === undefined) continue;
    const { instance, name } = func.core;
    const exports = found.get(instance.order) ?? [];
    if (!exports.some((each) => each.name === name)) exports.push({ name, label });
    found.set(instance.order, exports);
  }
  return found;
}

function importedFunctions({ imports }: Outline, text: (type: ComponentFuncType) => string): string[] {
  const found: string[] = [];
  for (const [name, item] of imports) {
    if (item.kind === "func-item") found.push(`${name}: ${text(item.type)}`);
    if (item.kind !== "instance-item") continue;
    for (const [inner, func] of item.exports) if (func.kind === "func-item") found.push(`${name}#${inner}: ${text(func.type)}`);
  }
  return found;
}
