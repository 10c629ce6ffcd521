import { describe, expect, it } from "vitest";
import { clear, emptyControls, NO_PINS, pin, redo, undo, unpin, withPins, type Pin } from "../src/board/pins";
import { T0 } from "./helpers";

const first: Pin = { job: "O1/10", machine: "M02", from: "M01", notBefore: null };
const second: Pin = { job: "O2/10", machine: "M03", from: "M03", notBefore: T0 };

describe("pins", () => {
  it("hold one wish a job: the last", () => {
    const moved = { ...first, machine: "M09" };
    expect(pin(pin(pin(NO_PINS, first), second), moved).now).toEqual([second, moved]);
  });
  it("can be undone and redone step by step", () => {
    const both = pin(pin(NO_PINS, first), second);
    const none = unpin(unpin(both, "O1/10"), "O2/10");
    expect(none.now).toEqual([]);
    expect(undo(undo(none)).now).toEqual([first, second]);
    expect(redo(undo(undo(none))).now).toEqual([second]);
    expect(undo(clear(both)).now).toEqual([first, second]);
    expect(undo(NO_PINS)).toBe(NO_PINS);
    expect(redo(both)).toBe(both);
    expect(unpin(both, "other")).toBe(both);
  });
  it("forget what was undone once something new is pinned", () => {
    const after = pin(undo(pin(NO_PINS, first)), second);
    expect(after.future).toEqual([]);
    expect(after.now).toEqual([second]);
  });
});

describe("controls", () => {
  it("take the pins on top of what a proposal already had", () => {
    const before = { ...emptyControls(), pin_machine: { "O7/10": "M07" }, not_before: { "O1/10": "2026-03-01T00:00:00Z" } };
    const merged = withPins(before, [first, second]);
    expect(merged.pin_machine).toEqual({ "O7/10": "M07", "O1/10": "M02", "O2/10": "M03" });
    expect(merged.not_before).toEqual({ "O2/10": new Date(T0).toISOString() });
    expect(before.pin_machine).toEqual({ "O7/10": "M07" });
  });
});
