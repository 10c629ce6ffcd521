import { describe, expect, it } from "vitest";
import { firstBar, hit, nearest, neighbour, snap } from "../src/board/hit";
import { GROUP, Index, layRows, ROW } from "../src/board/layout";
import { bar, MIN, T0 } from "./helpers";

const rows = layRows(
  [{ id: "W", name: "W" }],
  ["A", "B", "C", "D"].map((id) => ({ id, name: id, work_center: "W" })),
);
const one = bar("O1/10", "A", 0, 60);
const two = bar("O2/10", "A", 60, 120);
const thin = bar("O3/10", "B", 200, 200.1);
const low = bar("O4/10", "D", 30, 90);
const index = new Index([one, two, thin, low]);
const view = { start: T0, perPixel: MIN, width: 600 }; // a pixel is a minute
const rowOf = (id: string): number => rows.machines.get(id)!.y + ROW / 2;

describe("hit test", () => {
  it("finds the bar under the pointer", () => {
    expect(hit(index, rows, view, 30, rowOf("A")).bar).toBe(one);
    expect(hit(index, rows, view, 90, rowOf("A")).bar).toBe(two);
    expect(hit(index, rows, view, 300, rowOf("A")).bar).toBeUndefined();
    expect(hit(index, rows, view, 30, rowOf("C")).row?.id).toBe("C");
  });
  it("lets a bar too thin to see be grabbed", () => {
    expect(hit(index, rows, view, 202, rowOf("B")).bar).toBe(thin);
    expect(hit(index, rows, view, 206, rowOf("B")).bar).toBeUndefined();
  });
  it("finds nothing on a heading", () => {
    const found = hit(index, rows, view, 30, GROUP / 2);
    expect(found.row?.kind).toBe("group");
    expect(found.bar).toBeUndefined();
  });
});

describe("snap", () => {
  const at = (minutes: number): number => T0 + minutes * MIN;
  const minutes = (instant: number): number => (instant - T0) / MIN;
  it("goes to the end of a neighbour within eight pixels", () => {
    expect(minutes(snap(index, "A", low, at(125), at(-500), MIN))).toBe(120);
    expect(minutes(snap(index, "A", low, at(114), at(-500), MIN))).toBe(120);
  });
  it("goes to the start of a neighbour with its own end", () => {
    const late = bar("O9/10", "B", 400, 460);
    expect(minutes(snap(index, "B", late, at(137), at(-500), MIN))).toBe(140);
  });
  it("goes to the grid where nothing is near", () => {
    expect(minutes(snap(index, "C", low, at(307), at(-500), MIN))).toBe(300);
    expect(minutes(snap(index, "C", low, at(307), at(-500), 10_000))).toBe(305);
  });
  it("never goes before now", () => {
    expect(minutes(snap(index, "C", low, at(20), at(100), MIN))).toBe(100);
  });
});

describe("arrow keys", () => {
  it("walk along a machine and stop at its ends", () => {
    expect(neighbour(index, rows, one, "right")).toBe(two);
    expect(neighbour(index, rows, two, "right")).toBeUndefined();
    expect(neighbour(index, rows, one, "left")).toBeUndefined();
  });
  it("go to the nearest bar in time on the next machine that has any", () => {
    expect(neighbour(index, rows, thin, "down")).toBe(low);
    expect(neighbour(index, rows, low, "up")).toBe(thin);
    expect(neighbour(index, rows, thin, "up")).toBe(two);
  });
  it("begin near now on the first machine in view", () => {
    expect(firstBar(index, rows, T0 + 70 * MIN)).toBe(two);
    expect(firstBar(index, rows, T0, rows.machines.get("C")!.y)).toBe(low);
    expect(nearest(index, "C", T0)).toBeUndefined();
  });
});
