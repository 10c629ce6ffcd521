/** The figures alternatives are compared by: what they are called, how they read, which way is better. No DOM. */

import type { ScenarioSummary } from "../api/types";
import { duration } from "../time";

export interface Metric {
  readonly id: string;
  readonly label: string;
  readonly short: string;
  readonly better: "more" | "less";
  readonly show: (value: number) => string;
}

const percent = (value: number): string => `${(value * 100).toFixed(value > 0.995 || value < 0.005 ? 0 : 1)} %`;
const seconds = (value: number): string => (value === 0 ? "0" : duration(value * 1000));
const hours = (value: number): string => {
  const size = value / 3600;
  return `${Math.abs(size) < 10 ? size.toFixed(1) : Math.round(size).toLocaleString("en")} h`;
};
const count = (value: number): string => (Number.isInteger(value) ? value.toLocaleString("en") : value.toFixed(1));

const row = (
  id: string,
  label: string,
  short: string,
  better: Metric["better"],
  show: Metric["show"],
): [string, Metric] => [id, { id, label, short, better, show }];

const KNOWN = new Map<string, Metric>([
  row("on_time_delivery", "On-time delivery", "On time", "more", percent),
  row("late_orders", "Late orders", "Late orders", "less", count),
  row("weighted_tardiness_s", "Weighted tardiness", "Tardiness", "less", hours),
  row("operations_moved", "Operations moved", "Moved", "less", count),
  row("machine_changes", "Machine changes", "Machines", "less", count),
  row("operator_changes", "Operator changes", "People", "less", count),
  row("operations_reassigned", "Only the person changes", "Person only", "less", count),
  row("makespan_s", "Last order done in", "All done in", "less", seconds),
  row("throughput_orders", "Orders finished in the horizon", "Throughput", "more", count),
  row("changeovers", "Changeovers", "Changeovers", "less", count),
  row("setup_s", "Changeover time", "Setup time", "less", hours),
  row("mean_wip", "Work in progress (orders)", "WIP", "less", count),
  row("oee", "Overall equipment effectiveness", "OEE", "more", percent),
  row("availability", "Availability", "Availability", "more", percent),
  row("effectiveness", "Effectiveness", "Effectiveness", "more", percent),
  row("quality_ratio", "Quality ratio", "Quality", "more", percent),
  row("mean_flow_s", "Mean flow time", "Flow time", "less", seconds),
  row("imbalance_s", "Workload imbalance", "Imbalance", "less", hours),
  row("moved_operations", "Operations moved", "Moved", "less", count),
  row("throughput_units", "Pieces finished in the horizon", "Pieces", "more", count),
  row("bottleneck_share", "Time at the bottleneck", "Bottleneck", "less", percent),
  row("mean_end_s", "Mean end of operations, from approval", "Mean end", "less", seconds),
  row("last_end_s", "Last end of operations, from approval", "Last end", "less", seconds),
]);

const ORDER = [...KNOWN.keys()];
const DIFFERENCE = ["operations_moved", "machine_changes", "operator_changes", "operations_reassigned"] as const;

/** The metric of a name; a name the page has never seen is shown with what the name itself tells. */
export function metric(id: string): Metric {
  const found = KNOWN.get(id);
  if (found) return found;
  const isTime = /_s$/.test(id);
  const words = id.replace(/_(s|h|min)$/, "").replaceAll("_", " ");
  const label = words.charAt(0).toUpperCase() + words.slice(1);
  const less = isTime || /late|tard|scrap|rework|wip|wait|down|delay|unfinished|change|cost/.test(id);
  return { id, label, short: label, better: less ? "less" : "more", show: isTime ? seconds : plain };
}

function plain(value: number): string {
  return Math.abs(value) < 100 ? String(Number(value.toFixed(2))) : count(Math.round(value));
}

/** The value of a metric in a scenario: a simulated median, or how much the plan changes. */
export function valueOf(scenario: ScenarioSummary, id: string): number {
  const kpi = scenario.kpis[id];
  if (kpi) return kpi.median;
  if ((DIFFERENCE as readonly string[]).includes(id)) {
    return scenario.difference[id as (typeof DIFFERENCE)[number]];
  }
  return scenario.objectives[id] ?? NaN;
}

/** Every metric the scenarios have, the ones a planner looks at first to the left. */
export function metricsOf(scenarios: readonly ScenarioSummary[]): Metric[] {
  const names = new Set<string>(DIFFERENCE);
  for (const scenario of scenarios) for (const name of Object.keys(scenario.kpis)) names.add(name);
  const place = (id: string): number => (ORDER.includes(id) ? ORDER.indexOf(id) : ORDER.length);
  return [...names].sort((a, b) => place(a) - place(b) || a.localeCompare(b)).map(metric);
}

export interface Range {
  readonly best: number;
  readonly worst: number;
}

/** Whether a scenario is one of the two every other is compared with. */
export const isReference = (scenario: ScenarioSummary): boolean =>
  scenario.id === "keep" || scenario.id === "push-right";

/** Best and worst among the alternatives; the two references, often far off, only count where nothing else is. */
export function rangeOf(all: readonly ScenarioSummary[], wanted: Metric): Range {
  const alternatives = all.filter((scenario) => !isReference(scenario));
  const scenarios = alternatives.length > 1 ? alternatives : all;
  let low = Infinity;
  let high = -Infinity;
  for (const scenario of scenarios) {
    const value = valueOf(scenario, wanted.id);
    if (Number.isNaN(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return wanted.better === "less" ? { best: low, worst: high } : { best: high, worst: low };
}

/** 0 at the best of the column, 1 at the worst; one half where all are the same. */
export function standing(value: number, range: Range): number {
  if (range.best === range.worst || Number.isNaN(value)) return 0.5;
  return Math.min(1, Math.max(0, (value - range.best) / (range.worst - range.best)));
}

/** The two references first, then the rest as sorted. */
export function arrange(
  scenarios: readonly ScenarioSummary[],
  by: string,
  descending: boolean,
): ScenarioSummary[] {
  const first = ["keep", "push-right"].flatMap((id) => scenarios.filter((scenario) => scenario.id === id));
  const rest = scenarios.filter((scenario) => !isReference(scenario));
  const key = (scenario: ScenarioSummary): number =>
    by === "rank" ? scenario.verdict.rank : valueOf(scenario, by);
  const sign = descending ? -1 : 1;
  rest.sort((a, b) => sign * (key(a) - key(b)) || a.verdict.rank - b.verdict.rank);
  return [...first, ...rest];
}

/** The scenarios no other beats on both metrics, from best to worst on the first. */
export function paretoFront(scenarios: readonly ScenarioSummary[], x: Metric, y: Metric): ScenarioSummary[] {
  const cost = (scenario: ScenarioSummary, by: Metric): number =>
    by.better === "less" ? valueOf(scenario, by.id) : -valueOf(scenario, by.id);
  const sorted = [...scenarios].sort((a, b) => cost(a, x) - cost(b, x) || cost(a, y) - cost(b, y));
  const front: ScenarioSummary[] = [];
  let best = Infinity;
  for (const scenario of sorted) {
    if (cost(scenario, y) < best) {
      front.push(scenario);
      best = cost(scenario, y);
    }
  }
  return front;
}

/** On each axis the span of standings (0 best … 1 worst) that is let through. */
export type Brushes = Readonly<Record<string, readonly [number, number]>>;

export function passes(
  scenario: ScenarioSummary,
  brushes: Brushes,
  ranges: ReadonlyMap<string, Range>,
): boolean {
  for (const [id, [from, to]] of Object.entries(brushes)) {
    const range = ranges.get(id);
    if (!range) continue;
    const at = standing(valueOf(scenario, id), range);
    if (at < from - 1e-9 || at > to + 1e-9) return false;
  }
  return true;
}

/** A brush set, or lifted when it lets everything through. */
export function brushed(brushes: Brushes, id: string, from: number, to: number): Brushes {
  const { [id]: _, ...others } = brushes;
  const low = Math.max(0, Math.min(from, to));
  const high = Math.min(1, Math.max(from, to));
  return low <= 0 && high >= 1 ? others : { ...others, [id]: [low, high] };
}
