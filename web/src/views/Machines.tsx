/** Live: every machine's state, job, operator and counters, as the plant reports them. */

import { useSignal } from "@preact/signals";
import type { MachineStateName } from "../api/types";
import { to } from "../route";
import { machines, orders, partOf, personName, plant, plantNow, second, when } from "../store";
import { bareName } from "../board/layout";
import { duration } from "../time";

const STATES: readonly MachineStateName[] = ["running", "setup", "idle", "paused", "maintenance", "down", "offline"];

export function Machines() {
  second.value;
  const wanted = useSignal<MachineStateName | "">("");
  const known = plant.value!;
  const counts = new Map<string, number>();
  for (const machine of machines.value.values()) counts.set(machine.state, (counts.get(machine.state) ?? 0) + 1);
  return (
    <div class="page">
      <div class="row spread">
        <h1>Machines</h1>
        <div class="segments" role="group" aria-label="Show only">
          <button aria-pressed={wanted.value === ""} onClick={() => (wanted.value = "")}>
            All {known.machines.length}
          </button>
          {STATES.filter((state) => counts.get(state)).map((state) => (
            <button
              key={state}
              aria-pressed={wanted.value === state}
              onClick={() => (wanted.value = wanted.value === state ? "" : state)}
            >
              <i class={`dot ${state}`} aria-hidden="true" /> {counts.get(state)} {state}
            </button>
          ))}
        </div>
      </div>
      <div class="centers">
      {known.work_centers.map((center) => {
        const here = known.machines.filter(
          (machine) =>
            machine.work_center === center.id && (!wanted.value || machines.value.get(machine.id)?.state === wanted.value),
        );
        if (!here.length) return null;
        return (
          <section key={center.id} aria-label={center.name}>
            <h2>{center.name}</h2>
            <div class="tiles">
              {here.map((machine) => (
                <Tile key={machine.id} id={machine.id} name={machine.name} />
              ))}
            </div>
          </section>
        );
      })}
      </div>
    </div>
  );
}

function Tile({ id, name }: { id: string; name: string }) {
  const machine = machines.value.get(id);
  const now = plantNow();
  if (!machine) return null;
  const end = machine.expected_end ? Date.parse(machine.expected_end) : NaN;
  const order = machine.job.slice(0, machine.job.lastIndexOf("/"));
  return (
    <a class={`tile ${machine.state}`} href={to.station(id)}>
      <span class="row spread">
        <b>{id}</b>
        <span class="state">
          <i class={`dot ${machine.state}`} aria-hidden="true" />
          {machine.state}
          {machine.since && <span class="muted"> {duration(Math.max(0, now - Date.parse(machine.since)))}</span>}
        </span>
      </span>
      <span class="muted clip">{bareName({ id, name })}</span>
      <span class="clip">
        {machine.job ? `${machine.job} ${orders.value.has(order) ? partOf(order) : ""}` : <span class="muted">no job</span>}
      </span>
      <span class="row spread muted small">
        <span class="clip">{machine.operator && personName(machine.operator)}</span>
        <span class="num">
          {machine.state === "down" || machine.state === "maintenance"
            ? Number.isNaN(end)
              ? "end unknown"
              : `until ${when(end)}`
            : `${machine.good} good${machine.scrap ? `, ${machine.scrap} scrap` : ""}`}
        </span>
      </span>
    </a>
  );
}
