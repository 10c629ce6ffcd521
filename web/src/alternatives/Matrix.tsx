/** Rows are alternatives, columns are figures, coloured from the best of a column to its worst. */

import { useSignal } from "@preact/signals";
import type { ScenarioSummary } from "../api/types";
import { to } from "../route";
import { arrange, isReference, standing, valueOf, type Metric, type Range } from "./metrics";
import { NoScenarios, scenarioName, type Bench } from "./bench";

export function Matrix({ bench, proposal }: { bench: Bench; proposal: string }) {
  const by = useSignal("rank");
  const descending = useSignal(false);
  const sort = (id: string, best: boolean): void => {
    if (by.value === id) descending.value = !descending.value;
    else {
      by.value = id;
      descending.value = best;
    }
  };
  const sorted = arrange(bench.scenarios, by.value, descending.value);
  const shown = sorted.filter(
    (item) => bench.passing.has(item.id) || isReference(item),
  );
  const limits = Object.keys(bench.brushes.value).length;
  const ariaSort = (id: string): "ascending" | "descending" | undefined =>
    by.value === id ? (descending.value ? "descending" : "ascending") : undefined;
  return (
    <section class="card matrix" aria-label="All alternatives">
      <header class="row spread">
        <h2>
          {bench.passing.size === bench.scenarios.length
            ? `${bench.scenarios.length} alternatives`
            : `${bench.passing.size} of ${bench.scenarios.length} alternatives`}
        </h2>
        <span class="row muted small">
          {limits > 0 && (
            <button class="small" onClick={() => (bench.brushes.value = {})}>
              Clear {limits} limit{limits > 1 ? "s" : ""}
            </button>
          )}
          <span class="scale" aria-hidden="true">
            best <i /> worst
          </span>
          median, 90 % interval
        </span>
      </header>
      <div class="scroll" tabIndex={0} role="region" aria-label="Matrix of alternatives">
        <table>
          <thead>
            <tr>
              <th scope="col" class="first" aria-sort={ariaSort("rank")}>
                <button onClick={() => sort("rank", false)}>
                  Alternative
                </button>
              </th>
              <th scope="col">Proof</th>
              {bench.metrics.map((metric) => (
                <th key={metric.id} scope="col" class="num" title={metric.label} aria-sort={ariaSort(metric.id)}>
                  <button
                    aria-label={`Sort by ${metric.label}`}
                    onClick={() => sort(metric.id, metric.better === "more")}
                  >
                    {metric.short}
                  </button>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map((scenario) => (
              <Row key={scenario.id} scenario={scenario} bench={bench} proposal={proposal} />
            ))}
          </tbody>
        </table>
        {!shown.some((item) => bench.passing.has(item.id)) && <NoScenarios />}
      </div>
    </section>
  );
}

function Row({ scenario, bench, proposal }: { scenario: ScenarioSummary; bench: Bench; proposal: string }) {
  const reference = isReference(scenario);
  const failed = scenario.verdict.gates.filter((gate) => !gate.passed);
  const proof = (failed.length ? failed : scenario.verdict.gates).map((gate) => gate.text).join("; ");
  const [stopped] = failed.filter((gate) => gate.decisive);
  const tone = stopped ? "bad" : failed.length ? "warn" : "good";
  return (
    <tr
      class={`${reference ? "reference" : ""} ${bench.passing.has(scenario.id) ? "" : "out"}`}
      aria-selected={bench.chosen.value === scenario.id}
      data-hovered={bench.hovered.value === scenario.id || undefined}
      onMouseEnter={() => (bench.hovered.value = scenario.id)}
      onMouseLeave={() => (bench.hovered.value = "")}
      onClick={() => (bench.chosen.value = scenario.id)}
      onDblClick={() => (location.hash = to.compare(proposal, scenario.id))}
    >
      <th scope="row" class="first">
        <button
          class="link"
          aria-pressed={bench.chosen.value === scenario.id}
          onClick={() => (bench.chosen.value = scenario.id)}
        >
          {scenarioName(scenario.id)}
        </button>
        {scenario.label && !reference && <span class="chip">{scenario.label}</span>}
      </th>
      <td class={`proof ${tone}`} title={proof}>
        <span aria-label={stopped ? "does not advance" : "advances"}>{stopped ? "✕" : failed.length ? "!" : "✓"}</span>{" "}
        <span class="clip">{stopped ? stopped.text : scenario.verdict.level}</span>
      </td>
      {bench.metrics.map((metric) => (
        <Cell key={metric.id} scenario={scenario} metric={metric} range={bench.ranges.get(metric.id)!} />
      ))}
    </tr>
  );
}

function Cell({ scenario, metric, range }: { scenario: ScenarioSummary; metric: Metric; range: Range }) {
  const value = valueOf(scenario, metric.id);
  if (Number.isNaN(value)) return <td class="num muted">–</td>;
  const kpi = scenario.kpis[metric.id];
  return (
    <td class="num" style={heat(standing(value, range), range)}>
      {metric.show(value)}
      {kpi && (
        <small>
          {metric.show(kpi.p05)} – {metric.show(kpi.p95)}
        </small>
      )}
    </td>
  );
}

/** Teal towards the best, rust towards the worst, nothing in the middle or where all are the same. */
function heat(at: number, range: Range): Record<string, string> {
  if (range.best === range.worst) return {};
  const share = Math.abs(at - 0.5) * 2;
  const tone = at < 0.5 ? "--heat-good" : "--heat-bad";
  return { background: `color-mix(in oklab, var(${tone}) ${Math.round(share ** 1.3 * 100)}%, transparent)` };
}
