import { describe, expect, it } from "vitest";
import { diffBars, movedOperations, orderChanges, peopleChanges } from "../src/alternatives/diff";
import { declared } from "../src/api/declare";
import { waitBefore } from "../src/api/live";
import type { ScenarioOperation } from "../src/api/types";
import { parse, to } from "../src/route";
import { MIN, T0 } from "./helpers";

const iso = (minutes: number): string => new Date(T0 + minutes * MIN).toISOString();
const operation = (key: string, machine: string, operator: string, start: number, state: ScenarioOperation["state"] = "free"): ScenarioOperation => {
  const [order = "", id = ""] = key.split("/");
  return { order, operation: id, machine, operator, setup_start: iso(start), start: iso(start), end: iso(start + 30), state };
};

describe("what moves", () => {
  const inForce = [
    operation("O1/10", "A", "p", 0),
    operation("O2/10", "A", "p", 60),
    operation("O3/10", "B", "q", 60),
    operation("O4/10", "B", "q", 120),
    operation("O5/10", "B", "q", 10),
  ];
  const chosen = [
    operation("O1/10", "A", "p", 0.5),
    operation("O2/10", "C", "q", 60),
    operation("O3/10", "B", "q", 30),
    operation("O4/10", "B", "r", 120),
    operation("O5/10", "B", "q", 20, "started"),
    operation("R1/10", "C", "q", 5),
  ];
  const moved = movedOperations(inForce, chosen);
  it("is what changes machine, person or begin; not what has begun, nor what shifts by seconds", () => {
    expect(moved.map((item) => [item.job, item.kind])).toEqual([
      ["R1/10", "new"],
      ["O3/10", "earlier"],
      ["O2/10", "moved"],
      ["O4/10", "later"],
    ]);
  });
  it("colours the bars of the chosen plan", () => {
    const kinds = new Map(diffBars(chosen, moved).map((bar) => [bar.key, bar.kind]));
    expect(Object.fromEntries(kinds)).toEqual({
      "O1/10": "same",
      "O2/10": "moved",
      "O3/10": "earlier",
      "O4/10": "later",
      "O5/10": "started",
      "R1/10": "moved",
    });
  });
  it("is told person by person", () => {
    const people = peopleChanges(moved);
    expect(people.find((item) => item.operator === "q")).toEqual({
      operator: "q",
      gained: ["R1/10", "O2/10"],
      lost: ["O4/10"],
      retimed: ["O3/10"],
    });
    expect(people.find((item) => item.operator === "p")?.lost).toEqual(["O2/10"]);
  });
});

describe("orders", () => {
  const effect = (order: string, due: number, completion: number, keep: number | null) => ({
    order,
    due: iso(due),
    priority: 1,
    completion: iso(completion),
    completion_keep: keep === null ? null : iso(keep),
    p_late: 0,
  });
  it("won and lost are judged by their due dates, the greatest gain first", () => {
    const changes = orderChanges([
      effect("lost", 100, 120, 90),
      effect("won", 100, 90, 150),
      effect("same", 100, 90, 90),
      effect("new", 100, 90, null),
      effect("later", 200, 120, 110),
    ]);
    expect(changes.map((item) => [item.effect.order, item.becomes])).toEqual([
      ["won", "on time"],
      ["later", ""],
      ["lost", "late"],
    ]);
  });
});

describe("routes", () => {
  it("are read back as they are written", () => {
    expect(parse(to.compare("P/1", "push-right"))).toEqual({ view: "compare", id: "P/1", scenario: "push-right" });
    expect(parse(to.station("M 03"))).toEqual({ view: "station", machine: "M 03" });
    expect(parse("")).toEqual({ view: "board" });
    expect(parse("#/proposal")).toEqual({ view: "disruptions" });
    expect(parse("#/nowhere")).toEqual({ view: "unknown", hash: "#/nowhere" });
    expect(parse("#/station/%E0%A4%A")).toEqual({ view: "station", machine: "%E0%A4%A" });
  });
});

describe("a declared disruption", () => {
  it("says instants, not hours", () => {
    expect(declared({ kind: "machine_down", machine: "M1", hours: 4 }, T0)).toEqual({
      kind: "machine_down",
      machine: "M1",
      until: iso(240),
    });
    expect(declared({ kind: "operator_absent", person: "p", hours: 1 }, T0)).toEqual({
      kind: "operator_absent",
      person: "p",
      start: iso(0),
      end: iso(60),
    });
    const rush = declared({ kind: "rush_order", part: "P", quantity: 2, due: iso(9), priority: 5 }, T0);
    expect(rush).toMatchObject({ order: { id: "RUSH-03100600", part: "P", quantity: 2, due: iso(9), priority: 5 } });
  });
});

describe("reconnecting", () => {
  it("waits longer after each failure, and never for long", () => {
    const waits = [0, 1, 2, 3, 9, 99].map(waitBefore);
    expect(waits).toEqual([500, 1000, 2000, 4000, 15_000, 15_000]);
  });
});
