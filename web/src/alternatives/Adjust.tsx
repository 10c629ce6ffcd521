/** What the planner asks of a regeneration: pins, machines to leave out, priorities, a frozen span. */

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { api } from "../api/client";
import type { Controls } from "../api/types";
import { withPins } from "../board/pins";
import { to } from "../route";
import { attempt, loadDecisions, machines, orders, partOf, pinning, pins, plant, plantNow, say, when } from "../store";
import { bareName } from "../board/layout";
import { MINUTE } from "../time";
import { Dialog, NumberInput, Pending, useLoad } from "../ui";

export function AdjustDialog({ id, close }: { id: string; close: () => void }) {
  const proposal = useLoad(() => api.proposal(id), [id]);
  return (
    <Dialog title="Adjust and regenerate" close={close} wide>
      {proposal.data ? <Form id={id} controls={proposal.data.controls} close={close} /> : <Pending loaded={proposal} />}
    </Dialog>
  );
}

function Form({ id, controls, close }: { id: string; controls: Controls; close: () => void }) {
  const draft = useSignal<Controls>(withPins(controls, pins.value.now));
  const freeze = useSignal(controls.freeze_until === null ? "" : "kept");
  const sending = useSignal(false);
  useEffect(() => {
    draft.value = withPins(controls, pins.value.now);
  }, [pins.value.now]);
  const change = (part: Partial<Controls>): void => {
    draft.value = { ...draft.value, ...part };
  };
  const unpin = (job: string): void => {
    const { [job]: _machine, ...pin_machine } = draft.value.pin_machine;
    const { [job]: _operator, ...pin_operator } = draft.value.pin_operator;
    const { [job]: _time, ...not_before } = draft.value.not_before;
    change({ pin_machine, pin_operator, not_before });
    pinning.remove(job);
  };
  const send = async (): Promise<void> => {
    sending.value = true;
    const minutes = Number(freeze.value);
    const freeze_until =
      freeze.value === "kept"
        ? controls.freeze_until
        : freeze.value
          ? new Date(plantNow() + minutes * MINUTE).toISOString()
          : null;
    const made = await attempt(() => api.regenerate(id, { ...draft.value, freeze_until }));
    sending.value = false;
    if (!made) return;
    pinning.clear();
    await attempt(loadDecisions);
    say("New alternatives are being generated.");
    close();
    location.hash = to.proposal(made.proposal);
  };
  const pinned = Object.keys({ ...draft.value.pin_machine, ...draft.value.not_before, ...draft.value.pin_operator });
  return (
    <>
      <div class="adjust">
        <section aria-label="Pins">
          <h3>
            Pinned operations <span class="count">{pinned.length}</span>
          </h3>
          {pinned.length ? (
            <ul class="plain lines">
              {pinned.map((job) => (
                <li key={job} class="row spread">
                  <b>{job}</b>
                  <span>
                    {draft.value.pin_machine[job] && `on ${draft.value.pin_machine[job]}`}{" "}
                    {draft.value.not_before[job] &&
                      `not before ${when(draft.value.not_before[job])}`}{" "}
                    {draft.value.pin_operator[job] && `by ${draft.value.pin_operator[job]}`}
                  </span>
                  <button class="small" aria-label={`Unpin ${job}`} onClick={() => unpin(job)}>
                    Unpin
                  </button>
                </li>
              ))}
            </ul>
          ) : (
            <p class="muted">Nothing is pinned. Drag a bar on the board, or pin one in a comparison.</p>
          )}
        </section>
        <section aria-label="Machines">
          <h3>
            Leave out machines <span class="count">{draft.value.forbid_machines.length}</span>
          </h3>
          <p class="muted small">Operations that have not begun go elsewhere.</p>
          <div class="checks scroll" tabIndex={0} role="group" aria-label="Machines to leave out">
            {(plant.value?.machines ?? []).map((machine) => (
              <label key={machine.id} class={machines.value.get(machine.id)?.state === "down" ? "bad" : ""}>
                <input
                  type="checkbox"
                  checked={draft.value.forbid_machines.includes(machine.id)}
                  onChange={(event) => {
                    const others = draft.value.forbid_machines.filter((other) => other !== machine.id);
                    change({ forbid_machines: event.currentTarget.checked ? [...others, machine.id] : others });
                  }}
                />
                {machine.id} {bareName(machine)}
              </label>
            ))}
          </div>
        </section>
        <section aria-label="Priorities">
          <h3>
            Priorities <span class="count">{Object.keys(draft.value.priority).length}</span>
          </h3>
          <Priorities draft={draft.value} change={change} />
          <h3>Frozen from now</h3>
          <label>
            <select
              aria-label="Frozen from now"
              value={freeze.value}
              onChange={(event) => (freeze.value = event.currentTarget.value)}
            >
              {controls.freeze_until !== null && (
                <option value="kept">until {when(controls.freeze_until)}, as before</option>
              )}
              <option value="">{plant.value?.planning.freeze_min ?? 0} min, as the plant says</option>
              <option value="60">1 h</option>
              <option value="240">4 h</option>
              <option value="480">8 h</option>
              <option value="1440">24 h</option>
            </select>
          </label>
        </section>
      </div>
      <footer class="row">
        <span class="grow muted small">The new alternatives start from the plant as it is now.</span>
        <button onClick={close}>
          Cancel
        </button>
        <button class="primary" disabled={sending.value} onClick={() => void send()}>
          {sending.value ? "Asking …" : "Regenerate"}
        </button>
      </footer>
    </>
  );
}

function Priorities({ draft, change }: { draft: Controls; change: (part: Partial<Controls>) => void }) {
  const adding = useSignal("");
  const open = [...orders.value.values()].filter((order) => !(order.id in draft.priority));
  const set = (order: string, weight: number): void => change({ priority: { ...draft.priority, [order]: weight } });
  return (
    <>
      <ul class="plain lines">
        {Object.entries(draft.priority).map(([order, weight]) => (
          <li key={order} class="row spread">
            <span>
              <b>{order}</b> {partOf(order)} <span class="muted">was {orders.value.get(order)?.priority}</span>
            </span>
            <NumberInput
              name={`Priority of ${order}`}
              value={weight}
              min={0.1}
              max={1000}
              step={0.1}
              set={(wanted) => set(order, wanted)}
            />
            <button
              class="small"
              aria-label={`Priority of ${order} as before`}
              onClick={() => {
                const { [order]: _, ...priority } = draft.priority;
                change({ priority });
              }}
            >
              ✕
            </button>
          </li>
        ))}
      </ul>
      <label>
        Change the priority of{" "}
        <select
          value={adding.value}
          onChange={(event) => {
            const order = event.currentTarget.value;
            if (order) set(order, Math.max(1, 2 * (orders.value.get(order)?.priority ?? 1)));
            adding.value = "";
          }}
        >
          <option value="">an order …</option>
          {open.map((order) => (
            <option key={order.id} value={order.id}>
              {order.id} {partOf(order.id)}
            </option>
          ))}
        </select>
      </label>
    </>
  );
}
