/**
 * Names of functions for the lines of `dump`: those of host functions from the events themselves, those of wasm functions
 * from the modules in the trace, which are read only when such a function is named.
 */
import { InterfaceNames } from "../rr/component-view.ts";
import { TraceError } from "../rr/errors.ts";
import type { FuncLabel, FuncLabels, TraceEvent } from "../rr/event.ts";
import type { TraceReader } from "../rr/reader.ts";
import { decodeModule } from "../vm/decode.ts";
import { displayName } from "../vm/names.ts";
import { ExternKind, type Module } from "../vm/types.ts";

/** The functions that one instance added to the store, at addresses from `firstAddr`. */
interface InstanceFuncs {
  readonly module: Module;
  readonly firstAddr: number;
}

export class TraceLabels {
  private readonly reader: TraceReader;
  private readonly hosts = new Map<number, FuncLabel>();
  private readonly instances: InstanceFuncs[] = [];
  private readonly modules = new Map<number, Module>();
  private funcCount = 0;
  private complete = true;
  private readonly interfaces: InterfaceNames | undefined;

  constructor(reader: TraceReader) {
    this.reader = reader;
    const { component } = reader.header;
    if (component !== undefined) this.interfaces = new InterfaceNames(component);
  }

  /** Says that events are left out from here on: functions that come later cannot be told apart. */
  skip(): void {
    this.complete = false;
  }

  /** Has to be told every event from the start on. Cost: decoding each module once. */
  async observe(event: TraceEvent): Promise<void> {
    if (event.kind === "host-func") {
      this.hosts.set(event.funcAddr, { name: `${event.module}.${event.name}`, type: event.type });
      this.funcCount = event.funcAddr + 1;
    } else if (event.kind === "instantiate" && this.complete) {
      const module = await this.module(event.moduleIndex);
      const firstAddr = this.funcCount;
      this.instances.push({ module, firstAddr });
      this.funcCount += module.funcs.length;
      const imported = event.imports.filter(({ kind }) => kind === ExternKind.Func);
      const funcAddr = (index: number): number => imported[index]?.addr ?? firstAddr + index - imported.length;
      this.interfaces?.instantiated(event.instanceAddr, this.reader.modules[event.moduleIndex]!.sha256, { module, funcAddr });
    }
  }

  readonly label: FuncLabels = (funcAddr) => {
    const label = this.coreLabel(funcAddr);
    const interfaceName = this.interfaces?.of(funcAddr)?.label;
    // Most core names are made of the interface's: saying both says nothing more.
    if (label === undefined || interfaceName === undefined || label.name.replace("#", ".") === interfaceName.replace("#", "."))
      return label;
    return { ...label, interfaceName };
  };

  private coreLabel(funcAddr: number): FuncLabel | undefined {
    const host = this.hosts.get(funcAddr);
    if (host !== undefined) return host;
    const found = this.instances.find(({ module, firstAddr }) => funcAddr >= firstAddr && funcAddr < firstAddr + module.funcs.length);
    if (found === undefined) return undefined;
    const funcIndex = found.module.importedFuncCount + funcAddr - found.firstAddr;
    return { name: displayName(found.module, funcIndex), type: found.module.funcTypes[funcIndex]! };
  }

  private async module(moduleIndex: number): Promise<Module> {
    const known = this.modules.get(moduleIndex);
    if (known !== undefined) return known;
    const stored = this.reader.modules[moduleIndex];
    if (stored === undefined) throw new TraceError("trace-corrupt", `the trace is corrupt: it has no module ${moduleIndex}`);
    const module = decodeModule(await stored.load());
    this.modules.set(moduleIndex, module);
    return module;
  }
}
