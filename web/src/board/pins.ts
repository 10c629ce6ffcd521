/** What the planner has pinned, with undo; turned into the controls of a regeneration. No DOM. */

import type { Controls } from "../api/types";

export interface Pin {
  readonly job: string; // ORDER/OPERATION
  readonly machine: string;
  readonly from: string; // machine in the plan in force
  readonly notBefore: number | null; // ms; null: any time
}

export interface Pins {
  readonly now: readonly Pin[];
  readonly past: readonly (readonly Pin[])[];
  readonly future: readonly (readonly Pin[])[];
}

export const NO_PINS: Pins = { now: [], past: [], future: [] };

const step = (pins: Pins, now: readonly Pin[]): Pins => ({ now, past: [...pins.past, pins.now], future: [] });

export function pin(pins: Pins, wanted: Pin): Pins {
  return step(pins, [...pins.now.filter((other) => other.job !== wanted.job), wanted]);
}

export function unpin(pins: Pins, job: string): Pins {
  if (!pins.now.some((other) => other.job === job)) return pins;
  return step(
    pins,
    pins.now.filter((other) => other.job !== job),
  );
}

export const clear = (pins: Pins): Pins => (pins.now.length ? step(pins, []) : pins);

export function undo(pins: Pins): Pins {
  const last = pins.past.at(-1);
  return last ? { now: last, past: pins.past.slice(0, -1), future: [pins.now, ...pins.future] } : pins;
}

export function redo(pins: Pins): Pins {
  const [next, ...rest] = pins.future;
  return next ? { now: next, past: [...pins.past, pins.now], future: rest } : pins;
}

export function emptyControls(): Controls {
  return {
    pin_machine: {},
    pin_operator: {},
    not_before: {},
    forbid_machines: [],
    forbid: [],
    priority: {},
    freeze_until: null,
  };
}

/** The pins added to controls that a proposal already had. */
export function withPins(controls: Controls, pins: readonly Pin[]): Controls {
  const merged: Controls = {
    ...controls,
    pin_machine: { ...controls.pin_machine },
    not_before: { ...controls.not_before },
  };
  for (const wanted of pins) {
    merged.pin_machine[wanted.job] = wanted.machine;
    if (wanted.notBefore === null) delete merged.not_before[wanted.job];
    else merged.not_before[wanted.job] = new Date(wanted.notBefore).toISOString();
  }
  return merged;
}
