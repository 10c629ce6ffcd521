/** What stands at a machine: big type, the job in hand, what comes next, one button to say "read". */

import { api } from "../api/client";
import type { NoticeSent, QueuedJob } from "../api/types";
import { to } from "../route";
import { attempt, floorNews, machines, partOf, personName, plant, say, second, when } from "../store";
import { bareName } from "../board/layout";
import { duration } from "../time";
import { Empty, Pending, useLoad } from "../ui";

export function Stations() {
  const known = plant.value!;
  return (
    <div class="page">
      <h1>Stations</h1>
      <p class="muted">The view for the tablet at a machine. Open the one of yours and leave it open.</p>
      {known.work_centers.map((center) => (
        <section key={center.id} aria-label={center.name}>
          <h2>{center.name}</h2>
          <div class="tiles narrow">
            {known.machines
              .filter((machine) => machine.work_center === center.id)
              .map((machine) => (
                <a key={machine.id} class="tile" href={to.station(machine.id)}>
                  <b>{machine.id}</b>
                  <span class="muted clip">
                    {bareName(machine)}
                  </span>
                </a>
              ))}
          </div>
        </section>
      ))}
    </div>
  );
}

export function Station({ machine }: { machine: string }) {
  const live = machines.value.get(machine);
  const station = useLoad(() => api.station(machine), [machine, live, floorNews.value]);
  const notices = useLoad(() => api.notices(), [machine, floorNews.value]);
  second.value;
  if (!station.data) {
    return (
      <div class="page">
        <p>
          <a href={to.stations}>All stations</a>
        </p>
        <Pending loaded={station} />
      </div>
    );
  }
  const queue = station.data.queue;
  const running = queue.filter((job) => job.state === "started");
  const next = queue.filter((job) => job.state !== "started");
  const crew = new Set([...(live?.operator ? [live.operator] : []), ...queue.slice(0, 6).map((job) => job.operator)]);
  const unread = (notices.data ?? []).filter((notice) => !notice.acknowledged && crew.has(notice.operator));
  const state = live?.state ?? station.data.state.state;
  const name = plant.value?.machines.find((item) => item.id === machine)?.name ?? "";
  const until = live?.expected_end ? Date.parse(live.expected_end) : NaN;
  return (
    <div class="station">
      <header class={`row spread station-head ${state}`}>
        <h1>
          {machine} <span class="muted">{bareName({ id: machine, name })}</span>
        </h1>
        <span class="row">
          <i class={`dot ${state}`} aria-hidden="true" />
          <b>{state}</b>
          {(state === "down" || state === "maintenance") && !Number.isNaN(until) && (
            <span>until {when(until)}</span>
          )}
          {live?.family && <span class="muted">set up for {live.family}</span>}
          <a href={to.stations}>All stations</a>
        </span>
      </header>
      {unread.length > 0 && <Notices notices={unread} />}
      {running.length ? (
        running.map((job) => <Job key={job.job_order} job={job} now />)
      ) : (
        <p class="station-idle">{state === "down" ? "The machine is down." : "Nothing is running."}</p>
      )}
      <h2>Next</h2>
      {next.length ? (
        next.slice(0, 8).map((job, place) => <Job key={job.job_order} job={job} open={place === 0 && !running.length} />)
      ) : (
        <Empty>No job is planned here. Jobs appear when a plan sends them to this machine.</Empty>
      )}
    </div>
  );
}

function Notices({ notices }: { notices: readonly NoticeSent[] }) {
  const people = [...new Set(notices.map((notice) => notice.operator))];
  const acknowledge = async (operator: string): Promise<void> => {
    const done = await attempt(async () => {
      await api.acknowledge(operator);
      return true;
    });
    if (done) {
      floorNews.value++;
      say(`${personName(operator)} has read it.`);
    }
  };
  return (
    <section class="station-notices" aria-label="New for you">
      {people.map((operator) => (
        <div key={operator} class="row spread">
          <div>
            {notices
              .filter((notice) => notice.operator === operator)
              .map((notice) => (
                <p key={notice.at + notice.text}>{notice.text}</p>
              ))}
          </div>
          <button class="primary big" onClick={() => void acknowledge(operator)}>
            {personName(operator)}: read
          </button>
        </div>
      ))}
    </section>
  );
}

function Job({ job, now = false, open = false }: { job: QueuedJob; now?: boolean; open?: boolean }) {
  const start = Date.parse(job.setup_start);
  const run = Date.parse(job.start);
  const end = Date.parse(job.end);
  const order = job.job_order.slice(0, job.job_order.lastIndexOf("/"));
  return (
    <details class={`job ${now ? "now" : ""}`} open={now || open}>
      <summary>
        <span class="job-id">{job.job_order}</span>
        <span class="job-part">
          {job.quantity} × {partOf(order) || job.part}
        </span>
        <span class="num">{now ? `until ${when(end)}` : when(start)}</span>
        <span class="muted">{personName(job.operator)}</span>
      </summary>
      <p class="instruction">{job.instructions || "No work instruction is written for this operation."}</p>
      <p class="muted">
        {run - start > 60_000 && `Setup ${duration(run - start)}, then `}
        {now ? "runs" : "run"} {when(run)} to {when(end)}
        {job.materials.length > 0 && (
          <>
            {" · "}
            {job.materials.map((item) => `${item.quantity} ${item.material}${item.lot ? ` (lot ${item.lot})` : ""}`).join(", ")}
          </>
        )}
      </p>
    </details>
  );
}
