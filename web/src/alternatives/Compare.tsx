/** One alternative against the plan in force: the board with its ghost, and every consequence in words. */

import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { api } from "../api/client";
import type { Proposal, Scenario } from "../api/types";
import { Board } from "../board/Board";
import { pinBar } from "../board/words";
import { Index } from "../board/layout";
import { to } from "../route";
import { bars, operations, orders, partOf, personName, pinning, pins, plant, planVersion, when } from "../store";
import { duration, shift } from "../time";
import { Empty, Grid, Link, Pending, Tabs, useLoad } from "../ui";
import { NoticeList, StagingList } from "../views/lists";
import { AdjustDialog } from "./Adjust";
import { ApproveDialog } from "./Approve";
import { diffBars, movedOperations, orderChanges, peopleChanges, type Moved } from "./diff";
import { isReference, metricsOf, valueOf } from "./metrics";
import { scenarioName } from "./bench";
import { Head, Verdict } from "./ProposalView";

const LEGEND = [
  ["same", "unchanged"],
  ["earlier", "earlier"],
  ["later", "later"],
  ["moved", "other machine"],
  ["ghost", "plan in force"],
] as const;

export function Compare({ id, scenario }: { id: string; scenario: string }) {
  const proposal = useLoad(() => api.proposal(id), [id]);
  const chosen = useLoad(() => api.scenario(id, scenario), [id, scenario]);
  if (!proposal.data || !chosen.data) {
    return (
      <div class="page">
        <p>
          <a href={to.proposal(id)}>All alternatives</a>
        </p>
        <Pending loaded={proposal.error ? proposal : chosen} />
      </div>
    );
  }
  return <Loaded proposal={proposal.data} scenario={chosen.data} />;
}

function Loaded({ proposal, scenario }: { proposal: Proposal; scenario: Scenario }) {
  const selected = useSignal("");
  const tab = useSignal("reason");
  const approving = useSignal(false);
  const adjusting = useSignal(false);
  // The plan the scenario departs from is on the board only while it is in force.
  const inForce = planVersion.value === proposal.plan_version || !planVersion.value;
  const keep = useLoad(
    () => (inForce ? Promise.resolve(null) : api.scenario(proposal.id, "keep")),
    [proposal.id, inForce],
  );
  const base = useMemo(
    () => (inForce ? [...operations.value.values()] : (keep.data?.operations ?? [])),
    [inForce, operations.value, keep.data],
  );
  const moved = useMemo(() => movedOperations(base, scenario.operations), [base, scenario]);
  const index = useMemo(() => new Index(diffBars(scenario.operations, moved)), [scenario, moved]);
  const ghosts = useMemo(() => {
    const changed = new Set(moved.filter((item) => item.kind !== "new").map((item) => item.job));
    const before = inForce ? [...bars.value.byKey.values()] : diffBars(keep.data?.operations ?? [], []);
    return new Index(before.filter((bar) => changed.has(bar.key)));
  }, [moved]);
  const effects = orderChanges(scenario.orders);
  const people = peopleChanges(moved);
  const staging = scenario.staging.filter((move) => move.change !== "same");
  const show = (job: string): void => {
    selected.value = job;
  };
  const chosen = index.byKey.get(selected.value);
  const canDecide = proposal.status === "open";
  return (
    <div class="compare">
      <Head proposal={proposal}>
        <a class="button" href={to.proposal(proposal.id)}>
          All alternatives
        </a>
        {chosen?.movable && !pins.value.now.some((pin) => pin.job === chosen.key) && (
          <button
            onClick={() => pinBar(chosen, chosen.machine, null)}
            title="Keep this assignment in every regenerated alternative"
          >
            Pin {chosen.key} to {chosen.machine}
          </button>
        )}
        {(canDecide || pins.value.now.length > 0) && (
          <button onClick={() => (adjusting.value = true)}>
            Adjust and regenerate{pins.value.now.length > 0 && ` (${pins.value.now.length} pinned)`}
          </button>
        )}
        {canDecide && (
          <button class="primary" onClick={() => (approving.value = true)}>
            Approve {scenarioName(scenario.id)}
          </button>
        )}
      </Head>
      <Strip proposal={proposal} scenario={scenario} />
      <div class="compare-body">
        <Board
          name={`${scenarioName(scenario.id)} over the plan in force`}
          index={index}
          ghosts={ghosts}
          editable
          selected={selected}
          legend={LEGEND}
        >
          <h2>{scenarioName(scenario.id)}</h2>
          {scenario.label && !isReference(scenario) && <span class="chip">{scenario.label}</span>}
          {!inForce && <span class="muted small">against the plan it was made for, version {proposal.plan_version}</span>}
        </Board>
        <Tabs
          label="What changes"
          chosen={tab.value}
          choose={(next) => (tab.value = next)}
          tabs={[
            { id: "reason", label: "Why" },
            { id: "moved", label: "Jobs", count: moved.length },
            { id: "orders", label: "Orders", count: effects.length },
            { id: "people", label: "People", count: people.length },
            { id: "materials", label: "Materials", count: staging.length },
            { id: "downstream", label: "Downstream", count: scenario.changes.length },
            { id: "instructions", label: "Instructions", count: scenario.instructions.length },
          ]}
        >
          {tab.value === "reason" && <Why scenario={scenario} />}
          {tab.value === "moved" && <MovedList moved={moved} show={show} selected={selected.value} />}
          {tab.value === "orders" && <Orders scenario={scenario} show={show} index={index} />}
          {tab.value === "people" && (
            <>
              <People moved={moved} show={show} />
              <h3>What they are told</h3>
              <NoticeList notices={scenario.notices} />
            </>
          )}
          {tab.value === "materials" && <StagingList moves={scenario.staging} />}
          {tab.value === "downstream" && <Downstream scenario={scenario} />}
          {tab.value === "instructions" && <Instructions scenario={scenario} show={show} />}
        </Tabs>
      </div>
      {adjusting.value && <AdjustDialog id={proposal.id} close={() => (adjusting.value = false)} />}
      {approving.value && (
        <ApproveDialog proposal={proposal} scenario={scenario.id} close={() => (approving.value = false)} />
      )}
    </div>
  );
}

/** The main figures against keeping the plan. */
function Strip({ proposal, scenario }: { proposal: Proposal; scenario: Scenario }) {
  const keep = proposal.scenarios.find((item) => item.id === "keep");
  return (
    <dl class="strip">
      {metricsOf(proposal.scenarios)
        .slice(0, 10)
        .map((metric) => {
          const value = valueOf(scenario, metric.id);
          const before = keep ? valueOf(keep, metric.id) : NaN;
          const gain = metric.better === "less" ? before - value : value - before;
          const kpi = scenario.kpis[metric.id];
          return (
            <div key={metric.id}>
              <dt title={metric.label}>{metric.short}</dt>
              <dd>
                <b class="num">{metric.show(value)}</b>
                {kpi && keep && scenario.id !== "keep" && (
                  <span class={gain > 0 ? "good" : gain < 0 ? "bad" : "muted"}> kept {metric.show(before)}</span>
                )}
                {kpi && (
                  <small class="muted">
                    {metric.show(kpi.p05)} – {metric.show(kpi.p95)}
                  </small>
                )}
              </dd>
            </div>
          );
        })}
    </dl>
  );
}

function Why({ scenario }: { scenario: Scenario }) {
  const { difference } = scenario;
  return (
    <div class="prose">
      <p class="reason">{scenario.reason}</p>
      <p>
        {difference.jobs.length} job orders change: {difference.operations_moved} move in time or place,{" "}
        {difference.machine_changes} of them to another machine; {difference.operations_reassigned} only change person;{" "}
        {difference.operations_shifted} shift a little{difference.operations_new > 0 && `; ${difference.operations_new} are new`}.{" "}
        {duration(difference.minutes_moved * 60_000)} of shifts in all.
      </p>
      <h3>Proof in simulation</h3>
      <Verdict scenario={scenario} />
      <h3>Where it comes from</h3>
      <dl class="provenance">
        {Object.entries(scenario.provenance).map(([name, value]) => (
          <div key={name}>
            <dt>{name.replaceAll("_", " ")}</dt>
            <dd>{typeof value === "object" ? JSON.stringify(value) : String(value)}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

function MovedList({ moved, show, selected }: { moved: readonly Moved[]; show: (job: string) => void; selected: string }) {
  if (!moved.length) return <Empty>Nothing moves: this is the plan in force.</Empty>;
  return (
    <Grid
      rows={moved}
      id={(item) => item.job}
      chosen={selected}
      columns={[
        ["Operation", (item) => <Link text={item.job} go={() => show(item.job)} />],
        [
          "Machine",
          (item) =>
            item.fromMachine && item.fromMachine !== item.toMachine ? (
              <b>
                {item.fromMachine} → {item.toMachine}
              </b>
            ) : (
              item.toMachine
            ),
        ],
        ["Now begins", (item) => when(item.after), "when"],
        [
          "Shift",
          (item) => (item.kind === "new" ? "new" : shift(item.after - item.before)),
          (item) => `when ${item.after > item.before ? "bad" : item.after < item.before ? "good" : ""}`,
        ],
        [
          "Pin",
          (item) => (
            <button
              class="small"
              aria-label={`Pin ${item.job} to ${item.toMachine}`}
              disabled={pins.value.now.some((pin) => pin.job === item.job)}
              onClick={() =>
                pinning.add({ job: item.job, machine: item.toMachine, from: item.fromMachine, notBefore: null })
              }
            >
              Pin
            </button>
          ),
        ],
      ]}
    />
  );
}

function Orders({ scenario, show, index }: { scenario: Scenario; show: (job: string) => void; index: Index }) {
  const changes = orderChanges(scenario.orders);
  if (!changes.length) return <Empty>Every order is done when it would be done anyway.</Empty>;
  const won = changes.filter((item) => item.becomes === "on time").length;
  const lost = changes.filter((item) => item.becomes === "late").length;
  return (
    <>
      <p>
        <b class="good">{won} won</b> (on time instead of late), <b class={lost ? "bad" : ""}>{lost} lost</b> (late instead
        of on time), against keeping the plan.
      </p>
      <Grid
        rows={changes}
        id={(item) => item.effect.order}
        tone={(item) => (item.becomes === "on time" ? "won" : item.becomes === "late" ? "lost" : "")}
        columns={[
          [
            "Order",
            ({ effect }) => (
              <>
                <Link text={effect.order} go={() => show(index.byOrder.get(effect.order)?.at(-1)?.key ?? "")} />{" "}
                <span class="muted">{orders.value.get(effect.order)?.customer || partOf(effect.order)}</span>
              </>
            ),
          ],
          ["Due", ({ effect }) => when(effect.due), "when"],
          ["Done", ({ effect }) => when(effect.completion), "when"],
          [
            "Against keep",
            ({ gain, becomes }) => (
              <>
                {duration(Math.abs(gain))} {gain > 0 ? "earlier" : "later"}
                {becomes && <b>, {becomes}</b>}
              </>
            ),
            ({ gain }) => (gain > 0 ? "good" : "bad"),
          ],
          ["Risk late", ({ effect }) => `${Math.round(effect.p_late * 100)} %`, "num"],
        ]}
      />
    </>
  );
}

function People({ moved, show }: { moved: readonly Moved[]; show: (job: string) => void }) {
  const people = peopleChanges(moved);
  if (!people.length) return <Empty>Nobody has to do anything differently.</Empty>;
  const jobs = (list: readonly string[]) =>
    list.map((job, place) => (
      <>
        {place > 0 && ", "}
        <Link text={job} go={() => show(job)} />
      </>
    ));
  return (
    <ul class="plain lines">
      {people.map((person) => (
        <li key={person.operator}>
          <b>{personName(person.operator)}</b>
          {person.gained.length > 0 && <p>takes over {jobs(person.gained)}</p>}
          {person.lost.length > 0 && <p>gives away {jobs(person.lost)}</p>}
          {person.retimed.length > 0 && (
            <p class="muted">
              {person.retimed.length} job{person.retimed.length > 1 ? "s" : ""} at another time
            </p>
          )}
        </li>
      ))}
    </ul>
  );
}

function Downstream({ scenario }: { scenario: Scenario }) {
  const names = new Map((plant.value?.work_centers ?? []).map((center) => [center.id, center.name]));
  if (!scenario.changes.length) return <Empty>No work center starts, receives or runs anything differently.</Empty>;
  return (
    <ul class="plain lines">
      {scenario.changes.map((change) => (
        <li key={change.work_center}>
          <p class="row spread">
            <b>{names.get(change.work_center) ?? change.work_center}</b>
            <span class="muted">{change.operations} operations change</span>
          </p>
          <p>
            First start {when(change.first_start_before)} → <b>{when(change.first_start_after)}</b>, on average{" "}
            <b class={change.mean_shift_s > 0 ? "bad" : "good"}>{shift(change.mean_shift_s * 1000)}</b>. Set point{" "}
            {change.units_per_h_before.toFixed(1)} → <b>{change.units_per_h_after.toFixed(1)} pcs/h</b> over the next 24 h.
          </p>
          {change.releases.length > 0 && (
            <details>
              <summary>{change.releases.length} releases</summary>
              <ul class="plain columns">
                {change.releases.map((release) => (
                  <li key={release.order}>
                    {release.order} {when(release.before)} → <b>{when(release.after)}</b>
                  </li>
                ))}
              </ul>
            </details>
          )}
        </li>
      ))}
    </ul>
  );
}

function Instructions({ scenario, show }: { scenario: Scenario; show: (job: string) => void }) {
  if (!scenario.instructions.length) return <Empty>No work instruction changes.</Empty>;
  return (
    <ul class="plain lines">
      {scenario.instructions.map((item) => (
        <li key={item.job_order}>
          <p class="row spread">
            <span>
              <Link text={item.job_order} go={() => show(item.job_order)} />{" "}
              on {item.machine} · {personName(item.operator)}
            </span>
            <span class="chip">{item.change}</span>
          </p>
          <p>{item.text}</p>
        </li>
      ))}
    </ul>
  );
}
