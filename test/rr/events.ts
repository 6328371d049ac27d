/** Seeded random events of every kind, for tests of the trace format. */
import type { EventException, HostEffect, SlotWords, TraceEvent } from "../../rr/event.ts";
import { type MemoryType, nonNull, RefFlag, refTo, type ValType, ValType as ValTypes } from "../../vm/types.ts";

type Random = () => number;

function below(random: Random, limit: number): number {
  return Math.floor(random() * limit);
}

/** A non-negative integer whose number of bits is uniform. */
export function magnitude(random: Random, bits: number): number {
  return Math.floor(random() * 2 ** below(random, bits + 1));
}

function words(random: Random, count: number): SlotWords {
  return Array.from({ length: count * 2 }, (_, i) => {
    const wide = random() < 0.3;
    if (i % 2 === 1 && !wide) return 0;
    return random() < 0.5 ? magnitude(random, 31) : (random() * 2 ** 32) | 0;
  });
}

function bytes(random: Random, count: number): Uint8Array {
  return Uint8Array.from({ length: count }, () => below(random, 256));
}

const valTypes: readonly ValType[] = [
  ...Object.values(ValTypes),
  nonNull(ValTypes.ExternRef),
  refTo(0),
  nonNull(refTo(300)),
  refTo(70_000, RefFlag.Exact),
];

function typeList(random: Random): ValType[] {
  return Array.from({ length: below(random, 5) }, () => valTypes[below(random, valTypes.length)]!);
}

export function randomEffect(random: Random): HostEffect {
  const addr = random() < 0.8 ? 0 : below(random, 100);
  switch (below(random, 6)) {
    case 5:
      return { kind: "pin", ref: magnitude(random, 31), held: random() < 0.5 };
    case 0:
      return { kind: "memory-grow", memoryAddr: addr, deltaPages: below(random, 70_000), result: below(random, 100) - 1 };
    case 1:
      return { kind: "table-set", tableAddr: addr, index: magnitude(random, 23), ref: (random() * 2 ** 32) | 0 };
    case 2:
      return { kind: "table-grow", tableAddr: addr, delta: magnitude(random, 23), init: below(random, 9), result: below(random, 100) - 1 };
    case 3:
      return { kind: "global-set", globalAddr: addr, bits: words(random, 1) };
    default:
      return { kind: "memory-write", memoryAddr: addr, byteAddr: magnitude(random, 32), bytes: bytes(random, magnitude(random, 8)) };
  }
}

function memoryTraits(random: Random): Omit<MemoryType, "limits"> {
  return {
    ...(random() < 0.7 ? {} : { address64: true }),
    ...(random() < 0.7 ? {} : { shared: true }),
    ...(random() < 0.7 ? {} : { pageShift: 0 }),
  };
}

/** Half of what is thrown is an exception of wasm. */
function thrown(random: Random): { exception?: EventException } {
  if (random() < 0.5) return {};
  if (random() < 0.5) return { exception: { ref: magnitude(random, 31) } };
  return { exception: { tagAddr: below(random, 300), carried: words(random, below(random, 4)), held: random() < 0.5 } };
}

const kindCount = 17;

/** Event `number`, some ticks after `previousTick`. */
export function randomEvent(random: Random, number: number, previousTick: number): TraceEvent {
  const tick = previousTick + (random() < 0.2 ? 0 : magnitude(random, random() < 0.02 ? 40 : 16));
  const effects = random() < 0.6 ? [] : Array.from({ length: 1 + below(random, 3) }, () => randomEffect(random));
  const funcAddr = magnitude(random, 12);
  const common = { number, tick, effects };
  switch (below(random, kindCount)) {
    case 0:
      return { ...common, kind: "effects" };
    case 1:
      return { ...common, kind: "module", moduleIndex: below(random, 3) };
    case 2:
      return {
        ...common,
        kind: "host-func",
        funcAddr,
        module: "m\u{1f600}",
        name: "",
        type: { params: typeList(random), results: typeList(random) },
        ...(random() < 0.5 ? {} : { typeNumber: magnitude(random, 20) }),
      };
    case 3:
      return {
        ...common,
        kind: "memory",
        memoryAddr: 0,
        type: { limits: { min: 1, max: random() < 0.5 ? undefined : 65_536 }, ...memoryTraits(random) },
      };
    case 4:
      return {
        ...common,
        kind: "table",
        tableAddr: 1,
        type: { elemType: ValTypes.FuncRef, limits: { min: 0, max: 0 }, ...(random() < 0.5 ? {} : { address64: true }) },
        init: -1,
      };
    case 15:
      return { ...common, kind: "tag", tagAddr: below(random, 300), type: { params: typeList(random), results: [] } };
    case 5:
      return {
        ...common,
        kind: "global",
        globalAddr: 40,
        type: { valType: ValTypes.F64, mutable: random() < 0.5 },
        bits: words(random, 1),
      };
    case 6:
      return {
        ...common,
        kind: "instantiate",
        instanceAddr: 1,
        moduleIndex: 0,
        imports: [
          { kind: 2, addr: 300 },
          { kind: 0, addr: 1 },
        ],
        trap: 2,
      };
    case 7:
      return { ...common, kind: "call", funcAddr, args: words(random, below(random, 5)) };
    case 8:
      return { ...common, kind: "return", funcAddr, results: words(random, below(random, 3)) };
    case 9:
      return { ...common, kind: "trap", trap: 11 };
    case 10:
      return { ...common, kind: "host-enter", funcAddr, args: words(random, below(random, 5)) };
    case 11:
      return { ...common, kind: "host-return", funcAddr, results: random() < 0.5 ? [0, 0] : words(random, below(random, 3)) };
    case 12:
      return { ...common, kind: "host-throw", funcAddr, message: "no\nsuch thing", ...thrown(random) };
    case 13:
      return { ...common, kind: "exit", exitCode: below(random, 300) - 20 };
    case 14: {
      const space = random() < 0.5 ? "memory" : "table";
      return { ...common, kind: "grow", space, addr: 0, delta: magnitude(random, 32), init: space === "table" ? -5 : 0, result: -1 };
    }
    default: {
      const results = random() < 0.5 ? [0, 0] : words(random, below(random, 20));
      return { ...common, kind: "host-call", funcAddr, args: words(random, below(random, 20)), results };
    }
  }
}

export function randomEvents(random: Random, count: number): TraceEvent[] {
  const events: TraceEvent[] = [];
  for (let i = 0; i < count; i++) events.push(randomEvent(random, i, events.at(-1)?.tick ?? 0));
  return events;
}
