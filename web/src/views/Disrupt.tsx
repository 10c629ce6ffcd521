/** Break the demonstration plant, or declare what a real one has not reported; what follows arrives as events. */

import { type Signal, signal, useSignal } from "@preact/signals";
import type { DisruptRequest } from "../api/types";
import { api } from "../api/client";
import { declared } from "../api/declare";
import { attempt, machines, plant, plantNow, say, when } from "../store";
import { bareName } from "../board/layout";
import { HOUR } from "../time";
import { NumberInput } from "../ui";

/** What each is called, what it strikes, what its hours mean, and the words on the button. */
const KINDS = {
  machine_down: ["Machine down", "Machine", "for hours", "Break it"],
  rush_order: ["Rush order", "Part", "due in hours", "Send the order"],
  material_late: ["Material late", "Lot", "later by hours", "Delay it"],
  operator_absent: ["Person absent", "Person", "for hours", "Call in sick"],
} as const;
type Kind = keyof typeof KINDS;

const kind = signal<Kind>("machine_down");

export function Disrupt() {
  return (
    <section class="card disrupt" aria-labelledby="disrupt-title">
      <h2 id="disrupt-title">{plant.value?.demo ? "Disrupt the plant" : "Declare a disruption"}</h2>
      <div class="segments wrap" role="group" aria-label="What happens">
        {(Object.keys(KINDS) as Kind[]).map((id) => (
          <button key={id} aria-pressed={kind.value === id} onClick={() => (kind.value = id)}>
            {KINDS[id][0]}
          </button>
        ))}
      </div>
      <Form key={kind.value} />
    </section>
  );
}

function Form() {
  const known = plant.value!;
  const options: readonly (readonly [string, string])[] = {
    machine_down: known.machines.map((item) => [item.id, withName(item)] as const),
    rush_order: parts().map((item) => [item.id, withName(item)] as const),
    // What is here already cannot be late.
    material_late: known.lots
      .filter((lot) => lot.available !== null && Date.parse(lot.available) > plantNow())
      .map((lot) => [lot.id, `${lot.id} · ${lot.quantity} ${lot.material}, ${when(lot.available)}`] as const),
    operator_absent: known.people.map((item) => [item.id, `${item.name} (${item.skills.join(", ")})`] as const),
  }[kind.value];
  const picked = useSignal(
    (kind.value === "machine_down" && known.machines.find((item) => machines.value.get(item.id)?.state === "running")?.id) ||
      "",
  );
  const subject = options.some(([id]) => id === picked.value) ? picked.value : (options[0]?.[0] ?? "");
  const hours = useSignal(kind.value === "rush_order" ? 24 : 4);
  const quantity = useSignal(20);
  const priority = useSignal(5);
  const sending = useSignal(false);

  const request = (): DisruptRequest => {
    switch (kind.value) {
      case "machine_down":
        return { kind: "machine_down", machine: subject, hours: hours.value };
      case "rush_order":
        return {
          kind: "rush_order",
          part: subject,
          quantity: quantity.value,
          due: new Date(plantNow() + hours.value * HOUR).toISOString(),
          priority: priority.value,
        };
      case "material_late":
        return { kind: "material_late", lot: subject, hours: hours.value };
      case "operator_absent":
        return { kind: "operator_absent", person: subject, hours: hours.value };
    }
  };
  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    sending.value = true;
    const done = await attempt(async () => {
      await (known.demo ? api.disrupt(request()) : api.declare(declared(request(), plantNow())));
      return true;
    });
    sending.value = false;
    if (done) say(known.demo ? "The plant has been told." : "Declared.", "What follows appears under Disruptions.");
  };
  const [, what, span, button] = KINDS[kind.value];
  return (
    <form onSubmit={(event) => void send(event)} class="fields">
      <label class="wide">
        {what}
        <select value={subject} onChange={(event) => (picked.value = event.currentTarget.value)}>
          {!options.length && <option>none is expected</option>}
          {options.map(([id, text]) => (
            <option key={id} value={id}>
              {text}
            </option>
          ))}
        </select>
      </label>
      <NumberField label={span} value={hours} min={0.5} max={240} step={0.5} />
      {kind.value === "rush_order" && (
        <>
          <NumberField label="pieces" value={quantity} min={1} max={10_000} step={1} />
          <NumberField label="priority" value={priority} min={0.1} max={100} step={0.1} />
        </>
      )}
      <button class="danger" disabled={sending.value || !subject}>
        {known.demo ? button : "Declare it"}
      </button>
    </form>
  );
}

function NumberField(props: { label: string; value: Signal<number>; min: number; max: number; step: number }) {
  const { label, value, ...limits } = props;
  return (
    <label>
      {label}
      <NumberInput {...limits} value={value.value} set={(wanted) => (value.value = wanted)} />
    </label>
  );
}

const withName = (item: { id: string; name: string }): string => `${item.id} ${bareName(item)}`;

function parts(): { id: string; name: string }[] {
  const known = plant.value!;
  return known.parts ?? [...new Set(known.orders.map((order) => order.part))].map((id) => ({ id, name: id }));
}
