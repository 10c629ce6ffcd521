/** What was carried out: jobs written, notices read, material staged, and how it went against the prediction. */

import { useEffect, useRef } from "preact/hooks";
import { useSignal } from "@preact/signals";
import { metric } from "../alternatives/metrics";
import { api } from "../api/client";
import type { Dispatch, Kpi, NoticeSent, Outcome, StagingStatus } from "../api/types";
import { lineChart } from "../chart";
import { bars, dispatching, floorNews, plant, second, zone, when } from "../store";
import { Bar, Empty, Grid, Pending, Tabs, useLoad } from "../ui";
import { NoticeList, StagingList } from "./lists";

interface Floor {
  readonly dispatches: Dispatch[];
  readonly outcomes: Outcome[];
  readonly notices: NoticeSent[];
  readonly staging: StagingStatus[];
}

async function loadFloor(): Promise<Floor> {
  const [dispatches, outcomes, notices, staging] = await Promise.all([
    api.dispatches(),
    api.outcomes(),
    api.notices(),
    api.staging(),
  ]);
  return { dispatches, outcomes, notices, staging };
}

export function Outcomes() {
  const loaded = useLoad(loadFloor, [floorNews.value]);
  const version = useSignal(0);
  const tab = useSignal("jobs");
  if (!loaded.data) return <div class="page">{<Pending loaded={loaded} />}</div>;
  const { dispatches, outcomes, notices, staging } = loaded.data;
  const sorted = [...dispatches].sort((a, b) => b.plan_version - a.plan_version);
  const shown = sorted.find((item) => item.plan_version === version.value) ?? sorted[0];
  if (!shown) {
    return (
      <div class="page">
        <h1>Carried out</h1>
        <Empty>
          No plan has been approved yet. When one is, the job orders written to the plant, the notices, the staging moves and
          the result against the prediction appear here.
        </Empty>
      </div>
    );
  }
  const live = dispatching.value.get(shown.plan_version);
  const now = { ...shown, ...(live && live.acknowledged + live.failed > shown.acknowledged + shown.failed ? live : {}) };
  const outcome = outcomes.find((item) => item.plan_version === shown.plan_version);
  const read = notices.filter((notice) => notice.acknowledged).length;
  return (
    <div class="page fill">
      <div class="row spread">
        <h1>Carried out</h1>
        <label>
          Plan{" "}
          <select value={shown.plan_version} onChange={(event) => (version.value = Number(event.currentTarget.value))}>
            {sorted.map((item) => (
              <option key={item.plan_version} value={item.plan_version}>
                {item.plan_version} · {item.scenario} · {when(item.at)}
              </option>
            ))}
          </select>
        </label>
      </div>
      <div class="two">
        <section class="card" aria-label="To the plant">
          <header class="row spread">
            <h2>Plan {shown.plan_version} to the plant</h2>
            <span class="muted">
              {shown.scenario}, approved by {shown.approved_by} {when(shown.at)}
            </span>
          </header>
          <Bar
            fraction={now.total ? now.acknowledged / now.total : 1}
            failed={now.failed > 0}
            label="Job orders acknowledged by the plant"
          />
          <dl class="figures">
            <Figure value={now.total} label="job orders" />
            <Figure value={now.written} label="written" />
            <Figure value={now.acknowledged} label="acknowledged" />
            <Figure value={now.failed} label="failed" bad={now.failed > 0} />
            {now.waiting > 0 && <Figure value={now.waiting} label="waiting" />}
            <Figure value={`${read} / ${notices.length}`} label="notices read" />
            <Figure
              value={`${staging.filter((move) => move.status === "confirmed").length} / ${staging.length}`}
              label="moves confirmed"
            />
          </dl>
          <Tabs
            label="What went out"
            chosen={tab.value}
            choose={(id) => (tab.value = id)}
            tabs={[
              { id: "jobs", label: "Job orders", count: shown.total },
              { id: "notices", label: "Notices", count: notices.length },
              { id: "staging", label: "Staging", count: staging.length },
            ]}
          >
            {tab.value === "jobs" && now.waiting > 0 && now.waiting_for && (
              <p class="muted">
                {now.waiting} wait: {now.waiting_for}.
              </p>
            )}
            {tab.value === "jobs" && <Jobs jobs={shown.jobs} total={shown.total} />}
            {tab.value === "notices" && <NoticeList notices={notices} />}
            {tab.value === "staging" && <StagingList moves={staging} />}
          </Tabs>
        </section>
        <section class="card" aria-label="Outcome">
          <header class="row spread">
            <h2>Predicted against actual</h2>
            {outcome && (
              <span class={`chip ${outcome.final ? "good" : ""}`}>{outcome.final ? "final" : "so far"}</span>
            )}
          </header>
          {outcome ? <Result outcome={outcome} /> : <Empty>The first comparison is made when some jobs are done.</Empty>}
          <BurnUp />
        </section>
      </div>
    </div>
  );
}

function Figure({ value, label, bad = false }: { value: number | string; label: string; bad?: boolean }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd class={bad ? "bad" : ""}>{value}</dd>
    </div>
  );
}

function Jobs({ jobs, total }: { jobs: Dispatch["jobs"]; total: number }) {
  if (!jobs.length) {
    return <Empty>{total ? "The plant has not answered yet." : "This plan changed no job order."}</Empty>;
  }
  const order = { failed: 0, queued: 1, written: 2 } as Record<string, number>;
  return (
    <Grid
      rows={[...jobs].sort((a, b) => (order[a.state] ?? 3) - (order[b.state] ?? 3))}
      id={(job) => job.job_order + (job.kind ?? "")}
      columns={[
        ["Job order", (job) => job.job_order],
        jobs.some((job) => job.kind) && ["What", (job) => job.kind],
        [
          "State",
          (job) => (job.state === "done" ? "acknowledged" : job.state),
          (job) => (job.state === "failed" ? "bad" : ""),
        ],
        ["Detail", (job) => job.detail],
      ]}
    />
  );
}

function Result({ outcome }: { outcome: Outcome }) {
  const names = [...new Set([...Object.keys(outcome.predicted), ...Object.keys(outcome.actual)])];
  // So far is held against what the plan had by now; the simulated interval is of the whole plan.
  const predicted = (name: string): Kpi | undefined => {
    const value = (outcome.final && outcome.simulated?.[name]) || outcome.predicted[name];
    return typeof value === "number" ? { median: value, p05: value, p95: value } : value;
  };
  return (
    <>
      <Bar
        fraction={outcome.operations_total ? outcome.operations_done / outcome.operations_total : 0}
        label="Operations done"
      />
      <p class="muted small">
        {outcome.operations_done} of {outcome.operations_total} operations of this plan are done.
      </p>
      {names.length > 0 && (
        <Grid
          rows={names}
          id={(name) => name}
          columns={[
            ["Figure", (name) => metric(name).label],
            [outcome.final ? "Predicted" : "Predicted by now", (name) => (predicted(name) ? metric(name).show(predicted(name)!.median) : "–"), "num"],
            [
              "Actual",
              (name) => (name in outcome.actual ? <b>{metric(name).show(outcome.actual[name]!)}</b> : "–"),
              "num",
            ],
            outcome.final && [
              "Against the 90 % interval",
              (name) => predicted(name) && <Bullet predicted={predicted(name)!} actual={outcome.actual[name]} />,
            ],
          ]}
        />
      )}
    </>
  );
}

/** The interval as a band, the median as a line, what happened as a dot. */
function Bullet({ predicted, actual }: { predicted: Kpi; actual: number | undefined }) {
  const { median, p05, p95 } = predicted;
  if (p05 === p95) return null;
  const low = Math.min(p05, actual ?? p05);
  const span = Math.max(p95, actual ?? p95) - low;
  const x = (value: number): number => 6 + (108 * (value - low)) / span;
  const inside = actual !== undefined && actual >= p05 - 1e-9 && actual <= p95 + 1e-9;
  const tone = inside ? "good" : "bad";
  return (
    <>
      <svg class="bullet" viewBox="0 0 120 14" width="120" height="14" aria-hidden="true">
        <rect x={x(p05)} y="4" width={Math.max(2, x(p95) - x(p05))} height="6" rx="3" />
        <line x1={x(median)} x2={x(median)} y1="2" y2="12" />
        {actual !== undefined && <circle cx={x(actual)} cy="7" r="4" class={tone} />}
      </svg>{" "}
      {actual !== undefined && <span class={tone}>{inside ? "inside" : "outside"}</span>}
    </>
  );
}

/** Operations finished over plant time: as the plan in force has them, and as they were. */
function BurnUp() {
  const host = useRef<HTMLDivElement>(null);
  const chart = useRef<ReturnType<typeof lineChart> | undefined>(undefined);
  second.value;
  useEffect(() => {
    chart.current = lineChart(host.current!, {
      height: 170,
      zone: plant.value!.timezone,
      time: zone.value,
      series: [
        { label: "done", colour: "--b-running", fill: true },
        { label: "to come, as planned", colour: "--accent", dash: [5, 4] },
      ],
    });
    return () => chart.current?.dispose();
  }, []);
  useEffect(() => {
    const list = [...bars.value.byKey.values()].sort((a, b) => a.end - b.end);
    const x: number[] = [];
    const done: (number | null)[] = [];
    const planned: (number | null)[] = [];
    let count = 0;
    let finished = 0;
    for (const bar of list) {
      count++;
      const isDone = bar.kind === "done";
      if (isDone) finished = count;
      x.push(bar.end / 1000);
      done.push(isDone ? count : null);
      planned.push(isDone ? null : count);
    }
    if (finished && finished < planned.length) planned[finished - 1] = finished;
    chart.current?.show([x, done, planned]);
  }, [bars.value]);
  return (
    <figure class="trend">
      <figcaption class="muted small">Operations finished, in plant time</figcaption>
      <div ref={host} />
    </figure>
  );
}
