import { describe, expect, it } from "vitest";
import { around, clamp, endOf, fit, midnights, pan, reveal, ticks, toTime, toX, zoom } from "../src/board/scale";
import { DAY, HOUR, plantTime } from "../src/time";
import { chance, T0 } from "./helpers";

const bounds = { start: T0, end: T0 + 7 * DAY };
const view = fit(bounds, 1000);

describe("the time axis", () => {
  it("goes from instants to pixels and back", () => {
    for (const at of [bounds.start, T0 + 3.3 * DAY, bounds.end]) expect(toTime(view, toX(view, at))).toBeCloseTo(at, 3);
  });
  it("fits the whole plan", () => {
    expect(toX(view, bounds.start)).toBeGreaterThan(0);
    expect(toX(view, bounds.end)).toBeLessThan(1000);
  });
  it("keeps the instant under the pointer where it is when zooming", () => {
    const random = chance(1);
    for (let round = 0; round < 200; round++) {
      const x = 200 + random() * 600;
      const before = around(T0 + random() * 5 * DAY, 8 * HOUR + random() * DAY, 1000);
      const factor = 0.6 + random();
      const after = zoom(before, factor, x, bounds);
      if (Math.abs(after.perPixel - before.perPixel / factor) < 1e-6) {
        expect(Math.abs(toTime(after, x) - toTime(before, x))).toBeLessThan(1);
      }
    }
  });
  it("never loses the plan, however far it is dragged or zoomed", () => {
    const random = chance(2);
    let at = view;
    for (let round = 0; round < 500; round++) {
      at = random() < 0.5 ? pan(at, (random() - 0.5) * 20_000, bounds) : zoom(at, random() * 4, random() * 1000, bounds);
      expect(endOf(at)).toBeGreaterThan(bounds.start);
      expect(at.start).toBeLessThan(bounds.end);
      expect(at.perPixel).toBeGreaterThanOrEqual(2000);
    }
  });
  it("moves just enough to show a bar", () => {
    const near = around(T0 + DAY, 12 * HOUR, 1000);
    expect(reveal(near, T0 + DAY, T0 + DAY + HOUR, bounds)).toBe(near);
    const far = reveal(near, T0 + 4 * DAY, T0 + 4 * DAY + HOUR, bounds);
    expect(toX(far, T0 + 4 * DAY + HOUR)).toBeLessThan(1000);
    expect(toX(far, T0 + 4 * DAY)).toBeGreaterThan(0);
    expect(clamp(far, bounds)).toEqual(far);
  });
});

describe("ticks", () => {
  const berlin = plantTime("Europe/Berlin");
  it("stand on round local times, evenly and not too close", () => {
    for (const span of [HOUR, 6 * HOUR, 36 * HOUR, 7 * DAY, 30 * DAY]) {
      const found = ticks(around(T0, span, 900), berlin.offset);
      expect(found.length).toBeGreaterThan(1);
      found.slice(1).forEach((tick, at) => expect(tick.x - found[at]!.x).toBeGreaterThanOrEqual(57));
      for (const tick of found) expect((tick.at + berlin.offset(tick.at)) % (5 * 60_000)).toBe(0);
    }
  });
  it("mark local midnight, also across the change to summer time", () => {
    const change = Date.UTC(2026, 2, 29, 12);
    const found = midnights({ start: change - 2 * DAY, perPixel: DAY / 200, width: 900 }, berlin.offset);
    expect(found.map((at) => berlin.clock(at))).toEqual(found.map(() => "00:00"));
    const gaps = found.slice(1).map((at, place) => (at - found[place]!) / HOUR);
    expect(gaps).toContain(23);
  });
});
