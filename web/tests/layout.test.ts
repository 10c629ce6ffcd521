import { describe, expect, it } from "vitest";
import { bareName, closedBetween, firstWhere, GROUP, Index, layRows, ROW, rowAt } from "../src/board/layout";
import { linksOf } from "../src/board/links";
import { bar, chance, MIN, T0 } from "./helpers";

const groups = [
  { id: "TRN", name: "Turning" },
  { id: "EMPTY", name: "Nothing" },
  { id: "MIL", name: "Milling" },
];
const machines = [
  { id: "M01", name: "M01 Lathe", work_center: "TRN" },
  { id: "M03", name: "Mill", work_center: "MIL" },
  { id: "M02", name: "Lathe 2", work_center: "TRN" },
  { id: "M09", name: "M09", work_center: "gone" },
];

describe("rows", () => {
  const rows = layRows(groups, machines);
  it("stand under their work center; a machine of no known one is not lost", () => {
    expect(rows.all.map((row) => row.id)).toEqual(["TRN", "M01", "M02", "MIL", "M03", "", "M09"]);
    expect(rows.height).toBe(3 * GROUP + 4 * ROW);
    expect(rows.machines.get("M02")!.y).toBe(GROUP + ROW);
  });
  it("are found by their y, borders belonging to the lower row", () => {
    for (const row of rows.all) {
      expect(rowAt(rows, row.y)).toBe(row);
      expect(rowAt(rows, row.y + row.height - 0.01)).toBe(row);
    }
    expect(rowAt(rows, -1)).toBeUndefined();
    expect(rowAt(rows, rows.height)).toBeUndefined();
  });
  it("do not repeat the id in the name", () => {
    expect(machines.map(bareName)).toEqual(["Lathe", "Mill", "Lathe 2", ""]);
  });
});

describe("culling", () => {
  it("finds exactly the bars a plain look at every bar finds", () => {
    const random = chance(5);
    const bars = Array.from({ length: 400 }, (_, at) => {
      const setup = random() * 5000;
      return bar(`O${at}/10`, random() < 0.5 ? "A" : "B", setup, setup + random() ** 4 * 2000);
    });
    const index = new Index(bars);
    for (let round = 0; round < 300; round++) {
      const from = T0 + (random() * 6000 - 500) * MIN;
      const to = from + random() * 800 * MIN;
      const [first, last] = index.between("A", from, to);
      const lane = index.lanes.get("A")!.bars;
      const seen = lane.slice(first, last).filter((item) => item.end >= from && item.setup <= to);
      const wanted = bars.filter((item) => item.machine === "A" && item.end >= from && item.setup <= to);
      expect(new Set(seen)).toEqual(new Set(wanted));
    }
    expect(index.between("none", 0, 1)).toEqual([0, 0]);
  });
  it("halves", () => {
    for (let wanted = 0; wanted <= 9; wanted++) expect(firstWhere(9, (at) => at >= wanted)).toBe(wanted);
  });
});

describe("closed time", () => {
  it("is what overlapping openings leave out", () => {
    expect(
      closedBetween([
        [20, 30],
        [0, 10],
        [5, 12],
        [40, 50],
      ]),
    ).toEqual([
      [12, 20],
      [30, 40],
    ]);
    expect(closedBetween([])).toEqual([]);
  });
});

describe("links", () => {
  const index = new Index([bar("O1/10", "A", 0, 10), bar("O1/20", "B", 20, 30), bar("O1/30", "A", 40, 50), bar("O2/10", "B", 0, 5)]);
  const pairs = (after: (job: string) => readonly string[] | undefined) =>
    linksOf(index, "O1", after).map(([a, b]) => `${a.operation}>${b.operation}`);
  it("follow the routing, which may join branches", () => {
    expect(pairs((job) => (job === "O1/30" ? ["10", "20", "99"] : []))).toEqual(["10>30", "20>30"]);
  });
  it("are a chain in time where the routing is unknown", () => {
    expect(pairs(() => undefined)).toEqual(["10>20", "20>30"]);
  });
});
