import { describe, expect, it } from "vitest";
import {
  arrange,
  brushed,
  metric,
  metricsOf,
  paretoFront,
  passes,
  rangeOf,
  standing,
  valueOf,
} from "../src/alternatives/metrics";
import { chance, scenario } from "./helpers";

describe("metrics", () => {
  it("know which way is better and how a planner reads them", () => {
    expect(metric("on_time_delivery").better).toBe("more");
    expect(metric("on_time_delivery").show(0.933)).toBe("93.3 %");
    expect(metric("weighted_tardiness_s").show(72 * 3600)).toBe("72 h");
    expect(metric("makespan_s").show(6.2 * 86_400)).toBe("6.2 d");
    expect(metric("late_orders").show(6)).toBe("6");
  });
  it("show a figure they have never heard of by what its name tells", () => {
    expect(metric("mean_queue_s")).toMatchObject({ label: "Mean queue", better: "less" });
    expect(metric("scrap_cost").better).toBe("less");
    expect(metric("energy_score")).toMatchObject({ label: "Energy score", better: "more" });
    expect(metric("energy_score").show(1.234)).toBe("1.23");
  });
  it("list every figure once, the planner's first ones first", () => {
    const names = metricsOf([scenario("a", { zeta: 1, oee: 0.5, on_time_delivery: 1 })]).map((item) => item.id);
    expect(names).toEqual(["on_time_delivery", "operations_moved", "machine_changes", "operator_changes", "operations_reassigned", "oee", "zeta"]);
  });
  it("take a value from the simulation, the difference or the objectives", () => {
    const item = { ...scenario("a", { oee: 0.5 }, 7), objectives: { imbalance_s: 60 } };
    expect(["oee", "operations_moved", "imbalance_s"].map((id) => valueOf(item, id))).toEqual([0.5, 7, 60]);
    expect(valueOf(item, "nothing")).toBeNaN();
  });
});

describe("standing", () => {
  const late = metric("late_orders");
  const all = [scenario("keep", { late_orders: 90 }), scenario("s01", { late_orders: 2 }), scenario("s02", { late_orders: 10 })];
  it("runs from best to worst of the alternatives; references beyond stand at the end", () => {
    const range = rangeOf(all, late);
    expect(range).toEqual({ best: 2, worst: 10 });
    expect(all.map((item) => standing(valueOf(item, "late_orders"), range))).toEqual([1, 0, 1]);
  });
  it("is one half where all are the same, and turned for what should be more", () => {
    expect(standing(5, { best: 5, worst: 5 })).toBe(0.5);
    expect(standing(0.9, { best: 1, worst: 0.5 })).toBeCloseTo(0.2);
  });
});

describe("order of the matrix", () => {
  const all = [
    scenario("s02", { oee: 0.5 }, 0, 2),
    scenario("push-right", { oee: 0.9 }, 0, 4),
    scenario("s01", { oee: 0.7 }, 0, 1),
    scenario("keep", { oee: 0.1 }, 0, 3),
  ];
  it("has the references first, whatever it is sorted by", () => {
    expect(arrange(all, "rank", false).map((item) => item.id)).toEqual(["keep", "push-right", "s01", "s02"]);
    expect(arrange(all, "oee", false).map((item) => item.id)).toEqual(["keep", "push-right", "s02", "s01"]);
    expect(arrange(all, "oee", true).map((item) => item.id)).toEqual(["keep", "push-right", "s01", "s02"]);
  });
});

describe("Pareto front", () => {
  it("is what no other beats on both, as a plain comparison of all pairs finds", () => {
    const random = chance(9);
    const x = metric("late_orders");
    const y = metric("oee");
    for (let round = 0; round < 50; round++) {
      const all = Array.from({ length: 30 }, (_, at) =>
        scenario(`s${at}`, { late_orders: Math.floor(random() * 8), oee: Math.floor(random() * 8) / 10 }),
      );
      const beats = (a: (typeof all)[number], b: (typeof all)[number]): boolean => {
        const better = [valueOf(a, x.id) <= valueOf(b, x.id), valueOf(a, y.id) >= valueOf(b, y.id)];
        return better[0]! && better[1]! && (valueOf(a, x.id) < valueOf(b, x.id) || valueOf(a, y.id) > valueOf(b, y.id));
      };
      const spot = (item: (typeof all)[number]): string => `${valueOf(item, x.id)} ${valueOf(item, y.id)}`;
      const wanted = new Set(all.filter((item) => !all.some((other) => beats(other, item))).map(spot));
      expect(new Set(paretoFront(all, x, y).map(spot))).toEqual(wanted);
    }
  });
});

describe("limits", () => {
  const all = [0, 1, 2, 3, 4].map((value) => scenario(`s${value}`, { late_orders: value }));
  const ranges = new Map([["late_orders", rangeOf(all, metric("late_orders"))]]);
  it("let through what lies within, ends included", () => {
    const limits = brushed({}, "late_orders", 0.75, 0.25);
    expect(all.filter((item) => passes(item, limits, ranges)).map((item) => item.id)).toEqual(["s1", "s2", "s3"]);
  });
  it("are lifted when they let everything through, and ignored for an axis that is not there", () => {
    expect(brushed({ late_orders: [0, 0.5] }, "late_orders", 0, 1)).toEqual({});
    expect(all.every((item) => passes(item, { gone: [0, 0.1] }, ranges))).toBe(true);
  });
});
