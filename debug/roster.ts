/**
 * All functions and instances that a recording ever makes, read from its events: so that one can stop in an instance that
 * does not exist yet where the cursor is. Addresses are given in order, so they are known without running anything.
 */
import type { TraceEvent } from "../rr/event.ts";
import type { Replayer } from "../rr/replayer.ts";
import type { Func } from "../vm/store.ts";
import { ExternKind, type Module } from "../vm/types.ts";

/** What symbols are looked up in: a store, or a roster. */
export interface FunctionSource {
  readonly funcs: readonly Func[];
  readonly instances: readonly { readonly module: Module; readonly moduleIndex: number; readonly funcAddrs: ArrayLike<number> }[];
}

/** Reads the roster of a trace. Throws as reading and decoding do. Cost: a visit of each event, and the modules. */
export async function readRoster(replayer: Replayer): Promise<FunctionSource> {
  const roster = { funcs: [] as Func[], instances: [] as Roster["instances"] };
  for await (const event of replayer.reader.eventsFrom(0)) await enter(roster, event, replayer);
  return roster;
}

type Roster = { readonly funcs: Func[]; readonly instances: { module: Module; moduleIndex: number; funcAddrs: number[] }[] };

async function enter({ funcs, instances }: Roster, event: TraceEvent, replayer: Replayer): Promise<void> {
  if (event.kind === "host-func") {
    const { module, name, type } = event;
    funcs.push({ kind: "host", type, module, name });
  } else if (event.kind === "instantiate") {
    const module = await replayer.loadModule(event.moduleIndex);
    const funcAddrs = event.imports.filter(({ kind }) => kind === ExternKind.Func).map(({ addr }) => addr);
    for (const [i] of module.funcs.entries()) {
      const funcIndex = module.importedFuncCount + i;
      const type = module.funcTypes[funcIndex]!;
      funcAddrs.push(funcs.push({ kind: "wasm", type, instanceAddr: instances.length, funcIndex }) - 1);
    }
    instances.push({ module, moduleIndex: event.moduleIndex, funcAddrs });
  }
}
