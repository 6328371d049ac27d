import { expect } from "chai";
import { describe, it } from "mocha";
import { ByteReader, ByteWriter } from "../../rr/codec.ts";
import { TraceError } from "../../rr/errors.ts";
import { describeEvent, EventLabels, eventToJson, type TraceEvent } from "../../rr/event.ts";
import { decodeEvent, encodeEvent } from "../../rr/event-codec.ts";
import { ValType } from "../../vm/types.ts";
import { mulberry32 } from "../support/random.ts";
import { magnitude, randomEvents } from "./events.ts";

const { I32, I64, F64 } = ValType;
const SEEDS = [1, 2, 3, 77, 0xbeef];

const fdWrite: TraceEvent = {
  kind: "host-call",
  number: 12,
  tick: 34567,
  effects: [{ kind: "memory-write", memoryAddr: 0, byteAddr: 0x3fc, bytes: Uint8Array.of(12, 0, 0, 0) }],
  funcAddr: 3,
  args: [1, 0, 0x400, 0, 1, 0, 0x3fc, 0],
  results: [0, 0],
};

function labels(): EventLabels {
  const known = new EventLabels();
  const type = { params: [I32, I32, I32, I32], results: [I32] };
  const common = { kind: "host-func", number: 0, tick: 0, effects: [] } as const;
  known.observe({ ...common, funcAddr: 3, module: "wasi_snapshot_preview1", name: "fd_write", type });
  known.observe({ ...common, funcAddr: 4, module: "m", name: "mix", type: { params: [I64, F64, F64], results: [ValType.FuncRef] } });
  return known;
}

describe("numbers and slots", () => {
  it("come back as they were, whatever their size", () => {
    for (const seed of SEEDS) {
      const random = mulberry32(seed);
      const numbers = Array.from({ length: 500 }, () => magnitude(random, 53));
      numbers.push(0, 127, 128, 2 ** 28 - 1, 2 ** 28, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER);
      const signed = numbers.map((n) => (random() < 0.5 ? -1 : 1) * Math.floor(n / 4)).map((n) => n + 0);
      const slots = Array.from({ length: 500 }, () => [magnitude(random, 32) | 0, magnitude(random, 32) | 0] as const);
      slots.push([-1, -1], [0, -2147483648], [-1, 0xffffff], [0, 0x1000000], [127, 0], [128, 0]);
      const out = new ByteWriter(1);
      for (const n of numbers) out.number(n);
      for (const n of signed) out.signed(n);
      for (const [low, high] of slots) out.slot(low, high);
      const reader = new ByteReader(out.view());
      for (const n of numbers) expect(reader.number()).to.equal(n);
      for (const n of signed) expect(reader.signed()).to.equal(n);
      for (const [low, high] of slots) {
        expect(reader.slotLow(), `seed ${seed}`).to.equal(low);
        expect(reader.slotHigh).to.equal(high);
      }
      expect(reader.atEnd).to.equal(true);
    }
  });

  it("refuse to be read beyond their end or beyond 2^53", () => {
    expect(() => new ByteReader(Uint8Array.of(0x80)).number()).to.throw(TraceError, "unexpected end");
    expect(() => new ByteReader(new Uint8Array(12).fill(0xff)).number()).to.throw(TraceError, "2^53");
    expect(() => new ByteReader(Uint8Array.of(5, 1)).count()).to.throw(TraceError, "a count of 5 with too few bytes left");
    expect(() => new ByteReader(Uint8Array.of(9, 65)).text()).to.throw(TraceError, "too few");
    expect(() => new ByteReader(new Uint8Array(8).fill(0xff)).u64()).to.throw(TraceError, "2^53");
  });
});

describe("events as bytes", () => {
  for (const seed of SEEDS) {
    it(`come back as they were (seed ${seed})`, () => {
      const events = randomEvents(mulberry32(seed), 2000);
      const out = new ByteWriter();
      let tick = 0;
      for (const event of events) {
        encodeEvent(out, event, tick);
        tick = event.tick;
      }
      const reader = new ByteReader(out.view());
      tick = 0;
      for (const event of events) {
        expect(decodeEvent(reader, event.number, tick)).to.deep.equal(event);
        tick = event.tick;
      }
      expect(reader.atEnd).to.equal(true);
    });
  }

  it("are small: a typical fd_write takes 12 bytes and its effects", () => {
    const out = new ByteWriter();
    encodeEvent(out, { ...fdWrite, effects: [] }, 34567 - 12_000);
    expect(out.length).to.be.at.most(12);
    out.clear();
    encodeEvent(out, fdWrite, 34567 - 12_000);
    expect(out.length).to.be.at.most(12 + 1 + 4 + 4);
  });

  it("are never read from damaged bytes without a TraceError", () => {
    for (const seed of SEEDS) {
      const random = mulberry32(seed);
      const out = new ByteWriter();
      for (const event of randomEvents(random, 50)) encodeEvent(out, event, event.tick);
      for (let round = 0; round < 300; round++) {
        const bytes = out.view().slice(0, Math.floor(random() * out.length));
        for (let i = 0; i < 3 && bytes.length > 0; i++) bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
        const reader = new ByteReader(bytes);
        try {
          for (let number = 0; !reader.atEnd; number++) decodeEvent(reader, number, 0);
        } catch (error) {
          expect(error, `seed ${seed}`).to.be.instanceOf(TraceError).with.property("code", "trace-corrupt");
        }
      }
    }
  });
});

describe("events for people", () => {
  it("print as one line in the manner of strace", () => {
    expect(describeEvent(fdWrite, labels().label)).to.equal(
      "#12 tick 34567  wasi_snapshot_preview1.fd_write(1, 0x400, 1, 0x3fc) = 0  mem0[0x3fc..+4]=0c000000",
    );
    expect(describeEvent(fdWrite)).to.contain("func[3](1, 0x400, 1, 0x3fc) = 0");
  });

  it("print values by their types, NaN bits and all", () => {
    const event: TraceEvent = {
      kind: "host-enter",
      number: 1,
      tick: 2,
      effects: [],
      funcAddr: 4,
      args: [-1, -1, 0, -2147483648, 1, 0x7ff80000],
    };
    expect(describeEvent(event, labels().label)).to.equal("#1 tick 2  m.mix(-1, -0, nan:0x7ff8000000000001) …");
    const back: TraceEvent = { kind: "host-return", number: 2, tick: 2, effects: [], funcAddr: 4, results: [0, 0] };
    expect(describeEvent(back, labels().label)).to.equal("#2 tick 2  … m.mix = null");
  });

  it("print every kind in one line and as JSON that survives", () => {
    for (const event of randomEvents(mulberry32(5), 500)) {
      const line = describeEvent(event, labels().label);
      expect(line).to.match(/^#\d+ tick \d+ {2}\S|^#\d+ tick \d+ {2}$/);
      expect(line).to.not.contain("\n");
      const json = eventToJson(event, labels().label);
      expect(JSON.parse(JSON.stringify(json))).to.deep.equal(json);
      expect(json).to.include({ event: event.number, tick: event.tick, kind: event.kind });
    }
    expect(eventToJson(fdWrite, labels().label)).to.deep.equal({
      event: 12,
      tick: 34567,
      kind: "host-call",
      function: 3,
      name: "wasi_snapshot_preview1.fd_write",
      args: ["0x1", "0x400", "0x1", "0x3fc"],
      results: ["0x0"],
      effects: [{ kind: "memory-write", memory: 0, byteAddr: 1020, bytes: "0c000000" }],
    });
  });
});
