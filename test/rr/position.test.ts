import { expect } from "chai";
import { describe, it } from "mocha";
import { formatPosition, parsePosition, resolvePosition } from "../../rr/position.ts";
import { RewasmError } from "../../vm/errors.ts";

const context = {
  tick: 500,
  tickCount: 1000,
  eventCount: 42,
  bookmark: (name: string) => (name === "here" ? { tick: 7, event: 3 } : undefined),
};
const at = (text: string): unknown => resolvePosition(parsePosition(text), context);

describe("positions", () => {
  it("reads every form and prints it back", () => {
    for (const text of ["0", "1234567", "#42", "37.5%", "100%", "start", "end", "+100", "-1", "@name", "@a-b.c"]) {
      expect(formatPosition(parsePosition(text))).to.equal(text);
    }
    expect(parsePosition(" 1_000 ")).to.deep.equal({ kind: "tick", tick: 1000 });
  });

  it("knows where each is", () => {
    expect(at("start")).to.deep.equal({ tick: 0 });
    expect(at("end")).to.deep.equal({ event: 42 });
    expect(at("1000")).to.deep.equal({ tick: 1000 });
    expect(at("#0")).to.deep.equal({ event: 0 });
    expect(at("#42")).to.deep.equal({ event: 42 });
    expect(at("37.5%")).to.deep.equal({ tick: 375 });
    expect(at("100%")).to.deep.equal({ event: 42 });
    expect(at("+100")).to.deep.equal({ tick: 600 });
    expect(at("-1")).to.deep.equal({ tick: 499 });
    expect(at("@here")).to.deep.equal({ tick: 7, event: 3 });
  });

  it("stops relative positions at both ends", () => {
    expect(at("-501")).to.deep.equal({ tick: 0 });
    expect(at("+9999")).to.deep.equal({ tick: 1000 });
  });

  it("refuses what is no position, in one line", () => {
    for (const text of ["", "abc", "12x", "#", "#-1", "101%", "-", "+", "1e3", "@", "@ x", "99999999999999999999", "--1", "0x10"]) {
      expect(() => parsePosition(text), text)
        .to.throw(RewasmError, /^unknown position ".*": write a tick/)
        .with.property("code", "unknown-position");
    }
  });

  it("refuses what is not on the timeline", () => {
    expect(() => at("1001"))
      .to.throw(RewasmError, "the trace ends at tick 1000")
      .with.property("code", "unknown-position");
    expect(() => at("#43")).to.throw(RewasmError, "the trace has 42 events");
    expect(() => at("@there")).to.throw(RewasmError, "no such bookmark");
  });
});
