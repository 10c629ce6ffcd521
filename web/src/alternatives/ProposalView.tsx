/** One proposal: three picks, the matrix of every alternative, the trade-offs, and what to do next. */

import { type Signal, signal, useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import { api } from "../api/client";
import type { Proposal, ScenarioSummary } from "../api/types";
import { to } from "../route";
import { attempt, loadDecisions, progress, proposals, say, when } from "../store";
import { Failure, Grid, Pending, useLoad } from "../ui";
import { Generating } from "../views/Disruptions";
import { AdjustDialog } from "./Adjust";
import { ApproveDialog } from "./Approve";
import { planner, scenarioName, type Bench } from "./bench";
import { Matrix } from "./Matrix";
import { isReference, metricsOf, passes, rangeOf, valueOf, type Brushes, type Metric } from "./metrics";
import { Parallel } from "./Parallel";
import { Scatter } from "./Scatter";

/** What was looked at last in each proposal, so that going to the comparison and back loses nothing. */
const looks = new Map<string, { chosen: Signal<string>; brushes: Signal<Brushes> }>();

function lookOf(id: string): { chosen: Signal<string>; brushes: Signal<Brushes> } {
  let look = looks.get(id);
  if (!look) looks.set(id, (look = { chosen: signal(""), brushes: signal({}) }));
  return look;
}

export function ProposalView({ id }: { id: string }) {
  const listed = proposals.value.find((item) => item.id === id);
  const loaded = useLoad(() => api.proposal(id), [id, listed?.status, listed?.stale, progress.value.get(id)?.phase]);
  if (!loaded.data) {
    return (
      <div class="page">
        <Pending loaded={loaded} />
      </div>
    );
  }
  const proposal = loaded.data;
  if (!proposal.scenarios.length) {
    const busy = proposal.status === "generating";
    return (
      <div class="page">
        <h1>{proposal.title}</h1>
        <Lineage id={id} parent={proposal.parent} />
        {busy && <Generating id={id} />}
        {!busy && <Failure error={new Error(proposal.stale || "This proposal holds no alternatives any more.")} />}
        <Unplannable proposal={proposal} />
        <p>
          {busy
            ? "The alternatives appear here as soon as every one has been simulated."
            : "Maybe generate again from a newer disruption."}{" "}
          <a href={to.board}>To the board</a>
        </p>
      </div>
    );
  }
  return <Loaded proposal={proposal} />;
}

function Loaded({ proposal }: { proposal: Proposal }) {
  const { chosen, brushes } = lookOf(proposal.id);
  const hovered = useSignal("");
  const adjusting = useSignal(false);
  const approving = useSignal(false);
  const metrics = useMemo(() => metricsOf(proposal.scenarios), [proposal]);
  const ranges = useMemo(
    () => new Map(metrics.map((item) => [item.id, rangeOf(proposal.scenarios, item)])),
    [metrics],
  );
  const passing = useMemo(
    () => new Set(proposal.scenarios.filter((item) => passes(item, brushes.value, ranges)).map((item) => item.id)),
    [ranges, brushes.value],
  );
  useEffect(() => {
    if (chosen.value) return;
    const best = [...proposal.scenarios].sort((a, b) => a.verdict.rank - b.verdict.rank)[0];
    chosen.value = proposal.approved_scenario || best?.id || "";
  }, []);
  const bench: Bench = {
    scenarios: proposal.scenarios,
    metrics,
    ranges,
    passing,
    chosen,
    hovered,
    brushes,
  };
  const picked = proposal.scenarios.find((item) => item.id === chosen.value);
  const canDecide = proposal.status === "open";
  return (
    <div class="proposal">
      <Head proposal={proposal}>
        {canDecide && (
          <button onClick={() => void reject(proposal)}>
            Reject all
          </button>
        )}
        <button onClick={() => (adjusting.value = true)}>
          Adjust and regenerate
        </button>
        {picked && (
          <>
            <a class="button" href={to.compare(proposal.id, picked.id)}>
              Compare {scenarioName(picked.id)}
            </a>
            {canDecide && (
              <button class="primary" onClick={() => (approving.value = true)}>
                Approve {scenarioName(picked.id)}
              </button>
            )}
          </>
        )}
      </Head>
      <Picks bench={bench} />
      <div class="tradeoffs">
        <Matrix bench={bench} proposal={proposal.id} />
        <div class="side">
          <Scatter bench={bench} />
          {picked && <Detail scenario={picked} proposal={proposal} bench={bench} />}
        </div>
      </div>
      <Parallel bench={bench} />
      <Unplannable proposal={proposal} />
      {adjusting.value && <AdjustDialog id={proposal.id} close={() => (adjusting.value = false)} />}
      {approving.value && picked && (
        <ApproveDialog proposal={proposal} scenario={picked.id} close={() => (approving.value = false)} />
      )}
    </div>
  );
}

async function reject(proposal: Proposal): Promise<void> {
  const done = await attempt(async () => {
    await api.reject(proposal.id, planner.value || "planner", "");
    await loadDecisions();
    return true;
  });
  if (done) {
    say("Rejected: the plan in force stays as it is.");
    location.hash = to.board;
  }
}

export function Head({ proposal, children }: { proposal: Proposal; children?: ComponentChildren }) {
  const adjusting = useSignal(false);
  const tone = { open: "", approved: "good", rejected: "bad", superseded: "", generating: "" }[proposal.status];
  return (
    <header class="proposal-head">
      <div class="row spread">
        <div>
          <h1>{proposal.title}</h1>
          <p class="muted">
            <span class={`chip ${tone}`}>{proposal.status}</span> <b>{proposal.scenarios.length} alternatives</b>
            {proposal.seconds_to_scenarios > 0 && ` in ${proposal.seconds_to_scenarios.toFixed(1)} s`}, from plan{" "}
            {proposal.plan_version} as of {when(proposal.at)}
            <Lineage id={proposal.id} parent={proposal.parent} />
          </p>
        </div>
        <div class="row">{children}</div>
      </div>
      {proposal.stale && proposal.status === "open" && (
        <div class="failure row spread" role="alert">
          <span>
            <b>These alternatives are out of date.</b> {proposal.stale}
          </span>
          <button onClick={() => (adjusting.value = true)}>
            Regenerate from now
          </button>
        </div>
      )}
      {adjusting.value && <AdjustDialog id={proposal.id} close={() => (adjusting.value = false)} />}
    </header>
  );
}

/** Where a proposal came from and what came of it. */
function Lineage({ id, parent }: { id: string; parent: string }) {
  const known = new Map(proposals.value.map((item) => [item.id, item]));
  const before: string[] = [];
  for (let at = parent; at && before.length < 20; at = known.get(at)?.parent ?? "") before.unshift(at);
  const after = proposals.value.find((item) => item.parent === id);
  if (!before.length && !after) return null;
  return (
    <span class="lineage">
      {" · "}
      {before.map((item, place) => (
        <>
          <a href={to.proposal(item)}>{place === 0 ? "first alternatives" : `adjusted ${place}`}</a> →{" "}
        </>
      ))}
      <b>{before.length ? `adjusted ${before.length}` : "first alternatives"}</b>
      {after && (
        <>
          {" → "}
          <a href={to.proposal(after.id)}>regenerated</a>
        </>
      )}
    </span>
  );
}

const PICKS: readonly (readonly [string, string])[] = [
  ["least late", "Least late"],
  ["least change", "Least change"],
  ["most robust", "Most robust"],
];

/** The named picks beside the two references. */
function Picks({ bench }: { bench: Bench }) {
  const named = PICKS.flatMap(([label, title]) => {
    const found = bench.scenarios.find((item) => item.label === label);
    return found ? [{ title, scenario: found }] : [];
  });
  const references = ["keep", "push-right"].flatMap((id) => {
    const found = bench.scenarios.find((item) => item.id === id);
    const taken = named.some((item) => item.scenario.id === id);
    return found && !taken ? [{ title: scenarioName(id), scenario: found }] : [];
  });
  const shown = ["late_orders", "weighted_tardiness_s", "on_time_delivery", "operations_moved"]
    .flatMap((id) => bench.metrics.filter((item) => item.id === id))
    .slice(0, 4);
  return (
    <div class="picks" role="group" aria-label="Picks">
      {[...named, ...references].map(({ title, scenario }) => (
        <button
          key={scenario.id}
          class={`pick ${references.some((item) => item.scenario === scenario) ? "reference" : ""}`}
          aria-pressed={bench.chosen.value === scenario.id}
          onClick={() => (bench.chosen.value = scenario.id)}
        >
          <span class="row spread">
            <b>{title}</b>
            {title !== scenarioName(scenario.id) && <span class="muted">{scenarioName(scenario.id)}</span>}
          </span>
          <span class="figures">
            {shown.map((item) => (
              <span key={item.id}>
                <small>{item.short}</small>
                <b class="num">{item.show(valueOf(scenario, item.id))}</b>
              </span>
            ))}
          </span>
          <span class="clip-2 muted">{scenario.reason}</span>
        </button>
      ))}
    </div>
  );
}

/** What the twin says of the alternative in focus. */
function Detail({ scenario, proposal, bench }: { scenario: ScenarioSummary; proposal: Proposal; bench: Bench }) {
  const keep = bench.scenarios.find((item) => item.id === "keep");
  return (
    <section class="card" aria-label={`About ${scenarioName(scenario.id)}`}>
      <header class="row spread">
        <h2>
          {scenarioName(scenario.id)}
          {scenario.label && !isReference(scenario) && <span class="chip">{scenario.label}</span>}
        </h2>
        <a href={to.compare(proposal.id, scenario.id)}>Compare in detail</a>
      </header>
      <p>{scenario.reason}</p>
      <Verdict scenario={scenario} />
      {keep && keep !== scenario && <Against scenario={scenario} keep={keep} bench={bench} />}
    </section>
  );
}

export function Verdict({ scenario }: { scenario: ScenarioSummary }) {
  const { verdict } = scenario;
  return (
    <>
      <p class="muted small">
        {verdict.level === "certified" ? "Certified" : "Screened"} in {verdict.replications} simulated futures, rank{" "}
        {verdict.rank}. By {scenario.origin}.
      </p>
      <ul class="gates">
        {verdict.gates.map((gate) => {
          const [tone, said, sign] = gate.passed
            ? ["good", "passed", "✓"]
            : gate.decisive
              ? ["bad", "failed", "✕"]
              : ["warn", "a warning", "!"];
          return (
            <li key={gate.name} class={tone}>
              <b aria-label={said}>{sign}</b> <span>{gate.text}</span>
            </li>
          );
        })}
      </ul>
    </>
  );
}

function Against({ scenario, keep, bench }: { scenario: ScenarioSummary; keep: ScenarioSummary; bench: Bench }) {
  const shown = bench.metrics.filter((item) =>
    ["on_time_delivery", "late_orders", "weighted_tardiness_s", "makespan_s", "setup_s", "mean_wip"].includes(item.id),
  );
  const gain = (item: Metric): number =>
    (item.better === "less" ? 1 : -1) * (valueOf(keep, item.id) - valueOf(scenario, item.id));
  return (
    <Grid
      rows={shown}
      id={(item) => item.id}
      columns={[
        ["Simulated", (item) => item.label],
        ["if kept", (item) => item.show(valueOf(keep, item.id)), "num"],
        [
          "this",
          (item) => (
            <b class={gain(item) > 0 ? "good" : gain(item) < 0 ? "bad" : ""}>{item.show(valueOf(scenario, item.id))}</b>
          ),
          "num",
        ],
        [
          "90 %",
          (item) => {
            const kpi = scenario.kpis[item.id];
            return kpi && `${item.show(kpi.p05)} – ${item.show(kpi.p95)}`;
          },
          "num muted",
        ],
      ]}
    />
  );
}

export function Unplannable({ proposal }: { proposal: Proposal }) {
  if (!proposal.unplannable.length) return null;
  return (
    <section class="card" aria-label="What could not be planned">
      <h2 class="bad">{proposal.unplannable.length} operations could not be planned</h2>
      <ul class="plain lines">
        {proposal.unplannable.map((item) => (
          <li key={item.order + item.operation}>
            <b>
              {item.order}/{item.operation}
            </b>{" "}
            {item.why} <span class="muted">{item.remedy}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
