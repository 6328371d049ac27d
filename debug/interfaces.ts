/**
 * Names of interface functions for the functions of a store that replays a component, or of a roster: those that the trace's settings give
 * to the imports and exports of its instances. Looked up when somebody asks; reads the store only.
 */
import { InterfaceNames } from "../rr/component-view.ts";
import type { TraceReader } from "../rr/reader.ts";
import type { FunctionSource } from "./roster.ts";

export class InterfaceLabels {
  private readonly store: FunctionSource;
  private readonly modules: TraceReader["modules"];
  private readonly names: InterfaceNames | undefined;
  private seen = 0;

  /** Of a trace without a component nothing has such a name. */
  constructor(store: FunctionSource, { header, modules }: Pick<TraceReader, "header" | "modules">) {
    this.store = store;
    this.modules = modules;
    if (header.component !== undefined) this.names = new InterfaceNames(header.component);
  }

  /** `wasi:cli/stdout@0.2.3#get-stdout`, or undefined. */
  of(funcAddr: number): string | undefined {
    this.catchUp();
    return this.names?.of(funcAddr)?.label;
  }

  /** Addresses of the functions with a label, which may be given without version. */
  named(label: string): number[] {
    if (this.names === undefined || !label.includes("#")) return [];
    return this.store.funcs.flatMap((_, funcAddr) => {
      const found = this.of(funcAddr);
      return found === label || found?.replace(/@[^#]*/, "") === label ? [funcAddr] : [];
    });
  }

  /** Instances stay what they are: after a seek backward, those that come again have the same addresses and names. */
  private catchUp(): void {
    const { instances } = this.store;
    if (this.names === undefined) return;
    for (; this.seen < instances.length; this.seen++) {
      const { module, moduleIndex, funcAddrs } = instances[this.seen]!;
      const sha256 = this.modules[moduleIndex]?.sha256 ?? "";
      this.names.instantiated(this.seen, sha256, { module, funcAddr: (index) => funcAddrs[index]! });
    }
  }
}
