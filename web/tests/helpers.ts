import type { ScenarioSummary } from "../src/api/types";
import type { Bar } from "../src/board/layout";

export const T0 = Date.UTC(2026, 2, 10, 6);
export const MIN = 60_000;

/** A bar from minutes after T0. */
export function bar(key: string, machine: string, setup: number, end: number, more: Partial<Bar> = {}): Bar {
  const [order = "", operation = ""] = key.split("/");
  return {
    key,
    order,
    operation,
    machine,
    operator: "",
    setup: T0 + setup * MIN,
    start: T0 + setup * MIN,
    end: T0 + end * MIN,
    kind: "planned",
    movable: true,
    ...more,
  };
}

/** A scenario with given figures, simulated exactly. */
export function scenario(id: string, figures: Record<string, number>, moved = 0, rank = 1): ScenarioSummary {
  return {
    id,
    origin: "test",
    label: "",
    objectives: {},
    kpis: Object.fromEntries(
      Object.entries(figures).map(([name, value]) => [name, { median: value, p05: value, p95: value }]),
    ),
    verdict: { advances: true, level: "screened", rank, replications: 20, gates: [], worst_replication: 0 },
    difference: {
      operations_moved: moved,
      operations_reassigned: 0,
      operations_shifted: 0,
      operations_new: 0,
      machine_changes: 0,
      operator_changes: 0,
      minutes_moved: 0,
      jobs: [],
    },
    reason: "",
  };
}

/** A small repeatable source of chance. */
export function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
