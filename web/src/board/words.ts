/** How an operation is told, and pinned: the same words on the canvas, in the table and beside the board. */

import { partOf, personName, pinning, routingOf, say, when } from "../store";
import type { Bar } from "./layout";

export const WORDS: Record<string, string> = {
  done: "done",
  planned: "planned",
  dispatched: "on the shop floor",
  started: "running",
  plannedLate: "planned, order late",
  dispatchedLate: "on the shop floor, order late",
  startedLate: "running, order late",
  same: "unchanged",
  earlier: "earlier",
  later: "later",
  moved: "other machine",
};

export function jobName(bar: Pick<Bar, "key" | "order" | "operation">): string {
  const name = routingOf(bar.key)?.name;
  return name && name !== bar.operation ? `${bar.operation} ${name}` : bar.operation;
}

export const label = (bar: Bar): string => {
  const part = partOf(bar.order);
  return part ? `${bar.order} · ${part}` : `${bar.order} / ${bar.operation}`;
};

export function describe(bar: Bar): string {
  return (
    `Order ${bar.order}, ${partOf(bar.order)}, operation ${jobName(bar)}, on ${bar.machine}` +
    (bar.operator ? ` with ${personName(bar.operator)}` : "") +
    `, ${when(bar.setup)} to ${when(bar.end)}, ${WORDS[bar.kind]}.`
  );
}

export const mayRun = (bar: Bar, machine: string): boolean => {
  const able = routingOf(bar.key)?.machines;
  return !able?.length || able.includes(machine);
};

export function pinBar(bar: Bar, machine: string, setup: number | null): void {
  if (!mayRun(bar, machine)) {
    const able = routingOf(bar.key)?.machines ?? [];
    say(
      `${machine} cannot run operation ${jobName(bar)} of ${bar.order}.`,
      `Maybe one of ${able.join(", ")}.`,
      false,
      "Not pinned",
    );
    return;
  }
  pinning.add({ job: bar.key, machine, from: bar.machine, notBefore: setup });
}
