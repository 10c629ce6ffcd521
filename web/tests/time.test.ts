import { describe, expect, it } from "vitest";
import { DAY, duration, HOUR, MINUTE, plantTime, shift } from "../src/time";

describe("plant time", () => {
  const berlin = plantTime("Europe/Berlin");
  it("shows the plant's wall time, not the browser's", () => {
    const at = Date.UTC(2026, 2, 10, 8, 20);
    expect(berlin.clock(at)).toBe("09:20");
    expect(berlin.day(at)).toBe("Tue 10 Mar");
    expect(plantTime("Asia/Kolkata").clock(at)).toBe("13:50");
  });
  it("follows the change to summer time", () => {
    const before = Date.UTC(2026, 2, 29, 0, 59);
    expect(berlin.offset(before)).toBe(HOUR);
    expect(berlin.offset(before + MINUTE)).toBe(2 * HOUR);
    expect(berlin.clock(before + MINUTE)).toBe("03:00");
  });
  it("names the date only where the weekday would be ambiguous", () => {
    const at = Date.UTC(2026, 2, 10, 8, 20);
    expect(berlin.moment(at, at - DAY)).toBe("Tue 09:20");
    expect(berlin.moment(at, at - 8 * DAY)).toBe("10 Mar 09:20");
    expect(berlin.moment(at)).toBe("10 Mar 09:20");
  });
});

describe("durations", () => {
  it.each([
    [0, "0 s"],
    [45_000, "45 s"],
    [59_900, "1 min"],
    [12 * MINUTE, "12 min"],
    [59.6 * MINUTE, "1 h 00"],
    [3 * HOUR + 5 * MINUTE, "3 h 05"],
    [-70 * MINUTE, "−1 h 10"],
    [60 * HOUR, "2.5 d"],
  ])("%d ms is %s", (ms, text) => expect(duration(ms)).toBe(text));
  it("says the same time within a minute", () => {
    expect(shift(59_000)).toBe("same time");
    expect(shift(25 * MINUTE)).toBe("+25 min");
    expect(shift(-25 * MINUTE)).toBe("−25 min");
  });
});
