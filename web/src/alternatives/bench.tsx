/** What the views of a proposal share: the alternatives under comparison, their names, and who signs. */

import { type Signal, signal } from "@preact/signals";
import type { ScenarioSummary } from "../api/types";
import { Empty } from "../ui";
import type { Brushes, Metric, Range } from "./metrics";

export interface Bench {
  readonly scenarios: readonly ScenarioSummary[];
  readonly metrics: readonly Metric[];
  readonly ranges: ReadonlyMap<string, Range>;
  readonly passing: ReadonlySet<string>;
  readonly chosen: Signal<string>;
  readonly hovered: Signal<string>;
  readonly brushes: Signal<Brushes>;
}

const NAMES: Record<string, string> = { keep: "Keep the plan", "push-right": "Push everything right" };

export const scenarioName = (id: string): string => NAMES[id] ?? id;

export function NoScenarios() {
  return <Empty>No alternative passes these limits. Loosen one of them, or clear them all.</Empty>;
}

/** The name approvals are signed with, kept for the next time. */
export const planner = signal(localStorage.getItem("planner") ?? "");
export function signAs(name: string): void {
  planner.value = name;
  localStorage.setItem("planner", name);
}
