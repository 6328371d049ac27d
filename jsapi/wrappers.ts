/**
 * The functions that stand at the border: for each exported function one that JavaScript calls, for each import one that
 * the machine calls. Values are converted before any slot is written, because a conversion may run JavaScript that
 * calls wasm again. Signatures get wrappers of their own where text may become code, else the ones here do for all.
 */
import type { EngineFunction } from "../vm/host.ts";
import { type FuncType, funcTypeName, type ValType } from "../vm/types.ts";
import { readValues, type Value, writeValues } from "../vm/value.ts";
import type { Agent } from "./agent.ts";
import type { Callable } from "./functions.ts";
import { isOpaque, opaqueError } from "./references.ts";
import { type ExportFactory, generateWrappers, type HostFactory, resultList } from "./wrapper-code.ts";

interface Factories {
  readonly exported: ExportFactory;
  readonly host: HostFactory;
}

export class Wrappers {
  private readonly agent: Agent;
  private generate: boolean;
  /** By signature. */
  private readonly factories = new Map<string, Factories>();

  constructor(agent: Agent, generateCode: boolean | undefined) {
    this.agent = agent;
    this.generate = generateCode ?? true;
  }

  /** The function that JavaScript calls for a function of the store. */
  exported(funcAddr: number, type: FuncType): Callable {
    return this.factoriesOf(type).exported(funcAddr);
  }

  /** The host function that calls a function of JavaScript. */
  host(callable: Callable, type: FuncType): EngineFunction {
    return this.factoriesOf(type).host(callable);
  }

  private factoriesOf(type: FuncType): Factories {
    const key = funcTypeName(type);
    let factories = this.factories.get(key);
    if (factories === undefined) {
      factories = this.make(type);
      this.factories.set(key, factories);
    }
    return factories;
  }

  private make(type: FuncType): Factories {
    const opaque = [...type.params, ...type.results].find(isOpaque);
    if (opaque !== undefined) return refusing(type, opaque);
    if (this.generate) {
      try {
        return generateWrappers(this.agent, type);
      } catch (error) {
        // Where a page's policy forbids code from text.
        if (!(error instanceof EvalError)) throw error;
        this.generate = false;
      }
    }
    return { exported: (funcAddr) => plainExported(this.agent, type, funcAddr), host: (callable) => plainHost(this.agent, type, callable) };
  }
}

function withLength(callable: Callable, length: number): Callable {
  return Object.defineProperty(callable, "length", { value: length, configurable: true });
}

/** For signatures whose values JavaScript can never have: every call throws. */
function refusing(type: FuncType, opaque: ValType): Factories {
  return {
    exported: () =>
      withLength(() => {
        throw opaqueError(opaque);
      }, type.params.length),
    host: () => () => {
      throw opaqueError(opaque);
    },
  };
}

function plainExported(agent: Agent, type: FuncType, funcAddr: number): Callable {
  const { machine, conversions } = agent;
  const { params, results } = type;
  const call = (...args: unknown[]): unknown => {
    const values = conversions.allToWasm(args, params);
    agent.enter();
    writeValues(machine.store, machine.argSlot, params, values);
    let returned: Value[];
    try {
      const ended = machine.callInPlace(funcAddr);
      if (ended !== undefined) throw agent.thrownFor(ended);
      returned = readValues(machine.store, machine.store.resultSlot, results);
    } finally {
      agent.leave();
    }
    const converted = returned.map((value, i) => conversions.toJs(value, results[i]!));
    return converted.length > 1 ? converted : converted[0];
  };
  return withLength(call, params.length);
}

function plainHost(agent: Agent, type: FuncType, callable: Callable): EngineFunction {
  const { machine, conversions } = agent;
  const { params, results } = type;
  return ({ slot }) => {
    const args = readValues(machine.store, slot, params).map((value, i) => conversions.toJs(value, params[i]!));
    agent.leave();
    let values: Value[];
    try {
      const returned = callable(...args);
      const list = results.length < 2 ? [returned] : resultList(returned, results.length);
      values = conversions.allToWasm(list, results);
    } finally {
      agent.enter();
    }
    writeValues(machine.store, slot, results, values);
  };
}
